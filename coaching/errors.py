"""What people see when something is missing, refused or broken. Nothing here tells of the inside."""

from collections.abc import Sequence
from http import HTTPStatus

from flask import Flask, Response, g, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException, InternalServerError

from coaching import logs, times
from coaching.extensions import Refusal, TooOften, db
from coaching.pages import asks_for_json, page, problem

RETRY_AFTER_SECONDS = 5
AWAY = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)

SENTENCES = {
    400: ("That did not arrive whole", "Something in the request could not be read. Go back, check it and try again."),
    403: ("Not for you", "This page is for people in another role."),
    404: ("Nothing here", "There is no such page, or it is not yours to see."),
    405: ("Not like this", "This address cannot be used in this way. Go back and use the buttons of the page."),
    409: ("That cannot be", ""),
    413: ("Too much at once", "What was sent is larger than this site takes. Shorten it and try again."),
    429: ("That was too often", ""),
    500: ("That went wrong on our side", "It is not your fault, and nothing was changed. Try again in a while."),
    503: (
        "Back in a moment",
        "The database does not answer just now. Nothing was changed. Try again in a few seconds.",
    ),
}
STALE = ("This form has grown old", "You have signed in or out since it was opened. Open the page anew and try again.")


def _refused(refusal: Refusal) -> ResponseReturnValue:
    """Say which rule refused, what to do now, and give back what was typed."""
    logs.refused(refusal)
    typed = [request.form[name] for name in ("topic", "reason", "note") if request.form.get(name)]
    if isinstance(refusal, TooOften):
        seconds = max(1, -int((times.now() - refusal.again_at).total_seconds() // 1))
        return _said(429, refusal.message, typed=typed, headers={"Retry-After": str(seconds)})
    return _said(409, refusal.message, refusal=refusal, typed=typed)


def _http(error: HTTPException) -> ResponseReturnValue:
    try:
        return _http_page(error)
    except AWAY as away:  # found out while what stands around every page was asked for
        return _database_is_away(away)


def _http_page(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    if request_ctx.url_adapter is None:  # a foreign host: nothing of this site's pages is for it
        if asks_for_json():
            return problem(status, sentence=SENTENCES[400][1]), status
        return Response(f"{HTTPStatus(status).phrase} ({g.reference})\n", status, kept, content_type="text/plain")
    said = STALE if isinstance(error, CSRFError) else getattr(error, "said", None)
    title, sentence = said or SENTENCES.get(status, SENTENCES[400])
    return _said(status, sentence, title=title, headers=kept)


def _broken(error: InternalServerError) -> ResponseReturnValue:
    db.session.rollback()
    return _http(error)


def _database_is_away(error: Exception) -> ResponseReturnValue:
    """Say so, with a page that does not ask the database itself."""
    logs.fault(error, "the database does not answer")
    g.database_is_away = True
    return _said(503, SENTENCES[503][1], headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def _said(
    status: int,
    sentence: str,
    *,
    title: str = "",
    refusal: Refusal | None = None,
    typed: Sequence[str] = (),
    headers: dict[str, str] | None = None,
) -> ResponseReturnValue:
    """Render the one page for all of this."""
    title = title or SENTENCES[status][0]
    body, _ = page("errors/error.html", status=status, title=title, sentence=sentence, refusal=refusal, typed=typed)
    return body, status, headers or {}


def init_app(app: Flask) -> None:
    """Answer what goes wrong."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(InternalServerError, _broken)
    for away in AWAY:
        app.register_error_handler(away, _database_is_away)
