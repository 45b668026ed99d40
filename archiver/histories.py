"""Asks GraphQL for GitHub's own edit history of posts, and which posts are minimized.

What is asked, and how it is read, is `archiver.github.graphql`'s; what becomes of it is the store's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from archiver.errors import BadResponse, Forbidden, GitHubError, NotFound, Refused
from archiver.fetch import Report
from archiver.github import graphql
from archiver.github.client import GitHub, Stopped
from archiver.model import Repository
from archiver.observed import PostHistory
from archiver.store import Store
from archiver.store.editing import HeldPost

log = logging.getLogger(__name__)

EDITED_AT_ONCE = 50
"""How many edited posts one request asks about at most."""

NODES_AT_ONCE = 100
"""How many nodes GitHub gives in one answer: the room that edited posts leave is used to ask about others."""

FEWER_EDITS = 20
"""How many edits of each post are asked for at once where a hundred were too much."""

PATIENCE = 3
"""After so many posts in a row that cannot be asked about even alone, the fault is not with the posts."""

_TARGET = "edit history"
_PASSED_OVER = (BadResponse, Forbidden, NotFound, Refused)


class Histories:
    """The edit histories of the posts of some repositories."""

    def __init__(
        self,
        store: Store,
        github: GitHub,
        repositories: Sequence[Repository],
        report: Report,
        *,
        stop: Callable[[], bool],
    ) -> None:
        self._store = store
        self._github = github
        self._repositories = {each.id: each for each in repositories}
        self._report = report
        self._stop = stop
        self._failures: dict[int, list[str]] = {}

    def ask(self, number: int | None = None) -> None:
        """Ask about the posts (of one thread, or all) that were edited since they were asked about last.

        Each answer is one transaction. What cannot be read is noted as a failure and asked for again by the next pass.
        Raises RateLimited, Unauthorized, Unreachable, StoreError or Stopped.
        """
        with self._store.transaction() as tx:
            posts = tx.edited_posts(self._repositories, number)
        batches = [posts[at : at + EDITED_AT_ONCE] for at in range(0, len(posts), EDITED_AT_ONCE)]
        todo = [(batch, True) for batch in reversed(batches)]
        lone = 0
        while todo and lone < PATIENCE:
            if self._stop():
                raise Stopped("stopped on request; what was fetched so far is kept")
            batch, first_time = todo.pop()
            try:
                self._ask(batch, first_time)
                lone = 0
            except _PASSED_OVER as error:
                if isinstance(error, BadResponse) and len(batch) > 1:
                    # Perhaps too much was asked for at once: GitHub gives a query ten seconds.
                    size = max(len(batch) // 4, 1)
                    todo += [(batch[at : at + size], False) for at in reversed(range(0, len(batch), size))]
                    continue
                lone += 1
                self._failed(batch, error)
        self._note(number)

    def _ask(self, batch: Sequence[HeldPost], first_time: bool) -> None:
        others: Sequence[HeldPost] = ()
        if first_time:
            with self._store.transaction() as tx:
                room = NODES_AT_ONCE - len(batch)
                others = tx.posts_to_look_at(self._repositories, room, besides={each.node_id for each in batch})
        first = graphql.PER_PAGE if first_time else FEWER_EDITS
        variables = {
            "edited": [each.node_id for each in batch],
            "others": [each.node_id for each in others],
            "first": first,
        }
        data = self._github.query(graphql.HISTORIES, variables)
        told = [
            (post, self._history(post, node, first))
            for post, node in _paired(batch, data.get("edited"))
            if node is not None
        ]
        seen = [
            (post, PostHistory(post.kind, post.id, None, graphql.minimized(node)))
            for post, node in _paired(others, data.get("others"))
            if node is not None
        ]
        answered = {post.node_id for post, _ in (*told, *seen)}
        with self._store.transaction() as tx:
            for post, history in (*told, *seen):
                tx.save_history(post.repository_id, post.number, history, post.updated_at)
            # No node where there was one proves nothing: whether a post is gone is for the sweep to find out.
            tx.note_asked([each for each in (*batch, *others) if each.node_id not in answered])

    def _history(self, post: HeldPost, node: Mapping[str, Any], first: int) -> PostHistory:
        """Read what was told of an edited post; a long history takes further requests."""
        connection = node.get("userContentEdits")
        hidden = graphql.minimized(node)
        try:
            entries = graphql.nodes(connection)
            cursor = graphql.following(connection)
            been: set[str] = set()
            while cursor is not None and cursor not in been:
                been.add(cursor)
                variables = {"id": post.node_id, "first": first, "after": cursor}
                further = self._github.query(graphql.MORE_EDITS, variables).get("node")
                if not isinstance(further, Mapping):
                    raise BadResponse("a further page of its edits was not given")
                entries += graphql.nodes(further.get("userContentEdits"))
                cursor = graphql.following(further.get("userContentEdits"))
            edits = graphql.edits(entries)
        except _PASSED_OVER as error:
            self._failed([post], error)
            return PostHistory(post.kind, post.id, None, hidden)
        return PostHistory(post.kind, post.id, edits, hidden)

    # --- failures ---

    def _failed(self, batch: Sequence[HeldPost], error: GitHubError) -> None:
        for repository_id in dict.fromkeys(each.repository_id for each in batch):
            mine = [each for each in batch if each.repository_id == repository_id]
            where = f"{self._repositories[repository_id].ref}#{mine[0].number}"
            more = f" and {len(mine) - 1} more" if len(mine) > 1 else ""
            log.warning("%s: the edit history of post %d%s: %s", where, mine[0].id, more, error)
            failure = f"post {mine[0].id} of #{mine[0].number}{more}: {error}"
            self._failures.setdefault(repository_id, []).append(failure)

    def _note(self, number: int | None) -> None:
        target = _TARGET if number is None else f"#{number}"
        with self._store.transaction() as tx:
            for repository in self._repositories.values():
                failures = self._failures.get(repository.id, [])
                if failures:
                    count = len(failures)
                    reason = f"{_TARGET}: {failures[0]}" + (f" (and {count - 1} more failures)" if count > 1 else "")
                    self._report.failures.append((f"{repository.ref} {target}", reason))
                    tx.note_failure(repository.id, target, reason)
                elif number is None:
                    tx.clear_failure(repository.id, target)


def _paired(posts: Sequence[HeldPost], nodes: Any) -> list[tuple[HeldPost, Mapping[str, Any] | None]]:
    """Put each post beside its node: GraphQL answers in the order of the question, though with names of its own."""
    if not isinstance(nodes, list) or len(nodes) != len(posts):
        raise BadResponse("as many nodes as were asked for were expected")
    return [(post, node if isinstance(node, Mapping) else None) for post, node in zip(posts, nodes, strict=True)]
