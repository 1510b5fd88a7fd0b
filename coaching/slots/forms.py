"""What may be typed about slots. Whether a time is possible, the rules say: that depends on the coach's clocks."""

from wtforms.fields import BooleanField
from wtforms.validators import NumberRange

from coaching.forms import ClockField, ClocksField, CountField, DayField, Form, WeekdaysField, WhichField, required
from coaching.slots.rules import MOST_TIMES, MOST_WEEKS, Wall, walls


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
    weekdays = WeekdaysField("On several weekdays, from that date on")
    more_times = ClocksField("And at these times as well", MOST_TIMES - 1)
    good_only = BooleanField()  # what the preview asks for

    def wanted(self) -> list[Wall]:
        """Return the wall-clock times that are meant."""
        clocks = [self.time.data, *self.more_times.clocks]
        return walls(self.date.data, clocks, weekdays=self.weekdays.data, weeks=self.weeks.data)


class CopyForm(Form):
    """Which of two equal times, if that happens, and what can be alone? The week stands in the address."""

    which = WhichField()
    good_only = BooleanField()
