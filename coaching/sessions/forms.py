"""What may be typed about sessions."""

from wtforms import SelectField
from wtforms.validators import NumberRange

from coaching.formatting import RATINGS, rating
from coaching.forms import CountField, Form, NoteField, ParagraphsField, at_most, required
from coaching.text import LARGEST_ID

NOT_THERE = "That time is not there. Choose one of these."


class BookForm(Form):
    """What is it to be about?"""

    topic = ParagraphsField("What would you like to talk about? (optional)", validators=[at_most(500)])


class MoveForm(Form):
    """Which slot instead?"""

    slot_id = CountField(
        "New time", validators=[required("Choose one of the times."), NumberRange(1, LARGEST_ID, NOT_THERE)]
    )


class CancelForm(Form):
    """Why?"""

    reason = ParagraphsField("Reason (optional)", validators=[at_most(500)])


class FeedbackForm(Form):
    """How was it?"""

    rating = SelectField(
        "How satisfied was the student?",
        choices={"": "Choose …", **{str(value): rating(value) for value in RATINGS}},
        validators=[required("Choose a rating from 1 to 5.")],
    )
    note = NoteField("Notes", validators=[at_most(10_000)])
