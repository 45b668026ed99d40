"""Owns the choice of the post and the stretch of text by which a hit is shown, and of what in it matched.

It escapes nothing and marks nothing up: a snippet is plain text and spans. Where words stand, the index knows; only
the stretch that is shown is read for their places in characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.analysis import license_span, word_spans
from search.bag import ALSO_BIT, LATER, OPENING, PLACE_BITS, POSITION_SHIFT, TITLE
from search.index import BestPost, Snippet
from search.ranking import Codes, Longs
from search.texts import Texts

LENGTH = 240

# What a match counts by where it stands: a reply that only quotes the words must not win over the post that said them.
_PLACE = np.zeros(1 << PLACE_BITS)
for _places in (OPENING, LATER):
    for _name, _worth in {"own": 1.0, "details": 0.75, "quote": 0.5, "code": 0.5}.items():
        _PLACE[_places[_name]] = _worth
_OWN = (OPENING["own"], LATER["own"])
_PLACE_MASK = np.uint32((1 << PLACE_BITS) - 1)
_MAX_READ = 100_000
_MAX_MARKED = 2_000
_ELLIPSIS = "…"

Mark = tuple[int, int, int]
"""Start, end, and which of what is sought."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What a query looks for: terms that stand one after the other, `words` of them; what finding them is worth."""

    terms: tuple[str, ...]
    worth: float
    words: int = 1
    common: bool = False


Found = tuple[Sought, Codes]
"""What is sought, and where in a document it begins to stand: codes as in `search.bag`."""


def best_post(texts: Texts, found: Sequence[Found]) -> tuple[BestPost | None, int]:
    """Return the post with most of what is sought, with its snippet, and how many other posts have something of it.

    If no post has anything of it (only the title matched, or nothing was sought), it is the beginning of the first
    post; None if there are no posts.
    """
    if not texts.posts:
        return None, 0
    segments = len(texts.starts)
    posts = np.repeat(np.arange(texts.posts), np.diff(texts.firsts))
    value, times = np.zeros(texts.posts), np.zeros(texts.posts, np.int64)
    in_segment, often = np.zeros(segments), np.zeros(segments, np.int64)
    for sought, codes in found:
        at = _segments(texts, codes)
        if not len(at):
            continue
        counts = np.bincount(at, minlength=segments)
        worth = np.where(counts > 0, _PLACE[texts.places] * sought.worth, 0.0)
        in_segment += worth
        often += counts
        best = np.zeros(texts.posts)
        np.maximum.at(best, posts, worth)
        value += best
        times += np.bincount(posts, counts, texts.posts).astype(np.int64)
    having = np.flatnonzero(times)
    if not len(having):
        return _beginning(texts), 0
    number = int(having[np.lexsort((-times[having], -value[having]))[0]])
    first, last = int(texts.firsts[number]), int(texts.firsts[number + 1])
    shown = first + int(np.lexsort((-often[first:last], -in_segment[first:last]))[0])
    kind, which, author = texts.post(number)
    return BestPost(kind, which, author, _snippet(texts, shown, found)), len(having) - 1


def title_spans(title: str, found: Sequence[Found]) -> tuple[tuple[int, int], ...]:
    """Return (start, end) of what stands in the title, in order and apart."""
    there = [(sought, codes[(codes & _PLACE_MASK) == TITLE]) for sought, codes in found]
    return _merged([(start, end) for start, end, _ in marks(title, 0, there)])


def _segments(texts: Texts, codes: Codes) -> Longs:
    """Return in which segment each occurrence stands, but for those in the title."""
    positions = (codes[(codes & _PLACE_MASK) != TITLE] >> np.uint32(POSITION_SHIFT)).astype(np.int64)
    at: Longs = np.searchsorted(texts.starts, positions, side="right").astype(np.int64) - 1
    return at[at >= 0]


def _beginning(texts: Texts) -> BestPost:
    first, last = int(texts.firsts[0]), int(texts.firsts[1])
    own = next((number for number in range(first, last) if texts.places[number] in _OWN), first)
    kind, which, author = texts.post(0)
    text = texts.segment(own) if last > first else ""
    return BestPost(kind, which, author, _cut(text, 0, 0, []))


def _snippet(texts: Texts, segment: int, found: Sequence[Found]) -> Snippet:
    start = int(texts.starts[segment])
    end = int(texts.starts[segment + 1]) if segment + 1 < len(texts.starts) else 1 << 32
    there = []
    for sought, codes in found:
        positions = codes >> np.uint32(POSITION_SHIFT)
        inside = (positions >= start) & (positions < end) & ((codes & _PLACE_MASK) != TITLE)
        there.append((sought, codes[inside][:_MAX_MARKED]))
    text = texts.segment(segment)
    return snippet_of(text, marks(text[:_MAX_READ], start, there), [sought.worth for sought, _ in found])


def marks(text: str, start: int, found: Sequence[Found]) -> list[Mark]:
    """Return every place of a text where something stands that is sought, in order; `start` is its first position.

    White space in the text is already single.
    """
    begins: list[tuple[int, int, bool]] = []
    wanted: set[int] = set()
    for which, (sought, codes) in enumerate(found):
        for code in codes.tolist():
            position = (code >> POSITION_SHIFT) - start
            begins.append((position, which, bool(code & ALSO_BIT)))
            wanted.update((position, position + sought.words - 1))
    spans = word_spans(text, wanted)
    result = []
    for position, which, also in begins:
        sought = found[which][0]
        first, last = spans.get(position), spans.get(position + sought.words - 1)
        if first and last:
            span = license_span(text, sought.terms[0], *first) if also and sought.words == 1 else (first[0], last[1])
            result.append((*span, which))
    return sorted(set(result))[:_MAX_MARKED]


def snippet_of(text: str, marked: Sequence[Mark], worth: Sequence[float]) -> Snippet:
    """Return the stretch of a text with most of what is worth most; `worth` has an entry for each that is sought."""
    if not marked:
        return _cut(text, 0, 0, [])
    counts = [0] * len(worth)
    best, chosen = -1.0, (0, 0)
    total = 0.0
    left = 0
    for right, (_, end, which) in enumerate(marked):
        counts[which] += 1
        # A word for the second time is worth a little, so that of two places the denser one wins.
        total += worth[which] * (1.0 if counts[which] == 1 else 0.05)
        while left < right and end - marked[left][0] > LENGTH * 3 // 4:
            gone = marked[left][2]
            counts[gone] -= 1
            total -= worth[gone] * (1.0 if counts[gone] == 0 else 0.05)
            left += 1
        if total > best + 1e-9:
            best, chosen = total, (left, right)
    spans = [(start, end) for start, end, _ in marked]
    return _cut(text, spans[chosen[0]][0], spans[chosen[1]][1], spans)


def _cut(text: str, first: int, last: int, spans: list[tuple[int, int]]) -> Snippet:
    """Cut LENGTH characters around `first:last`, at spaces where there are any near, and move the spans along."""
    start = max(0, first - max(0, LENGTH - (last - first)) // 3)
    end = min(len(text), max(start + LENGTH, last))
    start = max(0, min(start, end - LENGTH, first))
    if start > 0:
        space = text.find(" ", start - 1, min(start + 20, first))
        start = space + 1 if space >= 0 else start
    if end < len(text):
        space = text.rfind(" ", max(end - 20, last), end + 1)
        end = space if space >= 0 else end
    before = _ELLIPSIS if start > 0 else ""
    after = _ELLIPSIS if end < len(text) else ""
    shift = len(before) - start
    inside = [(a + shift, b + shift) for a, b in spans if start <= a and b <= end]
    return Snippet(before + text[start:end] + after, _merged(inside))


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    result: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return tuple(result)
