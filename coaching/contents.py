"""What stands in a mail, put together when it is sent, from what is true then."""

import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app
from markupsafe import Markup

from coaching import mail, outbox
from coaching.calendars import files
from coaching.calendars.queries import entry_or_404
from coaching.coaches.queries import is_waiting
from coaching.models import CoachingSession, Email, Feedback, Kind, Role, TimeSlot, Topic, User
from coaching.news import queries as news
from coaching.news.links import NO_MORE, off_token
from coaching.sessions import queries
from coaching.text import one_line, printable

A_WEEK = timedelta(weeks=1)
A_FEW = 5  # free times, or calls that wait for feedback
# Who gets a mail later than so long after it was due has no use for it any more.
WORTH = {
    Kind.CONFIRM: timedelta(days=1),
    Kind.RESET: timedelta(hours=1),
    Kind.NEW_ADDRESS: timedelta(days=1),
    Kind.DIGEST: timedelta(weeks=52),  # it says what is true when it is sent
}
OTHERS_WORTH = timedelta(days=3)
# Where the link of a mail about an account leads to.
DOORS = {
    Kind.CONFIRM: "auth.confirm",
    Kind.KNOWN: "auth.sign_in",
    Kind.UNKNOWN: "auth.register",
    Kind.RESET: "auth.reset",
    Kind.PASSWORD: "auth.forgotten",
    Kind.NEW_ADDRESS: "auth.move",
    Kind.ADDRESS_ASKED: "auth.password",
    Kind.ADDRESS_MOVED: "start.start",
}
# What is not essential, and so can be done without.
TOPICS = {
    Kind.REMINDER: Topic.REMINDERS,
    Kind.LAST_REMINDER: Topic.REMINDERS,
    Kind.FEEDBACK: Topic.FEEDBACK,
    Kind.DIGEST: Topic.FEEDBACK,
}
UNWANTED = "Its reader wants no such mails."
LINK = re.compile(r"https?://\S+")


class Stale(Exception):
    """A mail is not worth sending any more. Its message says why. `is_told_later`: it stands in a weekly list then."""

    is_told_later = False


class ToldLater(Stale):
    """It is too late for one of its own, but it still has to be told."""

    is_told_later = True


class Content(NamedTuple):
    """What a mail says: its subject, and the same as text and as HTML.

    `off` is the address at which its reader has no more such mails, where they can; `method` and `calendar` are what
    it brings for calendar programs, if anything.
    """

    subject: str
    text: str
    html: str
    off: str = ""
    method: str = ""
    calendar: bytes = b""


def of(email: Email, *, now: datetime) -> Content:
    """Put together what a mail says. Raises Stale."""
    if now > email.due_at + WORTH.get(email.kind, OTHERS_WORTH) and not email.session_id:
        raise Stale("It could not be sent in time.")
    person = email.person
    if person is None or email.address:
        return _of_an_account(email)
    if (topic := TOPICS.get(email.kind)) and news.is_unwanted(person, topic):
        raise Stale(UNWANTED)
    if email.session_id:
        return _of_a_session(email, queries.session_with_both(email.session_id), person, now=now)
    if email.slot_id:
        return _of_free_times(queries.slot_with_coach(email.slot_id).coach, person, now=now)
    return _digest(person, now=now) if email.kind == Kind.DIGEST else _welcome(person)


def _of_a_session(email: Email, session: CoachingSession, reader: User, *, now: datetime) -> Content:
    if reason := why_not(email, session, now=now):
        raise Stale(reason)
    other = session.student if reader.id == session.coach_id else session.coach
    content = _content(
        "session",
        kind=email.kind,
        session=session,
        reader=reader,
        other=other,
        name=_on_one_line(other),
        nearest=_instead(session, reader, now=now) if email.kind == Kind.CANCELLED else (),
        again=mail.link("coaches.show", coach_id=str(session.coach_id)),
        link=mail.link("sessions.show", session_id=str(session.id)),
        off=_off(reader, TOPICS.get(email.kind)),
        now=now,
    )
    if email.kind not in {Kind.BOOKED, Kind.MOVED, Kind.CANCELLED}:
        return content
    method = "CANCEL" if session.cancelled_at else "REQUEST"
    return content._replace(method=method, calendar=_calendar(session, reader, method))


def why_not(email: Email, session: CoachingSession, *, now: datetime) -> str | None:
    """Say why a mail about a session is not worth sending any more, or None."""
    if email.revision != outbox.revision(session):
        return outbox.OUTDATED
    if email.kind in {Kind.FEEDBACK, Kind.MISSED}:
        return _why_not_afterwards(email, queries.feedback_on(session), now=now)
    if session.starts_at <= now and email.kind != Kind.CANCELLED:
        return "The session had begun before it could be sent."
    last = session.starts_at - timedelta(minutes=current_app.config["LAST_REMINDER_MINUTES"])
    if email.kind == Kind.REMINDER and email.due_at < last <= now:
        return "The last reminder was due before it could be sent."
    return None


def _why_not_afterwards(email: Email, recorded: Feedback | None, *, now: datetime) -> str | None:
    """Say the same of a mail about how a session went. Raises ToldLater."""
    if email.kind == Kind.MISSED:
        return None if recorded and recorded.is_missed else "Its coach has corrected that."
    if recorded:
        return "How it went is recorded."
    if now > email.due_at + A_WEEK:
        raise ToldLater("It stands in the weekly list.")
    return None


def _instead(session: CoachingSession, reader: User, *, now: datetime) -> list[tuple[TimeSlot, str]]:
    """Return free times for a student whose coach has cancelled, and with whom: with that coach, and with others."""
    if reader.role != Role.STUDENT or session.cancelled_by_id == reader.id:
        return []
    same, others = queries.instead_of(session, reader, terms=current_app.config["TERMS"], now=now)
    return [(slot, _on_one_line(slot.coach)) for slot in (*same, *others)]


def _of_free_times(coach: User, reader: User, *, now: datetime) -> Content:
    if not is_waiting(reader, coach):
        raise Stale("Its reader does not wait for that any more.")
    free = queries.slots_for(reader, coach, terms=current_app.config["TERMS"], now=now, limit=A_FEW)
    if not free:
        raise Stale("All of these times were taken before.")
    return _content(
        "freed",
        reader=reader,
        name=_on_one_line(coach),
        slots=free,
        more=mail.link("coaches.show", coach_id=str(coach.id)),
        off=_off(reader, NO_MORE),
    )


def _digest(coach: User, *, now: datetime) -> Content:
    waiting = queries.calls_without_feedback(coach, now=now - outbox.FEEDBACK_AFTER, limit=A_FEW + 1)
    if not waiting:
        raise Stale("Nothing waits for feedback any more.")
    return _content(
        "digest",
        reader=coach,
        calls=[(call, _on_one_line(call.other)) for call in waiting[:A_FEW]],
        are_more=len(waiting) > A_FEW,
        link=f"{mail.link('sessions.index')}?when=previous",
        off=_off(coach, Topic.FEEDBACK),
    )


def _welcome(person: User) -> Content:
    first = {Role.STUDENT: "coaches.index", Role.COACH: "slots.index", Role.ADMIN: "start.start"}[person.role]
    return _content("welcome", name=_on_one_line(person), role=person.role, link=mail.link(first))


def _of_an_account(email: Email) -> Content:
    token = {"token": outbox.token(email.seed)} if email.seed else {}
    return _content(f"account/{email.kind}", link=mail.link(DOORS[email.kind], **token))


def _content(template: str, *, off: str = "", **said: Any) -> Content:
    """Fill a template: its first line is the subject. The HTML is made of the same words."""
    env = current_app.jinja_env  # by itself: it knows nothing of a request, and here is none
    filled = env.get_template(f"mails/{template}.txt").render(
        link_to=mail.link, url=current_app.config["URL"], off=off, **said
    )
    subject, _, rest = filled.strip().partition("\n")
    text = re.sub(r"\n{3,}", "\n\n", rest.strip()) + "\n"
    page = env.get_template("mails/frame.html").render(subject=subject, paragraphs=_paragraphs(text))
    return Content(subject, text, page, off)


def _paragraphs(text: str) -> list[list[Markup]]:
    """Return the lines of each paragraph as HTML. A line that is an address makes a link of the one before it."""
    paragraphs = []
    for paragraph in text.strip().split("\n\n"):
        lines: list[Markup] = []
        for line in paragraph.split("\n"):
            if LINK.fullmatch(line):
                words = lines.pop() if lines else Markup.escape(line)
                lines.append(Markup('<a href="{}">{}</a>').format(line, words.removesuffix(":")))
            else:
                lines.append(Markup.escape(line))
        paragraphs.append(lines)
    return paragraphs


def _off(reader: User, what: str | None) -> str:
    return mail.link("news.off", token=off_token(reader.id, what)) if what else ""


def _on_one_line(person: User | queries.Person) -> str:
    """Return a name as a subject can hold it."""
    return one_line(printable(person.name))


def _calendar(session: CoachingSession, reader: User, method: str) -> bytes:
    return files.invitation(
        entry_or_404(session.id, reader),
        method,
        sessions=mail.link("sessions.index"),
        organizer=current_app.config["MAIL_FROM"],
        attendee=(reader.name, reader.email),
    )
