"""What may happen with what people are told."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, update

from coaching.extensions import db, insert_unless_there
from coaching.models import Email, Topic, Unwanted, User, Wait


def read(person: User, up_to: int, *, now: datetime) -> None:
    """Mark as read what a person was told, up to the row that they have seen on top."""
    seen = update(Email).where(Email.person_id == person.id, Email.read_at.is_(None), Email.due_at <= now)
    db.session.execute(seen.where(Email.id <= up_to).values(read_at=now))


def want_only(person: User, topics: Collection[Topic]) -> None:
    """Say which mails a person wants, of those that are not essential."""
    db.session.execute(delete(Unwanted).where(Unwanted.person_id == person.id))
    for topic in Topic:
        if topic not in topics:
            no_more(person, topic)


def no_more(person: User, topic: Topic) -> None:
    """Let a person have no more mails about something. To say so twice is as to say it once."""
    db.session.execute(insert_unless_there(Unwanted).values(person_id=person.id, topic=topic))


def wait_for_nobody(person: User) -> None:
    """Let a student wait for no coach any more."""
    db.session.execute(delete(Wait).where(Wait.student_id == person.id))
