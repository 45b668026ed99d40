"""Reading GitHub's objects: what is taken, what is done without, and what cannot be understood."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fakes import API, FakeGitHub, FakeRepository, user
from hypothesis import given
from hypothesis import strategies as st

from archiver import digests
from archiver.errors import BadResponse
from archiver.github import parse
from archiver.model import Account, PostKind, iso
from archiver.references import RepositoryRef, ThreadKind


def issue(**changes: Any) -> dict[str, Any]:
    """Return an issue object as the API shows it, with changes."""
    repository = FakeRepository()
    number = repository.issue("Consider the GPL", "Please.", login="asker")
    return {**FakeGitHub(repository).issue_json(repository, number), **changes}


def comment(**changes: Any) -> dict[str, Any]:
    """Return a comment object as the API shows it, with changes."""
    repository = FakeRepository()
    comment_id = repository.comment(repository.issue("Consider the GPL"), "No.", login="replier")
    return {**FakeGitHub(repository).comment_json(repository, comment_id), **changes}


def review(**changes: Any) -> dict[str, Any]:
    """Return a review object as the API shows it, with changes."""
    repository = FakeRepository()
    number = repository.issue("Consider the GPL", pull_request={})
    return {**FakeGitHub(repository).review_json(repository, repository.review(number, "Fine.")), **changes}


def review_comment(**changes: Any) -> dict[str, Any]:
    """Return a review comment object as the API shows it, with changes."""
    repository = FakeRepository()
    number = repository.issue("Consider the GPL", pull_request={})
    made = repository.review_comment(number, "Which one?")
    return {**FakeGitHub(repository).review_comment_json(repository, made), **changes}


def without(item: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the object without a key."""
    return {name: value for name, value in item.items() if name != key}


REPOSITORY = {"id": 77, "full_name": "acme/rocket", "description": "A rocket", "created_at": "2020-01-01T00:00:00Z"}


def test_repository() -> None:
    """A repository is its number, its two names, its description and its age."""
    seen = parse.repository(REPOSITORY)
    assert (seen.id, seen.owner, seen.name, seen.description) == (77, "acme", "rocket", "A rocket")
    assert seen.created_at == datetime(2020, 1, 1, tzinfo=UTC)
    assert parse.repository({"id": 77, "full_name": "acme/rocket", "description": None}).description is None


@pytest.mark.parametrize(
    "changed",
    [
        {"id": None},
        {"id": "77"},
        {"id": True},
        {"id": 0},
        {"id": -1},
        {"id": 2**53},
        {"full_name": None},
        {"full_name": "acme"},
        {"full_name": "/rocket"},
        {"full_name": "acme/"},
        {"full_name": "acme/rocket/x"},
        {"full_name": "acme/.."},
        {"full_name": "acme/rocket#1"},
        {"full_name": "acme/\ud800"},
        {"created_at": "yesterday"},
        {"created_at": 5},
        {"created_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_repository_that_cannot_be_understood(changed: dict[str, Any]) -> None:
    """A repository without number or name is a BadResponse that names the field."""
    with pytest.raises(BadResponse, match=next(iter(changed))):
        parse.repository({**REPOSITORY, **changed})


def test_issue_of_a_list() -> None:
    """An issue has its own fields and its opening post, whose raw object is the API's, whole."""
    item = issue(labels=[{"name": "legal"}, {"name": "a"}, {"name": "legal"}], assignees=[user("z"), user("b")])
    item["milestone"] = {"title": "2.0"}
    del item["closed_by"]
    seen = parse.thread(item)
    assert (seen.number, seen.kind, seen.title, seen.state) == (1, ThreadKind.ISSUE, "Consider the GPL", "open")
    assert (seen.labels, seen.assignees, seen.milestone) == (("a", "legal"), ("b", "z"), "2.0")
    assert (seen.closed_by, seen.closed_by_known) == (None, False)
    assert (seen.opening.kind, seen.opening.id, seen.opening.body) == (PostKind.OPENING, item["id"], "Please.")
    assert seen.opening.body_html == "<p>Please.</p>"
    assert seen.opening.raw == item


def test_closed_issue_of_its_own() -> None:
    """A single object says who closed it, when and why."""
    item = issue(
        state="closed",
        state_reason="not_planned",
        closed_at="2020-01-02T00:00:00Z",
        closed_by=user("maintainer"),
        locked=True,
        active_lock_reason="too heated",
    )
    seen = parse.thread(item)
    assert seen.closed_by is not None
    assert (seen.closed_by.login, seen.closed_by_known) == ("maintainer", True)
    assert (seen.state_reason, seen.locked, seen.lock_reason) == ("not_planned", True, "too heated")
    assert seen.closed_at == datetime(2020, 1, 2, tzinfo=UTC)


def test_pull_request() -> None:
    """An issue with `pull_request` is a pull request, with the time of its merge if it was merged."""
    merged = parse.thread(issue(pull_request={"merged_at": "2020-01-02T00:00:00Z"}))
    assert (merged.kind, merged.merged_at) == (ThreadKind.PULL, datetime(2020, 1, 2, tzinfo=UTC))
    assert parse.thread(issue(pull_request={"merged_at": None})).merged_at is None
    assert parse.thread(issue(pull_request={})).kind is ThreadKind.PULL
    assert parse.thread(issue(pull_request=None)).kind is ThreadKind.ISSUE


@pytest.mark.parametrize("key", ["id", "number", "title", "state", "created_at", "updated_at"])
@pytest.mark.parametrize("value", ["absent", None, [], {}])
def test_issue_that_cannot_be_understood(key: str, value: object) -> None:
    """An issue without a field that nothing can stand for is a BadResponse that names the field."""
    item = without(issue(), key) if value == "absent" else issue(**{key: value})
    with pytest.raises(BadResponse, match=f"'{key}'"):
        parse.thread(item)


@pytest.mark.parametrize("item", [None, [], "issue", 5])
def test_what_is_no_object_is_a_bad_response(item: object) -> None:
    """A list item that is no object is refused by every reader."""
    for read in (parse.repository, parse.thread, parse.comment, parse.review, parse.review_comment, parse.event):
        with pytest.raises(BadResponse, match="was expected, but the answer holds"):
            read(item)


@pytest.mark.parametrize(
    ("changed", "attribute", "wanted"),
    [
        ({"labels": None}, "labels", ()),
        ({"labels": 5}, "labels", ()),
        ({"labels": {"name": "a"}}, "labels", ()),
        ({"labels": ["plain", None, 5, {}, {"name": ""}, {"name": "x\ud800"}]}, "labels", ("plain", "x\ufffd")),
        ({"assignees": None}, "assignees", ()),
        ({"assignees": 5}, "assignees", ()),
        ({"assignees": [None, {"login": "a"}]}, "assignees", ()),
        ({"milestone": "2.0"}, "milestone", None),
        ({"milestone": {"title": None}}, "milestone", None),
        ({"comments": None}, "comments", 0),
        ({"comments": True}, "comments", 0),
        ({"comments": -3}, "comments", 0),
        ({"comments": 2**70}, "comments", 0),
        ({"state_reason": 5}, "state_reason", None),
        ({"state": "open\ud800"}, "state", "open\ufffd"),
        ({"title": "a\ud800"}, "title", "a\ufffd"),
        ({"closed_by": {"id": "x", "login": "y"}}, "closed_by", None),
    ],
)
def test_odd_fields_of_an_issue_are_done_without(changed: dict[str, Any], attribute: str, wanted: object) -> None:
    """A field that can be done without does not cost the thread, whatever stands in it."""
    assert getattr(parse.thread(issue(**changed)), attribute) == wanted


@pytest.mark.parametrize(
    ("changed", "attribute", "wanted"),
    [
        ({"body": None}, "body", ""),
        ({"body": 5}, "body", ""),
        ({"body": "half \ud83d"}, "body", "half \ufffd"),
        ({"body_html": 5}, "body_html", None),
        ({"body_html": "<p>\ud83d</p>"}, "body_html", "<p>\ufffd</p>"),
        ({"user": None}, "author", None),
        ({"user": {"login": "ghost", "id": 10137}}, "author", None),
        ({"user": {"login": "ghost", "id": 5}}, "author", Account(5, "ghost")),
        ({"user": {"login": "x", "id": 2**60}}, "author", None),
        ({"user": {"login": "x", "id": True}}, "author", None),
        ({"user": {"login": None, "id": 5}}, "author", None),
        ({"user": {"login": "r", "id": 5, "type": "Bot"}}, "author", Account(5, "r", bot=True)),
        ({"user": {"login": "r[bot]", "id": 5}}, "author", Account(5, "r[bot]", bot=True)),
        ({"author_association": None}, "author_association", "NONE"),
        ({"author_association": "X\ud800"}, "author_association", "X\ufffd"),
        ({"updated_at": None}, "updated_at", datetime(2020, 1, 1, 0, 2, tzinfo=UTC)),
    ],
)
def test_odd_fields_of_a_comment_are_done_without(changed: dict[str, Any], attribute: str, wanted: object) -> None:
    """A null user, a null body, half a surrogate: the comment is kept with what can be kept."""
    assert getattr(parse.comment(comment(**changed))[1], attribute) == wanted


def test_comment_names_its_thread() -> None:
    """A comment tells its thread by the end of its issue_url."""
    number, post = parse.comment(comment(issue_url=f"{API}/repos/acme/rocket/issues/389"))
    assert number == 389
    assert (post.kind, post.body, post.author_association) == (PostKind.COMMENT, "No.", "MEMBER")


@pytest.mark.parametrize("url", [None, "", f"{API}/repos/a/b/issues/0", f"{API}/issues/1/", "/issues/" + "9" * 5000])
def test_comment_of_no_thread(url: str | None) -> None:
    """A comment whose thread is not told is a BadResponse."""
    with pytest.raises(BadResponse, match="issue_url"):
        parse.comment(comment(issue_url=url))
    with pytest.raises(BadResponse, match="pull_request_url"):
        parse.review(review(pull_request_url=url))
    with pytest.raises(BadResponse, match="pull_request_url"):
        parse.review_comment(review_comment(pull_request_url=url))


def test_review() -> None:
    """A review is a post with a state, which timelines write small and lists large, of the time of its submission."""
    seen = parse.review(review(state="approved"))
    assert seen is not None
    number, post = seen
    assert (number, post.kind, post.state, post.body) == (1, PostKind.REVIEW, "APPROVED", "Fine.")
    assert post.created_at == post.updated_at == datetime(2020, 1, 1, 0, 2, tzinfo=UTC)
    assert post.reactions is None
    later = parse.review(review(updated_at="2020-01-03T00:00:00Z"))
    assert later is not None
    assert later[1].updated_at == datetime(2020, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "envelope"),
    [
        ({"state": "COMMENTED", "body": ""}, True),
        ({"state": "commented", "body": None}, True),
        ({"state": "COMMENTED", "body": "Hm."}, False),
        ({"state": "APPROVED", "body": ""}, False),
        ({"state": "DISMISSED", "body": ""}, False),
    ],
)
def test_a_review_without_words_is_an_envelope(changed: dict[str, Any], envelope: bool) -> None:
    """If it only comments and has no words, it is there for its review comments."""
    seen = parse.review(review(**changed))
    assert seen is not None
    assert parse.is_envelope(seen[1]) is envelope


def test_a_review_that_is_not_submitted_is_none() -> None:
    """Its author alone sees it, and it has no time yet."""
    assert parse.review(review(state="PENDING", submitted_at=None)) is None


@pytest.mark.parametrize("key", ["id", "state", "submitted_at", "pull_request_url"])
def test_review_that_cannot_be_understood(key: str) -> None:
    """A review without what nothing can stand for is a BadResponse that names the field."""
    with pytest.raises(BadResponse, match=f"'{key}'"):
        parse.review(without(review(), key))


def test_review_comment() -> None:
    """A review comment tells what it answers; where it stands is in its object, whole."""
    item = review_comment(in_reply_to_id=9, reactions={"+1": 2})
    number, post = parse.review_comment(item)
    assert (number, post.kind, post.reply_to, dict(post.reactions or {})) == (1, PostKind.REVIEW_COMMENT, 9, {"+1": 2})
    assert (post.raw["path"], post.raw["line"]) == ("LICENSE", 3)
    assert parse.review_comment(review_comment(in_reply_to_id="9"))[1].reply_to is None


@pytest.mark.parametrize(
    ("reactions", "wanted"),
    [
        (None, None),
        (5, None),
        ({}, {}),
        ({"url": "u", "total_count": 3, "+1": 2, "-1": 0, "heart": 1}, {"+1": 2, "heart": 1}),
        ({"+1": True, "-1": -2, "laugh": "3", "eyes": 2**70, "party": 4}, {}),
    ],
)
def test_reactions_are_the_counts_of_githubs_eight(reactions: Any, wanted: dict[str, int] | None) -> None:
    """All else in the roll-up is left out; None where the answer does not say."""
    assert parse.comment(comment(reactions=reactions))[1].reactions == wanted
    assert parse.thread(issue(reactions=reactions)).opening.reactions == wanted


def test_draft() -> None:
    """Only a pull request that says so is a draft."""
    assert parse.thread(issue(draft=True, pull_request={})).draft
    assert not parse.thread(issue(draft=None)).draft


# --- events -----------------------------------------------------------------------------------------------------------


def event(kind: str, **more: Any) -> dict[str, Any]:
    """Return a timeline event as the API shows it."""
    return {"id": 12, "event": kind, "actor": user("boss"), "created_at": "2020-01-02T03:04:05Z", **more}


SOURCE = {
    "id": 55,
    "number": 8,
    "title": "Add a NOTICE",
    "state": "closed",
    "body": "Never kept.",
    "html_url": "https://github.com/acme/docs/pull/8",
    "repository_url": f"{API}/repos/acme/docs",
    "pull_request": {"merged_at": "2020-01-01T00:00:00Z"},
}


@pytest.mark.parametrize(
    ("kind", "more", "detail"),
    [
        ("closed", {"state_reason": "completed", "commit_id": "c0"}, {"state_reason": "completed", "commit_id": "c0"}),
        ("closed", {"state_reason": None, "commit_id": None}, {}),
        ("reopened", {"state_reason": None}, {}),
        ("merged", {"commit_id": "c0"}, {"commit_id": "c0"}),
        ("referenced", {"commit_id": "c0"}, {"commit_id": "c0"}),
        ("head_ref_force_pushed", {"commit_id": "c0"}, {"commit_id": "c0"}),
        ("locked", {"lock_reason": "too heated"}, {"lock_reason": "too heated"}),
        ("unlocked", {"lock_reason": None}, {}),
        ("renamed", {"rename": {"from": "A", "to": "B\ud800"}}, {"from": "A", "to": "B\ufffd"}),
        ("renamed", {"rename": None}, {}),
        ("labeled", {"label": {"name": "legal", "color": "fff"}}, {"label": "legal"}),
        ("unlabeled", {"label": None}, {}),
        ("milestoned", {"milestone": {"title": "2.0"}}, {"milestone": "2.0"}),
        ("demilestoned", {"milestone": {"title": "2.0"}}, {"milestone": "2.0"}),
        ("assigned", {"assignee": user("kim"), "assigner": user("boss")}, {"assignee": "kim"}),
        ("unassigned", {"assignee": None}, {}),
        ("review_requested", {"requested_reviewer": user("kim")}, {"reviewer": "kim"}),
        ("review_request_removed", {"requested_team": {"name": "legal"}}, {"team": "legal"}),
        (
            "review_dismissed",
            {"dismissed_review": {"review_id": 7, "state": "approved", "dismissal_message": "No."}},
            {"review": 7, "state": "approved", "message": "No."},
        ),
        ("transferred", {}, {}),
        ("pinned", {}, {}),
        ("comment_deleted", {}, {}),
        ("something_new", {"label": {"name": "x"}, "body": "y"}, {}),
    ],
)
def test_event(kind: str, more: dict[str, Any], detail: dict[str, Any]) -> None:
    """What an event says is kept flat; a kind that is not known yet is kept without detail."""
    seen = parse.event(event(kind, **more))
    assert seen is not None
    assert (seen.key, seen.kind, dict(seen.detail)) == ("12", kind, detail)
    assert (seen.actor and seen.actor.login, iso(seen.at)) == ("boss", "2020-01-02T03:04:05Z")


def test_a_cross_reference_names_where_it_comes_from_and_never_quotes_it() -> None:
    """Its key is made of what never changes, since GitHub gives it no number."""
    item = without(event("cross-referenced", source={"type": "issue", "issue": SOURCE}), "id")
    seen = parse.event(item)
    assert seen is not None
    assert dict(seen.detail) == {
        "source": "acme/docs#8",
        "source_id": 55,
        "title": "Add a NOTICE",
        "url": "https://github.com/acme/docs/pull/8",
        "state": "merged",
        "merged_at": "2020-01-01T00:00:00Z",
    }
    moved = {**SOURCE, "title": "Other", "number": 9, "repository_url": f"{API}/repos/acme/manual", "state": "open"}
    again = parse.event({**item, "source": {"issue": moved}, "updated_at": "2021-01-01T00:00:00Z"})
    other = parse.event({**item, "source": {"issue": {**SOURCE, "id": 56}}})
    assert again is not None
    assert other is not None
    assert again.key == seen.key != other.key


@pytest.mark.parametrize(
    ("issue", "source"),
    [
        ({"html_url": "https://github.com/acme/docs/issues/8"}, "acme/docs#8"),
        ({"html_url": "https://example.org/x"}, None),
        ({"number": 8}, None),
        (None, None),
        ("x", None),
    ],
)
def test_a_cross_reference_from_where_little_is_known(issue: Any, source: str | None) -> None:
    """From a private repository, for example: that there was one is kept."""
    seen = parse.event(without(event("cross-referenced", source={"issue": issue}), "id"))
    assert seen is not None
    assert seen.detail.get("source") == source
    assert seen.key == f"cross-referenced:2020-01-02T03:04:05Z:{seen.actor.id if seen.actor else ''}"


def test_no_event() -> None:
    """Posts stand elsewhere, commits are no part of the debate, and who reads along is nobody's business."""
    for kind in ("commented", "reviewed", "line-commented", "commit-commented", "committed"):
        assert parse.event({"event": kind}) is None
    for kind in ("mentioned", "subscribed", "unsubscribed"):
        assert parse.event({"event": kind}) is None


@pytest.mark.parametrize("changed", [{"event": None}, {"created_at": None}, {"created_at": "now"}])
def test_event_that_cannot_be_understood(changed: dict[str, Any]) -> None:
    """An event of no kind or no time is a BadResponse that names the field."""
    with pytest.raises(BadResponse, match=f"'{next(iter(changed))}'"):
        parse.event({**event("closed"), **changed})


def test_raw_objects_can_be_written_whatever_they_hold() -> None:
    """Half surrogates in keys and values are replaced; nesting beyond all measure is a BadResponse, no crash."""
    raw = parse.comment(comment(odd={"k\ud800": ["\udc00", None, 1.5]}))[1].raw
    assert raw["odd"] == {"k\ufffd": ["\ufffd", None, 1.5]}
    json.dumps(raw, ensure_ascii=False).encode()
    with pytest.raises(BadResponse, match="nested more than"):
        parse.comment(comment(odd=json.loads("[" * 400 + "]" * 400)))


def test_repository_of_an_issue() -> None:
    """The repository that an issue says it belongs to is read from its URL; without one there is none."""
    assert parse.repository_of({"repository_url": f"{API}/repos/acme/docs"}) == RepositoryRef("acme", "docs")
    for item in (None, {}, {"repository_url": None}, {"repository_url": f"{API}/repositories/5"}):
        assert parse.repository_of(item) is None


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters() | st.characters(categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_any_object_is_read_or_a_bad_response(data: st.DataObject) -> None:
    """Whatever stands in the fields, an object is read into what can be hashed, or is a BadResponse."""
    item = issue() if data.draw(st.booleans()) else comment()
    for key in data.draw(st.lists(st.sampled_from(sorted(item)), max_size=3)):
        item[key] = data.draw(json_values)
    try:
        post = parse.thread(item).opening if "title" in item else parse.comment(item)[1]
    except BadResponse:
        return
    assert len(digests.digest(digests.post_revision(post, post.author))) == 64
    assert len(iso(post.updated_at)) == 20


@given(st.data())
def test_any_item_of_a_timeline_is_read_or_a_bad_response(data: st.DataObject) -> None:
    """Whatever stands in its fields, an event is flat and can be written, or is a BadResponse."""
    kinds = ["closed", "renamed", "labeled", "assigned", "review_dismissed", "cross-referenced", "review_requested"]
    item = event(data.draw(st.sampled_from(kinds)))
    fields = ["id", "actor", "rename", "label", "assignee", "source", "dismissed_review", "requested_team", "commit_id"]
    for key in data.draw(st.lists(st.sampled_from(fields), max_size=4)):
        item[key] = data.draw(json_values | st.dictionaries(st.sampled_from([*SOURCE, "issue", "from"]), json_values))
    try:
        seen = parse.event(item)
    except BadResponse:
        return
    assert seen is not None
    assert all(isinstance(value, str | int) for value in seen.detail.values())
    json.dumps([seen.key, seen.detail], ensure_ascii=False).encode()


def test_a_page_of_search_results_is_read() -> None:
    """The count, whether GitHub ran out of time, and the items; nothing found is a page, too."""
    assert parse.search_page({"total_count": 0, "incomplete_results": False, "items": []}) == (0, False, [])
    assert parse.search_page({"total_count": 7, "incomplete_results": True, "items": [1]}) == (7, True, [1])


@pytest.mark.parametrize(
    "value", [[], {"total_count": -1, "items": []}, {"total_count": True, "items": []}, {"total_count": 1}, None]
)
def test_what_is_no_page_of_search_results(value: Any) -> None:
    """Anything else is told."""
    with pytest.raises(BadResponse):
        parse.search_page(value)


def test_a_search_result_is_read() -> None:
    """A result names its thread by the end of its repository_url."""
    ref, created_at, updated_at = parse.search_hit(issue())
    assert (str(ref), iso(created_at), iso(updated_at)) == (
        "acme/rocket#1",
        "2020-01-01T00:01:00Z",
        "2020-01-01T00:01:00Z",
    )


@pytest.mark.parametrize(
    "changes", [{"repository_url": None}, {"repository_url": f"{API}/repos/a b/c"}, {"number": 0}, {"updated_at": "x"}]
)
def test_a_search_result_that_names_no_thread(changes: dict[str, Any]) -> None:
    """A result without a readable place or time is told."""
    with pytest.raises(BadResponse):
        parse.search_hit(issue(**changes))
