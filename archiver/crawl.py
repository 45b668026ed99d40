"""Crawls: takes a target, and sees that all of it is asked for and kept, whatever breaks off in between.

How lists are gone through stands in `archiver.listing`, searches in `archiver.searching`, an owner's repositories in
`archiver.owners`, single requests in `archiver.fetch`, what only GraphQL tells in `archiver.discussions` and
`archiver.histories`, how to ask in `archiver.github`, how to keep in `archiver.store`, what a license debate is in
`archiver.license`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from archiver.config import LIMIT, MAX_GONE_SHARE
from archiver.discussions import Discussions
from archiver.errors import (
    BadResponse,
    Blocked,
    Forbidden,
    GitHubError,
    Gone,
    NotFound,
    NotHeld,
    Refused,
    TokenNeeded,
)
from archiver.fetch import Fetcher, Report
from archiver.github.client import GitHub
from archiver.github.graphql import endpoint
from archiver.histories import Histories
from archiver.judging import judge_if_another
from archiver.license import Vocabulary
from archiver.listing import ListingPass, Progress
from archiver.model import Repository, Tombstone, iso, thread_key
from archiver.owners import OwnerPass, owner_key
from archiver.queries import WORDS, Query, grouped
from archiver.references import RepositoryRef, ThreadKind, ThreadRef
from archiver.searching import Search, SearchPass
from archiver.store import CrawlState, Store
from archiver.store.searches import UNSEARCHED
from archiver.sweep import Sweep, Swept

__all__ = ["Crawler", "Progress", "Report"]


ONLY_WITH_A_TOKEN = ("edit history", "minimised comments", "discussions")
"""What GitHub tells by GraphQL alone."""

# What is answered in place of GraphQL by what is not GitHub: another archive, for example.
_NO_SUCH_SERVICE = {404, 405, 501}


# The basis of a repository's crawl state if its threads are found by searching.
_SEARCHED = "search:"


def search_key(query: Query) -> str:
    """Return the key of a search in the store's memory."""
    return f"search:{' '.join(filter(None, [query.text, query.created]))}"


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

    def crawl(
        self,
        target: RepositoryRef | ThreadRef,
        scope: str = "license",
        *,
        discover: str = "listing",
        limit: int = LIMIT,
    ) -> Report:
        """Bring the archive up to date about a repository or one thread.

        With `discover="search"`, the repository's threads are found by searching, `limit` of them at most.
        Raises GitHubError (RateLimited where waiting is not wanted), TooManyMatches, StoreError (StoreBusy while
        another crawl is at work), or Stopped. What was committed before stays, and the next call goes on from there.
        """
        with self._counted(str(target)) as report:
            if isinstance(target, ThreadRef):
                self._crawl_thread(target, report)
            else:
                self._crawl_repository(target, scope, discover, limit, report)
        return report

    def aside(self, ref: ThreadRef) -> Report:
        """Bring the archive up to date about one thread from within another crawl of this process, between its pages.

        That one holds the store's lock. Raises what `crawl` raises.
        """
        report = Report(str(ref))
        self._crawl_thread(ref, report)
        return report

    def search(self, query: Query, scope: str = "all", *, limit: int = LIMIT) -> Report:
        """Bring the archive up to date about the threads that a search finds, `limit` of them at most.

        Raises what `crawl` raises.
        """
        label = " ".join(filter(None, [query.text, query.created]))
        with self._counted(label) as report:
            self._search(Search(search_key(query), label, (query.text,), scope, limit, query), report)
        return report

    def owner(self, name: str, scope: str = "license", *, discover: str = "listing", limit: int = LIMIT) -> Report:
        """Bring the archive up to date about all repositories of a user or an organisation.

        One that fails does not stop the others. With `discover="search"`, the threads in all of them are found by
        searching, `limit` of them at most. Raises what `crawl` raises.
        """
        with self._counted(name) as report:
            if discover == "search":
                queries = tuple(grouped(WORDS, f"user:{name}"))
                self._search(Search(owner_key(name), name, queries, scope, limit), report)
                return report

            def crawl(ref: RepositoryRef) -> None:
                each = Report(str(ref))
                try:
                    self._crawl_repository(ref, scope, discover, limit, each)
                finally:
                    report.add(each)

            OwnerPass(self._fetcher, name, f"listing:{scope}", report, crawl=crawl, stop=self._stop).run()
        return report

    @contextmanager
    def _counted(self, target: str) -> Iterator[Report]:
        """Keep other crawls away, and count the requests made."""
        before = self._github.requests
        report = Report(target)
        with self._store.crawl_lock():
            judge_if_another(self._store, self._fetcher.vocabulary, stop=self._stop)
            try:
                yield report
            finally:
                report.requests = self._github.requests - before
                self._note_rate()

    def sweep(self, ref: RepositoryRef, max_gone_share: float = MAX_GONE_SHARE) -> list[Swept]:
        """Ask for all that is held under a repository's name again, and find out what is gone (`archiver.sweep`).

        Repositories that bore the name before are swept, too. If more than that share of one's posts seems gone at
        once, nothing is marked until the next sweep. Raises what `crawl` raises, and NotHeld.
        """
        with self._store.crawl_lock():
            held = self._store.repositories_named(ref)
            if not held:
                raise NotHeld(f"nothing is held of {ref}: crawl it first", key=str(ref))
            try:
                return [
                    Sweep(self._fetcher, each, max_gone_share=max_gone_share, stop=self._stop).run() for each in held
                ]
            finally:
                self._note_rate()

    def _note_rate(self) -> None:
        rate = self._github.rate
        if rate is not None:
            value = {"limit": rate.limit, "remaining": rate.remaining, "reset": iso(rate.reset)}
            with self._store.transaction() as tx:
                tx.save_note("rate", {**value, "seen_at": iso(tx.now)})

    def _search(self, search: Search, report: Report) -> None:
        """Search, fetch what was found, and ask for what only GraphQL tells of it."""
        if not self._github.authenticated:
            report.not_asked = dict.fromkeys(ONLY_WITH_A_TOKEN[:2], "no token")
        SearchPass(self._fetcher, search, report, stop=self._stop, on_progress=self._on_progress).run()
        numbers = set(self._store.repositories_found(search.key))
        repositories = [each for each in self._store.repositories() if each.id in numbers]
        if self._github.authenticated:
            self._histories(repositories, report).ask()
        not_asked = {UNSEARCHED: "found by searching", **report.not_asked}
        with self._store.transaction() as tx:
            for repository in repositories:
                state = tx.crawl_state(repository.id) or CrawlState(basis="")
                # Of one that is crawled as well, that says what is not known.
                if not state.basis and (state.not_asked or {}) != not_asked:
                    tx.save_crawl_state(repository.id, replace(state, not_asked=not_asked))

    def _search_repository(self, repository: Repository, scope: str, limit: int, report: Report) -> None:
        """Find a repository's threads by searching instead of listing them all."""
        basis = f"{_SEARCHED}{scope}:{self._fetcher.vocabulary.fingerprint}"
        with self._store.transaction() as tx:
            state = tx.crawl_state(repository.id) or CrawlState(basis=basis)
            if state.basis != basis:
                state = CrawlState(
                    basis=basis,
                    first_complete_at=state.first_complete_at,
                    last_complete_at=state.last_complete_at,
                    last_sweep_at=state.last_sweep_at,
                    swept=state.swept,
                )
            tx.save_crawl_state(repository.id, replace(state, phase="search"))
        queries = tuple(grouped(WORDS, f"repo:{repository.ref}"))
        search = Search(f"repo:{repository.id}", str(repository.ref), queries, scope, limit, repository=repository)
        SearchPass(self._fetcher, search, report, stop=self._stop, on_progress=self._on_progress).run()
        # Of what is held, or was told of by others than the search, some may not be whole yet.
        ListingPass(self._fetcher, repository, scope, report, stop=self._stop, on_progress=self._on_progress).settle()
        with self._store.transaction() as tx:
            tx.finish_pass(repository.id, tx.crawl_state(repository.id) or state)

    def _crawl_repository(self, ref: RepositoryRef, scope: str, discover: str, limit: int, report: Report) -> None:
        try:
            repository = self._fetcher.repository(ref)
        except (NotFound, Gone, Blocked):
            known = self._store.find_repository(ref)
            if known is None or known.gone is None:
                raise
            report.gone = known.gone  # found out by a sweep before, and written down
            with self._store.transaction() as tx:
                tx.clear_failure(known.id, "")
            return
        if not self._github.authenticated:
            report.not_asked = dict.fromkeys(ONLY_WITH_A_TOKEN, "no token")
        try:
            if discover == "search":
                self._search_repository(repository, scope, limit, report)
            else:
                ListingPass(
                    self._fetcher, repository, scope, report, stop=self._stop, on_progress=self._on_progress
                ).run()
            self._ask_graphql(repository, scope, report)
            if report.captured and self._github.authenticated:
                self._fetcher.ask_for_linked_names(repository)  # now, so that a sweep need not
        except GitHubError as error:
            with self._store.transaction() as tx:
                tx.note_failure(repository.id, "", str(error))
            raise
        finally:
            if not self._github.authenticated:  # also of a broken-off pass: what is held of it is shown already
                self._keep_not_asked(repository, report)
        with self._store.transaction() as tx:
            tx.clear_failure(repository.id, "")

    def _ask_graphql(self, repository: Repository, scope: str, report: Report) -> None:
        """Ask for what only GraphQL tells, which takes a token."""
        if not self._github.authenticated:
            return
        self._on_progress(Progress(str(repository.ref), "graphql", 0, report.captured, self._github.requests))
        discussions = self._discussions(repository, report)
        try:
            if repository.has_discussions is not False:
                discussions.run(scope)
        except (BadResponse, Forbidden, NotFound, Refused) as error:
            if error.key == endpoint(self._github.api_url) and error.status in _NO_SUCH_SERVICE:
                report.not_asked = dict.fromkeys(ONLY_WITH_A_TOKEN, "no GraphQL API there")
            else:
                discussions.note_failure(error)
        if not report.not_asked:
            self._histories([repository], report).ask()
        self._keep_not_asked(repository, report)

    def _keep_not_asked(self, repository: Repository, report: Report) -> None:
        with self._store.transaction() as tx:
            state = tx.crawl_state(repository.id)
            if state is None:
                return
            unsearched = {UNSEARCHED: "found by searching"} if state.basis.startswith(_SEARCHED) else {}
            not_asked = {**unsearched, **report.not_asked}
            if (state.not_asked or {}) != not_asked:
                tx.save_crawl_state(repository.id, replace(state, not_asked=not_asked or None))

    def _discussions(self, repository: Repository, report: Report) -> Discussions:
        fetcher = self._fetcher
        return Discussions(
            self._store, self._github, fetcher.vocabulary, repository, report, stop=self._stop, full=fetcher.full
        )

    def _histories(self, repositories: Sequence[Repository], report: Report) -> Histories:
        return Histories(self._store, self._github, repositories, report, stop=self._stop)

    def _crawl_thread(self, ref: ThreadRef, report: Report) -> None:
        if ref.kind is ThreadKind.DISCUSSION and not self._github.authenticated:
            raise TokenNeeded(
                f"{ref}: GitHub gives discussions only with a token: set ONRECORD_GITHUB_TOKEN", key=str(ref)
            )
        repository = self._fetcher.repository(ref.repository)
        with self._store.transaction() as tx:
            held = tx.discussions_held(repository.id, [ref.number])
        try:
            if ref.kind is ThreadKind.DISCUSSION or (ref.kind is None and held):
                self._discussions(repository, report).whole(ref.number, keep=True)
            else:
                self._fetcher.whole(repository, ref.number, report, keep=lambda _thread, _posts: True)
        except GitHubError as error:
            report.gone = self._tombstone(repository, ref.number)
            if report.gone is not None and isinstance(error, NotFound | Gone | Blocked):
                return  # that it is gone is what there is to find out; what was captured stays
            with self._store.transaction() as tx:
                tx.note_failure(repository.id, f"#{ref.number}", str(error))
            raise
        if self._github.authenticated:
            self._histories([repository], report).ask(ref.number)
            if report.captured:
                self._fetcher.ask_for_linked_names(repository)
        else:
            report.not_asked = dict.fromkeys(ONLY_WITH_A_TOKEN[:2], "no token")

    def _tombstone(self, repository: Repository, number: int) -> Tombstone | None:
        found = self._store.summaries_by_key([thread_key(repository.id, number)])
        return next((each.gone for each in found.values()), None)
