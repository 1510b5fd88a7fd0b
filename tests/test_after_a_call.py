"""What is told after a call: that feedback is missing, once and then weekly; that the student did not answer."""

from datetime import timedelta

import pytest

from coaching.extensions import db
from coaching.models import Feedback, Kind
from coaching.sessions import rules
from tests.make import NOW, Make, at
from tests.reading import fault, main
from tests.visiting import text_of

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEGINS = at("2026-03-05 10:00")  # a Thursday
ENDS = BEGINS + 2 * HOUR
MONDAY = at("2026-03-09 09:00")


@pytest.fixture
def coach(make: Make):
    return make.coach("Ana", email="ana@example.org")


@pytest.fixture
def booked(make: Make, do, ask, coach):
    """A call of Ana and Sam, booked by the rules."""
    session = do(rules.book, make.slot(coach, BEGINS), make.student("Sam", email="sam@example.org"), now=NOW)
    return ask(lambda session: session, session)  # with both people


def to(messages, name: str):
    return [mail["Subject"] for mail in messages if mail["To"].addresses[0].username == name]


# Feedback that is missing


@pytest.mark.usefixtures("booked")
def test_the_coach_is_asked_for_it_once_after_a_day(send):
    before = len(send(ENDS + DAY - timedelta(seconds=1)))
    messages = send(ENDS + DAY)[before:]
    assert [mail["Subject"] for mail in messages] == ["How did your call with Sam go? Thu 5 Mar, 10:00 GMT"]
    assert messages[0]["To"].addresses[0].addr_spec == "ana@example.org"
    assert "/feedback" in text_of(messages[0])
    assert len(send(ENDS + DAY + HOUR)) == before + 1


def test_who_has_recorded_it_is_not_asked(booked, coach, do, send, kept):
    do(rules.leave_feedback, booked, coach, rating=4, note="", now=ENDS)
    assert not [said for said in to(send(ENDS + 9 * DAY), "ana") if "feedback" in said or "go?" in said]
    assert "How it went is recorded." in {email.why for email in kept()}


def test_what_is_still_missing_is_told_once_a_week_until_it_is_not(booked, make, do, send, kept):
    coach = booked.coach
    again = do(rules.book, make.slot(coach, BEGINS + 6 * HOUR), make.student("Tia"), now=NOW)
    told = len(send(ENDS + DAY + 6 * HOUR))
    assert len(send(MONDAY - HOUR)) == told
    messages = send(MONDAY)[told:]
    assert [mail["Subject"] for mail in messages] == ["Several calls wait for your feedback"]  # once, though two ask
    assert all(f"/sessions/{session.id}/feedback" in text_of(messages[0]) for session in (booked, again))
    assert len(send(MONDAY + 6 * DAY)) == told + 1
    do(rules.leave_feedback, booked, coach, rating=4, note="", now=MONDAY)
    messages = send(MONDAY + 7 * DAY)[told + 1 :]
    assert [mail["Subject"] for mail in messages] == ["A call waits for your feedback"]
    do(rules.leave_feedback, again, coach, rating=4, note="", now=MONDAY + 7 * DAY)
    assert len(send(MONDAY + 14 * DAY)) == told + 2
    assert [email.why for email in kept() if email.kind == Kind.DIGEST][-1] == "Nothing waits for feedback any more."


@pytest.mark.usefixtures("booked")
def test_a_worker_that_was_off_for_weeks_tells_it_in_the_weekly_list(send):
    off_until = ENDS + 21 * DAY
    assert to(send(off_until), "ana") == []
    assert to(send(off_until + 7 * DAY), "ana") == ["A call waits for your feedback"]
    assert len(to(send(off_until + 28 * DAY), "ana")) == 2  # late itself, it says what is true, once


def test_monday_morning_is_the_coachs_own(make, do, send, kept):
    coach = make.coach(zone="Asia/Kathmandu")
    do(rules.book, make.slot(coach, BEGINS), make.student(), now=NOW)
    send(ENDS + DAY)
    assert [email.due_at for email in kept() if email.kind == Kind.DIGEST] == [at("2026-03-09 03:15")]


def test_a_student_does_not_see_whether_it_was_asked_for(booked, client):
    page = client.sign_in(booked.student).get(f"/sessions/{booked.id}")
    assert "feedback" not in main(page).lower()
    assert "That feedback is missing" in main(client.sign_in(booked.coach).get(f"/sessions/{booked.id}"))


# The student did not answer


@pytest.fixture
def begun(booked, clock):
    clock.move_to(BEGINS + HOUR)
    return booked


def feedback_of(app) -> Feedback:
    with app.app_context():
        return db.session.scalars(db.select(Feedback)).one()


def test_the_coach_records_that_the_student_did_not_answer_instead_of_a_rating(app, begun, client):
    client.sign_in(begun.coach)
    page = client.post(f"/sessions/{begun.id}/feedback", {"rating": "", "missed": "y", "note": "Rang three times."})
    assert page.status == 303
    kept = feedback_of(app)
    assert (kept.rating, kept.is_missed, kept.note) == (None, True, "Rang three times.")
    assert "The student did not answer" in main(client.follow(page))
    form = client.get(f"/sessions/{begun.id}/feedback")
    assert form.all("main [name=missed][checked]")
    assert form.all("main [name=rating] option[selected]")[0]["value"] == ""


def test_it_is_said_in_the_history_and_nothing_waits_for_feedback(begun, client, clock):
    client.sign_in(begun.coach).post(f"/sessions/{begun.id}/feedback", {"missed": "y", "note": "A long walk."})
    clock.shift(DAY)
    page = client.get("/sessions/?when=previous")
    assert "The student did not answer" in main(page)
    assert "A long walk." in main(page)
    assert "Waiting for feedback" not in main(page)
    assert f"/sessions/{begun.id}/feedback" not in client.get("/").links()


@pytest.mark.parametrize("sent", [{}, {"rating": ""}, {"rating": "4", "missed": "y"}])
def test_it_is_either_a_rating_or_that(begun, client, sent):
    client.sign_in(begun.coach)
    page = client.post(f"/sessions/{begun.id}/feedback", {"note": "kept", **sent})
    assert page.status == 422
    assert fault(page, "rating")
    assert "kept" in main(page)


def test_not_before_the_call_has_begun(booked, do, coach):
    with pytest.raises(rules.CannotLeaveFeedback, match="has not begun"):
        do(rules.leave_feedback, booked, coach, rating=None, note="", now=BEGINS - timedelta(seconds=1))


def test_the_student_is_told_kindly_with_a_way_to_book_again(begun, client, new_client, send):
    before = len(to(send(BEGINS + HOUR), "sam"))
    client.sign_in(begun.coach).post(f"/sessions/{begun.id}/feedback", {"missed": "y", "note": "My secret note"})
    messages = [mail for mail in send(BEGINS + HOUR) if mail["To"].addresses[0].username == "sam"]
    assert len(messages) == before + 1
    [mail] = [mail for mail in messages if "could not reach you" in mail["Subject"]]
    assert mail["Subject"] == "Ana could not reach you, Thu 5 Mar, 10:00 GMT"
    assert f"/coaches/{begun.coach_id}" in text_of(mail)
    assert "nothing is held against you" in text_of(mail)
    assert "secret" not in str(mail)
    page = new_client().sign_in(begun.student).get(f"/sessions/{begun.id}")
    assert "The student did not answer" not in main(page)  # that is in the coach's words
    assert "That the call did not come about, to you: sent" in main(page)


def test_it_is_told_once_and_not_at_all_once_it_is_corrected(begun, coach, do, send, kept):
    at_ = BEGINS + HOUR
    do(rules.leave_feedback, begun, coach, rating=None, note="", now=at_)
    do(rules.leave_feedback, begun, coach, rating=None, note="more", now=at_)
    do(rules.leave_feedback, begun, coach, rating=3, note="", now=at_)
    assert not [said for said in to(send(at_), "sam") if "reach" in said]
    assert [email.why for email in kept() if email.kind == Kind.MISSED] == ["Its coach has corrected that."]


def test_what_it_said_before_is_kept_as_well(begun, coach, do, everything):
    do(rules.leave_feedback, begun, coach, rating=None, note="first", now=BEGINS)
    do(rules.leave_feedback, begun, coach, rating=5, note="second", now=BEGINS + HOUR)
    [earlier] = everything()["earlier_feedback"]
    assert {None, "first"} <= set(earlier)


# Welcome, and for how long rows are kept


def test_who_registers_is_welcomed(client):
    who = {"name": "Bo", "email": "bo@example.org", "phone": "+44 20 7946 0958", "time_zone": "Europe/London"}
    client.post("/auth/register", who | {"password": "correct horse battery"})
    [mail] = client.mails
    assert (mail.to, mail.subject, mail.link) == ("bo@example.org", "Welcome to coaching calls", "/coaches/")


def test_rows_are_kept_as_long_as_a_setting_says(booked, do, client, send, kept):
    do(rules.cancel, booked, booked.coach, now=NOW + HOUR)
    client.post("/auth/forgotten", {"email": "sam@example.org"})
    send(NOW + 2 * HOUR)
    total = len(kept())
    send(NOW + 8 * DAY)
    assert len(kept()) == total - 1  # what went to an address is forgotten after a week
    send(NOW + 179 * DAY)
    assert len(kept()) == total - 1
    send(NOW + 181 * DAY)
    assert kept() == []
