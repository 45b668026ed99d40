"""The commands withdraw and restore: store, index and files are clean when they return, and the audit is kept."""

from __future__ import annotations

import json
import sqlite3
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archiver.errors import ArchiveError, BadReference
from archiver.model import Account
from archiver.references import RepositoryRef, ThreadRef
from archiver.store import Store, open_store
from search.errors import IndexLocked
from search.index import open_index
from search.sync import sync
from search.withdrawing import read_reference
from tests.archives import Archive, post
from web.cli import main

SECRET = "zebrasecret"
POST = "https://github.com/Acme/Rocket/issues/12#issuecomment-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make an archive on disk, with its index: two threads, in which kim wrote three times."""
    data = tmp_path / "data"
    data.mkdir()
    made = Archive(data)
    made.save(12, comments=(post(1, f"call me: {SECRET}"), post(2, "no comment", "bob")))
    made.save(13, f"By kim, the {SECRET}", body=f"{SECRET} opens", login="kim", comments=(post(3, SECRET),))
    sync(made.store, made.index)
    made.store.close()
    made.index.close()
    (tmp_path / "config.toml").write_text('[site]\nbase_url = "http://archive.test"\n', encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    """Run the program, and expect that it is done."""
    result = CliRunner().invoke(main, ["--config", str(folder / "config.toml"), *arguments])
    assert result.exit_code == 0, result.output
    return result


def fail(folder: Path, *arguments: str) -> str:
    """Run the program, and return what it says when it refuses."""
    result = CliRunner().invoke(main, ["--config", str(folder / "config.toml"), *arguments])
    assert result.exit_code != 0
    return result.output


def found(folder: Path, query: str = SECRET) -> int:
    """Return how many threads a search finds."""
    total: int = json.loads(run(folder, "search", "--json", query).stdout)["total"]
    return total


def traces(folder: Path) -> list[str]:
    """Return the files in which the secret stands, as it is or compressed."""
    return [str(each) for each in sorted(folder.rglob("*")) if each.is_file() and holds(each.read_bytes())]


def holds(data: bytes) -> bool:
    wanted = SECRET.encode()
    if wanted in data.lower():
        return True
    at = data.find(b"\x78")
    while at >= 0:
        try:
            if wanted in zlib.decompressobj().decompress(data[at:], 1_000_000).lower():
                return True
        except zlib.error:
            pass
        at = data.find(b"\x78", at + 1)
    return False


def test_a_withdrawn_post_is_out_of_search_at_once(folder: Path) -> None:
    """When the command returns, no search finds it; it says what it did, what stays, and how to undo it."""
    assert found(folder) == 2
    said = run(folder, "withdraw", POST, "--reason", "personal-data", "--note", "ticket 7").output
    assert "Withdrawn: post https://github.com/Acme/Rocket/issues/12#issuecomment-1 (personal-data)." in said
    assert "1 post in 1 thread" in said
    assert f"onrecord restore {POST}" in said
    assert found(folder) == 1
    assert "agree" in run(folder, "verify").output
    assert "In view again: 1 post." in run(folder, "restore", POST).output
    assert found(folder) == 2


def test_a_link_of_this_archive_is_understood(folder: Path) -> None:
    """Pages, snapshots and JSON of this site name what GitHub's own addresses name."""
    base = "http://archive.test"
    thread = f"{base}/github.com/Acme/Rocket/issues/12"
    for link in (thread, f"{thread}@9f3c", f"{thread}.json", f"{thread}/history", f"{thread}@20260301T120000Z"):
        assert str(read_reference(link, base)) == "Acme/Rocket#12"
        ref = read_reference(f"{link}#issuecomment-1", base)
        assert isinstance(ref, ThreadRef)
        assert ref.anchor == "issuecomment-1"
    assert read_reference(f"{base}/github.com/Acme/Rocket", base) == RepositoryRef("Acme", "Rocket")
    with pytest.raises(BadReference):
        read_reference("http://elsewhere.test/github.com/Acme/Rocket", base)
    run(folder, "withdraw", f"{thread}@9f3c#issuecomment-1", "--reason", "other")
    assert found(folder) == 1


def test_an_author_by_login(folder: Path) -> None:
    """All posts of the account are out of search, its threads without their titles."""
    said = run(folder, "withdraw", "--author", "kim", "--reason", "author-request").output
    assert "3 posts in 2 threads" in said
    assert "The title of 1 thread goes" in said
    assert found(folder) == 0
    assert found(folder, "withdrawn") == 0
    number = json.loads(run(folder, "withdraw", "--list", "--json").stdout)[0]["target"]
    assert number.isdigit()
    run(folder, "restore", "--author", number)
    assert found(folder) == 2


def test_a_whole_thread(folder: Path) -> None:
    """The index has nothing of it, and agrees with the store."""
    assert "add --whole-thread" in fail(folder, "withdraw", "Acme/Rocket#13", "--reason", "legal")
    run(folder, "withdraw", "Acme/Rocket#13", "--whole-thread", "--reason", "legal")
    assert found(folder, "kim") == 0
    assert "1 thread" in run(folder, "verify").output
    run(folder, "restore", "acme/rocket#13", "--whole-thread")
    assert found(folder) == 2


def test_erased_bytes_are_in_no_file(folder: Path) -> None:
    """Neither in the database nor beside it, nor in any generation of the index, compressed or not."""
    assert len(traces(folder)) >= 2
    said = run(folder, "withdraw", "--author", "kim", "--reason", "secret", "--erase", "--yes").output
    assert "Erased for good: 3 texts" in said
    assert traces(folder) == []
    assert found(folder) == 0
    verified = run(folder, "verify").output
    assert "4 texts and records erased on request: not recomputed" in verified
    assert "agree" in verified


def test_erasing_while_another_connection_is_open(folder: Path) -> None:
    """A reader that merely has the store open, as a site does, keeps nothing of it alive in the log beside it."""
    other = sqlite3.connect(folder / "data/archive.db")
    other.execute("SELECT count(*) FROM post").fetchone()
    run(folder, "withdraw", "--author", "kim", "--reason", "secret", "--erase", "--yes")
    assert traces(folder) == []
    other.close()


def test_erasing_asks_first(folder: Path) -> None:
    """Where there is no terminal to ask at, nothing is done without --yes."""
    assert "add --yes" in fail(folder, "withdraw", POST, "--reason", "secret", "--erase")
    assert found(folder) == 2
    assert json.loads(run(folder, "withdraw", "--list", "--json").stdout) == []


def test_an_index_that_cannot_follow_is_said_loudly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is clean, and the error says that the index is not, and what to run."""
    index = open_index(f"whoosh:{folder / 'data/index'}")

    def locked(*_arguments: object, **_more: object) -> None:
        raise IndexLocked("another process is writing the index", key="index")

    with monkeypatch.context() as patch:
        patch.setattr("search.withdrawing.sync", locked)
        result = CliRunner().invoke(
            main, ["--config", str(folder / "config.toml"), "withdraw", POST, "--reason", "other"]
        )
    assert result.exit_code == ArchiveError.exit_code
    assert "NOT DONE YET" in result.stderr
    assert "run: onrecord sync" in result.stderr
    index.close()
    run(folder, "sync")
    assert found(folder) == 1


def test_an_erasure_broken_off_is_finished_by_the_same_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is still to do is kept, told by --list and verify, and done when the command is run again."""

    def full(_store: Store) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(Store, "scrub", full)
        result = CliRunner().invoke(
            main, ["--config", str(folder / "config.toml"), "withdraw", POST, "--reason", "secret", "--erase", "--yes"]
        )
        assert isinstance(result.exception, ZeroDivisionError)
    assert "is not finished" in run(folder, "withdraw", "--list").stderr
    assert "erasure is not finished" in fail(folder, "verify")
    run(folder, "withdraw", POST, "--reason", "secret", "--erase", "--yes")
    run(folder, "verify")


def test_the_audit(folder: Path) -> None:
    """--list tells all, in order, with what was restored and erased; an author by number alone."""
    run(folder, "withdraw", POST, "--reason", "personal-data", "--note", "ticket \x1b[31m7")
    run(folder, "withdraw", "--author", "kim", "--reason", "legal", "--erase", "--yes", "--opt-out")
    run(folder, "restore", POST)
    first, second, third = json.loads(run(folder, "withdraw", "--list", "--json").stdout)
    assert (first["scope"], first["target"], first["note"]) == ("post", POST, "ticket \x1b[31m7")
    assert first["lifted_at"] is not None
    assert (second["scope"], second["reason"], second["erased"]) == ("author", "legal", True)
    assert "kim" not in json.dumps(second)
    assert third["scope"] == "opt-out"
    lines = run(folder, "withdraw", "--list").stdout
    assert "\x1b" not in lines
    assert "3 withdrawals" in lines


def test_opting_out_and_in(folder: Path) -> None:
    """--opt-out is about an account as a whole; restoring the account takes it off the list."""
    assert "--author" in fail(folder, "withdraw", POST, "--reason", "author-request", "--opt-out")
    assert (
        "on the opt-out list"
        in run(folder, "withdraw", "--author", "999", "--reason", "author-request", "--opt-out").output
    )
    said = run(folder, "restore", "--author", "999").output
    assert "off the opt-out list" in said


def test_the_opt_out_list_is_handed_on(folder: Path, tmp_path: Path) -> None:
    """Another archive honours the list with its own and others' salts; what is no list is refused."""
    run(folder, "withdraw", "--author", "999", "--reason", "author-request", "--opt-out")
    listed = run(folder, "opt-out", "export").stdout
    assert "999" not in json.loads(listed)["hashes"]
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    with other, other.transaction() as tx:
        tx.opt_out(5)
    (tmp_path / "other.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path / "other.db"}"\n', encoding="utf-8")
    importing = ["--config", str(tmp_path / "other.toml"), "opt-out", "import", "-"]
    done = CliRunner().invoke(main, importing, input=listed)
    assert "1 account added" in done.output
    assert "0 accounts added" in CliRunner().invoke(main, importing, input=listed).output
    with open_store(f"sqlite:///{tmp_path / 'other.db'}") as store, store.transaction() as tx:
        assert [tx.opted_out(Account(each, "x")) for each in (5, 999, 7)] == [True, True, False]
        assert tx.opt_in(999)
        assert not tx.opted_out(Account(999, "x"))
    for text in ("[]", "{", '{"salts": ["zz"], "hashes": []}', '{"salts": [], "hashes": [1]}'):
        refused = CliRunner().invoke(main, importing, input=text)
        assert refused.exit_code == 1
        assert "is no list" in refused.stderr


def test_what_is_missing_is_said(folder: Path) -> None:
    """Without a reason, a target, or with two that exclude each other, nothing is done."""
    assert "--reason" in fail(folder, "withdraw", POST)
    assert "name a post" in fail(folder, "withdraw", "--reason", "other")
    assert "exclude" in fail(folder, "withdraw", "--author", "kim", "--whole-thread", "--reason", "other")
    assert "is a repository" in fail(folder, "withdraw", "Acme/Rocket", "--reason", "other")
    assert "is not held" in fail(folder, "withdraw", "other/place#1", "--whole-thread", "--reason", "other")
    assert "not withdrawn" in fail(folder, "restore", POST)


def test_the_index_follows_though_nobody_reads_what_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that breaks ends the command when all is done: `onrecord withdraw ... | true`."""

    def broken(*_arguments: object, **_more: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    for command in (("withdraw", POST, "--reason", "secret"), ("restore", POST)):
        with monkeypatch.context() as patch:
            patch.setattr("search.withdrawing.click.echo", broken)
            result = CliRunner().invoke(main, ["--config", str(folder / "config.toml"), *command])
        assert result.exit_code != 0
        with open_store(f"sqlite:///{folder / 'data/archive.db'}") as store:
            index = open_index(f"whoosh:{folder / 'data/index'}")
            assert index.cursor() == store.last_change()
            index.close()


def test_a_search_shows_nothing_withdrawn_that_the_index_still_has(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the command line, too."""
    with monkeypatch.context() as patch:
        patch.setattr("search.withdrawing.sync", lambda *_: None)
        run(folder, "withdraw", POST, "--reason", "secret")
    assert found(folder) == 1
    assert "call me" not in run(folder, "search", "call").stdout
    assert found(folder, "author:bob") == 0
