"""Leads from any address of a thread or comment on GitHub, or of this archive, to its record.

How references are read is `archiver.references`'s and `web.permalinks`'s; pages of what is held are in `web.threads`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from archiver.errors import BadReference, NotHeld
from archiver.model import PostKind, ThreadSummary, post_anchor, thread_key
from archiver.references import RepositoryRef, ThreadRef, parse_reference
from archiver.store import Reader
from web import permalinks
from web.config import SiteConfig
from web.places import held_at, withdrawn_at
from web.threads import ThreadPages

_API = r"(?:https?://)?api\.github\.com"
_API_COMMENT = re.compile(
    rf"{_API}/(?:repos/[^/\s]+/[^/\s]+|repositories/[0-9]+)/(issues|pulls)/comments/([1-9][0-9]{{0,17}})/?(?:[?#]\S*)?\Z",
    re.IGNORECASE,
)
_API_REVIEW = re.compile(
    rf"{_API}/(?:repos/[^/\s]+/[^/\s]+|repositories/[0-9]+)/pulls/[0-9]+/reviews/([1-9][0-9]{{0,17}})(?=[/?#]|\Z)",
    re.IGNORECASE,
)
_API_NUMBERED = re.compile(
    rf"{_API}/repositories/([1-9][0-9]{{0,17}})(?:/(?:issues|pulls)/([1-9][0-9]{{0,9}}))?(?=[/?#]|\Z)", re.IGNORECASE
)
# What GitHub calls posts, and as what they are kept.
_POSTS = {
    "issue-": (PostKind.OPENING,),
    "discussion-": (PostKind.OPENING,),
    "issuecomment-": (PostKind.COMMENT,),
    "discussioncomment-": (PostKind.COMMENT, PostKind.ANSWER),
    "discussion_r": (PostKind.REVIEW_COMMENT,),
    "pullrequestreview-": (PostKind.REVIEW,),
}
_POST = re.compile(rf"({'|'.join(_POSTS)})([1-9][0-9]{{0,17}})\Z")
# What may stand around an address in a text, on either side; a closing bracket is taken off only if none was opened.
_OPENING, _CLOSING = "<[\"'“‘`", ">]\"'”’`.,;:!"
# The Wayback Machine's addresses end in that of the page that was kept.
_KEPT_ELSEWHERE = re.compile(r"(?:https?://)?web\.archive\.org/(?:web/)?[0-9a-z_*]+/(?=\S)", re.IGNORECASE)


class LookupPage:
    """The page that looks references up, over a store; `threads` answers what is not held."""

    def __init__(self, store: Reader, site: SiteConfig, threads: ThreadPages) -> None:
        self._store = store
        self._site = site
        self._threads = threads

    def blueprint(self) -> Blueprint:
        """Return the route."""
        pages = Blueprint("lookup", __name__)
        pages.add_url_rule("/lookup", "lookup", self.lookup)
        return pages

    def lookup(self) -> ResponseReturnValue:
        """Lead to the record of the address in `url`, or say that it is not held."""
        given = request.args.get("url", "").strip()
        if not given:
            return render_template("lookup.html", text="", problem=None)
        text = bare(given)
        if own := permalinks.own_path(text, self._site.base_url):
            return redirect(own, 302)
        if found := _API_COMMENT.match(text):
            return self._post(given, PostKind.COMMENT if found[1] == "issues" else PostKind.REVIEW_COMMENT, found[2])
        if found := _API_REVIEW.match(text):
            return self._post(given, PostKind.REVIEW, found[1])
        if found := _API_NUMBERED.match(text):
            return self._numbered(given, int(found[1]), int(found[2]) if found[2] else None)
        try:
            asked = parse_reference(text)
        except BadReference:
            shown = given if len(given) <= 200 else f"{given[:200]}…"
            problem = (
                f"“{shown}” is neither owner/repository nor owner/repository#number, no address of a repository, an "
                "issue, a pull request or a discussion on GitHub, and no link of this archive"
            )
            return render_template("lookup.html", text=given, problem=problem), 400
        if isinstance(asked, RepositoryRef):
            repository = self._store.find_repository(asked)
            return redirect(permalinks.repository(repository.ref), 302) if repository else self._threads.missing(asked)
        return self._thread(asked, list(held_at(self._store, asked)))

    def _thread(self, asked: ThreadRef, held: Sequence[ThreadSummary]) -> ResponseReturnValue:
        """Lead to a thread, of those that had the address: to the one with the post that is asked for, or the first."""
        anchor = permalinks.same_anchor(asked.anchor or "")
        for each in held:
            if (found := self._anchor(each, anchor)) is not None:
                return redirect(permalinks.thread(each.ref) + found, 302)
        if withdrawn_at(self._store, asked):
            return redirect(permalinks.thread(asked) + (f"#{anchor}" if anchor else ""), 302)
        if not held:
            return self._threads.missing(asked)
        return render_template("missing_post.html", thread=held[0], anchor=anchor), 404

    def _anchor(self, summary: ThreadSummary, anchor: str) -> str | None:
        """Return the anchor as a thread's page has it; None if the thread has no such post, and so no place for it."""
        found = _POST.match(anchor)
        if found is None:
            return f"#{anchor}" if anchor else ""
        place = summary.repository.id, summary.number
        for kind in _POSTS[found[1]]:
            if place in self._store.post_threads(kind, int(found[2])):
                return f"#{post_anchor(kind, int(found[2]), summary.kind)}"
        return None

    def _post(self, text: str, kind: PostKind, number: str) -> ResponseReturnValue:
        """Lead to a post of which nothing but GitHub's number is known."""
        place = self._store.post_thread(kind, int(number))
        summaries = self._store.summaries_by_key([thread_key(*place)]) if place else {}
        for summary in summaries.values():
            return redirect(f"{permalinks.thread(summary.ref)}#{post_anchor(kind, int(number), summary.kind)}", 302)
        problem = f"No comment with the number {number} is on the record here"
        return render_template("lookup.html", text=text, problem=problem), 404

    def _numbered(self, text: str, repository_id: int, number: int | None) -> ResponseReturnValue:
        """Lead to a repository, or a thread of it, of which GitHub's number is known."""
        try:
            repository = self._store.coverage(repository_id).repository
        except NotHeld:
            problem = f"No repository with the number {repository_id} is on the record here"
            return render_template("lookup.html", text=text, problem=problem), 404
        if number is None:
            return redirect(permalinks.repository(repository.ref), 302)
        held = self._store.summaries_by_key([thread_key(repository_id, number)])
        return self._thread(repository.thread(number), list(held.values()))


def bare(text: str) -> str:
    """Return an address without what may stand around it: brackets and stops of a text, encoding, another archive's."""
    before = ""
    while text != before:
        before = text
        text = text.strip().lstrip(_OPENING).rstrip(_CLOSING)
        if text.startswith("("):
            text = text[1:]
        if text.endswith(")") and text.count(")") > text.count("("):
            text = text[:-1]
    # A form may have encoded it once more.
    if "/" not in text and re.search("%2f", text, re.IGNORECASE):
        text = unquote(text)
    return _KEPT_ELSEWHERE.sub("", text).removeprefix("//")
