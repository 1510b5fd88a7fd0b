"""`/slots/`: a coach's own availability, a week at a time."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make, at
from tests.reading import days, main, times_without_zone

THIS_WEEK = "Monday 2 March 2026"

NONSENSE = ["", "soon", "2026", "2026-10", "2026-W00", "2025-W53", "2026-W54", "2026W10", "2026-W1", "2026-w10"]
NONSENSE += ["-2026-W10", "0001-W01", "0000-W01", "9999-W52", "99999-W01", "٢٠٢٦-W10", "2026-W10 ", "2026-W10%0a"]
NONSENSE += ["1" * 5000]


def week(page) -> str:
    """Return the Monday that the page's week begins on."""
    [title] = [title for title in page.texts("main h2") if title.startswith("Week")]
    return title[title.index("Monday") :]


def test_free_booked_and_past_are_told_apart_and_who_booked_is_said(make: Make, client):
    coach = make.coach()
    free = make.slot(coach, at("2026-03-04 10:00"))
    booked = make.session(coach=coach, starts_at=at("2026-03-04 12:00"), student=make.student("Bo"))
    make.slot(coach, at("2026-03-02 04:00"))
    held = make.session(coach=coach, starts_at=at("2026-03-02 01:00"), student=make.student("Cy"))
    going_on = make.session(coach=coach, starts_at=at("2026-03-02 07:00"), student=make.student("Di"))
    page = client.sign_in(coach).get("/slots/")
    assert week(page) == THIS_WEEK
    rows = days(page)
    assert list(rows) == ["Monday 2 March 2026 today", "Wednesday 4 March 2026"]
    assert rows["Monday 2 March 2026 today"] == [
        "01:00–03:00 GMT No feedback yet Cy",
        "04:00–06:00 GMT Past, no session",
        "07:00–09:00 GMT Booked Di",
    ]
    assert rows["Wednesday 4 March 2026"] == ["10:00–12:00 GMT Free", "12:00–14:00 GMT Booked Bo"]
    assert page.links(f"/slots/{free.id}/") == [f"/slots/{free.id}/move"]
    [form] = page.all("form[action$='/withdraw']")
    assert (form["method"], form["action"]) == ("post", f"/slots/{free.id}/withdraw")
    assert set(page.links("/sessions/")) >= {f"/sessions/{session.id}" for session in (booked, held, going_on)}


def test_what_is_withdrawn_or_somebody_elses_is_not_there(make: Make, client):
    coach = make.coach()
    make.slot(coach, at("2026-03-04 10:00"), withdrawn_at=NOW)
    make.slot(starts_at=at("2026-03-04 10:00"))
    page = client.sign_in(coach).get("/slots/")
    assert days(page) == {}
    assert "Nothing is offered in this week." in main(page)


def test_a_slot_whose_session_the_student_cancelled_is_free_and_one_the_coach_cancelled_is_gone(make: Make, client):
    coach, student = make.coach(), make.student("Bo")
    make.session(coach=coach, starts_at=at("2026-03-04 10:00"), student=student, cancelled_by=student)
    session = make.session(coach=coach, starts_at=at("2026-03-04 14:00"), student=student)
    client.sign_in(coach).post(f"/sessions/{session.id}/cancel")
    page = client.get("/slots/")
    assert days(page)["Wednesday 4 March 2026"] == ["10:00–12:00 GMT Free"]


def test_a_week_is_the_coachs_own_from_monday_to_sunday(make: Make, client):
    coach = make.coach(zone="Asia/Kathmandu")
    make.slot(coach, at("2026-03-01 18:00"))  # Sunday 23:45: the week before
    make.slot(coach, at("2026-03-01 20:15"))  # Monday 02:00
    make.slot(coach, at("2026-03-08 16:00"))  # Sunday 21:45
    make.slot(coach, at("2026-03-08 18:15"))  # Monday 00:00: the week after
    client.sign_in(coach)
    page = client.get("/slots/")
    assert days(page) == {
        "Monday 2 March 2026 today": [
            "The rest of 23:45–01:45 (Mon) UTC+05:45 Past, no session",
            "02:00–04:00 UTC+05:45 Past, no session",
        ],
        "Sunday 8 March 2026": ["21:45–23:45 UTC+05:45 Free"],
    }
    assert times_without_zone(page) == []
    assert client.get("/slots/?week=2026-W09").texts("main time") == ["23:45–01:45 (Mon) UTC+05:45"]
    assert client.get("/slots/?week=2026-W11").texts("main time") == ["00:00–02:00 UTC+05:45"]


def test_the_weeks_before_and_after_are_a_link_away(make: Make, client):
    client.sign_in(make.coach())
    page = client.get("/slots/?week=2026-W53")
    assert week(page) == "Monday 28 December 2026"
    weeks = page.all("nav[aria-label=Weeks] a")
    assert {"/slots/?week=2026-W52", "/slots/?week=2027-W01", "/slots/"} <= {link["href"] for link in weeks}
    assert week(client.get("/slots/?week=2027-W01")) == "Monday 4 January 2027"


@pytest.mark.parametrize("asked", NONSENSE)
def test_nonsense_in_the_query_is_this_week(make: Make, client, asked):
    page = client.sign_in(make.coach()).get(f"/slots/?week={asked}")
    assert (page.status, week(page)) == (200, THIS_WEEK)


def test_this_week_is_this_week_where_the_coach_is(make: Make, client, clock):
    clock.move_to(at("2026-03-08 20:00"))  # still Sunday in London, Monday in Kathmandu
    assert week(client.sign_in(make.coach()).get("/slots/")) == THIS_WEEK
    page = client.sign_in(make.coach(zone="Asia/Kathmandu")).get("/slots/")
    assert week(page) == "Monday 9 March 2026"


def test_the_form_that_offers_asks_for_what_the_contract_names(make: Make, client):
    page = client.sign_in(make.coach()).get("/slots/")
    [form] = page.all("form[action='/slots/offer']")
    names = list(dict.fromkeys(box["name"] for box in form.select("input[name]:not([type=hidden])")))
    assert names == ["date", "time", "weeks", "weekdays", "more_times"], "`which` is asked only where there is a doubt"
    assert page.value("weeks") == "1"
    assert "by the clocks in Europe/London" in main(page)


def test_a_full_week_is_all_there(make: Make, client):
    coach = make.coach()
    monday = at("2026-03-09 00:00")
    for number in range(84):
        make.slot(coach, monday + timedelta(hours=2 * number))
    page = client.sign_in(coach).get("/slots/?week=2026-W11")
    assert [len(rows) for rows in days(page).values()] == [12] * 7


@pytest.mark.parametrize("name", ["عبد الرحمن", "👩🏽‍🚀", "<script>alert(1)</script>", "W" * 80])
def test_names_of_all_kinds_are_said_as_they_are(make: Make, client, name):
    coach = make.coach()
    make.session(coach=coach, student=make.student(name))
    page = client.sign_in(coach).get("/slots/")
    [[row]] = days(page).values()
    assert row.endswith(f"Booked {name}")
