"""What may be tried only so often, by whom and from where, and how long one has to wait."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from coaching.auth import rules
from coaching.extensions import db
from tests.make import Make, quick_hash
from tests.reading import alert, main
from tests.world import PASSWORD, give_password

WRONG = "wrong, and long enough"
BO = {"name": "Bo", "phone": "+44 20 7946 0958", "time_zone": "Europe/London", "password": PASSWORD}


@pytest.fixture
def victim(app, make: Make):
    """Whose password others guess."""
    return give_password(app, make.student("Vi", email="vi@example.org"))


@pytest.fixture
def guess(client):
    """Tries a password, from an address."""

    def tries(email="vi@example.org", password=WRONG, address="192.0.2.1", browser=client):
        return browser.post(
            "/auth/sign-in", {"email": email, "password": password}, environ_overrides={"REMOTE_ADDR": address}
        )

    return tries


@pytest.mark.usefixtures("victim")
def test_after_five_wrong_passwords_the_right_one_is_not_even_looked_at(guess):
    assert [guess().status for _ in range(6)] == [422] * 5 + [429]
    page = guess(password=PASSWORD)
    assert page.status == 429
    assert alert(page) == "Too many wrong passwords. Try again in 15 minutes."
    assert page.headers["Retry-After"] == "900"


@pytest.mark.usefixtures("victim")
def test_it_can_be_tried_again_when_the_first_wrong_one_is_a_quarter_of_an_hour_old(guess, clock):
    guess()
    clock.shift(timedelta(minutes=10))
    for _ in range(4):
        guess()
    assert guess().headers["Retry-After"] == "300"
    clock.shift(timedelta(minutes=5) - timedelta(seconds=1))
    assert guess().headers["Retry-After"] == "1"
    clock.shift(timedelta(seconds=1))
    assert guess(password=PASSWORD).status == 303


@pytest.mark.usefixtures("victim")
def test_nobody_else_is_kept_out(app, make: Make, guess, new_client):
    other = give_password(app, make.coach(email="other@example.org"))
    for _ in range(40):
        guess()
    assert guess(password=PASSWORD, address="192.0.2.2", browser=new_client()).status == 303, "the victim, elsewhere"
    assert guess(other.email, PASSWORD, browser=new_client()).status == 303, "another person, from the same address"


def test_trying_one_password_on_many_people_ends_as_well(app, guess, monkeypatch):
    monkeypatch.setitem(app.config, "WRONG_PASSWORDS_FROM", 12)
    monkeypatch.setattr(rules, "_NOBODYS_HASH", quick_hash("x"))
    assert [guess(f"{number}@example.org").status for number in range(14)] == [422] * 12 + [429] * 2
    assert guess("20@example.org", address="192.0.2.2").status == 422


@pytest.mark.usefixtures("victim")
def test_right_passwords_never_count(guess, new_client, everything):
    for _ in range(60):
        assert guess(password=PASSWORD, browser=new_client()).status == 303
    assert everything()["attempt"] == []


def test_an_address_says_nothing_by_itself_of_where_it_comes_from(victim, client):
    """No proxy is trusted unless a setting says so: forged headers make nobody somebody else."""
    statuses = []
    for number in range(10):
        statuses.append(
            client.post(
                "/auth/sign-in",
                {"email": victim.email, "password": WRONG},
                headers={"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for=10.0.0.{number}"},
            ).status
        )
    assert statuses == [422] * 5 + [429] * 5


def test_behind_a_proxy_that_is_counted_the_addresses_are_those_of_its_clients(victim, new_app, new_client):
    browser = new_client(new_app(COACHING_PROXIES="1"))

    def tries(forwarded):
        return browser.post(
            "/auth/sign-in", {"email": victim.email, "password": WRONG}, headers={"X-Forwarded-For": forwarded}
        ).status

    assert [tries(f"10.0.0.{number}, 192.0.2.1") for number in range(6)] == [422] * 5 + [429]
    assert tries("192.0.2.1, 192.0.2.2") == 422


@pytest.mark.usefixtures("victim")
def test_who_has_a_whole_network_of_version_6_has_no_more_tries(guess):
    assert [guess(address=f"2001:db8::{number:x}").status for number in range(6)] == [422] * 5 + [429]
    assert guess(address="2001:db8:0:1::1").status == 422


def test_wrong_present_passwords_count_as_well(victim, client):
    client.sign_in(victim)
    form = {"current": WRONG, "password": "a new and longer one"}
    assert [client.post("/auth/password", form).status for _ in range(6)] == [422] * 5 + [429]
    assert client.post("/auth/email", {"email": "x@example.org", "password": PASSWORD}).status == 429
    assert client.get("/sessions/").status == 200, "but one stays signed in"


@pytest.mark.usefixtures("victim")
def test_what_is_kept_names_nobody_and_does_not_grow(guess, clock, everything):
    for _ in range(3):
        guess()
    assert len(everything()["attempt"]) == 6
    assert "192.0.2.1" not in str(everything()["attempt"])
    assert "vi@" not in str(everything()["attempt"])
    clock.shift(timedelta(minutes=15))
    guess(address="192.0.2.9")
    assert len(everything()["attempt"]) == 2


def test_one_address_registers_sixty_people_an_hour(client, monkeypatch, clock):
    monkeypatch.setattr(rules, "slow_hash", quick_hash)
    statuses = [client.post("/auth/register", BO | {"email": f"{number}@example.org"}).status for number in range(61)]
    assert statuses == [303] * 60 + [429]
    clock.shift(timedelta(hours=1))
    assert client.post("/auth/register", BO | {"email": "61@example.org"}).status == 303


def test_a_form_that_is_filled_in_wrongly_does_not_count(client, everything):
    client.post("/auth/register", BO | {"email": "nonsense"})
    client.post("/auth/forgotten", {"email": "nonsense"})
    assert everything()["attempt"] == []


def test_one_address_asks_for_twenty_mails_an_hour(make: Make, client):
    make.student(email="bo@example.org")
    statuses = [client.post("/auth/forgotten", {"email": f"{number}@example.org"}).status for number in range(21)]
    assert statuses == [303] * 20 + [429]
    assert len(client.mails) == 20


@pytest.mark.parametrize("email", ["bo@example.org", "nobody@example.org"])
def test_one_mailbox_gets_five_mails_an_hour_and_nobody_sees_when_it_has_had_enough(make: Make, client, email, clock):
    make.student(email="bo@example.org")
    pages = [client.post("/auth/forgotten", {"email": email}) for _ in range(8)]
    assert {(page.status, page.location) for page in pages} == {(303, "/auth/sent")}
    assert [mail.to for mail in client.mails] == [email] * 5
    clock.shift(timedelta(hours=1))
    client.post("/auth/forgotten", {"email": email})
    assert len(client.mails) == 6


@pytest.mark.usefixtures("victim")
def test_addresses_of_version_4_that_come_as_version_6_are_told_apart(guess):
    for _ in range(6):
        guess(address="::ffff:192.0.2.1")
    assert guess(password=PASSWORD, address="192.0.2.1").status == 429, "it is the same one"
    assert guess(password=PASSWORD, address="::ffff:203.0.113.9").status == 303


@pytest.mark.usefixtures("victim")
def test_a_port_behind_an_address_makes_it_no_other(guess):
    assert [guess(address=f"192.0.2.1:{5000 + number}").status for number in range(6)] == [422] * 5 + [429]
    assert guess(address="192.0.2.2:5000").status == 422


def test_one_student_books_so_many_times_an_hour(make: Make, client, new_client, terms, clock):
    terms(an_hour=3)
    coach, student = make.coach(), make.student()
    slots = [make.slot(coach) for _ in range(6)]
    client.sign_in(student)
    booked = [client.post(f"/sessions/book/{slot.id}", {"topic": "My plan"}) for slot in slots[:4]]
    assert [page.status for page in booked] == [303, 303, 303, 429]
    assert alert(booked[3]) == "You have booked 3 times within an hour. Try again in 60 minutes."
    assert "My plan" in main(booked[3]), "what was typed is not lost"
    assert booked[3].headers["Retry-After"] == "3600"
    assert client.post(f"/sessions/book/{slots[0].id}").status == 303, "what is one's own already is shown"
    other = new_client().sign_in(make.student())
    assert other.post(f"/sessions/book/{slots[3].id}").status == 303
    client.post(client.follow(booked[0]).path + "/cancel")
    assert client.post(f"/sessions/book/{slots[4].id}").status == 429, "booking and cancelling in turn counts as well"
    clock.shift(timedelta(hours=1))
    assert client.post(f"/sessions/book/{slots[4].id}").status == 303


def test_by_default_it_is_sixty_bookings(app):
    assert app.config["TERMS"].an_hour == app.config["REGISTRATIONS"] == 60


@pytest.mark.usefixtures("victim")
def test_counting_one_thing_waits_for_nobody_who_counts_another(app, guess, databases):
    """On PostgreSQL the lock is upon the one key; a sweep skips what others hold."""
    guess()
    if databases.kind == "sqlite":
        return  # it has one writer at a time, whatever they write
    with app.app_context(), db.engine.begin() as other:
        other.execute(text("SELECT * FROM attempt FOR UPDATE"))
        assert guess(address="192.0.2.7").status == 422


@pytest.mark.usefixtures("victim")
def test_beyond_the_limit_no_work_is_done(guess, monkeypatch):
    for _ in range(5):
        guess()
    monkeypatch.setattr(rules, "person_with", lambda *_: pytest.fail("it was looked at"))
    assert guess(password=PASSWORD).status == 429


@pytest.mark.usefixtures("victim")
def test_a_right_one_that_was_looked_at_while_the_limit_was_reached_is_not_answered(guess, new_client, monkeypatch):
    look = rules.person_with

    def slowly(*typed):
        monkeypatch.setattr(rules, "person_with", look)
        with ThreadPoolExecutor(1) as elsewhere:  # in this thread they would share the request's own context
            assert [elsewhere.submit(guess, browser=new_client()).result().status for _ in range(5)] == [422] * 5
        return look(*typed)

    monkeypatch.setattr(rules, "person_with", slowly)
    assert guess(password=PASSWORD).status == 429


@pytest.mark.usefixtures("victim")
def test_what_is_kept_cannot_be_guessed_without_the_key(guess, new_app, new_client, everything):
    guess()
    guess(browser=new_client(new_app(SECRET_KEY="another one, and long enough")))
    assert len({row[1] for row in everything()["attempt"]}) == 4


def test_another_address_can_be_asked_for_only_so_often(victim, client, monkeypatch):
    monkeypatch.setitem(client.app.config, "RESETS", 2)
    client.sign_in(victim)
    form = {"email": "new@example.org", "password": PASSWORD}
    assert [client.post("/auth/email", form).status for _ in range(3)] == [303, 303, 429]
    assert len(client.mails) == 4


def test_wrong_passwords_at_the_link_of_a_registration_count_as_well(make: Make, client):
    link = f"/auth/confirm/{make.registration()}"
    assert [client.post(link, {"password": WRONG}).status for _ in range(6)] == [422] * 5 + [429]
    assert client.post(link, {"password": PASSWORD}).status == 429
