"""Unpacks a gzip file piece by piece and cuts it into numbered lines, whatever is broken about it; pure.

It opens no file, and does not know what a line means.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

PIECE = 2**20
"""How many bytes are unpacked at once: memory does not follow from how well they were packed."""

MAX_LINE = 8 * 2**20
"""A longer line is passed over. The longest event holds two texts of 65,536 characters and two repositories."""

MAX_UNPACKED = 2**34
"""After so many bytes (16 GiB) a file is left: the largest hours come to a tenth of that."""

_MAGIC = b"\x1f\x8b"


class Unpacked:
    """The bytes of a gzip file (of one member or several), in pieces of `PIECE` bytes at most.

    When all are given, `gap` says in words what could not be unpacked; None if nothing was left. What comes before the
    damage is given. `size` counts the bytes so far.
    """

    def __init__(self, packed: Iterable[bytes], limit: int = MAX_UNPACKED) -> None:
        self._packed = packed
        self._limit = limit
        self.size = 0
        self.gap: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        member = zlib.decompressobj(31)
        begun = ended = False  # within a member; after one
        for chunk in self._packed:
            rest = chunk
            while rest:
                if not begun and ended:
                    rest = rest.lstrip(b"\0")  # some tapes and tools fill up with zeros
                    if not rest:
                        break
                    if not _MAGIC.startswith(rest[:2]):
                        self.gap = "what follows the end of the packed data is not gzip"
                        return
                begun = True
                before = member.copy()
                try:
                    piece = member.decompress(rest, PIECE)
                except zlib.error:
                    piece = _up_to_damage(before, rest)
                    self.size += len(piece)
                    self.gap = f"the packed data is damaged after {self.size:,} bytes" if self.size else "no gzip data"
                    if piece:
                        yield piece
                    return
                if piece:
                    self.size += len(piece)
                    if self.size > self._limit:
                        self.gap = f"it unpacks to more than {self._limit:,} bytes; the rest was left"
                        return
                    yield piece
                rest = member.unconsumed_tail
                if member.eof:
                    rest, member, begun, ended = member.unused_data, zlib.decompressobj(31), False, True
        if begun:
            self.gap = f"the file is cut off after {self.size:,} bytes unpacked"
        elif not ended:
            self.gap = "the file is empty"


def _up_to_damage(member: zlib._Decompress, packed: bytes) -> bytes:
    """Unpack byte by byte what comes before the damage in a chunk, which zlib gives up as a whole."""
    found = bytearray()
    for at in range(len(packed)):
        try:
            found += member.decompress(packed[at : at + 1])
        except zlib.error:
            break
        if len(found) >= PIECE:
            break  # there is no end to what a damaged bomb may hold
    return bytes(found)


def cut(
    pieces: Iterable[bytes], too_long: Callable[[int], None], limit: int = MAX_LINE
) -> Iterator[tuple[int, list[bytes]]]:
    """Yield lines without their ends, some at once, with the number of the first (from 1).

    `too_long` is told the number of each line of more than `limit` bytes; such lines are left out, and count.
    """
    number, tail, skipping = 1, b"", False
    for piece in pieces:
        lines = piece.split(b"\n")
        if tail:
            lines[0] = tail + lines[0]
        tail = lines.pop()
        if skipping:
            tail = tail if lines else b""
            skipping = not lines
            if lines:
                del lines[0]
                number += 1
        if len(tail) > limit:
            too_long(number + len(lines))
            tail, skipping = b"", True
        if lines:
            yield number, lines
            number += len(lines)
    if tail:
        yield number, [tail]
