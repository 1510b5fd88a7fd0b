"""Nothing that a client can put into a form makes a 500, leads off the site, or spoils what is stored."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from coaching.models import Purpose
from coaching.sessions.queries import When
from tests.databases import FIRST_ID
from tests.hostile import ENCODED, JSON_BODIES, JSON_VALUES
from tests.make import Make
from tests.reading import words
from tests.world import PASSWORD, World, give_password, small_world

FINE = {303, 400, 404, 409, 413, 422}


@dataclass
class Form:
    """A form: whose it is, where it goes to (to a new thing, where sending it uses the thing up), and a good one."""

    who: str
    url: Callable[[World, Make], str]
    good: dict[str, str]


MANY = {"weekdays": "1", "more_times": "13:00, 15:30", "good_only": "1"}
OF_A_SESSION = {f"fate_{FIRST_ID['coaching_session']}": "cancel", f"word_{FIRST_ID['coaching_session']}": "A cold"}

FORMS = {
    "/auth/sign-in": Form(
        "stranger", lambda *_: "/auth/sign-in", {"email": "bo@example.org", "password": "a long one", "remember": "y"}
    ),
    "/auth/register": Form(
        "stranger",
        lambda *_: "/auth/register",
        {
            "name": "New",
            "email": "new@example.org",
            "phone": "+44 20 7946 0958",
            "time_zone": "Europe/London",
            "password": "a long one",
        },
    ),
    "/auth/profile": Form(
        "coach",
        lambda *_: "/auth/profile",
        {
            "name": "Ana",
            "phone": "+1 202-555-0111",
            "time_zone": "Europe/London",
            "headline": "Careers",
            "hour_cycle": "12",
            "first_weekday": "7",
        },
    ),
    "/auth/confirm/<token>": Form(
        "stranger",
        lambda _, make: f"/auth/confirm/{make.registration(f'{uuid4()}@example.org', 'a long one')}",
        {"password": "a long one"},
    ),
    "/auth/forgotten": Form("stranger", lambda *_: "/auth/forgotten", {"email": "bo@example.org"}),
    "/auth/reset/<token>": Form(
        "stranger", lambda world, make: f"/auth/reset/{make.link(world.other_student)}", {"password": "a long one"}
    ),
    "/auth/password": Form("coach", lambda *_: "/auth/password", {"current": PASSWORD, "password": PASSWORD}),
    "/auth/email": Form("coach", lambda *_: "/auth/email", {"email": "ana@example.org", "password": PASSWORD}),
    "/auth/email/<token>": Form(
        "stranger",
        lambda world, make: f"/auth/email/{make.link(world.other_student, Purpose.MOVE, 'di@example.org')}",
        {},
    ),
    "/auth/devices/<int:sign_in_id>/end": Form(
        "coach", lambda world, make: f"/auth/devices/{make.sign_in(world.coach).id}/end", {}
    ),
    "/auth/devices/end": Form("coach", lambda *_: "/auth/devices/end", {}),
    "/auth/switch": Form("coach", lambda *_: "/auth/switch", {"user_id": "1"}),
    "/auth/sign-out": Form("coach", lambda *_: "/auth/sign-out", {}),
    "/slots/offer": Form(
        "coach",
        lambda *_: "/slots/offer",
        {"date": "2027-01-04", "time": "10:00", "weeks": "1", "which": "first", **MANY},
    ),
    "/slots/offer/preview": Form(
        "coach",
        lambda *_: "/slots/offer/preview",
        {"date": "2027-01-04", "time": "10:00", "weeks": "2", **MANY},
    ),
    "/slots/copy": Form("coach", lambda *_: "/slots/copy?week=2026-W11", {"which": "first", "good_only": "1"}),
    "/sessions/away": Form(
        "coach",
        lambda world, _: f"/sessions/away?from={world.upcoming.starts_at.date()}",
        {"slots": "3000", "what": "move", "days": "1", "minutes": "30", "which": "first", **OF_A_SESSION},
    ),
    "/slots/<int:slot_id>/move": Form(
        "coach",
        lambda world, make: f"/slots/{make.slot(world.coach).id}/move",
        {"date": "2027-01-05", "time": "10:00", "which": "first"},
    ),
    "/slots/<int:slot_id>/withdraw": Form("coach", lambda world, _: f"/slots/{world.to_withdraw.id}/withdraw", {}),
    "/sessions/book/<int:slot_id>": Form(
        "student", lambda world, make: f"/sessions/book/{make.slot(world.coach).id}", {"topic": "My first review"}
    ),
    "/sessions/<int:session_id>/move": Form(
        "student",
        lambda world, _: f"/sessions/{world.upcoming.id}/move",
        {"slot_id": "2000"},
    ),
    "/sessions/<int:session_id>/cancel": Form(
        "student",
        lambda world, make: f"/sessions/{make.session(make.slot(world.coach), world.student).id}/cancel",
        {"reason": "An exam"},
    ),
    "/sessions/<int:session_id>/feedback": Form(
        "coach",
        lambda world, _: f"/sessions/{world.waiting.id}/feedback",
        {"rating": "4", "note": "It went well.", "missed": ""},
    ),
    "/coaches/wait": Form("student", lambda *_: "/coaches/wait", {}),
    "/coaches/wait/stop": Form("student", lambda *_: "/coaches/wait/stop", {}),
    "/coaches/<int:coach_id>/wait": Form("student", lambda world, _: f"/coaches/{world.coach.id}/wait", {}),
    "/coaches/<int:coach_id>/wait/stop": Form("student", lambda world, _: f"/coaches/{world.coach.id}/wait/stop", {}),
    "/news/read": Form("coach", lambda *_: "/news/read", {"up_to": "1"}),
    "/news/mails": Form("coach", lambda *_: "/news/mails", {"reminders": "y", "feedback": "y"}),
    "/news/off/<token>": Form("stranger", lambda world, _: f"/news/off/{world.off}", {}),
    "/calendar/feed": Form("coach", lambda *_: "/calendar/feed", {}),
    "/calendar/feed/end": Form("coach", lambda *_: "/calendar/feed/end", {}),
}

# The profile has these fields as well, and there no password is hashed each time.
SAME_ELSEWHERE = {"/auth/register": {"name", "phone", "time_zone"}}
WITH_FIELDS = [rule for rule, form in FORMS.items() if form.good]
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Attacker:
    """Somebody who is signed in, or not, and sends what no page of this site would."""

    def __init__(self, app, world: World, make: Make, form: Form) -> None:
        self._app, self._world, self._make, self._form = app, world, make, form
        self._browser: FlaskClient = app.test_client()
        self.failures: list[str] = []
        self._come_in()

    def _come_in(self) -> None:
        self.token = TOKEN.search(self._browser.get("/auth/sign-in").text)[1]
        if self._form.who != "stranger":
            person = getattr(self._world, self._form.who)
            self._browser.post("/auth/switch", data={"csrf_token": self.token, "user_id": person.id})
            self.token = TOKEN.search(self._browser.get("/auth/sign-in").text)[1]

    def send(self, what: str, body: bytes | None = None, **more) -> None:
        """Send something to the form, and remember what is wrong with the answer."""
        url = self._form.url(self._world, self._make)
        more.setdefault("content_type", "application/x-www-form-urlencoded")
        try:
            answer = self._browser.post(url, data=body, headers={"X-CSRFToken": self.token}, **more)
        except Exception as error:  # noqa: BLE001  # in a test an error comes through, in real life it is a 500
            self.failures.append(f"{what}: {type(error).__name__} {str(error)[:80]}")
            return
        location = answer.location or "/"
        fine = FINE | {200} if url.endswith("/preview") or url.startswith("/news/off/") else FINE
        if answer.status_code not in fine or not re.match(r"/(?![/\\])", location) or "evil" in str(answer.headers):
            self.failures.append(f"{what}: {answer.status_code} {location}")
        if url.startswith("/auth/") and answer.status_code in {303, 400}:
            self._browser = self._app.test_client()
            self._come_in()

    def body(self, field: str, encoded: str) -> bytes:
        """Return a good form with one bad field."""
        good = {name: quote(value, safe="") for name, value in self._form.good.items()}
        return "&".join(f"{name}={value}" for name, value in (good | {field: encoded}).items()).encode()


@pytest.fixture
def world(app, make: Make, monkeypatch) -> World:
    """A small programme, and somebody who can sign in."""
    made = small_world(make)
    give_password(app, make.student("Bo Again", email="bo@example.org"), "a long one")
    give_password(app, made.coach)
    for limit in ("WRONG_PASSWORDS", "WRONG_PASSWORDS_FROM", "REGISTRATIONS", "RESETS", "BOOKINGS"):
        monkeypatch.setitem(app.config, limit, 100_000)  # or nothing would get any further
    return made


@pytest.fixture
def attacker(app, make: Make, world: World, rule: str) -> Attacker:
    """Somebody who wants to break this form."""
    return Attacker(app, world, make, FORMS[rule])


@pytest.fixture
def undamaged(world: World, everything, new_client) -> Callable[[], None]:
    """Looks whether everything can still be read, and nothing is stored that no page can show."""

    def look() -> None:
        stored = [text for rows in everything().values() for row in rows for text in row if isinstance(text, str)]
        assert not [text[:40] for text in stored if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text)]
        for person in (world.student, world.coach):
            client = new_client().sign_in(person)
            for url in ("/", "/coaches/", "/auth/profile", *(f"/sessions/?when={tab}" for tab in When)):
                assert client.get(url).status == 200

    return look


def test_every_form_there_is_is_attacked_and_every_field_of_it(app, make: Make, world, new_client):
    assert set(FORMS) == {rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    make.feed(world.coach)
    make.email(world.coach, world.upcoming)
    make.wait(world.student, world.other_coach)
    make.wait(world.student)
    pages = {
        "stranger": ["/auth/sign-in", "/auth/register", "/auth/forgotten", f"/news/off/{world.off}"],
        "coach": [
            "/auth/profile",
            "/auth/password",
            "/auth/email",
            "/auth/devices",
            "/calendar/",
            "/slots/",
            "/slots/copy?week=2026-W11",
            "/news/",
            "/news/mails",
        ],
        "student": ["/news/mails", f"/coaches/{world.coach.id}"],
        "other_student": [f"/coaches/?after={world.other_coach.id}"],  # behind the last
    }
    for form in FORMS.values():
        url = form.url(world, make)
        if url.endswith(("/move", "/cancel", "/feedback")) or any(
            part in url for part in ("/away", "/book/", "/confirm/", "/reset/", "/email/")
        ):
            pages[form.who].append(url)
    found: dict[str, set[str]] = {}
    urls = app.url_map.bind("localhost")
    for who, those in pages.items():
        client = new_client() if who == "stranger" else new_client().sign_in(getattr(world, who))
        looked_at = [(url, client.get(url)) for url in those]
        if who == "coach":
            url = "/slots/offer/preview"
            looked_at.append((url, client.post(url, FORMS[url].good)))
        for url, page in looked_at:
            for form in page.all("main form[method=post], form.acting, header form"):
                for button in [form, *form.select("[formaction]")]:
                    target = button.get("formaction") or form.get("action") or url
                    rule, _ = urls.match(target.partition("?")[0], "POST", return_rule=True)
                    names = {re.sub(r"_\d+$", "", str(box["name"])) for box in form.select("[name]")} - {"csrf_token"}
                    found[rule.rule] = found.get(rule.rule, set()) | names
    found["/slots/offer/preview"].add("good_only")  # it has the same fields, and only ignores this one
    assert found == {
        rule: {re.sub(r"_\d+$", "", name) for name in form.good} - {"which"} for rule, form in FORMS.items()
    }


@pytest.mark.parametrize("rule", WITH_FIELDS)
def test_no_text_in_any_field_breaks_anything(attacker, undamaged, rule):
    for field in FORMS[rule].good.keys() - SAME_ELSEWHERE.get(rule, set()):
        for what, encoded in ENCODED.items():
            attacker.send(f"{field}: {what}", attacker.body(field, encoded))
    assert attacker.failures == []
    undamaged()


@pytest.mark.parametrize("rule", WITH_FIELDS)
def test_fields_that_are_missing_doubled_or_unknown_break_nothing(attacker, rule):
    good = urlencode(FORMS[rule].good)
    for field in FORMS[rule].good:
        rest = urlencode({name: value for name, value in FORMS[rule].good.items() if name != field})
        for body in (
            rest,
            f"{rest}&{field}",
            f"{rest}&{field}[]=a",
            f"{field}=a&{field}=b&{good}",
            f"{good}&{field}=b",
        ):
            attacker.send(f"{field}: {body}", body.encode())
    for what, body in {
        "nothing": "",
        "only separators": "&&&===&&",
        "NUL in a name": good + "&a%00=b",
        "a surrogate in a name": good + "&%ed%a0%80=b",
        "five thousand fields": good + "".join(f"&f{number}=x" for number in range(5000)),
        "a bad token": good + "&csrf_token=%00",
        "another token": good + "&csrf_token=x.y.z",
    }.items():
        attacker.send(what, body.encode())
    assert attacker.failures == []


@pytest.mark.parametrize("rule", WITH_FIELDS)
def test_a_file_in_place_of_a_text_breaks_nothing(attacker, rule):
    for field in FORMS[rule].good:
        data = FORMS[rule].good | {field: (io.BytesIO(b"\0\xff"), "a\u202e.txt")}
        attacker.send(f"{field}: a file", data, content_type="multipart/form-data")
    assert attacker.failures == []


@pytest.mark.parametrize("rule", WITH_FIELDS)
def test_json_in_place_of_a_form_breaks_nothing(attacker, rule):
    """The token may come in a header, so such a body gets as far as the form does."""
    for body in JSON_BODIES:
        attacker.send(f"JSON {body[:20]}", body.encode(), content_type="application/json")
    good = [f'"{name}": "{value}"' for name, value in FORMS[rule].good.items()]
    for field in FORMS[rule].good:
        for value in JSON_VALUES:
            rest = [pair for pair in good if not pair.startswith(f'"{field}"')]
            body = "{" + ", ".join([*rest, f'"{field}": {value}']) + "}"
            attacker.send(f"JSON {field}: {value}", body.encode(), content_type="application/json")
    assert attacker.failures == []


TYPES = ["text/plain", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x"]
TYPES += ["application/xml", "application/octet-stream", "", "x", "application/x-www-form-urlencoded; charset=utf-16"]
TYPES += ["application/x-www-form-urlencoded; charset=bogus", "application/json; charset=utf-16", "text/html, x/y"]


@pytest.mark.parametrize("rule", WITH_FIELDS)
def test_a_body_of_another_kind_breaks_nothing(attacker, rule):
    good = urlencode(FORMS[rule].good).encode()
    head = b'Content-Disposition: form-data; name="%s"\r\nContent-Type: text/plain; charset=%s'
    part = b"--x\r\n" + head + b"\r\n\r\n\xff\x00\r\n--x--"
    for kind in TYPES:
        attacker.send(kind, good, content_type=kind)
    for field in FORMS[rule].good:
        for charset in (b"utf-8", b"utf-16", b"utf-7", b"bogus"):
            body = part % (field.encode(), charset)
            attacker.send(f"{field} in {charset.decode()}", body, content_type="multipart/form-data; boundary=x")
    assert attacker.failures == []


def test_what_was_typed_is_said_back_as_it_is_and_never_run(make: Make, client):
    client.sign_in(make.coach())
    typed = "\"'><script>alert(1)</script>{{ 7 * 7 }}%s"
    page = client.post("/slots/offer", {"date": typed, "time": typed, "weeks": typed})
    assert {name: page.value(name) for name in ("date", "time", "weeks")} == dict.fromkeys(
        ("date", "time", "weeks"), typed
    )
    page = client.post("/auth/profile", {"name": typed * 3, "phone": typed, "time_zone": typed, "headline": typed * 9})
    assert page.value("name") == typed * 3
    assert "49" not in words(page.soup.main)
