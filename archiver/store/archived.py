"""Writes texts that GH Archive saw into what is held: as earlier revisions, or aside until their thread is held.

It observes no thread (`archiver.store.importing` and `archiver.store.writing` do), and changes no current text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from archiver import digests
from archiver.model import Account, PostKind, iso, parse_iso
from archiver.observed import ObservedPost
from archiver.store import schema as s
from archiver.store.withholding import Withholding

Row = sa.RowMapping | Mapping[str, Any]


class Archived(Withholding):
    """The part of a writing transaction that is about texts from GH Archive."""

    def _add_earlier(self, thread: Row, posts: Sequence[ObservedPost]) -> int:
        """Keep texts that held posts had, unless they are known; return how many are new.

        What was erased here does not come back by this way, whatever became of the withdrawal since.
        """
        r = s.revision
        new: dict[str, dict[str, Any]] = {}
        for seen in posts:
            post = self._post(thread["id"], seen.kind, seen.id)
            if post is None or self.opted_out(seen.author):
                continue
            key = (seen.kind.value, seen.id)
            mine = (r.c.thread_id == thread["id"]) & (r.c.kind == key[0]) & (r.c.github_id == key[1])
            columns = (r.c.digest, r.c.source, r.c.erased_at, r.c.archived_at)
            known = {each.digest: each for each in self._connection.execute(sa.select(*columns).where(mine))}
            if any(each.erased_at is not None for each in known.values()):
                continue
            if self._withheld(thread, thread["repository_id"], key, post["author_id"])[1]:
                continue
            # Author and time as first seen: what a text's digest covers must not change under it.
            author = Account(post["author_id"], post["author_login"]) if post["author_id"] is not None else None
            record = digests.revision_record(
                kind=seen.kind, post_id=seen.id, author=author, created_at=iso(post["created_at"]), body=seen.body
            )
            digest = digests.digest(record)
            if digest in known:
                self._archived_again(thread["id"], known[digest], seen.raw)
                continue
            edited = seen.kind is not PostKind.OPENING and seen.updated_at > seen.created_at
            new[digest] = {
                "digest": digest,
                "thread_id": thread["id"],
                "kind": key[0],
                "github_id": key[1],
                "body": seen.body,
                "edited_at": seen.updated_at if edited else None,
                "captured_at": self.now,
                "raw": seen.raw,
                "source": "gharchive",
                "archived_at": self._archived_at,
            }
        self._insert_all(r, list(new.values()))
        if new and thread["snapshot"] is not None and thread["withdrawn"] is None:
            self._changed_thread(thread)
        return len(new)

    def _archived_again(self, thread_id: int, known: Any, raw: Mapping[str, Any]) -> None:
        """Note that GH Archive saw a text that is held: the first hour counts, and a sighting more than being told."""
        if known.erased_at is not None or self._archived_at is None:
            return
        values: dict[str, Any] = {}
        if known.archived_at is None or self._archived_at < known.archived_at:
            values["archived_at"] = self._archived_at
        if known.source == "history":
            values |= {"source": "gharchive", "raw": raw}
        if values:
            mine = (s.revision.c.thread_id == thread_id) & (s.revision.c.digest == known.digest)
            self._update(s.revision, mine, **values)

    def _changed_thread(self, thread: Row) -> None:
        row = self._one(s.thread, s.thread.c.id == thread["id"])
        if row is not None:
            self._changed(row)

    # --- texts whose thread is not held yet ---

    def _set_aside(self, repository_id: int, number: int, posts: Sequence[ObservedPost]) -> int:
        """Keep texts until their thread is held; return how many are new. None by accounts that opted out.

        The opening post has the number 0: its own is told by the thread.
        """
        count = 0
        for each in posts:
            author_id = each.author.id if each.author else None
            post = (each.kind.value, each.id)
            if self.opted_out(each.author) or self._withheld(None, repository_id, post, author_id)[1]:
                continue
            record = _record(each)
            said = {name: value for name, value in record.items() if name != "raw"}
            key = digests.digest({"type": "unplaced", **said})
            mine = (s.unplaced.c.repository_id == repository_id) & (s.unplaced.c.number == number)
            mine &= s.unplaced.c.key == key
            known = self._one(s.unplaced, mine)
            if known is None:
                self._insert(
                    s.unplaced,
                    repository_id=repository_id,
                    number=number,
                    key=key,
                    author_id=author_id,
                    archived_at=self._archived_at,
                    record=record,
                )
                count += 1
            elif self._archived_at is not None and self._archived_at < known["archived_at"]:
                self._update(s.unplaced, mine, archived_at=self._archived_at)
        return count

    def archived_numbers(self, repository_id: int) -> set[int]:
        """Return the numbers of the threads of which texts are waiting to be placed."""
        query = sa.select(s.unplaced.c.number).where(s.unplaced.c.repository_id == repository_id).distinct()
        return set(self._connection.execute(query).scalars())

    def _place_texts(self, thread_id: int) -> int:
        """Put the texts that waited for a thread where they belong, now that it is held; return how many there were."""
        thread = self._one(s.thread, s.thread.c.id == thread_id)
        if thread is None:
            return 0
        mine = (s.unplaced.c.repository_id == thread["repository_id"]) & (s.unplaced.c.number == thread["number"])
        waiting = self._all(sa.select(s.unplaced).where(mine).order_by(s.unplaced.c.archived_at, s.unplaced.c.id))
        if not waiting:
            return 0
        before = self._archived_at
        for row in waiting:
            self._archived_at = row["archived_at"]
            self._put(thread, _observed(row["record"]))
        self._archived_at = before
        self._connection.execute(sa.delete(s.unplaced).where(mine))
        return len(waiting)

    def _put(self, thread: Row, seen: ObservedPost) -> None:
        if seen.kind is PostKind.OPENING:
            opening = self._opening(thread["id"])
            if opening is not None:
                self._add_earlier(thread, [replace(seen, id=opening["github_id"])])
        else:
            self._take_posts(thread, [seen])

    def _take_posts(self, thread: Row, posts: Sequence[ObservedPost]) -> tuple[int, int]:
        """Keep posts that GH Archive saw; return how many posts are new, and how many texts besides.

        A text newer than the one held becomes the current one; older ones, and those of posts that are gone, earlier
        revisions: that GH Archive saw a post once does not bring it back.
        """
        held = self._held_posts(thread["id"], posts)
        fresh: list[ObservedPost] = []
        texts = unknown = 0
        for seen in posts:
            key = (seen.kind.value, seen.id)
            row = held.get(key)
            if row is None:
                fresh.append(seen)
                unknown += key not in {(each.kind.value, each.id) for each in fresh[:-1]}
            elif row["gone_status"] is not None or row["withdrawn"] is not None or seen.updated_at <= row["updated_at"]:
                texts += self._add_earlier(thread, [seen])
            else:
                texts += 1
                fresh.append(seen)
        self._observe(thread["id"], fresh)
        return unknown, texts

    def _opening(self, thread_id: int) -> sa.RowMapping | None:
        """Return a thread's opening post; of one that was transferred, that which it has now."""
        p = s.post
        mine = (p.c.thread_id == thread_id) & (p.c.kind == PostKind.OPENING.value)
        query = sa.select(p).where(mine).order_by(p.c.gone_status.is_not(None), p.c.id.desc()).limit(1)
        return self._connection.execute(query).mappings().one_or_none()

    def _observe(self, thread_id: int, posts: Sequence[ObservedPost]) -> None:
        raise NotImplementedError  # archiver.store.writing

    def _held_posts(self, thread_id: int, posts: Sequence[ObservedPost]) -> dict[tuple[str, int], Mapping[str, Any]]:
        raise NotImplementedError  # archiver.store.writing


def _record(post: ObservedPost) -> dict[str, Any]:
    return {
        "kind": post.kind.value,
        "id": post.id,
        "author": digests.account_record(post.author),
        "bot": bool(post.author and post.author.bot),
        "author_association": post.author_association,
        "created_at": iso(post.created_at),
        "updated_at": iso(post.updated_at),
        "body": post.body,
        "raw": dict(post.raw),
        "state": post.state,
        "reply_to": post.reply_to,
    }


def _observed(record: Mapping[str, Any]) -> ObservedPost:
    author = record["author"]
    return ObservedPost(
        kind=PostKind(record["kind"]),
        id=record["id"],
        author=Account(author["id"], author["login"], record["bot"]) if author else None,
        author_association=record["author_association"],
        created_at=parse_iso(record["created_at"]),
        updated_at=parse_iso(record["updated_at"]),
        body=record["body"],
        body_html=None,
        raw=record["raw"],
        state=record["state"],
        reply_to=record["reply_to"],
    )
