"""Whether the app is alive, and whether it is ready: for those who watch over it."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from coaching import guard
from coaching.config import SettingError
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
    try:
        return _stands_at_head()
    except SQLAlchemyError:
        return False


def require_database(app: Flask) -> None:
    """Refuse to serve without a database to serve from. Raises SettingError."""
    with app.app_context():
        try:
            if _stands_at_head():
                return
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines()[0]
            raise SettingError(f"DATABASE_URL names a database that cannot be read: {reason}") from None
        finally:
            db.engine.dispose()  # connections are not to be shared with the workers
    raise SettingError("DATABASE_URL names a database without the newest migrations. Run: flask db upgrade")


def _stands_at_head() -> bool:
    directory = ScriptDirectory.from_config(migrate.get_config(current_app.extensions["migrate"].directory))
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_heads() == tuple(directory.get_heads())
