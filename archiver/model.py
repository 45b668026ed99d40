"""What onrecord holds, as frozen values.

It does no I/O and knows neither SQL nor HTTP; how values are hashed stands in `archiver.digests`, what GitHub showed in
`archiver.observed`, how things are named in `archiver.references`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from archiver.references import RepositoryRef, ThreadKind, ThreadRef


class PostKind(StrEnum):
    """The place of a message in its thread."""

    OPENING = "opening"
    COMMENT = "comment"
    REVIEW = "review"
    REVIEW_COMMENT = "review_comment"
    ANSWER = "answer"


def iso(moment: datetime) -> str:
    """Print a moment as `2018-02-16T09:12:00Z` (UTC, seconds)."""
    if moment.tzinfo is not UTC or moment.microsecond:
        moment = moment.astimezone(UTC).replace(microsecond=0)
    # Not strftime: it prints the year 1, which some APIs mean by "never", as `1`.
    return moment.isoformat().removesuffix("+00:00") + "Z"


def parse_iso(text: str) -> datetime:
    """Read an ISO 8601 moment with a zone; the result is in UTC, cut to seconds.

    Raises ValueError for anything else.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is UTC and not moment.microsecond:
        return moment  # as `iso` prints it: hundreds are read for a page
    if moment.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ValueError(f"{text!r} is outside the years 1 to 9999 in UTC") from None


def compact(moment: datetime) -> str:
    """Print a moment as it stands in permanent links: `20180216T091200Z`."""
    return iso(moment).replace("-", "").replace(":", "")


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
class Relicensing:
    """From which licenses to which a thread asks to move: SPDX ids or families, empty where the text does not say."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relevance:
    """Say whether a thread is about licensing, and why.

    `verdict` is `subject` (licensing is what the thread is about), `debate` (a real side debate), `mention` or `none`;
    `terms` are the vocabulary's names of what matched, `spdx` the SPDX ids (or families, as `GPL`) that are discussed,
    the most discussed first; `topics` what the debate is about (`archiver.topics`), the first being the chief one.
    `basis` names the vocabulary that judged.
    """

    verdict: str = "none"
    score: float = 0.0
    terms: tuple[str, ...] = ()
    spdx: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    relicensing: Relicensing | None = None
    basis: str = ""

    @property
    def kept(self) -> bool:
        """Whether a watch with `scope = "license"` keeps such a thread."""
        return self.verdict in {"subject", "debate"}


@dataclass(frozen=True, slots=True)
class Revision:
    """One text of a post. `edited_at` is GitHub's time of the edit (None: as first posted, or not told).

    `source` is `seen` for a text that this archive saw itself, `history` for one that GitHub's edit history told,
    `gharchive` for one that GH Archive saw; then `captured_at` is the hour of its file. `archived_at` is that hour also
    for a text that was seen here since; `kept_at` is when the text came to be held here (None: at `captured_at`).
    """

    digest: str
    body: str
    body_html: str | None
    edited_at: datetime | None
    captured_at: datetime
    source: str = "seen"
    archived_at: datetime | None = None
    kept_at: datetime | None = None


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

    def holding(self, kind: PostKind, post_id: int) -> str | None:
        """Return the digest of the last snapshot that holds a post: the one at hand, unless it is gone upstream."""
        post = next((each for each in self.posts if (each.kind, each.id) == (kind, post_id)), None)
        if post is None or post.gone is None:
            return self.summary.snapshot if post else None
        # The capture that was made when it was noticed is without it.
        return next((each.digest for each in reversed(self.captures) if each.at < post.gone.since), None)


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
