"""What onrecord holds, as frozen values, and the references that name it.

It does no I/O and knows neither SQL nor HTTP; how values are hashed stands in `archiver.digests`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
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


class PostKind(StrEnum):
    """The place of a message in its thread."""

    OPENING = "opening"
    COMMENT = "comment"
    REVIEW = "review"
    REVIEW_COMMENT = "review_comment"
    ANSWER = "answer"


def iso(moment: datetime) -> str:
    """Print a moment as `2018-02-16T09:12:00Z` (UTC, seconds)."""
    # Not strftime: it prints the year 1, which some APIs mean by "never", as `1`.
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_iso(text: str) -> datetime:
    """Read an ISO 8601 moment with a zone; the result is in UTC, cut to seconds.

    Raises ValueError for anything else.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ValueError(f"{text!r} is outside the years 1 to 9999 in UTC") from None


def compact(moment: datetime) -> str:
    """Print a moment as it stands in permanent links: `20180216T091200Z`."""
    return iso(moment).replace("-", "").replace(":", "")


# --- references -------------------------------------------------------------------------------------------------------

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


# --- what GitHub told us ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """A GitHub account as it was when first seen; `id` is GitHub's number and never changes, `login` may."""

    id: int
    login: str
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository, keyed by GitHub's number; `aliases` are all the names that it was ever seen under."""

    id: int
    owner: str
    name: str
    description: str | None = None
    created_at: datetime | None = None
    aliases: tuple[str, ...] = ()
    gone: Tombstone | None = None
    has_discussions: bool | None = None  # None: GitHub did not say

    @property
    def ref(self) -> RepositoryRef:
        """The repository by its current name."""
        return RepositoryRef(self.owner, self.name)

    def thread(self, number: int, kind: ThreadKind | None = None) -> ThreadRef:
        """Name one of this repository's threads by its current name."""
        return ThreadRef(self.owner, self.name, number, kind)


@dataclass(frozen=True, slots=True)
class ObservedPost:
    """One message as an API response showed it; `raw` is that API object, whole.

    `state` is a review's (`APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`) or `answer`, for the answer chosen
    in a discussion. `reply_to` is GitHub's number of the post of the same kind that it answers. `reactions` are counts
    by GitHub's names (`+1`, `heart` ...), None where the response does not give them.
    """

    kind: PostKind
    id: int
    author: Account | None
    author_association: str
    created_at: datetime
    updated_at: datetime
    body: str
    body_html: str | None
    raw: Mapping[str, Any] = field(repr=False)
    state: str | None = None
    reply_to: int | None = None
    reactions: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class ObservedThread:
    """A thread's own fields as an API response showed them, with its opening post.

    `comments` is GitHub's count of its comments. `closed_by_known` tells "nobody" from "this response does not say"
    (lists leave it out).
    """

    number: int
    kind: ThreadKind
    title: str
    state: str
    state_reason: str | None
    locked: bool
    lock_reason: str | None
    labels: tuple[str, ...]
    milestone: str | None
    assignees: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    merged_at: datetime | None
    closed_by: Account | None
    closed_by_known: bool
    comments: int
    opening: ObservedPost
    draft: bool = False
    category: str | None = None  # of a discussion


@dataclass(frozen=True, slots=True)
class ObservedEvent:
    """A timeline event as an API response showed it.

    `key` is GitHub's number of it; of what has none (a cross-reference), something made of what it says.
    """

    key: str
    kind: str
    at: datetime
    actor: Account | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ObservedEdit:
    """One entry of GitHub's edit history of a post: the whole text as of `at`; the first entry is the first text.

    `body` is None where GitHub says that this content was deleted (`deleted_at`).
    """

    key: str
    at: datetime
    editor: Account | None
    body: str | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class PostHistory:
    """What only GraphQL tells of a post: its edits, oldest first (None: not asked for), and why it is minimized."""

    kind: PostKind
    id: int
    edits: tuple[ObservedEdit, ...] | None
    minimized: str | None


# --- what is held -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is gone upstream, since when as far as we know; or withdrawn here, with a `reason`.

    `status` is GitHub's answer: 404, 410, 451, or 301 for what moved to where it cannot be read. Withdrawn here, it is
    410, or 451 for legal reasons.
    """

    status: int
    since: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a verdict: which words, where (`title`, `own`, `quote`, `code`), in which post (0 = opening)."""

    term: str
    text: str
    place: str
    post: int
    weight: float


@dataclass(frozen=True, slots=True)
class Relevance:
    """Say whether a thread is about licensing, and why.

    `verdict` is `subject` (licensing is what the thread is about), `debate` (a real side debate), `mention` or `none`;
    `terms` are the vocabulary's names of what matched, `spdx` the SPDX ids (or families, as `GPL`) mentioned.
    """

    verdict: str = "none"
    score: float = 0.0
    terms: tuple[str, ...] = ()
    spdx: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether a watch with `scope = "license"` keeps such a thread."""
        return self.verdict in {"subject", "debate"}


@dataclass(frozen=True, slots=True)
class Revision:
    """One text of a post. `edited_at` is GitHub's time of the edit (None: as first posted, or not told).

    `source` is `seen` for a text that this archive saw itself, `history` for one that GitHub's edit history told.
    """

    digest: str
    body: str
    body_html: str | None
    edited_at: datetime | None
    captured_at: datetime
    source: str = "seen"


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry of GitHub's edit history of a post; the first one is the first text.

    `revision` is the digest of its text, None where GitHub had deleted the content before it could be seen here;
    `deleted_at` says that GitHub deleted it.
    """

    at: datetime
    editor: Account | None
    revision: str | None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One message of a thread; `revision` is its text in the snapshot at hand, `revisions` all known, oldest first.

    `gone` with a reason means that it is withdrawn here: then text and author are empty. `context` is what a review
    comment stands at (`path`, `line`, `diff_hunk`); `minimized` is why it is hidden upstream. `state`, `reply_to` and
    `reactions` are those of `ObservedPost`.
    """

    kind: PostKind
    id: int
    author: Account | None
    author_association: str
    created_at: datetime
    updated_at: datetime
    revision: Revision
    revisions: tuple[Revision, ...] = ()
    gone: Tombstone | None = None
    edits: tuple[Edit, ...] = ()
    state: str | None = None
    reply_to: int | None = None
    reactions: Mapping[str, int] = field(default_factory=dict)
    minimized: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def withdrawn(self) -> bool:
        """Whether it was taken out of view here."""
        return self.gone is not None and self.gone.reason is not None

    @property
    def body(self) -> str:
        """The text in the snapshot at hand."""
        return self.revision.body

    @property
    def edited(self) -> bool:
        """Whether the post was changed after it was posted, as far as can be told."""
        return len(self.revisions) > 1 or len(self.edits) > 1 or self.revision.edited_at is not None


@dataclass(frozen=True, slots=True)
class Event:
    """A timeline event (`closed`, `locked`, `renamed` ...); `captured_at` is when it was first seen here."""

    kind: str
    at: datetime
    actor: Account | None
    detail: Mapping[str, Any] = field(default_factory=dict)
    captured_at: datetime | None = None


class FindingKind(StrEnum):
    """What a finding says happened. In brackets what its `detail` holds."""

    GONE = "gone"  # {status}
    BACK = "back"  # {status: what was answered before, since}
    MOVED = "moved"  # {from, to}: a thread was transferred
    RENAMED = "renamed"  # {from, to}: a repository's name
    NAME_TAKEN = "name-taken"  # {name, by}: another repository bears the name now
    AUTHOR_GONE = "author-gone"  # {login}: the account was deleted
    MINIMIZED = "minimized"  # {reason}
    UNMINIMIZED = "unminimized"  # {}
    EDIT_DELETED = "edit-deleted"  # {at}: the content of an edit was deleted upstream
    FLAGGED = "flagged"  # {suspects, posts}: too much seemed gone at once; nothing was marked
    UNFLAGGED = "unflagged"  # {gone}: the next sweep decided; so many were marked
    WITHDRAWN = "withdrawn"  # {reason}
    RESTORED = "restored"  # {reason}
    ERASED = "erased"  # {reason}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found out, at `at`, that is no text and no field of a thread.

    `about` is `post`, `thread` or `repository`; `post` names the post (kind, GitHub's number).
    """

    number: int
    at: datetime
    kind: FindingKind
    about: str
    detail: Mapping[str, Any]
    post: tuple[PostKind, int] | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Something that was taken out of public view here: `scope` is `post`, `thread`, `author` or `opt-out`.

    `target` names it as it was then; an author by number alone. `lifted_at` is when it was restored.
    """

    id: int
    at: datetime
    reason: str
    note: str | None
    scope: str
    target: str
    erased: bool
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Capture:
    """One entry of the capture log: at `at`, the thread was as snapshot `digest` says."""

    number: int
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """A thread's own fields as of its latest snapshot, without its posts."""

    repository: Repository
    number: int
    kind: ThreadKind
    title: str
    state: str
    state_reason: str | None
    locked: bool
    lock_reason: str | None
    labels: tuple[str, ...]
    milestone: str | None
    assignees: tuple[str, ...]
    author: Account | None
    author_association: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    merged_at: datetime | None
    closed_by: Account | None
    post_count: int
    comments_upstream: int
    snapshot: str
    first_captured_at: datetime
    captured_at: datetime
    last_checked_at: datetime
    relevance: Relevance
    gone: Tombstone | None = None
    gap: str | None = None  # what is known to be missing, in words
    draft: bool = False
    category: str | None = None  # of a discussion
    detailed_at: datetime | None = None  # when its events (and reviews) were asked for last
    author_withdrawn: bool = False  # no author is told since that is withdrawn here, with the opening post or as such

    @property
    def ref(self) -> ThreadRef:
        """The thread by its repository's current name."""
        return self.repository.thread(self.number, self.kind)

    @property
    def key(self) -> str:
        """A name that survives renames: GitHub's number of the repository, and the thread's."""
        return thread_key(self.repository.id, self.number)

    @property
    def upstream_url(self) -> str:
        """The thread's address on GitHub."""
        return self.ref.upstream_url

    @property
    def outcome(self) -> str:
        """`open`, `merged` or `closed`: a merged pull request is not merely closed."""
        return "merged" if self.merged_at else self.state


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread with all its posts in reading order: as now known, or as one snapshot has it."""

    summary: ThreadSummary
    posts: Sequence[Post]
    events: Sequence[Event] = ()
    captures: Sequence[Capture] = ()
    findings: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What `search.sync` reads: `action` is `put` or `delete`; numbers rise and are never used twice."""

    number: int
    action: str
    key: str


def thread_key(repository_id: int, number: int) -> str:
    """Print the key of a thread: `732303021/389`."""
    return f"{repository_id}/{number}"


def post_anchor(kind: PostKind, post_id: int, thread_kind: ThreadKind = ThreadKind.ISSUE) -> str:
    """Name a post's anchor as GitHub's own pages do, without the `#`."""
    match kind:
        case PostKind.OPENING:
            return f"{'discussion' if thread_kind is ThreadKind.DISCUSSION else 'issue'}-{post_id}"
        case PostKind.COMMENT:
            return f"{'discussioncomment' if thread_kind is ThreadKind.DISCUSSION else 'issuecomment'}-{post_id}"
        case PostKind.REVIEW:
            return f"pullrequestreview-{post_id}"
        case PostKind.REVIEW_COMMENT:
            return f"discussion_r{post_id}"
        case PostKind.ANSWER:
            return f"discussioncomment-{post_id}"
