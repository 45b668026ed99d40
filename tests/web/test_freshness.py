"""Validators, and answers from memory: never stale, and 304 before a page is made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from archives import Archive, event
from archives import post as comment
from flask import Flask, template_rendered
from werkzeug.test import Client

from archiver.errors import StoreError
from archiver.store import open_store
from web.cache import PageCache
from web.freshness import changes_at
from web.render import relative

THREAD = "/github.com/Acme/Rocket/issues/12"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@contextmanager
def rendered(app: Flask) -> Iterator[list[str]]:
    """Count the pages that are made."""
    made: list[str] = []

    def note(_sender: Any, template: Any, **_more: Any) -> None:
        made.append(template.name)

    with template_rendered.connected_to(note, app):
        yield made


# --- pages from memory ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/github.com/", "/github.com/Acme/Rocket", THREAD, f"{THREAD}/history", f"{THREAD}@{{digest}}"),
        *("/search?q=copyleft", "/search", "/lookup", f"{THREAD}/compare?from={{digest}}&to={{digest}}"),
    ],
)
def test_a_page_is_made_once(archive: Archive, path: str) -> None:
    """A second request, and a conditional one, are answered without making it again; HEAD has no body."""
    path = path.format(digest=archive.save()[:12])
    app = archive.app()
    client = app.test_client()
    with rendered(app) as made:
        first = client.get(path)
        assert first.status_code == 200
        count = len(made)
        second = client.get(path)
        assert (second.get_data(), second.headers["ETag"]) == (first.get_data(), first.headers["ETag"])
        for condition in (
            {"If-None-Match": first.headers["ETag"]},
            {"If-None-Match": f'"other", {first.headers["ETag"]}'},
            {"If-None-Match": "*"},
            {"If-Modified-Since": first.headers["Last-Modified"]},
        ):
            known = client.get(path, headers=condition)
            assert (known.status_code, known.get_data()) == (304, b""), condition
            assert known.headers["ETag"] == first.headers["ETag"]
            assert "Content-Type" not in known.headers
            assert known.headers["Content-Security-Policy"]
        head = client.head(path)
        assert (head.status_code, head.get_data()) == (200, b"")
        assert head.headers["Content-Length"] == str(len(first.get_data()))
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        assert len(made) == count


def test_a_head_request_fills_the_memory_as_well(archive: Archive) -> None:
    """What HEAD was told of is what GET gets."""
    archive.save()
    app = archive.app()
    with rendered(app) as made:
        head = app.test_client().head(THREAD)
        got = app.test_client().get(THREAD)
    assert head.headers["ETag"] == got.headers["ETag"]
    assert made.count("thread.html") == 1


CHANGES: dict[str, Callable[[Archive], object]] = {
    "an edit": lambda archive: archive.save(body="Another text about copyleft."),
    "a comment": lambda archive: archive.save(comments=(comment(501, "A word."),)),
    "an event": lambda archive: archive.happen(event("labeled", label="x")),
    "a withdrawn post": lambda archive: archive.withdraw("issue-9012"),
    "a post that is gone": lambda archive: archive.lose(500),
    "a check": lambda archive: check(archive),
    "a new name": lambda archive: archive.save_repository(description="Other words."),
}


def check(archive: Archive) -> None:
    """Note that a thread was looked at and had not changed."""
    archive.now += timedelta(days=1)
    with archive.store.transaction() as tx:
        tx.mark_checked(77, 12)


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_stale_is_shown_after_a_change(archive: Archive, change: str) -> None:
    """Whatever is saved: the same application shows what a new one shows, with another ETag, to conditions too."""
    archive.save(comments=(comment(500, "Here."),))
    client = archive.client()
    before = client.get(THREAD)
    CHANGES[change](archive)
    after = client.get(THREAD, headers={"If-None-Match": before.headers["ETag"]})
    fresh = archive.client().get(THREAD)
    if change != "a new name":
        assert after.status_code == 200
        assert after.headers["ETag"] != before.headers["ETag"]
    assert client.get(THREAD).get_data() == fresh.get_data()
    assert client.get(THREAD).headers["ETag"] == fresh.headers["ETag"]


def test_a_withdrawal_by_another_process_is_seen_at_once(archive: Archive) -> None:
    """Of the thread, of its snapshots, and of every list it stood in, whatever condition is set."""
    digest = archive.save()
    client = archive.client()
    paths = [THREAD, f"{THREAD}@{digest}", f"{THREAD}@{digest[:12]}", f"{THREAD}.json", f"{THREAD}/history"]
    before = {path: client.get(path) for path in [*paths, "/", "/github.com/Acme/Rocket"]}
    with open_store(archive.store.url, archive.clock) as other:
        ours, archive.store = archive.store, other
        archive.withdraw()
        archive.store = ours
    for path in paths:
        etag = before[path].headers["ETag"]
        modified = before[path].headers["Last-Modified"]
        for condition in ({}, {"If-None-Match": etag}, {"If-Modified-Since": modified}):
            assert client.get(path, headers=condition).status_code == 410, (path, condition)
    for path in ("/", "/github.com/Acme/Rocket"):
        again = client.get(path, headers={"If-None-Match": before[path].headers["ETag"]})
        assert again.status_code == 200
        assert "Relicense under" not in again.get_data(as_text=True)


def test_an_etag_holds_in_another_process(archive: Archive) -> None:
    """A thread's ETag is known to an application that never made the page, which answers without making it."""
    digest = archive.save()
    for path in (THREAD, f"{THREAD}@{digest}", f"{THREAD}.json", f"{THREAD}/history"):
        etag = archive.client().get(path).headers["ETag"]
        app = archive.app()
        with rendered(app) as made:
            known = app.test_client().get(path, headers={"If-None-Match": etag})
            assert (known.status_code, known.headers["ETag"], made) == (304, etag, [])
        assert archive.client(title="Another").get(path, headers={"If-None-Match": etag}).status_code == 200


def test_each_address_of_a_thread_has_its_own_etag(archive: Archive) -> None:
    """One page's ETag says nothing about another, nor about the same under a name that redirects."""
    digest = archive.save()
    client = archive.client()
    paths = [THREAD, f"{THREAD}@{digest}", f"{THREAD}@{digest[:12]}", f"{THREAD}.json", f"{THREAD}/history"]
    etags = [client.get(path).headers["ETag"] for path in paths]
    assert len(set(etags)) == len(paths)
    moved = client.get(THREAD.replace("issues", "pull"), headers={"If-None-Match": etags[0]})
    assert moved.status_code == 301


def test_what_a_page_says_of_the_time_stays_true(archive: Archive) -> None:
    """`3 minutes ago` is made again a minute later, and so is the ETag."""
    archive.save()
    archive.now = datetime(2026, 3, 1, 12, 3, 20, tzinfo=UTC)
    client = archive.client()
    first = client.get(THREAD)
    assert "(3 minutes ago)" in first.get_data(as_text=True)
    archive.now += timedelta(seconds=39)
    assert client.get(THREAD).get_data() == first.get_data()
    archive.now += timedelta(seconds=1)
    second = client.get(THREAD, headers={"If-None-Match": first.headers["ETag"]})
    assert "(4 minutes ago)" in second.get_data(as_text=True)


@pytest.mark.parametrize("minutes", [0, 0.5, 1, 59.5, 60, 119, 1439, 1440, 2000, 44_000, 100_000, 600_000, 2_000_000])
def test_words_for_a_time_hold_until_they_change(minutes: float) -> None:
    """Up to the moment that is told, the words stay the same, and that moment lies ahead."""
    moment = datetime(2020, 1, 31, 23, 30, 10, tzinfo=UTC)
    now = moment + timedelta(minutes=minutes)
    until = changes_at(moment, now)
    assert until > now
    for share in (0.0, 0.3, 0.7, 0.999):
        assert relative(moment, now + (until - now) * share) == relative(moment, now)


def test_a_store_that_cannot_be_read_is_not_hidden_by_the_memory(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether anything changed is not known then."""
    archive.save()
    client = archive.client()
    assert client.get(THREAD).status_code == 200

    def broken(*_: object) -> None:
        raise StoreError("gone", key="x")

    monkeypatch.setattr(archive.store, "version", broken)
    monkeypatch.setattr(archive.store, "find_repository", broken)
    assert client.get(THREAD).status_code == 503


def test_health_is_never_answered_from_memory(archive: Archive) -> None:
    """What is true at this moment only says so."""
    client = archive.client()
    for path in ("/healthz", "/readyz"):
        assert client.get(path).headers["Cache-Control"] == "no-store"


# --- the memory itself ------------------------------------------------------------------------------------------------


class Origin:
    """A WSGI application that counts what it is asked for."""

    def __init__(self, size: int = 10, **headers: str) -> None:
        self.asked: list[str] = []
        self.size = size
        self.headers = {"Content-Type": "text/plain", "ETag": '"e"', **headers}

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        """Answer with as many letters as asked for."""
        self.asked.append(environ["PATH_INFO"])
        start_response("200 OK", [*self.headers.items(), ("Content-Length", str(self.size))])
        return [b"x" * self.size]


def test_what_is_not_for_everyone_is_not_kept() -> None:
    """Nor is an answer to a request with a cookie, or one that depends on what was asked with."""
    for headers in (
        {"Cache-Control": "no-store"},
        {"Cache-Control": "private"},
        {"Set-Cookie": "a=b"},
        {"Vary": "Accept"},
    ):
        origin = Origin(**headers)
        client = Client(PageCache(origin, lambda _path: 1, lambda: NOW))
        client.get("/a")
        client.get("/a")
        assert len(origin.asked) == 2, headers
    origin = Origin()
    client = Client(PageCache(origin, lambda _path: 1, lambda: NOW), use_cookies=False)
    client.get("/a")
    client.get("/a", headers={"Cookie": "a=b"})
    client.get("/a", headers={"Authorization": "Bearer x"})
    client.post("/a")
    client.get("/a?b=c")
    assert len(origin.asked) == 5
    client.get("/a")
    assert len(origin.asked) == 5


def test_the_memory_is_bounded() -> None:
    """The page asked for longest ago goes first; what is too large is never kept."""
    origin = Origin(size=1000)
    cache = PageCache(origin, lambda _path: 1, lambda: NOW, most_bytes=10_000)
    client = Client(cache)
    for path in ("/1", "/2", "/3", "/1", "/4", "/1", "/2"):
        client.get(path)
    assert origin.asked == ["/1", "/2", "/3", "/4", "/2"]
    big = Origin(size=20_000)
    client = Client(PageCache(big, lambda _path: 1, lambda: NOW, most_bytes=10_000))
    assert [len(client.get("/1").get_data()) for _ in range(2)] == [20_000, 20_000]
    assert len(big.asked) == 2


def test_a_page_made_while_something_was_saved_is_made_again() -> None:
    """The version counts as of before the page was begun."""
    versions = iter([1, 2, 2])
    origin = Origin()
    client = Client(PageCache(origin, lambda _path: next(versions), lambda: NOW))
    for _ in range(3):
        client.get("/a")
    assert len(origin.asked) == 2


def test_last_modified_is_when_the_page_came_to_be_as_it_is() -> None:
    """Made again with the same ETag it is still the same page; nothing holds beyond midnight unasked."""
    now = [NOW]
    origin = Origin()
    client = Client(PageCache(origin, lambda _path: 1, lambda: now[0]))
    first = client.get("/a").headers["Last-Modified"]
    now[0] += timedelta(hours=12)
    assert client.get("/a").headers["Last-Modified"] == first
    assert len(origin.asked) == 2
    origin.headers["ETag"] = '"other"'
    now[0] += timedelta(days=1)
    assert client.get("/a").headers["Last-Modified"] == "Tue, 03 Mar 2026 00:00:00 GMT"


def test_many_threads_may_ask_at_once() -> None:
    """Every one of them gets a whole page, whatever is dropped meanwhile."""
    cache = PageCache(Origin(size=500), lambda _path: 1, lambda: NOW, most_bytes=8_000)
    wrong: list[object] = []

    def ask(number: int) -> None:
        client = Client(cache)
        for at in range(200):
            got = client.get(f"/{(at * number) % 7}").get_data()
            if got != b"x" * 500:
                wrong.append(got)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 7)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not wrong
    assert cache._size <= 8_000
    assert cache._size == sum(each.size for each in cache._pages.values())


def test_files_are_not_kept_with_pages() -> None:
    """What lies below a path that is never kept is asked for each time, and takes no room."""
    cache = PageCache(Origin(size=500), lambda _path: 1, lambda: NOW, never=("/media/",))
    client = Client(cache)
    for path in ("/media/1", "/media/1", "/page", "/page"):
        assert client.get(path).status_code == 200
    assert (cache.kept[0], cache.hits) == (1, 1)
