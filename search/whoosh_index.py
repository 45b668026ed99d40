"""Owns the Whoosh engine: how documents lie in a Whoosh index, how they are written, and how their postings are read.

What matches, how well and how it is shown is decided elsewhere (`search.matching`, `search.answering`): Whoosh's own
query classes are not used, since some of them return wrong results (docs/decisions/0001-whoosh.md).
"""

from __future__ import annotations

import os
import secrets
import shutil
import threading
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from whoosh import columns, fields, formats
from whoosh import index as whoosh_index
from whoosh.filedb.filestore import FileStorage
from whoosh.reading import SegmentReader, TermNotFound

from search.answering import Texts, answer, empty_page
from search.cache import PostingsCache
from search.document import Document, bag
from search.errors import SearchError
from search.generations import Damage, Generations, sync_directory
from search.index import IndexWriter, ResultPage
from search.lending import Lender
from search.matching import TEXT, Postings, pack
from search.merging import to_merge
from search.rebuilding import Rebuild
from search.stored import SegmentColumns, column_values, joined, pack_texts, unpack_texts
from search.tree import Node

SCHEMA_VERSION = 2
META = "meta"
"""The key of the one document that is no thread: it holds the cursor. Thread keys have a slash."""

_LOCK_WAIT = 2.0
_CACHED_POSTINGS = 4_000_000
_MEMORY_MB = 128


class TextField(fields.FieldType):  # type: ignore[misc]
    """The field of a document's words: it takes a finished bag of terms; Whoosh's analysis has no part in it."""

    def __init__(self) -> None:
        # Scorable only for speed: without a column of lengths, Whoosh looks for its file once for every posting.
        super().__init__(formats.Positions(), None, scorable=True)

    def index(self, value: Any, **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield (term, frequency, weight, packed positions) as Whoosh's writer wants them."""
        for term, entry in value.items():
            positions = entry.positions
            yield term.encode("utf-8", "replace"), len(positions), entry.weight, pack(positions)


def _schema() -> fields.Schema:
    number = columns.NumericColumn
    return fields.Schema(
        key=fields.ID(stored=True, unique=True),
        text=TextField(),
        **{"repo": fields.ID(), "is": fields.ID(), "author": fields.ID()},
        c_key=fields.COLUMN(columns.VarBytesColumn()),
        c_digest=fields.COLUMN(columns.VarBytesColumn()),
        c_repository=fields.COLUMN(columns.RefBytesColumn()),
        c_state=fields.COLUMN(columns.RefBytesColumn()),
        c_created=fields.COLUMN(number("q")),
        c_updated=fields.COLUMN(number("q")),
        c_comments=fields.COLUMN(number("i")),
        c_length=fields.COLUMN(number("i")),
        c_cursor=fields.COLUMN(number("q")),
        c_texts=fields.COLUMN(columns.CompressedBytesColumn()),
    )


class _Storage(FileStorage):  # type: ignore[misc]
    """A directory in which a commit is on the disk before it is seen, and which knows what was opened in it."""

    def __init__(self, folder: Path, opened: list[Any] | None = None) -> None:
        super().__init__(str(folder))
        self._opened: list[Any] = [] if opened is None else opened

    def open_file(self, name: str, **more: Any) -> Any:
        self._opened.append(super().open_file(name, **more))
        return self._opened[-1]

    def create_file(self, name: str, **more: Any) -> Any:
        self._opened.append(super().create_file(name, **more))
        return self._opened[-1]

    def temp_storage(self, name: str | None = None) -> Any:
        return _Storage(Path(self.folder) / (name or f"{secrets.token_hex(8)}.tmp"), self._opened).create()

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        # Whoosh commits by giving the new table of contents its name.
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


# --- reading ----------------------------------------------------------------------------------------------------------


class _Snapshot:
    """One committed state, opened for reading: the `Collection` of a search.

    Whoosh's readers must not be used by two threads at once: every use is under one lock, and what is read is decoded
    whole, so that nothing of Whoosh leaves it.
    """

    def __init__(self, damage: Damage, folder: Path, known: dict[str, SegmentColumns]) -> None:
        self._damage = damage
        self._lock = threading.Lock()
        self._cache = PostingsCache(_CACHED_POSTINGS)
        self.folder = folder
        self._storage = _Storage(folder)
        try:
            with self._damage:
                self._read_all(known)
        except SearchError:
            self._storage.close_all()
            raise

    def _read_all(self, known: dict[str, SegmentColumns]) -> None:
        self._index = _open(self._storage)
        self._reader = self._index.reader()
        self._number = self._reader.generation()
        self._leaves = list(self._reader.leaf_readers())
        self._bases = [base for _, base in self._leaves]
        self._texts: dict[int, Any] = {}
        self.segments = {
            name: known.get(name) or SegmentColumns(leaf.column_reader)
            for leaf, _ in self._leaves
            for name in [leaf.segment().segment_id()]
        }
        self._load(list(self.segments.values()))

    def _load(self, segments: list[SegmentColumns]) -> None:
        self.columns = joined(segments)
        alive = [base + n for leaf, base in self._leaves for n in range(leaf.doc_count_all()) if not leaf.is_deleted(n)]
        meta = [number for number in alive if self.columns.keys[number] == META]
        if len(meta) != 1:
            raise LookupError("no cursor")
        self.cursor = [value for each in segments for value in each.cursors][meta[0]]
        self.live = frozenset(alive) - set(meta)
        self.lengths = self.columns.lengths
        self.average_length = max(sum(self.lengths[number] for number in self.live) / max(len(self.live), 1), 1.0)

    def is_latest(self) -> bool:
        """Return whether nothing was committed since."""
        return bool(self._index.latest_generation() == self._number)

    def postings(self, field: str, term: str) -> Postings:
        with self._lock, self._damage:
            return self._cache.get(field, term, self._read)

    def _read(self, field: str, term: str) -> Postings:
        documents, weights = array("I"), array("f")
        packed: list[bytes] = []
        positions = field == TEXT
        for leaf, base in self._leaves:
            try:
                matcher = leaf.postings(field, term)
            except TermNotFound:
                continue
            while matcher.is_active():
                documents.append(base + matcher.id())
                weights.append(matcher.weight())
                if positions:
                    packed.append(matcher.value())
                matcher.next()
        return Postings(documents, weights, packed)

    def texts(self, document: int) -> Texts:
        with self._lock, self._damage:
            at = bisect_right(self._bases, document) - 1
            if at not in self._texts:
                self._texts[at] = self._leaves[at][0].column_reader("c_texts")
            packed = self._texts[at][document - self._bases[at]]
        return unpack_texts(packed)

    def digests(self) -> dict[str, str]:
        """Return the snapshot digest of each thread."""
        with self._lock, self._damage:
            found = [value.decode("ascii") for leaf, _ in self._leaves for value in leaf.column_reader("c_digest")]
        return {self.columns.keys[number]: found[number] for number in self.live}

    def close(self) -> None:
        with self._lock:
            self._reader.close()
            self._storage.close_all()
            # Whoosh cannot unmap files of which views are left: the last references must go for that.
            self._texts.clear()
            self._leaves.clear()
            self._reader = None


def _commits(folder: Path) -> set[str]:
    """Return the names of the tables of contents: a commit changes them."""
    return {path.name for path in folder.glob("*.toc")}


def _open(storage: _Storage) -> whoosh_index.FileIndex:
    # With our schema given, the pickled one in the files is passed over.
    return whoosh_index.FileIndex(storage, schema=_schema())


class WhooshIndex:
    """An index in a directory; see `search.index.Index` for what its methods promise."""

    def __init__(self, root: Path, *, lock_wait: float = _LOCK_WAIT) -> None:
        self._generations = Generations(root, SCHEMA_VERSION)
        self._damage = Damage(self._generations, "whoosh")
        self._lock_wait = lock_wait
        self._snapshots: Lender[_Snapshot] = Lender(self._latest)

    # --- searching ---

    def search(self, query: Node, *, sort: str | None = None, page: int = 1, per_page: int = 20) -> ResultPage:
        """Return one page of the threads that match; see `search.index.Index.search`."""
        with self._snapshots.lend() as snapshot:
            if snapshot is None:
                return empty_page(page, per_page)
            return answer(snapshot, query, sort=sort, page=page, per_page=per_page)

    def cursor(self) -> int:
        """Return the cursor of the last commit; see `search.index.Index.cursor`."""
        with self._snapshots.lend() as snapshot:
            return snapshot.cursor if snapshot else 0

    def digests(self) -> Iterator[tuple[str, str]]:
        """Yield (thread key, snapshot digest) of every document; see `search.index.Index.digests`."""
        with self._snapshots.lend() as snapshot:
            found = snapshot.digests() if snapshot else {}
        yield from sorted(found.items())

    def close(self) -> None:
        """Let go of all files; see `search.index.Index.close`."""
        self._snapshots.close()

    def _latest(self, present: _Snapshot | None) -> _Snapshot | None:
        while True:
            folder = self._generations.current()
            if folder is None:
                return None
            before = _commits(folder)
            try:
                with self._damage:
                    if present and present.folder == folder and present.is_latest():
                        return present
                return _Snapshot(self._damage, folder, present.segments if present else {})
            except SearchError:
                # Damaged, unless a writer has replaced what was being opened: the next look finds its successor.
                if self._generations.current() == folder and _commits(folder) == before:
                    raise

    # --- writing ---

    def apply(self, documents: Collection[Document], deletions: Collection[str], cursor: int) -> None:
        """Put, delete and set the cursor in one commit; see `search.index.IndexWriter.apply`."""
        with self._writing():
            present = self._generations.current()
            self._generations.clean(present)
            folder = present or self._create()
            writer = _Writer(self._damage, folder)
            try:
                writer.replace(documents, deletions)
                writer.commit(cursor, merge=True)
            except BaseException:
                writer.abandon()
                raise
            if present is None:
                self._switch(folder)

    @contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        """Return a context that fills a new generation; see `search.index.Index.rebuild`."""
        with self._writing():
            folder = self._create()
            writer = Rebuild(partial(_Writer, self._damage, folder))
            try:
                yield writer
                writer.finish()
            except BaseException:
                writer.abandon()
                shutil.rmtree(folder, ignore_errors=True)
                raise
            self._switch(folder)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with ExitStack() as stack:
            with self._damage:
                stack.enter_context(self._generations.writing(self._lock_wait))
            yield

    def _create(self) -> Path:
        with self._damage:
            folder = self._generations.create()
            whoosh_index.FileIndex.create(_Storage(folder), _schema())
            return folder

    def _switch(self, folder: Path) -> None:
        with self._damage:
            self._generations.switch(folder)


class _Writer:
    """One of Whoosh's writers, for one commit."""

    def __init__(self, damage: Damage, folder: Path) -> None:
        self._damage = damage
        with damage:
            # What a writer that was killed has left: its temporary directory, and tables of contents never renamed.
            for path in folder.iterdir():
                if path.name.endswith(".tmp"):
                    shutil.rmtree(path, ignore_errors=True)
                elif ".toc." in path.name:
                    path.unlink()
            # Whoosh's own lock is not needed under ours, and stays locked if something goes wrong here.
            self._storage = _Storage(folder)
            try:
                self._writer = _open(self._storage).writer(limitmb=_MEMORY_MB, _lk=False)
            except BaseException:
                self._storage.close_all()
                raise

    def replace(self, documents: Collection[Document], deletions: Collection[str]) -> None:
        # Whoosh keeps both of two documents that come with one key to one writer.
        latest = {document.key: document for document in documents}
        with self._damage:
            self._delete({*latest, *deletions, META})
        for document in latest.values():
            self.add(document)

    def _delete(self, keys: set[str]) -> None:
        # Not by Whoosh's delete_by_term: its searcher holds on to itself, and so to the files.
        reader = self._writer.reader()
        try:
            for key in keys:
                with suppress(TermNotFound):
                    for number in list(reader.postings("key", key).all_ids()):
                        self._writer.delete_document(number)
        finally:
            reader.close()

    def add(self, document: Document) -> None:
        its = bag(document)
        values = column_values(document, its)
        with self._damage:
            self._writer.add_document(
                key=document.key,
                text=its.entries,
                **{
                    "repo": sorted({name.lower() for name in document.repositories}),
                    "is": sorted(document.flags),
                    "author": [document.author.lower()],
                },
                c_digest=document.digest.encode("ascii"),
                c_texts=pack_texts(document, its),
                **values,
            )

    def commit(self, cursor: int, *, merge: bool) -> None:
        with self._damage:
            self._writer.add_document(key=META, c_key=META.encode("ascii"), c_cursor=cursor)
            self._writer.commit(mergetype=_merge if merge else None, merge=False)

    def abandon(self) -> None:
        """Undo everything. If that fails (the disk is full, say), the next writer clears away what is left."""
        with suppress(SearchError), self._damage:
            self._writer.cancel()
        self._storage.close_all()


def _merge(writer: Any, segments: list[Any]) -> list[Any]:
    """Merge what `search.merging` says, as a merge policy of Whoosh's."""
    live = [segment for segment in segments if segment.doc_count()]
    chosen = to_merge([(segment.doc_count(), segment.doc_count_all()) for segment in live])
    for number in chosen:
        reader = SegmentReader(writer.storage, writer.schema, live[number])
        writer.add_reader(reader)
        reader.close()
    return [segment for number, segment in enumerate(live) if number not in chosen]
