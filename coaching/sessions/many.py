"""What is said back about many slots and sessions at once: a coach is away, or moves a whole week."""

from datetime import date, timedelta

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from coaching import formatting, guard, times
from coaching.extensions import Refusal, saving
from coaching.models import Role
from coaching.pages import day_asked_for, page
from coaching.sessions import rules
from coaching.sessions.forms import ManyForm
from coaching.sessions.views import bp
from coaching.slots.queries import Standing, standing
from coaching.slots.rules import CannotChange

LONGEST = timedelta(days=92)


@bp.route("/away", methods=["GET", "POST"])
@guard.only(Role.COACH)
def away() -> ResponseReturnValue:
    """Show what stands in a period, and withdraw, move or cancel it, as far as it is wished."""
    first, last = _period()
    free, booked = _ahead(first, last)
    form = ManyForm.for_sessions(one.session.id for one in booked if one.session)
    if form.validate_on_submit():
        try:
            flash(_change(form, free, booked))
            return redirect(url_for("slots.index", on=first.isoformat()), 303)
        except Refusal as refusal:
            form.show(refusal)
    return page("sessions/away.html", form=form, free=free, booked=booked, first=first, last=last, longest=LONGEST.days)


def _period() -> tuple[date, date]:
    """Read `?from=` and `?to=`, days in the coach's zone, the last included. Without them it is the week ahead."""
    first = day_asked_for("from") or formatting.on(times.now(), guard.me().clocks)
    last = day_asked_for("to") or first + timedelta(days=6)
    return first, min(max(first, last), first + LONGEST)


def _ahead(first: date, last: date) -> tuple[list[Standing], list[Standing]]:
    """Return the slots that begin in a period and lie ahead: those that are free, and those that are booked."""
    coach, now = guard.me(), times.now()
    start, end = (times.start_of(day, coach.time_zone) for day in (first, last + timedelta(days=1)))
    ahead = [one for one in standing(coach, start=start, end=end) if one.starts_at >= start and one.starts_at > now]
    return [one for one in ahead if not one.session], [one for one in ahead if one.session]


def _change(form: ManyForm, free: list[Standing], booked: list[Standing]) -> str:
    """Do what was asked for, all of it or nothing, and say what was done."""
    coach, chosen = guard.me(), set(form.slots.data or ())
    if meanwhile := next((one for one in booked if one.slot.id in chosen), None):
        when = formatting.full(meanwhile, coach.clocks)
        raise CannotChange(f"{when} has been booked meanwhile, so nothing is changed. Look at it again.")
    slots = [one.slot for one in free if one.slot.id in chosen]
    words = {one.session: form.word_to(one.session.id) for one in booked if one.session}
    cancelling = {session: word for session, word in words.items() if word is not None}
    with saving():
        rules.be_away(coach, slots, cancelling, by=form.by, which=form.which.data, now=times.now())
    done = "withdrawn" if form.by is None else "moved"
    return f"Free times {done}: {len(slots)}. Sessions cancelled: {len(cancelling)}."
