"""Many people who press buttons in the same instant, on a real server with several processes.

`without_locks` is the app with its locks taken off, for the tests that show what the locks and the constraints are for.
"""

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple
from urllib.parse import urlencode

import flask
from flask import Flask
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Engine, event, text

from coaching import create_app, extensions, guard
from coaching.auth import rules as auth
from coaching.extensions import db, saving
from coaching.models import Role, SignIn, User
from coaching.sessions import rules as sessions
from coaching.slots import rules as slots
from tests import databases as data
from tests.make import Make

PROCESSES = 4
PATIENCE = 60  # seconds; twice as long as a writer waits for its turn on SQLite

# What the rules promise, asked the other way round: each must find nothing. Rows of the data alone are looked at, no
# constraint is trusted.
PROMISES = {
    "two live sessions on one slot": """
        SELECT slot_id FROM coaching_session WHERE cancelled_at IS NULL GROUP BY slot_id HAVING count(*) > 1""",
    "two live sessions of one student overlap": """
        SELECT one.id, other.id FROM coaching_session one JOIN coaching_session other
        ON one.student_id = other.student_id AND one.id < other.id
        AND one.starts_at < other.ends_at AND other.starts_at < one.ends_at
        WHERE one.cancelled_at IS NULL AND other.cancelled_at IS NULL""",
    "two slots of one coach overlap": """
        SELECT one.id, other.id FROM time_slot one JOIN time_slot other
        ON one.coach_id = other.coach_id AND one.id < other.id
        AND one.starts_at < other.ends_at AND other.starts_at < one.ends_at
        WHERE one.withdrawn_at IS NULL AND other.withdrawn_at IS NULL""",
    "a live session on a slot that is not on offer": """
        SELECT session.id FROM coaching_session session JOIN time_slot slot ON slot.id = session.slot_id
        WHERE session.cancelled_at IS NULL AND slot.withdrawn_at IS NOT NULL""",
    "a session that disagrees with its slot": """
        SELECT session.id FROM coaching_session session LEFT JOIN time_slot slot ON slot.id = session.slot_id
        AND slot.coach_id = session.coach_id AND slot.starts_at = session.starts_at AND slot.ends_at = session.ends_at
        WHERE slot.id IS NULL""",
    "two feedbacks on one session": "SELECT session_id FROM feedback GROUP BY session_id HAVING count(*) > 1",
    "two people with one address": 'SELECT lower(email) FROM "user" GROUP BY lower(email) HAVING count(*) > 1',
}

# What keeps those promises in the database, and how it is taken off.
PROTECTIONS_OFF = {
    "sqlite": [
        "DROP INDEX one_live_session_per_slot",
        "DROP TRIGGER sessions_of_one_student_insert",
        "DROP TRIGGER sessions_of_one_student_update",
        "DROP TRIGGER slots_of_one_coach_insert",
        "DROP TRIGGER slots_of_one_coach_update",
    ],
    "postgresql": [
        "DROP INDEX one_live_session_per_slot",
        "ALTER TABLE coaching_session DROP CONSTRAINT sessions_of_one_student",
        "ALTER TABLE coaching_session DROP CONSTRAINT live_session_keeps_its_slot",
        "ALTER TABLE time_slot DROP CONSTRAINT slots_of_one_coach",
    ],
}


class Browser(NamedTuple):
    """What a browser sends along with every form: the cookie, and the token that stands in the form."""

    cookie: str
    token: str

    def press(self, path: str, **fields: Any) -> "Press":
        """Fill in a form, and lay the finger on its button."""
        return Press(self, path, fields)


class Press(NamedTuple):
    """A button that is about to be pressed."""

    browser: Browser
    path: str
    fields: dict[str, Any]


class Answer(NamedTuple):
    """What came back."""

    status: int
    location: str | None
    retry_after: str | None
    text: str


class Race:
    """An app on a database of its own, served by gunicorn as it is deployed: 4 processes, settings of the project."""

    def __init__(self, database_url: str, folder: Path, serves: str = "wsgi:app") -> None:
        self.app = data.app_on(database_url, folder, COACHING_DEMO="0")
        self.make = Make(self.app)
        self._log = folder / "gunicorn.log"
        self._read = 0
        with socket.socket() as listening:  # handed on, so that the port is nobody else's in between
            listening.bind(("127.0.0.1", 0))
            listening.listen(2048)
            self._port = listening.getsockname()[1]
            self._server = self._start(database_url, serves, listening.fileno())

    def _start(self, database_url: str, serves: str, listening: int) -> subprocess.Popen[bytes]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("COACHING_")}
        environ |= {
            "DATABASE_URL": database_url,
            "SECRET_KEY": str(self.app.secret_key),
            "WEB_CONCURRENCY": str(PROCESSES),
        }
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listening}", serves]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                command, cwd=data.ROOT, env=environ, stdout=log, stderr=subprocess.STDOUT, pass_fds=[listening]
            )

    def wait(self) -> "Race":
        """Wait until every process answers."""
        give_up = time.monotonic() + PATIENCE
        while self._log.read_text().count("Booting worker") < PROCESSES:
            assert self._server.poll() is None, self._log.read_text()
            assert time.monotonic() < give_up, self._log.read_text()
            time.sleep(0.02)
        return self

    def close(self) -> None:
        """End the server."""
        self._server.terminate()
        self._server.wait(PATIENCE)
        data.close(self.app)

    def begin(self) -> "Race":
        """Begin on an empty database."""
        data.empty(self.app)
        self.make = Make(self.app)
        self._read = self._log.stat().st_size
        return self

    # Who is there

    def students(self, count: int) -> list[User]:
        """Make many students."""
        now = datetime.now(UTC)
        crowd = [
            User(
                role=Role.STUDENT,
                name=f"One of many, {number}",
                email=f"one-of-many-{number}@example.org",
                phone=f"+44207946{number:04}",
                time_zone="Europe/London",
                created_at=now,
            )
            for number in range(count)
        ]
        with self.app.app_context(), saving():
            db.session.add_all(crowd)
        return crowd

    def browser(self, person: User | None = None) -> Browser:
        """Open the browser of a person who is signed in, or of a stranger."""
        return self.browsers([person])[0]

    def browsers(self, people: Iterable[User | None]) -> list[Browser]:
        """Open a browser for each person."""
        now = datetime.now(UTC)
        with self.app.app_context(), saving():
            opened = [auth.sign_in(person, now=now) if person else None for person in people]
        return [self._browser(each) for each in opened]

    def _browser(self, opened: SignIn | None) -> Browser:
        """Do what the app does when it hands out its cookie."""
        with self.app.test_request_context():
            if opened:
                guard.enter(opened)
            token = generate_csrf()
            signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
            return Browser(f"{self.app.config['SESSION_COOKIE_NAME']}={signer.dumps(dict(flask.session))}", token)

    # What they do

    def together(self, presses: Sequence[Press]) -> list[Answer]:
        """Press all buttons in the same instant; whoever wins, nothing breaks and every promise is kept."""
        answers = self.rush(presses)
        assert not [answer for answer in answers if answer.status >= 500], self._trouble(answers)
        assert not self.broken(), self._trouble(answers)
        return answers

    def rush(self, presses: Sequence[Press]) -> list[Answer]:
        """Press all buttons in the same instant, come of it what may."""
        gate = Barrier(len(presses), timeout=PATIENCE)
        with ThreadPoolExecutor(len(presses)) as fingers:
            return list(fingers.map(lambda press: self._press(press, gate), presses))

    def _press(self, press: Press, gate: Barrier) -> Answer:
        body = urlencode({"csrf_token": press.browser.token, **press.fields})
        headers = {"Cookie": press.browser.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)) as connection:
            connection.connect()
            gate.wait()
            connection.request("POST", press.path, body, headers)
            response = connection.getresponse()
            said = response.read().decode()
            return Answer(response.status, response.getheader("Location"), response.getheader("Retry-After"), said)

    # What came of it

    def rows(self, query: str, **values: Any) -> list[Any]:
        """Ask the database itself."""
        with self.app.app_context(), db.engine.connect() as connection:
            return list(connection.execute(text(query), values))

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """Return every row of every table."""
        return data.everything(self.app)

    def broken(self) -> dict[str, list[Any]]:
        """Return which promises are broken, and by which rows."""
        found = {promise: self.rows(query) for promise, query in PROMISES.items()}
        return {promise: rows for promise, rows in found.items() if rows}

    def _trouble(self, answers: Sequence[Answer]) -> str:
        log = self._log.read_text()[self._read :]
        told = "\n".join(line for line in log.splitlines() if " HTTP/1.1" not in line)
        return f"{statuses(answers)}, broken: {self.broken()}\n{told[-3000:]}"


def statuses(answers: Iterable[Answer]) -> dict[int, int]:
    """Count the answers of each kind."""
    return dict(Counter(answer.status for answer in answers))


def day(number: int, clock: str = "10:00") -> datetime:
    """Return a moment (UTC) on a day that lies ahead: `day(1)` is in two days at ten."""
    hour, minute = map(int, clock.split(":"))
    ahead = datetime.now(UTC) + timedelta(days=number + 1)
    return ahead.replace(hour=hour, minute=minute, second=0, microsecond=0)


# The app without what protects it


def take_constraints_off(app: Flask) -> None:
    """Take what keeps the promises out of the database."""
    with app.app_context(), db.engine.begin() as connection:
        for statement in PROTECTIONS_OFF[connection.dialect.name]:
            connection.execute(text(statement))


def without_locks() -> Flask:
    """Make the app, and take its locks off: for gunicorn, in a process of its own.

    The rows that a rule decides about are read anew, but not held; and on SQLite, where a writer otherwise has the
    whole database to itself, every statement stands alone.
    """
    for rules in (sessions, slots):
        rules.hold = _read_anew  # type: ignore[attr-defined]
    event.remove(Engine, "begin", extensions._begin_sqlite)
    return create_app()


def _read_anew(*rows: Any) -> None:
    for row in rows:
        db.session.refresh(row)
