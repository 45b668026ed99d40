"""The history of a thread: captures, findings and GitHub's own edits in one list, as a page and as JSON."""

from __future__ import annotations

from datetime import timedelta

import pytest
from archives import OPENED, Archive, edit
from archives import post as comment
from bs4 import BeautifulSoup

from archiver.model import PostKind

THREAD = "/github.com/Acme/Rocket/issues/12"
API = "/api/v1/threads/github.com/Acme/Rocket/12/history"


def steps(archive: Archive) -> list[str]:
    """Return what the history says, latest first, without the times, links and digests."""
    tree = BeautifulSoup(archive.client().get(f"{THREAD}/history").get_data(as_text=True), "html.parser")
    return [" ".join(each.select_one("h3 ~ p:not(.about)").get_text().split()) for each in tree.select(".list > li")]


def test_all_that_happened_is_one_list_by_time(archive: Archive) -> None:
    """Captures, what was noticed, and edits from before the first capture, each with its date."""
    archive.save(comments=(comment(501, "No.", minutes=10, edited=OPENED + timedelta(minutes=40)),))
    archive.tell(501, edit(10, "Yes."), edit(40, "No.", "boss"), minimized="OFF_TOPIC")
    archive.lose(501)
    assert steps(archive) == [
        "1 post no longer there",
        "Post 2 by kim (16 February 2018) is gone: deleted (GitHub answers 404).",
        "Post 2 by kim (16 February 2018) is hidden on GitHub as off-topic.",
        "First capture, 2 posts",
        "Post 2 by kim (16 February 2018) was edited by boss.",
    ]
    tree = BeautifulSoup(archive.client().get(f"{THREAD}/history").get_data(as_text=True), "html.parser")
    assert [each.select_one("h3 time")["datetime"][:10] for each in tree.select(".list > li")] == [
        *("2026-03-02", "2026-03-02", "2026-03-02", "2026-03-01", "2018-02-16"),
    ]
    assert tree.select_one(".told a")["href"] == f"{THREAD}#issuecomment-501"


def test_what_came_back_keeps_its_gap(archive: Archive) -> None:
    """A thread that is there again says from when to when it was gone."""
    archive.save()
    with archive.store.transaction() as tx:
        tx.mark_thread_gone(77, 12, 404)
    archive.now += timedelta(days=3)
    with archive.store.transaction() as tx:
        tx.mark_thread_back(77, 12)
    assert steps(archive)[:2] == [
        "The thread is back; it was gone from 2 March 2026 to 5 March 2026, when GitHub answered 404.",
        "The thread is gone: deleted or hidden (GitHub answers 404).",
    ]


def test_a_post_that_came_back_keeps_its_gap(archive: Archive) -> None:
    """Seen again, it loses its tombstone and not its history."""
    said = comment(501, "No.")
    archive.save(comments=(said,))
    archive.lose(501)
    archive.save(comments=(said,))
    told = steps(archive)
    assert "Post 2 by kim (16 February 2018) is back; it was gone from 2 March 2026 to 3 March 2026, when" in told[1]
    assert told[0] == "1 new post"


def test_names_flags_and_blocks_of_the_repository_are_told(archive: Archive) -> None:
    """A mistaken disappearance, a rename, a legal block and its end."""
    archive.save()
    with archive.store.transaction() as tx:
        tx.set_flag(77, suspects=40, posts=50)
        tx.clear_flag(77, gone=0)
        tx.set_flag(77, suspects=40, posts=50)
        tx.clear_flag(77, gone=3)
    archive.now += timedelta(days=1)
    archive.save_repository(name="Missile")
    with archive.store.transaction() as tx:
        tx.mark_repository_gone(77, 451)
    archive.now += timedelta(days=1)
    with archive.store.transaction() as tx:
        tx.mark_repository_back(77)
    tree = archive.client().get("/github.com/Acme/Missile/issues/12/history").get_data(as_text=True)
    told = [" ".join(each.get_text().split()) for each in BeautifulSoup(tree, "html.parser").select(".told")]
    assert told == [
        "The repository is back; it was gone from 3 March 2026 to 4 March 2026, when GitHub answered 451.",
        "The repository is gone: blocked for legal reasons (GitHub answers 451).",
        "The repository was renamed from Acme/Rocket to Acme/Missile.",
        "What had seemed gone from the repository at once was looked at again: 3 posts are gone.",
        "So much of the repository seemed gone at once (40 of 50 posts) that it was not believed: nothing was marked.",
        "What had seemed gone from the repository at once is there again: nothing was marked.",
        "So much of the repository seemed gone at once (40 of 50 posts) that it was not believed: nothing was marked.",
    ]


def test_a_deleted_account_is_told_with_the_name_that_it_had(archive: Archive) -> None:
    """Its posts keep it."""
    archive.save(comments=(comment(501, "No."),))
    archive.save(comments=(comment(501, "No.", None),))
    assert steps(archive)[0] == "The account kim was deleted; here its posts keep their author."


def test_the_content_of_an_edit_that_was_deleted_upstream_is_told(archive: Archive) -> None:
    """Whether it is held here from before, or not."""
    archive.save(comments=(comment(501, "No.", minutes=10, edited=OPENED + timedelta(minutes=40)),))
    deleted = OPENED + timedelta(minutes=50)
    archive.tell(501, edit(10, None, "kim", deleted), edit(20, "Hm.", "boss"), edit(40, "No.", "boss"))
    archive.now += timedelta(days=1)
    archive.tell(501, edit(10, None, "kim", deleted), edit(20, None, "boss", deleted), edit(40, "No.", "boss"))
    told = steps(archive)
    post = "Post 2 by kim (16 February 2018)"
    assert f"The content of an edit of 16 February 2018 was deleted on GitHub: {post}." in told
    assert f"{post}: its first text was deleted on GitHub on 16 February 2018, it is not held here." in told
    assert f"{post} was edited by boss; this text was deleted on GitHub on 16 February 2018, it is held here." in told


def test_changes_of_state_that_github_has_no_event_of_are_told_by_the_captures(archive: Archive) -> None:
    """Closed, why; locked, why; reopened; a review dismissed; transferred threads are told by findings."""
    review = comment(601, "Fine.", kind=PostKind.REVIEW, state="APPROVED")
    archive.save(comments=(review,), upstream_comments=0)
    dismissed = comment(601, "Fine.", kind=PostKind.REVIEW, state="DISMISSED")
    closed = {"state": "closed", "state_reason": "not_planned", "closed_at": archive.now}
    archive.save(comments=(dismissed,), upstream_comments=0, locked=True, lock_reason="too heated", **closed)
    archive.save(comments=(dismissed,), upstream_comments=0, state_reason="reopened")
    assert steps(archive)[:2] == [
        "Reopened; unlocked",
        "Closed as not planned; locked as too heated; a review's or an answer's standing changed",
    ]


def test_a_transfer_and_a_name_taken_over_are_told(archive: Archive) -> None:
    """Where the thread was before, and that the name means another repository now."""
    archive.save()
    with archive.store.transaction() as tx:
        tx.save_repository(archive.repository.__class__(78, "Acme", "Other"))
        tx.move_thread(77, 12, 78, 5)
        tx.detach(78, 79)
    reference = "/lookup?url=https://github.com/Acme/Rocket/issues/12"
    client = archive.client()
    place = (
        client.get(client.get(reference).headers["Location"]).headers.get("Location")
        or client.get(reference).headers["Location"]
    )
    tree = BeautifulSoup(client.get(f"{place}/history").get_data(as_text=True), "html.parser")
    told = [" ".join(each.get_text().split()) for each in tree.select(".told")]
    assert "The thread was transferred from Acme/Rocket#12 to Acme/Other#5." in told
    assert any(each.startswith("The name Acme/Other belongs to another repository now") for each in told)


def test_the_history_as_json(archive: Archive) -> None:
    """Captures with what changed in plain words, findings and edits with their posts, and the redirects of a thread."""
    first = archive.save(title="Old <b>", comments=(comment(501, "No.", minutes=10),))
    second = archive.save(comments=(comment(501, "No.", minutes=10),))
    archive.tell(501, edit(10, "Yes."), edit(40, "No.", "boss"))
    archive.lose(501)
    client = archive.client()
    found = client.get(API).get_json()
    assert sorted(found) == ["captures", "edits", "findings"]
    assert [each["snapshot"] for each in found["captures"]][:2] == [first, second]
    assert found["captures"][1] == {
        "number": 2,
        "at": "2026-03-02T12:00:00Z",
        "snapshot": second,
        "url": f"http://archive.test{THREAD}@{second}",
        "changes": ["retitled, before: “Old <b>”"],
    }
    url = f"http://archive.test{THREAD}#issuecomment-501"
    (finding,) = found["findings"]
    assert finding["post"] == {"kind": "comment", "id": 501, "url": url}
    assert (finding["kind"], finding["about"], finding["detail"]) == ("gone", "post", {"status": 404})
    assert [(each["at"], each["editor"], each["post"]["id"]) for each in found["edits"]] == [
        ("2018-02-16T09:22:00Z", "kim", 501),
        ("2018-02-16T09:52:00Z", "boss", 501),
    ]
    assert all(len(each["revision"]) == 64 and each["deleted_at"] is None for each in found["edits"])
    response = client.get("/api/v1/threads/github.com/acme/ROCKET/12/history")
    assert (response.status_code, response.headers["Location"]) == (301, API)
    assert client.get("/api/v1/threads/github.com/Acme/Rocket/99/history").get_json()["error"] == "not_found"


@pytest.mark.parametrize("path", [f"{THREAD}/history", API])
def test_a_history_answers_304_while_nothing_happened(archive: Archive, path: str) -> None:
    """And no longer once something was found out."""
    archive.save()
    etag = archive.client().get(path).headers["ETag"]
    assert archive.client().get(path, headers={"If-None-Match": etag}).status_code == 304
    with archive.store.transaction() as tx:
        tx.mark_thread_gone(77, 12, 404)
    assert archive.client().get(path, headers={"If-None-Match": etag}).status_code == 200
