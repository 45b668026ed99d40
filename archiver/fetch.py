"""Fetches one repository object, one whole thread, or a listing page by page, and keeps the ETags of what it got.

Which threads are wanted, and in which order they are asked for, is decided in `archiver.crawl` and `archiver.listing`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archiver.errors import BadResponse, GitHubError
from archiver.github import parse
from archiver.github.client import Answer, GitHub
from archiver.license import Vocabulary
from archiver.model import ObservedPost, ObservedThread, Repository, RepositoryRef
from archiver.store import Cached, Store

log = logging.getLogger(__name__)

PER_PAGE = 100


@dataclass(slots=True)
class Report:
    """What a crawl did: `captured` threads got a new snapshot, `failures` are (reference, reason)."""

    target: str
    requests: int = 0
    listed: int = 0
    captured: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; `remember` (URL, ETag, next URL) is to be kept together with its items.

    `date` is the server's clock when it was answered.
    """

    items: list[Any]
    remember: tuple[str, str, str | None] | None
    next_url: str | None
    date: datetime


Keep = Callable[[ObservedThread, Sequence[ObservedPost]], bool]


class Fetcher:
    """Asks GitHub and keeps the answers. `full` leaves aside the ETags of earlier answers."""

    def __init__(self, store: Store, github: GitHub, vocabulary: Vocabulary, *, full: bool) -> None:
        self.store = store
        self.github = github
        self.vocabulary = vocabulary
        self.full = full

    def repository(self, ref: RepositoryRef) -> Repository:
        """Ask which repository it is: its number is what everything is kept under. Raises GitHubError."""
        known = self.store.find_repository(ref)
        url = self.github.url(f"/repos/{ref.owner}/{ref.name}")
        try:
            answer, _ = self._ask(url, known is not None)
            if answer.not_modified and known:
                return known
            repository = parse.repository(answer.data)
        except GitHubError as error:
            if known:
                with self.store.transaction() as tx:
                    tx.note_failure(known.id, "", str(error))
            raise
        with self.store.transaction() as tx:
            tx.save_repository(repository, ref)
            if answer.etag and answer.moved_to is None:
                tx.remember(url, answer.etag, None)
        return repository

    def whole(
        self,
        repository: Repository,
        number: int,
        report: Report,
        keep: Keep,
    ) -> bool:
        """Fetch a thread with all of its comments, and keep it in one transaction if `keep` says so.

        Returns whether it is kept. Conditional for what is held: an unchanged thread costs nothing with a token.
        """
        base = f"/repos/{repository.owner}/{repository.name}/issues/{number}"
        with self.store.transaction() as tx:
            held = bool(tx.held_numbers(repository.id, [number])) and not self.full
        url = self.github.url(base)
        answer, _ = self._ask(url, held)
        etags: list[tuple[str, str, str | None]] = []
        if answer.etag and not answer.not_modified and answer.moved_to is None:
            etags.append((url, answer.etag, None))
        seen: ObservedThread | None = None
        if not answer.not_modified:
            moved = self._moved(repository, answer)
            if moved is not None:
                log.info("%s#%d was transferred to %s", repository.ref, number, moved.ref)
                kept = self.whole(moved, parse.thread(answer.data).number, report, keep)
                with self.store.transaction() as tx:
                    # Where it was, nothing is left to ask for; what was seen of it there stays as it was seen.
                    tx.drop_candidate(repository.id, number)
                    if tx.unsettled(repository.id, [number]):
                        report.captured += tx.settle(repository.id, number, self.vocabulary.judge)
                return kept
            seen = parse.thread(answer.data)
        posts: list[ObservedPost] = []
        for page in self.pages(self.github.url(f"{base}/comments", {"per_page": str(PER_PAGE)}), held):
            posts += [parse.comment(item)[1] for item in page.items]
            if page.remember:
                etags.append(page.remember)
        if seen is not None and not held and not keep(seen, posts):
            return False
        with self.store.transaction() as tx:
            if seen is not None:
                tx.observe_thread(repository.id, seen)
            if posts:
                tx.observe_posts(repository.id, number, posts)
            if tx.unsettled(repository.id, [number]):
                report.captured += tx.settle(repository.id, number, self.vocabulary.judge)
            tx.mark_checked(repository.id, number)
            for each in etags:
                tx.remember(*each)
            tx.drop_candidate(repository.id, number)
            tx.clear_failure(repository.id, f"#{number}")
        return True

    def _moved(self, repository: Repository, answer: Answer) -> Repository | None:
        """Return the other repository to which an issue was transferred; None if it is where it was asked for."""
        if answer.moved_to is None:
            return None
        ref = parse.repository_of(answer.data)
        if ref is None or ref.key == repository.ref.key:
            return None
        found = self.repository(ref)
        return None if found.id == repository.id else found

    # --- pages ---

    def _ask(self, url: str, conditional: bool) -> tuple[Answer, Cached | None]:
        """Ask for a URL, with the ETag of its last answer if wanted; return what was known of it, too."""
        cached: Cached | None = None
        if conditional:
            with self.store.transaction() as tx:
                cached = tx.cached(url)
        return self.github.get(url, cached.etag if cached else None), cached

    def pages(self, url: str, conditional: bool) -> Iterator[Page]:
        """Go through a listing by its Link headers; an unchanged page comes back empty."""
        following: str | None = url
        been: set[str] = set()
        while following is not None:
            url = following
            if url in been:
                raise BadResponse(f"{url}: the pages of this list lead round in a circle", key=url)
            been.add(url)
            answer, cached = self._ask(url, conditional)
            if answer.not_modified and cached:
                following = cached.next_url
                yield Page([], None, following, answer.date)
                continue
            if not isinstance(answer.data, list):
                raise BadResponse(f"{url}: a list was expected", key=url)
            following = answer.next_url
            # A full last page is not remembered: what is new would stand on a page after it, while its ETag may stay.
            settled = following is not None or len(answer.data) < PER_PAGE
            remember = (url, answer.etag, following) if answer.etag and settled else None
            yield Page(answer.data, remember, following, answer.date)
