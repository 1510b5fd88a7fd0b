"""What is said back about one's own account: the profile, the password, the address, and where one is signed in."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from coaching import guard, limits, mail, times
from coaching.auth import queries, rules
from coaching.auth.forms import ChangePasswordForm, CoachProfileForm, EmailForm, ProfileForm
from coaching.auth.views import bp, enter, guesses_limited, has_room, leave, seen_after
from coaching.extensions import saving
from coaching.forms import Form
from coaching.models import Purpose, Role
from coaching.pages import PAGE_LENGTH, page


@bp.route("/profile", methods=["GET", "POST"])
@guard.signed_in
def profile() -> ResponseReturnValue:
    """Show what a person says of themselves, and change it."""
    person, proposed = guard.me(), _zone_proposed()
    known = {name: getattr(person, name) for name in ("name", "time_zone", "headline", "hour_cycle", "first_weekday")}
    known |= {"phone": queries.own_number(person)} | ({"time_zone": proposed} if proposed else {})
    form = (CoachProfileForm if person.role == Role.COACH else ProfileForm)(data=known)
    if form.validate_on_submit():
        with saving():
            rules.change_profile(person, **form.said(), now=times.now())
        flash("Your profile is saved.")
        return redirect(url_for(".profile"), 303)
    return page("auth/profile.html", form=form, proposed=proposed)


def _zone_proposed() -> str | None:
    """Read `?zone=`, which a device proposes that is elsewhere. Nonsense counts as absent, and so does one's own."""
    zone = request.args.get("zone", "")
    return zone if request.method != "POST" and zone in times.zones() and zone != guard.me().time_zone else None


@bp.route("/password", methods=["GET", "POST"])
@guard.signed_in
def password() -> ResponseReturnValue:
    """Ask for the present password and a new one; every other sign-in ends."""
    person, form = guard.me(), ChangePasswordForm()
    kept = queries.own_password(person)
    if kept is None:
        del form.current  # a person of a demo, or one whom the organisers have added without
    if form.validate_on_submit() and _proves(form, "current", kept):
        password_hash = rules.slow_hash(form.password.data)
        with saving():
            rules.still(person, kept, field="password")
            rules.change_password(person, password_hash, now=times.now())
        enter(person, remember=guard.is_remembered(), proven=password_hash)
        flash("Your new password is saved. Wherever else you were signed in, you are not any more.")
        return redirect(url_for(".profile"), 303)
    return page("auth/password.html", form=form)


@bp.route("/email", methods=["GET", "POST"])
@guard.signed_in
def email() -> ResponseReturnValue:
    """Ask for another address, and mail a link to it; the present one is told."""
    if not mail.is_sent():
        return page("auth/no_mail.html")
    person, form = guard.me(), EmailForm()
    kept = queries.own_password(person)
    if kept is None:
        del form.password
    if form.validate_on_submit() and _proves(form, "password", kept):
        limits.count(limits.mails_asked_for())
        is_told = has_room(form.email.normal)
        with saving():
            rules.mail_new_address(person, form.email.normal, proven=kept, is_told=is_told, now=times.now())
        return redirect(url_for(".sent"), 303)
    return page("auth/email.html", form=form)


@bp.route("/email/<token>", methods=["GET", "POST"])
@guard.public
def move(token: str) -> ResponseReturnValue:
    """Let the owner of a new mailbox sign in with its address from now on."""
    link, form = queries.link_or_404(rules.hashed(token), Purpose.MOVE, now=times.now()), Form()
    if form.validate_on_submit():
        with saving():
            rules.change_email(link, now=times.now())
        flash(f"You sign in with {link.email} from now on.")
        return redirect(url_for(".profile"), 303)
    return page("auth/move.html", form=form, link=link)


@bp.get("/devices")
@guard.signed_in
def devices() -> ResponseReturnValue:
    """Show where one is signed in."""
    now = times.now()
    found = queries.sign_ins(guard.me(), seen_after=seen_after(now), now=now, limit=PAGE_LENGTH + 1)
    return page("auth/devices.html", sign_ins=found[:PAGE_LENGTH], more=len(found) > PAGE_LENGTH, this=current_user)


@bp.post("/devices/<int:sign_in_id>/end")
@guard.signed_in
def end(sign_in_id: int) -> ResponseReturnValue:
    """End one sign-in of one's own."""
    opened = queries.sign_in_or_404(sign_in_id, guard.me())
    is_this = opened.id == current_user.id
    with saving():
        rules.sign_out(opened)
    if is_this:
        return leave("You are signed out.")
    flash(f"{opened.device or 'That browser'} is signed out.")
    return redirect(url_for(".devices"), 303)


@bp.post("/devices/end")
@guard.signed_in
def end_all() -> ResponseReturnValue:
    """End every sign-in of one's own, this one too."""
    with saving():
        rules.sign_out_everywhere(guard.me())
    return leave("You are signed out everywhere.")


def _proves(form: Form, field: str, kept: str | None) -> bool:
    """Ask who is signed in for their password, if they have one: the device may be in another's hands."""
    if kept is None:
        return True
    try:
        with guesses_limited(guard.me().email):
            rules.prove(kept, form[field].data, field=field)
    except rules.CannotSignIn as refusal:
        form.show(refusal)
        return False
    return True
