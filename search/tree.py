"""Owns the syntax tree of a query: what any engine evaluates, and how it prints back as a query.

It reads no text (`search.query` does) and knows no engine.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

PLACES = ("title", "body", "comments", "own")
"""Where a word may be asked for: the title, the opening post, all later posts, or all that is no quotation."""

KEYWORDS = (
    "repo",
    "org",
    "author",
    "commenter",
    "involves",
    "is",
    "reason",
    "label",
    "no",
    "license",
    "topic",
    "association",
)
"""The qualifiers that have values in the index, compared in lower case; each is a field of that name there."""

TIMES = ("created", "updated", "closed", "merged")
COUNTS = ("comments",)
RANGES = (*TIMES, *COUNTS)
"""The qualifiers that take ranges of whole numbers: seconds since 1970 in UTC, or how many posts follow the first."""


@dataclass(frozen=True, slots=True)
class Everything:
    """Matches every thread; prints as nothing."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Word:
    """Matches threads that have the word; a compound, as `node.js`, matches its parts side by side."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Matches threads that have the words side by side, in this order; `text` holds no quotation mark."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class Prefix:
    """Matches threads that have a word beginning with `text`, as it is written, unstemmed; prints as `licens*`."""

    text: str

    def __str__(self) -> str:
        return f"{self.text}*"


@dataclass(frozen=True, slots=True)
class Qualifier:
    """Matches threads of which a property has a value; `name` is one of KEYWORDS, `value` is in lower case.

    `license` takes an SPDX id (`agpl-3.0-only`) or a family (`gpl`), `no` the name of a property that has no value.
    """

    name: str
    value: str

    def __str__(self) -> str:
        quoted = any(char.isspace() or char in '(),"' for char in self.value)
        return f'{self.name}:"{self.value}"' if quoted else f"{self.name}:{self.value}"


@dataclass(frozen=True, slots=True)
class Range:
    """Matches threads of which a number is from `low` to `high`, both included; None is open, one of them is not None.

    `name` is one of RANGES. What has no such number (a thread that is not closed) matches no range.
    """

    name: str
    low: int | None = None
    high: int | None = None

    def __str__(self) -> str:
        if self.name in COUNTS:
            low, high = str(self.low), str(self.high)
            whole = low if self.low == self.high else None
        else:
            low, high = _moment(self.low, first=True), _moment(self.high, first=False)
            whole = _period(self.low, self.high)
        if whole is not None:
            return f"{self.name}:{whole}"
        if self.high is None:
            return f"{self.name}:>={low}"
        return f"{self.name}:<={high}" if self.low is None else f"{self.name}:{low}..{high}"


def _moment(seconds: int | None, *, first: bool) -> str:
    """Print a time: as a day, if it is the first or last second of one."""
    if seconds is None:
        return ""
    moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001 (printed as UTC)
    if seconds % 86_400 == (0 if first else 86_399):
        return moment.date().isoformat()
    return f"{moment.isoformat()}Z"


def _period(low: int | None, high: int | None) -> str | None:
    """Print the year, month, day or second that lies between two times, if it is a whole one."""
    if low is None or high is None:
        return None
    if low == high:
        return f"{(datetime(1970, 1, 1) + timedelta(seconds=low)).isoformat()}Z"  # noqa: DTZ001
    first, last = _moment(low, first=True), _moment(high, first=False)
    if len(first) != len("2018-01-01") or len(last) != len(first):
        return None
    if first == last:
        return first
    if (first[4:], last[4:]) == ("-01-01", "-12-31") and first[:4] == last[:4]:
        return first[:4]
    whole_month = (
        first[:8] == last[:8] and first[8:] == "01" and int(last[8:]) == _days(int(first[:4]), int(first[5:7]))
    )
    return first[:7] if whole_month else None


def _days(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


@dataclass(frozen=True, slots=True)
class Within:
    """Matches what `node` does where its words stand in one of the `places` (of PLACES, in their order).

    Of several places any will do, but for `own`, which narrows the others: `body` and `own` are what the opening post
    does not quote. A phrase stands where its first word does. Prints as `(group in:title,body)`, or as `own:word`; one
    made by `within` is read back as it is.
    """

    places: tuple[str, ...]
    node: Node

    def __str__(self) -> str:
        if self.places == ("own",) and isinstance(self.node, Word | Phrase | Prefix):
            return f"own:{self.node}"
        return f"({self.node} in:{','.join(self.places)})"


@dataclass(frozen=True, slots=True)
class Not:
    """Matches what `node` does not match."""

    node: Node

    def __str__(self) -> str:
        inner = f"({self.node})" if isinstance(self.node, And | Or) else str(self.node)
        # A word can begin with `--`, and would swallow one more.
        return f"NOT {inner}" if inner.startswith("-") else f"-{inner}"


@dataclass(frozen=True, slots=True)
class And:
    """Matches what all of two or more nodes match; none of them is an And or Everything."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(f"({node})" if isinstance(node, Or) else str(node) for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Or:
    """Matches what any of two or more nodes matches; none of them is an Or."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(str(node) for node in self.nodes)


Node = Everything | Word | Phrase | Prefix | Qualifier | Range | Within | Not | And | Or


def conjunction(nodes: Sequence[Node]) -> Node:
    """Return what all nodes match together, in its simplest form; of no nodes, Everything."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, And) else () if isinstance(node, Everything) else (node,))
    if not flat:
        return Everything()
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(nodes: Sequence[Node]) -> Node:
    """Return what any of one or more nodes matches, in its simplest form."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, Or) else (node,))
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def negation(node: Node) -> Node:
    """Return what a node does not match; two negations cancel out."""
    return node.node if isinstance(node, Not) else Not(node)


def within(places: Sequence[str], node: Node) -> Node:
    """Return what a node matches where its words stand in the `places` (some of PLACES), in its simplest form.

    What has no words stays as it is, and so do words of which a place is asked for already; `own` is none of those.
    """
    ordered = tuple(place for place in PLACES if place in places)
    match node:
        case Within(inner, below) if inner == ("own",):
            return Within(tuple(place for place in PLACES if place in {*ordered, "own"}), below)
        case Within(inner, below) if ordered == ("own",) and "own" not in inner:
            return Within((*inner, "own"), below)
        case Word() | Phrase() | Prefix():
            return Within(ordered, node)
        case Not(below):
            return negation(within(places, below))
        case And(nodes):
            # What can stand in one group does, at the place of the first of it.
            kept: list[Node] = []
            group: list[Node] = []
            at = 0
            for each in nodes:
                if _has_words(each) and not _has_places(each):
                    at = at if group else len(kept)
                    group.append(each)
                else:
                    kept.append(within(places, each))
            if len(group) == 1:
                kept.insert(at, within(places, group[0]))
            elif group:
                kept.insert(at, Within(ordered, And(tuple(group))))
            return conjunction(kept)
        case Or(nodes):
            if _has_words(node) and not _has_places(node):
                return Within(ordered, node)
            return disjunction([within(places, each) for each in nodes])
        case _:
            return node


def _has_words(node: Node) -> bool:
    return isinstance(node, Word | Phrase | Prefix) or any(_has_words(each) for each in _below(node))


def _has_places(node: Node) -> bool:
    return isinstance(node, Within) or any(_has_places(each) for each in _below(node))


def _below(node: Node) -> tuple[Node, ...]:
    match node:
        case Within(_, inner) | Not(inner):
            return (inner,)
        case And(nodes) | Or(nodes):
            return nodes
        case _:
            return ()


def words(node: Node) -> Iterator[Word | Phrase | Prefix]:
    """Yield the words, phrases and beginnings that a match is to contain: all but those under a negation."""
    match node:
        case Word() | Phrase() | Prefix():
            yield node
        case Within(_, inner):
            yield from words(inner)
        case And(nodes) | Or(nodes):
            for each in nodes:
                yield from words(each)
        case _:
            return
