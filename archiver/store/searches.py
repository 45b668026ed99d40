"""Keeps where watches stand that are more than one repository or find their threads by searching, and what they found.

What to search for is decided in `archiver.searching`, which repositories an owner has in `archiver.owners`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver.references import RepositoryRef, ThreadRef
from archiver.store import schema as s
from archiver.store.rows import Rows


@dataclass(frozen=True, slots=True)
class WatchState:
    """Where a watch stands that has a memory of its own.

    `cursor`: what was updated before was asked for by a complete pass, of which `result` says what it found. `began_at`
    (by the server's clock) and `plan` tell where an unfinished pass goes on; None while none is under way.
    """

    basis: str
    cursor: datetime | None = None
    began_at: datetime | None = None
    plan: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    first_complete_at: datetime | None = None
    last_complete_at: datetime | None = None

    @property
    def unfinished(self) -> bool:
        """Whether a pass is under way."""
        return self.plan is not None


@dataclass(frozen=True, slots=True)
class Found:
    """A thread that a search found: where, as of when, and in which repository, once that is known."""

    ref: ThreadRef
    updated_at: datetime
    repository_id: int | None = None


class Searches(Rows):
    """The part of a writing transaction that is about searches and owners."""

    def watch_state(self, key: str) -> WatchState | None:
        """Return where a watch stands; None if it never began."""
        return watch_state(self._connection, key)

    def save_watch_state(self, key: str, state: WatchState) -> None:
        """Keep where a watch stands, in place of what was kept before."""
        if self._one(s.watch_state, s.watch_state.c.key == key) is None:
            self._insert(s.watch_state, key=key, **asdict(state))
        else:
            self._update(s.watch_state, s.watch_state.c.key == key, **asdict(state))

    def save_found(self, key: str, hits: Sequence[Found]) -> None:
        """Keep what a page of results named. An answer older than one before it changes nothing."""
        f = s.found
        newest: dict[tuple[str, int], Found] = {}
        for each in hits:
            place = (each.ref.repository.key, each.ref.number)
            if place not in newest or newest[place].updated_at < each.updated_at:
                newest[place] = each
        names = sorted({name for name, _ in newest})
        query = sa.select(f).where(
            f.c.key == key, f.c.name_key.in_(names), f.c.number.in_(sorted({each for _, each in newest}))
        )
        held = {(row["name_key"], row["number"]): row for row in self._all(query)} if names else {}
        self._insert_all(
            f,
            [
                {
                    "key": key,
                    "name_key": name,
                    "number": number,
                    "spelled": str(each.ref.repository),
                    "repository_id": each.repository_id,
                    "updated_at": each.updated_at,
                    "seen_for": None,
                }
                for (name, number), each in newest.items()
                if (name, number) not in held
            ],
        )
        for place, each in newest.items():
            row = held.get(place)
            if row is not None and row["updated_at"] < each.updated_at:
                self._update(f, _of(key, each.ref), updated_at=each.updated_at, spelled=str(each.ref.repository))

    def unseen(self, key: str) -> list[Found]:
        """Return the threads that were found and not fetched since they were updated last, repository by repository."""
        f = s.found.c
        query = sa.select(f.spelled, f.number, f.updated_at, f.repository_id)
        query = query.where(f.key == key, f.seen_for.is_(None) | (f.seen_for < f.updated_at))
        return [
            Found(_ref(row.spelled, row.number), row.updated_at, row.repository_id)
            for row in self._connection.execute(query.order_by(f.name_key, f.number))
        ]

    def mark_seen(self, key: str, found: Found, repository_id: int | None) -> None:
        """Note that a found thread was asked for, as of what the search told; and its repository, if that is known."""
        self._update(s.found, _of(key, found.ref), seen_for=found.updated_at, repository_id=repository_id)

    def forget_seen(self, key: str) -> None:
        """Have everything that was found asked for again."""
        self._update(s.found, s.found.c.key == key, seen_for=None)

    def is_complete(self, repository_id: int, number: int, as_of: datetime) -> bool:
        """Return whether a thread is held whole, with its timeline, and was not updated since then."""
        row = self._thread(repository_id, number)
        if row is None or row["dirty"] or row["snapshot"] is None or row["gap"] is not None:
            return False
        if row["updated_at"] < as_of or row["gone_status"] is not None:
            return False
        return row["detailed_for"] is not None and row["detailed_for"] >= row["updated_at"]

    def mark_repository_asked(self, repository_id: int) -> None:
        """Note that GitHub was asked which repository it is."""
        self._update(s.repository, s.repository.c.id == repository_id, last_seen_at=self.now)

    def known_since(self, ref: RepositoryRef, since: datetime) -> int | None:
        """Return the number of the repository that bears a name now, if GitHub was asked about it since then."""
        r, alias = s.repository.c, s.repository_alias.c
        query = (
            sa.select(r.id, r.owner, r.name)
            .join(s.repository_alias, alias.repository_id == r.id)
            .where(alias.name_key == ref.key, r.last_seen_at >= since, r.gone_status.is_(None))
        )
        bearers = [row.id for row in self._connection.execute(query) if f"{row.owner}/{row.name}".lower() == ref.key]
        return bearers[0] if len(bearers) == 1 else None


UNSEARCHED = "threads that no search finds"
"""What is not known of a repository whose threads are found by searching."""


class WatchReading:
    """The part of a store's reading access that is about watches."""

    def _connection(self) -> AbstractContextManager[sa.Connection]:
        raise NotImplementedError

    def watch_state(self, key: str) -> WatchState | None:
        """Return where a watch stands that has a memory of its own; None if it never began."""
        with self._connection() as connection:
            return watch_state(connection, key)

    def watch_states(self) -> dict[str, WatchState]:
        """Return where every such watch stands, by its key."""
        with self._connection() as connection:
            keys = connection.execute(sa.select(s.watch_state.c.key).order_by(s.watch_state.c.key)).scalars().all()
            return {key: state for key in keys if (state := watch_state(connection, key)) is not None}

    def found_counts(self, key: str) -> tuple[int, int]:
        """Return how many threads a watch's searches found, and how many of them are yet to be fetched."""
        f = s.found.c
        waiting = sa.func.sum(sa.case((f.seen_for.is_(None) | (f.seen_for < f.updated_at), 1), else_=0))
        with self._connection() as connection:
            found, left = connection.execute(sa.select(sa.func.count(), waiting).where(f.key == key)).one()
        return found, left or 0

    def repositories_found(self, key: str) -> list[int]:
        """Return the numbers of the repositories in which a search found threads that are held."""
        f, t = s.found.c, s.thread.c
        here = (t.repository_id == f.repository_id) & (t.number == f.number)
        query = sa.select(f.repository_id).join(s.thread, here).where(f.key == key).distinct()
        with self._connection() as connection:
            return sorted(connection.execute(query).scalars())


def watch_state(connection: sa.Connection, key: str) -> WatchState | None:
    """Read where a watch stands; None if it never began."""
    query = sa.select(s.watch_state).where(s.watch_state.c.key == key)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else WatchState(**{name: value for name, value in row.items() if name != "key"})


def _of(key: str, ref: ThreadRef) -> sa.ColumnElement[bool]:
    f = s.found.c
    return (f.key == key) & (f.name_key == ref.repository.key) & (f.number == ref.number)


def _ref(spelled: str, number: int) -> ThreadRef:
    owner, _, name = spelled.partition("/")
    return ThreadRef(owner, name, number)
