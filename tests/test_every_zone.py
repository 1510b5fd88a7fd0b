"""In every zone, around every change of its clocks for five years: a wall-clock time is one moment, none, or two.

What is expected is found the other way round: by asking what the clocks show at every quarter of an hour of UTC around
the change, and looking which of these moments show the time that was typed.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coaching import times
from coaching.slots.rules import CannotOffer, offer
from coaching.times import SkippedError, TwiceError
from tests.make import Make

FROM, TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def changes(zone: str) -> list[datetime]:
    """Return when the clocks of a zone change, to the quarter of an hour (UTC)."""
    here, found, day = ZoneInfo(zone), [], FROM
    while day < TO:
        before, after = day, day + timedelta(days=1)
        offset = before.astimezone(here).utcoffset()
        if after.astimezone(here).utcoffset() != offset:
            while after - before > QUARTER:
                half = before + (after - before) // (2 * QUARTER) * QUARTER
                before, after = (before, half) if half.astimezone(here).utcoffset() != offset else (half, after)
            found.append(after)
        day += timedelta(days=1)
    return found


def shown_around(change: datetime, zone: str) -> dict[datetime, list[datetime]]:
    """Return wall-clock times around a change, each with the moments at which the clocks show it: one, none or two."""
    moments = [change + number * QUARTER for number in range(-60, 61)]
    shown: dict[datetime, list[datetime]] = {}
    for moment in moments:
        shown.setdefault(times.local(moment, zone).replace(tzinfo=None), []).append(moment)
    middle = times.local(change, zone).replace(tzinfo=None)
    walls = [middle + number * QUARTER for number in range(-20, 21)]
    return {wall: shown.get(wall, []) for wall in walls}


def meant(wall: datetime, zone: str) -> list[datetime]:
    """Return the moments that a typed time may mean, as the app reckons."""
    try:
        return [times.moment(wall.date(), wall.time(), zone)]
    except SkippedError:
        return []
    except TwiceError:
        return [times.moment(wall.date(), wall.time(), zone, which) for which in ("first", "second")]


@pytest.mark.parametrize("letter", sorted({zone[:4] for zone in times.zones()}))
def test_around_every_change_a_time_is_the_moment_that_the_clocks_show_or_none_or_two(letter):
    wrong = [
        (zone, wall, moments)
        for zone in times.zones()
        if zone.startswith(letter)
        for change in changes(zone)
        for wall, moments in shown_around(change, zone).items()
        if meant(wall, zone) != moments
    ]
    assert wrong == []


def test_there_are_changes_to_look_at():
    """Or the test above could not fail."""
    found = {zone: len(changes(zone)) for zone in ("Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "UTC")}
    assert found == {"Europe/Berlin": 10, "Australia/Lord_Howe": 10, "America/St_Johns": 10, "UTC": 0}
    spring = shown_around(changes("Europe/Berlin")[0], "Europe/Berlin")
    assert [wall.isoformat()[11:16] for wall, moments in spring.items() if not moments] == [
        "02:00", "02:15", "02:30", "02:45"
    ]  # fmt: skip
    autumn = shown_around(changes("Australia/Lord_Howe")[0], "Australia/Lord_Howe")
    assert [wall.isoformat()[11:16] for wall, moments in autumn.items() if len(moments) == 2] == ["01:30", "01:45"]


ODD = ["Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo", "America/Havana", "Asia/Beirut", "Africa/Casablanca"]


@pytest.mark.parametrize("zone", ["Europe/London", *ODD])
def test_what_a_coach_offers_around_a_change_is_stored_there_refused_or_asked_about(make: Make, do, zone):
    """Through the rule, into the database and back: and it lasts two hours, whatever the clocks do."""
    for change in changes(zone)[:2]:
        for wall, moments in shown_around(change, zone).items():
            coach = make.coach(zone=zone)
            if len(moments) == 1:
                [slot] = do(offer, coach, wall.date(), wall.time(), now=FROM)
                assert [slot.starts_at] == moments, wall
                assert slot.ends_at - slot.starts_at == timedelta(hours=2)
            else:
                with pytest.raises(CannotOffer) as refused:
                    do(offer, coach, wall.date(), wall.time(), now=FROM)
                assert refused.value.field == ("which" if moments else "time"), wall


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Pacific/Apia", "America/Phoenix", "Asia/Kolkata"])
def test_where_the_clocks_never_change_no_time_is_skipped_or_asked_about(zone):
    assert changes(zone) == []
    for number in range(0, 5 * 365, 7):
        wall = datetime(2026, 1, 1, 1, 30) + timedelta(days=number)  # noqa: DTZ001  # what a wall clock shows
        assert times.local(times.moment(wall.date(), wall.time(), zone), zone).replace(tzinfo=None) == wall
