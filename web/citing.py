"""Answers how a thread or a post is cited: as a page, as files for reference managers, as Markdown.

What a citation says is `web.citation`'s; which thread is asked for, and whether it is held, is found out before.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from archiver.model import Post, PostKind, Thread, ThreadSummary, Tombstone
from web import api, citation, linked_data, markdown_record, permalinks, reading, render, signposts, telling
from web.citation import Citation
from web.citation_files import FORMS
from web.citation_texts import STYLES, edited
from web.config import SiteConfig
from web.signposts import Meta

ANSWERED = frozenset({*FORMS, "md", "cite"})
"""The forms (see `permalinks.Tail`) that are answered here."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A citation ready to be taken: `name` is what programs call its form, `path` where the same is a file."""

    name: str
    title: str
    text: str
    path: str = ""


def ready(cited: Citation, thread: Thread, anchor: str = "") -> list[Ready]:
    """Return a citation in all of its forms: sentences, then files."""
    digest = cited.digest or None
    return [
        *(Ready(name, title, word(cited)) for name, title, word in STYLES),
        *(
            Ready(form.name, form.title, form.write(cited), _path(thread, anchor, digest, form.name))
            for form in FORMS.values()
        ),
    ]


def whole_path(thread: Thread, digest: str | None, anchor: str = "") -> str:
    """Return the path of a thread, or a post, as Markdown."""
    return _path(thread, anchor, digest, "md")


@dataclass(frozen=True, slots=True)
class Told:
    """What the head of a thread's page tells programs."""

    title: str
    metadata: list[Meta]
    linked: Markup | None
    oembed_json: str
    oembed_xml: str


def told(thread: Thread, cited: Citation, page_url: str, site: SiteConfig) -> Told:
    """Return what the head of a thread's page, whose address is `page_url`, tells programs."""
    linked = linked_data.posting(thread, cited, page_url, site)
    return Told(
        cited.title,
        signposts.metadata(thread, cited, page_url, site),
        linked_data.script_safe(linked) if linked else None,
        signposts.oembed_url(page_url, "json", site),
        signposts.oembed_url(page_url, "xml", site),
    )


def answer(thread: Thread, form: str, site: SiteConfig, now: Thread | None = None) -> Response:
    """Answer a request for one of the forms of `ANSWERED`: of the post that `?post=` names, or of the thread.

    Where the thread is as captured, `now` is the same with all that is known of it now.
    """
    anchor = request.args.get("post", "")
    post = citation.find_post(thread, anchor) if anchor else None
    if anchor and post is None:
        abort(404)
    if post is not None and post.withdrawn and post.gone:
        return _withdrawn(thread.summary, anchor, post.gone, form)
    cited = citation.of_post(thread, post, site, now) if post else citation.of_thread(thread, site, now)
    if form == "cite":
        response = _page(thread, cited, post)
    elif form == "md":
        response = _file(_markdown(thread, post, site, now), cited, "md", "text/markdown")
        response.headers["Content-Disposition"] = response.headers["Content-Disposition"].replace(
            "attachment", "inline"
        )
    else:
        response = _file(FORMS[form].write(cited), cited, form, FORMS[form].mimetype)
    response.headers.add("Link", f'<{cited.url}>; rel="{"cite-as" if form in {"cite", "md"} else "describes"}"')
    return response


def _page(thread: Thread, cited: Citation, post: Post | None) -> Response:
    anchor = permalinks.anchor(post, thread.summary.kind) if post else ""
    page = render_template(
        "cite.html",
        thread=thread.summary,
        cited=cited,
        changed=edited(cited),
        forms=ready(cited, thread, anchor),
        whole=whole_path(thread, cited.digest or None, anchor),
        anchor=anchor,
        opening=post is not None and post.kind is PostKind.OPENING,
    )
    response = Response(page, mimetype="text/html")
    # There is one for each post of each version: enough for readers, too many for robots.
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _markdown(thread: Thread, post: Post | None, site: SiteConfig, now: Thread | None) -> str:
    if post is None:
        return markdown_record.thread_markdown(thread, site, now)
    entry = next(each for each in reading.entries(thread) if each.post is post)
    return markdown_record.post_markdown(thread, entry, site, now)


def _file(text: str, cited: Citation, form: str, mimetype: str) -> Response:
    response = Response(text, mimetype=mimetype)
    response.headers["Content-Type"] = f"{mimetype}; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{cited.key}.{form}"'
    return response


def _withdrawn(thread: ThreadSummary, anchor: str, tombstone: Tombstone, form: str) -> Response:
    """Return the tombstone of a post: nothing can be cited of it, and no robot is to keep that."""
    if form != "cite":
        return api.withdrawn_error(tombstone, f"{thread.ref}, {anchor},")
    heading = "This post was withdrawn and cannot be cited"
    message = f"It was taken out of public view on {render.day(tombstone.since)}: {telling.why_withdrawn(tombstone)}."
    links = [(f"{permalinks.thread(thread.ref)}#{anchor}", f"Read {thread.ref}, where its tombstone stands")]
    page = render_template("error.html", code=tombstone.status, heading=heading, message=message, links=links)
    response = Response(page, tombstone.status, mimetype="text/html")
    response.headers["X-Robots-Tag"] = "noindex"
    response.last_modified = tombstone.since
    return response


def _path(thread: Thread, anchor: str, digest: str | None, form: str) -> str:
    return permalinks.citing(thread.summary, anchor, digest=digest, form=form)
