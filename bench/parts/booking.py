"""A booking through the app over the same statements sent by pgbench: what is the app's own share of it.

Both book slots that were made for it, the nth by the student with the nth coach's number, so that pgbench can reckon
which comes next: no student books two that overlap, and nobody is ever refused.
"""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import click
import psycopg
from psycopg import sql

from bench import filling, visiting
from bench.databases import app_on
from bench.filling import SIGNED_IN
from bench.loading import Load
from bench.rounds import Ratio, in_turns
from bench.run import Run
from bench.serving import gunicorn
from bench.tools import find
from bench.visiting import Statement
from coaching.auth.rules import hashed

CONNECTIONS = 16
A_SECOND = 6000  # bookings: more than anything here manages
SYNC = ("--worker-class", "sync", "--threads", "1")
APART = timedelta(hours=4)
EXAMPLE = 37  # the number of the booking that is listened to; its ids are no other number in the statements

MAKE_SLOTS = """
    INSERT INTO time_slot (id, coach_id, starts_at, ends_at, offered_at)
    SELECT %(first)s + nth, 1 + nth %% %(wide)s, at, at + interval '2 hours', now() - interval '1 day'
    FROM generate_series(0, %(many)s - 1) AS nth,
    LATERAL (SELECT %(start)s + nth / %(wide)s * %(apart)s AS at) AS moment
"""


class Ground(NamedTuple):
    """The slots to book: `many` from the id `first` on, side by side of as many coaches as `wide`, then later ones."""

    first: int
    many: int
    wide: int
    start: datetime
    last_session: int
    students: int  # the id before the first student's

    def student(self, nth: int) -> int:
        """Return who books the nth slot."""
        return self.students + 1 + nth % self.wide

    def said_as(self, now: datetime) -> dict[Any, str]:
        """Return how pgbench says what is in the statements of the example."""
        nth, start = EXAMPLE, self.start + EXAMPLE // self.wide * APART
        return {
            self.first + nth: ":slot",
            1 + nth % self.wide: ":coach",
            self.student(nth): ":student",
            start: "to_timestamp(:start)",
            start + timedelta(hours=2): "to_timestamp(:start + 7200)",
            hashed(filling.token(self.student(nth))): "encode(sha256(convert_to('bench-' || :student, 'UTF8')), 'hex')",
            now: "now()",
        }


def measure(run: Run) -> list[Ratio]:
    """Measure transactions per second, of gunicorn with threads, as deployed, and without; 16 connections each."""
    url, seconds = run.databases.copy(run.size, "booking"), run.effort.seconds
    ground = _prepare(url, run, A_SECOND * max(seconds, 1))
    requests, script = _requests(url, ground, run), run.folder / "booking.sql"
    script.write_text("\n".join(_script(_listen(url, ground, run), ground)) + "\n")
    with ExitStack() as stack:
        ports = {
            "threads": stack.enter_context(gunicorn(url, run.folder)),
            "sync": stack.enter_context(gunicorn(url, run.folder, *SYNC)),
        }
        measures = {name: partial(_book, url, ground, requests, port, seconds) for name, port in ports.items()}
        measures["pgbench"] = partial(_pgbench, url, ground, script, seconds)
        for once in measures.values():
            once()
        found = in_turns("booking", measures, run.effort.rounds)
    return [
        Ratio("A booking under gunicorn as deployed, over pgbench", found["threads"], found["pgbench"], "bookings/s"),
        Ratio("A booking under gunicorn's sync workers, over pgbench", found["sync"], found["pgbench"], "bookings/s"),
    ]


def _prepare(url: str, run: Run, many: int) -> Ground:
    """Make free slots, after all the others."""
    wide = min(run.size.coaches, SIGNED_IN)
    with psycopg.connect(url) as connection:
        last, end = connection.execute("SELECT max(id), max(ends_at) FROM time_slot").fetchall()[0]
        [[session]] = connection.execute("SELECT max(id) FROM coaching_session").fetchall()
        start = end.astimezone(UTC).replace(minute=0) + APART
        ground = Ground(last + 1, many, wide, start, session, run.size.coaches)
        connection.execute(MAKE_SLOTS, {**ground._asdict(), "apart": APART})
    _clear(url, ground)
    return ground


def _clear(url: str, ground: Ground) -> None:
    """Take the bookings away again, before each measuring: all of them find the same."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM coaching_session WHERE id > %s", [ground.last_session])
        connection.execute("VACUUM ANALYZE coaching_session, time_slot")
        connection.execute("CHECKPOINT")


def _requests(url: str, ground: Ground, run: Run) -> Load:
    """Return the requests that book, one for each slot. Each must be answered with the way to a session."""
    with app_on(url, run.folder) as app:
        body = urlencode({"csrf_token": visiting.form_token(app), "topic": ""})
        cookies = [visiting.cookie(app, ground.student(nth)) for nth in range(ground.wide)]
    asked = [(cookies[nth % ground.wide], f"/sessions/book/{ground.first + nth}", body) for nth in range(ground.many)]
    return Load.of(asked, run.folder / "booking.requests", expected="^303 /sessions/%d+$", connections=CONNECTIONS)


def _book(url: str, ground: Ground, requests: Load, port: int, seconds: int) -> float:
    _clear(url, ground)
    answers = requests.put_on(port, seconds)
    booked = _settled(url, ground)
    if not answers.requests <= booked <= answers.requests + CONNECTIONS:  # the last of each may be on its way
        raise click.ClickException(f"{answers.requests} bookings were answered, and {booked} are there")
    return answers.rate


def _settled(url: str, ground: Ground) -> int:
    """Return how many bookings there are, when those are in that wrk left behind on their way."""
    with psycopg.connect(url, autocommit=True) as connection:
        counts = [-1]
        while len(counts) < 3 or len({*counts[-3:]}) > 1:
            asked = "SELECT count(*) FROM coaching_session WHERE id > %s"
            counts.append(connection.execute(asked, [ground.last_session]).fetchall()[0][0])
            time.sleep(0.3)
        return int(counts[-1])


def _listen(url: str, ground: Ground, run: Run) -> list[Statement]:
    """Return what the app says to the database for one booking."""
    with app_on(url, run.folder) as app:
        token, cookie = visiting.form_token(app), visiting.cookie(app, ground.student(EXAMPLE))
        with visiting.overheard(app) as said:
            answer = app.test_client(use_cookies=False).post(
                f"/sessions/book/{ground.first + EXAMPLE}",
                data={"csrf_token": token},
                base_url="http://localhost",
                headers={"Cookie": cookie},
            )
    if answer.status_code != 303:
        raise click.ClickException(f"A booking answers {answer.status_code}")
    return said


def _script(said: list[Statement], ground: Ground) -> Iterator[str]:
    """Turn one booking into what pgbench repeats, each time with the next slot and student."""
    yield f"\\set nth :client_id + {CONNECTIONS} * :done"
    yield "\\set done :done + 1"
    yield f"\\set slot {ground.first} + :nth"
    yield f"\\set coach 1 + :nth % {ground.wide}"
    yield f"\\set student {ground.students} + 1 + :nth % {ground.wide}"
    yield f"\\set start {int(ground.start.timestamp())} + :nth / {ground.wide} * {APART // timedelta(seconds=1)}"
    booked_at = next(values["booked_at"] for _, values in said if "booked_at" in values)
    names = ground.said_as(booked_at)
    for statement, values in said:
        # Which session it has become, the mails about it say.
        end = " \\gset booked_" if statement.startswith("INSERT INTO coaching_session") else ";"
        yield " ".join(_with_values(statement, values, names).split()) + end


def _with_values(statement: str, values: Mapping[str, Any], names: Mapping[Any, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1].startswith("session_id"):
            return ":booked_id"
        said = values[found[1]]
        if said in names:
            return names[said]
        return sql.Literal(said).as_string()

    return re.sub(r"%\((\w+)\)s", value, statement).replace("%%", "%")


def _pgbench(url: str, ground: Ground, script: Path, seconds: int) -> float:
    _clear(url, ground)
    command = [find("pgbench"), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(seconds)]
    command += ["-D", "done=0", "-f", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    booked = re.search(r"transactions actually processed: (\d+)", done.stdout)
    if done.returncode or not rate or not booked:
        raise click.ClickException(f"pgbench fails: {done.stderr.strip()}")
    if int(booked[1]) + CONNECTIONS > ground.many:
        raise click.ClickException(f"pgbench wants more than the {ground.many} slots that there are")
    return float(rate[1])
