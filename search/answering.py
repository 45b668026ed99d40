"""Owns the making of a result page from a collection: ranking, sorting, paging, facets and the hits' best posts.

It is what engines share that hold postings; it knows none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from search.analysis import beginning, needles
from search.columns import Columns
from search.common import COMMON
from search.facets import count
from search.index import FACETS, MAX_OFFSET, MAX_PER_PAGE, Hit, ResultPage
from search.matching import Matches, begun, evaluate, occurrences, worth
from search.partial import EXACT, FEW, MOST, loosened, strongest, titled, weigh
from search.ranking import Floats, Longs, Mask, Postings, idf
from search.snippets import Sought, best_post, title_spans
from search.suggesting import Lexicon, meant
from search.texts import Texts
from search.tree import Node, Prefix, words


class Collection(Lexicon, Protocol):
    """A corpus that knows its words, and has what is shown of its documents."""

    def texts(self, document: int) -> Texts:
        """Return the texts of a document. Raises IndexUnavailable."""


def empty_page(page: int, per_page: int) -> ResultPage:
    """Return the answer of an index that holds nothing."""
    return ResultPage(0, (), dict.fromkeys(FACETS, ()), max(page, 1), min(max(per_page, 1), MAX_PER_PAGE))


def answer(collection: Collection, query: Node, *, sort: str | None, page: int, per_page: int) -> ResultPage:
    """Answer a search as `search.index.Index.search` says. Raises IndexUnavailable."""
    page, per_page = max(page, 1), min(max(per_page, 1), MAX_PER_PAGE)
    found = evaluate(query, collection)
    total = int(found.mask.sum())
    wanted = _wanted(query, collection)
    by = sort or ("relevance" if wanted else "created-desc")
    ranked = _ranked(query, found, by, collection)
    follow = int(ranked.mask.sum()) - total
    offset = (page - 1) * per_page
    notices = [
        f"More words than could be looked for begin with `{text}`; only the most frequent ones were."
        for text in found.cut
    ]
    shown: Sequence[int] = ()
    if offset + per_page > MAX_OFFSET and offset < total:
        notices.append(f"Only the first {MAX_OFFSET:,} results can be paged through; narrow the query.")
    elif offset < total + follow:
        shown = best_of(collection.columns, ranked, by, offset + per_page)[offset:]
    return ResultPage(
        total=total,
        hits=tuple(hits(collection, shown, ranked.scores, wanted, exact=found.mask)),
        facets=count(collection.columns, found.mask),
        page=page,
        per_page=per_page,
        notices=tuple(notices),
        partial_total=follow,
        did_you_mean=meant(query, total, collection),
    )


def _ranked(query: Node, found: Matches, by: str, collection: Collection) -> Matches:
    """Return what matches with the scores by which it is ranked, and the best partial matches where few match.

    In an order other than by relevance partial matches would stand between the others, so they come only if there are
    no others.
    """
    relevance = by == "relevance"
    total = int(found.mask.sum())
    loose = loosened(query) if total < (FEW if relevance else 1) else None
    if loose is None:
        return Matches(found.mask, found.scores + titled(query, collection), found.cut) if relevance else found
    evidence = weigh(loose, collection)
    scores = np.where(found.mask, EXACT * evidence.scores, evidence.scores)
    partial = strongest(evidence.mask & ~found.mask, scores, MOST)
    return Matches(found.mask | partial, scores, found.cut)


def best_of(columns: Columns, found: Matches, sort: str, most: int) -> list[int]:
    """Return the documents that come first; where they are equal, the newer one does, then the lesser key."""
    documents: Longs = np.flatnonzero(found.mask).astype(np.int64)
    created = columns.numbers["created"]
    name, _, direction = sort.partition("-")
    by = found.scores if name == "relevance" else columns.numbers[name]
    first = by[documents] if direction == "asc" else -by[documents]
    if len(documents) > most:
        # All that are as good as the last one that is wanted are candidates.
        worst = np.partition(first, most - 1)[most - 1]
        kept = first <= worst
        documents, first = documents[kept], first[kept]
    second = -created[documents]
    order = np.lexsort((second, first))
    documents, first, second = documents[order], first[order], second[order]
    return _by_keys(columns, documents, (first[1:] == first[:-1]) & (second[1:] == second[:-1]))[:most]


def _by_keys(columns: Columns, documents: Longs, equal: object) -> list[int]:
    """Return the documents with those that equal the one before in order of their keys."""
    result: list[int] = documents.tolist()
    start = 0
    for at, same in enumerate([*np.asarray(equal).tolist(), False]):
        if not same:
            if at > start:
                result[start : at + 1] = sorted(result[start : at + 1], key=columns.keys.__getitem__)
            start = at + 1
    return result


def _wanted(query: Node, collection: Collection) -> list[tuple[Postings, Sought]]:
    """Return what a query looks for, each with where it stands."""
    result: dict[tuple[str, ...], tuple[Postings, Sought]] = {}
    for each in words(query):
        if isinstance(each, Prefix):
            before, start = beginning(each.text)
            if start:
                found, _ = begun(each.text, collection)
                value = idf(collection.count, len(found.documents))
                result.setdefault(("*", each.text), (found, Sought((each.text,), value, len(before) + 1)))
            continue
        for terms in needles(each.text):
            if terms not in result:
                sought = Sought(terms, worth(terms, collection), len(terms), common=terms in COMMON)
                result[terms] = (occurrences(terms, collection), sought)
    return list(result.values())


def hits(
    collection: Collection,
    shown: Sequence[int],
    scores: Floats,
    wanted: Sequence[tuple[Postings, Sought]],
    *,
    exact: Mask | None = None,
) -> Iterator[Hit]:
    """Yield the hits, each with its best post and what matched; what is not among the `exact` ones is partial."""
    codes = [postings.of(shown) for postings, _ in wanted]
    for at, document in enumerate(shown):
        texts = collection.texts(document)
        there = [(sought, its[at]) for (_, sought), its in zip(wanted, codes, strict=True) if len(its[at])]
        sought = [each for each in there if not each[0].common] or there
        best, more = best_post(texts, sought)
        yield Hit(
            key=collection.columns.keys[document],
            score=float(scores[document]),
            best_post=best,
            more_posts=more,
            title_spans=title_spans(texts.title, sought),
            partial=exact is not None and not exact[document],
        )
