"""What is to be told by mail."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coaching import ddl
from coaching.ddl import Base
from coaching.models.people import User


class Kind(enum.StrEnum):
    """What a mail tells of a session."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER = "reminder"  # a day before, unless a setting says otherwise
    LAST_REMINDER = "last_reminder"  # an hour before


class Email(Base):
    """A mail that somebody is to get about a session. What stands in it is put together when it is sent.

    It is written in the transaction of what it tells, so that there is the one only with the other (see
    `coaching/outbox.py`). It waits until it is sent, or dropped: then `why` says what for.
    """

    __tablename__ = "email"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("coaching_session.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind] = mapped_column(ddl.words(Kind))
    revision: Mapped[int]  # of the session, which it tells: the SEQUENCE in calendars
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    next_at: Mapped[datetime]  # not to be looked at before: it is being sent just now, or failed a while ago
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str] = mapped_column(Text, server_default="")  # what came of the last attempt
    sent_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(Text, server_default="")

    person: Mapped[User] = relationship(lazy="raise_on_sql")

    __table_args__ = ddl.table(
        UniqueConstraint("session_id", "kind", "person_id", "revision", name="told_once"),
        CheckConstraint(
            "kind IN ('booked', 'moved', 'cancelled', 'reminder', 'last_reminder')", name="known_kind_of_mail"
        ),
        CheckConstraint("revision >= 0", name="mail_of_a_revision"),
        CheckConstraint("attempts >= 0", name="attempts_are_counted"),
        CheckConstraint("sent_at IS NULL OR dropped_at IS NULL", name="sent_or_dropped"),
        CheckConstraint("(dropped_at IS NULL) = (why = '')", name="dropped_for_a_reason"),
        Index("ix_email_waiting", "next_at", "id", **ddl.where("sent_at IS NULL AND dropped_at IS NULL")),
    )
