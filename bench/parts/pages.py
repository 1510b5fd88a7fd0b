"""Each main page over the same HTML with less work: from constant rows, after the sign-in alone, from a bare Flask.

The first is the ceiling that pages are held to: the same templates, filled for each request with what was found before.
All are asked for one by one, in turns, of one worker: then both the database's time and our own count in full.
"""

import click

from bench import beside, one_by_one, visiting
from bench.databases import app_on
from bench.rounds import Ratio
from bench.run import LEAST, READERS, Run
from bench.serving import gunicorn
from bench.visiting import Page

OVER = {
    "rendered": "the same rendered from constants",
    "kept": "the same with its pieces kept",
    "ceiling": "its HTML after the sign-in",
    "bare": "its HTML from a bare Flask",
}
TIMES = 3  # that each reader asks in a round


def measure(run: Run) -> list[Ratio]:
    """Measure requests per second."""
    url = run.databases.of(run.size)
    asked, lengths = _requests(run, url)
    _check_rendered(run, url)
    found: dict[tuple[Page, str], list[float]] = {(page, way): [] for page in asked for way in ("page", *OVER)}
    with (
        gunicorn(url, run.folder, "--workers", "1") as port,
        click.progressbar(length=(run.effort.rounds + 1) * len(asked), label="pages") as bar,
    ):
        for number in range(run.effort.rounds + 1):
            for page, ways in asked.items():
                rates = one_by_one.in_turns(port, ways, int(lengths[page.name] * LEAST), TIMES)
                if number:  # not the first: then what is kept is not there yet
                    for way, rate in rates.items():
                        found[page, way].append(rate)
                bar.update(1)
    return [
        Ratio(f"{page.title}, over {words}", found[page, "page"], found[page, way], "requests/s")
        for way, words in OVER.items()
        for page in asked
    ]


def _requests(run: Run, url: str) -> tuple[dict[Page, dict[str, list[bytes]]], dict[str, int]]:
    """Return what is asked of each page in each way, all by the same people, and how many bytes the page has."""
    pages: dict[Page, dict[str, list[bytes]]] = {}
    with app_on(url, run.folder) as app:
        lengths = run.keep_pages(app, run.effort.pages)
        for page in run.effort.pages:
            readers = [(visiting.cookie(app, who), path) for who, path in page.asked(run.size, READERS)]
            at = {
                "page": "{path}",
                "rendered": "/rendered{path}",
                "kept": "/kept{path}",
                "ceiling": f"/ceiling/{page.name}",
                "bare": f"/bare/{page.name}",
            }
            pages[page] = {
                way: [one_by_one.get(where.format(path=path), cookie) for cookie, path in readers]
                for way, where in at.items()
            }
    return pages, lengths


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
