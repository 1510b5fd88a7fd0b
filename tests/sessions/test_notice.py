"""Notice: up to when a student moves or cancels a session themselves. Coaches are bound by none of it.

Exactly at the limit it is still allowed; one second later it is not.
"""

from datetime import timedelta

import pytest

from coaching.sessions.rules import CannotCancel, CannotMove, cancel, move
from coaching.terms import Terms
from tests.make import NOW, Make, at
from tests.reading import alert, main, times_without_zone
from tests.visiting import Client

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
BEGINS = at("2026-03-04 10:00")
LOCKED = "Now only your coach can: call them."


@pytest.fixture
def session(make: Make):
    """A session of Ana and Bo, in two days, and a later time to move it to."""
    booked = make.session(coach=make.coach("Ana"), student=make.student("Bo", zone="Europe/Berlin"), starts_at=BEGINS)
    booked.__dict__["later"] = make.slot(booked.coach, BEGINS + DAY)
    return booked


def ways(client: Client, session) -> dict[str, object]:
    """Press both buttons, as a student would within one page."""
    return {
        "move": client.post(f"/sessions/{session.id}/move", {"slot_id": session.later.id}),
        "cancel": client.post(f"/sessions/{session.id}/cancel", {"reason": "What I had to say"}),
    }


@pytest.mark.parametrize("verb", ["move", "cancel"])
def test_a_student_may_change_a_session_up_to_the_notice_exactly(client, session, terms, clock, verb):
    terms(notice=DAY)
    clock.move_to(BEGINS - DAY)
    client.sign_in(session.student)
    said = "You can move or cancel it until Tue 3 Mar, 11:00 CET ."
    page = client.get(f"/sessions/{session.id}")
    assert f"/sessions/{session.id}/{verb}" in page.links()
    assert said in main(page)
    assert said in main(client.get(f"/sessions/{session.id}/{verb}"))
    assert client.post(f"/sessions/{session.id}/{verb}", {"slot_id": session.later.id}).status == 303


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "America/New_York"])
def test_a_second_later_only_the_coach_can_and_the_student_reads_why(make, client, terms, clock, *, everything, zone):
    terms(notice=DAY)
    session = make.session(student=make.student(zone=zone), starts_at=BEGINS)
    session.__dict__["later"] = make.slot(session.coach, BEGINS + DAY)
    clock.move_to(BEGINS - DAY + SECOND)
    client.sign_in(session.student)
    before = everything()
    when = {
        "Europe/Berlin": "Tue 3 Mar, 11:00 CET",
        "Asia/Kathmandu": "Tue 3 Mar, 15:45 UTC+05:45",
        "America/New_York": "Tue 3 Mar, 05:00 EST",
    }[zone]
    said = f"Up to {when} you could have changed this yourself. {LOCKED}"
    for verb, page in ways(client, session).items():
        look = client.get(f"/sessions/{session.id}/{verb}")
        assert (page.status, look.status) == (409, 409)
        assert alert(page) == alert(look) == said
    page = client.get(f"/sessions/{session.id}")
    assert not [link for link in page.links() if link.endswith(("/move", "/cancel"))]
    assert said in main(page)
    assert page.links("tel:"), "whom to call stands there"
    assert times_without_zone(page) == []
    assert everything() == before


def test_what_was_to_be_said_to_the_coach_is_not_lost(client, session, terms, clock):
    terms(notice=DAY)
    clock.move_to(BEGINS - HOUR)
    page = client.sign_in(session.student).post(f"/sessions/{session.id}/cancel", {"reason": "An exam"})
    assert page.status == 409
    assert "An exam" in main(page)


@pytest.mark.parametrize("verb", ["move", "cancel"])
def test_the_coach_changes_it_until_it_begins_and_reads_nothing_of_notice(client, session, terms, clock, verb):
    terms(notice=DAY, soonest=3 * DAY, furthest=DAY / 4, most_open=1)
    clock.move_to(BEGINS - SECOND)
    client.sign_in(session.coach)
    assert "until" not in main(client.get(f"/sessions/{session.id}/{verb}"))
    page = client.get(f"/sessions/{session.id}")
    assert f"/sessions/{session.id}/{verb}" in page.links()
    assert "You can move" not in main(page)
    assert client.post(f"/sessions/{session.id}/{verb}", {"slot_id": session.later.id}).status == 303


def test_coaches_who_are_away_cancel_whatever_the_notice(client, session, terms, everything):
    terms(notice=14 * DAY)
    client.sign_in(session.coach)
    form = {f"fate_{session.id}": "cancel", f"word_{session.id}": "I am ill.", "what": "withdraw"}
    page = client.post("/sessions/away?from=2026-03-02&to=2026-03-08", form)
    assert page.status == 303
    assert "I am ill." in everything()["coaching_session"][0]


def test_without_notice_nothing_is_said_of_it(client, session):
    client.sign_in(session.student)
    for url in ("", "/move", "/cancel"):
        assert "You can move or cancel it" not in main(client.get(f"/sessions/{session.id}{url}"))
    page = client.get(f"/sessions/book/{session.later.id}")
    assert "you can move or cancel until the call begins." in main(page)
    assert "open bookings" not in main(page)


def test_what_begins_or_is_cancelled_says_so_and_not_that_it_is_too_late(make, client, session, terms, clock):
    terms(notice=DAY)
    clock.move_to(BEGINS)
    client.sign_in(session.student)
    assert "has begun" in alert(client.get(f"/sessions/{session.id}/cancel"))
    assert LOCKED not in main(client.get(f"/sessions/{session.id}"))
    off = make.session(student=session.student, cancelled_by=session.student)
    assert "cancelled already" in alert(client.get(f"/sessions/{off.id}/move"))
    assert LOCKED not in main(client.get(f"/sessions/{off.id}"))


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        (DAY, "You can move or cancel it until Tue 3 Mar, 11:00 CET ."),
        (2 * DAY + 2 * HOUR, "You can move or cancel it until Mon 2 Mar, 09:00 CET ."),  # which is just now
        (2 * DAY + 3 * HOUR, "It begins so soon that only your coach can move or cancel it."),
    ],
)
def test_before_booking_it_says_up_to_when_one_can_change_ones_mind(make, client, terms, *, notice, said):
    terms(notice=notice)
    page = client.sign_in(make.student(zone="Europe/Berlin")).get(f"/sessions/book/{make.slot(starts_at=BEGINS).id}")
    assert said in main(page)
    assert "until the call begins" not in main(page)
    assert times_without_zone(page) == []


# The rules themselves, whichever door one comes through


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"notice": 3 * DAY}, "Now only your coach"),
        ({"soonest": 4 * DAY}, "less than 4 days"),
        ({"furthest": 2 * DAY}, "too far ahead"),
    ],
)
def test_the_rule_knows_who_moves(session, do, *, asked, said):
    with pytest.raises(CannotMove, match=said):
        do(move, session, session.later, session.student, terms=Terms(**asked), now=NOW)
    do(move, session, session.later, session.coach, terms=Terms(**asked), now=NOW)


def test_the_rule_knows_who_cancels(session, do):
    with pytest.raises(CannotCancel, match="Now only your coach"):
        do(cancel, session, session.student, terms=Terms(notice=3 * DAY), now=NOW)
    do(cancel, session, session.coach, terms=Terms(notice=3 * DAY), now=NOW)
