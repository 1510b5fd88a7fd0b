"""`/sessions/<id>/cancel`: calling a session off."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make, at
from tests.reading import alert, fault, flashes, main
from tests.visiting import Client


@pytest.fixture
def session(make: Make):
    """A session to come, of Ana and Bo."""
    return make.session(coach=make.coach("Ana"), student=make.student("Bo"), starts_at=at("2026-03-03 10:00"))


def as_one_of(client: Client, session, who: str) -> Client:
    return client.sign_in(session.coach if who == "coach" else session.student)


BOTH = pytest.mark.parametrize("who", ["coach", "student"])


@BOTH
def test_the_page_asks_and_says_what_becomes_of_the_time(client, session, who):
    page = as_one_of(client, session, who).get(f"/sessions/{session.id}/cancel")
    assert page.h1 == f"Cancel the session with {'Bo' if who == 'coach' else 'Ana'} ?"
    assert "Tuesday 3 March 2026, 10:00–12:00 GMT" in main(page)
    assert ("The time goes out of your offer" if who == "coach" else "The time is free again") in main(page)
    assert [box["name"] for box in page.all("main [name]:not([type=hidden])")] == ["reason"]
    assert {f"/sessions/{session.id}/move", f"/sessions/{session.id}"} <= set(page.links())


@BOTH
def test_it_is_cancelled_and_stays_in_the_history_of_both(client, new_client, session, who):
    page = as_one_of(client, session, who).post(f"/sessions/{session.id}/cancel", {"reason": "An exam,\r\nsorry!"})
    assert (page.status, page.location) == (303, f"/sessions/{session.id}")
    page = client.follow(page)
    assert flashes(page) == [f"The session with {'Bo' if who == 'coach' else 'Ana'} is cancelled."]
    assert "Cancelled by you" in main(page)
    assert "An exam, sorry!" in main(page)
    other = as_one_of(new_client(), session, "student" if who == "coach" else "coach")
    assert f"Cancelled by {'Ana' if who == 'coach' else 'Bo'}" in main(other.get(f"/sessions/{session.id}"))
    for browser in (client, other):
        assert f"/sessions/{session.id}" not in browser.get("/sessions/").links()
        assert "An exam, sorry!" in main(browser.get("/sessions/?when=cancelled"))


@BOTH
def test_its_time_is_free_again_only_if_the_student_cancelled(make: Make, client, new_client, session, *, who):
    as_one_of(client, session, who).post(f"/sessions/{session.id}/cancel")
    browser = new_client().sign_in(make.student())
    free = [f"/sessions/book/{session.slot_id}"] if who == "student" else []
    assert browser.get(f"/coaches/{session.coach_id}").links("/sessions/book/") == free
    own = as_one_of(client, session, "coach").get("/slots/")
    assert len(own.links(f"/slots/{session.slot_id}/move")) == len(free)


def test_after_the_coach_cancelled_the_hour_can_be_offered_anew(client, session):
    as_one_of(client, session, "coach").post(f"/sessions/{session.id}/cancel")
    assert client.post("/slots/offer", {"date": "2026-03-03", "time": "11:00"}).status == 303


@pytest.mark.parametrize("reason", ["", "x" * 500, "🎧" * 500, "a\r\n" * 250])
def test_a_reason_is_optional_and_may_have_500_characters(client, session, everything, reason):
    page = as_one_of(client, session, "student").post(f"/sessions/{session.id}/cancel", {"reason": reason})
    assert page.status == 303
    assert reason.replace("\r\n", "\n") in everything()["coaching_session"][0]


def test_a_longer_reason_comes_back_with_what_is_wrong(client, session, everything):
    before = everything()["coaching_session"]
    page = as_one_of(client, session, "student").post(f"/sessions/{session.id}/cancel", {"reason": "x" * 501})
    assert page.status == 422
    assert fault(page, "reason") == "Use at most 500 characters."
    assert page.value("reason") == "x" * 501
    assert everything()["coaching_session"] == before


def refusals(client, session) -> list[str]:
    """Return what looking and pressing the button say: the same."""
    url = f"/sessions/{session.id}/cancel"
    pages = [client.get(url), client.post(url, {"reason": "What I had to say"})]
    assert [page.status for page in pages] == [409, 409]
    assert "What I had to say" in main(pages[1]), "nothing that was typed is lost"
    return [alert(page) for page in pages]


@BOTH
@pytest.mark.parametrize("ago", [timedelta(), timedelta(hours=1), timedelta(days=30)])
def test_what_has_begun_can_be_cancelled_no_more(make: Make, client, everything, *, who, ago):
    session = make.session(starts_at=NOW - ago)
    as_one_of(client, session, who)
    before = everything()
    said = "This session has begun, so it can be neither moved nor cancelled any more."
    assert refusals(client, session) == [said, said]
    assert everything() == before


@BOTH
def test_what_is_cancelled_is_not_cancelled_again(client, session, everything, who):
    as_one_of(client, session, "student").post(f"/sessions/{session.id}/cancel", {"reason": "First"})
    as_one_of(client, session, who)
    before = everything()
    assert all("This session is cancelled already." in said for said in refusals(client, session))
    assert everything() == before
