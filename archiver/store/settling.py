"""Writes snapshots: what was observed of a thread becomes its latest state, is logged, and is judged.

It observes nothing, and decides nothing about when a thread is complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from archiver import digests
from archiver.license import PostText
from archiver.model import Account, PostKind, Relevance, iso, thread_key
from archiver.references import ThreadKind
from archiver.store import schema as s
from archiver.store.raws import html_of
from archiver.store.values import in_reading_order
from archiver.store.withholding import Withholding

Judge = Callable[[str, Sequence[PostText]], Relevance]


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A thread with observations that are in no snapshot yet: `held` comments of the `upstream` that GitHub counts.

    A pull request is not `ready` to become public before its reviews were asked for.
    """

    number: int
    held: int
    upstream: int
    public: bool
    ready: bool


class Settling(Withholding):
    """The part of a writing transaction that is about snapshots."""

    def unsettled(self, repository_id: int, numbers: Sequence[int] | None = None) -> list[Unsettled]:
        """Return the threads (of those numbers, or all) whose observations are in no snapshot yet."""
        comments = (
            sa.select(sa.func.count())
            .where(
                s.post.c.thread_id == s.thread.c.id,
                s.post.c.kind == PostKind.COMMENT.value,
                s.post.c.gone_status.is_(None),
            )
            .scalar_subquery()
        )
        query = (
            sa.select(
                s.thread.c.number,
                comments,
                # A discussion is read whole or not at all (`archiver.discussions`): no list completes it.
                sa.case((s.thread.c.kind == ThreadKind.DISCUSSION.value, 0), else_=s.thread.c.comments_upstream),
                s.thread.c.snapshot.is_not(None),
                (s.thread.c.kind != ThreadKind.PULL.value) | s.thread.c.detailed_for.is_not(None),
            )
            .where(s.thread.c.repository_id == repository_id, s.thread.c.dirty)
            .order_by(s.thread.c.number)
        )
        if numbers is not None:
            query = query.where(s.thread.c.number.in_(sorted(set(numbers))))
        return [Unsettled(*row) for row in self._connection.execute(query)]

    def settle(self, repository_id: int, number: int, judge: Judge) -> bool:
        """Make what was observed of a thread its latest snapshot; return whether that differs from the one before.

        A thread of which fewer comments are held than GitHub counts gets its snapshot all the same, with the gap noted.
        Raises NotHeld for a thread that `observe_thread` has never kept.
        """
        row = self._kept(repository_id, number)
        if self._erased_whole(row):
            return False
        posts = self._posts(row["id"])
        record = digests.snapshot_record(
            repository_id=repository_id, fields=row["fields"], posts=[_post_record(post) for post in posts]
        )
        packed = digests.canonical(record)
        digest = digests.digest(record)
        held = sum(post["kind"] == PostKind.COMMENT.value for post in posts)
        upstream = row["comments_upstream"]
        gap = f"{held} of {upstream} comments could be fetched" if held < upstream else None
        relevance = _judge(judge, row["fields"], posts)
        values: dict[str, Any] = {
            "dirty": False,
            "gap": gap,
            "post_count": len(posts),
            "relevance": _relevance_record(relevance),
            "summary": row["fields"],
        }
        changed = bool(digest != row["snapshot"])
        if changed:
            if self._one(s.snapshot, s.snapshot.c.digest == digest) is None:
                self._insert(s.snapshot, digest=digest, thread_id=row["id"], record=packed, raw=row["raw"])
            self._log(row, digest)
            values |= {
                "snapshot": digest,
                "first_captured_at": row["first_captured_at"] or self.now,
                "captured_at": self.now,
            }
        self._update(s.thread, s.thread.c.id == row["id"], **values)
        same_verdict = _verdict(values["relevance"]) == _verdict(row["relevance"])
        if changed or not same_verdict or any(values[name] != row[name] for name in ("summary", "gap")):
            self._note_change("put" if row["withdrawn"] is None else "delete", thread_key(repository_id, number))
        return changed

    def judge_all_again(
        self, judge: Judge, basis: str, *, repository_id: int | None = None, after: int = 0, limit: int = 100
    ) -> tuple[int | None, int, int]:
        """Judge threads again that another vocabulary than `basis` judged, up to `limit` of them beyond `after`.

        Returns where to go on (None: there are no more), how many were judged, and how many verdicts or reasons differ.
        """
        t = s.thread
        query = sa.select(t).where(t.c.snapshot.is_not(None), t.c.id > after).order_by(t.c.id).limit(limit)
        if repository_id is not None:
            query = query.where(t.c.repository_id == repository_id)
        rows = self._all(query)
        judged = differ = 0
        for row in rows:
            if row["relevance"] is None or row["relevance"].get("basis") == basis:
                continue  # erased, or judged by this vocabulary already
            judged += 1
            after_it = self.judge_again(row, judge)
            if after_it is not None and _verdict(after_it) != _verdict(row["relevance"]):
                differ += 1
                self._changed(row)
        return (rows[-1]["id"] if len(rows) == limit else None), judged, differ

    def judge_again(self, row: sa.RowMapping, judge: Judge) -> dict[str, Any] | None:
        """Judge a thread by what its latest snapshot names and is not withheld; None for one without a snapshot."""
        latest = self._one(s.snapshot, s.snapshot.c.digest == row["snapshot"])
        if latest is None or latest["erased_at"] is not None:
            return None
        named = {(post["kind"], post["id"]) for post in json.loads(latest["record"])["posts"]}
        posts = [post for post in self._posts(row["id"]) if (post["kind"], post["github_id"]) in named]
        record = _relevance_record(_judge(judge, row["summary"], posts))
        self._update(s.thread, s.thread.c.id == row["id"], relevance=record)
        return record

    def _log(self, row: sa.RowMapping, digest: str) -> None:
        """Add an entry to the log of captures; it covers the one before it."""
        last = self._connection.execute(
            sa.select(s.capture.c.number, s.capture.c.entry).order_by(s.capture.c.number.desc()).limit(1)
        ).one_or_none()
        number = last.number + 1 if last else 1
        entry = digests.entry_record(
            number=number,
            repository_id=row["repository_id"],
            thread=row["number"],
            snapshot=digest,
            captured_at=iso(self.now),
            previous=last.entry if last else None,
        )
        self._insert(
            s.capture,
            number=number,
            thread_id=row["id"],
            repository_id=row["repository_id"],
            thread_number=row["number"],
            snapshot=digest,
            captured_at=self.now,
            entry=digests.digest(entry),
        )

    def _posts(self, thread_id: int) -> Sequence[sa.RowMapping]:
        """Return the posts that are there upstream, as far as is known, in reading order."""
        query = (
            sa.select(s.post, s.revision.c.body, s.revision.c.raw, s.account.c.bot)
            .join(s.revision, s.current_revision)
            .outerjoin(s.account, s.account.c.id == s.post.c.author_id)
            .where(s.post.c.thread_id == thread_id, s.post.c.gone_status.is_(None))
        )
        return in_reading_order(self._all(query))


def _post_record(post: sa.RowMapping) -> digests.Record:
    author = Account(post["author_id"], post["author_login"]) if post["author_id"] is not None else None
    record: digests.Record = {
        "kind": post["kind"],
        "id": post["github_id"],
        "author": digests.account_record(author),
        "author_association": post["author_association"],
        "created_at": iso(post["created_at"]),
        "revision": post["revision"],
    }
    return record | {name: post[name] for name in ("state", "reply_to") if post[name] is not None}


def _judge(judge: Judge, fields: digests.Record, posts: Sequence[sa.RowMapping]) -> Relevance:
    title = "" if fields.get("title_withdrawn") else fields["title"] or ""  # null: it was erased
    return judge(title, [_judged(post) for post in posts])


def _judged(post: sa.RowMapping) -> PostText:
    if post["withdrawn"] is not None:
        return PostText("")  # in its place, since the evidence names posts by their places
    return PostText(post["body"], html_of(post["raw"]), post["author_login"], bool(post["bot"]))


def _relevance_record(relevance: Relevance) -> dict[str, Any]:
    change = relevance.relicensing
    return {
        "verdict": relevance.verdict,
        "score": relevance.score,
        "terms": list(relevance.terms),
        "spdx": list(relevance.spdx),
        "topics": list(relevance.topics),
        "evidence": [[e.term, e.text, e.place, e.post, e.weight] for e in relevance.evidence],
        "relicensing": [list(change.before), list(change.after)] if change else None,
        "basis": relevance.basis,
    }


def _verdict(record: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what readers see of a relevance: all but which vocabulary judged."""
    return {key: value for key, value in (record or {}).items() if key != "basis"}
