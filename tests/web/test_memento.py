"""The Memento protocol, held against RFC 7089: pattern 2.1, its headers one by one, TimeMaps, and what is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from archives import Archive, post
from werkzeug.test import TestResponse

from archiver.references import RepositoryRef
from archiver.store import schema
from web.memento import parse_date

SITE = "http://archive.test"
ORIGINAL = "https://github.com/Acme/Rocket/issues/12"
PATH = "/github.com/Acme/Rocket/issues/12"
GATE = f"/timegate/{ORIGINAL}"
MAP = f"/timemap/link/{ORIGINAL}"
DAYS = ["Sun, 01 Mar 2026 12:00:00 GMT", "Mon, 02 Mar 2026 12:00:00 GMT", "Tue, 03 Mar 2026 12:00:00 GMT"]


def links(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Read a `Link` header, or a body of links: by each word of `rel` the target and the other attributes."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for target, attributes in re.findall(r'<([^<>]+)>((?:; *[a-z]+="[^"]*")+)', text):
        told = dict(re.findall(r'([a-z]+)="([^"]*)"', attributes))
        for word in told.pop("rel").split():
            found.setdefault(word, (target, told))
    return found


def link_header(response: TestResponse) -> dict[str, tuple[str, dict[str, str]]]:
    """Read all `Link` headers of a response."""
    return links(", ".join(response.headers.getlist("Link")))


def three(archive: Archive) -> list[str]:
    """Save three versions on three days, and return their digests."""
    return [archive.save(title=title) for title in ("One license", "Two licenses", "Three licenses")]


# --- step by step (section 4.2.1: the original is elsewhere, the TimeGate is its own, negotiation by redirect) --------


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (None, 2),
        ("Thu, 31 May 2007 20:35:00 GMT", 0),
        (DAYS[0], 0),
        ("Mon, 02 Mar 2026 11:59:59 GMT", 0),
        (DAYS[1], 1),
        ("Fri, 31 May 2999 20:35:00 GMT", 2),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_timegate_leads_to_the_version_in_force(
    archive: Archive, method: str, wanted: str | None, chosen: int
) -> None:
    """302 with `Vary`, `Location`, and links to the original and the TimeMap; never with `Memento-Datetime`."""
    digests = three(archive)
    response = archive.client().open(GATE, method=method, headers={"Accept-Datetime": wanted} if wanted else {})
    assert response.status_code == 302
    assert response.headers["Location"] == f"{SITE}{PATH}@{digests[chosen]}"
    assert response.headers["Vary"] == "accept-datetime"
    assert "Memento-Datetime" not in response.headers
    assert response.get_data() == b""
    found = link_header(response)
    assert found["original"] == (ORIGINAL, {})
    span = {"type": "application/link-format", "from": DAYS[0], "until": DAYS[2]}
    assert found["timemap"] == (f"{SITE}{MAP}", span)
    assert found["first"] == (f"{SITE}{PATH}@{digests[0]}", {"datetime": DAYS[0]})
    assert found["last"] == (f"{SITE}{PATH}@{digests[2]}", {"datetime": DAYS[2]})
    around = [found[word][1]["datetime"] if word in found else None for word in ("prev", "next")]
    assert around == [DAYS[chosen - 1] if chosen else None, DAYS[chosen + 1] if chosen < 2 else None]
    assert f'<{SITE}{PATH}@{digests[chosen]}>; rel="' in response.headers["Link"]


@pytest.mark.parametrize("form", ["", ".json"])
def test_a_memento_says_when_it_was_and_of_what(archive: Archive, form: str) -> None:
    """200 with `Memento-Datetime` and links to original, TimeGate and TimeMap; the thread as now known is none."""
    digests = three(archive)
    client = archive.client()
    for digest, day in zip(digests, DAYS, strict=True):
        for shown in (digest, digest[:12]):
            response = client.get(f"{PATH}@{shown}{form}")
            assert response.status_code == 200
            assert response.headers["Memento-Datetime"] == day
            assert "Vary" not in response.headers
            found = link_header(response)
            assert found["original"] == (ORIGINAL, {})
            assert found["timegate"] == (f"{SITE}{GATE}", {})
            assert found["timemap"] == (f"{SITE}{MAP}", {"type": "application/link-format"})
    assert "Memento-Datetime" not in client.get(PATH).headers


def test_the_headers_of_a_memento_come_from_memory_too(archive: Archive) -> None:
    """Asked for again, and by HEAD, it has the same."""
    digest = three(archive)[0]
    client = archive.client()
    first = client.get(f"{PATH}@{digest}")
    for again in (client.get(f"{PATH}@{digest}"), client.head(f"{PATH}@{digest}")):
        for name in ("Memento-Datetime", "Link"):
            assert again.headers.getlist(name) == first.headers.getlist(name)


def test_a_timemap_lists_all_mementos(archive: Archive) -> None:
    """In the format of RFC 6690: the original, the map itself with its span, the TimeGate, all mementos."""
    digests = three(archive)
    response = archive.client().get(MAP)
    assert (response.status_code, response.mimetype) == (200, "application/link-format")
    body = response.get_data(as_text=True)
    found = links(body)
    assert found["original"][0] == ORIGINAL
    span = {"type": "application/link-format", "from": DAYS[0], "until": DAYS[2]}
    assert found["self"] == (f"{SITE}{MAP}", span)
    assert found["timegate"][0] == f"{SITE}{GATE}"
    listed = re.findall(r'<([^>]+)>; rel="([a-z ]*memento)"; datetime="([^"]+)"', body)
    assert [each[1] for each in listed] == ["first memento", "memento", "last memento"]
    assert [each[0] for each in listed] == [f"{SITE}{PATH}@{digest}" for digest in digests]
    assert [each[2] for each in listed] == DAYS
    client = archive.client()
    for url, _, day in listed:
        assert client.get(url.removeprefix(SITE)).headers["Memento-Datetime"] == day


def test_a_single_memento_is_first_and_last(archive: Archive) -> None:
    """It is both at once, and has no neighbours."""
    digest = archive.save()
    client = archive.client()
    assert f'<{SITE}{PATH}@{digest}>; rel="first last memento"' in client.get(MAP).get_data(as_text=True)
    gate = client.get(GATE).headers["Link"]
    assert f'<{SITE}{PATH}@{digest}>; rel="first last memento"' in gate
    assert "prev" not in gate


def test_a_state_that_came_back_is_one_memento(archive: Archive) -> None:
    """It stands in the TimeMap as of its first capture, and is what was in force after its last one, too."""
    one = archive.save(title="One")
    archive.save(title="Two")
    assert archive.save(title="One") == one
    client = archive.client()
    assert client.get(MAP).get_data(as_text=True).count("datetime=") == 2
    for wanted in ({}, {"Accept-Datetime": DAYS[2]}, {"Accept-Datetime": DAYS[0]}):
        assert client.get(GATE, headers=wanted).headers["Location"] == f"{SITE}{PATH}@{one}"


# --- which original ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "original",
    [
        *(
            "http://github.com/Acme/Rocket/issues/12",
            "https://www.github.com/acme/rocket/issues/12/",
            "https:/github.com/a/b",
        ),
        *(
            "github.com/Acme/Rocket/issues/12",
            "https://github.com/Acme/Rocket/issues/12?utm=1",
            "https:/github.com/Acme/Rocket/issues/12",
        ),
        "https://github.com/Acme/Rocket/pull/12/files",
    ],
)
def test_an_original_is_known_in_its_spellings(archive: Archive, original: str) -> None:
    """As a lookup does: http, www, case, a slash at the end, a query, one slash where a proxy made one of two."""
    digest = archive.save()
    response = archive.client().get(f"/timegate/{original}")
    if original.endswith("a/b"):
        assert response.status_code == 404
    else:
        assert response.headers["Location"] == f"{SITE}{PATH}@{digest}"


def test_an_original_is_known_by_its_former_name(archive: Archive) -> None:
    """The TimeGate and the TimeMap of the old address lead to the same mementos, under their present name."""
    digest = archive.save()
    archive.save_repository(owner="Zenith", name="Probe")
    client = archive.client()
    response = client.get(GATE)
    present = f"{SITE}/github.com/Zenith/Probe/issues/12@{digest}"
    assert response.headers["Location"] == present
    assert link_header(response)["original"][0] == ORIGINAL
    assert present in client.get(MAP).get_data(as_text=True)
    memento = client.get(present.removeprefix(SITE))
    assert link_header(memento)["original"][0] == "https://github.com/Zenith/Probe/issues/12"
    assert archive.store.find_repository(RepositoryRef("Acme", "Rocket")) is not None


@pytest.mark.parametrize("url", ["https://github.com/Acme/Rocket/issues/99", "https://github.com/No/One/issues/1"])
def test_what_is_not_held_is_404(archive: Archive, url: str) -> None:
    """From a TimeGate with `Vary` still; with the way to get it archived."""
    archive.save()
    client = archive.client()
    gate = client.get(f"/timegate/{url}")
    assert (gate.status_code, gate.headers["Vary"]) == (404, "accept-datetime")
    assert "onrecord crawl" in gate.get_data(as_text=True)
    assert client.get(f"/timemap/link/{url}").status_code == 404


@pytest.mark.parametrize(
    "url", ["https://example.org/", "https://github.com/Acme/Rocket", "nonsense", "https://github.com"]
)
def test_what_is_no_thread_is_404(archive: Archive, url: str) -> None:
    """Of other sites, and of repositories, there are no mementos."""
    archive.save()
    for place in ("/timegate/", "/timemap/link/"):
        assert archive.client().get(place + url).status_code == 404


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        *("yesterday", "", "2007-05-31T20:35:00Z", "Thu, 31 May 2007 20:35:00", "Thu, 31 May 2007 20:35:00 +0000"),
        *("Thu, 31 Mai 2007 20:35:00 GMT", "Thu, 32 May 2007 20:35:00 GMT", "Thu, 31 May 2007 25:35:00 GMT"),
        "Thu, 31 May 2007 20:35:00 GMT; -P3DT5H;+P2DT6H",
    ],
)
def test_a_malformed_date_is_400(archive: Archive, wanted: str) -> None:
    """With `Vary` and the original, as section 4.5.3 has it."""
    archive.save()
    response = archive.client().get(GATE, headers={"Accept-Datetime": wanted})
    assert (response.status_code, response.headers["Vary"]) == (400, "accept-datetime")
    assert link_header(response)["original"][0] == ORIGINAL


def test_dates_are_read_as_the_rfc_writes_them() -> None:
    """RFC 1123 in GMT alone; a leap second is the last one of its minute."""
    assert parse_date("Thu, 31 May 2007 20:35:00 GMT") == datetime(2007, 5, 31, 20, 35, tzinfo=UTC)
    assert parse_date("Sat, 31 Dec 2016 23:59:60 GMT") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert parse_date("Thu, 31 May 2007 20:35:00 CET") is None


def test_a_withdrawn_thread_has_no_mementos(archive: Archive) -> None:
    """TimeGate and TimeMap are the tombstone, 410 or 451."""
    archive.save()
    archive.withdraw(reason="legal")
    client = archive.client()
    for path in (GATE, MAP):
        response = client.get(path)
        assert (response.status_code, response.headers["X-Robots-Tag"]) == (451, "noindex")


def test_versions_go_on_without_what_is_withdrawn(archive: Archive) -> None:
    """A memento whose title or post is withdrawn answers without it; only what is erased as a whole is left out."""
    first = archive.save(title="Zanzibar license", comments=(post(1, "Zanzibar."),))
    archive.withdraw("issue-9012", erase=True)
    archive.withdraw("issuecomment-1")
    second = archive.save(title="Another license", body="New text.")
    client = archive.client()
    text = client.get(MAP).get_data(as_text=True)
    assert first in text
    assert second in text
    early = client.get(GATE, headers={"Accept-Datetime": DAYS[0]}).headers["Location"]
    assert first in early
    page = client.get(early)
    assert (page.status_code, "Zanzibar" in page.get_data(as_text=True)) == (200, False)
    with archive.store.transaction() as tx:  # as earlier versions of this program erased titles
        tx._update(schema.snapshot, schema.snapshot.c.digest == first, record=b"")
    assert first not in client.get(MAP).get_data(as_text=True)
    assert client.get(early).status_code == 410
