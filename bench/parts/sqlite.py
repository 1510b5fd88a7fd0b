"""The pages on SQLite over the same on PostgreSQL."""

from contextlib import ExitStack
from functools import partial

from bench.rounds import Ratio, in_turns
from bench.run import Run, rate
from bench.serving import gunicorn


def measure(run: Run) -> list[Ratio]:
    """Measure requests per second, of one gunicorn on each."""
    pages, seconds, measures = run.effort.pages, run.effort.seconds, {}
    with ExitStack() as stack:
        for kind in ("sqlite", "postgresql"):
            url = run.databases.of(run.size, kind)
            loads = run.loads(url, pages)
            port = stack.enter_context(gunicorn(url, run.folder))
            for page in pages:
                loads[page.name].put_on(port, 1)
                measures[page, kind] = partial(rate, loads[page.name], port, seconds)
        turns = {(page, kind): measures[page, kind] for page in pages for kind in ("sqlite", "postgresql")}
        found = in_turns("sqlite", turns, run.effort.rounds)
    return [
        Ratio(f"{page.title}, SQLite over PostgreSQL", found[page, "sqlite"], found[page, "postgresql"], "requests/s")
        for page in pages
    ]
