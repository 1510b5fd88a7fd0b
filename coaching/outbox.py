"""Mails that are to be sent: rows, written in the transaction of what they tell, and claimed by whoever sends them.

So nothing is told that did not happen, and what happened is told even if nobody is there to send it just then.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app
from sqlalchemy import ColumnElement, and_, case, func, insert, select, update
from sqlalchemy.orm import joinedload

from coaching.extensions import db, saving
from coaching.models import CoachingSession, Email, Kind

# How long before a session: minutes, in the settings; 0 is never.
REMINDERS = {Kind.REMINDER: "REMINDER_MINUTES", Kind.LAST_REMINDER: "LAST_REMINDER_MINUTES"}
# Who claims a mail has so long to send it: longer than any server is waited for. After that it is another's to try.
CLAIMED_FOR = timedelta(minutes=5)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
MOST_ATTEMPTS = 12  # over a day and a half
OUTDATED = "The session has changed since."
# What `flask mail status` calls late, and how far it looks back.
LATE_AFTER, VERY_LATE_AFTER, LOOKED_BACK = timedelta(minutes=15), timedelta(hours=1), timedelta(days=7)


def tell(kind: Kind, session: CoachingSession, *, now: datetime) -> None:
    """Have both people told of what has just become of a session, and reminded of it, unless it is off.

    What they were still to be told of it before is dropped. Only inside `saving()`, with what is told.
    """
    if kind != Kind.BOOKED:
        drop(Email.session_id == session.id, why=OUTDATED, now=now)
    due = {kind: now} | ({} if session.cancelled_at else _reminders(session, now=now))
    rows = [
        {
            "session_id": session.id,
            "person_id": person_id,
            "kind": one,
            "revision": revision(session),
            "created_at": now,
            "due_at": at,
            "next_at": at,
        }
        for one, at in due.items()
        for person_id in (session.coach_id, session.student_id)
    ]
    db.session.execute(insert(Email).values(rows))


def revision(session: CoachingSession) -> int:
    """Return how often a session has changed since it was booked (SEQUENCE in RFC 5545)."""
    return session.moves + (session.cancelled_at is not None)


def _reminders(session: CoachingSession, *, now: datetime) -> dict[Kind, datetime]:
    """Return when to remind, as far as that lies ahead: who books on short notice has just been told."""
    before = {kind: timedelta(minutes=current_app.config[name]) for kind, name in REMINDERS.items()}
    return {kind: session.starts_at - long for kind, long in before.items() if long and session.starts_at - long > now}


def waiting() -> ColumnElement[bool]:
    """Say which mails are neither sent nor dropped."""
    return and_(Email.sent_at.is_(None), Email.dropped_at.is_(None))


def drop(*which: ColumnElement[bool], why: str, now: datetime) -> None:
    """Have mails that wait never be sent, and keep why."""
    db.session.execute(update(Email).where(waiting(), *which).values(dropped_at=now, why=why))


def claim(*, now: datetime) -> Email | None:
    """Take the mail that has been due for longest, so that nobody else sends it for a while; None where none is due.

    PostgreSQL skips what others are taking just then (SKIP LOCKED); SQLite has one writer at a time.
    """
    due = select(Email.id).where(waiting(), Email.next_at <= now).order_by(Email.next_at, Email.id).limit(1)
    with saving():
        email_id = db.session.scalar(due.with_for_update(skip_locked=True))
        if email_id is None:
            return None
        taken = update(Email).where(Email.id == email_id)
        db.session.execute(taken.values(next_at=now + CLAIMED_FOR, attempts=Email.attempts + 1))
    return db.session.scalar(
        select(Email)
        .options(joinedload(Email.person, innerjoin=True))
        .where(Email.id == email_id)
        .execution_options(populate_existing=True)
    )


def sent(email: Email, *, now: datetime) -> None:
    """Keep that a mail is sent. Who took too long over it, and has lost it to another, changes nothing."""
    _settle(email, {"sent_at": now, "error": ""})


def failed(email: Email, error: str, *, now: datetime) -> None:
    """Keep why a mail could not be sent, and when it is tried again; after many times, never."""
    if email.attempts >= MOST_ATTEMPTS:
        _settle(email, {"error": error, "dropped_at": now, "why": f"It could not be sent, {email.attempts} times."})
    else:
        _settle(email, {"error": error, "next_at": now + pause(email.attempts)})


def give_up(email: Email, why: str, *, error: str = "", now: datetime) -> None:
    """Keep that a mail is not sent any more, and why: it is not worth it, or (with `error`) cannot be."""
    _settle(email, {"dropped_at": now, "why": why, "error": error or email.error})


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: each time twice as long, up to six hours."""
    return min(FIRST_PAUSE * (1 << attempts - 1), LONGEST_PAUSE)


def of_session(session: CoachingSession) -> Iterable[Email]:
    """Return what was sent about a session, and what is planned, with whom it goes to."""
    asked = select(Email).options(joinedload(Email.person, innerjoin=True)).where(Email.session_id == session.id)
    return db.session.scalars(asked.order_by(Email.due_at, Email.id)).all()


class Status(NamedTuple):
    """How sending goes."""

    waiting: int
    late: int
    very_late: int
    given_up: int  # of late, since they could not be sent
    last_given_up: Sequence[Email]


def status(*, now: datetime) -> Status:
    """Return how many mails wait and are late, and which were given up because they could not be sent."""
    late, very_late = Email.due_at < now - LATE_AFTER, Email.due_at < now - VERY_LATE_AFTER
    counts = select(func.count(), func.count(case((late, 1))), func.count(case((very_late, 1)))).where(waiting())
    is_given_up = and_(Email.dropped_at >= now - LOOKED_BACK, Email.error != "")
    given_up = select(Email).where(is_given_up).order_by(Email.dropped_at.desc(), Email.id.desc()).limit(5)
    return Status(
        *db.session.execute(counts).one(),
        given_up=db.session.scalar(select(func.count()).select_from(Email).where(is_given_up)) or 0,
        last_given_up=db.session.scalars(given_up).all(),
    )


def _settle(email: Email, what: dict[str, object]) -> None:
    is_still_ours = and_(Email.id == email.id, Email.attempts == email.attempts, waiting())
    with saving():
        db.session.execute(update(Email).where(is_still_ours).values(**what))
