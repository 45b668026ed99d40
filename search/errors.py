"""Owns the search package's branch of the tree of errors; the tree itself stands in `archiver.errors`.

    SearchError                 the index cannot be opened, read or written
    |-- IndexLocked             another process writes the index
    |-- IndexFull               no space is left for the index
    `-- IndexUnavailable        damaged, unreadable or unwritable (the site answers 503)
        `-- IndexOutdated       written by another version of onrecord

It raises nothing itself: the engines do.
"""

from __future__ import annotations

from archiver.errors import ArchiveError


class SearchError(ArchiveError):
    """The index cannot be opened, read or written; `key` is its place."""


class IndexLocked(SearchError):
    """Another process (or thread) writes the index, and went on doing so for longer than we wait."""


class IndexFull(SearchError):
    """No space is left for the index; its last committed state stands."""


class IndexUnavailable(SearchError):
    """The index is damaged, or cannot be read or written; the site answers 503 and its permalinks still work."""


class IndexOutdated(IndexUnavailable):
    """The index was written by another version of onrecord: `onrecord rebuild` builds it anew."""
