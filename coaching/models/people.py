"""People, how they sign in, and what they were mailed to prove."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coaching import ddl
from coaching.ddl import Base
from coaching.times import Clocks


class Role(enum.StrEnum):
    """What a person does here. The organiser of the programme is its `admin`."""

    STUDENT = "student"
    COACH = "coach"
    ADMIN = "admin"


class Purpose(enum.StrEnum):
    """What a link in a mail is good for."""

    RESET = "reset"  # choosing a new password
    MOVE = "move"  # from one e-mail address to another


class User(Base):
    """A person: a student, a coach, or the programme's organiser."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[Role]
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text, unique=True)
    # Private by default: to read one of these without having asked for it by name is an error, not a leak.
    phone: Mapped[str] = mapped_column(Text, deferred=True, deferred_raiseload=True)
    password_hash: Mapped[str | None] = mapped_column(Text, deferred=True, deferred_raiseload=True)
    time_zone: Mapped[str] = mapped_column(Text)
    headline: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime]
    hour_cycle: Mapped[int] = mapped_column(  # 14:00, or 2:00 pm
        CheckConstraint("hour_cycle IN (12, 24)", name="clock_has_12_or_24_hours"), server_default="24"
    )
    first_weekday: Mapped[int] = mapped_column(  # on which a week begins: 1 Monday … 7 Sunday
        CheckConstraint("first_weekday BETWEEN 1 AND 7", name="week_begins_on_a_weekday"), server_default="1"
    )
    renamed_at: Mapped[datetime | None]  # the last time; calendar programs ask what has changed since
    offers_until: Mapped[datetime | None] = mapped_column(
        deferred=True, deferred_raiseload=True
    )  # see coaching/kept.py

    __table_args__ = ddl.table(
        UniqueConstraint("id", "role"),  # so that others can point at "a student", not just at a person
        CheckConstraint("role IN ('student', 'coach', 'admin')", name="known_role"),
        CheckConstraint("length(name) <= 80 AND trim(name) <> ''", name="name_is_said"),
        CheckConstraint("length(email) BETWEEN 3 AND 254 AND email LIKE '_%@_%'", name="email_is_an_address"),
        CheckConstraint("length(phone) BETWEEN 6 AND 16 AND phone LIKE '+%'", name="phone_is_e164"),
        CheckConstraint("time_zone <> ''", name="time_zone_is_said"),
        CheckConstraint("length(headline) <= 160", name="headline_is_short"),
        CheckConstraint("headline = '' OR role = 'coach'", name="headline_is_a_coachs"),
        *ddl.offering(),
    )

    @property
    def clocks(self) -> Clocks:
        """How this person reads moments."""
        return Clocks(self.time_zone, self.hour_cycle)


class SignIn(Base):
    """One browser in which a person is signed in. When the row goes, so does the sign-in.

    The cookie holds a random token; only its SHA-256 is kept here, so that a copy of the table opens no door.
    """

    __tablename__ = "sign_in"

    # What Flask-Login asks of its "current user", which is this row: it and the person come in one statement.
    is_authenticated = is_active = True
    is_anonymous = False
    token = ""  # known to the browser alone, and here only in the request that made it
    unread = 0  # how much stands under the bell that its person has not read, as it was when the request came

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(
        Text, CheckConstraint("length(device) <= 80", name="device_is_short"), server_default=""
    )

    person: Mapped[User] = relationship(lazy="raise_on_sql")

    __table_args__ = ddl.table(CheckConstraint("length(token_hash) = 64", name="token_is_hashed"))

    def get_id(self) -> str:
        """Return what Flask-Login puts into the cookie."""
        return self.token


class OneTimeLink(Base):
    """A link that was mailed to a person. It is good for one thing, once, and not for long: used, its row goes.

    For an address that is nobody's the same is written, without a person: what takes as long tells nothing.
    """

    __tablename__ = "one_time_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[Purpose]
    email: Mapped[str] = mapped_column(Text)  # where it was sent to
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    ends_at: Mapped[datetime] = mapped_column(index=True)

    person: Mapped[User] = relationship(lazy="raise_on_sql")

    __table_args__ = ddl.table(
        CheckConstraint("purpose IN ('reset', 'move')", name="known_purpose"),
        CheckConstraint("length(token_hash) = 64", name="link_is_hashed"),
        CheckConstraint("length(email) BETWEEN 3 AND 254 AND email LIKE '_%@_%'", name="link_goes_to_an_address"),
    )


class Registration(Base):
    """Somebody who wants to register, until they open the link that was mailed to them. Nobody can see them yet."""

    __tablename__ = "registration"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text, index=True)
    phone: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    ends_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = ddl.table(
        CheckConstraint("length(token_hash) = 64", name="registration_is_hashed"),
        CheckConstraint("length(name) <= 80 AND trim(name) <> ''", name="registration_has_a_name"),
        CheckConstraint("length(email) BETWEEN 3 AND 254 AND email LIKE '_%@_%'", name="registration_has_an_address"),
        CheckConstraint("length(phone) BETWEEN 6 AND 16 AND phone LIKE '+%'", name="registration_has_a_number"),
        CheckConstraint("time_zone <> ''", name="registration_has_a_zone"),
    )


class Attempt(Base):
    """Something that may be tried only so often, and how long this try counts. See `coaching/limits.py`."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(String(64))  # what, and by or against whom: a keyed hash, so no address is kept
    ends_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = ddl.table(
        CheckConstraint("length(about) = 64", name="attempt_is_hashed"),
        Index("ix_attempt_about", "about", "ends_at"),
    )


class CalendarFeed(Base):
    """The private address at which a person's calendar program reads their sessions. When the row goes, so does it."""

    __tablename__ = "calendar_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]

    person: Mapped[User] = relationship(lazy="raise_on_sql")

    __table_args__ = ddl.table(CheckConstraint("length(token_hash) = 64", name="feed_is_hashed"))
