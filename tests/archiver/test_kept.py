"""What is kept in memory: bounded, the latest used, and never shown once it is gone from the store."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from archives import Archive
from archives import post as comment

from archiver.kept import Kept
from archiver.model import PostKind, Relevance


def test_what_was_made_is_kept_as_long_as_there_is_room() -> None:
    """What was used last stays; what does not fit any more is made again; keys count, too."""
    kept = Kept[str](10, len)
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name * 4

    for name in "abacab":
        assert kept.get(name.encode(), partial(make, name)) == name * 4
    assert made == ["a", "b", "c", "b"]


def test_what_is_erased_is_not_told_from_memory(archive: Archive) -> None:
    """GitHub's HTML of a text that was read a moment ago is gone with the text, and so are a review comment's lines."""
    lines = {"body_html": "<p>The secret is 12.</p>", "path": "LICENSE", "diff_hunk": "@@ -1 +1 @@\n-secret"}
    seen = comment(1, "The secret is 12.", kind=PostKind.REVIEW_COMMENT)
    archive.save(comments=(replace(seen, raw={**seen.raw, **lines}),))
    for _ in range(2):
        post = archive.store.thread_by_key("77/12").posts[1]  # type: ignore[union-attr]
        assert (post.revision.body_html, post.context["path"]) == (lines["body_html"], "LICENSE")
    archive.withdraw("discussion_r1", erase=True)
    thread = archive.store.thread_by_key("77/12")
    assert thread is not None
    assert "secret" not in repr(thread)
    assert thread.posts[1].context == {}


def test_a_new_verdict_is_told_at_once(archive: Archive) -> None:
    """A thread's verdict that was read before it was judged again is not told any more."""
    archive.save()
    assert archive.store.summaries()[0].relevance.verdict == "subject"
    archive.save(relevance=Relevance("debate", 2.0), body="Another text.")
    assert archive.store.summaries()[0].relevance == Relevance("debate", 2.0)
