"""What tests of people and sign-ins are given besides."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.security import generate_password_hash

from coaching.extensions import db, saving
from coaching.models import User


@pytest.fixture
def cheap(app: Flask) -> Callable[..., User]:
    """Gives a person a password whose hash is quick to compute, for tests that sign in again and again."""

    def give(person: User, password: str = "correct horse battery") -> User:
        with app.app_context(), saving():
            quick = generate_password_hash(password, "pbkdf2:sha256:1")
            db.session.execute(update(User).where(User.id == person.id).values(password_hash=quick))
        return person

    return give
