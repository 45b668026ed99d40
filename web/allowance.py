"""Counts what was done within the last so many minutes, in all and for each address, and says whether more is allowed.

What is counted, and what an address is, is for those who ask.
"""

from __future__ import annotations

import ipaddress
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

MOST_REMEMBERED = 10_000


@dataclass
class Allowance:
    """So many in all and so many for each address, within any `window`; safe for many threads.

    No more is remembered than is allowed in all, so memory is bounded.
    """

    each: int
    window: timedelta
    most: int = MOST_REMEMBERED
    _done: deque[tuple[datetime, str]] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def take(self, address: str, now: datetime) -> datetime | None:
        """Count one more from an address if it is allowed, and return None; else return when it will be."""
        with self._lock:
            while self._done and self._done[0][0] <= now - self.window:
                self._done.popleft()
            mine = [at for at, whose in self._done if whose == address]
            if len(mine) >= self.each:
                return mine[-self.each] + self.window
            if len(self._done) >= self.most:
                return self._done[0][0] + self.window
            self._done.append((now, address))
            return None


def network(address: str | None) -> str:
    """Return whose an address is, as far as it tells: of IPv6 the first 64 bits, which one household or machine has."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
