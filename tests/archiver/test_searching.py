"""Search watches: what is asked, what is kept, and that no break-off, shift or fault loses anything."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes import API, START, FakeGitHub, FakeRepository, error, stamp

from archiver.crawl import Crawler, Report, search_key
from archiver.errors import BadResponse, RateLimited, Refused, TooManyMatches
from archiver.github.client import GitHub, Stopped
from archiver.license import Vocabulary
from archiver.queries import WORDS, Query, grouped
from archiver.references import RepositoryRef, parse_reference
from archiver.store import Store, WatchState, open_store

TOKEN = "t0ken"
QUERY = "license in:title"
ASK = "Would another license do, such as the GPL-3.0? Please consider to relicense."


def search(
    store: Store,
    upstream: FakeGitHub,
    query: str = QUERY,
    *,
    scope: str = "all",
    limit: int = 10_000,
    full: bool = False,
    token: str | None = TOKEN,
    stop: Callable[[], bool] = lambda: False,
    wait: bool = False,
    vocabulary: Vocabulary | None = None,
) -> Report:
    """Run a search watch once."""
    with GitHub(API, token=token, transport=upstream, wait=wait, pause=lambda seconds: None) as github:
        crawler = Crawler(store, github, vocabulary or Vocabulary(), full=full, stop=stop)
        return crawler.search(Query.parse(query), scope, limit=limit)


def crawl(store: Store, upstream: FakeGitHub, target: str = "acme/rocket", **options: Any) -> Report:
    """Crawl a repository, its threads found by searching unless something else is wanted."""
    with GitHub(API, token="t0ken", transport=upstream, wait=False, pause=lambda seconds: None) as github:
        scope = options.pop("scope", "license")
        return Crawler(store, github, Vocabulary()).crawl(
            parse_reference(target), scope, **{"discover": "search", **options}
        )


def state(store: Store, query: str = QUERY) -> WatchState:
    """Return where the watch stands."""
    found = store.watch_state(search_key(Query.parse(query)))
    assert found is not None
    return found


def held(store: Store) -> set[str]:
    return {f"{each.repository.ref}#{each.number}" for each in store.summaries(limit=100_000)}


def searches(upstream: FakeGitHub) -> int:
    return upstream.paths().count("/search/issues")


def spread(*repositories: FakeRepository, each: int, days: float = 1.0) -> None:
    """Give repositories so many threads about licenses, some days apart, and one about something else."""
    for repository in repositories:
        for at in range(each):
            number = repository.issue(f"Another license, part {at}", ASK)
            when = stamp(START - timedelta(days=3000) + timedelta(days=days * at))
            repository.issues[number] |= {"created_at": when, "updated_at": when}
        repository.issue("It crashes", "On start.")


@pytest.fixture
def others() -> list[FakeRepository]:
    """Two further repositories."""
    return [FakeRepository("globex/tools", 78), FakeRepository("initech/tps", 79)]


@pytest.fixture
def everything(repository: FakeRepository, others: list[FakeRepository]) -> FakeGitHub:
    """GitHub with all three."""
    return FakeGitHub(repository, *others)


def test_finds_2500_threads_within_the_bound(
    store: Store, repository: FakeRepository, others: list[FakeRepository], everything: FakeGitHub
) -> None:
    """2,500 threads of three repositories are all found, in at most 25 search requests and three for each slice."""
    spread(repository, each=1000, days=3)
    spread(*others, each=750, days=0.001)

    def interfere(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/search/issues":
            raise Stopped("all was found")  # fetching so many would take its time
        return None

    everything.interfere = interfere
    with pytest.raises(Stopped):
        search(store, everything)
    assert store.found_counts(search_key(Query.parse(QUERY))) == (2500, 2500)
    plan = state(store).plan
    assert plan is not None
    assert (plan["windows"], plan["gaps"], plan["counts"], plan["slices"]) == ([], [], {QUERY: 2500}, 3)
    assert searches(everything) == plan["requests"]
    assert searches(everything) <= math.ceil(2500 / 100) + 3 * plan["slices"]


def test_five_changes_cost_one_search(
    store: Store, repository: FakeRepository, others: list[FakeRepository], everything: FakeGitHub
) -> None:
    """A second run with five changes makes one search request, and else asks for the changed threads alone."""
    spread(repository, *others, each=40)
    search(store, everything)
    repository.clock = others[0].clock = START + timedelta(days=1)
    repository.comment(3, "One more on the license.")
    repository.edit_issue(7, body="Another text.")
    repository.close(9)
    others[0].edit_issue(11, title="Another license after all")
    added = others[0].issue("Which license is this?", ASK)
    everything.clear()
    report = search(store, everything)
    changed = {
        ("acme/rocket", 3),
        ("acme/rocket", 7),
        ("acme/rocket", 9),
        ("globex/tools", 11),
        ("globex/tools", added),
    }
    asked = {(f"{each.split('/')[2]}/{each.split('/')[3]}", int(each.split("/")[5])) for each in rest(everything)}
    assert asked == changed
    assert searches(everything) == 1
    assert len(everything.queries) == 1  # one question about the edits of all of them
    assert report.captured == 5
    assert state(store).unfinished is False


def rest(upstream: FakeGitHub) -> list[str]:
    """Return the paths asked for besides searches."""
    return [each for each in upstream.paths() if each != "/search/issues"]


def test_nothing_new_costs_one_request(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A run after which nothing changed is one search request, from the last one's beginning less an hour."""
    spread(repository, each=30)
    began = repository.clock + timedelta(seconds=1)
    search(store, upstream)
    upstream.clear()
    assert search(store, upstream).captured == 0
    assert upstream.paths() == ["/search/issues"]
    (query, page) = upstream.search.asked[-1]
    assert page == 1
    assert query.startswith(f"{QUERY} updated:{stamp(began - timedelta(hours=1))}..")


def test_what_is_held_as_it_is_costs_nothing(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Threads that a crawl of their repository has kept whole are not fetched again because a search finds them."""
    spread(repository, each=20)
    crawl(store, upstream, discover="listing", scope="all")
    upstream.clear()
    search(store, upstream)
    assert rest(upstream) == []
    assert state(store).result is not None


def test_scope_license_judges_what_was_found(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """With `scope = "license"` a thread that only sounds like it is not kept, nor fetched again until it changes."""
    debate = repository.issue("Another license", ASK)
    server = repository.issue("No license to print money", "The coins are off.")
    search(store, upstream, scope="license")
    assert held(store) == {f"acme/rocket#{debate}"}
    upstream.clear()
    search(store, upstream, scope="license")
    assert rest(upstream) == []
    repository.clock = START + timedelta(days=1)
    repository.comment(server, ASK)
    search(store, upstream, scope="license")
    assert held(store) == {f"acme/rocket#{debate}", f"acme/rocket#{server}"}


def test_another_scope_fetches_what_was_passed_over(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A change of the scope searches for everything again."""
    repository.issue("Another license", ASK)
    repository.issue("No license to print money", "The coins are off.")
    search(store, upstream, scope="license")
    search(store, upstream, scope="all")
    assert len(held(store)) == 2


@pytest.mark.parametrize("full", [False, True])
def test_broken_off_anywhere_it_goes_on(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, full: bool
) -> None:
    """Stopped after any page and any thread, the pass goes on where it was: nothing is lost, nothing asked twice."""
    spread(repository, each=230)
    if full:
        search(store, upstream)
        upstream.clear()
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked % 40 == 0 or asked in {1, 2, 3}

    stops = 0
    while True:
        try:
            search(store, upstream, stop=stop, full=full)
        except Stopped:
            stops += 1
            assert stops < 50
        else:
            break
    assert stops >= 7
    assert len(held(store)) == 230
    assert searches(upstream) == 3
    assert upstream.paths().count("/repos/acme/rocket/issues/100") == 1


def test_a_fault_in_any_request_loses_nothing(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Whichever request breaks the run off, the next one makes up for it."""
    spread(repository, each=130)
    count = 0

    def interfere(request: httpx.Request) -> httpx.Response | None:
        nonlocal count
        count += 1
        if count % 17 == 0:
            raise httpx.ConnectError("no route to host", request=request)
        return None

    upstream.interfere = interfere
    search(store, upstream)
    assert len(held(store)) == 130


def test_too_many_is_said_after_one_request(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A search that finds more than its limit says how many, what they cost and how to raise it, and keeps none."""
    spread(repository, each=120)
    with pytest.raises(TooManyMatches) as caught:
        search(store, upstream, limit=100)
    assert upstream.paths() == ["/search/issues"]
    said = str(caught.value)
    assert "120 threads: about 2 search requests and 360 to 480 others" in said
    assert "`limit = 120`" in said
    assert store.found_counts(search_key(Query.parse(QUERY))) == (0, 0)
    search(store, upstream, limit=120)
    assert len(held(store)) == 120


def test_a_search_that_was_too_much_begins_anew(
    tmp_path: Path, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """When the limit is raised weeks later, what was created in between is found: the refused pass left no plan."""
    clock = [START + timedelta(days=1)]
    spread(repository, each=4)
    with open_store(f"sqlite:///{tmp_path / 'late.db'}", lambda: clock[0]) as store:
        with pytest.raises(TooManyMatches):
            search(store, upstream, limit=3)
        clock[0] += timedelta(days=30)
        repository.clock = clock[0] - timedelta(days=20)
        added = repository.issue("One more license", ASK)
        repository.clock = clock[0]
        search(store, upstream, limit=10)
        assert f"acme/rocket#{added}" in held(store)


def test_results_that_shift_are_read_again(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A result that leaves while pages are read moves the others up; the window is read again, and none is missed."""
    spread(repository, each=250)
    seen = 0

    def interfere(request: httpx.Request) -> httpx.Response | None:
        nonlocal seen
        seen += request.url.path == "/search/issues"
        if seen == 2 and 1 in repository.issues:
            repository.delete_issue(1)
        return None

    upstream.interfere = interfere
    report = search(store, upstream)
    assert len(held(store)) == 249
    assert [where for where, _ in report.failures] == ["acme/rocket#1"]  # found before it was deleted
    assert state(store).result is not None
    assert searches(upstream) == 5


def test_incomplete_results_are_halved(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Where GitHub runs out of time over long spans, shorter ones are asked for, and all is found."""
    spread(repository, each=60)

    def too_long(query: str, low: str, high: str) -> bool:
        return datetime.fromisoformat(high) - datetime.fromisoformat(low) > timedelta(days=1500)

    upstream.search.incomplete = too_long
    search(store, upstream)
    assert len(held(store)) == 60
    assert len(upstream.search.spans) > 4
    assert state(store).result == {**(state(store).result or {}), "gaps": []}


def test_what_stays_out_of_reach_is_a_gap(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """What GitHub never works out is told in words by the report and the watch's state."""
    spread(repository, each=3)
    day = repository.issues[2]["created_at"]
    upstream.search.incomplete = lambda query, low, high: low <= day <= high
    report = search(store, upstream)
    assert held(store) == {"acme/rocket#1", "acme/rocket#3"}
    (gap,) = (state(store).result or {})["gaps"]
    assert gap == f"created {day}..{day}: GitHub could not work out all results"
    assert (QUERY, gap) in report.failures


def test_both_kinds_are_asked_for_one_by_one_if_they_must(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Some tokens may ask for issues or pull requests only: then for both in turn, the next time at once."""
    repository.issue("License", ASK)
    pull = repository.issue("License header", ASK, pull_request={"merged_at": None})
    upstream.search.needs_kind = True
    search(store, upstream)
    assert f"acme/rocket#{pull}" in held(store)
    assert len(held(store)) == 2
    upstream.clear()
    upstream.search.asked.clear()
    search(store, upstream)
    assert [query.split(" updated")[0] for query, _ in upstream.search.asked] == [
        f"{QUERY} is:issue",
        f"{QUERY} is:pull-request",
    ]


def test_alternatives_are_asked_for_one_by_one_if_they_must(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A server that knows no OR is asked for each alternative."""
    repository.issue("License", ASK)
    repository.issue("Licence", ASK)
    repository.issue("Both licence and license", ASK)
    upstream.search.no_alternatives = True
    search(store, upstream, "(license OR licence) in:title")
    assert len(held(store)) == 3


def test_a_query_that_is_refused_is_told(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """What GitHub finds wrong with a query is said in its words."""
    message = {"message": "Validation Failed", "errors": [{"message": "The listed users cannot be searched."}]}
    upstream.interfere = lambda request: httpx.Response(422, json=message)
    with pytest.raises(Refused, match="The listed users cannot be searched"):
        search(store, upstream, "license user:nobody")


def test_a_query_that_time_does_not_narrow_is_refused(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Results from outside of a window show that it has no effect: halving it would never end."""
    spread(repository, each=3)
    upstream.search.ignores_time = True
    with pytest.raises(BadResponse, match="does not narrow this query by time"):
        search(store, upstream, f"{QUERY} created:>=2019-01-01")


def test_ones_own_span_narrows_the_windows(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """`created:` of the query itself bounds the first pass, and goes along with later ones."""
    spread(repository, each=30)
    day = repository.issues[10]["created_at"][:10]
    query = f"{QUERY} created:<={day}"
    search(store, upstream, query)
    assert len(held(store)) == 10
    assert upstream.search.spans == [f"2008-01-01T00:00:00Z..{day}T23:59:59Z"]
    upstream.search.asked.clear()
    assert state(store, query).unfinished is False


def test_failures_of_one_do_not_stop_the_others(
    store: Store, repository: FakeRepository, others: list[FakeRepository], everything: FakeGitHub
) -> None:
    """A thread that is gone, one that cannot be read, a repository that is blocked: noted, and the others are kept."""
    spread(repository, *others, each=3)
    everything.gone["acme/rocket", 1] = 410
    everything.blocked[78] = 451

    def interfere(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, json=[]) if request.url.path == "/repos/acme/rocket/issues/2" else None

    everything.interfere = interfere
    report = search(store, everything)
    assert held(store) == {"acme/rocket#3", "initech/tps#1", "initech/tps#2", "initech/tps#3"}
    assert sorted({where for where, _ in report.failures}) == ["acme/rocket#1", "acme/rocket#2", "globex/tools"]
    everything.interfere = None
    everything.clear()
    search(store, everything)  # what could not be read is asked for again; what is gone is not
    assert "acme/rocket#2" in held(store)
    assert {each.split("/")[2] for each in rest(everything)} == {"acme"}
    assert not any(each.startswith("/repos/acme/rocket/issues/1") for each in rest(everything))


def test_a_repository_found_by_its_former_name_is_one(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Results under a former name (the index is behind) are kept under the repository's number."""
    spread(repository, each=2)
    repository.full_name = "acme/missile"
    upstream.renamed["acme/rocket"] = "acme/missile"
    original = upstream.issue_json

    def as_before(of: FakeRepository, number: int, *, listed: bool = False) -> dict[str, Any]:
        shown = original(of, number, listed=listed)
        return {**shown, "repository_url": f"{API}/repos/acme/rocket"} if listed else shown

    upstream.issue_json = as_before  # type: ignore[method-assign]
    search(store, upstream)
    assert held(store) == {"acme/missile#1", "acme/missile#2"}


def test_searches_pace_themselves(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """When the search limit is used up, the next search waits for its reset, by the server's clock."""
    spread(repository, each=250)
    clock = [datetime(2024, 5, 1, tzinfo=UTC)]
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        clock[0] += timedelta(seconds=seconds)
        upstream.search.remaining = 2

    upstream.search.remaining = 2
    upstream.search.reset = int((START + timedelta(minutes=251, seconds=1 + 40)).timestamp())
    with GitHub(API, token="t", transport=upstream, pause=pause, now=lambda: clock[0]) as github:
        Crawler(store, github, Vocabulary()).search(Query.parse(QUERY))
        assert github.rate is None  # only what counts against the hourly limit says how much of that is left
    assert len(held(store)) == 250
    (waited,) = pauses
    assert 41 <= waited <= 41 * 1.25


def test_no_wait_says_when_to_come_back(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """With --no-wait a used-up search limit ends the run, which goes on from there later."""
    spread(repository, each=250)
    upstream.search.remaining = 1
    upstream.search.reset = int((START + timedelta(minutes=252)).timestamp())
    with pytest.raises(RateLimited, match="limit of 30 searches a minute is used up"):
        search(store, upstream)
    upstream.search.remaining = 30
    search(store, upstream)
    assert len(held(store)) == 250
    assert searches(upstream) == 3


def test_a_limit_met_all_the_same_is_waited_out(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A search that is answered with 403 since another program used the limit up is sent again."""
    spread(repository, each=5)
    answers = [error(403, "You have exceeded a secondary rate limit", {"retry-after": "3"})]
    upstream.interfere = lambda request: answers.pop() if answers else None
    search(store, upstream, wait=True)
    assert len(held(store)) == 5


def test_without_a_token_it_says_what_was_not_asked_for(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Edit histories take a token: report and coverage say so; the latter also that other threads are unknown."""
    spread(repository, each=2)
    report = search(store, upstream, token=None)
    assert set(report.not_asked) == {"edit history", "minimised comments"}
    coverage = store.coverage(77)
    assert coverage.not_asked["threads that no search finds"] == "found by searching"
    assert coverage.not_asked["edit history"] == "no token"
    assert "threads that no search finds" not in store.upkeep(77, 1).not_asked


def test_full_searches_and_fetches_everything_again(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """--full takes nothing on trust."""
    spread(repository, each=4)
    search(store, upstream)
    upstream.clear()
    search(store, upstream, full=True)
    assert upstream.paths().count("/repos/acme/rocket/issues/2") == 1
    assert " created:" in upstream.search.asked[-1][0]


# --- discover = "search" ----------------------------------------------------------------------------------------------


def test_a_huge_repository_is_searched_instead_of_listed(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """With `discover = "search"` no list is asked for; what the built-in words find is fetched, judged and kept."""
    spread(repository, each=5)
    repository.issue("Bundle the codec", ASK)
    for _ in range(50):
        repository.issue("It crashes", "On start.")
    crawl(store, upstream)
    assert len(held(store)) == 6
    assert "/repos/acme/rocket/issues" not in upstream.paths()
    assert "/repos/acme/rocket/issues/comments" not in upstream.paths()
    coverage = store.coverage(77)
    assert coverage.last_complete_at is not None
    assert coverage.unfinished is False
    assert coverage.not_asked == {"threads that no search finds": "found by searching"}
    assert searches(upstream) == len(grouped(WORDS, "repo:acme/rocket")) == 5


def test_candidates_of_a_searched_repository_are_fetched(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A thread that somebody else than the search told of is fetched and judged with the next run."""
    quiet = repository.issue("A codec", "Which one?")
    repository.comment(quiet, ASK)
    crawl(store, upstream)
    assert held(store) == set()
    with store.transaction() as tx:
        tx.add_candidate(77, quiet)
    crawl(store, upstream)
    assert held(store) == {f"acme/rocket#{quiet}"}


def test_a_searched_repository_is_asked_only_for_what_changed(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Later runs search for what was updated, one request for each group of words."""
    spread(repository, each=5)
    crawl(store, upstream)
    upstream.clear()
    upstream.search.asked.clear()
    repository.clock = START + timedelta(days=1)
    repository.comment(2, "More on the GPL.")
    report = crawl(store, upstream)
    assert report.captured == 1
    assert all(" updated:" in query for query, _ in upstream.search.asked)
    assert {each for each in rest(upstream) if "/issues/" in each} == {
        f"/repos/acme/rocket/issues/2{below}" for below in ("", "/comments", "/timeline")
    }


def test_from_searching_to_listing_and_back(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Another way of finding threads lists, or searches for, everything again."""
    spread(repository, each=2)
    quiet = repository.issue("A codec", "Which one?")
    repository.comment(quiet, "Whatever is licensed freely: under the Apache License 2.0 or the GPL-3.0, please.")
    crawl(store, upstream)
    assert len(held(store)) == 2
    crawl(store, upstream, discover="listing")
    assert len(held(store)) == 3
    assert store.coverage(77).not_asked == {}
    crawl(store, upstream)
    assert store.coverage(77).not_asked != {}


def test_discussions_are_found_all_the_same(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """GraphQL lists discussions, which no issue search finds, also if issues are searched for."""
    spread(repository, each=1)
    crawl(store, upstream)
    assert any("discussions(first" in query for query, _ in upstream.queries)


def test_the_limit_counts_all_words_together(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """What the groups of words find together must stay within the limit."""
    spread(repository, each=30)
    with pytest.raises(TooManyMatches):
        crawl(store, upstream, limit=20)
    assert isinstance(parse_reference("acme/rocket"), RepositoryRef)
