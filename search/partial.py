"""Owns how well documents meet a query of which they need not hold every word, and which of them meet it in part.

It decides no exact match (`search.matching` does), makes no pages, and knows no engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from search.analysis import needles
from search.bag import TITLE
from search.common import COMMON
from search.matching import ABOUT, TEXT, Corpus, Evaluation, Needle, occurrences
from search.ranking import (
    PLACES,
    Floats,
    Ints,
    Mask,
    Postings,
    postings_of,
    weights,
    within,
)
from search.synonyms import related
from search.tree import And, Node, Or, Phrase, Prefix, Within, Word, words

# What each of these is worth was measured: docs/decisions/0022-partial-matches.md has the table.
FEW = 5
"""Where fewer threads than this match, partial matches are looked for."""
MOST = 100
"""How many partial matches there are at most: the best ones."""
LEAST = 0.2
"""A partial match scores at least this part of what the best one does."""
EXACT = 2.0
"""By what the score of a thread is multiplied that holds all words."""
K1 = 2.0
B = 0.9
"""As in `search.ranking`, but long threads count for less: of many words they hold some by chance."""
RELATED = 0.5
"""What a word counts by that may stand for the one asked for."""
PIECE = 0.5
"""What one word of a compound or phrase counts by where the whole of it does not stand."""
NAMED = 0.5
"""How often a word stands in a text, as it were, that stands in its repository's name or description alone."""
TITLED = 0.5
"""What is added for a word in the title, in parts of what the word is worth."""
HEADED = 2.0
"""The same where all words stand in many threads, beside the scores of `search.matching`."""
_TITLE_ALONE = np.arange(PLACES) == TITLE
MOST_RELATED = 64
"""How many related words are looked for at most, for all words together: what a query costs is bounded by it."""


@dataclass(frozen=True, slots=True)
class Loose:
    """A query taken apart: what must hold in any case, and what may be missing in part."""

    filters: tuple[Node, ...]
    units: tuple[Node, ...]


def loosened(query: Node) -> Loose | None:
    """Take a query apart; None where nothing in it may be missing: it has less than two words."""
    nodes = query.nodes if isinstance(query, And) else (query,)
    units: dict[Node, None] = {}
    filters = []
    for node in nodes:
        pieces = _pieces(node)
        units.update(dict.fromkeys(pieces or ()))
        if not pieces:
            filters.append(node)
    return Loose(tuple(filters), tuple(units)) if len(units) > 1 else None


def _pieces(node: Node) -> list[Node] | None:
    """Return the words, phrases and beginnings of a node; None if it holds anything else, and must be met as it is.

    An OR among words is no more than a further word here: questions quote `MIT OR Apache-2.0`.
    """
    match node:
        case Word() | Phrase() | Prefix():
            return [node]
        case Within(_, inner):
            return None if _pieces(inner) is None else [node]
        case And(nodes) | Or(nodes):
            parts = [_pieces(each) for each in nodes]
            return None if None in parts else [piece for part in parts for piece in part or ()]
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each document, and which of them meet the query at least in part."""

    mask: Mask
    scores: Floats


def weigh(loose: Loose, corpus: Corpus) -> Evidence:
    """Weigh all documents by the words that they hold, their own and related ones. Raises IndexUnavailable."""
    evaluation = Evaluation(corpus)
    may = corpus.live.copy()
    for node in loose.filters:
        part = evaluation.part(node, None)
        if part is not None:
            may &= part.mask
    asked = {term for each in loose.units for word in words(each) for terms in needles(word.text) for term in terms}
    weighing = _Weighing(corpus, frozenset(asked))
    for unit in _telling(loose.units):
        if isinstance(unit, Word | Phrase):
            weighing.take(needles(unit.text))
        elif (part := evaluation.part(unit, None)) is not None and part.scores is not None:
            weighing.add(part.mask, part.scores)
    scores = weighing.scores()
    mask = may & weighing.held
    mask &= scores >= LEAST * float(scores[mask].max(initial=0.0))
    return Evidence(mask, scores)


def titled(query: Node, corpus: Corpus) -> Floats:
    """Return what is added to the documents' scores for words in the title. Raises IndexUnavailable."""
    total = np.zeros(len(corpus.live))
    for terms in {terms: None for each in words(query) if not isinstance(each, Prefix) for terms in needles(each.text)}:
        value = rarity(corpus.count, len(occurrences(terms, corpus).documents))
        total[_in_title(terms, corpus)] += HEADED * value
    return total


def rarity(documents: int, having: int) -> float:
    """Return what a term is worth that `having` of so many documents have: next to nothing if all of them do.

    This is Robertson and Sparck Jones's weight, kept above 0; many words of a question stand in most texts.
    """
    return log(1 + (max(documents - having, 0) + 0.5) / (having + 0.5))


def strongest(mask: Mask, scores: Floats, most: int) -> Mask:
    """Return the mask without all that score less than the best `most`."""
    if mask.sum() <= most:
        return mask
    least = np.partition(scores[mask], -most)[-most]
    kept: Mask = mask & (scores >= least)
    return kept


def _telling(units: Sequence[Node]) -> Sequence[Node]:
    """Return the units without words that say nothing by themselves, if others are left."""
    kept = [
        unit
        for unit in units
        if not (isinstance(unit, Word | Phrase) and all(terms in COMMON for terms in needles(unit.text)))
    ]
    return kept or units


def _in_title(terms: Needle, corpus: Corpus) -> Ints:
    """Return the documents in whose title the terms begin to stand."""
    return corpus.remembered(("title", *terms), lambda: _titles(occurrences(terms, corpus))).documents


def _titles(found: Postings) -> Postings:
    titles = within(found, _TITLE_ALONE)
    return postings_of(titles.documents)


class _Weighing:
    """The sums of one weighing; `held` says which documents hold any of the words themselves."""

    def __init__(self, corpus: Corpus, asked: frozenset[str]) -> None:
        self._corpus = corpus
        self._asked = asked
        self._left = MOST_RELATED
        size = len(corpus.live)
        self.held: Mask = np.zeros(size, bool)
        self._sum = np.zeros(size)
        self._titled = np.zeros(size)
        lengths = corpus.columns.numbers["length"]
        average = max(float(lengths[corpus.live].sum()) / max(corpus.count, 1), 1.0)
        self._norms: Floats = (K1 * (1 - B + B * lengths / average)).astype(np.float64)

    def add(self, mask: Mask, scores: Floats) -> None:
        """Add what was scored elsewhere."""
        self._sum += scores
        self.held |= mask

    def take(self, wanted: Sequence[Needle]) -> None:
        """Add a word or phrase, which any of its needles meets; what meets it best counts."""
        corpus = self._corpus
        having: Mask = np.zeros(len(corpus.live), bool)
        for terms in wanted:
            having[occurrences(terms, corpus).documents] = True
        value = rarity(corpus.count, int(having.sum()))
        known = bool(having.any())
        best = np.zeros(len(corpus.live))
        title = np.zeros(len(corpus.live))
        for terms in wanted:
            found = occurrences(terms, corpus)
            self._score(found, value, best)
            title[_in_title(terms, corpus)] = value
            if len(terms) == 1:
                named = corpus.postings(ABOUT, terms[0]).documents
                having[named] = True
                best[named] = np.maximum(best[named], value * NAMED * (K1 + 1) / (NAMED + K1))
        for share, term in self._others(wanted):
            found = corpus.postings(TEXT, term)
            its = rarity(corpus.count, len(found.documents))
            # A frequent word that stands for a rare one proves no more than it does by itself.
            worth = share * (min(value, its) if known else its)
            self._score(found, worth, best)
            titles = _in_title((term,), corpus)
            title[titles] = np.maximum(title[titles], worth)
        self._sum += best
        self._titled += title
        self.held |= having

    def _others(self, wanted: Sequence[Needle]) -> list[tuple[float, str]]:
        """Return what may stand for a word or phrase, and what share of it that counts."""
        found: dict[str, float] = {}
        for terms in wanted:
            if len(terms) > 1:
                found.update(dict.fromkeys((term for term in terms if (term,) not in COMMON), PIECE))
                continue
            for term in related(terms[0]):
                if self._left and term not in self._asked and term not in found:
                    found[term] = RELATED
                    self._left -= 1
        return [(share, term) for term, share in found.items()]

    def _score(self, found: Postings, value: float, best: Floats) -> None:
        documents = found.documents
        if len(documents):
            weight = weights(found)
            scores: Floats = value * weight * (K1 + 1) / (weight + self._norms[documents])
            best[documents] = np.maximum(best[documents], scores)

    def scores(self) -> Floats:
        """Return what all of it comes to, for each document."""
        scores: Floats = self._sum + TITLED * self._titled
        return scores
