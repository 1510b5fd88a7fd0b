"""What may be typed about people."""

from typing import Any

from wtforms import BooleanField, SelectField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # younger than its types
from wtforms.validators import Length, ValidationError

from coaching import text
from coaching.forms import AddressField, Form, LineField, PhoneField, SecretField, ZoneField, at_most, required
from coaching.habits import Habits

AUTOCOMPLETE = "autocomplete"

CLOCKS = [SelectChoice("24", "24 hours, 0 to 23"), SelectChoice("12", "12 hours, am and pm")]
WEEKS = [  # the days on which weeks begin somewhere come first
    SelectChoice(str(number), day)
    for number, day in {
        1: "Monday", 6: "Saturday", 7: "Sunday", 2: "Tuesday", 3: "Wednesday", 4: "Thursday", 5: "Friday"
    }.items()
]  # fmt: skip

_long_enough = Length(10, 128, message="Use 10 to 128 characters. A few unrelated words make a good password.")


def _uncommon(_form: Form, field: SecretField) -> None:
    """Refuse what others try first."""
    if text.is_common_password(field.data):
        raise ValidationError("Many people use this password, so it is tried first. Choose another one.")


class SignInForm(Form):
    """Who is it?"""

    email = AddressField(
        "E-mail", validators=[required("Enter your e-mail address.")], render_kw={AUTOCOMPLETE: "username"}
    )
    password = SecretField(
        "Password", validators=[required("Enter your password.")], render_kw={AUTOCOMPLETE: "current-password"}
    )
    remember = BooleanField("Keep me signed in on this device")


class WhoForm(Form):
    """Who somebody is, where, and how they are reached."""

    name = LineField("Name", validators=[required("Enter your name."), at_most(80)], render_kw={AUTOCOMPLETE: "name"})
    phone = PhoneField("Phone", validators=[required("Enter your phone number.")], render_kw={AUTOCOMPLETE: "tel"})
    time_zone = ZoneField("Time zone")

    def said(self) -> dict[str, Any]:
        """Return what was typed, the way it is kept."""
        return {"name": self.name.data, "phone": self.phone.e164, "time_zone": self.time_zone.data}


class ProfileForm(WhoForm):
    """What a person says of themselves. What of the clock and the week is not sent stays as it is known."""

    hour_cycle = SelectField("Clock", coerce=int, choices=CLOCKS)
    first_weekday = SelectField("A week begins on", coerce=int, choices=WEEKS)

    def said(self) -> dict[str, Any]:
        """Return what was typed, the way it is kept."""
        return {**super().said(), "habits": Habits(self.hour_cycle.data, self.first_weekday.data)}


class CoachProfileForm(ProfileForm):
    """What a coach says of themselves."""

    headline = LineField("Headline", validators=[at_most(160)])

    def said(self) -> dict[str, Any]:
        """Return what was typed, the way it is kept."""
        return {**super().said(), "headline": self.headline.data}


class NewPasswordForm(Form):
    """Which password from now on?"""

    password = SecretField(
        "New password",
        validators=[required("Choose a password."), _long_enough, _uncommon],
        render_kw={AUTOCOMPLETE: "new-password"},
    )


class ChangePasswordForm(NewPasswordForm):
    """Which password was it, and which from now on?"""

    current = SecretField(
        "Present password",
        validators=[required("Enter the password that you have now.")],
        render_kw={AUTOCOMPLETE: "current-password"},
    )


class PasswordForm(Form):
    """Is it you?"""

    password = SecretField(
        "Password", validators=[required("Enter your password.")], render_kw={AUTOCOMPLETE: "current-password"}
    )


class ForgottenForm(Form):
    """Where to?"""

    email = AddressField(
        "E-mail", validators=[required("Enter your e-mail address.")], render_kw={AUTOCOMPLETE: "username"}
    )


class EmailForm(PasswordForm):
    """Which address from now on?"""

    email = AddressField(
        "New e-mail address", validators=[required("Enter an e-mail address.")], render_kw={AUTOCOMPLETE: "email"}
    )


class PersonForm(WhoForm):
    """Who is new here?"""

    email = AddressField(
        "E-mail", validators=[required("Enter your e-mail address.")], render_kw={AUTOCOMPLETE: "email"}
    )
    password = SecretField(
        "Password",
        validators=[required("Choose a password."), _long_enough, _uncommon],
        render_kw={AUTOCOMPLETE: "new-password"},
    )

    def said(self) -> dict[str, Any]:
        """Return what was typed, the way it is kept; but not the password, which is hashed first."""
        return {**super().said(), "email": self.email.normal}
