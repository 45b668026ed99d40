"""Puts the page of a thread together, as now known or as one of its versions, and sends a long one while it is made.

Which thread is asked for, and whether it is held, is found out before (`web.threads`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, render_template

from archiver.model import Post, Thread, ThreadSummary, Tombstone
from archiver.outcome import facts
from archiver.store import Reader
from web import citation, citing, permalinks, reading, rolls, signposts
from web.changes import Since
from web.config import SiteConfig
from web.references import Linker, referred
from web.shape import shape_of
from web.streaming import stream
from web.telling import Links

# From so many posts on, the page of a thread is sent while it is being made.
STREAMED = 150
# How many of the reasons why a thread is kept are listed at its head.
MOST_REASONS = 12
_QUOTED_LINE = re.compile(r"^ {0,3}>", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fixed:
    """What the page of a snapshot says of it: when it was captured first, and whether the thread has changed since.

    `since` says what changed, if that can be told; `place` is what the thread was called, if not as now; `gone` what is
    known now of its loss on GitHub.
    """

    at: datetime
    latest: bool
    since: Since | None = None
    place: str | None = None
    gone: Tombstone | None = None


def respond(
    store: Reader,
    site: SiteConfig,
    thread: Thread,
    fixed: Fixed | None,
    alike: Sequence[ThreadSummary] = (),
    now: Thread | None = None,
) -> Response:
    """Return the page of a thread, or of the snapshot at hand if it is `fixed`; `alike` are similar debates.

    `now` is that snapshot with all that is known of it now.
    """
    links = referred(store, thread)
    upkeep = None if fixed else store.upkeep(thread.summary.repository.id, thread.summary.number)
    cited = citation.of_thread(thread, site, now)
    page_url = cited.url if fixed else site.base_url + permalinks.thread(thread.summary.ref)
    context = {
        "fixed": fixed,
        "upkeep": upkeep,
        "alike": alike,
        "cited": cited,
        "linker": Linker(thread.summary.ref, links),
        "ready": citing.ready(cited, thread),
        "whole": citing.whole_path(thread, cited.digest),
        "told": citing.told(thread, cited, page_url, site),
        **_reading(thread, fixed, links),
    }
    if len(thread.posts) <= STREAMED:
        response = Response(render_template("thread.html", **context), mimetype="text/html")
    else:
        response = stream("thread.html", **context)
    response.headers.add("Link", signposts.link_header(thread, cited, site))
    return response


def _reading(thread: Thread, fixed: Fixed | None, links: Links) -> dict[str, Any]:
    """Return what the template of a thread needs, whichever of its versions is shown."""
    summary = thread.summary
    entries = reading.entries(thread, fixed.since.posts if fixed and fixed.since else {})
    reasons = [] if fixed else reading.evidence(summary, entries)
    return {
        "thread": summary,
        "items": reading.items(thread, entries, links),
        "posts": len(entries),
        "lost": sum(each.post.gone is not None and not each.post.withdrawn for each in entries),
        "captures": thread.captures,
        "evidence": reasons[:MOST_REASONS],
        "places": reading.places(entries, reasons),
        "shape": shape_of(thread, entries),
        "quotations": any(_quotes(each.post) for each in entries),
        "long": len(entries) > STREAMED,
        "facts": facts(thread),
        "roll": rolls.roll_view(thread, entries),
    }


def _quotes(post: Post) -> bool:
    """Return whether a post quotes another: as it seems, since its text is not read for that."""
    html = post.revision.body_html
    return "<blockquote" in html if html else bool(_QUOTED_LINE.search(post.body))
