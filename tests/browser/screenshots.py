"""Takes the pictures of `script/screenshots`: of the demo, at a moment that is always the same, so that a picture
changes only where the page has changed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import NamedTuple

import click
import time_machine
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from coaching import demo, times
from coaching.extensions import db, saving
from coaching.models import User
from tests.browser import driving
from tests.browser.places import act_as
from tests.databases import ROOT, Databases, app_on, close
from tests.make import NOW

COACH, STUDENT = "Amara Okafor", "Liam Murphy"


class Picture(NamedTuple):
    """Who looks at which page. `{coach}` stands for the coach's id."""

    who: str | None
    path: str
    then: str = ""  # what to click before


PICTURES = {
    "welcome": Picture(None, "/"),
    "register": Picture(None, "/auth/register"),
    "sign-in": Picture(None, "/auth/sign-in"),
    "coach-start": Picture(COACH, "/"),
    "availability": Picture(COACH, "/slots/"),
    "week": Picture(COACH, "/slots/?week=2026-W10"),
    "away": Picture(COACH, "/sessions/away"),
    "sessions-week": Picture(STUDENT, "/sessions/?view=week"),
    "upcoming": Picture(COACH, "/sessions/"),
    "previous": Picture(COACH, "/sessions/?when=previous"),
    "number": Picture(COACH, "/sessions/?when=previous", "[data-dialog]"),
    "cancelled": Picture(COACH, "/sessions/?when=cancelled"),
    "session": Picture(COACH, "/sessions/", ".row-time"),
    "feedback": Picture(COACH, "/", ".btn-sm.btn-primary"),
    "student-start": Picture(STUDENT, "/"),
    "news": Picture(COACH, "/news/"),
    "mails": Picture(COACH, "/news/mails"),
    "coaches": Picture(STUDENT, "/coaches/"),
    "soonest": Picture(STUDENT, "/coaches/soonest"),
    "coach-slots": Picture(STUDENT, "/coaches/{coach}"),
    "book": Picture(STUDENT, "/coaches/{coach}", ".chip"),
    "student-previous": Picture(STUDENT, "/sessions/?when=previous"),
    "profile": Picture(STUDENT, "/auth/profile"),
}
OF_THE_README = ("coach-start", "week", "coach-slots", "previous")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice(list(PICTURES)))
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="Where to. All pages, if none is named.")
@click.option("--width", "widths", type=click.Choice([360, 1280]), multiple=True, help="One width. Default: both.")
@click.option("--scheme", "schemes", type=click.Choice(["light", "dark"]), multiple=True, help="Default: both.")
def main(names: tuple[str, ...], into: Path | None, widths: tuple[int, ...], schemes: tuple[str, ...]) -> None:
    """Take pictures of the demo's pages. Without arguments: those of the README, into docs/screenshots.

    Each NAME is a page; one that does not exist lists those that do.
    """
    path = driving.chromium()
    if path is None:
        raise click.ClickException(f"there is no Chromium here: none of {', '.join(driving.NAMES)}")
    folder = into or ROOT / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with time_machine.travel(NOW, tick=False), demo_served() as (address, people), sync_playwright() as playwright:
        browser = driving.launch(playwright, path)
        for name in names or (PICTURES if into else OF_THE_README):
            if into:
                for width, scheme in product(widths or (360, 1280), schemes or ("light", "dark")):
                    page = shown(browser, address, people, PICTURES[name], width=width, scheme=scheme)
                    keep(page, folder / f"{name}-{width}-{scheme}.png", whole=True)
            else:
                page = shown(browser, address, people, PICTURES[name], width=1280, scheme="light")
                keep(page, folder / f"{name}.png", whole=False)
        browser.close()


@contextmanager
def demo_served() -> Iterator[tuple[str, dict[str, User]]]:
    """Serve a demo in a database of its own. Gives the address, and who there is by name."""
    with tempfile.TemporaryDirectory() as folder:
        app = app_on(Databases("sqlite", Path(folder)).new(), Path(folder))
        with app.app_context():
            with saving():
                demo.fill(now=times.now())
            people = {person.name: person for person in db.session.scalars(select(User))}
        with driving.served(app) as address:
            yield address, people
        close(app)


def shown(
    browser: Browser, address: str, people: dict[str, User], picture: Picture, *, width: int, scheme: str
) -> Page:
    """Open a page as it is to be seen."""
    size = {"width": width, "height": 800}
    zone = people[picture.who].time_zone if picture.who else driving.USUAL["timezone_id"]  # or another would be offered
    look = {"base_url": address, "viewport": size, "color_scheme": scheme, "timezone_id": zone}
    page = browser.new_page(**{**driving.USUAL, **look})
    if picture.who:
        act_as(page, people[picture.who])
    page.goto(picture.path.format(coach=people[COACH].id))
    if picture.then:
        page.locator(f"main {picture.then}").first.click()
        page.wait_for_load_state()
    return page


def keep(page: Page, file: Path, *, whole: bool) -> None:
    """Write the picture."""
    page.screenshot(path=file, full_page=whole)
    page.context.close()
    click.echo(f"{file}  {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(prog_name="script/screenshots")
