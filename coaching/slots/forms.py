"""What may be typed about slots. Whether a time is possible, the rules say: that depends on the coach's clocks."""

from wtforms.validators import NumberRange

from coaching.forms import ClockField, CountField, DayField, Form, WhichField, required
from coaching.slots.rules import MOST_WEEKS


class MoveForm(Form):
    """When is it?"""

    date = DayField("Date", validators=[required("Choose a day.")])
    time = ClockField("Starts at", validators=[required("Choose a time.")])
    which = WhichField()


class OfferForm(MoveForm):
    """When is it, and how often?"""

    weeks = CountField(
        "Weeks in a row (1: just once)",
        default=1,
        validators=[NumberRange(1, MOST_WEEKS, f"Choose 1 (just once) to {MOST_WEEKS} weeks.")],
        render_kw={"min": 1, "max": MOST_WEEKS},
    )
