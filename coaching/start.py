"""The start page: for a coach the day ahead, for a student what comes next and whom to talk to."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from coaching import guard, times
from coaching.coaches.queries import Wish, coaches_with_free_slots
from coaching.models import Role
from coaching.pages import page
from coaching.sessions.queries import When, calls, calls_without_feedback

bp = Blueprint("start", __name__)

A_FEW = 6


@bp.get("/")
@guard.public
def start() -> ResponseReturnValue:
    """Show a person their own start page, and a stranger what this is."""
    person, now = guard.visitor(), times.now()
    if person is None:
        return page("start/stranger.html")
    if person.role == Role.ADMIN:
        return page("start/admin.html")
    upcoming = calls(person, When.UPCOMING, now=now, limit=A_FEW)
    if person.role == Role.COACH:
        return page("start/coach.html", upcoming=upcoming, waiting=calls_without_feedback(person, now=now, limit=A_FEW))
    terms = guard.terms()
    wish = Wish(until=terms.until(now))
    offers = coaches_with_free_slots(reader=person, after=terms.after(now), wish=wish, limit=A_FEW)
    return page("start/student.html", upcoming=upcoming, offers=offers)
