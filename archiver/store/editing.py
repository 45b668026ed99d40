"""Writes what only GraphQL tells of posts: GitHub's own history of their edits, and which are minimized.

It asks for nothing (`archiver.histories` and `archiver.discussions` do) and overwrites no text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver import digests
from archiver.model import Account, FindingKind, PostKind, iso
from archiver.observed import ObservedEdit, PostHistory
from archiver.references import ThreadKind
from archiver.store import schema as s
from archiver.store.opting import Opting


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post that GraphQL can be asked about: where it is held, GraphQL's name of it, and its last `updated_at`."""

    repository_id: int
    number: int
    kind: PostKind
    id: int
    node_id: str
    updated_at: datetime


class Editing(Opting):
    """The part of a writing transaction that is about GitHub's edit histories, and about discussions."""

    # --- whom to ask about ---

    def edited_posts(self, repositories: Collection[int], number: int | None = None) -> list[HeldPost]:
        """Return posts of repositories (those of one thread, or all) that were edited since that was asked about."""
        p = s.post.c
        return self._posts_asked_about(
            repositories,
            number,
            p.updated_at > p.created_at,
            p.edits_for.is_(None) | (p.edits_for < p.updated_at),
            order=(s.thread.c.repository_id, s.thread.c.number, p.id),
        )

    def posts_to_look_at(
        self, repositories: Collection[int], limit: int, *, besides: Collection[str]
    ) -> list[HeldPost]:
        """Return posts that may be minimized: of threads updated since they were asked about, then by when that was.

        `besides` are the `node_id`s of posts that are asked about anyway.
        """
        asked, updated = s.post.c.minimized_asked_at, s.thread.c.updated_at
        changed = asked.is_(None) | (asked < updated)
        found = self._posts_asked_about(
            repositories,
            None,
            s.post.c.kind != PostKind.OPENING.value,
            order=(changed.desc(), sa.case((changed, updated)).desc(), asked, s.post.c.id),
            limit=limit + len(besides),
        )
        return [each for each in found if each.node_id not in besides][:limit]

    def _posts_asked_about(
        self,
        repositories: Collection[int],
        number: int | None,
        *where: sa.ColumnElement[bool],
        order: Sequence[sa.ColumnElement[Any]],
        limit: int | None = None,
    ) -> list[HeldPost]:
        p, t = s.post.c, s.thread.c
        query = (
            sa.select(t.repository_id, t.number, p.kind, p.github_id, p.node_id, p.updated_at)
            .join(s.thread, t.id == p.thread_id)
            .where(
                t.repository_id.in_(sorted(repositories)),
                p.node_id.is_not(None),
                p.gone_status.is_(None) & t.gone_status.is_(None),
                p.withdrawn.is_(None) & t.withdrawn.is_(None),
                *where,
            )
            .order_by(*order)
            .limit(limit)
        )
        if number is not None:
            query = query.where(t.number == number)
        return self._held(query)

    def _held(self, query: sa.Select[Any]) -> list[HeldPost]:
        return [
            HeldPost(row.repository_id, row.number, PostKind(row.kind), row.github_id, row.node_id, row.updated_at)
            for row in self._connection.execute(query)
        ]

    # --- what was answered ---

    def save_history(self, repository_id: int, number: int, seen: PostHistory, as_of: datetime | None = None) -> bool:
        """Keep what GraphQL told of a post; return whether it is news. Its current text is left to observations.

        `as_of` is the `updated_at` that the post was held with when its edits were asked for. Raises NotHeld for a
        thread that is not kept; a post that is not held, or was withdrawn meanwhile, is passed over.
        """
        row = self._kept(repository_id, number)
        post = self._post(row["id"], seen.kind, seen.id)
        if post is None or post["withdrawn"] is not None or row["withdrawn"] is not None:
            return False
        values: dict[str, Any] = {"minimized_asked_at": self.now}
        news = False
        if seen.edits is not None:
            edits = [replace(each, editor=None) if self.opted_out(each.editor) else each for each in seen.edits]
            news = self._save_edits(row, post, edits)
            values["edits_for"] = as_of
        if seen.minimized != post["minimized"]:
            values["minimized"] = seen.minimized
            kind = FindingKind.UNMINIMIZED if seen.minimized is None else FindingKind.MINIMIZED
            detail = {} if seen.minimized is None else {"reason": seen.minimized}
            self._find(kind, repository_id, detail, thread_id=row["id"], post_id=post["id"])
            news = True
        self._update(s.post, s.post.c.id == post["id"], **values)
        if news:
            self._changed(row)
        return news

    def note_asked(self, asked: Sequence[HeldPost]) -> None:
        """Note that GraphQL was asked about posts and told nothing, so that others have their turn before them."""
        for each in asked:
            row = self._thread(each.repository_id, each.number)
            post = self._post(row["id"], each.kind, each.id) if row is not None else None
            if post is not None:
                self._update(s.post, s.post.c.id == post["id"], minimized_asked_at=self.now)

    def _save_edits(self, row: sa.RowMapping, post: sa.RowMapping, edits: Sequence[ObservedEdit]) -> bool:
        mine = (
            (s.edit.c.thread_id == row["id"])
            & (s.edit.c.kind == post["kind"])
            & (s.edit.c.github_id == post["github_id"])
        )
        known = {each["key"]: each for each in self._all(sa.select(s.edit).where(mine))}
        self._save_accounts([each.editor for each in edits if each.editor])
        texts = self._save_texts(row, post, edits)
        new = []
        news = False
        for each in {each.key: each for each in edits}.values():
            before = known.get(each.key)
            if before is None:
                new.append(
                    {
                        "thread_id": row["id"],
                        "key": each.key,
                        "kind": post["kind"],
                        "github_id": post["github_id"],
                        "edited_at": each.at,
                        "editor_id": each.editor.id if each.editor else None,
                        "editor_login": each.editor.login if each.editor else None,
                        "revision": texts.get(each.key),
                        "deleted_at": each.deleted_at,
                        "first_seen_at": self.now,
                    }
                )
            elif each.deleted_at is not None and before["deleted_at"] is None:
                # Its text stays as it was seen here; what was deleted before we came is not restored from elsewhere.
                self._update(s.edit, s.edit.c.id == before["id"], deleted_at=each.deleted_at)
                at = {"at": iso(each.at)}
                self._find(FindingKind.EDIT_DELETED, row["repository_id"], at, thread_id=row["id"], post_id=post["id"])
                news = True
            elif before["revision"] is None and each.key in texts:
                # Deleted when it was seen first, and there again: GitHub shows it itself.
                self._update(s.edit, s.edit.c.id == before["id"], revision=texts[each.key], deleted_at=None)
                news = True
        self._insert_all(s.edit, new)
        return news or bool(new)

    def _save_texts(self, row: sa.RowMapping, post: sa.RowMapping, edits: Sequence[ObservedEdit]) -> dict[str, str]:
        """Keep the texts of edits as revisions, unless they are known; return their digests by the edits' keys."""
        r = s.revision.c
        mine = (r.thread_id == row["id"]) & (r.kind == post["kind"]) & (r.github_id == post["github_id"])
        held = self._connection.execute(sa.select(r.digest, r.erased_at).where(mine)).all()
        if any(each.erased_at is not None for each in held):
            return {}  # erased here for good: its texts must not come back by this way
        author = Account(post["author_id"], post["author_login"]) if post["author_id"] is not None else None
        known = {each.digest for each in held}
        texts: dict[str, str] = {}
        new: dict[str, dict[str, Any]] = {}
        for at, each in enumerate(edits):
            if each.body is None:
                continue
            record = digests.revision_record(
                kind=PostKind(post["kind"]),
                post_id=post["github_id"],
                author=author,
                created_at=iso(post["created_at"]),
                body=each.body,
            )
            texts[each.key] = digest = digests.digest(record)
            if digest not in known:
                new.setdefault(
                    digest,
                    {
                        "digest": digest,
                        "thread_id": row["id"],
                        "kind": post["kind"],
                        "github_id": post["github_id"],
                        "body": each.body,
                        "edited_at": each.at if at else None,  # the first entry is the first text
                        "captured_at": self.now,
                        "raw": {
                            "id": each.key,
                            "editedAt": iso(each.at),
                            "diff": each.body,
                            "editor": digests.account_record(each.editor),
                        },
                        "source": "history",
                    },
                )
        self._insert_all(s.revision, list(new.values()))
        return texts

    # --- discussions ---

    def discussions_held(self, repository_id: int, numbers: Collection[int]) -> dict[int, datetime]:
        """Return those of the discussions that are kept already, with the `updated_at` that they were seen with."""
        query = sa.select(s.thread.c.number, s.thread.c.updated_at).where(
            s.thread.c.repository_id == repository_id,
            s.thread.c.kind == ThreadKind.DISCUSSION.value,
            s.thread.c.number.in_(sorted(set(numbers))),
        )
        return {row.number: row.updated_at for row in self._connection.execute(query)}

    def discussion_posts(self, repository_id: int) -> list[HeldPost]:
        """Return the posts of public discussions that are there upstream as far as is known, and all opening posts."""
        p, t = s.post.c, s.thread.c
        opening = p.kind == PostKind.OPENING.value
        query = (
            sa.select(t.repository_id, t.number, p.kind, p.github_id, p.node_id, p.updated_at)
            .join(s.thread, t.id == p.thread_id)
            .where(
                t.repository_id == repository_id,
                t.kind == ThreadKind.DISCUSSION.value,
                s.public,
                p.node_id.is_not(None),
            )
            .where(opening | (p.gone_status.is_(None) & t.gone_status.is_(None)))
            .order_by(t.number, p.id)
        )
        return self._held(query)

    def comments_held(self, repository_id: int, number: int) -> dict[int, str]:
        """Return the comments of a thread that are there upstream as far as is known, with GraphQL's names of them."""
        return {
            row["github_id"]: row["node_id"]
            for row in self._present(repository_id, number)
            if row["kind"] == PostKind.COMMENT.value and row["node_id"] is not None
        }
