"""Tests the commands of search, and the JSON that they share with the site's API."""

from __future__ import annotations

import io
import json
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from archiver.references import ThreadKind
from archiver.store import Store, open_store
from search.cli import COMMANDS, search_command
from search.errors import SearchError
from search.index import FACETS, Index, ResultPage, open_index
from search.printing import Printer, printable
from search.query import parse
from search.serial import thread_json
from search.tree import Node
from tests.search.builders import keep


@dataclass
class Archive:
    """What the commands are given."""

    folder: Path
    base_url: str = "https://archive.test"

    def open_store(self) -> Store:
        """Open the store of the folder."""
        return open_store(f"sqlite:///{self.folder / 'archive.db'}")

    def open_index(self) -> Index:
        """Open the index of the folder."""
        return open_index(f"whoosh:{self.folder / 'index'}")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Keep three threads; nothing is indexed yet."""
    made = Archive(tmp_path)
    with made.open_store() as store:
        keep(store, 1, "Relicense under MIT?", ["Please **relicense** this.", "No copyleft, please."])
        keep(store, 2, "Add \x1b[31m LICENSE\u202e", ["Fixes that."], state="closed", kind=ThreadKind.PULL, author=None)
        keep(store, 3, "Crash", ["It crashes."])
    return made


def run(archive: Archive, name: str, *arguments: str) -> Result:
    """Run a command, and expect that it is done."""
    command = next(each for each in COMMANDS if each.name == name)
    result = CliRunner().invoke(command, arguments, obj=archive)
    assert result.exception is None, result.output
    return result


def search_json(archive: Archive, *arguments: str) -> Any:
    """Run a search with --json."""
    return json.loads(run(archive, "search", "--json", *arguments).stdout)


def test_sync_and_rebuild_say_what_they_did(archive: Archive) -> None:
    """Both end with one sentence."""
    assert "up to date: 3 threads put" in run(archive, "sync").output
    assert "up to date: 0 threads put" in run(archive, "sync").output
    assert "built anew: 3 threads put" in run(archive, "rebuild").output


def test_search_prints_hits(archive: Archive) -> None:
    """A hit shows title, reference, state, date, link and snippet, without colour where there is no terminal."""
    run(archive, "sync")
    lines = run(archive, "search", "license", "mit").output.splitlines()
    assert lines[0] == "Relicense under MIT?"
    assert lines[1].split() == ["Acme/Rocket#1", "open", "2020-01-02", "2", "posts"]
    assert lines[2].strip() == "https://archive.test/github.com/Acme/Rocket/issues/1#issue-1000"
    assert lines[3].strip() == "Please relicense this."
    assert lines[-1] == "1 thread found; 1 partial match"


def test_search_is_safe_for_a_terminal(archive: Archive) -> None:
    """No escape sequence and no change of direction of a title reaches the terminal."""
    run(archive, "sync")
    output = run(archive, "search", "license is:pr").output
    assert "LICENSE" in output
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert len(printable("a\x1b\u202e\nb")) == 5


def test_search_limits_sorts_and_notes(archive: Archive) -> None:
    """--limit and --sort do what they say, notices go to stderr, and what is not shown is counted."""
    run(archive, "sync")
    result = run(archive, "search", "--limit", "1", "--sort", "created-asc", "milestone:x")
    assert result.stdout.startswith("Relicense")
    assert "3 threads found, 2 of them not shown" in result.stdout
    assert "`milestone:` is not indexed" in result.stderr
    assert CliRunner().invoke(search_command, ["--sort", "size", "x"], obj=archive).exit_code == 2
    assert run(archive, "search", "zebra").output == "0 threads found\n"


def test_search_says_what_to_drop(archive: Archive) -> None:
    """As the page does where nothing is found; --json is the API's answer and nothing more."""
    run(archive, "sync")
    assert "without zebra: 1 thread\n" in run(archive, "search", "copyleft zebra").stdout
    assert search_json(archive, "copyleft zebra")["total"] == 0


def test_search_counts_facets(archive: Archive) -> None:
    """A line for each facet that there is, the most frequent values first."""
    run(archive, "sync")
    lines = run(archive, "search", "--facets", "license").stdout.splitlines()
    assert "repository: Acme/Rocket 2" in lines
    assert "state: closed 1, open 1" in lines
    assert not [each for each in lines if each.startswith("closed as")]
    assert "repository:" not in run(archive, "search", "license").stdout


def test_search_marks_partial_matches(archive: Archive) -> None:
    """They follow under a heading, each is marked, and they are counted apart."""
    run(archive, "sync")
    with archive.open_store() as store, closing(archive.open_index()) as index:
        found = index.search(parse("license").tree)
        summaries = store.summaries_by_key([hit.key for hit in found.hits])
    hits = (found.hits[0], replace(found.hits[1], partial=True))
    answer = replace(found, hits=hits, total=1, partial_total=5)
    console = Console(file=io.StringIO(), highlight=False, width=200)
    Printer(console, "https://archive.test").page(answer, summaries, [], facets=False)
    assert isinstance(console.file, io.StringIO)
    first, heading, second = console.file.getvalue().partition("These hold some of the words\n")
    assert heading
    assert "partial match" not in first
    assert second.count("  partial match\n") == 1
    assert second.endswith("1 thread found; 5 partial matches, 4 of them not shown\n")


def test_search_is_coloured_on_a_terminal_alone(archive: Archive) -> None:
    """What matched is set apart in title and text; a pipe gets plain words."""
    run(archive, "sync")
    with archive.open_store() as store, closing(archive.open_index()) as index:
        answer = index.search(parse("relicense").tree)
        summaries = store.summaries_by_key([hit.key for hit in answer.hits])
    console = Console(file=io.StringIO(), highlight=False, width=200, force_terminal=True, color_system="standard")
    Printer(console, "https://archive.test").page(answer, summaries, [], facets=True)
    assert isinstance(console.file, io.StringIO)
    assert "Please \x1b[1;33mrelicense\x1b[0m this." in console.file.getvalue()
    assert "\x1b[1;33mRelicense\x1b[0m" in console.file.getvalue()
    assert "\x1b" not in run(archive, "search", "--facets", "relicense").stdout


class Misspelled:
    """An index that knows what was meant."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def search(self, query: Node, **how: Any) -> ResultPage:
        """Find, and say what was meant."""
        return replace(self._index.search(query, **how), did_you_mean=parse("relicense MIT").tree)


def test_search_tells_what_was_meant(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """On stderr, beside the notices; in the JSON as in the API."""
    run(archive, "sync")
    opened = archive.open_index
    monkeypatch.setattr(archive, "open_index", lambda: Misspelled(opened()))
    result = run(archive, "search", "relisence")
    assert result.stderr == "Did you mean: relicense MIT\n"
    assert search_json(archive, "relisence")["did_you_mean"] == "relicense MIT"


def test_search_json(archive: Archive) -> None:
    """The JSON is that of the site's API."""
    run(archive, "sync")
    value = search_json(archive, "copyleft foo:bar OR relicense milestone:x")
    assert {key: value[key] for key in ("query", "total", "page", "per_page", "did_you_mean")} == {
        "query": "copyleft foo:bar OR relicense milestone:x",
        "total": 1,
        "page": 1,
        "per_page": 10,
        "did_you_mean": None,
    }
    assert value["notices"] == [
        "`foo:` is no qualifier; it was searched as words.",
        "`milestone:` is not indexed; it was left out.",
    ]
    assert value["facets"]["repository"] == [{"value": "Acme/Rocket", "count": 1}]
    assert value["facets"]["state"] == [{"value": "open", "count": 1}]
    assert set(value["facets"]) == set(FACETS)
    (result,) = value["results"]
    assert set(result) == {"thread", "score", "partial", "best_post"}
    assert (value["partial_total"], result["partial"]) == (0, False)
    assert result["thread"]["number"] == 1
    assert result["thread"]["gap"] is None
    assert "posts" not in result["thread"]
    best = result["best_post"]
    assert best == {
        "id": 1000,
        "url": "https://archive.test/github.com/Acme/Rocket/issues/1#issue-1000",
        "author": "asker",
        "snippet": {"text": "Please relicense this.", "spans": [[7, 16]]},
    }


@pytest.mark.parametrize("arguments", [("license",), ("--json", "license")])
def test_search_before_any_sync(archive: Archive, arguments: tuple[str, ...]) -> None:
    """An index that was not built yet is an error that says what to do, not a search that finds nothing."""
    result = CliRunner().invoke(search_command, arguments, obj=archive)
    assert isinstance(result.exception, SearchError)
    assert str(result.exception) == "the index has not been built yet; run: onrecord sync"
    assert result.exception.exit_code == 1
    assert result.stdout == ""


def test_search_in_an_archive_that_is_empty(tmp_path: Path) -> None:
    """Where nothing is held, nothing is found, and there is nothing to build."""
    assert run(Archive(tmp_path), "search", "license").output == "0 threads found\n"


def test_search_in_an_index_that_is_behind(archive: Archive) -> None:
    """What it has is found, and a note on stderr says that it is behind, in the singular too."""
    run(archive, "sync")
    assert run(archive, "search", "license").stderr == ""
    with archive.open_store() as store:
        keep(store, 4, "Another license")
    result = run(archive, "search", "license")
    assert result.stderr == "Note: the index is 1 change behind; run: onrecord sync\n"
    assert "2 threads found" in result.stdout
    with archive.open_store() as store:
        keep(store, 5, "One more license")
    result = run(archive, "search", "--json", "license")
    assert result.stderr == "Note: the index is 2 changes behind; run: onrecord sync\n"
    assert json.loads(result.stdout)["total"] == 2


def test_search_without_words_is_everything(archive: Archive) -> None:
    """Then the newest come first."""
    run(archive, "sync")
    assert [each["thread"]["number"] for each in search_json(archive)["results"]] == [3, 2, 1]


def test_a_hit_that_the_store_no_longer_has(archive: Archive) -> None:
    """It is left out rather than shown without its thread."""
    run(archive, "sync")
    (archive.folder / "archive.db").rename(archive.folder / "elsewhere.db")
    for rest in archive.folder.glob("archive.db-*"):
        rest.unlink()
    assert search_json(archive, "license")["results"] == []
    assert "2 threads found" in run(archive, "search", "license").output


def test_thread_json(archive: Archive) -> None:
    """A thread's object has the contract's keys; with its posts, theirs too."""
    with archive.open_store() as store:
        thread = store.thread_by_key("77/2")
        assert thread is not None
    value = thread_json(thread.summary, "https://archive.test")
    keys = [
        "repository",
        "number",
        "kind",
        "title",
        "state",
        "state_reason",
        "locked",
        "lock_reason",
        "draft",
        "category",
        "labels",
        "milestone",
        "assignees",
        "author",
        "author_association",
        "created_at",
        "updated_at",
        "closed_at",
        "closed_by",
        "merged_at",
        "url",
        "upstream_url",
        "snapshot",
        "first_captured_at",
        "last_checked_at",
        "gone",
        "gap",
        "relevance",
    ]
    assert list(value) == keys
    assert value["gap"] is None
    assert value["kind"] == "pull"
    assert value["author"] is None
    assert value["url"] == "https://archive.test/github.com/Acme/Rocket/pull/2"
    assert value["upstream_url"] == "https://github.com/Acme/Rocket/pull/2"
    assert value["created_at"] == "2020-01-03T00:00:00Z"
    assert value["relevance"] == {"terms": ["license"], "spdx": ["MIT"], "topics": ["relicense"], "relicensing": None}
    gap = "3 of 5 comments could be fetched"
    assert thread_json(replace(thread.summary, gap=gap), "https://archive.test")["gap"] == gap
    whole = thread_json(thread, "https://archive.test")
    assert {key: whole[key] for key in keys} == value
    assert whole["events"] == []
    (post,) = whole["posts"]
    assert list(post) == [
        "id",
        "kind",
        "url",
        "upstream_url",
        "author",
        "author_association",
        "created_at",
        "updated_at",
        "body",
        "body_html",
        "gone",
        "state",
        "reply_to",
        "reactions",
        "minimized",
        "context",
        "revisions",
        "edits",
    ]
    assert post["url"] == value["url"] + "#issue-2000"
    assert list(post["revisions"][0]) == ["digest", "edited_at", "captured_at", "source", "body"]
