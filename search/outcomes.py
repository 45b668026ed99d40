"""Owns the JSON shapes of how a thread went and of its consent roll, as docs/api.md describes them.

It gathers neither: `archiver.outcome` and `archiver.consent` do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from archiver.answers import Answer
from archiver.consent import NOT_ANSWERED, NOT_KNOWN, ConsentRoll, Entry, Given
from archiver.model import Account, PostKind, Thread, iso
from archiver.outcome import Actor, Facts

Json = dict[str, Any]
Place = Callable[[PostKind, int], Json]
"""Where a post stands: `{kind, id, url}`."""


def facts_json(facts: Facts, place: Place) -> Json:
    """Return the facts of how a thread went; lengths of time are whole seconds, what is not known is null."""
    reply, lock = facts.first_reply, facts.locked
    return {
        "outcome": facts.outcome,
        "ended_at": iso(facts.ended_at) if facts.ended_at else None,
        "seconds_to_end": _seconds(facts.after),
        "closed_by": _actor(facts.closed_by),
        "merged_by": _actor(facts.merged_by),
        "closings": facts.closings,
        "reopenings": facts.reopenings,
        "locked": lock
        and {"reason": lock.reason, "at": iso(lock.at) if lock.at else None, "seconds_after_end": _seconds(lock.after)},
        "answered": facts.answered,
        "moved": facts.moved,
        "gone": facts.gone,
        "first_reply": reply
        and {
            "post": place(reply.kind, reply.id),
            "at": iso(reply.at),
            "seconds": _seconds(reply.after),
            "by": _actor(reply.by),
            "certain": reply.certain,
        },
        "participants": dict(facts.participants),
        "posts": dict(facts.posts),
        "posts_from_outside": facts.outside,
        "posts_counted": facts.counted,
        "robots": facts.robots,
        "robot_posts": facts.robot_posts,
        "posts_of_deleted_accounts": facts.ghost_posts,
        "posts_withdrawn": facts.withdrawn_posts,
        "posts_deleted": facts.deleted_posts,
    }


def consent_json(roll: ConsentRoll, thread: Thread, url: str, place: Place) -> Json:
    """Return a consent roll; `url` is the thread's permanent link, onto which snapshots and anchors are put."""

    def given(each: Given) -> Json:
        where = place(each.kind, each.id)
        held = thread.holding(each.kind, each.id) if each.current else None
        return {
            "answer": each.answer.value,
            "note": each.note,
            "words": each.words,
            "at": iso(each.at),
            "post": where,
            "revision": each.revision,
            "permalink": f"{url}@{held}#{where['url'].partition('#')[2]}" if held else None,
            "edited_since": not each.current,
            "deleted": each.gone,
        }

    def entry(each: Entry) -> Json:
        return {
            "author": _login(each.author),
            "author_association": each.association,
            "listed": each.listed,
            **given(each.given),
            "earlier": [given(one) for one in each.earlier],
        }

    return {
        "asked": [
            {
                "post": place(each.kind, each.id),
                "revision": each.revision,
                "at": iso(each.at),
                "by": _login(each.author),
                "words": each.words,
            }
            for each in roll.requests
        ],
        "counts": {each.value: roll.count(each) for each in Answer}
        | {
            NOT_ANSWERED: 0 if roll.unread else len(roll.unanswered),
            NOT_KNOWN: len(roll.unanswered) if roll.unread else 0,
        },
        "counts_of_listed": {each.value: roll.count(each, listed=True) for each in Answer} if roll.lists else None,
        "answers": [entry(each) for each in roll.entries],
        "listed": [
            {
                "login": each.login,
                "ticked": each.ticked,
                "listed_now": each.now,
                "asks": each.asker,
                "answer": each.answer.value if each.answer else NOT_KNOWN if roll.unread and not each.asker else None,
            }
            for each in roll.listed
        ],
        "reactions": dict(roll.reactions),
        "posts_not_read": roll.unread,
    }


def _actor(actor: Actor | None) -> Json | None:
    return {"login": actor.account.login, "author_association": actor.association} if actor else None


def _login(account: Account | None) -> str | None:
    return account.login if account else None


def _seconds(length: timedelta | None) -> int | None:
    return int(length.total_seconds()) if length is not None else None
