"""Asks GitHub with what is known of its earlier answers: one URL on condition of its ETag, a list page by page.

It keeps nothing: an ETag is worth keeping only together with what the answer said, and that is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from archiver.errors import BadResponse
from archiver.github.client import Answer, GitHub
from archiver.store import Cached, Store

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; `remember` (URL, ETag, next URL) is to be kept together with its items.

    `date` is the server's clock when it was answered. An `unchanged` page has no items: it is as it was when its ETag
    was kept. `moved_to` is the target of a permanent redirect, if there was one.
    """

    items: list[Any]
    remember: tuple[str, str, str | None] | None
    next_url: str | None
    date: datetime
    unchanged: bool = False
    moved_to: str | None = None


class Asker:
    """Asks GitHub. `full` leaves aside the ETags of earlier answers."""

    def __init__(self, store: Store, github: GitHub, *, full: bool) -> None:
        self.store = store
        self.github = github
        self.full = full

    def _ask(self, url: str, conditional: bool) -> tuple[Answer, Cached | None]:
        """Ask for a URL, with the ETag of its last answer if wanted; return what was known of it, too."""
        cached: Cached | None = None
        if conditional:
            with self.store.transaction() as tx:
                cached = tx.cached(url)
        return self.github.get(url, cached.etag if cached else None), cached

    def pages(self, url: str, conditional: bool, *, beyond: bool = False) -> Iterator[Page]:
        """Go through a listing by its Link headers; an unchanged page comes back empty.

        `beyond` asks for one page more after a full last one. Usually it is empty; but what is new would stand there,
        and so a list that is unchanged costs nothing however many items it has.
        """
        following: str | None = url
        been: set[str] = set()
        further: str | None = None
        while following is not None:
            url = following
            if url in been:
                raise BadResponse(f"{url}: the pages of this list lead round in a circle", key=url)
            been.add(url)
            answer, cached = self._ask(url, conditional)
            if answer.not_modified and cached:
                following = cached.next_url
                yield Page([], None, following, answer.date, unchanged=True)
                continue
            if not isinstance(answer.data, list):
                raise BadResponse(f"{url}: a list was expected", key=url)
            following = answer.next_url
            # Not twice in a row: whoever pays no heed to page numbers would give the same items for ever.
            if following is None and beyond and len(answer.data) >= PER_PAGE and url != further:
                following = further = _page_after(url)
            # A full last page is not remembered: what is new would stand on a page after it, while its ETag may stay.
            settled = following is not None or len(answer.data) < PER_PAGE
            remember = (url, answer.etag, following) if answer.etag and settled else None
            yield Page(answer.data, remember, following, answer.date, moved_to=answer.moved_to)


def _page_after(url: str) -> str:
    """Return the URL of the page after one of a listing by page numbers."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    number = query.get("page", ["1"])[0]
    query["page"] = [str(int(number) + 1 if number.isdecimal() else 2)]
    return parts._replace(query=urlencode(query, doseq=True)).geturl()
