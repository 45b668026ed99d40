"""Discussions: which are kept, that they are kept whole, and what is asked for to find that out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fake_graphql import choose, delete, discuss, reply
from fakes import API, FakeGitHub, FakeRepository

from archiver.crawl import Crawler, Report
from archiver.errors import NotFound, RateLimited, TokenNeeded
from archiver.github.client import GitHub, Stopped
from archiver.license import Vocabulary
from archiver.model import FindingKind, Post, PostKind, Thread
from archiver.references import RepositoryRef, ThreadKind, parse_reference
from archiver.store import Store
from archiver.sweep import Swept

TOKEN = "t0ken"
ASK = "Please consider the GPL-3.0 or another copyleft license for this project."
ANSWER = "We discussed the license before; the project stays under the Apache License 2.0."


def crawl(
    store: Store,
    upstream: FakeGitHub,
    target: str = "acme/rocket",
    *,
    scope: str = "license",
    token: str | None = TOKEN,
    stop: Callable[[], bool] = lambda: False,
    full: bool = False,
) -> Report:
    """Crawl with a client whose pauses take no time."""
    with GitHub(API, token=token, transport=upstream, wait=False, pause=lambda seconds: None) as github:
        return Crawler(store, github, Vocabulary(), stop=stop, full=full).crawl(parse_reference(target), scope)


def thread(store: Store, number: int) -> Thread:
    """Return a thread that is held."""
    found = store.thread(77, number)
    assert found is not None, f"#{number} is not held"
    return found


def post(store: Store, number: int, post_id: int) -> Post:
    """Return a post as the store reads it back."""
    return next(each for each in thread(store, number).posts if each.id == post_id)


def held(store: Store) -> list[int]:
    """Return the numbers of the threads that are held."""
    return [each.number for each in store.summaries(order="number", limit=1000)]


def test_keeps_license_discussions_whole(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A discussion about licensing is kept with its comments and replies in reading order, and others are not."""
    number = discuss(repository, "Which license?", ASK, "kim", category="Ideas", upvotes=3, reactions={"+1": 2})
    discuss(repository, "Which colour?", "Blue or green?")
    first = reply(repository, number, "Good question.", "lee")
    second = reply(repository, number, ANSWER, "dependabot[bot]")
    under = reply(repository, number, "I see.", None, to=first)
    report = crawl(store, upstream)
    assert (held(store), report.captured, report.failures) == ([number], 1, [])
    kept = thread(store, number)
    assert kept.summary.kind is ThreadKind.DISCUSSION
    assert (kept.summary.category, kept.summary.state, kept.summary.gap) == ("Ideas", "open", None)
    assert kept.summary.upstream_url == f"https://github.com/acme/rocket/discussions/{number}"
    assert kept.summary.comments_upstream == 3
    assert [(each.kind, each.id, each.reply_to) for each in kept.posts] == [
        (PostKind.OPENING, repository.discussions[number]["id"], None),
        (PostKind.COMMENT, first, None),
        (PostKind.COMMENT, under, first),
        (PostKind.COMMENT, second, None),
    ]
    assert [each.author and each.author.login for each in kept.posts] == ["kim", "lee", None, "dependabot[bot]"]
    opening = kept.posts[0]
    assert (opening.body, opening.revision.body_html, opening.reactions) == (ASK, f"<p>{ASK}</p>", {"+1": 2})
    assert not any(each.edited for each in kept.posts)
    assert not list(store.verification().differences())


def test_a_comment_about_licensing_is_reason_enough(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A discussion that turns to licensing in a comment or a reply is kept."""
    number = discuss(repository, "Plans", "What next?")
    said = reply(repository, number, "Whatever.")
    other = discuss(repository, "More plans", "And then?")
    for at in range(40):
        reply(repository, other, f"Reply {at}")
    crawl(store, upstream)
    assert not held(store)
    reply(repository, number, ASK, to=said)
    reply(repository, other, ASK)
    crawl(store, upstream)
    assert held(store) == [number, other]
    assert len(thread(store, other).posts) == 42


def test_scope_all_keeps_every_discussion(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """With the scope `all` what it is about does not matter."""
    number = discuss(repository, "Which colour?", "Blue or green?")
    crawl(store, upstream, scope="all")
    assert held(store) == [number]


def test_answer_closing_and_minimized_comment(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """The chosen answer, who chose it, the closing and the minimized comment are kept, and changes make a snapshot."""
    number = discuss(repository, "Which license?", ASK, category="Q&A")
    said = reply(repository, number, ANSWER)
    noise = reply(repository, number, "First!")
    crawl(store, upstream)
    choose(repository, said, "kim")
    repository.minimized[noise] = "OFF_TOPIC"
    closing = {"closed_at": repository.tick(), "state_reason": "RESOLVED", "locked": True, "labels": ["law", "faq"]}
    repository.discussions[number] |= {**closing, "updated_at": repository.tick()}
    crawl(store, upstream)
    kept = thread(store, number)
    assert [each.kind for each in kept.posts][1:] == [PostKind.ANSWER, PostKind.COMMENT]
    assert [each.state for each in kept.posts][1:] == ["answer", None]
    assert kept.posts[2].minimized == "off-topic"
    summary = kept.summary
    assert (summary.state, summary.state_reason, summary.locked, summary.labels) == (
        "closed",
        "resolved",
        True,
        ("faq", "law"),
    )
    assert summary.closed_at is not None
    (event,) = kept.events
    assert (event.kind, event.actor and event.actor.login, event.detail) == ("answered", "kim", {"comment": said})
    assert len(kept.captures) == 2
    assert [each.kind for each in kept.findings] == [FindingKind.MINIMIZED]


def test_edited_comments_have_their_history(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Discussions' posts are asked about their edits like all others; votes that move `updated_at` are no edit."""
    number = discuss(repository, "Which license?", ASK)
    said = reply(repository, number, "First words")
    repository._note_edit(repository.discussion_comments[said], "Second words", repository.tick())
    repository.discussion_comments[said]["body"] = "Second words"
    voted = reply(repository, number, "Vote for me")
    repository.discussion_comments[voted]["updated_at"] = repository.tick()
    crawl(store, upstream)
    assert [(each.body, each.source) for each in post(store, number, said).revisions] == [
        ("First words", "history"),
        ("Second words", "seen"),
    ]
    assert not post(store, number, voted).edited


def test_without_any_or_without_news_one_request(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A repository without discussions costs one request, and so does one in which nothing is new."""
    crawl(store, upstream)
    assert len(upstream.queries) == 1
    for at in range(60):
        reply(repository, discuss(repository, f"License question {at}", ASK), ANSWER)
    upstream.clear()
    crawl(store, upstream)
    assert len(upstream.queries) == 3 + 60
    assert len(held(store)) == 60
    repository.clock = repository.clock.replace(year=2021)
    upstream.clear()
    crawl(store, upstream)
    assert len([text for text, _ in upstream.queries if "discussions(" in text]) == 1
    assert len([text for text, _ in upstream.queries if "discussion(" in text]) == 0


def test_where_github_says_that_there_are_none_none_are_asked_for(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A repository without discussions costs no query, in later passes neither; switched on, it does."""
    discuss(repository, "Which license?", ASK, "kim")
    repository.about["has_discussions"] = False
    for _ in range(2):
        crawl(store, upstream)
    assert upstream.queries == []
    assert held(store) == []
    repository.about["has_discussions"] = True
    crawl(store, upstream)
    assert len(held(store)) == 1


def test_next_pass_fetches_what_was_updated(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Only what was updated since is fetched again, and the earlier state stays as a snapshot."""
    numbers = [discuss(repository, f"License question {at}", ASK) for at in range(5)]
    crawl(store, upstream)
    reply(repository, numbers[2], "Bump")
    upstream.clear()
    crawl(store, upstream)
    assert [variables["number"] for _, variables in upstream.queries if "number" in variables] == [numbers[2]]
    assert len(thread(store, numbers[2]).captures) == 2


def test_many_comments_and_replies_are_fetched_page_by_page(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A discussion with more comments, and more replies to one of them, than a page holds is kept whole."""
    number = discuss(repository, "Which license?", ASK)
    first = reply(repository, number, "First")
    for at in range(120):
        reply(repository, number, f"Reply {at}", to=first)
        reply(repository, number, f"Comment {at}")
    crawl(store, upstream)
    kept = thread(store, number)
    assert len(kept.posts) == 242
    assert (kept.summary.comments_upstream, kept.summary.gap) == (241, None)


def test_deleted_comments_keep_what_was_held(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A deleted comment whose place is shown (410) or that is gone with it (404) leaves its text here; replies stay."""
    number = discuss(repository, "Which license?", ASK)
    parent, lone = reply(repository, number, "Parent"), reply(repository, number, "Lone")
    under = reply(repository, number, "Under", to=parent)
    reply(repository, number, "Other")
    crawl(store, upstream)
    delete(repository, parent)
    delete(repository, lone)
    crawl(store, upstream)
    kept = thread(store, number)
    gone = {each.id: (each.gone.status, each.body) for each in kept.posts if each.gone}
    assert gone == {parent: (410, "Parent"), lone: (404, "Lone")}
    assert [each.body for each in kept.posts] == [ASK, "Parent", "Under", "Lone", "Other"]
    assert post(store, number, under).gone is None
    assert kept.summary.gap is None
    latest = store.thread(77, number, kept.summary.snapshot)
    assert latest is not None
    assert [each.body for each in latest.posts] == [ASK, "Under", "Other"]


def test_a_comment_deleted_before_we_came_is_no_gap(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """The empty place of a comment that was never seen is no post, and is not counted."""
    number = discuss(repository, "Which license?", ASK)
    parent = reply(repository, number, "Parent")
    reply(repository, number, "Under", to=parent)
    delete(repository, parent)
    crawl(store, upstream)
    assert [each.body for each in thread(store, number).posts] == [ASK, "Under"]
    assert thread(store, number).summary.gap is None


def test_a_short_list_proves_nothing(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Comments missing from a list are asked for by name, and stay if they are there; too many are not believed."""
    number = discuss(repository, "Which license?", ASK)
    said = [reply(repository, number, f"Reply {at}") for at in range(6)]
    crawl(store, upstream)
    moved = repository.discussion_comments[said[0]]
    moved["number"] = discuss(repository, "Elsewhere", "Nothing")
    repository.discussions[number]["updated_at"] = repository.tick()
    crawl(store, upstream)
    assert post(store, number, said[0]).gone is None
    for each in said[1:5]:
        delete(repository, each)
    report = crawl(store, upstream)
    assert not any(each.gone for each in thread(store, number).posts)
    assert "seem to be gone at once" in report.failures[0][1]
    assert [each.target for each in store.coverage(77).failures] == [f"#{number}"]


def test_a_failed_discussion_is_asked_for_again(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """One that cannot be fetched is a noted failure, hides no other, and the next pass comes back to it."""
    bad = discuss(repository, "Which license?", ASK)
    repository.clock = repository.clock.replace(month=6)
    good = discuss(repository, "Another license?", ASK)
    upstream.interfere = refuse(bad)
    report = crawl(store, upstream)
    assert held(store) == [good]
    assert [where for where, _ in report.failures] == [f"acme/rocket#{bad}"]
    upstream.interfere = None
    crawl(store, upstream)
    assert held(store) == [bad, good]
    assert not store.coverage(77).failures


def refuse(number: int) -> Any:
    """Let GraphQL fail for one discussion."""

    def interfere(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and f'"number": {number}' in request.content.decode():
            return httpx.Response(200, json={"data": None, "errors": [{"message": "No such thing\x1b[31m"}]})
        return None

    return interfere


def test_a_list_that_is_too_much_is_asked_for_in_parts(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Where GitHub cannot work out a page, a smaller one is asked for."""
    numbers = [discuss(repository, f"License question {at}", ASK) for at in range(30)]

    def interfere(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and '"first": 25' in request.content.decode():
            return httpx.Response(502, json={"message": "Something went wrong"})
        return None

    upstream.interfere = interfere
    assert not crawl(store, upstream).failures
    assert held(store) == numbers


@pytest.mark.parametrize("scope", ["license", "all"])
def test_broken_off_pass_goes_on(store: Store, repository: FakeRepository, upstream: FakeGitHub, scope: str) -> None:
    """A pass that is stopped keeps what it has, and the next one fetches the rest only."""
    numbers = [discuss(repository, f"License question {at}", ASK) for at in range(10)]
    with pytest.raises(Stopped):
        crawl(store, upstream, scope=scope, stop=lambda: len(upstream.queries) >= 5)
    kept = held(store)
    assert 0 < len(kept) < 10
    upstream.clear()
    crawl(store, upstream, scope=scope)
    assert held(store) == numbers
    fetched = [variables["number"] for _, variables in upstream.queries if "number" in variables]
    assert sorted(fetched) == sorted(set(numbers) - set(kept))


def test_rate_limit_breaks_off(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A used-up limit ends the crawl and not in a failure of a discussion; the cursor stays where it was."""
    number = discuss(repository, "Which license?", ASK)
    answer = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]}
    upstream.interfere = lambda request: httpx.Response(200, json=answer) if request.method == "POST" else None
    with pytest.raises(RateLimited):
        crawl(store, upstream)
    upstream.interfere = None
    crawl(store, upstream)
    assert held(store) == [number]


def test_full_and_scope_changes_look_at_everything_again(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """With `full` what is held is fetched again; with another scope, what was passed over is looked at again."""
    asked = discuss(repository, "Which license?", ASK)
    repository.clock = repository.clock.replace(month=6)
    other = discuss(repository, "Which colour?", "Blue or green?")
    repository.clock = repository.clock.replace(month=9)
    crawl(store, upstream)
    upstream.clear()
    crawl(store, upstream, full=True)
    assert [variables["number"] for _, variables in upstream.queries if "number" in variables] == [asked]
    crawl(store, upstream, scope="all")
    assert held(store) == [asked, other]


def test_single_discussion(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A discussion is archived by its URL, whatever it is about; without a token a clear line says why not."""
    number = discuss(repository, "Which colour?", "Blue or green?")
    url = f"https://github.com/acme/rocket/discussions/{number}"
    with pytest.raises(TokenNeeded, match="only with a token"):
        crawl(store, upstream, url, token=None)
    assert not upstream.log
    crawl(store, upstream, url)
    assert held(store) == [number]
    reply(repository, number, "Green.")
    crawl(store, upstream, f"acme/rocket#{number}")
    assert len(thread(store, number).posts) == 2
    with pytest.raises(NotFound):
        crawl(store, upstream, "https://github.com/acme/rocket/discussions/99")


def test_another_repository_of_the_name_is_not_mixed_in(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """If GraphQL's repository of that name is another one than the REST API's, nothing of it is kept."""
    discuss(repository, "Which license?", ASK)

    def interfere(request: httpx.Request) -> None:
        repository.id = 78 if request.method == "POST" else 77

    upstream.interfere = interfere
    report = crawl(store, upstream)
    assert not held(store)
    assert "number 78, not 77" in report.failures[0][1]


def test_the_rest_api_is_not_asked_to_complete_a_discussion(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A discussion of which less is held than GitHub counts is settled as it is: no issue has its number."""
    number = discuss(repository, "Which license?", ASK)
    said = reply(repository, number, "Words")
    crawl(store, upstream)
    with store.transaction() as tx:
        tx.mark_post_gone(77, number, PostKind.COMMENT, said, 404)
    repository.clock = repository.clock.replace(year=2021)
    upstream.clear()
    report = crawl(store, upstream)
    assert not [path for path in upstream.paths() if path.endswith(f"/issues/{number}")]
    assert not report.failures
    assert len(thread(store, number).captures) == 2


# --- sweeps -----------------------------------------------------------------------------------------------------------


def sweep(store: Store, upstream: FakeGitHub, token: str | None = TOKEN) -> Swept:
    """Sweep the repository with a client whose pauses take no time."""
    with GitHub(API, token=token, transport=upstream, wait=False, pause=lambda seconds: None) as github:
        (swept,) = Crawler(store, github, Vocabulary()).sweep(RepositoryRef("acme", "rocket"))
        return swept


def test_a_sweep_finds_deleted_discussions_and_comments(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """What is gone of discussions without their telling so is found by name; what comes back loses its tombstone."""
    numbers = [discuss(repository, f"License question {at}", ASK) for at in range(30)]
    said = reply(repository, numbers[0], "Words")
    stays = reply(repository, numbers[0], "More words")
    crawl(store, upstream)
    assert (sweep(store, upstream).gone, sweep(store, upstream).failures) == (0, [])
    lost = repository.discussions.pop(numbers[1])
    del repository.discussion_comments[said]
    swept = sweep(store, upstream)
    assert (swept.gone, swept.failures) == (2, [])
    gone = thread(store, numbers[1]).summary.gone
    assert gone is not None
    assert gone.status == 404
    assert {each.id for each in thread(store, numbers[0]).posts if each.gone} == {said}
    assert thread(store, numbers[0]).summary.gap is None
    assert post(store, numbers[0], stays).gone is None
    assert sweep(store, upstream).gone == 0
    repository.discussions[numbers[1]] = lost
    assert sweep(store, upstream).back == 1
    assert thread(store, numbers[1]).summary.gone is None
    assert [each.kind for each in thread(store, numbers[1]).findings] == [FindingKind.GONE, FindingKind.BACK]


def test_a_sweep_does_not_believe_that_most_is_gone(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Where most of the discussions seem gone at once nothing is marked; the next sweep decides."""
    numbers = [discuss(repository, f"License question {at}", ASK) for at in range(12)]
    crawl(store, upstream)
    away = {number: repository.discussions.pop(number) for number in numbers[2:]}
    assert sweep(store, upstream).suspects == 10
    assert not any(thread(store, number).summary.gone for number in numbers)
    repository.discussions |= away
    assert sweep(store, upstream).gone == 0
    for number in numbers[2:]:
        del repository.discussions[number]
    assert (sweep(store, upstream).suspects, sweep(store, upstream).gone) == (10, 10)


def test_a_sweep_without_a_token_leaves_discussions_alone(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Without a token nothing is asked, and nothing concluded, about discussions."""
    number = discuss(repository, "Which license?", ASK)
    crawl(store, upstream)
    del repository.discussions[number]
    upstream.clear()
    assert sweep(store, upstream, token=None).gone == 0
    assert not upstream.queries
