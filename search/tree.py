"""Owns the syntax tree of a query: what any engine evaluates, and how it prints back as a query.

It reads no text (`search.query` does) and knows no engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

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
        quoted = any(char.isspace() or char in '()"' for char in self.value)
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
        low, high = (self._shown(each) for each in (self.low, self.high))
        if self.low == self.high:
            return f"{self.name}:{low}"
        if self.high is None:
            return f"{self.name}:>={low}"
        return f"{self.name}:<={high}" if self.low is None else f"{self.name}:{low}..{high}"

    def _shown(self, value: int | None) -> str:
        if value is None or self.name in COUNTS:
            return str(value)
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Within:
    """Matches what `node` does where its words stand in one of the `places` (of PLACES, in their order).

    Of several places any will do, but for `own`, which narrows the others: `body` and `own` are what the opening post
    does not quote. A phrase stands where its first word does. Prints as `(group in:title,body)`, or as `own:word`.
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
