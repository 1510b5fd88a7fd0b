"""What the parts of a run share: how much is done, its databases, its folder."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from flask import Flask

from bench import visiting
from bench.databases import Databases, app_on
from bench.filling import Size
from bench.loading import Load
from bench.tools import ROOT
from bench.visiting import PAGES, Page

READERS = 40  # of a page: not more than every worker soon has met
LEAST = 0.5  # of a page's usual length: an answer that is shorter is none


class Effort(NamedTuple):
    """How much is measured: coaches in a small, a usual and a large database; rounds, and seconds for each load."""

    smallest: int
    usual: int
    largest: int
    rounds: int
    seconds: int
    pages: tuple[Page, ...] = PAGES
    readers: int = 30  # whose statements are listened to
    is_quick: bool = False


class Run(NamedTuple):
    """One run of the bench."""

    effort: Effort
    databases: Databases
    folder: Path

    @property
    def size(self) -> Size:
        """The usual size."""
        return Size(self.effort.usual)

    def keep_pages(self, app: Flask, pages: tuple[Page, ...]) -> dict[str, int]:
        """Keep one of each page, of a usual length, for the ceilings to send; return how many bytes each has."""
        lengths = {}
        for page in pages:
            seen = [visiting.look(app, *asked) for asked in page.asked(self.size, 15)]
            usual = sorted(seen, key=len)[len(seen) // 2]
            (self.folder / f"{page.name}.html").write_text(usual)
            lengths[page.name] = len(usual.encode())
        return lengths

    def loads(self, url: str, pages: tuple[Page, ...]) -> dict[str, Load]:
        """Return the load of each page."""
        with app_on(url, self.folder) as app:
            lengths = self.keep_pages(app, pages)
            loads = {}
            for page in pages:
                asked = [(visiting.cookie(app, who), path) for who, path in page.asked(self.size, READERS)]
                file = self.folder / f"{page.name}.requests"
                loads[page.name] = Load.of(asked, file, least=int(lengths[page.name] * LEAST))
        return loads


def rate(load: Load, port: int, seconds: int) -> float:
    """Return how many requests a second are answered."""
    return load.put_on(port, seconds).rate


def commit() -> str:
    """Return which commit this is, with a plus where something in it is changed."""
    said = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--dirty=+"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip()
