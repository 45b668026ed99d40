"""Reads GitHub's REST objects into observations of the model.

Pure: it asks for nothing and keeps nothing. Whatever is missing or odd in an object that can be done without, is done
without; an object that cannot be understood is a BadResponse that names the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeGuard

from archiver.digests import clean_text
from archiver.errors import BadReference, BadResponse
from archiver.model import Account, PostKind, Repository, iso, parse_iso
from archiver.observed import ObservedEvent, ObservedPost, ObservedThread
from archiver.references import RepositoryRef, ThreadKind, ThreadRef, parse_reference

Json = Mapping[str, Any]

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")

# Items of a timeline that are posts, or commits: no part of the debate. And those that tell only who reads along.
_NO_EVENTS = {
    "commented",
    "reviewed",
    "line-commented",
    "commit-commented",
    "committed",
    "mentioned",
    "subscribed",
    "unsubscribed",
}


def repository(item: Any) -> Repository:
    """Read a repository object. Raises BadResponse."""
    obj = _object(item, "a repository")
    try:
        ref = parse_reference(_text(obj, "full_name"))
    except BadReference:
        ref = None
    if not isinstance(ref, RepositoryRef):
        raise BadResponse(f"a repository's full_name is {obj['full_name']!r}")
    description = obj.get("description")
    return Repository(
        id=_number(obj, "id"),
        owner=ref.owner,
        name=ref.name,
        description=clean_text(description) if isinstance(description, str) else None,
        created_at=_optional_moment(obj, "created_at"),
        has_discussions=told if isinstance(told := obj.get("has_discussions"), bool) else None,
    )


def thread(item: Any) -> ObservedThread:
    """Read an issue object, of a list or single; pull requests are issues with `pull_request`. Raises BadResponse."""
    obj = _object(item, "an issue")
    number = _number(obj, "number")
    pull = obj.get("pull_request")
    created_at = _moment(obj, "created_at")
    closed_by = obj.get("closed_by")
    opening = ObservedPost(
        kind=PostKind.OPENING,
        id=_number(obj, "id"),
        author=account(obj.get("user")),
        author_association=_association(obj),
        created_at=created_at,
        updated_at=_moment(obj, "updated_at"),
        body=_body(obj),
        body_html=_html(obj),
        raw=_clean(obj),
        reactions=_reactions(obj),
    )
    return ObservedThread(
        number=number,
        kind=ThreadKind.PULL if isinstance(pull, Mapping) else ThreadKind.ISSUE,
        title=_text(obj, "title"),
        state=_text(obj, "state"),
        state_reason=_optional_text(obj, "state_reason"),
        locked=bool(obj.get("locked")),
        lock_reason=_optional_text(obj, "active_lock_reason"),
        labels=tuple(sorted({name for label in _list(obj, "labels") if (name := _label(label))})),
        milestone=_within(obj, "milestone", "title"),
        assignees=tuple(sorted({a.login for each in _list(obj, "assignees") if (a := account(each))})),
        created_at=created_at,
        updated_at=opening.updated_at,
        closed_at=_optional_moment(obj, "closed_at"),
        merged_at=_optional_moment(_inner(obj, "pull_request"), "merged_at"),
        closed_by=account(closed_by),
        closed_by_known="closed_by" in obj,
        comments=count if _is_number(count := obj.get("comments")) else 0,
        opening=opening,
        draft=obj.get("draft") is True,
    )


def comment(item: Any) -> tuple[int, ObservedPost]:
    """Read an issue comment; return the number of its thread with it. Raises BadResponse."""
    obj = _object(item, "a comment")
    number = _thread_of(obj, "issue_url", "issues")
    return number, _post(obj, PostKind.COMMENT, _moment(obj, "created_at"), reactions=_reactions(obj))


def review(item: Any) -> tuple[int, ObservedPost] | None:
    """Read a review, of a list or of a timeline; return the number of its pull request with it.

    None for one that is not submitted yet, and seen by its author alone. Raises BadResponse.
    """
    obj = _object(item, "a review")
    state = _text(obj, "state").upper()  # timelines write it small
    if state == "PENDING":
        return None
    number = _thread_of(obj, "pull_request_url", "pulls")
    return number, _post(obj, PostKind.REVIEW, _moment(obj, "submitted_at"), state=state)


def is_envelope(seen: ObservedPost) -> bool:
    """Return whether a review says nothing itself, and only holds review comments together."""
    return seen.kind is PostKind.REVIEW and seen.state == "COMMENTED" and not seen.body


def review_comment(item: Any) -> tuple[int, ObservedPost]:
    """Read a review comment; return the number of its pull request with it. Raises BadResponse."""
    obj = _object(item, "a review comment")
    number = _thread_of(obj, "pull_request_url", "pulls")
    above = obj.get("in_reply_to_id")
    return number, _post(
        obj,
        PostKind.REVIEW_COMMENT,
        _moment(obj, "created_at"),
        reply_to=above if _is_number(above) else None,
        reactions=_reactions(obj),
    )


def event(item: Any) -> ObservedEvent | None:
    """Read an item of a timeline; None for what is a post, a commit, or about bystanders. Raises BadResponse.

    Its `detail` is flat: names, times and numbers, as far as the item has any. An unknown kind has none.
    """
    obj = _object(item, "a timeline's item")
    kind = _text(obj, "event")[:40]
    if kind in _NO_EVENTS:
        return None
    at = _moment(obj, "created_at")
    actor = account(obj.get("actor") or obj.get("user"))
    detail = {name: value for name, value in _detail(kind, obj).items() if value is not None}
    number = obj.get("id")
    if _is_number(number):
        key = str(number)
    else:
        # A cross-reference has no number. Who, when and from which issue never change; its title and state do.
        key = f"{kind}:{iso(at)}:{detail.get('source_id') or (actor.id if actor else '')}"
    return ObservedEvent(key=key, kind=kind, at=at, actor=actor, detail=detail)


def _detail(kind: str, obj: Json) -> dict[str, Any]:
    match kind:
        case "closed":
            return {"state_reason": _optional_text(obj, "state_reason"), "commit_id": _optional_text(obj, "commit_id")}
        case "merged" | "referenced" | "head_ref_force_pushed":
            return {"commit_id": _optional_text(obj, "commit_id")}
        case "locked":
            return {"lock_reason": _optional_text(obj, "lock_reason")}
        case "renamed":
            return {"from": _within(obj, "rename", "from"), "to": _within(obj, "rename", "to")}
        case "labeled" | "unlabeled":
            return {"label": _label(obj.get("label"))}
        case "milestoned" | "demilestoned":
            return {"milestone": _within(obj, "milestone", "title")}
        case "assigned" | "unassigned":
            return {"assignee": _within(obj, "assignee", "login")}
        case "review_requested" | "review_request_removed":
            reviewer, team = _within(obj, "requested_reviewer", "login"), _within(obj, "requested_team", "name")
            return {"reviewer": reviewer, "team": team}
        case "review_dismissed":
            review = _inner(obj, "dismissed_review")
            number = review.get("review_id")
            return {
                "review": number if _is_number(number) else None,
                "state": _optional_text(review, "state"),
                "message": _optional_text(review, "dismissal_message"),
            }
        case "cross-referenced":
            return _source(_inner(_inner(obj, "source"), "issue"))
    return {}


def _source(issue: Json) -> dict[str, Any]:
    """Return which issue a cross-reference comes from, and what it was called; never what it says."""
    ref = repository_of(issue)
    number, numbered = issue.get("id"), issue.get("number")
    url = _optional_text(issue, "html_url")
    name = f"{ref}#{numbered}" if ref and _is_number(numbered) else None
    if name is None and url is not None:
        try:
            name = str(ThreadRef.parse(url))
        except BadReference:
            name = None
    merged_at = _optional_text(_inner(issue, "pull_request"), "merged_at")
    return {
        "source": name,
        "source_id": number if _is_number(number) else None,
        "title": _optional_text(issue, "title"),
        "url": url,
        "state": "merged" if merged_at else _optional_text(issue, "state"),
        "merged_at": merged_at,
    }


def account(item: Any) -> Account | None:
    """Read a user object; None for null (a deleted account) and for GitHub's stand-in `ghost`."""
    if not isinstance(item, Mapping) or not _is_number(item.get("id")) or not isinstance(item.get("login"), str):
        return None
    if item["login"] == "ghost" and item["id"] == GHOST_ID:
        return None
    return Account(item["id"], clean_text(item["login"]), item.get("type") == "Bot" or item["login"].endswith("[bot]"))


def search_page(data: Any) -> tuple[int, bool, list[Any]]:
    """Read a page of search results: how many there are in all, whether GitHub ran out of time, the items.

    Raises BadResponse.
    """
    obj = _object(data, "a page of search results")
    total, items = obj.get("total_count"), obj.get("items")
    if not (total == 0 or _is_number(total)) or not isinstance(items, list):
        raise BadResponse("a page of search results was expected, but the answer holds none")
    return int(total), obj.get("incomplete_results") is True, items


def search_hit(item: Any) -> tuple[ThreadRef, datetime, datetime]:
    """Read where a thread is that a search found, and when it was created and updated. Raises BadResponse."""
    obj = _object(item, "an issue")
    named = repository_of(obj)
    try:
        ref = parse_reference(str(named))
    except BadReference:
        ref = None
    if not isinstance(ref, RepositoryRef):
        raise BadResponse(f"a search result's repository_url is {str(obj.get('repository_url'))[:100]!r}")
    place = ThreadRef(ref.owner, ref.name, _number(obj, "number"))
    return place, _moment(obj, "created_at"), _moment(obj, "updated_at")


MAX_DEPTH = 50
"""GitHub's objects are nested five deep or so; far deeper ones could be read, but no longer be written."""

GHOST_ID = 10137
"""GitHub's account `ghost`, shown as the author in place of deleted accounts."""


def repository_of(item: Any) -> RepositoryRef | None:
    """Return the repository that an issue object says it belongs to, by the end of its repository_url."""
    url = item.get("repository_url") if isinstance(item, Mapping) else None
    found = re.search(r"/repos/([^/]+)/([^/]+)\Z", url) if isinstance(url, str) else None
    return RepositoryRef(found[1], found[2]) if found else None


# --- fields -----------------------------------------------------------------------------------------------------------


def _post(
    obj: Json,
    kind: PostKind,
    created_at: datetime,
    *,
    state: str | None = None,
    reply_to: int | None = None,
    reactions: Json | None = None,
) -> ObservedPost:
    return ObservedPost(
        kind=kind,
        id=_number(obj, "id"),
        author=account(obj.get("user")),
        author_association=_association(obj),
        created_at=created_at,
        updated_at=_optional_moment(obj, "updated_at") or created_at,
        body=_body(obj),
        body_html=_html(obj),
        raw=_clean(obj),
        state=state,
        reply_to=reply_to,
        reactions=reactions,
    )


def _thread_of(obj: Json, key: str, path: str) -> int:
    found = re.search(rf"/{path}/([1-9][0-9]{{0,9}})\Z", _text(obj, key))
    if not found:
        raise BadResponse(f"{key!r} names no thread: {obj[key]!r}")
    return int(found[1])


def _reactions(obj: Json) -> dict[str, int] | None:
    """Return the counts of GitHub's eight reactions; None if the answer does not say."""
    counts = obj.get("reactions")
    if not isinstance(counts, Mapping):
        return None
    return {name: counts[name] for name in REACTIONS if _is_number(counts.get(name))}


def _inner(obj: Json, key: str) -> Json:
    value = obj.get(key)
    return value if isinstance(value, Mapping) else {}


def _within(obj: Json, key: str, inner: str) -> str | None:
    return _optional_text(_inner(obj, key), inner)


def _object(item: Any, what: str) -> Json:
    if not isinstance(item, Mapping):
        raise BadResponse(f"{what} was expected, but the answer holds {type(item).__name__}")
    return item


def _text(obj: Json, key: str) -> str:
    value = obj.get(key)
    if not isinstance(value, str):
        raise BadResponse(f"{key!r} is missing in an answer, or no text")
    return clean_text(value)


def _optional_text(obj: Json, key: str) -> str | None:
    value = obj.get(key)
    return clean_text(value) if isinstance(value, str) and value else None


def _number(obj: Json, key: str) -> int:
    value = obj.get(key)
    if not _is_number(value):
        raise BadResponse(f"{key!r} is missing in an answer, or no positive number")
    return value


def _is_number(value: Any) -> TypeGuard[int]:
    """Return whether it is one of GitHub's numbers: positive, and within what canonical JSON can carry."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53


def _list(obj: Json, key: str) -> list[Any]:
    value = obj.get(key)
    return value if isinstance(value, list) else []


def _moment(obj: Json, key: str) -> datetime:
    try:
        return parse_iso(_text(obj, key))
    except ValueError:
        raise BadResponse(f"{key!r} is no time: {obj[key]!r}") from None


def _optional_moment(obj: Json, key: str) -> datetime | None:
    return _moment(obj, key) if obj.get(key) is not None else None


def _association(obj: Json) -> str:
    value = obj.get("author_association")
    return clean_text(value) if isinstance(value, str) and value else "NONE"


def _body(obj: Json) -> str:
    value = obj.get("body")
    return clean_text(value) if isinstance(value, str) else ""


def _html(obj: Json) -> str | None:
    value = obj.get("body_html")
    return clean_text(value) if isinstance(value, str) else None


def _label(label: Any) -> str | None:
    if isinstance(label, str):
        return clean_text(label)
    return _optional_text(label, "name") if isinstance(label, Mapping) else None


def _clean(value: Any, depth: int = 0) -> Any:
    """Copy a JSON value without lone surrogates, which no UTF-8 can carry."""
    if depth > MAX_DEPTH:
        raise BadResponse(f"an answer holds values nested more than {MAX_DEPTH} deep")
    if isinstance(value, str):
        return value if value.isascii() else clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(key): _clean(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_clean(each, depth + 1) for each in value]
    return value
