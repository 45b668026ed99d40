"""Owns the filling of a new generation, batch by batch, with a writer of any engine that commits once.

It knows no engine, and does not put the new generation in the old one's place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from search.document import Document


class CommitWriter(Protocol):
    """An engine's writer for one commit."""

    def replace(self, documents: Collection[Document], deletions: Collection[str]) -> None:
        """Delete what is committed under these keys, and add the documents. A key may come once to each writer."""

    def commit(self, cursor: int, *, merge: bool) -> None:
        """Set the cursor and commit."""

    def abandon(self) -> None:
        """Undo everything."""


class Rebuild:
    """The writer into a new generation: one commit for all batches, unless a key comes for a second time."""

    def __init__(self, new_writer: Callable[[], CommitWriter]) -> None:
        self._new_writer = new_writer
        self._writer = new_writer()
        self._written: set[str] = set()
        self._cursor = 0

    def apply(self, documents: Collection[Document], deletions: Collection[str], cursor: int) -> None:
        """Put and delete; see `search.index.IndexWriter.apply`."""
        self._cursor = cursor
        keys = {*(document.key for document in documents), *deletions}
        if not self._written.isdisjoint(keys):
            # Only what is committed can be replaced; nobody sees this generation yet, so a commit more is no harm.
            self._writer.commit(cursor, merge=False)
            self._writer = self._new_writer()
            self._written.clear()
        self._writer.replace(documents, deletions)
        self._written.update(keys)

    def finish(self) -> None:
        """Commit what was put."""
        self._writer.commit(self._cursor, merge=False)

    def abandon(self) -> None:
        """Undo what is not committed."""
        self._writer.abandon()
