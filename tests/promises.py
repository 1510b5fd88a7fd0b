"""What must never be in the database, as queries that find it."""

# What the rules promise, asked the other way round: each must find nothing. Rows of the data alone are looked at, no
# constraint is trusted.
PROMISES = {
    "two live sessions on one slot": """
        SELECT slot_id FROM coaching_session WHERE cancelled_at IS NULL GROUP BY slot_id HAVING count(*) > 1""",
    "two live sessions of one student overlap": """
        SELECT one.id, other.id FROM coaching_session one JOIN coaching_session other
        ON one.student_id = other.student_id AND one.id < other.id
        AND one.starts_at < other.ends_at AND other.starts_at < one.ends_at
        WHERE one.cancelled_at IS NULL AND other.cancelled_at IS NULL""",
    "two slots of one coach overlap": """
        SELECT one.id, other.id FROM time_slot one JOIN time_slot other
        ON one.coach_id = other.coach_id AND one.id < other.id
        AND one.starts_at < other.ends_at AND other.starts_at < one.ends_at
        WHERE one.withdrawn_at IS NULL AND other.withdrawn_at IS NULL""",
    "a live session on a slot that is not on offer": """
        SELECT session.id FROM coaching_session session JOIN time_slot slot ON slot.id = session.slot_id
        WHERE session.cancelled_at IS NULL AND slot.withdrawn_at IS NOT NULL""",
    "a session that disagrees with its slot": """
        SELECT session.id FROM coaching_session session LEFT JOIN time_slot slot ON slot.id = session.slot_id
        AND slot.coach_id = session.coach_id AND slot.starts_at = session.starts_at AND slot.ends_at = session.ends_at
        WHERE slot.id IS NULL""",
    "two feedbacks on one session": "SELECT session_id FROM feedback GROUP BY session_id HAVING count(*) > 1",
    "two people with one address": 'SELECT lower(email) FROM "user" GROUP BY lower(email) HAVING count(*) > 1',
    "a slot that is marked as booked and is not, or the other way": """
        SELECT slot.id FROM time_slot slot WHERE slot.is_booked <> EXISTS (
            SELECT 1 FROM coaching_session session WHERE session.slot_id = slot.id AND session.cancelled_at IS NULL
        )""",
    "a session that is marked as recorded and is not, or the other way": """
        SELECT session.id FROM coaching_session session WHERE session.is_recorded <> EXISTS (
            SELECT 1 FROM feedback WHERE feedback.session_id = session.id
        )""",
    "a slot that nobody has booked, of a coach who is said to offer none so late": """
        SELECT slot.id FROM time_slot slot JOIN "user" coach ON coach.id = slot.coach_id
        WHERE slot.withdrawn_at IS NULL AND NOT slot.is_booked
        AND slot.starts_at > (SELECT max(offered_at) FROM time_slot) -- what has passed is forgotten by who publishes
        AND (coach.offers_until IS NULL OR coach.offers_until < slot.starts_at)""",
}
