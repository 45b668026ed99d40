"""Tests what is particular to the Whoosh engine: locks, crashes, damage, a full disk, and what lies in its folder."""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from whoosh.filedb.filestore import FileStorage

from search.document import Document
from search.errors import IndexFull, IndexLocked, IndexOutdated, IndexUnavailable
from search.tree import Everything, Word
from search.whoosh_index import SCHEMA_VERSION, WhooshIndex
from tests.search.builders import document

ROOT = Path(__file__).parents[2]


def batch(state: int, count: int = 6) -> list[Document]:
    """Return documents that all say which state of the index they are of."""
    return [document(n, f"title {n}", [("ann", f"common state{state}")]) for n in range(1, count + 1)]


def keys(index: WhooshIndex, word: str) -> set[str]:
    """Return the keys of the documents with a word."""
    return {hit.key for hit in index.search(Word(word), per_page=100).hits}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of an index with six documents in state 1."""
    index = WhooshIndex(tmp_path / "index")
    index.apply(batch(1), [], 1)
    index.close()
    return tmp_path / "index"


def generation(root: Path) -> Path:
    """Return the folder of the present generation."""
    name = json.loads((root / "CURRENT").read_text())["generation"]
    return root / str(name)


# --- one writer -----------------------------------------------------------------------------------------------------


def test_a_second_writer_is_turned_away(root: Path) -> None:
    """While a rebuild goes on, another object cannot write and is told so; searching works; afterwards writing does."""
    index, other = WhooshIndex(root), WhooshIndex(root, lock_wait=0.1)
    with index.rebuild() as writer:
        with pytest.raises(IndexLocked, match="another process is writing"):
            other.apply(batch(2), [], 2)
        with pytest.raises(IndexLocked), other.rebuild():
            pass
        assert len(keys(other, "state1")) == 6
        writer.apply(batch(3), [], 3)
    other.apply(batch(4), [], 4)
    assert len(keys(index, "state4")) == 6


def test_a_writer_waits_a_moment(root: Path) -> None:
    """A writer that finds the lock taken gets its turn if it is freed soon: the lock of a dead process is free."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)], cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "locked\n"
    with pytest.raises(IndexLocked):
        WhooshIndex(root, lock_wait=0).apply([], [], 2)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()
    WhooshIndex(root, lock_wait=5).apply([], [], 2)


HOLD = """
import sys
from pathlib import Path
from search.whoosh_index import WhooshIndex
with WhooshIndex(Path(sys.argv[1])).rebuild():
    print("locked", flush=True)
    sys.stdin.read()
"""


# --- kill -9 ----------------------------------------------------------------------------------------------------------

# Forks children that die (SIGKILL) at their n-th operation on a file, until one lives to its end; prints how many died.
KILL = """
import os, signal, sys
from pathlib import Path
from whoosh.filedb.filestore import FileStorage
from search.sync import rebuild, sync
from search.whoosh_index import WhooshIndex
from tests.search.test_whoosh_index import batch

root, what, first, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

def deadly(function, fuse):
    def wrapper(*args, **kwargs):
        fuse[0] -= 1
        if not fuse[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return wrapper

def work(fuse):
    for name in ("create_file", "open_file", "delete_file", "rename_file"):
        setattr(FileStorage, name, deadly(getattr(FileStorage, name), fuse))
    for name in ("replace", "fsync", "mkdir"):
        setattr(os, name, deadly(getattr(os, name), fuse))
    Path.replace = lambda self, target: os.replace(self, target)
    index = WhooshIndex(root)
    if what == "apply":
        index.apply(batch(2, 9), ["77/1"], 2)
    else:
        with index.rebuild() as writer:
            writer.apply(batch(2, 5), [], 1)
            writer.apply(batch(2, 9)[5:], [], 2)

states = []
n = first
while True:
    child = os.fork()
    if not child:
        work([n])
        os._exit(0)
    _, status = os.waitpid(child, 0)
    index = WhooshIndex(root)
    cursor = index.cursor()
    words = {word: index.search(__import__("search.query").query.Word(word)).total for word in ("state1", "state2")}
    index.close()
    states.append([os.waitstatus_to_exitcode(status), cursor, words["state1"], words["state2"]])
    if status == 0:
        break
    if cursor == 2:
        index.apply(batch(1), [f"77/{each}" for each in range(7, 10)], 1)
        index.close()
    n += step
print(states)
"""


@pytest.mark.parametrize("what", ["apply", "rebuild"])
def test_killed_at_any_operation(root: Path, what: str) -> None:
    """Whenever a writer is killed, the index opens with the state before or after, whole, and can be written again."""
    # A few operations are skipped between kills; which ones differs from run to run.
    first, step = random.randint(1, 4), 4
    command = [sys.executable, "-c", KILL, str(root), what, str(first), str(step)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=100)
    *killed, last = json.loads(done.stdout)
    before, after = [1, 6, 0], [2, 0, 9]
    assert len(killed) >= 5
    assert {code for code, *_ in killed} == {-9}
    assert all(state in (before, after) for _, *state in killed)
    assert before in [state for _, *state in killed]
    assert last == [0, *after]
    # What the killed ones left is cleared away.
    index = WhooshIndex(root)
    index.apply([], [], 3)
    assert [path.name for path in root.glob("gen-*")] == [generation(root).name]
    rests = [path.name for path in generation(root).iterdir() if ".toc." in path.name or path.name.endswith(".tmp")]
    assert rests == []
    assert len(keys(index, "state2")) == 9


# --- damage -----------------------------------------------------------------------------------------------------------


def test_damage_is_one_clear_line(root: Path) -> None:
    """Whichever file is cut or overwritten, searching says that the index is damaged; a rebuild heals it."""
    files = [root / "CURRENT", *generation(root).glob("*.seg"), *generation(root).glob("*.toc")]
    assert len(files) == 3
    for path in files:
        whole = path.read_bytes()
        for damaged in (b"", whole[: len(whole) // 2], b"\xff" * len(whole), bytes(reversed(whole))):
            path.write_bytes(damaged)
            index = WhooshIndex(root)
            with pytest.raises(IndexUnavailable, match="run: onrecord rebuild") as caught:
                index.search(Everything())
            assert "\n" not in str(caught.value)
            with pytest.raises(IndexUnavailable):
                index.cursor()
            index.close()
        path.write_bytes(whole)
    (generation(root) / files[1].name).write_bytes(b"")
    index = WhooshIndex(root)
    with index.rebuild() as writer:
        writer.apply(batch(5), [], 5)
    assert len(keys(index, "state5")) == 6


def test_flipped_bytes_never_escape(root: Path) -> None:
    """With any byte of a segment changed, a search either works or says that the index is damaged."""
    path = next(generation(root).glob("*.seg"))
    whole = path.read_bytes()
    chance = random.Random(7)
    damaged = 0
    for _ in range(150):
        at = chance.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :])
        index = WhooshIndex(root)
        try:
            index.search(Word("common"))
        except IndexUnavailable:
            damaged += 1
        index.close()
    assert damaged > 0


def test_a_generation_that_vanished(root: Path) -> None:
    """A pointer to nothing is damage, not an empty index."""
    generation(root).rename(root / "elsewhere")
    with pytest.raises(IndexUnavailable, match="onrecord rebuild"):
        WhooshIndex(root).cursor()


def test_another_versions_index(root: Path) -> None:
    """An index of another version is refused with what to do; a rebuild replaces it."""
    pointer = json.loads((root / "CURRENT").read_text())
    (root / "CURRENT").write_text(json.dumps({**pointer, "schema": 999}))
    index = WhooshIndex(root)
    with pytest.raises(IndexOutdated, match="run: onrecord rebuild"):
        index.search(Everything())
    with pytest.raises(IndexOutdated):
        index.apply(batch(2), [], 2)
    with index.rebuild() as writer:
        writer.apply(batch(2), [], 2)
    assert index.cursor() == 2


def test_a_pointer_out_of_the_folder_is_refused(root: Path) -> None:
    """The pointer cannot lead anywhere but to a generation beside it: what is opened is unpickled."""
    for name in ("../elsewhere", "gen-x/../../elsewhere", "/tmp/gen-x", "other", 5):  # noqa: S108 (not opened)
        (root / "CURRENT").write_text(json.dumps({"generation": name, "schema": SCHEMA_VERSION}))
        with pytest.raises(IndexUnavailable):
            WhooshIndex(root).cursor()


def test_a_full_disk(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When no space is left, the error says so, the last state stands, and writing works once there is space again."""
    create = FileStorage.create_file

    def full(self: Any, name: str, **more: Any) -> Any:
        if name.endswith((".toc", ".seg", ".trm")) or ".toc." in name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return create(self, name, **more)

    index = WhooshIndex(root)
    with monkeypatch.context() as patched:
        patched.setattr(FileStorage, "create_file", full)
        with pytest.raises(IndexFull, match="no space"):
            index.apply(batch(2), [], 2)
        with pytest.raises(IndexFull), index.rebuild() as writer:
            writer.apply(batch(2), [], 2)
    assert index.cursor() == 1
    index.apply(batch(2), [], 2)
    assert len(keys(index, "state2")) == 6


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file where the folder should be is one clear line, for reading and for writing."""
    (tmp_path / "index").write_text("a file")
    with pytest.raises(IndexUnavailable):
        WhooshIndex(tmp_path / "index").apply([], [], 1)
    with pytest.raises(IndexUnavailable):
        WhooshIndex(tmp_path / "index").cursor()


# --- what stays open, what is left behind -----------------------------------------------------------------------------


def test_no_files_stay_open(root: Path) -> None:
    """After many commits and rebuilds, searched in between, no file of an old state is held open."""
    index = WhooshIndex(root)

    def held() -> list[str]:
        names = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        maps = [line.split(maxsplit=5)[-1] for line in Path("/proc/self/maps").read_text().splitlines()]
        return [name for name in (*names, *maps) if str(root) in name]

    for state in range(2, 12):
        if state % 5:
            index.apply(batch(state), [], state)
        else:
            with index.rebuild() as writer:
                writer.apply(batch(state), [], state)
        assert len(keys(index, f"state{state}")) == 6
    assert [name for name in held() if "deleted" in name] == []
    index.close()
    assert held() == []


def test_small_commits_do_not_pile_up(root: Path) -> None:
    """After fifty commits of one document there are few segments, and all documents are found once."""
    index = WhooshIndex(root)
    for n in range(10, 60):
        index.apply([document(n, f"single number{n}")], [], n)
    assert len(list(generation(root).glob("*.seg"))) <= 15
    assert index.search(Word("single"), per_page=100).total == 50
    assert index.search(Everything()).total == 56


def test_a_commit_is_seen_by_the_next_search(root: Path) -> None:
    """Another process commits and rebuilds; the next search of an object opened long before sees it."""
    index, writer = WhooshIndex(root), WhooshIndex(root)
    assert len(keys(index, "state1")) == 6
    writer.apply(batch(2), [], 2)
    assert (len(keys(index, "state1")), len(keys(index, "state2"))) == (0, 6)
    with writer.rebuild() as fresh:
        fresh.apply(batch(3), [], 3)
    assert (len(keys(index, "state2")), len(keys(index, "state3"))) == (0, 6)
    assert len(list(root.glob("gen-*"))) == 1


def test_ten_updates_are_found_soon(tmp_path: Path) -> None:
    """With a thousand threads, ten updated ones are found by the first search after the commit."""
    index = WhooshIndex(tmp_path / "index")
    with index.rebuild() as writer:
        writer.apply([document(n, f"thread {n}", [("a", "common words " * 5)]) for n in range(1, 1_001)], [], 1)
    assert index.search(Word("common")).total == 1_000
    index.apply([document(n, "updated", [("a", "fresh")]) for n in range(1, 11)], [], 2)
    assert index.search(Word("fresh")).total == 10
