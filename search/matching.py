"""Owns which documents a query matches and how well: a syntax tree evaluated over a corpus of postings, scored by BM25.

It knows no engine (an engine provides the corpus) and makes no pages and no snippets of what it finds.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import log
from typing import Protocol

from search.analysis import needles, wholes
from search.tree import And, Everything, Node, Not, Or, Phrase, Qualifier, Word

TEXT = "text"
"""The field that holds the words of a document; the others bear the names of their qualifiers."""

B = 0.75
K1 = 1.2

Scores = dict[int, float]
"""The documents that match, by number, and what each one scores."""


@dataclass(frozen=True, slots=True)
class Postings:
    """Where one term stands: documents in rising order, the weight in each, and (packed) the positions in each."""

    documents: Sequence[int] = ()
    weights: Sequence[float] = ()
    packed: Sequence[bytes] = ()

    def positions(self, document: int) -> list[int]:
        """Return the positions in a document, rising; empty if the term does not stand there."""
        at = bisect_left(self.documents, document)
        if at == len(self.documents) or self.documents[at] != document:
            return []
        return unpack(self.packed[at])


class Corpus(Protocol):
    """One committed state of an index, for one search. Documents have numbers; columns are indexed by them."""

    @property
    def live(self) -> AbstractSet[int]:
        """The numbers of all documents."""

    @property
    def lengths(self) -> Sequence[int]:
        """The column of lengths: how many words each document has."""

    @property
    def average_length(self) -> float:
        """The mean length of the live documents; more than 0."""

    def postings(self, field: str, term: str) -> Postings:
        """Return the live postings of a term; empty ones if it stands nowhere. Raises IndexUnavailable."""


def pack(positions: Sequence[int]) -> bytes:
    """Pack rising positions: their differences, four bytes each."""
    differences = [positions[0], *(after - before for before, after in pairwise(positions))]
    return array("I", differences).tobytes()


def unpack(packed: bytes) -> list[int]:
    """Unpack what `pack` packed."""
    differences = array("I")
    differences.frombytes(packed)
    return list(accumulate(differences))


def idf(documents: int, having: int) -> float:
    """Return what a term is worth that `having` of so many documents have (as Whoosh computes it)."""
    return log(max(documents, 1) / (having + 1)) + 1  # of no documents, where all were deleted


def bm25(value: float, weight: float, length: float, average_length: float) -> float:
    """Score one term in one document, from its idf, its weighted frequency and the document's length.

    With the weights of places added up before, this is BM25F: Robertson and Zaragoza, "The Probabilistic Relevance
    Framework: BM25 and Beyond" (2009), section 3.6.
    """
    return value * (weight * (K1 + 1)) / (weight + K1 * (1 - B + B * length / average_length))


def evaluate(tree: Node, corpus: Corpus) -> Scores:
    """Return all documents that match. Raises IndexUnavailable."""
    found = _evaluate(tree, corpus)
    return dict.fromkeys(corpus.live, 0.0) if found is None else found


def occurrences(terms: Sequence[str], corpus: Corpus, document: int) -> list[int]:
    """Return the positions at which the terms begin to stand one after the other in a document."""
    starts = corpus.postings(TEXT, terms[0]).positions(document)
    for offset, term in enumerate(terms[1:], 1):
        if not starts:
            break
        following = set(corpus.postings(TEXT, term).positions(document))
        starts = [start for start in starts if start + offset in following]
    return starts


def worth(terms: Sequence[str], corpus: Corpus) -> float:
    """Return the sum of the terms' idf."""
    return sum(idf(len(corpus.live), len(corpus.postings(TEXT, term).documents)) for term in terms)


def _evaluate(node: Node, corpus: Corpus) -> Scores | None:
    """Return the matches of a node; None if it asks for nothing (a word without letters, say)."""
    match node:
        case Everything():
            return None
        case Word(text) | Phrase(text):
            return _words(text, corpus)
        case Qualifier(name, value):
            return dict.fromkeys(corpus.postings(name, value).documents, 0.0)
        case Not(child):
            without = _evaluate(child, corpus)
            # What asks for nothing excludes nothing, either.
            return None if without is None else {doc: 0.0 for doc in corpus.live if doc not in without}
        case And(nodes):
            return _all_of(nodes, corpus)
        case Or(nodes):
            total: Scores = {}
            asked = [found for child in nodes if (found := _evaluate(child, corpus)) is not None]
            for found in asked:
                for doc, score in found.items():
                    total[doc] = total.get(doc, 0.0) + score
            return total if asked else None
        case _:
            raise TypeError(f"{type(node).__name__} is not evaluated yet")


def _all_of(nodes: Sequence[Node], corpus: Corpus) -> Scores | None:
    parts = [found for node in nodes if not isinstance(node, Not) and (found := _evaluate(node, corpus)) is not None]
    excluded: set[int] = set()
    for node in nodes:
        if isinstance(node, Not):
            excluded.update(_evaluate(node.node, corpus) or ())
    if not parts:
        if not excluded and all(_evaluate(node, corpus) is None for node in nodes):
            return None
        return {doc: 0.0 for doc in corpus.live if doc not in excluded}
    first, *others = sorted(parts, key=len)
    return {
        doc: sum((other[doc] for other in others), score)
        for doc, score in first.items()
        if doc not in excluded and all(doc in other for other in others)
    }


def _words(text: str, corpus: Corpus) -> Scores | None:
    found = [_needle(terms, corpus) for terms in needles(text)]
    if not found:
        return None
    scores, *others = found
    for other in others:
        for doc, score in other.items():
            scores[doc] = scores.get(doc, 0.0) + score
    # A compound written as in the query counts more than its words side by side.
    for whole in wholes(text):
        for doc, score in _term(whole, corpus).items():
            if doc in scores:
                scores[doc] += score
    return scores


def _needle(terms: Sequence[str], corpus: Corpus) -> Scores:
    """Return the documents in which the terms stand one after the other."""
    parts = {term: _term(term, corpus) for term in dict.fromkeys(terms)}
    if len(terms) == 1:
        return parts[terms[0]]
    first, *others = sorted(parts.values(), key=len)
    near = [doc for doc in first if all(doc in other for other in others)]
    return {doc: sum(part[doc] for part in parts.values()) for doc in near if occurrences(terms, corpus, doc)}


def _term(term: str, corpus: Corpus) -> Scores:
    postings = corpus.postings(TEXT, term)
    value = idf(len(corpus.live), len(postings.documents))
    lengths, average = corpus.lengths, corpus.average_length
    return {
        doc: bm25(value, weight, lengths[doc], average)
        for doc, weight in zip(postings.documents, postings.weights, strict=True)
    }
