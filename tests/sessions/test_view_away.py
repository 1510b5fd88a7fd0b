"""`/sessions/away`: many slots and sessions at once, for a coach who is away or moves a whole week."""

import pytest

from coaching.sessions.forms import FATES
from tests.make import Make, at
from tests.reading import alert, fault, flashes, main

PERIOD = "/sessions/away?from=2026-03-03&to=2026-03-05"


@pytest.fixture(autouse=True)
def coach(make: Make, client):
    coach = make.coach("Ana")
    client.sign_in(coach)
    return coach


@pytest.fixture(autouse=True)
def slots(coach, make: Make):
    return [make.slot(coach, at(f"2026-03-0{day} 10:00")) for day in (2, 3, 5, 6)]


@pytest.fixture(name="session")
def a_session(coach, make: Make):
    return make.session(coach=coach, student=make.student("Bo"), starts_at=at("2026-03-04 14:00"))


def form(*chosen, **said) -> dict[str, object]:
    return {"slots": [slot.id for slot in chosen], "what": "withdraw", "days": "0", "minutes": "0", **said}


def standing(everything) -> list[str]:
    return sorted(str(row[3])[:16] for row in everything()["time_slot"] if row[6] is None)


def test_it_shows_what_is_free_and_who_has_booked_in_a_period(session, client):
    page = client.get(PERIOD)
    assert page.texts("main h2") == ["Tuesday 3 March 2026 to Thursday 5 March 2026"]
    assert page.texts("main fieldset > legend")[0] == "Wednesday 4 March 2026, 14:00–16:00 GMT with Bo"
    assert page.texts("main li.form-check") == [
        "Tuesday 3 March 2026, 10:00–12:00 GMT",
        "Thursday 5 March 2026, 10:00–12:00 GMT",
    ]
    kept = [box for box in page.all(f"[name=fate_{session.id}]") if box.has_attr("checked")]
    assert [box["value"] for box in kept] == ["keep"], "nobody loses a session by a careless click"


@pytest.mark.usefixtures("session")
def test_free_times_go_and_a_session_that_is_kept_stays(slots, client, everything):
    page = client.post(PERIOD, form(slots[1], slots[2]))
    assert (page.status, page.location) == (303, "/slots/?on=2026-03-03")
    assert flashes(client.follow(page)) == ["Free times withdrawn: 2. Sessions cancelled: 0."]
    assert standing(everything) == ["2026-03-02 10:00", "2026-03-04 14:00", "2026-03-06 10:00"]


def test_a_session_is_cancelled_with_a_word_which_its_student_reads(slots, session, client, new_client, everything):
    said = form(slots[1], slots[2], **{f"fate_{session.id}": "cancel", f"word_{session.id}": "I am at a funeral."})
    assert client.post(PERIOD, said).status == 303
    assert standing(everything) == ["2026-03-02 10:00", "2026-03-06 10:00"]
    page = new_client().sign_in(session.student).get(f"/sessions/{session.id}")
    assert "Cancelled by Ana" in main(page)
    assert "I am at a funeral." in main(page)


def test_what_is_not_ticked_stays(slots, client, everything):
    client.post(PERIOD, form(slots[1]))
    assert standing(everything) == ["2026-03-02 10:00", "2026-03-05 10:00", "2026-03-06 10:00"]


def test_what_begins_on_the_day_before_is_not_of_the_period(coach, make: Make, client):
    make.slot(coach, at("2026-03-09 23:30"))
    assert "Nothing stands there" in main(client.get("/sessions/away?from=2026-03-10"))
    assert "Nothing stands there" not in main(client.get("/sessions/away?from=2026-03-09"))


def test_what_lies_outside_or_is_not_ones_own_is_not_touched(slots, make: Make, client, everything):
    other = make.slot(starts_at=at("2026-03-04 10:00"))
    session = make.session(starts_at=at("2026-03-04 18:00"))
    before = everything()
    said = form(slots[0], slots[3], other, **{f"fate_{session.id}": "cancel"})
    page = client.post(PERIOD, said)
    assert flashes(client.follow(page)) == ["Free times withdrawn: 0. Sessions cancelled: 0."]
    assert everything()["time_slot"] == before["time_slot"]
    assert everything()["coaching_session"] == before["coaching_session"]


def test_free_times_move_by_days_and_minutes_and_those_in_the_way_are_named(slots, client, everything):
    page = client.post(PERIOD, form(slots[1], slots[2], what="move", days="7", minutes="-30"))
    assert flashes(client.follow(page)) == ["Free times moved: 2. Sessions cancelled: 0."]
    assert standing(everything) == ["2026-03-02 10:00", "2026-03-06 10:00", "2026-03-10 09:30", "2026-03-12 09:30"]
    page = client.post("/sessions/away?from=2026-03-06", form(slots[3], what="move", days="6"))
    assert page.status == 409
    assert "Thursday 12 March 2026, 10:00–12:00 GMT overlaps your slot at 09:30 GMT." in alert(page)


def test_all_of_it_happens_or_nothing(slots, session, make: Make, client, everything):
    make.slot(slots[0].coach, at("2026-03-07 10:00"))
    before = everything()
    said = form(slots[2], what="move", days="2", **{f"fate_{session.id}": "cancel"})
    assert client.post(PERIOD, said).status == 409
    assert everything() == before


def test_what_is_booked_meanwhile_is_told_and_nothing_is_changed(slots, make: Make, client, everything):
    make.session(slots[1])
    before = everything()
    page = client.post(PERIOD, form(slots[1], slots[2]))
    assert page.status == 409
    assert "Tuesday 3 March 2026, 10:00–12:00 GMT has been booked meanwhile" in alert(page)
    assert everything() == before


@pytest.mark.parametrize(
    ("name", "typed"), [("days", "400"), ("days", "x"), ("minutes", "1440"), ("minutes", "10"), ("what", "burn")]
)
def test_a_fault_changes_nothing(slots, client, everything, *, name, typed):
    before = everything()
    page = client.post(PERIOD, form(slots[1], what="move") | {name: typed})
    assert page.status == 422
    assert everything() == before


def test_a_fate_that_is_none_is_a_fault_beside_it(session, client):
    page = client.post(PERIOD, form(**{f"fate_{session.id}": "burn"}))
    assert (page.status, bool(fault(page, f"fate_{session.id}"))) == (422, True)
    assert page.soup.find(id=f"fate_{session.id}")


def test_it_asks_how_far_where_nothing_would_move(slots, client, everything):
    before = everything()
    page = client.post(PERIOD, form(slots[1], what="move"))
    assert (page.status, fault(page, "days")) == (422, "Say how far: days, minutes, or both.")
    assert everything() == before


def test_a_word_that_is_too_long_is_a_fault_beside_it(session, client, everything):
    before = everything()
    said = form(**{f"fate_{session.id}": "cancel", f"word_{session.id}": "x" * 501})
    page = client.post(PERIOD, said)
    assert page.status == 422
    assert "Use at most 500 characters." in alert(page)
    assert everything() == before


@pytest.mark.parametrize("asked", ["", "?from=x&to=y", "?from=2027-02-29", "?from=0001-01-01&to=9999-12-31"])
def test_nonsense_in_the_query_is_the_week_ahead(client, asked):
    page = client.get(f"/sessions/away{asked}")
    assert page.texts("main h2") == ["Monday 2 March 2026 to Sunday 8 March 2026"]


def test_a_period_that_ends_before_it_begins_is_one_day_and_a_long_one_is_cut(client):
    assert client.get("/sessions/away?from=2026-03-05&to=2026-03-01").texts("main h2") == ["Thursday 5 March 2026"]
    [title] = client.get("/sessions/away?from=2026-03-05&to=2099-03-01").texts("main h2")
    assert title == "Thursday 5 March 2026 to Friday 5 June 2026"


def test_what_has_begun_is_not_there(coach, make: Make, client, clock):
    make.slot(coach, at("2026-03-09 07:00"))
    clock.move_to(at("2026-03-09 07:00"))
    assert "Nothing stands there" in main(client.get("/sessions/away"))
    assert FATES["keep"] not in main(client.get("/sessions/away"))
