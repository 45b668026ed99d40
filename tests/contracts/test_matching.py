"""Tests that every engine finds what a slow and obvious evaluator finds, for any tree over any documents."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.markup import Segment
from archiver.model import PostKind
from search.document import Document, PostText
from search.fields import spelled
from search.index import FACETS, FacetCount, open_index
from search.tree import (
    COUNTS,
    PLACES,
    TIMES,
    And,
    Everything,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Qualifier,
    Range,
    Within,
    Word,
)
from tests.search.builders import START, document
from tests.search.oracle import matches

DAY = 86_400
FIRST = int(START.timestamp())

_WORDS = """license licence licensing relicense re-license gpl GPLv3 GPL-3.0 AGPL 3 0 a the code ラ ライセンス c++ c
    node.js node"""
_BEGINNINGS = "licens licensi re relic re-l gpl g node.j node c ラ no 0 zz GNU ??? gpl-3"
vocabulary = st.sampled_from([*_WORDS.split(), "GPL v3 or later", "GNU General Public License"])
beginnings = st.sampled_from(_BEGINNINGS.split())
texts = st.lists(vocabulary, max_size=6).map(" ".join)
segments = st.tuples(st.sampled_from(["own", "own", "quote", "code", "details"]), texts)
documents = st.builds(
    lambda *values: values,
    texts,
    st.lists(st.lists(segments, max_size=3), max_size=3),
    st.sets(st.sampled_from(["open", "closed", "pr", "locked", "edited"]), max_size=3),
    st.sampled_from([("A/b",), ("c/D", "A/b")]),
    st.sets(st.sampled_from(["Legal", "help wanted"]), max_size=2),
    st.sets(st.sampled_from(["MIT", "GPL-3.0-only", "GPL-2.0-or-later"]), max_size=2),
    st.one_of(st.none(), st.integers(0, 5)),
    st.integers(0, 4),
)
qualifiers = st.sampled_from(
    [
        *(("is", "open"), ("is", "pr"), ("is", "edited"), ("repo", "a/b"), ("repo", "c/d"), ("org", "a"), ("org", "c")),
        *(("author", "ann"), ("author", "nobody"), ("commenter", "bob"), ("involves", "bob"), ("association", "none")),
        *(("label", "legal"), ("label", "help wanted"), ("no", "label"), ("no", "license"), ("no", "reason")),
        *(
            ("license", "mit"),
            ("license", "gpl"),
            ("license", "gpl-3.0-only"),
            ("topic", "cla"),
            ("reason", "completed"),
        ),
    ]
).map(lambda pair: Qualifier(*pair))


def ranges(name: str) -> st.SearchStrategy[Node]:
    """Return ranges of a number, some of them open, some empty."""
    bound = st.integers(0, 6) if name in COUNTS else st.integers(0, 8).map(lambda days: FIRST + days * DAY)
    return st.tuples(st.none() | bound, bound, st.booleans()).map(
        lambda ends: Range(name, ends[0], ends[1]) if ends[2] else Range(name, ends[1], ends[0])
    )


leaves: st.SearchStrategy[Node] = st.one_of(
    vocabulary.map(Word),
    st.sampled_from([Word("???"), Everything()]),
    st.lists(vocabulary, min_size=1, max_size=3).map(lambda words: Phrase(" ".join(words))),
    beginnings.map(Prefix),
    qualifiers,
    st.sampled_from([*TIMES, *COUNTS]).flatmap(ranges),
)
trees: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda nodes: st.one_of(
        nodes.map(Not),
        st.lists(nodes, min_size=2, max_size=3).map(lambda each: And(tuple(each))),
        st.lists(nodes, min_size=2, max_size=3).map(lambda each: Or(tuple(each))),
        st.tuples(st.sets(st.sampled_from(PLACES), min_size=1), nodes).map(
            lambda pair: Within(tuple(place for place in PLACES if place in pair[0]), pair[1])
        ),
    ),
    max_leaves=6,
)


def build(number: int, values: Any) -> Document:
    """Make a document of generated values."""
    title, posts, flags, repositories, labels, spdx, closed, comments = values
    made = document(
        number,
        title,
        [("ann" if n % 2 == 0 else "bob", "x") for n in range(len(posts))],
        flags=flags,
        repositories=repositories,
        labels=tuple(sorted(labels)),
        spdx=tuple(sorted(spdx)),
        topics=("cla",) if comments > 2 else (),
        reason="completed" if closed == 1 else None,
        closed_at=None if closed is None else START + timedelta(days=closed),
        merged_at=START + timedelta(days=closed) if closed == 2 else None,
        comments=comments,
    )
    texts = tuple(
        PostText(
            PostKind.COMMENT if n else PostKind.OPENING,
            number * 1000 + n,
            "ann" if n % 2 == 0 else "bob",
            tuple(Segment(place, " ".join(text.split())) for place, text in its),
        )
        for n, its in enumerate(posts)
    )
    return Document(**{**{name: getattr(made, name) for name in made.__dataclass_fields__}, "posts": texts})


def facets_of(found: list[Document]) -> dict[str, set[FacetCount]]:
    """Count the values of documents."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for each in found:
        for name, values in spelled(each).items():
            counts[name].update(values)
    return {name: {FacetCount(value, count) for value, count in its.items()} for name, its in counts.items()}


# 25 sets of documents and 20 trees over each.
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(documents, min_size=1, max_size=6), st.lists(trees, min_size=20, max_size=20), st.integers(0, 3))
def test_finds_what_a_slow_evaluator_finds(url: str, made: list[Any], queries: list[Node], removed: int) -> None:
    """On random documents and trees, after several commits, result and facets are those of reading all texts."""
    built = [build(n, values) for n, values in enumerate(made, 1)]
    index = open_index(url)
    with index.rebuild() as writer:
        writer.apply(built, [], 1)
    index.apply(built[::2], [each.key for each in built[1 : 1 + removed]], 2)
    there = [each for n, each in enumerate(built) if n % 2 == 0 or n >= 1 + removed]
    for tree in queries:
        expected = [each for each in there if matches(tree, each) in {True, None}]
        page = index.search(tree, per_page=100)
        exact = {hit.key for hit in page.hits if not hit.partial}
        assert exact == {each.key for each in expected}
        assert page.total == len(expected)
        assert {name: set(counts) for name, counts in page.facets.items()} == facets_of(expected)
        for hit in page.hits:
            text, spans = (hit.best_post.snippet.text, hit.best_post.snippet.spans) if hit.best_post else ("", ())
            assert all(0 <= start < end <= len(text) for start, end in spans)
    index.close()
