"""The bell, and which mails people want."""

from datetime import timedelta

import pytest

from coaching.models import Kind
from coaching.sessions import rules
from tests.make import NOW, Make, at
from tests.reading import flashes, main

BEGINS = at("2026-03-05 10:00")
DAY = timedelta(days=1)


@pytest.fixture
def booked(make: Make, do, ask):
    """A call of Ana and Sam, that Sam has booked by the rules."""
    session = do(rules.book, make.slot(make.coach("Ana"), BEGINS), make.student("Sam"), now=NOW)
    return ask(lambda session: session, session)


def count(page) -> str:
    return " ".join(page.texts(".unread-count"))


# The bell


def test_it_says_how_much_one_has_not_read_and_what_it_was(booked, client):
    client.sign_in(booked.coach)
    assert count(client.get("/coaches/")) == "1 unread"
    page = client.get("/news/")
    assert "Sam has booked you" in main(page)
    assert page.links(f"/sessions/{booked.id}")
    page = client.follow(client.post("/news/read", {"up_to": page.all("[name=up_to]")[0]["value"]}))
    assert count(page) == ""
    assert "Sam has booked you" in main(page)
    assert not page.all(".unread")


def test_what_one_has_done_oneself_is_no_news_but_stands_there(booked, client):
    page = client.sign_in(booked.student).get("/news/")
    assert count(page) == ""
    assert "You have booked Ana" in main(page)


@pytest.mark.usefixtures("booked")
def test_it_is_nobody_elses(make, client):
    for person in (make.student(), make.coach()):
        page = client.sign_in(person).get("/news/")
        assert (count(page), "Nothing has happened yet" in main(page)) == ("", True)


def test_what_came_meanwhile_stays_unread(booked, do, client):
    client.sign_in(booked.coach)
    seen = client.get("/news/").all("[name=up_to]")[0]["value"]
    do(rules.cancel, booked, booked.student, now=NOW)
    client.post("/news/read", {"up_to": seen})
    page = client.get("/news/")
    assert count(page) == "1 unread"
    assert page.texts(".row-news.unread a") == ["Unread: Sam has cancelled your session"]


def test_nobody_marks_as_read_what_is_anothers(booked, make, client, new_client):
    new_client().sign_in(make.coach()).post("/news/read", {"up_to": "2147483647"})
    assert count(client.sign_in(booked.coach).get("/")) == "1 unread"


def test_looking_changes_nothing(booked, client, everything):
    client.sign_in(booked.coach)
    before = everything()
    for address in ("/news/", "/news/mails", f"/sessions/{booked.id}"):
        client.get(address)
    assert everything() == before


def test_more_than_nine_are_not_counted(make, client):
    coach = make.coach()
    for _ in range(12):
        make.email(coach, make.session(coach=coach))
    assert count(client.sign_in(coach).get("/")) == "9+ unread"


def test_what_is_not_due_yet_is_not_there(make, client):
    coach = make.coach()
    make.email(coach, make.session(coach=coach), due_at=NOW + timedelta(minutes=1))
    assert count(client.sign_in(coach).get("/news/")) == ""


def test_a_long_list_has_pages(make, client):
    coach, session = make.coach(), make.session()
    for revision in range(51):
        make.email(coach, session, revision=revision)
    page = client.sign_in(coach).get("/news/")
    assert len(page.all(".row-news")) == 50
    [more] = page.links("/news/?after=")
    assert len(client.get(more).all(".row-news")) == 1


# Which mails


def test_reminders_can_be_done_without_and_what_is_essential_cannot(booked, client, send, kept):
    page = client.sign_in(booked.student).get("/news/mails")
    assert [box["name"] for box in page.all("main [type=checkbox]")] == ["reminders"]
    assert page.all("main [name=reminders][checked]")
    assert flashes(client.follow(client.post("/news/mails", {}))) == ["It is saved which mails you want."]
    assert not client.get("/news/mails").all("main [name=reminders][checked]")
    send(BEGINS - DAY)
    of_student = [email for email in kept() if email.person_id == booked.student_id]
    assert [email.why for email in of_student if email.dropped_at] == ["Its reader wants no such mails."]
    assert [email.kind for email in of_student if email.sent_at] == [Kind.BOOKED]
    client.post("/news/mails", {"reminders": "y"})
    assert client.get("/news/mails").all("main [name=reminders][checked]")


def test_a_coach_can_do_without_being_asked_for_feedback(booked, client, send, kept):
    client.sign_in(booked.coach).post("/news/mails", {"reminders": "y"})
    send(BEGINS + 3 * DAY)
    assert {email.why for email in kept() if email.kind == Kind.FEEDBACK} == {"Its reader wants no such mails."}


def off_of(mail) -> str:
    return mail["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:5000")


def reminder_to_sam(messages):
    [mail] = [mail for mail in messages if "is tomorrow" in mail["Subject"] and "Ana" in mail["Subject"]]
    return mail


@pytest.mark.usefixtures("booked")
def test_one_click_in_the_mail_program_ends_them_without_signing_in(send, new_client):
    mail = reminder_to_sam(send(BEGINS - DAY))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    program = new_client()  # it has no cookie and has seen no page
    page = program.bare("POST", off_of(mail), data={"List-Unsubscribe": "One-Click"})
    assert page.status == 200
    assert "You get no more reminders of your calls" in main(page)
    program.bare("POST", off_of(mail), data={"List-Unsubscribe": "One-Click"})  # once more changes nothing
    before = len(send(BEGINS - DAY))
    assert len(send(BEGINS - timedelta(hours=1))) == before + 1  # the coach's


@pytest.mark.usefixtures("booked")
def test_a_mail_scanner_that_follows_the_link_ends_nothing(send, client, everything):
    mail = reminder_to_sam(send(BEGINS - DAY))
    before = everything()
    page = client.get(off_of(mail))
    assert "No more reminders of your calls?" in main(page)
    assert everything() == before
    client.post(off_of(mail))
    assert everything() != before


@pytest.mark.parametrize("token", ["nonsense", "WzEsInJlbWluZGVycyJd.AAAA", "x" * 3000])
def test_nobody_can_end_anothers_mails_by_guessing(client, token):
    assert client.get(f"/news/off/{token}").status == 404
    assert client.bare("POST", f"/news/off/{token}").status == 404


def test_who_ends_mails_of_free_times_waits_no_more(make, client, everything):
    sam = make.student()
    make.wait(sam, make.coach())
    assert client.bare("POST", f"/news/off/{make.off(sam, 'waits')}").status == 200
    assert everything()["wait"] == []


def test_what_is_essential_has_no_such_link(booked, do, send):
    do(rules.cancel, booked, booked.coach, now=NOW)
    messages = send(NOW)
    assert messages
    assert [mail for mail in messages if mail["List-Unsubscribe"]] == []
