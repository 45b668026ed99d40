"""Owns how a search is narrowed and widened by links: facets with their counts, and the parts that can be taken away.

It asks no index: counts are given to it, and what a query means, `search.query` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from search.facets import MOST
from search.index import FACETS, FacetCount
from search.licenses import names_of
from search.query import parse
from search.ranges import bounds
from search.tree import And, Everything, Node, Not, Or, Qualifier, Range, conjunction, negation

HEADINGS = {
    "repository": "Repository",
    "year": "Opened in",
    "license": "License",
    "topic": "About",
    "state": "State",
    "reason": "Closed as",
    "association": "With a post by",
    "flag": "Marked",
}
SHOWN = 6
"""How many values of a facet are seen at once; the others are folded away."""
MOST_VALUES = 24


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet: how many of the results have it, and the query of its link.

    The link adds the value, or takes it away where it is `active`. The query is empty where none can be written that
    is read back as it is meant (it would be too long, for instance); taking away the last part leaves `""`, too.
    """

    text: str
    count: int
    query: str
    active: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """What results are divided by, with its values: those that most of them have first, years the latest first."""

    name: str
    heading: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a query that narrows it, as it is written, and the query without it."""

    text: str
    query: str


def facets(
    query: Node, counted: Mapping[str, Sequence[FacetCount]], total: int, recount: Callable[[Node], int]
) -> list[Facet]:
    """Return the facets that divide the results of a query, or are asked for in it.

    `counted` is as `search.index.ResultPage` has it, `total` of how many results. `recount` tells how many a query
    finds: `license:GPL` finds what is counted as `GPL-2.0-only`, too.
    """
    divided: dict[str, tuple[list[FacetCount], list[FacetCount], set[str]]] = {}
    longest: dict[str, str] = {}
    for name in FACETS:
        values = list(counted.get(name, ()))
        if name == "year":
            values.sort(key=lambda each: each.value, reverse=True)
        active = {each.value for each in values if _asked(query, name, each.value)}
        if not active and all(each.count == total for each in values):
            continue
        kept = [each for at, each in enumerate(values) if at < MOST_VALUES or each.value in active]
        divided[name] = values, kept, active
        longest[name] = max((each.value for each in kept), key=len)
    possible = _room_for(query, longest)
    found = []
    for name, (values, kept, active) in divided.items():
        shown = []
        for each in kept:
            asked = each.value in active
            wanted = without(query, *added(name, each.value)) if asked else narrowed(query, name, each.value)
            count = total if asked else each.count
            if name == "license" and not asked and _is_wider(each.value, values):
                count = recount(wanted)
            fits = name in possible and _reads_back(name, each.value)
            written = readable(wanted) if asked else str(wanted) if fits else ""
            shown.append(Value(each.value, count, written, asked))
        if name == "license":
            shown.sort(key=lambda each: -each.count)
        found.append(Facet(name, HEADINGS[name], tuple(shown)))
    return found


def _room_for(query: Node, longest: Mapping[str, str]) -> set[str]:
    """Return the facets of which each value can be added to a query; `longest` are their longest values.

    One look at the longest value stands for all of them, and one at the query with those of all facets for all facets,
    since reading a query back takes longer than writing it.
    """
    whole = query
    for name, value in longest.items():
        whole = narrowed(whole, name, value)
    if readable(whole):
        return set(longest)
    return {name for name, value in longest.items() if readable(narrowed(query, name, value))}


def parts(query: Node) -> list[Part]:
    """Return what of a query narrows it and can be taken away by a link: its qualifiers, if there is more besides."""
    found = []
    for each in dict.fromkeys(_together(query)):
        if _narrows(each) and (rest := readable(without(query, each))):
            found.append(Part(str(each), rest))
    return found


def readable(query: Node) -> str:
    """Return a query as it is written; empty where that would not be read as it is meant."""
    written = str(query)
    return written if parse(written).tree == query else ""


def added(facet: str, value: str) -> tuple[Node, ...]:
    """Return what finds the threads that a facet counts for a value."""
    match facet:
        case "repository":
            return (Qualifier("repo", value.lower()),)
        case "year":
            year = bounds("created", value, None)
            return (Range("created", year.low, year.high),) if year else ()
        case "state":
            # The facet counts what was merged apart, the qualifier does not.
            closed = (negation(Qualifier("is", "merged")),) if value == "closed" else ()
            return (Qualifier("is", value), *closed)
        case "flag":
            return (Qualifier("is", value),)
        case _:
            return (Qualifier(facet, value.lower()),)


def narrowed(query: Node, facet: str, value: str) -> Node:
    """Return the query that finds what another does and has a facet's value: of a choice, only what was chosen."""
    wanted = added(facet, value)
    kept = [each for each in _together(query) if each not in wanted and not _offers(each, wanted)]
    return conjunction([*kept, *wanted])


def without(query: Node, *removed: Node) -> Node:
    """Return a query without some of the parts that all of its results have to fit."""
    return conjunction([each for each in _together(query) if each not in removed])


def _together(query: Node) -> tuple[Node, ...]:
    return query.nodes if isinstance(query, And) else (query,)


def _asked(query: Node, facet: str, value: str) -> bool:
    wanted = added(facet, value)
    return bool(wanted) and set(wanted) <= set(_together(query))


def _offers(part: Node, wanted: Sequence[Node]) -> bool:
    """Return whether a part is a choice among qualifiers, one of which is what is wanted."""
    return isinstance(part, Or) and len(wanted) == 1 and wanted[0] in part.nodes and _narrows(part)


def _narrows(part: Node) -> bool:
    match part:
        case Qualifier() | Range() | Not(Qualifier() | Range()):
            return True
        case Or(nodes):
            return all(isinstance(each, Qualifier | Range) for each in nodes)
        case _:
            return False


def _is_wider(value: str, values: Sequence[FacetCount]) -> bool:
    """Return whether a license's name finds threads that are counted under another name."""
    name = value.lower()
    others = (each.value for each in values if each.value != value)
    return len(values) >= MOST or any(name in names_of(each) for each in others)


@lru_cache(maxsize=4096)
def _reads_back(facet: str, value: str) -> bool:
    """Return whether a facet's value is read as it is meant where it stands by itself."""
    wanted = conjunction(added(facet, value))
    return not isinstance(wanted, Everything) and bool(readable(wanted))
