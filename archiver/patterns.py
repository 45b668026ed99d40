"""Owns how a table of words becomes patterns that are quick over whole posts: in lower case, literals looked for first.

It holds no words of its own; those of licensing stand in `archiver.vocabulary` and its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

# What of a pattern is no letter to be matched: escapes, and names of groups.
_LITERAL = re.compile(r"\\.|\(\?P<\w+>|.", re.DOTALL)
_QUANTIFIER = re.compile(r"(?:[*?]|\+|\{(\d*)(?:,\d*)?\})\??")
_GROUP = re.compile(r"\((?:\?(?:[:>]|P<\w+>|[ims]+:|<?[=!]))?")
_SET = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
# To look for more literals than these costs more than to try the pattern.
_MOST = 12


def lowered(text: str) -> str:
    """Return `text` in lower case, letter by letter, so that places stay the same: a few letters become two by case."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(each.lower()[0] for each in text)


class Pattern:
    """A pattern over text in lower case, tried only where one of its `stems` stands.

    Patterns that ignore case cost several times as much, since no branch of theirs can be passed over by its first
    letter; to look for a literal is faster still. So each alternative is tried only where a literal that it needs
    stands. Without `stems` all alternatives are looked at.
    """

    __slots__ = ("_sole", "parts", "source", "stems")

    def __init__(self, pattern: str, stems: Iterable[str] = (), *, ascii_words: bool = False) -> None:
        """Compile `pattern`; its letters may be in either case. `ascii_words`: beside other scripts, too, words end."""
        if "(?-i" in pattern:
            raise ValueError(f"case means nothing here: {pattern!r}")
        self.source = _LITERAL.sub(lambda part: part[0] if len(part[0]) > 1 else part[0].lower(), pattern)
        self.stems = tuple(stems)
        flags = re.ASCII if ascii_words else 0
        by_literals: dict[tuple[str, ...], list[str]] = {}
        for each in alternatives(self.source):
            literals = needed(each)
            by_literals.setdefault(tuple(sorted(literals)) if 0 < len(literals) <= _MOST else (), []).append(each)
        self.parts = tuple((literals, re.compile("|".join(some), flags)) for literals, some in by_literals.items())
        self._sole = (self.parts[0][1],) if len(self.parts) == 1 and not self.parts[0][0] else ()

    def _trying(self, low: str) -> Sequence[re.Pattern[str]]:
        # Loops, since generators cost more than the search.
        if self.stems:
            for stem in self.stems:
                if stem in low:
                    break
            else:
                return ()
        if self._sole:
            return self._sole
        found = []
        for literals, regex in self.parts:
            for literal in literals:
                if literal in low:
                    found.append(regex)
                    break
            else:
                if not literals:
                    found.append(regex)
        return found

    def search(self, low: str) -> re.Match[str] | None:
        """Return the first match in `low`, a text in lower case."""
        first = None
        for regex in self._trying(low):
            match = regex.search(low)
            if match and (first is None or match.start() < first.start()):
                first = match
        return first

    def match(self, low: str) -> re.Match[str] | None:
        """Return a match at the beginning of `low`, a text in lower case."""
        for regex in self._trying(low):
            if match := regex.match(low):
                return match
        return None

    def finditer(self, low: str) -> Iterator[re.Match[str]]:
        """Iterate over the matches in `low`, a text in lower case: those of one alternative after those of another."""
        trying = self._trying(low)
        return trying[0].finditer(low) if len(trying) == 1 else chain.from_iterable(r.finditer(low) for r in trying)


def alternatives(pattern: str) -> list[str]:
    """Split a pattern at the bars outside of its groups."""
    found, start = [], 0
    for at, depth in _depths(pattern, 0):
        if pattern[at] == "|" and not depth:
            found.append(pattern[start:at])
            start = at + 1
    return [*found, pattern[start:]]


def needed(pattern: str) -> frozenset[str]:
    """Return literals of which one stands in all that `pattern` matches; none if that cannot be told."""
    each = [_needed_by_one(some) for some in alternatives(pattern)]
    return frozenset().union(*each) if all(each) else frozenset()


def _needed_by_one(pattern: str) -> frozenset[str]:
    """Return the same for a pattern without alternatives: the part of it whose literals are the longest."""
    best: frozenset[str] = frozenset()
    run = ""
    at = 0
    while at < len(pattern):
        literal, inner, at = _atom(pattern, at)
        quantifier = _QUANTIFIER.match(pattern, at)
        optional = quantifier is not None and (quantifier[0][0] in "*?" or quantifier[1] in {"0", ""})
        at = quantifier.end() if quantifier else at
        if not optional:
            run += literal
        if not literal or quantifier:
            best = max(best, frozenset({run}), frozenset() if optional else inner, key=_worth)
            run = ""
    best = max(best, frozenset({run}), key=_worth)
    return best if _worth(best) > 1 else frozenset()


def _worth(literals: frozenset[str]) -> int:
    return min(map(len, literals), default=0)


def _atom(pattern: str, at: int) -> tuple[str, frozenset[str], int]:
    """Read what stands at a place: (the letter that it is, the literals that it needs, where it ends)."""
    if pattern[at] == "\\":
        letter = pattern[at + 1]
        return ("" if letter.isalnum() else letter), frozenset(), at + 2
    if pattern[at] == "[" and (some := _SET.match(pattern, at)):
        return "", frozenset(), some.end()
    if pattern[at] == "(" and (opening := _GROUP.match(pattern, at)):
        end = _closing(pattern, at)
        looks = opening[0].endswith(("=", "!"))
        return "", frozenset() if looks else needed(pattern[opening.end() : end]), end + 1
    return ("" if pattern[at] in ".^$" else pattern[at]), frozenset(), at + 1


def _closing(pattern: str, at: int) -> int:
    for place, depth in _depths(pattern, at):
        if not depth:
            return place
    raise ValueError(f"a group without an end: {pattern!r}")


def _depths(pattern: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield each place from `at` on that is no part of an escape or a set, and how many groups are open after it."""
    depth = 0
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 2
        elif pattern[at] == "[" and (some := _SET.match(pattern, at)):
            at = some.end()
        else:
            depth += {"(": 1, ")": -1}.get(pattern[at], 0)
            yield at, depth
            at += 1
