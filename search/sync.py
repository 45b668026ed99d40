"""Owns how an index follows the store: it pulls the store's changes and applies them batch by batch.

It decides nothing about what a document is or how it is found.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from archiver.store import Reader, open_store
from search.document import Document, document_of
from search.index import Index, IndexWriter

log = logging.getLogger(__name__)

BATCH = 500
"""How many changes make a commit at most."""
BATCH_CHARACTERS = 4_000_000
"""How much text makes a commit at most, so that memory stays flat."""


HANDED = 2_500
"""How many changes a rebuild hands out at once, to be read and written in another process, if there are so many."""


@dataclass(frozen=True, slots=True)
class StoreDocuments:
    """Makes documents of a store's threads, opening it anew: a `search.index.Source`."""

    url: str

    def documents(self, keys: Sequence[str]) -> Iterator[Document]:
        """Yield the documents of those threads that are held; see `search.index.Source.documents`."""
        with open_store(self.url, read_only=True) as store:
            for key in keys:
                thread = store.thread_by_key(key)
                if thread is not None:
                    yield document_of(thread)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did: documents put and deleted, the cursor reached, and whether the index was built anew."""

    puts: int
    deletions: int
    cursor: int
    rebuilt: bool = False


Progress = Callable[[int, int], None]
"""Called after each batch with the number of the change reached and that of the store's last one."""


def sync(store: Reader, index: Index, *, progress: Progress | None = None, batch: int = BATCH) -> SyncReport:
    """Bring the index up to date with the store, one commit per batch; what is committed stays, whatever happens then.

    If the index has seen changes that the store does not have (the store was replaced by a backup, say), it is rebuilt.
    Raises StoreError, IndexLocked, IndexFull or IndexUnavailable.
    """
    cursor, last = index.cursor(), store.last_change()
    if cursor > last:
        log.warning("the index is ahead of the store (%d > %d): another store? It is built anew", cursor, last)
        return rebuild(store, index, progress=progress, batch=batch)
    return _follow(store, index, cursor, progress, batch)


def withheld(store: Reader, index: Index) -> frozenset[str]:
    """Return the keys of the threads that must not be shown as the index has them, since it is behind the store.

    Something of them was withdrawn, and the index may still hold what was said. Raises StoreError or IndexUnavailable.
    """
    return store.withheld_since(index.cursor())


def rebuild(
    store: Reader, index: Index, *, progress: Progress | None = None, batch: int = BATCH, handed: int = HANDED
) -> SyncReport:
    """Build the index anew from all of the store, and swap it in at the end; searches see the old one until then.

    What fills `handed` changes is handed out to be read and written by several processes, if the engine has them.
    Raises StoreError, IndexLocked, IndexFull or IndexUnavailable.
    """
    puts = deleted = cursor = 0
    with index.rebuild() as writer:
        source = StoreDocuments(store.url)
        while len(changes := store.changes(since=cursor, limit=handed)) == handed:
            cursor = changes[-1].number
            writer.fill(source, [change.key for change in changes], cursor)
            gone = sum(change.action == "delete" for change in changes)
            puts, deleted = puts + handed - gone, deleted + gone
            if progress is not None:
                progress(cursor, max(cursor, store.last_change()))
        rest = _follow(store, writer, cursor, progress, batch)
    return SyncReport(puts + rest.puts, deleted + rest.deletions, rest.cursor, rebuilt=True)


def _follow(store: Reader, writer: IndexWriter, cursor: int, progress: Progress | None, batch: int) -> SyncReport:
    puts = deleted = 0
    while changes := store.changes(since=cursor, limit=batch):
        documents: list[Document] = []
        deletions: list[str] = []
        size = 0
        for change in changes:
            # What the store has now counts, not what it had at the change: a later change will come by again.
            thread = store.thread_by_key(change.key)
            if thread is None:
                deletions.append(change.key)
            else:
                document = document_of(thread)
                size += sum(len(each.text) for post in document.posts for each in post.segments)
                documents.append(document)
            cursor = change.number
            if size > BATCH_CHARACTERS:
                break
        writer.apply(documents, deletions, cursor)
        puts += len(documents)
        deleted += len(deletions)
        if progress is not None:
            progress(cursor, max(cursor, store.last_change()))
    return SyncReport(puts, deleted, cursor)
