"""Owns the arithmetic of ranking, over arrays: weights by place, BM25F, positions of phrases.

It knows no index, no query and no document: numbers in, numbers out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from search.bag import ALSO_BIT, LATER, OPENING, PLACE_BITS, POSITION_SHIFT, TITLE

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

B = 0.75
K1 = 1.2

TITLE_WEIGHT = 3.0
SEGMENT_WEIGHT = {"own": 1.0, "details": 0.75, "quote": 0.5, "code": 0.5}
"""What a word counts by where it stands: so much times as often as it stands there."""
ALSO_WEIGHT = 0.7
"""By what that is multiplied where it is found under another word's term."""

PLACES = 1 << PLACE_BITS
_PLACE_MASK = np.uint32(PLACES - 1)
_ROLE_MASK = np.uint32(ALSO_BIT | PLACES - 1)


def place_weights() -> Floats:
    """Return the weight of an occurrence by the lowest bits of its code: place and ALSO_BIT."""
    table = np.zeros(2 * PLACES)
    table[TITLE] = TITLE_WEIGHT
    for places in (OPENING, LATER):
        for name, place in places.items():
            table[place] = SEGMENT_WEIGHT[name]
    table[ALSO_BIT:] = table[:ALSO_BIT] * ALSO_WEIGHT
    return table


WEIGHTS = place_weights()


@dataclass(frozen=True)
class Postings:
    """Where a term stands: documents in rising order; codes `offsets[i]:offsets[i + 1]` are of document i.

    Of fields without positions there are no codes and no offsets.
    """

    documents: Ints
    offsets: Longs
    codes: Codes

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return self.documents.nbytes + 2 * self.offsets.nbytes + self.codes.nbytes + 300

    @cached_property
    def weighed(self) -> Floats:
        """The sum of the occurrences' weights in each document."""
        return weights(self, WEIGHTS)

    def of(self, numbers: Sequence[int]) -> list[Codes]:
        """Return the codes in each of some documents; none where the term does not stand."""
        wanted = np.array(numbers, np.int32)
        at = np.searchsorted(self.documents, wanted)
        at[at == len(self.documents)] = 0
        return (
            [
                self.codes[self.offsets[n] : self.offsets[n + 1]] if found else NO_CODES
                for n, found in zip(at.tolist(), (self.documents[at] == wanted).tolist(), strict=True)
            ]
            if len(self.documents)
            else [NO_CODES] * len(numbers)
        )


NO_CODES: Codes = np.zeros(0, np.uint32)
_NO_OFFSETS: Longs = np.zeros(0, np.int64)
NOWHERE = Postings(np.zeros(0, np.int32), np.zeros(1, np.int64), NO_CODES)


def postings_of(documents: Ints, counts: npt.NDArray[Any] | None = None, codes: Codes = NO_CODES) -> Postings:
    """Make postings of documents, and of how many codes each has."""
    if counts is None:
        return Postings(documents, _NO_OFFSETS, NO_CODES)
    offsets = np.zeros(len(documents) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return Postings(documents, offsets, codes)


def weights(postings: Postings, table: Floats | None = None) -> Floats:
    """Return for each document the sum of its occurrences' weights; by the usual table it is worked out once."""
    if table is None:
        return postings.weighed
    if not len(postings.codes):
        return np.zeros(len(postings.documents))
    each = table[postings.codes & _ROLE_MASK]
    return np.add.reduceat(each, postings.offsets[:-1])


def idf(documents: int, having: int) -> float:
    """Return what a term is worth that `having` of so many documents have (as Whoosh computes it)."""
    return log(max(documents, 1) / (having + 1)) + 1  # of no documents, where all were deleted


def norms(lengths: npt.NDArray[Any], average: float) -> Floats:
    """Return the part of BM25 that depends on the documents' lengths alone."""
    return K1 * (1 - B + B * lengths / average)


def bm25(value: float, weight: Floats, norm: Floats) -> Floats:
    """Score a term in documents, from its idf, its weighted frequency in each and their norms.

    With the weights of places added up before, this is BM25F: Robertson and Zaragoza, "The Probabilistic Relevance
    Framework: BM25 and Beyond" (2009), section 3.6.
    """
    return value * (weight * (K1 + 1)) / (weight + norm)


# --- occurrences ------------------------------------------------------------------------------------------------------


def select(postings: Postings, keep: Mask) -> Postings:
    """Return the postings of some documents: those of which `keep` (one for each posting) says so."""
    documents = postings.documents[keep]
    if not len(postings.offsets):
        return postings_of(documents)
    counts = np.diff(postings.offsets)
    return postings_of(documents, counts[keep], postings.codes[np.repeat(keep, counts)])


def chosen(postings: Postings, keep: Mask) -> Postings:
    """Return the postings with some occurrences: those of which `keep` (one for each code) says so."""
    running = np.zeros(len(keep) + 1, np.int64)
    np.cumsum(keep, out=running[1:])
    counts = np.diff(running[postings.offsets])
    having = counts > 0
    return postings_of(postings.documents[having], counts[having], postings.codes[keep])


def within(postings: Postings, places: Mask) -> Postings:
    """Return the postings in some places alone; `places` has one entry for each of PLACES."""
    return chosen(postings, places[postings.codes & _PLACE_MASK])


def said(postings: Postings) -> Postings:
    """Return the postings without what is found under another word's term."""
    return chosen(postings, (postings.codes & np.uint32(ALSO_BIT)) == 0)


def spots(postings: Postings) -> Longs:
    """Return each occurrence as one number, rising: document times 2 ** 27, and position."""
    documents = np.repeat(postings.documents.astype(np.int64), np.diff(postings.offsets))
    return documents << (32 - POSITION_SHIFT) | (postings.codes >> np.uint32(POSITION_SHIFT)).astype(np.int64)


def merged(parts: list[Postings]) -> Postings:
    """Return what any of several postings has, in order; an occurrence that several have is one occurrence."""
    parts = [part for part in parts if len(part.documents)]
    if not parts:
        return NOWHERE
    if len(parts) == 1:
        return parts[0]
    where = np.concatenate([spots(part) for part in parts])
    codes = np.concatenate([part.codes for part in parts])
    keys = where << POSITION_SHIFT | (codes & _ROLE_MASK).astype(np.int64)
    keys.sort(kind="stable")
    first = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    keys = keys[first]
    documents, starts = np.unique(keys >> 32, return_index=True)
    offsets = np.append(starts, len(keys)).astype(np.int64)
    return Postings(documents.astype(np.int32), offsets, (keys & 0xFFFFFFFF).astype(np.uint32))


def phrase(parts: list[Postings]) -> Postings:
    """Return where the terms stand one after the other: the occurrences of the first of which that holds."""
    if not all(len(part.documents) for part in parts):
        return NOWHERE
    places = [spots(part) for part in parts]
    rarest = min(range(len(parts)), key=lambda which: len(places[which]))
    # A position before the beginning of a text would be one of the document before: no text begins there.
    starts = places[rarest] - rarest
    for offset in sorted(range(len(parts)), key=lambda which: len(places[which])):
        if offset != rarest and len(starts):
            starts = starts[_among(starts + offset, places[offset])]
    return chosen(parts[0], _among(places[0], starts)) if len(starts) else NOWHERE


def _among(numbers: Longs, known: Longs) -> Mask:
    """Return which of the numbers are known; both are in order."""
    if not len(known):
        return np.zeros(len(numbers), bool)
    at = np.searchsorted(known, numbers)
    at[at == len(known)] = 0
    same: Mask = known[at] == numbers
    return same
