"""Owns the form in which engines keep what is shown of a document: its columns and its texts, as bytes and numbers.

It knows no engine; nothing here is a pickle.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from archiver.markup import Segment
from archiver.model import PostKind
from search.answering import Columns, Texts
from search.document import Bag, Document, PostText

COLUMNS = ("key", "repository", "state", "created", "updated", "comments", "length")
"""The columns, in the order of `search.answering.Columns`."""


def column_values(document: Document, its: Bag) -> dict[str, Any]:
    """Return the value of each column, under its name with `c_` before it."""
    return {
        "c_key": document.key.encode("utf-8"),
        "c_repository": document.repositories[0].encode("utf-8"),
        "c_state": document.state.encode("utf-8"),
        "c_created": int(document.created_at.timestamp()),
        "c_updated": int(document.updated_at.timestamp()),
        "c_comments": document.comments,
        "c_length": its.length,
    }


class SegmentColumns:
    """The columns of one segment of an index, read into memory; a segment's columns never change."""

    def __init__(self, read: Callable[[str], Iterable[Any]]) -> None:
        self.values = [
            [value.decode("utf-8") if isinstance(value, bytes) else value for value in read(f"c_{name}")]
            for name in COLUMNS
        ]
        self.cursors = list(read("c_cursor"))


def joined(segments: Sequence[SegmentColumns]) -> Columns:
    """Return the columns of an index of these segments, one after the other."""
    columns: list[Any] = [[v for each in segments for v in each.values[which]] for which in range(len(COLUMNS))]
    return Columns(*columns)


def pack_texts(document: Document, its: Bag) -> bytes:
    """Return the title, the posts' texts, and the positions at which their segments begin, as JSON."""
    posts = [
        [
            post.kind.value,
            post.id,
            post.author,
            [[at, s.place, s.text] for at, s in zip(starts, post.segments, strict=True)],
        ]
        for post, starts in zip(document.posts, its.starts, strict=True)
    ]
    return json.dumps([document.title, posts], separators=(",", ":")).encode("utf-8")


def unpack_texts(packed: bytes) -> Texts:
    """Read what `pack_texts` packed."""
    title, posts = json.loads(packed)
    return Texts(
        title,
        [
            PostText(PostKind(kind), number, author, tuple(Segment(place, text) for _, place, text in its))
            for kind, number, author, its in posts
        ],
        [[start for start, _, _ in its] for _, _, _, its in posts],
    )
