"""Phone numbers, ratings, notes and what people write to each other stand only where rules 9 and 10 allow it."""

import logging
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from coaching.extensions import db
from coaching.formatting import RATINGS
from tests.crawling import Crawler, ids_of
from tests.databases import app_on, close
from tests.make import NOW, Make
from tests.world import enter, small_world

# What nobody may be told but those who are named in SEES. Numbers by their last digits, however they are written.
SECRETS = {
    "Ana's number": "2025550111",
    "Bo's number": "2025550122",
    "Cy's number": "2025550133",
    "Di's number": "2025550144",
    "Ed's number": "2025550155",
    "Flo's number": "2025550166",
    "Ana's address": "coach-1@example.org",
    "Bo's address": "student-2@example.org",
    "Cy's address": "coach-3@example.org",
    "Di's address": "student-4@example.org",
    "Ed's address": "student-5@example.org",
    "Flo's address": "admin-6@example.org",
    "the rating": "satisfied",  # a part of every word that ratings have, but for one
    "a middling rating": "so-so",
    "the note": "Note as it stands",
    "the earlier note": "Note as it stood before",
    "what Bo wants to talk about": "Topic of the upcoming one",
    "what Bo talked about": "Topic of the previous one",
    "what Bo would have talked about": "Topic of the cancelled one",
    "what Di wants to talk about": "Topic of Di",
    "what Ed would have talked about": "Topic of Ed",
    "why Bo cancelled": "Reason of Bo",
    "why Ana cancelled on Ed": "Reason why",
}
BOS = {"what Bo wants to talk about", "what Bo talked about", "what Bo would have talked about", "why Bo cancelled"}
EDS = {"what Ed would have talked about", "why Ana cancelled on Ed"}

SEES = {
    "stranger": set(),
    "admin": {"Flo's number", "Flo's address"},
    "other student": {"Di's number", "Di's address", "Cy's number", "what Di wants to talk about"},
    "other coach": {"Cy's number", "Cy's address", "Di's number", "what Di wants to talk about"},
    "its student": {"Bo's number", "Bo's address", "Ana's number"} | BOS,
    "its coach": {"Ana's number", "Ana's address", "Bo's number", "the rating", "a middling rating", "the note"}
    | BOS
    | EDS,
    "former student": {"Ed's number", "Ed's address"} | EDS,
}


def secrets_in(told: str) -> set[str]:
    """Return the names of the secrets that stand in a text, in whatever form."""
    digits = re.sub(r"\D", "", told)
    return {name for name, secret in SECRETS.items() if secret in (digits if secret.isdigit() else told)}


def without_last_seen(rows):
    return rows | {"sign_in": [(*row[:4], *row[5:]) for row in rows["sign_in"]]}


def test_the_secrets_are_found_however_they_are_written():
    for written in ("+12025550111", "+1 202-555-0111", "(202) 555 0111", "tel:%2B12025550111"):
        assert secrets_in(f"Call <b>{written}</b>!") == {"Ana's number"}
    assert all(secrets_in(word) & {"the rating", "a middling rating"} for word in RATINGS.values())


@pytest.mark.parametrize("who", SEES)
def test_who_looks_everywhere_is_told_only_what_is_theirs_and_changes_nothing(
    make: Make, new_client, everything, *, clock, caplog, who
):
    world = small_world(make)
    ids = ids_of({name: everything()[name] for name in ("user", "time_slot", "coaching_session", "feedback")})
    client = enter(new_client(), (world.people | {"former student": world.former_student})[who])
    clock.shift(timedelta(hours=2))  # long enough for a sign-in to be noticed again
    before = everything()
    crawler = Crawler(client)

    crawler.follow_everything()
    crawler.try_every_address(ids)

    found = {url: secrets_in(told.text) for url, told in crawler.told.items()}
    others = {url: secrets - SEES[who] for url, secrets in found.items() if secrets - SEES[who]}
    assert others == {}
    assert set().union(*found.values()) == SEES[who], "what is theirs is there"
    assert {told.status for told in crawler.told.values()} <= {200, 302, 303, 308, 403, 404, 409}
    assert secrets_in(caplog.text) == set()
    assert without_last_seen(everything()) == without_last_seen(before)


def test_pages_that_all_coaches_and_students_see_hold_no_number_at_all(make: Make, client):
    world = small_world(make)
    for person in (world.student, world.coach, world.other_student, world.admin):
        enter(client, person)
        for url in ("/coaches/", f"/coaches/{world.coach.id}", "/coaches/?q=Ana"):
            page = client.get(url)
            assert not {name for name in secrets_in(page.text) if "number" in name}, url
            assert "tel:" not in page.text


@pytest.mark.parametrize("who", ["other student", "other coach", "former student", "its student", "admin"])
def test_who_is_refused_learns_nothing_from_it(make: Make, client, caplog, who):
    world = small_world(make)
    enter(client, (world.people | {"former student": world.former_student})[who])
    sessions = (world.upcoming, world.recorded, world.cancelled, world.of_others, world.of_former_student)
    tries = [f"/sessions/{session.id}/{verb}" for session in sessions for verb in ("move", "cancel", "feedback")]
    tries += [f"/sessions/book/{slot.id}" for slot in (world.booked, world.withdrawn)]
    tries += [f"/slots/{slot.id}/{verb}" for slot in (world.booked, world.free) for verb in ("move", "withdraw")]
    mine = {"other student": world.of_others, "other coach": world.of_others, "its student": world.upcoming}.get(who)
    for url in tries:
        if mine is None or f"/{mine.id}/" not in url:
            page = client.post(url, {"rating": "9", "slot_id": world.booked.id, "date": "2027-01-04", "time": "10:00"})
            assert page.status in {303, 403, 404, 409}, url
            assert secrets_in(page.text + str(page.headers)) <= SEES[who], url
    assert secrets_in(caplog.text) == set()


def test_the_loser_of_a_slot_is_not_told_who_has_it(make: Make, client):
    world = small_world(make)
    client.sign_in(world.other_student)
    page = client.post(f"/sessions/book/{world.booked.id}")
    assert page.status == 409
    main = page.all("main")[0].get_text()
    assert "Bo Student" not in main
    assert not secrets_in(main)


@pytest.mark.parametrize("what", ["2025550111", "+1 202", "202-555", "coach-1@example.org", "example.org"])
def test_coaches_are_not_found_by_what_they_do_not_publish(make: Make, client, what):
    world = small_world(make)
    client.sign_in(world.other_student)
    page = client.get("/coaches/", query_string={"q": what})
    assert "Nobody fits that" in page.said
    assert "Ana Coach" not in page.texts("main h2")


# Rule 9: until when


def numbers_told(client, session_id) -> dict[str, bool]:
    """Return which pages of somebody's show a number that is not their own."""
    crawler = Crawler(client)
    crawler.follow_everything()
    crawler.look(f"/sessions/{session_id}")
    return {url: "tel:" in told.text for url, told in crawler.told.items()}


@pytest.mark.parametrize("by", ["its student", "its coach"])
def test_cancelling_the_only_session_takes_the_sight_of_the_numbers_away_from_both(make: Make, new_client, by):
    coach, student = make.coach(phone="+12025550111"), make.student(phone="+12025550122")
    session = make.session(make.slot(coach), student)
    make.slot(coach)
    clients = {"its student": new_client().sign_in(student), "its coach": new_client().sign_in(coach)}
    for client in clients.values():
        assert numbers_told(client, session.id)[f"/sessions/{session.id}"], "from the moment of booking"

    assert clients[by].post(f"/sessions/{session.id}/cancel").status == 303

    for who, client in clients.items():
        crawler = Crawler(client)
        crawler.follow_everything()
        told = {name for each in crawler.told.values() for name in secrets_in(each.text)}
        assert told & {"Ana's number", "Bo's number"} == {"Bo's number" if who == "its student" else "Ana's number"}
        assert not any(numbers_told(client, session.id).values())
        assert crawler.look(f"/sessions/{session.id}").status == 200, "it stays in the history"


@pytest.mark.parametrize("other", ["upcoming", "previous"])
def test_the_numbers_stay_as_long_as_there_is_another_live_session_together(make: Make, new_client, other):
    coach, student = make.coach(), make.student()
    session = make.session(make.slot(coach), student)
    when = NOW - timedelta(days=1) if other == "previous" else NOW + timedelta(days=9)
    make.session(make.slot(coach, when), student)
    clients = [new_client().sign_in(student), new_client().sign_in(coach)]
    clients[0].post(f"/sessions/{session.id}/cancel")
    for client in clients:
        assert client.get(f"/sessions/{session.id}").links("tel:")


def test_a_live_session_with_somebody_else_does_not_keep_the_sight(make: Make, new_client):
    coach, student, other_coach, other_student = make.coach(), make.student(), make.coach(), make.student()
    session = make.session(make.slot(coach), student, cancelled_by=student)
    make.session(make.slot(other_coach), student)
    make.session(make.slot(coach), other_student)
    for person in (student, coach):
        client = new_client().sign_in(person)
        assert client.get(f"/sessions/{session.id}").links("tel:") == []


def test_booking_again_gives_the_sight_back(make: Make, client):
    coach, student = make.coach(phone="+12025550111"), make.student()
    slot = make.slot(coach)
    cancelled = make.session(slot, student, cancelled_by=student)
    client.sign_in(student)
    assert client.get(f"/sessions/{cancelled.id}").links("tel:") == []
    client.post(f"/sessions/book/{slot.id}")
    assert client.get(f"/sessions/{cancelled.id}").links("tel:") == ["tel:+12025550111"]


# Outside a demo, and when something breaks


def test_outside_a_demo_students_are_named_to_nobody_but_their_coaches(make: Make, new_app):
    """In a demo everybody stands in the dropdown; a real programme does not hand its students' names around."""
    coach, mallory = make.coach("Ana Coach"), make.student("Mallory", password="long enough to do")
    make.session(make.slot(coach), make.student("Bo Student"))
    make.slot(coach)
    browser = new_app(COACHING_DEMO="0").test_client()
    here = {"base_url": "https://localhost", "headers": {"Referer": "https://localhost/"}}
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/auth/sign-in", **here).text)[1]
    form = {"email": mallory.email, "password": "long enough to do", "csrf_token": token}
    assert browser.post("/auth/sign-in", data=form, **here).status_code == 303
    seen = [browser.get(url, **here).text for url in ("/", "/coaches/", f"/coaches/{coach.id}", "/sessions/")]
    assert "Ana Coach" in seen[1]
    assert not [page for page in seen if "Bo Student" in page]


def test_a_fault_in_the_database_writes_no_note_into_the_log(databases, tmp_path, new_client, caplog):
    """Drivers and SQLAlchemy put the values of a statement into their messages, and PostgreSQL the whole row."""
    app = app_on(databases.new(), tmp_path)
    app.testing = False  # as it is outside: an error makes a page and a line in the log
    make = Make(app)
    coach, student = make.coach(), make.student()
    session = make.session(make.slot(coach, NOW - timedelta(days=1)), student)
    with app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(
                text("CREATE TRIGGER full BEFORE INSERT ON feedback BEGIN SELECT RAISE(ABORT, 'x'); END")
            )
        else:
            connection.execute(text("ALTER TABLE feedback ADD CONSTRAINT is_full CHECK (id < 0)"))
    client = new_client(app).sign_in(coach)
    page = client.post(f"/sessions/{session.id}/feedback", {"rating": "1", "note": "Note as it stands"})
    close(app)
    assert page.status >= 500
    assert "Note as it stands" not in page.text
    assert [record for record in caplog.records if record.levelno >= logging.ERROR], "it is in the log all the same"
    assert "Note as it stands" not in caplog.text
