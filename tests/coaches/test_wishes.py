"""Weekday and part of the day, by the reader's clocks: on the coaches' page, on the soonest one, and on one coach's."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from coaching.extensions import db, saving
from coaching.models import TimeSlot
from coaching.times import SLOT_LENGTH
from tests.make import NOW, Make, at
from tests.reading import main, next_page

# Half an hour's change in the south, quarters of an hour, half hours with a change, none, and one beyond the date line.
ZONES = [
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Apia",
    "America/Phoenix",
    "Europe/London",
    "Africa/Casablanca",  # which changes its clocks for Ramadan, too
]
PARTS = {
    "morning": range(5, 12),
    "afternoon": range(12, 17),
    "evening": range(17, 22),
    "night": [22, 23, 0, 1, 2, 3, 4],
}
# Days around which clocks change: in Casablanca, Lord Howe, London and St. John's, forth and back, this year and later.
CHANGES = ["2026-03-08", "2026-03-22", "2026-03-29", "2026-04-04", "2026-10-03", "2026-10-25", "2026-11-01"]
CHANGES += ["2027-03-14", "2027-11-07", "2029-10-28"]


def offer(app: Flask, coach, starts: list[datetime]) -> list[TimeSlot]:
    """Publish many slots at once."""
    when = {"coach_id": coach.id, "offered_at": NOW - timedelta(days=1)}
    slots = [TimeSlot(**when, starts_at=start, ends_at=start + SLOT_LENGTH) for start in starts]
    with app.app_context(), saving():
        db.session.add_all(slots)
    return slots


def booked(page) -> list[int]:
    return [int(link.rpartition("/")[2]) for link in page.links("/sessions/book/")]


def names(page) -> list[str]:
    return page.texts("main article h2")


@pytest.mark.parametrize("zone", ZONES)
def test_they_are_those_of_the_readers_clocks_whatever_the_clocks_do(app, make: Make, client, zone):
    coach = make.coach()
    starts = [
        at(f"{day} 00:15") + timedelta(minutes=135 * step) for day in CHANGES for step in range(-14, 14)
    ]  # all hours of the day, for more than a day on each side
    slots = offer(app, coach, starts)
    here = {slot.id: slot.starts_at.astimezone(ZoneInfo(zone)) for slot in slots}
    client.sign_in(make.student(zone=zone))
    for part, hours in PARTS.items():
        found = booked(client.get(f"/coaches/{coach.id}?part={part}"))
        assert found == [id_ for id_, start in here.items() if start.hour in hours], part
    for weekday in range(1, 8):
        found = booked(client.get(f"/coaches/{coach.id}?weekday={weekday}"))
        assert found == [id_ for id_, start in here.items() if start.isoweekday() == weekday]
    found = booked(client.get(f"/coaches/{coach.id}?weekday=6&weekday=7&part=night"))
    assert found == [id_ for id_, start in here.items() if start.isoweekday() > 5 and start.hour in PARTS["night"]]


def test_coaches_are_listed_who_have_a_time_that_fits_and_their_next_three_that_do(make: Make, client):
    ana, bo = make.coach("Ana"), make.coach("Bo")
    mornings = [make.slot(ana, at(f"2026-03-{day:02} 09:00")) for day in (4, 6, 9, 11)]
    for day in (3, 4, 5):
        make.slot(ana, at(f"2026-03-{day:02} 18:00"))
    make.slot(bo, at("2026-03-04 18:00"))  # a Wednesday evening
    client.sign_in(make.student())
    page = client.get("/coaches/?part=morning")
    assert names(page) == ["Ana"]
    assert booked(page) == [slot.id for slot in mornings[:3]]
    assert names(client.get("/coaches/?weekday=3")) == ["Ana", "Bo"]
    assert names(client.get("/coaches/?weekday=3&part=evening")) == ["Ana", "Bo"]
    assert names(client.get("/coaches/?weekday=3&part=morning&q=bo")) == []
    assert booked(client.get("/coaches/?weekday=3&weekday=1&part=morning")) == [
        mornings[0].id,
        mornings[2].id,
        mornings[3].id,
    ]
    assert names(client.get("/coaches/?on=2026-03-04&part=evening")) == ["Ana", "Bo"]
    assert names(client.get("/coaches/?on=2026-03-04&weekday=5")) == []


EDGES = [("04:45", "night"), ("05:00", "morning"), ("11:45", "morning"), ("12:00", "afternoon")]
EDGES += [("16:45", "afternoon"), ("17:00", "evening"), ("21:45", "evening"), ("22:00", "night")]


@pytest.mark.parametrize(("start", "part"), EDGES)
def test_a_time_belongs_to_the_part_of_the_day_in_which_it_starts(make: Make, client, start, part):
    make.slot(starts_at=at(f"2026-03-04 {start}"))
    client.sign_in(make.student())
    assert [each for each in PARTS if names(client.get(f"/coaches/?part={each}"))] == [part]


def test_what_was_asked_for_is_still_there(make: Make, client):
    coach = make.coach()
    make.slot(coach, at("2026-03-04 09:00"))
    client.sign_in(make.student())
    for url in ("/coaches/", "/coaches/soonest", f"/coaches/{coach.id}"):
        page = client.get(url)
        assert page.all("details.when-else[open]") == [], f"{url}: folded while nothing is asked for"
        page = client.get(f"{url}?weekday=3&weekday=5&part=morning")
        assert [box["value"] for box in page.all("input[name=weekday][checked]")] == ["3", "5"]
        assert page.value("part") == "morning"
        assert page.all("details.when-else[open]")


@pytest.mark.parametrize(("first", "order"), [(1, "1234567"), (7, "7123456"), (6, "6712345")])
def test_the_weekdays_stand_as_the_reader_counts_them(make: Make, client, first, order):
    client.sign_in(make.student(first_weekday=first))
    assert "".join(str(box["value"]) for box in client.get("/coaches/").all("input[name=weekday]")) == order


def test_the_parts_of_the_day_are_said_by_the_readers_clock(make: Make, client):
    client.sign_in(make.student())
    assert client.get("/coaches/").texts("#part option") == [
        "Any", "Morning, 5 to 12", "Afternoon, 12 to 17", "Evening, 17 to 22", "Night, 22 to 5"
    ]  # fmt: skip
    client.sign_in(make.student(hour_cycle=12))
    assert client.get("/coaches/").texts("#part option") == [
        "Any", "Morning, 5 am to noon", "Afternoon, noon to 5 pm", "Evening, 5 pm to 10 pm", "Night, 10 pm to 5 am"
    ]  # fmt: skip


NONSENSE = ["weekday=0", "weekday=8", "weekday=x", "weekday=", "weekday=-1", "weekday=1.5", "weekday=٣", "weekday=12"]
NONSENSE += ["part=noon", "part=", "part=MORNING", "part[]=morning", "weekday=1,2"]
NONSENSE += ["&".join(f"weekday={day}" for day in range(1, 8))]


@pytest.mark.parametrize("query", NONSENSE)
def test_nonsense_counts_as_absent(make: Make, client, query):
    slot = make.slot(starts_at=at("2026-03-04 09:00"))
    client.sign_in(make.student())
    for url in ("/coaches/", "/coaches/soonest", f"/coaches/{slot.coach_id}"):
        page = client.get(f"{url}?{query}")
        assert (page.status, booked(page)) == (200, [slot.id]), url
        assert page.all("details.when-else[open]") == []


def test_where_nothing_fits_it_says_what_to_leave_out(make: Make, client):
    slot = make.slot(make.coach("Ana"), at("2026-03-04 09:00"))  # a Wednesday morning
    client.sign_in(make.student())
    for url in ("/coaches/", "/coaches/soonest"):
        page = client.get(f"{url}?q=ana&weekday=4&part=morning")
        assert "Nobody fits that" in main(page)
        leads = {link.get_text(): link["href"] for link in page.all("main .nothing a")}
        assert booked(client.get(leads["on any weekday"])) == [slot.id]
        assert booked(client.get(leads["at any time of day"])) == []
        assert booked(client.get(leads["with any name or subject"])) == []
        [everything] = [link for words, link in leads.items() if words.startswith("Show all")]
        assert everything == url
    page = client.get(f"/coaches/{slot.coach_id}?part=evening")
    assert "No free time fits that" in main(page)
    assert {f"/coaches/{slot.coach_id}", "/coaches/soonest?part=evening"} <= set(page.links("/coaches/"))


def test_the_next_page_keeps_weekday_and_part(app, make: Make, client):
    coach = make.coach()
    slots = offer(app, coach, [at("2026-03-03 00:00") + timedelta(hours=2 * number) for number in range(12 * 7 * 60)])
    wanted = [
        slot.id for slot in slots if slot.starts_at.isoweekday() in {1, 2} and slot.starts_at.hour in range(5, 12)
    ]
    client.sign_in(make.student(zone="UTC"))
    for url, length in ((f"/coaches/{coach.id}", 200), ("/coaches/soonest", 50)):
        query, found, pages = f"{url}?weekday=1&weekday=2&part=morning", [], 0
        while query:
            page = client.get(query)
            found += booked(page)
            query, pages = next_page(page), pages + 1
        assert found == wanted
        assert pages == -(-len(wanted) // length)
