"""Shows what is held: repositories, threads, their snapshots and their captures, and looks references up.

It neither searches nor fetches; words and HTML come from `web.render`, addresses from `web.permalinks`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.wrappers import Response

from archiver.errors import BadReference, StoreError
from archiver.model import (
    Capture,
    Evidence,
    Post,
    PostKind,
    Repository,
    RepositoryRef,
    Revision,
    Thread,
    ThreadRef,
    ThreadSummary,
    iso,
    parse_reference,
    post_anchor,
    thread_key,
)
from archiver.store import Reader
from web import permalinks, render
from web.api import error, moved_for_good, send_thread
from web.config import SiteConfig

PER_PAGE = 50
_API_COMMENT = re.compile(
    r"(?:https?://)?api\.github\.com/repos/[^/\s]+/[^/\s]+/(issues|pulls)/comments/([1-9][0-9]{0,17})/?\Z",
    re.IGNORECASE,
)
# A snapshot never changes, but it may be withdrawn, and must then be out of every cache within a day. The latest one is
# kept for minutes only: its page says so when the thread has changed since.
OLD_SNAPSHOT = "public, max-age=86400, immutable"
LATEST_SNAPSHOT = "public, max-age=600, immutable"


@dataclass(frozen=True, slots=True)
class Entry:
    """A post as its page shows it: its number (from 1), its other texts, whether the thread was closed before it."""

    number: int
    post: Post
    anchor: str
    others: tuple[Revision, ...]
    closed_before: bool


@dataclass(frozen=True, slots=True)
class Fixed:
    """What the page of a snapshot says of it: when it was captured first, and whether the thread has changed since."""

    at: datetime
    latest: bool


class ThreadPages:
    """The pages of repositories and threads, over a store."""

    def __init__(self, store: Reader, site: SiteConfig) -> None:
        self._store = store
        self._site = site

    def blueprint(self) -> Blueprint:
        """Return the routes of these pages."""
        pages = Blueprint("threads", __name__)
        one = "/github.com/<owner>/<name>"
        pages.add_url_rule("/github.com/", "repositories", self.repositories)
        pages.add_url_rule(one, "repository", self.repository)
        pages.add_url_rule(f"{one}/<kind>/<tail>", "thread", self.thread)
        pages.add_url_rule(f"{one}/<kind>/<tail>/history", "history", self.history)
        pages.add_url_rule("/lookup", "lookup", self.lookup)
        return pages

    # --- repositories ---

    def repositories(self) -> ResponseReturnValue:
        """List the repositories of which threads are held."""
        return render_template("repositories.html", coverages=self._store.coverages())

    def repository(self, owner: str, name: str) -> ResponseReturnValue:
        """Show a repository: its debates, and what is known to be missing."""
        asked = RepositoryRef(owner, name)
        repository = self._store.find_repository(asked)
        if repository is None:
            return self._missing(asked)
        if moved := moved_for_good(permalinks.repository(repository.ref)):
            return moved
        page = _page_number()
        coverage = self._store.coverage(repository.id)
        debates = self._store.summaries(repository_id=repository.id, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
        pages = -(-coverage.threads // PER_PAGE)

        def pager(number: int) -> str:
            return permalinks.repository(repository.ref) + (f"?page={number}" if number > 1 else "")

        if page > 1 and not debates:
            return render_template("beyond.html", page=page, pages=pages, last=pager(max(1, pages))), 404
        return render_template(
            "repository.html",
            repository=repository,
            coverage=coverage,
            former=[each for each in repository.aliases if each.lower() != repository.ref.key],
            debates=debates,
            page=page,
            pager=pager,
            pages=pages,
        )

    # --- threads ---

    def thread(self, owner: str, name: str, kind: str, tail: str) -> ResponseReturnValue:
        """Show a thread as now known, or one of its snapshots, as a page or as JSON."""
        asked, wanted = _parse(owner, name, kind, tail)
        repository = self._store.find_repository(asked.repository)
        if repository is None:
            return self._missing(asked, wanted.form)
        if wanted.at is not None:
            return self._at_time(repository, asked, wanted.at, wanted.form)
        digest = None
        if wanted.digest is not None:
            found = self._store.resolve_digest(repository.id, asked.number, wanted.digest)
            if len(found) != 1:
                return self._no_snapshot(repository, asked, found, wanted.form)
            digest = found[0]
        thread = self._store.thread(repository.id, asked.number, digest)
        if thread is None:
            return self._missing(asked, wanted.form)
        if moved := moved_for_good(permalinks.thread(thread.summary.ref, digest=wanted.digest, form=wanted.form)):
            return moved
        fixed = None
        if digest is not None:
            first = next(each for each in thread.captures if each.digest == digest)
            fixed = Fixed(first.at, thread.captures[-1].digest == digest)
            thread = as_captured(thread, first)
        response = (
            send_thread(thread, self._site)
            if wanted.form
            else _html(render_template("thread.html", fixed=fixed, **_reading(thread)))
        )
        if fixed and wanted.whole:
            response.headers["Cache-Control"] = LATEST_SNAPSHOT if fixed.latest else OLD_SNAPSHOT
        return response

    def history(self, owner: str, name: str, kind: str, tail: str) -> ResponseReturnValue:
        """List a thread's captures, what changed from one to the next, and its edited posts."""
        asked, wanted = _parse(owner, name, kind, tail)
        if wanted != permalinks.Tail(asked.number):
            abort(404)
        repository = self._store.find_repository(asked.repository)
        thread = self._store.thread(repository.id, asked.number) if repository else None
        if thread is None:
            return self._missing(asked)
        if moved := moved_for_good(permalinks.history(thread.summary.ref)):
            return moved
        records = {digest: self._record(digest) for digest in {each.digest for each in thread.captures}}
        steps = [
            (capture, differences(records[before.digest] if before else None, records[capture.digest]))
            for before, capture in zip([None, *thread.captures], thread.captures, strict=False)
        ]
        edited = [each for each in _entries(thread) if each.others]
        return render_template("history.html", thread=thread.summary, steps=steps[::-1], edited=edited)

    def _record(self, digest: str) -> Mapping[str, Any]:
        packed = self._store.snapshot_record(digest)
        if packed is None:
            raise StoreError(f"the snapshot {digest} of a capture is missing", key=digest)
        record: Mapping[str, Any] = json.loads(packed)
        return record

    def _at_time(self, repository: Repository, asked: ThreadRef, at: datetime, form: str) -> ResponseReturnValue:
        ref = self._held(repository, asked.number)
        if ref is None:
            return self._missing(asked, form)
        captures = self._store.captures(repository.id, asked.number)
        past = [each for each in captures if each.at <= at]
        if not past and form:
            return error(
                404, f"{ref} was first captured at {iso(captures[0].at)}: how it stood before is not known here"
            )
        if not past:
            return render_template("too_early.html", ref=ref, at=at, first=captures[0]), 404
        return redirect(permalinks.thread(ref, digest=past[-1].digest, form=form), 302)

    def _held(self, repository: Repository, number: int) -> ThreadRef | None:
        """Return the reference of a thread that is held, of the right kind."""
        key = thread_key(repository.id, number)
        summary = self._store.summaries_by_key([key]).get(key)
        return summary.ref if summary else None

    def _no_snapshot(
        self, repository: Repository, asked: ThreadRef, found: Sequence[str], form: str
    ) -> ResponseReturnValue:
        ref = self._held(repository, asked.number)
        if ref is None:
            return self._missing(asked, form)
        if form:
            what = f"these begin so: {', '.join(found)}" if found else "none of its snapshots has that digest"
            return error(404, f"{ref} is held, but {what}")
        captures = self._store.captures(repository.id, asked.number)
        several = [each for each in captures if each.digest in found]
        return render_template("no_snapshot.html", ref=ref, several=several, captures=captures), 404

    # --- lookup ---

    def lookup(self) -> ResponseReturnValue:
        """Lead from any GitHub address, or a link of this archive, to its record, or say that it is not held."""
        text = request.args.get("url", "").strip()
        if not text:
            return render_template("lookup.html", text="", problem=None)
        if own := permalinks.own_path(text, self._site.base_url):
            return redirect(own, 302)
        if found := _API_COMMENT.match(text):
            return self._comment(text, PostKind.COMMENT if found[1] == "issues" else PostKind.REVIEW_COMMENT, found[2])
        try:
            asked = parse_reference(text)
        except BadReference:
            shown = text if len(text) <= 200 else f"{text[:200]}…"
            problem = (
                f"“{shown}” is neither owner/repository nor owner/repository#number, no address of a repository, an "
                "issue, a pull request or a discussion on GitHub, and no link of this archive"
            )
            return render_template("lookup.html", text=text, problem=problem), 400
        repository = self._store.find_repository(asked if isinstance(asked, RepositoryRef) else asked.repository)
        if repository is not None and isinstance(asked, RepositoryRef):
            return redirect(permalinks.repository(repository.ref), 302)
        ref = self._held(repository, asked.number) if repository and isinstance(asked, ThreadRef) else None
        if ref is not None and isinstance(asked, ThreadRef):
            anchor = f"#{permalinks.same_anchor(asked.anchor)}" if asked.anchor else ""
            return redirect(permalinks.thread(ref) + anchor, 302)
        return self._missing(asked)

    def _comment(self, text: str, kind: PostKind, number: str) -> ResponseReturnValue:
        """Lead to a comment of which nothing but GitHub's number is known."""
        place = self._store.post_thread(kind, int(number))
        summaries = self._store.summaries_by_key([thread_key(*place)]) if place else {}
        for summary in summaries.values():
            return redirect(f"{permalinks.thread(summary.ref)}#{post_anchor(kind, int(number), summary.kind)}", 302)
        problem = f"No comment with the number {number} is on the record here"
        return render_template("lookup.html", text=text, problem=problem), 404

    def _missing(self, asked: RepositoryRef | ThreadRef, form: str = "") -> ResponseReturnValue:
        if form:
            return error(404, f"{asked} is not held")
        named = asked if isinstance(asked, RepositoryRef) else asked.repository
        return render_template("missing.html", asked=asked, repository=self._store.find_repository(named)), 404


# --- requests ---------------------------------------------------------------------------------------------------------


def _parse(owner: str, name: str, kind: str, tail: str) -> tuple[ThreadRef, permalinks.Tail]:
    wanted = permalinks.parse_tail(tail)
    if kind not in permalinks.KINDS or wanted is None:
        abort(404)
    return ThreadRef(owner, name, wanted.number, permalinks.KINDS[kind]), wanted


def _page_number() -> int:
    text = request.args.get("page", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        abort(400, "The page is a number from 1 on.")
    return int(text)


def _html(text: str) -> Response:
    return Response(text, mimetype="text/html")


# --- what a thread's page shows ---------------------------------------------------------------------------------------


def as_captured(thread: Thread, first: Capture) -> Thread:
    """Leave out of a snapshot's thread what became known after its first capture: its page is to stay the same."""
    posts = [
        replace(
            post,
            revisions=tuple(each for each in post.revisions if each.captured_at <= first.at),
            updated_at=post.revision.edited_at or post.created_at,
        )
        for post in thread.posts
    ]
    was = thread.summary
    moments = [was.created_at, was.closed_at, was.merged_at, *(post.updated_at for post in posts)]
    summary = replace(
        was,
        updated_at=max(each for each in moments if each is not None),
        captured_at=first.at,
        last_checked_at=first.at,
    )
    return replace(thread, summary=summary, posts=posts)


def _entries(thread: Thread) -> list[Entry]:
    ended = thread.summary.merged_at or thread.summary.closed_at
    entries: list[Entry] = []
    marked = ended is None
    for number, post in enumerate(thread.posts, 1):
        closed_before = not marked and ended is not None and post.created_at > ended
        marked = marked or closed_before
        others = tuple(each for each in post.revisions if each.digest != post.revision.digest)
        entries.append(Entry(number, post, permalinks.anchor(post, thread.summary.kind), others, closed_before))
    return entries


def _reading(thread: Thread) -> dict[str, Any]:
    """Return what the template of a thread needs, whichever of its versions is shown."""
    summary = thread.summary
    entries = _entries(thread)
    ended = summary.merged_at or summary.closed_at
    authors = {each.post.author.id if each.post.author else None for each in entries}
    return {
        "thread": summary,
        "entries": entries,
        "captures": thread.captures,
        "authors": len(authors),
        "close_last": ended is not None and not any(each.closed_before for each in entries),
        "ended": ended,
        "evidence": _evidence(summary, entries),
    }


def _evidence(summary: ThreadSummary, entries: Sequence[Entry]) -> list[tuple[Evidence, Entry | None]]:
    """Return up to a dozen reasons for the verdict, the weightiest first, each with the post that it stands in."""
    chosen = sorted(summary.relevance.evidence, key=lambda each: -each.weight)[:12]
    return [
        (each, entries[each.post] if each.place != "title" and each.post < len(entries) else None) for each in chosen
    ]


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """Say in words what distinguishes two snapshot records; `before` is None for the first capture."""
    posts = {(each["kind"], each["id"]): each["revision"] for each in after["posts"]}
    if before is None:
        return [f"first capture, {render.plural(len(posts), 'post')}"]
    earlier = {(each["kind"], each["id"]): each["revision"] for each in before["posts"]}
    words: list[str] = []
    if added := len(posts.keys() - earlier.keys()):
        words.append(render.plural(added, "new post"))
    if gone := len(earlier.keys() - posts.keys()):
        words.append(f"{render.plural(gone, 'post')} no longer there")
    if edited := sum(posts[key] != earlier[key] for key in posts.keys() & earlier.keys()):
        words.append(f"{render.plural(edited, 'post')} edited")
    if before["title"] != after["title"]:
        # In an element of its own, since a title may run from right to left.
        words.append(Markup("retitled, before: “<bdi>{}</bdi>”").format(before["title"] or "(no title)"))
    if (before["state"], before["merged_at"]) != (after["state"], after["merged_at"]):
        words.append("merged" if after["merged_at"] else "closed" if after["state"] == "closed" else "reopened")
    elif before["state_reason"] != after["state_reason"] or before["closed_at"] != after["closed_at"]:
        words.append("closed anew" if after["state"] == "closed" else "its state's reason changed")
    if before["locked"] != after["locked"]:
        words.append("locked" if after["locked"] else "unlocked")
    for name in ("labels", "milestone", "assignees"):
        if before[name] != after[name]:
            words.append(f"{name} changed")
    return words or ["details changed"]
