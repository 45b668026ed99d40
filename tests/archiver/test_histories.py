"""Edit histories and minimized comments: what GraphQL is asked, what is kept of its answers, and what is not."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import fake_graphql
import httpx
import pytest
from fakes import API, START, FakeGitHub, FakeRepository, user

from archiver.crawl import Crawler, Report
from archiver.errors import NotHeld, RateLimited, Unreachable
from archiver.github.client import GitHub, Stopped
from archiver.license import Vocabulary
from archiver.model import FindingKind, Post, PostKind
from archiver.observed import ObservedEdit, PostHistory
from archiver.references import parse_reference
from archiver.store import Store

TOKEN = "t0ken"
ASK = "Please consider the GPL-3.0 or another copyleft license for this project."


def crawl(store: Store, upstream: FakeGitHub, target: str = "acme/rocket", *, token: str | None = TOKEN) -> Report:
    """Crawl with a client whose pauses take no time."""
    with GitHub(API, token=token, transport=upstream, wait=False, pause=lambda seconds: None) as github:
        return Crawler(store, github, Vocabulary()).crawl(parse_reference(target))


def post(store: Store, number: int, post_id: int) -> Post:
    """Return a post as the store reads it back."""
    thread = store.thread(77, number)
    assert thread is not None
    return next(each for each in thread.posts if each.id == post_id)


def histories(upstream: FakeGitHub) -> list[dict[str, Any]]:
    """Return the variables of the queries for edit histories."""
    return [variables for text, variables in upstream.queries if "edited:" in text]


def findings(store: Store, number: int = 1) -> list[tuple[FindingKind, dict[str, Any]]]:
    """Return what was found out about a thread."""
    thread = store.thread(77, number)
    assert thread is not None
    return [(each.kind, dict(each.detail)) for each in thread.findings]


def test_edits_from_before_we_came_become_revisions(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Earlier texts of a comment are revisions dated by GitHub, told apart from the one that was seen."""
    repository.issue("A license", ASK)
    said = repository.comment(1, "First words", login="kim")
    repository.edit_comment(said, "Second words")
    repository.edit_comment(said, "Third words")
    crawl(store, upstream)
    found = post(store, 1, said)
    assert [(each.body, each.source) for each in found.revisions] == [
        ("First words", "history"),
        ("Second words", "history"),
        ("Third words", "seen"),
    ]
    times = [each["at"] for each in repository.edits[said]]
    assert [each.edited_at and each.edited_at.strftime("%Y-%m-%dT%H:%M:%SZ") for each in found.revisions] == [
        None,
        *times[1:],
    ]
    assert found.body == "Third words"
    assert [each.revision for each in found.edits] == [each.digest for each in found.revisions]
    editor = user("kim")
    assert editor is not None
    assert {(each.editor.id, each.editor.login) for each in found.edits if each.editor} == {(editor["id"], "kim")}


def test_text_seen_and_told_is_one_revision(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A text that was seen and is told by the history, too, is one revision, and stays the one that was seen."""
    repository.issue("A license", ASK)
    said = repository.comment(1, "First words")
    crawl(store, upstream)
    first = post(store, 1, said).revision.digest
    repository.edit_comment(said, "Second words")
    crawl(store, upstream)
    found = post(store, 1, said)
    assert [(each.body, each.source) for each in found.revisions] == [("First words", "seen"), ("Second words", "seen")]
    assert found.edits[0].revision == first


def test_history_of_an_opening_post(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """An opening post's edits are told apart from comments that move its time of update."""
    repository.issue("A license", "Something with a copyleft license, please: the GPL-3.0.")
    repository.edit_issue(1, body=ASK)
    repository.comment(1, "Yes")
    crawl(store, upstream)
    found = post(store, 1, repository.issues[1]["id"])
    assert [each.source for each in found.revisions] == ["history", "seen"]
    assert len(found.edits) == 2


def test_history_does_not_change_the_current_text_or_the_snapshot(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A thread's snapshot is the same with a token and without, though one knows its edit history."""
    repository.issue("A license", ASK)
    said = repository.comment(1, "First words")
    repository.edit_comment(said, "Second words")
    crawl(store, upstream, token=None)
    before = store.thread(77, 1)
    crawl(store, upstream)
    after = store.thread(77, 1)
    assert before is not None
    assert after is not None
    assert before.summary.snapshot == after.summary.snapshot
    assert len(after.captures) == 1
    assert [len(each.revisions) for each in before.posts] == [1, 1]
    assert [len(each.revisions) for each in after.posts] == [1, 2]


def test_new_history_is_a_change_that_the_index_follows(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Readers that follow changes learn of edits; being told the same again is no change."""
    repository.issue("A license", ASK)
    repository.edit_comment(repository.comment(1, "First words"), "Second words")
    crawl(store, upstream, token=None)
    number = max(each.number for each in store.changes(0, 100))
    crawl(store, upstream)
    assert [each.action for each in store.changes(number, 100)] == ["put"]
    number = max(each.number for each in store.changes(0, 100))
    crawl(store, upstream)
    assert not list(store.changes(number, 100))


def test_content_of_an_edit_deleted_before_we_came(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """An edit whose content was deleted upstream is kept as such, without a text."""
    repository.issue("A license", ASK)
    said = repository.comment(1, "My address is 12 Main Street")
    repository.edit_comment(said, "No address")
    fake_graphql.delete_edit(repository, said, 0)
    crawl(store, upstream)
    found = post(store, 1, said)
    assert [(each.revision is None, each.deleted_at is None) for each in found.edits] == [(True, False), (False, True)]
    assert [each.body for each in found.revisions] == ["No address"]
    assert FindingKind.EDIT_DELETED not in {kind for kind, _ in findings(store)}


def test_content_of_an_edit_deleted_after_we_saw_it(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """What was seen of an edit stays when its content is deleted upstream, and the deletion is found once."""
    repository.issue("A license", ASK)
    said = repository.comment(1, "First words")
    repository.edit_comment(said, "Second words")
    crawl(store, upstream)
    fake_graphql.delete_edit(repository, said, 0)
    for text in ("Third words", "Fourth words"):
        repository.edit_comment(said, text)
        crawl(store, upstream)
    found = post(store, 1, said)
    assert found.edits[0].deleted_at is not None
    assert found.edits[0].revision == found.revisions[0].digest
    assert found.revisions[0].body == "First words"
    at = repository.edits[said][0]["at"]
    assert [each for each in findings(store) if each[0] is FindingKind.EDIT_DELETED] == [
        (FindingKind.EDIT_DELETED, {"at": at})
    ]


def test_one_request_for_fifty_edited_posts(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """120 edited posts cost three requests, whose remaining room asks about others; later passes ask nothing."""
    repository.issue("A license", ASK)
    said = [repository.comment(1, f"Reply {at}") for at in range(200)]
    for each in said[:119]:
        repository.edit_comment(each, "Other words")
    crawl(store, upstream)
    asked = histories(upstream)
    assert [len(each["edited"]) for each in asked] == [50, 50, 20]
    assert [len(each["others"]) for each in asked] == [50, 50, 80]
    upstream.clear()
    crawl(store, upstream)
    assert not histories(upstream)


def test_longer_histories_take_further_requests(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A post with more than a hundred edits is asked for page by page, and all of its texts are kept."""
    repository.issue("A license", ASK)
    said = repository.comment(1, "Words 0")
    for at in range(1, 230):
        repository.edit_comment(said, f"Words {at}")
    crawl(store, upstream)
    assert [each.body for each in post(store, 1, said).revisions] == [f"Words {at}" for at in range(230)]
    assert len(upstream.queries) == 1 + 1 + 2


def test_minimized_comments(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Why a comment is minimized is kept, and each change of it is found, with whatever request is made anyway."""
    repository.issue("A license", ASK)
    said = repository.comment(1, "Words")
    repository.minimized[said] = "off-topic"
    crawl(store, upstream)
    assert post(store, 1, said).minimized == "off-topic"
    del repository.minimized[said]
    repository.edit_issue(1, title="A license?")
    crawl(store, upstream)
    assert post(store, 1, said).minimized is None
    assert [each for each in findings(store) if "minimized" in each[0]] == [
        (FindingKind.MINIMIZED, {"reason": "off-topic"}),
        (FindingKind.UNMINIMIZED, {}),
    ]


def test_those_asked_longest_ago_have_their_turn(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Posts of changed threads are asked about first; then those that were not asked about for the longest time."""
    quiet, busy = repository.issue("A license", ASK), repository.issue("Another license", ASK)
    old = [repository.comment(quiet, f"Reply {at}") for at in range(150)]
    crawl(store, upstream)
    asked = {each for variables in histories(upstream) for each in variables["others"]}
    assert len(asked) == 99
    upstream.clear()
    new = repository.comment(busy, "Words")
    repository.edit_issue(busy, title="Another license?")
    crawl(store, upstream)
    (variables,) = histories(upstream)
    never = {f"IC_{each}" for each in old} - asked
    assert f"IC_{new}" in variables["others"]
    assert never <= set(variables["others"])


def test_without_a_token_nothing_is_asked_and_that_is_said(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """What only GraphQL tells is not asked for without a token; coverage says so until a crawl has one."""
    repository.issue("A license", ASK)
    repository.comment(1, "Words")
    report = crawl(store, upstream, token=None)
    assert not upstream.queries
    left_out = {"edit history": "no token", "minimised comments": "no token", "discussions": "no token"}
    assert report.not_asked == left_out
    assert store.coverage(77).not_asked == left_out
    assert crawl(store, upstream).not_asked == {}
    assert store.coverage(77).not_asked == {}


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_api_without_graphql(store: Store, repository: FakeRepository, upstream: FakeGitHub, status: int) -> None:
    """Where there is no GraphQL, as in another archive, that is said, and is no failure."""
    repository.issue("A license", ASK)
    repository.comment(1, "Words")
    upstream.interfere = lambda request: httpx.Response(status) if request.method == "POST" else None
    report = crawl(store, upstream)
    assert set(store.coverage(77).not_asked.values()) == {"no GraphQL API there"}
    assert (report.failures, len(report.not_asked)) == ([], 3)


def test_a_node_that_is_not_there_is_nothing_proven(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """GraphQL's null for a post leaves the post as it is, and the others of the batch are kept."""
    repository.issue("A license", ASK)
    lost, said = repository.comment(1, "Words"), repository.comment(1, "First words")
    repository.edit_comment(lost, "Other words")
    repository.edit_comment(said, "Second words")
    upstream.interfere = without(repository, lost)
    report = crawl(store, upstream)
    assert len(post(store, 1, said).revisions) == 2
    assert post(store, 1, lost).gone is None
    assert not report.failures


def without(repository: FakeRepository, comment_id: int) -> Any:
    """Take a comment away from GraphQL alone."""

    def interfere(request: httpx.Request) -> None:
        row = kept.get(comment_id) or repository.comments[comment_id]
        kept[comment_id] = row
        if request.method == "POST":
            repository.comments.pop(comment_id, None)
        else:
            repository.comments[comment_id] = row

    kept: dict[int, Any] = {}
    return interfere


def test_withdrawn_and_gone_posts_are_not_asked_about(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A post with a tombstone is no longer asked about."""
    repository.issue("A license", ASK)
    said = repository.comment(1, "First words")
    crawl(store, upstream, token=None)
    repository.edit_comment(said, "Second words")
    crawl(store, upstream, token=None)
    with store.transaction() as tx:
        tx.mark_post_gone(77, 1, post(store, 1, said).kind, said, 404)
        assert [each.id for each in tx.edited_posts([77])] == [repository.issues[1]["id"]]
        assert not tx.posts_to_look_at([77], 10, besides=())


def test_a_batch_that_fails_does_not_lose_the_rest(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Where GitHub cannot work out a query, less is asked for at once; what fails even alone is a noted failure."""
    repository.issue("A license", ASK)
    said = [repository.comment(1, f"Reply {at}") for at in range(60)]
    for each in said:
        repository.edit_comment(each, "Other words")
    bad = f"IC_{said[10]}"

    def interfere(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and bad in json.loads(request.content)["variables"].get("edited", ()):
            return httpx.Response(502, json={"message": "Something went wrong"})
        return None

    upstream.interfere = interfere
    report = crawl(store, upstream)
    known = {each: len(post(store, 1, each).revisions) for each in said}
    assert known == {each: 1 if each == said[10] else 2 for each in said}
    assert [where for where, _ in report.failures] == ["acme/rocket edit history"]
    assert [each.target for each in store.coverage(77).failures] == ["edit history"]
    upstream.interfere = None
    upstream.clear()
    crawl(store, upstream)
    assert [each["edited"] for each in histories(upstream)] == [[bad]]
    assert not store.coverage(77).failures


def test_gives_up_where_graphql_answers_nothing(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """If the fault is not with the posts, a few of them are enough to find that out."""
    repository.issue("A license", ASK)
    for _ in range(60):
        repository.edit_comment(repository.comment(1, "Words"), "Other words")
    answer = {"errors": [{"message": "Field 'x' doesn't exist"}]}
    upstream.interfere = lambda request: httpx.Response(200, json=answer) if request.method == "POST" else None
    report = crawl(store, upstream)
    assert len(upstream.queries) < 12
    assert {where for where, _ in report.failures} == {"acme/rocket discussions", "acme/rocket edit history"}
    assert post(store, 1, repository.issues[1]["id"]).body == ASK


@pytest.mark.parametrize("fault", [RateLimited, Unreachable, Stopped])
def test_broken_off_histories_go_on(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, fault: type[Exception]
) -> None:
    """What breaks off a crawl between two batches loses nothing: the next one asks for the rest."""
    repository.issue("A license", ASK)
    said = [repository.comment(1, "Words") for _ in range(70)]
    for each in said:
        repository.edit_comment(each, "Other words")

    def interfere(request: httpx.Request) -> httpx.Response | None:
        if len(histories(upstream)) < 1 or request.method != "POST":
            return None
        if fault is RateLimited:
            return httpx.Response(
                200, json={"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
            )
        raise httpx.ConnectError("gone") if fault is Unreachable else Stopped("stop")

    upstream.interfere = interfere
    with pytest.raises(fault):
        crawl(store, upstream)
    upstream.interfere = None
    upstream.clear()
    crawl(store, upstream)
    assert [len(each["edited"]) for each in histories(upstream)] == [21]
    assert {len(post(store, 1, each).revisions) for each in said} == {2}


def test_single_thread_is_asked_about_in_one_request(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Crawling one thread asks for the edits of that thread alone."""
    for _ in range(2):
        number = repository.issue("A license", ASK)
        repository.edit_comment(repository.comment(number, "Words"), "Other words")
    crawl(store, upstream, token=None)
    crawl(store, upstream, "acme/rocket#2")
    assert [len(each["edited"]) for each in histories(upstream)] == [2]


def test_store_verifies_with_histories(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """The digests of texts that the history told recompute like any others, of deleted accounts too."""
    repository.issue("A license", ASK)
    said = repository.comment(1, "First words", login=None)
    repository.edit_comment(said, "Second words")
    crawl(store, upstream)
    assert len(post(store, 1, said).revisions) == 2
    assert not list(store.verification().differences())


# --- what the store keeps of it ---------------------------------------------------------------------------------------


def told(*bodies: str | None, deleted: int | None = None) -> tuple[ObservedEdit, ...]:
    """Return edit histories of some texts, a day after each other."""
    return tuple(
        ObservedEdit(f"E{at}", START + timedelta(days=at), None, body, START if at == deleted else None)
        for at, body in enumerate(bodies)
    )


def test_withdrawn_posts_get_no_texts(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A post that was withdrawn or erased here gets no texts from its edit history, nor any other news."""
    repository.issue("A license", ASK)
    said, erased = repository.comment(1, "Words"), repository.comment(1, "Words")
    crawl(store, upstream, token=None)
    with closing(sqlite3.connect(store.url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE post SET withdrawn = 1 WHERE github_id = ?", (said,))
        connection.execute("UPDATE revision SET body = '', erased_at = captured_at WHERE github_id = ?", (erased,))
    with store.transaction() as tx:
        assert said not in {each.id for each in tx.posts_to_look_at([77], 10, besides=())}
        assert not tx.save_history(77, 1, PostHistory(PostKind.COMMENT, said, told("Before", "After"), "spam"))
        tx.save_history(77, 1, PostHistory(PostKind.COMMENT, erased, told("Before", "After"), None))
    with closing(sqlite3.connect(store.url.removeprefix("sqlite:///"))) as connection, connection:
        bodies = {row[0] for row in connection.execute("SELECT body FROM revision")}
        assert connection.execute("SELECT DISTINCT github_id, revision FROM edit").fetchall() == [(erased, None)]
    assert not bodies & {"Before", "After"}


def test_the_same_text_twice_is_one_revision(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """A text that comes back is one revision with two edits; being told again adds nothing."""
    repository.issue("A license", ASK)
    said = repository.comment(1, "Words")
    crawl(store, upstream, token=None)
    history = PostHistory(PostKind.COMMENT, said, told("One", "Two", "One", "Words"), None)
    for news in (True, False):
        with store.transaction() as tx:
            assert tx.save_history(77, 1, history, START) is news
    found = post(store, 1, said)
    assert [each.body for each in found.revisions] == ["One", "Two", "Words"]
    assert len({each.revision for each in found.edits}) == 3
    assert len(found.edits) == 4


def test_a_text_that_was_not_told_at_first(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """An edit without a text gets it when GitHub tells it; one whose content was deleted keeps what was seen of it."""
    repository.issue("A license", ASK)
    said = repository.comment(1, "Words")
    crawl(store, upstream, token=None)
    for bodies, deleted in ((("One", None), None), (("One", "Words"), None), ((None, "Words"), 0)):
        with store.transaction() as tx:
            assert tx.save_history(77, 1, PostHistory(PostKind.COMMENT, said, told(*bodies, deleted=deleted), None))
    found = post(store, 1, said)
    assert [each.revision for each in found.edits] == [each.digest for each in found.revisions]
    assert found.edits[0].deleted_at == START


def test_what_is_not_held_is_passed_over(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """The history of a post that is not held is no news, and that of a thread that is not kept an error."""
    repository.issue("A license", ASK)
    crawl(store, upstream, token=None)
    with store.transaction() as tx:
        assert not tx.save_history(77, 1, PostHistory(PostKind.COMMENT, 5, told("One"), None))
        with pytest.raises(NotHeld):
            tx.save_history(77, 2, PostHistory(PostKind.COMMENT, 5, told("One"), None))
