"""A person at a browser without a window: gets pages, fills in forms, and looks at every page with a strict eye."""

import re
import threading
from collections import Counter
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import html5lib
from bs4 import BeautifulSoup, Tag
from bs4.builder import HTML5TreeBuilder
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from coaching import letters
from coaching.models import User
from tests.statements import Statements

UNLABELLED = {"hidden", "submit", "button", "reset", "image"}  # kinds of input that say themselves what they are


class _Builder(HTML5TreeBuilder):
    """Keeps what the parser has against a page, so that one parse tells both."""

    def feed(self, markup: Any) -> None:
        parser = html5lib.HTMLParser(tree=self.create_treebuilder)
        self.underlying_builder.parser = parser
        parser.parse(markup)
        self.errors = parser.errors


@lru_cache(maxsize=8)
def parsed(html: str) -> BeautifulSoup:
    """Return a page as a tree."""
    return BeautifulSoup(html, builder=_Builder())


class Page:
    """What came back."""

    def __init__(self, response: TestResponse) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.location = response.location
        self.path = response.request.path
        self.text = response.get_data(as_text=True)

    def __repr__(self) -> str:
        return f"<{self.status} {self.path} {self.location or self.said[:200]!r}>"

    @property
    def soup(self) -> BeautifulSoup:
        """The page as a tree."""
        return parsed(self.text)

    @property
    def said(self) -> str:
        """What can be read on the page, in one line."""
        body = self.soup.body
        return " ".join(body.get_text(" ").split()) if body else ""

    @property
    def h1(self) -> str:
        """The page's heading."""
        return " ".join(self.all("h1")[0].get_text(" ").split())

    def all(self, selector: str) -> list[Tag]:
        """Return what a CSS selector finds."""
        return list(self.soup.select(selector))

    def texts(self, selector: str) -> list[str]:
        """Return what can be read in each place that a CSS selector finds."""
        return [" ".join(tag.get_text(" ").split()) for tag in self.all(selector)]

    def links(self, start: str = "") -> list[str]:
        """Return where the page's links lead, as far as they begin so."""
        return [str(tag["href"]) for tag in self.all("a[href]") if str(tag["href"]).startswith(start)]

    def value(self, name: str) -> str:
        """Return what stands in a field."""
        [tag] = self.all(f"input[name={name}], select[name={name}], textarea[name={name}]")
        if tag.name == "textarea":
            return tag.get_text()
        if tag.name == "select":
            return next((str(choice["value"]) for choice in tag.select("option[selected]")), "")
        return str(tag.get("value", ""))


class Mail(NamedTuple):
    """What lies in a mailbox."""

    to: str
    subject: str
    text: str

    @classmethod
    def read(cls, file: Path) -> "Mail":
        """Read a mail as another program would."""
        mail = message_from_bytes(file.read_bytes(), policy=default_policy)
        [to] = mail["To"].addresses
        return cls(to.addr_spec, mail["Subject"], text_of(mail))

    @property
    def link(self) -> str:
        """The path that the one link leads to."""
        [link] = re.findall(r"^http://127\.0\.0\.1:5000(/\S*)$", self.text, re.MULTILINE)
        return str(link)


def text_of(message: EmailMessage) -> str:
    """Return what a mail says to who reads no HTML."""
    body = message.get_body(("plain",))
    return body.get_content().replace("\r\n", "\n") if body else ""


class Client:
    """A browser with cookies of its own. It never follows a redirect by itself."""

    def __init__(self, app: Flask, statements: Statements) -> None:
        self.app = app
        self._client = app.test_client()
        self._statements = statements
        self._token = ""

    @property
    def browser(self) -> FlaskClient:
        """The browser itself, with the same cookies: for tests that ask so much that nobody can look at every page."""
        return self._client

    def get(self, url: str, **more: Any) -> Page:
        """Go to an address."""
        return self._open(url, method="GET", **more)

    def post(self, url: str, data: Any = None, **more: Any) -> Page:
        """Send a form, with the token that a person's browser would send along."""
        filled_in = {"csrf_token": self.token(), **(data or {})}
        page = self._open(url, method="POST", data=filled_in, **more)
        if url.startswith("/auth/"):
            self._token = ""  # it ends with the sign-in
        return page

    @property
    def mails(self) -> "list[Mail]":
        """Every mail that this app has sent, the oldest first, with the links in it as paths of the site.

        Those that are due are sent first, as a worker does.
        """
        with self.app.app_context():
            letters.work(is_over=threading.Event(), until_done=True)
        folder = Path(self.app.instance_path) / "mail"
        return [Mail.read(file) for file in sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)]

    def bare(self, method: str, url: str, **more: Any) -> Page:
        """Send what no form of this site sends."""
        return self._open(url, method=method, **more)

    def token(self) -> str:
        """Return the token that stands in the forms of this site for this browser."""
        for url in ("/", "/auth/sign-in"):
            if not self._token:
                self._token = next((str(tag["value"]) for tag in self.get(url).all("input[name=csrf_token]")), "")
        return self._token

    def follow(self, page: Page) -> Page:
        """Go where a redirect leads."""
        assert page.location, f"{page} leads nowhere"
        return self.get(page.location)

    def sign_in(self, person: User, password: str | None = None) -> "Client":
        """Be a person from now on: by acting as them (in a demo), or with a password."""
        if password:
            page = self.post("/auth/sign-in", {"email": person.email, "password": password})
        else:
            page = self.post("/auth/switch", {"user_id": person.id})
        assert page.status == 303, page
        return self

    def _open(self, url: str, **more: Any) -> Page:
        self._statements.begin()
        with self._client.open(url, **more) as response:
            page = Page(response)
        assert not self._statements.while_rendering, f"{page.path} asks the database from its template"
        if page.headers.get("Content-Type", "").startswith("text/html") and page.text and not page.location:
            faults = faults_of(page.text)
            assert not faults, f"{page.status} {page.path}: {'; '.join(faults)}"
        return page


def faults_of(html: str) -> list[str]:
    """Return what is wrong with a page, whichever it is."""
    soup = parsed(html)
    return [
        *_not_html(soup),
        *_head_and_heading(soup),
        *_ids_and_labels(soup),
        *_inline(soup),
        *(f"a form without a token: {form.get('action')}" for form in soup.select("form[method=post i]")
          if not form.select("input[name=csrf_token][value]:not([value=''])")),
    ]  # fmt: skip


def _not_html(soup: BeautifulSoup) -> list[str]:
    return [f"line {line}: {fault} {more or ''}" for (line, _), fault, more in soup.builder.errors]


def _head_and_heading(soup: BeautifulSoup) -> list[str]:
    faults = []
    for name in ("title", "h1"):
        found = [tag for tag in soup.find_all(name) if not tag.find_parent("svg")]
        if [bool(tag.get_text(strip=True)) for tag in found] != [True]:
            faults.append(f"{len(found)} <{name}>, or an empty one")
    if not (soup.html and soup.html.get("lang")):
        faults.append("no language is said")
    return faults


def _ids_and_labels(soup: BeautifulSoup) -> list[str]:
    ids = Counter(str(tag["id"]) for tag in soup.find_all(id=True))
    faults = [f"two of id {name!r}" for name in sorted(ids) if ids[name] > 1]
    for tag in soup.find_all(True):
        for attribute in {"for", "aria-labelledby", "aria-describedby", "aria-controls"} & tag.attrs.keys():
            faults += [f"{attribute}={name!r} leads nowhere" for name in str(tag[attribute]).split() if name not in ids]
    faults += [
        f"{tag['href']} leads nowhere"
        for tag in soup.find_all("a", href=re.compile("^#"))
        if tag["href"][1:] not in ids
    ]
    labelled = {str(tag["for"]) for tag in soup.find_all("label", attrs={"for": True}) if tag.get_text(strip=True)}
    for tag in soup.find_all(["input", "select", "textarea"]):
        if tag.name == "input" and tag.get("type") in UNLABELLED:
            continue
        named = tag.get("aria-label") or tag.get("aria-labelledby") or tag.get("id") in labelled
        if not (named or tag.find_parent("label")):
            faults.append(f"{tag.name} {tag.get('name')!r} has no label")
    return faults


def _inline(soup: BeautifulSoup) -> list[str]:
    faults = [f"<{tag.name}> in the page" for tag in soup.select("script:not([src]), style")]
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            if name == "style" or name.startswith("on"):
                faults.append(f"{name}= on <{tag.name}>")
            if name in {"href", "src", "action", "formaction"} and str(value).strip().lower().startswith("javascript:"):
                faults.append(f"{name}={value!r} on <{tag.name}>")
    return faults
