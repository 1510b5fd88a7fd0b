"""What a reader notices on a page: faults beside their fields, days and what is under them, times and their zones."""

import re

from bs4 import BeautifulSoup, Tag

from tests.visiting import Page

TIME = re.compile(r"\d\d:\d\d")
ZONE = r"(?:UTC[+-]\d\d:\d\d|[A-Z]{2,5}\b)"
# `10:00–12:00 GMT`, `23:00–01:00 (Tue) CET`, `00:30 GMT–03:30 BST`, `14:00 CET`, or a zone by its distance alone
TIME_WITH_ZONE = re.compile(rf"\d\d:\d\d(?: {ZONE})?(?:–\d\d:\d\d(?: \(\w+\))?)? {ZONE}|UTC[+-]\d\d:\d\d")


def words(tag: Tag | None) -> str:
    """Return what can be read in a part of the page."""
    return " ".join(tag.get_text(" ").split()) if tag else ""


def main(page: Page) -> str:
    """Return what can be read in the page's own part, without what stands around every page."""
    return words(page.soup.main)


def fault(page: Page, name: str) -> str:
    """Return what is said to be wrong with a field, to those who see it and those who hear it; or nothing.

    It has to be tied to the field (`aria-describedby`), which has to be marked (`aria-invalid`); where several boxes
    make one question, to the group that they are in.
    """
    box = page.all(f"main [name={name}]:not([type=hidden])")[0]
    group = box.find_parent("fieldset")
    described = group if box.get("type") in {"radio", "checkbox"} and group else box
    marked = box.get("aria-invalid") == "true" or (described is group and bool(group))
    tied = [page.soup.find(id=name) for name in str(described.get("aria-describedby", "")).split()]
    said = " ".join(words(tag) for tag in tied if tag and str(tag["id"]).endswith("-fault"))
    assert bool(said) <= marked, f"{name} has a fault, but is not marked: {described}"
    return said


def faults(page: Page) -> dict[str, str]:
    """Return every field of the page's form that is at fault, with what is said of it."""
    names = dict.fromkeys(str(box["name"]) for box in page.all("main [name]:not([type=hidden])"))
    return {name: said for name in names if (said := fault(page, name))}


def alert(page: Page) -> str:
    """Return what is said first of all: a refusal, or what is not right yet."""
    return " ".join(page.texts("main [role=alert]"))


def flashes(page: Page) -> list[str]:
    """Return what the page says has just happened."""
    return page.texts("main [role=status]")


def days(page: Page) -> dict[str, list[str]]:
    """Return the days that are headings, each with what stands in the list under it, or in its part of the week."""
    found = {}
    for row in page.all("table.grid tbody tr"):
        blocks = [words(summary) for summary in row.select("details.block > summary")]
        if blocks:
            found[words(row.th)] = blocks
    for section in page.all("section, div"):
        heading = section.find(["h2", "h3"], recursive=False)
        rows = section.find("ul", recursive=False)
        if heading and rows and re.search(r"day \d", words(heading)):
            found[words(heading)] = [words(row) for row in rows.find_all("li", recursive=False)]
    return found


def row_of(page: Page, name: str) -> Tag:
    """Return the one row of a list in which somebody stands."""
    [row] = [row for row in page.all("main li") if name in words(row) and not row.find("li")]
    return row


def times_without_zone(page: Page | BeautifulSoup) -> list[str]:
    """Return every time of day on the page beside which no zone stands."""
    said = words((page.soup if isinstance(page, Page) else page).body)
    rest = TIME_WITH_ZONE.sub(" ", said)
    return [rest[max(0, found.start() - 30) : found.end() + 30] for found in TIME.finditer(rest)]


def next_page(page: Page) -> str | None:
    """Return where the link to the next page of a list leads."""
    links = [str(tag["href"]) for tag in page.all("main a[rel=next]")]
    return links[0] if links else None
