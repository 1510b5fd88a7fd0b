"""What may be asked about people and their sign-ins."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import bindparam, delete, func, literal_column, select
from sqlalchemy.orm import joinedload, undefer
from werkzeug.exceptions import NotFound

from coaching.extensions import db
from coaching.models import Email, OneTimeLink, Purpose, Registration, Role, SignIn, User
from coaching.outbox import is_news

Row = TypeVar("Row")


class LinkIsOver(NotFound):
    """A link of a mail was used, or has run out; or there never was such a one."""

    said = ("This link opens nothing any more", "It was used already, or has run out. Sign in, or ask for another one.")


# How much under the bell nobody has read: at most so much is counted.
MOST_UNREAD = 10
_UNREAD = (
    select(Email.id)
    .where(Email.person_id == SignIn.user_id, Email.read_at.is_(None), is_news(bindparam("now")))
    .limit(literal_column(str(MOST_UNREAD)))
    .correlate(SignIn)
    .subquery()
)
# Built once: every page begins with it.
_SIGNED_IN = (
    select(SignIn, select(func.count()).select_from(_UNREAD).correlate(SignIn).scalar_subquery())
    .options(joinedload(SignIn.person, innerjoin=True))
    .where(
        SignIn.token_hash == bindparam("token_hash"),
        SignIn.ends_at > bindparam("now"),
        SignIn.seen_at > bindparam("seen_after"),
    )
)


def signed_in(token_hash: str, *, seen_after: datetime, now: datetime) -> SignIn | None:
    """Return the sign-in, with its person and how much they have not read, that a token stands for, if it holds."""
    found = db.session.execute(_SIGNED_IN, {"token_hash": token_hash, "seen_after": seen_after, "now": now}).first()
    if found is None:
        return None
    opened: SignIn = found[0]
    opened.unread = found[1]
    return opened


def person_to_sign_in(email: str) -> User | None:
    """Return who has this address, with the hash of their password."""
    return db.session.scalar(select(User).options(undefer(User.password_hash)).where(User.email == email))


def person_with_address(email: str) -> User | None:
    """Return who signs in with this address."""
    return db.session.scalar(select(User).where(User.email == email))


def people_to_act_as() -> Sequence[User]:
    """Return every coach and every student, by name. Organisers are not to be acted as (rule 11)."""
    return db.session.scalars(select(User).where(User.role != Role.ADMIN).order_by(User.role, User.name, User.id)).all()


def person_to_act_as(user_id: int) -> User | None:
    """Return a coach or a student."""
    return db.session.scalar(select(User).where(User.id == user_id, User.role != Role.ADMIN))


def sign_ins(person: User, *, seen_after: datetime, now: datetime, limit: int) -> Sequence[SignIn]:
    """Return where a person is signed in, the latest first."""
    asked = select(SignIn).where(SignIn.user_id == person.id, SignIn.ends_at > now, SignIn.seen_at > seen_after)
    return db.session.scalars(asked.order_by(SignIn.seen_at.desc(), SignIn.id.desc()).limit(limit)).all()


def sign_in_or_404(sign_in_id: int, person: User) -> SignIn:
    """Return a sign-in of this person's; anybody else's is not found."""
    return _found(db.session.scalar(select(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == person.id)))


def link_or_404(token_hash: str, purpose: Purpose, *, now: datetime) -> OneTimeLink:
    """Return what a link in a mail stands for, with its person, as long as it is good."""
    asked = select(OneTimeLink).options(joinedload(OneTimeLink.person, innerjoin=True))
    asked = asked.where(OneTimeLink.token_hash == token_hash, OneTimeLink.purpose == purpose)
    return _found(db.session.scalar(asked.where(OneTimeLink.ends_at > now)), LinkIsOver)


def use_up(link: OneTimeLink) -> None:
    """Take a link away. Of two who use one at once, the second does not find it."""
    used = delete(OneTimeLink).where(OneTimeLink.id == link.id).returning(OneTimeLink.id)
    _found(db.session.scalar(used), LinkIsOver)


def registration_or_404(token_hash: str, *, now: datetime) -> Registration:
    """Return who wants to register with this link, with all that they said of themselves."""
    asked = select(Registration).where(Registration.token_hash == token_hash, Registration.ends_at > now)
    return _found(db.session.scalar(asked), LinkIsOver)


def own_password(person: User) -> str | None:
    """Return what is kept of a person's password, to compare; None where they have none."""
    return db.session.scalars(select(User.password_hash).where(User.id == person.id)).one()


def own_number(person: User) -> str:
    """Return one's own phone number (E.164), to show it to oneself."""
    return db.session.scalars(select(User.phone).where(User.id == person.id)).one()


def everybody() -> Sequence[User]:
    """Return all people in the order in which they came."""
    return db.session.scalars(select(User).order_by(User.id)).all()


def is_anybody_there() -> bool:
    """Tell whether the database has a person in it."""
    return db.session.scalar(select(User.id).limit(1)) is not None


def _found(row: Row | None, missing: type[NotFound] = NotFound) -> Row:
    if row is None:
        raise missing
    return row
