"""What may be asked about coaches and their free slots."""

import enum
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    exists,
    extract,
    func,
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from coaching import times
from coaching.extensions import db
from coaching.models import CoachingSession, Role, TimeSlot, User

NEXT_FEW = 3
DAY, HOUR = 86400, 3600  # in seconds


class Part(enum.StrEnum):
    """A part of the day."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    NIGHT = "night"


# From which hour, and up to which: the night goes over midnight.
HOURS = {Part.MORNING: (5, 12), Part.AFTERNOON: (12, 17), Part.EVENING: (17, 22), Part.NIGHT: (22, 5)}


class Wish(NamedTuple):
    """What somebody looks for: a part of name or headline, and when a slot shall start by the clocks of their zone."""

    zone: str = "UTC"
    words: str = ""
    on: date | None = None
    weekdays: tuple[int, ...] = ()  # 1 Monday … 7 Sunday; none means any
    part: Part | None = None


ANYTHING = Wish()


class Free(NamedTuple):
    """A free slot, as one reader sees it: `clash_id` is the session of their own that overlaps it, if there is one."""

    id: int
    starts_at: datetime
    ends_at: datetime
    clash_id: int | None


class Soon(NamedTuple):
    """A free slot like `Free`, and whose it is."""

    id: int
    starts_at: datetime
    ends_at: datetime
    clash_id: int | None
    coach: User


class Offer(NamedTuple):
    """A coach, and the first few slots that are free."""

    coach: User
    slots: list[Free]


def is_free(slot: type[TimeSlot], *, after: datetime) -> ColumnElement[bool]:
    """Say what "free" means (see "Words" in the contract): on offer, without a live session, not begun."""
    return slot.withdrawn_at.is_(None) & (slot.starts_at > after) & ~is_booked(slot)


def is_booked(slot: type[TimeSlot]) -> ColumnElement[bool]:
    """Say whether a live session stands on a slot."""
    return exists().where(CoachingSession.slot_id == slot.id, CoachingSession.cancelled_at.is_(None))


def is_wished(slot: type[TimeSlot], wish: Wish, *, after: datetime) -> list[ColumnElement[bool]]:
    """Say which slots that start after a moment are at a time that is looked for.

    Weekday and hour are reckoned from the seconds since 1970 and from how far the zone's clocks are from UTC at each
    slot, which Python knows: so both databases do the same, and neither needs to know any zone.
    """
    asked: list[ColumnElement[bool]] = []
    if wish.on:
        asked += [
            slot.starts_at >= times.start_of(wish.on, wish.zone),
            slot.starts_at < times.start_of(wish.on + timedelta(days=1), wish.zone),
        ]
    if not (wish.weekdays or wish.part):
        return asked
    *changes, (_, last) = times.offsets(wish.zone, after.date())
    ahead: Any = case(*((slot.starts_at < until, offset) for until, offset in changes), else_=last) if changes else last
    local = cast(extract("epoch", slot.starts_at), BigInteger) + ahead
    if wish.weekdays:
        asked.append(((local // DAY + 3) % 7 + 1).in_(wish.weekdays))  # 1 January 1970 was a Thursday
    if wish.part:
        start, end = HOURS[wish.part]
        hour = local % DAY // HOUR
        asked.append(and_(hour >= start, hour < end) if start < end else or_(hour >= start, hour < end))
    return asked


def is_meant(words: str) -> list[ColumnElement[bool]]:
    """Say which coaches have words in their name or headline. Every sign is itself, `%` and `_` too."""
    if not words:
        return []
    return [or_(User.name.icontains(words, autoescape=True), User.headline.icontains(words, autoescape=True))]


def coaches_with_free_slots(
    *, reader: User | None = None, after: datetime, wish: Wish = ANYTHING, behind: int | None = None, limit: int
) -> list[Offer]:
    """Return coaches who have a free slot as is wished, by name, each with the next few of those, in two statements.

    `behind` narrows it to those who come after that coach (an id) in the list.
    """

    def nth(n: int) -> ScalarSelect[int]:
        slot = aliased(TimeSlot)
        free = select(slot.id).where(slot.coach_id == User.id, is_free(slot, after=after))
        free = free.where(*is_wished(slot, wish, after=after))
        return free.order_by(slot.starts_at).offset(n).limit(1).correlate(User).scalar_subquery()

    by_name = tuple_(func.lower(User.name), User.id)
    asked = (
        select(User, *(nth(n) for n in range(NEXT_FEW)))
        .where(User.role == Role.COACH, nth(0).is_not(None), *is_meant(wish.words))
        .order_by(func.lower(User.name), User.id)
        .limit(limit)
    )
    if behind is not None:
        last = aliased(User)  # somebody who is not there is behind nobody
        name = select(func.lower(last.name)).where(last.id == behind).scalar_subquery()
        asked = asked.where(name.is_(None) | (by_name > tuple_(name, behind)))
    found = [(coach, ids) for coach, *ids in db.session.execute(asked)]
    wanted = [slot_id for _, ids in found for slot_id in ids if slot_id is not None]
    slots = {slot.id: slot for slot in _read(_seen_by(reader).where(TimeSlot.id.in_(wanted)))}
    return [Offer(coach, [slots[slot_id] for slot_id in ids if slot_id in slots]) for coach, ids in found]


def soonest(
    *,
    reader: User | None = None,
    after: datetime,
    wish: Wish = ANYTHING,
    behind: tuple[datetime, int] | None = None,
    limit: int,
) -> list[Soon]:
    """Return free slots of all coaches, soonest first, from behind a place in the list, in one statement."""
    asked = _seen_by(reader).join(User, User.id == TimeSlot.coach_id).add_columns(User)
    asked = asked.where(is_free(TimeSlot, after=after), *is_wished(TimeSlot, wish, after=after), *is_meant(wish.words))
    if behind:
        asked = asked.where(tuple_(TimeSlot.starts_at, TimeSlot.id) > tuple_(*behind))
    asked = asked.order_by(TimeSlot.starts_at, TimeSlot.id).limit(limit)
    return [Soon(*row) for row in db.session.execute(asked)]


def coach_or_404(coach_id: int) -> User:
    """Return a coach; anybody else is not found."""
    coach: User = db.one_or_404(select(User).where(User.id == coach_id, User.role == Role.COACH))
    return coach


def free_slots(
    coach: User,
    *,
    reader: User | None = None,
    after: datetime,
    limit: int,
    wish: Wish = ANYTHING,
    behind: tuple[datetime, int] | None = None,
) -> list[Free]:
    """Return a coach's free slots as is wished, soonest first, from behind a place in the list."""
    asked = _seen_by(reader).where(TimeSlot.coach_id == coach.id, is_free(TimeSlot, after=after))
    asked = asked.where(*is_wished(TimeSlot, wish, after=after))
    if behind:
        asked = asked.where(TimeSlot.starts_at > behind[0])  # a coach's slots never start together
    return _read(asked.order_by(TimeSlot.starts_at).limit(limit))


def _seen_by(reader: User | None) -> Select[int, datetime, datetime, int | None]:
    """Ask for slots as a reader sees them. Only students have sessions that a booking could overlap (rule 4)."""
    clash: Any = null()
    if reader and reader.role == Role.STUDENT:
        mine = select(CoachingSession.id).where(overlaps(reader.id, TimeSlot.starts_at, TimeSlot.ends_at))
        clash = mine.limit(1).correlate(TimeSlot).scalar_subquery()
    return select(TimeSlot.id, TimeSlot.starts_at, TimeSlot.ends_at, clash)


def _read(asked: Select[int, datetime, datetime, int | None]) -> list[Free]:
    return [Free(*row) for row in db.session.execute(asked)]


def overlaps(student_id: int, starts_at: Any, ends_at: Any) -> ColumnElement[bool]:
    """Say whether a session is a live one of a student's that overlaps a period (rule 4)."""
    return and_(
        CoachingSession.student_id == student_id,
        CoachingSession.cancelled_at.is_(None),
        CoachingSession.starts_at < ends_at,
        CoachingSession.ends_at > starts_at,
    )
