"""Many people who press buttons in the same instant, on a real server with several processes.

`without_locks` is the app with its locks taken off, for the tests that show what the locks and the constraints are for.
"""

import os
import random
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier
from time import monotonic, sleep
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

import flask
from flask import Flask
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Engine, event, text

from coaching import create_app, extensions, guard
from coaching.auth import rules as auth
from coaching.extensions import db, saving
from coaching.models import CoachingSession, Role, SignIn, TimeSlot, User
from coaching.sessions import rules as sessions
from coaching.slots import rules as slots
from tests import databases as data
from tests.make import Make
from tests.promises import PROMISES

PROCESSES = 4
PATIENCE = 120  # seconds; four times as long as a writer waits for its turn on SQLite
TODAY = datetime.now(UTC).date()

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

    def look(self, path: str) -> "Press":
        """Lay the finger on a link."""
        return Press(self, path, None)


class Press(NamedTuple):
    """A button that is about to be pressed, or a link."""

    browser: Browser
    path: str
    fields: dict[str, Any] | None
    address: str = "127.0.0.1"  # where it comes from; all of 127.0.0.0/8 is this machine
    headers: Mapping[str, str] = MappingProxyType({})


class Answer(NamedTuple):
    """What came back."""

    status: int
    location: str | None
    retry_after: str | None
    text: str

    @property
    def won(self) -> bool:
        """Whether what was pressed was done."""
        return self.status == 303


class Race:
    """An app on a database of its own, served by gunicorn as it is deployed: 4 processes, settings of the project."""

    def __init__(
        self, database_url: str, folder: Path, serves: str = "wsgi:app", options: Sequence[str] = (), **settings: str
    ) -> None:
        self.app = data.app_on(database_url, folder, COACHING_DEMO="0")
        self.make = Make(self.app)
        self._log = folder / "gunicorn.log"
        self._read = 0
        with socket.socket() as listening:  # handed on, so that the port is nobody else's in between
            listening.bind(("127.0.0.1", 0))
            listening.listen(2048)
            self.port = listening.getsockname()[1]
            self._server = self._start(
                [*options, serves], listening.fileno(), {"DATABASE_URL": database_url, **settings}
            )

    def _start(self, options: Sequence[str], listening: int, settings: dict[str, str]) -> subprocess.Popen[bytes]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("COACHING_")}
        environ |= {
            "SECRET_KEY": str(self.app.secret_key),
            "WEB_CONCURRENCY": str(PROCESSES),
            **settings,
        }
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listening}", *options]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=data.ROOT,
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[listening],
                process_group=0,  # so that it can be ended with its workers, and nobody else
            )

    def __enter__(self) -> "Race":
        give_up = monotonic() + PATIENCE
        while self._log.read_text().count("Booting worker") < PROCESSES:
            if self._server.poll() is not None or monotonic() > give_up:
                self.__exit__()
                raise AssertionError(f"gunicorn does not start: {self._log.read_text()}")
            sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        if self._server.poll() is None:  # a tidy end would take seconds, and there is nothing to keep
            os.killpg(self._server.pid, signal.SIGKILL)
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
            opened = [auth.sign_in(person, lasts=timedelta(days=1), now=now) if person else None for person in people]
        return [self._browser(each) for each in opened]

    def _browser(self, opened: SignIn | None) -> Browser:
        """Do what the app does when it hands out its cookie."""
        with self.app.test_request_context():
            if opened:
                guard.enter(opened)
            token = generate_csrf()
            signer = self.app.session_interface.get_signing_serializer(self.app)
            return Browser(f"{self.app.config['SESSION_COOKIE_NAME']}={signer.dumps(dict(flask.session))}", token)

    # What they do

    def together(self, *groups: Sequence[Press]) -> list[list[Answer]]:
        """Press all buttons in the same instant; whoever wins, nothing breaks and every promise is kept.

        Returns the answers group by group, in the order of the buttons.
        """
        answers = self.rush([press for group in groups for press in group])
        assert not [answer for answer in answers if answer.status >= 500], self.trouble(answers)
        assert not self.broken(), self.trouble(answers)
        coming = iter(answers)
        return [[next(coming) for _ in group] for group in groups]

    def rush(self, presses: Sequence[Press]) -> list[Answer]:
        """Press all buttons in the same instant, come of it what may."""
        gate = Barrier(len(presses), timeout=PATIENCE)
        order = random.sample(range(len(presses)), len(presses))  # the first of the list must not always be the first
        with ThreadPoolExecutor(len(presses)) as fingers:
            pressed = {place: fingers.submit(self._press, presses[place], gate) for place in order}
            return [pressed[place].result() for place in range(len(presses))]

    def _press(self, press: Press, gate: Barrier) -> Answer:
        headers, body = {"Cookie": press.browser.cookie, **press.headers}, None
        if press.fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode({"csrf_token": press.browser.token, **press.fields}, doseq=True)
        here = (press.address, 0)
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE, source_address=here)) as connection:
            connection.connect()
            gate.wait()
            connection.request("GET" if body is None else "POST", press.path, body, headers)
            response = connection.getresponse()
            said = response.read().decode()
            return Answer(response.status, response.getheader("Location"), response.getheader("Retry-After"), said)

    # What came of it

    def rows(self, query: str, **values: Any) -> list[Any]:
        """Ask the database itself."""
        with self.app.app_context(), db.engine.connect() as connection:
            return list(connection.execute(text(query), values))

    def session(self, session_id: int) -> CoachingSession:
        """Return a session as it stands now."""
        with self.app.app_context():
            return db.session.get_one(CoachingSession, session_id)

    def live_on(self, slot: TimeSlot) -> list[tuple[int, int]]:
        """Return the live sessions on a slot, and their students: at most one, if all is well."""
        query = "SELECT id, student_id FROM coaching_session WHERE slot_id = :slot AND cancelled_at IS NULL"
        return [tuple(row) for row in self.rows(query, slot=slot.id)]

    def on_offer(self, coach: User) -> set[int]:
        """Return the slots of a coach that are not withdrawn."""
        query = "SELECT id FROM time_slot WHERE coach_id = :coach AND withdrawn_at IS NULL"
        return {row.id for row in self.rows(query, coach=coach.id)}

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """Return every row of every table, to compare with `changed`."""
        return data.everything(self.app)

    def changed(self, before: dict[str, list[tuple[object, ...]]]) -> dict[str, tuple[int, int]]:
        """Count, for each table that is not as it was, the rows that are gone and those that are new."""
        after = self.everything()
        counts = {
            name: (len(set(rows) - set(after[name])), len(set(after[name]) - set(rows)))
            for name, rows in before.items()
        }
        return {name: count for name, count in counts.items() if any(count)}

    def broken(self) -> dict[str, list[Any]]:
        """Return which promises are broken, and by which rows."""
        found = {promise: self.rows(query) for promise, query in PROMISES.items()}
        return {promise: rows for promise, rows in found.items() if rows}

    def trouble(self, answers: Iterable[Answer]) -> str:
        """Say what happened, for whoever reads of a test that failed."""
        log = self._log.read_text()[self._read :]
        told = "\n".join(line for line in log.splitlines() if '"event": "request"' not in line)
        return f"{statuses(answers)}, broken: {self.broken()}\n{told[-3000:]}"

    @property
    def log(self) -> list[str]:
        """Every line that the server has written since `begin`."""
        return self._log.read_text()[self._read :].splitlines()


def statuses(answers: Iterable[Answer]) -> dict[int, int]:
    """Count the answers of each kind."""
    return dict(Counter(answer.status for answer in answers))


def day(number: int, clock: str = "10:00") -> datetime:
    """Return a moment (UTC) on a day counted from tomorrow: `day(0)` is tomorrow at ten, `day(-3)` has passed."""
    return datetime.combine(TODAY + timedelta(days=number + 1), time.fromisoformat(clock), UTC)


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
        rules.hold = _read_anew
    event.remove(Engine, "begin", extensions._begin_sqlite)
    return create_app()


def _read_anew(*rows: Any) -> None:
    for row in rows:
        db.session.refresh(row)
