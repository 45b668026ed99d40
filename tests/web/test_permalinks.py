"""The site's addresses: what is built is read back, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archiver.references import RepositoryRef, ThreadKind, ThreadRef
from web import permalinks
from web.permalinks import Tail, parse_tail

DIGEST = "0123456789abcdef" * 4
REF = ThreadRef("Acme", "Rocket.js", 12, ThreadKind.PULL)
AT = datetime(2018, 2, 16, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("12", Tail(12)),
        ("12.json", Tail(12, form="json")),
        ("12@0123456789ab", Tail(12, "0123456789ab")),
        ("12@0123456789AB.json", Tail(12, "0123456789ab", form="json")),
        (f"12@{DIGEST}", Tail(12, DIGEST)),
        ("12@20180216T091200Z", Tail(12, at=AT)),
        ("12@20180216t091200z.json", Tail(12, at=AT, form="json")),
    ],
)
def test_a_tail_is_read(text: str, tail: Tail) -> None:
    """A number, a snapshot by digest or by time, and a form are told apart."""
    assert parse_tail(text) == tail


@pytest.mark.parametrize(
    "text",
    [
        *("", "0", "012", "-1", "x", "12@", "12.html", "12\n", "99999999999"),
        *("12@0123456789a", f"12@{DIGEST}0", "12@0123456789xy", "12@20180231T091200Z"),
    ],
)
def test_what_is_no_tail_is_refused(text: str) -> None:
    """Too few or too many digits, days that are none and other forms lead nowhere."""
    assert parse_tail(text) is None


@pytest.mark.parametrize("form", ["", "json"])
def test_what_is_built_is_read_back(form: str) -> None:
    """Every thread path that the site hands out is understood by the site."""
    for digest, at in ((None, None), (DIGEST, None), (DIGEST[:12], None), (None, AT)):
        path = permalinks.thread(REF, digest=digest, at=at, form=form)
        *front, tail = path.split("/")
        assert front == ["", "github.com", "Acme", "Rocket.js", "pull"]
        assert parse_tail(tail) == Tail(12, digest, at, form)


def test_only_a_whole_digest_is_whole() -> None:
    """A digest's beginning could come to mean several snapshots one day; the whole of it cannot."""
    assert Tail(12, DIGEST).whole
    assert not Tail(12, DIGEST[:63]).whole
    assert not Tail(12).whole


def test_paths_of_the_contract() -> None:
    """The paths stand as the contract has them."""
    assert permalinks.repository(RepositoryRef("Acme", "Rocket.js")) == "/github.com/Acme/Rocket.js"
    assert permalinks.thread(ThreadRef("a", "b", 3)) == "/github.com/a/b/issues/3"
    assert permalinks.thread(ThreadRef("a", "b", 3, ThreadKind.DISCUSSION)) == "/github.com/a/b/discussions/3"
    assert permalinks.history(REF) == "/github.com/Acme/Rocket.js/pull/12/history"
    assert permalinks.api_thread(REF) == "/api/v1/threads/github.com/Acme/Rocket.js/12"
    assert permalinks.lookup("a/b#3") == "/lookup?url=a%2Fb%233"


def test_a_search_keeps_what_was_asked_and_leaves_out_what_is_not_needed() -> None:
    """A query of any characters survives in the address; the first page is not named."""
    path = permalinks.search("gpl & 'x'", sort="created-asc", page=3)
    assert path == "/search?q=gpl+%26+%27x%27&sort=created-asc&page=3"
    assert permalinks.search("gpl", form="json") == "/search.json?q=gpl"


def test_an_anchor_of_the_files_tab_is_the_conversations() -> None:
    """GitHub calls one review comment `#r5` on one tab and `#discussion_r5` on another."""
    assert permalinks.same_anchor("r5") == "discussion_r5"
    assert permalinks.same_anchor("issuecomment-5") == "issuecomment-5"
