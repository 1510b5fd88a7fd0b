"""The app as it is deployed: what stops its start, what it writes down, and signing in over TLS."""

import json
import os
import re
import ssl
import subprocess
import sys
from contextlib import closing
from email.message import Message
from http.client import HTTPConnection, HTTPSConnection
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPSHandler, OpenerDirector, Request, build_opener

import pytest
import trustme

from tests.databases import ROOT
from tests.racing import Race
from tests.test_bad_input import TOKEN
from tests.world import PASSWORD

pytestmark = [pytest.mark.real_time, pytest.mark.xdist_group("serving")]

KEY = "a key of some length, for tests"


def start(command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Start the app in an environment of which nothing else is set, and wait for it to give up."""
    return subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_an_unmigrated_database_stops_the_start(databases):
    url = databases.new(migrated=False)
    for command in ("gunicorn --bind 127.0.0.1:0 wsgi:app", "flask --app wsgi run --port 0"):
        done = start(command, SECRET_KEY=KEY, DATABASE_URL=url)
        assert (done.returncode, done.stderr) == (
            1,
            "Cannot start: DATABASE_URL names a database without the newest migrations. Run: flask db upgrade\n",
        )
    assert start("flask --app wsgi people list", SECRET_KEY=KEY, DATABASE_URL=url).returncode == 1
    assert start("flask --app wsgi db upgrade", SECRET_KEY=KEY, DATABASE_URL=url).returncode == 0, "this mends it"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": KEY, "DATABASE_URL": "sqlite:////nowhere/there/is/no.sqlite3"}, "DATABASE_URL"),
        ({"COACHING_DEMO": "1", "COACHING_HOSTS": "calls.example.org"}, "COACHING_HOSTS"),
        ({"COACHING_DEMO": "1", "COACHING_URL": "https://calls.example.org"}, "COACHING_URL"),
        ({"SECRET_KEY": KEY, "COACHING_UNHEARD_OF": "1"}, "COACHING_UNHEARD_OF"),
        ({"SECRET_KEY": KEY, "COACHING_WRONG_PASSWORDS": "0"}, "COACHING_WRONG_PASSWORDS"),
        ({"SECRET_KEY": KEY, "PORT": "http"}, "PORT"),
        ({"SECRET_KEY": KEY, "WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY"),
    ],
)
def test_what_is_missing_or_wrong_stops_the_start_with_one_line_that_names_it(environ, named):
    done = start("gunicorn --bind 127.0.0.1:0 wsgi:app", **environ)
    assert done.returncode not in {0, None}
    [line] = done.stderr.splitlines()
    assert line.startswith("Cannot start: ")
    assert named in line
    assert "s3cret" not in line


def test_a_postgresql_that_knows_no_such_database_stops_the_start(postgres):
    url = urlsplit(postgres)._replace(path="/nothing").geturl()
    done = start("gunicorn --bind 127.0.0.1:0 wsgi:app", SECRET_KEY=KEY, DATABASE_URL=url)
    [line] = done.stderr.splitlines()
    assert "DATABASE_URL" in line
    assert "does not exist" in line


def test_a_postgresql_that_is_away_is_waited_for(tmp_path: Path):
    """After a power cut the site comes up, whichever of the two is up first."""
    away = "postgresql://bo:s3cret@127.0.0.1:1/nothing"
    with Race(away, tmp_path) as served:
        answer = ask(build_opener(), f"http://127.0.0.1:{served.port}/readyz")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "s3cret" not in "\n".join(served.log)


def test_a_body_over_the_limit_is_answered_whether_it_is_sent_or_only_announced(databases, tmp_path: Path):
    with Race(databases.new(), tmp_path) as served:
        for body in (b"x" * 5_000_000, b"only announced"):
            with closing(HTTPConnection("127.0.0.1", served.port, timeout=30)) as connection:
                connection.putrequest("POST", "/auth/sign-in")
                connection.putheader("Content-Length", "5000000")
                connection.putheader("Content-Type", "application/x-www-form-urlencoded")
                connection.endheaders(body)
                assert connection.getresponse().status == 413


def test_a_demo_with_a_public_name_is_not_served_by_any_other_server_either():
    done = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        cwd=ROOT,
        env={"COACHING_DEMO": "1", "COACHING_HOSTS": "calls.example.org"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "COACHING_HOSTS" in done.stderr) == (1, True)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Somebody who vouches for certificates, in these tests alone."""
    return trustme.CA()


@pytest.fixture
def over_tls(databases, tmp_path: Path, authority: trustme.CA):
    """The app as it is deployed, with a certificate."""
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "certificate.pem")
    file = str(tmp_path / "certificate.pem")
    with Race(databases.new(), tmp_path, options=["--certfile", file, "--keyfile", file]) as served:
        yield served.begin()


@pytest.fixture
def window(over_tls: Race, authority: trustme.CA):
    """A browser, as far as cookies and certificates go."""
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    cookies = CookieJar()
    opener = build_opener(HTTPSHandler(context=trusting), HTTPCookieProcessor(cookies))
    return opener, cookies, f"https://localhost:{over_tls.port}"


class Answer(NamedTuple):
    """What came back, after all redirects."""

    status: int
    url: str
    headers: Message
    text: str


def ask(opener: OpenerDirector, url: str, headers: dict[str, str] | None = None, **form: str) -> Answer:
    """Go to an address, or send a form, as a browser does on one's own site."""
    body = urlencode(form).encode() if form else None
    try:
        response = opener.open(Request(url, body, {"Referer": url, **(headers or {})}), timeout=30)
    except HTTPError as error:
        response = error
    with response:
        return Answer(response.status, response.url, response.headers, response.read().decode())


def test_outside_a_demo_one_signs_in_over_tls_with_a_cookie_for_this_host_alone(over_tls: Race, window):
    opener, cookies, site = window
    coach = over_tls.make.coach("Ana", password=PASSWORD)
    page = ask(opener, f"{site}/auth/sign-in")
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    token = TOKEN.search(page.text)[1]
    entered = ask(opener, f"{site}/auth/sign-in", csrf_token=token, email=coach.email, password=PASSWORD)
    assert (entered.status, entered.url) == (200, f"{site}/")
    assert "Ana, coach." in entered.text
    [cookie] = cookies
    assert (cookie.name, cookie.secure, cookie.path, cookie.domain_specified) == ("__Host-coaching", True, "/", False)
    assert {name.lower() for name in cookie._rest} >= {"httponly", "samesite"}

    kept = cookie.value
    ask(opener, f"{site}/auth/sign-out", csrf_token=TOKEN.search(entered.text)[1])
    thief = build_opener(*(handler for handler in opener.handlers if isinstance(handler, HTTPSHandler)))
    replayed = ask(thief, f"{site}/slots/", {"Cookie": f"__Host-coaching={kept}"})
    assert replayed.url == f"{site}/auth/sign-in?next=/slots/", "a cookie of before is nobody's"


def test_under_gunicorn_a_page_and_its_files_are_light_and_the_files_kept(
    over_tls: Race, window, authority: trustme.CA
):
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    links = re.findall(r'(?:href|src)="([^"]+\?v=\w+)"', ask(window[0], f"{window[2]}/").text)
    assert len(links) == 4
    weight = 0
    with closing(HTTPSConnection("localhost", over_tls.port, timeout=30, context=trusting)) as connection:
        for link in ("/", *links, *links):  # one connection for all, as a browser has it
            connection.request("GET", link, headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
            answer = connection.getresponse()
            weight += len(answer.read()) + len(str(answer.headers))
            assert answer.status == 200
            if link != "/":
                assert answer.getheader("Content-Encoding") == "gzip"
                assert answer.getheader("Cache-Control") == "public, max-age=31536000, immutable"
                assert answer.getheader("Strict-Transport-Security") == "max-age=31536000"
                assert answer.getheader("Set-Cookie") is None
    assert weight < 120_000, "even with every file twice"
    lines = [json.loads(line) for line in over_tls.log]
    sent = [line for line in lines if "static" in (line.get("route") or "")]
    assert {(line["route"], line["status"], line["statements"]) for line in sent} == {
        ("/static/<path:filename>", 200, 0),
        ("/bootstrap/static/<path:filename>", 200, 0),
    }


def test_under_gunicorn_every_line_is_json_and_says_nothing_that_a_client_wrote(over_tls: Race, window):
    opener, _, site = window
    ask(opener, f"{site}/coaches/?q=my+private+search")
    ask(opener, f"{site}/auth/reset/my-private-token")
    ask(opener, f"{site}/healthz")
    lines = [json.loads(line) for line in over_tls.log]
    requests = [(line["method"], line["route"], line["status"]) for line in lines if line["event"] == "request"]
    assert ("GET", "/coaches/", 302) in requests
    assert ("GET", "/auth/reset/<token>", 404) in requests
    assert ("GET", "/healthz", 200) in requests
    assert not re.search("private", "\n".join(over_tls.log))
