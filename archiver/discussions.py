"""Archives GitHub Discussions, which only GraphQL gives: lists them, and fetches whole what is wanted.

What is asked, and how it is read, is `archiver.github.graphql`'s; what a license debate is, is `archiver.license`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from archiver.errors import BadResponse, Blocked, Forbidden, GitHubError, Gone, NotFound, Refused
from archiver.fetch import Report
from archiver.github import graphql
from archiver.github.client import GitHub, Stopped
from archiver.license import PostText, Vocabulary
from archiver.listing import OVERLAP
from archiver.model import PostKind, Repository
from archiver.observed import ObservedEvent, ObservedPost, ObservedThread, PostHistory
from archiver.store import Store
from archiver.store.editing import HeldPost

log = logging.getLogger(__name__)

LISTED_AT_ONCE = 25
COMMENTS_AT_ONCE = 50
"""How many discussions, and how many comments of one, are asked for at once; a quarter of it after a failure."""

TARGET = "discussions"
_CONTROL = 1  # the opening post is asked for along with missing comments: if it is not there, nothing is told by it


@dataclass(slots=True)
class _Whole:
    """A discussion with all of its comments: `hidden` are (number, why minimized), `deleted` those GitHub says are.

    `unread` says what is wrong with comments that could not be read, `doubt` why it is not believed that some are gone.
    """

    seen: ObservedThread
    posts: list[ObservedPost] = field(default_factory=list)
    hidden: list[tuple[int, str | None]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    events: list[ObservedEvent] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    doubt: str | None = None

    @property
    def all_posts(self) -> list[ObservedPost]:
        """The opening post and the others."""
        return [self.seen.opening, *self.posts]


class Discussions:
    """The discussions of one repository. `full` fetches again what is held, whatever earlier passes have seen."""

    def __init__(
        self,
        store: Store,
        github: GitHub,
        vocabulary: Vocabulary,
        repository: Repository,
        report: Report,
        *,
        stop: Callable[[], bool],
        full: bool = False,
    ) -> None:
        self._store = store
        self._github = github
        self._vocabulary = vocabulary
        self._repository = repository
        self._report = report
        self._stop = stop
        self._full = full

    # --- listing ---

    def run(self, scope: str) -> None:
        """Go through all that was updated since the last pass; keep what is held already or about licensing.

        A pass that is broken off begins again; what it kept is not fetched twice. A discussion that cannot be fetched
        is a noted failure, and the next pass comes back to it. Raises GitHubError, StoreError or Stopped.
        """
        with self._store.transaction() as tx:
            state = tx.crawl_state(self._repository.id)
            latest_believed = tx.now + timedelta(days=1)
        if state is None:
            return
        cursor = state.discussions_cursor
        since = cursor - OVERLAP if cursor else None
        again: list[datetime] = []
        for page in self._pages(since):
            with self._store.transaction() as tx:
                held = tx.discussions_held(self._repository.id, [each.number for each in page])
            for each in page:
                if each.updated_at <= latest_believed:
                    cursor = max(cursor or each.updated_at, each.updated_at)
                known = held.get(each.number)
                if known is not None:
                    wanted = self._full or known < each.updated_at
                else:
                    wanted = scope == "all" or self._speaks_of_licensing(each)
                if wanted and not self._fetch(each.number, known is not None or scope == "all"):
                    again.append(each.updated_at)
        if again and cursor is not None:
            cursor = min(cursor, *again)
        with self._store.transaction() as tx:
            queued = tx.discussions_held(self._repository.id, tx.candidates(self._repository.id))
        for number in sorted(queued):  # an import told of them
            if self._fetch(number, True):
                with self._store.transaction() as tx:
                    tx.drop_candidate(self._repository.id, number)
        with self._store.transaction() as tx:
            state = tx.crawl_state(self._repository.id) or state
            tx.save_crawl_state(self._repository.id, replace(state, discussions_cursor=cursor))
            tx.clear_failure(self._repository.id, TARGET)

    def _pages(self, since: datetime | None) -> Iterator[list[graphql.Glance]]:
        """Yield the discussions updated since then, latest first, page by page."""
        first, after = LISTED_AT_ONCE, None
        while True:
            self._check_stop()
            try:
                found = self._repository_of(
                    self._github.query(graphql.DISCUSSIONS, {**self._named(), "first": first, "after": after})
                )
            except BadResponse:
                if first == 1:
                    raise
                first = max(first // 4, 1)  # perhaps too much was asked for at once
                continue
            connection = found.get("discussions")
            page = list(self._glances(graphql.nodes(connection)))
            self._report.listed += len(page)
            fresh = [each for each in page if since is None or each.updated_at >= since]
            yield fresh
            following = graphql.following(connection)
            if following is None or following == after or len(fresh) < len(page):
                return
            after = following

    def _glances(self, nodes: Sequence[Mapping[str, Any]]) -> Iterator[graphql.Glance]:
        for node in nodes:
            try:
                yield graphql.glance(node)
            except BadResponse as error:
                number = node.get("number")
                self._failed(f"#{number}" if isinstance(number, int) else TARGET, f"cannot be read: {error}")

    def _speaks_of_licensing(self, seen: graphql.Glance) -> bool:
        """Return whether what a list shows of a discussion gives reason to fetch it whole."""
        texts = [PostText(body, None, who.login if who else None, bool(who and who.bot)) for body, who in seen.posts]
        if not self._vocabulary.mentions("\n".join([seen.title, *(each.body for each in texts)])):
            return False
        judge = self._vocabulary.judge
        return judge(seen.title, texts).kept or any(judge("", [each]).kept for each in texts[1:])

    def _fetch(self, number: int, keep: bool) -> bool:
        """Fetch one discussion; return whether that is done with, as far as this pass goes."""
        self._check_stop()
        try:
            self.whole(number, keep=keep)
        except (NotFound, Gone, Blocked) as error:  # it went while we read
            self._failed(f"#{number}", str(error))
        except (BadResponse, Forbidden, Refused) as error:
            self._failed(f"#{number}", str(error))
            return False
        return True

    # --- one discussion ---

    def absent(self) -> list[HeldPost]:
        """Return the posts of held discussions that GraphQL does not know by name, or calls deleted: a suspicion.

        One request for a hundred posts. Raises GitHubError or Stopped.
        """
        with self._store.transaction() as tx:
            posts = tx.discussion_posts(self._repository.id)
        lost: list[HeldPost] = []
        for at in range(0, len(posts), graphql.PER_PAGE):
            self._check_stop()
            some = posts[at : at + graphql.PER_PAGE]
            nodes = self._github.query(graphql.PRESENT, {"ids": [each.node_id for each in some]}, strict=True)["nodes"]
            if not isinstance(nodes, list) or len(nodes) != len(some):
                raise BadResponse("as many nodes as were asked for were expected")
            lost += [each for each, node in zip(some, nodes, strict=True) if not node or node.get("deletedAt")]
        return lost

    def whole(self, number: int, *, keep: bool, believe: bool = False) -> bool:
        """Fetch a discussion with all of its comments, and keep it in one transaction; return whether it is kept.

        It is kept if it is about licensing, or in any case with `keep`. With `believe`, no share of its comments is too
        much to be gone at once. Raises GitHubError; NotFound, if there is none.
        """
        found = self._read(number)
        if not keep:
            judge = self._vocabulary.judge
            texts = [PostText.of(each) for each in found.all_posts]
            keep = judge(found.seen.title, texts[:1]).kept or judge(found.seen.title, texts).kept
        if not keep:
            return False
        missing = self._missing(found, believe)
        repository_id = self._repository.id
        with self._store.transaction() as tx:
            if tx.declined(repository_id, number, found.seen.opening.author):
                return False
            tx.observe_thread(repository_id, found.seen)
            tx.observe_posts(repository_id, number, found.posts)
            for status, gone in ((410, found.deleted), (404, missing)):
                for each in gone:
                    tx.mark_post_gone(repository_id, number, PostKind.COMMENT, each, status)
            for each, why in found.hidden:
                tx.save_history(repository_id, number, PostHistory(PostKind.COMMENT, each, None, why))
            tx.save_events(repository_id, number, found.events)
            tx.mark_detailed(repository_id, number, found.seen.updated_at)
            if tx.unsettled(repository_id, [number]):
                self._report.captured += tx.settle(repository_id, number, self._vocabulary.judge)
            tx.mark_checked(repository_id, number)
            tx.drop_candidate(repository_id, number)
            tx.clear_failure(repository_id, f"#{number}")
        if found.unread:
            self._failed(f"#{number}", f"{len(found.unread)} of its comments cannot be read: {found.unread[0]}")
        if found.doubt:
            self._failed(f"#{number}", found.doubt)
        return True

    def _read(self, number: int) -> _Whole:
        """Ask for a discussion page by page."""
        comments: list[Mapping[str, Any]] = []
        item: Mapping[str, Any] | None = None
        first, after = COMMENTS_AT_ONCE, None
        while True:
            variables = {**self._named(), "number": number, "first": first, "after": after}
            try:
                page = self._repository_of(self._github.query(graphql.DISCUSSION, variables)).get("discussion")
            except BadResponse:
                if first == 1:
                    raise
                first = max(first // 4, 1)
                continue
            if not isinstance(page, Mapping):
                raise NotFound(f"{self._repository.ref}#{number}: no such discussion", key=str(number), status=404)
            item = item or page
            comments += graphql.nodes(page.get("comments"))
            following = graphql.following(page.get("comments"))
            if following is None or following == after:
                break
            after = following
        counted = graphql.total(item.get("comments"))
        found = _Whole(graphql.discussion(item, counted), events=graphql.events(item))
        for comment in comments:
            counted += graphql.total(comment.get("replies"))
            self._take(found, comment, None)
            for reply in self._replies(comment):
                self._take(found, reply, comment.get("databaseId"))
        # GitHub counts the places of deleted comments that have replies, too.
        found.seen = replace(found.seen, comments=max(counted - len(found.deleted), 0))
        return found

    def _take(self, found: _Whole, comment: Mapping[str, Any], reply_to: Any) -> None:
        number = comment.get("databaseId")
        if comment.get("deletedAt") is not None and isinstance(number, int):
            found.deleted.append(number)
            return
        try:
            post = graphql.comment(comment, reply_to if isinstance(reply_to, int) else None)
        except BadResponse as error:
            found.unread.append(str(error))
            return
        found.posts.append(post)
        found.hidden.append((post.id, graphql.minimized(comment)))

    def _replies(self, comment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        connection = comment.get("replies")
        replies = graphql.nodes(connection)
        after = graphql.following(connection)
        while after is not None:
            variables = {"id": comment.get("id"), "first": COMMENTS_AT_ONCE, "after": after}
            node = self._github.query(graphql.REPLIES, variables).get("node")
            if not isinstance(node, Mapping):
                raise BadResponse("a further page of replies was not given")
            connection = node.get("replies")
            replies += graphql.nodes(connection)
            following = graphql.following(connection)
            after = following if following != after else None
        return replies

    def _missing(self, found: _Whole, believe: bool) -> list[int]:
        """Return comments that are held, are not among those that were read, and are not there if asked for by name.

        Nothing is concluded from comments that could not be read, nor if more than half of the comments seem gone.
        """
        with self._store.transaction() as tx:
            held = tx.comments_held(self._repository.id, found.seen.number)
        absent = sorted(set(held) - {each.id for each in found.posts} - set(found.deleted))
        if not absent or found.unread:
            return []
        if len(absent) > max(len(held) // 2, 1) and not believe:
            found.doubt = f"{len(absent)} of its {len(held)} comments seem to be gone at once; none was marked"
            return []
        gone: list[int] = []
        for at in range(0, len(absent), 50):
            some = absent[at : at + 50]
            ids = [found.seen.opening.raw.get("node_id"), *(held[each] for each in some)]
            answers = self._github.query(graphql.PRESENT, {"ids": ids}, strict=True).get("nodes")
            if isinstance(answers, list) and len(answers) == len(ids) and answers[0] is not None:
                gone += [each for each, answer in zip(some, answers[_CONTROL:], strict=True) if answer is None]
        return gone

    # --- small things ---

    def _named(self) -> dict[str, str]:
        return {"owner": self._repository.owner, "name": self._repository.name}

    def _repository_of(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        found = graphql.repository(data, self._repository.id)
        if found is None:
            raise NotFound(f"{self._repository.ref}: GraphQL knows no such repository", status=404)
        return found

    def _failed(self, target: str, reason: str) -> None:
        where = f"{self._repository.ref}{'' if target.startswith('#') else ' '}{target}"
        log.warning("%s: %s", where, reason)
        self._report.failures.append((where, reason))
        with self._store.transaction() as tx:
            tx.note_failure(self._repository.id, target, reason)

    def _check_stop(self) -> None:
        if self._stop():
            raise Stopped("stopped on request; what was fetched so far is kept")

    def note_failure(self, error: GitHubError) -> None:
        """Note that the discussions could not be gone through."""
        self._failed(TARGET, str(error))
