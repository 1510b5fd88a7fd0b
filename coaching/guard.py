"""Who may pass which door. A view that does not say whom it is for is closed to everybody."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

import flask
from flask import abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user
from werkzeug.exceptions import ClientDisconnected

from coaching import text
from coaching.models import Role, SignIn, User
from coaching.terms import Terms

View = TypeVar("View", bound=Callable[..., Any])

STRANGER = "stranger"  # somebody who is not signed in
EVERYBODY = frozenset({STRANGER, *Role})


def public(view: View) -> View:
    """Let everybody in, signed in or not."""
    view.__dict__["for_whom"] = EVERYBODY
    return view


def only(*roles: Role) -> Callable[[View], View]:
    """Let in those who are signed in and have one of these roles; the others get 403."""

    def mark(view: View) -> View:
        view.__dict__["for_whom"] = frozenset(roles)
        return view

    return mark


signed_in = only(*Role)


def for_whom(endpoint: str) -> frozenset[str]:
    """Return who may pass; nobody where the view does not say."""
    whom: frozenset[str] = getattr(current_app.view_functions[endpoint], "for_whom", frozenset())
    return whom


def me() -> User:
    """Return the person who asks. Only for views behind a door that stops strangers."""
    person: User = current_user.person
    return person


def visitor() -> User | None:
    """Return the person who asks, or None for a stranger."""
    return me() if current_user.is_authenticated else None


def terms() -> Terms:
    """Return what the programme asks of the person who asks: of students alone, something."""
    asked: Terms = current_app.config["TERMS"]
    return asked.of(me().role)


def enter(sign_in: SignIn, *, remember: bool = False) -> None:
    """Give this browser the cookie of a sign-in; with `remember` it outlives the browser's window."""
    flask.session.clear()  # nothing of whoever sat here before is handed on, the forms' token included
    flask.session.permanent = remember
    login_user(sign_in)


def is_remembered() -> bool:
    """Tell whether this browser keeps its cookie when its window is closed."""
    return flask.session.permanent


def leave() -> None:
    """Take the cookie away again."""
    logout_user()
    flask.session.clear()


def check() -> ResponseReturnValue | None:
    """Stop who may not pass, then what no address or form of this site can mean. Runs before every view."""
    limit = current_app.config["MAX_CONTENT_LENGTH"]
    # A body that does not say its length is read up to the limit: what fills it may go on beyond.
    said = request.content_length
    if said > limit if said is not None else len(request.get_data()) >= limit:
        _drain()
        abort(413)
    if request.endpoint is None:
        return None  # no such address, or not by this method: Flask says so itself
    whom = for_whom(request.endpoint)
    if STRANGER not in whom:
        person = visitor()
        if person is None:
            asked_for = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else None
            return redirect(url_for("auth.sign_in", next=asked_for))
        if person.role not in whom:
            abort(403)
    if any(isinstance(value, int) and value > text.LARGEST_ID for value in (request.view_args or {}).values()):
        abort(404)  # more than any id can be, and more than a database can compare
    if not all(map(_is_text, _typed())):
        abort(400)
    return None


def _drain() -> None:
    """Let go by what is sent beyond the limit, up to 16 MiB: a browser that is cut off while it sends shows no answer.

    Who announces much and sends nothing is waited for one second.
    """
    connection = request.environ.get("gunicorn.socket")
    body = request.environ["wsgi.input"]
    try:
        if connection:
            connection.settimeout(1)
        for _ in range(256):
            if not body.read(64 * 1024):
                break
    except (OSError, ClientDisconnected):
        pass
    finally:
        if connection:
            connection.settimeout(None)


def _typed() -> Iterator[bytes]:
    """Everything that the client wrote: the path, the query and the form."""
    yield request.environ["PATH_INFO"].encode("latin-1")  # WSGI's disguise for bytes (PEP 3333)
    yield unquote_to_bytes(request.query_string)
    if request.mimetype == "application/x-www-form-urlencoded":
        yield unquote_to_bytes(request.get_data())
    elif request.mimetype == "multipart/form-data":
        yield request.get_data()


def _is_text(typed: bytes) -> bool:
    """Tell UTF-8 without a NUL, which PostgreSQL refuses, from anything else. Lone surrogates are not UTF-8."""
    try:
        return "\0" not in typed.decode()
    except UnicodeDecodeError:
        return False
