"""Answers the Memento protocol (RFC 7089): TimeGate, TimeMap, and the headers of what it calls a memento.

The original resource is the thread's address on GitHub, a memento one of its snapshots. Negotiation is by redirect from
a TimeGate of its own to mementos of their own: the RFC's pattern 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.http import http_date
from werkzeug.wrappers import Response

from archiver.errors import BadReference
from archiver.model import Capture, ThreadSummary, thread_key
from archiver.references import RepositoryRef, ThreadRef, parse_reference
from archiver.store import Reader
from web import permalinks
from web.config import SiteConfig

LINK_FORMAT = "application/link-format"
# RFC 1123's form alone, in GMT: RFC 7089, section 2.1.1.1.
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}) GMT\Z"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Memento:
    """A snapshot as the protocol sees it: its URL, and when it was captured first."""

    url: str
    at: datetime
    digest: str


def parse_date(text: str) -> datetime | None:
    """Read an `Accept-Datetime`: `Thu, 31 May 2007 20:35:00 GMT`; None for anything else."""
    found = _DATE.match(text.strip())
    if found is None:
        return None
    day, month, year, clock = found[1].split(" ")
    if month not in _MONTHS:
        return None
    hour, minute, second = map(int, clock.split(":"))
    try:
        # A leap second is the last one of its minute.
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None


def links_of(summary: ThreadSummary, base_url: str) -> str:
    """Return the `Link` header of a memento: its original, TimeGate and TimeMap."""
    return ", ".join(
        [
            _link(summary.upstream_url, "original"),
            _link(permalinks.timegate(summary.upstream_url, base_url), "timegate"),
            _link(permalinks.timemap(summary.upstream_url, base_url), "timemap", type=LINK_FORMAT),
        ]
    )


def mark(response: Response, summary: ThreadSummary, first: datetime, base_url: str) -> None:
    """Give the page of a snapshot, captured first at a time, the headers of a memento."""
    response.headers["Memento-Datetime"] = http_date(first)
    response.headers.add("Link", links_of(summary, base_url))


class MementoPages:
    """TimeGates and TimeMaps, over a store."""

    def __init__(self, store: Reader, site: SiteConfig) -> None:
        self._store = store
        self._site = site

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        pages = Blueprint("memento", __name__)
        pages.add_url_rule("/timegate/<path:url>", "timegate", self.timegate)
        pages.add_url_rule("/timemap/link/<path:url>", "timemap", self.timemap)
        return pages

    def timegate(self, url: str) -> ResponseReturnValue:
        """Redirect to the snapshot in force at the time of `Accept-Datetime`, to the latest one without that."""
        response = self._negotiated(url)
        # Errors depend on that header as well (RFC 7089, section 4.5.3).
        response.headers["Vary"] = "accept-datetime"
        return response

    def _negotiated(self, url: str) -> Response:
        asked, held = self._found(url)
        if isinstance(held, Response):
            return held
        wanted = request.headers.get("Accept-Datetime")
        moment = parse_date(wanted) if wanted is not None else None
        base = self._site.base_url
        if wanted is not None and moment is None:
            response = _page("The `Accept-Datetime` is no date as in `Thu, 31 May 2007 20:35:00 GMT`.", 400)
            response.headers["Link"] = _link(asked.upstream_url, "original")
            return response
        captures, mementos = held
        # Before the first capture the first one is the nearest, and after the last one the last.
        past = [each for each in captures if moment is None or each.at <= moment]
        chosen = (past[-1] if past else captures[0]).digest
        at = next(number for number, each in enumerate(mementos) if each.digest == chosen)
        links = [
            _link(asked.upstream_url, "original"),
            _timemap(permalinks.timemap(asked.upstream_url, base), "timemap", mementos),
            *_around(mementos, at),
        ]
        response = Response(status=302)
        response.headers["Location"] = mementos[at].url
        response.headers["Link"] = ", ".join(links)
        response.headers["Cache-Control"] = "no-cache"
        return response

    def timemap(self, url: str) -> ResponseReturnValue:
        """List all snapshots of an original, with the times at which they were captured first."""
        asked, held = self._found(url)
        if isinstance(held, Response):
            return held
        mementos = held[1]
        base = self._site.base_url
        last = len(mementos) - 1
        links = [
            _link(asked.upstream_url, "original"),
            _timemap(permalinks.timemap(asked.upstream_url, base), "self", mementos),
            _link(permalinks.timegate(asked.upstream_url, base), "timegate"),
            *(_memento(each, _place(number, last)) for number, each in enumerate(mementos)),
        ]
        return Response(",\n".join(links) + "\n", mimetype=LINK_FORMAT)

    def _found(self, url: str) -> tuple[ThreadRef, Response | tuple[Sequence[Capture], Sequence[Memento]]]:
        """Return what an original's URL names, and its captures and mementos, or the answer that says what is wrong."""
        asked = _original(url)
        for repository in self._store.repositories_named(asked.repository):
            found = self._store.summaries_by_key([thread_key(repository.id, asked.number)])
            for summary in found.values():
                if held := self._mementos(summary):
                    return asked, held
            if tombstone := self._store.tombstone(repository.id, asked.number):
                page = render_template("withdrawn.html", asked=asked, tombstone=tombstone, snapshot="")
                response = _html(page, tombstone.status)
                response.headers["X-Robots-Tag"] = "noindex"
                return asked, response
        repository_ = self._store.find_repository(asked.repository)
        return asked, _html(render_template("missing.html", asked=asked, repository=repository_), 404)

    def _mementos(self, summary: ThreadSummary) -> tuple[list[Capture], list[Memento]] | None:
        """Return a thread's captures, and its snapshots as of their first capture; withdrawn ones are left out."""
        captures = self._store.captures(summary.repository.id, summary.number)
        if self._store.withdrawals():
            place = summary.repository.id, summary.number
            told = self._store.snapshots_told(*place, {each.digest for each in captures})
            captures = [each for each in captures if told[each.digest] is not None]
        firsts: dict[str, Memento] = {}
        for each in captures:
            if each.digest not in firsts:
                path = permalinks.thread(summary.ref, digest=each.digest)
                firsts[each.digest] = Memento(self._site.base_url + path, each.at, each.digest)
        return (captures, list(firsts.values())) if captures else None


def _original(url: str) -> ThreadRef:
    """Read the URL behind `/timegate/`; aborts with 404 for what is no thread on GitHub."""
    query = request.query_string.decode("ascii", "replace")
    # Proxies like to make one slash of two.
    text = re.sub(r"\A(https?):/+", r"\1://", url) + (f"?{query}" if query else "")
    try:
        asked = parse_reference(text)
    except BadReference:
        abort(404)
    if isinstance(asked, RepositoryRef):
        abort(404)
    return asked


# --- links ------------------------------------------------------------------------------------------------------------


def _link(url: str, rel: str, **more: str) -> str:
    return f'<{url}>; rel="{rel}"' + "".join(f'; {name}="{value}"' for name, value in more.items())


def _timemap(url: str, rel: str, mementos: Sequence[Memento]) -> str:
    span = {"from": http_date(mementos[0].at), "until": http_date(mementos[-1].at)}
    return _link(url, rel, type=LINK_FORMAT, **span)


def _memento(memento: Memento, rel: str) -> str:
    return _link(memento.url, rel, datetime=http_date(memento.at))


def _place(number: int, last: int) -> str:
    words = [*(["first"] if number == 0 else []), *(["last"] if number == last else []), "memento"]
    return " ".join(words)


def _around(mementos: Sequence[Memento], at: int) -> list[str]:
    """Return the links of a TimeGate: the first and the last memento, the one chosen, and those next to it."""
    last = len(mementos) - 1
    told = []
    for number in sorted({0, max(0, at - 1), at, min(last, at + 1), last}):
        words = [
            name
            for name, place in (("first", 0), ("prev", at - 1), ("next", at + 1), ("last", last))
            if place == number
        ]
        told.append(_memento(mementos[number], " ".join([*words, "memento"])))
    return told


# --- answers ----------------------------------------------------------------------------------------------------------


def _html(text: str, status: int) -> Response:
    return Response(text, status, mimetype="text/html")


def _page(message: str, status: int) -> Response:
    heading = "This request cannot be understood"
    return _html(render_template("error.html", code=status, heading=heading, message=message), status)
