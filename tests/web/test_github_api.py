"""`/api/v3`: an archive read as if it were GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from archives import OPENED, Archive
from archives import post as comment
from fakes import FakeGitHub, FakeRepository
from flask.testing import FlaskClient

from archiver.crawl import Crawler
from archiver.github import parse
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.model import Account, RepositoryRef, ThreadKind
from archiver.store import Store, open_store
from web.github_api import create_upstream_app

FULL = {"Accept": "application/vnd.github.full+json"}
REPO = "/api/v3/repos/Acme/Rocket"


@pytest.fixture
def filled(archive: Archive) -> FlaskClient:
    """Make a site with five threads, of which two are closed and one is a pull request."""
    for number in (1, 2, 3):
        closed = {"state": "closed", "closed_at": OPENED + timedelta(days=9), "closed_by": Account(5, "boss")}
        comments = tuple(comment(number * 100 + each, f"Comment {each}", minutes=number * 10 + each) for each in (1, 2))
        opened = OPENED + timedelta(days=number)
        archive.save(number, f"Thread {number}", comments=comments, created_at=opened, **(closed if number < 3 else {}))
    archive.save(4, "Pull", kind=ThreadKind.PULL, labels=("legal",), milestone="1.0")
    archive.save(5, "Talk", kind=ThreadKind.DISCUSSION)
    return archive.client()


# --- shapes -----------------------------------------------------------------------------------------------------------


def test_an_issue_has_githubs_shape(filled: FlaskClient) -> None:
    """What our own parser reads from GitHub it reads from here, to the same values."""
    found = filled.get(f"{REPO}/issues/1", headers=FULL).get_json()
    seen = parse.thread(found)
    assert (seen.number, seen.title, seen.state, seen.comments) == (1, "Thread 1", "closed", 2)
    assert seen.closed_by == Account(5, "boss")
    assert seen.opening.body == "Would you consider a *copyleft* license?"
    assert found["url"] == "http://localhost/api/v3/repos/Acme/Rocket/issues/1"
    assert found["html_url"] == "https://github.com/Acme/Rocket/issues/1"
    assert parse.repository_of(found) == RepositoryRef("Acme", "Rocket")


def test_a_list_says_nothing_of_who_closed_an_issue(filled: FlaskClient) -> None:
    """As on GitHub: only the single object has `closed_by`."""
    found = filled.get(f"{REPO}/issues?state=all").get_json()
    assert not any("closed_by" in each for each in found)


def test_a_pull_request_is_an_issue_with_a_mark_and_a_discussion_is_none(filled: FlaskClient) -> None:
    """The list of issues has pull requests in it, and no discussions."""
    found = {each["number"]: each for each in filled.get(f"{REPO}/issues?state=all").get_json()}
    assert sorted(found) == [1, 2, 3, 4]
    assert found[4]["pull_request"]["html_url"] == "https://github.com/Acme/Rocket/pull/4"
    assert "pull_request" not in found[1]
    assert [each["name"] for each in found[4]["labels"]] == ["legal"]
    assert found[4]["milestone"]["title"] == "1.0"
    assert filled.get(f"{REPO}/issues/5").status_code == 404


def test_a_comment_has_githubs_shape(filled: FlaskClient) -> None:
    """It names its thread, and can be fetched by its number."""
    listed = filled.get(f"{REPO}/issues/1/comments", headers=FULL).get_json()
    alone = filled.get(f"{REPO}/issues/comments/101", headers=FULL).get_json()
    assert alone == listed[0]
    number, seen = parse.comment(alone)
    assert (number, seen.id, seen.body, seen.author_association) == (1, 101, "Comment 1", "MEMBER")
    assert alone["html_url"] == "https://github.com/Acme/Rocket/issues/1#issuecomment-101"


@pytest.mark.parametrize(
    ("accept", "texts"),
    [
        ("application/vnd.github.full+json", {"body", "body_html", "body_text"}),
        ("application/vnd.github.v3.full+json", {"body", "body_html", "body_text"}),
        ("application/vnd.github.html+json", {"body_html"}),
        ("application/vnd.github.text+json", {"body_text"}),
        ("application/vnd.github.raw+json", {"body"}),
        ("application/vnd.github+json", {"body"}),
        ("application/json", {"body"}),
        ("*/*", {"body"}),
    ],
)
def test_the_media_type_chooses_the_texts(filled: FlaskClient, accept: str, texts: set[str]) -> None:
    """As GitHub's media types do."""
    for path in (f"{REPO}/issues/1", f"{REPO}/issues/comments/101"):
        found = filled.get(path, headers={"Accept": accept}).get_json()
        assert {"body", "body_html", "body_text"} & set(found) == texts


def test_texts_are_given_as_captured(archive: Archive) -> None:
    """Nothing is made safe here: whoever reads GitHub does that itself, and digests must come out the same."""
    evil = "<script>alert(1)</script>\r\n"
    archive.save(comments=(comment(501, evil, body_html=evil),))
    found = archive.client().get(f"{REPO}/issues/comments/501", headers=FULL).get_json()
    assert (found["body"], found["body_html"]) == (evil, evil)


# --- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [3, 4]),
        ("state=closed", [2, 1]),
        ("state=all&direction=asc", [4, 1, 2, 3]),
        ("state=all&sort=updated", [4, 3, 2, 1]),
        ("state=all&sort=updated&direction=asc&since=2026-03-02T12:00:00Z", [3, 4]),
        ("state=all&sort=comments&direction=asc", [4, 1, 2, 3]),
    ],
)
def test_issues_are_chosen_and_ordered_as_on_github(filled: FlaskClient, query: str, numbers: list[int]) -> None:
    """By default the open ones, newest first."""
    assert [each["number"] for each in filled.get(f"{REPO}/issues?{query}").get_json()] == numbers


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [101, 102, 201, 202, 301, 302]),
        ("direction=desc", [101, 102, 201, 202, 301, 302]),
        ("sort=updated&direction=asc", [101, 102, 201, 202, 301, 302]),
        ("sort=updated&direction=desc&per_page=2", [302, 301]),
        ("sort=created&since=2018-02-16T09:34:00Z", [302, 301, 202]),
    ],
)
def test_comments_are_chosen_and_ordered_as_on_github(filled: FlaskClient, query: str, numbers: list[int]) -> None:
    """Those of the whole repository; without `sort`, `direction` means nothing."""
    assert [each["id"] for each in filled.get(f"{REPO}/issues/comments?{query}").get_json()] == numbers


def test_pages_are_linked_by_the_repositorys_number(filled: FlaskClient) -> None:
    """Following `next` visits everything once; the other relations are those of GitHub's pages."""
    path = f"{REPO}/issues/comments?sort=updated&direction=asc&per_page=2"
    seen, links = [], []
    while path:
        response = filled.get(path)
        seen += [each["id"] for each in response.get_json()]
        links.append(httpx.Response(200, headers={"link": response.headers.get("Link", "")}).links)
        path = links[-1].get("next", {}).get("url", "")
        assert not path or urlsplit(path).path == "/api/v3/repositories/77/issues/comments"
    assert seen == [101, 102, 201, 202, 301, 302]
    assert [set(each) for each in links] == [{"next", "last"}, {"prev", "next", "last", "first"}, {"prev", "first"}]
    assert links[0]["last"]["url"].endswith("sort=updated&direction=asc&per_page=2&page=3")
    assert "Link" not in filled.get(f"{REPO}/issues").headers


@pytest.mark.parametrize("query", ["state=zz", "sort=size", "direction=up", "since=yesterday", "since=2020-01-01"])
def test_a_wrong_parameter_is_refused_as_on_github(filled: FlaskClient, query: str) -> None:
    """422, naming the field."""
    response = filled.get(f"{REPO}/issues?{query}")
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("query", ["per_page=0", "per_page=x&page=x", "page=-3", "per_page=1000000000000"])
def test_odd_page_sizes_are_taken_for_the_nearest(filled: FlaskClient, query: str) -> None:
    """GitHub forgives them, and so does this."""
    assert filled.get(f"{REPO}/issues?{query}").status_code == 200


# --- protocol ---------------------------------------------------------------------------------------------------------


def test_what_was_fetched_already_is_not_sent_again(filled: FlaskClient) -> None:
    """Conditional requests work on lists and objects, media type by media type."""
    for path in (f"{REPO}/issues?state=all", f"{REPO}/issues/1", f"{REPO}/issues/comments", REPO):
        etag = filled.get(path, headers=FULL).headers["ETag"]
        again = filled.get(path, headers={**FULL, "If-None-Match": etag})
        assert again.status_code == 304
        assert again.headers["X-RateLimit-Remaining"]
        if path != REPO:
            assert filled.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_a_repository_is_answered_in_any_case_and_a_former_name_is_moved(archive: Archive) -> None:
    """As on GitHub: 301 to the repository's number, with the rest of the path."""
    archive.save()
    archive.save_repository(RepositoryRef("Old", "Name"))
    client = archive.client()
    found = client.get("/api/v3/repos/acme/ROCKET").get_json()
    assert parse.repository(found).ref == RepositoryRef("Acme", "Rocket")
    assert client.get("/api/v3/repositories/77").get_json() == found
    moved = client.get("/api/v3/repos/Old/Name/issues/12?x=1")
    assert moved.status_code == 301
    assert moved.headers["Location"] == "http://localhost/api/v3/repositories/77/issues/12?x=1"


def test_what_is_not_held_is_githubs_404(filled: FlaskClient) -> None:
    """Message, documentation_url and status, as clients expect them."""
    threads = "/repos/Acme/Rocket/issues"
    paths = (f"{threads}/99", f"{threads}/99/comments", f"{threads}/comments/9")
    for path in (*paths, "/repos/no/where", "/repositories/78/issues", "/users/x"):
        response = filled.get(f"/api/v3{path}")
        assert response.status_code == 404
        assert set(response.get_json()) == {"message", "documentation_url", "status"}


def test_there_is_always_something_left_of_the_rate_limit(filled: FlaskClient) -> None:
    """Clients look at the headers and at /rate_limit before they go on."""
    rate = filled.get("/api/v3/rate_limit").get_json()["rate"]
    assert rate["remaining"] > 0
    assert int(filled.get(REPO).headers["X-RateLimit-Remaining"]) > 0


# --- an archive of an archive -----------------------------------------------------------------------------------------


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Store]:
    """Another store, to crawl into."""
    with open_store(f"sqlite:///{tmp_path / 'mirror.db'}") as opened:
        yield opened


def test_a_crawl_of_an_archive_gives_the_same_digests(
    store: Store, mirror: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """GitHub crawled into an archive, and that archive crawled into a mirror: the same snapshots, to the digit."""
    for number in range(1, 8):
        title = f"Relicense part {number} under the GPL?"
        repository.issue(title, f"body {number} \U0001f600\r\n", labels=[{"name": "legal"}])
        for each in range(number):
            repository.comment(number, f"The license, {each}", login=None if each == 2 else f"user{each}")
    repository.close(3)
    repository.issue("MIT license", None, login=None, pull_request={"merged_at": None}, locked=True)
    repository.edit_comment(min(repository.comments), "The licence, edited")
    with GitHub("https://api.test", transport=upstream) as github:
        Crawler(store, github, Vocabulary()).crawl(RepositoryRef("acme", "rocket"))
    app = create_upstream_app(store)
    with GitHub("http://archive.test/api/v3", transport=httpx.WSGITransport(app=app)) as github:
        report = Crawler(mirror, github, Vocabulary()).crawl(RepositoryRef("acme", "rocket"))
    assert report.captured == 8
    original = {each.key: each.snapshot for each in store.summaries()}
    assert {each.key: each.snapshot for each in mirror.summaries()} == original
    assert len(original) == 8


# --- hosts and numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "root"),
    [
        ("evil.example", "http://archive.test"),
        ("archive.test", "http://archive.test"),
        ("localhost.evil.example:80", "http://archive.test"),
        ("127.0.0.1.evil.example", "http://archive.test"),
        ("127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("localhost:8123", "http://localhost:8123"),
        ("[::1]:8123", "http://[::1]:8123"),
    ],
)
def test_links_are_the_sites_own_or_this_machines(filled: FlaskClient, host: str, root: str) -> None:
    """The Host header is believed where it names this machine; else links begin with `base_url`."""
    headers = {"Host": host}
    assert filled.get(f"{REPO}/issues/1", headers=headers).get_json()["url"].startswith(f"{root}/api/v3/")
    link = filled.get(f"{REPO}/issues?state=all&per_page=1", headers=headers).headers["Link"]
    assert link.count(f"<{root}/api/v3/") == 2


@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 40, "9" * 5000, "0", "01", "１"])
@pytest.mark.parametrize("path", ["repositories/{}", "repositories/77/issues/{}", "repositories/77/issues/comments/{}"])
def test_a_number_that_cannot_be_one_is_not_found(filled: FlaskClient, path: str, number: str) -> None:
    """Beyond 64 bits, or not written as GitHub writes numbers: 404, as GitHub answers."""
    for address in (path, path.replace("repositories/77", "repos/Acme/Rocket"), f"{path}/comments"):
        response = filled.get(f"/api/v3/{address.format(number)}")
        assert (response.status_code, response.get_json()["status"]) == (404, "404")
