"""Owns the words of an index as they are written, in their order: which begin so, and which are near to another.

It knows no engine, and no postings.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate

from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.bag import FORM

_LONG = 7
"""From how many letters on a word may differ in two of them."""
_SHORT = 4
"""Shorter words are near to too many others."""


class Words:
    """The words of a segment, each with its key in the index and the number of documents that have it.

    There may be millions: they are kept as bytes, not as strings.
    """

    def __init__(self, terms: Iterable[tuple[bytes, int]]) -> None:
        mark = FORM.encode()
        rows = []
        for key, count in terms:
            term, _, form = key.partition(mark)
            rows.append((form or term, key, count))
        rows.sort()
        self._counts = array("I", [count for _, _, count in rows])
        self._forms, self._form_ends = _joined([form for form, _, _ in rows])
        self._keys, self._key_ends = _joined([key for _, key, _ in rows])

    def __len__(self) -> int:
        return len(self._counts)

    @property
    def size(self) -> int:
        """How many bytes they take, about."""
        return len(self._forms) + len(self._keys) + 20 * len(self._counts)

    def beginning(self, start: str) -> Iterator[tuple[str, int]]:
        """Yield the key of each word that begins so, and the number of documents that have it."""
        for at in self._range(start.encode("utf-8", "replace")):
            key = self._keys[self._key_ends[at] : self._key_ends[at + 1]]
            yield key.decode("utf-8"), self._counts[at]

    def near(self, word: str) -> dict[str, tuple[int, int]]:
        """Return the words like one that is misspelled: how many letters differ, and how many documents have each.

        The first letter is taken to be right, or to have changed places with the second. A word of less than four
        letters is like no other.
        """
        if len(word) < _SHORT:
            return {}
        found: dict[str, tuple[int, int]] = {}
        size = len(word.encode("utf-8", "replace"))
        most = 2 if len(word) >= _LONG else 1
        for first in dict.fromkeys(word[:2]):
            span = self._range(first.encode("utf-8", "replace"))
            # A letter has four bytes at most.
            places = [at for at in span if abs(self._length(at) - size) <= 4 * most]
            forms = [self._form(at) for at in places]
            alike = process.extract(word, forms, scorer=OSA.distance, score_cutoff=most, limit=None)
            for form, distance, which in alike:
                count = self._counts[places[which]]
                # One word may have several keys: as a word, and under another's term.
                found[form] = (int(distance), max(count, found.get(form, (0, 0))[1]))
        return found

    def _length(self, at: int) -> int:
        return self._form_ends[at + 1] - self._form_ends[at]

    def _form(self, at: int) -> str:
        return self._forms[self._form_ends[at] : self._form_ends[at + 1]].decode("utf-8")

    def _range(self, start: bytes) -> range:
        def form(at: int) -> bytes:
            return self._forms[self._form_ends[at] : self._form_ends[at + 1]]

        every = range(len(self._counts))
        first = bisect_left(every, start, key=form)
        # No UTF-8 has this byte.
        return range(first, bisect_left(every, start + b"\xff", lo=first, key=form))


def _joined(texts: list[bytes]) -> tuple[bytes, array[int]]:
    return b"".join(texts), array("Q", accumulate(map(len, texts), initial=0))
