"""Addresses at which somebody ends a kind of mail without signing in. Who has one can do nothing else with it."""

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from coaching.models import Topic

NO_MORE = "waits"  # who ends these mails waits for no free time any more
ENDS = {*Topic, NO_MORE}


def off_token(person_id: int, what: str) -> str:
    """Return what only we can have written: whose mails, and which. It holds for as long as the SECRET_KEY."""
    return str(_serializer().dumps([person_id, what]))


def meant_by(token: str) -> tuple[int, str] | None:
    """Return whose mails end by a token, and which, or None where we have not written it."""
    try:
        person_id, what = _serializer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return (person_id, what) if isinstance(person_id, int) and what in ENDS else None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="no more mails")
