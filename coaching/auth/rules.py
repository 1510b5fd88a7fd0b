"""What may happen with people and their sign-ins."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, update
from werkzeug.security import check_password_hash, generate_password_hash

from coaching import outbox
from coaching.auth import queries
from coaching.extensions import Refusal, db, hold, refusing, sweep
from coaching.habits import USUAL, Habits
from coaching.models import Kind, OneTimeLink, Purpose, Registration, Role, SignIn, User

RESET_LASTS = timedelta(hours=1)
MOVE_LASTS = REGISTRATION_LASTS = timedelta(days=1)
NOTICED_EVERY = timedelta(hours=1)  # how exactly `seen_at` is kept

# Compared with when the address is unknown, so that this takes as long as a wrong password does.
_NOBODYS_HASH = generate_password_hash(secrets.token_hex())


class CannotRegister(Refusal):
    """Its message is written for who registers."""


class CannotSignIn(Refusal):
    """Its message does not say whether the address is known."""


def register(
    *,
    role: Role,
    name: str,
    email: str,
    phone: str,
    time_zone: str,
    habits: Habits = USUAL,
    password_hash: str | None,
    now: datetime,
) -> User:
    """Add a person. The e-mail address must be nobody else's. Without a password one cannot sign in with one.

    The password comes hashed (`slow_hash`), so that nobody else has to wait for that to write.
    """
    known = {"role": role, "name": name, "email": email, "phone": phone, "time_zone": time_zone, **habits._asdict()}
    with refusing(CannotRegister, field="email"):
        return _add(**known, password_hash=password_hash, now=now)


def change_profile(
    person: User,
    *,
    name: str,
    phone: str,
    time_zone: str,
    habits: Habits | None = None,
    headline: str = "",
    now: datetime,
) -> None:
    """Say anew what a person is called, where they are, how they are reached, and (if given) how they read clocks.

    Only coaches have a headline.
    """
    if name != person.name:
        person.name, person.renamed_at = name, now
    person.phone = phone
    person.time_zone = time_zone
    if habits:
        person.hour_cycle, person.first_weekday = habits
    person.headline = headline if person.role == Role.COACH else ""


def person_with(email: str, password: str) -> User:
    """Return whose address and password these are. Raises CannotSignIn, and takes as long, whichever is wrong."""
    person = queries.person_to_sign_in(email)
    if not _is_password(person.password_hash if person else None, password) or person is None:
        raise CannotSignIn("That e-mail address and password do not belong together.", field="password")
    return person


def prove(kept: str | None, password: str, *, field: str) -> None:
    """Ask somebody for a password of which this was kept. Raises CannotSignIn."""
    if not _is_password(kept, password):
        raise CannotSignIn("That is not the password.", field=field)


def still(person: User, proven: str | None, *, field: str) -> None:
    """Hold a person, and see that what is kept of their password is what was proven. Raises CannotSignIn.

    To prove a password takes a while, and meanwhile it may have been changed, to keep out just who proved the old one.
    """
    hold(person)
    if queries.own_password(person) != proven:
        raise CannotSignIn("The password has just been changed. Use the new one.", field=field)


def sign_in(person: User, *, device: str = "", lasts: timedelta, now: datetime) -> SignIn:
    """Open a sign-in for a person in one browser; its `token` is for the cookie and is kept nowhere."""
    db.session.execute(delete(SignIn).where(SignIn.user_id == person.id, SignIn.ends_at <= now))
    sweep(OneTimeLink, Registration, now=now)
    token = new_token()
    opened = SignIn(
        user_id=person.id, token_hash=hashed(token), created_at=now, seen_at=now, ends_at=now + lasts, device=device
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


def sign_out_everywhere(person: User) -> None:
    """End every sign-in of a person."""
    db.session.execute(delete(SignIn).where(SignIn.user_id == person.id))


def change_password(person: User, password_hash: str, *, now: datetime) -> None:
    """Take another password, and tell the person's mailbox.

    Whoever got in by the old one is out: every sign-in ends, and every link that was sent.
    """
    person.password_hash = password_hash
    outbox.tell_address(Kind.PASSWORD, person.email, person=person, now=now)
    sign_out_everywhere(person)
    db.session.execute(delete(OneTimeLink).where(OneTimeLink.user_id == person.id))


def give_link(
    person: User | None, purpose: Purpose, email: str, token: str, *, lasts: timedelta, now: datetime
) -> None:
    """Let a token be good for one thing, once, for who reads an address. It is kept nowhere.

    Without a person as much is written, for a link that opens nothing.
    """
    sweep(OneTimeLink, now=now)
    user_id = person.id if person else None
    db.session.add(
        OneTimeLink(user_id=user_id, purpose=purpose, email=email, token_hash=hashed(token), ends_at=now + lasts)
    )


def mail_reset(email: str, *, is_told: bool = True, now: datetime) -> None:
    """Mail a link with which to choose a new password; where the address is nobody's, word of that.

    Unless `is_told`, which says whether the mailbox has not yet had enough, the same is done but for the mail.
    """
    person = queries.person_with_address(email)
    kind = Kind.RESET if person else Kind.UNKNOWN
    token = outbox.tell_address(kind, email, person=person, now=now) if is_told else new_token()
    give_link(person, Purpose.RESET, email, token, lasts=RESET_LASTS, now=now)


def mail_new_address(person: User, email: str, *, proven: str | None, is_told: bool = True, now: datetime) -> None:
    """Mail a link to the address that a person wants from now on, unless it is somebody's already; tell the old one.

    Raises CannotSignIn where the password has changed since it was `proven`.
    """
    still(person, proven, field="password")
    kind = Kind.KNOWN if queries.person_with_address(email) else Kind.NEW_ADDRESS
    token = outbox.tell_address(kind, email, now=now) if is_told else new_token()
    give_link(person, Purpose.MOVE, email, token, lasts=MOVE_LASTS, now=now)
    outbox.tell_address(Kind.ADDRESS_ASKED, person.email, person=person, now=now)


def reset_password(link: OneTimeLink, password_hash: str, *, now: datetime) -> None:
    """Take the password that the owner of the mailbox chose. Raises NotFound where the link was used meanwhile."""
    hold(link.person)
    queries.use_up(link)
    change_password(link.person, password_hash, now=now)


def change_email(link: OneTimeLink, *, now: datetime) -> None:
    """Sign in with the address that the link was sent to from now on; the old one is told.

    Links that were sent to the old address open nothing any more. Raises NotFound where this one was used meanwhile.
    """
    person, old = link.person, link.person.email
    hold(person)
    queries.use_up(link)
    with refusing(CannotRegister):
        db.session.execute(update(User).where(User.id == person.id).values(email=link.email))
    db.session.execute(delete(OneTimeLink).where(OneTimeLink.user_id == person.id))
    outbox.tell_address(Kind.ADDRESS_MOVED, old, person=person, now=now)


def ask_to_register(
    *, name: str, email: str, phone: str, time_zone: str, password_hash: str, is_told: bool = True, now: datetime
) -> None:
    """Keep who wants to register until they open the link that is mailed to them.

    Where somebody has registered with that address already, its mailbox is told so instead.
    """
    sweep(Registration, now=now)
    kind = Kind.KNOWN if queries.person_with_address(email) else Kind.CONFIRM
    token = outbox.tell_address(kind, email, now=now) if is_told else new_token()
    asked = Registration(
        token_hash=hashed(token),
        name=name,
        email=email,
        phone=phone,
        time_zone=time_zone,
        password_hash=password_hash,
        ends_at=now + REGISTRATION_LASTS,
    )
    db.session.add(asked)


def confirm(asked: Registration, *, habits: Habits = USUAL, now: datetime) -> User:
    """Add who has shown that the address is theirs: by its link, and by the password that was chosen with it."""
    known = {"name": asked.name, "email": asked.email, "phone": asked.phone, "time_zone": asked.time_zone}
    known |= habits._asdict()
    with refusing(CannotRegister):
        person = _add(role=Role.STUDENT, **known, password_hash=asked.password_hash, now=now)
    db.session.execute(delete(Registration).where(Registration.email == asked.email))
    return person


def slow_hash(password: str) -> str:
    """Return what is kept of a password: scrypt takes about 100 ms on purpose, so call this outside `saving()`."""
    return generate_password_hash(password)


def _add(*, now: datetime, **known: Any) -> User:
    new = insert(User).values(**known, headline="", created_at=now)
    person = db.session.scalars(new.returning(User)).one()
    outbox.tell_person(Kind.WELCOME, person, now=now)
    return person


def _is_password(kept: str | None, password: str) -> bool:
    """Compare, and take as long where there is nothing to compare with."""
    return check_password_hash(kept or _NOBODYS_HASH, password) and kept is not None


def new_token() -> str:
    """Make up what nobody can guess: 256 random bits, in letters that may stand in an address."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """Return what is kept of a token: its SHA-256. It is random, so it needs neither salt nor stretching."""
    return hashlib.sha256(token.encode()).hexdigest()
