"""Fetches what the lists of a repository leave out: a thread's timeline, and the reviews of a pull request.

What was seen of one thread is kept in one transaction. When it is asked for is decided in `archiver.listing`,
`archiver.fetch` and `archiver.sweep`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archiver.asking import PER_PAGE, Page
from archiver.errors import BadResponse, Moved
from archiver.github import parse
from archiver.model import PostKind, Repository
from archiver.names import Naming
from archiver.observed import ObservedEvent, ObservedPost
from archiver.references import ThreadKind

log = logging.getLogger(__name__)

ETag = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a thread's timeline and reviews showed: nothing new (`unchanged`), or else something.

    Where ETags were not to be kept, `ids` are GitHub's numbers of all the posts that are there now, by kind (nothing
    if `unchanged`), and `etags` (URL, ETag, next URL) are for the caller to keep. `unreadable` says what was passed
    over.
    """

    unchanged: bool
    ids: dict[PostKind, frozenset[int]]
    etags: tuple[ETag, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """What is read from the pages, one after the other."""

    events: list[ObservedEvent] = field(default_factory=list)
    posts: list[ObservedPost] = field(default_factory=list)
    ids: dict[PostKind, set[int]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    def page(self, page: Page, read: Callable[[_Reading, Any], None]) -> ETag | None:
        """Read one page; return what to remember. One with an unreadable item is asked for afresh the next time."""
        before = len(self.unreadable)
        for item in page.items:
            try:
                read(self, item)
            except BadResponse as error:
                self.unreadable.append(f"an item of the timeline cannot be read: {error}")
        return page.remember if len(self.unreadable) == before else None

    def timeline_item(self, item: Any) -> None:
        """Read an event, a comment or a review."""
        match item.get("event") if isinstance(item, Mapping) else None:
            case "commented":
                self._there(PostKind.COMMENT, item)
                # The two keys are the timeline's; without them it is the comment as other lists have it.
                rest = {key: value for key, value in item.items() if key not in {"event", "actor"}}
                self.posts.append(parse.comment(rest)[1])
            case "reviewed":
                self._there(PostKind.REVIEW, item)
                rest = {key: value for key, value in item.items() if key != "event"}
                if (review := parse.review(rest)) is not None:
                    self.posts.append(review[1])
            case _:
                if (event := parse.event(item)) is not None:
                    self.events.append(event)

    def review_comment(self, item: Any) -> None:
        """Read a review comment."""
        if isinstance(item, Mapping):
            self._there(PostKind.REVIEW_COMMENT, item)
        self.posts.append(parse.review_comment(item)[1])

    def _there(self, kind: PostKind, item: Mapping[str, Any]) -> None:
        """Note that a post is there, also if it turns out that it cannot be read."""
        if isinstance(item.get("id"), int):
            self.ids.setdefault(kind, set()).add(item["id"])


# What each of the two lists is read with, and the kinds of posts that it has all of.
_LISTS = (
    (_Reading.timeline_item, (PostKind.COMMENT, PostKind.REVIEW)),
    (_Reading.review_comment, (PostKind.REVIEW_COMMENT,)),
)
LISTED = tuple(kind for _, kinds in _LISTS for kind in kinds)
"""The kinds of posts of which `Seen.ids` has all that are there."""


def lacking(
    held: Mapping[PostKind, set[int]], ids: Mapping[PostKind, Collection[int]], kinds: Sequence[PostKind] = LISTED
) -> list[tuple[PostKind, int]]:
    """Return the posts that are held and that complete lists do not have (any more)."""
    return [(kind, each) for kind in kinds for each in sorted(held.get(kind, set()).difference(ids.get(kind, ())))]


class Details:
    """Asks for the timelines and reviews of threads that are kept, and keeps what they say."""

    def __init__(self, asker: Naming) -> None:
        self._asker = asker

    def fetch(self, repository: Repository, number: int, kind: ThreadKind, keep_etags: bool = True) -> Seen:
        """Fetch a kept thread's timeline and, of a pull request, its review comments.

        It costs nothing with a token if nothing changed. `keep_etags=False` is for who wants to know all that is there
        (`Seen.ids`): both lists are asked for if any of them changed, and the ETags are left to the caller. The ETags
        of a list that lacks what is held are not kept in any case: a sweep is to see it, too.
        Raises GitHubError; Moved if the thread is now one of another repository; NotHeld.
        """
        paths = [f"issues/{number}/timeline"]
        if kind is ThreadKind.PULL:
            paths.append(f"pulls/{number}/comments")
        lists = [self._list(repository, path, not self._asker.full) for path in paths]
        changed = [pages for pages in lists if not pages[0].unchanged]
        if changed and len(changed) < len(lists) and not keep_etags:
            lists = [self._list(repository, path, False) for path in paths]
        reading = _Reading()
        etags = [
            [etag for page in pages if (etag := reading.page(page, read))]
            for pages, (read, _) in zip(lists, _LISTS, strict=False)
        ]
        name = f"#{number} timeline"
        for reason in reading.unreadable:
            log.warning("%s%s: %s", repository.ref, name, reason)
        with self._asker.store.transaction() as tx:
            as_of = tx.last_update(repository.id, number)
            held = tx.present_posts(repository.id, number)
            tx.save_events(repository.id, number, reading.events)
            tx.observe_posts(repository.id, number, _worth_keeping(reading.posts, held))
            tx.mark_detailed(repository.id, number, as_of)
            for known, (_, kinds) in zip(etags, _LISTS, strict=False) if keep_etags else ():
                if known and not lacking(held, reading.ids, kinds):
                    for etag in known:
                        tx.remember(*etag)
            tx.clear_failure(repository.id, name)
            if reading.unreadable:
                tx.note_failure(repository.id, name, reading.unreadable[0])
        there = {each: frozenset(numbers) for each, numbers in reading.ids.items()}
        return Seen(
            unchanged=not changed,
            ids={} if keep_etags else there,
            etags=() if keep_etags else tuple(etag for known in etags for etag in known),
            unreadable=tuple(reading.unreadable),
        )

    def _list(self, repository: Repository, path: str, conditional: bool) -> list[Page]:
        """Return all pages of a list, or all of them unchanged: if only some are, all are asked for again."""
        params = {"per_page": str(PER_PAGE)}
        url = self._asker.github.url(f"/repos/{repository.owner}/{repository.name}/{path}", params)
        pages = list(self._asker.pages(url, conditional, beyond=True))
        for page in pages:
            if self._asker.elsewhere(url, page.moved_to):
                raise Moved(f"{url}: leads to {page.moved_to}", key=url, status=301)
        if len({page.unchanged for page in pages}) > 1:
            return self._list(repository, path, False)
        return pages


def _worth_keeping(posts: Sequence[ObservedPost], held: Mapping[PostKind, set[int]]) -> list[ObservedPost]:
    """Leave out the reviews that only hold review comments together, but for one that said something before."""
    known = held.get(PostKind.REVIEW, set())
    return [post for post in posts if post.id in known or not parse.is_envelope(post)]
