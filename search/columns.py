"""Owns the values of documents as arrays, one entry for each document: numbers, and the values counted in facets.

It knows no engine: a segment's engine fills them, and they are joined here to those of an index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from search.ranking import Floats, Ints, Longs, Mask
from search.tree import RANGES

NONE = -(2**62)
"""What stands in a column of numbers where a document has none."""
_BEYOND = 60_000_000_000
"""Seconds after which no calendar of ours has a year, nor before: more than NONE, and what damage may bring."""
NUMBERS = (*RANGES, "length")
"""The columns of numbers, whole ones: times are seconds since 1970 in UTC, the length is in words."""
LISTS = ("repository", "license", "topic", "state", "reason", "association", "flag")
"""The columns of values as a reader wants them spelled; a document may have several of each, or none."""


@dataclass(frozen=True)
class ValueColumn:
    """The values of each document: `numbers[offsets[i]:offsets[i + 1]]` are those of document i, into `values`."""

    values: Sequence[str]
    offsets: Longs
    numbers: Ints

    def counts(self, matches: Mask) -> npt.NDArray[np.int64]:
        """Return how many of the documents that match have each value."""
        return np.bincount(self.numbers[matches[self._owners]], minlength=len(self.values))

    @cached_property
    def _owners(self) -> Ints:
        """Of which document each value is."""
        return np.repeat(np.arange(len(self.offsets) - 1, dtype=np.int32), np.diff(self.offsets))

    def numbers_of(self, document: int) -> list[int]:
        """Return the numbers of one document's values."""
        found: list[int] = self.numbers[self.offsets[document] : self.offsets[document + 1]].tolist()
        return found

    def sums(self, worth: Floats) -> Floats:
        """Return for each document the sum of what its values are worth."""
        running = np.zeros(len(self.numbers) + 1)
        np.cumsum(worth[self.numbers], out=running[1:])
        sums: Floats = running[self.offsets[1:]] - running[self.offsets[:-1]]
        return sums


@dataclass(frozen=True)
class Columns:
    """The columns of all documents; keys are thread keys."""

    keys: Sequence[str]
    numbers: Mapping[str, Longs]
    lists: Mapping[str, ValueColumn]

    @cached_property
    def years(self) -> Ints:
        """The year in which each document was created; 0 where that is not known."""
        created = self.numbers["created"]
        known = np.abs(created) < _BEYOND
        years = np.where(known, created, 0).astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
        return np.where(known, years, 0).astype(np.int32)

    @property
    def size(self) -> int:
        """How many bytes they take, about."""
        arrays = sum(each.nbytes for each in self.numbers.values())
        lists = sum(each.offsets.nbytes + each.numbers.nbytes + 80 * len(each.values) for each in self.lists.values())
        return arrays + lists + 80 * len(self.keys)


def value_column(rows: Sequence[Sequence[str]], which: npt.NDArray[Any]) -> ValueColumn:
    """Make a column of different rows of values, and of which row each document has."""
    known: dict[str, int] = {}
    numbers = np.array([known.setdefault(value, len(known)) for row in rows for value in row], np.int32)
    starts = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=starts[1:])
    counts = np.diff(starts)[which]
    offsets = np.zeros(len(which) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    at = np.repeat(starts[:-1][which] - offsets[:-1], counts) + np.arange(offsets[-1])
    return ValueColumn(list(known), offsets, numbers[at])


def joined(parts: Sequence[Columns]) -> Columns:
    """Return the columns of an index of these segments, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return Columns(
        keys=[key for each in parts for key in each.keys],
        numbers={
            name: np.concatenate([each.numbers[name] for each in parts]) if parts else np.zeros(0, np.int64)
            for name in NUMBERS
        },
        lists={name: _joined([each.lists[name] for each in parts]) for name in LISTS},
    )


def _joined(parts: Sequence[ValueColumn]) -> ValueColumn:
    numbers: dict[str, int] = {}
    moved: list[Any] = []
    counts: list[Any] = []
    for part in parts:
        table = np.array([numbers.setdefault(value, len(numbers)) for value in part.values], np.int32)
        moved.append(table[part.numbers] if len(table) else part.numbers)
        counts.append(np.diff(part.offsets))
    offsets = np.zeros(sum(len(each) for each in counts) + 1, np.int64)
    if counts:
        np.cumsum(np.concatenate(counts), out=offsets[1:])
    return ValueColumn(list(numbers), offsets, np.concatenate(moved) if moved else np.zeros(0, np.int32))
