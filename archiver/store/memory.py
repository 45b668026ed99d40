"""Writes the crawl's own memory: where a pass stands, candidates, failures, ETags.

What was captured is written in `archiver.store.writing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver.store import schema as s
from archiver.store.rows import Rows


@dataclass(frozen=True, slots=True)
class CrawlState:
    """Where the crawl of a repository stands.

    `issues_cursor` and `comments_cursor` are the latest `updated_at` that a complete pass has seen. `phase` (`issues`,
    `comments`, `settle`, or one of the first two with a `+` for a second look; `search`; None when no pass is under
    way) and `progress` (the latest `updated_at` committed in that phase) tell where an unfinished pass goes on;
    `issues_high` is where its issues phase ended, `phase_started_at` is the server's clock when the phase began.
    `discussions_cursor` is the latest `updated_at` of a discussion that a complete pass has seen. `swept` says what the
    last sweep asked for and found; `not_asked` what the last pass could not ask for, and why.
    """

    basis: str
    issues_cursor: datetime | None = None
    comments_cursor: datetime | None = None
    phase: str | None = None
    progress: datetime | None = None
    issues_high: datetime | None = None
    comments_high: datetime | None = None
    phase_started_at: datetime | None = None
    first_complete_at: datetime | None = None
    last_complete_at: datetime | None = None
    discussions_cursor: datetime | None = None
    last_sweep_at: datetime | None = None
    swept: Mapping[str, Any] | None = None
    not_asked: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Cached:
    """What is known of a URL fetched before: its ETag, and where its `Link` led."""

    etag: str
    next_url: str | None


class Memory(Rows):
    """The part of a writing transaction that is about the crawl itself."""

    def crawl_state(self, repository_id: int) -> CrawlState | None:
        """Return where the crawl of a repository stands; None if there was none yet."""
        row = self._one(s.crawl_state, s.crawl_state.c.repository_id == repository_id)
        return None if row is None else CrawlState(**{k: v for k, v in row.items() if k != "repository_id"})

    def save_crawl_state(self, repository_id: int, state: CrawlState) -> None:
        """Keep where the crawl of a repository stands, in place of what was kept before."""
        mine = s.crawl_state.c.repository_id == repository_id
        if self._one(s.crawl_state, mine) is None:
            self._insert(s.crawl_state, repository_id=repository_id, **asdict(state))
        else:
            self._update(s.crawl_state, mine, **asdict(state))

    def finish_pass(self, repository_id: int, state: CrawlState) -> None:
        """Note that a pass over the repository is complete, and where the next one begins."""
        done = replace(
            state,
            issues_cursor=state.issues_high or state.issues_cursor,
            comments_cursor=state.comments_high or state.comments_cursor,
            phase=None,
            progress=None,
            issues_high=None,
            comments_high=None,
            phase_started_at=None,
            first_complete_at=state.first_complete_at or self.now,
            last_complete_at=self.now,
        )
        self.save_crawl_state(repository_id, done)

    def add_candidate(self, repository_id: int, number: int) -> None:
        """Note a thread that is to be fetched whole: a comment or GH Archive told of it."""
        mine = (s.candidate.c.repository_id == repository_id) & (s.candidate.c.number == number)
        if self._one(s.candidate, mine) is None:
            self._insert(s.candidate, repository_id=repository_id, number=number)

    def drop_candidate(self, repository_id: int, number: int) -> None:
        """Forget that a thread was to be fetched whole."""
        self._connection.execute(
            sa.delete(s.candidate).where(s.candidate.c.repository_id == repository_id, s.candidate.c.number == number)
        )

    def candidates(self, repository_id: int) -> list[int]:
        """Return the numbers of the threads that are to be fetched whole, in order."""
        query = sa.select(s.candidate.c.number).where(s.candidate.c.repository_id == repository_id)
        return sorted(self._connection.execute(query).scalars())

    def note_failure(self, repository_id: int, target: str, reason: str) -> None:
        """Keep that a fetch failed, until `clear_failure`; shown as part of the coverage."""
        mine = (s.failure.c.repository_id == repository_id) & (s.failure.c.target == target)
        row = self._one(s.failure, mine)
        if row is None:
            self._insert(s.failure, repository_id=repository_id, target=target, reason=reason, at=self.now, times=1)
        else:
            self._update(s.failure, mine, reason=reason, at=self.now, times=row["times"] + 1)

    def clear_failure(self, repository_id: int, target: str) -> None:
        """Forget the failures of a target, since it was fetched."""
        self._connection.execute(
            sa.delete(s.failure).where(s.failure.c.repository_id == repository_id, s.failure.c.target == target)
        )

    def clear_failures(self, repository_id: int, targets: Sequence[str]) -> None:
        """Forget the failures of targets that have been read since."""
        self._connection.execute(
            sa.delete(s.failure).where(s.failure.c.repository_id == repository_id, s.failure.c.target.in_(targets))
        )

    def cached(self, url: str) -> Cached | None:
        """Return what is known of a URL fetched before."""
        row = self._one(s.http_cache, s.http_cache.c.url == url)
        return None if row is None else Cached(row["etag"], row["next_url"])

    def remember(self, url: str, etag: str, next_url: str | None) -> None:
        """Keep a response's ETag, in the same transaction as what the response said.

        An ETag kept without its content would hide that content for ever.
        """
        mine = s.http_cache.c.url == url
        if self._one(s.http_cache, mine) is None:
            self._insert(s.http_cache, url=url, etag=etag, next_url=next_url, stored_at=self.now)
        else:
            self._update(s.http_cache, mine, etag=etag, next_url=next_url, stored_at=self.now)
