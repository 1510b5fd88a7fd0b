"""What may happen with sessions: rules 3 to 5, 7, 8 and 10.

Every verb first holds what it decides about, then asks the same `why_not_…` as the page before it, then writes; and
whatever slips through all the same, the database refuses.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, update

from coaching import formatting, outbox
from coaching.coaches.rules import tell_who_waits
from coaching.extensions import Refusal, TooOften, db, hold, refusing
from coaching.models import CoachingSession, EarlierFeedback, Feedback, Kind, Role, TimeSlot, User
from coaching.sessions import queries
from coaching.slots.queries import live_session_on
from coaching.slots.rules import move_all, withdraw_all
from coaching.terms import ANY, Terms
from coaching.times import Which

HOUR = timedelta(hours=1)


class CannotBook(Refusal):
    """Its message is written for the student to read."""


class CannotMove(Refusal):
    """Its message is written for whichever of the two wants to move the session."""


class CannotCancel(Refusal):
    """Its message is written for whichever of the two wants to cancel."""


class CannotLeaveFeedback(Refusal):
    """Its message is written for the coach to read."""


def book(slot: TimeSlot, student: User, *, topic: str = "", terms: Terms = ANY, now: datetime) -> CoachingSession:
    """Give a free slot to a student. A slot that is already theirs gives the session that they have (rule 3).

    Raises TooOften where a student has booked more than so many within an hour, cancelled ones included.
    """
    hold(student, slot)
    taken = live_session_on(slot)
    if taken and taken.student_id == student.id:
        return taken
    if oldest := queries.nth_last_booking(student, terms.an_hour, after=now - HOUR):
        again_at = oldest + HOUR
        words = f"You have booked {terms.an_hour} times within an hour. Try again {formatting.wait(again_at, now)}."
        raise TooOften(words, again_at=again_at)
    refuse_booking(slot, student, taken, open_bookings(student, terms=terms, now=now), terms=terms, now=now)
    new = insert(CoachingSession).values(
        slot_id=slot.id,
        coach_id=slot.coach_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        student_id=student.id,
        topic=topic,
        booked_at=now,
    )
    with refusing(CannotBook):
        booking = db.session.scalars(new.returning(CoachingSession)).one()
    outbox.tell(Kind.BOOKED, booking, by=student, now=now)
    return booking


def open_bookings(student: User, *, terms: Terms = ANY, now: datetime) -> int | None:
    """Count what a student holds that is not over; None where they may hold any number."""
    return queries.open_bookings(student, now=now) if terms.most_open else None


def refuse_booking(
    slot: TimeSlot,
    student: User,
    taken: CoachingSession | None,
    held: int | None,
    *,
    terms: Terms = ANY,
    now: datetime,
) -> None:
    """Raise CannotBook where a student cannot book a slot. `taken` is the live session on it, `held` what they hold."""
    if held is not None and terms.most_open and held >= terms.most_open:  # which another slot would not help
        holding = f"You hold {held} of {terms.most_open} open bookings."
        raise CannotBook(f"{holding} After one of them is over or cancelled, you can book again.")
    if reason := why_not_book(slot, student, taken, terms=terms, now=now):
        raise CannotBook(reason, nearest=queries.nearest_slots(slot, student, terms=terms, now=now))


def why_not_book(
    slot: TimeSlot, student: User, taken: CoachingSession | None, *, terms: Terms = ANY, now: datetime
) -> str | None:
    """Say why a student cannot book this slot of all, or None. `taken` is the live session on it."""
    if reason := _why_not_free(slot, taken, terms=terms, now=now):
        return reason
    if clash := queries.session_at(student, slot):
        when = formatting.full(clash, student.clocks)
        return (
            f"You already have a session with {clash.coach.name} on {when}, and the two overlap. Choose another time."
        )
    return None


def move(session: CoachingSession, slot: TimeSlot, by: User, *, terms: Terms = ANY, now: datetime) -> None:
    """Put a session on another free slot of the same coach. The old slot is free again."""
    student = session.student
    hold(session, session.coach, student, slot)
    if reason := why_not_change(session, by, terms=terms, now=now):
        raise CannotMove(reason)
    if slot.id == session.slot_id:
        raise CannotMove("The session is at that time already. Choose another one.")
    if slot.coach_id != session.coach_id:
        raise CannotMove("A session stays with its coach. Choose another time of the same coach.")
    if reason := _why_not_free(slot, live_session_on(slot), terms=terms.of(by.role), now=now):
        raise CannotMove(reason)
    if queries.session_at(student, slot, but=session):
        whose = "You have" if by.id == student.id else f"{student.name} has"
        raise CannotMove(f"{whose} another session that overlaps this time. Choose another one.")
    left = queries.slot_with_id(session.slot_id)
    there = update(CoachingSession).where(CoachingSession.id == session.id)
    with refusing(CannotMove):
        db.session.execute(
            there.values(
                slot_id=slot.id,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                moves=CoachingSession.moves + 1,
                moved_at=now,
            )
        )
    outbox.tell(Kind.MOVED, session, by=by, now=now)
    tell_who_waits([left] if left and left.starts_at > now else [], but=student.id, now=now)


def cancel(session: CoachingSession, by: User, *, reason: str = "", terms: Terms = ANY, now: datetime) -> None:
    """Call a session off. Its slot is free again, unless it is the coach who cancels: they are not free then."""
    hold(session, session.coach)
    if why_not := why_not_change(session, by, terms=terms, now=now):
        raise CannotCancel(why_not)
    session.cancelled_at, session.cancelled_by_id, session.reason = now, by.id, reason
    db.session.flush()  # the database lets a slot go only when no live session stands on it
    outbox.tell(Kind.CANCELLED, session, by=by, now=now)
    slot = queries.slot_with_id(session.slot_id)
    if slot and by.role == Role.COACH:
        hold(slot)
        slot.withdrawn_at = now
    elif slot:
        tell_who_waits([slot], but=session.student_id, now=now)


def be_away(
    coach: User,
    free: Sequence[TimeSlot],
    cancelling: Mapping[CoachingSession, str],
    *,
    by: timedelta | None = None,
    which: Which | None = None,
    now: datetime,
) -> None:
    """Withdraw free slots, or move them by so much, and cancel sessions with a word to each student; all or nothing."""
    hold(coach, *cancelling)
    for session, word in cancelling.items():
        cancel(session, coach, reason=word, now=now)
    if by is None:
        withdraw_all(free, coach, now=now)
    elif free:
        move_all(free, coach, by, which=which, now=now)


def why_not_change(session: CoachingSession, by: User, *, terms: Terms = ANY, now: datetime) -> str | None:
    """Say why one of its two people can neither move nor cancel a session, or None."""
    if session.cancelled_at:
        return "This session is cancelled already. To talk after all, a new one has to be booked."
    if session.starts_at <= now:
        return "This session has begun, so it can be neither moved nor cancelled any more."
    if now > (until := terms.of(by.role).change_until(session.starts_at)):
        last = formatting.briefly(until, by.clocks)
        return f"Up to {last} you could have changed this yourself. Now only your coach can: call them."
    return None


def leave_feedback(session: CoachingSession, coach: User, *, rating: int | None, note: str, now: datetime) -> Feedback:
    """Record how satisfied the student was, 1 to 5, and a note; or correct it, and keep what it said before.

    Without a rating it says that the student did not answer, and the student is told so.
    """
    hold(session)
    if coach.id != session.coach_id:
        raise CannotLeaveFeedback("Only the coach of a session records how it went.")
    if reason := why_not_feedback(session, now=now):
        raise CannotLeaveFeedback(reason)
    if rating is not None and rating not in formatting.RATINGS:
        raise CannotLeaveFeedback("Choose a rating from 1 to 5.", field="rating")
    feedback = queries.feedback_on(session)
    if rating is None and not (feedback and feedback.is_missed):
        outbox.tell_of_missed_call(session, now=now)
    said = {"rating": rating, "note": note, "is_missed": rating is None}
    if feedback is None:
        new = insert(Feedback).values(session_id=session.id, left_by=coach.id, created_at=now, **said)
        with refusing(CannotLeaveFeedback):
            return db.session.scalars(new.returning(Feedback)).one()
    if (feedback.rating, feedback.note) != (rating, note):
        earlier = _earlier(feedback, now=now)
        db.session.add(earlier)
        feedback.rating, feedback.note, feedback.is_missed = rating, note, rating is None
        feedback.corrected_at = earlier.replaced_at
    return feedback


def why_not_feedback(session: CoachingSession, *, now: datetime) -> str | None:
    """Say why nothing can be recorded of a session, or None."""
    if session.cancelled_at:
        return "This session was cancelled, so there is nothing to record of it."
    if session.starts_at > now:
        return "This session has not begun. Come back when you have talked."
    return None


def _why_not_free(slot: TimeSlot, taken: CoachingSession | None, *, terms: Terms, now: datetime) -> str | None:
    if slot.withdrawn_at:
        return "This time is no longer on offer: the coach has withdrawn or moved it. Choose another time."
    if slot.starts_at <= now:
        return "This time has passed. Choose one that lies ahead."
    if taken:
        return "Somebody else has booked this time. Choose another one."
    if slot.starts_at <= terms.after(now):
        long = formatting.lasting(terms.soonest)
        return f"This time begins in less than {long}, and has to be booked earlier than that. Choose a later one."
    if terms.furthest and slot.starts_at > now + terms.furthest:
        long = formatting.lasting(terms.furthest)
        return f"This time lies too far ahead. Times can be booked up to {long} ahead. Choose an earlier one."
    return None


def _earlier(feedback: Feedback, *, now: datetime) -> EarlierFeedback:
    written_at = feedback.corrected_at or feedback.created_at
    return EarlierFeedback(
        feedback_id=feedback.id,
        rating=feedback.rating,
        is_missed=feedback.is_missed,
        note=feedback.note,
        written_at=written_at,
        replaced_at=max(now, written_at),  # whoever waited for the lock read the clock before those words came
    )
