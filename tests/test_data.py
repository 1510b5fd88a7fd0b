"""What must never be in the data: here rows go in past all rules, and the database itself has to refuse them."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, ForeignKeyConstraint, PrimaryKeyConstraint, delete, null, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from coaching.extensions import db, saving
from coaching.models import (
    Attempt,
    Base,
    CalendarFeed,
    CoachingSession,
    EarlierFeedback,
    Email,
    Feedback,
    OneTimeLink,
    Registration,
    SignIn,
    TimeSlot,
    Unwanted,
    User,
    Wait,
)
from tests.make import NOW, Make, at

TEN, FOURTEEN = at("2026-03-02 10:00"), at("2026-03-02 14:00")  # today
SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)

Change = Callable[[Connection], Any]
Wanted = Base | list[Base] | Change


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


class World:
    """A little of everything; `a_…` is a row that is not in the data yet, and good but for what is said of it."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.coach, self.other_coach = make.coach(), make.coach()
        self.student, self.admin = make.student(), make.admin()
        self.slot, self.at_two = make.slot(self.coach, TEN), make.slot(self.other_coach, FOURTEEN)
        self.session = make.session(self.slot, self.student)
        self.past = make.session(starts_at=NOW - timedelta(days=1))
        self.feedback = make.feedback(self.past)

    def a_person(self, **said: Any) -> User:
        good = {"role": "student", "name": "Bo", "email": "bo@example.org", "phone": "+442079460999"}
        return User(**{**good, "time_zone": "UTC", "headline": "", "created_at": NOW, **said})

    def a_sign_in(self, **said: Any) -> SignIn:
        good = {"user_id": self.student.id, "token_hash": "f" * 64}
        return SignIn(**{**good, "created_at": NOW, "seen_at": NOW, "ends_at": NOW, **said})

    def a_link(self, **said: Any) -> OneTimeLink:
        good = {"user_id": self.student.id, "purpose": "reset", "email": "bo@example.org", "token_hash": "f" * 64}
        return OneTimeLink(**{**good, "ends_at": NOW, **said})

    def a_registration(self, **said: Any) -> Registration:
        good = {"token_hash": "f" * 64, "name": "Bo", "email": "bo@example.org", "phone": "+442079460999"}
        return Registration(**{**good, "time_zone": "UTC", "password_hash": "x", "ends_at": NOW, **said})

    def an_attempt(self, **said: Any) -> Attempt:
        return Attempt(**{"about": "f" * 64, "ends_at": NOW, **said})

    def a_feed(self, **said: Any) -> CalendarFeed:
        return CalendarFeed(**{"user_id": self.student.id, "token_hash": "f" * 64, "created_at": NOW, **said})

    def a_slot(self, begins: datetime = FOURTEEN, length: int = 120, **said: Any) -> TimeSlot:
        good = {"coach_id": self.coach.id, "starts_at": begins, "ends_at": begins + minutes(length)}
        return TimeSlot(**{**good, "offered_at": NOW, **said})

    def a_session(self, slot: TimeSlot | None = None, **said: Any) -> CoachingSession:
        slot = slot or self.at_two
        good = {"slot_id": slot.id, "coach_id": slot.coach_id, "starts_at": slot.starts_at, "ends_at": slot.ends_at}
        return CoachingSession(**{**good, "student_id": self.student.id, "booked_at": NOW, **said})

    def a_session_at(self, apart: int) -> CoachingSession:
        return self.a_session(self.make.slot(self.other_coach, TEN + minutes(apart)))

    def a_cancelled(self, **said: Any) -> CoachingSession:
        return self.a_session(**{"cancelled_at": NOW, "cancelled_by_id": self.student.id, **said})

    def a_feedback(self, session: CoachingSession | None = None, **said: Any) -> Feedback:
        session = session or self.make.session(starts_at=NOW - timedelta(days=2))
        good = {"session_id": session.id, "left_by": session.coach_id, "rating": 4, "note": "", "created_at": NOW}
        return Feedback(**{**good, **said})

    def an_earlier(self, **said: Any) -> EarlierFeedback:
        good = {"feedback_id": self.feedback.id, "rating": 4, "note": "", "written_at": NOW, "replaced_at": NOW}
        return EarlierFeedback(**{**good, **said})

    def an_email(self, **said: Any) -> Email:
        good = {"session_id": self.session.id, "person_id": self.student.id, "kind": "booked", "revision": 0}
        return Email(**{**good, "created_at": NOW, "due_at": NOW, "next_at": NOW, **said})

    def a_mail_to_an_address(self, **said: Any) -> Email:
        good = {"session_id": None, "person_id": None, "kind": "known", "address": "bo@example.org"}
        return self.an_email(**{**good, **said})

    def a_mail_of_a_slot(self, **said: Any) -> Email:
        return self.an_email(**{"session_id": None, "kind": "freed", "slot_id": self.at_two.id, **said})

    def a_welcome(self, **said: Any) -> Email:
        return self.an_email(**{"session_id": None, "kind": "welcome", **said})

    def an_unwanted(self, **said: Any) -> Unwanted:
        return Unwanted(**{"person_id": self.student.id, "topic": "reminders", **said})

    def a_wait(self, **said: Any) -> Wait:
        return Wait(**{"student_id": self.student.id, "coach_id": self.coach.id, "since_at": NOW, **said})

    def cancelled(self, slot: TimeSlot) -> CoachingSession:
        """A cancelled session that is in the data."""
        student = self.make.student()
        return self.make.session(slot, student, cancelled_by=student)

    def cancelled_slot(self) -> TimeSlot:
        """A slot that is free again."""
        slot = self.make.slot()
        self.cancelled(slot)
        return slot

    def corrected_feedback(self) -> Feedback:
        """A feedback with earlier words."""
        self.make.earlier_feedback(self.feedback, 1, "")
        return self.feedback

    def at_place_of(self, slot: TimeSlot) -> dict[str, Any]:
        return {"slot_id": slot.id, "coach_id": slot.coach_id, "starts_at": slot.starts_at, "ends_at": slot.ends_at}


def change(row: Base, **values: Any) -> Change:
    return lambda connection: connection.execute(update(type(row)).where(type(row).id == row.id).values(**values))


def drop(row: Base) -> Change:
    return lambda connection: connection.execute(delete(type(row)).where(type(row).id == row.id))


ALIVE_AGAIN = {"cancelled_at": None, "cancelled_by_id": None}
CLOSE = (-105, -60, -15, 0, 15, 60, 105)

# What is refused, under the name of the constraint that refuses it.
NEVER: dict[str, dict[str, Callable[[World], Wanted]]] = {
    # People
    "known_role": {
        "an unknown role": lambda w: w.a_person(role="boss"),
        "no role": lambda w: w.a_person(role=""),
    },
    "name_is_said": {
        "no name": lambda w: w.a_person(name=""),
        "a blank name": lambda w: w.a_person(name="   "),
        "a name of 81 letters": lambda w: w.a_person(name="é" * 81),
    },
    "email_is_an_address": {
        "no address": lambda w: w.a_person(email=""),
        "half an address": lambda w: w.a_person(email="@example.org"),
        "the other half": lambda w: w.a_person(email="ana@"),
        "an address of 255 letters": lambda w: w.a_person(email="a" * 243 + "@example.org"),
    },
    "uq_user_email": {"an address that somebody has": lambda w: w.a_person(email=w.coach.email)},
    "phone_is_e164": {
        "no number": lambda w: w.a_person(phone=""),
        "a number without a country": lambda w: w.a_person(phone="02079460999"),
        "four digits": lambda w: w.a_person(phone="+1234"),
        "sixteen digits": lambda w: w.a_person(phone="+1234567890123456"),
    },
    "time_zone_is_said": {"no zone": lambda w: w.a_person(time_zone="")},
    "clock_has_12_or_24_hours": {
        "a clock of 13 hours": lambda w: w.a_person(hour_cycle=13),
        "a clock of none": lambda w: change(w.student, hour_cycle=0),
    },
    "week_begins_on_a_weekday": {
        "an eighth day": lambda w: w.a_person(first_weekday=8),
        "a day before Monday": lambda w: change(w.student, first_weekday=0),
    },
    "feed_is_hashed": {"a token as it is": lambda w: w.a_feed(token_hash="secret")},
    "uq_calendar_feed_user_id": {
        "a second feed of one person": lambda w: [w.a_feed(), w.a_feed(token_hash="e" * 64)],
    },
    "uq_calendar_feed_token_hash": {
        "one token for two people": lambda w: [w.a_feed(), w.a_feed(user_id=w.admin.id)],
    },
    "fk_calendar_feed_user_id": {"a feed of nobody": lambda w: w.a_feed(user_id=999)},
    "headline_is_short": {"161 letters": lambda w: w.a_person(role="coach", headline="x" * 161)},
    "headline_is_a_coachs": {
        "a student's headline": lambda w: w.a_person(headline="Hello"),
        "an organiser's headline": lambda w: w.a_person(role="admin", headline="Hello"),
        "a coach with a headline who becomes a student": lambda w: change(w.make.coach(headline="Hi"), role="student"),
    },
    # Sign-ins
    "token_is_hashed": {"a token as it is": lambda w: w.a_sign_in(token_hash="f" * 43)},
    "uq_sign_in_token_hash": {"two sign-ins with one token": lambda w: [w.a_sign_in(), w.a_sign_in()]},
    "fk_sign_in_user_id": {"a sign-in of nobody": lambda w: w.a_sign_in(user_id=999)},
    "device_is_short": {"81 letters": lambda w: w.a_sign_in(device="x" * 81)},
    # Links in mails, registrations and attempts
    "known_purpose": {"a link for anything else": lambda w: w.a_link(purpose="else")},
    "link_is_hashed": {"a token as it is": lambda w: w.a_link(token_hash="f" * 43)},
    "uq_one_time_link_token_hash": {"two links with one token": lambda w: [w.a_link(), w.a_link()]},
    "fk_one_time_link_user_id": {"a link for nobody": lambda w: w.a_link(user_id=999)},
    "link_goes_to_an_address": {"a link to nowhere": lambda w: w.a_link(email="")},
    "registration_is_hashed": {"a token as it is": lambda w: w.a_registration(token_hash="f" * 43)},
    "uq_registration_token_hash": {"two with one token": lambda w: [w.a_registration(), w.a_registration()]},
    "registration_has_a_name": {"a blank name": lambda w: w.a_registration(name=" ")},
    "registration_has_an_address": {"half an address": lambda w: w.a_registration(email="ana@")},
    "registration_has_a_number": {"a number without a country": lambda w: w.a_registration(phone="02079460999")},
    "registration_has_a_zone": {"no zone": lambda w: w.a_registration(time_zone="")},
    # Mails
    "fk_email_session_id": {"a mail about nothing": lambda w: w.an_email(session_id=999)},
    "fk_email_person_id": {"a mail to nobody": lambda w: w.an_email(person_id=999)},
    "known_kind_of_mail": {"a mail of no kind": lambda w: w.an_email(kind="hello")},
    "told_once": {"the same twice": lambda w: [w.an_email(), w.an_email(due_at=TEN)]},
    "mail_about_a_session": {
        "a booking of nothing": lambda w: w.an_email(session_id=None),
        "a welcome to a session": lambda w: w.an_email(kind="welcome"),
    },
    "mail_about_a_slot": {
        "a free time that is none": lambda w: w.a_mail_of_a_slot(slot_id=None),
        "a booking of a slot": lambda w: w.an_email(slot_id=w.at_two.id),
    },
    "fk_email_slot_id": {"a free time that is not there": lambda w: w.a_mail_of_a_slot(slot_id=999)},
    "mail_to_an_address": {
        "an account mail to nowhere": lambda w: w.a_mail_to_an_address(address="", person_id=w.student.id),
        "a booking that goes elsewhere": lambda w: w.an_email(address="bo@example.org"),
    },
    "mail_to_somebody": {"a welcome for nobody": lambda w: w.a_welcome(person_id=None)},
    "mail_with_a_link": {
        "a link that is made from nothing": lambda w: w.a_mail_to_an_address(kind="reset"),
        "a secret without a link": lambda w: w.a_mail_to_an_address(seed="secret"),
    },
    "told_once_of_a_slot": {"of one slot twice": lambda w: [w.a_mail_of_a_slot(), w.a_mail_of_a_slot(due_at=TEN)]},
    "told_once_of_oneself": {"two welcomes": lambda w: [w.a_welcome(), w.a_welcome(due_at=TEN)]},
    "fk_unwanted_person_id": {"of nobody": lambda w: w.an_unwanted(person_id=999)},
    "unwanted_once": {"twice": lambda w: [w.an_unwanted(), w.an_unwanted()]},
    "known_topic": {"mails about anything else": lambda w: w.an_unwanted(topic="bookings")},
    # Who waits
    "only_a_student_waits": {"a coach who waits": lambda w: w.a_wait(student_id=w.other_coach.id)},
    "waits_for_a_coach": {"for another student": lambda w: w.a_wait(coach_id=w.make.student().id)},
    "waits_once": {"twice for one coach": lambda w: [w.a_wait(), w.a_wait(since_at=TEN)]},
    "waits_once_for_any": {"twice for any": lambda w: [w.a_wait(coach_id=None), w.a_wait(coach_id=None)]},
    "mail_of_a_revision": {"of what comes before the first": lambda w: w.an_email(revision=-1)},
    "attempts_are_counted": {"less than none": lambda w: w.an_email(attempts=-1)},
    "sent_or_dropped": {"both": lambda w: w.an_email(sent_at=NOW, dropped_at=NOW, why="both")},
    "dropped_for_a_reason": {
        "dropped for nothing": lambda w: w.an_email(dropped_at=NOW),
        "a reason to drop what is not": lambda w: w.an_email(why="why not"),
    },
    "attempt_is_hashed": {"an address as it is": lambda w: w.an_attempt(about="127.0.0.1")},
    # Slots: rules 1 and 2
    "slot_is_a_coachs": {
        "a student's offer": lambda w: w.a_slot(coach_id=w.student.id),
        "an organiser's offer": lambda w: w.a_slot(coach_id=w.admin.id),
        "nobody's offer": lambda w: w.a_slot(coach_id=999),
        "a coach with slots who becomes a student": lambda w: change(w.coach, role="student"),
        "a coach with slots who goes": lambda w: drop(w.coach),
    },
    "slot_is_two_hours": {
        "two hours but for a second": lambda w: w.a_slot(ends_at=FOURTEEN + minutes(120) - SECOND),
        **{
            f"{length} minutes": lambda w, length=length: w.a_slot(length=length)
            for length in (-120, 0, 60, 105, 119, 121, 135, 180)
        },
    },
    "slot_on_the_quarter": {
        f"a start {off} past the quarter": lambda w, off=off: w.a_slot(FOURTEEN + off)
        for off in (minutes(1), minutes(10), minutes(14), minutes(16), minutes(59), SECOND, MICROSECOND)
    },
    "slot_lies_ahead": {
        "a slot in the past": lambda w: w.a_slot(NOW - minutes(15)),
        "a slot that begins right now": lambda w: w.a_slot(NOW),
    },
    "slots_of_one_coach": {
        "a withdrawn slot that comes back over another": lambda w: change(
            w.make.slot(w.coach, TEN + minutes(60), withdrawn_at=NOW), withdrawn_at=None
        ),
        "two that come together": lambda w: [w.a_slot(), w.a_slot(FOURTEEN + minutes(105))],
        **{f"{apart} minutes apart": lambda w, apart=apart: w.a_slot(TEN + minutes(apart)) for apart in CLOSE},
    },
    "slot_times_never_change": {
        "a free slot that moves": lambda w: change(
            w.make.slot(w.coach, FOURTEEN), starts_at=FOURTEEN + minutes(120), ends_at=FOURTEEN + minutes(240)
        ),
        "a withdrawn slot that moves": lambda w: change(
            w.make.slot(w.coach, FOURTEEN, withdrawn_at=NOW),
            starts_at=FOURTEEN + minutes(120),
            ends_at=FOURTEEN + minutes(240),
        ),
        "a slot that changes hands": lambda w: change(w.make.slot(w.coach, FOURTEEN), coach_id=w.make.coach().id),
    },
    # Sessions: rules 3 to 8
    "only_a_student_books": {
        "a coach who books": lambda w: w.a_session(student_id=w.coach.id),
        "an organiser who books": lambda w: w.a_session(student_id=w.admin.id),
        "nobody who books": lambda w: w.a_session(student_id=999),
        "a student with sessions who becomes an organiser": lambda w: change(w.student, role="admin"),
        "a student with sessions who goes": lambda w: drop(w.student),
    },
    "one_live_session_per_slot": {
        "another student's": lambda w: w.a_session(w.slot, student_id=w.make.student().id),
        "a session that moves to a slot that is taken": lambda w: change(
            w.make.session(w.make.slot(w.coach, FOURTEEN)), **w.at_place_of(w.slot)
        ),
        "a cancelled session that comes back": lambda w: change(w.cancelled(w.slot), **ALIVE_AGAIN),
    },
    "sessions_of_one_student": {
        "a session that moves over another": lambda w: change(
            w.make.session(w.at_two, w.student),
            **w.at_place_of(w.make.slot(w.other_coach, TEN + minutes(105))),
        ),
        "a cancelled session that comes back over another": lambda w: change(
            w.make.session(
                w.make.slot(w.other_coach, TEN + minutes(60)), w.student, cancelled_by=w.student
            ),
            **ALIVE_AGAIN,
        ),
        "a session that becomes a busy student's": lambda w: change(
            w.make.session(w.make.slot(w.other_coach, TEN + minutes(15))), student_id=w.student.id
        ),
        **{f"{apart} minutes apart": lambda w, apart=apart: w.a_session_at(apart) for apart in CLOSE},
    },
    "live_session_keeps_its_slot": {
        "a withdrawn slot that is booked": lambda w: w.a_session(w.make.slot(withdrawn_at=NOW)),
        "a booked slot that is withdrawn": lambda w: change(w.slot, withdrawn_at=NOW),
        "a session that moves to a withdrawn slot": lambda w: change(
            w.session, **w.at_place_of(w.make.slot(w.coach, FOURTEEN, withdrawn_at=NOW))
        ),
        "a cancelled session that comes back on a withdrawn slot": lambda w: change(
            w.cancelled(w.make.slot(withdrawn_at=NOW)), **ALIVE_AGAIN
        ),
    },
    "session_agrees_with_its_slot": {
        "another coach than its slot": lambda w: w.a_session(coach_id=w.coach.id),
        "another time than its slot": lambda w: w.a_session(starts_at=FOURTEEN + minutes(60)),
        "another end than its slot": lambda w: w.a_session(ends_at=FOURTEEN + minutes(180)),
        "no slot at all": lambda w: w.a_session(slot_id=999),
        "a cancelled session with another time": lambda w: w.a_cancelled(starts_at=FOURTEEN + minutes(60)),
        "a slot with a history that goes": lambda w: drop(w.cancelled_slot()),
    },
    "booked_before_it_starts": {
        "booked as it begins": lambda w: w.a_session(booked_at=FOURTEEN),
        "booked after the fact": lambda w: w.a_session(booked_at=FOURTEEN + timedelta(days=1)),
    },
    "cancelled_before_it_starts": {
        "cancelled as it begins": lambda w: w.a_cancelled(cancelled_at=FOURTEEN),
        "cancelled after the fact": lambda w: change(w.past, cancelled_at=NOW, cancelled_by_id=w.past.student_id),
    },
    "cancelled_by_somebody": {
        "cancelled by nobody": lambda w: w.a_cancelled(cancelled_by_id=None),
        "cancelled by somebody, but at no time": lambda w: w.a_cancelled(cancelled_at=None),
    },
    "cancelled_by_one_of_the_two": {
        "another coach": lambda w: w.a_cancelled(cancelled_by_id=w.coach.id),
        "another student": lambda w: w.a_cancelled(cancelled_by_id=w.past.student_id),
        "an organiser": lambda w: w.a_cancelled(cancelled_by_id=w.admin.id),
    },
    "moves_are_counted": {
        "fewer moves than none": lambda w: w.a_session(moves=-1, moved_at=NOW),
    },
    "moved_as_often_as_counted": {
        "moved at no time": lambda w: w.a_session(moves=1),
        "moved, and not counted": lambda w: change(w.session, moved_at=NOW),
    },
    "moved_before_it_starts": {
        "moved as it begins": lambda w: w.a_session(moves=1, moved_at=FOURTEEN),
        "moved after the fact": lambda w: change(w.past, moves=1, moved_at=NOW),
    },
    "reason_is_for_cancelling": {"a reason for a live session": lambda w: w.a_session(reason="Why not")},
    "reason_is_short": {"501 letters": lambda w: w.a_cancelled(reason="é" * 501)},
    "topic_is_short": {"501 letters": lambda w: w.a_session(topic="é" * 501)},
    # Feedback: rule 10
    "rating_is_1_to_5": {
        "a rating that becomes 0": lambda w: change(w.feedback, rating=0),
        **{f"{rating}": lambda w, rating=rating: w.a_feedback(rating=rating) for rating in (-1, 0, 6, 99)},
    },
    "rated_or_missed": {
        "no rating, though the student answered": lambda w: w.a_feedback(rating=None),
        "a rating of who did not answer": lambda w: w.a_feedback(is_missed=True),
        "a rating that goes": lambda w: change(w.feedback, rating=None),
    },
    "feedback_is_the_coachs": {
        "another coach's": lambda w: w.a_feedback(left_by=w.other_coach.id),
        "its student's": lambda w: w.a_feedback(w.session, left_by=w.session.student_id),
        "an organiser's": lambda w: w.a_feedback(left_by=w.admin.id),
        "feedback that changes hands": lambda w: change(w.feedback, left_by=w.other_coach.id),
        "feedback on nothing": lambda w: w.a_feedback(session_id=999),
        "a session that goes and leaves its feedback": lambda w: drop(w.past),
    },
    "uq_feedback_session_id": {
        "a second one": lambda w: w.a_feedback(w.past),
        "two that come together": lambda w: [w.a_feedback(w.session), w.a_feedback(w.session)],
    },
    "note_is_short": {"10,001 letters": lambda w: w.a_feedback(note="व" * 10_001)},
    "fk_earlier_feedback_feedback_id": {
        "earlier words of nothing": lambda w: w.an_earlier(feedback_id=999),
        "feedback that goes and leaves its earlier words": lambda w: drop(w.corrected_feedback()),
    },
    "earlier_rating_is_1_to_5": {
        f"{rating}": lambda w, rating=rating: w.an_earlier(rating=rating) for rating in (-1, 0, 6)
    },
    "earlier_rated_or_missed": {"neither": lambda w: w.an_earlier(rating=None)},
    "earlier_note_is_short": {"10,001 letters": lambda w: w.an_earlier(note="x" * 10_001)},
}  # fmt: skip

# What looks like one of these, and is fine.
FINE: dict[str, Callable[[World], Wanted]] = {
    "a slot right after another": lambda w: w.a_slot(TEN + minutes(120)),
    "a slot right before another": lambda w: w.a_slot(TEN - minutes(120), offered_at=NOW - SECOND),
    "three slots in a row, the middle one last": lambda w: [
        w.a_slot(FOURTEEN), w.a_slot(FOURTEEN + minutes(240)), w.a_slot(FOURTEEN + minutes(120))
    ],
    "two coaches who offer the same hour": lambda w: w.a_slot(TEN, coach_id=w.other_coach.id),
    "a slot where a withdrawn one was": lambda w: (w.make.slot(w.coach, FOURTEEN, withdrawn_at=NOW), w.a_slot())[1],
    "a withdrawn slot over another": lambda w: w.a_slot(TEN + minutes(60), withdrawn_at=NOW),
    "a free slot that is withdrawn": lambda w: change(w.make.slot(), withdrawn_at=NOW),
    "a withdrawn slot that comes back": lambda w: change(w.make.slot(withdrawn_at=NOW), withdrawn_at=None),
    "a slot that is offered in the last moment": lambda w: w.a_slot(offered_at=FOURTEEN - MICROSECOND),
    "a slot across midnight": lambda w: w.a_slot(at("2026-03-02 23:15")),
    "a slot across the new year": lambda w: w.a_slot(at("2026-12-31 23:00")),
    "the four quarters": lambda w: [w.a_slot(FOURTEEN + minutes(n * 135)) for n in range(4)],
    "a session right after another": lambda w: w.a_session_at(120),
    "a session right before another": lambda w: w.a_session(
        w.make.slot(w.other_coach, TEN - minutes(120)), booked_at=NOW - SECOND
    ),
    "two students at the same hour": lambda w: w.a_session(w.make.slot(starts_at=TEN), student_id=w.past.student_id),
    "a slot that is booked again after a cancellation": lambda w: w.a_session(w.cancelled_slot()),
    "a second cancelled session on a slot": lambda w: w.a_cancelled(slot=w.cancelled_slot()),
    "a session over a cancelled one of the student": lambda w: w.a_session(
        student_id=w.cancelled(w.make.slot(w.coach, FOURTEEN + minutes(60))).student_id
    ),
    "a session that moves to where it touches": lambda w: change(
        w.session, **w.at_place_of(w.make.slot(w.coach, TEN + minutes(120)))
    ),
    "a booking in the last moment": lambda w: w.a_session(booked_at=FOURTEEN - MICROSECOND),
    "a cancellation in the last moment": lambda w: w.a_cancelled(cancelled_at=FOURTEEN - MICROSECOND),
    "a cancellation by the coach, with 500 letters": lambda w: w.a_cancelled(
        cancelled_by_id=w.other_coach.id, reason="é" * 500
    ),
    "a cancelled session on a slot that is withdrawn then": lambda w: change(w.cancelled_slot(), withdrawn_at=NOW),
    "a session that is moved in the last moment": lambda w: w.a_session(moves=1, moved_at=FOURTEEN - MICROSECOND),
    "a week that begins on a Sunday": lambda w: w.a_person(first_weekday=7, hour_cycle=12),
    "a topic of 500 letters": lambda w: w.a_session(topic="é" * 500),
    "a note of 10,000 letters": lambda w: w.a_feedback(note="व" * 10_000),
    "a name of 80 letters": lambda w: w.a_person(name="é" * 80),
    "an address of 254 letters": lambda w: w.a_person(email="a" * 242 + "@example.org"),
    "fifteen digits": lambda w: w.a_person(phone="+123456789012345"),
    "a coach's headline of 160 letters": lambda w: w.a_person(role="coach", headline="é" * 160),
    "a person without sessions who goes": lambda w: drop(w.admin),
    **{f"a rating of {rating}": lambda w, rating=rating: w.a_feedback(rating=rating) for rating in range(1, 6)},
    "nobody who answered": lambda w: w.a_feedback(rating=None, is_missed=True),
    "two who wait for any coach": lambda w: [w.a_wait(coach_id=None), w.a_wait(student_id=w.make.student().id)],
    "the same coach and any": lambda w: [w.a_wait(), w.a_wait(coach_id=None)],
    "two mails to one address": lambda w: [w.a_mail_to_an_address(), w.a_mail_to_an_address()],
}  # fmt: skip

# What SQLite says where it names columns instead of the constraint. A foreign key it does not name at all.
IN_COLUMNS = {
    "uq_user_email": "user.email",
    "uq_sign_in_token_hash": "sign_in.token_hash",
    "uq_one_time_link_token_hash": "one_time_link.token_hash",
    "uq_registration_token_hash": "registration.token_hash",
    "uq_calendar_feed_user_id": "calendar_feed.user_id",
    "uq_calendar_feed_token_hash": "calendar_feed.token_hash",
    "uq_feedback_session_id": "feedback.session_id",
    "one_live_session_per_slot": "coaching_session.slot_id",
    "told_once": "email.session_id, email.kind, email.person_id, email.revision",
    "told_once_of_a_slot": "email.slot_id, email.person_id, email.revision",
    "told_once_of_oneself": "email.person_id, email.kind, email.revision",
    "unwanted_once": "unwanted.person_id, unwanted.topic",
    "waits_once": "wait.student_id, wait.coach_id",
    "waits_once_for_any": "wait.student_id",
}
CONSTRAINTS = {
    constraint.name: constraint
    for table in Base.metadata.tables.values()
    for constraint in (*table.constraints, *(said for column in table.columns for said in column.constraints))
}

# These are there for foreign keys to point at: nothing can break them that does not first break a primary key.
POINTED_AT = {"uq_user_id_role", "slot_as_booked", "slot_as_offered", "session_of_its_coach"}


@pytest.fixture
def world(make: Make) -> World:
    return World(make)


def put(app: Flask, wanted: Wanted) -> None:
    """Write to the data, past every rule."""
    with app.app_context(), saving():
        if callable(wanted):
            wanted(db.session.connection())
        else:
            db.session.add_all(wanted if isinstance(wanted, list) else [wanted])


def is_refused_by(name: str, error: IntegrityError) -> bool:
    if isinstance(error.orig, psycopg.Error):
        return error.orig.diag.constraint_name == name
    if isinstance(CONSTRAINTS.get(name), ForeignKeyConstraint):
        return str(error.orig) == "FOREIGN KEY constraint failed"
    if name in IN_COLUMNS:
        return str(error.orig) == f"UNIQUE constraint failed: {IN_COLUMNS[name]}"
    return str(error.orig) in {name, f"CHECK constraint failed: {name}"}


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, cases in NEVER.items() for case in cases])
def test_the_database_refuses(world, app, everything, name, case):
    wrong = NEVER[name][case](world)
    before = everything()
    with pytest.raises(IntegrityError) as error:
        put(app, wrong)
    assert is_refused_by(name, error.value), error.value.orig
    assert everything() == before


@pytest.mark.parametrize("case", FINE)
def test_the_database_takes(world, app, everything, case):
    good = FINE[case](world)
    before = everything()
    put(app, good)
    assert everything() != before


def test_a_moment_has_one_spelling(app, make, databases):
    """On SQLite moments are texts: spelt in two ways, two that are the same would not be equal."""
    slot = make.slot(starts_at=TEN)
    again = text(
        "INSERT INTO time_slot (coach_id, starts_at, ends_at, offered_at) "
        f"VALUES (:coach, '{TEN:%Y-%m-%dT%H:%M}:00.000000', '{TEN:%Y-%m-%d}T12:00:00.000000', "
        "'2026-01-01 00:00:00.000000')"
    )
    utc = text("SET LOCAL TIME ZONE 'UTC'" if databases.kind == "postgresql" else "SELECT 1")
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(utc)
        with pytest.raises(IntegrityError):
            connection.execute(again, {"coach": slot.coach_id})


def test_no_promise_of_the_models_goes_untested():
    promises = {name for name, constraint in CONSTRAINTS.items() if not isinstance(constraint, PrimaryKeyConstraint)}
    promises |= {index.name for table in Base.metadata.tables.values() for index in table.indexes if index.unique}
    assert set(NEVER) == promises - POINTED_AT | {"slot_times_never_change"}


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        (mapper.class_.__name__, column.name)
        for mapper in sorted(Base.registry.mappers, key=str)
        for column in mapper.local_table.columns
        if not (column.nullable or column.primary_key or column.computed)
    ],
)
def test_nothing_is_missing_that_must_be_there(world, app, everything, kind, column):
    row = {
        "User": world.a_person,
        "SignIn": world.a_sign_in,
        "OneTimeLink": world.a_link,
        "Registration": world.a_registration,
        "Attempt": world.an_attempt,
        "CalendarFeed": world.a_feed,
        "TimeSlot": world.a_slot,
        "CoachingSession": world.a_session,
        "Feedback": world.a_feedback,
        "EarlierFeedback": world.an_earlier,
        "Email": world.an_email,
        "Unwanted": world.an_unwanted,
        "Wait": world.a_wait,
    }[kind](**{column: null()})
    before = everything()
    with pytest.raises(IntegrityError):
        put(app, row)
    assert everything() == before


def test_no_half_rating_is_ever_kept(world, app):
    with suppress(IntegrityError):  # PostgreSQL makes it whole instead
        put(app, world.a_feedback(rating=4.5))
    with app.app_context():
        assert {type(rating) for rating in db.session.scalars(select(Feedback.rating))} == {int}


@pytest.mark.parametrize(
    "kind",
    [
        "a_person",
        "a_sign_in",
        "a_link",
        "a_registration",
        "an_attempt",
        "a_slot",
        "a_session",
        "a_feedback",
        "an_earlier",
    ],
)
def test_an_id_is_never_given_twice(world, app, kind):
    first = getattr(world, kind)()
    put(app, first)
    put(app, drop(first))
    second = getattr(world, kind)()
    put(app, second)
    assert second.id > first.id


def test_with_a_person_go_their_sign_ins(world, app, everything):
    put(app, [world.a_sign_in(user_id=world.admin.id), world.a_sign_in(token_hash="e" * 64)])
    put(app, drop(world.admin))
    assert [row[1] for row in everything()["sign_in"]] == [world.student.id]


def test_a_moment_comes_back_in_utc_whatever_zone_it_went_in_with(world, app):
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    slot = world.a_slot(FOURTEEN.astimezone(kathmandu), offered_at=NOW.astimezone(kathmandu))
    put(app, slot)
    with app.app_context():
        kept = db.session.get_one(TimeSlot, slot.id)
    assert [kept.starts_at, kept.offered_at] == [FOURTEEN, NOW]
    assert kept.starts_at.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(world, app, everything):
    before = everything()
    with pytest.raises(StatementError, match="a moment needs its time zone"):
        put(app, world.a_slot(FOURTEEN.replace(tzinfo=None)))
    assert everything() == before
