"""Compares two versions of a thread: its fields, its posts word by word, and what happened in between.

It makes no page and reads no store: threads in, values out. How texts are told apart is `web.differing`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from archiver.model import Capture, Post, Thread
from archiver.references import ThreadKind
from web import permalinks
from web.differing import Stretch, differences, folded
from web.reading import Line, PostKey, post_key
from web.render import CLOSED_AS, plural
from web.telling import Links, event_sentence, review, together

_Place = tuple[int, Post]
# Beyond so many characters of text, posts that changed are named and not shown; their versions can still be read.
MOST_SHOWN = 1_000_000


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the thread that changed; of a list, what went out of it and what came in."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A post that is not in both versions as it is: `added`, `edited`, `deleted`, or its `standing` changed.

    `number` is its place among the posts of both versions, from 1: no two have the same. `stretches` tell its texts
    apart; they are empty for one that is withdrawn here, and where there is no room (`unshown`). `standing` is what a
    review or an answer came to be.
    """

    kind: str
    post: Post
    number: int
    anchor: str
    stretches: tuple[Stretch, ...] = ()
    unshown: bool = False
    standing: tuple[str, str] | None = None

    @property
    def only_hidden(self) -> bool:
        """Whether the texts differ in nothing that is shown: line endings, or what is masked."""
        return self.kind == "edited" and bool(self.stretches) and all(each.kind == "same" for each in self.stretches)


@dataclass(frozen=True, slots=True)
class Run:
    """Posts that did not change, one after the other: their numbers, and the place of the first."""

    first: int
    last: int
    anchor: str

    @property
    def count(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """What distinguishes two versions of a thread; `items` are posts and, between them, what happened in between."""

    fields: tuple[Field, ...]
    items: tuple[Changed | Run | Line, ...]

    @property
    def posts(self) -> int:
        """How many posts the two versions have together."""
        return sum(1 if isinstance(each, Changed) else each.count for each in self.items if not isinstance(each, Line))

    def count(self, kind: str) -> int:
        """Return how many posts are `added`, `edited`, `deleted`, or changed their `standing`."""
        return sum(isinstance(each, Changed) and each.kind == kind for each in self.items)

    @property
    def words(self) -> list[str]:
        """What changed, counted and named: `2 new posts`, `1 edited post`, `title`."""
        nouns = (("added", "new post"), ("edited", "edited post"), ("deleted", "deleted post"))
        counted = [plural(count, noun) for kind, noun in nouns if (count := self.count(kind))]
        if count := self.count("standing"):
            counted.append(
                plural(count, "review or answer that stands otherwise", "reviews or answers that stand otherwise")
            )
        fields = [
            f"the {each.name.lower()}" if len(each.before) == 1 == len(each.after) else each.name.lower()
            for each in self.fields
        ]
        events = sum(isinstance(each, Line) for each in self.items)
        return [*counted, *fields, *([plural(events, "event") + " in between"] if events else [])]

    @property
    def same(self) -> bool:
        """Whether there is no difference at all."""
        return not self.fields and all(isinstance(each, Run) for each in self.items)


def compare(
    before: Thread, after: Thread, span: tuple[datetime, datetime], links: Links, mask: Callable[[str], str]
) -> Comparison:
    """Compare two versions of a thread, each as it was captured.

    `span` is the time between them: events after its beginning, up to its end, are told. `mask` hides in texts and
    titles what is not to be shown.
    """
    items: list[Changed | Run | Line] = []
    lines = list(_between(after, span, links))
    for each in _posts(before, after, mask):
        # What happened before a post was written stands before it.
        if isinstance(each, Changed):
            while lines and lines[0].at < each.post.created_at:
                items.append(lines.pop(0))
        items.append(each)
    return Comparison(tuple(_fields(before, after, mask)), (*items, *lines))


# --- fields -----------------------------------------------------------------------------------------------------------


def _fields(before: Thread, after: Thread, mask: Callable[[str], str]) -> Iterator[Field]:
    was, now = before.summary, after.summary
    for name, old, new in (
        ("Title", mask(was.title), mask(now.title)),
        ("State", _state(before), _state(after)),
        ("Lock", _lock(before), _lock(after)),
        ("Milestone", was.milestone or "none", now.milestone or "none"),
    ):
        if old != new:
            yield Field(name, (old,), (new,))
    for name, olds, news in (("Labels", was.labels, now.labels), ("Assigned to", was.assignees, now.assignees)):
        gone = tuple(each for each in olds if each not in news)
        come = tuple(each for each in news if each not in olds)
        if gone or come:
            yield Field(name, gone, come)


def _state(thread: Thread) -> str:
    summary = thread.summary
    reason = CLOSED_AS.get(summary.state_reason or "", "") if summary.outcome == "closed" else ""
    return f"{summary.outcome} {reason}".strip()


def _lock(thread: Thread) -> str:
    summary = thread.summary
    if not summary.locked:
        return "not locked"
    return f"locked as {summary.lock_reason}" if summary.lock_reason else "locked"


# --- posts ------------------------------------------------------------------------------------------------------------


def _posts(before: Thread, after: Thread, mask: Callable[[str], str]) -> Iterator[Changed | Run]:
    kind = after.summary.kind
    room = MOST_SHOWN
    run: Run | None = None
    for old, new in _pairs(before, after):
        found = _gone(old, kind, mask) if new is None else _changed(old, new, kind, mask)
        if found is None and new is not None:
            run = replace(run, last=new[0]) if run else Run(new[0], new[0], permalinks.anchor(new[1], kind))
        if found is None:
            continue
        if run:
            yield run
            run = None
        size = sum(len(each.text) for each in found.stretches)
        if size > room:
            found = replace(found, stretches=(), unshown=True)
        else:
            room -= size
        yield found
    if run:
        yield run


def _gone(old: _Place | None, kind: ThreadKind, mask: Callable[[str], str]) -> Changed | None:
    if old is None:
        return None
    number, post = old
    return Changed("deleted", post, number, permalinks.anchor(post, kind), _whole("del", post, mask))


def _changed(old: _Place | None, new: _Place, kind: ThreadKind, mask: Callable[[str], str]) -> Changed | None:
    """Return how a post came to be as it is in the latter version; None if it did not change."""
    number, post = new
    anchor = permalinks.anchor(post, kind)
    if old is None:
        return Changed("added", post, number, anchor, _whole("ins", post, mask))
    was = old[1]
    standing = None if (was.state, was.kind) == (post.state, post.kind) else (_standing(was), _standing(post))
    if was.revision.digest != post.revision.digest:
        stretches = () if post.withdrawn else tuple(folded(differences(mask(was.body), mask(post.body))))
        return Changed("edited", post, number, anchor, stretches, standing=standing)
    return Changed("standing", post, number, anchor, standing=standing) if standing else None


def _whole(kind: str, post: Post, mask: Callable[[str], str]) -> tuple[Stretch, ...]:
    text = mask(post.body)
    return (Stretch(kind, text),) if text and not post.withdrawn else ()


def _standing(post: Post) -> str:
    return review(post.state) or ("chosen answer" if post.state == "answer" or post.kind == "answer" else "none")


def _pairs(before: Thread, after: Thread) -> Iterator[tuple[_Place | None, _Place | None]]:
    """Yield the places of each post in both versions, numbered in the order in which they are shown.

    That is the latter's order; what is gone follows what it followed.
    """
    for number, (old, new) in enumerate(_both(before, after), 1):
        yield (number, old) if old else None, (number, new) if new else None


def _both(before: Thread, after: Thread) -> Iterator[tuple[Post | None, Post | None]]:
    olds = {post_key(each.kind, each.id): each for each in before.posts}
    news = {post_key(each.kind, each.id): each for each in after.posts}
    following: dict[PostKey | None, list[Post]] = {}
    previous: PostKey | None = None
    for key, post in olds.items():
        if key in news:
            previous = key
        else:
            following.setdefault(previous, []).append(post)
    yield from ((gone, None) for gone in following.get(None, ()))
    for key, post in news.items():
        yield olds.get(key), post
        yield from ((gone, None) for gone in following.get(key, ()))


# --- what happened in between -----------------------------------------------------------------------------------------


def _between(after: Thread, span: tuple[datetime, datetime], links: Links) -> Iterator[Line]:
    told = [each for each in after.events if span[0] < each.at <= span[1]]
    for group in together(sorted(told, key=lambda each: each.at)):
        yield Line(group[0].at, event_sentence(group, after.summary.repository.ref, links), group[0].kind)


# --- which versions are meant -----------------------------------------------------------------------------------------


def pair(captures: Sequence[Capture], before: str | None, after: str | None) -> tuple[Capture, Capture]:
    """Return the captures of the two versions with those digests.

    Without `after` the latest one is meant, without `before` the one before that. A state that came back is captured
    several times: the former is taken where it was first, the latter where it was last. There must be a capture.
    """
    last = next(each for each in reversed(captures) if after in {None, each.digest})
    if before is None:
        earlier = [each for each in captures if each.number < last.number]
        first = earlier[-1] if earlier else last
    else:
        first = next(each for each in captures if each.digest == before)
    return first, last
