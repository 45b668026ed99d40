"""Owns which links of a post lead to a file that was attached to it, and what kinds of files there are; pure.

How a file is fetched is `archiver.github.media`'s, how it is kept `archiver.store.media`'s.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

FILE_TYPES = {"pdf": "application/pdf", "zip": "application/zip", "gzip": "application/gzip", "text": "text/plain"}
"""The kinds of attached files that are kept, each with its media type. Of those of offices, most are archives (zip)."""
# After a name that is none for its kind, the first of these is put: no program is to take a text for a page.
_ENDINGS = {
    "pdf": (".pdf",),
    "zip": (".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp"),
    "gzip": (".gz", ".tgz"),
    "text": (".txt", ".md", ".log", ".csv", ".json", ".patch", ".diff", ".rst", ".toml", ".yml", ".yaml"),
}
_STARTS = ((b"%PDF-", "pdf"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\x1f\x8b\x08", "gzip"))
# GitHub gives what is attached such an address; the former one names the repository.
_ATTACHED = re.compile(
    r"https://github\.com/(?:user-attachments|[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100})/files/[0-9]{1,20}/[^/?#\s]{1,300}"
)
_LONGEST_NAME = 100


def is_attachment(url: str) -> bool:
    """Return whether an address is that of a file attached to a post on GitHub."""
    return _ATTACHED.fullmatch(url) is not None


def named_as_picture(url: str) -> bool:
    """Return whether an attached file is a picture by its name, so that it can be shown where a post shows it."""
    return url.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif"))


def file_type(content: bytes) -> str | None:
    """Tell what kind a file is of by its bytes, whatever it is called: one of `FILE_TYPES`; None for anything else.

    A text is what is UTF-8 without a NUL; a page or a drawing with scripts is one too, and is sent as text alone.
    """
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if not content or b"\0" in content:
        return None
    try:
        content.decode()
    except UnicodeDecodeError:
        return None
    return "text"


def file_name(url: str, kind: str) -> str:
    """Return under which name a kept file is offered: that in its address where it is plain, else one by its kind."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", unquote(url.rpartition("/")[2])).strip("-.")[-_LONGEST_NAME:]
    endings = _ENDINGS[kind]
    return name if name.lower().endswith(endings) else f"{name or 'attachment'}{endings[0]}"
