"""Writes the store: observations become posts and revisions (`archiver.store.settling` makes them snapshots).

It decides nothing about what is worth keeping (`archiver.crawl` does) and overwrites no text. Everything here happens
inside one transaction that the caller opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from archiver import digests
from archiver.errors import NotHeld
from archiver.model import Account, FindingKind, PostKind, Repository, iso
from archiver.observed import ObservedPost, ObservedThread
from archiver.references import RepositoryRef
from archiver.store import schema as s
from archiver.store.archived import Archived
from archiver.store.copying import Clearing
from archiver.store.editing import Editing
from archiver.store.happenings import Happenings
from archiver.store.memory import Memory
from archiver.store.moving import Moving
from archiver.store.searches import Searches

# What a thread's raw object holds twice: the opening post's revision has the texts already.
_TEXTS = ("body", "body_html", "body_text")

# How many posts are looked up at once: databases bound the number of a statement's parameters.
_BATCH = 500

# A change of one of these makes a new snapshot; updated_at and reactions do not.
_TELLING = ("revision", "author_id", "author_association", "state", "reply_to", "withdrawn")


class Transaction(Memory, Searches, Happenings, Editing, Moving, Clearing, Archived):
    """One writing transaction; all of it is kept, or nothing. `now` is the time of capture of all that it saves."""

    # --- repositories and accounts ---

    def save_repository(self, seen: Repository, asked_as: RepositoryRef | None = None) -> None:
        """Keep a repository's present name, and the name that it was asked for by, as its aliases."""
        row = self._one(s.repository, s.repository.c.id == seen.id)
        values = {
            "owner": seen.owner,
            "name": seen.name,
            "description": seen.description,
            "created_at": seen.created_at,
            "has_discussions": seen.has_discussions,
            "last_seen_at": self.now,
        }
        if row is None:
            self._insert(s.repository, id=seen.id, first_seen_at=self.now, **values)
        else:
            self._update(s.repository, s.repository.c.id == seen.id, **values)
            before = f"{row['owner']}/{row['name']}"
            if before != str(seen.ref):
                self._find(FindingKind.RENAMED, seen.id, {"from": before, "to": str(seen.ref)})
                self._changed_all(seen.id)
        names = {seen.ref.key: str(seen.ref)}
        if asked_as is not None:
            names.setdefault(asked_as.key, str(asked_as))
        alias = s.repository_alias
        for key, spelled in names.items():
            mine = (alias.c.name_key == key) & (alias.c.repository_id == seen.id)
            if self._one(alias, mine) is None:
                self._insert(
                    alias,
                    name_key=key,
                    repository_id=seen.id,
                    spelled=spelled,
                    first_seen_at=self.now,
                    last_seen_at=self.now,
                )
            else:
                self._update(alias, mine, last_seen_at=self.now)

    # --- observations ---

    def held_numbers(self, repository_id: int, numbers: Sequence[int]) -> set[int]:
        """Return those of the thread numbers that are kept already, public or not yet."""
        query = sa.select(s.thread.c.number).where(
            s.thread.c.repository_id == repository_id, s.thread.c.number.in_(sorted(set(numbers)))
        )
        return set(self._connection.execute(query).scalars())

    def observe_thread(self, repository_id: int, seen: ObservedThread) -> None:
        """Keep what a response said of a thread and its opening post. It becomes public with its first `settle`."""
        row = self._thread(repository_id, seen.number)
        if row is not None and seen.updated_at < row["updated_at"]:
            return  # an older answer than the one we have (a replica behind, or a page re-read): nothing new in it
        if self.declined(repository_id, seen.number, seen.opening.author):
            return
        if row is not None and self._erased_whole(row):
            self._update(s.thread, s.thread.c.id == row["id"], updated_at=seen.updated_at, last_checked_at=self.now)
            return
        fields = self._fields(seen, row)
        raw: Mapping[str, Any] = {key: value for key, value in seen.opening.raw.items() if key not in _TEXTS}
        withheld, textless = self._withheld_opening(row, repository_id, seen.opening.id, seen.opening.author)
        if withheld is not None:
            fields["title_withdrawn"] = True
        if textless:
            fields["title"], raw = None, {}
        if row is not None and self.opted_out(seen.opening.author):
            fields["title"], raw = row["fields"]["title"], row["raw"]
        values: dict[str, Any] = {
            "kind": seen.kind.value,
            "fields": fields,
            "raw": raw,
            "comments_upstream": seen.comments,
            "updated_at": seen.updated_at,
            "last_checked_at": self._archived_at or self.now,
        }
        if row is None:
            thread_id = self._insert(
                s.thread,
                repository_id=repository_id,
                number=seen.number,
                dirty=True,
                post_count=0,
                created_at=seen.created_at,
                **values,
            )
        else:
            thread_id = row["id"]
            counted = seen.comments != row["comments_upstream"]
            if fields != row["fields"] or counted:
                values["dirty"] = True
            self._update(s.thread, s.thread.c.id == thread_id, **values)
            if row["gone_status"] is not None:
                self.mark_thread_back(repository_id, seen.number)
            self._replace_opening(row, seen.opening.id)
        self._observe(thread_id, [seen.opening])
        if row is None:
            self._place_texts(thread_id)

    def _fields(self, seen: ObservedThread, row: sa.RowMapping | None) -> digests.Record:
        before = row["fields"] if row else {}
        closed_by = None if self.opted_out(seen.closed_by) else digests.account_record(seen.closed_by)
        closed_at = iso(seen.closed_at) if seen.closed_at else None
        if not seen.closed_by_known and closed_at and before.get("closed_at") == closed_at:
            closed_by = before["closed_by"]
        return {
            "number": seen.number,
            "kind": seen.kind.value,
            "title": seen.title,
            "state": seen.state,
            "state_reason": seen.state_reason,
            "locked": seen.locked,
            "lock_reason": seen.lock_reason,
            "labels": list(seen.labels),
            "milestone": seen.milestone,
            "assignees": list(seen.assignees),
            # The author and their standing as first seen: accounts are deleted and people join projects later.
            "author": before.get("author") or digests.account_record(seen.opening.author),
            "author_association": before.get("author_association") or seen.opening.author_association,
            "created_at": iso(seen.created_at),
            "closed_at": closed_at,
            "closed_by": closed_by,
            "merged_at": iso(seen.merged_at) if seen.merged_at else None,
            "draft": seen.draft,
            "category": seen.category,
        }

    def observe_posts(self, repository_id: int, number: int, posts: Sequence[ObservedPost]) -> None:
        """Keep messages of a thread that is kept: a text not seen before becomes a further revision.

        Raises NotHeld for a thread that `observe_thread` has never kept.
        """
        row = self._kept(repository_id, number)
        self._observe(row["id"], posts)

    def _observe(self, thread_id: int, posts: Sequence[ObservedPost]) -> None:
        if not posts:
            return
        thread = self._one(s.thread, s.thread.c.id == thread_id)
        if thread is None:
            raise NotHeld(f"no thread {thread_id} is kept", key=str(thread_id))
        if self._erased_whole(thread):
            return
        changed = False
        for at in range(0, len(posts), _BATCH):
            changed |= self._observe_batch(thread, posts[at : at + _BATCH])
        if changed:
            self._update(s.thread, s.thread.c.id == thread_id, dirty=True)

    def _observe_batch(self, thread: sa.RowMapping, posts: Sequence[ObservedPost]) -> bool:
        """Keep some messages of one thread; return whether any of them is new or says something else than before."""
        thread_id = thread["id"]
        held = self._held_posts(thread_id, posts)
        self._save_accounts([post.author for post in posts if post.author and not self.opted_out(post.author)])
        unknown = [each for each in posts if (each.kind.value, each.id) not in held]
        self._withdraw_renumbered(
            thread,
            [(each.kind.value, each.id, each.created_at, each.author.id if each.author else None) for each in unknown],
        )
        revisions: dict[str, dict[str, Any]] = {}
        new: dict[tuple[str, int], dict[str, Any]] = {}
        changed = False
        for seen in posts:
            key = (seen.kind.value, seen.id)
            # The same post twice in one answer (a page that shifted) is one post: the second is held against the first.
            row = new.get(key) or held.get(key)
            if row is not None and seen.updated_at < row["updated_at"]:
                continue  # an older answer than the one we have
            author = seen.author
            if row is not None and row["author_id"] is not None:
                author = Account(row["author_id"], row["author_login"])
                if seen.author is None:
                    self._note_author_gone(thread, author)
            if row is not None and row.get("gone_status") is not None:
                self._mark_post_back(thread, row)
                held[key] = row = {**row, "gone_status": None, "gone_since": None}
                changed = True
            declined = self.opted_out(seen.author)
            if declined and row is not None:
                continue
            if declined:
                seen, author = _placeholder(seen), None
                withheld: tuple[int | None, bool] = (self._opt_out_withdrawal(), False)
            else:
                who = author.id if author else None
                withheld = self._withheld(thread, thread["repository_id"], key, who)
            # Author and time are as first seen: what a text's digest covers must not change under it.
            first = seen if row is None else replace(seen, created_at=row["created_at"])
            digest = digests.digest(digests.post_revision(first, author))
            # An opening post's `updated_at` moves with every comment: it tells nothing of an edit.
            edited = seen.kind is not PostKind.OPENING and seen.updated_at > seen.created_at
            revisions[digest] = {
                "digest": digest,
                "thread_id": thread_id,
                "kind": seen.kind.value,
                "github_id": seen.id,
                "body": "" if withheld[1] else seen.body,
                "edited_at": seen.updated_at if edited else None,
                "captured_at": self.now,
                "raw": {} if withheld[1] else seen.raw,
                "source": "seen" if self._archived_at is None else "gharchive",
                "erased_at": self.now if withheld[1] else None,
                "archived_at": self._archived_at,
            }
            node_id = seen.raw.get("node_id")
            values: dict[str, Any] = {
                "author_id": author.id if author else None,
                "author_login": author.login if author else None,
                "updated_at": seen.updated_at,
                "revision": digest,
                "state": seen.state,
                "reply_to": seen.reply_to,
                "withdrawn": withheld[0],
            }
            # What an answer does not give stays as an earlier one gave it.
            if seen.reactions is not None or row is None:
                values["reactions"] = dict(seen.reactions) if seen.reactions is not None else None
            if isinstance(node_id, str) or row is None:
                values["node_id"] = node_id if isinstance(node_id, str) else None
            if row is not None and not row["author_association"] and seen.author_association:
                values["author_association"] = seen.author_association  # not told by what was seen first
            if row is None:
                new[key] = {
                    "thread_id": thread_id,
                    "kind": seen.kind.value,
                    "github_id": seen.id,
                    "author_association": seen.author_association,
                    "created_at": seen.created_at,
                    **values,
                }
            elif key in new:
                new[key] |= values
            elif any(row[name] != value for name, value in values.items()):
                self._update(s.post, s.post.c.id == row["id"], **values)
                held[key] = {**row, **values}
                changed = changed or any(row[name] != values[name] for name in _TELLING if name in values)
                if row.get("reactions") != values.get("reactions", row.get("reactions")):
                    self._changed(thread)
        r = s.revision.c
        query = sa.select(r.digest, r.source, r.erased_at, r.archived_at).where(
            r.thread_id == thread_id, r.digest.in_(sorted(revisions))
        )
        known = {each.digest: each for each in self._connection.execute(query)}
        for digest, was in sorted(known.items()):
            if self._archived_at is not None:
                self._archived_again(thread_id, was, revisions[digest]["raw"])
                continue
            values = {"source": "seen"}
            if was.erased_at is not None:
                # Erased, and restored since: what is still there upstream may be kept again.
                values |= {name: revisions[digest][name] for name in ("body", "raw", "erased_at")}
            elif was.source != "seen":
                # Told by the edit history before, and now seen by ourselves, with the object that showed it.
                values["raw"] = revisions[digest]["raw"]
            if revisions[digest]["erased_at"] is None and len(values) > 1:
                mine = (s.revision.c.thread_id == thread_id) & (s.revision.c.digest == digest)
                self._update(s.revision, mine, **values)
        self._insert_all(s.revision, [values for digest, values in revisions.items() if digest not in known])
        self._insert_all(s.post, list(new.values()))
        return changed or bool(new)

    def _note_author_gone(self, thread: sa.RowMapping, author: Account) -> None:
        """Note, once for a thread, that GitHub shows no author any more where it showed one before."""
        f = s.finding
        query = sa.select(f.c.detail).where(f.c.thread_id == thread["id"], f.c.kind == FindingKind.AUTHOR_GONE.value)
        if all(detail["id"] != author.id for detail in self._connection.execute(query).scalars()):
            detail = {"id": author.id, "login": author.login}
            self._find(FindingKind.AUTHOR_GONE, thread["repository_id"], detail, thread_id=thread["id"])
            self._changed(thread)

    def _held_posts(self, thread_id: int, posts: Sequence[ObservedPost]) -> dict[tuple[str, int], Mapping[str, Any]]:
        held: dict[tuple[str, int], Mapping[str, Any]] = {}
        for kind in {post.kind.value for post in posts}:
            ids = sorted({post.id for post in posts if post.kind.value == kind})
            query = sa.select(s.post).where(
                s.post.c.thread_id == thread_id, s.post.c.kind == kind, s.post.c.github_id.in_(ids)
            )
            rows = self._connection.execute(query).mappings()
            held |= {(kind, row["github_id"]): dict(row) for row in rows}
        return held

    def mark_checked(self, repository_id: int, number: int) -> None:
        """Note that a thread was asked for and found as it was."""
        mine = (s.thread.c.repository_id == repository_id) & (s.thread.c.number == number)
        self._update(s.thread, mine, last_checked_at=self.now)


def _placeholder(seen: ObservedPost) -> ObservedPost:
    """Return what is kept of a post whose author opted out: that it is there."""
    return replace(
        seen, author=None, author_association="NONE", body="", body_html=None, raw={}, reactions=None, state=None
    )
