"""Tells programs what a thread's page is about: Signposting links for its headers, metadata for its head.

It is pure. The links follow https://signposting.org/ (RFC 8288, RFC 8574); the metadata is what Zotero's translator
"Embedded Metadata", Google Scholar, Dublin Core's and Open Graph's readers look for. A `license` is linked only where
the operator names one: the texts belong to those who wrote them, and under which license is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from archiver.model import Account, Post, PostKind, Thread, iso
from web import citation, permalinks
from web.citation import Citation
from web.citation_files import FORMS
from web.config import SiteConfig

_TYPES = ("https://schema.org/DiscussionForumPosting", "https://schema.org/AboutPage")
# How much of the opening post describes the thread where links to it are shown.
_WORDS, _LETTERS = 40, 250
# So many letters for each that is shown are read: what is to be masked may reach beyond the end.
_READ = 2


@dataclass(frozen=True, slots=True)
class Meta:
    """One `<meta>`: named by `attribute` (`name`, or `property` for Open Graph)."""

    attribute: str
    name: str
    content: str


def profile(account: Account | None) -> str | None:
    """Return the address of an account on GitHub; of a bot, which has none of that form, None."""
    if account is None or account.bot or not account.login:
        return None
    return f"https://github.com/{quote(account.login, safe='')}"


def link_header(thread: Thread, cited: Citation, site: SiteConfig) -> str:
    """Return the `Link` header of a thread's page, or of that of one of its versions."""
    return ", ".join(_links(thread, cited, site))


def _links(thread: Thread, cited: Citation, site: SiteConfig) -> Iterator[str]:
    summary = thread.summary

    def whole(form: str) -> str:
        return site.base_url + permalinks.citing(summary, digest=cited.digest, form=form)

    yield _link(cited.url, "cite-as")
    if address := profile(summary.author):
        yield _link(address, "author")
    if site.license:
        yield _link(site.license, "license")
    for each in _TYPES:
        yield _link(each, "type")
    for form in FORMS.values():
        yield _link(whole(form.name), "describedby", form.mimetype)
    yield _link(whole("md"), "item", "text/markdown")
    yield _link(whole("json"), "item", "application/json")
    yield _link(site.base_url + permalinks.repository(summary.repository.ref), "collection", "text/html")


def metadata(thread: Thread, cited: Citation, page_url: str, site: SiteConfig) -> list[Meta]:
    """Return the metadata of a thread's page, whose own address is `page_url`."""
    opening = opening_post(thread)
    described = excerpt(opening, site, words=_WORDS, letters=_LETTERS) if opening else ""
    modified = cited.edited.at if cited.edited and cited.edited.told else None
    return [
        # Zotero: without the first of these, it would take whatever has a citation_title for an article in a journal.
        Meta("name", "z:itemType", "forumPost"),
        Meta("name", "citation_title", cited.title),
        *_if(Meta("name", "citation_author", cited.author or "")),
        Meta("name", "citation_publication_date", f"{cited.written_at:%Y/%m/%d}"),
        Meta("name", "citation_public_url", cited.url),
        Meta("name", "citation_fulltext_html_url", cited.url),
        Meta("name", "citation_publisher", "GitHub"),
        Meta("name", "prism.publicationName", f"{cited.place}, GitHub"),
        Meta("name", "DC.title", cited.title),
        *_if(Meta("name", "DC.creator", cited.author or "")),
        Meta("name", "DC.publisher", "GitHub"),
        Meta("name", "DC.date", iso(cited.written_at)),
        Meta("name", "DC.identifier", cited.url),
        Meta("name", "DC.source", cited.upstream_url),
        Meta("name", "DC.type", f"GitHub {cited.noun}"),
        Meta("name", "DC.format", "text/html"),
        *_if(Meta("name", "description", described)),
        Meta("property", "og:type", "article"),
        Meta("property", "og:title", cited.title),
        Meta("property", "og:url", page_url),
        Meta("property", "og:site_name", cited.site),
        *_if(Meta("property", "og:description", described)),
        Meta("property", "article:published_time", iso(cited.written_at)),
        *_if(Meta("property", "article:modified_time", iso(modified) if modified else "")),
    ]


def opening_post(thread: Thread) -> Post | None:
    """Return the opening post, unless it is withdrawn here or not held."""
    found = next((each for each in thread.posts if each.kind is PostKind.OPENING), None)
    return None if found is None or found.withdrawn else found


def oembed_url(page_url: str, form: str, site: SiteConfig) -> str:
    """Return the address at which oEmbed tells about a page."""
    return f"{site.base_url}/oembed?{urlencode({'url': page_url, 'format': form})}"


def excerpt(post: Post, site: SiteConfig, *, words: int, letters: int) -> str:
    """Return what a post begins with, in its source, as one clean and masked line of bounded length."""
    return citation.shortened(citation.shown(post.body[: _READ * letters + 200], site), words=words, letters=letters)


def _if(meta: Meta) -> list[Meta]:
    return [meta] if meta.content else []


def _link(address: str, relation: str, mimetype: str = "") -> str:
    return f'<{address}>; rel="{relation}"' + (f'; type="{mimetype}"' if mimetype else "")
