"""`onrecord import-gharchive` as a user runs it: what it prints, and what becomes of it interrupted and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from fakes import FakeGitHub, FakeRepository
from hourly import Recorder
from served import served

from archiver.store import open_store

PROGRAM = [sys.executable, "-m", "web"]
ASK = "Please consider the GPL-3.0 or another copyleft license for this project."
ROOT = str(Path(__file__).parents[2])
ENVIRONMENT = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG"}}
ENVIRONMENT |= {"PYTHONPATH": ROOT, "ONRECORD_GITHUB_TOKEN": "s3cret-t0ken"}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the program in a folder, in a group of its own."""
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def record(folder: Path, hours: int, each: int) -> FakeRepository:
    """Write so many hours with so many threads and comments each."""
    repository = FakeRepository()
    recorder = Recorder(repository)
    for at in range(hours):
        repository.clock = repository.clock.replace(minute=0) + timedelta(hours=1)
        for _ in range(each):
            number = repository.issue(f"License question {at}", ASK)
            recorder.issue(number)
            recorder.comment(repository.comment(number, f"{ASK} I agree."))
            repository.clock = repository.clock.replace(minute=0)
    recorder.write(folder)
    return repository


def test_importing_and_completing(tmp_path: Path) -> None:
    """Hours are imported with one line for each, read once, shown by `status`, and completed by the next crawl."""
    repository = record(tmp_path / "hours", 2, 2)
    repository.delete_comment(next(iter(repository.comments)))
    (tmp_path / "hours" / "README").write_text("x")
    with served(FakeGitHub(repository)) as api:
        (tmp_path / "config.toml").write_text(f'[github]\napi_url = "{api}"\n')
        first = run(tmp_path, "import-gharchive", "hours", "--jobs", "2")
        assert first.returncode == 0, first.stderr
        assert "2 files read: 8 lines, 8 events about threads, 8 about licensing" in first.stdout
        assert "4 new threads, 8 new posts" in first.stdout
        assert "hours/README: no hourly file" in first.stderr
        assert "2020-01-01-2.json.gz: 4 lines, 4 kept" in first.stderr
        again = run(tmp_path, "import-gharchive", "hours")
        assert "0 files read (2 imported before)" in again.stdout
        status = run(tmp_path, "status")
        assert "GH Archive: 2 hours imported (2020-01-01-1.json.gz to 2020-01-01-2.json.gz)" in status.stdout
        assert json.loads(run(tmp_path, "status", "--json").stdout)["gharchive"]["hours"] == 2
        crawled = run(tmp_path, "crawl", "acme/rocket")
        assert crawled.returncode == 0, crawled.stderr
    with open_store(f"sqlite:///{tmp_path / 'data' / 'archive.db'}") as store:
        assert sum(post.gone is not None for n in range(1, 5) for post in store.thread(77, n).posts) == 1  # type: ignore[union-attr]
        assert store.coverage(77).gaps == ()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_import_that_is_ended_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    """Ended by Ctrl-C or killed in the middle, no process stays, the store is whole, and the next import goes on."""
    record(tmp_path / "hours", 12, 8)
    with running(tmp_path, "import-gharchive", "hours", "--jobs", "2") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "kept" in line:
                break
        if number is signal.SIGINT:
            os.killpg(process.pid, number)  # a terminal's Ctrl-C reaches all of them
        else:
            process.kill()
        _, rest = process.communicate(timeout=60)
        if number is signal.SIGINT:
            assert process.returncode == 1
            assert "stopped on request; what was imported so far is kept; run the same command again" in rest
            assert "Traceback" not in rest
        for _ in range(100):
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                break
            time.sleep(0.1)
        else:
            pytest.fail("a process of the import is still there")
    done = run(tmp_path, "import-gharchive", "hours", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "imported before" in done.stdout
    with open_store(f"sqlite:///{tmp_path / 'data' / 'archive.db'}") as store:
        assert store.holdings().threads == 96
        assert store.holdings().posts == 192
        assert list(store.verification().differences()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["missing"], 2, "missing: there is no such file or folder"),
        (["notes.json.gz"], 2, "notes.json.gz: no hourly file of GH Archive"),
        (["hours", "--repo", "acme"], 1, "acme"),
        (["hours", "--repo", "acme/rocket#1"], 2, "a repository is wanted"),
        (["hours", "--jobs", "0"], 2, "--jobs"),
        ([], 2, "FILE_OR_DIR"),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    """What cannot be imported is named in an error, without a traceback."""
    (tmp_path / "hours").mkdir()
    (tmp_path / "notes.json.gz").write_bytes(b"x")
    done = run(tmp_path, "import-gharchive", *arguments)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr
