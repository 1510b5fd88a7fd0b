"""What is written down of a request, of a refusal and of a fault.

One line each: JSON under gunicorn, words under `flask run`. Never a body, a query, an address as it was typed, a
number, a note or a token: of an address its route is said, of a person their id, of a fault its kind and its place.
"""

import json
import logging
import re
import secrets
import sys
import traceback
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from sqlalchemy import Engine, event

log = logging.getLogger("coaching")

ITS_OWN_LINES = re.compile(r"\S+ - - \[")  # how Werkzeug's server begins the lines of its requests, queries and all
QUOTES = re.compile(r"(Invalid request|Error handling request).*", re.DOTALL)  # after this gunicorn quotes the client
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(facts_of(record), ensure_ascii=False, default=str)


class Words(logging.Formatter):
    """One line that a developer reads, with the whole fault below it: what is in it is theirs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = getattr(record, "facts", {})
        said = " ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
        fault = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{datetime.fromtimestamp(record.created, UTC):%H:%M:%S} {record.getMessage()} {said}{fault}"


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what is said of something that happened."""
    facts = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": QUOTES.sub(r"\1", record.getMessage()),
        **getattr(record, "facts", {}),
    }
    if record.exc_info and record.exc_info[0]:
        # Not its message: that may quote what somebody typed.
        facts["fault"] = record.exc_info[0].__name__
        frames = traceback.extract_tb(record.exc_info[2])
        facts["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return facts


def refused(refusal: Exception) -> None:
    """Write down that a rule has refused; not its sentence, in which names may stand."""
    log.info("refused", extra={"facts": {"reference": g.reference, "rule": type(refusal).__name__, **_who()}})


def fault(error: BaseException | None, event_: str = "fault") -> None:
    """Write down what broke."""
    where = {"reference": g.reference, "route": _route(), **_who()} if has_request_context() else {}
    log.error(event_, exc_info=error, extra={"facts": where})


def answered(
    method: str,
    route: str | None,
    status: int,
    began: float,
    *,
    reference: str | None = None,
    statements: int = 0,
    person: int | None = None,
) -> None:
    """Write down a request and what became of it."""
    facts = {
        "reference": reference or _new_reference(),
        "method": method if method in METHODS else "other",
        "route": route,
        "status": status,
        "ms": round((perf_counter() - began) * 1000, 1),
        "statements": statements,
        "person": person,
    }
    log.info("request", extra={"facts": facts})


def _new_reference() -> str:
    return secrets.token_hex(4)


def _begin() -> None:
    """Give the request a reference: on an error's page and in the log it is the same."""
    g.reference = _new_reference()
    g.began, g.statements = perf_counter(), 0


def _end(response: Response) -> Response:
    answered(
        request.method,
        _route(),
        response.status_code,
        g.began,
        reference=g.reference,
        statements=g.statements,
        **_who(),
    )
    return response


def _route() -> str | None:
    return request.url_rule.rule if request.url_rule else None


def _who() -> dict[str, int | None]:
    """Return the person's id, if anybody has asked for it: a line of the log is no reason to ask the database."""
    return {"person": getattr(g.get("_login_user"), "user_id", None)}


@event.listens_for(Engine, "before_cursor_execute")
def _count_statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    if g and "statements" in g and not statement.startswith("BEGIN"):
        g.statements += 1


def configuration() -> dict[str, Any]:
    """Return what gunicorn is told about logging: everything, its own lines included, as JSON to the output."""
    handler = {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": Json}},
        "handlers": {"out": handler},
        "root": {"level": "INFO", "handlers": ["out"]},
        "loggers": {
            "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
            "alembic": {"level": "WARNING"},
        },
    }


def init_app(app: Flask) -> None:
    """Write down every request; in words, where nobody has set up anything else."""
    log.setLevel(logging.INFO)
    if not logging.getLogger().handlers and not log.handlers:
        words = logging.StreamHandler(sys.stderr)
        words.setFormatter(Words())
        log.addHandler(words)
        logging.getLogger("werkzeug").addFilter(lambda record: not ITS_OWN_LINES.match(record.getMessage()))
    app.log_exception = lambda fault_: fault(fault_[1])  # type: ignore[method-assign,assignment]  # Flask's names the path
    app.before_request(_begin)
    app.after_request(_end)
