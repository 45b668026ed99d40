"""Says what exactly is hashed: the canonical records of a revision and of a snapshot, and their digests.

It stores nothing. `docs/format.md` describes the same for readers who recompute a digest with code of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import rfc8785

from archiver.model import Account, PostKind, iso
from archiver.observed import ObservedPost

REVISION_TYPE = "onrecord.revision.v1"
SNAPSHOT_TYPE = "onrecord.snapshot.v1"
ENTRY_TYPE = "onrecord.entry.v1"

Record = dict[str, Any]


def canonical(record: Record) -> bytes:
    """Return the record as RFC 8785 (JCS) canonical JSON in UTF-8.

    Raises ValueError for what JCS cannot carry (lone surrogates, integers beyond 2**53).
    """
    return rfc8785.dumps(record)


def digest(record: Record) -> str:
    """Return the SHA-256 of the record's canonical JSON, as 64 lower-case hex digits."""
    return hashlib.sha256(canonical(record)).hexdigest()


def clean_text(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot carry, by U+FFFD; all else stays, control characters too."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def account_record(account: Account | None) -> Record | None:
    """Return `{id, login}`, or None for a deleted account."""
    return {"id": account.id, "login": account.login} if account else None


def revision_record(*, kind: PostKind, post_id: int, author: Account | None, created_at: str, body: str) -> Record:
    """Return what a revision's digest covers: which post it is, by whom and since when, and this text of it.

    The time of the edit is not covered, so that a text that comes back is the same revision.
    """
    return {
        "type": REVISION_TYPE,
        "host": "github.com",
        "kind": kind.value,
        "id": post_id,
        "author": account_record(author),
        "created_at": created_at,
        "body": body,
    }


def post_revision(post: ObservedPost, author: Account | None) -> Record:
    """Return the revision record of a post as observed; `author` is the one that was seen first."""
    return revision_record(
        kind=post.kind, post_id=post.id, author=author, created_at=iso(post.created_at), body=post.body
    )


def snapshot_record(*, repository_id: int, fields: Record, posts: Sequence[Record]) -> Record:
    """Return what a snapshot's digest covers: the thread's fields and its posts in reading order.

    `fields` are those of `THREAD_FIELDS`; each post is `{kind, id, author, author_association, created_at, revision}`,
    with `state` and `reply_to` where it has any (reviews, answers, replies). Posts that are gone are not among them.
    Left out, because they move without anything being said: every `updated_at`, counts and reactions;
    and `closed_by`, which only some of GitHub's answers give: what is hashed must not depend on the way it was fetched.
    """
    covered = {name: fields[name] for name in THREAD_FIELDS}
    return {
        "type": SNAPSHOT_TYPE,
        "host": "github.com",
        "repository_id": repository_id,
        **covered,
        "posts": list(posts),
    }


THREAD_FIELDS = (
    "number",
    "kind",
    "title",
    "state",
    "state_reason",
    "locked",
    "lock_reason",
    "labels",
    "milestone",
    "assignees",
    "author",
    "author_association",
    "created_at",
    "closed_at",
    "merged_at",
)


def entry_record(
    *, number: int, repository_id: int, thread: int, snapshot: str, captured_at: str, previous: str | None
) -> Record:
    """Return what the digest of an entry of the capture log covers; `previous` is that of the entry before, or None.

    Since each covers the one before it, the last digest stands for the whole log.
    """
    return {
        "type": ENTRY_TYPE,
        "number": number,
        "repository_id": repository_id,
        "thread": thread,
        "snapshot": snapshot,
        "captured_at": captured_at,
        "previous": previous,
    }
