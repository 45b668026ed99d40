"""Reads the store: threads, snapshots, changes and what is held, as values of the model.

It changes nothing. Only threads that have a snapshot are seen here: a thread that is still being fetched is not public.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver.errors import NotHeld
from archiver.model import (
    Account,
    Capture,
    Change,
    PostKind,
    Repository,
    Thread,
    ThreadSummary,
    Tombstone,
    Withdrawal,
    thread_key,
)
from archiver.references import RepositoryRef, ThreadKind, ThreadRef
from archiver.store import schema as s
from archiver.store import statements
from archiver.store.addresses import AddressReading
from archiver.store.engine import translated
from archiver.store.freshness import FreshnessReading
from archiver.store.importing import ImportReading
from archiver.store.media import MediaReading
from archiver.store.overviews import OverviewReading
from archiver.store.redacting import withdrawal_tombstone
from archiver.store.searches import UNSEARCHED, WatchReading
from archiver.store.snapshots import SnapshotReading
from archiver.store.values import (
    BATCH,
    captures_of,
    fits,
    repositories_named,
    repository_by_id,
    repository_from,
    rows_at,
    summaries_from,
    thread_from,
    thread_row,
)

ORDERS = {
    "created": (s.thread.c.created_at.desc(), s.thread.c.id.desc()),
    "updated": (s.thread.c.updated_at.desc(), s.thread.c.id.desc()),
    "captured": (s.thread.c.captured_at.desc(), s.thread.c.id.desc()),
    "number": (s.thread.c.number.asc(),),
}


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the archive holds, in numbers."""

    repositories: int
    threads: int
    posts: int
    snapshots: int
    last_captured_at: datetime | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A fetch that failed and has not succeeded since; `target` is `#12`, or empty for the repository itself."""

    target: str
    reason: str
    at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is held of a repository, and what is known to be missing.

    `posts` of `posts_upstream` (as GitHub counts them) are held for its kept threads; `unfinished` tells that a first
    or later pass over the listing is under way. `not_asked` says what could not be asked for, and why, as in
    `{"edit history": "no token"}`. `swept` is what the last sweep asked for and found; `flag` is set while a sweep
    found more missing at once than it believed. `gone_posts` and `gone_threads` are those with a tombstone of their
    own, `withdrawn` the threads that are out of view here.
    """

    repository: Repository
    threads: int
    posts: int
    posts_upstream: int
    first_complete_at: datetime | None
    last_complete_at: datetime | None
    unfinished: bool
    gaps: tuple[tuple[int, str], ...]
    failures: tuple[Failure, ...]
    not_asked: Mapping[str, str] = field(default_factory=dict)
    last_sweep_at: datetime | None = None
    swept: Mapping[str, Any] | None = None
    flag: Mapping[str, Any] | None = None
    gone_threads: int = 0
    gone_posts: int = 0
    withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How a thread is kept up to date, in the words of `Coverage`: what costs no counting.

    `failures` are those of the thread and of its repository itself.
    """

    not_asked: Mapping[str, str]
    last_sweep_at: datetime | None
    swept: Mapping[str, Any] | None
    flag: Mapping[str, Any] | None
    failures: tuple[Failure, ...]


class Reader(
    WatchReading, ImportReading, FreshnessReading, OverviewReading, AddressReading, MediaReading, SnapshotReading
):
    """Reading access to a store; safe to share between threads (each call uses a connection of its own)."""

    def __init__(self, engine: sa.Engine, url: str) -> None:
        super().__init__()
        self._engine = engine
        self.url = url

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        with translated(self.url), self._engine.connect() as connection, connection.begin():
            yield connection

    # --- repositories ---

    def repositories(self) -> list[Repository]:
        """Return the repositories of which at least one thread is held, in order of their names."""
        held = sa.select(s.thread.c.repository_id).where(s.public)
        query = sa.select(s.repository).where(s.repository.c.id.in_(held))
        with self._connection() as connection:
            found = [repository_from(connection, row) for row in connection.execute(query).mappings()]
        return sorted(found, key=lambda each: each.ref.key)

    def find_repository(self, ref: RepositoryRef) -> Repository | None:
        """Return the repository of that name, present or former, in any case; None if there is none.

        Where two repositories bore the name one after the other, the one seen under it last is meant.
        """
        with self._connection() as connection:
            return next(iter(repositories_named(connection, ref)), None)

    def repositories_named(self, ref: RepositoryRef) -> list[Repository]:
        """Return all repositories that bear or bore that name, the one seen under it last first."""
        with self._connection() as connection:
            return repositories_named(connection, ref)

    def account_by_login(self, login: str) -> Account | None:
        """Return the account that bears or bore that login, in any case; of several, the one seen under it last."""
        alias = s.account_alias
        query = (
            sa.select(s.account.c.id, s.account.c.login, s.account.c.bot)
            .join(alias, alias.c.account_id == s.account.c.id)
            .where(alias.c.login_key == login.lower())
            .order_by(alias.c.last_seen_at.desc(), alias.c.first_seen_at.desc(), s.account.c.id.desc())
            .limit(1)
        )
        with self._connection() as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else Account(*row)

    def coverage(self, repository_id: int) -> Coverage:
        """Return what is held of a repository. Raises NotHeld for an unknown one."""
        t = s.thread
        with self._connection() as connection:
            repository = repository_by_id(connection, repository_id)
            if repository is None:
                raise NotHeld(f"no repository with the number {repository_id} is held", key=str(repository_id))
            mine = (t.c.repository_id == repository_id) & s.public
            threads, upstream = connection.execute(
                sa.select(sa.func.count(), sa.func.sum(t.c.comments_upstream + 1)).where(mine)
            ).one()
            # Of the kinds that GitHub's own count counts, so that the two numbers can be held against each other.
            counted = s.post.c.kind.in_([PostKind.OPENING.value, PostKind.COMMENT.value])
            of_posts = sa.select(sa.func.count()).select_from(s.post.join(t, t.c.id == s.post.c.thread_id))
            # What is gone upstream is not counted there any more.
            posts = connection.execute(of_posts.where(mine, counted, s.post.c.gone_status.is_(None))).scalar_one()
            gone_posts = connection.execute(of_posts.where(mine, s.post.c.gone_status.is_not(None))).scalar_one()
            of_threads = sa.select(sa.func.count()).where(t.c.repository_id == repository_id)
            gone_threads = connection.execute(of_threads.where(s.public, t.c.gone_status.is_not(None))).scalar_one()
            withdrawn = connection.execute(of_threads.where(t.c.withdrawn.is_not(None))).scalar_one()
            flag = connection.execute(
                sa.select(s.repository.c.flag).where(s.repository.c.id == repository_id)
            ).scalar_one()
            state = (
                connection.execute(sa.select(s.crawl_state).where(s.crawl_state.c.repository_id == repository_id))
                .mappings()
                .one_or_none()
            )
            gaps = connection.execute(
                sa.select(t.c.number, t.c.gap)
                .where(t.c.repository_id == repository_id, t.c.gap.is_not(None), t.c.withdrawn.is_(None))
                .order_by(t.c.number)
            ).all()
            failures = (
                connection.execute(
                    sa.select(s.failure).where(s.failure.c.repository_id == repository_id).order_by(s.failure.c.target)
                )
                .mappings()
                .all()
            )
        return Coverage(
            repository=repository,
            threads=threads,
            posts=posts,
            posts_upstream=upstream or 0,
            first_complete_at=state["first_complete_at"] if state else None,
            last_complete_at=state["last_complete_at"] if state else None,
            unfinished=bool(state and state["phase"]),
            gaps=tuple((row[0], row[1]) for row in gaps),
            failures=tuple(Failure(f["target"], f["reason"], f["at"], f["times"]) for f in failures),
            not_asked=(state["not_asked"] if state else None) or {},
            last_sweep_at=state["last_sweep_at"] if state else None,
            swept=state["swept"] if state else None,
            flag=flag,
            gone_threads=gone_threads,
            gone_posts=gone_posts,
            withdrawn=withdrawn,
        )

    def coverages(self) -> list[Coverage]:
        """Return the coverage of every repository ever asked for, in order of their names."""
        with self._connection() as connection:
            numbers = list(connection.execute(sa.select(s.repository.c.id)).scalars())
        return sorted((self.coverage(each) for each in numbers), key=lambda each: each.repository.ref.key)

    def upkeep(self, repository_id: int, number: int) -> Upkeep:
        """Return how a thread of a repository is kept up to date."""
        of_thread = {"repository": repository_id, "target": f"#{number}"}
        with self._connection() as connection:
            row = connection.execute(statements.UPKEEP, {"repository": repository_id}).mappings().one_or_none()
            failures = connection.execute(statements.FAILURES, of_thread).mappings()
            not_asked = (row["not_asked"] if row else None) or {}
            return Upkeep(
                # That other threads are not known is nothing about this one.
                not_asked={what: why for what, why in not_asked.items() if what != UNSEARCHED},
                last_sweep_at=row["last_sweep_at"] if row else None,
                swept=row["swept"] if row else None,
                flag=row["flag"] if row else None,
                failures=tuple(Failure(f["target"], f["reason"], f["at"], f["times"]) for f in failures),
            )

    # --- threads ---

    def thread(self, repository_id: int, number: int, digest: str | None = None) -> Thread | None:
        """Return a thread with its posts as now known, or as the snapshot with that (whole) digest has it.

        Each post's `revision` is its text in that snapshot; its `revisions` and `edits` are all that are known. None
        if the thread or the snapshot is not held.
        """
        with self._connection() as connection:
            row = thread_row(connection, repository_id, number)
            return None if row is None else thread_from(connection, row, digest)

    def tombstone(self, repository_id: int, number: int) -> Tombstone | None:
        """Return what is left of a thread that was withdrawn here as a whole; None for all others."""
        with self._connection() as connection:
            row = thread_row(connection, repository_id, number, withdrawn=True)
            if row is None or row["withdrawn"] is None:
                return None
            query = sa.select(s.withdrawal).where(s.withdrawal.c.id == row["withdrawn"])
            return withdrawal_tombstone(connection.execute(query).mappings().one())

    def thread_by_key(self, key: str) -> Thread | None:
        """Return the thread with that `thread_key`, as now known; None if it is not held."""
        repository_id, _, number = key.partition("/")
        return self.thread(int(repository_id), int(number))

    def withdrawals(self) -> list[Withdrawal]:
        """Return all that was ever withdrawn here, oldest first."""
        with self._connection() as connection:
            rows = connection.execute(sa.select(s.withdrawal).order_by(s.withdrawal.c.id)).mappings()
            return [Withdrawal(**{name: row[name] for name in Withdrawal.__dataclass_fields__}) for row in rows]

    def summaries(
        self, *, repository_id: int | None = None, order: str = "created", limit: int = 50, offset: int = 0
    ) -> list[ThreadSummary]:
        """Return threads without their posts, by `created`, `updated`, `captured` (latest first) or `number`."""
        query = statements.SHOWN.where(s.public).order_by(*ORDERS[order])
        if repository_id is not None:
            query = query.where(s.thread.c.repository_id == repository_id)
        with self._connection() as connection:
            return summaries_from(connection, connection.execute(query.limit(limit).offset(offset)).mappings().all())

    def summaries_by_key(self, keys: Sequence[str]) -> dict[str, ThreadSummary]:
        """Return the threads with those keys that are held, without their posts."""
        pairs = [(int(repository_id), int(number)) for repository_id, _, number in (key.partition("/") for key in keys)]
        with self._connection() as connection:
            rows = rows_at(connection, pairs)
            return {each.key: each for each in summaries_from(connection, rows)}

    def places(self, repository_id: int, numbers: Sequence[int]) -> dict[int, ThreadRef]:
        """Return, by their numbers, where threads are now that are or were in a repository; withdrawn ones too."""
        t, alias = s.thread, s.thread_alias
        columns = (t.c.repository_id, t.c.number, t.c.kind)
        asked = sorted(number for number in set(numbers) if fits(number))
        found: dict[int, ThreadRef] = {}
        repositories: dict[int, Repository | None] = {}
        with self._connection() as connection:
            for at in range(0, len(asked), BATCH):
                some = asked[at : at + BATCH]
                here = (t.c.repository_id == repository_id) & t.c.number.in_(some)
                was_here = (alias.c.repository_id == repository_id) & alias.c.number.in_(some)
                moved = sa.select(alias.c.number, *columns).join(alias, alias.c.thread_id == t.c.id).where(was_here)
                # What is there now counts for more than what was there once.
                for query in (moved, sa.select(t.c.number, *columns).where(here)):
                    for asked_for, now, number, kind in connection.execute(query.where(t.c.snapshot.is_not(None))):
                        if now not in repositories:
                            repositories[now] = repository_by_id(connection, now)
                        if repository := repositories[now]:
                            found[asked_for] = repository.thread(number, ThreadKind(kind))
        return found

    def post_thread(self, kind: PostKind, post_id: int) -> tuple[int, int] | None:
        """Return (repository id, thread number) of the post with GitHub's number; None if it is not held.

        Of a post that was transferred together with its thread, the place where it was found last.
        """
        return next(iter(self.post_threads(kind, post_id)), None)

    def post_threads(self, kind: PostKind, post_id: int) -> list[tuple[int, int]]:
        """Return (repository id, thread number) of each place of the post with GitHub's number, the latest first."""
        query = (
            sa.select(s.thread.c.repository_id, s.thread.c.number)
            .join(s.post, s.post.c.thread_id == s.thread.c.id)
            .where(s.post.c.kind == kind.value, s.post.c.github_id == post_id, s.public)
            .order_by(s.thread.c.id.desc())
        )
        if not fits(post_id):
            return []
        with self._connection() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]

    def captures(self, repository_id: int, number: int) -> list[Capture]:
        """Return the thread's captures, oldest first."""
        with self._connection() as connection:
            row = thread_row(connection, repository_id, number)
            return [] if row is None else captures_of(connection, row["id"])

    def holdings(self) -> Holdings:
        """Count what is held."""
        t = s.thread
        with self._connection() as connection:
            row = connection.execute(
                sa.select(
                    sa.func.count(sa.distinct(t.c.repository_id)),
                    sa.func.count(),
                    sa.func.sum(t.c.post_count),
                    sa.func.max(t.c.captured_at, type_=s.Moment()),
                ).where(s.public)
            ).one()
            snapshots = connection.execute(sa.select(sa.func.count()).select_from(s.snapshot)).scalar_one()
        return Holdings(row[0], row[1], row[2] or 0, snapshots, row[3])

    def note(self, name: str) -> Mapping[str, Any] | None:
        """Return the small fact kept under a name."""
        with self._connection() as connection:
            query = sa.select(s.note.c.value).where(s.note.c.name == name)
            value: Mapping[str, Any] | None = connection.execute(query).scalar_one_or_none()
            return value

    # --- changes ---

    def changes(self, since: int, limit: int) -> list[Change]:
        """Return up to `limit` changes with numbers above `since`, in order: the last one of each thread."""
        query = sa.select(s.change).where(s.change.c.number > since).order_by(s.change.c.number).limit(limit)
        with self._connection() as connection:
            return [Change(row["number"], row["action"], row["key"]) for row in connection.execute(query).mappings()]

    def latest_snapshots(self) -> dict[str, str]:
        """Return the digest of each public thread's latest snapshot, by thread key."""
        t = s.thread
        query = sa.select(t.c.repository_id, t.c.number, t.c.snapshot).where(s.public)
        with self._connection() as connection:
            return {thread_key(row[0], row[1]): row[2] for row in connection.execute(query)}

    def last_change(self) -> int:
        """Return the number of the latest change; 0 in an empty store."""
        with self._connection() as connection:
            return connection.execute(statements.LAST_CHANGE).scalar_one_or_none() or 0
