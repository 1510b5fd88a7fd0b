"""Demo people, slots, sessions and feedback around now, made by the same rules that people go by.

The same every time: days are counted from today, and chance comes from a fixed seed. The phone numbers are valid, and
come from the ranges that regulators keep for fiction (NANP 555-01XX, Ofcom drama numbers, ACMA, Arcep, BNetzA, PTS),
so that nobody real is ever called.
"""

import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from time import monotonic
from typing import NamedTuple, TypeVar

import click
from sqlalchemy import update

from coaching import outbox, times
from coaching.auth import rules as people
from coaching.extensions import db
from coaching.models import CoachingSession, Email, Role, TimeSlot, User
from coaching.sessions import rules as sessions
from coaching.slots import rules as slots

Thing = TypeVar("Thing")

WEEKS_BACK, WEEKS_AHEAD = 5, 3
PATIENCE_SECONDS = 2.0  # what takes longer shows how far it is


class Coach(NamedTuple):
    """Who a demo coach is, and on which days (counted from today, weekly) and hours they are free."""

    name: str
    phone: str
    zone: str
    headline: str
    free: Sequence[tuple[int, str]]


COACHES = [
    Coach("Amara Okafor", "+442079460121", "Europe/London", "First hundred days in a new role",
          [(0, "09:00"), (0, "14:00"), (0, "18:00"), (1, "10:00"), (2, "16:30"), (4, "09:00"), (5, "11:00")]),
    Coach("Björn Håkansson", "+46701740612", "Europe/Stockholm", "Engineers who find themselves leading a team",
          [(0, "08:30"), (1, "13:00"), (1, "15:00"), (3, "17:00"), (6, "10:00")]),
    Coach("Camille Lefèvre", "+33199000147", "Europe/Paris", "Writing and speaking so that people listen",
          [(0, "19:00"), (2, "09:15"), (2, "11:15"), (4, "14:00")]),
    Coach("देवी श्रेष्ठ", "+442079460188", "Asia/Kathmandu", "Changing careers without starting from nothing",
          [(0, "20:00"), (1, "07:45"), (3, "18:15"), (5, "07:45")]),
    Coach("فاطمة الزهراء", "+33199000163", "Africa/Casablanca", "Confidence in interviews and negotiations",
          [(1, "10:00"), (1, "12:00"), (3, "16:00"), (5, "18:00")]),
    Coach("Grace O’Connor", "+17095550142", "America/St_Johns", "From a long list of tasks to a calm week",
          [(0, "12:00"), (2, "09:30"), (4, "13:30"), (6, "15:00")]),
    Coach("Hēmi Parata", "+61491570156", "Pacific/Auckland", "Setting up on your own, and staying sane",
          [(1, "06:00"), (1, "08:00"), (3, "19:00"), (4, "06:00")]),
    Coach("王秀英", "+12025550178", "America/Los_Angeles", "Research, grants, and the life beside them",
          [(0, "08:00"), (2, "17:00"), (3, "12:00"), (5, "09:00")]),
]  # fmt: skip

STUDENTS = [
    ("Zoë Müller", "+491713920010", "Europe/Berlin"), ("Li Wei 李伟", "+12025550113", "Asia/Shanghai"),
    ("Aarav Patel", "+442079460104", "Asia/Kolkata"), ("Noor Haddad نور حداد", "+33199000112", "Asia/Beirut"),
    ("María José García-Hernández", "+12025550129", "America/Mexico_City"),
    ("Tomasz Wójcik", "+442079460117", "Europe/Warsaw"),
    ("Ольга Соколова", "+491713920055", "Asia/Almaty"), ("Ngozi Adeyemi", "+442079460133", "Africa/Lagos"),
    ("さくら 田中", "+12025550147", "Asia/Tokyo"), ("Liam Murphy", "+442079460140", "Europe/Dublin"),
    ("Ελένη Παπαδοπούλου", "+33199000129", "Europe/Athens"), ("Lucas da Silva", "+12025550156", "America/Sao_Paulo"),
    ("김민준", "+12025550162", "Asia/Seoul"), ("Ingrid Nygård", "+46701740633", "Europe/Oslo"),
    ("יעל כהן", "+33199000138", "Asia/Jerusalem"), ("Mia Tūmoana", "+61491570157", "Pacific/Auckland"),
    ("Chloe Nguyễn", "+61491570158", "Australia/Sydney"), ("Sunita Gurung", "+442079460159", "Asia/Kathmandu"),
    ("Jack Noseworthy", "+17095550118", "America/St_Johns"), ("Ayşe Yılmaz", "+491713920098", "Europe/Istanbul"),
    ("Kwame Mensah", "+442079460165", "Africa/Accra"), ("Emma Tremblay", "+15145550131", "America/Toronto"),
    ("Søren Kierk", "+46701740648", "Europe/Copenhagen"), ("Daniel Kim 🎧", "+12025550191", "America/Los_Angeles"),
]  # fmt: skip

TOPICS = [
    "My first review as a team lead is next week.",
    "Should I take the offer from the smaller company?",
    "I keep saying yes to everything.",
    "A talk in front of 200 people.",
    "",
    "How to tell my manager that I want fewer hours.",
    "",
]

NOTES = [
    (5, "Arrived with **three questions**, left with three answers.\n\nNext time: how the talk with the manager went."),
    (4, "Good energy. The week on paper:\n\n- two mornings without meetings\n- mail at noon and at five"),
    (4, "Practised the opening of the talk four times; the fourth was _really_ good."),
    (3, "Hard to stay with one topic today. I should have asked earlier what matters most."),
    (5, "Signed the contract! Negotiated two more days of leave. 🎉"),
    (2, "The line broke three times. We agreed to talk again, on a better connection."),
    (4, "Wants to write, does not write. Agreed on **200 words a day**, sent to a friend."),
    (1, "We were at cross purposes from the start. I offered a change of coach."),
    (5, "यो हप्ता धेरै राम्रो भयो। Sleeps better since the phone stays outside the bedroom."),
    (4, "Cut the grant text by a third.\n\n> What would you say if you had one minute?\n\nThat became its first line."),
    (4, "Listed everything that drains energy. _Half of it can be handed on._"),
    (3, "Came straight from a night shift. Short call, we moved the big question to next week."),
    (5, "Asked for the rise, with the two numbers that we had prepared. Got it."),
    (4, "First one-to-one with the new team went well.\n\n1. listened for ten minutes\n2. then asked"),
    (2, "Expected advice on visas, which I cannot give. Sent the address of the office that can."),
    (5, '"I said no, and nothing bad happened."'),
    (4, "لديها عرضان. Drew up what matters in ten years, not in ten weeks."),
]

REASONS_OF_STUDENTS = ["Exam moved to that day, sorry!", "", "I have a cold and no voice."]
REASONS_OF_COACHES = ["My train is cancelled. Please choose another time.", "School is closed that day."]


def fill(*, now: datetime) -> None:
    """Fill an empty database, through the rules, as if the last weeks had happened."""
    chance = random.Random(2026)  # noqa: S311  # the same data each time is what is wanted
    began = now - timedelta(weeks=WEEKS_BACK + 2)
    coaches = [_coach(number, coach, now=began) for number, coach in enumerate(COACHES, 1)]
    students = [_person(Role.STUDENT, number, *student, now=began) for number, student in enumerate(STUDENTS, 1)]
    offered = [
        slot
        for coach, who in zip(coaches, COACHES, strict=True)
        for slot in _offer(coach, who.free, now=now, began=began)
    ]
    offered.sort(key=lambda slot: (slot.starts_at, slot.coach_id))
    by_id = {coach.id: coach for coach in coaches}
    for slot in _showing_progress(offered):
        _live_through(slot, by_id[slot.coach_id], students, chance, now=now)
    was_read = update(Email).where(Email.read_at.is_(None), Email.created_at < now - timedelta(days=2))
    db.session.execute(was_read.values(read_at=now))
    outbox.drop(Email.due_at <= now, why="It was due before this demo began.", now=now)


def _person(role: Role, number: int, name: str, phone: str, zone: str, *, now: datetime) -> User:
    address = f"{role}-{number}@demo.example.org"
    return people.register(
        role=role, name=name, email=address, phone=phone, time_zone=zone, password_hash=None, now=now
    )


def _coach(number: int, coach: Coach, *, now: datetime) -> User:
    person = _person(Role.COACH, number, coach.name, coach.phone, coach.zone, now=now)
    people.change_profile(
        person, name=coach.name, phone=coach.phone, time_zone=coach.zone, headline=coach.headline, now=now
    )
    return person


def _offer(coach: User, free: Sequence[tuple[int, str]], *, now: datetime, began: datetime) -> Iterator[TimeSlot]:
    first = times.local(now, coach.time_zone).date() - timedelta(weeks=WEEKS_BACK)
    for days, clock in free:
        yield from slots.offer(
            coach, first + timedelta(days=days), time.fromisoformat(clock), weeks=WEEKS_BACK + WEEKS_AHEAD, now=began
        )


def _live_through(slot: TimeSlot, coach: User, students: list[User], chance: random.Random, *, now: datetime) -> None:
    """Let a slot be booked or not, the call be cancelled or held, and be thought about afterwards or not."""
    is_past = slot.ends_at <= now
    student, luck = chance.choice(students), chance.random()
    booked_at = min(slot.starts_at, now) - timedelta(days=1, hours=luck * 20)
    topic, (rating, note) = chance.choice(TOPICS), NOTES[slot.id % len(NOTES)]
    if luck > (0.45 if is_past else 0.35):
        return
    try:
        session = sessions.book(slot, student, topic=topic, now=booked_at)
    except sessions.CannotBook:
        return  # this student has another call at that hour
    if luck < 0.02:
        sessions.cancel(session, coach, reason=chance.choice(REASONS_OF_COACHES), now=booked_at + timedelta(hours=1))
    elif luck < 0.05:
        sessions.cancel(session, student, reason=chance.choice(REASONS_OF_STUDENTS), now=booked_at + timedelta(hours=2))
    elif is_past and luck < 0.065:
        sessions.leave_feedback(session, coach, rating=None, note="Rang twice, nobody answered.", now=slot.ends_at)
    elif is_past and luck > (0.25 if now - slot.ends_at < timedelta(days=4) else 0.08):
        _leave_feedback(session, coach, rating, note, now=now, again=luck > 0.4)


def _leave_feedback(
    session: CoachingSession, coach: User, rating: int, note: str, *, now: datetime, again: bool
) -> None:
    written_at = min(session.ends_at + timedelta(minutes=20), now)
    if again:
        sessions.leave_feedback(session, coach, rating=rating, note="Call went well, notes follow.", now=written_at)
        written_at = min(session.ends_at + timedelta(hours=5), now)
    sessions.leave_feedback(session, coach, rating=rating, note=note, now=written_at)


def _showing_progress(things: Sequence[Thing]) -> Iterable[Thing]:
    """Go through things; where that takes longer than a person waits gladly, show how far it is."""
    began = monotonic()
    for count, thing in enumerate(things):
        yield thing
        if monotonic() - began > PATIENCE_SECONDS:
            rest = things[count + 1 :]
            with click.progressbar(rest, label="Making the demo", length=len(things), file=sys.stderr) as bar:
                bar.update(count + 1)
                yield from bar
            return
