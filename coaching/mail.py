"""The one way out for mail. For now a mail is a file in `instance/mail/`."""

from email.message import EmailMessage
from pathlib import Path

from flask import current_app

FOLDER = "mail"


def is_sent() -> bool:
    """Tell whether this site sends mail at all."""
    return bool(current_app.config["MAIL"])


def link(endpoint: str, **values: str) -> str:
    """Return a whole address of this site. It comes from the settings: whoever asks could name any host."""
    path = current_app.url_map.bind("").build(endpoint, values)  # commands have no request to take a host from
    return f"{current_app.config['URL']}{path}"


def deliver(message: EmailMessage) -> None:
    """Write a mail down; raise OSError where that cannot be.

    Its file is called after its Message-ID: of one that is sent twice, there is one.
    """
    folder = Path(current_app.instance_path) / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{message['Message-ID'].strip('<>').partition('@')[0]}.eml").write_bytes(message.as_bytes())
