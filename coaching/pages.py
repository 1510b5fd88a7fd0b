"""What every answer has in common: the shape of a page, its status, its headers, and where the next page begins."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from flask import Flask, Response, g, render_template, request, url_for
from jinja2.runtime import Macro
from werkzeug.wrappers import Response as BaseResponse

from coaching import text, times
from coaching.forms import Form

Row = TypeVar("Row")

PROBLEM = "application/problem+json"
PAGE_LENGTH = 50
SLOTS_PAGE_LENGTH = 200  # of a coach's free slots

# Every file comes from this site, and no script or style stands in a page: what somebody types can never run.
POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
    "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'",
))  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class Rows(Generic[Row]):
    """One page of a list, and where the next begins (None on the last)."""

    rows: Sequence[Row]
    after: str | None

    @classmethod
    def of(cls, found: Sequence[Row], length: int, mark: Any) -> "Rows[Row]":
        """Cut what was found (one more than a page, where there is more) to a page. `mark` says a row's place."""
        rows = found[:length]
        return cls(rows, mark(rows[-1]) if len(found) > length else None)


def page(
    template: str, *, form: Form | None = None, status: int | None = None, **context: Any
) -> tuple[str | Response, int]:
    """Render a page. A form that is at fault makes it 422, one that a rule refused 409.

    Who asks for JSON is told of a fault as problem details.
    """
    status = status or (form.status if form else 200)
    if status >= 400 and asks_for_json():
        return problem(status, form, **context), status
    return render_template(template, form=form, status=status, **context), status


def address(endpoint: str, **values: Any) -> str:
    """Return the address of a page, for templates: as `url_for` builds it, but each only once.

    It depends on nothing but where the site is mounted and what is said here.
    """
    if endpoint.endswith("static"):
        return url_for(endpoint, **values)  # of a file it may say which version
    return _address(request.script_root, endpoint, tuple(values.items()))


@lru_cache(maxsize=8192)
def _address(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    return url_for(endpoint, **dict(values))


def once(macro: Macro, *said: Any) -> str:
    """Return what a macro makes of what it is told, made only once: for pieces that many readers are shown alike.

    The macro must be imported without a context, so that nothing but this can be in it.
    """
    return _once(request.script_root, macro, said)


@lru_cache(maxsize=4096)
def _once(_root: str, macro: Macro, said: tuple[Any, ...]) -> str:
    return macro(*said)


def asks_for_json() -> bool:
    """Tell whether the client would rather have JSON than a page."""
    return request.accept_mimetypes.best_match(["text/html", PROBLEM, "application/json"]) not in {"text/html", None}


def problem(status: int, form: Form | None = None, sentence: str = "", **_: Any) -> Response:
    """Say what went wrong as RFC 9457 has it, with the reference that is in the log, and each field's fault."""
    said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "reference": g.reference}
    if form:
        sentence = form.refusal.message if form.refusal else "Something is not right yet."
        said["errors"] = form.errors
    return Response(json.dumps({**said, "detail": sentence}) + "\n", content_type=PROBLEM)


def place(starts_at: datetime, row_id: int) -> str:
    """Say where a row stands in a list in order of time, for the link to the next page."""
    return f"{int(starts_at.timestamp()) // 60}-{row_id}"


def place_asked_for() -> tuple[datetime, int] | None:
    """Read `?after=`: a moment (UTC) and an id. Nonsense counts as absent."""
    minutes, row_id = map(text.as_id, (*request.args.get("after", "").split("-", 1), "")[:2])
    return None if minutes is None or row_id is None else (times.EPOCH + timedelta(minutes=minutes), row_id)


def id_asked_for(name: str) -> int | None:
    """Read an id from the query. Nonsense counts as absent."""
    return text.as_id(request.args.get(name, ""))


def day_asked_for(name: str) -> date | None:
    """Read a day from the query, such as `2026-11-24`. Nonsense counts as absent, and so does a day nobody can mean."""
    asked_for = request.args.get(name, "")
    try:
        day = date.fromisoformat(asked_for)
    except ValueError:
        return None
    return day if asked_for == day.isoformat() and times.is_sensible(day) else None  # of several ways, ours


def clock_asked_for(name: str) -> time | None:
    """Read a time of day from the query, such as `09:30`. Nonsense counts as absent."""
    try:
        return times.clock(request.args.get(name, ""))
    except ValueError:
        return None


def week_asked_for() -> date | None:
    """Read `?on=`, a day of the week that is meant, or `?week=YYYY-Www`, and return a day of it. Nonsense is absent."""
    found = re.fullmatch(r"(\d{4})-W(\d{2})", request.args.get("week", ""), re.ASCII)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        monday = None
    return day_asked_for("on") or (monday if monday and times.is_sensible(monday) else None)


def protect(response: BaseResponse, *, over_tls: bool) -> None:
    """Put on an answer the headers that keep browsers from harm."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if over_tls:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _headers(response: Response) -> Response:
    protect(response, over_tls=request.is_secure)
    response.headers.setdefault("Cache-Control", "no-store")
    response.vary.add("Cookie")
    return response


def init_app(app: Flask) -> None:
    """Put the headers on everything that leaves, and give templates what saves work."""
    app.after_request(_headers)
    app.jinja_env.globals.update(url_for=address, once=once)
