"""The archive's own JSON API, shape by shape."""

from __future__ import annotations

from datetime import timedelta

import pytest
from archives import OPENED, Archive, edit, event
from archives import post as comment

from archiver.model import PostKind, Relevance
from archiver.references import RepositoryRef, ThreadKind

THREAD_KEYS = {
    *("repository", "number", "kind", "title", "state", "state_reason", "locked", "labels", "author"),
    *("author_association", "created_at", "updated_at", "closed_at", "url", "upstream_url", "snapshot"),
    *("first_captured_at", "last_checked_at", "gone", "relevance", "posts", "events", "gap"),
    *("lock_reason", "draft", "category", "milestone", "assignees", "closed_by", "merged_at"),
    *("facts", "consent"),
}
POST_KEYS = {
    *("id", "kind", "url", "upstream_url", "author", "author_association", "created_at", "updated_at", "body"),
    *("body_html", "gone", "revisions", "state", "reply_to", "reactions", "minimized", "context", "edits"),
}
API = "/api/v1/threads/github.com/Acme/Rocket/12"


def test_a_thread_has_the_contracts_shape(archive: Archive) -> None:
    """Exactly the keys of the contract, and those added since; logins, UTC times with Z, absolute links."""
    digest = archive.save(comments=(comment(501, "No."), comment(502, "Why?", None)))
    found = archive.client().get(API).get_json()
    assert set(found) == THREAD_KEYS
    assert found["repository"] == "Acme/Rocket"
    assert found["snapshot"] == digest
    assert found["url"] == "http://archive.test/github.com/Acme/Rocket/issues/12"
    assert found["first_captured_at"] == "2026-03-01T12:00:00Z"
    relevance = {"terms": ["copyleft", "relicense"], "spdx": ["AGPL-3.0-only", "MIT"], "topics": ["relicense"]}
    assert found["relevance"] == relevance | {"relicensing": None}
    assert found["facts"]["posts"] == {"NONE": 1, "MEMBER": 1}
    assert found["consent"] is None
    assert [each["id"] for each in found["posts"]] == [9012, 501, 502]
    assert [each["author"] for each in found["posts"]] == ["asker", "kim", None]
    for post in found["posts"]:
        assert set(post) == POST_KEYS
        assert sorted(post["revisions"][0]) == ["body", "captured_at", "digest", "edited_at", "source"]


def test_a_thread_tells_its_events_reviews_edits_and_reactions(archive: Archive) -> None:
    """What GitHub says besides the texts, in plain values."""
    hunk = {"path": "LICENSE", "original_line": 3, "diff_hunk": "-GPL", "commit_id": "c0ffee"}
    closed = OPENED + timedelta(days=1)
    archive.save(
        kind=ThreadKind.PULL,
        draft=True,
        milestone="2.0",
        assignees=("kim",),
        closed_at=closed,
        merged_at=closed,
        state="closed",
        comments=(
            comment(501, "No.", minutes=10, edited=OPENED + timedelta(minutes=40), reactions={"+1": 2}),
            comment(601, "Fine.", kind=PostKind.REVIEW, state="APPROVED"),
            comment(701, "Why?", kind=PostKind.REVIEW_COMMENT, raw=hunk),
            comment(702, "So.", kind=PostKind.REVIEW_COMMENT, reply_to=701),
        ),
    )
    archive.happen(event("closed", minutes=1440), event("locked", minutes=1441, lock_reason="spam"))
    archive.tell(501, edit(10, "Yes."), edit(40, "No.", "boss"), minimized="OFF_TOPIC")
    found = archive.client().get(API).get_json()
    assert found["events"][1] == {
        "kind": "locked",
        "at": "2018-02-17T09:13:00Z",
        "actor": "boss",
        "detail": {"lock_reason": "spam"},
    }
    said = {name: found[name] for name in ("draft", "milestone", "assignees", "closed_by", "merged_at", "category")}
    assert said == {
        "draft": True,
        "milestone": "2.0",
        "assignees": ["kim"],
        "closed_by": "boss",
        "merged_at": "2018-02-17T09:12:00Z",
        "category": None,
    }
    posts = {each["id"]: each for each in found["posts"]}
    assert [posts[number]["kind"] for number in (501, 601, 701)] == ["comment", "review", "review_comment"]
    assert (posts[501]["reactions"], posts[501]["minimized"]) == ({"+1": 2}, "OFF_TOPIC")
    first, second = posts[501]["edits"]
    assert [each["source"] for each in posts[501]["revisions"]] == ["history", "seen"]
    assert [each["digest"] for each in posts[501]["revisions"]] == [first["revision"], second["revision"]]
    assert (second["editor"], second["at"], second["deleted_at"]) == ("boss", "2018-02-16T09:52:00Z", None)
    assert posts[601]["state"] == "APPROVED"
    assert posts[701]["context"] == {"path": "LICENSE", "line": 3, "diff_hunk": "-GPL"}
    assert posts[702]["reply_to"] == 701
    assert posts[702]["url"].endswith("/pull/12#discussion_r702")


def test_what_is_gone_upstream_says_so_and_is_still_found(archive: Archive) -> None:
    """The post, the thread and the finding have GitHub's status; search goes on finding the text."""
    archive.save(comments=(comment(501, "Zanzibar."),))
    archive.lose(501)
    with archive.store.transaction() as tx:
        tx.mark_thread_gone(77, 12, 451)
    client = archive.client()
    found = client.get(API).get_json()
    assert found["gone"] == {"status": 451, "since": "2026-03-03T12:00:00Z"}
    assert found["posts"][1]["gone"] == {"status": 404, "since": "2026-03-02T12:00:00Z"}
    assert found["posts"][1]["body"] == "Zanzibar."
    assert client.get("/api/v1/search?q=zanzibar+is:gone").get_json()["results"][0]["best_post"]["id"] == 501


def test_the_api_gives_texts_as_captured(archive: Archive) -> None:
    """Programs get what was written, to the byte; only pages are made safe."""
    body = "<script>alert(1)</script>\r\n\x0cé\U0001f600"
    archive.save(body=body)
    assert archive.client().get(API).get_json()["posts"][0]["body"] == body


@pytest.mark.parametrize("name", ["acme/rocket", "Old/Name"])
def test_a_thread_is_found_by_any_name_of_its_repository(archive: Archive, name: str) -> None:
    """301 to the present spelling, as for pages, kept for an hour, and open to scripts like what it leads to."""
    archive.save()
    archive.save_repository(RepositoryRef("Old", "Name"))
    response = archive.client().get(f"/api/v1/threads/github.com/{name}/12?x=1", headers={"Host": "evil.example"})
    assert response.status_code == 301
    assert response.headers["Location"] == f"{API}?x=1"
    assert response.headers["Cache-Control"] == "max-age=3600"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("number", ["012", "0", "-1", "+12", "１２", "12.0", "9" * 40, "9" * 5000])
def test_only_a_number_as_github_writes_it_is_one(archive: Archive, number: str) -> None:
    """Nothing but ASCII digits without a 0 before them, so that a proxy can close a thread's address."""
    archive.save()
    response = archive.client().get(f"/api/v1/threads/github.com/Acme/Rocket/{number}")
    assert (response.status_code, response.get_json()["error"]) == (404, "not_found")


def test_what_is_missing_from_a_thread_stands_in_its_json(archive: Archive) -> None:
    """Of the thread and of its snapshot; null where nothing is known to be missing."""
    archive.save()
    digest = archive.save(13, upstream_comments=3)
    client = archive.client()
    assert client.get(API).get_json()["gap"] is None
    for path in ("issues/13.json", f"issues/13@{digest}.json"):
        assert client.get(f"/github.com/Acme/Rocket/{path}").get_json()["gap"] == "0 of 3 comments could be fetched"


@pytest.mark.parametrize(
    "path",
    [
        "/github.com/Acme/Rocket/issues/99.json",
        "/github.com/no/where/issues/1.json",
        "/github.com/Acme/Rocket/issues/12@000000000000.json",
        "/github.com/Acme/Rocket/issues/12@20180216T091200Z.json",
        "/github.com/Acme/Rocket/issues/99@20180216T091200Z.json",
        "/github.com/Acme/Rocket/issues/99@000000000000.json",
        "/github.com/Acme/Rocket/issues/012.json",
    ],
)
def test_where_json_was_asked_for_errors_are_json(archive: Archive, path: str) -> None:
    """Thread, snapshot or moment that is not held: a word and a sentence."""
    archive.save()
    response = archive.client().get(path)
    assert (response.status_code, response.mimetype) == (404, "application/json")
    assert response.get_json()["error"] == "not_found"


def test_a_repository_may_be_called_like_a_file(archive: Archive) -> None:
    """Its pages, errors too, are pages."""
    archive.save_repository(name="data.json")
    response = archive.client().get("/github.com/Acme/data.json?page=x")
    assert (response.status_code, response.mimetype) == (400, "text/html")


def test_other_sites_may_ask_with_an_etag(archive: Archive) -> None:
    """The browser's question beforehand is answered, and the ETag may be read."""
    archive.save()
    client = archive.client()
    assert client.get(API).headers["Access-Control-Expose-Headers"] == "ETag"
    for path in (API, "/api/v1/search", "/github.com/Acme/Rocket/issues/12.json"):
        asked = client.options(path)
        assert asked.status_code == 200
        assert asked.headers["Access-Control-Allow-Origin"] == "*"
        assert "GET" in asked.headers["Access-Control-Allow-Methods"]
        assert asked.headers["Access-Control-Allow-Headers"] == "If-None-Match"
    assert "Access-Control-Allow-Origin" not in client.options("/").headers


def test_the_json_of_a_threads_page_is_the_apis(archive: Archive) -> None:
    """One shape, two addresses."""
    archive.save()
    client = archive.client()
    assert client.get("/github.com/Acme/Rocket/issues/12.json").get_json() == client.get(API).get_json()


def test_the_json_of_a_snapshot_stays_as_it_was(archive: Archive) -> None:
    """Texts, revisions and times of a cited version do not move when the thread does."""
    digest = archive.save(comments=(comment(501, "I agree."),))
    path = f"/github.com/Acme/Rocket/issues/12@{digest}.json"
    before = archive.client().get(path).get_json()
    assert before["snapshot"] == digest
    assert before["relevance"] is None
    edited = comment(501, "No.", edited=archive.now - timedelta(hours=2))
    archive.save(title="Renamed", comments=(edited, comment(502, "New")), relevance=Relevance("debate", terms=("gpl",)))
    assert archive.client().get(path).get_json() == before


def test_errors_are_json_for_programs(archive: Archive) -> None:
    """A word and a sentence, whatever is wrong."""
    archive.save()
    client = archive.client()
    threads = "/api/v1/threads/github.com"
    for path in (f"{threads}/Acme/Rocket/99", f"{threads}/no/where/1", "/api/v1/nothing"):
        response = client.get(path)
        assert response.status_code == 404
        assert response.get_json()["error"] == "not_found"
        assert response.get_json()["message"]
    refused = client.post(API)
    assert (refused.status_code, refused.get_json()["error"]) == (405, "method_not_allowed")


def test_what_was_fetched_already_is_not_sent_again(archive: Archive) -> None:
    """The API answers 304 to the ETag that it gave, until something changes."""
    archive.save()
    client = archive.client()
    etag = client.get(API).headers["ETag"]
    assert client.get(API, headers={"If-None-Match": etag}).status_code == 304
    archive.save(title="Renamed")
    assert client.get(API, headers={"If-None-Match": etag}).status_code == 200


def test_pages_of_other_sites_may_read_the_api(archive: Archive) -> None:
    """There is nothing in it but what is public; the pages themselves say nothing of the kind."""
    archive.save()
    client = archive.client()
    assert client.get(API).headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in client.get("/").headers


def test_the_repositories_come_with_what_is_missing(archive: Archive) -> None:
    """Counts, gaps and failures of each repository, with its addresses."""
    archive.save()
    with archive.store.transaction() as tx:
        tx.note_failure(77, "#14", "no answer in time")
    (found,) = archive.client().get("/api/v1/repositories").get_json()["repositories"]
    assert (found["repository"], found["threads"], found["posts"]) == ("Acme/Rocket", 1, 1)
    assert found["failures"][0]["target"] == "#14"
    assert found["url"] == "http://archive.test/github.com/Acme/Rocket"
