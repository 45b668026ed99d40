"""Owns the commands of search: sync, rebuild and search.

What they work on (configuration, store, index) is given to them by whoever puts the program together.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import chain
from typing import Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from archiver.errors import ArchiveError
from archiver.store import Checkpoint, Difference, Store
from archiver.wording import plural
from search.dropping import Drop, drops
from search.errors import SearchError
from search.index import MAX_PER_PAGE, Index
from search.printing import Printer, printable
from search.query import SORTS, parse
from search.serial import results_json
from search.sync import Progress, SyncReport, withheld
from search.sync import rebuild as rebuild_index
from search.sync import sync as sync_index
from search.verification import index_differences
from search.withdrawing import COMMANDS as WITHDRAWING

log = logging.getLogger(__name__)

_SHOWN = 20


class Archive(Protocol):
    """What the commands need of the configuration."""

    @property
    def base_url(self) -> str:
        """The site's address, with which permanent links begin."""

    def open_store(self) -> Store:
        """Open the store. Raises StoreError."""

    def open_index(self) -> Index:
        """Open the index. Raises SearchError or ConfigError."""


@click.command("sync")
@click.pass_obj
def sync_command(archive: Archive) -> None:
    """Bring the search index up to date with the store."""
    with archive.open_store() as store, closing(archive.open_index()) as index, _progress("indexing") as show:
        report = sync_index(store, index, progress=show)
    click.echo(_sentence(report))


@click.command("rebuild")
@click.pass_obj
def rebuild_command(archive: Archive) -> None:
    """Build the search index anew and swap it in; searches see the old one until then."""
    with archive.open_store() as store, closing(archive.open_index()) as index, _progress("rebuilding") as show:
        report = rebuild_index(store, index, progress=show)
    click.echo(_sentence(report))


@click.command("search")
@click.argument("query", nargs=-1, metavar="QUERY")
@click.option("--limit", type=click.IntRange(1, MAX_PER_PAGE), default=10, show_default=True, help="How many results.")
@click.option("--sort", type=click.Choice(SORTS), help="By default relevance, or newest first without words.")
@click.option("--facets", is_flag=True, help="Count the results by repository, year, license, topic and so on.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as the site's API does.")
@click.pass_obj
def search_command(
    archive: Archive, query: Sequence[str], limit: int, sort: str | None, facets: bool, as_json: bool
) -> None:
    """Search the archive: words, "phrases", AND OR NOT, -not, (groups), license:GPL, repo:owner/name, created:2018.

    A query that begins with a minus needs -- before it. An index that was not built yet is an error; one that is
    behind the store is searched as it is, and a note says so.
    """
    text = " ".join(query)
    parsed = parse(text, now=datetime.now(UTC))
    with archive.open_store() as store, closing(archive.open_index()) as index:
        behind = _behind(store, index)
        without = withheld(store, index)
        answer = index.search(parsed.tree, sort=parsed.sort or sort, per_page=limit, without=without)
        summaries = store.summaries_by_key([hit.key for hit in answer.hits])
        instead: list[Drop] = []
        if not (answer.total or as_json):
            instead = drops(parsed.tree, lambda each: index.search(each, per_page=1, without=without).total)
    if behind > 0:
        click.echo(f"Note: the index is {plural(behind, 'change')} behind; run: onrecord sync", err=True)
    if as_json:
        value = results_json(text, answer, summaries, base_url=archive.base_url, notices=parsed.notices)
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    for notice in (*parsed.notices, *answer.notices):
        click.echo(f"Note: {printable(notice)}", err=True)
    if answer.did_you_mean is not None:
        click.echo(f"Did you mean: {printable(str(answer.did_you_mean))}", err=True)
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    Printer(console, archive.base_url).page(answer, summaries, instead, facets=facets)


def _behind(store: Store, index: Index) -> int:
    """Return how many changes the index has not seen. Raises SearchError if there are some and it has seen none."""
    cursor, last = index.cursor(), store.last_change()
    if last > 0 and cursor == 0:
        raise SearchError("the index has not been built yet; run: onrecord sync")
    return last - cursor


@click.command("verify")
@click.option(
    "--against", metavar="CHECKPOINT", help="Hold the log against SIZE:DIGEST, as an earlier verify printed it."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def verify_command(archive: Archive, against: str | None, as_json: bool) -> None:
    """Recompute every digest, walk the log of captures, and hold the index against the store.

    Ends with exit code 1 and names the first difference if there is any. The checkpoint that it prints stands for the
    whole log up to now: written down elsewhere, it shows later that nothing of the log was changed.
    """
    earlier = _checkpoint(against) if against is not None else None
    with archive.open_store() as store, closing(archive.open_index()) as index:
        verification = store.verification()
        checkpoint = verification.checkpoint()
        broken: list[Difference] = []
        if earlier is not None and earlier.size and verification.entry(earlier.size) != earlier.head:
            broken.append(Difference("log", f"entry {earlier.size} is not what the checkpoint says"))
        found: list[Difference] = []
        count = 0
        for each in chain(broken, verification.differences(), index_differences(store, index)):
            count += 1
            if len(found) < _SHOWN:
                found.append(each)
        holdings = store.holdings()
        erased = verification.erased()
    if as_json:
        value = {
            "checkpoint": {"size": checkpoint.size, "head": checkpoint.head},
            "threads": holdings.threads,
            "snapshots": holdings.snapshots,
            "erased": erased,
            "differences": count,
            "first": [{"where": each.where, "what": each.what} for each in found],
        }
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        for each in found:
            click.echo(f"DIFFERS  {each}")
        more = f" ({count - len(found):,} more)" if count > len(found) else ""
        click.echo(f"{plural(holdings.threads, 'thread')}, {plural(holdings.snapshots, 'snapshot')}: ", nl=False)
        click.echo(f"{plural(count, 'difference')}{more}" if count else "all digests, the log and the index agree")
        if erased:
            click.echo(f"{plural(erased, 'text or record', 'texts and records')} erased on request: not recomputed")
        click.echo(f"checkpoint {checkpoint}")
    if found:
        raise ArchiveError(f"verification failed; first difference: {found[0]}")


def _checkpoint(text: str) -> Checkpoint:
    size, colon, head = text.strip().partition(":")
    if not colon or not size.isdigit() or not (head == "-" or re.fullmatch("[0-9a-f]{64}", head)):
        raise click.UsageError("--against: a checkpoint is SIZE:DIGEST, as verify prints it")
    return Checkpoint(int(size), None if head == "-" else head)


def _sentence(report: SyncReport) -> str:
    verb = "built anew" if report.rebuilt else "up to date"
    removed = f", {report.deletions:,} removed" if report.deletions else ""
    return f"The index is {verb}: {plural(report.puts, 'thread')} put{removed} (change {report.cursor:,})."


@contextmanager
def _progress(doing: str) -> Iterator[Progress]:
    """Show progress: a bar on a terminal, one log line per commit elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, last: log.info("%s: change %d of %d", doing, done, last)
        return
    layout = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*layout, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, last: bar.update(task, completed=done, total=last)


COMMANDS = (sync_command, rebuild_command, search_command, verify_command, *WITHDRAWING)
