"""What the database itself keeps, by triggers, so that lists need not look for it in the history of all sessions.

`time_slot.is_booked`: whether a live session stands on a slot. It is in the conditions of the indexes of free slots.

`coaching_session.is_recorded`: whether there is feedback on a session. Nobody takes feedback back.

`user.offers_until`: when the last slot of a coach starts that is neither withdrawn nor booked; NULL where none is.
Lists pass over the coaches for whom this has passed. It is never too early: who frees a slot waits for the coach's row
before looking at it. It may be too late, which costs a look at that coach and shows nothing wrong: who takes the last
slot does not wait where somebody else holds the row, so that a booking never waits for a coach who is at work. Time
passes without a trigger: what began over two hours ago is forgotten when somebody publishes (`slots.rules.publish`).
"""

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
