"""Writes an archive into one file and makes a new archive of such a file: a ZIP of the database and a manifest.

What is copied of the store, and what is cleared for others, is `archiver.store.copying`'s; docs/export.md describes the
file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from archiver import __version__
from archiver.errors import ArchiveError, StoreError
from archiver.license import Vocabulary
from archiver.model import iso
from archiver.store import Store, migrate, open_store

FORMAT = "onrecord.export.v1"
MANIFEST = "manifest.json"
DATABASE = "archive.db"
PICTURES = "media/"
NOTE = "imported"
"""The note in which a store remembers from which file it was made."""
_MOST_MANIFEST = 1024 * 1024
_AT_ONCE = 1024 * 1024
_LARGEST_PICTURE = 100 * 1024 * 1024


class BadExport(ArchiveError):
    """A file is no export, or not as it was written; `key` is the file."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export says of itself. `sha256` and `size` are those of the database, `checkpoint` is that of its log.

    `complete` says that what is withdrawn here is in it, with the operator's notes and the opt-out list.
    """

    format: str
    program: str
    made_at: str
    complete: bool
    schema: str
    checkpoint: str
    threads: int
    posts: int
    snapshots: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote; `erased` texts were left out."""

    manifest: Manifest
    erased: int
    size: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: nothing if it is not `new`, since the store was made from that very file before."""

    manifest: Manifest
    new: bool


def _utc_now() -> datetime:
    return datetime.now(UTC)


def export(
    store: Store, path: Path, vocabulary: Vocabulary, *, complete: bool, now: Callable[[], datetime] = _utc_now
) -> Exported:
    """Write all that a store holds, as it is at one moment, into a new file that only its owner can read.

    Unless it is to be `complete`, what is withdrawn is erased from the copy, and what is the operator's is left out.
    Raises ArchiveError if there is such a file already or it cannot be written; nothing is left of it then.
    """
    if path.exists():
        raise ArchiveError(f"{path}: exists already, and is left as it is", key=str(path))
    with _folder(path.parent) as folder:
        copy = folder / DATABASE
        store.copy_to(copy)
        erased = 0
        with open_store(f"sqlite:///{copy}", now) as copied:
            if not complete:
                with copied.transaction() as tx:
                    erased = tx.clear_for_others(vocabulary.judge)
                copied.scrub()
                with copied.transaction() as tx:
                    tx.scrubbed()
            holdings = copied.holdings()
            checkpoint = str(copied.verification().checkpoint())
            schema = copied.schema()
            pictures = sorted(copied.picture_digests())
            compact = folder / "compact.db"
            copied.copy_to(compact)  # one file: what was just written stands in a write-ahead log beside the other
        packed = folder / "export.zip"
        packed.touch(mode=0o600)
        with _written(path), zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            with archive.open(_entry(DATABASE, now()), "w", force_zip64=True) as entry, compact.open("rb") as source:
                size, digest = _copy(source, entry)
            for each in pictures:
                if store.media_files.wrong(each) is None:  # what is damaged here already is not handed on
                    archive.write(store.media_files.path(each), f"{PICTURES}{each}", zipfile.ZIP_STORED)
            manifest = Manifest(
                format=FORMAT,
                program=__version__,
                made_at=iso(now()),
                complete=complete,
                schema=schema,
                checkpoint=checkpoint,
                threads=holdings.threads,
                posts=holdings.posts,
                snapshots=holdings.snapshots,
                size=size,
                sha256=digest,
            )
            archive.writestr(_entry(MANIFEST, now()), json.dumps(asdict(manifest), indent=2) + "\n")
        with _written(path):
            with packed.open("rb") as file:
                os.fsync(file.fileno())
            # A rename alone would take the place of a file that came meanwhile.
            path.touch(mode=0o600, exist_ok=False)
            packed.replace(path)
            return Exported(manifest, erased, path.stat().st_size)


def import_from(path: Path, url: str, open_target: Callable[[], Store]) -> Imported:
    """Fill an empty store with what an export holds, after all of its digests were recomputed.

    `url` is the store's, which is made where there is none. A store that was made from that very file is left as it is.
    Raises BadExport for a file that is not as it was written, StoreError for a store that holds something else;
    nothing is changed then.
    """
    with _reading(path) as archive:
        manifest = _manifest(archive, path)
        with open_target() as store, store.crawl_lock(), store.import_lock():
            known = store.note(NOTE)
            if known is not None and known.get("sha256") == manifest.sha256:
                return Imported(manifest, new=False)
            if not store.is_empty():
                raise StoreError(
                    f"{url}: holds an archive already; an import makes a new one, in an empty store", key=url
                )
            with _folder(Path(store.path or ".").parent) as folder:
                copy = folder / DATABASE
                _unpack(archive, manifest, path, copy)
                _check(archive, manifest, path, copy)
                _place(copy, store)
                store.fill_from(copy)
    return Imported(manifest, new=True)


# --- the file ---------------------------------------------------------------------------------------------------------


def _entry(name: str, at: datetime) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(name, at.astimezone(UTC).timetuple()[:6])
    found.compress_type = zipfile.ZIP_DEFLATED
    found.external_attr = 0o600 << 16
    return found


def _copy(source: IO[bytes], target: IO[bytes], most: int | None = None) -> tuple[int, str]:
    """Copy bytes, `most` at most and one more; return how many, and their SHA-256."""
    digest = hashlib.sha256()
    size = 0
    while chunk := source.read(_AT_ONCE):
        size += len(chunk)
        digest.update(chunk)
        if most is not None and size > most:
            break
        target.write(chunk)
    return size, digest.hexdigest()


@contextmanager
def _folder(beside: Path) -> Iterator[Path]:
    """Make a folder for the length of the block that only its owner can read, on the disk where the result will be."""
    try:
        beside.mkdir(parents=True, exist_ok=True)
        made = tempfile.mkdtemp(prefix=".onrecord-", dir=beside)
    except OSError as error:
        raise ArchiveError(f"{beside}: cannot be written to: {error.strerror}", key=str(beside)) from None
    try:
        yield Path(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise ArchiveError(f"{path}: exists already, and is left as it is", key=str(path)) from None
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be written: {error.strerror}", key=str(path)) from None


@contextmanager
def _reading(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an export; whatever is wrong with its bytes within the block is a BadExport."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise BadExport(f"{path}: no export of onrecord, or not as it was written ({error})", key=str(path)) from None
    except OSError as error:
        raise BadExport(f"{path}: cannot be read: {error.strerror or error}", key=str(path)) from None


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        entry = archive.getinfo(MANIFEST)
        if entry.file_size > _MOST_MANIFEST:
            raise ValueError("too large")
        told: Mapping[str, Any] = json.loads(archive.read(entry))
        manifest = Manifest(**{name: told[name] for name in Manifest.__dataclass_fields__})
        fits = all(type(told[name]).__name__ == each.type for name, each in Manifest.__dataclass_fields__.items())
    except (KeyError, ValueError, TypeError):
        raise BadExport(f"{path}: no export of onrecord: it has no manifest that can be read", key=str(path)) from None
    if not fits or not re.fullmatch(r"[0-9a-f]{64}", manifest.sha256):
        raise BadExport(f"{path}: its manifest holds values that make no sense", key=str(path))
    if manifest.format != FORMAT:
        raise BadExport(f"{path}: of another form ({manifest.format[:40]}) than this program reads", key=str(path))
    return manifest


def _unpack(archive: zipfile.ZipFile, manifest: Manifest, path: Path, copy: Path) -> None:
    try:
        entry = archive.open(DATABASE)
    except (KeyError, RuntimeError):
        raise BadExport(f"{path}: the database is not in it", key=str(path)) from None
    with entry, copy.open("xb") as target:
        # No more than it says, however much its bytes would unpack to.
        size, digest = _copy(entry, target, manifest.size)
    if (size, digest) != (manifest.size, manifest.sha256):
        raise BadExport(f"{path}: the database in it is not the one that its manifest names", key=str(path))


def _unpack_pictures(archive: zipfile.ZipFile, path: Path, copied: Store) -> None:
    """Unpack the pictures that a store names, each held against its digest."""
    for digest in sorted(copied.picture_digests()):
        try:
            entry = archive.getinfo(f"{PICTURES}{digest}")
            if entry.file_size > _LARGEST_PICTURE:
                raise KeyError
            found = copied.media_files.add(archive.read(entry))
        except KeyError:
            raise BadExport(f"{path}: the picture {digest} is not in it", key=str(path)) from None
        if found != digest:
            raise BadExport(f"{path}: the picture {digest} in it has another digest", key=str(path))


def _place(copy: Path, store: Store) -> None:
    """Put unpacked pictures beside the store. One more than it names does no harm."""
    with open_store(f"sqlite:///{copy}") as copied:
        for digest in copied.media_files.digests():
            store.media_files.add(copied.media_files.path(digest).read_bytes())


def _check(archive: zipfile.ZipFile, manifest: Manifest, path: Path, copy: Path) -> None:
    """Recompute all that an unpacked store claims, bring it up to date, and note where it is from."""
    url = f"sqlite:///{copy}"
    migrate(url)
    with open_store(url) as store:
        verification = store.verification()
        if str(verification.checkpoint()) != manifest.checkpoint:
            raise BadExport(f"{path}: its log of captures is not the one that its manifest names", key=str(path))
        _unpack_pictures(archive, path, store)
        for difference in verification.differences():
            raise BadExport(f"{path}: what it holds does not agree with itself: {difference}", key=str(path))
        with store.transaction() as tx:
            note = {"sha256": manifest.sha256, "made_at": manifest.made_at, "at": iso(tx.now)}
            tx.save_note(NOTE, note)
        store.settle_files()
