"""Owns the choice of the post and the stretch of text by which a hit is shown, and of what in it matched.

It escapes nothing and marks nothing up: a snippet is plain text and spans. Where words stand, the index knows; only
the stretch that is shown is read for their places in characters.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.analysis import license_span, word_spans
from search.bag import ALSO_BIT, LATER, OPENING, PLACE_BITS, POSITION_SHIFT, TITLE
from search.index import BestPost, Snippet
from search.ranking import Codes
from search.texts import Texts

LENGTH = 240

# What a match counts by where it stands: a reply that only quotes the words must not win over the post that said them.
_WORTH = {"own": 1.0, "details": 0.75, "quote": 0.5, "code": 0.5}
_PLACE = {places[name]: worth for places in (OPENING, LATER) for name, worth in _WORTH.items()}
_OWN = (OPENING["own"], LATER["own"])
_PLACE_MASK = (1 << PLACE_BITS) - 1
_MAX_READ = 100_000
_MAX_MARKED = 2_000
_MAX_IN_TITLE = 100
_MANY = 100
_WORDS = 40
"""Words that a snippet has room for, about."""
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
    places, owners = texts.places, texts.owners
    # What each needle is worth in a post is what it is worth in its best place there.
    value: dict[int, float] = {}
    times: dict[int, int] = {}
    inside: dict[int, tuple[float, int]] = {}
    for sought, codes in found:
        best: dict[int, float] = {}
        for segment, count in _segments(texts, codes).items():
            worth, post = _PLACE[places[segment]] * sought.worth, owners[segment]
            if worth > best.get(post, -1.0):
                best[post] = worth
            times[post] = times.get(post, 0) + count
            before, often = inside.get(segment, (0.0, 0))
            inside[segment] = before + worth, often + count
        for post, worth in best.items():
            value[post] = value.get(post, 0.0) + worth
    if not times:
        return _beginning(texts), 0
    number = max(times, key=lambda post: (value[post], times[post], -post))
    shown = max((each for each in inside if owners[each] == number), key=lambda each: (*inside[each], -each))
    kind, which, author = texts.post(number)
    return BestPost(kind, which, author, _snippet(texts, shown, found)), len(times) - 1


def title_spans(title: str, found: Sequence[Found]) -> tuple[tuple[int, int], ...]:
    """Return (start, end) of what stands in the title, in order and apart."""
    # What stands in the title comes first.
    there = [
        (sought, [code for code in codes[:_MAX_IN_TITLE].tolist() if code & _PLACE_MASK == TITLE])
        for sought, codes in found
    ]
    return _merged([(start, end) for start, end, _ in marks(title, 0, there)]) if any(its for _, its in there) else ()


def _segments(texts: Texts, codes: Codes) -> dict[int, int]:
    """Return in which segments something stands, and how often; what stands in the title stands in none."""
    starts = texts.starts
    if len(codes) > _MANY:
        at = np.searchsorted(np.asarray(starts), codes >> np.uint32(POSITION_SHIFT), side="right")
        segments, counts = np.unique(at, return_counts=True)
        return {n - 1: count for n, count in zip(segments.tolist(), counts.tolist(), strict=True) if n}
    found: dict[int, int] = {}
    for code in codes.tolist():
        segment = bisect_right(starts, code >> POSITION_SHIFT) - 1
        if segment >= 0:
            found[segment] = found.get(segment, 0) + 1
    return found


def _beginning(texts: Texts) -> BestPost:
    segments = [number for number, owner in enumerate(texts.owners) if owner == 0]
    own = next((number for number in segments if texts.places[number] in _OWN), segments[0] if segments else None)
    kind, which, author = texts.post(0)
    return BestPost(kind, which, author, _cut(texts.segment(own) if own is not None else "", 0, 0, []))


def _snippet(texts: Texts, segment: int, found: Sequence[Found]) -> Snippet:
    """Return the snippet of a segment; only around the words of its best stretch is it read."""
    start = texts.starts[segment]
    end = texts.starts[segment + 1] if segment + 1 < len(texts.starts) else 1 << 27
    low, high = start << POSITION_SHIFT, end << POSITION_SHIFT
    there: list[tuple[int, int]] = []
    for which, (_, codes) in enumerate(found):
        first, last = np.searchsorted(codes, np.array((low, high - 1), np.uint32)).tolist()
        there += [(code, which) for code in codes[first : first + min(last - first, _MAX_MARKED)].tolist()]
    there.sort()
    worth = [sought.worth for sought, _ in found]
    words = [(code >> POSITION_SHIFT, (code >> POSITION_SHIFT) + found[which][0].words, which) for code, which in there]
    first, last = _densest(words, worth, _WORDS)
    near = [
        (
            sought,
            [code for code, its in there if its == which and first - _WORDS < code >> POSITION_SHIFT < last + _WORDS],
        )
        for which, (sought, _) in enumerate(found)
    ]
    text = texts.segment(segment)
    return snippet_of(text, marks(text[:_MAX_READ], start, near), worth)


def marks(text: str, start: int, found: Sequence[tuple[Sought, Sequence[int]]]) -> list[Mark]:
    """Return every place of a text where something stands that is sought, in order; `start` is its first position.

    White space in the text is already single.
    """
    begins: list[tuple[int, int, bool]] = []
    wanted: set[int] = set()
    for which, (sought, codes) in enumerate(found):
        for code in codes:
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
    start, end = _densest(marked, worth, LENGTH * 3 // 4)
    return _cut(text, start, end, [(start, end) for start, end, _ in marked])


def _densest(marked: Sequence[Mark], worth: Sequence[float], length: int) -> tuple[int, int]:
    """Return (start, end) of the marks that together are worth most, within a length."""
    counts = [0] * len(worth)
    # A word for the second time is worth a little, so that of two places the denser one wins.
    again = [each * 0.05 for each in worth]
    best, chosen = -1.0, (0, 0)
    total = 0.0
    left = 0
    begin = marked[0][0] if marked else 0
    for right, (_, end, which) in enumerate(marked):
        total += again[which] if counts[which] else worth[which]
        counts[which] += 1
        while end - begin > length and left < right:
            gone = marked[left][2]
            counts[gone] -= 1
            total -= again[gone] if counts[gone] else worth[gone]
            left += 1
            begin = marked[left][0]
        if total > best + 1e-9:
            best, chosen = total, (begin, end)
    return chosen


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
