"""Reads a calendar file as other programs would."""

import icalendar
import vobject

from tests.visiting import Page


def unfolded(page: Page) -> str:
    """Return a file with its long lines put together again."""
    return page.text.replace("\r\n ", "")


def calendar(page: Page) -> icalendar.Calendar:
    """Read a file with icalendar, strictly."""
    found = icalendar.Calendar.from_ical(page.text)
    assert found.errors == [], found.errors
    return found


def events(page: Page) -> dict[str, icalendar.Event]:
    """Return what happens, by its UID."""
    found = calendar(page).events
    assert not [event.errors for event in found if event.errors]
    by_uid = {str(event["uid"]): event for event in found}
    assert len(by_uid) == len(found), "two of one UID"
    return by_uid


def seen_by_vobject(page: Page) -> dict[str, dict[str, object]]:
    """Return what another parser sees: of every event, by its UID, each property and its value."""
    whole = vobject.readOne(page.text)
    return {event.uid.value: {line.name: line.value for line in event.lines()} for event in whole.contents["vevent"]}


def names(page: Page) -> set[str]:
    """Return the name of every line of a file."""
    return {line.replace(";", ":").partition(":")[0] for line in unfolded(page).split("\r\n") if line}
