"""Reads the bundled sample (invented projects, people and texts) into a store, as if GitHub had shown it.

It serves nothing; `web.demo` puts an API in front of that store and crawls it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import cmarkgfm
from cmarkgfm.cmark import Options

from archiver.model import Account, ObservedPost, ObservedThread, PostKind, Relevance, Repository, ThreadKind
from archiver.store import Store

Table = Mapping[str, Any]


def load_sample(store: Store) -> list[str]:
    """Put the sample into a store, all of it whatever it is about; return the repositories' names."""
    names = []
    for table in sample_tables():
        repository, threads = _read(table)
        with store.transaction() as tx:
            tx.save_repository(repository)
            for seen, posts in threads:
                tx.observe_thread(repository.id, seen)
                tx.observe_posts(repository.id, seen.number, posts)
                tx.settle(repository.id, seen.number, lambda _title, _posts: Relevance())
        names.append(str(repository.ref))
    return names


def sample_tables() -> Iterator[Table]:
    """Return the sample's files, parsed, in order of their names."""
    folder = files("web") / "sample"
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.name.endswith(".toml"):
            yield tomllib.loads(each.read_text(encoding="utf-8"))


def _read(table: Table) -> tuple[Repository, list[tuple[ObservedThread, list[ObservedPost]]]]:
    about = table["repository"]
    owner, _, name = about["full_name"].partition("/")
    repository = Repository(about["id"], owner, name, about.get("description"), _utc(about["created"]))
    accounts = {login: Account(number, login, login.endswith("[bot]")) for login, number in table["accounts"].items()}
    return repository, [_thread(each, accounts) for each in table["thread"]]


def _thread(table: Table, accounts: Mapping[str, Account]) -> tuple[ObservedThread, list[ObservedPost]]:
    posts = [_post(each, accounts, PostKind(each["kind"])) for each in table.get("post", ())]
    opening = _post(table, accounts, PostKind.OPENING)
    closed = table.get("closed") or table.get("merged")
    seen = ObservedThread(
        number=table["number"],
        kind=ThreadKind(table["kind"]),
        title=table["title"],
        state="closed" if closed else "open",
        state_reason=table.get("state_reason"),
        locked=table.get("locked", False),
        lock_reason=table.get("lock_reason"),
        labels=tuple(sorted(table.get("labels", ()))),
        milestone=None,
        assignees=(),
        created_at=opening.created_at,
        updated_at=opening.updated_at,
        closed_at=_utc(closed) if closed else None,
        merged_at=_utc(table["merged"]) if "merged" in table else None,
        closed_by=accounts.get(table.get("closed_by", "")),
        closed_by_known=True,
        comments=sum(post.kind is PostKind.COMMENT for post in posts),
        opening=opening,
    )
    return seen, posts


def _post(table: Table, accounts: Mapping[str, Account], kind: PostKind) -> ObservedPost:
    created = _utc(table["created"])
    body = table.get("body", "").strip("\n")
    html = cmarkgfm.github_flavored_markdown_to_html(body, options=Options.CMARK_OPT_UNSAFE)
    return ObservedPost(
        kind=kind,
        id=table["id"],
        author=accounts.get(table.get("author", "")),
        author_association=table.get("association", "NONE"),
        created_at=created,
        updated_at=_utc(table["updated"]) if "updated" in table else created,
        body=body,
        body_html=html,
        raw={"body": body, "body_html": html, "body_text": body},
    )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
