"""What a coach can do with slots: rules 1, 2 and 6 of the contract."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from coaching import formatting
from coaching.coaches import queries as coaches
from coaching.extensions import db
from coaching.models import User
from coaching.slots import queries
from coaching.slots.rules import MOST_WEEKS, CannotChange, CannotOffer, move, offer, withdraw
from coaching.times import Clocks
from tests.make import NOW, at

TUESDAY, TEN = date(2026, 3, 3), time(10)


def on_the_wall(written: str) -> tuple[date, time]:
    shown = datetime.fromisoformat(written)
    return shown.date(), shown.time()


# Rule 1: exactly two hours, from a quarter of an hour, ahead


def test_a_slot_is_the_coachs_and_lasts_two_hours(make, do, ask):
    coach = make.coach(zone="Asia/Kathmandu")
    [slot] = do(offer, coach, TUESDAY, TEN, now=NOW)
    assert (slot.coach_id, slot.starts_at, slot.ends_at) == (coach.id, at("2026-03-03 04:15"), at("2026-03-03 06:15"))
    assert (slot.offered_at, slot.withdrawn_at) == (NOW, None)
    assert [free.id for free in ask(coaches.free_slots, coach, after=NOW, limit=9)] == [slot.id]


def test_who_offers_something_lets_lists_pass_over_those_whose_offers_have_passed(make, do, ask):
    long_ago, lately, ahead, other = (make.coach() for _ in range(4))
    for coach, begins in ((long_ago, "2026-03-03 10:00"), (lately, "2026-03-10 07:00"), (ahead, "2026-03-20 10:00")):
        make.slot(coach, at(begins))
    do(offer, other, date(2026, 3, 12), TEN, now=at("2026-03-10 09:00"))
    until = dict(ask(lambda: db.session.execute(select(User.id, User.offers_until)).all()))
    assert {coach.name: bool(until[coach.id]) for coach in (long_ago, lately, ahead, other)} == {
        long_ago.name: False,
        lately.name: True,  # clocks may be set back
        ahead.name: True,
        other.name: True,
    }


@pytest.mark.parametrize(
    ("zone", "shown", "ends"),
    [
        ("Europe/London", "2026-03-29 00:00", "03:00"),  # the clocks go forward meanwhile
        ("Europe/London", "2026-03-29 00:45", "03:45"),
        ("Europe/London", "2026-10-25 00:00", "01:00"),  # and back
        ("America/New_York", "2026-11-01 00:30", "01:30"),
        ("Australia/Lord_Howe", "2026-10-04 01:00", "03:30"),  # by half an hour
        ("Australia/Lord_Howe", "2026-04-05 01:00", "02:30"),
        ("Europe/London", "2026-03-03 23:00", "01:00"),  # across midnight
        ("Europe/London", "2026-03-03 22:00", "00:00"),  # until midnight
        ("Europe/London", "2026-03-03 00:00", "02:00"),
        ("Europe/London", "2026-12-31 23:45", "01:45"),
    ],
)
def test_two_hours_are_two_elapsed_hours_whatever_the_clocks_do(make, do, zone, shown, ends):
    coach = make.coach(zone=zone)
    [slot] = do(offer, coach, *on_the_wall(shown), now=NOW)
    assert slot.ends_at - slot.starts_at == timedelta(hours=2)
    assert formatting.clock(slot.ends_at, Clocks(zone)).startswith(ends)


@pytest.mark.parametrize("minute", [0, 15, 30, 45])
def test_a_slot_begins_on_a_quarter_of_an_hour(make, do, minute):
    [slot] = do(offer, make.coach(), TUESDAY, time(10, minute), now=NOW)
    assert slot.starts_at == at(f"2026-03-03 10:{minute:02}")


@pytest.mark.parametrize(
    "clock", [time(10, 1), time(10, 14), time(10, 16), time(10, 59), time(10, 0, 1), time(10, 0, 0, 1)]
)
def test_it_refuses_any_other_minute(make, do, everything, clock):
    coach = make.coach()
    before = everything()
    with pytest.raises(CannotOffer, match="quarter of an hour") as refusal:
        do(offer, coach, TUESDAY, clock, now=NOW)
    assert refusal.value.field == "time"
    assert everything() == before


@pytest.mark.parametrize(
    ("now", "is_refused"),
    [
        ("2026-03-03 09:59", False),
        ("2026-03-03 10:00", True),
        ("2026-03-03 10:01", True),
        ("2026-03-04 00:00", True),
        ("2027-03-03 10:00", True),
    ],
)
def test_it_refuses_a_slot_in_the_past(make, do, everything, now, is_refused):
    coach = make.coach()
    before = everything()
    if is_refused:
        with pytest.raises(CannotOffer, match="has passed") as refusal:
            do(offer, coach, TUESDAY, TEN, now=at(now))
        assert refusal.value.field == "date"
        assert everything() == before
    else:
        [slot] = do(offer, coach, TUESDAY, TEN, now=at(now))
        assert slot.starts_at == at("2026-03-03 10:00")


def test_the_past_is_reckoned_in_the_coachs_own_zone(make, do):
    coach = make.coach(zone="America/Los_Angeles")  # where it is midnight at NOW
    with pytest.raises(CannotOffer, match="has passed"):
        do(offer, coach, date(2026, 3, 1), time(23, 45), now=NOW)
    [slot] = do(offer, coach, date(2026, 3, 2), time(0, 15), now=NOW)
    assert slot.starts_at == at("2026-03-02 08:15")


# Times that the clocks skip, or show twice


@pytest.mark.parametrize("which", [None, "first", "second"])
def test_it_refuses_a_time_that_the_clocks_skip_and_says_why(make, do, everything, which):
    coach = make.coach(zone="Europe/Berlin")
    before = everything()
    with pytest.raises(CannotOffer, match=r"Sunday 29 March 2026 .*Europe/Berlin go forward over 02:30") as refusal:
        do(offer, coach, *on_the_wall("2026-03-29 02:30"), which=which, now=NOW)
    assert refusal.value.field == "time"
    assert everything() == before


def test_it_asks_which_is_meant_when_a_time_comes_twice(make, do, everything):
    coach = make.coach(zone="Australia/Lord_Howe")
    before = everything()
    with pytest.raises(CannotOffer, match=r"Sunday 5 April 2026 .*go back, and 01:45 comes twice") as refusal:
        do(offer, coach, *on_the_wall("2026-04-05 01:45"), now=NOW)
    assert refusal.value.field == "which"
    assert everything() == before


@pytest.mark.parametrize(("which", "starts"), [("first", "2026-10-25 00:30"), ("second", "2026-10-25 01:30")])
def test_it_takes_the_one_that_is_meant(make, do, which, starts):
    [slot] = do(offer, make.coach(), *on_the_wall("2026-10-25 01:30"), which=which, now=NOW)
    assert slot.starts_at == at(starts)
    assert slot.ends_at == at(starts) + timedelta(hours=2)


def test_both_of_two_equal_times_are_too_close_for_two_slots(make, do):
    coach = make.coach()
    do(offer, coach, *on_the_wall("2026-10-25 01:30"), which="first", now=NOW)
    with pytest.raises(CannotOffer, match="overlaps"):
        do(offer, coach, *on_the_wall("2026-10-25 01:30"), which="second", now=NOW)


# Rule 2: two slots of one coach never overlap


@pytest.mark.parametrize(
    ("minutes_apart", "clash"),
    [
        (-135, False),
        (-120, False),
        (-105, True),
        (-15, True),
        (0, True),
        (15, True),
        (105, True),
        (120, False),
        (135, False),
    ],
)
def test_two_slots_of_one_coach_may_touch_but_not_overlap(make, do, everything, minutes_apart, clash):
    coach = make.coach()
    there = make.slot(coach, at("2026-03-03 10:00"))
    wanted = there.starts_at + timedelta(minutes=minutes_apart)
    before = everything()
    if clash:
        with pytest.raises(CannotOffer, match="overlaps your slot at 10:00 GMT") as refusal:
            do(offer, coach, wanted.date(), wanted.time(), now=NOW)
        assert refusal.value.field is None  # a refusal (409), not something typed wrongly (422)
        assert everything() == before
    else:
        [slot] = do(offer, coach, wanted.date(), wanted.time(), now=NOW)
        assert slot.starts_at == wanted


@pytest.mark.parametrize("minutes_apart", [-105, 0, 105])
def test_two_coaches_are_independent(make, do, minutes_apart):
    make.slot(make.coach(), at("2026-03-03 10:00"))
    wanted = at("2026-03-03 10:00") + timedelta(minutes=minutes_apart)
    [slot] = do(offer, make.coach(), wanted.date(), wanted.time(), now=NOW)
    assert slot.starts_at == wanted


def test_a_gap_of_exactly_two_hours_can_be_filled(make, do):
    coach = make.coach()
    make.slot(coach, at("2026-03-03 08:00"))
    make.slot(coach, at("2026-03-03 12:00"))
    [slot] = do(offer, coach, TUESDAY, TEN, now=NOW)
    assert slot.starts_at == at("2026-03-03 10:00")


def test_a_withdrawn_slot_is_in_nobodys_way(make, do):
    coach = make.coach()
    make.slot(coach, at("2026-03-03 10:00"), withdrawn_at=NOW)
    [slot] = do(offer, coach, TUESDAY, TEN, now=NOW)
    assert slot.starts_at == at("2026-03-03 10:00")


def test_a_booked_slot_is_as_much_in_the_way_as_a_free_one(make, do):
    coach = make.coach()
    make.session(make.slot(coach, at("2026-03-03 10:00")))
    with pytest.raises(CannotOffer, match="overlaps"):
        do(offer, coach, TUESDAY, time(11), now=NOW)


# Weekly rows


def test_a_weekly_row_keeps_its_wall_clock_time_when_the_clocks_change(make, do):
    slots = do(offer, make.coach(), date(2026, 3, 15), TEN, weeks=4, now=NOW)
    assert [slot.starts_at for slot in slots] == [
        at("2026-03-15 10:00"), at("2026-03-22 10:00"), at("2026-03-29 09:00"), at("2026-04-05 09:00")
    ]  # fmt: skip


@pytest.mark.parametrize("weeks", [1, 2, MOST_WEEKS])
def test_as_many_weeks_as_asked_for(make, do, everything, weeks):
    slots = do(offer, make.coach(), TUESDAY, TEN, weeks=weeks, now=NOW)
    assert len(everything()["time_slot"]) == len({slot.starts_at for slot in slots}) == weeks
    assert max(slot.starts_at for slot in slots).date() == TUESDAY + timedelta(weeks=weeks - 1)


def test_a_weekly_row_is_refused_as_a_whole_and_each_week_that_clashes_is_named(make, do, everything):
    coach = make.coach()
    make.slot(coach, at("2026-03-10 11:00"))
    make.slot(coach, at("2026-03-24 08:30"))
    make.slot(coach, at("2026-03-17 12:00"))  # only touches
    before = everything()
    with pytest.raises(CannotOffer) as refusal:
        do(offer, coach, TUESDAY, TEN, weeks=4, now=NOW)
    assert "Tuesday 10 March 2026, 10:00–12:00 GMT overlaps your slot at 11:00 GMT" in refusal.value.message
    assert "Tuesday 24 March 2026, 10:00–12:00 GMT overlaps your slot at 08:30 GMT" in refusal.value.message
    assert "3 March" not in refusal.value.message
    assert "17 March" not in refusal.value.message
    assert everything() == before


def test_a_refusal_names_each_week_that_is_skipped_beside_those_that_clash(make, do, everything):
    coach = make.coach()
    make.slot(coach, at("2026-04-05 00:00"))
    before = everything()
    with pytest.raises(CannotOffer) as refusal:
        do(offer, coach, date(2026, 3, 22), time(1, 30), weeks=3, now=NOW)
    assert "Sunday 29 March 2026" in refusal.value.message
    assert "Sunday 5 April 2026" in refusal.value.message
    assert "22 March" not in refusal.value.message
    assert everything() == before


def test_a_weekly_row_asks_which_is_meant_once_for_the_week_that_has_the_time_twice(make, do):
    coach = make.coach()
    with pytest.raises(CannotOffer, match="Sunday 25 October 2026") as refusal:
        do(offer, coach, date(2026, 10, 18), time(1, 30), weeks=3, now=NOW)
    assert refusal.value.field == "which"
    slots = do(offer, coach, date(2026, 10, 18), time(1, 30), weeks=3, which="second", now=NOW)
    assert [slot.starts_at for slot in slots] == [
        at("2026-10-18 00:30"),
        at("2026-10-25 01:30"),
        at("2026-11-01 01:30"),
    ]


def test_a_weekly_row_that_begins_in_the_past_is_refused_as_a_whole(make, do, everything):
    coach = make.coach()
    before = everything()
    with pytest.raises(CannotOffer, match="has passed"):
        do(offer, coach, date(2026, 3, 2), time(8), weeks=3, now=NOW)
    assert everything() == before


# Rule 6: moving and withdrawing


def test_a_moved_slot_is_a_new_one_and_the_old_one_is_withdrawn(make, do, ask):
    coach = make.coach()
    old = make.slot(coach, at("2026-03-03 10:00"))
    new = do(move, old, coach, date(2026, 3, 4), time(15, 30), now=NOW)
    assert new.id != old.id
    assert (new.coach_id, new.starts_at, new.offered_at) == (coach.id, at("2026-03-04 15:30"), NOW)
    assert [free.id for free in ask(coaches.free_slots, coach, after=NOW, limit=9)] == [new.id]
    assert ask(queries.of_or_404, coach, old.id).withdrawn_at == NOW


@pytest.mark.parametrize("minutes", [-105, -15, 0, 15, 105])
def test_a_slot_may_move_to_where_it_overlaps_its_own_old_place(make, do, minutes):
    coach = make.coach()
    old = make.slot(coach, at("2026-03-03 10:00"))
    wanted = old.starts_at + timedelta(minutes=minutes)
    assert do(move, old, coach, wanted.date(), wanted.time(), now=NOW).starts_at == wanted


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        ("2026-03-03 13:45", ("overlaps your slot at 15:00 GMT", None)),
        ("2026-03-02 08:00", ("has passed", "date")),
        ("2026-03-04 10:10", ("quarter of an hour", "time")),
        ("2026-03-29 01:30", ("go forward", "time")),
        ("2026-10-25 01:30", ("comes twice", "which")),
    ],
)
def test_a_slot_that_cannot_move_there_stays_where_it_is(make, do, everything, shown, why):
    coach = make.coach()
    slot = make.slot(coach, at("2026-03-03 10:00"))
    make.slot(coach, at("2026-03-03 15:00"))
    before = everything()
    with pytest.raises(CannotOffer, match=why[0]) as refusal:
        do(move, slot, coach, *on_the_wall(shown), now=NOW)
    assert refusal.value.field == why[1]
    assert everything() == before


def test_a_withdrawn_slot_is_out_of_the_offer(make, do, ask):
    coach = make.coach()
    slot, other = make.slot(coach), make.slot(coach)
    do(withdraw, slot, now=NOW)
    assert [free.id for free in ask(coaches.free_slots, coach, after=NOW, limit=9)] == [other.id]
    [standing] = ask(queries.standing, coach, start=NOW, end=NOW + timedelta(weeks=1))
    assert standing.slot.id == other.id


def change(do, verb: str, slot) -> None:
    if verb == "withdraw":
        do(withdraw, slot, now=NOW)
    else:
        do(move, slot, slot.coach, date(2026, 3, 20), TEN, now=NOW)


@pytest.mark.parametrize("verb", ["withdraw", "move"])
def test_a_booked_slot_can_be_neither_moved_nor_withdrawn(make, do, everything, verb):
    slot = make.slot()
    make.session(slot, make.student("Ana Silva"))
    before = everything()
    with pytest.raises(CannotChange, match=r"Ana Silva has booked this slot\. Move or cancel the session first"):
        change(do, verb, slot)
    assert everything() == before


@pytest.mark.parametrize("verb", ["withdraw", "move"])
def test_a_slot_that_is_withdrawn_already_can_be_neither_moved_nor_withdrawn(make, do, everything, verb):
    slot = make.slot(withdrawn_at=NOW)
    before = everything()
    with pytest.raises(CannotChange, match="no longer on offer"):
        change(do, verb, slot)
    assert everything() == before


@pytest.mark.parametrize("verb", ["withdraw", "move"])
def test_once_its_student_has_cancelled_a_slot_can_be_moved_and_withdrawn(make, do, ask, verb):
    slot, student = make.slot(), make.student()
    make.session(slot, student, cancelled_by=student)
    change(do, verb, slot)
    assert ask(queries.of_or_404, slot.coach, slot.id).withdrawn_at == NOW


# What is asked about slots


def test_a_coach_finds_their_own_slots_and_nobody_elses(make, ask):
    mine, others = make.slot(), make.slot()
    assert ask(queries.of_or_404, mine.coach, mine.id).starts_at == mine.starts_at
    with pytest.raises(Exception, match="404 Not Found"):
        ask(queries.of_or_404, mine.coach, others.id)


def test_a_week_of_availability_holds_what_stands_in_order_with_who_has_booked_it(make, ask):
    coach = make.coach()
    last, taken, first = (make.slot(coach, at(f"2026-03-{day} 10:00")) for day in ("08", "05", "02"))
    make.slot(coach, at("2026-03-06 10:00"), withdrawn_at=NOW)
    make.slot(coach, at("2026-03-09 00:00"))  # the week after
    make.slot(starts_at=at("2026-03-05 10:00"))  # another coach's
    make.session(last, student := make.student(), cancelled_by=student)
    session = make.session(taken, make.student("Ana Silva"))

    week = ask(queries.standing, coach, start=at("2026-03-02 00:00"), end=at("2026-03-09 00:00"))

    assert [standing.slot.id for standing in week] == [first.id, taken.id, last.id]
    assert [standing.session and standing.session.id for standing in week] == [None, session.id, None]
    assert week[1].session.student.name == "Ana Silva"
    assert (week[1].starts_at, week[1].ends_at) == (taken.starts_at, taken.ends_at)


@pytest.mark.parametrize(("after", "is_free"), [("09:59", True), ("10:00", False), ("10:01", False), ("12:00", False)])
def test_a_slot_is_free_until_it_begins(make, ask, after, is_free):
    slot = make.slot(starts_at=at("2026-03-03 10:00"))
    found = ask(coaches.free_slots, slot.coach, after=at(f"2026-03-03 {after}"), limit=9)
    assert [free.id for free in found] == ([slot.id] if is_free else [])
