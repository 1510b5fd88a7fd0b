"""`/calendar/<token>.ics`: what a calendar program finds at a person's private address."""

import logging
from datetime import timedelta

import icalendar
import pytest
import recurring_ical_events

from tests.browser.places import ARABIC, EMOJI, LONG
from tests.calendars.reading import calendar, events, names, seen_by_vobject, unfolded
from tests.calendars.test_view_session import HEAD, LINES
from tests.make import NOW, Make, at
from tests.test_secrets import secrets_in
from tests.world import small_world

HOUR = timedelta(hours=1)
OF_THE_FEED = {"NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL"}


def address(token: str) -> str:
    return f"/calendar/{token}.ics"


def facts(event: dict[str, object]) -> tuple[object, ...]:
    return tuple(event[name] for name in ("DTSTART", "STATUS", "SEQUENCE", "LAST-MODIFIED"))


def test_a_session_is_followed_from_booking_to_cancelling_under_one_uid(make: Make, new_client, clock):
    coach, student = make.coach(), make.student()
    first, second, third = (make.slot(coach, at(f"2026-03-0{day} 10:00")) for day in (3, 4, 5))
    programs = {person: (address(make.feed(person)), new_client()) for person in (coach, student)}
    client = new_client().sign_in(student)

    def seen(*, slots: int):
        for url, program in programs.values():
            page = program.get(url)
            found = {uid: event for uid, event in seen_by_vobject(page).items() if uid.startswith("session-")}
            assert found.keys() == {uid for uid in events(page) if uid.startswith("session-")}
            [(uid, event)] = found.items()
            yield uid, facts(event)
        assert len(events(programs[coach][1].get(programs[coach][0]))) == 1 + slots

    session_id = int(client.post(f"/sessions/book/{first.id}").location.rpartition("/")[2])
    uid = f"session-{session_id}@127.0.0.1"
    assert set(seen(slots=2)) == {(uid, (first.starts_at, "CONFIRMED", "0", NOW))}
    for moves, slot in enumerate((second, third), 1):
        clock.shift(HOUR)
        client.post(f"/sessions/{session_id}/move", {"slot_id": slot.id})
        assert set(seen(slots=2)) == {(uid, (slot.starts_at, "CONFIRMED", str(moves), NOW + moves * HOUR))}
    clock.shift(HOUR)
    client.post(f"/sessions/{session_id}/cancel")
    assert set(seen(slots=3)) == {(uid, (third.starts_at, "CANCELLED", "3", NOW + 3 * HOUR))}


def test_all_of_ones_own_sessions_are_in_it_and_nobody_elses(make: Make, client):
    world = small_world(make)
    own = (world.upcoming, world.to_cancel, world.recorded, world.waiting, world.cancelled)
    page = client.get(address(make.feed(world.student)))
    assert set(events(page)) == {f"session-{session.id}@127.0.0.1" for session in own}
    assert {str(event["summary"]) for event in events(page).values()} == {"Coaching call with Ana Coach"}


def test_what_falls_on_a_day_is_found_there(make: Make, client):
    coach = make.coach()
    make.session(make.slot(coach, at("2026-03-10 23:00")), make.student("Bo"))
    make.session(make.slot(coach, at("2026-03-12 09:00")), make.student("Di"))
    whole = calendar(client.get(address(make.feed(coach))))
    days = {day: recurring_ical_events.of(whole).at((2026, 3, day)) for day in range(9, 14)}
    assert {day: [str(event["summary"]) for event in found] for day, found in days.items()} == {
        9: [], 10: ["Coaching call with Bo"], 11: ["Coaching call with Bo"], 12: ["Coaching call with Di"], 13: [],
    }  # fmt: skip


def test_a_coachs_free_times_are_in_it_and_keep_nothing_else_out(make: Make, client):
    world = small_world(make)
    make.slot(world.other_coach)
    page = client.get(address(make.feed(world.coach)))
    free = {uid: event for uid, event in events(page).items() if uid.startswith("slot-")}
    offered = {slot.id for slot in (world.free, world.to_move, world.to_withdraw, world.target)}
    freed = world.cancelled.slot_id  # by the student
    assert free.keys() == {f"slot-{slot_id}@127.0.0.1" for slot_id in offered | {freed}}
    for event in free.values():
        assert event["summary"] == "Free for a coaching call"
        assert (event["status"], event["transp"], event["sequence"]) == ("TENTATIVE", "TRANSPARENT", 0)
    assert free[f"slot-{world.free.id}@127.0.0.1"]["dtstamp"].dt == world.free.offered_at
    assert free[f"slot-{world.free.id}@127.0.0.1"]["dtstart"].dt == world.free.starts_at
    assert not [uid for uid in events(client.get(address(make.feed(world.student)))) if uid.startswith("slot-")]


def test_a_free_time_leaves_it_when_it_is_booked_withdrawn_or_begins(make: Make, client, new_client, clock):
    coach, student = make.coach(), make.student()
    slots = [make.slot(coach) for _ in range(3)]
    url, browser = address(make.feed(coach)), new_client()

    def left() -> list[str]:
        return [uid.partition("@")[0] for uid in events(client.get(url)) if uid.startswith("slot-")]

    browser.sign_in(student).post(f"/sessions/book/{slots[0].id}")
    assert left() == [f"slot-{slot.id}" for slot in slots[1:]]
    browser.sign_in(coach).post(f"/slots/{slots[1].id}/withdraw")
    assert left() == [f"slot-{slots[2].id}"]
    clock.move_to(slots[2].starts_at)
    assert left() == []


def test_nothing_private_is_in_anybodys(make: Make, client):
    world = small_world(make)
    for person in (world.coach, world.student, world.other_coach, world.other_student):
        page = client.get(address(make.feed(person)))
        assert secrets_in(unfolded(page)) == set()
        assert names(page) == (HEAD - {"METHOD"}) | OF_THE_FEED | LINES
    assert secrets_in(unfolded(client.get(address(world.feed)))) == set()


def test_it_has_a_name_and_asks_to_be_read_every_hour(make: Make, client):
    page = client.get(address(make.feed(make.student())))
    whole = calendar(page)
    assert (whole["name"], whole["x-wr-calname"]) == ("Coaching calls", "Coaching calls")
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in page.text
    assert "X-PUBLISHED-TTL:PT1H\r\n" in page.text
    assert whole.events == [], "and is a calendar before anything is in it"


# Names come from people


@pytest.mark.parametrize(
    "sign", ["\r\n", "\n", "\r", "\n\r", "\\n", "\x0b", "\x0c", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_a_name_adds_no_property(make: Make, client, sign):
    session = make.session(student=make.student(f"Eve{sign}ATTACH:https://evil.example{sign}END:VEVENT"))
    page = client.get(address(make.feed(session.coach)))
    assert "ATTACH" not in names(page)
    assert page.text.splitlines() == page.text.split("\r\n")[:-1], "nor anything at which a reader might break a line"
    [event] = events(page).values()
    assert not {name for name in event if name.upper() not in LINES}
    assert str(event["summary"]).startswith("Coaching call with Eve")
    [other] = seen_by_vobject(page).values()
    assert other.keys() == LINES
    assert (page.text.count("BEGIN:VEVENT"), len(icalendar.Calendar.from_ical(page.text).subcomponents)) == (1, 1)


@pytest.mark.parametrize(
    "name", [LONG, ARABIC, EMOJI, "👩🏽‍🚀" * 20, "é" * 80, "a,b;c:d\\e\"f'g%h=i^j", "BEGIN:VEVENT"]
)
def test_a_name_is_read_back_as_it_is_from_lines_of_75_octets(make: Make, client, name):
    session = make.session(student=make.student(name))
    page = client.get(address(make.feed(session.coach)))
    raw = page.text.encode()
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert lines[-1] == b""
    assert raw.count(b"\n") == raw.count(b"\r") == len(lines) - 1, "CRLF, and nothing else"
    assert all(line.decode() is not None for line in lines), "no character is cut in two"
    [event], [other] = events(page).values(), seen_by_vobject(page).values()
    assert str(event["summary"]) == other["SUMMARY"] == f"Coaching call with {name}"


# Asking again


def etag(page) -> dict[str, dict[str, str]]:
    return {"headers": {"If-None-Match": page.headers["ETag"]}}


def test_who_has_it_already_is_told_so(make: Make, client, clock):
    coach = make.coach()
    make.session(coach=coach)
    make.slot(coach)
    url = address(make.feed(coach))
    page = client.get(url)
    assert page.headers["Cache-Control"] == "private, no-cache"
    clock.shift(HOUR)
    dated = {"headers": {"If-Modified-Since": client.get(url).headers["Last-Modified"]}}
    for method, known in [(method, known) for method in ("GET", "HEAD") for known in (etag(page), dated)]:
        again = client.bare(method, url, **known)
        assert (again.status, again.text) == (304, "")
        assert again.headers["ETag"] == page.headers["ETag"]
        assert again.headers["Cache-Control"] == "private, no-cache"


CHANGES = {
    "a booking": lambda c: c["student"].post(f"/sessions/book/{c['slot'].id}"),
    "a move": lambda c: c["student"].post(f"/sessions/{c['session'].id}/move", {"slot_id": c["slot"].id}),
    "a cancellation": lambda c: c["student"].post(f"/sessions/{c['session'].id}/cancel"),
    "another name": lambda c: c["student"].post(
        "/auth/profile", {"name": "Bob", "phone": "+1 202-555-0111", "time_zone": "Europe/London"}
    ),
    "a time withdrawn": lambda c: c["coach"].post(f"/slots/{c['slot'].id}/withdraw"),
    "a time offered": lambda c: c["coach"].post(
        "/slots/offer", {"date": "2026-03-09", "time": "12:00", "weeks": "1"}
    ),
    "a time that begins": lambda c: c["clock"].move_to(c["slot"].starts_at),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_changes_what_is_in_it_is_not_held_back(make: Make, client, new_client, clock, what):
    """By neither of the two ways to ask, even in the same second."""
    coach, student = make.coach(), make.student()
    session, slot = make.session(make.slot(coach), student), make.slot(coach)
    url = address(make.feed(coach))
    page = client.get(url)
    dated = {"headers": {"If-Modified-Since": page.headers["Last-Modified"]}}
    browsers = {"coach": new_client().sign_in(coach), "student": new_client().sign_in(student)}
    CHANGES[what](browsers | {"session": session, "slot": slot, "clock": clock})
    for known in (etag(page), dated, {"headers": dated["headers"] | etag(page)["headers"]}):
        anew = client.get(url, **known)
        assert anew.status == 200
        assert anew.text != page.text
    assert anew.headers["ETag"] != page.headers["ETag"]


def test_it_is_dated_by_what_was_decided_last(make: Make, client):
    coach = make.coach()
    url = address(make.feed(coach, created_at=at("2026-01-01 09:00")))
    assert client.get(url).headers["Last-Modified"] == "Thu, 01 Jan 2026 09:00:00 GMT"
    make.slot(coach, offered_at=at("2026-01-02 09:00"))
    make.session(coach=coach, booked_at=at("2026-01-03 09:00"))
    assert client.get(url).headers["Last-Modified"] == "Sat, 03 Jan 2026 09:00:00 GMT"
    make.session(coach=coach, booked_at=at("2026-01-02 09:00"), moves=1, moved_at=at("2026-01-04 09:00"))
    assert client.get(url).headers["Last-Modified"] == "Sun, 04 Jan 2026 09:00:00 GMT"


# The key


def test_a_wrong_address_is_answered_with_the_page_for_what_is_not_there(make: Make, client):
    token = make.feed(make.coach())
    for wrong in ("x", token[:-1], token + "x", token.swapcase(), "%20", "%F0%9F%8E%A7"):
        page = client.get(address(wrong))
        assert (page.status, page.h1, page.headers["Cache-Control"]) == (404, "Nothing here", "no-store")


def test_it_is_no_way_in_to_anything_else(make: Make, client):
    token = make.feed(make.coach())
    page = client.get(address(token))
    assert "Set-Cookie" not in page.headers
    assert client.get("/sessions/").status == 302


def test_neither_the_address_nor_a_name_is_in_the_log(make: Make, client, caplog):
    caplog.set_level(logging.INFO)
    session = make.session(student=make.student("Bo Student"))
    token = make.feed(session.coach)
    assert client.get(address(token)).status == 200
    client.get(address(token + "x"))
    written = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "/calendar/<token>.ics" in written
    assert token not in written
    assert "Bo Student" not in written
