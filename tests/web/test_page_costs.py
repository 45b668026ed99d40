"""What a page asks of the database: so many statements, however much it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from archives import Archive, event
from archives import post as comment
from flask.testing import FlaskClient
from sqlalchemy import event as listening

from archiver.store import Store

THREAD = "/github.com/Acme/Rocket/issues/12"


@contextmanager
def asked(store: Store) -> Iterator[list[str]]:
    """Note the statements that are run, but for those that begin a transaction."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    listening.listen(store._engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        listening.remove(store._engine, "before_cursor_execute", note)


def cost(archive: Archive, client: FlaskClient, path: str) -> int:
    """Return how many statements a page takes that is made for the second time."""
    assert client.get(path).status_code == 200
    with asked(archive.store) as statements:
        # Another query is another page, and of the same.
        assert client.get(f"{path}{'&' if '?' in path else '?'}again=1").status_code == 200
    return len(statements)


@pytest.mark.parametrize(
    ("form", "most"), [("", 17), ("@{digest}", 17), (".json", 15), ("@{digest}.json", 17), (".md", 15), ("/cite", 15)]
)
def test_a_thread_takes_as_many_statements_however_long_it_is(archive: Archive, form: str, most: int) -> None:
    """A post or an event more is a row more, not a statement."""
    path = THREAD + form.format(digest=archive.save()[:12])
    few = cost(archive, archive.client(), path)
    assert few <= most
    digest = archive.save(comments=tuple(comment(number, f"Is it MIT, {number}?") for number in range(20)))
    archive.happen(event("closed"), event("locked"))
    assert cost(archive, archive.client(), THREAD + form.format(digest=digest[:12])) == few


def test_a_search_takes_as_many_statements_however_many_threads_it_shows(archive: Archive) -> None:
    """All threads of a repository among the hits are looked up at once."""
    archive.save()
    few = cost(archive, archive.client(), "/search?q=copyleft")
    assert few <= 6
    for number in range(13, 33):
        archive.save(number)
    page = archive.client()
    assert page.get("/search?q=copyleft").get_data(as_text=True).count('class="snippet"') == 20
    assert cost(archive, page, "/search?q=copyleft") == few


def test_hits_that_were_transferred_are_found_where_they_are_now(archive: Archive) -> None:
    """Threads are looked up by their places at once, and those that are elsewhere now one by one."""
    for number in (12, 13, 14):
        archive.save(number)
    with archive.store.transaction() as tx:
        tx.move_thread(77, 13, 77, 99)
    found = archive.store.summaries_by_key(["77/14", "77/13", "77/12", "77/500", f"77/{2**70}"])
    assert [each.number for each in found.values()] == [14, 99, 12]
