"""Writes Atom feeds (RFC 4287): values in, XML out. It knows neither the store nor the site.

It is pure. The standard library writes the XML; what no XML may hold is left out before.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from archiver.model import iso

MIMETYPE = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"
# XML 1.0, section 2.2: control characters, surrogates, U+FFFE and U+FFFF can stand in no document, escaped or not.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `id` never changes, `html` is safe already, `related` is the address on GitHub."""

    id: str
    title: str
    url: str
    updated: datetime
    published: datetime
    author: str | None
    html: str
    related: str = ""
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: `url` is the page that it is the feed of, `self_url` its own address; both whole."""

    id: str
    title: str
    url: str
    self_url: str
    author: str
    entries: Sequence[Entry]
    subtitle: str = ""

    @property
    def updated(self) -> datetime:
        """When the latest entry was; long ago for a feed without entries."""
        return max((each.updated for each in self.entries), default=NEVER)


def xml_text(text: str) -> str:
    """Return a text without what no XML document may hold."""
    return _NO_XML.sub("", text)


def written(feed: Feed, base_url: str, generator: tuple[str, str]) -> bytes:
    """Return a feed as a UTF-8 document; relative links in entries are read from `base_url`.

    `generator` is the program's name and version.
    """
    root = ET.Element("feed", {"xmlns": _ATOM, "xml:base": f"{base_url}/", "xml:lang": "en"})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    if feed.subtitle:
        _add(root, "subtitle", feed.subtitle)
    _add(root, "updated", iso(feed.updated))
    _add(root, "link", rel="self", type=MIMETYPE, href=feed.self_url)
    _add(root, "link", rel="alternate", type="text/html", href=feed.url)
    _add(_add(root, "author"), "name", feed.author)
    _add(root, "generator", generator[0], version=generator[1])
    for each in feed.entries:
        entry = _add(root, "entry")
        _add(entry, "id", each.id)
        _add(entry, "title", each.title)
        _add(entry, "updated", iso(each.updated))
        _add(entry, "published", iso(each.published))
        _add(entry, "link", rel="alternate", type="text/html", href=each.url)
        if each.related:
            _add(entry, "link", rel="related", href=each.related)
        _add(_add(entry, "author"), "name", each.author or "deleted account")
        for term in each.terms:
            _add(entry, "category", term=term)
        _add(entry, "content", each.html, type="html")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode").encode()


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    """Add an element; a title that is nothing but spaces would be none, so it is said."""
    found = ET.SubElement(parent, name, {key: xml_text(value) for key, value in attributes.items()})
    if text is not None:
        found.text = xml_text(text)
    return found
