"""Writes what happened to what is held: timeline events, tombstones and their end, flags.

It decides nothing about when something counts as gone (`archiver.sweep` does). Findings are only ever added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver.model import FindingKind, PostKind, iso
from archiver.observed import ObservedEvent
from archiver.references import ThreadKind
from archiver.store import schema as s
from archiver.store.withholding import Withholding


@dataclass(frozen=True, slots=True)
class Standing:
    """A public thread as a sweep finds it here: `posts` of it are held and not gone, `gone_posts` are gone.

    `miscounted` says that more comments are held, not known to be gone, than GitHub counted when it was asked last.
    """

    number: int
    kind: ThreadKind
    gone: bool
    posts: int
    gone_posts: int
    miscounted: bool


class Happenings(Withholding):
    """The part of a writing transaction that is about what happened."""

    # --- events ---

    def save_events(self, repository_id: int, number: int, events: Sequence[ObservedEvent]) -> int:
        """Keep timeline events of a thread that is kept; one that is known already stays as it is.

        Returns how many are new. An event that closed the thread tells who did, where lists did not.
        """
        row = self._kept(repository_id, number)
        if not events:
            return 0
        seen = {each.key: each for each in events}
        known = set(
            self._connection.execute(sa.select(s.event.c.key).where(s.event.c.thread_id == row["id"])).scalars()
        )
        new = [each for key, each in seen.items() if key not in known]
        actors = {each.key: None if self.opted_out(each.actor) else each.actor for each in events}
        self._save_accounts([each for each in actors.values() if each])
        self._insert_all(
            s.event,
            [
                {
                    "thread_id": row["id"],
                    "key": each.key,
                    "kind": each.kind,
                    "at": each.at,
                    "actor_id": actor.id if actor else None,
                    "actor_login": actor.login if actor else None,
                    "detail": self._kept_detail(row, each),
                    "captured_at": self.now,
                }
                for each in new
                for actor in [actors[each.key]]
            ],
        )
        self._tell_who_closed(row, seen.values())
        if new:
            self._changed(row)
        return len(new)

    def _tell_who_closed(self, row: sa.RowMapping, events: Any) -> None:
        fields = row["fields"]
        if fields["closed_at"] is None or fields.get("closed_by") is not None:
            return
        for each in events:
            who = None if self.opted_out(each.actor) else each.actor
            if each.kind in {"closed", "merged"} and who and iso(each.at) == fields["closed_at"]:
                by = {"id": who.id, "login": who.login}
                summary = row["summary"]
                values: dict[str, Any] = {"fields": {**fields, "closed_by": by}}
                if summary is not None and summary["closed_at"] == fields["closed_at"]:
                    values["summary"] = {**summary, "closed_by": by}
                self._update(s.thread, s.thread.c.id == row["id"], **values)
                self._changed(row)
                return

    def mark_detailed(self, repository_id: int, number: int, as_of: datetime) -> None:
        """Note that a thread's events (and reviews) were asked for, as of its `updated_at`."""
        mine = (s.thread.c.repository_id == repository_id) & (s.thread.c.number == number)
        self._update(s.thread, mine, detailed_for=as_of, detailed_at=self.now)

    def kind_of(self, repository_id: int, number: int) -> ThreadKind:
        """Return what kind of thread one is that is kept. Raises NotHeld."""
        return ThreadKind(self._kept(repository_id, number)["kind"])

    def last_update(self, repository_id: int, number: int) -> datetime:
        """Return the `updated_at` of a thread that is kept. Raises NotHeld."""
        at: datetime = self._kept(repository_id, number)["updated_at"]
        return at

    def undetailed(self, repository_id: int) -> list[tuple[int, ThreadKind]]:
        """Return the kept threads whose events were not asked for since they were updated last: number and kind."""
        t = s.thread
        query = (
            sa.select(t.c.number, t.c.kind)
            .where(
                t.c.repository_id == repository_id,
                t.c.withdrawn.is_(None),
                t.c.gone_status.is_(None),
                t.c.kind != ThreadKind.DISCUSSION.value,
                t.c.detailed_for.is_(None) | (t.c.detailed_for < t.c.updated_at),
            )
            .order_by(t.c.number)
        )
        return [(row.number, ThreadKind(row.kind)) for row in self._connection.execute(query)]

    # --- gone and back ---

    def standing(self, repository_id: int, numbers: Sequence[int] | None = None) -> list[Standing]:
        """Return a repository's public threads (of those numbers, or all), with how much of them is held."""
        t, p = s.thread, s.post
        gone = sa.func.count(p.c.gone_status)
        comments = sa.func.sum(sa.case(((p.c.kind == PostKind.COMMENT.value) & p.c.gone_status.is_(None), 1), else_=0))
        miscounted = comments > t.c.comments_upstream
        query = (
            sa.select(t.c.number, t.c.kind, t.c.gone_status.is_not(None), sa.func.count() - gone, gone, miscounted)
            .join(p, p.c.thread_id == t.c.id)
            .where(t.c.repository_id == repository_id, s.public)
            .group_by(t.c.id)
            .order_by(t.c.number)
        )
        if numbers is not None:
            query = query.where(t.c.number.in_(sorted(set(numbers))))
        return [
            Standing(number, ThreadKind(kind), is_gone, present, lost, bool(wrong))
            for number, kind, is_gone, present, lost, wrong in self._connection.execute(query)
        ]

    def present_posts(self, repository_id: int, number: int) -> dict[PostKind, set[int]]:
        """Return GitHub's numbers of a thread's posts that are held and not known to be gone, by kind."""
        found: dict[PostKind, set[int]] = {}
        for row in self._present(repository_id, number):
            found.setdefault(PostKind(row["kind"]), set()).add(row["github_id"])
        return found

    def mark_thread_gone(self, repository_id: int, number: int, status: int) -> bool:
        """Set a thread's tombstone; return whether it is new or says something else. Its snapshots stay."""
        row = self._kept(repository_id, number)
        if row["gone_status"] == status:
            return False
        since = row["gone_since"] or self.now
        self._update(s.thread, s.thread.c.id == row["id"], gone_status=status, gone_since=since)
        self._find(FindingKind.GONE, repository_id, {"status": status}, thread_id=row["id"])
        self._changed(row)
        return True

    def mark_thread_back(self, repository_id: int, number: int) -> bool:
        """Take a thread's tombstone away; return whether it had one. What it said stays among the findings."""
        row = self._kept(repository_id, number)
        if row["gone_status"] is None:
            return False
        self._update(s.thread, s.thread.c.id == row["id"], gone_status=None, gone_since=None)
        was = {"status": row["gone_status"], "since": iso(row["gone_since"])}
        self._find(FindingKind.BACK, repository_id, was, thread_id=row["id"])
        self._changed(row)
        return True

    def mark_post_gone(self, repository_id: int, number: int, kind: PostKind, post_id: int, status: int) -> bool:
        """Set a post's tombstone; return whether it is new. The thread is to be settled: its next snapshot is without.

        Raises NotHeld for a thread that is not kept; a post that is not held is passed over.
        """
        row = self._kept(repository_id, number)
        post = self._post(row["id"], kind, post_id)
        if post is None:
            return False
        if status == 404 and self._bears_another_number(row, post):
            status = 301
        if post["gone_status"] == status:
            return False
        since = post["gone_since"] or self.now
        self._update(s.post, s.post.c.id == post["id"], gone_status=status, gone_since=since)
        self._find(FindingKind.GONE, repository_id, {"status": status}, thread_id=row["id"], post_id=post["id"])
        self._update(s.thread, s.thread.c.id == row["id"], dirty=True)
        self._changed(row)
        return True

    def _bears_another_number(self, thread: sa.RowMapping, post: sa.RowMapping) -> bool:
        """Return whether a post of a transferred thread is there under another number, which it got on its way."""
        p, alias = s.post, s.thread_alias
        moved = sa.select(alias.c.number).where(alias.c.thread_id == thread["id"])
        twin = sa.select(p.c.id).where(
            p.c.thread_id == thread["id"],
            p.c.kind == post["kind"],
            p.c.created_at == post["created_at"],
            p.c.author_id == post["author_id"],
            p.c.github_id != post["github_id"],
            p.c.gone_status.is_(None),
        )
        return all(self._connection.execute(each.limit(1)).first() is not None for each in (moved, twin))

    def _mark_post_back(self, row: sa.RowMapping, post: Mapping[str, Any]) -> None:
        """Take a post's tombstone away, since it was seen again."""
        self._update(s.post, s.post.c.id == post["id"], gone_status=None, gone_since=None)
        was = {"status": post["gone_status"], "since": iso(post["gone_since"])}
        self._find(FindingKind.BACK, row["repository_id"], was, thread_id=row["id"], post_id=post["id"])
        self._changed(row)

    def mark_repository_gone(self, repository_id: int, status: int) -> bool:
        """Set a repository's tombstone, which stands for all of its threads; return whether it is new."""
        row = self._one(s.repository, s.repository.c.id == repository_id)
        if row is None or row["gone_status"] == status:
            return False
        mine = s.repository.c.id == repository_id
        self._update(s.repository, mine, gone_status=status, gone_since=row["gone_since"] or self.now)
        self._find(FindingKind.GONE, repository_id, {"status": status})
        self._changed_all(repository_id)
        return True

    def mark_repository_back(self, repository_id: int) -> bool:
        """Take a repository's tombstone away; return whether it had one."""
        row = self._one(s.repository, s.repository.c.id == repository_id)
        if row is None or row["gone_status"] is None:
            return False
        self._update(s.repository, s.repository.c.id == repository_id, gone_status=None, gone_since=None)
        self._find(FindingKind.BACK, repository_id, {"status": row["gone_status"], "since": iso(row["gone_since"])})
        self._changed_all(repository_id)
        return True

    # --- flags ---

    def flag(self, repository_id: int) -> Mapping[str, Any] | None:
        """Return what the last sweep found too much to believe; None if there is no flag."""
        row = self._one(s.repository, s.repository.c.id == repository_id)
        return row["flag"] if row else None

    def set_flag(self, repository_id: int, *, suspects: int, posts: int) -> None:
        """Note that so many of a repository's posts seemed gone at once that nothing was marked."""
        flag = {"at": iso(self.now), "suspects": suspects, "posts": posts}
        self._update(s.repository, s.repository.c.id == repository_id, flag=flag)
        self._find(FindingKind.FLAGGED, repository_id, {"suspects": suspects, "posts": posts})

    def clear_flag(self, repository_id: int, *, gone: int) -> None:
        """Take a flag away, since another sweep decided; `gone` is how many posts it marked."""
        if self.flag(repository_id) is not None:
            self._update(s.repository, s.repository.c.id == repository_id, flag=None)
            self._find(FindingKind.UNFLAGGED, repository_id, {"gone": gone})
