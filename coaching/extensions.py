"""The extensions, the database connection, and `saving()`: the one place that commits."""

import select as select_
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine, ExceptionContext, Row, Select, delete, event, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.pool import Pool

from coaching.ddl import Base
from coaching.models import Attempt, CoachingSession, OneTimeLink, Registration, TimeSlot, User

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
login = LoginManager()
csrf = CSRFProtect()
bootstrap = Bootstrap5()

BUSY_SECONDS = 30  # how long a writer waits for its turn on SQLite

# What stands between us and PostgreSQL may forget a connection that is silent, and say nothing. So that a night without
# a visitor costs nobody a page, the kernel asks now and then (seconds), and gives up soon (milliseconds).
ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 20_000}


class Refusal(Exception):
    """A rule says no. Its message is a sentence for the person who asked.

    `field` names the input that is at fault, where it is one (the form comes back with 422); without it, what was
    asked for cannot be (409), and `nearest` holds free slots to take instead, `session` the one that is in the way.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        nearest: list[TimeSlot] | None = None,
        session: CoachingSession | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.nearest = nearest
        self.session = session


class TooOften(Refusal):
    """Something was tried more often than a setting allows. From `again_at` (UTC) on it can be tried again."""

    def __init__(self, message: str, *, again_at: datetime) -> None:
        super().__init__(message)
        self.again_at = again_at


TAKEN = "Somebody else has just booked this time. Choose another one."
GONE = "This time is no longer on offer. Choose another one."
KNOWN = "Somebody has registered with this e-mail address already. Is it you? Then sign in."
RECORDED = "There is feedback on this session already. Open it anew to correct it."

# What the database refused, in its own words (PostgreSQL names the constraint, SQLite the columns), and what it means.
MEANINGS = {
    "one_live_session_per_slot": TAKEN,
    "UNIQUE constraint failed: coaching_session.slot_id": TAKEN,
    "live_session_keeps_its_slot": GONE,
    "FOREIGN KEY constraint failed": GONE,  # of all foreign keys, only this one can break by somebody being quicker
    "sessions_of_one_student": "This overlaps another session of the same student. Choose another time.",
    "slots_of_one_coach": "This overlaps another slot of the same coach. Choose another time.",
    "uq_feedback_session_id": RECORDED,
    "UNIQUE constraint failed: feedback.session_id": RECORDED,
    "uq_user_email": KNOWN,
    "UNIQUE constraint failed: user.email": KNOWN,
}


@contextmanager
def saving() -> Iterator[None]:
    """Do something to the data: all of it, or nothing when anything inside raises.

    On SQLite it begins by taking the write lock (`BEGIN IMMEDIATE`), so that what is read inside is still true when
    it is written. It does not nest: the inner one would commit half of what the outer one does.
    """
    if db.session.info.get("saving"):
        raise RuntimeError("saving() inside saving()")
    db.session.commit()
    db.session.connection(execution_options=writing(db.engine))
    db.session.info["saving"] = True
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.expunge_all()  # what was read stays readable, for the page that says what went wrong
        db.session.rollback()
        raise
    finally:
        db.session.info["saving"] = False


def writing(engine: Engine) -> dict[str, Any]:
    """Return the options of a connection that writes: in a transaction, and on SQLite with the write lock at once."""
    return {"writing": True} | ({} if engine.dialect.name == "sqlite" else {"isolation_level": "READ COMMITTED"})


@contextmanager
def refusing(refusal: type[Refusal], field: str | None = None) -> Iterator[None]:
    """Say the database's no to a statement in the words of `refusal`, which ends the transaction.

    Send what may be refused as a statement. A flush that fails would take with it all that was read, and nothing could
    be said on a page any more.
    """
    try:
        yield
    except IntegrityError as error:
        meaning = _meaning(error)
        if meaning is None:
            raise  # no rule of people's: a fault of ours
        raise refusal(meaning, field=field) from error


def hold(*rows: CoachingSession | User | TimeSlot) -> None:
    """Lock rows until `saving()` ends, and read them anew.

    Always sessions first, then people, then slots, each by id: whoever locks in one order never deadlocks.
    `FOR NO KEY UPDATE` lets others still point at a row; SQLite needs no lock, it has one writer at a time.
    """
    order = (CoachingSession, User, TimeSlot)
    for row in sorted(rows, key=lambda row: (order.index(type(row)), row.id)):
        # `of`: a row that is read together with others locks itself alone, or the order above would be no order.
        db.session.refresh(row, _columns(type(row)), with_for_update={"key_share": True, "of": type(row)})


def hold_slots(slots: Collection[TimeSlot]) -> None:
    """Lock many slots in one statement, after sessions and people, and by id as well; they are not read anew."""
    asked = select(TimeSlot.id).where(TimeSlot.id.in_([slot.id for slot in slots])).order_by(TimeSlot.id)
    db.session.execute(asked.with_for_update(key_share=True))


def rows(asked: Select[*tuple[Any, ...]], told: Mapping[str, Any]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the rows of a list. They are columns, and do without what the session does for objects (0.1 ms)."""
    return db.session.connection().execute(asked, told).all()


def insert_unless_there(kind: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Begin a statement that writes rows, but none that a unique constraint knows already."""
    begin = sqlite.insert if db.engine.dialect.name == "sqlite" else postgresql.insert
    return begin(kind).on_conflict_do_nothing()


@cache
def _columns(kind: type[Base]) -> list[str]:
    """Return what is read of a row unless asked for: neither what is private, nor the other rows that it hangs on."""
    return [column.key for column in inspect(kind).column_attrs if not column.deferred]


def sweep(*kinds: type[Attempt | OneTimeLink | Registration], now: datetime) -> None:
    """Forget what has run out, a thousand at a time; what another sweeps just now is left to it."""
    for kind in kinds:
        over = select(kind.id).where(kind.ends_at <= now).limit(1000).with_for_update(skip_locked=True)
        db.session.execute(delete(kind).where(kind.id.in_(over)))


def _meaning(error: IntegrityError) -> str | None:
    if isinstance(error.orig, psycopg.Error):
        return MEANINGS.get(error.orig.diag.constraint_name or "")
    return MEANINGS.get(str(error.orig))


def init_app(app: Flask, database_url: str) -> None:
    """Tie the extensions to the app."""
    _connect(app, database_url)
    migrate.init_app(app, db, directory=str(Path(__file__).resolve().parent.parent / "migrations"))
    login.session_protection = None  # it would write the cookie anew whenever a browser changes its name
    login.init_app(app, add_context_processor=False)  # it would ask the database while we say that it is away
    csrf.init_app(app)
    bootstrap.init_app(app)


def _connect(app: Flask, database_url: str) -> None:
    """Point the app at its database."""
    if database_url.startswith("sqlite"):
        app.config["SQLALCHEMY_DATABASE_URI"] = database_url
        options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS}}
    else:
        # libpq reads its own addresses, several hosts and all; SQLAlchemy would understand only some of them.
        defaults: Mapping[str, Any] = {"connect_timeout": 5, "application_name": "coaching", **ALIVE}
        missing = {name: value for name, value in defaults.items() if name not in conninfo_to_dict(database_url)}
        app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg://"
        options = {
            "creator": lambda: psycopg.connect(database_url, **missing),
            "pool_timeout": 10,
            # To begin and end a transaction would take two more round trips, and in READ COMMITTED each statement sees
            # what is committed when it begins, with one or without. Who writes asks for one: see `writing`.
            "isolation_level": "AUTOCOMMIT",
        }
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {**options, "hide_parameters": True}  # numbers and notes are in no log
    db.init_app(app)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Make SQLite keep what it acknowledged (FULL), check foreign keys, and let readers read while one writes (WAL)."""
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # the driver would otherwise begin transactions where it sees fit
        # SQLite's own knows A to Z alone, and names are looked for in any alphabet.
        connection.create_function("lower", 1, lambda text: text and str(text).lower(), deterministic=True)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Pool, "checkout")
def _notice_what_has_gone(connection: Any, _record: Any, _proxy: Any) -> None:
    """Let the pool open a connection anew that PostgreSQL has closed, as it does when it restarts.

    Nothing arrives on a connection that is not in use, unless it has ended: so no statement need be sent to find out.
    Of one that has ended without a word the kernel hears: see `ALIVE`.
    """
    if isinstance(connection, psycopg.Connection):
        arrived = select_.poll()
        arrived.register(connection, select_.POLLIN)
        if arrived.poll(0):
            raise DisconnectionError


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction for reads as well (one page, one state of the data); a writer takes the lock at once."""
    if connection.dialect.name == "sqlite":
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@event.listens_for(Engine, "handle_error")
def _keep_rows_out_of_errors(context: ExceptionContext) -> None:
    """Leave out of an error what PostgreSQL adds as DETAIL: the whole row, with its number or its note."""
    broken, wrapped = context.original_exception, context.sqlalchemy_exception
    if isinstance(broken, psycopg.Error) and broken.diag.message_detail and wrapped:
        broken.args = (broken.diag.message_primary,)
        wrapped.args = (f"({type(broken).__name__}) {broken.diag.message_primary}",)
