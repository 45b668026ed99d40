"""Writes a thread, or one post of it, as a Markdown file: a head of metadata, then every post as a block quotation.

It is pure. Posts stand behind `>` so that nothing in one can pass for another post, or for a word of the archive.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from archiver import masking
from archiver.model import PostKind, Thread, iso
from web import citation, reading, render, telling
from web.citation import Citation
from web.citation_texts import escaped, markdown
from web.config import SiteConfig
from web.reading import Entry, Line, Turn

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def thread_markdown(thread: Thread, site: SiteConfig, now: Thread | None = None) -> str:
    """Return a whole thread, as the version at hand has it: posts, and what happened between them.

    Where that is as captured, `now` is the same with all that is known of it now.
    """
    cited = citation.of_thread(thread, site, now)
    found = reading.entries(thread)
    parts = [
        _head(thread, cited, site),
        f"# {escaped(cited.title)}\n",
        *(_item(each, thread, site) for each in reading.items(thread, found, {})),
    ]
    return "\n".join(parts)


def post_markdown(thread: Thread, entry: Entry, site: SiteConfig, now: Thread | None = None) -> str:
    """Return one post of a thread; ValueError if it is withdrawn here."""
    cited = citation.of_post(thread, entry.post, site, now)
    parts = [_head(thread, cited, site), f"# {escaped(cited.title)}\n", _post(entry, site)]
    return "\n".join(parts)


def _head(thread: Thread, cited: Citation, site: SiteConfig) -> str:
    """Return the metadata: YAML, each value of which is JSON, and the citation."""
    summary = thread.summary
    fields: dict[str, Any] = {
        "title": cited.title,
        "repository": cited.repository,
        "kind": summary.kind.value,
        "number": cited.number,
        "post": cited.part.lower() or None,
        "author": cited.author,
        "date": iso(cited.written_at),
        "edited": iso(cited.edited.at) if cited.edited and cited.edited.told else None,
        "edited_before": iso(cited.edited.at) if cited.edited and not cited.edited.told else None,
        "retitled": iso(cited.retitled_at) if cited.retitled_at else None,
        "state": summary.outcome,
        "labels": [citation.shown(each, site) for each in summary.labels],
        "url": cited.url,
        "original": cited.upstream_url,
        "gone": cited.gone is not None,
        "gone_noticed": iso(cited.gone) if cited.gone else None,
        "archived_by": cited.site,
        "captured": iso(cited.captured_at),
        "snapshot": cited.digest or None,
        "missing": summary.gap,
        "citation": markdown(cited),
    }
    lines = "".join(f"{name}: {_yaml(value)}\n" for name, value in fields.items() if value not in (None, []))
    return f"---\n{lines}---\n"


def _yaml(value: Any) -> str:
    # JSON is YAML, but for what YAML does not print.
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _item(item: Entry | Line | Turn, thread: Thread, site: SiteConfig) -> str:
    if isinstance(item, Entry):
        return _post(item, site)
    if isinstance(item, Turn):
        by = f" by {item.by.login}" if item.by else ""
        return _happened(render.capitalize_first(render.state(thread.summary)) + by, item.at, site)
    return _happened(render.plain(item.words), item.at, site)


def _happened(words: str, at: datetime, site: SiteConfig) -> str:
    return f"*{escaped(citation.shown(words, site))}, {render.minute(at)}*\n"


def _post(entry: Entry, site: SiteConfig) -> str:
    post = entry.post
    if post.withdrawn and post.gone:
        why = telling.why_withdrawn(post.gone)
        said = f"This post was withdrawn from public view here on {render.day(post.gone.since)}: {why}."
        return f"{_heading(entry, 'withdrawn')}\n{said}\n"
    author = escaped(citation.one_line(post.author.login)) if post.author else citation.DELETED
    about = [*_about(entry)]
    text = _UNPRINTABLE.sub("", post.body.replace("\r\n", "\n").replace("\r", "\n"))
    quoted = _quoted(masking.mask(text) if site.mask else text)
    return "\n".join([_heading(entry, author), *([f"*{'; '.join(about)}*\n"] if about else []), quoted])


def _heading(entry: Entry, author: str) -> str:
    return f"## {entry.number}. {author}, {render.minute(entry.post.created_at)} \\#{escaped(entry.anchor)}\n"


def _about(entry: Entry) -> Iterator[str]:
    """Yield what is known of a post besides its text."""
    post = entry.post
    if role := render.role(post.author_association):
        yield role
    if review := telling.review(post.state):
        yield review
    if post.kind is PostKind.ANSWER:
        yield "chosen answer"
    if path := post.context.get("path"):
        yield f"on {escaped(citation.one_line(str(path)))}"
    if entry.parent:
        yield f"in reply to post {entry.parent.number}"
    if post.edited:
        yield f"edited, {len(entry.versions)} versions held" if entry.versions else "edited before capture"
    if post.minimized:
        yield telling.hidden(post.minimized)
    if post.gone:
        yield f"gone from GitHub ({post.gone.status}), noticed {render.day(post.gone.since)}"


def _quoted(text: str) -> str:
    lines: Sequence[str] = text.strip("\n").split("\n")
    return "".join(f"> {line}".rstrip(" ") + "\n" for line in lines)
