"""Answers `/api/v3` as GitHub's REST API does, read-only, so that whatever reads GitHub can read this archive.

It sanitises nothing: texts are given as they were captured. What is asked of the store is in `archiver.store.upstream`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from archiver.model import Account, PostKind, Repository, RepositoryRef, ThreadKind, iso, parse_iso, post_anchor
from archiver.store import Reader
from archiver.store.upstream import COMMENT_SORTS, ISSUE_SORTS, UpstreamComment, UpstreamIssue, UpstreamReader
from web import security
from web.config import SiteConfig

PREFIX = "/api/v3"
DOCUMENTATION = "https://docs.github.com/rest"
TEXTS = ("body", "body_html", "body_text")
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?\Z", re.IGNORECASE)
_SHOWN = {"raw": ("body",), "text": ("body_text",), "html": ("body_html",), "full": TEXTS}
# An archive has no reason to ration reading, but clients want to see the headers.
RATE_LIMIT = 1_000_000
JsonObject = dict[str, Any]


class Invalid(Exception):
    """A parameter has a value that GitHub would refuse with 422."""

    def __init__(self, field: str, value: str) -> None:
        super().__init__(field)
        self.field, self.value = field, value


class GitHubApi:
    """The endpoints of `/api/v3`, over a store."""

    def __init__(self, store: Reader, site: SiteConfig) -> None:
        self._store = store
        self._upstream = UpstreamReader(store)
        self._site = site

    def blueprint(self) -> Blueprint:
        """Return the routes of `/api/v3`."""
        api = Blueprint("github_api", __name__, url_prefix=PREFIX)
        api.add_url_rule("/rate_limit", "rate_limit", self.rate_limit)
        for number, base in enumerate(("/repos/<owner>/<name>", "/repositories/<number:repository_id>")):
            for path, view in (
                ("", self.repository),
                ("/issues", self.issues),
                ("/issues/<number:number>", self.issue),
                ("/issues/<number:number>/comments", self.comments),
                ("/issues/comments", self.comments),
                ("/issues/comments/<number:comment_id>", self.comment),
            ):
                api.add_url_rule(base + path, f"{number}{path}", view)
        api.register_error_handler(Invalid, _invalid)
        return api

    # --- endpoints ---

    def rate_limit(self) -> ResponseReturnValue:
        """Answer that nearly everything is left."""
        rate = {"limit": RATE_LIMIT, "used": 0, "remaining": RATE_LIMIT, "reset": int(time.time()) + 3600}
        return _answer({"resources": {"core": rate, "search": rate}, "rate": rate})

    def repository(self, owner: str = "", name: str = "", repository_id: int | None = None) -> ResponseReturnValue:
        """Answer the repository's object."""
        found = self._find(owner, name, repository_id)
        return found if isinstance(found, Response) else _answer(self._repository_object(found))

    def issues(self, owner: str = "", name: str = "", repository_id: int | None = None) -> ResponseReturnValue:
        """Answer one page of issues and pull requests."""
        found = self._find(owner, name, repository_id)
        if isinstance(found, Response):
            return found
        state = _choice("state", ("open", "closed", "all"), "open")
        sort = _choice("sort", tuple(ISSUE_SORTS), "created")
        direction = _choice("direction", ("asc", "desc"), "desc")
        page, size = _page()
        items, total = self._upstream.issues(
            found.id,
            state=state,
            since=_since(),
            sort=sort,
            descending=direction == "desc",
            limit=size,
            offset=(page - 1) * size,
        )
        objects = [self._issue_object(found, each, alone=False) for each in items]
        return _answer(objects, link=self._link(f"/repositories/{found.id}/issues", page, size, total))

    def issue(
        self, number: int, owner: str = "", name: str = "", repository_id: int | None = None
    ) -> ResponseReturnValue:
        """Answer one issue or pull request."""
        found = self._find(owner, name, repository_id)
        if isinstance(found, Response):
            return found
        item = self._upstream.issue(found.id, number)
        return error(404) if item is None else _answer(self._issue_object(found, item, alone=True))

    def comments(
        self, number: int | None = None, owner: str = "", name: str = "", repository_id: int | None = None
    ) -> ResponseReturnValue:
        """Answer one page of a thread's comments, or of the whole repository's."""
        found = self._find(owner, name, repository_id)
        if isinstance(found, Response):
            return found
        sort = _choice("sort", tuple(COMMENT_SORTS), "created") if number is None else "created"
        # GitHub takes no notice of the direction where no order is asked for.
        ordered = number is None and "sort" in request.args
        direction = _choice("direction", ("asc", "desc"), "desc") if ordered else "asc"
        if number is not None and self._upstream.issue(found.id, number) is None:
            return error(404)
        page, size = _page()
        items, total = self._upstream.comments(
            found.id,
            number=number,
            since=_since(),
            sort=sort,
            descending=direction == "desc",
            limit=size,
            offset=(page - 1) * size,
        )
        path = f"/repositories/{found.id}/issues{f'/{number}' if number is not None else ''}/comments"
        objects = [self._comment_object(found, each) for each in items]
        return _answer(objects, link=self._link(path, page, size, total))

    def comment(
        self, comment_id: int, owner: str = "", name: str = "", repository_id: int | None = None
    ) -> ResponseReturnValue:
        """Answer one comment."""
        found = self._find(owner, name, repository_id)
        if isinstance(found, Response):
            return found
        item = self._upstream.comment(found.id, comment_id)
        return error(404) if item is None else _answer(self._comment_object(found, item))

    # --- finding ---

    def _find(self, owner: str, name: str, repository_id: int | None) -> Repository | Response:
        """Return the repository, or the answer that there is none, or (for a former name) where it is now."""
        if repository_id is not None:
            return self._upstream.repository_by_id(repository_id) or error(404)
        ref = RepositoryRef(owner, name)
        found = self._store.find_repository(ref)
        if found is None:
            return error(404)
        if found.ref.key == ref.key:
            return found
        rest = request.path.removeprefix(f"{PREFIX}/repos/{owner}/{name}")
        query = request.query_string.decode("ascii", "replace")
        target = f"{self._root()}/repositories/{found.id}{rest}{f'?{query}' if query else ''}"
        moved = {"message": "Moved Permanently", "url": target, "documentation_url": DOCUMENTATION}
        response = _send(moved, 301)
        response.headers["Location"] = target
        response.headers["Cache-Control"] = security.REDIRECT_AGE
        return response

    def _root(self) -> str:
        """Return where this API stands: at the site's own address, or at the port of this machine that was asked."""
        # Any other Host header is believed by nobody: what it says would end up in links and caches.
        if _LOOPBACK.match(request.host) and request.host != urlsplit(self._site.base_url).netloc:
            return request.host_url.rstrip("/") + PREFIX
        return self._site.base_url + PREFIX

    def _link(self, path: str, page: int, size: int, total: int) -> str:
        last = max(1, -(-total // size))
        others = [(key, value) for key, value in request.args.items(multi=True) if key != "page"]
        wanted = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        shown = ("prev", "first") if page >= last else ("next", "last") if page == 1 else tuple(wanted)
        return ", ".join(
            f'<{self._root()}{path}?{urlencode([*others, ("page", wanted[rel])])}>; rel="{rel}"'
            for rel in shown
            if last > 1 or page > 1
        )

    # --- objects ---

    def _repository_object(self, repository: Repository) -> JsonObject:
        url = f"{self._root()}/repos/{repository.ref}"
        return {
            "id": repository.id,
            "name": repository.name,
            "full_name": str(repository.ref),
            "private": False,
            "owner": {"login": repository.owner, "html_url": f"https://github.com/{repository.owner}"},
            "html_url": repository.ref.upstream_url,
            "description": repository.description,
            "fork": False,
            "url": url,
            "issues_url": f"{url}/issues{{/number}}",
            "issue_comment_url": f"{url}/issues/comments{{/number}}",
            "created_at": iso(repository.created_at) if repository.created_at else None,
            "has_issues": True,
            "archived": False,
            "disabled": False,
            "visibility": "public",
        }

    def _issue_object(self, repository: Repository, issue: UpstreamIssue, *, alone: bool) -> JsonObject:
        fields, raw = issue.fields, self._ours(issue.raw)
        base = f"{self._root()}/repos/{repository.ref}"
        url = f"{base}/issues/{fields['number']}"
        web = f"{repository.ref.upstream_url}/{issue.kind.path}/{fields['number']}"
        milestone = raw.get("milestone")
        if not isinstance(milestone, Mapping) or milestone.get("title") != fields["milestone"]:
            milestone = {"title": fields["milestone"]} if fields["milestone"] else None
        made: JsonObject = {
            "url": url,
            "repository_url": base,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "timeline_url": f"{url}/timeline",
            "html_url": web,
            "id": issue.id,
            "number": fields["number"],
            "title": fields["title"],
            "user": self._user(_account(fields["author"]), raw.get("user")),
            "labels": _named(fields["labels"], raw.get("labels"), "name"),
            "state": fields["state"],
            "locked": fields["locked"],
            "assignees": _named(fields["assignees"], raw.get("assignees"), "login"),
            "milestone": milestone,
            "comments": issue.comments,
            "created_at": fields["created_at"],
            "updated_at": iso(issue.updated_at),
            "closed_at": fields["closed_at"],
            "author_association": fields["author_association"],
            "active_lock_reason": fields["lock_reason"],
            "state_reason": fields["state_reason"],
        }
        if issue.kind is ThreadKind.PULL:
            made["pull_request"] = {
                "url": f"{base}/pulls/{fields['number']}",
                "html_url": web,
                "diff_url": f"{web}.diff",
                "patch_url": f"{web}.patch",
                "merged_at": fields["merged_at"],
            }
        if alone:
            made["closed_by"] = self._user(_account(fields["closed_by"]), raw.get("closed_by"))
        # GitHub's lists say nothing of who closed an issue.
        kept = {key: value for key, value in raw.items() if key not in TEXTS and key != "closed_by"}
        return {**kept, **made, **_texts(raw, issue.body)}

    def _comment_object(self, repository: Repository, comment: UpstreamComment) -> JsonObject:
        raw = self._ours(comment.raw)
        base = f"{self._root()}/repos/{repository.ref}"
        anchor = post_anchor(PostKind.COMMENT, comment.id)
        made: JsonObject = {
            "url": f"{base}/issues/comments/{comment.id}",
            "html_url": f"{repository.ref.upstream_url}/{comment.kind.path}/{comment.number}#{anchor}",
            "issue_url": f"{base}/issues/{comment.number}",
            "id": comment.id,
            "user": self._user(comment.author, raw.get("user")),
            "created_at": iso(comment.created_at),
            "updated_at": iso(comment.updated_at),
            "author_association": comment.author_association,
        }
        kept = {key: value for key, value in raw.items() if key not in TEXTS}
        return {**kept, **made, **_texts(raw, comment.body)}

    def _user(self, account: Account | None, raw: Any) -> JsonObject | None:
        if account is None:
            return None
        if isinstance(raw, Mapping) and raw.get("id") == account.id:
            return {**raw, "login": account.login}
        return {
            "login": account.login,
            "id": account.id,
            "url": f"{self._root()}/users/{account.login}",
            "html_url": f"https://github.com/{account.login}",
            "type": "Bot" if account.bot or account.login.endswith("[bot]") else "User",
            "site_admin": False,
        }

    def _ours(self, raw: Mapping[str, Any]) -> JsonObject:
        """Copy an API object with the addresses within the API it came from turned into ours."""
        theirs = str(raw.get("url") or "").partition("/repos/")[0]
        moved = _moved(raw, theirs, self._root()) if theirs else raw
        return dict(moved)


def create_upstream_app(store: Reader) -> Flask:
    """Make an app that is `/api/v3` and nothing else: an archive to be crawled."""
    app = Flask("web.upstream", static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.converters["number"] = security.Number
    app.register_blueprint(GitHubApi(store, SiteConfig()).blueprint())
    app.register_error_handler(HTTPException, lambda problem: error(problem.code or 500, problem.name))
    return app


# --- pure parts -------------------------------------------------------------------------------------------------------


def _moved(value: Any, theirs: str, ours: str) -> Any:
    if isinstance(value, str):
        return ours + value[len(theirs) :] if value.startswith(f"{theirs}/") else value
    if isinstance(value, Mapping):
        # Texts stay as they are, whatever they begin with.
        return {key: each if key in TEXTS else _moved(each, theirs, ours) for key, each in value.items()}
    return [_moved(each, theirs, ours) for each in value] if isinstance(value, list) else value


def _texts(raw: Mapping[str, Any], body: str) -> JsonObject:
    """Return the texts that the request's media type asks for, as captured."""
    texts = {"body": body or raw.get("body"), "body_html": raw.get("body_html"), "body_text": raw.get("body_text")}
    return {name: texts[name] for name in _SHOWN[_media()]}


def _account(record: Mapping[str, Any] | None) -> Account | None:
    return Account(record["id"], record["login"]) if record else None


def _named(names: list[str], raw: Any, key: str) -> list[Any]:
    known = {each[key]: each for each in raw or () if isinstance(each, Mapping) and key in each}
    return [known.get(name, {key: name}) for name in names]


# --- requests and answers ---------------------------------------------------------------------------------------------


def _media() -> str:
    """Return which texts are asked for: `raw`, `text`, `html` or `full`, as `application/vnd.github.full+json` says."""
    for word in request.headers.get("Accept", "").replace("+", ".").replace(";", ".").replace(",", ".").split("."):
        if word.strip() in _SHOWN:
            return word.strip()
    return "raw"


def _choice(name: str, known: tuple[str, ...], default: str) -> str:
    value = request.args.get(name) or default
    if value not in known:
        raise Invalid(name, value)
    return value


def _since() -> datetime | None:
    text = request.args.get("since")
    if not text:
        return None
    try:
        return parse_iso(text)
    except ValueError:
        raise Invalid("since", text) from None


def _page() -> tuple[int, int]:
    size = request.args.get("per_page", "")
    page = request.args.get("page", "")
    return (
        max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 8 else 1,
        min(100, max(1, int(size))) if size.isascii() and size.isdigit() and len(size) < 8 else 30,
    )


def _answer(data: Any, *, link: str = "") -> Response:
    response = _send(data, 200)
    if link:
        response.headers["Link"] = link
    response.set_etag(sha256(response.get_data() + link.encode()).hexdigest())
    response.headers["Cache-Control"] = "public, max-age=60, s-maxage=60"
    response.headers["Vary"] = "Accept"
    return response.make_conditional(request)


def error(status: int, message: str = "Not Found", **more: Any) -> Response:
    """Return an error in GitHub's shape."""
    return _send({"message": message, **more, "documentation_url": DOCUMENTATION, "status": str(status)}, status)


def _invalid(problem: Invalid) -> Response:
    wrong = {"value": problem.value, "resource": "Issue", "field": problem.field, "code": "invalid"}
    return error(422, "Validation Failed", errors=[wrong])


def _send(data: Any, status: int) -> Response:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    response = Response(text, status, mimetype="application/json")
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    response.headers["X-GitHub-Media-Type"] = f"github.v3; param={_media()}; format=json"
    response.headers["X-RateLimit-Limit"] = str(RATE_LIMIT)
    response.headers["X-RateLimit-Remaining"] = str(RATE_LIMIT)
    response.headers["X-RateLimit-Used"] = "0"
    response.headers["X-RateLimit-Reset"] = str(int(time.time()) + 3600)
    response.headers["X-RateLimit-Resource"] = "core"
    return response
