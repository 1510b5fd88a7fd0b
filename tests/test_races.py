"""Whoever presses in the same instant as others: exactly one wins, nothing of the losers is kept, and nothing breaks.

Everything here goes over HTTP to gunicorn with four processes, on SQLite and on PostgreSQL. `race.together` sends all
requests at once, and then looks whether any answer was a fault of ours (5xx), or any promise is broken in the data.

That there is something to lose is shown first: without locks and constraints the same crowds do break the promises.
The lock is `SELECT … FOR NO KEY UPDATE` on PostgreSQL, and `BEGIN IMMEDIATE` on SQLite (see `racing.without_locks`).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from coaching.extensions import db
from coaching.models import SignIn, User
from tests.databases import Databases
from tests.racing import Press, Race, day, statuses, take_constraints_off
from tests.world import PASSWORD

pytestmark = [pytest.mark.real_time, pytest.mark.xdist_group("races")]

MOST_ROUNDS = 20  # a race that can be lost is lost in the first round or two


@pytest.fixture(scope="module")
def served(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Race]:
    """The app as it is deployed."""
    with Race(databases.new(), tmp_path_factory.mktemp("served")) as race:
        yield race


@pytest.fixture
def race(served: Race) -> Race:
    """The app as it is deployed, on an empty database."""
    return served.begin()


@pytest.fixture
def race_without_locks(databases: Databases, tmp_path: Path) -> Iterator[Race]:
    """The app without its locks; the constraints stand."""
    with Race(databases.new(), tmp_path, "tests.racing:without_locks()") as race:
        yield race


def but_for_mails(changed: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Return what else has changed: two were told of one thing, reminded once or twice, and one asked how it went."""
    assert changed.pop("email") in {(0, 7), (0, 5)}
    return changed


# Crowds, round after round


def students_at_one_slot(race: Race) -> Iterator[list[Press]]:
    """200 students book the same slot."""
    crowd = race.browsers(race.students(200))
    coach = race.make.coach()
    for number in count():
        slot = race.make.slot(coach, day(number))
        yield [student.press(f"/sessions/book/{slot.id}") for student in crowd]


def one_student_at_ten_slots(race: Race) -> Iterator[list[Press]]:
    """One student books ten slots of ten coaches; any two of the slots overlap."""
    student = race.browser(race.make.student())
    coaches = [race.make.coach() for _ in range(10)]
    for number in count():
        starts = [day(number) + timedelta(minutes=15 * (place % 8)) for place in range(10)]
        slots = [race.make.slot(coach, at) for coach, at in zip(coaches, starts, strict=True)]
        yield [student.press(f"/sessions/book/{slot.id}") for slot in slots]


def one_coach_with_forty_offers(race: Race) -> Iterator[list[Press]]:
    """One coach offers two hours from every quarter of ten hours, once or three weeks in a row."""
    coach = race.browser(race.make.coach(zone="UTC"))
    for number in count():
        starts = [day(number, "08:00") + timedelta(minutes=15 * place) for place in range(40)]
        yield [
            coach.press("/slots/offer", date=at.date(), time=f"{at:%H:%M}", weeks=1 + 2 * (place % 2))
            for place, at in enumerate(starts)
        ]


CROWDS = {
    "two live sessions on one slot": students_at_one_slot,
    "two live sessions of one student overlap": one_student_at_ten_slots,
    "two slots of one coach overlap": one_coach_with_forty_offers,
}


# What can be lost


def test_without_protection_every_promise_breaks(race_without_locks: Race) -> None:
    race = race_without_locks
    take_constraints_off(race.app)
    for promise, crowd in CROWDS.items():
        race.begin()
        rounds = islice(crowd(race), MOST_ROUNDS)
        seen = any(race.rush(presses) and promise in race.broken() for presses in rounds)
        assert seen, f"these tests cannot see this race: in {MOST_ROUNDS} rounds, never {promise}"


def test_without_locks_the_constraints_keep_every_promise(race_without_locks: Race) -> None:
    race = race_without_locks
    for crowd in CROWDS.values():
        race.begin()
        answers = race.rush(next(crowd(race)))
        assert not race.broken(), race.trouble(answers)
        assert any(answer.won for answer in answers)
        # Two clashing inserts under EXCLUDE may wait for each other until PostgreSQL ends one of them (503): that is
        # what the locks are for, besides saying why.
        assert {answer.status for answer in answers} <= {303, 409, 503}, race.trouble(answers)
        assert all(answer.retry_after for answer in answers if answer.status == 503)


# Rules 2, 3 and 4, under pressure


def test_of_200_students_one_gets_the_slot(race: Race) -> None:
    for presses in islice(students_at_one_slot(race), 5):
        before = race.everything()
        [answers] = race.together(presses)
        assert statuses(answers) == {303: 1, 409: 199}
        assert but_for_mails(race.changed(before)) == {"coaching_session": (0, 1)}


def test_the_answer_tells_the_winner_from_the_losers(race: Race) -> None:
    students = race.students(20)
    slot = race.make.slot(starts_at=day(0))
    [answers] = race.together([browser.press(f"/sessions/book/{slot.id}") for browser in race.browsers(students)])
    [winner] = [student for student, answer in zip(students, answers, strict=True) if answer.won]
    [(session_id, student_id)] = race.live_on(slot)
    assert student_id == winner.id
    assert [answer.location for answer in answers if answer.won] == [f"/sessions/{session_id}"]
    assert all("has booked this time" in answer.text for answer in answers if not answer.won)


def test_a_student_who_presses_twenty_times_has_one_session(race: Race) -> None:
    student = race.browser(race.make.student())
    for number in range(3):
        slot = race.make.slot(starts_at=day(number))
        [answers] = race.together([student.press(f"/sessions/book/{slot.id}", topic="My thesis")] * 20)
        [(session_id, _)] = race.live_on(slot)
        assert {(answer.status, answer.location) for answer in answers} == {(303, f"/sessions/{session_id}")}


def test_of_ten_overlapping_slots_a_student_gets_one(race: Race) -> None:
    for presses in islice(one_student_at_ten_slots(race), 5):
        before = race.everything()
        [answers] = race.together(presses)
        assert statuses(answers) == {303: 1, 409: 9}
        assert but_for_mails(race.changed(before)) == {"coaching_session": (0, 1)}


def test_a_session_is_not_moved_to_where_its_student_books(race: Race) -> None:
    for first in (0, 8):
        groups, chances = [], []
        for number in range(first, first + 8):
            session = race.make.session(starts_at=day(number))
            there = race.make.slot(session.coach, day(number, "14:00"))
            elsewhere = race.make.slot(starts_at=day(number, "15:00"))
            coach, student = race.browsers([session.coach, session.student])
            groups.append(
                [
                    coach.press(f"/sessions/{session.id}/move", slot_id=there.id),
                    student.press(f"/sessions/book/{elsewhere.id}"),
                ]
            )
            chances.append((there, elsewhere))
        for (there, elsewhere), (moved, booked) in zip(chances, race.together(*groups), strict=True):
            assert statuses([moved, booked]) == {303: 1, 409: 1}
            assert (len(race.live_on(there)), len(race.live_on(elsewhere))) == (moved.won, booked.won)


def test_a_coach_never_has_overlapping_slots(race: Race) -> None:
    for presses in islice(one_coach_with_forty_offers(race), 3):
        before = race.everything()
        [answers] = race.together(presses)
        assert set(statuses(answers)) == {303, 409}
        published = sum(press.fields["weeks"] for press, answer in zip(presses, answers, strict=True) if answer.won)
        assert race.changed(before) == {"time_slot": (0, published)}


# Rule 6: a slot is booked, or moved, or withdrawn


@pytest.mark.parametrize("change", ["withdraw", "move"])
def test_a_slot_is_booked_or_changed_never_both(race: Race, change: str) -> None:
    coach = race.make.coach(zone="UTC")
    at_coach, *crowd = race.browsers([coach, *race.students(16)])
    for first in (0, 8, 16):
        slots = [race.make.slot(coach, day(first + number)) for number in range(8)]
        before = race.on_offer(coach)
        answers = race.together(
            *(
                [
                    at_coach.press(f"/slots/{slot.id}/{change}", date=slot.starts_at.date(), time="10:15"),
                    crowd[2 * number].press(f"/sessions/book/{slot.id}"),
                    crowd[2 * number + 1].press(f"/sessions/book/{slot.id}"),
                ]
                for number, slot in enumerate(slots)
            )
        )
        after = race.on_offer(coach)
        for slot, (changed, *booked) in zip(slots, answers, strict=True):
            assert statuses([changed, *booked]) == {303: 1, 409: 2}
            assert (slot.id in after) is not changed.won
            assert len(race.live_on(slot)) == (not changed.won)
        moved = sum(changed.won for changed, *_ in answers) if change == "move" else 0
        assert len(after - before) == moved


@pytest.mark.parametrize("what", ["withdraw", "move"])
def test_of_many_that_are_changed_at_once_none_is_booked_as_well(race: Race, what: str) -> None:
    coach = race.make.coach(zone="UTC")
    at_coach, *crowd = race.browsers([coach, *race.students(8)])
    for first in (0, 8, 16):
        slots = [race.make.slot(coach, day(first + number)) for number in range(8)]
        period = f"from={slots[0].starts_at.date()}&to={slots[-1].starts_at.date()}"
        all_of_them = {"slots": [slot.id for slot in slots], "what": what, "days": 0, "minutes": 15}
        [changed, booked] = race.together(
            [at_coach.press(f"/sessions/away?{period}", **all_of_them) for _ in range(2)],
            [student.press(f"/sessions/book/{slot.id}") for student, slot in zip(crowd, slots, strict=True)],
        )
        assert set(statuses([*changed, *booked])) <= {303, 409}
        there = race.on_offer(coach)
        for slot, answer in zip(slots, booked, strict=True):
            assert (len(race.live_on(slot)) == 1) == answer.won
            assert slot.id in there or not answer.won, "booked and withdrawn"
            assert answer.won or slot.id not in there, "refused, and yet free"


def test_a_slot_is_changed_once(race: Race) -> None:
    coach = race.make.coach(zone="UTC")
    browser = race.browser(coach)
    for number in range(3):
        slot = race.make.slot(coach, day(number))
        before = race.on_offer(coach)
        to = [f"{11 + place // 4}:{place % 4 * 15:02}" for place in range(8)]
        [moved, withdrawn] = race.together(
            [browser.press(f"/slots/{slot.id}/move", date=slot.starts_at.date(), time=clock) for clock in to],
            [browser.press(f"/slots/{slot.id}/withdraw") for _ in range(8)],
        )
        assert statuses([*moved, *withdrawn]) == {303: 1, 409: 15}
        after = race.on_offer(coach)
        assert before - after == {slot.id}
        assert len(after - before) == sum(answer.won for answer in moved)


# Rules 7 and 8: a session is cancelled, or moved, or both in turn


@pytest.mark.parametrize("canceller", ["student", "coach"])
def test_a_session_that_is_cancelled_stays_cancelled_wherever_it_is_moved(race: Race, canceller: str) -> None:
    coach = race.make.coach()
    at_coach, *crowd = race.browsers([coach, *(students := race.students(8))])
    for first in (0, 8):
        sessions = [
            race.make.session(race.make.slot(coach, day(first + number)), student)
            for number, student in enumerate(students)
        ]
        others = [race.make.slot(coach, day(first + number, "14:00")) for number in range(8)]
        before = race.on_offer(coach)
        groups = []
        for student, session, other in zip(crowd, sessions, others, strict=True):
            cancels, moves = (student, at_coach) if canceller == "student" else (at_coach, student)
            groups.append(
                [
                    cancels.press(f"/sessions/{session.id}/cancel", reason="I am ill."),
                    moves.press(f"/sessions/{session.id}/move", slot_id=other.id),
                ]
            )
        withdrawn = set()
        for session, other, (cancelled, moved) in zip(sessions, others, race.together(*groups), strict=True):
            assert cancelled.won
            assert moved.status in {303, 409}
            now = race.session(session.id)
            assert now.cancelled_by_id == (session.student_id if canceller == "student" else coach.id)
            assert now.slot_id == (other.id if moved.won else session.slot_id)
            withdrawn |= {now.slot_id} if canceller == "coach" else set()
        assert race.on_offer(coach) == before - withdrawn


def test_of_two_who_cancel_one_has_cancelled(race: Race) -> None:
    coach = race.make.coach()
    at_coach, *crowd = race.browsers([coach, *(students := race.students(8))])
    for first in (0, 8):
        sessions = [
            race.make.session(race.make.slot(coach, day(first + number)), student)
            for number, student in enumerate(students)
        ]
        answers = race.together(
            *(
                [
                    at_coach.press(f"/sessions/{session.id}/cancel", reason="The coach is ill."),
                    student.press(f"/sessions/{session.id}/cancel", reason="The student is ill."),
                ]
                for student, session in zip(crowd, sessions, strict=True)
            )
        )
        on_offer = race.on_offer(coach)
        for session, (by_coach, by_student) in zip(sessions, answers, strict=True):
            assert statuses([by_coach, by_student]) == {303: 1, 409: 1}
            now = race.session(session.id)
            assert now.cancelled_by_id == (coach.id if by_coach.won else session.student_id)
            assert now.reason == ("The coach is ill." if by_coach.won else "The student is ill.")
            assert (session.slot_id in on_offer) is by_student.won


def test_a_slot_that_is_let_go_is_booked_once(race: Race) -> None:
    students = race.students(11)
    first, *others = race.browsers(students)
    for number in range(3):
        slot = race.make.slot(starts_at=day(number))
        session = race.make.session(slot, students[0])
        [[cancelled], booked] = race.together(
            [first.press(f"/sessions/{session.id}/cancel")],
            [other.press(f"/sessions/book/{slot.id}") for other in others],
        )
        assert cancelled.won
        assert {answer.status for answer in booked} <= {303, 409}
        assert len(race.live_on(slot)) == sum(answer.won for answer in booked) <= 1


def test_of_many_sessions_and_students_one_gets_the_free_slot(race: Race) -> None:
    coach = race.make.coach()
    at_coach, *crowd = race.browsers([coach, *(students := race.students(8))])
    sessions = [race.make.session(race.make.slot(coach, day(n)), student) for n, student in enumerate(students[:4])]
    for number in range(10, 15):
        slot = race.make.slot(coach, day(number))
        path = [f"/sessions/{session.id}/move" for session in sessions]
        before = race.everything()
        [moved, booked] = race.together(
            [  # two are moved by their students, two by their coach
                by.press(at, slot_id=slot.id)
                for by, at in zip([crowd[0], crowd[1], at_coach, at_coach], path, strict=True)
            ],
            [student.press(f"/sessions/book/{slot.id}") for student in crowd[4:]],
        )
        assert statuses([*moved, *booked]) == {303: 1, 409: 7}
        assert len(race.live_on(slot)) == 1
        gone = sum(answer.won for answer in moved)
        assert but_for_mails(race.changed(before)) == {"coaching_session": (gone, 1)}


def test_two_sessions_do_not_change_places_by_halves(race: Race) -> None:
    coach = race.make.coach()
    groups, pairs = [], []
    for number in range(8):
        one, other = (race.make.session(race.make.slot(coach, day(number, at))) for at in ("10:00", "14:00"))
        students = race.browsers([one.student, other.student])
        groups.append(
            [
                students[0].press(f"/sessions/{one.id}/move", slot_id=other.slot_id),
                students[1].press(f"/sessions/{other.id}/move", slot_id=one.slot_id),
            ]
        )
        pairs.append((one, other))
    before = race.everything()
    for answers in race.together(*groups):
        assert statuses(answers) == {409: 2}
    assert race.changed(before) == {}


# Rule 10: one feedback per session


def test_feedback_left_ten_times_is_one_with_nine_corrections(race: Race) -> None:
    coach = race.make.coach()
    browser = race.browser(coach)
    for number in range(3):
        session = race.make.session(coach=coach, starts_at=day(-3 - number))
        written = {(1 + place % 5, f"Note {place}") for place in range(10)}
        [answers] = race.together(
            [browser.press(f"/sessions/{session.id}/feedback", rating=rating, note=note) for rating, note in written]
        )
        assert statuses(answers) == {303: 10}
        kept = race.rows("SELECT id, rating, note FROM feedback WHERE session_id = :id", id=session.id)
        earlier = race.rows("SELECT rating, note FROM earlier_feedback WHERE feedback_id = :id", id=kept[0].id)
        assert (len(kept), len(earlier)) == (1, 9)
        assert {(row.rating, row.note) for row in [*kept, *earlier]} == written


# People


def test_one_address_is_registered_once(race: Race) -> None:
    strangers = race.browsers([None] * 10)
    [answers] = race.together(
        [
            stranger.press(
                "/auth/register",
                name=f"Ana {place}",
                email="ana@example.org" if place % 2 else "Ana@Example.org",
                phone="+44 20 7946 0958",
                time_zone="Europe/London",
                password="correct horse battery",
            )
            for place, stranger in enumerate(strangers)
        ]
    )
    assert statuses(answers) == {303: 1, 422: 9}
    [winner] = [place for place, answer in enumerate(answers) if answer.won]
    [person] = race.rows('SELECT id, name FROM "user"')
    assert person.name == f"Ana {winner}"
    assert [row.user_id for row in race.rows("SELECT user_id FROM sign_in")] == [person.id]


def test_signing_out_while_other_windows_open_breaks_nothing(race: Race) -> None:
    for _ in range(3):
        student = race.browser(race.make.student())
        # so that whichever request comes first wants to write that the sign-in is in use
        with race.app.app_context(), db.engine.begin() as connection:
            connection.execute(update(SignIn).values(seen_at=datetime.now(UTC) - timedelta(hours=2)))
        [[signed_out], looked] = race.together([student.press("/auth/sign-out")], [student.look("/sessions/")] * 15)
        assert signed_out.won
        assert {answer.status for answer in looked} <= {200, 302}
        assert race.rows("SELECT id FROM sign_in") == []


# Guessing


def guess(race: Race, person: User, password: str, **more: Any) -> Press:
    form = {"email": person.email, "password": password}
    return Press(race.browser(), "/auth/sign-in", form, **more)


def test_forty_wrong_passwords_over_four_processes_are_refused_from_the_sixth_on(race: Race) -> None:
    """Forged headers, other processes and the same instant help nobody; nobody else is kept out meanwhile."""
    victim, other = (race.make.student(password=PASSWORD) for _ in range(2))
    forged = [{"X-Forwarded-For": f"10.0.0.{number}", "X-Real-IP": f"10.0.0.{number}"} for number in range(40)]
    answers = race.rush([guess(race, victim, f"wrong password {n}", headers=forged[n]) for n in range(40)])
    assert statuses(answers) == {422: 5, 429: 35}
    assert {answer.retry_after for answer in answers if answer.status == 429} <= {str(n) for n in range(840, 901)}
    [right_but_late, another, elsewhere] = race.rush(
        [
            guess(race, victim, PASSWORD),
            guess(race, other, PASSWORD),
            guess(race, victim, PASSWORD, address="127.0.0.2"),
        ]
    )
    assert (right_but_late.status, another.status, elsewhere.status) == (429, 303, 303)


def test_sixty_people_register_from_one_address_in_an_hour_however_fast(race: Race) -> None:
    person = {"name": "Bo", "phone": "+442079460958", "time_zone": "Europe/London", "password": PASSWORD}
    presses = [
        Press(race.browser(), "/auth/register", person | {"email": f"{number}@example.org"}) for number in range(80)
    ]
    assert statuses(race.rush(presses)) == {303: 60, 429: 20}


def test_a_student_books_sixty_times_an_hour_however_fast(race: Race) -> None:
    coach, student = race.make.coach(), race.browser(race.make.student())
    slots = [race.make.slot(coach, day(number)) for number in range(80)]
    assert statuses(race.rush([student.press(f"/sessions/book/{slot.id}") for slot in slots])) == {303: 60, 429: 20}


def ten_slots_for_one_student(race: Race) -> Iterator[list[Press]]:
    """One student, each time another, books ten slots of ten coaches, on ten days."""
    slots = count()
    while True:
        student = race.browser(race.make.student())
        wanted = [race.make.slot(race.make.coach(), day(next(slots))) for _ in range(10)]
        yield [student.press(f"/sessions/book/{slot.id}") for slot in wanted]


def test_a_student_holds_two_open_bookings_and_no_more_however_fast(databases: Databases, tmp_path: Path) -> None:
    with Race(databases.new(), tmp_path, COACHING_OPEN_BOOKINGS="2") as race:
        for presses in islice(ten_slots_for_one_student(race), 5):
            [answers] = race.together(presses)
            assert statuses(answers) == {303: 2, 409: 8}
            assert all("You hold 2 of 2 open bookings." in answer.text for answer in answers if not answer.won)


def test_without_locks_a_student_holds_more_than_they_may(databases: Databases, tmp_path: Path) -> None:
    with Race(databases.new(), tmp_path, "tests.racing:without_locks()", COACHING_OPEN_BOOKINGS="2") as race:
        rounds = islice(ten_slots_for_one_student(race), MOST_ROUNDS)
        assert any(sum(answer.won for answer in race.rush(presses)) > 2 for presses in rounds)


def test_who_signs_in_by_the_old_password_while_it_is_changed_is_out_afterwards(race: Race) -> None:
    for _ in range(5):
        person = race.make.student(password=PASSWORD)
        form = {"current": PASSWORD, "password": "a new and longer one"}
        change = race.browser(person).press("/auth/password", **form)
        [changed], _ = race.together([change], [guess(race, person, PASSWORD, address="127.0.0.3") for _ in range(20)])
        assert changed.won
        assert [tuple(row) for row in race.rows("SELECT count(*) FROM sign_in WHERE user_id = :id", id=person.id)] == [
            (1,)
        ]


def test_two_links_of_one_person_that_are_used_at_once_are_used_one_after_the_other(race: Race) -> None:
    for _ in range(5):
        person = race.make.student()
        links = [race.make.link(person, ends_at=day(0)) for _ in range(4)]
        form = {"password": "a new and longer one"}
        answers = race.rush([race.browser().press(f"/auth/reset/{link}", **form) for link in links])
        assert statuses(answers) == {303: 1, 404: 3}
