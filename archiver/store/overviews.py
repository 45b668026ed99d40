"""Reads what overviews need of many threads at once, without their texts.

It changes nothing.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from archiver.references import ThreadKind
from archiver.store import schema as s
from archiver.store.statements import JUDGED
from archiver.store.values import relevance_of


@dataclass(frozen=True, slots=True)
class Debate:
    """A thread as a mark among many: `outcome` is `open`, `merged` or `closed`, `gone` that it is gone upstream."""

    number: int
    kind: ThreadKind
    created_at: datetime
    outcome: str
    gone: bool
    topics: tuple[str, ...]


class OverviewReading:
    """The part of a store's reading access that is about many threads at once."""

    def _connection(self) -> AbstractContextManager[sa.Connection]:
        raise NotImplementedError

    def debates(self, repository_id: int) -> list[Debate]:
        """Return all threads of a repository, oldest first."""
        t = s.thread.c
        query = (
            sa.select(t.number, t.kind, t.created_at, t.summary, JUDGED, t.gone_status)
            .where(s.public, t.repository_id == repository_id)
            .order_by(t.created_at, t.number)
        )
        with self._connection() as connection:
            return [
                Debate(
                    number=row.number,
                    kind=ThreadKind(row.kind),
                    created_at=row.created_at,
                    outcome="merged" if row.summary["merged_at"] else row.summary["state"],
                    gone=row.gone_status is not None,
                    topics=relevance_of(row.judged).topics,
                )
                for row in connection.execute(query)
            ]

    def last_pass_at(self) -> datetime | None:
        """Return when a pass over a repository's threads came to its end last; None if none ever did."""
        query = sa.select(sa.func.max(s.crawl_state.c.last_complete_at, type_=s.Moment()))
        with self._connection() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
            return found
