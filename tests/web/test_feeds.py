"""Feeds: read by a parser that is not ours, with ids that stay, safe content, and whatever characters there are."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from archives import CAPTURED, OPENED, Archive
from archives import post as comment
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from archiver.model import Relevance
from web import atom

THREAD = "/github.com/Acme/Rocket/issues/12"
FEEDS = [
    *("/new.atom", "/updated.atom", "/github.com/Acme/Rocket/new.atom", "/github.com/Acme/Rocket/updated.atom"),
    *(f"{THREAD}.atom", "/search.atom?q=copyleft"),
]


def read(client: FlaskClient, path: str) -> Any:
    """Return a feed as feedparser reads it, having checked that it found nothing to complain about."""
    response = client.get(path)
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    found = feedparser.parse(response.get_data(), response_headers={"content-type": response.headers["Content-Type"]})
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "atom10"
    return found


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_is_valid(archive: Archive, path: str) -> None:
    """Each has its own address and that of its page, an id, times, and entries with the same."""
    archive.save(comments=(comment(501, "A word about *copyleft*."),))
    found = read(archive.client(), path)
    links = {each.rel: each.href for each in found.feed.links}
    assert links["self"] == f"http://archive.test{path}"
    assert links["alternate"].startswith("http://archive.test/")
    assert found.feed.id.startswith("tag:archive.test,2026:")
    assert found.feed.updated.endswith("Z")
    assert found.feed.author
    assert found.entries
    for each in found.entries:
        assert each.id.startswith("tag:archive.test,2026:")
        assert each.title
        assert each.link.startswith(f"http://archive.test{THREAD}")
        assert each.published <= each.updated
        assert each.content[0].type == "text/html"
    assert archive.client().get(links["alternate"].removeprefix("http://archive.test")).status_code == 200


def test_every_page_tells_of_its_feeds(archive: Archive) -> None:
    """Home, a repository, a thread and a search have links that feed readers find; a fixed version has none."""
    digest = archive.save()
    client = archive.client()
    for path, count in (
        ("/", 2),
        ("/github.com/Acme/Rocket", 2),
        (THREAD, 1),
        ("/search?q=copyleft", 1),
        (f"{THREAD}@{digest}", 0),
    ):
        tree = BeautifulSoup(client.get(path).get_data(as_text=True), "html.parser")
        feeds = [each["href"] for each in tree.select('head link[type="application/atom+xml"]')]
        assert len(feeds) == count, path
        for each in feeds:
            read(client, each)


def test_new_and_updated_debates_are_told_apart(archive: Archive) -> None:
    """One feed goes by when a debate was opened, the other by when it was captured last; what was updated says so."""
    archive.save(12, title="Older", created_at=OPENED)
    archive.save(13, title="Newer", created_at=OPENED + timedelta(days=1))
    archive.save(12, title="Older, changed")
    client = archive.client()
    assert [each.title for each in read(client, "/new.atom").entries] == ["Newer", "Older, changed"]
    updated = read(client, "/updated.atom")
    assert [each.title for each in updated.entries] == ["Older, changed", "Newer"]
    assert updated.entries[0].updated == (CAPTURED + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert updated.feed.updated == updated.entries[0].updated
    assert [each.term for each in updated.entries[0].tags] == ["AGPL-3.0-only", "MIT", "relicense"]


def test_ids_stay_through_edits_and_renames(archive: Archive) -> None:
    """Neither a new title, a new text nor another name of the repository makes an entry a new one."""
    archive.save(comments=(comment(501, "A word."),))
    before = [[each.id for each in read(archive.client(), path).entries] for path in FEEDS]
    edited = comment(501, "Another word.", edited=OPENED + timedelta(days=9))
    archive.save(title="On copyleft", comments=(edited,))
    archive.save_repository(name="Probe")
    client = archive.client()
    for path, ids in zip(FEEDS, before, strict=True):
        if "/Rocket/" in path:
            response = client.get(path)
            assert response.status_code == 301
            path = response.headers["Location"]
        assert [each.id for each in read(client, path).entries] == ids


def test_a_threads_feed_has_its_posts(archive: Archive) -> None:
    """The latest first, rendered and sanitised, with links to their places; what is withdrawn is not in it."""
    bad = comment(502, "Bad <script>alert(1)</script> <b onclick=x>words</b> [x](javascript:alert(1))", minutes=9)
    archive.save(comments=(comment(501, "A *word* [here](/other)."), bad))
    found = read(archive.client(), f"{THREAD}.atom")
    assert [each.link for each in found.entries] == [
        f"http://archive.test{THREAD}#issuecomment-501",
        f"http://archive.test{THREAD}#issuecomment-502",
        f"http://archive.test{THREAD}#issue-9012",
    ]
    raw = archive.client().get(f"{THREAD}.atom").get_data(as_text=True)
    assert "&lt;em&gt;word&lt;/em&gt;" in raw
    for word in ("&lt;script", "onclick", "javascript:"):
        assert word not in raw
    archive.withdraw("issuecomment-502")
    raw = archive.client().get(f"{THREAD}.atom").get_data(as_text=True)
    assert "alert" not in raw
    assert "withdrawn from public view" in raw
    archive.withdraw(reason="legal")
    assert archive.client().get(f"{THREAD}.atom").status_code == 451
    assert "Relicense under" not in archive.client().get("/new.atom").get_data(as_text=True)


def test_a_search_is_a_feed(archive: Archive) -> None:
    """Newest first, with snippets; in the order asked for, if one is; without a query it is none."""
    archive.save(12, title="Older copyleft", body="On copyleft.")
    archive.save(13, title="Newer copyleft", body="On copyleft.", created_at=OPENED + timedelta(days=1))
    client = archive.client()
    found = read(client, "/search.atom?q=copyleft")
    assert [each.title for each in found.entries] == ["Newer copyleft", "Older copyleft"]
    assert (
        "<mark>copyleft</mark>" in found.entries[0].content[0].value or "copyleft" in found.entries[0].content[0].value
    )
    oldest = read(client, "/search.atom?q=copyleft&sort=created-asc")
    assert [each.title for each in oldest.entries] == ["Older copyleft", "Newer copyleft"]
    assert client.get("/search.atom").status_code == 400
    # What fits a part of the query only is on the page, under its own heading, and in no feed.
    for nothing in ("nothingofthiskind", "copyleft+nothingofthiskind"):
        assert read(client, f"/search.atom?q={nothing}").entries == []


@pytest.mark.parametrize("query", ["milestone:x", "is:nonsense", "*", "sort:created"])
def test_a_search_for_nothing_is_no_feed(archive: Archive, query: str) -> None:
    """Whoever follows a search whose words are not understood is told so, and not sent all there is."""
    archive.save()
    response = archive.client().get(f"/search.atom?q={query}")
    assert response.status_code == 400
    assert "Nothing is left of the query to look for" in response.text
    assert ("was left out" in response.text) == (query != "sort:created")
    assert "/new.atom" in response.text


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_that_did_not_change_costs_a_304(archive: Archive, path: str) -> None:
    """By its ETag or by time; after a change it is given out again."""
    archive.save()
    client = archive.client()
    first = client.get(path)
    for condition in ({"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": first.headers["Last-Modified"]}):
        assert client.get(path, headers=condition).status_code == 304
    archive.save(title="Another copyleft title")
    again = archive.client().get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200


def test_a_feed_is_capped(archive: Archive) -> None:
    """However many debates there are."""
    for number in range(1, 45):
        archive.save(number, relevance=Relevance("subject"))
    assert len(read(archive.client(), "/new.atom").entries) == 40


def test_hostile_characters_are_left_out(archive: Archive) -> None:
    """Control characters, U+FFFE and what looks like markup break no feed."""
    hostile = "A\x00\x08\x0b\x1b\ufffe\uffff\ud7ff]]> <b>&amp; \u2028 \u202e 😀 copyleft"
    archive.save(title=hostile, body=hostile, login="asker", comments=(comment(501, hostile),))
    client = archive.client()
    for path in FEEDS:
        for each in read(client, path).entries:
            assert not re.search("[\x00-\x08\x0b\x0e-\x1f\ufffe\uffff]", each.title + each.content[0].value)
    title = read(client, "/new.atom").entries[0].title
    assert "]]>" in title
    assert "😀" in title


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_makes_a_feed(title: str, html: str) -> None:
    """Whatever stands in a title or a text, the feed can be read."""
    entry = atom.Entry("tag:x,2026:1", title, "http://x.test/", OPENED, OPENED, title, html, terms=(title,))
    feed = atom.Feed("tag:x,2026:2", title, "http://x.test/", "http://x.test/f", title, [entry], subtitle=html)
    found = feedparser.parse(
        atom.written(feed, "http://x.test", ("onrecord", "1")),
        response_headers={"content-type": "application/atom+xml; charset=utf-8"},
    )
    assert not found.bozo
    assert len(found.entries) == 1
