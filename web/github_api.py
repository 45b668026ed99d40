"""Answers `/api/v3` as GitHub's REST API does, read-only, so that whatever reads GitHub can read this archive.

It sanitises nothing: texts are given as they were captured. What is asked of the store is in `archiver.store.upstream`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from archiver.model import PostKind, Repository, Tombstone, iso, parse_iso, thread_key
from archiver.references import RepositoryRef, ThreadKind
from archiver.store import Reader
from archiver.store.upstream import (
    COMMENT_SORTS,
    ISSUE_SORTS,
    UpstreamReader,
)
from web import security
from web.config import SiteConfig
from web.freshness import FirstMade
from web.github_shapes import PATHS, TEXTS, JsonObject, Shapes
from web.telling import why_withdrawn

PREFIX = "/api/v3"
DOCUMENTATION = "https://docs.github.com/rest"
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?\Z", re.IGNORECASE)
_SHOWN = {"raw": ("body",), "text": ("body_text",), "html": ("body_html",), "full": TEXTS}
# An archive has no reason to ration reading, but clients want to see the headers.
RATE_LIMIT = 1_000_000
View = Callable[..., ResponseReturnValue]
Pages = Callable[..., tuple[list[Any], int]]


class Invalid(Exception):
    """A parameter has a value that GitHub would refuse with 422."""

    def __init__(self, field: str, value: str) -> None:
        super().__init__(field)
        self.field, self.value = field, value


class GitHubApi:
    """The endpoints of `/api/v3`, over a store."""

    def __init__(self, store: Reader, site: SiteConfig, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._upstream = UpstreamReader(store)
        self._site = site
        self._first_made = FirstMade(clock)

    def blueprint(self) -> Blueprint:
        """Return the routes of `/api/v3`."""
        api = Blueprint("github_api", __name__, url_prefix=PREFIX)
        api.add_url_rule("/rate_limit", "rate_limit", self.rate_limit)
        for number, base in enumerate(("/repos/<owner>/<name>", "/repositories/<number:repository_id>")):
            for path, view in (
                ("", self.repository),
                ("/issues", self.issues),
                ("/issues/<number:number>", self.issue),
                ("/issues/<number:number>/timeline", self.timeline),
                ("/issues/<number:number>/comments", self._posts(PostKind.COMMENT)),
                ("/issues/comments", self._posts(PostKind.COMMENT)),
                ("/issues/comments/<number:post_id>", self._post(PostKind.COMMENT)),
                ("/pulls/<number:number>/reviews", self._posts(PostKind.REVIEW)),
                ("/pulls/<number:number>/reviews/<number:post_id>", self._post(PostKind.REVIEW)),
                ("/pulls/<number:number>/comments", self._posts(PostKind.REVIEW_COMMENT)),
                ("/pulls/comments", self._posts(PostKind.REVIEW_COMMENT)),
                ("/pulls/comments/<number:post_id>", self._post(PostKind.REVIEW_COMMENT)),
            ):
                api.add_url_rule(base + path, f"{number}{path}", self._of_repository(view))
        api.register_error_handler(Invalid, _invalid)
        return api

    # --- endpoints ---

    def rate_limit(self) -> ResponseReturnValue:
        """Answer that nearly everything is left."""
        rate = {"limit": RATE_LIMIT, "used": 0, "remaining": RATE_LIMIT, "reset": int(time.time()) + 3600}
        return self._answer({"resources": {"core": rate, "search": rate}, "rate": rate})

    def repository(self, found: Repository) -> ResponseReturnValue:
        """Answer the repository's object."""
        return self._answer(self._shapes().repository(found))

    def issues(self, found: Repository) -> ResponseReturnValue:
        """Answer one page of issues and pull requests."""
        read = partial(
            self._upstream.issues,
            found.id,
            state=_choice("state", ("open", "closed", "all"), "open"),
            since=_since(),
            sort=_choice("sort", tuple(ISSUE_SORTS), "created"),
            descending=_choice("direction", ("asc", "desc"), "desc") == "desc",
        )
        return self._list(found, "issues", read, partial(self._shapes().issue, found, alone=False))

    def issue(self, found: Repository, number: int) -> ResponseReturnValue:
        """Answer one issue or pull request."""
        item = self._upstream.issue(found.id, number)
        return error(404) if item is None else self._answer(self._shapes().issue(found, item, alone=True))

    def timeline(self, found: Repository, number: int) -> ResponseReturnValue:
        """Answer one page of a thread's timeline."""
        if self._upstream.issue(found.id, number) is None:
            return error(404)
        read = partial(self._upstream.timeline, found.id, number)
        return self._list(found, f"issues/{number}/timeline", read, partial(self._shapes().timeline, found))

    def _posts(self, kind: PostKind) -> View:
        """Return the view of one page of a thread's posts of a kind, or of the whole repository's."""

        def posts(found: Repository, number: int | None = None) -> ResponseReturnValue:
            # GitHub takes no notice of the direction where no order is asked for.
            ordered = number is None and "sort" in request.args
            if number is not None and not self._holds(found, number, kind):
                return error(404)
            read = partial(
                self._upstream.posts,
                found.id,
                kind,
                number=number,
                since=_since(),
                sort=_choice("sort", tuple(COMMENT_SORTS), "created") if number is None else "created",
                descending=ordered and _choice("direction", ("asc", "desc"), "desc") == "desc",
            )
            parts = (PATHS[kind][0], str(number) if number is not None else "", PATHS[kind][1])
            return self._list(found, "/".join(filter(None, parts)), read, partial(self._shapes().post, found))

        return posts

    def _post(self, kind: PostKind) -> View:
        """Return the view of one post of a kind."""

        def post(found: Repository, post_id: int, number: int | None = None) -> ResponseReturnValue:
            item = self._upstream.post(found.id, kind, post_id)
            if item is not None and number in {None, item.number}:
                return self._answer(self._shapes().post(found, item))
            return self._post_elsewhere(found, kind, post_id, number) or error(404)

        return post

    def _post_elsewhere(self, found: Repository, kind: PostKind, post_id: int, number: int | None) -> Response | None:
        """Return the answer for a post that a repository does not show: it is withdrawn, or a former bearer's."""
        for each in self._bearers(found):
            if gone := self._upstream.post_withdrawn(each.id, kind, post_id):
                return _withdrawn(f"A post of {each.thread(gone[0])}", gone[1]) if number in {None, gone[0]} else None
            item = self._upstream.post(each.id, kind, post_id) if each.id != found.id else None
            if item is not None and number in {None, item.number}:
                return self._moved(each.id, re.sub(r"\A.*?/repos/[^/]+/[^/]+", "", request.path), 302)
        return None

    def _holds(self, found: Repository, number: int, kind: PostKind) -> bool:
        """Return whether there is such a thread, and it can have such posts."""
        issue = self._upstream.issue(found.id, number)
        return issue is not None and (kind is PostKind.COMMENT or issue.kind is ThreadKind.PULL)

    def _list(self, found: Repository, path: str, read: Pages, show: Callable[[Any], JsonObject]) -> Response:
        """Answer the page of a list that is asked for; `read` takes `limit` and `offset`."""
        page, size = _page()
        items, total = read(limit=size, offset=(page - 1) * size)
        link = self._link(f"/repositories/{found.id}/{path}", page, size, total)
        return self._answer([show(each) for each in items], link=link)

    # --- finding ---

    def _of_repository(self, view: View) -> View:
        """Return a view that finds the repository for another one."""

        def endpoint(
            owner: str = "", name: str = "", repository_id: int | None = None, **rest: int
        ) -> ResponseReturnValue:
            found = self._find(owner, name, repository_id)
            if isinstance(found, Response):
                return found
            elsewhere = self._elsewhere(found, rest["number"]) if "number" in rest else None
            return elsewhere or view(found, **rest)

        return endpoint

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
        return self._moved(found.id, request.path.removeprefix(f"{PREFIX}/repos/{owner}/{name}"))

    def _moved(self, repository_id: int, rest: str, status: int = 301) -> Response:
        """Return the answer that something is elsewhere: for good, or (302) as long as nothing else is here."""
        query = request.query_string.decode("ascii", "replace")
        target = f"{self._root()}/repositories/{repository_id}{rest}{f'?{query}' if query else ''}"
        message = "Moved Permanently" if status == 301 else "Found"
        response = _send({"message": message, "url": target, "documentation_url": DOCUMENTATION}, status)
        response.headers["Location"] = target
        if status == 301:
            response.headers["Cache-Control"] = security.REDIRECT_AGE
        return response

    def _elsewhere(self, found: Repository, number: int) -> Response | None:
        """Return the answer for a thread that is not in a repository: where it is now, or that it is withdrawn.

        A former bearer of the repository's name may have it, as its page says.
        """
        if self._upstream.issue(found.id, number) is not None:
            return None
        asked = found.thread(number)
        for each in self._bearers(found):
            for summary in self._store.summaries_by_key([thread_key(each.id, number)]).values():
                if summary.kind is not ThreadKind.DISCUSSION:
                    rest = re.sub(r"\A.*?/(issues|pulls)/[0-9]+", rf"/\1/{summary.number}", request.path)
                    return self._moved(summary.repository.id, rest, 301 if each.id == found.id else 302)
            if gone := self._store.tombstone(each.id, number):
                return _withdrawn(str(asked), gone)
        return None

    def _bearers(self, found: Repository) -> list[Repository]:
        """Return the repositories that the request may mean: whoever bears, or bore, the name that it says."""
        # `/repositories/ID` names the one whose name it has no more.
        return self._store.repositories_named(found.ref) if "/repos/" in request.path else [found]

    def _answer(self, data: Any, *, link: str = "") -> Response:
        """Return an answer with its validators; it is asked for each time, since what it shows may be withdrawn."""
        response = _send(data, 200)
        if link:
            response.headers["Link"] = link
        etag = sha256(response.get_data() + link.encode()).hexdigest()
        response.set_etag(etag)
        response.last_modified = self._first_made.of(f"{_media()} {request.full_path}", etag)
        response.headers["Cache-Control"] = "public, no-cache"
        response.headers["Vary"] = "Accept"
        return response.make_conditional(request)

    def _root(self) -> str:
        """Return where this API stands: at the site's own address, or at the port of this machine that was asked."""
        # Any other Host header is believed by nobody: what it says would end up in links and caches.
        if _LOOPBACK.match(request.host) and request.host != urlsplit(self._site.base_url).netloc:
            return request.host_url.rstrip("/") + PREFIX
        return self._site.base_url + PREFIX

    def _shapes(self) -> Shapes:
        """Return the writer of objects for this request: its addresses, and the texts of its media type."""
        return Shapes(self._root(), _SHOWN[_media()])

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


def create_upstream_app(store: Reader) -> Flask:
    """Make an app that is `/api/v3` and nothing else: an archive to be crawled."""
    app = Flask("web.upstream", static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.converters["number"] = security.Number
    app.register_blueprint(GitHubApi(store, SiteConfig(), lambda: datetime.now(UTC)).blueprint())
    app.register_error_handler(HTTPException, lambda problem: error(problem.code or 500, problem.name))
    return app


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


def error(status: int, message: str = "Not Found", **more: Any) -> Response:
    """Return an error in GitHub's shape."""
    return _send({"message": message, **more, "documentation_url": DOCUMENTATION, "status": str(status)}, status)


def _withdrawn(what: str, gone: Tombstone) -> Response:
    message = f"{what} was withdrawn here on {iso(gone.since)}: {why_withdrawn(gone)}"
    response = error(gone.status, message, reason=gone.reason)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


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
