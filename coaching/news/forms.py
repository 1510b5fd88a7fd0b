"""What may be typed about mails."""

from wtforms import BooleanField, HiddenField

from coaching.forms import Form
from coaching.models import Topic
from coaching.text import as_id


class ReadForm(Form):
    """Up to which?"""

    up_to = HiddenField()

    @property
    def last_id(self) -> int:
        """The id of the row that was on top; 0 where nothing sensible was sent."""
        return as_id(self.up_to.data or "") or 0


class MailsForm(Form):
    """Which mails?"""

    reminders = BooleanField("Remind me of my calls before they begin")

    @property
    def topics(self) -> set[Topic]:
        """What is wanted."""
        return {topic for topic in Topic if topic in self and self[topic].data}


class CoachMailsForm(MailsForm):
    """Which mails does a coach want?"""

    feedback = BooleanField("Tell me, a day after and then weekly, which calls wait for my feedback")
