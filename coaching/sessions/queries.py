"""What may be asked about sessions. Whose they are is part of every question."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Exists, Select, bindparam, case, exists, func, null, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased, joinedload
from werkzeug.exceptions import NotFound

from coaching.coaches.queries import is_free, overlaps
from coaching.extensions import db, rows
from coaching.models import CoachingSession, Feedback, Role, TimeSlot, User
from coaching.terms import ANY, Terms
from coaching.times import SLOT_LENGTH

Listing = Select[*tuple[Any, ...]]  # a list's statement, before it is told whose and when


class When(StrEnum):
    """The tabs of the list."""

    UPCOMING = "upcoming"
    PREVIOUS = "previous"
    CANCELLED = "cancelled"


class Call(NamedTuple):
    """A session as one of its two people sees it: with the other one, and what may be seen of them.

    `number` is the other's phone number (E.164), or None where the two have no live session together (rule 9).
    `feedback` is None for a student, always (rule 10).
    """

    session: CoachingSession
    other: User
    number: str | None
    feedback: Feedback | None

    @property
    def starts_at(self) -> datetime:
        """When it starts (UTC)."""
        return self.session.starts_at

    @property
    def ends_at(self) -> datetime:
        """When it ends (UTC)."""
        return self.session.ends_at


class Person(NamedTuple):
    """What a list shows of somebody."""

    id: int
    name: str


class Recorded(NamedTuple):
    """What a list shows of a feedback. Where the student did not answer there is no rating."""

    rating: int | None
    note: str


class Listed(NamedTuple):
    """A session in a list: what `Call` says, as far as lists show it."""

    id: int
    starts_at: datetime
    ends_at: datetime
    topic: str
    cancelled_by_id: int | None
    reason: str
    other: Person
    number: str | None
    feedback: Recorded | None


def calls(
    person: User, when: When, *, now: datetime, limit: int, behind: tuple[datetime, int] | None = None
) -> list[Listed]:
    """Return a tab of a person's sessions: the upcoming soonest first, the others latest first."""
    told: dict[str, Any] = {"after": now - SLOT_LENGTH, "limit": limit}
    if behind:
        told |= {"behind_at": behind[0], "behind_id": behind[1]}
    return _listed(_tab(person.role, when, is_behind=bool(behind)), person, **told)


@cache
def _tab(role: Role, when: When, *, is_behind: bool) -> Listing:
    """Build the statement of a tab. A session ends two hours after it starts: so its start says on which tab it is."""
    session, in_order = CoachingSession, tuple_(CoachingSession.starts_at, CoachingSession.id)
    behind = tuple_(bindparam("behind_at", type_=session.starts_at.type), bindparam("behind_id", type_=session.id.type))
    is_upcoming, after = when == When.UPCOMING, bindparam("after", type_=session.starts_at.type)
    asked = _list_of(role).limit(bindparam("limit"))
    if when == When.CANCELLED:
        asked = asked.where(session.cancelled_at.is_not(None))
    else:
        its_tab = session.starts_at > after if is_upcoming else session.starts_at <= after
        asked = asked.where(session.cancelled_at.is_(None), its_tab)
    if is_behind:
        asked = asked.where(in_order > behind if is_upcoming else in_order < behind)
    if is_upcoming:
        return asked.order_by(session.starts_at, session.id)
    return asked.order_by(session.starts_at.desc(), session.id.desc())


def calls_between(person: User, *, start: datetime, end: datetime) -> list[Listed]:
    """Return a person's live sessions that reach into a period, in order of time."""
    return _listed(_between(person.role), person, after=start - SLOT_LENGTH, end=end)


@cache
def _between(role: Role) -> Listing:
    session = CoachingSession
    asked = _list_of(role).where(session.cancelled_at.is_(None), session.starts_at < bindparam("end"))
    return asked.where(session.starts_at > bindparam("after")).order_by(session.starts_at)


def calls_without_feedback(coach: User, *, now: datetime, limit: int) -> list[Listed]:
    """Return a coach's previous sessions that wait for their feedback, latest first."""
    return _listed(_waiting(), coach, after=now - SLOT_LENGTH, limit=limit)


@cache
def _waiting() -> Listing:
    session = CoachingSession
    asked = _list_of(Role.COACH).where(session.cancelled_at.is_(None), ~session.is_recorded)
    asked = asked.where(session.starts_at <= bindparam("after"))
    return asked.order_by(session.starts_at.desc()).limit(bindparam("limit"))


def _list_of(role: Role) -> Listing:
    """Ask for the sessions of a person in this role, who is told when it is sent, as lists show them."""
    mine, others = _ends(role)
    is_coach = role == Role.COACH
    session, recorded = CoachingSession, (Feedback.rating, Feedback.note) if is_coach else (null(), null())
    asked = select(
        *(session.id, session.starts_at, session.ends_at, session.topic, session.cancelled_by_id, session.reason),
        *(User.id, User.name, _number_of(User, mine, others), *recorded),
    )
    if is_coach:
        asked = asked.outerjoin(Feedback, Feedback.session_id == session.id)
    return asked.join(User, User.id == others).where(mine == bindparam("mine"))


def _listed(asked: Listing, person: User, **told: Any) -> list[Listed]:
    found = rows(asked, {"mine": person.id, **told})
    return [
        Listed._make((*row[:6], Person(*row[6:8]), row[8], Recorded(*row[9:]) if row[10] is not None else None))
        for row in found
    ]


def last_time(call: Call, coach: User) -> Call | None:
    """Return the latest session before this one that the coach left feedback on, with the same student."""
    session = CoachingSession
    before = (session.student_id == call.other.id) & (session.starts_at < call.starts_at) & Feedback.id.is_not(None)
    found = _calls(_of(coach).where(before).order_by(session.starts_at.desc()))
    return found[0] if found else None


def call_or_404(session_id: int, person: User) -> Call:
    """Return a session of this person's; anybody else's is not found (rule 11)."""
    found = _calls(_of(person).where(CoachingSession.id == session_id))
    if not found:
        raise NotFound
    return found[0]


def session_with_both(session_id: int) -> CoachingSession:
    """Return a session with its coach and its student, as they are now."""
    both = [joinedload(end, innerjoin=True) for end in (CoachingSession.coach, CoachingSession.student)]
    asked = select(CoachingSession).options(*both).where(CoachingSession.id == session_id)
    return db.session.scalars(asked.execution_options(populate_existing=True)).one()


def session_at(student: User, slot: TimeSlot, *, but: CoachingSession | None = None) -> CoachingSession | None:
    """Return the live session of a student, with its coach, that overlaps a slot (rule 4)."""
    asked = (
        select(CoachingSession)
        .options(joinedload(CoachingSession.coach, innerjoin=True))
        .where(overlaps(student.id, slot.starts_at, slot.ends_at, after=slot.starts_at))
    )
    return db.session.scalar(asked.where(CoachingSession.id != but.id) if but else asked)


def slot_with_coach(slot_id: int) -> TimeSlot:
    """Return a slot with its coach."""
    return db.session.scalars(_WITH_COACH.where(TimeSlot.id == slot_id)).one()


def slots_for(student: User, coach: User, *, terms: Terms = ANY, now: datetime, limit: int) -> Sequence[TimeSlot]:
    """Return what of a coach a student could book, soonest first."""
    asked = _bookable(coach.id, student.id, after=terms.after(now), until=terms.until(now))
    return db.session.scalars(asked.order_by(TimeSlot.starts_at).limit(limit)).all()


def instead_of(
    session: CoachingSession, student: User, *, terms: Terms = ANY, now: datetime
) -> tuple[list[TimeSlot], list[TimeSlot]]:
    """Return up to three free slots of the same coach, and up to three of others, nearest to a session that is off."""
    at, busy = max(session.starts_at, now), _is_busy(student.id, after=now)
    free = _free_for(busy, after=terms.after(now), until=terms.until(now))
    whose = TimeSlot.coach_id == session.coach_id
    return _nearest(free.where(whose), at), _nearest(free.where(~whose), at)


def slots_to_choose(
    session: CoachingSession,
    *,
    after: datetime,
    until: datetime | None = None,
    limit: int,
    behind: tuple[datetime, int] | None = None,
) -> Sequence[TimeSlot]:
    """Return the slots that a session could move to: free, of the same coach, clear of the student's others."""
    asked = _bookable(session.coach_id, session.student_id, after=after, until=until, but=session)
    if behind:
        asked = asked.where(TimeSlot.starts_at > behind[0])
    return db.session.scalars(asked.order_by(TimeSlot.starts_at).limit(limit)).all()


def nearest_slots(slot: TimeSlot, student: User, *, terms: Terms = ANY, now: datetime) -> list[TimeSlot]:
    """Return up to three free slots of the same coach, nearest in time to one that was lost."""
    free = _bookable(slot.coach_id, student.id, after=terms.after(now), until=terms.until(now))
    return _nearest(free, slot.starts_at)


def _nearest(free: Select[TimeSlot], at: datetime) -> list[TimeSlot]:
    """Return up to three slots that start nearest to a moment, in order of time."""
    later = free.where(TimeSlot.starts_at >= at).order_by(TimeSlot.starts_at)
    earlier = free.where(TimeSlot.starts_at < at).order_by(TimeSlot.starts_at.desc())
    found = [*db.session.scalars(later.limit(3)), *db.session.scalars(earlier.limit(3))]
    nearest = sorted(found, key=lambda other: abs(other.starts_at - at))[:3]
    return sorted(nearest, key=lambda other: other.starts_at)


def nth_last_booking(student: User, n: int, *, after: datetime) -> datetime | None:
    """Return when a student booked for the nth time, counted from the last, if that was after a moment."""
    booked_at = CoachingSession.booked_at
    asked = select(booked_at).where(CoachingSession.student_id == student.id, booked_at > after)
    asked = asked.where(CoachingSession.starts_at > after)  # as all do that were booked after it
    return db.session.scalar(asked.order_by(booked_at.desc()).offset(n - 1).limit(1))


def open_bookings(student: User, *, now: datetime) -> int:
    """Count a student's live sessions that are not over."""
    session = CoachingSession
    is_open = session.cancelled_at.is_(None) & (session.starts_at > now - SLOT_LENGTH)
    return db.session.scalars(select(func.count()).where(session.student_id == student.id, is_open)).one()


def slot_with_id(slot_id: int) -> TimeSlot | None:
    """Return a slot, whoever offers it."""
    return db.session.get(TimeSlot, slot_id)


def feedback_on(session: CoachingSession) -> Feedback | None:
    """Return what the coach recorded, as it stands in the database now."""
    return db.session.scalar(
        select(Feedback).where(Feedback.session_id == session.id).execution_options(populate_existing=True)
    )


def _of(person: User) -> Select[CoachingSession, User, str | None, Feedback | None]:
    """Ask for a person's sessions, each with the other one, and what may be seen of them."""
    mine, others = _ends(person.role)
    if person.role == Role.COACH:
        asked = select(CoachingSession, User, _number_of(User, mine, others), Feedback)
        asked = asked.outerjoin(Feedback, Feedback.session_id == CoachingSession.id)
    else:
        asked = select(CoachingSession, User, _number_of(User, mine, others), null())
    return asked.join(User, User.id == others).where(mine == person.id)


def _ends(role: Role) -> tuple[InstrumentedAttribute[int], InstrumentedAttribute[int]]:
    """Return which end of a session is held by a person in this role, and which by the other."""
    ends = CoachingSession.coach_id, CoachingSession.student_id
    return ends if role == Role.COACH else ends[::-1]


def _number_of(
    other: type[User], mine: InstrumentedAttribute[int], others: InstrumentedAttribute[int]
) -> ColumnElement[str | None]:
    """Rule 9: the other's number, if this session is live or the two have another that is."""
    together = aliased(CoachingSession)
    also = exists().where(
        getattr(together, mine.key) == mine,
        getattr(together, others.key) == others,
        together.cancelled_at.is_(None),
    )
    return case((CoachingSession.cancelled_at.is_(None) | also, other.phone))


def _calls(asked: Select[CoachingSession, User, str | None, Feedback | None]) -> list[Call]:
    return [Call(*row) for row in db.session.execute(asked.limit(1))]


def _bookable(
    coach_id: int,
    student_id: int,
    *,
    after: datetime,
    until: datetime | None = None,
    but: CoachingSession | None = None,
) -> Select[TimeSlot]:
    busy = _is_busy(student_id, after=after)
    if but:
        busy = busy.where(CoachingSession.id != but.id)
    return _free_for(busy, after=after, until=until).where(TimeSlot.coach_id == coach_id)


def _free_for(busy: Exists, *, after: datetime, until: datetime | None) -> Select[TimeSlot]:
    asked = _WITH_COACH.where(is_free(TimeSlot, after=after), ~busy)
    return asked.where(TimeSlot.starts_at <= until) if until else asked


def _is_busy(student_id: int, *, after: datetime) -> Exists:
    """Ask whether a student has a session that overlaps a slot."""
    return exists().where(overlaps(student_id, TimeSlot.starts_at, TimeSlot.ends_at, after=after))


_WITH_COACH = select(TimeSlot).options(joinedload(TimeSlot.coach, innerjoin=True))
