"""What is said back about sessions."""

from datetime import datetime

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coaching import guard, mail, outbox, times
from coaching.extensions import saving
from coaching.models import Role, TimeSlot
from coaching.pages import (
    PAGE_LENGTH,
    SLOTS_PAGE_LENGTH,
    Rows,
    day_asked_for,
    page,
    place,
    place_asked_for,
    week_asked_for,
)
from coaching.sessions import queries, rules
from coaching.sessions.forms import NOT_THERE, BookForm, CancelForm, FeedbackForm, MoveForm
from coaching.sessions.queries import When
from coaching.slots.queries import live_session_on, slot_or_404
from coaching.weeks import Span, draw

bp = Blueprint("sessions", __name__, url_prefix="/sessions")


@bp.get("/")
@guard.only(Role.COACH, Role.STUDENT)
def index() -> ResponseReturnValue:
    """List one's own sessions."""
    if request.args.get("view") == "week":
        return _week_page()
    asked_for = request.args.get("when")
    when = When(asked_for) if asked_for in set(When) else When.UPCOMING
    found = queries.calls(guard.me(), when, now=times.now(), limit=PAGE_LENGTH + 1, behind=place_asked_for())
    calls = Rows.of(found, PAGE_LENGTH, lambda call: place(call.starts_at, call.id))
    return page("sessions/index.html", calls=calls, when=when)


@bp.route("/book/<int:slot_id>", methods=["GET", "POST"])
@guard.only(Role.STUDENT)
def book(slot_id: int) -> ResponseReturnValue:
    """Ask before booking a slot, and book it."""
    slot, student, form, terms, now = slot_or_404(slot_id), guard.me(), BookForm(), guard.terms(), times.now()
    if form.validate_on_submit():
        with saving():
            booking = rules.book(slot, student, topic=form.topic.data, terms=terms, now=now)
        flash(f"You are booked with {slot.coach.name}. Here is the number to call.")
        return redirect(url_for(".show", session_id=booking.id), 303)
    taken = live_session_on(slot)
    if taken and taken.student_id == student.id:
        return redirect(url_for(".show", session_id=taken.id), 303)
    held = rules.open_bookings(student, terms=terms, now=now)
    rules.refuse_booking(slot, student, taken, held, terms=terms, now=now)
    return page("sessions/book.html", form=form, slot=slot, terms=terms, held=held)


@bp.get("/<int:session_id>")
@guard.signed_in
def show(session_id: int) -> ResponseReturnValue:
    """Show a session to one of its two people."""
    person, terms, now = guard.me(), guard.terms(), times.now()
    call, is_coach = queries.call_or_404(session_id, person), person.role == Role.COACH
    return page(
        "sessions/show.html",
        call=call,
        mails=outbox.of_session(call.session, person) if mail.is_sent() else (),
        instead=_instead_of(call, now),
        last=queries.last_time(call, person) if is_coach else None,
        terms=terms,
        why_not_change=rules.why_not_change(call.session, person, terms=terms, now=now),
        can_record=is_coach and rules.why_not_feedback(call.session, now=now) is None,
    )


def _instead_of(call: queries.Call, now: datetime) -> list[TimeSlot]:
    """Return free times for a student whose coach has cancelled, those of that coach first."""
    session, person = call.session, guard.me()
    if person.role != Role.STUDENT or session.cancelled_by_id != session.coach_id:
        return []
    same, others = queries.instead_of(session, person, terms=guard.terms(), now=now)
    return [*same, *others]


@bp.route("/<int:session_id>/move", methods=["GET", "POST"])
@guard.signed_in
def move(session_id: int) -> ResponseReturnValue:
    """Ask for another of the coach's free slots, and put the session there."""
    call, form = queries.call_or_404(session_id, guard.me()), MoveForm()
    terms, now = guard.terms(), times.now()
    if reason := rules.why_not_change(call.session, guard.me(), terms=terms, now=now):
        raise rules.CannotMove(reason)
    if slot := _slot_chosen(form):
        try:
            with saving():
                rules.move(call.session, slot, guard.me(), terms=terms, now=now)
        except rules.CannotMove as refusal:
            form.show(refusal)
        else:
            flash("The session is moved.")
            return redirect(url_for(".show", session_id=session_id), 303)
    found = queries.slots_to_choose(
        call.session,
        after=terms.after(now),
        until=terms.until(now),
        limit=SLOTS_PAGE_LENGTH + 1,
        behind=place_asked_for(),
    )
    slots = Rows.of(found, SLOTS_PAGE_LENGTH, lambda slot: place(slot.starts_at, slot.id))
    return page("sessions/move.html", form=form, call=call, slots=slots, terms=terms)


@bp.route("/<int:session_id>/cancel", methods=["GET", "POST"])
@guard.signed_in
def cancel(session_id: int) -> ResponseReturnValue:
    """Ask before cancelling a session, and cancel it."""
    call, form = queries.call_or_404(session_id, guard.me()), CancelForm()
    terms, now = guard.terms(), times.now()
    if reason := rules.why_not_change(call.session, guard.me(), terms=terms, now=now):
        raise rules.CannotCancel(reason)
    if form.validate_on_submit():
        with saving():
            rules.cancel(call.session, guard.me(), reason=form.reason.data, terms=terms, now=now)
        flash(f"The session with {call.other.name} is cancelled.")
        return redirect(url_for(".show", session_id=session_id), 303)
    return page("sessions/cancel.html", form=form, call=call, terms=terms)


@bp.route("/<int:session_id>/feedback", methods=["GET", "POST"])
@guard.signed_in
def feedback(session_id: int) -> ResponseReturnValue:
    """Ask the coach how it was, and record it."""
    call = queries.call_or_404(session_id, guard.me())
    if guard.me().role != Role.COACH:
        abort(403)
    if reason := rules.why_not_feedback(call.session, now=times.now()):
        raise rules.CannotLeaveFeedback(reason)
    known = call.feedback
    said = {"rating": str(known.rating or ""), "missed": known.is_missed, "note": known.note} if known else None
    form = FeedbackForm(data=said)
    if form.validate_on_submit():
        with saving():
            rules.leave_feedback(call.session, guard.me(), rating=form.rated, note=form.note.data, now=times.now())
        flash("Your feedback is saved.")
        return redirect(url_for(".show", session_id=session_id), 303)
    return page("sessions/feedback.html", form=form, call=call)


def _week_page() -> ResponseReturnValue:
    """Show a week of one's own sessions."""
    person, now = guard.me(), times.now()
    span = Span.of(person, week_asked_for(), now=now)
    calls = queries.calls_between(person, start=span.start, end=span.end)
    week = draw(span, calls, now, meant=day_asked_for("on"), is_whole=request.args.get("hours") == "all")
    return page("sessions/week.html", week=week, when="week")


def _slot_chosen(form: MoveForm) -> TimeSlot | None:
    if not form.validate_on_submit():
        return None
    slot = queries.slot_with_id(form.slot_id.data)
    if slot is None:
        form.show(rules.CannotMove(NOT_THERE, field="slot_id"))
    return slot
