"""What is said back about people and their sign-ins."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from coaching import guard, habits, limits, mail, text, times
from coaching.auth import queries, rules
from coaching.auth.forms import (
    ForgottenForm,
    NewPasswordForm,
    PasswordForm,
    PersonForm,
    SignInForm,
)
from coaching.extensions import login, saving
from coaching.models import Purpose, Role, SignIn, User
from coaching.pages import page

bp = Blueprint("auth", __name__, url_prefix="/auth")


@login.user_loader  # type: ignore[untyped-decorator]  # Flask-Login has no types
def whose(token: str) -> SignIn | None:
    """Return the sign-in that a cookie stands for, and remember now and then that it is in use."""
    now = times.now()
    opened = queries.signed_in(rules.hashed(token), seen_after=seen_after(now), now=now)
    if opened and opened.seen_at < now - rules.NOTICED_EVERY:
        with saving():
            rules.notice(opened, now=now)
    return opened


@bp.route("/sign-in", methods=["GET", "POST"])
@guard.public
def sign_in() -> ResponseReturnValue:
    """Ask who it is, and go on to where they wanted to go."""
    form = SignInForm()
    if form.validate_on_submit():
        try:
            with guesses_limited(form.email.normal):
                person = rules.person_with(form.email.normal, form.password.data)
            enter(person, remember=form.remember.data, proven=person.password_hash)
        except rules.CannotSignIn as refusal:
            form.show(refusal)
        else:
            return redirect(_own_path(request.args.get("next", "")), 303)
    return page("auth/sign_in.html", form=form)


@bp.post("/sign-out")
@guard.signed_in
def sign_out() -> ResponseReturnValue:
    """End this browser's sign-in."""
    with saving():
        rules.sign_out(current_user)
    return leave("You are signed out.")


@bp.route("/register", methods=["GET", "POST"])
@guard.public
def register() -> ResponseReturnValue:
    """Add a student, and sign them in; where mail is set up, once they have shown that the address is theirs."""
    form = PersonForm()
    if form.validate_on_submit():
        limits.count(limits.registrations())
        password_hash = rules.slow_hash(form.password.data)
        if current_app.config["CONFIRMS"]:
            return _ask_to_confirm(form, password_hash)
        try:
            with saving():
                person = rules.register(
                    role=Role.STUDENT, **form.said(), habits=_habits(), password_hash=password_hash, now=times.now()
                )
        except rules.CannotRegister as refusal:
            form.show(refusal)
        else:
            return _welcome(person)
    return page("auth/register.html", form=form)


def _ask_to_confirm(form: PersonForm, password_hash: str) -> ResponseReturnValue:
    """Do and say the same whether or not the address is known; only its mailbox is told."""
    is_told = has_room(form.email.normal)
    with saving():
        rules.ask_to_register(**form.said(), password_hash=password_hash, is_told=is_told, now=times.now())
    return redirect(url_for(".sent"), 303)


@bp.route("/confirm/<token>", methods=["GET", "POST"])
@guard.public
def confirm(token: str) -> ResponseReturnValue:
    """Add who opens the link that was mailed to them, and knows the password that was chosen with it."""
    asked, form = queries.registration_or_404(rules.hashed(token), now=times.now()), PasswordForm()
    if form.validate_on_submit():
        try:
            with guesses_limited(asked.email):
                rules.prove(asked.password_hash, form.password.data, field="password")
            with saving():
                person = rules.confirm(asked, habits=_habits(), now=times.now())
        except rules.CannotSignIn as refusal:
            form.show(refusal)
        else:
            return _welcome(person)
    return page("auth/confirm.html", form=form, email=asked.email)


@bp.get("/sent")
@guard.public
def sent() -> ResponseReturnValue:
    """Say that a mail with a link is on its way, and where to find it."""
    return page("auth/sent.html")


@bp.route("/forgotten", methods=["GET", "POST"])
@guard.public
def forgotten() -> ResponseReturnValue:
    """Mail a link with which to choose a new password. Known or not, an address gets a mail, and all see the same."""
    if not mail.is_sent():
        return page("auth/no_mail.html")
    form = ForgottenForm()
    if form.validate_on_submit():
        limits.count(limits.mails_asked_for())
        is_told = has_room(form.email.normal)
        with saving():
            rules.mail_reset(form.email.normal, is_told=is_told, now=times.now())
        return redirect(url_for(".sent"), 303)
    return page("auth/forgotten.html", form=form)


@bp.route("/reset/<token>", methods=["GET", "POST"])
@guard.public
def reset(token: str) -> ResponseReturnValue:
    """Let the owner of a mailbox choose a new password; every sign-in of theirs ends."""
    link = queries.link_or_404(rules.hashed(token), Purpose.RESET, now=times.now())
    form = NewPasswordForm()
    if form.validate_on_submit():
        password_hash = rules.slow_hash(form.password.data)
        with saving():
            rules.reset_password(link, password_hash, now=times.now())
        enter(link.person, proven=password_hash)
        flash("Your new password is saved. Wherever else you were signed in, you are not any more.")
        return redirect(url_for("start.start"), 303)
    return page("auth/reset.html", form=form, email=link.person.email)


@guard.public
def switch() -> ResponseReturnValue:
    """Act as somebody else. Outside demo mode this address does not exist: see `init_app`."""
    user_id = text.as_id(request.form.get("user_id", ""))
    person = queries.person_to_act_as(user_id) if user_id is not None else None
    if person is None:
        abort(404)
    enter(person)
    flash(f"You are now acting as {person.name} ({person.role}).")
    return redirect(url_for("start.start"), 303)


@contextmanager
def guesses_limited(email: str) -> Iterator[None]:
    """Let somebody say a password, but not try too many wrong ones. Raises TooOften.

    It is asked once before, which spares the work, and once after: of many tries in the same instant, no more than the
    limit are answered.
    """
    tries = limits.wrong_passwords(email)
    limits.check(tries)
    try:
        yield
    except rules.CannotSignIn:
        limits.count(tries)
        raise
    limits.check(tries)


def has_room(email: str) -> bool:
    """Tell whether a mailbox has not had enough of what others ask for. Whoever asks must not see it."""
    return limits.counts(limits.mails_to(email))


def _habits() -> habits.Habits:
    return habits.of(request.accept_languages.values())


def _welcome(person: User) -> ResponseReturnValue:
    enter(person)
    flash(f"Welcome, {person.name}. Choose a coach to talk to.")
    return redirect(url_for("start.start"), 303)


def enter(person: User, *, remember: bool = False, proven: str | None = None) -> None:
    """Sign a person in here, and whoever was signed in here out.

    `proven` is what was kept of the password that somebody has shown to know. Raises CannotSignIn if it is so no more.
    """
    former = current_user if current_user.is_authenticated else None  # asked before: it may be noticed, and saved
    with saving():
        if proven:
            rules.still(person, proven, field="password")
        if former:
            rules.sign_out(former)
        device, lasts = text.device(request.user_agent.string), current_app.config["SIGN_IN_LASTS"]
        opened = rules.sign_in(person, device=device, lasts=lasts, now=times.now())
    guard.enter(opened, remember=remember)


def leave(words: str) -> ResponseReturnValue:
    """Take the cookie away, say so, and ask the browser to forget the pages that it has kept."""
    guard.leave()
    flash(words)
    return redirect(url_for("start.start"), 303), {"Clear-Site-Data": '"cache", "storage"'}


def seen_after(now: datetime) -> datetime:
    """Return the moment since which a sign-in must have been used to hold."""
    lasts: timedelta = current_app.config["IDLE_LASTS"]
    return now - lasts


def _own_path(target: str) -> str:
    """Return a path of this site to go on to, or the start page for whatever else `next` may hold.

    What begins with one slash has neither scheme nor host. Browsers drop tabs and line ends from addresses and read a
    backslash as a slash, so neither may be in it.
    """
    if target.startswith("/") and target[1:2] != "/" and "\\" not in target and target.isprintable():
        return target
    return url_for("start.start")


def _for_every_page() -> dict[str, Any]:
    """Give every template who asks and, in a demo, whom they could act as; nothing when the database is away."""
    if g.get("database_is_away"):
        return {"me": None, "unread": 0, "clocks": times.Clocks("UTC"), "now": times.now(), "demo": False, "people": ()}
    person, demo = guard.visitor(), current_app.config["DEMO"]
    return {
        "me": person,
        "unread": current_user.unread if person else 0,
        "clocks": person.clocks if person else times.Clocks("UTC"),
        "now": times.now(),
        "demo": demo,
        "people": queries.people_to_act_as() if demo else (),
    }


def init_app(app: Any) -> None:
    """Open these doors; the one that lets anybody be anybody only in a demo."""
    app.context_processor(_for_every_page)
    if app.config["DEMO"]:
        app.add_url_rule("/auth/switch", "auth.switch", switch, methods=["POST"])
    app.register_blueprint(bp)
