"""The commands that write an archive into a file and make a new archive of it.

What is in the file is `archiver.exporting`'s.
"""

from __future__ import annotations

from pathlib import Path

import click

from archiver.cli import Archive
from archiver.exporting import Manifest, export, import_from
from archiver.wording import plural


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--complete", is_flag=True, help="With what is withdrawn, the notes about it and the opt-out list.")
@click.pass_obj
def export_command(archive: Archive, file: Path, complete: bool) -> None:
    """Write the whole archive, as it is at one moment, into FILE, of which `onrecord import` makes a new archive.

    What is withdrawn is left out: its tombstones and digests are there. It may be run beside `onrecord run`.
    """
    with archive.open_store() as store:
        done = export(store, file, archive.vocabulary(), complete=complete)
    left = f"; {plural(done.erased, 'withdrawn text')} left out" if done.erased else ""
    click.echo(f"{file}: {_held(done.manifest)}, {done.size:,} bytes{left}")
    click.echo(f"checkpoint {done.manifest.checkpoint}")
    if complete:
        click.echo("It holds what is withdrawn, and the opt-out list: keep it where nobody else can read it.")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def import_command(archive: Archive, file: Path) -> None:
    """Make a new archive of FILE, which `onrecord export` wrote: the configured store must hold nothing yet.

    Every digest in it is recomputed before anything is changed. The search index follows by `onrecord sync`.
    """
    done = import_from(file, archive.store_url, archive.open_store)
    if not done.new:
        click.echo(f"{archive.store_url} was made from this very file before; nothing is changed.")
        return
    click.echo(f"{archive.store_url}: {_held(done.manifest)}, as of {done.manifest.made_at}; all digests agree")
    click.echo(f"checkpoint {done.manifest.checkpoint}\nNext: onrecord sync")


def _held(manifest: Manifest) -> str:
    counts = ((manifest.threads, "thread"), (manifest.posts, "post"), (manifest.snapshots, "snapshot"))
    return ", ".join(plural(*each) for each in counts)


COMMANDS = (export_command, import_command)
