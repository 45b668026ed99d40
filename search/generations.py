"""Owns an index's directory on disk: its generations, the pointer to the present one, and the writer's lock.

It knows nothing of what is in a generation.

    index/CURRENT           {"generation": "gen-5f2c...", "schema": 2}, replaced in one step
    index/gen-5f2c.../      a generation; what CURRENT does not name is a rest of a broken-off rebuild
    index/writer.lock       locked by whoever writes; the system frees it when that process ends, however it ends
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import pickle
import secrets
import shutil
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from search.errors import IndexFull, IndexLocked, IndexOutdated, IndexUnavailable, SearchError

POINTER = "CURRENT"
LOCK = "writer.lock"
_PREFIX = "gen-"


@dataclass(frozen=True, slots=True)
class Generations:
    """The generations under a directory, of which none need exist; `schema` is the version that this program writes."""

    root: Path
    schema: int

    def current(self) -> Path | None:
        """Return the present generation's directory; None if the index does not exist yet.

        Raises IndexOutdated if another version of the program wrote it, IndexUnavailable if it cannot be read.
        """
        try:
            text = (self.root / POINTER).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise self.unavailable(error) from error
        try:
            pointer = json.loads(text)
            name, schema = pointer["generation"], pointer["schema"]
        except (ValueError, TypeError, KeyError) as error:
            raise self.unavailable(error) from error
        if not isinstance(name, str) or not name.startswith(_PREFIX) or Path(name).name != name:
            raise self.unavailable(ValueError(f"{POINTER} names no generation"))
        if schema != self.schema:
            raise IndexOutdated(
                f"{self.root}: this index was written by another version of onrecord; run: onrecord rebuild",
                key=str(self.root),
            )
        return self.root / name

    def unavailable(self, error: BaseException | None) -> IndexUnavailable:
        """Return the error to raise when the index cannot be used because of `error`."""
        reason = " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())[:120]
        if isinstance(error, PermissionError):
            message = f"{self.root}: the index cannot be read or written ({reason}); check who owns it"
        else:
            message = f"{self.root}: the index is damaged ({type(error).__name__}: {reason}); run: onrecord rebuild"
        return IndexUnavailable(message, key=str(self.root))

    def create(self) -> Path:
        """Make an empty directory for a new generation."""
        path = self.root / f"{_PREFIX}{secrets.token_hex(6)}"
        path.mkdir(mode=0o700)
        return path

    def switch(self, generation: Path) -> None:
        """Make a generation the present one, in one step that is on the disk on return; drop all others."""
        draft = self.root / f"{POINTER}.new"
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"generation": generation.name, "schema": self.schema}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.root / POINTER)
        sync_directory(self.root)
        self.clean(generation)

    def clean(self, keep: Path | None) -> None:
        """Remove every generation but `keep`. Searches that have one open go on: files only lose their names."""
        for path in self.root.glob(f"{_PREFIX}*"):
            if path != keep:
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def writing(self, wait: float) -> Iterator[None]:
        """Be the only writer within the block. Raises IndexLocked if somebody else still is after `wait` seconds."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.root / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            until = time.monotonic() + wait
            while True:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                if time.monotonic() >= until:
                    raise IndexLocked(
                        f"{self.root}: another process is writing the index; try again when it is done",
                        key=str(self.root),
                    )
                time.sleep(0.05)
            yield
        finally:
            os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Have the directory's entries written to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Damage:
    """Turns what an engine raises on damaged or vanished files, or a full disk, into an error of ours."""

    # A damaged pickle can raise nearly anything, and Whoosh raises errors of its own and plain Exceptions.
    _KINDS = (
        *(OSError, EOFError, AssertionError, ArithmeticError, AttributeError, ImportError, LookupError, MemoryError),
        *(NameError, TypeError, ValueError, struct.error, zlib.error, pickle.PickleError),
    )
    _NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

    def __init__(self, generations: Generations, library: str) -> None:
        self._generations = generations
        self._library = library

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or isinstance(error, SearchError):
            return
        if kind is Exception or issubclass(kind, self._KINDS) or kind.__module__.split(".")[0] == self._library:
            if isinstance(error, OSError) and error.errno in self._NO_SPACE:
                root = self._generations.root
                raise IndexFull(
                    f"{root}: no space is left for the index; its last state stands", key=str(root)
                ) from error
            raise self._generations.unavailable(error) from error
