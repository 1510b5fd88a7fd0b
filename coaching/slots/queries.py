"""What may be asked about slots."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import contains_eager, joinedload

from coaching.extensions import db
from coaching.models import CoachingSession, Feedback, TimeSlot, User
from coaching.times import SLOT_LENGTH


class Standing(NamedTuple):
    """A slot that stands, and the live session on it, if it is booked; and the id of its feedback, if there is some."""

    slot: TimeSlot
    session: CoachingSession | None
    feedback_id: int | None = None

    @property
    def starts_at(self) -> datetime:
        """When it starts (UTC)."""
        return self.slot.starts_at

    @property
    def ends_at(self) -> datetime:
        """When it ends (UTC)."""
        return self.slot.ends_at


def standing(coach: User, *, start: datetime, end: datetime) -> list[Standing]:
    """Return a coach's slots that reach into a period and are not withdrawn, each with who booked it."""
    told = {"coach_id": coach.id, "after": start - SLOT_LENGTH, "end": end}
    return [Standing(*row) for row in db.session.execute(_STANDING, told)]


_STANDING = (
    select(TimeSlot, CoachingSession, Feedback.id)
    .outerjoin(CoachingSession, (CoachingSession.slot_id == TimeSlot.id) & CoachingSession.cancelled_at.is_(None))
    .outerjoin(CoachingSession.student)
    .outerjoin(Feedback, Feedback.session_id == CoachingSession.id)
    .options(contains_eager(CoachingSession.student))
    .where(
        TimeSlot.coach_id == bindparam("coach_id"),
        TimeSlot.withdrawn_at.is_(None),
        TimeSlot.starts_at > bindparam("after"),
        TimeSlot.starts_at < bindparam("end"),
    )
    .order_by(TimeSlot.starts_at)
)


def starts_near(coach: User, starts: Sequence[datetime]) -> set[datetime]:
    """Return when those of a coach's slots start that could overlap a slot at one of `starts` (in order)."""
    return set(
        db.session.scalars(
            select(TimeSlot.starts_at).where(
                TimeSlot.coach_id == coach.id,
                TimeSlot.withdrawn_at.is_(None),
                TimeSlot.starts_at > starts[0] - SLOT_LENGTH,
                TimeSlot.starts_at < starts[-1] + SLOT_LENGTH,
            )
        )
    )


def of_or_404(coach: User, slot_id: int) -> TimeSlot:
    """Return a slot of this coach; another coach's is not found."""
    slot: TimeSlot = db.one_or_404(select(TimeSlot).where(TimeSlot.id == slot_id, TimeSlot.coach_id == coach.id))
    return slot


def slot_or_404(slot_id: int) -> TimeSlot:
    """Return a slot with its coach, whoever offers it, withdrawn or not."""
    slot: TimeSlot = db.one_or_404(
        select(TimeSlot).options(joinedload(TimeSlot.coach, innerjoin=True)).where(TimeSlot.id == slot_id)
    )
    return slot


def live_session_on(slot: TimeSlot) -> CoachingSession | None:
    """Return the one live session on a slot, with its student."""
    return db.session.scalar(
        select(CoachingSession)
        .options(joinedload(CoachingSession.student, innerjoin=True))
        .where(CoachingSession.slot_id == slot.id, CoachingSession.cancelled_at.is_(None))
    )
