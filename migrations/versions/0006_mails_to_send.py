"""Mails that wait to be sent."""

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


def downgrade() -> None:
    """Go down."""
    op.drop_table("email")
