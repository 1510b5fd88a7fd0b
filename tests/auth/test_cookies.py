"""The cookie: what it is, how long it holds, and that a copy of it is worth nothing once one has left."""

import re
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from sqlalchemy import delete, event

from coaching.extensions import db, saving
from coaching.models import SignIn, User
from tests.make import Make
from tests.visiting import Client

PASSWORD = "correct horse battery"
REAL = "https://localhost"  # outside a demo cookies are Secure, so the browser has to come over TLS


class RealBrowser:
    """A browser at an app that is not a demo, over TLS."""

    def __init__(self, app) -> None:
        self.browser = app.test_client()

    def get(self, url: str):
        return self.browser.get(url, base_url=REAL)

    def post(self, url: str, form: dict[str, object]):
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/auth/sign-in").text)[1]
        data = {"csrf_token": token, **form}
        return self.browser.post(url, data=data, base_url=REAL, headers={"Referer": f"{REAL}/auth/sign-in"})

    def sign_in(self, person, **more: object):
        answer = self.post("/auth/sign-in", {"email": person.email, "password": PASSWORD, **more})
        assert answer.status_code == 303
        return answer


@pytest.fixture
def real(app, new_app) -> RealBrowser:
    """A browser at an app that is not a demo, on the same data."""
    assert app.config["DEMO"]
    return RealBrowser(new_app(COACHING_DEMO="0"))


def cookie_of(answer):
    [header] = answer.headers.getlist("Set-Cookie")
    [(name, cookie)] = SimpleCookie(header).items()
    return name, cookie


def is_signed_in(client: Client) -> bool:
    page = client.get("/sessions/")
    assert page.status in {200, 302}
    return page.status == 200


def test_outside_a_demo_the_cookie_is_tied_to_this_host_and_to_tls(make: Make, real):
    answer = real.sign_in(make.student(password=PASSWORD))
    name, cookie = cookie_of(answer)
    assert name.startswith("__Host-")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["domain"]) == ("/", ""), "or browsers refuse the name"
    assert cookie["expires"] == cookie["max-age"] == "", "it goes when the browser is closed"
    assert real.get("/sessions/").status_code == 200
    assert not [one for one in real.browser._cookies.values() if not one.secure or not one.http_only]


def test_who_wants_to_be_remembered_is_for_thirty_days(make: Make, real):
    name, cookie = cookie_of(real.sign_in(make.student(password=PASSWORD), remember="y"))
    assert name.startswith("__Host-")
    assert cookie["expires"] == "Wed, 01 Apr 2026 08:00:00 GMT"
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")


def test_in_a_demo_the_cookie_goes_over_plain_http(make: Make, client):
    client.token()
    page = client.post("/auth/switch", {"user_id": make.coach().id})
    header = page.headers["Set-Cookie"]
    assert "__Host-" not in header
    assert "Secure" not in header
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header


def test_outside_a_demo_a_form_from_another_site_is_refused(make: Make, real):
    student = make.student(password=PASSWORD)
    real.sign_in(student)
    token = re.search(r'name="csrf_token" value="([^"]+)"', real.get("/sessions/").text)[1]
    for referer in ("https://evil.example/", "http://localhost/", "https://localhost.evil.example/", ""):
        headers = {"Referer": referer} if referer else {}
        answer = real.browser.post("/auth/sign-out", data={"csrf_token": token}, base_url=REAL, headers=headers)
        assert answer.status_code == 400
    assert real.get("/sessions/").status_code == 200


def test_the_cookie_names_no_person_and_the_database_keeps_no_token(make: Make, client, everything):
    """A copy of the table opens no door, and the cookie says nothing about who it is for."""
    coach = make.coach()
    client.sign_in(coach)
    with client.browser.session_transaction() as cookie:
        token = cookie["_user_id"]
        assert len(token) >= 32
        assert str(coach.id) not in {str(value) for value in cookie.values()}
        assert coach.email not in str(dict(cookie))
    assert len(everything()["sign_in"]) == 1
    assert token not in str(everything())


def test_every_sign_in_has_a_token_of_its_own(make: Make, new_client):
    coach = make.coach()
    tokens = set()
    for _ in range(5):
        with new_client().sign_in(coach).browser.session_transaction() as cookie:
            tokens.add(cookie["_user_id"])
    assert len(tokens) == 5


@pytest.mark.parametrize("how", ["sign-out", "switch"])
def test_a_cookie_that_is_replayed_after_leaving_is_nobodys(make: Make, client, new_client, how):
    coach, student = make.coach(), make.student()
    client.sign_in(coach)
    copied = client.browser.get_cookie("coaching").value
    thief = new_client()
    thief.browser.set_cookie("coaching", copied)
    assert is_signed_in(thief), "the copy holds as long as the original"
    if how == "sign-out":
        client.post("/auth/sign-out")
    else:
        client.sign_in(student)
    assert not is_signed_in(thief)
    client.browser.set_cookie("coaching", copied)
    assert not is_signed_in(client)


def test_a_cookie_of_somebody_who_is_gone_is_not_handed_on_to_the_next(make: Make, client, app):
    gone = make.student()
    client.sign_in(gone)
    with app.app_context(), saving():
        db.session.execute(delete(User).where(User.id == gone.id))
    assert make.student().id != gone.id
    assert not is_signed_in(client)


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", ".eJwly", "é", "x" * 4000, '{"_user_id":"1"}'])
def test_a_cookie_that_was_made_up_is_nobodys(client, cookie):
    client.browser.set_cookie("coaching", cookie)
    assert not is_signed_in(client)
    assert client.get("/").status == 200


def test_who_does_not_come_back_for_fourteen_days_is_signed_out(make: Make, client, clock):
    client.sign_in(make.coach())
    clock.shift(timedelta(days=13, hours=23))
    assert is_signed_in(client), "who comes back in time stays"
    clock.shift(timedelta(days=14))
    assert not is_signed_in(client), "two days before any sign-in ends"


def test_nobody_stays_signed_in_for_longer_than_thirty_days(make: Make, client, clock):
    client.sign_in(make.coach())
    for days in (10, 10, 9):
        clock.shift(timedelta(days=days))
        assert is_signed_in(client)
    clock.shift(timedelta(days=1, minutes=-1))
    assert is_signed_in(client)
    clock.shift(timedelta(minutes=1))
    assert not is_signed_in(client)


def test_signing_in_clears_away_ones_sign_ins_that_have_run_out(make: Make, client, new_client, clock, everything):
    coach, other = make.coach(), make.student()
    client.sign_in(coach)
    new_client().sign_in(other)
    clock.shift(timedelta(days=31))
    new_client().sign_in(coach)
    assert sorted(row[1] for row in everything()["sign_in"]) == sorted([coach.id, other.id])


def test_leaving_in_another_window_while_a_page_is_asked_for_is_no_error(make: Make, client, app, clock):
    """Once in a while a page writes down that its sign-in is in use; which may be gone at that very moment."""
    client.sign_in(make.coach())
    clock.shift(timedelta(hours=2))
    with app.app_context():
        engine = db.engine
    left: list[str] = []

    def leave(_connection, _cursor, statement, *_) -> None:
        if (
            statement.startswith("BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "UPDATE sign_in")
            and not left
        ):
            left.append(statement)
            with engine.begin() as other:
                other.execute(delete(SignIn))

    event.listen(engine, "before_cursor_execute", leave)
    try:
        page = client.get("/slots/")
    finally:
        event.remove(engine, "before_cursor_execute", leave)
    assert left, "the page wrote nothing down, so this test has seen nothing"
    assert page.status in {200, 302}
    assert not is_signed_in(client)


def test_a_form_that_was_open_for_days_can_still_be_sent(make: Make, client, clock):
    slot = make.slot(starts_at=None)
    client.sign_in(make.student())
    token = client.token()
    clock.shift(timedelta(hours=20))
    assert client.bare("POST", f"/sessions/book/{slot.id}", data={"csrf_token": token}).status == 303
