"""Tells two texts apart, word by word, as a list of stretches; it knows nothing of posts.

It is pure. What two texts have in common is RapidFuzz's to find, and its work is bounded: what would take too long is
shown as one text in place of another.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.distance import LCSseq

# One sequence's length times the other's: at 64 comparisons a step some milliseconds, and 13 megabytes.
_MOST_COMPARED = 100_000_000
# Two stretches that have less in common than this are easier read one after the other than word by word.
_ALIKE = 0.35
# How much unchanged text is shown around a change, in lines and in characters.
_CONTEXT_LINES = 2
_CONTEXT = 240
_FOLDED_LINES = 5
# Japanese, Chinese and Korean are written without spaces: each character counts as a word.
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
_TOKENS = re.compile(rf"\n|[^\S\n]+|[{_CJK}]|(?:(?![{_CJK}])\w)+(?:['’](?:(?![{_CJK}])\w)+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text: `same` in both, `del` (in the former only), `ins` (in the latter only), or `fold`.

    What is folded is the same in both, and far from any change; it may be left out.
    """

    kind: str
    text: str

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return len(self.text.strip("\n").split("\n"))


class _Op(NamedTuple):
    same: bool
    before: slice
    after: slice


def differences(before: str, after: str) -> list[Stretch]:
    """Return the stretches of which two texts consist, in order; those that are `same` or `del` make up the former.

    Line endings do not count. Two texts without a difference are one `same` stretch, empty ones are none.
    """
    before, after = (text.replace("\r\n", "\n").replace("\r", "\n") for text in (before, after))
    olds, news = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found: list[Stretch] = []
    for op in _operations(olds, news):
        old, new = "".join(olds[op.before]), "".join(news[op.after])
        found += [Stretch("same", old)] if op.same else _words(old, new)
    return _joined(found)


def folded(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Fold what is the same and stands far from any change; nothing is folded where nothing changed."""
    if all(each.kind == "same" for each in stretches):
        return list(stretches)
    last = len(stretches) - 1
    return [part for at, each in enumerate(stretches) for part in _fold(each, first=at == 0, last=at == last)]


def _operations(before: Sequence[Hashable], after: Sequence[Hashable]) -> Iterator[_Op]:
    """Yield how one sequence becomes the other: stretches that are the same and stretches that are not, in turn."""
    start = 0
    least = min(len(before), len(after))
    while start < least and before[start] == after[start]:
        start += 1
    end = 0
    while end < least - start and before[-1 - end] == after[-1 - end]:
        end += 1
    if start:
        yield _Op(True, slice(0, start), slice(0, start))
    olds, news = before[start : len(before) - end], after[start : len(after) - end]
    yield from _middle(olds, news, start)
    if end:
        yield _Op(True, slice(len(before) - end, len(before)), slice(len(after) - end, len(after)))


def _middle(olds: Sequence[Hashable], news: Sequence[Hashable], start: int) -> Iterator[_Op]:
    if not olds and not news:
        return
    if not olds or not news or len(olds) * len(news) > _MOST_COMPARED:
        yield _Op(False, slice(start, start + len(olds)), slice(start, start + len(news)))
        return
    # Numbers in place of texts: two texts are the same if they are, not if their hashes are.
    numbers: dict[Hashable, int] = {}
    coded = [[numbers.setdefault(each, len(numbers)) for each in some] for some in (olds, news)]
    waiting: tuple[int, int, int, int] | None = None
    for op in LCSseq.opcodes(*coded):
        if op.tag == "equal":
            if waiting:
                yield _op(False, waiting, start)
            waiting = None
            yield _op(True, (op.src_start, op.src_end, op.dest_start, op.dest_end), start)
        elif waiting:
            waiting = (waiting[0], op.src_end, waiting[2], op.dest_end)
        else:
            waiting = (op.src_start, op.src_end, op.dest_start, op.dest_end)
    if waiting:
        yield _op(False, waiting, start)


def _op(same: bool, at: tuple[int, int, int, int], start: int) -> _Op:
    return _Op(same, slice(at[0] + start, at[1] + start), slice(at[2] + start, at[3] + start))


def _words(old: str, new: str) -> list[Stretch]:
    """Tell two stretches apart word by word, or as wholes where they have little in common."""
    whole = [Stretch("del", old), Stretch("ins", new)]
    if not old or not new:
        return whole
    olds, news = _TOKENS.findall(old), _TOKENS.findall(new)
    ops = list(_operations(olds, news))
    shared = sum(len(each) for op in ops if op.same for each in olds[op.before] if not each.isspace())
    longest = max(len(re.sub(r"\s", "", old)), len(re.sub(r"\s", "", new)))
    if shared < _ALIKE * longest:
        return whole
    found: list[Stretch] = []
    for at, op in enumerate(ops):
        was, now = "".join(olds[op.before]), "".join(news[op.after])
        # A comma or an article between two changes is read as part of them.
        if op.same and not (0 < at < len(ops) - 1 and not re.search(r"\w\w\w|\n", was)):
            found.append(Stretch("same", was))
        else:
            found += [Stretch("del", was), Stretch("ins", now)]
    return found


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Join neighbours of one kind; within a change, what is gone stands before what is new."""
    found: list[Stretch] = []
    change = {"del": "", "ins": ""}

    def close() -> None:
        found.extend(Stretch(kind, text) for kind, text in change.items() if text)
        change.update({"del": "", "ins": ""})

    for each in stretches:
        if each.kind != "same":
            change[each.kind] += each.text
        elif each.text:
            close()
            joined = found.pop().text if found and found[-1].kind == "same" else ""
            found.append(Stretch("same", joined + each.text))
    close()
    return found


def _fold(stretch: Stretch, *, first: bool, last: bool) -> list[Stretch]:
    """Fold the middle of what is the same: of the `first` stretch all but its end, of the `last` all but its start."""
    text = stretch.text
    if stretch.kind != "same":
        return [stretch]
    head = 0 if first else _edge(text)
    tail = 0 if last else _end(text)
    middle = text[head : len(text) - tail]
    # What is folded must be worth the line that says so.
    long = len(middle) >= _CONTEXT or middle.count("\n") >= _FOLDED_LINES
    if head + tail >= len(text) or not long or not middle.strip():
        return [stretch]
    parts = [Stretch("same", text[:head]), Stretch("fold", middle), Stretch("same", text[len(text) - tail :])]
    return [each for each in parts if each.text]


def _end(text: str) -> int:
    """Return how much of the end of a text is shown; whole lines, where there are any."""
    closed = text.endswith("\n")
    size = _edge(text[: len(text) - closed][::-1]) + closed
    return size - (0 < size < len(text) and text[len(text) - size] == "\n")


def _edge(text: str) -> int:
    """Return how much of the beginning of a text is shown: some lines, or up to a space where lines are long."""
    at = 0
    for _ in range(_CONTEXT_LINES):
        newline = text.find("\n", at)
        if newline < 0:
            break
        at = newline + 1
    if not 0 < at <= _CONTEXT:
        space = text.find(" ", _CONTEXT // 2, _CONTEXT)
        at = space + 1 if space >= 0 else _CONTEXT
    return min(at, len(text))
