"""Goes through a repository's lists: one pass, begun or taken up again, in three phases.

1. `issues`: the repository's issues and pull requests by time of update; those about licensing are kept.
2. `comments`: all comments of the repository by time of update. Comments of kept threads are kept; a comment about
   licensing elsewhere makes its thread a candidate.
3. `settle`: candidates are fetched whole; threads of which fewer comments are held than GitHub counts are completed.

Each can be broken off after any page. A listing goes on from the `updated_at` that was committed last, never from a
page number: pages shift, times do not. Single requests are `archiver.fetch`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from archiver.errors import BadResponse, Blocked, Forbidden, Gone, NotFound, Refused
from archiver.fetch import PER_PAGE, Fetcher, Page, Report
from archiver.github import parse
from archiver.github.client import Stopped
from archiver.license import PostText
from archiver.model import ObservedPost, ObservedThread, Repository, iso
from archiver.store import CrawlState, Transaction

log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=15)
"""How far a pass looks back behind the last one's end: GitHub's replicas may be behind, and times are whole seconds."""

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


class ListingPass:
    """One pass over a repository; `scope` is `license` or `all`."""

    def __init__(
        self,
        fetcher: Fetcher,
        repository: Repository,
        scope: str,
        report: Report,
        *,
        stop: Callable[[], bool],
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._fetcher = fetcher
        self._store = fetcher.store
        self._vocabulary = fetcher.vocabulary
        self._stop = stop
        self._on_progress = on_progress
        self._repository = repository
        self._scope = scope
        self._report = report
        self._listed = 0
        self._moved = False
        self._began: datetime | None = None

    def run(self) -> None:
        """Go through the phases that are left. Raises GitHubError, StoreError or Stopped; all committed pages stay."""
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
            if state.basis != basis or (self._fetcher.full and not (over_everything and state.phase)):
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
                for page in self._fetcher.pages(self._listing(phase, since), conditional):
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
        return self._fetcher.github.url(path, params)

    def _take(self, phase: str, page: Page, state: CrawlState) -> CrawlState:
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

    def _take_issues(self, tx: Transaction, page: Page) -> datetime | None:
        threads = list(self._parsed(tx, page.items, parse.thread))
        held = tx.held_numbers(self._repository.id, [each.number for each in threads])
        kept = []
        for seen in threads:
            if seen.number in held or self._wanted(seen.title, [seen.opening]):
                tx.observe_thread(self._repository.id, seen)
                kept.append(seen.number)
        tx.clear_failures(self._repository.id, [f"#{each.number}" for each in threads])
        self._settle_new(tx, kept)
        self._watch_for_moves(tx, threads)
        return max((each.updated_at for each in threads), default=None)

    def _take_comments(self, tx: Transaction, page: Page) -> datetime | None:
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
            kept = self._fetcher.whole(self._repository, number, self._report, keep)
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
        if whole:
            with self._store.transaction() as tx:
                if tx.unsettled(self._repository.id, [number]):  # transferred: it is kept there, and here as it was
                    self._report.captured += tx.settle(self._repository.id, number, self._vocabulary.judge)
        self._say("settle")
        return kept

    # --- small things ---

    def _failed(self, tx: Transaction, target: str, reason: str) -> None:
        log.warning("%s%s: %s", self._repository.ref, target, reason)
        self._report.failures.append((f"{self._repository.ref}{target}", reason))
        tx.note_failure(self._repository.id, target, reason)

    def _say(self, phase: str) -> None:
        self._on_progress(
            Progress(
                str(self._repository.ref), phase, self._listed, self._report.captured, self._fetcher.github.requests
            )
        )

    def _check_stop(self) -> None:
        if self._stop():
            raise Stopped("stopped on request; what was fetched so far is kept")


def _texts(posts: Sequence[ObservedPost]) -> list[PostText]:
    return [
        PostText(
            post.body, post.body_html, post.author.login if post.author else None, bool(post.author and post.author.bot)
        )
        for post in posts
    ]
