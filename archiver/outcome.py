"""Gathers the facts of how a thread went: its outcome, who ended it and how soon, who wrote in it in which standing.

It does no I/O and infers nothing about a person: a standing is GitHub's `author_association`, as it stands at a post of
theirs in this thread, and what is not known is None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archiver.model import Account, Event, Post, PostKind, Thread, ThreadSummary
from archiver.references import ThreadKind

# Whose posts are from within the project: those whom GitHub calls owner, member of the organisation, or collaborator.
INSIDE = ("OWNER", "MEMBER", "COLLABORATOR")
# In the order in which they are shown; what GitHub may add comes after.
ASSOCIATIONS = (*INSIDE, "CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR", "FIRST_TIMER", "MANNEQUIN", "NONE")
# GitHub's event of a closing bears the thread's own time of it, or that of a moment later.
_SAME_MOMENT = timedelta(seconds=2)
_CLOSED = {"completed", "not_planned", "duplicate", "resolved", "outdated"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, and the association of this account to the project, None where this thread does not tell."""

    account: Account
    association: str | None


@dataclass(frozen=True, slots=True)
class FirstReply:
    """The first post by somebody else than the opener who is no robot, and how long after the opening post it came.

    `certain` is false where a post before it is withdrawn here, and may have been the first.
    """

    kind: PostKind
    id: int
    at: datetime
    after: timedelta
    by: Actor | None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Locked:
    """That a thread is locked, as GitHub says why; `at` and how long `after` the end are None where not told."""

    reason: str | None
    at: datetime | None
    after: timedelta | None


@dataclass(frozen=True, slots=True)
class Facts:
    """How a thread went, as far as GitHub told.

    `outcome` is `open`, `merged`, `completed`, `not_planned`, `duplicate`, `resolved`, `outdated`, or `closed` where no
    reason is known; `answered` is whether a discussion has a chosen answer (None: no discussion); `moved` that it left
    for another place, as its last event or its tombstone says, `gone` the status that GitHub answers with now.
    `ended_at` and `after` are of the last closing; `closings` and `reopenings` count them, None if the events were not
    asked for. `participants` and `posts` count people and their posts by association, the latest that a person has;
    robots, deleted accounts (their people cannot be told apart) and posts that are withdrawn here are apart. `outside`
    is how many of the `posts` come from no owner, member or collaborator.
    """

    outcome: str
    opened_at: datetime
    ended_at: datetime | None = None
    after: timedelta | None = None
    closed_by: Actor | None = None
    merged_by: Actor | None = None
    closings: int | None = None
    reopenings: int | None = None
    locked: Locked | None = None
    answered: bool | None = None
    moved: bool = False
    gone: int | None = None
    first_reply: FirstReply | None = None
    participants: Mapping[str, int] = field(default_factory=dict)
    posts: Mapping[str, int] = field(default_factory=dict)
    robots: int = 0
    robot_posts: int = 0
    ghost_posts: int = 0
    withdrawn_posts: int = 0
    deleted_posts: int = 0

    @property
    def counted(self) -> int:
        """The posts by people whose association GitHub tells."""
        return sum(self.posts.values())

    @property
    def outside(self) -> int:
        """The posts among these that are from outside the project."""
        return sum(count for association, count in self.posts.items() if association not in INSIDE)

    @property
    def people(self) -> int:
        """The people who wrote, deleted accounts apart."""
        return sum(self.participants.values())


def facts(thread: Thread) -> Facts:
    """Gather the facts of a thread, as now known or as a snapshot has it."""
    summary = thread.summary
    posts = sorted((each for each in thread.posts if not each.withdrawn), key=lambda each: each.created_at)
    people = [each for each in posts if each.author and not each.author.bot]
    robots = [each for each in posts if each.author and each.author.bot]
    events = sorted(thread.events, key=lambda each: each.at)
    ended = summary.merged_at or summary.closed_at if summary.state != "open" else None
    known = summary.detailed_at is not None or bool(events)
    closer = _closer(summary, events, ended)
    merger = _merger(events) if summary.merged_at else None
    return Facts(
        outcome=_outcome(summary),
        opened_at=summary.created_at,
        ended_at=ended,
        after=ended - summary.created_at if ended else None,
        closed_by=_actor(closer, posts, ended, _told(events, closer, "closed")) if closer else None,
        merged_by=_actor(merger, posts, ended, _told(events, merger, "merged")) if merger else None,
        closings=max(_count(events, "closed"), 1 if ended else 0) if known else None,
        reopenings=_count(events, "reopened") if known else None,
        locked=_lock(summary, events, ended),
        answered=_answered(thread) if summary.kind is ThreadKind.DISCUSSION else None,
        moved=_moved(summary, events),
        gone=summary.gone.status if summary.gone else None,
        first_reply=_first_reply(thread, posts),
        participants=_people(people),
        posts=_ordered(Counter(each.author_association.upper() for each in people)),
        robots=len({each.author.id for each in robots if each.author}),
        robot_posts=len(robots),
        ghost_posts=sum(each.author is None for each in posts),
        withdrawn_posts=sum(each.withdrawn for each in thread.posts),
        deleted_posts=sum(each.gone is not None for each in posts),
    )


# --- how it ended -----------------------------------------------------------------------------------------------------


def _outcome(summary: ThreadSummary) -> str:
    if summary.merged_at:
        return "merged"
    if summary.state == "open":
        return "open"
    reason = (summary.state_reason or "").lower()
    return reason if reason in _CLOSED else "closed"


def _closer(summary: ThreadSummary, events: Sequence[Event], ended: datetime | None) -> Account | None:
    """Return who closed a thread last: its own field, else the event of that moment; a merge closes too."""
    if ended is None:
        return None
    if summary.closed_by:
        return summary.closed_by
    at = [each for each in events if each.kind in {"closed", "merged"} and abs(each.at - ended) <= _SAME_MOMENT]
    return next((each.actor for each in reversed(at) if each.actor), None)


def _merger(events: Sequence[Event]) -> Account | None:
    return next((each.actor for each in reversed(events) if each.kind == "merged" and each.actor), None)


def _told(events: Sequence[Event], account: Account | None, kind: str) -> str | None:
    """Return the association that the event itself tells; GitHub's rarely do."""
    for event in reversed(events):
        told = event.detail.get("author_association")
        if event.kind == kind and account and event.actor and event.actor.id == account.id and isinstance(told, str):
            return told.upper()
    return None


def _actor(account: Account, posts: Sequence[Post], at: datetime | None, told: str | None) -> Actor:
    """Name an account with its association at the post of theirs that is nearest to a moment, else as `told`."""
    own = [each for each in posts if each.author and each.author.id == account.id]
    if not own:
        return Actor(account, told)
    nearest = min(own, key=lambda each: abs(each.created_at - at)) if at else own[-1]
    return Actor(account, nearest.author_association.upper())


def _lock(summary: ThreadSummary, events: Sequence[Event], ended: datetime | None) -> Locked | None:
    if not summary.locked:
        return None
    at = next((each.at for each in reversed(events) if each.kind == "locked"), None)
    return Locked(summary.lock_reason, at, at - ended if at and ended and at >= ended else None)


def _answered(thread: Thread) -> bool:
    return any(each.kind is PostKind.ANSWER for each in thread.posts)


def _moved(summary: ThreadSummary, events: Iterable[Event]) -> bool:
    left = any(each.kind == "converted_to_discussion" for each in events)
    return left or (summary.gone is not None and summary.gone.status == 301)


def _count(events: Iterable[Event], kind: str) -> int:
    return sum(each.kind == kind for each in events)


# --- who wrote --------------------------------------------------------------------------------------------------------


def _first_reply(thread: Thread, posts: Sequence[Post]) -> FirstReply | None:
    """Find the first post by another person; without knowing who opened the thread, nobody can be told apart."""
    opening = next((each for each in thread.posts if each.kind is PostKind.OPENING), None)
    opener = opening.author if opening else thread.summary.author
    if opening is not None and opening.withdrawn:
        return None
    hidden = [each.created_at for each in thread.posts if each.withdrawn]
    for post in posts:
        who = post.author
        if post.kind is PostKind.OPENING or (who and who.bot):
            continue
        # A deleted account is another one than an opener who is still there; two of them may be the same.
        if (who is None and opener is None) or (who and opener and who.id == opener.id):
            continue
        by = Actor(who, post.author_association.upper()) if who else None
        certain = not any(at <= post.created_at for at in hidden) and not (opener is None and _ghosts(posts, post))
        return FirstReply(post.kind, post.id, post.created_at, post.created_at - thread.summary.created_at, by, certain)
    return None


def _ghosts(posts: Iterable[Post], before: Post) -> bool:
    return any(
        each.author is None and each.kind is not PostKind.OPENING and each.created_at < before.created_at
        for each in posts
    )


def _people(posts: Iterable[Post]) -> Mapping[str, int]:
    latest = {each.author.id: each.author_association.upper() for each in posts if each.author}
    return _ordered(Counter(latest.values()))


def _ordered(counts: Mapping[str, int]) -> Mapping[str, int]:
    known = {each: at for at, each in enumerate(ASSOCIATIONS)}
    return dict(sorted(counts.items(), key=lambda each: (known.get(each[0], len(known)), each[0])))
