"""Sends a long page in parts while it is being made.

What the page shows is not known here, nor how caches learn that it changed (`web.freshness`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, request, stream_template

from web.cache import unpacks

# The first part is small, so that the head of the page is on the screen at once; the others are few.
FIRST_PART = 4_096
PART = 32_768
# A page of 1.7 MB comes down to 320 KB, in some milliseconds; a higher level takes twice as long for little.
LEVEL = 3


class Streamed(Response):
    """A response that nothing reads to its end before it is sent, be it only to count its bytes."""

    implicit_sequence_conversion = False


def stream(template: str, **context: Any) -> Response:
    """Return a page that is made while it is sent, packed if whoever asks can unpack it."""
    made = parts(stream_template(template, **context))
    packed = unpacks(request.headers.get("Accept-Encoding", ""))
    response = Streamed(_packed(made) if packed else made, mimetype="text/html")
    response.vary.add("Accept-Encoding")
    if packed:
        response.content_encoding = "gzip"
    return response


def parts(pieces: Iterable[str], first: int = FIRST_PART, size: int = PART) -> Iterator[str]:
    """Join many small pieces of text into parts of about `size` characters, the first one of about `first`."""
    waiting: list[str] = []
    length, wanted = 0, first
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= wanted:
            yield "".join(waiting)
            waiting, length, wanted = [], 0, size
    if waiting:
        yield "".join(waiting)


def _packed(made: Iterable[str]) -> Iterator[bytes]:
    """Pack each part so that it can be unpacked when it arrives."""
    packer = zlib.compressobj(LEVEL, wbits=31)
    for part in made:
        yield packer.compress(part.encode()) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()
