"""Watches of an owner: every repository is crawled, and a broken-off run goes on with those that are left."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from fakes import API, FakeGitHub, FakeRepository

from archiver.crawl import Crawler, Report
from archiver.errors import NotFound, Unauthorized
from archiver.github.client import GitHub, Stopped
from archiver.license import Vocabulary
from archiver.owners import owner_key
from archiver.store import Store, WatchState

TITLE = "Consider another license"
ASK = "Would another license do, such as the GPL-3.0? Please consider to relicense."


@pytest.fixture
def owned() -> list[FakeRepository]:
    """Four repositories of one owner, each with a debate and something else."""
    repositories = [FakeRepository(f"Acme/part{at}", 70 + at) for at in range(4)]
    for each in repositories:
        each.issue(TITLE, ASK)
        each.issue("It crashes", "On start.")
    return repositories


@pytest.fixture
def acme(owned: list[FakeRepository]) -> FakeGitHub:
    """GitHub with these, and one of another owner."""
    other = FakeRepository("globex/tools", 99)
    other.issue(TITLE, ASK)
    return FakeGitHub(*owned, other)


def crawl(
    store: Store,
    upstream: FakeGitHub,
    name: str = "acme",
    *,
    scope: str = "license",
    discover: str = "listing",
    full: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Report:
    with GitHub(API, token="t0ken", transport=upstream, wait=False, pause=lambda seconds: None) as github:
        return Crawler(store, github, Vocabulary(), full=full, stop=stop).owner(name, scope, discover=discover)


def held(store: Store) -> list[str]:
    return sorted(f"{each.repository.ref}#{each.number}" for each in store.summaries(limit=1000))


def state(store: Store) -> WatchState:
    found = store.watch_state(owner_key("acme"))
    assert found is not None
    return found


def test_every_repository_of_an_owner_is_crawled(store: Store, acme: FakeGitHub) -> None:
    """All of the owner's repositories are crawled as watched ones are, and nobody else's."""
    report = crawl(store, acme)
    assert held(store) == [f"Acme/part{at}#1" for at in range(4)]
    assert (report.captured, report.failures) == (4, [])
    assert state(store).unfinished is False
    assert [each[1] for each in (state(store).result or {})["repositories"]] == [f"Acme/part{at}" for at in range(4)]
    assert all(store.coverage(70 + at).last_complete_at for at in range(4))


def test_nothing_new_is_free(store: Store, acme: FakeGitHub) -> None:
    """With a token, a run after which nothing changed is answered with 304 throughout."""
    crawl(store, acme)
    crawl(store, acme)
    acme.clear()
    crawl(store, acme)
    assert acme.counted == 0
    assert acme.paths()[0] == "/users/acme/repos"


def test_new_repositories_are_found(store: Store, acme: FakeGitHub) -> None:
    """A repository that was added since is crawled with the next run."""
    crawl(store, acme)
    added = FakeRepository("Acme/latest", 88)
    added.issue(TITLE, ASK)
    acme.repositories.append(added)
    crawl(store, acme)
    assert "Acme/latest#1" in held(store)


def test_many_repositories_take_several_pages(store: Store, acme: FakeGitHub, owned: list[FakeRepository]) -> None:
    """The list is gone through page by page; if one page changed, all are read again."""
    acme.per_page_limit = 3
    crawl(store, acme)
    assert len(held(store)) == 4
    owned[3].about["description"] = "Another one"
    crawl(store, acme)
    assert len((state(store).result or {})["repositories"]) == 4


def test_repositories_without_issues_are_left_out(store: Store, acme: FakeGitHub, owned: list[FakeRepository]) -> None:
    """Where issues are switched off nothing is asked for, and that is no failure."""
    owned[1].about["has_issues"] = False
    report = crawl(store, acme)
    assert len(held(store)) == 3
    assert report.failures == []
    assert (state(store).result or {})["skipped"] == ["Acme/part1"]
    assert "/repos/Acme/part1" not in acme.paths()


def test_one_that_fails_does_not_stop_the_others(store: Store, acme: FakeGitHub) -> None:
    """A repository that is blocked is noted, and the others are crawled."""
    acme.blocked[71] = 451
    report = crawl(store, acme)
    assert held(store) == ["Acme/part0#1", "Acme/part2#1", "Acme/part3#1"]
    ((name, reason),) = report.failures
    assert (name, "HTTP 451" in reason) == ("Acme/part1", True)
    assert (state(store).result or {})["failures"] == [[name, reason]]


def test_what_is_wrong_with_all_of_them_ends_the_run(store: Store, acme: FakeGitHub) -> None:
    """A token that is refused is not tried on each repository; the next run goes on where this one was."""
    count = 0

    def interfere(request: httpx.Request) -> httpx.Response | None:
        nonlocal count
        count += request.url.path.startswith("/repos/Acme/part")
        return httpx.Response(401, json={"message": "Bad credentials"}) if count > 6 else None

    acme.interfere = interfere
    with pytest.raises(Unauthorized):
        crawl(store, acme)
    done = len(held(store))
    assert 0 < done < 4
    acme.interfere = None
    acme.clear()
    crawl(store, acme)
    assert len(held(store)) == 4
    assert "/users/acme/repos" not in acme.paths()
    assert "/repos/Acme/part0" not in acme.paths()


def test_stopped_it_goes_on_with_those_that_are_left(store: Store, acme: FakeGitHub) -> None:
    """Stopped between two repositories, a run goes on with the next one."""
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked % 5 == 0

    for _ in range(30):
        try:
            crawl(store, acme, stop=stop)
            break
        except Stopped:
            continue
    assert len(held(store)) == 4
    assert acme.paths().count("/users/acme/repos") == 1


def test_an_owner_who_is_not_there_is_told(store: Store, acme: FakeGitHub) -> None:
    """An unknown owner is an error."""
    with pytest.raises(NotFound, match="users/nobody/repos"):
        crawl(store, acme, "nobody")


def test_an_owner_is_searched_at_once(store: Store, acme: FakeGitHub) -> None:
    """With `discover = "search"` the searches are of the owner: as many as for one repository, and no list."""
    crawl(store, acme, discover="search")
    assert held(store) == [f"Acme/part{at}#1" for at in range(4)]
    assert "/users/acme/repos" not in acme.paths()
    assert not any(each.endswith("/issues") and each != "/search/issues" for each in acme.paths())
    assert len(acme.search.asked) == 5
    assert all("user:acme" in query for query, _ in acme.search.asked)


def test_from_listing_to_searching_and_back(store: Store, acme: FakeGitHub) -> None:
    """The two ways share a key in the store, and do not take each other's plans for their own."""
    crawl(store, acme)
    crawl(store, acme, discover="search")
    assert (state(store).result or {}).get("repositories") is None
    crawl(store, acme)
    assert len((state(store).result or {})["repositories"]) == 4


def test_full_asks_for_the_list_again(store: Store, acme: FakeGitHub) -> None:
    """--full takes no list on trust."""
    crawl(store, acme)
    acme.clear()
    crawl(store, acme, full=True)
    assert acme.log[0][2] == 200
