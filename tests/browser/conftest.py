"""What only a browser can show: a live server, Chromium, and windows in which nothing may go wrong unnoticed."""

import os
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from tests import databases as data
from tests.browser import driving
from tests.browser.places import PLACES, Programme
from tests.databases import Databases

NO_BROWSER = "not tested in a browser: "
PATIENCE = 15_000  # milliseconds: a busy machine may be slow, and nothing here waits longer than it must

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session", params=["sqlite"])
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """SQLite alone, unless a test asks for more: `@pytest.mark.parametrize("databases", [...], indirect=True)`."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else ""
    made = Databases(request.param, tmp_path_factory.mktemp(request.param), server)
    yield made
    made.remove()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once. Where there is none, nothing is tested, which CI does not accept."""
    path = driving.chromium()
    if path is None:
        reason = f"{NO_BROWSER}there is no {', '.join(driving.NAMES[:-1])} or {driving.NAMES[-1]} here"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with sync_playwright() as playwright:
        opened = driving.launch(playwright, path)
        yield opened
        opened.close()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address at which the app is served."""
    with driving.served(app) as address:
        yield address


@pytest.fixture(scope="session")
def programme(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programme]:
    """An app with much in it, served. The tests that share it only look, so that each finds it as it was made."""
    limits = {
        "COACHING_WRONG_PASSWORDS": "1000",
        "COACHING_WRONG_PASSWORDS_FROM_ADDRESS": "1000",
        "COACHING_RESETS": "1",
    }
    app = data.app_on(databases.new(), tmp_path_factory.mktemp("instance"), **limits)
    data.empty(app)
    with driving.served(app) as address:
        made = Programme(app, address)
        before = data.everything(app)
        yield made
    now = data.everything(app)
    unlike = {"sign_in", "attempt", "one_time_link", "calendar_feed", "email", "unwanted"}  # what looking leaves behind
    changed = [name for name in now.keys() - unlike if now[name] != before[name]]
    data.close(app)
    assert not changed, f"a test that should only look has changed {changed}"


@pytest.fixture(scope="session")
def window_of(browser: Browser, programme: Programme) -> Iterator[Callable[[str], tuple[Page, list[str]]]]:
    """Opens one window for each person of the programme, since one for each test would take most of the run's time."""
    made: dict[str, tuple[Page, list[str]]] = {}

    def find(who: str) -> tuple[Page, list[str]]:
        if who not in made:
            context, heard = opened(browser, programme.address)
            made[who] = context.new_page(), heard
            programme.let_in(who, made[who][0])
        return made[who]

    yield find
    for window, _ in made.values():
        window.context.close()


@pytest.fixture
def visit(programme: Programme, window_of: Callable[[str], tuple[Page, list[str]]]) -> Iterator[Callable[..., Page]]:
    """Goes to a place of the programme: `visit("coach's start", width=360)`. What goes wrong there fails."""
    faults: list[str] = []

    def go(name: str, *, width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Page:
        nonlocal faults
        window, faults = window_of(PLACES[name].who)
        faults.clear()
        window.set_viewport_size({"width": width, "height": 800})
        window.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        programme.visit(PLACES[name], window)
        return window

    yield go
    assert not faults, "\n".join(faults)


@pytest.fixture
def new_window(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a window with cookies of its own: `new_window(site, color_scheme="dark")`. What goes wrong in it fails."""
    made: list[tuple[BrowserContext, list[str]]] = []

    def open_it(address: str, **options: Any) -> Page:
        made.append(opened(browser, address, **options))
        return made[-1][0].new_page()

    yield open_it
    for context, _ in made:
        context.close()
    faults = [fault for _, heard in made for fault in heard]
    assert not faults, "\n".join(faults)


def opened(browser: Browser, address: str, **options: Any) -> tuple[BrowserContext, list[str]]:
    """Return a new set of cookies, to open windows with, and the list of what goes wrong in them."""
    context = browser.new_context(**{**driving.USUAL, "base_url": address, **options})
    context.set_default_timeout(PATIENCE)
    return context, watched(context, address)


def watched(context: BrowserContext, address: str) -> list[str]:
    """Return a list that fills with whatever goes wrong: in scripts, by the policy, with files, with foreign sites."""
    faults: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A page that says 404, 409 or 422 is an "error" to the console, and is looked at by the test itself.
        about_the_page = message.page and message.location["url"] == message.page.url and "status of 4" in message.text
        refused = "status of 409" in message.text or "status of 422" in message.text  # in a page that stays
        if message.type in {"error", "warning"} and not about_the_page and not refused:
            faults.append(f"console: {message.text} ({message.location['url']})")

    def came(response: Response) -> None:
        request = response.request
        fine = {200, 303, 409, 422} if request.resource_type == "fetch" else {200, 304}
        if not request.is_navigation_request() and response.status not in fine:
            faults.append(f"{response.status} for {request.resource_type} {request.url}")

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # who goes on quickly does not wait for a page's files
            faults.append(f"failed: {request.url} {request.failure}")

    def asked(url: str) -> None:
        if not url.startswith((f"{address}/", "data:")):
            faults.append(f"leaves the site: {url}")

    context.on("console", hear)
    context.on("weberror", lambda error: faults.append(f"script: {error.error}"))
    context.on("request", lambda request: asked(request.url))
    context.on("requestfailed", failed)
    context.on("response", came)
    return faults
