"""What nobody types by mistake: texts, numbers and times for every field there is."""

from urllib.parse import quote

# As it stands in the body of a form, percent-encoded.
RAW = {
    "undecodable bytes": "%ff%fe",
    "half a character": "a%e2%82",
    "an overlong slash": "%c0%af",
    "a percent sign": "%",
    "a broken escape": "%zz",
}

TEXTS = {
    "NUL": "a\0b",
    "nothing but NUL": "\0",
    "a lone surrogate": "a\ud800b",
    "surrogates the wrong way round": "\udc00\ud800",
    "right to left": "\u202eevil",
    "ten thousand accents": "a" + "\u0301" * 10_000,
    "nothing to see": "\u200b\u2060\ufeff",
    "controls": "\x01\x08\x0b\x1b[2J\x7f\x85\u2028",
    "no characters": "\uffff\ufdd0\U0010ffff",
    "line ends": "\r\n\r\nSet-Cookie: evil=1",
    "a template": "{{ 7 * 7 }}{% raw %}${7*7}<%= 7*7 %>#{7*7}",
    "a format": "%s%n%x%(name)s{0.__class__}{}",
    "SQL": '\'; DROP TABLE "user"; --',
    "HTML": "\"'><script>alert(1)</script></textarea></select><!--",
    "Markdown": "[x](javascript:alert(1)) ![x](//evil.example/x) " + "> " * 300 + "*" * 300,
    "a path": "../../../../etc/passwd",
    "something long": "x" * 100_000,
    "nothing": "",
    "blanks": " \t\u00a0\u3000 ",
    "null": "null",
    "a huge number": "9" * 5000,
    "more than 32 bits": str(2**31),
    "more than 64 bits": str(2**63),
    "a negative number": "-1",
    "zero": "0",
    "a broken number": "1.5",
    "a big float": "1e309",
    "not a number": "nan",
    "infinity": "-inf",
    "other digits": "١٢",
    "a number with blanks": " 1_0 ",
    "hexadecimal": "0x10",
    "the first year": "0001-01-01",
    "the last year": "9999-12-31",
    "no such day": "2027-02-29",
    "no such hour": "25:00",
    "a leap second": "23:59:60",
    "no such zone": "Mars/Olympus",
    "a zone by its path": "/etc/localtime",
    "an address with a comma": "a@example.org,b@example.org",
    "a quoted address": '"a b"@example.org',
    "a number with letters": "+44 20 RING ME",
    "a number of pluses": "+" * 50,
    "a number that is too long": "+49" + "5" * 15,
}

ENCODED = RAW | {name: quote(text.encode("utf-8", "surrogatepass"), safe="") for name, text in TEXTS.items()}

# What JSON can say and a form cannot.
JSON_VALUES = [
    "5",
    "-1.5",
    "true",
    "null",
    "[]",
    '["a"]',
    "{}",
    '{"a": 1}',
    '"a\\u0000b"',
    '"a\\ud800b"',
    '""',
    "1e999",
]
JSON_BODIES = [
    "",
    "{",
    "null",
    "5",
    '"text"',
    "[]",
    "[1, 2]",
    '[["a"]]',
    "[[]]",
    "{}",
    '{"": ""}',
    "NaN",
    '{"a":' * 3000,
]

IDS = [
    "0",
    "-1",
    "00000000000000000000000000000",
    str(2**31 - 1),
    str(2**31),
    str(2**32 + 1),
    str(2**63 - 1),
    str(2**63),
    "99999999999999999999",
    "9" * 5000,
    "1.5",
    "1e3",
    "0x1",
    "1_0",
    "abc",
    "%00",
    "1%00",
    "%ff",
    "%ed%a0%80",
    "%D9%A0",  # the Arabic digit zero
    "%C2%B2",  # a small 2, which is a digit, but no number
    "%EF%BC%90",  # a wide zero
    "1%20",
    "%2e%2e",
    "1%2f2",
    "1;2",
    "%7B%7B7*7%7D%7D",
    "1%0d%0aSet-Cookie:%20evil=1",
    "1%3Fx",
]
