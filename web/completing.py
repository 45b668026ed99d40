"""Owns what can be typed next in a query: which names of qualifiers, and which values of one.

It reads no index: the values that are held are told to it. What a qualifier means, `search.qualifiers` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from search.index import FacetCount
from search.qualifiers import QUOTES, VALUES
from search.tree import COUNTS, TIMES
from web.render import plural

MOST = 8
"""How many suggestions there are at most: what is seen without scrolling."""
# The names of qualifiers in the order in which they are offered, each with a word about it.
NAMES = {
    "repo": "of a repository",
    "license": "that discuss a license",
    "topic": "about a topic",
    "is": "state, kind, what happened",
    "author": "opened by",
    "created": "opened when",
    "in": "words in the title, in comments",
    "own": "words that are not quoted",
    "org": "of an owner",
    "commenter": "with a post by",
    "involves": "with somebody in any part",
    "mentions": "that mention somebody",
    "association": "with a post by an owner, a member",
    "label": "with a label",
    "reason": "closed as",
    "comments": "with so many posts",
    "updated": "last active when",
    "closed": "closed when",
    "merged": "merged when",
    "no": "without a label, a license",
    "state": "open, closed, merged",
    "type": "issue, pr, discussion",
    "draft": "pull requests that are drafts",
    "user": "of an owner",
    "sort": "in this order",
}
# Where the values of one qualifier are looked up under the name of another.
_FIELDS = {"user": "org", "mentions": "involves"}
_HELD = ("repo", "org", "author", "commenter", "involves", "label", "license")
_AGES = {
    "<30d": "in the last 30 days",
    "<1y": "in the last year",
    ">1y": "longer ago than a year",
    "2018..2020": "between",
}
_NUMBERS = {">10": "more than ten", ">100": "more than a hundred", "0": "none after the first"}
Values = Callable[[str, str, int], Sequence[FacetCount]]
"""Tells the values held of a qualifier that begin so, at most so many: `search.index.Index.values`."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What would be written in the place of what was typed, and a word about it."""

    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Completion:
    """Suggestions for what stands from `start` to `end` (characters of the query)."""

    start: int
    end: int
    suggestions: tuple[Suggestion, ...] = ()

    def json(self) -> dict[str, Any]:
        """Return the answer that the script of the page reads."""
        shown = [{"text": each.text, "note": each.note} for each in self.suggestions]
        return {"start": self.start, "end": self.end, "suggestions": shown}


def complete(query: str, at: int, values: Values) -> Completion:
    """Return what the word at a place of a query may go on as; the place is between its characters, from 0.

    A suggestion ends in a colon where a value is to follow, else in a space unless one is there.
    """
    at = min(max(at, 0), len(query))
    start, end = _word(query, at)
    typed = query[start:at]
    name, colon, begun = typed.partition(":")
    if not colon:
        if end > at and ":" in query[at:end]:  # within the name of one that is there
            return Completion(start, end)
        return Completion(start, end, _names(typed))
    if name.lower() not in VALUES:
        return Completion(start, end)
    # Of values with commas between, the last one is being typed.
    last = _last(begun)
    after = "" if query[end : end + 1] == " " else " "
    suggestions = _values(name.lower(), begun[last:].strip(QUOTES), after, values)
    return Completion(start + len(name) + 1 + last, end, suggestions)


def _word(query: str, at: int) -> tuple[int, int]:
    """Return where the word begins and ends that a place is in: quotation marks hold together what is in them."""
    start, quoted = 0, False
    for place, char in enumerate(query):
        if char in QUOTES:
            quoted = not quoted
        if not quoted and (char.isspace() or char in "()"):
            if place >= at:
                return start, place
            start = place + 1
        elif char == "-" and place == start < at:
            start = place + 1
    return start, len(query) if not quoted else max(at, _unquoted(query, at))


def _last(begun: str) -> int:
    """Return where the last of the values begins that have commas between them, outside of quotation marks."""
    start, quoted = 0, False
    for place, char in enumerate(begun):
        if char in QUOTES:
            quoted = not quoted
        elif char == "," and not quoted:
            start = place + 1
    return start


def _unquoted(query: str, at: int) -> int:
    """Return where a word ends whose quotation mark was not closed yet."""
    found = re.compile(r"\s|$").search(query, at)
    return found.start() if found else len(query)


def _names(typed: str) -> tuple[Suggestion, ...]:
    fitting = [name for name in NAMES if name.startswith(typed.lower())]
    return tuple(Suggestion(f"{name}:", NAMES[name]) for name in fitting[:MOST])


def _values(name: str, begun: str, after: str, values: Values) -> tuple[Suggestion, ...]:
    if name in TIMES:
        return tuple(Suggestion(text + after, note) for text, note in _AGES.items() if text.startswith(begun))
    if name in COUNTS:
        return tuple(Suggestion(text + after, note) for text, note in _NUMBERS.items() if text.startswith(begun))
    field = _FIELDS.get(name, name)
    if field in _HELD:
        held = values(field, " ".join(begun.lower().split()), MOST)
        return tuple(Suggestion(_quoted(each.value) + after, plural(each.count, "debate")) for each in held)
    fitting = [value for value in VALUES[name] if _fits(value, begun.lower())]
    fitting.sort(key=lambda value: not value.startswith(begun.lower()))
    return tuple(Suggestion(value + after, "") for value in fitting[:MOST])


def _fits(value: str, begun: str) -> bool:
    """Return whether a value, or a word in it, begins so."""
    return value.startswith(begun) or any(word.startswith(begun) for word in re.split(r"[-_]", value))


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r"[\s(),]", value) else value
