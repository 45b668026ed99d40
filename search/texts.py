"""Owns the form in which an index keeps the texts of a document, so that one stretch can be read without the others.

It knows no engine: bytes in, bytes out; nothing in them is a pickle.

    outline   three numbers (posts, segments, blocks), then a column of each post's id, kind, author and number of
              segments, of each segment's first position, place, block, offset and length, of each block's length, and
              the authors' names
    texts     the blocks, one after the other, each compressed by itself
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from archiver.model import PostKind
from search.bag import LATER, OPENING, Bag
from search.document import Document

BLOCK = 16_000
"""Bytes of text after which a block ends."""
_KINDS = tuple(PostKind)
_LEVEL = 3
_HEAD = np.dtype("<u4")
_COLUMNS = (
    *(("ids", 0, "<i8"), ("segments", 0, "<u4"), ("authors", 0, "<u4"), ("kinds", 0, "u1")),
    *(("starts", 1, "<u4"), ("blocks", 1, "<u4"), ("offsets", 1, "<u4"), ("lengths", 1, "<u4"), ("places", 1, "u1")),
    ("sizes", 2, "<u4"),
)
"""Name, of what (0 posts, 1 segments, 2 blocks), and type of each column, in their order."""


class Texts:
    """The texts of one document. Segments are numbered through all posts, in their order.

    What is read only when it is asked for is read under the guard.
    """

    def __init__(
        self,
        title: str,
        outline: bytes,
        read: Callable[[], bytes],
        guard: AbstractContextManager[None] | None = None,
    ) -> None:
        self.title = title
        self._guard = guard or nullcontext()
        self._read = read
        self._blocks: dict[int, bytes] = {}
        counts = np.frombuffer(outline, _HEAD, 3)
        at = 12
        found: dict[str, Any] = {}
        for name, of, kind in _COLUMNS:
            column = np.frombuffer(outline, kind, int(counts[of]), at)
            found[name] = column
            at += column.nbytes
        self._columns = found
        self._authors = outline[at:]
        self.posts = int(counts[0])
        self.starts = found["starts"].astype(np.int64)
        self.places = found["places"]
        self.firsts = np.zeros(self.posts + 1, np.int64)
        np.cumsum(found["segments"], out=self.firsts[1:])
        if self.firsts[-1] != counts[1] or (self.places > max(LATER.values())).any():
            raise LookupError("a broken outline")

    def post(self, number: int) -> tuple[PostKind, int, str | None]:
        """Return the kind, id and author of a post."""
        with self._guard:
            kind = _KINDS[self._columns["kinds"][number]]
            author = json.loads(self._authors)[self._columns["authors"][number]]
            return kind, int(self._columns["ids"][number]), author

    def segment(self, number: int) -> str:
        """Return the text of a segment."""
        with self._guard:
            return self._segment(number)

    def _segment(self, number: int) -> str:
        block = int(self._columns["blocks"][number])
        if block not in self._blocks:
            sizes = self._columns["sizes"]
            at = int(sizes[:block].sum())
            self._blocks[block] = zlib.decompress(self._read()[at : at + int(sizes[block])])
        at = int(self._columns["offsets"][number])
        return self._blocks[block][at : at + int(self._columns["lengths"][number])].decode("utf-8")


def pack_texts(document: Document, its: Bag) -> tuple[bytes, bytes]:
    """Return the outline and the texts of a document."""
    columns: dict[str, array[int]] = {name: array(kind) for name, kind in _TYPECODES.items()}
    authors: dict[str | None, int] = {}
    blocks: list[bytes] = []
    block: list[bytes] = []
    filled = 0

    def close() -> None:
        blocks.append(zlib.compress(b"".join(block), _LEVEL))
        block.clear()

    for post, starts in zip(document.posts, its.starts, strict=True):
        places = OPENING if post.kind is PostKind.OPENING else LATER
        columns["ids"].append(post.id)
        columns["kinds"].append(_KINDS.index(post.kind))
        columns["authors"].append(authors.setdefault(post.author, len(authors)))
        columns["segments"].append(len(post.segments))
        for start, segment in zip(starts, post.segments, strict=True):
            text = segment.text.encode("utf-8", "replace")
            columns["starts"].append(start)
            columns["places"].append(places[segment.place])
            columns["blocks"].append(len(blocks))
            columns["offsets"].append(filled)
            columns["lengths"].append(len(text))
            block.append(text)
            filled += len(text)
            if filled >= BLOCK:
                close()
                filled = 0
    if block:
        close()
    columns["sizes"].extend(len(each) for each in blocks)
    counts = (len(columns["ids"]), len(columns["starts"]), len(blocks))
    parts = [np.array(counts, _HEAD), *(np.array(columns[name], kind) for name, _, kind in _COLUMNS)]
    names = json.dumps(list(authors), separators=(",", ":")).encode("utf-8")
    return b"".join(part.tobytes() for part in parts) + names, b"".join(blocks)


_TYPECODES = {name: "q" if kind == "<i8" else "B" if kind == "u1" else "I" for name, _, kind in _COLUMNS}


def pack_values(values: Sequence[str]) -> bytes:
    """Return several short texts as one."""
    return "\x1f".join(value.replace("\x1f", " ") for value in values).encode("utf-8", "replace")


def unpack_values(packed: bytes) -> list[str]:
    """Read what `pack_values` packed."""
    return packed.decode("utf-8").split("\x1f") if packed else []
