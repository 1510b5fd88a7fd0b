"""Waiting for a free time: who is told when, of what, and that nothing is held for anybody."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from coaching.coaches import rules as waiting
from coaching.extensions import db, saving
from coaching.models import Kind, User, Wait
from coaching.sessions import rules as sessions
from coaching.slots import rules as slots
from tests.make import NOW, Make, at
from tests.reading import flashes, main
from tests.visiting import text_of

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
BEGINS = at("2026-03-05 10:00")
HEAD_START = 15 * MINUTE


@pytest.fixture
def ana(make: Make):
    return make.coach("Ana")


@pytest.fixture
def publish(do, ana):
    """Lets Ana offer times, in London."""

    def publishes(*days: int, now=NOW):
        walls = [slots.Wall((NOW + day * DAY).date(), BEGINS.time()) for day in days]
        return do(slots.publish, ana, walls, now=now).slots

    return publishes


@pytest.fixture
def told(kept):
    """Who is told of free times, and how long after now, in minutes."""
    return lambda: [(email.person_id, (email.due_at - NOW) / MINUTE) for email in kept() if email.kind == Kind.FREED]


def freed(messages):
    return [mail for mail in messages if "has a free time" in mail["Subject"]]


def test_a_student_waits_by_a_button_and_no_longer_by_another(make, ana, client):
    sam = make.student("Sam")
    page = client.sign_in(sam).get(f"/coaches/{ana.id}")
    assert "Tell me when Ana has a free time" in main(page)
    page = client.follow(client.post(f"/coaches/{ana.id}/wait"))
    assert flashes(page) == ["You are told when Ana has a free time."]
    assert "You are told when Ana has a free time" in main(client.get(f"/coaches/{ana.id}"))
    assert "Wait no longer for Ana" in main(page)
    client.post("/coaches/wait")
    assert "Any coach" in main(client.get("/news/mails"))
    client.post(f"/coaches/{ana.id}/wait/stop")
    client.post("/coaches/wait/stop")
    assert "Wait no longer" not in main(client.get("/news/mails"))


def test_to_wait_twice_is_to_wait_once(make, ana, do, everything):
    sam = make.student()
    for coach in (ana, ana, None, None):
        do(waiting.wait_for, sam, coach, now=NOW)
    assert len(everything()["wait"]) == 2


def test_when_one_is_published_each_is_told_with_a_head_start_least_served_first(make, ana, publish, told):
    served, often, new, late, other = (make.student() for _ in range(5))
    for student in (served, often, often):
        make.session(student=student)
    make.wait(often, ana, since_at=NOW - 9 * DAY)
    make.wait(served, None, since_at=NOW - 5 * DAY)
    make.wait(late, ana, since_at=NOW - 1 * DAY)
    make.wait(new, ana, since_at=NOW - 2 * DAY)
    make.wait(other, make.coach())
    publish(3)
    assert told() == [(new.id, 0), (late.id, 15), (served.id, 30), (often.id, 45)]


def test_of_several_times_as_many_are_told_at_once_and_each_only_once(make, ana, publish, told):
    students = [make.student() for _ in range(5)]
    for student in students:
        make.wait(student, ana)
        make.wait(student)
    publish(3, 4)
    assert sorted(told()) == sorted([(student.id, 15 * (place // 2)) for place, student in enumerate(students)])


def test_how_long_the_head_start_is_is_a_setting(new_app, make, ana, kept):
    app, now = new_app(COACHING_HEAD_START_MINUTES="60"), NOW
    for _ in range(2):
        make.wait(make.student(), ana)
    with app.app_context(), saving():
        coach = db.session.get(type(ana), ana.id)
        slots.offer(coach, (NOW + 3 * DAY).date(), BEGINS.time(), now=now)
    assert [email.due_at - NOW for email in kept()] == [0 * MINUTE, 60 * MINUTE]


@pytest.mark.parametrize("how", ["cancel", "move"])
def test_when_one_is_freed_those_who_wait_are_told_but_not_who_freed_it(make, do, ask, ana, *, told, how):
    booked = do(sessions.book, make.slot(ana, BEGINS), make.student(), now=NOW)
    booked = ask(lambda session: session, booked)
    sam = make.student()
    make.wait(booked.student, ana, since_at=NOW + MINUTE)
    make.wait(sam, ana)
    if how == "cancel":
        do(sessions.cancel, booked, booked.student, now=NOW)
    else:
        do(sessions.move, booked, make.slot(ana, BEGINS + DAY), booked.student, now=NOW)
    assert told() == [(sam.id, 0)]


def test_what_a_coach_cancels_is_not_free(make, do, ask, ana, told):
    booked = ask(lambda session: session, do(sessions.book, make.slot(ana, BEGINS), make.student(), now=NOW))
    make.wait(make.student(), ana)
    do(sessions.cancel, booked, ana, now=NOW)
    assert told() == []


def test_the_mail_leads_to_the_times_in_the_readers_zone(make, ana, publish, send):
    sam = make.student("Sam", email="sam@example.org", zone="Asia/Kathmandu")
    make.wait(sam, ana)
    first, second = publish(3, 4)
    [mail] = freed(send(NOW))
    assert mail["Subject"] == "Ana has a free time: Thu 5 Mar, 15:45 UTC+05:45"
    assert all(f"/sessions/book/{slot.id}" in text_of(mail) for slot in (first, second))
    assert "Nothing is held for you" in text_of(mail)


def test_who_has_a_head_start_and_books_leaves_nothing_to_tell(make, do, ana, publish, send, *, client, kept):
    quick, slow = make.student(), make.student()
    make.wait(quick, ana, since_at=NOW - DAY)
    make.wait(slow, ana)
    [slot] = publish(3)
    assert len(freed(send(NOW))) == 1
    do(sessions.book, slot, quick, now=NOW + MINUTE)
    assert len(freed(send(NOW + HEAD_START))) == 1
    assert [email.why for email in kept() if email.kind == Kind.FREED] == ["", "All of these times were taken before."]
    client.sign_in(slow)
    assert "has a free time" not in main(client.get("/news/"))


def test_who_has_booked_what_they_waited_for_waits_no_more(make, do, ana, publish, told):
    sam = make.student()
    make.wait(sam, ana)
    [slot] = publish(3)
    assert len(told()) == 1
    do(sessions.book, slot, sam, now=NOW + MINUTE)
    publish(5, now=NOW + MINUTE)
    assert len(told()) == 1


def test_who_waits_no_more_is_not_told_either(make, do, ana, publish, send, *, kept):
    sam = make.student()
    make.wait(sam, ana)
    publish(3)
    do(waiting.stop_waiting, sam, ana)
    assert freed(send(NOW)) == []
    assert [email.why for email in kept()] == ["Its reader does not wait for that any more."]


def test_nobody_is_told_when_it_is_too_late_to_book(make, do, ana, told):
    for _ in range(4):
        make.wait(make.student(), ana)
    do(slots.publish, ana, [slots.Wall(NOW.date(), (NOW + 30 * MINUTE).time())], now=NOW)
    assert [minutes for _, minutes in told()] == [0, 15]


def test_nothing_is_held_whoever_books_first_has_it(make, ana, publish, client):
    make.wait(make.student(), ana)
    [slot] = publish(3)
    assert client.sign_in(make.student()).post(f"/sessions/book/{slot.id}").status == 303


def test_thousands_may_wait(app, ana, publish, kept):
    someone = {"role": "student", "name": "S", "phone": "+442079460000", "time_zone": "UTC", "created_at": NOW}
    crowd = [{**someone, "email": f"student-{number}@example.org"} for number in range(4000)]
    with app.app_context(), saving():
        ids = db.session.scalars(insert(User).returning(User.id), crowd).all()
        db.session.execute(insert(Wait), [{"student_id": id_, "coach_id": ana.id, "since_at": NOW} for id_ in ids])
    publish(60)
    assert len({email.person_id for email in kept()}) == 4000
