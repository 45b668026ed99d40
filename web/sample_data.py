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

from archiver.model import Account, PostKind, Relevance, Repository, iso
from archiver.observed import ObservedEvent, ObservedPost, ObservedThread
from archiver.references import ThreadKind
from archiver.store import Store

Table = Mapping[str, Any]

# Where a review comment stands.
_PLACE = ("path", "line", "diff_hunk")


def load_sample(store: Store) -> list[str]:
    """Put the sample into a store, all of it whatever it is about; return the repositories' names."""
    names = []
    tables = list(sample_tables())
    sources = {
        f"{table['repository']['full_name']}#{each['number']}": each for table in tables for each in table["thread"]
    }
    for table in tables:
        repository, threads = _read(table, sources)
        with store.transaction() as tx:
            tx.save_repository(repository)
            for seen, posts, events in threads:
                tx.observe_thread(repository.id, seen)
                tx.observe_posts(repository.id, seen.number, posts)
                tx.save_events(repository.id, seen.number, events)
                tx.mark_detailed(repository.id, seen.number, seen.updated_at)
                tx.settle(repository.id, seen.number, lambda _title, _posts: Relevance())
        names.append(str(repository.ref))
    return names


def sample_tables() -> Iterator[Table]:
    """Return the sample's files, parsed, in order of their names."""
    folder = files("web") / "sample"
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.name.endswith(".toml"):
            yield tomllib.loads(each.read_text(encoding="utf-8"))


def _read(
    table: Table, sources: Mapping[str, Table]
) -> tuple[Repository, list[tuple[ObservedThread, list[ObservedPost], list[ObservedEvent]]]]:
    about = table["repository"]
    owner, _, name = about["full_name"].partition("/")
    repository = Repository(about["id"], owner, name, about.get("description"), _utc(about["created"]))
    accounts = {login: Account(number, login, login.endswith("[bot]")) for login, number in table["accounts"].items()}
    threads = []
    for each in table["thread"]:
        events = [_event(event, accounts, sources) for event in each.get("event", ())]
        threads.append((*_thread(each, accounts), events))
    return repository, threads


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
        raw={"body": body, "body_html": html, "body_text": body} | {key: table[key] for key in _PLACE if key in table},
        state=table.get("state"),
        reply_to=table.get("reply_to"),
        # GitHub counts the reactions to everything but reviews.
        reactions=None if kind is PostKind.REVIEW else table.get("reactions", {}),
    )


def _event(table: Table, accounts: Mapping[str, Account], sources: Mapping[str, Table]) -> ObservedEvent:
    at = _utc(table["at"])
    detail = {key: value for key, value in table.items() if key not in {"id", "kind", "actor", "at"}}
    key = str(table.get("id"))
    if "source" in detail:
        source = sources[detail["source"]]
        name, _, number = detail["source"].rpartition("#")
        detail |= {
            "source_id": source["id"],
            "title": source["title"],
            "url": f"https://github.com/{name}/{ThreadKind(source['kind']).path}/{number}",
            "state": "closed" if "closed" in source else "open",
        }
        if "merged" in source:
            detail |= {"state": "merged", "merged_at": iso(_utc(source["merged"]))}
        key = f"{table['kind']}:{iso(at)}:{source['id']}"
    return ObservedEvent(key=key, kind=table["kind"], at=at, actor=accounts.get(table.get("actor", "")), detail=detail)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
