"""Owns the choice of the post and the stretch of text by which a hit is shown, and of what in it matched.

It escapes nothing and marks nothing up: a snippet is plain text and spans.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from search.analysis import analyze
from search.document import PostText
from search.index import BestPost, Snippet

LENGTH = 240
Needle = tuple[str, ...]

# What a match counts by where it stands: a reply that only quotes the words must not win over the post that said them.
_PLACE = {"own": 1.0, "details": 0.75, "quote": 0.5, "code": 0.5}
_MAX_READ = 100_000
_MAX_MARKED = 2_000
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Sought:
    """What a query looks for: terms that stand one after the other, what they are worth, and where they begin."""

    terms: Needle
    worth: float
    starts: Sequence[int]


def best_post(
    posts: Sequence[PostText], starts: Sequence[Sequence[int]], sought: Sequence[Sought]
) -> tuple[BestPost | None, int]:
    """Return the post with most of what is sought, with its snippet, and how many other posts have something of it.

    `starts[i][j]` is the position of segment j of post i, in the positions of `sought`. If no post has anything of it
    (only the title matched, or nothing was sought), it is the beginning of the first post; None if there are no posts.
    """
    if not posts:
        return None, 0
    borders = [(start, number, at) for number, its in enumerate(starts) for at, start in enumerate(its)]
    flat = [border[0] for border in borders]
    found: dict[int, dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for which, each in enumerate(sought):
        for start in each.starts:
            at = bisect_right(flat, start) - 1
            if at >= 0:
                _, number, segment = borders[at]
                its = found[number][segment]
                its[which] = its.get(which, 0) + 1
    if not found:
        return _beginning(posts[0]), 0

    def rank(number: int) -> tuple[float, int, int]:
        best: dict[int, float] = {}
        times = 0
        for segment, counts in found[number].items():
            place = _PLACE[posts[number].segments[segment].place]
            for which, count in counts.items():
                best[which] = max(best.get(which, 0.0), place * sought[which].worth)
                times += count
        return sum(best.values()), times, -number

    number = max(found, key=rank)
    post = posts[number]
    shown = -1.0, Snippet("")
    for segment, counts in sorted(found[number].items()):
        text = post.segments[segment].text
        density, snippet = snippet_of(text, [(sought[which].terms, sought[which].worth) for which in counts])
        density *= _PLACE[post.segments[segment].place]
        if density > shown[0]:
            shown = density, snippet
    return BestPost(post.kind, post.id, post.author, shown[1]), len(found) - 1


def _beginning(post: PostText) -> BestPost:
    own = next((each.text for each in post.segments if each.place == "own"), None)
    text = own if own is not None else post.segments[0].text if post.segments else ""
    return BestPost(post.kind, post.id, post.author, _cut(text, 0, 0, []))


def snippet_of(text: str, needles: Sequence[tuple[Needle, float]]) -> tuple[float, Snippet]:
    """Return the stretch of a text (white space already single) with most of the needles' worth, and that worth."""
    marks = _marks(text[:_MAX_READ], [terms for terms, _ in needles])
    counts = [0] * len(needles)
    best, chosen = -1.0, (0, 0)
    total = 0.0
    left = 0
    for right, (_, end, which) in enumerate(marks):
        counts[which] += 1
        # A word for the second time is worth a little, so that of two places the denser one wins.
        total += needles[which][1] * (1.0 if counts[which] == 1 else 0.05)
        while left < right and end - marks[left][0] > LENGTH * 3 // 4:
            gone = marks[left][2]
            counts[gone] -= 1
            total -= needles[gone][1] * (1.0 if counts[gone] == 0 else 0.05)
            left += 1
        if total > best + 1e-9:
            best, chosen = total, (left, right)
    if not marks:
        return 0.0, _cut(text, 0, 0, [])
    spans = [(start, end) for start, end, _ in marks]
    return best, _cut(text, spans[chosen[0]][0], spans[chosen[1]][1], spans)


def spans_of(text: str, needles: Sequence[Needle]) -> tuple[tuple[int, int], ...]:
    """Return (start, end) of what the needles find in a text, in order and apart."""
    return _merged([(start, end) for start, end, _ in _marks(text[:_MAX_READ], needles)])


def _marks(text: str, needles: Sequence[Needle]) -> list[tuple[int, int, int]]:
    """Return (start, end, which needle) of every place where a needle stands, in order."""
    wanted = {term for terms in needles for term in terms}
    seen: dict[tuple[int, str], tuple[int, int]] = {}
    firsts: dict[str, list[int]] = defaultdict(list)
    for term, position, start, end, _ in analyze(text):
        if term in wanted and (position, term) not in seen:
            seen[position, term] = (start, end)
            firsts[term].append(position)
    marks = []
    for which, terms in enumerate(needles):
        for position in firsts[terms[0]]:
            places = [seen.get((position + offset, term)) for offset, term in enumerate(terms)]
            if None not in places and places[0] is not None and places[-1] is not None:
                marks.append((places[0][0], places[-1][1], which))
    return sorted(marks)[:_MAX_MARKED]


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
