"""`/sessions/book/<slot>`: asking, booking, and what the loser of a slot is told."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make, at
from tests.reading import alert, fault, flashes, main, times_without_zone

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("student")


@pytest.fixture
def student(make: Make, client):
    """A student at the browser."""
    person = make.student("Bo", phone="+442079460958")
    client.sign_in(person)
    return person


def live(everything) -> list[tuple[int, int]]:
    """Return which slots are booked by whom."""
    return [(row[1], row[5]) for row in everything()["coaching_session"] if row[9] is None]


def test_the_page_asks_before_it_books(make: Make, client, everything):
    slot = make.slot(make.coach("Ana", headline="Careers in science"), at("2026-03-03 10:00"))
    page = client.get(f"/sessions/book/{slot.id}")
    assert page.h1 == "Book Ana ?"
    assert "Tuesday 3 March 2026, 10:00–12:00 GMT" in main(page)
    assert "Careers in science" in main(page)
    assert [box["name"] for box in page.all("main [name]:not([type=hidden])")] == ["topic"]
    assert live(everything) == []


def test_booking_is_accepted_at_once_and_both_see_the_number(make: Make, client, new_client):
    slot = make.slot(make.coach("Ana", phone="+14155552671"))
    page = client.post(f"/sessions/book/{slot.id}", {"topic": "My first review,\r\nnext week"})
    assert page.status == 303
    shown = client.follow(page)
    assert flashes(shown) == ["You are booked with Ana. Here is the number to call."]
    assert shown.h1 == "Session with Ana"
    assert shown.links("tel:") == ["tel:+14155552671"]
    assert "+1 415-555-2671" in main(shown)
    assert "My first review, next week" in main(shown)
    page = new_client().sign_in(slot.coach).get(page.location)
    assert page.h1 == "Session with Bo"
    assert page.links("tel:") == ["tel:+442079460958"]
    assert "My first review, next week" in main(page)


def test_what_is_booked_is_free_to_nobody(make: Make, client, new_client):
    slot = make.slot()
    client.post(f"/sessions/book/{slot.id}")
    browser = new_client().sign_in(make.student())
    assert browser.get("/coaches/").links("/sessions/book/") == []
    assert browser.get(f"/coaches/{slot.coach_id}").links("/sessions/book/") == []


def test_a_topic_may_be_left_out(make: Make, client):
    slot = make.slot()
    page = client.post(f"/sessions/book/{slot.id}", {"topic": ""})
    assert page.status == 303
    assert "What it is about" not in main(client.follow(page))


@pytest.mark.parametrize("topic", ["x" * 500, "🎧" * 500, "a\r\n" * 250])
def test_a_topic_may_have_500_characters(make: Make, client, everything, topic):
    slot = make.slot()
    assert client.post(f"/sessions/book/{slot.id}", {"topic": topic}).status == 303
    assert everything()["coaching_session"][0][7] == topic.replace("\r\n", "\n")


def test_a_longer_topic_comes_back_with_what_is_wrong(make: Make, client, everything):
    slot = make.slot()
    page = client.post(f"/sessions/book/{slot.id}", {"topic": "\nx" + "y" * 500})
    assert page.status == 422
    assert fault(page, "topic") == "Use at most 500 characters."
    assert page.value("topic") == "\nx" + "y" * 500
    assert live(everything) == []


# Pressing the button again


def test_pressing_the_button_twice_leads_to_the_same_session(make: Make, client, student, everything):
    slot = make.slot()
    pages = [client.post(f"/sessions/book/{slot.id}", {"topic": topic}) for topic in ("Once", "Twice")]
    assert [page.status for page in pages] == [303, 303]
    assert pages[0].location == pages[1].location
    assert live(everything) == [(slot.id, student.id)]
    assert everything()["coaching_session"][0][7] == "Once"


def test_asking_for_a_slot_that_is_ones_own_leads_to_the_session(make: Make, client, student):
    session = make.session(student=student)
    page = client.get(f"/sessions/book/{session.slot_id}")
    assert (page.status, page.location) == (303, f"/sessions/{session.id}")


def test_a_retry_after_the_call_has_begun_still_leads_to_the_session(make: Make, client, student, clock):
    session = make.session(student=student)
    clock.move_to(session.starts_at + HOUR)
    for page in (client.post(f"/sessions/book/{session.slot_id}"), client.get(f"/sessions/book/{session.slot_id}")):
        assert (page.status, page.location) == (303, f"/sessions/{session.id}")


# What a rule refuses: the GET says the same as the POST


def refusals(client, slot_id: int) -> list:
    """Return what both ways of asking for a slot say."""
    url = f"/sessions/book/{slot_id}"
    pages = [client.post(url, {"topic": "My first review"}), client.get(url)]
    assert [page.status for page in pages] == [409, 409]
    assert alert(pages[0]) == alert(pages[1])
    assert pages[0].links("/sessions/book/") == pages[1].links("/sessions/book/")
    assert times_without_zone(pages[0]) == []
    return pages


def test_the_loser_of_a_slot_is_offered_the_three_nearest_of_the_same_coach(make: Make, client, everything):
    coach = make.coach("Ana")
    lost = make.session(coach=coach, starts_at=NOW + 50 * HOUR)
    away = {hours: make.slot(coach, NOW + (50 + hours) * HOUR) for hours in (-48, -30, -8, -2, 4, 9, 40)}
    make.slot(starts_at=NOW + 50 * HOUR)  # another coach's, at the same hour
    make.session(coach=coach, starts_at=NOW + 52 * HOUR)  # nearer, but booked
    make.slot(coach, NOW + 46 * HOUR, withdrawn_at=NOW)  # nearer, but withdrawn
    before = everything()
    page, _ = refusals(client, lost.slot_id)
    assert alert(page) == "Somebody else has booked this time. Choose another one."
    assert page.links("/sessions/book/") == [f"/sessions/book/{away[hours].id}" for hours in (-8, -2, 4)]
    assert "Wednesday 4 March 2026, 02:00–04:00 GMT" in main(page)
    assert everything() == before
    assert client.get(page.links("/sessions/book/")[1]).status == 200
    assert client.post(page.links("/sessions/book/")[1]).status == 303


def test_what_was_typed_is_not_lost_with_the_slot(make: Make, client):
    lost = make.session()
    typed = "My first <review>,\nnext week"
    page = client.post(f"/sessions/book/{lost.slot_id}", {"topic": typed})
    assert "My first <review>, next week" in main(page)


def test_nearest_slots_at_which_one_has_another_call_are_not_offered(make: Make, client, student):
    coach = make.coach()
    lost = make.session(coach=coach, starts_at=NOW + 50 * HOUR)
    make.session(student=student, starts_at=NOW + 53 * HOUR)
    make.slot(coach, NOW + 52 * HOUR)
    possible = make.slot(coach, NOW + 55 * HOUR)
    page, _ = refusals(client, lost.slot_id)
    assert page.links("/sessions/book/") == [f"/sessions/book/{possible.id}"]


def test_where_nothing_of_that_coach_is_left_the_list_of_coaches_is(make: Make, client):
    page, _ = refusals(client, make.session().slot_id)
    assert "This coach has no other free time." in main(page)
    assert "/coaches/" in page.links()


def test_a_withdrawn_slot_is_gone_and_the_nearest_are_offered(make: Make, client):
    coach = make.coach()
    near = make.slot(coach)
    page, _ = refusals(client, make.slot(coach, withdrawn_at=NOW).id)
    assert "This time is no longer on offer: the coach has withdrawn or moved it." in alert(page)
    assert page.links("/sessions/book/") == [f"/sessions/book/{near.id}"]


@pytest.mark.parametrize("begun", [timedelta(), HOUR, timedelta(days=9)])
def test_a_slot_that_has_begun_can_be_booked_no_more(make: Make, client, begun):
    coach = make.coach()
    near = make.slot(coach)
    page, _ = refusals(client, make.slot(coach, NOW - begun).id)
    assert "This time has passed. Choose one that lies ahead." in alert(page)
    assert page.links("/sessions/book/") == [f"/sessions/book/{near.id}"]


@pytest.mark.parametrize("minutes", [-105, 0, 105])
def test_a_slot_that_overlaps_another_of_ones_sessions_is_refused_and_it_is_named(make: Make, client, student, minutes):
    make.session(coach=make.coach("Ana"), student=student, starts_at=at("2026-03-03 10:00"))
    slot = make.slot(starts_at=at("2026-03-03 10:00") + timedelta(minutes=minutes))
    page, _ = refusals(client, slot.id)
    assert "You already have a session with Ana on Tuesday 3 March 2026, 10:00–12:00 GMT" in alert(page)


@pytest.mark.parametrize("minutes", [-120, 120])
def test_back_to_back_is_no_overlap(make: Make, client, student, minutes):
    make.session(student=student, starts_at=at("2026-03-03 10:00"))
    slot = make.slot(starts_at=at("2026-03-03 10:00") + timedelta(minutes=minutes))
    assert client.post(f"/sessions/book/{slot.id}").status == 303


def test_two_coaches_may_be_booked_at_the_same_hour_by_two_students(make: Make, client, new_client):
    slots = [make.slot(starts_at=at("2026-03-03 10:00")) for _ in range(2)]
    assert client.post(f"/sessions/book/{slots[0].id}").status == 303
    assert new_client().sign_in(make.student()).post(f"/sessions/book/{slots[1].id}").status == 303


@pytest.mark.parametrize("who", ["the same", "another"])
def test_what_a_student_has_cancelled_can_be_booked_again_by_anybody(make: Make, client, student, new_client, who):
    session = make.session(student=student)
    client.post(f"/sessions/{session.id}/cancel")
    browser = client if who == "the same" else new_client().sign_in(make.student())
    page = browser.post(f"/sessions/book/{session.slot_id}")
    assert page.status == 303
    assert page.location != f"/sessions/{session.id}"


def test_what_a_coach_has_cancelled_cannot(make: Make, client, student, new_client):
    session = make.session(student=student)
    new_client().sign_in(session.coach).post(f"/sessions/{session.id}/cancel")
    page = client.post(f"/sessions/book/{session.slot_id}")
    assert (page.status, "no longer on offer" in alert(page)) == (409, True)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("America/New_York", "For Ana that is Wednesday 4 March 2026, 18:30–20:30 EST ."),
        ("Asia/Kathmandu", "For Ana that is Thursday 5 March 2026, 05:15–07:15 UTC+05:45 ."),
        ("Europe/Lisbon", ""),
        ("Europe/London", ""),
    ],
)
def test_where_their_clocks_show_another_time_it_stands_beside_ones_own(make: Make, client, zone, said):
    slot = make.slot(make.coach("Ana", zone=zone), at("2026-03-04 23:30"))
    student = make.student("Bo", zone="Europe/London")
    page = client.sign_in(student).get(f"/sessions/book/{slot.id}")
    assert "Wednesday 4 March 2026, 23:30–01:30 (Thu) GMT" in main(page)
    assert said in main(page)
    assert bool(said) == ("For Ana that is" in main(page))
    booked = client.follow(client.post(f"/sessions/book/{slot.id}"))
    assert said in main(booked)
    assert times_without_zone(booked) == []
    seen = main(client.sign_in(slot.coach).get(booked.path))
    assert bool(said) == ("For Bo that is Wednesday 4 March 2026, 23:30–01:30 (Thu) GMT" in seen)
