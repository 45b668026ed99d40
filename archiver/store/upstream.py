"""Reads the store as GitHub's own lists show a repository: issues, comments, timelines by page, with API objects.

It builds no response (`web.github_api` does) and changes nothing. Only threads that have a snapshot are seen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver.model import Account, PostKind, Repository, Tombstone
from archiver.references import ThreadKind
from archiver.store import schema as s
from archiver.store.reading import Reader
from archiver.store.redacting import NOBODY, hidden_in, told_events, withdrawal_tombstone
from archiver.store.values import WITHDRAWN_TITLE, Row, fits, repository_by_id

ISSUE_SORTS = {
    "created": s.thread.c.created_at,
    "updated": s.thread.c.updated_at,
    "comments": s.thread.c.comments_upstream,
}
COMMENT_SORTS = {"created": s.post.c.created_at, "updated": s.post.c.updated_at}


@dataclass(frozen=True, slots=True)
class UpstreamIssue:
    """An issue or pull request: its fields as of its latest snapshot, its opening post, and `raw`, the API's object.

    `id` is GitHub's number of the issue, `comments` its count of comments; `raw` holds the texts too.
    """

    id: int
    kind: ThreadKind
    fields: Mapping[str, Any]
    updated_at: datetime
    comments: int
    body: str
    raw: Mapping[str, Any]
    reactions: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class UpstreamPost:
    """A comment, review or review comment with its present text, and `raw`, the API's object.

    `number` and `thread_kind` are its thread's, `state` a review's; `reply_to` and `reactions` are those of `Post`.
    """

    kind: PostKind
    id: int
    number: int
    thread_kind: ThreadKind
    author: Account | None
    author_association: str
    created_at: datetime
    updated_at: datetime
    body: str
    raw: Mapping[str, Any]
    state: str | None
    reply_to: int | None
    reactions: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class UpstreamEvent:
    """A timeline event: `key` is GitHub's number of it, or something made of what it says."""

    key: str
    kind: str
    at: datetime
    actor: Account | None
    detail: Mapping[str, Any]


class UpstreamReader:
    """Reading access in GitHub's order, over a Reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def repository_by_id(self, repository_id: int) -> Repository | None:
        """Return the repository with GitHub's number; None if it is not held."""
        with self._reader._connection() as connection:
            return repository_by_id(connection, repository_id)

    def issues(
        self,
        repository_id: int,
        *,
        state: str = "all",
        since: datetime | None = None,
        sort: str = "created",
        descending: bool = True,
        limit: int = 30,
        offset: int = 0,
    ) -> tuple[list[UpstreamIssue], int]:
        """Return one page of issues and pull requests, and how many there are in all.

        `state` is `open`, `closed` or `all`; `since` is compared with `updated_at`; `sort` is one of `ISSUE_SORTS`.
        """
        t = s.thread
        mine = (t.c.repository_id == repository_id) & s.public & (t.c.kind != ThreadKind.DISCUSSION.value)
        if since is not None:
            mine &= t.c.updated_at >= since
        order = [ISSUE_SORTS[sort], t.c.number]
        query = sa.select(t).where(mine).order_by(*(each.desc() if descending else each.asc() for each in order))
        with self._reader._connection() as connection:
            if state == "all":
                total = connection.execute(sa.select(sa.func.count()).select_from(t).where(mine)).scalar_one()
                rows = list(connection.execute(query.limit(limit).offset(offset)).mappings())
            else:
                # The state stands inside the packed record of the snapshot, out of SQL's reach.
                fitting = [row for row in connection.execute(query).mappings() if row["summary"]["state"] == state]
                total, rows = len(fitting), fitting[offset : offset + limit]
            return [_issue(connection, row) for row in rows], total

    def issue(self, repository_id: int, number: int) -> UpstreamIssue | None:
        """Return one issue or pull request; None if it is not held."""
        if not fits(number):
            return None
        t = s.thread
        query = sa.select(t).where(
            t.c.repository_id == repository_id,
            t.c.number == number,
            s.public,
            t.c.kind != ThreadKind.DISCUSSION.value,
        )
        with self._reader._connection() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else _issue(connection, row)

    def posts(
        self,
        repository_id: int,
        kind: PostKind,
        *,
        number: int | None = None,
        since: datetime | None = None,
        sort: str = "created",
        descending: bool = False,
        limit: int = 30,
        offset: int = 0,
    ) -> tuple[list[UpstreamPost], int]:
        """Return one page of the posts of a kind of a repository, or of one of its threads, and how many there are.

        `since` is compared with `updated_at`; `sort` is one of `COMMENT_SORTS`.
        """
        mine = _posts_of(repository_id, kind)
        if number is not None:
            mine &= s.thread.c.number == number
        if since is not None:
            mine &= s.post.c.updated_at >= since
        order = [COMMENT_SORTS[sort], s.post.c.github_id]
        page = _select_posts().where(mine).order_by(*(each.desc() if descending else each.asc() for each in order))
        count = sa.select(sa.func.count()).select_from(s.post.join(s.thread)).where(mine)
        with self._reader._connection() as connection:
            rows = connection.execute(page.limit(limit).offset(offset)).mappings()
            return [_post(row) for row in rows], connection.execute(count).scalar_one()

    def post(self, repository_id: int, kind: PostKind, post_id: int) -> UpstreamPost | None:
        """Return the post of that kind with GitHub's number; None if it is not held, or gone or withdrawn."""
        if not fits(post_id):
            return None
        query = _select_posts().where(_posts_of(repository_id, kind), s.post.c.github_id == post_id)
        query = query.order_by(s.thread.c.id.desc()).limit(1)
        with self._reader._connection() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else _post(row)

    def post_withdrawn(self, repository_id: int, kind: PostKind, post_id: int) -> tuple[int, Tombstone] | None:
        """Return the thread's number and what is left of a post that is withdrawn here, as such or with its thread."""
        if not fits(post_id):
            return None
        t, p, w = s.thread, s.post, s.withdrawal
        query = (
            sa.select(t.c.number, w.c.at, w.c.reason)
            .select_from(p.join(t).join(w, w.c.id == sa.func.coalesce(t.c.withdrawn, p.c.withdrawn)))
            .where(t.c.repository_id == repository_id, t.c.kind != ThreadKind.DISCUSSION.value)
            .where(p.c.kind == kind.value, p.c.github_id == post_id)
            .order_by(t.c.id.desc())
            .limit(1)
        )
        with self._reader._connection() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else (row["number"], withdrawal_tombstone(row))

    def timeline(
        self, repository_id: int, number: int, *, limit: int = 30, offset: int = 0
    ) -> tuple[list[UpstreamPost | UpstreamEvent], int]:
        """Return one page of a thread's events, comments and reviews by time, and how many there are in all."""
        here = (s.thread.c.repository_id == repository_id) & (s.thread.c.number == number) & s.public
        of_timeline = s.post.c.kind.in_([PostKind.COMMENT.value, PostKind.REVIEW.value])
        posts = (
            sa.select(s.post.c.created_at.label("at"), sa.literal("post").label("table"), s.post.c.id)
            .join(s.thread, s.thread.c.id == s.post.c.thread_id)
            .where(here, of_timeline, _there)
        )
        events = (
            sa.select(s.event.c.at, sa.literal("event"), s.event.c.id)
            .join(s.thread, s.thread.c.id == s.event.c.thread_id)
            .where(here)
        )
        items = sa.union_all(posts, events).subquery()
        page = sa.select(items).order_by(items.c.at, items.c.table, items.c.id).limit(limit).offset(offset)
        with self._reader._connection() as connection:
            keys = [(row.table, row.id) for row in connection.execute(page)]
            total = connection.execute(sa.select(sa.func.count()).select_from(items)).scalar_one()
            wanted = {table: [each for name, each in keys if name == table] for table in ("post", "event")}
            found: dict[tuple[str, int], UpstreamPost | UpstreamEvent] = {}
            for row in connection.execute(_select_posts().where(s.post.c.id.in_(wanted["post"]))).mappings():
                found["post", row["id"]] = _post(row)
            query = sa.select(s.event).where(s.event.c.id.in_(wanted["event"]))
            rows = connection.execute(query).mappings().all()
            thread = connection.execute(sa.select(s.thread).where(here)).mappings().one_or_none()
            if thread is not None:
                hidden = hidden_in(connection, [thread]).get(thread["id"], NOBODY)
                for row, (actor, detail) in zip(rows, told_events(connection, thread, rows, hidden), strict=True):
                    found["event", row["id"]] = UpstreamEvent(row["key"], row["kind"], row["at"], actor, detail)
        return [found[key] for key in keys], total


def _issue(connection: sa.Connection, row: Row) -> UpstreamIssue:
    query = (
        sa.select(s.post.c.github_id, s.post.c.withdrawn, s.post.c.reactions, s.revision.c.body, s.revision.c.raw)
        .join(s.revision, s.current_revision)
        .where(s.post.c.thread_id == row["id"], s.post.c.kind == PostKind.OPENING.value)
        # After a transfer the post may bear another number; the one from before is gone.
        .order_by(s.post.c.gone_status.is_not(None), s.post.c.id.desc())
        .limit(1)
    )
    opening = connection.execute(query).mappings().one()
    withheld = opening["withdrawn"] is not None
    hidden = hidden_in(connection, [row]).get(row["id"], NOBODY)
    fields = hidden.fields(row["summary"])
    if withheld or fields.get("title_withdrawn"):
        fields = {**fields, "title": WITHDRAWN_TITLE, "author": None, "author_association": "NONE"}
    elif fields["title"] is None:  # erased, and what else there was of the post captured anew
        fields = {**fields, "title": WITHDRAWN_TITLE}
    return UpstreamIssue(
        id=opening["github_id"],
        kind=ThreadKind(row["kind"]),
        fields=fields,
        updated_at=row["updated_at"],
        comments=row["comments_upstream"],
        body="" if withheld else opening["body"],
        # The thread's own object is the newer one, but without the texts.
        raw={} if withheld else hidden.stripped({**opening["raw"], **row["raw"]}),
        reactions=None if withheld else opening["reactions"],
    )


# What is gone from GitHub is in none of its lists, and what is withdrawn here is nowhere.
_there = s.post.c.gone_status.is_(None) & s.post.c.withdrawn.is_(None)


def _posts_of(repository_id: int, kind: PostKind) -> sa.ColumnElement[bool]:
    return sa.and_(
        s.thread.c.repository_id == repository_id,
        s.public,
        s.post.c.kind == kind.value,
        s.thread.c.kind != ThreadKind.DISCUSSION.value,
        _there,
    )


def _select_posts() -> sa.Select[Any]:
    return (
        sa.select(s.post, s.thread.c.number, s.thread.c.kind.label("thread_kind"), s.revision.c.body, s.revision.c.raw)
        .join(s.thread, s.thread.c.id == s.post.c.thread_id)
        .join(s.revision, s.current_revision)
    )


def _post(row: Row) -> UpstreamPost:
    return UpstreamPost(
        kind=PostKind(row["kind"]),
        id=row["github_id"],
        number=row["number"],
        thread_kind=ThreadKind(row["thread_kind"]),
        author=_account(row["author_id"], row["author_login"]),
        author_association=row["author_association"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        body=row["body"],
        raw=row["raw"],
        state=row["state"],
        reply_to=row["reply_to"],
        reactions=row["reactions"],
    )


def _account(number: int | None, login: str | None) -> Account | None:
    return None if number is None else Account(number, login or "")
