"""The one way out for mail. For now a mail is a file in `instance/mail/`."""

import secrets
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from flask import current_app, render_template, url_for

from coaching import times

FOLDER = "mail"


def is_sent() -> bool:
    """Tell whether this site sends mail at all."""
    return bool(current_app.config["MAIL"])


def link(endpoint: str, **values: str) -> str:
    """Return a whole address of this site. It comes from the settings: whoever asks could name any host."""
    return f"{current_app.config['URL']}{url_for(endpoint, **values)}"  # type: ignore[arg-type]  # they are the path's


def send(to: str, template: str, **context: str) -> None:
    """Send a mail. The first line of the template is its subject."""
    subject, _, text = render_template(f"mails/{template}.txt", **context).partition("\n")
    mail = EmailMessage(policy=SMTP)
    mail["To"], mail["Subject"], mail["Date"] = to, subject, times.now()
    mail.set_content(text.strip() + "\n")
    folder = Path(current_app.instance_path) / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    name = f"{times.now():%Y-%m-%dT%H-%M-%S}-{secrets.token_hex(4)}.eml"
    with (folder / name).open("xb") as file:
        file.write(mail.as_bytes())
