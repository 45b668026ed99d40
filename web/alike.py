"""Owns which debates the page of a thread names as similar, and that asking for them never holds the page up.

What makes debates alike is the index's to say.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from archiver.model import ThreadSummary
from archiver.store import Reader
from search.errors import SearchError
from search.index import Index

MOST = 5
"""How many similar debates are named at most."""
WAIT = 0.15
"""How many seconds a page waits for them; what comes later is there for the next reader."""
FRESH = timedelta(minutes=10)
_RETRY = timedelta(minutes=1)
_KEPT = 4096
_T = TypeVar("_T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Answer:
    keys: tuple[str, ...]
    until: datetime


class Alike:
    """Tells which threads are like one; one question is asked at a time, and answers are kept for a while.

    `clock` tells the present moment in UTC. Safe for many threads.
    """

    def __init__(self, store: Reader, index: Index, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._index = index
        self._clock = clock
        self._asker = ThreadPoolExecutor(1, "alike")
        self._free = threading.Semaphore()
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        # What the store said of the threads of an answer, with its version then.
        self._read: OrderedDict[str, tuple[tuple[Hashable, tuple[str, ...]], tuple[ThreadSummary, ...]]] = OrderedDict()

    def to(self, key: str) -> tuple[ThreadSummary, ...]:
        """Return the threads, as now known, that are most like the one with a key, the most alike first.

        They are none where the index is down, and may be old ones, or none, where it is too slow. Raises StoreError.
        """
        keys = self._keys(key)
        if not keys:
            return ()
        read_of = self._store.version(), keys
        with self._lock:
            kept = self._read.get(key)
        if kept and kept[0] == read_of:
            return kept[1]
        held = self._store.summaries_by_key(keys)
        found = tuple(held[each] for each in keys if each in held)
        with self._lock:
            _keep(self._read, key, (read_of, found))
        return found

    def drain(self) -> None:
        """Wait until the question is answered that is being asked, if there is one."""
        self._asker.submit(lambda: None).result()

    def _keys(self, key: str) -> tuple[str, ...]:
        with self._lock:
            known = self._answers.get(key)
        if known and self._clock() < known.until:
            return known.keys
        if self._free.acquire(blocking=False):
            asked = self._asker.submit(self._ask, key)
            try:
                return asked.result(WAIT)
            except TimeoutError:
                log.info("similar debates of %s take longer than the page waits", key)
        return known.keys if known else ()

    def _ask(self, key: str) -> tuple[str, ...]:
        try:
            keys = tuple(hit.key for hit in self._index.similar(key, MOST))
            until = self._clock() + FRESH
        except SearchError as error:
            log.warning("no similar debates: %s", error)
            keys, until = (), self._clock() + _RETRY
        finally:
            self._free.release()
        with self._lock:
            _keep(self._answers, key, _Answer(keys, until))
        return keys


def _keep(table: OrderedDict[str, _T], key: str, value: _T) -> None:
    """Put a value into a table, and let those go that were put there first."""
    table[key] = value
    table.move_to_end(key)
    while len(table) > _KEPT:
        table.popitem(last=False)
