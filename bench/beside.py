"""What is served beside the app's pages to measure them against: the same HTML with less and less work.

- `/rendered/<path>` is the page itself, but nothing is asked of the database save who is there: the rows are those that
  were found the first time for that person. Every piece of it is made for the request.
- `/kept/<path>` is the same, but pieces that many are shown alike are kept, as in the app.
- `/ceiling/<page>` finds out who asks, as every page does, and sends the page as it was kept.
- `/bare/<page>` sends it from a Flask app that does nothing else.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from typing import Any

from flask import Flask, has_request_context, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from coaching import guard
from coaching.coaches import queries as of_coaches
from coaching.sessions import queries as of_sessions
from coaching.slots import queries as of_slots

# In a request's environ: whether the rows are those of the first time, and whether each piece is made anew.
RENDERED, ANEW = "bench.rendered", "bench.anew"
QUESTIONS = {
    of_coaches: ("coach_or_404", "coaches_with_free_slots", "free_slots", "soonest"),
    of_sessions: ("calls", "calls_between"),
    of_slots: ("standing",),
}

Respond = Callable[..., Any]


def serve(app: Flask, pages: Mapping[str, str]) -> None:
    """Add all three to the app. `pages` holds the HTML of each page."""
    for module, names in QUESTIONS.items():
        for name in names:
            setattr(module, name, _answered_once(getattr(module, name)))

    @guard.signed_in
    def ceiling(name: str) -> str:
        guard.me()
        return pages[name]

    def bare(name: str) -> str:
        return pages[name]

    def rendered(environ: dict[str, Any], start_response: Respond, *, anew: bool = True) -> Iterable[bytes]:
        said = {RENDERED: True, ANEW: anew, "SCRIPT_NAME": ""}  # links stay as they are
        return ours({**environ, **said}, start_response)

    kept: Callable[..., str] = app.jinja_env.globals["once"]  # type: ignore[assignment]
    app.jinja_env.globals["once"] = lambda macro, *said: (
        macro(*said) if has_request_context() and request.environ.get(ANEW) else kept(macro, *said)
    )
    app.add_url_rule("/ceiling/<name>", view_func=ceiling)
    nothing_else = Flask("bare")
    nothing_else.add_url_rule("/<name>", view_func=bare)
    ours = app.wsgi_app
    beside: dict[str, Any] = {"/bare": nothing_else, "/rendered": rendered, "/kept": partial(rendered, anew=False)}
    app.wsgi_app = DispatcherMiddleware(ours, beside)  # type: ignore[method-assign]


def _answered_once(question: Callable[..., Any]) -> Callable[..., Any]:
    answers: dict[tuple[int, str], Any] = {}

    @wraps(question)
    def answer(*about: Any, **more: Any) -> Any:
        if not (has_request_context() and RENDERED in request.environ):
            return question(*about, **more)
        key = guard.me().id, request.full_path
        if key not in answers:
            answers[key] = question(*about, **more)
        return answers[key]

    return answer
