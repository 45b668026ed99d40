"""The program `onrecord`: binds the configuration and puts the commands of the three packages together.

What archiver and search commands do stands in `archiver.cli` and `search.cli`; here are init, run, serve and demo.
"""

from __future__ import annotations

import gc
import io
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from archiver import __version__, export_cli, import_cli
from archiver import cli as archiver_cli
from archiver.config import ConfigFile, WatchConfig, read_config, token_from_environment
from archiver.crawl import Crawler
from archiver.errors import ArchiveError, ConfigError
from archiver.github.client import GitHub
from archiver.saving import Desk, Saver
from archiver.schedule import Job, Schedule
from archiver.store import Store
from archiver.watching import Task, act, next_due, next_sweep, sweep_pace, sweeps_due, task_of
from search import cli as search_cli
from search.errors import IndexUnavailable
from search.index import Index, IndexConfig, open_index
from search.sync import rebuild, sync
from web.app import create_app, site_server
from web.config import SiteConfig, operator_key
from web.demo import running_demo
from web.saving import Saving
from web.serve import listen

log = logging.getLogger(__name__)

CONFIG_VARIABLE = "ONRECORD_CONFIG"
DEFAULT_CONFIG = Path("config.toml")
SYNC_EVERY = timedelta(seconds=15)
# A crawl that waits longer than this for a rate limit has readers told so who wait for it, in seconds.
_LONG_PAUSE = 30
TABLES = {**archiver_cli.TABLES, "index": IndexConfig, "site": SiteConfig}


@dataclass(frozen=True)
class Application(archiver_cli.Archive):
    """The whole configuration, bound: what every command gets."""

    index: IndexConfig = field(default_factory=IndexConfig)
    site: SiteConfig = field(default_factory=SiteConfig)

    @property
    def base_url(self) -> str:
        """The site's address, with which permanent links begin."""
        return self.site.base_url

    def open_index(self) -> Index:
        """Open the search index. Raises SearchError or ConfigError."""
        return open_index(self.file.resolve_url(self.index.url))


def bind(file: ConfigFile) -> Application:
    """Bind all tables of a configuration file. Raises ConfigError."""
    file.expect_tables(TABLES)
    site = file.bind("site", SiteConfig)
    archive = archiver_cli.bind(file, contact=site.contact)
    return Application(**vars(archive), index=file.bind("index", IndexConfig), site=site)


class Program(click.Group):
    """A group of commands whose expected errors are one line on stderr and an exit code of the contract."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; exit 0 done, 1 an ArchiveError, 2 usage or configuration."""
        try:
            return super().main(*args, **kwargs)
        except ArchiveError as error:
            click.echo(f"onrecord: {' '.join(str(error).split())}", err=True)
            sys.exit(error.exit_code)
        except OSError as error:  # what is left of them: a full device behind stdout, a folder that went
            where = f"{error.filename}: " if error.filename else ""
            click.echo(f"onrecord: {where}{error.strerror or error}", err=True)
            os._exit(1)  # not sys.exit: at exit Python would flush stdout again, and fail again


class _Lazy:
    """Binds the configuration when a command first asks for it, so that `init` and `demo` work beside a broken one."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def bound(self) -> Application:
        path = self.path
        if path is None and DEFAULT_CONFIG.exists():
            path = DEFAULT_CONFIG
        return bind(read_config(path))


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar=CONFIG_VARIABLE,
    show_envvar=True,
    help="The configuration file; else ./config.toml if there is one, else the defaults.",
)
@click.option("--verbose", "-v", is_flag=True, help="Log every request too.")
@click.version_option(__version__, prog_name="onrecord", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context, config: Path | None, verbose: bool) -> None:
    """Keep license debates on the record: archive GitHub threads, search them, give them permanent links."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows fewer characters than a title has
    _set_up_logging(verbose)
    lazy = _Lazy(config)
    context.obj = lazy if context.invoked_subcommand in {"init", "demo"} else lazy.bound()


def _set_up_logging(verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime  # the same times as in the store and on the pages
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    # These speak of every request and every job at INFO, and httpcore of headers at DEBUG: a token would be among them.
    logging.getLogger("httpx").setLevel(logging.INFO if verbose else logging.WARNING)
    for name in ("httpcore", "apscheduler", "alembic", "waitress"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of each request that has to wait, which makes all wait longer.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


@main.command("init")
@click.argument("path", type=click.Path(path_type=Path), default=DEFAULT_CONFIG)
def init_command(path: Path) -> None:
    """Write a configuration file (PATH, ./config.toml by default) in which every setting stands with a comment."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(example_config())
    except FileExistsError:
        raise ConfigError(f"{path}: exists already, and is left as it is", key=str(path)) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}", key=str(path)) from None
    click.echo(f"Wrote {path}. Next: name what to watch in it, then: onrecord run")


def example_config() -> str:
    """Return the text of config.example.toml: packaged with `web`, at the top of a checkout."""
    packaged = files("web") / "config.example.toml"
    source = packaged if packaged.is_file() else Path(__file__).parents[1] / "config.example.toml"
    return source.read_text(encoding="utf-8")


@main.command("serve")
@click.pass_obj
def serve_command(application: Application) -> None:
    """Serve the site alone, read-only; crawl, sync and save elsewhere."""
    stop = archiver_cli.StopSignal()
    with stop.installed(), application.open_store(read_only=True) as store:
        _serve(application, store, application.open_index(), stop, [])


@main.command("run")
@click.pass_obj
def run_command(application: Application) -> None:
    """Crawl what is watched, keep the index up to date and serve the site: all in one process."""
    stop = archiver_cli.StopSignal()
    with stop.installed(), application.open_store() as store:
        index = application.open_index()
        now = datetime.now(UTC)
        saving = _saving(application)
        saver = _saver(application, store, saving, stop) if saving else None
        jobs = [
            Job(
                name=f"crawl {watch.name}",
                every=watch.every,
                first_at=next_due(store, watch),
                run=partial(_crawl_watch, application, store, watch, stop, saver),
            )
            for watch in application.watches
        ]
        authenticated = token_from_environment() is not None
        for watch in application.watches:
            if (every := sweep_pace(watch, authenticated=authenticated)) is not None:
                first_at = next_sweep(store, watch, authenticated=authenticated) or now + every
                sweep = partial(_crawl_watch, application, store, watch, stop, saver, sweep=True)
                jobs.append(Job(f"sweep {watch.name}", every, first_at, sweep))
        if not jobs:
            log.warning("%s has no [[watch]]: nothing will be crawled", application.file.label)
        jobs.append(Job("sync", SYNC_EVERY, now, partial(_sync, store, index), lane="index"))
        _serve(application, store, index, stop, jobs, saving, saver)


def _saving(application: Application) -> Saving | None:
    """Return what takes wishes on the site's pages, if that is configured. Raises ConfigError without a fit key."""
    if application.site.save == "off":
        return None
    key = operator_key() if application.site.save == "operators" else None
    return Saving(Desk(lambda: datetime.now(UTC)), key)


def _saver(application: Application, store: Store, saving: Saving, stop: archiver_cli.StopSignal) -> Saver:
    client = partial(application.client, wait=False, pause=stop.pause)
    return Saver(saving.desk, store, application.vocabulary(), client)


def _serve(
    application: Application,
    store: Store,
    index: Index,
    stop: archiver_cli.StopSignal,
    jobs: Sequence[Job],
    saving: Saving | None = None,
    saver: Saver | None = None,
) -> None:
    site = application.site
    listener = listen(site.host, site.port)
    app = create_app(store=store, index=index, site=site, saving=saving)
    server = site_server(app, listener, proxies=site.proxies)
    schedule = Schedule(jobs)
    # What has been made up to here stays: looking through it for garbage again and again would hold up requests.
    gc.collect()
    gc.freeze()
    server.start()
    schedule.start()
    worker = threading.Thread(target=saver.run, args=[stop], name="saver") if saver else None
    if worker is not None:
        worker.start()
    click.echo(f"{site.title} is at {server.url} (permanent links begin with {application.base_url})")
    try:
        stop.wait()
        click.echo("Stopping: running requests and the page being fetched come to their end.", err=True)
    finally:
        stop.set()
        schedule.stop()
        if worker is not None:
            worker.join()
        server.stop()
        index.close()


def _crawl_watch(
    application: Application,
    store: Store,
    watch: WatchConfig,
    stop: archiver_cli.StopSignal,
    saver: Saver | None,
    *,
    sweep: bool = False,
) -> None:
    def stop_or_save() -> bool:
        if saver is not None and not stop():
            saver.between()
        return stop()

    def pause(seconds: float) -> None:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        while (left := (until - datetime.now(UTC)).total_seconds()) > 0:
            if saver is not None and left > _LONG_PAUSE:
                saver.refuse(until)
            stop.pause(min(left, 1.0))

    with saver.turn() if saver else nullcontext(), application.client(wait=True, pause=pause) as github:
        crawler = Crawler(store, github, application.vocabulary(), stop=stop_or_save)
        for task in _tasks(store, watch, github) if sweep else [task_of(watch)]:
            for line in act(crawler, task, github, application.sweep.max_gone_share):
                log.info("%s", line)
        application.keep_pictures(store, stop_or_save)


def _tasks(store: Store, watch: WatchConfig, github: GitHub) -> list[Task]:
    """Return what a watch's job has to sweep: what it names, or those of several repositories that are due."""
    if watch.search is None and watch.org is None:
        return [Task(watch.target, sweep=True)]
    return sweeps_due(store, watch, datetime.now(UTC), authenticated=github.authenticated)


def _sync(store: Store, index: Index) -> None:
    try:
        if index.cursor() == store.last_change():
            return
        done = sync(store, index)
    except IndexUnavailable as error:
        # Damaged, or of another version of this program: nothing is in it that the store does not have.
        log.warning("%s; building it anew", error)
        done = rebuild(store, index)
    log.info("index: %d threads put, %d removed", done.puts, done.deletions)


@main.command("demo")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-data"),
    show_default=True,
    help="The folder for its data.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 chooses a free one.")
def demo_command(data: Path, port: int) -> None:
    """Show it all offline: crawl an invented sample from a local GitHub-compatible API, index it, serve the site."""
    stop = archiver_cli.StopSignal()
    with stop.installed(), running_demo(data.absolute(), port, click.echo) as server:
        program = "onrecord" if shutil.which("onrecord") else _relative(Path(sys.argv[0]))
        config = _relative(data / "config.toml")
        click.echo(_TRY.format(url=server.url, data=_relative(data), config=config, program=program))
        stop.wait()
    click.echo(f"Stopped. The data stays in {data.absolute()}; delete the folder when you are done.")


_TRY = """
The site is at  {url}

Try   {url}/search?q=copyleft+license+is:closed
      {url}/search?q=licence
      {url}/lookup?url=https://github.com/lanternfs/lantern/issues/212
      {program} --config {config} search 'copyleft'

The data is in {data}. Ctrl-C stops the demonstration."""


def _relative(path: Path) -> str:
    absolute = path.absolute()
    return os.path.relpath(absolute) if absolute.is_relative_to(Path.cwd()) else str(absolute)


for _command in (*archiver_cli.COMMANDS, *import_cli.COMMANDS, *export_cli.COMMANDS, *search_cli.COMMANDS):
    main.add_command(_command)
