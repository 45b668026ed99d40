"""Writes what GH Archive saw: threads, posts and texts as of an hour that is past, and which files were read.

It decides nothing about what is worth keeping (`archiver.gharchive` does), and never sets back what is known of later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver.model import FindingKind, Relevance, iso, parse_iso
from archiver.observed import ObservedThread, Sighting
from archiver.store import schema as s
from archiver.store.settling import Judge
from archiver.store.writing import Transaction


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a sighting: new `threads` and `posts`, new `texts` of posts that are held.

    `waiting` texts are kept until their thread is held; of `withheld` threads nothing is taken.
    """

    threads: int = 0
    posts: int = 0
    texts: int = 0
    waiting: int = 0
    withheld: int = 0

    def __add__(self, other: Kept) -> Kept:
        return Kept(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Imports:
    """The hours of GH Archive that were imported: how many, `first` and `last` of their files, those with `gaps`.

    `unfinished` files are begun again by the next import; `waiting` texts are kept until their threads are held.
    """

    hours: int
    first: str
    last: str
    gaps: tuple[tuple[str, str], ...]
    unfinished: int
    waiting: int


class ImportReading:
    """The part of a store's reading access that is about imports."""

    def _connection(self) -> AbstractContextManager[sa.Connection]:
        raise NotImplementedError

    def imports(self) -> Imports | None:
        """Return which hours of GH Archive were imported; None if an import was never begun."""
        f = s.import_file.c
        with self._connection() as connection:
            rows = connection.execute(sa.select(f.name, f.done_at, f.counts)).all()
            waiting = connection.execute(sa.select(sa.func.count()).select_from(s.unplaced)).scalar_one()
        done = sorted((row for row in rows if row.done_at is not None), key=lambda row: hour_key(row.name))
        gaps = tuple((row.name, row.counts["gap"]) for row in done if row.counts.get("gap"))
        if not rows:
            return None
        first, last = (done[0].name, done[-1].name) if done else ("", "")
        return Imports(len(done), first, last, gaps, len(rows) - len(done), waiting)


def hour_key(name: str) -> tuple[str, int]:
    """Return by what names of hourly files sort as their hours do: `2018-02-16-9` comes before `2018-02-16-10`."""
    day, _, hour = name.partition(".")[0].rpartition("-")
    return day, int(hour) if hour.isdigit() else 0


class Importing(Transaction):
    """A writing transaction that keeps what GH Archive saw."""

    # --- sightings ---

    def keep_sighting(self, seen: Sighting, relevance: Relevance, judge: Judge) -> Kept:
        """Keep what was seen of a thread in its hour. A new thread is public at once, and queued to be fetched whole.

        `relevance` is the verdict on what the sighting shows, `judge` makes one where more than that is held.
        """
        self._archived_at = seen.at
        try:
            self._note_repository(seen)
            row = self._thread(seen.repository_id, seen.number)
            if row is not None:
                return self._add_to(row, seen)
            moved = self._moved_to(seen.repository_id, seen.number)
            if moved is not None:
                return self._add_to_moved(moved, seen)
            if seen.thread is None or seen.thread.opening.id == 0:
                return self._wait(seen)
            return self._begin(seen, seen.thread, relevance, judge)
        finally:
            self._archived_at = None

    def _begin(self, seen: Sighting, thread: ObservedThread, relevance: Relevance, judge: Judge) -> Kept:
        repository_id, number = seen.repository_id, seen.number
        if self.declined(repository_id, number, thread.opening.author):
            return Kept(withheld=1)
        self.observe_thread(repository_id, thread)
        row = self._kept(repository_id, number)
        posts, _ = self._take_posts(row, seen.posts)
        texts = self._replaced_opening(row, seen)
        self.add_candidate(repository_id, number)
        held = sum(len(each) for each in self.present_posts(repository_id, number).values())
        as_judged = held == 1 + posts and len({each.id for each in seen.posts}) == posts
        self.settle(repository_id, number, (lambda _title, _posts: relevance) if as_judged else judge)
        return Kept(threads=1, posts=1 + posts, texts=texts)

    def _add_to(self, row: sa.RowMapping, seen: Sighting) -> Kept:
        """Keep what was seen of a thread that is held."""
        if self._erased_whole(row):
            return Kept(withheld=1)
        texts = 0
        thread = seen.thread
        opening = self._opening(row["id"])
        if thread is not None and opening is not None:
            if thread.opening.id == 0:
                thread = replace(thread, opening=replace(thread.opening, id=opening["github_id"]))
            if thread.opening.id == opening["github_id"] and self._is_newer(row, thread, seen.at):
                before = opening["revision"]
                self.observe_thread(seen.repository_id, _completed(thread, seen.lacks, row))
                now = self._opening(row["id"])
                texts += now is not None and now["revision"] != before
            else:
                texts += self._add_earlier(row, [thread.opening])
            texts += self._replaced_opening(row, replace(seen, thread=thread))
        posts, more = self._take_posts(row, seen.posts)
        if posts:
            self._forget_answers_about(seen.repository_id, seen.number)
        now_row = self._kept(seen.repository_id, seen.number)
        if posts or (now_row["dirty"] and not row["dirty"]):
            # What is new may be gone from GitHub since, or there may be more of it: that is for a crawl to ask.
            self.add_candidate(seen.repository_id, seen.number)
        return Kept(posts=posts, texts=texts + more)

    def _forget_answers_about(self, repository_id: int, number: int) -> None:
        """Forget the ETags of a thread's lists: that they did not change says nothing of posts that were added here."""
        alias, url = s.repository_alias.c, sa.func.lower(s.http_cache.c.url)
        names = self._connection.execute(
            sa.select(alias.name_key).where(alias.repository_id == repository_id)
        ).scalars()
        for place in (*(f"/repos/{name}" for name in names), f"/repositories/{repository_id}"):
            for path in (f"{place}/issues/{number}", f"{place}/pulls/{number}"):
                itself = url.endswith(path, autoescape=True)
                lists = url.contains(f"{path}/", autoescape=True)
                self._connection.execute(sa.delete(s.http_cache).where(itself | lists))

    def _add_to_moved(self, row: sa.RowMapping, seen: Sighting) -> Kept:
        """Keep texts of a thread that was transferred since: of the posts that still have the numbers from then.

        Others cannot be told from those that they became.
        """
        if self._erased_whole(row):
            return Kept(withheld=1)
        return Kept(texts=self._add_earlier(row, [each for each in seen.all_posts if each.id]))

    def _wait(self, seen: Sighting) -> Kept:
        self.add_candidate(seen.repository_id, seen.number)
        return Kept(waiting=self._set_aside(seen.repository_id, seen.number, seen.all_posts))

    def _replaced_opening(self, row: sa.RowMapping, seen: Sighting) -> int:
        """Keep the opening text that an edit replaced, if the event told of one."""
        if seen.before is None or seen.thread is None:
            return 0
        former = replace(seen.thread.opening, body=seen.before, body_html=None)
        return self._add_earlier(row, [replace(former, raw={**former.raw, "body": seen.before})])

    def _is_newer(self, row: sa.RowMapping, thread: ObservedThread, at: datetime) -> bool:
        """Return whether a thread's fields as GH Archive saw them are newer than those held; of a tie, the later look.

        Of one that is gone or withheld here nothing is brought up to date.
        """
        if row["gone_status"] is not None or row["withdrawn"] is not None or row["fields"].get("title_withdrawn"):
            return False
        held: datetime = row["updated_at"]
        return thread.updated_at > held or (thread.updated_at == held and row["last_checked_at"] <= at)

    def _moved_to(self, repository_id: int, number: int) -> sa.RowMapping | None:
        """Return the thread that was at that place before it was transferred."""
        alias = s.thread_alias
        was_here = self._one(alias, (alias.c.repository_id == repository_id) & (alias.c.number == number))
        return None if was_here is None else self._one(s.thread, s.thread.c.id == was_here["thread_id"])

    # --- repositories ---

    def _note_repository(self, seen: Sighting) -> None:
        """Keep the name that a repository had in that hour; it is its present one only if none is known from later."""
        r, at = s.repository, seen.at
        row = self._one(r, r.c.id == seen.repository_id)
        if row is None:
            values = {"owner": seen.name.owner, "name": seen.name.name, "first_seen_at": at, "last_seen_at": at}
            self._insert(r, id=seen.repository_id, **values)
        else:
            told = f"{row['owner']}/{row['name']}"
            later = at > row["last_seen_at"]
            if later and told != str(seen.name):
                self._update(r, r.c.id == row["id"], owner=seen.name.owner, name=seen.name.name)
                self._find(FindingKind.RENAMED, row["id"], {"from": told, "to": str(seen.name)})
                self._changed_all(row["id"])
            if later or at < row["first_seen_at"]:
                name = "last_seen_at" if later else "first_seen_at"
                self._update(r, r.c.id == row["id"], **{name: at})
        if self._note_name(seen):
            self._settle_name(seen)

    def _note_name(self, seen: Sighting) -> bool:
        """Keep a name as one of the repository's; return whether it is new."""
        alias, at = s.repository_alias, seen.at
        mine = (alias.c.name_key == seen.name.key) & (alias.c.repository_id == seen.repository_id)
        known = self._one(alias, mine)
        if known is None:
            times = {"first_seen_at": at, "last_seen_at": at}
            self._insert(
                alias, name_key=seen.name.key, repository_id=seen.repository_id, spelled=str(seen.name), **times
            )
            return True
        if at < known["first_seen_at"]:
            self._update(alias, mine, first_seen_at=at)
        elif at > known["last_seen_at"]:
            self._update(alias, mine, last_seen_at=at)
        return False

    def _settle_name(self, seen: Sighting) -> None:
        """See that a name is borne by one repository: by the one that was seen under it last."""
        r = s.repository
        borne = sa.func.lower(r.c.owner + "/" + r.c.name) == seen.name.key
        bearers = self._all(sa.select(r).where(borne).order_by(r.c.last_seen_at.desc(), r.c.id.desc()))
        for former in bearers[1:]:
            self.detach(former["id"], by=bearers[0]["id"])

    # --- settling ---

    def to_settle(self, limit: int, after: int) -> list[tuple[int, int, int]]:
        """Return public threads that wait to be fetched whole and of which something is in no snapshot yet.

        Each is (its row here, the repository, its number); rows come in order, from `after` on.
        """
        t, c = s.thread.c, s.candidate.c
        here = (c.repository_id == t.repository_id) & (c.number == t.number)
        query = (
            sa.select(t.id, t.repository_id, t.number)
            .join(s.candidate, here)
            .where(t.dirty, s.public, t.id > after)
            .order_by(t.id)
            .limit(limit)
        )
        return [(row.id, row.repository_id, row.number) for row in self._connection.execute(query)]

    # --- files ---

    def read_files(self, names: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Return those of the files that were read to their end: their sizes, and by which vocabulary."""
        f = s.import_file.c
        found: dict[str, tuple[int, str]] = {}
        for at in range(0, len(names), 500):
            query = sa.select(f.name, f.size, f.basis).where(f.done_at.is_not(None), f.name.in_(names[at : at + 500]))
            found |= {row.name: (row.size, row.basis) for row in self._connection.execute(query)}
        return found

    def note_file(self, name: str, size: int, basis: str, counts: Mapping[str, Any], *, done: bool) -> None:
        """Note that a file is being read, or (`done`) was read to its end; what was noted of it before is replaced."""
        mine = s.import_file.c.name == name
        values = {"size": size, "basis": basis, "counts": counts, "done_at": self.now if done else None}
        if self._one(s.import_file, mine) is None:
            self._insert(s.import_file, name=name, **values)
        else:
            self._update(s.import_file, mine, **values)


def _completed(thread: ObservedThread, lacks: frozenset[str], row: sa.RowMapping) -> ObservedThread:
    """Return a thread with what an event leaves open as it is held."""
    held = row["fields"]
    same_state = held["state"] == thread.state
    known: dict[str, Any] = {
        "locked": held["locked"],
        "lock_reason": held["lock_reason"] if held["locked"] else None,
        "labels": tuple(held["labels"]),
        "milestone": held["milestone"],
        "assignees": tuple(held["assignees"]),
        "comments": row["comments_upstream"],
        "draft": bool(held.get("draft")),
        "state_reason": held["state_reason"] if same_state else None,
        "merged_at": parse_iso(held["merged_at"]) if held["merged_at"] and same_state else None,
    }
    closed_at = iso(thread.closed_at) if thread.closed_at else None
    if closed_at != held["closed_at"]:
        known["merged_at"] = None
    return replace(thread, **{name: value for name, value in known.items() if name in lacks})
