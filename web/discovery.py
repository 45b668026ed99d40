"""Tells programs where to look: OpenSearch description, sitemap in parts, robots.txt.

What stands at those places is not its concern.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import datetime

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from archiver.model import iso
from archiver.store import Reader
from web import freshness, permalinks
from web.atom import MIMETYPE as ATOM
from web.atom import xml_text
from web.config import SiteConfig

# Addresses in one part; the protocol allows 50,000. A part is a span of the store's own numbers of threads, so that an
# old part stays as it is when threads are added.
PART = 10_000
# Parts that an index may name, and repositories that one part may.
_MOST = 50_000
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
# What has no end, or is for a single reader.
CLOSED = (
    "/search",
    "/lookup",
    "/save",
    "/api/",
    "/timegate/",
    "/timemap/",
    "/media/",
    # Of threads, by their places in the path (RFC 9309, section 2.2.3): repositories may be called so, or begin so.
    "/github.com/*/*/*/*/compare$",
    "/github.com/*/*/*/*/compare?",
    "/github.com/*/*/*/*/cite$",
    "/github.com/*/*/*/*/cite?",
)


class DiscoveryPages:
    """OpenSearch, sitemaps and robots.txt, over a store."""

    def __init__(self, store: Reader, site: SiteConfig) -> None:
        self._store = store
        self._site = site

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        pages = Blueprint("discovery", __name__)
        pages.add_url_rule("/opensearch.xml", "opensearch", self.opensearch)
        pages.add_url_rule("/sitemap.xml", "sitemap", self.sitemap)
        pages.add_url_rule("/sitemap-repositories.xml", "sitemap_repositories", self.repositories)
        pages.add_url_rule("/sitemap-<number:part>.xml", "sitemap_part", self.part)
        pages.add_url_rule("/robots.txt", "robots", self.robots)
        return pages

    def opensearch(self) -> ResponseReturnValue:
        """Describe the search, so that a browser can add it to its own."""
        base = self._site.base_url
        root = ET.Element("OpenSearchDescription", {"xmlns": _OPENSEARCH})
        ET.SubElement(root, "ShortName").text = xml_text(self._site.title)[:16]
        ET.SubElement(root, "LongName").text = xml_text(f"{self._site.title}: license debates")[:48]
        ET.SubElement(root, "Description").text = "License debates in GitHub threads, open or closed, as they were."
        for kind, form in (("text/html", ""), (ATOM, "atom"), ("application/json", "json")):
            template = f"{base}{permalinks.search(form=form)}?q={{searchTerms}}"
            ET.SubElement(root, "Url", {"type": kind, "template": template})
        ET.SubElement(root, "Url", {
            "type": "application/opensearchdescription+xml", "rel": "self", "template": f"{base}/opensearch.xml",
        })  # fmt: skip
        ET.SubElement(root, "Image", {"type": "image/svg+xml"}).text = f"{base}/static/icon.svg"
        ET.SubElement(root, "InputEncoding").text = "UTF-8"
        return _xml(root, "application/opensearchdescription+xml")

    def sitemap(self) -> ResponseReturnValue:
        """List the parts, each with the time of the last capture in it."""
        if known := self._known():
            return known
        base = self._site.base_url
        found = [("repositories", None), *((str(part), at) for part, at in self._store.parts(PART))]
        places = ((f"{base}/sitemap-{name}.xml", at) for name, at in found[:_MOST])
        return _xml(_listed("sitemapindex", "sitemap", places), "application/xml")

    def repositories(self) -> ResponseReturnValue:
        """List the site's own pages, and the repositories."""
        if known := self._known():
            return known
        base = self._site.base_url
        paths = ["/", "/about", permalinks.search_help(), permalinks.repositories()]
        paths += [permalinks.repository(each.ref) for each in self._store.repositories()[: _MOST - len(paths)]]
        return _xml(_listed("urlset", "url", ((base + path, None) for path in paths)), "application/xml")

    def part(self, part: int) -> ResponseReturnValue:
        """List the threads of one part, each with the time of its last capture."""
        if known := self._known():
            return known
        found = self._store.addresses(part, PART)
        if not found:
            abort(404)
        base = self._site.base_url
        places = ((base + permalinks.thread(ref), at) for ref, at in found)
        return _xml(_listed("urlset", "url", places), "application/xml")

    def robots(self) -> ResponseReturnValue:
        """Tell robots what to leave alone: everything if so configured, else what has no end."""
        closed = ["/"] if self._site.noindex else CLOSED
        lines = ["User-agent: *", *(f"Disallow: {each}" for each in closed)]
        if not self._site.noindex:
            lines += ["", f"Sitemap: {self._site.base_url}/sitemap.xml"]
        return Response("\n".join(lines) + "\n", mimetype="text/plain")

    def _known(self) -> Response | None:
        return freshness.unmodified(freshness.tag(self._site, self._store.last_change(), request.path), None)


def _listed(root: str, each: str, places: Iterable[tuple[str, datetime | None]]) -> ET.Element:
    found = ET.Element(root, {"xmlns": _SITEMAP})
    for url, at in places:
        place = ET.SubElement(found, each)
        ET.SubElement(place, "loc").text = url
        if at is not None:
            ET.SubElement(place, "lastmod").text = iso(at)
    return found


def _xml(root: ET.Element, mimetype: str) -> Response:
    text = '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode")
    response = Response(text, mimetype=mimetype)
    response.headers["Content-Type"] = f"{mimetype}; charset=utf-8"
    return response
