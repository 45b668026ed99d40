"""What holds for every response: headers, errors, health, robots."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from archives import FOREIGN_SCRIPT, Archive
from bs4 import BeautifulSoup

from archiver.errors import StoreError
from web.security import MAX_QUERY_BYTES, MAX_SEARCH_BYTES

PATHS = [
    *("/", "/search?q=x", "/github.com/Acme/Rocket/issues/12", "/nowhere", "/static/site.css"),
    *("/api/v1/nowhere", "/api/v3/nowhere"),
]


@pytest.mark.parametrize("path", PATHS)
def test_every_response_is_fenced_in(archive: Archive, path: str) -> None:
    """Pages, errors, JSON and files alike carry the headers, and none sets a cookie."""
    archive.save()
    with archive.client().get(path) as response:
        headers = response.headers
    policy = headers["Content-Security-Policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(policy)
    assert not any("unsafe" in each for each in policy)
    assert [each for each in policy if each.startswith("script-src")] == ["script-src 'self'"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Set-Cookie" not in headers


def test_an_overlong_query_is_refused(archive: Archive) -> None:
    """A search has room for thousands of characters of any script, any other address for fewer."""
    client = archive.client()
    for path in ("/search", "/search.json", "/search.atom", "/search/suggest", "/api/v1/search"):
        assert client.get(f"{path}?q={'x' * (MAX_SEARCH_BYTES - 2)}").status_code == 200
        assert client.get(f"{path}?q={'x' * (MAX_SEARCH_BYTES - 1)}").status_code == 414
    assert client.get(f"/lookup?url={'x' * (MAX_QUERY_BYTES - 4)}").status_code != 414
    assert client.get(f"/lookup?url={'x' * (MAX_QUERY_BYTES - 3)}").status_code == 414


@pytest.mark.parametrize("character", ["x", '"', "(", "-", "許", "😀", "is:x ", "own:", "a OR "])
def test_five_thousand_characters_are_no_error(archive: Archive, character: str) -> None:
    """Whatever is typed gives results or a notice, and what was too much is not carried on."""
    archive.save(1, "Relicense?", body="Is copyleft refused?")
    query = (character * 5_000)[:5_000]
    response = archive.client().get(f"/search?{urlencode({'q': query})}")
    assert response.status_code == 200
    shown = response.get_data(as_text=True)
    assert "longer than 2,000 characters" in shown
    assert len(shown) < 250_000


def test_pages_can_only_be_read(archive: Archive) -> None:
    """Anything but GET and HEAD is refused, with the methods that are not."""
    response = archive.client().post("/")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert "can only be read" in response.get_data(as_text=True)


def test_a_fault_is_a_page_that_tells_nothing(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader gets the designed page, the log gets the traceback."""

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(archive.store, "holdings", broken)
    response = archive.client().get("/")
    assert response.status_code == 500
    assert response.mimetype == "text/html"
    assert "has been logged" in response.get_data(as_text=True)
    assert "secret" not in response.get_data(as_text=True)


def test_an_unreadable_store_is_503(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages and programs are told to come back; where the store is, they are not told."""

    def broken(*_: Any, **__: Any) -> Any:
        raise StoreError("sqlite:////secret/archive.db: locked", key="x")

    for name in ("holdings", "find_repository", "last_change", "coverages"):
        monkeypatch.setattr(archive.store, name, broken)
    monkeypatch.setattr("archives.sync", lambda *_: None)
    site = archive.client()
    for path in ("/", "/github.com/Acme/Rocket/issues/12", "/api/v1/repositories", "/api/v3/repos/Acme/Rocket"):
        response = site.get(path)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "60"
        assert "secret" not in response.get_data(as_text=True)
    assert site.get("/healthz").status_code == 200
    ready = site.get("/readyz")
    assert (ready.status_code, ready.get_data(as_text=True)) == (503, "not readable: store\n")


def test_a_healthy_site_is_ready(archive: Archive) -> None:
    """Both questions of a load balancer."""
    client = archive.client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("path", "closed"),
    [
        ("/github.com/o/n/issues/1/cite", True),
        ("/github.com/o/n/issues/1@0123456789ab/cite?post=issuecomment-1", True),
        ("/github.com/o/n/pull/1/compare", True),
        ("/github.com/o/n/discussions/1/compare?from=0123456789ab&to=ba9876543210", True),
        ("/github.com/juris-m/citeproc-js", False),
        ("/github.com/juris-m/citeproc-js/issues/1", False),
        ("/github.com/o/compare-versions/issues/1", False),
        *((f"/github.com/{name}/{name}/issues/1", False) for name in ("cite", "compare")),
        *((f"/github.com/o/{name}", False) for name in ("cite", "compare")),
        *((f"/github.com/o/{name}?page=2", False) for name in ("cite", "compare")),
        ("/github.com/o/n/issues/1/history", False),
        ("/", False),
        ("/search?q=x", True),
        ("/timemap/link/https://github.com/o/n/issues/1", True),
    ],
)
def test_robots_are_kept_from_the_pages_that_are_meant(archive: Archive, path: str, closed: bool) -> None:
    """By RFC 9309, a `*` stands for anything and a `$` for the end; no repository is met for its name."""
    rules = re.findall(r"^Disallow: (.+)$", archive.client().get("/robots.txt").text, re.MULTILINE)
    meant = [re.escape(rule).replace(r"\*", ".*").replace(r"\$", r"\Z") for rule in rules]
    assert any(re.match(each, path) for each in meant) is closed


def test_an_address_of_something_else_is_not_mended(archive: Archive) -> None:
    """The two slashes of an address within another one are none too many: 404, and no other address."""
    archive.save()
    for path in ("/timemap/json/https://github.com/Acme/Rocket/issues/12", "/nothing/http://x.test"):
        assert archive.client().get(path).status_code == 404
    assert archive.client().get("/github.com//Acme/Rocket").status_code == 301


def test_robots_are_kept_from_what_has_no_end_or_from_everything(archive: Archive) -> None:
    """Searches are without number; `noindex` closes the site, in robots.txt, in headers and in pages."""
    open_site = archive.client()
    assert "Disallow: /search\n" in open_site.get("/robots.txt").get_data(as_text=True)
    assert "Disallow: /\n" not in open_site.get("/robots.txt").get_data(as_text=True)
    assert "X-Robots-Tag" not in open_site.get("/").headers
    closed = archive.client(noindex=True)
    assert "Disallow: /\n" in closed.get("/robots.txt").get_data(as_text=True)
    assert closed.get("/").headers["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in closed.get("/").get_data(as_text=True)


def test_the_foot_says_whom_to_ask_how_to_cite_and_what_the_license_is(archive: Archive) -> None:
    """On every page, errors too."""
    client = archive.client(source="https://code.test/onrecord")
    for path in ("/", "/nowhere", "/lookup"):
        body = client.get(path).get_data(as_text=True)
        assert 'href="mailto:desk@archive.test"' in body
        assert "How to cite" in body
        assert "GNU AGPL" in body
        assert 'href="https://code.test/onrecord"' in body


def test_a_page_asks_nothing_of_other_hosts(archive: Archive) -> None:
    """No style, image or script is named but the site's own."""
    archive.save(body="![a picture](https://elsewhere.test/x.png)")
    tree = BeautifulSoup(archive.client().get("/github.com/Acme/Rocket/issues/12").data, "html.parser")
    for tag in tree.select("link[rel~=stylesheet], link[rel~=icon]"):
        assert tag["href"].startswith("/static/")
    assert not tree.select(f"img, {FOREIGN_SCRIPT}, iframe, object, video, audio, style")


@pytest.mark.parametrize(
    "path", ["/github.com/Acme//Rocket", "/github.com//Acme/Rocket/issues/12?x=1", "/search//?q=x"]
)
def test_a_redirect_does_not_believe_the_host_header(archive: Archive, path: str) -> None:
    """Slashes too many are taken out without naming a host, let alone the one that the request made up."""
    archive.save()
    response = archive.client().get(path, headers={"Host": "evil.example"})
    assert response.status_code in {301, 308}
    assert response.headers["Location"] == re.sub("/+", "/", path)
    assert response.headers["Cache-Control"] == "max-age=3600"
    assert "evil" not in response.get_data(as_text=True)
