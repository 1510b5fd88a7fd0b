"""Somebody who follows every link and tries every address, and remembers what they were told."""

import re
from collections import Counter
from html import unescape
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.visiting import Client

HREF = re.compile(r'<a\b[^>]*?\shref="([^"]*)"')
GET_FORM = re.compile(r'<form\b[^>]*\smethod="get"', re.IGNORECASE)
HERE = "http://localhost"
ENOUGH = 8  # so often is one page looked at with another query: the weeks of a calendar never end


class Told(NamedTuple):
    """What one address answered: its status, and all that was sent, what stands in the cookie included."""

    status: int
    text: str


class Crawler:
    """Goes wherever a browser that is signed in can go, without pressing a button that changes something."""

    def __init__(self, client: Client) -> None:
        self._app: Flask = client.app
        self._browser: FlaskClient = client.browser
        self.told: dict[str, Told] = {}

    def look(self, url: str) -> Told:
        """Get an address, once."""
        if url not in self.told:
            with self._browser.get(url) as response:
                self.told[url] = Told(response.status_code, self._all_of(response))
        return self.told[url]

    def _all_of(self, response: TestResponse) -> str:
        with self._browser.session_transaction() as cookie:
            return "\n".join([response.get_data(as_text=True), str(response.headers), str(dict(cookie))])

    def follow_everything(self, start: str = "/") -> None:
        """Follow every link, and send every form that only asks, until there is nothing new."""
        waiting, seen = [start], Counter[str]()
        while waiting:
            url = waiting.pop(0)
            seen[urlsplit(url).path] += url not in self.told
            if url in self.told or seen[urlsplit(url).path] > ENOUGH:
                continue
            here = urljoin(HERE, url)
            for link in leads_to(self.look(url).text):
                there = urlsplit(urljoin(here, link))
                if f"{there.scheme}://{there.netloc}" == HERE and not there.path.startswith(
                    ("/static/", "/bootstrap/")
                ):
                    waiting.append(f"{there.path}?{there.query}" if there.query else there.path)

    def try_every_address(self, ids: set[int]) -> None:
        """Go to every address there is, with every id."""
        for rule in self._app.url_map.iter_rules():
            before, _, after = rule.rule.partition("<")
            if "GET" in (rule.methods or ()) and not after.startswith("path:"):
                for url in {before + str(thing) + after.partition(">")[2] for thing in ids} if after else {before}:
                    self.look(url)


def leads_to(html: str) -> set[str]:
    """Return where a page leads: its links, its Location, and its forms that only ask, left as they stand."""
    links = {unescape(link) for link in HREF.findall(html)}
    links |= set(re.findall(r"^Location: (\S+)", html, re.MULTILINE))
    if GET_FORM.search(html):
        for form in BeautifulSoup(html, "html.parser").select("form[method=get]"):
            filled_in = [(str(box["name"]), str(box.get("value", ""))) for box in form.select("input[name]")]
            links.add(f"{form.get('action', '')}?{urlencode(filled_in)}")
    return links


def ids_of(rows: dict[str, list[tuple[object, ...]]]) -> set[int]:
    """Return every id in every table."""
    return {int(str(row[0])) for table in rows.values() for row in table}
