"""What a page may cost where there are 500,000 slots: what it shows, whatever lies in the past."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from bench import filling, visiting
from bench.databases import app_on
from bench.filling import Size
from bench.visiting import FRAME, LISTS, Statement
from coaching.extensions import db

pytestmark = pytest.mark.xdist_group("budgets")  # they share a database that takes a minute to fill

READERS = 5
BLOCKS, BLOCKS_A_ROW = 100, 10  # of 8 kB: to look a person, a feedback or a pair up takes three each, the row one
HTML, HTML_A_ROW = 40_000, 1_600  # bytes; an empty week has its hours


class Filled(NamedTuple):
    """A database of the bench, and the app on it."""

    url: str
    size: Size
    app: Flask


@pytest.fixture(scope="module")
def filled(databases, tmp_path_factory) -> Iterator[Filled]:
    """On SQLite smaller: there the plans are looked at, and they do not depend on how much there is."""
    size = Size(coaches=1000 if databases.kind == "postgresql" else 10)
    url = databases.new(called="bench")
    filling.fill(url, size, datetime.now(UTC))
    folder: Path = tmp_path_factory.mktemp("bench")
    with app_on(url, folder) as app:
        yield Filled(url, size, app)


def asked(filled: Filled, page: visiting.Page) -> Iterator[tuple[str, list[Statement]]]:
    """Go through what a page is like for various readers, and what was asked for it, who they are included."""
    for number, path in page.asked(filled.size, READERS):
        visiting.look(filled.app, number, path)  # what is asked once for a process is asked now
        with visiting.overheard(filled.app) as said:
            html = visiting.look(filled.app, number, path)
        yield html, [one for one in said if one[0] not in FRAME]


def rows_of(html: str) -> int:
    """Count what a page lists: coaches and sessions, or else slots."""
    listed = len(re.findall(r'<article class="card-coach"|<li class="row-|<details class="block', html))
    return listed or len(re.findall(r'<(?:a|span) class="chip', html))


@pytest.mark.parametrize("page", LISTS, ids=lambda page: page.name)
def test_no_list_touches_more_than_what_it_shows(filled, page):
    for html, statements in asked(filled, page):
        shown = min(rows_of(html), 51)
        if filled.url.startswith("sqlite"):
            assert scanned(filled.app, statements) == [], statements
            continue
        with psycopg.connect(filled.url, autocommit=True) as connection:
            for statement, told in statements:
                plan = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", told).fetchone()[0][0]
                blocks = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
                assert blocks <= max(BLOCKS, 20 + BLOCKS_A_ROW * shown), (
                    f"{blocks} blocks for {shown} rows: {statement}"
                )


@pytest.mark.parametrize("page", LISTS, ids=lambda page: page.name)
def test_no_list_is_longer_than_what_it_shows(filled, page):
    for html, statements in asked(filled, page):
        assert len(statements) <= 3
        assert len(html.encode()) <= HTML + HTML_A_ROW * rows_of(html), f"{len(html)} for {rows_of(html)}"


def scanned(app: Flask, statements: list[Statement]) -> list[str]:
    """Return where SQLite would go through the whole of a table that grows with the years."""
    with app.app_context(), db.engine.connect() as connection:
        plans = [
            row.detail
            for statement, told in statements
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", told)
        ]
        assert connection.scalar(text("SELECT count(*) FROM time_slot")) > 1000
    return [
        step
        for step in plans
        if re.match(r"SCAN (time_slot|coaching_session|feedback)\b(?!.*ix_time_slot_soonest)", step)
    ]
