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
from archiver.model import Account, PostKind
from archiver.references import RepositoryRef, ThreadKind, parse_reference
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


# --- timelines, reviews -----------------------------------------------------------------------------------------------


@pytest.fixture
def told(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> Store:
    """Crawl two threads to which all sorts of things happened."""
    number = repository.issue("Relicense under the GPL?", "Please consider the GPL license.", pull_request={})
    repository.issues[number] |= {"draft": True, "reactions": {"+1": 4, "total_count": 4}}
    repository.rename(number, "Relicense under the GPL-3.0?")
    review = repository.review(number, "Not like this.", "CHANGES_REQUESTED")
    repository.review(number, "")
    remark = repository.review_comment(number, "Which one?", review=review)
    repository.review_comment(number, "3.0", in_reply_to_id=remark, reactions={"heart": 2})
    repository.comment(number, "Fine with me.")
    dismissed = {"review_id": review, "state": "changes_requested", "dismissal_message": "Settled."}
    repository.reviews[review]["state"] = "DISMISSED"
    repository.event(number, "review_dismissed", dismissed_review=dismissed)
    repository.event(number, "labeled", label={"name": "legal"})
    repository.event(number, "milestoned", milestone={"title": "2.0"})
    repository.event(number, "assigned", assignee={"login": "kim", "id": 5})
    repository.event(number, "review_requested", requested_reviewer={"login": "kim", "id": 5})
    repository.event(number, "review_requested", requested_team={"name": "legal"})
    repository.event(number, "something_new")
    source = {"id": 8, "number": 3, "title": "CLA", "state": "closed", "pull_request": {"merged_at": START_OF_TIME}}
    source |= {"html_url": "https://github.com/a/b/pull/3", "repository_url": "https://api.test/repos/a/b"}
    repository.events[number].append(
        {"event": "cross-referenced", "actor": None, "created_at": repository.tick(), "source": {"issue": source}}
    )
    repository.close(number)
    repository.lock(number, "too heated")
    repository.issue("License", "Which license is it?")
    with GitHub("https://api.test", transport=upstream) as github:
        Crawler(store, github, Vocabulary()).crawl(RepositoryRef("acme", "rocket"))
    return store


START_OF_TIME = "2020-01-01T00:00:00Z"
ROCKET = "/api/v3/repos/acme/rocket"


def test_a_timeline_reads_as_githubs_own_does(told: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """Item by item, our own parser reads the same from here as from GitHub."""
    client = create_upstream_app(told).test_client()
    theirs = upstream.timeline_json(repository, 1)
    ours = client.get(f"{ROCKET}/issues/1/timeline?per_page=100", headers=FULL).get_json()
    theirs = [item for item in theirs if item.get("body") != ""]  # the envelope of review comments is not kept
    assert [item["event"] for item in ours] == [item["event"] for item in theirs]
    for here, there in zip(ours, theirs, strict=True):
        assert parse.event(here) == parse.event(there)
        if here["event"] == "commented":
            assert parse.comment(here)[1].body == there["body"]
        if here["event"] == "reviewed":
            assert here["state"] == "dismissed"
            assert here["pull_request_url"] == "http://localhost/api/v3/repos/acme/rocket/pulls/1"


def test_a_timeline_comes_in_pages(told: Store) -> None:
    """Its pages follow each other by their links, and an ETag makes a second look free."""
    client = create_upstream_app(told).test_client()
    whole = client.get(f"{ROCKET}/issues/1/timeline?per_page=100").get_json()
    seen, path = [], f"{ROCKET}/issues/1/timeline?per_page=4"
    while path:
        response = client.get(path)
        assert client.get(path, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
        seen += response.get_json()
        path = httpx.Response(200, headers={"link": response.headers["Link"]}).links.get("next", {}).get("url", "")
        assert not path or urlsplit(path).path == "/api/v3/repositories/77/issues/1/timeline"
    assert seen == whole
    assert len(seen) > 12


def test_reviews_and_review_comments_have_githubs_shape(told: Store) -> None:
    """In lists and alone; what stands at a line says where, and what it answers."""
    client = create_upstream_app(told).test_client()
    (review,) = client.get(f"{ROCKET}/pulls/1/reviews", headers=FULL).get_json()
    assert client.get(f"{ROCKET}/pulls/1/reviews/{review['id']}", headers=FULL).get_json() == review
    assert (review["state"], review["body"]) == ("DISMISSED", "Not like this.")
    assert review["html_url"].endswith(f"/pull/1#pullrequestreview-{review['id']}")
    first, second = client.get(f"{ROCKET}/pulls/1/comments", headers=FULL).get_json()
    assert client.get(f"{ROCKET}/pulls/comments/{first['id']}", headers=FULL).get_json() == first
    assert (first["path"], first["line"]) == ("LICENSE", 3)
    assert first["url"] == f"http://localhost/api/v3/repos/acme/rocket/pulls/comments/{first['id']}"
    assert second["in_reply_to_id"] == first["id"]
    assert second["reactions"]["total_count"] == second["reactions"]["heart"] == 2
    issue = client.get(f"{ROCKET}/issues/1").get_json()
    assert (issue["draft"], issue["reactions"]["+1"]) == (True, 4)


def test_only_pull_requests_have_reviews(told: Store) -> None:
    """And each review belongs to one of them, each kind of post has its own addresses."""
    client = create_upstream_app(told).test_client()
    review = client.get(f"{ROCKET}/pulls/1/reviews").get_json()[0]["id"]
    paths = (
        "pulls/2/reviews",
        "pulls/2/comments",
        "issues/9/timeline",
        "pulls/9/comments",
        f"pulls/2/reviews/{review}",
    )
    for path in (*paths, f"pulls/comments/{review}", f"issues/comments/{review}"):
        assert client.get(f"{ROCKET}/{path}").status_code == 404
    assert client.get(f"{ROCKET}/issues/2/timeline").get_json() == []


def test_what_is_gone_or_withdrawn_is_in_no_list(told: Store) -> None:
    """Neither the post in any list or by its number (410 if withdrawn), nor a withdrawn title in events about it."""
    client = create_upstream_app(told).test_client()
    comment = client.get(f"{ROCKET}/issues/1/comments").get_json()[0]["id"]
    first, second = (each["id"] for each in client.get(f"{ROCKET}/pulls/1/comments").get_json())
    opening = client.get(f"{ROCKET}/issues/1").get_json()["id"]
    with told.transaction() as tx:
        tx.mark_post_gone(77, 1, PostKind.REVIEW_COMMENT, first, 404)
        for anchor in (f"issuecomment-{comment}", f"issue-{opening}"):
            target = tx.target(parse_reference(f"https://github.com/acme/rocket/pull/1#{anchor}"), None)
            tx.withdraw(target, reason="other", note=None, erase=False, judge=Vocabulary().judge)
    for path in ("issues/1/comments", "issues/comments", "issues/1/timeline", "pulls/1/comments", "pulls/comments"):
        found = client.get(f"{ROCKET}/{path}?per_page=100", headers=FULL).get_json()
        assert not {comment, first} & {each.get("id") for each in found}
    withdrawn = client.get(f"{ROCKET}/issues/comments/{comment}")
    assert (withdrawn.status_code, withdrawn.get_json()["reason"]) == (410, "other")
    assert client.get(f"{ROCKET}/pulls/comments/{first}").status_code == 404
    assert client.get(f"{ROCKET}/pulls/comments/{second}").status_code == 200
    issue = client.get(f"{ROCKET}/issues/1", headers=FULL)
    assert "consider" not in issue.get_data(as_text=True)
    assert "Relicense" not in issue.get_data(as_text=True)
    assert (issue.get_json()["user"], issue.get_json()["body"]) == (None, None)


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
    review = repository.review(8, "Which year?", "CHANGES_REQUESTED")
    repository.review_comment(8, "2019", in_reply_to_id=repository.review_comment(8, "Here?", review=review))
    repository.rename(4, "Relicense part 4 under the AGPL?")
    with GitHub("https://api.test", transport=upstream) as github:
        Crawler(store, github, Vocabulary()).crawl(RepositoryRef("acme", "rocket"))
    app = create_upstream_app(store)
    with GitHub("http://archive.test/api/v3", transport=httpx.WSGITransport(app=app)) as github:
        report = Crawler(mirror, github, Vocabulary()).crawl(RepositoryRef("acme", "rocket"))
    assert report.captured == 8
    original = {each.key: each.snapshot for each in store.summaries()}
    assert {each.key: each.snapshot for each in mirror.summaries()} == original
    assert len(original) == 8
    for number in range(1, 9):
        mine, theirs = store.thread(77, number), mirror.thread(77, number)
        assert mine is not None
        assert theirs is not None
        shown = [(each.kind, each.at, each.actor, each.detail) for each in mine.events]
        assert shown == [(each.kind, each.at, each.actor, each.detail) for each in theirs.events]
        assert [post.context for post in mine.posts] == [post.context for post in theirs.posts]


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


def test_a_withdrawn_post_is_in_no_cache(archive: Archive) -> None:
    """Shared caches ask each time; since when it is so is told, and a time from before is no answer to a change."""
    archive.save(comments=(comment(501, "Said."),))
    client = archive.client()
    for path in ("/issues/12/comments", "/issues", "/issues/comments/501", ""):
        first = client.get(f"/api/v3/repos/Acme/Rocket{path}")
        assert first.headers["Cache-Control"] == "public, no-cache"
        assert first.last_modified == archive.now
    archive.now += timedelta(hours=1)
    path, since = "/api/v3/repos/Acme/Rocket/issues/12/comments", {"If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get(path, headers=since).status_code == 304
    archive.withdraw("issuecomment-501")
    after = client.get(path, headers=since)
    assert (after.status_code, after.get_json(), after.last_modified) == (200, [], archive.now)
