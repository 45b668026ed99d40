"""Tells cheaply whether what the store shows has changed: at all, or about one thread.

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

from archiver.model import thread_key
from archiver.store import schema as s
from archiver.store.engine import translated
from archiver.store.values import thread_row


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a thread's page was made from: `text` is another one when anything of it is; `at` is when it last changed.

    The same everywhere, in whichever process. `moments` are those whose distance from now a page tells.
    """

    text: str
    at: datetime
    moments: tuple[datetime, ...]


class FreshnessReading:
    """The part of reading that answers whether something changed."""

    _engine: sa.Engine
    url: str

    def __init__(self) -> None:
        self._watching = threading.Lock()
        self._watch: Any = None

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

    def stamp(self, repository_id: int, number: int) -> Stamp | None:
        """Return the stamp of a thread; None if it is not held, or withdrawn. It costs a few small queries."""
        change, state, repository, failure = s.change, s.crawl_state, s.repository, s.failure
        with translated(self.url), self._engine.connect() as connection, connection.begin():
            row = thread_row(connection, repository_id, number)
            if row is None:
                return None
            home = row["repository_id"]
            of_thread = (failure.c.repository_id == home) & failure.c.target.in_(["", f"#{row['number']}"])
            parts: list[Any] = [row[name] for name in ("id", "snapshot", "gap", "gone_status", "gone_since")]
            key = thread_key(home, row["number"])
            parts.append(connection.execute(sa.select(change.c.number).where(change.c.key == key)).scalar())
            for query in (
                sa.select(state.c.last_sweep_at, state.c.swept, state.c.not_asked).where(state.c.repository_id == home),
                sa.select(repository).where(repository.c.id == home),
                sa.select(failure.c.target, failure.c.at).where(of_thread).order_by(failure.c.target),
                sa.select(sa.func.max(s.finding.c.id)).where(s.finding.c.repository_id == home),
                sa.select(sa.func.max(s.withdrawal.c.id)),
                # Pictures come after the posts that show them.
                sa.select(sa.func.count(s.media.c.digest)),
            ):
                parts.append([tuple(each) for each in connection.execute(query)])
            times = connection.execute(
                sa.select(
                    sa.func.max(s.finding.c.at, type_=s.Moment()),
                    sa.select(sa.func.max(s.withdrawal.c.at, type_=s.Moment())).scalar_subquery(),
                    sa.select(sa.func.max(s.withdrawal.c.lifted_at, type_=s.Moment())).scalar_subquery(),
                    sa.select(state.c.last_sweep_at).where(state.c.repository_id == home).scalar_subquery(),
                ).where(s.finding.c.repository_id == home)
            ).one()
        seen = (row["captured_at"], row["last_checked_at"], row["detailed_at"])
        moments = tuple(each for each in (row["created_at"], row["first_captured_at"], *seen, times[3]) if each)
        text = sha256(repr([parts, [*seen, *times]]).encode()).hexdigest()
        return Stamp(text, max(each for each in (*seen, *times) if each is not None), moments)
