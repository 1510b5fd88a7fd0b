"""How a person reads clocks and weeks, how often a session was moved, and private addresses for calendar programs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

moment = sa.DateTime(timezone=True)
MOMENT = {"postgresql": "TIMESTAMP WITH TIME ZONE", "sqlite": "DATETIME"}


def upgrade() -> None:
    """Go up."""
    # In words, since Alembic leaves out the CHECK of a column that it adds; both databases take these.
    for table, column in (
        ("user", "hour_cycle INTEGER DEFAULT '24' NOT NULL "
                 "CONSTRAINT clock_has_12_or_24_hours CHECK (hour_cycle IN (12, 24))"),
        ("user", "first_weekday INTEGER DEFAULT '1' NOT NULL "
                 "CONSTRAINT week_begins_on_a_weekday CHECK (first_weekday BETWEEN 1 AND 7)"),
        ("user", f"renamed_at {MOMENT[op.get_bind().dialect.name]}"),
        ("coaching_session", "moves INTEGER DEFAULT '0' NOT NULL CONSTRAINT moves_are_counted CHECK (moves >= 0)"),
        ("coaching_session", f"moved_at {MOMENT[op.get_bind().dialect.name]} "
                             "CONSTRAINT moved_as_often_as_counted CHECK ((moves = 0) = (moved_at IS NULL)) "
                             "CONSTRAINT moved_before_it_starts CHECK (moved_at < starts_at)"),
    ):  # fmt: skip
        op.execute(f'ALTER TABLE "{table}" ADD COLUMN {column}')
    withdrawn = sa.text("withdrawn_at IS NOT NULL")
    op.create_index(
        "ix_time_slot_withdrawn",
        "time_slot",
        ["coach_id", "withdrawn_at"],
        sqlite_where=withdrawn,
        postgresql_where=withdrawn,
    )
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.CheckConstraint("length(token_hash) = 64", name="feed_is_hashed"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_calendar_feed_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_feed"),
        sa.UniqueConstraint("user_id", name="uq_calendar_feed_user_id"),
        sa.UniqueConstraint("token_hash", name="uq_calendar_feed_token_hash"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Go down. Calendar programs find nothing at the private addresses any more."""
    op.drop_table("calendar_feed")
    op.drop_index("ix_time_slot_withdrawn", "time_slot")
    for table, column in (
        ("coaching_session", "moved_at"),
        ("coaching_session", "moves"),
        ("user", "renamed_at"),
        ("user", "first_weekday"),
        ("user", "hour_cycle"),
    ):
        op.execute(f'ALTER TABLE "{table}" DROP COLUMN {column}')
