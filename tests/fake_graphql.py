"""Owns the GraphQL side of `FakeGitHub`: a small reading of queries, and the objects that they ask about.

It knows the fields that GitHub's schema has and the crawler may want; any other field is an AssertionError. Tests make
discussions with the functions at its end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from fakes import FakeGitHub, FakeRepository

Node = Mapping[str, Any]
MOST_PER_PAGE = 100

_COMMENT = {"Comment", "Node", "Reactable"}
_IMPLEMENTS = {
    "Issue": _COMMENT,
    "PullRequest": _COMMENT,
    "IssueComment": _COMMENT | {"Minimizable"},
    "PullRequestReview": _COMMENT | {"Minimizable"},
    "PullRequestReviewComment": _COMMENT | {"Minimizable"},
    "Discussion": _COMMENT,
    "DiscussionComment": _COMMENT | {"Minimizable"},
    "User": {"Actor", "Node"},
    "Bot": {"Actor", "Node"},
}
_REACTIONS = {"+1": "THUMBS_UP", "-1": "THUMBS_DOWN", "heart": "HEART", "rocket": "ROCKET"}


class NotResolved(Exception):
    """What was asked for is not there: null, and an entry among the errors."""


# --- queries ----------------------------------------------------------------------------------------------------------


@dataclass
class Selection:
    """One field, or one fragment (then `on` is its type), with what is selected below it."""

    name: str = ""
    alias: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    below: list[Selection] = field(default_factory=list)
    on: str | None = None
    spread: str | None = None


class Reader:
    """Reads one query: its selections, and the fragments that they name."""

    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self._tokens = re.findall(r'\.\.\.|[{}()\[\]:$!=@]|"[^"]*"|[A-Za-z_]\w*|-?\d+', text)
        self._at = 0
        self._variables = variables
        self.fragments: dict[str, Selection] = {}
        self.query: list[Selection] = []
        while self._at < len(self._tokens):
            word = self._next()
            if word == "query":
                self._skip_declarations()
                self.query = self._selections()
            else:
                assert word == "fragment", f"unexpected {word}"
                name, on = self._next(), (self._next(), self._next())[1]
                self.fragments[name] = Selection(on=on, below=self._selections())

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _is(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == token:
            self._at += 1
            return True
        return False

    def _skip_declarations(self) -> None:
        if self._is("("):
            while self._next() != ")":
                pass

    def _selections(self) -> list[Selection]:
        assert self._is("{"), f"a selection was expected, not {self._tokens[self._at]}"
        found = []
        while not self._is("}"):
            if self._is("..."):
                if self._is("on"):
                    found.append(Selection(on=self._next(), below=self._selections()))
                else:
                    found.append(Selection(spread=self._next()))
                continue
            alias = name = self._next()
            if self._is(":"):
                name = self._next()
            arguments = {}
            if self._is("("):
                while not self._is(")"):
                    key = self._next()
                    assert self._is(":")
                    arguments[key] = self._value()
            below = self._selections() if self._tokens[self._at] == "{" else []
            found.append(Selection(name, alias, arguments, below))
        return found

    def _value(self) -> Any:
        token = self._next()
        if token == "$":
            return self._variables[self._next()]
        if token == "{":
            made = {}
            while not self._is("}"):
                key = self._next()
                assert self._is(":")
                made[key] = self._value()
            return made
        return int(token) if token.lstrip("-").isdigit() else token


def resolved(reader: Reader, node: Node, selections: Sequence[Selection], errors: list[Any], path: list[Any]) -> Any:
    """Return what is selected of a node."""
    made: dict[str, Any] = {}
    for each in selections:
        if each.spread is not None:
            each = reader.fragments[each.spread]
        if each.on is not None:
            kind = node["__typename"]
            if each.on == kind or each.on in _IMPLEMENTS.get(kind, ()):
                made |= resolved(reader, node, each.below, errors, path)
            continue
        assert each.name in node, f"{node['__typename']} has no field {each.name}"
        value = node[each.name]
        here = [*path, each.alias]
        try:
            value = value(**each.arguments) if callable(value) else value
        except NotResolved as error:
            errors.append({"type": "NOT_FOUND", "path": here, "message": str(error)})
            value = None
        made[each.alias] = _below(reader, value, each.below, errors, here)
    return made


def _below(reader: Reader, value: Any, below: list[Selection], errors: list[Any], path: list[Any]) -> Any:
    if isinstance(value, list):
        return [_below(reader, each, below, errors, [*path, at]) for at, each in enumerate(value)]
    if isinstance(value, Mapping):
        assert below, f"a selection below {path} was expected"
        return resolved(reader, value, below, errors, path)
    assert value is None or not below, f"nothing can be selected below {path}"
    return value


def answer(github: FakeGitHub, request: httpx.Request) -> httpx.Response:
    """Answer a query as GitHub would."""
    if "authorization" not in request.headers:
        return httpx.Response(401, json={"message": "This endpoint requires you to be authenticated."})
    asked = json.loads(request.content)
    reader = Reader(asked["query"], asked["variables"])
    errors: list[Any] = []
    objects = Objects(github)
    data = resolved(reader, objects.root(errors), reader.query, errors, [])
    headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4242", "x-ratelimit-resource": "graphql"}
    headers["x-ratelimit-reset"] = "1893456000"
    return httpx.Response(200, json={"data": data, **({"errors": errors} if errors else {})}, headers=headers)


# --- objects ----------------------------------------------------------------------------------------------------------


def connection(of: str, items: Sequence[Any], show: Callable[[Any], Node]) -> Callable[..., Node]:
    """Return a connection over items, with cursors that name an item rather than a place."""

    def pages(first: int | None = None, last: int | None = None, after: str | None = None, **_: Any) -> Node:
        assert 1 <= (first or last or 0) <= MOST_PER_PAGE, f"{first or last} nodes of a page"
        start = int(after) if after else 0
        shown = items[start : start + first] if first is not None else items[-(last or 0) :]
        end = start + len(shown)
        return {
            "__typename": f"{of}Connection",
            "totalCount": len(items),
            "pageInfo": {
                "__typename": "PageInfo",
                "hasNextPage": first is not None and end < len(items),
                "endCursor": str(end) if shown else None,
            },
            "nodes": [show(each) for each in shown],
        }

    return pages


class Objects:
    """The objects of a `FakeGitHub`, as GraphQL shows them."""

    def __init__(self, github: FakeGitHub) -> None:
        self._github = github

    def root(self, errors: list[Any]) -> Node:
        """Return what a query starts from."""

        def nodes(ids: list[str]) -> list[Node | None]:
            assert len(ids) <= MOST_PER_PAGE, f"{len(ids)} ids at once"
            found = [self._node(each) for each in ids]
            for at, each in enumerate(found):
                if each is None:
                    message = f"Could not resolve to a node with the global id of '{ids[at]}'"
                    errors.append({"type": "NOT_FOUND", "path": ["nodes", at], "message": message})
            return found

        def node(id: str) -> Node:  # noqa: A002
            found = self._node(id)
            if found is None:
                raise NotResolved(f"Could not resolve to a node with the global id of '{id}'")
            return found

        return {"__typename": "Query", "nodes": nodes, "node": node, "repository": self._repository}

    def _repository(self, owner: str, name: str) -> Node:
        full_name = self._github.renamed.get(f"{owner}/{name}", f"{owner}/{name}")
        found = next((r for r in self._github.repositories if r.full_name.lower() == full_name.lower()), None)
        if found is None or found.id in self._github.blocked:
            raise NotResolved(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        repository = found
        rows = sorted(repository.discussions.values(), key=lambda each: each["updated_at"], reverse=True)

        def discussion(number: int) -> Node:
            if number not in repository.discussions:
                raise NotResolved(f"Could not resolve to a Discussion with the number of {number}.")
            return self._discussion(repository, repository.discussions[number])

        return {
            "__typename": "Repository",
            "databaseId": repository.id,
            "hasDiscussionsEnabled": True,
            "discussion": discussion,
            "discussions": connection("Discussion", rows, lambda row: self._discussion(repository, row)),
        }

    def _node(self, node_id: str) -> Node | None:
        for repository in self._github.repositories:
            if repository.id in self._github.blocked:
                continue
            for kind, prefix, rows in _places(repository):
                for row in rows.values():
                    if node_id == row.get("node_id", f"{prefix}_{row['id']}"):
                        return self._post(repository, kind, node_id, row)
        return None

    def _post(self, repository: FakeRepository, kind: str, node_id: str, row: Mapping[str, Any]) -> Node:
        if kind == "DiscussionComment":
            return self._discussion_comment(repository, row)
        if kind == "Discussion":
            return self._discussion(repository, row)
        kind = "PullRequest" if kind == "Issue" and row.get("pull_request") else kind
        return {"__typename": kind, "id": node_id, **self._common(repository, row)}

    def _common(self, repository: FakeRepository, row: Mapping[str, Any]) -> dict[str, Any]:
        edits = repository.edits.get(row["id"], [])
        counts = row.get("reactions") or {}
        return {
            "databaseId": row["id"],
            "url": f"https://github.com/{repository.full_name}#{row['id']}",
            "author": self._actor(row["user"]),
            "authorAssociation": row["author_association"],
            "body": row["body"] or "",
            "bodyHTML": f"<p>{row['body']}</p>" if row["body"] else "",
            "createdAt": row.get("created_at") or row.get("submitted_at"),
            "updatedAt": row.get("updated_at") or row.get("submitted_at"),
            "lastEditedAt": edits[-1]["at"] if edits else None,
            "isMinimized": row["id"] in repository.minimized,
            "minimizedReason": repository.minimized.get(row["id"]),
            "upvoteCount": row.get("upvotes", 0),
            "userContentEdits": connection(
                "UserContentEdit", list(enumerate(edits))[::-1], lambda each: self._edit(row, *each)
            ),
            "reactionGroups": [
                {
                    "__typename": "ReactionGroup",
                    "content": word,
                    "reactors": {"__typename": "ReactorConnection", "totalCount": counts.get(name, 0)},
                }
                for name, word in _REACTIONS.items()
            ],
        }

    def _edit(self, row: Mapping[str, Any], at: int, each: Mapping[str, Any]) -> Node:
        return {
            "__typename": "UserContentEdit",
            "id": f"UCE_{row['id']}_{at}",
            "editedAt": each["at"],
            "deletedAt": each["deleted_at"],
            "diff": None if each["deleted_at"] else each["body"],
            "editor": self._actor(each["editor"]),
        }

    def _discussion(self, repository: FakeRepository, row: Mapping[str, Any]) -> Node:
        comments = [
            each
            for each in repository.discussion_comments.values()
            if each["number"] == row["number"] and each["reply_to"] is None
        ]
        answer = repository.discussion_comments.get(row["answer"] or 0)
        return {
            "__typename": "Discussion",
            "id": f"D_{row['id']}",
            **self._common(repository, row),
            "number": row["number"],
            "title": row["title"],
            "closed": row["closed_at"] is not None,
            "closedAt": row["closed_at"],
            "stateReason": row["state_reason"],
            "locked": row["locked"],
            "activeLockReason": None,
            "category": {
                "__typename": "DiscussionCategory",
                "id": "DIC_1",
                "name": row["category"],
                "slug": row["category"].lower(),
                "isAnswerable": row["category"] == "Q&A",
            },
            "labels": connection("Label", row["labels"], lambda name: {"__typename": "Label", "name": name}),
            "answer": self._discussion_comment(repository, answer) if answer else None,
            "answerChosenAt": row["answer_chosen_at"],
            "answerChosenBy": self._actor(row["answer_chosen_by"]),
            "comments": connection(
                "DiscussionComment", comments, lambda each: self._discussion_comment(repository, each)
            ),
        }

    def _discussion_comment(self, repository: FakeRepository, row: Mapping[str, Any]) -> Node:
        replies = [each for each in repository.discussion_comments.values() if each["reply_to"] == row["id"]]
        return {
            "__typename": "DiscussionComment",
            "id": f"DC_{row['id']}",
            **self._common(repository, row),
            "deletedAt": row["deleted_at"],
            "isAnswer": repository.discussions[row["number"]]["answer"] == row["id"],
            "replies": connection(
                "DiscussionComment", replies, lambda each: self._discussion_comment(repository, each)
            ),
        }

    def _actor(self, who: Any) -> Node | None:
        if who is None or who["login"] in self._github.hidden:
            return None
        kind = who["type"]
        return {"__typename": kind, "login": who["login"].removesuffix("[bot]"), "databaseId": who["id"]}


def _places(repository: FakeRepository) -> Iterator[tuple[str, str, Mapping[int, Mapping[str, Any]]]]:
    yield "Issue", "I", repository.issues
    yield "IssueComment", "IC", repository.comments
    yield "PullRequestReview", "PRR", repository.reviews
    yield "PullRequestReviewComment", "PRRC", repository.review_comments
    yield "Discussion", "D", repository.discussions
    yield "DiscussionComment", "DC", repository.discussion_comments


# --- what tests make --------------------------------------------------------------------------------------------------


def discuss(repository: FakeRepository, title: str, body: str, login: str = "asker", **more: Any) -> int:
    """Add a discussion and return its number, which follows those of issues and discussions."""
    from fakes import user

    number = max([*repository.issues, *repository.discussions], default=0) + 1
    now = repository.tick()
    repository.discussions[number] = {
        "id": next(repository._ids),
        "number": number,
        "title": title,
        "body": body,
        "user": user(login),
        "author_association": "NONE",
        "created_at": now,
        "updated_at": now,
        "category": "General",
        "closed_at": None,
        "state_reason": None,
        "locked": False,
        "labels": [],
        "answer": None,
        "answer_chosen_at": None,
        "answer_chosen_by": None,
        **more,
    }
    return number


def reply(
    repository: FakeRepository,
    number: int,
    body: str,
    login: str | None = "replier",
    *,
    to: int | None = None,
    **more: Any,
) -> int:
    """Add a comment to a discussion, or a reply to one of its comments, and return its id."""
    from fakes import user

    now = repository.tick()
    comment_id = next(repository._ids)
    repository.discussion_comments[comment_id] = {
        "id": comment_id,
        "number": number,
        "reply_to": to,
        "body": body,
        "user": user(login),
        "author_association": "MEMBER",
        "created_at": now,
        "updated_at": now,
        "deleted_at": None,
        **more,
    }
    repository.discussions[number]["updated_at"] = now
    return comment_id


def choose(repository: FakeRepository, comment_id: int, login: str = "asker") -> None:
    """Choose a comment as the answer of its discussion."""
    from fakes import user

    now = repository.tick()
    row = repository.discussions[repository.discussion_comments[comment_id]["number"]]
    row |= {"answer": comment_id, "answer_chosen_at": now, "answer_chosen_by": user(login), "updated_at": now}


def delete(repository: FakeRepository, comment_id: int) -> None:
    """Delete a comment of a discussion: if it has replies, its place stays, empty."""
    now = repository.tick()
    row = repository.discussion_comments[comment_id]
    repository.discussions[row["number"]]["updated_at"] = now
    if any(each["reply_to"] == comment_id for each in repository.discussion_comments.values()):
        row |= {"deleted_at": now, "body": "", "user": None}
    else:
        del repository.discussion_comments[comment_id]


def delete_edit(repository: FakeRepository, post_id: int, at: int) -> None:
    """Delete the content of one entry of a post's edit history, the first one being 0."""
    repository.edits[post_id][at]["deleted_at"] = repository.tick()
