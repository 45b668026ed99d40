"""Holds the statements with which threads are read, put together once.

It runs none of them. SQLite answers most of them sooner than SQLAlchemy can put one together, and a page takes twenty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from archiver.store import schema as s

_repository = sa.bindparam("repository", type_=sa.BigInteger)
_number = sa.bindparam("number", type_=sa.BigInteger)
_thread = sa.bindparam("thread", type_=sa.BigInteger)


@dataclass(frozen=True, slots=True)
class Places:
    """The same question about the thread at a place (`repository`, `number`), and about the one that was there."""

    here: sa.Select[Any]
    was_here: sa.Select[Any]


def by_place(query: sa.Select[Any]) -> Places:
    """Ask of one thread, by its place, what is asked of `thread`."""
    t, alias = s.thread, s.thread_alias
    return Places(
        query.where(t.c.repository_id == _repository, t.c.number == _number),
        query.join(alias, alias.c.thread_id == t.c.id).where(
            alias.c.repository_id == _repository, alias.c.number == _number
        ),
    )


# --- repositories -----------------------------------------------------------------------------------------------------

BY_NAME = (
    sa.select(s.repository)
    .join(s.repository_alias, s.repository_alias.c.repository_id == s.repository.c.id)
    .where(s.repository_alias.c.name_key == sa.bindparam("name", type_=sa.Text))
    .order_by(
        s.repository_alias.c.last_seen_at.desc(),
        s.repository_alias.c.first_seen_at.desc(),
        s.repository_alias.c.repository_id.desc(),
    )
)
REPOSITORY = sa.select(s.repository).where(s.repository.c.id == _repository)
ALIASES = (
    sa.select(s.repository_alias.c.spelled)
    .where(s.repository_alias.c.repository_id == _repository)
    .order_by(s.repository_alias.c.first_seen_at, s.repository_alias.c.name_key)
)

# --- threads ----------------------------------------------------------------------------------------------------------

JUDGED = sa.type_coerce(s.thread.c.relevance, sa.LargeBinary).label("judged")
"""The verdict as it is packed: see `archiver.store.values.relevance_of`."""
SHOWN = sa.select(*(each for each in s.thread.c if each.name not in {"fields", "raw", "relevance"}), JUDGED)
"""What readers see of threads: not what was observed last, which may be in no snapshot yet (and takes unpacking)."""
THREAD = by_place(SHOWN.where(s.public))
THREADS = SHOWN.where(
    s.public, s.thread.c.repository_id == _repository, s.thread.c.number.in_(sa.bindparam("numbers", expanding=True))
)
THREAD_EVEN_WITHDRAWN = by_place(SHOWN.where(s.thread.c.snapshot.is_not(None)))
RECORD = sa.select(s.snapshot.c.record).where(
    s.snapshot.c.digest == sa.bindparam("digest", type_=s.Digest),
    s.snapshot.c.thread_id == _thread,
)
# The one captured first comes first.
DIGESTS = (
    sa.select(s.capture.c.snapshot)
    .where(s.capture.c.thread_id == _thread)
    .group_by(s.capture.c.snapshot)
    .order_by(sa.func.min(s.capture.c.number))
)
POSTS = sa.select(
    *(each for each in s.post.c if each.name not in {"node_id", "edits_for", "minimized_asked_at"})
).where(s.post.c.thread_id == _thread)
# By GitHub's time of the edit where it is known: the history may have told an earlier text after a later one.
REVISIONS = (
    sa.select(
        *(s.revision.c[name] for name in ("digest", "kind", "github_id", "body", "edited_at", "captured_at", "source")),
        *(s.revision.c[name] for name in ("erased_at", "archived_at")),
        sa.type_coerce(s.revision.c.raw, sa.LargeBinary).label("packed"),
    )
    .where(s.revision.c.thread_id == _thread)
    .order_by(s.revision.c.captured_at, s.revision.c.edited_at)
)
EDITS = sa.select(s.edit).where(s.edit.c.thread_id == _thread).order_by(s.edit.c.edited_at, s.edit.c.id)
EVENTS = sa.select(s.event).where(s.event.c.thread_id == _thread).order_by(s.event.c.at, s.event.c.id)
CAPTURES = sa.select(s.capture).where(s.capture.c.thread_id == _thread).order_by(s.capture.c.number)
FINDINGS = (
    sa.select(s.finding, s.post.c.kind.label("post_kind"), s.post.c.github_id)
    .outerjoin(s.post, s.post.c.id == s.finding.c.post_id)
    .where(
        (s.finding.c.thread_id == _thread)
        | (s.finding.c.repository_id == _repository) & s.finding.c.thread_id.is_(None)
    )
    .order_by(s.finding.c.id)
)

# --- what changes -----------------------------------------------------------------------------------------------------


def _latest(column: sa.ColumnElement[Any], *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return sa.select(sa.func.max(column, type_=column.type)).where(*conditions).scalar_subquery()


_of_repository = s.finding.c.repository_id == s.thread.c.repository_id
STAMP = by_place(
    sa.select(
        *(s.thread.c[name] for name in ("id", "repository_id", "number", "kind", "snapshot", "gap")),
        *(s.thread.c[name] for name in ("gone_status", "gone_since", "created_at", "first_captured_at")),
        *(s.thread.c[name] for name in ("captured_at", "last_checked_at", "detailed_at")),
        *(each.label(f"repository_{each.name}") for each in s.repository.c if each.name != "id"),
        *(s.crawl_state.c[name] for name in ("last_sweep_at", "swept", "not_asked")),
        sa.select(s.change.c.number)
        .where(s.change.c.key == sa.cast(s.thread.c.repository_id, sa.Text) + "/" + sa.cast(s.thread.c.number, sa.Text))
        .scalar_subquery()
        .label("change"),
        _latest(s.finding.c.id, _of_repository).label("finding"),
        _latest(s.finding.c.at, _of_repository).label("found_at"),
        _latest(s.withdrawal.c.id).label("withdrawal"),
        _latest(s.withdrawal.c.at).label("withdrawn_at"),
        _latest(s.withdrawal.c.lifted_at).label("lifted_at"),
        # Pictures come after the posts that show them.
        sa.select(sa.func.count(s.media.c.digest)).scalar_subquery().label("pictures"),
    )
    .join(s.repository, s.repository.c.id == s.thread.c.repository_id)
    .outerjoin(s.crawl_state, s.crawl_state.c.repository_id == s.thread.c.repository_id)
    .where(s.public)
)
"""Of a thread: all that makes its `Stamp`, but for what failed to be fetched."""
LAST_CHANGE = sa.select(s.change_counter.c.value)
_slash = sa.func.instr(s.change.c.key, "/")
WITHHELD_SINCE = sa.select(s.change.c.key).where(
    s.change.c.number > sa.bindparam("change", type_=sa.BigInteger),
    (s.change.c.action == "delete")
    | sa.exists().where(
        s.thread.c.repository_id == sa.cast(sa.func.substr(s.change.c.key, 1, _slash - 1), sa.BigInteger),
        s.thread.c.number == sa.cast(sa.func.substr(s.change.c.key, _slash + 1), sa.BigInteger),
        s.post.c.thread_id == s.thread.c.id,
        s.post.c.withdrawn.is_not(None),
    ),
)
UPKEEP = (
    sa.select(s.repository.c.flag, *(s.crawl_state.c[name] for name in ("last_sweep_at", "swept", "not_asked")))
    .outerjoin(s.crawl_state, s.crawl_state.c.repository_id == s.repository.c.id)
    .where(s.repository.c.id == _repository)
)
FAILURES = (
    sa.select(s.failure)
    .where(
        s.failure.c.repository_id == _repository,
        s.failure.c.target.in_(["", sa.bindparam("target", type_=sa.Text)]),
    )
    .order_by(s.failure.c.target)
)

# --- what is not told -------------------------------------------------------------------------------------------------

HIDDEN_AUTHORS = (
    sa.select(s.withdrawal)
    .where(s.withdrawal.c.scope == "author", s.withdrawal.c.lifted_at.is_(None))
    .order_by(s.withdrawal.c.id.desc())
)
