"""The clock, UTC, and the way from a wall clock to a moment and back."""

import re
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

SLOT_LENGTH = timedelta(hours=2)  # rule 1: two elapsed hours, whatever the clocks do
QUARTER = timedelta(minutes=15)  # of an hour: where slots begin
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)  # that anybody can mean

Which = Literal["first", "second"]


class Clocks(NamedTuple):
    """How somebody reads moments: by the clocks of an IANA time zone, of 24 hours or of twice 12."""

    zone: str
    hour_cycle: int = 24

    def elsewhere(self, zone: str) -> "Clocks":
        """Return the clocks of another zone, read in the same way."""
        return self._replace(zone=zone)


class SkippedError(ValueError):
    """The clocks go forward over this wall-clock time: it does not happen on that day in that zone."""


class TwiceError(ValueError):
    """The clocks go back over this wall-clock time: it happens twice, and nobody has said which is meant."""


def now() -> datetime:
    """Return this moment, in UTC. Views and commands read the clock here and hand it on; rules never do."""
    return datetime.now(UTC)


@cache
def zones() -> tuple[str, ...]:
    """Return every IANA time zone name known here, sorted."""
    return tuple(sorted(available_timezones() - {"Factory", "localtime"}))


def clock(written: str) -> time:
    """Return the time of day that is written as `09:30`, `9:30 pm` or `9 pm`. Raises ValueError for anything else."""
    found = re.fullmatch(r"(\d{1,2})(?::(\d\d))?(?: ?([ap])m)?", written, re.ASCII | re.IGNORECASE)
    if not found or not (found[2] or found[3]):
        raise ValueError("no time of day")
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a clock with twelve")
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute)


@cache
def countries() -> dict[str, str]:
    """Return the zones that are called after a place, each with its country (ISO 3166), as zone.tab of the IANA knows.

    Every other is an old name of one of these, or no place at all.
    """
    lines = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {zone: country for country, _, zone, *_ in rows}


def moment(day: date, clock: time, zone: str, which: Which | None = None) -> datetime:
    """Return the moment (UTC) at which clocks in `zone` show `clock` on `day`.

    Raises SkippedError where the clocks jump over it, and TwiceError where it comes twice and `which` is silent.
    PEP 495 says how `fold` tells the two apart.
    """
    wall = datetime.combine(day, clock, ZoneInfo(zone))
    first, second = (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    if local(first, zone).replace(tzinfo=None) != wall.replace(tzinfo=None):
        raise SkippedError
    if which not in {"first", "second"}:
        raise TwiceError
    return first if which == "first" else second


def local(at: datetime, zone: str) -> datetime:
    """Return a moment as the clocks in `zone` show it."""
    return at.astimezone(ZoneInfo(zone))


def distance(at: datetime, zone: str) -> str:
    """Say how far a zone's clocks are from UTC at a moment: `UTC+05:45`."""
    offset = f"{local(at, zone):%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}"


def start_of(day: date, zone: str) -> datetime:
    """Return the moment (UTC) at which `day` begins in `zone`: after a clock change at midnight, its first instant."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=1024)
def offsets(zone: str, day: date) -> tuple[tuple[datetime, int], ...]:
    """Return how far a zone's clocks are from UTC from the day before `day` on: until when (UTC), by how many seconds.

    It knows the changes of five years. What lies further ahead is reckoned as the end of the fifth is.
    """
    here, day_long = ZoneInfo(zone), 24 * 60

    def offset(minute: int) -> int:
        return int((at(minute).astimezone(here).utcoffset() or timedelta()).total_seconds())

    def at(minute: int) -> datetime:
        return EPOCH + timedelta(minutes=minute)

    def change(start: int) -> int:
        was = offset(start)  # clocks change on a whole minute
        return start + bisect_left(range(start, start + day_long), True, key=lambda minute: offset(minute) != was)

    first = ((day - EPOCH.date()).days - 1) * day_long
    last = first + 5 * 366 * day_long
    days = [start for start in range(first, last, day_long) if offset(start) != offset(start + day_long)]
    found = [(at(change(start)), offset(start)) for start in days]
    return (*found, (at(last), offset(last)))


def is_sensible(day: date) -> bool:
    """Tell whether a day is one that anybody can mean, and that clocks can be reckoned for."""
    return FIRST_DAY <= day <= LAST_DAY


def clock_changes(zone: str, start: datetime, end: datetime) -> list[tuple[datetime, timedelta]]:
    """Return when the clocks of a zone change in a period of at most five years (UTC), and by how much."""
    return [
        (until, timedelta(seconds=after - before))
        for (until, before), (_, after) in pairwise(offsets(zone, start.date()))
        if start < until <= end
    ]


def offset(at: datetime, zone: str) -> timedelta:
    """Return how far the clocks of a zone are ahead of UTC at a moment."""
    return local(at, zone).utcoffset() or timedelta()


def first_of_week(day: date, first_weekday: int = 1) -> date:
    """Return the day with which a day's week begins. Weeks begin on `first_weekday`: 1 Monday … 7 Sunday."""
    return day - timedelta(days=(day.isoweekday() - first_weekday) % 7)


def week_of(day: date, first_weekday: int = 1) -> str:
    """Return the name of a day's week: as ISO 8601 calls the Monday that is in it, such as `2026-W48`."""
    monday = first_of_week(day, first_weekday) + timedelta(days=(1 - first_weekday) % 7)
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"
