"""Crawling what is withheld: erased texts do not come back, opted-out accounts are not captured, the rest goes on."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing

import pytest
from fakes import API, FakeGitHub, FakeRepository, user

from archiver.crawl import Crawler
from archiver.github.client import GitHub
from archiver.license import PostText, Vocabulary
from archiver.model import Account, Relevance
from archiver.references import RepositoryRef, ThreadRef, parse_reference
from archiver.store import Store

ASK = "Please consider the GPL-3.0 or another copyleft license for this project."
SECRET = "zebrasecret"
TOKEN = "t"
ROCKET = RepositoryRef("acme", "rocket")


def crawl(store: Store, upstream: FakeGitHub, target: str = "acme/rocket", *, token: str | None = TOKEN) -> int:
    """Crawl, and return how many threads got a new snapshot."""
    with GitHub(API, token=token, transport=upstream, pause=lambda seconds: None) as github:
        return Crawler(store, github, Vocabulary()).crawl(parse_reference(target)).captured


def judge(_title: str, _posts: Sequence[PostText]) -> Relevance:
    """Find everything relevant."""
    return Relevance("subject", 1.0)


def withdraw(store: Store, *, author: str | None = None, post: str = "", erase: bool = True) -> None:
    """Withdraw an account's posts, or a post of thread 1 by its anchor."""
    ref = ThreadRef("acme", "rocket", 1, anchor=post) if post else None
    with store.transaction() as tx:
        target = tx.target(ref, tx.account_named(author) if author else None)
        tx.withdraw(target, reason="author-request", note=None, erase=erase, judge=judge)


def account(login: str) -> Account:
    """Return the account that the fake makes of a login."""
    made = user(login)
    assert made is not None
    return Account(made["id"], login)


def stored(store: Store) -> str:
    """Return all that the database holds, unpacked."""
    found = []
    with closing(sqlite3.connect(store.url.removeprefix("sqlite:///"))) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):
                found += [zlib.decompress(each).decode() if isinstance(each, bytes) else str(each) for each in row]
    return "\n".join(found)


def bodies(store: Store, number: int = 1) -> list[str]:
    """Return the texts of a thread as readers see them."""
    found = store.thread(77, number)
    assert found is not None
    return [each.body for each in found.posts]


@pytest.mark.parametrize("token", [TOKEN, None])
def test_an_erased_author_stays_erased_through_crawls(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, token: str | None
) -> None:
    """Edits, new comments and new threads of the account leave no text, whichever way they are fetched."""
    asked = repository.issue("Consider a license", ASK)
    comment = repository.comment(asked, f"{SECRET} one", login="kim")
    repository.comment(asked, "Fine.")
    crawl(store, upstream, token=token)
    assert SECRET in stored(store)
    withdraw(store, author="kim")
    assert SECRET not in stored(store)
    repository.edit_comment(comment, f"{SECRET} edited")
    repository.comment(asked, f"{SECRET} again", login="kim")
    other = repository.issue(f"Relicense, {SECRET}", f"{ASK} {SECRET}", login="kim")
    repository.comment(other, "I agree.")
    crawl(store, upstream, token=token)
    crawl(store, upstream, f"acme/rocket#{other}", token=token)
    assert SECRET not in stored(store)
    assert bodies(store) == [ASK, "", "Fine.", ""]
    assert bodies(store, other) == ["", "I agree."]
    with store.transaction() as tx:
        tx.scrubbed()
    assert list(store.verification().differences()) == []


def test_what_is_merely_withdrawn_goes_on_being_archived(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """The dark copy follows upstream, and is what comes back."""
    asked = repository.issue("Consider a license", ASK)
    comment = repository.comment(asked, "first", login="kim")
    crawl(store, upstream)
    withdraw(store, post=f"issuecomment-{comment}", erase=False)
    repository.edit_comment(comment, "second")
    crawl(store, upstream)
    assert bodies(store) == [ASK, ""]
    with store.transaction() as tx:
        tx.restore(tx.target(ThreadRef("acme", "rocket", 1, anchor=f"issuecomment-{comment}"), None), judge)
    assert bodies(store) == [ASK, "second"]


def test_an_account_that_opted_out_is_not_captured(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Its threads are passed over, by name too; its comments are placeholders, and nothing counts as missing."""
    with store.transaction() as tx:
        tx.opt_out(account("kim").id)
    asked = repository.issue("Consider a license", ASK)
    repository.comment(asked, f"{SECRET} one", login="kim")
    repository.comment(asked, "Fine.")
    theirs = repository.issue("Relicense under a copyleft license", f"{ASK} {SECRET}", login="kim")
    repository.comment(theirs, "The license is fine: we discussed the GPL-3.0 license before.")
    crawl(store, upstream)
    assert crawl(store, upstream, f"acme/rocket#{theirs}") == 0
    assert store.thread(77, theirs) is None
    assert bodies(store) == [ASK, "", "Fine."]
    summary = store.summaries()[0]
    assert (summary.number, summary.gap, summary.post_count) == (asked, None, 3)
    assert SECRET not in stored(store)
    assert "kim" not in stored(store)
    assert crawl(store, upstream) == 0
    assert list(store.verification().differences()) == []


def test_off_the_list_an_account_is_captured_again(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """What it posts from then on is held as anybody's, and a full look brings what was passed over."""
    asked = repository.issue("Consider a license", ASK)
    repository.comment(asked, "mine", login="kim")
    with store.transaction() as tx:
        tx.opt_out(account("kim").id)
    crawl(store, upstream)
    assert bodies(store) == [ASK, ""]
    with store.transaction() as tx:
        tx.opt_in(account("kim").id)
    repository.comment(asked, "mine too", login="kim")
    with GitHub(API, token=TOKEN, transport=upstream, pause=lambda seconds: None) as github:
        Crawler(store, github, Vocabulary(), full=True).crawl(ROCKET)
    assert bodies(store) == [ASK, "mine", "mine too"]
    assert list(store.verification().differences()) == []


def test_no_hash_is_made_while_the_list_is_empty(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive without an opt-out list does not pay for one."""

    def never(salt: str, account_id: int) -> str:
        raise AssertionError((salt, account_id))

    monkeypatch.setattr("archiver.store.opting.opt_out_hash", never)
    repository.issue("Consider a license", ASK)
    assert crawl(store, upstream) == 1
