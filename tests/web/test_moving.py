"""Old addresses on the site: of threads that were transferred, and of names that changed hands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from archives import JUDGED, Archive, post
from pages import page

from archiver.model import Repository
from archiver.references import ThreadRef


def test_the_old_address_of_a_transferred_thread_redirects_for_good(archive: Archive) -> None:
    """Page, snapshot, history and JSON of the old place lead to the new one by 301."""
    digest = archive.save(12)
    with archive.store.transaction() as tx:
        tx.save_repository(Repository(78, "Acme", "Docs"))
        tx.move_thread(77, 12, 78, 5)
    client = archive.client()
    for old, new in (
        ("issues/12", "issues/5"),
        ("issues/12.json", "issues/5.json"),
        (f"issues/12@{digest}", f"issues/5@{digest}"),
        ("issues/12/history", "issues/5/history"),
    ):
        answer = client.get(f"/github.com/Acme/Rocket/{old}")
        assert (answer.status_code, answer.location) == (301, f"/github.com/Acme/Docs/{new}")
        assert client.get(answer.location).status_code == 200
    assert client.get("/api/v1/threads/github.com/Acme/Rocket/12").status_code == 301
    found = client.get("/lookup?url=https://github.com/acme/rocket/issues/12")
    assert found.location == "/github.com/Acme/Docs/issues/5"


def test_threads_of_a_name_that_was_taken_over(archive: Archive) -> None:
    """An address of the shared name means the present bearer's thread; what only the former one has is found there."""
    shared = archive.save(12, title="License of the old rocket")
    archive.save(13, title="Another license of the old rocket")
    with archive.store.transaction() as tx:
        tx.detach(77, by=99)
    archive.now += timedelta(days=1)
    archive.save_repository(id=99)
    client = archive.client()
    own = "/github.com/Acme/Rocket~77/issues"
    for asked, leads in (
        ("13", f"{own}/13"),
        ("13.json", f"{own}/13.json"),
        (f"12@{shared}", f"{own}/12@{shared}"),
        ("13@20270101T000000Z", f"{own}/13@20270101T000000Z"),
    ):
        answer = client.get(f"/github.com/Acme/Rocket/issues/{asked}")
        assert (answer.status_code, answer.location) == (302, leads)
        assert client.get(leads, follow_redirects=True).status_code == 200
    assert client.get("/github.com/Acme/Rocket/issues/14").status_code == 404
    assert "License of the old rocket" in client.get(f"{own}/12").text
    assert "https://github.com/Acme/Rocket/issues/12" in client.get(f"{own}/12").text
    assert client.get("/github.com/acme/rocket~77").location == "/github.com/Acme/Rocket~77"
    assert client.get("/lookup?url=acme/rocket~77%2312").location == f"{own}/12"


def test_a_fixed_version_says_what_the_thread_was_called(archive: Archive) -> None:
    """After a transfer and a rename, a version from before names the place it was captured at; a later one does not."""
    first, other = archive.save(12), archive.save(13)
    archive.now += timedelta(days=1)
    with archive.store.transaction() as tx:
        tx.save_repository(Repository(78, "Acme", "Docs"))
        tx.move_thread(77, 12, 78, 5)
    archive.now += timedelta(days=1)
    with archive.store.transaction() as tx:
        tx.save_repository(Repository(78, "Acme", "Papers"))
    archive.save_repository(name="Starship")
    client = archive.client()
    for path, was in (
        (f"/github.com/Acme/Papers/issues/5@{first}", "Acme/Rocket#12"),
        (f"/github.com/Acme/Starship/issues/13@{other}", "Acme/Rocket#13"),
    ):
        assert f", when it was {was}" in page(client, path).select_one(".captured").get_text()
    again = archive.save(13, title="Another license")
    fixed = page(client, f"/github.com/Acme/Starship/issues/13@{again}").select_one(".captured")
    assert "when it was" not in fixed.get_text()


@pytest.fixture
def taken_over(archive: Archive) -> Archive:
    """Rename a repository with two threads, and let another one take its name, with a thread of the same number."""
    archive.save(1, title="Of the former one", comments=(post(201, "Said before."),))
    archive.save(5, title="Only the former one has it", comments=(post(205, "Said there."),))
    archive.save_repository(name="Rocket2")
    archive.now += timedelta(days=1)
    archive.save_repository(id=99, name="Rocket")
    archive.save(1, title="Of the present one", comments=(post(301, "Said now."),))
    return archive


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("acme/rocket/issues/1#issuecomment-201", "/Acme/Rocket2/issues/1#issuecomment-201"),
        ("acme/rocket/issues/1#issuecomment-301", "/Acme/Rocket/issues/1#issuecomment-301"),
        ("acme/rocket/issues/1", "/Acme/Rocket/issues/1"),
        ("acme/rocket/issues/5#issuecomment-205", "/Acme/Rocket2/issues/5#issuecomment-205"),
        ("acme/rocket/issues/5#issue-9005", "/Acme/Rocket2/issues/5#issue-9005"),
        ("acme/rocket2/issues/1#issuecomment-201", "/Acme/Rocket2/issues/1#issuecomment-201"),
        ("acme/rocket/issues/1#issuecomment-205", None),
        ("acme/rocket2/issues/1#issuecomment-301", None),
        ("acme/rocket/issues/1#issue-1", None),
    ],
)
def test_a_lookup_leads_to_the_thread_that_has_the_post(taken_over: Archive, asked: str, leads: str | None) -> None:
    """An old link to a comment means the former bearer's thread; an anchor that is nowhere is said not to be held."""
    answer = taken_over.client().get("/lookup", query_string={"url": f"https://github.com/{asked}"})
    if leads is None:
        assert (answer.status_code, "is not on the record here" in answer.text) == (404, True)
    else:
        assert (answer.status_code, answer.location) == (302, f"/github.com{leads}")
        assert leads.partition("#")[2] in taken_over.client().get(f"/github.com{leads}").text


def test_history_and_comparison_of_a_former_bearer_keep_what_was_asked(taken_over: Archive) -> None:
    """They lead to the same page of the thread that is meant, with its parameters."""
    client = taken_over.client()
    for tail in ("history", "compare?from=20260302T130000Z", "cite"):
        answer = client.get(f"/github.com/acme/rocket/issues/5/{tail}")
        assert (answer.status_code, answer.location) == (302, f"/github.com/Acme/Rocket2/issues/5/{tail}")
        assert client.get(answer.location, follow_redirects=True).status_code == 200


def test_a_comparison_of_a_former_bearers_versions_is_found(archive: Archive) -> None:
    """A citation of it leads there, query and all, though the present bearer has a thread of that number."""
    before = archive.save(1, title="Of the former one")
    archive.now += timedelta(days=1)
    after = archive.save(1, title="Of the former one, again")
    archive.save_repository(name="Rocket2")
    archive.now += timedelta(days=1)
    archive.save_repository(id=99, name="Rocket")
    present = archive.save(1, title="Of the present one")
    client = archive.client()
    place = "/github.com/Acme/Rocket/issues/1/compare"
    for query in (f"from={before[:32]}&to={after[:32]}", f"from={before}"):
        answer = client.get(f"{place}?{query}")
        assert (answer.status_code, answer.location) == (302, f"/github.com/Acme/Rocket2/issues/1/compare?{query}")
        assert client.get(answer.location, follow_redirects=True).status_code == 200
    # Neither thread has both: of one another's, a digest that nothing has, a time before any capture.
    for query in (f"from={before}&to={present}", f"from={'0' * 32}&to={after}", f"from=20200101T000000Z&to={after}"):
        assert client.get(f"{place}?{query}").status_code == 404
    assert client.get(f"{place}?from={present}&to={present}").status_code == 200


def test_a_time_before_the_present_bearers_capture_means_the_former_one(taken_over: Archive) -> None:
    """Where that one's thread was held at the time, in every form; 404 where neither was."""
    client = taken_over.client()
    then = f"{taken_over.store.captures(77, 1)[-1].at + timedelta(minutes=1):%Y%m%dT%H%M%SZ}"
    for tail in ("", ".json", ".bib?post=issuecomment-201", "/cite"):
        answer = client.get(f"/github.com/acme/rocket/issues/1@{then}{tail}")
        assert (answer.status_code, answer.location) == (302, f"/github.com/Acme/Rocket2/issues/1@{then}{tail}")
        assert client.get(answer.location, follow_redirects=True).status_code == 200
    answer = client.get(f"/github.com/Acme/Rocket/issues/1/compare?from={then}")
    assert answer.location == f"/github.com/Acme/Rocket2/issues/1/compare?from={then}"
    assert client.get("/github.com/Acme/Rocket/issues/1@20200101T000000Z").status_code == 404
    assert "/Acme/Rocket/" in client.get("/github.com/Acme/Rocket/issues/1@20300101T000000Z").location


def test_the_api_leads_to_a_former_bearers_thread_for_now(taken_over: Archive) -> None:
    """302 as on pages, not 301, since the present bearer may have one of that number tomorrow; a tombstone bars it."""
    client = taken_over.client()
    for part in ("", "/history", "/consent"):
        answer = client.get(f"/api/v1/threads/github.com/acme/rocket/5{part}?x=1")
        place = f"/api/v1/threads/github.com/Acme/Rocket2/5{part}?x=1"
        assert (answer.status_code, answer.location) == (302, place)
        assert "max-age=3600" not in answer.headers.get("Cache-Control", "")
    assert client.get("/api/v1/threads/github.com/acme/rocket/1").status_code == 301
    taken_over.withdraw(number=1)
    assert client.get("/api/v1/threads/github.com/Acme/Rocket/1").status_code == 410


def test_githubs_api_leads_to_a_former_bearers_comment(taken_over: Archive) -> None:
    """302 as for its thread; `/repositories/ID` names one repository alone; withdrawn it answers 410 or 451."""
    client = taken_over.client()
    path = "/api/v3/repos/acme/rocket/issues/comments"
    for comment in (201, 205):
        answer = client.get(f"{path}/{comment}?x=1")
        place = f"/api/v3/repositories/77/issues/comments/{comment}?x=1"
        assert (answer.status_code, answer.location) == (302, f"http://localhost{place}")
        assert client.get(place).get_json()["id"] == comment
        assert client.get(f"/api/v3/repositories/99/issues/comments/{comment}").status_code == 404
    assert client.get(f"{path}/301").status_code == 200
    assert client.get(f"{path}/999").status_code == 404
    with taken_over.store.transaction() as tx:
        target = tx.target(ThreadRef("Acme", "Rocket2", 1, anchor="issuecomment-201"), None, whole=False)
        tx.withdraw(target, reason="legal", note=None, erase=False, judge=lambda *_: JUDGED)
        target = tx.target(ThreadRef("Acme", "Rocket2", 5), None, whole=True)
        tx.withdraw(target, reason="other", note=None, erase=False, judge=lambda *_: JUDGED)
    for comment, status in ((201, 451), (205, 410)):
        for base in (path, "/api/v3/repositories/77/issues/comments"):
            answer = client.get(f"{base}/{comment}")
            assert answer.status_code == status
            assert set(answer.get_json()) == {"message", "reason", "documentation_url", "status"}
            assert "Said" not in answer.text
            assert answer.headers["X-Robots-Tag"] == "noindex"


def test_oembed_knows_the_threads_of_a_former_bearer(taken_over: Archive) -> None:
    """An embedded link goes on to show what it showed; what is withdrawn answers 410 or 451."""
    client = taken_over.client()

    def asked(number: int) -> tuple[int, str]:
        url = f"http://archive.test/github.com/acme/rocket/issues/{number}"
        answer = client.get("/oembed", query_string={"url": url})
        return answer.status_code, answer.get_json().get("title", answer.get_json().get("reason"))

    assert asked(5)[0] == 200
    assert "Only the former one has it" in asked(5)[1]
    assert "Of the present one" in asked(1)[1]
    assert asked(7)[0] == 404
    taken_over.withdraw(number=5, reason="legal")
    assert asked(5) == (451, "legal")


def test_githubs_api_tells_where_a_thread_is_and_that_it_is_withdrawn(taken_over: Archive) -> None:
    """301 after a transfer, 302 where a former bearer of the name has it, 410 or 451 for what is withdrawn."""
    with taken_over.store.transaction() as tx:
        tx.save_repository(Repository(78, "Acme", "Docs"))
        tx.move_thread(99, 1, 78, 4)
    client = taken_over.client()
    base = "/api/v3/repos/acme/rocket/issues"
    for path, status, leads in (
        (f"{base}/1", 301, "/repositories/78/issues/4"),
        (f"{base}/1/comments?per_page=5", 301, "/repositories/78/issues/4/comments?per_page=5"),
        ("/api/v3/repositories/99/issues/1/timeline", 301, "/repositories/78/issues/4/timeline"),
        (f"{base}/5", 302, "/repositories/77/issues/5"),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.location) == (status, f"http://localhost/api/v3{leads}"), path
        assert client.get(answer.location.removeprefix("http://localhost")).status_code == 200
    with taken_over.store.transaction() as tx:
        target = tx.target(ThreadRef("Acme", "Docs", 4), None, whole=True)
        tx.withdraw(target, reason="legal", note=None, erase=False, judge=lambda *_: JUDGED)
    for path in ("/api/v3/repos/acme/docs/issues/4", f"{base}/1/comments"):
        answer = client.get(path)
        assert answer.status_code == 451, (path, answer.get_json(), answer.location)
        assert answer.get_json()["reason"] == "legal"
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert client.get(f"{base}/6").status_code == 404


def test_links_to_a_withdrawn_thread_of_a_former_bearer_have_its_tombstone(archive: Archive) -> None:
    """Though the name's present bearer has a thread of that number: by digest, by time, as a comparison, as data."""
    digest = archive.save(12, title="License of the old rocket")
    when = f"{archive.now - timedelta(hours=1):%Y%m%dT%H%M%SZ}"
    archive.withdraw(number=12, reason="legal")
    archive.save_repository(name="Rocket2")
    archive.save_repository(id=99, name="Rocket")
    present = archive.save(12, title="License of the present one")
    client = archive.client()
    path = "/github.com/Acme/Rocket/issues/12"
    for tail in ("", f"@{present}", f"@{present}.json"):
        assert client.get(path + tail).status_code == 200, tail
    for tail in (f"@{digest}", f"@{digest[:32]}.json", f"@{digest}.bib", f"@{when}", f"/compare?from={digest}"):
        assert client.get(path + tail).status_code == 451, tail
