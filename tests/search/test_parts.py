"""Tests the small parts that engines are made of: scoring, packing, merging, caching, lending."""

from __future__ import annotations

import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh import scoring

from search.cache import PostingsCache
from search.lending import Lender
from search.matching import K1, B, Postings, bm25, idf, pack, unpack
from search.merging import FAN, LARGEST, to_merge


@given(
    st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    st.floats(0.1, 1e4),
    st.integers(1, 10**6),
    st.floats(1, 1e5),
)
def test_scores_are_whooshs(counts: tuple[int, int], weight: float, length: int, average: float) -> None:
    """Our BM25 is Whoosh's BM25F to the last digits."""
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
    expected = scoring.bm25(theirs, weight, length, average, B, K1)
    assert bm25(theirs, weight, length, average) == pytest.approx(expected)


@given(st.sets(st.integers(0, 2**32 - 1), min_size=1))
def test_positions_survive_packing(positions: set[int]) -> None:
    """What is unpacked is what was packed."""
    assert unpack(pack(sorted(positions))) == sorted(positions)


def test_positions_of_a_document() -> None:
    """A document's positions are found among those of others; of one that is not there, none are."""
    postings = Postings([2, 5, 9], [1.0, 1.0, 1.0], [pack([1]), pack([3, 7]), pack([4])])
    assert postings.positions(5) == [3, 7]
    assert postings.positions(4) == []
    assert postings.positions(10) == []


def test_merging_waits_for_eight_of_a_size() -> None:
    """Seven small segments are left alone, eight are merged; large and other-sized ones are not drawn in."""
    assert to_merge([(10, 10)] * (FAN - 1)) == set()
    assert to_merge([(10, 10)] * FAN + [(500, 500)]) == set(range(FAN))
    assert to_merge([(LARGEST + 1, LARGEST + 1)] * 20) == set()


def test_merging_takes_what_is_mostly_deleted() -> None:
    """A segment of which a third is deleted is merged on its own account, even a large one."""
    assert to_merge([(100, 101), (60, 100), (2 * LARGEST, 4 * LARGEST)]) == {1, 2}


def test_merging_stays_logarithmic() -> None:
    """After many commits there are few segments, and no document was copied often."""
    segments: list[int] = []
    copied = 0
    for _ in range(2_000):
        merged = to_merge([(size, size) for size in segments])
        size = 1 + sum(segments[n] for n in merged)
        copied += size - 1
        segments = [s for n, s in enumerate(segments) if n not in merged] + [size]
    assert sum(segments) == 2_000
    assert len(segments) < 35
    assert copied < 5 * 2_000


def test_cache_is_bounded() -> None:
    """What was used last stays; together the kept postings never have more entries than allowed."""
    asked: list[str] = []

    def read(_field: str, term: str) -> Postings:
        asked.append(term)
        return Postings([0] * 9, [1.0] * 9, [])

    cache = PostingsCache(30)
    for term in "abcabcdad":
        cache.get("text", term, read)
    # d pushes out a (used longest ago), which then is read anew and pushes out b.
    assert asked == list("abcda")


class Thing:
    """Something to lend that knows whether it is closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        """Count the closing."""
        self.closed += 1


def test_what_is_lent_stays_open() -> None:
    """A replaced thing is closed once, when its last borrower is done; one that nobody has, at once."""
    first, second, third = Thing(), Thing(), Thing()
    latest = first
    lender: Lender[Thing] = Lender(lambda _present: latest)
    with lender.lend() as one:
        latest = second
        with lender.lend() as two:
            assert (one, two) == (first, second)
            assert not first.closed
        latest = third
        with lender.lend():
            assert (first.closed, second.closed) == (0, 1)
    assert (first.closed, second.closed, third.closed) == (1, 1, 0)
    lender.close()
    assert third.closed == 1


def test_lending_to_many_threads() -> None:
    """Nobody ever holds a closed thing, and everything but the last is closed exactly once."""
    made: list[Thing] = []
    chance = random.Random(1)

    def latest(present: Thing | None) -> Thing:
        if present is None or chance.random() < 0.3:
            made.append(Thing())
            return made[-1]
        return present

    lender: Lender[Thing] = Lender(latest)
    bad: list[Thing] = []

    def borrow() -> None:
        for _ in range(300):
            with lender.lend() as thing:
                if thing is None or thing.closed:
                    bad.append(thing or Thing())

    threads = [threading.Thread(target=borrow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bad == []
    assert {thing.closed for thing in made[:-1]} == {1}
    assert made[-1].closed == 0
