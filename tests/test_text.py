"""Typed text on its way in (phone numbers, names, paragraphs) and on its way out (notes, times, numbers)."""

import re
from datetime import date, timedelta
from time import perf_counter
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from hypothesis import example, given
from hypothesis import strategies as st

from coaching import formatting, text
from coaching.times import Clocks
from tests.make import NOW, at

# Phone numbers


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+44 20 7946 0958", "+442079460958"),
        ("+442079460958", "+442079460958"),
        (" +44 (0)20 7946-0958 ", "+442079460958"),
        ("+44 (20) 7946 0958", "+442079460958"),
        ("+44.20.7946.0958", "+442079460958"),
        ("+44/20/7946/0958", "+442079460958"),
        ("+44\u00a020\u202f7946\u20090958", "+442079460958"),  # no-break and thin blanks
        ("+44‑20–7946—0958", "+442079460958"),  # dashes of all lengths
        ("\u202a+44 20 7946 0958\u202c", "+442079460958"),  # as an address book copies it
        ("\u200e+442079460958", "+442079460958"),
        ("＋442079460958", "+442079460958"),
        ("+٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨", "+442079460958"),
        ("+१ ४१५ ५५५ २६७१", "+14155552671"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("+1 415 555 2671", "+14155552671"),
        ("+977 985-1012345", "+9779851012345"),
        ("+39 06 1234 5678", "+390612345678"),  # Italy keeps its nought
        ("+65 6123 4567", "+6561234567"),
        ("+683 4002", "+6834002"),  # Niue has four digits
        ("+49 1521 1234567", "+4915211234567"),
        ("+64 21 123 4567", "+64211234567"),
        ("+7 701 123 45 67", "+77011234567"),
        ("+852 5123 4567", "+85251234567"),
    ],
)
def test_a_number_may_be_typed_in_many_ways_and_is_kept_in_one(typed, kept):
    assert text.e164(typed) == kept


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("020 7946 0958", "Begin with +"),
        ("442079460958", "Begin with +"),
        ("0044 20 7946 0958", "Begin with +"),
        ("abc", "Begin with +"),
        ("", "Begin with +"),
        ("tel:+442079460958", "Begin with +"),
        ("+44 20 7946 0958 ext 5", "digits, blanks, dashes and brackets only"),
        ("+1 800 FLOWERS", "digits, blanks, dashes and brackets only"),
        ("+44 20 7946 0958;123", "digits, blanks, dashes and brackets only"),
        ("+44 20 7946 0958, +44 20 7946 0959", "digits, blanks, dashes and brackets only"),
        ("++442079460958", "digits, blanks, dashes and brackets only"),
        ("+<b>44</b>", "digits, blanks, dashes and brackets only"),
        ("+", "digits, blanks, dashes and brackets only"),
        ("+ ", "Begin with +|digits, blanks"),
        ("+999 123 456 789", "No country"),
        ("+0 20 7946 0958", "No country"),
        ("+()", "No country"),
        ("+44 20", "too short or too long"),
        ("+44 20 7946 0958 1234 5678", "too short or too long|No country"),
        ("+1 415 555 267", "too short or too long"),
        ("+1 415 555 26711", "too short or too long"),
    ],
)
def test_what_is_no_number_is_refused_in_words(typed, why):
    with pytest.raises(ValueError, match=why):
        text.e164(typed)


@pytest.mark.parametrize("digits", [13, 14, 15])
def test_no_number_is_taken_that_is_longer_than_e164_allows(digits):
    typed = "+49" + "123456789012345"[:digits]  # in Germany this is possible, though nobody has one
    try:
        kept = text.e164(typed)
    except ValueError:
        return
    assert len(kept) <= 16, "the database takes 15 digits at most"


@given(st.text(alphabet=st.sampled_from("+0123456789 ()-./٣९\u200e\u202a\u2013abc;,\n\t")) | st.text())
@example("+49123456789012345")
@example("+" + "1" * 300)
def test_a_number_is_kept_in_e164_or_refused(typed):
    try:
        kept = text.e164(typed)
    except ValueError:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{4,14}", kept)
    assert text.e164(kept) == kept
    assert text.e164(formatting.number(kept)) == kept


@pytest.mark.parametrize(
    ("kept", "said"),
    [("+14155552671", "+1 415-555-2671"), ("+442079460958", "+44 20 7946 0958"), ("+6834002", "+683 4002")],
)
def test_a_number_is_said_the_way_it_is_read_aloud(kept, said):
    assert formatting.number(kept) == said


# Names and other lines


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ana Silva", "Ana Silva"),
        ("  Ana   Silva ", "Ana Silva"),
        ("Ana\tSilva\n", "Ana Silva"),
        ("Ana\r\nBcc: everybody@example.org", "Ana Bcc: everybody@example.org"),
        ("Ana Silva　", "Ana Silva"),
        ("\u2028Ana\u2029Silva\x85", "Ana Silva"),
        ("   ", ""),
    ],
)
def test_a_line_is_one_line(typed, kept):
    assert text.one_line(typed) == kept


@pytest.mark.parametrize(
    "name",
    [
        "Ana",
        "O’Connor",
        "देवी श्रेष्ठ",
        "فاطمة الزهراء",
        "Nguyễn",
        "X Æ A-12",
        "王",
        "👩\u200d🚀",
        "नि\u200dर",
        "می\u200cخواهم",
        "7",
        "-",
    ],
)
def test_names_of_all_scripts_are_legible(name):
    assert text.is_legible(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "\u200b",
        "\u200d\u200c",
        "Ana\x00",
        "Ana\x07",
        "Ana\x7f",
        "Ana\x9b",
        "\u202egnp.exe",
        "Ana \u2066x\u2069",
        "\u202aAna\u202c",
        "\u0301",
        "\u3164",
        "\u2800 \u115f\u1160\uffa0",
        "Ana\udcff",
    ],
)
def test_what_cannot_be_seen_or_turns_the_writing_round_is_not(name):
    assert not text.is_legible(name)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\r\nb", "a\nb"),
        ("a\rb", "a\rb"),
        ("a\n\r\n\rb", "a\n\n\rb"),
        ("a\x0bb\x1bc\ufffe", "a\x0bb\x1bc\ufffe"),
        ("  a  \n\n  b  \n", "  a  \n\n  b  \n"),
        ("**a**\t<b>", "**a**\t<b>"),
    ],
)
def test_paragraphs_are_kept_as_typed_but_for_their_line_ends(typed, kept):
    assert text.unix_lines(typed) == kept


@pytest.mark.parametrize(
    ("kept", "shown"),
    [("a\rb", "a\nb"), ("a\x00\x08\x0b\x1f\x7f\x85\ufdd0\ufffe\U0010ffffb", "ab"), ("a\t\nb", "a\t\nb")],
)
def test_what_can_be_neither_seen_nor_put_into_a_page_is_not_shown(kept, shown):
    assert text.printable(kept) == shown
    assert formatting.markdown(kept) == formatting.markdown(shown)


# Notes


def seen(note: str) -> BeautifulSoup:
    return BeautifulSoup(f"<body>{formatting.markdown(note)}</body>", "html5lib")


def harm_in(note: str) -> list[str]:
    """Return whatever a browser would find in a note that is more than text, its shape, and links."""
    harm = []
    for tag in seen(note).body.find_all(True):
        if tag.name not in SHAPES:
            harm.append(f"<{tag.name}>")
        for name, value in tag.attrs.items():
            if tag.name != "a" or name not in {"href", "rel", "title"}:
                harm.append(f"<{tag.name} {name}={value!r}>")
        target = re.sub(r"[\x00-\x20]", "", str(tag.get("href", "")))  # browsers do not see those
        scheme = re.match(r"([a-z][a-z0-9+.-]*):", target, re.IGNORECASE)
        if scheme and scheme[1].lower() not in {"http", "https", "mailto", "tel"}:
            harm.append(f"a link to {target!r}")
    return harm


SHAPES = {"p", "br", "em", "strong", "s", "del", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "hr", "a"} | {
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example></SCRIPT>",
    "<scr<script>ipt>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<math><mtext></table><mglyph><style><img src=x onerror=alert(1)>",
    "<style>*{display:none}</style>",
    "<p style='position:fixed;inset:0'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<form action=//evil.example><input name=password>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "![x](https://evil.example/pixel.png)",
    "![x](javascript:alert(1))",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](\tjavascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](file:///etc/passwd)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    '[x](https://a.example "\\" onmouseover=alert(1) x=\\"")',
    '[x](https://a.example"onmouseover=alert(1))',
    "```<script>alert(1)</script>\nx\n```",
    "`<script>alert(1)</script>`",
    "|<script>|\n|-|\n|<img onerror=x>|",
    "[<img src=x onerror=alert(1)>](https://a.example)",
    "# <script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.mark.parametrize("note", ATTACKS)
def test_nothing_malicious_is_left_in_a_note(note):
    assert harm_in(note) == []


@given(
    st.text()
    | st.lists(st.sampled_from([*ATTACKS, "\n", "> ", "- ", "`", "*", "[", "](", ")", '"', "<", ">", "&"])).map("".join)
)
def test_nothing_malicious_is_left_in_any_mixture(note):
    assert harm_in(note) == []


@pytest.mark.parametrize(
    ("note", "selector", "said"),
    [
        ("**bold**", "strong", "bold"),
        ("_leaning_", "em", "leaning"),
        ("~~gone~~", "s", "gone"),
        ("- one\n- two", "ul > li:nth-of-type(2)", "two"),
        ("1. one\n2. two", "ol > li:nth-of-type(2)", "two"),
        ("> quoted", "blockquote", "quoted"),
        ("`code`", "code", "code"),
        ("# Heading", "h3", "Heading"),  # below those of the page
        ("###### Heading", "h3", "Heading"),
        ("[here](https://a.example)", "a[href='https://a.example']", "here"),
        ("[call](tel:+442079460958)", "a[href^='tel:']", "call"),
        ("[write](mailto:a@example.org)", "a[href^='mailto:']", "write"),
        ("one\n\ntwo", "p:nth-of-type(2)", "two"),
        ("<b>as typed</b>", "p", "<b>as typed</b>"),
        ("1 < 2 & 3 > 2", "p", "1 < 2 & 3 > 2"),
    ],
)
def test_markdown_shapes_a_note(note, selector, said):
    assert [tag.get_text(strip=True) for tag in seen(note).select(selector)] == [said]


def test_a_line_break_stays_a_line_break():
    assert len(seen("one\ntwo").select("p br")) == 1


@pytest.mark.parametrize(
    "of", [">", "[", "- ", "`", "*", "*a", "a**b", "|", "[a](", "<", "&", "_a ", "![", "<a ", "~~a", "[a]", "\\"]
)
def test_no_note_takes_long_to_show(of):
    began = perf_counter()
    formatting.markdown((of * 10_000)[:10_000])
    assert perf_counter() - began < 5


# Days and times


def two_hours(from_: str) -> SimpleNamespace:
    return SimpleNamespace(starts_at=at(from_), ends_at=at(from_) + timedelta(hours=2))


@pytest.mark.parametrize(
    ("from_", "zone", "said"),
    [
        ("2026-11-24 13:00", "Europe/Berlin", "Tuesday 24 November 2026, 14:00–16:00 CET"),
        ("2026-03-03 10:00", "Europe/London", "Tuesday 3 March 2026, 10:00–12:00 GMT"),
        ("2026-07-03 10:00", "Europe/London", "Friday 3 July 2026, 11:00–13:00 BST"),
        ("2026-03-03 10:00", "Asia/Kathmandu", "Tuesday 3 March 2026, 15:45–17:45 UTC+05:45"),
        ("2026-03-08 03:00", "America/Havana", "Saturday 7 March 2026, 22:00 CST–01:00 (Sun) CDT"),
        ("2026-03-03 10:00", "America/Sao_Paulo", "Tuesday 3 March 2026, 07:00–09:00 UTC-03:00"),
        ("2026-03-03 23:00", "Europe/London", "Tuesday 3 March 2026, 23:00–01:00 (Wed) GMT"),
        ("2026-03-03 22:00", "Europe/London", "Tuesday 3 March 2026, 22:00–00:00 (Wed) GMT"),
        ("2026-03-29 00:00", "Europe/London", "Sunday 29 March 2026, 00:00 GMT–03:00 BST"),
        ("2026-10-25 00:00", "Europe/London", "Sunday 25 October 2026, 01:00 BST–02:00 GMT"),
        ("2026-03-03 10:00", "UTC", "Tuesday 3 March 2026, 10:00–12:00 UTC"),
    ],
)
def test_a_time_is_said_in_the_readers_zone_and_the_zone_with_it(from_, zone, said):
    assert formatting.full(two_hours(from_), Clocks(zone)) == said


@pytest.mark.parametrize(
    ("from_", "said"),
    [
        ("2026-03-03 10:00", "Tuesday 3 March 2026, 10:00 am–12:00 pm GMT"),
        ("2026-03-03 09:30", "Tuesday 3 March 2026, 9:30–11:30 am GMT"),
        ("2026-03-03 13:00", "Tuesday 3 March 2026, 1:00–3:00 pm GMT"),
        ("2026-03-03 00:00", "Tuesday 3 March 2026, 12:00–2:00 am GMT"),
        ("2026-03-03 23:00", "Tuesday 3 March 2026, 11:00 pm–1:00 am (Wed) GMT"),
        ("2026-10-25 00:00", "Sunday 25 October 2026, 1:00 am BST–2:00 am GMT"),
    ],
)
def test_a_time_is_said_with_twelve_hours_to_who_reads_it_so(from_, said):
    assert formatting.full(two_hours(from_), Clocks("Europe/London", 12)) == said


def test_a_time_is_said_in_little_room():
    assert formatting.short(two_hours("2026-11-24 13:00"), Clocks("Europe/Berlin")) == "Tue 24 Nov, 14:00 CET"
    assert formatting.clock(at("2026-11-24 13:00"), Clocks("Asia/Kolkata")) == "18:30 IST"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-5, "now"), (0, "now"), (1, "in 1 minute"), (2, "in 2 minutes"), (119, "in 119 minutes"), (120, "in 2 hours"),
        (179, "in 2 hours"), (15 * 60, "in 15 hours"), (16 * 60, "tomorrow"), (40 * 60 - 1, "tomorrow"),
        (40 * 60, "in 2 days"), (64 * 60, "in 3 days"), (9 * 24 * 60, "in 9 days"),
    ],
)  # fmt: skip
def test_it_says_how_long_it_is_until_then(minutes, said):
    """It is eight in the morning: days are counted from midnight to midnight."""
    assert formatting.until(NOW + timedelta(minutes=minutes), NOW, Clocks("UTC")) == said


@pytest.mark.parametrize(("zone", "said"), [("Asia/Kathmandu", "in 11 hours"), ("Pacific/Kiritimati", "in 11 hours")])
def test_what_comes_within_twelve_hours_is_not_tomorrow(zone, said):
    assert formatting.until(NOW + timedelta(hours=11), NOW, Clocks(zone)) == said


def test_days_are_counted_by_the_readers_clocks():
    evening = at("2026-03-03 23:30")
    assert formatting.until(evening, NOW, Clocks("UTC")) == "tomorrow"
    assert formatting.until(evening, NOW, Clocks("Asia/Kathmandu")) == "in 2 days"


@pytest.mark.parametrize(("days", "said"), [(-2, ""), (-1, "yesterday"), (0, "today"), (1, "tomorrow"), (2, "")])
def test_it_says_how_near_a_day_is(days, said):
    assert formatting.near(date(2026, 3, 1) + timedelta(days=days), date(2026, 3, 1)) == said


def test_what_is_in_order_of_time_is_gathered_under_the_days_of_the_readers_zone():
    late, early = two_hours("2026-03-03 18:30"), two_hours("2026-03-03 18:00")
    assert formatting.by_day([early, late], Clocks("UTC")) == [(date(2026, 3, 3), [early, late])]
    assert formatting.by_day([early, late], Clocks("Asia/Kathmandu")) == [
        (date(2026, 3, 3), [early]),
        (date(2026, 3, 4), [late]),
    ]


@pytest.mark.parametrize(
    ("name", "said"), [("ana", "A"), ("(Bo)", "B"), ("देवी", "द"), ("王秀英", "王"), ("🎧", "🎧"), ("ßa", "SS")]
)
def test_a_name_has_an_initial(name, said):
    assert formatting.initial(name) == said


def test_a_rating_is_said_with_its_word():
    assert [formatting.rating(value).partition(" – ")[0] for value in range(1, 6)] == ["1", "2", "3", "4", "5"]
    assert len(set(formatting.RATINGS.values())) == 5
