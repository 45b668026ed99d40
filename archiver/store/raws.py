"""Reads out of the raw API object of a text what is shown of it besides the text itself.

What these objects are kept for else, and how they are packed, is `archiver.store.schema`'s.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from archiver.digests import clean_text
from archiver.kept import Kept

# Where a review comment stands.
_CONTEXT = ("path", "line", "original_line", "start_line", "side", "diff_hunk", "commit_id", "pull_request_review_id")
_KEPT_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class Told:
    """What a raw object tells: GitHub's HTML of the text, where a review comment stands, when it was updated."""

    html: str | None
    context: Mapping[str, Any]
    updated_at: str


def told_by(packed: bytes) -> Told:
    """Return what a packed raw object tells; the same bytes tell the same, so that they are unpacked once for a while.

    Raises zlib.error or JSONDecodeError if it is damaged.
    """
    return _kept.get(packed, lambda: _unpacked(packed))


def html_of(raw: Mapping[str, Any]) -> str | None:
    """Return the HTML of a raw API object, if it is any: the object is kept as it came, whatever stood in it."""
    html = raw.get("body_html")
    return clean_text(html) if isinstance(html, str) else None


def _unpacked(packed: bytes) -> Told:
    raw = json.loads(zlib.decompress(packed))
    html, updated = html_of(raw), raw.get("updated_at")
    context = {key: raw[key] for key in _CONTEXT if raw.get(key) is not None}
    return Told(
        html=html,
        context=MappingProxyType(context),
        updated_at=updated if isinstance(updated, str) else "",
    )


def _length(told: Told) -> int:
    return 200 + len(told.html or "") + len(told.context.get("diff_hunk", ""))


_kept = Kept[Told](_KEPT_BYTES, _length)
