"""Reads the addresses of all public threads, a span of them at a time, for who lists everything.

What stands at them is `archiver.store.reading`'s.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from archiver.references import ThreadKind, ThreadRef
from archiver.store import schema as s
from archiver.store.engine import translated


class AddressReading:
    """The part of reading that lists addresses. Spans are of the store's own numbers of threads, from 1 on."""

    _engine: sa.Engine
    url: str

    def parts(self, size: int) -> list[tuple[int, datetime]]:
        """Return the spans of `size` numbers in which there is a public thread, with the time of its last capture."""
        t = s.thread.c
        part = (t.id - 1) // size
        query = (
            sa.select(part, sa.func.max(t.captured_at, type_=s.Moment())).where(s.public).group_by(part).order_by(part)
        )
        with translated(self.url), self._engine.connect() as connection, connection.begin():
            return [(row[0] + 1, row[1]) for row in connection.execute(query)]

    def addresses(self, part: int, size: int) -> list[tuple[ThreadRef, datetime]]:
        """Return the public threads of a span, each with the time of its last capture; at most `size` of them."""
        t, r = s.thread.c, s.repository.c
        query = (
            sa.select(r.owner, r.name, t.number, t.kind, t.captured_at)
            .join(s.repository, r.id == t.repository_id)
            .where(s.public, t.id > (part - 1) * size, t.id <= part * size)
            .order_by(t.id)
        )
        with translated(self.url), self._engine.connect() as connection, connection.begin():
            return [
                (ThreadRef(row.owner, row.name, row.number, ThreadKind(row.kind)), row.captured_at)
                for row in connection.execute(query)
            ]
