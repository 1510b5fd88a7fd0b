"""`/coaches/soonest`: the next free slots, whoever the coach is."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make, at
from tests.reading import days, main, next_page, times_without_zone


def booked(page) -> list[int]:
    return [int(link.rpartition("/")[2]) for link in page.links("/sessions/book/")]


def test_times_of_all_coaches_stand_in_order_under_the_readers_dates_with_their_coach(make: Make, client):
    ana, bo = make.coach("Ana", headline="Careers in science"), make.coach("Bo", zone="America/New_York")
    slots = [
        make.slot(bo, at("2026-03-03 20:00")),
        make.slot(ana, at("2026-03-02 16:00")),
        make.slot(bo, at("2026-03-02 18:00")),
    ]
    page = client.sign_in(make.student(zone="Asia/Kathmandu")).get("/coaches/soonest")
    assert days(page) == {
        "Monday 2 March 2026 today": [
            "Book Ana, 21:45–23:45 UTC+05:45 A Ana Careers in science",
            "Book Bo, 23:45–01:45 (Tue) UTC+05:45 B Bo",
        ],
        "Wednesday 4 March 2026": ["Book Bo, 01:45–03:45 UTC+05:45 B Bo"],
    }
    assert booked(page) == [slots[1].id, slots[2].id, slots[0].id]
    assert {f"/coaches/{ana.id}", f"/coaches/{bo.id}"} <= set(page.links("/coaches/"))
    assert times_without_zone(page) == []


def test_only_what_is_free_stands_there(make: Make, client):
    student = make.student()
    free = make.slot()
    make.session()
    make.slot(withdrawn_at=NOW)
    make.slot(starts_at=NOW)
    make.slot(starts_at=NOW - timedelta(days=1))
    again = make.session(student=student, cancelled_by=student).slot_id
    assert booked(client.sign_in(student).get("/coaches/soonest")) == [free.id, again]


def test_a_time_at_which_one_is_busy_says_so_and_leads_to_why(make: Make, client):
    student, start = make.student(), at("2026-03-05 10:00")
    mine = make.session(starts_at=start, student=student)
    make.slot(starts_at=start + timedelta(minutes=105))
    free = make.slot(starts_at=start + timedelta(hours=2))
    page = client.sign_in(student).get("/coaches/soonest")
    assert booked(page) == [free.id]
    [chip] = page.all("main a.chip.busy")
    assert (chip["href"], "overlaps your session" in chip.get_text()) == (f"/sessions/{mine.id}", True)


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=ana", [0, 2]), ("q=SCIENCE", [0, 2]), ("q=%25", []), ("on=2026-03-04", [1]), ("on=x", [0, 1, 2])],
)
def test_it_can_be_narrowed_by_word_and_day(make: Make, client, query, found):
    ana, bo = make.coach("Ana", headline="Careers in science"), make.coach("Bo")
    slots = [make.slot(ana, at("2026-03-03 09:00")), make.slot(bo, at("2026-03-04 09:00"))]
    slots.append(make.slot(ana, at("2026-03-05 09:00")))
    page = client.sign_in(make.student()).get(f"/coaches/soonest?{query}")
    assert booked(page) == [slots[number].id for number in found]


def test_101_times_come_on_three_pages_that_lose_and_repeat_none(make: Make, client):
    slots = [
        make.slot(starts_at=NOW + timedelta(hours=2 + number // 3)) for number in range(101)
    ]  # three begin together
    client.sign_in(make.student())
    url, pages = "/coaches/soonest", []
    while url:
        page = client.get(url)
        pages.append(booked(page))
        url = next_page(page)
    assert [len(those) for those in pages] == [50, 50, 1]
    assert [one for those in pages for one in those] == [slot.id for slot in slots]


@pytest.mark.parametrize("query", ["after=x", "after=1-", "after=99999999999999999999-1", "after=1-1-1"])
def test_nonsense_in_the_query_counts_as_absent(make: Make, client, query):
    slot = make.slot()
    assert booked(client.sign_in(make.student()).get(f"/coaches/soonest?{query}")) == [slot.id]


def test_a_student_finds_the_way_there_from_the_start_and_from_the_coaches(make: Make, client):
    make.slot()
    client.sign_in(make.student())
    assert "/coaches/soonest" in client.get("/").links()
    page = client.get("/coaches/?q=coach&part=morning")
    [tab] = [link for link in page.links() if link.startswith("/coaches/soonest")]
    assert tab == "/coaches/soonest?q=coach&part=morning", "and takes along what was looked for"


def test_where_there_is_nothing_it_says_what_comes(make: Make, client):
    page = client.sign_in(make.student()).get("/coaches/soonest")
    assert "No coach has a free time just now" in main(page)
