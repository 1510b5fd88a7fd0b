"""The commands: `flask people`, which adds and lists people, and `flask demo`, which makes some up."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import phonenumbers
import pytest
from click.testing import Result
from sqlalchemy import func, select

from coaching import demo
from coaching.auth import queries, rules
from coaching.coaches.queries import coaches_with_free_slots
from coaching.extensions import db
from coaching.models import CoachingSession, EarlierFeedback, Feedback, Role, TimeSlot, User
from tests.databases import empty
from tests.make import NOW, at

Run = Callable[..., Result]

ANA = {"--role": "student", "--name": "Ana Silva", "--phone": "+44 20 7946 0958", "--zone": "Asia/Kathmandu"}
PASSWORD = "correct horse battery"


@pytest.fixture
def run(app) -> Run:
    """Runs a command as somebody at a terminal would."""

    def runs(*words: str, typed: str | None = None) -> Result:
        return app.test_cli_runner().invoke(args=words, input=typed)

    return runs


@pytest.fixture
def add(run: Run) -> Callable[..., Result]:
    def adds(email: str = "ana@example.org", typed: str | None = PASSWORD, **changed: str | None) -> Result:
        options = {**ANA, **{f"--{name}": value for name, value in changed.items()}}
        words = [word for option, value in options.items() if value is not None for word in (option, value)]
        return run("people", "add", email, *words, *(["--password-stdin"] if typed is not None else []), typed=typed)

    return adds


def kept(app, what: Any) -> list[Any]:
    with app.app_context():
        return list(db.session.scalars(what))


# flask people add


@pytest.mark.parametrize("role", list(Role))
def test_it_adds_a_person_and_prints_the_id_alone(add, app, ask, role):
    done = add(role=str(role), typed=f"{PASSWORD}\n")
    [person] = kept(app, select(User))
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{person.id}\n", "")
    assert (person.role, person.name, person.email) == (role, "Ana Silva", "ana@example.org")
    assert (person.time_zone, person.created_at) == ("Asia/Kathmandu", NOW)
    assert ask(queries.own_number, person) == "+442079460958"


def test_the_person_signs_in_with_the_password_that_was_read(add, client):
    add(typed=f"{PASSWORD}\r\nand what follows is not read\n")
    client.post("/auth/sign-in", {"email": "ana@example.org", "password": PASSWORD})
    assert "Ana Silva, student" in client.get("/").said


@pytest.mark.parametrize("password", ["  ten blanks around  ", "pässwörter 🎧 und mehr", "x" * 128])
def test_a_password_is_taken_as_it_is(add, do, password):
    add(typed=f"{password}\n")
    assert do(rules.person_with, "ana@example.org", password).name == "Ana Silva"


def test_without_a_password_nobody_can_sign_in_as_them(add, app, do):
    assert add(typed=None).exit_code == 0
    assert kept(app, select(User.password_hash)) == [None]
    with pytest.raises(rules.CannotSignIn):
        do(rules.person_with, "ana@example.org", "")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": "ana"}, "email: Enter an e-mail address"),
        ({"email": "ana@localhost"}, "email: Enter an e-mail address"),
        ({"email": ""}, "email: Enter your e-mail address"),
        ({"name": "  "}, "name: Enter your name"),
        ({"name": "x" * 81}, "name: Use at most 80 characters"),
        ({"name": "Ana\u202e"}, "name: Use letters that can be seen"),
        ({"name": "Ana\udcff"}, "name: Use letters that can be seen"),
        ({"typed": b"long enough \xff\n"}, "password: It is not written in UTF-8"),
        ({"phone": "020 7946 0958"}, "phone: Begin with + and the country"),
        ({"phone": "abc"}, "phone: Begin with +"),
        ({"phone": "+44 20"}, "phone: That is too short or too long"),
        ({"phone": ""}, "phone: Enter your phone number"),
        ({"phone": "+49 123456789012345"}, "phone: That is too short or too long"),
        ({"zone": "Europe/Atlantis"}, "time_zone: "),
        ({"zone": ""}, "time_zone: Choose your time zone"),
        ({"typed": "too short\n"}, "password: Use 10 to 128 characters"),
        ({"typed": "x" * 129}, "password: Use 10 to 128 characters"),
        ({"typed": ""}, "password: Choose a password"),
        ({"typed": "\n"}, "password: Choose a password"),
        ({"role": "boss"}, "Invalid value for '--role'"),
        ({"role": None}, "Missing option '--role'"),
        ({"name": None}, "Missing option '--name'"),
        ({"phone": None}, "Missing option '--phone'"),
        ({"zone": None}, "Missing option '--zone'"),
    ],
)
def test_it_says_what_is_wrong_and_adds_nobody(add, app, changed, said):
    done = add(**changed)
    assert done.exit_code in {1, 2}
    assert isinstance(done.exception, SystemExit), "no traceback"
    assert said in done.stderr
    assert done.stdout == ""
    assert kept(app, select(User)) == []


def test_it_says_everything_that_is_wrong_at_once(add):
    done = add(email="ana", phone="abc")
    assert "email: " in done.stderr
    assert "phone: " in done.stderr


@pytest.mark.parametrize("email", ["ana@example.org", "Ana@Example.ORG", " ana@example.org "])
def test_an_email_address_is_taken_once_however_it_is_spelt(add, app, email):
    add()
    done = add(email=email, name="Another Ana")
    assert done.exit_code == 1
    assert "registered with this e-mail address already" in done.stderr
    assert kept(app, select(User.name)) == ["Ana Silva"]


# flask people list


def test_it_lists_everybody_in_the_order_in_which_they_came(run, make):
    bo, ana = make.coach("Bo"), make.student("Ana Silva", zone="Asia/Kathmandu")
    done = run("people", "list")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{bo.id}\tcoach\tBo\t{bo.email}\tEurope/London",
        f"{ana.id}\tstudent\tAna Silva\t{ana.email}\tAsia/Kathmandu",
    ]


def test_an_empty_list_is_empty(run):
    done = run("people", "list")
    assert (done.exit_code, done.stdout) == (0, "")


def test_nobodys_number_is_in_the_list_not_even_in_the_demo(run, app):
    run("demo")
    listed = run("people", "list").stdout
    assert len(listed.splitlines()) == 32
    assert [number for number in kept(app, select(User.phone)) if number.lstrip("+") in listed] == []


# flask people whom


def test_it_says_whom_one_can_act_as(run, make):
    for name in ("Bo", "Cleo", "Dai", "Eva"):
        make.coach(name)
    make.student("Ana")
    make.admin("Adam")
    assert run("people", "whom").stdout == "  Bo (coach), Cleo (coach), Dai (coach) and 1 more\n  Ana (student)\n"


def test_outside_a_demo_one_can_act_as_nobody(new_app):
    done = new_app(COACHING_DEMO="0").test_cli_runner().invoke(args=["people", "whom"])
    assert done.exit_code == 1
    assert "Only in a demo" in done.stderr


# flask demo


def test_the_demo_has_all_that_there_is_to_see(run, app):
    done = run("demo")
    assert (done.exit_code, done.exception) == (0, None)
    with app.app_context():
        people = dict(db.session.execute(select(User.role, func.count()).group_by(User.role)).all())
        zones = set(db.session.scalars(select(User.time_zone).where(User.role == Role.COACH)))
        offers = coaches_with_free_slots(after=NOW, limit=99)
        last = db.session.scalar(select(func.max(TimeSlot.starts_at)))
        session = CoachingSession
        live = session.cancelled_at.is_(None)
        rated = select(Feedback.session_id)
        counts = {
            what: len(db.session.scalars(select(session).where(*conditions)).all())
            for what, conditions in {
                "upcoming": (live, session.ends_at > NOW),
                "with feedback": (live, session.ends_at <= NOW, session.id.in_(rated)),
                "without feedback": (live, session.ends_at <= NOW, session.id.not_in(rated)),
                "cancelled by the coach": (session.cancelled_by_id == session.coach_id,),
                "cancelled by the student": (session.cancelled_by_id == session.student_id,),
                "cancelled with a reason": (session.reason != "",),
                "with a topic": (session.topic != "",),
            }.items()
        }
    assert people == {Role.COACH: 8, Role.STUDENT: 24}
    assert len(zones) >= 6
    assert len(offers) == 8, "every coach has something free"
    assert NOW + timedelta(days=19) < last < NOW + timedelta(days=23), "three weeks of slots"
    assert {what: count for what, count in counts.items() if count < 2} == {}
    assert set(kept(app, select(Feedback.rating))) == {None, 1, 2, 3, 4, 5}, "and somebody did not answer"
    assert kept(app, select(EarlierFeedback)), "some feedback was corrected"


def test_the_demo_is_the_same_each_time(run, app, everything):
    run("demo")
    first = everything()
    empty(app)
    run("demo")
    assert everything() == first


def test_the_demo_is_the_same_relative_to_now(run, app, clock):
    """Two summers' days a week apart, with no clock change near."""

    def sessions(now: datetime) -> list[Any]:
        empty(app)
        clock.move_to(now)
        assert run("demo").exit_code == 0
        with app.app_context():
            return [
                (row.id, row.starts_at - now, row.booked_at - now, row.coach_id, row.student_id, row.topic, row.reason)
                for row in db.session.scalars(select(CoachingSession).order_by(CoachingSession.id))
            ]

    first = sessions(at("2026-07-01 08:00"))
    assert len(first) > 50
    assert sessions(at("2026-07-08 08:00")) == first


@pytest.mark.parametrize(
    "now",
    [
        "2026-03-28 23:30", "2026-03-29 01:00", "2026-10-24 12:00", "2026-10-25 00:30",  # Europe
        "2026-03-08 06:59", "2026-11-01 05:30",  # America
        "2026-04-04 15:00", "2026-09-26 14:00",  # New Zealand
        "2026-02-15 02:30", "2026-03-22 02:30",  # Morocco, at both ends of Ramadan
        "2027-01-01 00:00", "2028-02-29 11:59",
    ],
)  # fmt: skip
def test_the_demo_can_be_had_on_any_day(run, app, clock, now):
    clock.move_to(at(now))
    done = run("demo")
    assert done.exit_code == 0, done.output
    with app.app_context():
        assert len(coaches_with_free_slots(after=at(now), limit=99)) == 8
        assert len(kept(app, select(CoachingSession))) > 50
        assert kept(app, select(CoachingSession).where(CoachingSession.ends_at > at(now)))


# What regulators keep for stories: NANP's 555-01XX, Ofcom's, the Bundesnetzagentur's, Arcep's, PTS's, ACMA's.
FICTION = re.compile(
    r"\+1\d{3}55501\d\d|\+442079460\d{3}|\+4917139200\d\d|\+3319900\d{4}|\+467017406\d\d|\+6149157015[6-9]"
)


def test_nobody_of_the_demo_can_be_called_by_mistake(run, app):
    run("demo")
    numbers = kept(app, select(User.phone))
    assert len(set(numbers)) == 32
    assert [number for number in numbers if not phonenumbers.is_valid_number(phonenumbers.parse(number))] == []
    assert [number for number in numbers if not FICTION.fullmatch(number)] == []


def test_the_demo_leaves_a_database_with_people_as_it_is(run, make, everything):
    make.admin()
    before = everything()
    done = run("demo")
    assert done.exit_code == 1
    assert "There are people in this database already. Nothing was changed." in done.stderr
    assert everything() == before


def test_the_demo_can_be_asked_for_only_where_there_is_nobody(run, make, everything):
    make.admin()
    before = everything()
    done = run("demo", "--if-empty")
    assert (done.exit_code, done.output) == (0, "")
    assert everything() == before


def test_a_demo_that_takes_long_shows_how_far_it_is_and_is_the_same(run, app, everything, monkeypatch):
    run("demo")
    first = everything()
    empty(app)
    monkeypatch.setattr(demo, "PATIENCE_SECONDS", 0)
    assert "Making the demo" in run("demo").stderr
    assert everything() == first


def test_a_demo_that_breaks_off_leaves_nothing(run, everything, monkeypatch):
    before = everything()
    monkeypatch.setattr(demo, "STUDENTS", [*demo.STUDENTS, ("", *demo.STUDENTS[0][1:])])  # nobody is called nothing
    assert run("demo").exit_code == 1
    assert everything() == before
