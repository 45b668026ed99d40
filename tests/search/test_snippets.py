"""Tests the choice of the best post and of the stretch of its text that is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.markup import Segment
from archiver.model import PostKind
from search.bag import FORM, bag
from search.document import Document, PostText
from search.index import BestPost, Snippet
from search.ranking import NO_CODES, phrase, postings_of
from search.snippets import Found, Sought, best_post, title_spans
from search.texts import Texts, pack_texts
from tests.search.builders import document


def found(made: Document, *words: str) -> tuple[BestPost | None, int]:
    """Ask for the best post for single terms of equal worth."""
    its = bag(made)
    outline, texts = pack_texts(made, its)
    return best_post(Texts(made.title, outline, lambda: texts), sought(made, *((word,) for word in words)))


def sought(made: Document, *needles: tuple[str, ...]) -> list[Found]:
    """Return where needles stand in a document."""
    entries: dict[str, list[int]] = {}
    for key, codes in bag(made).entries.items():
        entries.setdefault(key.partition(FORM)[0], []).extend(codes)
    result = []
    for terms in needles:
        parts = [
            postings_of(np.array([0], np.int32), np.array([len(codes)]), np.array(sorted(codes), np.uint32))
            for codes in (entries.get(term, []) for term in terms)
        ]
        result.append(
            (Sought(terms, 1.0, len(terms)), phrase(parts).codes if all(len(p.codes) for p in parts) else NO_CODES)
        )
    return result


def snippet(text: str, *needles: tuple[str, ...]) -> Snippet:
    """Return the snippet of a text that is a whole post."""
    made = document(1, "")
    made = replace(made, posts=(PostText(PostKind.OPENING, 1, "a", (Segment("own", text),)),))
    outline, texts = pack_texts(made, bag(made))
    best, _ = best_post(Texts("", outline, lambda: texts), sought(made, *needles))
    assert best is not None
    return best.snippet


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
    shown = snippet(f"copyleft {filler} copyleft and patent {filler}".strip(), ("copyleft",), ("patent",))
    assert marked(shown.text, shown.spans) == ["copyleft", "patent"]
    assert shown.text.startswith("…")
    assert shown.text.endswith("…")
    assert 200 <= len(shown.text) <= 250
    assert shown.text.strip("…").split()[0] in {"lorem", "ipsum", "dolor"}


def test_phrases_are_marked_whole() -> None:
    """A phrase is marked where it stands, and its words elsewhere are not."""
    shown = snippet("the license, of the licence of the project", ("licens", "of", "the"))
    assert marked(shown.text, shown.spans) == ["license, of the", "licence of the"]


def test_a_compound_is_marked_whole() -> None:
    """The parts of a compound are one span."""
    shown = snippet("use GPL-3.0-only here", ("gpl", "3", "0"))
    assert marked(shown.text, shown.spans) == ["GPL-3.0"]


@pytest.mark.parametrize(
    ("text", "term", "marks"),
    [
        ("It is under the GNU General Public License v3 now.", "spdx:gpl-3.0", ["GNU General Public License v3"]),
        ("Either GPLv3 or GPL-3.0-only", "spdx:gpl-3.0", ["GPLv3", "GPL-3.0-only"]),
        ("the GNU Affero General Public License", "agpl", ["GNU Affero General Public License"]),
        ("to relicense it", "licens", ["relicense"]),
        ("the GPLv2 of it", "gpl", ["GPLv2"]),
    ],
)
def test_names_are_marked_whole(text: str, term: str, marks: list[str]) -> None:
    """What is found under a license's term is marked as it is written, from its first word to its last."""
    shown = snippet(text, (term,))
    assert marked(shown.text, shown.spans) == marks


def test_spans_of_a_title() -> None:
    """Every place where a needle stands is given, in order, and what overlaps is one span."""
    made = document(1, "Copyleft: the GPLv3, a copyleft", [("a", "copyleft patent")])
    spans = title_spans(made.title, sought(made, ("copyleft",), ("gplv3",), ("spdx:gpl-3.0",)))
    assert marked(made.title, spans) == ["Copyleft", "GPLv3", "copyleft"]
    assert title_spans(made.title, sought(made, ("patent",))) == ()


@given(st.text(alphabet="ab ラ.-\U0001f600", max_size=600), st.sampled_from([("a",), ("ab", "b"), ("ラ", "ラ")]))
def test_spans_fit_any_text(text: str, terms: tuple[str, ...]) -> None:
    """Spans lie within the snippet, in order and apart, and the snippet is no longer than promised."""
    text = " ".join(text.split())
    shown = snippet(text, terms)
    assert len(shown.text) <= max(242, 2 * 64 + 242)
    assert shown.text.strip("…") in text
    end = -1
    for start, stop in shown.spans:
        assert end < start < stop <= len(shown.text)
        end = stop
