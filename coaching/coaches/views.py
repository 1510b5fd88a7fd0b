"""What is said back about coaches."""

from datetime import timedelta

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from coaching import guard, times
from coaching.coaches import queries
from coaching.pages import (
    PAGE_LENGTH,
    SLOTS_PAGE_LENGTH,
    Rows,
    day_asked_for,
    id_asked_for,
    page,
    place,
    place_asked_for,
)

bp = Blueprint("coaches", __name__, url_prefix="/coaches")


@bp.get("/")
@guard.signed_in
def index() -> ResponseReturnValue:
    """List the coaches who have a free slot."""
    words, on = " ".join(request.args.get("q", "").split())[:160], day_asked_for("on")
    zone = guard.me().time_zone
    found = queries.coaches_with_free_slots(
        reader=guard.me(),
        after=times.now(),
        between=(times.start_of(on, zone), times.start_of(on + timedelta(days=1), zone)) if on else None,
        words=words,
        behind=id_asked_for("after"),
        limit=PAGE_LENGTH + 1,
    )
    offers = Rows.of(found, PAGE_LENGTH, lambda offer: offer.coach.id)
    return page("coaches/index.html", offers=offers, words=words, on=on)


@bp.get("/<int:coach_id>")
@guard.signed_in
def show(coach_id: int) -> ResponseReturnValue:
    """Show a coach and their free slots."""
    coach = queries.coach_or_404(coach_id)
    found = queries.free_slots(
        coach, reader=guard.me(), after=times.now(), limit=SLOTS_PAGE_LENGTH + 1, behind=place_asked_for()
    )
    slots = Rows.of(found, SLOTS_PAGE_LENGTH, lambda slot: place(slot.starts_at, slot.id))
    return page("coaches/show.html", coach=coach, slots=slots)
