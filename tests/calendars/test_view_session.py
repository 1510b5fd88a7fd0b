"""`/sessions/<id>.ics`: one session to take along, and the links beside it on the session's page."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.calendars.reading import calendar, events, names, seen_by_vobject
from tests.make import NOW, Make, at
from tests.test_secrets import secrets_in
from tests.world import small_world

HEAD = {"BEGIN", "VERSION", "PRODID", "CALSCALE", "METHOD", "END"}
LINES = {"SUMMARY", "DTSTART", "DTEND", "DTSTAMP", "UID", "SEQUENCE", "DESCRIPTION", "LAST-MODIFIED", "STATUS"}
LINES |= {"TRANSP", "URL"}


def test_both_take_along_when_it_is_and_with_whom(make: Make, client):
    coach, student = make.coach("Ana", zone="America/New_York"), make.student("Bo")
    session = make.session(make.slot(coach, at("2026-03-29 00:30")), student, booked_at=at("2026-03-01 09:00"))
    for person, other in ((coach, "Bo"), (student, "Ana")):
        page = client.sign_in(person).get(f"/sessions/{session.id}.ics")
        assert page.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert f"coaching-call-{session.id}.ics" in page.headers["Content-Disposition"]
        assert calendar(page)["method"] == "PUBLISH"
        [event] = events(page).values()
        assert event["uid"] == f"session-{session.id}@127.0.0.1"
        assert (event["dtstart"].dt, event["dtend"].dt) == (at("2026-03-29 00:30"), at("2026-03-29 02:30"))
        assert "DTSTART:20260329T003000Z\r\nDTEND:20260329T023000Z\r\n" in page.text, "UTC, whoever reads it"
        assert event["summary"] == f"Coaching call with {other}"
        assert event["url"] == f"http://127.0.0.1:5000/sessions/{session.id}"
        assert event["url"] in event["description"]
        assert (event["status"], event["sequence"]) == ("CONFIRMED", 0)
        assert event["dtstamp"].dt == event["last-modified"].dt == at("2026-03-01 09:00")
        assert names(page) == HEAD | LINES


def test_one_that_was_cancelled_says_so_and_keeps_nobody_busy(make: Make, client):
    session = make.session(booked_at=at("2026-02-20 09:00"), moves=2, moved_at=at("2026-02-21 09:00"))
    client.sign_in(session.student).post(f"/sessions/{session.id}/cancel")
    [event] = seen_by_vobject(client.get(f"/sessions/{session.id}.ics")).values()
    assert (event["STATUS"], event["SEQUENCE"], event["TRANSP"]) == ("CANCELLED", "3", "TRANSPARENT")
    assert event["LAST-MODIFIED"] == event["DTSTAMP"] == NOW


def test_it_is_dated_by_the_last_move(make: Make, client):
    session = make.session(booked_at=at("2026-02-20 09:00"), moves=1, moved_at=at("2026-02-21 09:00"))
    [event] = events(client.sign_in(session.coach).get(f"/sessions/{session.id}.ics")).values()
    assert (event["last-modified"].dt, event["sequence"]) == (at("2026-02-21 09:00"), 1)


def test_nothing_private_is_in_any(make: Make, new_client):
    world = small_world(make)
    for person in (world.student, world.coach):
        client = new_client().sign_in(person)
        for session in (world.upcoming, world.recorded, world.waiting, world.cancelled):
            page = client.get(f"/sessions/{session.id}.ics")
            assert secrets_in(page.text.replace("\r\n ", "")) == set()
            assert names(page) == HEAD | LINES


def test_who_has_it_already_is_told_so_until_it_changes(make: Make, client):
    session = make.session()
    client.sign_in(session.student)
    url = f"/sessions/{session.id}.ics"
    known = {"headers": {"If-None-Match": client.get(url).headers["ETag"]}}
    assert [client.get(url, **known).status, client.bare("HEAD", url, **known).status] == [304, 304]
    client.post(f"/sessions/{session.id}/cancel")
    assert client.get(url, **known).status == 200


def test_to_others_it_is_not_there_whatever_they_know_of_it(make: Make, client):
    session = make.session()
    mine = client.sign_in(session.student).get(f"/sessions/{session.id}.ics")
    known = {"headers": {"If-None-Match": mine.headers["ETag"]}}
    for person in (make.student(), make.coach()):
        page = client.sign_in(person).get(f"/sessions/{session.id}.ics", **known)
        assert (page.status, page.headers["Cache-Control"]) == (404, "no-store")


# The links on the session's page


def added(page) -> dict[str, dict[str, str]]:
    """Return what each link of the page would hand to another program."""
    asked = {urlsplit(link).hostname: parse_qs(urlsplit(link).query) for link in page.links("https://")}
    return {host: {name: value for name, [value] in query.items()} for host, query in asked.items()}


def test_a_session_ahead_can_be_added_to_google_outlook_and_others(make: Make, client):
    name = "Ana & <Co> #1; Ü"
    session = make.session(coach=make.coach(name), starts_at=at("2026-03-03 23:00"), topic="My secret")
    page = client.sign_in(session.student).get(f"/sessions/{session.id}")
    address = f"http://127.0.0.1:5000/sessions/{session.id}"
    google, outlook = added(page)["calendar.google.com"], added(page)["outlook.live.com"]
    assert google == {
        "action": "TEMPLATE",
        "text": f"Coaching call with {name}",
        "dates": "20260303T230000Z/20260304T010000Z",
        "details": f"More about it: {address}",
    }
    assert outlook == {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": f"Coaching call with {name}",
        "startdt": "2026-03-03T23:00:00+00:00",
        "enddt": "2026-03-04T01:00:00+00:00",
        "body": f"More about it: {address}",
    }
    assert client.get(f"/sessions/{session.id}.ics").status == 200
    assert f"/sessions/{session.id}.ics" in page.links()
    assert {tuple(tag["rel"]) for tag in page.all("main a[href^='https:']")} == {("noopener", "noreferrer")}


def test_one_that_goes_on_can_be_added_still_and_none_that_is_over_or_off(make: Make, client, clock):
    student = make.student()
    session, off = make.session(student=student), make.session(student=student, cancelled_by=student)
    client.sign_in(student)
    clock.move_to(session.ends_at - timedelta(seconds=1))
    assert len(added(client.get(f"/sessions/{session.id}"))) == 2
    assert added(client.get(f"/sessions/{off.id}")) == {}
    clock.move_to(session.ends_at)
    page = client.get(f"/sessions/{session.id}")
    assert added(page) == {}
    assert f"/sessions/{session.id}.ics" not in page.links()


@pytest.mark.usefixtures("app")
def test_addresses_and_uids_are_of_the_site_as_it_is_known_outside(make: Make, new_app, new_client):
    session = make.session()
    client = new_client(new_app(COACHING_URL="https://calls.example.org/programme")).sign_in(session.student)
    [event] = events(client.get(f"/sessions/{session.id}.ics", headers={"Host": "localhost"})).values()
    assert event["uid"] == f"session-{session.id}@calls.example.org"
    assert event["url"] == f"https://calls.example.org/programme/sessions/{session.id}"
