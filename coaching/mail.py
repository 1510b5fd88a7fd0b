"""The one way out for mail: to a server, or into files in `instance/mail/`."""

from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

from flask import Flask, current_app
from flask_mailman import Mail

from coaching import smtp

FOLDER = "mail"


def is_sent() -> bool:
    """Tell whether this site sends mail at all."""
    return bool(current_app.config["MAIL"])


def link(endpoint: str, **values: str) -> str:
    """Return a whole address of this site. It comes from the settings: whoever asks could name any host."""
    path = current_app.url_map.bind("").build(endpoint, values)  # commands have no request to take a host from
    return f"{current_app.config['URL']}{path}"


def address(email: str, name: str = "") -> Address:
    """Return an address as a header holds it. In parts: as a whole, it would take no letters but those of ASCII."""
    return Address(name, *email.rsplit("@", 1))


def deliver(message: EmailMessage) -> None:
    """Send a mail, or write it down. Raises OSError where that cannot be now, `smtp.Refused` where it never can.

    A file is called after its Message-ID: of one that is sent twice, there is one.
    """
    if current_app.config["MAIL"] == "smtp":
        smtp.send(message, current_app.config["MAIL_FROM"])
        return
    folder = Path(current_app.instance_path) / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{message['Message-ID'].strip('<>').partition('@')[0]}.eml").write_bytes(message.as_bytes())


def init_app(app: Flask) -> None:
    """Tell Flask-Mailman of the server."""
    Mail().init_app(app)
