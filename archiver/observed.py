"""What GitHub's API showed, as frozen values, before it is kept.

Its objects are read into these by `archiver.github.parse` and `archiver.github.graphql`; what is held is
`archiver.model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archiver.model import Account, PostKind
from archiver.references import RepositoryRef, ThreadKind


@dataclass(frozen=True, slots=True)
class ObservedPost:
    """One message as an API response showed it; `raw` is that API object, whole.

    `state` is a review's (`APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`) or `answer`, for the answer chosen
    in a discussion. `reply_to` is GitHub's number of the post of the same kind that it answers. `reactions` are counts
    by GitHub's names (`+1`, `heart` ...), None where the response does not give them.
    """

    kind: PostKind
    id: int
    author: Account | None
    author_association: str
    created_at: datetime
    updated_at: datetime
    body: str
    body_html: str | None
    raw: Mapping[str, Any] = field(repr=False)
    state: str | None = None
    reply_to: int | None = None
    reactions: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class ObservedThread:
    """A thread's own fields as an API response showed them, with its opening post.

    `comments` is GitHub's count of its comments. `closed_by_known` tells "nobody" from "this response does not say"
    (lists leave it out).
    """

    number: int
    kind: ThreadKind
    title: str
    state: str
    state_reason: str | None
    locked: bool
    lock_reason: str | None
    labels: tuple[str, ...]
    milestone: str | None
    assignees: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    merged_at: datetime | None
    closed_by: Account | None
    closed_by_known: bool
    comments: int
    opening: ObservedPost
    draft: bool = False
    category: str | None = None  # of a discussion


@dataclass(frozen=True, slots=True)
class ObservedEvent:
    """A timeline event as an API response showed it.

    `key` is GitHub's number of it; of what has none (a cross-reference), something made of what it says.
    """

    key: str
    kind: str
    at: datetime
    actor: Account | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ObservedEdit:
    """One entry of GitHub's edit history of a post: the whole text as of `at`; the first entry is the first text.

    `body` is None where GitHub says that this content was deleted (`deleted_at`).
    """

    key: str
    at: datetime
    editor: Account | None
    body: str | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class PostHistory:
    """What only GraphQL tells of a post: its edits, oldest first (None: not asked for), and why it is minimized."""

    kind: PostKind
    id: int
    edits: tuple[ObservedEdit, ...] | None
    minimized: str | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What GH Archive saw of a thread in the hour that began `at`, as one event showed it.

    `name` is the repository's name then. `thread` is None where the event tells nothing but single posts. `lacks` names
    fields of `thread` that the event leaves open. Events about pull requests do not tell the number that the opening
    post is kept by (that of the issue): then `thread.opening.id` is 0. `before` is an opening text that was replaced.
    """

    at: datetime
    repository_id: int
    name: RepositoryRef
    number: int
    thread: ObservedThread | None
    posts: tuple[ObservedPost, ...] = ()
    lacks: frozenset[str] = frozenset()
    before: str | None = None

    @property
    def title(self) -> str:
        """The thread's title; empty where it is not told."""
        return self.thread.title if self.thread else ""

    @property
    def all_posts(self) -> list[ObservedPost]:
        """The opening post, if it is told, and the others."""
        return [*([self.thread.opening] if self.thread else ()), *self.posts]
