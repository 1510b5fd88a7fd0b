"""Protections whose loss nothing else would show: each of these was taken out once, and no other test noticed."""

import json
import logging
import runpy
from pathlib import Path
from urllib.parse import unquote_to_bytes

import psycopg
import pytest
from gunicorn.config import Config
from sqlalchemy import exc, select
from sqlalchemy import text as sql
from werkzeug.exceptions import NotFound

from coaching import create_app, logs, text
from coaching.auth import queries, rules
from coaching.auth.views import _own_path
from coaching.config import SettingError, refuse_public_demo
from coaching.extensions import db, saving
from coaching.models import Purpose, User
from tests.databases import ROOT, app_on, close
from tests.make import NOW, Make
from tests.world import PASSWORD, give_password

JSON_PLEASE = {"headers": {"Accept": "application/json"}}
LIST = "coaching.coaches.queries.coaches_with_free_slots"


def fails_with(error: Exception):
    def fails(*_args, **_more):
        raise error

    return fails


# Signing in


def test_a_form_of_before_signing_out_is_refused_afterwards(make: Make, client):
    client.sign_in(make.coach())
    stale = client.token()
    client.post("/auth/sign-out")
    with client.browser.session_transaction() as cookie:
        assert set(cookie) <= {"_flashes"}
    assert client.bare("POST", "/auth/sign-in", data={"csrf_token": stale}).status == 400


def test_a_common_password_is_refused_when_registering_too(client):
    form = {"name": "Bo", "email": "bo@example.org", "phone": "+442079460958", "time_zone": "UTC"}
    assert client.post("/auth/register", form | {"password": "Qwertyuiop"}).status == 422


def test_of_two_who_use_a_link_at_once_the_second_does_not_find_it(make: Make, app):
    token = make.link(make.student())
    with app.app_context():
        link = queries.link_or_404(rules.hashed(token), Purpose.RESET, now=NOW)
        with saving():
            rules.reset_password(link, "one hash", now=NOW)
        with pytest.raises(NotFound), saving():
            rules.reset_password(link, "another hash", now=NOW)


def test_the_token_of_a_link_is_kept_nowhere(make: Make, app, client, everything):
    student = give_password(app, make.student(email="bo@example.org"))
    client.post("/auth/forgotten", {"email": student.email})
    client.sign_in(student).post("/auth/email", {"email": "new@example.org", "password": PASSWORD})
    tokens = [token for mail in client.mails if len(token := mail.link.rpartition("/")[2]) > 30]
    assert len(tokens) == 2
    assert not [token for token in tokens if token in str(everything())]


@pytest.mark.parametrize(
    ("wrong", "value"),
    [
        ("COACHING_HOSTS", "localhost,calls.example.org"),
        ("COACHING_URL", "http://calls.example.org"),
        ("COACHING_URL", "https://localhost"),
    ],
)
def test_a_demo_that_others_can_reach_is_not_served(wrong, value, tmp_path):
    demo = create_app({"COACHING_DEMO": "1", wrong: value}, tmp_path)
    with pytest.raises(SettingError, match=wrong):
        refuse_public_demo(demo.config)


def test_only_a_path_of_this_site_is_gone_on_to(app):
    with app.test_request_context():
        for target in ("/\\evil.example", "\\/evil", "//evil", "/\t/evil", "evil", ""):
            assert _own_path(target) == "/"
        assert _own_path("/slots/?week=1") == "/slots/?week=1"


def test_nobody_else_can_read_the_mails_that_lie_on_this_machine(client):
    client.post("/auth/forgotten", {"email": "bo@example.org"})
    assert len(client.mails) == 1
    assert (Path(client.app.instance_path) / "mail").stat().st_mode & 0o077 == 0


# Requests


@pytest.mark.parametrize("bad", ["%00", "%ff", "%ed%a0%80", "a%e2%82"])
def test_what_is_no_text_is_refused_wherever_it_stands(make: Make, client, bad):
    client.sign_in(make.student())
    raw = unquote_to_bytes(bad)
    for path in ("/auth/reset/", "/static/"):  # as WSGI has it: of `%ff` in a path the test client makes U+FFFD
        there = {"PATH_INFO": path + raw.decode("latin-1")}
        assert client.get("/", environ_overrides=there).status == 400, path
    for url in (f"/coaches/?q={bad}", f"/coaches/?{bad}=x"):
        assert client.get(url).status == 400, url
    part = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n' + raw + b"\r\n--x--"
    token = {"X-CSRFToken": client.token()}
    for kind, body in {
        "application/x-www-form-urlencoded": f"name={bad}".encode(),
        "multipart/form-data; boundary=x": part,
    }.items():
        page = client.bare("POST", "/auth/profile", data=body, content_type=kind, headers=token)
        assert (page.status, page.h1) == (400, "That did not arrive whole"), kind


@pytest.mark.parametrize("typed", ["-1", "+1", "²", "١", " 1", "1_0", "1.0", "", "2147483648", "9" * 5000])
def test_what_is_no_id_is_none(typed):
    assert text.as_id(typed) is None


def test_what_a_page_may_load_is_said_to_the_letter(client):
    headers = client.get("/").headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
        "font-src": "'self'", "connect-src": "'self'", "form-action": "'self'", "base-uri": "'none'",
        "frame-ancestors": "'none'", "object-src": "'none'",
    }  # fmt: skip
    assert headers["Permissions-Policy"] == "camera=(), geolocation=(), microphone=()"


@pytest.mark.usefixtures("app")
def test_behind_a_proxy_that_is_counted_its_word_is_taken_for_scheme_and_host(new_app, new_client):
    there = {"headers": {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "calls.example.org"}}
    settings = {"COACHING_DEMO": "0", "COACHING_HOSTS": "calls.example.org"}
    page = new_client(new_app(**settings, COACHING_PROXIES="1")).get("/", **there)
    assert (page.status, "Strict-Transport-Security" in page.headers) == (200, True)
    assert new_client(new_app(**settings)).bare("GET", "/", **there).status == 400
    here = new_client(new_app(COACHING_DEMO="0")).get("/", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in here.headers


def test_what_breaks_is_said_no_more_in_json(make: Make, client, monkeypatch):
    client.sign_in(make.student())
    monkeypatch.setattr(client.app, "testing", False)
    monkeypatch.setattr(LIST, fails_with(ValueError("my private note")))
    page = client.get("/coaches/", **JSON_PLEASE)
    assert (page.status, json.loads(page.text).keys()) == (500, {"type", "title", "status", "detail", "reference"})
    assert "private" not in page.text


def test_what_was_typed_is_not_repeated_in_json(make: Make, client):
    client.sign_in(make.coach())
    page = client.post("/slots/offer", {"date": "soon", "time": "10:00"}, **JSON_PLEASE)
    assert json.loads(page.text).keys() == {"type", "title", "status", "detail", "reference", "errors"}


# The database


@pytest.mark.parametrize(
    "error",
    [exc.OperationalError("", {}, Exception()), exc.InterfaceError("", {}, Exception()), exc.TimeoutError()],
)
def test_in_whatever_way_the_database_does_not_answer_people_are_asked_to_come_back(
    make: Make, client, monkeypatch, error
):
    client.sign_in(make.student())
    monkeypatch.setattr(LIST, fails_with(error))
    page = client.get("/coaches/")
    assert (page.status, page.headers["Retry-After"]) == (503, "5")


def test_after_a_fault_in_the_database_the_page_is_whole(databases, tmp_path, new_client, monkeypatch):
    app = app_on(databases.new(), tmp_path)
    app.testing = False
    client = new_client(app).sign_in(Make(app).student())
    monkeypatch.setattr(LIST, lambda **_: db.session.execute(sql("SELECT nothing")))
    page = client.get("/coaches/")
    close(app)
    assert page.status == (500 if databases.kind == "postgresql" else 503)  # SQLite says OperationalError of this
    assert page.h1 in {"That went wrong on our side", "Back in a moment"}


def test_sqlite_keeps_what_it_acknowledged_and_shows_a_page_one_state(app, databases):
    names = ("synchronous", "journal_mode", "foreign_keys")
    if databases.kind == "postgresql":
        return  # it is so there by itself
    with app.app_context(), db.engine.connect() as connection:
        said = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
        assert connection.connection.dbapi_connection.in_transaction
    assert said == [2, "wal", 1]  # 2 is FULL


def test_what_is_private_is_not_read_by_the_way(app, make: Make):
    make.student()
    with app.app_context():
        person = db.session.scalars(select(User)).one()
        for private in ("phone", "password_hash"):
            with pytest.raises(exc.InvalidRequestError):
                getattr(person, private)


def test_nobody_waits_long_for_a_database_that_is_not_there(tmp_path, monkeypatch):
    asked = {}

    def connect(_url, **more):
        asked.update(more)
        raise psycopg.OperationalError("not there")

    monkeypatch.setattr(psycopg, "connect", connect)
    app = app_on("postgresql://nobody@h/nothing", tmp_path)
    assert app.test_client().get("/readyz").status_code == 503
    assert asked["connect_timeout"] == 5


# The server


def test_gunicorn_opens_no_control_socket_and_believes_no_proxy():
    config = Config()
    for name, value in runpy.run_path(str(ROOT / "gunicorn.conf.py")).items():
        if name in config.settings:
            config.set(name, value)
    assert config.control_socket_disable
    assert config.forwarded_allow_ips == []
    assert config.accesslog is None


@pytest.mark.usefixtures("app")
def test_the_lines_of_the_developers_server_are_left_out_where_nobody_has_set_up_a_log(new_app, monkeypatch):
    served = logging.getLogger("werkzeug")
    monkeypatch.setattr(served, "filters", [])
    for logger in (logging.getLogger(), logs.log):
        monkeypatch.setattr(logger, "handlers", [])
    new_app()
    line = '127.0.0.1 - - [02/Mar/2026] "GET /?token=secret HTTP/1.1" 200 -'
    assert not served.filter(logging.LogRecord("werkzeug", logging.INFO, "", 0, line, None, None))
    assert served.filter(logging.LogRecord("werkzeug", logging.INFO, "", 0, " * Running on x", None, None))
