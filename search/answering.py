"""Owns the making of a result page from a corpus: ranking, sorting, paging, facets and the hits' best posts.

It is what engines share that hold postings; it knows none of them.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from search.analysis import needles
from search.document import PostText
from search.index import MAX_OFFSET, MAX_PER_PAGE, FacetCount, Hit, ResultPage
from search.matching import Corpus, Scores, evaluate, occurrences, worth
from search.snippets import Needle, Sought, best_post, spans_of
from search.tree import Node, words

MAX_FACETS = 50

# Words that stand in every text: they count for what matches, but where other words were asked for too, they are not
# shown as what was found.
_COMMON_WORDS = """
    a an and are as at be but by can do for from had has have how i if in is it its my of on or our so that the their
    there they this to was we were what when which will with would you your
"""
COMMON = frozenset(terms for word in _COMMON_WORDS.split() for terms in needles(word))


@dataclass(frozen=True, slots=True)
class Columns:
    """A value for each document number; times are in seconds since 1970, `states` are open, closed or merged."""

    keys: Sequence[str]
    repositories: Sequence[str]
    states: Sequence[str]
    created: Sequence[int]
    updated: Sequence[int]
    comments: Sequence[int]
    lengths: Sequence[int]


@dataclass(frozen=True, slots=True)
class Texts:
    """A document's title, its posts, and at which position each segment of each post begins."""

    title: str
    posts: Sequence[PostText]
    starts: Sequence[Sequence[int]]


class Collection(Corpus, Protocol):
    """A corpus that also has what is shown of its documents."""

    @property
    def columns(self) -> Columns:
        """The columns of all documents."""

    def texts(self, document: int) -> Texts:
        """Return the texts of a document. Raises IndexUnavailable."""


def empty_page(page: int, per_page: int) -> ResultPage:
    """Return the answer of an index that holds nothing."""
    return ResultPage(0, (), {"repository": (), "state": ()}, max(page, 1), min(max(per_page, 1), MAX_PER_PAGE))


def answer(collection: Collection, query: Node, *, sort: str | None, page: int, per_page: int) -> ResultPage:
    """Answer a search as `search.index.Index.search` says. Raises IndexUnavailable."""
    page, per_page = max(page, 1), min(max(per_page, 1), MAX_PER_PAGE)
    scores = evaluate(query, collection)
    sought = dict.fromkeys(terms for each in words(query) for terms in needles(each.text))
    wanted = [(terms, worth(terms, collection)) for terms in sought]
    offset = (page - 1) * per_page
    notices: tuple[str, ...] = ()
    chosen: list[int] = []
    if offset + per_page > MAX_OFFSET and offset < len(scores):
        notices = (f"Only the first {MAX_OFFSET:,} results can be paged through; narrow the query.",)
    elif offset < len(scores):
        order = _order(collection.columns, scores, sort or ("relevance" if wanted else "created-desc"))
        chosen = heapq.nsmallest(offset + per_page, scores, key=order)[offset:]
    return ResultPage(
        total=len(scores),
        hits=tuple(_hit(collection, document, scores[document], wanted) for document in chosen),
        facets=_facets(collection.columns, scores),
        page=page,
        per_page=per_page,
        notices=notices,
    )


def _order(columns: Columns, scores: Scores, sort: str) -> Callable[[int], tuple[Any, ...]]:
    created, keys = columns.created, columns.keys
    name, _, direction = sort.partition("-")
    sign = 1 if direction == "asc" else -1
    match name:
        case "relevance":
            return lambda doc: (-scores[doc], -created[doc], keys[doc])
        case "created":
            return lambda doc: (sign * created[doc], keys[doc])
        case "updated":
            return lambda doc: (sign * columns.updated[doc], -created[doc], keys[doc])
        case "comments":
            return lambda doc: (sign * columns.comments[doc], -created[doc], keys[doc])
    raise ValueError(f"unknown sort {sort!r}")


def _facets(columns: Columns, scores: Scores) -> dict[str, tuple[FacetCount, ...]]:
    result = {}
    for name, column in (("repository", columns.repositories), ("state", columns.states)):
        counts = Counter([column[document] for document in scores])
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        result[name] = tuple(FacetCount(value, count) for value, count in ranked[:MAX_FACETS])
    return result


def _hit(collection: Collection, document: int, score: float, wanted: Sequence[tuple[Needle, float]]) -> Hit:
    texts = collection.texts(document)
    there = [
        Sought(terms, value, starts) for terms, value in wanted if (starts := occurrences(terms, collection, document))
    ]
    sought = [each for each in there if each.terms not in COMMON] or there
    best, more = best_post(texts.posts, texts.starts, sought)
    title_spans = spans_of(texts.title, [each.terms for each in sought])
    return Hit(collection.columns.keys[document], score, best, more, title_spans)
