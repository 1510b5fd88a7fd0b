"""The migrations make exactly the data that the models promise, and lose none on the way."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, text

from coaching import demo
from coaching.ddl import exists_on
from coaching.extensions import db, saving
from coaching.models import Base
from tests.databases import ROOT, Databases, app_on, close, everything
from tests.make import NOW

OURS = "n.nspname = 'public'"

# Everything that PostgreSQL knows of a schema, in its own words: (kind, table, name) and what it is.
POSTGRESQL = [
    f"""SELECT 'column', c.relname,
            lpad((row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum))::text, 2, '0') || ' ' || a.attname,
            concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE {OURS} AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped""",
    f"""SELECT 'constraint', c.relname, o.conname,
            concat_ws(' ', pg_get_constraintdef(o.oid), o.condeferrable, o.convalidated)
        FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {OURS}""",
    f"""SELECT 'index', c.relname, i.relname, pg_get_indexdef(i.oid)
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}""",
    f"""SELECT 'trigger', c.relname, t.tgname, pg_get_triggerdef(t.oid) || t.tgenabled::text
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {OURS} AND NOT t.tgisinternal""",
    f"""SELECT 'function', '', p.proname, pg_get_functiondef(p.oid)
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS}""",
    f"""SELECT c.relkind::text, '', c.relname, concat_ws(' ', s.seqtypid::regtype, s.seqincrement, s.seqcycle)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_sequence s ON s.seqrelid = c.oid
        WHERE {OURS} AND c.relkind NOT IN ('i', 'I')""",
]
SQLITE = ["SELECT type, tbl_name, name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"]

CONSTRAINTS = ("CONSTRAINT ", "CHECK ", "UNIQUE ", "FOREIGN ", "PRIMARY ")

# What the comparison of two schemas has to notice.
DIFFERENCES = {
    "another check": {
        "sqlite": "UPDATE sqlite_master SET sql = replace(sql, '(1, 2, 3, 4, 5)', '(0, 1)') WHERE name = 'feedback'",
        "postgresql": "ALTER TABLE feedback DROP CONSTRAINT rating_is_1_to_5, ADD CONSTRAINT rating_is_1_to_5 CHECK "
        "(rating IN (0, 1))",
    },
    "a missing overlap": {
        "sqlite": "DROP TRIGGER slots_of_one_coach_insert",
        "postgresql": "ALTER TABLE time_slot DROP CONSTRAINT slots_of_one_coach",
    },
    "a missing trigger": {
        "sqlite": "DROP TRIGGER slot_times_never_change",
        "postgresql": "DROP TRIGGER slot_times_never_change ON time_slot",
    },
    "another foreign key": {
        "sqlite": "UPDATE sqlite_master SET sql = replace(sql, 'ON DELETE CASCADE', '') WHERE name = 'sign_in'",
        "postgresql": "ALTER TABLE sign_in DROP CONSTRAINT fk_sign_in_user_id, ADD CONSTRAINT fk_sign_in_user_id "
        'FOREIGN KEY (user_id) REFERENCES "user" (id)',
    },
    "an index that is no longer partial": {
        "sqlite": "UPDATE sqlite_master SET sql = replace(sql, 'WHERE', '--') WHERE name = 'one_live_session_per_slot'",
        "postgresql": "ALTER INDEX one_live_session_per_slot RENAME TO old; "
        "CREATE UNIQUE INDEX one_live_session_per_slot ON coaching_session (slot_id); DROP INDEX old",
    },
    "another column": {
        "sqlite": "ALTER TABLE user ADD COLUMN shoe_size",
        "postgresql": 'ALTER TABLE "user" ALTER headline DROP NOT NULL',
    },
    "another thing that a trigger does": {
        "sqlite": "UPDATE sqlite_master SET sql = replace(sql, '-2 hours', '-1 hours') WHERE type = 'trigger'",
        "postgresql": "CREATE OR REPLACE FUNCTION slot_times_never_change() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN RETURN NEW; END'",
    },
}

Schema = dict[tuple[str, str, str], object]


@pytest.fixture
def fresh(databases: Databases, tmp_path) -> Iterator[Callable[[], Flask]]:
    """Makes an app on a database that has not even a table."""
    made: list[Flask] = []

    def make_it() -> Flask:
        made.append(app_on(databases.new(migrated=False), tmp_path))
        return made[-1]

    yield make_it
    for app in made:
        close(app)


@contextmanager
def connected(app: Flask) -> Iterator[Connection]:
    with app.app_context(), db.engine.begin() as connection:
        yield connection


def schema(app: Flask) -> Schema:
    with connected(app) as connection:
        return schema_of(connection)


def schema_of(connection: Connection) -> Schema:
    """Return all that the database knows of its schema, in an order that does not depend on how it was made."""
    is_sqlite = connection.dialect.name == "sqlite"
    return {
        (kind, table, name): normal(kind, said) if is_sqlite else " ".join(said.split())
        for question in (SQLITE if is_sqlite else POSTGRESQL)
        for kind, table, name, said in connection.execute(text(question))
        if "alembic_version" not in (table, name)
    }


def normal(kind: str, said: str) -> object:
    """Return what SQLite was told (it keeps the very words) without line ends, quotes and the order of constraints."""
    words = " ".join(said.replace('"', "").split()).replace("( ", "(").replace(" )", ")")
    if kind != "table":
        return words
    head, body = words.split("(", 1)
    parts = [part.strip() for part in top_level(body.removesuffix(")"))]
    constraints = [part for part in parts if part.startswith(CONSTRAINTS)]
    columns = [part.split(" CONSTRAINT ") for part in parts if part not in constraints]
    return head, [(column, sorted(its_own)) for column, *its_own in columns], sorted(constraints)


def top_level(body: str) -> list[str]:
    parts, depth = [""], 0
    for sign in body:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def up(app: Flask, revision: str = "head") -> None:
    with app.app_context():
        upgrade(revision=revision)


def down(app: Flask, revision: str = "-1") -> None:
    with app.app_context():
        downgrade(revision=revision)


def fill(app: Flask) -> None:
    with app.app_context(), saving():
        demo.fill(now=NOW)


def before(revision: str) -> str:
    """Return the revision that stands before another."""
    return ScriptDirectory(str(ROOT / "migrations")).get_revision(revision).down_revision or "base"


def revisions() -> list[str]:
    """Return every revision, the oldest first."""
    directory = ScriptDirectory(str(ROOT / "migrations"))
    return [script.revision for script in directory.walk_revisions()][::-1]


def test_the_migrations_make_the_schema_of_the_models(fresh):
    migrated, declared = fresh(), fresh()
    up(migrated)
    with declared.app_context():
        db.create_all()
    assert schema(migrated) == schema(declared)


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_the_comparison_sees(fresh, databases, difference):
    app = fresh()
    up(app)
    before = schema(app)
    with connected(app) as connection:
        if databases.kind == "sqlite":
            connection.execute(text("PRAGMA writable_schema = ON"))
        connection.exec_driver_sql(DIFFERENCES[difference][databases.kind])
        assert schema_of(connection) != before


# Alembic takes another spelling of the same generated column for a change that it cannot make; the schemas above agree.
@pytest.mark.filterwarnings("ignore:Computed default on")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_autogenerate_finds_nothing_to_add(fresh):
    app = fresh()
    up(app)
    with connected(app) as connection:
        what_is_here = {"include_object": exists_on(connection.dialect.name)}
        assert compare_metadata(MigrationContext.configure(connection, opts=what_is_here), Base.metadata) == []


@pytest.mark.parametrize("revision", revisions())
def test_every_migration_goes_down_and_up_again_with_data_in_it(fresh, revision):
    app = fresh()
    up(app)
    fill(app)
    whole = schema(app)

    down(app, before(revision))
    up(app, revision)
    up(app)

    assert schema(app) == whole


def test_of_what_was_booked_before_there_were_mails_both_are_reminded(fresh):
    app = fresh()
    up(app)
    fill(app)
    with app.app_context():
        asked = text(
            "SELECT session_id, person_id, kind, revision, due_at FROM email WHERE dropped_at IS NULL ORDER BY 1, 2, 3"
        )
        reminders = "SELECT count(*) FROM email WHERE kind IN ('reminder', 'last_reminder') AND dropped_at IS NULL"
        before, count = db.session.execute(asked).all(), db.session.scalar(text(reminders))
        db.session.remove()
    assert count > 40
    down(app, "0005")
    up(app)
    with app.app_context():
        after = db.session.execute(asked).all()
    assert after == [row for row in before if row[2] in {"reminder", "last_reminder", "feedback"}]


def test_without_its_migrations_nothing_is_left(fresh):
    app = fresh()
    up(app)
    fill(app)
    down(app, "base")
    assert schema(app) == {}
    up(app)
    fill(app)  # and everything can begin anew
    assert len(everything(app)["user"]) == 32


def test_migrating_a_database_that_is_up_to_date_changes_no_row(fresh):
    app = fresh()
    up(app)
    fill(app)
    before = everything(app)
    up(app)
    assert everything(app) == before


def test_of_several_processes_that_migrate_at_once_one_does_it_and_the_others_wait(databases):
    url = databases.new(migrated=False)
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    environ = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "only for tests, and long enough", "COACHING_DEMO": "1"}
    at_once = [
        subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = [process.communicate(timeout=60)[1] for process in at_once]
    assert [process.returncode for process in at_once] == [0, 0, 0, 0], "\n".join(said)
