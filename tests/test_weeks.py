"""How a week is drawn: every thing in its place, and every day with the hours that it really has."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from coaching import times
from coaching.times import Clocks
from coaching.weeks import Hour, Span, draw
from tests.make import NOW, at

LONG_AGO = at("2020-01-01 00:00")


class Thing(NamedTuple):
    starts_at: datetime

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(hours=2)


def week(day: str, *starts: str, zone: str = "Europe/London", now: datetime = NOW, first_weekday: int = 1):
    span = Span.around(date.fromisoformat(day), Clocks(zone), first_weekday)
    return draw(span, [Thing(at(start)) for start in starts], now)


def places(drawn) -> list[tuple[int, str, int, int, bool]]:
    """Return what is drawn: on which day of the month, from which hour and quarter, how many, and if it is a rest."""
    return [
        (day.date.day, f"{cell.hour.hour}{' again' * cell.hour.again}", block.quarter, block.quarters, block.is_rest)
        for day in drawn.days
        for cell in day.cells
        for block in cell.blocks
    ]


def test_two_hours_are_eight_quarters_from_where_they_begin():
    drawn = week("2026-03-04", "2026-03-03 10:15", "2026-03-04 18:45")
    assert places(drawn) == [(3, "10", 1, 8, False), (4, "18", 3, 8, False)]


def test_what_crosses_midnight_goes_on_on_the_next_day_also_into_the_week():
    drawn = week("2026-03-04", "2026-03-01 22:30", "2026-03-03 23:15")
    assert places(drawn) == [(2, "0", 0, 2, True), (3, "23", 1, 3, False), (4, "0", 0, 5, True)]


def test_the_daytime_is_drawn_and_what_more_is_needed():
    assert [hour.hour for hour in week("2026-03-04").hours] == list(range(8, 20))
    assert [hour.hour for hour in week("2026-03-04", "2026-03-03 06:45").hours] == list(range(6, 20))
    assert [hour.hour for hour in week("2026-03-04", "2026-03-03 20:15").hours] == list(range(8, 23))
    assert [hour.hour for hour in week("2026-03-04", "2026-03-03 20:00").hours] == list(range(8, 22))


def day_of(drawn, number: int):
    return next(day for day in drawn.days if day.date.day == number)


def test_a_day_of_23_hours_lacks_the_one_that_the_clocks_skip():
    drawn = week("2026-03-29", "2026-03-29 00:00")  # from 00:00 to 03:00 on the wall
    assert day_of(drawn, 29).hours_long == 23
    assert [cell.hour.hour for cell in day_of(drawn, 29).cells if not cell.exists] == [1]
    assert all(cell.exists for cell in day_of(drawn, 28).cells)
    assert places(drawn) == [(29, "0", 0, 12, False)]


def test_a_day_of_25_hours_has_the_one_that_comes_again_and_the_others_lack_it():
    drawn = week("2026-10-25", "2026-10-24 00:00", "2026-10-24 23:30", "2026-10-25 01:30", now=LONG_AGO)
    assert day_of(drawn, 25).hours_long == 25
    assert drawn.hours[:4] == [Hour(0), Hour(1), Hour(1, again=True), Hour(2)]
    assert [cell.hour for cell in day_of(drawn, 24).cells if not cell.exists] == [Hour(1, again=True)]
    assert places(drawn) == [
        (24, "1", 0, 12, False),  # over an hour that this day does not have
        (25, "0", 2, 8, False),
        (25, "1 again", 2, 8, False),
    ]


def test_clocks_may_change_by_half_an_hour():
    drawn = week("2026-04-05", "2026-04-04 14:00", zone="Australia/Lord_Howe", now=LONG_AGO)  # from 01:00 to 02:30
    assert day_of(drawn, 5).hours_long == 24.5
    assert Hour(1, again=True) in drawn.hours
    drawn = week("2026-10-04", "2026-10-03 14:30", zone="Australia/Lord_Howe", now=LONG_AGO)  # from 01:00 to 03:30
    assert day_of(drawn, 4).hours_long == 23.5
    assert places(drawn) == [(4, "1", 0, 10, False)]


def test_the_week_of_a_change_shows_the_hours_of_the_night_in_which_it_is():
    assert [hour.hour for hour in week("2026-03-29").hours][:2] == [1, 2]


def test_a_day_that_never_was_is_empty():
    drawn = week("2011-12-30", zone="Pacific/Apia")
    assert day_of(drawn, 30).hours_long == 0
    assert not any(cell.exists for cell in day_of(drawn, 30).cells)


def openings(drawn, number: int) -> list[str]:
    return [f"{cell.opening:%H:%M}" if cell.opening else "-" for cell in day_of(drawn, number).cells]


def test_an_hour_is_open_where_two_hours_are_free_and_ahead():
    drawn = week("2026-03-04", "2026-03-03 12:30")
    assert openings(drawn, 2)[:3] == ["08:15", "09:00", "10:00"]  # it is eight o'clock
    assert openings(drawn, 3) == ["08:00", "09:00", "10:00", "-", "-", "-", "14:30", "15:00", "16:00", "17:00",
                                  "18:00", "19:00"]  # fmt: skip
    assert openings(week("2026-02-25"), 25) == ["-"] * 12


def test_now_is_marked_and_today_is_told():
    drawn = week("2026-03-04", now=at("2026-03-02 14:50"))
    assert [(day.date.day, cell.hour.hour, cell.now) for day in drawn.days for cell in day.cells if cell.now] == [
        (2, 14, 3)
    ]
    assert [day.is_today for day in drawn.days] == [True] + [False] * 6
    assert week("2026-03-04", now=at("2026-03-02 23:50")).days[0].is_today
    assert not any(day.is_today for day in week("2026-03-11").days)


def test_where_there_is_room_for_one_day_it_is_today_or_the_first_with_something_in_it():
    assert week("2026-03-02", "2026-03-05 10:00").shown_first == date(2026, 3, 2)
    assert week("2026-03-11", "2026-03-12 10:00").shown_first == date(2026, 3, 12)
    assert week("2026-03-11").shown_first == date(2026, 3, 9)


def test_clocks_may_go_back_by_two_hours():
    """At Troll the hours go 1, 2, 1 again, 2 again: a slot is eight quarters long all the same."""
    for quarter in range(-8, 9):
        starts_at = at("2026-10-25 01:00") + timedelta(minutes=15 * quarter)
        span = Span.around(date(2026, 10, 25), Clocks("Antarctica/Troll"), 1)
        [(*_, long, is_rest)] = places(draw(span, [Thing(starts_at)], LONG_AGO))
        assert (long, is_rest) == (8, False)


def test_now_is_drawn_at_night_as_well():
    assert [hour.hour for hour in week("2026-03-04", now=at("2026-03-02 22:10")).hours] == list(range(8, 23))


def test_what_begins_after_the_week_stands_in_the_way_at_its_end():
    drawn = week("2026-03-04", "2026-03-09 00:00", now=at("2026-03-08 21:00"))
    assert drawn.items == []
    assert openings(drawn, 8)[-1] == "21:15"
    assert [
        cell.opening for cell in week("2026-03-04", "2026-03-09 00:00", now=at("2026-03-08 22:00")).days[6].cells
    ] == [None] * 15


def test_the_day_that_is_meant_comes_first_if_it_is_in_the_week():
    span = Span.around(date(2026, 3, 2), Clocks("UTC"), 1)
    assert draw(span, [], NOW, meant=date(2026, 3, 6)).shown_first == date(2026, 3, 6)
    assert draw(span, [], NOW, meant=date(2026, 3, 9)).shown_first == date(2026, 3, 2)


def test_all_hours_are_drawn_where_they_are_asked_for():
    span = Span.around(date(2026, 3, 2), Clocks("UTC"), 1)
    assert [hour.hour for hour in draw(span, [], NOW, is_whole=True).hours] == list(range(24))


def test_a_week_begins_on_the_day_that_the_person_has_it_begin_on():
    span = week("2026-03-04", first_weekday=7).span
    assert (span.first, span.name, span.beside(1)) == (date(2026, 3, 1), "2026-W10", "2026-W11")
    assert (span.start, span.end) == (at("2026-03-01 00:00"), at("2026-03-08 00:00"))


@pytest.mark.parametrize(
    "zone",
    ["Europe/London", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Lagos"],
)
def test_every_quarter_of_a_year_stands_where_the_clocks_show_it(zone):
    """Slots back to back, all year: each begins in the cell of the hour that its zone's clocks show then."""
    first = date(2026, 1, 5)
    for number in range(52):
        span = Span.around(first + timedelta(weeks=number), Clocks(zone), 1)
        things = [
            Thing(span.start + timedelta(hours=hours)) for hours in range(0, (span.end - span.start).days * 24, 2)
        ]
        drawn = draw(span, things, LONG_AGO)
        for day in drawn.days:
            for cell in day.cells:
                for block in cell.blocks:
                    shown = block.item.starts_at.astimezone(ZoneInfo(zone))
                    if not block.is_rest:
                        assert (shown.date(), shown.hour, bool(shown.fold), shown.minute // 15) == (
                            day.date, cell.hour.hour, cell.hour.again, block.quarter
                        )  # fmt: skip
        begun = sum(not block.is_rest for day in drawn.days for cell in day.cells for block in cell.blocks)
        assert begun == len(things)


@pytest.mark.parametrize(
    ("zone", "start", "end", "changes"),
    [
        ("Europe/London", "2026-03-03 10:00", "2026-03-31 10:00", [("2026-03-29 01:00", 60)]),
        (
            "Europe/London",
            "2026-01-01 00:00",
            "2027-01-01 00:00",
            [("2026-03-29 01:00", 60), ("2026-10-25 01:00", -60)],
        ),
        ("Australia/Lord_Howe", "2026-04-01 00:00", "2026-04-30 00:00", [("2026-04-04 15:00", -30)]),
        ("Europe/London", "2026-03-03 10:00", "2026-03-29 00:59", []),
        ("Africa/Lagos", "2026-01-01 00:00", "2027-01-01 00:00", []),
        ("Europe/London", "2026-03-03 10:00", "2026-03-03 10:00", []),
    ],
)
def test_when_the_clocks_change_and_by_how_much(zone, start, end, changes):
    found = times.clock_changes(zone, at(start), at(end))
    assert found == [(at(when), timedelta(minutes=minutes)) for when, minutes in changes]
    assert all(when.tzinfo is UTC for when, _ in found)
