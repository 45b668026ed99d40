"""Postings of many documents at once say what each document's bag says, whatever stands in the texts."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.markup import Segment
from archiver.model import PostKind
from search.analysis import analyze, chunk_tokens, chunks, license_tokens
from search.bag import bag
from search.document import Document, PostText
from search.inverting import Inverted, Inverter, merged
from tests.search.builders import document

ODD = (
    *("license", "Licence's", "re-licensing", "sublicense", "GPLv3+", "GPL-3.0-or-later", "the GNU Affero GPL v3 only"),
    *(
        "MIT license",
        "the Apache License, Version 2.0",
        "BSD 3-Clause",
        "CC BY-SA 4.0",
        "c++",
        "C#",
        "a+++b",
        "node.js",
    ),
    *(
        "foo_bar/baz.qux-quux",
        "__init__",
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s",
        "日本語",
        "ラ\u3099イセンス",
        "안녕",
        "ไทย",
    ),
    *(
        "naïve",
        "İstanbul",
        "e\u0301cole",
        "x" * 100,
        "#123",
        "@ann",
        "d34db33f",
        "’s",
        "'s",
        "\x00",
        "\ud800",
        "ﬁ",
        "²",
    ),
)
texts = st.lists(
    st.one_of(st.sampled_from(ODD), st.text(max_size=12), st.sampled_from([" ", "-", ".", "/", "\n", ", "])),
    max_size=12,
).map("".join) | st.lists(st.sampled_from(ODD), max_size=12).map(" ".join)
segments = st.lists(st.builds(Segment, st.sampled_from(["own", "quote", "code", "details"]), texts), max_size=3)
posts = st.lists(segments, max_size=3)
documents = st.lists(st.tuples(texts, posts), max_size=5)


def made(number: int, title: str, its_posts: list[list[Segment]]) -> Document:
    """Make a document of segments as they are."""
    kinds = (PostKind.OPENING, PostKind.COMMENT)
    its = tuple(PostText(kinds[min(at, 1)], at, None, tuple(each)) for at, each in enumerate(its_posts))
    return document(number, title, posts_as_they_are=its)


def spelled_out(inverted: Inverted) -> dict[bytes, dict[int, list[int]]]:
    """Return the codes of each term in each document."""
    found: dict[bytes, dict[int, list[int]]] = {}
    posting = code = 0
    for key, having in zip(inverted.keys, inverted.having.tolist(), strict=True):
        its = found[key] = {}
        for at in range(posting, posting + having):
            count = int(inverted.counts[at])
            its[int(inverted.documents[at])] = inverted.codes[code : code + count].tolist()
            code += count
        posting += having
    assert (posting, code) == (len(inverted.documents), len(inverted.codes))
    return found


def bags_of(some: list[Document]) -> dict[bytes, dict[int, list[int]]]:
    """Return the same from the documents' bags."""
    found: dict[bytes, dict[int, list[int]]] = {}
    for number, each in enumerate(some):
        for key, codes in bag(each).entries.items():
            found.setdefault(key.encode("utf-8", "replace"), {}).setdefault(number, []).extend(codes)
    return {key: {number: sorted(codes) for number, codes in its.items()} for key, its in found.items()}


@settings(max_examples=150, deadline=None)
@given(st.lists(documents, min_size=1, max_size=2))
def test_postings_are_those_of_the_bags(batches: list[list[tuple[str, list[list[Segment]]]]]) -> None:
    """Terms, documents, codes, beginnings of segments and lengths are those of each bag, in a later batch too."""
    inverter = Inverter()
    for batch in batches:
        some = [made(number, *each) for number, each in enumerate(batch)]
        for each in some:
            inverter.add(each)
        inverted, bags = inverter.finish()
        assert spelled_out(inverted) == bags_of(some)
        assert inverted.keys == sorted(inverted.keys)
        assert [(each.starts, each.length) for each in bags] == [(its.starts, its.length) for its in map(bag, some)]


@settings(max_examples=300, deadline=None)
@given(texts)
def test_chunks_and_licenses_are_the_whole_analysis(text: str) -> None:
    """What a text's chunks yield, each by itself, and its licenses, are all tokens that the text yields."""
    found: list[Any] = []
    position = 0
    for chunk in chunks(text):
        tokens = chunk_tokens(chunk)
        found += [(token.term, position + token.position, token.role) for token in tokens]
        position += tokens[-1].position + 1
    found += [(token.term, token.position, token.role) for token in license_tokens(text)]
    assert sorted(found) == sorted((token.term, token.position, token.role) for token in analyze(text))


@settings(max_examples=60, deadline=None)
@given(st.lists(documents, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_merging_leaves_out_what_is_deleted(batches: list[list[tuple[str, list[list[Segment]]]]], chance: Any) -> None:
    """Parts that are merged without some of their documents are as if the others had been written together."""
    parts, renumbered, kept = [], [], []
    for batch in batches:
        inverter = Inverter()
        some = [made(number, *each) for number, each in enumerate(batch)]
        numbers = []
        for each in some:
            inverter.add(each)
            numbers.append(len(kept) if (stays := chance.random() < 0.7) else -1)
            kept += [each] if stays else []
        parts.append(inverter.finish()[0])
        renumbered.append(np.array(numbers, np.int64))
    assert spelled_out(merged(parts, renumbered)) == bags_of(kept)
