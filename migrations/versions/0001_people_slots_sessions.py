"""People, slots, sessions and feedback, with everything that must never be."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

moment = sa.DateTime(timezone=True)


def where(condition: str) -> dict[str, Any]:
    """Make an index partial on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(7), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("headline", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.CheckConstraint("headline = '' OR role = 'coach'", name="headline_is_a_coachs"),
        sa.CheckConstraint("length(email) BETWEEN 3 AND 254 AND email LIKE '_%@_%'", name="email_is_an_address"),
        sa.CheckConstraint("length(name) <= 80 AND trim(name) <> ''", name="name_is_said"),
        sa.CheckConstraint("length(phone) BETWEEN 6 AND 16 AND phone LIKE '+%'", name="phone_is_e164"),
        sa.CheckConstraint("role IN ('student', 'coach', 'admin')", name="known_role"),
        sa.CheckConstraint("time_zone <> ''", name="time_zone_is_said"),
        sa.CheckConstraint("length(headline) <= 160", name="headline_is_short"),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("email", name="uq_user_email"),
        sa.UniqueConstraint("id", "role", name="uq_user_id_role"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.CheckConstraint("length(token_hash) = 64", name="token_is_hashed"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_sign_in_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in"),
        sa.UniqueConstraint("token_hash", name="uq_sign_in_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_in_user_id", "sign_in", ["user_id"])
    op.create_table(
        "time_slot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("coach_id", sa.Integer(), nullable=False),
        sa.Column("coach_role", sa.String(7), sa.Computed("'coach'", persisted=True), nullable=False),
        sa.Column("starts_at", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("offered_at", moment, nullable=False),
        sa.Column("withdrawn_at", moment, nullable=True),
        sa.Column(
            "is_offered",
            sa.Integer(),
            sa.Computed("CASE WHEN withdrawn_at IS NULL THEN 1 END", persisted=True),
            nullable=True,
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(coach_id, coach_id, '[]')"), "&&"),
            (sa.text("tstzrange(starts_at, ends_at, '[)')"), "&&"),
            where=sa.text("withdrawn_at IS NULL"),
            using="gist",
            name="slots_of_one_coach",
        ).ddl_if("postgresql"),
        sa.CheckConstraint("ends_at = starts_at + interval '2 hours'", name="slot_is_two_hours").ddl_if("postgresql"),
        sa.CheckConstraint(
            "ifnull(strftime('%s', ends_at) - strftime('%s', starts_at), 0) = 7200", name="slot_is_two_hours"
        ).ddl_if("sqlite"),
        sa.CheckConstraint(
            "starts_at IS strftime('%Y-%m-%d %H:%M:00.000000', starts_at) "
            "AND ends_at IS strftime('%Y-%m-%d %H:%M:00.000000', ends_at) "
            "AND substr(starts_at, 15, 2) IN ('00', '15', '30', '45')",
            name="slot_on_the_quarter",
        ).ddl_if("sqlite"),
        sa.CheckConstraint("mod(extract(epoch FROM starts_at), 900) = 0", name="slot_on_the_quarter").ddl_if(
            "postgresql"
        ),
        sa.CheckConstraint("offered_at < starts_at", name="slot_lies_ahead"),
        sa.ForeignKeyConstraint(["coach_id", "coach_role"], ["user.id", "user.role"], name="slot_is_a_coachs"),
        sa.PrimaryKeyConstraint("id", name="pk_time_slot"),
        sa.UniqueConstraint("id", "coach_id", "starts_at", "ends_at", name="slot_as_booked"),
        sa.UniqueConstraint("id", "is_offered", name="slot_as_offered"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_time_slot_coach", "time_slot", ["coach_id", "starts_at"], **where("withdrawn_at IS NULL"))
    op.create_index("ix_time_slot_starts", "time_slot", ["starts_at"], **where("withdrawn_at IS NULL"))
    op.create_table(
        "coaching_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("coach_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("student_id", sa.Integer(), nullable=False),
        sa.Column("student_role", sa.String(7), sa.Computed("'student'", persisted=True), nullable=False),
        sa.Column("topic", sa.Text(), server_default="", nullable=False),
        sa.Column("booked_at", moment, nullable=False),
        sa.Column("cancelled_at", moment, nullable=True),
        sa.Column("cancelled_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "is_live",
            sa.Integer(),
            sa.Computed("CASE WHEN cancelled_at IS NULL THEN 1 END", persisted=True),
            nullable=True,
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(student_id, student_id, '[]')"), "&&"),
            (sa.text("tstzrange(starts_at, ends_at, '[)')"), "&&"),
            where=sa.text("cancelled_at IS NULL"),
            using="gist",
            name="sessions_of_one_student",
        ).ddl_if("postgresql"),
        sa.CheckConstraint("reason = '' OR cancelled_at IS NOT NULL", name="reason_is_for_cancelling"),
        sa.CheckConstraint("(cancelled_at IS NULL) = (cancelled_by_id IS NULL)", name="cancelled_by_somebody"),
        sa.CheckConstraint("booked_at < starts_at", name="booked_before_it_starts"),
        sa.CheckConstraint("cancelled_at < starts_at", name="cancelled_before_it_starts"),
        sa.CheckConstraint("cancelled_by_id IN (student_id, coach_id)", name="cancelled_by_one_of_the_two"),
        sa.CheckConstraint("length(reason) <= 500", name="reason_is_short"),
        sa.CheckConstraint("length(topic) <= 500", name="topic_is_short"),
        sa.ForeignKeyConstraint(
            ["slot_id", "coach_id", "starts_at", "ends_at"],
            ["time_slot.id", "time_slot.coach_id", "time_slot.starts_at", "time_slot.ends_at"],
            name="session_agrees_with_its_slot",
        ),
        sa.ForeignKeyConstraint(
            ["slot_id", "is_live"], ["time_slot.id", "time_slot.is_offered"], name="live_session_keeps_its_slot"
        ),
        sa.ForeignKeyConstraint(["student_id", "student_role"], ["user.id", "user.role"], name="only_a_student_books"),
        sa.PrimaryKeyConstraint("id", name="pk_coaching_session"),
        sa.UniqueConstraint("id", "coach_id", name="session_of_its_coach"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_coaching_session_coach", "coaching_session", ["coach_id", "starts_at"])
    op.create_index("ix_coaching_session_slot_id", "coaching_session", ["slot_id"])
    op.create_index("ix_coaching_session_student", "coaching_session", ["student_id", "starts_at"])
    op.create_index(
        "one_live_session_per_slot", "coaching_session", ["slot_id"], unique=True, **where("cancelled_at IS NULL")
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("left_by", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("corrected_at", moment, nullable=True),
        sa.CheckConstraint("length(note) <= 10000", name="note_is_short"),
        sa.CheckConstraint("rating IN (1, 2, 3, 4, 5)", name="rating_is_1_to_5"),
        sa.ForeignKeyConstraint(
            ["session_id", "left_by"],
            ["coaching_session.id", "coaching_session.coach_id"],
            name="feedback_is_the_coachs",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("session_id", name="uq_feedback_session_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "earlier_feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feedback_id", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("written_at", moment, nullable=False),
        sa.Column("replaced_at", moment, nullable=False),
        sa.CheckConstraint("length(note) <= 10000", name="earlier_note_is_short"),
        sa.CheckConstraint("rating IN (1, 2, 3, 4, 5)", name="earlier_rating_is_1_to_5"),
        sa.ForeignKeyConstraint(["feedback_id"], ["feedback.id"], name="fk_earlier_feedback_feedback_id"),
        sa.PrimaryKeyConstraint("id", name="pk_earlier_feedback"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_earlier_feedback_feedback_id", "earlier_feedback", ["feedback_id"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Go down. Indexes and triggers go with their tables."""
    for table in ("earlier_feedback", "feedback", "coaching_session", "time_slot", "sign_in", "user"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION slot_times_never_change()")


def overlap(name: str, verb: str, table: str, who: str, ended: str) -> sa.TextClause:
    """Refuse, on SQLite, what the exclusion constraint of the same name refuses on PostgreSQL."""
    but_itself = "AND id <> NEW.id" if verb == "UPDATE" else ""
    return sa.text(rf"""
        CREATE TRIGGER {name}_{verb.lower()} BEFORE {verb} ON "{table}" WHEN NEW.{ended} IS NULL
        BEGIN
            SELECT RAISE(ABORT, '{name}') WHERE EXISTS (
                SELECT 1 FROM "{table}"
                WHERE {who} = NEW.{who} AND {ended} IS NULL {but_itself}
                AND starts_at > strftime('%Y-%m-%d %H\:%M\:%f000', NEW.starts_at, '-2 hours')
                AND starts_at < NEW.ends_at
            );
        END
    """)


SQLITE = [
    *(overlap("slots_of_one_coach", verb, "time_slot", "coach_id", "withdrawn_at") for verb in ("INSERT", "UPDATE")),
    """
        CREATE TRIGGER slot_times_never_change BEFORE UPDATE OF coach_id, starts_at, ends_at ON time_slot
        WHEN OLD.coach_id <> NEW.coach_id OR OLD.starts_at <> NEW.starts_at OR OLD.ends_at <> NEW.ends_at
        BEGIN
            SELECT RAISE(ABORT, 'slot_times_never_change');
        END
    """,
    *(
        overlap("sessions_of_one_student", verb, "coaching_session", "student_id", "cancelled_at")
        for verb in ("INSERT", "UPDATE")
    ),
]

POSTGRESQL = [
    """
        CREATE OR REPLACE FUNCTION slot_times_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the times of a slot never change'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_times_never_change';
        END $$
    """,
    """
        CREATE TRIGGER slot_times_never_change BEFORE UPDATE OF coach_id, starts_at, ends_at ON time_slot
        FOR EACH ROW WHEN (
            (OLD.coach_id, OLD.starts_at, OLD.ends_at) IS DISTINCT FROM (NEW.coach_id, NEW.starts_at, NEW.ends_at)
        )
        EXECUTE FUNCTION slot_times_never_change()
    """,
]
