"""Tests `search.partial` and `search.synonyms` without an index."""

from __future__ import annotations

import numpy as np
import pytest

from search.analysis import needle
from search.partial import Loose, loosened, rarity, strongest
from search.query import parse
from search.synonyms import MOST, related
from search.tree import Qualifier, Word


def test_a_query_is_taken_apart() -> None:
    """Words may be missing; qualifiers, negations and what is mixed with them may not."""
    found = loosened(parse("license header repo:acme/rocket -crash (is:open OR mit)").tree)
    assert found is not None
    assert found.units == (Word("license"), Word("header"))
    assert [str(each) for each in found.filters] == ["repo:acme/rocket", "-crash", "is:open OR mit"]


@pytest.mark.parametrize("query", ["", "license", "is:open", "license is:open", "-license"])
def test_less_than_two_words_stay_whole(query: str) -> None:
    """Of one word nothing can be missing."""
    assert loosened(parse(query).tree) is None


def test_an_or_is_words() -> None:
    """The sides of an OR are words like the others; the same word twice is one."""
    assert loosened(parse("license MIT OR license apache").tree) == Loose(
        (), (Word("license"), Word("MIT"), Word("apache"))
    )
    assert loosened(parse("a b OR is:open").tree) is None
    assert loosened(Qualifier("is", "open")) is None


def test_rarity() -> None:
    """A rare word is worth more; one that all have is worth next to nothing, but never less than nothing."""
    assert rarity(100, 1) > rarity(100, 10) > rarity(100, 100) > 0
    assert rarity(100, 100) < 0.01
    assert rarity(0, 3) > 0


def test_strongest() -> None:
    """The best are kept, all that are equal to the last of them too."""
    scores = np.array([1.0, 5.0, 3.0, 3.0, 9.0])
    mask = np.array([True, True, True, True, False])
    assert strongest(mask, scores, 2).tolist() == [False, True, True, True, False]
    assert strongest(mask, scores, 4).tolist() == mask.tolist()


def test_related_words() -> None:
    """Words that can stand for each other are related in both directions, in any of their forms; few to each."""
    (contributor,), (author,), (missing,), (lacks,) = map(needle, ("contributor", "authors", "missing", "lacks"))
    assert author in related(contributor)
    assert contributor in related(author)
    assert lacks in related(missing)
    assert "copyleft" in related("gpl")
    assert related("zebra") == ()
    assert all(len(related(term)) <= MOST and term not in related(term) for term in ("licens", "chang", "gpl", "legal"))
