"""What people see when something is missing, refused or broken. Nothing here tells of the inside."""

from flask import Flask, current_app, g, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException, InternalServerError

from coaching.extensions import Refusal, db
from coaching.pages import page

RETRY_AFTER_SECONDS = "5"
AWAY = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)

SENTENCES = {
    400: ("That did not arrive whole", "Something in the request could not be read. Go back, check it and try again."),
    403: ("Not for you", "This page is for people in another role."),
    404: ("Nothing here", "There is no such page, or it is not yours to see."),
    405: ("Not like this", "This address cannot be used in this way. Go back and use the buttons of the page."),
    413: ("Too much at once", "What was sent is larger than this site takes. Shorten it and try again."),
    500: ("That went wrong on our side", "It is not your fault, and nothing was changed. Try again in a while."),
    503: (
        "Back in a moment",
        "The database does not answer just now. Nothing was changed. Try again in a few seconds.",
    ),
}
STALE = ("This form has grown old", "You have signed in or out since it was opened. Open the page anew and try again.")


def _refused(refusal: Refusal) -> ResponseReturnValue:
    """Say which rule refused, what to do now, and give back what was typed."""
    typed = [request.form[name] for name in ("topic", "reason", "note") if request.form.get(name)]
    return page("errors/refused.html", status=409, refusal=refusal, typed=typed)


def _http(error: HTTPException) -> ResponseReturnValue:
    try:
        return _http_page(error)
    except AWAY as away:  # found out while what stands around every page was asked for
        return _database_is_away(away)


def _http_page(error: HTTPException) -> ResponseReturnValue:
    if request_ctx.url_adapter is None:
        return error.get_response()  # a foreign host: nothing of this site's pages is for it
    title, sentence = STALE if isinstance(error, CSRFError) else SENTENCES.get(error.code or 500, SENTENCES[400])
    text, _ = page("errors/error.html", title=title, sentence=sentence)
    headers = [(name, value) for name, value in error.get_headers() if name in {"Allow", "Retry-After"}]
    return text, error.code or 500, headers


def _broken(error: InternalServerError) -> ResponseReturnValue:
    db.session.rollback()
    return _http(error)


def _database_is_away(error: Exception) -> ResponseReturnValue:
    """Say so, with a page that does not ask the database itself."""
    current_app.logger.error("the database does not answer: %s", type(error).__name__)
    g.database_is_away = True
    title, sentence = SENTENCES[503]
    text, _ = page("errors/error.html", title=title, sentence=sentence)
    return text, 503, {"Retry-After": RETRY_AFTER_SECONDS}


def init_app(app: Flask) -> None:
    """Answer what goes wrong."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(InternalServerError, _broken)
    for away in AWAY:
        app.register_error_handler(away, _database_is_away)
