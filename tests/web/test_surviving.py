"""One permanent link, handed out on the first day, followed through all that can happen to its thread."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from fakes import API, FakeGitHub, FakeRepository
from werkzeug.test import TestResponse

from archiver.crawl import Crawler
from archiver.exporting import export, import_from
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.references import RepositoryRef, ThreadRef, parse_reference
from archiver.store import Store, open_store
from search.index import Index, open_index
from search.sync import rebuild, sync
from web.app import create_app
from web.config import SiteConfig

SITE = SiteConfig(base_url="http://archive.test")
ASK = "Please consider the *GPL-3.0* or another copyleft license. <b>Thanks</b>"
ANSWER = "We discussed the license before; the project stays under the `Apache-2.0` license."


class Instance:
    """An archive with its index and its site, in a folder; its clock moves an hour on with each transaction."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.url = f"sqlite:///{folder / 'archive.db'}"
        self.store: Store = open_store(self.url, self.clock)
        self.index: Index = open_index(f"whoosh:{folder / 'index'}")

    def clock(self) -> datetime:
        """Move on by an hour and tell the time."""
        self.now += timedelta(hours=1)
        return self.now

    def crawler(self, upstream: FakeGitHub) -> Crawler:
        """Make what crawls into it."""
        github = GitHub(API, token="t0ken", transport=upstream, wait=False, pause=lambda _: None)
        return Crawler(self.store, github, Vocabulary())

    def get(self, path: str) -> TestResponse:
        """Bring the index up to date, and ask the site for something."""
        sync(self.store, self.index)
        app = create_app(store=self.store, index=self.index, site=SITE, clock=lambda: self.now)
        return app.test_client().get(path)

    def follow(self, path: str) -> tuple[list[int], str, TestResponse]:
        """Go where an address leads; return the statuses on the way, the last address and its answer."""
        statuses = []
        while True:
            answer = self.get(path)
            statuses.append(answer.status_code)
            if answer.location is None:
                return statuses, path, answer
            assert answer.location.startswith("/"), answer.location
            path = answer.location

    def close(self) -> None:
        """Let go of the files."""
        self.index.close()
        self.store.close()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Callable[[str], Instance]]:
    """Return what makes an instance of that name."""
    made: list[Instance] = []

    def make(name: str) -> Instance:
        made.append(Instance(tmp_path / name))
        return made[-1]

    yield make
    for each in made:
        each.close()


def content(answer: TestResponse) -> bytes:
    """Return the bytes of what is cited: the title, and of each post its anchor, author, time, and text as shown."""
    tree = BeautifulSoup(answer.data, "html.parser")
    title = tree.select_one("main h1")
    posts = tree.select("article.post")
    assert title is not None
    parts = [str(title)]
    for post in posts:
        told = post.select("header h3, header time, .text")
        assert told[0].name == "h3"
        parts += [str(post["id"]), *(str(each) for each in told if not each.find_parent("details"))]
    return "\n".join(parts).encode()


def recomputed(instance: Instance, digest: str, page: str) -> str:
    """Return the digest as a stranger finds it: of the record's bytes, having checked each text against it."""
    record = instance.get(f"/api/v1/snapshots/{digest}").data
    snapshot: dict[str, Any] = json.loads(record)
    posts = instance.get(f"{page}.json").get_json()["posts"]
    texts = {each["digest"]: each["body"] for post in posts for each in post["revisions"]}
    for post in snapshot["posts"]:
        revision = {name: post[name] for name in ("kind", "id", "author", "created_at")}
        revision |= {"type": "onrecord.revision.v1", "host": "github.com", "body": texts[post["revision"]]}
        text = json.dumps(revision, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == post["revision"]
    return hashlib.sha256(record).hexdigest()


def transfer(upstream: FakeGitHub, source: FakeRepository, number: int, target: FakeRepository) -> int:
    """Transfer a thread with its comments on GitHub, and return its number there."""
    target.clock = max(source.clock, target.clock)
    row = source.issues.pop(number)
    place = target.issue(row["title"], row["body"])
    target.issues[place] = {**row, "number": place, "updated_at": target.tick()}
    for key in [key for key, each in source.comments.items() if each["number"] == number]:
        target.comments[key] = {**source.comments.pop(key), "number": place}
    moved = {"id": 900_000, "event": "transferred", "actor": row["user"], "created_at": target.tick()}
    target.events[place] = [*source.events.pop(number, []), moved]
    upstream.transferred[source.full_name, number] = (target.full_name, place)
    return place


def test_a_permanent_link_survives(
    instance: Callable[[str], Instance], tmp_path: Path, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Edits, rebuild, renaming, transfer, deletion and a new instance leave what it shows; withdrawal a tombstone."""
    docs = FakeRepository("acme/docs", 78)
    upstream.repositories.append(docs)
    number = repository.issue("License: <which> & why?", ASK)
    comment = repository.comment(number, ANSWER)
    here = instance("first")
    here.crawler(upstream).crawl(parse_reference("acme/rocket"))
    held = here.store.summaries()[0]
    digest = held.snapshot
    link = f"/github.com/acme/rocket/issues/{number}@{digest}"
    cited = here.get(link)
    assert cited.status_code == 200
    first = content(cited)
    assert first.count(b'class="text"') == 2
    assert b"before; the project stays under the" in first

    def stands(where: Instance, at: str, statuses: list[int]) -> str:
        """Check that the link, and the short one, lead to `at`, and that it shows what it showed on the first day."""
        for asked in (link, link.replace(digest, digest[:12])):
            passed, last, answer = where.follow(asked)
            assert passed == statuses
            assert last.split("@")[0] == at
            assert content(answer) == first
            assert digest in answer.text
        page = f"{at}@{digest}"
        assert recomputed(where, digest, page) == digest
        return page

    old = f"/github.com/acme/rocket/issues/{number}"
    stands(here, old, [200])

    # An edit of the comment and of the title: the thread has another version, the cited one is as it was.
    repository.edit_comment(comment, "I never said that.")
    repository.edit_issue(number, title="Another title")
    here.crawler(upstream).crawl(parse_reference("acme/rocket"))
    assert here.store.summaries()[0].snapshot != digest
    assert b"I never said that." in content(here.get(old))
    stands(here, old, [200])
    assert "the thread has changed since" in here.get(link).text

    # A rebuild of the index.
    sync(here.store, here.index)
    rebuild(here.store, here.index)
    assert here.get("/search?q=copyleft").status_code == 200
    stands(here, old, [200])

    # A rename of the repository: the old address leads to the new one for good.
    upstream.renamed["acme/rocket"] = "acme/starship"
    repository.full_name = "acme/starship"
    here.crawler(upstream).crawl(parse_reference("acme/rocket"))
    stands(here, f"/github.com/acme/starship/issues/{number}", [301, 200])

    # A transfer to another repository, under another number.
    docs.issue("Nothing to do with it", "No.")
    place = transfer(upstream, repository, number, docs)
    assert place != number
    here.crawler(upstream).sweep(RepositoryRef("acme", "starship"))
    there = f"/github.com/acme/docs/issues/{place}"
    stands(here, there, [301, 200])

    # Deletion of the comment, and then of the whole thread.
    docs.delete_comment(comment)
    here.crawler(upstream).crawl(parse_reference(f"acme/docs#{place}"))
    stands(here, there, [301, 200])
    docs.delete_issue(place)
    here.crawler(upstream).sweep(RepositoryRef("acme", "docs"))
    gone = here.store.summaries(repository_id=78)[0].gone
    assert gone is not None
    assert gone.status == 410
    assert "was deleted on GitHub (410)" in here.get(there).text
    stands(here, there, [301, 200])

    # Export, and import into a new instance, which has never seen GitHub.
    export(here.store, tmp_path / "all.zip", Vocabulary(), complete=False, now=here.clock)
    other = instance("second")
    assert import_from(tmp_path / "all.zip", other.url, lambda: open_store(other.url)).new
    page = stands(other, there, [301, 200])
    assert other.get(page).data == here.get(page).data

    # Withdrawal of the comment: its place stays, with the digest of its text; the rest is as it was.
    withdraw(here, f"acme/docs#{place}", f"issuecomment-{comment}")
    passed, last, answer = here.follow(link)
    assert (passed, last) == ([301, 200], page)
    assert ANSWER.encode() not in answer.data
    assert answer.data.count(b"was withdrawn from public view here") == 1
    kept, lost = first.split(f"issuecomment-{comment}".encode())
    assert content(answer).startswith(kept)
    assert b"We discussed" in lost
    assert b"We discussed" not in content(answer)

    # Withdrawal of the thread: a tombstone with its typed reason, at the same address. The other instance has it yet.
    withdraw(here, f"acme/docs#{place}")
    for asked in (link, page, link.replace(digest, digest[:12])):
        passed, _, answer = here.follow(asked)
        assert passed[-1] == 410
        assert "personal data" in answer.text
        assert b"copyleft" not in answer.data
    stands(other, there, [301, 200])
    for each in (here, other):
        assert list(each.store.verification().differences()) == []


def withdraw(instance: Instance, reference: str, anchor: str | None = None) -> None:
    """Withdraw a post, or the whole thread."""
    ref = parse_reference(reference)
    assert isinstance(ref, ThreadRef)
    ref = replace(ref, anchor=anchor)
    with instance.store.transaction() as tx:
        target = tx.target(ref, None, whole=anchor is None)
        tx.withdraw(target, reason="personal-data", note=None, erase=False, judge=Vocabulary().judge)


def test_content_tells_versions_apart(instance: Callable[[str], Instance], upstream: FakeGitHub) -> None:
    """What the test above compares is another one for another text."""
    here = instance("first")
    repository = upstream.repositories[0]
    number = repository.issue("License", ASK)
    pages = []
    for text in (ASK, f"{ASK}."):
        repository.edit_issue(number, body=text)
        here.crawler(upstream).crawl(parse_reference("acme/rocket"))
        pages.append(content(here.get(f"/github.com/acme/rocket/issues/{number}")))
    assert pages[0] != pages[1]
