"""Owns the protocol that every index engine keeps, the values it answers with, and the choice of an engine by URL.

It finds nothing itself: the engines do (`search.whoosh_index`), with what they share in `search.answering`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from archiver.errors import ConfigError
from archiver.model import PostKind
from search.document import Document
from search.tree import Node

MAX_PER_PAGE = 100
MAX_OFFSET = 10_000
"""How many results can be paged through; who wants more narrows the query."""
FACETS = ("repository", "year", "license", "topic", "state", "reason", "association", "flag")
"""By what matches are counted. A thread counts for each of its licenses, topics, associations (of all who post) and
flags (`locked`, `gone`, `edited`); values are spelled as a reader wants them, and as a qualifier takes them."""


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """`[index]`: where the search index is kept, and by which engine."""

    url: str = "whoosh:data/index"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A stretch of plain text, unescaped; `spans` are (start, end) in its characters: what matched, in order, apart."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class BestPost:
    """The post of a thread that matches best; `author` is a login or None, `id` is GitHub's number."""

    kind: PostKind
    id: int
    author: str | None
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class Hit:
    """A thread that matches, by its `thread_key`; `more_posts` counts the other posts in which something matched.

    `title_spans` are (start, end) in the characters of the title as it was indexed: what matched, in order, apart.
    `partial` says that it matches a part of the query only.
    """

    key: str
    score: float
    best_post: BestPost | None
    more_posts: int
    title_spans: tuple[tuple[int, int], ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many of all matches have a value; the value is what a qualifier takes."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class ResultPage:
    """One page of the matches. `total` and `facets` (by name, of FACETS) are of all matches, partial ones not counted.

    Where few or none match, the best partial matches are listed too, `partial_total` in number, ranked with what
    matches, which counts double; in an order other than by relevance, where nothing matches at all. `did_you_mean` is a
    query with words of the index in the place of words that it hardly has, if that finds more; None otherwise.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetCount, ...]]
    page: int
    per_page: int
    notices: tuple[str, ...] = ()
    partial_total: int = 0
    did_you_mean: Node | None = None


class IndexWriter(Protocol):
    """What fills an index: the index itself, or a new generation of it while it is rebuilt."""

    def apply(self, documents: Collection[Document], deletions: Collection[str], cursor: int) -> None:
        """Put documents (each replaces the one with its key), delete keys, and set the cursor: all in one commit.

        Either all of it is found by searches that begin afterwards, or, whatever happens, nothing of it. Unknown keys
        in `deletions` are no error; of a key given twice the last document counts, whether or not it is in `deletions`.
        Raises IndexLocked, IndexFull or IndexUnavailable.
        """


class Source(Protocol):
    """What makes documents of what the store holds now, in whichever process: it can be pickled."""

    def documents(self, keys: Sequence[str]) -> Iterator[Document]:
        """Yield the documents of those threads that are held. Raises StoreError."""


class IndexRebuild(IndexWriter, Protocol):
    """What fills a new generation, of which nothing is seen until it is whole."""

    def fill(self, source: Source, keys: Sequence[str], cursor: int) -> None:
        """Put what a source makes of these keys, at any time until the end, and set the cursor; otherwise as `apply`.

        A key that is put or deleted afterwards is as if it had not been among them. Raises StoreError too.
        """


class Index(IndexWriter, Protocol):
    """A projection of the store that can be searched; `cursor` is the number of the last change that it has seen.

    One object may be used by many threads, and an index by many processes, of which one writes at a time. A search
    sees one committed state from beginning to end, and never one older than the last commit before it began.
    """

    def search(
        self,
        query: Node,
        *,
        sort: str | None = None,
        page: int = 1,
        per_page: int = 20,
        without: Collection[str] = (),
    ) -> ResultPage:
        """Return one page (from 1) of the threads that match, best first; those `without` are as if they were deleted.

        `sort` is one of `search.query.SORTS`; None is by relevance, or newest first if the query has no words. Where
        scores or dates are equal the newer thread comes first. Pages beyond the end are empty, `per_page` is at most
        MAX_PER_PAGE, and beyond MAX_OFFSET there are no hits but a notice. An index that does not exist yet is empty.
        Raises IndexUnavailable.
        """

    def similar(self, key: str, limit: int = 5) -> tuple[Hit, ...]:
        """Return the threads most like the one with a key, the most alike first; never itself.

        They share its most telling words, the licenses that it names and its topics; what is shown of each is the post
        in which most of these words stand. Of a key that is not held there are none. Raises IndexUnavailable.
        """

    def values(
        self, name: str, prefix: str = "", limit: int = 10, *, without: Collection[str] = ()
    ) -> tuple[FacetCount, ...]:
        """Return the values of a qualifier (of `search.tree.KEYWORDS`) that begin so, those of most threads first.

        The threads `without` are not counted, as if they were deleted. Case makes no difference; values are spelled as
        a reader wants them, where the index knows. Of another name there are none. Raises IndexUnavailable.
        """

    def cursor(self) -> int:
        """Return the cursor of the last commit; 0 for an index that does not exist yet. Raises IndexUnavailable."""

    def rebuild(self) -> AbstractContextManager[IndexRebuild]:
        """Return a context with a writer into an empty new generation, which replaces this one when the block ends.

        Until then searches see the old one. If the block raises, the new one is dropped and the old one stays. Works
        on a damaged index too. Within the block nobody else can write. Raises IndexLocked, IndexFull or
        IndexUnavailable.
        """

    def digests(self) -> Iterator[tuple[str, str]]:
        """Yield (thread key, snapshot digest) of every document, in order of keys. Raises IndexUnavailable."""

    def close(self) -> None:
        """Let go of all files; searches that are running come to their end."""


def open_index(url: str) -> Index:
    """Open the index at a URL: `whoosh:DIRECTORY`. Nothing is created before something is written.

    Raises ConfigError for a URL of no engine that we have.
    """
    scheme, _, rest = url.partition(":")
    match scheme:
        case "whoosh" if rest:
            from search.whoosh_index import WhooshIndex

            return WhooshIndex(Path(rest))
        case "whoosh":
            raise ConfigError("[index] url: whoosh: needs a directory, as in whoosh:data/index", key="index.url")
        case "opensearch+https" | "opensearch+http" | "opensearch":
            raise ConfigError(
                "[index] url: the OpenSearch engine is not built yet; write whoosh:DIRECTORY", key="index.url"
            )
    raise ConfigError(f"[index] url: {url!r} names no known engine; known is whoosh:DIRECTORY", key="index.url")
