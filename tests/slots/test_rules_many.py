"""Many slots at once: publishing them whole or as far as it goes, copying a week, withdrawing and moving."""

from datetime import date, time, timedelta

import pytest

from coaching.slots import queries
from coaching.slots.rules import (
    CannotChange,
    CannotOffer,
    Wall,
    a_week_later,
    move_all,
    plan,
    publish,
    walls,
    withdraw_all,
)
from tests.make import NOW, at

TUESDAY, TEN, ONE = date(2026, 3, 3), time(10), time(13)


def starts(slots) -> list[str]:
    return [f"{slot.starts_at:%Y-%m-%d %H:%M}" for slot in slots]


def test_several_weekdays_and_times_are_meant_from_a_date_on_in_order():
    assert walls(TUESDAY, [ONE, TEN, ONE], weekdays=[1, 2], weeks=2) == [
        Wall(date(2026, 3, day), clock) for day in (3, 9, 10, 16) for clock in (TEN, ONE)
    ]
    assert walls(TUESDAY, [TEN]) == [Wall(TUESDAY, TEN)]
    assert walls(TUESDAY, [TEN], weekdays=[7]) == [Wall(date(2026, 3, 8), TEN)]


def test_half_a_year_of_ten_a_week_is_published_and_exactly_what_clashes_is_left_out(make, do, everything):
    coach = make.coach()
    wanted = walls(TUESDAY, [TEN, ONE], weekdays=range(1, 6), weeks=26)
    in_the_way = wanted[::13]
    assert (len(wanted), len(in_the_way)) == (260, 20)
    for wall in in_the_way:
        make.slot(coach, at(f"{wall.day} {wall.clock}") - timedelta(minutes=45 if wall.day < date(2026, 3, 29) else 60))
    before = everything()
    with pytest.raises(CannotOffer) as refusal:
        do(publish, coach, wanted, now=NOW)
    assert refusal.value.message.count("overlaps your slot at") == 20
    assert everything() == before
    done = do(publish, coach, wanted, good_only=True, now=NOW)
    assert [one.wall for one in done.left_out] == in_the_way
    assert len(done.slots) == 240
    assert len(everything()["time_slot"]) == 260


def test_what_overlaps_within_the_list_is_left_out_for_what_comes_first(make, do):
    wanted = walls(TUESDAY, [TEN, time(11), time(12), time(13, 45)])
    done = do(publish, make.coach(), wanted, good_only=True, now=NOW)
    assert starts(done.slots) == ["2026-03-03 10:00", "2026-03-03 12:00"]
    assert [one.why_not for one in done.left_out] == [
        "overlaps another of these, at 10:00 GMT.",
        "overlaps another of these, at 12:00 GMT.",
    ]


def test_a_plan_says_of_each_what_is_wrong_with_it(make, do):
    coach = make.coach()
    make.slot(coach, at("2026-03-22 00:30"))
    wanted = [Wall(date(2026, 3, 1), time(1, 30)), *walls(date(2026, 3, 15), [time(1, 30)], weeks=3)]
    planned = do(plan, coach, wanted, now=NOW)
    assert [(one.field, bool(one.why_not), bool(one.starts_at)) for one in planned] == [
        ("date", True, True),
        (None, False, True),
        (None, True, True),
        ("time", True, False),
    ]
    [twice] = do(plan, coach, [Wall(date(2026, 10, 25), time(1, 30))], now=NOW)
    assert (twice.field, twice.starts_at) == ("which", None)
    assert "comes twice" in twice.why_not


def test_where_nothing_can_be_published_that_is_refused(make, do, everything):
    coach = make.coach()
    before = everything()
    with pytest.raises(CannotOffer, match="None of these times can be offered"):
        do(publish, coach, [Wall(date(2026, 3, 1), TEN)], good_only=True, now=NOW)
    assert everything() == before


def test_a_week_later_is_the_same_time_on_the_wall(make, do):
    coach = make.coach()
    slots = [make.slot(coach, at("2026-03-24 10:00")), make.slot(coach, at("2026-03-28 23:30"))]
    wanted = do(a_week_later, coach, slots)
    assert wanted == [Wall(date(2026, 3, 31), TEN), Wall(date(2026, 4, 4), time(23, 30))]
    assert starts(do(publish, coach, wanted, now=NOW).slots) == ["2026-03-31 09:00", "2026-04-04 22:30"]


def test_many_are_withdrawn_at_once(make, do, ask):
    coach = make.coach()
    slots, kept = [make.slot(coach) for _ in range(3)], make.slot(coach)
    do(withdraw_all, slots, coach, now=NOW)
    [standing] = ask(queries.standing, coach, start=NOW, end=NOW + timedelta(weeks=1))
    assert standing.slot.id == kept.id


@pytest.mark.parametrize("spoilt", ["booked", "withdrawn", "somebody else's"])
@pytest.mark.parametrize("verb", ["withdraw", "move"])
def test_one_that_cannot_go_keeps_all_of_them(make, do, everything, verb, spoilt):
    coach = make.coach()
    slots = [make.slot(coach) for _ in range(3)]
    if spoilt == "booked":
        make.session(slots[1])
    else:
        slots.append(make.slot(coach, withdrawn_at=NOW) if spoilt == "withdrawn" else make.slot())
    before = everything()
    rule, how = (withdraw_all, ()) if verb == "withdraw" else (move_all, (timedelta(days=1),))
    with pytest.raises(CannotChange, match="nothing is changed"):
        do(rule, slots, coach, *how, now=NOW)
    assert everything() == before


def test_many_move_by_the_wall_clock_also_to_where_they_stood_themselves(make, do, ask):
    coach = make.coach()
    slots = [make.slot(coach, at(f"2026-03-{day} 10:00")) for day in (22, 23, 24)]
    moved = do(move_all, slots, coach, timedelta(days=7, minutes=30), now=NOW)
    assert starts(moved) == ["2026-03-29 09:30", "2026-03-30 09:30", "2026-03-31 09:30"]
    again = do(move_all, moved, coach, timedelta(days=1), now=NOW)
    assert starts(again) == ["2026-03-30 09:30", "2026-03-31 09:30", "2026-04-01 09:30"]
    standing = ask(queries.standing, coach, start=NOW, end=NOW + timedelta(weeks=9))
    assert [one.slot.id for one in standing] == [slot.id for slot in again]


def test_where_one_of_many_cannot_stand_none_is_moved(make, do, everything):
    coach = make.coach()
    slots = [make.slot(coach, at(f"2026-03-0{day} 10:00")) for day in (3, 4)]
    make.slot(coach, at("2026-03-05 11:00"))
    before = everything()
    with pytest.raises(CannotOffer, match="Thursday 5 March 2026, 10:00–12:00 GMT overlaps your slot at 11:00 GMT"):
        do(move_all, slots, coach, timedelta(days=1), now=NOW)
    assert everything() == before
