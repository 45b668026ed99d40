"""Writers of the index are killed (SIGKILL) at random moments: the index opens, and the next sync heals it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from archiver.errors import StoreError
from archiver.store import open_store
from search.errors import IndexUnavailable
from search.sync import StoreDocuments, rebuild
from search.tree import Word
from search.whoosh_index import WhooshIndex
from tests.search.builders import document, keep

ROOT = Path(__file__).parents[2]
THREADS = 9

# Keeps changed threads, round by round, and forks a child that syncs or rebuilds, to be killed after a while. Then the
# index is opened as it was left, synced, and held against one that nobody disturbed. Prints a line for each round.
ROUNDS = """
import json, os, random, shutil, signal, sys, time
from pathlib import Path
from archiver.store import open_store
from search.sync import rebuild, sync
from search.tree import Word
from search.verification import index_differences
from search.whoosh_index import WhooshIndex
from tests.search.builders import keep
from tests.search.test_killed import THREADS, answers

folder, rounds, chance = Path(sys.argv[1]), sys.argv[2].split(","), random.Random(int(sys.argv[3]))
url = f"sqlite:///{folder / 'archive.db'}"

def work(what):
    workers = 2 if what == "spawning" else 1
    index = WhooshIndex(folder / "index", lock_wait=20, workers=workers, batch=300)
    with open_store(url) as store:
        if what == "sync":
            sync(store, index, batch=3)
        else:
            rebuild(store, index, batch=3, handed=3 if what == "spawning" else 2_500)

def start(what):
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        work(what)
        os._exit(0)
    return child

lasting = {}
for number, what in enumerate(rounds):
    with open_store(url) as store:
        for at in chance.sample(range(1, THREADS + 1), THREADS // 2):
            keep(store, at, f"License {at} of round{number}", ["Which license?"] + [f"copyleft {number}"] * (at % 4))
    if what not in lasting:  # how long it takes undisturbed: the same change again is another one
        shutil.copytree(folder / "index", folder / "copy") if (folder / "index").exists() else None
        begun = time.monotonic()
        os.waitpid(start(what), 0)
        lasting[what] = time.monotonic() - begun
        shutil.rmtree(folder / "index")
        if (folder / "copy").exists():
            (folder / "copy").rename(folder / "index")
    child = start(what)
    time.sleep(chance.uniform(0, 1) * lasting[what])
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    index = WhooshIndex(folder / "index", lock_wait=20, workers=1)
    with open_store(url) as store:
        opened = len(dict(index.digests())), index.search(Word("license")).total
        sync(store, index)
        other = WhooshIndex(folder / "other", workers=1)
        rebuild(store, other)
        differences = [str(each) for each in index_differences(store, index)]
        same = answers(index) == answers(other) and dict(index.digests()) == dict(other.digests())
        other.close()
        index.close()
    print(json.dumps([what, os.waitstatus_to_exitcode(status), *opened, differences, same]), flush=True)
"""


def answers(index: WhooshIndex) -> list[Any]:
    """Return what some searches find, without the scores: they change with what is deleted and not yet merged away."""
    pages = [index.search(Word(word), per_page=100) for word in ("license", "copyleft", "which", "round1", "round7")]
    return [(page.total, sorted(hit.key for hit in page.hits), page.facets) for page in pages]


@pytest.mark.timeout(400)
def test_killed_twenty_times(tmp_path: Path) -> None:
    """Whenever a sync or a rebuild is killed, the index opens whole, and a sync makes it as if nothing had happened."""
    rounds = ["sync"] * 10 + ["rebuild"] * 8 + ["spawning"] * 2
    seed = random.randrange(10**6)
    command = [sys.executable, "-c", ROUNDS, str(tmp_path), ",".join(rounds), str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=360)
    assert done.returncode == 0, (seed, done.stderr)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [what for what, *_ in results] == rounds
    # Some came to their end before they were killed.
    assert [status for _, status, *_ in results].count(-signal.SIGKILL) >= 10, (seed, results)
    assert all(documents == found for _, _, documents, found, *_ in results), (seed, results)
    assert [(differences, same) for *_, differences, same in results] == [([], True)] * len(rounds), (seed, results)


# --- processes that build ---------------------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from search.whoosh_index import WhooshIndex
from tests.search.builders import document

if __name__ == "__main__":
    with WhooshIndex(Path(sys.argv[1]), workers=2, batch=1).rebuild() as writer:
        writer.apply([document(n, "license", [("ann", "words")]) for n in range(1, 4)], [], 1)
        print("built", flush=True)
        sys.stdin.read()
"""


def children(process: int) -> list[int]:
    """Return the numbers of a process's children that are no zombies."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(each) for each in found if "(zombie)" not in Path(f"/proc/{each}/status").read_text()]


def gone(process: int) -> bool:
    """Say whether a process has ended."""
    try:
        return "(zombie)" in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return True


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    """When a rebuild is killed, the processes that wrote for it end too, and the next rebuild has its way."""
    script = tmp_path / "hold.py"
    script.write_text(HOLD, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "index")],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == "built\n"
        workers = children(holder.pid)
        assert len(workers) >= 2
        holder.kill()
        holder.wait()
    until = time.monotonic() + 60
    while not all(gone(each) for each in workers):
        assert time.monotonic() < until
        time.sleep(0.05)
    index = WhooshIndex(tmp_path / "index", workers=1)
    with index.rebuild() as writer:
        writer.apply([document(1, "license")], [], 1)
    assert index.search(Word("license")).total == 1
    assert len(list((tmp_path / "index").glob("gen-*"))) == 1


def test_a_process_killed_alone_is_one_clear_error(tmp_path: Path) -> None:
    """If one of the processes that build is killed, the rebuild says so, and the index is as it was before."""
    index = WhooshIndex(tmp_path / "index", workers=2, batch=1)
    index.apply([document(1, "first")], [], 1)
    some = [document(n, "second", [("ann", "license")]) for n in range(1, 9)]
    with pytest.raises(IndexUnavailable, match=r"ended from outside.*try again"), index.rebuild() as writer:  # noqa: PT012
        writer.apply(some[:4], [], 2)
        for each in children(os.getpid()):
            if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes():
                os.kill(each, signal.SIGKILL)
                break
        writer.apply(some[4:], [], 3)
    assert index.search(Word("first")).total == 1
    assert index.cursor() == 1
    assert len(list((tmp_path / "index").glob("gen-*"))) == 1
    with index.rebuild() as writer:
        writer.apply(some, [], 3)
    assert index.search(Word("second")).total == 8


@pytest.mark.parametrize("workers", [1, 2])
def test_batches_are_one_index(tmp_path: Path, workers: int) -> None:
    """Of a key that is put or deleted again in a later batch the last counts, in however many segments they lie."""
    index = WhooshIndex(tmp_path / "index", workers=workers, batch=30)
    other = WhooshIndex(tmp_path / "other", workers=1)
    first = [document(n, f"old {n}", [("ann", "The license of old")]) for n in range(1, 31)]
    second = [document(n, f"new {n}", [("bob", "The license of new")]) for n in range(1, 31, 3)]
    with index.rebuild() as writer:
        writer.apply(first, [], 1)
        writer.apply(second, ["77/2", "77/99", "77/4"], 2)
        writer.apply([], ["77/1"], 3)
        writer.apply([document(2, "again")], [], 4)
    other.apply(first, [], 1)
    other.apply(second, ["77/2"], 2)
    other.apply([document(2, "again")], ["77/1"], 4)
    assert dict(index.digests()) == dict(other.digests())
    assert index.cursor() == 4
    for word in ("old", "new", "license", "again"):
        pages = [each.search(Word(word), per_page=100) for each in (index, other)]
        assert [hit.key for hit in pages[0].hits] == [hit.key for hit in pages[1].hits]
        assert pages[0].facets == pages[1].facets
        assert [hit.score for hit in pages[0].hits] == pytest.approx([hit.score for hit in pages[1].hits])
    generation = next((tmp_path / "index").glob("gen-*"))
    assert len(list(generation.glob("*.seg"))) <= 9


def test_rebuild_from_a_store_in_two_processes(tmp_path: Path) -> None:
    """A rebuild whose processes read the store has what one by a single process has, and reports the same."""
    with open_store(f"sqlite:///{tmp_path / 'archive.db'}") as store:
        for number in range(1, 12):
            keep(store, number, f"License {number}", ["Which license?", "Copyleft, please."])
        indexes = [WhooshIndex(tmp_path / f"{workers}", workers=workers, batch=100) for workers in (1, 2)]
        reached: list[int] = []
        reports = [
            rebuild(store, indexes[0], batch=4),
            rebuild(store, indexes[1], batch=2, handed=4, progress=lambda number, _: reached.append(number)),
        ]
    assert reports[0] == reports[1]
    assert reached == [4, 8, 10, 11]
    assert answers(indexes[0]) == answers(indexes[1])
    assert dict(indexes[0].digests()) == dict(indexes[1].digests())


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_put_after_filling_counts(tmp_path: Path, workers: int) -> None:
    """Of what a source makes, keys that are put or deleted afterwards are left out, and those that are not held too."""
    url = f"sqlite:///{tmp_path / 'archive.db'}"
    with open_store(url) as store:
        for number in range(1, 6):
            keep(store, number, f"License {number}")
    index = WhooshIndex(tmp_path / "index", workers=workers, batch=20)
    with index.rebuild() as writer:
        writer.fill(StoreDocuments(url), [f"77/{number}" for number in range(1, 9)], 5)
        writer.apply([document(2, "Another license"), document(6, "A late license")], ["77/3", "77/8"], 9)
    found = index.search(Word("license"), per_page=100)
    assert sorted(hit.key for hit in found.hits) == ["77/1", "77/2", "77/4", "77/5", "77/6"]
    assert [hit.key for hit in index.search(Word("another")).hits] == ["77/2"]
    assert index.cursor() == 9


@pytest.mark.parametrize("workers", [1, 2])
def test_a_store_that_cannot_be_read_is_an_error_of_the_store(tmp_path: Path, workers: int) -> None:
    """When the processes cannot read the store, the rebuild fails with the store's error, and the old index stays."""
    (tmp_path / "archive.db").write_bytes(b"no database at all, " * 100)
    index = WhooshIndex(tmp_path / "index", workers=workers)
    index.apply([document(1, "first")], [], 1)
    with pytest.raises(StoreError, match=r"archive\.db"), index.rebuild() as writer:
        writer.fill(StoreDocuments(f"sqlite:///{tmp_path / 'archive.db'}"), ["77/1"], 2)
    assert index.search(Word("first")).total == 1
