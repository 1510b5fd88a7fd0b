"""Every move that people can make, in any order: a plain model says what comes of it, and every rule holds after it.

Hypothesis looks for an order of moves in which the app and the model disagree, and cuts what it finds short.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text
from werkzeug.exceptions import NotFound

from coaching.coaches.queries import coaches_with_free_slots, free_slots
from coaching.extensions import Refusal, db, saving
from coaching.models import CoachingSession, EarlierFeedback, Feedback, TimeSlot, User
from coaching.sessions import rules as sessions
from coaching.sessions.queries import When, call_or_404, calls, calls_without_feedback, slot_with_id, slots_to_choose
from coaching.slots import rules as slots
from coaching.slots.queries import of_or_404, slot_or_404
from tests import databases as data
from tests.make import Make, at

TWO_HOURS = timedelta(hours=2)
THOROUGH = os.environ.get("CI") == "true"

# Half a day before the clocks change: in London, a week later there, back there, and in St John's.
DAYS = [at("2026-03-28 13:00"), at("2026-03-21 13:00"), at("2026-10-24 12:00"), at("2026-03-07 17:30")]
COACHES = {"Amara": "Europe/London", "Devi": "Asia/Kathmandu", "Grace": "America/St_Johns"}
STUDENTS = {"Ana": "Pacific/Auckland", "Bo": "Europe/London", "Cleo": "Australia/Lord_Howe"}

coaches, students = st.sampled_from(sorted(COACHES)), st.sampled_from(sorted(STUDENTS))
people = st.sampled_from(sorted({**COACHES, **STUDENTS, "Adam": "UTC"}))
# When a slot is to begin, after the machine's first moment: close together, so that much gets into each other's way.
quarters = st.sampled_from(
    [minutes // 15 for minutes in (60, 135, 180, 225, 300, 405, 525, 645, 720, 735, 750, 780, 1500)]
)
which = st.sampled_from([None, None, "first", "second"])
notes = st.sampled_from(["", "Good.", "**Better**\nthan before"])

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

    slots_there: Bundle[int] = Bundle("slots_there")
    sessions_there: Bundle[int] = Bundle("sessions_there")

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
        self.changed = True

    @initialize(began=st.sampled_from(DAYS))
    def begin(self, began: datetime) -> None:
        self.began = self.now = began

    # The moves

    @rule(target=slots_there, coach=coaches, quarter=quarters, which=which, weeks=st.sampled_from([1, 1, 1, 2, 3]),
          crooked=st.sampled_from([0, 0, 0, 0, 0, 7]))  # fmt: skip
    def publish(self, coach: str, quarter: int, which: Any, weeks: int, crooked: int) -> Any:
        wall = self.wall(coach, quarter) + timedelta(minutes=crooked)
        starts = self.could_offer(coach, wall, which, weeks)

        def act() -> list[TimeSlot]:
            with saving():
                return slots.offer(self.person(coach), wall.date(), wall.time(), weeks=weeks, which=which, now=self.now)

        published = self.step(act, may=starts is not None)
        if published is None or starts is None:
            return multiple()
        assert [slot.starts_at for slot in published] == starts
        self.slots |= {slot.id: Slot(coach, slot.starts_at, self.now) for slot in published}
        return multiple(*(slot.id for slot in published))

    @rule(target=slots_there, slot_id=slots_there, coach=coaches, quarter=quarters, which=which)
    def move_slot(self, slot_id: int, coach: str, quarter: int, which: Any) -> Any:
        wall, slot = self.wall(coach, quarter), self.slots[slot_id]
        starts = self.could_offer(coach, wall, which, 1, but=slot_id)
        may = slot.coach == coach and not slot.withdrawn_at and not self.live_on(slot_id) and starts is not None

        def act() -> TimeSlot:
            person = self.person(coach)
            there = of_or_404(person, slot_id)
            with saving():
                return slots.move(there, person, wall.date(), wall.time(), which=which, now=self.now)

        moved = self.step(act, may=may)
        if moved is None:
            return multiple()
        assert [moved.starts_at] == starts
        slot.withdrawn_at = self.now
        self.slots[moved.id] = Slot(coach, moved.starts_at, self.now)
        return moved.id

    @rule(slot_id=slots_there, coach=coaches)
    def withdraw(self, slot_id: int, coach: str) -> None:
        slot = self.slots[slot_id]

        def act() -> bool:
            there = of_or_404(self.person(coach), slot_id)
            with saving():
                slots.withdraw(there, now=self.now)
            return True

        if self.step(act, may=slot.coach == coach and not slot.withdrawn_at and not self.live_on(slot_id)):
            slot.withdrawn_at = self.now

    @rule(target=sessions_there, slot_id=slots_there, student=students, topic=notes)
    def book(self, slot_id: int, student: str, topic: str) -> Any:
        own = next((number for number in self.live_on(slot_id) if self.sessions[number].student == student), None)
        may = own is not None or (self.is_free(slot_id) and not self.is_busy(student, slot_id))

        def act() -> CoachingSession:
            there, person = slot_or_404(slot_id), self.person(student)
            with saving():
                return sessions.book(there, person, topic=topic, now=self.now)

        booked = self.step(act, may=may, changes=own is None)
        if booked is None:
            return multiple()
        if own is not None:
            assert booked.id == own, "pressed again, it leads to the session that is there"
            return multiple()
        assert booked.id not in self.sessions
        self.sessions[booked.id] = Session(slot_id, student, topic, self.now)
        return booked.id

    @rule(session_id=sessions_there, who=people, reason=notes)
    def cancel(self, session_id: int, who: str, reason: str) -> None:
        session = self.sessions[session_id]

        def act() -> bool:
            person = self.person(who)
            call = call_or_404(session_id, person)
            with saving():
                sessions.cancel(call.session, person, reason=reason, now=self.now)
            return True

        if self.step(act, may=self.can_change(session, who)):
            session.cancelled_at, session.cancelled_by, session.reason = self.now, who, reason
            if who in COACHES:
                self.slots[session.slot].withdrawn_at = self.now

    @rule(session_id=sessions_there, slot_id=slots_there, who=people)
    def move_session(self, session_id: int, slot_id: int, who: str) -> None:
        session = self.sessions[session_id]
        may = (
            self.can_change(session, who)
            and self.slots[slot_id].coach == self.slots[session.slot].coach
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

    @rule(session_id=sessions_there, coach=coaches, rating=st.integers(0, 6), note=notes)
    def leave_feedback(self, session_id: int, coach: str, rating: int, note: str) -> None:
        session, there = self.sessions[session_id], self.recorded.get(session_id)
        slot = self.slots[session.slot]
        may = slot.coach == coach and not session.cancelled_at and slot.starts_at <= self.now and 1 <= rating <= 5
        is_new = there is None or (there.rating, there.note) != (rating, note)

        def act() -> bool:
            person = self.person(coach)
            call = call_or_404(session_id, person)
            with saving():
                sessions.leave_feedback(call.session, person, rating=rating, note=note, now=self.now)
            return True

        if self.step(act, may=may, changes=is_new) and is_new:
            if there is None:
                self.recorded[session_id] = Recorded(rating, note, self.now)
            else:
                written_at = there.corrected_at or there.created_at
                there.earlier.append((there.rating, there.note, written_at, self.now))
                there.rating, there.note, there.corrected_at = rating, note, self.now

    @rule(minutes=st.sampled_from([1, 15, 60, 120, 345]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.changed = True

    @rule(slot_id=slots_there, to=st.sampled_from(["starts_at", "ends_at"]), seconds=st.sampled_from([-1, 0]))
    def time_passes_to_where_a_slot_begins_or_ends(self, slot_id: int, to: str, seconds: int) -> None:
        self.now = max(self.now, getattr(self.slots[slot_id], to) + timedelta(seconds=seconds))
        self.changed = True

    # What the model makes of it

    def wall(self, coach: str, quarter: int) -> datetime:
        """Return what the coach's clock shows so many quarters of an hour later, as long as nobody changes it."""
        at_once = self.began.astimezone(ZoneInfo(COACHES[coach])).replace(tzinfo=None)
        return at_once + timedelta(minutes=15 * quarter)

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

    def is_busy(self, student: str, slot_id: int, but: int | None = None) -> bool:
        return any(
            abs(self.slots[session.slot].starts_at - self.slots[slot_id].starts_at) < TWO_HOURS
            for number, session in self.sessions.items()
            if session.student == student and not session.cancelled_at and number != but
        )

    def can_change(self, session: Session, who: str) -> bool:
        slot = self.slots[session.slot]
        return who in {session.student, slot.coach} and not session.cancelled_at and slot.starts_at > self.now

    # Doing it

    def person(self, name: str) -> User:
        return db.session.get_one(User, self.ids[name])

    def step(self, act: Callable[[], Any], *, may: bool, changes: bool = True) -> Any:
        """Do what a view does. What is refused, and what changes nothing, leaves every row of every table as it was."""
        move = act.__qualname__.split(".")[1]
        before = data.everything(self.app)
        came_of_it, refusal = None, None
        try:
            with self.app.app_context():
                came_of_it = act()
        except (Refusal, NotFound) as no:
            refusal = no
        event(f"{move}: {'refused' if refusal else 'done'}")
        assert may is (refusal is None), refusal or "done, though a rule forbids it"
        self.changed = may and changes
        assert (data.everything(self.app) != before) is self.changed
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
            for who in self.ids:
                self.sees_their_sessions_and_no_others(who)
            self.what_is_free_is_on_offer()

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
            assert [call.session.id for call in found] == listed
            for call in found:
                other = self.other(mine[call.session.id], who)
                assert self.names[call.other.id] == other
                assert call.number == (self.numbers[other] if other in with_live else None)
                recorded = self.recorded.get(call.session.id) if who in COACHES else None
                assert (call.feedback and call.feedback.rating) == (recorded and recorded.rating)
                assert (call.feedback and call.feedback.note) == (recorded and recorded.note)
        for number in self.sessions.keys() - mine.keys():
            with pytest.raises(NotFound):
                call_or_404(number, person)
        waiting = [n for n, s in mine.items() if self.tab(s) == When.PREVIOUS and n not in self.recorded]
        if who in COACHES:
            assert {call.session.id for call in calls_without_feedback(person, now=self.now, limit=999)} == set(waiting)

    def what_is_free_is_on_offer(self) -> None:
        free: dict[str, list[int]] = {name: [] for name in COACHES}
        for number in sorted(self.slots, key=lambda n: self.slots[n].starts_at):
            if self.is_free(number):
                free[self.slots[number].coach].append(number)
        for name, numbers in free.items():
            assert [slot.id for slot in free_slots(self.person(name), after=self.now, limit=999)] == numbers
        offers = coaches_with_free_slots(after=self.now, between=None, words="", behind=None, limit=99)
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
            max_examples=150 if THOROUGH else 40,
            stateful_step_count=40,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
