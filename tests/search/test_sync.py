"""Tests how an index follows a store, with a real one of each."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.model import Repository
from archiver.references import ThreadKind
from archiver.store import Store, open_store
from search.index import Index, open_index
from search.query import parse
from search.sync import rebuild, sync
from tests.search.builders import keep


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Open an index that does not exist yet."""
    opened = open_index(f"whoosh:{tmp_path / 'index'}")
    yield opened
    opened.close()


def found(index: Index, query: str) -> set[str]:
    """Return the keys of the threads found."""
    return {hit.key for hit in index.search(parse(query).tree, per_page=100).hits}


def test_first_sync_and_the_next(store: Store, index: Index) -> None:
    """All that is kept is found; later only what changed is put, and the text before is found no more."""
    keep(store, 1, "Relicense?", ["Please.", "No copyleft."])
    keep(store, 2, "Other")
    report = sync(store, index)
    assert (report.puts, report.deletions, report.rebuilt) == (2, 0, False)
    assert report.cursor == index.cursor() == store.last_change()
    assert found(index, "copyleft") == {"77/1"}
    keep(store, 1, "Relicense?", ["Please.", "Permissive, then."], state="closed")
    again = sync(store, index)
    assert again.puts == 1
    assert found(index, "copyleft") == set()
    assert found(index, "permissive is:closed") == {"77/1"}
    assert sync(store, index).puts == 0


def test_an_empty_store(store: Store, index: Index) -> None:
    """There is nothing to do, and nothing is found."""
    assert sync(store, index).cursor == 0
    assert found(index, "") == set()


def test_batches(store: Store, index: Index) -> None:
    """Each batch is a commit with its cursor, and progress is told; the result is the same whatever their size."""
    for number in range(1, 8):
        keep(store, number, f"Thread {number}")
    seen: list[tuple[int, int, int]] = []
    sync(store, index, batch=3, progress=lambda done, last: seen.append((done, last, index.cursor())))
    assert len(seen) == 3
    assert all(done == cursor for done, _, cursor in seen)
    assert {last for _, last, _ in seen} == {store.last_change()}
    assert len(found(index, "thread")) == 7


def test_a_large_batch_is_divided(store: Store, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit ends when it has much text, so that memory stays flat."""
    monkeypatch.setattr("search.sync.BATCH_CHARACTERS", 1_000)
    for number in range(1, 7):
        keep(store, number, "Long", ["word " * 150])
    commits: list[int] = []
    assert sync(store, index, progress=lambda done, _: commits.append(done)).puts == 6
    assert len(commits) == 3


def test_a_thread_that_the_store_no_longer_has(store: Store, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is deleted from the index."""
    keep(store, 1, "Stays")
    keep(store, 2, "Goes")
    sync(store, index)
    keep(store, 2, "Goes on")
    whole = store.thread_by_key
    monkeypatch.setattr(store, "thread_by_key", lambda key: None if key == "77/2" else whole(key))
    report = sync(store, index)
    assert (report.puts, report.deletions) == (0, 1)
    assert found(index, "") == {"77/1"}


def test_an_index_ahead_of_its_store(
    store: Store, index: Index, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """When the store was replaced by an older one, that is said, and the index is built anew from it."""
    for number in range(1, 5):
        keep(store, number, "Newer")
    sync(store, index)
    with open_store(f"sqlite:///{tmp_path / 'backup.db'}") as backup:
        keep(backup, 9, "Older")
        with caplog.at_level(logging.WARNING):
            report = sync(backup, index)
        assert report.rebuilt
        assert found(index, "") == {"77/9"}
        assert index.cursor() == backup.last_change()
    assert "ahead of the store" in caplog.text


def test_rebuild_equals_sync(store: Store, index: Index, tmp_path: Path) -> None:
    """An index built anew holds the same threads, digests and cursor as one that followed."""
    other = Repository(78, "other", "Name")
    for number in range(1, 6):
        keep(store, number, f"Thread {number}", ["a", "b"])
        keep(store, number, f"Elsewhere {number}", repository=other, kind=ThreadKind.PULL)
        sync(store, index)
    keep(store, 3, "Changed")
    sync(store, index)
    fresh = open_index(f"whoosh:{tmp_path / 'fresh'}")
    report = rebuild(store, fresh, batch=4)
    assert (report.puts, report.rebuilt) == (10, True)
    assert list(fresh.digests()) == list(index.digests())
    assert fresh.cursor() == index.cursor()
    assert {key: store.thread_by_key(key).summary.snapshot for key, _ in fresh.digests()} == dict(fresh.digests())  # type: ignore[union-attr]
    fresh.close()


def test_killed_between_store_and_index(store: Store, index: Index) -> None:
    """What the store kept before a crash of the sync is put by the next one."""
    keep(store, 1, "First")
    sync(store, index)
    keep(store, 2, "Second")
    keep(store, 3, "Third")

    class Crash(BaseException):
        pass

    def crash(_done: int, _last: int) -> None:
        raise Crash

    with pytest.raises(Crash):
        sync(store, index, batch=1, progress=crash)
    assert found(index, "") == {"77/1", "77/2"}
    assert sync(store, index).puts == 1
    assert found(index, "") == {"77/1", "77/2", "77/3"}
