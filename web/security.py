"""Sets the headers that fence every response in, and refuses requests that are too long or large to be honest.

It decides nothing about content: foreign HTML is made safe by `archiver.markup`, and these headers stand behind that.
"""

from __future__ import annotations

from flask import Flask, abort, request
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

# Nothing may load, run or be framed but what is named here. There is one script, `static/site.js`; no page has script
# or style within. (The JSON-LD of a thread is a block of data: no browser runs it, whatever the policy.)
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        # What the script asks for while somebody types a query.
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # What somebody reads here is not told to the sites that the posts link to.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
MAX_QUERY_BYTES = 4096
MAX_SEARCH_BYTES = 64 * 1024
"""A search may be longer: five thousand characters of any script, each of them up to twelve bytes in an address."""
SEARCHES = ("/search", "/search.json", "/search.atom", "/search/suggest", "/api/v1/search")
# A browser would keep a 301 for good, and be caught in a circle when a repository is renamed back.
REDIRECT_AGE = "max-age=3600"


class Number(BaseConverter):
    """A number in an address as GitHub writes it: ASCII digits, the first one not 0, few enough for 64 bits."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        """Return the number."""
        return int(value)


def fence(app: Flask, *, noindex: bool) -> None:
    """Make an app refuse overlong query strings (414) and put the headers on every response."""

    @app.before_request
    def refuse_overlong() -> None:
        searched = request.path in SEARCHES
        if len(request.query_string) > (MAX_SEARCH_BYTES if searched else MAX_QUERY_BYTES):
            abort(414)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if noindex:
            response.headers.setdefault("X-Robots-Tag", "noindex")
        return response
