"""Crawling: what is asked for, what is kept, and that no break-off loses or doubles anything."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fakes import API, FakeGitHub, FakeRepository, error

from archiver.crawl import Crawler, Report
from archiver.errors import BadResponse, NotFound, RateLimited, StoreBusy
from archiver.github.client import GitHub, Stopped
from archiver.license import Vocabulary
from archiver.model import PostKind, Thread
from archiver.references import RepositoryRef, parse_reference
from archiver.store import Store, open_store

ROCKET = RepositoryRef("acme", "rocket")
TOKEN = "t0ken"
ASK = "Please consider the GPL-3.0 or another copyleft license for this project."
ANSWER = "We discussed the license before; the project stays under the Apache License 2.0."


def client(upstream: FakeGitHub, *, token: str | None = TOKEN, wait: bool = False) -> GitHub:
    """Make a client whose pauses take no time."""
    return GitHub(API, token=token, transport=upstream, wait=wait, pause=lambda seconds: None)


def crawl(
    store: Store,
    upstream: FakeGitHub,
    target: str = "acme/rocket",
    *,
    scope: str = "license",
    token: str | None = TOKEN,
    stop: Callable[[], bool] = lambda: False,
    full: bool = False,
    vocabulary: Vocabulary | None = None,
) -> Report:
    with client(upstream, token=token) as github:
        crawler = Crawler(store, github, vocabulary or Vocabulary(), stop=stop, full=full)
        return crawler.crawl(parse_reference(target), scope)


def thread(store: Store, number: int) -> Thread:
    found = store.thread(77, number)
    assert found is not None, f"#{number} is not held"
    return found


def held(store: Store) -> list[int]:
    return [each.number for each in store.summaries(order="number", limit=10_000)]


def digests(store: Store) -> dict[int, str]:
    return {each.number: each.snapshot for each in store.summaries(order="number", limit=10_000)}


def populate(repository: FakeRepository, threads: int = 30) -> None:
    """Fill a repository with threads of which every third is about licensing, some by a comment only."""
    for at in range(threads):
        about = at % 3 == 0
        number = repository.issue(
            f"License question {at}" if about else f"Crash number {at}", ASK if about else "It crashes."
        )
        for reply in range(at % 4):
            repository.comment(number, f"Reply {reply}")
        if at % 10 == 4:
            repository.comment(number, ANSWER)


def test_keeps_license_threads_with_all_their_comments(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A thread about licensing is kept whole, whatever its comments are about, and others are not kept."""
    asked = repository.issue("Consider a copyleft license", ASK)
    first = repository.comment(asked, "Lunch?")
    second = repository.comment(asked, ANSWER, login="member")
    repository.issue("It crashes", "On start.")
    crawl(store, upstream)
    assert held(store) == [asked]
    kept = thread(store, asked)
    assert [post.id for post in kept.posts[1:]] == [first, second]
    assert [post.body for post in kept.posts] == [ASK, "Lunch?", ANSWER]
    assert kept.summary.relevance.kept


def test_scope_all_keeps_every_thread(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """With `scope = "all"` nothing is dropped."""
    populate(repository, 6)
    crawl(store, upstream, scope="all")
    assert held(store) == [1, 2, 3, 4, 5, 6]


def test_a_comment_about_licensing_brings_its_whole_thread(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A thread that only a comment makes a license debate is fetched whole, comments before and after included."""
    number = repository.issue("Bundle the codec", "It would help.")
    repository.comment(number, "Good idea.")
    repository.comment(
        number, "We cannot: the codec is under the GPL-3.0 license, which is not compatible with our license."
    )
    repository.comment(number, "I see.")
    crawl(store, upstream)
    assert [post.body for post in thread(store, number).posts][1::2] == ["Good idea.", "I see."]
    assert f"/repos/acme/rocket/issues/{number}" in upstream.paths()


def test_listing_costs_one_request_per_hundred(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """250 license threads with 250 comments cost the repository, three pages and three pages, and a timeline each."""
    for at in range(250):
        repository.comment(repository.issue(f"License question {at}", ASK), ANSWER)
    report = crawl(store, upstream)
    assert upstream.counted == 7 + 250
    assert report.requests == len(upstream.headers)
    assert len(held(store)) == 250


def test_second_crawl_is_nearly_free(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """An immediate second crawl costs at most three counted requests, and a third one nothing, with a token."""
    populate(repository)
    crawl(store, upstream)
    before = digests(store)
    upstream.clear()
    crawl(store, upstream)
    assert upstream.counted <= 3
    upstream.clear()
    report = crawl(store, upstream)
    assert (upstream.counted, report.captured) == (0, 0)
    assert digests(store) == before
    assert all(len(thread(store, number).captures) == 1 for number in before)


def test_next_crawl_finds_edit_comment_closing_and_title(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Changes are found by asking only for what was updated, and the earlier text stays as an older revision."""
    populate(repository)
    edited = repository.comment(1, "First words")
    crawl(store, upstream)
    repository.edit_comment(edited, "Second thoughts")
    added = repository.comment(4, "One more")
    repository.close(7)
    repository.edit_issue(10, title="License question, renamed")
    upstream.clear()
    crawl(store, upstream)
    assert upstream.counted <= 3 + 4  # the timelines of the four
    revisions = next(post for post in thread(store, 1).posts if post.id == edited).revisions
    assert [each.body for each in revisions] == ["First words", "Second thoughts"]
    assert revisions[1].edited_at is not None
    assert thread(store, 4).posts[-1].id == added
    assert thread(store, 7).summary.state == "closed"
    assert thread(store, 7).summary.state_reason == "not_planned"
    assert thread(store, 10).summary.title == "License question, renamed"
    assert [len(thread(store, number).captures) for number in (1, 4, 7, 10)] == [2, 2, 2, 2]
    old = thread(store, 1).captures[0].digest
    first = store.thread(77, 1, old)
    assert first is not None
    assert next(post for post in first.posts if post.id == edited).body == "First words"


def test_edited_opening_post_keeps_its_earlier_text(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """The opening post is a post like any other: an edit adds a revision."""
    number = repository.issue("A license", ASK)
    crawl(store, upstream)
    repository.edit_issue(number, body="Never mind the license.")
    crawl(store, upstream)
    opening = thread(store, number).posts[0]
    assert opening.kind is PostKind.OPENING
    assert [each.body for each in opening.revisions] == [ASK, "Never mind the license."]


def test_thread_that_becomes_a_debate_later_is_completed(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A thread kept only after its title changed is fetched with the comments that went by before."""
    number = repository.issue("A question", "Hello.")
    repository.comment(number, "Early reply")
    crawl(store, upstream)
    assert held(store) == []
    repository.edit_issue(number, title="Change the license to AGPL-3.0?", body=ASK)
    # The listing looks back a little behind the last pass; what went by longer ago has to be asked for.
    for _ in range(30):
        repository.tick()
    repository.comment(repository.issue("Other"), "unrelated")
    crawl(store, upstream)
    assert [post.body for post in thread(store, number).posts] == [ASK, "Early reply"]


def test_thread_target_is_kept_whatever_it_is_about(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Somebody who names a thread wants it; who closed it is known from the single object."""
    number = repository.issue("It crashes", "On start.")
    repository.comment(number, "Fixed.")
    repository.close(number, "maintainer", "completed")
    crawl(store, upstream, f"https://github.com/acme/rocket/issues/{number}")
    kept = thread(store, number)
    assert len(kept.posts) == 2
    assert kept.summary.closed_by is not None
    assert kept.summary.closed_by.login == "maintainer"
    upstream.clear()
    crawl(store, upstream, f"acme/rocket#{number}")
    assert upstream.counted == 0


def test_who_closed_it_survives_a_listing_that_does_not_say(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Lists leave out `closed_by`; that is no reason to forget it."""
    number = repository.issue("License", ASK)
    repository.close(number)
    crawl(store, upstream, f"acme/rocket#{number}")
    before = digests(store)
    crawl(store, upstream)
    assert digests(store) == before


def test_long_thread_is_kept_whole(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A thread of 2,000 comments arrives with every one, in order."""
    number = repository.issue("License round", ASK)
    for at in range(2000):
        repository.comment(number, f"I agree, number {at}")
    crawl(store, upstream, f"acme/rocket#{number}")
    assert [post.body for post in thread(store, number).posts[1:]] == [f"I agree, number {at}" for at in range(2000)]


def test_odd_content_is_kept_faithfully(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A null user, a null body, 300 kB, control characters and titles in any script come back as they were."""
    long = "license " * 37_500
    odd = "nul \x00 bell \x07 \u202eright-to-left\u202c \U0001f680 lone"
    number = repository.issue("ライセンス／רישיון \x01", None, login=None)
    repository.comment(number, long)
    repository.comment(number, odd, login=None)
    repository.comment(number, None)
    repository.comment(number, "half a surrogate \ud83d")
    crawl(store, upstream, f"acme/rocket#{number}")
    kept = thread(store, number)
    assert kept.summary.title == "ライセンス／רישיון \x01"
    assert kept.posts[0].author is None
    assert [post.body for post in kept.posts] == ["", long, odd, "", "half a surrogate \ufffd"]


def test_deleted_account_keeps_the_author_seen_first(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """When an account is deleted upstream, who wrote the post stays known."""
    number = repository.issue("License", ASK, login="soon-gone")
    crawl(store, upstream)
    repository.edit_issue(number, user=None)
    crawl(store, upstream)
    author = thread(store, number).posts[0].author
    assert author is not None
    assert author.login == "soon-gone"
    assert len(thread(store, number).captures) == 1


def test_renamed_repository_stays_one(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """After a rename both names lead to the same repository, by its number."""
    repository.issue("License", ASK)
    crawl(store, upstream)
    repository.full_name = "acme/starship"
    upstream.renamed["acme/rocket"] = "acme/starship"
    crawl(store, upstream)
    for name in ("rocket", "ROCKET", "starship"):
        found = store.find_repository(RepositoryRef("acme", name))
        assert found is not None
        assert (found.id, found.name) == (77, "starship")


def test_transferred_thread_is_kept_where_it_went(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A thread that moved to another repository is followed by GitHub's 301 and kept under its new place."""
    other = FakeRepository("acme/docs", 78)
    upstream.repositories.append(other)
    there = other.issue("License of the docs", ASK)
    other.comment(there, ANSWER)
    number = repository.issue("License of the docs", ASK)
    upstream.transferred["acme/rocket", number] = ("acme/docs", there)
    crawl(store, upstream, f"acme/rocket#{number}")
    kept = store.thread(78, there)
    assert kept is not None
    assert len(kept.posts) == 2


def test_scope_change_lists_everything_again(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Cursors and ETags of a narrower scope are no ground to skip anything in a wider one."""
    populate(repository, 9)
    crawl(store, upstream)
    assert len(held(store)) < 9
    crawl(store, upstream, scope="all")
    assert len(held(store)) == 9


def test_vocabulary_change_lists_everything_again(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A word added by the operator finds threads that went by before."""
    repository.issue("Frobnication terms", "Which frobnication terms apply to this project?")
    crawl(store, upstream)
    assert held(store) == []
    crawl(store, upstream, vocabulary=Vocabulary(terms=["frobnication terms"]))
    assert held(store) == [1]


def test_full_lists_everything_again(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """`--full` costs as many requests as the first crawl, and changes nothing that did not change."""
    populate(repository)
    first = crawl(store, upstream)
    before = digests(store)
    again = crawl(store, upstream, full=True)
    assert again.listed == first.listed
    assert digests(store) == before


def test_deep_page_refused_starts_a_new_listing(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Where GitHub refuses page numbers (422), the listing goes on by time, and nothing is missing."""
    for at in range(60):
        repository.comment(repository.issue(f"License {at}", ASK), ANSWER)
    upstream.per_page_limit = 10

    def refuse(request: httpx.Request) -> httpx.Response | None:
        deep = int(request.url.params.get("page", "1")) > 2
        return error(422, "pagination is limited for this resource") if deep else None

    upstream.interfere = refuse
    crawl(store, upstream)
    assert held(store) == list(range(1, 61))
    assert all(len(thread(store, number).posts) == 2 for number in range(1, 61))


def test_sixty_an_hour_make_progress_run_after_run(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Without a token and without waiting, each run goes on where the limit ended the one before."""
    upstream.per_page_limit = 5
    populate(repository, 60)
    upstream.limit = 6
    runs = 0
    while True:
        runs += 1
        upstream.clear()
        try:
            crawl(store, upstream, token=None)
            break
        except RateLimited as limited:
            until = limited.until
        assert until > datetime.now(UTC)
        assert runs < 30, "no progress"
        assert store.coverage(77).not_asked["edit history"] == "no token"
    assert runs > 3
    undisturbed = _undisturbed(store, repository)
    assert digests(store) == undisturbed


def _undisturbed(store: Store, repository: FakeRepository) -> dict[int, str]:
    path = store.url.removeprefix("sqlite:///") + ".other"
    with open_store(f"sqlite:///{path}") as other:
        crawl(other, FakeGitHub(repository))
        return digests(other)


@pytest.mark.parametrize("seed", range(8))
def test_stopped_anywhere_goes_on_without_loss(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, seed: int
) -> None:
    """Whatever request a crawl breaks off at, again and again, the snapshots are those of an undisturbed crawl."""
    chance = random.Random(seed)
    upstream.per_page_limit = 7
    populate(repository, 40)

    class Killed(BaseException):
        pass

    def die(_request: httpx.Request) -> None:
        if chance.random() < 0.25:
            raise Killed

    upstream.interfere = die
    for _ in range(200):
        try:
            crawl(store, upstream)
            break
        except Killed:
            continue
    else:
        pytest.fail("no progress")
    assert digests(store) == _undisturbed(store, repository)
    assert all(len(thread(store, number).captures) == 1 for number in held(store))


def test_stop_is_asked_after_each_page(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A wish to stop ends the crawl after the page at hand, which is kept."""
    upstream.per_page_limit = 5
    populate(repository, 20)
    with pytest.raises(Stopped):
        crawl(store, upstream, stop=lambda: True)
    assert upstream.paths() == ["/repos/acme/rocket", "/repos/acme/rocket/issues"]
    crawl(store, upstream)
    assert digests(store) == _undisturbed(store, repository)


def test_unreadable_item_does_not_hide_the_others(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """One object that cannot be understood is noted as a failure; the rest of its page is kept."""
    repository.issue("License one", ASK)
    repository.issue("License two", ASK, created_at="yesterday")
    repository.issue("License three", ASK)
    report = crawl(store, upstream)
    assert held(store) == [1, 3]
    assert report.failures[0][0] == "acme/rocket#2"
    assert store.coverage(77).failures[0].target == "#2"


def test_comments_that_never_come_leave_a_visible_gap(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """If GitHub counts more comments than it gives, the thread is kept with its gap said, and not asked for forever."""
    number = repository.issue("License", ASK)
    repository.comment(number, ANSWER)
    real = upstream.issue_json

    def counting_too_many(*args: object, **more: object) -> dict[str, object]:
        return {**real(*args, **more), "comments": 3}  # type: ignore[arg-type]

    upstream.issue_json = counting_too_many  # type: ignore[method-assign,assignment]
    crawl(store, upstream)
    assert store.coverage(77).gaps == ((number, "1 of 3 comments could be fetched"),)
    crawl(store, upstream)
    upstream.clear()
    crawl(store, upstream)
    assert len(upstream.log) == 3


def test_thread_deleted_while_being_read_is_published_with_its_gap(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A thread that is gone when its missing comments are asked for keeps what the listing showed of it."""
    number = repository.issue("License", ASK)
    real = upstream.issue_json
    upstream.issue_json = lambda *a, **k: {**real(*a, **k), "comments": 2}  # type: ignore[method-assign]
    upstream.gone["acme/rocket", number] = 410
    report = crawl(store, upstream)
    assert thread(store, number).posts[0].body == ASK
    assert "410" in report.failures[0][1]
    assert store.coverage(77).gaps == ((number, "0 of 2 comments could be fetched"),)


def test_unknown_repository_is_a_clear_error(store: Store, upstream: FakeGitHub) -> None:
    """A repository that GitHub does not know is NotFound, and leaves nothing behind."""
    with pytest.raises(NotFound, match="acme/nothing"):
        crawl(store, upstream, "acme/nothing")
    assert store.coverages() == []


def test_listing_that_stays_broken_keeps_its_progress(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A page that is no JSON after all retries ends the crawl with an error; the pages before it are kept."""
    upstream.per_page_limit = 5
    for at in range(12):
        repository.issue(f"License {at}", ASK)

    def broken(request: httpx.Request) -> httpx.Response | None:
        third = request.url.params.get("page") == "3"
        return httpx.Response(200, content=b'[{"number": 1') if third else None

    upstream.interfere = broken
    with pytest.raises(BadResponse, match="no JSON"):
        crawl(store, upstream)
    assert held(store) == list(range(1, 11))
    assert "no JSON" in store.coverage(77).failures[0].reason
    upstream.interfere = None
    crawl(store, upstream)
    assert held(store) == list(range(1, 13))
    assert store.coverage(77).failures == ()


def test_etag_is_kept_only_with_what_it_stands_for(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, tmp_path: Path
) -> None:
    """A full last page is asked for afresh: a comment on a page after it would not change its ETag."""
    upstream.per_page_limit = 100
    number = repository.issue("License", ASK)
    for at in range(100):
        repository.comment(number, f"{at}")
    crawl(store, upstream, f"acme/rocket#{number}")
    repository.comment(number, "the 101st")
    crawl(store, upstream, f"acme/rocket#{number}")
    assert thread(store, number).posts[-1].body == "the 101st"


def test_page_that_shifts_while_being_read_loses_nothing(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """An issue updated between two pages moves to the end; the one that slips into its place is found all the same."""
    upstream.per_page_limit = 5
    for at in range(15):
        repository.issue(f"License {at}", ASK)

    def touch(request: httpx.Request) -> None:
        if request.url.params.get("page") == "2" and not done:
            done.append(True)
            repository.clock = datetime.now(UTC) + timedelta(hours=1)
            repository.edit_issue(1, title="License 0, renamed")

    done: list[bool] = []
    upstream.interfere = touch
    crawl(store, upstream)
    assert done
    assert held(store) == list(range(1, 16))
    assert thread(store, 1).summary.title == "License 0, renamed"


def test_second_crawler_says_who_is_at_work(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """While one crawl is at work, another one on the same store ends at once, and names the process that holds it."""
    repository.issue("License", ASK)
    with (
        store.crawl_lock(),
        open_store(store.url) as second,
        pytest.raises(StoreBusy, match=rf"another crawl is at work .*: process {os.getpid()} on "),
    ):
        crawl(second, upstream)
    assert upstream.log == []
    crawl(store, upstream)
    assert held(store) == [1]


def test_thread_transferred_while_being_read_stays_as_it_was(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """If a thread moves away before its missing comments are asked for, both places are published."""
    other = FakeRepository("acme/docs", 78)
    upstream.repositories.append(other)
    there = other.issue("License", ASK)
    number = repository.issue("License", ASK)
    real = upstream.issue_json
    upstream.issue_json = lambda *a, **k: {**real(*a, **k), "comments": 2}  # type: ignore[method-assign]

    def transfer(request: httpx.Request) -> None:
        if request.url.path.endswith("/issues/comments"):
            upstream.transferred["acme/rocket", number] = ("acme/docs", there)

    upstream.interfere = transfer
    crawl(store, upstream)
    assert thread(store, number).posts[0].body == ASK
    assert store.thread(78, there) is not None


def test_item_that_can_be_read_again_is_no_failure_any_more(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A failure is forgotten once its thread has been read."""
    repository.issue("License", ASK, labels=[{"name": "x"}])
    real = upstream.issue_json
    upstream.issue_json = lambda *a, **k: {**real(*a, **k), "title": None}  # type: ignore[method-assign]
    crawl(store, upstream)
    assert [each.target for each in store.coverage(77).failures] == ["#1"]
    upstream.issue_json = real  # type: ignore[method-assign]
    repository.edit_issue(1, body=ASK + " Thanks.")
    crawl(store, upstream)
    assert store.coverage(77).failures == ()
    assert held(store) == [1]


@pytest.mark.parametrize("broken_off", [False, True])
def test_debate_that_slips_into_a_page_read_before_is_found(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, broken_off: bool
) -> None:
    """An edit far back moves a comment about licensing into a page read before; a second look finds its thread."""
    upstream.per_page_limit = 5
    crash = repository.issue("It crashes", "On start.")
    first = repository.comment(crash, "Same here.")
    for at in range(149):
        if at == 29:
            debate = repository.issue("Bundle the codec", "It would help.")
            repository.comment(
                debate, "The codec is under the GPL-3.0 license, which is not compatible with our license."
            )
        else:
            repository.comment(crash, f"Reply {at}")
    edits: list[str] = []

    class Killed(BaseException):
        pass

    def disturb(request: httpx.Request) -> None:
        if request.url.path.endswith("/issues/comments") and request.url.params.get("page") == "7" and not edits:
            edits.append("fixed a typo")
            repository.edit_comment(first, "Same here!")
        if broken_off and request.url.params.get("page") == "12" and len(edits) == 1:
            edits.append("killed")
            raise Killed

    upstream.interfere = disturb
    if broken_off:
        with pytest.raises(Killed):
            crawl(store, upstream)
        assert held(store) == []
    crawl(store, upstream)
    assert edits
    assert held(store) == [debate]
    upstream.interfere = None
    upstream.clear()
    crawl(store, upstream)
    assert len(upstream.log) <= 6


def test_listing_in_a_circle_ends(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A list whose next page is itself is an error, not an endless crawl."""
    repository.issue("License", ASK)

    def circle(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/issues"):
            return None
        items = [upstream.issue_json(repository, 1, listed=True)]
        return httpx.Response(200, json=items, headers={"link": f'<{request.url}>; rel="next"'})

    upstream.interfere = circle
    with pytest.raises(BadResponse, match="in a circle"):
        crawl(store, upstream)
    assert len(upstream.log) == 2


def test_time_far_ahead_does_not_blind_later_crawls(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """An issue that claims to be updated in the year 9999 is kept, but is no place to go on from."""
    repository.issue("License", ASK, updated_at="9999-01-01T00:00:00Z")
    crawl(store, upstream)
    repository.issue("License two", ASK)
    crawl(store, upstream)
    assert held(store) == [1, 2]


def test_candidate_that_was_transferred_is_not_asked_for_again(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A thread found by a comment that moves before it is fetched is kept where it went, and forgotten where it was."""
    other = FakeRepository("acme/docs", 78)
    upstream.repositories.append(other)
    there = other.issue("Bundle the codec", "It would help.")
    words = "The codec is under the GPL-3.0 license, which is not compatible with our license."
    other.comment(there, words)
    number = repository.issue("Bundle the codec", "It would help.")
    repository.comment(number, words)

    def transfer(request: httpx.Request) -> None:
        if request.url.path.endswith(f"/issues/{number}"):
            upstream.transferred["acme/rocket", number] = ("acme/docs", there)

    upstream.interfere = transfer
    crawl(store, upstream)
    assert store.thread(78, there) is not None
    repository.comments.clear()  # they went with their thread
    upstream.clear()
    crawl(store, upstream)
    assert len(upstream.log) == 3
