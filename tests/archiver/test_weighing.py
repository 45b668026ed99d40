"""Owns the tests of `archiver.weighing`: paragraphs, sentences, and that long ones cost no more than their length."""

from __future__ import annotations

import pytest

from archiver.acts import Doings
from archiver.license import MAX_READ, PostText, Vocabulary
from archiver.weighing import MAX_PARAGRAPH, MAX_SENTENCE, paragraphs, sentences, unwrapped

SENTENCE = "We need to decide which license to use, and the GPL is a problem for us. "


def compared(count: int) -> int:
    """Return how many acts are held against the terms of a paragraph of `count` sentences."""
    parts = list(sentences((SENTENCE * count).lower()))
    doings = Doings(parts)
    return sum(len(doings.near(index)) for index in range(len(parts)))


def test_the_work_grows_with_the_length_and_no_faster() -> None:
    """Each sentence is held against the acts near it, not against those of the whole paragraph."""
    once, twice, eight = compared(50), compared(100), compared(400)
    assert twice < 2.2 * once
    assert eight < 9 * once


def test_only_sentences_near_a_term_are_looked_through() -> None:
    """What a sentence does is found out when a term near it asks for it."""
    parts = list(sentences(("it crashes and we need help. " * 100 + SENTENCE).lower()))
    asked: list[int] = []

    class Counting(Doings):
        def _of(self, index: int) -> list:  # type: ignore[type-arg]
            asked.append(index)
            return super()._of(index)

    Counting(parts).near(len(parts) - 1)
    assert 0 < len(set(asked)) < 15


def test_a_post_is_weighed_by_its_first_sentences() -> None:
    """Beyond `MAX_READ` sentences that name licensing nothing is weighed: the post can weigh no more."""
    vocabulary = Vocabulary()
    some, more = (vocabulary.judge("", [PostText(SENTENCE * count)]) for count in (MAX_READ, MAX_READ * 20))
    assert some.score == more.score
    assert some.verdict == more.verdict == "debate"


@pytest.mark.parametrize("text", ["word " * 3000, "a line of it\n" * 1000, "x" * 10_000, "A sentence. " * 1000])
def test_long_paragraphs_are_cut_and_nothing_is_lost(text: str) -> None:
    """A paragraph without an end comes in portions, cut where a line, a sentence or a word ends if one does."""
    parts = list(paragraphs(text))
    assert "".join(parts) == text
    assert all(len(part) <= MAX_PARAGRAPH for part in parts)
    if " " in text:
        assert all(part[-1].isspace() for part in parts)


def test_paragraphs_are_parted_by_blank_lines() -> None:
    """A line end alone parts nothing."""
    assert list(paragraphs("one\ntwo\n \nthree")) == ["one\ntwo", "three"]


def test_sentences_know_where_they_begin() -> None:
    """Each comes with its place; a stop within a word or a number ends nothing, one of Chinese does."""
    text = "Use v2.0 now. Or not? 可以商用吗？不行。"
    found = list(sentences(text))
    assert [text[start : start + len(part)] for part, start in found] == [part for part, _ in found]
    assert [part.strip() for part, _ in found] == ["Use v2.0 now.", "Or not?", "可以商用吗？", "不行。"]
    assert all(len(part) <= MAX_SENTENCE for part, _ in sentences("word " * 1000))


def test_a_line_end_within_a_sentence_is_none() -> None:
    """Mail programs wrap lines: one that goes on in lower case is the same sentence, a short or finished one is not."""
    long = "As far as anybody here could see we can't include this"
    assert unwrapped(f"{long}\nfile.") == f"{long} file."
    for other in (f"{long}.\nfile", f"{long}\nFile", "short\nfile"):
        assert unwrapped(other) == other
