"""Each main page over the same HTML with less work: from constant rows, after the sign-in alone, from a bare Flask.

The first is the ceiling that pages are held to: the same templates, filled for each request with what was found before.
"""

from contextlib import ExitStack
from functools import partial

import click

from bench import beside, visiting
from bench.databases import app_on
from bench.loading import Load
from bench.rounds import Ratio, in_turns
from bench.run import LEAST, Run, rate
from bench.serving import gunicorn
from bench.visiting import Page

OVER = {
    "rendered": "the same rendered from constants",
    "kept": "the same with its pieces kept",
    "ceiling": "its HTML after the sign-in",
    "bare": "its HTML from a bare Flask",
}


def measure(run: Run) -> list[Ratio]:
    """Measure requests per second, all of one gunicorn as deployed."""
    url, seconds = run.databases.of(run.size), run.effort.seconds
    loads = _loads(run, url)
    _check_rendered(run, url)
    with ExitStack() as stack:
        port = stack.enter_context(gunicorn(url, run.folder))
        with click.progressbar(loads.items(), label="warming up") as warming:
            for (_, way), load in warming:
                load.put_on(port, 2 * seconds if way == "rendered" else 1)  # until each worker has met most readers
        rates = {which: partial(rate, load, port, seconds) for which, load in loads.items()}
        found = in_turns("pages", rates, run.effort.rounds)
    return [
        Ratio(f"{page.title}, over {words}", found[page, "page"], found[page, way], "requests/s")
        for way, words in OVER.items()
        for page in run.effort.pages
    ]


def _loads(run: Run, url: str) -> dict[tuple[Page, str], Load]:
    """Return the load of each page, and of each that it is measured against, one after the other."""
    pages = run.effort.pages
    itself = run.loads(url, pages)
    constant = {way: run.loads(url, pages, prefix=f"/{way}") for way in ("rendered", "kept")}
    loads = {}
    for page in run.effort.pages:
        loads[page, "page"] = itself[page.name]
        loads |= {(page, way): those[page.name] for way, those in constant.items()}
        for way in ("ceiling", "bare"):
            # The same people, of whom a bare Flask takes no notice.
            cookies = [line.split("\t")[0] for line in itself[page.name].requests.read_text().splitlines()]
            asked = [(cookie, f"/{way}/{page.name}") for cookie in cookies]
            load = Load.of(asked, run.folder / f"{page.name}-{way}.requests", least=itself[page.name].least)
            loads[page, way] = load
    return loads


def _check_rendered(run: Run, url: str) -> None:
    """Raise where a page from constant rows still asks for more than who is there: `beside` then misses a question."""
    with app_on(url, run.folder) as app:
        beside.serve(app, {})
        for page in run.effort.pages:
            [(who, path)] = page.asked(run.size, 1)
            first = visiting.look(app, who, f"/rendered{path}")
            with visiting.overheard(app) as said:
                second = visiting.look(app, who, f"/rendered{path}")
            asked = [statement for statement, _ in said if statement.startswith("SELECT")]
            if len(asked) != 1 or len(first) < LEAST * len(second):
                raise click.ClickException(f"{path} from constant rows asks {len(asked)} questions: see beside.py")
