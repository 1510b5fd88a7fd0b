"""`/`: what this is, for strangers; for everybody else their own start page."""

from datetime import timedelta

from tests.make import NOW, Make, at
from tests.reading import main, times_without_zone, words
from tests.world import PASSWORD


def test_a_coach_sees_the_next_session_with_the_number_to_tap(make: Make, client):
    coach = make.coach("Ana")
    bo = make.student("Bo", phone="+14155552671")
    first = make.session(coach=coach, student=bo, starts_at=NOW + timedelta(hours=3), topic="My first review")
    make.session(coach=coach, student=make.student("Cy"), starts_at=NOW + timedelta(days=1))
    page = client.sign_in(coach).get("/")
    assert page.h1 == "Your day, Ana"
    [card] = page.all("main article")
    said = words(card)
    assert "Next session, in 3 hours" in said
    assert "Bo Monday 2 March 2026, 11:00–13:00 GMT My first review" in said
    assert [link["href"] for link in card.select("a[href^='tel:']")] == ["tel:+14155552671"]
    assert "+1 415-555-2671" in said
    assert f"/sessions/{first.id}" in page.links()


def test_a_coach_then_sees_what_comes_after_and_what_waits_for_feedback(make: Make, client):
    coach, done = make.coach(), make.student("Done")
    make.session(coach=coach, student=make.student("Next"), starts_at=NOW + timedelta(hours=3))
    make.session(coach=coach, student=make.student("Later"), starts_at=NOW + timedelta(days=2))
    waiting = make.session(coach=coach, student=make.student("Waiting"), starts_at=NOW - timedelta(days=1))
    make.feedback(make.session(coach=coach, student=done, starts_at=NOW - timedelta(days=2)))
    page = client.sign_in(coach).get("/")
    said = main(page)
    assert said.index("Next") < said.index("After that") < said.index("Later") < said.index("Waiting for your feedback")
    assert said.index("Waiting for your feedback") < said.index("Leave feedback on Waiting, Sun 1 Mar, 08:00 GMT")
    assert "Done" not in said
    assert f"/sessions/{waiting.id}/feedback" in page.links()
    assert {"/sessions/", "/sessions/?when=previous"} <= set(page.links())


def test_a_session_that_goes_on_is_still_the_next_one(make: Make, client):
    session = make.session(starts_at=NOW - timedelta(minutes=30))
    for person in (session.coach, session.student):
        page = client.sign_in(person).get("/")
        assert "Going on now" in main(page)
        assert page.links("tel:")


def test_a_student_sees_their_next_session_then_coaches_to_book(make: Make, client):
    student, coach = make.student("Bo"), make.coach("Ana", phone="+14155552671")
    make.session(coach=coach, student=student, starts_at=at("2026-03-04 10:00"))
    slot = make.slot(make.coach("Cy"))
    page = client.sign_in(student).get("/")
    assert page.h1 == "Hello, Bo"
    said = main(page)
    assert said.index("Next session, in 2 days") < said.index("Ana") < said.index("Coaches to book") < said.index("Cy")
    assert page.links("tel:") == ["tel:+14155552671"]
    assert page.links("/sessions/book/") == [f"/sessions/book/{slot.id}"]
    assert "/coaches/" in page.links()


def test_cancelled_and_previous_sessions_are_not_the_next_one(make: Make, client):
    coach, student = make.coach(), make.student()
    make.session(coach=coach, student=student, cancelled_by=student)
    make.session(coach=coach, student=student, starts_at=NOW - timedelta(hours=2))
    assert "You have no session yet" in main(client.sign_in(student).get("/"))
    assert "No session is coming up" in main(client.sign_in(coach).get("/"))


def test_empty_pages_say_what_to_do_next(make: Make, client):
    page = client.sign_in(make.coach()).get("/")
    assert "Students book what you offer." in main(page)
    assert "/slots/#offer" in page.links()
    assert "Nothing is. Sessions come here when they are over." in main(page)
    page = client.sign_in(make.student()).get("/")
    assert "Choose a coach below" in main(page)
    assert "New ones appear here as soon as they are published." in main(page)


def test_an_organiser_sees_no_session_and_no_number(make: Make, client):
    make.session()
    page = client.sign_in(make.admin(password=PASSWORD), PASSWORD).get("/")
    assert page.h1 == "The programme"
    assert page.links("tel:") == []
    assert page.links("/sessions/") == []
    assert page.links("/slots/") == []


def test_every_role_finds_its_own_pages_in_the_navigation(make: Make, client):
    pages = {"coach": ["/", "/sessions/", "/slots/", "/coaches/"], "student": ["/", "/sessions/", "/coaches/"]}
    for role, wanted in pages.items():
        page = client.sign_in(make.coach() if role == "coach" else make.student()).get("/sessions/")
        nav = page.all("nav[aria-label=Main]")[0]
        assert [link["href"] for link in nav.select("a")] == wanted
        assert [link["href"] for link in nav.select("[aria-current=page]")] == ["/sessions/"]


def test_times_are_in_the_readers_zone_and_say_it(make: Make, client):
    session = make.session(starts_at=at("2026-03-02 18:00"), student=make.student(zone="Asia/Kathmandu"))
    page = client.sign_in(session.student).get("/")
    assert "Monday 2 March 2026, 23:45–01:45 (Tue) UTC+05:45" in main(page)
    assert times_without_zone(page) == []
