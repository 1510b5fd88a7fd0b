"""What is said back about slots."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coaching import formatting, guard, times
from coaching.extensions import saving
from coaching.models import Role, TimeSlot
from coaching.pages import clock_asked_for, day_asked_for, page, week_asked_for
from coaching.slots import queries, rules
from coaching.slots.forms import CopyForm, MoveForm, OfferForm
from coaching.slots.rules import Planned, Wall
from coaching.times import SLOT_LENGTH
from coaching.weeks import Span, draw

# Why a time was left out, by the input that would be at fault.
LEFT_OUT = {None: "Overlapping others", "time": "Skipped by the clocks", "date": "Past"}

bp = Blueprint("slots", __name__, url_prefix="/slots")


@bp.get("/")
@guard.only(Role.COACH)
def index() -> ResponseReturnValue:
    """Show a week of one's own availability, and the form that offers, at the time that was clicked on."""
    day = day_asked_for("date")
    known = {"date": day, "time": clock_asked_for("time"), "which": request.args.get("which")}
    return _week_page(OfferForm(formdata=None, data=known), day or week_asked_for())


@bp.post("/offer")
@guard.only(Role.COACH)
def offer() -> ResponseReturnValue:
    """Offer a slot, or many at once."""
    return _with_what_is_wanted(_publish)


@bp.post("/offer/preview")
@guard.only(Role.COACH)
def preview() -> ResponseReturnValue:
    """Show what would be offered, and what cannot be."""
    return _with_what_is_wanted(_preview_page)


def _with_what_is_wanted(answer: Callable[[Sequence[Wall], OfferForm], ResponseReturnValue]) -> ResponseReturnValue:
    form = OfferForm()
    if form.validate():
        try:
            return answer(form.wanted(), form)
        except rules.CannotOffer as refusal:
            form.show(refusal)
    return _week_page(form, form.date.data)


@bp.route("/copy", methods=["GET", "POST"])
@guard.only(Role.COACH)
def copy() -> ResponseReturnValue:
    """Show what a week would be like if it were as the one before, and offer what can be offered of it."""
    coach, form, now = guard.me(), CopyForm(), times.now()
    week = Span.of(coach, week_asked_for(), now=now)
    before = Span.of(coach, week.first - timedelta(weeks=1), now=now)
    there = queries.standing(coach, start=before.start, end=before.end)
    wanted = rules.a_week_later(coach, (standing.slot for standing in there if standing.starts_at >= before.start))
    if form.validate_on_submit():
        try:
            return _publish(wanted, form)
        except rules.CannotOffer as refusal:
            form.show(refusal)
    return _preview_page(wanted, form)


def _publish(wanted: Sequence[Wall], form: OfferForm | CopyForm) -> ResponseReturnValue:
    coach, now = guard.me(), times.now()
    with saving():
        done = rules.publish(coach, wanted, which=form.which.data, good_only=form.good_only.data, now=now)
    flash(_published(done.slots))
    if done.left_out:
        flash(_left_out(done.left_out))
    return redirect(_week_with(done.slots[0]), 303)


def _preview_page(wanted: Sequence[Wall], form: OfferForm | CopyForm) -> ResponseReturnValue:
    coach = guard.me()
    planned = rules.plan(coach, wanted, form.which.data, now=times.now())
    good = sum(not one.why_not for one in planned)
    days = [wall.day for wall in wanted] or [times.LAST_DAY]
    start, end = (times.start_of(day, coach.time_zone) for day in (days[0], days[-1] + timedelta(days=1)))
    changes = times.clock_changes(coach.time_zone, start, end)
    return page("slots/preview.html", form=form, planned=planned, good=good, changes=changes)


@bp.route("/<int:slot_id>/move", methods=["GET", "POST"])
@guard.only(Role.COACH)
def move(slot_id: int) -> ResponseReturnValue:
    """Ask for another time for a free slot, and put it there."""
    slot = queries.of_or_404(guard.me(), slot_id)
    starts = times.local(slot.starts_at, guard.me().time_zone)
    form = MoveForm(data={"date": starts.date(), "time": starts.time()})
    if reason := rules.why_not_change(slot, session := queries.live_session_on(slot)):
        raise rules.CannotChange(reason, session=session)
    if form.validate_on_submit():
        try:
            with saving():
                moved = rules.move(
                    slot, guard.me(), form.date.data, form.time.data, which=form.which.data, now=times.now()
                )
        except rules.CannotOffer as refusal:
            form.show(refusal)
        else:
            flash(f"The slot is moved to {formatting.full(moved, guard.me().clocks)}.")
            return redirect(_week_with(moved), 303)
    return page("slots/move.html", form=form, slot=slot)


@bp.post("/<int:slot_id>/withdraw")
@guard.only(Role.COACH)
def withdraw(slot_id: int) -> ResponseReturnValue:
    """Take a free slot out of the offer."""
    slot = queries.of_or_404(guard.me(), slot_id)
    with saving():
        rules.withdraw(slot, now=times.now())
    flash("The slot is withdrawn.")
    return redirect(_week_with(slot), 303)


def _published(slots: list[TimeSlot]) -> str:
    first, last = (formatting.full(slot, guard.me().clocks) for slot in (slots[0], slots[-1]))
    return f"Published: {first}." if len(slots) == 1 else f"{len(slots)} slots are published: from {first} to {last}."


def _left_out(planned: list[Planned]) -> str:
    """Name what was not published, as far as it goes into a cookie."""
    clocks = guard.me().clocks
    said = [f"By the clocks in {clocks.zone}, {len(planned)} could not be published."]
    for field, why in LEFT_OUT.items():
        those = [one.wall for one in planned if one.field == field]
        names = [f"{formatting.brief(wall.day)}, {formatting.wall(wall.clock, clocks)}" for wall in those[:20]]
        more = [f"and {len(those) - len(names)} more"] if len(those) > len(names) else []
        said += [f"{why}: {'; '.join([*names, *more])}."] if those else []
    return " ".join(said)


def _week_with(slot: TimeSlot) -> str:
    """Return the address of the week that a slot is in, with its day in front."""
    return url_for(".index", on=formatting.on(slot.starts_at, guard.me().clocks).isoformat())


def _week_page(form: OfferForm, day: date | None) -> ResponseReturnValue:
    coach, now = guard.me(), times.now()
    span = Span.of(coach, day if day and times.is_sensible(day) else None, now=now)
    slots = queries.standing(coach, start=span.start, end=span.end + SLOT_LENGTH)
    meant = form.date.data or day_asked_for("on")
    week = draw(span, slots, now, meant=meant, is_whole=request.args.get("hours") == "all")
    return page("slots/index.html", form=form, week=week)
