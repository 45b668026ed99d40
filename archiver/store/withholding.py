"""Knows which posts and threads are withheld here, by which withdrawal, and of which no text may be kept.

It withdraws nothing (`archiver.store.withdrawing` does); what is observed and settled is held against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from archiver.model import Account, PostKind
from archiver.observed import ObservedEvent
from archiver.store import schema as s
from archiver.store.opting import Opting

Row = sa.RowMapping | Mapping[str, Any]


class Withholding(Opting):
    """The part of a writing transaction that asks what is withheld."""

    _standing: Mapping[tuple[Any, ...], list[sa.RowMapping]] | None = None

    def declined(self, repository_id: int, number: int, author: Account | None) -> bool:
        """Return whether a thread is not to be captured: its author opted out, and it is not held yet."""
        return self.opted_out(author) and self._thread(repository_id, number) is None

    def _withheld(
        self, thread: Row | None, repository_id: int, post: tuple[str, int], author_id: int | None
    ) -> tuple[int | None, bool]:
        """Return the withdrawal that a post (kind, GitHub's number) is withheld by, and whether no text is kept of it.

        `thread` is None for one that is not held yet.
        """
        standing = self._standing_withdrawals()
        if not standing:
            return None, False
        thread_id = thread["id"] if thread is not None else None
        theirs = standing.get(("author", author_id), ())
        places = {None, repository_id}
        if thread_id is not None and any(each["repository_id"] not in places for each in theirs):
            alias = s.thread_alias  # it may have been there before a transfer
            was_in = sa.select(alias.c.repository_id).where(alias.c.thread_id == thread_id)
            places.update(self._connection.execute(was_in).scalars())
        covering = [
            each for each in theirs if each["repository_id"] in places and each["thread_id"] in {None, thread_id}
        ]
        if thread_id is not None:
            covering += standing.get(post_key(thread_id, *post), [])
            # Of a thread that is only hidden as a whole, the posts come back with it.
            covering += [each for each in standing.get(("thread", thread_id), ()) if each["erased"]]
        if not covering:
            return None, False
        chosen = min(covering, key=lambda each: (not each["erased"], each["id"]))
        return chosen["id"], chosen["erased"]

    def _withheld_opening(
        self, thread: Row | None, repository_id: int, opening_id: int, author: Account | None
    ) -> tuple[int | None, bool]:
        """Return what `_withheld` does for a thread's opening post, and so for its title."""
        opening = (PostKind.OPENING.value, opening_id)
        return self._withheld(thread, repository_id, opening, author.id if author else None)

    def _withdraw_renumbered(self, thread: Row, new: Collection[tuple[str, int, Any, int | None]]) -> None:
        """Withdraw posts (kind, number, time, author) not held yet that are withdrawn ones under another number.

        A transfer may give a thread's comments other numbers; what they are otherwise stays.
        """
        all_standing = self._standing_withdrawals().items()
        standing = [row for key, rows in all_standing if key[:2] == ("post", thread["id"]) for row in rows]
        moved = sa.select(sa.func.count()).where(s.thread_alias.c.thread_id == thread["id"])
        if not standing or not new or not self._connection.execute(moved).scalar_one():
            return
        posts = self._all(sa.select(s.post).where(s.post.c.thread_id == thread["id"]))
        held = {(row["kind"], row["github_id"]): (row["kind"], row["created_at"], row["author_id"]) for row in posts}
        by_what = {held.get((row["kind"], row["github_id"])): row for row in standing}
        for kind, github_id, created_at, author_id in new:
            row = by_what.get((kind, created_at, author_id))
            if row is not None and author_id is not None:
                copied = {name: row[name] for name in ("reason", "scope", "target", "thread_id", "kind", "erased")}
                note = f"the post of withdrawal {row['id']}, under its number since a transfer"
                self._insert(s.withdrawal, at=self.now, note=note, github_id=github_id, **copied)
                self._standing = None

    def _erased_whole(self, thread: Row) -> bool:
        """Return whether a thread is erased as a whole: nothing of it is captured any more."""
        standing = self._standing_withdrawals().get(("thread", thread["id"]), ())
        return any(each["erased"] for each in standing)

    def _kept_detail(self, thread: Row, event: ObservedEvent) -> dict[str, Any]:
        """Return what is kept of an event's detail: no title that was erased, neither its thread's nor another's."""
        detail = dict(event.detail)
        if event.kind == "renamed" and thread["fields"]["title"] is None:
            return {}
        if event.kind == "cross-referenced" and detail.get("source_id") is not None and self._standing_withdrawals():
            query = (
                sa.select(s.thread.c.fields)
                .join(s.post, s.post.c.thread_id == s.thread.c.id)
                .where(s.post.c.kind == PostKind.OPENING.value, s.post.c.github_id == detail["source_id"])
            )
            if any(fields["title"] is None for fields in self._connection.execute(query).scalars()):
                detail["title"] = None
        return detail

    def _opt_out_withdrawal(self) -> int:
        """Return the withdrawal that stands for the whole opt-out list, which is not empty."""
        query = sa.select(s.withdrawal.c.id).where(s.withdrawal.c.scope == "opt-out")
        return int(self._connection.execute(query).scalar_one())

    def _standing_withdrawals(self) -> Mapping[tuple[Any, ...], list[sa.RowMapping]]:
        """Return the withdrawals that were not lifted, by what they are about."""
        if self._standing is None:
            found: dict[tuple[Any, ...], list[sa.RowMapping]] = defaultdict(list)
            for row in self._all(sa.select(s.withdrawal).where(s.withdrawal.c.lifted_at.is_(None))):
                key = {
                    "post": post_key(row["thread_id"], row["kind"], row["github_id"]),
                    "thread": ("thread", row["thread_id"]),
                    "author": ("author", row["account_id"]),
                }.get(row["scope"])
                if key is not None:
                    found[key].append(row)
            self._standing = dict(found)
        return self._standing


def post_key(thread_id: int | None, kind: str | None, github_id: int | None) -> tuple[Any, ...]:
    """Return by what a withdrawal of a post is found."""
    # A thread has one opening post, which bears another number after a transfer.
    return "post", thread_id, kind, None if kind == PostKind.OPENING.value else github_id
