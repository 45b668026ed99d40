"""Owns the words of an index as they are written, in their order: which begin so, and which are near to another.

It knows no engine, and no postings.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from search.bag import FORM


class Words:
    """The words of a segment, each with its key in the index and the number of documents that have it."""

    def __init__(self, terms: Iterable[tuple[str, int]]) -> None:
        found = sorted((_form(key), key, count) for key, count in terms)
        self._forms: Sequence[str] = [form for form, _, _ in found]
        self._keys: Sequence[str] = [key for _, key, _ in found]
        self._counts: Sequence[int] = [count for _, _, count in found]

    @property
    def size(self) -> int:
        """How many bytes they take, about."""
        return 170 * len(self._forms)

    def beginning(self, start: str) -> Iterator[tuple[str, int]]:
        """Yield the key of each word that begins so, and the number of documents that have it."""
        for at in range(bisect_left(self._forms, start), len(self._forms)):
            if not self._forms[at].startswith(start):
                return
            yield self._keys[at], self._counts[at]


def _form(key: str) -> str:
    term, _, form = key.partition(FORM)
    return form or term
