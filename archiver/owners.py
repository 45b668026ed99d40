"""Goes through the repositories of an owner, a user or an organisation: one pass, begun or taken up again.

How one repository is crawled is `archiver.crawl`'s. Which are left to crawl is committed after each.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from archiver.asking import PER_PAGE
from archiver.errors import (
    BadResponse,
    Blocked,
    Forbidden,
    ForeignRedirect,
    Gone,
    Moved,
    NotFound,
    Refused,
    TooManyMatches,
)
from archiver.fetch import Fetcher, Report
from archiver.github import parse
from archiver.github.client import Stopped
from archiver.references import RepositoryRef
from archiver.store import WatchState

log = logging.getLogger(__name__)

# What is wrong with one repository; anything else (no network, no quota, no such token) is wrong with all of them.
_OF_ONE = (BadResponse, Blocked, Forbidden, ForeignRedirect, Gone, Moved, NotFound, Refused, TooManyMatches)


def owner_key(name: str) -> str:
    """Return the key of an owner's watch in the store's memory."""
    return f"org:{name.lower()}"


class OwnerPass:
    """One pass over an owner's repositories, forks and archived ones too; those without issues are left out.

    `crawl` crawls one of them and adds to the report. `stop` is asked before each; if it says true, Stopped is raised.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        name: str,
        basis: str,
        report: Report,
        *,
        crawl: Callable[[RepositoryRef], None],
        stop: Callable[[], bool],
    ) -> None:
        self._fetcher = fetcher
        self._store = fetcher.store
        self._name = name
        self._basis = basis
        self._report = report
        self._crawl = crawl
        self._stop = stop

    def run(self) -> None:
        """Crawl all that are left. Raises GitHubError, StoreError or Stopped; what was done stays done."""
        state = self._begin()
        plan = dict(state.plan or {})
        while plan["left"]:
            if self._stop():
                raise Stopped("stopped on request; what was fetched so far is kept")
            number, name = plan["left"][0]
            owner, _, rest = name.partition("/")
            try:
                self._crawl(RepositoryRef(owner, rest))
            except _OF_ONE as error:
                log.warning("%s: %s", name, error)
                self._report.failures.append((name, str(error)))
                plan["failures"] = [*plan["failures"], [name, str(error)]]
            plan["left"] = [each for each in plan["left"] if each[0] != number]
            state = replace(state, plan=plan)
            self._save(state)
        self._finish(state, plan)

    def _begin(self) -> WatchState:
        with self._store.transaction() as tx:
            state = tx.watch_state(owner_key(self._name)) or WatchState(self._basis)
        plan = state.plan if state.basis == self._basis else None
        if plan is not None and plan.get("full", False) >= self._fetcher.full:
            log.info("%s: going on with an unfinished pass", self._name)
            return state
        return self._list(replace(state, basis=self._basis))

    def _list(self, state: WatchState) -> WatchState:
        """Ask which repositories there are; a list that did not change costs nothing with a token."""
        known = (state.result or {}).get("repositories")
        params = {"type": "owner", "sort": "full_name", "per_page": str(PER_PAGE)}
        url = self._fetcher.github.url(f"/users/{self._name}/repos", params)
        pages = list(self._fetcher.pages(url, known is not None and not self._fetcher.full))
        if known is not None and all(page.unchanged for page in pages):
            plan = {"repositories": known, "skipped": (state.result or {}).get("skipped", [])}
        else:
            if any(page.unchanged for page in pages):
                pages = list(self._fetcher.pages(url, False))
            plan = self._read([item for page in pages for item in page.items])
        skipped = set(plan["skipped"])
        plan["left"] = [each for each in plan["repositories"] if each[1] not in skipped]
        plan |= {"failures": [], "full": self._fetcher.full}
        state = replace(state, plan=plan, began_at=pages[0].date if pages else None)
        with self._store.transaction() as tx:
            tx.save_watch_state(owner_key(self._name), state)
            for page in pages:
                if page.remember:
                    tx.remember(*page.remember)
        return state

    def _read(self, items: list[Any]) -> dict[str, Any]:
        repositories: list[list[Any]] = []
        skipped: list[str] = []
        for item in items:
            try:
                found = parse.repository(item)
            except BadResponse as error:
                self._report.failures.append((self._name, f"an item of the list cannot be read: {error}"))
                continue
            repositories.append([found.id, str(found.ref)])
            # Where issues are switched off, GitHub gives neither them nor pull requests by the same lists (410).
            if item.get("has_issues") is False:
                skipped.append(str(found.ref))
        return {"repositories": repositories, "skipped": skipped}

    def _finish(self, state: WatchState, plan: dict[str, Any]) -> None:
        result = {name: plan[name] for name in ("repositories", "skipped", "failures")}
        with self._store.transaction() as tx:
            done = replace(
                state,
                began_at=None,
                plan=None,
                result=result,
                first_complete_at=state.first_complete_at or tx.now,
                last_complete_at=tx.now,
            )
            tx.save_watch_state(owner_key(self._name), done)

    def _save(self, state: WatchState) -> None:
        with self._store.transaction() as tx:
            tx.save_watch_state(owner_key(self._name), state)


def held_of(state: WatchState | None) -> list[int]:
    """Return the numbers of the repositories that an owner's pass found."""
    found = (state.result or state.plan or {}) if state is not None else {}
    return [int(each[0]) for each in found.get("repositories", [])]
