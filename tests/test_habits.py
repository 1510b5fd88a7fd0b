"""How clocks and weeks are read where a browser's languages come from, by CLDR."""

import pytest

from coaching import habits

TOLD = {
    "en-US": (12, 7),
    "en-GB": (24, 1),
    "en-AU": (12, 1),
    "en-IN": (12, 7),
    "de-DE": (24, 1),
    "fr-CA": (24, 7),  # HH 'h' mm: the h is a word there
    "pt-BR": (24, 7),
    "ar-EG": (12, 6),
    "fa-IR": (24, 6),
    "ne-NP": (24, 7),
    "zh-TW": (12, 7),
    "zh-Hant-TW": (12, 7),
    "EN-us": (12, 7),
    "en-US-u-hc-h12": (12, 7),
    "en-NP": (24, 7),  # no locale of its own: as they read clocks in Nepal
    "ja": (24, 7),  # one country alone
}
SILENT = [
    "en",
    "de",
    "es",
    "ar",
    "*",
    "",
    "x",
    "i-klingon",
    "tlh",
    "zz-ZZ",
    "de-XX",
    "en_US",
    "x" * 5000,
    "\xff",
    "en-",
]


@pytest.mark.parametrize("language", TOLD)
def test_a_country_tells_how_clocks_and_weeks_are_read_there(language):
    assert habits.of([language]) == TOLD[language]


@pytest.mark.parametrize("language", SILENT)
def test_what_names_no_country_tells_nothing(language):
    assert habits.of([language]) == (24, 1)
    assert habits.of([language, "en-US"]) == (12, 7), "and the next is asked"


def test_the_language_that_is_preferred_decides():
    assert habits.of(["de-AT", "en-US"]) == (24, 1)
    assert habits.of(["en-US", "de-AT"]) == (12, 7)
    assert habits.of([]) == (24, 1)
