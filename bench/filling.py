"""Fills an empty database with a programme of any size: people, slots (nine tenths are past), sessions, feedback.

The same size gives the same data each time, around now. Students and coaches are mixed, so that what one reader sees
is spread over the tables as it would be after years.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

import psycopg

SLOTS_PER_COACH, PAST = 500, 450
STUDENTS_PER_COACH = 5
QUARTER = timedelta(minutes=15)
APART = timedelta(hours=4)  # the slots of one coach, from start to start
SIGNED_IN = 500  # of each role, at the most

Row = tuple[Any, ...]
Watch = Callable[[Iterable[Row]], Iterable[Row]]  # hands rows on, and may count them

FIRST = ("Ana", "Bohdan", "Chidi", "Dalia", "Elif", "Farid", "Greta", "Hana", "Ines", "Jonas", "Kofi", "Lea", "Mateo")
LAST = ("Adeyemi", "Bauer", "Costa", "Dvořák", "Eriksen", "Fontaine", "Gómez", "Haddad", "Ito", "Jansen", "Kowalska")
SUBJECTS = ("Career changes", "First hundred days as a lead", "Writing", "", "Negotiating", "Returning to work")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Africa/Lagos", "Australia/Sydney")
NOTE = "Went through the plan for the next weeks.\n\n- **Asked** for an example\n- Will call the other team"

ROWS = {
    '"user"': "id role name email phone time_zone headline created_at hour_cycle",
    "sign_in": "user_id token_hash created_at seen_at ends_at",
    "time_slot": "id coach_id starts_at ends_at offered_at is_booked",
    "coaching_session": (
        "id slot_id coach_id starts_at ends_at student_id booked_at cancelled_at cancelled_by_id is_recorded"
    ),
    "feedback": "session_id left_by rating note created_at",
}

# Triggers would run once for each row. What they keep (coaching/kept.py), PostgreSQL is told all at once instead.
WITH_TRIGGERS = ("time_slot", "coaching_session", "feedback")
OFFERS_UNTIL = """
    UPDATE "user" SET offers_until = latest.starts_at FROM (
        SELECT coach_id, max(starts_at) AS starts_at FROM time_slot
        WHERE NOT is_booked AND withdrawn_at IS NULL AND starts_at > %s - interval '2 hours' GROUP BY coach_id
    ) AS latest WHERE "user".id = latest.coach_id
"""


class Size(NamedTuple):
    """How much there is. Where it is sparse, one coach in 150 has free slots, and only their last ones."""

    coaches: int
    is_sparse: bool = False

    @property
    def slots(self) -> int:
        return self.coaches * SLOTS_PER_COACH

    @property
    def students(self) -> int:
        return self.coaches * STUDENTS_PER_COACH

    @property
    def rows(self) -> int:
        """How many rows there are in all tables, roughly."""
        return self.coaches * 1200

    def is_booked(self, coach: int, number: int) -> bool:
        """Tell whether a coach's nth slot is booked: four of five past ones, and half of those ahead."""
        if number < PAST:
            return (coach * 7 + number * 3) % 5 > 0
        if self.is_sparse:
            return coach % 150 != 99 or number < SLOTS_PER_COACH - 5
        return (coach * 7 + number * 3) % 2 > 0


class CannotFillError(Exception):
    """Its message is one line for who asked."""


def token(number: int) -> str:
    """Return what the cookie of the nth sign-in holds."""
    return f"bench-{number}"


class Programme:
    """The rows of every table, in the order of `ROWS`, as they would be after years. Moments are texts in UTC."""

    def __init__(self, size: Size, now: datetime) -> None:
        self.now = now = now.replace(microsecond=0)
        first = now.replace(minute=0, second=0, microsecond=0) - PAST * APART
        self._size = size
        self._now, self._before = _said(now), _said(first - timedelta(days=9))
        self._later, self._end = (_said(now + timedelta(days=days)) for days in (1, 9))
        # Said once, because the slots of all coaches begin at the same few thousand moments.
        self._moments = [_said(first + timedelta(minutes=15 * quarter)) for quarter in range(SLOTS_PER_COACH * 16 + 12)]
        self._students = range(size.coaches + 1, size.coaches + size.students + 1)

    def tables(self) -> dict[str, Iterator[Row]]:
        """Return where the rows of each table come from; people first, what hangs on them after."""
        signed_in = [*range(1, self._size.coaches + 1)[:SIGNED_IN], *self._students[:SIGNED_IN]]
        return {
            '"user"': map(self._person, range(1, self._students.stop)),
            "sign_in": map(self._sign_in, signed_in),
            "time_slot": ((*self._slot(*it), self._before, self._size.is_booked(*it)) for it in self._slots()),
            "coaching_session": self._sessions(),
            "feedback": self._feedback(),
        }

    def _person(self, number: int) -> Row:
        is_coach = number not in self._students
        mixed = number * 7919  # names are in another order than ids
        name = f"{FIRST[mixed % 13]} {LAST[mixed // 13 % 11]} {mixed % 9973}"
        headline = SUBJECTS[number % 6] if is_coach else ""
        role, email, phone = "coach" if is_coach else "student", f"person-{number}@example.org", f"+4420{number:08}"
        return (number, role, name, email, phone, ZONES[number % 5], headline, self._before, 24 if number % 3 else 12)

    def _sign_in(self, number: int) -> Row:
        # Seen tomorrow: a page then never writes down that it was used.
        return (number, sha256(token(number).encode()).hexdigest(), self._before, self._later, self._end)

    def _slots(self) -> Iterator[tuple[int, int]]:
        """Go through coaches (from 0) and the numbers of their slots, in order of time."""
        return itertools.product(range(self._size.coaches), range(SLOTS_PER_COACH))

    def _slot(self, coach: int, number: int) -> Row:
        start = number * (APART // QUARTER) + coach % 4
        return (coach * SLOTS_PER_COACH + number + 1, coach + 1, self._moments[start], self._moments[start + 8])

    def _student(self, coach: int, number: int) -> int:
        """Return who has the nth slot of a coach. No two coaches have the same student at one time."""
        circle = (coach + number) % self._size.coaches
        return self._students[circle * STUDENTS_PER_COACH + number % STUDENTS_PER_COACH]

    def _sessions(self) -> Iterator[Row]:
        ids = itertools.count(1)
        for coach, number in self._slots():
            slot, before = self._slot(coach, number), self._before
            if self._size.is_booked(coach, number):
                session_id = next(ids)
                is_recorded = slot[3] < self._now and session_id % 3 > 0
                yield (session_id, *slot, self._student(coach, number), before, None, None, is_recorded)
            if number % 20 == 7:
                yield (next(ids), *slot, self._student(coach, number), before, before, coach + 1, False)

    def _feedback(self) -> Iterator[Row]:
        for session_id, _, coach_id, *_, is_recorded in self._sessions():
            if is_recorded:
                yield (session_id, coach_id, session_id % 5 + 1, NOTE, self._now)


def fill(url: str, size: Size, now: datetime, watch: Watch = iter) -> None:
    """Fill a database that is migrated and empty. Raises CannotFillError, and changes nothing, where people are."""
    programme = Programme(size, now)
    if url.startswith("sqlite"):
        _fill_sqlite(url.removeprefix("sqlite:///"), programme, watch)
    else:
        _fill_postgres(url, programme, watch)


def _fill_sqlite(path: str, programme: Programme, watch: Watch) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("lower", 1, lambda text: text and text.lower(), deterministic=True)
        for statement in ("PRAGMA foreign_keys = ON", "PRAGMA cache_size = -1000000", "BEGIN IMMEDIATE"):
            connection.execute(statement)
        _refuse_unless_empty(connection)
        for table, rows in programme.tables().items():
            columns = ROWS[table].split()
            places = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", watch(rows))
        connection.execute("COMMIT")
        connection.execute("ANALYZE")


def _fill_postgres(url: str, programme: Programme, watch: Watch) -> None:
    with psycopg.connect(url, options="-c maintenance_work_mem=1GB -c timezone=UTC") as connection:
        _refuse_unless_empty(connection)
        with _in_bulk(connection):
            for table, rows in programme.tables().items():
                columns = ROWS[table].split()
                with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in watch(rows):
                        copy.write_row(row)
                if "id" in columns:
                    connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
            connection.execute(OFFERS_UNTIL, [programme.now])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _refuse_unless_empty(connection: Any) -> None:
    if connection.execute('SELECT id FROM "user" LIMIT 1').fetchone():
        raise CannotFillError("there are people in this database already")


@contextmanager
def _in_bulk(connection: psycopg.Connection) -> Iterator[None]:
    """Take indexes and constraints away, and put them back: all rows are then checked at once, and all the same."""
    constraints = connection.execute(
        "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'x', 'f') "
        "ORDER BY array_position(ARRAY['f', 'x', 'u', 'p'], contype::text)"
    ).fetchall()
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname <> ALL(%s)",
        [[name for _, name, _ in constraints]],
    ).fetchall()
    for table in WITH_TRIGGERS:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for table, name, _ in constraints:
        connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _ in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in indexes:
        connection.execute(definition)
    for table, name, definition in reversed(constraints):
        connection.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    for table in WITH_TRIGGERS:
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _said(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}.000000"
