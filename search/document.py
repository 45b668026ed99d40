"""Owns what is indexed of a thread: its texts told apart, and its properties.

It knows no engine and no query language; how texts become terms, `search.analysis` and `search.bag` say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from archiver.markup import Segment, segments
from archiver.model import Account, Post, PostKind, Thread, ThreadSummary
from archiver.references import ThreadKind

GHOST = "ghost"
"""The login under which GitHub shows accounts that were deleted."""

MENTION = re.compile(r"(?<![\w@./`-])@([A-Za-z0-9](?:-?[A-Za-z0-9]){0,38})(?![\w@/-]|\.\w)")
"""A mention of an account; the group is its login. An address (`a@b.org`) and a team (`@org/team`) are none."""


@dataclass(frozen=True, slots=True)
class PostText:
    """The text of one post told apart into segments, with single spaces; `author` is a login or None."""

    kind: PostKind
    id: int
    author: str | None
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What is indexed of one thread. `repositories` has its repository's present name (first) and former ones.

    `flags` are the values of `is:` that hold; names and logins are as spelled, comparing them takes no notice of case.
    `reason` is why it was closed or reopened, as GitHub's API writes it (`not_planned`), `associations` are those of
    all who posted, in lower case; `involved` are the assignees and those who are mentioned as `@login`. `about` is what
    the repository says of itself.
    """

    key: str
    title: str
    posts: tuple[PostText, ...]
    repositories: tuple[str, ...]
    author: str
    commenters: tuple[str, ...]
    involved: tuple[str, ...]
    associations: tuple[str, ...]
    flags: frozenset[str]
    state: str
    reason: str | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    merged_at: datetime | None
    comments: int
    labels: tuple[str, ...]
    spdx: tuple[str, ...]
    topics: tuple[str, ...]
    digest: str
    about: str = ""


def document_of(thread: Thread) -> Document:
    """Make the document of a thread as now known."""
    summary = thread.summary
    current = str(summary.repository.ref)
    former = (name for name in summary.repository.aliases if name.lower() != current.lower())
    # What is withdrawn is found by nothing. What is gone upstream is, since it is read here.
    posts = [post for post in thread.posts if not post.withdrawn]
    opened = any(post.kind is PostKind.OPENING for post in posts)
    later = (login(post.author) for post in posts if post.kind is not PostKind.OPENING)
    texts = tuple(_post_text(post) for post in posts)
    return Document(
        key=summary.key,
        title=summary.title if opened else "",  # withdrawn with its post
        posts=texts,
        repositories=(current, *former),
        author=login(summary.author),
        commenters=tuple(dict.fromkeys(later)),
        involved=tuple(dict.fromkeys((*summary.assignees, *_mentioned(texts)))),
        associations=tuple(dict.fromkeys(each.author_association.lower() for each in posts if each.author_association)),
        flags=_flags(summary, posts),
        state=summary.outcome,
        reason=summary.state_reason.lower() if summary.state_reason else None,
        created_at=summary.created_at,
        updated_at=summary.updated_at,
        closed_at=summary.closed_at,
        merged_at=summary.merged_at,
        comments=sum(post.kind is not PostKind.OPENING for post in posts),
        labels=summary.labels,
        spdx=summary.relevance.spdx,
        topics=summary.relevance.topics,
        digest=summary.snapshot,
        about=summary.repository.description or "",
    )


def _post_text(post: Post) -> PostText:
    return PostText(
        kind=post.kind,
        id=post.id,
        author=post.author.login if post.author else None,
        segments=tuple(
            Segment(each.place, " ".join(each.text.split())) for each in segments(post.body, post.revision.body_html)
        ),
    )


def _flags(summary: ThreadSummary, posts: Sequence[Post]) -> frozenset[str]:
    discussion = summary.kind is ThreadKind.DISCUSSION
    answered = any(post.kind is PostKind.ANSWER for post in posts)
    held = {
        "merged": summary.merged_at is not None,
        "draft": summary.draft,
        "locked": summary.locked,
        "gone": summary.gone is not None,
        "edited": any(post.edited for post in posts),
        "answered": discussion and answered,
        "unanswered": discussion and not answered,
    }
    kind = "pr" if summary.kind is ThreadKind.PULL else summary.kind.value
    return frozenset((summary.state, kind, *(flag for flag, holds in held.items() if holds)))


def _mentioned(posts: Sequence[PostText]) -> Iterator[str]:
    """Yield the logins that are mentioned outside blocks of code; in code GitHub reads no mentions."""
    for post in posts:
        for segment in post.segments:
            if segment.place != "code" and "@" in segment.text:
                yield from MENTION.findall(segment.text)


def login(account: Account | None) -> str:
    """Return an account's login; a deleted account is `ghost`, as on GitHub."""
    return account.login if account else GHOST
