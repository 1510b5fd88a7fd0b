"""Every move that people can make, in any order: a plain model says what comes of it, and every rule holds after it.

Hypothesis looks for an order of moves in which the app and the model disagree, and cuts what it finds short.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, text
from werkzeug.exceptions import NotFound

from coaching.coaches.queries import coaches_with_free_slots, free_slots
from coaching.extensions import Refusal, db, saving
from coaching.models import CoachingSession, EarlierFeedback, Email, Feedback, Kind, Role, TimeSlot, User
from coaching.sessions import rules as sessions
from coaching.sessions.queries import When, call_or_404, calls, calls_without_feedback, slot_with_id, slots_to_choose
from coaching.slots import rules as slots
from coaching.slots.queries import of_or_404, slot_or_404
from tests import databases as data
from tests.make import Make, at
from tests.promises import PROMISES

TWO_HOURS = timedelta(hours=2)
THOROUGH = os.environ.get("CI") == "true"

# Half a day before the clocks change: in London, a week later there, back there, and in St John's.
DAYS = [at("2026-03-28 13:00"), at("2026-03-21 13:00"), at("2026-10-24 12:00"), at("2026-03-07 17:30")]
COACHES = {"Amara": "Europe/London", "Devi": "Asia/Kathmandu", "Grace": "America/St_Johns"}
STUDENTS = {"Ana": "Pacific/Auckland", "Bo": "Europe/London", "Cleo": "Australia/Lord_Howe"}

coaches, students = st.sampled_from(sorted(COACHES)), st.sampled_from(sorted(STUDENTS))
# When a slot is to begin, in minutes from the machine's first moment: close together, so that much is in the way.
ahead = st.sampled_from([60, 135, 180, 300, 405, 525, 645, 720, 735, 765, 780, 960, 1080, 1500])
nth = st.integers(0, 999)  # of whatever there is to choose from
which = st.sampled_from([None, None, "first", "second"])
whose = st.sampled_from(["its own"] * 5 + ["another"])
by = st.sampled_from(["its student", "its coach"] * 3 + ["another student", "another coach", "an organiser"])
notes = st.sampled_from(["", "Good.", "**Better**\nthan before"])

# What people do, with what; and how often. (Rules of Hypothesis each would be left out of most runs, at random.)
MOVES = {
    "publish": (4, {"coach": coaches, "minutes": ahead, "which": which, "crooked": st.sampled_from([0] * 9 + [7]),
                    "weeks": st.sampled_from([1] * 6 + [2, 3])}),
    "move_slot": (2, {"nth": nth, "whose": whose, "minutes": ahead, "which": which}),
    "withdraw": (1, {"nth": nth, "whose": whose}),
    "book": (6, {"nth": nth, "student": students, "topic": notes}),
    "cancel": (2, {"nth": nth, "by": by, "reason": notes}),
    "move_session": (3, {"nth": nth, "to": nth, "whose": whose, "by": by}),
    "leave_feedback": (3, {"nth": nth, "by": st.sampled_from(["its coach"] * 5 + ["another coach"]),
                           "rating": st.sampled_from([1, 2, 3, 4, 5, 5, 0, 6]), "note": notes}),
    "let_time_pass": (3, {"to": st.sampled_from(["a minute", "just before something", "something", "a session"])}),
}  # fmt: skip
moves = st.sampled_from([name for name, (often, _) in MOVES.items() for _ in range(often)]).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries(MOVES[name][1]))
)

# What no row may show, asked of the database itself, whatever the app and the model think.
NEVER = {
    "two slots of one coach that overlap": """
        SELECT a.id, b.id FROM time_slot a JOIN time_slot b ON a.coach_id = b.coach_id AND a.id < b.id
        WHERE a.withdrawn_at IS NULL AND b.withdrawn_at IS NULL
        AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at""",
    "two sessions of one student that overlap": """
        SELECT a.id, b.id FROM coaching_session a JOIN coaching_session b ON a.student_id = b.student_id AND a.id < b.id
        WHERE a.cancelled_at IS NULL AND b.cancelled_at IS NULL
        AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at""",
    "two sessions of one coach that overlap": """
        SELECT a.id, b.id FROM coaching_session a JOIN coaching_session b ON a.coach_id = b.coach_id AND a.id < b.id
        WHERE a.cancelled_at IS NULL AND b.cancelled_at IS NULL
        AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at""",
    "a slot with two live sessions": """
        SELECT slot_id, count(*) FROM coaching_session WHERE cancelled_at IS NULL
        GROUP BY slot_id HAVING count(*) > 1""",
    "a live session on a withdrawn slot": """
        SELECT s.id, t.id FROM coaching_session s JOIN time_slot t ON t.id = s.slot_id
        WHERE s.cancelled_at IS NULL AND t.withdrawn_at IS NOT NULL""",
    "a session that disagrees with its slot": """
        SELECT s.id, t.id FROM coaching_session s LEFT JOIN time_slot t ON t.id = s.slot_id
        AND t.coach_id = s.coach_id AND t.starts_at = s.starts_at AND t.ends_at = s.ends_at WHERE t.id IS NULL""",
    "a session with the wrong people": """
        SELECT s.id FROM coaching_session s JOIN "user" a ON a.id = s.student_id JOIN "user" b ON b.id = s.coach_id
        WHERE a.role <> 'student' OR b.role <> 'coach'""",
    "feedback by somebody else, before the start, on nothing that happened, or out of range": """
        SELECT f.id FROM feedback f JOIN coaching_session s ON s.id = f.session_id
        WHERE f.left_by <> s.coach_id OR f.created_at < s.starts_at OR s.cancelled_at IS NOT NULL
        OR f.rating NOT BETWEEN 1 AND 5""",
}


@dataclass
class Slot:
    coach: str
    starts_at: datetime
    offered_at: datetime
    withdrawn_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + TWO_HOURS


@dataclass
class Session:
    slot: int
    student: str
    topic: str
    booked_at: datetime
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None
    reason: str = ""


@dataclass
class Recorded:
    rating: int
    note: str
    created_at: datetime
    corrected_at: datetime | None = None
    earlier: list[tuple[int, str, datetime, datetime]] = field(default_factory=list)


def moments(wall: datetime, zone: str) -> list[datetime]:
    """Return the moments at which clocks in a zone show a time: none where it is skipped, two where it comes twice."""
    found = set()
    for nearby in (timedelta(days=-1), timedelta(days=1)):
        offset = (wall + nearby).replace(tzinfo=ZoneInfo(zone)).utcoffset()
        assert offset is not None
        moment = (wall - offset).replace(tzinfo=UTC)
        if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall:
            found.add(moment)
    return sorted(found)


class EveryMove(RuleBasedStateMachine):
    """The moves, what the model makes of them, and what must hold after each."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.app = app
        data.empty(app)
        make = Make(app)
        made = {
            **{name: make.coach(name, zone=zone) for name, zone in COACHES.items()},
            **{name: make.student(name, zone=zone) for name, zone in STUDENTS.items()},
            "Adam": make.admin("Adam"),
        }
        self.ids = {name: person.id for name, person in made.items()}
        self.numbers = {name: person.phone for name, person in made.items()}
        self.names = {number: name for name, number in self.ids.items()}
        self.slots: dict[int, Slot] = {}
        self.sessions: dict[int, Session] = {}
        self.recorded: dict[int, Recorded] = {}
        self.rows = data.everything(app)
        self.changed = True  # so that there is something to check
        self.concerned: set[str] = (
            set()
        )  # whose sessions the last move was about; of the others, one is looked at in turn
        self.in_turn = cycle(made)

    @initialize(began=st.sampled_from(DAYS))
    def begin(self, began: datetime) -> None:
        """Offer something to begin with, and try to in the hour that the clocks skip, or show twice."""
        self.began = self.now = began
        for coach in COACHES:
            for minutes, weeks in ((60, 1), (300, 1), (720, 2)):
                self.publish(coach, minutes, None, weeks, 0)

    @rule(move=moves)
    def somebody_does(self, move: tuple[str, dict[str, Any]]) -> None:
        name, what = move
        if "nth" in what and not (self.slots if name in {"move_slot", "withdraw", "book"} else self.sessions):
            return
        getattr(self, name)(**what)

    # The moves

    def publish(self, coach: str, minutes: int, which: Any, weeks: int, crooked: int) -> None:
        wall = self.wall(coach, minutes + crooked)
        starts = self.could_offer(coach, wall, which, weeks)

        def act() -> list[TimeSlot]:
            person = self.person(coach)
            with saving():
                return slots.offer(person, wall.date(), wall.time(), weeks=weeks, which=which, now=self.now)

        published = self.step(act, may=starts is not None)
        if published and starts:
            assert [slot.starts_at for slot in published] == starts
            assert not self.slots.keys() & {slot.id for slot in published}
            self.slots |= {slot.id: Slot(coach, slot.starts_at, self.now) for slot in published}

    def move_slot(self, nth: int, whose: str, minutes: int, which: Any) -> None:
        slot_id, slot, coach = self.a_slot(nth, whose)
        wall = self.wall(coach, minutes)
        starts = self.could_offer(coach, wall, which, 1, but=slot_id)
        may = slot.coach == coach and not slot.withdrawn_at and not self.live_on(slot_id) and starts is not None

        def act() -> TimeSlot:
            person = self.person(coach)
            there = of_or_404(person, slot_id)
            with saving():
                return slots.move(there, person, wall.date(), wall.time(), which=which, now=self.now)

        moved = self.step(act, may=may)
        if moved:
            assert [moved.starts_at] == starts
            assert moved.id not in self.slots
            slot.withdrawn_at = self.now
            self.slots[moved.id] = Slot(coach, moved.starts_at, self.now)

    def withdraw(self, nth: int, whose: str) -> None:
        slot_id, slot, coach = self.a_slot(nth, whose)

        def act() -> bool:
            there = of_or_404(self.person(coach), slot_id)
            with saving():
                slots.withdraw(there, now=self.now)
            return True

        if self.step(act, may=slot.coach == coach and not slot.withdrawn_at and not self.live_on(slot_id)):
            slot.withdrawn_at = self.now

    def book(self, nth: int, student: str, topic: str) -> None:
        slot_id, slot, _ = self.a_slot(nth)
        own = next((number for number in self.live_on(slot_id) if self.sessions[number].student == student), None)
        may = own is not None or (self.is_free(slot_id) and not self.is_busy(student, slot_id))

        def act() -> CoachingSession:
            there, person = slot_or_404(slot_id), self.person(student)
            with saving():
                return sessions.book(there, person, topic=topic, now=self.now)

        booked = self.step(act, may=may, changes=own is None)
        if booked and own:
            assert booked.id == own, "pressed again, it leads to the session that is there"
        elif booked:
            assert booked.id not in self.sessions
            self.sessions[booked.id] = Session(slot_id, student, topic, self.now)
            self.concerned = {student, slot.coach}

    def cancel(self, nth: int, by: str, reason: str) -> None:
        session_id, session, who = self.a_session(nth, by)

        def act() -> bool:
            person = self.person(who)
            call = call_or_404(session_id, person)
            with saving():
                sessions.cancel(call.session, person, reason=reason, now=self.now)
            return True

        if self.step(act, may=self.can_change(session, who)):
            session.cancelled_at, session.cancelled_by, session.reason = self.now, who, reason
            self.concerned = {session.student, self.slots[session.slot].coach}
            if who in COACHES:
                self.slots[session.slot].withdrawn_at = self.now

    def move_session(self, nth: int, to: int, whose: str, by: str) -> None:
        session_id, session, who = self.a_session(nth, by)
        coach = self.slots[session.slot].coach
        slot_id, slot, _ = self.a_slot(to, of={coach} if whose == "its own" else COACHES.keys() - {coach})
        may = (
            self.can_change(session, who)
            and slot.coach == coach
            and self.is_free(slot_id)
            and not self.is_busy(session.student, slot_id, but=session_id)
        )

        def act() -> bool:
            person = self.person(who)
            call = call_or_404(session_id, person)
            there = slot_with_id(slot_id)
            assert there
            with saving():
                sessions.move(call.session, there, person, now=self.now)
            return True

        if self.step(act, may=may):
            session.slot = slot_id
            self.concerned = {session.student, coach}

    def leave_feedback(self, nth: int, by: str, rating: int, note: str) -> None:
        session_id, session, coach = self.a_session(nth, by, begun=True)
        is_its_coach, there = self.slots[session.slot].coach == coach, self.recorded.get(session_id)
        may = is_its_coach and not session.cancelled_at and self.has_begun(session) and 1 <= rating <= 5
        is_new = there is None or (there.rating, there.note) != (rating, note)

        def act() -> bool:
            person = self.person(coach)
            call = call_or_404(session_id, person)
            with saving():
                sessions.leave_feedback(call.session, person, rating=rating, note=note, now=self.now)
            return True

        if self.step(act, may=may, changes=is_new) and is_new:
            self.concerned = {session.student, coach}
            if there is None:
                self.recorded[session_id] = Recorded(rating, note, self.now)
            else:
                written_at = there.corrected_at or there.created_at
                there.earlier.append((there.rating, there.note, written_at, self.now))
                there.rating, there.note, there.corrected_at = rating, note, self.now

    def let_time_pass(self, to: str) -> None:
        """Go on by a minute, or to where a slot (or a session) begins or ends, or to a second before that."""
        early = timedelta(seconds=1 if to == "just before something" else 0)
        there = [slot for number, slot in self.slots.items() if to != "a session" or self.live_on(number)]
        marks = (moment - early for slot in there for moment in (slot.starts_at, slot.ends_at))
        next_one = min((mark for mark in marks if mark > self.now), default=self.now)
        self.now = self.now + timedelta(minutes=1) if to == "a minute" else next_one
        self.changed = True

    # What there is to choose from: more often what something can be done with

    def a_slot(self, nth: int, whose: str = "its own", of: Collection[str] = COACHES) -> tuple[int, Slot, str]:
        """Return a slot, and its coach or another one."""
        there = [number for number, slot in self.slots.items() if slot.coach in of] or list(self.slots)
        choice = [number for number in there for _ in range(4 if self.is_free(number) else 1)]
        slot = self.slots[choice[nth % len(choice)]]
        others = [coach for coach in COACHES if coach != slot.coach]
        return choice[nth % len(choice)], slot, slot.coach if whose == "its own" else others[nth % 2]

    def a_session(self, nth: int, by: str, *, begun: bool = False) -> tuple[int, Session, str]:
        """Return a session, and who does something with it."""
        good = {n for n, s in self.sessions.items() if not s.cancelled_at and self.has_begun(s) is begun}
        choice = [number for number in self.sessions for _ in range(6 if number in good else 1)]
        session = self.sessions[choice[nth % len(choice)]]
        coach = self.slots[session.slot].coach
        who = {
            "its student": session.student,
            "its coach": coach,
            "another student": next(name for name in STUDENTS if name != session.student),
            "another coach": next(name for name in COACHES if name != coach),
            "an organiser": "Adam",
        }[by]
        return choice[nth % len(choice)], session, who

    # What the model makes of it

    def wall(self, coach: str, minutes: int) -> datetime:
        """Return what the coach's clock shows some minutes after the first moment, as long as nobody changes it."""
        at_first = self.began.astimezone(ZoneInfo(COACHES[coach])).replace(tzinfo=None)
        return at_first + timedelta(minutes=minutes)

    def could_offer(
        self, coach: str, wall: datetime, which: str | None, weeks: int, but: int | None = None
    ) -> list[datetime] | None:
        """Return when the slots would begin, or None where the coach cannot offer them."""
        starts = []
        for week in range(weeks):
            found = moments(wall + timedelta(weeks=week), COACHES[coach])
            if wall.minute % 15 or not found or (len(found) == 2 and which is None):
                return None
            starts.append(found[-1] if which == "second" else found[0])
        standing = [
            slot.starts_at
            for number, slot in self.slots.items()
            if slot.coach == coach and not slot.withdrawn_at and number != but
        ]
        if starts[0] <= self.now or any(abs(one - other) < TWO_HOURS for one in starts for other in standing):
            return None
        return starts

    def live_on(self, slot_id: int) -> list[int]:
        return [n for n, session in self.sessions.items() if session.slot == slot_id and not session.cancelled_at]

    def is_free(self, slot_id: int) -> bool:
        slot = self.slots[slot_id]
        return not slot.withdrawn_at and slot.starts_at > self.now and not self.live_on(slot_id)

    def has_begun(self, session: Session) -> bool:
        return self.slots[session.slot].starts_at <= self.now

    def is_busy(self, student: str, slot_id: int, but: int | None = None) -> bool:
        return any(
            abs(self.slots[session.slot].starts_at - self.slots[slot_id].starts_at) < TWO_HOURS
            for number, session in self.sessions.items()
            if session.student == student and not session.cancelled_at and number != but
        )

    def can_change(self, session: Session, who: str) -> bool:
        two = {session.student, self.slots[session.slot].coach}
        return who in two and not session.cancelled_at and not self.has_begun(session)

    # Doing it

    def person(self, name: str) -> User:
        return db.session.get_one(User, self.ids[name])

    def step(self, act: Callable[[], Any], *, may: bool, changes: bool = True) -> Any:
        """Do what a view does. What is refused, and what changes nothing, leaves every row of every table as it was."""
        move = act.__qualname__.split(".")[1]
        before = self.rows
        came_of_it, refusal = None, None
        try:
            with self.app.app_context():
                came_of_it = act()
        except (Refusal, NotFound) as no:
            refusal = no
        event(f"{move}: {'refused' if refusal else 'done'}")
        assert may is (refusal is None), refusal or "done, though a rule forbids it"
        self.rows = data.everything(self.app)
        self.changed, self.concerned = may and changes, set()
        assert (self.rows != before) is self.changed
        return came_of_it

    # What holds after every move

    @invariant()
    def every_rule_holds(self) -> None:
        if not self.changed:
            return
        self.changed = False
        with self.app.app_context():
            for what, question in NEVER.items():
                assert db.session.execute(text(question)).all() == [], what
            self.the_data_are_what_the_model_says()
            self.what_triggers_keep_is_true()
            self.what_is_free_is_on_offer()
            self.both_will_be_told_of_what_is_true_now()
            for who in {*self.concerned, next(self.in_turn)}:
                self.sees_their_sessions_and_no_others(who)

    def teardown(self) -> None:
        with self.app.app_context():
            for who in self.ids:
                self.sees_their_sessions_and_no_others(who)

    def what_triggers_keep_is_true(self) -> None:
        free = select(func.max(TimeSlot.starts_at)).where(
            TimeSlot.coach_id == User.id, TimeSlot.withdrawn_at.is_(None), ~TimeSlot.is_booked
        )
        asked = select(User.offers_until, free.scalar_subquery()).where(User.role == Role.COACH)
        for kept, until in db.session.execute(asked):
            assert kept == until or (kept is None and until < self.now - timedelta(hours=2))
        assert [promise for promise, query in PROMISES.items() if db.session.execute(text(query)).all()] == []

    def both_will_be_told_of_what_is_true_now(self) -> None:
        """Each session's last change waits to be told to its two people alone, and reminders of what lies ahead."""
        expected = set()
        for session in db.session.scalars(select(CoachingSession)):
            at = session.cancelled_at or session.moved_at or session.booked_at
            kind = "cancelled" if session.cancelled_at else "moved" if session.moves else "booked"
            due = {kind: at}
            if not session.cancelled_at:
                ahead = {"reminder": timedelta(days=1), "last_reminder": timedelta(hours=1)}
                due |= {name: session.starts_at - long for name, long in ahead.items() if session.starts_at - long > at}
            revision = session.moves + bool(session.cancelled_at)
            for whom in (session.coach_id, session.student_id):
                expected |= {(session.id, whom, name, revision, moment) for name, moment in due.items()}
            if not session.cancelled_at:
                asked_at = session.ends_at + timedelta(days=1)
                expected.add((session.id, session.coach_id, "feedback", revision, asked_at))
        asked = select(Email.session_id, Email.person_id, Email.kind, Email.revision, Email.due_at)
        asked = asked.where(Email.session_id.is_not(None), Email.kind != Kind.MISSED)
        waiting = db.session.execute(asked.where(Email.sent_at.is_(None), Email.dropped_at.is_(None))).all()
        assert sorted(map(tuple, waiting)) == sorted(expected)

    def the_data_are_what_the_model_says(self) -> None:
        ids = {None: None, **self.ids}
        assert {
            row.id: (row.coach_id, row.starts_at, row.ends_at, row.offered_at, row.withdrawn_at)
            for row in db.session.scalars(select(TimeSlot))
        } == {
            number: (ids[slot.coach], slot.starts_at, slot.ends_at, slot.offered_at, slot.withdrawn_at)
            for number, slot in self.slots.items()
        }
        assert {
            row.id: (
                row.slot_id,
                row.student_id,
                row.topic,
                row.booked_at,
                row.cancelled_at,
                row.cancelled_by_id,
                row.reason,
            )
            for row in db.session.scalars(select(CoachingSession))
        } == {
            number: (s.slot, ids[s.student], s.topic, s.booked_at, s.cancelled_at, ids[s.cancelled_by], s.reason)
            for number, s in self.sessions.items()
        }
        earlier: dict[int, list[Any]] = {}
        for row in db.session.scalars(select(EarlierFeedback).order_by(EarlierFeedback.id)):
            earlier.setdefault(row.feedback_id, []).append((row.rating, row.note, row.written_at, row.replaced_at))
        assert {
            row.session_id: Recorded(row.rating, row.note, row.created_at, row.corrected_at, earlier.get(row.id, []))
            for row in db.session.scalars(select(Feedback))
        } == self.recorded

    def sees_their_sessions_and_no_others(self, who: str) -> None:
        """Rules 7, 9 and 10: each session on its one tab, and numbers only of those one has a live session with."""
        person = self.person(who)
        mine = {n: s for n, s in self.sessions.items() if who in {s.student, self.slots[s.slot].coach}}
        with_live = {self.other(s, who) for s in mine.values() if not s.cancelled_at}
        for when in When:
            listed = [n for n, s in mine.items() if self.tab(s) == when]
            listed.sort(key=lambda n: (self.slots[mine[n].slot].starts_at, n), reverse=when != When.UPCOMING)
            found = calls(person, when, now=self.now, limit=999)
            assert [call.id for call in found] == listed
            for call in found:
                other = self.other(mine[call.id], who)
                assert self.names[call.other.id] == other
                assert call.number == (self.numbers[other] if other in with_live else None)
                recorded = self.recorded.get(call.id) if who in COACHES else None
                assert (call.feedback and call.feedback.rating) == (recorded and recorded.rating)
                assert (call.feedback and call.feedback.note) == (recorded and recorded.note)
        waiting = [n for n, s in mine.items() if self.tab(s) == When.PREVIOUS and n not in self.recorded]
        if who in COACHES:
            assert {call.id for call in calls_without_feedback(person, now=self.now, limit=999)} == set(waiting)

    def what_is_free_is_on_offer(self) -> None:
        free: dict[str, list[int]] = {name: [] for name in COACHES}
        for number in sorted(self.slots, key=lambda n: self.slots[n].starts_at):
            if self.is_free(number):
                free[self.slots[number].coach].append(number)
        for name, numbers in free.items():
            assert [slot.id for slot in free_slots(self.person(name), after=self.now, limit=999)] == numbers
        offers = coaches_with_free_slots(after=self.now, limit=99)
        assert {offer.coach.name: [slot.id for slot in offer.slots] for offer in offers} == {
            name: numbers[:3] for name, numbers in free.items() if numbers
        }
        for number, session in self.sessions.items():
            if self.can_change(session, session.student):
                choice = slots_to_choose(db.session.get_one(CoachingSession, number), after=self.now, limit=999)
                assert [slot.id for slot in choice] == [
                    slot_id
                    for slot_id in free[self.slots[session.slot].coach]
                    if not self.is_busy(session.student, slot_id, but=number)
                ]

    def tab(self, session: Session) -> When:
        if session.cancelled_at:
            return When.CANCELLED
        return When.UPCOMING if self.slots[session.slot].ends_at > self.now else When.PREVIOUS

    def other(self, session: Session, who: str) -> str:
        coach = self.slots[session.slot].coach
        return coach if who == session.student else session.student


def test_every_rule_holds_after_every_move(app):
    run_state_machine_as_test(
        lambda: EveryMove(app),
        settings=settings(
            max_examples=120 if THOROUGH else 36,
            stateful_step_count=40,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
