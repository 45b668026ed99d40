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
from dataclasses import dataclass, field, replace
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
    MediaConfig,
    StoreConfig,
    SweepConfig,
    WatchConfig,
    check_http_url,
    token_from_environment,
)
from archiver.coverage import coverage_json, coverage_lines, imports_json, imports_sentence, watch_json, watch_lines
from archiver.crawl import Crawler, Progress
from archiver.discover_cli import discover_command
from archiver.errors import ArchiveError, RateLimited, StoreBusy
from archiver.github.client import GitHub, Stopped
from archiver.github.media import MediaClient
from archiver.judging import Judged, judge_again
from archiver.license import Vocabulary
from archiver.media import keep_pictures
from archiver.model import iso
from archiver.references import RepositoryRef, ThreadRef, parse_reference
from archiver.store import Store, migrate, open_store
from archiver.watching import Task, act, due, named_task
from archiver.wording import plural

log = logging.getLogger(__name__)

TABLES = {
    "store": StoreConfig,
    "github": GitHubConfig,
    "license": LicenseConfig,
    "sweep": SweepConfig,
    "media": MediaConfig,
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
    media: MediaConfig = field(default_factory=MediaConfig)

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

    def keep_pictures(self, store: Store, stop: Callable[[], bool]) -> None:
        """Ask for the pictures of held posts, if they are to be kept. Raises StoreError, or Stopped."""
        if not self.media.keep:
            return
        client = MediaClient(
            self.media.hosts,
            types=self.media.types,
            max_bytes=self.media.max_mb * 2**20,
            version=__version__,
            timeout=self.github.timeout,
        )
        try:
            with client, store.crawl_lock():
                keep_pictures(store, client, stop=stop)
        except StoreBusy as busy:  # the crawl itself is done, and the next one looks for pictures too
            log.info("no pictures were looked for: %s", busy)


def bind(file: ConfigFile, contact: str = "") -> Archive:
    """Bind the archiver's tables of a configuration file. Raises ConfigError."""
    return Archive(
        file=file,
        store=file.bind("store", StoreConfig),
        github=file.bind("github", GitHubConfig),
        license=file.bind("license", LicenseConfig),
        sweep=file.bind("sweep", SweepConfig),
        watches=file.bind_list("watch", WatchConfig),
        media=file.bind("media", MediaConfig),
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


# --- commands ---------------------------------------------------------------------------------------------------------


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
        tasks = [_named(archive, each, scope, sweep=sweep) for each in asked] or due(
            store, archive.watches, datetime.now(UTC), scope=scope, sweep=sweep, authenticated=github.authenticated
        )
        if not tasks:
            click.echo("No sweep is due." if sweep else "No watch is due.")
        first: ArchiveError | None = None
        for task in tasks:
            try:
                with _progress() as show:
                    crawler = Crawler(store, github, archive.vocabulary(), stop=stop, on_progress=show, full=full)
                    lines = act(crawler, task, github, archive.sweep.max_gone_share)
            except Stopped as stopped:
                raise ArchiveError(f"{task.name}: {stopped}; run the same command again to go on") from None
            except RateLimited as error:
                raise RateLimited(f"{task.name}: {error}. What was fetched is kept", until=error.until) from error
            except ArchiveError as error:
                # One target that fails does not keep the others from their turn.
                if len(tasks) == 1:
                    raise
                click.echo(f"onrecord: {task.name}: {error}", err=True)
                first = first or error
            else:
                click.echo("\n".join(lines))
        try:
            archive.keep_pictures(store, stop)
        except Stopped as stopped:
            raise ArchiveError(f"{stopped}; run the same command again to go on") from None
        if first is not None:
            raise ArchiveError("some targets could not be crawled (see above); the others are done")


def _named(archive: Archive, target: RepositoryRef | ThreadRef, scope: str | None, *, sweep: bool) -> Task:
    task = named_task(archive.watches, target)
    return replace(task, scope=scope or task.scope, sweep=sweep)


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
        "search": "threads found",
        "threads": "fetching what was found",
        "graphql": "asking for discussions and edit histories",
    }[step.phase]
    listed = f"{step.listed:,} " if step.phase in {"issues", "comments", "search"} else ""
    return f"{step.target}: {listed}{doing}, {step.kept:,} new or changed ({step.requests:,} requests)"


@click.command("judge")
@click.pass_obj
def judge_command(archive: Archive) -> None:
    """Judge all that is held by the vocabulary as it is now: after an upgrade, or a change of [license].

    No network is needed, and nothing is forgotten. A crawl does the same by itself.
    """
    stop = StopSignal()
    with archive.open_store() as store, stop.installed(), store.crawl_lock():
        try:
            done = judge_again(store, archive.vocabulary(), stop=stop, on_progress=_log_judged)
        except Stopped as stopped:
            raise ArchiveError(f"{stopped}; run the same command again to go on") from None
    click.echo(f"{plural(done.threads, 'thread')} judged again, {done.differ:,} differently than before.")


def _log_judged(done: Judged) -> None:
    log.info("%s judged again", plural(done.threads, "thread"))


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status_command(archive: Archive, as_json: bool) -> None:
    """Show what is held: per repository coverage, last complete pass, gaps and failures."""
    with archive.open_store() as store:
        holdings = store.holdings()
        coverages = store.coverages()
        watches = [(key, state, *store.found_counts(key)) for key, state in store.watch_states().items()]
        rate = store.note("rate")
        imports = store.imports()
    if as_json:
        value = {
            "store": archive.store_url,
            "repositories": [coverage_json(each) for each in coverages],
            "watches": [watch_json(*each) for each in watches],
            "threads": holdings.threads,
            "posts": holdings.posts,
            "snapshots": holdings.snapshots,
            "last_captured_at": iso(holdings.last_captured_at) if holdings.last_captured_at else None,
            "rate_limit": rate,
            "gharchive": imports_json(imports),
        }
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    held = [plural(holdings.threads, "thread"), plural(holdings.posts, "post"), plural(holdings.snapshots, "snapshot")]
    click.echo(f"{archive.store_url}\n{', '.join(held)}")
    if rate is not None:
        left = f"{rate['remaining']:,} of {rate['limit']:,} requests left until {rate['reset']}"
        click.echo(f"GitHub's rate limit, as of {rate['seen_at']}: {left}")
    if imports is not None:
        click.echo(imports_sentence(imports))
    for each in coverages:
        click.echo(f"\n{each.repository.ref}")
        for word, sentence in coverage_lines(each):
            click.echo(f"  {word:<13}  {sentence}")
    names = {f"repo:{each.repository.id}": f'{each.repository.ref}, discover = "search"' for each in coverages}
    for key, state, found, to_fetch in watches:
        click.echo(f"\n{names.get(key, key)}")
        for word, sentence in watch_lines(state, found, to_fetch):
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


COMMANDS = (crawl_command, discover_command, judge_command, status_command, migrate_command)
