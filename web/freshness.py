"""Gives pages their validators, and answers 304 before a page is made where they have not changed.

Whether something changed is the store's to say; pages that were made are kept by `web.cache`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from flask import Flask, g, request
from werkzeug.http import http_date, is_resource_modified
from werkzeug.wrappers import Response

from archiver import __version__
from archiver.store import Stamp
from web import render
from web.cache import FRESH_UNTIL
from web.config import SiteConfig

_TOMBSTONES = {410, 451}
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Validators:
    """Makes the ETags of what is shown of threads: weak ones, since the words beside a date move on by the minute."""

    def __init__(self, site: SiteConfig, clock: Callable[[], datetime]) -> None:
        self._site = site
        self._clock = clock

    def unmodified(self, stamp: Stamp, *more: object) -> Response | None:
        """Return 304 if whoever asks has what is shown of a thread; else note its validators for the answer.

        `more` tells apart what is shown at several addresses of the thread.
        """
        return unmodified(self.etag(stamp, *more), stamp.at)

    def etag(self, stamp: Stamp, *more: object) -> str:
        """Return the ETag of what shows the thread with that stamp."""
        now = self._clock()
        ago = [render.relative(each, now) for each in stamp.moments]
        return tag(self._site, stamp.text, ago, now.date(), *more)


class FirstMade:
    """Remembers since when answers are as they are, by their addresses and ETags. Safe for many threads.

    `clock` tells the present moment in UTC. What is forgotten counts as new.
    """

    def __init__(self, clock: Callable[[], datetime], most: int = 4096) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def of(self, address: str, etag: str) -> datetime:
        """Return when the answer at an address was first seen with that ETag."""
        with self._lock:
            known = self._known.get(address)
            if known is None or known[0] != etag:
                known = etag, self._clock()
            self._known[address] = known
            self._known.move_to_end(address)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
            return known[1]


def tag(site: SiteConfig, *parts: object) -> str:
    """Return a weak ETag made of everything that something was made of: this program, its settings, and the parts."""
    return f'W/"{sha256(repr([__version__, site, *parts]).encode()).hexdigest()[:32]}"'


def unmodified(etag: str, modified: datetime | None) -> Response | None:
    """Return 304 if whoever asks has what the validators stand for; else note them for the answer."""
    g.validators = etag, modified
    conditions = {name: value for name, value in request.environ.items() if name.startswith("HTTP_IF_")}
    if not conditions:
        return None
    environ = {"REQUEST_METHOD": "GET", **conditions}
    if is_resource_modified(environ, etag=etag, last_modified=modified, ignore_if_range=True):
        return None
    response = Response(status=304)
    _mark(response, etag, modified)
    return response


def _mark(response: Response, etag: str, modified: datetime | None) -> None:
    response.headers["ETag"] = etag
    if modified is not None:
        response.headers["Last-Modified"] = http_date(modified)


def validate(response: Response) -> Response:
    """Give an answer that was found its validators: those that were noted for it, or an ETag made of its body.

    Tombstones are answers, too: without them, a cache may keep one for as long as it likes (RFC 9110, 15.1), beyond the
    day on which what was withdrawn is given back. None is answered 304 (RFC 9110, 13.2.1).
    """
    if request.method not in {"GET", "HEAD"} or response.status_code not in {200, *_TOMBSTONES}:
        return response
    response.headers.setdefault("Cache-Control", "no-cache")
    if response.direct_passthrough or "ETag" in response.headers:
        return response
    noted = g.get("validators")
    if noted and response.status_code == 200:
        _mark(response, *noted)
    else:
        response.add_etag()
    return response


def holds_until(moment: datetime) -> None:
    """Note that the page being made says something that is not true any more from a moment on."""
    known = request.environ.get(FRESH_UNTIL)
    request.environ[FRESH_UNTIL] = moment if known is None else min(known, moment)


def changes_at(moment: datetime, now: datetime) -> datetime:
    """Return when `render.relative(moment, now)` may say something else, at the earliest."""
    passed = now - moment
    if passed < _MINUTE:
        return moment + _MINUTE
    # Hours are counted up to a day, days and all that is longer at the moment's time of day.
    unit = _MINUTE if passed < _HOUR else _HOUR if passed < _DAY else _DAY
    return moment + (passed // unit + 1) * unit


def watch_relative_times(app: Flask, clock: Callable[[], datetime]) -> None:
    """Make the templates' filter `relative` note until when what it says holds."""

    def relative(moment: datetime) -> str:
        now = clock()
        holds_until(changes_at(moment, now))
        return render.relative(moment, now)

    app.jinja_env.filters["relative"] = relative
