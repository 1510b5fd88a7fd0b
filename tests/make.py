"""Makes people, slots, sessions and feedback for a test: straight into the data, so that any past can be had."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy.orm.attributes import set_committed_value
from werkzeug.security import generate_password_hash

from coaching.auth import rules
from coaching.extensions import db, saving
from coaching.models import (
    Base,
    CalendarFeed,
    CoachingSession,
    EarlierFeedback,
    Email,
    Feedback,
    Kind,
    OneTimeLink,
    Purpose,
    Registration,
    Role,
    SignIn,
    TimeSlot,
    User,
    Wait,
)
from coaching.news.links import off_token
from coaching.times import SLOT_LENGTH

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday, four weeks before the clocks change in Europe

Row = TypeVar("Row", bound=Base)


def at(written: str) -> datetime:
    """Return a moment (UTC): `at("2026-03-03 10:00")`."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def quick_hash(password: str) -> str:
    """Hash a password in no time, for tests that ask for it again and again."""
    return generate_password_hash(password, "pbkdf2:sha256:1")


class Make:
    """`make.student()`, `make.slot()` and the like: whatever is not said is made up, and different each time.

    What comes back is not tied to the database any more; the other rows it hangs on can be read from it.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._people = self._slots = 0

    def student(self, name: str | None = None, **known: Any) -> User:
        """Make a student."""
        return self._person(Role.STUDENT, name, **known)

    def coach(self, name: str | None = None, **known: Any) -> User:
        """Make a coach."""
        return self._person(Role.COACH, name, **known)

    def admin(self, name: str | None = None, **known: Any) -> User:
        """Make an organiser."""
        return self._person(Role.ADMIN, name, **known)

    def slot(self, coach: User | None = None, starts_at: datetime | None = None, **known: Any) -> TimeSlot:
        """Make a slot: tomorrow at ten (UTC), or on the day after the last one that was made so."""
        coach = coach or self.coach()
        if starts_at is None:
            self._slots += 1
            starts_at = NOW.replace(hour=10) + timedelta(days=self._slots)
        known.setdefault("offered_at", min(NOW, starts_at) - timedelta(days=14))
        slot = self._keep(TimeSlot(coach_id=coach.id, starts_at=starts_at, ends_at=starts_at + SLOT_LENGTH, **known))
        set_committed_value(slot, "coach", coach)
        return slot

    def session(
        self,
        slot: TimeSlot | None = None,
        student: User | None = None,
        *,
        coach: User | None = None,
        starts_at: datetime | None = None,
        cancelled_by: User | None = None,
        **known: Any,
    ) -> CoachingSession:
        """Make a session, on a slot that is there or on a new one; with `cancelled_by`, a cancelled one."""
        slot = slot or self.slot(coach, starts_at)
        student = student or self.student()
        known.setdefault("booked_at", min(NOW, slot.starts_at) - timedelta(days=7))
        if cancelled_by:
            known.setdefault("cancelled_at", known["booked_at"] + timedelta(days=1))
            known["cancelled_by_id"] = cancelled_by.id
        session = self._keep(
            CoachingSession(
                slot_id=slot.id,
                coach_id=slot.coach_id,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                student_id=student.id,
                **known,
            )
        )
        set_committed_value(session, "coach", slot.coach)
        set_committed_value(session, "student", student)
        return session

    def feedback(
        self, session: CoachingSession, rating: int = 4, note: str = "It went well.", **known: Any
    ) -> Feedback:
        """Make a coach's feedback on a session."""
        known.setdefault("created_at", session.ends_at)
        return self._keep(Feedback(session_id=session.id, left_by=session.coach_id, rating=rating, note=note, **known))

    def earlier_feedback(self, feedback: Feedback, rating: int, note: str) -> EarlierFeedback:
        """Make what a feedback said before."""
        written_at = feedback.created_at
        return self._keep(
            EarlierFeedback(
                feedback_id=feedback.id,
                rating=rating,
                note=note,
                written_at=written_at,
                replaced_at=written_at + timedelta(hours=1),
            )
        )

    def link(self, person: User, purpose: Purpose = Purpose.RESET, email: str = "", **known: Any) -> str:
        """Make a link that was mailed to a person; return its token."""
        token = secrets.token_urlsafe(32)
        self._keep(
            OneTimeLink(
                user_id=person.id,
                purpose=purpose,
                email=email or person.email,
                token_hash=rules.hashed(token),
                **{"ends_at": NOW + timedelta(hours=1), **known},
            )
        )
        return token

    def registration(self, email: str = "new@example.org", password: str = "correct horse battery") -> str:
        """Make somebody who has registered and not yet opened the link; return its token."""
        token = secrets.token_urlsafe(32)
        self._keep(
            Registration(
                token_hash=rules.hashed(token),
                name="New",
                email=email,
                phone="+442079460999",
                time_zone="Europe/London",
                password_hash=quick_hash(password),
                ends_at=NOW + timedelta(hours=1),
            )
        )
        return token

    def feed(self, person: User, **known: Any) -> str:
        """Make the address of a person's calendar; return its token."""
        token = secrets.token_urlsafe(32)
        self._keep(CalendarFeed(user_id=person.id, token_hash=rules.hashed(token), **{"created_at": NOW, **known}))
        return token

    def off(self, person: User, what: str = "reminders") -> str:
        """Make the token with which a person's mails about something end."""
        with self._app.app_context():
            return off_token(person.id, what)

    def email(self, person: User, session: CoachingSession, **known: Any) -> Email:
        """Make a mail about a session, that waits to be sent; it stands under the bell, unread."""
        good = {"kind": Kind.BOOKED, "revision": 0, "created_at": NOW, "due_at": NOW, "next_at": NOW}
        return self._keep(Email(person_id=person.id, session_id=session.id, **{**good, **known}))

    def wait(self, student: User, coach: User | None = None, **known: Any) -> Wait:
        """Make a student wait for a coach, or for any."""
        return self._keep(Wait(student_id=student.id, coach_id=coach and coach.id, **{"since_at": NOW, **known}))

    def sign_in(self, person: User) -> SignIn:
        """Make a sign-in of a person in a browser that is nobody's here."""
        token_hash, ends_at = rules.hashed(secrets.token_urlsafe(32)), NOW + timedelta(days=30)
        return self._keep(
            SignIn(
                user_id=person.id,
                token_hash=token_hash,
                created_at=NOW,
                seen_at=NOW,
                ends_at=ends_at,
                device="Firefox on Linux",
            )
        )

    def _person(
        self, role: Role, name: str | None, *, zone: str = "Europe/London", password: str | None = None, **known: Any
    ) -> User:
        self._people += 1
        number = self._people
        known.setdefault("email", f"{role}-{number}@example.org")
        known.setdefault("phone", f"+44207946{number:04}")  # for drama only, says Ofcom, up to 0999
        return self._keep(
            User(
                role=role,
                name=name or f"{role.capitalize()} {number}",
                time_zone=zone,
                password_hash=generate_password_hash(password) if password else None,
                created_at=NOW - timedelta(days=60),
                **{"headline": "", **known},
            )
        )

    def _keep(self, row: Row) -> Row:
        with self._app.app_context(), saving():
            db.session.add(row)
        return row
