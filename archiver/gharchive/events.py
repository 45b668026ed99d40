"""Reads events of GH Archive, of every year, into what was seen of a thread; pure.

Nothing is guessed: an event that does not say of which repository, which thread and which account it is, is told apart
and left. docs/import.md says what the years' events hold, and where that was looked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timezone
from enum import StrEnum
from typing import Any, TypeGuard

from archiver.digests import clean_text
from archiver.errors import BadReference, BadResponse
from archiver.github import parse
from archiver.observed import ObservedPost, ObservedThread, Sighting
from archiver.references import RepositoryRef, ThreadKind, parse_reference

Json = Mapping[str, Any]


class Left(StrEnum):
    """Why nothing is taken from an event."""

    OTHER = "other"  # no event about a thread
    TEXTLESS = "textless"  # it names a thread or a post by number alone, or its texts are cut
    UNIDENTIFIED = "unidentified"  # it has a text, and does not say whose, or where


NOT_TOLD = ""
"""The association of an author where an event says nothing of it (before 2017)."""

_OLD_TIME = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)")
_TIMES = ("created_at", "updated_at", "closed_at", "merged_at", "submitted_at")
# What of a pull request is not about the thread: both sides' repositories are told with every one.
_CODE = ("head", "base", "_links", "commits", "additions", "deletions", "changed_files", "mergeable", "id")


def read(event: Any, hour: datetime) -> Sighting | Left:
    """Read an event out of the file of that hour (naive, as the file is named).

    Raises BadResponse for an event that cannot be understood.
    """
    if not isinstance(event, Mapping):
        raise BadResponse("an event was expected")
    payload = event.get("payload")
    if not isinstance(payload, Mapping):
        return Left.TEXTLESS
    match event.get("type"):
        case "IssuesEvent":
            found = _issue(event, payload)
        case "IssueCommentEvent":
            found = _issue_comment(payload)
        case "PullRequestEvent":
            found = _pull(payload)
        case "PullRequestReviewEvent":
            found = _review(payload, "review")
        case "PullRequestReviewCommentEvent":
            found = _review(payload, "comment")
        case "DiscussionEvent":
            found = _discussion(payload)
        case _:
            return Left.OTHER
    if isinstance(found, Left):
        return found
    where = _repository(event, payload)
    if where is None:
        return Left.UNIDENTIFIED
    number, thread, posts, lacks, before = found
    return Sighting(seen_at(event, hour), *where, number, thread, posts, lacks, before)


def seen_at(event: Json, hour: datetime) -> datetime:
    """Return the hour of a file in UTC: it is named in the zone in which its events tell their time.

    Until 2014 that was Pacific time for the most part (igrigorik/gharchive.org#33), and is UTC since.
    """
    zone: timezone = UTC
    told = event.get("created_at")
    if isinstance(told, str):
        try:
            offset = datetime.fromisoformat(_time(told)).utcoffset()
        except ValueError:
            offset = None
        zone = timezone(offset) if offset else UTC
    return hour.replace(tzinfo=zone).astimezone(UTC)


# --- where ------------------------------------------------------------------------------------------------------------


def _repository(event: Json, payload: Json) -> tuple[int, RepositoryRef] | None:
    """Return GitHub's number of the repository and its name then; None if the event does not tell both."""
    repo, old = _inner(event, "repo"), _inner(event, "repository")
    base = _inner(_inner(_inner(payload, "pull_request"), "base"), "repo")
    # From March to September of 2012 the repository itself has no number; that of a pull request's base has.
    told = ((repo.get("id"), repo.get("name")), (old.get("id"), _joined(old)), (base.get("id"), _joined(base)))
    for number, name in told:
        if not _is_number(number) or not isinstance(name, str):
            continue
        try:
            ref = parse_reference(name)
        except BadReference:
            continue
        if isinstance(ref, RepositoryRef):
            return number, ref
    return None


def _joined(repository: Json) -> str | None:
    owner, name = repository.get("owner"), repository.get("name")
    if isinstance(owner, Mapping):
        owner = owner.get("login")
    return f"{owner}/{name}" if isinstance(owner, str) and isinstance(name, str) else None


# --- what -------------------------------------------------------------------------------------------------------------

_Found = tuple[int, ObservedThread | None, tuple[ObservedPost, ...], frozenset[str], str | None]


def _issue(event: Json, payload: Json) -> _Found | Left:
    issue = payload.get("issue")
    if not _is_whole(issue):
        return Left.TEXTLESS
    if not _is_signed(issue):
        return Left.UNIDENTIFIED
    thread, lacks = _thread(issue)
    if payload.get("action") == "closed" and thread.closed_at is not None and not thread.closed_by_known:
        # Who closed it is what this event says.
        closer = parse.account(event.get("actor"))
        if closer is not None:
            thread, lacks = replace(thread, closed_by=closer, closed_by_known=True), lacks - {"closed_by"}
    return thread.number, thread, (), lacks, _replaced(payload)


def _issue_comment(payload: Json) -> _Found | Left:
    issue, comment = payload.get("issue"), payload.get("comment")
    if not _is_whole(issue) or not _has_body(comment):
        return Left.TEXTLESS
    if not _is_signed(issue) or not _is_signed(comment):
        return Left.UNIDENTIFIED
    thread, lacks = _thread(issue)
    obj = {"issue_url": f"/issues/{thread.number}", **_timed(comment)}
    number, post = parse.comment(obj)
    if number != thread.number:
        return Left.UNIDENTIFIED
    return number, thread, _with_former(_told(post, comment), payload), lacks, None


def _pull(payload: Json) -> _Found | Left:
    pull = payload.get("pull_request")
    if not _is_whole(pull):
        return Left.TEXTLESS
    if not _is_signed(pull):
        return Left.UNIDENTIFIED
    thread, lacks = _pull_thread(pull)
    return thread.number, thread, (), lacks, _replaced(payload)


def _review(payload: Json, name: str) -> _Found | Left:
    """Read a review or a review comment, and the pull request if it is told."""
    pull, said = _inner(payload, "pull_request"), payload.get(name)
    thread, lacks = None, frozenset[str]()
    if _is_whole(pull) and _is_signed(pull):
        thread, lacks = _pull_thread(pull)
    posts: tuple[ObservedPost, ...] = ()
    if _has_body(said):
        if not _is_signed(said):
            return Left.UNIDENTIFIED
        link = _inner(_inner(said, "_links"), "pull_request").get("href")
        number = pull.get("number")
        url = f"/pulls/{number}" if _is_number(number) else link
        obj = {"pull_request_url": url, **_timed(said)} if isinstance(url, str) else _timed(said)
        found = parse.review(obj) if name == "review" else parse.review_comment(obj)
        if found is not None:
            if thread is not None and found[0] != thread.number:
                return Left.UNIDENTIFIED
            posts = _with_former(_told(found[1], said), payload)
            return found[0], thread, posts, lacks, None
    if thread is None:
        return Left.TEXTLESS
    return thread.number, thread, (), lacks, None


def _discussion(payload: Json) -> _Found | Left:
    discussion = payload.get("discussion")
    if not _is_whole(discussion):
        return Left.TEXTLESS
    if not _is_signed(discussion):
        return Left.UNIDENTIFIED
    thread, lacks = _thread(discussion)
    category = _inner(discussion, "category").get("name")
    return (
        thread.number,
        replace(
            thread,
            kind=ThreadKind.DISCUSSION,
            # Its object says `locked` or `converting` as well; GraphQL, which completes it, knows these two.
            state="closed" if thread.state == "closed" else "open",
            category=category if isinstance(category, str) else None,
        ),
        (),
        lacks,
        _replaced(payload),
    )


def _thread(obj: Json) -> tuple[ObservedThread, frozenset[str]]:
    """Read an issue object, and say which fields it leaves open."""
    obj = _timed(obj)
    thread = parse.thread(obj)
    lacks = {name for name, key in _OPEN.items() if key not in obj}
    assignee = parse.account(obj.get("assignee"))
    if "assignees" not in obj and "assignee" in obj:  # several of them are told since 2016
        thread = replace(thread, assignees=(assignee.login,) if assignee else ())
        lacks.discard("assignees")
    if thread.kind is ThreadKind.PULL and "merged_at" not in _inner(obj, "pull_request"):
        lacks.add("merged_at")
    return replace(thread, opening=_told(thread.opening, obj)), frozenset(lacks)


_OPEN = {
    "state_reason": "state_reason",
    "locked": "locked",
    "lock_reason": "active_lock_reason",
    "labels": "labels",
    "milestone": "milestone",
    "assignees": "assignees",
    "closed_by": "closed_by",
    "comments": "comments",
    "draft": "draft",
}


def _pull_thread(pull: Json) -> tuple[ObservedThread, frozenset[str]]:
    """Read a pull request's own object, as far as it is about the thread, in the shape of an issue's."""
    links = {name: pull[name] for name in ("url", "html_url", "diff_url", "patch_url", "merged_at") if name in pull}
    obj = {key: value for key, value in pull.items() if key not in _CODE} | {"pull_request": _timed(links), "id": 1}
    thread, lacks = _thread(obj)
    raw = {key: value for key, value in thread.opening.raw.items() if key != "id"}
    return replace(thread, opening=replace(thread.opening, id=0, raw=raw)), lacks


def _told(post: ObservedPost, obj: Json) -> ObservedPost:
    """Say of an association that is not told that it is not: none is something else."""
    return post if isinstance(obj.get("author_association"), str) else replace(post, author_association=NOT_TOLD)


def _with_former(post: ObservedPost, payload: Json) -> tuple[ObservedPost, ...]:
    """Return a post, after its text from before if the event tells of an edit."""
    former = _replaced(payload)
    if former is None or former == post.body:
        return (post,)
    raw = {**post.raw, "body": former}
    return replace(post, body=former, body_html=None, updated_at=post.created_at, raw=raw), post


def _replaced(payload: Json) -> str | None:
    """Return the text that an edit replaced."""
    former = _inner(_inner(payload, "changes"), "body").get("from")
    return clean_text(former) if payload.get("action") == "edited" and isinstance(former, str) else None


# --- small things -----------------------------------------------------------------------------------------------------


def _is_whole(obj: Any) -> TypeGuard[Json]:
    """Return whether it is a thread's object with its title, not its number alone or what was left of it in 2025."""
    return isinstance(obj, Mapping) and isinstance(obj.get("title"), str) and "body" in obj


def _has_body(obj: Any) -> TypeGuard[Json]:
    return isinstance(obj, Mapping) and isinstance(obj.get("body"), str)


def _is_signed(obj: Json) -> bool:
    """Return whether it says whose it is: an account with its number, or nobody's (a deleted account)."""
    if "user" not in obj:
        return False
    return obj["user"] is None or (
        _is_number(_inner(obj, "user").get("id")) and isinstance(obj["user"].get("login"), str)
    )


def _timed(obj: Json) -> dict[str, Any]:
    """Write the times of an object as they are written since 2012."""
    return {key: _time(value) if key in _TIMES and isinstance(value, str) else value for key, value in obj.items()}


def _time(text: str) -> str:
    found = _OLD_TIME.fullmatch(text)
    return f"{found[1]}-{found[2]}-{found[3]}T{found[4]}{found[5]}:{found[6]}" if found else text


def _inner(obj: Any, key: str) -> Json:
    value = obj.get(key) if isinstance(obj, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _is_number(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53
