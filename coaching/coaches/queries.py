"""What may be asked about coaches and their free slots."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, null, or_, select, tuple_
from sqlalchemy.orm import aliased

from coaching.extensions import db
from coaching.models import CoachingSession, Role, TimeSlot, User

NEXT_FEW = 3


class Free(NamedTuple):
    """A free slot, as one reader sees it: `clash_id` is the session of their own that overlaps it, if there is one."""

    id: int
    starts_at: datetime
    ends_at: datetime
    clash_id: int | None


class Offer(NamedTuple):
    """A coach, and the first few slots that are free."""

    coach: User
    slots: list[Free]


def is_free(slot: type[TimeSlot], *, after: datetime) -> ColumnElement[bool]:
    """Say what "free" means (see "Words" in the contract): on offer, without a live session, not begun."""
    taken = exists().where(CoachingSession.slot_id == slot.id, CoachingSession.cancelled_at.is_(None))
    return slot.withdrawn_at.is_(None) & (slot.starts_at > after) & ~taken


def coaches_with_free_slots(
    *,
    reader: User | None = None,
    after: datetime,
    between: tuple[datetime, datetime] | None,
    words: str,
    behind: int | None,
    limit: int,
) -> list[Offer]:
    """Return coaches who have a free slot, by name, each with the next few, in two statements.

    `between` narrows it to slots that start in a period, `words` to a part of name or headline (`%` and `_` are
    themselves), `behind` to those who come after that coach (an id) in the list.
    """

    def nth(n: int) -> ScalarSelect[int]:
        slot = aliased(TimeSlot)
        free = select(slot.id).where(slot.coach_id == User.id, is_free(slot, after=after))
        if between:
            free = free.where(slot.starts_at >= between[0], slot.starts_at < between[1])
        return free.order_by(slot.starts_at).offset(n).limit(1).correlate(User).scalar_subquery()

    by_name = tuple_(func.lower(User.name), User.id)
    asked = (
        select(User, *(nth(n) for n in range(NEXT_FEW)))
        .where(User.role == Role.COACH, nth(0).is_not(None))
        .order_by(func.lower(User.name), User.id)
        .limit(limit)
    )
    if words:
        asked = asked.where(
            or_(User.name.icontains(words, autoescape=True), User.headline.icontains(words, autoescape=True))
        )
    if behind is not None:
        last = aliased(User)  # somebody who is not there is behind nobody
        name = select(func.lower(last.name)).where(last.id == behind).scalar_subquery()
        asked = asked.where(name.is_(None) | (by_name > tuple_(name, behind)))
    found = [(coach, ids) for coach, *ids in db.session.execute(asked)]
    wanted = [slot_id for _, ids in found for slot_id in ids if slot_id is not None]
    slots = {slot.id: slot for slot in _read(_seen_by(reader).where(TimeSlot.id.in_(wanted)))}
    return [Offer(coach, [slots[slot_id] for slot_id in ids if slot_id in slots]) for coach, ids in found]


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
    behind: tuple[datetime, int] | None = None,
) -> list[Free]:
    """Return a coach's free slots, soonest first, from behind a place in the list."""
    asked = _seen_by(reader).where(TimeSlot.coach_id == coach.id, is_free(TimeSlot, after=after))
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
