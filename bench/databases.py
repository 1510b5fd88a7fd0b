"""The databases of a run: in one PostgreSQL as deployed, or SQLite files; gone at its end."""

import shutil
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import click
import psycopg
from flask import Flask
from flask_migrate import upgrade
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import SQLAlchemyError

from bench import filling
from bench.filling import CannotFillError, Row, Size
from bench.tools import ROOT
from coaching import create_app, health
from coaching.config import SettingError
from coaching.extensions import db

SECRET_KEY = "only for measuring, and long enough"
KEEPS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}  # PostgreSQL's own defaults


class Wanted(NamedTuple):
    """A database of a size, on PostgreSQL (where `copy` tells several of one size apart) or on SQLite."""

    size: Size
    kind: str = "postgresql"
    copy: str = ""


class Databases:
    """Makes and fills databases when they are first asked for."""

    def __init__(self, server: str, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._made: dict[Wanted, str] = {}

    def of(self, size: Size, kind: str = "postgresql") -> str:
        """Return the URL of a database of this size, which is only read."""
        wanted = Wanted(size, kind)
        if wanted not in self._made:
            url = self._made[wanted] = self._create(f"bench_{len(self._made)}", kind)
            with app_on(url, self._folder) as app, app.app_context():
                upgrade()
            fill(url, size)
            if kind == "postgresql":
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute("CHECKPOINT")  # not later, while something is measured
        return self._made[wanted]

    def copy(self, size: Size, name: str) -> str:
        """Return the URL of a copy in PostgreSQL that may be written to."""
        wanted = Wanted(size, copy=name)
        if wanted not in self._made:
            like = self.of(size)
            self._made[wanted] = self._create(f"bench_{name}_{len(self._made)}", like=urlsplit(like).path[1:])
        return self._made[wanted]

    def _create(self, name: str, kind: str = "postgresql", like: str = "template1") -> str:
        if kind == "sqlite":
            return f"sqlite:///{self._folder / name}.sqlite3"
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return urlsplit(self._server)._replace(path=f"/{name}").geturl()


@contextmanager
def cluster() -> Iterator[str]:
    """Run a PostgreSQL that keeps what it acknowledged, as a deployed one does."""
    folder = Path(tempfile.mkdtemp(prefix="coaching-bench-postgres-"))
    folder.chmod(0o755)  # the server runs as somebody else where we are root
    script = ROOT / "script" / "postgres"
    try:
        with tempfile.TemporaryFile("w+") as said:  # a pipe would be waited for until the server ends
            settings = [f"{name}={value}" for name, value in KEEPS.items()]
            with _uninterrupted():  # what is half started cannot be stopped
                done = subprocess.run(
                    [str(script), "start", str(folder / "cluster"), *settings],
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    check=False,
                    start_new_session=True,
                )
            said.seek(0)
            lines = said.read().strip().splitlines() or ["script/postgres said nothing"]
        if done.returncode:
            raise click.ClickException(lines[-1])
        yield lines[-1]
    finally:
        stop = [str(script), "stop", str(folder / "cluster")]
        subprocess.run(stop, check=False, stderr=subprocess.DEVNULL, start_new_session=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hear Ctrl-C only at the end."""
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        raise KeyboardInterrupt


def environ_for(url: str) -> dict[str, str]:
    """Return the settings with which the app serves a database, to people who sign in."""
    return {"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY, "COACHING_BOOKINGS": "100000"}


@contextmanager
def app_on(url: str, folder: Path) -> Iterator[Flask]:
    """Make the app in this process, with what it keeps beside the database in `folder`."""
    app = create_app(environ_for(url), folder)
    was_disabled, app.logger.disabled = app.logger.disabled, True  # it is one for all apps of this process
    try:
        yield app
    finally:
        app.logger.disabled = was_disabled
        with app.app_context():
            db.engine.dispose()


def fill(url: str, size: Size) -> None:
    """Fill a database, and show how far it is."""
    kind = "sparse" if size.is_sparse else "dense"
    label = f"{size.slots:,} slots, {kind}, {'SQLite' if url.startswith('sqlite') else 'PostgreSQL'}"
    with click.progressbar(length=size.rows, label=label, update_min_steps=1000) as bar:

        def watch(rows: Iterable[Row]) -> Iterator[Row]:
            for row in rows:
                yield row
                bar.update(1)

        filling.fill(url, size, datetime.now(UTC), watch)


def fill_own(url: str, size: Size) -> None:
    """Fill a database that somebody has made for it. Raises CannotFillError, and changes nothing, where it is none."""
    if "bench" not in _name(url).lower():
        raise CannotFillError("only a database with “bench” in its name is filled")
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).is_file():
        raise CannotFillError("there is no such file")  # SQLite would make one
    with tempfile.TemporaryDirectory(prefix="coaching-bench-") as folder:
        _refuse_unless_migrated(url, Path(folder))
    fill(url, size)


def _name(url: str) -> str:
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///")).name
    with suppress(psycopg.Error):
        found: dict[str, Any] = conninfo_to_dict(url)
        return str(found.get("dbname") or "")
    return ""


def _refuse_unless_migrated(url: str, folder: Path) -> None:
    try:
        if url.startswith("sqlite"):  # whose file the app would write to as soon as it opens it
            with closing(sqlite3.connect(f"file:{url.removeprefix('sqlite:///')}?mode=ro", uri=True)) as connection:
                connection.execute("SELECT version_num FROM alembic_version")
        with app_on(url, folder) as app:
            health.refuse_without_database(app)
            with app.app_context():
                db.engine.connect().close()  # one that is away may come for a server, not for us
    except sqlite3.Error as error:
        raise CannotFillError(f"{error}. Run: flask db upgrade") from None
    except SettingError as error:
        raise CannotFillError(str(error).rstrip(".")) from None
    except SQLAlchemyError as error:
        raise CannotFillError(str(getattr(error, "orig", error)).strip().splitlines()[0]) from None
