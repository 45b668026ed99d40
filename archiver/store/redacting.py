"""Says what of a thread's fields, events and findings is hidden, since an account or a title was withdrawn here.

Posts are withheld by their rows (`archiver.store.values`); nothing is changed here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from archiver.model import Account, FindingKind, PostKind, Tombstone
from archiver.store import schema as s
from archiver.store.statements import HIDDEN_AUTHORS

Row = sa.RowMapping
# The logins of others that events name.
_NAMED = ("assignee", "reviewer")


@dataclass(frozen=True, slots=True)
class Hidden:
    """The accounts that are not named, with the withdrawals that say so, and all of their logins in lower case."""

    withdrawals: Mapping[int, Row]
    logins: frozenset[str]

    def account(self, account: Account | None) -> Account | None:
        """Return an account as it may be shown."""
        return None if account is not None and account.id in self.withdrawals else account

    def login(self, login: str | None) -> str | None:
        """Return a login as it may be shown."""
        return None if login is not None and login.lower() in self.logins else login

    def stripped(self, value: Any) -> Any:
        """Return an API's object without the objects of hidden accounts in it: null is in their places."""
        if not self.withdrawals:
            return value
        if isinstance(value, Mapping):
            if "login" in value and value.get("id") in self.withdrawals:
                return None
            return {key: self.stripped(each) for key, each in value.items()}
        if isinstance(value, list):
            return [kept for kept in map(self.stripped, value) if kept is not None]
        return value

    def fields(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a thread's fields without hidden accounts."""
        if not self.withdrawals:
            return fields
        assignees = [each for each in fields["assignees"] if self.login(each) is not None]
        return {**self.stripped(fields), "assignees": assignees}


NOBODY = Hidden({}, frozenset())


def hidden_in(connection: sa.Connection, threads: Sequence[Row]) -> dict[int, Hidden]:
    """Return for each thread, by its `id`, whom it must not name; threads without any are left out."""
    alias = s.account_alias
    standing = connection.execute(HIDDEN_AUTHORS).mappings().all()
    if not standing:
        return {}
    been = places_of(connection, threads) if any(each["repository_id"] for each in standing) else {}
    numbers = {each["account_id"] for each in standing}
    names = connection.execute(sa.select(alias.c.account_id, alias.c.login_key).where(alias.c.account_id.in_(numbers)))
    logins = [(row.account_id, row.login_key) for row in names]
    found = {}
    for thread in threads:
        here = {
            each["account_id"]: each
            for each in standing
            if each["repository_id"] in {None, thread["repository_id"], *been.get(thread["id"], ())}
            and each["thread_id"] in {None, thread["id"]}
        }
        if here:
            found[thread["id"]] = Hidden(here, frozenset(login for number, login in logins if number in here))
    return found


def places_of(connection: sa.Connection, threads: Sequence[Row]) -> dict[int, set[int]]:
    """Return for each thread that was ever moved, by its `id`, the repositories where it was.

    What is withdrawn of an account in a repository stays so in threads that leave it.
    """
    alias = s.thread_alias
    query = sa.select(alias.c.thread_id, alias.c.repository_id).where(
        alias.c.thread_id.in_({each["id"] for each in threads})
    )
    found: dict[int, set[int]] = {}
    for thread_id, repository_id in connection.execute(query):
        found.setdefault(thread_id, set()).add(repository_id)
    return found


def told_events(
    connection: sa.Connection, thread: Row, rows: Sequence[Row], hidden: Hidden
) -> Sequence[tuple[Account | None, Mapping[str, Any]]]:
    """Return the actor and the detail of a thread's events as they may be shown, in the order of their rows.

    `hidden` are the accounts that the thread must not name.
    """
    untitled = bool((thread["summary"] or {}).get("title_withdrawn"))
    sources = {row["detail"].get("source_id") for row in rows if row["kind"] == "cross-referenced"} - {None}
    nameless = _withdrawn_sources(connection, sources) if sources else set()
    kinds = {row["kind"] for row in rows}
    withheld, unseen = set[Any](), set[int]()
    if "comment_deleted" in kinds:
        withheld = {each["author_id"] for each in withheld_in(connection, thread["id"]).values()}
    if "renamed" in kinds:
        unseen = unseen_authors(connection, thread["id"])
    told = []
    for row in rows:
        actor = None if row["actor_id"] is None else Account(row["actor_id"], row["actor_login"])
        detail = dict(row["detail"])
        if row["kind"] == "renamed" and untitled:
            detail = {}
        if row["kind"] == "cross-referenced" and detail.get("source_id") in nameless:
            detail["title"] = None
        for name in _NAMED:
            if name in detail:
                detail[name] = hidden.login(detail[name])
        if row["kind"] == "comment_deleted" and row["actor_id"] in withheld:
            actor = None  # beside a tombstone it would say whose post that was
        if row["kind"] == "renamed" and row["actor_id"] in unseen:
            actor = None  # most who give a thread another title opened it
        if actor is not None and hidden.account(actor) is None:
            actor = None
            if "message" in detail:
                detail["message"] = None
        told.append((actor, detail))
    return told


def _withdrawn_sources(connection: sa.Connection, numbers: set[int]) -> set[int]:
    """Return those of GitHub's numbers of issues whose titles are withdrawn here, with them or as a part of them."""
    query = (
        sa.select(s.post.c.github_id)
        .join(s.thread, s.thread.c.id == s.post.c.thread_id)
        .where(
            s.post.c.kind == PostKind.OPENING.value,
            s.post.c.github_id.in_(numbers),
            s.post.c.withdrawn.is_not(None) | s.thread.c.withdrawn.is_not(None),
        )
    )
    return set(connection.execute(query).scalars())


def told_finding(hidden: Hidden, kind: str, detail: Mapping[str, Any], unseen: Collection[int]) -> bool:
    """Return whether a finding may be told: not that an account was deleted whose name is withdrawn.

    `unseen` are the numbers of those who wrote nothing in the thread but what is withheld.
    """
    if kind != FindingKind.AUTHOR_GONE.value:
        return True
    return detail.get("id") not in hidden.withdrawals and detail.get("id") not in unseen


def withheld_in(connection: sa.Connection, thread_id: int) -> dict[tuple[str, int], Row]:
    """Return the withheld posts of a thread (kind, author_id, withdrawn ...) by kind and GitHub's number."""
    p = s.post.c
    query = sa.select(p.kind, p.github_id, p.author_id, p.withdrawn).where(
        p.thread_id == thread_id, p.withdrawn.is_not(None)
    )
    return {(row["kind"], row["github_id"]): row for row in connection.execute(query).mappings()}


def unseen_authors(connection: sa.Connection, thread_id: int) -> set[int]:
    """Return the numbers of the accounts of which all posts in a thread are withheld."""
    p = s.post.c
    posts = connection.execute(sa.select(p.author_id, p.withdrawn).where(p.thread_id == thread_id)).all()
    return {row.author_id for row in posts if row.withdrawn is not None} - {
        row.author_id for row in posts if row.withdrawn is None
    }


def told_record(
    record: Mapping[str, Any], hidden: Hidden, withheld: Collection[tuple[str, int]], *, untitled: bool
) -> Mapping[str, Any]:
    """Return what of a snapshot's record may be told: who wrote what is withheld, and a withdrawn title, is null."""
    told = dict(hidden.fields(record))
    if untitled:
        told |= {"title": None, "author": None}
    told["posts"] = [
        {**post, "author": None} if (post["kind"], post["id"]) in withheld else post for post in told["posts"]
    ]
    return told


def _withdrawn_author(connection: sa.Connection, thread: Row, record: Mapping[str, Any]) -> int | None:
    """Return the withdrawal of a post whose author a snapshot's record names; None if it names none."""
    withheld = withheld_in(connection, thread["id"])
    posts = ((post["kind"], post["id"]) for post in record["posts"] if post["author"]) if withheld else ()
    return next((withheld[post]["withdrawn"] for post in posts if post in withheld), None)


def _withdrawn_account(connection: sa.Connection, thread: Row, record: Mapping[str, Any]) -> Row | None:
    """Return the withdrawal of an account that a snapshot's record names; None if it names none."""
    hidden = hidden_in(connection, [thread]).get(thread["id"])
    if hidden is None:
        return None
    named = [each["id"] for each in (record["author"], *(post["author"] for post in record["posts"])) if each]
    found = next((hidden.withdrawals[each] for each in named if each in hidden.withdrawals), None)
    if found is None and any(hidden.login(each) is None for each in record["assignees"]):
        found = next(iter(hidden.withdrawals.values()))
    return found


def snapshot_row(connection: sa.Connection, digest: str) -> Row | None:
    """Return the row of a snapshot; None if there is none with that digest."""
    query = sa.select(s.snapshot).where(s.snapshot.c.digest == digest)
    return connection.execute(query).mappings().one_or_none()


def snapshot_tombstone(connection: sa.Connection, row: Row) -> Tombstone | None:
    """Return what stands for a snapshot's record where it is not given out."""
    query = sa.select(s.thread).where(s.thread.c.id == row["thread_id"])
    thread = connection.execute(query).mappings().one()
    by = thread["withdrawn"]
    if by is None and (row["erased_at"] is not None or (thread["summary"] or {}).get("title_withdrawn")):
        opening = sa.select(s.post.c.withdrawn).where(
            s.post.c.thread_id == thread["id"], s.post.c.kind == PostKind.OPENING.value, s.post.c.withdrawn.is_not(None)
        )
        by = connection.execute(opening.limit(1)).scalar_one_or_none()
    if by is None and row["erased_at"] is None:
        by = _withdrawn_author(connection, thread, json.loads(row["record"]))
    if by is not None:
        query = sa.select(s.withdrawal).where(s.withdrawal.c.id == by)
        return withdrawal_tombstone(connection.execute(query).mappings().one())
    if row["erased_at"] is not None:
        return Tombstone(410, row["erased_at"], "other")  # restored since, but for what was erased
    found = _withdrawn_account(connection, thread, json.loads(row["record"]))
    return None if found is None else withdrawal_tombstone(found)


def withdrawal_tombstone(row: Row) -> Tombstone:
    """Return what is left in public view of what was withdrawn: 451 for legal reasons, else 410."""
    return Tombstone(451 if row["reason"] == "legal" else 410, row["at"], row["reason"])
