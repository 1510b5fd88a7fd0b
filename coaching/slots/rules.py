"""What may happen with slots: rules 1, 2 and 6."""

from bisect import bisect_right, insort
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update

from coaching import formatting, times
from coaching.coaches.rules import tell_who_waits
from coaching.extensions import Refusal, db, hold, hold_slots, refusing
from coaching.models import CoachingSession, TimeSlot, User
from coaching.slots import queries
from coaching.times import SLOT_LENGTH, Which

MOST_WEEKS = 26
MOST_TIMES = 12  # of one day: no more find room


class CannotOffer(Refusal):
    """Its message is written for the coach to read."""


class CannotChange(Refusal):
    """The slot can be neither moved nor withdrawn now. Its message is written for the coach to read."""


class Wall(NamedTuple):
    """A day and what a wall clock shows on it."""

    day: date
    clock: time


class Planned(NamedTuple):
    """A time that a coach wants to offer. `starts_at` (UTC) is None where the clocks skip it, or show it twice.

    `why_not` says why it cannot be offered, if so: a sentence, or what it overlaps; `field` is the input at fault then.
    """

    wall: Wall
    starts_at: datetime | None
    why_not: str | None = None
    field: str | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When it would end (UTC)."""
        return self.starts_at and self.starts_at + SLOT_LENGTH


class Published(NamedTuple):
    """What came of it."""

    slots: list[TimeSlot]
    left_out: list[Planned]


def walls(day: date, clocks: Iterable[time], *, weekdays: Iterable[int] = (), weeks: int = 1) -> list[Wall]:
    """Return wall-clock times in order: each of `clocks`, on `weekdays` (1 Monday … 7 Sunday), for so many weeks.

    The first of the weeks begins with `day`, and without weekdays its own is meant.
    """
    first = [day + timedelta(days=(weekday - day.isoweekday()) % 7) for weekday in {*weekdays} or {day.isoweekday()}]
    every = [Wall(on + timedelta(weeks=week), clock) for on in first for week in range(weeks) for clock in {*clocks}]
    return sorted(every)


def a_week_later(coach: User, slots: Iterable[TimeSlot]) -> list[Wall]:
    """Return where the wall clock stands a week after each of these slots."""
    starts = [times.local(slot.starts_at, coach.time_zone) + timedelta(weeks=1) for slot in slots]
    return [Wall(start.date(), start.time()) for start in starts]


def offer(
    coach: User, day: date, clock: time, *, weeks: int = 1, which: Which | None = None, now: datetime
) -> list[TimeSlot]:
    """Offer two hours at a wall-clock time in the coach's zone: on one day, or weekly `weeks` times; all or nothing.

    `which` says which of the two is meant where the clocks go back and the time comes twice.
    """
    return publish(coach, walls(day, [clock], weeks=weeks), which=which, now=now).slots


def publish(
    coach: User, wanted: Sequence[Wall], *, which: Which | None = None, good_only: bool = False, now: datetime
) -> Published:
    """Offer two hours at each of these times: all or nothing, or with `good_only` those that can be."""
    hold(coach)
    published = _publish(coach, wanted, which, good_only=good_only, now=now)
    _pass_over_who_offered_long_ago(now)
    return published


def _pass_over_who_offered_long_ago(now: datetime) -> None:
    """Forget until when coaches offered something that began over two hours ago, a hundred of them at a time.

    So the lists need not pass over everybody who ever coached. Whose row is held just now is left to the next time. Two
    hours, because clocks are set back now and then, and then it lies ahead again.
    """
    past = select(User.id).where(User.offers_until < now - timedelta(hours=2)).limit(100)
    held = past.with_for_update(skip_locked=True, key_share=True)
    db.session.execute(
        update(User).where(User.id.in_(held)).values(offers_until=None),
        execution_options={"synchronize_session": False},
    )


def _publish(
    coach: User, wanted: Sequence[Wall], which: Which | None, *, good_only: bool = False, now: datetime
) -> Published:
    planned = plan(coach, wanted, which, now=now)
    if asked := next((one.why_not for one in planned if one.field == "which"), None):
        raise CannotOffer(asked, field="which")
    if not good_only:
        _insist_on_all(coach, planned)
    left_out = [one for one in planned if one.why_not]
    rows = [_slot(coach, one.starts_at, now=now) for one in planned if one.starts_at and not one.why_not]
    if not rows:
        raise CannotOffer("None of these times can be offered. Choose others.")
    new = insert(TimeSlot).returning(TimeSlot, sort_by_parameter_order=True)
    with refusing(CannotOffer):
        slots = list(db.session.scalars(new, rows))
    tell_who_waits(slots, now=now)
    return Published(slots, left_out)


def plan(coach: User, wanted: Sequence[Wall], which: Which | None = None, *, now: datetime) -> list[Planned]:
    """Say of each of these times, which are in order, whether the coach can offer it, and why not.

    Raises CannotOffer for what no time can be: off the quarter of an hour, or beyond the years that anybody can mean.
    """
    if any(wall.clock.minute % 15 or wall.clock.second or wall.clock.microsecond for wall in wanted):
        raise CannotOffer("A slot begins on a quarter of an hour: choose :00, :15, :30 or :45.", field="time")
    if wanted and not times.is_sensible(wanted[-1].day):
        raise CannotOffer(f"That goes on beyond the year {times.LAST_DAY.year}. Choose fewer weeks.", field="weeks")
    meant = [_meant(coach, wall, which, now=now) for wall in wanted]
    return _without_overlaps(coach, meant)


def _meant(coach: User, wall: Wall, which: Which | None, *, now: datetime) -> Planned:
    said = f"On {formatting.day(wall.day)} the clocks in {coach.time_zone}"
    clock = formatting.wall(wall.clock, coach.clocks)
    try:
        at = times.moment(*wall, coach.time_zone, which)
    except times.SkippedError:
        return Planned(wall, None, f"{said} go forward over {clock}: that time does not happen.", "time")
    except times.TwiceError:
        return Planned(wall, None, f"{said} go back, and {clock} comes twice. Say which one you mean.", "which")
    passed = "That moment has passed. Choose one that lies ahead." if at <= now else None
    return Planned(wall, at, passed, "date" if passed else None)


def _without_overlaps(coach: User, meant: Sequence[Planned]) -> list[Planned]:
    """Say no to what overlaps a slot that is there, or one that stands before it in the list."""
    good = sorted(one.starts_at for one in meant if one.starts_at and not one.why_not)
    there = queries.starts_near(coach, good) if good else set()
    taken = sorted(there)
    planned = []
    for one in meant:
        at, why_not = one.starts_at, one.why_not
        if at and not why_not:
            other = _in_the_way(taken, at)
            if other:
                whose = "your slot" if other in there else "another of these,"
                why_not = f"overlaps {whose} at {formatting.clock(other, coach.clocks)}."
            else:
                insort(taken, at)
        planned.append(one._replace(why_not=why_not))
    return planned


def _in_the_way(taken: Sequence[datetime], at: datetime) -> datetime | None:
    place = bisect_right(taken, at - SLOT_LENGTH)
    return taken[place] if place < len(taken) and taken[place] < at + SLOT_LENGTH else None


def _insist_on_all(coach: User, planned: Sequence[Planned]) -> None:
    """Say at once everything that stands in the way, if anything does."""
    bad = [one for one in planned if one.why_not]
    if passed := next((one.why_not for one in bad if one.field == "date"), None):
        raise CannotOffer(passed, field="date")
    slots = [(TimeSlot(**_slot(coach, one.starts_at, now=one.starts_at)), one) for one in bad if one.starts_at]
    clashes = [f"{formatting.full(slot, coach.clocks)} {one.why_not}" for slot, one in slots]
    skipped = [one.why_not for one in bad if one.why_not and one.field]
    if clashes:
        nothing = ["Nothing was published."] if len(planned) > 1 else []
        rest = "Choose another time, or withdraw or cancel what is in the way."
        raise CannotOffer(" ".join([*clashes, *skipped, *nothing, rest]))
    if skipped:
        raise CannotOffer(" ".join([*skipped, "Choose another time."]), field="time")


def move(slot: TimeSlot, coach: User, day: date, clock: time, *, which: Which | None = None, now: datetime) -> TimeSlot:
    """Withdraw a slot that nobody has booked, and offer another in its place."""
    hold(coach, slot)
    _withdraw(slot, now=now)
    db.session.flush()  # so that the new one may overlap where the old one was
    return _publish(coach, [Wall(day, clock)], which, now=now).slots[0]


def withdraw(slot: TimeSlot, *, now: datetime) -> None:
    """Take a slot that nobody has booked out of the offer, for good."""
    hold(slot)
    _withdraw(slot, now=now)


def withdraw_all(slots: Collection[TimeSlot], coach: User, *, now: datetime) -> None:
    """Take slots that nobody has booked out of the offer; all of them, or none."""
    hold(coach)
    _withdraw_all(slots, coach, now=now)


def move_all(
    slots: Sequence[TimeSlot], coach: User, by: timedelta, *, which: Which | None = None, now: datetime
) -> list[TimeSlot]:
    """Put slots that nobody has booked so much later on the wall clock; all of them, or none."""
    hold(coach)
    starts = [times.local(slot.starts_at, coach.time_zone).replace(tzinfo=None) + by for slot in slots]
    _withdraw_all(slots, coach, now=now)
    return _publish(coach, sorted(Wall(start.date(), start.time()) for start in starts), which, now=now).slots


def _withdraw_all(slots: Collection[TimeSlot], coach: User, *, now: datetime) -> None:
    hold_slots(slots)  # or a booking that is under way would be seen by nobody but the constraint
    free = update(TimeSlot).where(TimeSlot.id.in_([slot.id for slot in slots]), TimeSlot.coach_id == coach.id)
    free = free.where(TimeSlot.withdrawn_at.is_(None), ~TimeSlot.is_booked)
    found = db.session.scalars(free.values(withdrawn_at=now).returning(TimeSlot.id)).all()
    if len(found) != len(slots):
        raise CannotChange("Some of these were booked or changed meanwhile, so nothing is changed. Look at them again.")


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


def _slot(coach: User, at: datetime, *, now: datetime) -> dict[str, Any]:
    return {"coach_id": coach.id, "starts_at": at, "ends_at": at + SLOT_LENGTH, "offered_at": now}
