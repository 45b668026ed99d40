"""Owns the form in which an index keeps the texts of a document, so that one stretch can be read without the others.

It knows no engine: bytes in, bytes out; nothing in them is a pickle.

    outline   three numbers (posts, segments, blocks), then a column of each post's id, kind, author and number of
              segments, of each segment's first position, place, block, offset and length, of each block's length, and
              the authors' names
    texts     the blocks, one after the other, each compressed by itself
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from struct import Struct

from archiver.model import PostKind
from search.bag import LATER, OPENING, Bag
from search.document import Document

BLOCK = 16_000
"""Bytes of text after which a block ends."""
_KINDS = tuple(PostKind)
_LEVEL = 3
_HEAD = Struct("<III")
_COLUMNS = (
    *(("ids", 0, "q"), ("segments", 0, "I"), ("authors", 0, "I"), ("kinds", 0, "B")),
    *(("starts", 1, "I"), ("blocks", 1, "I"), ("offsets", 1, "I"), ("lengths", 1, "I"), ("places", 1, "B")),
    ("sizes", 2, "I"),
)
_LAST_PLACE = max(LATER.values())
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
        counts = _HEAD.unpack_from(outline)
        at = _HEAD.size
        columns: dict[str, array[int]] = {}
        for name, of, kind in _COLUMNS:
            column = columns[name] = array(kind)
            end = at + counts[of] * column.itemsize
            column.frombytes(outline[at:end])
            if sys.byteorder == "big":
                column.byteswap()
            at = end
        self._columns = columns
        self._authors = outline[at:]
        self.posts: int = counts[0]
        self.starts = columns["starts"]
        self.places = columns["places"]
        self.owners: list[int] = []
        """To which post each segment belongs."""
        for number, segments in enumerate(columns["segments"]):
            self.owners += [number] * segments
        if len(self.owners) != counts[1] or max(self.places, default=0) > _LAST_PLACE:
            raise LookupError("a broken outline")

    def post(self, number: int) -> tuple[PostKind, int, str | None]:
        """Return the kind, id and author of a post."""
        with self._guard:
            kind = _KINDS[self._columns["kinds"][number]]
            author = self._authors.split(b"\n")[self._columns["authors"][number]].decode("utf-8")
            return kind, self._columns["ids"][number], author or None

    def segment(self, number: int) -> str:
        """Return the text of a segment."""
        with self._guard:
            return self._segment(number)

    def _segment(self, number: int) -> str:
        block = self._columns["blocks"][number]
        if block not in self._blocks:
            sizes = self._columns["sizes"]
            at = sum(sizes[:block])
            self._blocks[block] = zlib.decompress(self._read()[at : at + sizes[block]])
        at = self._columns["offsets"][number]
        return self._blocks[block][at : at + self._columns["lengths"][number]].decode("utf-8")


def pack_texts(document: Document, its: Bag) -> tuple[bytes, bytes]:
    """Return the outline and the texts of a document."""
    columns: dict[str, array[int]] = {name: array(kind) for name, _, kind in _COLUMNS}
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
    outline = [_HEAD.pack(len(columns["ids"]), len(columns["starts"]), len(blocks))]
    for name, _, _ in _COLUMNS:
        if sys.byteorder == "big":
            columns[name].byteswap()
        outline.append(columns[name].tobytes())
    outline.append("\n".join(author or "" for author in authors).encode("utf-8", "replace"))
    return b"".join(outline), b"".join(blocks)


def pack_values(values: Sequence[str]) -> bytes:
    """Return several short texts as one."""
    return "\x1f".join(value.replace("\x1f", " ") for value in values).encode("utf-8", "replace")


def unpack_values(packed: bytes) -> list[str]:
    """Read what `pack_values` packed."""
    return packed.decode("utf-8").split("\x1f") if packed else []
