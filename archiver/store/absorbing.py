"""Makes two records of one thread a single one: a transferred thread that was held at its new place already.

What both hold is kept once, what one of them holds stays; where it was and why is written by `archiver.store.moving`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from archiver import digests
from archiver.model import Account, FindingKind, PostKind, iso
from archiver.store import schema as s
from archiver.store.withdrawing import UNSCRUBBED, Withdrawing

# Who saw a text: the first one's word counts for most.
_WITNESSES = ("seen", "gharchive", "history")
# What is taken from the record that was captured last: the thread's last entry in the log is that one's.
_LATEST = ("snapshot", "summary", "relevance", "post_count", "captured_at", "gap")


class Absorbing(Withdrawing):
    """The part of a writing transaction that makes one record of two."""

    def _absorb(self, old: sa.RowMapping, new: sa.RowMapping) -> None:
        """Take all that the record at a thread's old place holds into the one at its new place."""
        first, last = self._by_log(old, new)
        self._fold_revisions(old["id"], new["id"])
        self._fold_posts(old, new, old_first=first is old)
        for table in (s.edit, s.event):
            known = sa.select(table.c.key).where(table.c.thread_id == new["id"])
            double = (table.c.thread_id == old["id"]) & table.c.key.in_(known.scalar_subquery())
            self._connection.execute(sa.delete(table).where(double))
        for table in (s.edit, s.event, s.finding, s.snapshot, s.capture, s.thread_alias, s.withdrawal):
            self._update(table, table.c.thread_id == old["id"], thread_id=new["id"])
        fields = dict(new["fields"])
        if first["fields"].get("author") is not None:
            # As first seen: accounts are deleted and people join projects later.
            fields |= {name: first["fields"][name] for name in ("author", "author_association")}
        values: dict[str, Any] = {name: last[name] for name in _LATEST}
        if values["summary"] is not None and any((each["summary"] or {}).get("title_withdrawn") for each in (old, new)):
            values["summary"] = {**values["summary"], "title_withdrawn": True}
        since = [each["first_captured_at"] for each in (old, new) if each["first_captured_at"] is not None]
        self._update(
            s.thread,
            s.thread.c.id == new["id"],
            **values,
            fields=fields,
            first_captured_at=min(since, default=None),
            withdrawn=new["withdrawn"] if new["withdrawn"] is not None else old["withdrawn"],
            dirty=True,
        )
        self._connection.execute(sa.delete(s.thread).where(s.thread.c.id == old["id"]))

    def _withhold_merged(self, thread_id: int) -> None:
        """Hold what was withdrawn at one place of a thread against what was held at the other, too."""
        p, w = s.post, s.withdrawal
        self._standing = None  # the withdrawals are about another row of `thread` now
        thread = self._connection.execute(sa.select(s.thread).where(s.thread.c.id == thread_id)).mappings().one()
        shown = self._all(sa.select(p).where(p.c.thread_id == thread_id, p.c.withdrawn.is_(None)))
        named = [(row["kind"], row["github_id"], row["created_at"], row["author_id"]) for row in shown]
        self._withdraw_renumbered(thread, named)
        self._withhold_again(self._fresh(thread))
        withheld_by = sa.select(p.c.withdrawn).where(p.c.thread_id == thread_id)
        erasing = sa.select(w.c.id).where(w.c.erased, w.c.lifted_at.is_(None), w.c.id.in_(withheld_by))
        numbers = list(self._connection.execute(erasing).scalars())
        if sum(self._erase(self._fresh(thread), number) for number in numbers):
            self.save_note(UNSCRUBBED, {"since": iso(self.now)})

    def _by_log(self, old: sa.RowMapping, new: sa.RowMapping) -> tuple[sa.RowMapping, sa.RowMapping]:
        """Return the record that was captured first, and the one captured last."""
        entries = sa.select(s.capture.c.thread_id).where(s.capture.c.thread_id.in_([old["id"], new["id"]]))
        ids = list(self._connection.execute(entries.order_by(s.capture.c.number)).scalars()) or [new["id"]]
        by_id = {row["id"]: row for row in (old, new)}
        return by_id[ids[0]], by_id[ids[-1]]

    def _fold_revisions(self, old_id: int, new_id: int) -> None:
        r = s.revision
        known = sa.select(r.c.digest).where(r.c.thread_id == new_id)
        for each in self._all(sa.select(r).where(r.c.thread_id == old_id, r.c.digest.in_(known.scalar_subquery()))):
            mine = (r.c.digest == each["digest"]) & (r.c.thread_id == new_id)
            twin = self._connection.execute(sa.select(r).where(mine)).mappings().one()
            archived = [row["archived_at"] for row in (each, twin) if row["archived_at"] is not None]
            values: dict[str, Any] = {
                "captured_at": min(each["captured_at"], twin["captured_at"]),
                "archived_at": min(archived, default=None),
            }
            if _WITNESSES.index(each["source"]) < _WITNESSES.index(twin["source"]):
                values |= {"source": each["source"], "raw": each["raw"]}
            if twin["erased_at"] is None and each["erased_at"] is not None:
                values |= {name: each[name] for name in ("body", "raw", "erased_at")}
            self._update(r, mine, **values)
            self._connection.execute(sa.delete(r).where(r.c.digest == each["digest"], r.c.thread_id == old_id))
        self._update(r, r.c.thread_id == old_id, thread_id=new_id)

    def _fold_posts(self, old: sa.RowMapping, new: sa.RowMapping, *, old_first: bool) -> None:
        p = s.post
        there = {
            (row["kind"], row["github_id"]): row for row in self._all(sa.select(p).where(p.c.thread_id == new["id"]))
        }
        same = {_written(row) for row in there.values()}
        for row in self._all(sa.select(p).where(p.c.thread_id == old["id"])):
            twin = there.get((row["kind"], row["github_id"]))
            if twin is not None:
                first, second = (row, twin) if old_first else (twin, row)
                self._keep_author(twin, first if first["author_id"] is not None else second)
                if twin["withdrawn"] is None and row["withdrawn"] is not None:
                    self._update(p, p.c.id == twin["id"], withdrawn=row["withdrawn"])
                self._update(s.finding, s.finding.c.post_id == row["id"], post_id=twin["id"])
                self._connection.execute(sa.delete(p).where(p.c.id == row["id"]))
                continue
            self._update(p, p.c.id == row["id"], thread_id=new["id"])
            opening = row["kind"] == PostKind.OPENING.value
            if opening or (row["author_id"] is not None and _written(row) in same):
                self._renumbered(new, row)

    def _keep_author(self, post: sa.RowMapping, seen: sa.RowMapping) -> None:
        """Keep the author as seen at the other place, and the digest that the text has with that author."""
        if (post["author_id"], post["author_login"]) == (seen["author_id"], seen["author_login"]):
            return
        mine = (s.revision.c.thread_id == post["thread_id"]) & (s.revision.c.digest == post["revision"])
        text = self._one(s.revision, mine)
        digest = post["revision"]
        if text is not None and seen["author_id"] is not None:
            record = digests.revision_record(
                kind=PostKind(post["kind"]),
                post_id=post["github_id"],
                author=Account(seen["author_id"], seen["author_login"]),
                created_at=iso(post["created_at"]),
                body=text["body"],
            )
            found = digests.digest(record)
            if self._one(s.revision, (s.revision.c.thread_id == post["thread_id"]) & (s.revision.c.digest == found)):
                digest = found
        author = {"author_id": seen["author_id"], "author_login": seen["author_login"]}
        self._update(s.post, s.post.c.id == post["id"], **author, revision=digest)

    def _renumbered(self, thread: sa.RowMapping, post: sa.RowMapping) -> None:
        """Set the tombstone of a post that has another number at the thread's new place: it moved there."""
        if post["gone_status"] is None:
            self._update(s.post, s.post.c.id == post["id"], gone_status=301, gone_since=self.now)
            where = thread["repository_id"]
            self._find(FindingKind.GONE, where, {"status": 301}, thread_id=thread["id"], post_id=post["id"])


def _written(post: sa.RowMapping) -> tuple[Any, ...]:
    """Return what two numbers of one post have in common."""
    return post["kind"], post["created_at"], post["author_id"]
