"""That the times of a slot never change is checked after an update: before it, every update locked the slot's keys."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Go up."""
    _checked("AFTER")


def downgrade() -> None:
    """Go down."""
    _checked("BEFORE")


def _checked(when: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER slot_times_never_change ON time_slot")
        op.execute(f"""
            CREATE TRIGGER slot_times_never_change {when} UPDATE OF coach_id, starts_at, ends_at ON time_slot
            FOR EACH ROW WHEN (
                (OLD.coach_id, OLD.starts_at, OLD.ends_at) IS DISTINCT FROM (NEW.coach_id, NEW.starts_at, NEW.ends_at)
            )
            EXECUTE FUNCTION slot_times_never_change()
        """)
