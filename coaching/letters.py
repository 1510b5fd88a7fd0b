"""Sending mails: whoever works through the outbox puts each together, sends it, and keeps what came of it."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from flask import current_app
from sqlalchemy.exc import DBAPIError

from coaching import contents, logs, mail, outbox, smtp, times
from coaching.contents import Content, Stale
from coaching.extensions import db
from coaching.models import Email, Kind, User
from coaching.text import one_line, printable

NAP = timedelta(seconds=5)  # between two looks at an empty outbox
FORGETS_EVERY = timedelta(hours=1)
DIGEST_AFTER_MIDNIGHT = timedelta(hours=9)


def work(*, is_over: threading.Event, until_done: bool = False, now: Callable[[], datetime] = times.now) -> None:
    """Send what is due, one after the other, until it is over; with `until_done`, until nothing is due any more.

    Any number of workers may do so at once. A database that is away is waited for.
    """
    forget_at = now()
    while not is_over.is_set():
        try:
            found = send_next(now=now())
            if not found and forget_at <= now():
                outbox.forget(now=now())
                forget_at = now() + FORGETS_EVERY
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
        later = _next_digest(email, now=now) if stale.is_told_later else None
        outbox.give_up(email, str(stale), now=now, digest_at=later)
    except smtp.Refused as refused:
        outbox.give_up(email, str(refused), error=refused.reply, now=now)
    except OSError as error:
        outbox.failed(email, f"{type(error).__name__}: {error}"[:500], now=now)
        return not isinstance(error, smtp.NoServer)
    except Exception as error:  # noqa: BLE001 - one that cannot be put together must not stop all others
        logs.fault(error, "a mail cannot be put together")
        outbox.failed(email, type(error).__name__, now=now)
    else:
        outbox.sent(email, now=now, digest_at=_next_digest(email, now=now))
    return True


def compose(email: Email, *, now: datetime) -> EmailMessage:
    """Put a mail together: text, HTML and, where it is of use, an entry for calendars. Raises Stale."""
    content, person, sender = contents.of(email, now=now), email.person, current_app.config["MAIL_FROM"]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Coaching calls", addr_spec=sender)
    message["To"] = _address(person, email.address)
    message["Subject"], message["Date"] = content.subject, now
    message["Message-ID"] = f"<email-{email.id}-{int(email.created_at.timestamp())}@{sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    if content.off:  # one click, in the program that shows the mail (RFC 8058)
        message["List-Unsubscribe"] = f"<{content.off}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    if content.calendar:
        _add_calendar(message, content)
    return message


def _address(person: User | None, address: str) -> Address:
    """Return to whom a mail goes: a person, or whoever reads an address."""
    if person is None or address:
        return mail.address(address)
    return mail.address(person.email, one_line(printable(person.name)))


def _add_calendar(message: EmailMessage, content: Content) -> None:
    """Add what is for calendar programs (RFC 6047): beside the text, and as a file for who has to open one."""
    params = {"method": content.method, "charset": "utf-8"}
    kind: dict[str, Any] = {"maintype": "text", "subtype": "calendar", "params": params}
    message.add_alternative(content.calendar, **kind)
    message.add_attachment(content.calendar, **kind, filename="call.ics")


def _next_digest(email: Email, *, now: datetime) -> datetime | None:
    """Return when a coach is told next what still waits for feedback, once that has been told: on Monday morning."""
    if email.kind not in {Kind.FEEDBACK, Kind.DIGEST} or email.person is None:
        return None
    zone = email.person.time_zone
    today = times.local(now, zone).date()
    monday = today + timedelta(days=7 - today.weekday())
    return times.start_of(monday, zone) + DIGEST_AFTER_MIDNIGHT
