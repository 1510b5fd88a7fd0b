"""`/sessions/<id>/move`: putting a session on another free slot of the same coach."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make, at
from tests.reading import alert, days, fault, flashes, main, next_page, times_without_zone
from tests.visiting import Client

HOUR = timedelta(hours=1)
BOTH = pytest.mark.parametrize("who", ["coach", "student"])


@pytest.fixture
def session(make: Make):
    """A session to come, of Ana and Bo."""
    return make.session(coach=make.coach("Ana"), student=make.student("Bo"), starts_at=at("2026-03-03 10:00"))


@pytest.fixture
def target(make: Make, session):
    """A free slot of the same coach, a day later."""
    return make.slot(session.coach, at("2026-03-04 14:00"))


def as_one_of(client: Client, session, who: str) -> Client:
    return client.sign_in(session.coach if who == "coach" else session.student)


def choices(page) -> list[int]:
    return [int(choice["value"]) for choice in page.all("input[name=slot_id]")]


@BOTH
def test_the_page_offers_the_coachs_free_slots_under_their_days(make: Make, client, session, target, *, who):
    tomorrow = make.slot(session.coach, at("2026-03-03 16:00"))
    make.slot(starts_at=at("2026-03-04 16:00"))
    make.slot(session.coach, at("2026-03-05 16:00"), withdrawn_at=NOW)
    make.session(coach=session.coach, starts_at=at("2026-03-06 16:00"))
    make.slot(session.coach, NOW - HOUR)
    page = as_one_of(client, session, who).get(f"/sessions/{session.id}/move")
    assert "It is now on Tuesday 3 March 2026, 10:00–12:00 GMT ." in main(page)
    assert choices(page) == [tomorrow.id, target.id]
    assert days(page) == {
        "Tuesday 3 March 2026 tomorrow": ["16:00–18:00 GMT"],
        "Wednesday 4 March 2026": ["14:00–16:00 GMT"],
    }
    assert page.all("input[name=slot_id][checked]") == []
    assert times_without_zone(page) == []


@BOTH
def test_what_overlaps_another_session_of_the_student_is_not_offered(make: Make, client, session, target, *, who):
    make.session(student=session.student, starts_at=target.starts_at + HOUR)
    overlapping_itself = make.slot(session.coach, at("2026-03-03 12:00"))
    assert choices(as_one_of(client, session, who).get(f"/sessions/{session.id}/move")) == [overlapping_itself.id]


@BOTH
def test_it_is_moved_and_is_the_same_session(make: Make, client, new_client, session, *, target, who):
    page = as_one_of(client, session, who).post(f"/sessions/{session.id}/move", {"slot_id": target.id})
    assert (page.status, page.location) == (303, f"/sessions/{session.id}")
    page = client.follow(page)
    assert flashes(page) == ["The session is moved."]
    assert "Wednesday 4 March 2026, 14:00–16:00 GMT" in main(page)
    assert page.links("tel:")
    other = as_one_of(new_client(), session, "student" if who == "coach" else "coach")
    assert "Wednesday 4 March 2026, 14:00–16:00 GMT" in main(other.get(f"/sessions/{session.id}"))
    free = new_client().sign_in(make.student()).get(f"/coaches/{session.coach_id}").links("/sessions/book/")
    assert free == [f"/sessions/book/{session.slot_id}"], "the old slot is free again, whoever moved it"


@BOTH
def test_where_there_is_no_other_slot_the_page_says_what_to_do(client, session, who):
    page = as_one_of(client, session, who).get(f"/sessions/{session.id}/move")
    assert page.status == 200
    assert "There is no other free time" in main(page)
    assert f"/sessions/{session.id}" in page.links()
    assert ("/slots/" in page.links("/slots/")) == (who == "coach")


# Filled in wrongly


@pytest.mark.parametrize("typed", ["", "soon", "0", "-1", "1.5", "999999", "2147483648", "9" * 20, "9" * 5000])
def test_a_slot_that_is_not_there_is_said_beside_the_choices(client, session, target, everything, typed):
    as_one_of(client, session, "student")
    before = everything()
    page = client.post(f"/sessions/{session.id}/move", {"slot_id": typed})
    assert page.status == 422
    assert alert(page)
    assert fault(page, "slot_id")
    assert choices(page) == [target.id]
    assert everything() == before


def test_where_there_is_nothing_to_choose_the_fault_is_said_all_the_same(client, session):
    page = as_one_of(client, session, "student").post(f"/sessions/{session.id}/move", {"slot_id": "999999"})
    assert page.status == 422
    assert "That time is not there." in main(page)
    assert "There is no other free time" in main(page)


def test_choosing_nothing_is_said_beside_the_choices(client, session, target):
    page = as_one_of(client, session, "student").post(f"/sessions/{session.id}/move")
    assert page.status == 422
    assert fault(page, "slot_id") == "Choose one of the times."
    assert choices(page) == [target.id]


# What a rule refuses


def refused(client, session, slot_id, everything) -> str:
    """Try to move there, see that nothing has changed and that the way on is shown, and return what is said."""
    client.token()
    before = everything()
    page = client.post(f"/sessions/{session.id}/move", {"slot_id": slot_id})
    assert page.status == 409
    assert everything() == before
    return alert(page)


@BOTH
def test_a_slot_that_is_taken_meanwhile_is_refused_and_the_others_are_shown(
    make: Make, client, session, everything, *, target, who
):
    as_one_of(client, session, who)
    taken = make.session(coach=session.coach, starts_at=at("2026-03-04 10:00"))
    assert "Somebody else has booked this time." in refused(client, session, taken.slot_id, everything)
    page = client.post(f"/sessions/{session.id}/move", {"slot_id": taken.slot_id})
    assert choices(page) == [target.id]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("withdrawn", "no longer on offer"),
        ("begun", "This time has passed."),
        ("another coach's", "A session stays with its coach."),
        ("its own", "The session is at that time already."),
        ("overlapping", "another session that overlaps this time"),
    ],
)
@BOTH
def test_other_slots_that_cannot_be_are_refused_with_the_reason(
    make: Make, client, session, everything, *, kind, said, who
):
    other = make.slot(session.coach, at("2026-03-05 11:00"))
    slot_id = {
        "withdrawn": lambda: make.slot(session.coach, withdrawn_at=NOW).id,
        "begun": lambda: make.slot(session.coach, NOW).id,
        "another coach's": lambda: make.slot(starts_at=at("2026-03-05 10:00")).id,
        "its own": lambda: session.slot_id,
        "overlapping": lambda: other.id,
    }[kind]()
    if kind == "overlapping":
        make.session(student=session.student, starts_at=at("2026-03-05 10:00"))
    as_one_of(client, session, who)
    assert said in refused(client, session, slot_id, everything)


def test_a_coach_is_not_told_with_whom_the_student_talks(make: Make, client, session, target, everything):
    make.session(coach=make.coach("Cy"), student=session.student, starts_at=target.starts_at)
    as_one_of(client, session, "coach")
    said = refused(client, session, target.id, everything)
    assert "Bo has another session that overlaps this time." in said
    assert "Cy" not in said


@BOTH
@pytest.mark.parametrize("state", ["begun", "over", "cancelled"])
def test_what_is_begun_or_cancelled_is_moved_no_more(make: Make, client, everything, *, who, state):
    if state == "cancelled":
        student = make.student()
        session = make.session(student=student, cancelled_by=student)
    else:
        session = make.session(starts_at=NOW - (HOUR if state == "begun" else 9 * HOUR))
    target = make.slot(session.coach)
    as_one_of(client, session, who)
    said = refused(client, session, target.id, everything)
    assert ("cancelled already" if state == "cancelled" else "has begun") in said
    page = client.get(f"/sessions/{session.id}/move")
    assert (page.status, alert(page)) == (409, said), "looking says the same as pressing the button"


def test_a_full_calendar_of_a_coach_can_all_be_chosen_from(make: Make, client, session):
    """Lists of a coach's free slots come in pages of 200, with a link to the next."""
    slots = [make.slot(session.coach, at("2026-03-05 00:00") + 2 * n * HOUR) for n in range(201)]
    page = as_one_of(client, session, "student").get(f"/sessions/{session.id}/move")
    found, url = choices(page), next_page(page)
    while url:
        page = client.get(url)
        found, url = found + choices(page), next_page(page)
    assert found == [slot.id for slot in slots]
