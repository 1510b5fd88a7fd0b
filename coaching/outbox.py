"""Mails that are to be sent: rows, written in the transaction of what they tell, and claimed by whoever sends them.

So nothing is told that did not happen, and what happened is told even if nobody is there to send it just then.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import ColumnElement, and_, case, delete, func, insert, or_, select, update
from sqlalchemy.orm import joinedload

from coaching import mail
from coaching.extensions import db, insert_unless_there, saving
from coaching.models import CoachingSession, Email, Kind, Role, TimeSlot, User

# How long before a session: minutes, in the settings; 0 is never.
REMINDERS = {Kind.REMINDER: "REMINDER_MINUTES", Kind.LAST_REMINDER: "LAST_REMINDER_MINUTES"}
# Who claims a mail has so long to send it: longer than any server is waited for. After that it is another's to try.
CLAIMED_FOR = timedelta(minutes=5)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
MOST_ATTEMPTS = 12  # over a day and a half
OUTDATED = "The session has changed since."
# So long after a session its coach is reminded to record how it went.
FEEDBACK_AFTER = timedelta(days=1)
ADDRESSES_KEPT = timedelta(days=7)
# What stands under the bell: what somebody else has done.
NEWS = {Kind.BOOKED, Kind.MOVED, Kind.CANCELLED, Kind.MISSED, Kind.FREED}
WITH_A_LINK = {Kind.CONFIRM, Kind.RESET, Kind.NEW_ADDRESS}
# What `flask mail status` calls late, and how far it looks back.
LATE_AFTER, VERY_LATE_AFTER, LOOKED_BACK = timedelta(minutes=15), timedelta(hours=1), timedelta(days=7)


def tell(kind: Kind, session: CoachingSession, *, by: User, now: datetime) -> None:
    """Have both people told of what somebody has just done to a session, and reminded of it, unless it is off.

    What they were still to be told of it before is dropped. Only inside `saving()`, with what is told.
    """
    if kind != Kind.BOOKED:
        drop(Email.session_id == session.id, why=OUTDATED, now=now)
    due = {kind: now} | ({} if session.cancelled_at else _reminders(session, now=now))
    told = [(one, at, person_id) for one, at in due.items() for person_id in (session.coach_id, session.student_id)]
    if not session.cancelled_at:
        told.append((Kind.FEEDBACK, session.ends_at + FEEDBACK_AFTER, session.coach_id))
    about = {"session_id": session.id, "revision": revision(session)}
    rows = [
        {**_row(one, now=now, due_at=at, is_news=one in NEWS and person_id != by.id), **about, "person_id": person_id}
        for one, at, person_id in told
    ]
    db.session.execute(insert(Email).values(rows))


def tell_of_missed_call(session: CoachingSession, *, now: datetime) -> None:
    """Have a student told that their coach did not reach them; once for each time that the session was to be."""
    about = {"session_id": session.id, "revision": revision(session), "person_id": session.student_id}
    db.session.execute(insert_unless_there(Email).values({**_row(Kind.MISSED, now=now, is_news=True), **about}))


def tell_of_free_times(student_ids: Sequence[int], slots: Sequence[TimeSlot], *, now: datetime) -> None:
    """Have students told, one after the other, that a coach has free times: each with a head start before the next.

    Of many times as many are told at once. Who would be told too late to book any is not told.
    """
    head_start = timedelta(minutes=current_app.config["HEAD_START_MINUTES"])
    first, last = min(slots, key=_start), max(slots, key=_start)
    due = {id_: now + head_start * (place // len(slots)) for place, id_ in enumerate(student_ids)}
    about = {"slot_id": first.id, "revision": int(now.timestamp()) // 60}
    rows = [
        {**_row(Kind.FREED, now=now, due_at=at, is_news=True), **about, "person_id": id_}
        for id_, at in due.items()
        if at < last.starts_at
    ]
    if rows:
        db.session.execute(insert_unless_there(Email), rows)  # in batches: thousands may wait


def tell_person(kind: Kind, person: User, *, now: datetime, due_at: datetime | None = None, revision: int = 0) -> None:
    """Have a person told something about themselves, such as what a week has left to do: once each."""
    said = {**_row(kind, now=now, due_at=due_at), "person_id": person.id, "revision": revision}
    db.session.execute(insert_unless_there(Email).values(**said))


def tell_address(kind: Kind, address: str, *, person: User | None = None, now: datetime) -> str:
    """Have whoever reads an address told something about its account; return the token of the link in that mail.

    The row holds what the token is made from, not the token: a copy of the database opens nothing. Where no mail is
    sent, nothing is written either: nobody wants such a mail later.
    """
    seed = secrets.token_urlsafe(32)
    if mail.is_sent():
        said = {**_row(kind, now=now), "address": address, "seed": seed if kind in WITH_A_LINK else ""}
        db.session.execute(insert(Email).values(**said, person_id=person and person.id))
    return token(seed)


def token(seed: str) -> str:
    """Return the token that is made from a seed: only who has the SECRET_KEY can."""
    key = str(current_app.secret_key).encode()
    return urlsafe_b64encode(hmac.digest(key, f"link {seed}".encode(), "sha256")).decode().rstrip("=")


def _row(kind: Kind, *, now: datetime, due_at: datetime | None = None, is_news: bool = False) -> dict[str, Any]:
    at = due_at or now
    return {
        "kind": kind,
        "revision": 0,
        "created_at": now,
        "due_at": at,
        "next_at": at,
        "read_at": None if is_news else now,
    }


def _start(slot: TimeSlot) -> datetime:
    return slot.starts_at


def revision(session: CoachingSession) -> int:
    """Return how often a session has changed since it was booked (SEQUENCE in RFC 5545)."""
    return session.moves + (session.cancelled_at is not None)


def _reminders(session: CoachingSession, *, now: datetime) -> dict[Kind, datetime]:
    """Return when to remind, as far as that lies ahead: who books on short notice has just been told."""
    before = {kind: timedelta(minutes=current_app.config[name]) for kind, name in REMINDERS.items()}
    return {kind: session.starts_at - long for kind, long in before.items() if long and session.starts_at - long > now}


def is_news(now: Any) -> ColumnElement[bool]:
    """Say which rows stand under the bell: what has happened. Of a free time, unless it was taken before."""
    return and_(
        Email.kind.in_(sorted(NEWS)), Email.due_at <= now, or_(Email.kind != Kind.FREED, Email.dropped_at.is_(None))
    )


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
        .options(joinedload(Email.person))
        .where(Email.id == email_id)
        .execution_options(populate_existing=True)
    )


def sent(email: Email, *, now: datetime, digest_at: datetime | None = None) -> None:
    """Keep that a mail is sent. Who took too long over it, and has lost it to another, changes nothing.

    With `digest_at` its reader, a coach, is told then what still waits for feedback; once a week, whatever was sent.
    """
    with saving():
        _settle_within(email, {"sent_at": now, "error": ""})
        _plan_digest(email, digest_at, now=now)


def failed(email: Email, error: str, *, now: datetime) -> None:
    """Keep why a mail could not be sent, and when it is tried again; after many times, never."""
    if email.attempts >= MOST_ATTEMPTS:
        _settle(email, {"error": error, "dropped_at": now, "why": f"It could not be sent, {email.attempts} times."})
    else:
        _settle(email, {"error": error, "next_at": now + pause(email.attempts)})


def give_up(email: Email, why: str, *, error: str = "", now: datetime, digest_at: datetime | None = None) -> None:
    """Keep that a mail is not sent any more, and why: it is not worth it, or (with `error`) cannot be."""
    with saving():
        _settle_within(email, {"dropped_at": now, "why": why, "error": error or email.error})
        _plan_digest(email, digest_at, now=now)


def _plan_digest(email: Email, at: datetime | None, *, now: datetime) -> None:
    if at and email.person:
        tell_person(Kind.DIGEST, email.person, now=now, due_at=at, revision=at.toordinal() // 7)


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: each time twice as long, up to six hours."""
    return min(FIRST_PAUSE * (1 << attempts - 1), LONGEST_PAUSE)


def of_session(session: CoachingSession, reader: User) -> Iterable[Email]:
    """Return what was sent about a session, and what is planned, with whom it goes to.

    Whether its coach has recorded how it went is nothing for the student (rule 10).
    """
    asked = select(Email).options(joinedload(Email.person, innerjoin=True)).where(Email.session_id == session.id)
    if reader.role != Role.COACH:
        asked = asked.where(Email.kind != Kind.FEEDBACK)
    return db.session.scalars(asked.order_by(Email.due_at, Email.id)).all()


def forget(*, now: datetime) -> None:
    """Delete what nobody needs any more, a thousand at a time: what went to an address after a week, all else later."""
    days = timedelta(days=current_app.config["MAIL_DAYS"])
    is_over = or_(
        and_(Email.address != "", Email.created_at < now - min(ADDRESSES_KEPT, days)),
        and_(Email.created_at < now - days, or_(Email.sent_at < now - days, Email.dropped_at < now - days)),
    )
    old = select(Email.id).where(is_over).limit(1000).with_for_update(skip_locked=True)
    with saving():
        db.session.execute(delete(Email).where(Email.id.in_(old)))


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
    with saving():
        _settle_within(email, what)


def _settle_within(email: Email, what: dict[str, object]) -> None:
    is_still_ours = and_(Email.id == email.id, Email.attempts == email.attempts, waiting())
    db.session.execute(update(Email).where(is_still_ours).values(**what))
