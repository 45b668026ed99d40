"""What of the watches is due, what a target of the command line is crawled as, and what is swept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from fakes import API, FakeGitHub, FakeRepository

from archiver import cli
from archiver.config import ConfigFile, WatchConfig
from archiver.crawl import Crawler
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.queries import Query
from archiver.references import RepositoryRef, ThreadRef
from archiver.store import Store, open_store
from archiver.watching import Task, act, due, named_task, next_due, next_sweep, sweep_pace, sweeps_due, task_of

NOW = datetime(2026, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)
ROCKET = RepositoryRef("acme", "rocket")
SEARCH = WatchConfig(search="license in:title", every=DAY, sweep=7 * DAY)
OWNER = WatchConfig(org="acme", every=DAY)
NEVER = datetime.min.replace(tzinfo=UTC)


@pytest.fixture
def clock() -> list[datetime]:
    """Hold the store's time."""
    return [NOW]


@pytest.fixture
def store(tmp_path: Path, clock: list[datetime]) -> Iterator[Store]:
    """Open a store whose clock the test moves."""
    with open_store(f"sqlite:///{tmp_path / 'archive.db'}", lambda: clock[0]) as opened:
        yield opened


def do(store: Store, upstream: FakeGitHub, *tasks: Task) -> list[str]:
    with GitHub(API, token="t0ken", transport=upstream, wait=False, pause=lambda seconds: None) as github:
        crawler = Crawler(store, github, Vocabulary())
        return [line for task in tasks for line in act(crawler, task, github, 0.2)]


def names(tasks: list[Task]) -> list[tuple[str, bool]]:
    return [(task.name, task.sweep) for task in tasks]


@pytest.mark.parametrize("watch", [SEARCH, OWNER, WatchConfig(repo="acme/rocket", every=DAY, discover="search")])
def test_a_watch_is_due_until_it_was_completed(
    store: Store, clock: list[datetime], repository: FakeRepository, upstream: FakeGitHub, watch: WatchConfig
) -> None:
    """It is due at once, then `every` later."""
    repository.issue("Another license", "Please relicense this under the GPL-3.0 license.")
    assert next_due(store, watch) == NEVER
    do(store, upstream, task_of(watch))
    assert next_due(store, watch) == NOW + DAY
    assert len(store.summaries()) == 1
    for passed, wanted in ((0.5, []), (1, [watch.name])):
        clock[0] = NOW + passed * DAY
        tasks = due(store, [watch], clock[0], scope=None, sweep=False, authenticated=False)
        assert [task.name for task in tasks if not task.sweep] == wanted


def test_repositories_of_a_watch_are_swept(store: Store, clock: list[datetime], repository: FakeRepository) -> None:
    """Those in which a search found threads, and an owner's, are swept a week after they were found, each once."""
    other = FakeRepository("globex/tools", 78)
    empty = FakeRepository("acme/empty", 79)
    upstream = FakeGitHub(repository, other, empty)
    for each in (repository, other):
        each.issue("Another license", "Please relicense this under the GPL-3.0 license.")
    assert next_sweep(store, SEARCH, authenticated=True) is None
    do(store, upstream, task_of(SEARCH), task_of(OWNER))
    assert next_sweep(store, SEARCH, authenticated=True) == NOW + 7 * DAY
    clock[0] = NOW + 7 * DAY
    both = [SEARCH, OWNER]
    tasks = due(store, both, clock[0], scope=None, sweep=True, authenticated=True)
    assert names(tasks) == [("acme/rocket", True), ("globex/tools", True)]
    lines = do(store, upstream, *tasks)
    assert [line.split(":")[0] for line in lines] == ["acme/rocket", "globex/tools"]
    assert due(store, both, clock[0] + 6 * DAY, scope=None, sweep=True, authenticated=True) == []
    assert next_sweep(store, OWNER, authenticated=True) == NOW + 14 * DAY
    assert sweeps_due(store, OWNER, NOW + 14 * DAY, authenticated=False) == []


def test_sweeps_of_several_repositories_are_looked_at_daily() -> None:
    """What is due among many is looked at once a day at least; a single one is swept at its pace."""
    assert sweep_pace(SEARCH, authenticated=True) == DAY
    assert sweep_pace(OWNER, authenticated=False) is None
    assert sweep_pace(WatchConfig(org="acme", sweep=timedelta(hours=2)), authenticated=False) == timedelta(hours=2)
    assert sweep_pace(WatchConfig(repo="acme/rocket"), authenticated=True) == 7 * DAY


def test_a_target_is_crawled_as_its_watch_says() -> None:
    """What is named on the command line is crawled as its own watch has it, else its owner's, else by the defaults."""
    own = WatchConfig(repo="Acme/Rocket", scope="all", discover="search", limit=77)
    owner = WatchConfig(org="ACME", discover="search")
    assert named_task([owner, own], ROCKET) == Task(ROCKET, "all", "search", 77)
    assert named_task([owner], ROCKET) == Task(ROCKET, "license", "search")
    assert named_task([], ROCKET) == Task(ROCKET, "license", "listing")
    thread = ThreadRef("acme", "rocket", 3)
    assert named_task([own], thread) == Task(thread)


def test_tasks_of_watches() -> None:
    """Each kind of watch is one task; a search keeps what it finds unless its scope says otherwise."""
    assert task_of(SEARCH) == Task(Query("license in:title"), "all")
    assert task_of(WatchConfig(search="license", scope="license", limit=5)).scope == "license"
    assert task_of(OWNER) == Task("acme")
    assert task_of(WatchConfig(thread="acme/rocket#3")) == Task(ThreadRef("acme", "rocket", 3))
    scoped = due_scopes([SEARCH, OWNER], "all")
    assert scoped == ["all", "all"]


def due_scopes(watches: list[WatchConfig], scope: str) -> list[str]:
    with open_store("sqlite:///:memory:") as store:
        return [each.scope for each in due(store, watches, NOW, scope=scope, sweep=False, authenticated=True)]


def test_status_tells_where_watches_stand(
    tmp_path: Path, store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """What a search found and what it could not, and what an owner has, stand on `onrecord status`."""
    repository.issue("Another license", "Please relicense this under the GPL-3.0 license.")
    repository.issue("A license", "Please.")
    upstream.gone["acme/rocket", 2] = 410
    empty = FakeRepository("acme/empty", 79, about={"has_issues": False})
    upstream.repositories.append(empty)
    do(store, upstream, task_of(SEARCH), task_of(OWNER), Task(ROCKET, discover="search"))
    archive = cli.bind(ConfigFile(None, tmp_path, {"store": {"url": "sqlite:///archive.db"}}))

    def status(*arguments: str) -> str:
        result = CliRunner().invoke(cli.status_command, arguments, obj=archive, catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    text = status()
    found = text[text.index("search:license in:title") :].splitlines()
    assert found[1:5] == [
        "  found          2 threads",
        "  complete pass  2026-01-10T00:00:00Z",
        "  searched       1 request in 1 slice, 2 results counted by GitHub",
        f"  failed         acme/rocket#2 {API}/repos/acme/rocket/issues/2: HTTP 410: This issue was deleted",
    ]
    assert "org:acme\n  repositories   2, 1 of them without issues\n" in text
    assert 'acme/rocket, discover = "search"\n  found          2 threads\n' in text
    by_key = {each["watch"]: each for each in json.loads(status("--json"))["watches"]}
    assert set(by_key) == {"org:acme", "repo:77", "search:license in:title"}
    search = by_key["search:license in:title"]
    assert (search["found"], search["to_fetch"], search["unfinished"], search["gaps"]) == (2, 0, False, [])
    assert search["failures"][0]["target"] == "acme/rocket#2"
    assert by_key["org:acme"]["repositories"] == ["acme/rocket", "acme/empty"]
    assert by_key["org:acme"]["without_issues"] == ["acme/empty"]
