"""Keeps pages that were made, and answers from them as long as nothing that they were made of has changed.

What makes a page is not known here: a WSGI application is wrapped, and asked for whatever is not kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Accept, Headers
from werkzeug.http import http_date, is_resource_modified, parse_accept_header

from archiver.errors import ArchiveError
from web.serve import AT_HAND

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_BYTES = 64 * 2**20
"""How much is kept: bodies with their headers, the pages asked for last."""
# One page takes an eighth of that at most.
_LARGEST = MOST_BYTES // 8
# What an entry takes besides its body, as a rule: headers, its place in two tables.
_OVERHEAD = 2048
FRESH_UNTIL = "onrecord.fresh_until"
"""Where an application says in a request's environment until when the page stays as it is, if the store does."""
_STANDING = ("Content-Type", "Content-Length", "Content-Language")  # what a 304 does not repeat
# Upon what the pages of this site differ: whether they come packed.
_BY_PACKING = "Accept-Encoding"
Key = tuple[str, str, bool | None]
"""Path, query, and whether the page is packed with gzip; None for one that is the same for all who ask."""
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE")


@dataclass(frozen=True, slots=True)
class Page:
    """An answer as it was made, with what it depends on: `version`, the moment until which it holds, its route."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    version: Hashable
    until: datetime
    notes: dict[str, Any]
    etag: str
    modified: str | None

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return len(self.body) + _OVERHEAD


class PageCache:
    """A WSGI application in front of another one: it answers from memory what that one said 200 to, and 304 by itself.

    `version` is given a path and returns what pages at it depend on; it is asked before a page is made, so that a page
    made while something was saved is made again. If it raises an ArchiveError, nothing is answered from memory. What
    says `no-store` or `private`, sets a cookie or was asked for with one, is never kept, nor is what lies below one
    of the paths `never`: files, which would push pages out. Safe for many threads.
    """

    def __init__(
        self,
        application: WSGIApplication,
        version: Callable[[str], Hashable],
        clock: Callable[[], datetime],
        *,
        most_bytes: int = MOST_BYTES,
        never: tuple[str, ...] = (),
    ) -> None:
        self._application = application
        self._version = version
        self._clock = clock
        self._most = most_bytes
        self._never = never
        self._lock = threading.Lock()
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._size = 0
        self.hits = 0
        self.misses = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        page = environ.pop(AT_HAND, None)
        if page is None:
            if not self._keeps(environ):
                return self._application(environ, start_response)
            key = _packed(environ)
            try:
                version = self._version(key[0])
            except ArchiveError:
                # The application says what is wrong, in words and with the right status.
                return self._application(environ, start_response)
            page = self._find(key, version)
            if page is None:
                self._count(missed=True)
                return self._ask(environ, start_response, key, version)
        self._count()
        environ.update(page.notes)
        return _answer(page, environ, start_response)

    def at_hand(self, asked: Mapping[str, Any]) -> Page | None:
        """Return the page that a request can be answered with from memory; None if there is none, or none that holds.

        `asked` is a WSGI environment, of which method, path, query and headers are looked at. See `web.serve.Server`.
        """
        if not self._keeps(asked):
            return None
        key = _packed(asked)
        try:
            return self._find(key, self._version(key[0]))
        except ArchiveError:
            return None

    @property
    def kept(self) -> tuple[int, int]:
        """How many pages are kept, and about how many bytes of memory they take."""
        with self._lock:
            return len(self._pages), self._size

    def _keeps(self, asked: Mapping[str, Any]) -> bool:
        """Return whether the answer is the same for all who ask this, and one to keep."""
        return (
            asked["REQUEST_METHOD"] in {"GET", "HEAD"}
            and "HTTP_COOKIE" not in asked
            and "HTTP_AUTHORIZATION" not in asked
            and not asked.get("PATH_INFO", "").startswith(self._never or "\0")
        )

    def _find(self, packed: Key, version: Hashable) -> Page | None:
        with self._lock:
            for key in ((*packed[:2], None), packed):
                page = self._pages.get(key)
                if page is not None and page.version == version and self._clock() < page.until:
                    self._pages.move_to_end(key)
                    return page
            return None

    def _count(self, *, missed: bool = False) -> None:
        with self._lock:
            self.hits += not missed
            self.misses += missed

    def _ask(
        self, environ: WSGIEnvironment, start_response: StartResponse, key: Key, version: Hashable
    ) -> Iterable[bytes]:
        told: list[Any] = []
        inner = {**environ, "REQUEST_METHOD": "GET"}

        def note(status: str, headers: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], object]:
            told[:] = [status, headers, error]
            return written.append

        written: list[bytes] = []
        chunks = self._application(inner, note)
        environ.update({name: value for name, value in inner.items() if name.startswith("onrecord.")})
        status, headers = told[0], Headers(told[1])
        if not _keepable(status, headers):
            start_response(status, told[1], *told[2:] if told[2] else ())
            return _bodiless(chunks) if environ["REQUEST_METHOD"] == "HEAD" else chunks
        if "Vary" not in headers:
            key = (*key[:2], None)

        def kept(body: bytes) -> Page:
            notes = {name: value for name, value in inner.items() if name.startswith("onrecord.")}
            page = self._page(key, status, headers, body, version, notes)
            self._keep(key, page)
            return page

        if environ["REQUEST_METHOD"] == "GET" and "Content-Length" not in headers:
            start_response(status, told[1], *told[2:] if told[2] else ())
            return _passed_on(written, chunks, kept)
        try:
            body = b"".join([*written, *chunks])
        finally:
            _close(chunks)
        return _answer(kept(body), environ, start_response)

    def _page(
        self,
        key: Key,
        status: str,
        headers: Headers,
        body: bytes,
        version: Hashable,
        notes: dict[str, Any],
    ) -> Page:
        if "Last-Modified" not in headers:
            # The page is known to be as it is since it was first made so.
            with self._lock:
                before = self._pages.get(key)
            same = before is not None and before.modified and before.etag == headers.get("ETag")
            headers["Last-Modified"] = before.modified if same and before else http_date(self._clock())
        headers.setdefault("Content-Length", str(len(body)))
        # Whatever else a page says of the present day holds until midnight.
        midnight = (self._clock() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return Page(
            status=status,
            headers=tuple(headers),
            body=body,
            version=version,
            until=min(midnight, notes.get(FRESH_UNTIL, midnight)),
            notes={name: value for name, value in notes.items() if name != FRESH_UNTIL},
            etag=headers["ETag"],
            modified=headers["Last-Modified"],
        )

    def _keep(self, key: Key, page: Page) -> None:
        with self._lock:
            if former := self._pages.pop(key, None):
                self._size -= former.size
            if page.size > min(_LARGEST, self._most):
                return
            self._pages[key] = page
            self._size += page.size
            while self._size > self._most:
                _, dropped = self._pages.popitem(last=False)
                self._size -= dropped.size


def _packed(asked: Mapping[str, Any]) -> Key:
    # A page that comes packed or not, as whoever asks wants it, is kept apart for each.
    return asked.get("PATH_INFO", ""), asked.get("QUERY_STRING", ""), unpacks(asked.get("HTTP_ACCEPT_ENCODING", ""))


def _keepable(status: str, headers: Headers) -> bool:
    caching = headers.get("Cache-Control", "")
    return (
        status.startswith("200")
        and "ETag" in headers
        and "Set-Cookie" not in headers
        and headers.get("Vary", _BY_PACKING) == _BY_PACKING
        and "no-store" not in caching
        and "private" not in caching
        and int(headers.get("Content-Length") or 0) <= _LARGEST
    )


def _answer(page: Page, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if _unmodified(page, environ):
        start_response("304 NOT MODIFIED", [each for each in page.headers if each[0] not in _STANDING])
        return []
    start_response(page.status, list(page.headers))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [page.body]


def _unmodified(page: Page, environ: WSGIEnvironment) -> bool:
    """Return whether whoever asks has the page already (RFC 9110, section 13)."""
    wanted = environ.get("HTTP_IF_NONE_MATCH")
    if wanted is not None and wanted == page.etag:
        return True
    if wanted is None and "HTTP_IF_MODIFIED_SINCE" not in environ:
        return False
    conditions = {name: environ[name] for name in _CONDITIONS if name in environ}
    return not is_resource_modified(
        {"REQUEST_METHOD": "GET", **conditions}, etag=page.etag, last_modified=page.modified, ignore_if_range=True
    )


def _bodiless(chunks: Iterable[bytes]) -> Iterable[bytes]:
    _close(chunks)
    return []


def _passed_on(written: Iterable[bytes], chunks: Iterable[bytes], kept: Callable[[bytes], object]) -> Iterator[bytes]:
    """Yield a page while it is made; it is kept when it has come to its end, not if whoever asked went away."""
    parts: list[bytes] = []
    try:
        for chunk in chain(written, chunks):
            parts.append(chunk)
            yield chunk
    finally:
        _close(chunks)
    kept(b"".join(parts))


def _close(chunks: Iterable[bytes]) -> None:
    if hasattr(chunks, "close"):
        chunks.close()


@lru_cache(maxsize=256)
def unpacks(accepted: str) -> bool:
    """Return whether whoever sends that `Accept-Encoding` can unpack gzip."""
    return parse_accept_header(accepted, Accept)["gzip"] > 0
