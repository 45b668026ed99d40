"""The store's tables, as SQLAlchemy Core sees them; how a schema came to be is told by the migrations.

It opens no connection and runs no statement. Times are ISO 8601 texts in UTC (they sort as they read, and are what is
hashed); JSON and raw API objects are zlib-compressed bytes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

from archiver.model import iso, parse_iso


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, kept as `2018-02-16T09:12:00Z`."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> str | None:
        """Print the moment."""
        return None if value is None else iso(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        """Read the moment."""
        return None if value is None else parse_iso(value)


class Packed(TypeDecorator[Mapping[str, Any]]):
    """A JSON object, kept as zlib-compressed UTF-8."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Any] | None, _dialect: Dialect) -> bytes | None:
        """Pack the object."""
        if value is None:
            return None
        text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
        return zlib.compress(text.encode("ascii"), 6)

    def process_result_value(self, value: Any, _dialect: Dialect) -> Any:
        """Unpack the object."""
        return None if value is None else json.loads(zlib.decompress(value))


class Bytes(TypeDecorator[bytes]):
    """Bytes, kept zlib-compressed."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, _dialect: Dialect) -> bytes | None:
        """Compress the bytes."""
        return None if value is None else zlib.compress(value, 6)

    def process_result_value(self, value: Any, _dialect: Dialect) -> bytes | None:
        """Expand the bytes."""
        return None if value is None else zlib.decompress(value)


# SQLite only numbers rows by itself in a column of type INTEGER; GitHub's ids need 64 bits elsewhere.
Serial = BigInteger().with_variant(Integer, "sqlite")
Digest = String(64)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

repository = Table(
    "repository",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # GitHub's number
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("created_at", Moment),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("has_discussions", Boolean),
    # Upstream it is gone as a whole: which answer GitHub gave, and when it was first given.
    Column("gone_status", Integer),
    Column("gone_since", Moment),
    # A sweep found so much missing at once that it marked nothing: what it found. The next sweep decides.
    Column("flag", Packed),
)

# Every name that a repository was ever seen under. The same name may have belonged to two of them, one after the other.
repository_alias = Table(
    "repository_alias",
    metadata,
    Column("name_key", Text, primary_key=True),  # owner/name in lower case
    Column("repository_id", ForeignKey("repository.id"), primary_key=True),
    Column("spelled", Text, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # GitHub's number
    Column("login", Text, nullable=False),
    Column("bot", Boolean, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
)

# Every login that an account was ever seen under.
account_alias = Table(
    "account_alias",
    metadata,
    Column("login_key", Text, primary_key=True),  # in lower case
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("spelled", Text, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
)

# What was taken out of public view here, by whose decision and why. Rows are never deleted: they are the audit.
withdrawal = Table(
    "withdrawal",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("reason", String(20), nullable=False),
    Column("note", Text),
    Column("scope", String(10), nullable=False),  # post, thread, author, or opt-out: the one that stands for the list
    Column("target", Text, nullable=False),  # as it was named; of an author, the account's number alone
    Column("account_id", BigInteger),  # of an author's withdrawal; posts found later are withheld by it too
    Column("repository_id", BigInteger),  # where; of an author's withdrawal null: everywhere
    Column("thread_id", Serial),
    Column("kind", String(20)),  # of a post
    Column("github_id", BigInteger),
    Column("erased", Boolean, nullable=False),
    Column("lifted_at", Moment),
)

thread = Table(
    "thread",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("repository_id", ForeignKey("repository.id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("kind", String(10), nullable=False),
    # What was observed last; it becomes a snapshot when the thread is complete, and `dirty` says that it has yet to.
    Column("fields", Packed, nullable=False),
    Column("raw", Packed, nullable=False),
    Column("comments_upstream", Integer, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("dirty", Boolean, nullable=False),
    Column("last_checked_at", Moment, nullable=False),
    # What the latest snapshot says; null until there is one, and then the thread is public.
    # No foreign key: it would close a circle with `snapshot`, which few databases can create.
    Column("snapshot", Digest),
    Column("summary", Packed),
    Column("relevance", Packed),
    Column("post_count", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("first_captured_at", Moment),
    Column("captured_at", Moment),
    Column("gap", Text),  # what is known to be missing, in words
    # Upstream it is gone: which answer GitHub gave (301: moved to where we cannot follow), and when it was first given.
    Column("gone_status", Integer),
    Column("gone_since", Moment),
    # The `updated_at` as of which its events and reviews were asked for, and when they were asked for last.
    Column("detailed_for", Moment),
    Column("detailed_at", Moment),
    Column("withdrawn", Serial),  # by that `withdrawal`
    UniqueConstraint("repository_id", "number"),
    Index("ix_thread_dirty", "repository_id", "dirty"),
    Index("ix_thread_created_at", "created_at"),
    Index("ix_thread_updated_at", "updated_at"),
)

post = Table(
    "post",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("thread_id", ForeignKey("thread.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("github_id", BigInteger, nullable=False),
    Column("author_id", ForeignKey("account.id")),  # as first seen: a deleted account keeps its posts
    Column("author_login", Text),
    Column("author_association", String(40), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("revision", Digest, nullable=False),  # the current text; no foreign key, for the same reason as above
    Column("node_id", Text),  # GitHub's GraphQL calls it so
    Column("state", String(30)),  # of a review: APPROVED, CHANGES_REQUESTED ...; `answer` of a chosen answer
    Column("reply_to", BigInteger),  # GitHub's number of the post of its kind that it answers
    Column("reactions", Packed),  # counts by name, as seen last
    Column("minimized", Text),  # hidden upstream, for this reason
    # The `updated_at` as of which its edits were asked for; when it was last asked whether it is minimized.
    Column("edits_for", Moment),
    Column("minimized_asked_at", Moment),
    Column("gone_status", Integer),
    Column("gone_since", Moment),
    Column("withdrawn", Serial),  # by that `withdrawal`
    # Within its thread: one that was transferred may bring its posts' numbers along to its new place.
    UniqueConstraint("kind", "github_id", "thread_id"),
    Index("ix_post_thread_id", "thread_id", "created_at"),
)

revision = Table(
    "revision",
    metadata,
    Column("digest", Digest, primary_key=True),
    Column("thread_id", ForeignKey("thread.id"), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("github_id", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("edited_at", Moment),
    Column("captured_at", Moment, nullable=False),
    Column("raw", Packed, nullable=False),  # the API's object, whole
    Column("source", String(10), nullable=False),  # `seen` by us, by `gharchive`, or told by GitHub's edit `history`
    Column("erased_at", Moment),  # its text was erased for good; the digest stays
    Column("archived_at", Moment),  # the first hour in which GH Archive saw it, whoever else did
    Column("pictures_at", Moment),  # when it was looked through for pictures, where these are kept
    Index("ix_revision_thread_id", "thread_id"),
    Index("ix_revision_pictures_at", "pictures_at"),
)

# GitHub's own list of a post's edits, the first one being its first text.
edit = Table(
    "edit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("thread_id", ForeignKey("thread.id"), nullable=False),
    Column("key", Text, nullable=False),  # GitHub's GraphQL calls it so
    Column("kind", String(20), nullable=False),
    Column("github_id", BigInteger, nullable=False),
    Column("edited_at", Moment, nullable=False),
    Column("editor_id", ForeignKey("account.id")),
    Column("editor_login", Text),
    Column("revision", Digest),  # null: its content was deleted upstream before we could see it
    Column("deleted_at", Moment),  # its content was deleted upstream
    Column("first_seen_at", Moment, nullable=False),
    UniqueConstraint("thread_id", "key"),
    Index("ix_edit_post", "thread_id", "kind", "github_id"),
)

# What happened to a thread, as GitHub's timeline tells it. Rows are never changed.
event = Table(
    "event",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("thread_id", ForeignKey("thread.id"), nullable=False),
    Column("key", Text, nullable=False),  # GitHub's number of it; of what has none, made of what it says
    Column("kind", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor_id", ForeignKey("account.id")),
    Column("actor_login", Text),
    Column("detail", Packed, nullable=False),
    Column("captured_at", Moment, nullable=False),
    UniqueConstraint("thread_id", "key"),
    Index("ix_event_thread_id", "thread_id", "at"),
)

# Append-only: what was found out that is no text and no field of a thread: gone, back, moved, renamed, withdrawn ...
finding = Table(
    "finding",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("repository_id", ForeignKey("repository.id"), nullable=False),
    Column("thread_id", ForeignKey("thread.id")),
    Column("post_id", ForeignKey("post.id")),
    Column("detail", Packed, nullable=False),
    Index("ix_finding_thread_id", "thread_id"),
    Index("ix_finding_repository_id", "repository_id"),
)

# Where a thread was before it was transferred.
thread_alias = Table(
    "thread_alias",
    metadata,
    Column("repository_id", ForeignKey("repository.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("thread_id", ForeignKey("thread.id"), nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Index("ix_thread_alias_thread_id", "thread_id"),
)

# A thread that readers may see. Everything that lists or counts threads asks for this.
public = thread.c.snapshot.is_not(None) & thread.c.withdrawn.is_(None)

# The text that a post has now.
current_revision = (revision.c.digest == post.c.revision) & (revision.c.thread_id == post.c.thread_id)

snapshot = Table(
    "snapshot",
    metadata,
    Column("digest", Digest, primary_key=True),
    Column("thread_id", ForeignKey("thread.id"), nullable=False),
    Column("record", Bytes, nullable=False),  # the canonical JSON that was hashed
    Column("raw", Packed, nullable=False),  # the API's thread object, without the texts that its revision holds
    Column("erased_at", Moment),  # its title was erased for good, or (of a thread) the whole record; the digest stays
    Index("ix_snapshot_thread_id", "thread_id"),
)

# Append-only: at that time, the thread was as that snapshot says.
capture = Table(
    "capture",
    metadata,
    Column("number", Serial, primary_key=True),
    Column("thread_id", ForeignKey("thread.id"), nullable=False),
    # Where the thread was then; it may have been transferred since.
    Column("repository_id", BigInteger, nullable=False),
    Column("thread_number", BigInteger, nullable=False),
    Column("snapshot", ForeignKey("snapshot.digest"), nullable=False),
    Column("captured_at", Moment, nullable=False),
    Column("entry", Digest, nullable=False),  # covers this row and the entry before it: archiver.digests.entry_record
    Index("ix_capture_thread_id", "thread_id", "captured_at"),
)

# One row, updated within the saving transaction. A sequence would hand numbers out before the commit, and a reader that
# follows it would pass over rows committed late.
change_counter = Table(
    "change_counter",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# The last change of each thread: an index that is behind needs no more than that.
change = Table(
    "change",
    metadata,
    Column("key", Text, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("action", String(10), nullable=False),
)

# Where a crawl of a repository stands. `*_cursor` is the `since` of the next pass; `phase` and `progress` tell where an
# unfinished pass goes on (null: none is under way).
crawl_state = Table(
    "crawl_state",
    metadata,
    Column("repository_id", ForeignKey("repository.id"), primary_key=True),
    Column("basis", Text, nullable=False),  # scope and vocabulary of the cursors: another basis starts anew
    Column("issues_cursor", Moment),
    Column("comments_cursor", Moment),
    Column("phase", String(10)),
    Column("progress", Moment),
    Column("issues_high", Moment),
    Column("comments_high", Moment),
    Column("phase_started_at", Moment),
    Column("first_complete_at", Moment),
    Column("last_complete_at", Moment),
    Column("discussions_cursor", Moment),
    Column("last_sweep_at", Moment),
    Column("swept", Packed),  # what the last sweep asked for and found
    Column("not_asked", Packed),  # what the last pass could not ask for, and why
)

# Threads whose comments speak of licensing, or that GH Archive told of, and which are yet to be fetched whole.
candidate = Table(
    "candidate",
    metadata,
    Column("repository_id", ForeignKey("repository.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
)

failure = Table(
    "failure",
    metadata,
    Column("repository_id", ForeignKey("repository.id"), primary_key=True),
    Column("target", Text, primary_key=True),  # `#12`, or empty for the repository itself
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("times", Integer, nullable=False),
)

# Accounts whose posts are not to be captured: salted hashes of their numbers, so that the list names nobody.
opt_out = Table(
    "opt_out",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)

# Names of repositories that occur in links, once asked for: whose they are (null: nobody's that we may see).
asked_name = Table(
    "asked_name",
    metadata,
    Column("name_key", Text, primary_key=True),
    Column("repository_id", BigInteger),
    Column("asked_at", Moment, nullable=False),
)

# Where a watch stands that is more than one repository, or finds its threads by searching. Its key: `search:QUERY`,
# `org:OWNER`, or `repo:ID` for a repository whose threads are found by searching.
watch_state = Table(
    "watch_state",
    metadata,
    Column("key", Text, primary_key=True),
    Column("basis", Text, nullable=False),  # scope and vocabulary of the cursor: another basis starts anew
    Column("cursor", Moment),  # what was updated before was asked for by a complete pass
    Column("began_at", Moment),  # of the pass under way, by the server's clock (null: none is)
    Column("plan", Packed),  # what of that pass is left to ask for
    Column("result", Packed),  # what the last complete pass found, and what it could not
    Column("first_complete_at", Moment),
    Column("last_complete_at", Moment),
)

# Threads that a search found. `updated_at` is what the search said; `seen_for` the one as of which it was fetched.
found = Table(
    "found",
    metadata,
    Column("key", ForeignKey("watch_state.key"), primary_key=True),
    Column("name_key", Text, primary_key=True),  # owner/name in lower case, as the search named it
    Column("number", BigInteger, primary_key=True),
    Column("spelled", Text, nullable=False),
    Column("repository_id", BigInteger),  # once it is known
    Column("updated_at", Moment, nullable=False),
    Column("seen_for", Moment),
    Index("ix_found_repository_id", "repository_id"),
)

# Files of GH Archive that were read, or are being read.
import_file = Table(
    "import_file",
    metadata,
    Column("name", Text, primary_key=True),  # `2018-02-16-9.json.gz`: the hour that it holds
    Column("size", BigInteger, nullable=False),
    Column("basis", Text, nullable=False),  # the vocabulary that chose from it: another one reads it again
    Column("done_at", Moment),
    Column("counts", Packed, nullable=False),  # lines, events, posts that were kept, broken lines ...
)

# Texts that GH Archive saw of threads that are not held yet, and that cannot be placed before they are: events about
# pull requests do not tell the number that a thread's opening post is kept by.
unplaced = Table(
    "unplaced",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("repository_id", ForeignKey("repository.id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("key", Digest, nullable=False),  # of what it says, so that it is kept once
    Column("author_id", BigInteger),
    Column("archived_at", Moment, nullable=False),
    Column("record", Packed, nullable=False),  # an observed post
    UniqueConstraint("repository_id", "number", "key"),
    Index("ix_unplaced_author_id", "author_id"),
)

# Pictures that posts show, by their original addresses; the files lie beside the database, named by their digests.
media = Table(
    "media",
    metadata,
    Column("url", Text, primary_key=True),
    Column("digest", Digest),  # null: it could not be had, or was not asked for yet
    Column("type", String(20)),  # as the content says, not as it was served
    Column("size", BigInteger),
    Column("fetched_at", Moment),
    Column("failure", Text),
    Column("tries", Integer, nullable=False),
    Column("tried_at", Moment),
    Index("ix_media_digest", "digest"),
)

# Which posts show a picture, in any of their versions: it is seen as long as one of them is.
media_use = Table(
    "media_use",
    metadata,
    Column("url", ForeignKey("media.url"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("github_id", BigInteger, primary_key=True),
    Index("ix_media_use_kind_github_id", "kind", "github_id"),
)

http_cache = Table(
    "http_cache",
    metadata,
    Column("url", Text, primary_key=True),
    Column("etag", Text, nullable=False),
    Column("next_url", Text),
    Column("stored_at", Moment, nullable=False),
)

# Small facts about this archive, by name: the API's rate limit as last seen, for example.
note = Table(
    "note",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Packed, nullable=False),
)
