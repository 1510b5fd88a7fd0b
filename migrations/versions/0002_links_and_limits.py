"""Links in mails, registrations that wait for theirs, attempts that are counted, and what device a sign-in is on."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

moment = sa.DateTime(timezone=True)
AN_ADDRESS = "length(email) BETWEEN 3 AND 254 AND email LIKE '_%@_%'"


def upgrade() -> None:
    """Go up."""
    # In words, since Alembic leaves out the CHECK of a column that it adds; both databases take these.
    op.execute(
        "ALTER TABLE sign_in ADD COLUMN device TEXT DEFAULT '' NOT NULL "
        "CONSTRAINT device_is_short CHECK (length(device) <= 80)"
    )
    op.create_table(
        "one_time_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("purpose", sa.String(7), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.CheckConstraint("purpose IN ('reset', 'move')", name="known_purpose"),
        sa.CheckConstraint("length(token_hash) = 64", name="link_is_hashed"),
        sa.CheckConstraint(AN_ADDRESS, name="link_goes_to_an_address"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_one_time_link_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_link"),
        sa.UniqueConstraint("token_hash", name="uq_one_time_link_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_one_time_link_user_id", "one_time_link", ["user_id"])
    op.create_index("ix_one_time_link_ends_at", "one_time_link", ["ends_at"])
    op.create_table(
        "registration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.CheckConstraint("length(token_hash) = 64", name="registration_is_hashed"),
        sa.CheckConstraint("length(name) <= 80 AND trim(name) <> ''", name="registration_has_a_name"),
        sa.CheckConstraint(AN_ADDRESS, name="registration_has_an_address"),
        sa.CheckConstraint("length(phone) BETWEEN 6 AND 16 AND phone LIKE '+%'", name="registration_has_a_number"),
        sa.CheckConstraint("time_zone <> ''", name="registration_has_a_zone"),
        sa.PrimaryKeyConstraint("id", name="pk_registration"),
        sa.UniqueConstraint("token_hash", name="uq_registration_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_registration_email", "registration", ["email"])
    op.create_index("ix_registration_ends_at", "registration", ["ends_at"])
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.CheckConstraint("length(about) = 64", name="attempt_is_hashed"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attempt_about", "attempt", ["about", "ends_at"])
    op.create_index("ix_attempt_ends_at", "attempt", ["ends_at"])


def downgrade() -> None:
    """Go down. Links that were mailed open nothing any more, and who was about to register does so anew."""
    for table in ("attempt", "registration", "one_time_link"):
        op.drop_table(table)
    op.execute("ALTER TABLE sign_in DROP COLUMN device")
