"""`/coaches/<id>`: a coach and their free slots, by date."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make, at
from tests.reading import days, main, next_page, times_without_zone

NAMES = ["W" * 80, "عبد الرحمن", "👩🏽‍🚀 Zoë", "<script>alert(1)</script>", "O’Connor & \"Söhne\" 'x'"]


def test_free_slots_stand_under_the_readers_dates_and_lead_to_their_booking(make: Make, client):
    coach = make.coach("Ana", zone="America/New_York", headline="Careers in science")
    today = make.slot(coach, at("2026-03-02 16:00"))
    over_midnight = make.slot(coach, at("2026-03-02 18:00"))
    tomorrow = make.slot(coach, at("2026-03-02 20:00"))
    page = client.sign_in(make.student(zone="Asia/Kathmandu")).get(f"/coaches/{coach.id}")
    assert page.h1 == "Ana"
    assert "Careers in science" in main(page)
    assert days(page) == {
        "Monday 2 March 2026 today": [
            "Book Ana, 21:45–23:45 UTC+05:45",
            "Book Ana, 23:45–01:45 (Tue) UTC+05:45",
        ],
        "Tuesday 3 March 2026 tomorrow": ["Book Ana, 01:45–03:45 UTC+05:45"],
    }
    booking = [f"/sessions/book/{slot.id}" for slot in (today, over_midnight, tomorrow)]
    assert page.links("/sessions/book/") == booking
    assert page.all("main time")[0]["datetime"] == "2026-03-02T16:00:00+00:00"


def test_only_what_is_free_and_theirs_stands_there(make: Make, client):
    coach, student = make.coach(), make.student()
    free = make.slot(coach)
    make.slot()
    make.session(coach=coach)
    make.slot(coach, withdrawn_at=NOW)
    make.slot(coach, NOW - timedelta(days=1))
    make.slot(coach, NOW)
    free_again = make.session(coach=coach, student=student, cancelled_by=student).slot_id
    page = client.sign_in(student).get(f"/coaches/{coach.id}")
    assert page.links("/sessions/book/") == [f"/sessions/book/{slot}" for slot in (free.id, free_again)]


def test_a_coach_without_a_free_slot_says_what_to_do(make: Make, client):
    page = client.sign_in(make.student()).get(f"/coaches/{make.coach('Ana').id}")
    assert (page.status, page.h1) == (200, "Ana")
    assert "No free times just now" in main(page)
    assert "/coaches/" in page.links()


@pytest.mark.parametrize("name", NAMES)
def test_names_of_all_kinds_are_said_as_they_are(make: Make, client, name):
    coach = make.coach(name, headline=f"About {name}"[:160])
    slot = make.slot(coach)
    client.sign_in(make.student())
    assert client.get(f"/coaches/{coach.id}").h1 == name
    assert client.get("/coaches/").texts("main article h2") == [name]
    assert client.get(f"/sessions/book/{slot.id}").h1 == f"Book {name} ?"


def test_the_zone_is_the_one_of_that_day(make: Make, client):
    coach = make.coach()
    for moment in ("2026-03-28 10:00", "2026-03-29 00:00", "2026-03-29 10:00", "2026-10-25 00:00"):
        make.slot(coach, at(moment))
    page = client.sign_in(make.student(zone="Europe/London")).get(f"/coaches/{coach.id}")
    assert page.texts("main time") == [
        "10:00–12:00 GMT",
        "00:00 GMT–03:00 BST",  # the clocks go forward on the way: two elapsed hours
        "11:00–13:00 BST",
        "01:00 BST–02:00 GMT",  # and back
    ]
    assert times_without_zone(page) == []


def test_201_slots_come_on_two_pages_that_lose_and_repeat_none(make: Make, client):
    coach = make.coach()
    slots = [make.slot(coach, NOW + timedelta(hours=2 * number + 2)) for number in range(201)]
    client.sign_in(make.student())
    first = client.get(f"/coaches/{coach.id}")
    assert first.links("/sessions/book/") == [f"/sessions/book/{slot.id}" for slot in slots[:200]]
    second = client.get(next_page(first))
    assert second.links("/sessions/book/") == [f"/sessions/book/{slots[200].id}"]
    assert next_page(second) is None


def test_200_slots_need_no_second_page(make: Make, client):
    coach = make.coach()
    for number in range(200):
        make.slot(coach, NOW + timedelta(hours=2 * number + 2))
    page = client.sign_in(make.student()).get(f"/coaches/{coach.id}")
    assert len(page.links("/sessions/book/")) == 200
    assert next_page(page) is None


@pytest.mark.parametrize("query", ["after=x", "after=1-", "after=-1-1", "after=99999999999999999999-1", "after=1-1-1"])
def test_nonsense_in_the_query_counts_as_absent(make: Make, client, query):
    slot = make.slot()
    page = client.sign_in(make.student()).get(f"/coaches/{slot.coach_id}?{query}")
    assert page.links("/sessions/book/") == [f"/sessions/book/{slot.id}"]
