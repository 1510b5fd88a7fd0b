"""A programme with much in it, and every page that can be looked at there: the places of `test_axe` and `test_layout`.

Nothing in it may be changed: every place is reached by looking, or by sending what is refused. (But for the address of
one calendar: it is shown when it is made, and never again.)
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from flask import Flask
from playwright.sync_api import Page, Response

from coaching.extensions import db, saving
from coaching.models import CoachingSession, Feedback, Kind, Purpose, TimeSlot, User
from coaching.times import SLOT_LENGTH
from tests.make import NOW, Make, at

PASSWORD = "correct horse battery"
LONG = "W" * 80  # no name is longer, no letter wider, and nowhere is it meant to be broken
ARABIC = "عبد الرحمن بن محمد الفاسي"
EMOJI = "👩🏽‍🚀🎧 Zoë 👨‍👩‍👧‍👦"

NOTE = (
    """\
# What we found
Arrived with **three questions**, left with _three answers_: see [the worksheet](https://example.org/worksheet).

- two mornings without meetings
- mail at noon and at five

1. listened for ten minutes
2. then asked

> What would you say if you had one minute?

| week | words a day | mood | what stood in the way | what helped | what comes next |
|---|---|---|---|---|---|
| 1 | 200 | good | mail, meetings and more mail | the morning | another week of the same |

```
a line of code that is much too long to stand on a small telephone, and must not be broken either, or so they say
```
https://example.org/"""
    + "a-very-long-address/" * 12
)

# What the browser itself would hold back is sent: the server's words are wanted.
UNCHECKED = """() => {
  for (const form of document.forms) form.noValidate = true;
  for (const box of document.querySelectorAll("[maxlength]")) box.removeAttribute("maxlength");
}"""


class Programme:
    """An app full of people, slots and sessions, and where it is served."""

    def __init__(self, app: Flask, address: str) -> None:
        self.address = address
        self._app = app
        self._make = Make(app)
        self.people = self._people()
        self.ids: dict[str, int | str] = {f"{name}_id": person.id for name, person in self.people.items()}
        self.ids |= self._sessions() | self._links()

    def _people(self) -> dict[str, User]:
        make = self._make
        return {
            "coach": make.coach("Amara Okafor", headline="First hundred days in a new role"),
            "long_coach": make.coach(LONG, headline="H" * 160),
            "busy_coach": make.coach("Björn Håkansson", zone="America/St_Johns"),
            "new_coach": make.coach("Camille Lefèvre"),
            "student": make.student("Liam Murphy", zone="Asia/Kathmandu"),
            "busy_student": make.student("Ngozi Adeyemi"),
            "long_student": make.student(LONG),
            "arabic_student": make.student(ARABIC, zone="Africa/Casablanca"),
            "emoji_student": make.student(EMOJI),
            "new_student": make.student("Sunita Gurung"),
            "admin": make.admin("Olga Organiser", password=PASSWORD),
        }

    def _sessions(self) -> dict[str, int]:
        make, people = self._make, self.people
        coach, student = people["coach"], people["student"]
        ids = {"held": make.session(coach=coach, student=student, starts_at=at("2026-02-27 10:00")).id}
        for day, who in enumerate(("student", "long_student", "arabic_student", "emoji_student"), 3):
            topic = "T" * 500 if who == "long_student" else "I keep saying yes to everything.\nAnd now?"
            upcoming = make.session(
                coach=coach, student=people[who], starts_at=at(f"2026-03-0{day} 10:00"), topic=topic
            )
            past = make.session(coach=coach, student=people[who], starts_at=at(f"2026-02-0{day} 23:30"), topic=topic)
            make.feedback(past, rating=day - 1, note=NOTE if day % 2 else "Good *energy*.")
            cancelled = make.session(
                coach=coach,
                student=people[who],
                starts_at=at(f"2026-02-1{day} 10:00"),
                cancelled_by=coach if who == "student" else people[who],
                reason="R" * 500 if who == "long_student" else "Exam moved to that day, sorry!",
            )
            ids |= {f"{who}_upcoming": upcoming.id, f"{who}_past": past.id, f"{who}_cancelled": cancelled.id}
            ids[f"{who}_slot"] = upcoming.slot_id
        for hour in range(24):
            make.slot(coach, at("2026-03-09 00:00") + timedelta(hours=36 * hour))
        ids["free"] = make.slot(coach, at("2026-03-06 14:00")).id
        make.slot(coach, at("2026-03-02 06:00"))  # nobody came
        long = people["long_coach"]
        ids["long_free"] = make.slot(long, at("2026-03-05 14:00")).id
        ids["with_long_coach"] = make.session(coach=long, student=student, starts_at=at("2026-03-02 12:00")).id
        make.session(coach=long, student=student, starts_at=at("2026-02-20 12:00"))
        taken = make.session(coach=people["new_coach"], student=student, starts_at=at("2026-03-04 14:00"))
        make.session(coach=people["new_coach"], student=student, starts_at=at("2026-01-20 14:00"))
        ids |= {"last_slot": taken.slot_id, "without_choice": taken.id}
        self._fill(people["busy_coach"], people["busy_student"])
        self._tell(people, taken)
        return ids

    def _tell(self, people: dict[str, User], session: CoachingSession) -> None:
        """Put news of every kind under the bells, and let somebody wait."""
        for who in ("busy_coach", "busy_student", "long_student"):
            for kind in (Kind.BOOKED, Kind.MOVED, Kind.CANCELLED, Kind.MISSED):
                self._make.email(people[who], session, kind=kind)
        self._make.wait(people["long_student"], people["long_coach"])
        self._make.wait(people["long_student"])

    def _links(self) -> dict[str, str]:
        """Mail a link of every kind, and let somebody be signed in elsewhere."""
        long = self.people["long_coach"]
        off = self._make.off(long, "feedback")
        for _ in range(3):
            self._make.sign_in(long)
        self._make.feed(self.people["busy_coach"])
        self._make.feed(self.people["busy_student"])
        return {
            "reset": self._make.link(long),
            "move": self._make.link(long, Purpose.MOVE, "l" * 64 + "@example.org"),
            "confirm": self._make.registration(),
            "off": off,
        }

    def _fill(self, coach: User, student: User) -> None:
        """Give a coach more of everything than a page holds."""
        with self._app.app_context(), saving():
            for number in range(55):
                for way in (-1, 1):
                    for cancelled in (False, True):
                        self._add(
                            coach, student, NOW.replace(hour=16 + 2 * cancelled) + way * timedelta(days=8 + number)
                        )

    def _add(self, coach: User, student: User, starts_at: Any) -> None:
        cancelled = starts_at.hour == 18
        booked_at = min(NOW, starts_at) - timedelta(days=9)
        when = {"starts_at": starts_at, "ends_at": starts_at + SLOT_LENGTH, "coach_id": coach.id}
        slot = TimeSlot(**when, offered_at=booked_at - timedelta(days=1))
        db.session.add(slot)
        db.session.flush()
        known = {"cancelled_at": booked_at, "cancelled_by_id": student.id} if cancelled else {}
        session = CoachingSession(**when, **known, slot_id=slot.id, student_id=student.id, booked_at=booked_at)
        db.session.add(session)
        db.session.flush()
        if starts_at < NOW and not cancelled:
            db.session.add(
                Feedback(session_id=session.id, left_by=coach.id, rating=4, note="Fine.", created_at=when["ends_at"])
            )

    def let_in(self, who: str, window: Page) -> None:
        """Sign somebody in."""
        if who == "admin":
            sign_in(window, self.people[who].email, PASSWORD)
        elif who != "stranger":
            act_as(window, self.people[who])

    def visit(self, place: "Place", window: Page) -> None:
        """Go to a place, in the window of whoever it is shown to."""
        answers: list[Response] = []

        def came(answer: Response) -> None:
            if answer.request.is_navigation_request():
                answers.append(answer)

        window.on("response", came)
        window.goto(place.path.format_map(self.ids))
        if place.then:
            place.then(window)
        window.remove_listener("response", came)
        assert answers[-1].status == place.status, f"{answers[-1].status} {answers[-1].url}"


def act_as(page: Page, person: User) -> None:
    """Become a person of the demo."""
    page.goto("/")
    page.get_by_label("Acting as").select_option(str(person.id))
    press(page, "Switch")


def sign_in(page: Page, email: str, password: str) -> None:
    """Sign in with a password."""
    page.goto("/auth/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    press(page, "Sign in")


def press(page: Page, button: str, /, **fields: str) -> None:
    """Fill in fields, by their names, press a button, and wait for the page that it leads to."""
    page.evaluate(UNCHECKED)
    for field, value in fields.items():
        box = page.locator(f"main [name={field}]")
        if box.first.get_attribute("type") == "radio":
            page.locator(f"main [name={field}][value='{value}']").check()
        elif box.evaluate("box => box.nodeName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def pressing(button: str, /, **fields: str) -> Callable[[Page], None]:
    """Do as `press` does, later."""
    return lambda page: press(page, button, **fields)


def _open_dialog(page: Page) -> None:
    page.locator("[data-dialog]").first.click()


def _open_note(page: Page) -> None:
    for summary in page.locator("summary").all():
        summary.click()


def _open_menu(page: Page) -> None:
    page.locator(".block:visible > summary").first.click()


def _look_for_a_zone(page: Page) -> None:
    page.get_by_role("searchbox").press_sequentially("samoa")


def _without_token(page: Page) -> None:
    page.evaluate("document.querySelector('main [name=csrf_token]').value = 'stale'")
    press(page, "Sign in", email="ana@example.org", password="wrong, but long")


def _too_often(page: Page) -> None:
    asked = page.url
    for _ in range(2):
        page.goto(asked)
        press(page, "Send the link", email="often@example.org")


class Place(NamedTuple):
    """A page: who looks at it, where it is, what they do there, and what the answer is."""

    who: str
    path: str
    then: Callable[[Page], None] | None = None
    status: int = 200


PLACES = {
    # whoever comes
    "welcome": Place("stranger", "/"),
    "sign in": Place("stranger", "/auth/sign-in"),
    "sign in, nothing typed": Place("stranger", "/auth/sign-in", pressing("Sign in"), 422),
    "sign in, wrong password": Place(
        "stranger", "/auth/sign-in", pressing("Sign in", email="who@example.org", password="wrong, but long"), 422
    ),
    "register": Place("stranger", "/auth/register"),
    "register, nothing right": Place(
        "stranger", "/auth/register", pressing("Register", email="x", phone="12", password="short"), 422
    ),
    "register, looking for a zone": Place("stranger", "/auth/register", _look_for_a_zone),
    "forgotten": Place("stranger", "/auth/forgotten"),
    "forgotten, nothing right": Place("stranger", "/auth/forgotten", pressing("Send the link", email="x"), 422),
    "sent": Place("stranger", "/auth/sent"),
    "reset": Place("stranger", "/auth/reset/{reset}"),
    "reset, a common password": Place(
        "stranger", "/auth/reset/{reset}", pressing("Save and sign in", password="qwertyuiop"), 422
    ),
    "confirm": Place("stranger", "/auth/confirm/{confirm}"),
    "confirm a new address": Place("stranger", "/auth/email/{move}"),
    "too often": Place("stranger", "/auth/forgotten", _too_often, 429),
    "stale form": Place("stranger", "/auth/sign-in", _without_token, 400),
    "nothing here": Place("stranger", "/no/such/page", None, 404),
    "not like this": Place("stranger", "/auth/sign-out", None, 405),
    # a student
    "student's start": Place("student", "/"),
    "new student's start": Place("new_student", "/"),
    "student with a long name": Place("long_student", "/"),
    "student with an Arabic name": Place("arabic_student", "/"),
    "student with emoji for a name": Place("emoji_student", "/"),
    "coaches": Place("student", "/coaches/"),
    "coaches that nobody is": Place("student", "/coaches/?q=nobody&on=2026-03-09"),
    "coaches that are free then": Place("student", "/coaches/?weekday=5&part=night"),
    "coaches that nobody is then": Place("student", "/coaches/?q=amara&weekday=5&part=morning"),
    "soonest": Place("student", "/coaches/soonest"),
    "soonest, nothing then": Place("student", "/coaches/soonest?q=nobody&weekday=5&part=night"),
    "coach": Place("student", "/coaches/{coach_id}"),
    "coach, then": Place("student", "/coaches/{coach_id}?weekday=5&weekday=6&part=night"),
    "coach, never then": Place("student", "/coaches/{long_coach_id}?weekday=1&part=night"),
    "coach with a long name": Place("student", "/coaches/{long_coach_id}"),
    "coach without free times": Place("student", "/coaches/{new_coach_id}"),
    "book": Place("student", "/sessions/book/{free}"),
    "book a coach with a long name": Place("student", "/sessions/book/{long_free}"),
    "book, too much typed": Place(
        "student", "/sessions/book/{free}", pressing("Book this time", topic="too long " * 60), 422
    ),
    "book, taken": Place("new_student", "/sessions/book/{student_slot}", None, 409),
    "book, taken, none left": Place("new_student", "/sessions/book/{last_slot}", None, 409),
    "student's upcoming": Place("student", "/sessions/"),
    "student's previous": Place("student", "/sessions/?when=previous"),
    "student's cancelled": Place("student", "/sessions/?when=cancelled"),
    "student's number of a coach": Place("student", "/sessions/?when=previous", _open_dialog),
    "new student's upcoming": Place("new_student", "/sessions/"),
    "new student's previous": Place("new_student", "/sessions/?when=previous"),
    "new student's cancelled": Place("new_student", "/sessions/?when=cancelled"),
    "student's session": Place("student", "/sessions/{student_upcoming}"),
    "student's session with a long name": Place("student", "/sessions/{with_long_coach}"),
    "student's session, held": Place("student", "/sessions/{held}"),
    "student's session, cancelled": Place("long_student", "/sessions/{long_student_cancelled}"),
    "move": Place("student", "/sessions/{student_upcoming}/move"),
    "move, nothing chosen": Place("student", "/sessions/{student_upcoming}/move", pressing("Move it"), 422),
    "move, no choice": Place("student", "/sessions/{without_choice}/move"),
    "move, held": Place("student", "/sessions/{held}/move", None, 409),
    "student cancels": Place("student", "/sessions/{student_upcoming}/cancel"),
    "student cancels, too much typed": Place(
        "student", "/sessions/{student_upcoming}/cancel", pressing("Cancel the session", reason="too long " * 60), 422
    ),
    "student's calendar": Place("student", "/calendar/"),
    "student's new calendar": Place("busy_student", "/calendar/", pressing("Make a new address")),
    "student's profile": Place("student", "/auth/profile"),
    "student's profile, another zone": Place("student", "/auth/profile?zone=America/St_Johns"),
    "not for you": Place("student", "/slots/", None, 403),
    # a coach
    "coach's start": Place("coach", "/"),
    "coach with a long name's start": Place("long_coach", "/"),
    "new coach's start": Place("new_coach", "/"),
    "busy coach's start": Place("busy_coach", "/"),
    "availability": Place("coach", "/slots/"),
    "availability, an empty week": Place("new_coach", "/slots/?week=2026-W30"),
    "availability, the clocks go back": Place("coach", "/slots/?week=2026-W43"),
    "availability, a menu": Place("coach", "/slots/?week=2026-W10", _open_menu),
    "offer, at a time": Place("coach", "/slots/?date=2026-10-25&time=01:30&which=second"),
    "preview": Place("coach", "/slots/", pressing("Look at it first", date="2026-03-06", time="10:00", weeks="4")),
    "preview, nothing good": Place(
        "coach", "/slots/", pressing("Look at it first", date="2026-03-29", time="01:30", weeks="1")
    ),
    "copy a week": Place("coach", "/slots/copy?week=2026-W11"),
    "copy an empty week": Place("new_coach", "/slots/copy?week=2026-W30"),
    "away": Place("coach", "/sessions/away?from=2026-03-02&to=2026-03-20"),
    "away, nothing right": Place(
        "coach",
        "/sessions/away?from=2026-03-02&to=2026-03-20",
        pressing("Change them", what="move", days="400", minutes="7"),
        422,
    ),
    "away, nothing there": Place("new_coach", "/sessions/away?from=2026-06-02"),
    "coach's week": Place("coach", "/sessions/?view=week"),
    "student's week": Place("student", "/sessions/?view=week", _open_menu),
    "student's empty week": Place("new_student", "/sessions/?view=week"),
    "offer, nothing right": Place("coach", "/slots/", pressing("Publish", date="2020-01-01", time="", weeks="99"), 422),
    "offer, twice that hour": Place("coach", "/slots/", pressing("Publish", date="2026-10-25", time="01:30"), 422),
    "offer, overlap": Place("coach", "/slots/", pressing("Publish", date="2026-03-06", time="15:00"), 409),
    "move a slot": Place("coach", "/slots/{free}/move"),
    "move a slot, skipped hour": Place(
        "coach", "/slots/{free}/move", pressing("Move it", date="2026-03-29", time="01:15"), 422
    ),
    "move a slot, booked": Place("coach", "/slots/{student_slot}/move", None, 409),
    "coach's upcoming": Place("coach", "/sessions/"),
    "coach's previous": Place("coach", "/sessions/?when=previous", _open_note),
    "coach's cancelled": Place("coach", "/sessions/?when=cancelled"),
    "coach's number of a student": Place("coach", "/sessions/?when=previous", _open_dialog),
    "many upcoming": Place("busy_coach", "/sessions/"),
    "many previous": Place("busy_coach", "/sessions/?when=previous"),
    "many cancelled": Place("busy_coach", "/sessions/?when=cancelled"),
    "new coach's upcoming": Place("long_coach", "/sessions/?when=cancelled"),
    "coach's session": Place("coach", "/sessions/{long_student_upcoming}"),
    "coach's session, Arabic": Place("coach", "/sessions/{arabic_student_upcoming}"),
    "coach's session, emoji": Place("coach", "/sessions/{emoji_student_upcoming}"),
    "coach's session, recorded": Place("coach", "/sessions/{student_past}"),
    "coach's session, not recorded": Place("coach", "/sessions/{held}"),
    "coach's session, cancelled": Place("coach", "/sessions/{student_cancelled}"),
    "coach moves": Place("coach", "/sessions/{long_student_upcoming}/move"),
    "coach cancels": Place("coach", "/sessions/{long_student_upcoming}/cancel"),
    "feedback": Place("coach", "/sessions/{held}/feedback"),
    "feedback, no rating": Place("coach", "/sessions/{held}/feedback", pressing("Save", note=NOTE), 422),
    "feedback, corrected": Place("coach", "/sessions/{long_student_past}/feedback"),
    "feedback, too early": Place("coach", "/sessions/{student_upcoming}/feedback", None, 409),
    "coach's profile": Place("long_coach", "/auth/profile"),
    "coach's profile, nothing right": Place(
        "coach", "/auth/profile", pressing("Save", name="", phone="1", headline="h" * 161), 422
    ),
    "coach's calendar": Place("busy_coach", "/calendar/"),
    "coaches for a coach": Place("coach", "/coaches/"),
    "soonest for a coach": Place("coach", "/coaches/soonest"),
    "password": Place("coach", "/auth/password"),
    "password, nothing right": Place("coach", "/auth/password", pressing("Save", password="short"), 422),
    "e-mail": Place("coach", "/auth/email"),
    "e-mail, nothing right": Place("coach", "/auth/email", pressing("Send the link", email="x"), 422),
    "devices": Place("long_coach", "/auth/devices"),
    "coach's news": Place("busy_coach", "/news/"),
    "student's news": Place("long_student", "/news/"),
    "no news": Place("new_student", "/news/"),
    "coach's mails": Place("coach", "/news/mails"),
    "mails of who waits": Place("long_student", "/news/mails"),
    "no more mails": Place("stranger", "/news/off/{off}"),
    "that mails have ended": Place("stranger", "/news/off/{off}", pressing("No more of these")),
    # the organiser
    "organiser's start": Place("admin", "/"),
    "coaches for the organiser": Place("admin", "/coaches/"),
    "organiser's profile": Place("admin", "/auth/profile"),
}
