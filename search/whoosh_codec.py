"""Owns how terms and postings lie in the files of a Whoosh segment: a codec by which they are written and read in bulk.

Whoosh's own codec pickles and compresses postings 128 at a time, each handled by itself in Python. Here the postings
of a term are one stretch of 32-bit numbers, and those of many terms are put together and taken apart as arrays.
Columns, deletions, segments and commits are Whoosh's.

    .trm   Whoosh's ordered hash: the field's number and the term -> ENTRY
    .arr   for each term its documents, then (of texts) the number of codes in each, then the codes
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any
from zlib import crc32

import numpy as np
from whoosh.codec.whoosh3 import W3Codec, W3Segment
from whoosh.filedb.filetables import HashWriter, OrderedHashReader, OrderedHashWriter
from whoosh.system import pack_ushort

from search.inverting import Inverted, Numbers, running

ENTRY = struct.Struct("<IIQ")
"""Of a term: its number of documents, its number of codes, and which number of the file its stretch begins with."""
_NUMBER = np.dtype("<u4")
_PREFIX = struct.Struct("!ii")  # Whoosh's: the lengths of key and value
_CRC32 = 1
_WIDTH = _NUMBER.itemsize
_SLOT = np.dtype([("hash", ">u4"), ("place", ">i8")])
_FREE = (0, 0)
# Bytes of the table of terms: few of them are asked for, or very many.
_READ_FIRST, _READ_AT_ONCE = 1 << 11, 1 << 16


class Codec(W3Codec):  # type: ignore[misc]
    """Whoosh's codec, but for terms and postings."""

    POSTS_EXT = ".arr"

    def field_writer(self, storage: Any, segment: Any) -> TermsWriter:
        """Return what writes terms and postings."""
        return TermsWriter(storage, segment)

    def terms_reader(self, storage: Any, segment: Any) -> TermsReader:
        """Return what reads terms and postings."""
        return TermsReader(storage, segment)


def new_segment() -> Any:
    """Return an empty segment of Whoosh's, under a name of its own."""
    return W3Segment(Codec(), "MAIN")


class _Table(OrderedHashWriter):  # type: ignore[misc]
    """Whoosh's ordered hash, filled with many keys at once."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        # Whoosh hashes by MD5 unless told otherwise, and this class passes nothing on.
        file.seek(self.startoffset)
        HashWriter.__init__(self, file, hashtype=_CRC32)
        self.index.array = array("q")

    def extend(self, keys: Sequence[bytes], values: Sequence[bytes]) -> None:
        """Add keys in order of their bytes, all of them after those that were added before."""
        start = self.dbfile.tell()
        sizes = [_PREFIX.size + len(key) + len(value) for key, value in zip(keys, values, strict=True)]
        places = list(accumulate(sizes, initial=start))[:-1]
        pack, buckets = _PREFIX.pack, self.buckets
        parts: list[bytes] = []
        for key, value, place in zip(keys, values, places, strict=True):
            parts += (pack(len(key), len(value)), key, value)
            number = crc32(key)
            buckets[number & 255].append((number, place))
        self.dbfile.write(b"".join(parts))
        self.index.array.extend(places)

    def _write_hashes(self) -> None:
        """Write what Whoosh writes, a table at once: open addressing, twice as many slots as entries."""
        for entries in self.buckets:
            count = 2 * len(entries)
            self.directory.append((self.dbfile.tell(), count))
            table: list[tuple[int, int]] = [_FREE] * count
            for entry in entries:
                slot = (entry[0] >> 8) % count
                while table[slot] is not _FREE:
                    slot = (slot + 1) % count
                table[slot] = entry
            self.dbfile.write(np.array(table, _SLOT).tobytes())


class TermsWriter:
    """Writes the terms and postings of a segment, field by field in the order of their names."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._table = _Table(segment.create_file(storage, Codec.TERMS_EXT))
        self._fields: dict[str, int] = {}
        self._file = segment.create_file(storage, Codec.POSTS_EXT)
        self._written = 0

    def write(self, field: str, inverted: Inverted) -> None:
        """Write terms of a field, in order; of one without positions, counts and codes are empty."""
        number = self._fields.setdefault(field, len(self._fields))
        having = inverted.having.astype(np.int64)
        codes = inverted.codes_of_terms()
        counted = having if len(inverted.codes) else np.zeros_like(having)
        starts = running(having + counted + codes)
        laid = np.empty(starts[-1], _NUMBER)
        _lay(laid, starts[:-1], having, inverted.documents)
        if len(inverted.codes):
            _lay(laid, starts[:-1] + having, having, inverted.counts)
            _lay(laid, starts[:-1] + 2 * having, codes, inverted.codes)
        self._file.write(laid.tobytes())
        entries = np.zeros(len(having), [("having", "<u4"), ("codes", "<u4"), ("first", "<u8")])
        entries["having"], entries["codes"], entries["first"] = having, codes, self._written + starts[:-1]
        self._written += int(starts[-1])
        packed, size, prefix = entries.tobytes(), ENTRY.size, pack_ushort(number)
        self._table.extend(
            [prefix + key for key in inverted.keys], [packed[at : at + size] for at in range(0, len(packed), size)]
        )

    def close(self) -> None:
        """Finish both files."""
        self._table.extras["fieldmap"] = self._fields
        self._table.close()
        self._file.close()


def _stretches(starts: Numbers, lengths: Numbers) -> Numbers:
    """Return the places of all numbers in stretches that begin here and are so long."""
    before = running(lengths)
    places: Numbers = np.arange(before[-1]) + np.repeat(starts - before[:-1], lengths)
    return places


def _lay(into: Numbers, starts: Numbers, lengths: Numbers, numbers: Numbers) -> None:
    into[_stretches(starts, lengths)] = numbers


class TermsReader:
    """Reads terms and postings of a segment; what they say is not checked here."""

    def __init__(self, storage: Any, segment: Any) -> None:
        name = segment.make_filename(Codec.TERMS_EXT)
        self._table = OrderedHashReader(storage.open_file(name), storage.file_length(name))
        self._fields: dict[str, int] = self._table.extras["fieldmap"]
        self._file = segment.open_file(storage, Codec.POSTS_EXT)

    @property
    def fields(self) -> list[str]:
        """The fields that have terms, in order."""
        return list(self._fields)

    def entry(self, field: str, key: bytes) -> bytes | None:
        """Return the entry of a term; None if it is not there."""
        if field not in self._fields:
            return None
        found: bytes | None = self._table.get(self._key(field, key))
        return found

    def entries(self, field: str, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield each term of a field that begins so, in order, with its entry."""
        if field not in self._fields:
            return
        first = self._key(field, start)
        place = self._table.closest_key_pos(first)
        end, unpack, prefix = self._table.endofdata, _PREFIX.unpack_from, _PREFIX.size
        size = _READ_FIRST
        while place is not None and place < end:
            data = self._table.dbfile.get(place, min(size, end - place))
            at = 0
            while at + prefix <= len(data):
                key_size, entry_size = unpack(data, at)
                key_at = at + prefix
                following = key_at + key_size + entry_size
                if key_size < 0 or entry_size != ENTRY.size:
                    raise LookupError("broken terms")
                if following > len(data):
                    break
                key = data[key_at : key_at + key_size]
                if not key.startswith(first):
                    return
                yield key[2:], data[key_at + key_size : following]
                at = following
            if not at and len(data) < size:
                raise LookupError("broken terms")
            place += at
            size = _READ_AT_ONCE if at else 8 * size

    def postings(self, entry: bytes) -> tuple[Numbers, Numbers, Numbers]:
        """Return the documents of a term, the number of codes in each, and the codes: none of a keyword."""
        having, codes, first = ENTRY.unpack(entry)
        numbers = self._numbers(first, 2 * having + codes if codes else having)
        return numbers[:having], numbers[having : 2 * having] if codes else numbers[:0], numbers[2 * having :]

    def many(self, terms: Sequence[tuple[bytes, bytes]]) -> Inverted:
        """Return the postings of terms that follow each other, given with their entries."""
        entries = np.frombuffer(
            b"".join(entry for _, entry in terms), [("having", "<u4"), ("codes", "<u4"), ("first", "<u8")]
        )
        having, codes = entries["having"].astype(np.int64), entries["codes"].astype(np.int64)
        first = entries["first"].astype(np.int64)
        counted = np.where(codes > 0, having, 0)
        start, end = (int(first[0]), int((first + having + counted + codes)[-1])) if len(first) else (0, 0)
        numbers = self._numbers(start, end - start)
        first -= start
        return Inverted(
            keys=[key for key, _ in terms],
            having=having,
            documents=numbers[_stretches(first, having)],
            counts=numbers[_stretches(first + having, counted)],
            codes=numbers[_stretches(first + 2 * having, codes)],
        )

    def _key(self, field: str, key: bytes) -> bytes:
        return bytes(pack_ushort(self._fields[field])) + key

    def _numbers(self, first: int, count: int) -> Numbers:
        return np.frombuffer(self._file.get(first * _WIDTH, count * _WIDTH), _NUMBER, count)

    def close(self) -> None:
        """Let go of the files."""
        self._table.close()
        self._file.close()


def having(entry: bytes) -> int:
    """Return in how many documents a term stands."""
    count: int = ENTRY.unpack(entry)[0]
    return count
