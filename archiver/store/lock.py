"""Lets one crawl (and one import) at a time work on a store, and tells the second one who holds it.

It does not guard the database itself (transactions do): it keeps two crawls from setting each other's progress back,
and two imports from reading the same files. A crawl and an import may stand beside each other.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from archiver.errors import StoreBusy, StoreError
from archiver.model import iso


@contextmanager
def crawl_lock(url: str, now: Callable[[], datetime]) -> Iterator[None]:
    """Hold the store's crawl lock for the length of the block; see `_lock`."""
    with _lock(url, now, "crawl"):
        yield


@contextmanager
def import_lock(url: str, now: Callable[[], datetime]) -> Iterator[None]:
    """Hold the store's import lock for the length of the block; see `_lock`."""
    with _lock(url, now, "import"):
        yield


@contextmanager
def _lock(url: str, now: Callable[[], datetime], work: str) -> Iterator[None]:
    """Hold the store's lock for a kind of work for the length of the block.

    The system lets go of it when the process ends, however that happens: a lock is never stale. Raises StoreBusy, with
    the process that holds it, or StoreError if the lock file cannot be made.
    """
    database = make_url(url).database
    if not database or database == ":memory:":
        yield  # nobody else can open it
        return
    path = Path(f"{database}.{work}-lock")
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(f"{path}: the {work} lock cannot be made: {error.strerror}", key=str(path)) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if not isinstance(error, BlockingIOError):
                message = f"{path}: this file system gives no locks ({error.strerror}); keep the store on a local disk"
                raise StoreError(message, key=str(path)) from None
            holder = os.pread(handle, 300, 0).decode("utf-8", "replace").strip() or "a process that gives no name"
            busy = f"another {work} is at work on this store: {holder}; let it finish first"
            raise StoreBusy(busy, key=url) from None
        # The file stays when the lock is let go of: a second process may have it open already.
        # The name is a courtesy to the second one: on a full disk the lock holds without it.
        with suppress(OSError):
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}, since {iso(now())}\n".encode(), 0)
        yield
        with suppress(OSError):
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)
