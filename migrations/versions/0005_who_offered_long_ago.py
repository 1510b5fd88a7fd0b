"""Whose offers have passed is found by an index on PostgreSQL as well."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Go up."""
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(
            "ix_user_offers_until", "user", ["offers_until"], postgresql_where=sa.text("offers_until IS NOT NULL")
        )


def downgrade() -> None:
    """Go down."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_user_offers_until", "user")
