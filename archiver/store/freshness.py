"""Tells cheaply whether what the store shows has changed: at all, about one thread, or by what was withdrawn.

What is shown is read elsewhere (`archiver.store.reading`); nothing is remembered here but a connection.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from archiver.references import ThreadKind, ThreadRef
from archiver.store import statements
from archiver.store.engine import translated
from archiver.store.values import row_at


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a thread's page was made from: `text` is another one when anything of it is; `at` is when it last changed.

    The same everywhere, in whichever process. `ref` is where the thread is now, `moments` are those whose distance from
    now a page tells.
    """

    text: str
    ref: ThreadRef
    at: datetime
    moments: tuple[datetime, ...]


class FreshnessReading:
    """The part of reading that answers whether something changed."""

    _engine: sa.Engine
    url: str

    def __init__(self) -> None:
        self._watching = threading.Lock()
        self._watch: Any = None
        self._withheld: tuple[tuple[int, int], frozenset[str]] | None = None

    def version(self) -> Hashable:
        """Return a value that differs from the one before if anything was committed since, by whichever process.

        It means nothing in another process, and costs some microseconds. Raises StoreError.
        """
        if self._engine.dialect.name != "sqlite" or self._engine.url.database in {None, "", ":memory:"}:
            return object()  # nothing is known, so nothing is ever the same
        with translated(self.url), self._watching:
            if self._watch is None:
                # A connection of its own, which never writes: SQLite counts what all others commit.
                self._watch = self._engine.raw_connection()
                self._watch.detach()
            return int(self._watch.dbapi_connection.execute("PRAGMA data_version").fetchone()[0])

    def forget_watch(self) -> None:
        """Close the connection that watches."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
            self._watch = None

    def withheld_since(self, change: int) -> frozenset[str]:
        """Return the keys of the threads that changed after a change, and of which something is withdrawn here.

        What was made of them before that change may tell what is not told any more. Whole threads that are withdrawn,
        and places that were left, are among them. It costs one small query as long as nothing changes.
        """
        with translated(self.url), self._engine.connect() as connection, connection.begin():
            last = connection.execute(statements.LAST_CHANGE).scalar_one_or_none() or 0
            if last <= change:
                return frozenset()
            known = self._withheld
            if known is None or known[0] != (change, last):
                found = connection.execute(statements.WITHHELD_SINCE, {"change": change}).scalars()
                self._withheld = known = (change, last), frozenset(found)
        return known[1]

    def stamp(self, repository_id: int, number: int) -> Stamp | None:
        """Return the stamp of a thread; None if it is not held, or withdrawn. It costs two small queries."""
        with translated(self.url), self._engine.connect() as connection, connection.begin():
            row = row_at(connection, statements.STAMP, repository_id, number)
            if row is None:
                return None
            of_thread = {"repository": row["repository_id"], "target": f"#{row['number']}"}
            failures = [(each.target, each.at) for each in connection.execute(statements.FAILURES, of_thread)]
        text = sha256(repr([tuple(row.values()), failures]).encode()).hexdigest()
        seen = (row["captured_at"], row["last_checked_at"], row["detailed_at"])
        changed = (*seen, row["last_sweep_at"], row["found_at"], row["withdrawn_at"], row["lifted_at"])
        told = (row["created_at"], row["first_captured_at"], *seen, row["last_sweep_at"])
        return Stamp(
            text=text,
            ref=ThreadRef(row["repository_owner"], row["repository_name"], row["number"], ThreadKind(row["kind"])),
            at=max(each for each in changed if each is not None),
            moments=tuple(each for each in told if each is not None),
        )
