"""Owns the Whoosh engine: how documents lie in a Whoosh index, how they are written, and how their postings are read.

What matches, how well and how it is shown is decided elsewhere (`search.matching`, `search.answering`): Whoosh's own
query classes are not used, since some of them return wrong results (docs/decisions/0001-whoosh.md).
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from array import array
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from whoosh import columns, fields, formats
from whoosh import index as whoosh_index
from whoosh.filedb.filestore import FileStorage
from whoosh.reading import SegmentReader, TermNotFound

from search.answering import answer, empty_page
from search.bag import bag
from search.cache import Cache
from search.columns import LISTS, NONE, NUMBERS
from search.document import Document
from search.errors import SearchError
from search.fields import keywords, numbers, spelled
from search.generations import Damage, Generations, sync_directory
from search.index import IndexWriter, ResultPage
from search.lending import Lender
from search.merging import to_merge
from search.rebuilding import Rebuild
from search.snapshots import Snapshot
from search.texts import pack_texts, pack_values
from search.tree import KEYWORDS, Node
from search.whoosh_segments import Segment

SCHEMA_VERSION = 3
META = "meta"
"""The key of the one document that is no thread: it holds the cursor. Thread keys have a slash."""

_LOCK_WAIT = 2.0
CACHED = 200_000_000
"""Bytes that decoded postings may take in memory, of all threads together."""
_MEMORY_MB = 128


class TextField(fields.FieldType):  # type: ignore[misc]
    """The field of a document's words: it takes a finished bag of terms; Whoosh's analysis has no part in it."""

    def __init__(self) -> None:
        # Scorable only for speed: without a column of lengths, Whoosh looks for its file once for every posting.
        super().__init__(formats.Positions(), None, scorable=True)

    def index(self, value: Any, **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield (term, frequency, weight, codes) as Whoosh's writer wants them; what counts are the codes."""
        for term, codes in value.items():
            yield term.encode("utf-8", "replace"), len(codes), 1.0, little(codes)


def little(codes: array[int]) -> bytes:
    """Return numbers as four bytes each, the lowest first."""
    if sys.byteorder == "big":
        codes = codes[:]
        codes.byteswap()
    return codes.tobytes()


def _schema() -> fields.Schema:
    number, several = columns.NumericColumn, columns.RefBytesColumn
    return fields.Schema(
        key=fields.ID(unique=True),
        text=TextField(),
        **{name: fields.ID() for name in KEYWORDS},
        **{f"c_{name}": fields.COLUMN(number("q", NONE)) for name in NUMBERS},
        **{f"c_{name}": fields.COLUMN(several()) for name in LISTS if name != "repository"},
        c_repository=fields.COLUMN(columns.VarBytesColumn()),  # there may be more than a column of references holds
        c_key=fields.COLUMN(columns.VarBytesColumn()),
        c_digest=fields.COLUMN(columns.VarBytesColumn()),
        c_cursor=fields.COLUMN(number("q")),
        c_title=fields.COLUMN(columns.VarBytesColumn()),
        c_outline=fields.COLUMN(columns.VarBytesColumn()),
        c_texts=fields.COLUMN(columns.VarBytesColumn()),
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


class _Opened:
    """One committed state, opened for reading."""

    def __init__(self, damage: Damage, folder: Path, cache: Cache, known: Mapping[str, Segment]) -> None:
        self._storage = _Storage(folder)
        self.folder = folder
        try:
            with damage:
                self._read(damage, cache, known)
        except SearchError:
            self._storage.close_all()
            raise

    def _read(self, damage: Damage, cache: Cache, known: Mapping[str, Segment]) -> None:
        schema = _schema()
        contents = whoosh_index.TOC.read(self._storage, "MAIN", schema=schema)
        self._number: int = contents.generation
        segments = [known.get(each.segment_id()) or Segment(self._storage, each, schema) for each in contents.segments]
        self.segments = {each.name: each for each in segments}
        self.snapshot = Snapshot(segments, [set(each.deleted_docs()) for each in contents.segments], cache, damage)
        cursors = [cursor for each in segments for cursor in each.cursors]
        alive: list[int] = self.snapshot.live.nonzero()[0].tolist()
        meta = [number for number in alive if self.snapshot.columns.keys[number] == META]
        if len(meta) != 1:
            raise LookupError("no cursor")
        self.cursor = int(cursors[meta[0]])
        self.snapshot.settle(meta)
        cache.keep({*self.segments, self.snapshot.name})

    def is_latest(self) -> bool:
        """Return whether nothing was committed since."""
        # A commit first adds the next table of contents, then removes the one before.
        return not self._contents(self._number + 1).exists() and self._contents(self._number).exists()

    def _contents(self, number: int) -> Path:
        return self.folder / f"_MAIN_{number}.toc"

    def digests(self) -> dict[str, str]:
        """Return the snapshot digest of each thread."""
        found = [digest for each in self.segments.values() for digest in each.digests()]
        return {
            self.snapshot.columns.keys[number]: found[number] for number in self.snapshot.live.nonzero()[0].tolist()
        }

    def close(self) -> None:
        """Let go of all files: those of segments that live on are kept by those."""
        self._storage.close_all()
        self.segments.clear()
        del self.snapshot


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
        self._cache = Cache(CACHED)
        self._snapshots: Lender[_Opened] = Lender(self._latest)

    # --- searching ---

    def search(self, query: Node, *, sort: str | None = None, page: int = 1, per_page: int = 20) -> ResultPage:
        """Return one page of the threads that match; see `search.index.Index.search`."""
        with self._snapshots.lend() as opened:
            if opened is None:
                return empty_page(page, per_page)
            return answer(opened.snapshot, query, sort=sort, page=page, per_page=per_page)

    def cursor(self) -> int:
        """Return the cursor of the last commit; see `search.index.Index.cursor`."""
        with self._snapshots.lend() as opened:
            return opened.cursor if opened else 0

    def digests(self) -> Iterator[tuple[str, str]]:
        """Yield (thread key, snapshot digest) of every document; see `search.index.Index.digests`."""
        with self._snapshots.lend() as opened, self._damage:
            found = opened.digests() if opened else {}
        yield from sorted(found.items())

    def close(self) -> None:
        """Let go of all files; see `search.index.Index.close`."""
        self._snapshots.close()

    def _latest(self, present: _Opened | None) -> _Opened | None:
        while True:
            folder = self._generations.current()
            if folder is None:
                return None
            before = _commits(folder)
            try:
                with self._damage:
                    if present and present.folder == folder and present.is_latest():
                        return present
                return _Opened(self._damage, folder, self._cache, present.segments if present else {})
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
        values: dict[str, Any] = {f"c_{name}": value for name, value in numbers(document).items() if value is not None}
        for name, its_values in spelled(document).items():
            if name in LISTS:
                values[f"c_{name}"] = pack_values(its_values)
        values["c_outline"], values["c_texts"] = pack_texts(document, its)
        with self._damage:
            self._writer.add_document(
                key=document.key,
                text=its.entries,
                **{name: sorted(found) for name, found in keywords(document).items()},
                c_key=document.key.encode("utf-8"),
                c_digest=document.digest.encode("ascii"),
                c_title=document.title.encode("utf-8", "replace"),
                c_length=its.length,
                **values,
            )

    def commit(self, cursor: int, *, merge: bool) -> None:
        with self._damage:
            self._writer.add_document(key=META, c_key=META.encode("ascii"), c_length=0, c_cursor=cursor)
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
