"""Makes the site's feeds: of all debates, of a repository, of a thread's posts, of any search.

How a feed is written is `web.atom`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.wrappers import Response

from archiver import __version__, masking
from archiver.model import PostKind, Thread, ThreadSummary, post_anchor
from archiver.references import RepositoryRef
from archiver.store import Reader
from search.index import Index
from search.tree import Everything
from web import atom, freshness, permalinks, reading, render
from web.api import moved_for_good
from web.config import SiteConfig
from web.results import Found, Searcher

ENTRIES = 40
# Of a thread, a feed has the posts written last.
POSTS = 100
ORDERS = {"new": "created", "updated": "captured"}
_NOTHING = Markup("")
_TITLES = {"new": "new debates", "updated": "debates that changed"}


class FeedPages:
    """The feeds of the site, of repositories and of searches, over a store and an index."""

    def __init__(self, store: Reader, index: Index, site: SiteConfig, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._site = site
        self._searcher = Searcher(store, index, site, clock)

    def blueprint(self) -> Blueprint:
        """Return the routes of these feeds; those of threads are forms of their pages."""
        feeds = Blueprint("feeds", __name__)
        for order in ORDERS:
            feeds.add_url_rule(f"/{order}.atom", f"site_{order}", self.site, defaults={"order": order})
            place = f"/github.com/<owner>/<name>/{order}.atom"
            feeds.add_url_rule(place, f"repository_{order}", self.repository, defaults={"order": order})
        feeds.add_url_rule("/search.atom", "search", self.search)
        return feeds

    def site(self, order: str) -> ResponseReturnValue:
        """Answer the debates that were opened or captured last, of all repositories."""
        if known := self._known():
            return known
        found = self._store.summaries(order=ORDERS[order], limit=ENTRIES)
        return self._debates(order, f"{self._site.title}: {_TITLES[order]}", "/", found)

    def repository(self, owner: str, name: str, order: str) -> ResponseReturnValue:
        """Answer the debates of a repository that were opened or captured last."""
        asked = RepositoryRef(owner, name)
        repository = self._store.find_repository(asked)
        if repository is None:
            return render_template("missing.html", asked=asked, repository=None), 404
        if moved := moved_for_good(permalinks.feed(repository.ref, order=order)):
            return moved
        if known := self._known():
            return known
        found = self._store.summaries(repository_id=repository.id, order=ORDERS[order], limit=ENTRIES)
        title = f"{repository.ref}: {_TITLES[order]}"
        return self._debates(f"{order}/{repository.id}", title, permalinks.repository(repository.ref), found)

    def search(self) -> ResponseReturnValue:
        """Answer what fits a query, opened last first unless the query or its form says otherwise."""
        if not request.args.get("q", "").strip():
            abort(400, "A feed is of a query: /search.atom?q=copyleft")
        parameters = {**request.args, "sort": request.args.get("sort") or "created-desc", "page": "1"}
        found = self._searcher.find(parameters, per_page=ENTRIES)
        if isinstance(found.tree, Everything):
            # Whoever follows a search does not want all there is because a qualifier is not known.
            what = " ".join(each for each in found.notices if not each.startswith("Nothing was asked"))
            abort(400, f"{what} Nothing is left of the query to look for; all debates are in /new.atom.".strip())
        entries = [
            self._debate(summary, self._snippet(found, at))
            for at, (summary, hit) in enumerate(found.results)
            if not hit.partial
        ]
        path = permalinks.search(found.query, sort=request.args.get("sort", ""))
        title = f"{self._site.title}: {found.query}"
        feed = self._feed(f"search/{path}", title, path, entries, request.full_path.rstrip("?"))
        return answer(feed, self._site)

    def _known(self) -> Response | None:
        """Return 304 if whoever asks has what the store's threads give, at this address."""
        etag = freshness.tag(self._site, self._store.last_change(), request.path)
        return freshness.unmodified(etag, None)

    def _debates(self, name: str, title: str, path: str, found: Sequence[ThreadSummary]) -> Response:
        return answer(self._feed(name, title, path, [self._debate(each) for each in found], request.path), self._site)

    def _feed(self, name: str, title: str, path: str, entries: Sequence[atom.Entry], here: str) -> atom.Feed:
        base = self._site.base_url
        return atom.Feed(tag(self._site, f"feed/{name}"), title, base + path, base + here, self._site.title, entries)

    def _debate(self, summary: ThreadSummary, more: Markup = _NOTHING) -> atom.Entry:
        """Return a thread as an entry, in a sentence or two and perhaps a snippet."""
        hide = masking.mask if self._site.mask else str
        posts = render.plural(summary.post_count, "post")
        ending = render.capitalize_first(render.outcome(summary))
        sentence = f"{summary.repository.ref}, {render.noun(summary.kind)} {summary.number}. {ending}. {posts}."
        spdx = summary.relevance.spdx
        author = "(author withdrawn)" if summary.author_withdrawn else summary.author.login if summary.author else None
        licenses = f" Licenses mentioned: {render.listed(spdx[:12])}." if spdx else ""
        return atom.Entry(
            id=tag(self._site, f"thread/{summary.key}"),
            title=hide(summary.title) or "(no title)",
            url=self._site.base_url + permalinks.thread(summary.ref),
            updated=summary.captured_at,
            published=summary.created_at,
            author=author,
            html=Markup("<p>{}{}</p>{}").format(sentence, licenses, more),
            related=summary.upstream_url,
            terms=(*spdx, *summary.relevance.topics),
        )

    def _snippet(self, found: Found, at: int) -> Markup:
        summary, hit = found.results[at]
        if hit.best_post is None:
            return Markup("")
        best = hit.best_post
        words = render.snippet(best.snippet.text, best.snippet.spans, mask=self._site.mask)
        link = self._site.base_url + permalinks.post(summary, best.kind, best.id)
        return Markup('<blockquote><p>{}</p></blockquote><p><a href="{}">The post, by {}</a></p>').format(
            words, link, best.author or "deleted account"
        )


def of_thread(thread: Thread, site: SiteConfig) -> Response:
    """Answer the posts of a thread that were written last, the latest first."""
    summary = thread.summary
    hide = masking.mask if site.mask else str
    entries = [
        _post(entry, summary, site) for entry in sorted(reading.entries(thread), key=lambda each: each.post.created_at)
    ]
    title = f"{hide(summary.title) or '(no title)'} · {summary.ref}"
    base = site.base_url
    feed = atom.Feed(
        id=tag(site, f"thread-feed/{summary.key}"),
        title=title,
        url=base + permalinks.thread(summary.ref),
        self_url=base + permalinks.feed(summary.ref),
        author=site.title,
        entries=entries[::-1][:POSTS],
        subtitle=render.capitalize_first(render.outcome(summary)),
    )
    return answer(feed, site)


def _post(entry: reading.Entry, summary: ThreadSummary, site: SiteConfig) -> atom.Entry:
    post = entry.post
    kind = PostKind.COMMENT if post.kind is PostKind.ANSWER else post.kind
    author = "(withdrawn)" if post.withdrawn else post.author.login if post.author else None
    withdrawn = Markup("<p>This post was withdrawn from public view here.</p>")
    html = withdrawn if post.withdrawn else render.prose(post.revision, summary.upstream_url, mask=site.mask)
    seen = post.gone.since if post.gone else post.revision.captured_at
    deleted = ", deleted on GitHub" if post.gone and not post.withdrawn else ""
    return atom.Entry(
        id=tag(site, f"post/{summary.key}/{kind}/{post.id}"),
        title=f"Post {entry.number} by {author or 'deleted account'}{deleted}",
        url=f"{site.base_url}{permalinks.thread(summary.ref)}#{entry.anchor}",
        updated=max(post.created_at, seen),
        published=post.created_at,
        author=author,
        html=html,
        related=f"{summary.upstream_url}#{post_anchor(post.kind, post.id, summary.kind)}",
    )


def answer(feed: atom.Feed, site: SiteConfig) -> Response:
    """Return a feed."""
    response = Response(atom.written(feed, site.base_url, ("onrecord", __version__)), mimetype=atom.MIMETYPE)
    response.headers["Content-Type"] = f"{atom.MIMETYPE}; charset=utf-8"
    return response


def tag(site: SiteConfig, name: str) -> str:
    """Return an id that stays the same through renames, transfers and exports: a `tag:` URI (RFC 4151)."""
    host = (urlsplit(site.base_url).hostname or "localhost").lower()
    return f"tag:{host},2026:{name}"
