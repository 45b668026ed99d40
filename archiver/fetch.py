"""Fetches one repository object or one whole thread, and keeps the ETags of what it got.

Which threads are wanted, and in which order they are asked for, is decided in `archiver.crawl` and `archiver.listing`;
how lists are gone through page by page stands in `archiver.asking`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from archiver.asking import PER_PAGE
from archiver.details import Details
from archiver.errors import Blocked, GitHubError, Gone, Moved, NotFound
from archiver.github import parse
from archiver.github.client import Answer, GitHub
from archiver.license import PostText, Vocabulary
from archiver.model import PostKind, Repository, Tombstone
from archiver.names import Naming
from archiver.observed import ObservedPost, ObservedThread
from archiver.references import ThreadKind
from archiver.store import Store, Transaction

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Report:
    """What a crawl did: `captured` threads got a new snapshot, `failures` are (reference, reason).

    `not_asked` says what could not be asked for, and why. `gone` is the tombstone of a thread that was asked for.
    """

    target: str
    requests: int = 0
    listed: int = 0
    captured: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    not_asked: dict[str, str] = field(default_factory=dict)
    gone: Tombstone | None = None

    def add(self, other: Report) -> None:
        """Add what another crawl did that was a part of this one."""
        self.listed += other.listed
        self.captured += other.captured
        self.failures += other.failures
        self.not_asked |= other.not_asked


Keep = Callable[[ObservedThread, Sequence[ObservedPost]], bool]


class Fetcher(Naming):
    """Asks GitHub and keeps the answers. `full` leaves aside the ETags of earlier answers."""

    def __init__(self, store: Store, github: GitHub, vocabulary: Vocabulary, *, full: bool) -> None:
        super().__init__(store, github, full=full)
        self.vocabulary = vocabulary
        self.details = Details(self)

    def whole(
        self,
        repository: Repository,
        number: int,
        report: Report,
        keep: Keep,
    ) -> bool:
        """Fetch a thread with all of its comments, and keep it if `keep` says so; then its timeline and reviews.

        Returns whether it is kept. Conditional for what is held: an unchanged thread costs nothing with a token. Of a
        thread that is held, comments that are not there any more get their tombstones.
        """
        base = f"/repos/{repository.owner}/{repository.name}/issues/{number}"
        with self.store.transaction() as tx:
            held = bool(tx.held_numbers(repository.id, [number]))
        conditional = held and not self.full
        url = self.github.url(base)
        try:
            answer, _ = self._ask(url, conditional)
        except (NotFound, Gone, Blocked) as error:
            if held:
                self.mark_gone(repository, number, error)
            raise
        etags: list[tuple[str, str, str | None]] = []
        if answer.etag and not answer.not_modified and answer.moved_to is None:
            etags.append((url, answer.etag, None))
        seen: ObservedThread | None = None
        if not answer.not_modified:
            moved = self._moved(repository, answer)
            if moved is not None:
                place = parse.thread(answer.data).number
                log.info("%s#%d was transferred to %s#%d", repository.ref, number, moved.ref, place)
                with self.store.transaction() as tx:
                    # Where it was, nothing is left to ask for; its record goes with it.
                    tx.drop_candidate(repository.id, number)
                    tx.clear_failure(repository.id, f"#{number}")
                    if held:
                        tx.move_thread(repository.id, number, moved.id, place)
                return self.whole(moved, place, report, keep)
            seen = parse.thread(answer.data)
        listing = self.github.url(f"{base}/comments", {"per_page": str(PER_PAGE)})
        pages = list(self.pages(listing, conditional, beyond=True))
        changed = [page for page in pages if not page.unchanged]
        if changed and len(changed) < len(pages):
            pages = list(self.pages(listing, False, beyond=True))  # what is missing can only be told from all of them
        posts = [parse.comment(item)[1] for page in pages for item in page.items]
        if seen is not None and not held and (self._declined(repository, seen) or not keep(seen, posts)):
            return False
        gone, complete = self._missing(repository, number, posts) if held and changed else ({}, True)
        if complete:
            etags += [page.remember for page in pages if page.remember]
        with self.store.transaction() as tx:
            if seen is not None:
                tx.observe_thread(repository.id, seen)
            tx.observe_posts(repository.id, number, posts)
            for post_id, status in gone.items():
                tx.mark_post_gone(repository.id, number, PostKind.COMMENT, post_id, status)
            for each in etags:
                tx.remember(*each)
            kind = tx.kind_of(repository.id, number)
            if kind is not ThreadKind.PULL:
                self._settle(tx, repository, number, report)
        unreadable = self.details.fetch(repository, number, kind).unreadable
        report.failures += [(f"{repository.ref}#{number}", reason) for reason in unreadable]
        with self.store.transaction() as tx:
            self._settle(tx, repository, number, report)
            tx.mark_checked(repository.id, number)
            tx.drop_candidate(repository.id, number)
            tx.clear_failure(repository.id, f"#{number}")
        return True

    def wanted(self, scope: str, title: str, posts: Sequence[ObservedPost]) -> bool:
        """Return whether a thread is to be kept: all are, or (`license`) those about licensing."""
        if scope == "all":
            return True
        text = title + "\n" + "\n".join(post.body for post in posts)
        return (
            self.vocabulary.mentions(text) and self.vocabulary.judge(title, [PostText.of(each) for each in posts]).kept
        )

    def itself(self, repository: Repository, number: int) -> None:
        """Ask for a held thread itself, without its posts, and keep what it says.

        Raises GitHubError; Moved if it was transferred.
        """
        url = self.github.url(f"/repos/{repository.owner}/{repository.name}/issues/{number}")
        answer, _ = self._ask(url, not self.full)
        if self.elsewhere(url, answer.moved_to):
            raise Moved(f"{url}: leads to {answer.url}", key=url, status=301)
        with self.store.transaction() as tx:
            if not answer.not_modified:
                tx.observe_thread(repository.id, parse.thread(answer.data))
                if answer.etag and answer.moved_to is None:
                    tx.remember(url, answer.etag, None)
            tx.mark_thread_back(repository.id, number)

    def mark_gone(self, repository: Repository, number: int, error: GitHubError) -> bool:
        """Set the tombstone of a held thread that was asked for itself; return whether it is new.

        A redirect to where it cannot be read is 301, whatever is said there.
        """
        moved = self.elsewhere(f"/repos/{repository.ref}/issues/{number}", error.moved_to)
        with self.store.transaction() as tx:
            tx.mark_checked(repository.id, number)
            tx.clear_failure(repository.id, f"#{number}")
            return tx.mark_thread_gone(repository.id, number, 301 if moved else error.status or 404)

    def _declined(self, repository: Repository, seen: ObservedThread) -> bool:
        with self.store.transaction() as tx:
            return tx.declined(repository.id, seen.number, seen.opening.author)

    def _settle(self, tx: Transaction, repository: Repository, number: int, report: Report) -> None:
        if tx.unsettled(repository.id, [number]):
            report.captured += tx.settle(repository.id, number, self.vocabulary.judge)

    def _missing(
        self, repository: Repository, number: int, posts: Sequence[ObservedPost]
    ) -> tuple[dict[int, int], bool]:
        """Return the held comments that are gone, with the status that says so; and whether the list was complete.

        A list proves nothing: each comment that it lacks is asked for. One that answers shows that the list was wrong.
        """
        with self.store.transaction() as tx:
            held = tx.present_posts(repository.id, number).get(PostKind.COMMENT, set())
        gone: dict[int, int] = {}
        for post_id in sorted(held - {post.id for post in posts}):
            path = f"/repos/{repository.owner}/{repository.name}/issues/comments/{post_id}"
            try:
                self.github.get(self.github.url(path))
            except (NotFound, Gone, Blocked) as error:
                gone[post_id] = error.status or 404
            else:
                log.warning("%s#%d: the list of its comments lacks some that are there", repository.ref, number)
                return gone, False
        return gone, True

    def _moved(self, repository: Repository, answer: Answer) -> Repository | None:
        """Return the other repository to which an issue was transferred; None if it is where it was asked for."""
        if answer.moved_to is None:
            return None
        ref = parse.repository_of(answer.data)
        if ref is None or ref.key == repository.ref.key:
            return None
        found = self.repository(ref)
        return None if found.id == repository.id else found
