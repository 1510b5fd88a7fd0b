"""The whole shape of the data, and what must never be in it.

Every promise here is kept by the database itself, on SQLite and on PostgreSQL: a check before an insert is a courtesy,
the constraint decides. What all tables share, and what the two databases say differently, is in `coaching/ddl.py`.
"""

import enum
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    event,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coaching import ddl
from coaching.ddl import Base
from coaching.times import Clocks


class Role(enum.StrEnum):
    """What a person does here. The organiser of the programme is its `admin`."""

    STUDENT = "student"
    COACH = "coach"
    ADMIN = "admin"


class Purpose(enum.StrEnum):
    """What a link in a mail is good for."""

    RESET = "reset"  # choosing a new password
    MOVE = "move"  # from one e-mail address to another


class Kind(enum.StrEnum):
    """What a mail tells of a session."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER = "reminder"  # a day before, unless a setting says otherwise
    LAST_REMINDER = "last_reminder"  # an hour before


class User(Base):
    """A person: a student, a coach, or the programme's organiser."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[Role]
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text, unique=True)
    # Private by default: to read one of these without having asked for it by name is an error, not a leak.
    phone: Mapped[str] = mapped_column(Text, deferred=True, deferred_raiseload=True)
    password_hash: Mapped[str | None] = mapped_column(Text, deferred=True, deferred_raiseload=True)
    time_zone: Mapped[str] = mapped_column(Text)
    headline: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime]
    hour_cycle: Mapped[int] = mapped_column(  # 14:00, or 2:00 pm
        CheckConstraint("hour_cycle IN (12, 24)", name="clock_has_12_or_24_hours"), server_default="24"
    )
    first_weekday: Mapped[int] = mapped_column(  # on which a week begins: 1 Monday … 7 Sunday
        CheckConstraint("first_weekday BETWEEN 1 AND 7", name="week_begins_on_a_weekday"), server_default="1"
    )
    renamed_at: Mapped[datetime | None]  # the last time; calendar programs ask what has changed since
    offers_until: Mapped[datetime | None] = mapped_column(
        deferred=True, deferred_raiseload=True
    )  # see coaching/kept.py

    __table_args__ = ddl.table(
        UniqueConstraint("id", "role"),  # so that others can point at "a student", not just at a person
        CheckConstraint("role IN ('student', 'coach', 'admin')", name="known_role"),
        CheckConstraint("length(name) <= 80 AND trim(name) <> ''", name="name_is_said"),
        CheckConstraint("length(email) BETWEEN 3 AND 254 AND email LIKE '_%@_%'", name="email_is_an_address"),
        CheckConstraint("length(phone) BETWEEN 6 AND 16 AND phone LIKE '+%'", name="phone_is_e164"),
        CheckConstraint("time_zone <> ''", name="time_zone_is_said"),
        CheckConstraint("length(headline) <= 160", name="headline_is_short"),
        CheckConstraint("headline = '' OR role = 'coach'", name="headline_is_a_coachs"),
        *ddl.offering(),
    )

    @property
    def clocks(self) -> Clocks:
        """How this person reads moments."""
        return Clocks(self.time_zone, self.hour_cycle)


class SignIn(Base):
    """One browser in which a person is signed in. When the row goes, so does the sign-in.

    The cookie holds a random token; only its SHA-256 is kept here, so that a copy of the table opens no door.
    """

    __tablename__ = "sign_in"

    # What Flask-Login asks of its "current user", which is this row: it and the person come in one statement.
    is_authenticated = is_active = True
    is_anonymous = False
    token = ""  # known to the browser alone, and here only in the request that made it

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(
        Text, CheckConstraint("length(device) <= 80", name="device_is_short"), server_default=""
    )

    person: Mapped[User] = relationship(lazy="raise_on_sql")

    __table_args__ = ddl.table(CheckConstraint("length(token_hash) = 64", name="token_is_hashed"))

    def get_id(self) -> str:
        """Return what Flask-Login puts into the cookie."""
        return self.token


class OneTimeLink(Base):
    """A link that was mailed to a person. It is good for one thing, once, and not for long: used, its row goes.

    For an address that is nobody's the same is written, without a person: what takes as long tells nothing.
    """

    __tablename__ = "one_time_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[Purpose]
    email: Mapped[str] = mapped_column(Text)  # where it was sent to
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    ends_at: Mapped[datetime] = mapped_column(index=True)

    person: Mapped[User] = relationship(lazy="raise_on_sql")

    __table_args__ = ddl.table(
        CheckConstraint("purpose IN ('reset', 'move')", name="known_purpose"),
        CheckConstraint("length(token_hash) = 64", name="link_is_hashed"),
        CheckConstraint("length(email) BETWEEN 3 AND 254 AND email LIKE '_%@_%'", name="link_goes_to_an_address"),
    )


class Registration(Base):
    """Somebody who wants to register, until they open the link that was mailed to them. Nobody can see them yet."""

    __tablename__ = "registration"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text, index=True)
    phone: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    ends_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = ddl.table(
        CheckConstraint("length(token_hash) = 64", name="registration_is_hashed"),
        CheckConstraint("length(name) <= 80 AND trim(name) <> ''", name="registration_has_a_name"),
        CheckConstraint("length(email) BETWEEN 3 AND 254 AND email LIKE '_%@_%'", name="registration_has_an_address"),
        CheckConstraint("length(phone) BETWEEN 6 AND 16 AND phone LIKE '+%'", name="registration_has_a_number"),
        CheckConstraint("time_zone <> ''", name="registration_has_a_zone"),
    )


class Attempt(Base):
    """Something that may be tried only so often, and how long this try counts. See `coaching/limits.py`."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(String(64))  # what, and by or against whom: a keyed hash, so no address is kept
    ends_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = ddl.table(
        CheckConstraint("length(about) = 64", name="attempt_is_hashed"),
        Index("ix_attempt_about", "about", "ends_at"),
    )


class CalendarFeed(Base):
    """The private address at which a person's calendar program reads their sessions. When the row goes, so does it."""

    __tablename__ = "calendar_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]

    person: Mapped[User] = relationship(lazy="raise_on_sql")

    __table_args__ = ddl.table(CheckConstraint("length(token_hash) = 64", name="feed_is_hashed"))


class TimeSlot(Base):
    """Two hours that a coach offers, from its start up to, but not including, its end.

    Its times never change once written: to move a slot is to withdraw it and to offer another.
    """

    __tablename__ = "time_slot"

    id: Mapped[int] = mapped_column(primary_key=True)
    coach_id: Mapped[int]
    coach_role: Mapped[Role] = mapped_column(Computed("'coach'", persisted=True), deferred=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    offered_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    is_offered: Mapped[int | None] = mapped_column(
        Computed("CASE WHEN withdrawn_at IS NULL THEN 1 END", persisted=True), deferred=True
    )
    is_booked: Mapped[bool] = mapped_column(  # see coaching/kept.py
        server_default=false(), deferred=True, deferred_raiseload=True
    )

    coach: Mapped[User] = relationship(
        lazy="raise_on_sql", viewonly=True, primaryjoin="foreign(TimeSlot.coach_id) == User.id"
    )

    __table_args__ = ddl.table(
        ForeignKeyConstraint(["coach_id", "coach_role"], ["user.id", "user.role"], name="slot_is_a_coachs"),
        # What a session repeats of its slot, so that the two can never disagree …
        UniqueConstraint("id", "coach_id", "starts_at", "ends_at", name="slot_as_booked"),
        # … and while it is live, that the slot stands: one that is booked cannot be withdrawn (rule 6).
        UniqueConstraint("id", "is_offered", name="slot_as_offered"),
        *ddl.slot_times(),
        CheckConstraint("offered_at < starts_at", name="slot_lies_ahead"),
        *ddl.never_overlap("slots_of_one_coach", "coach_id", "withdrawn_at IS NULL"),
        Index("ix_time_slot_coach", "coach_id", "starts_at", **ddl.where("withdrawn_at IS NULL")),
        Index("ix_time_slot_withdrawn", "coach_id", "withdrawn_at", **ddl.where("withdrawn_at IS NOT NULL")),
        Index("ix_time_slot_free", "coach_id", "starts_at", postgresql_include=["id", "ends_at"], **ddl.FREE),
        Index("ix_time_slot_soonest", "starts_at", "id", postgresql_include=["coach_id", "ends_at"], **ddl.FREE),
    )


class CoachingSession(Base):
    """One student's booking of one slot. It is live until it is cancelled, and stays in the history after that."""

    __tablename__ = "coaching_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(index=True)
    coach_id: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    student_id: Mapped[int]
    student_role: Mapped[Role] = mapped_column(Computed("'student'", persisted=True), deferred=True)
    topic: Mapped[str] = mapped_column(Text, server_default="")
    booked_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancelled_by_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    is_live: Mapped[int | None] = mapped_column(
        Computed("CASE WHEN cancelled_at IS NULL THEN 1 END", persisted=True), deferred=True
    )
    moves: Mapped[int] = mapped_column(CheckConstraint("moves >= 0", name="moves_are_counted"), server_default="0")
    moved_at: Mapped[datetime | None] = mapped_column(  # the last time
        CheckConstraint("(moves = 0) = (moved_at IS NULL)", name="moved_as_often_as_counted"),
        CheckConstraint("moved_at < starts_at", name="moved_before_it_starts"),
    )
    is_recorded: Mapped[bool] = mapped_column(  # whether there is feedback on it: see coaching/kept.py
        server_default=false(), deferred=True, deferred_raiseload=True
    )

    coach: Mapped[User] = relationship(
        lazy="raise_on_sql", viewonly=True, primaryjoin="foreign(CoachingSession.coach_id) == User.id"
    )
    student: Mapped[User] = relationship(
        lazy="raise_on_sql", viewonly=True, primaryjoin="foreign(CoachingSession.student_id) == User.id"
    )

    __table_args__ = ddl.table(
        ForeignKeyConstraint(["student_id", "student_role"], ["user.id", "user.role"], name="only_a_student_books"),
        ForeignKeyConstraint(
            ["slot_id", "coach_id", "starts_at", "ends_at"],
            ["time_slot.id", "time_slot.coach_id", "time_slot.starts_at", "time_slot.ends_at"],
            name="session_agrees_with_its_slot",
        ),
        ForeignKeyConstraint(
            ["slot_id", "is_live"], ["time_slot.id", "time_slot.is_offered"], name="live_session_keeps_its_slot"
        ),
        UniqueConstraint("id", "coach_id", name="session_of_its_coach"),
        CheckConstraint("length(topic) <= 500", name="topic_is_short"),
        CheckConstraint("length(reason) <= 500", name="reason_is_short"),
        CheckConstraint("booked_at < starts_at", name="booked_before_it_starts"),
        CheckConstraint("cancelled_at < starts_at", name="cancelled_before_it_starts"),
        CheckConstraint("(cancelled_at IS NULL) = (cancelled_by_id IS NULL)", name="cancelled_by_somebody"),
        CheckConstraint("cancelled_by_id IN (student_id, coach_id)", name="cancelled_by_one_of_the_two"),
        CheckConstraint("reason = '' OR cancelled_at IS NOT NULL", name="reason_is_for_cancelling"),
        Index("one_live_session_per_slot", "slot_id", unique=True, **ddl.where("cancelled_at IS NULL")),
        *ddl.never_overlap("sessions_of_one_student", "student_id", "cancelled_at IS NULL"),
        Index("ix_coaching_session_coach", "coach_id", "starts_at"),
        Index("ix_coaching_session_student", "student_id", "starts_at"),
        Index("ix_coaching_session_pair", "student_id", "coach_id", "starts_at", **ddl.where("cancelled_at IS NULL")),
        Index("ix_coaching_session_waiting", "coach_id", "starts_at", **ddl.WAITING),
        Index("ix_coach_cancelled", "coach_id", "starts_at", **ddl.where("cancelled_at IS NOT NULL")),
        Index("ix_student_cancelled", "student_id", "starts_at", **ddl.where("cancelled_at IS NOT NULL")),
    )


class Feedback(Base):
    """What the coach recorded of one session, for coaches' eyes alone."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(unique=True)
    left_by: Mapped[int]
    rating: Mapped[int]
    note: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    corrected_at: Mapped[datetime | None]

    __table_args__ = ddl.table(
        ForeignKeyConstraint(
            ["session_id", "left_by"],
            ["coaching_session.id", "coaching_session.coach_id"],
            name="feedback_is_the_coachs",
        ),
        CheckConstraint("rating IN (1, 2, 3, 4, 5)", name="rating_is_1_to_5"),
        CheckConstraint("length(note) <= 10000", name="note_is_short"),
    )


class EarlierFeedback(Base):
    """What a feedback said before its author corrected it."""

    __tablename__ = "earlier_feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id"), index=True)
    rating: Mapped[int]
    note: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    replaced_at: Mapped[datetime]

    __table_args__ = ddl.table(
        CheckConstraint("rating IN (1, 2, 3, 4, 5)", name="earlier_rating_is_1_to_5"),
        CheckConstraint("length(note) <= 10000", name="earlier_note_is_short"),
    )


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


for table, statements in ddl.triggers().items():
    for statement in statements:
        event.listen(Base.metadata.tables[table], "after_create", statement)
