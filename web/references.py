"""Looks up where the threads that a thread's events refer to are held."""

from __future__ import annotations

from archiver.errors import BadReference
from archiver.model import Thread
from archiver.references import RepositoryRef, ThreadRef
from archiver.store import Reader
from web import permalinks
from web.telling import Links, source_of


def referred(store: Reader, thread: Thread) -> Links:
    """Return the paths of the threads, held here or withdrawn, that a thread's events refer to."""
    asked: dict[RepositoryRef, dict[int, str]] = {}
    for source in {source for event in thread.events if (source := source_of(event))}:
        try:
            ref = ThreadRef.parse(source)
        except BadReference:
            continue
        asked.setdefault(ref.repository, {})[ref.number] = source
    links: dict[str, str] = {}
    for named, sources in asked.items():
        if repository := store.find_repository(named):
            places = store.places(repository.id, list(sources))
            links |= {sources[number]: permalinks.thread(ref) for number, ref in places.items()}
    return links
