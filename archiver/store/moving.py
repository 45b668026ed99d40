"""Writes that threads were transferred and that names changed hands, keeping one record of each.

It asks for nothing (`archiver.fetch` and `archiver.sweep` do).
"""

from __future__ import annotations

import re

import sqlalchemy as sa

from archiver.model import FindingKind, PostKind, thread_key
from archiver.references import RepositoryRef
from archiver.store import schema as s
from archiver.store.absorbing import Absorbing

_LINK = re.compile(r"github\.com/([A-Za-z0-9](?:[A-Za-z0-9_-]{0,38}))/([A-Za-z0-9._-]{1,100})")


class Moving(Absorbing):
    """The part of a writing transaction that is about names and places."""

    # --- names ---

    def detach(self, repository_id: int, by: int) -> None:
        """Take its name from a repository, since GitHub's repository `by` bears it now.

        It is kept as `owner/name~ID` from now on: no name on GitHub has a tilde, so this one is never taken over.
        """
        row = self._one(s.repository, s.repository.c.id == repository_id)
        if row is None or "~" in row["name"]:
            return
        lost = RepositoryRef(row["owner"], row["name"])
        own = RepositoryRef(row["owner"], f"{row['name']}~{repository_id}")
        self._update(s.repository, s.repository.c.id == repository_id, name=own.name)
        self._insert(
            s.repository_alias,
            name_key=own.key,
            repository_id=repository_id,
            spelled=str(own),
            first_seen_at=self.now,
            last_seen_at=self.now,
        )
        self._find(FindingKind.NAME_TAKEN, repository_id, {"name": str(lost), "by": by})
        self._changed_all(repository_id)

    def forget_answers(self, name: RepositoryRef) -> None:
        """Forget the ETags of what was asked for under a name, since it was about another repository."""
        mine = sa.func.lower(s.http_cache.c.url).contains(f"/repos/{name.key}/", autoescape=True)
        self._connection.execute(sa.delete(s.http_cache).where(mine))

    def unasked_names(self, repository_id: int, most: int) -> list[RepositoryRef]:
        """Return up to so many names that links in a repository's posts have and that nobody knows the bearer of.

        Those are meant that share the owner or the name with one that the repository ever had.
        """
        mine = sa.select(s.repository_alias.c.name_key).where(s.repository_alias.c.repository_id == repository_id)
        akin = {part for key in self._connection.execute(mine).scalars() for part in _parts(key)}
        t, p, r = s.thread, s.post, s.revision
        same_post = (p.c.thread_id == r.c.thread_id) & (p.c.kind == r.c.kind) & (p.c.github_id == r.c.github_id)
        query = (
            sa.select(r.c.body)
            .join(t, t.c.id == r.c.thread_id)
            .join(p, same_post)
            .where(t.c.repository_id == repository_id, s.public, p.c.withdrawn.is_(None))
            .where(r.c.body.contains("github.com/"))
            .order_by(r.c.captured_at, r.c.digest)
        )
        known = {
            key
            for table in (s.repository_alias, s.asked_name)
            for key in self._connection.execute(sa.select(table.c.name_key)).scalars()
        }
        found: dict[str, RepositoryRef] = {}
        for body in self._connection.execute(query.execution_options(yield_per=100)).scalars():
            for owner, name in _LINK.findall(body):
                ref = RepositoryRef(owner, name.rstrip(".").removesuffix(".git"))
                if ref.name and ref.key not in known and akin & _parts(ref.key):
                    found.setdefault(ref.key, ref)
            if len(found) >= most:
                break
        return list(found.values())[:most]

    def knows_repository(self, repository_id: int) -> bool:
        """Return whether anything was ever kept of the repository with that number."""
        return self._one(s.repository, s.repository.c.id == repository_id) is not None

    def note_asked_name(self, ref: RepositoryRef, repository_id: int | None) -> None:
        """Note whose name it is (None: nobody's that we may see), so that it is not asked for again."""
        if self._one(s.asked_name, s.asked_name.c.name_key == ref.key) is None:
            self._insert(s.asked_name, name_key=ref.key, repository_id=repository_id, asked_at=self.now)

    # --- places of threads ---

    def move_thread(self, repository_id: int, number: int, to_repository_id: int, to_number: int) -> None:
        """Note that a thread was transferred: its record is at its new place from now on, and found from the old one.

        If it is held there already, the two records become one. The thread is to be settled.
        Raises NotHeld for a thread that is not kept.
        """
        row = self._kept(repository_id, number)
        if (repository_id, number) == (to_repository_id, to_number):
            return
        there = self._thread(to_repository_id, to_number)
        places = {"from": self._named(repository_id, number), "to": self._named(to_repository_id, to_number)}
        if there is None:
            thread_id = row["id"]
            self._update(
                s.thread,
                s.thread.c.id == thread_id,
                repository_id=to_repository_id,
                number=to_number,
                fields={**row["fields"], "number": to_number},
                dirty=True,
            )
        else:
            thread_id = there["id"]
            self._absorb(row, there)
        alias = s.thread_alias
        was_here = (alias.c.repository_id == repository_id) & (alias.c.number == number)
        if self._one(alias, was_here) is None:
            self._insert(alias, repository_id=repository_id, number=number, thread_id=thread_id, first_seen_at=self.now)
        else:
            self._update(alias, was_here, thread_id=thread_id)
        self._withhold_merged(thread_id)
        self._find(FindingKind.MOVED, to_repository_id, places, thread_id=thread_id)
        if row["snapshot"] is not None:
            self._note_change("delete", thread_key(repository_id, number))
        now = self._one(s.thread, s.thread.c.id == thread_id)
        if now is not None:
            self._changed(now)

    def _named(self, repository_id: int, number: int) -> str:
        row = self._one(s.repository, s.repository.c.id == repository_id)
        return f"{row['owner']}/{row['name']}#{number}" if row else thread_key(repository_id, number)

    def _replace_opening(self, thread: sa.RowMapping, opening: int) -> None:
        """Note that a thread's opening post bears another number since its transfer."""
        p = s.post
        others = (p.c.thread_id == thread["id"]) & (p.c.kind == PostKind.OPENING.value) & (p.c.github_id != opening)
        for row in self._all(sa.select(p).where(others, p.c.gone_status.is_(None))):
            self._renumbered(thread, row)


def _parts(key: str) -> set[str]:
    """Return a repository's owner and name, told apart: the one is no reason to ask for the other."""
    owner, _, name = key.partition("/")
    return {f"{owner}/", f"/{name}"}
