"""The statements that all writing uses, and the few rows that several kinds of writing meet.

It decides nothing about what is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from archiver.errors import NotHeld
from archiver.model import Account, FindingKind, PostKind, thread_key
from archiver.store import schema as s


class Rows:
    """A connection within one writing transaction. `now` is the time of all that it saves.

    While what GH Archive saw is kept, `_archived_at` is the hour in which it did; what it saw proves nothing of now.
    """

    _archived_at: datetime | None = None

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection = connection
        self.now = now.replace(microsecond=0)

    def _one(self, table: sa.Table, where: sa.ColumnElement[bool]) -> sa.RowMapping | None:
        return self._connection.execute(sa.select(table).where(where)).mappings().one_or_none()

    def _all(self, query: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        return self._connection.execute(query).mappings().all()

    def _insert(self, table: sa.Table, **values: Any) -> int:
        result = self._connection.execute(sa.insert(table), values)
        key = result.inserted_primary_key
        return int(key[0]) if key and isinstance(key[0], int) else 0

    def _insert_all(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._connection.execute(sa.insert(table), list(rows))

    def _update(self, table: sa.Table, where: sa.ColumnElement[bool], **values: Any) -> None:
        self._connection.execute(sa.update(table).where(where).values(**values))

    def save_note(self, name: str, value: Mapping[str, Any]) -> None:
        """Keep a small fact under a name, in place of the one before."""
        if self._one(s.note, s.note.c.name == name) is None:
            self._insert(s.note, name=name, value=value)
        else:
            self._update(s.note, s.note.c.name == name, value=value)

    # --- threads and posts ---

    def _thread(self, repository_id: int, number: int) -> sa.RowMapping | None:
        return self._one(s.thread, (s.thread.c.repository_id == repository_id) & (s.thread.c.number == number))

    def _kept(self, repository_id: int, number: int) -> sa.RowMapping:
        row = self._thread(repository_id, number)
        if row is None:
            key = thread_key(repository_id, number)
            raise NotHeld(f"no thread {key} is kept", key=key)
        return row

    def _post(self, thread_id: int, kind: PostKind, github_id: int) -> sa.RowMapping | None:
        mine = (s.post.c.thread_id == thread_id) & (s.post.c.kind == kind.value) & (s.post.c.github_id == github_id)
        return self._one(s.post, mine)

    def _present(self, repository_id: int, number: int) -> Sequence[sa.RowMapping]:
        """Return kind, number and GraphQL's name of a thread's posts that are held and not known to be gone."""
        p, t = s.post.c, s.thread.c
        query = sa.select(p.kind, p.github_id, p.node_id).join(s.thread, t.id == p.thread_id)
        return self._all(query.where(t.repository_id == repository_id, t.number == number, p.gone_status.is_(None)))

    def _save_accounts(self, seen: Sequence[Account]) -> None:
        """Keep accounts, and every login that they bear; the first one stays the account's own."""
        by_id = {each.id: each for each in seen}
        if not by_id:
            return
        at = self._archived_at or self.now
        query = sa.select(s.account.c.id).where(s.account.c.id.in_(sorted(by_id)))
        known = set(self._connection.execute(query).scalars())
        rows = [
            {"id": each.id, "login": each.login, "bot": each.bot, "first_seen_at": at}
            for each in by_id.values()
            if each.id not in known
        ]
        self._insert_all(s.account, rows)
        alias = s.account_alias
        names = {(each.login.lower(), each.id): each.login for each in seen}
        query = sa.select(alias).where(alias.c.account_id.in_(sorted(by_id)))
        had = {(row["login_key"], row["account_id"]): row["last_seen_at"] for row in self._all(query)}
        self._insert_all(
            alias,
            [
                {
                    "login_key": key,
                    "account_id": number,
                    "spelled": login,
                    "first_seen_at": at,
                    "last_seen_at": at,
                }
                for (key, number), login in names.items()
                if (key, number) not in had
            ],
        )
        for key, number in names:
            # A day's precision will do: this is met with every page of every list.
            if (key, number) in had and at - had[key, number] >= timedelta(days=1):
                mine = (alias.c.login_key == key) & (alias.c.account_id == number)
                self._update(alias, mine, last_seen_at=at)

    # --- what readers and the index follow ---

    def _note_change(self, action: str, key: str) -> None:
        counter = s.change_counter
        row = self._one(counter, counter.c.id == 1)
        number = (row["value"] if row else 0) + 1
        if row is None:
            self._insert(counter, id=1, value=number)
        else:
            self._update(counter, counter.c.id == 1, value=number)
        if self._one(s.change, s.change.c.key == key) is None:
            self._insert(s.change, key=key, number=number, action=action)
        else:
            self._update(s.change, s.change.c.key == key, number=number, action=action)

    def _changed(self, thread: sa.RowMapping) -> None:
        """Note that readers see something else of a thread than before; nothing if they never saw it."""
        if thread["snapshot"] is not None:
            action = "put" if thread["withdrawn"] is None else "delete"
            self._note_change(action, thread_key(thread["repository_id"], thread["number"]))

    def _changed_all(self, repository_id: int) -> None:
        """Note that readers see something else of all threads of a repository."""
        t = s.thread.c
        query = sa.select(t.repository_id, t.number, t.snapshot, t.withdrawn)
        for row in self._all(query.where(t.repository_id == repository_id, s.public)):
            self._changed(row)

    def _find(
        self,
        kind: FindingKind,
        repository_id: int,
        detail: Mapping[str, Any],
        *,
        thread_id: int | None = None,
        post_id: int | None = None,
    ) -> None:
        """Add a finding; they are never changed. What `detail` holds stands at `FindingKind`."""
        self._insert(
            s.finding,
            at=self.now,
            kind=kind.value,
            repository_id=repository_id,
            thread_id=thread_id,
            post_id=post_id,
            detail=dict(detail),
        )
