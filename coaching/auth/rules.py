"""What may happen with people and their sign-ins."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from werkzeug.security import check_password_hash, generate_password_hash

from coaching.auth import queries
from coaching.extensions import Refusal, db, refusing
from coaching.models import Role, SignIn, User

LONGEST_SIGN_IN = timedelta(days=30)
LONGEST_IDLE = timedelta(days=14)
NOTICED_EVERY = timedelta(hours=1)  # how exactly `seen_at` is kept

# Compared with when the address is unknown, so that this takes as long as a wrong password does.
_NOBODYS_HASH = generate_password_hash(secrets.token_hex())


class CannotRegister(Refusal):
    """Its message is written for who registers."""


class CannotSignIn(Refusal):
    """Its message does not say whether the address is known."""


def register(
    *, role: Role, name: str, email: str, phone: str, time_zone: str, password_hash: str | None, now: datetime
) -> User:
    """Add a person. The e-mail address must be nobody else's. Without a password one cannot sign in with one.

    The password comes hashed (`slow_hash`), so that nobody else has to wait for that to write.
    """
    person = User(
        role=role,
        name=name,
        email=email,
        phone=phone,
        time_zone=time_zone,
        password_hash=password_hash,
        headline="",
        created_at=now,
    )
    with refusing(CannotRegister, field="email"):
        db.session.add(person)
    return person


def change_profile(person: User, *, name: str, phone: str, time_zone: str, headline: str = "") -> None:
    """Say anew what a person is called, where they are, and how they are reached. Only coaches have a headline."""
    person.name = name
    person.phone = phone
    person.time_zone = time_zone
    person.headline = headline if person.role == Role.COACH else ""


def person_with(email: str, password: str) -> User:
    """Return whose address and password these are. Raises CannotSignIn, and takes as long, whichever is wrong."""
    person = queries.person_to_sign_in(email)
    kept = person.password_hash if person else None
    if not check_password_hash(kept or _NOBODYS_HASH, password) or person is None or kept is None:
        raise CannotSignIn("That e-mail address and password do not belong together.", field="password")
    return person


def sign_in(person: User, *, now: datetime) -> SignIn:
    """Open a sign-in for a person in one browser; its `token` is for the cookie and is kept nowhere."""
    db.session.execute(delete(SignIn).where(SignIn.user_id == person.id, SignIn.ends_at <= now))
    token = secrets.token_urlsafe(32)
    opened = SignIn(
        user_id=person.id, token_hash=hashed(token), created_at=now, seen_at=now, ends_at=now + LONGEST_SIGN_IN
    )
    opened.person = person
    opened.token = token
    db.session.add(opened)
    return opened


def sign_out(opened: SignIn) -> None:
    """End a sign-in: its cookie, wherever it was copied to, is nobody's from now on."""
    db.session.execute(delete(SignIn).where(SignIn.id == opened.id))


def notice(opened: SignIn, *, now: datetime) -> None:
    """Remember that a sign-in is in use, so that it does not end for idleness. It may have ended meanwhile."""
    db.session.execute(update(SignIn).where(SignIn.id == opened.id).values(seen_at=now))


def slow_hash(password: str) -> str:
    """Return what is kept of a password: scrypt takes about 100 ms on purpose, so call this outside `saving()`."""
    return generate_password_hash(password)


def hashed(token: str) -> str:
    """Return what is kept of a token: its SHA-256. It is random, so it needs neither salt nor stretching."""
    return hashlib.sha256(token.encode()).hexdigest()
