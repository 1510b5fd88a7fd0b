"""The files that pages link to: each under an address that changes with what is in it, compressed, kept for a year.

They are sent before the app is asked, so no session is opened for them, nobody is looked up, and no connection to the
database is taken. What is not simply one of these files (a foreign host, another method, nothing there) is the app's.

Pages are not compressed: they hold tokens beside what others may have typed, and how well the two compress together
tells the one who sees the length, guess by guess, what the token is (BREACH).
"""

import gzip
import mimetypes
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask
from werkzeug.exceptions import SecurityError
from werkzeug.security import safe_join
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import get_host

from coaching import logs, pages

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ENDPOINTS = ("static", "bootstrap.static")
OF_BOOTSTRAP = {"css/bootstrap.min.css"}  # its package has 27 MB more: nobody shall make us compress those
mimetypes.add_type("text/javascript", ".js")  # as RFC 9239 has it; not every machine's own list does
A_YEAR = 365 * 24 * 60 * 60


class Asset(NamedTuple):
    """A file as it is sent."""

    whole: bytes
    zipped: bytes
    fingerprint: str
    kind: str
    modified_at: datetime


class Files:
    """Stands in front of an app (WSGI) and sends the files in its static folders."""

    def __init__(self, app: Flask) -> None:
        self._behind = app.wsgi_app
        self._config = app.config
        self._owners = {"static": app, "bootstrap.static": app.blueprints["bootstrap"]}
        self._routes = {endpoint: next(app.url_map.iter_rules(endpoint)).rule for endpoint in ENDPOINTS}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Send a file, or ask the app."""
        began = perf_counter()
        request = Request(environ)
        for endpoint, route in self._routes.items():
            start = route.partition("<")[0]
            if request.path.startswith(start) and self._is_plain(request):
                asset = self.find(endpoint, request.path.removeprefix(start))
                if asset:
                    response = answer(asset, request)
                    logs.answered(request.method, route, response.status_code, began)
                    return response(environ, start_response)
        return self._behind(environ, start_response)

    def find(self, endpoint: str, filename: str) -> Asset | None:
        """Return a file as it is now: a change is seen at once, and costs a glance at the folder each time."""
        if endpoint == "bootstrap.static" and filename not in OF_BOOTSTRAP:
            return None
        path = safe_join(str(self._owners[endpoint].static_folder), filename) or ""
        try:
            found = os.stat(path)
            return _read(path, found.st_mtime_ns, found.st_size)
        except (OSError, ValueError):  # not there, a folder, or no name that a file can have
            return None

    def fingerprint(self, endpoint: str, values: dict[str, Any]) -> None:
        """Add to the address of a file what it is known by: `url_for('static', filename='style.css')`."""
        asset = self.find(endpoint, values["filename"]) if endpoint in self._owners else None
        if asset:
            values["v"] = asset.fingerprint

    def _is_plain(self, request: Request) -> bool:
        """Tell whether this is how a browser asks for a file of this site. Whatever else, the app has an answer to."""
        try:
            get_host(request.environ, self._config["TRUSTED_HOSTS"])
        except SecurityError:
            return False
        has_body = request.content_length or "Transfer-Encoding" in request.headers
        return request.method in {"GET", "HEAD"} and not has_body


def answer(asset: Asset, request: Request) -> Response:
    """Return a file as it was asked for. Only under the address that names what is in it may it be kept unasked.

    Who asks for a part gets the whole, as RFC 9110 allows: no file is large.
    """
    zipped = request.accept_encodings.quality("gzip") > 0 and len(asset.zipped) < len(asset.whole)
    response = Response(asset.zipped if zipped else asset.whole, mimetype=asset.kind)
    if zipped:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.set_etag(asset.fingerprint + ("-gzip" if zipped else ""))
    response.last_modified = asset.modified_at
    if request.query_string == f"v={asset.fingerprint}".encode():
        response.cache_control.public = True
        response.cache_control.max_age = A_YEAR
        response.cache_control.immutable = True
    else:  # in the midst of a deployment this process may have an earlier file than the page that links to it
        response.cache_control.no_cache = True
    pages.protect(response, over_tls=request.is_secure)
    return response.make_conditional(request)


@lru_cache(maxsize=16)  # there are five; each change of one is another
def _read(path: str, modified_ns: int, _size: int) -> Asset:
    with open(path, "rb") as file:
        whole = file.read()
    return Asset(
        whole,
        gzip.compress(whole, mtime=0),
        sha256(whole).hexdigest()[:16],
        mimetypes.guess_type(path)[0] or "application/octet-stream",
        datetime.fromtimestamp(modified_ns // 10**9, UTC),
    )


def init_app(app: Flask) -> None:
    """Stand in front of the app. Its static folders have to be known by now."""
    files = Files(app)
    app.wsgi_app = files  # type: ignore[method-assign]
    app.url_defaults(files.fingerprint)
