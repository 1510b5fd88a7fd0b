"""A week as it is drawn: days across, hours down. Every day has the hours that it really has, 23, 24 or 25."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import chain, groupby
from typing import Generic, NamedTuple, TypeVar

from coaching import times
from coaching.formatting import Timed, on
from coaching.models import User
from coaching.times import EPOCH, QUARTER, SLOT_LENGTH, Clocks

QUARTERS = SLOT_LENGTH // QUARTER
DAYTIME = range(8, 20)  # hours that are drawn even if nothing is in them

Drawn = TypeVar("Drawn", bound=Timed)


class Hour(NamedTuple):
    """An hour on the wall clock; `again` where the clocks have gone back, and it comes a second time."""

    hour: int
    again: bool = False


class Quarter(NamedTuple):
    """A quarter of an hour: the moment (UTC) with which it begins, and where it stands on the wall clock."""

    moment: datetime
    hour: Hour
    number: int  # 0 to 3


class Block(NamedTuple, Generic[Drawn]):
    """Something with its place in the grid: the quarter of its cell's hour where it begins, and how many it is long.

    What crosses midnight is drawn twice; `is_rest` is what is left of it on the second day.
    """

    item: Drawn
    quarter: int
    quarters: int
    is_rest: bool


@dataclass
class Cell(Generic[Drawn]):
    """An hour of a day, and what begins in it. `exists` is False where that day's clocks never show it."""

    hour: Hour
    exists: bool = False
    has_passed: bool = True
    opening: datetime | None = None  # the first moment in it (UTC) from which two hours are free
    now: int | None = None  # the quarter that it is now
    blocks: list[Block[Drawn]] = field(default_factory=list)


@dataclass
class Day(Generic[Drawn]):
    """A day, and its hours in order."""

    date: date
    is_today: bool
    hours_long: float
    cells: list[Cell[Drawn]]


class Span(NamedTuple):
    """Which week is meant, as one person reads it: its first day, and its moments (UTC), the end excluded."""

    first: date
    first_weekday: int
    clocks: Clocks
    start: datetime
    end: datetime

    @classmethod
    def around(cls, day: date, clocks: Clocks, first_weekday: int) -> "Span":
        """Return the week that a day is in."""
        first = times.first_of_week(day, first_weekday)
        start, end = (times.start_of(first + timedelta(days=days), clocks.zone) for days in (0, 7))
        return cls(first, first_weekday, clocks, start, end)

    @classmethod
    def of(cls, person: User, day: date | None, *, now: datetime) -> "Span":
        """Return the week that a day is in, as a person reads it; without a day, the week that it is now."""
        return cls.around(day or on(now, person.clocks), person.clocks, person.first_weekday)

    @property
    def days(self) -> list[date]:
        """Its seven days."""
        return [self.first + timedelta(days=days) for days in range(7)]

    @property
    def name(self) -> str:
        """What it is called in an address: `2026-W48`."""
        return times.week_of(self.first, self.first_weekday)

    def beside(self, weeks: int) -> str | None:
        """Return what the week so many weeks later is called, unless it lies beyond the years that anybody can mean."""
        first = self.first + timedelta(weeks=weeks)
        return times.week_of(first, self.first_weekday) if times.is_sensible(first) else None


@dataclass
class Week(Generic[Drawn]):
    """A drawn week."""

    span: Span
    hours: list[Hour]
    days: list[Day[Drawn]]
    items: Sequence[Drawn]
    meant: date | None = None
    is_whole: bool = False

    @property
    def shown_first(self) -> date:
        """The day to show where there is room for one: the one that is meant, or today, or one with something in it."""
        meant = (day for day in self.span.days if day == self.meant)
        today = (day.date for day in self.days if day.is_today)
        busy = (day.date for day in self.days if any(cell.blocks for cell in day.cells))
        return next(chain(meant, today, busy), self.span.first)


def draw(
    span: Span, items: Sequence[Drawn], now: datetime, *, meant: date | None = None, is_whole: bool = False
) -> Week[Drawn]:
    """Put slots or sessions, which are two hours long and of which no two overlap, into their places.

    What begins after the week is not drawn, but stands in the way of what could begin at its end. `meant` is the day to
    show where there is room for one; a whole week has all hours, not the daytime alone.
    """
    there = {item.starts_at + QUARTER * number: item for item in items for number in range(QUARTERS)}
    too_near = {item.starts_at - QUARTER * number for item in items for number in range(1, QUARTERS)}
    shown = [_quarters(day, span.clocks.zone) for day in span.days]
    told = {0, 23} if is_whole else _told(shown, there, now)
    hours, today = _hours(shown, told), times.local(now, span.clocks.zone).date()
    days = []
    for day, quarters in zip(span.days, shown, strict=True):
        cells = {hour: Cell[Drawn](hour) for hour in hours}
        for quarter in quarters:
            if cell := cells.get(quarter.hour):
                is_free = quarter.moment not in there and quarter.moment not in too_near
                _note(cell, quarter, is_free=is_free, now=now)
        _put(quarters, there, cells)
        days.append(Day(day, day == today, len(quarters) / 4, list(cells.values())))
    return Week(span, hours, days, [item for item in items if item.starts_at < span.end], meant, is_whole)


@lru_cache(maxsize=512)
def _quarters(day: date, zone: str) -> tuple[Quarter, ...]:
    """Return a day's quarters of an hour, as they elapse."""
    return tuple(_elapsing(day, zone))


def _elapsing(day: date, zone: str) -> Iterator[Quarter]:
    start, end = (times.start_of(day + timedelta(days=days), zone) for days in (0, 1))
    for number in range((end - start) // QUARTER):
        moment = start + QUARTER * number
        if end - start == timedelta(days=1):
            yield Quarter(moment, Hour(number // 4), number % 4)
        else:  # the clocks change on this day
            here = times.local(moment, zone)
            yield Quarter(moment, Hour(here.hour, bool(here.fold)), here.minute // 15)


def _told(shown: Sequence[Sequence[Quarter]], there: Container[datetime], now: datetime) -> set[int]:
    """Return the hours with something to tell: a slot, now, or clocks that change."""
    ordinary = {Hour(hour) for hour in range(24)}
    amiss = (({quarter.hour for quarter in quarters} ^ ordinary) for quarters in shown)
    this = now - (now - EPOCH) % QUARTER
    every = (quarter for quarters in shown for quarter in quarters)
    busy = {quarter.hour for quarter in every if quarter.moment in there or quarter.moment == this}
    return {hour.hour for hour in busy.union(*amiss)}


def _hours(shown: Sequence[Sequence[Quarter]], told: set[int]) -> list[Hour]:
    """Return the hours to draw, as they elapse on the longest day: the daytime, and what is told of."""
    first, last = min({DAYTIME.start, *told}), max({DAYTIME.stop - 1, *told})
    hours = dict.fromkeys(quarter.hour for quarter in max(shown, key=len))
    return [hour for hour in hours if first <= hour.hour <= last]


def _note(cell: Cell[Drawn], quarter: Quarter, *, is_free: bool, now: datetime) -> None:
    cell.exists = True
    cell.has_passed = quarter.moment + QUARTER <= now
    if cell.opening is None and is_free and quarter.moment > now:
        cell.opening = quarter.moment
    if quarter.moment <= now < quarter.moment + QUARTER:
        cell.now = quarter.number


def _put(quarters: Sequence[Quarter], there: Mapping[datetime, Drawn], cells: Mapping[Hour, Cell[Drawn]]) -> None:
    """Draw each thing from the first to the last of its quarters on this day."""
    row = {hour: number * 4 for number, hour in enumerate(cells)}
    for item, group in groupby(quarters, key=lambda quarter: there.get(quarter.moment)):
        if item:
            first, *more = group
            last = more[-1] if more else first
            quarters_long = row[last.hour] + last.number - row[first.hour] - first.number + 1
            is_rest = first.moment > item.starts_at
            cells[first.hour].blocks.append(Block(item, first.number, quarters_long, is_rest))
