"""`/auth/email`, `/auth/email/<token>`: another address to sign in with, confirmed from its mailbox."""

from datetime import timedelta

import pytest

from coaching.models import Purpose
from tests.make import Make
from tests.reading import alert, faults
from tests.world import PASSWORD, give_password


@pytest.fixture
def student(make: Make, app):
    """Somebody with a password."""
    return give_password(app, make.student("Bo", email="old@example.org"))


def ask(client, email="new@example.org", password=PASSWORD):
    return client.post("/auth/email", {"email": email, "password": password})


def address(everything) -> str:
    return everything()["user"][0][3]


def test_a_new_address_counts_once_its_mailbox_has_said_yes(client, student, new_client, everything):
    asked = ask(client.sign_in(student), " New@Example.org")
    assert (asked.status, asked.location) == (303, "/auth/sent")
    assert address(everything) == "old@example.org"
    to = {mail.to: mail for mail in client.mails}
    assert {who: mail.subject for who, mail in to.items()} == {
        "new@example.org": "Confirm your new address",
        "old@example.org": "Your address is about to change",
    }
    elsewhere = new_client()  # mails are read on another device
    page = elsewhere.get(to["new@example.org"].link)
    assert (page.status, page.h1) == (200, "Sign in with this address?")
    assert address(everything) == "old@example.org", "looking changes nothing"
    assert elsewhere.post(to["new@example.org"].link).status == 303
    assert address(everything) == "new@example.org"
    assert [(mail.to, mail.subject) for mail in client.mails][2:] == [("old@example.org", "Your address has changed")]
    assert elsewhere.post("/auth/sign-in", {"email": "new@example.org", "password": PASSWORD}).status == 303


def test_the_link_is_good_once_and_for_a_day(client, student, clock, everything):
    ask(client.sign_in(student))
    link = next(mail.link for mail in client.mails if mail.to == "new@example.org")
    clock.shift(timedelta(hours=23, minutes=59))
    assert client.get(link).status == 200
    clock.shift(timedelta(minutes=1))
    assert client.post(link).status == 404
    assert address(everything) == "old@example.org"


def test_links_that_were_sent_to_the_old_address_open_nothing_afterwards(make: Make, client, student):
    reset, move = make.link(student), make.link(student, Purpose.MOVE, "new@example.org")
    assert client.post(f"/auth/email/{move}").status == 303
    assert client.get(f"/auth/reset/{reset}").status == 404
    assert client.get(f"/auth/email/{move}").status == 404


def test_an_address_that_is_somebodys_gets_the_same_answer_and_no_link(make: Make, client, student):
    make.coach(email="taken@example.org")
    client.sign_in(student)
    pages = [ask(client, email) for email in ("taken@example.org", "new@example.org")]
    assert pages[0].status == pages[1].status == 303
    assert pages[0].text == pages[1].text
    told = [mail for mail in client.mails if mail.to == "taken@example.org"]
    assert [mail.subject for mail in told] == ["You are registered already"]
    assert told[0].link == "/auth/sign-in"


def test_an_address_that_is_taken_meanwhile_is_refused(make: Make, client, student, everything):
    move = make.link(student, Purpose.MOVE, "new@example.org")
    make.coach(email="new@example.org")
    page = client.post(f"/auth/email/{move}")
    assert page.status == 409
    assert "registered with this e-mail address already" in alert(page)
    assert address(everything) == "old@example.org"


@pytest.mark.parametrize(
    ("email", "password", "at_fault"),
    [
        ("new@example.org", "wrong, and long enough", {"password"}),
        ("new@example.org", "", {"password"}),
        ("new", PASSWORD, {"email"}),
        ("", PASSWORD, {"email"}),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(client, student, email, password, at_fault):
    page = ask(client.sign_in(student), email, password)
    assert page.status == 422
    assert set(faults(page)) == at_fault
    assert client.mails == []
