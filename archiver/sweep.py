"""Sweeps: asks for all that is held of a repository again, and finds out what is gone, what is back and what moved.

A list that lacks something proves nothing: GitHub has served short and empty lists by mistake. What seems gone is asked
for itself before its tombstone is written; and where too much of a repository seems gone at once, nothing is marked
until the next sweep sees the same. A sweep that is broken off begins anew, and comes to the same end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from archiver.asking import PER_PAGE
from archiver.details import ETag, lacking
from archiver.discussions import Discussions
from archiver.errors import (
    BadResponse,
    Blocked,
    Forbidden,
    ForeignRedirect,
    GitHubError,
    Gone,
    Moved,
    NotFound,
    Refused,
)
from archiver.fetch import Fetcher, Report
from archiver.github import parse
from archiver.github.client import Stopped
from archiver.model import PostKind, Repository
from archiver.references import ThreadKind
from archiver.store import CrawlState, Standing
from archiver.wording import plural

log = logging.getLogger(__name__)

FEWEST = 5
"""Fewer posts than these are never too many to believe, however small the repository is."""

_VERDICTS = (NotFound, Gone, Blocked)
# Neither there nor gone: noted as a failure, and asked for again by the next sweep.
_NO_VERDICT = (BadResponse, Forbidden, ForeignRedirect, Moved, Refused)


@dataclass(slots=True)
class Swept:
    """What a sweep of a repository asked for and found: `gone`, `back` and `moved` count threads and single posts.

    The repository itself counts as one. `suspects` is set if so many posts seemed gone that nothing was marked. Of all
    `requests`, `counted` are those that used up the rate limit.
    """

    target: str
    threads: int = 0
    posts: int = 0
    unchanged: int = 0
    gone: int = 0
    back: int = 0
    moved: int = 0
    requests: int = 0
    counted: int = 0
    suspects: int = 0
    vanished: int | None = None
    failures: list[tuple[str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        """Say it in one line."""
        if self.suspects:
            found = f"{self.suspects:,} of {self.posts:,} posts seem gone; nothing was marked, the next one decides"
        elif self.vanished:
            found = f"the repository is gone upstream ({self.vanished})"
        else:
            numbers = (f"{getattr(self, name):,} {name}" for name in ("gone", "back", "moved") if getattr(self, name))
            found = ", ".join(numbers) or "nothing is gone"
        text = f"{self.target}: swept {plural(self.threads, 'thread')}: {found}, {plural(self.requests, 'request')}"
        text += f", {self.counted:,} counted"
        if self.requests and not self.counted:
            text += " (all were answered with 304)"
        if self.failures:
            text += f", {plural(len(self.failures), 'failure')} (see onrecord status)"
        return text

    def record(self) -> dict[str, int]:
        """Return the numbers that are kept of it."""
        names = ("threads", "posts", "unchanged", "gone", "back", "moved", "requests", "counted")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class _Loss:
    """What seems gone of a thread: some of its posts, or (none named) all of it. The ETags are those that showed it."""

    thread: Standing
    posts: tuple[tuple[PostKind, int], ...] = ()
    etags: tuple[ETag, ...] = ()

    @property
    def weight(self) -> int:
        """How many posts that are held seem gone."""
        return len(self.posts) or self.thread.posts


class Sweep:
    """Sweeps one repository that is kept. `stop` is asked after every thread; if it says true, Stopped is raised."""

    def __init__(
        self, fetcher: Fetcher, repository: Repository, *, max_gone_share: float, stop: Callable[[], bool]
    ) -> None:
        self._fetcher = fetcher
        self._store = fetcher.store
        self._github = fetcher.github
        self._repository = repository
        self._max_gone_share = max_gone_share
        self._stop = stop
        self._swept = Swept(str(repository.ref))

    def run(self) -> Swept:
        """Sweep. Raises GitHubError, StoreError or Stopped; what was committed stays."""
        requests, counted = self._github.requests, self._github.counted
        was_gone = self._repository.gone is not None
        with self._store.transaction() as tx:
            flagged = tx.flag(self._repository.id) is not None
            threads = tx.standing(self._repository.id)
        try:
            self._repository = self._fetcher.again(self._repository)
        except _VERDICTS as error:
            self._vanished(error, threads, flagged)
        else:
            self._swept.target = str(self._repository.ref)
            self._swept.back += was_gone
            self._sweep(threads, flagged)
        self._swept.requests = self._github.requests - requests
        self._swept.counted = self._github.counted - counted
        with self._store.transaction() as tx:
            state = tx.crawl_state(self._repository.id) or CrawlState(basis="")
            done = replace(state, last_sweep_at=tx.now, swept=self._swept.record())
            tx.save_crawl_state(self._repository.id, done)
        return self._swept

    def _vanished(self, error: GitHubError, threads: list[Standing], flagged: bool) -> None:
        """Take note that the whole repository answers neither to its name nor to its number."""
        status, gone = error.status or 404, self._repository.gone
        posts = sum(each.posts for each in threads)
        self._swept.threads, self._swept.posts, self._swept.vanished = len(threads), posts, status
        with self._store.transaction() as tx:
            # Of a legal block GitHub itself says what it is; anything else may pass, as an empty list may.
            if flagged or gone is not None or isinstance(error, Blocked):
                self._swept.gone += tx.mark_repository_gone(self._repository.id, status)
                tx.clear_failure(self._repository.id, "")
                tx.clear_flag(self._repository.id, gone=posts)
            else:
                self._swept.suspects = posts
                tx.set_flag(self._repository.id, suspects=posts, posts=posts)

    def _sweep(self, threads: list[Standing], flagged: bool) -> None:
        losses: list[_Loss] = []
        for thread in threads:
            self._check_stop()
            # Discussions have no REST API, and are held against GraphQL's answers.
            if thread.kind is not ThreadKind.DISCUSSION and (loss := self._look(thread)) is not None:
                losses.append(loss)
        losses += self._look_at_discussions([each for each in threads if each.kind is ThreadKind.DISCUSSION])
        held = sum(each.posts for each in threads if not each.gone)
        self._swept.threads, self._swept.posts = len(threads), held
        suspects = sum(each.weight for each in losses)
        if suspects >= FEWEST and suspects > held * self._max_gone_share and not flagged:
            self._swept.suspects = suspects
            with self._store.transaction() as tx:
                tx.set_flag(self._repository.id, suspects=suspects, posts=held)
            for loss in losses:
                self._keep(loss.thread.number)
            return
        marked = 0
        for loss in losses:
            if loss.thread.kind is ThreadKind.DISCUSSION:
                marked += self._decide_discussion(loss.thread)
            else:
                marked += self._decide(loss) if loss.posts else self._decide_whole(loss.thread)
        with self._store.transaction() as tx:
            tx.clear_flag(self._repository.id, gone=marked)
        if self._swept.unchanged < len(threads) or not self._github.authenticated:
            # What is new here was read by a crawl, which asked then; a sweep of what is unchanged is to cost nothing.
            self._fetcher.ask_for_linked_names(self._repository)

    # --- looking ---

    def _look(self, thread: Standing) -> _Loss | None:
        """Ask for a thread, keep what it says, and return what seems gone of it."""
        number = thread.number
        try:
            if thread.gone and not self._is_back(number):
                return None
            seen = self._fetcher.details.fetch(self._repository, number, thread.kind, keep_etags=False)
            if not seen.unchanged or thread.miscounted:
                # A state comes from the object: issues can be closed without an event that says so. And one whose
                # count was wrong along with its lists is right again when they are, which no list tells.
                self._fetcher.itself(self._repository, number)
        except Moved:
            self._follow(number)
            return None
        except _VERDICTS:
            return _Loss(thread)
        except _NO_VERDICT as error:
            self._failed(number, error)
            return None
        self._swept.failures += [(self._name(number), reason) for reason in seen.unreadable]
        with self._store.transaction() as tx:
            tx.mark_checked(self._repository.id, number)
            tx.clear_failure(self._repository.id, f"#{number}")
            lost = () if seen.unchanged else lacking(tx.present_posts(self._repository.id, number), seen.ids)
            still_gone = 0
            if thread.gone_posts:
                still_gone = sum(each.gone_posts for each in tx.standing(self._repository.id, [number]))
        self._swept.unchanged += seen.unchanged
        self._swept.back += max(0, thread.gone_posts - still_gone)
        if lost:
            return _Loss(thread, tuple(lost), seen.etags)
        self._keep(number, seen.etags)
        return None

    def _look_at_discussions(self, threads: Sequence[Standing]) -> list[_Loss]:
        """Ask GraphQL, with a token, for the posts of discussions by name; return what seems gone of them."""
        if not threads or not self._github.authenticated:
            return []
        try:
            absent = self._discussions.absent()
        except (*_VERDICTS, *_NO_VERDICT) as error:
            self._failed(threads[0].number, error)
            return []
        losses: list[_Loss] = []
        for thread in threads:
            lost = [(each.kind, each.id) for each in absent if each.number == thread.number]
            whole = any(kind is PostKind.OPENING for kind, _ in lost)
            if thread.gone and not whole:
                self._decide_discussion(thread)
            elif lost and not thread.gone:
                losses.append(_Loss(thread, () if whole else tuple(lost)))
            else:
                self._swept.unchanged += not lost
                with self._store.transaction() as tx:
                    tx.mark_checked(self._repository.id, thread.number)
        return losses

    def _is_back(self, number: int) -> bool:
        """Ask for a thread that has a tombstone; Moved if it can be read where it went."""
        try:
            self._fetcher.itself(self._repository, number)
        except _VERDICTS:
            with self._store.transaction() as tx:
                tx.clear_failure(self._repository.id, f"#{number}")
            return False
        self._swept.back += 1
        return True

    def _follow(self, number: int) -> None:
        """Follow a thread to where it was transferred."""
        report = Report(self._name(number))
        try:
            self._fetcher.whole(self._repository, number, report, keep=lambda _thread, _posts: True)
        except (*_VERDICTS, *_NO_VERDICT) as error:
            self._failed(number, error)
        with self._store.transaction() as tx:
            self._swept.moved += not tx.held_numbers(self._repository.id, [number])

    # --- deciding ---

    def _decide_whole(self, thread: Standing) -> int:
        """Ask for a thread that seems gone itself; return how many posts are gone with it."""
        self._check_stop()
        number = thread.number
        try:
            self._fetcher.itself(self._repository, number)
        except Moved:
            self._follow(number)
        except _VERDICTS as error:
            self._swept.gone += self._fetcher.mark_gone(self._repository, number, error)
            return thread.posts
        except _NO_VERDICT as error:
            self._failed(number, error)
        else:
            self._failed(number, BadResponse("the thread answers, but its timeline does not"))
            self._keep(number)
        return 0

    def _decide_discussion(self, thread: Standing) -> int:
        """Read a discussion whole, and keep what it says; return how many of its posts are gone."""
        self._check_stop()
        number = thread.number
        try:
            self._discussions.whole(number, keep=True, believe=True)
        except _VERDICTS as error:
            self._swept.gone += self._fetcher.mark_gone(self._repository, number, error)
            return thread.posts
        except _NO_VERDICT as error:
            self._failed(number, error)
            return 0
        with self._store.transaction() as tx:
            now_gone = sum(each.gone_posts for each in tx.standing(self._repository.id, [number]))
        self._swept.back += thread.gone
        self._swept.gone += max(0, now_gone - thread.gone_posts)
        return max(0, now_gone - thread.gone_posts)

    def _decide(self, loss: _Loss) -> int:
        """Ask for posts that seem gone themselves; return how many are."""
        number = loss.thread.number
        gone: dict[tuple[PostKind, int], int] = {}
        for kind, post_id in loss.posts:
            self._check_stop()
            try:
                status = self._status(number, kind, post_id)
            except _NO_VERDICT as error:
                self._failed(number, error)
            else:
                if status is not None:
                    gone[kind, post_id] = status
        with self._store.transaction() as tx:
            for (kind, post_id), status in gone.items():
                self._swept.gone += tx.mark_post_gone(self._repository.id, number, kind, post_id, status)
        # While a post is there that its list lacks, or not decided on, the list is to be read again the next time.
        self._keep(number, loss.etags if len(gone) == len(loss.posts) else ())
        return len(gone)

    def _status(self, number: int, kind: PostKind, post_id: int) -> int | None:
        """Ask for a post itself; return the status that says that it is gone, None if it is there."""
        base = f"/repos/{self._repository.owner}/{self._repository.name}"
        path = {
            PostKind.COMMENT: f"{base}/issues/comments/{post_id}",
            PostKind.REVIEW_COMMENT: f"{base}/pulls/comments/{post_id}",
            PostKind.REVIEW: f"{base}/pulls/{number}/reviews/{post_id}",
        }[kind]
        try:
            if kind is PostKind.REVIEW and self._is_listed(f"{base}/pulls/{number}/reviews", post_id):
                return None
            answer = self._github.get(self._github.url(path))
        except _VERDICTS as error:
            return 301 if self._fetcher.elsewhere(path, error.moved_to) else error.status or 404
        read = {
            PostKind.COMMENT: parse.comment,
            PostKind.REVIEW_COMMENT: parse.review_comment,
            PostKind.REVIEW: parse.review,
        }[kind]
        found = read(answer.data)
        if found is not None and found[0] == number:
            with self._store.transaction() as tx:
                tx.observe_posts(self._repository.id, number, [found[1]])
        return None

    def _is_listed(self, path: str, review: int) -> bool:
        pages = self._fetcher.pages(self._github.url(path, {"per_page": str(PER_PAGE)}), conditional=False)
        items = (item for page in pages for item in page.items)
        return any(isinstance(item, dict) and item.get("id") == review for item in items)

    # --- small things ---

    @property
    def _discussions(self) -> Discussions:
        fetcher, report = self._fetcher, Report(self._swept.target)
        report.failures = self._swept.failures
        return Discussions(self._store, self._github, fetcher.vocabulary, self._repository, report, stop=self._stop)

    def _keep(self, number: int, etags: Sequence[ETag] = ()) -> None:
        """Make what was observed of a thread its snapshot, and keep the ETags of what said so."""
        with self._store.transaction() as tx:
            # Where comments are still to come, the next crawl completes it first.
            if any(each.held >= each.upstream for each in tx.unsettled(self._repository.id, [number])):
                tx.settle(self._repository.id, number, self._fetcher.vocabulary.judge)
            for etag in etags:
                tx.remember(*etag)

    def _failed(self, number: int, error: GitHubError) -> None:
        log.warning("%s: %s", self._name(number), error)
        self._swept.failures.append((self._name(number), str(error)))
        with self._store.transaction() as tx:
            tx.note_failure(self._repository.id, f"#{number}", str(error))

    def _name(self, number: int) -> str:
        return f"{self._repository.ref}#{number}"

    def _check_stop(self) -> None:
        if self._stop():
            raise Stopped("stopped on request; the next sweep begins anew")
