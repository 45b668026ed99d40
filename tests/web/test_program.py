"""The program `onrecord` as a user runs it: in a process of its own, against an API on a real port."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from fakes import FakeGitHub, FakeRepository
from served import served

from archiver.store import open_store

PROGRAM = [sys.executable, "-m", "web"]
ASK = "Please consider the GPL-3.0 or another copyleft license for this project."


def run(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program in `folder` to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=_environment(env),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def _environment(env: dict[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH", "LANG"}}
    root = str(Path(__file__).parents[2])
    return {**kept, "PYTHONPATH": root, "ONRECORD_GITHUB_TOKEN": "s3cret-t0ken", **(env or {})}


def configure(folder: Path, api: str, more: str = "") -> None:
    (folder / "config.toml").write_text(
        f'[github]\napi_url = "{api}"\n[site]\nlisten = "127.0.0.1:0"\n{more}', encoding="utf-8"
    )


def populate(repository: FakeRepository, threads: int) -> None:
    for at in range(threads):
        number = repository.issue(
            f"License question {at}" if at % 2 else f"Crash {at}", ASK if at % 2 else "It crashes."
        )
        for reply in range(at % 3):
            repository.comment(number, f"Reply {reply}")
        if at % 8 == 0:
            repository.comment(number, "This is under the GPL-3.0 license, which is not compatible with our license.")


def digests(path: Path) -> dict[int, str]:
    with open_store(f"sqlite:///{path}") as store:
        return {each.number: each.snapshot for each in store.summaries(order="number", limit=10_000)}


def found(folder: Path, query: str) -> list[str]:
    """Search with the program; return the references found, in order of their names."""
    done = run(folder, "search", query, "--json", "--limit", "100")
    assert done.returncode == 0, done.stderr
    return sorted(f"{r['thread']['repository']}#{r['thread']['number']}" for r in json.loads(done.stdout)["results"])


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the program in the background for the length of the block."""
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=_environment({"PYTHONUNBUFFERED": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_crawl_sync_search(tmp_path: Path, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Crawl, sync and search, each a command of its own, find what was crawled."""
    number = repository.issue("Consider a copyleft license", ASK)
    with served(upstream) as api:
        configure(tmp_path, api)
        done = run(tmp_path, "crawl", "acme/rocket")
    assert done.returncode == 0, done.stderr
    assert "acme/rocket: 1 thread new or changed, " in done.stdout
    assert run(tmp_path, "sync").returncode == 0
    assert found(tmp_path, "copyleft") == [f"acme/rocket#{number}"]


def test_killed_crawl_and_sync_end_as_if_undisturbed(
    tmp_path: Path, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Kill -9 at ten random moments of a crawl, then of a sync: the same digests and the same hits as undisturbed."""
    upstream.per_page_limit = 10
    populate(repository, 60)
    chance = random.Random(1)
    calm = tmp_path / "calm"
    calm.mkdir()
    with served(upstream, latency=0.02) as api:
        configure(tmp_path, api)
        configure(calm, api)
        assert run(calm, "crawl", "acme/rocket").returncode == 0
        kills = 0
        for _ in range(10):
            with running(tmp_path, "crawl", "acme/rocket") as process:
                # From the first request on, so that the kill falls into the crawl and not into the start of Python.
                before = len(upstream.log)
                while len(upstream.log) == before and process.poll() is None:
                    time.sleep(0.005)
                time.sleep(chance.random() * 0.3)
                kills += process.poll() is None
        assert kills >= 5, "the kills came too late to disturb anything"
        assert run(tmp_path, "crawl", "acme/rocket").returncode == 0
    assert digests(tmp_path / "data/archive.db") == digests(calm / "data/archive.db")
    assert run(calm, "sync").returncode == 0
    for _ in range(5):
        with running(tmp_path, "rebuild"):
            time.sleep(0.4 + chance.random() * 0.6)
    assert run(tmp_path, "sync").returncode == 0
    for query in ("license", "crash", "gpl -question"):
        assert found(tmp_path, query) == found(calm, query) != []


def test_token_is_nowhere(tmp_path: Path, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """The token stands in no output, not even a verbose one, and in no file."""
    repository.issue("License", ASK)
    with served(upstream) as api:
        configure(tmp_path, api)
        outputs = [run(tmp_path, "-v", "crawl", "acme/rocket"), run(tmp_path, "-v", "crawl", "acme/nothing")]
    assert {headers["authorization"] for headers in upstream.headers} == {"Bearer s3cret-t0ken"}
    for done in outputs:
        assert "s3cret" not in done.stdout + done.stderr
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"s3cret" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("config", "arguments", "code", "message"),
    [
        ("[stoer]\n", ["status"], 2, "unknown table [stoer]; did you mean 'store'?"),
        ('[github]\napi_ulr = "x"\n', ["status"], 2, "unknown setting 'api_ulr'; did you mean 'api_url'?"),
        ("[store\n", ["status"], 2, "not valid TOML"),
        ("", ["crawl", "not a target"], 1, "'not a target' is neither owner/repo"),
        ("", ["--config", "missing.toml", "status"], 2, "missing.toml: no such configuration file"),
        ('[store]\nurl = "sqlite:///config.toml"\n', ["status"], 1, "this file is damaged or no onrecord store"),
        ('[store]\nurl = "mysql://x"\n', ["status"], 2, "SQLite only"),
        ('[github]\ntimeout = "999999w"\n', ["status"], 2, "ten years at most"),
        ('[github]\ntimeout = "2h"\n', ["status"], 2, "`timeout` is an hour at most"),
        ('[site]\nbase_url = "nope"\n', ["serve"], 2, "site.base_url: 'nope' is no http or https URL"),
        ('[index]\nurl = "woosh:x"\n', ["search", "x"], 2, "woosh"),
        ('[[watch]]\norg = "x/y"\n', ["crawl"], 2, "does not name a user or an organisation"),
    ],
)
def test_what_a_user_can_cause_is_one_line(
    tmp_path: Path, config: str, arguments: list[str], code: int, message: str
) -> None:
    """Bad input gives one line on stderr that names what was wrong, the exit code of the contract, and no traceback."""
    (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    done = run(tmp_path, *arguments)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_discussions_need_a_token(tmp_path: Path) -> None:
    """Without a token, one line says that discussions need one, and nothing is asked for."""
    done = run(tmp_path, "crawl", "https://github.com/acme/rocket/discussions/5", env={"ONRECORD_GITHUB_TOKEN": ""})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "GitHub gives discussions only with a token: set ONRECORD_GITHUB_TOKEN" in done.stderr


def test_a_crawl_without_a_token_says_what_it_left_out(tmp_path: Path) -> None:
    """The last line of a crawl without a token names what was not asked for; with one there is no such line."""
    repository = FakeRepository()
    repository.issue("License question", "Please consider the GPL-3.0 or another copyleft license.")
    with served(FakeGitHub(repository)) as url:
        configure(tmp_path, url)
        without = run(tmp_path, "crawl", "acme/rocket", env={"ONRECORD_GITHUB_TOKEN": ""})
        assert without.stdout.splitlines()[-1] == (
            "acme/rocket: edit history, minimised comments and discussions were not asked for: "
            "GitHub gives them only with a token (ONRECORD_GITHUB_TOKEN)"
        )
        done = run(tmp_path, "crawl", "acme/rocket")
        assert "not asked for" not in done.stdout


def test_no_network_is_one_line(tmp_path: Path) -> None:
    """Without a network the crawl says so in one line, after its retries."""
    (tmp_path / "config.toml").write_text('[github]\napi_url = "http://127.0.0.1:9"\n', encoding="utf-8")
    script = "import archiver.github.limits as l; l.MAX_ATTEMPTS = 1\nfrom web.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "crawl", "acme/rocket"],
        cwd=tmp_path, env=_environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no connection" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_init_writes_a_configuration_that_works(tmp_path: Path) -> None:
    """`init` writes a file that the other commands accept, and never overwrites one."""
    assert run(tmp_path, "init").returncode == 0
    assert run(tmp_path, "status", "--json").returncode == 0
    again = run(tmp_path, "init")
    assert again.returncode == 2
    assert "exists already" in again.stderr


@pytest.mark.parametrize("watch", ['repo = "acme/rocket"', 'search = "copyleft in:title"', 'org = "acme"'])
def test_run_crawls_syncs_serves_and_stops(
    tmp_path: Path, repository: FakeRepository, upstream: FakeGitHub, watch: str
) -> None:
    """`run` crawls a watch, indexes it and serves it; SIGTERM ends it cleanly with exit code 0."""
    number = repository.issue("Consider a copyleft license", ASK)
    with served(upstream) as api:
        configure(tmp_path, api, f"[[watch]]\n{watch}\n")
        with running(tmp_path, "run") as process:
            assert process.stdout is not None
            base = _address(process)
            deadline = time.monotonic() + 60
            results: list[dict[str, object]] = []
            while not results and time.monotonic() < deadline:
                time.sleep(0.2)
                try:
                    results = _get(f"{base}/api/v1/search?q=copyleft")["results"]
                except urllib.error.HTTPError as error:
                    if error.code != 503:  # 503: crawled, and not indexed yet
                        raise
                    error.close()
            assert results, "the watch was not crawled and indexed"
            assert _get(f"{base}/api/v1/threads/github.com/acme/rocket/{number}")["posts"][0]["body"] == ASK
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def test_serve_lets_a_running_request_finish(tmp_path: Path) -> None:
    """SIGTERM while a client still reads: the answer arrives whole, then the program ends."""
    configure(tmp_path, "http://127.0.0.1:9")
    with running(tmp_path, "serve") as process:
        base = _address(process)
        with urllib.request.urlopen(f"{base}/", timeout=20) as response:
            process.send_signal(signal.SIGTERM)
            assert b"</html>" in response.read()
        assert process.wait(30) == 0


def test_demo_serves_the_refused_request_and_stops(tmp_path: Path) -> None:
    """`demo` crawls its sample, serves it, and Ctrl-C leaves nothing behind but its data folder."""
    with running(tmp_path, "demo", "--port", "0") as process:
        base = _address(process)
        titles = [each["thread"]["title"] for each in _get(f"{base}/api/v1/search?q=copyleft+license")["results"]]
        assert "Would you consider a copyleft license?" in titles
        kept = sum(each["threads"] for each in _get(f"{base}/api/v1/repositories")["repositories"])
        readme = " ".join((Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split())
        assert f"indexes the {kept} threads that are about licenses" in readme
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert str(tmp_path / "demo-data") in output
    assert [each.name for each in tmp_path.iterdir()] == ["demo-data"]
    assert found(tmp_path / "demo-data", "copyleft") != []


def test_demo_leaves_a_folder_with_other_things_alone(tmp_path: Path) -> None:
    """A folder that holds something else is refused, and untouched."""
    (tmp_path / "demo-data").mkdir()
    (tmp_path / "demo-data" / "thesis.txt").write_text("mine", encoding="utf-8")
    done = run(tmp_path, "demo", "--port", "0")
    assert done.returncode == 1
    assert "holds other things" in done.stderr
    assert [each.name for each in (tmp_path / "demo-data").iterdir()] == ["thesis.txt"]


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if match := re.search(r"is at +(http://\S+?)(?: |$)", line.rstrip()):
            return match[1]
    assert process.stderr is not None
    raise AssertionError(f"no address was printed: {process.stderr.read()}")


def _get(url: str) -> dict[str, list[dict[str, dict[str, str]]]]:
    with urllib.request.urlopen(url, timeout=20) as response:
        value: dict[str, list[dict[str, dict[str, str]]]] = json.loads(response.read())
        return value


def test_full_device_behind_stdout_is_one_line(tmp_path: Path) -> None:
    """What cannot be printed is said in one line, without a traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "status"], cwd=tmp_path, env=_environment(), stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "onrecord: No space left on device\n"


def test_terminal_with_few_characters_prints_all_the_same(
    tmp_path: Path, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A title that the terminal's encoding does not know is escaped, not a crash."""
    number = repository.issue("ライセンス license", ASK)
    with served(upstream) as api:
        configure(tmp_path, api)
        assert run(tmp_path, "crawl", f"acme/rocket#{number}").returncode == 0
    assert run(tmp_path, "sync").returncode == 0
    done = run(tmp_path, "search", "license", env={"PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0, done.stderr
    assert "\\u30e9" in done.stdout


def _age(folder: Path, days: int) -> None:
    """Make what the archive remembers of its crawls and sweeps so many days older."""
    with closing(sqlite3.connect(folder / "data" / "archive.db")) as connection, connection:
        for column in ("first_complete_at", "last_complete_at", "last_sweep_at"):
            connection.execute(
                f"UPDATE crawl_state SET {column} = strftime('%Y-%m-%dT%H:%M:%SZ', {column}, '-{days} days')"
            )


def test_sweeps_by_command_and_when_they_are_due(
    tmp_path: Path, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """`crawl --sweep` sweeps what is named; without targets it sweeps what is due, as plain `crawl` does at its end."""
    number = repository.issue("Consider a copyleft license", ASK)
    comment = repository.comment(number, "A license is a license.")
    with served(upstream) as api:
        configure(tmp_path, api, '[[watch]]\nrepo = "acme/rocket"\n')
        assert "nothing is held of acme/rocket" in run(tmp_path, "crawl", "--sweep", "acme/rocket").stderr
        assert "1 thread new or changed" in run(tmp_path, "crawl").stdout
        assert run(tmp_path, "crawl", "--sweep").stdout == "No sweep is due.\n"
        repository.delete_comment(comment, touch=False)
        done = run(tmp_path, "crawl", "--sweep", "acme/rocket")
        assert (done.returncode, done.stdout) == (
            0,
            "acme/rocket: swept 1 thread: 1 gone, 4 requests, 3 counted\n",
        ), done.stderr
        assert run(tmp_path, "crawl").stdout == "No watch is due.\n"
        _age(tmp_path, 8)
        lines = run(tmp_path, "crawl").stdout.splitlines()
        assert lines[0].startswith("acme/rocket: 0 threads new or changed")
        assert lines[1] == (
            "acme/rocket: swept 1 thread: nothing is gone, 2 requests, 0 counted (all were answered with 304)"
        )
        _age(tmp_path, 8)
        assert "swept 1 thread" in run(tmp_path, "crawl", "--sweep").stdout
        refused = run(tmp_path, "crawl", "--sweep", "--scope", "all", "acme/rocket")
        assert (refused.returncode, "--scope" in refused.stderr) == (2, True)


def test_a_thread_that_is_gone_is_no_failure(tmp_path: Path, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Asked for a held thread that GitHub deleted, the crawl says so, keeps what it has and ends well."""
    number = repository.issue("Consider a copyleft license", ASK)
    with served(upstream) as api:
        configure(tmp_path, api)
        assert run(tmp_path, "crawl", f"acme/rocket#{number}").returncode == 0
        repository.delete_issue(number)
        done = run(tmp_path, "crawl", f"acme/rocket#{number}")
        assert done.returncode == 0, done.stderr
        assert re.match(
            r"acme/rocket#1: gone upstream \(410\) since 20[0-9TZ:-]+; what was captured stays, 2 requests", done.stdout
        )


def test_run_sweeps(tmp_path: Path, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """`run` sweeps a watch whose sweep is due."""
    number = repository.issue("Consider a copyleft license", ASK)
    repository.comment(number, "A license is a license.")
    with served(upstream) as api:
        configure(tmp_path, api, '[[watch]]\nrepo = "acme/rocket"\nevery = "52w"\nsweep = "1d"\n')
        assert run(tmp_path, "crawl").returncode == 0
        _age(tmp_path, 2)
        with running(tmp_path, "run") as process:
            assert process.stdout is not None
            base = _address(process)
            deadline = time.monotonic() + 60
            swept = None
            while swept is None and time.monotonic() < deadline:
                time.sleep(0.2)
                (coverage,) = _get(f"{base}/api/v1/repositories")["repositories"]
                swept = coverage["swept"]
            assert swept is not None, "the watch was not swept"
            assert (swept["threads"], swept["gone"], swept["counted"]) == (1, 0, 0)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
