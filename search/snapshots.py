"""Owns one committed state of an index made of segments: their postings and columns joined, without what is deleted.

It knows no engine: segments are read by one, and never change, so that what was read of them is kept across commits.
"""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Protocol

import numpy as np

from search.cache import Cache
from search.columns import Columns, joined
from search.matching import TEXT
from search.ranking import Ints, Postings, merged, norms, postings_of, said, select
from search.texts import Texts
from search.words import Words

EXPANSIONS = 256
"""How many words a beginning stands for at most: those in most documents."""


class Segment(Protocol):
    """Some documents with their postings and columns; what of them is deleted is not known here."""

    @property
    def name(self) -> str:
        """A name that no other segment has."""

    @property
    def count(self) -> int:
        """How many documents it has."""

    @property
    def columns(self) -> Columns:
        """The columns of its documents."""

    def postings(self, field: str, term: str) -> Postings:
        """Return the postings of a term; of a word, of all forms in which it is written."""

    def form(self, key: str) -> Postings:
        """Return the postings of one form of a word, by its key."""

    def words(self, field: str) -> Words:
        """Return all words as they are written, or all values of another field; deleted documents are counted too."""

    def texts(self, document: int, guard: AbstractContextManager[None]) -> Texts:
        """Return the texts of a document; they are read under the guard."""


class Snapshot:
    """One committed state: the corpus of searches. `guard` turns what reading raises into an error of ours."""

    def __init__(
        self,
        segments: Sequence[Segment],
        deleted: Sequence[Collection[int]],
        cache: Cache,
        guard: AbstractContextManager[None],
    ) -> None:
        self.segments = segments
        self._cache = cache
        self._guard = guard
        self._bases = [0]
        for each in segments:
            self._bases.append(self._bases[-1] + each.count)
        self.columns = joined([each.columns for each in segments])
        self.live = np.ones(self._bases[-1], bool)
        self._whole = [not numbers for numbers in deleted]
        for base, numbers in zip(self._bases, deleted, strict=False):
            self.live[base + np.fromiter(numbers, np.int64, len(numbers))] = False
        # The same segments with other deletions are another state.
        self.name = (*(each.name for each in segments), *(hash(frozenset(numbers)) for numbers in deleted))
        self.count = 0
        self.settle(())

    def settle(self, hidden: Collection[int]) -> None:
        """Count the documents, of which these are none."""
        self.live[list(hidden)] = False
        self.count = int(self.live.sum())
        lengths = self.columns.numbers["length"]
        self.norms = norms(lengths, max(float(lengths[self.live].sum()) / max(self.count, 1), 1.0))

    def without(self, keys: Collection[str]) -> Snapshot:
        """Return this state as if the documents with these keys were deleted."""
        hidden = [number for number, key in enumerate(self.columns.keys) if key in keys and self.live[number]]
        if not hidden:
            return self
        other = copy.copy(self)
        other.live = self.live.copy()
        touched = {bisect_right(self._bases, number) - 1 for number in hidden}
        other._whole = [whole and at not in touched for at, whole in enumerate(self._whole)]
        other.name = (*self.name, hash(frozenset(hidden)))
        other.settle(hidden)
        return other

    def postings(self, field: str, term: str) -> Postings:
        """Return the live postings of a term; see `search.matching.Corpus`."""
        return self._joined((field, term), lambda segment: segment.postings(field, term), positions=field == TEXT)

    def expanded(self, start: str) -> tuple[Postings, bool]:
        """Return where words begin so; see `search.matching.Corpus`."""
        counts: dict[str, int] = {}
        for segment in self.segments:
            for key, count in self._words(segment, TEXT).beginning(start):
                counts[key] = counts.get(key, 0) + count
        keys = sorted(counts, key=lambda key: (-counts[key], key))
        kept = sorted(keys[:EXPANSIONS])

        def expand(segment: Segment) -> Postings:
            return said(merged([segment.form(key) for key in kept]))

        return self._joined(("beginning", *kept), expand, positions=True), len(keys) > len(kept)

    def remembered(self, key: tuple[object, ...], make: Callable[[], Postings]) -> Postings:
        """Return what was made under this key before; see `search.matching.Corpus`."""
        return self._cache.get((self.name, *key), make)

    def texts(self, document: int) -> Texts:
        """Return the texts of a document. Raises IndexUnavailable."""
        at = bisect_right(self._bases, document) - 1
        with self._guard:
            return self.segments[at].texts(document - self._bases[at], self._guard)

    def number(self, key: str) -> int | None:
        """Return the number of the document with a key; None if there is none."""
        # A key that was put again has the highest number.
        for base, segment in zip(reversed(self._bases[:-1]), reversed(self.segments), strict=True):
            with suppress(ValueError):
                number = base + segment.columns.keys.index(key)
                if self.live[number]:
                    return number
        return None

    def near(self, word: str) -> dict[str, tuple[int, int]]:
        """Return the words like one that is misspelled; see `search.words.Words.near`."""
        found: dict[str, tuple[int, int]] = {}
        for segment in self.segments:
            for form, (distance, count) in self._words(segment, TEXT).near(word).items():
                found[form] = distance, count + found.get(form, (0, 0))[1]
        return found

    def values(self, field: str, start: str) -> dict[str, int]:
        """Return the values of a field that begin so, each with how many documents had it, deleted ones too."""
        found: dict[str, int] = {}
        for segment in self.segments:
            for value, count in self._words(segment, field).beginning(start):
                found[value] = found.get(value, 0) + count
        return found

    def _words(self, segment: Segment, field: str) -> Words:
        def read() -> Words:
            with self._guard:
                return segment.words(field)

        return self._cache.get((segment.name, "words", field), read)

    def _joined(self, key: tuple[object, ...], read: Callable[[Segment], Postings], *, positions: bool) -> Postings:
        """Return the live postings of all segments; each segment's are kept for as long as it lives."""

        def of(segment: Segment) -> Postings:
            with self._guard:
                return read(segment)

        def kept(segment: Segment) -> Postings:
            return self._cache.get((segment.name, *key), lambda: of(segment))

        if len(self.segments) == 1 and self._whole[0]:
            return kept(self.segments[0])

        def join() -> Postings:
            parts = []
            for base, whole, segment in zip(self._bases, self._whole, self.segments, strict=False):
                part = kept(segment)
                if not whole:
                    part = select(part, self.live[base + part.documents])
                if len(part.documents):
                    parts.append((base, part))
            return _concatenated(parts, positions=positions)

        return self._cache.get((self.name, *key), join)


def _concatenated(parts: Sequence[tuple[int, Postings]], *, positions: bool) -> Postings:
    if not parts:
        return postings_of(np.zeros(0, np.int32), np.zeros(0, np.int64) if positions else None)
    documents: Ints = np.concatenate([base + part.documents for base, part in parts]).astype(np.int32, copy=False)
    if not positions:
        return postings_of(documents)
    counts = np.concatenate([np.diff(part.offsets) for _, part in parts])
    return postings_of(documents, counts, np.concatenate([part.codes for _, part in parts]))
