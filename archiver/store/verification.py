"""Recomputes what the store claims: every digest, the chain of the capture log, and what refers to what.

It repairs nothing. That the index agrees with the store is checked in `search.verification`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from archiver import digests
from archiver.model import Account, PostKind, iso, thread_key
from archiver.store import schema as s
from archiver.store.engine import translated
from archiver.store.media import MediaFiles
from archiver.store.withdrawing import UNSCRUBBED
from archiver.store.withholding import post_key

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

    def __init__(self, engine: sa.Engine, url: str, media: MediaFiles) -> None:
        self._engine = engine
        self._url = url
        self._media = media

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
            yield from _names(connection)
            yield from _shown(connection)
            yield from _snapshots(connection)
            yield from _revisions(connection)
            yield from _withheld(connection)
            yield from _references(connection)
            yield from _pictures(connection, self._media)


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
        sa.select(s.thread.c.repository_id, s.thread.c.number, s.thread.c.snapshot, s.thread.c.withdrawn)
        .add_columns(entry.c.snapshot.label("logged"), s.change.c.action)
        .outerjoin(entry, entry.c.thread_id == s.thread.c.id)
        .outerjoin(s.change, s.change.c.key == _key)
        .order_by(s.thread.c.id)
    )
    for row in _rows(connection, query):
        where = f"thread {thread_key(row['repository_id'], row['number'])}"
        if row["snapshot"] != row["logged"]:
            yield Difference(where, "its latest snapshot is not that of its last entry in the log")
        elif row["snapshot"] is not None and row["withdrawn"] is None and row["action"] != "put":
            yield Difference(where, "no change tells the index of it")


_key = sa.cast(s.thread.c.repository_id, sa.Text) + "/" + sa.cast(s.thread.c.number, sa.Text)


def _names(connection: sa.Connection) -> Iterator[Difference]:
    """Look for the name that each repository bears among those that it is found by."""
    r, alias = s.repository, s.repository_alias
    name = sa.func.lower(r.c.owner + "/" + r.c.name)
    found = (alias.c.repository_id == r.c.id) & (alias.c.name_key == name)
    query = sa.select(r.c.owner, r.c.name).outerjoin(alias, found).where(alias.c.name_key.is_(None)).order_by(r.c.id)
    for row in _rows(connection, query):
        yield Difference(f"repository {row['owner']}/{row['name']}", "it is not found by its name")


def _shown(connection: sa.Connection) -> Iterator[Difference]:
    """Hold what lists show of each thread against the record of its latest snapshot."""
    t = s.thread
    packed = sa.type_coerce(s.snapshot.c.record, sa.LargeBinary).label("packed")
    query = (
        sa.select(t.c.repository_id, t.c.number, t.c.summary, packed)
        .join(s.snapshot, s.snapshot.c.digest == t.c.snapshot)
        .where(s.snapshot.c.erased_at.is_(None))
        .order_by(t.c.id)
    )
    for row in _rows(connection, query):
        try:
            record = json.loads(zlib.decompress(row["packed"]))
        except (zlib.error, ValueError):
            continue  # a difference of the snapshot's own
        shown = row["summary"] or {}
        # A transfer gives it another number before the next capture does.
        names = [name for name in digests.THREAD_FIELDS if name != "number" and shown.get(name) != record.get(name)]
        if names:
            where = f"thread {thread_key(row['repository_id'], row['number'])}"
            yield Difference(where, f"its {names[0]} as shown in lists is not that of its latest snapshot")


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
            if record and _titled(record):
                yield Difference(where, "it is marked as erased, and its title is there")
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


def _titled(record: bytes) -> bool:
    """Return whether a record has a title, or is none."""
    try:
        return bool(json.loads(record)["title"] is not None)
    except (ValueError, KeyError, TypeError):
        return True


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


def _pictures(connection: sa.Connection, files: MediaFiles) -> Iterator[Difference]:
    """Recompute the digest of each picture that is kept."""
    query = sa.select(s.media.c.digest).where(s.media.c.digest.is_not(None)).distinct().order_by(s.media.c.digest)
    for row in _rows(connection, query):
        if (wrong := files.wrong(row["digest"])) is not None:
            yield Difference(f"picture {row['digest']}", wrong)


def _references(connection: sa.Connection) -> Iterator[Difference]:
    """Find rows that others refer to and that are not there."""
    missing = Counter((table, parent) for table, _, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"))
    for (table, parent), count in missing.items():
        yield Difference(f"table {table}", f"{count} of its rows refer to what is missing in the table {parent}")


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
    yield from _withheld_threads(connection)
    yield from _withheld_posts(connection)


def _withheld_threads(connection: sa.Connection) -> Iterator[Difference]:
    t, w = s.thread, s.withdrawal
    standing = (w.c.thread_id == t.c.id) & (w.c.scope == "thread") & w.c.lifted_at.is_(None)
    query = (
        sa.select(t.c.repository_id, t.c.number, t.c.withdrawn)
        .outerjoin(w, standing)
        .where(t.c.withdrawn.is_(None) != w.c.id.is_(None))
        .order_by(t.c.id)
        .distinct()
    )
    for row in _rows(connection, query):
        where = f"thread {thread_key(row['repository_id'], row['number'])}"
        yield Difference(where, _SHOWN if row["withdrawn"] is None else _HIDDEN)


_SHOWN = "it is withdrawn, and readers see it"
_HIDDEN = "it is withheld, and no withdrawal that stands says so"


def _withheld_posts(connection: sa.Connection) -> Iterator[Difference]:
    """Hold the posts that are withheld, and those that withdrawals are about, against each other."""
    p, w = s.post, s.withdrawal
    standing = connection.execute(sa.select(w).where(w.c.lifted_at.is_(None))).mappings().all()
    authors = {each["account_id"] for each in standing if each["scope"] == "author"}
    threads = {each["thread_id"] for each in standing if each["scope"] in {"post", "thread"}}
    placeholders = {each["id"] for each in standing if each["scope"] == "opt-out"}
    places: dict[int, set[int]] = {}
    for thread_id, repository_id in connection.execute(
        sa.select(s.thread_alias.c.thread_id, s.thread_alias.c.repository_id)
    ):
        places.setdefault(thread_id, set()).add(repository_id)
    query = (
        sa.select(p.c.id, p.c.thread_id, p.c.kind, p.c.github_id, p.c.author_id, p.c.withdrawn)
        .add_columns(s.thread.c.repository_id, s.revision.c.erased_at)
        .join(s.thread, s.thread.c.id == p.c.thread_id)
        .outerjoin(s.revision, s.current_revision)
        .where(p.c.withdrawn.is_not(None) | p.c.author_id.in_(authors) | p.c.thread_id.in_(threads))
        .order_by(p.c.id)
    )
    for row in _rows(connection, query):
        been = {None, row["repository_id"], *places.get(row["thread_id"], ())}
        about = any(_about(each, row, been) for each in standing)
        where = f"post row {row['id']} ({row['kind']} {row['github_id']})"
        if about and row["withdrawn"] is None:
            yield Difference(where, _SHOWN)
        elif row["withdrawn"] not in {None, *placeholders} and not about and row["erased_at"] is None:
            yield Difference(where, _HIDDEN)


def _about(withdrawal: sa.RowMapping, post: sa.RowMapping, repositories: set[int | None]) -> bool:
    if withdrawal["scope"] == "author":
        there = withdrawal["repository_id"] in repositories and withdrawal["thread_id"] in {None, post["thread_id"]}
        return there and bool(withdrawal["account_id"] == post["author_id"])
    if withdrawal["thread_id"] != post["thread_id"]:
        return False
    if withdrawal["scope"] == "thread":
        return bool(withdrawal["erased"])  # of one that is hidden as a whole, its posts say nothing
    same = post_key(withdrawal["thread_id"], withdrawal["kind"], withdrawal["github_id"])
    return same == post_key(post["thread_id"], post["kind"], post["github_id"])


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
