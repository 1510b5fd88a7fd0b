"""What may happen with the address of somebody's calendar."""

from datetime import datetime

from sqlalchemy import delete

from coaching.auth.rules import hashed, new_token
from coaching.extensions import db, hold
from coaching.models import CalendarFeed, User


def open_feed(person: User, *, now: datetime) -> str:
    """Give a person a new address and return its token, which is kept nowhere. The one they had ends."""
    hold(person)  # of two who press at once, the second waits, and its address is the one that stays
    end_feed(person)
    token = new_token()
    db.session.add(CalendarFeed(user_id=person.id, token_hash=hashed(token), created_at=now))
    return token


def end_feed(person: User) -> None:
    """Take a person's address away."""
    db.session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == person.id))
