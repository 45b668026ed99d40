"""Reads config.toml strictly into frozen dataclasses, and declares the archiver's own tables of it.

What the settings of the other packages are, those packages declare; what a setting does is not decided here.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from archiver.attachments import FILE_TYPES
from archiver.errors import ArchiveError, ConfigError
from archiver.queries import BadQuery, Query
from archiver.references import RepositoryRef, ThreadRef, is_owner, parse_reference

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

TOKEN_VARIABLES = ("ONRECORD_GITHUB_TOKEN", "GITHUB_TOKEN")
LONGEST = timedelta(days=3650)
"""Longer durations than this are mistakes, and overflow the system's clocks."""
MAX_GONE_SHARE = 0.2
"""If more than this share of a repository's posts seems gone at once, a sweep marks nothing."""
SWEEP_EVERY = timedelta(days=7)
"""How often a watched repository is swept if there is a token, since that makes it nearly free."""
LIMIT = 10_000
"""How many threads a search may find if nothing else is set: a night's work with a token."""
NEVER = timedelta.max
"""What `never` stands for where a duration is wanted."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """`[store]`: where captures are kept."""

    url: str = "sqlite:///data/archive.db"


@dataclass(frozen=True, slots=True)
class GitHubConfig:
    """`[github]`: the API to ask. The token comes from the environment alone."""

    api_url: str = "https://api.github.com"
    timeout: timedelta = timedelta(seconds=30)
    max_response_mb: int = 64

    def __post_init__(self) -> None:
        if self.timeout > timedelta(hours=1):
            raise ConfigError("[github]: `timeout` is an hour at most", key="github.timeout")
        if self.max_response_mb > 4096:
            raise ConfigError("[github]: `max_response_mb` is 4096 at most", key="github.max_response_mb")


@dataclass(frozen=True, slots=True)
class LicenseConfig:
    """`[license]`: words added to the built-in vocabulary, and phrases to pass over."""

    terms: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SweepConfig:
    """`[sweep]`: how sweeps decide."""

    max_gone_share: float = MAX_GONE_SHARE

    def __post_init__(self) -> None:
        if not 0 < self.max_gone_share <= 1:
            raise ConfigError("[sweep]: `max_gone_share` is above 0 and at most 1", key="sweep.max_gone_share")


PICTURE_TYPES = ("png", "jpeg", "gif", "webp", "avif")
MEDIA_TYPES = (*PICTURE_TYPES, *FILE_TYPES)
GITHUB_MEDIA_HOSTS = (
    "github.com",
    "camo.githubusercontent.com",
    "cloud.githubusercontent.com",
    "github-production-repository-file-5c1aeb.s3.amazonaws.com",
    "github-production-user-asset-6210df.s3.amazonaws.com",
    "objects.githubusercontent.com",
    "private-user-images.githubusercontent.com",
    "raw.githubusercontent.com",
    "user-images.githubusercontent.com",
)
"""Where GitHub keeps what people put into their posts."""


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """`[media]`: whether pictures and attached files of posts are kept, from which hosts, of which types, how large."""

    keep: bool = False
    hosts: tuple[str, ...] = GITHUB_MEDIA_HOSTS
    types: tuple[str, ...] = MEDIA_TYPES
    max_mb: int = 5

    def __post_init__(self) -> None:
        for each in self.hosts:
            if not re.fullmatch(r"(?=.*[a-z])[a-z0-9-]+(\.[a-z0-9-]+)+", each):
                raise ConfigError(f"[media]: `hosts`: {each!r} is no host's name in lower case", key="media.hosts")
        if unknown := [each for each in self.types if each not in MEDIA_TYPES]:
            known = ", ".join(MEDIA_TYPES)
            raise ConfigError(f"[media]: `types`: {unknown[0]!r} is not one of {known}", key="media.types")
        if self.max_mb > 100:
            raise ConfigError("[media]: `max_mb` is 100 at most", key="media.max_mb")


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """`[[watch]]`: something to crawl again and again; exactly one of `repo`, `thread`, `search` and `org` names it.

    `limit` is how many threads a search may find.
    """

    repo: str | None = None
    thread: str | None = None
    search: str | None = None
    org: str | None = None
    every: timedelta = timedelta(hours=6)
    scope: str | None = field(default=None, metadata={"choices": ("license", "all")})
    sweep: timedelta | None = field(default=None, metadata={"words": {"never": NEVER}})
    discover: str = field(default="listing", metadata={"choices": ("listing", "search")})
    limit: int = LIMIT

    def __post_init__(self) -> None:
        if sum(each is not None for each in (self.repo, self.thread, self.search, self.org)) != 1:
            raise ConfigError("[[watch]]: name exactly one of `repo`, `thread`, `search` and `org`", key="watch")
        if self.sweep is not None and self.sweep < timedelta(minutes=1):
            raise ConfigError(f"[[watch]] {self.name}: `sweep` is a minute at least, or never", key="watch.sweep")
        if self.every < timedelta(minutes=1):
            raise ConfigError(f"[[watch]] {self.name}: `every` is a minute at least", key="watch.every")
        if self.discover == "search" and self.repo is None and self.org is None:
            kind = "thread" if self.thread is not None else "search"
            raise ConfigError(
                f"[[watch]] {self.name}: `discover` says how a repository's threads are found; this is a {kind}",
                key="watch.discover",
            )
        if self.search is not None:
            _ = self.query
        elif self.org is not None:
            if not is_owner(self.org):
                raise ConfigError(f"[[watch]]: {self.org!r} does not name a user or an organisation", key="watch.org")
        elif (self.repo is not None) != isinstance(self.target, RepositoryRef):
            kind = "repository, as owner/name" if self.repo is not None else "thread, as owner/name#NUMBER or its URL"
            raise ConfigError(f"[[watch]]: {self.name!r} does not name a {kind}", key="watch")

    def sweep_every(self, *, authenticated: bool) -> timedelta | None:
        """Return how often it is swept; None for never.

        By default that takes a token: without one, each request of a sweep counts against 60 an hour. A thread is swept
        only if that is set, since its crawl asks for all of it anyway; so are the repositories of a search, which may
        be any number.
        """
        if self.sweep == NEVER:
            return None
        of_repositories = self.repo is not None or self.org is not None
        return self.sweep or (SWEEP_EVERY if authenticated and of_repositories else None)

    @property
    def keeps(self) -> str:
        """The scope that holds: whoever writes a query has chosen already."""
        return self.scope or ("license" if self.search is None else "all")

    @property
    def name(self) -> str:
        """The watch as it stands in logs and messages."""
        return self.repo or self.thread or self.search or self.org or ""

    @property
    def target(self) -> RepositoryRef | ThreadRef:
        """The repository or thread that the watch names. Raises ConfigError where it cannot be understood."""
        try:
            return parse_reference(self.name)
        except ArchiveError as error:
            raise ConfigError(f"[[watch]]: {error}", key="watch") from None

    @property
    def query(self) -> Query:
        """The search that the watch names. Raises ConfigError where it cannot be run."""
        try:
            return Query.parse(self.search or "")
        except BadQuery as error:
            raise ConfigError(f"[[watch]]: `search`: {error}", key="watch.search") from None


def token_from_environment(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the GitHub token, from ONRECORD_GITHUB_TOKEN or else GITHUB_TOKEN; None without one.

    Raises ConfigError when it holds characters that no HTTP header can carry (the value itself is never printed).
    """
    for name in TOKEN_VARIABLES:
        if value := environ.get(name, "").strip():
            if not re.fullmatch(r"[\x21-\x7e]+", value):
                raise ConfigError(
                    f"{name}: this is no token: it holds spaces or other characters not allowed", key=name
                )
            return value
    return None


def parse_duration(text: str) -> timedelta:
    """Read `30s`, `15m`, `6h`, `7d` or `2w`. Raises ValueError for anything else."""
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*([smhdw])\s*", text)
    if not found:
        raise ValueError("a number and a unit, such as 30s, 15m, 6h, 7d or 2w")
    length = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if length > LONGEST:
        raise ValueError("ten years at most")
    return length


# --- reading and strict binding ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ConfigFile:
    """A parsed configuration file, not yet bound; `folder` is what its relative paths are relative to."""

    path: Path | None
    folder: Path
    tables: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The file as it stands in messages."""
        return str(self.path) if self.path else "the built-in configuration"

    def expect_tables(self, known: Mapping[str, object]) -> None:
        """Raise ConfigError for a table that is not among `known`, naming the nearest."""
        for name in self.tables:
            if name not in known:
                raise ConfigError(f"{self.label}: unknown table [{name}]{_nearest(name, known)}", key=name)

    def bind(self, name: str, shape: type[T]) -> T:
        """Bind table `[name]` to a dataclass: unknown keys, wrong types and wrong values are ConfigErrors."""
        return _bind(self.tables.get(name, {}), shape, f"{self.label}: [{name}]", name)

    def bind_list(self, name: str, shape: type[T]) -> tuple[T, ...]:
        """Bind the array of tables `[[name]]`."""
        rows = self.tables.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ConfigError(f"{self.label}: write [[{name}]], in double brackets, once for each", key=name)
        return tuple(_bind(row, shape, f"{self.label}: [[{name}]] number {at}", name) for at, row in enumerate(rows, 1))

    def resolve_url(self, url: str) -> str:
        """Make the path of a `sqlite:///relative` or `whoosh:relative` URL absolute, against the file's folder."""
        for prefix in ("sqlite:///", "whoosh:"):
            if url.startswith(prefix) and url != prefix and not url.endswith(":memory:"):
                try:
                    path = Path(url.removeprefix(prefix)).expanduser()
                except RuntimeError:
                    raise ConfigError(f"{self.label}: {url!r}: there is no such home folder", key=url) from None
                return prefix + str((self.folder / path).absolute())
        return url


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise ConfigError("the current folder does not exist any more; change to another", key=".") from None


def read_config(path: Path | None) -> ConfigFile:
    """Read a configuration file; None stands for the defaults, relative to the current folder.

    Raises ConfigError for a file that is missing, unreadable, not UTF-8 or not TOML.
    """
    if path is None:
        return ConfigFile(None, _here(), {})
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such configuration file (onrecord init writes one)", key=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{path}: cannot be read: {reason}", key=str(path)) from None
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is a plain ValueError
        raise ConfigError(f"{path}: not valid TOML: {error}", key=str(path)) from None
    return ConfigFile(path, path.absolute().parent, tables)


def _nearest(name: str, known: Mapping[str, object] | list[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"


def _bind(table: Any, shape: type[T], where: str, key: str) -> T:
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: this is a table: write [{key}] on a line of its own", key=key)
    hints = typing.get_type_hints(shape)
    fields = {each.name: each for each in dataclasses.fields(shape)}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in fields:
            raise ConfigError(f"{where}: unknown setting {name!r}{_nearest(name, list(fields))}", key=f"{key}.{name}")
        words = fields[name].metadata.get("words", {})
        values[name] = (
            words[value]
            if isinstance(value, str) and value in words
            else _value(value, hints[name], f"{where} {name}", f"{key}.{name}")
        )
        choices = fields[name].metadata.get("choices")
        if choices and values[name] not in choices:
            raise ConfigError(
                f"{where} {name}: {value!r} is not one of {', '.join(map(repr, choices))}"
                + (_nearest(str(value), list(choices)) if isinstance(value, str) else ""),
                key=f"{key}.{name}",
            )
    try:
        return shape(**values)
    except ConfigError as error:
        message = str(error)
        message = message.split(": ", 1)[-1] if message.startswith("[") else message
        raise ConfigError(f"{where}: {message}", key=error.key) from None


def _value(value: Any, hint: Any, where: str, key: str) -> Any:
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if hint is timedelta:
        try:
            duration = parse_duration(value)
        except (ValueError, TypeError):
            duration = timedelta(0)
        if not duration:
            raise ConfigError(
                f"{where}: {value!r} is no duration: write number and unit, as 30s, 15m, 6h, 7d; ten years at most",
                key=key,
            )
        return duration
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f'{where}: a list of texts is wanted, as ["one", "two"]', key=key)
        return tuple(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted = {str: "a text in quotation marks", int: "a whole number", float: "a number", bool: "true or false"}[hint]
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigError(f"{where}: {value!r} is not {wanted}", key=key)
    if hint is int and value < 1:
        raise ConfigError(f"{where}: {value!r} is not 1 or more", key=key)
    return value


def check_http_url(url: str, where: str) -> str:
    """Return `url` without trailing slashes if it is an http(s) URL without credentials; else raise ConfigError."""
    try:
        parts = urlsplit(url)
        credentials = parts.username is not None or parts.password is not None
        fine = parts.scheme in {"http", "https"} and re.fullmatch(r"[A-Za-z0-9._:-]+", parts.hostname or "") is not None
        fine = fine and parts.port != 0 and not re.search(r"[?#]|[^\x21-\x7e]", url)
    except ValueError:
        credentials, fine = "@" in url, False
    if credentials:
        raise ConfigError(f"{where}: the URL holds a name or password; the token comes from the environment", key=where)
    if not fine:
        raise ConfigError(f"{where}: {url!r} is no http or https URL", key=where)
    return url.rstrip("/")
