"""Throw-away databases: SQLite files, and databases in one PostgreSQL that the whole run shares."""

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from coaching import create_app
from coaching.extensions import db
from coaching.models import Base

ROOT = Path(__file__).resolve().parent.parent
TABLES = [table.name for table in Base.metadata.sorted_tables]

KEPT = {"is_booked", "offers_until", "is_recorded"}  # by triggers: see coaching/kept.py

# Ids begin at another thousand in every table, so that no id of one is by chance an id of another.
FIRST_ID = {name: 1 + 1000 * number for number, name in enumerate(TABLES)}


class Postgres(NamedTuple):
    """Where PostgreSQL is, or why there is none."""

    url: str
    why_not: str = ""


class Cluster:
    """One PostgreSQL for the whole run: started when it is first asked for, by the process that began the run."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._found: Postgres | None = None

    def find(self) -> Postgres:
        """Return where it is. TEST_POSTGRES_URL names one that runs already."""
        if self._found is None:
            given = os.environ.get("TEST_POSTGRES_URL")
            self._found = Postgres(given) if given else self._start()
        return self._found

    def _start(self) -> Postgres:
        self._folder = Path(tempfile.mkdtemp(prefix="coaching-postgres-"))
        self._folder.chmod(0o755)  # the server runs as somebody else where we are root
        with tempfile.TemporaryFile("w+") as said:  # a pipe would be waited for until the server ends
            done = subprocess.run(
                [ROOT / "script" / "postgres", "start", self._folder / "cluster"],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                check=False,
            )
            said.seek(0)
            lines = said.read().strip().splitlines() or ["script/postgres said nothing"]
        return Postgres("", why_not=lines[-1]) if done.returncode else Postgres(lines[-1])

    def stop(self) -> None:
        """End it, if it was started here."""
        if self._folder:
            script = [ROOT / "script" / "postgres", "stop", self._folder / "cluster"]
            subprocess.run(script, check=False, stderr=subprocess.DEVNULL)
            shutil.rmtree(self._folder, ignore_errors=True)


class Databases:
    """Makes databases of one kind, migrated or empty, and takes them away at the end."""

    def __init__(self, kind: str, folder: Path, server: str = "") -> None:
        self.kind = kind
        self._folder = folder
        self._server = server
        self._made: list[str] = []
        self._migrated: str | None = None

    def new(self, *, migrated: bool = True, called: str = "test") -> str:
        """Return the URL of a database that nobody else uses."""
        if not migrated:
            return self._create(called)
        if self._migrated is None:
            self._migrated = self._create("test")
            migrate(self._migrated, self._folder)
        return self._create(called, like=self._migrated)

    def _create(self, called: str, *, like: str | None = None) -> str:
        name = f"{called}_{secrets.token_hex(6)}"
        self._made.append(name)
        if self.kind == "sqlite":
            path = self._folder / f"{name}.sqlite3"
            if like:
                shutil.copy(like.removeprefix("sqlite:///"), path)
            return f"sqlite:///{path}"
        template = f'TEMPLATE "{urlsplit(like).path[1:]}"' if like else ""
        self._ask(f'CREATE DATABASE "{name}" {template}')
        return urlsplit(self._server)._replace(path=f"/{name}").geturl()

    def _ask(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)

    def remove(self) -> None:
        """Take them away. SQLite's files go with the folder they lie in."""
        if self.kind == "postgresql":
            for name in self._made:
                self._ask(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def app_on(database_url: str, instance: Path, **environ: str) -> Flask:
    """Make an app on a database, in demo mode unless told otherwise. Close it with `close`."""
    given = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "only for tests, and long enough",
        "COACHING_DEMO": "1",
        **environ,
    }
    app = create_app({name: value for name, value in given.items() if value}, instance)
    app.testing = True
    return app


def close(app: Flask) -> None:
    """Let go of an app's database connections."""
    with app.app_context():
        db.engine.dispose()


def migrate(database_url: str, instance: Path) -> None:
    """Do what `flask db upgrade` does."""
    app = app_on(database_url, instance)
    with app.app_context():
        upgrade()
    close(app)


def empty(app: Flask) -> None:
    """Take every row out of every table, and begin counting ids anew."""
    with app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for name in reversed(TABLES):
                connection.execute(text(f'DELETE FROM "{name}"'))
            connection.execute(text("DELETE FROM sqlite_sequence"))
            connection.execute(
                text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"),
                [{"name": name, "seq": first - 1} for name, first in FIRST_ID.items()],
            )
        else:
            for name in reversed(TABLES):
                connection.execute(text(f'DELETE FROM "{name}"'))
            for name, first in FIRST_ID.items():
                connection.execute(text(f"SELECT setval('{name}_id_seq', {first}, false)"))


def everything(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, to compare before with after; without what triggers make of other rows."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            name: [
                tuple(value for column, value in row.items() if column not in KEPT)
                for row in connection.execute(text(f'SELECT * FROM "{name}" ORDER BY id')).mappings()
            ]
            for name in TABLES
        }
