"""Mails of every kind and news under the bell; who waits for a free time; calls that did not take place."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

moment = sa.DateTime(timezone=True)

OF_SESSIONS = "'booked', 'moved', 'cancelled', 'reminder', 'last_reminder', 'feedback', 'missed'"
OF_PEOPLE = "'digest', 'welcome'"
OF_ADDRESSES = "'confirm', 'known', 'unknown', 'reset', 'password', 'new_address', 'address_asked', 'address_moved'"
BEFORE = "'booked', 'moved', 'cancelled', 'reminder', 'last_reminder'"
COLUMNS = (
    "id, session_id, person_id, kind, revision, created_at, due_at, next_at, attempts, error, sent_at, dropped_at, why"
)
WAITS = "sent_at IS NULL AND dropped_at IS NULL"
CHECKS = {
    "known_kind_of_mail": f"kind IN ({OF_SESSIONS}, 'freed', {OF_PEOPLE}, {OF_ADDRESSES})",
    "mail_about_a_session": f"(session_id IS NOT NULL) = (kind IN ({OF_SESSIONS}))",
    "mail_about_a_slot": "(slot_id IS NOT NULL) = (kind = 'freed')",
    "mail_to_an_address": f"(address <> '') = (kind IN ({OF_ADDRESSES}))",
    "mail_to_somebody": "address <> '' OR person_id IS NOT NULL",
    "mail_with_a_link": "(seed <> '') = (kind IN ('confirm', 'reset', 'new_address'))",
}


def upgrade() -> None:
    """Go up."""
    _make_tables()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_mails(checks=CHECKS, is_new=True)
        _sqlite_ratings("rating INTEGER NOT NULL", "rating INTEGER")
    else:
        _postgresql_mails()
        for table in ("feedback", "earlier_feedback"):
            op.alter_column(table, "rating", nullable=True)
    op.execute("UPDATE email SET read_at = created_at")
    for name, table in (("rated_or_missed", "feedback"), ("earlier_rated_or_missed", "earlier_feedback")):
        false = "0" if op.get_bind().dialect.name == "sqlite" else "false"
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN is_missed BOOLEAN DEFAULT {false} NOT NULL "
            f"CONSTRAINT {name} CHECK ((rating IS NULL) = is_missed)"
        )
    _ask_for_feedback_on_what_is_booked()


def _make_tables() -> None:
    op.create_table(
        "unwanted",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=13), nullable=False),
        sa.UniqueConstraint("person_id", "topic", name="unwanted_once"),
        sa.CheckConstraint("topic IN ('reminders', 'feedback')", name="known_topic"),
        sa.ForeignKeyConstraint(["person_id"], ["user.id"], name="fk_unwanted_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_unwanted"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "wait",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.Integer(), nullable=False),
        sa.Column("student_role", sa.String(length=7), sa.Computed("'student'", persisted=True), nullable=False),
        sa.Column("coach_id", sa.Integer(), nullable=True),
        sa.Column("coach_role", sa.String(length=7), sa.Computed("'coach'", persisted=True), nullable=False),
        sa.Column("since_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["student_id", "student_role"], ["user.id", "user.role"], name="only_a_student_waits", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["coach_id", "coach_role"], ["user.id", "user.role"], name="waits_for_a_coach", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("student_id", "coach_id", name="waits_once"),
        sa.PrimaryKeyConstraint("id", name="pk_wait"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_wait_coach_id", "wait", ["coach_id"])
    _index("waits_once_for_any", "wait", ["student_id"], where="coach_id IS NULL", unique=True)


def _index(name: str, table: str, columns: list[str], *, where: str, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _index_mails() -> None:
    _index("told_once_of_a_slot", "email", ["slot_id", "person_id", "revision"], where="kind = 'freed'", unique=True)
    _index(
        *("told_once_of_oneself", "email", ["person_id", "kind", "revision"]),
        where="kind = 'digest' OR kind = 'welcome'",
        unique=True,
    )
    op.create_index("ix_email_person", "email", ["person_id", "id"])
    _index("ix_email_unread", "email", ["person_id", "due_at"], where="read_at IS NULL")
    op.create_index("ix_email_age", "email", ["created_at"])


def _postgresql_mails() -> None:
    op.drop_index("ix_email_person_id", "email")
    op.drop_constraint("known_kind_of_mail", "email")
    op.alter_column("email", "session_id", nullable=True)
    op.alter_column("email", "person_id", nullable=True)
    op.add_column("email", sa.Column("slot_id", sa.Integer(), nullable=True))
    for name in ("address", "seed"):
        op.add_column("email", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("email", sa.Column("read_at", moment, nullable=True))
    op.create_foreign_key("fk_email_slot_id", "email", "time_slot", ["slot_id"], ["id"], ondelete="CASCADE")
    for name, check in CHECKS.items():
        op.create_check_constraint(name, "email", sa.text(check))
    _index_mails()


def _sqlite_mails(*, checks: dict[str, str], is_new: bool) -> None:
    """Make the table anew, since SQLite takes no promise back, and put everything into it. Nothing points at it."""
    for name in (
        "ix_email_waiting",
        *(() if is_new else ("ix_email_person",)),
        *(("ix_email_person_id",) if is_new else ()),
    ):
        op.drop_index(name, "email")
    op.rename_table("email", "former_email")
    added = [
        sa.Column("slot_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("seed", sa.Text(), server_default="", nullable=False),
        sa.Column("read_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["slot_id"], ["time_slot.id"], name="fk_email_slot_id", ondelete="CASCADE"),
    ]
    op.create_table(
        "email",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=is_new),
        sa.Column("person_id", sa.Integer(), nullable=is_new),
        sa.Column("kind", sa.String(length=13), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("next_at", moment, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("dropped_at", moment, nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        *(added if is_new else []),
        *(sa.CheckConstraint(check, name=name) for name, check in checks.items()),
        sa.CheckConstraint("revision >= 0", name="mail_of_a_revision"),
        sa.CheckConstraint("attempts >= 0", name="attempts_are_counted"),
        sa.CheckConstraint("sent_at IS NULL OR dropped_at IS NULL", name="sent_or_dropped"),
        sa.CheckConstraint("(dropped_at IS NULL) = (why = '')", name="dropped_for_a_reason"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["coaching_session.id"], name="fk_email_session_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["user.id"], name="fk_email_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_email"),
        sa.UniqueConstraint("session_id", "kind", "person_id", "revision", name="told_once"),
        sqlite_autoincrement=True,
    )
    op.execute(f"INSERT INTO email ({COLUMNS}) SELECT {COLUMNS} FROM former_email ORDER BY id")
    op.drop_table("former_email")
    _index("ix_email_waiting", "email", ["next_at", "id"], where=WAITS)
    if is_new:
        _index_mails()
    else:
        op.create_index("ix_email_person_id", "email", ["person_id"])


def _sqlite_ratings(old: str, new: str) -> None:
    """Say another thing of a column, as SQLite describes it for what every row that is there keeps.

    To make the table of feedback anew would take its triggers, and what points at its rows, along.
    """
    bind = op.get_bind()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) "
        "WHERE type = 'table' AND name IN ('feedback', 'earlier_feedback')",
        (old, new),
    )
    bind.exec_driver_sql("PRAGMA writable_schema = RESET")


def _ask_for_feedback_on_what_is_booked() -> None:
    """Have coaches reminded, a day after, to record how it went: of each session that is booked already."""
    bind = op.get_bind()
    due = "ends_at + interval '1 day'"
    if bind.dialect.name == "sqlite":
        due = r"strftime('%Y-%m-%d %H\:%M\:%f000', ends_at, '+1 day')"
    planned = sa.text(f"""
        INSERT INTO email (session_id, person_id, kind, revision, created_at, due_at, next_at, read_at)
        SELECT id, coach_id, 'feedback', moves, :now, {due}, {due}, :now FROM coaching_session
        WHERE cancelled_at IS NULL AND {due} > :now
    """)
    bind.execute(planned.bindparams(sa.bindparam("now", datetime.now(UTC), type_=moment)))


def downgrade() -> None:
    """Go down. What is told of other things than sessions goes; of a missed call the note says that it was missed."""
    op.execute(f"DELETE FROM email WHERE kind NOT IN ({BEFORE})")
    op.drop_table("wait")
    op.drop_table("unwanted")
    for table in ("feedback", "earlier_feedback"):
        said = "'(The student did not answer.) ' || note"
        op.execute(
            f"UPDATE {table} SET rating = 1, is_missed = (1 = 0), note = substr({said}, 1, 10000) WHERE is_missed"
        )
        op.execute(f"ALTER TABLE {table} DROP COLUMN is_missed")
    if op.get_bind().dialect.name == "sqlite":
        for name in ("told_once_of_a_slot", "told_once_of_oneself", "ix_email_unread", "ix_email_age"):
            op.drop_index(name, "email")
        _sqlite_mails(checks={"known_kind_of_mail": f"kind IN ({BEFORE})"}, is_new=False)
        _sqlite_ratings("rating INTEGER", "rating INTEGER NOT NULL")
    else:
        _postgresql_mails_as_before()


def _postgresql_mails_as_before() -> None:
    for name in ("told_once_of_a_slot", "told_once_of_oneself", "ix_email_person", "ix_email_unread", "ix_email_age"):
        op.drop_index(name, "email")
    for name in CHECKS:
        op.drop_constraint(name, "email")
    for name in ("slot_id", "address", "seed", "read_at"):
        op.drop_column("email", name)
    op.alter_column("email", "session_id", nullable=False)
    op.alter_column("email", "person_id", nullable=False)
    op.create_check_constraint("known_kind_of_mail", "email", sa.text(f"kind IN ({BEFORE})"))
    op.create_index("ix_email_person_id", "email", ["person_id"])
    for table in ("feedback", "earlier_feedback"):
        op.alter_column(table, "rating", nullable=False)
