"""Makes the site: one Flask app over a store and an index, with its error pages and its answers about its own health.

The pages themselves are in `threads` and `results`, the APIs in `api` and `github_api`; serving is `web.serve`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from socket import socket
from urllib.parse import quote

from flask import Flask, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response

from archiver import __version__
from archiver.coverage import swept_sentence
from archiver.errors import StoreError
from archiver.model import iso
from archiver.store import Reader
from search.errors import SearchError
from search.index import Index
from web import api, freshness, github_api, oembed, permalinks, render, rolls, security, telling
from web.about import AboutPages
from web.alike import Alike
from web.cache import PageCache
from web.config import SiteConfig
from web.discovery import DiscoveryPages
from web.feeds import FeedPages
from web.lookup import LookupPage
from web.media import MediaPages
from web.memento import MementoPages
from web.metrics import ROUTE, Metrics
from web.results import ResultPages, changes_behind
from web.saving import SavePages, Saving
from web.serve import Server
from web.threads import ThreadPages

# What the error pages say: a heading, and what a reader can do.
ERRORS = {
    400: ("This request cannot be understood", "Something in the address has a value that makes no sense here."),
    404: ("There is nothing at this address", "Permanent links keep working here, so a letter or digit may be wrong."),
    405: ("This address can only be read", "The archive takes no changes through its pages."),
    410: ("This was withdrawn", "It was on the record here, and has been taken out of public view."),
    414: (
        "This address is too long",
        "A search has room for five thousand characters, any other address for four thousand.",
    ),
    500: ("Something went wrong here", "The fault is on this side, and has been logged. Trying again later may help."),
    503: ("The archive cannot be read at the moment", "Nothing is lost. Please try again in a few minutes."),
}
_KEPT = "onrecord.kept"  # under which name an app has its cache
SEARCH_DOWN = ("Search is down at the moment", "The search index cannot be read. Every permanent link goes on working.")


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    *,
    store: Reader,
    index: Index,
    site: SiteConfig,
    clock: Callable[[], datetime] = _utc_now,
    saving: Saving | None = None,
) -> Flask:
    """Make the WSGI application that shows a store and searches an index; it writes to neither.

    `clock` tells the present moment in UTC. Threads can be saved from its pages where `saving` is what saves them.
    """
    if saving is None:
        site = replace(site, save="off")
    app = Flask("web")
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.finalize = render.printable
    app.jinja_env.filters.update(
        render.filters(clock, mask=site.mask, kept=lambda url: store.kept_pictures([url]).get(url)), iso=iso
    )
    app.jinja_env.globals.update(site=site, permalinks=permalinks, version=__version__, asset=_asset(app))
    app.jinja_env.globals.update(telling=telling, rolls=rolls, swept=swept_sentence)
    app.jinja_env.filters["topic"] = rolls.topic
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = timedelta(days=365)
    app.url_map.converters["number"] = security.Number
    security.fence(app, noindex=site.noindex)
    threads = ThreadPages(store, site, clock, Alike(store, index, clock))
    app.register_blueprint(threads.blueprint())
    app.register_blueprint(LookupPage(store, site, threads).blueprint())
    app.register_blueprint(MementoPages(store, site).blueprint())
    app.register_blueprint(FeedPages(store, index, site, clock).blueprint())
    app.register_blueprint(DiscoveryPages(store, site).blueprint())
    app.register_blueprint(AboutPages(store).blueprint())
    app.register_blueprint(ResultPages(store, index, site, clock).blueprint())
    app.register_blueprint(api.Api(store, index, site, clock).blueprint())
    app.register_blueprint(github_api.GitHubApi(store, site, clock).blueprint())
    app.register_blueprint(oembed.Oembed(store, site).blueprint())
    app.register_blueprint(MediaPages(store).blueprint())
    SavePages(site, saving, clock).register(app)
    _add_health(app, store, index)
    app.before_request(_merge_slashes)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(StoreError, _store_down)
    app.register_error_handler(SearchError, _search_down)
    app.after_request(freshness.validate)
    app.after_request(_open_to_other_sites)
    _note_route(app, clock)
    freshness.watch_relative_times(app, clock)
    metrics = Metrics(store, index)
    metrics.add_to(app)
    cache = PageCache(app.wsgi_app, _version(store, index), clock, never=("/media/",))
    app.wsgi_app = metrics.around(cache, cache)  # type: ignore[method-assign, assignment]
    app.extensions[_KEPT] = cache
    return app


def site_server(app: Flask, listener: socket, *, proxies: int = 0) -> Server:
    """Return a server of what `create_app` made, not started yet; pages kept in memory are at hand for it."""
    return Server(app, listener, proxies=proxies, at_hand=app.extensions[_KEPT].at_hand)


def _asset(app: Flask) -> Callable[[str], str]:
    """Return what addresses a file of ours by its content too, so that caches may keep it for good."""

    @lru_cache
    def asset(name: str) -> str:
        content = (Path(app.static_folder or "") / name).read_bytes()
        return url_for("static", filename=name, v=sha256(content).hexdigest()[:12])

    return asset


# --- health -----------------------------------------------------------------------------------------------------------


def _add_health(app: Flask, store: Reader, index: Index) -> None:
    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        """Answer that the process lives, whatever else does not."""
        return _now("ok\n")

    @app.get("/readyz")
    def readyz() -> ResponseReturnValue:
        """Answer whether store and index can be read, and which cannot, and whether what is held can be found."""
        problems = []
        try:
            store.last_change()
        except StoreError as error:
            app.logger.warning("not ready: %s", error)
            problems.append("store")
        try:
            index.cursor()
        except SearchError as error:
            app.logger.warning("not ready: %s", error)
            problems.append("index")
        text = f"not readable: {', '.join(problems)}\n" if problems else "ready\n"
        if not problems and changes_behind(store, index) is None:
            problems.append("index")
            text = "not indexed yet: run onrecord sync\n"
        return _now(text, 503 if problems else 200)


def _now(text: str, status: int = 200) -> Response:
    """Return words that are true at this moment only."""
    response = Response(text, status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


# --- addresses --------------------------------------------------------------------------------------------------------


def _merge_slashes() -> Response | None:
    """Redirect where an address has slashes too many; the router's own redirect would believe the Host header."""
    if not isinstance(request.routing_exception, NotFound) or "//" not in request.path:
        return None
    if "://" in request.path:  # the address of something else is in it, which must not become another one
        return None
    return api.moved_for_good(quote(re.sub("/{2,}", "/", request.path), safe="/@"))


# --- errors -----------------------------------------------------------------------------------------------------------


def _http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:  # a redirect is raised as an exception too
        return error.get_response()
    phrase = HTTPStatus(code).phrase if code in set(HTTPStatus) else "Error"
    heading, message = ERRORS.get(code, (phrase, error.description or ""))
    # What `abort` was given for this request says more than the general sentence.
    if code in {400, 503} and error.description and error.description != type(error).description:
        message = error.description
    if code == 503:
        heading = SEARCH_DOWN[0]
    response = _error(code, heading, message)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _store_down(error: StoreError) -> ResponseReturnValue:
    # The reader is not told where the store is, or what its driver says.
    current_app.logger.error("store: %s", error)
    return _error(503, *ERRORS[503], retry_after=60)


def _search_down(error: SearchError) -> ResponseReturnValue:
    current_app.logger.error("index: %s", error)
    return _error(503, *SEARCH_DOWN, retry_after=60)


def _error(code: int, heading: str, message: str, *, retry_after: int | None = None) -> Response:
    if request.path.startswith(f"{github_api.PREFIX}/"):
        response = github_api.error(code, heading)
    elif _for_programs():
        response = api.error(code, message)
    else:
        response = Response(render_template("error.html", code=code, heading=heading, message=message), code)
        response.mimetype = "text/html"
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _for_programs() -> bool:
    """Return whether JSON was asked for; a repository may be called `name.json`, and its page is a page."""
    return request.path.startswith(("/api/", oembed.PATH)) or (
        request.path.endswith((".json", ".csv", ".bib", ".ris", ".md")) and request.endpoint != "threads.repository"
    )


# --- what answers depend on -------------------------------------------------------------------------------------------


def _note_route(app: Flask, clock: Callable[[], datetime]) -> None:
    """Note for the cache which route answers, and that what the index says is asked for again soon."""

    @app.before_request
    def note() -> None:
        request.environ[ROUTE] = request.url_rule.rule if request.url_rule else ""
        if _of_index(request.path):
            # The same store gives another index if it was built anew in another way.
            freshness.holds_until(clock() + timedelta(minutes=1))


def _of_index(path: str) -> bool:
    return path.startswith(("/search", f"{api.PREFIX}/search"))


def _version(store: Reader, index: Index) -> Callable[[str], Hashable]:
    """Return what tells, for a path, what an answer at it depends on."""
    return lambda path: (store.version(), index.cursor() if _of_index(path) else None)


# --- scripts of other sites -------------------------------------------------------------------------------------------


def _open_to_other_sites(response: Response) -> Response:
    """Let scripts of other sites read what is for programs, redirects and errors too: all of it is public."""
    if _for_programs() and not request.path.startswith(f"{github_api.PREFIX}/"):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = "If-None-Match"
            response.headers["Access-Control-Max-Age"] = "86400"
    return response
