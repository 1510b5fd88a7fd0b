"""Whoever presses in the same instant as somebody else: exactly one wins, and nothing breaks.

Everything here goes over HTTP to gunicorn with four processes, on SQLite and on PostgreSQL. `together` sends all requests
of a list at once, and after that looks whether any answer was a fault of ours, or any rule is broken in the data.

That the races are there to be lost is shown first: the same crowds on an app without its locks, on a database without
its constraints, do book one slot twice. On SQLite the lock is `BEGIN IMMEDIATE`; without it the app runs there in
autocommit, since SQLite would otherwise refuse a transaction that has read what another one changed.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coaching.models import CoachingSession, TimeSlot
from tests.databases import Databases
from tests.racing import Answer, Race, day, statuses, take_constraints_off

pytestmark = [pytest.mark.real_time, pytest.mark.xdist_group("races")]

WITHOUT_LOCKS = "tests.racing:without_locks()"
MOST_ROUNDS = 20  # a race that is there shows in the first or second


@pytest.fixture(scope="module")
def served(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Race]:
    """The app as it is deployed."""
    race = Race(databases.new(), tmp_path_factory.mktemp("race"))
    yield race.wait()
    race.close()


@pytest.fixture(scope="module")
def unlocked(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Race]:
    """The app without its locks; the constraints stand."""
    race = Race(databases.new(), tmp_path_factory.mktemp("unlocked"), serves=WITHOUT_LOCKS)
    yield race.wait()
    race.close()


@pytest.fixture
def unprotected(unlocked: Race) -> Iterator[Race]:
    raise NotImplementedError


@pytest.fixture
def race(served: Race) -> Race:
    """The app as it is deployed, on an empty database."""
    return served.begin()


# The crowds


def a_slot_for_200(race: Race, rounds: int) -> Iterator[list[Answer]]: ...
