"""Tests the arithmetic of ranking: against Whoosh's own scores, and against loops that say what they do."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import fields, scoring
from whoosh.filedb.filestore import RamStorage
from whoosh.query import Term

from search.bag import ALSO_BIT, OPENING, POSITION_SHIFT, TITLE
from search.ranking import (
    ALSO_WEIGHT,
    K1,
    PLACES,
    TITLE_WEIGHT,
    B,
    Postings,
    bm25,
    chosen,
    idf,
    merged,
    norms,
    phrase,
    postings_of,
    said,
    select,
    spots,
    weights,
    within,
)

OWN = OPENING["own"]


def postings(where: dict[int, list[tuple[int, int]]]) -> Postings:
    """Make postings of the (position, lowest bits) in each document."""
    documents = sorted(number for number in where if where[number])
    codes = [position << POSITION_SHIFT | low for number in documents for position, low in sorted(where[number])]
    return postings_of(
        np.array(documents, np.int32),
        np.array([len(where[number]) for number in documents], np.int64),
        np.array(codes, np.uint32),
    )


def read(found: Postings) -> dict[int, list[tuple[int, int]]]:
    """Return the (position, lowest bits) in each document."""
    documents = found.documents.tolist()
    return {
        number: [(code >> POSITION_SHIFT, code % (2 * PLACES)) for code in codes.tolist()]
        for number, codes in zip(documents, found.of(documents), strict=True)
    }


wheres = st.dictionaries(
    st.integers(0, 12),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 31)), min_size=1, max_size=6, unique=True),
    max_size=6,
)


@given(
    st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    st.lists(st.tuples(st.floats(0.1, 1e4), st.integers(1, 10**6)), min_size=1, max_size=20),
    st.floats(1, 1e5),
)
def test_formula_is_whooshs(counts: tuple[int, int], found: list[tuple[float, int]], average: float) -> None:
    """Given the same frequencies and lengths, each score is that of Whoosh's BM25F."""
    documents, having = counts

    class Searcher:
        def get_parent(self) -> Searcher:
            return self

        def doc_count_all(self) -> int:
            return documents

        def doc_frequency(self, _field: str, _text: str) -> int:
            return having

    theirs = scoring.BM25F().idf(Searcher(), "text", "x")
    assert idf(documents, having) == pytest.approx(theirs)
    ours = bm25(theirs, np.array([weight for weight, _ in found]), norms(np.array([n for _, n in found]), average))
    expected = [scoring.bm25(theirs, weight, length, average, B, K1) for weight, length in found]
    assert ours == pytest.approx(expected, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcde"), min_size=1, max_size=60), min_size=1, max_size=25))
def test_scores_are_whooshs(texts: list[list[str]]) -> None:
    """Over a whole index of random texts, scores are those of Whoosh's own search, within a millionth."""
    index = RamStorage().create_index(fields.Schema(text=fields.TEXT))
    writer = index.writer()
    for words in texts:
        writer.add_document(text=" ".join(word * 3 for word in words))
    writer.commit()
    with index.searcher(weighting=scoring.BM25F()) as searcher:
        # Whoosh keeps lengths in one byte: its own are taken, which are not quite those of the texts.
        lengths = np.array([searcher.doc_field_length(number, "text") for number in range(len(texts))])
        average = searcher.avg_field_length("text")
        for word in "abcde":
            having = [number for number, words in enumerate(texts) if word in words]
            frequencies = np.array([texts[number].count(word) for number in having], float)
            ours = bm25(idf(len(texts), len(having)), frequencies, norms(lengths[having], average))
            theirs = {hit.docnum: hit.score for hit in searcher.search(Term("text", word * 3), limit=None)}
            assert theirs == pytest.approx(dict(zip(having, ours.tolist(), strict=True)), abs=1e-6)


def test_weights_are_by_place() -> None:
    """A word of the title counts more, a quoted one less, and one that is found under another's term less again."""
    found = postings(
        {
            2: [(0, TITLE)],
            4: [(7, OWN), (9, OPENING["quote"])],
            5: [(3, OWN | ALSO_BIT)],
        }
    )
    assert weights(found).tolist() == [TITLE_WEIGHT, 1.5, ALSO_WEIGHT]
    assert weights(found, np.ones(2 * PLACES)).tolist() == [1, 2, 1]


@given(wheres)
def test_restriction_to_places(where: dict[int, list[tuple[int, int]]]) -> None:
    """What is left stands in one of the places, and documents without any are gone."""
    table = np.zeros(PLACES, bool)
    table[[TITLE, OWN]] = True
    expected = {n: [o for o in sorted(its) if o[1] % ALSO_BIT in (TITLE, OWN)] for n, its in where.items()}
    assert read(within(postings(where), table)) == {n: its for n, its in expected.items() if its}
    own = {n: [o for o in sorted(its) if o[1] < ALSO_BIT] for n, its in where.items()}
    assert read(said(postings(where))) == {n: its for n, its in own.items() if its}


@given(wheres, st.randoms(use_true_random=False))
def test_selection_of_documents(where: dict[int, list[tuple[int, int]]], chance: random.Random) -> None:
    """Of the documents that are kept, all occurrences are."""
    whole = postings(where)
    keep = {number for number in where if chance.random() < 0.5}
    kept = select(whole, np.array([int(number) in keep for number in whole.documents], bool))
    assert read(kept) == {number: sorted(where[number]) for number in keep}
    assert read(chosen(whole, np.ones(len(whole.codes), bool))) == read(whole)


@given(st.lists(wheres, max_size=4))
def test_merging(parts: list[dict[int, list[tuple[int, int]]]]) -> None:
    """The union has every occurrence once, in order."""
    expected: dict[int, set[tuple[int, int]]] = {}
    for part in parts:
        for number, its in part.items():
            expected.setdefault(number, set()).update(its)
    assert read(merged([postings(part) for part in parts])) == {n: sorted(its) for n, its in expected.items()}


@given(st.lists(wheres, min_size=1, max_size=3))
def test_phrases(parts: list[dict[int, list[tuple[int, int]]]]) -> None:
    """What is found are the occurrences of the first term that the others follow one after the other."""
    expected = {}
    for number, its in parts[0].items():
        starts = [
            (position, low)
            for position, low in sorted(its)
            if all(position + at in {p for p, _ in part.get(number, ())} for at, part in enumerate(parts))
        ]
        if starts:
            expected[number] = starts
    assert read(phrase([postings(part) for part in parts])) == expected


@given(wheres)
def test_spots_rise(where: dict[int, list[tuple[int, int]]]) -> None:
    """Occurrences as single numbers are in order of documents and positions."""
    found = spots(postings(where)).tolist()
    assert found == sorted(found)
    assert len(found) == sum(map(len, where.values()))
