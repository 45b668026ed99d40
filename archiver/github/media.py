"""Fetches pictures and attached files of posts from the hosts that are allowed, without a token.

Connections are opened by `client`. It stores nothing, and decides nothing about which are wanted.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import timedelta
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import httpx

from archiver.attachments import file_type, is_attachment
from archiver.errors import ArchiveError
from archiver.github.client import connection

MAX_REDIRECTS = 3
_REDIRECTS = {301, 302, 303, 307, 308}
LONGEST_SECONDS = 120
"""A picture that takes longer than this to come is given up."""


class NoPicture(ArchiveError):
    """An address gave nothing that may be kept; `key` is the address."""


def kind_of(content: bytes) -> str | None:
    """Tell what a picture is by its first bytes: `png`, `jpeg`, `gif`, `webp` or `avif`; None for anything else.

    What a server says of it is not asked: SVG and HTML can hold scripts, and are nothing here whatever they are called.
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content[4:12] in {b"ftypavif", b"ftypavis"}:
        return "avif"
    return None


class MediaClient:
    """Asks for pictures and files, one at a time, by https alone, of `hosts` alone; also where redirects lead."""

    def __init__(
        self,
        hosts: Collection[str],
        *,
        types: Collection[str],
        max_bytes: int,
        version: str = "0",
        timeout: timedelta = timedelta(seconds=30),
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.hosts = frozenset(each.lower() for each in hosts)
        self._types = frozenset(types)
        self._max_bytes = max_bytes
        headers = {"User-Agent": f"onrecord/{version}", "Accept": "*/*", "Accept-Encoding": "identity"}
        self._http = connection(headers, timeout, transport)

    def __enter__(self) -> MediaClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def allows(self, url: str) -> bool:
        """Return whether an address is one that is asked for: https, an allowed host, no port and no name in it."""
        try:
            parts = urlsplit(url)
            plain = parts.port is None and parts.username is None and parts.password is None
        except ValueError:
            return False
        return parts.scheme == "https" and plain and (parts.hostname or "").lower() in self.hosts

    def fetch(self, url: str) -> tuple[str, bytes]:
        """Return what kind of picture (at the address of an attachment: or of file) is there, and its bytes.

        Raises NoPicture.
        """
        at = url
        for _ in range(MAX_REDIRECTS + 1):
            if not self.allows(at):
                raise NoPicture("leads to a host that is not among those allowed", key=url)
            try:
                # No cookie of one host is carried to another, or kept at all.
                self._http.cookies.clear()
                with self._http.stream("GET", at) as response:
                    if response.status_code in _REDIRECTS:
                        at = urljoin(at, response.headers.get("location", ""))
                        continue
                    if response.status_code != 200:
                        raise NoPicture(f"HTTP {response.status_code}", key=url)
                    return self._read(url, response)
            except httpx.HTTPError as error:
                raise NoPicture(f"{type(error).__name__}", key=url) from None
            except (httpx.InvalidURL, ValueError):
                raise NoPicture("an address that cannot be asked for", key=url) from None
        raise NoPicture(f"more than {MAX_REDIRECTS} redirects", key=url)

    def _read(self, url: str, response: httpx.Response) -> tuple[str, bytes]:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise NoPicture("comes packed", key=url)
        content, attached = bytearray(), is_attachment(url)
        latest = time.monotonic() + LONGEST_SECONDS
        for chunk in response.iter_raw():
            content += chunk
            if time.monotonic() > latest:
                raise NoPicture("comes too slowly", key=url)
            if len(content) > self._max_bytes:
                raise NoPicture(f"larger than {self._max_bytes // 2**20} MiB ([media] max_mb)", key=url)
            if not attached and len(content) >= 16 and kind_of(bytes(content[:16])) is None:
                break  # nothing that would be kept: no more of it is read
        kind = kind_of(bytes(content[:16])) or (file_type(bytes(content)) if attached else None)
        what = "file" if attached else "picture"
        if kind is None:
            raise NoPicture(f"no {what} of a kind that is kept", key=url)
        if kind not in self._types:
            raise NoPicture(f"a {what} of the kind {kind}, which [media] types leaves out", key=url)
        return kind, bytes(content)
