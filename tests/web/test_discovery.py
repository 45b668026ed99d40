"""What tells programs where to look: OpenSearch, sitemaps, robots.txt, metrics, the description of the API."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from archives import OPENED, Archive, event
from archives import edit as github_edit
from archives import post as comment
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families

from archiver.errors import StoreError
from archiver.model import Repository
from search.errors import IndexUnavailable
from web import discovery

MAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


# --- OpenSearch -------------------------------------------------------------------------------------------------------


def test_a_browser_can_add_the_search(archive: Archive) -> None:
    """The description has what OpenSearch 1.1 asks for, within its lengths, and every page leads to it."""
    archive.save()
    client = archive.client(title="The record of all license debates & more")
    response = client.get("/opensearch.xml")
    assert response.mimetype == "application/opensearchdescription+xml"
    root = ET.fromstring(response.get_data())
    assert root.tag == f"{SEARCH}OpenSearchDescription"
    assert root.findtext(f"{SEARCH}ShortName") == "The record of al"
    assert len(root.findtext(f"{SEARCH}LongName") or "") <= 48
    assert 0 < len(root.findtext(f"{SEARCH}Description") or "") <= 1024
    urls = {each.get("type"): each.get("template") or "" for each in root.findall(f"{SEARCH}Url")}
    assert urls["text/html"] == "http://archive.test/search?q={searchTerms}"
    for kind in ("text/html", "application/atom+xml", "application/json"):
        path = urls[kind].removeprefix("http://archive.test").replace("{searchTerms}", "copyleft")
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (200, kind)
    for path in ("/", "/search", "/github.com/Acme/Rocket/issues/12", "/nothing"):
        assert '<link rel="search" type="application/opensearchdescription+xml" href="/opensearch.xml"' in client.get(
            path
        ).get_data(as_text=True)


# --- sitemaps ---------------------------------------------------------------------------------------------------------


def places(archive: Archive, path: str) -> list[tuple[str, str | None]]:
    """Return what a sitemap lists: each address with its `lastmod`."""
    response = archive.client().get(path)
    assert (response.status_code, response.mimetype) == (200, "application/xml")
    root = ET.fromstring(response.get_data())
    return [(each.findtext(f"{MAPS}loc") or "", each.findtext(f"{MAPS}lastmod")) for each in root]


def test_the_sitemap_lists_everything_in_parts(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index names the parts with the last capture in each; parts hold spans of threads; each address is a page."""
    monkeypatch.setattr(discovery, "PART", 2)
    for number in (11, 12, 13):
        archive.save(number)
    index = places(archive, "/sitemap.xml")
    assert index == [
        ("http://archive.test/sitemap-repositories.xml", None),
        ("http://archive.test/sitemap-1.xml", "2026-03-02T12:00:00Z"),
        ("http://archive.test/sitemap-2.xml", "2026-03-03T12:00:00Z"),
    ]
    found = [each for url, _ in index for each in places(archive, url.removeprefix("http://archive.test"))]
    assert [url.removeprefix("http://archive.test") for url, _ in found] == [
        *("/", "/about", "/help/search", "/github.com/", "/github.com/Acme/Rocket"),
        *(f"/github.com/Acme/Rocket/issues/{number}" for number in (11, 12, 13)),
    ]
    client = archive.client()
    assert {client.get(url.removeprefix("http://archive.test")).status_code for url, _ in found} == {200}
    assert found[5][1] == "2026-03-01T12:00:00Z"
    assert client.get("/sitemap-9.xml").status_code == 404
    assert client.get("/sitemap-0.xml").status_code == 404


def test_what_is_withdrawn_is_in_no_sitemap(archive: Archive) -> None:
    """Nor does an empty part stay in the index."""
    archive.save()
    archive.withdraw()
    assert [url for url, _ in places(archive, "/sitemap.xml")] == ["http://archive.test/sitemap-repositories.xml"]
    assert archive.client().get("/sitemap-1.xml").status_code == 404


def test_parts_stay_within_the_protocol() -> None:
    """No part can have more than 50,000 addresses."""
    assert 0 < discovery.PART <= 50_000


def test_robots_are_told_what_has_no_end(archive: Archive) -> None:
    """Searches, lookups and comparisons are closed, and the sitemap is named; with `noindex` everything is closed."""
    lines = archive.client().get("/robots.txt").get_data(as_text=True).splitlines()
    assert lines[0] == "User-agent: *"
    for closed in ("/search", "/lookup", "/api/", "/github.com/*/*/*/*/compare$", "/github.com/*/*/*/*/cite$"):
        assert f"Disallow: {closed}" in lines
    assert lines[-1] == "Sitemap: http://archive.test/sitemap.xml"
    assert archive.client(noindex=True).get("/robots.txt").get_data(as_text=True) == "User-agent: *\nDisallow: /\n"


# --- metrics ----------------------------------------------------------------------------------------------------------


def figures(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Read metrics with Prometheus's own parser: by name and labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_requests_are_counted_by_route(archive: Archive) -> None:
    """By route, method and status, also those that are answered from memory; nothing a visitor chose is a label."""
    archive.save()
    client = archive.client()
    etag = client.get("/github.com/Acme/Rocket/issues/12").headers["ETag"]
    client.get("/github.com/Acme/Rocket/issues/12")
    client.get("/github.com/Acme/Rocket/issues/12", headers={"If-None-Match": etag})
    client.head("/github.com/Acme/Rocket/issues/12")
    client.open("/github.com/Acme/Rocket/issues/12", method="BREW")
    for number in range(5):
        client.get(f"/no/such/address/{number}")
    response = client.get("/metrics")
    assert response.headers["Cache-Control"] == "no-store"
    found = figures(response.get_data(as_text=True))
    route = "/github.com/<owner>/<name>/<kind>/<tail>"
    counted = found["onrecord_http_requests_total"]

    def count(where: str, method: str, status: str) -> float:
        return counted.get((("method", method), ("route", where), ("status", status)), 0)

    assert count(route, "GET", "200") == 2
    assert count(route, "GET", "304") == 1
    assert count(route, "HEAD", "200") == 1
    assert sum(value for labels, value in counted.items() if ("method", "other") in labels) == 1
    assert count("none", "GET", "404") == 5
    assert found["onrecord_http_request_duration_seconds_count"][(("route", route),)] == 4
    assert not [labels for labels in counted if "Acme" in str(labels)]


def test_what_is_held_and_how_far_behind_the_index_is_can_be_watched(archive: Archive) -> None:
    """Threads, posts, snapshots, repositories, the last capture, the index's lag, the memory for pages."""
    archive.save(comments=(comment(501, "A word."),))
    client = archive.client()
    client.get("/")
    client.get("/")
    archive.save(13)
    found = figures(client.get("/metrics").get_data(as_text=True))
    value = {name: next(iter(values.values())) for name, values in found.items()}
    assert value["onrecord_threads"] == 2
    assert value["onrecord_posts"] == 3
    assert value["onrecord_snapshots"] == 2
    assert value["onrecord_repositories"] == 1
    assert value["onrecord_index_lag_changes"] == 1
    assert value["onrecord_store_up"] == value["onrecord_index_up"] == 1
    assert value["onrecord_last_capture_timestamp_seconds"] == 1772452800
    assert value["onrecord_cache_pages"] == 1
    assert found["onrecord_cache_requests_total"][(("answer", "kept"),)] == 1


def test_metrics_tell_what_cannot_be_read(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken store or index is a figure, not an error."""
    archive.save()
    client = archive.client()

    def broken(*_: object) -> None:
        raise StoreError("gone", key="x")

    def no_index(*_: object) -> None:
        raise IndexUnavailable("gone", key="x")

    monkeypatch.setattr(archive.store, "holdings", broken)
    monkeypatch.setattr(archive.index, "cursor", no_index)
    response = client.get("/metrics")
    assert response.status_code == 200
    found = figures(response.get_data(as_text=True))
    assert found["onrecord_store_up"][()] == found["onrecord_index_up"][()] == 0
    assert "onrecord_threads" not in found


# --- the description of the API ---------------------------------------------------------------------------------------


def described(archive: Archive) -> dict[str, Any]:
    """Return the description."""
    response = archive.client().get("/api/v1/openapi.json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    found: dict[str, Any] = response.get_json()
    return found


def test_the_description_is_valid_openapi(archive: Archive) -> None:
    """A validator that is not ours accepts it as OpenAPI 3.1, and it names this site."""
    found = described(archive)
    validate(found)
    assert found["openapi"].startswith("3.1")
    assert found["servers"] == [{"url": "http://archive.test"}]


def test_every_address_of_the_api_is_described(archive: Archive) -> None:
    """Each rule below `/api/v1` is a path of the description, and each path is a rule."""
    rules = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", each.rule) for each in archive.app().url_map.iter_rules()}
    assert set(described(archive)["paths"]) == {each for each in rules if each.startswith("/api/v1/")}


def test_what_the_api_answers_is_what_is_described(archive: Archive) -> None:
    """Answers with everything in them fit their schemas, which allow no names besides; so do errors."""
    found = described(archive)
    edited = comment(501, "Yes, MIT is fine with me.", edited=OPENED.replace(year=2019), reactions={"+1": 3})
    digest = archive.save(
        body="We want to relicense to MIT. Please reply “I agree” if you agree to relicense your contributions.",
        comments=(edited, comment(502, "I agree", "ann")),
    )
    archive.happen(event("labeled", label="license"))
    archive.tell(501, github_edit(1, "Yes."), github_edit(9, "Yes, MIT is fine with me."), minimized="off-topic")
    archive.lose(502)
    archive.save(13)
    archive.withdraw(number=13)
    client = archive.client()
    one = "/api/v1/threads/github.com/Acme/Rocket"
    checked = []
    for path, url, status in (
        (f"{one}/12", "/api/v1/threads/github.com/{owner}/{name}/{number}", 200),
        (f"{one}/12/history", "/api/v1/threads/github.com/{owner}/{name}/{number}/history", 200),
        (f"{one}/12/consent", "/api/v1/threads/github.com/{owner}/{name}/{number}/consent", 200),
        (f"{one}/13", "/api/v1/threads/github.com/{owner}/{name}/{number}", 410),
        (f"{one}/99", "/api/v1/threads/github.com/{owner}/{name}/{number}", 404),
        (f"/api/v1/snapshots/{digest}", "/api/v1/snapshots/{digest}", 200),
        ("/api/v1/search?q=mit", "/api/v1/search", 200),
        ("/api/v1/repositories", "/api/v1/repositories", 200),
    ):
        answer = client.get(path)
        assert answer.status_code == status, path
        told = found["paths"][url]["get"]["responses"][str(status)]
        told = found["components"]["responses"][told["$ref"].rpartition("/")[2]] if "$ref" in told else told
        schema = {**told["content"]["application/json"]["schema"], "components": found["components"]}
        errors = list(Draft202012Validator(schema).iter_errors(answer.get_json()))
        assert not errors, (path, errors[0].message, list(errors[0].absolute_path))
        checked.append(json.dumps(answer.get_json()))
    assert '"minimized": "off-topic"' in checked[0]


def test_an_archive_of_nothing_is_described_too(archive: Archive) -> None:
    """Before the first crawl the addresses answer, and the feed, the sitemap and the metrics are valid and empty."""
    client = archive.client()
    for path in ("/new.atom", "/updated.atom", "/sitemap.xml", "/metrics", "/api/v1/openapi.json", "/opensearch.xml"):
        assert client.get(path).status_code == 200, path
    assert archive.store.repositories() == [] or isinstance(archive.store.repositories()[0], Repository)
