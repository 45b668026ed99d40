"""Keeps pictures and files of posts: named by their digests beside the database, rows that say whence and where shown.

What is asked for, and when, is `archiver.media`'s; what a file may be, `archiver.github.media`'s.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from archiver.errors import StoreError
from archiver.store import schema as s
from archiver.store.raws import html_of
from archiver.store.rows import Rows

_BATCH = 500


class MediaFiles:
    """The folder of the files: `ab/cd/DIGEST`, each written once, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Return where the file with a digest is, if it is there."""
        return self.folder / digest[:2] / digest[2:4] / digest

    def add(self, content: bytes) -> str:
        """Keep a file and return its digest; one that is there already stays. Raises StoreError."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest)
        if path.exists():
            return digest
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(path)
            except BaseException:
                with suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror}", key=str(path)) from None
        return digest

    def digests(self) -> Iterator[str]:
        """Yield the digest of each file that is there."""
        for path in self.folder.glob("??/??/*"):
            if len(path.name) == 64:
                yield path.name

    def wrong(self, digest: str) -> str | None:
        """Say what is wrong with a file; None if its content has its digest."""
        try:
            with self.path(digest).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return "its file is missing"
        except OSError as error:
            return f"its file cannot be read: {error.strerror}"
        return None if found == digest else "its file has another digest"

    def keep_only(self, wanted: Collection[str]) -> int:
        """Remove all files but those with the digests that are wanted; return how many."""
        removed = 0
        for digest in list(self.digests()):
            if digest not in wanted:
                self.path(digest).unlink(missing_ok=True)
                removed += 1
        return removed


@dataclass(frozen=True, slots=True)
class Text:
    """A revision whose pictures are not known yet."""

    digest: str
    thread_id: int
    kind: str
    github_id: int
    body: str
    body_html: str | None
    base: str


class MediaWriting(Rows):
    """The part of a writing transaction that is about pictures."""

    def unread_texts(self, limit: int) -> list[Text]:
        """Return up to `limit` revisions whose pictures are not known yet."""
        r, t, home = s.revision.c, s.thread.c, s.repository.c
        query = (
            sa.select(r.digest, r.thread_id, r.kind, r.github_id, r.body, r.raw, home.owner, home.name, t.number)
            .join(s.thread, t.id == r.thread_id)
            .join(s.repository, home.id == t.repository_id)
            .where(r.pictures_at.is_(None), r.erased_at.is_(None))
            .limit(limit)
        )
        return [
            Text(
                digest=row["digest"],
                thread_id=row["thread_id"],
                kind=row["kind"],
                github_id=row["github_id"],
                body=row["body"],
                body_html=html_of(row["raw"]),
                base=f"https://github.com/{row['owner']}/{row['name']}/issues/{row['number']}",
            )
            for row in self._all(query)
        ]

    def note_pictures(self, text: Text, urls: Collection[str]) -> None:
        """Note which pictures a revision shows."""
        for url in dict.fromkeys(urls):
            if self._one(s.media, s.media.c.url == url) is None:
                self._insert(s.media, url=url, tries=0)
            use = s.media_use.c
            mine = (use.url == url) & (use.kind == text.kind) & (use.github_id == text.github_id)
            if self._one(s.media_use, mine) is None:
                self._insert(s.media_use, url=url, kind=text.kind, github_id=text.github_id)
        which = (s.revision.c.digest == text.digest) & (s.revision.c.thread_id == text.thread_id)
        self._update(s.revision, which, pictures_at=self.now)

    def save_picture(self, url: str, digest: str, kind: str, size: int) -> None:
        """Note that a picture is kept, and in which file."""
        values = {"digest": digest, "type": kind, "size": size, "fetched_at": self.now, "failure": None}
        self._update(s.media, s.media.c.url == url, tried_at=self.now, **values)

    def fail_picture(self, url: str, failure: str) -> None:
        """Note that a picture could not be had."""
        tries = s.media.c.tries + 1
        self._update(s.media, s.media.c.url == url, tries=tries, tried_at=self.now, failure=failure[:300])

    def forget_pictures(self, kind: str, github_id: int) -> None:
        """Forget the pictures of a post that is erased; those that other posts show stay."""
        use = s.media_use
        mine = (use.c.kind == kind) & (use.c.github_id == github_id)
        urls = list(self._connection.execute(sa.select(use.c.url).where(mine)).scalars())
        self._connection.execute(sa.delete(use).where(mine))
        for url in urls:
            if self._connection.execute(sa.select(use.c.url).where(use.c.url == url).limit(1)).first() is None:
                self._connection.execute(sa.delete(s.media).where(s.media.c.url == url))


_shown = (
    sa.select(sa.literal(1))
    .select_from(s.media_use)
    .join(s.post, (s.post.c.kind == s.media_use.c.kind) & (s.post.c.github_id == s.media_use.c.github_id))
    .join(s.thread, s.thread.c.id == s.post.c.thread_id)
    .where(s.media_use.c.url == s.media.c.url, s.post.c.withdrawn.is_(None), s.public)
    .exists()
)


class MediaReading:
    """The part of a store's reading access that is about pictures."""

    url: str

    def _connection(self) -> AbstractContextManager[sa.Connection]:
        raise NotImplementedError

    @property
    def media_files(self) -> MediaFiles:
        """The folder beside the database."""
        database = sa.engine.make_url(self.url).database
        return MediaFiles(Path(f"{database or ':memory:'}.media"))

    def kept_pictures(self, urls: Sequence[str]) -> Mapping[str, str]:
        """Return the digests of the pictures that are kept and may be seen, of those at the addresses."""
        found: dict[str, str] = {}
        m = s.media.c
        for at in range(0, len(urls), _BATCH):
            some = urls[at : at + _BATCH]
            query = sa.select(m.url, m.digest).where(m.url.in_(some), m.digest.is_not(None), _shown)
            with self._connection() as connection:
                found |= {row.url: row.digest for row in connection.execute(query)}
        return found

    def picture_type(self, digest: str) -> tuple[str | None, bool]:
        """Return the type of a kept picture, None if it is not to be seen; and whether there is one at all."""
        m = s.media.c
        with self._connection() as connection:
            seen = connection.execute(sa.select(m.type).where(m.digest == digest, _shown).limit(1)).scalar()
            known = connection.execute(sa.select(m.type).where(m.digest == digest).limit(1)).scalar()
        return seen, known is not None

    def media_url(self, digest: str) -> str | None:
        """Return an address, the first by name, at which a picture or file was that is kept and may be seen."""
        query = sa.select(s.media.c.url).where(s.media.c.digest == digest, _shown).order_by(s.media.c.url).limit(1)
        with self._connection() as connection:
            return connection.execute(query).scalar()

    def wanted_pictures(self, before: datetime, tries: int, limit: int) -> list[str]:
        """Return addresses of pictures to be seen that are not kept: not tried too often, nor since `before`."""
        m = s.media.c
        due = m.tried_at.is_(None) | (m.tried_at < before)
        query = (
            sa.select(m.url)
            .where(m.digest.is_(None), m.tries < tries, due, _shown)
            .order_by(m.tries, m.url)
            .limit(limit)
        )
        with self._connection() as connection:
            return list(connection.execute(query).scalars())

    def picture_digests(self) -> set[str]:
        """Return the digests of all pictures that are kept."""
        query = sa.select(s.media.c.digest).where(s.media.c.digest.is_not(None)).distinct()
        with self._connection() as connection:
            return set(connection.execute(query).scalars())
