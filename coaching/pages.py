"""What every answer has in common: the shape of a page, its status, its headers, and where the next page begins."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from flask import Flask, Response, g, render_template, request

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


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    is_file = (request.endpoint or "").endswith("static") and response.status_code < 400
    if not is_file:
        headers.setdefault("Cache-Control", "no-store")
        response.vary.add("Cookie")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def init_app(app: Flask) -> None:
    """Put the headers on everything that leaves."""
    app.after_request(_headers)
