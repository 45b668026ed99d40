"""`onrecord verify`: whatever is changed behind the program's back is found, and named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import API, FakeGitHub, FakeRepository

from archiver.crawl import Crawler
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.references import RepositoryRef
from archiver.store import open_store
from search.index import Index, open_index
from search.sync import sync
from search.verification import index_differences
from web.cli import main

ASK = "Please consider the GPL-3.0 or another copyleft license for this project."


@pytest.fixture
def folder(tmp_path: Path, repository: FakeRepository, upstream: FakeGitHub) -> Path:
    """Return an archive of three threads, one of them captured twice, with its index."""
    for at in range(3):
        repository.comment(repository.issue(f"License {at}", ASK), f"Reply {at}")
    with open_store(f"sqlite:///{tmp_path / 'data/archive.db'}") as store:
        for _ in range(2):
            with GitHub(API, token="t", transport=upstream) as github:
                Crawler(store, github, Vocabulary()).crawl(RepositoryRef("acme", "rocket"))
            repository.comment(1, "One more")
        index = open_index(f"whoosh:{tmp_path / 'data/index'}")
        sync(store, index)
        index.close()
    (tmp_path / "config.toml").write_text("", encoding="utf-8")
    return tmp_path


@pytest.fixture
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the store's database behind the program's back."""
    connection = sqlite3.connect(folder / "data/archive.db", isolation_level=None)
    yield connection
    connection.close()


def verify(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--config", str(folder / "config.toml"), "verify", *arguments])


def first(folder: Path, *arguments: str) -> dict[str, str]:
    """Verify, and return the first difference."""
    done = verify(folder, "--json", *arguments)
    assert done.exit_code == 1, done.output
    found: list[dict[str, str]] = json.loads(done.stdout)["first"]
    return found[0]


def checkpoint(folder: Path) -> str:
    done = verify(folder)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()[-1].removeprefix("checkpoint ")


def test_untouched_archive_verifies(folder: Path) -> None:
    """Nothing differs in an archive as the program left it, and the checkpoint counts its captures."""
    done = verify(folder)
    assert done.exit_code == 0, done.output
    assert "3 threads, 4 snapshots: all digests, the log and the index agree" in done.stdout
    assert checkpoint(folder).startswith("4:")


def test_changed_byte_in_a_text(folder: Path, database: sqlite3.Connection) -> None:
    """A text changed in the database is found by its digest."""
    digest = database.execute("SELECT digest FROM revision WHERE body = 'Reply 1'").fetchone()[0]
    database.execute("UPDATE revision SET body = 'Reply l' WHERE digest = ?", [digest])
    assert first(folder)["where"] == f"revision {digest}"


def test_changed_author(folder: Path, database: sqlite3.Connection) -> None:
    """Who wrote a post is covered as well."""
    database.execute("UPDATE post SET author_login = 'somebody-else' WHERE kind = 'comment'")
    assert "author" in first(folder)["what"]


def test_removed_revision(folder: Path, database: sqlite3.Connection) -> None:
    """A text that a snapshot names and that is not there is found."""
    database.execute("DELETE FROM revision WHERE body = 'Reply 2'")
    assert "that it names is missing" in first(folder)["what"]


def test_changed_snapshot(folder: Path, database: sqlite3.Connection) -> None:
    """A snapshot whose record was damaged is found, even if it cannot be unpacked."""
    database.execute("UPDATE snapshot SET record = x'00ff' WHERE rowid = 1")
    assert "cannot be unpacked" in first(folder)["what"]


def test_removed_entry_of_the_log(folder: Path, database: sqlite3.Connection) -> None:
    """An entry taken out of the log leaves a gap in its numbers."""
    database.execute("DELETE FROM capture WHERE number = 2")
    assert first(folder) == {"where": "capture 3", "what": "entry 2 of the log is missing before it"}


def test_removed_last_entry_of_the_log(folder: Path, database: sqlite3.Connection) -> None:
    """The last entry leaves no gap, but its thread still has the snapshot that it told of."""
    database.execute("DELETE FROM capture WHERE number = 4")
    assert "not that of its last entry in the log" in first(folder)["what"]


def test_reordered_log(folder: Path, database: sqlite3.Connection) -> None:
    """Two entries that changed places do not fit their digests."""
    for was, becomes in ((2, 99), (3, 2), (99, 3)):
        database.execute("UPDATE capture SET number = ? WHERE number = ?", [becomes, was])
    assert first(folder)["where"] == "capture 2"


def test_changed_time_of_a_capture(folder: Path, database: sqlite3.Connection) -> None:
    """When something was captured is covered by the log."""
    database.execute("UPDATE capture SET captured_at = '2001-01-01T00:00:00Z' WHERE number = 1")
    assert first(folder)["where"] == "capture 1"


def test_rewritten_log_is_found_by_an_earlier_checkpoint(folder: Path, database: sqlite3.Connection) -> None:
    """Who rewrites the whole log, digests and all, is found out by a checkpoint that was written down before."""
    before = checkpoint(folder)
    assert verify(folder, "--against", before).exit_code == 0
    other = before[:-1] + ("0" if before[-1] != "0" else "1")
    assert first(folder, "--against", other)["where"] == "log"
    assert first(folder, "--against", before.replace("4:", "9:"))["where"] == "log"


def test_checkpoint_of_another_form_is_a_usage_error(folder: Path) -> None:
    """What is no checkpoint is said so, with exit code 2."""
    done = verify(folder, "--against", "yesterday")
    assert done.exit_code == 2
    assert "SIZE:DIGEST" in done.output


@pytest.fixture
def index(folder: Path) -> Iterator[Index]:
    """Open the archive's index."""
    opened = open_index(f"whoosh:{folder / 'data/index'}")
    yield opened
    opened.close()


def test_document_missing_from_the_index(folder: Path, index: Index) -> None:
    """A thread that the index has lost is named."""
    index.apply([], ["77/2"], index.cursor())
    assert first(folder) == {"where": "thread 77/2", "what": "missing from the index"}


def test_index_behind_the_store_says_what_to_do(
    folder: Path, index: Index, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """An index that has not seen the last changes is a difference that sync mends."""
    with open_store(f"sqlite:///{folder / 'data/archive.db'}") as store:
        with GitHub(API, token="t", transport=upstream) as github:
            Crawler(store, github, Vocabulary()).crawl(RepositoryRef("acme", "rocket"))
        found = [str(each) for each in index_differences(store, index)]
        assert found[0] == "index: 1 change behind the store; run: onrecord sync"
        assert found[1:] == ["thread 77/1: another snapshot in the index than in the store"]
        sync(store, index)
        assert list(index_differences(store, index)) == []


@pytest.mark.parametrize(
    ("statement", "where", "what"),
    [
        ("UPDATE thread SET summary = (SELECT summary FROM thread WHERE number = 2) WHERE number = 1", "77/1", "title"),
        ("DELETE FROM change WHERE key = '77/3'", "77/3", "no change tells the index"),
        ("DELETE FROM repository_alias", "acme/rocket", "not found by its name"),
        (
            "DELETE FROM account WHERE id = (SELECT author_id FROM post LIMIT 1)",
            "table",
            "missing in the table account",
        ),
        ("DELETE FROM repository", "table", "missing in the table repository"),
    ],
)
def test_what_no_digest_covers_and_something_else_contradicts(
    folder: Path, database: sqlite3.Connection, statement: str, where: str, what: str
) -> None:
    """What lists show is held against the snapshots, and no row may be missing that others lead to."""
    database.execute(statement)
    found = first(folder)
    assert where in found["where"]
    assert what in found["what"]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE post SET withdrawn = NULL", "readers see it"),
        ("UPDATE thread SET withdrawn = NULL", "readers see it"),
        ("UPDATE withdrawal SET lifted_at = at WHERE scope = 'post'", "no withdrawal that stands"),
        ("UPDATE withdrawal SET lifted_at = at WHERE scope = 'thread'", "no withdrawal that stands"),
        ("DELETE FROM withdrawal", "the withdrawal that it is withheld by is missing"),
        ("UPDATE post SET withdrawn = 1 WHERE kind = 'opening'", "no withdrawal that stands"),
    ],
)
def test_a_changed_withdrawal(folder: Path, database: sqlite3.Connection, statement: str, what: str) -> None:
    """What is withheld and the withdrawals that say so are held against each other."""
    comment = database.execute("SELECT github_id FROM post WHERE kind = 'comment' LIMIT 1").fetchone()[0]
    anchored = f"https://github.com/acme/rocket/issues/1#issuecomment-{comment}"
    for arguments in ([anchored], ["--whole-thread", "acme/rocket#2"]):
        options = ["--config", str(folder / "config.toml"), "withdraw", "--reason", "other"]
        assert CliRunner().invoke(main, [*options, *arguments]).exit_code == 0
    assert verify(folder).exit_code == 0
    database.execute(statement)
    assert any(what in each["what"] for each in json.loads(verify(folder, "--json").stdout)["first"])
