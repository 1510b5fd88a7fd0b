"""How migrations reach the app's database."""

from typing import Any

from alembic import context
from sqlalchemy import text

from coaching.ddl import UTCDateTime, exists_on
from coaching.extensions import db, writing

LOCK = 7_205_471  # any number, as long as every process of this app takes the same


def render_item(kind: str, item: Any, _: Any) -> str | bool:
    """Write our own column type the way any database knows it."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def migrate() -> None:
    """Run the migrations in one transaction; of several processes that start at once, one does it and the rest wait."""
    with db.engine.connect().execution_options(**writing(db.engine)) as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            include_object=exists_on(connection.dialect.name),
            transactional_ddl=True,
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            context.run_migrations()


migrate()
