"""Every setting: its name in the environment, what it means, and its default."""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from coaching.terms import Terms

PREFIX = "COACHING_"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
SHORTEST_KEY = 16  # characters of SECRET_KEY: 64 bits where they are random hexadecimal digits

# A name that a site answers to (with a dot in front: and all below it), and the site's own address.
NAME = re.compile(r"\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.ASCII | re.IGNORECASE)
ADDRESS = re.compile(rf"https?://({NAME.pattern})(:[1-9]\d{{0,4}})?(/[\w./~-]*)?", re.ASCII | re.IGNORECASE)

# A mail server: smtp://user:password@host:port, where what is special in user and password is percent-encoded.
_LABEL, _WORD = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", r"([^\x00- @:/?#%\x7f-\U0010ffff]|%[0-9a-f]{2})+"
MAIL_SERVER = re.compile(
    rf"(?P<scheme>smtps?)://((?P<user>{_WORD}):(?P<password>{_WORD})@)?"
    rf"(?P<host>{_LABEL}(\.{_LABEL})*|\[[0-9a-f:.]+\])(:(?P<port>[1-9]\d{{0,4}}))?/?(?P<plain>\?tls=off)?",
    re.ASCII | re.IGNORECASE,
)

# What is a whole number: its default, and from where to where it goes.
NUMBERS = {
    "COACHING_PROXIES": (0, 0, 9),
    "COACHING_SIGN_IN_DAYS": (30, 1, 365),
    "COACHING_IDLE_DAYS": (14, 1, 365),
    "COACHING_WRONG_PASSWORDS": (5, 1, 1000),
    "COACHING_WRONG_PASSWORDS_FROM_ADDRESS": (50, 1, 100_000),
    "COACHING_REGISTRATIONS": (60, 1, 100_000),
    "COACHING_RESETS": (20, 1, 100_000),
    "COACHING_BOOKINGS": (60, 1, 100_000),
    "COACHING_REMINDER_MINUTES": (24 * 60, 0, 14 * 24 * 60),
    "COACHING_LAST_REMINDER_MINUTES": (60, 0, 24 * 60),
    "COACHING_HEAD_START_MINUTES": (15, 0, 24 * 60),
    "COACHING_MAIL_DAYS": (180, 7, 36_500),
    "COACHING_NOTICE_MINUTES": (0, 0, 14 * 24 * 60),
    "COACHING_SOONEST_MINUTES": (0, 0, 14 * 24 * 60),
    "COACHING_FURTHEST_DAYS": (0, 0, 3660),
    "COACHING_OPEN_BOOKINGS": (0, 0, 1000),
}
KNOWN = {"COACHING_DEMO", "COACHING_HOSTS", "COACHING_URL", "COACHING_MAIL", "COACHING_MAIL_FROM", *NUMBERS}


class SettingError(Exception):
    """A setting is missing or wrong. Its message is one line that names it."""


@dataclass(frozen=True)
class MailServer:
    """What mails are handed to, by SMTP."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    is_tls: bool  # from the start
    starts_tls: bool  # before anything is said; without it, nothing is

    def for_flask(self) -> dict[str, Any]:
        """Return it as Flask-Mailman spells it."""
        return {
            "MAIL_SERVER": self.host,
            "MAIL_PORT": self.port,
            "MAIL_USERNAME": self.user,
            "MAIL_PASSWORD": self.password,
            "MAIL_USE_SSL": self.is_tls,
            "MAIL_USE_TLS": self.starts_tls,
        }


@dataclass(frozen=True)
class Settings:
    """What a deployer may decide."""

    database_url: str  # DATABASE_URL: where the data lives; a SQLite file in instance/ unless told otherwise
    secret_key: str  # SECRET_KEY: signs cookies and forms; a demo makes its own, in instance/
    demo: bool  # COACHING_DEMO: 1 lets anybody act as anybody, for trying the app out; default 0
    hosts: tuple[str, ...]  # COACHING_HOSTS: names this site answers to, with commas between; default loopback
    url: str  # COACHING_URL: the site's own address, for links that leave it; default http://127.0.0.1:$PORT
    mail: str | MailServer  # COACHING_MAIL: a server, or `files`: into instance/mail/; default: none, in a demo `files`
    confirms: bool  # whether a registration is confirmed by mail: only where COACHING_MAIL says how mail is sent
    proxies: int  # COACHING_PROXIES: how many proxies in front are trusted with X-Forwarded-*; default 0
    sign_in_days: int  # COACHING_SIGN_IN_DAYS: for how long one stays signed in at most; default 30
    idle_days: int  # COACHING_IDLE_DAYS: for how long without coming back; default 14
    wrong_passwords: int  # COACHING_WRONG_PASSWORDS: against one person from one address, in 15 minutes; default 5
    wrong_passwords_from: int  # COACHING_WRONG_PASSWORDS_FROM_ADDRESS: against anybody, in 15 minutes; default 50
    registrations: int  # COACHING_REGISTRATIONS: from one address in an hour; default 60
    resets: int  # COACHING_RESETS: mails with a link that one address may ask for in an hour; default 20
    bookings: int  # COACHING_BOOKINGS: of one student in an hour; default 60
    mail_from: str  # COACHING_MAIL_FROM: the address that mails come from; default calls@ the host of COACHING_URL
    reminder_minutes: int  # COACHING_REMINDER_MINUTES: before a session; 0 is never; default 1440, a day
    last_reminder_minutes: int  # COACHING_LAST_REMINDER_MINUTES: likewise; default 60
    head_start_minutes: int  # COACHING_HEAD_START_MINUTES: of who is told of a free time before the next; default 15
    mail_days: int  # COACHING_MAIL_DAYS: for how long is kept what was mailed, and is under the bell; default 180
    notice_minutes: int  # COACHING_NOTICE_MINUTES: before a session, for students to move or cancel; default 0, none
    soonest_minutes: int  # COACHING_SOONEST_MINUTES: before it begins a time must be booked; default 0, until it begins
    furthest_days: int  # COACHING_FURTHEST_DAYS: how far ahead one may book; default 0, as far as there are times
    open_bookings: int  # COACHING_OPEN_BOOKINGS: that a student may hold at once; default 0, any number

    @classmethod
    def read(cls, environ: Mapping[str, str], instance: Path) -> "Settings":
        """Read the settings from the environment. Raises SettingError at the first that is missing or wrong."""
        for name in environ:
            if name.startswith(PREFIX) and name not in KNOWN:
                raise SettingError(f"{name} is not a setting of this app. Those are {', '.join(sorted(KNOWN))}.")
        demo = _flag(environ, "COACHING_DEMO")
        number = {name.removeprefix(PREFIX).lower(): _count(environ, name) for name in NUMBERS}
        if 0 < number["furthest_days"] * 24 * 60 <= number["soonest_minutes"]:
            raise SettingError(
                "COACHING_SOONEST_MINUTES must be less than COACHING_FURTHEST_DAYS, or nothing is booked."
            )
        return cls(
            database_url=_database_url(environ, instance),
            secret_key=_secret_key(environ, instance, demo=demo),
            demo=demo,
            hosts=_hosts(environ),
            url=_url(environ),
            mail=_mail(environ) or ("files" if demo else ""),
            confirms=bool(_mail(environ)),
            mail_from=_mail_from(environ),
            wrong_passwords_from=number.pop("wrong_passwords_from_address"),
            **number,
        )

    @property
    def terms(self) -> Terms:
        """What the programme asks of its students."""
        return Terms(
            notice=timedelta(minutes=self.notice_minutes),
            soonest=timedelta(minutes=self.soonest_minutes),
            furthest=timedelta(days=self.furthest_days) if self.furthest_days else None,
            most_open=self.open_bookings or None,
            an_hour=self.bookings,
        )

    def for_flask(self) -> dict[str, Any]:
        """Return the settings as Flask and its extensions spell them, with what is the same everywhere."""
        cookie = "coaching" if self.demo else "__Host-coaching"
        return {
            "DEMO": self.demo,
            "URL": self.url,
            "MAIL": self.mail if isinstance(self.mail, str) else "smtp",
            **({} if isinstance(self.mail, str) else self.mail.for_flask()),
            "CONFIRMS": self.confirms,
            "SIGN_IN_LASTS": timedelta(days=self.sign_in_days),
            "IDLE_LASTS": timedelta(days=self.idle_days),
            "WRONG_PASSWORDS": self.wrong_passwords,
            "WRONG_PASSWORDS_FROM": self.wrong_passwords_from,
            "REGISTRATIONS": self.registrations,
            "RESETS": self.resets,
            "TERMS": self.terms,
            "MAIL_FROM": self.mail_from,
            "REMINDER_MINUTES": self.reminder_minutes,
            "LAST_REMINDER_MINUTES": self.last_reminder_minutes,
            "HEAD_START_MINUTES": self.head_start_minutes,
            "MAIL_DAYS": self.mail_days,
            "SECRET_KEY": self.secret_key,
            "SESSION_COOKIE_NAME": cookie,
            "SESSION_COOKIE_SECURE": not self.demo,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_REFRESH_EACH_REQUEST": False,
            "PERMANENT_SESSION_LIFETIME": timedelta(days=self.sign_in_days),
            "TRUSTED_HOSTS": list(self.hosts),
            "MAX_CONTENT_LENGTH": 256 * 1024,  # a note of 10,000 emoji, percent-encoded, is 120 kB
            "WTF_CSRF_TIME_LIMIT": None,  # a note may take an hour to write; the token ends with the sign-in
            "BOOTSTRAP_SERVE_LOCAL": True,
        }


def refuse_public_demo(config: Mapping[str, Any]) -> None:
    """Refuse to let anybody be anybody on a site that others can reach. Raises SettingError."""
    address = urlsplit(config["URL"])
    for name, is_local in {
        "COACHING_HOSTS": set(config["TRUSTED_HOSTS"]) <= set(LOOPBACK),
        "COACHING_URL": address.scheme == "http" and address.hostname in {"localhost", "127.0.0.1", "::1"},
    }.items():
        if config["DEMO"] and not is_local:
            raise SettingError(
                f"COACHING_DEMO lets anybody act as anybody, and {name} names a site that others can reach: "
                "unset one of the two."
            )


def _database_url(environ: Mapping[str, str], instance: Path) -> str:
    url = environ.get("DATABASE_URL") or f"sqlite:///{instance / 'coaching.sqlite3'}"
    if url == "sqlite://" or url.startswith("sqlite:///"):
        return url
    if not url.startswith(("postgresql://", "postgres://")):
        raise SettingError("DATABASE_URL must begin with sqlite:/// (and a path) or postgresql://")
    try:
        conninfo_to_dict(url)
    except psycopg.Error:  # which quotes the address, password and all
        raise SettingError("DATABASE_URL cannot be read: it is no PostgreSQL connection URI.") from None
    return url


_HOW = "This makes one: python3 -c 'import secrets; print(secrets.token_hex(32))'"


def _secret_key(environ: Mapping[str, str], instance: Path, *, demo: bool) -> str:
    if key := environ.get("SECRET_KEY"):
        if len(key) < SHORTEST_KEY and not demo:
            raise SettingError(f"SECRET_KEY is too short: take at least {SHORTEST_KEY} random characters. {_HOW}")
        return key
    if not demo:
        raise SettingError(f"SECRET_KEY is missing: set it to a long random text, the same for every process. {_HOW}")
    kept = instance / "secret_key"
    if not kept.exists():
        draft = instance / f"secret_key.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32), encoding="ascii")
        with suppress(FileExistsError):
            os.link(draft, kept)  # whole at once, and the first of several processes wins
        draft.unlink()
    return kept.read_text(encoding="ascii")


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name) or "0"
    if value not in {"0", "1"}:
        raise SettingError(f"{name} must be 1 or 0, not {value!r}.")
    return value == "1"


def _count(environ: Mapping[str, str], name: str) -> int:
    default, least, most = NUMBERS[name]
    value = environ.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and len(value) < 9 and least <= int(value) <= most):
        raise SettingError(f"{name} must be a whole number from {least} to {most}, not {value!r}.")
    return int(value)


def _mail(environ: Mapping[str, str]) -> str | MailServer:
    value = environ.get("COACHING_MAIL", "")
    if value in {"", "files"}:
        return value
    if server := _mail_server(value):
        return server
    raise SettingError(  # without the value, in which a password may stand
        "COACHING_MAIL must be files, smtp://user:password@host:port or smtps://user:password@host:port "
        "(user, password and port may be left out; what is special in them is percent-encoded), or unset."
    )


def _mail_server(value: str) -> MailServer | None:
    """Return the server of an address, or None. To one that is not on this machine, nothing is said in plain."""
    found = MAIL_SERVER.fullmatch(value)
    if found is None:
        return None
    host, is_tls, plain = found["host"].lower(), found["scheme"].lower() == "smtps", found["plain"] is not None
    user, password = (unquote(found[name] or "", errors="replace") for name in ("user", "password"))
    port = int(found["port"] or (465 if is_tls else 25 if plain or host in LOOPBACK else 587))
    can_sign_in = (user + password).isascii() and (user + password).isprintable()  # smtplib knows no other letters
    if (is_tls and plain) or port > 65535 or not can_sign_in:
        return None
    starts_tls = not (is_tls or plain or host in LOOPBACK)
    return MailServer(host.strip("[]"), port, user, password, is_tls=is_tls, starts_tls=starts_tls)


def _mail_from(environ: Mapping[str, str]) -> str:
    host = urlsplit(_url(environ)).hostname or ""
    value = environ.get("COACHING_MAIL_FROM") or f"calls@{'localhost' if ':' in host else host}"
    try:
        return Address(addr_spec=value).addr_spec
    except (ValueError, HeaderParseError):
        raise SettingError(f"COACHING_MAIL_FROM must be an address such as calls@example.org, not {value!r}.") from None


def _url(environ: Mapping[str, str]) -> str:
    port = environ.get("PORT") or "5000"
    if not (port.isascii() and port.isdigit() and len(port) < 6 and 1 <= int(port) <= 65535):
        raise SettingError(f"PORT must be a whole number from 1 to 65535, not {port!r}.")
    value = environ.get("COACHING_URL") or f"http://127.0.0.1:{port}"
    if not ADDRESS.fullmatch(value):
        raise SettingError(f"COACHING_URL must be an address such as https://calls.example.org, not {value!r}.")
    return value.rstrip("/")


def _hosts(environ: Mapping[str, str]) -> tuple[str, ...]:
    value = environ.get("COACHING_HOSTS")
    hosts = tuple(word.strip() for word in value.split(",")) if value else LOOPBACK
    for host in hosts:
        if not NAME.fullmatch(host):
            raise SettingError(f"COACHING_HOSTS must be names with commas between, not {host!r}.")
    return hosts
