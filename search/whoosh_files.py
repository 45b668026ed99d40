"""Owns the folder of a Whoosh index: its fields and columns, and that a commit is on the disk before it is seen.

It puts nothing into it (`search.whoosh_writing` does), and reads nothing (`search.whoosh_segments`).
"""

from __future__ import annotations

import os
import pickle
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from whoosh import columns, fields
from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile
from whoosh.index import TOC

from search.columns import LISTS, NONE, NUMBERS
from search.generations import sync_directory
from search.matching import ABOUT, TEXT
from search.tree import KEYWORDS

SCHEMA_VERSION = 5
META = "meta"
"""The key of the one document that is no thread: it holds the cursor. Thread keys have a slash."""
NAME = "MAIN"
"""What Whoosh calls an index that was given no name."""
KEY = "key"
"""The field that finds a document by its key."""

COLUMNS: dict[str, Any] = {
    **{f"c_{name}": columns.NumericColumn("q", NONE) for name in NUMBERS},
    **{f"c_{name}": columns.RefBytesColumn() for name in LISTS if name != "repository"},
    # Of these there may be more than a column of references holds.
    **{f"c_{name}": columns.VarBytesColumn() for name in ("repository", "key", "digest", "title", "outline", "texts")},
    "c_cursor": columns.NumericColumn("q"),
}


def schema() -> fields.Schema:
    """Return the schema of an index. It is given to Whoosh whenever it reads, so that no pickled one is looked at."""
    indexed = (KEY, TEXT, ABOUT, *KEYWORDS)
    return fields.Schema(
        **{name: fields.ID() for name in indexed},
        **{name: fields.COLUMN(column) for name, column in COLUMNS.items()},
    )


class Storage(FileStorage):  # type: ignore[misc]
    """A directory in which a commit is on the disk before it is seen, and which knows what was opened in it."""

    def __init__(self, folder: Path, opened: list[Any] | None = None) -> None:
        super().__init__(str(folder))
        self._opened: list[Any] = [] if opened is None else opened

    def open_file(self, name: str, **more: Any) -> Any:
        """Open a file for reading."""
        self._opened.append(super().open_file(name, **more))
        return self._opened[-1]

    def create_file(self, name: str, **more: Any) -> Any:
        """Open a new file for writing."""
        self._opened.append(super().create_file(name, **more))
        return self._opened[-1]

    def temp_storage(self, name: str | None = None) -> Any:
        """Make a directory for what does not stay."""
        return Storage(Path(self.folder) / (name or f"{secrets.token_hex(8)}.tmp"), self._opened).create()

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Rename a file: Whoosh commits by giving the new table of contents its name."""
        for path in Path(self.folder).iterdir():
            if path.suffix == ".seg" or path.name == oldname:
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        super().rename_file(oldname, newname, safe)
        sync_directory(Path(self.folder))

    def close_all(self) -> None:
        """Close what Whoosh has left open, as it does wherever it fails."""
        for file in self._opened:
            if not file.is_closed:
                with suppress(OSError):
                    file.close()
        self._opened.clear()


class MappedFile(StructFile):  # type: ignore[misc]
    """A file in memory that is not copied, as Whoosh's own is; with `get`, many threads may read it."""

    def __init__(self, view: memoryview, name: str) -> None:
        self._view = view
        self._at = 0
        super().__init__(None, name)

    def get(self, position: int, length: int) -> bytes:
        """Return some bytes."""
        return bytes(self._view[position : position + length])

    def get_array(self, position: int, typecode: str, length: int) -> Any:
        """Return numbers, written with the high byte first."""
        size = np.dtype(typecode).itemsize
        return np.frombuffer(self.get(position, length * size), np.dtype(typecode).newbyteorder(">")).tolist()

    def seek(self, position: int, whence: int = 0) -> None:
        """Go to a place."""
        self._at = position + (0, self._at, len(self._view))[whence]

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def read(self, length: int = -1) -> bytes:
        """Return the bytes that follow."""
        start = self._at
        self._at = min(len(self._view), start + length) if length >= 0 else len(self._view)
        return bytes(self._view[start : self._at])

    def readline(self, *_: Any) -> bytes:
        """Return a line, as an unpickler may ask for."""
        start = self._at
        end = self._view.obj.find(b"\n", start)  # type: ignore[attr-defined]
        return self.read((end + 1 if end >= 0 else len(self._view)) - start)

    def read_pickle(self) -> Any:
        """Return the pickle that follows."""
        return pickle.load(self)  # noqa: S301

    def close(self) -> None:
        """Let go of the memory."""
        self._view = memoryview(b"")


class CompoundFiles(CompoundStorage):  # type: ignore[misc]
    """The files in one."""

    def open_file(self, name: str, *_: Any, **__: Any) -> MappedFile:
        """Open one of them."""
        offset, length = self.range(name)
        return MappedFile(memoryview(self._source)[offset : offset + length], name)


def open_segment(storage: Storage, segment: Any) -> CompoundFiles:
    """Open the files of a segment; they stay in memory as long as anything of them is in use."""
    return CompoundFiles(storage.open_file(segment.make_filename(segment.COMPOUND_EXT)))


def contents(storage: Storage) -> TOC:
    """Read the latest table of contents: its segments and the number of its generation."""
    return TOC.read(storage, NAME, schema=schema())
