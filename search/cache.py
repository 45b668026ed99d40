"""Owns a memory of what was made from an index, bounded in bytes; how it is made, and when it is stale, others know."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from typing import Protocol, TypeVar


class Sized(Protocol):
    """What knows how many bytes it takes."""

    @property
    def size(self) -> int:
        """How many bytes it takes."""


T = TypeVar("T", bound=Sized)

_ENTRY = 300
"""Bytes that an entry takes besides its value, roughly; so what is nowhere takes room too."""


class Cache:
    """Keeps what was used last, as long as together it takes at most `limit` bytes. Many threads may use one.

    Keys are tuples; the first of each is a name of what the entry belongs to. What is made must not change afterwards.
    Making is done outside the lock, so that two threads may make the same thing, of which one is kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._guard = threading.Lock()
        self._kept: OrderedDict[tuple[Hashable, ...], tuple[Sized, int]] = OrderedDict()
        self._bytes = 0

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return self._bytes

    def get(self, key: tuple[Hashable, ...], make: Callable[[], T]) -> T:
        """Return what is kept under a key; if nothing is, it is made."""
        with self._guard:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept[0]  # type: ignore[return-value]  # of one key, all values are of one type
        made = make()
        size = made.size + _ENTRY
        if size > self._limit // 2:
            return made  # it would push out all else
        with self._guard:
            if key not in self._kept:
                self._kept[key] = (made, size)
                self._bytes += size
                while self._bytes > self._limit:
                    self._bytes -= self._kept.popitem(last=False)[1][1]
        return made

    def keep(self, names: Collection[Hashable]) -> None:
        """Drop what belongs to none of these."""
        with self._guard:
            for key in [key for key in self._kept if key[0] not in names]:
                self._bytes -= self._kept.pop(key)[1]
