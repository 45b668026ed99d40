"""Owns the reading of one segment of a Whoosh index: its terms, whole postings at once, and its columns.

A segment never changes, so what is read of it holds for all commits that have it; which of its documents are deleted
is not known here. Once opened, any number of threads may read it: nothing in it has a position that they would share.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from io import BytesIO
from itertools import accumulate
from pickle import load, loads  # of files that this program wrote (docs/decisions/0001-whoosh.md)
from struct import Struct
from typing import Any

import numpy as np
from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC, W3TermInfo
from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.structfile import StructFile
from whoosh.system import pack_ushort, unpack_int

from search.bag import FORM
from search.columns import LISTS, NUMBERS, Columns, value_column
from search.matching import TEXT
from search.ranking import NOWHERE, Postings, merged, postings_of
from search.texts import Texts, unpack_values
from search.words import Words

_WORD = np.dtype("<u4")
_EXTENT = Struct("!qi")
"""Where a term's postings begin and how many bytes they are, as they follow on what else is known of it."""


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
        return load(self)  # noqa: S301

    def close(self) -> None:
        """Let go of the memory."""
        self._view = memoryview(b"")


class _Compound(CompoundStorage):  # type: ignore[misc]
    """The files in one."""

    def open_file(self, name: str, *_: Any, **__: Any) -> MappedFile:
        offset, length = self.range(name)
        return MappedFile(memoryview(self._source)[offset : offset + length], name)


class _Loose:
    """The files of a segment that is not in one."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage

    def open_file(self, name: str) -> MappedFile:
        with self._storage.open_file(name) as file:
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self.file_length(name) else b""
        return MappedFile(memoryview(whole), name)

    def file_exists(self, name: str) -> bool:
        return bool(self._storage.file_exists(name))

    def file_length(self, name: str) -> int:
        return int(self._storage.file_length(name))


class Segment:
    """One segment. Raises what Whoosh raises, and errors of numbers and lookups, where its files are damaged."""

    def __init__(self, storage: Any, segment: Any, schema: Any) -> None:
        self.name: str = segment.segment_id()
        self._schema = schema
        if segment.is_compound():
            file = storage.open_file(segment.make_filename(segment.COMPOUND_EXT))
            files: Any = _Compound(file)
        else:
            files = _Loose(storage)
        codec = segment.codec()
        self._documents = codec.per_document_reader(files, segment)
        self.count: int = self._documents.doc_count_all()
        terms = codec.terms_reader(files, segment)
        self._terms = terms._tindex
        self._fields: dict[str, int] = terms._fieldmap
        self._postings: Any = terms._postfile
        self.columns, self.cursors = self._read_columns()
        self._titles = self._column("c_title")
        self._outlines = self._column("c_outline")
        self._texts = self._column("c_texts")

    def _column(self, name: str) -> Any:
        if self._documents.has_column(name):
            return self._documents.column_reader(name, self._schema[name].column_type)
        return [self._schema[name].column_type.default_value()] * self.count

    def _numbers(self, name: str) -> Any:
        reader = self._column(name)
        if isinstance(reader, list):
            return np.array(reader, np.int64)
        if reader._count > self.count:
            raise LookupError("too many numbers")
        kind = np.dtype(reader._typecode).newbyteorder(">")
        values = np.full(self.count, reader._default, np.int64)
        raw = reader._dbfile.get(0, reader._count * kind.itemsize)
        values[: reader._count] = np.frombuffer(raw, kind)
        return values

    def _references(self, name: str) -> tuple[list[bytes], Any]:
        """Return the different values of a column, and which of them each document has."""
        reader = self._column(name)
        if hasattr(reader, "_uniques"):
            raw = reader._dbfile.get(0, self.count * reader._itemsize)
            which = np.frombuffer(raw, np.dtype(reader._typecode).newbyteorder(">"))
            return reader._uniques, which.astype(np.int64)
        known: dict[bytes, int] = {}
        which = np.array([known.setdefault(value, len(known)) for value in reader], np.int64)
        return list(known), which

    def _read_columns(self) -> tuple[Columns, Any]:
        lists = {}
        for name in LISTS:
            packed, which = self._references(f"c_{name}")
            lists[name] = value_column([unpack_values(each) for each in packed], which)
        keys = [key.decode("utf-8") for key in self._column("c_key")]
        numbers = {name: self._numbers(f"c_{name}") for name in NUMBERS}
        if len(keys) != self.count or (numbers["length"] < 0).any():
            raise LookupError("broken columns")
        return Columns(keys, numbers, lists), self._numbers("c_cursor")

    def digests(self) -> list[str]:
        """Return the snapshot digest of each document."""
        return [digest.decode("ascii") for digest in self._column("c_digest")]

    def texts(self, document: int, guard: AbstractContextManager[None]) -> Texts:
        """Return the texts of a document; they are read under the guard."""
        title = self._titles[document].decode("utf-8")
        return Texts(title, self._outlines[document], lambda: bytes(self._texts[document]), guard)

    # --- terms ---

    def postings(self, field: str, term: str) -> Postings:
        """Return the postings of a term, of deleted documents too; of a word, of all forms in which it is written."""
        if field not in self._fields:
            return NOWHERE
        if field != TEXT:
            return self._read(self._terms.get(self._key(field, term)), positions=False)
        return merged([self._read(info, positions=True) for _, info in self._range(field, term + FORM)])

    def _key(self, field: str, term: str) -> bytes:
        return bytes(pack_ushort(self._fields[field])) + term.encode("utf-8", "replace")

    def _range(self, field: str, start: str) -> Iterator[tuple[bytes, bytes]]:
        """Yield the terms that begin so, each with what is known of it."""
        first = self._key(field, start)
        for key, info in self._terms.items_from(first):
            if not key.startswith(first):
                return
            yield key[2:], info

    def form(self, key: str) -> Postings:
        """Return the postings of one form of a word, by its key."""
        return self._read(self._terms.get(self._key(TEXT, key)) if TEXT in self._fields else None, positions=True)

    def terms(self, field: str) -> list[tuple[str, int]]:
        """Return all terms of a field in order, each with its number of documents, deleted ones too."""
        if field not in self._fields:
            return []
        return [(key.decode("utf-8"), int.from_bytes(info[5:9], "big")) for key, info in self._range(field, "")]

    def words(self) -> Words:
        """Return all words as they are written."""
        return Words(self.terms(TEXT))

    def _read(self, packed: bytes | None, *, positions: bool) -> Postings:
        if packed is None:
            return NOWHERE
        if packed[0]:
            raise LookupError("postings within a term")  # Whoosh writes none
        ids: list[int] = []
        values: list[bytes] = []
        for gaps, its in _blocks(self._postings.get(*_EXTENT.unpack_from(packed, W3TermInfo._struct.size))):
            # The first of a block is counted from 0.
            ids += accumulate(gaps)
            values += its or ()
        documents = np.array(ids, np.int32)
        if not len(documents) or documents[0] < 0 or documents[-1] >= self.count or (np.diff(documents) <= 0).any():
            raise LookupError("broken postings")
        if not positions:
            return postings_of(documents)
        if len(values) != len(ids):
            raise LookupError("broken positions")
        counts = np.fromiter(map(len, values), np.int64, len(values)) // _WORD.itemsize
        if not counts.all():
            raise LookupError("a posting without a position")
        return postings_of(documents, counts, np.frombuffer(b"".join(values), _WORD).astype(np.uint32, copy=False))


def _blocks(data: bytes) -> Iterator[tuple[Sequence[int], Sequence[bytes]]]:
    """Yield the blocks of one term's postings as `whoosh.codec.whoosh3` writes them: gaps of ids, and values."""
    at = len(WHOOSH3_HEADER_MAGIC)
    if data[:at] != WHOOSH3_HEADER_MAGIC:
        raise LookupError("no postings where they should be")
    stream = BytesIO(data)
    last = False
    while not last:
        (length,) = unpack_int(data[at : at + 4])
        last, end = length < 0, at + 4 + abs(length)
        stream.seek(at + 4)
        compressed = load(stream)[3]  # noqa: S301
        body = data[stream.tell() : end]
        gaps, _, values = loads(zlib.decompress(body) if compressed else body)  # noqa: S301
        yield gaps, values
        at = end
