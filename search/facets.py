"""Owns the counting of matches by their values; what a facet is, `search.index` says."""

from __future__ import annotations

import numpy as np

from search.columns import Columns
from search.index import FACETS, FacetCount
from search.ranking import Mask

MOST = 50
"""How many values of a facet are counted at most: the most frequent ones."""


def count(columns: Columns, matches: Mask) -> dict[str, tuple[FacetCount, ...]]:
    """Return how many of the matches have each value of each facet, most frequent first."""
    return {name: _years(columns, matches) if name == "year" else _values(name, columns, matches) for name in FACETS}


def _values(name: str, columns: Columns, matches: Mask) -> tuple[FacetCount, ...]:
    column = columns.lists[name]
    counts = column.counts(matches)
    having = np.flatnonzero(counts)
    if len(having) > MOST:
        least = np.partition(counts[having], len(having) - MOST)[len(having) - MOST]
        having = having[counts[having] >= least]
    ranked = sorted((-int(counts[number]), column.values[number]) for number in having.tolist())
    return tuple(FacetCount(value, -count) for count, value in ranked[:MOST])


def _years(columns: Columns, matches: Mask) -> tuple[FacetCount, ...]:
    years = columns.years[matches]
    counts = np.bincount(years[years > 0])
    ranked = sorted((-int(counts[year]), year) for year in np.flatnonzero(counts).tolist())
    return tuple(FacetCount(f"{year:04d}", -count) for count, year in ranked[:MOST])
