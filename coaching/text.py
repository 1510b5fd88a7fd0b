"""Typed text made ready to be kept: names, paragraphs, phone numbers."""

import re
import unicodedata
from functools import cache

import phonenumbers

# What people put around and between the digits of a number, and what their address books copy along unseen.
_NUMBER = re.compile(r"\+[\d\s().\-/\u2010-\u2015]+")
# Letters and signs to which there is nothing to see.
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
# Control characters but tab and line feed, and the code points that Unicode promises never to use.
_NOT_TEXT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef"
    + "".join(chr(p * 0x10000 + 0xFFFE) + chr(p * 0x10000 + 0xFFFF) for p in range(17))
    + "]"
)


LARGEST_ID = 2**31 - 1  # that a database can compare with


def as_id(typed: str) -> int | None:
    """Return the id that was typed, or None for anything else."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 10):
        return None
    return int(typed) if int(typed) <= LARGEST_ID else None


def one_line(typed: str) -> str:
    """Return text without blanks around it or doubled blanks in it."""
    return " ".join(typed.split())


def unix_lines(typed: str) -> str:
    """Return text as typed, but for the line ends that browsers make of LF."""
    return typed.replace("\r\n", "\n")


def printable(kept: str) -> str:
    """Return a text without what can be neither seen nor put into HTML."""
    return _NOT_TEXT.sub("", kept.replace("\r", "\n"))


def is_legible(line: str) -> bool:
    """Tell whether a line has something to see and nothing that rewrites what stands around it.

    Joiners (U+200C, U+200D) belong to many scripts and to emoji; control characters and the marks that turn the
    direction of writing (U+202A-U+202E, U+2066-U+2069) belong to nobody's name. Halves of a character (Cs) come from
    a command line alone: nothing can store them.
    """
    if any(
        unicodedata.category(sign) in {"Cc", "Cs"} or sign in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        for sign in line
    ):
        return False
    return any(unicodedata.category(sign)[0] in "LNPS" and sign not in _FILLERS for sign in line)


def e164(typed: str) -> str:
    """Return a phone number as ITU-T E.164 writes it. Raises ValueError with a sentence for the person who typed it."""
    bare = "".join(sign for sign in typed if unicodedata.category(sign) != "Cf").strip().replace("\uff0b", "+")
    if not bare.startswith("+"):
        raise ValueError("Begin with + and the country, such as +44 20 7946 0958.")
    if not _NUMBER.fullmatch(bare):
        raise ValueError("Use digits, blanks, dashes and brackets only, such as +44 20 7946 0958.")
    try:
        number = phonenumbers.parse("+" + "".join(str(unicodedata.decimal(sign)) for sign in bare if sign.isdecimal()))
    except phonenumbers.NumberParseException as error:
        raise ValueError("No country has numbers that begin so. Check the digits after the +.") from error
    kept = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # Lenient: of the right length, for numbering plans change faster than metadata. E.164 ends at 15 digits.
    if (
        phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE
        or len(kept) > 16
    ):
        raise ValueError("That is too short or too long for a number of that country.")
    return kept


def is_common_password(password: str) -> bool:
    """Tell whether a password is one of those that are tried first, in whatever case."""
    return password.lower() in _common_passwords()


@cache
def _common_passwords() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415  # 40 ms that only who chooses a password waits for

    return frozenset(FREQUENCY_LISTS["passwords"])


# Who says what in a User-Agent, the more particular first: nearly all call themselves Safari, many Chrome.
_BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox"} | {
    "FxiOS": "Firefox", "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari"
}  # fmt: skip
_SYSTEMS = {"iPhone": "an iPhone", "iPad": "an iPad", "Android": "Android", "CrOS": "ChromeOS"} | {
    "Windows": "Windows", "Mac OS": "a Mac", "Linux": "Linux"
}  # fmt: skip


def device(user_agent: str) -> str:
    """Say roughly what a browser is, so that its owner knows it again: `Firefox on Linux`. No more of it is kept."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in user_agent), "A browser")
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
