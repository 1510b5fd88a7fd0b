"""`/slots/<id>/move` and `/slots/<id>/withdraw`: changing what is on offer."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make, at
from tests.reading import alert, days, fault, faults, flashes, main

TO = {"date": "2026-03-05", "time": "14:00"}


@pytest.fixture
def slot(make: Make, client):
    """A free slot on Tuesday at ten, and its coach at the browser."""
    slot = make.slot(make.coach(), at("2026-03-03 10:00"))
    client.sign_in(slot.coach)
    return slot


def test_the_page_says_when_it_is_and_asks_when_it_should_be(slot, client):
    page = client.get(f"/slots/{slot.id}/move")
    assert "It is now on Tuesday 3 March 2026, 10:00–12:00 GMT , and free." in main(page)
    assert [box["name"] for box in page.all("main [name]:not([type=hidden])")] == ["date", "time"]
    assert (page.value("date"), page.value("time")[:5]) == ("2026-03-03", "10:00")


def test_moving_gives_a_new_slot_and_takes_the_old_one_out_of_the_offer(slot, client, everything):
    page = client.post(f"/slots/{slot.id}/move", TO)
    assert (page.status, page.location) == (303, "/slots/?on=2026-03-05")
    page = client.follow(page)
    assert flashes(page) == ["The slot is moved to Thursday 5 March 2026, 14:00–16:00 GMT."]
    assert list(days(page)) == ["Thursday 5 March 2026"]
    [new] = [row[0] for row in everything()["time_slot"] if row[6] is None]
    assert new != slot.id
    assert [link for link in page.links("/slots/") if link.endswith("/move")] == [f"/slots/{new}/move"]


def test_who_has_the_old_one_open_is_told_that_it_is_gone(slot, make: Make, client, new_client, everything):
    browser = new_client().sign_in(make.student())
    assert browser.get(f"/sessions/book/{slot.id}").status == 200
    client.post(f"/slots/{slot.id}/move", TO)
    [new] = [row[0] for row in everything()["time_slot"] if row[6] is None]
    for page in (browser.post(f"/sessions/book/{slot.id}"), browser.get(f"/sessions/book/{slot.id}")):
        assert page.status == 409
        assert "no longer on offer" in alert(page)
        assert page.links("/sessions/book/") == [f"/sessions/book/{new}"]


def test_it_may_move_to_where_it_overlaps_itself(slot, client):
    assert client.post(f"/slots/{slot.id}/move", {"date": "2026-03-03", "time": "10:30"}).status == 303


WRONG = [
    ("date", "", "Choose a day."),
    ("date", "2027-02-29", "Enter a day, such as 2026-11-24."),
    ("date", "9999-12-31", "Choose a day between the years 2000 and 2100."),
    ("date", "2026-03-01", "That moment has passed. Choose one that lies ahead."),
    ("time", "", "Choose a time."),
    ("time", "25:00", "Enter a time, such as 09:30."),
    ("time", "10:10", "A slot begins on a quarter of an hour: choose :00, :15, :30 or :45."),
]


@pytest.mark.parametrize(("name", "typed", "said"), WRONG)
def test_a_fault_is_said_beside_its_field_and_changes_nothing(slot, client, everything, *, name, typed, said):
    before = everything()
    page = client.post(f"/slots/{slot.id}/move", TO | {name: typed})
    assert page.status == 422
    assert faults(page) == {name: said}
    assert {field: page.value(field) for field in TO} == TO | {name: typed}
    assert everything() == before


def test_an_overlap_is_refused_and_the_slot_stays_where_it_was(slot, make: Make, client, everything):
    make.slot(slot.coach, at("2026-03-05 15:00"))
    before = everything()
    page = client.post(f"/slots/{slot.id}/move", TO)
    assert page.status == 409
    assert "Thursday 5 March 2026, 14:00–16:00 GMT overlaps your slot at 15:00 GMT." in alert(page)
    assert "Choose another time" in alert(page)
    assert page.value("time") == "14:00"
    assert everything() == before


def test_a_refused_move_speaks_of_moving(slot, make: Make, client):
    make.slot(slot.coach, at("2026-03-05 15:00"))
    assert "published" not in alert(client.post(f"/slots/{slot.id}/move", TO))


@pytest.mark.parametrize(("which", "moment"), [("first", "2026-10-25 00:30"), ("second", "2026-10-25 01:30")])
def test_the_clocks_are_minded_as_when_publishing(slot, client, everything, which, moment):
    skipped = client.post(f"/slots/{slot.id}/move", {"date": "2026-03-29", "time": "01:30"})
    assert (skipped.status, "does not happen" in fault(skipped, "time")) == (422, True)
    twice = {"date": "2026-10-25", "time": "01:30"}
    asked = client.post(f"/slots/{slot.id}/move", twice)
    assert (asked.status, "comes twice" in fault(asked, "which")) == (422, True)
    assert client.post(f"/slots/{slot.id}/move", twice | {"which": which}).status == 303
    assert [str(row[3])[:16] for row in everything()["time_slot"] if row[6] is None] == [moment]


# Withdrawing


def test_withdrawing_takes_it_out_of_the_offer(slot, make: Make, client, new_client):
    page = client.post(f"/slots/{slot.id}/withdraw")
    assert (page.status, page.location) == (303, "/slots/?on=2026-03-03")
    page = client.follow(page)
    assert flashes(page) == ["The slot is withdrawn."]
    assert days(page) == {}
    browser = new_client().sign_in(make.student())
    assert browser.get("/coaches/").links("/sessions/book/") == []
    refused = browser.post(f"/sessions/book/{slot.id}")
    assert refused.status == 409
    assert "no longer on offer" in alert(refused)
    assert "This coach has no other free time." in main(refused)
    assert "/coaches/" in refused.links()


def test_one_comes_back_to_the_week_that_the_slot_was_in_by_ones_own_clock(make: Make, client):
    slot = make.slot(make.coach(zone="Asia/Kathmandu"), at("2026-03-15 20:00"))  # Monday there
    page = client.sign_in(slot.coach).post(f"/slots/{slot.id}/withdraw")
    assert page.location == "/slots/?on=2026-03-16"


# What cannot be changed


@pytest.mark.parametrize(("method", "verb"), [("get", "move"), ("post", "move"), ("post", "withdraw")])
def test_a_booked_slot_stays_and_the_page_says_what_to_do_first(make: Make, client, everything, *, method, verb):
    session = make.session(student=make.student("Bo"))
    client.sign_in(session.coach).token()
    before = everything()
    page = getattr(client, method)(f"/slots/{session.slot_id}/{verb}", *([TO] if method == "post" else []))
    assert page.status == 409
    assert "Bo has booked this slot. Move or cancel the session first." in alert(page)
    assert set(page.links(f"/sessions/{session.id}/")) == {
        f"/sessions/{session.id}/move",
        f"/sessions/{session.id}/cancel",
    }
    assert everything() == before


@pytest.mark.parametrize(("method", "verb"), [("get", "move"), ("post", "move"), ("post", "withdraw")])
def test_what_is_withdrawn_already_is_refused(make: Make, client, everything, *, method, verb):
    slot = make.slot(withdrawn_at=NOW)
    client.sign_in(slot.coach).token()
    before = everything()
    page = getattr(client, method)(f"/slots/{slot.id}/{verb}", *([TO] if method == "post" else []))
    assert page.status == 409
    assert "no longer on offer" in alert(page)
    assert "/slots/" in page.links("/slots/"), "and it leads on"
    assert everything() == before


def test_after_cancelling_the_slot_can_be_moved_again(make: Make, client):
    session = make.session()
    client.sign_in(session.student).post(f"/sessions/{session.id}/cancel")
    assert client.sign_in(session.coach).post(f"/slots/{session.slot_id}/move", TO).status == 303


def test_a_slot_that_a_session_has_left_can_be_withdrawn(make: Make, client):
    session = make.session()
    target = make.slot(session.coach)
    client.sign_in(session.coach).post(f"/sessions/{session.id}/move", {"slot_id": target.id})
    assert client.post(f"/slots/{session.slot_id}/withdraw").status == 303
    assert client.post(f"/slots/{target.id}/withdraw").status == 409


def test_a_past_slot_can_be_taken_away_without_harm(make: Make, client):
    slot = make.slot(starts_at=NOW - timedelta(days=1))
    assert client.sign_in(slot.coach).post(f"/slots/{slot.id}/withdraw").status == 303
