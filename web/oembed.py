"""Answers oEmbed (https://oembed.com/): what a site that links to a thread or a post here may show of it.

The HTML that is given is a quotation of plain words and links, whatever the post holds; nothing in it loads or runs.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.wrappers import Response

from archiver.model import Thread, ThreadSummary
from archiver.store import Reader
from web import citation, permalinks, reading, render, signposts
from web.api import error, withdrawn_error
from web.citation import Citation
from web.citation_texts import edited, gone
from web.config import SiteConfig
from web.places import held_at, withdrawn_at

PATH = "/oembed"
# How wide and high the quotation is, at most, if the other site sets no limits; in pixels.
WIDTH, HEIGHT = 600, 400
# Below these nothing of it could be read: then there is a link, which has no size.
LEAST_WIDTH, LEAST_HEIGHT = 200, 100
_WORDS, _LETTERS = 80, 500


class Oembed:
    """The endpoint `/oembed`, over a store."""

    def __init__(self, store: Reader, site: SiteConfig) -> None:
        self._store = store
        self._site = site

    def blueprint(self) -> Blueprint:
        """Return its route."""
        pages = Blueprint("oembed", __name__)
        pages.add_url_rule(PATH, "oembed", self.answer)
        return pages

    def answer(self) -> ResponseReturnValue:
        """Tell about the page that `?url=` names, as JSON or XML; 404 for what is no page of a thread here."""
        form = request.args.get("format", "json")
        if form not in {"json", "xml"}:
            return error(501, "the format is json or xml")
        width, height = _limit("maxwidth", WIDTH), _limit("maxheight", HEIGHT)
        found = self._thread(request.args.get("url", ""))
        if isinstance(found, Response):
            return found
        thread, now, anchor = found
        post = citation.find_post(thread, anchor) if anchor else signposts.opening_post(thread)
        if post is not None and post.withdrawn and post.gone:
            return withdrawn_error(post.gone, f"{thread.summary.ref}, {anchor},")
        if post is None and anchor:
            return error(404, f"{thread.summary.ref} has no post {anchor}")
        cited = (
            citation.of_post(thread, post, self._site, now)
            if post and anchor
            else citation.of_thread(thread, self._site, now)
        )
        words = signposts.excerpt(post, self._site, words=_WORDS, letters=_LETTERS) if post else ""
        author = signposts.profile(post.author if post and anchor else thread.summary.author)
        told = {
            "version": "1.0",
            "type": "link",
            "title": cited.heading,
            **({"author_name": cited.author} if cited.author else {}),
            **({"author_url": author} if author else {}),
            "provider_name": cited.site,
            "provider_url": f"{self._site.base_url}/",
            "cache_age": 86400,
        }
        if width >= LEAST_WIDTH and height >= LEAST_HEIGHT:
            told |= {"type": "rich", "width": width, "height": height, "html": str(_quotation(cited, words))}
        return _send(told, form)

    def _thread(self, url: str) -> tuple[Thread, Thread, str] | Response:
        """Return the thread whose page a link of ours leads to: the version that it names, as now known, the anchor.

        Otherwise the error that says why not.
        """
        path = permalinks.own_path(url, self._site.base_url)
        place = permalinks.parse_path(path) if path else None
        if path is None or place is None or place[1].form:
            return error(404, "that is no link to a thread, or a post, that is held here")
        asked, tail = place
        for summary in held_at(self._store, asked):
            if found := self._version(summary, tail):
                return *found, urlsplit(path).fragment
        if tombstone := withdrawn_at(self._store, asked):
            return withdrawn_error(tombstone, str(asked))
        return error(404, "that is no link to a thread, or a post, that is held here")

    def _version(self, summary: ThreadSummary, tail: permalinks.Tail) -> tuple[Thread, Thread] | None:
        """Return a thread as the version that an address names, and as now known; None if it has no such version."""
        place = summary.repository.id, summary.number
        captures = self._store.captures(*place)
        digest = None
        if tail.digest:
            digest = self._store.resolve_digest(*place, tail.digest)
        elif tail.at:
            digest = next((each.digest for each in reversed(captures) if each.at <= tail.at), None)
        if digest is None and (tail.digest or tail.at):
            return None
        thread = now = self._store.thread(*place, digest)
        if thread is not None and digest is not None:
            thread = reading.as_captured(thread, next(each for each in thread.captures if each.digest == digest))
        return (thread, now) if thread and now else None


def _limit(name: str, most: int) -> int:
    """Return a size in pixels, no larger than the other site allows."""
    text = request.args.get(name, "")
    if not text:
        return most
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        abort(400, f"{name} is a number of pixels.")
    return min(int(text), most)


def _quotation(cited: Citation, words: str) -> Markup:
    changed, lost = edited(cited), gone(cited)
    quoted = Markup("<p>{}</p>").format(words) if words else Markup("")
    return Markup(
        '<blockquote cite="{url}">{quoted}<footer>{author}, <a href="{url}">{title}</a>, {place}, {day}. '
        '<a href="{upstream}">Original</a>{gone}, archived by {site} on {captured}.</footer></blockquote>'
    ).format(
        url=cited.url,
        quoted=quoted,
        author=cited.author or cited.unnamed,
        title=cited.title,
        place=cited.place,
        day=f"{render.day(cited.written_at)}{f' ({changed})' if changed else ''}",
        gone=f" ({lost})" if lost else "",
        upstream=cited.upstream_url,
        site=cited.site,
        captured=render.day(cited.captured_at),
    )


def _send(told: dict[str, Any], form: str) -> Response:
    if form == "json":
        return Response(json.dumps(told, ensure_ascii=False), mimetype="application/json")
    root = ElementTree.Element("oembed")
    for name, value in told.items():
        ElementTree.SubElement(root, name).text = str(value)
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, mimetype="text/xml")
