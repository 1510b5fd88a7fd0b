"""What is written down: enough to find out what happened, and nothing that is anybody's own."""

import json
import logging
import re
from datetime import datetime

import pytest

from coaching import logs
from tests.make import Make
from tests.visiting import Client
from tests.world import small_world


@pytest.fixture
def lines(caplog):
    """Every line that was written, as gunicorn's log would hold it."""
    caplog.set_level(logging.INFO)

    def read() -> list[dict]:
        return [json.loads(logs.Json().format(record)) for record in caplog.records if record.name == "coaching"]

    return read


def test_every_request_makes_one_line(make: Make, client: Client, lines):
    coach = make.coach()
    client.sign_in(coach)
    before = len(lines())
    client.get("/slots/?week=2026-W11")
    [line] = lines()[before:]
    assert line | {"time": "", "ms": 0, "reference": ""} == {
        "time": "", "level": "info", "logger": "coaching", "event": "request", "reference": "", "method": "GET",
        "route": "/slots/", "status": 200, "ms": 0, "statements": 3, "person": coach.id,
    }  # fmt: skip
    assert datetime.fromisoformat(line["time"]).utcoffset().total_seconds() == 0
    assert line["ms"] >= 0
    assert re.fullmatch("[0-9a-f]{8}", line["reference"])


@pytest.mark.parametrize(
    ("method", "url", "status", "route"),
    [
        ("GET", "/static/style.css", 200, "/static/<path:filename>"),
        ("GET", "/nothing/of/mine?token=secret", 404, None),
        ("GET", "/coaches/999999", 302, "/coaches/<int:coach_id>"),
        ("PUT", "/coaches/", 405, None),
        ("GET", "/auth/reset/a-token-of-somebody", 404, "/auth/reset/<token>"),
        ("POST", "/auth/sign-in?next=/secret", 400, "/auth/sign-in"),
        ("GET", "/healthz", 200, "/healthz"),
    ],
)
def test_of_an_address_its_route_is_said(client: Client, lines, *, method, url, status, route):
    client.bare(method, url)
    line = lines()[-1]
    assert (line["method"], line["route"], line["status"], line["person"]) == (method, route, status, None)
    assert "secret" not in str(lines())
    assert "somebody" not in str(lines())


def test_a_method_that_somebody_made_up_is_not_written_down(client: Client, lines):
    client.bare("MY-SECRET", "/")
    assert lines()[-1]["method"] == "other"


def test_the_reference_on_a_page_is_the_one_in_the_log(make: Make, client: Client, lines):
    client.sign_in(make.coach())
    for url in ("/nothing", "/sessions/999999", "/coaches/%00"):
        said = re.search(r"reference: ([0-9a-f]{8})", client.get(url).said)
        assert said
        assert said[1] == lines()[-1]["reference"]


def test_a_refusal_makes_a_line_that_names_the_rule_and_nobody(make: Make, client: Client, lines):
    session = make.session(student=make.student("Bo Student"))
    client.sign_in(session.coach)
    page = client.post(f"/slots/{session.slot_id}/withdraw")
    assert page.status == 409
    refused, request = lines()[-2:]
    assert (refused["event"], refused["rule"], refused["person"]) == ("refused", "CannotChange", session.coach_id)
    assert refused["reference"] == request["reference"]
    assert refused["reference"] in page.said
    assert "Bo Student" not in str(lines())


def test_what_breaks_is_said_by_kind_and_place_alone(make: Make, client, lines, monkeypatch):
    session = make.session(student=make.student())
    client.sign_in(session.student)
    monkeypatch.setattr(client.app, "testing", False)

    def breaks(*_args, **_more):
        raise ValueError("my private note")

    monkeypatch.setattr("coaching.sessions.rules.cancel", breaks)
    page = client.post(f"/sessions/{session.id}/cancel", {"reason": "my private note"})
    assert page.status == 500
    fault = next(line for line in lines() if line["level"] == "error")
    assert fault["fault"] == "ValueError"
    assert any(re.search(r"test_logs\.py:\d+ breaks$", frame) for frame in fault["where"])
    assert fault["reference"] in page.said
    assert "private" not in str(lines())
    assert "private" not in page.text


def test_nothing_private_is_in_any_line(make: Make, client: Client, lines):
    world = small_world(make)
    client.sign_in(world.coach)
    client.post(f"/sessions/{world.waiting.id}/feedback", {"rating": "1", "note": "my private note"})
    client.post("/auth/profile", {"name": "Private Name", "phone": "+1 202-555-0199", "time_zone": "Europe/London"})
    client.get("/coaches/?q=private+search")
    client.get(f"/sessions/{world.upcoming.id}")
    written = str(lines()).lower()
    for private in ("private", "2025550", "555-01", "correct horse", world.reset, "example.org"):
        assert private not in written


def test_gunicorns_own_lines_quote_nobody():
    for said, kept in {
        "Invalid request from ip=192.0.2.1: Invalid Request Line 'GET /?token=secret'": "Invalid request",
        "Error handling request GET /auth/reset/secret": "Error handling request",
        "Booting worker with pid: 7": "Booting worker with pid: 7",
    }.items():
        record = logging.LogRecord("gunicorn.error", logging.WARNING, "", 0, said, None, None)
        assert json.loads(logs.Json().format(record))["event"] == kept


def test_a_developer_reads_words(caplog, client: Client):
    caplog.set_level(logging.INFO)
    client.get("/healthz")
    line = logs.Words().format(caplog.records[-1])
    assert re.fullmatch(
        r"08:00:00 request reference=[0-9a-f]{8} method=GET route=/healthz status=200 ms=[\d.]+ statements=0", line
    )


def test_the_lines_of_the_developers_server_itself_are_left_out():
    for said in ('127.0.0.1 - - [02/Mar/2026] "GET /?token=secret HTTP/1.1" 200 -', '::1 - - [x] "POST /"'):
        assert logs.ITS_OWN_LINES.match(said)
    assert not logs.ITS_OWN_LINES.match(" * Running on http://127.0.0.1:5000")
