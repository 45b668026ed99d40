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
    WatchConfig,
    check_http_url,
    token_from_environment,
)
from archiver.coverage import coverage_json, coverage_lines
from archiver.crawl import Crawler, Progress, Report
from archiver.errors import ArchiveError, RateLimited
from archiver.github.client import GitHub, Stopped
from archiver.license import Vocabulary
from archiver.model import RepositoryRef, ThreadRef, iso, parse_reference
from archiver.store import Store, migrate, open_store

log = logging.getLogger(__name__)

TABLES = {"store": StoreConfig, "github": GitHubConfig, "license": LicenseConfig, "watch": WatchConfig}


@dataclass(frozen=True)
class Archive:
    """The archiver's part of the configuration, bound; opens what the commands work with."""

    file: ConfigFile
    store: StoreConfig
    github: GitHubConfig
    license: LicenseConfig
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
    target = watch.target
    last: datetime | None = None
    repository = store.find_repository(target if isinstance(target, RepositoryRef) else target.repository)
    if repository is not None:
        if isinstance(target, ThreadRef):
            thread = store.thread(repository.id, target.number)
            last = thread.summary.last_checked_at if thread else None
        else:
            coverage = store.coverage(repository.id)
            last = None if coverage.unfinished else coverage.last_complete_at
    return datetime.min.replace(tzinfo=UTC) if last is None else last + watch.every


# --- commands ---------------------------------------------------------------------------------------------------------


@click.command("crawl")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--no-wait", is_flag=True, help="Stop when a rate limit is used up, and say when to come back.")
@click.option("--full", is_flag=True, help="List everything again, whatever earlier passes have seen.")
@click.option("--scope", type=click.Choice(["license", "all"]), help="What to keep of the repositories named.")
@click.pass_obj
def crawl_command(archive: Archive, targets: Sequence[str], no_wait: bool, full: bool, scope: str | None) -> None:
    """Archive TARGETs: owner/repo, owner/repo#NUMBER or any GitHub URL; without one, every watch that is due."""
    wanted = [(target := parse_reference(text), scope or archive.scope_of(target)) for text in targets]
    vocabulary = archive.vocabulary()
    stop = StopSignal()
    with archive.open_store() as store, stop.installed():
        if not targets:
            if not archive.watches:
                raise click.UsageError(f"{archive.file.label} has no [[watch]]; name a TARGET, as owner/repo")
            now = datetime.now(UTC)
            wanted = [(w.target, scope or w.scope) for w in archive.watches if is_due(store, w, now)]
            if not wanted:
                click.echo("No watch is due.")
                return
        first: ArchiveError | None = None
        with archive.client(wait=not no_wait, pause=stop.pause) as github:
            for target, its_scope in wanted:
                try:
                    with _progress() as show:
                        crawler = Crawler(store, github, vocabulary, stop=stop, on_progress=show, full=full)
                        report = crawler.crawl(target, its_scope)
                except Stopped as stopped:
                    raise ArchiveError(f"{target}: {stopped}; run the same command again to go on") from None
                except RateLimited as error:
                    raise RateLimited(f"{target}: {error}. What was fetched is kept", until=error.until) from error
                except ArchiveError as error:
                    # One target that fails does not keep the others from their turn.
                    if len(wanted) == 1:
                        raise
                    click.echo(f"onrecord: {target}: {error}", err=True)
                    first = first or error
                else:
                    click.echo(sentence(report, github))
        if first is not None:
            raise ArchiveError("some targets could not be crawled (see above); the others are done")


def sentence(report: Report, github: GitHub) -> str:
    """Say in one line what a crawl did, and how much of the rate limit is left."""
    text = f"{report.target}: {_count(report.captured, 'thread')} new or changed, {_count(report.requests, 'request')}"
    if report.failures:
        text += f", {_count(len(report.failures), 'failure')} (see onrecord status)"
    if github.rate is not None:
        text += f"; {github.rate.remaining} of {github.rate.limit} left until {github.rate.reset:%H:%M} UTC"
    return text


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


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
    doing = {"issues": "threads listed", "comments": "comments listed", "settle": "completing threads"}[step.phase]
    listed = "" if step.phase == "settle" else f"{step.listed:,} "
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
    held = [_count(holdings.threads, "thread"), _count(holdings.posts, "post"), _count(holdings.snapshots, "snapshot")]
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
