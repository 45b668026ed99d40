"""Crawls: decides what to ask GitHub for, which threads to keep, and in which steps all of it is committed.

How to ask stands in `archiver.github`, how to keep in `archiver.store`, what a license debate is in `archiver.license`.

A pass over a repository has three phases, each of which can be broken off after any page and taken up again:

1. `issues`: the repository's issues and pull requests by time of update; those about licensing are kept.
2. `comments`: all comments of the repository by time of update. Comments of kept threads are kept; a comment about
   licensing elsewhere makes its thread a candidate.
3. `settle`: candidates are fetched whole; threads of which fewer comments are held than GitHub counts are completed.

A listing goes on from the `updated_at` that was committed last, never from a page number: pages shift, times do not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from archiver.errors import BadResponse, Blocked, Forbidden, GitHubError, Gone, NotFound, Refused
from archiver.github import parse
from archiver.github.client import Answer, GitHub, Stopped
from archiver.license import PostText, Vocabulary
from archiver.model import ObservedPost, ObservedThread, Repository, RepositoryRef, ThreadRef, iso
from archiver.store import CrawlState, Store, Transaction

log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=15)
"""How far a pass looks back behind the last one's end: GitHub's replicas may be behind, and times are whole seconds."""

PER_PAGE = 100

REPEATED_PAGES = 20
MAX_REPEATS = 3
"""A listing of at most so many pages that shifted while it was read is read again, so many times in all at most."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a crawl is: `listed` items of the phase went by; `kept` threads are new or changed so far."""

    target: str
    phase: str
    listed: int
    kept: int
    requests: int


@dataclass(slots=True)
class Report:
    """What a crawl did: `captured` threads got a new snapshot, `failures` are (reference, reason)."""

    target: str
    requests: int = 0
    listed: int = 0
    captured: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Page:
    items: list[Any]
    remember: tuple[str, str, str | None] | None  # URL, ETag, next
    last: bool


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
        self._vocabulary = vocabulary
        self._stop = stop
        self._on_progress = on_progress
        self._full = full

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

    # --- repositories ---

    def _crawl_repository(self, ref: RepositoryRef, scope: str, report: Report) -> None:
        repository = self._repository(ref)
        try:
            _Pass(self, repository, scope, report).run()
        except GitHubError as error:
            with self._store.transaction() as tx:
                tx.note_failure(repository.id, "", str(error))
            raise
        with self._store.transaction() as tx:
            tx.clear_failure(repository.id, "")

    def _repository(self, ref: RepositoryRef) -> Repository:
        """Ask which repository it is: its number is what everything is kept under."""
        known = self._store.find_repository(ref)
        url = self._github.url(f"/repos/{ref.owner}/{ref.name}")
        with self._store.transaction() as tx:
            cached = tx.cached(url) if known else None
        try:
            answer = self._github.get(url, cached.etag if cached else None)
            if answer.not_modified and known:
                return known
            repository = parse.repository(answer.data)
        except GitHubError as error:
            if known:
                with self._store.transaction() as tx:
                    tx.note_failure(known.id, "", str(error))
            raise
        with self._store.transaction() as tx:
            tx.save_repository(repository, ref)
            if answer.etag and answer.moved_to is None:
                tx.remember(url, answer.etag, None)
        return repository

    # --- threads ---

    def _crawl_thread(self, ref: ThreadRef, report: Report) -> None:
        repository = self._repository(ref.repository)
        try:
            self.fetch_whole(repository, ref.number, report, keep=lambda _thread, _posts: True)
        except GitHubError as error:
            with self._store.transaction() as tx:
                tx.note_failure(repository.id, f"#{ref.number}", str(error))
            raise

    def fetch_whole(
        self,
        repository: Repository,
        number: int,
        report: Report,
        keep: Callable[[ObservedThread, Sequence[ObservedPost]], bool],
    ) -> bool:
        """Fetch a thread with all of its comments, and keep it in one transaction if `keep` says so.

        Returns whether it is kept. Conditional for what is held: an unchanged thread costs nothing with a token.
        """
        base = f"/repos/{repository.owner}/{repository.name}/issues/{number}"
        with self._store.transaction() as tx:
            held = bool(tx.held_numbers(repository.id, [number])) and not self._full
        url = self._github.url(base)
        answer, etags = self._conditional(url, held)
        seen: ObservedThread | None = None
        if not answer.not_modified:
            moved = self._moved(repository, answer)
            if moved is not None:
                log.info("%s#%d was transferred to %s", repository.ref, number, moved.ref)
                number = parse.thread(answer.data).number
                return self.fetch_whole(moved, number, report, keep)
            seen = parse.thread(answer.data)
        posts: list[ObservedPost] = []
        for page in self._pages(self._github.url(f"{base}/comments", {"per_page": str(PER_PAGE)}), held):
            posts += [parse.comment(item)[1] for item in page.items]
            if page.remember:
                etags.append(page.remember)
        if seen is not None and not held and not keep(seen, posts):
            return False
        with self._store.transaction() as tx:
            if seen is not None:
                tx.observe_thread(repository.id, seen)
            if posts:
                tx.observe_posts(repository.id, number, posts)
            if tx.unsettled(repository.id, [number]):
                report.captured += tx.settle(repository.id, number, self._vocabulary.judge)
            tx.mark_checked(repository.id, number)
            for each in etags:
                tx.remember(*each)
            tx.drop_candidate(repository.id, number)
            tx.clear_failure(repository.id, f"#{number}")
        return True

    def _moved(self, repository: Repository, answer: Answer) -> Repository | None:
        """Return the other repository to which an issue was transferred; None if it is where it was asked for."""
        if answer.moved_to is None:
            return None
        ref = parse.repository_of(answer.data)
        if ref is None or ref.key == repository.ref.key:
            return None
        found = self._repository(ref)
        return None if found.id == repository.id else found

    # --- pages ---

    def _conditional(self, url: str, conditional: bool) -> tuple[Answer, list[tuple[str, str, str | None]]]:
        with self._store.transaction() as tx:
            cached = tx.cached(url) if conditional else None
        answer = self._github.get(url, cached.etag if cached else None)
        fresh = answer.etag and not answer.not_modified and answer.moved_to is None
        return answer, [(url, answer.etag, None)] if fresh and answer.etag else []

    def _pages(self, url: str, conditional: bool) -> Iterator[_Page]:
        """Go through a listing by its Link headers; an unchanged page comes back empty."""
        following: str | None = url
        while following is not None:
            url = following
            with self._store.transaction() as tx:
                cached = tx.cached(url) if conditional else None
            answer = self._github.get(url, cached.etag if cached else None)
            if answer.not_modified and cached:
                following = cached.next_url
                yield _Page([], None, following is None)
                continue
            if not isinstance(answer.data, list):
                raise BadResponse(f"{url}: a list was expected", key=url)
            following = answer.next_url
            # A full last page is not remembered: what is new would stand on a page after it, while its ETag may stay.
            settled = following is not None or len(answer.data) < PER_PAGE
            remember = (url, answer.etag, following) if answer.etag and settled else None
            yield _Page(answer.data, remember, following is None)


class _Pass:
    """One pass over a repository, begun or taken up again."""

    def __init__(self, crawler: Crawler, repository: Repository, scope: str, report: Report) -> None:
        self._crawler = crawler
        self._store = crawler._store
        self._github = crawler._github
        self._vocabulary = crawler._vocabulary
        self._repository = repository
        self._scope = scope
        self._report = report
        self._listed = 0
        self._moved = False
        self._began: datetime | None = None

    def run(self) -> None:
        state = self._begin()
        self._began = state.pass_started_at
        # In a pass over everything nothing is taken on trust from an earlier one's ETags, which kept something else.
        conditional = state.issues_cursor is not None
        if state.phase == "issues":
            state = self._list("issues", state, conditional)
            state = self._enter(state, "comments", issues_high=state.progress or state.issues_cursor)
        if state.phase == "comments":
            state = self._list("comments", state, conditional)
            state = self._enter(state, "settle", comments_high=state.progress or state.comments_cursor)
        self._settle()
        with self._store.transaction() as tx:
            tx.finish_pass(self._repository.id, state)

    def _begin(self) -> CrawlState:
        basis = f"{self._scope}:{self._vocabulary.fingerprint}"
        with self._store.transaction() as tx:
            state = tx.crawl_state(self._repository.id) or CrawlState(basis=basis)
            over_everything = state.issues_cursor is None
            if state.basis != basis:
                log.info("%s: scope or vocabulary changed: everything is listed again", self._repository.ref)
            if state.basis != basis or (self._crawler._full and not (over_everything and state.phase)):
                state = CrawlState(
                    basis=basis, first_complete_at=state.first_complete_at, last_complete_at=state.last_complete_at
                )
            if state.phase is None:
                state = replace(state, phase="issues", progress=None, pass_started_at=tx.now)
            else:
                log.info("%s: going on with the %s of an unfinished pass", self._repository.ref, state.phase)
            tx.save_crawl_state(self._repository.id, state)
        return state

    def _enter(self, state: CrawlState, phase: str, **highs: datetime | None) -> CrawlState:
        state = replace(state, phase=phase, progress=None, **highs)  # type: ignore[arg-type]
        with self._store.transaction() as tx:
            tx.save_crawl_state(self._repository.id, state)
        return state

    # --- phases 1 and 2 ---

    def _list(self, phase: str, state: CrawlState, conditional: bool) -> CrawlState:
        cursor = state.issues_cursor if phase == "issues" else state.comments_cursor
        since = state.progress or (cursor - OVERLAP if cursor else None)
        self._listed = 0
        for _ in range(MAX_REPEATS):
            state, shifted = self._list_once(phase, state, since, conditional)
            if not shifted:
                break
            # What was updated meanwhile moved from before our page to the end, and what came after it moved up into
            # pages that we had read already. Another look from the same time finds it; nothing is doubled by that.
            log.info("%s: the list of %s moved while it was read; looking again", self._repository.ref, phase)
        return state

    def _list_once(
        self, phase: str, state: CrawlState, since: datetime | None, conditional: bool
    ) -> tuple[CrawlState, bool]:
        """Go through a listing to its end; the second value tells whether it was short and shifted underneath us."""
        pages = 0
        self._moved = False
        while True:
            try:
                for page in self._crawler._pages(self._listing(phase, since), conditional):
                    state = self._take(phase, page, state)
                    pages += 1
            except Refused as error:
                # Far into a listing GitHub refuses page numbers (422): a new listing starts where this one broke off.
                if error.status != 422 or state.progress is None or state.progress == since:
                    raise
                since = state.progress
            else:
                # Long listings of issues have cursors in place of page numbers, which do not shift; in long ones of
                # comments a kept thread is completed by its count. Only short ones are cheap enough to read again.
                return state, self._moved and 1 < pages <= REPEATED_PAGES

    def _listing(self, phase: str, since: datetime | None) -> str:
        path = f"/repos/{self._repository.owner}/{self._repository.name}/issues"
        params = {"sort": "updated", "direction": "asc", "per_page": str(PER_PAGE)}
        if phase == "issues":
            params = {"state": "all", **params}
        else:
            path += "/comments"
        if since is not None:
            params["since"] = iso(since)
        return self._github.url(path, params)

    def _take(self, phase: str, page: _Page, state: CrawlState) -> CrawlState:
        with self._store.transaction() as tx:
            newest = self._take_issues(tx, page) if phase == "issues" else self._take_comments(tx, page)
            if newest is not None:
                state = replace(state, progress=max(newest, state.progress or newest))
            tx.save_crawl_state(self._repository.id, state)
            if page.remember:
                tx.remember(*page.remember)
        self._listed += len(page.items)
        self._report.listed += len(page.items)
        self._say(phase)
        if not page.last:
            self._check_stop()
        return state

    def _take_issues(self, tx: Transaction, page: _Page) -> datetime | None:
        threads = list(self._parsed(tx, page.items, parse.thread))
        held = tx.held_numbers(self._repository.id, [each.number for each in threads])
        kept = []
        for seen in threads:
            if seen.number in held or self._wanted(seen.title, [seen.opening]):
                tx.observe_thread(self._repository.id, seen)
                kept.append(seen.number)
        self._settle_new(tx, kept)
        self._watch_for_moves(tx, threads)
        return max((each.updated_at for each in threads), default=None)

    def _take_comments(self, tx: Transaction, page: _Page) -> datetime | None:
        by_thread: dict[int, list[ObservedPost]] = {}
        for number, post in self._parsed(tx, page.items, parse.comment):
            by_thread.setdefault(number, []).append(post)
        self._watch_for_moves(tx, [post for posts in by_thread.values() for post in posts])
        held = tx.held_numbers(self._repository.id, list(by_thread))
        for number, posts in by_thread.items():
            if number in held:
                tx.observe_posts(self._repository.id, number, posts)
            elif any(self._wanted("", [post]) for post in posts):
                tx.add_candidate(self._repository.id, number)
        self._settle_new(tx, sorted(held))
        return max((post.updated_at for posts in by_thread.values() for post in posts), default=None)

    def _watch_for_moves(self, tx: Transaction, items: Sequence[ObservedThread | ObservedPost]) -> None:
        """Notice items that were there when the pass began and have been updated since: they changed their place."""
        began = self._began or tx.now
        self._moved = self._moved or any(each.created_at < began <= each.updated_at for each in items)

    def _parsed(self, tx: Transaction, items: Sequence[Any], read: Callable[[Any], Any]) -> Iterator[Any]:
        """Read a page's items; one that cannot be read is noted as a failure, and does not hide the others."""
        for item in items:
            try:
                yield read(item)
            except BadResponse as error:
                where = item.get("number") or item.get("id") if isinstance(item, dict) else None
                self._failed(tx, f"#{where or '?'}", f"an item of a listing cannot be read: {error}")

    def _settle_new(self, tx: Transaction, numbers: Sequence[int]) -> None:
        """Publish new threads as soon as they are whole.

        Threads that are public already change at the end of the pass, when all that changed about them has gone by.
        """
        for each in tx.unsettled(self._repository.id, numbers) if numbers else ():
            if not each.public and each.held >= each.upstream:
                self._report.captured += tx.settle(self._repository.id, each.number, self._vocabulary.judge)

    def _wanted(self, title: str, posts: Sequence[ObservedPost]) -> bool:
        if self._scope == "all":
            return True
        text = title + "\n" + "\n".join(post.body for post in posts)
        return self._vocabulary.mentions(text) and self._vocabulary.judge(title, _texts(posts)).kept

    # --- phase 3 ---

    def _settle(self) -> None:
        self._say("settle")
        with self._store.transaction() as tx:
            candidates = tx.candidates(self._repository.id)
        for number in candidates:
            if not self._fetch(number):
                with self._store.transaction() as tx:
                    tx.drop_candidate(self._repository.id, number)
        with self._store.transaction() as tx:
            unsettled = tx.unsettled(self._repository.id)
        for each in unsettled:
            if each.held < each.upstream:
                self._fetch(each.number, whole=True)
            else:
                with self._store.transaction() as tx:
                    self._report.captured += tx.settle(self._repository.id, each.number, self._vocabulary.judge)

    def _fetch(self, number: int, *, whole: bool = False) -> bool:
        """Fetch one thread whole; return whether it need not be asked for again in this pass."""

        def keep(seen: ObservedThread, posts: Sequence[ObservedPost]) -> bool:
            return whole or self._wanted(seen.title, [seen.opening, *posts])

        self._check_stop()
        try:
            kept = self._crawler.fetch_whole(self._repository, number, self._report, keep)
        except (NotFound, Gone, Blocked) as error:
            with self._store.transaction() as tx:
                self._failed(tx, f"#{number}", str(error))
                if whole:  # it went while we read: what we have of it is published, with its gap
                    self._report.captured += tx.settle(self._repository.id, number, self._vocabulary.judge)
            return False
        except (BadResponse, Forbidden, Refused) as error:
            # Kept on the list for the next pass: one answer that cannot be read must not stop all the others.
            with self._store.transaction() as tx:
                self._failed(tx, f"#{number}", str(error))
            return True
        self._say("settle")
        return kept

    # --- small things ---

    def _failed(self, tx: Transaction, target: str, reason: str) -> None:
        log.warning("%s%s: %s", self._repository.ref, target, reason)
        self._report.failures.append((f"{self._repository.ref}{target}", reason))
        tx.note_failure(self._repository.id, target, reason)

    def _say(self, phase: str) -> None:
        self._crawler._on_progress(
            Progress(str(self._repository.ref), phase, self._listed, self._report.captured, self._github.requests)
        )

    def _check_stop(self) -> None:
        if self._crawler._stop():
            raise Stopped("stopped on request; what was fetched so far is kept")


def _texts(posts: Sequence[ObservedPost]) -> list[PostText]:
    return [
        PostText(
            post.body, post.body_html, post.author.login if post.author else None, bool(post.author and post.author.bot)
        )
        for post in posts
    ]
