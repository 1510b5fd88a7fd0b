"""What stands in a mail about a session, and sending it."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from flask import current_app
from sqlalchemy.exc import DBAPIError

from coaching import logs, mail, outbox, smtp, times
from coaching.calendars import files
from coaching.calendars.queries import entry_or_404
from coaching.extensions import db
from coaching.models import CoachingSession, Email, Kind, User
from coaching.sessions.queries import session_with_both
from coaching.text import one_line, printable

NAP = timedelta(seconds=5)  # between two looks at an empty outbox


class Stale(Exception):
    """A mail is not worth sending any more. Its message says why."""


def work(*, is_over: threading.Event, until_done: bool = False, now: Callable[[], datetime] = times.now) -> None:
    """Send what is due, one after the other, until it is over; with `until_done`, until nothing is due any more.

    Any number of workers may do so at once. A database that is away is waited for.
    """
    while not is_over.is_set():
        try:
            found = send_next(now=now())
        except DBAPIError as error:
            logs.fault(error, "the outbox cannot be read")
            found = False
        finally:
            db.session.remove()  # no transaction, and no connection, while nothing is to be done
        if not found:
            if until_done:
                return
            is_over.wait(NAP.total_seconds())


def send_next(*, now: datetime) -> bool:
    """Send the mail that has been due for longest, and keep what came of it.

    Return whether to go on at once: there was one, and a server to hand it to.
    """
    email = outbox.claim(now=now)
    if email is None:
        return False
    try:
        message = compose(email, now=now)
        db.session.close()  # no transaction, and no connection, while a server is waited for
        mail.deliver(message)
    except Stale as stale:
        outbox.give_up(email, str(stale), now=now)
    except smtp.Refused as refused:
        outbox.give_up(email, str(refused), error=refused.reply, now=now)
    except OSError as error:
        outbox.failed(email, f"{type(error).__name__}: {error}"[:500], now=now)
        return not isinstance(error, smtp.NoServer)
    except Exception as error:  # noqa: BLE001 - one that cannot be put together must not stop all others
        logs.fault(error, "a mail cannot be put together")
        outbox.failed(email, type(error).__name__, now=now)
    else:
        outbox.sent(email, now=now)
    return True


def compose(email: Email, *, now: datetime) -> EmailMessage:
    """Put a mail together: text, HTML and an entry for calendars, from what is true now. Raises Stale."""
    session, reader = session_with_both(email.session_id), email.person
    if reason := why_not(email, session, now=now):
        raise Stale(reason)
    other = session.student if reader.id == session.coach_id else session.coach
    link = mail.link("sessions.show", session_id=str(session.id))
    said = {
        "kind": email.kind,
        "session": session,
        "reader": reader,
        "other": other,
        "name": _on_one_line(other),
        "link": link,
        "now": now,
    }
    subject, said["opening"] = _render("mails/opening.txt", said).split("\n")
    message = EmailMessage(policy=SMTP)
    sender = current_app.config["MAIL_FROM"]
    message["From"] = Address("Coaching calls", addr_spec=sender)
    message["To"] = mail.address(reader.email, _on_one_line(reader))
    message["Subject"], message["Date"] = subject, now
    message["Message-ID"] = f"<email-{email.id}-{int(email.created_at.timestamp())}@{sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    message.set_content(_render("mails/session.txt", said).strip() + "\n")
    message.add_alternative(_render("mails/session.html", {**said, "subject": subject}), subtype="html")
    if email.kind in {Kind.BOOKED, Kind.MOVED, Kind.CANCELLED}:
        _add_calendar(message, email, session)
    return message


def _on_one_line(person: User) -> str:
    """Return a name as a header can hold it."""
    return one_line(printable(person.name))


def _render(template: str, said: dict[str, Any]) -> str:
    """Fill a template without what pages know of their request: here is none."""
    return current_app.jinja_env.get_template(template).render(said)


def why_not(email: Email, session: CoachingSession, *, now: datetime) -> str | None:
    """Say why a mail is not worth sending any more, or None."""
    if email.revision != outbox.revision(session):
        return outbox.OUTDATED
    if session.starts_at <= now and email.kind != Kind.CANCELLED:
        return "The session had begun before it could be sent."
    last = session.starts_at - timedelta(minutes=current_app.config["LAST_REMINDER_MINUTES"])
    if email.kind == Kind.REMINDER and email.due_at < last <= now:
        return "The last reminder was due before it could be sent."
    return None


def _add_calendar(message: EmailMessage, email: Email, session: CoachingSession) -> None:
    """Add the session for calendar programs (RFC 6047): beside the text, and as a file for who has to open one."""
    method = "CANCEL" if session.cancelled_at else "REQUEST"
    entry = entry_or_404(session.id, email.person)
    written = files.invitation(
        entry,
        method,
        sessions=mail.link("sessions.index"),
        organizer=current_app.config["MAIL_FROM"],
        attendee=(email.person.name, email.person.email),
    )
    kind: dict[str, Any] = {"maintype": "text", "subtype": "calendar", "params": {"method": method, "charset": "utf-8"}}
    message.add_alternative(written, **kind)
    message.add_attachment(written, **kind, filename="call.ics")
