"""What may be typed about sessions."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import NumberRange, ValidationError

from coaching.formatting import RATINGS, rating
from coaching.forms import (
    CountField,
    Form,
    IdsField,
    NoteField,
    ParagraphsField,
    WhichField,
    at_most,
    required,
    whole_quarters,
)
from coaching.text import LARGEST_ID

FATES = {"keep": "Keep it: I will be there", "cancel": "Cancel it"}
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


class ManyForm(Form):
    """What is to become of many slots at once?"""

    slots = IdsField("Free times")
    what = RadioField(
        "What shall become of the free times that are ticked?",
        choices={"withdraw": "Withdraw them", "move": "Move them"},
        default="withdraw",
    )
    days = CountField("Days later", default=0, validators=[NumberRange(-366, 366, "Choose −366 to 366 days.")])
    minutes = CountField(
        "Minutes later",
        default=0,
        validators=[NumberRange(-1425, 1425, "Choose less than a day."), whole_quarters],
        render_kw={"step": 15},
    )
    which = WhichField()

    def validate_days(self, field: CountField) -> None:
        """Insist on somewhere to move to."""
        if self.what.data == "move" and self.slots.data and not (field.data or self.minutes.data):
            raise ValidationError("Say how far: days, minutes, or both.")

    @property
    def by(self) -> timedelta | None:
        """How much later the free times shall be; None where they are withdrawn."""
        return timedelta(days=self.days.data, minutes=self.minutes.data) if self.what.data == "move" else None

    @classmethod
    def for_sessions(cls, ids: Iterable[int]) -> "ManyForm":
        """Return the form with two more fields for each of these sessions: its fate, and a word to its student."""
        fields: dict[str, Any] = {}
        for id_ in ids:
            fields[f"fate_{id_}"] = RadioField("This session", choices=FATES, default="keep")
            fields[f"word_{id_}"] = ParagraphsField("A word to the student (optional)", validators=[at_most(500)])
        form: ManyForm = type("ManyFormForSessions", (cls,), fields)()
        return form

    def word_to(self, session_id: int) -> str | None:
        """Return what its student shall be told when a session is cancelled, or None where it stays."""
        return self[f"word_{session_id}"].data if self[f"fate_{session_id}"].data == "cancel" else None


class FeedbackForm(Form):
    """How was it?"""

    rating = SelectField(
        "How satisfied was the student?",
        choices={"": "Choose …", **{str(value): rating(value) for value in RATINGS}},
        default="",
    )
    missed = BooleanField("The student did not answer")
    note = NoteField("Notes", validators=[at_most(10_000)])

    def validate_rating(self, field: SelectField) -> None:
        """Insist on a rating, unless there was nobody to rate it."""
        if not (field.data or self.missed.data):
            raise ValidationError("Choose a rating from 1 to 5.")
        if field.data and self.missed.data:
            raise ValidationError("Either a rating, or that the student did not answer.")

    @property
    def rated(self) -> int | None:
        """The rating that was chosen; None where the student did not answer."""
        return None if self.missed.data else int(self.rating.data)
