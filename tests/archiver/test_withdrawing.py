"""Withdrawal: what is taken out of view is nowhere to be read, stays out, and comes back unless it was erased."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.errors import BadReference, NotHeld
from archiver.license import PostText
from archiver.model import Account, FindingKind, PostKind, Relevance, Repository, Thread
from archiver.observed import ObservedEvent
from archiver.references import RepositoryRef, ThreadKind, ThreadRef
from archiver.store import Restored, Store, Withdrawn
from archiver.store.redacting import NOBODY, Hidden
from archiver.store.upstream import UpstreamReader
from tests.archives import OPENED, Archive, account, event, post

SECRET = "zebrasecret"
PLACE = RepositoryRef("Acme", "Rocket")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Keep a thread of four posts by three people, two of them by kim."""
    made = Archive(tmp_path)
    made.save(
        12,
        comments=(post(1, f"call me: {SECRET}"), post(2, "no comment", "bob"), post(3, f"{SECRET} again", minutes=9)),
        assignees=("bob", "Kim"),
    )
    yield made
    made.store.close()
    made.index.close()


def judge(title: str, posts: Sequence[PostText]) -> Relevance:
    """Judge by nothing, and keep what was read as the reasons."""
    return Relevance("subject", 1.0, (), (), (), ()) if title or posts else Relevance()


def withdraw(store: Store, where: str = "", *, author: str | None = None, **more: Any) -> Withdrawn:
    """Withdraw by a reference, an author or both."""
    reason, erase, whole = more.pop("reason", "personal-data"), more.pop("erase", False), more.pop("whole", False)
    with store.transaction() as tx:
        target = tx.target(reference(where), tx.account_named(author) if author else None, whole=whole)
        return tx.withdraw(target, reason=reason, note=None, erase=erase, judge=more.pop("judge", judge))


def restore(store: Store, where: str = "", *, author: str | None = None, whole: bool = False) -> Restored:
    """Restore by a reference, an author or both."""
    with store.transaction() as tx:
        target = tx.target(reference(where), tx.account_named(author) if author else None, whole=whole)
        return tx.restore(target, judge)


def reference(where: str) -> ThreadRef | RepositoryRef | None:
    """Read `#issuecomment-1` as a post of thread 12, `12` as that thread, `/` as the repository."""
    if not where:
        return None
    if where == "/":
        return PLACE
    number, _, anchor = where.partition("#")
    return ThreadRef("acme", "rocket", int(number or 12), anchor=anchor or None)


def thread(archive: Archive, number: int = 12) -> Thread:
    """Return a thread that is public."""
    found = archive.store.thread(77, number)
    assert found is not None
    return found


def bodies(archive: Archive, number: int = 12) -> list[str]:
    """Return the texts of a thread's posts as readers see them."""
    return [each.body for each in thread(archive, number).posts]


def clean(archive: Archive) -> bool:
    """Return whether verification finds nothing."""
    return list(archive.store.verification().differences()) == []


# --- one post ---------------------------------------------------------------------------------------------------------


def test_a_withdrawn_post_leaves_its_place_and_a_tombstone(archive: Archive) -> None:
    """Text, author and history are gone from view, date and reason stay, and the others are as they were."""
    before = thread(archive).captures
    done = withdraw(archive.store, "#issuecomment-1")
    assert (done.new, done.posts, done.threads) == (True, 1, 1)
    gone = thread(archive).posts[1]
    assert (gone.author, gone.body, gone.revision.body_html, gone.revisions) == (None, "", None, ())
    assert gone.gone is not None
    assert (gone.gone.status, gone.gone.reason) == (410, "personal-data")
    assert gone.withdrawn
    assert bodies(archive)[2:] == ["no comment", f"{SECRET} again"]
    assert thread(archive).captures == before
    assert clean(archive)


def test_its_digest_stays_and_who_wrote_it_is_not_told(archive: Archive) -> None:
    """A snapshot's record names the author of a withdrawn comment, so it is not given out before that is back."""
    digest = thread(archive).summary.snapshot
    record = archive.store.snapshot_record(digest)
    assert record is not None
    withdraw(archive.store, "#issuecomment-1", reason="legal")
    assert archive.store.snapshot_record(digest) is None
    told = archive.store.snapshots_told(77, 12, [digest])[digest]
    assert told is not None
    assert [post["author"] and post["author"]["login"] for post in told["posts"]] == ["asker", None, "bob", "kim"]
    withdrawn = archive.store.snapshot_withdrawn(digest)
    assert withdrawn is not None
    assert (withdrawn.status, withdrawn.reason) == (451, "legal")
    assert thread(archive).posts[1].revision.digest in record.decode()
    assert list(archive.store.verification().differences()) == []
    restore(archive.store, "#issuecomment-1")
    assert archive.store.snapshot_record(digest) == record


def test_who_deleted_a_comment_is_not_told_beside_its_tombstone(archive: Archive) -> None:
    """Nor that the account was deleted of somebody who wrote nothing else; of others both are told."""
    for login in ("bob", "kim"):
        archive.happen(
            event("comment_deleted", login, minutes=ord(login[0])), event("closed", login, minutes=ord(login[1]))
        )
    with archive.store.transaction() as tx:  # both accounts were deleted
        tx.observe_posts(77, 12, [post(number, "no comment", None) for number in (1, 2)])
    archive.lose(2)
    before = thread(archive)
    assert {each.actor.login for each in before.events if each.actor} == {"bob", "kim"}
    ghosts = [each.detail["login"] for each in before.findings if each.kind is FindingKind.AUTHOR_GONE]
    assert sorted(ghosts) == ["bob", "kim"]
    withdraw(archive.store, "#issuecomment-2")
    found = thread(archive).findings
    assert [each.detail["login"] for each in found if each.kind is FindingKind.AUTHOR_GONE] == ["kim"]
    told = {(each.kind, each.actor.login if each.actor else None) for each in thread(archive).events}
    assert told == {("comment_deleted", None), ("comment_deleted", "kim"), ("closed", "bob"), ("closed", "kim")}


def test_legal_reasons_are_451(archive: Archive) -> None:
    """The tombstone's status tells legal reasons apart from all others."""
    withdraw(archive.store, "#issuecomment-1", reason="legal")
    gone = thread(archive).posts[1].gone
    assert gone is not None
    assert gone.status == 451


def test_withdrawing_again_changes_nothing(archive: Archive) -> None:
    """The second time is no new action: one audit row, one finding."""
    first = withdraw(archive.store, "#issuecomment-1")
    changes = len(thread(archive).findings)
    again = withdraw(archive.store, "#issuecomment-1")
    assert (again.new, again.number) == (False, first.number)
    assert len(thread(archive).findings) == changes == 1
    assert len(archive.store.withdrawals()) == 1


@pytest.mark.parametrize(("where", "whole"), [("#issuecomment-1", False), ("12", True)])
@pytest.mark.parametrize("erase", [False, True])
def test_withdrawing_for_another_reason_changes_the_tombstone(
    archive: Archive, where: str, whole: bool, erase: bool
) -> None:
    """The reason given last is what readers are told; the former withdrawal is in the audit, and nothing is shown."""
    withdraw(archive.store, where, whole=whole, erase=erase)
    done = withdraw(archive.store, where, whole=whole, reason="legal")
    with archive.store.transaction() as tx:
        tx.scrubbed()
    assert (done.new, done.number) == (True, 2)
    tombstone = archive.store.tombstone(77, 12) if whole else thread(archive).posts[1].gone
    assert tombstone is not None
    assert (tombstone.status, tombstone.reason) == (451, "legal")
    first, second = archive.store.withdrawals()
    assert (first.lifted_at is not None, second.lifted_at) == (True, None)
    assert (second.erased, second.note) == (erase, "instead of withdrawal 1")
    assert clean(archive)
    restore(archive.store, where, whole=whole)
    with pytest.raises(NotHeld):
        restore(archive.store, where, whole=whole)


def test_it_comes_back(archive: Archive) -> None:
    """Restoring gives back author and text, tells so among the findings, and the audit keeps both."""
    before = thread(archive)
    withdraw(archive.store, "#issuecomment-1")
    assert restore(archive.store, "#issuecomment-1") == Restored(1, 0, 0, 0)
    now = thread(archive)
    assert now.posts == before.posts
    assert [(each.kind, each.detail, each.post) for each in now.findings] == [
        (FindingKind.WITHDRAWN, {"reason": "personal-data"}, (PostKind.COMMENT, 1)),
        (FindingKind.RESTORED, {"reason": "personal-data"}, (PostKind.COMMENT, 1)),
    ]
    (row,) = archive.store.withdrawals()
    assert row.lifted_at is not None
    with pytest.raises(NotHeld, match="not withdrawn"):
        restore(archive.store, "#issuecomment-1")


def test_two_withdrawals_of_one_post(archive: Archive) -> None:
    """A post that is withheld for two reasons comes back when both are lifted."""
    withdraw(archive.store, "#issuecomment-1")
    withdraw(archive.store, author="kim")
    assert restore(archive.store, author="kim") == Restored(1, 0, 0, 0)
    assert bodies(archive)[1:] == ["", "no comment", f"{SECRET} again"]
    withdraw(archive.store, author="kim")
    assert restore(archive.store, "#issuecomment-1") == Restored(0, 0, 0, 1)
    assert bodies(archive)[1:] == ["", "no comment", ""]


def test_the_opening_post_takes_the_title_along(archive: Archive) -> None:
    """Title, author and former titles are out of view, in the snapshot's record too, and later titles as well."""
    digest = thread(archive).summary.snapshot
    with archive.store.transaction() as tx:
        renamed = ObservedEvent("1", "renamed", OPENED, account("bob"), {"from": SECRET, "to": "Relicense?"})
        tx.save_events(77, 12, [renamed])
    withdraw(archive.store, "#issue-9012", reason="secret")
    found = thread(archive)
    assert found.summary.title == "(title withdrawn)"
    assert found.summary.author is None
    assert found.events[0].detail == {}
    assert archive.store.snapshot_record(digest) is None
    withdrawn = archive.store.snapshot_withdrawn(digest)
    assert withdrawn is not None
    assert withdrawn.reason == "secret"
    archive.save(12, "A new title", comments=(post(2, "no comment", "bob"),))
    assert thread(archive).summary.title == "(title withdrawn)"
    restore(archive.store, "#issue-9012")
    assert thread(archive).summary.title == "A new title"
    assert archive.store.snapshot_record(digest) is not None


def test_reasons_for_the_verdict_hold_no_withdrawn_text(archive: Archive) -> None:
    """What is judged has the withdrawn posts' places, and nothing in them; the title is judged as empty."""
    read: list[tuple[str, list[str]]] = []

    def remember(title: str, posts: Sequence[PostText]) -> Relevance:
        read.append((title, [each.body for each in posts]))
        return Relevance("mention", 0.5)

    withdraw(archive.store, "#issuecomment-1", judge=remember)
    withdraw(archive.store, "#issue-9012", judge=remember)
    opening = "Would you consider a *copyleft* license?"
    assert read[0] == ("Relicense under a copyleft license?", [opening, "", "no comment", f"{SECRET} again"])
    assert read[1] == ("", ["", "", "no comment", f"{SECRET} again"])
    assert thread(archive).summary.relevance == Relevance("mention", 0.5)


def test_what_names_no_post_is_said(archive: Archive) -> None:
    """A thread needs the word for it, an anchor a post, and a login somebody who was seen."""
    with pytest.raises(BadReference, match="add --whole-thread") as problem:
        withdraw(archive.store, "12")
    assert "#issue-9012 is the opening post" in str(problem.value)
    for where, author, error in (("#issuecomment-99", None, NotHeld), ("99#issuecomment-1", None, NotHeld)):
        with pytest.raises(error):
            withdraw(archive.store, where, author=author)
    with pytest.raises(NotHeld, match="no account with the login 'nobody'"):
        withdraw(archive.store, author="nobody")
    with pytest.raises(BadReference):
        withdraw(archive.store, "/")


# --- a thread ---------------------------------------------------------------------------------------------------------


def test_a_whole_thread_is_not_to_be_seen(archive: Archive) -> None:
    """No reader sees it, its tombstone is there, its snapshots are not given out; the index is told to drop it."""
    digest = thread(archive).summary.snapshot
    withdraw(archive.store, "12", whole=True, reason="legal")
    store = archive.store
    assert store.thread(77, 12) is None
    assert store.thread(77, 12, digest) is None
    assert store.summaries() == []
    assert store.post_thread(PostKind.COMMENT, 1) is None
    assert store.resolve_digest(77, 12, digest[:6]) is None
    assert store.snapshot_record(digest) is None
    tombstone = store.tombstone(77, 12)
    assert tombstone is not None
    assert (tombstone.status, tombstone.reason) == (451, "legal")
    assert store.snapshot_withdrawn(digest) == tombstone
    assert [each.action for each in store.changes(0, 9)] == ["delete"]
    assert clean(archive)


def test_a_withdrawn_thread_is_kept_in_the_dark_and_comes_back(archive: Archive) -> None:
    """What is observed meanwhile stays out of view until it is restored."""
    withdraw(archive.store, "12", whole=True)
    with pytest.raises(KeyError):
        archive.save(12, comments=(post(4, "meanwhile", "bob"),))
    assert archive.store.thread(77, 12) is None
    assert restore(archive.store, "12", whole=True).threads == 1
    assert "meanwhile" in bodies(archive)
    assert [each.kind for each in thread(archive).findings] == [FindingKind.WITHDRAWN, FindingKind.RESTORED]
    assert clean(archive)


# --- an author --------------------------------------------------------------------------------------------------------


def test_all_posts_of_an_author_now_and_later(archive: Archive) -> None:
    """By any login, and by number; what is found later is withheld as it comes in, in other threads too."""
    kim = account("kim")
    assert kim is not None
    with archive.store.transaction() as tx:
        tx.observe_posts(77, 12, [replace(post(5, "old name", minutes=20), author=Account(kim.id, "kimble"))])
    done = withdraw(archive.store, author="KIMBLE")
    assert (done.posts, done.threads) == (3, 1)
    assert bodies(archive)[1:] == ["", "no comment", ""]
    archive.save(13, "By kim", login="kim", comments=(post(6, "as well"),))
    assert thread(archive, 13).summary.title == "(title withdrawn)"
    assert bodies(archive, 13) == ["", ""]
    (row,) = archive.store.withdrawals()
    assert (row.scope, row.target) == ("author", str(kim.id))
    restore(archive.store, author=str(kim.id))
    assert bodies(archive, 13) == ["Would you consider a *copyleft* license?", "as well"]
    assert thread(archive, 13).summary.title == "By kim"
    assert clean(archive)


def test_a_withdrawn_author_is_named_nowhere(archive: Archive) -> None:
    """Neither as one who closed or was assigned, nor by events and findings, nor in a snapshot's record."""
    digest = thread(archive).summary.snapshot
    closed = {"state": "closed", "closed_at": OPENED, "closed_by": account("kim"), "assignees": ("bob", "Kim")}
    archive.save(12, comments=(post(2, "no comment", "bob"), post(3, "gone", None, minutes=9)), **closed)
    with archive.store.transaction() as tx:
        tx.save_events(
            77,
            12,
            [
                ObservedEvent("1", "closed", OPENED, account("kim"), {}),
                ObservedEvent("2", "assigned", OPENED, account("bob"), {"assignee": "Kim"}),
                ObservedEvent("3", "review_dismissed", OPENED, account("kim"), {"message": SECRET}),
            ],
        )
    before = thread(archive)
    assert before.summary.closed_by == account("kim")
    assert [each.kind for each in before.findings] == [FindingKind.AUTHOR_GONE]
    withdraw(archive.store, author="kim")
    found = thread(archive)
    assert found.summary.closed_by is None
    assert found.summary.assignees == ("bob",)
    assert [each.actor for each in found.events] == [None, account("bob"), None]
    assert [dict(each.detail) for each in found.events] == [{}, {"assignee": None}, {"message": None}]
    assert FindingKind.AUTHOR_GONE not in {each.kind for each in found.findings}
    assert "kim" not in repr(found).lower()
    assert archive.store.snapshot_record(digest) is None
    assert archive.store.snapshot_withdrawn(digest) is not None
    (listed,) = archive.store.summaries()
    assert "kim" not in repr(listed).lower()


def test_who_is_named_without_a_post_is_named_no_more(archive: Archive) -> None:
    """Threads in which the account is an assignee alone are noted as changed, so that the index forgets its name."""
    archive.save(13, comments=(post(6, "elsewhere", "bob"),), assignees=("Kim", "bob"))
    archive.save(14, comments=(post(7, "elsewhere", "bob"),), assignees=("bob",))
    before = archive.store.last_change()
    withdraw(archive.store, author="kim")
    assert {each.key for each in archive.store.changes(before, 9)} == {"77/12", "77/13"}
    assert archive.store.summaries_by_key(["77/13"])["77/13"].assignees == ("bob",)
    before = archive.store.last_change()
    restore(archive.store, author="kim")
    assert "77/13" in {each.key for each in archive.store.changes(before, 9)}


def test_an_author_in_one_thread_only(archive: Archive) -> None:
    """Given together with a thread, other threads keep what they have."""
    archive.save(13, comments=(post(6, "elsewhere"),))
    withdraw(archive.store, "12", author="kim")
    assert bodies(archive)[1:] == ["", "no comment", ""]
    assert bodies(archive, 13)[1] == "elsewhere"
    withdraw(archive.store, "/", author="kim")
    assert bodies(archive, 13)[1] == ""
    restore(archive.store, "/", author="kim")
    assert bodies(archive)[1:] == ["", "no comment", ""]
    assert bodies(archive, 13)[1] == "elsewhere"


def test_a_login_of_two_accounts_needs_a_number(archive: Archive) -> None:
    """Who took over somebody's login must not be withdrawn in their place."""
    with archive.store.transaction() as tx:
        tx.observe_posts(77, 12, [replace(post(7, "another kim", minutes=30), author=Account(5, "Kim"))])
    with pytest.raises(BadReference, match=r"several accounts.* 5 and "):
        withdraw(archive.store, author="kim")
    assert withdraw(archive.store, author="5").posts == 1


# --- erasure ----------------------------------------------------------------------------------------------------------


def stored(archive: Archive) -> str:
    """Return all that the database holds, unpacked."""
    import sqlite3
    import zlib
    from contextlib import closing

    found = []
    with closing(sqlite3.connect(archive.store.url.removeprefix("sqlite:///"))) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):
                found += [zlib.decompress(each).decode() if isinstance(each, bytes) else str(each) for each in row]
    return "\n".join(found)


def test_erased_text_is_gone_and_does_not_come_back(archive: Archive) -> None:
    """The digest stays and a later crawl keeps no text, not of edits either; verification knows of it."""
    digest = thread(archive).posts[1].revision.digest
    with archive.store.transaction() as tx:
        tx.observe_posts(77, 12, [post(1, f"an earlier {SECRET}")])
    done = withdraw(archive.store, "#issuecomment-1", erase=True)
    assert done.erased == 2
    withdraw(archive.store, "#issuecomment-3", erase=True)
    assert SECRET not in stored(archive)
    assert archive.store.verification().erased() == 3
    archive.save(12, comments=(post(1, f"an edited {SECRET}", edited=OPENED + timedelta(days=1)),), upstream_comments=3)
    assert SECRET not in stored(archive)
    assert thread(archive).posts[1].revision.digest != digest
    assert bodies(archive)[1:] == ["", "no comment", ""]
    assert [each.kind for each in thread(archive).findings] == [FindingKind.ERASED, FindingKind.ERASED]
    with archive.store.transaction() as tx:
        tx.scrubbed()
    assert clean(archive)


def test_erasing_what_was_withdrawn_before(archive: Archive) -> None:
    """It is an action of its own; restoring lifts both, and says what cannot come back."""
    withdraw(archive.store, "#issuecomment-1")
    done = withdraw(archive.store, "#issuecomment-1", erase=True)
    assert (done.new, done.erased) == (True, 1)
    assert withdraw(archive.store, "#issuecomment-1", erase=True).new is False
    assert restore(archive.store, "#issuecomment-1") == Restored(0, 0, 1, 0)
    assert thread(archive).posts[1].withdrawn
    with archive.store.transaction() as tx:
        tx.scrubbed()
    assert clean(archive)


def test_after_restoring_a_crawl_may_bring_the_text_anew(archive: Archive) -> None:
    """What is still on GitHub can be kept again once the withdrawal is lifted, under its old digest."""
    digest = thread(archive).posts[1].revision.digest
    withdraw(archive.store, "#issuecomment-1", erase=True)
    restore(archive.store, "#issuecomment-1")
    archive.save(12, comments=(post(1, f"call me: {SECRET}"),), upstream_comments=3)
    back = thread(archive).posts[1]
    assert (back.body, back.revision.digest, back.gone) == (f"call me: {SECRET}", digest, None)
    with archive.store.transaction() as tx:
        tx.scrubbed()
    assert clean(archive)
    assert archive.store.verification().erased() == 0


def test_an_erased_opening_post_takes_the_title_out_of_everything(archive: Archive) -> None:
    """Fields, snapshots, renames and cross-references lose the title; the thread goes on without one."""
    first = archive.save(13, f"A {SECRET} title", comments=(post(6, "plain", "bob"),))
    reference = {"source": "Acme/Rocket#13", "source_id": 9013, "title": f"A {SECRET} title"}
    named = ObservedEvent("x", "cross-referenced", OPENED, account("bob"), reference)
    renamed = {"from": f"{SECRET} before", "to": f"A {SECRET} title"}
    with archive.store.transaction() as tx:
        tx.save_events(77, 12, [named])
        tx.save_events(77, 13, [ObservedEvent("1", "renamed", OPENED, account("bob"), renamed)])
    withdraw(archive.store, "#issuecomment-1", erase=True)
    withdraw(archive.store, "#issuecomment-3", erase=True)
    withdraw(archive.store, "13#issue-9013", erase=True)
    assert SECRET not in stored(archive)
    assert thread(archive).events[0].detail["title"] is None
    summary = thread(archive, 13).summary
    assert summary.title == "(title withdrawn)"
    assert summary.snapshot != first
    assert archive.store.snapshot_withdrawn(first) is not None
    fixed = archive.store.thread(77, 13, first)
    assert fixed is not None
    assert (fixed.summary.title, fixed.summary.author_withdrawn) == ("(title withdrawn)", True)
    assert [(each.withdrawn, each.body) for each in fixed.posts] == [(True, ""), (False, "plain")]
    with archive.store.transaction() as tx:
        tx.save_events(77, 12, [replace(named, key="y")])
        tx.save_events(77, 13, [ObservedEvent("2", "renamed", OPENED, account("bob"), renamed)])
        tx.scrubbed()
    archive.save(13, f"Another {SECRET} title", comments=(post(6, "plain", "bob"), post(8, "new", "bob")))
    assert SECRET not in stored(archive)
    assert bodies(archive, 13) == ["", "plain", "new"]
    assert clean(archive)


def test_a_title_withdrawn_elsewhere_is_not_told_by_a_cross_reference(archive: Archive) -> None:
    """Another thread's event names the thread, but not its title, as soon as that is withdrawn."""
    archive.save(13, f"A {SECRET} title")
    detail = {"source": "Acme/Rocket#13", "source_id": 9013, "title": f"A {SECRET} title"}
    with archive.store.transaction() as tx:
        tx.save_events(77, 12, [ObservedEvent("x", "cross-referenced", OPENED, account("bob"), detail)])
    assert thread(archive).events[0].detail["title"] == f"A {SECRET} title"
    withdraw(archive.store, "13", whole=True)
    assert thread(archive).events[0].detail["title"] is None


def test_a_thread_erased_as_a_whole(archive: Archive) -> None:
    """Nothing of it is left or captured any more; restored, it is a row of tombstones until it is crawled again."""
    withdraw(archive.store, "12", whole=True, erase=True)
    assert SECRET not in stored(archive)
    assert "copyleft" not in stored(archive)
    with pytest.raises(KeyError):
        archive.save(12, comments=(post(4, f"meanwhile {SECRET}", "bob"),))
    assert SECRET not in stored(archive)
    assert restore(archive.store, "12", whole=True) == Restored(0, 1, 4, 0)
    assert bodies(archive) == ["", "", "", ""]
    assert thread(archive).summary.title == "(title withdrawn)"
    archive.save(12, comments=(post(4, "meanwhile", "bob"),), upstream_comments=4)
    assert thread(archive).summary.title == "Relicense under a copyleft license?"
    assert bodies(archive) == ["Would you consider a *copyleft* license?", "", "", "meanwhile", ""]
    with archive.store.transaction() as tx:
        tx.scrubbed()
    assert clean(archive)


def test_an_erased_author_is_not_captured_again(archive: Archive) -> None:
    """New posts of the account are kept as digests alone, titles of its threads not at all."""
    withdraw(archive.store, author="kim", erase=True)
    archive.save(13, f"A {SECRET}", body=f"more {SECRET}", login="kim", comments=(post(6, SECRET), post(7, "", "bob")))
    assert SECRET not in stored(archive)
    assert bodies(archive, 13) == ["", "", ""]
    assert thread(archive, 13).posts[2].author == account("bob")
    assert thread(archive, 13).summary.title == "(title withdrawn)"
    with archive.store.transaction() as tx:
        tx.scrubbed()
    assert clean(archive)


def test_an_erased_text_without_a_withdrawal_is_a_difference(archive: Archive) -> None:
    """Who blanks a text behind the program's back cannot call it an erasure."""
    import sqlite3

    connection = sqlite3.connect(archive.store.url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("UPDATE revision SET body = '', erased_at = '2026-01-01T00:00:00Z' WHERE github_id = 1")
    assert "no withdrawal says so" in str(next(archive.store.verification().differences()))
    connection.execute("UPDATE post SET withdrawn = 9 WHERE github_id = 2")
    found = [str(each) for each in archive.store.verification().differences()]
    assert any("the withdrawal that it is withheld by is missing" in each for each in found)
    connection.close()


def test_a_broken_off_erasure_is_a_difference(archive: Archive) -> None:
    """Until the files are rewritten, verification says what is left to do."""
    withdraw(archive.store, "#issuecomment-1", erase=True)
    assert "erasure is not finished" in str(next(archive.store.verification().differences()))
    archive.store.scrub()
    with archive.store.transaction() as tx:
        tx.scrubbed()
    assert clean(archive)


# --- opt-out ----------------------------------------------------------------------------------------------------------


def test_an_account_that_opted_out_leaves_placeholders(archive: Archive) -> None:
    """Its comments count, but neither text nor author is kept; its threads are not captured; others are."""
    kim = account("kim")
    assert kim is not None
    with archive.store.transaction() as tx:
        assert tx.opt_out(kim.id)
        assert not tx.opt_out(kim.id)
        assert tx.opted_out(kim)
        assert not tx.opted_out(account("bob"))
        assert not tx.opted_out(None)
    archive.save(13, comments=(post(6, "mine", login="kim"), post(7, "hm", "bob")))
    one = thread(archive, 13).posts[1]
    assert (one.author, one.body, one.withdrawn) == (None, "", True)
    assert "mine" not in stored(archive)
    assert thread(archive, 13).summary.gap is None
    record = json.loads(archive.store.snapshot_record(thread(archive, 13).summary.snapshot) or b"")
    assert record["posts"][1]["author"] is None
    with archive.store.transaction() as tx:
        assert tx.declined(77, 14, kim)
        assert not tx.declined(77, 13, kim)
    with pytest.raises(NotHeld):
        archive.save(14, "By kim", login="kim")
    assert archive.store.thread(77, 14) is None
    assert clean(archive)


def test_what_was_held_before_opting_out_stays_as_it_was(archive: Archive) -> None:
    """Nothing new is taken of it: neither an edit nor a new title."""
    with archive.store.transaction() as tx:
        kim, asker = account("kim"), account("asker")
        assert kim is not None
        assert asker is not None
        tx.opt_out(kim.id)
        tx.opt_out(asker.id)
    edited = post(1, "edited later", edited=OPENED + timedelta(days=1))
    archive.save(12, "A new title", body="A new text", comments=(edited,), upstream_comments=3)
    assert thread(archive).summary.title == "Relicense under a copyleft license?"
    assert bodies(archive)[:2] == ["Would you consider a *copyleft* license?", f"call me: {SECRET}"]
    assert clean(archive)


def test_opting_in_again(archive: Archive) -> None:
    """A placeholder becomes a post when it is seen again."""
    kim = account("kim")
    assert kim is not None
    with archive.store.transaction() as tx:
        tx.opt_out(kim.id)
    archive.save(13, comments=(post(6, "mine"),))
    with archive.store.transaction() as tx:
        assert tx.opt_in(kim.id)
        assert not tx.opt_in(kim.id)
    archive.save(13, comments=(post(6, "mine"),))
    back = thread(archive, 13).posts[1]
    assert (back.author, back.body, back.gone) == (kim, "mine", None)
    assert clean(archive)


def test_the_list_names_nobody(archive: Archive) -> None:
    """No number and no login stands on it, and events of such accounts name nobody either."""
    kim = Account(123456789012, "hidden-kim")
    with archive.store.transaction() as tx:
        tx.opt_out(kim.id)
        tx.observe_posts(77, 12, [replace(post(8, "text of theirs", minutes=40), author=kim)])
        tx.save_events(77, 12, [ObservedEvent("1", "closed", OPENED, kim, {})])
    assert thread(archive).events[0].actor is None
    held = stored(archive)
    assert str(kim.id) not in held
    assert kim.login not in held
    assert "text of theirs" not in held


def test_a_transferred_opening_post_stays_withdrawn(archive: Archive) -> None:
    """A thread's opening post bears another number after a transfer, and is withheld under that one too."""
    withdraw(archive.store, "#issue-9012", erase=True)
    with archive.store.transaction() as tx:
        opening = post(5555, f"{SECRET} anew", "asker", minutes=0, kind=PostKind.OPENING)
        tx.observe_posts(77, 12, [opening])
    assert "anew" not in stored(archive)
    assert thread(archive).summary.kind is ThreadKind.ISSUE


def test_a_transferred_comment_stays_withdrawn(archive: Archive) -> None:
    """A comment that bears another number since its thread's transfer is the same one, by its author and time."""
    withdraw(archive.store, "#issuecomment-1", erase=True)
    again = replace(post(7001, f"{SECRET} anew"), created_at=post(1, "").created_at)
    with archive.store.transaction() as tx:
        tx.save_repository(Repository(78, "Acme", "Lander"))
        tx.move_thread(77, 12, 78, 3)
        tx.observe_posts(78, 3, [again, replace(again, id=7002, author=account("bob"), body="of bob", raw={})])
        tx.settle(78, 3, judge)
    found = archive.store.thread(78, 3)
    assert found is not None
    assert [each.body for each in found.posts if each.id > 7000 and each.id < 9000] == ["", "of bob"]
    assert "anew" not in stored(archive)
    first, second = archive.store.withdrawals()
    assert (second.scope, second.erased) == ("post", True)
    assert f"withdrawal {first.id}" in (second.note or "")


@pytest.mark.parametrize("erase", [False, True])
def test_posts_withdrawn_in_a_repository_stay_withdrawn_when_their_thread_leaves_it(
    archive: Archive, erase: bool
) -> None:
    """What is withdrawn of an author in a repository is so where its thread goes, and comes back from there."""
    withdraw(archive.store, "/", author="kim", erase=erase)
    with archive.store.transaction() as tx:
        tx.save_repository(Repository(78, "Acme", "Lander"))
        tx.move_thread(77, 12, 78, 3)
        again = post(1, f"{SECRET}, edited", edited=OPENED + timedelta(days=400))
        tx.observe_posts(78, 3, [again, post(4, f"{SECRET} at the new place")])
        tx.settle(78, 3, judge)
    found = archive.store.thread(78, 3)
    assert found is not None
    assert SECRET not in repr(found)
    assert "kim" not in repr(found).lower()
    assert (f"{SECRET}, edited" in stored(archive)) is not erase
    with archive.store.transaction() as tx:
        tx.scrubbed()
    assert clean(archive)
    back = restore(archive.store, "/", author="kim")
    assert (back.posts, back.erased) == ((0, 3) if erase else (3, 0))


@pytest.mark.parametrize("erase", [False, True])
def test_a_thread_that_comes_to_where_an_author_is_withdrawn(archive: Archive, erase: bool) -> None:
    """What an author wrote elsewhere is withheld, and erased, once its thread is where all of theirs is withdrawn."""
    with archive.store.transaction() as tx:
        tx.save_repository(Repository(78, "Acme", "Lander"))
        target = tx.target(RepositoryRef("acme", "lander"), tx.account_named("kim"))
        tx.withdraw(target, reason="legal", note=None, erase=erase, judge=judge)
        tx.scrubbed()
    assert SECRET in repr(thread(archive))
    with archive.store.transaction() as tx:
        tx.move_thread(77, 12, 78, 3)
        tx.settle(78, 3, judge)
    found = archive.store.thread(78, 3)
    assert found is not None
    assert SECRET not in repr(found)
    assert (SECRET in stored(archive)) is not erase


def test_githubs_view_names_nobody_who_is_withdrawn(archive: Archive) -> None:
    """The API in GitHub's shape has neither posts, nor events, nor fields with the account's name."""
    upstream = UpstreamReader(archive.store)
    closed = {"state": "closed", "closed_at": OPENED, "closed_by": account("kim"), "assignees": ("bob", "Kim")}
    archive.save(12, comments=(post(2, "no comment", "bob"),), **closed)
    with archive.store.transaction() as tx:
        tx.save_events(77, 12, [ObservedEvent("1", "closed", OPENED, account("kim"), {})])
    assert "kim" in repr(upstream.issue(77, 12)).lower()
    assert "kim" in repr(upstream.timeline(77, 12)).lower()
    withdraw(archive.store, author="kim")
    for found in (upstream.issue(77, 12), upstream.timeline(77, 12), upstream.posts(77, PostKind.COMMENT)):
        assert "kim" not in repr(found).lower()
        assert SECRET not in repr(found)
    assert upstream.post(77, PostKind.COMMENT, 1) is None
    assert upstream.timeline(77, 12)[1] == 2


def test_accounts_in_an_api_object_are_taken_out() -> None:
    """Wherever an object of a hidden account stands, null stands in its place, and nothing in a list."""
    hidden = Hidden({5: {}}, frozenset({"kim"}))  # type: ignore[dict-item]
    kim, bob = {"id": 5, "login": "kim"}, {"id": 6, "login": "bob"}
    raw = {"id": 5, "assignee": kim, "assignees": [kim, bob], "milestone": {"creator": kim, "title": "1.0"}}
    assert hidden.stripped(raw) == {
        "id": 5,
        "assignee": None,
        "assignees": [bob],
        "milestone": {"creator": None, "title": "1.0"},
    }
    assert NOBODY.stripped(raw) is raw
