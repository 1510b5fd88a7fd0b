"""What stands in a calendar file (RFC 5545, RFC 7986): when a call is and with whom, and nothing else."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from icalendar import Calendar, Event, vCalAddress, vDuration

from coaching import text
from coaching.calendars.queries import Entry, FreeTime

MAKER = "-//Coaching calls//Coaching calls//EN"
NAME = "Coaching calls"
# So often a program is asked to look again. Many look more seldom, whatever they are asked.
READ_ANEW = timedelta(hours=1)
END = b"END:VCALENDAR\r\n"


def file(entry: Entry, *, sessions: str) -> bytes:
    """Return the file of one session. `sessions` is the whole address of the list of sessions."""
    calendar = _calendar()
    calendar.add("method", "PUBLISH")
    return _filled(calendar, [_call(entry, sessions)])


def invitation(entry: Entry, method: str, *, sessions: str, organizer: str, attendee: tuple[str, str]) -> bytes:
    """Return the file of one session that a mail brings (RFC 5546): METHOD is REQUEST, or CANCEL.

    The app organises it, and the one who reads it, `attendee` (name and address), alone attends: neither learns the
    other's address.
    """
    calendar = _calendar()
    calendar.add("method", method)
    event = Event.from_ical(_call(entry, sessions))
    event.add("organizer", vCalAddress(f"mailto:{organizer}"), parameters={"CN": NAME})
    name, address = attendee
    takes_part = {"CN": text.one_line(text.printable(name)).replace('"', "'"), "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
    event.add("attendee", vCalAddress(f"mailto:{address}"), parameters=takes_part)
    return _filled(calendar, [bytes(event.to_ical())])


def feed(entries: Iterable[Entry], free: Iterable[FreeTime], *, sessions: str, slots: str) -> bytes:
    """Return the file of everything that is in a person's calendar."""
    calendar = _calendar()
    calendar.add("name", NAME)
    calendar.add("x-wr-calname", NAME)
    calendar.add("refresh-interval", READ_ANEW, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(READ_ANEW))
    calls = (_call(entry, sessions) for entry in entries)
    return _filled(calendar, [*calls, *(_free(slot, slots) for slot in free)])


def title(name: str) -> str:
    """Say what a call is called in a calendar."""
    return f"Coaching call with {text.one_line(text.printable(name))}"


def hint(address: str) -> str:
    """Say where the rest is to be found: behind the sign-in, where alone it belongs."""
    return f"More about it: {address}"


# An event takes 0.4 ms to put together, and a feed of 2,000 is read every hour: what has not changed is kept.
@lru_cache(maxsize=8192)
def _call(entry: Entry, sessions: str) -> bytes:
    address, is_off = f"{sessions}{entry.id}", entry.cancelled_at is not None
    event = _event(f"session-{entry.id}", entry, address, changed_at=entry.changed_at)
    event.add("sequence", entry.moves + is_off)
    event.add("summary", title(entry.name))
    event.add("description", hint(address))
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if is_off else "OPAQUE")
    return bytes(event.to_ical())


@lru_cache(maxsize=2048)
def _free(slot: FreeTime, slots: str) -> bytes:
    event = _event(f"slot-{slot.id}", slot, slots, changed_at=slot.offered_at)
    event.add("sequence", 0)  # the times of a slot never change
    event.add("summary", "Free for a coaching call")
    event.add("status", "TENTATIVE")
    event.add("transp", "TRANSPARENT")
    return bytes(event.to_ical())


def _event(uid: str, timed: Entry | FreeTime, address: str, *, changed_at: datetime) -> Event:
    event = Event()
    event.add("uid", f"{uid}@{urlsplit(address).hostname}")
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("dtstart", timed.starts_at)
    event.add("dtend", timed.ends_at)
    event.add("url", address)
    return event


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", MAKER)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _filled(calendar: Calendar, events: Iterable[bytes]) -> bytes:
    return bytes(calendar.to_ical()).removesuffix(END) + b"".join(events) + END
