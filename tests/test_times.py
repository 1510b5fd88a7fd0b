"""The way from a wall clock to a moment and back, in every zone there is."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coaching import times
from tests.make import NOW, at

LAST_MINUTE = int((datetime(2100, 12, 30, tzinfo=UTC) - times.EPOCH) / timedelta(minutes=1))
FIRST_MINUTE = int((datetime(2000, 1, 3, tzinfo=UTC) - times.EPOCH) / timedelta(minutes=1))


def wall(written: str) -> tuple[date, time]:
    """Return what a calendar and a clock on the wall show: `wall("2026-03-29 01:30")`."""
    shown = datetime.fromisoformat(written)
    return shown.date(), shown.time()


@pytest.mark.parametrize(
    ("zone", "shown", "meant"),
    [
        ("UTC", "2026-03-02 10:00", "2026-03-02 10:00"),
        ("Europe/London", "2026-03-02 10:00", "2026-03-02 10:00"),
        ("Europe/London", "2026-07-02 10:00", "2026-07-02 09:00"),
        ("Asia/Kolkata", "2026-03-02 10:00", "2026-03-02 04:30"),
        ("Asia/Kathmandu", "2026-03-02 00:15", "2026-03-01 18:30"),
        ("Pacific/Chatham", "2026-07-02 10:00", "2026-07-01 21:15"),  # +12:45
        ("Pacific/Chatham", "2026-01-02 10:00", "2026-01-01 20:15"),  # +13:45
        ("Australia/Eucla", "2026-03-02 10:00", "2026-03-02 01:15"),
        ("America/St_Johns", "2026-03-02 10:00", "2026-03-02 13:30"),
        ("Pacific/Marquesas", "2026-03-02 23:45", "2026-03-03 09:15"),
        ("Pacific/Kiritimati", "2026-03-02 10:00", "2026-03-01 20:00"),  # +14
        ("Etc/GMT+12", "2026-03-02 23:45", "2026-03-03 11:45"),
        (
            "Pacific/Apia",
            "2011-12-29 23:45",
            "2011-12-30 09:45",
        ),  # just before the day that never was
        ("Pacific/Apia", "2011-12-31 00:00", "2011-12-30 10:00"),  # and the first of the day after it
        ("Africa/Casablanca", "2026-03-02 10:00", "2026-03-02 10:00"),  # in Ramadan
        ("Africa/Casablanca", "2026-04-02 10:00", "2026-04-02 09:00"),
        ("Europe/London", "2026-03-29 00:45", "2026-03-29 00:45"),  # just before the clocks go forward
        ("Europe/London", "2026-03-29 02:00", "2026-03-29 01:00"),  # and as soon as they have
        ("Australia/Lord_Howe", "2026-10-04 01:45", "2026-10-03 15:15"),
        ("Australia/Lord_Howe", "2026-10-04 02:30", "2026-10-03 15:30"),  # by half an hour only
        ("Australia/Lord_Howe", "2026-04-05 01:15", "2026-04-04 14:15"),
        ("Australia/Lord_Howe", "2026-04-05 02:00", "2026-04-04 15:30"),
    ],
)
def test_a_wall_clock_means_one_moment(zone, shown, meant):
    assert times.moment(*wall(shown), zone) == at(meant)
    assert times.local(at(meant), zone).replace(tzinfo=None) == datetime.fromisoformat(shown)


@pytest.mark.parametrize("which", [None, "first", "second"])
@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/London", "2026-03-29 01:00"),
        ("Europe/London", "2026-03-29 01:59"),
        ("America/New_York", "2026-03-08 02:00"),
        ("America/New_York", "2026-03-08 02:45"),
        ("Pacific/Auckland", "2026-09-27 02:30"),
        ("Pacific/Chatham", "2026-09-27 02:45"),
        ("Pacific/Chatham", "2026-09-27 03:30"),
        ("Australia/Lord_Howe", "2026-10-04 02:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:15"),
        ("Africa/Casablanca", "2026-03-22 02:00"),
        ("Africa/Cairo", "2026-04-24 00:00"),  # midnight itself does not happen
        ("Pacific/Apia", "2011-12-30 00:00"),  # nor does this whole day
        ("Pacific/Apia", "2011-12-30 23:45"),
    ],
)
def test_a_wall_clock_that_is_skipped_is_refused(zone, shown, which):
    with pytest.raises(times.SkippedError):
        times.moment(*wall(shown), zone, which)


@pytest.mark.parametrize(
    ("zone", "shown", "first", "second"),
    [
        ("Europe/London", "2026-10-25 01:00", "2026-10-25 00:00", "2026-10-25 01:00"),
        ("Europe/London", "2026-10-25 01:45", "2026-10-25 00:45", "2026-10-25 01:45"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30", "2026-11-01 06:30"),
        ("America/St_Johns", "2026-11-01 01:15", "2026-11-01 03:45", "2026-11-01 04:45"),
        ("Pacific/Chatham", "2026-04-05 03:00", "2026-04-04 13:15", "2026-04-04 14:15"),
        ("Australia/Lord_Howe", "2026-04-05 01:30", "2026-04-04 14:30", "2026-04-04 15:00"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45", "2026-04-04 15:15"),
        ("America/Havana", "2026-11-01 00:00", "2026-11-01 04:00", "2026-11-01 05:00"),
        ("Asia/Beirut", "2026-10-24 23:30", "2026-10-24 20:30", "2026-10-24 21:30"),
    ],
)
def test_a_wall_clock_that_comes_twice_is_asked_about(zone, shown, first, second):
    with pytest.raises(times.TwiceError):
        times.moment(*wall(shown), zone)
    assert times.moment(*wall(shown), zone, "first") == at(first)
    assert times.moment(*wall(shown), zone, "second") == at(second)


@pytest.mark.parametrize("which", ["first", "second"])
def test_which_one_is_meant_does_not_matter_where_there_is_only_one(which):
    assert times.moment(*wall("2026-10-25 02:00"), "Europe/London", which) == at("2026-10-25 02:00")


@given(st.integers(FIRST_MINUTE, LAST_MINUTE), st.sampled_from(times.zones()))
@example(int((at("2011-12-30 10:00") - times.EPOCH) / timedelta(minutes=1)), "Pacific/Apia")
def test_what_a_clock_shows_leads_back_to_the_moment(minute, zone):
    moment = times.EPOCH + timedelta(minutes=minute)
    shown = times.local(moment, zone)
    assert times.moment(shown.date(), shown.time(), zone, "second" if shown.fold else "first") == moment


@given(st.dates(date(2000, 1, 3), date(2100, 12, 30)), st.sampled_from(times.zones()))
@example(date(2026, 4, 24), "Africa/Cairo")
@example(date(2011, 12, 31), "Pacific/Apia")
def test_days_follow_on_each_other_without_a_gap(day, zone):
    start, end = times.start_of(day, zone), times.start_of(day + timedelta(days=1), zone)
    assert start <= end
    if start == end:
        assert (zone, day) in DAYS_THAT_NEVER_WERE
    else:
        assert times.local(start, zone).date() == day
        assert times.local(end - timedelta(minutes=15), zone).date() == day


DAYS_THAT_NEVER_WERE = {
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Fakaofo", date(2011, 12, 30)),
}


@pytest.mark.parametrize(
    ("day", "zone", "start"),
    [
        (date(2026, 3, 2), "Asia/Kathmandu", "2026-03-01 18:15"),
        (date(2026, 4, 24), "Africa/Cairo", "2026-04-23 22:00"),  # begins at one
        (date(2026, 11, 1), "America/Havana", "2026-11-01 04:00"),  # midnight comes twice: the first
        (date(2026, 3, 29), "Europe/London", "2026-03-29 00:00"),
        (date(2026, 3, 30), "Europe/London", "2026-03-29 23:00"),
        (times.FIRST_DAY, "Pacific/Kiritimati", "1999-12-31 10:00"),
        (times.LAST_DAY, "Pacific/Kiritimati", "2100-12-30 10:00"),
    ],
)
def test_a_day_begins_with_its_first_instant(day, zone, start):
    assert times.start_of(day, zone) == at(start)


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 3, 2), "2026-W10"),
        (date(2026, 3, 1), "2026-W09"),
        (date(2025, 12, 29), "2026-W01"),  # a week belongs to the year of its Thursday
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2027-W01"),
    ],
)
def test_a_week_has_its_iso_name(day, week):
    assert times.week_of(day) == week


@pytest.mark.parametrize(
    ("day", "first_weekday", "first", "week"),
    [
        (date(2026, 3, 1), 1, date(2026, 2, 23), "2026-W09"),
        (date(2026, 3, 1), 7, date(2026, 3, 1), "2026-W10"),  # a Sunday: the week of the Monday after it
        (date(2026, 3, 7), 7, date(2026, 3, 1), "2026-W10"),
        (date(2026, 2, 28), 7, date(2026, 2, 22), "2026-W09"),
        (date(2026, 2, 28), 6, date(2026, 2, 28), "2026-W10"),
        (date(2026, 3, 6), 6, date(2026, 2, 28), "2026-W10"),
        (date(2027, 1, 3), 7, date(2027, 1, 3), "2027-W01"),
        (date(2026, 3, 2), 2, date(2026, 2, 24), "2026-W10"),
    ],
)
def test_a_week_begins_where_the_person_has_it_begin(day, first_weekday, first, week):
    assert times.first_of_week(day, first_weekday) == first
    assert times.week_of(day, first_weekday) == week


def test_now_is_what_the_clock_says_in_utc(clock):
    assert times.now() == NOW
    assert times.now().tzinfo is UTC
    clock.shift(timedelta(hours=2))
    assert times.now() == NOW + timedelta(hours=2)


def test_every_zone_of_the_world_can_be_chosen_and_nothing_else():
    assert {"Asia/Kathmandu", "America/Argentina/Ushuaia", "UTC", "Pacific/Chatham"} <= set(times.zones())
    assert not {"Factory", "localtime", "posix/Europe/London"} & set(times.zones())
    assert list(times.zones()) == sorted(set(times.zones()))
