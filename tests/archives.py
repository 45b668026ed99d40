"""Owns `Archive`, with which tests fill a store at times that they choose, and make the site over it.

It asserts nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from archiver.model import Account, Evidence, PostKind, Relevance, Repository
from archiver.observed import ObservedEdit, ObservedEvent, ObservedPost, ObservedThread, PostHistory
from archiver.references import RepositoryRef, ThreadKind, ThreadRef
from archiver.store import Store, open_store
from search.index import Index, open_index
from search.sync import sync
from web.app import create_app
from web.config import SiteConfig

OPENED = datetime(2018, 2, 16, 9, 12, tzinfo=UTC)
CAPTURED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
# Any script but ours: the file that every page names, and blocks of data, which no browser runs.
FOREIGN_SCRIPT = 'script:not([src^="/static/site.js?v="], [type="application/ld+json"])'
JUDGED = Relevance(
    "subject",
    9.5,
    ("copyleft", "relicense"),
    ("AGPL-3.0-only", "MIT"),
    ("relicense",),
    (Evidence("copyleft", "copyleft license", "own", 0, 3.0),),
)


def account(login: str | None) -> Account | None:
    """Return an account whose number follows from its login; None is a deleted one."""
    return None if login is None else Account(1000 + sum(login.encode()), login, login.endswith("[bot]"))


def post(number: int, body: str, login: str | None = "kim", **more: Any) -> ObservedPost:
    """Return a comment; `minutes` after the opening post it was written."""
    at = OPENED + timedelta(minutes=more.pop("minutes", number))
    edited = more.pop("edited", at)
    kind = more.pop("kind", PostKind.COMMENT)
    association = more.pop("association", "MEMBER")
    raw = {"body": body, "body_html": more.pop("body_html", None), **more.pop("raw", {})}
    seen = ObservedPost(kind, number, account(login), association, at, edited, body, raw["body_html"], raw)
    return replace(seen, **more)  # state, reply_to, reactions


def event(kind: str, login: str | None = "boss", **detail: Any) -> ObservedEvent:
    """Return a timeline event; `minutes` after the opening post it happened."""
    minutes = detail.pop("minutes", 30)
    at = OPENED + timedelta(minutes=minutes)
    return ObservedEvent(f"{kind}:{minutes}:{detail}", kind, at, account(login), detail)


def edit(minutes: float, body: str | None, login: str | None = "kim", deleted: datetime | None = None) -> ObservedEdit:
    """Return an entry of GitHub's edit history of a post: its text as of `minutes` after the opening post."""
    return ObservedEdit(f"edit:{minutes}", OPENED + timedelta(minutes=minutes), account(login), body, deleted)


class Archive:
    """A store whose clock the test moves, and the app over it."""

    def __init__(self, folder: Path) -> None:
        self.now = CAPTURED
        self.store: Store = open_store(f"sqlite:///{folder / 'archive.db'}", self.clock)
        self.index: Index = open_index(f"whoosh:{folder / 'index'}")
        self.repository = Repository(77, "Acme", "Rocket", "Goes up.", OPENED - timedelta(days=900))
        self.site = SiteConfig(base_url="http://archive.test", contact="desk@archive.test")
        self.save_repository()

    def clock(self) -> datetime:
        """Tell the archive's time."""
        return self.now

    def save_repository(self, asked_as: RepositoryRef | None = None, **changes: Any) -> None:
        """Keep the repository, perhaps renamed."""
        self.repository = replace(self.repository, **changes)
        with self.store.transaction() as tx:
            tx.save_repository(self.repository, asked_as)

    def save(
        self,
        number: int = 12,
        title: str = "Relicense under a copyleft license?",
        body: str = "Would you consider a *copyleft* license?",
        comments: tuple[ObservedPost, ...] = (),
        relevance: Relevance = JUDGED,
        **fields: Any,
    ) -> str:
        """Capture a thread and return its snapshot's digest; `fields` are those of ObservedThread."""
        login = fields.pop("login", "asker")
        opening = post(9000 + number, body, login, minutes=0, kind=PostKind.OPENING, association="NONE")
        opening = replace(opening, updated_at=self.now - timedelta(hours=1))
        seen = ObservedThread(
            number=number,
            kind=ThreadKind.ISSUE,
            title=title,
            state="open",
            state_reason=None,
            locked=False,
            lock_reason=None,
            labels=(),
            milestone=None,
            assignees=(),
            created_at=OPENED,
            updated_at=opening.updated_at,
            closed_at=None,
            merged_at=None,
            closed_by=None,
            closed_by_known=True,
            comments=fields.pop("upstream_comments", len(comments)),
            opening=opening,
        )
        with self.store.transaction() as tx:
            tx.observe_thread(self.repository.id, replace(seen, **fields))
            tx.observe_posts(self.repository.id, number, comments)
            tx.settle(self.repository.id, number, lambda _title, _posts: relevance)
        key = f"{self.repository.id}/{number}"
        digest = self.store.summaries_by_key([key])[key].snapshot
        self.now += timedelta(days=1)
        return digest

    def happen(self, *events: ObservedEvent, number: int = 12) -> None:
        """Keep timeline events of a thread, as having been asked for."""
        with self.store.transaction() as tx:
            tx.save_events(self.repository.id, number, events)
            tx.mark_detailed(self.repository.id, number, self.now)

    def tell(self, post_id: int, *edits: ObservedEdit, number: int = 12, **more: Any) -> None:
        """Keep what GraphQL told of a post of a thread: its edits, whether it is `minimized`."""
        kind = more.pop("kind", PostKind.COMMENT)
        with self.store.transaction() as tx:
            seen = PostHistory(kind, post_id, edits or None, more.pop("minimized", None))
            tx.save_history(self.repository.id, number, seen, self.now)
        assert not more

    def lose(self, post_id: int, status: int = 404, *, number: int = 12, kind: PostKind = PostKind.COMMENT) -> None:
        """Mark a post as gone upstream, and capture the thread without it."""
        with self.store.transaction() as tx:
            tx.mark_post_gone(self.repository.id, number, kind, post_id, status)
            tx.settle(self.repository.id, number, lambda _title, _posts: JUDGED)
        self.now += timedelta(days=1)

    def withdraw(
        self, anchor: str | None = None, *, number: int = 12, reason: str = "personal-data", erase: bool = False
    ) -> None:
        """Withdraw a post, by its anchor, or the whole thread."""
        ref = ThreadRef(self.repository.owner, self.repository.name, number, anchor=anchor)
        with self.store.transaction() as tx:
            target = tx.target(ref, None, whole=anchor is None)
            tx.withdraw(target, reason=reason, note=None, erase=erase, judge=lambda _title, _posts: JUDGED)

    def app(self, index: Index | None = None, **site: Any) -> Flask:
        """Bring the index up to date and make the site."""
        sync(self.store, self.index)
        return create_app(
            store=self.store, index=index or self.index, site=replace(self.site, **site), clock=self.clock
        )

    def client(self, index: Index | None = None, **site: Any) -> FlaskClient:
        """Make the site, and a client for it."""
        return self.app(index, **site).test_client()
