"""How a date, a time, a name and a number are said, always for one reader's time zone."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Protocol, TypeVar

import nh3
import phonenumbers
from flask import Flask
from markdown_it import MarkdownIt
from markupsafe import Markup
from phonenumbers import PhoneNumberFormat

from coaching import times
from coaching.models import Role, User
from coaching.text import printable
from coaching.times import Clocks

RATINGS = {1: "very dissatisfied", 2: "dissatisfied", 3: "so-so", 4: "satisfied", 5: "very satisfied"}


class Timed(Protocol):
    """A slot or a session: it starts and it ends."""

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


class HourOfDay(Protocol):
    """A time, or anything else that has an hour from 0 to 23."""

    @property
    def hour(self) -> int: ...


Lasting = TypeVar("Lasting", bound=Timed)


@lru_cache(maxsize=1024)
def day(when: date, *, year: bool = True) -> str:
    """Say a day: `Tuesday 24 November 2026`."""
    return f"{when:%A} {when.day} {when:%B}{f' {when:%Y}' if year else ''}"


def near(when: date, today: date) -> str:
    """Say how near a day is, where a word for it helps: `today`, `tomorrow`, `yesterday`, or nothing."""
    return {0: "today", 1: "tomorrow", -1: "yesterday"}.get((when - today).days, "")


def weekday(number: int) -> str:
    """Say a day of the week: 1 is `Monday`, 7 is `Sunday`."""
    return f"{date(2024, 1, number):%A}"  # that year began on a Monday


def week_from(first: int) -> list[int]:
    """Return the days of the week in order, from the one that it begins with."""
    return [(first + number - 1) % 7 + 1 for number in range(7)]


def span(hours_: tuple[int, int], clocks: Clocks) -> str:
    """Say from which full hour up to which: `22 to 5`, or `10 pm to 5 am`."""
    if clocks.hour_cycle == 24:
        return "{} to {}".format(*hours_)
    return " to ".join("noon" if hour == 12 else f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}" for hour in hours_)


@lru_cache(maxsize=4096)
def zone_name(at: datetime, zone: str) -> str:
    """Say a zone as it is called at a moment: `CET`, or `UTC+05:45` where it has no name of its own."""
    here = times.local(at, zone)
    name = here.tzname() or ""
    return name if name.isalpha() else times.distance(at, zone)


def hours(timed: Timed, clocks: Clocks) -> str:
    """Say from when to when, and in which zone: `14:00–16:00 CET`, or `2:00–4:00 pm CET`."""
    return _hours(timed.starts_at, timed.ends_at, clocks)


@lru_cache(maxsize=8192)
def _hours(starts_at: datetime, ends_at: datetime, clocks: Clocks) -> str:
    start, end = times.local(starts_at, clocks.zone), times.local(ends_at, clocks.zone)
    before, after = zone_name(starts_at, clocks.zone), zone_name(ends_at, clocks.zone)
    overnight = "" if start.date() == end.date() else f" ({end:%a})"
    if before != after:  # the clocks change on the way
        return f"{wall(start, clocks)} {before}–{wall(end, clocks)}{overnight} {after}"
    from_, to = wall(start, clocks), wall(end, clocks)
    if from_[-3:] == to[-3:] and clocks.hour_cycle == 12:
        from_ = from_[:-3]  # am or pm once, where it is the same
    return f"{from_}–{to}{overnight} {after}"


def wall(here: datetime | time, clocks: Clocks) -> str:
    """Say what a wall clock shows: `14:00`, or `2:00 pm`."""
    if clocks.hour_cycle == 24:
        return f"{here:%H:%M}"
    return f"{here.hour % 12 or 12}:{here:%M} {'am' if here.hour < 12 else 'pm'}"


def hour(hour: HourOfDay, clocks: Clocks) -> str:
    """Say an hour at the edge of a calendar: `14`, or `2 pm`."""
    if clocks.hour_cycle == 24:
        return str(hour.hour)
    return f"{hour.hour % 12 or 12} {'am' if hour.hour < 12 else 'pm'}"


def typed(at: datetime, clocks: Clocks) -> dict[str, str]:
    """Return what to type into a form to mean a moment: its `date`, its `time`, and `which` if it comes twice."""
    here = times.local(at, clocks.zone)
    return {"date": f"{here:%Y-%m-%d}", "time": f"{here:%H:%M}", **({"which": "second"} if here.fold else {})}


@lru_cache(maxsize=8192)
def clock(at: datetime, clocks: Clocks) -> str:
    """Say a time of day and its zone: `14:00 CET`."""
    return f"{wall(times.local(at, clocks.zone), clocks)} {zone_name(at, clocks.zone)}"


@lru_cache(maxsize=1024)
def brief(when: date) -> str:
    """Say a day in little room: `Tue 24 Nov`."""
    return f"{when:%a} {when.day} {when:%b}"


def short(timed: Timed, clocks: Clocks) -> str:
    """Say when something starts, in little room: `Tue 24 Nov, 14:00 CET`."""
    return briefly(timed.starts_at, clocks)


def briefly(at: datetime, clocks: Clocks) -> str:
    """Say a moment in little room: `Tue 24 Nov, 14:00 CET`."""
    return f"{brief(on(at, clocks))}, {clock(at, clocks)}"


def full(timed: Timed, clocks: Clocks) -> str:
    """Say the day, the hours and the zone: `Tuesday 24 November 2026, 14:00–16:00 CET`."""
    return f"{day(on(timed.starts_at, clocks))}, {hours(timed, clocks)}"


@lru_cache(maxsize=8192)
def on(at: datetime, clocks: Clocks) -> date:
    """Return the day that a moment is on."""
    return times.local(at, clocks.zone).date()


def is_same_time(at: datetime, zone: str, other: str) -> bool:
    """Tell whether the clocks of two zones show the same at a moment."""
    return times.offset(at, zone) == times.offset(at, other)


def clock_change(at: datetime, by: timedelta, clocks: Clocks) -> str:
    """Say what a change of the clocks means for what is offered at the same time on the wall before and after it."""
    long = lasting(abs(by))
    direction, when = ("forward", "earlier") if by > timedelta() else ("back", "later")
    return (
        f"On {day(on(at, clocks))} the clocks in {clocks.zone} go {direction} by {long}. Your times stay what they are "
        f"on your wall. For a student whose clocks do not change on that day, all that comes after it is {long} {when}."
    )


def until(at: datetime, now: datetime, clocks: Clocks) -> str:
    """Say how long it is until a moment: `in 20 minutes`, `in 3 hours`, `tomorrow`, `in 5 days`, `now`.

    Days are counted as people do, from midnight to midnight; what comes within twelve hours is said in hours.
    """
    left, days = at - now, (on(at, clocks) - on(now, clocks)).days
    if left <= timedelta():
        return "now"
    if days > 1:
        return f"in {days} days"
    if days and left > timedelta(hours=12):
        return "tomorrow"
    unit, length = ("hour", timedelta(hours=1)) if left >= timedelta(hours=2) else ("minute", timedelta(minutes=1))
    count = max(1, left // length)
    return f"in {count} {unit}{'s' if count > 1 else ''}"


def lasting(long: timedelta) -> str:
    """Say how long something is, in whole units: `30 days`, `36 hours`, `90 minutes`."""
    units = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}
    unit, length = next((unit, length) for unit, length in units.items() if not long % length or unit == "minute")
    count = long // length
    return f"{count} {unit}{'s' * (count != 1)}"


def wait(at: datetime, now: datetime) -> str:
    """Say how long to wait at least: `in 20 minutes`."""
    return until(at + timedelta(seconds=59), now, Clocks("UTC"))


def by_day(items: Iterable[Lasting], clocks: Clocks) -> list[tuple[date, list[Lasting]]]:
    """Gather what is in order of time under the days of one zone."""
    days = groupby(items, key=lambda item: on(item.starts_at, clocks))
    return [(when, list(those)) for when, those in days]


@lru_cache(maxsize=2048)
def number(e164: str) -> str:
    """Say a phone number the way it is read aloud: `+1 415-555-2671`."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=2048)
def initial(name: str) -> str:
    """Return what stands in a person's circle: the first letter or sign of the name."""
    return next((letter.upper() for letter in name if letter.isalnum()), name[:1])


def person_option(person: User) -> str:
    """Say a person and what they are: `Ana Silva (coach)`."""
    return f"{person.name} ({Role(person.role)})"


# No tables: a short note could become a page of a megabyte, since each row is filled up to the length of the first.
_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough").disable("image")
_tags = {"a", "blockquote", "br", "code", "em", "h3", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"}


@lru_cache(maxsize=512)
def markdown(text: str) -> Markup:
    """Turn a note into HTML in which nothing malicious is left: no script, no image, no style, no foreign scheme."""
    tokens = _markdown.parse(printable(text))
    for token in tokens:
        if token.tag.startswith("h") and token.tag != "hr":
            token.tag = "h3"  # a note's headings stand below the page's own
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    clean = nh3.clean(html, tags=_tags, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto", "tel"})
    return Markup(clean)  # noqa: S704  # the line above is what makes it safe


def rating(value: int | None) -> str:
    """Say a rating with its word: `4 – satisfied`; without one, that there was nobody to rate it."""
    return f"{value} – {RATINGS[value]}" if value else "The student did not answer"


def init_app(app: Flask) -> None:
    """Give the templates these words."""
    for filter_ in (
        brief, briefly, by_day, clock, clock_change, day, full, hour, hours, initial, is_same_time, lasting, markdown,
        near, number, on, person_option, rating, short, span, typed, until, wall, week_from, weekday,
    ):  # fmt: skip
        app.add_template_filter(filter_)
