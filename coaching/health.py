"""Whether the app is alive, and whether it is ready: for those who watch over it."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from coaching import guard
from coaching.extensions import db, migrate

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@guard.public
def alive() -> ResponseReturnValue:
    """Say that this process answers, without asking the database."""
    return "alive\n", {"Content-Type": "text/plain"}


@bp.get("/readyz")
@guard.public
def ready() -> ResponseReturnValue:
    """Say whether the database answers and has every migration."""
    if is_migrated():
        return "ready\n", {"Content-Type": "text/plain"}
    return "not ready\n", 503, {"Content-Type": "text/plain", "Retry-After": "5"}


def is_migrated() -> bool:
    """Tell whether the database answers, and stands where the newest migration leaves it."""
    directory = ScriptDirectory.from_config(migrate.get_config(current_app.extensions["migrate"].directory))
    try:
        with db.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_heads() == tuple(directory.get_heads())
    except SQLAlchemyError:
        return False
