"""Owns the stand-ins that tests use for what is outside: GitHub's API as an httpx transport. It asserts nothing.

`FakeGitHub` speaks the REST shapes that the crawler reads, counts every request, and fails on any that it does not
expect.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx

API = "https://api.test"
START = datetime(2020, 1, 1, tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """Print a moment as GitHub does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def user(login: str | None) -> dict[str, Any] | None:
    """Return a user object; the id follows from the login. None is a deleted account."""
    if login is None:
        return None
    number = int(hashlib.sha256(login.encode()).hexdigest()[:8], 16)
    return {"login": login, "id": number, "type": "Bot" if login.endswith("[bot]") else "User"}


@dataclass
class FakeRepository:
    """One repository, to which tests add threads and comments; `tick` moves its clock a minute on."""

    full_name: str = "acme/rocket"
    id: int = 77
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    clock: datetime = START
    _ids: Iterator[int] = field(default_factory=lambda: iter(range(1000, 10_000_000)))

    def tick(self) -> str:
        """Move the clock a minute on and print it."""
        self.clock += timedelta(minutes=1)
        return stamp(self.clock)

    def issue(
        self, title: str, body: str | None = "", *, login: str | None = "asker", number: int | None = None, **more: Any
    ) -> int:
        """Add an issue (a pull request with `pull_request={...}`) and return its number."""
        number = number or max(self.issues, default=0) + 1
        now = self.tick()
        self.issues[number] = {
            "id": next(self._ids),
            "number": number,
            "title": title,
            "body": body,
            "user": user(login),
            "author_association": "NONE",
            "state": "open",
            "state_reason": None,
            "locked": False,
            "active_lock_reason": None,
            "labels": [],
            "assignees": [],
            "milestone": None,
            "created_at": now,
            "updated_at": now,
            "closed_at": None,
            **more,
        }
        return number

    def comment(self, number: int, body: str | None, *, login: str | None = "replier", **more: Any) -> int:
        """Add a comment and return its id; the issue's updated_at moves, as on GitHub."""
        now = self.tick()
        comment_id = next(self._ids)
        self.comments[comment_id] = {
            "id": comment_id,
            "number": number,
            "body": body,
            "user": user(login),
            "author_association": "MEMBER",
            "created_at": now,
            "updated_at": now,
            **more,
        }
        self.issues[number]["updated_at"] = now
        return comment_id

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Give a comment another text."""
        now = self.tick()
        self.comments[comment_id] |= {"body": body, "updated_at": now}
        self.issues[self.comments[comment_id]["number"]]["updated_at"] = now

    def edit_issue(self, number: int, **changes: Any) -> None:
        """Change fields of an issue."""
        self.issues[number] |= {**changes, "updated_at": self.tick()}

    def close(self, number: int, login: str = "maintainer", reason: str = "not_planned") -> None:
        """Close an issue."""
        now = self.tick()
        self.issues[number] |= {
            "state": "closed",
            "state_reason": reason,
            "closed_at": now,
            "updated_at": now,
            "closed_by": user(login),
        }


Handler = Callable[[httpx.Request], httpx.Response | None]


class FakeGitHub(httpx.BaseTransport):
    """GitHub's API over `FakeRepository`s. An unexpected request is an AssertionError.

    `log` has (method, path with query, status) of every request, `counted` those that cost quota (a 304 with a token
    does not). `interfere` may answer in place of the API, raise, or return None to let it answer.
    """

    def __init__(self, *repositories: FakeRepository, per_page_limit: int = 100) -> None:
        self.repositories = list(repositories)
        self.per_page_limit = per_page_limit
        self.log: list[tuple[str, str, int]] = []
        self.headers: list[httpx.Headers] = []
        self.counted = 0
        self.limit: int | None = None
        self.interfere: Handler | None = None
        self.renamed: dict[str, str] = {}
        self.transferred: dict[tuple[str, int], tuple[str, int]] = {}
        self.gone: dict[tuple[str, int], int] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as GitHub would, or as `interfere` wants it."""
        assert request.method == "GET", f"unexpected {request.method}"
        assert f"{request.url.scheme}://{request.url.host}" == API, f"unexpected host in {request.url}"
        self.headers.append(request.headers)
        response = self.interfere(request) if self.interfere else None
        if response is None:
            response = self._limited(request) or self._answer(request)
        # A moment after the latest change: whatever is changed from now on is newer than this answer.
        clock = max((repository.clock for repository in self.repositories), default=START) + timedelta(seconds=1)
        response.headers.setdefault("date", format_datetime(clock, usegmt=True))
        self.log.append((request.method, request.url.raw_path.decode(), response.status_code))
        return response

    def paths(self) -> list[str]:
        """Return the paths asked for, without their queries."""
        return [path.split("?")[0] for _, path, _ in self.log]

    def clear(self) -> None:
        """Forget the requests so far."""
        self.log.clear()
        self.headers.clear()
        self.counted = 0

    # --- answering ---

    def _limited(self, request: httpx.Request) -> httpx.Response | None:
        if self.limit is None or self.counted < self.limit:
            return None
        reset = int(datetime.now(UTC).timestamp()) + 1800
        return error(
            403,
            "API rate limit exceeded",
            {"x-ratelimit-limit": str(self.limit), "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)},
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.strip("/").split("/")
        match parts:
            case ["repos", owner, name, *rest]:
                full_name = f"{owner}/{name}"
                if full_name in self.renamed:
                    new = self._by_name(self.renamed[full_name])
                    assert new is not None
                    path = "/".join(["repositories", str(new.id), *rest])
                    return httpx.Response(
                        301, headers={"location": f"{API}/{path}"}, json={"message": "Moved Permanently"}
                    )
                repository = self._by_name(full_name)
            case ["repositories", number, *rest]:
                repository = next((r for r in self.repositories if str(r.id) == number), None)
            case _:
                raise AssertionError(f"unexpected request {request.url}")
        if repository is None:
            return self._send(request, 404, {"message": "Not Found"})
        match rest:
            case []:
                owner, _, name = repository.full_name.partition("/")
                return self._send(
                    request,
                    200,
                    {
                        "id": repository.id,
                        "name": name,
                        "full_name": repository.full_name,
                        "description": "A rocket",
                        "created_at": stamp(START),
                    },
                )
            case ["issues"]:
                items = [
                    self.issue_json(repository, number, listed=True)
                    for number in repository.issues
                    if (repository.full_name, number) not in self.transferred
                ]
                return self._list(request, repository, "issues", items)
            case ["issues", "comments"]:
                items = [self.comment_json(repository, each) for each in repository.comments]
                return self._list(request, repository, "issues/comments", items)
            case ["issues", number] if number.isdigit():
                return self._issue(request, repository, int(number))
            case ["issues", number, "comments"] if number.isdigit():
                if int(number) not in repository.issues:
                    return self._send(request, 404, {"message": "Not Found"})
                mine = [key for key, each in repository.comments.items() if each["number"] == int(number)]
                items = [self.comment_json(repository, each) for each in mine]
                return self._list(request, repository, f"issues/{number}/comments", items)
        raise AssertionError(f"unexpected request {request.url}")

    def _by_name(self, full_name: str) -> FakeRepository | None:
        return next((r for r in self.repositories if r.full_name.lower() == full_name.lower()), None)

    def _issue(self, request: httpx.Request, repository: FakeRepository, number: int) -> httpx.Response:
        if target := self.transferred.get((repository.full_name, number)):
            return httpx.Response(301, headers={"location": f"{API}/repos/{target[0]}/issues/{target[1]}"}, json={})
        if status := self.gone.get((repository.full_name, number)):
            return self._send(
                request, status, {"message": {404: "Not Found", 410: "This issue was deleted"}.get(status, "Blocked")}
            )
        if number not in repository.issues:
            return self._send(request, 404, {"message": "Not Found"})
        return self._send(request, 200, self.issue_json(repository, number))

    def issue_json(self, repository: FakeRepository, number: int, *, listed: bool = False) -> dict[str, Any]:
        """Return an issue as the API shows it; lists leave out who closed it."""
        row = dict(repository.issues[number])
        row["comments"] = sum(each["number"] == number for each in repository.comments.values())
        row["repository_url"] = f"{API}/repos/{repository.full_name}"
        row.setdefault("closed_by", None)
        if listed:
            row.pop("closed_by")
        return with_texts(row)

    def comment_json(self, repository: FakeRepository, comment_id: int) -> dict[str, Any]:
        """Return a comment as the API shows it."""
        row = dict(repository.comments[comment_id])
        row["issue_url"] = f"{API}/repos/{repository.full_name}/issues/{row.pop('number')}"
        return with_texts(row)

    def _list(
        self, request: httpx.Request, repository: FakeRepository, path: str, items: list[dict[str, Any]]
    ) -> httpx.Response:
        query = dict(request.url.params)
        if since := query.get("since"):
            items = [each for each in items if each["updated_at"] >= since]
        if query.get("sort") == "updated":
            items.sort(key=lambda each: (each["updated_at"], each["id"]))
        if query.get("direction") == "desc":
            items.reverse()
        per_page = min(int(query.get("per_page", "30")), self.per_page_limit)
        page = int(query.get("page", "1"))
        headers = {}
        if len(items) > page * per_page:
            following = httpx.URL(f"{API}/repositories/{repository.id}/{path}", params={**query, "page": str(page + 1)})
            headers["link"] = f'<{following}>; rel="next", <{API}/last>; rel="last"'
        return self._send(request, 200, items[(page - 1) * per_page : page * per_page], headers)

    def _send(
        self, request: httpx.Request, status: int, value: Any, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        body = json.dumps(value).encode()
        etag = f'"{hashlib.sha256(body + str(headers).encode()).hexdigest()}"'
        known = request.headers.get("if-none-match") == etag and status == 200
        if not (known and "authorization" in request.headers):
            self.counted += 1
        if known:
            return httpx.Response(304, headers={"etag": etag, **(headers or {})})
        return httpx.Response(
            status,
            headers={"etag": etag, "content-type": "application/json; charset=utf-8", **(headers or {})},
            content=body,
        )


def with_texts(row: dict[str, Any]) -> dict[str, Any]:
    """Add body_html and body_text to an object, as the `full` media type has them."""
    body = row["body"] or ""
    return {**row, "body_html": f"<p>{body}</p>" if body else "", "body_text": body}


def error(status: int, message: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Return an error as GitHub's API words it."""
    return httpx.Response(status, headers=dict(headers or {}), json={"message": message, "status": str(status)})
