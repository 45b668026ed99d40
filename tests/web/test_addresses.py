"""The contract of addresses, row by row: spellings, kinds, renames, transfers, tombstones, and what is not there."""

from __future__ import annotations

from typing import Any

import pytest
from archives import Archive
from archives import post as comment
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from pages import page, text

from archiver import __version__
from archiver.model import PostKind, Repository
from archiver.references import ThreadKind
from archiver.store import schema

ISSUE = "/github.com/Acme/Rocket/issues/12"
PULL = "/github.com/Acme/Rocket/pull/13"
DISCUSSION = "/github.com/Acme/Rocket/discussions/14"
HTML, JSON = "text/html", "application/json"
ATOM = "application/atom+xml"


@pytest.fixture
def held(archive: Archive) -> Archive:
    """Hold an issue in two versions, a pull request and a discussion."""
    archive.save(title="One license?")
    archive.save(comments=(comment(501, "Another word about copyleft."),))
    archive.save(13, kind=ThreadKind.PULL)
    archive.save(14, kind=ThreadKind.DISCUSSION)
    return archive


def latest(archive: Archive, number: int = 12) -> str:
    """Return the digest of a thread's latest snapshot."""
    return archive.store.summaries_by_key([f"77/{number}"])[f"77/{number}"].snapshot


ROWS = [
    ("/", HTML),
    ("/search?q=copyleft", HTML),
    ("/search?q=copyleft&sort=created-desc&page=1", HTML),
    ("/search.json?q=copyleft", JSON),
    ("/search.atom?q=copyleft", ATOM),
    ("/github.com/Acme/Rocket", HTML),
    (ISSUE, HTML),
    (PULL, HTML),
    (DISCUSSION, HTML),
    (f"{ISSUE}@{{digest}}", HTML),
    (f"{ISSUE}@{{short}}", HTML),
    (f"{ISSUE}/history", HTML),
    (f"{ISSUE}.json", JSON),
    (f"{ISSUE}.md", "text/markdown"),
    (f"{ISSUE}.bib", "application/x-bibtex"),
    (f"{ISSUE}.ris", "application/x-research-info-systems"),
    (f"{ISSUE}.csl.json", "application/vnd.citationstyles.csl+json"),
    (f"{ISSUE}.atom", ATOM),
    ("/timemap/link/https://github.com/Acme/Rocket/issues/12", "application/link-format"),
    ("/api/v1/threads/github.com/Acme/Rocket/12", JSON),
    ("/api/v1/search?q=copyleft", JSON),
    ("/api/v1/openapi.json", JSON),
    ("/api/v3/repos/Acme/Rocket/issues/12", JSON),
    ("/healthz", "text/plain"),
    ("/readyz", "text/plain"),
    ("/metrics", "text/plain"),
    ("/opensearch.xml", "application/opensearchdescription+xml"),
    ("/sitemap.xml", "application/xml"),
    ("/robots.txt", "text/plain"),
]


@pytest.mark.parametrize(("path", "kind"), ROWS, ids=[each[0] for each in ROWS])
def test_each_address_of_the_contract_answers(held: Archive, path: str, kind: str) -> None:
    """200, with its media type, validators and the fence of headers, to GET and to HEAD."""
    digest = latest(held)
    path = path.format(digest=digest, short=digest[:12])
    client = held.client()
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (200, kind)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    if path not in {"/healthz", "/readyz", "/metrics"}:
        assert response.headers["ETag"]
        assert client.get(path, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    head = client.head(path)
    assert (head.status_code, head.mimetype, head.get_data()) == (200, kind, b"")
    assert client.post(path).status_code == 405


REDIRECTS = [
    ("/github.com/ACME/rocket", 301, "/github.com/Acme/Rocket"),
    ("/github.com/acme/rocket/issues/12", 301, ISSUE),
    ("/github.com/Acme/Rocket/issue/12", 301, ISSUE),
    ("/github.com/Acme/Rocket/issues/13", 301, PULL),
    ("/github.com/Acme/Rocket/pulls/13", 301, PULL),
    ("/github.com/Acme/Rocket/pull/12", 301, ISSUE),
    ("/github.com/Acme/Rocket/issues/14", 301, DISCUSSION),
    ("/github.com/Acme/Rocket/discussion/14", 301, DISCUSSION),
    ("/github.com/acme/rocket/issues/12@{short}", 301, f"{ISSUE}@{{short}}"),
    ("/github.com/acme/rocket/issues/12@{SHORT}", 301, f"{ISSUE}@{{short}}"),
    (f"{ISSUE}@20260301T130000Z", 302, f"{ISSUE}@{{first}}"),
    (f"{ISSUE}@20270101T000000Z", 302, f"{ISSUE}@{{digest}}"),
    (f"{ISSUE}@20260301T130000Z.json", 302, f"{ISSUE}@{{first}}.json"),
    ("/github.com/acme/rocket/pull/12/history", 301, f"{ISSUE}/history"),
    ("/github.com/acme/rocket/pull/12/compare", 301, f"{ISSUE}/compare"),
    (f"{ISSUE}/compare", 302, f"{ISSUE}/compare?from={{first32}}&to={{shown}}"),
    ("/github.com/acme/rocket/issues/13.json", 301, f"{PULL}.json"),
    ("/github.com/acme/rocket/issues/13.atom", 301, f"{PULL}.atom"),
    ("/github.com/acme/rocket/issues/13.bib", 301, f"{PULL}.bib"),
    ("/github.com/acme/rocket/new.atom", 301, "/github.com/Acme/Rocket/new.atom"),
    ("/lookup?url=acme/rocket%2313", 302, PULL),
    ("/timegate/https://github.com/acme/rocket/pull/13", 302, f"http://archive.test{PULL}@{{pull}}"),
    ("/api/v1/threads/github.com/acme/rocket/12", 301, "/api/v1/threads/github.com/Acme/Rocket/12"),
    ("/github.com//Acme/Rocket/issues//12", 301, ISSUE),
]


@pytest.mark.parametrize(("path", "status", "target"), REDIRECTS, ids=[each[0] for each in REDIRECTS])
def test_each_other_spelling_leads_to_the_canonical_one(held: Archive, path: str, status: int, target: str) -> None:
    """Case, kind, singular and plural, times and defaults: one redirect each, kept for an hour at most."""
    captures = held.store.captures(77, 12)
    words: dict[str, Any] = {"digest": captures[-1].digest, "first": captures[0].digest, "pull": latest(held, 13)}
    words |= {"short": words["digest"][:12], "SHORT": words["digest"][:12].upper(), "first32": words["first"][:32]}
    words["shown"] = words["digest"][:32]
    response = held.client().get(path.format(**words))
    assert (response.status_code, response.headers["Location"]) == (status, target.format(**words))
    if status == 301:
        assert "max-age=3600" in response.headers["Cache-Control"]


def test_a_renamed_repository_keeps_all_of_its_addresses(held: Archive) -> None:
    """301 from every address under the old name, to the same under the new one."""
    digest = latest(held)
    held.save_repository(owner="Zenith", name="Probe")
    client = held.client()
    for path in (
        *("/github.com/Acme/Rocket", ISSUE, f"{ISSUE}@{digest[:12]}", f"{ISSUE}@{digest}", f"{ISSUE}/history"),
        *(f"{ISSUE}.json", f"{ISSUE}.md", f"{ISSUE}.bib", f"{ISSUE}.ris", f"{ISSUE}.csl.json", f"{ISSUE}.atom"),
        *(f"{ISSUE}/cite", f"{ISSUE}/compare", PULL, DISCUSSION, "/api/v1/threads/github.com/Acme/Rocket/12"),
        "/github.com/Acme/Rocket/new.atom",
    ):
        response = client.get(path)
        assert response.status_code == 301, path
        assert response.headers["Location"] == path.replace("Acme/Rocket", "Zenith/Probe")
        assert client.get(response.headers["Location"], follow_redirects=True).status_code == 200, path


def test_a_transferred_thread_keeps_all_of_its_addresses(held: Archive) -> None:
    """301 from its former place; its versions from before are found there and at its new one."""
    digest = latest(held)
    other = Repository(88, "Other", "Place")
    with held.store.transaction() as tx:
        tx.save_repository(other)
        tx.move_thread(77, 12, 88, 3)
    client = held.client()
    there = "/github.com/Other/Place/issues/3"
    for ending in ("", f"@{digest}", f"@{digest[:12]}", "/history", ".json", ".atom", ".bib"):
        response = client.get(ISSUE + ending)
        assert (response.status_code, response.headers["Location"]) == (301, there + ending)
        assert client.get(there + ending).status_code == 200


@pytest.mark.parametrize(("reason", "status"), [("personal-data", 410), ("legal", 451)])
def test_a_withdrawn_thread_is_a_tombstone_at_all_of_its_addresses(held: Archive, reason: str, status: int) -> None:
    """With the status, the reason's class and `noindex`; pages for people, JSON for programs; never 404."""
    digest = latest(held)
    held.withdraw(reason=reason)
    client = held.client()
    gate, listed = (f"/{name}/https://github.com/Acme/Rocket/issues/12" for name in ("timegate", "timemap/link"))
    for path in (
        *(ISSUE, f"{ISSUE}@{digest}", f"{ISSUE}@{digest[:12]}", f"{ISSUE}@20260301T130000Z", f"{ISSUE}/history"),
        *(f"{ISSUE}/compare", f"{ISSUE}/compare?from={digest[:12]}", f"{ISSUE}/cite", gate, listed),
        *(f"{ISSUE}.json", f"{ISSUE}.md", f"{ISSUE}.bib", f"{ISSUE}.ris", f"{ISSUE}.csl.json", f"{ISSUE}.atom"),
        *("/api/v1/threads/github.com/Acme/Rocket/12", f"/api/v1/snapshots/{digest}"),
        "/github.com/acme/rocket/pull/12",
    ):
        response = client.get(path)
        assert (response.status_code, response.headers["X-Robots-Tag"]) == (status, "noindex"), path
        assert "license?" not in response.get_data(as_text=True), path


@pytest.mark.parametrize("reason", ["other", "legal"])
def test_a_tombstone_is_asked_for_each_time(held: Archive, reason: str) -> None:
    """It says when it was put up and which one it is, but is never answered 304, which is for what was found."""
    digest = latest(held)
    at = held.now
    held.withdraw(reason=reason)
    client = held.client()
    for path in (ISSUE, f"{ISSUE}@{digest}", f"{ISSUE}/history", f"{ISSUE}.json", f"{ISSUE}.bib"):
        found = client.get(path)
        assert found.status_code in {410, 451}
        assert found.headers["Cache-Control"] == "no-cache"
        assert found.last_modified == at
        again = client.get(path, headers={"If-None-Match": found.headers["ETag"]})
        assert (again.status_code, again.headers["ETag"]) == (found.status_code, found.headers["ETag"])


def test_the_foot_of_a_tombstone_names_the_program(held: Archive) -> None:
    """Not the digest of the version that was withdrawn in its place."""
    held.save(title="Another title")
    digest = held.store.captures(77, 12)[0].digest
    held.withdraw("issue-9012", erase=True)
    with held.store.transaction() as tx:  # as earlier versions of this program erased titles
        tx._update(schema.snapshot, schema.snapshot.c.digest == digest, record=b"")
    found = page(held.client(), f"{ISSUE}@{digest}", 410)
    assert f"onrecord {__version__} under" in text(found, ".foot")
    assert digest in text(found, "main")


def test_what_is_erased_is_in_no_version(held: Archive) -> None:
    """Versions that were captured before go on without it, and their records are not given out."""
    first = held.store.captures(77, 12)[0].digest
    held.withdraw("issue-9012", erase=True)
    client = held.client()
    assert client.get(ISSUE).status_code == 200
    for path in (f"{ISSUE}@{first}", f"{ISSUE}@{first[:12]}", f"{ISSUE}@{first}.json"):
        response = client.get(path)
        assert response.status_code == 200, path
        assert "One license?" not in response.get_data(as_text=True)
    assert client.get(f"/api/v1/snapshots/{first}").status_code == 410


MISSING = [
    "/github.com/No/One",
    "/github.com/Acme/Rocket/issues/99",
    "/github.com/Acme/Rocket/wiki/12",
    "/github.com/Acme/Rocket/issues/0",
    "/github.com/Acme/Rocket/issues/12@0123456789ab",
    "/github.com/Acme/Rocket/issues/12@20170101T000000Z",
    "/github.com/Acme/Rocket/issues/12@{short}.atom",
    "/github.com/Acme/Rocket/issues/99/compare",
    "/github.com/Acme/Rocket/issues/99.atom",
    "/github.com/No/One/new.atom",
    "/timegate/https://github.com/Acme/Rocket/issues/99",
    "/nothing/here",
]


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_404_with_a_way_on(held: Archive, path: str) -> None:
    """Pages have at least one link that leads on besides those of every page; programs get a word and a sentence."""
    response = held.client().get(path.format(short=latest(held)[:12]))
    assert response.status_code == 404
    if response.mimetype == JSON:
        assert response.get_json()["error"] == "not_found"
        return
    tree = BeautifulSoup(response.get_data(as_text=True), "html.parser")
    links = [each["href"] for each in tree.select("main a")]
    assert links
    client = held.client()
    assert {client.get(each, follow_redirects=True).status_code for each in links if each.startswith("/")} <= {200}


def test_every_anchor_of_github_is_one_here(archive: Archive) -> None:
    """The opening post, comments, reviews and comments on code keep the fragments of GitHub's addresses."""
    review = comment(601, "Fine.", kind=PostKind.REVIEW, state="APPROVED")
    on_code = comment(701, "Here.", kind=PostKind.REVIEW_COMMENT)
    archive.save(13, comments=(comment(501, "A."), review, on_code), kind=ThreadKind.PULL, upstream_comments=1)
    archive.save(14, comments=(comment(801, "B."),), kind=ThreadKind.DISCUSSION)
    client: FlaskClient = archive.client()
    for path, anchors in (
        (PULL, ["issue-9013", "issuecomment-501", "pullrequestreview-601", "discussion_r701"]),
        (DISCUSSION, ["discussion-9014", "discussioncomment-801"]),
    ):
        tree = BeautifulSoup(client.get(path).get_data(as_text=True), "html.parser")
        assert all(tree.find(id=each) for each in anchors), path
