"""Mails about sessions: what is written down with what happens, who sends it, and what stands in it."""

import itertools
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import vobject
from icalendar import Calendar
from sqlalchemy import select, update

from coaching import letters, mail, outbox
from coaching.extensions import db, saving
from coaching.models import Email, Kind, TimeSlot
from coaching.sessions import rules
from tests.databases import ROOT
from tests.make import NOW, at

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGINS = at("2026-03-05 10:00")  # in three days


@pytest.fixture
def waiting(app):
    """What waits to be sent, as (kind, role of whom, revision, due)."""

    def asks():
        with app.app_context():
            asked = select(Email).options(db.joinedload(Email.person)).where(outbox.waiting())
            found = db.session.scalars(asked.order_by(Email.due_at, Email.id)).all()
            return [(email.kind, email.person.role, email.revision, email.due_at) for email in found]

    return asks


@pytest.fixture
def booked(make, do, ask):
    """A session in three days, booked by the rules."""
    slot = make.slot(make.coach("Ana", email="ana@example.org"), BEGINS)
    session = do(rules.book, slot, make.student("Sam", email="sam@example.org"), topic="My secret topic", now=NOW)
    return ask(lambda session: session, session)  # with both people


# What is written down


@pytest.mark.usefixtures("booked")
def test_both_are_told_of_a_booking_and_reminded_twice(waiting):
    assert waiting() == [
        (Kind.BOOKED, "coach", 0, NOW),
        (Kind.BOOKED, "student", 0, NOW),
        (Kind.REMINDER, "coach", 0, BEGINS - DAY),
        (Kind.REMINDER, "student", 0, BEGINS - DAY),
        (Kind.LAST_REMINDER, "coach", 0, BEGINS - HOUR),
        (Kind.LAST_REMINDER, "student", 0, BEGINS - HOUR),
        (Kind.FEEDBACK, "coach", 0, BEGINS + 2 * HOUR + DAY),
    ]


def test_a_booking_that_is_refused_is_told_to_nobody(booked, make, do, kept):
    before = [email.id for email in kept()]
    with pytest.raises(rules.CannotBook):
        do(rules.book, make.slot(make.coach(), BEGINS + HOUR), booked.student, now=NOW)
    assert [email.id for email in kept()] == before


def test_a_booking_that_is_never_saved_is_told_to_nobody(app, make, kept):
    slot, student = make.slot(make.coach(), BEGINS), make.student()

    def book_and_fail():
        with saving():
            rules.book(db.session.get(type(slot), slot.id), db.session.get(type(student), student.id), now=NOW)
            raise ZeroDivisionError

    with app.app_context(), pytest.raises(ZeroDivisionError):
        book_and_fail()
    assert kept() == []


def test_who_books_a_slot_that_they_have_already_is_told_once(booked, do, ask, kept):
    slot = ask(lambda: db.session.get(TimeSlot, booked.slot_id))
    do(rules.book, slot, booked.student, now=NOW)
    assert Counter(email.kind for email in kept())[Kind.BOOKED] == 2


def test_moving_drops_the_old_reminders_and_plans_new_ones(booked, make, do, waiting):
    later = make.slot(booked.coach, BEGINS + DAY)
    do(rules.move, booked, later, booked.student, now=NOW + HOUR)
    assert waiting() == [
        (kind, role, 1, due)
        for kind, due in (
            (Kind.MOVED, NOW + HOUR),
            (Kind.REMINDER, BEGINS),
            (Kind.LAST_REMINDER, BEGINS + DAY - HOUR),
        )
        for role in ("coach", "student")
    ] + [(Kind.FEEDBACK, "coach", 1, BEGINS + DAY + 2 * HOUR + DAY)]


def test_cancelling_leaves_nothing_but_word_of_it(booked, do, waiting):
    do(rules.cancel, booked, booked.coach, now=NOW + HOUR)
    assert waiting() == [(Kind.CANCELLED, "coach", 1, NOW + HOUR), (Kind.CANCELLED, "student", 1, NOW + HOUR)]


@pytest.mark.parametrize(
    ("before", "reminders"),
    [
        (2 * HOUR, [Kind.LAST_REMINDER]),
        (DAY, [Kind.LAST_REMINDER]),
        (HOUR / 2, []),
    ],
)
def test_nobody_is_reminded_of_what_they_have_just_been_told(make, do, waiting, before, reminders):
    slot = make.slot(make.coach(), BEGINS)
    do(rules.book, slot, make.student(), now=BEGINS - before)
    assert [kind for kind, role, *_ in waiting() if role == "student"] == [Kind.BOOKED, *reminders]


def test_when_to_remind_is_a_setting(new_app, make):
    app = new_app(COACHING_REMINDER_MINUTES="0", COACHING_LAST_REMINDER_MINUTES="30")
    slot, student = make.slot(make.coach(), BEGINS), make.student()
    with app.app_context():
        with saving():
            rules.book(db.session.get(type(slot), slot.id), db.session.get(type(student), student.id), now=NOW)
        planned = select(Email.kind, Email.due_at).where(Email.kind.not_in([Kind.BOOKED, Kind.FEEDBACK]))
        due = db.session.execute(planned).all()
    assert due == [(Kind.LAST_REMINDER, BEGINS - HOUR / 2)] * 2


# Who sends it


@pytest.mark.usefixtures("booked")
def test_each_is_sent_once_when_it_is_due(send):
    assert len(send(NOW)) == len(send(NOW + HOUR)) == 2
    assert len(send(BEGINS - DAY)) == 4
    assert len(send(BEGINS - HOUR)) == len(send(BEGINS + DAY)) == 6


def test_what_one_worker_has_claimed_no_other_takes(app, booked):
    with app.app_context():
        first, second, third = (outbox.claim(now=NOW) for _ in range(3))
        assert {first.person_id, second.person_id} == {booked.coach_id, booked.student_id}
        assert third is None


@pytest.mark.usefixtures("booked")
def test_what_a_killed_worker_had_claimed_is_sent_by_another_later_with_the_same_message_id(app, send):
    with app.app_context():
        claimed = outbox.claim(now=NOW)
        first = letters.compose(claimed, now=NOW)
    assert len(send(NOW)) == 1
    names = [mail["Message-ID"] for mail in send(NOW + outbox.CLAIMED_FOR)]
    assert len(names) == 2
    assert first["Message-ID"] in names


@pytest.mark.usefixtures("booked")
def test_who_was_too_slow_does_not_undo_what_another_has_done(app, kept):
    with app.app_context():
        slow = outbox.claim(now=NOW)
        later = NOW + outbox.CLAIMED_FOR
        quick = next(email for email in iter(lambda: outbox.claim(now=later), None) if email.id == slow.id)
        outbox.sent(quick, now=later)
        slow.attempts = 1  # as it knew it
        outbox.failed(slow, "TimeoutError", now=later + HOUR)
    [email] = [email for email in kept() if email.id == slow.id]
    assert (email.sent_at, email.error) == (later, "")


def test_many_workers_send_each_mail_once(app, make, do, monkeypatch, kept):
    coach = make.coach()
    for day in range(10):
        do(rules.book, make.slot(coach, BEGINS + day * DAY), make.student(), now=NOW)
    sent, lock = Counter(), threading.Lock()

    def deliver(message: EmailMessage) -> None:
        with lock:
            sent[message["Message-ID"]] += 1

    monkeypatch.setattr(mail, "deliver", deliver)

    def work() -> None:
        with app.app_context():
            letters.work(is_over=threading.Event(), until_done=True, now=lambda: NOW)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(sent) == 20
    assert set(sent.values()) == {1}
    assert Counter(bool(email.sent_at) for email in kept()) == {True: 20, False: 50}


@pytest.mark.usefixtures("booked")
def test_what_cannot_be_sent_is_tried_again_after_growing_pauses_and_given_up_visibly(app, kept, monkeypatch):
    def deliver(_message: EmailMessage) -> None:
        raise ConnectionRefusedError("nobody listens")

    monkeypatch.setattr(mail, "deliver", deliver)
    with app.app_context(), saving():
        db.session.execute(update(Email).where(Email.due_at > NOW).values(due_at=NOW, dropped_at=NOW, why="aside"))
    tries, now = [], NOW
    while now < NOW + 3 * DAY:  # it begins in three days and two hours
        with app.app_context():
            letters.work(is_over=threading.Event(), until_done=True, now=lambda at=now: at)
        attempts = max(email.attempts for email in kept())
        if not tries or attempts > tries[-1][0]:
            tries.append((attempts, now - NOW))
        now += timedelta(minutes=1)
    pauses = [later - earlier for (_, earlier), (_, later) in itertools.pairwise(tries)]
    assert [attempts for attempts, _ in tries] == [*range(1, outbox.MOST_ATTEMPTS + 1)]
    assert pauses[:4] == [timedelta(minutes=count) for count in (1, 2, 4, 8)]
    assert pauses == sorted(pauses)
    given_up = [email for email in kept() if email.why != "aside"]
    assert {email.why for email in given_up} == {"It could not be sent, 12 times."}
    assert {email.error for email in given_up} == {"ConnectionRefusedError: nobody listens"}


def test_one_that_cannot_be_put_together_does_not_stop_the_others(booked, send, kept, monkeypatch):
    compose = letters.compose

    def sometimes(email, *, now):
        if email.person_id == booked.coach_id:
            raise KeyError("a fault of ours")
        return compose(email, now=now)

    monkeypatch.setattr(letters, "compose", sometimes)
    assert [message["To"].addresses[0].addr_spec for message in send(NOW)] == ["sam@example.org"]
    assert [email.error for email in kept() if email.attempts] == ["KeyError", ""]


def test_a_worker_that_was_off_for_days_does_not_flood_anybody(booked, make, do, send, kept):
    off = do(rules.book, make.slot(booked.coach, BEGINS + 5 * DAY), booked.student, now=NOW)
    do(rules.cancel, off, booked.coach, now=NOW + HOUR)
    messages = send(BEGINS + 2 * DAY)
    subjects = [message["Subject"] for message in messages]
    assert Counter(subject.split(":")[0] for subject in subjects if "How did" not in subject) == {"Cancelled": 2}
    assert len(subjects) == 3  # that how it went is to be recorded, is true as ever
    assert {email.why for email in kept() if email.dropped_at} == {
        "The session had begun before it could be sent.",
        outbox.OUTDATED,
    }


@pytest.mark.usefixtures("booked")
def test_of_two_reminders_that_are_late_only_the_last_is_sent(send, kept):
    send(NOW)
    messages = send(BEGINS - HOUR / 2)
    assert len(messages) == 4
    assert {email.why for email in kept() if email.kind == Kind.REMINDER} == {
        "The last reminder was due before it could be sent."
    }


@pytest.mark.real_time
@pytest.mark.usefixtures("app")
def test_the_command_sends_what_is_due_and_ends_when_it_is_told_to(database_url):
    environ = {"DATABASE_URL": database_url, "COACHING_DEMO": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "mail", "work"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            done.wait(4)
        done.terminate()
        assert done.wait(20) == 0, done.stdout.read()
    finally:
        done.kill()
        done.stdout.close()


@pytest.mark.real_time
@pytest.mark.usefixtures("app")
def test_the_worker_of_script_server_ends_with_its_server(database_url):
    command = f"{sys.executable} -m flask --app wsgi mail work --parent $$ & echo $!; read -r _"
    parent = subprocess.Popen(
        ["bash", "-c", command],
        cwd=ROOT,
        env={"DATABASE_URL": database_url, "COACHING_DEMO": "1", "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    worker = Path("/proc", parent.stdout.readline().strip())
    with pytest.raises(subprocess.TimeoutExpired):
        parent.wait(3)
    assert worker.exists()
    parent.communicate("\n", timeout=60)  # ends the parent; its output ends with the worker, who has inherited it


def test_where_no_mail_is_sent_the_command_says_so(new_app):
    app = new_app(COACHING_DEMO="0", SECRET_KEY="x" * 32)
    done = app.test_cli_runner().invoke(args=["mail", "work"])
    assert (done.exit_code, done.output) == (1, "Error: COACHING_MAIL does not say how mail is sent.\n")


# What stands in it


def parts(message):
    return {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}


def to(messages, address):
    [found] = [message for message in messages if message["To"].addresses[0].addr_spec == address]
    return found


def test_it_says_when_by_the_clocks_of_both_and_leads_to_the_page(make, do, send):
    coach = make.coach("Ana", email="ana@example.org", zone="Asia/Kathmandu")
    student = make.student("Sam", email="sam@example.org", zone="Europe/Berlin")
    session = do(rules.book, make.slot(coach, BEGINS), student, now=NOW)
    message = to(send(), "sam@example.org")
    assert message["Subject"] == "Booked: call with Ana, Thu 5 Mar, 11:00 CET"
    for kind in ("text/plain", "text/html"):
        said = parts(message)[kind]
        assert "You have booked a call with Ana." in said
        assert "Thursday 5 March 2026, 11:00–13:00 CET" in said
        assert "For Ana that is Thursday 5 March 2026, 15:45–17:45 UTC+05:45" in said
        assert f"http://127.0.0.1:5000/sessions/{session.id}" in said
    assert "Sam has booked a call with you." in parts(to(send(), "ana@example.org"))["text/plain"]


def test_neither_number_nor_note_nor_topic_nor_reason_nor_the_others_address_is_in_any_mail(booked, do, ask, send):
    send(NOW)
    send(BEGINS - DAY)
    send(BEGINS - HOUR)
    do(rules.cancel, booked, booked.student, reason="My secret reason", now=BEGINS - HOUR / 2)
    messages = send(BEGINS - HOUR / 2)
    assert len(messages) == 8
    numbers = ask(lambda: db.session.execute(db.text('SELECT phone FROM "user"')).scalars().all())
    for message in messages:
        mine = message["To"].addresses[0].addr_spec
        whole = "\n".join([str(message), *map(str, parts(message).values())])
        others = {"ana@example.org", "sam@example.org"} - {mine}
        for secret in (*numbers, *others, "secret"):
            assert secret not in whole


@pytest.mark.parametrize(
    "name",
    [
        "Doe, Jane",
        'Jane "JD" Doe',
        "<b>Jane</b> <evil@example.org>",
        "Jane\r\nBcc: evil@example.org",
        "جين دو",
        "Jane 🎉",
        "J" * 80,
    ],
)
def test_whatever_the_name_is_one_reads_it_and_the_headers_hold(make, do, send, name):
    student = make.student(name, email="jane@example.org")
    do(rules.book, make.slot(make.coach(name, email="coach@example.org"), BEGINS), student, now=NOW)
    messages = send()
    assert len(messages) == 2
    message = to(messages, "jane@example.org")
    assert len(message["To"].addresses) == 1
    assert message["Bcc"] is None
    assert message["To"].addresses[0].display_name == " ".join(name.split())
    assert message["Subject"].strip().startswith(f"Booked: call with {' '.join(name.split())}")
    assert "<b>" not in parts(message)["text/html"].replace("</b>", "")


def test_calendars_learn_of_each_change_of_the_same_event(booked, make, do, send):
    seen = [*send(NOW)]
    do(rules.move, booked, make.slot(booked.coach, BEGINS + DAY), booked.student, now=NOW + HOUR)
    seen += send(NOW + HOUR)[len(seen) :]
    do(rules.cancel, booked, booked.coach, now=NOW + 2 * HOUR)
    files = [parts(message)["text/calendar"] for message in send(NOW + 2 * HOUR)]
    assert len(files) == 6
    told = []
    for file in files:
        one, other = Calendar.from_ical(file), vobject.readOne(file)
        [event] = one.walk("VEVENT")
        assert other.vevent.uid.value == event["UID"] == f"session-{booked.id}@127.0.0.1"
        assert other.vevent.organizer.value == event["ORGANIZER"] == "mailto:calls@127.0.0.1"
        assert other.vevent.dtstart.value == event.decoded("DTSTART")
        told.append((one["METHOD"], event["SEQUENCE"], event["STATUS"], event["ATTENDEE"], event.decoded("DTSTART")))
    assert sorted(told) == sorted(
        (method, number, status, f"mailto:{whose}@example.org", starts_at)
        for method, number, status, starts_at in (
            ("REQUEST", 0, "CONFIRMED", BEGINS),
            ("REQUEST", 1, "CONFIRMED", BEGINS + DAY),
            ("CANCEL", 2, "CANCELLED", BEGINS + DAY),
        )
        for whose in ("ana", "sam")
    )


@pytest.mark.usefixtures("booked")
def test_a_reminder_says_how_long_it_is_until_then(send):
    send(NOW)
    assert [message["Subject"] for message in send(BEGINS - HOUR)].count(
        "Your call with Ana is in 60 minutes: Thu 5 Mar, 10:00 GMT"
    ) == 1


# What the page says of it


def test_a_sessions_page_says_what_was_sent_to_whom_and_what_is_planned(booked, client, send):
    client.sign_in(booked.student)
    page = client.get(f"/sessions/{booked.id}")
    said = [" ".join(tag.get_text().split()) for tag in page.all("details.mails li")]
    assert said[:2] == ["The booking, to Ana: on its way", "The booking, to you: on its way"]
    assert said[3] == "A reminder, to you: planned for Wednesday 4 March 2026, 10:00 GMT"
    send(NOW)
    page = client.get(f"/sessions/{booked.id}")
    said = [" ".join(tag.get_text().split()) for tag in page.all("details.mails li")]
    assert said[1] == "The booking, to you: sent on Monday 2 March 2026, 08:00 GMT"
