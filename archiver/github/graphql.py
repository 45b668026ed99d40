"""Holds what is asked of GitHub's GraphQL API, and reads its answers into observations of the model.

Pure: it asks for nothing and keeps nothing. Objects are brought into the shape of the REST API where that has the same
ones, so that one reading (`parse`) decides what can be understood.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from archiver.digests import clean_text
from archiver.errors import BadResponse
from archiver.github import parse
from archiver.github.bodies import message_of
from archiver.model import Account, iso, parse_iso
from archiver.observed import ObservedEdit, ObservedEvent, ObservedPost, ObservedThread
from archiver.references import ThreadKind

Json = Mapping[str, Any]

# --- the way there and back -------------------------------------------------------------------------------------------


def endpoint(api_url: str) -> str:
    """Return the address of GraphQL that belongs to a REST API's (on GitHub Enterprise it stands beside `/v3`)."""
    base = api_url.rstrip("/")
    return f"{base.removesuffix('/v3')}/graphql" if base.endswith("/api/v3") else f"{base}/graphql"


@dataclass(frozen=True, slots=True)
class QueryErrors:
    """The errors of an answer: their types, and what the first one that matters says."""

    kinds: tuple[str, ...] = ()
    message: str = ""

    @classmethod
    def of(cls, answer: Any) -> QueryErrors:
        """Read them from an answer, whatever it is."""
        found = answer.get("errors") if isinstance(answer, Mapping) else None
        errors = [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
        telling = [each for each in errors if each.get("type") != "NOT_FOUND"] or errors
        kinds = tuple(str(each.get("type")) for each in errors)
        return cls(kinds, message_of(telling[0]) if telling else message_of(answer))

    def harmless(self, data: Json, *, strict: bool) -> bool:
        """Return whether `data` can be used all the same."""
        others = [kind for kind in self.kinds if kind != "NOT_FOUND"]
        return not others or (not strict and any(value is not None for value in data.values()))


PER_PAGE = 100
"""How many nodes GitHub gives on one page at most."""


# --- queries ----------------------------------------------------------------------------------------------------------

_WHO = """
fragment who on Actor {
  __typename login
  ... on User { databaseId } ... on Bot { databaseId }
  ... on Organization { databaseId } ... on Mannequin { databaseId }
}
"""
_HIDDEN = """
fragment hidden on Minimizable { isMinimized minimizedReason }
"""
_EDITS = """
fragment edits on UserContentEditConnection {
  pageInfo { hasNextPage endCursor }
  nodes { id editedAt deletedAt diff editor { ...who } }
}
"""
_SAID = """
fragment post on Comment {
  id author { ...who } authorAssociation body bodyHTML createdAt updatedAt lastEditedAt
}
fragment reactions on Reactable { reactionGroups { content reactors { totalCount } } }
fragment said on DiscussionComment {
  databaseId url upvoteCount isAnswer deletedAt ...post ...reactions ...hidden
}
fragment replies on DiscussionCommentConnection {
  totalCount pageInfo { hasNextPage endCursor } nodes { ...said }
}
"""

HISTORIES = (
    """
query($edited: [ID!]!, $others: [ID!]!, $first: Int!) {
  edited: nodes(ids: $edited) { id ...hidden ... on Comment { userContentEdits(first: $first) { ...edits } } }
  others: nodes(ids: $others) { id ...hidden }
}
"""
    + _HIDDEN
    + _EDITS
    + _WHO
)
"""The edits of some posts, and whether they and some others are minimized."""

MORE_EDITS = (
    """
query($id: ID!, $first: Int!, $after: String!) {
  node(id: $id) { id ... on Comment { userContentEdits(first: $first, after: $after) { ...edits } } }
}
"""
    + _EDITS
    + _WHO
)
"""A further page of one post's edits."""

DISCUSSIONS = (
    """
query($owner: String!, $name: String!, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    databaseId
    hasDiscussionsEnabled
    discussions(first: $first, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        number title updatedAt body author { ...who }
        earliest: comments(first: 20) { nodes { ...brief replies(first: 5) { nodes { ...brief } } } }
        latest: comments(last: 10) { nodes { ...brief replies(last: 5) { nodes { ...brief } } } }
      }
    }
  }
}
fragment brief on DiscussionComment { body author { ...who } }
"""
    + _WHO
)
"""A page of a repository's discussions, updated last first, with as much of each as is needed to judge it."""

DISCUSSION = (
    """
query($owner: String!, $name: String!, $number: Int!, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    databaseId
    discussion(number: $number) {
      databaseId number url title closed closedAt stateReason locked activeLockReason upvoteCount
      category { id name slug isAnswerable }
      labels(first: 100) { nodes { name } }
      answerChosenAt answerChosenBy { ...who } answer { databaseId }
      ...post ...reactions
      comments(first: $first, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes { ...said replies(first: $first) { ...replies } }
      }
    }
  }
}
"""
    + _SAID
    + _HIDDEN
    + _WHO
)
"""A discussion with a page of its comments, and the first replies to each."""

REPLIES = (
    """
query($id: ID!, $first: Int!, $after: String!) {
  node(id: $id) { id ... on DiscussionComment { replies(first: $first, after: $after) { ...replies } } }
}
"""
    + _SAID
    + _HIDDEN
    + _WHO
)
"""A further page of the replies to one comment."""

PRESENT = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on DiscussionComment { deletedAt } } }"
"""Which nodes are there: of a deleted comment with replies, the place stays."""


# --- connections ------------------------------------------------------------------------------------------------------


def nodes(connection: Any) -> list[Json]:
    """Return a connection's nodes; none if it is null."""
    found = connection.get("nodes") if isinstance(connection, Mapping) else None
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def following(connection: Any) -> str | None:
    """Return the cursor of a connection's next page; None at its end."""
    info = connection.get("pageInfo") if isinstance(connection, Mapping) else None
    if not isinstance(info, Mapping) or not info.get("hasNextPage"):
        return None
    cursor = info.get("endCursor")
    return cursor if isinstance(cursor, str) and cursor else None


def total(connection: Any) -> int:
    """Return how many nodes there are in all."""
    count = connection.get("totalCount") if isinstance(connection, Mapping) else None
    return count if isinstance(count, int) and count > 0 else 0


# --- edits ------------------------------------------------------------------------------------------------------------


def edits(found: Sequence[Json]) -> tuple[ObservedEdit, ...]:
    """Read the entries of a post's edit history, which GitHub gives latest first; the result begins with the oldest.

    Raises BadResponse.
    """
    read = [_edit(each) for each in reversed(found)]
    return tuple(sorted(read, key=lambda each: each.at))


def _edit(item: Json) -> ObservedEdit:
    key, diff = item.get("id"), item.get("diff")
    at = _moment(item, "editedAt")
    if not isinstance(key, str) or not key or at is None:
        raise BadResponse("an edit was expected, but the answer holds none")
    deleted_at = _moment(item, "deletedAt")
    body = clean_text(diff) if isinstance(diff, str) and deleted_at is None else None
    return ObservedEdit(clean_text(key), at, account(item.get("editor")), body, deleted_at)


def minimized(item: Json) -> str | None:
    """Return why a post is minimized, in GitHub's word; None if it is not, or cannot be."""
    if not item.get("isMinimized"):
        return None
    reason = item.get("minimizedReason")
    # GitHub's word is `off-topic`, or `OFF_TOPIC` in older answers.
    return clean_text(reason).lower().replace("_", "-") if isinstance(reason, str) and reason else "minimized"


def account(item: Any) -> Account | None:
    """Read an actor as the account that the REST API would show."""
    return parse.account(_user(item))


# --- discussions ------------------------------------------------------------------------------------------------------


def repository(data: Json, repository_id: int) -> Json | None:
    """Return an answer's repository; None if it was not found. Raises BadResponse if it is another one."""
    found = data.get("repository")
    if not isinstance(found, Mapping):
        return None
    if found.get("databaseId") != repository_id:
        raise BadResponse(f"the repository of that name is number {found.get('databaseId')}, not {repository_id}")
    return found


@dataclass(frozen=True, slots=True)
class Glance:
    """As much of a discussion as a list shows: enough to tell whether it is to be fetched whole."""

    number: int
    title: str
    updated_at: datetime
    posts: tuple[tuple[str, Account | None], ...]


def glance(item: Json) -> Glance:
    """Read a discussion of a list. Raises BadResponse."""
    number, title, at = item.get("number"), item.get("title"), _moment(item, "updatedAt")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1 or at is None:
        raise BadResponse("a discussion was expected, but the answer holds none")
    comments = [each for name in ("earliest", "latest") for each in nodes(item.get(name))]
    said = [item, *(each for comment in comments for each in (comment, *nodes(comment.get("replies"))))]
    posts = [(_clean(each.get("body")), account(each.get("author"))) for each in said]
    return Glance(number, _clean(title), at, tuple(dict.fromkeys(posts)))


def discussion(item: Json, comments: int) -> ObservedThread:
    """Read a discussion as a thread with its opening post; `comments` is how many there are. Raises BadResponse."""
    category, lock = item.get("category"), item.get("activeLockReason")
    obj = {
        **_said(item),
        "number": item.get("number"),
        "title": item.get("title"),
        "state": "closed" if item.get("closed") else "open",
        "state_reason": _word(item.get("stateReason"), "_"),
        "locked": item.get("locked"),
        # The REST API's words are `too heated`, but `off-topic`.
        "active_lock_reason": _word(lock, " " if lock == "TOO_HEATED" else "-"),
        "labels": nodes(item.get("labels")),
        "closed_at": item.get("closedAt"),
        "comments": comments,
        "category": category,
        "upvotes": item.get("upvoteCount"),
    }
    seen = parse.thread(obj)
    opening = replace(seen.opening, updated_at=_edited_at(item, seen.opening), reactions=_reactions(item))
    return replace(
        seen,
        kind=ThreadKind.DISCUSSION,
        opening=opening,
        category=_clean(category.get("name")) or None if isinstance(category, Mapping) else None,
    )


def comment(item: Json, reply_to: int | None) -> ObservedPost:
    """Read a comment of a discussion, or a reply to one. Raises BadResponse."""
    obj = {
        **_said(item),
        "issue_url": "/issues/1",  # what a REST comment names its thread by
        "upvotes": item.get("upvoteCount"),
    }
    _, seen = parse.comment(obj)
    raw = {key: value for key, value in seen.raw.items() if key != "issue_url"}
    return replace(
        seen,
        updated_at=_edited_at(item, seen),
        raw=raw,
        state="answer" if item.get("isAnswer") else None,
        reply_to=reply_to,
        reactions=_reactions(item),
    )


def events(item: Json) -> list[ObservedEvent]:
    """Read what a discussion tells of its own story: that an answer was chosen."""
    answer, at = item.get("answer"), _moment(item, "answerChosenAt")
    number = answer.get("databaseId") if isinstance(answer, Mapping) else None
    if at is None or not isinstance(number, int):
        return []
    by = account(item.get("answerChosenBy"))
    return [ObservedEvent(f"answered-{number}-{iso(at)}", "answered", at, by, {"comment": number})]


# --- small things -----------------------------------------------------------------------------------------------------

_REACTIONS = {
    "THUMBS_UP": "+1",
    "THUMBS_DOWN": "-1",
    "LAUGH": "laugh",
    "HOORAY": "hooray",
    "CONFUSED": "confused",
    "HEART": "heart",
    "ROCKET": "rocket",
    "EYES": "eyes",
}


def _said(item: Json) -> dict[str, Any]:
    """Return what a discussion and its comments have in common, in the shape of the REST API."""
    return {
        "id": item.get("databaseId"),
        "node_id": item.get("id"),
        "html_url": item.get("url"),
        "user": _user(item.get("author")),
        "author_association": item.get("authorAssociation"),
        "created_at": item.get("createdAt"),
        "updated_at": item.get("updatedAt"),
        "last_edited_at": item.get("lastEditedAt"),
        "body": item.get("body"),
        "body_html": item.get("bodyHTML"),
    }


def _user(item: Any) -> dict[str, Any] | None:
    if not isinstance(item, Mapping):
        return None
    login, kind = item.get("login"), item.get("__typename")
    if kind == "Bot" and isinstance(login, str) and not login.endswith("[bot]"):
        login += "[bot]"  # as the REST API spells it
    return {"id": item.get("databaseId"), "login": login, "type": kind}


def _edited_at(item: Json, seen: ObservedPost) -> datetime:
    """Return when its text was changed last: `updatedAt` moves with votes and answers, too."""
    return _moment(item, "lastEditedAt") or seen.created_at


def _reactions(item: Json) -> dict[str, int] | None:
    groups = item.get("reactionGroups")
    if not isinstance(groups, list):
        return None
    return dict(_counts(groups))


def _counts(groups: Sequence[Any]) -> Iterator[tuple[str, int]]:
    for group in groups:
        name = _REACTIONS.get(str(group.get("content"))) if isinstance(group, Mapping) else None
        reactors = group.get("reactors") if name else None
        count = reactors.get("totalCount") if isinstance(reactors, Mapping) else None
        if name and isinstance(count, int) and count > 0:
            yield name, count


def _word(value: Any, joint: str) -> str | None:
    return value.lower().replace("_", joint) if isinstance(value, str) and value else None


def _clean(value: Any) -> str:
    return clean_text(value) if isinstance(value, str) else ""


def _moment(item: Json, key: str) -> datetime | None:
    value = item.get(key)
    if value is None:
        return None
    try:
        return parse_iso(str(value))
    except ValueError:
        raise BadResponse(f"{key!r} is no time: {str(value)[:40]!r}") from None
