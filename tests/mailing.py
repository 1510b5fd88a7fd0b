"""A mail server on this machine that does as a test tells it, and processes that a test kills."""

import asyncio
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.databases import ROOT

LOOPBACK = "127.0.0.1"
ELSEWHERE = "127.0.0.2"  # on this machine too, but the app does not know it


def free_port(host: str = LOOPBACK) -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as one:
        one.bind((host, 0))
        return int(one.getsockname()[1])


class Taken(NamedTuple):
    """A mail that a server has taken."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail as a program shows it."""
        return message_from_bytes(self.content, policy=default)  # type: ignore[return-value]


class Server:
    """Takes mails, unless it is told to answer otherwise: `server.to["bo@example.org"] = "550 No such user"`."""

    def __init__(self, host: str = LOOPBACK, *, scheme: str = "smtp", password: str = "", **settings: Any) -> None:
        self.mails: list[Taken] = []
        self.said: list[tuple[str, str]] = []  # who wanted to sign in, and by which password
        self.to: dict[str, str] = {}  # what it answers to who is written to, if not that all is well
        self.from_ = self.data = self.quit = self.sign_in = ""  # likewise to the rest
        self.seconds = 0.0  # that it takes for each
        self.on_mail = lambda: None
        port = free_port(host)
        self.url = f"{scheme}://{password and f'calls:{password}@'}{host}:{port}"
        if password:
            settings |= {
                "authenticator": self._authenticate,
                "auth_require_tls": settings.get("auth_require_tls", True),
            }
        self._controller = Controller(self, hostname=host, port=port, ready_timeout=60, **settings)

    def __enter__(self) -> "Server":
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    # What aiosmtpd asks

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _how: str, said: Any) -> AuthResult:
        self.said.append((said.login.decode(), said.password.decode()))
        return AuthResult(success=not self.sign_in, handled=False, message=self.sign_in or None)

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        """Answer who writes."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.from_ or "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:  # noqa: N802
        """Answer to whom."""
        if address in self.to:
            return self.to[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail."""
        await asyncio.sleep(self.seconds)
        if self.data:
            return self.data
        self.on_mail()
        self.mails.append(Taken(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"

    async def handle_QUIT(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        """Say good-bye."""
        return self.quit or "221 Bye"


def speaks_tls(certificate: Any) -> ssl.SSLContext:
    """Return what a server needs to show a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


class Process:
    """A process that is not a child of this one."""

    def __init__(self, pid: int) -> None:
        self._handle = os.pidfd_open(pid)

    def kill(self) -> None:
        """Kill it, wherever it is just now (kill -9)."""
        signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def end(self, seconds: float = 120) -> None:
        """Wait until it has ended."""
        ended, *_ = select.select([self._handle], [], [], seconds)
        os.close(self._handle)
        assert ended, f"it has not ended within {seconds} seconds"


class Nursery:
    """Forks processes that have the app already: `nursery.start("work", 0)`. See `tests/mortal.py`."""

    def __init__(self, database_url: str, **environ: str) -> None:
        settings = {"DATABASE_URL": database_url, "SECRET_KEY": "only for tests, and long enough", "COACHING_DEMO": "1"}
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.mortal"],
            cwd=ROOT,
            env={**settings, **environ, "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, what: str, *about: object) -> Process:
        """Start one."""
        self._parent.stdin.write(" ".join([what, *map(str, about)]) + "\n")
        self._parent.stdin.flush()
        return Process(int(self._parent.stdout.readline()))

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parent.communicate(timeout=60)
