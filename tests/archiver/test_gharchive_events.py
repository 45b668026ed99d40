"""Reading events of GH Archive's three eras; the events are invented, their shapes are those of docs/import.md."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from fakes import FakeRepository
from hourly import Recorder

from archiver.errors import BadResponse
from archiver.gharchive.events import Left, read
from archiver.model import Account, PostKind
from archiver.observed import Sighting
from archiver.references import RepositoryRef, ThreadKind

HOUR = datetime(2013, 3, 4, 9)  # noqa: DTZ001  # as a file is named
ASK = "Under which license is this?"


@pytest.fixture
def recorder() -> Recorder:
    """Record what happens at a repository."""
    return Recorder(FakeRepository())


def seen(event: Any, hour: datetime = HOUR) -> Sighting:
    """Read an event of which something is taken."""
    found = read(event, hour)
    assert isinstance(found, Sighting)
    return found


def timeline(kind: str, payload: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an event as the timeline of 2012 to 2014 told it."""
    repository = {"id": 77, "owner": "acme", "name": "rocket", "url": "https://github.com/acme/rocket", "watchers": 3}
    return {
        "created_at": "2013-03-04T09:12:49-08:00",
        "type": kind,
        "actor": "asker",
        "actor_attributes": {"login": "asker", "type": "User", "gravatar_id": "ab"},
        "public": True,
        "url": "https://github.com/acme/rocket/issues/5",
        "payload": payload,
        "repository": repository,
        **more,
    }


def old_pull(**more: Any) -> dict[str, Any]:
    """Return a pull request as it was told then."""
    return {
        "id": 4_000,
        "number": 5,
        "title": "Relicense",
        "body": ASK,
        "user": {"login": "asker", "id": 1001, "type": "User"},
        "state": "open",
        "created_at": "2013-03-04T17:12:49Z",
        "updated_at": "2013-03-04T17:12:49Z",
        "closed_at": None,
        "merged_at": None,
        "assignee": {"login": "boss", "id": 1002, "type": "User"},
        "base": {"repo": {"id": 77, "name": "rocket", "owner": {"login": "acme"}}},
        "head": {"repo": {"id": 78, "name": "rocket", "owner": {"login": "asker"}}},
        "comments": 0,
        **more,
    }


# --- 2015 on ----------------------------------------------------------------------------------------------------------


def test_an_issue_is_read(recorder: Recorder) -> None:
    """An IssuesEvent tells the thread with its opening post, of a repository by its number."""
    number = recorder.repository.issue("A question", ASK)
    found = seen(recorder.issue(number))
    assert (found.repository_id, found.name, found.number) == (77, RepositoryRef("acme", "rocket"), number)
    assert found.thread is not None
    assert (found.thread.title, found.thread.opening.body) == ("A question", ASK)
    assert found.thread.opening.id == recorder.repository.issues[number]["id"]
    assert found.posts == ()
    assert found.at == datetime(2013, 3, 4, 9, tzinfo=UTC)


def test_a_comment_comes_with_its_issue(recorder: Recorder) -> None:
    """An IssueCommentEvent tells the comment, and the thread as it stood."""
    comment = recorder.repository.comment(recorder.repository.issue("A question", ASK), "MIT, I think.")
    found = seen(recorder.comment(comment))
    assert [post.body for post in found.all_posts] == [ASK, "MIT, I think."]
    assert [post.id for post in found.posts] == [comment]
    assert found.thread is not None
    assert found.thread.comments == 1


def test_what_an_event_leaves_open_is_said(recorder: Recorder) -> None:
    """Fields that an event does not tell are named, and an association that is not told is not taken for none."""
    event = recorder.comment(recorder.repository.comment(recorder.repository.issue("A question", ASK), "MIT."))
    for obj in (event["payload"]["issue"], event["payload"]["comment"]):
        del obj["author_association"]
    del event["payload"]["issue"]["assignees"]
    event["payload"]["issue"]["assignee"] = {"login": "boss", "id": 5}
    found = seen(event)
    assert found.lacks == {"state_reason", "lock_reason", "closed_by", "draft"}
    assert [post.author_association for post in found.all_posts] == ["", ""]
    assert found.thread is not None
    assert found.thread.assignees == ("boss",)


def test_who_closed_an_issue_is_what_its_closing_says(recorder: Recorder) -> None:
    """The actor of a closing is who closed the issue; of any other event, nobody concludes that."""
    number = recorder.repository.issue("A question", ASK)
    recorder.repository.close(number)
    closed, opened = seen(recorder.issue(number, "closed", actor="boss")), seen(recorder.issue(number, actor="boss"))
    assert closed.thread is not None
    assert closed.thread.closed_by is not None
    assert closed.thread.closed_by.login == "boss"
    assert "closed_by" not in closed.lacks
    assert opened.thread is not None
    assert (opened.thread.closed_by, opened.thread.closed_by_known) == (None, False)
    assert "closed_by" in opened.lacks


def test_an_edit_tells_the_text_before(recorder: Recorder) -> None:
    """An edit's former text is a text of the same post; of an opening post it stands by itself."""
    number = recorder.repository.issue("A question", "Now.")
    comment = recorder.repository.comment(number, "Then.")
    edited = recorder.comment(comment, "edited", changes={"body": {"from": "Before."}})
    assert [post.body for post in seen(edited).posts] == ["Before.", "Then."]
    assert seen(recorder.issue(number, "edited", changes={"body": {"from": "Once."}})).before == "Once."
    assert seen(recorder.issue(number, "opened", changes={"body": {"from": "Once."}})).before is None


def test_a_pull_request_does_not_tell_its_issues_number(recorder: Recorder) -> None:
    """A PullRequestEvent tells the thread, but not the number that its opening post is kept by; code is left out."""
    number = recorder.repository.issue("Relicense", ASK, pull_request={"html_url": "https://github.com/x"})
    found = seen(recorder.pull(number))
    assert found.thread is not None
    assert (found.number, found.thread.kind, found.thread.opening.id) == (number, ThreadKind.PULL, 0)
    assert found.thread.opening.body == ASK
    assert not {"head", "base", "id"} & set(found.thread.opening.raw)
    assert "comments" in found.lacks


def test_reviews_and_their_comments_are_posts(recorder: Recorder) -> None:
    """Reviews and review comments are posts of their pull request; one that says nothing is none."""
    repository = recorder.repository
    number = repository.issue("Relicense", ASK, pull_request={})
    review = seen(recorder.review(repository.review(number, "Fine.", "APPROVED")))
    comment = seen(recorder.review_comment(repository.review_comment(number, "Which license?")))
    assert [(post.kind, post.state) for post in review.posts] == [(PostKind.REVIEW, "APPROVED")]
    assert [post.kind for post in comment.posts] == [PostKind.REVIEW_COMMENT]
    empty = recorder.review(repository.review(number, ""))
    empty["payload"]["review"]["body"] = None
    assert seen(empty).posts == ()


def test_discussions_are_read(recorder: Recorder) -> None:
    """A DiscussionEvent (2025 on) tells a discussion, with its category."""
    obj = recorder.issue_object(recorder.repository.issue("License?", ASK))
    obj |= {"category": {"name": "Q&A"}, "state": "locked"}
    found = seen(recorder.record("DiscussionEvent", {"action": "created", "discussion": obj}))
    assert found.thread is not None
    assert (found.thread.kind, found.thread.category) == (ThreadKind.DISCUSSION, "Q&A")
    assert found.thread.state == "open"


# --- the cuts of 2025 -------------------------------------------------------------------------------------------------


def test_a_cut_pull_request_has_no_text(recorder: Recorder) -> None:
    """Since October 2025 a pull request is told without its texts: nothing is made of it."""
    cut = {"id": 9, "number": 5, "url": "https://api.github.com/repos/acme/rocket/pulls/5", "head": {}, "base": {}}
    event = recorder.record("PullRequestEvent", {"action": "opened", "number": 5, "pull_request": cut})
    assert read(event, HOUR) is Left.TEXTLESS


def test_a_review_comment_on_a_cut_pull_request_is_a_post_without_a_thread(recorder: Recorder) -> None:
    """A review comment of that time tells itself, and of its thread the number alone."""
    repository = recorder.repository
    number = repository.issue("Relicense", ASK, pull_request={})
    cut = {"id": 9, "number": number, "head": {}, "base": {}}
    found = seen(recorder.review_comment(repository.review_comment(number, "Which license?"), cut))
    assert (found.thread, found.number) == (None, number)
    assert [post.body for post in found.posts] == ["Which license?"]


# --- 2011 to 2014 -----------------------------------------------------------------------------------------------------


def test_a_pull_request_of_the_timeline_is_read() -> None:
    """Pull requests were told whole from 2012 on; the file's hour is that of the events' zone."""
    found = seen(timeline("PullRequestEvent", {"action": "opened", "number": 5, "pull_request": old_pull()}))
    assert (found.repository_id, str(found.name), found.number) == (77, "acme/rocket", 5)
    assert found.thread is not None
    assert found.thread.opening.author == Account(1001, "asker")
    assert found.thread.assignees == ("boss",)
    assert found.at == datetime(2013, 3, 4, 17, tzinfo=UTC)


def test_times_with_slashes_are_read() -> None:
    """Times written as `2012/03/10 22:55:13 -0800` are read, in the event and within the payload."""
    pull = old_pull(created_at="2012/03/10 22:55:13 -0800", updated_at="2012/03/10 22:56:13 -0800")
    event = timeline("PullRequestEvent", {"pull_request": pull}, created_at="2012/03/10 22:56:13 -0800")
    found = seen(event, datetime(2012, 3, 10, 22))  # noqa: DTZ001
    assert found.thread is not None
    assert found.thread.created_at == datetime(2012, 3, 11, 6, 55, 13, tzinfo=UTC)
    assert found.at == datetime(2012, 3, 11, 6, tzinfo=UTC)


def test_a_repository_without_its_number_is_that_of_the_base() -> None:
    """In 2012 repositories had no number for half a year: then a pull request's base tells it, or nothing does."""
    event = timeline("PullRequestEvent", {"pull_request": old_pull()})
    del event["repository"]["id"]
    assert seen(event).repository_id == 77
    event["payload"]["pull_request"]["base"] = {}
    assert read(event, HOUR) is Left.UNIDENTIFIED


def test_a_review_comment_of_the_timeline_names_its_pull_request_by_a_link() -> None:
    """A review comment that tells of its thread nothing but a link is a post of that thread."""
    comment = {
        "id": 31,
        "body": "Which license?",
        "user": {"login": "asker", "id": 1001},
        "created_at": "2013-03-04T17:12:49Z",
        "_links": {"pull_request": {"href": "https://api.github.com/repos/acme/rocket/pulls/5"}},
    }
    found = seen(timeline("PullRequestReviewCommentEvent", {"comment": comment}))
    assert (found.thread, found.number, found.posts[0].id) == (None, 5, 31)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (timeline("IssuesEvent", {"action": "opened", "issue": 739022, "number": 5}), Left.TEXTLESS),
        (timeline("IssueCommentEvent", {"issue_id": 739022, "comment_id": 975096}), Left.TEXTLESS),
        (
            # 2011: numbers and a title
            timeline("PullRequestEvent", {"pull_request": {"id": 1, "issue_id": 2, "number": 5, "title": "License"}}),
            Left.TEXTLESS,
        ),
        (timeline("PullRequestEvent", {"pull_request": old_pull(user={"login": "asker"})}), Left.UNIDENTIFIED),
        (timeline("PullRequestEvent", {"pull_request": old_pull(user="asker")}), Left.UNIDENTIFIED),
        (
            {**timeline("PullRequestEvent", {"pull_request": old_pull(base={})}), "repository": {"name": "/"}},
            Left.UNIDENTIFIED,
        ),
        (timeline("PushEvent", {"shas": []}), Left.OTHER),
        (timeline("IssuesEvent", {}) | {"payload": None}, Left.TEXTLESS),
    ],
)
def test_what_has_no_text_or_nobody_is_left(event: dict[str, Any], why: Left) -> None:
    """Numbers without texts, and texts without an account or a repository by its number, are told apart and left."""
    assert read(event, HOUR) is why


def test_a_deleted_account_is_nobody(recorder: Recorder) -> None:
    """A text whose account was deleted is nobody's, and is taken."""
    number = recorder.repository.issue("A question", ASK, login=None)
    found = seen(recorder.issue(number))
    assert found.thread is not None
    assert found.thread.opening.author is None


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("issue", "number"), "5"),
        (("issue", "id"), -1),
        (("issue", "created_at"), "yesterday"),
        (("comment", "id"), 2**60),
        (("comment", "created_at"), None),
        (("issue", "state"), 5),
        (("comment", "deep"), [[[]]] * 2),
    ],
)
def test_wrong_types_are_no_event(recorder: Recorder, place: tuple[str, str], value: Any) -> None:
    """An event with a value of the wrong kind is a BadResponse that names the field; what is not needed may be odd."""
    event = recorder.comment(recorder.repository.comment(recorder.repository.issue("A question", ASK), "MIT."))
    event["payload"][place[0]][place[1]] = value
    if place[1] == "deep":
        assert seen(event).posts
        return
    with pytest.raises(BadResponse, match=place[1]):
        read(event, HOUR)
