"""What may be asked for a calendar. What is not to stand in one (number, topic, reason, note) is not even loaded."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import NotFound

from coaching.coaches.queries import is_free
from coaching.extensions import db
from coaching.models import CalendarFeed, CoachingSession, Role, TimeSlot, User


class Entry(NamedTuple):
    """A session, as it stands in the calendar of one of its two people: `name` is the other's."""

    id: int
    starts_at: datetime
    ends_at: datetime
    name: str
    moves: int
    booked_at: datetime
    moved_at: datetime | None
    cancelled_at: datetime | None
    renamed_at: datetime | None

    @property
    def changed_at(self) -> datetime:
        """When something of it was decided last."""
        return max(at for at in (self.booked_at, self.moved_at, self.cancelled_at) if at)


class FreeTime(NamedTuple):
    """A free slot, as it stands in its coach's calendar."""

    id: int
    starts_at: datetime
    ends_at: datetime
    offered_at: datetime


def entries(person: User) -> list[Entry]:
    """Return all sessions of a person, the cancelled ones too: a calendar that has one learns so that it is off."""
    asked = _of(person).order_by(CoachingSession.starts_at, CoachingSession.id)
    return [Entry(*row) for row in db.session.execute(asked)]


def entry_or_404(session_id: int, person: User) -> Entry:
    """Return a session of this person's; anybody else's is not found (rule 11)."""
    row = db.session.execute(_of(person).where(CoachingSession.id == session_id)).one_or_none()
    if row is None:
        raise NotFound
    return Entry(*row)


def free_times(person: User, *, now: datetime) -> Sequence[FreeTime]:
    """Return what a person offers and nobody has booked. Only coaches offer anything."""
    if person.role != Role.COACH:
        return []
    slot = TimeSlot
    asked = select(slot.id, slot.starts_at, slot.ends_at, slot.offered_at)
    asked = asked.where(slot.coach_id == person.id, is_free(slot, after=now)).order_by(slot.starts_at)
    return [FreeTime(*row) for row in db.session.execute(asked)]


def offer_shrank_at(person: User, *, now: datetime) -> datetime | None:
    """Return the last moment (UTC) at which a free time may have gone: withdrawn, or begun."""
    if person.role != Role.COACH:
        return None
    slot = TimeSlot
    withdrawn = select(func.max(slot.withdrawn_at)).where(slot.coach_id == person.id, slot.withdrawn_at.is_not(None))
    begun = select(func.max(slot.starts_at)).where(
        slot.coach_id == person.id, slot.withdrawn_at.is_(None), slot.starts_at <= now
    )
    found = db.session.execute(select(withdrawn.scalar_subquery(), begun.scalar_subquery())).one()
    return max((moment for moment in found if moment), default=None)


def feed_or_404(token_hash: str) -> CalendarFeed:
    """Return the feed that an address stands for, with its person."""
    asked = select(CalendarFeed).options(joinedload(CalendarFeed.person, innerjoin=True))
    feed = db.session.scalar(asked.where(CalendarFeed.token_hash == token_hash))
    if feed is None:
        raise NotFound
    return feed


def feed_of(person: User) -> CalendarFeed | None:
    """Return a person's feed, if they have one."""
    return db.session.scalar(select(CalendarFeed).where(CalendarFeed.user_id == person.id))


def _of(
    person: User,
) -> Select[int, datetime, datetime, str, int, datetime, datetime | None, datetime | None, datetime | None]:
    session = CoachingSession
    mine, others = session.student_id, session.coach_id
    if person.role == Role.COACH:
        mine, others = others, mine
    asked = select(
        session.id,
        session.starts_at,
        session.ends_at,
        User.name,
        session.moves,
        session.booked_at,
        session.moved_at,
        session.cancelled_at,
        User.renamed_at,
    )
    return asked.join(User, User.id == others).where(mine == person.id)
