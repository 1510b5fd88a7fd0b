"""`/slots/offer/preview` and `/slots/copy`: what would be published, before it is."""

import pytest

from tests.make import Make, at
from tests.reading import days, fault, faults, flashes, main

MANY = {"date": "2026-03-17", "time": "10:00", "weeks": "3", "weekdays": ["2", "4"], "more_times": "13:00, 16:30"}


def rows(page) -> list[str]:
    """Return what is said of each time."""
    return page.texts("main .row-plan")


def sent_on(page) -> dict[str, list[str]]:
    """Return what the page's form sends when its button is pressed."""
    [form] = page.all("main form")
    sent: dict[str, list[str]] = {}
    for box in form.select("input[type=hidden], button[name]"):
        sent.setdefault(str(box["name"]), []).append(str(box["value"]))
    return sent


@pytest.fixture(autouse=True)
def coach(make: Make, client):
    coach = make.coach()
    client.sign_in(coach)
    return coach


def test_every_time_is_listed_with_its_zone_and_nothing_is_published(client, everything):
    before = everything()
    page = client.post("/slots/offer/preview", MANY)
    assert (page.status, page.h1) == (200, "Before it is published")
    assert len(rows(page)) == 18
    assert rows(page)[0] == "Good Tuesday 17 March 2026, 10:00–12:00 GMT"
    assert rows(page)[-1] == "Good Thursday 2 April 2026, 16:30–18:30 BST"
    assert "18 of 18 can be offered. Nothing is published yet." in main(page)
    assert everything() == before


def test_it_says_what_a_change_of_the_clocks_means_for_others(client):
    said = main(client.post("/slots/offer/preview", MANY))
    assert (
        "On Sunday 29 March 2026 the clocks in Europe/London go forward by 1 hour. Your times stay what they are on "
        "your wall. For a student whose clocks do not change on that day, all that comes after it is 1 hour earlier."
    ) in said
    assert "the clocks" not in main(client.post("/slots/offer/preview", MANY | {"weeks": "1"}))


def test_what_cannot_be_is_named_and_the_rest_published_by_the_button(coach, make: Make, client, everything):
    make.slot(coach, at("2026-03-24 11:00"))
    page = client.post("/slots/offer/preview", MANY)
    assert [row for row in rows(page) if not row.startswith("Good")] == [
        "Not possible Tuesday 24 March 2026, 10:00–12:00 GMT overlaps your slot at 11:00 GMT."
    ]
    page = client.post("/slots/offer", sent_on(page))
    assert (page.status, page.location) == (303, "/slots/?on=2026-03-17")
    assert flashes(client.follow(page)) == [
        "17 slots are published: from Tuesday 17 March 2026, 10:00–12:00 GMT to Thursday 2 April 2026, "
        "16:30–18:30 BST.",
        "By the clocks in Europe/London, 1 could not be published. Overlapping others: Tue 24 Mar, 10:00.",
    ]
    assert len(everything()["time_slot"]) == 18


def test_without_the_preview_it_stays_all_or_nothing(coach, make: Make, client, everything):
    make.slot(coach, at("2026-03-24 11:00"))
    before = everything()
    assert client.post("/slots/offer", MANY).status == 409
    assert everything() == before


def test_many_left_out_fit_into_what_is_said_of_them(client):
    form = MANY | {"weeks": "26", "weekdays": [str(day) for day in range(1, 8)]}
    assert client.post("/slots/offer", form).status == 303
    shifted = form | {"time": "11:00", "more_times": "20:00", "good_only": "1"}
    page = client.follow(client.post("/slots/offer", shifted))
    assert flashes(page)[-1].endswith("and 162 more.")


def test_a_skipped_time_is_listed_and_one_that_comes_twice_is_asked_about(client, everything):
    skipped = {"date": "2026-03-22", "time": "01:30", "weeks": "2"}
    assert (
        "Not possible Sunday 29 March 2026, 01:30 Europe/London On Sunday 29 March"
        in rows(client.post("/slots/offer/preview", skipped))[1]
    )
    twice = {"date": "2026-10-25", "time": "01:30", "weeks": "1"}
    page = client.post("/slots/offer/preview", twice)
    assert "comes twice" in rows(page)[0]
    assert [box["value"] for box in page.all("main [name=which]")] == ["first", "second"]
    page = client.post("/slots/offer", sent_on(page) | {"which": "second"})
    assert page.status == 303
    assert str(everything()["time_slot"][0][3])[:16] == "2026-10-25 01:30"


def test_further_times_may_be_written_with_twelve_hours(client):
    page = client.post(
        "/slots/offer/preview", MANY | {"weeks": "1", "weekdays": "2", "more_times": "1 pm, 6:30PM 12 am"}
    )
    assert [row.partition(", ")[2] for row in rows(page)] == [
        "00:00–02:00 GMT", "10:00–12:00 GMT", "13:00–15:00 GMT", "18:30–20:30 GMT",
    ]  # fmt: skip


def test_what_is_left_out_is_said_by_the_clock_that_the_coach_reads(make: Make, new_client):
    client = new_client().sign_in(make.coach(hour_cycle=12, first_weekday=7))
    form = {"date": "2026-03-22", "time": "01:30", "weeks": "2", "good_only": "1"}
    page = client.follow(client.post("/slots/offer", form))
    assert flashes(page)[-1] == (
        "By the clocks in Europe/London, 1 could not be published. Skipped by the clocks: Sun 29 Mar, 1:30 am."
    )
    assert page.texts("#weekdays label")[:2] == ["Sunday", "Monday"]


def test_where_nothing_is_good_there_is_nothing_to_press(client):
    page = client.post("/slots/offer/preview", {"date": "2026-03-01", "time": "10:00", "weeks": "1"})
    assert rows(page)[0].startswith("Not possible Sunday 1 March 2026")
    assert page.all("main form") == []


WRONG = [
    ("more_times", "25:00", "Enter times with commas between, such as 13:00, 3:30 pm."),
    ("more_times", "noon", "Enter times with commas between, such as 13:00, 3:30 pm."),
    ("more_times", "٠٩:٠٠", "Enter times with commas between, such as 13:00, 3:30 pm."),
    ("more_times", "0:00," * 12, "Enter at most 11 times."),
    ("more_times", "13 pm", "Enter times with commas between, such as 13:00, 3:30 pm."),
    ("weekdays", "8", "Choose of the list."),
    ("weekdays", "Monday", "Choose of the list."),
    ("date", "2027-02-29", "Enter a day, such as 2026-11-24."),
]


@pytest.mark.parametrize("address", ["/slots/offer", "/slots/offer/preview"])
@pytest.mark.parametrize(("name", "typed", "said"), WRONG)
def test_a_fault_is_said_beside_its_field(client, everything, *, name, typed, said, address):
    page = client.post(address, MANY | {name: typed})
    assert page.status == 422
    assert fault(page, name) == said
    if name == "more_times":
        assert page.value(name) == typed
    assert everything()["time_slot"] == []


@pytest.mark.parametrize(("name", "typed"), [("time", "10:10"), ("more_times", "13:10")])
def test_a_quarter_that_is_none_is_a_fault_where_it_stands(client, name, typed):
    page = client.post("/slots/offer/preview", MANY | {name: typed})
    assert (page.status, list(faults(page))) == (422, [name])


# Copying the week before


def test_a_week_is_copied_from_the_one_before_as_far_as_it_goes(coach, make: Make, client):
    make.slot(coach, at("2026-03-03 10:00"))
    make.session(coach=coach, starts_at=at("2026-03-05 14:15"))
    make.slot(coach, at("2026-03-06 10:00"), withdrawn_at=at("2026-03-01 10:00"))
    make.slot(coach, at("2026-03-01 23:30"))  # begins in the week before that
    make.slot(coach, at("2026-03-10 09:00"))  # stands in the way
    page = client.get("/slots/copy?week=2026-W11")
    assert rows(page) == [
        "Not possible Tuesday 10 March 2026, 10:00–12:00 GMT overlaps your slot at 09:00 GMT.",
        "Good Thursday 12 March 2026, 14:15–16:15 GMT",
    ]
    assert client.post("/slots/copy?week=2026-W11").status == 409, "a bare one is all or nothing"
    page = client.follow(client.post("/slots/copy?week=2026-W11", {"good_only": "1"}))
    assert flashes(page)[0] == "Published: Thursday 12 March 2026, 14:15–16:15 GMT."
    assert list(days(page)) == ["Tuesday 10 March 2026", "Thursday 12 March 2026"]


def test_a_copied_time_that_comes_twice_is_asked_about(coach, make: Make, client, everything):
    make.slot(coach, at("2026-10-18 00:30"))
    url = "/slots/copy?week=2026-W43"
    page = client.post(url, {"good_only": "1"})
    assert page.status == 422
    assert "comes twice" in fault(page, "which")
    assert client.post(url, {"good_only": "1", "which": "second"}).status == 303
    assert str(everything()["time_slot"][1][3])[:16] == "2026-10-25 01:30"


def test_a_change_of_the_clocks_is_told_where_it_falls_on_the_last_day(client):
    form = {"date": "2026-03-22", "time": "01:30", "weeks": "2"}
    assert "go forward by 1 hour" in main(client.post("/slots/offer/preview", form))


def test_a_week_without_slots_gives_nothing_to_copy(client):
    page = client.get("/slots/copy?week=2026-W20")
    assert "In the week before nothing was offered." in main(page)
    assert client.post("/slots/copy?week=2026-W20").status == 409
