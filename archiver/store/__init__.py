"""The store: one database that holds every capture. `open_store` opens it, `Store` reads and writes it.

SQL stays within this package. Reading is in `reading`, writing in `writing`, tables in `schema`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from archiver.store.copying import copy_in, copy_out, is_empty
from archiver.store.engine import check_schema, connect, head, migrate, refuse_writes, scrub, settle, translated
from archiver.store.freshness import Stamp
from archiver.store.happenings import Standing
from archiver.store.importing import Importing, Imports, Kept
from archiver.store.lock import crawl_lock, import_lock
from archiver.store.memory import Cached, CrawlState
from archiver.store.overviews import Debate
from archiver.store.reading import Coverage, Failure, Holdings, Reader
from archiver.store.searches import Found, WatchState
from archiver.store.settling import Unsettled
from archiver.store.verification import Checkpoint, Difference, Verification
from archiver.store.withdrawing import REASONS, UNSCRUBBED, Restored, Target, Withdrawn
from archiver.store.writing import Transaction

__all__ = [
    "REASONS",
    "UNSCRUBBED",
    "Cached",
    "Checkpoint",
    "Coverage",
    "CrawlState",
    "Debate",
    "Difference",
    "Failure",
    "Found",
    "Holdings",
    "Importing",
    "Imports",
    "Kept",
    "Reader",
    "Restored",
    "Stamp",
    "Standing",
    "Store",
    "Target",
    "Transaction",
    "Unsettled",
    "Verification",
    "WatchState",
    "Withdrawn",
    "migrate",
    "open_store",
]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store(Reader):
    """A store opened for reading and writing; close it, or use it as a context manager."""

    def __init__(self, url: str, clock: Callable[[], datetime] = _utc_now) -> None:
        self._clock = clock
        super().__init__(connect(url), url)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.forget_watch()
        self._engine.dispose()

    def crawl_lock(self) -> AbstractContextManager[None]:
        """Keep other crawls off this store for the length of the block. Raises StoreBusy if one is at work."""
        return crawl_lock(self.url, self._clock)

    def import_lock(self) -> AbstractContextManager[None]:
        """Keep other imports off this store for the length of the block. Raises StoreBusy if one is at work."""
        return import_lock(self.url, self._clock)

    def verification(self) -> Verification:
        """Return what recomputes the store's claims."""
        return Verification(self._engine, self.url, self.media_files)

    def copy_to(self, path: Path) -> None:
        """Write the store as it is at one moment into a new SQLite file. Raises StoreError."""
        copy_out(self._engine, self.url, path)

    def fill_from(self, path: Path) -> None:
        """Put a checked copy in the place of what this store holds: all of it, or nothing. Raises StoreError."""
        copy_in(self._engine, self.url, path)

    @property
    def path(self) -> str | None:
        """The database's file; None for a store in memory."""
        return self._engine.url.database

    def schema(self) -> str:
        """Return the revision of the store's schema, which is this program's."""
        return head()

    def settle_files(self) -> None:
        """Bring all that was written into the one file, so that none is needed beside it. Raises StoreError."""
        settle(self._engine, self.url)

    def is_empty(self) -> bool:
        """Return whether nothing was ever kept here."""
        with self._connection() as connection:
            return is_empty(connection)

    def scrub(self) -> None:
        """Write the database anew, so that nothing of what was erased is left in its files, pictures included.

        Raises StoreError.
        """
        scrub(self._engine, self.url)
        self.media_files.keep_only(self.picture_digests())

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open one writing transaction: committed at the end of the block, rolled back if the block raises.

        Raises StoreError when another process keeps writing, or the device is full.
        """
        with self._writing() as connection:
            yield Transaction(connection, self._clock())

    @contextmanager
    def importing(self) -> Iterator[Importing]:
        """Open a writing transaction that keeps what GH Archive saw; otherwise as `transaction` does."""
        with self._writing() as connection:
            yield Importing(connection, self._clock())

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with (
            translated(self.url),
            self._engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection


def open_store(url: str, clock: Callable[[], datetime] = _utc_now, *, read_only: bool = False) -> Store:
    """Open the store at a URL (`sqlite:///path`), creating an empty one where there is none.

    `read_only` makes the database refuse every later write.
    Raises SchemaOutdated (run `onrecord migrate`), SchemaTooNew, or StoreError if it cannot be opened.
    """
    store = Store(url, clock)
    try:
        check_schema(store._engine, url)
        if read_only:
            refuse_writes(store._engine)
    except BaseException:
        store.close()
        raise
    return store
