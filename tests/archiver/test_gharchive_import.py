"""Importing hours of GH Archive: what becomes of older, newer, edited, deleted and withheld texts; resuming; damage."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes import API, FakeGitHub, FakeRepository, user
from hourly import Recorder, lines, write

from archiver.crawl import Crawler
from archiver.errors import StoreBusy
from archiver.gharchive import importing
from archiver.gharchive.files import find
from archiver.gharchive.importing import Imported, Importer, Step
from archiver.github.client import GitHub, Stopped
from archiver.license import PostText, Vocabulary
from archiver.model import Account, Post, PostKind, Relevance, Thread
from archiver.references import RepositoryRef, ThreadKind, ThreadRef, parse_reference
from archiver.store import Store, open_store

ASK = "Please consider the GPL-3.0 or another copyleft license for this project."
REPLY = "The MIT license is compatible with the GPL, so nothing is gained by relicensing."
TOKEN = "t"
LATER = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """Open an empty store whose clock stands still, years after all that is archived."""
    with open_store(f"sqlite:///{tmp_path / 'archive.db'}", lambda: LATER) as opened:
        yield opened


@pytest.fixture
def recorder(repository: FakeRepository) -> Recorder:
    """Record what happens at the repository."""
    return Recorder(repository)


def run(store: Store, *paths: Path, **options: Any) -> Imported:
    """Import files."""
    return Importer(store, Vocabulary(), **options).run(find(paths).files)


def take(store: Store, recorder: Recorder, folder: Path, **options: Any) -> Imported:
    """Import what was recorded so far, and forget it."""
    folder = folder / f"hours-{len(list(folder.iterdir()))}"
    recorder.write(folder)
    recorder.events.clear()
    return run(store, folder, **options)


def crawl(store: Store, upstream: FakeGitHub, target: str = "acme/rocket", token: str | None = TOKEN) -> int:
    """Crawl, and return how many threads got a new snapshot."""
    with GitHub(API, token=token, transport=upstream, pause=lambda seconds: None) as github:
        return Crawler(store, github, Vocabulary()).crawl(parse_reference(target)).captured


def thread(store: Store, number: int = 1) -> Thread:
    """Return a thread that is public."""
    found = store.thread(77, number)
    assert found is not None
    return found


def texts(post: Post) -> list[str]:
    """Return a post's texts, oldest first."""
    return [each.body for each in post.revisions]


def judge(_title: str, _posts: Sequence[PostText]) -> Relevance:
    """Find everything relevant."""
    return Relevance("subject", 1.0)


# --- what is new ------------------------------------------------------------------------------------------------------


def test_an_imported_thread_is_public_with_its_gap(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    """A comment about licensing brings its thread, seen at that hour, captured now, and says how much is missing."""
    repository = recorder.repository
    number = repository.issue("A question", "It crashes.")
    for at in range(6):
        repository.comment(number, f"Me too {at}")
    recorder.comment(repository.comment(number, ASK))
    done = take(store, recorder, tmp_path)
    found = thread(store)
    assert (done.kept.threads, done.kept.posts) == (1, 2)
    assert [post.body for post in found.posts] == ["It crashes.", ASK]
    assert found.summary.gap == "1 of 7 comments could be fetched"
    assert found.summary.relevance.kept
    assert [each.at for each in found.captures] == [LATER]
    revision = found.posts[1].revision
    hour = repository.clock.replace(minute=0)
    assert (revision.source, revision.captured_at, revision.archived_at) == ("gharchive", hour, hour)
    assert found.summary.last_checked_at == hour
    assert store.coverage(77).repository.ref == RepositoryRef("acme", "rocket")


def test_what_is_not_about_licensing_is_left(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    """Texts that mention nothing, or are no debate, are not kept; commits are none of ours."""
    repository = recorder.repository
    recorder.issue(repository.issue("Crash", "It crashes."))
    recorder.issue(repository.issue("Crash", "See the LICENSE file name in the trace."))
    recorder.record("PushEvent", {"commits": [{"message": "Relicense under MIT"}]})
    done = take(store, recorder, tmp_path)
    assert done.kept.threads == 0
    assert (done.counts.lines, done.counts.events) == (3, 2)
    assert store.holdings().threads == 0


def test_one_repository_alone(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    """With repositories named, all others are left, and the file is read again when all are asked for."""
    other = Recorder(FakeRepository("other/thing", id=78))
    recorder.issue(recorder.repository.issue("License?", ASK))
    other.issue(other.repository.issue("License?", ASK))
    events = [event for _, event in (*recorder.events, *other.events)]
    path = write(tmp_path / "2020-01-01-0.json.gz", events)
    assert run(store, path, repositories=["Acme/Rocket"]).kept.threads == 1
    assert run(store, path, repositories=["acme/rocket"]).known == 1
    assert run(store, path).kept.threads == 1
    assert run(store, path, repositories=["acme/rocket"]).known == 1  # what was read for all was read for these


# --- older and newer --------------------------------------------------------------------------------------------------


def test_an_older_text_becomes_an_earlier_revision(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """What is held from a crawl keeps its texts and fields; what GH Archive saw before stands before it."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    comment = repository.comment(number, REPLY)
    recorder.issue(number)
    recorder.comment(comment)
    repository.edit_issue(number, title="Which license?", body=f"{ASK} Edited.", labels=[{"name": "legal"}])
    repository.edit_comment(comment, f"{REPLY} Edited.")
    crawl(store, upstream, token=None)
    before = thread(store).summary
    done = take(store, recorder, tmp_path)
    found = thread(store)
    assert (done.kept.threads, done.kept.posts, done.kept.texts) == (0, 0, 2)
    assert [texts(post) for post in found.posts] == [[ASK, f"{ASK} Edited."], [REPLY, f"{REPLY} Edited."]]
    assert [post.body for post in found.posts] == [f"{ASK} Edited.", f"{REPLY} Edited."]
    assert [each.source for each in found.posts[1].revisions] == ["gharchive", "seen"]
    assert found.summary == before


def test_a_text_that_changed_since_stays(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """A crawl that finds another text, or none any more, keeps what was imported, with a tombstone if it is gone."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    edited, deleted, kept = (repository.comment(number, f"{REPLY} {at}") for at in range(3))
    recorder.issue(number)
    for each in (edited, deleted, kept):
        recorder.comment(each)
    repository.edit_comment(edited, "Never mind.")
    repository.delete_comment(deleted)
    take(store, recorder, tmp_path)
    assert crawl(store, upstream) == 1
    found = thread(store)
    assert texts(found.posts[1]) == [f"{REPLY} 0", "Never mind."]
    assert found.posts[2].gone is not None
    assert (found.posts[2].gone.status, texts(found.posts[2])) == (404, [f"{REPLY} 1"])
    same = found.posts[3].revisions
    assert [(each.source, each.archived_at is not None) for each in same] == [("seen", True)]
    assert found.summary.gap is None
    with store.transaction() as tx:
        assert tx.candidates(77) == []


def test_a_deleted_comment_that_only_an_import_knows_gets_its_tombstone(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """A comment deleted before the first crawl, imported after it: the next crawl asks for it itself, despite ETags."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    comment = repository.comment(number, REPLY)
    recorder.comment(comment)
    repository.delete_comment(comment)
    crawl(store, upstream)
    assert len(thread(store).posts) == 1
    take(store, recorder, tmp_path)
    assert [post.body for post in thread(store).posts] == [ASK, REPLY]
    upstream.clear()
    crawl(store, upstream)
    gone = thread(store).posts[1].gone
    assert gone is not None
    assert gone.status == 404
    assert f"/repos/acme/rocket/issues/comments/{comment}" in upstream.paths()


def test_a_deleted_review_comment_gets_its_tombstone_from_a_sweep(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """A review comment that only an import knows is missed by the next sweep, though its list did not change."""
    repository = recorder.repository
    number = repository.issue("Relicense", ASK, pull_request={"merged_at": None})
    remark = repository.review_comment(number, REPLY)
    recorder.review_comment(remark)
    del repository.review_comments[remark]
    crawl(store, upstream)
    crawl(store, upstream)
    assert take(store, recorder, tmp_path).kept.posts == 1
    with GitHub(API, token=TOKEN, transport=upstream) as github:
        Crawler(store, github, Vocabulary()).sweep(RepositoryRef("acme", "rocket"))
    gone = thread(store).posts[1].gone
    assert gone is not None
    assert gone.status == 404


@pytest.mark.parametrize("target", ["acme/rocket", "acme/rocket#1"])
def test_a_deleted_issue_keeps_its_text(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path, target: str
) -> None:
    """An imported issue that is gone upstream gets its tombstone from the next crawl of it, and no lasting failure."""
    number = recorder.repository.issue("License?", ASK)
    recorder.issue(number)
    take(store, recorder, tmp_path)
    recorder.repository.delete_issue(number)
    crawl(store, upstream, target)
    found = thread(store)
    assert found.summary.gone is not None
    assert (found.summary.gone.status, found.posts[0].body) == (410, ASK)
    assert store.coverage(77).failures == ()


def test_seeing_something_once_does_not_bring_it_back(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """Importing what is known to be gone leaves its tombstones, and adds its texts."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    comment = repository.comment(number, REPLY)
    recorder.comment(comment)
    repository.edit_comment(comment, f"{REPLY} Edited.")
    crawl(store, upstream)
    repository.delete_comment(comment)
    crawl(store, upstream, "acme/rocket#1")
    upstream.gone["acme/rocket", number] = 410
    crawl(store, upstream, "acme/rocket#1")
    take(store, recorder, tmp_path)
    found = thread(store)
    assert found.summary.gone is not None
    assert found.posts[1].gone is not None
    assert texts(found.posts[1]) == [REPLY, f"{REPLY} Edited."]


def test_a_newer_sighting_does_not_bring_it_back(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """An hour later than what is held of a post and a thread that are gone adds their texts; both stay gone."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    comment = repository.comment(number, REPLY)
    crawl(store, upstream)
    with store.transaction() as tx:
        tx.mark_post_gone(77, number, PostKind.COMMENT, comment, 404)
        tx.mark_thread_gone(77, number, 410)
    repository.edit_comment(comment, f"{REPLY} Edited.")
    recorder.comment(comment)
    take(store, recorder, tmp_path)
    found = thread(store)
    assert (found.summary.gone is None, found.posts[1].gone is None) == (False, False)
    assert texts(found.posts[1]) == [REPLY, f"{REPLY} Edited."]


def test_a_newer_state_is_taken(store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path) -> None:
    """Hours after a crawl bring a thread up to date; what their events leave open stays as it is held."""
    repository = recorder.repository
    number = repository.issue("License?", ASK, state_reason="reopened", milestone={"title": "1.0"})
    repository.lock(number, "resolved")
    crawl(store, upstream)
    comment = repository.comment(number, REPLY)
    repository.close(number)
    event = recorder.comment(comment)
    del event["payload"]["issue"]["milestone"]
    recorder.issue(number, "closed", actor="boss")
    done = take(store, recorder, tmp_path)
    found = thread(store).summary
    assert done.settled == 1
    assert (found.state, found.milestone, found.lock_reason) == ("closed", "1.0", "resolved")
    assert found.closed_by == Account(user("boss")["id"], "boss")  # type: ignore[index]
    assert (found.state_reason, found.post_count, found.gap) == (None, 2, None)
    with store.transaction() as tx:
        assert tx.candidates(77) == [number]


def test_an_edit_tells_both_of_its_texts(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    """The text that an edit replaced is kept before the one that it left."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    comment = repository.comment(number, REPLY)
    repository.edit_comment(comment, f"{REPLY} Edited.")
    recorder.issue(number, "edited", changes={"body": {"from": "An older question."}})
    recorder.comment(comment, "edited", changes={"body": {"from": REPLY}})
    take(store, recorder, tmp_path)
    opening, answer = thread(store).posts
    assert set(texts(opening)) == {"An older question.", ASK}
    assert opening.body == ASK
    assert texts(answer) == [REPLY, f"{REPLY} Edited."]


def test_the_same_hour_again_changes_nothing(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    """Reading files again, in any order, keeps each text once and makes no further capture."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    recorder.issue(number)
    for at in range(70):
        recorder.comment(repository.comment(number, f"{REPLY} {at}"))
    paths = recorder.write(tmp_path / "hours")
    assert len(paths) == 2
    run(store, *reversed(paths))
    before = thread(store)
    assert before.summary.post_count == 71
    for path in paths:
        done = run(store, path, full=True)
        assert (done.kept.threads, done.kept.posts, done.kept.texts, done.settled) == (0, 0, 0, 0)
    assert thread(store) == before
    # A thread met in many events is captured when it is new, and once more at the end.
    assert len(before.captures) == 2
    assert list(store.verification().differences()) == []


def test_what_history_told_counts_as_seen(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """A text known from GitHub's edit history is one that GH Archive saw, once an import shows it."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    comment = repository.comment(number, REPLY)
    recorder.comment(comment)
    repository.edit_comment(comment, f"{REPLY} Edited.")
    crawl(store, upstream)
    assert [each.source for each in thread(store).posts[1].revisions] == ["history", "seen"]
    take(store, recorder, tmp_path)
    assert [each.source for each in thread(store).posts[1].revisions] == ["gharchive", "seen"]


def test_an_unknown_association_is_learnt(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """An association that early events do not tell is filled in by the first that does."""
    repository = recorder.repository
    event = recorder.comment(repository.comment(repository.issue("License?", ASK), REPLY))
    for name in ("issue", "comment"):
        del event["payload"][name]["author_association"]
    take(store, recorder, tmp_path)
    assert [post.author_association for post in thread(store).posts] == ["", ""]
    crawl(store, upstream)
    found = thread(store)
    assert [post.author_association for post in found.posts] == ["NONE", "MEMBER"]
    assert found.summary.author_association == "NONE"


# --- pull requests ----------------------------------------------------------------------------------------------------


def test_a_pull_request_waits_for_its_number(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """Texts of a pull request that is not held wait; the crawl that fetches it puts them where they belong."""
    repository = recorder.repository
    number = repository.issue("Relicense", ASK, pull_request={"merged_at": None})
    recorder.pull(number)
    remark = repository.review_comment(number, "Which license, the GPL or the MIT license?")
    cut = {"id": 9, "number": number, "head": {}, "base": {}}
    recorder.review_comment(remark, cut)
    repository.edit_issue(number, body="Nothing to see.", title="Tidy up")
    del repository.review_comments[remark]
    done = take(store, recorder, tmp_path)
    assert (done.kept.threads, done.kept.waiting) == (0, 2)
    assert store.thread(77, number) is None
    assert store.imports() is not None
    crawl(store, upstream)  # what it says now is not about licensing; what it said was
    found = thread(store)
    assert texts(found.posts[0]) == [ASK, "Nothing to see."]
    assert [(post.kind, post.body) for post in found.posts[1:]] == [
        (PostKind.REVIEW_COMMENT, "Which license, the GPL or the MIT license?")
    ]
    imports = store.imports()
    assert imports is not None
    assert imports.waiting == 0
    assert list(store.verification().differences()) == []


def test_a_comment_tells_the_number_that_a_pull_request_waits_for(
    store: Store, recorder: Recorder, tmp_path: Path
) -> None:
    """An issue comment brings a pull request's own number, whichever of the two is imported first."""
    repository = recorder.repository
    number = repository.issue("Relicense", ASK, pull_request={"html_url": "x"})
    recorder.pull(number)
    take(store, recorder, tmp_path)
    repository.edit_issue(number, body=f"{ASK} Edited.")
    recorder.comment(repository.comment(number, REPLY))
    take(store, recorder, tmp_path)
    found = thread(store)
    assert texts(found.posts[0]) == [ASK, f"{ASK} Edited."]
    assert found.posts[0].id == repository.issues[number]["id"]
    repository.edit_issue(number, body=f"{ASK} Edited twice.")
    recorder.pull(number)
    take(store, recorder, tmp_path)
    assert thread(store).posts[0].body == f"{ASK} Edited twice."


def test_a_discussion_is_completed_by_the_crawl_that_asks_for_discussions(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """An imported discussion is not asked for as an issue, which it is not; GraphQL completes it."""
    repository = recorder.repository
    obj = recorder.issue_object(repository.issue("License?", ASK, number=5))
    del repository.issues[5]
    recorder.record("DiscussionEvent", {"action": "created", "discussion": {**obj, "category": {"name": "Q&A"}}})
    take(store, recorder, tmp_path)
    assert thread(store, 5).summary.kind is ThreadKind.DISCUSSION
    crawl(store, upstream, token=None)
    assert not any("/issues/5" in path for path in upstream.paths())
    assert thread(store, 5).summary.gone is None
    with store.transaction() as tx:
        assert tx.candidates(77) == [5]


# --- names and places -------------------------------------------------------------------------------------------------


def test_an_old_name_is_an_alias(store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path) -> None:
    """A name from an old event leads to the repository and does not rename it; a later hour's name does."""
    repository = recorder.repository
    recorder.issue(repository.issue("License?", ASK))
    old = [recorder.write(tmp_path / "old")[0]]
    recorder.events.clear()
    repository.full_name = "acme/missile"
    repository.clock += timedelta(days=1)
    recorder.issue(repository.issue("License!", ASK))
    new = recorder.write(tmp_path / "new")
    for order in ((*old, *new), (*new, *old)):
        with open_store(f"sqlite:///{tmp_path / order[0].parent.name}.db") as fresh:
            run(fresh, *order)
            found = fresh.find_repository(RepositoryRef("acme", "rocket"))
            assert found is not None
            assert (found.id, str(found.ref)) == (77, "acme/missile")
    crawl(store, upstream, "acme/missile")
    run(store, *old)
    assert str(store.coverage(77).repository.ref) == "acme/missile"
    assert store.coverage(77).repository.aliases == ("acme/rocket", "acme/missile")


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_name_that_changed_hands(store: Store, tmp_path: Path, newest_first: bool) -> None:
    """Of two repositories that bore a name, the one seen under it last bears it, in whatever order they come."""
    paths = []
    for at, number in enumerate((77, 78)):
        recorder = Recorder(FakeRepository(id=number))
        recorder.repository.clock += timedelta(days=at)
        recorder.issue(recorder.repository.issue("License?", ASK))
        paths += recorder.write(tmp_path / str(at))
    for path in reversed(paths) if newest_first else paths:
        run(store, path)
    found = store.repositories_named(RepositoryRef("acme", "rocket"))
    assert [(each.id, each.ref.name) for each in found] == [(78, "rocket"), (77, "rocket~77")]


def test_a_thread_that_moved_since_is_not_begun_anew(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """An old event of a thread that was transferred since adds its texts to the record at the new place."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    recorder.issue(number)
    repository.edit_issue(number, body=f"{ASK} Edited.")
    crawl(store, upstream)
    with store.transaction() as tx:
        tx.move_thread(77, number, 77, 40)
    done = take(store, recorder, tmp_path)
    assert done.kept.threads == 0
    assert texts(thread(store, 40).posts[0]) == [ASK, f"{ASK} Edited."]


# --- what is withheld -------------------------------------------------------------------------------------------------


def stored(store: Store) -> str:
    """Return all that the database holds, unpacked."""
    found = []
    with closing(sqlite3.connect(store.url.removeprefix("sqlite:///"))) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):
                found += [zlib.decompress(each).decode() if isinstance(each, bytes) else str(each) for each in row]
    return "\n".join(found)


@pytest.mark.parametrize("lifted", [False, True])
def test_an_erased_text_does_not_come_back(
    store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path, lifted: bool
) -> None:
    """Neither the erased text of a post nor any other that it had is imported, also after the withdrawal was lifted."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    comment = repository.comment(number, f"{REPLY} zebrasecret")
    recorder.comment(comment)
    repository.edit_comment(comment, f"{REPLY} otherwise zebrasecret")
    crawl(store, upstream, token=None)  # the edit history would tell the first text: it would be erased by its digest
    ref = ThreadRef("acme", "rocket", number, anchor=f"issuecomment-{comment}")
    with store.transaction() as tx:
        target = tx.target(ref, None)
        tx.withdraw(target, reason="secret", note=None, erase=True, judge=judge)
        if lifted:
            tx.restore(target, judge)
        tx.scrubbed()
    take(store, recorder, tmp_path)
    assert "zebrasecret" not in stored(store)
    assert list(store.verification().differences()) == []


@pytest.mark.parametrize("kind", ["erased", "opted out"])
def test_an_author_who_is_withheld_is_not_imported(store: Store, recorder: Recorder, tmp_path: Path, kind: str) -> None:
    """Of an account that is erased everywhere, or opted out, no text comes in: no thread, no post, nothing waits."""
    repository = recorder.repository
    mine = user("gone")
    assert mine is not None
    with store.transaction() as tx:
        if kind == "opted out":
            tx.opt_out(mine["id"])
        else:
            target = tx.target(None, mine["id"])
            tx.withdraw(target, reason="author-request", note=None, erase=True, judge=judge)
            tx.scrubbed()
    recorder.issue(repository.issue("License?", f"{ASK} zebrasecret", login="gone"))
    number = repository.issue("License!", ASK)
    recorder.comment(repository.comment(number, f"{REPLY} zebrasecret", login="gone"))
    pull = repository.issue("Relicense", f"{ASK} zebrasecret", login="gone", pull_request={})
    recorder.pull(pull)
    take(store, recorder, tmp_path)
    assert "zebrasecret" not in stored(store)
    assert thread(store, number).posts[0].body == ASK
    assert list(store.verification().differences()) == []


def test_texts_that_wait_are_erased_with_their_author(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    """What waits for its thread goes when its author is erased, or opts out, meanwhile."""
    repository = recorder.repository
    for login in ("one", "two"):
        number = repository.issue("Relicense", f"{ASK} zebra{login}", login=login, pull_request={})
        recorder.pull(number)
    take(store, recorder, tmp_path)
    assert "zebraone" in stored(store)
    ids = [user(login)["id"] for login in ("one", "two")]  # type: ignore[index]
    with store.transaction() as tx:
        tx.withdraw(tx.target(None, ids[0]), reason="author-request", note=None, erase=True, judge=judge)
        tx.opt_out(ids[1])
    assert "zebraone" not in stored(store)
    assert "zebratwo" not in stored(store)


def test_an_erased_thread_stays_empty(store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path) -> None:
    """Of a thread that was erased as a whole nothing is imported."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    crawl(store, upstream)
    with store.transaction() as tx:
        target = tx.target(ThreadRef("acme", "rocket", number), None, whole=True)
        tx.withdraw(target, reason="legal", note=None, erase=True, judge=judge)
    recorder.comment(repository.comment(number, f"{REPLY} zebrasecret"))
    done = take(store, recorder, tmp_path)
    assert done.kept.withheld == 1
    assert "zebrasecret" not in stored(store)


# --- damage -----------------------------------------------------------------------------------------------------------


def test_broken_lines_are_counted_and_named(
    store: Store, recorder: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Lines that are no JSON, cut off or of wrong types cost themselves alone; each is named with its number."""
    repository = recorder.repository
    good = recorder.issue(repository.issue("License?", ASK))
    other = recorder.issue(repository.issue("License!", ASK))
    odd = json.loads(json.dumps(other))
    odd["payload"]["issue"]["number"] = "twelve"
    two_on_one_line = lines([other])[:-1] + lines([good])
    bad_utf8 = lines([good]).replace(b"GPL-3.0", b"GPL\xff3.0").replace(b'"number":1', b'"number":3')
    data = [
        b"no JSON\n",
        lines([odd]),
        b"\n",
        lines([good])[:300] + b"}\n",
        b"[1, 2]\n",
        two_on_one_line,
        b'{"id":"1","type":"IssuesEvent","payload":' + b'{"body":"license","x":' * 5000 + b"1" + b"}" * 5001 + b"\n",
        bad_utf8,
    ]
    path = tmp_path / "2020-01-01-0.json.gz"
    path.write_bytes(gzip.compress(b"".join(data)))
    done = run(store, path)
    assert (done.counts.lines, done.counts.broken) == (8, 5)
    assert done.kept.threads == 3
    named = [record.getMessage().split(":")[0] for record in caplog.records if ", line " in record.getMessage()]
    assert named == [f"2020-01-01-0.json.gz, line {number}" for number in (1, 2, 4, 5, 7)]
    assert "number" in caplog.text


def test_a_cut_off_file_is_imported_up_to_its_end(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    """Of a truncated file what is readable is kept and the gap is noted; a better copy has another size and is read."""
    repository = recorder.repository
    for at in range(300):
        recorder.issue(repository.issue(f"License? {at}", f"{ASK} {at * 7919}"))
    path = write(tmp_path / "2020-01-01-0.json.gz", [event for _, event in recorder.events])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    done = run(store, path)
    assert 0 < done.kept.threads < 300
    assert [name for name, _ in done.gaps] == ["2020-01-01-0.json.gz"]
    imports = store.imports()
    assert imports is not None
    assert (imports.hours, len(imports.gaps)) == (1, 1)
    assert run(store, path).known == 1
    path.write_bytes(whole)
    assert run(store, path).kept.threads == 300 - done.kept.threads
    assert store.holdings().threads == 300


def test_a_file_that_cannot_be_read_does_not_stop_the_others(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    """A file that vanished, or that is empty, is named, and the others are imported."""
    recorder.issue(recorder.repository.issue("License?", ASK))
    path = recorder.write(tmp_path)[0]
    (tmp_path / "2020-01-01-1.json.gz").write_bytes(b"")
    gone = tmp_path / "2019-01-01-1.json.gz"
    gone.write_bytes(b"x")
    files = find([tmp_path]).files
    gone.unlink()
    done = Importer(store, Vocabulary()).run(files)
    assert [name for name, _ in done.failures] == [str(gone)]
    assert done.gaps == [("2020-01-01-1.json.gz", "the file is empty")]
    assert done.kept.threads == 1
    assert path.exists()


# --- going on ---------------------------------------------------------------------------------------------------------


def stopping(after: int) -> Callable[[], bool]:
    """Return what says after so many questions that it is time to stop."""
    asked = iter(range(10_000))
    return lambda: next(asked) >= after


def hours(recorder: Recorder, folder: Path, count: int) -> list[Path]:
    """Record a thread with comments over so many hours."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    recorder.issue(number)
    for at in range(count - 1):
        repository.clock += timedelta(hours=1) - timedelta(minutes=1)
        recorder.comment(repository.comment(number, f"{REPLY} {at}"))
    return recorder.write(folder)


@pytest.mark.parametrize("after", range(6))
def test_an_import_that_is_stopped_goes_on(store: Store, recorder: Recorder, tmp_path: Path, after: int) -> None:
    """Stopped anywhere, the store is consistent; the next import reads what is left and comes to the same end."""
    paths = hours(recorder, tmp_path / "hours", 4)
    with pytest.raises(Stopped):
        run(store, *paths, stop=stopping(after))
    assert list(store.verification().differences()) == []
    done = run(store, *paths)
    assert done.known + done.read == 4
    found = thread(store)
    assert [post.body for post in found.posts] == [ASK, *(f"{REPLY} {at}" for at in range(3))]
    with store.importing() as tx:
        assert tx.to_settle(10, 0) == []


def test_a_file_is_read_once(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    """What was read to its end is not read again, but for another vocabulary, another size, or when asked to."""
    path = hours(recorder, tmp_path / "hours", 1)[0]
    files = find([path]).files
    assert Importer(store, Vocabulary()).run(files).read == 1
    path.chmod(0o000)
    assert Importer(store, Vocabulary()).run(files).known == 1
    path.chmod(0o644)
    assert Importer(store, Vocabulary(["feldspat"])).run(files).read == 1
    assert Importer(store, Vocabulary(["feldspat"]), full=True).run(files).read == 1


def test_one_import_at_a_time(store: Store, recorder: Recorder, upstream: FakeGitHub, tmp_path: Path) -> None:
    """A second import is told who is at work; a crawl may go on beside it."""
    paths = hours(recorder, tmp_path / "hours", 1)
    with store.import_lock():
        with pytest.raises(StoreBusy, match="another import"):
            run(store, *paths)
        assert crawl(store, upstream) == 1


def test_files_are_read_beside_each_other(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    """Several processes come to what one comes to, file by file, and none of them is left behind."""
    paths = hours(recorder, tmp_path / "hours", 6)
    paths[2].write_bytes(paths[2].read_bytes()[:-20])
    steps: list[Step] = []
    done = run(store, *paths, jobs=2, on_step=steps.append)
    with open_store(f"sqlite:///{tmp_path / 'alone.db'}", lambda: LATER) as alone:
        same = run(alone, *paths)
        assert (done.counts.record(), sorted(done.gaps)) == (same.counts.record(), sorted(same.gaps))
        assert [post.body for post in thread(store).posts] == [post.body for post in thread(alone).posts]
    assert sorted(each.file.name for each in steps if each.file) == sorted(path.name for path in paths)
    assert steps[-1].done == steps[-1].total == sum(path.stat().st_size for path in paths)
    assert multiprocessing.active_children() == []


def test_stopping_ends_the_processes_too(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    """An import by several processes that is stopped leaves none of them, and can be taken up again."""
    paths = hours(recorder, tmp_path / "hours", 3)
    with pytest.raises(Stopped):
        run(store, *paths, jobs=2, stop=stopping(1))
    assert multiprocessing.active_children() == []
    assert run(store, *paths, jobs=2).known < 3
    assert thread(store).summary.post_count == 3


def test_a_process_that_dies_costs_its_file(
    store: Store, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reading process that is killed costs the file that it read; the next import makes up for it."""
    paths = hours(recorder, tmp_path / "hours", 4)
    begun: list[Any] = []
    hear = importing.Importer._hear

    def listen(self: Importer, connection: Any, workers: Any, todo: Any, done: Any) -> None:
        if not begun:
            begun.append(workers[connection].process)
            begun[0].kill()
            begun[0].join()
            while connection.poll():
                try:
                    connection.recv()
                except EOFError:
                    break
        hear(self, connection, workers, todo, done)

    monkeypatch.setattr(importing.Importer, "_hear", listen)
    done = run(store, *paths, jobs=2)
    assert [reason for _, reason in done.failures] == ["the process that read it ended (-9)"]
    assert done.read == 3
    monkeypatch.undo()
    assert run(store, *paths).read == 1
    assert thread(store).summary.post_count == 4
