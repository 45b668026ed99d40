"""The store: nothing is overwritten, nothing stored twice, nothing half written, and every fault is one clear error."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.errors import ConfigError, NotHeld, StoreError
from archiver.model import Account, Change, PostKind, Relevance, Repository
from archiver.observed import ObservedPost, ObservedThread
from archiver.references import RepositoryRef, ThreadKind
from archiver.store import Store, Transaction, open_store

ROCKET = Repository(77, "acme", "Rocket", "A rocket", datetime(2019, 1, 1, tzinfo=UTC))
START = datetime(2020, 1, 1, tzinfo=UTC)
TABLES = ("revision", "snapshot", "capture", "post", "thread", "account", "change")


class Clock:
    """A clock that moves a minute on whenever it is asked."""

    def __init__(self) -> None:
        self.now = datetime(2024, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store's file is."""
    return tmp_path / "archive.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """Open an empty store whose clock moves on with each transaction."""
    with open_store(f"sqlite:///{path}", Clock()) as opened:
        yield opened


def post(post_id: int, body: str, *, minute: int = 0, login: str | None = "asker", **more: Any) -> ObservedPost:
    """Return a comment that was updated so many minutes after the start."""
    author = None if login is None else Account(sum(login.encode()), login)
    values: dict[str, Any] = {
        "kind": PostKind.COMMENT,
        "id": post_id,
        "author": author,
        "author_association": "NONE",
        "created_at": START,
        "updated_at": START + timedelta(minutes=minute),
        "body": body,
        "body_html": f"<p>{body}</p>",
        "raw": {"id": post_id, "body": body, "body_html": f"<p>{body}</p>"},
    }
    return ObservedPost(**{**values, **more})


def thread(
    number: int = 1, body: str = "Please.", *, minute: int = 0, comments: int = 0, **more: Any
) -> ObservedThread:
    """Return an issue that was updated so many minutes after the start."""
    opening = post(1000 + number, body, minute=minute, kind=PostKind.OPENING)
    values: dict[str, Any] = {
        "number": number,
        "kind": ThreadKind.ISSUE,
        "title": "Consider the GPL",
        "state": "open",
        "state_reason": None,
        "locked": False,
        "lock_reason": None,
        "labels": (),
        "milestone": None,
        "assignees": (),
        "created_at": START,
        "updated_at": opening.updated_at,
        "closed_at": None,
        "merged_at": None,
        "closed_by": None,
        "closed_by_known": True,
        "comments": comments,
        "opening": opening,
    }
    return ObservedThread(**{**values, **more})


def judge(_title: str, _posts: object) -> Relevance:
    """Find every thread to be about licensing."""
    return Relevance(verdict="subject", score=1.5, terms=("license",), spdx=("GPL",))


def save(
    store: Store, seen: ObservedThread, posts: Sequence[ObservedPost] = (), repository: Repository = ROCKET
) -> bool:
    """Keep a thread with comments in one transaction; return whether it has a new snapshot."""
    with store.transaction() as tx:
        tx.save_repository(repository)
        tx.observe_thread(repository.id, seen)
        tx.observe_posts(repository.id, seen.number, posts)
        return tx.settle(repository.id, seen.number, judge)


def break_off(store: Store, doing: Sequence[Callable[[Transaction], object]]) -> None:
    """Do some steps in one transaction, and break it off."""
    with store.transaction() as tx:
        for step in doing:
            step(tx)
        raise ZeroDivisionError


def rows(path: Path, table: str) -> list[tuple[Any, ...]]:
    """Read a table as it stands in the file, by its own connection."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


def counts(path: Path) -> dict[str, int]:
    """Count the rows of the tables."""
    return {table: len(rows(path, table)) for table in TABLES}


def bodies(store: Store, number: int = 1, digest: str | None = None, repository_id: int = 77) -> list[str]:
    """Return the texts of a thread."""
    found = store.thread(repository_id, number, digest)
    assert found is not None
    return [each.body for each in found.posts]


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_thread_comes_back_as_it_was_observed(store: Store) -> None:
    """All that a response said of a thread is read back, with the repository's name in its own spelling."""
    seen = thread(
        comments=1,
        kind=ThreadKind.PULL,
        state="closed",
        state_reason="completed",
        locked=True,
        lock_reason="resolved",
        labels=("a", "b"),
        milestone="2.0",
        assignees=("x",),
        closed_at=START + timedelta(days=1),
        merged_at=START + timedelta(days=1),
        closed_by=Account(5, "maintainer"),
    )
    save(store, seen, [post(1, "No.", minute=3)])
    held = store.thread(77, 1)
    assert held is not None
    summary = held.summary
    for name in ("number", "kind", "title", "state", "state_reason", "locked", "lock_reason", "labels", "milestone",
                 "assignees", "created_at", "updated_at", "closed_at", "merged_at", "closed_by"):  # fmt: skip
        assert getattr(summary, name) == getattr(seen, name), name
    assert str(summary.ref) == "acme/Rocket#1"
    assert (summary.post_count, summary.comments_upstream, summary.relevance) == (2, 1, judge("", ()))
    comment = held.posts[1]
    assert (comment.kind, comment.id, comment.body) == (PostKind.COMMENT, 1, "No.")
    assert comment.revision.body_html == "<p>No.</p>"
    assert comment.updated_at == comment.revision.edited_at == START + timedelta(minutes=3)
    assert store.thread_by_key(summary.key) == held


def test_digest_is_that_of_the_record_held(store: Store) -> None:
    """The canonical record of a snapshot is kept as it was hashed, and its SHA-256 is the digest."""
    save(store, thread(), [post(1, "Nein, ライセンス \x00")])
    held = store.thread(77, 1)
    assert held is not None
    record = store.snapshot_record(held.summary.snapshot)
    assert record is not None
    assert hashlib.sha256(record).hexdigest() == held.summary.snapshot
    assert [each["revision"] for each in json.loads(record)["posts"]] == [each.revision.digest for each in held.posts]
    assert store.snapshot_record("0" * 64) is None


def test_same_content_twice_is_stored_once(store: Store, path: Path) -> None:
    """The same answers a second time add no row to any table, and no capture and no change."""
    assert save(store, thread(comments=1), [post(1, "No.")])
    before, last = counts(path), store.last_change()
    assert not save(store, thread(comments=1), [post(1, "No.")])
    assert counts(path) == before
    assert store.last_change() == last


def test_nothing_is_overwritten(store: Store, path: Path) -> None:
    """Edits, closings and renames add rows; every row of text, snapshot and capture that was there stays as it was."""
    save(store, thread(comments=1), [post(1, "No.")])
    before = {table: set(rows(path, table)) for table in ("revision", "snapshot", "capture", "account")}
    save(store, thread(comments=2, body="Edited.", minute=5, state="closed"), [post(1, "Yes.", minute=5), post(2, "!")])
    save(store, thread(comments=2, body="Edited.", minute=6, title="Renamed"), [post(1, "Perhaps.", minute=6)])
    for table, old in before.items():
        assert old <= set(rows(path, table)), table
    assert [len(rows(path, table)) for table in ("revision", "snapshot", "capture")] == [6, 3, 3]


def test_there_and_back_is_two_snapshots_and_three_captures(store: Store, path: Path) -> None:
    """A text that comes back is the snapshot that it was, captured once more."""
    for minute, body in enumerate(["A", "B", "A"]):
        save(store, thread(body=body, minute=minute))
    digests = [each.digest for each in store.captures(77, 1)]
    assert digests[0] == digests[2] != digests[1]
    assert [each.number for each in store.captures(77, 1)] == [1, 2, 3]
    assert counts(path) | {"snapshot": 2, "revision": 2, "capture": 3} == counts(path)
    assert [bodies(store, digest=digest) for digest in digests] == [["A"], ["B"], ["A"]]


def test_older_snapshot_reads_as_it_was(store: Store) -> None:
    """A thread by an old digest has the title, state, posts and texts of then; the revisions known now stand beside."""
    save(store, thread(comments=1), [post(1, "No.")])
    first = store.captures(77, 1)[0].digest
    save(
        store, thread(comments=2, minute=5, title="Renamed", state="closed"), [post(1, "Yes.", minute=5), post(2, "!")]
    )
    old = store.thread(77, 1, first)
    assert old is not None
    assert (old.summary.title, old.summary.state, old.summary.post_count) == ("Consider the GPL", "open", 2)
    assert [each.body for each in old.posts] == ["Please.", "No."]
    assert [each.body for each in old.posts[1].revisions] == ["No.", "Yes."]
    assert store.resolve_digest(77, 1, first[:12]) == first
    assert store.resolve_digest(77, 1, "%") is None
    assert store.resolve_digest(77, 1, "") == first


@pytest.mark.parametrize("together", [True, False], ids=["one answer", "two answers"])
def test_older_observation_is_ignored(store: Store, together: bool) -> None:
    """An answer from a replica that is behind does not put an old text in place of a newer one."""
    newer, older = post(1, "Newer", minute=9), post(1, "Older", minute=3)
    save(store, thread(comments=1, body="Newer", minute=9), [newer, older] if together else [newer])
    assert not save(store, thread(comments=2, body="Older", minute=3, title="Older", state="closed"), [older])
    assert bodies(store) == ["Newer", "Newer"]
    assert store.summaries()[0].title == "Consider the GPL"
    assert len(store.captures(77, 1)) == 1


def test_the_same_post_twice_in_one_answer_is_one_post(store: Store) -> None:
    """A page that shifted shows a comment twice: the later text stands, the earlier one is a revision of it."""
    for at, start in enumerate([[], [post(1, "First")]]):
        save(store, thread(1 + at, comments=1), start)
        save(store, thread(1 + at, comments=1), [post(1, "Second", minute=1), post(1, "Third", minute=2)])
        assert bodies(store, 1 + at)[1:] == ["Third"]


def test_first_author_is_kept_when_the_account_is_gone(store: Store) -> None:
    """A deleted account changes nothing; an account that shows up later fills the gap."""
    save(store, thread(comments=2), [post(1, "No."), post(2, "Who am I?", login=None)])
    assert not save(store, thread(comments=2, minute=1), [post(1, "No.", minute=1, login=None)])
    assert save(store, thread(comments=2, minute=2), [post(2, "Who am I?", minute=2, login="late")])
    held = store.thread(77, 1)
    assert held is not None
    assert [each.author and each.author.login for each in held.posts] == ["asker", "asker", "late"]


def test_who_closed_it_is_not_forgotten_and_not_invented(store: Store) -> None:
    """A list that does not say who closed a thread leaves what is known, unless it was closed anew since."""
    closing_time = START + timedelta(days=1)
    closed = thread(minute=1, state="closed", closed_at=closing_time, closed_by=Account(5, "maintainer"))
    save(store, closed)
    assert not save(store, replace(closed, closed_by=None, closed_by_known=False))
    assert save(store, replace(closed, closed_by=None, closed_by_known=False, closed_at=closing_time + timedelta(1)))
    held = store.thread(77, 1)
    assert held is not None
    assert held.summary.closed_by is None


def test_thread_is_public_with_its_first_snapshot_only(store: Store) -> None:
    """A thread that is still being fetched is seen nowhere but in the crawl's own lists."""
    with store.transaction() as tx:
        tx.save_repository(ROCKET)
        tx.observe_thread(77, thread(comments=2))
        assert tx.held_numbers(77, [1, 2]) == {1}
        assert [(each.number, each.held, each.upstream, each.public) for each in tx.unsettled(77)] == [(1, 0, 2, False)]
    assert store.thread(77, 1) is None
    assert (store.summaries(), store.repositories(), store.changes(0, 10)) == ([], [], [])
    assert store.post_thread(PostKind.OPENING, 1001) is None
    with store.transaction() as tx:
        tx.settle(77, 1, judge)
        assert tx.unsettled(77) == []
    assert store.coverage(77).gaps == ((1, "0 of 2 comments could be fetched"),)
    assert store.post_thread(PostKind.OPENING, 1001) == (77, 1)


def test_posts_are_kept_within_their_thread(store: Store) -> None:
    """A thread that was transferred may bring its posts' numbers along: both places keep all of them, for ever."""
    save(store, thread(comments=1), [post(1, "No.")])
    moved = replace(ROCKET, id=78, name="docs")
    save(store, thread(comments=1, minute=5), [post(1, "No, never.", minute=5)], repository=moved)
    save(store, thread(2, comments=1), [post(1, "No.")], repository=moved)
    assert bodies(store) == ["Please.", "No."]
    assert bodies(store, repository_id=78) == ["Please.", "No, never."]
    assert bodies(store, 2, repository_id=78) == ["Please.", "No."]
    assert store.post_thread(PostKind.COMMENT, 1) == (78, 2)


def test_robots_are_known_when_read_back(store: Store) -> None:
    """Whoever reads a thread is told which of its authors are no persons: a consent roll must not count them."""
    robot = post(2, "I agree.", author=Account(9, "helper[bot]", bot=True))
    save(store, thread(comments=2), [post(1, "I agree."), robot])
    found = store.thread(77, 1)
    assert found is not None
    assert [each.author.bot for each in found.posts if each.author] == [False, False, True]


def test_what_is_not_held_is_said(store: Store) -> None:
    """Unknown numbers, of any size, are None or empty; what cannot go on without them is NotHeld."""
    save(store, thread())
    for number in (2, 0, -1, 2**63, 10**30):
        assert store.thread(77, number) is None
        assert store.thread(number, 1) is None
        assert store.captures(77, number) == []
        assert store.resolve_digest(77, number, "") is None
        assert store.post_thread(PostKind.COMMENT, number) is None
        assert store.summaries_by_key([f"77/{number}", "77/1"]).keys() == {"77/1"}
    assert store.thread(77, 1, "0" * 64) is None
    with pytest.raises(NotHeld):
        store.coverage(5)
    with store.transaction() as tx:
        with pytest.raises(NotHeld, match="no thread 77/9 is kept"):
            tx.observe_posts(77, 9, [post(1, "x")])
        with pytest.raises(NotHeld, match="no thread 77/9 is kept"):
            tx.settle(77, 9, judge)


def test_html_that_is_none_is_kept_and_not_shown(store: Store) -> None:
    """A raw object is kept whole, whatever stands in it; only a text counts as HTML."""
    save(store, thread(comments=1), [post(1, "x", raw={"body_html": 5})])
    held = store.thread(77, 1)
    assert held is not None
    assert held.posts[1].revision.body_html is None


# --- changes ----------------------------------------------------------------------------------------------------------


def test_changes_are_numbered_without_gaps_one_row_per_thread(store: Store) -> None:
    """Each commit takes the next number, and only the last change of a thread is listed."""
    seen = []
    for number, minute in [(1, 0), (2, 0), (1, 1), (3, 0), (2, 1), (1, 2)]:
        save(store, thread(number, f"text {minute}", minute=minute))
        seen.append(store.last_change())
    assert seen == [1, 2, 3, 4, 5, 6]
    wanted = [Change(4, "put", "77/3"), Change(5, "put", "77/2"), Change(6, "put", "77/1")]
    assert store.changes(0, 10) == wanted
    assert store.changes(4, 10) == wanted[1:]
    assert store.changes(0, 2) == wanted[:2]
    assert store.changes(6, 10) == []


def test_another_relevance_is_a_change_and_no_capture(store: Store) -> None:
    """When only the verdict differs, the index hears of it, and history does not."""
    save(store, thread())
    with store.transaction() as tx:
        assert not tx.settle(77, 1, lambda _title, _posts: Relevance(verdict="mention"))
    assert store.last_change() == 2
    assert len(store.captures(77, 1)) == 1
    assert store.summaries()[0].relevance.verdict == "mention"


def test_a_rolled_back_change_leaves_no_gap(store: Store) -> None:
    """A transaction that fails gives its numbers back."""
    save(store, thread())
    with pytest.raises(ZeroDivisionError):
        break_off(store, [lambda tx: tx.observe_thread(77, thread(2)), lambda tx: tx.settle(77, 2, judge)])
    save(store, thread(3))
    assert [each.number for each in store.changes(0, 10)] == [1, 2]


# --- transactions -----------------------------------------------------------------------------------------------------


def steps() -> list[Callable[[Transaction], object]]:
    """Return what a crawl does in one transaction, step by step."""
    return [
        lambda tx: tx.save_repository(replace(ROCKET, name="Starship")),
        lambda tx: tx.observe_thread(77, thread(minute=5, body="Edited", title="Renamed")),
        lambda tx: tx.observe_posts(77, 1, [post(1, "New")]),
        lambda tx: tx.observe_thread(77, thread(2)),
        lambda tx: tx.settle(77, 1, judge),
        lambda tx: tx.remember("https://api.test/x", '"etag"', None),
        lambda tx: tx.save_note("rate", {"left": 5}),
        lambda tx: tx.note_failure(77, "#1", "gone"),
        lambda tx: tx.add_candidate(77, 9),
    ]


@pytest.mark.parametrize("after", range(1, len(steps()) + 1))
def test_a_failing_transaction_leaves_nothing(store: Store, path: Path, after: int) -> None:
    """Wherever within a transaction something breaks, the file is as it was before."""
    save(store, thread())
    tables = [*TABLES, "repository", "repository_alias", "http_cache", "note", "failure", "candidate", "change_counter"]
    before = {table: rows(path, table) for table in tables}
    with pytest.raises(ZeroDivisionError):
        break_off(store, steps()[:after])
    assert {table: rows(path, table) for table in tables} == before


def test_reader_sees_the_state_before_until_the_commit(store: Store) -> None:
    """While a transaction is open, readers see all of the old state and none of the new, and are not kept waiting."""
    save(store, thread(comments=1), [post(1, "No.")])
    with store.transaction() as tx:
        tx.observe_thread(77, thread(comments=2, minute=5, title="Renamed"))
        tx.observe_posts(77, 1, [post(1, "Yes.", minute=5), post(2, "!")])
        tx.settle(77, 1, judge)
        held = store.thread(77, 1)
        assert held is not None
        assert (held.summary.title, [each.body for each in held.posts]) == ("Consider the GPL", ["Please.", "No."])
        assert (store.last_change(), len(store.changes(0, 10)), len(held.captures)) == (1, 1, 1)
    held = store.thread(77, 1)
    assert held is not None
    assert (held.summary.title, [each.body for each in held.posts]) == ("Renamed", ["Please.", "Yes.", "!"])


def test_reader_sees_one_state_from_first_to_last(store: Store) -> None:
    """A reading that began before a commit goes on seeing what was there when it began."""
    save(store, thread())
    with store._connection() as connection:
        number = "SELECT value FROM change_counter"
        first = connection.exec_driver_sql(number).scalar_one()
        writer = threading.Thread(target=save, args=(store, thread(minute=1, body="Edited")))
        writer.start()
        writer.join()
        assert connection.exec_driver_sql(number).scalar_one() == first
    assert store.last_change() == first + 1


def test_opening_does_not_wait_for_a_writer(store: Store, path: Path) -> None:
    """A reader can be opened and read while another one writes for a long time."""
    save(store, thread())
    with store.transaction() as tx:
        tx.save_note("busy", {})
        with open_store(f"sqlite:///{path}") as other:
            assert bodies(other) == ["Please."]


def test_a_second_writer_begins_when_the_first_is_done(store: Store) -> None:
    """Two writers never work on one state: the second waits before it reads, and sees what the first has written."""
    inside = threading.Event()
    seen: list[object] = []

    def write() -> None:
        with store.transaction() as tx:
            inside.set()
            seen.append(tx._connection.exec_driver_sql("SELECT value FROM change_counter").scalar_one())
            tx._note_change("put", "77/2")

    with store.transaction() as tx:
        tx._note_change("put", "77/1")
        second = threading.Thread(target=write)
        second.start()
        assert not inside.wait(0.3)
    second.join()
    assert seen == [1]
    assert [each.number for each in store.changes(0, 10)] == [1, 2]


WRITER = """
    import sys
    from datetime import UTC, datetime
    from archiver.model import Repository
    from archiver.store import open_store

    with open_store(sys.argv[1]) as store:
        for at in range(25):
            with store.transaction() as tx:
                tx.save_repository(Repository(int(sys.argv[2]), "acme", f"rocket-{sys.argv[2]}"))
                tx._note_change("put", f"{sys.argv[2]}/{at}")
"""


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a program of its own."""
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_processes_that_create_and_write_at_once_lose_nothing(path: Path) -> None:
    """Three processes that open the same new store and write to it take turns: no number is missing or taken twice."""
    writers = [python(WRITER, f"sqlite:///{path}", str(at)) for at in (1, 2, 3)]
    for each in writers:
        _, errors = each.communicate(timeout=60)
        assert (each.returncode, errors) == (0, "")
    with open_store(f"sqlite:///{path}") as store:
        changes = store.changes(0, 1000)
        assert [each.number for each in changes] == list(range(1, 76))
        assert len({each.key for each in changes}) == 75


# --- names of repositories --------------------------------------------------------------------------------------------


def test_repository_is_found_by_every_name_in_any_case(store: Store) -> None:
    """Former names, and the name that was asked for, lead to the repository in any spelling."""
    with store.transaction() as tx:
        tx.save_repository(ROCKET, RepositoryRef("ACME", "Old-Rocket"))
    with store.transaction() as tx:
        tx.save_repository(replace(ROCKET, owner="Starfleet", name="Starship"))
    for name in ("acme/rocket", "ACME/ROCKET", "acme/old-rocket", "starfleet/STARSHIP"):
        found = store.find_repository(RepositoryRef(*name.split("/")))
        assert found is not None
        assert (found.id, str(found.ref)) == (77, "Starfleet/Starship")
        assert found.aliases == ("ACME/Old-Rocket", "acme/Rocket", "Starfleet/Starship")
    assert store.find_repository(RepositoryRef("acme", "nothing")) is None


def test_a_name_that_was_taken_over_means_the_one_seen_under_it_last(store: Store) -> None:
    """A name that another repository takes over is its own, whenever the first is seen again by its new name."""
    renamed = replace(ROCKET, name="Starship")
    for each in (ROCKET, renamed, Repository(5, "acme", "rocket"), renamed):
        with store.transaction() as tx:
            tx.save_repository(each)
    found = store.find_repository(RepositoryRef("acme", "Rocket"))
    assert found is not None
    assert found.id == 5
    found = store.find_repository(RepositoryRef("acme", "starship"))
    assert found is not None
    assert found.id == 77


def test_lists_of_threads_and_repositories(store: Store) -> None:
    """Threads are listed in each order, by page and by repository; repositories by name."""
    save(store, thread(1, minute=9))
    save(store, thread(2, created_at=START + timedelta(days=1)))
    save(store, thread(3), repository=replace(ROCKET, id=78, owner="Abc"))
    assert [each.number for each in store.summaries()] == [2, 3, 1]
    assert [each.number for each in store.summaries(order="updated")] == [1, 3, 2]
    assert [each.number for each in store.summaries(order="captured")] == [3, 2, 1]
    assert [each.number for each in store.summaries(order="number", limit=1, offset=1)] == [2]
    assert [each.number for each in store.summaries(repository_id=78)] == [3]
    assert [str(each.ref) for each in store.repositories()] == ["Abc/Rocket", "acme/Rocket"]
    assert [each.repository.id for each in store.coverages()] == [78, 77]
    holdings = store.holdings()
    assert (holdings.repositories, holdings.threads, holdings.posts, holdings.snapshots) == (2, 3, 3, 3)


# --- faults -----------------------------------------------------------------------------------------------------------


def refusal(url: str) -> str:
    """Return the words of the StoreError with which a store cannot be opened or read."""
    with pytest.raises(StoreError) as caught, open_store(url) as store:
        store.holdings()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_in_the_files_place(path: Path) -> None:
    """A folder where the file should be is one clear error."""
    path.mkdir()
    assert "cannot be opened for reading and writing" in refusal(f"sqlite:///{path}")


def test_a_file_in_the_folders_place(path: Path) -> None:
    """A file where the folder should be is one clear error."""
    path.write_text("")
    assert "its folder cannot be made" in refusal(f"sqlite:///{path}/deeper/archive.db")


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_file_that_is_no_database(path: Path, content: bytes) -> None:
    """A file of another kind is refused, and left as it is."""
    path.write_bytes(content)
    assert "this file is damaged or no onrecord store" in refusal(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_file_that_is_cut_off(path: Path) -> None:
    """A store of which the end is missing is one clear error, not a traceback."""
    with open_store(f"sqlite:///{path}") as store:
        save(store, thread(body="x" * 200_000))
    path.write_bytes(path.read_bytes()[:8192])
    assert str(path) in refusal(f"sqlite:///{path}")


def test_a_place_that_cannot_be_written(path: Path) -> None:
    """A place where no file can be made, even by root, is one clear error."""
    assert "its folder cannot be made" in refusal("sqlite:////proc/onrecord/archive.db")


UNPRIVILEGED = """
    import os, sys
    from archiver.errors import StoreError
    from archiver.store import open_store

    if os.getuid() == 0:
        os.setuid(65534)
    try:
        open_store(sys.argv[1])
    except StoreError as error:
        print(error)
"""


def test_a_store_that_may_not_be_read(path: Path) -> None:
    """A file without permissions is one clear error to a program that is not root."""
    with open_store(f"sqlite:///{path}") as store:
        save(store, thread())
    path.chmod(0)
    output, errors = python(UNPRIVILEGED, f"sqlite:///{path}").communicate(timeout=60)
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert errors == ""
    assert len(output.splitlines()) == 1
    assert "cannot be opened for reading and writing" in output or "Permission denied" in output


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is no store URL"),
        ("archive.db", "is no store URL"),
        ("postgresql://me:hunter2@host/db", "postgresql://me:***@host/db: this version keeps its store in SQLite only"),
        ("postgresql://me:hunter2@host:port/db", "is no store URL"),
        ("postgresql//me:hunter2@host/db", "is no store URL"),
        ("nonsense://me:hunter2@host/db", "in SQLite only"),
        ("sqlite+pysqlcipher://:hunter2@/x.db", "in SQLite only"),
        ("sqlite+aiosqlite:///x.db", "in SQLite only"),
        ("sqlite://me:hunter2@host/x.db", "only a path is wanted"),
        ("sqlite://data/archive.db", "only a path is wanted"),
        ("sqlite:///x.db?mode=ro", "only a path is wanted"),
        ("sqlite:///a\0b", "only a path is wanted"),
    ],
)
def test_a_url_that_names_no_store_and_its_password(url: str, said: str) -> None:
    """A URL of another kind is refused with what to write, and a password in it is never shown, nor in the key."""
    with pytest.raises(ConfigError) as caught:
        open_store(url)
    assert said in str(caught.value)
    assert "hunter2" not in f"{caught.value} {caught.value!r} {caught.value.key}"


def test_full_disk_is_one_error_and_the_store_intact(store: Store, path: Path) -> None:
    """When no page can be added any more, the step fails as a whole with a clear error; afterwards all goes on."""
    save(store, thread())
    before = counts(path)
    noise = "".join(hashlib.sha256(str(at).encode()).hexdigest() for at in range(20_000))

    def save_noise() -> None:
        with store.transaction() as tx:
            pages = tx._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            tx._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
            try:
                tx.observe_thread(77, thread(2))
                tx.observe_posts(77, 2, [post(1, noise)])
                tx.settle(77, 2, judge)
            finally:
                tx._connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")

    with pytest.raises(StoreError, match="no space is left; nothing was changed by the step that failed"):
        save_noise()
    assert counts(path) == before
    assert bodies(store) == ["Please."]
    assert save(store, thread(2), [post(1, noise)])
    assert rows(path, "change_counter") == [(1, 2)]


LIMITED = """
    import resource, signal, sys
    from archiver.errors import StoreError
    from archiver.model import Repository
    from archiver.store import open_store

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open_store(sys.argv[1]) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
        try:
            for at in range(1, 1000):
                with store.transaction() as tx:
                    tx.save_repository(Repository(at, "acme", f"rocket-{at}", "x" * 5000))
        except StoreError as error:
            print(at, error)
"""


def test_a_write_that_the_system_refuses_keeps_what_was_committed(path: Path) -> None:
    """When the operating system refuses to write, there is one StoreError, and all that was committed is there."""
    process = python(LIMITED, f"sqlite:///{path}")
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    failed, _, message = output.partition(" ")
    assert str(path) in message
    assert len(message.strip().splitlines()) == 1
    with open_store(f"sqlite:///{path}") as store:
        assert [each.repository.id for each in store.coverages()] == sorted(
            range(1, int(failed)), key=lambda at: f"rocket-{at}"
        )
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_messages_of_the_driver_are_one_line(store: Store) -> None:
    """A statement that the database refuses for another reason is a StoreError of one line."""
    double = "INSERT INTO change VALUES ('a', 1, 'put'), ('b', 1, 'put')"
    with pytest.raises(StoreError, match=r"UNIQUE constraint failed: change\.number$"), store.transaction() as tx:
        tx._connection.exec_driver_sql(double)
