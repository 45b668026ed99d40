"""Owns what to ask instead of a query that finds nothing: which of its parts to drop.

It asks no index: how much a query finds is told to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from search.tree import And, Node, conjunction

MOST_PARTS = 6
"""Of longer queries no part is tried: each one costs a search."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A query to ask instead: the same `without` a part, or a part alone; `total` is how many threads it finds."""

    without: bool
    part: Node
    query: Node
    total: int

    def __str__(self) -> str:
        return f"{'without' if self.without else 'only'} {self.part}"


def drops(query: Node, total: Callable[[Node], int]) -> list[Drop]:
    """Return the queries without one of its parts that find something, those that find most first.

    Where none does, the parts that find something alone. `total` tells how many threads a query finds.
    """
    if not isinstance(query, And) or len(query.nodes) > MOST_PARTS:
        return []
    for without in (True, False):
        found = []
        for part in query.nodes:
            rest = conjunction([each for each in query.nodes if each is not part]) if without else part
            if count := total(rest):
                found.append(Drop(without, part, rest, count))
        if found:
            return sorted(found, key=lambda each: -each.total)
    return []
