"""Tests the choice of the best post and of the stretch of its text that is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from search.document import Document, bag
from search.index import BestPost
from search.snippets import Sought, best_post, snippet_of, spans_of
from tests.search.builders import document


def found(made: Document, *words: str) -> tuple[BestPost | None, int]:
    """Ask for the best post for single terms of equal worth."""
    its = bag(made)
    sought = [Sought((w,), 1.0, its.entries[w].positions) for w in words if w in its.entries]
    return best_post(made.posts, its.starts, sought)


def marked(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    """Return what the spans cover."""
    return [text[start:end] for start, end in spans]


def test_the_post_with_most_of_the_words() -> None:
    """The post that has both words wins over those that have one; the others are counted."""
    made = document(1, "t", [("a", "copyleft"), ("b", "nothing"), ("c", "copyleft and patent"), ("d", "patent patent")])
    best, more = found(made, "copyleft", "patent")
    assert best is not None
    assert best.author == "c"
    assert marked(best.snippet.text, best.snippet.spans) == ["copyleft", "patent"]
    assert more == 2


def test_own_words_before_quoted_ones() -> None:
    """A reply that quotes the words does not win over the post that said them, even if it comes first."""
    made = document(1, "t", [("a", "> copyleft\n\nwhat?"), ("b", "copyleft it is")])
    best, more = found(made, "copyleft")
    assert best is not None
    assert (best.author, more) == ("b", 1)


def test_only_the_title_matched() -> None:
    """Then the beginning of the opening post is shown, with nothing marked."""
    best, more = found(document(1, "copyleft", [("a", "> quoted\n\nown words"), ("b", "more")]), "copyleft")
    assert best is not None
    assert (best.author, best.snippet.text, best.snippet.spans, more) == ("a", "own words", (), 0)


def test_a_thread_without_posts_or_words() -> None:
    """There is nothing to show, or an empty text."""
    assert found(document(1, "copyleft", []), "copyleft") == (None, 0)
    best, _ = found(document(1, "copyleft", [("a", "")]), "copyleft")
    assert best is not None
    assert best.snippet.text == ""


def test_the_densest_place() -> None:
    """Of a long text, the stretch with most different words is cut out, at spaces, with dots where it was cut."""
    filler = "lorem ipsum dolor " * 40
    _, snippet = snippet_of(
        f"copyleft {filler} copyleft and patent {filler}".strip(), [(("copyleft",), 1), (("patent",), 1)]
    )
    assert marked(snippet.text, snippet.spans) == ["copyleft", "patent"]
    assert snippet.text.startswith("…")
    assert snippet.text.endswith("…")
    assert 200 <= len(snippet.text) <= 250
    assert snippet.text.strip("…").split()[0] in {"lorem", "ipsum", "dolor"}


def test_phrases_are_marked_whole() -> None:
    """A phrase is marked where it stands, and its words elsewhere are not."""
    _, snippet = snippet_of("the license, of the licence of the project", [(("licens", "of", "the"), 1.0)])
    assert marked(snippet.text, snippet.spans) == ["license, of the", "licence of the"]


def test_a_compound_is_marked_whole() -> None:
    """The parts of a compound are one span."""
    _, snippet = snippet_of("use GPL-3.0-only here", [(("gpl", "3", "0"), 1.0)])
    assert marked(snippet.text, snippet.spans) == ["GPL-3.0"]


def test_spans_of_a_text() -> None:
    """Every place where a needle stands is given, in order, and what overlaps is one span."""
    text = "Copyleft: the GPLv3, a copyleft"
    assert marked(text, spans_of(text, [("copyleft",), ("gplv3",), ("spdx:gpl-3.0",)])) == [
        "Copyleft",
        "GPLv3",
        "copyleft",
    ]
    assert spans_of(text, [("patent",)]) == ()


@given(st.text(alphabet="ab ラ.-\U0001f600", max_size=600), st.sampled_from([("a",), ("ab", "b"), ("ラ", "ラ")]))
def test_spans_fit_any_text(text: str, terms: tuple[str, ...]) -> None:
    """Spans lie within the snippet, in order and apart, and the snippet is no longer than promised."""
    text = " ".join(text.split())
    _, snippet = snippet_of(text, [(terms, 1.0)])
    assert len(snippet.text) <= max(242, 2 * 64 + 242)
    assert snippet.text.strip("…") in text
    end = -1
    for start, stop in snippet.spans:
        assert end < start < stop <= len(snippet.text)
        end = stop
