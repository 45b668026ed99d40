"""Declares `[site]`, the table of config.toml that says how the archive is shown.

It serves nothing; how the file is read and bound is `archiver.config`'s.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from archiver.config import check_http_url
from archiver.errors import ConfigError

_LISTEN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})\Z")

OPERATOR_VARIABLE = "ONRECORD_OPERATOR_KEY"
_SHORTEST_KEY = 16


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """`[site]`: how the archive is shown.

    `base_url` is how the site is reached from outside, and begins every permanent link; `listen` is where the server
    waits. `contact` (an e-mail address or a URL) stands at the foot of every page, and so does `source`, the URL where
    the program's source code is to be had (whoever runs a changed version owes it to the readers, by the AGPL).
    `license` is the URL of the terms under which the record may be used: without it none are named, since the texts
    are those of many authors. `noindex` asks search engines to stay away. `mask` hides e-mail addresses and what looks
    like a secret on pages.

    `save` says who may have a thread saved from the page: nobody (`off`), whoever knows the operators' key, or anybody
    (`open`), `save_limit` threads in all and `save_limit_each` from one address within `save_window`. `proxies` is how
    many of our own proxies stand before the server: so many entries of `X-Forwarded-For` are believed.
    """

    title: str = "onrecord"
    base_url: str = "http://127.0.0.1:8000"
    listen: str = "127.0.0.1:8000"
    contact: str = ""
    source: str = ""
    license: str = ""
    noindex: bool = False
    mask: bool = True
    save: str = field(default="off", metadata={"choices": ("off", "operators", "open")})
    save_limit: int = 60
    save_limit_each: int = 5
    save_window: timedelta = timedelta(hours=1)
    proxies: int = 0

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise ConfigError("[site]: `title` is empty", key="site.title")
        object.__setattr__(self, "base_url", check_http_url(self.base_url, "site.base_url"))
        if urlsplit(self.base_url).path:
            raise ConfigError(
                f"[site]: `base_url` {self.base_url!r} has a path: it is to be a host's root", key="site.base_url"
            )
        if self.save_limit > 10_000:
            raise ConfigError("[site]: `save_limit` is 10000 at most", key="site.save_limit")
        for name in ("source", "license"):
            if value := getattr(self, name):
                check_http_url(value, f"site.{name}")
        found = _LISTEN.match(self.listen)
        if found is None or int(found[2]) > 65535:
            message = f"[site]: `listen` {self.listen!r} is not HOST:PORT, as 127.0.0.1:8000"
            raise ConfigError(message, key="site.listen")

    @property
    def host(self) -> str:
        """The address to listen at, without the brackets of IPv6."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen at; 0 lets the system choose one."""
        return int(self.listen.rpartition(":")[2])

    @property
    def contact_url(self) -> str | None:
        """Where a click on the contact leads: an http(s) URL, or `mailto:`; None if there is none to click on."""
        if self.contact.startswith(("https://", "http://")):
            return self.contact
        return f"mailto:{self.contact}" if re.fullmatch(r"[^@\s:/?#]+@[^@\s:/?#]+", self.contact) else None


def operator_key(environ: Mapping[str, str] = os.environ) -> str:
    """Return the operators' key. Raises ConfigError if there is none, or it could be guessed; it is never printed."""
    key = environ.get(OPERATOR_VARIABLE, "").strip()
    if len(key) < _SHORTEST_KEY:
        raise ConfigError(
            f'[site]: save = "operators" needs a key of {_SHORTEST_KEY} characters at least in {OPERATOR_VARIABLE}',
            key=OPERATOR_VARIABLE,
        )
    return key
