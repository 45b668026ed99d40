"""Owns how much a sentence says about licensing: by its terms, by what is done about them, and by what it is about.

Which terms there are stands in `archiver.vocabulary`, what a sentence does in `archiver.acts`; what the weights come to
for a thread is `archiver.license`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archiver.acts import REACH, SURFACE, Done
from archiver.vocabulary import FOREIGN

MAX_SENTENCE = 1_500
MAX_PARAGRAPH = 4_000

# A sentence weighs what its terms are worth, and what it does: the chief act in full, further ones in part.
TERM_SHARE = 0.5
PASSING_SHARE = 0.3
SECOND_ACT, THIRD_ACT = 0.4, 0.2
SURFACE_SHARE = 0.35
# The terms that programs handle, too. With no others a sentence may be about the program.
HANDLED = frozenset(
    {
        "license",
        "license-file",
        "license-field",
        "license-header",
        "copyright",
        "attribution",
        "spdx",
        "cla",
        "dco",
        "eula",
    }
)
LONE_SHARE = 0.85
# An act of another sentence, which may be farther off.
BESIDE_SHARE = 0.45
# A term that means nothing but licensing says more, whatever is said of it.
SURE = 3.0
SURE_BONUS = 0.6
FURTHER_TERM = 0.4
WEIGHTY = 2.0
"""What a term, a sentence or a title weighs that is about licensing as a rule."""

_SENTENCE = re.compile(
    r"[^.!?\n。！？]*(?:(?:[.!?](?!\s|\Z)|(?<=\be\.g|\bi\.e)\.)[^.!?\n。！？]*)*(?:[.!?。！？]+|\n|\Z)"
)
# The end of a line that is none of a sentence: an e-mail's, or a commit message's.
_WRAPPED = re.compile(r"\n(?<=[^\n]{45}\n)(?<![.!?:;|>]\n)(?=[a-z(\"'])")
_PARAGRAPH = re.compile(r"\n\s*\n")


class Found(NamedTuple):
    """A term that stands in a text, with how surely it means licensing."""

    name: str
    text: str
    weight: float
    start: int
    end: int


def weigh(found: Sequence[Found], acts: Sequence[Done], stretch: tuple[int, int], low: str) -> tuple[float, str | None]:
    """Weigh the sentence at `stretch` of a paragraph, in lower case, by its terms and by what is done about them.

    `acts` are those of the sentence and of its neighbours. What neighbours do near the terms counts in part: "It is
    under the AGPL. We can't ship it." Returns the chief act's name, too.
    """
    heaviest = max(each.weight for each in found)
    # Terms overlap ("permissive license" holds "license"): only those in other words count as further ones.
    spans: list[str] = []
    for each in sorted(found, key=lambda item: -len(item.text)):
        if not any(each.text.lower() in span for span in spans):
            spans.append(each.text.lower())
    terms = heaviest + FURTHER_TERM * min(len(spans) - 1, 3)
    spots = [(stretch[0] + each.start, stretch[0] + each.end) for each in found if each.weight >= 1.0]
    foreign = any(each.name in FOREIGN for each in found) or not low.isascii()
    done: dict[str, float] = {}
    for act in acts:
        within = stretch[0] <= act.start < stretch[1]
        weight = act.weight * (1.0 if within else BESIDE_SHARE)
        if (
            weight > done.get(act.name, 0.0)
            and (foreign or not act.foreign)
            and act.near_to(spots, 1 if within else REACH)
        ):
            done[act.name] = weight
    bonus = SURE_BONUS if heaviest >= SURE else 0.0
    if not done:
        return terms * PASSING_SHARE + bonus, None
    chief, *others = sorted(done.items(), key=lambda item: -item[1])
    does = (
        chief[1] + SECOND_ACT * sum(each[1] for each in others[:1]) + THIRD_ACT * sum(each[1] for each in others[1:2])
    )
    # What is hardly a term of licensing is no act of it, either.
    does *= min(heaviest / WEIGHTY, 1.0)
    names = {each.name for each in found}
    if len(spans) == 1 and names <= HANDLED:
        does *= LONE_SHARE
    if names <= HANDLED and SURFACE.search(low):
        does *= SURFACE_SHARE
    return terms * TERM_SHARE + does + bonus, chief[0]


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a text; one of more than `MAX_PARAGRAPH` characters in portions, cut at a line's end."""
    for paragraph in _PARAGRAPH.split(text):
        start = 0
        while len(paragraph) - start > MAX_PARAGRAPH:
            limit = start + MAX_PARAGRAPH
            cuts = [paragraph.rfind(end, start, limit) + len(end) for end in ("\n", ". ")]
            cut = max(each if each > start + 2 else 0 for each in cuts) or paragraph.rfind(" ", start, limit) + 1
            cut = cut if cut > start else limit
            yield paragraph[start:cut]
            start = cut
        yield paragraph[start:] if start else paragraph


def unwrapped(paragraph: str) -> str:
    """Return a paragraph without the line ends that are no end of a sentence."""
    return _WRAPPED.sub(" ", paragraph)


def sentences(text: str) -> Iterator[tuple[str, int]]:
    """Yield the sentences of a paragraph and where each begins; one of more than `MAX_SENTENCE` in portions."""
    for match in _SENTENCE.finditer(text):
        whole = match[0]
        if whole.strip():
            for start in range(0, len(whole), MAX_SENTENCE):
                yield whole[start : start + MAX_SENTENCE], match.start() + start
