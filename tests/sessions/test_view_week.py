"""`/sessions/?view=week`: one's own sessions, a week at a time, for both."""

import pytest

from tests.make import Make, at
from tests.reading import days, main, times_without_zone


@pytest.fixture
def people(make: Make):
    return make.coach("Ana", zone="America/St_Johns"), make.student("Bo", zone="Asia/Kathmandu")


def test_both_see_the_same_call_each_by_their_own_clocks(people, make: Make, client):
    coach, student = people
    session = make.session(coach=coach, student=student, starts_at=at("2026-03-04 14:00"))
    page = client.sign_in(coach).get("/sessions/?view=week")
    assert days(page) == {"Wednesday 4 March 2026": ["10:30–12:30 NST With Bo"]}
    assert f"/sessions/{session.id}" in page.links("/sessions/")
    assert times_without_zone(page) == []
    page = client.sign_in(student).get("/sessions/?view=week")
    assert days(page) == {"Wednesday 4 March 2026": ["19:45–21:45 UTC+05:45 With Ana"]}
    assert times_without_zone(page) == []


def test_it_tells_what_was_held_and_to_the_coach_what_waits_for_feedback(people, make: Make, client):
    coach, student = people
    make.session(coach=coach, student=student, starts_at=at("2026-02-24 14:00"))
    make.feedback(make.session(coach=coach, student=student, starts_at=at("2026-02-25 14:00")))
    said = {role: days(client.sign_in(role).get("/sessions/?view=week&week=2026-W09")) for role in people}
    assert [rows[0].split(" NST ")[1] for rows in said[coach].values()] == ["No feedback yet Bo", "Held Bo"]
    assert [rows[0].split(" UTC+05:45 ")[1] for rows in said[student].values()] == ["Held Ana", "Held Ana"]


def test_what_crosses_midnight_into_the_week_is_in_it_with_its_rest(make: Make, client):
    coach = make.coach()
    make.session(coach=coach, student=make.student("Bo"), starts_at=at("2026-03-01 23:30"))
    page = client.sign_in(coach).get("/sessions/?view=week")
    assert days(page) == {"Monday 2 March 2026 today": ["The rest of 23:30–01:30 (Mon) GMT No feedback yet Bo"]}


def test_the_number_is_there_and_cancelled_sessions_and_those_of_others_are_not(people, make: Make, client):
    coach, student = people
    make.session(coach=coach, student=student, starts_at=at("2026-03-04 14:00"))
    make.session(coach=coach, student=student, starts_at=at("2026-03-05 14:00"), cancelled_by=student)
    make.session(starts_at=at("2026-03-04 14:00"))
    page = client.sign_in(student).get("/sessions/?view=week")
    assert list(days(page)) == ["Wednesday 4 March 2026"]
    assert page.links("tel:") == [f"tel:{coach.phone}"]


def test_other_weeks_are_a_link_away_and_any_day_leads_to_its_own(people, client):
    coach, _ = people
    client.sign_in(coach)
    page = client.get("/sessions/?view=week&week=2026-W53")
    weeks = {link["href"] for link in page.all("nav[aria-label=Weeks] a")}
    assert weeks == {"/sessions/?week=2026-W52&view=week", "/sessions/?week=2027-W01&view=week", "/sessions/?view=week"}
    assert "Week of Monday 28 December 2026" in main(page)
    assert "Week of Monday 9 March 2026" in main(client.get("/sessions/?view=week&on=2026-03-15"))


@pytest.mark.parametrize(
    "asked",
    ["week=2026-W54", "week=x", "week=0001-W01", "week=9999-W52", "on=2027-02-29", "on=0001-01-01", "on=9999-12-31"],
)
def test_nonsense_is_this_week(people, client, asked):
    page = client.sign_in(people[0]).get(f"/sessions/?view=week&{asked}")
    assert "Week of Monday 2 March 2026" in main(page)


def test_a_week_begins_on_the_readers_first_weekday(make: Make, client):
    coach = make.coach(first_weekday=7)
    page = client.sign_in(coach).get("/sessions/?view=week")
    assert "Week of Sunday 1 March 2026" in main(page)
    assert page.texts("table.grid tbody th")[0] == "Sunday 1 March 2026 yesterday"
    for address in ("/slots/?week=2026-W11", "/slots/?on=2026-03-08", "/slots/?on=2026-03-14"):
        assert "Week of Sunday 8 March 2026" in main(client.get(address))


def test_the_day_of_what_was_published_is_in_front_on_a_telephone(make: Make, client):
    client.sign_in(make.coach())
    page = client.follow(client.post("/slots/offer", {"date": "2026-03-12", "time": "10:00"}))
    assert [box["id"] for box in page.all("[name=day][checked]")] == ["day-4"]
    assert [box["id"] for box in client.get("/slots/?date=2026-03-13&time=10:00").all("[name=day][checked]")] == [
        "day-5"
    ]
    assert [box["id"] for box in client.get("/slots/").all("[name=day][checked]")] == ["day-1"]


def test_at_the_edges_of_time_no_link_leads_beyond(make: Make, client):
    client.sign_in(make.coach())
    assert [link.get("rel") for link in client.get("/slots/?on=2000-01-03").all("nav[aria-label=Weeks] a[rel]")] == [
        ["next"]
    ]
    assert [link.get("rel") for link in client.get("/slots/?on=2100-12-31").all("nav[aria-label=Weeks] a[rel]")] == [
        ["prev"]
    ]


def test_all_hours_are_a_link_away_and_stay(make: Make, client):
    client.sign_in(make.coach())
    page = client.get("/slots/?week=2026-W11")
    assert len(page.all("table.grid thead th")) == 13
    assert "/slots/?week=2026-W11&hours=all" in page.links()
    page = client.get("/slots/?week=2026-W11&hours=all")
    assert len(page.all("table.grid thead th")) == 25
    assert {"/slots/?week=2026-W12&hours=all", "/slots/?week=2026-W11"} <= set(page.links())


def test_days_of_23_and_25_hours_are_shown_as_they_are(make: Make, client):
    client.sign_in(make.coach())
    [sunday] = client.get("/slots/?week=2026-W13").texts("table.grid tbody th")[-1:]
    assert sunday == "Sunday 29 March 2026 The clocks go forward: 23 hours"
    page = client.get("/slots/?week=2026-W43")
    assert page.texts("table.grid thead th")[1:4] == ["1", "1 again", "2"]
    assert page.texts("table.grid tbody th")[-1] == "Sunday 25 October 2026 The clocks go back: 25 hours"
    lord_howe = make.coach(zone="Australia/Lord_Howe")
    page = client.sign_in(lord_howe).get("/slots/?week=2026-W14")
    assert page.texts("table.grid tbody th")[-1] == "Sunday 5 April 2026 The clocks go back: 24.5 hours"


def test_a_click_on_a_free_hour_opens_the_form_for_it(make: Make, client):
    coach = make.coach()
    make.slot(coach, at("2026-03-04 10:30"))
    page = client.sign_in(coach).get("/slots/")
    free = [str(link["href"]) for link in page.all("table.grid a.offer") if "2026-03-04" in str(link["href"])]
    assert free[:2] == ["/slots/?date=2026-03-04&time=08:00#offer", "/slots/?date=2026-03-04&time=12:30#offer"]
    page = client.get(free[1].partition("#")[0])
    assert (page.value("date"), page.value("time")) == ("2026-03-04", "12:30")
    [label] = {link["aria-labelledby"] for link in page.all("table.grid a.offer") if link["href"] == free[1]}
    said = " ".join(page.soup.find(id=name).get_text() for name in label.split())
    assert said.startswith("Offer a time on Wednesday 4 March 2026")
    assert said.endswith(" 12")


def test_what_is_offered_on_the_second_of_two_equal_hours_is_meant_so(make: Make, client):
    client.sign_in(make.coach())
    page = client.get("/slots/?week=2026-W43")
    [again] = [str(link["href"]) for link in page.all("a.offer") if "which=second" in str(link["href"])]
    page = client.get(again.partition("#")[0])
    chosen = [box["value"] for box in page.all("[name=which]") if box.has_attr("checked")]
    assert (page.value("date"), page.value("time"), chosen) == ("2026-10-25", "01:00", ["second"])


@pytest.mark.parametrize("asked", ["time=25:00", "time=1:00:00", "date=x&time=x", "which=third", "date=0001-01-01"])
def test_nonsense_for_the_form_is_nothing(make: Make, client, asked):
    page = client.sign_in(make.coach()).get(f"/slots/?{asked}")
    assert (page.status, page.value("date"), page.value("time")) == (200, "", "")
    assert page.all("[name=which]") == []
