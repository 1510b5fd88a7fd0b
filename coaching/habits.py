"""How clocks and weeks are read where somebody comes from, as far as the languages of their browser tell."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from babel.core import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers

_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?(?:-.*)?", re.ASCII | re.IGNORECASE)


class Habits(NamedTuple):
    """A clock of 24 hours or of twice 12, and the day on which a week begins: 1 Monday … 7 Sunday."""

    hour_cycle: int = 24
    first_weekday: int = 1


USUAL = Habits()


def of(languages: Iterable[str]) -> Habits:
    """Return the habits of who prefers these languages (`en-US`, `ne`): of the first that tells any, or the usual ones.

    It is the country that tells. A language without one does where it is spoken in one country alone: `ja` is Japan,
    but `en`, which many a browser says that nobody has set up, is not the United States.
    """
    tags = [_TAG.fullmatch(language[:35]) for language in list(languages)[:10]]
    found = (_habits(*(part or "" for part in tag.groups())) for tag in tags if tag)
    return next(filter(None, found), USUAL)


@lru_cache(maxsize=256)
def _habits(language: str, script: str, country: str) -> Habits | None:
    country = country or _only_country(language.lower())
    # Who speaks a language where few do (`en-NP`) still reads clocks as they do there (`und`: whatever is spoken).
    tries = ((language, script, country), (language, country), ("und", country)) if country else ()
    for parts in tries:
        try:
            locale = Locale.parse("_".join(filter(None, parts)))
        except (UnknownLocaleError, ValueError):
            continue
        if locale.territory != country.upper():
            continue
        pattern = re.sub(r"'[^']*'", "", locale.time_formats["short"].pattern)  # in fr_CA: HH 'h' mm
        return Habits(12 if {"h", "K"} & set(pattern) else 24, locale.first_week_day + 1)
    return None


def _only_country(language: str) -> str:
    """Return the country that a language is spoken in, as far as that is one."""
    known = {name.rpartition("_")[2] for name in locale_identifiers() if name.startswith(f"{language}_")}
    countries = {name for name in known if len(name) < 4}  # the others are scripts
    return countries.pop() if len(countries) == 1 else ""
