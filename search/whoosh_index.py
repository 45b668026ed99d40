"""Owns the Whoosh engine: how documents lie in a Whoosh index, how they are written, and how their postings are read.

What matches, how well and how it is shown is decided elsewhere (`search.matching`, `search.answering`): Whoosh's own
query classes are not used, since some of them return wrong results (docs/decisions/0001-whoosh.md).
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from whoosh.index import TOC

from search.answering import answer, empty_page
from search.building import BATCH, Rebuild, processes
from search.cache import Cache
from search.document import Document
from search.errors import SearchError
from search.generations import Damage, Generations
from search.index import FacetCount, Hit, IndexRebuild, ResultPage
from search.lending import Lender
from search.similar import similar
from search.snapshots import Snapshot
from search.suggesting import values
from search.tree import Node
from search.whoosh_files import META, NAME, SCHEMA_VERSION, Storage, contents, schema
from search.whoosh_segments import Segment
from search.whoosh_writing import Writer

_LOCK_WAIT = 2.0
CACHED = 200_000_000
"""Bytes that decoded postings may take in memory, of all threads together."""


# --- reading ----------------------------------------------------------------------------------------------------------


class _Opened:
    """One committed state, opened for reading."""

    def __init__(self, damage: Damage, folder: Path, cache: Cache, known: Mapping[str, Segment]) -> None:
        self._storage = Storage(folder)
        self.folder = folder
        try:
            with damage:
                self._read(damage, cache, known)
        except SearchError:
            self._storage.close_all()
            raise

    def _read(self, damage: Damage, cache: Cache, known: Mapping[str, Segment]) -> None:
        present = contents(self._storage)
        self._number: int = present.generation
        segments = [known.get(each.segment_id()) or Segment(self._storage, each) for each in present.segments]
        self.segments = {each.name: each for each in segments}
        self.snapshot = Snapshot(segments, [set(each.deleted_docs()) for each in present.segments], cache, damage)
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
        return self.folder / f"_{NAME}_{number}.toc"

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


class WhooshIndex:
    """An index in a directory; see `search.index.Index` for what its methods promise."""

    def __init__(
        self, root: Path, *, lock_wait: float = _LOCK_WAIT, workers: int | None = None, batch: int = BATCH
    ) -> None:
        """Name the directory. A rebuild writes in so many processes; unless told, as many as there are processors.

        `batch` is how many characters of text it gives to one of them at once.
        """
        self._generations = Generations(root, SCHEMA_VERSION)
        self._damage = Damage(self._generations, "whoosh")
        self._lock_wait = lock_wait
        self._workers = workers or processes()
        self._batch = batch
        self._cache = Cache(CACHED)
        self._snapshots: Lender[_Opened] = Lender(self._latest)

    # --- searching ---

    def search(
        self,
        query: Node,
        *,
        sort: str | None = None,
        page: int = 1,
        per_page: int = 20,
        without: Collection[str] = (),
    ) -> ResultPage:
        """Return one page of the threads that match; see `search.index.Index.search`."""
        with self._snapshots.lend() as opened:
            if opened is None:
                return empty_page(page, per_page)
            return answer(opened.snapshot.without(without), query, sort=sort, page=page, per_page=per_page)

    def similar(self, key: str, limit: int = 5) -> tuple[Hit, ...]:
        """Return the threads most like one; see `search.index.Index.similar`."""
        with self._snapshots.lend() as opened:
            number = opened.snapshot.number(key) if opened else None
            return () if opened is None or number is None else similar(opened.snapshot, number, limit)

    def values(
        self, name: str, prefix: str = "", limit: int = 10, *, without: Collection[str] = ()
    ) -> tuple[FacetCount, ...]:
        """Return the values of a qualifier; see `search.index.Index.values`."""
        with self._snapshots.lend() as opened:
            return values(name, prefix, limit, opened.snapshot.without(without)) if opened else ()

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
            writer = Writer(self._damage, folder)
            try:
                # Of two documents with one key, both would be kept.
                latest = {document.key: document for document in documents}
                writer.delete({*latest, *deletions})
                writer.commit(list(latest.values()), cursor)
            except BaseException:
                writer.abandon()
                raise
            if present is None:
                self._switch(folder)

    @contextmanager
    def rebuild(self) -> Iterator[IndexRebuild]:
        """Return a context that fills a new generation; see `search.index.Index.rebuild`."""
        with self._writing():
            folder = self._create()
            writer = Rebuild(self._damage, folder, self._workers, self._batch)
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
            TOC.create(Storage(folder), schema(), NAME)
            return folder

    def _switch(self, folder: Path) -> None:
        with self._damage:
            self._generations.switch(folder)
