"""Arranges what the page of a thread shows: its posts with their other texts, and between them what happened.

It makes no page and reads no store: values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from markupsafe import Markup

from archiver.model import (
    Account,
    Capture,
    Event,
    Evidence,
    FindingKind,
    Post,
    PostKind,
    Revision,
    Thread,
    ThreadSummary,
    compact,
)
from archiver.speaking import speaking_words
from web import permalinks
from web.telling import Links, event_sentence, together

# GitHub's events of a closing bear its time, or that of a moment later.
_SAME_MOMENT = timedelta(seconds=2)
PostKey = tuple[PostKind, int]
MOMENTS = frozenset(
    {"closed", "merged", "reopened", "locked", "unlocked", "transferred", "converted_to_discussion", "answered"}
)
"""What changes the course of a thread: such an event has an anchor in its page."""


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a post, in the list of its texts: `at` is GitHub's time of it where that is known.

    `revision` is None where GitHub had deleted its content (`deleted_at`) before it could be seen here. `told` means
    that GitHub's edit history lists it, `current` that it is the text that stands as the post.
    """

    at: datetime | None
    editor: Account | None
    revision: Revision | None
    deleted_at: datetime | None
    told: bool
    current: bool

    @property
    def seen_at(self) -> datetime:
        """When this archive saw the text; of what it never saw, the beginning of time."""
        return self.revision.captured_at if self.revision else datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a post of a former version, in words without a full stop: edited, or `gone`."""

    words: Markup
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A post as its page shows it: its number (from 1), its versions if there are several, what it replies to.

    `kept_in` is the last snapshot that has a post which is gone upstream, `since` what became of it after the former
    version that is shown.
    """

    number: int
    post: Post
    anchor: str
    versions: tuple[Version, ...]
    parent: Entry | None = None
    author_gone: bool = False
    kept_in: str | None = None
    since: Fate | None = None

    @property
    def hunk(self) -> str | None:
        """The lines that a review comment stands at, unless the comment that it replies to shows them already."""
        shown = self.post.context.get("diff_hunk")
        return shown if isinstance(shown, str) and shown and self.parent is None else None


@dataclass(frozen=True, slots=True)
class Line:
    """What happened between two posts, as a sentence without its full stop."""

    at: datetime
    words: Markup
    kind: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """How the thread ended, at the place where it did: `by` whom, and in which words more."""

    at: datetime
    by: Account | None
    anchor: str = "closed"


@dataclass(frozen=True, slots=True)
class Place:
    """A post in which licensing is spoken of: which one it is of how many, where its neighbours are, in which words."""

    number: int
    of: int
    before: str | None
    after: str | None
    words: tuple[str, ...]


Item = Entry | Line | Turn


def post_key(kind: PostKind, post_id: int) -> PostKey:
    """Name a post whatever became of it: an answer is a comment that was chosen."""
    return (PostKind.COMMENT if kind is PostKind.ANSWER else kind), post_id


def as_captured(thread: Thread, first: Capture) -> Thread:
    """Leave out of a snapshot's thread what became known after its first capture: its page is to stay the same.

    What is withdrawn stays withdrawn. Of the events, those before the capture are shown that were known before the
    next one: they are asked for after a new thread was captured, and no later capture adds to an earlier one.
    """
    following = next((each.at for each in thread.captures if each.number > first.number), None)
    posts = [
        replace(
            post,
            revisions=tuple(each for each in post.revisions if (each.kept_at or each.captured_at) <= first.at),
            updated_at=post.revision.edited_at or post.created_at,
            gone=post.gone if post.withdrawn else None,
            edits=(),
            reactions={},
            minimized=None,
        )
        for post in thread.posts
    ]
    events = [
        each
        for each in thread.events
        if each.at <= first.at and (following is None or each.captured_at is None or each.captured_at < following)
    ]
    was = thread.summary
    moments = [was.created_at, was.closed_at, was.merged_at, *(post.updated_at for post in posts)]
    summary = replace(
        was,
        updated_at=max(each for each in moments if each is not None),
        captured_at=first.at,
        last_checked_at=first.at,
        gone=None,
        draft=False,
        category=None,
        detailed_at=None,
    )
    return replace(thread, summary=summary, posts=posts, events=events, findings=())


def place_at(thread: Thread, at: datetime) -> str | None:
    """Return what a thread was called at a time (`owner/name#12`), if it was moved or its repository renamed since."""
    present = place = str(thread.summary.ref)
    for each in sorted(thread.findings, key=lambda found: found.number, reverse=True):
        if each.at <= at:
            break
        if each.kind is FindingKind.MOVED and each.about == "thread":
            place = str(each.detail["from"])
        elif each.kind is FindingKind.RENAMED and place.startswith(f"{each.detail['to']}#"):
            place = f"{each.detail['from']}#{place.rpartition('#')[2]}"
    return None if place == present else place


def entries(thread: Thread, fates: Mapping[PostKey, Fate] = MappingProxyType({})) -> list[Entry]:
    """Return a thread's posts as its page shows them, in reading order; `fates` tell what became of some of them."""
    ghosts = {each.detail.get("id") for each in thread.findings if each.kind is FindingKind.AUTHOR_GONE}
    by_key: dict[PostKey, Entry] = {}
    for number, post in enumerate(thread.posts, 1):
        key = post_key(post.kind, post.id)
        by_key[key] = Entry(
            number=number,
            post=post,
            anchor=permalinks.anchor(post, thread.summary.kind),
            versions=versions(post),
            parent=by_key.get((key[0], post.reply_to)) if post.reply_to is not None else None,
            author_gone=post.author is not None and post.author.id in ghosts,
            kept_in=thread.holding(post.kind, post.id) if post.gone else None,
            since=fates.get(key),
        )
    return list(by_key.values())


def versions(post: Post) -> tuple[Version, ...]:
    """Return the texts of a post in their order, the present one among them; nothing if there is just that one."""
    if not post.edits and all(each.digest == post.revision.digest for each in post.revisions):
        return ()  # as most posts are
    by_digest = {each.digest: each for each in post.revisions}
    told = {each.revision for each in post.edits}
    listed = [
        Version(
            each.at,
            # Who wrote the first text is the post's author.
            each.editor if number else None,
            by_digest.get(each.revision or ""),
            each.deleted_at,
            True,
            each.revision == post.revision.digest,
        )
        for number, each in enumerate(post.edits)
    ]
    seen = [
        Version(each.edited_at, None, each, None, False, each.digest == post.revision.digest)
        for each in post.revisions
        if each.digest not in told
    ]
    if not seen:
        found = listed
    elif not listed:
        found = seen
    else:
        # A text that GitHub's list lacks, and that has no time of its own, belongs where it was seen.
        found = sorted([*listed, *seen], key=lambda each: each.at or each.seen_at)
    return tuple(found) if any(not each.current for each in found) else ()


def items(thread: Thread, found: Sequence[Entry], links: Links) -> list[Item]:
    """Return a thread's posts and, in the order of time, what happened between them; replies are not torn apart."""
    waiting = sorted(_happenings(thread, links), key=lambda each: each.at)
    shown: list[Item] = []
    for entry in found:
        if entry.parent is None and entry.post.kind is not PostKind.OPENING:
            while waiting and waiting[0].at < entry.post.created_at:
                shown.append(waiting.pop(0))
        shown.append(entry)
    return [*shown, *waiting]


def _happenings(thread: Thread, links: Links) -> Iterator[Line | Turn]:
    summary = thread.summary
    ended = summary.merged_at or summary.closed_at
    ending = [each for each in thread.events if ended is not None and _ends(each, ended)]
    if ended is not None:
        # The event tells who, where the thread does not say so; told it is once.
        by = summary.closed_by or next((each.actor for each in ending if each.actor), None)
        yield Turn(ended, by)
    rest = [each for each in thread.events if each not in ending]
    anchors: set[str] = set()
    for group in together(rest):
        kind, at = group[0].kind, group[0].at
        anchor = moment_anchor(kind, at) if kind in MOMENTS else ""
        anchor = "" if anchor in anchors else anchor
        anchors.add(anchor)
        yield Line(at, event_sentence(group, summary.repository.ref, links), kind, anchor)


def moment_anchor(kind: str, at: datetime) -> str:
    """Name the place of an event in the page of its thread: `closed-20180216T091200Z`."""
    return f"{kind}-{compact(at)}"


def _ends(event: Event, ended: datetime) -> bool:
    return event.kind in {"closed", "merged"} and abs(event.at - ended) <= _SAME_MOMENT


def evidence(summary: ThreadSummary, found: Sequence[Entry]) -> list[tuple[Evidence, Entry | None]]:
    """Return the reasons for the verdict, the weightiest first, each with the post that it stands in."""
    # They are counted among the posts that were there upstream when the thread was judged.
    there = [each for each in found if each.post.gone is None or each.post.withdrawn]
    chosen = sorted(summary.relevance.evidence, key=lambda each: -each.weight)
    return [(each, there[each.post] if each.place != "title" and each.post < len(there) else None) for each in chosen]


def places(found: Sequence[Entry], reasons: Sequence[tuple[Evidence, Entry | None]]) -> Mapping[str, Place]:
    """Return the posts in which licensing is spoken of, by their anchors, each with the ones before and after it.

    Their words are those that speak of licensing in any thread, and of `reasons` those of this one.
    """
    told: dict[str, list[str]] = {}
    for reason, entry in reasons:
        if entry is not None:
            told.setdefault(entry.anchor, []).append(" ".join(reason.text.split()))
    all_words = (
        (each, (*told.get(each.anchor, ()), *speaking_words(each.post.body)))
        for each in found
        if not each.post.withdrawn
    )
    speaking = [(entry, words) for entry, words in all_words if words]
    anchors = [entry.anchor for entry, _ in speaking]
    return {
        entry.anchor: Place(
            number=at + 1,
            of=len(speaking),
            before=anchors[at - 1] if at else None,
            after=anchors[at + 1] if at + 1 < len(speaking) else None,
            words=tuple(dict.fromkeys(each for each in words if each)),
        )
        for at, (entry, words) in enumerate(speaking)
    }


def known_posts(found: Sequence[Entry]) -> Mapping[PostKey, Entry]:
    """Return entries by their posts' keys."""
    return {post_key(each.post.kind, each.post.id): each for each in found}
