"""How often something may be tried, counted in the database: so it holds for all workers and all machines together.

A limit is always upon what comes from somewhere, so that nobody can lock out a person who is elsewhere. What is kept is
a keyed hash and a moment: no network address, no e-mail address.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

from flask import current_app, request
from sqlalchemy import func, select

from coaching import formatting, times
from coaching.extensions import TooOften, db, saving, sweep
from coaching.models import Attempt


class Limit(NamedTuple):
    """At most `most` attempts within any stretch of `within`, of what `about` says."""

    about: str
    most: int
    within: timedelta
    words: str

    @property
    def key(self) -> str:
        """Return what is kept of `about`."""
        return hmac.digest(str(current_app.secret_key).encode(), self.about.encode(), "sha256").hex()


def wrong_passwords(email: str) -> list[Limit]:
    """Limit guessing: one person's password, and anybody's, from where this request comes."""
    here, within, words = _address(), timedelta(minutes=15), "Too many wrong passwords."
    settings = current_app.config
    return [
        Limit(f"wrong password {here} {email}", settings["WRONG_PASSWORDS"], within, words),
        Limit(f"wrong passwords {here}", settings["WRONG_PASSWORDS_FROM"], within, words),
    ]


def registrations() -> list[Limit]:
    """Limit how many people one can make up."""
    words = "Too many people have registered from here within an hour."
    return [Limit(f"registration {_address()}", current_app.config["REGISTRATIONS"], timedelta(hours=1), words)]


def mails_asked_for() -> list[Limit]:
    """Limit how much mail one can have sent to others."""
    words = "Too many mails were asked for from here within an hour."
    return [Limit(f"mail {_address()}", current_app.config["RESETS"], timedelta(hours=1), words)]


def mails_to(email: str) -> list[Limit]:
    """Limit how much mail one mailbox gets because others ask for it, wherever they are."""
    return [Limit(f"mail to {email}", 5, timedelta(hours=1), "")]


def check(limits: Sequence[Limit]) -> None:
    """Raise TooOften where a limit is reached."""
    with saving():  # begins anew, and so sees what others have counted meanwhile
        for limit in limits:
            _check(limit, times.now())


def count(limits: Sequence[Limit]) -> None:
    """Add one to what was tried. Raises TooOften where a limit was reached before."""
    now = times.now()
    with saving():
        for limit in sorted(limits, key=lambda limit: limit.key):  # in one order: nobody waits for each other
            if db.engine.dialect.name == "postgresql":
                db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(limit.key, 0))))
            _check(limit, now)
            db.session.add(Attempt(about=limit.key, ends_at=now + limit.within))
        sweep(Attempt, now=now)


def counts(limits: Sequence[Limit]) -> bool:
    """Add one, and tell whether no limit was reached: for what is left undone without a word."""
    try:
        count(limits)
    except TooOften:
        return False
    return True


def _check(limit: Limit, now: datetime) -> None:
    counting = select(Attempt.ends_at).where(Attempt.about == limit.key, Attempt.ends_at > now)
    nth = db.session.scalar(counting.order_by(Attempt.ends_at.desc()).offset(limit.most - 1).limit(1))
    if nth:
        raise TooOften(f"{limit.words} Try again {formatting.wait(nth, now)}.", again_at=nth)


def _address() -> str:
    """Return where the request comes from: an IPv4 address, or the network of an IPv6 one, which has many."""
    said = request.remote_addr or ""
    try:
        address = ip_address(said)
    except ValueError:
        return said.partition(":")[0]  # some proxies add a port; a socket may have no address at all
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)
