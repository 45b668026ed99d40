"""Answers the archive's own JSON API, `/api/v1`, and the `.json` forms of threads and searches.

The shapes of threads and results are `search.serial`'s; here are requests, addresses and errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from archiver.coverage import coverage_json
from archiver.model import Thread, Tombstone, iso
from archiver.references import HOST, RepositoryRef
from archiver.store import Reader
from search.index import Index
from search.serial import history_json, roll_json, thread_json
from web import history, openapi, permalinks, render, security, telling
from web.config import SiteConfig
from web.results import Searcher

PREFIX = "/api/v1"
# A word for each status, for programs; the message is for people.
WORDS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    410: "gone",
    414: "too_long",
    451: "unavailable_for_legal_reasons",
    503: "unavailable",
}


class Api:
    """The endpoints of `/api/v1`, over a store and an index."""

    def __init__(self, store: Reader, index: Index, site: SiteConfig, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._site = site
        self._searcher = Searcher(store, index, site, clock)

    def blueprint(self) -> Blueprint:
        """Return the routes of `/api/v1`."""
        api = Blueprint("api", __name__)
        one = f"{PREFIX}/threads/{HOST}/<owner>/<name>/<number:number>"
        api.add_url_rule(one, "thread", self.thread)
        api.add_url_rule(f"{one}/history", "history", self.history)
        api.add_url_rule(f"{one}/consent", "consent", self.consent)
        api.add_url_rule(f"{PREFIX}/snapshots/<digest>", "snapshot", self.snapshot)
        api.add_url_rule(f"{PREFIX}/repositories", "repositories", self.repositories)
        api.add_url_rule(f"{PREFIX}/search", "search", self.search)
        api.add_url_rule(f"{PREFIX}/openapi.json", "openapi", self.openapi)
        api.add_url_rule("/search.json", "search_form", self.search)
        return api

    def thread(self, owner: str, name: str, number: int) -> ResponseReturnValue:
        """Answer a thread as now known; 301 from another spelling or a former name of its repository."""
        thread = self._find(owner, name, number)
        return thread if isinstance(thread, Response) else send_thread(thread, self._site)

    def history(self, owner: str, name: str, number: int) -> ResponseReturnValue:
        """Answer a thread's captures, what was found out about it, and GitHub's own edits of its posts."""
        thread = self._find(owner, name, number, "/history")
        if isinstance(thread, Response):
            return thread
        told = history.changes(thread, history.records(self._store, thread))
        changes = {capture.number: [render.plain(each) for each in words] for capture, words in told}
        return send(history_json(thread, changes, base_url=self._site.base_url))

    def consent(self, owner: str, name: str, number: int) -> ResponseReturnValue:
        """Answer who consented to a new license in a thread that asks for it; 404 for a thread that does not."""
        thread = self._find(owner, name, number, "/consent")
        if isinstance(thread, Response):
            return thread
        roll = roll_json(thread, base_url=self._site.base_url)
        return send(roll) if roll else no_roll(thread)

    def _find(self, owner: str, name: str, number: int, part: str = "") -> Thread | Response:
        """Return a thread as now known, or the answer that leads to (that part of) it or says why it is not given."""
        ref = RepositoryRef(owner, name)
        # The repository that bears the name comes first, and then those that bore it before.
        places = [(each.id, number) for each in self._store.repositories_named(ref)]
        for former, place in enumerate(places):
            if thread := self._store.thread(*place):
                canonical = permalinks.api_thread(thread.summary.ref) + part
                # What only a former bearer has is found there as long as the present one has nothing of that number.
                return (moved_for_now if former else moved_for_good)(canonical) or thread
            if tombstone := self._store.tombstone(*place):
                return withdrawn_error(tombstone, f"{ref}#{number}")
        return error(404, f"{ref}#{number} is not held")

    def snapshot(self, digest: str) -> ResponseReturnValue:
        """Answer the very bytes whose SHA-256 is the digest, so that anybody can recompute it."""
        digest = digest.lower()
        whole = bool(re.fullmatch(r"[0-9a-f]{64}", digest))
        if whole and (tombstone := self._store.snapshot_withdrawn(digest)):
            return withdrawn_error(tombstone, "the snapshot with that digest")
        record = self._store.snapshot_record(digest) if whole else None
        if record is None:
            return error(404, "no snapshot with that digest is held; all 64 digits are needed here")
        return Response(record, mimetype="application/json")

    def repositories(self) -> ResponseReturnValue:
        """Answer what is held of each repository, and what is known to be missing."""
        found = [
            {
                **coverage_json(each),
                "description": each.repository.description,
                "url": self._site.base_url + permalinks.repository(each.repository.ref),
                "upstream_url": each.repository.ref.upstream_url,
            }
            for each in self._store.coverages()
        ]
        return send({"repositories": found})

    def openapi(self) -> ResponseReturnValue:
        """Answer the description of this API, in the form of OpenAPI 3.1."""
        return send(openapi.description(self._site.title, self._site.base_url, self._site.contact_url))

    def search(self) -> ResponseReturnValue:
        """Answer one page of results; a page or size out of range is taken for the nearest that makes sense."""
        return send(self._searcher.json(request.args))


def send_thread(thread: Thread, site: SiteConfig, *, fixed: bool = False) -> Response:
    """Return a thread as the API's object, or a snapshot (`fixed`), without what is judged of the present thread."""
    value = thread_json(thread, base_url=site.base_url)
    return send(value | {"relevance": None} if fixed else value)


def withdrawn_error(tombstone: Tombstone, what: str) -> Response:
    """Return the error for what is withdrawn here: 410, or 451, with the reason's class; no robot is to keep it."""
    message = f"{what} was withdrawn here on {iso(tombstone.since)}: {telling.why_withdrawn(tombstone)}"
    response = error(tombstone.status, message, reason=tombstone.reason, since=iso(tombstone.since))
    response.headers["X-Robots-Tag"] = "noindex"
    response.last_modified = tombstone.since
    return response


def no_roll(thread: Thread) -> Response:
    """Return the error where no consent roll can be told: nobody asks, or the post that may have asked is withdrawn."""
    ref = thread.summary.ref
    withheld = next((each.gone for each in thread.posts if each.withdrawn), None)
    if withheld is None:
        return error(404, f"nobody is asked for consent in {ref}")
    return withdrawn_error(withheld, f"a post of {ref}, and with it any roll of consent there,")


def error(status: int, message: str, **more: Any) -> Response:
    """Return an error: a word for programs, a sentence for people, and what else there is to say."""
    word = WORDS.get(status) or HTTPStatus(status).phrase.lower().replace(" ", "_")
    return send({"error": word, "message": message, **more}, status)


def send(data: Any, status: int = 200) -> Response:
    """Return JSON."""
    return Response(json.dumps(data, ensure_ascii=False), status, mimetype="application/json")


def moved_for_good(canonical: str) -> Response | None:
    """Redirect for good, query and all, where the request's path is not spelled as it should be."""
    response = moved_for_now(canonical, 301)
    if response is not None:
        response.headers["Cache-Control"] = security.REDIRECT_AGE
    return response


def moved_for_now(canonical: str, status: int = 302) -> Response | None:
    """Redirect, query and all, where the request's path is another one, to what it may not mean tomorrow."""
    if quote(request.path, safe="/@") == canonical:
        return None
    query = request.query_string.decode("ascii", "replace")
    return redirect(f"{canonical}?{query}" if query else canonical, status)
