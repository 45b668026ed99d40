"""Long threads are sent while they are made, under a name of their state."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest
from archives import Archive
from archives import post as comment
from pages import page

from web.streaming import parts
from web.thread_page import STREAMED

THREAD = "/github.com/Acme/Rocket/issues/12"


def save_long(archive: Archive) -> str:
    """Save a thread that is long enough to be streamed; return its digest."""
    return archive.save(comments=tuple(comment(500 + at, f"Post {at}.", minutes=at + 1) for at in range(STREAMED)))


def test_every_post_of_a_long_thread_is_in_its_one_page(archive: Archive) -> None:
    """So that each anchor of GitHub leads to its text without a script, in the thread and in its snapshot."""
    digest = save_long(archive)
    client = archive.client()
    for path in (THREAD, f"{THREAD}@{digest}"):
        tree = page(client, path)
        anchors = [each["id"] for each in tree.select("section.posts.long > article")]
        assert anchors == ["issue-9012", *(f"issuecomment-{500 + at}" for at in range(STREAMED))]


def test_a_long_thread_is_not_made_before_it_is_sent(archive: Archive) -> None:
    """It comes in several parts, and its length is not known beforehand; a short one comes whole."""
    save_long(archive)
    archive.save(13)
    client = archive.client()
    answer = client.get(THREAD, buffered=False)
    assert answer.content_length is None
    assert sum(1 for _ in answer.iter_encoded()) > 2
    assert client.get(THREAD.replace("12", "13")).content_length


def test_a_streamed_page_is_asked_for_on_condition(archive: Archive) -> None:
    """Its ETag stays while nothing changed, and is another when a post, or how long ago that was, is another."""
    save_long(archive)
    client = archive.client()
    tag = client.get(THREAD).headers["ETag"]
    assert client.get(THREAD, headers={"If-None-Match": tag}).status_code == 304
    archive.lose(501)
    changed = archive.client().get(THREAD, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    archive.now += timedelta(days=3)
    assert client.get(THREAD, headers={"If-None-Match": changed.headers["ETag"]}).status_code == 200


def test_a_streamed_page_is_packed_for_whoever_can_unpack_it(archive: Archive) -> None:
    """The same page, under the same weak ETag; from memory, too, each gets what it can read."""
    save_long(archive)
    client = archive.client()
    plain = client.get(THREAD)
    packed = client.get(THREAD, headers={"Accept-Encoding": "br;q=0.1, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) * 3 < len(plain.data)
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert "Content-Encoding" not in client.get(THREAD, headers={"Accept-Encoding": "gzip;q=0"}).headers
    assert client.get(THREAD).data == plain.data
    assert client.get(THREAD, headers={"Accept-Encoding": "gzip"}).data == packed.data
    # What is kept is known to its length.
    assert client.get(THREAD).content_length == len(plain.data)


@pytest.mark.parametrize("pieces", [[], ["a"], ["ab"] * 40, ["a" * 100, "b"]])
def test_parts_are_the_pieces_joined(pieces: list[str]) -> None:
    """Nothing is lost, and each part but the last has at least the size that was asked for."""
    made = list(parts(pieces, first=4, size=16))
    assert "".join(made) == "".join(pieces)
    assert [len(each) >= wanted for each, wanted in zip(made[:-1], [4, *[16] * len(made)], strict=False)] == [True] * (
        max(0, len(made) - 1)
    )
