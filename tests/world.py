"""A small programme in which everything has happened once: for tests that look at all of it."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from coaching.extensions import db, saving
from coaching.models import CoachingSession, Purpose, Role, SignIn, TimeSlot, User
from tests.make import NOW, Make, quick_hash
from tests.visiting import Client

PASSWORD = "correct horse battery"  # the organiser's: nobody can act as them
BEGUN = NOW - timedelta(days=10)


@dataclass(frozen=True)
class World:
    """Who and what there is. Each slot and session is there to have one thing done to it."""

    student: User
    coach: User
    other_student: User
    other_coach: User
    admin: User
    former_student: User  # whose only session with the coach was cancelled

    free: TimeSlot
    to_move: TimeSlot
    to_withdraw: TimeSlot
    target: TimeSlot  # where a session may move to
    withdrawn: TimeSlot
    booked: TimeSlot

    upcoming: CoachingSession
    to_cancel: CoachingSession
    recorded: CoachingSession  # previous, with feedback that was corrected once
    waiting: CoachingSession  # previous, without feedback
    cancelled: CoachingSession
    of_others: CoachingSession
    of_former_student: CoachingSession

    elsewhere: SignIn  # of the coach, in another browser
    reset: str  # tokens of links that were mailed
    move: str
    confirm: str
    feed: str  # token of the former student's calendar
    off: str  # with which the former student ends mails

    @property
    def people(self) -> dict[str, User | None]:
        """Everybody, by what they are to the session that the tests look at."""
        return {
            "stranger": None,
            "other student": self.other_student,
            "other coach": self.other_coach,
            "its student": self.student,
            "its coach": self.coach,
            "admin": self.admin,
        }


def small_world(make: Make) -> World:
    """Make it."""
    coach = make.coach("Ana Coach", phone="+12025550111", headline="Headline of Ana")
    student = make.student("Bo Student", phone="+12025550122")
    other_coach = make.coach("Cy Coach", phone="+12025550133")
    other_student = make.student("Di Student", phone="+12025550144")
    former_student = make.student("Ed Student", phone="+12025550155")
    booked = make.slot(coach)
    upcoming = make.session(booked, student, topic="Topic of the upcoming one")
    recorded = make.session(
        make.slot(coach, NOW - timedelta(days=3)), student, booked_at=BEGUN, topic="Topic of the previous one"
    )
    make.earlier_feedback(make.feedback(recorded, 1, "Note as it stands"), 2, "Note as it stood before")
    cancelled = make.session(
        make.slot(coach), student, cancelled_by=student, topic="Topic of the cancelled one", reason="Reason of Bo"
    )
    former = make.session(
        make.slot(coach, withdrawn_at=NOW), former_student, cancelled_by=coach, topic="Topic of Ed", reason="Reason why"
    )
    return World(
        student=student,
        coach=coach,
        other_student=other_student,
        other_coach=other_coach,
        admin=make.admin("Flo Admin", phone="+12025550166", password=PASSWORD),
        former_student=former_student,
        free=make.slot(coach),
        to_move=make.slot(coach),
        to_withdraw=make.slot(coach),
        target=make.slot(coach),
        withdrawn=make.slot(coach, withdrawn_at=NOW),
        booked=booked,
        upcoming=upcoming,
        to_cancel=make.session(make.slot(coach), student),
        recorded=recorded,
        waiting=make.session(make.slot(coach, NOW - timedelta(days=2)), student, booked_at=BEGUN),
        cancelled=cancelled,
        of_others=make.session(make.slot(other_coach), other_student, topic="Topic of Di"),
        of_former_student=former,
        elsewhere=make.sign_in(coach),
        reset=make.link(former_student),
        move=make.link(former_student, Purpose.MOVE, "ed@example.org"),
        confirm=make.registration(),
        feed=make.feed(former_student),
        off=make.off(former_student),
    )


def enter(client: Client, person: User | None) -> Client:
    """Be somebody from now on, whoever they are; or nobody."""
    if person:
        client.sign_in(person, PASSWORD if person.role == Role.ADMIN else None)
    return client


def give_password(app: Flask, person: User, password: str = PASSWORD) -> User:
    """Give a person a password whose hash is quick to compute, for tests that sign in again and again."""
    with app.app_context(), saving():
        db.session.execute(update(User).where(User.id == person.id).values(password_hash=quick_hash(password)))
    return person
