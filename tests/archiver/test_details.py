"""Timelines, reviews and review comments: what is kept of them, and what they cost."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes import API, FakeGitHub, FakeRepository, error

from archiver.crawl import Crawler, Report
from archiver.details import Details, Seen
from archiver.errors import Gone, Moved
from archiver.fetch import Fetcher
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.model import PostKind, Thread, iso
from archiver.references import ThreadKind, parse_reference
from archiver.store import Store, open_store

ASK = "Please consider the GPL-3.0 or another copyleft license for this project."
PULL = {"pull_request": {"merged_at": None}}


def client(upstream: FakeGitHub) -> GitHub:
    """Make a client whose pauses take no time."""
    return GitHub(API, token="t0ken", transport=upstream, wait=False, pause=lambda seconds: None)


def crawl(store: Store, upstream: FakeGitHub, target: str = "acme/rocket", **more: Any) -> Report:
    with client(upstream) as github:
        return Crawler(store, github, Vocabulary(), **more).crawl(parse_reference(target))


def fetch(
    store: Store, upstream: FakeGitHub, number: int, kind: ThreadKind = ThreadKind.ISSUE, *, keep_etags: bool = True
) -> Seen:
    """Ask for the details of one thread that is kept."""
    repository = store.find_repository(parse_reference("acme/rocket"))  # type: ignore[arg-type]
    assert repository is not None
    with client(upstream) as github:
        fetcher = Fetcher(store, github, Vocabulary(), full=False)
        return Details(fetcher).fetch(repository, number, kind, keep_etags)


def thread(store: Store, number: int) -> Thread:
    found = store.thread(77, number)
    assert found is not None, f"#{number} is not held"
    return found


def told(store: Store, number: int) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Return a thread's events: kind, who, detail."""
    return [(each.kind, each.actor and each.actor.login, dict(each.detail)) for each in thread(store, number).events]


def asked_below(upstream: FakeGitHub, number: int) -> list[str]:
    """Return which lists of one thread were asked for."""
    found = [path.split("/rocket/")[1] for path in upstream.paths() if "/rocket/" in path]
    return [path for path in found if f"/{number}/" in path]


# --- events -----------------------------------------------------------------------------------------------------------


def test_what_happened_to_a_thread_is_kept_in_order(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Renamed from and to, locked and why, closed by whom and how: as the timeline tells it."""
    number = repository.issue("License", ASK)
    repository.rename(number, "License of the docs", login="editor")
    repository.event(number, "labeled", login="bot", label={"name": "legal", "color": "fff"})
    repository.close(number, "boss", "not_planned")
    repository.lock(number, "too heated", login="boss")
    crawl(store, upstream)
    assert told(store, number) == [
        ("renamed", "editor", {"from": "License", "to": "License of the docs"}),
        ("labeled", "bot", {"label": "legal"}),
        ("closed", "boss", {"state_reason": "not_planned"}),
        ("locked", "boss", {"lock_reason": "too heated"}),
    ]
    summary = thread(store, number).summary
    assert summary.closed_by is not None
    assert summary.closed_by.login == "boss"
    assert (summary.title, summary.locked, summary.lock_reason) == ("License of the docs", True, "too heated")


def test_a_state_comes_from_the_object_and_never_from_its_events(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Issues are closed without an event, and events tell of what is undone since."""
    silent = repository.issue("License", ASK)
    repository.edit_issue(silent, state="closed", closed_at=repository.tick())
    undone = repository.issue("License too", ASK)
    repository.close(undone)
    repository.edit_issue(undone, state="open", closed_at=None, state_reason="reopened")
    crawl(store, upstream)
    assert (thread(store, silent).summary.state, told(store, silent)) == ("closed", [])
    assert thread(store, undone).summary.state == "open"
    assert [kind for kind, _, _ in told(store, undone)] == ["closed"]


def test_an_event_is_kept_once_however_often_it_is_seen(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A cross-reference has no number, and says more each time (its title and state move): it is still the same."""
    number = repository.issue("License", ASK)
    source = {"id": 5, "number": 8, "title": "Draft", "state": "open", "repository_url": f"{API}/repos/acme/docs"}
    row = {"event": "cross-referenced", "actor": None, "source": {"type": "issue", "issue": source}}
    repository.events[number] = [{**row, "created_at": repository.tick()}]
    repository.event(number, "pinned")
    crawl(store, upstream)
    source |= {"title": "Final", "state": "closed", "repository_url": f"{API}/repos/acme/manual"}
    repository.event(number, "unpinned")
    crawl(store, upstream)
    crawl(store, upstream, full=True)
    kinds = [kind for kind, _, _ in told(store, number)]
    assert kinds == ["cross-referenced", "pinned", "unpinned"]
    assert told(store, number)[0][2]["source"] == "acme/docs#8"


def test_events_of_an_unkept_thread_are_never_asked_for(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Neither of what the list shows to be about something else, nor of a candidate that turns out to be."""
    other = repository.issue("It crashes", "On start.")
    candidate = repository.issue("Bundle the codec", "It would help.")
    repository.comment(candidate, "The codec is under the GPL-3.0 license, which is not compatible with our license.")
    repository.comments[max(repository.comments)]["body"] = "Never mind."
    kept = repository.issue("License", ASK)
    crawl(store, upstream)
    assert asked_below(upstream, other) == []
    assert f"issues/{candidate}/timeline" not in asked_below(upstream, candidate)
    assert f"issues/{kept}/timeline" in asked_below(upstream, kept)


def test_details_are_asked_for_only_when_a_thread_was_updated(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """The second crawl asks for the one timeline that moved; the third for none; the fourth costs nothing at all."""
    first, second = repository.issue("License", ASK), repository.issue("License two", ASK)
    crawl(store, upstream)
    repository.lock(second)
    upstream.clear()
    crawl(store, upstream)
    assert (asked_below(upstream, first), asked_below(upstream, second)) == ([], [f"issues/{second}/timeline"])
    upstream.clear()
    crawl(store, upstream)
    assert asked_below(upstream, second) == []
    upstream.clear()
    crawl(store, upstream)
    assert upstream.counted == 0
    assert [kind for kind, _, _ in told(store, second)] == ["locked"]


def test_an_unchanged_timeline_costs_nothing(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """With a token its 304 is free, also of a pull request with its review comments, and of several pages."""
    upstream.per_page_limit = 5
    number = repository.issue("License", ASK, **PULL)
    for at in range(12):
        repository.event(number, "labeled", label={"name": f"label {at}"})
        repository.review_comment(number, f"Remark {at}")
    crawl(store, upstream)
    upstream.clear()
    for keep_etags in (True, False):
        assert fetch(store, upstream, number, ThreadKind.PULL, keep_etags=keep_etags).unchanged
    assert (upstream.counted, len(upstream.log)) == (0, 12)


def test_a_timeline_of_several_pages_is_kept_whole(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Every event arrives, in order; when a late page changes, the early ones are asked for again."""
    upstream.per_page_limit = 10
    number = repository.issue("License", ASK)
    labels = [f"label {at:02}" for at in range(35)]
    for name in labels[:33]:
        repository.event(number, "labeled", label={"name": name})
    crawl(store, upstream)
    for name in labels[33:]:
        repository.event(number, "labeled", label={"name": name})
    crawl(store, upstream)
    assert [detail["label"] for _, _, detail in told(store, number)] == labels


def test_who_wants_all_that_is_there_gets_it_and_the_etags(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """If one list changed, the other one is asked for too, though it did not; and nothing is remembered meanwhile."""
    number = repository.issue("License", ASK, **PULL)
    comment = repository.comment(number, "A comment")
    review = repository.review(number, "A review")
    remark = repository.review_comment(number, "A remark")
    crawl(store, upstream)
    second = repository.review_comment(number, "A second remark")
    for _ in range(2):
        seen = fetch(store, upstream, number, ThreadKind.PULL, keep_etags=False)
        assert not seen.unchanged
        assert seen.ids == {
            PostKind.COMMENT: {comment},
            PostKind.REVIEW: {review},
            PostKind.REVIEW_COMMENT: {remark, second},
        }
        assert [url.split("?")[0] for url, _, _ in seen.etags] == [
            f"{API}/repos/acme/rocket/issues/{number}/timeline",
            f"{API}/repos/acme/rocket/pulls/{number}/comments",
        ]
    with store.transaction() as tx:
        for etag in seen.etags:
            tx.remember(*etag)
    assert fetch(store, upstream, number, ThreadKind.PULL, keep_etags=False) == Seen(True, {})


def test_a_newer_text_in_the_timeline_is_a_revision(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Comments stand in the timeline whole: an edit that comes between the lists is kept."""
    number = repository.issue("License", ASK)
    comment = repository.comment(number, "First words")

    def edit(request: httpx.Request) -> None:
        if request.url.path.endswith("/timeline") and repository.comments[comment]["body"] == "First words":
            repository.edit_comment(comment, "Second thoughts")

    upstream.interfere = edit
    crawl(store, upstream)
    post = thread(store, number).posts[1]
    assert [each.body for each in post.revisions] == ["First words", "Second thoughts"]


def test_what_cannot_be_read_hides_nothing_else(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Broken items of a timeline are a failure that stays until they can be read; all the others are kept."""
    number = repository.issue("License", ASK, **PULL)
    good = repository.comment(number, "A comment")
    repository.event(number, "locked")
    whole = upstream.timeline_json
    broken = [None, "event", {"event": 5}, {"event": "closed"}, {"event": "reviewed", "id": 6}, {"event": "commented"}]
    upstream.timeline_json = lambda *args: [*broken, *whole(*args)]  # type: ignore[method-assign]
    report = crawl(store, upstream)
    assert len(report.failures) == len(broken)
    assert report.failures[0][0] == f"acme/rocket#{number} timeline"
    (failure,) = store.coverage(77).failures
    assert failure.target == f"#{number} timeline"
    assert [kind for kind, _, _ in told(store, number)] == ["locked"]
    assert [post.id for post in thread(store, number).posts[1:]] == [good]
    upstream.timeline_json = whole  # type: ignore[method-assign]
    fetch(store, upstream, number, ThreadKind.PULL)
    assert store.coverage(77).failures == ()


def test_one_failing_timeline_does_not_stop_the_others(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """It is noted, the issue is public all the same, and the next pass asks again."""
    for title in ("License", "License two", "License three"):
        repository.lock(repository.issue(title, ASK))

    def fail(request: httpx.Request) -> httpx.Response | None:
        return error(500, "Server Error") if request.url.path.endswith("/2/timeline") else None

    upstream.interfere = fail
    report = crawl(store, upstream)
    assert [reference for reference, _ in report.failures] == ["acme/rocket#2 timeline"]
    assert [len(told(store, number)) for number in (1, 2, 3)] == [1, 0, 1]
    upstream.interfere = None
    crawl(store, upstream)
    assert len(told(store, 2)) == 1
    assert store.coverage(77).failures == ()


def test_a_thread_that_is_gone_or_elsewhere_raises_the_error_of_that(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """410 is Gone, a redirect to another repository Moved; one to the same by another name is nothing at all."""
    number = repository.issue("License", ASK)
    other = FakeRepository("acme/docs", 78)
    upstream.repositories.append(other)
    crawl(store, upstream)
    upstream.transferred["acme/rocket", number] = ("acme/docs", other.issue("License", ASK))
    with pytest.raises(Moved) as moved:
        fetch(store, upstream, number)
    assert moved.value.status == 301
    upstream.transferred.clear()
    upstream.gone["acme/rocket", number] = 410
    with pytest.raises(Gone):
        fetch(store, upstream, number)
    upstream.gone.clear()
    repository.lock(number)
    repository.full_name = "acme/starship"
    upstream.renamed["acme/rocket"] = "acme/starship"
    assert not fetch(store, upstream, number).unchanged
    assert [kind for kind, _, _ in told(store, number)] == ["locked"]


@pytest.mark.parametrize("status", [404, 410, 451])
def test_a_thread_that_goes_before_its_timeline_is_asked_for_gets_its_tombstone(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, status: int
) -> None:
    """What the list showed of it is public, also of a pull request, and it is not asked for in every pass."""
    numbers = [repository.issue("License", ASK), repository.issue("Change the license", ASK, **PULL)]

    def go(request: httpx.Request) -> None:
        if request.url.path.endswith("/timeline"):
            upstream.gone |= {("acme/rocket", number): status for number in numbers}

    upstream.interfere = go
    crawl(store, upstream)
    for number in numbers:
        kept = thread(store, number)
        assert kept.summary.gone is not None
        assert (kept.summary.gone.status, kept.posts[0].body) == (status, ASK)
    with store.transaction() as tx:
        assert tx.undetailed(77) == []


@pytest.mark.parametrize("readable", [True, False])
def test_a_thread_that_moves_before_its_timeline_is_asked_for_is_followed(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, readable: bool
) -> None:
    """What the other thread says is not taken for its own; if that cannot be read, what was listed is public still."""
    other = FakeRepository("acme/docs", 78)
    upstream.repositories.append(other)
    there = other.issue("License", ASK)
    other.lock(there)
    number = repository.issue("License", ASK)

    def transfer(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/timeline"):
            upstream.transferred["acme/rocket", number] = ("acme/docs", there)
        elsewhere = request.url.path.startswith("/repos/acme/docs/")
        return error(404, "Not Found") if elsewhere and not readable else None

    upstream.interfere = transfer
    crawl(store, upstream)
    found = store.thread(78, there) if readable else store.thread(77, number)
    assert found is not None
    assert found.posts[0].body == ASK
    assert [event.kind for event in found.events] == (["locked"] if readable else [])


# --- reviews ----------------------------------------------------------------------------------------------------------


def test_reviews_and_review_comments_are_posts(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A review with its state, a review comment with what it stands at, a reply right after what it answers."""
    number = repository.issue("Change the license", ASK, draft=True, **PULL)
    review = repository.review(number, "Not like this.", "CHANGES_REQUESTED", login="strict")
    remark = repository.review_comment(number, "Which GPL?", review=review, path="COPYING", line=7)
    later = repository.comment(number, "Any news?")
    reply = repository.review_comment(number, "3.0.", in_reply_to_id=remark, login="asker")
    crawl(store, upstream)
    posts = thread(store, number).posts
    assert [(post.kind, post.id) for post in posts[1:]] == [
        (PostKind.REVIEW, review),
        (PostKind.REVIEW_COMMENT, remark),
        (PostKind.REVIEW_COMMENT, reply),
        (PostKind.COMMENT, later),
    ]
    assert (posts[1].state, posts[1].author and posts[1].author.login) == ("CHANGES_REQUESTED", "strict")
    assert posts[2].context["path"] == "COPYING"
    assert posts[2].context["line"] == 7
    assert posts[2].context["diff_hunk"].startswith("@@ -1,3")
    assert (posts[2].reply_to, posts[3].reply_to) == (None, remark)
    assert thread(store, number).summary.draft


def test_an_empty_review_is_only_the_envelope_of_its_comments(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """It is no post; an approval without words is one, and a review that lost its words stays one."""
    number = repository.issue("Change the license", ASK, **PULL)
    repository.review_comment(number, "Which GPL?", review=repository.review(number, ""))
    approval = repository.review(number, "", "APPROVED")
    emptied = repository.review(number, "Hm.")
    crawl(store, upstream)
    repository.reviews[emptied]["body"] = ""
    repository.comment(number, "Thanks.")
    crawl(store, upstream)
    reviews = [post for post in thread(store, number).posts if post.kind is PostKind.REVIEW]
    assert [(post.id, post.state) for post in reviews] == [(approval, "APPROVED"), (emptied, "COMMENTED")]
    assert [each.body for each in reviews[1].revisions] == ["Hm.", ""]


def test_a_dismissed_review_makes_a_new_snapshot(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """The older snapshot still has it as an approval, and the event says who dismissed it."""
    number = repository.issue("Change the license", ASK, **PULL)
    review = repository.review(number, "Fine.", "APPROVED")
    crawl(store, upstream)
    repository.reviews[review]["state"] = "DISMISSED"
    dismissed = {"review_id": review, "state": "approved", "dismissal_message": "Not yours to approve."}
    repository.event(number, "review_dismissed", login="boss", dismissed_review=dismissed)
    crawl(store, upstream)
    now = thread(store, number)
    before = store.thread(77, number, now.captures[0].digest)
    assert before is not None
    assert [each.posts[1].state for each in (before, now)] == ["APPROVED", "DISMISSED"]
    assert told(store, number)[0][2] == {"review": review, "state": "approved", "message": "Not yours to approve."}


def test_a_pull_request_is_not_public_before_its_reviews(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Nobody sees half of it: while its reviews cannot be had it waits, and its first snapshot has them all."""
    number = repository.issue("Change the license", ASK, **PULL)
    repository.review(number, "Why not the MIT license?")
    issue = repository.issue("License", ASK)

    def fail(request: httpx.Request) -> httpx.Response | None:
        return error(500, "Server Error") if f"/{number}/" in request.url.path else None

    upstream.interfere = fail
    crawl(store, upstream)
    assert [each.number for each in store.summaries()] == [issue]
    upstream.interfere = None
    crawl(store, upstream)
    assert len(thread(store, number).captures) == 1
    assert len(thread(store, number).posts) == 2


def test_a_named_pull_request_comes_with_its_reviews(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Whoever asks for one thread gets all of it, in one capture, and the second time for nothing."""
    number = repository.issue("It crashes", "On start.", **PULL)
    repository.comment(number, "Thanks.")
    repository.review(number, "Looks good.", "APPROVED")
    crawl(store, upstream, f"acme/rocket#{number}")
    assert [post.body for post in thread(store, number).posts[1:]] == ["Thanks.", "Looks good."]
    assert len(thread(store, number).captures) == 1
    upstream.clear()
    crawl(store, upstream, f"acme/rocket#{number}")
    assert upstream.counted == 0


@pytest.mark.parametrize("seed", range(4))
def test_broken_off_anywhere_all_of_it_is_there_in_the_end(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, tmp_path: Path, seed: int
) -> None:
    """Killed at any request, again and again: snapshots and events are those of an undisturbed crawl, taken once."""
    chance = random.Random(seed)
    upstream.per_page_limit = 4
    for at in range(8):
        number = repository.issue(f"License {at}", ASK, **(PULL if at % 2 else {}))
        for each in range(at):
            repository.event(number, "labeled", label={"name": f"label {each}"})
            if at % 2:
                remark = repository.review_comment(number, "Why?", review=repository.review(number, f"Review {each}"))
                repository.review_comment(number, "So.", in_reply_to_id=remark)
    with open_store(f"sqlite:///{tmp_path / 'other.db'}") as other:
        crawl(other, FakeGitHub(repository))
        wanted = {each.number: (each.snapshot, told(other, each.number)) for each in other.summaries()}

    class Killed(BaseException):
        pass

    def die(_request: httpx.Request) -> None:
        if chance.random() < 0.2:
            raise Killed

    upstream.interfere = die
    for _ in range(200):
        with contextlib.suppress(Killed):
            crawl(store, upstream)
            break
    assert {each.number: (each.snapshot, told(store, each.number)) for each in store.summaries()} == wanted
    assert all(len(thread(store, number).captures) == 1 for number in wanted)


def test_reactions_are_counted_and_make_no_snapshot(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Of the issue, of comments and of review comments; that they move says nothing new."""
    number = repository.issue("License", ASK, reactions={"total_count": 3, "+1": 3, "heart": 0}, **PULL)
    comment = repository.comment(number, "No.", reactions={"-1": 9})
    repository.review_comment(number, "Why?", reactions={"confused": 1, "url": "x"})
    crawl(store, upstream)
    assert [dict(post.reactions) for post in thread(store, number).posts] == [{"+1": 3}, {"-1": 9}, {"confused": 1}]
    repository.comments[comment]["reactions"] = {"-1": 10, "eyes": 2}
    repository.issues[number]["updated_at"] = repository.tick()
    crawl(store, upstream)
    assert dict(thread(store, number).posts[1].reactions) == {"-1": 10, "eyes": 2}
    assert len(thread(store, number).captures) == 1


# --- comments that are gone -------------------------------------------------------------------------------------------


def test_a_named_thread_that_lost_a_comment_gets_its_tombstone(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """The complete list lacks it, and a request for the comment itself says 404; then the next snapshot is without."""
    number = repository.issue("License", ASK)
    repository.comment(number, "stays")
    deleted = repository.comment(number, "goes")
    crawl(store, upstream)
    repository.delete_comment(deleted)
    crawl(store, upstream, f"acme/rocket#{number}")
    assert f"/repos/acme/rocket/issues/comments/{deleted}" in upstream.paths()
    gone = {post.id: post.gone for post in thread(store, number).posts[1:]}
    assert [each and each.status for each in gone.values()] == [None, 404]
    latest = store.thread(77, number, thread(store, number).summary.snapshot)
    assert latest is not None
    assert [post.body for post in latest.posts] == [ASK, "stays"]


@pytest.mark.parametrize("lacks", ["one", "all"])
def test_a_list_that_lacks_what_is_there_marks_nothing(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, lacks: str
) -> None:
    """GitHub has served short lists by mistake: the first comment that answers ends the suspicion."""
    number = repository.issue("License", ASK)
    ids = [repository.comment(number, f"Comment {at}") for at in range(30)]
    crawl(store, upstream)

    def mistaken(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith(f"/{number}/comments"):
            return None
        there = ids[1:] if lacks == "one" else []
        return httpx.Response(
            200, json=[upstream.comment_json(repository, each) for each in there], headers={"etag": '"wrong"'}
        )

    upstream.interfere = mistaken
    upstream.clear()
    crawl(store, upstream, f"acme/rocket#{number}")
    assert sum("/issues/comments/" in path for path in upstream.paths()) == 1
    assert all(post.gone is None for post in thread(store, number).posts)
    upstream.interfere = None
    upstream.clear()
    crawl(store, upstream, f"acme/rocket#{number}")
    assert '"wrong"' not in [each.get("if-none-match") for each in upstream.headers]


def test_the_number_of_a_thread_that_was_updated_meanwhile_is_asked_for_again(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """What the details stand for is the update that was listed: a later one is noticed by the next pass."""
    number = repository.issue("License", ASK)
    crawl(store, upstream)
    with store.transaction() as tx:
        assert tx.undetailed(77) == []
        assert iso(tx.last_update(77, number)) == repository.issues[number]["updated_at"]
    repository.edit_issue(number, title="License!")
    upstream.interfere = lambda request: error(500, "no") if request.url.path.endswith("/timeline") else None
    crawl(store, upstream)
    with store.transaction() as tx:
        assert tx.undetailed(77) == [(number, ThreadKind.ISSUE)]
