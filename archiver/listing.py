"""Goes through a repository's lists: one pass, begun or taken up again, in three phases.

1. `issues`: the repository's issues and pull requests by time of update; those about licensing are kept.
2. `comments`: all comments of the repository by time of update. Comments of kept threads are kept; a comment about
   licensing elsewhere makes its thread a candidate.
3. `settle`: candidates are fetched whole; threads of which fewer comments are held than GitHub counts are completed;
   of kept threads that were updated, the timeline and reviews are asked for.

Each can be broken off after any page. A listing goes on from the `updated_at` that was committed last, never from a
page number: pages shift, times do not. Single requests are `archiver.fetch`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from archiver.asking import PER_PAGE, Page
from archiver.errors import BadResponse, Blocked, Forbidden, Gone, Moved, NotFound, Refused
from archiver.fetch import Fetcher, Report
from archiver.github import parse
from archiver.github.client import Stopped
from archiver.model import Repository, iso
from archiver.observed import ObservedPost, ObservedThread
from archiver.references import ThreadKind
from archiver.store import CrawlState, Transaction

log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=15)
"""How far a pass looks back behind the last one's end: GitHub's replicas may be behind, and times are whole seconds."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a crawl is: `listed` items of the phase went by; `kept` threads are new or changed so far."""

    target: str
    phase: str
    listed: int
    kept: int
    requests: int


class Shift:
    """Notices that a listing by page numbers moved while it was read, and from where on it is to be read again.

    An item that is updated meanwhile leaves its place for the end, and those behind it move up: the first one of the
    next page slips into a page that was read already. Such an item shows itself when the end is reached: it is older
    than the listing, and was updated since. Only pages read after that can have missed something. All times are the
    server's. `safe` is the `since` of a second look, None for the very beginning.
    """

    def __init__(self, state: CrawlState, since: datetime | None, *, start: datetime | None) -> None:
        self.began = state.phase_started_at
        # Of a phase that was broken off, the first part may have shifted, and is not remembered.
        self._taken_up = state.progress is not None
        self._start = start if self._taken_up else since
        self._trail: list[tuple[datetime, datetime | None]] = []
        self._moved: datetime | None = None

    def note(self, page: Page, items: Sequence[ObservedThread | ObservedPost], progress: datetime | None) -> None:
        """Take notice of a page that was read, and of how far the listing was committed with it."""
        self.began = self.began or page.date
        moved = [each.updated_at for each in items if each.created_at < self.began <= each.updated_at]
        self._moved = min(filter(None, [self._moved, *moved]), default=None)
        # Links with a cursor in place of a page number do not shift.
        numbered = page.next_url is not None and "after=" not in page.next_url
        if numbered or self._trail:
            self._trail.append((page.date, progress))

    @property
    def happened(self) -> bool:
        """Whether something may have been missed."""
        if self._moved is None:
            return False
        return self._taken_up or (len(self._trail) > 1 and self._moved <= self._trail[-1][0])

    @property
    def safe(self) -> datetime | None:
        """Up to where nothing can have been missed."""
        before = [progress for date, progress in self._trail if self._moved is not None and date < self._moved]
        return (before[-1] if before else None) or self._start


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

    def run(self) -> None:
        """Go through the phases that are left. Raises GitHubError, StoreError or Stopped; all committed pages stay."""
        state = self._begin()
        # In a pass over everything nothing is taken on trust from an earlier one's ETags, which kept something else.
        conditional = state.issues_cursor is not None
        if state.phase in {"issues", "issues+"}:
            state = self._list("issues", state, conditional)
            state = self._enter(state, "comments", issues_high=state.progress or state.issues_cursor)
        if state.phase in {"comments", "comments+"}:
            state = self._list("comments", state, conditional)
            state = self._enter(state, "settle", comments_high=state.progress or state.comments_cursor)
        self.settle()
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
                    basis=basis,
                    first_complete_at=state.first_complete_at,
                    last_complete_at=state.last_complete_at,
                    last_sweep_at=state.last_sweep_at,
                    swept=state.swept,
                )
            if state.phase is None:
                state = replace(state, phase="issues", progress=None, phase_started_at=None)
            else:
                log.info("%s: going on with the %s of an unfinished pass", self._repository.ref, state.phase)
            tx.save_crawl_state(self._repository.id, state)
        return state

    def _enter(self, state: CrawlState, phase: str, **highs: datetime | None) -> CrawlState:
        state = replace(state, phase=phase, progress=None, phase_started_at=None, **highs)  # type: ignore[arg-type]
        with self._store.transaction() as tx:
            tx.save_crawl_state(self._repository.id, state)
        return state

    # --- phases 1 and 2 ---

    def _list(self, phase: str, state: CrawlState, conditional: bool) -> CrawlState:
        cursor = state.issues_cursor if phase == "issues" else state.comments_cursor
        since = state.progress or (cursor - OVERLAP if cursor else None)
        self._listed = 0
        if state.phase == phase:
            state = self._follow(phase, state, since, conditional)
        if state.phase == f"{phase}+":
            state = self._look_again(phase, state)
        return state

    def _follow(self, phase: str, state: CrawlState, since: datetime | None, conditional: bool) -> CrawlState:
        """Go through a listing by its links; if it shifted meanwhile, the state asks for a second look at the end."""
        cursor = state.issues_cursor if phase == "issues" else state.comments_cursor
        shift = Shift(state, since, start=cursor - OVERLAP if cursor else None)
        while True:
            try:
                for page in self._fetcher.pages(self._listing(phase, since), conditional):
                    state = self._take(phase, page, state, shift)
            except Refused as error:
                # Far into a listing GitHub refuses page numbers (422): a new listing starts where this one broke off.
                if error.status != 422 or state.progress is None or state.progress == since:
                    raise
                since = state.progress
            else:
                return state

    def _look_again(self, phase: str, state: CrawlState) -> CrawlState:
        """List again from where the first look may have missed something, in a way that no shift can disturb.

        After each page a new listing starts at the last time seen, so that the pages overlap. That costs a few items
        more, and is done only when items are known to have moved.
        """
        log.info("%s: the list of %s moved while it was read; looking again", self._repository.ref, phase)
        while True:
            since = state.progress
            for page in self._fetcher.pages(self._listing(phase, since), conditional=False):
                state = self._take(phase, page, state)
                if page.next_url is None:
                    return state
                if state.progress != since:
                    break  # else a whole page is of one time: only its link leads on

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

    def _take(self, phase: str, page: Page, state: CrawlState, shift: Shift | None = None) -> CrawlState:
        with self._store.transaction() as tx:
            items = self._take_issues(tx, page) if phase == "issues" else self._take_comments(tx, page)
            # A time far ahead of the server's own clock is no place to go on from.
            times = [each.updated_at for each in items if each.updated_at <= page.date + timedelta(days=1)]
            if times:
                state = replace(state, progress=max(times))
            if shift is not None:
                shift.note(page, items, state.progress)
                state = replace(state, phase_started_at=shift.began)
                if page.next_url is None and shift.happened:
                    # With the last page, in one transaction: whatever happens now, the second look is not forgotten.
                    state = replace(state, phase=f"{phase}+", progress=shift.safe)
            tx.save_crawl_state(self._repository.id, state)
            if page.remember:
                tx.remember(*page.remember)
        self._listed += len(page.items)
        self._report.listed += len(page.items)
        self._say(phase)
        if page.next_url is not None:
            self._check_stop()
        return state

    def _take_issues(self, tx: Transaction, page: Page) -> Sequence[ObservedThread]:
        threads = list(self._parsed(tx, page.items, parse.thread))
        held = tx.held_numbers(self._repository.id, [each.number for each in threads])
        kept = []
        for seen in threads:
            declined = tx.declined(self._repository.id, seen.number, seen.opening.author)
            if seen.number in held or (not declined and self._wanted(seen.title, [seen.opening])):
                tx.observe_thread(self._repository.id, seen)
                kept.append(seen.number)
        tx.clear_failures(self._repository.id, [f"#{each.number}" for each in threads])
        self._settle_new(tx, kept)
        return threads

    def _take_comments(self, tx: Transaction, page: Page) -> Sequence[ObservedPost]:
        by_thread: dict[int, list[ObservedPost]] = {}
        for number, post in self._parsed(tx, page.items, parse.comment):
            by_thread.setdefault(number, []).append(post)
        held = tx.held_numbers(self._repository.id, list(by_thread))
        for number, posts in by_thread.items():
            if number in held:
                tx.observe_posts(self._repository.id, number, posts)
            elif any(self._wanted("", [post]) for post in posts):
                tx.add_candidate(self._repository.id, number)
        self._settle_new(tx, sorted(held))
        return [post for posts in by_thread.values() for post in posts]

    def _parsed(self, tx: Transaction, items: Sequence[Any], read: Callable[[Any], Any]) -> Iterator[Any]:
        """Read a page's items; one that cannot be read is noted as a failure, and does not hide the others."""
        for item in items:
            try:
                yield read(item)
            except BadResponse as error:
                self._failed(tx, _name_of(item), f"an item of a listing cannot be read: {error}")

    def _settle_new(self, tx: Transaction, numbers: Sequence[int]) -> None:
        """Publish new threads as soon as they are whole.

        Threads that are public already change at the end of the pass, when all that changed about them has gone by;
        pull requests wait for their reviews until then.
        """
        for each in tx.unsettled(self._repository.id, numbers) if numbers else ():
            if not each.public and each.ready and each.held >= each.upstream:
                self._report.captured += tx.settle(self._repository.id, each.number, self._vocabulary.judge)

    def _wanted(self, title: str, posts: Sequence[ObservedPost]) -> bool:
        return self._fetcher.wanted(self._scope, title, posts)

    # --- phase 3 ---

    def settle(self) -> None:
        """Complete what is kept and not whole yet, and fetch what is to be fetched whole (phase 3)."""
        self._say("settle")
        with self._store.transaction() as tx:
            candidates = tx.candidates(self._repository.id)
            # What is held already, or was told of by GH Archive, was judged before; discussions are not asked for here.
            sure = tx.held_numbers(self._repository.id, candidates) | tx.archived_numbers(self._repository.id)
            discussions = tx.discussions_held(self._repository.id, candidates)
        for number in [each for each in candidates if each not in discussions]:
            if not self._fetch(number, whole=number in sure):
                with self._store.transaction() as tx:
                    tx.drop_candidate(self._repository.id, number)
        with self._store.transaction() as tx:
            unsettled = tx.unsettled(self._repository.id)
        for each in unsettled:
            if each.held < each.upstream:
                self._fetch(each.number, whole=True)
        with self._store.transaction() as tx:
            undetailed = tx.undetailed(self._repository.id)
        for number, kind in undetailed:
            self._detail(number, kind)
        with self._store.transaction() as tx:
            unsettled = tx.unsettled(self._repository.id)
        for each in unsettled:
            if each.held >= each.upstream and (each.ready or each.public):
                with self._store.transaction() as tx:
                    self._report.captured += tx.settle(self._repository.id, each.number, self._vocabulary.judge)

    def _detail(self, number: int, kind: ThreadKind) -> None:
        """Fetch the timeline and reviews of one thread; what fails is noted, and asked for again in the next pass."""
        self._check_stop()
        name = f"#{number} timeline"
        try:
            unreadable = self._fetcher.details.fetch(self._repository, number, kind).unreadable
        except (NotFound, Gone, Blocked, Moved):
            self._fetch(number, whole=True)  # the thread itself tells what became of it
        except (BadResponse, Forbidden, Refused) as error:
            with self._store.transaction() as tx:
                self._failed(tx, name, str(error))
        else:
            self._report.failures += [(f"{self._repository.ref}{name}", reason) for reason in unreadable]
        self._say("settle")

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
                # It went while we read: what we have of it is published, with its gap. If it moved on first, it is not
                # held here any more.
                if whole and tx.held_numbers(self._repository.id, [number]):
                    self._report.captured += tx.settle(self._repository.id, number, self._vocabulary.judge)
                    tx.clear_failure(self._repository.id, f"#{number}")  # its tombstone says so from now on
            return False
        except (BadResponse, Forbidden, Moved, Refused) as error:
            # Kept on the list for the next pass: one answer that cannot be read must not stop all the others.
            with self._store.transaction() as tx:
                self._failed(tx, f"#{number}", str(error))
            return True
        self._say("settle")
        return kept

    # --- small things ---

    def _failed(self, tx: Transaction, target: str, reason: str) -> None:
        where = f"{self._repository.ref}{'' if target.startswith('#') else ' '}{target}"
        log.warning("%s: %s", where, reason)
        self._report.failures.append((where, reason))
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


def _name_of(item: Any) -> str:
    """Name an item of a listing that cannot be read, by what of it is a number."""
    for key, name in (("number", "#{}"), ("id", "comment {}")):
        if isinstance(item, dict) and isinstance(item.get(key), int):
            return name.format(item[key])
    return "an item without a number"
