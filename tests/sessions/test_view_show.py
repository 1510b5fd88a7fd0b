"""`/sessions/<id>`: a session, as each of its two people sees it."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make, at
from tests.reading import main, times_without_zone, words

HOUR = timedelta(hours=1)


@pytest.fixture
def pair(make: Make):
    """A coach and a student who know each other."""
    coach = make.coach("Ana", phone="+14155552671", zone="America/New_York", headline="Careers in science")
    return coach, make.student("Bo", phone="+442079460958")


def what_to_do(page) -> set[str]:
    """Return the last part of every link that leads on from a session."""
    return {link.rpartition("/")[2] for link in page.links("/sessions/") if link.count("/") == 3}


def test_both_see_when_it_is_in_their_own_time_whom_to_call_and_what_about(make: Make, client, pair):
    coach, student = pair
    session = make.session(coach=coach, student=student, starts_at=at("2026-03-03 04:00"), topic="My first\nreview")
    for person, other, when, number, readable in (
        (
            coach,
            "Bo",
            "Monday 2 March 2026, 23:00–01:00 (Tue) EST , in 20 hours",
            "tel:+442079460958",
            "+44 20 7946 0958",
        ),
        (student, "Ana", "Tuesday 3 March 2026, 04:00–06:00 GMT , tomorrow", "tel:+14155552671", "+1 415-555-2671"),
    ):
        page = client.sign_in(person).get(f"/sessions/{session.id}")
        assert page.h1 == f"Session with {other}"
        assert when in main(page)
        [link] = page.all("a[href^='tel:']")
        assert (link["href"], words(link)) == (number, readable)
        assert words(page.all("main .topic")[0]) == "My first review"
        assert what_to_do(page) == {"move", "cancel"}
        assert times_without_zone(page) == []


@pytest.mark.parametrize(
    ("hours_ago", "coach_may", "student_may"),
    [(-1, {"move", "cancel"}, {"move", "cancel"}), (0, {"feedback"}, set()), (1, {"feedback"}, set()),
     (2, {"feedback"}, set()), (900, {"feedback"}, set())],
)  # fmt: skip
def test_what_can_be_done_is_offered_and_nothing_else(make: Make, client, pair, *, hours_ago, coach_may, student_may):
    coach, student = pair
    session = make.session(coach=coach, student=student, starts_at=NOW - hours_ago * HOUR)
    for person, may in ((coach, coach_may), (student, student_may)):
        page = client.sign_in(person).get(f"/sessions/{session.id}")
        assert what_to_do(page) == may
        assert page.links("tel:"), "the number stays"
        for verb in ("move", "cancel", "feedback"):
            status = client.get(f"/sessions/{session.id}/{verb}").status
            assert status == (200 if verb in may else 403 if (person, verb) == (student, "feedback") else 409)


def test_the_coach_reads_back_what_they_recorded_and_the_student_never_does(make: Make, client, pair):
    coach, student = pair
    session = make.session(coach=coach, student=student, starts_at=NOW - 5 * HOUR)
    make.feedback(session, 4, "Left with **three** answers.\n\n- one\n- two")
    page = client.sign_in(coach).get(f"/sessions/{session.id}")
    assert "4 – satisfied" in main(page)
    assert page.texts("main .note strong, main .note li") == ["three", "one", "two"]
    page = client.sign_in(student).get(f"/sessions/{session.id}")
    for word in ("satisfied", "feedback", "three", "note", "rating"):
        assert word not in page.text


def test_a_cancelled_session_says_who_cancelled_when_and_why(make: Make, client, pair):
    coach, student = pair
    session = make.session(
        coach=coach, student=student, cancelled_by=student, cancelled_at=at("2026-03-02 03:00"), reason="An <exam>"
    )
    page = client.sign_in(coach).get(f"/sessions/{session.id}")
    assert "Cancelled by Bo on Sunday 1 March 2026, 22:00 EST . An <exam>" in main(page)
    assert (what_to_do(page), page.links("tel:")) == (set(), [])
    page = client.sign_in(student).get(f"/sessions/{session.id}")
    assert "Cancelled by you on Monday 2 March 2026, 03:00 GMT . An <exam>" in main(page)
    assert (what_to_do(page), page.links("tel:")) == (set(), [])
    assert f"/coaches/{coach.id}" in page.links(), "to book another time"
    assert times_without_zone(page) == []


@pytest.mark.parametrize(
    "name", ["عبد الرحمن", "👩🏽‍🚀 Zoë", "<script>alert(1)</script>", "W" * 80, "O’Connor & \"S\" 'x'"]
)
def test_names_of_all_kinds_are_said_as_they_are(make: Make, client, name):
    session = make.session(student=make.student(name))
    client.sign_in(session.coach)
    assert client.get(f"/sessions/{session.id}").h1 == f"Session with {name}"
    assert client.get(f"/sessions/{session.id}/cancel").h1 == f"Cancel the session with {name} ?"
    assert client.get(f"/sessions/{session.id}/move").h1 == f"Move the session with {name}"


def test_a_zone_without_a_name_is_said_by_its_distance_and_a_change_of_clocks_on_the_way_is_said(make: Make, client):
    session = make.session(starts_at=at("2026-10-25 00:00"), coach=make.coach(zone="Asia/Kathmandu"))
    assert "05:45–07:45 UTC+05:45" in main(client.sign_in(session.coach).get(f"/sessions/{session.id}"))
    assert "01:00 BST–02:00 GMT" in main(client.sign_in(session.student).get(f"/sessions/{session.id}"))


def test_the_coach_reads_back_what_was_recorded_last_time_with_this_student_alone(make: Make, client):
    coach, student = make.coach(), make.student("Bo")
    for days, who, note in ((30, student, "Long ago"), (20, student, "Last time"), (10, None, "Of somebody else")):
        make.feedback(make.session(coach=coach, student=who, starts_at=NOW - timedelta(days=days)), 2, note)
    session = make.session(coach=coach, student=student)
    said = main(client.sign_in(coach).get(f"/sessions/{session.id}"))
    assert "Last time Tuesday 10 February 2026, 08:00–10:00 GMT ●●○○○ 2 – dissatisfied Last time" in said
    assert "Long ago" not in said
    assert "somebody else" not in said
    said = main(client.sign_in(student).get(f"/sessions/{session.id}"))
    assert "Last time" not in said
    assert "dissatisfied" not in said
