"""Owns the filling of a new generation of a Whoosh index: batches become segments, in several processes at once.

How a segment is written it does not know (`search.whoosh_writing`), and it does not put the new generation in the old
one's place.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from typing import Any

from search.document import Document
from search.errors import IndexUnavailable
from search.generations import Damage
from search.inverting import Inverter
from search.whoosh_files import Storage
from search.whoosh_writing import Writer, merge_segments, write_segment

BATCH = 8_000_000
"""Characters of text that make a segment. A process takes about 25 times as many bytes of memory for it."""
SEGMENTS = 8
"""How many segments a new generation has at most, besides the last: more are merged, each search looks into all."""
MOST_PROCESSES = 8


def processes() -> int:
    """Return how many processes may write at once: as many as this one may use processors, within reason."""
    return min(len(os.sched_getaffinity(0)), MOST_PROCESSES)


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
        self._segments: list[Future[Any]] = []
        # In which segment, at which place a key was put; and of each segment, what has been put or deleted since.
        self._places: dict[str, tuple[int, int]] = {}
        self._dead: dict[int, list[int]] = {}
        self._pool: ProcessPoolExecutor | None = None

    def apply(self, documents: Collection[Document], deletions: Collection[str], cursor: int) -> None:
        """Put and delete; see `search.index.IndexWriter.apply`."""
        self._cursor = cursor
        for key in deletions:
            self._drop(key)
        for document in documents:
            self._drop(document.key)
            self._waiting[document.key] = document
            self._characters += sum(len(segment.text) for post in document.posts for segment in post.segments)
            if self._characters >= self._batch:
                self._hand_out()

    def _drop(self, key: str) -> None:
        self._waiting.pop(key, None)
        if key in self._places:
            segment, place = self._places.pop(key)
            self._dead.setdefault(segment, []).append(place)

    def _hand_out(self) -> None:
        batch = list(self._waiting.values())
        for place, key in enumerate(self._waiting):
            self._places[key] = (len(self._segments), place)
        self._waiting.clear()
        self._characters = 0
        # One batch for each process, and one more that waits: memory stays flat.
        running = [each for each in self._segments if not each.done()]
        if len(running) > self._workers:
            wait(running, return_when=FIRST_COMPLETED)
        self._segments.append(self._submit(_write, batch))

    def _submit(self, task: Any, what: Sequence[Any]) -> Future[Any]:
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
        segments = self._written(self._segments)
        for number, places in self._dead.items():
            for place in places:
                segments[number].delete_document(place)
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


def _write(folder: Path, documents: Sequence[Document]) -> Any:
    storage = Storage(folder)
    try:
        return write_segment(storage, documents, inverter=_inverter)
    finally:
        storage.close_all()


def _merge(folder: Path, segments: Sequence[Any]) -> Any:
    storage = Storage(folder)
    try:
        return merge_segments(storage, segments)
    finally:
        storage.close_all()
