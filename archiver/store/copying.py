"""Copies a whole store into a file of its own, and fills an empty store from such a file; clears a copy for others.

What is around the file (its name, its manifest, its digest) is `archiver.exporting`'s.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from archiver.store import schema as s
from archiver.store.engine import translated
from archiver.store.opting import NOTE as OPT_OUT
from archiver.store.settling import Judge
from archiver.store.withdrawing import Target, Withdrawing


def copy_out(engine: sa.Engine, url: str, path: Path) -> None:
    """Write the store as it is at one moment into a new SQLite file; others may read and write meanwhile.

    Raises StoreError if it cannot be written, or is there already.
    """
    with translated(url):
        pooled = engine.raw_connection()
        try:
            pooled.cursor().execute("VACUUM INTO ?", (str(path),))
        finally:
            pooled.close()


def copy_in(engine: sa.Engine, url: str, path: Path) -> None:
    """Put the content of an SQLite file in the place of all that a store holds, in one transaction.

    Raises StoreError; the store is as before then.
    """
    with translated(url):
        pooled = engine.raw_connection()
        try:
            target = pooled.driver_connection
            if not isinstance(target, sqlite3.Connection):
                raise TypeError("a store is an SQLite database")
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source:
                # In one step: a reader sees the store as it was, or as it is then.
                source.backup(target, pages=-1)
        finally:
            pooled.close()


def is_empty(connection: sa.Connection) -> bool:
    """Return whether nothing was ever kept in a store, and nothing withdrawn or excluded."""
    tables = (s.repository, s.withdrawal, s.opt_out, s.import_file, s.watch_state)
    return not any(connection.execute(sa.select(sa.literal(1)).select_from(each).limit(1)).first() for each in tables)


class Clearing(Withdrawing):
    """The part of a writing transaction that makes a copy fit to be given to others."""

    def clear_for_others(self, judge: Judge) -> int:
        """Erase what is withdrawn and not erased yet, and forget what is for the operator alone; return how many texts.

        That is the notes of withdrawals and the opt-out list. What erasing leaves in the files is `Store.scrub`'s.
        """
        erased = 0
        w = s.withdrawal
        query = sa.select(w).where(w.c.lifted_at.is_(None), w.c.scope != "opt-out").order_by(w.c.id)
        rows = self._all(query)
        # Not by further withdrawals: the tombstones go on telling when and why.
        self._update(w, w.c.id.in_([row["id"] for row in rows]), erased=True)
        self._standing = None
        for row in rows:
            target = Target(
                scope=row["scope"],
                name=row["target"],
                account_id=row["account_id"],
                repository_id=row["repository_id"],
                thread_id=row["thread_id"],
                kind=row["kind"],
                github_id=row["github_id"],
            )
            erased += self.withdraw(target, reason=row["reason"], note=None, erase=True, judge=judge).erased
        self._connection.execute(sa.update(w).values(note=None))
        self._connection.execute(sa.delete(s.opt_out))
        self._connection.execute(sa.delete(s.note).where(s.note.c.name == OPT_OUT))
        return erased
