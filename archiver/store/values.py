"""Turns the store's rows into values of the model; what is withdrawn here leaves nothing but its tombstone.

It runs the statements that a thread needs, and decides nothing about which threads are asked for.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver.kept import Kept
from archiver.model import (
    Account,
    Capture,
    Edit,
    Event,
    Evidence,
    Finding,
    FindingKind,
    Post,
    PostKind,
    Relevance,
    Relicensing,
    Repository,
    Revision,
    Thread,
    ThreadSummary,
    Tombstone,
    parse_iso,
)
from archiver.references import RepositoryRef, ThreadKind
from archiver.store import schema as s
from archiver.store import statements
from archiver.store.raws import told_by
from archiver.store.redacting import (
    NOBODY,
    Hidden,
    hidden_in,
    told_events,
    told_finding,
    unseen_authors,
    withdrawal_tombstone,
)
from archiver.store.statements import Places

Row = sa.RowMapping
# How many threads are looked up at once: databases bound the number of a statement's parameters.
BATCH = 500
PostKey = tuple[str, int]

WITHDRAWN_TITLE = "(title withdrawn)"


def fits(number: int) -> bool:
    """Return whether a number can be asked for at all: the drivers raise errors of their own beyond 64 bits."""
    return 0 <= number < 2**63


# --- repositories -----------------------------------------------------------------------------------------------------


def repositories_named(connection: sa.Connection, ref: RepositoryRef) -> list[Repository]:
    """Return the repositories that bear or bore that name, the one seen under it last first."""
    rows = connection.execute(statements.BY_NAME, {"name": ref.key}).mappings().all()
    return [repository_from(connection, row) for row in rows]


def repository_by_id(connection: sa.Connection, repository_id: int) -> Repository | None:
    """Return the repository with GitHub's number; None if it is not known."""
    row = connection.execute(statements.REPOSITORY, {"repository": repository_id}).mappings().one_or_none()
    return None if row is None else repository_from(connection, row)


def repository_from(connection: sa.Connection, row: Row) -> Repository:
    """Read a repository's row, and its aliases."""
    aliases = connection.execute(statements.ALIASES, {"repository": row["id"]}).scalars()
    return Repository(
        id=row["id"],
        owner=row["owner"],
        name=row["name"],
        description=row["description"],
        created_at=row["created_at"],
        aliases=tuple(aliases),
        gone=_upstream_tombstone(row),
        has_discussions=row["has_discussions"],
    )


# --- threads ----------------------------------------------------------------------------------------------------------


def thread_row(connection: sa.Connection, repository_id: int, number: int, *, withdrawn: bool = False) -> Row | None:
    """Return the row of a thread that readers may see, also by the place where it was before a transfer.

    With `withdrawn`, of one that they may not see any more, too.
    """
    places = statements.THREAD_EVEN_WITHDRAWN if withdrawn else statements.THREAD
    return row_at(connection, places, repository_id, number)


def row_at(connection: sa.Connection, places: Places, repository_id: int, number: int) -> Row | None:
    """Return what is asked of the thread that is at a place, or else of the one that was there before a transfer."""
    if not (fits(repository_id) and fits(number)):
        return None
    place = {"repository": repository_id, "number": number}
    row = connection.execute(places.here, place).mappings().one_or_none()
    return connection.execute(places.was_here, place).mappings().one_or_none() if row is None else row


def rows_at(connection: sa.Connection, places: Sequence[tuple[int, int]]) -> list[Row]:
    """Return the rows of the threads at those places (repository, number) that readers may see, in the same order."""
    numbers: dict[int, list[int]] = {}
    for repository_id, number in places:
        if fits(repository_id) and fits(number):
            numbers.setdefault(repository_id, []).append(number)
    here: dict[tuple[int, int], Row] = {}
    for repository_id, asked in numbers.items():
        for at in range(0, len(asked), BATCH):
            some = {"repository": repository_id, "numbers": asked[at : at + BATCH]}
            for row in connection.execute(statements.THREADS, some).mappings():
                here[repository_id, row["number"]] = row
    # What is not where it is asked for may have been there before a transfer.
    found = (here.get(place) or thread_row(connection, *place) for place in places)
    return [row for row in found if row is not None]


def summaries_from(connection: sa.Connection, rows: Sequence[Row]) -> list[ThreadSummary]:
    """Read rows of threads, without their posts."""
    query = sa.select(s.repository).where(s.repository.c.id.in_({row["repository_id"] for row in rows}))
    repositories = {row["id"]: repository_from(connection, row) for row in connection.execute(query).mappings().all()}
    hidden = hidden_in(connection, rows)
    return [
        summary_from(
            row, repositories[row["repository_id"]], row["summary"], row["snapshot"], hidden.get(row["id"], NOBODY)
        )
        for row in rows
    ]


def summary_from(
    row: Row, repository: Repository, record: Mapping[str, Any], digest: str, hidden: Hidden = NOBODY
) -> ThreadSummary:
    """Read a thread's own fields as of one of its snapshots, of which `record` holds the fields."""
    latest = row["summary"]
    # Not part of a snapshot (archiver.digests says why), so for an older one it is known if that closing still stands.
    closed_by = latest["closed_by"] if latest["closed_at"] == record["closed_at"] else None
    # The title is the opening post's first line, so to speak: both are withdrawn together.
    untitled = bool(latest.get("title_withdrawn"))
    author = None if untitled else hidden.account(account_from(record["author"]))
    return ThreadSummary(
        repository=repository,
        number=row["number"],
        kind=ThreadKind(record["kind"]),
        # Of an erased title null is left, also where the post itself was captured anew since.
        title=WITHDRAWN_TITLE if untitled or record["title"] is None else record["title"],
        state=record["state"],
        state_reason=record["state_reason"],
        locked=record["locked"],
        lock_reason=record["lock_reason"],
        labels=tuple(record["labels"]),
        milestone=record["milestone"],
        assignees=tuple(each for each in record["assignees"] if hidden.login(each) is not None),
        author=author,
        author_association=record["author_association"],
        created_at=parse_iso(record["created_at"]),
        updated_at=row["updated_at"],
        closed_at=_moment(record["closed_at"]),
        merged_at=_moment(record["merged_at"]),
        closed_by=hidden.account(account_from(closed_by)),
        post_count=row["post_count"],
        comments_upstream=row["comments_upstream"],
        snapshot=digest,
        first_captured_at=row["first_captured_at"],
        captured_at=row["captured_at"],
        last_checked_at=row["last_checked_at"],
        relevance=relevance_of(row["judged"]),
        gone=_upstream_tombstone(row) or repository.gone,
        gap=row["gap"],
        draft=bool(latest.get("draft")),
        category=latest.get("category"),
        detailed_at=row["detailed_at"],
        author_withdrawn=author is None and record["author"] is not None,
    )


def thread_from(connection: sa.Connection, row: Row, digest: str | None) -> Thread | None:
    """Read a whole thread: as now known, with what is gone from it upstream, or as one of its snapshots has it."""
    latest = digest is None or digest == row["snapshot"]
    wanted = digest or row["snapshot"]
    # Of one that was erased as a whole nothing is left; of one that lost its title, all the rest.
    packed = connection.execute(statements.RECORD, {"digest": wanted, "thread": row["id"]}).scalar_one_or_none() or None
    repository = repository_by_id(connection, row["repository_id"])
    if repository is None:
        return None
    if packed is None and not latest:
        return None
    record = json.loads(packed) if packed is not None else None
    rows = {
        (each["kind"], each["github_id"]): each
        for each in connection.execute(statements.POSTS, {"thread": row["id"]}).mappings()
    }
    withheld = _withheld(connection, rows.values())
    hidden = hidden_in(connection, [row]).get(row["id"], NOBODY)
    revisions, contexts, erased = _texts(connection, row["id"])
    edits = _edits(connection, row["id"], hidden)
    named = _entries(record, rows) if record is not None else {}
    if digest is None:
        there: Mapping[PostKey, Mapping[str, Any]] = {
            key: {"revision": each["revision"], **named.get(key, {})} for key, each in rows.items()
        }
        if record is not None:
            # What was observed since, and is in no snapshot yet, is not public.
            there = {key: each for key, each in there.items() if key in named or rows[key]["gone_status"] is not None}
        order = [(each["kind"], each["github_id"]) for each in in_reading_order([rows[key] for key in there])]
    else:
        there = named
        order = list(named)
    posts = [
        _post(
            there[key],
            rows[key],
            revisions.get(key, ()),
            edits.get(key, ()),
            contexts,
            withheld,
            erased,
            dated=digest is None,
        )
        for key in order
    ]
    summary = summary_from(row, repository, record if record is not None else row["summary"], wanted, hidden)
    return Thread(
        summary=replace(summary, post_count=len(posts)),
        posts=posts,
        events=_events(connection, row, hidden),
        captures=captures_of(connection, row["id"]),
        findings=_findings(connection, row, hidden),
    )


def _entries(record: Mapping[str, Any], rows: Mapping[PostKey, Row]) -> dict[PostKey, Mapping[str, Any]]:
    """Return a snapshot's posts by their keys, in its order."""
    return {(each["kind"], each["id"]): each for each in record["posts"] if (each["kind"], each["id"]) in rows}


def _post(
    entry: Mapping[str, Any],
    row: Row,
    known: Sequence[Revision],
    edits: Sequence[Edit],
    contexts: Mapping[str, Mapping[str, Any]],
    withheld: Mapping[int, Tombstone],
    erased: Mapping[str, datetime],
    *,
    dated: bool,
) -> Post:
    # A snapshot is as captured: what GitHub's edit history tells stands beside its texts, whenever it was told.
    known = _dated(known, row, edits if dated else ())
    revision = next(each for each in known if each.digest == entry["revision"])
    # Of a post that is in no snapshot any more nothing but the row is left.
    state = entry.get("state") if "author" in entry else row["state"]
    tombstone = withheld.get(row["withdrawn"]) if row["withdrawn"] is not None else None
    if tombstone is None and revision.digest in erased:
        tombstone = Tombstone(410, erased[revision.digest], "other")  # this text; a later one may be seen
    if tombstone is None:
        told: dict[str, Any] = {
            "author": _author(row) if "author" not in entry else account_from(entry["author"]),
            "author_association": entry.get("author_association", row["author_association"]),
            "revision": revision,
            "revisions": tuple(each for each in known if each.digest not in erased),
            "gone": _upstream_tombstone(row),
            "edits": tuple(edits),
            "context": contexts.get(revision.digest, {}),
        }
    else:
        told = {
            "author": None,
            "author_association": "NONE",
            "revision": replace(revision, body="", body_html=None),
            "gone": tombstone,
        }
    return Post(
        kind=PostKind.ANSWER if state == "answer" else PostKind(row["kind"]),
        id=row["github_id"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        state=state,
        reply_to=row["reply_to"],
        reactions=row["reactions"] or {},
        minimized=row["minimized"],
        **told,
    )


def _dated(known: Sequence[Revision], row: Row, edits: Sequence[Edit]) -> Sequence[Revision]:
    """Return a post's revisions oldest first, with GitHub's time of the edit where its edit history tells it."""
    if len(known) == 1 and not edits:
        return known
    told = {each.revision: each.at for each in reversed(edits) if each.revision is not None}
    first = edits[0].revision if edits else None
    opening = row["kind"] == PostKind.OPENING.value

    def when(each: Revision) -> tuple[datetime, datetime]:
        at = told.get(each.digest) or each.edited_at
        # A comment that does not say that it was edited has its first text; of an opening post nothing is known.
        return at or (each.captured_at if opening else row["created_at"]), each.captured_at

    dated = (
        replace(each, edited_at=told[each.digest]) if each.digest in told and each.digest != first else each
        for each in known
    )
    return sorted(dated, key=when)


def _texts(
    connection: sa.Connection, thread_id: int
) -> tuple[dict[PostKey, list[Revision]], dict[str, Mapping[str, Any]], dict[str, datetime]]:
    """Return the revisions of a thread's posts; by digest where a review comment stands, and which were erased."""
    texts: dict[PostKey, list[Revision]] = {}
    erased: dict[str, datetime] = {}
    contexts: dict[str, Mapping[str, Any]] = {}
    rows = connection.execute(statements.REVISIONS, {"thread": thread_id}).mappings()
    # Of two texts that GH Archive saw in one hour, the posts' own times tell which came first.
    for each in sorted(rows, key=lambda row: told_by(row["packed"]).updated_at if row["source"] == "gharchive" else ""):
        told = told_by(each["packed"])
        revision = Revision(
            digest=each["digest"],
            body=each["body"],
            body_html=told.html,
            edited_at=each["edited_at"],
            captured_at=each["archived_at"] if each["source"] == "gharchive" else each["captured_at"],
            source=each["source"],
            archived_at=each["archived_at"],
            kept_at=each["captured_at"] if each["source"] == "gharchive" else None,
        )
        texts.setdefault((each["kind"], each["github_id"]), []).append(revision)
        if each["erased_at"] is not None:
            erased[revision.digest] = each["erased_at"]
        if each["kind"] == PostKind.REVIEW_COMMENT.value:
            contexts[revision.digest] = told.context
    return texts, contexts, erased


def _edits(connection: sa.Connection, thread_id: int, hidden: Hidden) -> dict[PostKey, list[Edit]]:
    found: dict[PostKey, list[Edit]] = {}
    for each in connection.execute(statements.EDITS, {"thread": thread_id}).mappings():
        editor = None if each["editor_id"] is None else Account(each["editor_id"], each["editor_login"])
        edit = Edit(each["edited_at"], hidden.account(editor), each["revision"], each["deleted_at"])
        found.setdefault((each["kind"], each["github_id"]), []).append(edit)
    return found


def _withheld(connection: sa.Connection, rows: Iterable[Row]) -> dict[int, Tombstone]:
    """Return the tombstones of the withdrawals that posts are withheld by."""
    numbers = {row["withdrawn"] for row in rows if row["withdrawn"] is not None}
    if not numbers:
        return {}
    query = sa.select(s.withdrawal).where(s.withdrawal.c.id.in_(numbers))
    return {row["id"]: withdrawal_tombstone(row) for row in connection.execute(query).mappings()}


def _events(connection: sa.Connection, thread: Row, hidden: Hidden) -> list[Event]:
    rows = connection.execute(statements.EVENTS, {"thread": thread["id"]}).mappings().all()
    return [
        Event(kind=row["kind"], at=row["at"], actor=actor, detail=detail, captured_at=row["captured_at"])
        for row, (actor, detail) in zip(rows, told_events(connection, thread, rows, hidden), strict=True)
    ]


def _findings(connection: sa.Connection, row: Row, hidden: Hidden) -> list[Finding]:
    """Return what was found out about a thread, its posts and its repository, oldest first."""
    wanted = {"thread": row["id"], "repository": row["repository_id"]}
    rows = connection.execute(statements.FINDINGS, wanted).mappings().all()
    gone = any(each["kind"] == FindingKind.AUTHOR_GONE.value for each in rows)
    unseen = unseen_authors(connection, row["id"]) if gone else set()
    return [
        Finding(
            number=each["id"],
            at=each["at"],
            kind=FindingKind(each["kind"]),
            about="post"
            if each["post_id"] is not None
            else "thread"
            if each["thread_id"] is not None
            else "repository",
            detail=each["detail"],
            post=None if each["post_id"] is None else (PostKind(each["post_kind"]), each["github_id"]),
        )
        for each in rows
        if told_finding(hidden, each["kind"], each["detail"], unseen)
    ]


def captures_of(connection: sa.Connection, thread_id: int) -> list[Capture]:
    """Return a thread's captures, oldest first."""
    rows = connection.execute(statements.CAPTURES, {"thread": thread_id}).mappings()
    return [Capture(row["number"], row["snapshot"], row["captured_at"]) for row in rows]


def in_reading_order(rows: Sequence[Row]) -> list[Row]:
    """Return rows of posts as they are read: the opening first, then by time, each reply after what it answers."""
    by_key = {(row["kind"], row["github_id"]): row for row in rows}

    def root(row: Row) -> Row:
        been = set()
        while row["reply_to"] is not None and row["github_id"] not in been:
            been.add(row["github_id"])
            above = by_key.get((row["kind"], row["reply_to"]))
            if above is None:
                break
            row = above
        return row

    def place(row: Row) -> tuple[Any, ...]:
        first = root(row)
        opening = row["kind"] == PostKind.OPENING.value
        # A thread that was transferred may have an opening post by a former number.
        former = opening and row["gone_status"] is not None
        return (not opening, former, first["created_at"], first["github_id"], row["created_at"], row["github_id"])

    return sorted(rows, key=place)


# --- small things -----------------------------------------------------------------------------------------------------


def _upstream_tombstone(row: Row) -> Tombstone | None:
    return None if row["gone_status"] is None else Tombstone(row["gone_status"], row["gone_since"])


def _author(row: Row) -> Account | None:
    return None if row["author_id"] is None else _named(row["author_id"], row["author_login"])


def account_from(value: Mapping[str, Any] | None) -> Account | None:
    """Read an account as a record has it."""
    return None if value is None else _named(value["id"], value["login"])


def _named(number: int, login: str) -> Account:
    # Records are hashed, and do not say what is a robot; GitHub's logins do.
    return Account(number, login, bot=login.endswith("[bot]"))


def _moment(value: str | None) -> datetime | None:
    return None if value is None else parse_iso(value)


def relevance_of(packed: bytes | None) -> Relevance:
    """Read a relevance as it was stored; the same bytes are the same, so that they are read once for a while."""
    return Relevance() if packed is None else _judged.get(packed, lambda: _relevance(packed))


def _relevance(packed: bytes) -> Relevance:
    value = json.loads(zlib.decompress(packed))
    change = value.get("relicensing")  # archives of earlier versions have none
    return Relevance(
        verdict=value["verdict"],
        score=value["score"],
        terms=tuple(value["terms"]),
        spdx=tuple(value["spdx"]),
        topics=tuple(value["topics"]),
        evidence=tuple(Evidence(*each) for each in value["evidence"]),
        relicensing=Relicensing(tuple(change[0]), tuple(change[1])) if change else None,
        basis=value.get("basis", ""),
    )


# A reason takes some hundred bytes; there are a dozen at most, as a rule.
_judged = Kept[Relevance](16_000_000, lambda relevance: 1_000 + 400 * len(relevance.evidence))
