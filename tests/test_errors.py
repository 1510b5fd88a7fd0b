"""What people see when something is missing, refused or broken; and what every answer carries, whatever it is."""

import json
import logging
from http import HTTPStatus

import pytest
from sqlalchemy import text

from coaching.extensions import db
from tests.databases import app_on, close
from tests.make import Make
from tests.reading import main
from tests.world import small_world

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}


def answers(client, world) -> dict[str, object]:
    """Return one answer of each kind there is."""
    client.sign_in(world.coach)
    return {
        "a page": client.get("/slots/"),
        "a redirect": client.post("/slots/offer", {"date": "2027-01-04", "time": "10:00"}),
        "faults": client.post("/slots/offer", {"date": "soon", "time": "10:00"}),
        "a refusal": client.get(f"/slots/{world.booked.id}/move"),
        "not for you": client.get(f"/sessions/book/{world.free.id}"),
        "missing": client.get("/sessions/999999"),
        "no such page": client.get("/wp-login.php"),
        "wrong method": client.bare("DELETE", "/slots/"),
        "stale form": client.bare("POST", "/slots/offer"),
        "unreadable": client.get("/coaches/?q=%00"),
        "too large": client.bare("POST", "/slots/offer", data={"date": "x" * 300_000}),
        "alive": client.get("/healthz"),
        "ready": client.get("/readyz"),
        "no such file": client.get("/static/nothing.css"),
        "a stranger's page": client.bare("GET", "/", headers={"Cookie": ""}),
    }


def test_every_answer_carries_the_headers_that_keep_browsers_from_harm(make: Make, client):
    for kind, page in answers(client, small_world(make)).items():
        policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
        assert {name: policy.get(name) for name in POLICY} == POLICY, kind
        assert "unsafe" not in page.headers["Content-Security-Policy"], kind
        assert page.headers["X-Content-Type-Options"] == "nosniff", kind
        assert page.headers["X-Frame-Options"] == "DENY", kind
        assert page.headers["Referrer-Policy"] == "same-origin", kind
        assert "camera=()" in page.headers["Permissions-Policy"], kind
        assert "Strict-Transport-Security" not in page.headers, kind


def test_nothing_that_is_somebodys_is_kept_by_a_browser_or_a_proxy(make: Make, client):
    for kind, page in answers(client, small_world(make)).items():
        assert page.headers["Cache-Control"] == "no-store", kind
        assert "Cookie" in page.headers["Vary"], kind


def test_files_carry_the_same_headers_and_may_be_kept(client):
    for url in ("/static/style.css", "/static/app.js", "/bootstrap/static/css/bootstrap.min.css"):
        page = client.get(url)
        assert page.status == 200
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "no-store" not in page.headers.get("Cache-Control", "")
        assert "Set-Cookie" not in page.headers


def test_over_tls_browsers_are_told_to_come_over_tls_from_now_on(client):
    assert client.get("/", base_url="https://localhost").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_everything_that_a_page_needs_comes_from_this_site(make: Make, client):
    client.sign_in(make.coach())
    page = client.get("/slots/")
    files = [tag.get("href") or tag.get("src") for tag in page.all("link[href], script[src], img[src]")]
    assert len(files) >= 3
    for file in files:
        assert file.startswith("/"), file
        assert client.get(file).status == 200, file


@pytest.mark.parametrize(
    ("kind", "status", "sentence"),
    [
        ("not for you", 403, "This page is for people in another role."),
        ("missing", 404, "There is no such page, or it is not yours to see."),
        ("no such page", 404, "There is no such page, or it is not yours to see."),
        ("wrong method", 405, "This address cannot be used in this way."),
        ("stale form", 400, "Open the page anew and try again."),
        ("unreadable", 400, "Something in the request could not be read."),
        ("too large", 413, "What was sent is larger than this site takes."),
    ],
)
def test_an_error_is_said_in_words_on_a_page_of_this_site(make: Make, client, kind, status, sentence):
    page = answers(client, small_world(make))[kind]
    assert page.status == status
    assert sentence in main(page)
    assert "/" in page.links(), "and it leads on"
    assert "Ana Coach, coach." in page.said, "one is still signed in"


EVIL = ["evil.example", "localhost.evil.example", "evil.example:80", "[::2]", "localhost@evil", "localhost\\evil"]


@pytest.mark.parametrize("host", EVIL)
def test_another_sites_name_is_refused_and_nothing_leads_there(client, host):
    for url in ("/", "/sessions/", "/auth/sign-in", "/healthz", "/static/style.css", "/nothing"):
        page = client.browser.get(url, headers={"Host": host})
        assert page.status_code == 400, url
        assert page.location is None
        assert "Set-Cookie" not in page.headers
        assert "href" not in page.text, "not a page of this site"


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1:8000"])
def test_by_default_this_machines_own_names_are_answered(client, host):
    assert client.bare("GET", "/healthz", headers={"Host": host}).status == 200


def test_the_names_that_a_site_answers_to_are_a_setting(new_app, new_client):
    client = new_client(new_app(COACHING_DEMO="0", COACHING_HOSTS="calls.example.org, www.example.org"))
    for host, status in {"calls.example.org": 200, "www.example.org": 200, "localhost": 400}.items():
        assert client.bare("GET", "/healthz", headers={"Host": host}).status == status


# The database is away


@pytest.fixture
def away(databases, database_url, tmp_path, app):
    """An app whose database does not answer, but which knows the cookies of the other."""
    url = {
        "sqlite": "sqlite:////nowhere/there/is/no.sqlite3",
        "postgresql": "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1",
    }
    assert app.config["SECRET_KEY"] == "only for tests, and long enough"
    other = app_on(database_url, tmp_path, DATABASE_URL=url[databases.kind])
    yield other
    close(other)


def test_while_the_database_is_away_people_are_asked_to_come_back(make: Make, client, new_client, away, caplog):
    session = make.session(coach=(coach := make.coach("Ana Coach", phone="+14155552671")))
    client.sign_in(coach)
    there = new_client(away)
    there.browser.set_cookie("coaching", client.browser.get_cookie("coaching").value)
    token = client.token()
    pages = [there.get(url) for url in ("/", "/slots/", "/coaches/", f"/sessions/{session.id}", "/auth/sign-in")]
    form = {"csrf_token": token, "date": "2027-01-04", "time": "10:00"}
    pages.append(there.bare("POST", "/slots/offer", data=form))
    # What would be another answer has to ask for the page's own frame.
    pages += [there.get("/nothing/here"), there.get("/static/nothing.css"), there.get("/slots/offer")]
    pages += [there.bare("POST", "/slots/offer"), there.bare("POST", "/auth/sign-in", data={"email": "x" * 300_000})]
    for page in pages:
        assert page.status == 503
        assert int(page.headers["Retry-After"]) > 0
        assert page.h1 == "Back in a moment"
        assert "Nothing was changed. Try again in a few seconds." in main(page)
        for inside in ("sqlite", "psycopg", "127.0.0.1:1", "nowhere", "Traceback"):
            assert inside not in page.text
        assert page.headers["Cache-Control"] == "no-store"
    assert [record for record in caplog.records if record.levelno >= logging.ERROR], "whoever runs it can see why"
    assert "4155552671" not in caplog.text


def test_what_needs_no_database_is_there_all_the_same(away, new_client):
    there = new_client(away)
    assert (there.get("/healthz").status, there.get("/healthz").text) == (200, "alive\n")
    assert there.get("/static/style.css").status == 200
    ready = there.get("/readyz")
    assert (ready.status, ready.text) == (503, "not ready\n")
    assert int(ready.headers["Retry-After"]) > 0


def test_who_is_signed_in_still_gets_the_files_of_a_page(make: Make, client, new_client, away):
    client.sign_in(make.coach())
    there = new_client(away)
    there.browser.set_cookie("coaching", client.browser.get_cookie("coaching").value)
    page = there.get("/slots/")
    files = [tag.get("href") or tag.get("src") for tag in page.all("link[href], script[src]")]
    assert (page.status, len(files)) == (503, 4)
    for file in files:
        sent = there.browser.get(file, headers={"Accept-Encoding": "gzip"})
        assert (sent.status_code, sent.headers["Content-Encoding"]) == (200, "gzip"), file


def test_what_was_away_and_is_back_is_used_again(databases, tmp_path, new_client):
    """Connections that the database has ended meanwhile are not given to anybody."""
    app = app_on(databases.new(), tmp_path)
    coach = Make(app).coach()
    client = new_client(app).sign_in(coach)
    if databases.kind == "postgresql":
        other = app_on(databases.new(), tmp_path)
        with app.app_context():
            name = db.session.scalar(text("SELECT current_database()"))
        with other.app_context(), db.engine.begin() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :name"),
                {"name": name},  # and waits until they are gone
            )
        close(other)
    assert client.get("/slots/").status == 200
    close(app)


# Who asks for JSON


@pytest.mark.parametrize("accept", ["application/json", "application/problem+json", "application/json, */*;q=0.1"])
@pytest.mark.parametrize(
    ("kind", "status"),
    [("not for you", 403), ("missing", 404), ("wrong method", 405), ("stale form", 400), ("too large", 413)],
)
def test_who_asks_for_json_is_told_the_same_as_problem_details(make: Make, client, *, kind, status, accept):
    client.browser.environ_base["HTTP_ACCEPT"] = accept
    page = answers(client, small_world(make))[kind]
    assert page.status == status
    assert page.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(page.text)
    assert problem.keys() == {"type", "title", "status", "detail", "reference"}
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["title"] == HTTPStatus(status).phrase
    assert len(problem["reference"]) == 8


@pytest.mark.parametrize("accept", ["", "*/*", "text/html", "text/html,*/*;q=0.8", "image/png", "x"])
def test_everybody_else_is_told_in_a_page(client, accept):
    page = client.get("/nothing", headers={"Accept": accept})
    assert page.headers["Content-Type"].startswith("text/html")


def test_who_asks_for_json_of_another_site_is_told_so_in_json(client):
    page = client.browser.get("/", headers={"Host": "evil.example", "Accept": "application/json"})
    assert (page.status_code, json.loads(page.text)["status"]) == (400, 400)


def test_a_refusal_and_a_fault_in_a_form_are_told_as_json_too(make: Make, client):
    session = make.session()
    coach = client.sign_in(session.coach)
    json_please = {"headers": {"Accept": "application/json"}}
    refused = json.loads(coach.post(f"/slots/{session.slot_id}/withdraw", **json_please).text)
    assert (refused["status"], refused["detail"]) == (
        409, f"{session.student.name} has booked this slot. Move or cancel the session first."
    )  # fmt: skip
    wrong = json.loads(coach.post("/slots/offer", {"date": "soon", "time": "10:00"}, **json_please).text)
    assert (wrong["status"], wrong["errors"]) == (422, {"date": ["Enter a day, such as 2026-11-24."]})


def test_too_often_has_a_page_of_the_same_kind(client, app, monkeypatch):
    monkeypatch.setitem(app.config, "RESETS", 1)
    client.post("/auth/forgotten", {"email": "bo@example.org"})
    page = client.post("/auth/forgotten", {"email": "bo@example.org"})
    assert (page.status, page.h1) == (429, "That was too often")
    assert "/" in page.links()
