"""Owns a bounded memory of decoded postings; where they come from, and when they are out of date, it does not know."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from search.matching import Postings


class PostingsCache:
    """Keeps the postings used last, as long as together they have at most `limit` entries. For one thread at a time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str], Postings] = OrderedDict()
        self._entries = 0

    def get(self, field: str, term: str, read: Callable[[str, str], Postings]) -> Postings:
        """Return the postings of a term; if they are not kept, they are read."""
        found = self._kept.get((field, term))
        if found is not None:
            self._kept.move_to_end((field, term))
            return found
        found = self._kept[field, term] = read(field, term)
        self._entries += self._size(found)
        while self._entries > self._limit and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._entries -= self._size(dropped)
        return found

    @staticmethod
    def _size(postings: Postings) -> int:
        # An absent term takes some room too.
        return len(postings.documents) + 1
