"""`/auth/password`: another password, while one is signed in."""

import pytest

from coaching.auth import rules
from tests.make import Make
from tests.reading import alert, faults, flashes
from tests.world import PASSWORD, give_password

NEW = "a new and longer one"


@pytest.fixture
def student(make: Make, app):
    """Somebody with a password."""
    return give_password(app, make.student("Bo", email="bo@example.org"))


def test_a_new_password_takes_the_place_of_the_old_one(client, student):
    client.sign_in(student)
    page = client.post("/auth/password", {"current": PASSWORD, "password": NEW})
    assert (page.status, page.location) == (303, "/auth/profile")
    assert "Your new password is saved." in flashes(client.follow(page))[0]
    client.post("/auth/sign-out")
    assert client.post("/auth/sign-in", {"email": student.email, "password": PASSWORD}).status == 422
    assert client.post("/auth/sign-in", {"email": student.email, "password": NEW}).status == 303


def test_it_ends_every_other_sign_in_and_renews_this_one(client, student, new_client, everything):
    there = new_client().sign_in(student)
    client.sign_in(student)
    old = client.browser.get_cookie("coaching").value
    client.post("/auth/password", {"current": PASSWORD, "password": NEW})
    assert client.get("/sessions/").status == 200
    assert there.get("/sessions/").status == 302
    thief = new_client()
    thief.browser.set_cookie("coaching", old)
    assert thief.get("/sessions/").status == 302, "a cookie that was copied before is nobody's"
    assert len(everything()["sign_in"]) == 1


def test_it_ends_every_link_and_is_told_by_mail(make: Make, client, student):
    token = make.link(student)
    client.sign_in(student).post("/auth/password", {"current": PASSWORD, "password": NEW})
    assert client.get(f"/auth/reset/{token}").status == 404
    assert [(mail.to, mail.subject) for mail in client.mails] == [("bo@example.org", "Your password has changed")]


@pytest.mark.parametrize(
    ("typed", "at_fault"),
    [
        ({"current": "wrong, and long enough", "password": NEW}, {"current"}),
        ({"current": "", "password": NEW}, {"current"}),
        ({"current": PASSWORD, "password": "short"}, {"password"}),
        ({"current": PASSWORD, "password": "x" * 129}, {"password"}),
        ({"current": PASSWORD, "password": "1q2w3e4r5t"}, {"password"}),
        ({}, {"current", "password"}),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(client, student, everything, typed, at_fault):
    client.sign_in(student)
    before = everything()
    page = client.post("/auth/password", typed)
    assert page.status == 422
    assert set(faults(page)) == at_fault
    assert everything() | {"attempt": []} == before
    assert client.get("/sessions/").status == 200


def test_who_has_none_yet_is_not_asked_for_it(make: Make, client):
    coach = make.coach(email="ana@example.org")
    client.sign_in(coach)
    assert not client.get("/auth/password").all("[name=current]")
    assert client.post("/auth/password", {"password": NEW}).status == 303
    client.post("/auth/sign-out")
    assert client.post("/auth/sign-in", {"email": coach.email, "password": NEW}).status == 303


def test_a_browser_that_was_to_be_remembered_still_is(client, student):
    client.post("/auth/sign-in", {"email": student.email, "password": PASSWORD, "remember": "y"})
    client.post("/auth/password", {"current": PASSWORD, "password": NEW})
    assert client.browser.get_cookie("coaching").expires is not None


# A password that is changed while another request has just proven the old one


@pytest.fixture
def meanwhile(app, student, monkeypatch):
    """Changes the password in the very moment after somebody has proven to know the old one."""

    def change(*_args, **_more):
        give_password(app, student, "changed in between")

    def proven_then_changed(proves):
        def proof(*args, **more):
            found = proves(*args, **more)
            change()
            return found

        return proof

    for name in ("person_with", "prove"):
        monkeypatch.setattr(rules, name, proven_then_changed(getattr(rules, name)))


@pytest.mark.usefixtures("meanwhile")
def test_who_proved_the_old_one_does_not_get_in_any_more(client, student, everything):
    page = client.post("/auth/sign-in", {"email": student.email, "password": PASSWORD})
    assert page.status == 422
    assert "has just been changed" in faults(page)["password"]
    assert everything()["sign_in"] == []


@pytest.mark.usefixtures("meanwhile")
@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("/auth/password", {"current": PASSWORD, "password": NEW}),
        ("/auth/email", {"email": "evil@example.org", "password": PASSWORD}),
    ],
)
def test_nor_do_they_change_anything(client, student, everything, url, form):
    client.sign_in(student)
    page = client.post(url, form)
    assert page.status == 409
    assert "has just been changed" in alert(page)
    assert everything()["one_time_link"] == []
    assert client.mails == []
