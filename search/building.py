"""Owns the filling of a new generation of a Whoosh index: batches become segments, in several processes at once.

How a segment is written it does not know (`search.whoosh_writing`), and it does not put the new generation in the old
one's place.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from typing import Any

from search.document import Document
from search.errors import IndexUnavailable
from search.generations import Damage
from search.index import Source
from search.inverting import Inverter
from search.whoosh_files import Storage
from search.whoosh_writing import Writer, merge_segments, write_segment

BATCH = 4_000_000
"""Characters of text that make a segment. A process takes some 40 times as many bytes of memory for it."""
SEGMENTS = 8
"""How many segments a new generation has at most, besides the last: more are merged, each search looks into all."""
MOST_PROCESSES = 8


def processes() -> int:
    """Return how many processes may write at once: as many as this one may use processors, within reason."""
    return min(len(os.sched_getaffinity(0)), MOST_PROCESSES)


_Written = tuple[Any, list[str]]  # a segment, and the keys of its documents


def size_of(document: Document) -> int:
    """Return how many characters of text a document has."""
    return sum(len(segment.text) for post in document.posts for segment in post.segments)


class Rebuild:
    """The writer into a new generation: all batches are adopted in one commit. The first batch needs no other process.

    `workers` is how many processes write at once; with 1 it is this one. `batch` is how much text makes a segment.
    """

    def __init__(self, damage: Damage, folder: Path, workers: int, batch: int = BATCH) -> None:
        self._damage = damage
        self._folder = folder
        self._workers = workers
        self._batch = batch
        self._writer = Writer(damage, folder)
        self._cursor = 0
        self._waiting: dict[str, Document] = {}
        self._characters = 0
        # What was handed out, each giving segments with the keys of their documents; which key is in which of them; and
        # what of each has been put again or deleted since.
        self._handed: list[Future[list[_Written]]] = []
        self._places: dict[str, int] = {}
        self._dead: dict[int, set[str]] = {}
        self._pool: ProcessPoolExecutor | None = None

    def apply(self, documents: Collection[Document], deletions: Collection[str], cursor: int) -> None:
        """Put and delete; see `search.index.IndexWriter.apply`."""
        self._cursor = cursor
        for key in deletions:
            self._drop(key)
        for document in documents:
            self._drop(document.key)
            self._waiting[document.key] = document
            self._characters += size_of(document)
            if self._characters >= self._batch:
                self._write_waiting()

    def fill(self, source: Source, keys: Sequence[str], cursor: int) -> None:
        """Put what a source makes of keys; see `search.index.IndexRebuild.fill`."""
        self._cursor = cursor
        for key in keys:
            self._drop(key)
        self._hand_out(_fill, (source, list(dict.fromkeys(keys)), self._batch), keys)

    def _drop(self, key: str) -> None:
        self._waiting.pop(key, None)
        if key in self._places:
            self._dead.setdefault(self._places.pop(key), set()).add(key)

    def _write_waiting(self) -> None:
        self._hand_out(_write, list(self._waiting.values()), self._waiting)
        self._waiting.clear()
        self._characters = 0

    def _hand_out(self, task: Any, what: Any, keys: Iterable[str]) -> None:
        # One batch for each process, and one more that waits: memory stays flat.
        while len(running := [each for each in self._handed if not each.done()]) > self._workers:
            wait(running, return_when=FIRST_COMPLETED)
        self._places.update(dict.fromkeys(keys, len(self._handed)))
        self._handed.append(self._submit(task, what))

    def _submit(self, task: Any, what: Any) -> Future[Any]:
        if self._workers == 1:
            done: Future[Any] = Future()
            with self._damage:
                done.set_result(task(self._folder, what))
            return done
        if self._pool is None:
            # Not forked: this process may have threads, in the midst of anything.
            spawned = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, mp_context=spawned, initializer=_start)
        try:
            return self._pool.submit(task, self._folder, what)
        except BrokenProcessPool as error:
            raise self._broken() from error

    def _written(self, futures: Sequence[Future[Any]]) -> list[Any]:
        try:
            with self._damage:
                return [each.result() for each in futures]
        except BrokenProcessPool as error:
            raise self._broken() from error

    def _broken(self) -> IndexUnavailable:
        root = self._folder.parent
        return IndexUnavailable(
            f"{root}: a process that was building the index was ended from outside (was memory short?);"
            " what was there before is unchanged; try again",
            key=str(root),
        )

    def finish(self) -> None:
        """Commit what was put."""
        segments = []
        for number, written in enumerate(self._written(self._handed)):
            dead = self._dead.get(number, ())
            for segment, keys in written:
                for place, key in enumerate(keys):
                    if key in dead:
                        segment.delete_document(place)
                segments.append(segment)
        if len(segments) > SEGMENTS:
            size = -(-len(segments) // SEGMENTS)
            groups = [segments[at : at + size] for at in range(0, len(segments), size)]
            segments = self._written([self._submit(_merge, group) for group in groups])
        for segment in segments:
            self._writer.adopt(segment)
        self._close()
        self._writer.commit(list(self._waiting.values()), self._cursor, merge=False)

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def abandon(self) -> None:
        """Undo everything."""
        self._close()
        self._writer.abandon()


# --- in a process of its own ------------------------------------------------------------------------------------------

_inverter: Inverter | None = None


def _start() -> None:
    """Prepare a process: it ends with the one that started it, however that ends, and not before."""
    global _inverter
    _inverter = Inverter()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait_for_end([sentinel])
    os._exit(1)


def _write(folder: Path, documents: Sequence[Document]) -> list[_Written]:
    storage = Storage(folder)
    try:
        segment = write_segment(storage, documents, inverter=_inverter)
    finally:
        storage.close_all()
    return [(segment, [document.key for document in documents])]


def _fill(folder: Path, what: tuple[Source, Sequence[str], int]) -> list[_Written]:
    source, keys, batch = what
    written: list[_Written] = []
    waiting: list[Document] = []
    characters = 0
    for document in source.documents(keys):
        waiting.append(document)
        characters += size_of(document)
        if characters >= batch:
            written += _write(folder, waiting)
            waiting, characters = [], 0
    return written + (_write(folder, waiting) if waiting else [])


def _merge(folder: Path, segments: Sequence[Any]) -> Any:
    storage = Storage(folder)
    try:
        return merge_segments(storage, segments)
    finally:
        storage.close_all()
