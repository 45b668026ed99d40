"""Owns which documents a query matches and how well: a syntax tree evaluated over a corpus of postings, as arrays.

It knows no engine (an engine provides the corpus) and makes no pages and no snippets of what it finds; the arithmetic
is in `search.ranking`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from search.analysis import beginning, needles, wholes
from search.bag import LATER, OPENING, TITLE
from search.columns import NONE, Columns
from search.ranking import PLACES, Floats, Mask, Postings, bm25, idf, phrase, weights, within
from search.tree import And, Everything, Node, Not, Or, Phrase, Prefix, Qualifier, Range, Within, Word

TEXT = "text"
"""The field that holds the words of a document; most others bear the names of their qualifiers."""
ABOUT = "about"
"""The field of the words by which its repository is called: its names, and what it says of itself."""

_PLACES = {
    "title": (TITLE,),
    "body": tuple(OPENING.values()),
    "comments": tuple(LATER.values()),
    "own": tuple(place for place in range(PLACES) if place not in (OPENING["quote"], LATER["quote"])),
}
Needle = tuple[str, ...]
"""Terms that are to stand one after the other."""


class Corpus(Protocol):
    """One committed state of an index. Documents have numbers; arrays and columns are indexed by them."""

    @property
    def live(self) -> Mask:
        """Which numbers are those of documents."""

    @property
    def count(self) -> int:
        """How many documents there are."""

    @property
    def columns(self) -> Columns:
        """The columns of all documents."""

    @property
    def norms(self) -> Floats:
        """The norm of each document (`search.ranking.norms`)."""

    def postings(self, field: str, term: str) -> Postings:
        """Return the live postings of a term; empty ones if it stands nowhere. Raises IndexUnavailable."""

    def expanded(self, start: str) -> tuple[Postings, bool]:
        """Return where words begin so, as they are written, and whether they were too many for all to be looked for.

        Raises IndexUnavailable.
        """

    def remembered(self, key: tuple[object, ...], make: Callable[[], Postings]) -> Postings:
        """Return what was made under this key before, if it is still known; if not, it is made."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a node matches: which documents, and what each one scores (0 where it does not match)."""

    mask: Mask
    scores: Floats | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """What a query matches; `cut` are the beginnings that more words have than were looked for."""

    mask: Mask
    scores: Floats
    cut: tuple[str, ...] = ()


def evaluate(tree: Node, corpus: Corpus) -> Matches:
    """Return all documents that match. Raises IndexUnavailable."""
    evaluation = Evaluation(corpus)
    found = evaluation.part(tree, None)
    if found is None:
        return Matches(corpus.live, np.zeros(len(corpus.live)))
    scores = np.zeros(len(corpus.live)) if found.scores is None else found.scores
    return Matches(found.mask, scores, tuple(evaluation.cut))


def allowed(places: Sequence[str], within: Mask | None = None) -> Mask:
    """Return which numbers of places are meant by some of `search.tree.PLACES`, within those that are left."""
    mask = np.zeros(PLACES, bool)
    for name in places:
        if name != "own":
            mask[list(_PLACES[name])] = True
    if "own" in places:
        own = np.zeros(PLACES, bool)
        own[list(_PLACES["own"])] = True
        mask = mask & own if len(set(places)) > 1 else own
    return mask if within is None else mask & within


def occurrences(terms: Needle, corpus: Corpus) -> Postings:
    """Return where the terms begin to stand one after the other. Raises IndexUnavailable."""
    if len(terms) == 1:
        return corpus.postings(TEXT, terms[0])
    return corpus.remembered(("phrase", terms), lambda: phrase([corpus.postings(TEXT, each) for each in terms]))


def begun(text: str, corpus: Corpus) -> tuple[Postings, bool]:
    """Return where words stand that begin with `text` (after its first words, if it has several), and if it was cut."""
    before, start = beginning(text)
    found, cut = corpus.expanded(start)
    if before:
        parts = [corpus.postings(TEXT, each) for each in before]
        found = corpus.remembered(("prefix", *before, start), lambda: phrase([*parts, found]))
    return found, cut


def worth(terms: Needle, corpus: Corpus) -> float:
    """Return the sum of the terms' idf."""
    return sum(idf(corpus.count, len(corpus.postings(TEXT, term).documents)) for term in terms)


@dataclass
class Evaluation:
    """The evaluation of one query."""

    corpus: Corpus
    cut: dict[str, None] = field(default_factory=dict)

    def part(self, node: Node, places: Mask | None) -> Part | None:
        """Return what a node matches where words stand in these places; None if it asks for nothing."""
        match node:
            case Everything():
                return None
            case Word(text) | Phrase(text):
                return self._words(text, places)
            case Prefix(text):
                return self._prefix(text, places)
            case Qualifier(name, value):
                return Part(self._mask(self.corpus.postings(name, value)))
            case Range(name, low, high):
                return Part(self._between(name, low, high))
            case Within(names, inner):
                return self.part(inner, allowed(names, places))
            case Not(inner):
                without = self.part(inner, places)
                # What asks for nothing excludes nothing, either.
                return None if without is None else Part(self.corpus.live & ~without.mask)
            case And(nodes):
                return self._all_of(list(self._parts(nodes, places)))
            case Or(nodes):
                return self._any_of(list(self._parts(nodes, places)))

    def _parts(self, nodes: Sequence[Node], places: Mask | None) -> Iterator[Part]:
        for node in nodes:
            part = self.part(node, places)
            if part is not None:
                yield part

    def _all_of(self, parts: list[Part]) -> Part | None:
        if not parts:
            return None
        mask = parts[0].mask
        for part in parts[1:]:
            mask = mask & part.mask
        scored = [part.scores for part in parts if part.scores is not None]
        return Part(mask, np.where(mask, sum(scored[1:], scored[0]), 0.0) if scored else None)

    def _any_of(self, parts: list[Part]) -> Part | None:
        if not parts:
            return None
        mask = parts[0].mask
        for part in parts[1:]:
            mask = mask | part.mask
        scored = [part.scores for part in parts if part.scores is not None]
        return Part(mask, sum(scored[1:], scored[0]) if scored else None)

    def _mask(self, postings: Postings) -> Mask:
        mask = np.zeros(len(self.corpus.live), bool)
        mask[postings.documents] = True
        return mask

    def _between(self, name: str, low: int | None, high: int | None) -> Mask:
        column = self.corpus.columns.numbers[name]
        mask: Mask = self.corpus.live & (column != NONE)
        if low is not None:
            mask &= column >= low
        if high is not None:
            mask &= column <= high
        return mask

    def _words(self, text: str, places: Mask | None) -> Part | None:
        found = [self._needle(terms, places) for terms in needles(text)]
        part = self._any_of(found)
        if part is None or part.scores is None:
            return part
        scores = part.scores
        # A compound written as in the query counts more than its words side by side.
        for whole in wholes(text):
            scores = scores + np.where(part.mask, self._scores(whole, places), 0.0)
        return Part(part.mask, scores)

    def _needle(self, terms: Needle, places: Mask | None) -> Part:
        found = occurrences(terms, self.corpus)
        if places is not None:
            found = within(found, places)
        mask = self._mask(found)
        if len(terms) == 1:
            return Part(mask, self._score(found, idf(self.corpus.count, self._having(terms[0]))))
        scores = [self._scores(term, places) for term in dict.fromkeys(terms)]
        return Part(mask, np.where(mask, sum(scores[1:], scores[0]), 0.0))

    def _prefix(self, text: str, places: Mask | None) -> Part | None:
        if not beginning(text)[1]:
            return None
        found, cut = begun(text, self.corpus)
        if cut:
            self.cut[text] = None
        if places is not None:
            found = within(found, places)
        return Part(self._mask(found), self._score(found, idf(self.corpus.count, len(found.documents))))

    def _having(self, term: str) -> int:
        return len(self.corpus.postings(TEXT, term).documents)

    def _scores(self, term: str, places: Mask | None) -> Floats:
        found = self.corpus.postings(TEXT, term)
        value = idf(self.corpus.count, len(found.documents))
        return self._score(found if places is None else within(found, places), value)

    def _score(self, postings: Postings, value: float) -> Floats:
        scores = np.zeros(len(self.corpus.live))
        norm = self.corpus.norms[postings.documents]
        scores[postings.documents] = bm25(value, weights(postings), norm)
        return scores
