"""Owns the commands withdraw and restore: what is taken out of the store's public view is out of the index at once.

What a withdrawal means is the store's (`archiver.store.withdrawing`); who may ask for one is the operator's to decide.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Protocol, TextIO

import click

from archiver.errors import ArchiveError, BadReference, NotHeld, StoreError
from archiver.license import Vocabulary
from archiver.model import iso
from archiver.references import RepositoryRef, ThreadRef, parse_reference
from archiver.store import REASONS, UNSCRUBBED, Restored, Store, Target, Withdrawn
from archiver.wording import plural
from search.errors import SearchError
from search.index import Index
from search.sync import rebuild, sync


class Archive(Protocol):
    """What the commands need of the configuration."""

    @property
    def base_url(self) -> str:
        """The site's address, with which permanent links begin."""

    def open_store(self) -> Store:
        """Open the store. Raises StoreError."""

    def open_index(self) -> Index:
        """Open the index. Raises SearchError or ConfigError."""

    def vocabulary(self) -> Vocabulary:
        """Return the words by which threads are judged."""


@click.command("withdraw")
@click.argument("reference", required=False, metavar="[REF]")
@click.option("--reason", type=click.Choice(REASONS), help="The class of reason that is shown in its place.")
@click.option("--note", metavar="TEXT", help="More about it, for the audit alone; it is shown nowhere.")
@click.option("--author", metavar="LOGIN", help="All posts of that account (a login that it ever had, or its number).")
@click.option("--whole-thread", is_flag=True, help="The thread with all of its posts.")
@click.option("--erase", is_flag=True, help="Erase the texts from store and index for good.")
@click.option("--opt-out", is_flag=True, help="Capture nothing more of the account; with --author.")
@click.option("--yes", is_flag=True, help="Erase without asking.")
@click.option("--list", "listing", is_flag=True, help="List all that was ever withdrawn, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; with --list.")
@click.pass_obj
def withdraw_command(
    archive: Archive,
    reference: str | None,
    reason: str | None,
    note: str | None,
    author: str | None,
    whole_thread: bool,
    erase: bool,
    opt_out: bool,
    yes: bool,
    listing: bool,
    as_json: bool,
) -> None:
    """Take a post, a thread, or all posts of an account out of public view; a tombstone stays.

    REF is the address of a post (with its anchor), a thread or a repository, on GitHub or on this site. The site and
    the search index follow before the command ends.
    """
    if listing:
        _list(archive, as_json)
        return
    if reason is None:
        raise click.UsageError(f"say why: --reason {'|'.join(REASONS)}")
    if opt_out and (author is None or reference is not None):
        raise click.UsageError("--opt-out is about an account as a whole: give --author, and no REF")
    with archive.open_store() as store:
        target, account_id = _target(archive, store, reference, author, whole_thread)
        if erase and not yes:
            _confirm(target)
        with store.transaction() as tx:
            done = tx.withdraw(target, reason=reason, note=note, erase=erase, judge=archive.vocabulary().judge)
            listed = opt_out and account_id is not None and tx.opt_out(account_id)
        with _followed(archive, store, anew=erase):
            _tell(target, done, reason, erase)
            if note is not None and not done.new:
                click.echo("  The note is not kept: there is no new withdrawal that it could be about.")
            if listed:
                click.echo("  The account is on the opt-out list: nothing more of it is captured.")
    place = f" {target.place}" if target.place else ""
    again = f"--author {account_id}{place}" if account_id is not None else target.name
    whole = " --whole-thread" if whole_thread else ""
    click.echo(f"  To give back what is not erased: onrecord restore {again}{whole}")


@click.command("restore")
@click.argument("reference", required=False, metavar="[REF]")
@click.option("--author", metavar="LOGIN", help="All posts of that account; takes it off the opt-out list too.")
@click.option("--whole-thread", is_flag=True, help="The thread with all of its posts.")
@click.pass_obj
def restore_command(archive: Archive, reference: str | None, author: str | None, whole_thread: bool) -> None:
    """Give back what was withdrawn by that very name, as far as it was not erased."""
    with archive.open_store() as store:
        target, account_id = _target(archive, store, reference, author, whole_thread)
        with store.transaction() as tx:
            off = account_id is not None and reference is None and tx.opt_in(account_id)
            try:
                done = tx.restore(target, archive.vocabulary().judge)
            except NotHeld:
                if not off:
                    raise
                done = Restored(0, 0, 0, 0)
        with _followed(archive, store, anew=False):
            _tell_restored(target, done)
            if off:
                click.echo("  The account is off the opt-out list; later crawls capture what it posted meanwhile.")


@click.group("opt-out")
def opt_out_command() -> None:
    """Hand the list of accounts that are not to be captured from one archive to another."""


@opt_out_command.command("export")
@click.pass_obj
def export_command(archive: Archive) -> None:
    """Write the list as JSON. It names nobody by itself, but whoever tries all numbers can read it."""
    with archive.open_store() as store, store.transaction() as tx:
        salts, hashes = tx.opt_out_list()
    click.echo(json.dumps({"salts": salts, "hashes": hashes}, indent=2))


@opt_out_command.command("import")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.pass_obj
def import_command(archive: Archive, file: TextIO) -> None:
    """Add a list that `opt-out export` wrote to the one that is held; `-` reads it from stdin."""
    try:
        value = json.load(file)
        salts, hashes = value["salts"], value["hashes"]
        good = all(re.fullmatch("(?:[0-9a-f]{2}){8,64}", each) for each in salts)
        if not good or not all(re.fullmatch("[0-9a-f]{64}", each) for each in hashes):
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise ArchiveError(f"{file.name}: is no list that opt-out export wrote", key=file.name) from None
    with archive.open_store() as store, store.transaction() as tx:
        new = tx.join_opt_out_list(salts, hashes)
    click.echo(f"{plural(new, 'account')} added to the opt-out list; what is held of them already stays.")


# --- what is meant ----------------------------------------------------------------------------------------------------


def _target(
    archive: Archive, store: Store, reference: str | None, author: str | None, whole: bool
) -> tuple[Target, int | None]:
    if reference is None and author is None:
        raise click.UsageError("name a post or a thread (REF), or an account (--author)")
    if author is not None and whole:
        raise click.UsageError("--whole-thread and --author exclude each other: one is of all authors")
    ref = read_reference(reference, archive.base_url) if reference is not None else None
    if author is None and isinstance(ref, RepositoryRef):
        raise BadReference(f"{ref} is a repository: name a thread or a post in it, or an --author", key=str(ref))
    with store.transaction() as tx:
        account_id = tx.account_named(author) if author is not None else None
        return tx.target(ref, account_id, whole=whole), account_id


def read_reference(text: str, base_url: str) -> RepositoryRef | ThreadRef:
    """Read a reference to GitHub, or a link of this archive to a page of a repository, a thread or a snapshot.

    Raises BadReference.
    """
    own = text.strip()
    if own.startswith(f"{base_url}/github.com/"):
        path, _, anchor = own.removeprefix(f"{base_url}/").partition("#")
        # What follows the number says which version of the thread, or its form: `12@9f3c`, `12.json`, `12/history`.
        path = re.sub(r"^([^?]*?/(?:issues|pull|discussions)/[0-9]+).*$", r"\1", path)
        text = f"https://{path}" + (f"#{anchor}" if anchor else "")
    return parse_reference(text)


def _confirm(target: Target) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("--erase cannot be undone, and there is no terminal to ask at: add --yes")
    click.confirm(f"Erase the texts of {target.name} for good? This cannot be undone.", abort=True)


# --- what was done ----------------------------------------------------------------------------------------------------


def _tell(target: Target, done: Withdrawn, reason: str, erase: bool) -> None:
    verb = "Withdrawn" if done.new else "Withdrawn already"
    click.echo(f"{verb}: {target.scope} {target.name} ({reason}).")
    posts, threads = plural(done.posts, "post"), plural(done.threads, "thread")
    click.echo(f"  Out of pages, search and API: {posts} in {threads}.")
    if target.scope == "author":
        click.echo("  What is found of this account later is withheld too.")
    if done.titles and target.scope != "thread":
        click.echo(f"  The title of {plural(done.titles, 'thread')} goes with its opening post.")
    if erase:
        click.echo(f"  Erased for good: {plural(done.erased, 'text')}; backups and copies elsewhere are not reached.")
    else:
        click.echo("  The texts stay in the store, out of view; --erase takes them out of it.")
    click.echo("  What stays: a tombstone with date and reason, digests, and what others quoted.")


def _tell_restored(target: Target, done: Restored) -> None:
    click.echo(f"Restored: {target.scope} {target.name}.")
    whole = ", with the thread as a whole" if done.threads else ""
    click.echo(f"  In view again: {plural(done.posts, 'post')}{whole}.")
    if done.erased:
        erased = plural(done.erased, "post")
        click.echo(f"  Erased, and not to be had back from here: {erased}. What is still on GitHub, a crawl may bring.")
    if done.elsewhere:
        click.echo(f"  Still withheld by another withdrawal: {plural(done.elsewhere, 'post')}.")


@contextmanager
def _followed(archive: Archive, store: Store, *, anew: bool) -> Iterator[None]:
    """Have index and files follow before the block says what was done: nobody may be there any more to hear it."""
    problem: ArchiveError | None = None
    try:
        _follow(archive, store, anew=anew)
    except ArchiveError as error:
        problem = error
    yield
    if problem is not None:
        raise problem


def _follow(archive: Archive, store: Store, *, anew: bool) -> None:
    """Have index and files follow the store; say loudly what is left to do if they cannot."""
    if anew:
        # The search first, whatever becomes of the files; an index that cannot follow is built anew below.
        with suppress(SearchError), closing(archive.open_index()) as index:
            if index.cursor() > 0:
                sync(store, index)
        try:
            store.scrub()
        except StoreError as error:
            raise StoreError(
                "NOT DONE YET: it is out of view, but its bytes may still be in the database's files: "
                f"{_then(error, 'the same command again')}",
                key=error.key,
            ) from error
    try:
        with closing(archive.open_index()) as index:
            if anew:
                rebuild(store, index)
            elif index.cursor() > 0:
                sync(store, index)
    except SearchError as error:
        what = "the same command again" if anew else "onrecord sync"
        raise ArchiveError(
            f"NOT DONE YET: the pages are clean, but the search index could not follow: {_then(error, what)}",
            key=error.key,
        ) from error
    if anew:
        with store.transaction() as tx:
            tx.scrubbed()


def _then(error: ArchiveError, what: str) -> str:
    """Return an error with what is to be run then, if it does not name a command itself."""
    said = str(error)
    return said if "run: onrecord" in said or what in said else f"{said}; run: {what}"


def _list(archive: Archive, as_json: bool) -> None:
    with archive.open_store() as store:
        rows = store.withdrawals()
        unfinished = store.note(UNSCRUBBED)
    if as_json:
        value = [
            {
                "number": each.id,
                "at": iso(each.at),
                "reason": each.reason,
                "note": each.note,
                "scope": each.scope,
                "target": each.target,
                "erased": each.erased,
                "lifted_at": iso(each.lifted_at) if each.lifted_at else None,
            }
            for each in rows
        ]
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    for each in rows:
        erased = ", erased" if each.erased else ""
        lifted = f", lifted {iso(each.lifted_at)}" if each.lifted_at else ""
        note = f"  {''.join(char for char in each.note if char.isprintable())}" if each.note else ""
        click.echo(f"{each.id:>4}  {iso(each.at)}  {each.reason:<14}  {each.scope} {each.target}{erased}{lifted}{note}")
    click.echo(plural(len(rows), "withdrawal"))
    if unfinished is not None:
        click.echo(f"The erasure of {unfinished['since']} is not finished: run the same command again", err=True)


COMMANDS = (withdraw_command, restore_command, opt_out_command)
