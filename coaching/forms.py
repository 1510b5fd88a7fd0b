"""What the forms of all features share: how typed text is read, and how a fault is said."""

import re
from calendar import day_name
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    DateField,
    EmailField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
    TimeField,
)
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # younger than its types
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from coaching import logs, text, times
from coaching.extensions import Refusal

# What WTForms says by itself, in words that a person uses.
WORDS = {
    "Not a valid date value.": "Enter a day, such as 2026-11-24.",
    "Not a valid time value.": "Enter a time, such as 09:30.",
    "Not a valid integer value.": "Enter a whole number.",
    "Not a valid choice.": "Choose one of the list.",
    "Invalid choice(s): one or more data inputs could not be coerced.": "Choose of the list.",
    "'%(value)s' is not a valid choice for this field.": "Choose of the list.",
    "Invalid Choice: could not coerce.": "Choose one of the list.",
    "This field is required.": "Fill this in.",
}


class _OurWords:
    def gettext(self, string: str) -> str:
        return WORDS.get(string, string)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return self.gettext(singular if n == 1 else plural)


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form of this site."""

    refusal: Refusal | None = None

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Say faults in our words, and take texts alone: no uploaded file, no JSON."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:  # noqa: ARG002
            """Return what was typed into the form, or nothing when none was sent."""
            if isinstance(formdata, MultiDict):
                return formdata
            return request.form if request.method == "POST" else None

        def get_translations(self, form: Any) -> _OurWords:  # noqa: ARG002
            return _OurWords()

    @property
    def status(self) -> int:
        """The HTTP status that a page with this form has: 409 refused, 422 filled in wrongly, 200 neither."""
        if self.refusal:
            return 409
        return 422 if self.errors else 200

    def show(self, refusal: Refusal) -> None:
        """Take up what a rule refused: beside the field that is at fault, if the form has it, or above the form."""
        logs.refused(refusal)
        if refusal.field in self._fields:
            field = self[refusal.field]
            field.errors = [*field.errors, refusal.message]
        else:
            self.refusal = refusal


def required(message: str) -> InputRequired:
    """Insist on a field, in a sentence of its own."""
    return InputRequired(message)


def at_most(length: int) -> Length:
    """Bound a text."""
    return Length(max=length, message=f"Use at most {length:,} characters.")


def whole_quarters(form: Any, field: Any) -> None:  # noqa: ARG001
    """Insist on quarters of an hour."""
    if field.data and field.data % 15:
        raise ValidationError("Choose a multiple of 15 minutes.")


class LineField(StringField):
    """One line of text: blanks around it and doubled blanks in it go."""

    validation_attrs = ("required",)  # no maxlength: the browser would cut what is pasted, without a word
    data: str  # nobody looks before the form is valid; so below

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Tidy what was typed. What was not sent at all stays as it is known."""
        self.data = text.one_line(valuelist[0]) if valuelist else self.data or ""
        self.raw_data = [self.data] if valuelist and self.data else []

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        """Refuse control characters, and text in which nothing can be seen."""
        if self.data and not text.is_legible(self.data):
            raise ValidationError("Use letters that can be seen.")


class ParagraphsField(TextAreaField):
    """Several lines of text, without what cannot be seen."""

    validation_attrs = ("required",)  # no maxlength: the browser would cut what is pasted, without a word
    data: str

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Tidy what was typed."""
        self.data = text.printable(text.unix_lines(valuelist[0])) if valuelist else ""


class NoteField(TextAreaField):
    """A note, kept as typed but for line ends: CRLF, which browsers make of them, becomes LF (rule 10)."""

    validation_attrs = ("required",)  # no maxlength: the browser would cut what is pasted, without a word
    data: str

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep what was typed."""
        self.data = text.unix_lines(valuelist[0]) if valuelist else ""

    def _value(self) -> str:
        return text.printable(self.data or "")


class _Trimmed(StringField):
    """A text in which blanks at the ends mean nothing, and blanks alone are nothing."""

    data: str

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = valuelist[0].strip() if valuelist else ""
        self.raw_data = [self.data] if self.data else []


class PhoneField(_Trimmed, TelField):
    """A phone number that begins with + and its country. Lenient in what it takes; `e164` is what is kept."""

    @property
    def e164(self) -> str:
        """The number as it is stored, such as `+14155552671` (E.164). Raises ValueError where it is not one."""
        return text.e164(self.data)

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        """Refuse what cannot be a number, and say what is missing."""
        if not self.data:
            return
        try:
            _ = self.e164
        except ValueError as error:
            raise ValidationError(str(error)) from error


class AddressField(_Trimmed, EmailField):
    """An e-mail address. `normal` is what is kept, in small letters."""

    @property
    def normal(self) -> str:
        """The address as it is stored and looked up."""
        return validate_email(self.data, check_deliverability=False, globally_deliverable=False).normalized.lower()

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        """Refuse what cannot be an address. Whether mail arrives there is not asked."""
        if not self.data:
            return
        try:
            normal = self.normal
        except EmailNotValidError as error:
            raise ValidationError("Enter an e-mail address, such as ana@example.org.") from error
        encoded = "=?" in normal  # in the head of a mail that means something else (RFC 2047)
        if encoded or "." not in normal.rpartition("@")[2] or len(normal) > 254:
            raise ValidationError("Enter an e-mail address, such as ana@example.org.")


class DayField(DateField):
    """A calendar day, within the years that clocks can be reckoned for."""

    data: date

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        """Refuse years that nobody can mean."""
        if self.data and not times.is_sensible(self.data):
            raise ValidationError("Choose a day between the years 2000 and 2100.")


class ClockField(TimeField):
    """A time on the wall clock. The rule says which are allowed; the steps only help the browser to offer them."""

    data: time

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, format=["%H:%M", "%H:%M:%S"], render_kw={"step": 900}, **kwargs)


class CountField(IntegerField):
    """A whole number."""

    data: int


class SecretField(PasswordField):
    """A password, as it was typed: never trimmed, never sent back."""

    validation_attrs = ("required",)  # no maxlength: the browser would cut what is pasted, without a word
    data: str


class ClocksField(_Trimmed):
    """Several times of day in one line, such as `13:00, 15:30`."""

    def __init__(self, label: str, most: int, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self._most = most

    @property
    def clocks(self) -> list[time]:
        """The times. Raises ValueError where something else stands between them."""
        return [times.clock(word.strip()) for word in re.split(r"[,;]|(?<=[\dmM])\s+(?=\d)", self.data) if word.strip()]

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        """Refuse what are no times, and too many."""
        try:
            clocks = self.clocks
        except ValueError as error:
            raise ValidationError("Enter times with commas between, such as 13:00, 3:30 pm.") from error
        if any(clock.minute % 15 for clock in clocks):
            raise ValidationError("A slot begins on a quarter of an hour: choose :00, :15, :30 or :45.")
        if len(clocks) > self._most:
            raise ValidationError(f"Enter at most {self._most} times.")


class IdsField(SelectMultipleField):
    """The ids of what was ticked. Which can be ticked, the page says; ids that are not there are nobody's fault."""

    data: list[int]

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, choices=[], coerce=int, validate_choice=False, **kwargs)


class WeekdaysField(SelectMultipleField):
    """Days of the week, as ISO 8601 counts them: 1 Monday … 7 Sunday. Each is a box to tick."""

    widget, option_widget = ListWidget(), CheckboxInput()
    data: list[int]

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(
            label, choices={str(number): name for number, name in enumerate(day_name, 1)}, coerce=int, **kwargs
        )


class WhichField(RadioField):
    """Which of the two is meant, asked only where the clocks go back and a time comes twice."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            "This time comes twice on that day, because the clocks go back. Which is meant?",
            choices={"first": "The first, before the clocks go back", "second": "The second, after they went back"},
            validators=[Optional()],
            **kwargs,
        )


class ZoneField(SelectField):
    """An IANA time zone, out of all there are, each with what its clocks show against UTC now."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        now = times.now()
        choices = _zone_choices(now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0))
        super().__init__(label, choices=choices, validators=[required("Choose your time zone.")], **kwargs)

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        """Refuse a zone that does not exist."""
        if self.data and self.data not in times.zones():
            raise ValidationError("Choose a time zone of the list.")


@lru_cache(maxsize=2)
def _zone_choices(at: datetime) -> list[SelectChoice]:
    """Every zone under its part of the world, so that typing a city's first letters finds it; what is no place, last.

    `data-in` is what else it is looked for by, see app.js: its country, and what its clocks are called during a year.
    Old names have none, so that who looks for a country is offered its zones once.
    """
    countries, seasons = times.countries(), [at + timedelta(days=days) for days in (0, 91, 182, 273)]
    places = {zone.partition("/")[0] for zone in countries}
    found = [SelectChoice("", "Choose …")]
    for zone in times.zones():
        region, _, city = zone.partition("/")
        names = dict.fromkeys(times.local(season, zone).tzname() or "" for season in seasons)
        also = " ".join([countries[zone], *filter(str.isalpha, names)]) if zone in countries else ""
        label = f"{_zone_label(zone, city if region in places else zone)} ({times.distance(at, zone)})"
        group = region if region in places else "Others"
        found.append(SelectChoice(zone, label, {"data-in": also} if also else {}, group))
    return sorted(found, key=lambda choice: ((choice.optgroup or "") == "Others", choice.optgroup or ""))


def _zone_label(zone: str, name: str) -> str:
    """Say a zone's name as people write it. `Etc/GMT+5` is five hours behind: its sign is not what anybody expects."""
    if re.fullmatch(r"Etc/GMT[+-][1-9]\d?", zone):
        return "All year"
    return name.replace("_", " ").replace("/", " – ")
