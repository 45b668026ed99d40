"""The command that imports GH Archive's hourly files.

It decides nothing about what is kept; `archiver.gharchive` does.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from archiver.cli import Archive, StopSignal
from archiver.errors import ArchiveError
from archiver.gharchive.files import find
from archiver.gharchive.importing import Imported, Importer, Step
from archiver.github.client import Stopped
from archiver.references import RepositoryRef, parse_reference
from archiver.wording import plural

log = logging.getLogger(__name__)

_MOST_NAMED = 5


@click.command("import-gharchive")
@click.argument("files", nargs=-1, required=True, metavar="FILE_OR_DIR...", type=click.Path(path_type=Path))
@click.option("--jobs", type=click.IntRange(1, 256), help="How many files to read at once; as many as there are cores.")
@click.option("--repo", "repos", multiple=True, metavar="OWNER/NAME", help="Import this repository alone; repeatable.")
@click.option("--full", is_flag=True, help="Read files again that were imported before.")
@click.pass_obj
def import_gharchive_command(
    archive: Archive, files: Sequence[Path], jobs: int | None, repos: Sequence[str], full: bool
) -> None:
    """Import what is about licensing from GH Archive's hourly files (2018-02-16-9.json.gz), or folders of them."""
    names = [_repository(each) for each in repos]
    found = find(files)
    for other in found.others[:_MOST_NAMED]:
        click.echo(f"onrecord: {other}: no hourly file, or met before; passed over", err=True)
    if len(found.others) > _MOST_NAMED:
        click.echo(f"onrecord: {len(found.others) - _MOST_NAMED:,} more files passed over", err=True)
    stop = StopSignal()
    with archive.open_store() as store, stop.installed(), _progress() as show:
        importer = Importer(
            store,
            archive.vocabulary(),
            jobs=jobs or os.cpu_count() or 1,
            repositories=names,
            full=full,
            stop=stop,
            on_step=show,
        )
        try:
            done = importer.run(found.files)
        except Stopped as stopped:
            raise ArchiveError(f"{stopped}; run the same command again to go on") from None
    click.echo("\n".join(summary(done)))
    if done.failures:
        raise ArchiveError(f"{plural(len(done.failures), 'file')} could not be read (see above); the others are done")


def _repository(text: str) -> str:
    ref = parse_reference(text)
    if not isinstance(ref, RepositoryRef):
        raise click.UsageError(f"--repo {text}: a repository is wanted, as owner/name")
    return str(ref)


def summary(done: Imported) -> list[str]:
    """Say in lines what an import did."""
    counts, kept = done.counts, done.kept
    known = f" ({done.known:,} imported before)" if done.known else ""
    lines = [
        f"{plural(done.read, 'file')} read{known}: {plural(counts.lines, 'line')}, "
        f"{plural(counts.events, 'event')} about threads, {counts.kept:,} about licensing",
        f"{plural(kept.threads, 'new thread')}, {plural(kept.posts, 'new post')}, "
        f"{plural(kept.texts, 'further text')} of posts that are held; "
        f"{plural(done.settled, 'thread')} brought up to date",
    ]
    if kept.waiting:
        lines.append(f"{plural(kept.waiting, 'text')} set aside until a crawl tells more of their threads")
    left = [
        (counts.textless, "without a text"),
        (counts.unidentified, "that do not say whose, or where"),
        (kept.withheld, "withheld here"),
    ]
    told = [f"{number:,} {what}" for number, what in left if number]
    if told:
        lines.append(f"left: events {', '.join(told)}")
    if counts.broken:
        lines.append(f"{plural(counts.broken, 'broken line')} passed over")
    lines += [f"{name}: {gap}; what came before it is imported" for name, gap in done.gaps]
    return lines


@contextmanager
def _progress() -> Iterator[Callable[[Step], None]]:
    """Show how far an import is: a bar on a terminal, one log line for each file elsewhere."""
    if not sys.stderr.isatty():
        yield _log_step
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("importing", total=None)

        def show(step: Step) -> None:
            bar.update(task, completed=step.done, total=step.total)
            if step.file is not None:
                bar.update(task, description=step.file.name)

        yield show


def _log_step(step: Step) -> None:
    if step.file is not None and step.counts is not None:
        counts = step.counts
        broken = f", {counts.broken:,} broken" if counts.broken else ""
        gap = f"; {counts.gap}" if counts.gap else ""
        log.info("%s: %d lines, %d kept%s%s", step.file.name, counts.lines, counts.kept, broken, gap)


COMMANDS = (import_gharchive_command,)
