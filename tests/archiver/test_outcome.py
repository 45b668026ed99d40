"""The facts of how a thread went: what GitHub told of it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from threads import DELETED, OPENED, WITHDRAWN, at, event, opening, person, post, thread

from archiver.model import PostKind, Tombstone
from archiver.outcome import facts
from archiver.references import ThreadKind


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, "open"),
        ({"state_reason": "reopened"}, "open"),
        ({"closed_at": at(60)}, "closed"),
        ({"closed_at": at(60), "state_reason": "completed"}, "completed"),
        ({"closed_at": at(60), "state_reason": "not_planned"}, "not_planned"),
        ({"closed_at": at(60), "state_reason": "DUPLICATE"}, "duplicate"),
        ({"closed_at": at(60), "state_reason": "resolved", "kind": ThreadKind.DISCUSSION}, "resolved"),
        ({"closed_at": at(60), "state_reason": "something_new"}, "closed"),
        ({"closed_at": at(60), "merged_at": at(60), "kind": ThreadKind.PULL}, "merged"),
    ],
)
def test_the_outcome_is_what_github_says(fields: dict[str, Any], outcome: str) -> None:
    """Open, merged, or closed with its reason; a reason of no known name is left out."""
    assert facts(thread(**fields)).outcome == outcome


def test_a_request_refused_within_hours_by_a_member() -> None:
    """Who closed it, in which standing, how soon, and how much was written from outside: what the story asks."""
    told = facts(
        thread(
            opening(),
            post(60, "boss", association="MEMBER"),
            post(70, "opener"),
            post(500, "kim", association="CONTRIBUTOR"),
            closed_at=at(480),
            closed_by=person("boss"),
            state_reason="not_planned",
        )
    )
    assert told.after == timedelta(hours=8)
    assert told.closed_by is not None
    assert (told.closed_by.account.login, told.closed_by.association) == ("boss", "MEMBER")
    assert (told.outside, told.counted) == (3, 4)
    assert told.participants == {"MEMBER": 1, "CONTRIBUTOR": 1, "NONE": 1}
    assert told.posts == {"MEMBER": 1, "CONTRIBUTOR": 1, "NONE": 2}


def test_the_standing_of_who_closed_is_that_at_the_nearest_post() -> None:
    """Somebody who became a member later was a contributor when closing it."""
    posts = (post(60, "boss", association="CONTRIBUTOR"), post(9000, "boss", association="MEMBER", minutes=9000))
    told = facts(thread(*posts, closed_at=at(90), closed_by=person("boss")))
    assert told.closed_by is not None
    assert told.closed_by.association == "CONTRIBUTOR"


def test_an_unknown_standing_stays_unknown() -> None:
    """Who closed it and wrote nothing has no standing here, unless the event itself tells one."""
    closed: dict[str, Any] = {"closed_at": at(90), "closed_by": person("boss")}
    assert facts(thread(**closed)).closed_by.association is None  # type: ignore[union-attr]
    told = facts(thread(events=(event("closed", 90, author_association="owner"),), **closed))
    assert told.closed_by is not None
    assert told.closed_by.association == "OWNER"


def test_who_closed_it_comes_from_the_event_of_that_moment() -> None:
    """Where the thread does not name who closed it, an event of another time does not either."""
    assert facts(thread(closed_at=at(90))).closed_by is None
    other = facts(thread(closed_at=at(90), events=(event("closed", 50, "else"),)))
    assert other.closed_by is None
    told = facts(thread(closed_at=at(90), events=(event("closed", 50, "else"), event("closed", 90, "boss"))))
    assert told.closed_by is not None
    assert told.closed_by.account.login == "boss"


def test_who_merged_is_told_apart() -> None:
    """A merge names who did it."""
    told = facts(thread(merged_at=at(90), closed_at=at(90), events=(event("merged", 90, "boss"),)))
    assert told.merged_by is not None
    assert told.merged_by.account.login == "boss"
    assert facts(thread(merged_at=at(90))).merged_by is None


def test_closings_are_counted_only_where_the_events_are_known() -> None:
    """Without the timeline nobody knows how often a thread was closed and reopened."""
    events = (event("closed", 10), event("reopened", 20), event("closed", 90))
    told = facts(thread(closed_at=at(90), events=events))
    assert (told.closings, told.reopenings) == (2, 1)
    assert told.after == timedelta(minutes=90)
    unknown = facts(thread(closed_at=at(90)))
    assert (unknown.closings, unknown.reopenings) == (None, None)
    asked = facts(thread(closed_at=at(90), detailed_at=at(99)))
    assert (asked.closings, asked.reopenings) == (1, 0)


def test_the_lock_is_told_with_its_reason_and_how_long_after() -> None:
    """A lock before the end, or without an event, has no length."""
    locked: dict[str, Any] = {"closed_at": at(90), "locked": True, "lock_reason": "too heated"}
    told = facts(thread(events=(event("closed", 90), event("locked", 150)), **locked)).locked
    assert told is not None
    assert (told.reason, told.at, told.after) == ("too heated", at(150), timedelta(hours=1))
    assert facts(thread(**locked)).locked.at is None  # type: ignore[union-attr]
    early = facts(thread(events=(event("locked", 30),), **locked)).locked
    assert early is not None
    assert early.after is None
    assert facts(thread(closed_at=at(90), events=(event("locked", 30),))).locked is None


def test_the_first_reply_is_by_another_person() -> None:
    """Neither the opener nor a robot answers first."""
    posts = (post(5, "opener"), post(6, "ci[bot]"), post(30, "kim", association="COLLABORATOR"), post(40, "boss"))
    reply = facts(thread(*posts)).first_reply
    assert reply is not None
    assert (reply.id, reply.after, reply.certain) == (30, timedelta(minutes=30), True)
    assert reply.by is not None
    assert (reply.by.account.login, reply.by.association) == ("kim", "COLLABORATOR")
    assert facts(thread(post(5, "opener"), post(6, "ci[bot]"))).first_reply is None


def test_a_deleted_account_may_have_replied_first() -> None:
    """It is another one than an opener who is there; two deleted accounts may be the same."""
    reply = facts(thread(post(5, None), post(9, "kim"))).first_reply
    assert reply is not None
    assert (reply.id, reply.by) == (5, None)
    both = facts(thread(opening(login=None), post(5, None), post(9, "kim"))).first_reply
    assert both is not None
    assert (both.id, both.certain) == (9, False)


def test_a_withdrawn_post_makes_the_first_reply_uncertain() -> None:
    """What is withdrawn here may have been the first reply; of a withdrawn opening, no reply can be told at all."""
    gone = post(5, None, "", gone=WITHDRAWN)
    reply = facts(thread(gone, post(9, "kim"))).first_reply
    assert reply is not None
    assert (reply.id, reply.certain) == (9, False)
    assert facts(thread(opening(login=None, gone=WITHDRAWN), post(9, "kim"))).first_reply is None


def test_robots_ghosts_and_withdrawn_posts_are_apart() -> None:
    """They are in no association's count, nor in the share from outside; what GitHub deleted was written."""
    told = facts(
        thread(
            opening(association="OWNER"),
            post(1, "ci[bot]", association="NONE"),
            post(2, "ci[bot]", association="NONE"),
            post(3, None),
            post(4, None, "", gone=WITHDRAWN),
            post(5, "kim", gone=DELETED),
        )
    )
    assert (told.robots, told.robot_posts, told.ghost_posts, told.withdrawn_posts) == (1, 2, 1, 1)
    assert told.deleted_posts == 1
    assert told.posts == {"OWNER": 1, "NONE": 1}
    assert (told.outside, told.counted) == (1, 2)


def test_a_person_counts_once_with_the_latest_standing() -> None:
    """First-timers are those whom GitHub calls so; the order is that of standing."""
    told = facts(
        thread(
            opening(association="FIRST_TIME_CONTRIBUTOR"),
            post(2, "kim", association="NONE"),
            post(3, "kim", association="MEMBER"),
            post(4, "lee", association="FIRST_TIMER"),
        )
    )
    assert list(told.participants.items()) == [("MEMBER", 1), ("FIRST_TIME_CONTRIBUTOR", 1), ("FIRST_TIMER", 1)]
    assert told.people == 3


def test_a_discussion_is_answered_or_not() -> None:
    """Only a discussion can have a chosen answer."""
    assert facts(thread()).answered is None
    assert facts(thread(kind=ThreadKind.DISCUSSION)).answered is False
    answer = post(5, "kim", kind=PostKind.ANSWER)
    assert facts(thread(answer, kind=ThreadKind.DISCUSSION)).answered is True


def test_what_moved_or_is_gone_is_told() -> None:
    """A thread that became a discussion, was transferred out of sight, or was deleted."""
    assert facts(thread(events=(event("converted_to_discussion", 5),))).moved
    away = facts(thread(gone=Tombstone(301, OPENED)))
    assert (away.moved, away.gone) == (True, 301)
    deleted = facts(thread(gone=Tombstone(410, OPENED)))
    assert (deleted.moved, deleted.gone) == (False, 410)


def test_an_old_end_of_an_open_thread_is_no_end() -> None:
    """A reopened thread may bear the time of its last closing; it is open."""
    reopened = thread(closed_at=at(60))
    told = facts(replace(reopened, summary=replace(reopened.summary, state="open")))
    assert (told.outcome, told.ended_at, told.closed_by) == ("open", None, None)
