"""GraphQL: what is sent, what an answer with errors means, and how its objects are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fakes import API, error
from scripted import NOW, TOKEN, Pauses, Script, exhausted, github

from archiver.errors import (
    BadResponse,
    Forbidden,
    RateLimited,
    TokenNeeded,
    Unauthorized,
)
from archiver.github import graphql
from archiver.github.limits import MAX_ATTEMPTS, Verdict, decide_query
from archiver.model import Account, PostKind
from archiver.references import ThreadKind

TEXT = "query($n: Int!) { thing(n: $n) { id } }"


def told(data: object = None, *errors: dict[str, Any], **headers: str) -> httpx.Response:
    """Return an answer of GraphQL."""
    body = {"data": {"thing": {"id": "T"}} if data is None else data}
    return httpx.Response(200, json=body | ({"errors": list(errors)} if errors else {}), headers=headers)


# --- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api_url", "address"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://ghe.example/api/v3/", "https://ghe.example/api/graphql"),
        ("http://127.0.0.1:8900", "http://127.0.0.1:8900/graphql"),
        ("https://mirror.example/github/v3", "https://mirror.example/github/v3/graphql"),
    ],
)
def test_endpoint_belongs_to_the_api(api_url: str, address: str) -> None:
    """GraphQL's address follows from the REST API's."""
    assert graphql.endpoint(api_url) == address


def test_what_is_sent() -> None:
    """A query is one POST with its variables, the token and the usual headers; its data is what comes back."""
    script = Script(told())
    with github(script) as client:
        assert client.query(TEXT, {"n": 3}) == {"thing": {"id": "T"}}
        assert client.requests == 1
    (sent,) = script.requests
    assert (sent.method, str(sent.url)) == ("POST", f"{API}/graphql")
    assert json.loads(sent.content) == {"query": TEXT, "variables": {"n": 3}}
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert sent.headers["user-agent"].startswith("onrecord/")
    assert sent.headers["content-type"] == sent.headers["accept"] == "application/json"


def test_without_a_token_nothing_is_sent() -> None:
    """GraphQL is not asked without a token: the error says why."""
    with github(Script(), token=None) as client, pytest.raises(TokenNeeded, match="only with a token"):
        client.query(TEXT, {})


def test_what_was_not_found_is_null() -> None:
    """Nodes that are not there are null, and the rest can be used."""
    missing = {"type": "NOT_FOUND", "path": ["b"], "message": "Could not resolve"}
    with github(Script(told({"a": 1, "b": None}, missing), told({"a": None}, missing))) as client:
        assert client.query(TEXT, {}) == {"a": 1, "b": None}
        assert client.query(TEXT, {}, strict=True) == {"a": None}


def test_other_errors() -> None:
    """Errors are an error if nothing else is told, or nothing else will do; their message is fit for a terminal."""
    bad = {"type": "FORBIDDEN", "message": f"No \x1b[31mred\n{TOKEN}"}
    missing = {"type": "NOT_FOUND", "message": "Could not resolve"}
    with github(Script(*(told({"a": 1, "b": None}, missing, bad) for _ in range(2)), told({"a": None}, bad))) as client:
        assert client.query(TEXT, {})["a"] == 1
        with pytest.raises(BadResponse) as strict:
            client.query(TEXT, {}, strict=True)
        with pytest.raises(BadResponse) as nothing:
            client.query(TEXT, {})
    for caught in (strict, nothing):
        assert str(caught.value) == f"{API}/graphql: No [31mred [token]"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"errors": [{"message": "Field 'x' doesn't exist on type 'Issue'"}]}),
        httpx.Response(200, json={"data": None}),
        httpx.Response(200, json={"data": [1], "errors": "odd"}),
        httpx.Response(302, headers={"location": f"{API}/elsewhere"}),
        httpx.Response(304),
    ],
)
def test_an_answer_that_is_none(answer: httpx.Response) -> None:
    """What is no answer to a query is a BadResponse, asked for once."""
    with github(Script(answer)) as client, pytest.raises(BadResponse):
        client.query(TEXT, {})


def test_primary_limit_is_waited_out() -> None:
    """GraphQL tells of the used-up limit with a status of 200; the end of it stands in the headers."""
    limited = {"type": "RATE_LIMITED", "message": "API rate limit already exceeded for user ID 1."}
    reset = str(int((NOW + timedelta(minutes=10)).timestamp()))
    headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    pauses = Pauses()
    used_up = httpx.Response(200, json={"errors": [limited]}, headers=headers)
    with github(Script(used_up, told()), pause=pauses) as client:
        assert client.query(TEXT, {})
    assert 600 <= pauses[0] <= 620
    with github(Script(used_up), wait=False) as client, pytest.raises(RateLimited) as caught:
        client.query(TEXT, {})
    assert caught.value.until == NOW + timedelta(minutes=10, seconds=1)


def test_secondary_limit_is_waited_out() -> None:
    """GitHub's wish for a pause is met, whatever status it comes with."""
    said = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
    pauses = Pauses()
    script = Script(
        httpx.Response(200, json={"errors": [said]}, headers={"retry-after": "30"}),
        error(403, said["message"], {"retry-after": "40"}),
        told(),
    )
    with github(script, pause=pauses) as client:
        assert client.query(TEXT, {})
    assert [30 <= pauses[0] < 40, 40 <= pauses[1] < 55] == [True, True]


def test_its_rate_is_its_own() -> None:
    """The budget of GraphQL does not stand in for that of the REST API."""
    rate = {"x-ratelimit-limit": "5000", "x-ratelimit-reset": "1714564800"}
    script = Script(
        httpx.Response(200, json=[], headers={**rate, "x-ratelimit-remaining": "77", "x-ratelimit-resource": "core"}),
        told(None, **{**rate, "x-ratelimit-remaining": "12", "x-ratelimit-resource": "graphql"}),
    )
    with github(script) as client:
        client.get(f"{API}/x")
        client.query(TEXT, {})
        assert client.rate is not None
        assert client.rate.remaining == 77


def test_time_outs_are_asked_again() -> None:
    """A query that GitHub could not work out in time is asked again a few times, and is then a BadResponse."""
    late = {"message": "Something went wrong while executing your query. This may be the result of a timeout."}
    replies = [httpx.Response(502), httpx.Response(504, text="<html>"), told({"thing": None}, late)]
    with github(Script(*replies, told())) as client:
        assert client.query(TEXT, {}) == {"thing": {"id": "T"}}
    with github(Script(*(told({"thing": None}, late) for _ in range(MAX_ATTEMPTS)))) as client:
        with pytest.raises(BadResponse, match="Something went wrong"):
            client.query(TEXT, {})
        assert client.requests == MAX_ATTEMPTS


def test_refusals_are_what_they_are() -> None:
    """401 and 403 are errors of their own, and a used-up REST limit is a limit here, too."""
    replies = [
        (error(401, "Bad credentials"), Unauthorized),
        (error(403, "Resource not accessible by personal access token"), Forbidden),
        (exhausted(NOW + timedelta(minutes=1)), RateLimited),
        (httpx.Response(501), BadResponse),
    ]
    for reply, kind in replies:
        with github(Script(reply), wait=False) as client, pytest.raises(kind):
            client.query(TEXT, {})


def test_too_large_an_answer_is_refused() -> None:
    """The cap on an answer's size holds for queries, too."""
    with github(Script(told({"x": "y" * 5000})), max_bytes=1000) as client, pytest.raises(BadResponse, match="larger"):
        client.query(TEXT, {})


def test_decisions_about_queries() -> None:
    """What a 200 means follows from the errors' types and the first message."""

    def decide(kinds: tuple[str, ...], message: str) -> Verdict:
        return decide_query({}, kinds, message, now=NOW, attempt=1, secondary=0).verdict

    assert decide((), "") is Verdict.USE
    assert decide(("NOT_FOUND",), "Could not resolve") is Verdict.USE
    assert decide(("RATE_LIMITED",), "API rate limit exceeded") is Verdict.SECONDARY_LIMIT
    assert decide(("None",), "Something went wrong while executing") is Verdict.RETRY


# --- reading ----------------------------------------------------------------------------------------------------------


def edit(key: str, at: str, diff: str | None = "Words", **more: Any) -> dict[str, Any]:
    """Return an entry of an edit history."""
    return {"id": key, "editedAt": at, "diff": diff, "deletedAt": None, "editor": None, **more}


def test_edits_are_read_oldest_first() -> None:
    """GitHub gives the latest first; those of one second keep their order."""
    at = "2020-01-01T00:00:00Z"
    read = graphql.edits([edit("c", "2020-01-02T00:00:00Z"), edit("b", at), edit("a", at)])
    assert [each.key for each in read] == ["a", "b", "c"]


def test_deleted_content_is_none() -> None:
    """An edit whose content was deleted has no text, even if one is given."""
    (read,) = graphql.edits([edit("a", "2020-01-01T00:00:00Z", "x", deletedAt="2020-01-02T00:00:00Z")])
    assert (read.body, read.deleted_at) == (None, datetime(2020, 1, 2, tzinfo=UTC))
    (read,) = graphql.edits([edit("a", "2020-01-01T00:00:00Z", None)])
    assert (read.body, read.deleted_at) == (None, None)


@pytest.mark.parametrize("broken", [{"id": None}, {"editedAt": None}, {"editedAt": "yesterday"}, {"id": 5}])
def test_broken_edits_are_refused(broken: dict[str, Any]) -> None:
    """An edit without a name or a time is a BadResponse."""
    with pytest.raises(BadResponse):
        graphql.edits([edit("a", "2020-01-01T00:00:00Z") | broken])


@pytest.mark.parametrize(
    ("actor", "account"),
    [
        ({"__typename": "User", "login": "kim", "databaseId": 5}, Account(5, "kim")),
        ({"__typename": "Bot", "login": "dependabot", "databaseId": 49}, Account(49, "dependabot[bot]", True)),
        ({"__typename": "Bot", "login": "dependabot[bot]", "databaseId": 49}, Account(49, "dependabot[bot]", True)),
        ({"__typename": "EnterpriseUserAccount", "login": "kim"}, None),
        ({"__typename": "User", "login": "ghost", "databaseId": 10137}, None),
        (None, None),
        ("kim", None),
    ],
)
def test_accounts_are_those_of_the_rest_api(actor: object, account: Account | None) -> None:
    """An actor is the account that the REST API shows: bots with `[bot]`, deleted accounts not at all."""
    assert graphql.account(actor) == account


def test_minimized_reasons() -> None:
    """GitHub's reason is kept in one spelling; none is no reason to lose that it is minimized."""
    assert graphql.minimized({"isMinimized": True, "minimizedReason": "OFF_TOPIC"}) == "off-topic"
    assert graphql.minimized({"isMinimized": True, "minimizedReason": "spam"}) == "spam"
    assert graphql.minimized({"isMinimized": True, "minimizedReason": None}) == "minimized"
    assert graphql.minimized({"isMinimized": False, "minimizedReason": "spam"}) is None
    assert graphql.minimized({}) is None


TALK = {
    "databaseId": 9,
    "id": "D_9",
    "number": 4,
    "title": "Talk \ud800",
    "body": "Text",
    "createdAt": "2020-01-01T00:00:00Z",
    "updatedAt": "2020-01-03T00:00:00Z",
    "author": {"__typename": "User", "login": "kim", "databaseId": 5},
    "authorAssociation": "OWNER",
    "closed": True,
    "closedAt": "2020-01-02T00:00:00Z",
    "stateReason": "OUTDATED",
    "activeLockReason": "TOO_HEATED",
    "locked": True,
}


def test_a_discussion_is_a_thread() -> None:
    """A discussion is read in the words of the REST API; what may be missing, may be missing."""
    seen = graphql.discussion(TALK, 7)
    assert (seen.kind, seen.number, seen.title, seen.comments) == (ThreadKind.DISCUSSION, 4, "Talk �", 7)
    assert (seen.state, seen.state_reason, seen.lock_reason) == ("closed", "outdated", "too heated")
    assert (seen.category, seen.labels, seen.closed_by_known) == (None, (), False)
    assert seen.updated_at == datetime(2020, 1, 3, tzinfo=UTC)
    assert seen.opening.updated_at == seen.opening.created_at  # `updatedAt` moves with every comment
    assert seen.opening.raw["node_id"] == "D_9"
    edited = graphql.discussion(TALK | {"lastEditedAt": "2020-01-02T00:00:00Z"}, 7)
    assert edited.opening.updated_at == datetime(2020, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("broken", [{"databaseId": None}, {"title": 5}, {"createdAt": "x"}, {"lastEditedAt": "x"}])
def test_broken_discussions_are_refused(broken: dict[str, Any]) -> None:
    """A discussion without number, title or time is a BadResponse."""
    with pytest.raises(BadResponse):
        graphql.discussion(TALK | broken, 0)


def test_a_comment_of_a_discussion() -> None:
    """A comment keeps what it answers, that it is the answer, its votes and reactions."""
    groups = [
        {"content": "HEART", "reactors": {"totalCount": 3}},
        {"content": "EYES", "reactors": {"totalCount": 0}},
        {"content": "NEW_ONE", "reactors": {"totalCount": 1}},
        None,
    ]
    item = TALK | {"isAnswer": True, "upvoteCount": 2, "bodyHTML": "<p>Text</p>", "reactionGroups": groups}
    seen = graphql.comment(item, 8)
    assert (seen.kind, seen.id, seen.state, seen.reply_to) == (PostKind.COMMENT, 9, "answer", 8)
    assert (seen.reactions, seen.raw["upvotes"], seen.body_html) == ({"heart": 3}, 2, "<p>Text</p>")
    assert seen.raw["body_html"] == "<p>Text</p>"


def test_a_glance_shows_each_text_once() -> None:
    """What is among the first and the last comments is weighed once."""
    said = {"body": "First", "author": None, "replies": {"nodes": [{"body": "Reply", "author": None}, None]}}
    seen = graphql.glance(TALK | {"earliest": {"nodes": [said]}, "latest": {"nodes": [said]}})
    assert [body for body, _ in seen.posts] == ["Text", "First", "Reply"]
    with pytest.raises(BadResponse):
        graphql.glance({"number": True, "updatedAt": "2020-01-01T00:00:00Z"})
