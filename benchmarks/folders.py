"""Reads folders of threads in the shapes of GitHub's REST API, and makes the archive that a crawl would make of them.

It fetches nothing and measures nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archiver.errors import BadResponse
from archiver.github import parse
from archiver.license import PostText, Vocabulary
from archiver.model import Repository
from archiver.observed import ObservedPost, ObservedThread
from archiver.store import Store, open_store

_AT_ONCE = 200


def folders(corpus: Path) -> dict[str, Path]:
    """Return the folder of each repository (`owner/name`, in lower case), directly in a corpus or one level below."""
    return {
        each.parent.name.replace("__", "/", 1).lower(): each.parent
        for pattern in ("issues.jsonl", "*/issues.jsonl", "*/*/issues.jsonl")
        for each in sorted(corpus.glob(pattern))
    }


def objects(path: Path) -> Iterator[dict[str, Any]]:
    """Read a file of JSON lines; one that is missing is empty."""
    if path.exists():
        with path.open(encoding="utf-8") as file:
            for text in file:
                if text.strip():
                    yield json.loads(text)


def archived(corpus: Path, scope: str, into: Path) -> Store:
    """Make the store that crawls of a corpus with this scope (`license` or `all`) would fill, in a new folder."""
    store = open_store(f"sqlite:///{into / 'archive.db'}")
    vocabulary = Vocabulary()
    for number, (name, folder) in enumerate(sorted(folders(corpus).items()), 1):
        repository = _repository(name, folder, number)
        with store.transaction() as tx:
            tx.save_repository(repository)
        threads = [each for each in _threads(folder) if scope == "all" or _kept(vocabulary, *each)]
        for at in range(0, len(threads), _AT_ONCE):
            with store.transaction() as tx:
                for seen, posts in threads[at : at + _AT_ONCE]:
                    tx.observe_thread(repository.id, seen)
                    tx.observe_posts(repository.id, seen.number, posts)
                    tx.settle(repository.id, seen.number, vocabulary.judge)
    return store


def _repository(name: str, folder: Path, number: int) -> Repository:
    about = folder / "repo.json"
    if about.exists():
        return parse.repository(json.loads(about.read_text(encoding="utf-8")))
    owner, _, short = folder.name.partition("__") if "__" in folder.name else name.partition("/")
    return Repository(number, owner, short)


def _threads(folder: Path) -> list[tuple[ObservedThread, list[ObservedPost]]]:
    """Return each thread with its comments in their order; what cannot be read is passed over, as a crawl does."""
    comments: dict[int, list[ObservedPost]] = defaultdict(list)
    for each in objects(folder / "comments.jsonl"):
        if "issue_url" not in each and "issue_number" in each:
            each["issue_url"] = f"/issues/{each['issue_number']}"
        try:
            number, post = parse.comment(each)
        except BadResponse:
            continue
        comments[number].append(post)
    found = {}
    for each in objects(folder / "issues.jsonl"):
        try:
            seen = parse.thread(each)
        except BadResponse:
            continue
        found[seen.number] = (seen, sorted(comments[seen.number], key=lambda post: (post.created_at, post.id)))
    return [found[number] for number in sorted(found)]


def _kept(vocabulary: Vocabulary, seen: ObservedThread, comments: list[ObservedPost]) -> bool:
    """Say whether a crawl keeps a thread: for its opening, or for a comment that sends it to read all of the thread."""
    if _wanted(vocabulary, seen.title, [seen.opening]):
        return True
    telling = any(_wanted(vocabulary, "", [each]) for each in comments)
    return telling and _wanted(vocabulary, seen.title, [seen.opening, *comments])


def _wanted(vocabulary: Vocabulary, title: str, posts: list[ObservedPost]) -> bool:
    if not any(vocabulary.mentions(text) for text in (title, *(each.body for each in posts))):
        return False
    return vocabulary.judge(title, [PostText.of(each) for each in posts]).kept
