"""`/sessions/<id>/feedback`: what the coach records, and corrects later."""

from datetime import timedelta

import pytest

from tests.make import NOW, Make
from tests.reading import alert, fault, faults, flashes, main, words

HOUR = timedelta(hours=1)


@pytest.fixture
def session(make: Make, client):
    """A session that is over, and its coach at the browser."""
    session = make.session(coach=make.coach("Ana"), student=make.student("Bo"), starts_at=NOW - 3 * HOUR)
    client.sign_in(session.coach)
    return session


def kept(everything) -> list[tuple[int, str]]:
    """Return rating and note of every feedback."""
    return [(row[3], row[4]) for row in everything()["feedback"]]


def test_the_rating_is_a_dropdown_of_five_each_with_a_word(client, session):
    page = client.get(f"/sessions/{session.id}/feedback")
    assert page.h1 == "How did it go with Bo ?"
    [dropdown] = page.all("main select")
    assert dropdown["name"] == "rating"
    choices = {choice["value"]: words(choice) for choice in dropdown.select("option")}
    assert list(choices) == ["", "1", "2", "3", "4", "5"]
    assert all(len(choices[number]) > len(number) and choices[number].startswith(number) for number in "12345")
    assert page.value("rating") == "", "none is chosen beforehand"
    assert [box["name"] for box in page.all("main textarea")] == ["note"]


@pytest.mark.parametrize("rating", [1, 2, 3, 4, 5])
def test_it_is_recorded_and_can_be_read_back_later(client, session, everything, rating):
    form = {"rating": rating, "note": "Left with **three** answers.\r\nNext: four.\r\n"}
    page = client.post(f"/sessions/{session.id}/feedback", form)
    assert (page.status, page.location) == (303, f"/sessions/{session.id}")
    page = client.follow(page)
    assert flashes(page) == ["Your feedback is saved."]
    assert f"{rating} – " in main(page)
    assert "three" in page.texts("main strong")
    assert kept(everything) == [(rating, "Left with **three** answers.\nNext: four.\n")]
    assert f"{rating} – " in main(client.get("/sessions/?when=previous"))
    assert client.get(f"/sessions/{session.id}/feedback").value("note") == "Left with **three** answers.\nNext: four.\n"


def test_a_note_may_be_left_out(client, session, everything):
    assert client.post(f"/sessions/{session.id}/feedback", {"rating": "3"}).status == 303
    assert kept(everything) == [(3, "")]


@pytest.mark.parametrize("note", ["x" * 10_000, "🎧" * 10_000, "ab\r\n" * 3333 + "x", "\n" * 10_000], ids=list("abcd"))
def test_a_note_of_ten_thousand_characters_is_taken(client, session, everything, note):
    assert client.post(f"/sessions/{session.id}/feedback", {"rating": "3", "note": note}).status == 303
    assert kept(everything) == [(3, note.replace("\r\n", "\n"))]
    assert client.get(f"/sessions/{session.id}").status == 200


def test_a_longer_note_comes_back_whole_with_what_is_wrong(client, session, everything):
    note = "x" * 10_001
    page = client.post(f"/sessions/{session.id}/feedback", {"rating": "3", "note": note})
    assert page.status == 422
    assert faults(page) == {"note": "Use at most 10,000 characters."}
    assert (page.value("rating"), page.value("note")) == ("3", note)
    assert kept(everything) == []


@pytest.mark.parametrize(
    "rating", ["", "0", "6", "-1", "3.5", "1e0", " 3", "٣", "five", "99999999999999999999", "None"]
)
def test_any_other_rating_is_refused_beside_its_field_and_the_note_is_still_there(client, session, everything, rating):
    page = client.post(f"/sessions/{session.id}/feedback", {"rating": rating, "note": "Left with\r\nthree answers"})
    assert page.status == 422
    assert set(faults(page)) == {"rating"}
    assert fault(page, "rating") in {"Choose a rating from 1 to 5.", "Choose one of the list."}
    assert page.value("note") == "Left with\nthree answers"
    assert kept(everything) == []


# Correcting


def test_what_was_recorded_can_be_corrected_and_what_it_said_before_is_kept(client, session, everything, clock):
    client.post(f"/sessions/{session.id}/feedback", {"rating": "2", "note": "First"})
    clock.shift(HOUR)
    page = client.get(f"/sessions/{session.id}/feedback")
    assert (page.value("rating"), page.value("note")) == ("2", "First")
    assert "A correction takes the place of what it says now, which is kept for the record." in main(page)
    assert client.post(f"/sessions/{session.id}/feedback", {"rating": "5", "note": "Second"}).status == 303
    assert kept(everything) == [(5, "Second")]
    [earlier] = everything()["earlier_feedback"]
    assert earlier[2:4] == (2, "First")
    page = client.get(f"/sessions/{session.id}")
    assert "5 – very satisfied" in main(page)
    assert "First" not in page.text


def test_saving_the_same_again_is_no_correction(client, session, everything):
    for _ in range(2):
        page = client.post(f"/sessions/{session.id}/feedback", {"rating": "2", "note": "First"})
        assert page.status == 303
    assert kept(everything) == [(2, "First")]
    assert everything()["earlier_feedback"] == []


def test_a_correction_that_is_at_fault_changes_nothing(make: Make, client, session, everything):
    make.feedback(session, 2, "First")
    page = client.post(f"/sessions/{session.id}/feedback", {"rating": "7", "note": "Second"})
    assert (page.status, page.value("note")) == (422, "Second")
    assert kept(everything) == [(2, "First")]


# When, and by whom


@pytest.mark.parametrize(("ahead", "status"), [(HOUR / 4, 409), (timedelta(), 200), (-HOUR, 200)])
def test_it_can_be_left_from_the_moment_the_session_begins(make: Make, client, *, ahead, status):
    session = make.session(starts_at=NOW + ahead)
    client.sign_in(session.coach)
    assert client.get(f"/sessions/{session.id}/feedback").status == status
    page = client.post(f"/sessions/{session.id}/feedback", {"rating": "5", "note": "What I wrote"})
    assert page.status == (303 if status == 200 else 409)


def test_before_that_it_is_refused_with_the_reason_and_nothing_typed_is_lost(make: Make, client, everything):
    session = make.session()
    client.sign_in(session.coach)
    before = everything()
    pages = [client.get(f"/sessions/{session.id}/feedback")]
    pages.append(client.post(f"/sessions/{session.id}/feedback", {"rating": "5", "note": "What I wrote"}))
    for page in pages:
        assert (page.status, alert(page)) == (409, "This session has not begun. Come back when you have talked.")
    assert "What I wrote" in main(pages[1])
    assert everything()["feedback"] == before["feedback"]


def test_of_a_cancelled_session_there_is_nothing_to_record(make: Make, client):
    student = make.student()
    session = make.session(starts_at=NOW - 9 * HOUR, student=student, cancelled_by=student)
    client.sign_in(session.coach)
    for page in (
        client.get(f"/sessions/{session.id}/feedback"),
        client.post(f"/sessions/{session.id}/feedback", {"rating": "5"}),
    ):
        assert page.status == 409
        assert "This session was cancelled" in alert(page)


def test_only_its_coach_may(make: Make, session, new_client, everything):
    for person, status in ((session.student, 403), (make.coach(), 404), (make.student(), 404)):
        browser = new_client().sign_in(person)
        assert browser.get(f"/sessions/{session.id}/feedback").status == status
        page = browser.post(f"/sessions/{session.id}/feedback", {"rating": "1", "note": "Mine"})
        assert page.status == status
        assert "Mine" not in page.text
    assert kept(everything) == []


def test_what_has_its_feedback_waits_no_more(client, session):
    assert "Waiting for feedback" in main(client.get("/sessions/?when=previous"))
    assert f"/sessions/{session.id}/feedback" in client.get("/").links()
    client.post(f"/sessions/{session.id}/feedback", {"rating": "5"})
    assert "Waiting for feedback" not in main(client.get("/sessions/?when=previous"))
    assert f"/sessions/{session.id}/feedback" not in client.get("/").links()
