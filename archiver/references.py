"""Names what is on GitHub: repositories and threads, as `owner/repo#12` or as any of GitHub's addresses.

It is pure, and does not know what is held.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from archiver.errors import BadReference

HOST = "github.com"


class ThreadKind(StrEnum):
    """What GitHub calls the conversation; the value is also the API's and the query language's word."""

    ISSUE = "issue"
    PULL = "pull"
    DISCUSSION = "discussion"

    @property
    def path(self) -> str:
        """The word that stands in GitHub's URLs, and in ours: `issues`, `pull` or `discussions`."""
        return {"issue": "issues", "pull": "pull", "discussion": "discussions"}[self.value]


# GitHub's own rules: owners are letters, digits and single hyphens (39 at most; some old ones end in a hyphen, and
# enterprise-managed ones hold an underscore), repository names are letters, digits, `.`, `_` and `-`, 100 at most.
_OWNER = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})"
# Behind a tilde, which no name on GitHub has, stands the number of one that lost its name to another repository.
_NAME = r"[A-Za-z0-9._-]{1,100}(?:~[0-9]{1,16})?"
_REPOSITORY = re.compile(rf"({_OWNER})/({_NAME})\Z")
_THREAD = re.compile(rf"({_OWNER})/({_NAME})#([1-9][0-9]{{0,9}})\Z")
_CLONE = re.compile(rf"(?:ssh://)?git@github\.com[:/]({_OWNER})/({_NAME})/?\Z")
_PATH = re.compile(rf"{_OWNER}/{_NAME}/(?:issues|pull|discussions)/[0-9]")
_PATH_KINDS = {
    "issues": ThreadKind.ISSUE,
    "issue": ThreadKind.ISSUE,
    "pull": ThreadKind.PULL,
    "pulls": ThreadKind.PULL,
    "discussions": ThreadKind.DISCUSSION,
}
# Words that stand where an owner would, as in github.com/orgs/NAME/discussions/1: no account can have these names.
_NO_OWNERS = {"orgs", "users", "settings", "sponsors", "topics", "marketplace", "enterprises", "apps", "repos"}
_HOSTS = {"github.com", "www.github.com", "api.github.com", "m.github.com", "redirect.github.com"}
# What follows `issues/` and its like on pages that are of the whole repository.
_NO_NUMBERS = {"new", "assigned", "created_by", "mentioned", "categories", "search"}
_ANCHOR = re.compile(
    r"(issue|issuecomment|discussioncomment|discussion|pullrequestreview|discussion_r|issue-|r)[-_]?([0-9]{1,19})\Z"
)


@dataclass(frozen=True, slots=True)
class RepositoryRef:
    """Name a repository as `owner/name`, in whatever spelling it came."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def key(self) -> str:
        """The spelling under which names are compared: GitHub takes no notice of case."""
        return str(self).lower()

    @property
    def upstream_url(self) -> str:
        """The repository's address on GitHub."""
        # After a tilde stands what tells it from another repository that bears its name now (`Transaction.detach`).
        return f"https://{HOST}/{self.owner}/{self.name.partition('~')[0]}"


@dataclass(frozen=True, slots=True)
class ThreadRef:
    """Name a thread as `owner/name#12`; `kind` and `anchor` (`issuecomment-123`) are known if it came as a URL."""

    owner: str
    name: str
    number: int
    kind: ThreadKind | None = None
    anchor: str | None = None

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}#{self.number}"

    @property
    def repository(self) -> RepositoryRef:
        """The name of the thread's repository."""
        return RepositoryRef(self.owner, self.name)

    @property
    def upstream_url(self) -> str:
        """The thread's address on GitHub (`issues/` when the kind is unknown: GitHub redirects from there)."""
        path = (self.kind or ThreadKind.ISSUE).path
        return f"{self.repository.upstream_url}/{path}/{self.number}"

    @classmethod
    def parse(cls, text: str) -> ThreadRef:
        """Read `owner/repo#12` or any GitHub URL of an issue, pull request, discussion or comment.

        Raises BadReference, naming the text, for anything else.
        """
        ref = parse_reference(text)
        if isinstance(ref, RepositoryRef):
            raise BadReference(f"{text!r} names a repository, not a thread: write {ref}#NUMBER", key=text)
        return ref


def is_owner(text: str) -> bool:
    """Return whether a text can be the name of a user or an organisation."""
    return re.fullmatch(_OWNER, text) is not None and text.lower() not in _NO_OWNERS


def parse_reference(text: str) -> RepositoryRef | ThreadRef:
    """Read `owner/repo`, `owner/repo#12` or a GitHub URL (also of the API, of a comment, without `https://`).

    Raises BadReference, naming the text, for anything else. `http:`, `www.`, query strings, trailing slashes, the
    tabs of a pull request (`/files`, `/commits`), addresses to clone from and `owner/repo/issues/12` are understood;
    any other page of a repository stands for the repository.
    """
    stripped = text.strip()
    if found := _THREAD.match(stripped):
        owner, name = _names(found[1], found[2], text)
        return ThreadRef(owner, name, int(found[3]))
    if found := _REPOSITORY.match(stripped.removesuffix("/")):
        return RepositoryRef(*_names(found[1], found[2], text))
    if found := _CLONE.match(stripped):  # git@github.com:owner/repo.git
        return RepositoryRef(*_names(found[1], found[2], text))
    if _PATH.match(stripped):  # owner/repo/issues/12, as it stands behind the host
        stripped = f"https://{HOST}/{stripped}"
    bare = stripped if "://" in stripped else f"https://{stripped}"
    try:
        url = urlsplit(bare)
        host = (url.hostname or "").lower()
    except ValueError:
        raise _not_understood(text) from None
    if url.scheme not in {"http", "https"} or host not in _HOSTS:
        raise _not_understood(text)
    parts = [unquote(part) for part in url.path.split("/") if part]
    if host == "api.github.com" and parts[:1] == ["repos"]:
        parts = parts[1:]
    return _from_path(parts, url.fragment, text)


def _from_path(parts: list[str], fragment: str, text: str) -> RepositoryRef | ThreadRef:
    if len(parts) < 2 or not _REPOSITORY.match(f"{parts[0]}/{parts[1]}"):
        raise _not_understood(text)
    owner, name = _names(parts[0], parts[1], text)
    if len(parts) == 2:
        return RepositoryRef(owner, name)
    kind = _PATH_KINDS.get(parts[2])
    if kind is None or len(parts) == 3 or parts[3] in _NO_NUMBERS:
        return RepositoryRef(owner, name)
    number = re.fullmatch(r"([1-9][0-9]{0,9})(?:\.diff|\.patch)?", parts[3], re.ASCII)
    if number is None:
        raise _not_understood(text)
    anchor = fragment if _ANCHOR.match(fragment) else None
    return ThreadRef(owner, name, int(number[1]), kind, anchor)


def _names(owner: str, name: str, text: str) -> tuple[str, str]:
    """Return a repository's two names, without the `.git` of a clone URL; refuse those that GitHub gives to none."""
    name = name.removesuffix(".git") or name
    if owner.lower() in _NO_OWNERS or name in {".", "..", ".git"}:
        raise _not_understood(text)
    return owner, name


def _not_understood(text: str) -> BadReference:
    shown = text if len(text) <= 200 else text[:200] + "..."
    return BadReference(
        f"{shown!r} is neither owner/repo, owner/repo#NUMBER nor a GitHub URL of an issue, pull request or discussion",
        key=shown,
    )
