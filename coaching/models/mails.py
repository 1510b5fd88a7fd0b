"""What is to be told by mail, and stands under the bell; who waits to be told of a free time."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, Computed, ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coaching import ddl
from coaching.ddl import Base
from coaching.models.people import Role, User


class Kind(enum.StrEnum):
    """What a mail tells."""

    # Of a session.
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER = "reminder"  # a day before, unless a setting says otherwise
    LAST_REMINDER = "last_reminder"  # an hour before
    FEEDBACK = "feedback"  # the coach, a day after: nothing is recorded yet
    MISSED = "missed"  # the student: the coach did not reach them
    # Of a slot, to who waits for one.
    FREED = "freed"
    # Of nothing but the person.
    DIGEST = "digest"  # the coach, weekly: what still waits for feedback
    WELCOME = "welcome"
    # To an address, whoever reads what comes there.
    CONFIRM = "confirm"  # that it is theirs, to register
    KNOWN = "known"  # it is registered already
    UNKNOWN = "unknown"  # it is not, and was said to be
    RESET = "reset"  # a link to choose a password with
    PASSWORD = "password"  # it has changed  # noqa: S105
    NEW_ADDRESS = "new_address"  # confirm that it is to be the one from now on
    ADDRESS_ASKED = "address_asked"  # it is to be replaced
    ADDRESS_MOVED = "address_moved"  # it is replaced


# How the database says the same.
OF_SESSIONS = "'booked', 'moved', 'cancelled', 'reminder', 'last_reminder', 'feedback', 'missed'"
OF_PEOPLE = "'digest', 'welcome'"
OF_ADDRESSES = "'confirm', 'known', 'unknown', 'reset', 'password', 'new_address', 'address_asked', 'address_moved'"


class Topic(enum.StrEnum):
    """What somebody may want no mails about. All others are essential."""

    REMINDERS = "reminders"
    FEEDBACK = "feedback"


class Email(Base):
    """A mail that somebody is to get. What stands in it is put together when it is sent.

    It is written in the transaction of what it tells, so that there is the one only with the other (see
    `coaching/outbox.py`). It waits until it is sent, or dropped: then `why` says what for.
    """

    __tablename__ = "email"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("coaching_session.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    kind: Mapped[Kind] = mapped_column(ddl.words(Kind))
    revision: Mapped[int]  # of the session, which it tells: the SEQUENCE in calendars; of others, which of its kind
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    next_at: Mapped[datetime]  # not to be looked at before: it is being sent just now, or failed a while ago
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str] = mapped_column(Text, server_default="")  # what came of the last attempt
    sent_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(Text, server_default="")
    slot_id: Mapped[int | None] = mapped_column(ForeignKey("time_slot.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(Text, server_default="")  # where it goes, if not to where the person is now
    seed: Mapped[str] = mapped_column(Text, server_default="")  # what the token of its link is made from
    read_at: Mapped[datetime | None]  # under the bell; what is no news to its reader is read from the beginning

    person: Mapped[User | None] = relationship(lazy="raise_on_sql")

    __table_args__ = ddl.table(
        UniqueConstraint("session_id", "kind", "person_id", "revision", name="told_once"),
        CheckConstraint(f"kind IN ({OF_SESSIONS}, 'freed', {OF_PEOPLE}, {OF_ADDRESSES})", name="known_kind_of_mail"),
        CheckConstraint(f"(session_id IS NOT NULL) = (kind IN ({OF_SESSIONS}))", name="mail_about_a_session"),
        CheckConstraint("(slot_id IS NOT NULL) = (kind = 'freed')", name="mail_about_a_slot"),
        CheckConstraint(f"(address <> '') = (kind IN ({OF_ADDRESSES}))", name="mail_to_an_address"),
        CheckConstraint("address <> '' OR person_id IS NOT NULL", name="mail_to_somebody"),
        CheckConstraint("(seed <> '') = (kind IN ('confirm', 'reset', 'new_address'))", name="mail_with_a_link"),
        CheckConstraint("revision >= 0", name="mail_of_a_revision"),
        CheckConstraint("attempts >= 0", name="attempts_are_counted"),
        CheckConstraint("sent_at IS NULL OR dropped_at IS NULL", name="sent_or_dropped"),
        CheckConstraint("(dropped_at IS NULL) = (why = '')", name="dropped_for_a_reason"),
        Index("ix_email_waiting", "next_at", "id", **ddl.where("sent_at IS NULL AND dropped_at IS NULL")),
        Index("told_once_of_a_slot", "slot_id", "person_id", "revision", unique=True, **ddl.where("kind = 'freed'")),
        Index(
            "told_once_of_oneself",
            "person_id",
            "kind",
            "revision",
            unique=True,
            **ddl.where("kind = 'digest' OR kind = 'welcome'"),
        ),
        Index("ix_email_person", "person_id", "id"),
        Index("ix_email_unread", "person_id", "due_at", **ddl.where("read_at IS NULL")),
        Index("ix_email_age", "created_at"),
    )


class Unwanted(Base):
    """What a person wants no mails about."""

    __tablename__ = "unwanted"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    topic: Mapped[Topic] = mapped_column(ddl.words(Topic))

    __table_args__ = ddl.table(
        UniqueConstraint("person_id", "topic", name="unwanted_once"),
        CheckConstraint("topic IN ('reminders', 'feedback')", name="known_topic"),
    )


class Wait(Base):
    """A student who wants to be told when a coach has a free time: one coach, or whichever it is."""

    __tablename__ = "wait"

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[int]
    student_role: Mapped[Role] = mapped_column(Computed("'student'", persisted=True), deferred=True)
    coach_id: Mapped[int | None] = mapped_column(index=True)
    coach_role: Mapped[Role] = mapped_column(Computed("'coach'", persisted=True), deferred=True)
    since_at: Mapped[datetime]

    coach: Mapped[User | None] = relationship(
        lazy="raise_on_sql", viewonly=True, primaryjoin="foreign(Wait.coach_id) == User.id"
    )

    __table_args__ = ddl.table(
        ForeignKeyConstraint(
            ["student_id", "student_role"], ["user.id", "user.role"], name="only_a_student_waits", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["coach_id", "coach_role"], ["user.id", "user.role"], name="waits_for_a_coach", ondelete="CASCADE"
        ),
        UniqueConstraint("student_id", "coach_id", name="waits_once"),
        Index("waits_once_for_any", "student_id", unique=True, **ddl.where("coach_id IS NULL")),
    )
