"""Says which watches are due, for a crawl or a sweep, and does what is due.

How a crawl goes is `archiver.crawl`'s, how jobs come round `archiver.schedule`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from archiver.config import LIMIT, WatchConfig
from archiver.crawl import Crawler, search_key
from archiver.fetch import Report
from archiver.github.client import GitHub
from archiver.model import iso
from archiver.owners import held_of, owner_key
from archiver.queries import Query
from archiver.references import RepositoryRef, ThreadRef
from archiver.store import Store
from archiver.wording import plural

LONGEST_SWEEP_PACE = timedelta(days=1)
"""How often it is looked at most seldom which of several repositories are to be swept: new ones come any day."""

_NEVER_DONE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to crawl, or (a repository or a thread) to sweep. A text is the name of an owner."""

    target: RepositoryRef | ThreadRef | Query | str
    scope: str = "license"
    discover: str = "listing"
    limit: int = LIMIT
    sweep: bool = False

    @property
    def name(self) -> str:
        """What it is about, for a person."""
        return self.target.text if isinstance(self.target, Query) else str(self.target)


def task_of(watch: WatchConfig) -> Task:
    """Return the crawl of a watch."""
    target = watch.query if watch.search is not None else watch.org or watch.target
    return Task(target, watch.keeps, watch.discover, watch.limit)


def named_task(watches: Sequence[WatchConfig], target: RepositoryRef | ThreadRef) -> Task:
    """Return the crawl of something named on the command line: as its watch has it, or that of its owner."""
    if isinstance(target, RepositoryRef):
        for watch in sorted(watches, key=lambda each: each.repo is None):
            mine = watch.repo is not None and isinstance(watch.target, RepositoryRef) and watch.target.key == target.key
            if mine or (watch.org is not None and watch.org.lower() == target.owner.lower()):
                return Task(target, watch.keeps, watch.discover, watch.limit)
    return Task(target)


def due(
    store: Store, watches: Sequence[WatchConfig], now: datetime, *, scope: str | None, sweep: bool, authenticated: bool
) -> list[Task]:
    """Return what is due: crawls (unless only sweeps are wanted), then sweeps, each repository once."""
    crawls = [] if sweep else [task_of(each) for each in watches if next_due(store, each) <= now]
    if scope is not None:
        crawls = [replace(each, scope=scope) for each in crawls]
    sweeps = (each for watch in watches for each in sweeps_due(store, watch, now, authenticated=authenticated))
    return [*crawls, *dict.fromkeys(sweeps)]


def next_due(store: Store, watch: WatchConfig) -> datetime:
    """Return when a watch is due next; the distant past if it was never completed, or was broken off."""
    if (key := _key(watch)) is not None:
        state = store.watch_state(key)
        last = None if state is None or state.unfinished else state.last_complete_at
    else:
        target = watch.target
        repository = store.find_repository(target if isinstance(target, RepositoryRef) else target.repository)
        if repository is None:
            return _NEVER_DONE
        if isinstance(target, ThreadRef):
            last = _checked(store, repository.id, target)
        else:
            coverage = store.coverage(repository.id)
            last = None if coverage.unfinished else coverage.last_complete_at
    return _NEVER_DONE if last is None else last + watch.every


def next_sweep(store: Store, watch: WatchConfig, *, authenticated: bool) -> datetime | None:
    """Return when something of a watch is to be swept next; None if never, or it was not crawled to the end yet."""
    times = [at for _, at in _sweeps(store, watch, authenticated=authenticated)]
    return min(times, default=None)


def sweeps_due(store: Store, watch: WatchConfig, now: datetime, *, authenticated: bool) -> list[Task]:
    """Return the sweeps of a watch that are due."""
    return [Task(target, sweep=True) for target, at in _sweeps(store, watch, authenticated=authenticated) if at <= now]


def sweep_pace(watch: WatchConfig, *, authenticated: bool) -> timedelta | None:
    """Return how often it is to be looked at which sweeps are due; None for never."""
    every = watch.sweep_every(authenticated=authenticated)
    if every is None or (watch.search is None and watch.org is None):
        return every
    return min(every, LONGEST_SWEEP_PACE)


def _sweeps(
    store: Store, watch: WatchConfig, *, authenticated: bool
) -> Iterator[tuple[RepositoryRef | ThreadRef, datetime]]:
    """Yield what of a watch is swept, with when it is due."""
    every = watch.sweep_every(authenticated=authenticated)
    if every is None:
        return
    key = _key(watch)
    if key is None and watch.thread is not None:
        target = watch.target
        repository = store.find_repository(target.repository if isinstance(target, ThreadRef) else target)
        last = _checked(store, repository.id, target) if repository and isinstance(target, ThreadRef) else None
        if last is not None:
            yield target, last + every
        return
    if key is None:
        known = store.find_repository(watch.target) if isinstance(watch.target, RepositoryRef) else None
        numbers = [known.id] if known is not None else []
        since = None
    else:
        state = store.watch_state(key)
        since = state.first_complete_at if state is not None else None
        if since is None:
            return
        numbers = sorted({*held_of(state), *store.repositories_found(key)})
    held = {each.id: each for each in store.repositories()} if key is not None else {}
    for number in numbers:
        if key is not None and number not in held:
            continue  # nothing of it is held
        coverage = store.coverage(number)
        last = coverage.last_sweep_at or coverage.first_complete_at or since
        if last is not None:
            name = watch.target if key is None else coverage.repository.ref
            yield name, last + every


def _key(watch: WatchConfig) -> str | None:
    """Return the key of a watch that has a memory of its own in the store."""
    if watch.search is not None:
        return search_key(watch.query)
    return owner_key(watch.org) if watch.org is not None else None


def _checked(store: Store, repository_id: int, target: ThreadRef) -> datetime | None:
    """Return when a thread was looked at last."""
    thread = store.thread(repository_id, target.number)
    return thread.summary.last_checked_at if thread else None


# --- doing it ---------------------------------------------------------------------------------------------------------


def act(crawler: Crawler, task: Task, github: GitHub, max_gone_share: float) -> list[str]:
    """Do a task; return what to say about it. A thread is swept by its crawl, which asks for all of it."""
    target = task.target
    if task.sweep and isinstance(target, RepositoryRef):
        return [str(each) for each in crawler.sweep(target, max_gone_share)]
    if isinstance(target, Query):
        report = crawler.search(target, task.scope, limit=task.limit)
    elif isinstance(target, str):
        report = crawler.owner(target, task.scope, discover=task.discover, limit=task.limit)
    else:
        report = crawler.crawl(target, task.scope, discover=task.discover, limit=task.limit)
    return [line for line in (sentence(report, github), left_out(report)) if line]


def sentence(report: Report, github: GitHub) -> str:
    """Say in one line what a crawl did, and how much of the rate limit is left."""
    done = f"{plural(report.captured, 'thread')} new or changed"
    if report.gone is not None:
        done = f"gone upstream ({report.gone.status}) since {iso(report.gone.since)}; what was captured stays"
    text = f"{report.target}: {done}, {plural(report.requests, 'request')}"
    if report.failures:
        text += f", {plural(len(report.failures), 'failure')} (see onrecord status)"
    if github.rate is not None:
        text += f"; {github.rate.remaining} of {github.rate.limit} left until {github.rate.reset:%H:%M} UTC"
    return text


def left_out(report: Report) -> str:
    """Say in one line what a crawl could not ask for; nothing if it asked for all."""
    if not report.not_asked:
        return ""
    *others, last = report.not_asked
    what = f"{', '.join(others)} and {last}" if others else last
    why = ", ".join(dict.fromkeys(report.not_asked.values()))
    if why == "no token":
        why = "GitHub gives them only with a token (ONRECORD_GITHUB_TOKEN)"
    return f"{report.target}: {what} were not asked for: {why}"
