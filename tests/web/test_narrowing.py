"""Facets as links: those that a query has room for."""

from __future__ import annotations

from search.index import FacetCount
from search.query import MAX_LENGTH, parse
from web import narrowing

COUNTED = {
    "topic": (FacetCount("cla", 2), FacetCount("relicense", 1)),
    "repository": (FacetCount(f"{'o' * 39}/{'n' * 100}", 2), FacetCount("acme/rocket", 1)),
}


def offered(query: str) -> set[str]:
    """Return the facets whose values are links, in the results of a query."""
    found = narrowing.facets(parse(query).tree, COUNTED, 3, lambda _query: 0)
    return {facet.name for facet in found if any(value.query for value in facet.values)}


def test_each_facet_that_a_query_has_room_for_is_offered() -> None:
    """Where not all facets fit into the query at once, each that fits by itself is still a link."""
    word = "license-"
    assert offered("license") == {"topic", "repository"}
    room = MAX_LENGTH - len(" topic:relicense") - 1
    long = " ".join([f'"{(word * 4)[:30]}{at:02}"' for at in range(64)])[:room].rpartition(" ")[0]
    padded = f"{long} {'x' * (room - len(long) - 1)}"
    assert offered(padded) == {"topic"}
