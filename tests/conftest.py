"""What every test is given.

Whoever takes `app`, or anything made of it (`make`, `client`, `do`, …), runs twice: on SQLite and on PostgreSQL. The
clock stands still at `NOW` unless a test moves it.
"""

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path
from typing import Any, TypeVar

import pytest
import time_machine
from flask import Flask
from hypothesis import settings
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from coaching import letters
from coaching.extensions import db, saving
from coaching.models import CoachingSession, Email, TimeSlot, User
from coaching.terms import Terms
from tests import databases as data
from tests.databases import Cluster, Databases, Postgres
from tests.make import NOW, Make
from tests.statements import Statements
from tests.visiting import Client

Said = TypeVar("Said")

CLUSTER = pytest.StashKey[Cluster]()
NOT_TESTED = "not tested "  # how the reason of a skip begins that CI does not accept; see also tests/browser
NO_POSTGRES = f"{NOT_TESTED}on PostgreSQL: "
IN_CI = os.environ.get("CI") == "true"

settings.register_profile("here", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, max_examples=300)
settings.load_profile("ci" if IN_CI else "here")


# One PostgreSQL for the run, whichever process asks for it


def pytest_configure(config: pytest.Config) -> None:
    """Be ready to start PostgreSQL, in the process that began the run."""
    config.addinivalue_line("markers", "real_time: the clock runs as it does outside")
    if not hasattr(config, "workerinput"):
        config.stash[CLUSTER] = Cluster()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where PostgreSQL is."""
    node.workerinput["postgres"] = tuple(node.config.stash[CLUSTER].find())


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started."""
    if CLUSTER in config.stash:
        config.stash[CLUSTER].stop()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in one line what could not be tested, and why: a skipped test is not a passed one."""
    for reason, count in Counter(_untested(terminalreporter)).items():
        terminalreporter.write_line(f"NOT TESTED: {count} tests {reason}", red=True, bold=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail where CI could not test everything."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_CI and exitstatus == 0 and reporter and _untested(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _untested(reporter: Any) -> list[str]:
    reasons = [skip.longrepr[2] for skip in reporter.stats.get("skipped", []) if isinstance(skip.longrepr, tuple)]
    return [reason.partition(NOT_TESTED)[2] for reason in reasons if NOT_TESTED in reason]


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> str:
    """The URL of a PostgreSQL in which databases can be made."""
    given = getattr(request.config, "workerinput", None)
    found = Postgres(*given["postgres"]) if given else request.config.stash[CLUSTER].find()
    if found.why_not:
        pytest.skip(NO_POSTGRES + found.why_not)
    return found.url


# The clock


@pytest.fixture(autouse=True)
def clock(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The clock, which stands still: `clock.shift(timedelta(hours=1))`, `clock.move_to(moment)`."""
    if request.node.get_closest_marker("real_time"):
        yield None
        return
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


# The databases, and an app on each


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes further databases: `databases.new()`, `databases.new(migrated=False)`."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else ""
    made = Databases(request.param, tmp_path_factory.mktemp(request.param), server)
    yield made
    made.remove()


@pytest.fixture(scope="session")
def database_url(databases: Databases) -> str:
    """Where the app of the tests keeps its data."""
    return databases.new()


@pytest.fixture(scope="session")
def app_of_all_tests(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The app, made once."""
    made = data.app_on(database_url, tmp_path_factory.mktemp("instance"))
    yield made
    data.close(made)


@pytest.fixture
def app(app_of_all_tests: Flask) -> Flask:
    """The app, in demo mode, on an empty database."""
    data.empty(app_of_all_tests)
    shutil.rmtree(Path(app_of_all_tests.instance_path) / "mail", ignore_errors=True)
    return app_of_all_tests


@pytest.fixture
def new_app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Flask]]:
    """Makes another app on the same database, with other settings: `new_app(COACHING_DEMO="0")`."""
    made: list[Flask] = []

    def make_it(**environ: str) -> Flask:
        made.append(data.app_on(database_url, tmp_path_factory.mktemp("instance"), **environ))
        return made[-1]

    yield make_it
    for each in made:
        data.close(each)


# What a test does with it


@pytest.fixture
def make(app: Flask) -> Make:
    """Makes people, slots, sessions and feedback: `make.student()`."""
    return Make(app)


@pytest.fixture
def terms(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what is asked of students: `terms(notice=timedelta(days=1))`."""
    return lambda **asked: monkeypatch.setitem(app.config, "TERMS", Terms(**asked))


@pytest.fixture
def statements(app: Flask) -> Iterator[Statements]:
    """The app's SQL: `with statements.counted() as said: …`."""
    heard = Statements(app)
    yield heard
    heard.close()


@pytest.fixture
def client(app: Flask, statements: Statements) -> Client:
    """A browser: `client.sign_in(person).get("/sessions/")`."""
    return Client(app, statements)


@pytest.fixture
def new_client(app: Flask, statements: Statements) -> Iterator[Callable[..., Client]]:
    """Opens further browsers, each with cookies of its own: `new_client()`, `new_client(new_app(…))`."""
    heard: list[Statements] = []

    def open_it(other: Flask | None = None) -> Client:
        if other is None:
            return Client(app, statements)
        heard.append(Statements(other))
        return Client(other, heard[-1])

    yield open_it
    for each in heard:
        each.close()


@pytest.fixture
def everything(app: Flask) -> Callable[[], dict[str, list[tuple[object, ...]]]]:
    """Every row of every table: `before = everything(); …; assert everything() == before`."""
    return lambda: data.everything(app)


@pytest.fixture
def do(app: Flask) -> Callable[..., Any]:
    """Does what a rule says, as a view does: what it is about read anew, and all of it or nothing saved."""

    def does(rule: Callable[..., Said], *about: Any, **more: Any) -> Said:
        with app.app_context():
            about = tuple(read_anew(thing) for thing in about)
            with saving():
                return rule(*about, **more)

    return does


@pytest.fixture
def ask(app: Flask) -> Callable[..., Any]:
    """Asks a query, as a view does."""

    def asks(query: Callable[..., Said], *about: Any, **more: Any) -> Said:
        with app.app_context():
            return query(*(read_anew(thing) for thing in about), **more)

    return asks


def read_anew(thing: Any) -> Any:
    """Return a row as the views load it: slots with their coach, sessions with both people. Anything else as it is."""
    kind = type(thing)
    people = {
        User: (),
        TimeSlot: (joinedload(TimeSlot.coach),),
        CoachingSession: (joinedload(CoachingSession.coach), joinedload(CoachingSession.student)),
    }
    if kind not in people:
        return thing
    return db.session.scalars(select(kind).options(*people[kind]).where(kind.id == thing.id)).one()


# What is mailed


@pytest.fixture
def kept(app):
    """All mails, sent, dropped or waiting."""

    def asks():
        with app.app_context():
            return db.session.scalars(select(Email).order_by(Email.id)).all()

    return asks


@pytest.fixture
def send(app):
    """Sends what is due at a moment, as a worker does, and returns what has been sent so far."""

    def sends(now=NOW):
        with app.app_context():
            letters.work(is_over=threading.Event(), until_done=True, now=lambda: now)
        files = sorted(Path(app.instance_path, "mail").glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=default_policy) for file in files]

    return sends
