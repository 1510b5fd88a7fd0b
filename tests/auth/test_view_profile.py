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
    assert names(client.sign_in(student).get("/auth/profile")) == {"name", "phone", "time_zone"}
    assert client.post("/auth/profile", ANA).status == 303
    assert [row[7] for row in everything()["user"]] == [""]
    assert names(client.sign_in(make.coach()).get("/auth/profile")) == {"name", "phone", "time_zone", "headline"}


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
