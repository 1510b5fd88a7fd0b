"""Registering where mail is set up: the address is confirmed by a link, and nobody learns which addresses are known."""

from datetime import timedelta

import pytest

from coaching.auth import rules
from tests.make import Make, quick_hash
from tests.reading import alert, fault
from tests.world import PASSWORD

BO = {"name": "Bo", "email": "bo@example.org", "phone": "+44 20 7946 0958", "time_zone": "Europe/London"}
BO |= {"password": PASSWORD}


@pytest.fixture
def site(make: Make, new_app, new_client, monkeypatch):  # noqa: ARG001  # `make` empties the database
    """Opens browsers at a site that sends mail."""
    monkeypatch.setattr(rules, "slow_hash", quick_hash)
    mailing = new_app(COACHING_MAIL="files")
    return lambda: new_client(mailing)


def test_who_registers_is_sent_a_link_and_is_nobody_until_then(site, everything):
    browser = site()
    page = browser.post("/auth/register", BO)
    assert (page.status, page.location) == (303, "/auth/sent")
    assert everything()["user"] == []
    assert browser.get("/sessions/").status == 302
    assert browser.post("/auth/sign-in", {"email": BO["email"], "password": PASSWORD}).status == 422
    [mail] = browser.mails
    assert (mail.to, mail.subject) == ("bo@example.org", "Confirm your address")

    elsewhere = site()
    assert elsewhere.get(mail.link).status == 200
    assert everything()["user"] == [], "looking changes nothing"
    page = elsewhere.post(mail.link, {"password": PASSWORD})
    assert (page.status, page.location) == (303, "/")
    assert elsewhere.follow(page).h1 == "Hello, Bo"
    assert [(row[1], row[2], row[3], row[4]) for row in everything()["user"]] == [
        ("student", "Bo", "bo@example.org", "+442079460958")
    ]
    assert everything()["registration"] == []
    assert site().get(mail.link).status == 404


def test_whose_mailbox_it_is_cannot_be_made_to_confirm_what_another_registered(site, everything):
    """Who opens the link must know the password that was chosen: a stranger's account is not taken over by mistake."""
    browser = site()
    browser.post("/auth/register", BO)
    page = site().post(browser.mails[0].link, {"password": "the owner's own one"})
    assert page.status == 422
    assert fault(page, "password") == "That is not the password."
    assert everything()["user"] == []


def test_a_link_is_good_for_a_day_and_then_all_is_forgotten(site, clock, everything):
    browser = site()
    browser.post("/auth/register", BO)
    clock.shift(timedelta(days=1))
    assert browser.get(browser.mails[0].link).status == 404
    browser.post("/auth/register", BO | {"email": "cy@example.org"})
    assert [row[3] for row in everything()["registration"]] == ["cy@example.org"]


def test_who_never_confirms_is_forgotten_as_soon_as_anybody_signs_in(make: Make, site, clock, everything):
    site().post("/auth/register", BO)
    clock.shift(timedelta(days=1))
    site().sign_in(make.coach())
    assert everything()["registration"] == []


def test_a_known_address_gets_the_same_answer_and_only_its_mailbox_is_told(make: Make, site):
    make.student(email="known@example.org")
    answers = []
    for email in ("known@example.org", "bo@example.org"):
        browser = site()
        page = browser.post("/auth/register", BO | {"email": email})
        answers.append((page.status, page.text, [said for said in page.headers if said[0] != "Set-Cookie"]))
    assert answers[0] == answers[1]
    assert {mail.to: mail.subject for mail in browser.mails} == {
        "known@example.org": "You are registered already",
        "bo@example.org": "Confirm your address",
    }


def test_of_two_who_registered_with_one_address_the_first_to_confirm_has_it(site, everything):
    browser = site()
    for password in (PASSWORD, "another long one"):
        browser.post("/auth/register", BO | {"password": password})
    first, second = (mail.link for mail in browser.mails)
    assert site().post(first, {"password": PASSWORD}).status == 303
    assert site().post(second, {"password": "another long one"}).status == 404
    assert len(everything()["user"]) == 1


def test_an_address_that_is_somebodys_meanwhile_is_refused(make: Make, site):
    browser = site()
    browser.post("/auth/register", BO)
    make.coach(email="bo@example.org")
    page = site().post(browser.mails[0].link, {"password": PASSWORD})
    assert page.status == 409
    assert "registered with this e-mail address already" in alert(page)


def test_neither_token_nor_password_is_kept_of_a_registration(site, everything):
    browser = site()
    browser.post("/auth/register", BO)
    assert browser.mails[0].link.rpartition("/")[2] not in str(everything())
    assert PASSWORD not in str(everything())


def test_clocks_and_weeks_are_read_as_where_the_link_is_opened(site, everything):
    browser = site()
    browser.post("/auth/register", BO, headers={"Accept-Language": "de-DE"})
    browser.post(browser.mails[0].link, {"password": PASSWORD}, headers={"Accept-Language": "en-US"})
    assert everything()["user"][0][-3:-1] == (12, 7)
