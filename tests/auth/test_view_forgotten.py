"""`/auth/forgotten`, `/auth/reset/<token>`: a new password for who has forgotten theirs."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from coaching.extensions import db
from coaching.models import Email, Purpose
from tests.make import Make
from tests.reading import fault, main
from tests.world import PASSWORD, give_password

NEW = "a new and longer one"


def ask(client, email):
    return client.post("/auth/forgotten", {"email": email})


def test_the_way_there_stands_where_one_signs_in(client):
    assert "/auth/forgotten" in client.get("/auth/sign-in").links()


def test_who_has_forgotten_the_password_gets_a_link_chooses_another_and_is_signed_in(make: Make, client):
    student = make.student("Bo", email="bo@example.org", password=PASSWORD)
    asked = ask(client, " Bo@Example.org")
    assert (asked.status, asked.location) == (303, "/auth/sent")
    assert "instance/mail/" in main(client.follow(asked)), "a demo says where the mail is"
    [mail] = client.mails
    assert (mail.to, mail.subject) == ("bo@example.org", "Choose a new password")

    page = client.get(mail.link)
    assert (page.status, page.h1) == (200, "Choose a new password")
    saved = client.post(mail.link, {"password": NEW})
    assert (saved.status, saved.location) == (303, "/")
    assert client.follow(saved).h1 == "Hello, Bo"
    client.post("/auth/sign-out")
    assert client.post("/auth/sign-in", {"email": student.email, "password": PASSWORD}).status == 422
    assert client.post("/auth/sign-in", {"email": student.email, "password": NEW}).status == 303


def test_a_link_is_good_once_and_looking_at_it_does_not_use_it_up(make: Make, client, new_client):
    token = make.link(make.student())
    for _ in range(3):
        assert client.get(f"/auth/reset/{token}").status == 200, "a scanner of mails may open it first"
    assert client.post(f"/auth/reset/{token}", {"password": NEW}).status == 303
    for again in (client, new_client()):
        assert again.get(f"/auth/reset/{token}").status == 404
        assert again.post(f"/auth/reset/{token}", {"password": "another long one"}).status == 404


def test_a_link_is_good_for_an_hour(make: Make, client, clock):
    make.student(email="bo@example.org")
    ask(client, "bo@example.org")
    [mail] = client.mails
    clock.shift(timedelta(minutes=59, seconds=59))
    assert client.get(mail.link).status == 200
    clock.shift(timedelta(seconds=1))
    assert client.get(mail.link).status == 404
    assert client.post(mail.link, {"password": NEW}).status == 404


def test_using_one_link_ends_the_others_and_every_sign_in(make: Make, new_client):
    student = make.student()
    there = new_client().sign_in(student)
    first, second, move = make.link(student), make.link(student), make.link(student, Purpose.MOVE, "bo@example.org")
    client = new_client()
    client.post(f"/auth/reset/{first}", {"password": NEW})
    assert there.get("/sessions/").status == 302
    assert client.get("/sessions/").status == 200
    assert client.get(f"/auth/reset/{second}").status == 404
    assert client.get(f"/auth/email/{move}").status == 404


def test_a_link_of_one_kind_opens_no_other_door(make: Make, client):
    student = make.student()
    move, registration = make.link(student, Purpose.MOVE, "bo@example.org"), make.registration()
    reset = make.link(student)
    for wrong in (
        f"/auth/reset/{move}",
        f"/auth/reset/{registration}",
        f"/auth/email/{reset}",
        f"/auth/confirm/{reset}",
    ):
        assert client.get(wrong).status == 404, wrong


def test_what_is_kept_of_a_link_opens_nothing(make: Make, client, everything):
    make.link(make.student())
    [row] = everything()["one_time_link"]
    assert client.get(f"/auth/reset/{row[4]}").status == 404


@pytest.mark.parametrize("password", ["short", "x" * 129, "", "qwertyuiop", "PASSWORD123"])
def test_a_password_that_is_no_good_leaves_the_link_and_the_old_one_as_they_are(
    make: Make, client, everything, password
):
    token = make.link(make.student())
    before = everything()
    page = client.post(f"/auth/reset/{token}", {"password": password})
    assert page.status == 422
    assert fault(page, "password")
    assert page.value("password") == ""
    assert everything() == before


def test_an_unknown_address_gets_a_mail_too_and_the_same_answer(make: Make, app, client, new_client):
    give_password(app, make.student(email="known@example.org"))
    answers = []
    for email in ("known@example.org", "unknown@example.org"):
        browser = new_client()
        page = ask(browser, email)
        answers.append((page.status, page.text, [said for said in page.headers if said[0] != "Set-Cookie"]))
    assert answers[0] == answers[1]
    assert {mail.to: mail.subject for mail in client.mails} == {
        "known@example.org": "Choose a new password",
        "unknown@example.org": "Nobody is registered with this address",
    }


def test_links_lead_to_this_site_whatever_host_was_asked(make: Make, new_app, new_client):
    make.student(email="bo@example.org")
    app = new_app(
        COACHING_DEMO="0", COACHING_MAIL="files", COACHING_HOSTS="a.example", COACHING_URL="https://b.example"
    )
    browser = new_client(app)
    there = {"headers": {"Host": "a.example", "Referer": "https://a.example/"}, "base_url": "https://a.example"}
    token = browser.get("/auth/forgotten", **there).all("input[name=csrf_token]")[0]["value"]
    form = {"csrf_token": token, "email": "bo@example.org"}
    assert browser.bare("POST", "/auth/forgotten", data=form, **there).status == 303
    [mail] = browser.mails
    assert "https://b.example/auth/reset/" in mail.text
    assert "a.example" not in mail.text


def test_where_no_mail_is_sent_people_are_told_whom_to_ask(new_app, new_client):
    browser = new_client(new_app(COACHING_DEMO="0"))
    page = browser.get("/auth/forgotten")
    assert (page.status, page.h1) == (200, "This site sends no mail")
    assert "Ask the organisers" in main(page)


def test_a_mail_that_cannot_be_written_breaks_nothing_and_is_tried_again(
    make: Make, app, client, tmp_path, monkeypatch
):
    make.student(email="bo@example.org")
    (tmp_path / "in the way").write_text("")
    monkeypatch.setattr(client.app, "instance_path", str(tmp_path / "in the way"))
    assert ask(client, "bo@example.org").status == 303
    assert client.mails == []
    with app.app_context():
        email = db.session.scalars(select(Email)).one()
        assert (email.sent_at, email.dropped_at) == (None, None)
        assert email.error.startswith("NotADirectoryError")


def test_the_folder_for_mails_is_made(make: Make, app, client, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "instance_path", str(tmp_path / "not" / "yet"))
    make.student(email="bo@example.org")
    ask(client, "bo@example.org")
    assert len(client.mails) == 1


def test_a_link_that_opens_nothing_any_more_says_so(client):
    page = client.get("/auth/reset/used-up")
    assert (page.status, page.h1) == (404, "This link opens nothing any more")
    assert "Sign in, or ask for another one." in main(page)


def test_the_mailbox_is_told_of_a_password_that_was_chosen_by_a_link(make: Make, client):
    client.post(f"/auth/reset/{make.link(make.student(email='bo@example.org'))}", {"password": NEW})
    assert [(mail.to, mail.subject) for mail in client.mails] == [("bo@example.org", "Your password has changed")]


def test_the_organisers_hand_over_a_link_whatever_the_site_is_called(make: Make, new_app):
    make.student(email="bo@example.org")
    app = new_app(COACHING_DEMO="0", COACHING_HOSTS="a.example", COACHING_URL="https://a.example")
    done = app.test_cli_runner().invoke(args=["people", "link", "bo@example.org"])
    assert (done.exit_code, done.stdout.startswith("https://a.example/auth/reset/")) == (0, True)


def test_the_organisers_hand_over_a_link(make: Make, app, client):
    make.student(email="bo@example.org")
    done = app.test_cli_runner().invoke(args=["people", "link", "Bo@example.org "])
    assert done.exit_code == 0
    link = done.stdout.strip().removeprefix("http://127.0.0.1:5000")
    assert client.post(link, {"password": NEW}).status == 303
    assert app.test_cli_runner().invoke(args=["people", "link", "nobody@example.org"]).exit_code == 1
