"""`/slots/offer`: publishing a slot, or a weekly row of them."""

import pytest

from tests.make import Make, at
from tests.reading import alert, days, fault, faults, flashes, main

TUESDAY = {"date": "2026-03-03", "time": "10:00", "weeks": "1"}


def starts(everything) -> list[str]:
    """Return when the slots start (UTC), those that are withdrawn left out."""
    return sorted(str(row[3])[:16] for row in everything()["time_slot"] if row[6] is None)


def test_what_is_offered_is_free_at_once_and_shown(make: Make, client, new_client):
    coach = make.coach("Ana")
    page = client.sign_in(coach).post("/slots/offer", TUESDAY)
    assert (page.status, page.location) == (303, "/slots/?on=2026-03-03")
    page = client.follow(page)
    assert flashes(page) == ["Published: Tuesday 3 March 2026, 10:00–12:00 GMT."]
    assert days(page)["Tuesday 3 March 2026 tomorrow"][0].startswith("10:00–12:00 GMT Free")
    page = new_client().sign_in(make.student()).get(f"/coaches/{coach.id}")
    assert days(page) == {"Tuesday 3 March 2026 tomorrow": ["Book Ana, 10:00–12:00 GMT"]}


def test_without_a_number_of_weeks_it_is_once(make: Make, client, everything):
    client.sign_in(make.coach()).post("/slots/offer", {"date": "2026-03-03", "time": "10:00"})
    assert starts(everything) == ["2026-03-03 10:00"]


def test_the_time_is_the_coachs_own(make: Make, client, everything):
    client.sign_in(make.coach(zone="Asia/Kathmandu")).post("/slots/offer", TUESDAY | {"time": "00:15"})
    assert starts(everything) == ["2026-03-02 18:30"]


@pytest.mark.parametrize("wall", ["10:00", "10:15", "10:30", "10:45", "23:45", "00:00", "10:00:00"])
def test_it_begins_on_any_quarter_of_an_hour_and_may_cross_midnight(make: Make, client, wall):
    client.sign_in(make.coach())
    assert client.post("/slots/offer", TUESDAY | {"time": wall}).status == 303


WRONG = [
    ("date", "", "Choose a day."),
    ("date", "soon", "Enter a day, such as 2026-11-24."),
    ("date", "2027-02-29", "Enter a day, such as 2026-11-24."),
    ("date", "03/03/2026", "Enter a day, such as 2026-11-24."),
    ("date", "0001-01-01", "Choose a day between the years 2000 and 2100."),
    ("date", "9999-12-31", "Choose a day between the years 2000 and 2100."),
    ("date", "2026-03-01", "That moment has passed. Choose one that lies ahead."),
    ("date", "2000-01-01", "That moment has passed. Choose one that lies ahead."),
    ("time", "", "Choose a time."),
    ("time", "25:00", "Enter a time, such as 09:30."),
    ("time", "10:60", "Enter a time, such as 09:30."),
    ("time", "noon", "Enter a time, such as 09:30."),
    ("time", "10:10", "A slot begins on a quarter of an hour: choose :00, :15, :30 or :45."),
    ("time", "10:00:30", "A slot begins on a quarter of an hour: choose :00, :15, :30 or :45."),
    ("weeks", "", "Enter a whole number."),
    ("weeks", "0", "Choose 1 (just once) to 26 weeks."),
    ("weeks", "-1", "Choose 1 (just once) to 26 weeks."),
    ("weeks", "27", "Choose 1 (just once) to 26 weeks."),
    ("weeks", "1.5", "Enter a whole number."),
    ("weeks", "1e9", "Enter a whole number."),
    ("weeks", "9" * 5000, ""),
]


@pytest.mark.parametrize(("name", "typed", "said"), WRONG, ids=[f"{name}={typed[:12]}" for name, typed, _ in WRONG])
def test_a_fault_is_said_beside_its_field_and_what_was_typed_is_still_there(
    make: Make, client, everything, *, name, typed, said
):
    client.sign_in(make.coach())
    page = client.post("/slots/offer", TUESDAY | {name: typed})
    assert page.status == 422
    assert set(faults(page)) == {name}
    assert fault(page, name) == said or not said
    assert "Something is not right yet" in alert(page)
    assert {field: page.value(field) for field in TUESDAY} == TUESDAY | {name: typed}
    assert starts(everything) == []


def test_this_very_moment_has_passed(make: Make, client):
    client.sign_in(make.coach())
    now = {"date": "2026-03-02", "time": "08:00"}
    assert "That moment has passed" in fault(client.post("/slots/offer", now), "date")
    assert client.post("/slots/offer", now | {"time": "08:15"}).status == 303


def test_all_faults_are_said_at_once(make: Make, client):
    page = client.sign_in(make.coach()).post("/slots/offer", {"date": "x", "time": "x", "weeks": "x"})
    assert set(faults(page)) == {"date", "time", "weeks"}


# Overlaps


@pytest.mark.parametrize("wall", ["08:15", "10:00", "11:45"])
def test_an_overlap_is_refused_with_what_is_in_the_way_and_what_to_do(make: Make, client, everything, wall):
    coach = make.coach()
    make.slot(coach, at("2026-03-03 10:00"))
    client.sign_in(coach)
    page = client.post("/slots/offer", TUESDAY | {"time": wall})
    assert page.status == 409
    assert f"Tuesday 3 March 2026, {wall}–" in alert(page)
    assert "overlaps your slot at 10:00 GMT." in alert(page)
    assert "Choose another time, or withdraw or cancel what is in the way." in alert(page)
    assert page.value("time") == wall
    assert starts(everything) == ["2026-03-03 10:00"]


@pytest.mark.parametrize("wall", ["08:00", "12:00"])
def test_back_to_back_is_no_overlap_and_neither_is_another_coachs_slot(make: Make, client, wall):
    coach = make.coach()
    make.slot(coach, at("2026-03-03 10:00"))
    make.slot(starts_at=at(f"2026-03-03 {wall}"))
    assert client.sign_in(coach).post("/slots/offer", TUESDAY | {"time": wall}).status == 303


def test_a_withdrawn_slot_is_in_nobodys_way_but_a_booked_one_is(make: Make, client):
    coach = make.coach()
    make.slot(coach, at("2026-03-03 10:00"), withdrawn_at=at("2026-03-01 10:00"))
    make.session(coach=coach, starts_at=at("2026-03-04 10:00"))
    client.sign_in(coach)
    assert client.post("/slots/offer", TUESDAY).status == 303
    assert client.post("/slots/offer", TUESDAY | {"date": "2026-03-04"}).status == 409


def test_pressing_the_button_twice_publishes_once(make: Make, client, everything):
    client.sign_in(make.coach())
    assert [client.post("/slots/offer", TUESDAY).status for _ in range(2)] == [303, 409]
    assert len(starts(everything)) == 1


# Weekly


def test_weekly_means_the_same_time_on_the_wall_also_after_the_clocks_change(make: Make, client, everything):
    page = client.sign_in(make.coach()).post("/slots/offer", TUESDAY | {"weeks": "5"})
    assert flashes(client.follow(page)) == [
        "5 slots are published: from Tuesday 3 March 2026, 10:00–12:00 GMT to Tuesday 31 March 2026, 10:00–12:00 BST."
    ]
    assert starts(everything) == [
        "2026-03-03 10:00",
        "2026-03-10 10:00",
        "2026-03-17 10:00",
        "2026-03-24 10:00",
        "2026-03-31 09:00",
    ]


def test_half_a_year_can_be_offered_at_once(make: Make, client, everything):
    assert client.sign_in(make.coach()).post("/slots/offer", TUESDAY | {"weeks": "26"}).status == 303
    assert len(starts(everything)) == 26


def test_a_row_is_published_whole_or_not_at_all_and_every_week_in_the_way_is_named(make: Make, client, everything):
    coach = make.coach()
    make.slot(coach, at("2026-03-10 11:00"))
    make.slot(coach, at("2026-03-24 08:30"))
    page = client.sign_in(coach).post("/slots/offer", TUESDAY | {"weeks": "5"})
    assert page.status == 409
    said = alert(page)
    assert "Tuesday 10 March 2026, 10:00–12:00 GMT overlaps your slot at 11:00 GMT." in said
    assert "Tuesday 24 March 2026, 10:00–12:00 GMT overlaps your slot at 08:30 GMT." in said
    assert "3 March" not in said
    assert "17 March" not in said
    assert "Nothing was published." in said
    assert (page.value("weeks"), len(starts(everything))) == ("5", 2)


def test_a_row_names_the_week_whose_clocks_skip_the_time(make: Make, client, everything):
    form = {"date": "2026-03-15", "time": "01:30", "weeks": "4"}
    page = client.sign_in(make.coach()).post("/slots/offer", form)
    assert page.status == 422
    said = fault(page, "time")
    assert "On Sunday 29 March 2026 the clocks in Europe/London go forward over 01:30" in said
    assert "22 March" not in said
    assert starts(everything) == []


def test_a_row_names_what_clashes_and_what_is_skipped_in_one_refusal(make: Make, client):
    coach = make.coach()
    make.slot(coach, at("2026-03-22 02:00"))
    page = client.sign_in(coach).post("/slots/offer", {"date": "2026-03-15", "time": "01:30", "weeks": "4"})
    assert page.status == 409
    assert "Sunday 22 March 2026, 01:30–03:30 GMT overlaps" in alert(page)
    assert "On Sunday 29 March 2026 the clocks in Europe/London go forward over 01:30" in alert(page)


# The clocks change


def test_a_time_that_the_clocks_skip_is_refused_with_the_reason(make: Make, client):
    page = client.sign_in(make.coach()).post("/slots/offer", {"date": "2026-03-29", "time": "01:30"})
    assert page.status == 422
    assert fault(page, "time") == (
        "On Sunday 29 March 2026 the clocks in Europe/London go forward over 01:30: that time does not happen. "
        "Choose another time."
    )


@pytest.mark.parametrize(("which", "moment"), [("first", "2026-10-25 00:30"), ("second", "2026-10-25 01:30")])
def test_a_time_that_comes_twice_is_asked_about(make: Make, client, everything, which, moment):
    client.sign_in(make.coach())
    twice = {"date": "2026-10-25", "time": "01:30", "weeks": "1"}
    asked = client.post("/slots/offer", twice)
    assert asked.status == 422
    assert "On Sunday 25 October 2026 the clocks in Europe/London go back, and 01:30 comes twice." in fault(
        asked, "which"
    )
    assert [choice["value"] for choice in asked.all("input[name=which]")] == ["first", "second"]
    assert asked.all("input[name=which][checked]") == []
    assert {field: asked.value(field) for field in twice} == twice
    assert starts(everything) == []
    page = client.post("/slots/offer", twice | {"which": which})
    assert page.status == 303
    assert starts(everything) == [moment]
    zone = "BST–02:30 GMT" if which == "first" else "GMT"
    assert zone in main(client.follow(page))


def test_first_and_second_do_not_overlap_themselves_but_each_other(make: Make, client):
    client.sign_in(make.coach())
    twice = {"date": "2026-10-25", "time": "01:30"}
    assert client.post("/slots/offer", twice | {"which": "first"}).status == 303
    assert client.post("/slots/offer", twice | {"which": "second"}).status == 409


@pytest.mark.parametrize("which", ["third", "", "1", "FIRST"])
def test_which_one_is_asked_again_when_the_answer_is_neither(make: Make, client, which):
    page = client.sign_in(make.coach()).post("/slots/offer", {"date": "2026-10-25", "time": "01:30", "which": which})
    assert page.status == 422
    assert fault(page, "which")


def test_which_one_is_of_no_account_where_there_is_no_doubt(make: Make, client, everything):
    client.sign_in(make.coach()).post("/slots/offer", TUESDAY | {"which": "second"})
    assert starts(everything) == ["2026-03-03 10:00"]
