"""Recomputes what the store claims: every digest, the chain of the capture log, and what refers to what.

It repairs nothing. That the index agrees with the store is checked in `search.verification`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from archiver import digests
from archiver.model import Account, PostKind, iso, thread_key
from archiver.store import schema as s
from archiver.store.engine import translated
from archiver.store.withdrawing import UNSCRUBBED

_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it should be: `where` names the record, `what` says what is wrong with it."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log of captures in two values, to be written down elsewhere: how many entries, and the last one's digest."""

    size: int
    head: str | None

    def __str__(self) -> str:
        return f"{self.size}:{self.head or '-'}"


class Verification:
    """One reading of a store, from which differences and a checkpoint come. Memory stays flat."""

    def __init__(self, engine: sa.Engine, url: str) -> None:
        self._engine = engine
        self._url = url

    def checkpoint(self) -> Checkpoint:
        """Return the size and head of the log as it is now."""
        query = sa.select(s.capture.c.number, s.capture.c.entry).order_by(s.capture.c.number.desc()).limit(1)
        with translated(self._url), self._engine.connect() as connection:
            last = connection.execute(query).one_or_none()
        return Checkpoint(last.number, last.entry) if last else Checkpoint(0, None)

    def entry(self, number: int) -> str | None:
        """Return the digest of an entry of the log; None if there is none with that number."""
        query = sa.select(s.capture.c.entry).where(s.capture.c.number == number)
        with translated(self._url), self._engine.connect() as connection:
            found: str | None = connection.execute(query).scalar_one_or_none()
            return found

    def erased(self) -> int:
        """Return how many texts and records were erased here on request: their digests cannot be recomputed."""
        with translated(self._url), self._engine.connect() as connection:
            return sum(
                connection.execute(
                    sa.select(sa.func.count()).select_from(table).where(table.c.erased_at.is_not(None))
                ).scalar_one()
                for table in (s.revision, s.snapshot)
            )

    def differences(self) -> Iterator[Difference]:
        """Yield what differs: in the database itself, the log, threads, snapshots, revisions. Raises StoreError."""
        with translated(self._url), self._engine.connect() as connection, connection.begin():
            yield from _database(connection)
            yield from _log(connection)
            yield from _threads(connection)
            yield from _snapshots(connection)
            yield from _revisions(connection)
            yield from _withheld(connection)


def _rows(connection: sa.Connection, query: Any) -> Iterator[sa.RowMapping]:
    return iter(connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}).mappings())


def _database(connection: sa.Connection) -> Iterator[Difference]:
    for (said,) in connection.exec_driver_sql("PRAGMA quick_check(5)").all():
        if said != "ok":
            yield Difference("database", str(said))


def _log(connection: sa.Connection) -> Iterator[Difference]:
    """Walk the log of captures from its first entry: numbers without a gap, each digest over the one before."""
    query = sa.select(s.capture).order_by(s.capture.c.number)
    previous: str | None = None
    expected = 1
    for row in _rows(connection, query):
        where = f"capture {row['number']}"
        if row["number"] != expected:
            yield Difference(where, f"entry {expected} of the log is missing before it")
        record = digests.entry_record(
            number=row["number"],
            repository_id=row["repository_id"],
            thread=row["thread_number"],
            snapshot=row["snapshot"],
            captured_at=iso(row["captured_at"]),
            previous=previous,
        )
        if digests.digest(record) != row["entry"]:
            yield Difference(where, "its digest does not fit what it says and the entry before it")
        previous, expected = row["entry"], row["number"] + 1


def _threads(connection: sa.Connection) -> Iterator[Difference]:
    """Hold each thread's latest snapshot against the log."""
    latest = sa.select(s.capture.c.thread_id, sa.func.max(s.capture.c.number).label("number")).group_by(
        s.capture.c.thread_id
    )
    last = latest.subquery()
    logged = sa.select(s.capture.c.thread_id, s.capture.c.snapshot).join(last, s.capture.c.number == last.c.number)
    entry = logged.subquery()
    query = (
        sa.select(s.thread.c.repository_id, s.thread.c.number, s.thread.c.snapshot, entry.c.snapshot.label("logged"))
        .outerjoin(entry, entry.c.thread_id == s.thread.c.id)
        .order_by(s.thread.c.id)
    )
    for row in _rows(connection, query):
        if row["snapshot"] != row["logged"]:
            key = thread_key(row["repository_id"], row["number"])
            yield Difference(f"thread {key}", "its latest snapshot is not that of its last entry in the log")


def _snapshots(connection: sa.Connection) -> Iterator[Difference]:
    # The bytes as they lie there: what cannot be unpacked is a finding, not an error of ours.
    packed = sa.type_coerce(s.snapshot.c.record, sa.LargeBinary).label("packed")
    erased = s.snapshot.c.erased_at
    query = sa.select(s.snapshot.c.digest, s.snapshot.c.thread_id, erased, packed).order_by(s.snapshot.c.digest)
    covered = _covering(connection)
    for row in _rows(connection, query):
        where = f"snapshot {row['digest']}"
        try:
            record = zlib.decompress(row["packed"])
        except zlib.error:
            yield Difference(where, "its record cannot be unpacked")
            continue
        if row["erased_at"] is not None:
            if record:
                yield Difference(where, "it is marked as erased, and its record is there")
            if not covered.title(row["thread_id"]):
                yield Difference(where, "its record is erased, and no withdrawal says so")
            continue
        if hashlib.sha256(record).hexdigest() != row["digest"]:
            yield Difference(where, "its record has another digest")
            continue
        wanted = {post["revision"] for post in json.loads(record)["posts"]}
        held = sa.select(s.revision.c.digest).where(s.revision.c.thread_id == row["thread_id"])
        missing = wanted - set(connection.execute(held).scalars())
        if missing:
            yield Difference(where, f"revision {min(missing)} that it names is missing")
    orphans = sa.select(s.capture.c.number, s.capture.c.snapshot).where(
        s.capture.c.snapshot.not_in(sa.select(s.snapshot.c.digest))
    )
    for row in _rows(connection, orphans.order_by(s.capture.c.number)):
        yield Difference(f"capture {row['number']}", f"snapshot {row['snapshot']} that it names is missing")


def _revisions(connection: sa.Connection) -> Iterator[Difference]:
    same_post = sa.and_(
        s.post.c.thread_id == s.revision.c.thread_id,
        s.post.c.kind == s.revision.c.kind,
        s.post.c.github_id == s.revision.c.github_id,
    )
    query = (
        sa.select(
            s.revision.c.digest,
            s.revision.c.kind,
            s.revision.c.github_id,
            s.revision.c.body,
            s.revision.c.thread_id,
            s.revision.c.erased_at,
            s.post.c.author_id,
            s.post.c.author_login,
            s.post.c.created_at,
        )
        .outerjoin(s.post, same_post)
        .order_by(s.revision.c.digest)
    )
    covered = _covering(connection)
    for row in _rows(connection, query):
        where = f"revision {row['digest']}"
        if row["created_at"] is None:
            yield Difference(where, "its post is missing")
            continue
        if row["erased_at"] is not None:
            if row["body"]:
                yield Difference(where, "it is marked as erased, and its text is there")
            if not covered.post(row["thread_id"], row["kind"], row["github_id"], row["author_id"]):
                yield Difference(where, "its text is erased, and no withdrawal says so")
            continue
        told = {"kind": PostKind(row["kind"]), "post_id": row["github_id"], "created_at": iso(row["created_at"])}
        fits = (
            digests.digest(digests.revision_record(**told, author=who, body=row["body"]))
            for who in _authors(connection, row)
        )
        if not any(each == row["digest"] for each in fits):
            yield Difference(where, "its text, author or time has another digest")


def _authors(connection: sa.Connection, row: sa.RowMapping) -> Iterator[Account | None]:
    """Yield by whom a text may have been hashed: the author as first seen; as not known; under another login."""
    if row["author_id"] is not None:
        yield Account(row["author_id"], row["author_login"])
    # A text kept before its author was known (GitHub showed a deleted account first) is hashed without one.
    yield None
    # A thread that was held at two places, before and after its transfer, may have met its authors by two logins.
    alias = s.account_alias
    query = sa.select(alias.c.spelled).where(alias.c.account_id == row["author_id"])
    logins = list(connection.execute(query.order_by(alias.c.first_seen_at)).scalars())
    if row["author_login"] in logins:
        yield from (Account(row["author_id"], login) for login in logins)


def _withheld(connection: sa.Connection) -> Iterator[Difference]:
    """Find an erasure that was broken off, and what is withheld by a withdrawal that is not there."""
    unscrubbed = sa.select(sa.func.count()).select_from(s.note).where(s.note.c.name == UNSCRUBBED)
    if connection.execute(unscrubbed).scalar_one():
        yield Difference("database", "an erasure is not finished; run the same onrecord withdraw --erase again")
    known = sa.select(s.withdrawal.c.id)
    for table, name in ((s.thread, "thread"), (s.post, "post")):
        query = sa.select(table.c.id).where(table.c.withdrawn.is_not(None), table.c.withdrawn.not_in(known))
        for row in _rows(connection, query.order_by(table.c.id)):
            yield Difference(f"{name} row {row['id']}", "the withdrawal that it is withheld by is missing")


@dataclass(frozen=True, slots=True)
class _Covered:
    """What withdrawals that erased are about, whether they were lifted since or not."""

    posts: frozenset[tuple[int, str, int]]
    threads: frozenset[int]
    authors: frozenset[int]
    titles: frozenset[int]

    def post(self, thread_id: int, kind: str, github_id: int, author_id: int | None) -> bool:
        at = thread_id in self.threads or author_id in self.authors or (thread_id, kind, github_id) in self.posts
        return at or (kind == PostKind.OPENING.value and self.title(thread_id))

    def title(self, thread_id: int) -> bool:
        return thread_id in self.threads or thread_id in self.titles


def _covering(connection: sa.Connection) -> _Covered:
    w = s.withdrawal.c
    rows = connection.execute(sa.select(s.withdrawal).where(w.erased)).mappings().all()
    posts = [row for row in rows if row["scope"] == "post"]
    authors = frozenset(row["account_id"] for row in rows if row["scope"] == "author")
    opened = sa.select(s.post.c.thread_id).where(
        s.post.c.kind == PostKind.OPENING.value, s.post.c.author_id.in_(authors)
    )
    titles = {row["thread_id"] for row in posts if row["kind"] == PostKind.OPENING.value}
    return _Covered(
        posts=frozenset((row["thread_id"], row["kind"], row["github_id"]) for row in posts),
        threads=frozenset(row["thread_id"] for row in rows if row["scope"] == "thread"),
        authors=authors,
        titles=frozenset(titles | set(connection.execute(opened).scalars() if authors else ())),
    )
