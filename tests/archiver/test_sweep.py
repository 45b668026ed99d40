"""Sweeps: what is gone gets its tombstone, what only seems gone does not, and an unchanged archive costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fakes import API, FakeGitHub, FakeRepository, error

from archiver.crawl import Crawler, Report
from archiver.errors import NotHeld, StoreBusy, Unreachable
from archiver.github.client import GitHub, Stopped
from archiver.license import Vocabulary
from archiver.model import FindingKind, Post, PostKind, Thread
from archiver.references import RepositoryRef, parse_reference
from archiver.store import Store, open_store
from archiver.sweep import Swept

TOKEN = "t0ken"
ASK = "Please consider the GPL-3.0 or another copyleft license for this project."
ANSWER = "We discussed the license before; the project stays under the Apache License 2.0."


class Clock:
    """A clock that tests move on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def tomorrow(self) -> None:
        """Move a day on."""
        self.now += timedelta(days=1)


@pytest.fixture
def clock() -> Clock:
    """Make a clock."""
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """Open an empty store with that clock."""
    with open_store(f"sqlite:///{tmp_path / 'archive.db'}", clock) as opened:
        yield opened


def crawler(
    store: Store, upstream: FakeGitHub, *, token: str | None = TOKEN, stop: Callable[[], bool] = lambda: False
) -> Crawler:
    github = GitHub(API, token=token, transport=upstream, wait=False, pause=lambda _: None)
    return Crawler(store, github, Vocabulary(), stop=stop)


def crawl(store: Store, upstream: FakeGitHub, target: str = "acme/rocket", **more: str | None) -> Report:
    return crawler(store, upstream, **more).crawl(parse_reference(target))  # type: ignore[arg-type]


def sweep(store: Store, upstream: FakeGitHub, name: str = "acme/rocket", **more: str | None) -> Swept:
    """Sweep the repository of that name; the result is that of the one seen under it last."""
    return crawler(store, upstream, **more).sweep(RepositoryRef(*name.split("/")))[0]  # type: ignore[arg-type]


def thread(store: Store, number: int = 1, repository: int = 77) -> Thread:
    found = store.thread(repository, number)
    assert found is not None, f"#{number} is not held"
    return found


def post(store: Store, post_id: int, number: int = 1) -> Post:
    return next(each for each in thread(store, number).posts if each.id == post_id)


def findings(store: Store, number: int = 1) -> list[tuple[str, dict[str, object]]]:
    return [(each.kind.value, dict(each.detail)) for each in thread(store, number).findings]


def debates(repository: FakeRepository, threads: int = 6, comments: int = 2) -> list[list[int]]:
    """Add debates with comments; return the comments' numbers by thread."""
    return [
        [repository.comment(number, f"{ANSWER} {at}") for at in range(comments)]
        for number in (repository.issue(f"License question {at}", ASK) for at in range(threads))
    ]


def intact(store: Store) -> None:
    assert list(store.verification().differences()) == []


# --- what it costs ----------------------------------------------------------------------------------------------------


def test_five_hundred_unchanged_threads_cost_nothing(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """After one crawl, a sweep of 500 kept threads is answered with 304 throughout, and says so."""
    debates(repository, 500, 1)
    crawl(store, upstream)
    upstream.clear()
    swept = sweep(store, upstream)
    assert upstream.counted == swept.counted == 0
    assert str(swept) == (
        "acme/rocket: swept 500 threads: nothing is gone, 501 requests, 0 counted (all were answered with 304)"
    )
    coverage = store.coverage(77)
    assert coverage.swept == swept.record()
    assert coverage.last_sweep_at is not None


def test_without_a_token_every_request_counts(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A 304 is free only with a token, and the sweep does not claim otherwise."""
    debates(repository, 3)
    crawl(store, upstream, token=None)
    upstream.clear()
    swept = sweep(store, upstream, token=None)
    assert upstream.counted == swept.counted == swept.requests == 4
    assert "4 counted" in str(swept)
    assert "304" not in str(swept)


def test_a_second_sweep_is_free_again(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """What a sweep has decided on, the next one need not ask for again."""
    comments = debates(repository)
    pull = repository.issue("Relicense", ASK, pull_request={"merged_at": None})
    review = repository.review(pull, "The license is wrong.")
    line = repository.review_comment(pull, "GPL?", review=review)
    crawl(store, upstream)
    repository.delete_comment(comments[0][0], touch=False)
    del repository.review_comments[line]
    assert sweep(store, upstream).gone == 2
    upstream.clear()
    assert sweep(store, upstream).counted == 0


# --- gone -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("touch", [False, True])
@pytest.mark.parametrize("crawled_between", [False, True])
def test_a_deleted_comment_gets_its_tombstone(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, touch: bool, crawled_between: bool
) -> None:
    """A deleted comment is marked with GitHub's answer, its text stays, and the next snapshot is without it."""
    deleted = debates(repository)[0][1]
    crawl(store, upstream)
    before = thread(store).summary.snapshot
    repository.delete_comment(deleted, touch=touch)
    if crawled_between:
        crawl(store, upstream)
    upstream.clear()
    swept = sweep(store, upstream)
    assert swept.gone == 1
    assert f"/repos/acme/rocket/issues/comments/{deleted}" in upstream.paths()
    gone = post(store, deleted)
    assert gone.gone is not None
    assert gone.gone.status == 404
    assert gone.body == f"{ANSWER} 1"
    latest = thread(store).summary.snapshot
    assert latest != before
    assert deleted not in [each.id for each in (store.thread(77, 1, latest) or thread(store)).posts]
    assert deleted in [each.id for each in (store.thread(77, 1, before) or thread(store)).posts]
    intact(store)


def test_reviews_and_review_comments(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Reviews and review comments that are gone are marked, each after it was asked for itself."""
    debates(repository)
    pull = repository.issue("Relicense", ASK, pull_request={"merged_at": None})
    kept, gone = (repository.review(pull, f"The license is wrong {at}.") for at in range(2))
    line = repository.review_comment(pull, "GPL?", review=kept)
    crawl(store, upstream)
    del repository.reviews[gone]
    del repository.review_comments[line]
    upstream.clear()
    assert sweep(store, upstream).gone == 2
    marked = {(each.kind, each.id): each.gone.status for each in thread(store, pull).posts if each.gone}
    assert marked == {(PostKind.REVIEW, gone): 404, (PostKind.REVIEW_COMMENT, line): 404}
    assert f"/repos/acme/rocket/pulls/{pull}/reviews" in upstream.paths()
    assert f"/repos/acme/rocket/pulls/{pull}/reviews/{gone}" in upstream.paths()
    assert f"/repos/acme/rocket/pulls/comments/{line}" in upstream.paths()


@pytest.mark.parametrize("status", [404, 410, 451])
def test_a_thread_that_is_gone(store: Store, repository: FakeRepository, upstream: FakeGitHub, status: int) -> None:
    """A thread's tombstone says which answer GitHub gave; all that was captured of it stays."""
    debates(repository)
    crawl(store, upstream)
    before = thread(store, 2)
    upstream.gone["acme/rocket", 2] = status
    repository.issues.pop(2)
    assert sweep(store, upstream).gone == 1
    after = thread(store, 2)
    assert after.summary.gone is not None
    assert after.summary.gone.status == status
    assert [each.body for each in after.posts] == [each.body for each in before.posts]
    assert after.summary.snapshot == before.summary.snapshot


def test_a_thread_moved_to_where_nobody_can_read_it(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A transfer into a repository that is not to be seen is told apart from a deletion: 301."""
    debates(repository)
    crawl(store, upstream)
    repository.issues.pop(2)
    upstream.transferred["acme/rocket", 2] = ("acme/secret", 9)
    sweep(store, upstream)
    tombstone = thread(store, 2).summary.gone
    assert tombstone is not None
    assert tombstone.status == 301


def test_a_short_list_alone_proves_nothing(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A comment that a list lacks is not marked while it answers itself, and is looked at again the next time."""
    comments = debates(repository)
    crawl(store, upstream)
    hidden = comments[0][0]
    real = upstream.timeline_json
    upstream.timeline_json = lambda *a: [each for each in real(*a) if each.get("id") != hidden]  # type: ignore[method-assign]
    assert sweep(store, upstream).gone == 0
    assert findings(store) == []
    del repository.comments[hidden]
    assert sweep(store, upstream).gone == 1
    assert findings(store) == [("gone", {"status": 404})]


def test_no_verdict_is_asked_again(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """An answer that is neither yes nor no leaves the comment as it is, is noted, and comes round again."""
    deleted = debates(repository)[0][0]
    crawl(store, upstream)
    repository.delete_comment(deleted, touch=False)

    def forbidden(request: httpx.Request) -> httpx.Response | None:
        return error(403, "no") if request.url.path.endswith(f"/comments/{deleted}") else None

    upstream.interfere = forbidden
    swept = sweep(store, upstream)
    assert (swept.gone, len(swept.failures)) == (0, 1)
    assert [each.target for each in store.coverage(77).failures] == ["#1"]
    upstream.interfere = None
    assert sweep(store, upstream).gone == 1
    assert store.coverage(77).failures == ()


# --- back -------------------------------------------------------------------------------------------------------------


def test_what_comes_back_keeps_the_gap_in_its_history(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, clock: Clock
) -> None:
    """A comment and a thread that were gone for a while lose their tombstones, and the findings tell of it."""
    hidden = debates(repository)[0][0]
    crawl(store, upstream)
    kept = repository.comments.pop(hidden)
    upstream.gone["acme/rocket", 2] = 404
    issue = repository.issues.pop(2)
    clock.tomorrow()
    assert sweep(store, upstream).gone == 2
    repository.comments[hidden] = kept
    repository.issues[2] = issue
    upstream.gone.clear()
    clock.tomorrow()
    assert sweep(store, upstream).back == 2
    gap = [("gone", {"status": 404}), ("back", {"status": 404, "since": "2026-03-02T00:00:00Z"})]
    assert findings(store) == gap
    assert findings(store, 2) == gap
    assert post(store, hidden).gone is None
    assert thread(store, 2).summary.gone is None
    intact(store)


# --- too much at once -------------------------------------------------------------------------------------------------


def nothing_listed(upstream: FakeGitHub) -> None:
    """Make GitHub serve empty lists by mistake."""

    def empty(request: httpx.Request) -> httpx.Response | None:
        return upstream._send(request, 200, []) if request.url.path.endswith("/timeline") else None

    upstream.interfere = empty


def test_a_mass_disappearance_that_is_a_mistake(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Empty lists for a while leave a flag, no tombstone and no new snapshot; the next sweep takes the flag away."""
    debates(repository)
    crawl(store, upstream)
    before = {each.number: each.snapshot for each in store.summaries()}
    nothing_listed(upstream)
    upstream.clear()
    swept = sweep(store, upstream)
    assert swept.suspects == 12
    assert "12 of 18 posts seem gone; nothing was marked, the next one decides" in str(swept)
    assert not any("/comments/" in path for path in upstream.paths())
    flag = store.coverage(77).flag
    assert flag is not None
    assert (flag["suspects"], flag["posts"]) == (12, 18)
    upstream.interfere = None
    upstream.clear()
    assert sweep(store, upstream).counted == 0
    assert store.coverage(77).flag is None
    assert findings(store) == [("flagged", {"suspects": 12, "posts": 18}), ("unflagged", {"gone": 0})]
    assert {each.number: each.snapshot for each in store.summaries()} == before


def test_a_mistake_that_lasts_marks_nothing_either(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Also the second sweep asks for each comment itself before it believes an empty list."""
    debates(repository)
    crawl(store, upstream)
    nothing_listed(upstream)
    sweep(store, upstream)
    assert sweep(store, upstream).gone == 0
    assert all(each.gone is None for each in thread(store).posts)
    assert findings(store)[-1] == ("unflagged", {"gone": 0})


def test_a_mass_disappearance_that_is_real(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """What is still gone with the sweep after the flag is marked, however much it is."""
    debates(repository)
    crawl(store, upstream)
    repository.comments.clear()
    assert sweep(store, upstream).gone == 0
    assert sweep(store, upstream).gone == 12
    assert findings(store)[-1] == ("unflagged", {"gone": 12})
    assert [each.gone.status if each.gone else None for each in thread(store).posts] == [None, 404, 404]
    intact(store)


def test_issues_switched_off_are_not_believed_at_once(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """If all threads answer 410, the repository is flagged first; back again, none of them has a tombstone."""
    debates(repository)
    crawl(store, upstream)

    def disabled(request: httpx.Request) -> httpx.Response | None:
        return error(410, "Issues are disabled for this repo") if "/issues/" in request.url.path else None

    upstream.interfere = disabled
    assert sweep(store, upstream).suspects == 18
    upstream.interfere = None
    sweep(store, upstream)
    assert [kind for kind, _ in findings(store)] == ["flagged", "unflagged"]


def test_few_posts_are_decided_on_at_once(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """In a small repository a share says little: fewer than five posts are confirmed and marked right away."""
    debates(repository, 1, 4)
    crawl(store, upstream)
    repository.comments.clear()
    assert sweep(store, upstream).gone == 4


def test_the_share_is_configurable(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A larger share believes more at once."""
    debates(repository)
    crawl(store, upstream)
    repository.comments.clear()
    assert crawler(store, upstream).sweep(RepositoryRef("acme", "rocket"), 0.9)[0].gone == 12


# --- the repository itself --------------------------------------------------------------------------------------------


def test_a_legal_block_is_believed_at_once(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, clock: Clock
) -> None:
    """A blocked repository gets 451 after its number was asked for too; when it answers again, that is told."""
    debates(repository)
    crawl(store, upstream)
    upstream.blocked[77] = 451
    upstream.clear()
    clock.tomorrow()
    swept = sweep(store, upstream)
    assert upstream.paths() == ["/repos/acme/rocket", "/repositories/77"]
    assert "gone upstream (451)" in str(swept)
    tombstone = thread(store).summary.gone
    assert tombstone is not None
    assert tombstone.status == 451
    assert len(thread(store).posts) == 3
    assert store.coverage(77).failures == ()
    sweep(store, upstream)
    assert crawl(store, upstream).gone == tombstone
    assert store.coverage(77).failures == ()
    upstream.blocked.clear()
    assert sweep(store, upstream).back == 1
    assert thread(store).summary.gone is None
    assert findings(store) == [("gone", {"status": 451}), ("back", {"status": 451, "since": "2026-03-02T00:00:00Z"})]


def test_a_vanished_repository_is_flagged_first(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """404 for name and number is all of its posts gone at once: the second sweep writes the tombstone."""
    debates(repository)
    crawl(store, upstream)
    upstream.repositories.clear()
    assert sweep(store, upstream).suspects == 18
    assert thread(store).summary.gone is None
    sweep(store, upstream)
    assert findings(store) == [
        ("flagged", {"suspects": 18, "posts": 18}),
        ("gone", {"status": 404}),
        ("unflagged", {"gone": 18}),
    ]
    assert thread(store).summary.gone is not None
    upstream.repositories.append(repository)
    crawl(store, upstream)
    assert thread(store).summary.gone is None


def test_a_vanished_repository_that_is_back_in_time(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A repository that answers again before the second sweep was never said to be gone."""
    debates(repository)
    crawl(store, upstream)
    upstream.repositories.clear()
    sweep(store, upstream)
    upstream.repositories.append(repository)
    sweep(store, upstream)
    assert findings(store) == [("flagged", {"suspects": 18, "posts": 18}), ("unflagged", {"gone": 0})]


def test_what_was_never_crawled_cannot_be_swept(store: Store, upstream: FakeGitHub) -> None:
    """A sweep is about what is held."""
    with pytest.raises(NotHeld, match="nothing is held of acme/unknown"):
        sweep(store, upstream, "acme/unknown")


# --- changes ----------------------------------------------------------------------------------------------------------


def test_a_sweep_finds_states_that_no_list_told(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A thread that is locked without its time of update moving is found by the sweep, with its new snapshot."""
    debates(repository)
    crawl(store, upstream)
    repository.issues[1] |= {"locked": True, "active_lock_reason": "spam"}
    repository.event(1, "locked", at=repository.tick(), lock_reason="spam")
    assert sweep(store, upstream).gone == 0
    summary = thread(store).summary
    assert (summary.locked, summary.lock_reason) == (True, "spam")
    assert [each.kind for each in thread(store).events] == ["locked"]


# --- broken off -------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process dies."""


@pytest.mark.parametrize("dies_at", range(1, 24))
def test_killed_anywhere_a_sweep_comes_to_the_same_end(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, dies_at: int
) -> None:
    """After a kill at any request, the sweeps that follow mark the same as undisturbed ones, and nothing twice."""
    comments = debates(repository)
    crawl(store, upstream)
    for each in comments[:4]:
        repository.delete_comment(each[0], touch=False)
    repository.delete_issue(6)
    requests = iter(range(1, 1000))

    def kill(_request: httpx.Request) -> None:
        if next(requests) == dies_at:
            raise Killed

    upstream.interfere = kill
    for _ in range(2):
        try:
            sweep(store, upstream)
        except Killed:
            sweep(store, upstream)
    upstream.interfere = None
    sweep(store, upstream)
    for number in range(1, 5):
        told = [each for each in thread(store, number).findings if each.kind is FindingKind.GONE]
        assert [dict(each.detail) for each in told] == [{"status": 404}]
        assert len(thread(store, number).captures) == 2
    tombstone = thread(store, 6).summary.gone
    assert tombstone is not None
    assert tombstone.status == 410
    assert store.coverage(77).flag is None
    upstream.clear()
    assert sweep(store, upstream).counted == 1  # the thread that is gone answers 410 again
    intact(store)


def test_no_connection_ends_a_sweep_without_a_verdict(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A network that fails is no reason to think that anything is gone, and the sweep is still due."""
    debates(repository)
    crawl(store, upstream)

    def dead(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/2/timeline"):
            raise httpx.ConnectError("no route")
        return None

    upstream.interfere = dead
    with pytest.raises(Unreachable):
        sweep(store, upstream)
    assert store.coverage(77).last_sweep_at is None
    assert findings(store, 2) == []


def test_a_sweep_waits_for_no_crawl(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """While a crawl is at work on the store, a sweep ends with its name and asks for nothing."""
    debates(repository, 1)
    crawl(store, upstream)
    upstream.clear()
    with store.crawl_lock(), pytest.raises(StoreBusy, match="another crawl is at work"):
        sweep(store, upstream)
    assert upstream.log == []


def test_a_wish_to_stop_is_heard(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A sweep stops between two threads."""
    debates(repository)
    crawl(store, upstream)
    upstream.clear()
    with pytest.raises(Stopped):
        crawler(store, upstream, stop=lambda: len(upstream.log) > 3).sweep(RepositoryRef("acme", "rocket"))
    assert len(upstream.log) == 4


# --- asked for directly -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410, 451])
def test_a_crawl_of_a_thread_that_is_gone(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, status: int
) -> None:
    """A held thread that is asked for and is gone gets its tombstone, and that is what the crawl reports."""
    debates(repository, 1)
    crawl(store, upstream)
    upstream.gone["acme/rocket", 1] = status
    report = crawl(store, upstream, "acme/rocket#1")
    assert report.gone is not None
    assert report.gone.status == status
    assert report.gone == thread(store).summary.gone
    assert store.coverage(77).failures == ()
    upstream.gone.clear()
    assert crawl(store, upstream, "acme/rocket#1").gone is None
    assert thread(store).summary.gone is None


def test_a_full_last_page_costs_nothing(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Lists of exactly a hundred items are free, too, and what is new after them is found."""
    number = repository.issue("License", ASK)
    for at in range(100):
        said = repository.comment(number, f"{ANSWER} {at}")
    crawl(store, upstream)
    assert sweep(store, upstream).counted == 0
    repository.comment(number, ANSWER)
    sweep(store, upstream)
    assert len(thread(store, number).posts) == 102
    repository.delete_comment(said, touch=False)
    assert sweep(store, upstream).gone == 1
    sweep(store, upstream)
    assert sweep(store, upstream).counted == 0


def test_names_in_links_do_not_make_a_sweep_cost(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """The first sweep after a crawl costs nothing, though posts link to names that nobody knows."""
    repository.issue("License", f"{ASK} See https://github.com/acme/unknown/issues/1.")
    crawl(store, upstream)
    assert sweep(store, upstream).counted == 0


def test_a_count_that_was_wrong_for_a_while(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Where GitHub counted no comments while its lists were empty, the count is right again after the next sweep."""
    number = repository.issue("License", ASK)
    kept = [repository.comment(number, ANSWER) for _ in range(6)]
    crawl(store, upstream)
    away = {each: repository.comments.pop(each) for each in kept}
    sweep(store, upstream)
    repository.comments.update(away)
    sweep(store, upstream)
    coverage = store.coverage(77)
    assert (coverage.posts, coverage.posts_upstream) == (7, 7)
