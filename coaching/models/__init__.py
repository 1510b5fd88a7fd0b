"""The whole shape of the data, and what must never be in it.

Every promise here is kept by the database itself, on SQLite and on PostgreSQL: a check before an insert is a courtesy,
the constraint decides. What all tables share, and what the two databases say differently, is in `coaching/ddl.py`.
"""

from sqlalchemy import event

from coaching import ddl
from coaching.ddl import Base
from coaching.models.calls import CoachingSession, EarlierFeedback, Feedback, TimeSlot
from coaching.models.mails import Email, Kind, Topic, Unwanted, Wait
from coaching.models.people import Attempt, CalendarFeed, OneTimeLink, Purpose, Registration, Role, SignIn, User

__all__ = [
    "Attempt",
    "Base",
    "CalendarFeed",
    "CoachingSession",
    "EarlierFeedback",
    "Email",
    "Feedback",
    "Kind",
    "OneTimeLink",
    "Purpose",
    "Registration",
    "Role",
    "SignIn",
    "TimeSlot",
    "Topic",
    "Unwanted",
    "User",
    "Wait",
]

for table, statements in ddl.triggers().items():
    for statement in statements:
        event.listen(Base.metadata.tables[table], "after_create", statement)
