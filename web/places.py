"""Finds what is, or was, at the address of a thread: of whoever bears the repository's name now, and bore it before.

It answers no request.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.model import ThreadSummary, Tombstone, thread_key
from archiver.references import ThreadRef
from archiver.store import Reader


def held_at(store: Reader, asked: ThreadRef) -> Iterator[ThreadSummary]:
    """Yield the threads that had that address, as now known: that of the name's present bearer first.

    One that was transferred has another place by now. Beyond one that is withdrawn none is looked for: that is meant.
    """
    for each in store.repositories_named(asked.repository):
        found = store.summaries_by_key([thread_key(each.id, asked.number)]).values()
        yield from found
        if not found and store.tombstone(each.id, asked.number):
            return


def withdrawn_at(store: Reader, asked: ThreadRef) -> Tombstone | None:
    """Return what is left of a thread that had that address and is withdrawn here as a whole; None if there is none."""
    found = (store.tombstone(each.id, asked.number) for each in store.repositories_named(asked.repository))
    return next((each for each in found if each), None)
