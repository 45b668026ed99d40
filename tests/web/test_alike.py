"""Similar debates on the page of a thread, and that they never stand in its way."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from archives import Archive
from pages import page

from search.errors import IndexUnavailable
from search.index import Hit
from web.alike import FRESH, Alike

THREAD = "/github.com/Acme/Rocket/issues/12"


class Counting:
    """An index that knows what is like what, and how often it was asked; it can be down, or take its time."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys
        self.asked = 0
        self.down = False
        self.go_on = threading.Event()
        self.go_on.set()

    def similar(self, _key: str, limit: int = 5) -> tuple[Hit, ...]:
        """Tell."""
        self.asked += 1
        if self.down:
            raise IndexUnavailable("damaged", key="/secret/place")
        self.go_on.wait(30)
        return tuple(Hit(key, 1.0, None, 0) for key in self.keys)[:limit]

    def cursor(self) -> int:
        """Be up to date."""
        return 0


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as long as it takes, on a slow machine too."""
    monkeypatch.setattr("web.alike.WAIT", 30)


def titles(archive: Archive, client: Any, path: str = THREAD) -> list[str]:
    """Return the titles of the similar debates on a page."""
    return [each.get_text() for each in page(client, path).select(".alike h3 a")]


def test_a_threads_page_names_similar_debates(archive: Archive) -> None:
    """Those that the index finds, with links; the page of a version says nothing that came later."""
    digest = archive.save(12, "Relicense the rocket under copyleft?")
    archive.save(13, "Copyleft for the rocket", "The rocket needs a copyleft license.")
    archive.save(14, "Nozzle", "It leaks fuel.")
    archive.save(15, "Paint", "Red is faster.")
    client = archive.client()
    assert titles(archive, client) == ["Copyleft for the rocket"]
    assert page(client, THREAD).select(".alike h3 a")[0]["href"] == THREAD.replace("12", "13")
    assert titles(archive, client, f"{THREAD}@{digest[:12]}") == []


def test_with_the_index_down_the_page_does_without(archive: Archive) -> None:
    """It is asked again after a while, not for each reader."""
    archive.save()
    archive.save(13, "Another")
    index = Counting("77/13")
    index.down = True
    alike = Alike(archive.store, index, archive.clock)  # type: ignore[arg-type]
    assert alike.to("77/12") == ()
    assert alike.to("77/12") == ()
    assert index.asked == 1
    assert titles(archive, archive.client(index)) == []  # type: ignore[arg-type]
    index.down = False
    archive.now += timedelta(minutes=2)
    assert [each.number for each in alike.to("77/12")] == [13]


def test_an_answer_is_kept_for_a_while_and_what_is_held_no_more_is_left_out(archive: Archive) -> None:
    """The index is asked once; the store, each time."""
    archive.save()
    archive.save(13, "Another")
    index = Counting("77/13", "77/404")
    alike = Alike(archive.store, index, archive.clock)  # type: ignore[arg-type]
    assert [each.number for each in alike.to("77/12")] == [13]
    archive.withdraw(number=13)
    assert alike.to("77/12") == ()
    assert index.asked == 1
    archive.now += FRESH
    alike.to("77/12")
    assert index.asked == 2


def test_a_slow_index_does_not_hold_the_page_up(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first reader goes without, others do not queue behind it, and who comes later has them."""
    archive.save()
    archive.save(13, "Another")
    index = Counting("77/13")
    index.go_on.clear()
    alike = Alike(archive.store, index, archive.clock)  # type: ignore[arg-type]
    monkeypatch.setattr("web.alike.WAIT", 0)
    assert alike.to("77/12") == ()
    monkeypatch.setattr("web.alike.WAIT", 30)
    assert alike.to("77/13") == ()
    assert index.asked <= 1
    index.go_on.set()
    alike.drain()
    assert [each.number for each in alike.to("77/12")] == [13]


def test_a_page_with_another_similar_debate_has_another_etag(archive: Archive) -> None:
    """A title that was withdrawn is not kept by a 304."""
    archive.save(12, "Relicense the rocket under copyleft?")
    archive.save(13, "Copyleft for the rocket", "The rocket needs a copyleft license.")
    archive.save(14, "Nozzle", "It leaks fuel.")
    archive.save(15, "Paint", "Red is faster.")
    client = archive.client()
    first = client.get(THREAD)
    assert client.get(THREAD, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    archive.withdraw(number=13)
    again = client.get(THREAD, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200
    assert "Copyleft for the rocket" not in again.get_data(as_text=True)
