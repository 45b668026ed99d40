"""Owns the lending of one open thing to many threads: closed when it is replaced and its last borrower is done.

It knows nothing of what is lent, nor when it is to be replaced.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What can be lent."""

    def close(self) -> None:
        """Let go of all files."""


T = TypeVar("T", bound=Closable)


class Lender(Generic[T]):
    """Lends what `latest` returns: it gets what was lent last (or None), and returns that, a successor, or None."""

    def __init__(self, latest: Callable[[T | None], T | None]) -> None:
        self._latest = latest
        self._guard = threading.Lock()
        self._present: T | None = None
        self._users: dict[int, int] = {}

    @contextmanager
    def lend(self) -> Iterator[T | None]:
        """Lend the latest; it stays open until the block ends, whatever replaces it meanwhile."""
        with self._guard:
            latest = self._latest(self._present)
            if latest is not self._present:
                self._replace(latest)
            if latest is not None:
                self._users[id(latest)] = self._users.get(id(latest), 0) + 1
        try:
            yield latest
        finally:
            if latest is not None:
                with self._guard:
                    self._give_back(latest)

    def close(self) -> None:
        """Close what is not lent now, and the rest when it comes back."""
        with self._guard:
            self._replace(None)

    def _replace(self, successor: T | None) -> None:
        replaced, self._present = self._present, successor
        if replaced is not None and id(replaced) not in self._users:
            replaced.close()

    def _give_back(self, lent: T) -> None:
        self._users[id(lent)] -= 1
        if not self._users[id(lent)]:
            del self._users[id(lent)]
            if lent is not self._present:
                lent.close()
