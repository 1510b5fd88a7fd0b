"""`/auth/profile`: what a person says of themselves."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make, at
from tests.reading import faults, flashes, main

ANA = {"name": "Ana Silva", "phone": "+1 415 555 2671", "time_zone": "Asia/Kathmandu", "headline": "Careers in science"}


def names(page) -> set[str]:
    return {box["name"] for box in page.all("main [name]:not([type=hidden])")}


def test_it_shows_what_is_known_to_oneself(make: Make, client):
    coach = make.coach("Ana Silva", phone="+14155552671", zone="Asia/Kathmandu", headline="Careers in science")
    page = client.sign_in(coach).get("/auth/profile")
    shown = {name: page.value(name) for name in ANA}
    assert shown | {"phone": shown["phone"].replace(" ", "").replace("-", "")} == ANA | {"phone": "+14155552671"}
    assert coach.email in main(page)


def test_only_a_coach_has_a_headline(make: Make, client, everything):
    student = make.student()
    for_all = {"name", "phone", "time_zone", "hour_cycle", "first_weekday"}
    assert names(client.sign_in(student).get("/auth/profile")) == for_all
    assert client.post("/auth/profile", ANA).status == 303
    assert [row[7] for row in everything()["user"]] == [""]
    assert names(client.sign_in(make.coach()).get("/auth/profile")) == for_all | {"headline"}


def test_what_is_changed_is_kept_and_shown(make: Make, client):
    client.sign_in(make.coach())
    page = client.post("/auth/profile", ANA)
    assert (page.status, page.location) == (303, "/auth/profile")
    page = client.follow(page)
    assert flashes(page) == ["Your profile is saved."]
    assert (page.value("name"), page.value("headline")) == ("Ana Silva", "Careers in science")
    assert page.value("time_zone") == "Asia/Kathmandu"


def test_what_no_form_asks_for_is_not_changed(make: Make, client, everything):
    coach = make.coach()
    client.sign_in(coach)
    client.post("/auth/profile", ANA | {"email": "x@example.org", "role": "admin", "id": "1", "password": "x" * 20})
    [row] = everything()["user"]
    assert (row[0], row[1], row[3], row[5]) == (coach.id, "coach", coach.email, None)


def test_what_was_not_sent_stays(make: Make, client, everything):
    coach = make.coach(headline="Careers")
    client.sign_in(coach)
    assert client.post("/auth/profile", {name: said for name, said in ANA.items() if name != "headline"}).status == 303
    assert "Careers" in everything()["user"][0]
    assert client.post("/auth/profile", ANA | {"headline": ""}).status == 303
    assert "Careers" not in everything()["user"][0], "but it can be emptied"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("phone", ""),
        ("phone", "   "),
        ("phone", "12345"),
        ("phone", "+49555555555555555"),
        ("time_zone", ""),
        ("time_zone", "Mars/Olympus"),
        ("headline", "x" * 161),
    ],
)
def test_a_fault_is_said_beside_its_field_and_changes_nothing(make: Make, client, everything, name, typed):
    client.sign_in(make.coach())
    before = everything()
    page = client.post("/auth/profile", ANA | {name: typed})
    assert page.status == 422
    assert set(faults(page)) == {name}
    for field in set(ANA) - {name}:
        assert page.value(field) == ANA[field]
    if name != "time_zone":
        assert page.value(name).strip() == typed.strip()
    assert everything() == before


def test_a_headline_may_be_160_characters_long_or_missing(make: Make, client):
    coach = make.coach()
    make.slot(coach)
    client.sign_in(coach)
    for headline in ("🎧" * 160, ""):
        assert client.post("/auth/profile", ANA | {"headline": headline}).status == 303
        assert client.get("/auth/profile").value("headline") == headline


def test_the_new_number_is_what_the_other_one_sees(make: Make, client, new_client):
    coach, student = make.coach(), make.student()
    session = make.session(coach=coach, student=student)
    client.sign_in(coach).post("/auth/profile", ANA)
    page = new_client().sign_in(student).get(f"/sessions/{session.id}")
    assert page.links("tel:") == ["tel:+14155552671"]


def test_a_new_zone_changes_how_times_are_said_and_no_moment(make: Make, client, everything):
    coach = make.coach(zone="Europe/London")
    session = make.session(coach=coach, starts_at=at("2026-03-03 20:00"))
    client.sign_in(coach)
    assert "Tuesday 3 March 2026, 20:00–22:00 GMT" in main(client.get(f"/sessions/{session.id}"))
    before = everything()["coaching_session"]
    client.post("/auth/profile", ANA)
    page = client.get(f"/sessions/{session.id}")
    assert "Wednesday 4 March 2026, 01:45–03:45 UTC+05:45" in main(page)
    assert everything()["coaching_session"] == before


def test_an_organiser_has_a_profile_as_well(make: Make, client):
    client.sign_in(make.admin(password="correct horse battery"), "correct horse battery")
    assert client.post("/auth/profile", ANA).status == 303
    assert client.get("/auth/profile").value("name") == "Ana Silva"


def test_the_time_of_now_stands_at_the_foot_of_every_page_in_ones_own_zone(make: Make, client, clock):
    client.sign_in(make.student(zone="America/New_York"))
    assert "America/New_York, where it is now 03:00 EST" in client.get("/").said
    clock.move_to(NOW + timedelta(days=7))  # the day after the clocks went forward there
    assert "America/New_York, where it is now 04:00 EDT" in client.get("/").said


# How clocks and weeks are read


def habits(everything) -> tuple[object, object]:
    return everything()["user"][0][-3:-1]


def test_clock_and_week_are_chosen_and_every_time_follows(make: Make, client, everything):
    student = make.student("Bo", zone="America/New_York")
    session = make.session(student=student, starts_at=at("2026-03-03 19:00"))
    client.sign_in(student)
    page = client.get("/auth/profile")
    assert (page.value("hour_cycle"), page.value("first_weekday")) == ("24", "1")
    assert page.texts("#hour_cycle option") == ["24 hours, 0 to 23", "12 hours, am and pm"]
    chosen = {"time_zone": "America/New_York", "hour_cycle": 12, "first_weekday": 7}
    assert client.post("/auth/profile", ANA | chosen).status == 303
    page = client.get("/auth/profile")
    assert (page.value("hour_cycle"), page.value("first_weekday")) == ("12", "7")
    assert habits(everything) == (12, 7)
    page = client.get(f"/sessions/{session.id}")
    assert "Tuesday 3 March 2026, 2:00–4:00 pm EST" in main(page)
    assert "where it is now 3:00 am EST" in page.said


def test_a_form_that_does_not_send_them_keeps_them(make: Make, client, everything):
    client.sign_in(make.coach(hour_cycle=12, first_weekday=6))
    assert client.post("/auth/profile", ANA).status == 303
    assert habits(everything) == (12, 6)


WRONG = [("hour_cycle", "13"), ("hour_cycle", ""), ("hour_cycle", "x"), ("first_weekday", "0"), ("first_weekday", "8")]


@pytest.mark.parametrize(("name", "typed"), WRONG)
def test_another_clock_or_week_is_a_fault(make: Make, client, everything, name, typed):
    client.sign_in(make.coach())
    before = everything()
    page = client.post("/auth/profile", ANA | {name: typed})
    assert (page.status, set(faults(page))) == (422, {name})
    assert everything() == before


# A zone that a device proposes


def test_a_zone_is_proposed_and_nothing_is_changed_until_it_is_saved(make: Make, client, everything):
    client.sign_in(make.student(zone="Europe/London"))
    before = everything()
    page = client.get("/auth/profile?zone=Asia/Kathmandu")
    assert page.value("time_zone") == "Asia/Kathmandu"
    assert "Asia/Kathmandu is chosen below" in main(page)
    assert everything() == before
    assert client.get("/auth/profile").value("time_zone") == "Europe/London"
    assert client.post("/auth/profile?zone=Asia/Kathmandu", ANA | {"time_zone": "Asia/Tokyo"}).status == 303
    assert client.get("/auth/profile").value("time_zone") == "Asia/Tokyo", "what is sent counts"


ABSENT = ["zone=", "zone=Mars/Olympus", "zone=europe/london", "zone=../etc", "zone=Factory", "zone=Europe/London"]


@pytest.mark.parametrize("query", ABSENT)
def test_nonsense_for_a_zone_counts_as_absent(make: Make, client, query):
    client.sign_in(make.student(zone="Europe/London"))
    page = client.get(f"/auth/profile?{query}")
    assert (page.status, page.value("time_zone")) == (200, "Europe/London")
    assert "is chosen below" not in main(page)


def test_the_offer_of_another_zone_is_hidden_without_a_script_and_missing_on_the_profile(make: Make, client):
    assert client.get("/").all(".offer-zone") == []
    client.sign_in(make.student(zone="Europe/London"))
    [bar] = client.get("/").all(".offer-zone")
    assert (bar.has_attr("hidden"), bar["data-zone"]) == (True, "Europe/London")
    assert client.get("/auth/profile").all(".offer-zone") == []


# Moments in the markup


def test_what_machines_read_of_a_moment_is_what_people_read(make: Make, client):
    student = make.student()
    cancelled = make.session(starts_at=at("2026-03-05 10:00"), student=student, cancelled_by=student)
    client.sign_in(student)
    assert [tag["datetime"] for tag in client.get("/").all("footer time")] == ["2026-03-02T08:00:00+00:00"]
    assert "2026-03-02T08:00:00+00:00" in [tag["datetime"] for tag in client.get("/auth/devices").all("main time")]
    page = client.get(f"/sessions/{cancelled.id}")
    [moment] = page.all("main .panel time")
    assert moment["datetime"] == cancelled.cancelled_at.isoformat()
    assert moment.get_text() == "Tuesday 24 February 2026, 08:00 GMT"
