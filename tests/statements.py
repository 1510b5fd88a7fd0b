"""Listens to an app's SQL: how many statements there are, and whether a template sends any."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, before_render_template, template_rendered
from sqlalchemy import Engine, event

from coaching.extensions import db

UNCOUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")  # what frames the statements of one database and not the other


class Statements:
    """Every statement of one app, as it goes out."""

    def __init__(self, app: Flask) -> None:
        self.while_rendering: list[str] = []
        self._rendering = False
        self._listening: list[list[str]] = []
        self._app = app
        with app.app_context():
            self._engine: Engine = db.engine
        event.listen(self._engine, "before_cursor_execute", self._hear)
        before_render_template.connect(self._rendering_begins, app)
        template_rendered.connect(self._rendering_ends, app)

    def close(self) -> None:
        """Listen no more."""
        event.remove(self._engine, "before_cursor_execute", self._hear)
        before_render_template.disconnect(self._rendering_begins, self._app)
        template_rendered.disconnect(self._rendering_ends, self._app)

    def begin(self) -> None:
        """Forget what the last request did: a template that broke off has never ended."""
        self._rendering = False
        self.while_rendering.clear()

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """Gather the statements that go out inside: `with statements.counted() as said: …; len(said)`."""
        said: list[str] = []
        self._listening.append(said)
        try:
            yield said
        finally:
            self._listening.remove(said)

    def _hear(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(UNCOUNTED):
            return
        if self._rendering:
            self.while_rendering.append(statement)
        for said in self._listening:
            said.append(statement)

    def _rendering_begins(self, _app: Flask, **_: Any) -> None:
        self._rendering = True

    def _rendering_ends(self, _app: Flask, **_: Any) -> None:
        self._rendering = False
