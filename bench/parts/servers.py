"""gunicorn's settings side by side, directly and behind nginx, over those of gunicorn.conf.py."""

from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from bench import visiting
from bench.databases import app_on
from bench.loading import Load
from bench.rounds import Ratio, in_turns
from bench.run import Run, rate
from bench.serving import gunicorn, nginx
from bench.visiting import LISTS, PAGES


class Setting(NamedTuple):
    """How many workers of which kind, with how many threads each."""

    workers: int
    kind: str
    threads: int

    @property
    def title(self) -> str:
        """What it is called in the results."""
        return f"{self.workers} × {self.kind}" + (f" × {self.threads} threads" if self.kind == "gthread" else "")

    @property
    def arguments(self) -> list[str]:
        """What gunicorn is told."""
        return ["--workers", str(self.workers), "--worker-class", self.kind, "--threads", str(self.threads)]


SETTINGS = [
    Setting(workers, kind, threads)
    for workers in (1, 2, 4)
    for kind, threads in (("sync", 1), ("gthread", 1), ("gthread", 4), ("gthread", 8))
]
QUICK = [Setting(1, "gthread", 1), Setting(2, "sync", 1)]
AS_DEPLOYED = "as deployed"


def measure(run: Run) -> list[Ratio]:
    """Measure requests per second for the list of coaches, and for a mix of all pages."""
    url, seconds = run.databases.of(run.size), run.effort.seconds
    settings = {one.title: one.arguments for one in (QUICK if run.effort.is_quick else SETTINGS)}
    loads = {PAGES[0].title: run.loads(url, PAGES[:1])[PAGES[0].name], "a mix of pages": _mix(run, url)}
    with ExitStack() as stack:
        # All at once: those that wait for their turn cost nothing.
        ports = {
            title: stack.enter_context(gunicorn(url, run.folder, *arguments))
            for title, arguments in {AS_DEPLOYED: [], **settings}.items()
        }
        behind = stack.enter_context(nginx([*ports.values()], run.folder))
        ports |= {f"{title}, behind nginx": port for title, port in zip([*ports], behind, strict=True)}
        measures = {}
        for name, load in loads.items():
            for title, port in ports.items():
                load.put_on(port, 1)
                measures[name, title] = partial(rate, load, port, seconds)
        found = in_turns("servers", measures, run.effort.rounds)
    return [
        Ratio(f"{name}, {title}", found[name, title], found[name, AS_DEPLOYED], "requests/s")
        for name, title in measures
        if title != AS_DEPLOYED
    ]


def _mix(run: Run, url: str) -> Load:
    """Return a load of all pages that only read, one after the other."""
    with app_on(url, run.folder) as app:
        asked = [page.asked(run.size, 20) for page in LISTS]
        mixed = [
            (visiting.cookie(app, who), path) for one_of_each in zip(*asked, strict=True) for who, path in one_of_each
        ]
    return Load.of(mixed, run.folder / "mix.requests", least=1000)
