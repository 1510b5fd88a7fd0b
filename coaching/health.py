"""Whether the app is alive, and whether it is ready: for those who watch over it."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from coaching import guard, logs
from coaching.config import SettingError
from coaching.extensions import db, migrate

# What PostgreSQL says where waiting for it does not help.
FOR_GOOD = ("authentication failed", "does not exist", "pg_hba.conf", "permission denied", "no password supplied")

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
    try:
        return _stands_at_head()
    except SQLAlchemyError:
        return False


def refuse_without_database(app: Flask) -> None:
    """Raise SettingError where there is no database to serve from.

    Commands need none of this, and some of them mend it. A PostgreSQL that is away, or still starting, may come: until
    then every page answers 503.
    """
    with app.app_context():
        try:
            if _stands_at_head():
                return
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines()[0]
            if db.engine.dialect.name == "postgresql" and not any(words in reason for words in FOR_GOOD):
                logs.fault(error, "the database does not answer yet")
                return
            raise SettingError(f"DATABASE_URL names a database that cannot be read: {reason}") from None
        finally:
            db.engine.dispose()  # connections are not to be shared with the workers
    raise SettingError("DATABASE_URL names a database without the newest migrations. Run: flask db upgrade")


def _stands_at_head() -> bool:
    directory = ScriptDirectory.from_config(migrate.get_config(current_app.extensions["migrate"].directory))
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_heads() == tuple(directory.get_heads())
