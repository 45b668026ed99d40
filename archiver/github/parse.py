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
from archiver.model import (
    Account,
    ObservedPost,
    ObservedThread,
    PostKind,
    Repository,
    RepositoryRef,
    ThreadKind,
    parse_iso,
    parse_reference,
)

Json = Mapping[str, Any]


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
    )
    milestone = obj.get("milestone")
    return ObservedThread(
        number=number,
        kind=ThreadKind.PULL if isinstance(pull, Mapping) else ThreadKind.ISSUE,
        title=_text(obj, "title"),
        state=_text(obj, "state"),
        state_reason=_optional_text(obj, "state_reason"),
        locked=bool(obj.get("locked")),
        lock_reason=_optional_text(obj, "active_lock_reason"),
        labels=tuple(sorted({name for label in _list(obj, "labels") if (name := _label(label))})),
        milestone=_optional_text(milestone, "title") if isinstance(milestone, Mapping) else None,
        assignees=tuple(sorted({a.login for each in _list(obj, "assignees") if (a := account(each))})),
        created_at=created_at,
        updated_at=opening.updated_at,
        closed_at=_optional_moment(obj, "closed_at"),
        merged_at=_optional_moment(pull, "merged_at") if isinstance(pull, Mapping) else None,
        closed_by=account(closed_by),
        closed_by_known="closed_by" in obj,
        comments=count if _is_number(count := obj.get("comments")) else 0,
        opening=opening,
    )


def comment(item: Any) -> tuple[int, ObservedPost]:
    """Read an issue comment; return the number of its thread with it. Raises BadResponse."""
    obj = _object(item, "a comment")
    found = re.search(r"/issues/([1-9][0-9]{0,9})\Z", _text(obj, "issue_url"))
    if not found:
        raise BadResponse(f"a comment's issue_url is {obj['issue_url']!r}")
    created_at = _moment(obj, "created_at")
    return int(found[1]), ObservedPost(
        kind=PostKind.COMMENT,
        id=_number(obj, "id"),
        author=account(obj.get("user")),
        author_association=_association(obj),
        created_at=created_at,
        updated_at=_optional_moment(obj, "updated_at") or created_at,
        body=_body(obj),
        body_html=_html(obj),
        raw=_clean(obj),
    )


def account(item: Any) -> Account | None:
    """Read a user object; None for null (a deleted account) and for GitHub's stand-in `ghost`."""
    if not isinstance(item, Mapping) or not _is_number(item.get("id")) or not isinstance(item.get("login"), str):
        return None
    if item["login"] == "ghost" and item["id"] == GHOST_ID:
        return None
    return Account(item["id"], clean_text(item["login"]), item.get("type") == "Bot" or item["login"].endswith("[bot]"))


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
