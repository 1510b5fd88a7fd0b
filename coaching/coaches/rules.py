"""What may happen with who waits for a coach to have a free time. Nothing is held for anybody."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete

from coaching import outbox
from coaching.coaches import queries
from coaching.extensions import db
from coaching.models import TimeSlot, User, Wait


def wait_for(student: User, coach: User | None, *, now: datetime) -> None:
    """Let a student be told when a coach has a free time; without one, when any has. To say so twice is as once."""
    stop_waiting(student, coach)
    db.session.add(Wait(student_id=student.id, coach_id=coach.id if coach else None, since_at=now))


def stop_waiting(student: User, coach: User | None) -> None:
    """Let a student not be told any more."""
    of_whom = Wait.coach_id == coach.id if coach else Wait.coach_id.is_(None)
    db.session.execute(delete(Wait).where(Wait.student_id == student.id, of_whom))


def tell_who_waits(slots: Sequence[TimeSlot], *, but: int | None = None, now: datetime) -> None:
    """Have those who wait told that a coach has free times: all `slots` are one coach's.

    `but` is the student (an id) who has just given one of them up. Only inside `saving()`, with what frees them.
    """
    if slots and (waiting := queries.who_waits(slots[0].coach_id, but=but)):
        outbox.tell_of_free_times(waiting, slots, now=now)
