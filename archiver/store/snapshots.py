"""Reads snapshots as such: their digests, their records as they are given out, and what is told of them.

Threads as their snapshots have them are read elsewhere (`archiver.store.values`); nothing is changed here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa

from archiver.model import Tombstone
from archiver.store import schema as s
from archiver.store import statements
from archiver.store.redacting import NOBODY, hidden_in, snapshot_row, snapshot_tombstone, told_record, withheld_in
from archiver.store.values import thread_row


class SnapshotReading:
    """The part of reading that is about snapshots."""

    def _connection(self) -> AbstractContextManager[sa.Connection]:
        raise NotImplementedError

    def resolve_digest(self, repository_id: int, number: int, prefix: str) -> str | None:
        """Return the digest of the thread's snapshot that begins with `prefix` (lower-case hex); None if there is none.

        Of several it is the one captured first: what came later, perhaps made to begin alike, takes no link away.
        """
        with self._connection() as connection:
            row = thread_row(connection, repository_id, number)
            if row is None:
                return None
            found = connection.execute(statements.DIGESTS, {"thread": row["id"]}).scalars()
            return next((each for each in found if each.startswith(prefix)), None)

    def snapshot_record(self, digest: str) -> bytes | None:
        """Return the canonical JSON whose SHA-256 is `digest`; None if it is not held, or not given out."""
        with self._connection() as connection:
            row = snapshot_row(connection, digest)
            if row is None or snapshot_tombstone(connection, row) is not None:
                return None
            record: bytes = row["record"]
            return record

    def snapshot_withdrawn(self, digest: str) -> Tombstone | None:
        """Return why a snapshot's record is not given out: what it names was withdrawn here; None for all others.

        That is its thread as a whole, its title, or the author of one of its posts. A post's text is not in a record.
        """
        with self._connection() as connection:
            row = snapshot_row(connection, digest)
            return None if row is None else snapshot_tombstone(connection, row)

    def snapshots_told(
        self, repository_id: int, number: int, digests: Collection[str]
    ) -> dict[str, Mapping[str, Any] | None]:
        """Return, by these digests, what of a thread's snapshots may be told: their records without what is withdrawn.

        Of a title that is not told null is left, as of who wrote what is not. None for a record of which nothing is.
        """
        with self._connection() as connection:
            row = thread_row(connection, repository_id, number)
            found: dict[str, Mapping[str, Any] | None] = dict.fromkeys(digests)
            if row is None:
                return found
            hidden = hidden_in(connection, [row]).get(row["id"], NOBODY)
            withheld = withheld_in(connection, row["id"])
            untitled = bool((row["summary"] or {}).get("title_withdrawn"))
            query = sa.select(s.snapshot.c.digest, s.snapshot.c.record).where(s.snapshot.c.thread_id == row["id"])
            for digest, packed in connection.execute(query):
                if digest in found and packed:
                    record = json.loads(packed)
                    found[digest] = told_record(record, hidden, withheld.keys(), untitled=untitled)
            return found
