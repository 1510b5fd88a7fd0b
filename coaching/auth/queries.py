"""What may be asked about people and their sign-ins."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload, undefer

from coaching.extensions import db
from coaching.models import Role, SignIn, User


def signed_in(token_hash: str, *, seen_after: datetime, now: datetime) -> SignIn | None:
    """Return the sign-in, with its person, that this token stands for, if it still holds."""
    return db.session.scalar(
        select(SignIn)
        .options(joinedload(SignIn.person, innerjoin=True))
        .where(SignIn.token_hash == token_hash, SignIn.ends_at > now, SignIn.seen_at > seen_after)
    )


def person_to_sign_in(email: str) -> User | None:
    """Return who has this address, with the hash of their password."""
    return db.session.scalar(select(User).options(undefer(User.password_hash)).where(User.email == email))


def people_to_act_as() -> Sequence[User]:
    """Return every coach and every student, by name. Organisers are not to be acted as (rule 11)."""
    return db.session.scalars(select(User).where(User.role != Role.ADMIN).order_by(User.role, User.name, User.id)).all()


def person_to_act_as(user_id: int) -> User | None:
    """Return a coach or a student."""
    return db.session.scalar(select(User).where(User.id == user_id, User.role != Role.ADMIN))


def own_number(person: User) -> str:
    """Return one's own phone number (E.164), to show it to oneself."""
    return db.session.scalars(select(User.phone).where(User.id == person.id)).one()


def everybody() -> Sequence[User]:
    """Return all people in the order in which they came."""
    return db.session.scalars(select(User).order_by(User.id)).all()


def is_anybody_there() -> bool:
    """Tell whether the database has a person in it."""
    return db.session.scalar(select(User.id).limit(1)) is not None
