"""What may be asked about what a person was told."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload

from coaching.extensions import db
from coaching.models import CoachingSession, Email, Kind, TimeSlot, Topic, Unwanted, User, Wait
from coaching.outbox import is_news


class Told(NamedTuple):
    """One thing that a person was told: of what kind, when, of a session or a free time with whom.

    `starts_at` is when it is to be now (UTC); `by_id` is who cancelled, if it tells of that.
    """

    id: int
    kind: Kind
    at: datetime
    is_read: bool
    session_id: int | None
    starts_at: datetime
    by_id: int | None
    coach: str
    student: str | None
    coach_id: int


def news_of(person: User, *, now: datetime, limit: int, behind: int | None = None) -> list[Told]:
    """Return what a person was told, the latest first."""
    coach, student, session = aliased(User), aliased(User), CoachingSession
    asked = (
        select(
            *(Email.id, Email.kind, Email.due_at, Email.read_at.is_not(None), Email.session_id),
            *(func.coalesce(session.starts_at, TimeSlot.starts_at), session.cancelled_by_id),
            *(coach.name, student.name, coach.id),
        )
        .outerjoin(session, session.id == Email.session_id)
        .outerjoin(TimeSlot, TimeSlot.id == Email.slot_id)
        .outerjoin(student, student.id == session.student_id)
        .join(coach, coach.id == func.coalesce(session.coach_id, TimeSlot.coach_id))
        .where(Email.person_id == person.id, is_news(now))
    )
    if behind:
        asked = asked.where(Email.id < behind)
    found = db.session.execute(asked.order_by(Email.id.desc()).limit(limit))
    return [Told._make(row) for row in found]


def is_unwanted(person: User, topic: Topic) -> bool:
    """Tell whether a person wants no mails about something."""
    return topic in unwanted(person)


def unwanted(person: User) -> set[Topic]:
    """Return what a person wants no mails about."""
    return set(db.session.scalars(select(Unwanted.topic).where(Unwanted.person_id == person.id)))


def waits(student: User) -> Sequence[Wait]:
    """Return for whom a student waits, with the coach: who waits for any coach has one without."""
    asked = select(Wait).options(joinedload(Wait.coach)).where(Wait.student_id == student.id)
    return db.session.scalars(asked.order_by(Wait.since_at, Wait.id)).all()


def person_with_id(person_id: int) -> User | None:
    """Return a person."""
    return db.session.scalar(select(User).where(User.id == person_id))
