"""`onrecord discover`: what it proposes binds, what it counts costs one request each, and it keeps nothing."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from fakes import API, FakeGitHub, FakeRepository

from archiver import cli
from archiver.config import WatchConfig, read_config
from archiver.discover_cli import discover_command, propose
from archiver.github.client import GitHub
from archiver.queries import TOPICS, Query
from archiver.store import open_store


@pytest.fixture
def discover(tmp_path: Path, upstream: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command in a folder of its own, over the fake API."""
    monkeypatch.setenv("ONRECORD_GITHUB_TOKEN", "t0ken")
    config = tmp_path / "config.toml"
    config.write_text(f'[github]\napi_url = "{API}"\n', encoding="utf-8")
    archive = cli.bind(read_config(config))

    def client(_archive: cli.Archive, *, wait: bool, pause: Any = None) -> GitHub:
        return GitHub(API, token="t0ken", transport=upstream, wait=wait, pause=lambda seconds: None)

    monkeypatch.setattr(cli.Archive, "client", client)
    return lambda *arguments: CliRunner().invoke(discover_command, arguments, obj=archive, catch_exceptions=False)


def watches(tmp_path: Path, text: str) -> tuple[WatchConfig, ...]:
    """Paste the output into a configuration file and bind it."""
    path = tmp_path / "pasted.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(path).bind_list("watch", WatchConfig)


def test_what_is_proposed_is_configuration(
    tmp_path: Path, discover: Callable[..., Result], upstream: FakeGitHub
) -> None:
    """Without --count nothing is asked for; the output, pasted into a configuration file, binds to watches."""
    result = discover()
    assert result.exit_code == 0
    assert upstream.log == []
    found = watches(tmp_path, result.output)
    assert [each.query for each in found] == [Query.parse(each.search) for each in propose((), ())]
    assert {each.every for each in found} == {timedelta(days=1)}
    assert {each.keeps for each in found} == {"license"}
    assert all(f"# {topic}\n" in result.output for topic in TOPICS)
    assert f"# {len(found)} search requests, {2 * len(found)} seconds at 30 a minute." in result.output
    assert list(tmp_path.glob("data*")) == []


def test_topics_and_places_are_chosen(tmp_path: Path, discover: Callable[..., Result]) -> None:
    """Only the topics named are proposed, once for each place."""
    result = discover("patent", "--in", "acme/rocket", "--in", "globex", "--in", "https://github.com/acme/rocket")
    queries = [each.search or "" for each in watches(tmp_path, result.output)]
    assert len(queries) == 2 * len(propose(["patent"], []))
    assert all("in:title repo:acme/rocket" in each or "in:title user:globex" in each for each in queries)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("patents",), "'patents' is no topic; did you mean patent?"),
        (("xyz",), "'xyz' is no topic; known are relicense,"),
        (("--in", "acme/rocket#3"), "'acme/rocket#3' names neither a repository, as owner/repo, nor an owner"),
        (("--in", "no owner"), "names neither"),
    ],
)
def test_what_is_not_known_is_refused(discover: Callable[..., Result], arguments: tuple[str, ...], said: str) -> None:
    """An unknown topic or place is an error of usage that names it."""
    result = discover(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_counting_costs_one_request_each(
    tmp_path: Path, discover: Callable[..., Result], repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """With --count each query is one search request, and what its watch would cost stands above it."""
    for _ in range(3):
        repository.issue("Add a patent grant?", "Please.")
    result = discover("patent", "--count")
    assert upstream.paths() == ["/search/issues"] * len(propose(["patent"], []))
    assert "# 3 threads: about 1 search request and 9 to 12 others" in result.output
    assert len(watches(tmp_path, result.output)) == len(upstream.paths())
    with open_store(f"sqlite:///{tmp_path / 'empty.db'}") as store:
        assert store.watch_states() == {}


def test_what_is_too_much_is_commented_out(
    tmp_path: Path, discover: Callable[..., Result], upstream: FakeGitHub
) -> None:
    """A query that finds more than the limit says so, and is no watch until somebody wants it, limit and all."""
    upstream.interfere = lambda request: httpx.Response(
        200, json={"total_count": 12345, "incomplete_results": True, "items": []}
    )
    result = discover("cla-dco", "--count")
    assert "# at least 12,345 threads: about 136 search requests and 37,035 to 49,380 others" in result.output
    assert watches(tmp_path, result.output) == ()
    wanted = "\n".join(
        line.removeprefix("# ")
        for line in result.output.splitlines()
        if line.startswith(("# [", "# s", "# e", "# limit"))
    )
    assert all(each["limit"] == 12345 for each in tomllib.loads(wanted)["watch"])


def test_what_cannot_be_counted_is_told(tmp_path: Path, discover: Callable[..., Result], upstream: FakeGitHub) -> None:
    """A query that GitHub refuses is told with its reason, and the others are counted."""
    answers = [httpx.Response(422, json={"message": "No such luck"})]
    upstream.interfere = lambda request: answers.pop() if answers else None
    upstream.search.no_alternatives = True
    result = discover("patent", "--count")
    assert result.exit_code == 0
    assert "HTTP 422" not in result.output  # the first was taken apart, as the others were
    upstream.interfere = lambda request: httpx.Response(403, json={"message": "Not for you"})
    result = discover("patent", "--count")
    assert "# not counted: " in result.output
    assert "Not for you" in result.output
    assert watches(tmp_path, result.output) == ()


def test_json(discover: Callable[..., Result], repository: FakeRepository) -> None:
    """--json has the same, with the costs in numbers; null where nothing was counted."""
    repository.issue("Patent clause", "Please.")
    value = json.loads(discover("patent", "--json").output)
    assert all(each["cost"] is None for each in value["watches"])
    value = json.loads(discover("patent", "--json", "--count", "--in", "acme/rocket").output)
    first = value["watches"][0]
    assert (first["topic"], first["in"], first["every"], first["scope"]) == ("patent", "acme/rocket", "24h", "license")
    assert first["cost"] == {
        "threads": 1,
        "at_least": False,
        "over_limit": False,
        "slices": 1,
        "search_requests": 1,
        "requests": [3, 4],
        "seconds": [5, 5],
    }
