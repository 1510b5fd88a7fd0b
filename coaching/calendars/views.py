"""What is said back to calendar programs, and to people about the address that those read."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from flask import Blueprint, Flask, Response, flash, get_flashed_messages, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coaching import guard, mail, times
from coaching.auth.rules import hashed
from coaching.calendars import files, links, queries, rules
from coaching.extensions import saving
from coaching.models import Role
from coaching.pages import page
from coaching.sessions.queries import Call

bp = Blueprint("calendars", __name__)

SECOND = timedelta(seconds=1)
JUST_MADE = "feed"  # the flash that hands the token of a new address to the one page that shows it


@bp.get("/sessions/<int:session_id>.ics")
@guard.signed_in
def session(session_id: int) -> ResponseReturnValue:
    """Give one of a session's two people its file."""
    entry = queries.entry_or_404(session_id, guard.me())
    answer = _answer(files.file(entry, sessions=mail.link("sessions.index")), [entry.changed_at, entry.renamed_at])
    answer.headers["Content-Disposition"] = f"inline; filename=coaching-call-{session_id}.ics"
    return answer


@bp.get("/calendar/<token>.ics")
@guard.public
def feed(token: str) -> ResponseReturnValue:
    """Give whoever has the address all sessions of its person, and a coach's free slots."""
    opened = queries.feed_or_404(hashed(token))
    person, now = opened.person, times.now()
    entries, free = queries.entries(person), queries.free_times(person, now=now)
    text = files.feed(entries, free, sessions=mail.link("sessions.index"), slots=mail.link("slots.index"))
    moments = [opened.created_at, queries.offer_shrank_at(person, now=now)]
    moments += [moment for entry in entries for moment in (entry.changed_at, entry.renamed_at)]
    return _answer(text, [*moments, *(slot.offered_at for slot in free)])


@bp.get("/calendar/")
@guard.only(Role.COACH, Role.STUDENT)
def index() -> ResponseReturnValue:
    """Say what the address is for and whether there is one; a new one is shown, this once."""
    tokens = map(str, get_flashed_messages(category_filter=[JUST_MADE]))
    address = next((mail.link("calendars.feed", token=token) for token in tokens), None)
    return page("calendars/index.html", feed=queries.feed_of(guard.me()), address=address)


@bp.post("/calendar/feed")
@guard.only(Role.COACH, Role.STUDENT)
def make() -> ResponseReturnValue:
    """Make a new address, in place of the one there was."""
    with saving():
        token = rules.open_feed(guard.me(), now=times.now())
    flash(token, JUST_MADE)
    return redirect(url_for(".index"), 303)


@bp.post("/calendar/feed/end")
@guard.only(Role.COACH, Role.STUDENT)
def end() -> ResponseReturnValue:
    """Take the address away."""
    with saving():
        rules.end_feed(guard.me())
    flash("The address is taken away: it opens nothing any more.")
    return redirect(url_for(".index"), 303)


def add_links(call: Call) -> dict[str, str]:
    """Return the links with which one of a session's two people adds it to their calendar."""
    return links.to_add(call, call.other.name, mail.link("sessions.show", session_id=str(call.session.id)))


def _answer(text: bytes, changed: Iterable[datetime | None]) -> Response:
    """Answer with a file, or with 304 to who has it already. `changed` are the moments that something in it changed.

    A date says no more than the second, and this one is not over: what changed in it is dated one earlier, and a date
    alone gets the file (RFC 9110, 8.8.2.2).
    """
    answer = Response(text, content_type="text/calendar; charset=utf-8")
    answer.headers["Cache-Control"] = "private, no-cache"  # may be kept, and is to be asked about each time
    last = max(moment for moment in changed if moment)
    just_now = last > times.now() - SECOND
    answer.last_modified = last - SECOND if just_now else last
    answer.set_etag(sha256(text).hexdigest())
    asked = {name: value for name, value in request.environ.items() if name != "HTTP_IF_MODIFIED_SINCE" or not just_now}
    answer.make_conditional(asked)
    return answer


def init_app(app: Flask) -> None:
    """Open these doors, and give the templates the links."""
    app.register_blueprint(bp)
    app.add_template_filter(add_links)
    app.add_template_filter(links.to_subscribe, "subscribe_links")
