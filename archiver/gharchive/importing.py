"""Imports hourly files: has them read side by side by processes of their own, and keeps what they find, alone.

How a file is read stands in `archiver.gharchive.reading`, how its sightings are kept in `archiver.store.importing`.
"""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from archiver.errors import ArchiveError
from archiver.gharchive.files import HourFile
from archiver.gharchive.reading import Counts, HourReader, Judged
from archiver.github.client import Stopped
from archiver.license import Vocabulary
from archiver.store import Kept, Store

log = logging.getLogger(__name__)

AT_ONCE = 100
"""How many sightings are kept in one transaction: a crawl that works beside an import waits for its turn."""

_SETTLED_AT_ONCE = 25
_PATIENCE = 1.0


@dataclass(slots=True)
class Imported:
    """What became of the files: `read` now, `known` from before; what was met in them, and what was kept of it."""

    read: int = 0
    known: int = 0
    settled: int = 0
    counts: Counts = field(default_factory=Counts)
    kept: Kept = field(default_factory=Kept)
    gaps: list[tuple[str, str]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """How far an import is: bytes `done` of the files' `total`; `file` was read to its end just now (None: goes on)."""

    done: int
    total: int
    file: HourFile | None = None
    counts: Counts | None = None


class Importer:
    """Imports files into a store. `stop` is asked between transactions; if it says true, Stopped is raised.

    `repositories` (owner/name) leaves out all others; `full` reads files again that were read before.
    """

    def __init__(
        self,
        store: Store,
        vocabulary: Vocabulary,
        *,
        jobs: int = 1,
        repositories: Sequence[str] = (),
        full: bool = False,
        stop: Callable[[], bool] = lambda: False,
        on_step: Callable[[Step], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._vocabulary = vocabulary
        self._jobs = jobs
        self._repositories = frozenset(each.lower() for each in repositories)
        self._full = full
        self._stop = stop
        self._on_step = on_step
        self._done = self._total = 0

    @property
    def basis(self) -> str:
        """What chooses from a file: the vocabulary, and the repositories asked for. Another one reads it again."""
        if not self._repositories:
            return self._vocabulary.fingerprint
        names = "\n".join(sorted(self._repositories)).encode()
        return f"{self._vocabulary.fingerprint}:{hashlib.sha256(names).hexdigest()[:16]}"

    def run(self, files: Sequence[HourFile]) -> Imported:
        """Import files that were not imported yet; those broken off are begun again, which changes nothing twice.

        Raises StoreError (StoreBusy while another import is at work) or Stopped; what was committed stays.
        """
        done = Imported()
        with self._store.import_lock():
            left = self._left(files)
            done.known = len(files) - len(left)
            self._total = sum(each.size for each in left)
            if self._jobs > 1 and len(left) > 1:
                self._run_beside(left, done)
            else:
                self._run_here(left, done)
            self._settle(done)
        return done

    def _left(self, files: Sequence[HourFile]) -> list[HourFile]:
        if self._full:
            return list(files)
        with self._store.importing() as tx:
            known = tx.read_files([each.name for each in files])
        whole = self._vocabulary.fingerprint  # what was read for all repositories was read for these
        return [each for each in files if known.get(each.name) not in {(each.size, self.basis), (each.size, whole)}]

    # --- in this process ---

    def _run_here(self, files: Sequence[HourFile], done: Imported) -> None:
        reader = HourReader(self._vocabulary, self._repositories)
        for file in files:
            self._begin(file)
            kept, counts = Kept(), Counts()
            try:
                for found in reader.read(file.path, file.hour, counts):
                    self._check_stop()
                    kept += self._keep(found)
                    self._on_step(Step(self._done + counts.packed, self._total))
            except OSError as error:
                self._failed(file, f"{error.strerror or error}", done)
                continue
            self._end(file, counts, kept, done)

    # --- beside each other ---

    def _run_beside(self, files: Sequence[HourFile], done: Imported) -> None:
        """Let processes read one file each at a time, and keep what they send in the order in which it comes."""
        context = multiprocessing.get_context("spawn")  # no lock and no connection of this process comes along
        todo = iter(files)
        workers: dict[Connection, _Worker] = {}
        try:
            for _ in range(min(self._jobs, len(files))):
                ours, theirs = context.Pipe()
                arguments = (theirs, self._vocabulary, self._repositories)
                process = context.Process(target=_work, args=arguments, daemon=True, name="onrecord import")
                with _undisturbed():
                    process.start()
                theirs.close()
                workers[ours] = _Worker(process)
                self._give(ours, workers, next(todo, None))
            while workers:
                self._check_stop()
                for ready in wait(list(workers), timeout=_PATIENCE):
                    if isinstance(ready, Connection):
                        self._hear(ready, workers, todo, done)
            left = list(todo)
            if left:
                raise ArchiveError(f"the processes that read the files came to an end; {len(left)} files are left")
        finally:
            for connection, worker in workers.items():
                connection.close()
                worker.process.terminate()
                worker.process.join()

    def _give(self, connection: Connection, workers: dict[Connection, _Worker], file: HourFile | None) -> None:
        """Give a process its next file; without one it ends."""
        worker = workers[connection]
        worker.file, worker.kept, worker.packed = file, Kept(), 0
        if file is not None:
            self._begin(file)
        with suppress(OSError):  # it ended: that is heard of next
            connection.send(file)
        if file is None:
            del workers[connection]
            worker.process.join()
            connection.close()

    def _hear(
        self, connection: Connection, workers: dict[Connection, _Worker], todo: Iterator[HourFile], done: Imported
    ) -> None:
        worker = workers[connection]
        file = worker.file
        try:
            word, value = connection.recv()
        except (EOFError, OSError):
            del workers[connection]
            worker.process.join()
            connection.close()
            if file is not None:
                self._failed(file, f"the process that read it ended ({worker.process.exitcode})", done)
            return
        if file is None:
            return
        match word:
            case "found":
                found, packed = value
                worker.kept += self._keep(found)
                self._done += packed - worker.packed
                worker.packed = packed
                self._on_step(Step(self._done, self._total))
                return
            case "done":
                self._done -= worker.packed
                self._end(file, value, worker.kept, done)
            case _:
                self._done -= worker.packed
                self._failed(file, value, done)
        self._give(connection, workers, next(todo, None))

    # --- keeping ---

    def _begin(self, file: HourFile) -> None:
        with self._store.importing() as tx:
            tx.note_file(file.name, file.size, self.basis, {}, done=False)

    def _keep(self, found: Sequence[Judged]) -> Kept:
        kept = Kept()
        for at in range(0, len(found), AT_ONCE):
            with self._store.importing() as tx:
                for each in found[at : at + AT_ONCE]:
                    kept += tx.keep_sighting(each.sighting, each.relevance, self._vocabulary.judge)
        return kept

    def _end(self, file: HourFile, counts: Counts, kept: Kept, done: Imported) -> None:
        """Note that a file was read to its end. One with a gap is, too: a better copy has another size."""
        record = counts.record() | {
            "threads": kept.threads,
            "posts": kept.posts,
            "texts": kept.texts,
            "waiting": kept.waiting,
            "withheld": kept.withheld,
        }
        with self._store.importing() as tx:
            tx.note_file(file.name, file.size, self.basis, record, done=True)
        done.read += 1
        done.kept += kept
        done.counts.add(counts)
        if counts.gap is not None:
            done.gaps.append((file.name, counts.gap))
        for number, reason in counts.broken_lines:
            log.warning("%s, line %d: %s", file.name, number, reason)
        if counts.broken > len(counts.broken_lines):
            log.warning("%s: %d more broken lines", file.name, counts.broken - len(counts.broken_lines))
        self._done += file.size
        self._on_step(Step(self._done, self._total, file, counts))

    def _failed(self, file: HourFile, reason: str, done: Imported) -> None:
        log.warning("%s: cannot be read: %s", file.path, reason)
        done.failures.append((str(file.path), reason))
        self._done += file.size

    def _settle(self, done: Imported) -> None:
        """Make what was added to public threads their next snapshot: once for each, however many files told of it.

        Those of an import that was broken off have their turn with the next one, or with a crawl.
        """
        after = 0
        while True:
            self._check_stop()
            with self._store.importing() as tx:
                some = tx.to_settle(_SETTLED_AT_ONCE, after)
                for after, repository_id, number in some:  # noqa: B007
                    done.settled += tx.settle(repository_id, number, self._vocabulary.judge)
            if not some:
                return

    def _check_stop(self) -> None:
        if self._stop():
            raise Stopped("stopped on request; what was imported so far is kept")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let a process begin with Ctrl-C ignored: it goes to all processes at a terminal, and only this one answers."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(slots=True)
class _Worker:
    """A process, the file that it reads, and what of it was kept so far."""

    process: BaseProcess
    file: HourFile | None = None
    kept: Kept = field(default_factory=Kept)
    packed: int = 0


def _work(connection: Connection, vocabulary: Vocabulary, repositories: frozenset[str]) -> None:
    """Read the files that are named on the connection, until none is; send what is found, and wait where it piles up.

    The program that began this process says when it ends: by a closed connection, too, however it came to that.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    reader = HourReader(vocabulary, repositories)
    with suppress(EOFError, OSError):
        while (file := connection.recv()) is not None:
            counts = Counts()
            try:
                told = 0
                for found in reader.read(file.path, file.hour, counts):
                    for at in range(0, len(found), AT_ONCE):
                        connection.send(("found", (found[at : at + AT_ONCE], counts.packed)))
                    if not found and counts.packed - told > 2**20:
                        connection.send(("found", ([], counts.packed)))
                    told = counts.packed
            except OSError as error:
                if isinstance(error, BrokenPipeError | ConnectionError):
                    raise
                connection.send(("failed", error.strerror or str(error)))
            else:
                connection.send(("done", counts))
