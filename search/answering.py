"""Owns the making of a result page from a collection: ranking, sorting, paging, facets and the hits' best posts.

It is what engines share that hold postings; it knows none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from search.analysis import beginning, needles
from search.columns import Columns
from search.facets import count
from search.index import FACETS, MAX_OFFSET, MAX_PER_PAGE, Hit, ResultPage
from search.matching import Matches, begun, evaluate, occurrences, worth
from search.ranking import Floats, Longs, Postings, idf
from search.snippets import Sought, best_post, title_spans
from search.suggesting import Lexicon, meant
from search.texts import Texts
from search.tree import Node, Prefix, words

# Words that stand in every text: they count for what matches, but where other words were asked for too, they are not
# shown as what was found.
_COMMON_WORDS = """
    a an and are as at be but by can do for from had has have how i if in is it its my of on or our so that the their
    there they this to was we were what when which will with would you your
"""
COMMON = frozenset(terms for word in _COMMON_WORDS.split() for terms in needles(word))


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
    offset = (page - 1) * per_page
    notices = [
        f"More words than could be looked for begin with `{text}`; only the most frequent ones were."
        for text in found.cut
    ]
    shown: Sequence[int] = ()
    if offset + per_page > MAX_OFFSET and offset < total:
        notices.append(f"Only the first {MAX_OFFSET:,} results can be paged through; narrow the query.")
    elif offset < total:
        ordered = best_of(
            collection.columns, found, sort or ("relevance" if wanted else "created-desc"), offset + per_page
        )
        shown = ordered[offset:]
    return ResultPage(
        total=total,
        hits=tuple(hits(collection, shown, found.scores, wanted)),
        facets=count(collection.columns, found.mask),
        page=page,
        per_page=per_page,
        notices=tuple(notices),
        did_you_mean=meant(query, total, collection),
    )


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
    collection: Collection, shown: Sequence[int], scores: Floats, wanted: Sequence[tuple[Postings, Sought]]
) -> Iterator[Hit]:
    """Yield the hits, each with its best post and what matched."""
    codes = [postings.of(shown) for postings, _ in wanted]
    for at, document in enumerate(shown):
        texts = collection.texts(document)
        there = [(sought, its[at]) for (_, sought), its in zip(wanted, codes, strict=True) if len(its[at])]
        sought = [each for each in there if not each[0].common] or there
        best, more = best_post(texts, sought)
        key = collection.columns.keys[document]
        yield Hit(key, float(scores[document]), best, more, title_spans(texts.title, sought))
