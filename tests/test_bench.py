"""The bench: what it refuses to fill, what it says is missing, and that what it fills is sound. Never how quick."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import click
import psycopg
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from bench import beside, filling, one_by_one, tools, visiting
from bench.__main__ import NEEDS, bench
from bench.databases import app_on
from bench.filling import CannotFillError, Size
from bench.parts import PARTS
from bench.report import draw
from bench.rounds import Ratio, in_turns
from coaching.extensions import db
from tests.make import NOW

SIZE = Size(coaches=3)
SETTLED = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
    ORDER BY 1, 2
"""


@pytest.fixture
def run() -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(bench, words)


@pytest.fixture(scope="module")
def filled(databases) -> str:
    """A database with a small programme in it."""
    url = databases.new(called="bench")
    filling.fill(url, SIZE, NOW)
    return url


def counted(url: str, folder: Path, *tables: str) -> list[int]:
    with app_on(url, folder) as app, app.app_context():
        return [db.session.scalar(text(f'SELECT count(*) FROM "{table}"')) for table in tables]


# What is refused


def test_it_fills_only_what_is_called_a_bench(run, databases, tmp_path):
    url = databases.new()
    done = run("fill", url, "--coaches", "1")
    assert (done.exit_code, done.output) == (
        1,
        "Error: Nothing is filled: only a database with “bench” in its name is filled.\n",
    )
    assert counted(url, tmp_path, "user") == [0]


@pytest.mark.parametrize("name", ["not-bench/there", "bench/there"])
def test_the_name_of_a_folder_or_of_the_server_is_not_the_databases(run, name):
    assert "in its name" in run("fill", f"sqlite:////bench/{name}", "--coaches", "1").output
    assert "in its name" in run("fill", f"postgresql://bench@{name.replace('/', ':')}", "--coaches", "1").output


def test_it_fills_only_what_is_migrated(run, databases):
    url = databases.new(migrated=False, called="bench")
    file = Path(url.removeprefix("sqlite:///"))
    if databases.kind == "sqlite":
        file.touch()
    done = run("fill", url, "--coaches", "1")
    assert databases.kind != "sqlite" or file.read_bytes() == b""
    assert done.exit_code == 1
    assert "Run: flask db upgrade" in done.output
    assert done.output.count("\n") == 1


def test_it_fills_nothing_with_people_in_it(run, filled, tmp_path):
    before = counted(filled, tmp_path, "user", "time_slot", "coaching_session")
    done = run("fill", filled, "--coaches", "1")
    assert done.exit_code == 1
    assert done.output.endswith("Error: Nothing is filled: there are people in this database already.\n")
    assert counted(filled, tmp_path, "user", "time_slot", "coaching_session") == before


def test_it_makes_no_file_where_there_is_none(run, tmp_path):
    done = run("fill", f"sqlite:///{tmp_path}/bench.sqlite3", "--coaches", "1")
    assert (done.exit_code, done.output) == (1, "Error: Nothing is filled: there is no such file.\n")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_said_in_one_line(run):
    done = run("fill", "postgresql://nobody@127.0.0.1:1/bench", "--coaches", "1")
    assert done.exit_code == 1
    assert done.output.startswith("Error: Nothing is filled: connection")
    assert done.output.count("\n") == 1


# What is missing


@pytest.mark.parametrize(("part", "package"), [("latency", "wrk"), ("servers", "nginx")])
def test_a_program_that_is_missing_is_named_with_what_installs_it(run, monkeypatch, part, package):
    monkeypatch.setenv("PATH", "/nowhere")
    done = run("--only", part)
    assert (done.exit_code, done.output) == (
        1,
        f"Error: {package} is missing. On Debian, as root: apt-get install {package}\n",
    )


def test_so_is_pgbench_which_comes_with_the_server(run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(tools, "_postgres", lambda: "/nowhere")
    done = run("--only", "booking")
    assert (done.exit_code, done.output) == (
        1,
        "Error: pgbench is missing. On Debian, as root: apt-get install postgresql\n",
    )


def test_so_is_the_server(run, monkeypatch):
    monkeypatch.setattr(tools, "_postgres", lambda: None)
    done = run("--only", "sql")
    assert (done.exit_code, done.output) == (
        1,
        "Error: There is no PostgreSQL server here. On Debian, as root: apt-get install postgresql\n",
    )


def test_what_a_part_needs_is_said_of_parts_that_there_are():
    assert set(NEEDS) <= set(PARTS)


# What is filled


def test_there_is_as_much_as_the_size_says(filled, tmp_path):
    people, slots, sessions = counted(filled, tmp_path, "user", "time_slot", "coaching_session")
    assert (people, slots) == (SIZE.coaches + SIZE.students, SIZE.slots)
    assert slots * 0.7 < sessions < slots


@pytest.mark.parametrize("page", visiting.LISTS, ids=lambda page: page.title)
def test_its_people_see_their_lists(filled, tmp_path, page):
    with app_on(filled, tmp_path) as app:
        for who, path in page.asked(SIZE, 2):
            assert "<h1" in visiting.look(app, who, path)


def test_a_page_from_constant_rows_asks_only_who_is_there(filled, tmp_path, monkeypatch):
    for module, names in beside.QUESTIONS.items():
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name))  # to be put back afterwards
    with app_on(filled, tmp_path) as app:
        beside.serve(app, {"coaches": "kept"})
        for page in visiting.PAGES:
            [(who, path)] = page.asked(SIZE, 1)
            usual, first = visiting.look(app, who, path), visiting.look(app, who, f"/rendered{path}")
            with visiting.overheard(app) as said:
                again = visiting.look(app, who, f"/rendered{path}")
            assert usual == first == again == visiting.look(app, who, f"/kept{path}")
            [(asked, _)] = [statement for statement in said if statement[0] not in visiting.FRAME]
            assert "FROM sign_in" in asked
        assert visiting.look(app, 1, "/ceiling/coaches") == visiting.look(app, 1, "/bare/coaches") == "kept"


class Answering(BaseHTTPRequestHandler):
    """Answers /one and /other, over one connection; anything else is not there."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200 if self.path in {"/one", "/other"} else 404)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"x" * 1000)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def answering() -> Iterator[int]:
    Answering.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.real_time
def test_each_way_is_asked_in_its_turn(answering):
    ways = {path: [one_by_one.get(f"/{path}", "a=b")] * 2 for path in ("one", "other")}
    rates = one_by_one.in_turns(answering, ways, 1000, 2)
    assert Answering.asked == ["/one", "/other", "/one", "/other", "/other", "/one", "/other", "/one"]
    assert [*rates] == ["one", "other"]
    assert all(rate > 0 for rate in rates.values())


@pytest.mark.real_time
@pytest.mark.parametrize(("path", "least"), [("/nothing", 0), ("/one", 2000)])
def test_a_wrong_answer_ends_it(answering, path, least):
    with pytest.raises(click.ClickException, match=path):
        one_by_one.in_turns(answering, {"it": [one_by_one.get(path, "")]}, least, 1)


def test_in_a_sparse_one_hardly_anything_is_free():
    size = Size(coaches=300, is_sparse=True)
    free = [(coach, nth) for coach in range(300) for nth in range(450, 500) if not size.is_booked(coach, nth)]
    assert free == [(coach, nth) for coach in (99, 249) for nth in range(495, 500)]


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_on_postgresql_all_constraints_and_triggers_are_put_back(databases):
    url = databases.new(called="bench")
    with psycopg.connect(url) as connection:
        before = connection.execute(SETTLED).fetchall()
        connection.commit()
        filling.fill(url, SIZE, NOW)
        assert connection.execute(SETTLED).fetchall() == before


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_on_postgresql_it_sets_what_triggers_would_keep(databases):
    url = databases.new(called="bench")
    filling.fill(url, SIZE, NOW)
    with psycopg.connect(url) as connection:
        wrong = connection.execute(
            "SELECT count(*) FROM time_slot WHERE is_booked <> EXISTS ("
            "SELECT FROM coaching_session WHERE slot_id = time_slot.id AND cancelled_at IS NULL)"
        )
        assert wrong.fetchone() == (0,)
        until = connection.execute('SELECT role, min(offers_until), count(*) FROM "user" GROUP BY role ORDER BY role')
        [(_, first, _), (_, none, _)] = until.fetchall()
        assert first > NOW + timedelta(days=7)
        assert none is None


def test_a_database_is_filled_on_the_command_line(run, databases, tmp_path):
    url = databases.new(called="bench")
    done = run("fill", url, "--coaches", "1", "--sparse")
    assert (done.exit_code, counted(url, tmp_path, "time_slot")) == (0, [500])


def test_who_fills_a_database_twice_is_stopped_inside_as_well(filled):
    with pytest.raises(CannotFillError):
        filling.fill(filled, SIZE, datetime.now(UTC))


# What is said


def test_everything_is_measured_in_turns():
    seen: list[str] = []

    def measure(name: str) -> Callable[[], float]:
        def measured() -> float:
            seen.append(name)
            return len(seen)

        return measured

    assert in_turns("", {name: measure(name) for name in "abc"}, 2) == {"a": [1, 6], "b": [2, 5], "c": [3, 4]}
    assert "".join(seen) == "abccba"


def test_a_plot_names_each_ratio_once():
    facts: dict[str, Any] = Ratio("a & b", [2.0, 3.0, 9.0], [1.0, 1.0, 1.0], "ms").facts() | {"target": 1.5}
    assert (facts["median"], facts["min"], facts["max"]) == (3, 2, 9)
    about = {"effort": {"rounds": 3}, "date": "2026-11-23", "commit": "abc", "machine": {"cores": 2}, "quick": False}
    drawn = draw({"pages": {**about, "ratios": [facts]}})
    assert drawn.count("a &amp; b") == drawn.count('class="target"') == 1
