"""Owns the reading of one segment of a Whoosh index: its terms, whole postings at once, and its columns.

A segment never changes, so what is read of it holds for all commits that have it; which of its documents are deleted
is not known here. Once opened, any number of threads may read it: nothing in it has a position that they would share.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from search.bag import FORM
from search.columns import LISTS, NUMBERS, Columns, value_column
from search.matching import TEXT
from search.ranking import NOWHERE, Postings, merged, postings_of
from search.texts import Texts, unpack_values
from search.whoosh_codec import TermsReader, having
from search.whoosh_files import COLUMNS, open_segment
from search.words import Words


class Segment:
    """One segment. Raises what Whoosh raises, and errors of numbers and lookups, where its files are damaged."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self.name: str = segment.segment_id()
        files = open_segment(storage, segment)
        codec = segment.codec()
        self._documents = codec.per_document_reader(files, segment)
        self.count: int = self._documents.doc_count_all()
        self._terms: TermsReader = codec.terms_reader(files, segment)
        self.columns, self.cursors = self._read_columns()
        self._titles = self._column("c_title")
        self._outlines = self._column("c_outline")
        self._texts = self._column("c_texts")

    def _column(self, name: str) -> Any:
        if self._documents.has_column(name):
            return self._documents.column_reader(name, COLUMNS[name])
        return [COLUMNS[name].default_value()] * self.count

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
        if field != TEXT:
            return self._read(self._terms.entry(field, _encoded(term)), positions=False)
        forms = self._terms.entries(field, _encoded(term + FORM))
        return merged([self._read(entry, positions=True) for _, entry in forms])

    def form(self, key: str) -> Postings:
        """Return the postings of one form of a word, by its key."""
        return self._read(self._terms.entry(TEXT, _encoded(key)), positions=True)

    def words(self, field: str) -> Words:
        """Return all words as they are written, or all values of another field; deleted documents are counted too."""
        return Words((key, having(entry)) for key, entry in self._terms.entries(field))

    def _read(self, entry: bytes | None, *, positions: bool) -> Postings:
        if entry is None:
            return NOWHERE
        found, counts, codes = self._terms.postings(entry)
        documents = found.astype(np.int32)
        if not len(documents) or documents[0] < 0 or documents[-1] >= self.count or (np.diff(documents) <= 0).any():
            raise LookupError("broken postings")
        if not positions:
            return postings_of(documents)
        if not len(counts) or not counts.all() or int(counts.sum(dtype=np.int64)) != len(codes):
            raise LookupError("broken positions")
        return postings_of(documents, counts, codes.astype(np.uint32, copy=False))


def _encoded(term: str) -> bytes:
    return term.encode("utf-8", "replace")
