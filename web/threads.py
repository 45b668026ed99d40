"""Shows what is held: repositories, threads, their snapshots and their captures.

It neither searches nor fetches; words and HTML come from `web.render`, addresses from `web.permalinks`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlencode

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from archiver.consent import consent_roll
from archiver.model import Repository, Thread, ThreadSummary, Tombstone, iso, thread_key
from archiver.references import RepositoryRef, ThreadRef
from archiver.store import Reader
from web import changes, citing, feeds, history, memento, permalinks, reading, rolls, thread_page
from web.alike import FRESH, Alike
from web.api import error, moved_for_good, moved_for_now, no_roll, send_thread, withdrawn_error
from web.config import SiteConfig
from web.freshness import Validators, holds_until
from web.places import withdrawn_at
from web.timeline import timeline, topics_of

PER_PAGE = 50
# A snapshot never changes, but it may be withdrawn, and must then be out of every cache within a day. The latest one is
# kept for minutes only: its page says so when the thread has changed since. A link with part of a digest is no
# different (docs/decisions/0025-links-are-cached-as-what-they-lead-to.md).
OLD_SNAPSHOT = "public, max-age=86400, immutable"
LATEST_SNAPSHOT = "public, max-age=600, immutable"

# Of a snapshot, its page and its citations tell what is now known of the words that are in it.
_TOLD = frozenset({"", *citing.ANSWERED})


class ThreadPages:
    """The pages of repositories and threads, over a store."""

    def __init__(self, store: Reader, site: SiteConfig, clock: Callable[[], datetime], alike: Alike) -> None:
        self._store = store
        self._site = site
        self._clock = clock
        self._alike = alike
        self._validators = Validators(site, clock)

    def blueprint(self) -> Blueprint:
        """Return the routes of these pages."""
        pages = Blueprint("threads", __name__)
        one = "/github.com/<owner>/<name>"
        pages.add_url_rule("/github.com/", "repositories", self.repositories)
        pages.add_url_rule(one, "repository", self.repository)
        pages.add_url_rule(f"{one}/<kind>/<tail>", "thread", self.thread)
        pages.add_url_rule(f"{one}/<kind>/<tail>/history", "history", self.history)
        pages.add_url_rule(f"{one}/<kind>/<tail>/compare", "compare", self.compare)
        pages.add_url_rule(f"{one}/<kind>/<tail>/consent.csv", "consent", self.consent)
        pages.add_url_rule(f"{one}/<kind>/<tail>/cite", "cite", self.cite)
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
            return self.missing(asked)
        if moved := moved_for_good(permalinks.repository(repository.ref)):
            return moved
        page = _page_number()
        coverage = self._store.coverage(repository.id)
        debates = self._store.summaries(repository_id=repository.id, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
        pages = -(-coverage.threads // PER_PAGE)
        held = self._store.debates(repository.id)

        def pager(number: int) -> str:
            return permalinks.repository(repository.ref) + (f"?page={number}" if number > 1 else "")

        if page > 1 and not debates:
            return render_template("beyond.html", page=page, pages=pages, last=pager(max(1, pages))), 404
        return render_template(
            "repository.html",
            repository=repository,
            coverage=coverage,
            line=timeline(held, str(repository.ref)) if page == 1 else None,
            topics=topics_of(held, str(repository.ref)),
            former=[each for each in repository.aliases if each.lower() != repository.ref.key],
            debates=debates,
            page=page,
            pager=pager,
            pages=pages,
        )

    # --- threads ---

    def thread(self, owner: str, name: str, kind: str, tail: str) -> ResponseReturnValue:
        """Show a thread as now known, or one of its snapshots, as a page or in one of its other forms."""
        return self._show(*_parse(owner, name, kind, tail))

    def consent(self, owner: str, name: str, kind: str, tail: str) -> ResponseReturnValue:
        """Show the consent roll of a thread, or of one of its snapshots, as CSV."""
        asked, wanted = _parse(owner, name, kind, tail)
        if wanted.form:
            abort(404)
        return self._show(asked, replace(wanted, form="csv"))

    def cite(self, owner: str, name: str, kind: str, tail: str) -> ResponseReturnValue:
        """Show how a thread, one of its snapshots, or a post of it (`?post=`) is cited."""
        asked, wanted = _parse(owner, name, kind, tail)
        if wanted.form:
            abort(404)
        return self._show(asked, replace(wanted, form="cite"))

    def _show(self, asked: ThreadRef, wanted: permalinks.Tail) -> ResponseReturnValue:
        repository = self._store.find_repository(asked.repository)
        if repository is None:
            return self.missing(asked, wanted.form)
        if wanted.at is not None:
            return self._at_time(repository, asked, wanted.at, wanted.form)
        digest = None
        if wanted.digest is not None:
            digest = self._store.resolve_digest(repository.id, asked.number, wanted.digest)
            if digest is None and (former := self._former(asked, wanted.digest)):
                return _lead(permalinks.thread(former, digest=wanted.digest, form=wanted.form))
            if digest is None:
                return self._no_snapshot(repository, asked, wanted.form)
        alike: tuple[ThreadSummary, ...] = ()
        if digest is None and not wanted.form:
            alike = self._alike.to(thread_key(repository.id, asked.number))
            # Which debates are alike is found out anew now and then, whatever the store says of this one.
            holds_until(self._clock() + FRESH)
        if known := self._known(
            repository,
            asked.number,
            lambda ref: permalinks.thread(ref, digest=wanted.digest, form=wanted.form),
            *((each.ref, each.title, each.outcome, each.post_count) for each in alike),
        ):
            return known
        thread = self._store.thread(repository.id, asked.number, digest)
        if thread is None and digest and (tombstone := self._store.snapshot_withdrawn(digest)):
            return _withdrawn(asked, tombstone, wanted.form, version=digest)
        if thread is None:
            return self.missing(asked, wanted.form)
        if moved := moved_for_good(permalinks.thread(thread.summary.ref, digest=wanted.digest, form=wanted.form)):
            return moved
        fixed = now = None
        if digest is not None:
            now = thread if wanted.form in _TOLD else None
            first = next(each for each in thread.captures if each.digest == digest)
            since = None if wanted.form else changes.since(self._store, thread, digest)
            latest = thread.captures[-1].digest == digest
            place = reading.place_at(thread, first.at)
            fixed = thread_page.Fixed(first.at, latest, since, place, thread.summary.gone)
            thread = reading.as_captured(thread, first)
        response = self._send(thread, fixed, wanted.form, alike, now)
        if fixed:
            memento.mark(response, thread.summary, fixed.at, self._site.base_url)
        # What is withdrawn may be given back, and more of it may be withdrawn: such a page is asked for each time.
        if fixed and not any(each.withdrawn for each in thread.posts):
            response.headers["Cache-Control"] = LATEST_SNAPSHOT if fixed.latest else OLD_SNAPSHOT
        return response

    def _send(
        self,
        thread: Thread,
        fixed: thread_page.Fixed | None,
        form: str,
        alike: Sequence[ThreadSummary],
        now: Thread | None,
    ) -> Response:
        if form == "csv":
            return _csv(thread, self._site)
        if form in citing.ANSWERED:
            return citing.answer(thread, form, self._site, now)
        if form == "atom":
            return feeds.of_thread(thread, self._site)
        if form:
            return send_thread(thread, self._site, fixed=fixed is not None)
        return thread_page.respond(self._store, self._site, thread, fixed, alike, now)

    def history(self, owner: str, name: str, kind: str, tail: str) -> ResponseReturnValue:
        """List a thread's captures, what was found out about it, and GitHub's own edits of its posts."""
        thread = self._present(*_parse(owner, name, kind, tail), permalinks.history)
        if not isinstance(thread, Thread):
            return thread
        edited = [each for each in reading.entries(thread) if each.versions]
        return render_template(
            "history.html",
            thread=thread.summary,
            captures=len(thread.captures),
            steps=history.steps(thread, history.records(self._store, thread)),
            edited=edited,
        )

    def compare(self, owner: str, name: str, kind: str, tail: str) -> ResponseReturnValue:
        """Tell two versions of a thread apart, which the parameters `from` and `to` name."""
        asked, wanted = _parse(owner, name, kind, tail)
        thread = self._present(asked, wanted, permalinks.compare)
        if not isinstance(thread, Thread):
            return thread
        try:
            return changes.comparison(self._store, thread, mask=self._site.mask)
        except changes.NoVersion as problem:
            former = self._former(asked, *changes.versions())
            if former and (moved := moved_for_now(permalinks.compare(former))):
                return moved
            tombstone = self.tombstone(asked)
            return _withdrawn(asked, tombstone, "") if tombstone else problem.answer
        except changes.Withdrawn as error:
            return _withdrawn(thread.summary.ref, error.tombstone, "", version=error.digest)

    def _present(
        self, asked: ThreadRef, wanted: permalinks.Tail, canonical: Callable[[ThreadRef], str]
    ) -> Thread | ResponseReturnValue:
        """Return a thread as now known, or the answer where it is not held, elsewhere, or known to whoever asks."""
        if wanted != permalinks.Tail(asked.number):
            abort(404)
        repository = self._store.find_repository(asked.repository)
        if known := self._known(repository, asked.number, canonical):
            return known
        thread = self._store.thread(repository.id, asked.number) if repository else None
        if thread is None:
            return self.missing(asked, canonical=canonical)
        return moved_for_good(canonical(thread.summary.ref)) or thread

    def _known(
        self, repository: Repository | None, number: int, canonical: Callable[[ThreadRef], str], *more: object
    ) -> Response | None:
        """Return 304 if whoever asks has the answer already, and the request's path is the `canonical` one.

        `more` is what the answer shows besides the thread.
        """
        stamp = self._store.stamp(repository.id, number) if repository else None
        if stamp is None or quote(request.path, safe="/@") != canonical(stamp.ref):
            return None
        return self._validators.unmodified(stamp, request.path, request.query_string, *more)

    def _at_time(self, repository: Repository, asked: ThreadRef, at: datetime, form: str) -> ResponseReturnValue:
        ref = self.held(repository, asked.number)
        if ref is None:
            return self.missing(asked, form, at)
        captures = self._store.captures(repository.id, asked.number)
        past = [each for each in captures if each.at <= at]
        if not past and (former := self._former(asked, at)):
            return _lead(permalinks.thread(former, at=at, form=form))
        # A thread that a former bearer of the name had there is withdrawn: the link may have led to it.
        if not past and (tombstone := self.tombstone(asked)):
            return _withdrawn(asked, tombstone, form)
        if not past and _is_data(form):
            return error(
                404, f"{ref} was first captured at {iso(captures[0].at)}: how it stood before is not known here"
            )
        if not past:
            return render_template("too_early.html", ref=ref, at=at, first=captures[0]), 404
        return _lead(permalinks.thread(ref, digest=past[-1].digest, form=form))

    def held(self, repository: Repository, number: int) -> ThreadRef | None:
        """Return the reference of a thread that is held, of the right kind."""
        # Of a thread that was transferred, the summary bears the key of its new place.
        found = self._store.summaries_by_key([thread_key(repository.id, number)]).values()
        return next((each.ref for each in found), None)

    def _no_snapshot(self, repository: Repository, asked: ThreadRef, form: str) -> ResponseReturnValue:
        ref = self.held(repository, asked.number)
        if ref is None:
            return self.missing(asked, form)
        if tombstone := self.tombstone(asked):  # as in `_at_time`
            return _withdrawn(asked, tombstone, form)
        if _is_data(form):
            return error(404, f"{ref} is held, but none of its snapshots has that digest")
        return changes.no_snapshot(ref, self._store.captures(repository.id, asked.number))

    # --- what is not there ---

    def missing(
        self,
        asked: RepositoryRef | ThreadRef,
        form: str = "",
        at: datetime | None = None,
        canonical: Callable[[ThreadRef], str] | None = None,
    ) -> ResponseReturnValue:
        """Answer that something is not held, or lead to what a former bearer of the name had at that number.

        That is its page in the same form, as of the same time, or the `canonical` one with what was asked for there.
        """
        if isinstance(asked, ThreadRef) and (tombstone := self.tombstone(asked)):
            return _withdrawn(asked, tombstone, form)
        if isinstance(asked, ThreadRef) and (former := self._former(asked)):
            if canonical is not None and (moved := moved_for_now(canonical(former))):
                return moved
            return _lead(permalinks.thread(former, at=at, form=form))
        if _is_data(form):
            return error(404, f"{asked} is not held")
        named = asked if isinstance(asked, RepositoryRef) else asked.repository
        return render_template("missing.html", asked=asked, repository=self._store.find_repository(named)), 404

    def _former(self, asked: ThreadRef, *versions: str | datetime) -> ThreadRef | None:
        """Return the thread of a repository whose name another one took over, if it has all of these versions."""
        for each in self._store.repositories_named(asked.repository)[1:]:
            ref = self.held(each, asked.number)
            if ref and all(self._has(each, asked.number, version) for version in versions):
                return ref
        return None

    def _has(self, repository: Repository, number: int, version: str | datetime) -> bool:
        """Return whether a thread has a snapshot of such a digest, or one that was in force at such a time."""
        if isinstance(version, str):
            return self._store.resolve_digest(repository.id, number, version) is not None
        return any(each.at <= version for each in self._store.captures(repository.id, number))

    def tombstone(self, asked: ThreadRef) -> Tombstone | None:
        """Return what is left of a thread that is withdrawn here, also of a former bearer of its repository's name."""
        return withdrawn_at(self._store, asked)


# --- requests ---------------------------------------------------------------------------------------------------------


def _parse(owner: str, name: str, kind: str, tail: str) -> tuple[ThreadRef, permalinks.Tail]:
    wanted = permalinks.parse_tail(tail)
    if kind not in permalinks.KINDS or wanted is None:
        abort(404)
    return ThreadRef(owner, name, wanted.number, permalinks.KINDS[kind]), wanted


def _is_data(form: str) -> bool:
    """Return whether a form is for programs, so that errors are JSON."""
    return form not in {"", "cite"}


def _lead(path: str) -> Response:
    """Redirect to where something is at present; which post of it is to be cited goes along."""
    post = request.args.get("post")
    return redirect(f"{path}?{urlencode({'post': post})}" if post else path, 302)


def _page_number() -> int:
    text = request.args.get("page", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        abort(400, "The page is a number from 1 on.")
    return int(text)


def _csv(thread: Thread, site: SiteConfig) -> Response:
    ref = thread.summary.ref
    roll = consent_roll(thread)
    if roll is None:
        return no_roll(thread)
    response = Response(rolls.table(roll, thread, site.base_url, mask=site.mask), mimetype="text/csv")
    response.headers["Content-Type"] = "text/csv; charset=utf-8; header=present"
    name = f"{ref.repository.owner}-{ref.repository.name}-{ref.number}-consent.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status, mimetype="text/html")


def _withdrawn(asked: ThreadRef, tombstone: Tombstone, form: str, version: str = "") -> Response:
    """Return the tombstone of a thread, or of one `version` (a digest), that is withdrawn; no robot is to keep it."""
    if _is_data(form):
        return withdrawn_error(tombstone, f"{asked}@{version}" if version else str(asked))
    page = render_template("withdrawn.html", asked=asked, tombstone=tombstone, snapshot=version)
    response = _html(page, tombstone.status)
    response.headers["X-Robots-Tag"] = "noindex"
    response.last_modified = tombstone.since
    return response
