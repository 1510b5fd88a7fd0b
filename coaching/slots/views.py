"""What is said back about slots."""

from datetime import date

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coaching import formatting, guard, times, weeks
from coaching.extensions import saving
from coaching.models import Role, TimeSlot
from coaching.pages import clock_asked_for, day_asked_for, page, week_asked_for
from coaching.slots import queries, rules
from coaching.slots.forms import MoveForm, OfferForm

bp = Blueprint("slots", __name__, url_prefix="/slots")


@bp.get("/")
@guard.only(Role.COACH)
def index() -> ResponseReturnValue:
    """Show a week of one's own availability, and the form that offers, at the time that was clicked on."""
    form = OfferForm(formdata=None, data={"date": (day := day_asked_for("date")), "time": clock_asked_for("time")})
    form.which.data = request.args.get("which")
    return _week_page(form, day or week_asked_for())


@bp.post("/offer")
@guard.only(Role.COACH)
def offer() -> ResponseReturnValue:
    """Offer a slot, or a weekly row of them."""
    form = OfferForm()
    if form.validate():
        try:
            with saving():
                slots = rules.offer(
                    guard.me(),
                    form.date.data,
                    form.time.data,
                    weeks=form.weeks.data,
                    which=form.which.data,
                    now=times.now(),
                )
        except rules.CannotOffer as refusal:
            form.show(refusal)
        else:
            flash(_published(slots))
            return redirect(url_for(".index", week=times.week_of(form.date.data)), 303)
    return _week_page(form, form.date.data)


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
            return redirect(url_for(".index", week=times.week_of(form.date.data)), 303)
    return page("slots/move.html", form=form, slot=slot)


@bp.post("/<int:slot_id>/withdraw")
@guard.only(Role.COACH)
def withdraw(slot_id: int) -> ResponseReturnValue:
    """Take a free slot out of the offer."""
    slot = queries.of_or_404(guard.me(), slot_id)
    with saving():
        rules.withdraw(slot, now=times.now())
    flash("The slot is withdrawn.")
    return redirect(url_for(".index", week=times.week_of(times.local(slot.starts_at, guard.me().time_zone))), 303)


def _published(slots: list[TimeSlot]) -> str:
    first, last = (formatting.full(slot, guard.me().clocks) for slot in (slots[0], slots[-1]))
    return f"Published: {first}." if len(slots) == 1 else f"{len(slots)} slots are published: from {first} to {last}."


def _week_page(form: OfferForm, day: date | None) -> ResponseReturnValue:
    """Show the week that a day is in; this week, where no day is given."""
    coach, now = guard.me(), times.now()
    span = weeks.Span.around(day or times.local(now, coach.time_zone).date(), coach.clocks, coach.first_weekday)
    week = weeks.draw(span, queries.standing(coach, start=span.start, end=span.end), now)
    return page("slots/index.html", form=form, week=week)
