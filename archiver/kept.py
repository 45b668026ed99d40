"""Keeps in memory what was made of a text, as long as there is room: for what depends on its key and nothing else.

How it is made is not known here, nor when it would be stale: it never is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Kept(Generic[_T]):
    """What was made, by key: `limit` in all, of keys' lengths and of what `length` says of the values; the latest used.

    Safe for many threads. A thread of 1,500 posts must fit, since its page uses one after the other: a memory for fewer
    would never hit.
    """

    def __init__(self, limit: int, length: Callable[[_T], int]) -> None:
        self._limit = limit
        self._length_of = length
        self._length = 0
        self._kept: OrderedDict[bytes, _T] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes, make: Callable[[], _T]) -> _T:
        """Return what is kept under a key, or make and keep it."""
        with self._lock:
            if (found := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return found
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._length += len(key) + self._length_of(made)
            while self._length > self._limit:
                former, value = self._kept.popitem(last=False)
                self._length -= len(former) + self._length_of(value)
        return made
