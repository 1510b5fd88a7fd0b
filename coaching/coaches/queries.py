"""What may be asked about coaches and their free slots."""

import enum
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    extract,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased
from werkzeug.exceptions import NotFound

from coaching import times
from coaching.extensions import db, rows
from coaching.models import CoachingSession, Role, TimeSlot, User, Wait
from coaching.times import SLOT_LENGTH

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
    until: datetime | None = None  # the last moment at which it may start

    @property
    def is_any(self) -> bool:
        """Whether nothing in particular is looked for."""
        return not any(self[1:])


ANYTHING = Wish()

# What the statements here are told: see `_asked_by`.
NOW: BindParameter[Any] = bindparam("now")
LATELY: BindParameter[Any] = bindparam("lately")
UNTIL: BindParameter[Any] = bindparam("until")
STUDENT_ID: BindParameter[Any] = bindparam("student_id")


class Coach(NamedTuple):
    """What a list shows of a coach."""

    id: int
    name: str
    headline: str


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
    coach: Coach


class Offer(NamedTuple):
    """A coach, and the first few slots that are free."""

    coach: Coach
    slots: tuple[Free, ...]


def is_free(slot: type[TimeSlot], *, after: Any) -> ColumnElement[bool]:
    """Say what "free" means (see "Words" in the contract): on offer, without a live session, not begun."""
    return and_(slot.withdrawn_at.is_(None), ~slot.is_booked, slot.starts_at > after)


# The reader's own sessions that something yet to come could overlap. PostgreSQL is told to ask for them once alone.
_MINE = (
    select(CoachingSession.id, CoachingSession.starts_at, CoachingSession.ends_at)
    .where(
        CoachingSession.student_id == STUDENT_ID,
        CoachingSession.starts_at > LATELY,
        CoachingSession.cancelled_at.is_(None),
    )
    .cte("mine")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)


def is_wished(slot: type[TimeSlot], wish: Wish, *, after: datetime) -> list[ColumnElement[bool]]:
    """Say which slots that start after a moment are at a time that is looked for.

    Weekday and hour are reckoned from the seconds since 1970 and from how far the zone's clocks are from UTC at each
    slot, which Python knows: so both databases do the same, and neither needs to know any zone.
    """
    asked = _is_near(slot) if wish.until else []
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


def _is_near(slot: type[TimeSlot]) -> list[ColumnElement[bool]]:
    return [slot.starts_at <= UNTIL]


def is_meant(words: str) -> list[ColumnElement[bool]]:
    """Say which coaches have words in their name or headline. Every sign is itself, `%` and `_` too."""
    if not words:
        return []
    return [or_(User.name.icontains(words, autoescape=True), User.headline.icontains(words, autoescape=True))]


def coaches_with_free_slots(
    *, reader: User | None = None, after: datetime, wish: Wish = ANYTHING, behind: int | None = None, limit: int
) -> list[Offer]:
    """Return coaches who have a free slot as is wished, by name, each with the next few of those, in one statement.

    `behind` narrows it to those who come after that coach (an id) in the list.
    """
    if wish._replace(until=None).is_any:
        asked = _any_offers(limit, is_behind=behind is not None, is_near=wish.until is not None)
    else:
        wished = is_wished(TimeSlot, wish, after=after)
        asked = _offers(limit, is_behind=behind is not None, coaches=is_meant(wish.words), slots=wished)
    found = rows(asked, {**_asked_by(reader, after, wish), "behind": behind})
    return [Offer(Coach(coach_id, name, headline), _few(slots)) for coach_id, name, headline, slots in found]


@cache
def _any_offers(limit: int, *, is_behind: bool, is_near: bool) -> Select[int, str, str, str]:
    return _offers(limit, is_behind=is_behind, slots=_is_near(TimeSlot) if is_near else ())


def _offers(
    limit: int,
    *,
    is_behind: bool,
    coaches: Sequence[ColumnElement[bool]] = (),
    slots: Sequence[ColumnElement[bool]] = (),
) -> Select[int, str, str, str]:
    """Build the statement. Each coach costs one look into the index of free slots, and who has none, nothing.

    Numbers and roles stand in it as they are, so that PostgreSQL plans it once for all readers.
    """
    free = select(TimeSlot.id, TimeSlot.starts_at, TimeSlot.ends_at)
    free = free.where(TimeSlot.coach_id == User.id, is_free(TimeSlot, after=NOW), *slots)
    few = free.order_by(TimeSlot.starts_at).limit(_plain(NEXT_FEW)).correlate(User).subquery()
    minute = cast(extract("epoch", few.c.starts_at), BigInteger) // 60
    said = [cast(few.c.id, Text), cast(minute, Text), func.coalesce(cast(_clash(few.c), Text), "")]
    said_of_all = select(func.aggregate_strings(said[0] + " " + said[1] + " " + said[2], ",")).correlate(User)
    asked = (
        select(
            *(User.id, User.name, User.headline, said_of_all.scalar_subquery().label("slots")),
            func.lower(User.name).label("place"),
        )
        .where(User.role == literal_column("'coach'"), User.offers_until > NOW, *coaches)
        .order_by(func.lower(User.name), User.id)
        .offset(0)  # keeps the database from looking for the slots once more, to ask whether there are any
    )
    if is_behind:
        last = aliased(User)  # somebody who is not there is behind nobody
        name = select(func.lower(last.name)).where(last.id == bindparam("behind")).scalar_subquery()
        place = tuple_(func.coalesce(name, ""), bindparam("behind", type_=Integer))
        asked = asked.where(tuple_(func.lower(User.name), User.id) > place)
    row = asked.subquery()
    return (
        select(row.c.id, row.c.name, row.c.headline, row.c.slots)
        .where(row.c.slots.is_not(None))
        .order_by(row.c.place, row.c.id)
        .limit(_plain(limit))
    )


def soonest(
    *,
    reader: User | None = None,
    after: datetime,
    wish: Wish = ANYTHING,
    behind: tuple[datetime, int] | None = None,
    limit: int,
) -> list[Soon]:
    """Return free slots of all coaches, soonest first, from behind a place in the list, in one statement."""
    asked = _seen().join(User, User.id == TimeSlot.coach_id).add_columns(User.id, User.name, User.headline)
    asked = asked.where(*is_wished(TimeSlot, wish, after=after), *is_meant(wish.words))
    if behind:
        asked = asked.where(tuple_(TimeSlot.starts_at, TimeSlot.id) > tuple_(*behind))
    asked = asked.order_by(TimeSlot.starts_at, TimeSlot.id).limit(limit)
    found = rows(asked, _asked_by(reader, after, wish))
    return [Soon._make((*row[:4], Coach(*row[4:]))) for row in found]


def coach_or_404(coach_id: int) -> User:
    """Return a coach; anybody else is not found."""
    coach = db.session.scalar(_COACH, {"coach_id": coach_id})
    if coach is None:
        raise NotFound
    return coach


_COACH = select(User).where(User.id == bindparam("coach_id"), User.role == Role.COACH)


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
    asked = _OF_ONE if wish.is_any else _OF_ONE.where(*is_wished(TimeSlot, wish, after=after))
    if behind:
        asked = asked.where(TimeSlot.starts_at > behind[0])  # a coach's slots never start together
    found = rows(asked, {**_asked_by(reader, after, wish), "coach_id": coach.id, "limit": limit})
    return [Free(*row) for row in found]


def _asked_by(reader: User | None, after: datetime, wish: Wish) -> dict[str, Any]:
    """Return what every statement here is told. Only students have sessions that a booking could overlap (rule 4)."""
    student = reader if reader and reader.role == Role.STUDENT else None
    told = {"now": after, "lately": after - SLOT_LENGTH, "student_id": student and student.id}
    return told | ({"until": wish.until} if wish.until else {})


def _seen() -> Select[int, datetime, datetime, int | None]:
    """Ask for free slots as a reader sees them."""
    asked = select(TimeSlot.id, TimeSlot.starts_at, TimeSlot.ends_at, _clash(TimeSlot))
    return asked.where(is_free(TimeSlot, after=NOW))


def _clash(slot: Any) -> ScalarSelect[int]:
    """Ask for the reader's own session that overlaps a slot. Theirs are read once, not for each slot."""
    at_once = select(_MINE.c.id).where(_MINE.c.starts_at < slot.ends_at, _MINE.c.ends_at > slot.starts_at)
    return at_once.limit(_plain(1)).scalar_subquery()


@lru_cache(maxsize=4096)
def _few(said: str) -> tuple[Free, ...]:
    """Read what a statement says of a few slots: `id minute clash` of each, with commas between."""
    slots = []
    for slot in said.split(","):
        slot_id, minute, clash_id = slot.split(" ")
        starts_at = times.EPOCH + timedelta(minutes=int(minute))
        slots.append(Free(int(slot_id), starts_at, starts_at + SLOT_LENGTH, int(clash_id) if clash_id else None))
    return tuple(sorted(slots, key=lambda slot: slot.starts_at))  # no database promises in which order it gathers


def _plain(number: int) -> ColumnElement[int]:
    """Write a number into a statement as it is."""
    return literal_column(str(number), Integer)


_OF_ONE = (
    _seen().where(TimeSlot.coach_id == bindparam("coach_id")).order_by(TimeSlot.starts_at).limit(bindparam("limit"))
)


def who_waits(coach_id: int, *, but: int | None = None) -> Sequence[int]:
    """Return the students (ids) who wait for this coach, or for any: who has had the fewest sessions first.

    Who has booked what they waited for since waits no more. Of equals, who has waited for longest is first.
    """
    sessions = select(func.count()).where(
        CoachingSession.student_id == Wait.student_id, CoachingSession.cancelled_at.is_(None)
    )
    asked = (
        select(Wait.student_id)
        .where(or_(Wait.coach_id == coach_id, Wait.coach_id.is_(None)), ~_has_booked_since())
        .group_by(Wait.student_id)
        .order_by(sessions.scalar_subquery(), func.min(Wait.since_at), Wait.student_id)
    )
    return [student_id for student_id in db.session.scalars(asked) if student_id != but]


def is_waiting(student: User, coach: User) -> bool:
    """Tell whether a student waits for a coach, or for any."""
    asked = select(Wait.id).where(Wait.student_id == student.id, ~_has_booked_since())
    return db.session.scalar(asked.where(or_(Wait.coach_id == coach.id, Wait.coach_id.is_(None))).limit(1)) is not None


def waits_for(student: User, coach: User | None) -> bool:
    """Tell whether a student waits for just this coach; without one, for any."""
    asked = select(Wait.id).where(Wait.student_id == student.id, ~_has_booked_since())
    of_whom = Wait.coach_id == coach.id if coach else Wait.coach_id.is_(None)
    return db.session.scalar(asked.where(of_whom)) is not None


def _has_booked_since() -> ColumnElement[bool]:
    """Say whether a student has what they wait for: a live session that they have booked since."""
    return exists().where(
        CoachingSession.student_id == Wait.student_id,
        CoachingSession.cancelled_at.is_(None),
        CoachingSession.booked_at >= Wait.since_at,
        or_(Wait.coach_id.is_(None), CoachingSession.coach_id == Wait.coach_id),
    )


def overlaps(student_id: int, starts_at: Any, ends_at: Any, *, after: datetime) -> ColumnElement[bool]:
    """Say whether a session is a live one of a student's that overlaps a period, which begins after a moment (rule 4).

    All last two hours: what began longer before that moment is over, and need not be looked at.
    """
    return and_(
        CoachingSession.student_id == student_id,
        CoachingSession.cancelled_at.is_(None),
        CoachingSession.starts_at > after - SLOT_LENGTH,
        CoachingSession.starts_at < ends_at,
        CoachingSession.ends_at > starts_at,
    )
