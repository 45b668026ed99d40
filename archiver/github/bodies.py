"""Reads the bodies of answers: unpacked piece by piece, as JSON, with the message that GitHub gives for an error.

Pure: bytes in, values out. What an answer means is decided in `limits`, what its objects mean in `parse`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_PIECE = 2**20


def unpacked(packed: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield a body's bytes, unpacked, in pieces of a size that does not follow from how well they were packed.

    Raises zlib.error for a packed body that is damaged or cut off, or packed in a way that was not asked for.
    """
    match encoding.strip().lower():
        case "" | "identity":
            yield from packed
        case "gzip" | "x-gzip":
            unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
            for chunk in packed:
                rest = chunk
                while rest:
                    yield unpack.decompress(rest, _PIECE)
                    rest = unpack.unconsumed_tail
            if not unpack.eof:
                raise zlib.error("the packed body ends too early")
        case _:
            raise zlib.error(f"packed as {encoding[:40]!r}")


def read(status: int, headers: Mapping[str, str], body: bytes | None) -> tuple[Any, str, str]:
    """Return (JSON data, GitHub's error message, what is broken about the body); a `body` of None was cut off."""
    if status in {204, 304} or status in {301, 302, 307, 308}:
        return None, "", ""
    if body is None:
        return None, "", "the answer was cut off or damaged" if status < 300 else ""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        if 200 <= status < 300:
            kind = headers.get("content-type", "no content type").split(";")[0]
            return None, "", f"the answer is no JSON ({kind}, {len(body)} bytes)"
        return None, "", ""
    return data, message_of(data), ""


def message_of(obj: Any) -> str:
    """Return an error object's message, fit for a terminal: no line breaks, no escape sequences.

    Of an invalid search the message alone says no more than that; what is wrong with it stands in its first error.
    """
    message = _line(obj.get("message")) if isinstance(obj, Mapping) else ""
    errors = obj.get("errors") if message == "Validation Failed" else None
    first = errors[0] if isinstance(errors, list) and errors else None
    more = _line(first.get("message")) if isinstance(first, Mapping) else ""
    return f"{message}: {more}" if more else message


def _line(text: Any) -> str:
    return "".join(c for c in " ".join(text.split()) if c.isprintable()) if isinstance(text, str) else ""
