"""Builds and reads the site's addresses: repositories, threads, posts, snapshots, histories and their other forms.

It is pure: it knows neither Flask nor the store, and whether something is held is not its question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlencode, urlsplit

from archiver.model import Post, PostKind, ThreadSummary, compact, parse_iso, post_anchor
from archiver.references import HOST, RepositoryRef, ThreadKind, ThreadRef

# How many digits of a digest stand in a permanent link; all 64 lead to the same snapshot. Whoever
# writes in a thread can make two versions that agree in 12 digits within minutes, in 32 within no time that matters.
SHOWN_DIGITS = 32
# How many of them stand for a version in a sentence.
NAMED_DIGITS = 12

KINDS = {
    "issues": ThreadKind.ISSUE,
    "issue": ThreadKind.ISSUE,
    "pull": ThreadKind.PULL,
    "pulls": ThreadKind.PULL,
    "discussions": ThreadKind.DISCUSSION,
    "discussion": ThreadKind.DISCUSSION,
}
_TAIL = re.compile(
    r"(?P<number>[1-9][0-9]{0,9})"
    r"(?:@(?:(?P<digest>[0-9A-Fa-f]{12,64})|(?P<time>[0-9]{8}[Tt][0-9]{6}[Zz])))?"
    r"(?P<form>\.(?:json|csl\.json|bib|ris|md|atom))?\Z"
)
_PAGE = re.compile(
    rf"/{HOST}/[A-Za-z0-9_.-]+/[A-Za-z0-9_.~-]+"
    r"(?:/(?:issues?|pulls?|discussions?)/[0-9]+(?:@[0-9A-Za-z]+)?"
    r"(?:\.(?:json|csl\.json|bib|ris|md|atom))?(?:/history|/compare|/cite|/consent\.csv)?)?/?\Z"
)
_ANCHOR_IN_FILES = re.compile(r"r([0-9]+)\Z")


@dataclass(frozen=True, slots=True)
class Tail:
    """What stands after `issues/`: a thread's number; perhaps a snapshot, by (part of) its digest or by time; a form.

    `digest` is lower-case hex of 12 to 64 digits, `at` is in UTC, `form` is empty (the page), `json`, `bib`, `ris`,
    `csl.json`, `md`, `atom` (of no version), `csv` (the consent roll) or `cite` (the page that says how to cite).
    """

    number: int
    digest: str | None = None
    at: datetime | None = None
    form: str = ""

    @property
    def whole(self) -> bool:
        """Whether the digest is complete, so that the address can never mean anything else."""
        return self.digest is not None and len(self.digest) == 64


def parse_tail(text: str) -> Tail | None:
    """Read `389`, `389@0123456789ab`, `389@20180216T091200Z`, each perhaps with a form; None for anything else."""
    found = _TAIL.match(text)
    if found is None:
        return None
    at = None
    if found["time"]:
        try:
            at = datetime.strptime(found["time"].upper(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:  # the 31st of February
            return None
    digest = found["digest"].lower() if found["digest"] else None
    if found["form"] == ".atom" and (digest or at):
        return None  # what never changes has no feed
    return Tail(int(found["number"]), digest, at, (found["form"] or "").removeprefix("."))


def parse_version(text: str) -> str | datetime | None:
    """Read what names a version in a query: 12 to 64 hex digits of its digest, or a time; None for anything else.

    A time is written as in permanent links (`20180216T091200Z`), or as ISO 8601 with a zone.
    """
    text = text.strip()
    tail = parse_tail(f"1@{text}")
    if tail is not None and not tail.form:
        return tail.digest or tail.at
    try:
        return parse_iso(text)
    except ValueError:
        return None


def parse_path(path: str) -> tuple[ThreadRef, Tail] | None:
    """Read the path of a thread's page or of one of its other forms; None for other pages, histories among them."""
    parts = urlsplit(path).path.strip("/").split("/")
    if len(parts) != 5 or parts[0] != HOST or parts[3] not in KINDS:
        return None
    tail = parse_tail(parts[4])
    return (ThreadRef(parts[1], parts[2], tail.number, KINDS[parts[3]]), tail) if tail else None


def own_path(text: str, base_url: str) -> str | None:
    """Return the path, with its fragment, to which a link of the archive at `base_url` leads; None if it is no link.

    Links to repositories, threads, snapshots and histories are meant, with or without `https://`, or from the root on.
    """
    site = urlsplit(base_url).netloc.lower()
    try:
        url = urlsplit(text.strip() if "://" in text or text.strip().startswith("/") else f"//{text.strip()}")
    except ValueError:  # brackets in the host's place
        return None
    if url.scheme not in {"", "http", "https"} or url.netloc.lower() not in {"", site}:
        return None
    path = unquote(url.path)
    if not _PAGE.match(path):
        return None
    # A comparison is named by its query.
    query = f"?{quote(url.query, safe='=&')}" if url.query and path.endswith("/compare") else ""
    return quote(path, safe="/@") + query + (f"#{quote(url.fragment)}" if url.fragment else "")


# --- paths, from the site's root --------------------------------------------------------------------------------------


def repositories() -> str:
    """Return the path of the list of repositories."""
    return f"/{HOST}/"


def about(part: str = "") -> str:
    """Return the path of the page about the archive, or of a part: `cite`, `mirror`, `operator` ..."""
    return f"/about#{part}" if part else "/about"


def repository(ref: RepositoryRef) -> str:
    """Return `/github.com/owner/name`."""
    return f"/{HOST}/{ref}"


def thread(ref: ThreadRef, *, digest: str | None = None, at: datetime | None = None, form: str = "") -> str:
    """Return a thread's path, or that of one of its snapshots: by (part of) a digest, or by a time.

    `form` is one of `Tail`'s. A reference of unknown kind is taken for an
    issue: the site redirects.
    """
    kind = (ref.kind or ThreadKind.ISSUE).path
    version = f"@{digest}" if digest else f"@{compact(at)}" if at else ""
    ending = {"": "", "csv": "/consent.csv", "cite": "/cite"}.get(form, f".{form}")
    return f"{repository(ref.repository)}/{kind}/{ref.number}{version}{ending}"


def snapshot(summary: ThreadSummary) -> str:
    """Return the path that stands in citations: the thread with the first digits of the snapshot at hand."""
    return thread(summary.ref, digest=summary.snapshot[:SHOWN_DIGITS])


def history(ref: ThreadRef) -> str:
    """Return the path of the list of a thread's captures."""
    return f"{thread(ref)}/history"


def compare(ref: ThreadRef, before: str = "", after: str = "") -> str:
    """Return the path that tells two snapshots apart, by (part of) their digests; without `after`, from the latest."""
    wanted = {"from": before, "to": after}
    parts = urlencode({name: value for name, value in wanted.items() if value})
    return f"{thread(ref)}/compare{f'?{parts}' if parts else ''}"


def anchor(post: Post, kind: ThreadKind) -> str:
    """Name a post's place in its thread's page, as on GitHub, without the `#`."""
    return post_anchor(post.kind, post.id, kind)


def post(summary: ThreadSummary, kind: PostKind, post_id: int, *, digest: str | None = None) -> str:
    """Return the path of a post within its thread as now known, or within the snapshot with that digest."""
    shown = digest[:SHOWN_DIGITS] if digest else None
    return f"{thread(summary.ref, digest=shown)}#{post_anchor(kind, post_id, summary.kind)}"


def citing(summary: ThreadSummary, anchor: str = "", *, digest: str | None = None, form: str = "cite") -> str:
    """Return the path of the page, or file, that cites a thread, or a post of it, as of a snapshot."""
    shown = digest[:SHOWN_DIGITS] if digest else None
    return thread(summary.ref, digest=shown, form=form) + (f"?post={anchor}" if anchor else "")


def upstream_post(summary: ThreadSummary, kind: PostKind, post_id: int) -> str:
    """Return the post's address on GitHub."""
    return f"{summary.upstream_url}#{post_anchor(kind, post_id, summary.kind)}"


def api_thread(ref: ThreadRef) -> str:
    """Return the path of a thread in the JSON API."""
    return f"/api/v1/threads/{HOST}/{ref.repository}/{ref.number}"


def query(**parts: str) -> str:
    """Return the query of an address."""
    return urlencode(parts)


def lookup(reference: str = "") -> str:
    """Return the path that looks a reference up."""
    return f"/lookup?{urlencode({'url': reference})}" if reference else "/lookup"


def search_help() -> str:
    """Return the address of the page that explains the query language."""
    return "/help/search"


def timegate(original: str, base_url: str) -> str:
    """Return the URL of the TimeGate (RFC 7089) of an address on GitHub."""
    return f"{base_url}/timegate/{original}"


def timemap(original: str, base_url: str) -> str:
    """Return the URL of the TimeMap (RFC 7089) of an address on GitHub."""
    return f"{base_url}/timemap/link/{original}"


def feed(ref: ThreadRef | RepositoryRef | None = None, *, order: str = "") -> str:
    """Return the path of an Atom feed: of a thread; of a repository or the whole site, `new` or `updated` first."""
    if isinstance(ref, ThreadRef):
        return thread(ref, form="atom")
    return f"{repository(ref) if ref else ''}/{order}.atom"


def suggest() -> str:
    """Return the address that tells what can be typed next in a query."""
    return "/search/suggest"


def search(query: str = "", *, sort: str = "", page: int = 1, form: str = "") -> str:
    """Return the path of a search; what is empty or the first page is left out."""
    wanted = {"q": query, "sort": sort, "page": str(page) if page > 1 else ""}
    parts = urlencode({name: value for name, value in wanted.items() if value})
    return f"/search{f'.{form}' if form else ''}{f'?{parts}' if parts else ''}"


def same_anchor(fragment: str) -> str:
    """Return the anchor under which this site knows a fragment of a GitHub URL.

    The files tab of a pull request says `#r123` for what its conversation calls `#discussion_r123`.
    """
    found = _ANCHOR_IN_FILES.match(fragment)
    return f"discussion_r{found[1]}" if found else fragment
