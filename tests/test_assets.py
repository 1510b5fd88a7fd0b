"""The files that pages link to: how much a first visit loads, how long they are kept, and what they never ask."""

import gzip
import os
from email.utils import format_datetime
from pathlib import Path

import pytest
from flask import appcontext_pushed
from werkzeug.test import TestResponse

from tests.databases import ROOT
from tests.make import NOW, Make
from tests.visiting import Client, Page

LIKE_A_BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}
FIRST_VISIT = 120_000  # bytes, headers included
STYLE = "/static/style.css"


def files(page: Page) -> list[str]:
    """Return the addresses of what a browser loads with a page."""
    return [str(tag.get("href") or tag["src"]) for tag in page.all("link[href], script[src], img[src]")]


def linked(client: Client, name: str = STYLE) -> str:
    """Return the address under which the start page links to a file."""
    [url] = [file for file in files(client.get("/")) if file.startswith(name)]
    return url


def load(client: Client, url: str, method: str = "GET", **headers: str) -> TestResponse:
    """Ask for a file as a browser does, and take the bytes as they come."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.browser.open(url, method=method, headers={**LIKE_A_BROWSER, **named})


def weight(response: TestResponse) -> int:
    """Count the bytes of an answer, with its headers."""
    return len(response.get_data()) + sum(len(f"{name}: {value}\r\n") for name, value in response.headers)


@pytest.fixture
def folder(new_app, new_client, tmp_path: Path):
    """A folder of files, beside something secret, and a browser on a site that sends them."""
    app = new_app()
    app.static_folder = str(tmp_path / "files")
    (tmp_path / "files").mkdir()
    for name in ("style.css", "app.js", "icon.svg"):
        (tmp_path / "files" / name).write_bytes((ROOT / "coaching" / "static" / name).read_bytes())
    for beside in ("secret.txt", "files.txt"):
        (tmp_path / beside).write_text("my secret")
    return tmp_path / "files", new_client(app)


# What a first visit costs


def test_a_first_visit_is_light(app, make: Make, new_client):
    filled = app.test_cli_runner().invoke(args=["demo"])
    assert filled.exit_code == 0, filled.output
    people = {None: ["/"], make.student("Sam"): ["/", "/coaches/"], make.coach("Cy"): ["/", "/slots/"]}
    for person, urls in people.items():
        for url in urls:
            client = new_client().sign_in(person) if person else new_client()
            page = client.get(url)
            loaded = {file: weight(load(client, file)) for file in files(page)}
            assert len(loaded) >= 4, "Bootstrap, style, script and icon"
            assert weight(load(client, url)) + sum(loaded.values()) < FIRST_VISIT, (url, loaded)


def test_whatever_a_page_links_to_comes_compressed_and_is_kept_for_a_year(make: Make, client: Client):
    client.sign_in(make.coach())
    kinds = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
    for url in files(client.get("/slots/")):
        sent = load(client, url)
        assert sent.status_code == 200, url
        assert sent.headers["Cache-Control"] == "public, max-age=31536000, immutable", url
        assert sent.headers["Content-Encoding"] == "gzip", url
        assert sent.headers["Vary"] == "Accept-Encoding", url
        assert sent.headers["X-Content-Type-Options"] == "nosniff", url
        kind = kinds[Path(url.partition("?")[0]).suffix]
        assert sent.headers["Content-Type"].startswith(kind), url
        whole = load(client, url, Accept_Encoding="identity")
        assert gzip.decompress(sent.get_data()) == whole.get_data(), url
        assert "Content-Encoding" not in whole.headers, url
        assert whole.headers["Vary"] == "Accept-Encoding", "or a proxy would hand on the one for the other"


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*;q=0", "deflate, br;q=0.5"])
def test_who_does_not_take_gzip_gets_the_file_as_it_is(client: Client, accepted):
    sent = load(client, STYLE, Accept_Encoding=accepted)
    assert sent.get_data() == (ROOT / "coaching/static/style.css").read_bytes()


def test_pages_are_not_compressed(make: Make, client: Client):
    """What else stands in them would tell their tokens."""
    client.sign_in(make.coach())
    for url in ("/", "/slots/", "/nothing", "/static/nothing.css"):
        assert "Content-Encoding" not in load(client, url).headers, url


@pytest.mark.parametrize("name", ["icons/bootstrap-icons.svg", "css/bootswatch/cyborg/bootstrap.min.css"])
def test_nobody_can_have_a_large_file_compressed_that_no_page_links_to(client: Client, name):
    sent = load(client, f"/bootstrap/static/{name}")
    sent.close()
    assert (sent.status_code, "Content-Encoding" in sent.headers) == (200, False)


# What has changed


def test_a_changed_file_has_another_address_at_once(folder):
    files_, client = folder
    before = linked(client)
    assert linked(client) == before, "and one that has not changed has the same"
    (files_ / "style.css").write_text("p { color: red }")
    after = linked(client)
    assert after != before
    assert client.get(after).text == "p { color: red }"


def test_a_change_is_seen_even_where_length_and_second_are_the_same(folder):
    files_, client = folder
    style = files_ / "style.css"
    style.write_text("p { color: red }")
    os.utime(style, ns=(10**18, 10**18))
    before = linked(client)
    style.write_text("p { color: tan }")
    os.utime(style, ns=(10**18, 10**18 + 1))
    assert linked(client) != before
    assert client.get(STYLE).text == "p { color: tan }"


@pytest.mark.parametrize("query", ["", "?v=", "?v=0123456789abcdef", "?v=%ff", "?v=%00", "?w=1"])
def test_an_address_that_does_not_name_what_is_in_the_file_is_not_kept_unasked(client: Client, query):
    sent = load(client, STYLE + query)
    assert (sent.status_code, sent.headers["Cache-Control"]) == (200, "no-cache")
    again = load(client, STYLE + query, If_None_Match=sent.headers["ETag"])
    assert (again.status_code, again.get_data()) == (304, b"")


@pytest.mark.parametrize(
    "raw",
    [
        {"QUERY_STRING": "v=\xff"},
        {"CONTENT_LENGTH": "abc"},
        {"HTTP_ACCEPT_ENCODING": "\xff;q=x, gzip;q=9"},
        {"HTTP_IF_NONE_MATCH": 'W/"\xff'},
        {"HTTP_IF_MODIFIED_SINCE": "99999-99-99"},
        {"HTTP_COOKIE": "coaching=\xff; =;;"},
    ],
    ids=lambda raw: next(iter(raw)),
)
def test_what_no_browser_sends_breaks_nothing(client: Client, raw):
    sent = client.browser.get(STYLE, environ_overrides=raw)
    assert (sent.status_code, sent.headers["Cache-Control"]) == (200, "no-cache")


def test_what_is_not_there_is_said_as_always(client: Client):
    page = client.get("/static/nothing.css")
    assert (page.status, page.h1, page.headers["Cache-Control"]) == (404, "Nothing here", "no-store")


# How it may be asked for


def test_head_says_the_same_without_the_file(client: Client):
    url = linked(client)
    head, whole = load(client, url, "HEAD"), load(client, url)
    assert head.get_data() == b""
    assert int(head.headers["Content-Length"]) == len(whole.get_data())
    assert head.headers == whole.headers


def test_what_a_browser_has_already_is_not_sent_again(client: Client):
    url = linked(client)
    for accepted in ("gzip", "identity"):
        has = load(client, url, Accept_Encoding=accepted).headers
        for condition in (
            {"If_None_Match": has["ETag"]},
            {"If_None_Match": f'"another", W/{has["ETag"]}'},
            {"If_Modified_Since": has["Last-Modified"]},
        ):
            again = load(client, url, Accept_Encoding=accepted, **condition)
            assert (again.status_code, again.get_data()) == (304, b""), condition
            assert again.headers["ETag"] == has["ETag"]
            assert again.headers["Cache-Control"] == has["Cache-Control"]
            assert again.headers["Vary"] == "Accept-Encoding"
    assert load(client, url, If_None_Match=has["ETag"]).status_code == 200, "the other form of it is another"


def test_an_old_date_counts_for_nothing_beside_what_is_in_the_file(folder):
    """After a deployment is taken back, the files of before are older than what browsers have."""
    files_, client = folder
    has = load(client, STYLE).headers
    (files_ / "style.css").write_text("p { color: red }")
    os.utime(files_ / "style.css", (10**9, 10**9))
    late = format_datetime(NOW, usegmt=True)
    sent = load(client, STYLE, If_None_Match=has["ETag"], If_Modified_Since=late)
    assert sent.status_code == 200


@pytest.mark.parametrize("asked_for", ["bytes=0-9", "bytes=-5", "bytes=99999999-", "bytes=5-1", "lines=1"])
def test_who_asks_for_a_part_gets_the_whole(client: Client, asked_for):
    sent = load(client, linked(client), Range=asked_for)
    assert sent.status_code == 200
    assert gzip.decompress(sent.get_data()) == (ROOT / "coaching/static/style.css").read_bytes()


def test_nothing_can_be_sent_to_a_file(client: Client):
    url = linked(client)
    for method in ("POST", "PUT", "DELETE"):
        page = client.bare(method, url)
        assert page.status == 405
        assert set(page.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert client.bare("GET", url, data=b"x" * 300_000).status == 413


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "./../secret.txt",
        "x/../../secret.txt",
        "..\\secret.txt",
        "../files.txt",
        ".txt",
        "{}/secret.txt",
    ],
)
def test_nothing_beside_the_folder_is_sent(folder, path):
    files_, client = folder
    raw = {"PATH_INFO": "/static/" + path.format(files_.parent)}  # the test client would tidy it
    page = client.get("/", environ_overrides=raw)
    assert page.status in {308, 404}
    assert "my secret" not in page.text
    assert (files_ / "../secret.txt").read_text() == "my secret", "though it is there"


def test_a_folder_is_no_file(folder):
    files_, client = folder
    (files_ / "more").mkdir()
    for url in ("/static/", "/static/more", "/static/more/"):
        assert client.get(url).status == 404, url


def test_behind_a_proxy_the_name_that_the_browser_used_counts(new_app, new_client):
    client = new_client(new_app(COACHING_DEMO="0", COACHING_HOSTS="calls.example.org", COACHING_PROXIES="1"))
    theirs = {"Host": "10.0.0.7:5000", "X_Forwarded_Host": "calls.example.org", "X_Forwarded_Proto": "https"}
    sent = load(client, STYLE, **theirs)
    assert (sent.status_code, sent.headers["Strict-Transport-Security"]) == (200, "max-age=31536000")
    foreign = load(client, STYLE, Host="calls.example.org", X_Forwarded_Host="evil.example")
    assert foreign.status_code == 400


# What is not asked


def test_for_a_file_the_app_is_not_asked_nor_the_cookie_read(make: Make, client: Client, statements):
    client.sign_in(make.coach())
    urls = files(client.get("/slots/"))
    asked: list[object] = []

    def heard(sender: object, **_: object) -> None:
        asked.append(sender)

    with statements.counted() as said, appcontext_pushed.connected_to(heard, client.app):
        for url in [*urls, STYLE]:
            sent = load(client, url)
            assert sent.status_code == 200
            assert "Set-Cookie" not in sent.headers
            assert "Cookie" not in sent.headers["Vary"]
        assert (asked, said) == ([], []), "no session is opened, nobody is looked up"
        client.get("/slots/")
        assert asked, "this test would hear it"
        assert said
