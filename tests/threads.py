"""Makes threads as the store gives them, for tests of what is read from a whole thread; it asserts nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from archiver.model import (
    Account,
    Event,
    Post,
    PostKind,
    Relevance,
    Repository,
    Revision,
    Thread,
    ThreadSummary,
    Tombstone,
)
from archiver.references import ThreadKind

OPENED = datetime(2021, 5, 3, 8, 0, tzinfo=UTC)
WITHDRAWN = Tombstone(410, OPENED + timedelta(days=900), "personal-data")
DELETED = Tombstone(404, OPENED + timedelta(days=900))


def at(minutes: float) -> datetime:
    """Return the moment so many minutes after the opening."""
    return OPENED + timedelta(minutes=minutes)


def person(login: str | None) -> Account | None:
    """Return an account whose number follows from its login; None is a deleted one."""
    return None if login is None else Account(1000 + sum(login.encode()), login, login.endswith("[bot]"))


def text(body: str, minutes: float = 0, *, edited: bool = False) -> Revision:
    """Return a revision; `edited` says that GitHub tells its time as that of an edit."""
    digest = sha256(body.encode()).hexdigest()
    return Revision(digest, body, None, at(minutes) if edited else None, at(10_000))


def post(number: int, login: str | None, body: str = "Hello.", association: str = "NONE", **more: Any) -> Post:
    """Return a comment, posted `number` minutes after the opening; `before` are its earlier texts, oldest first."""
    minutes = more.pop("minutes", number)
    before = [text(each, minutes) for each in more.pop("before", ())]
    last = text(body, minutes + 5, edited=True) if before else text(body, minutes)
    kind = more.pop("kind", PostKind.COMMENT)
    revisions = (*before, last)
    return Post(kind, number, person(login), association, at(minutes), at(minutes), last, revisions=revisions, **more)


def opening(body: str = "Hello.", login: str | None = "opener", association: str = "NONE", **more: Any) -> Post:
    """Return an opening post."""
    return post(9000, login, body, association, kind=PostKind.OPENING, minutes=0, **more)


def event(kind: str, minutes: float, login: str | None = "boss", **detail: Any) -> Event:
    """Return a timeline event."""
    return Event(kind, at(minutes), person(login), detail)


def thread(*posts: Post, title: str = "A title", events: tuple[Event, ...] = (), **fields: Any) -> Thread:
    """Return a thread of these posts, an opening post before them if there is none; `fields` are the summary's."""
    if not posts or posts[0].kind is not PostKind.OPENING:
        posts = (opening(), *posts)
    first = posts[0]
    values: dict[str, Any] = {
        "repository": Repository(77, "Acme", "Rocket"),
        "number": 12,
        "kind": ThreadKind.ISSUE,
        "title": title,
        "state": "closed" if fields.get("closed_at") or fields.get("merged_at") else "open",
        "state_reason": None,
        "locked": False,
        "lock_reason": None,
        "labels": (),
        "milestone": None,
        "assignees": (),
        "author": first.author,
        "author_association": first.author_association,
        "created_at": OPENED,
        "updated_at": OPENED,
        "closed_at": None,
        "merged_at": None,
        "closed_by": None,
        "post_count": len(posts),
        "comments_upstream": len(posts) - 1,
        "snapshot": "a" * 64,
        "first_captured_at": at(10_000),
        "captured_at": at(10_000),
        "last_checked_at": at(10_000),
        "relevance": Relevance(),
    }
    return Thread(ThreadSummary(**{**values, **fields}), posts, events)
