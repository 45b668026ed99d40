"""Crawls: takes a target, and sees that all of it is asked for and kept, whatever breaks off in between.

How lists are gone through stands in `archiver.listing`, single requests in `archiver.fetch`, how to ask in
`archiver.github`, how to keep in `archiver.store`, what a license debate is in `archiver.license`.
"""

from __future__ import annotations

from collections.abc import Callable

from archiver.errors import ArchiveError, GitHubError
from archiver.fetch import Fetcher, Report
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.listing import ListingPass, Progress
from archiver.model import RepositoryRef, ThreadKind, ThreadRef, iso
from archiver.store import Store

__all__ = ["Crawler", "Progress", "Report"]


def _nothing(_: Progress) -> None:
    return None


def _never() -> bool:
    return False


class Crawler:
    """Crawls repositories and threads into a store.

    `stop` is asked after every committed page; when it says true, the crawl raises Stopped. `full` leaves aside what is
    known from earlier passes and lists everything again.
    """

    def __init__(
        self,
        store: Store,
        github: GitHub,
        vocabulary: Vocabulary,
        *,
        stop: Callable[[], bool] = _never,
        on_progress: Callable[[Progress], None] = _nothing,
        full: bool = False,
    ) -> None:
        self._store = store
        self._github = github
        self._fetcher = Fetcher(store, github, vocabulary, full=full)
        self._stop = stop
        self._on_progress = on_progress

    def crawl(self, target: RepositoryRef | ThreadRef, scope: str = "license") -> Report:
        """Bring the archive up to date about a repository or one thread.

        Raises GitHubError (RateLimited where waiting is not wanted), StoreError (StoreBusy while another crawl is at
        work), or Stopped. Whatever was committed before stays, and the next call goes on from there.
        """
        before = self._github.requests
        report = Report(str(target))
        with self._store.crawl_lock():
            try:
                if isinstance(target, ThreadRef):
                    self._crawl_thread(target, report)
                else:
                    self._crawl_repository(target, scope, report)
            finally:
                report.requests = self._github.requests - before
                self._note_rate()
        return report

    def _note_rate(self) -> None:
        rate = self._github.rate
        if rate is not None:
            value = {"limit": rate.limit, "remaining": rate.remaining, "reset": iso(rate.reset)}
            with self._store.transaction() as tx:
                tx.save_note("rate", {**value, "seen_at": iso(tx.now)})

    def _crawl_repository(self, ref: RepositoryRef, scope: str, report: Report) -> None:
        repository = self._fetcher.repository(ref)
        try:
            ListingPass(self._fetcher, repository, scope, report, stop=self._stop, on_progress=self._on_progress).run()
        except GitHubError as error:
            with self._store.transaction() as tx:
                tx.note_failure(repository.id, "", str(error))
            raise
        with self._store.transaction() as tx:
            tx.clear_failure(repository.id, "")

    def _crawl_thread(self, ref: ThreadRef, report: Report) -> None:
        if ref.kind is ThreadKind.DISCUSSION:
            raise ArchiveError(f"{ref}: this version does not archive GitHub Discussions yet", key=str(ref))
        repository = self._fetcher.repository(ref.repository)
        try:
            self._fetcher.whole(repository, ref.number, report, keep=lambda _thread, _posts: True)
        except GitHubError as error:
            with self._store.transaction() as tx:
                tx.note_failure(repository.id, f"#{ref.number}", str(error))
            raise
