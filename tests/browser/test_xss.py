"""Texts that try to run a script, in every field that others fill: in a real browser nothing runs, no page breaks.

The policy (Content-Security-Policy) is switched off where the texts are shown, so that the pages stand by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import feedparser
import pytest
from archives import OPENED, Archive, account, edit, event
from archives import post as comment
from playwright.sync_api import Browser, Page, Request
from xss import cheat_sheet, generated

from archiver.model import PostKind
from archiver.observed import ObservedPost
from archiver.references import ThreadKind
from search.sync import sync
from web.app import create_app, site_server
from web.serve import listen, url_of

GENERATED, PARTS = 10_000, 4
EACH = 125
"""So many texts are in one thread: each as Markdown and as GitHub's HTML, as login, and as label."""
REPOSITORY = "/github.com/Acme/Rocket"

# Given a document, what in it is none of the site's own: scripts, handlers, what loads, what is out of place.
AUDIT = r"""(page) => {
  const found = [];
  const words = text => new Set(text.split(' '));
  const inPosts = words('a abbr b bdi bdo blockquote br caption cite code dd del details dfn div dl dt em h4 h5 h6 hr i'
    + ' ins kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub summary sup table tbody td tfoot th'
    + ' thead time tr tt u ul');
  const ofPosts = words('href class title open start align colspan rowspan datetime dir rel tabindex');
  const loading = words('stylesheet icon preload modulepreload prefetch preconnect dns-prefetch import manifest');
  const drawn = words('svg g path rect line circle text tspan title a desc polyline');
  const never = 'iframe, object, embed, base, style, img, video, audio, source, math, template, noscript, frame, area,'
    + 'frameset, applet, textarea, marquee, dialog, canvas, plaintext, xmp, picture, meta[http-equiv], body script';
  const tell = (what, e) => found.push(what + ': ' + e.outerHTML.slice(0, 200));
  for (const e of page.querySelectorAll(never)) tell('element', e);
  for (const e of page.querySelectorAll('script')) {
    if (e.type === 'application/ld+json') JSON.parse(e.textContent);
    else if (!(e.getAttribute('src') ?? '').startsWith('/static/site.js?v=')) tell('script', e);
  }
  for (const e of page.querySelectorAll('*')) {
    for (const {name, value} of e.attributes) {
      if (/^on/i.test(name) || ['srcdoc', 'formaction', 'style', 'ping', 'background', 'autofocus', 'http-equiv',
        'contenteditable', 'srcset', 'poster', 'is', 'popover'].includes(name)) tell('attribute ' + name, e);
      if (['href', 'src', 'action', 'xlink:href', 'data', 'cite'].includes(name)) {
        const to = URL.parse(value, location.href);
        if (!to || !['http:', 'https:', 'mailto:'].includes(to.protocol)) tell('address', e);
        else if (name !== 'href' && to.origin !== location.origin) tell('loads', e);
        else if (e.localName === 'link' && loading.has(e.rel) && to.origin !== location.origin) tell('loads', e);
      }
    }
    if (e.closest('svg')) { if (!drawn.has(e.localName) || e.closest('.text')) tell('drawing', e); }
  }
  for (const e of page.querySelectorAll('.text *')) {
    if (!inPosts.has(e.localName)) tell('in a post', e);
    if (e.matches('div.scroll')) continue;
    for (const {name} of e.attributes) if (!ofPosts.has(name)) tell('in a post, ' + name, e);
  }
  const ids = [...page.querySelectorAll('[id]')].map(e => e.id);
  if (new Set(ids).size !== ids.length) found.push('an id twice');
  const shape = [...page.body.children].map(e => e.localName + '.' + (e.id || e.className)).join(' ');
  if (shape !== 'header.top main.main footer.foot') found.push('the body: ' + shape);
  if ([...page.documentElement.children].map(e => e.localName).join(' ') !== 'head body') found.push('the document');
  for (const e of page.querySelectorAll('head > :not(meta, title, link, script)')) tell('in the head', e);
  for (const one of ['main', 'main h1', 'title', 'body > footer']) {
    if (page.querySelectorAll(one).length !== 1) found.push('not one ' + one);
  }
  for (const e of page.querySelectorAll('article.post')) if (!e.parentElement.matches('.posts')) tell('moved', e);
  return {found, posts: page.querySelectorAll('article.post').length};
}"""
# The same of pages that are fetched and read as a document each, so that hundreds of them take no time.
AUDIT_MANY = f"""async (addresses) => {{
  const audit = {AUDIT};
  const found = [];
  for (const address of addresses) {{
    const answer = await fetch(address);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const told = audit(page).found;
    if (told.length) found.push([address, ...told]);
  }}
  return found;
}}"""


class Window:
    """A window of the browser that notes each call, request, dialog, new window and error."""

    def __init__(self, browser: Browser, *, policy: bool) -> None:
        self.called: list[object] = []
        self.asked: list[str] = []
        self.heard: list[str] = []
        self.context = browser.new_context(bypass_csp=not policy)
        self.context.expose_function("pwned", lambda *told: self.called.append(told))
        self.context.on("request", self._asked)
        self.context.on("page", lambda page: self.heard.append(f"window {page.url}"))
        self.page: Page = self.context.new_page()
        self.heard.clear()  # of the window itself
        self.page.on("dialog", lambda dialog: (self.heard.append("dialog"), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))
        self.page.on("console", lambda message: self._heard(message.text))

    def _heard(self, text: str) -> None:
        # A value that makes no sense is answered so; that is no complaint.
        if "the server responded with a status of 4" not in text:
            self.heard.append(text)

    def _asked(self, request: Request) -> None:
        self.asked.append(request.url)

    def visit(self, url: str, posts: int | None = None) -> None:
        """Open a page, and check that it is whole and quiet."""
        self.page.goto(url, wait_until="load")
        told = self.page.evaluate(f"() => ({AUDIT})(document)")
        assert told["found"] == [], url
        assert posts in {None, told["posts"]}
        self.check(url)
        assert self.page.url == url
        assert len(self.page.frames) == 1

    def check(self, url: str) -> None:
        """Check that nothing ran, nothing was said, and nobody else was asked."""
        assert (self.called, self.heard) == ([], []), url
        assert {urlsplit(each).netloc for each in self.asked} <= {urlsplit(url).netloc}


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    """Open a window without the policy."""
    opened = Window(browser, policy=False)
    yield opened
    opened.context.close()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Fill an archive with the texts of the cheat sheet, in all fields."""
    made = Archive(tmp_path_factory.mktemp("hostile"))
    everywhere(made, cheat_sheet())
    yield made
    made.index.close()
    made.store.close()


@pytest.fixture(scope="module")
def base(archive: Archive) -> Iterator[str]:
    """Serve it on a free loopback port."""
    sync(archive.store, archive.index)
    with served(archive) as url:
        yield url


@contextmanager
def served(archive: Archive) -> Iterator[str]:
    """Serve an archive as it is, indexed or not."""
    listener = listen("127.0.0.1", 0)
    site = replace(archive.site, base_url=url_of(listener))
    server = site_server(create_app(store=archive.store, index=archive.index, site=site, clock=archive.clock), listener)
    server.start()
    yield url_of(listener)
    server.stop()


def batches(part: int) -> Iterator[list[str]]:
    """Yield the generated texts of a part, those of one thread after the other."""
    texts = generated(GENERATED // PARTS, seed=part)
    while batch := list(islice(texts, EACH)):
        yield batch


def posts(texts: Sequence[str], first: int = 100_000) -> Iterator[ObservedPost]:
    """Yield two comments for each text: as Markdown, and as GitHub's HTML; it is their author's login, too."""
    for at, each in enumerate(texts):
        yield comment(first + 2 * at, each, each, minutes=at + 1)
        yield comment(first + 2 * at + 1, "x", each, minutes=at + 1, body_html=each)


def everywhere(archive: Archive, texts: Sequence[str]) -> None:
    """Save a pull request with the texts in every field that others fill, in two versions that have nothing alike."""
    several = tuple(texts[::9])
    archive.save_repository(description=texts[38])
    earlier = [replace(each, body="Once.", body_html=None) for each in posts(texts)]
    archive.save(12, "Before", comments=tuple(earlier), kind=ThreadKind.PULL)
    comments = [replace(each, updated_at=archive.now) for each in posts(texts)]
    for at, each in enumerate(several):
        lines = {"path": each, "line": at + 1, "diff_hunk": f"@@ -1 +1 @@ {each}\n+{each}\n-{each}"}
        found = comment(500_000 + at, each, each, kind=PostKind.REVIEW_COMMENT, raw=lines, association=each, state=each)
        comments.append(found)
        comments.append(comment(600_000 + at, each, each, kind=PostKind.REVIEW, state=each, reactions={each: 2}))
    archive.save(
        12,
        texts[39],
        texts[38],
        comments=tuple(comments),
        kind=ThreadKind.PULL,
        labels=several,
        milestone=texts[38],
        assignees=several,
        state="closed",
        state_reason=texts[38],
        locked=True,
        lock_reason=texts[39],
        closed_at=OPENED + timedelta(hours=4),
        closed_by=account(texts[39]),
        login=texts[39],
    )
    for at, each in enumerate(several):
        minutes = 300 + 10 * at
        archive.happen(
            event("labeled", each, minutes=minutes, label=each),
            event("milestoned", each, minutes=minutes + 1, milestone=each),
            event("renamed", each, minutes=minutes + 2, **{"from": each, "to": each}),
            event("cross-referenced", each, minutes=minutes + 3, source=each, title=each, url=each),
            event("cross-referenced", each, minutes=minutes + 4, source="else/where#5", title=each, url=each),
            event("closed", each, minutes=minutes + 5, commit_id=each, state_reason=each),
            event("referenced", each, minutes=minutes + 6, commit_id=each, message=each),
            event("committed", each, minutes=minutes + 7, sha=each, message=each, commit_id=each),
            event("locked", each, minutes=minutes + 8, lock_reason=each),
            event("assigned", each, minutes=minutes + 9, assignee=each),
            event("review_requested", each, minutes=minutes + 9.2, reviewer=each, team=each),
            event("head_ref_force_pushed", each, minutes=minutes + 9.4, commit_id=each, before=each, after=each),
            event("transferred", each, minutes=minutes + 9.5, **{"from": each}),
            event(each, each, minutes=minutes + 9.6, **{each: each}),
            number=12,
        )
        review = {"minimized": each, "kind": PostKind.REVIEW_COMMENT}
        archive.tell(500_000 + at, edit(minutes + 0.1, each, each), number=12, **review)
        archive.tell(100_000 + at, edit(minutes + 0.2, each, each), edit(minutes + 0.3, None, each, OPENED), number=12)
    asks = "If you contributed and agree to the new license, please reply here.\n\n- [x] @kim\n" + "\n".join(
        f"- [ ] @{each}" for each in several
    )
    archive.save(
        13,
        texts[38],
        asks,
        comments=tuple(comment(1 + at, f"I agree. {each}", each) for at, each in enumerate(several)),
    )


def test_the_window_notices_what_runs(window: Window) -> None:
    """Shown as they are, each in a frame of its own, the texts do run, and ask others: the tests below would see it."""
    window.context.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"))
    window.page.goto("http://plain.test/")
    frames = "".join(f"<iframe srcdoc=\"{each.replace('&', '&amp;').replace(chr(34), '&quot;')}\"></iframe>"
                     for each in cheat_sheet() if "\0" not in each)  # fmt: skip
    window.page.set_content(frames)
    window.page.wait_for_timeout(1000)
    assert len(set(map(str, window.called))) > 60
    assert any("evil.test" in each for each in window.asked)
    told = window.page.evaluate(AUDIT_MANY.replace("await fetch(address)", "{text: () => address}"), cheat_sheet())
    assert len(told) == len(cheat_sheet())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_ten_thousand_generated_texts_do_nothing(window: Window, tmp_path: Path, part: int) -> None:
    """As Markdown, as GitHub's HTML, as login, as label and as title: nothing runs, and every post is in its place."""
    made = Archive(tmp_path)
    shown = 0
    with served(made) as url:
        for number, texts in enumerate(batches(part), 1):
            made.save(number, texts[0], texts[1], comments=tuple(posts(texts)), labels=tuple(texts), login=texts[2])
            window.visit(f"{url}{REPOSITORY}/issues/{number}", posts=2 * len(texts) + 1)
            shown += len(texts)
    made.index.close()
    made.store.close()
    assert shown == GENERATED // PARTS


@pytest.mark.timeout(600)
@pytest.mark.parametrize("policy", [False, True])
def test_the_cheat_sheet_does_nothing_on_any_page(browser: Browser, archive: Archive, base: str, policy: bool) -> None:
    """Threads, snapshots, comparisons, histories, citations, overviews and searches, in every field; not even a try."""
    window = Window(browser, policy=policy)
    thread = f"{base}{REPOSITORY}/pull/12"
    captured = [each.digest[:12] for each in archive.store.captures(77, 12)]
    count = 2 * len(cheat_sheet()) + 2 * len(cheat_sheet()[::9]) + 1
    try:
        window.visit(thread, posts=count)
        window.visit(f"{thread}@{captured[-1]}", posts=count)
        window.visit(f"{thread}/compare?from={captured[0]}&to={captured[-1]}")
        window.visit(f"{thread}/history")
        window.visit(f"{thread}/cite")
        window.visit(f"{thread}/cite?post=issuecomment-100001")
        window.visit(f"{base}{REPOSITORY}/issues/13")
        for path in ("/", "/github.com/", REPOSITORY, "/search?q=copyleft", "/search?q=script", "/search?q=onerror+x"):
            window.visit(base + path)
    finally:
        window.context.close()


@pytest.mark.timeout(600)
def test_what_is_asked_for_does_nothing(window: Window, base: str) -> None:
    """A search, an address to look up and a name of a version are repeated on the page, and do no more."""
    texts = [quote(each, safe="") for each in cheat_sheet()]
    addresses = [f"/search?q={each}" for each in texts[::3]]
    addresses += [f"/search?q=copyleft&sort={each}" for each in texts[::19]]
    addresses += [f"/search?q=label:%22{each}%22+author:{each}" for each in texts[::9]]
    addresses += [f"/lookup?url={each}" for each in texts[1::3]]
    addresses += [f"/lookup?url=https://github.com/acme/rocket/issues/12%23{each}" for each in texts[::9]]
    addresses += [f"{REPOSITORY}/pull/12/compare?from={each}" for each in texts[::9]]
    addresses += [f"{REPOSITORY}/pull/12/cite?post={each}" for each in texts[::9]]
    addresses += [f"/github.com/{each}/x" for each in texts[::9] if "%2F" not in each]
    addresses += [f"/{each}" for each in texts[2::9]]
    window.visit(f"{base}/about")
    assert window.page.evaluate(AUDIT_MANY, addresses) == []
    window.check(base)


def test_other_forms_are_whole(window: Window, archive: Archive) -> None:
    """What is not a page never calls itself one; feeds, JSON and oEmbed can be read, and the HTML in them is clean."""
    client = archive.client()
    thread = f"{REPOSITORY}/pull/12"
    pieces: list[str] = []
    for path in (
        *(f"{thread}{form}" for form in (".json", ".md", ".bib", ".ris", ".csl.json", ".atom")),
        *(f"{REPOSITORY}/issues/13{form}" for form in ("/consent.csv", ".md", ".bib", ".ris", ".json")),
        *("/new.atom", "/updated.atom", f"{REPOSITORY}/new.atom", "/search.atom?q=script", "/search.json?q=script"),
        *("/api/v1/threads/github.com/Acme/Rocket/12", "/api/v1/search?q=onerror", "/api/v1/repositories"),
        *("/api/v3/repos/Acme/Rocket/issues/13", "/api/v3/repos/Acme/Rocket/issues/13/comments", "/sitemap.xml"),
        f"/oembed?url=http://archive.test{thread}",
        f"/oembed?url=http://archive.test{thread}%23issuecomment-100077",
    ):
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        assert "html" not in answer.mimetype
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if answer.mimetype.endswith("json"):
            pieces += html_in(json.loads(answer.data))
        elif answer.mimetype == "application/atom+xml":
            found = feedparser.parse(answer.data, sanitize_html=False)
            assert not found.bozo, (path, found.get("bozo_exception"))
            pieces += [content["value"] for each in found.entries for content in each.content]
    assert len(pieces) > 100
    window.context.route("**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    window.page.goto("http://archive.test/")
    assert any("<blockquote" in each for each in pieces)
    window.page.set_content("".join(f'<div class="{class_of(each)}">{each}</div>' for each in pieces))
    told = window.page.evaluate(f"() => ({AUDIT})(document)")["found"]
    assert [each for each in told if not each.startswith(("the body", "not one"))] == []
    assert window.page.evaluate("document.body.children.length") == len(pieces)
    window.check("http://archive.test/")


def class_of(piece: str) -> str:
    """Tell the text of a post from oEmbed's, which stands in a frame of ours."""
    return "card" if piece.startswith("<blockquote cite=") else "text"


def html_in(value: Any) -> Iterator[str]:
    """Yield what oEmbed calls HTML. The API's `body_html` is GitHub's, as captured, and documented as not sanitised."""
    if isinstance(value, list):
        for each in value:
            yield from html_in(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name == "html" and isinstance(each, str):
                yield each
            else:
                yield from html_in(each)
