"""Owns the terms of a document as they are indexed, and how their occurrences are written as numbers.

It splits no text (`search.analysis` does), and weighs nothing (`search.ranking` does).
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from archiver.model import PostKind
from search.analysis import ALSO, WORD, Token, analyze, written
from search.document import Document

TITLE = 0
OPENING = {"own": 1, "details": 2, "quote": 3, "code": 4}
LATER = {"own": 5, "details": 6, "quote": 7, "code": 8}
"""The places where a word may stand, by number: the title, the opening post's segments, all later posts' segments."""
PLACE_BITS = 4
ALSO_BIT = 1 << PLACE_BITS
POSITION_SHIFT = PLACE_BITS + 1
"""How an occurrence is written as one number: `position << POSITION_SHIFT | ALSO_BIT if its role is ALSO | place`."""
FORM = "\x00"
"""What stands in the index between a term and the word as written, `licens\\0licensing`; a word that is its term, and
what is no word (a compound in one piece, a term under which a word is found too), has nothing after it."""
MAX_POSITION = (1 << 32 - POSITION_SHIFT) - 1
# Words on either side of a border between segments must not make a phrase.
GAP = 8


@dataclass(frozen=True, slots=True)
class Bag:
    """The terms of a document; segment j of post i begins at position `starts[i][j]`, `length` counts words.

    `entries` are by term, FORM and the word as written; each has a code for each occurrence, in order of positions.
    """

    entries: dict[str, array[int]]
    starts: tuple[tuple[int, ...], ...]
    length: int


def bag(document: Document) -> Bag:
    """Return the terms of a document in one space of positions: its title first, then each segment."""
    entries: dict[str, array[int]] = {}
    length, following = _fill(entries, document.title, TITLE, 0)
    starts = []
    for post in document.posts:
        places = OPENING if post.kind is PostKind.OPENING else LATER
        its_starts = []
        for segment in post.segments:
            its_starts.append(following)
            words, following = _fill(entries, segment.text, places[segment.place], following)
            length += words
        starts.append(tuple(its_starts))
    return Bag(entries, tuple(starts), length)


def key_of(token: Token, text: str) -> str:
    """Return the key under which a token of a text is indexed."""
    if token.role == WORD:
        form = written(text[token.start : token.end])
        if form != token.term:
            return token.term + FORM + form
    return token.term + FORM


def _fill(entries: dict[str, array[int]], text: str, place: int, start: int) -> tuple[int, int]:
    """Add a text's terms from position `start` on; return its number of words, and where the next text begins."""
    words = 0
    for token in analyze(text):
        key = key_of(token, text)
        code = min(start + token.position, MAX_POSITION) << POSITION_SHIFT | place
        if token.role == WORD:
            words += 1
        elif token.role == ALSO:
            code |= ALSO_BIT
        entry = entries.get(key)
        if entry is None:
            entries[key] = array("I", (code,))
        else:
            entry.append(code)
    return words, start + words + GAP
