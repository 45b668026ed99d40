"""Pages hide e-mail addresses and what looks like a secret; the API and the store keep what was said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import Markup

from archiver.model import Evidence
from archiver.observed import ObservedEvent
from tests.archives import JUDGED, OPENED, Archive, account, post
from web.render import masked, snippet

TOKEN = "ghp_" + "a1B2" * 9
ADDRESS = "kim@example.org"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Keep a thread whose title, text, events and evidence have addresses and a token."""
    made = Archive(tmp_path)
    evidence = (Evidence("license", f"license from {ADDRESS}", "own", 0, 2.0),)
    relevance = type(JUDGED)("subject", 9.5, ("license",), (), (), evidence)
    title = f"License of {ADDRESS}"
    said = f"The license is {ADDRESS}'s, with {TOKEN}."
    made.save(12, title, body=said, comments=(post(1, said),), relevance=relevance)
    renamed = ObservedEvent("1", "renamed", OPENED, account("bob"), {"from": f"<{ADDRESS}>", "to": title})
    with made.store.transaction() as tx:
        tx.save_events(77, 12, [renamed])
    yield made
    made.store.close()
    made.index.close()


PAGES = ("/github.com/Acme/Rocket/issues/12", "/github.com/Acme/Rocket/issues/12/history", "/search?q=license", "/")
PAGES += ("/github.com/Acme/Rocket",)


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_masked(archive: Archive, path: str) -> None:
    """Wherever a title, a text, a snippet or an event is shown, the address is cut short and the token is out."""
    page = archive.client().get(path).get_data(as_text=True)
    assert "k…@example.org" in page
    assert ADDRESS not in page
    assert TOKEN not in page


def test_masking_can_be_switched_off(archive: Archive) -> None:
    """With `mask = false` pages show what was said."""
    page = archive.client(mask=False).get(PAGES[0]).get_data(as_text=True)
    assert ADDRESS in page
    assert TOKEN in page


def test_the_api_is_not_masked(archive: Archive) -> None:
    """Whoever recomputes a digest needs the text as it was."""
    client = archive.client()
    value = client.get("/api/v1/threads/github.com/Acme/Rocket/12").get_json()
    assert ADDRESS in value["title"]
    assert TOKEN in value["posts"][1]["body"]
    record = client.get(f"/api/v1/snapshots/{value['snapshot']}").get_data()
    assert ADDRESS in json.loads(record)["title"]


def test_what_the_reader_typed_and_the_operator_wrote_is_theirs(archive: Archive) -> None:
    """The query stays in its field, the contact at the foot."""
    page = archive.client().get(f"/search?q={ADDRESS}").get_data(as_text=True)
    assert f'value="{ADDRESS}"' in page
    assert "desk@archive.test" in page


def test_sentences_with_markup_stay_whole() -> None:
    """Tags and what was escaped in a sentence stay as they are around what is masked."""
    sentence = Markup('<a href="/x@example.org">{}</a> by <bdi>{}</bdi>').format(f"<{ADDRESS}> & co", "bob")
    assert masked(sentence) == '<a href="/x@example.org">&lt;k…@example.org&gt; &amp; co</a> by <bdi>bob</bdi>'
    assert isinstance(masked(sentence), Markup)
    assert not isinstance(masked("plain <b>"), Markup)
    assert masked("plain <b>") == "plain <b>"


def test_marks_of_a_snippet_stand_on_what_is_shown() -> None:
    """A match within an address marks what stands for it."""
    text = f"ask {ADDRESS} now"
    assert snippet(text, [(4, 7), (20, 23)], mask=True) == "ask <mark>k…</mark>@example.org <mark>now</mark>"
