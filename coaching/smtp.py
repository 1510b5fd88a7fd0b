"""Handing a mail to a server (SMTP, by Flask-Mailman), and what the server's answers mean."""

import smtplib
import ssl
from contextlib import suppress
from copy import copy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import flask_mailman
from email_validator import validate_email
from flask import current_app
from flask_mailman.backends.smtp import EmailBackend

from coaching.text import one_line, printable

TIMEOUT = 30  # seconds for each step: to connect, to be answered. A claim (see `outbox`) lasts longer than all of them


class Refused(Exception):
    """The server will never take this mail. Its message says so, `reply` what the server said."""

    def __init__(self, message: str, reply: str) -> None:
        super().__init__(message)
        self.reply = reply


class NotNow(OSError):
    """The server does not take this mail just now."""


class NoServer(OSError):
    """Nobody takes any mail just now: nobody answers, or not to us, or not who it should be."""


def send(message: EmailMessage, sender: str) -> None:
    """Hand a mail to the server of the settings. Raises Refused, NoServer or another OSError."""
    mailman = current_app.extensions["mailman"]
    with mailman.get_connection(Backend, timeout=TIMEOUT) as connection:
        Ready(message, sender, connection).send()


class Ready(flask_mailman.EmailMessage):  # type: ignore[misc]  # Flask-Mailman has no types
    """A mail that is put together already, as Flask-Mailman takes it: it goes to whom its header names."""

    def __init__(self, message: EmailMessage, sender: str, connection: EmailBackend) -> None:
        self._message = copy(message)
        # Letters of other scripts, which not every server takes as they are, are encoded.
        self._message.policy = message.policy.clone(cte_type="7bit")
        self._message.replace_header("To", tuple(map(_with_ascii_domain, message["To"].addresses)))
        to = [address.addr_spec for address in self._message["To"].addresses]
        super().__init__(from_email=sender, to=to, connection=connection)

    def message(self) -> EmailMessage:
        """Return the mail."""
        return self._message


def _with_ascii_domain(address: Address) -> Address:
    if address.domain.isascii():
        return address
    known = validate_email(address.addr_spec, check_deliverability=False, globally_deliverable=False)
    return Address(address.display_name, address.username, known.ascii_domain)


class Backend(EmailBackend):  # type: ignore[misc]
    """Flask-Mailman's, which checks who the server is before anything is said, and says what answers mean."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """Return what speaks SMTP. Python 3.11's STARTTLS takes any certificate, unless it is told otherwise."""
        return smtplib.SMTP_SSL if self.use_ssl else _Checked

    def open(self) -> bool | None:
        """Connect, and sign in where that is asked for."""
        try:
            opened: bool | None = super().open()
            self.connection.ehlo_or_helo_if_needed()
        except (OSError, UnicodeError) as error:  # the latter of a name that no host can have
            raise NoServer(f"{type(error).__name__}: {_on_one_line(error)}") from error
        return opened

    def close(self) -> None:
        """Say good-bye. What comes of that changes nothing about a mail that has been taken."""
        with suppress(OSError):
            super().close()

    def _send(self, mail: Ready) -> bool:
        self._see_that_it_takes(mail.recipients())
        try:
            self.connection.send_message(mail.message(), mail.from_email, mail.recipients())
        except smtplib.SMTPSenderRefused as error:  # our fault, and every mail's
            raise NotNow(_said(error.smtp_code, error.smtp_error)) from None
        except smtplib.SMTPRecipientsRefused as error:
            [(code, reply)] = error.recipients.values()
            raise _meaning("The mail server refuses this address.", code, reply) from None
        except smtplib.SMTPDataError as error:
            raise _meaning("The mail server refuses this mail.", error.smtp_code, error.smtp_error) from None
        return True

    def _see_that_it_takes(self, recipients: list[str]) -> None:
        if not all(map(str.isascii, recipients)) and not self.connection.has_extn("smtputf8"):
            raise Refused("The mail server takes no address with letters such as these.", "It has no SMTPUTF8.")


class _Checked(smtplib.SMTP):
    def starttls(self, *args: Any, **more: Any) -> tuple[int, bytes]:
        return super().starttls(*args, **{**more, "context": ssl.create_default_context()})


def _meaning(refusal: str, code: int, reply: bytes | str) -> Exception:
    """Return what a no means: 5 at its beginning is for ever (RFC 5321, 4.2.1)."""
    said = _said(code, reply)
    return Refused(refusal, said) if 500 <= code <= 599 else NotNow(said)


def _said(code: int, reply: bytes | str) -> str:
    return _on_one_line(f"{code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}")


def _on_one_line(said: object) -> str:
    """Return what others said so that it can be kept (no NUL) and printed (nothing that rewrites a terminal)."""
    return one_line(printable(str(said)))[:500]
