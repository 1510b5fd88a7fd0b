"""The same two hours on every page, preview and file, in zones of every kind, on days on which their clocks change."""

from datetime import timedelta

import pytest

from tests.calendars.reading import events
from tests.make import Make, at
from tests.reading import days, main, times_without_zone

# A zone, what a coach there types, when that is, and how it is said to the coach and to somebody in London.
CASES = [
    ("Australia/Lord_Howe", "2026-04-05 01:00", "2026-04-04 14:00",
     "01:00 UTC+11:00–02:30 UTC+10:30", "Saturday 4 April 2026, 15:00–17:00 BST"),
    ("Australia/Lord_Howe", "2026-10-04 01:00", "2026-10-03 14:30",
     "01:00 UTC+10:30–03:30 UTC+11:00", "Saturday 3 October 2026, 15:30–17:30 BST"),
    ("Asia/Kathmandu", "2026-04-05 00:15", "2026-04-04 18:30",
     "00:15–02:15 UTC+05:45", "Saturday 4 April 2026, 19:30–21:30 BST"),
    ("America/St_Johns", "2026-03-08 01:30", "2026-03-08 05:00",
     "01:30 NST–04:30 NDT", "Sunday 8 March 2026, 05:00–07:00 GMT"),
    ("America/St_Johns", "2026-11-01 00:30", "2026-11-01 03:00",
     "00:30 NDT–01:30 NST", "Sunday 1 November 2026, 03:00–05:00 GMT"),
    ("Pacific/Apia", "2026-04-05 23:30", "2026-04-05 10:30",
     "23:30–01:30 (Mon) UTC+13:00", "Sunday 5 April 2026, 11:30–13:30 BST"),
    ("Africa/Lagos", "2026-10-25 01:30", "2026-10-25 00:30",
     "01:30–03:30 WAT", "Sunday 25 October 2026, 01:30 BST–02:30 GMT"),
    ("America/Havana", "2026-03-07 23:30", "2026-03-08 04:30",
     "23:30 CST–02:30 (Sun) CDT", "Sunday 8 March 2026, 04:30–06:30 GMT"),
    ("Atlantic/Azores", "2026-10-24 23:30", "2026-10-24 23:30",
     "23:30 UTC+00:00–00:30 (Sun) UTC-01:00", "Sunday 25 October 2026, 00:30 BST–01:30 GMT"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "typed", "starts", "to_coach", "to_student"), CASES)
def test_the_same_two_hours_are_on_every_page_preview_and_file(
    make: Make, client, new_client, *, zone, typed, starts, to_coach, to_student
):
    coach, student = make.coach("Ana", zone=zone), make.student("Bo")
    day, clock = typed.split()
    form = {"date": day, "time": clock, "weeks": "1"}
    client.sign_in(coach)

    preview = client.post("/slots/offer/preview", form)
    assert [row.partition(", ")[2] for row in preview.texts(".row-plan")] == [to_coach]
    offered = client.post("/slots/offer", form)
    week = client.follow(offered)
    assert f"{to_coach} Free" in [row for rows in days(week).values() for row in rows]
    assert times_without_zone(week) == []

    browser = new_client().sign_in(student)
    [address] = browser.get(f"/coaches/{coach.id}").links("/sessions/book/")
    assert to_student in main(browser.get(address))
    booked = browser.post(address).location
    for who, said in ((client, to_coach), (browser, to_student)):
        page = who.get(booked)
        assert said in main(page)
        assert times_without_zone(page) == []
        assert page.all(f"main time[datetime='{at(starts).isoformat()}']")
        [event] = events(who.get(f"{booked}.ics")).values()
        assert (event["dtstart"].dt, event["dtend"].dt - event["dtstart"].dt) == (at(starts), timedelta(hours=2))
