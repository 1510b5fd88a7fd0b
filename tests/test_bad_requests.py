"""Nothing that a client can put into an address, a query, a header or a body makes a 500 or leads off the site."""

import io
import re
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.hostile import ENCODED, IDS
from tests.make import Make
from tests.test_bad_input import TOKEN
from tests.world import World, enter, small_world

LIMIT = 256 * 1024


@pytest.fixture
def world(make: Make) -> World:
    """A small programme."""
    return small_world(make)


@pytest.fixture
def browser(who: str, world: World, new_client) -> FlaskClient:
    """Somebody's browser."""
    return enter(new_client(), None if who == "stranger" else getattr(world, who)).browser


def wrong_with(answer, fine: set[int]) -> str:
    """Return what is wrong with an answer, or nothing."""
    location = answer.location or "/"
    if answer.status_code not in fine:
        return str(answer.status_code)
    if not re.match(r"(http://localhost)?/(?![/\\])", location) or "evil" in answer.headers.get("Set-Cookie", ""):
        return location
    return ""


def asked(browser: FlaskClient, tries: list[tuple[str, str]], fine: set[int], **more) -> list[str]:
    """Ask for all of these (a method and an address each), and return what is wrong with the answers."""
    failures = []
    for method, url in tries:
        try:
            with browser.open(url, method=method, **more) as answer:
                wrong = wrong_with(answer, fine)
        except Exception as error:  # noqa: BLE001  # in a test an error comes through, in real life it is a 500
            failures.append(f"{method} {url[:80]}: {type(error).__name__} {str(error)[:80]}")
        else:
            if wrong:
                failures.append(f"{method} {url[:80]}: {wrong}")
    return failures


@pytest.mark.parametrize("who", ["stranger", "student", "coach"])
def test_no_id_breaks_any_address(app, browser):
    token = TOKEN.search(browser.get("/auth/sign-in").text)[1]
    tries = []
    for rule in app.url_map.iter_rules():
        before, bracket, after = rule.rule.partition("<")
        is_id = bracket and not after.startswith("path:")
        for method in (rule.methods or set()) & {"GET", "POST"} if is_id else ():
            tries += [(method, before + thing + after.partition(">")[2]) for thing in IDS]
    assert len(tries) > 300
    found = asked(browser, tries, {302, 308, 400, 403, 404, 405}, data={"csrf_token": token})
    assert found == []


# Where a list goes on: a moment and an id.
PLACES = [
    "1-2147483648",
    "1-9223372036854775808",
    "8589934591-1",
    "99999999999-1",
    "0-0",
    "-1--1",
    "1772438400-4294967296",
]


@pytest.mark.parametrize("who", ["student", "coach"])
def test_no_query_breaks_any_page(app, browser, world):
    things = {
        "<int:coach_id>": world.coach.id,
        "<int:slot_id>": world.free.id,
        "<int:session_id>": world.upcoming.id,
        "<token>": world.reset,
    }
    tries = [("GET", f"/calendar/{world.feed}.ics?{encoded}=x&x={encoded}") for encoded in list(ENCODED.values())[:8]]
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and "<path:" not in rule.rule:
            url = re.sub(r"<[^>]+>", lambda part: str(things[part[0]]), rule.rule)
            tries.append(("GET", f"{url}?" + "&".join(f"f{number}=x" for number in range(5000))))
            tries += [("GET", f"{url}?{encoded}=x&x={encoded}") for encoded in list(ENCODED.values())[:8]]
            names = {"/slots/": WEEKS, "/sessions/": ("when", "after", *WEEKS), "/auth/profile": ("zone",)}
            names |= {"/slots/copy": WEEKS, "/sessions/away": ("from", "to")}
            names |= {"/news/": ("after",)}
            names |= dict.fromkeys(("/coaches/", "/coaches/soonest"), ("q", "on", "weekday", "part", "after"))
            for name in {"/coaches/<int:coach_id>": ("weekday", "part", "after"), **names}.get(rule.rule, ()):
                tries += [("GET", f"{url}?{name}={encoded}") for encoded in [*ENCODED.values(), *PLACES]]
    assert asked(browser, tries, {200, 302, 303, 400, 403, 404, 409}) == []


WEEKS = ("week", "on", "date", "time", "which", "view")  # which week a page shows, and what stands in its form
PATHS = ["/%00", "/%ff", "/%", "/%zz", "/coaches/%2e%2e/", "/coaches/../slots/", "//evil.example", "///evil.example/.."]
PATHS += [
    "/\\evil.example",
    "/%5cevil.example",
    "/%2f%2fevil.example",
    "//evil.example/sessions",
    "/sessions",
    "/slots",
]
PATHS += [
    "/coaches",
    "/coaches//",
    "//coaches/",
    "/sessions//book/1",
    "/coaches/1%0d%0aSet-Cookie:%20evil=1",
    "/" + "a" * 9000,
]
PATHS += ["/static/../../etc/passwd", "/static/%2e%2e/%2e%2e/etc/passwd", "/static/..%2f..%2fetc/passwd", "/static/%00"]
PATHS += [
    "/static/",
    "/bootstrap/static/../../x",
    "/bootstrap/static/%ff",
    "/static//etc/passwd",
    "/.env",
    "/.git/config",
]
PATHS += ["/auth/sign-in/", "/AUTH/SIGN-IN", "/{{7*7}}", "/sessions/book/", "/auth/", "/console", "/?__debugger__=yes"]


@pytest.mark.parametrize("who", ["stranger", "coach"])
def test_no_address_breaks_anything_or_leads_off_the_site(browser):
    tries = [(method, path) for path in PATHS for method in ("GET", "HEAD", "POST", "OPTIONS")]
    assert asked(browser, tries, {200, 302, 308, 400, 403, 404, 405}) == []


HEADERS = [
    {"Cookie": "coaching=%00; coaching=\xff; =; ;;"},
    {"Cookie": "x=" + "y" * 9000},
    {"Accept": "\xff"},
    {"Accept-Language": "x" * 5000},
    {"Content-Length": "-1"},
    {"Content-Length": "abc"},
    {"Content-Type": "\xff"},
    {"If-Modified-Since": "yesterday"},
    {"If-None-Match": '"'},
    {"Range": "bytes=5-1,9999999999999999999999-"},
    {"Referer": "javascript:alert(1)"},
    {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-For": "evil"},
    {"X-Forwarded-Proto": "https"},
    {"X-Forwarded-Prefix": "//evil.example"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"User-Agent": "\xff" * 500},
    {"Upgrade": "websocket", "Connection": "Upgrade"},
    {"X-CSRFToken": "\xff"},
]


@pytest.mark.parametrize("who", ["stranger", "coach"])
def test_no_header_breaks_anything_or_leads_off_the_site(browser, world):
    found = []
    urls = [
        ("GET", "/"),
        ("GET", "/sessions"),
        ("GET", "/coaches/"),
        ("GET", "/static/app.js"),
        ("GET", f"/calendar/{world.feed}.ics"),
        ("POST", "/auth/sign-out"),
    ]
    for headers in HEADERS:
        found += [
            f"{headers} {one}" for one in asked(browser, urls, {200, 206, 302, 308, 400, 404, 416}, headers=headers)
        ]
    assert found == []


# Bodies


def posts(app, world: World) -> list[str]:
    """Return every address that takes a form."""
    things = {"<int:slot_id>": world.free.id, "<int:session_id>": world.upcoming.id}
    rules = [rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    return [re.sub(r"<[^>]+>", lambda part: str(things.get(part[0], 1)), rule) for rule in rules]


@pytest.mark.parametrize("who", ["stranger", "coach"])
def test_a_body_over_the_limit_is_refused_whoever_sends_it_and_wherever(app, browser, world, everything):
    before = everything()
    too_long = f"topic={'x' * LIMIT}".encode()
    for url in posts(app, world):
        for what, sent in {
            "really sent": {"data": too_long},
            "only announced": {"data": b"topic=x", "environ_overrides": {"CONTENT_LENGTH": "300000"}},
            "announced beyond all numbers": {"data": b"topic=x", "environ_overrides": {"CONTENT_LENGTH": "9" * 30}},
            "of another kind": {"data": too_long, "content_type": "text/plain"},
        }.items():
            sent.setdefault("content_type", "application/x-www-form-urlencoded")
            answer = browser.post(url, **sent)
            assert answer.status_code == 413, f"{url} {what}"
            assert "What was sent is larger than this site takes." in answer.text
    assert everything() == before


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT * 20])
def test_a_body_that_does_not_say_its_length_is_refused_as_well(world, new_client, everything, size):
    client = new_client().sign_in(world.student)
    token = client.token()
    before = everything()
    answer = client.browser.post(
        f"/sessions/book/{world.free.id}",
        input_stream=io.BytesIO(b"topic=Short&more=" + b"x" * size),
        content_type="application/x-www-form-urlencoded",
        headers={"X-CSRFToken": token},
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert answer.status_code == 413
    assert everything() == before


def test_the_longest_note_in_the_longest_encoding_is_below_the_limit(world, new_client, everything):
    client = new_client().sign_in(world.coach)
    note = "👩" * 10_000
    assert len(quote(note)) < LIMIT
    page = client.post(f"/sessions/{world.waiting.id}/feedback", {"rating": "3", "note": note})
    assert page.status == 303
    assert note in everything()["feedback"][-1]


def test_five_thousand_parts_are_too_many(world, new_client):
    client = new_client().sign_in(world.student)
    token = client.token()
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="f{number}"\r\n\r\n\r\n' for number in range(5000))
    answer = client.browser.post(
        f"/sessions/book/{world.free.id}",
        data=(parts + "--x--").encode()[: LIMIT - 10],
        content_type="multipart/form-data; boundary=x",
        headers={"X-CSRFToken": token},
    )
    assert answer.status_code == 413
