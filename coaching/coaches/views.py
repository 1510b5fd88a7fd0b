"""What is said back about coaches."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coaching import guard, times
from coaching.coaches import queries, rules
from coaching.coaches.queries import HOURS, Part, Wish
from coaching.extensions import saving
from coaching.models import Role, User
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

LEFT_OUT = {
    "q": "with any name or subject",
    "on": "on any day",
    "weekday": "on any weekday",
    "part": "at any time of day",
}


class Search(NamedTuple):
    """What was looked for, the query that asks for it again, and after when it shall begin."""

    wish: Wish
    asked: dict[str, Any]
    after: datetime

    @property
    def parts(self) -> dict[Part, tuple[int, int]]:
        """What parts of the day there are, each with its hours."""
        return HOURS

    @property
    def loosened(self) -> list[tuple[str, dict[str, Any]]]:
        """What could be left out of several conditions, in words, and what then would be asked."""
        if len(self.asked) < 2:
            return []
        return [(LEFT_OUT[name], {**self.asked, name: None}) for name in self.asked]


@bp.get("/")
@guard.signed_in
def index() -> ResponseReturnValue:
    """List the coaches who have a free slot, as far as it is one that is looked for."""
    search = _search()
    found = queries.coaches_with_free_slots(
        reader=guard.me(), after=search.after, wish=search.wish, behind=id_asked_for("after"), limit=PAGE_LENGTH + 1
    )
    offers = Rows.of(found, PAGE_LENGTH, lambda offer: offer.coach.id)
    return page("coaches/index.html", offers=offers, search=search, is_waiting=_is_waiting(found, None))


@bp.get("/soonest")
@guard.signed_in
def soonest() -> ResponseReturnValue:
    """List the next free slots, whoever the coach is."""
    search = _search()
    found = queries.soonest(
        reader=guard.me(), after=search.after, wish=search.wish, behind=place_asked_for(), limit=PAGE_LENGTH + 1
    )
    slots = Rows.of(found, PAGE_LENGTH, lambda slot: place(slot.starts_at, slot.id))
    return page("coaches/soonest.html", slots=slots, search=search, is_waiting=_is_waiting(found, None))


@bp.get("/<int:coach_id>")
@guard.signed_in
def show(coach_id: int) -> ResponseReturnValue:
    """Show a coach and their free slots."""
    coach, search = queries.coach_or_404(coach_id), _search(of_one_coach=True)
    found = queries.free_slots(
        coach,
        reader=guard.me(),
        after=search.after,
        wish=search.wish,
        behind=place_asked_for(),
        limit=SLOTS_PAGE_LENGTH + 1,
    )
    slots = Rows.of(found, SLOTS_PAGE_LENGTH, lambda slot: place(slot.starts_at, slot.id))
    return page(
        "coaches/show.html",
        coach=coach,
        slots=slots,
        search=search,
        terms=guard.terms(),
        is_waiting=_is_waiting(found, coach),
    )


@bp.post("/wait")
@guard.only(Role.STUDENT)
def wait_for_any() -> ResponseReturnValue:
    """Have a student told when any coach has a free time."""
    return _wait(None)


@bp.post("/<int:coach_id>/wait")
@guard.only(Role.STUDENT)
def wait(coach_id: int) -> ResponseReturnValue:
    """Have a student told when a coach has a free time."""
    return _wait(queries.coach_or_404(coach_id))


@bp.post("/wait/stop")
@guard.only(Role.STUDENT)
def stop_waiting_for_any() -> ResponseReturnValue:
    """Let a student not be told any more."""
    return _stop(None)


@bp.post("/<int:coach_id>/wait/stop")
@guard.only(Role.STUDENT)
def stop_waiting(coach_id: int) -> ResponseReturnValue:
    """Let a student not be told of a coach any more."""
    return _stop(queries.coach_or_404(coach_id))


def _is_waiting(found: Sequence[object], coach: User | None) -> bool:
    """Tell, where nothing was found, whether a student is told when there is something."""
    return not found and guard.me().role == Role.STUDENT and queries.waits_for(guard.me(), coach)


def _wait(coach: User | None) -> ResponseReturnValue:
    with saving():
        rules.wait_for(guard.me(), coach, now=times.now())
    flash(f"You are told when {coach.name if coach else 'any coach'} has a free time.")
    return redirect(url_for("news.mails"), 303)


def _stop(coach: User | None) -> ResponseReturnValue:
    with saving():
        rules.stop_waiting(guard.me(), coach)
    flash(f"You do not wait for {coach.name if coach else 'any coach'} any more.")
    return redirect(url_for("news.mails"), 303)


def _search(*, of_one_coach: bool = False) -> Search:
    """Read what somebody looks for; of one coach, only when. Nonsense counts as absent.

    What they could not book is not among it.
    """
    terms, now = guard.terms(), times.now()
    weekdays = {int(day) for day in request.args.getlist("weekday") if day in set("1234567")}
    part = request.args.get("part", "")
    wish = Wish(
        zone=guard.me().time_zone,
        words=" ".join(request.args.get("q", "").split())[:160],
        on=day_asked_for("on"),
        weekdays=tuple(sorted(weekdays)) if len(weekdays) < 7 else (),  # all of them are as good as none
        part=Part(part) if part in set(Part) else None,
        until=terms.until(now),
    )
    if of_one_coach:
        wish = wish._replace(words="", on=None)
    asked = {"q": wish.words, "on": wish.on and wish.on.isoformat(), "weekday": wish.weekdays, "part": wish.part}
    return Search(wish, {name: said for name, said in asked.items() if said}, terms.after(now))
