"""What all tables share, and what the two databases say differently: moments, exclusion constraints, triggers.

The names of the constraints are the same on both. PostgreSQL says them when it refuses, SQLite only those of checks and
triggers; of the others it says the columns, so that `extensions.MEANINGS` knows both.
"""

import enum
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DDL, CheckConstraint, DateTime, Dialect, Enum, Index, MetaData, TypeDecorator, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, registry

from coaching import kept


class UTCDateTime(TypeDecorator[datetime]):
    """A moment. Goes in with any zone, never without one; comes out in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive datetime; SQLite, which keeps no zone, is given UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def words(kind: type[enum.Enum], length: int = 13) -> Enum:
    """Return a column's type for the words of an enumeration; which there are, a constraint says."""
    return Enum(kind, native_enum=False, create_constraint=False, length=length, values_callable=list)


class Base(DeclarativeBase):
    """What every table shares: names for its constraints, and ids that are never given twice."""

    # On the registry, because Flask-SQLAlchemy rebuilds the base class and trips over a map that stands on it.
    registry = registry(
        type_annotation_map={
            datetime: UTCDateTime(),
            enum.Enum: words(enum.Enum, length=7),
        },
        metadata=MetaData(
            naming_convention={
                "pk": "pk_%(table_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            }
        ),
    )


def table(*promises: Any) -> tuple[Any, ...]:
    """Return a table's arguments. SQLite would else give a deleted row's id to the next, and with it its cookies."""
    return (*promises, {"sqlite_autoincrement": True})


def where(condition: str, *, sqlite: str = "") -> dict[str, Any]:
    """Return what makes an index partial on both databases."""
    return {"sqlite_where": text(sqlite or condition), "postgresql_where": text(condition)}


# Slots that are neither withdrawn nor booked: free, as far as they have not begun.
FREE = where("withdrawn_at IS NULL AND NOT is_booked", sqlite="withdrawn_at IS NULL AND is_booked = 0")
# Sessions without feedback.
WAITING = where("cancelled_at IS NULL AND NOT is_recorded", sqlite="cancelled_at IS NULL AND is_recorded = 0")


def offering() -> list[Index]:
    """Return the index of the coaches who have something to offer, by name, with all that a list shows of them.

    SQLite sorts them itself: its own `lower` is another than the one that connections bring along. By the second index
    it finds them, and both databases find those whose offers have passed.
    """
    return [
        Index(
            "ix_user_offering",
            text("lower(name)"),
            "id",
            postgresql_include=["name", "headline", "offers_until"],
            postgresql_where=text("role = 'coach' AND offers_until IS NOT NULL"),
            info={"only_on": "postgresql"},
        ).ddl_if("postgresql"),
        Index("ix_user_offers_until", "offers_until", **where("offers_until IS NOT NULL")),
    ]


def exists_on(dialect: str) -> Callable[..., bool]:
    """Return what tells Alembic, which does not ask itself, what the models have for one database alone."""
    return lambda thing, *_: thing.info.get("only_on", dialect) == dialect


def slot_times() -> list[CheckConstraint]:
    """Return rule 1: two elapsed hours, from a quarter of an hour."""
    return [
        CheckConstraint("ends_at = starts_at + interval '2 hours'", name="slot_is_two_hours").ddl_if("postgresql"),
        CheckConstraint("mod(extract(epoch FROM starts_at), 900) = 0", name="slot_on_the_quarter").ddl_if("postgresql"),
        CheckConstraint(
            "ifnull(strftime('%s', ends_at) - strftime('%s', starts_at), 0) = 7200", name="slot_is_two_hours"
        ).ddl_if("sqlite"),
        # In one spelling, too: where moments are texts, comparing texts must compare moments.
        CheckConstraint(
            "starts_at IS strftime('%Y-%m-%d %H:%M:00.000000', starts_at) "
            "AND ends_at IS strftime('%Y-%m-%d %H:%M:00.000000', ends_at) "
            "AND substr(starts_at, 15, 2) IN ('00', '15', '30', '45')",
            name="slot_on_the_quarter",
        ).ddl_if("sqlite"),
    ]


def never_overlap(name: str, who: str, while_: str) -> list[ExcludeConstraint]:
    """Return rules 2 and 4 for PostgreSQL: of the rows that count, no two of one person share a moment.

    The person's id stands as a range of one, because GiST knows `&&` for ranges without an extension.
    """
    return [
        ExcludeConstraint(
            (text(f"int8range({who}, {who}, '[]')"), "&&"),
            (text("tstzrange(starts_at, ends_at, '[)')"), "&&"),
            where=text(while_),
            using="gist",
            name=name,
        ).ddl_if("postgresql")
    ]


def triggers() -> dict[str, list[DDL]]:
    """Return, for each table, the triggers that are made with it."""
    return {
        "time_slot": [
            *_sqlite_overlap("slots_of_one_coach", "time_slot", "coach_id", "withdrawn_at"),
            *_slot_times_never_change(),
        ],
        "coaching_session": [
            *_sqlite_overlap("sessions_of_one_student", "coaching_session", "student_id", "cancelled_at"),
        ],
        # Made with the last of the tables that they are about.
        "feedback": [_on(dialect, statement) for dialect, said in kept.TRIGGERS.items() for statement in said],
    }


def _on(dialect: str, statement: str) -> DDL:
    return DDL(statement).execute_if(dialect)  # type: ignore[no-untyped-call]


def _sqlite_overlap(name: str, table: str, who: str, ended: str) -> list[DDL]:
    """Rules 2 and 4 for SQLite. Every row is two hours long, so a clash starts less than two hours before or after."""
    return [
        _on(
            "sqlite",
            f"""
            CREATE TRIGGER {name}_{verb.lower()} BEFORE {verb} ON "{table}" WHEN NEW.{ended} IS NULL
            BEGIN
                SELECT RAISE(ABORT, '{name}') WHERE EXISTS (
                    SELECT 1 FROM "{table}"
                    WHERE {who} = NEW.{who} AND {ended} IS NULL {but_itself}
                    AND starts_at > strftime('%%Y-%%m-%%d %%H:%%M:%%f000', NEW.starts_at, '-2 hours')
                    AND starts_at < NEW.ends_at
                );
            END
        """,
        )
        for verb, but_itself in (("INSERT", ""), ("UPDATE", "AND id <> NEW.id"))
    ]


def _slot_times_never_change() -> list[DDL]:
    return [
        _on(
            "sqlite",
            """
            CREATE TRIGGER slot_times_never_change BEFORE UPDATE OF coach_id, starts_at, ends_at ON time_slot
            WHEN OLD.coach_id <> NEW.coach_id OR OLD.starts_at <> NEW.starts_at OR OLD.ends_at <> NEW.ends_at
            BEGIN
                SELECT RAISE(ABORT, 'slot_times_never_change');
            END
        """,
        ),
        _on(
            "postgresql",
            """
            CREATE OR REPLACE FUNCTION slot_times_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'the times of a slot never change'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_times_never_change';
            END $$
        """,
        ),
        # AFTER: with one before it, PostgreSQL takes each update of a table with generated columns for one of its keys.
        # Then whoever marks a slot as booked waits for all who point at it, and they for each other.
        _on(
            "postgresql",
            """
            CREATE TRIGGER slot_times_never_change AFTER UPDATE OF coach_id, starts_at, ends_at ON time_slot
            FOR EACH ROW WHEN (
                (OLD.coach_id, OLD.starts_at, OLD.ends_at) IS DISTINCT FROM (NEW.coach_id, NEW.starts_at, NEW.ends_at)
            )
            EXECUTE FUNCTION slot_times_never_change()
        """,
        ),
    ]
