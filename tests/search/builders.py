"""Owns the makers of documents and stored threads for the tests of search; it asserts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from archiver.markup import Segment, segments
from archiver.model import Account, PostKind, Relevance, Repository
from archiver.observed import ObservedPost, ObservedThread
from archiver.references import ThreadKind
from archiver.store import Store
from search.document import Document, PostText

START = datetime(2020, 1, 1, tzinfo=UTC)
ROCKET = Repository(77, "Acme", "Rocket")


def document(
    number: int,
    title: str = "",
    posts: Sequence[tuple[str, str]] = (),
    *,
    repositories: tuple[str, ...] = ("Acme/Rocket",),
    flags: Sequence[str] = ("open", "issue"),
    created: datetime | None = None,
    posts_as_they_are: tuple[PostText, ...] | None = None,
    **more: Any,
) -> Document:
    """Make a document; `posts` are (author, Markdown), the first being the opening; it dates from day `number`.

    `posts_as_they_are` stand in their place, if there are any.
    """
    created = created or START + timedelta(days=number)
    made = tuple(
        PostText(
            PostKind.COMMENT if at else PostKind.OPENING,
            number * 1000 + at,
            author,
            tuple(Segment(each.place, " ".join(each.text.split())) for each in segments(body)),
        )
        for at, (author, body) in enumerate(posts)
    )
    values: dict[str, Any] = {
        "author": posts[0][0] if posts else "ghost",
        "commenters": tuple(author for author, _ in posts[1:]),
        "involved": (),
        "associations": ("none",) if posts else (),
        "state": "merged" if "merged" in flags else "closed" if "closed" in flags else "open",
        "reason": None,
        "updated_at": created,
        "closed_at": None,
        "merged_at": None,
        "comments": max(len(posts) - 1, 0),
        "labels": (),
        "spdx": (),
        "topics": (),
        "digest": f"{number:064x}",
    }
    return Document(
        key=f"77/{number}",
        title=title,
        posts=made if posts_as_they_are is None else posts_as_they_are,
        repositories=repositories,
        flags=frozenset(flags),
        created_at=created,
        **{**values, **more},
    )


def judge(_title: str, _posts: Sequence[object]) -> Relevance:
    """Find every thread relevant."""
    return Relevance("subject", 1.0, ("license",), ("MIT",), ("relicense",))


def keep(
    store: Store,
    number: int,
    title: str,
    bodies: Sequence[str] = ("Hello.",),
    *,
    state: str = "open",
    repository: Repository = ROCKET,
    kind: ThreadKind = ThreadKind.ISSUE,
    author: str | None = "asker",
    at: datetime | None = None,
) -> None:
    """Keep a thread in a store, with an opening post and comments, as a crawl does; again, to change it."""
    created = START + timedelta(days=number)
    now = at or created + timedelta(hours=len(bodies))
    posts = [
        ObservedPost(
            kind=PostKind.COMMENT if which else PostKind.OPENING,
            id=number * 1000 + which,
            author=_account(author if which == 0 else "replier"),
            author_association="NONE",
            created_at=created + timedelta(minutes=which),
            updated_at=now,
            body=body,
            body_html=None,
            raw={"id": number * 1000 + which},
        )
        for which, body in enumerate(bodies)
    ]
    with store.transaction() as transaction:
        transaction.save_repository(repository)
        thread = ObservedThread(
            number=number,
            kind=kind,
            title=title,
            state=state,
            state_reason=None,
            locked=False,
            lock_reason=None,
            labels=("legal",),
            milestone=None,
            assignees=(),
            created_at=created,
            updated_at=now,
            closed_at=now if state == "closed" else None,
            merged_at=None,
            closed_by=None,
            closed_by_known=True,
            comments=len(bodies) - 1,
            opening=posts[0],
        )
        transaction.observe_thread(repository.id, thread)
        transaction.observe_posts(repository.id, number, posts[1:])
        transaction.settle(repository.id, number, judge)


def _account(login: str | None) -> Account | None:
    return Account(sum(login.encode()), login) if login else None
