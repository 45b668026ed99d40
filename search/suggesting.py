"""Owns what a search may have meant: words of the index in the place of misspelled ones, and values for qualifiers.

It ranks nothing and makes no pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from search.analysis import needle, words_of
from search.columns import Columns
from search.index import FacetCount
from search.licenses import resolve
from search.matching import Corpus, evaluate
from search.ranking import Postings
from search.tree import KEYWORDS, And, Node, Not, Or, Phrase, Within, Word

PLENTY = 5
"""A query that finds so many has found what it meant."""
_TIMES_MORE = 10
"""A word is taken for another one that so many times as many documents have."""
_MOST_WORDS = 8
_TRIED = 4
_MOST_VALUES = 2_000

_SPELLED = {
    "repo": "repository",
    "license": "license",
    "topic": "topic",
    "reason": "reason",
    "association": "association",
}
"""The column in which values of a qualifier stand as a reader wants them spelled."""


class Lexicon(Corpus, Protocol):
    """A corpus that knows its words and values."""

    def near(self, word: str) -> Mapping[str, tuple[int, int]]:
        """Return the words like one: how many letters differ, and how many documents have each. See `search.words`."""

    def values(self, field: str, start: str) -> Mapping[str, int]:
        """Return the values of a field that begin so, each with how many documents had it, deleted ones too."""


def meant(query: Node, total: int, lexicon: Lexicon) -> Node | None:
    """Return the query with other words for those that hardly any document has, if that finds more than `total`.

    Raises IndexUnavailable.
    """
    if total >= PLENTY:
        return None
    replaced = _Rewriting(lexicon).node(query)
    if replaced == query:
        return None
    found = int(evaluate(replaced, lexicon).mask.sum())
    return replaced if found > total else None


class _Rewriting:
    """One pass over a query; looks for few words only, since what is typed can be long."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._left = _MOST_WORDS

    def node(self, node: Node) -> Node:
        match node:
            case Word(text):
                return Word(self._text(text))
            case Phrase(text):
                return Phrase(self._text(text))
            case Within(places, inner):
                return Within(places, self.node(inner))
            case And(nodes):
                return And(tuple(self.node(each) for each in nodes))
            case Or(nodes):
                return Or(tuple(self.node(each) for each in nodes))
            case Not():
                return node
            case _:
                return node

    def _text(self, text: str) -> str:
        for word, start, end in reversed(words_of(text)):
            if self._left and word.isalpha() and (better := self._better(word)):
                text = text[:start] + better + text[end:]
        return text

    def _better(self, word: str) -> str | None:
        having = len(self._postings(word).documents)
        # One license's name is never a misspelled other's: who asks for the AGPL does not mean the GPL.
        if having >= PLENTY or resolve(word) is not None:
            return None
        self._left -= 1
        alike = self._lexicon.near(word)
        ranked = sorted(alike, key=lambda each: (alike[each][0], -alike[each][1], each))
        for other in ranked[:_TRIED]:
            if other.isalpha() and needle(other) != needle(word):
                # As written it may be rare, and its term common.
                count = len(self._postings(other).documents)
                if count >= max(_TIMES_MORE * having, 1):
                    return other
        return None

    def _postings(self, word: str) -> Postings:
        terms = needle(word)
        return self._lexicon.postings("text", terms[0] if terms else "")


def values(name: str, start: str, limit: int, lexicon: Lexicon) -> tuple[FacetCount, ...]:
    """Return the values of a qualifier that begin so, those of most documents first. Raises IndexUnavailable."""
    if name not in KEYWORDS or limit < 1:
        return ()
    known = lexicon.values(name, start.lower())
    # Deleted documents are in the first count: more than are wanted are counted exactly.
    likely = sorted(known, key=lambda value: (-known[value], value))[: min(4 * limit + 20, _MOST_VALUES)]
    counts = {value: len(lexicon.postings(name, value).documents) for value in likely}
    ranked = sorted((value for value in likely if counts[value]), key=lambda value: (-counts[value], value))[:limit]
    spelling = _spelling(name, lexicon.columns)
    return tuple(FacetCount(spelling.get(value, value), counts[value]) for value in ranked)


def _spelling(name: str, columns: Columns) -> dict[str, str]:
    column = _SPELLED.get(name)
    return {value.lower(): value for value in columns.lists[column].values} if column else {}
