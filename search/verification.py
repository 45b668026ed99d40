"""Holds the index against the store: every public thread in its latest snapshot, and nothing else.

It repairs nothing (`onrecord rebuild` does). The store's own claims are checked in `archiver.store.verification`.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.store import Difference, Reader
from search.index import Index


def index_differences(store: Reader, index: Index) -> Iterator[Difference]:
    """Yield where the index differs from the store, in order of thread keys. Raises IndexUnavailable or StoreError."""
    behind = store.last_change() - index.cursor()
    if behind > 0:
        yield Difference("index", f"{behind} change{'' if behind == 1 else 's'} behind the store; run: onrecord sync")
    if behind < 0:
        yield Difference("index", "ahead of the store, as if the store had been set back; run: onrecord rebuild")
    held, found = store.latest_snapshots(), dict(index.digests())
    for key in sorted(held.keys() | found.keys()):
        if key not in found:
            yield Difference(f"thread {key}", "missing from the index")
        elif key not in held:
            yield Difference(f"thread {key}", "in the index, but not in the store")
        elif held[key] != found[key]:
            yield Difference(f"thread {key}", "another snapshot in the index than in the store")
