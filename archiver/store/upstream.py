"""Reads the store as GitHub's own lists show a repository: issues and comments by page, with their API objects.

It builds no response (`web.github_api` does) and changes nothing. Only threads that have a snapshot are seen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver.model import Account, PostKind, Repository, ThreadKind
from archiver.store import schema as s
from archiver.store.reading import Reader
from archiver.store.values import Row, fits, repository_by_id

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


@dataclass(frozen=True, slots=True)
class UpstreamComment:
    """A comment with its present text; `number` is that of its thread, `raw` the API's object."""

    id: int
    number: int
    kind: ThreadKind
    author: Account | None
    author_association: str
    created_at: datetime
    updated_at: datetime
    body: str
    raw: Mapping[str, Any]


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

    def comments(
        self,
        repository_id: int,
        *,
        number: int | None = None,
        since: datetime | None = None,
        sort: str = "created",
        descending: bool = False,
        limit: int = 30,
        offset: int = 0,
    ) -> tuple[list[UpstreamComment], int]:
        """Return one page of the comments of a repository, or of one of its threads, and how many there are in all.

        `since` is compared with `updated_at`; `sort` is one of `COMMENT_SORTS`.
        """
        mine = _comments_of(repository_id)
        if number is not None:
            mine &= s.thread.c.number == number
        if since is not None:
            mine &= s.post.c.updated_at >= since
        order = [COMMENT_SORTS[sort], s.post.c.github_id]
        page = _select_comments().where(mine).order_by(*(each.desc() if descending else each.asc() for each in order))
        count = sa.select(sa.func.count()).select_from(s.post.join(s.thread)).where(mine)
        with self._reader._connection() as connection:
            rows = connection.execute(page.limit(limit).offset(offset)).mappings()
            return [_comment(row) for row in rows], connection.execute(count).scalar_one()

    def comment(self, repository_id: int, comment_id: int) -> UpstreamComment | None:
        """Return the comment with GitHub's number; None if it is not held."""
        if not fits(comment_id):
            return None
        query = _select_comments().where(_comments_of(repository_id), s.post.c.github_id == comment_id)
        query = query.order_by(s.thread.c.id.desc()).limit(1)
        with self._reader._connection() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else _comment(row)


def _issue(connection: sa.Connection, row: Row) -> UpstreamIssue:
    query = (
        sa.select(s.post.c.github_id, s.revision.c.body, s.revision.c.raw)
        .join(s.revision, s.current_revision)
        .where(s.post.c.thread_id == row["id"], s.post.c.kind == PostKind.OPENING.value)
    )
    opening = connection.execute(query).mappings().one()
    return UpstreamIssue(
        id=opening["github_id"],
        kind=ThreadKind(row["kind"]),
        fields=row["summary"],
        updated_at=row["updated_at"],
        comments=row["comments_upstream"],
        body=opening["body"],
        # The thread's own object is the newer one, but without the texts.
        raw={**opening["raw"], **row["raw"]},
    )


def _comments_of(repository_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        s.thread.c.repository_id == repository_id,
        s.public,
        s.post.c.kind == PostKind.COMMENT.value,
        s.thread.c.kind != ThreadKind.DISCUSSION.value,
    )


def _select_comments() -> sa.Select[Any]:
    return (
        sa.select(s.post, s.thread.c.number, s.thread.c.kind.label("thread_kind"), s.revision.c.body, s.revision.c.raw)
        .join(s.thread, s.thread.c.id == s.post.c.thread_id)
        .join(s.revision, s.current_revision)
    )


def _comment(row: Row) -> UpstreamComment:
    author = None if row["author_id"] is None else Account(row["author_id"], row["author_login"])
    return UpstreamComment(
        id=row["github_id"],
        number=row["number"],
        kind=ThreadKind(row["thread_kind"]),
        author=author,
        author_association=row["author_association"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        body=row["body"],
        raw=row["raw"],
    )
