"""The archive's own JSON API, shape by shape."""

from __future__ import annotations

from datetime import timedelta

import pytest
from archives import Archive
from archives import post as comment

from archiver.model import RepositoryRef

THREAD_KEYS = {
    *("repository", "number", "kind", "title", "state", "state_reason", "locked", "labels", "author"),
    *("author_association", "created_at", "updated_at", "closed_at", "url", "upstream_url", "snapshot"),
    *("first_captured_at", "last_checked_at", "gone", "relevance", "posts", "events"),
}
POST_KEYS = {
    *("id", "kind", "url", "upstream_url", "author", "author_association", "created_at", "updated_at", "body"),
    *("body_html", "gone", "revisions"),
}
API = "/api/v1/threads/github.com/Acme/Rocket/12"


def test_a_thread_has_the_contracts_shape(archive: Archive) -> None:
    """Exactly the keys of the contract; logins, UTC times with Z, absolute links."""
    digest = archive.save(comments=(comment(501, "No."), comment(502, "Why?", None)))
    found = archive.client().get(API).get_json()
    assert set(found) == THREAD_KEYS
    assert found["repository"] == "Acme/Rocket"
    assert found["snapshot"] == digest
    assert found["url"] == "http://archive.test/github.com/Acme/Rocket/issues/12"
    assert found["first_captured_at"] == "2026-03-01T12:00:00Z"
    relevance = {"terms": ["copyleft", "relicense"], "spdx": ["AGPL-3.0-only", "MIT"], "topics": ["relicense"]}
    assert found["relevance"] == relevance
    assert [each["id"] for each in found["posts"]] == [9012, 501, 502]
    assert [each["author"] for each in found["posts"]] == ["asker", "kim", None]
    for post in found["posts"]:
        assert set(post) == POST_KEYS
        assert sorted(post["revisions"][0]) == ["body", "captured_at", "digest", "edited_at"]


def test_the_api_gives_texts_as_captured(archive: Archive) -> None:
    """Programs get what was written, to the byte; only pages are made safe."""
    body = "<script>alert(1)</script>\r\n\x0cé\U0001f600"
    archive.save(body=body)
    assert archive.client().get(API).get_json()["posts"][0]["body"] == body


@pytest.mark.parametrize("name", ["acme/rocket", "Old/Name"])
def test_a_thread_is_found_by_any_name_of_its_repository(archive: Archive, name: str) -> None:
    """Programs are spared the redirect."""
    archive.save()
    archive.save_repository(RepositoryRef("Old", "Name"))
    assert archive.client().get(f"/api/v1/threads/github.com/{name}/12").get_json()["repository"] == "Acme/Rocket"


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
    edited = comment(501, "No.", edited=archive.now - timedelta(hours=2))
    archive.save(title="Renamed", comments=(edited, comment(502, "New")))
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
