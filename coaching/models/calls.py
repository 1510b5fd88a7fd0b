"""What coaches offer, what students book, and how it went."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Computed, ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coaching import ddl
from coaching.ddl import Base
from coaching.models.people import Role, User


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
    """What the coach recorded of one session, for coaches' eyes alone: how satisfied the student was, and a note.

    Where the student did not answer there is no rating, and the call does not count as one.
    """

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(unique=True)
    left_by: Mapped[int]
    rating: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    corrected_at: Mapped[datetime | None]
    is_missed: Mapped[bool] = mapped_column(  # whether the student did not answer
        CheckConstraint("(rating IS NULL) = is_missed", name="rated_or_missed"), server_default=false()
    )

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
    rating: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    replaced_at: Mapped[datetime]
    is_missed: Mapped[bool] = mapped_column(
        CheckConstraint("(rating IS NULL) = is_missed", name="earlier_rated_or_missed"), server_default=false()
    )

    __table_args__ = ddl.table(
        CheckConstraint("rating IN (1, 2, 3, 4, 5)", name="earlier_rating_is_1_to_5"),
        CheckConstraint("length(note) <= 10000", name="earlier_note_is_short"),
    )
