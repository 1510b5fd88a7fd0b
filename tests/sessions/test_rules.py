"""What can happen with sessions: rules 3 to 5 and 7 to 10 of the contract."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import NotFound

from coaching.coaches.queries import free_slots
from coaching.extensions import db
from coaching.models import CoachingSession, EarlierFeedback, Feedback, TimeSlot
from coaching.sessions import queries
from coaching.sessions.queries import When, call_or_404, calls, calls_without_feedback, slots_to_choose
from coaching.sessions.rules import (
    CannotBook,
    CannotCancel,
    CannotLeaveFeedback,
    CannotMove,
    book,
    cancel,
    leave_feedback,
    move,
)
from coaching.slots.queries import live_session_on
from coaching.slots.rules import move as move_slot
from tests.make import NOW, at

TEN = at("2026-03-03 10:00")


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def free(ask, coach, now=NOW) -> list[int]:
    return [slot.id for slot in ask(free_slots, coach, after=now, limit=99)]


def slot_of(session: CoachingSession) -> TimeSlot:
    return TimeSlot(id=session.slot_id)  # `do` and `ask` read the rest


# Rules 3 and 5: booking


def test_a_booking_is_accepted_at_once(make, do, ask):
    slot, student = make.slot(), make.student()
    booking = do(book, slot, student, topic="My first review", now=NOW)
    assert (booking.slot_id, booking.student_id, booking.topic) == (slot.id, student.id, "My first review")
    assert (booking.coach_id, booking.starts_at, booking.ends_at) == (slot.coach_id, slot.starts_at, slot.ends_at)
    assert (booking.booked_at, booking.cancelled_at) == (NOW, None)
    [call] = ask(calls, slot.coach, When.UPCOMING, now=NOW, limit=9)
    assert (call.id, call.other.id) == (booking.id, student.id)
    assert free(ask, slot.coach) == []


def test_booking_a_slot_that_is_ones_own_already_leads_to_the_same_session(make, do, everything):
    slot, student = make.slot(), make.student()
    first = do(book, slot, student, topic="Once", now=NOW)
    before = everything()
    again = do(book, slot, student, topic="Twice", now=NOW + minutes(1))
    assert again.id == first.id
    assert everything() == before


def test_nobody_else_books_a_slot_that_is_booked(make, do, everything):
    slot = make.slot()
    make.session(slot)
    late = make.student()
    before = everything()
    with pytest.raises(CannotBook, match="Somebody else has booked this time"):
        do(book, slot, late, now=NOW)
    assert everything() == before


@pytest.mark.parametrize(
    ("minutes_left", "is_refused"), [(1, False), (0, True), (-1, True), (-119, True), (-10_000, True)]
)
def test_a_slot_can_be_booked_until_it_begins(make, do, everything, minutes_left, is_refused):
    slot, student = make.slot(starts_at=TEN), make.student()
    before, now = everything(), TEN - minutes(minutes_left)
    if is_refused:
        with pytest.raises(CannotBook, match="has passed"):
            do(book, slot, student, now=now)
        assert everything() == before
    else:
        assert do(book, slot, student, now=now).booked_at == now


def test_a_withdrawn_slot_cannot_be_booked(make, do, everything):
    slot, student = make.slot(withdrawn_at=NOW), make.student()
    before = everything()
    with pytest.raises(CannotBook, match="no longer on offer"):
        do(book, slot, student, now=NOW)
    assert everything() == before


def test_a_slot_that_has_moved_cannot_be_booked_where_it_was(make, do):
    slot, student = make.slot(starts_at=TEN), make.student()
    new = do(move_slot, slot, slot.coach, TEN.date(), TEN.replace(hour=15).time(), now=NOW)
    with pytest.raises(CannotBook, match="no longer on offer") as refusal:
        do(book, slot, student, now=NOW)
    assert [nearest.id for nearest in refusal.value.nearest] == [new.id]


@pytest.mark.parametrize("role", ["coach", "admin"])
def test_only_a_student_books_even_through_a_door_that_forgets_to_ask(make, do, everything, role):
    slot, person = make.slot(), getattr(make, role)()
    before = everything()
    with pytest.raises((CannotBook, IntegrityError)):
        do(book, slot, person, now=NOW)
    assert everything() == before


def test_a_booking_with_one_coach_leaves_the_same_hour_of_another_free(make, do, ask):
    taken, other = make.slot(starts_at=TEN), make.slot(starts_at=TEN)
    do(book, taken, make.student(), now=NOW)
    assert free(ask, other.coach) == [other.id]
    do(book, other, make.student(), now=NOW)
    assert free(ask, other.coach) == []


# Rule 4: one student's sessions never overlap


@pytest.mark.parametrize(
    ("minutes_apart", "clash"),
    [(-135, False), (-120, False), (-105, True), (0, True), (105, True), (120, False), (135, False)],
)
def test_two_sessions_may_touch_but_not_overlap(make, do, minutes_apart, clash):
    has = make.session(starts_at=TEN)
    wanted = make.slot(starts_at=TEN + minutes(minutes_apart))
    if clash:
        with pytest.raises(CannotBook, match=f"already have a session with {has.coach.name} on Tuesday 3 March 2026"):
            do(book, wanted, has.student, now=NOW)
    else:
        assert do(book, wanted, has.student, now=NOW).starts_at == wanted.starts_at


@pytest.mark.parametrize("minutes_apart", [-120, 120])
def test_two_sessions_with_one_coach_may_touch_too(make, do, minutes_apart):
    has = make.session(starts_at=TEN)
    beside = make.slot(has.coach, TEN + minutes(minutes_apart))
    assert do(book, beside, has.student, now=NOW).starts_at == beside.starts_at


def test_a_refused_overlap_changes_nothing(make, do, everything):
    session = make.session(starts_at=TEN)
    wanted = make.slot(starts_at=TEN + minutes(15))
    before = everything()
    with pytest.raises(CannotBook):
        do(book, wanted, session.student, now=NOW)
    assert everything() == before


def test_a_time_between_two_sessions_can_be_booked(make, do):
    student = make.student()
    make.session(student=student, starts_at=TEN - minutes(120))
    make.session(student=student, starts_at=TEN + minutes(120))
    assert do(book, make.slot(starts_at=TEN), student, now=NOW).starts_at == TEN


def test_a_cancelled_session_is_in_nobodys_way(make, do):
    student = make.student()
    make.session(student=student, starts_at=TEN, cancelled_by=student)
    assert do(book, make.slot(starts_at=TEN), student, now=NOW).starts_at == TEN


# What a student who comes too late is offered


def test_who_comes_too_late_is_offered_the_three_nearest_free_slots_in_order(make, do):
    coach, late = make.coach(), make.student()
    slots = {
        hour: make.slot(coach, at(f"2026-03-0{hour}"))
        for hour in ("3 02:00", "3 06:00", "3 10:00", "3 14:15", "5 10:00")
    }
    make.session(slots["3 10:00"])
    make.session(make.slot(coach, at("2026-03-03 12:00")))  # nearer, but taken
    make.slot(coach, at("2026-03-03 08:00"), withdrawn_at=NOW)  # nearer, but withdrawn
    make.slot(starts_at=at("2026-03-03 10:00"))  # another coach's
    with pytest.raises(CannotBook) as refusal:
        do(book, slots["3 10:00"], late, now=NOW)
    assert [slot.id for slot in refusal.value.nearest] == [slots[hour].id for hour in ("3 02:00", "3 06:00", "3 14:15")]


def test_nothing_is_offered_that_the_student_could_not_book(make, do):
    coach, late = make.coach(), make.student()
    lost = make.slot(coach, TEN)
    make.session(lost)
    make.slot(coach, TEN + minutes(120))
    make.session(student=late, starts_at=TEN + minutes(180))  # they are with another coach then
    good = make.slot(coach, TEN + minutes(360))
    with pytest.raises(CannotBook) as refusal:
        do(book, lost, late, now=NOW)
    assert [slot.id for slot in refusal.value.nearest] == [good.id]


def test_nothing_is_offered_where_nothing_is_free(make, do):
    lost = make.session(starts_at=TEN)
    make.slot(lost.coach, NOW)  # has begun
    with pytest.raises(CannotBook) as refusal:
        do(book, slot_of(lost), make.student(), now=NOW)
    assert refusal.value.nearest == []


# Rule 7: cancelling


@pytest.mark.parametrize("reason", ["", "I have a cold.\nAnd no voice."])
@pytest.mark.parametrize("who", ["student", "coach"])
def test_either_of_the_two_cancels_and_both_read_the_reason(make, do, ask, who, reason):
    session = make.session()
    do(cancel, session, getattr(session, who), reason=reason, now=NOW)
    for person in (session.student, session.coach):
        assert ask(calls, person, When.UPCOMING, now=NOW, limit=9) == []
        [call] = ask(calls, person, When.CANCELLED, now=NOW, limit=9)
        assert (call.id, call.reason, call.cancelled_by_id) == (session.id, reason, getattr(session, who).id)
        assert ask(call_or_404, session.id, person).session.cancelled_at == NOW


def test_a_slot_whose_student_cancelled_can_be_booked_again_by_anybody(make, do, ask):
    session = make.session()
    slot = slot_of(session)
    do(cancel, session, session.student, now=NOW)
    assert free(ask, session.coach) == [session.slot_id]
    again = do(book, slot, session.student, now=NOW)  # by the same student, too
    do(cancel, again, session.student, now=NOW)
    third = do(book, slot, make.student(), now=NOW)
    assert len({session.id, again.id, third.id}) == 3


def test_a_slot_whose_coach_cancelled_is_withdrawn(make, do, ask):
    session = make.session()
    do(cancel, session, session.coach, now=NOW)
    assert free(ask, session.coach) == []
    with pytest.raises(CannotBook, match="no longer on offer"):
        do(book, slot_of(session), make.student(), now=NOW)


@pytest.mark.parametrize(("minutes_left", "is_refused"), [(1, False), (0, True), (-1, True), (-121, True)])
def test_a_session_can_be_cancelled_until_it_begins(make, do, everything, minutes_left, is_refused):
    session = make.session(starts_at=TEN)
    before, now = everything(), TEN - minutes(minutes_left)
    for person in (session.coach, session.student):
        if is_refused:
            with pytest.raises(CannotCancel, match="has begun"):
                do(cancel, session, person, now=now)
            assert everything() == before
    if not is_refused:
        do(cancel, session, session.student, now=now)
        assert everything() != before


def test_a_cancelled_session_cannot_be_cancelled_again(make, do, everything):
    student = make.student()
    session = make.session(student=student, cancelled_by=student, reason="A cold")
    before = everything()
    with pytest.raises(CannotCancel, match="cancelled already"):
        do(cancel, session, session.coach, reason="Another reason", now=NOW)
    assert everything() == before


# Rule 8: moving


@pytest.mark.parametrize("who", ["student", "coach"])
def test_either_of_the_two_moves_it_to_another_free_slot_of_the_same_coach(make, do, ask, who):
    session = make.session(starts_at=TEN, topic="My review")
    old, new = session.slot_id, make.slot(session.coach, TEN + timedelta(days=1))
    do(move, session, new, getattr(session, who), now=NOW)
    [listed] = ask(calls, session.student, When.UPCOMING, now=NOW, limit=9)
    assert (listed.id, listed.topic, listed.starts_at) == (session.id, "My review", new.starts_at)
    call = ask(call_or_404, session.id, session.student)
    assert call.session.slot_id == new.id
    assert (call.session.starts_at, call.session.ends_at) == (new.starts_at, new.ends_at)
    assert (call.session.booked_at, call.session.cancelled_at) == (session.booked_at, None)
    assert free(ask, session.coach) == [old]


def test_the_slot_it_has_left_can_be_booked_by_somebody_else(make, do):
    session = make.session(starts_at=TEN)
    old = slot_of(session)
    do(move, session, make.slot(session.coach, TEN + timedelta(days=1)), session.student, now=NOW)
    assert do(book, old, make.student(), now=NOW).starts_at == TEN


def test_a_session_may_move_to_the_time_right_beside_it(make, do):
    session = make.session(starts_at=TEN)
    new = make.slot(session.coach, TEN + minutes(120))
    do(move, session, new, session.student, now=NOW)


@pytest.mark.parametrize("case", ["another coach's", "booked", "withdrawn", "begun", "its own", "the student is busy"])
def test_a_session_that_cannot_move_there_stays_where_it_is(make, do, everything, case):
    session = make.session(starts_at=TEN)
    coach, student = session.coach, session.student
    target, reason = {
        "another coach's": lambda: (make.slot(starts_at=TEN + minutes(120)), "stays with its coach"),
        "booked": lambda: (slot_of(make.session(coach=coach, starts_at=TEN + minutes(120))), "Somebody else"),
        "withdrawn": lambda: (make.slot(coach, withdrawn_at=NOW), "no longer on offer"),
        "begun": lambda: (make.slot(coach, NOW), "has passed"),
        "its own": lambda: (slot_of(session), "at that time already"),
        "the student is busy": lambda: (make.slot(coach, TEN + minutes(240)), "another session that overlaps"),
    }[case]()
    make.session(student=student, starts_at=TEN + minutes(135))
    before = everything()
    with pytest.raises(CannotMove, match=reason):
        do(move, session, target, student, now=NOW)
    assert everything() == before


@pytest.mark.parametrize(("who", "said"), [("student", "You have another session"), ("coach", "Ana Silva has another")])
def test_it_says_who_is_busy_to_whoever_moves(make, do, who, said):
    session = make.session(starts_at=TEN, student=make.student("Ana Silva"))
    make.session(student=session.student, starts_at=TEN + minutes(240))
    busy = make.slot(session.coach, TEN + minutes(255))
    with pytest.raises(CannotMove, match=said):
        do(move, session, busy, getattr(session, who), now=NOW)


@pytest.mark.parametrize("minutes_apart", [120, 360])
def test_moving_between_the_students_other_sessions_may_touch_them(make, do, minutes_apart):
    session = make.session(starts_at=TEN)
    make.session(student=session.student, starts_at=TEN + minutes(240))
    do(move, session, make.slot(session.coach, TEN + minutes(minutes_apart)), session.student, now=NOW)


@pytest.mark.parametrize(("minutes_left", "is_refused"), [(1, False), (0, True), (-1, True), (-121, True)])
def test_a_session_can_be_moved_until_it_begins(make, do, everything, minutes_left, is_refused):
    session = make.session(starts_at=TEN)
    new = make.slot(session.coach, TEN + timedelta(days=9))
    before, now = everything(), TEN - minutes(minutes_left)
    if is_refused:
        with pytest.raises(CannotMove, match="has begun"):
            do(move, session, new, session.coach, now=now)
        assert everything() == before
    else:
        do(move, session, new, session.coach, now=now)
        assert everything() != before


def test_a_cancelled_session_cannot_be_moved(make, do, everything):
    student = make.student()
    session = make.session(student=student, cancelled_by=student)
    new = make.slot(session.coach)
    before = everything()
    with pytest.raises(CannotMove, match="cancelled already"):
        do(move, session, new, student, now=NOW)
    assert everything() == before


def test_only_what_a_session_can_move_to_is_there_to_choose(make, ask):
    session = make.session(starts_at=TEN)
    coach = session.coach
    beside = make.slot(coach, TEN + minutes(120))
    far = make.slot(coach, TEN + timedelta(days=3))
    make.slot(coach, TEN + timedelta(days=1), withdrawn_at=NOW)
    make.session(make.slot(coach, TEN + timedelta(days=2)))
    make.session(student=session.student, starts_at=TEN + minutes(300))
    make.slot(coach, TEN + minutes(240))  # the student is busy
    make.slot(coach, NOW)  # has begun
    make.slot()  # another coach's
    assert [slot.id for slot in ask(slots_to_choose, session, after=NOW, limit=9)] == [beside.id, far.id]


# Rule 9: phone numbers


def numbers(ask, person, now=NOW) -> set[tuple[int, str | None]]:
    """Return whose number a person sees on any tab (None: a call with somebody whose number stays hidden)."""
    return {(call.other.id, call.number) for when in When for call in ask(calls, person, when, now=now, limit=99)}


@pytest.mark.parametrize("now", [NOW, TEN, TEN + minutes(119), TEN + minutes(120), TEN + timedelta(days=900)])
def test_the_two_see_each_others_number_from_the_booking_on_for_good(make, ask, now):
    session = make.session(starts_at=TEN)
    assert numbers(ask, session.student, now) == {(session.coach_id, session.coach.phone)}
    assert numbers(ask, session.coach, now) == {(session.student_id, session.student.phone)}


@pytest.mark.parametrize("who", ["student", "coach"])
def test_cancelling_their_only_session_takes_the_sight_away(make, do, ask, who):
    session = make.session()
    do(cancel, session, getattr(session, who), now=NOW)
    assert numbers(ask, session.student) == {(session.coach_id, None)}
    assert numbers(ask, session.coach) == {(session.student_id, None)}


@pytest.mark.parametrize("other_starts_at", ["2026-01-05 10:00", "2026-03-02 07:00", "2026-04-01 10:00"])
def test_any_other_live_session_of_the_two_keeps_it(make, do, ask, other_starts_at):
    session = make.session(starts_at=TEN)
    other = make.session(student=session.student, coach=session.coach, starts_at=at(other_starts_at))
    do(cancel, session, session.student, now=NOW)
    assert numbers(ask, session.student) == {(session.coach_id, session.coach.phone)}
    assert numbers(ask, session.coach) == {(session.student_id, session.student.phone)}
    if other.starts_at > NOW:
        do(cancel, other, session.student, now=NOW)
        assert numbers(ask, session.student) == {(session.coach_id, None)}
        assert numbers(ask, session.coach) == {(session.student_id, None)}


def test_live_sessions_with_others_keep_nothing(make, ask):
    student, coach = make.student(), make.coach()
    make.session(student=student, coach=coach, cancelled_by=student)
    of_student, of_coach = make.session(student=student), make.session(coach=coach)
    assert numbers(ask, student) == {(coach.id, None), (of_student.coach_id, of_student.coach.phone)}
    assert numbers(ask, coach) == {(student.id, None), (of_coach.student_id, of_coach.student.phone)}


def test_a_moved_session_is_as_live_as_before(make, do, ask):
    session = make.session()
    do(move, session, make.slot(session.coach), session.student, now=NOW)
    assert numbers(ask, session.student) == {(session.coach_id, session.coach.phone)}


def test_a_person_is_loaded_without_their_number(make, ask):
    [call] = ask(calls, make.session().student, When.UPCOMING, now=NOW, limit=9)
    with pytest.raises(Exception, match="phone"):
        _ = call.other.phone


# Rule 10: feedback


@pytest.mark.parametrize(("minutes_since_start", "is_refused"), [(-1, True), (0, False), (1, False), (121, False)])
def test_feedback_is_left_once_the_session_has_started(make, do, everything, minutes_since_start, is_refused):
    session = make.session(starts_at=TEN)
    before, now = everything(), TEN + minutes(minutes_since_start)
    if is_refused:
        with pytest.raises(CannotLeaveFeedback, match="has not begun"):
            do(leave_feedback, session, session.coach, rating=4, note="Good.", now=now)
        assert everything() == before
    else:
        left = do(leave_feedback, session, session.coach, rating=4, note="Good.", now=now)
        assert (left.session_id, left.left_by, left.rating, left.note) == (session.id, session.coach_id, 4, "Good.")
        assert (left.created_at, left.corrected_at) == (now, None)


@pytest.mark.parametrize("rating", [1, 2, 3, 4, 5])
def test_a_rating_is_a_whole_number_from_1_to_5(make, do, rating):
    session = make.session(starts_at=TEN)
    assert do(leave_feedback, session, session.coach, rating=rating, note="", now=TEN).rating == rating


@pytest.mark.parametrize("rating", [-1, 0, 6, 99, 4.5])
def test_it_refuses_any_other_rating(make, do, everything, rating):
    session = make.session(starts_at=TEN)
    before = everything()
    with pytest.raises(CannotLeaveFeedback, match="from 1 to 5") as refusal:
        do(leave_feedback, session, session.coach, rating=rating, note="", now=TEN)
    assert refusal.value.field == "rating"
    assert everything() == before


def test_a_cancelled_session_has_nothing_to_record(make, do, everything):
    student = make.student()
    session = make.session(student=student, starts_at=TEN, cancelled_by=student)
    before = everything()
    with pytest.raises(CannotLeaveFeedback, match="was cancelled"):
        do(leave_feedback, session, session.coach, rating=4, note="", now=TEN)
    assert everything() == before


@pytest.mark.parametrize(
    "note", ["", "one", "व" * 10_000, "<script>alert(1)</script>\n\n**bold**", "  kept \n as typed  "]
)
def test_a_note_is_kept_as_typed(make, do, ask, note):
    session = make.session(starts_at=TEN)
    do(leave_feedback, session, session.coach, rating=4, note=note, now=TEN)
    assert ask(queries.feedback_on, session).note == note


def test_corrected_feedback_keeps_what_it_said_before(make, do, everything):
    session = make.session(starts_at=TEN)
    for hour, (rating, note) in enumerate([(3, "First"), (4, "Second"), (4, "Third")]):
        do(leave_feedback, session, session.coach, rating=rating, note=note, now=TEN + minutes(60 * hour))
    [feedback] = everything()["feedback"]
    assert feedback[1:5] == (session.id, session.coach_id, 4, "Third")
    assert [row[2:4] for row in everything()["earlier_feedback"]] == [(3, "First"), (4, "Second")]


def test_each_earlier_version_says_when_it_was_written_and_when_it_was_replaced(make, do, app):
    session = make.session(starts_at=TEN)
    for hour in range(3):
        do(leave_feedback, session, session.coach, rating=hour + 1, note="", now=TEN + minutes(60 * hour))
    with app.app_context():
        feedback = db.session.query(Feedback).one()
        earlier = db.session.query(EarlierFeedback).order_by(EarlierFeedback.id).all()
    assert (feedback.created_at, feedback.corrected_at) == (TEN, TEN + minutes(120))
    assert [(row.written_at, row.replaced_at) for row in earlier] == [
        (TEN, TEN + minutes(60)),
        (TEN + minutes(60), TEN + minutes(120)),
    ]


def test_saying_the_same_again_corrects_nothing(make, do, everything):
    session = make.session(starts_at=TEN)
    do(leave_feedback, session, session.coach, rating=4, note="Good.", now=TEN)
    before = everything()
    do(leave_feedback, session, session.coach, rating=4, note="Good.", now=TEN + minutes(60))
    assert everything() == before


@pytest.mark.parametrize("who", ["another coach", "its student"])
@pytest.mark.parametrize("is_there", [False, True])
def test_nobody_but_its_coach_leaves_or_corrects_feedback(make, do, everything, who, is_there):
    session = make.session(starts_at=TEN)
    if is_there:
        make.feedback(session, 4, "Good.")
    somebody = make.coach() if who == "another coach" else session.student
    before = everything()
    with pytest.raises((CannotLeaveFeedback, IntegrityError)):
        do(leave_feedback, session, somebody, rating=1, note="Not mine to say.", now=TEN)
    assert everything() == before


def test_its_coach_reads_feedback_back_and_its_student_never_does(make, ask):
    session = make.session(starts_at=NOW - timedelta(days=1))
    make.feedback(session, 2, "Hard to hear.")
    [call] = ask(calls, session.coach, When.PREVIOUS, now=NOW, limit=9)
    assert (call.feedback.rating, call.feedback.note) == (2, "Hard to hear.")
    [call] = ask(calls, session.student, When.PREVIOUS, now=NOW, limit=9)
    assert call.feedback is None
    assert ask(call_or_404, session.id, session.student).feedback is None


def test_sessions_that_wait_for_feedback_are_the_previous_live_ones_without_it_latest_first(make, ask):
    coach, student = make.coach(), make.student()
    first, with_feedback, last = (make.session(coach=coach, starts_at=NOW - timedelta(days=days)) for days in (5, 3, 1))
    make.feedback(with_feedback)
    make.session(coach=coach, student=student, starts_at=NOW - timedelta(days=4), cancelled_by=student)
    make.session(coach=coach, starts_at=NOW - minutes(60))  # goes on still
    make.session(starts_at=NOW - timedelta(days=2))  # another coach's
    waiting = ask(calls_without_feedback, coach, now=NOW, limit=9)
    assert [call.id for call in waiting] == [last.id, first.id]


# Lists, and whose they are


@pytest.mark.parametrize(
    ("now", "when"),
    [
        (NOW, When.UPCOMING),
        (TEN, When.UPCOMING),  # it goes on
        (TEN + minutes(119), When.UPCOMING),
        (TEN + minutes(120), When.PREVIOUS),
        (TEN + timedelta(days=99), When.PREVIOUS),
    ],
)
@pytest.mark.parametrize("who", ["student", "coach"])
def test_a_session_is_upcoming_until_it_has_ended_and_previous_from_then_on(make, ask, now, when, who):
    session = make.session(starts_at=TEN)
    found = {tab: len(ask(calls, getattr(session, who), tab, now=now, limit=9)) for tab in When}
    assert found == {**dict.fromkeys(When, 0), when: 1}


def test_upcoming_is_soonest_first_and_the_others_latest_first(make, ask):
    coach, student = make.coach(), make.student()
    days = (2, -1, 1, -3, 3, -2)
    live = {day: make.session(coach=coach, starts_at=TEN + timedelta(days=day)).id for day in days}
    off = {
        day: make.session(
            coach=coach, student=student, starts_at=TEN + timedelta(days=day, hours=3), cancelled_by=student
        ).id
        for day in days
    }

    def listed(when: When) -> list[int]:
        return [call.id for call in ask(calls, coach, when, now=TEN, limit=99)]

    assert listed(When.UPCOMING) == [live[day] for day in (1, 2, 3)]
    assert listed(When.PREVIOUS) == [live[day] for day in (-1, -2, -3)]
    assert listed(When.CANCELLED) == [off[day] for day in (3, 2, 1, -1, -2, -3)]


@pytest.mark.parametrize("when", list(When))
def test_pages_of_a_list_follow_on_each_other(make, ask, when):
    coach, student = make.coach(), make.student()
    for day in range(7):
        days = -day - 1 if when == When.PREVIOUS else day + 1
        slot = make.slot(coach, TEN + timedelta(days=days))
        make.session(slot, student, cancelled_by=student if when == When.CANCELLED else None)
        if when == When.CANCELLED:  # two of the same moment
            make.session(slot, student, cancelled_by=student)
    whole = [call.id for call in ask(calls, student, when, now=TEN, limit=99)]
    paged, behind = [], None
    while page := ask(calls, student, when, now=TEN, limit=3, behind=behind):
        paged += [call.id for call in page]
        behind = (page[-1].starts_at, page[-1].id)
    assert paged == whole
    assert len(whole) == (14 if when == When.CANCELLED else 7)


def test_each_of_the_two_finds_the_session_with_the_other_one(make, ask):
    session = make.session()
    assert ask(call_or_404, session.id, session.student).other.id == session.coach_id
    assert ask(call_or_404, session.id, session.coach).other.id == session.student_id


@pytest.mark.parametrize("who", ["student", "coach", "admin"])
def test_to_anybody_else_a_session_does_not_exist(make, ask, who):
    session, other = make.session(), make.session()
    person = make.admin() if who == "admin" else getattr(other, who)
    with pytest.raises(NotFound):
        ask(call_or_404, session.id, person)
    assert session.id not in {call.id for when in When for call in ask(calls, person, when, now=NOW, limit=99)}


def test_a_slot_has_a_live_session_only_while_somebody_has_booked_it(make, do, ask):
    slot, student = make.slot(), make.student("Ana Silva")
    assert ask(live_session_on, slot) is None
    session = do(book, slot, student, now=NOW)
    assert ask(live_session_on, slot).student.name == "Ana Silva"
    do(cancel, session, student, now=NOW)
    assert ask(live_session_on, slot) is None
