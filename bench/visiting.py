"""The people who read, the pages they read, and looking at one without a server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import click
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Connection, event

from bench import filling
from bench.filling import Size
from coaching.extensions import db

RAW_TOKEN = "0" * 40  # of the forms, in every session
FRAME = ("BEGIN", "COMMIT", "ROLLBACK")  # of transactions
Statement = tuple[str, Mapping[str, Any]]


class Page(NamedTuple):
    """A page as readers of a role ask for it. In its path, `{coach}` is a coach's id."""

    name: str
    role: str
    path: str

    @property
    def title(self) -> str:
        """What it is called in the results."""
        return f"{self.path} as a {self.role}"

    def asked(self, size: Size, count: int) -> list[tuple[int, str]]:
        """Return so many readers' numbers, each with the address that they ask for."""
        first = 1 if self.role == "coach" else size.coaches + 1
        most = min(count, size.coaches if self.role == "coach" else size.students)
        return [(first + nth, self.path.format(coach=nth * 37 % size.coaches + 1)) for nth in range(most)]


PAGES = (
    Page("coaches", "student", "/coaches/"),
    Page("coach", "student", "/coaches/{coach}"),
    Page("sessions", "student", "/sessions/"),
    Page("coach-sessions", "coach", "/sessions/"),
    Page("week", "student", "/sessions/?view=week"),
    Page("coach-week", "coach", "/sessions/?view=week"),
    Page("slots", "coach", "/slots/"),
)
LISTS = (
    *PAGES,
    Page("coaches-later", "student", "/coaches/?after={coach}"),
    Page("soonest", "student", "/coaches/soonest"),
    Page("previous", "student", "/sessions/?when=previous"),
    Page("coach-previous", "coach", "/sessions/?when=previous"),
    Page("cancelled", "student", "/sessions/?when=cancelled"),
    Page("coach-cancelled", "coach", "/sessions/?when=cancelled"),
    Page("start", "student", "/"),
    Page("coach-start", "coach", "/"),
)


def cookie(app: Flask, number: int) -> str:
    """Return what the browser of somebody who is signed in sends."""
    signer: Any = SecureCookieSessionInterface().get_signing_serializer(app)
    session = {"_user_id": filling.token(number), "_fresh": True, "csrf_token": RAW_TOKEN}
    return f"{app.config['SESSION_COOKIE_NAME']}={signer.dumps(session)}"


def form_token(app: Flask) -> str:
    """Return what a form sends to be believed, the same for everybody here."""
    return str(URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(RAW_TOKEN))


def look(app: Flask, number: int, path: str) -> str:
    """Return a page as somebody sees it."""
    client = app.test_client(use_cookies=False)
    answer = client.get(path, base_url="http://localhost", headers={"Cookie": cookie(app, number)})
    if answer.status_code != 200:
        raise click.ClickException(f"{path} answers {answer.status_code} to person {number}")
    return answer.text


@contextmanager
def overheard(app: Flask) -> Iterator[list[Statement]]:
    """Gather what the app says to its database inside, BEGIN, COMMIT and ROLLBACK included where they are sent."""
    said: list[Statement] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    def hears(word: str) -> Any:
        def hear_it(connection: Connection) -> None:
            if connection.dialect.name == "sqlite" or connection.get_execution_options().get("writing"):
                said.append((word, {}))

        return hear_it

    with app.app_context():
        engine = db.engine
    listening = {"before_cursor_execute": hear, **{word.lower(): hears(word) for word in FRAME}}
    for name, ear in listening.items():
        event.listen(engine, name, ear)
    try:
        yield said
    finally:
        for name, ear in listening.items():
            event.remove(engine, name, ear)
