"""Each statement of the lists in a large database over the same in a small one: what grows with the data."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from statistics import median
from time import perf_counter

import click
import psycopg

from bench import visiting
from bench.databases import app_on
from bench.filling import Size
from bench.rounds import Ratio, in_turns
from bench.run import Run
from bench.visiting import FRAME, LISTS, Page, Statement

OF_WHAT_IS_FREE = [page for page in LISTS if page.name in {"coaches", "coaches-later", "soonest"}]

Which = tuple[str, int]  # a page's title, and the number of a statement on it


def measure(run: Run) -> list[Ratio]:
    """Measure the median of what various readers wait for the same statement, as the app sends it."""
    small, large = run.effort.smallest, run.effort.largest
    return [
        *_growth(run, Size(small), Size(large), "dense", LISTS),
        *_growth(run, Size(small, True), Size(large, True), "sparse", LISTS),
        # Where next to nothing is free, the small one lists a coach or none, and the large one a page full.
        *_growth(run, Size(small), Size(large, True), "sparse over dense with as many rows", OF_WHAT_IS_FREE),
    ]


def _growth(run: Run, small: Size, large: Size, kind: str, lists: Sequence[Page]) -> list[Ratio]:
    said = {size: _said(run, size, lists) for size in (small, large)}
    both = [which for which in said[small] if which in said[large]]
    with ExitStack() as stack:
        measures = {}
        connections = {
            size: stack.enter_context(psycopg.connect(run.databases.of(size), autocommit=True)) for size in said
        }
        for which, size in itertools.product(both, said):
            measures[which, size] = partial(_p50, connections[size], said[size][which])
            measures[which, size]()  # once before, so that both databases have read what they keep in memory
        found = in_turns(f"sql, {kind}", measures, run.effort.rounds)
    return [
        Ratio(
            f"{title}, statement {nth}, {kind}, {large.slots:,} over {small.slots:,} slots",
            found[(title, nth), large],
            found[(title, nth), small],
            "ms",
        )
        for title, nth in both
    ]


def _said(run: Run, size: Size, lists: Sequence[Page]) -> dict[Which, list[Statement]]:
    """Return each statement of each list, as it is sent for various readers; how one is known comes once."""
    found = defaultdict(list)
    with app_on(run.databases.of(size), run.folder) as app, click.progressbar(lists, label="listening") as pages:
        for page in pages:
            for who, path in page.asked(size, run.effort.readers):
                with visiting.overheard(app) as said:
                    visiting.look(app, who, path)
                sign_in, *asked = [statement for statement in said if statement[0] not in FRAME]
                found["Signing in", 1].append(sign_in)
                for nth, statement in enumerate(asked, 1):
                    found[page.title, nth].append(statement)
    found["Signing in", 1] = found["Signing in", 1][: run.effort.readers]
    return dict(found)


def _p50(connection: psycopg.Connection, statements: Sequence[Statement]) -> float:
    """Return the median in milliseconds, rows fetched."""
    waited = []
    for statement, parameters in statements:
        began = perf_counter()
        connection.execute(statement, parameters).fetchall()
        waited.append(perf_counter() - began)
    return median(waited) * 1000
