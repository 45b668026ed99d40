"""What pages and the API say of texts that GH Archive saw: in which hour, and whether this archive saw them too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from archives import Archive
from fakes import FakeRepository
from hourly import Recorder

from archiver.gharchive.files import find
from archiver.gharchive.importing import Importer
from archiver.license import Vocabulary

ASK = "Please consider the GPL-3.0 or another copyleft license for this project."


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Open an archive."""
    opened = Archive(tmp_path)
    yield opened
    opened.index.close()
    opened.store.close()


@pytest.fixture
def recorder() -> Recorder:
    """Record what happens at the archive's repository."""
    return Recorder(FakeRepository("Acme/Rocket"))


def take(archive: Archive, recorder: Recorder, folder: Path) -> None:
    """Import what was recorded."""
    recorder.write(folder)
    Importer(archive.store, Vocabulary()).run(find([folder]).files)


def words(html: str) -> str:
    """Return a page's words."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_page_says_through_whom_a_text_was_seen(archive: Archive, recorder: Recorder, tmp_path: Path) -> None:
    """An imported post says the hour of GH Archive, in words and for programs; its gap stands on the page."""
    number = recorder.repository.issue("License?", ASK)
    recorder.repository.comment(number, "It crashes.")
    recorder.repository.comment(number, f"{ASK} Me too.", login="kim")
    recorder.comment(max(recorder.repository.comments))
    take(archive, recorder, tmp_path / "hours")
    page = archive.client().get(f"/github.com/Acme/Rocket/issues/{number}").text
    assert words(page).count("Seen through GH Archive, 1 January 2020, 00:00 UTC") == 2
    assert '<time datetime="2020-01-01T00:00:00Z">' in page
    assert "1 of 2 comments could be fetched" in words(page)


def test_the_history_says_when_it_was_seen(archive: Archive, recorder: Recorder, tmp_path: Path) -> None:
    """The history has the hours in which GH Archive saw the texts, before the capture that the import made."""
    number = recorder.repository.issue("License?", ASK)
    recorder.issue(number)
    recorder.repository.clock += timedelta(days=1)
    recorder.repository.edit_issue(number, body=f"{ASK} Edited.")
    recorder.issue(number, "closed")
    take(archive, recorder, tmp_path / "hours")
    client = archive.client()
    page = words(client.get(f"/github.com/Acme/Rocket/issues/{number}/history").text)
    told = re.findall(r"was seen with (\w+ text) through GH Archive", page)
    assert told == ["this text", "another text"]
    thread = words(client.get(f"/github.com/Acme/Rocket/issues/{number}").text)
    assert "As seen through GH Archive, 1 January 2020, 00:00 UTC" in thread
    assert "edited, 2 versions" in thread


def test_the_api_tells_the_witness(archive: Archive, recorder: Recorder, tmp_path: Path) -> None:
    """A revision tells its source and hour; one that GH Archive did not see has no `archived_at`."""
    archive.save(number=40)
    number = recorder.repository.issue("License?", ASK)
    event = recorder.issue(number)
    del event["payload"]["issue"]["author_association"]
    take(archive, recorder, tmp_path / "hours")
    client = archive.client()
    imported, seen = (client.get(f"/api/v1/threads/github.com/Acme/Rocket/{n}").json for n in (number, 40))
    revision = imported["posts"][0]["revisions"][0]
    assert (revision["source"], revision["captured_at"], revision["archived_at"]) == (
        "gharchive",
        "2020-01-01T00:00:00Z",
        "2020-01-01T00:00:00Z",
    )
    assert imported["first_captured_at"] == "2026-03-02T12:00:00Z"
    assert (imported["author_association"], imported["posts"][0]["author_association"]) == (None, None)
    assert "archived_at" not in seen["posts"][0]["revisions"][0]


def test_a_snapshots_page_stays_as_it_was(archive: Archive, recorder: Recorder, tmp_path: Path) -> None:
    """A text that was imported after a capture is no version on that capture's page."""
    repository = recorder.repository
    number = repository.issue("License?", ASK)
    recorder.issue(number)
    opening = repository.issues[number]["id"]
    assert opening == 1000
    take(archive, recorder, tmp_path / "first")
    digest = archive.store.summaries()[0].snapshot
    before = words(archive.client().get(f"/github.com/Acme/Rocket/issues/{number}@{digest}").text)
    archive.now += timedelta(days=30)
    recorder.events.clear()
    repository.clock -= timedelta(days=1)
    former = recorder.issue(number, "edited")
    former["payload"]["issue"] |= {"body": "The Apache license?", "updated_at": "2019-12-31T00:00:00Z"}
    take(archive, recorder, tmp_path / "second")
    client = archive.client()
    thread = archive.store.thread(77, number)
    assert thread is not None
    assert len(thread.posts[0].revisions) == 2
    assert "2 versions" not in words(client.get(f"/github.com/Acme/Rocket/issues/{number}@{digest}").text)
    assert "2 versions" in words(client.get(f"/github.com/Acme/Rocket/issues/{number}").text)
    after = words(client.get(f"/github.com/Acme/Rocket/issues/{number}@{digest}").text)
    assert after.partition("There is a newer version")[0][:200] == before[:200]
