"""Mails that wait to be sent."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "email",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
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
        sa.CheckConstraint(
            "kind IN ('booked', 'moved', 'cancelled', 'reminder', 'last_reminder')", name="known_kind_of_mail"
        ),
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
    op.create_index("ix_email_person_id", "email", ["person_id"])
    waits = sa.text("sent_at IS NULL AND dropped_at IS NULL")
    op.create_index("ix_email_waiting", "email", ["next_at", "id"], sqlite_where=waits, postgresql_where=waits)
    _remind_of_what_is_booked()


def _remind_of_what_is_booked() -> None:
    """Have both people reminded of each session that is booked already, a day and an hour before (the defaults)."""
    bind = op.get_bind()
    now = sa.bindparam("now", datetime.now(UTC), type_=moment)
    for kind, minutes in (("reminder", 24 * 60), ("last_reminder", 60)):
        due = f"starts_at - interval '{minutes} minutes'"
        if bind.dialect.name == "sqlite":
            due = rf"strftime('%Y-%m-%d %H\:%M\:%f000', starts_at, '-{minutes} minutes')"
        for person in ("coach_id", "student_id"):
            planned = sa.text(f"""
                INSERT INTO email (session_id, person_id, kind, revision, created_at, due_at, next_at)
                SELECT id, {person}, '{kind}', moves, :now, {due}, {due} FROM coaching_session
                WHERE cancelled_at IS NULL AND {due} > :now
            """)
            bind.execute(planned.bindparams(now))


def downgrade() -> None:
    """Go down."""
    op.drop_table("email")
