"""Which slots are booked, and until when a coach has free ones: kept by triggers, for the indexes of the lists."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

FREE = {"postgresql": "withdrawn_at IS NULL AND NOT is_booked", "sqlite": "withdrawn_at IS NULL AND is_booked = 0"}

LIVE, CANCELLED = (dict.fromkeys(FREE, f"cancelled_at IS {said}") for said in ("NULL", "NOT NULL"))
WAITING = {
    "postgresql": "cancelled_at IS NULL AND NOT is_recorded",
    "sqlite": "cancelled_at IS NULL AND is_recorded = 0",
}
SESSIONS = [
    ("ix_coaching_session_pair", ["student_id", "coach_id", "starts_at"], LIVE),
    ("ix_coaching_session_waiting", ["coach_id", "starts_at"], WAITING),
    ("ix_coach_cancelled", ["coach_id", "starts_at"], CANCELLED),
    ("ix_student_cancelled", ["student_id", "starts_at"], CANCELLED),
]

TRIGGERS = {
    "postgresql": [
        """
        CREATE OR REPLACE FUNCTION session_books_its_slot() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' AND OLD.cancelled_at IS NULL
                AND (TG_OP = 'DELETE' OR NEW.cancelled_at IS NOT NULL OR NEW.slot_id <> OLD.slot_id)
            THEN
                UPDATE time_slot SET is_booked = FALSE WHERE id = OLD.slot_id;
            END IF;
            IF TG_OP <> 'DELETE' AND NEW.cancelled_at IS NULL THEN
                UPDATE time_slot SET is_booked = TRUE WHERE id = NEW.slot_id AND NOT is_booked;
            END IF;
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER session_books_its_slot AFTER INSERT OR DELETE OR UPDATE OF slot_id, cancelled_at
        ON coaching_session FOR EACH ROW EXECUTE FUNCTION session_books_its_slot()
        """,
        """
        CREATE OR REPLACE FUNCTION slots_are_offered() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM "user" WHERE id IN (SELECT coach_id FROM offered) ORDER BY id FOR NO KEY UPDATE;
            UPDATE "user" SET offers_until = last.starts_at
            FROM (
                SELECT coach_id, max(starts_at) AS starts_at FROM offered
                WHERE withdrawn_at IS NULL AND NOT is_booked GROUP BY coach_id
            ) last
            WHERE id = last.coach_id AND (offers_until IS NULL OR offers_until < last.starts_at);
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER slots_are_offered AFTER INSERT ON time_slot REFERENCING NEW TABLE AS offered
        FOR EACH STATEMENT EXECUTE FUNCTION slots_are_offered()
        """,
        """
        CREATE OR REPLACE FUNCTION slot_is_free_or_not() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.withdrawn_at IS NULL AND NOT NEW.is_booked THEN
                PERFORM 1 FROM "user" WHERE id = NEW.coach_id FOR NO KEY UPDATE;
                UPDATE "user" SET offers_until = NEW.starts_at
                WHERE id = NEW.coach_id AND (offers_until IS NULL OR offers_until < NEW.starts_at);
                RETURN NULL;
            END IF;
            PERFORM 1 FROM "user" WHERE id = NEW.coach_id AND offers_until <= NEW.starts_at
            FOR NO KEY UPDATE SKIP LOCKED;
            IF FOUND THEN
                UPDATE "user" SET offers_until = (
                    SELECT max(starts_at) FROM time_slot
                    WHERE coach_id = NEW.coach_id AND withdrawn_at IS NULL AND NOT is_booked
                ) WHERE id = NEW.coach_id;
            END IF;
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER slot_is_free_or_not AFTER UPDATE OF is_booked, withdrawn_at ON time_slot FOR EACH ROW
        WHEN ((OLD.withdrawn_at IS NULL AND NOT OLD.is_booked) <> (NEW.withdrawn_at IS NULL AND NOT NEW.is_booked))
        EXECUTE FUNCTION slot_is_free_or_not()
        """,
        """
        CREATE OR REPLACE FUNCTION feedback_is_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE coaching_session SET is_recorded = TRUE WHERE id = NEW.session_id;
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER feedback_is_recorded AFTER INSERT ON feedback FOR EACH ROW
        EXECUTE FUNCTION feedback_is_recorded()
        """,
    ],
    "sqlite": [
        """
        CREATE TRIGGER session_books_its_slot AFTER INSERT ON coaching_session WHEN NEW.cancelled_at IS NULL
        BEGIN
            UPDATE time_slot SET is_booked = 1 WHERE id = NEW.slot_id;
        END
        """,
        """
        CREATE TRIGGER session_leaves_its_slot AFTER UPDATE OF slot_id, cancelled_at ON coaching_session
        BEGIN
            UPDATE time_slot SET is_booked = 0 WHERE id = OLD.slot_id AND OLD.cancelled_at IS NULL
                AND (NEW.cancelled_at IS NOT NULL OR NEW.slot_id <> OLD.slot_id);
            UPDATE time_slot SET is_booked = 1 WHERE id = NEW.slot_id AND NEW.cancelled_at IS NULL AND is_booked = 0;
        END
        """,
        """
        CREATE TRIGGER session_goes_from_its_slot AFTER DELETE ON coaching_session WHEN OLD.cancelled_at IS NULL
        BEGIN
            UPDATE time_slot SET is_booked = 0 WHERE id = OLD.slot_id;
        END
        """,
        """
        CREATE TRIGGER slots_are_offered AFTER INSERT ON time_slot WHEN NEW.withdrawn_at IS NULL AND NEW.is_booked = 0
        BEGIN
            UPDATE "user" SET offers_until = NEW.starts_at
            WHERE id = NEW.coach_id AND (offers_until IS NULL OR offers_until < NEW.starts_at);
        END
        """,
        """
        CREATE TRIGGER slot_is_free_or_not AFTER UPDATE OF is_booked, withdrawn_at ON time_slot
        BEGIN
            UPDATE "user" SET offers_until = (
                SELECT max(starts_at) FROM time_slot
                WHERE coach_id = NEW.coach_id AND withdrawn_at IS NULL AND is_booked = 0
            ) WHERE id = NEW.coach_id;
        END
        """,
        """
        CREATE TRIGGER feedback_is_recorded AFTER INSERT ON feedback
        BEGIN
            UPDATE coaching_session SET is_recorded = 1 WHERE id = NEW.session_id;
        END
        """,
    ],
}

NAMES = {
    "postgresql": [
        ("session_books_its_slot", "coaching_session"),
        ("slots_are_offered", "time_slot"),
        ("slot_is_free_or_not", "time_slot"),
        ("feedback_is_recorded", "feedback"),
    ],
    "sqlite": [
        (name, "")
        for name in (
            "session_books_its_slot",
            "session_leaves_its_slot",
            "session_goes_from_its_slot",
            "slots_are_offered",
            "slot_is_free_or_not",
            "feedback_is_recorded",
        )
    ],
}


def where(condition: dict[str, str]) -> dict[str, sa.TextClause]:
    """Make an index partial on both databases."""
    return {f"{dialect}_where": sa.text(said) for dialect, said in condition.items()}


def upgrade() -> None:
    """Go up."""
    dialect = op.get_bind().dialect.name
    op.add_column("time_slot", sa.Column("is_booked", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("user", sa.Column("offers_until", sa.DateTime(timezone=True), nullable=True))
    live = "SELECT slot_id FROM coaching_session WHERE cancelled_at IS NULL"
    op.execute(f"UPDATE time_slot SET is_booked = {'TRUE' if dialect == 'postgresql' else '1'} WHERE id IN ({live})")
    recorded = sa.Column("is_recorded", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("coaching_session", recorded)
    op.execute(f"""
        UPDATE coaching_session SET is_recorded = {"TRUE" if dialect == "postgresql" else "1"}
        WHERE id IN (SELECT session_id FROM feedback)
    """)
    for name, columns, condition in SESSIONS:
        op.create_index(name, "coaching_session", columns, **where(condition))
    op.drop_index("ix_time_slot_starts", "time_slot")
    for name, columns, also in (
        ("ix_time_slot_free", ["coach_id", "starts_at"], ["id", "ends_at"]),
        ("ix_time_slot_soonest", ["starts_at", "id"], ["coach_id", "ends_at"]),
    ):
        op.create_index(name, "time_slot", columns, postgresql_include=also, **where(FREE))
    op.execute(f"""
        UPDATE "user" SET offers_until = (
            SELECT max(starts_at) FROM time_slot WHERE coach_id = "user".id AND {FREE[dialect]}
        ) WHERE role = 'coach'
    """)
    if dialect == "postgresql":
        op.create_index(
            "ix_user_offering",
            "user",
            [sa.text("lower(name)"), "id"],
            postgresql_include=["name", "headline", "offers_until"],
            postgresql_where=sa.text("role = 'coach' AND offers_until IS NOT NULL"),
        )
    else:
        op.create_index(
            "ix_user_offers_until", "user", ["offers_until"], sqlite_where=sa.text("offers_until IS NOT NULL")
        )
    for statement in TRIGGERS[dialect]:
        op.execute(statement)


def downgrade() -> None:
    """Go down."""
    dialect = op.get_bind().dialect.name
    for name, table in NAMES[dialect]:
        op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if dialect == "postgresql" else ""))
    if dialect == "postgresql":
        for name in ("session_books_its_slot", "slots_are_offered", "slot_is_free_or_not", "feedback_is_recorded"):
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_index("ix_user_offering" if dialect == "postgresql" else "ix_user_offers_until", "user")
    op.drop_index("ix_time_slot_soonest", "time_slot")
    op.drop_index("ix_time_slot_free", "time_slot")
    op.create_index(
        "ix_time_slot_starts",
        "time_slot",
        ["starts_at"],
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    for name, *_ in SESSIONS:
        op.drop_index(name, "coaching_session")
    op.execute("ALTER TABLE coaching_session DROP COLUMN is_recorded")
    op.execute('ALTER TABLE "user" DROP COLUMN offers_until')
    op.execute("ALTER TABLE time_slot DROP COLUMN is_booked")
