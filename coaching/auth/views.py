"""What is said back about people and their sign-ins."""

from typing import Any

from flask import Blueprint, abort, current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from coaching import guard, text, times
from coaching.auth import queries, rules
from coaching.auth.forms import CoachProfileForm, PersonForm, ProfileForm, SignInForm
from coaching.extensions import login, saving
from coaching.models import Role, SignIn, User
from coaching.pages import page

bp = Blueprint("auth", __name__, url_prefix="/auth")


@login.user_loader  # type: ignore[untyped-decorator]  # Flask-Login has no types
def whose(token: str) -> SignIn | None:
    """Return the sign-in that a cookie stands for, and remember now and then that it is in use."""
    now = times.now()
    opened = queries.signed_in(rules.hashed(token), seen_after=now - rules.LONGEST_IDLE, now=now)
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
            person = rules.person_with(form.email.normal, form.password.data)
        except rules.CannotSignIn as refusal:
            form.show(refusal)
        else:
            _enter(person, remember=form.remember.data)
            return redirect(_own_path(request.args.get("next", "")), 303)
    return page("auth/sign_in.html", form=form)


@bp.post("/sign-out")
@guard.signed_in
def sign_out() -> ResponseReturnValue:
    """End this browser's sign-in."""
    with saving():
        rules.sign_out(current_user)
    guard.leave()
    flash("You are signed out.")
    return redirect(url_for("start.start"), 303)


@bp.route("/register", methods=["GET", "POST"])
@guard.public
def register() -> ResponseReturnValue:
    """Add a student, and sign them in."""
    form = PersonForm()
    if form.validate_on_submit():
        password_hash = rules.slow_hash(form.password.data)
        try:
            with saving():
                person = rules.register(role=Role.STUDENT, **form.said(), password_hash=password_hash, now=times.now())
        except rules.CannotRegister as refusal:
            form.show(refusal)
        else:
            _enter(person)
            flash(f"Welcome, {person.name}. Choose a coach to talk to.")
            return redirect(url_for("start.start"), 303)
    return page("auth/register.html", form=form)


@bp.route("/profile", methods=["GET", "POST"])
@guard.signed_in
def profile() -> ResponseReturnValue:
    """Show what a person says of themselves, and change it."""
    person = guard.me()
    known = {"name": person.name, "time_zone": person.time_zone, "headline": person.headline}
    form = (CoachProfileForm if person.role == Role.COACH else ProfileForm)(
        data={**known, "phone": queries.own_number(person)}
    )
    if form.validate_on_submit():
        with saving():
            rules.change_profile(person, **form.said())
        flash("Your profile is saved.")
        return redirect(url_for(".profile"), 303)
    return page("auth/profile.html", form=form)


@guard.public
def switch() -> ResponseReturnValue:
    """Act as somebody else. Outside demo mode this address does not exist: see `init_app`."""
    user_id = text.as_id(request.form.get("user_id", ""))
    person = queries.person_to_act_as(user_id) if user_id is not None else None
    if person is None:
        abort(404)
    _enter(person)
    flash(f"You are now acting as {person.name} ({person.role}).")
    return redirect(url_for("start.start"), 303)


def _enter(person: User, *, remember: bool = False) -> None:
    """Sign a person in here, and whoever was signed in here out."""
    former = current_user if current_user.is_authenticated else None  # asked before: it may be noticed, and saved
    with saving():
        if former:
            rules.sign_out(former)
        opened = rules.sign_in(person, now=times.now())
    guard.enter(opened, remember=remember)


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
        return {"me": None, "zone": "UTC", "now": times.now(), "demo": False, "people": ()}
    person, demo = guard.visitor(), current_app.config["DEMO"]
    return {
        "me": person,
        "zone": person.time_zone if person else "UTC",
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
