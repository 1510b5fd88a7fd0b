"""Whatever people do, and however time passes: each is told of their own sessions alone, in time, and never twice."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from coaching import contents, letters, outbox
from coaching.coaches import rules as waiting
from coaching.extensions import Refusal, db, saving
from coaching.models import CoachingSession, Email, Kind, Role, TimeSlot, User
from coaching.sessions import rules as sessions
from coaching.slots import rules as slots
from tests import databases as data
from tests.make import NOW, Make

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NTH = st.integers(0, 2)
MOVES = st.one_of(
    st.tuples(st.just("publish"), NTH, st.integers(1, 5), st.sampled_from([8, 9, 14])),
    st.tuples(st.just("book"), NTH, NTH, st.integers(0, 9)),
    st.tuples(st.just("cancel"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("move"), st.integers(0, 9), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("wait"), NTH, st.sampled_from([0, 1, None])),
    st.tuples(st.just("pass"), st.sampled_from([HOUR, 7 * HOUR, DAY, 3 * DAY])),
    st.tuples(st.just("work")),
)


class Programme:
    """Two coaches and three students, a clock of their own, and what was sent to whom."""

    def __init__(self, app) -> None:
        self.app, self.now, self.sent = app, NOW, []
        make = Make(app)
        self.coaches = [make.coach().id for _ in range(2)]
        self.students = [make.student().id for _ in range(3)]

    def do(self, move: tuple) -> None:
        verb, *said = move
        if verb == "pass":
            self.now += said[0]
        elif verb == "work":
            self.work()
        else:
            try:
                with saving():
                    getattr(self, verb)(*said)
            except Refusal:
                pass  # then nothing has changed

    def publish(self, nth: int, days: int, hour: int) -> None:
        coach = self.person(self.coaches[nth % 2])
        clock = datetime(2026, 1, 1, hour).time()  # noqa: DTZ001  # what a wall clock shows
        slots.offer(coach, (self.now + days * DAY).date(), clock, now=self.now)

    def book(self, nth: int, _: int, slot: int) -> None:
        if found := self.nth(TimeSlot, slot):
            sessions.book(found, self.person(self.students[nth]), now=self.now)

    def cancel(self, nth: int, by_coach: bool) -> None:
        if session := self.session(nth):
            sessions.cancel(session, session.coach if by_coach else session.student, now=self.now)

    def move(self, nth: int, to: int, by_coach: bool) -> None:
        if (session := self.session(nth)) and (slot := self.nth(TimeSlot, to)):
            sessions.move(session, slot, session.coach if by_coach else session.student, now=self.now)

    def wait(self, nth: int, coach: int | None) -> None:
        whom = None if coach is None else self.person(self.coaches[coach])
        waiting.wait_for(self.person(self.students[nth]), whom, now=self.now)

    def work(self) -> None:
        """Send what is due, one after the other, and look at each mail as it leaves."""
        while email := outbox.claim(now=self.now):
            try:
                message = letters.compose(email, now=self.now)
            except contents.Stale as stale:
                outbox.give_up(email, str(stale), now=self.now)
                continue
            [to] = message["To"].addresses
            assert to.addr_spec == email.person.email
            if email.session_id:
                session = db.session.get(CoachingSession, email.session_id)
                assert email.person_id in {session.coach_id, session.student_id}, "told of what is not theirs"
            self.sent.append((email.kind, email.session_id, email.slot_id, email.person_id, email.revision))
            outbox.sent(email, now=self.now)

    def person(self, id_: int) -> User:
        return db.session.get(User, id_)

    def nth(self, kind, number: int):
        found = db.session.scalars(select(kind).order_by(kind.id)).all()
        return found[number % len(found)] if found else None

    def session(self, number: int) -> CoachingSession | None:
        found = self.nth(CoachingSession, number)
        for end in ("coach", "student") if found else ():
            getattr(found, end) if end in found.__dict__ else db.session.refresh(found, [end])
        return found

    def look(self) -> None:
        """Nobody is told twice the same, and whoever has a session ahead is or will be reminded, once and in time."""
        assert [twice for twice, count in Counter(self.sent).items() if count > 1] == []
        live = select(CoachingSession).where(CoachingSession.cancelled_at.is_(None))
        for session in db.session.scalars(live.where(CoachingSession.starts_at > self.now + HOUR)):
            changed_at = session.moved_at or session.booked_at
            for person_id in (session.coach_id, session.student_id):
                asked = select(Email.due_at).where(Email.session_id == session.id, Email.person_id == person_id)
                asked = asked.where(Email.kind == Kind.LAST_REMINDER, outbox.waiting())
                wanted = [session.starts_at - HOUR] if session.starts_at - HOUR > changed_at else []
                assert db.session.scalars(asked).all() == wanted
        off = select(CoachingSession.id).where(CoachingSession.cancelled_at.is_not(None))
        stale = select(Email).where(Email.session_id.in_(off), Email.kind != Kind.CANCELLED, outbox.waiting())
        assert db.session.scalars(stale).all() == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(moves=st.lists(MOVES, max_size=25))
def test_whatever_happens_each_is_told_of_their_own_in_time_and_once(app, moves):
    data.empty(app)
    programme = Programme(app)
    with app.app_context():
        for move in moves:
            programme.do(move)
            programme.look()
        programme.work()
        programme.look()
        told_free = [person for kind, _, _, person, _ in programme.sent if kind == Kind.FREED]
        assert all(programme.person(person).role == Role.STUDENT for person in told_free)


@pytest.mark.parametrize("late", [HOUR, 2 * DAY, 3 * DAY])
def test_a_worker_that_comes_late_tells_each_at_most_once(app, late):
    programme = Programme(app)
    with app.app_context():
        for move in (("publish", 0, 4, 9), ("book", 0, 0, 0), ("publish", 0, 5, 9), ("move", 0, 1, True)):
            programme.do(move)
        programme.now += late
        programme.work()
        programme.look()
    assert Counter(kind for kind, *_ in programme.sent)[Kind.MOVED] == 2
    assert Kind.BOOKED not in [kind for kind, *_ in programme.sent]
