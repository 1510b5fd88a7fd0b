"""What a programme asks of its students: how much notice, how soon, how far ahead and how much at once."""

from datetime import datetime, timedelta
from typing import NamedTuple


class Terms(NamedTuple):
    """What binds a student. Without a word it is as good as nothing; coaches and organisers it never binds.

    What lies exactly at a limit is allowed.
    """

    notice: timedelta = timedelta()  # a session is moved or cancelled so long before it begins at the latest
    soonest: timedelta = timedelta()  # a time is taken so long before it begins at the latest
    furthest: timedelta | None = None  # and so long before it begins at the earliest
    most_open: int | None = None  # sessions at once that are not over
    an_hour: int = 60  # bookings within an hour

    def of(self, role: str) -> "Terms":
        """Return what of it binds somebody in this role."""
        return self if role == "student" else ANY

    def after(self, now: datetime) -> datetime:
        """Return the moment after which a time has to begin to be taken now."""
        return now + self.soonest - timedelta.resolution if self.soonest else now

    def until(self, now: datetime) -> datetime | None:
        """Return the moment up to which a time has to begin to be taken now; None where there is no such limit."""
        return now + self.furthest if self.furthest else None

    def change_until(self, starts_at: datetime) -> datetime:
        """Return the last moment at which who asks can move or cancel what starts then."""
        return starts_at - self.notice


ANY = Terms()
