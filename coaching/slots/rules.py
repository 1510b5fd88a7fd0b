"""What may happen with slots: rules 1, 2 and 6."""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert

from coaching import formatting, times
from coaching.extensions import Refusal, db, hold, refusing
from coaching.models import CoachingSession, TimeSlot, User
from coaching.slots import queries
from coaching.times import SLOT_LENGTH, Which

MOST_WEEKS = 26


class CannotOffer(Refusal):
    """Its message is written for the coach to read."""


class CannotChange(Refusal):
    """The slot can be neither moved nor withdrawn now. Its message is written for the coach to read."""


def offer(
    coach: User, day: date, clock: time, *, weeks: int = 1, which: Which | None = None, now: datetime
) -> list[TimeSlot]:
    """Offer two hours at a wall-clock time in the coach's zone: on one day, or weekly `weeks` times; all or nothing.

    `which` says which of the two is meant where the clocks go back and the time comes twice.
    """
    hold(coach)
    return _offer(coach, [day + timedelta(weeks=week) for week in range(weeks)], clock, which, now=now)


def _offer(coach: User, days: list[date], clock: time, which: Which | None, *, now: datetime) -> list[TimeSlot]:
    starts = _starts(coach, days, clock, which, now=now)
    new = insert(TimeSlot).returning(TimeSlot, sort_by_parameter_order=True)
    with refusing(CannotOffer):
        return list(db.session.scalars(new, [_slot(coach, at, now=now) for at in starts]))


def move(slot: TimeSlot, coach: User, day: date, clock: time, *, which: Which | None = None, now: datetime) -> TimeSlot:
    """Withdraw a slot that nobody has booked, and offer another in its place."""
    hold(coach, slot)
    _withdraw(slot, now=now)
    db.session.flush()  # so that the new one may overlap where the old one was
    return _offer(coach, [day], clock, which, now=now)[0]


def withdraw(slot: TimeSlot, *, now: datetime) -> None:
    """Take a slot that nobody has booked out of the offer, for good."""
    hold(slot)
    _withdraw(slot, now=now)


def _withdraw(slot: TimeSlot, *, now: datetime) -> None:
    if reason := why_not_change(slot, session := queries.live_session_on(slot)):
        raise CannotChange(reason, session=session)
    slot.withdrawn_at = now


def why_not_change(slot: TimeSlot, session: CoachingSession | None) -> str | None:
    """Say why a slot can be neither moved nor withdrawn, or None."""
    if slot.withdrawn_at:
        return "This slot is no longer on offer: it was withdrawn or moved. Your other slots are as they were."
    if session:
        return f"{session.student.name} has booked this slot. Move or cancel the session first."
    return None


def _starts(coach: User, days: list[date], clock: time, which: Which | None, *, now: datetime) -> list[datetime]:
    """Return the moments (UTC) that are meant, or say at once everything that stands in the way of them."""
    if clock.minute % 15 or clock.second or clock.microsecond:
        raise CannotOffer("A slot begins on a quarter of an hour: choose :00, :15, :30 or :45.", field="time")
    if not times.is_sensible(days[-1]):
        raise CannotOffer(f"That goes on beyond the year {times.LAST_DAY.year}. Choose fewer weeks.", field="weeks")
    starts: list[datetime] = []
    skipped: list[str] = []
    said = formatting.wall(clock, coach.clocks)
    for day in days:
        try:
            starts.append(times.moment(day, clock, coach.time_zone, which))
        except times.SkippedError:
            skipped.append(
                f"On {formatting.day(day)} the clocks in {coach.time_zone} go forward over {said}: "
                "that time does not happen."
            )
        except times.TwiceError:
            raise CannotOffer(
                f"On {formatting.day(day)} the clocks in {coach.time_zone} go back, and {said} comes twice. "
                "Say which one you mean.",
                field="which",
            ) from None
    if starts and starts[0] <= now:
        raise CannotOffer("That moment has passed. Choose one that lies ahead.", field="date")
    clashes = _clashes(coach, starts)
    if clashes:
        if len(days) > 1:
            skipped.append("Nothing was published.")
        raise CannotOffer(" ".join([*clashes, *skipped, "Choose another time, or withdraw what is in the way."]))
    if skipped:
        raise CannotOffer(" ".join([*skipped, "Choose another time."]), field="time")
    return starts


def _clashes(coach: User, starts: list[datetime]) -> list[str]:
    there = queries.starts_near(coach, starts) if starts else set()
    return [
        f"{formatting.full(TimeSlot(**_slot(coach, at, now=at)), coach.clocks)} overlaps your slot at "
        f"{formatting.clock(other, coach.clocks)}."
        for at in starts
        for other in sorted(there)
        if abs(other - at) < SLOT_LENGTH
    ]


def _slot(coach: User, at: datetime, *, now: datetime) -> dict[str, Any]:
    return {"coach_id": coach.id, "starts_at": at, "ends_at": at + SLOT_LENGTH, "offered_at": now}
