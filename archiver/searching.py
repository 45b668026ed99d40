"""Finds threads by GitHub's issue search and fetches each whole: one pass, begun or taken up again.

How a search is cut into windows is decided in `archiver.windows`, what is sent in `archiver.queries`; single threads
are `archiver.fetch`'s. Every page of results is one transaction with the plan of what is left, and so is every thread.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from archiver.errors import (
    BadResponse,
    Blocked,
    Forbidden,
    ForeignRedirect,
    GitHubError,
    Gone,
    Moved,
    NotFound,
    Refused,
    TooManyMatches,
)
from archiver.fetch import Fetcher, Report
from archiver.github import parse
from archiver.github.client import Answer, Stopped
from archiver.listing import Progress
from archiver.model import Repository, iso
from archiver.observed import ObservedPost, ObservedThread
from archiver.queries import Cost, Query, alternatives, within
from archiver.references import RepositoryRef
from archiver.store import Found, WatchState
from archiver.windows import FIRST, PER_PAGE, Plan, Told, Window
from archiver.wording import plural

log = logging.getLogger(__name__)

OVERLAP = timedelta(hours=1)
"""How far a pass looks back behind the beginning of the last one: GitHub's search index lags behind what it indexes."""
TRUSTED = timedelta(days=1)
"""How long it is taken for granted which repository bears a name that was asked about."""
MOST_TOLD = 100
"""How many failures of a pass are kept one by one."""

_VERDICTS = (NotFound, Gone, Blocked)
# Neither there nor gone: noted as a failure, and asked for again by the next pass.
_NO_VERDICT = (BadResponse, Forbidden, ForeignRedirect, Moved, Refused)


@dataclass(frozen=True, slots=True)
class Search:
    """What to search for: `queries` that are one search together, under one `key` of the store's memory.

    `own` has the span of time that the query's author asked for. At most `limit` threads may be found. If all is in one
    `repository`, it is known.
    """

    key: str
    label: str
    queries: tuple[str, ...]
    scope: str
    limit: int
    own: Query | None = None
    repository: Repository | None = None

    def basis(self, fingerprint: str) -> str:
        """Return what a cursor depends on: with another one, everything is searched for again."""
        created = self.own.created if self.own else ""
        asked = hashlib.sha256("\n".join([*self.queries, created]).encode()).hexdigest()[:16]
        return f"{self.scope}:{asked}" + (f":{fingerprint}" if self.scope == "license" else "")


class SearchPass:
    """One pass of a search. `stop` is asked after every page and thread; if it says true, Stopped is raised."""

    def __init__(
        self,
        fetcher: Fetcher,
        search: Search,
        report: Report,
        *,
        stop: Callable[[], bool],
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._fetcher = fetcher
        self._store = fetcher.store
        self._github = fetcher.github
        self._search = search
        self._report = report
        self._stop = stop
        self._on_progress = on_progress
        self._repositories: dict[str, Repository | GitHubError] = {}
        self._failures: list[tuple[str, str]] = []

    def run(self) -> None:
        """Search, and fetch what was found. Raises GitHubError, TooManyMatches, StoreError or Stopped; pages stay."""
        state, plan = self._begin()
        while plan.windows:
            self._check_stop()
            state, plan = self._ask(state, plan)
        with self._store.transaction() as tx:
            unseen = tx.unseen(self._search.key)
        for found in unseen:
            self._check_stop()
            self._fetch(found)
        self._finish(state, plan)

    # --- searching ---

    def _begin(self) -> tuple[WatchState, Plan]:
        key, full = self._search.key, self._fetcher.full
        basis = self._search.basis(self._fetcher.vocabulary.fingerprint)
        with self._store.transaction() as tx:
            state = tx.watch_state(key) or WatchState(basis)
            plan = Plan.of(state.plan) if state.plan is not None and state.basis == basis else None
            if state.basis != basis:
                log.info("%s: query, scope or vocabulary changed: everything is searched for again", self._search.label)
            if state.basis != basis or (full and not (plan and plan.full)):
                state = replace(state, basis=basis, cursor=None, began_at=None, plan=None, result=None)
                tx.forget_seen(key)
                plan = None
            if plan is None or state.began_at is None:  # of one that got no answer yet, the end may lie behind by now
                plan = self._plan(state, tx.now)
                state = replace(state, began_at=None)
            else:
                log.info("%s: going on with an unfinished pass", self._search.label)
            state = replace(state, plan=plan.record())
            tx.save_watch_state(key, state)
        return state, plan

    def _plan(self, state: WatchState, now: datetime) -> Plan:
        # Queries that GitHub takes only in parts are asked in parts from now on.
        queries = (state.result or {}).get("queries") or self._search.queries
        # Our clock may be behind; the first answer tells the server's, and that is where the windows end.
        latest = now + timedelta(days=1)
        if state.cursor is not None:
            return Plan.over(queries, "updated", state.cursor - OVERLAP, latest)
        own = self._search.own
        low, high = (own.low, min(own.high, latest)) if own else (FIRST, latest)
        return Plan.over(queries, "created", min(low, high), high, full=self._fetcher.full)

    def _ask(self, state: WatchState, plan: Plan) -> tuple[WatchState, Plan]:
        """Ask for one page, and keep what it names together with what is left."""
        window = plan.windows[0]
        try:
            answer = self._answer(window)
        except Refused as error:
            others = alternatives(window.query, str(error)) if error.status == 422 else []
            if not others:
                raise
            log.info("%s: %s; asking in %d parts", self._search.label, error, len(others))
            plan = plan.replaced(others)
            state = replace(state, plan=plan.record())
            with self._store.transaction() as tx:
                tx.save_watch_state(self._search.key, state)
            return state, plan
        if state.began_at is None:
            state = replace(state, began_at=answer.date)
            plan = plan.until(answer.date)
        told, hits, unreadable = self._read(plan.windows[0], answer)
        plan = plan.taken(told)
        if window.by == "created" and plan.counted > self._search.limit:
            raise self._too_many(plan.counted)
        plan = replace(plan, failures=(*plan.failures, *unreadable)[:MOST_TOLD])
        state = replace(state, plan=plan.record())
        with self._store.transaction() as tx:
            tx.save_watch_state(self._search.key, state)
            tx.save_found(self._search.key, hits)
        self._report.listed += len(hits)
        self._say("search")
        return state, plan

    def _answer(self, window: Window) -> Answer:
        params = {
            "sort": window.by,
            "order": "desc" if window.latest_first else "asc",
            "per_page": str(PER_PAGE),
            "page": str(window.page),
        }
        own = self._search.own
        return self._github.search(within(window, own.created if own else ""), params)

    def _read(self, window: Window, answer: Answer) -> tuple[Told, list[Found], list[tuple[str, str]]]:
        """Read a page: what it told, what it names, and what of it could not be read."""
        total, incomplete, items = parse.search_page(answer.data)
        hits: list[Found] = []
        unreadable: list[tuple[str, str]] = []
        times: list[datetime] = []
        for item in items:
            try:
                ref, created_at, updated_at = parse.search_hit(item)
            except BadResponse as error:
                unreadable.append((_name_of(item), f"a search result cannot be read: {error}"))
                continue
            if window.by == "created" and not window.low <= created_at <= window.high:
                raise BadResponse(
                    f"{self._search.label}: GitHub does not narrow this query by time ({ref} is of {iso(created_at)});"
                    " put alternatives in parentheses",
                    key=answer.url,
                )
            times.append(created_at if window.by == "created" else updated_at)
            mine = self._search.repository
            known = mine.id if mine is not None and ref.repository.key == mine.ref.key else None
            hits.append(Found(ref, updated_at, known))
        return Told(total, incomplete, len(items), tuple(times)), hits, unreadable

    def _too_many(self, count: int) -> TooManyMatches:
        cost = Cost(count, self._github.authenticated)
        return TooManyMatches(
            f"{self._search.label}: finds more than the {self._search.limit:,} threads that `limit` allows for. {cost}."
            f" Narrow it, or set `limit = {count}` for this watch",
            key=self._search.label,
        )

    # --- fetching what was found ---

    def _fetch(self, found: Found) -> None:
        """Fetch one thread, if it is not held as it is now; what fails is noted, and does not stop the others."""
        key, number, name = self._search.key, found.ref.number, str(found.ref)
        repository = self._repository(found.ref.repository)
        if isinstance(repository, GitHubError):
            if isinstance(repository, _VERDICTS):
                with self._store.transaction() as tx:
                    tx.mark_seen(key, found, None)  # the index still names it; there is nothing left to ask for
            return
        if not self._fetcher.full:
            with self._store.transaction() as tx:
                if tx.is_complete(repository.id, number, found.updated_at):
                    tx.mark_seen(key, found, repository.id)
                    return

        def keep(seen: ObservedThread, posts: Sequence[ObservedPost]) -> bool:
            return self._fetcher.wanted(self._search.scope, seen.title, [seen.opening, *posts])

        try:
            self._fetcher.whole(repository, number, self._report, keep)
        except _VERDICTS as error:
            self._failed(name, error)
            with self._store.transaction() as tx:
                tx.mark_seen(key, found, repository.id)
        except _NO_VERDICT as error:
            self._failed(name, error)
            with self._store.transaction() as tx:
                tx.note_failure(repository.id, f"#{number}", str(error))
        else:
            with self._store.transaction() as tx:
                tx.mark_seen(key, found, repository.id)
        self._say("threads")

    def _repository(self, ref: RepositoryRef) -> Repository | GitHubError:
        """Return which repository a name means, or why that cannot be told; each is asked for once in a pass."""
        mine = self._search.repository
        if mine is not None and mine.ref.key == ref.key:
            return mine
        if ref.key not in self._repositories:
            self._repositories[ref.key] = self._ask_repository(ref)
        return self._repositories[ref.key]

    def _ask_repository(self, ref: RepositoryRef) -> Repository | GitHubError:
        known = self._store.find_repository(ref)
        with self._store.transaction() as tx:
            lately = tx.known_since(ref, tx.now - TRUSTED)
        if known is not None and known.id == lately and not self._fetcher.full:
            return known
        try:
            return self._fetcher.repository(ref)
        except (*_VERDICTS, *_NO_VERDICT) as error:
            self._failed(str(ref), error)
            return error

    def _finish(self, state: WatchState, plan: Plan) -> None:
        found, _ = self._store.found_counts(self._search.key)
        gaps = list(plan.gaps)
        if len(plan.queries) == 1 and found < plan.counted:
            gaps.append(f"{found:,} of {plural(plan.counted, 'thread')} that GitHub counts were found")
        failures = [*plan.failures, *self._failures][:MOST_TOLD]
        self._report.failures += [*plan.failures, *((self._search.label, gap) for gap in gaps)]
        result: dict[str, Any] = {
            "queries": list(plan.queries),
            "counted": plan.counted,
            "requests": plan.requests,
            "slices": plan.slices,
            "gaps": gaps,
            "failures": [list(each) for each in failures],
        }
        with self._store.transaction() as tx:
            done = replace(
                state,
                cursor=state.began_at or tx.now,
                began_at=None,
                plan=None,
                result=result,
                first_complete_at=state.first_complete_at or tx.now,
                last_complete_at=tx.now,
            )
            tx.save_watch_state(self._search.key, done)

    # --- small things ---

    def _failed(self, name: str, error: GitHubError) -> None:
        log.warning("%s: %s", name, error)
        self._failures.append((name, str(error)))
        self._report.failures.append((name, str(error)))

    def _say(self, phase: str) -> None:
        report = self._report
        step = Progress(self._search.label, phase, report.listed, report.captured, self._github.requests)
        self._on_progress(step)

    def _check_stop(self) -> None:
        if self._stop():
            raise Stopped("stopped on request; what was fetched so far is kept")


def _name_of(item: Any) -> str:
    """Name a result that cannot be read, by what of it can be."""
    named = parse.repository_of(item)
    number = item.get("number") if isinstance(item, dict) else None
    return f"{named}#{number}" if named is not None and isinstance(number, int) else "a search result"
