"""The archiver's commands: crawl, status, migrate; and what they need of the configuration.

It decides nothing about crawling and prints no page; `web.cli` puts the commands of all packages together.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType

import click
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from archiver import __version__
from archiver.config import (
    ConfigFile,
    GitHubConfig,
    LicenseConfig,
    StoreConfig,
    SweepConfig,
    WatchConfig,
    check_http_url,
    token_from_environment,
)
from archiver.coverage import coverage_json, coverage_lines
from archiver.crawl import Crawler, Progress, Report
from archiver.errors import ArchiveError, RateLimited
from archiver.github.client import GitHub, Stopped
from archiver.license import Vocabulary
from archiver.model import iso
from archiver.references import RepositoryRef, ThreadRef, parse_reference
from archiver.store import Coverage, Store, migrate, open_store
from archiver.wording import plural

log = logging.getLogger(__name__)

TABLES = {
    "store": StoreConfig,
    "github": GitHubConfig,
    "license": LicenseConfig,
    "sweep": SweepConfig,
    "watch": WatchConfig,
}


@dataclass(frozen=True)
class Archive:
    """The archiver's part of the configuration, bound; opens what the commands work with."""

    file: ConfigFile
    store: StoreConfig
    github: GitHubConfig
    license: LicenseConfig
    sweep: SweepConfig
    watches: tuple[WatchConfig, ...]
    contact: str = ""

    @property
    def store_url(self) -> str:
        """The store's URL, its path made absolute."""
        return self.file.resolve_url(self.store.url)

    def open_store(self, *, read_only: bool = False) -> Store:
        """Open the store. Raises StoreError."""
        return open_store(self.store_url, read_only=read_only)

    def vocabulary(self) -> Vocabulary:
        """Return the built-in vocabulary with the configured words."""
        return Vocabulary(self.license.terms, self.license.ignore)

    def client(self, *, wait: bool, pause: Callable[[float], None] | None = None) -> GitHub:
        """Make the client for the configured API, with the token of the environment."""
        return GitHub(
            check_http_url(self.github.api_url, "[github] api_url"),
            token=token_from_environment(),
            contact=self.contact,
            version=__version__,
            timeout=self.github.timeout,
            max_bytes=self.github.max_response_mb * 2**20,
            wait=wait,
            pause=pause,
        )

    def scope_of(self, target: RepositoryRef | ThreadRef) -> str:
        """Return the scope that the configuration gives a repository: `license` unless a watch says otherwise."""
        for watch in self.watches:
            if isinstance(watch.target, RepositoryRef) and str(watch.target).lower() == str(target).lower():
                return watch.scope
        return "license"


def bind(file: ConfigFile, contact: str = "") -> Archive:
    """Bind the archiver's tables of a configuration file. Raises ConfigError."""
    return Archive(
        file=file,
        store=file.bind("store", StoreConfig),
        github=file.bind("github", GitHubConfig),
        license=file.bind("license", LicenseConfig),
        sweep=file.bind("sweep", SweepConfig),
        watches=file.bind_list("watch", WatchConfig),
        contact=contact,
    )


class StopSignal:
    """Turns SIGTERM and SIGINT into a wish that a crawl asks for between its pages; waiting ends at once."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __call__(self) -> bool:
        """Return whether somebody asked to stop."""
        return self._event.is_set()

    def set(self) -> None:
        """Ask to stop."""
        self._event.set()

    def wait(self) -> None:
        """Wait until somebody asks to stop."""
        # A plain wait() would keep signal handlers from running on some platforms.
        while not self._event.wait(1.0):
            pass

    def pause(self, seconds: float) -> None:
        """Sleep; raise Stopped as soon as somebody asks to stop."""
        if self._event.wait(seconds):
            raise Stopped("stopped on request; what was fetched so far is kept")

    @contextmanager
    def installed(self) -> Iterator[StopSignal]:
        """Handle the two signals within the block; a second one ends the program the hard way."""

        def on_signal(number: int, _frame: FrameType | None) -> None:
            if self._event.is_set():
                signal.signal(number, signal.SIG_DFL)
                signal.raise_signal(number)
            self._event.set()

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def is_due(store: Store, watch: WatchConfig, now: datetime) -> bool:
    """Return whether a watch is to be crawled now: never completed, broken off, or its `every` is over."""
    return next_due(store, watch) <= now


def next_due(store: Store, watch: WatchConfig) -> datetime:
    """Return when a watch is due next; the distant past if it was never completed."""
    last = _checked(store, watch, lambda coverage: None if coverage.unfinished else coverage.last_complete_at)
    return datetime.min.replace(tzinfo=UTC) if last is None else last + watch.every


def next_sweep(store: Store, watch: WatchConfig, *, authenticated: bool) -> datetime | None:
    """Return when a watch is to be swept next; None if it never is, or was not crawled to the end yet."""
    every = watch.sweep_every(authenticated=authenticated)
    last = _checked(store, watch, lambda coverage: coverage.last_sweep_at or coverage.first_complete_at)
    return None if every is None or last is None else last + every


def _checked(store: Store, watch: WatchConfig, when: Callable[[Coverage], datetime | None]) -> datetime | None:
    """Return when what a watch names was looked at last: a thread, or a repository by its coverage."""
    target = watch.target
    repository = store.find_repository(target if isinstance(target, RepositoryRef) else target.repository)
    if repository is None:
        return None
    if isinstance(target, ThreadRef):
        thread = store.thread(repository.id, target.number)
        return thread.summary.last_checked_at if thread else None
    return when(store.coverage(repository.id))


# --- commands ---------------------------------------------------------------------------------------------------------

# What to crawl, with its scope; without one it is to be swept.
Task = tuple[RepositoryRef | ThreadRef, str | None]


@click.command("crawl")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--no-wait", is_flag=True, help="Stop when a rate limit is used up, and say when to come back.")
@click.option("--full", is_flag=True, help="List everything again, whatever earlier passes have seen.")
@click.option("--scope", type=click.Choice(["license", "all"]), help="What to keep of the repositories named.")
@click.option("--sweep", is_flag=True, help="Look for what is gone upstream instead: of TARGETs, or of what is due.")
@click.pass_obj
def crawl_command(
    archive: Archive, targets: Sequence[str], no_wait: bool, full: bool, scope: str | None, sweep: bool
) -> None:
    """Archive TARGETs: owner/repo, owner/repo#NUMBER or any GitHub URL; without one, every watch that is due.

    Without TARGETs, the watches whose sweep is due are swept afterwards.
    """
    if sweep and scope:
        raise click.UsageError("--scope says what to keep, and a sweep only looks for what is kept already")
    asked = [parse_reference(text) for text in targets]
    if not asked and not archive.watches:
        raise click.UsageError(f"{archive.file.label} has no [[watch]]; name a TARGET, as owner/repo")
    stop = StopSignal()
    with (
        archive.open_store() as store,
        stop.installed(),
        archive.client(wait=not no_wait, pause=stop.pause) as github,
    ):
        tasks: list[Task] = [(each, None if sweep else scope or archive.scope_of(each)) for each in asked] or _due(
            archive, store, github, scope, sweep=sweep
        )
        if not tasks:
            click.echo("No sweep is due." if sweep else "No watch is due.")
        first: ArchiveError | None = None
        for target, its_scope in tasks:
            try:
                with _progress() as show:
                    crawler = Crawler(store, github, archive.vocabulary(), stop=stop, on_progress=show, full=full)
                    lines = act(crawler, target, its_scope, github, archive.sweep.max_gone_share)
            except Stopped as stopped:
                raise ArchiveError(f"{target}: {stopped}; run the same command again to go on") from None
            except RateLimited as error:
                raise RateLimited(f"{target}: {error}. What was fetched is kept", until=error.until) from error
            except ArchiveError as error:
                # One target that fails does not keep the others from their turn.
                if len(tasks) == 1:
                    raise
                click.echo(f"onrecord: {target}: {error}", err=True)
                first = first or error
            else:
                click.echo("\n".join(lines))
        if first is not None:
            raise ArchiveError("some targets could not be crawled (see above); the others are done")


def _due(archive: Archive, store: Store, github: GitHub, scope: str | None, *, sweep: bool) -> list[Task]:
    """Return what is due of the watches: crawls (unless only sweeps are wanted), then sweeps."""
    now = datetime.now(UTC)
    crawls: list[Task] = [(w.target, scope or w.scope) for w in archive.watches if not sweep and is_due(store, w, now)]
    sweeps: list[Task] = [
        (watch.target, None)
        for watch in archive.watches
        if (at := next_sweep(store, watch, authenticated=github.authenticated)) is not None and at <= now
    ]
    return crawls + sweeps


def act(
    crawler: Crawler, target: RepositoryRef | ThreadRef, scope: str | None, github: GitHub, max_gone_share: float
) -> list[str]:
    """Crawl a target, or sweep it if no scope is given; return what to say about it.

    A thread is swept by its crawl, which asks for all of it.
    """
    if scope is None and isinstance(target, RepositoryRef):
        return [str(each) for each in crawler.sweep(target, max_gone_share)]
    report = crawler.crawl(target, scope or "license")
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


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """Show a crawl's progress: a moving line on a terminal, one log line per step elsewhere."""
    if not sys.stderr.isatty():
        yield _log_progress
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking")
        yield lambda step: bar.update(task, description=_step(step))


def _log_progress(step: Progress) -> None:
    log.info("%s", _step(step))


def _step(step: Progress) -> str:
    doing = {
        "issues": "threads listed",
        "comments": "comments listed",
        "settle": "completing threads",
        "graphql": "asking for discussions and edit histories",
    }[step.phase]
    listed = f"{step.listed:,} " if step.phase in {"issues", "comments"} else ""
    return f"{step.target}: {listed}{doing}, {step.kept:,} new or changed ({step.requests:,} requests)"


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status_command(archive: Archive, as_json: bool) -> None:
    """Show what is held: per repository coverage, last complete pass, gaps and failures."""
    with archive.open_store() as store:
        holdings = store.holdings()
        coverages = store.coverages()
        rate = store.note("rate")
    if as_json:
        value = {
            "store": archive.store_url,
            "repositories": [coverage_json(each) for each in coverages],
            "threads": holdings.threads,
            "posts": holdings.posts,
            "snapshots": holdings.snapshots,
            "last_captured_at": iso(holdings.last_captured_at) if holdings.last_captured_at else None,
            "rate_limit": rate,
        }
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    held = [plural(holdings.threads, "thread"), plural(holdings.posts, "post"), plural(holdings.snapshots, "snapshot")]
    click.echo(f"{archive.store_url}\n{', '.join(held)}")
    if rate is not None:
        left = f"{rate['remaining']:,} of {rate['limit']:,} requests left until {rate['reset']}"
        click.echo(f"GitHub's rate limit, as of {rate['seen_at']}: {left}")
    for each in coverages:
        click.echo(f"\n{each.repository.ref}")
        for word, sentence in coverage_lines(each):
            click.echo(f"  {word:<13}  {sentence}")


@click.command("migrate")
@click.pass_obj
def migrate_command(archive: Archive) -> None:
    """Bring the store's schema up to date (nothing else does so, silently or otherwise)."""
    before, after = migrate(archive.store_url)
    if before == after:
        click.echo(f"The schema is up to date ({after}).")
    else:
        click.echo(f"The schema was brought from {before or 'nothing'} to {after}.")


COMMANDS = (crawl_command, status_command, migrate_command)
