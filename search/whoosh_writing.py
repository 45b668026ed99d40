"""Owns how documents get into a Whoosh index: segments are written whole, merged, and adopted in one commit.

Whoosh's own writer handles each posting by itself; of Whoosh these are used: columns, tables of terms, compound files,
and the table of contents that makes a commit. How a term's postings lie is `search.whoosh_codec`'s.
"""

from __future__ import annotations

import shutil
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from whoosh.index import TOC, clean_files

from search.bag import Bag
from search.columns import LISTS
from search.document import Document
from search.errors import SearchError
from search.fields import about, keywords, numbers, spelled
from search.generations import Damage
from search.inverting import Inverted, Inverter, Numbers, keyword_postings, merged
from search.matching import ABOUT, TEXT
from search.merging import to_merge
from search.texts import pack_texts, pack_values
from search.tree import KEYWORDS
from search.whoosh_codec import Codec, TermsReader, TermsWriter, new_segment
from search.whoosh_files import COLUMNS, KEY, META, NAME, Storage, contents, open_segment, schema

_MERGED_TERMS = 20_000
"""How many terms are merged at once, so that memory stays flat."""


def write_segment(
    storage: Storage, documents: Sequence[Document], *, cursor: int | None = None, inverter: Inverter | None = None
) -> Any:
    """Write documents as a new segment, numbered from 0 in their order; nobody sees it before a commit adopts it.

    The document that holds the cursor comes last, if one is given. An `inverter` that was used before is faster.
    """
    inverter = inverter or Inverter()
    for document in documents:
        inverter.add(document)
    words, bags = inverter.finish()
    found = [keywords(document) for document in documents]
    keys = [document.key for document in documents] + ([] if cursor is None else [META])
    fields = {
        KEY: keyword_postings((key, number) for number, key in enumerate(keys)),
        ABOUT: keyword_postings((term, number) for number, each in enumerate(documents) for term in about(each)),
        **{
            name: keyword_postings((value, number) for number, each in enumerate(found) for value in each[name])
            for name in KEYWORDS
        },
    }
    rows = (_row(document, its) for document, its in zip(documents, bags, strict=True))
    last = [] if cursor is None else [{"c_key": META.encode("ascii"), "c_length": 0, "c_cursor": cursor}]
    with _new_segment(storage) as (segment, columns, terms):
        for name in sorted((TEXT, *fields)):
            terms.write(name, words if name == TEXT else fields[name])
        _write_columns(segment, columns, chain(rows, last))
    return segment


def merge_segments(storage: Storage, segments: Sequence[Any]) -> Any:
    """Write the documents of some segments that are not deleted as one new segment, in their order."""
    opened = [open_segment(storage, each) for each in segments]
    codec = Codec()
    renumbered = []
    live = 0
    for each in segments:
        alive = np.ones(each.doc_count_all(), bool)
        alive[list(each.deleted_docs())] = False
        renumbered.append(np.where(alive, live + np.cumsum(alive) - 1, -1))
        live += int(alive.sum())
    with _new_segment(storage) as (segment, columns, terms):
        readers = [TermsReader(files, each) for files, each in zip(opened, segments, strict=True)]
        for name in sorted({name for reader in readers for name in reader.fields}):
            for part in _merged_terms(name, readers, renumbered):
                terms.write(name, part)
        tables = [codec.per_document_reader(files, each) for files, each in zip(opened, segments, strict=True)]
        rows = (
            row
            for table, numbers in zip(tables, renumbered, strict=True)
            for row in _kept_rows(table, np.flatnonzero(numbers >= 0).tolist())
        )
        _write_columns(segment, columns, rows)
    return segment


def _merged_terms(field: str, readers: Sequence[TermsReader], renumbered: Sequence[Numbers]) -> Iterator[Inverted]:
    """Yield the terms of a field, some at a time."""
    terms = [list(reader.entries(field)) for reader in readers]
    keys = [[key for key, _ in its] for its in terms]
    every = sorted(set().union(*keys))
    at = [0] * len(readers)
    for cut in range(_MERGED_TERMS, len(every) + _MERGED_TERMS, _MERGED_TERMS):
        ends = [bisect_left(its, every[cut]) if cut < len(every) else len(its) for its in keys]
        parts = [reader.many(its[start:end]) for reader, its, start, end in zip(readers, terms, at, ends, strict=True)]
        yield merged(parts, renumbered)
        at = ends


def _row(document: Document, its: Bag) -> dict[str, Any]:
    """Return the value of each column that a document has."""
    outline, texts = pack_texts(document, its)
    row: dict[str, Any] = {f"c_{name}": value for name, value in numbers(document).items() if value is not None}
    row |= {f"c_{name}": pack_values(values) for name, values in spelled(document).items() if name in LISTS}
    return row | {
        "c_key": document.key.encode("utf-8"),
        "c_digest": document.digest.encode("ascii"),
        "c_title": document.title.encode("utf-8", "replace"),
        "c_length": its.length,
        "c_outline": outline,
        "c_texts": texts,
    }


def _kept_rows(table: Any, documents: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield the row of each of these documents of a segment, as it was written."""
    columns = {name: table.column_reader(name, column) for name, column in COLUMNS.items() if table.has_column(name)}
    for number in documents:
        yield {name: column[number] for name, column in columns.items()}


def _write_columns(segment: Any, columns: Any, rows: Iterable[dict[str, Any]]) -> None:
    count = 0
    for row in rows:
        columns.start_doc(count)
        for name, value in row.items():
            columns.add_column_value(name, COLUMNS[name], value)
        columns.finish_doc()
        count += 1
    segment.set_doc_count(count)


@contextmanager
def _new_segment(storage: Storage) -> Iterator[tuple[Any, Any, TermsWriter]]:
    """Return a context with a segment and the writers of its columns and terms; at its end all is one file."""
    segment = new_segment()
    columns = Codec().per_document_writer(storage, segment)
    terms = TermsWriter(storage, segment)
    yield segment, columns, terms
    terms.close()
    columns.close()
    segment.create_compound_file(storage)


class Writer:
    """What is put and deleted in one commit. There must be no other writer in this folder."""

    def __init__(self, damage: Damage, folder: Path) -> None:
        self._damage = damage
        self._folder = folder
        self._new: list[Any] = []
        with damage:
            self._storage = Storage(folder)
            try:
                # What a writer that was killed has left: its temporary directory, and tables of contents never renamed.
                for path in folder.iterdir():
                    if path.name.endswith(".tmp"):
                        shutil.rmtree(path, ignore_errors=True)
                    elif ".toc." in path.name:
                        path.unlink()
                present = contents(self._storage)
            except BaseException:
                self._storage.close_all()
                raise
            self._number: int = present.generation
            self._segments: list[Any] = present.segments

    def adopt(self, segment: Any) -> None:
        """Add a segment that was written in this folder."""
        self._new.append(segment)

    def delete(self, keys: Collection[str]) -> None:
        """Delete what was committed under these keys."""
        with self._damage:
            for segment in self._segments:
                terms = TermsReader(open_segment(self._storage, segment), segment)
                for key in keys:
                    entry = terms.entry(KEY, key.encode("utf-8"))
                    for number in terms.postings(entry)[0].tolist() if entry else ():
                        segment.delete_document(number)
                terms.close()

    def commit(self, documents: Sequence[Document], cursor: int, *, merge: bool = True) -> None:
        """Add documents, none of which is there, set the cursor, merge what is to be merged, and commit."""
        self.delete([META])
        with self._damage:
            self._new.append(write_segment(self._storage, documents, cursor=cursor))
            live = [each for each in self._segments if each.doc_count()]
            chosen = to_merge([(each.doc_count(), each.doc_count_all()) for each in live]) if merge else set()
            if chosen:
                self._new = [merge_segments(self._storage, [*(live[number] for number in sorted(chosen)), *self._new])]
            kept = [each for number, each in enumerate(live) if number not in chosen]
            self._finish([*kept, *self._new])

    def _finish(self, segments: Sequence[Any]) -> None:
        shutil.rmtree(self._folder / f"{NAME}.tmp", ignore_errors=True)
        TOC(schema(), list(segments), self._number + 1).write(self._storage, NAME)
        clean_files(self._storage, NAME, self._number + 1, segments)
        self._storage.close_all()

    def abandon(self) -> None:
        """Undo everything. If that fails (the disk is full, say), the next writer clears away what is left."""
        self._storage.close_all()
        kept = {each.segment_id() for each in self._segments}
        with suppress(SearchError, OSError), self._damage:
            for path in self._folder.glob(f"{NAME}_*"):
                if path.name.partition(".")[0] not in kept:
                    path.unlink()
            shutil.rmtree(self._folder / f"{NAME}.tmp", ignore_errors=True)
