"""Old addresses on the site: of threads that were transferred, and of names that changed hands."""

from __future__ import annotations

from datetime import timedelta

from archives import Archive
from pages import page

from archiver.model import Repository


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
