"""Describes `/api/v1` in the form of OpenAPI 3.1, for programs that write clients.

The shapes themselves are made in `search.serial`, `search.outcomes` and `archiver.coverage`; docs/api.md tells people.
"""

from __future__ import annotations

from typing import Any

from archiver import __version__
from archiver.answers import Answer
from archiver.model import FindingKind, PostKind
from archiver.references import ThreadKind
from search.query import SORTS

Schema = dict[str, Any]


# --- pieces -----------------------------------------------------------------------------------------------------------


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _text(words: str = "", **more: Any) -> Schema:
    return {"type": "string", **({"description": words} if words else {}), **more}


def _number(words: str = "") -> Schema:
    return {"type": "integer", **({"description": words} if words else {})}


def _flag(words: str = "") -> Schema:
    return {"type": "boolean", **({"description": words} if words else {})}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _or_null(schema: Schema) -> Schema:
    if "$ref" in schema or "enum" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def _object(optional: Schema | None = None, /, **properties: Schema) -> Schema:
    """Return an object with all of its properties, and perhaps those that are `optional`, and no others."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def _open(words: str, of: Schema | None = None) -> Schema:
    return {"type": "object", "description": words, "additionalProperties": of or True}


_TIME = _text("UTC, ISO 8601 with Z.", format="date-time")
_URL = {"type": "string", "format": "uri"}
_DIGEST = _text("SHA-256, lower-case hex.", pattern="^[0-9a-f]{64}$")
_LOGIN = _or_null(_text("A login; null for a deleted or withdrawn account."))
_ASSOCIATION = _or_null(_text("The author's standing in the repository, as GitHub spells it."))
_POST_KIND = _text(enum=[each.value for each in PostKind])


# --- shapes -----------------------------------------------------------------------------------------------------------


def _thread_fields() -> dict[str, Schema]:
    maybe = _or_null(_text())
    return {
        "repository": _text("owner/name, as it is called now."),
        "number": _number(),
        "kind": _text(enum=[each.value for each in ThreadKind]),
        "title": _text(),
        "state": _text(enum=["open", "closed"]),
        "state_reason": maybe,
        "locked": _flag(),
        "lock_reason": maybe,
        "draft": _flag(),
        "category": _or_null(_text("Of a discussion.")),
        "labels": _list(_text()),
        "milestone": maybe,
        "assignees": _list(_text()),
        "author": _LOGIN,
        "author_association": _ASSOCIATION,
        "created_at": _TIME,
        "updated_at": _TIME,
        "closed_at": _or_null(_TIME),
        "closed_by": _LOGIN,
        "merged_at": _or_null(_TIME),
        "url": _URL,
        "upstream_url": _URL,
        "snapshot": _DIGEST,
        "first_captured_at": _TIME,
        "last_checked_at": _TIME,
        "gone": _or_null(_ref("Gone")),
        "gap": _or_null(_text("What is known to be missing, in words.")),
        "relevance": _object(
            terms=_list(_text()),
            spdx=_list(_text("An SPDX id, or a family as GPL.")),
            topics=_list(_text()),
            relicensing=_or_null(_object(**{"from": _list(_text()), "to": _list(_text())})),
        ),
    }


def _schemas() -> dict[str, Schema]:
    edit = {"at": _TIME, "editor": _LOGIN, "revision": _or_null(_DIGEST), "deleted_at": _or_null(_TIME)}
    return {
        "Error": {
            "type": "object",
            "properties": {
                "error": _text("A word for programs."),
                "message": _text("A sentence for people."),
                "reason": _text("Of what was withdrawn: the reason's class."),
                "since": _TIME,
            },
            "required": ["error", "message"],
        },
        "Gone": _object(
            {"reason": _text("Only of what is withdrawn here: the reason's class.")}, status=_number(), since=_TIME
        ),
        "ThreadSummary": _object(**_thread_fields()),
        "Thread": _object(
            **_thread_fields(),
            posts=_list(_ref("Post")),
            events=_list(_ref("Event")),
            facts=_open("How the thread went: see docs/api.md."),
            consent=_or_null(_ref("Consent")),
        ),
        "Post": _object(
            id=_number("GitHub's number."),
            kind=_POST_KIND,
            url=_URL,
            upstream_url=_URL,
            author=_LOGIN,
            author_association=_ASSOCIATION,
            created_at=_TIME,
            updated_at=_TIME,
            body=_text("Markdown, as written."),
            body_html=_or_null(_text("As GitHub rendered it at capture. Not sanitised.")),
            gone=_or_null(_ref("Gone")),
            state=_or_null(_text("Of a review, or `answer`.")),
            reply_to=_or_null(_number("GitHub's number of the post of the same kind that it answers.")),
            reactions=_open("Counts by name.", _number()),
            minimized=_or_null(_text("Why it is hidden upstream.")),
            context=_or_null(_object(path=_or_null(_text()), line=_or_null(_number()), diff_hunk=_or_null(_text()))),
            revisions=_list(_ref("Revision")),
            edits=_list(_object(**edit)),
        ),
        "Revision": _object(
            {"archived_at": _TIME},
            digest=_DIGEST,
            edited_at=_or_null(_TIME),
            captured_at=_TIME,
            source=_text(enum=["seen", "history", "gharchive"]),
            body=_text(),
        ),
        "Event": _object(kind=_text(), at=_TIME, actor=_LOGIN, detail=_open("What the kind of event tells.")),
        "Place": _object(kind=_POST_KIND, id=_number(), url=_URL),
        "History": _object(
            captures=_list(_object(number=_number(), at=_TIME, snapshot=_DIGEST, url=_URL, changes=_list(_text()))),
            findings=_list(
                _object(
                    number=_number(),
                    at=_TIME,
                    kind=_text(enum=[each.value for each in FindingKind]),
                    about=_text(enum=["post", "thread", "repository"]),
                    post=_or_null(_ref("Place")),
                    detail=_open("What the kind of finding tells."),
                )
            ),
            edits=_list(_object(post=_ref("Place"), **edit)),
        ),
        "Consent": _object(
            asked=_list(_object(post=_ref("Place"), revision=_DIGEST, at=_TIME, by=_LOGIN, words=_text())),
            counts=_open("How many gave each answer.", _number()),
            counts_of_listed=_or_null(_open("The same, of those whom a list names.", _number())),
            answers=_list(
                {
                    "type": "object",
                    "properties": {
                        "author": _LOGIN,
                        "answer": _text(enum=[each.value for each in Answer]),
                        "at": _TIME,
                        "post": _ref("Place"),
                        "revision": _DIGEST,
                        "permalink": _or_null(_URL),
                    },
                    "required": ["author", "answer", "at", "post"],
                }
            ),
            listed=_list(_open("An account that was asked by name.")),
            reactions=_open("Counts of reactions to the request.", _number()),
            posts_not_read=_number("Posts whose answer is not understood."),
        ),
        "Results": _object(
            query=_text(),
            total=_number("How many fit the whole query."),
            partial_total=_number("How many follow that fit a part of it."),
            page=_number(),
            per_page=_number(),
            notices=_list(_text("What of the query could not be used, and what else there is to say.")),
            did_you_mean=_or_null(_text()),
            results=_list(_ref("Result")),
            facets=_open("Counts of all matches by name.", _list(_object(value=_text(), count=_number()))),
        ),
        "Result": {
            "type": "object",
            "properties": {
                "thread": _ref("ThreadSummary"),
                "score": {"type": "number"},
                "partial": _flag("Only a part of the query fits."),
                "best_post": _or_null(_ref("BestPost")),
            },
            "required": ["thread", "score", "partial", "best_post"],
        },
        "BestPost": {
            "type": "object",
            "properties": {
                "id": _number(),
                "url": _URL,
                "author": _LOGIN,
                "snippet": _object(
                    text=_text("Plain text."), spans=_list(_list(_number("Start and end in characters.")))
                ),
            },
            "required": ["id", "url", "author", "snippet"],
        },
        "Repositories": _object(repositories=_list(_ref("Repository"))),
        "Repository": {
            "type": "object",
            "properties": {
                "repository": _text("owner/name"),
                "id": _number("GitHub's number."),
                "aliases": _list(_text()),
                "description": _or_null(_text()),
                "url": _URL,
                "upstream_url": _URL,
                "threads": _number(),
                "posts": _number(),
                "posts_upstream": _number("As GitHub counts them."),
                "first_complete_at": _or_null(_TIME),
                "last_complete_at": _or_null(_TIME),
                "unfinished": _flag("A pass over the listing is under way."),
                "gone": _or_null(_ref("Gone")),
                "gone_threads": _number(),
                "gone_posts": _number(),
                "withdrawn_threads": _number(),
                "not_asked": _open("What could not be asked for, and why.", _text()),
                "last_sweep_at": _or_null(_TIME),
                "swept": _or_null(_open("What the last sweep asked for and found.")),
                "flag": _or_null(_open("Set while a sweep found more missing at once than it believed.")),
                "gaps": _list(_object(number=_number(), gap=_text())),
                "failures": _list(_object(target=_text(), reason=_text(), at=_TIME, times=_number())),
            },
            "required": ["repository", "id", "aliases", "threads", "posts", "url", "upstream_url"],
        },
        "Snapshot": _open("The canonical JSON whose SHA-256 is the digest: see docs/format.md."),
    }


# --- addresses --------------------------------------------------------------------------------------------------------


def _answer(schema: str) -> Schema:
    return {"description": "Found.", "content": {"application/json": {"schema": _ref(schema)}}}


def _operation(name: str, words: str, schema: str, *parameters: str, errors: tuple[str, ...] = ()) -> Schema:
    return {
        "operationId": name,
        "summary": words,
        "parameters": [{"$ref": f"#/components/parameters/{each}"} for each in parameters],
        "responses": {
            "200": _answer(schema),
            "304": {"description": "Not changed since the ETag or the time that was sent."},
            **{each: {"$ref": f"#/components/responses/{_RESPONSES[each][0]}"} for each in errors},
        },
    }


_RESPONSES = {
    "301": ("Moved", "Another spelling, or a former name: `Location` has the present one."),
    "302": ("Elsewhere", "Only a repository that had that name before has it: `Location` has its address."),
    "404": ("NotHeld", "It is not held."),
    "410": ("Withdrawn", "It was withdrawn here."),
    "414": ("TooLong", "The query string has more than 65,536 bytes."),
    "451": ("WithdrawnForLegalReasons", "It was withdrawn here for legal reasons."),
    "503": ("Unavailable", "The store or the index cannot be read; `Retry-After` says when to try again."),
}


def _path_parameter(name: str, schema: Schema, words: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "description": words, "schema": schema}


def _query_parameter(name: str, schema: Schema, words: str) -> Schema:
    return {"name": name, "in": "query", "required": False, "description": words, "schema": schema}


def description(title: str, base_url: str, contact: str | None) -> Schema:
    """Return the description of the API at `base_url`; `contact` is a URL or None."""
    thread = ("owner", "name", "number")
    missing = ("301", "302", "404", "410", "451", "503")
    one = "/api/v1/threads/github.com/{owner}/{name}/{number}"
    searched = _operation(
        "search", "One page of results", "Results", "q", "sort", "page", "per_page", errors=("414", "503")
    )
    paths = {
        one: {"get": _operation("thread", "A thread as now known", "Thread", *thread, errors=missing)},
        f"{one}/history": {
            "get": _operation("history", "Captures, findings and edits", "History", *thread, errors=missing)
        },
        f"{one}/consent": {
            "get": _operation("consent", "Who consented to a new license", "Consent", *thread, errors=missing)
        },
        "/api/v1/snapshots/{digest}": {
            "get": _operation(
                "snapshot", "The bytes that were hashed", "Snapshot", "digest", errors=("404", "410", "451", "503")
            )
        },
        "/api/v1/search": {"get": searched},
        "/api/v1/repositories": {
            "get": _operation("repositories", "What is held of each repository", "Repositories", errors=("503",))
        },
        "/api/v1/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This description",
                "responses": {
                    "200": {"description": "It.", "content": {"application/json": {"schema": _open("OpenAPI")}}}
                },
            }
        },
    }
    words = "Reads an archive of license debates from GitHub. Nothing can be changed through it, and no key is needed."
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{title}: the archive's own API",
            "version": __version__,
            "description": words,
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
            **({"contact": {"url": contact}} if contact and contact.startswith("http") else {}),
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": {
                name: {
                    "description": text,
                    **(
                        {} if status in {"301", "302"} else {"content": {"application/json": {"schema": _ref("Error")}}}
                    ),
                }
                for status, (name, text) in _RESPONSES.items()
            },
            "parameters": {
                "owner": _path_parameter("owner", _text(), "In any case; former names too."),
                "name": _path_parameter("name", _text(), "In any case; former names too."),
                "number": _path_parameter("number", {"type": "integer", "minimum": 1}, "The thread's number."),
                "digest": _path_parameter("digest", _text(pattern="^[0-9A-Fa-f]{64}$"), "All 64 digits."),
                "q": _query_parameter("q", _text(maxLength=1000), "In the query language of the site."),
                "sort": _query_parameter("sort", _text(enum=list(SORTS)), "Without it, the best match first."),
                "page": _query_parameter("page", {"type": "integer", "minimum": 1, "default": 1}, "From 1 on."),
                "per_page": _query_parameter(
                    "per_page", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "At most 100."
                ),
            },
        },
    }
