"""Finds out which threads a thread refers to are held here, and leads its texts to their records.

How references are read is `archiver.references`'s; the HTML that links are put into is safe already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from archiver.errors import BadReference
from archiver.model import Revision, Thread
from archiver.references import RepositoryRef, ThreadRef
from archiver.store import Reader
from web import permalinks
from web.render import TAGS
from web.telling import Links, source_of

# Of how many repositories, and threads in all, it is asked at most whether they are held.
MOST_REPOSITORIES = 100
MOST_THREADS = 2_000
_NAMES = r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})/(?P<name>[A-Za-z0-9._-]{1,100})"
_ADDRESS = re.compile(
    rf"https?://(?:www\.)?github\.com/{_NAMES}/(?:issues|pull|discussions)/(?P<number>[1-9][0-9]{{0,9}})(?![0-9])",
    re.IGNORECASE,
)
# As people write it: `#12`, `GH-12`, `owner/repo#12`; not within words, addresses or entities.
_SHORT = re.compile(rf"(?<![\w&/#.@-])(?:(?:{_NAMES})?#|[Gg][Hh]-)(?P<number>[1-9][0-9]{{0,9}})(?![\w-])")
_HREF = re.compile(rf'<a href="(?P<whole>{_ADDRESS.pattern}(?P<rest>[^"]*))"', re.IGNORECASE)
_ANCHOR = re.compile(r"#([A-Za-z]+(?:_r)?-?[0-9]+)\Z")
_TAG_NAME = re.compile(r"<(/?)([a-z0-9]+)")
# Within these, `#12` is no reference.
_VERBATIM = {"a", "code", "pre", "kbd", "samp", "tt"}


@dataclass(frozen=True, slots=True)
class Linker:
    """Leads the texts of a thread to the records of what they refer to; `links` are those that are held."""

    ref: ThreadRef
    links: Links

    def linked(self, html: Markup, revision: Revision) -> Markup:
        """Return a text (safe HTML) with links to what is held here, and the original beside each.

        In what GitHub has rendered, references are links already; in Markdown, `#12`, `GH-12` and `owner/repo#12`
        become some.
        """
        if not self.links or not _may_refer(html):
            return html
        # GitHub makes no links of what stands within code, or is a link already.
        return Markup("".join(self._pieces(html, read=not revision.body_html)))  # noqa: S704 - links into what was safe

    def _pieces(self, html: str, *, read: bool) -> Iterator[str]:
        verbatim = 0
        original = ""
        for at, piece in enumerate(TAGS.split(html)):
            if at % 2 == 0:
                yield _SHORT.sub(self._short, piece) if read and not verbatim else piece
                continue
            tag = _TAG_NAME.match(piece)
            if tag and tag[2] in _VERBATIM:
                verbatim += -1 if tag[1] else 1
            if found := _HREF.match(piece):
                here, original = self._here(found)
                yield piece if here is None else f'<a href="{here}"{piece[found.end() :]}'
            else:
                yield piece
            if piece == "</a>" and original:
                yield original
                original = ""

    def _here(self, found: re.Match[str]) -> tuple[str | None, str]:
        path = self.links.get(_key(found, self.ref.repository))
        if path is None:
            return None, ""
        anchor = _ANCHOR.search(found["rest"])
        fragment = f"#{permalinks.same_anchor(anchor[1])}" if anchor else ""
        if path == permalinks.thread(self.ref) and fragment:
            return fragment, ""  # within the page, be it a version's
        return f"{path}{fragment}", _original(found["whole"])

    def _short(self, found: re.Match[str]) -> str:
        path = self.links.get(_key(found, self.ref.repository))
        if path is None:
            return found[0]
        repository = RepositoryRef(found["owner"], found["name"]) if found["owner"] else self.ref.repository
        original = f"{repository.upstream_url}/issues/{found['number']}"
        return f'<a href="{path}">{found[0]}</a>{_original(str(escape(original)))}'


def _may_refer(text: str) -> bool:
    """Return, at little cost, whether a text could refer to a thread at all."""
    return "#" in text or "github.com/" in (low := text.lower()) or "gh-" in low


def _original(address: str) -> str:
    return f' <span class="original">(<a href="{address}" rel="external nofollow noopener ugc">original</a>)</span>'


def _key(found: re.Match[str], repository: RepositoryRef) -> str:
    named = f"{found['owner']}/{found['name']}" if found["owner"] else str(repository)
    return f"{named}#{found['number']}".lower()


def referred(store: Reader, thread: Thread) -> Links:
    """Return the paths of the threads, held here or withdrawn, that a thread's events and texts refer to.

    They are named as the events do, and in lower case, as `owner/repo#12`.
    """
    asked: dict[RepositoryRef, dict[int, set[str]]] = {}
    spellings: dict[str, RepositoryRef] = {}
    count = 0
    for named in _named(thread):
        try:
            ref = ThreadRef.parse(named)
        except BadReference:
            continue
        repository = spellings.setdefault(ref.repository.key, ref.repository)
        if repository not in asked and len(asked) >= MOST_REPOSITORIES:
            continue
        count += 1
        if count > MOST_THREADS:
            break
        asked.setdefault(repository, {}).setdefault(ref.number, set()).update({named, named.lower()})
    links: dict[str, str] = {}
    for each, names in asked.items():
        if held := store.find_repository(each):
            for number, ref in store.places(held.id, list(names)).items():
                links |= dict.fromkeys(names[number], permalinks.thread(ref))
    return links


def _named(thread: Thread) -> Iterable[str]:
    """Return which threads are referred to, as `owner/repo#12`: each once, events' sources first."""
    found = dict.fromkeys(source for event in thread.events if (source := source_of(event)))
    home = thread.summary.repository.ref
    for post in thread.posts:
        for revision in (post.revision, *post.revisions):
            text = revision.body_html or revision.body
            # Most texts refer to nothing, and are not searched through for it.
            if not _may_refer(text):
                continue
            found |= dict.fromkeys(_key(each, home) for each in _ADDRESS.finditer(text))
            if not revision.body_html:
                found |= dict.fromkeys(_key(each, home) for each in _SHORT.finditer(text))
    return found
