"""Owns which debates are like one: those that share its most telling words, the licenses that it names and its topics.

It reads no query and makes no pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from search.analysis import WORD, analyze
from search.answering import Collection, best_of, hits
from search.bag import LATER, OPENING
from search.common import COMMON
from search.index import Hit
from search.matching import TEXT, Matches
from search.ranking import Floats, Postings, bm25, idf, weights
from search.snippets import Sought
from search.texts import Texts

_READ = 20_000
"""Characters of a thread that are read for its words."""
_CANDIDATES = 60
_TELLING = 16
_TITLE = 4.0
_SHARED = 0.5
"""What a shared license or topic is worth, in parts of its idf."""
_COLUMNS = ("license", "topic")
_QUOTED = {OPENING["quote"], LATER["quote"], OPENING["code"], LATER["code"]}


def similar(collection: Collection, number: int, limit: int) -> tuple[Hit, ...]:
    """Return the documents most like one, the most alike first, never itself. Raises IndexUnavailable."""
    telling = list(_telling(collection, collection.texts(number)))
    size = len(collection.live)
    scores, shared = np.zeros(size), np.zeros(size, np.int64)
    for postings, sought in telling:
        at = postings.documents
        scores[at] += bm25(sought.worth, weights(postings), collection.norms[at])
        shared[at] += 1
    # One word in common is chance.
    mask = shared >= min(2, len(telling))
    scores += _values(collection, number)
    mask &= collection.live & (scores > 0)
    mask[number] = False
    ranked = best_of(collection.columns, Matches(mask, scores), "relevance", limit)
    return tuple(hits(collection, ranked, scores, telling))


def _telling(collection: Collection, texts: Texts) -> Iterator[tuple[Postings, Sought]]:
    """Yield the terms that tell a document from others, where they stand, and what each is worth."""
    often: Counter[str] = Counter()
    _count(often, texts.title, _TITLE)
    read = 0
    for segment, place in enumerate(texts.places):
        if place not in _QUOTED and read < _READ:
            text = texts.segment(segment)[: _READ - read]
            read += len(text)
            _count(often, text, 1.0)
    found = []
    for term, times in often.most_common(_CANDIDATES):
        postings = collection.postings(TEXT, term)
        having = len(postings.documents)
        # What only this one has leads nowhere, and what many have says nothing.
        if 1 < having <= max(collection.count // 5, 2):
            value = idf(collection.count, having)
            found.append((float(np.log1p(times)) * value, term, postings, value))
    found.sort(key=lambda each: (-each[0], each[1]))
    for _, term, postings, value in found[:_TELLING]:
        yield postings, Sought((term,), value)


def _count(often: Counter[str], text: str, weight: float) -> None:
    for token in analyze(text):
        if token.role == WORD and (token.term,) not in COMMON and not token.term.isdigit():
            often[token.term] += weight  # type: ignore[assignment]  # a weighted count


def _values(collection: Collection, number: int) -> Floats:
    """Return what the shared licenses and topics are worth, for each document."""
    scores = np.zeros(len(collection.live))
    for name in _COLUMNS:
        column = collection.columns.lists[name]
        its = column.numbers_of(number)
        counts = column.counts(collection.live)
        values = np.zeros(len(column.values))
        values[its] = [_SHARED * idf(collection.count, int(counts[value])) for value in its]
        scores += column.sums(values)
    return scores
