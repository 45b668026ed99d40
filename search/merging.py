"""Owns the decision which segments of an index a commit merges; it merges nothing itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

FAN = 8
LARGEST = 4_000
"""Documents that a segment may have to be merged with others: a commit must not take minutes."""


def to_merge(sizes: Sequence[tuple[int, int]]) -> set[int]:
    """Return which segments to merge into the one being written; `sizes` are (live, all) documents of each.

    Segments are of one tier if their sizes are within a factor of eight; eight of a tier become one of the next. So a
    document is merged a few times in its life, and the number of segments grows like a logarithm (Whoosh's own policy
    merges far more often). A segment of which a third is deleted is merged whatever its tier.
    """
    tiers: dict[int, list[int]] = defaultdict(list)
    chosen: set[int] = set()
    for number, (live, whole) in enumerate(sizes):
        if 3 * (whole - live) >= whole:
            chosen.add(number)
        elif live <= LARGEST:
            tiers[(live.bit_length() - 1) // 3].append(number)
    return chosen.union(*(numbers for numbers in tiers.values() if len(numbers) >= FAN))
