"""Digests: what is hashed, held by fixed vectors and recomputed by code that shares nothing with the project's."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.digests import (
    SNAPSHOT_TYPE,
    THREAD_FIELDS,
    account_record,
    canonical,
    clean_text,
    digest,
    post_revision,
    revision_record,
    snapshot_record,
)
from archiver.model import Account, PostKind
from archiver.observed import ObservedPost

PLAIN = revision_record(
    kind=PostKind.COMMENT,
    post_id=1001,
    author=Account(42, "octocat"),
    created_at="2018-02-16T09:12:00Z",
    body="Please consider the GPL.",
)
PLAIN_DIGEST = "5812407f49310aebff6ecc72b15d5b4402353fa4b02168b50c2b0bf02730c700"
ODD = revision_record(
    kind=PostKind.OPENING,
    post_id=9_007_199_254_740_991,
    author=None,
    created_at="2018-02-16T09:12:00Z",
    body='Lizenz für alle: "ライセンス" \\ / \u202e\U0001f680\r\n\ttab \x00\x07\x1b\x1f\x7f\u0080\u2028\u2029 e\u0301',
)
EMPTY = revision_record(
    kind=PostKind.REVIEW_COMMENT, post_id=1, author=Account(1, "ü"), created_at="0001-01-01T00:00:00Z", body=""
)
FIELDS: dict[str, Any] = {
    "number": 7,
    "kind": "issue",
    "title": "Лицензия \x01 license",
    "state": "closed",
    "state_reason": "not_planned",
    "locked": True,
    "lock_reason": None,
    "labels": ["legal", "wontfix", "Ärger"],
    "milestone": None,
    "assignees": [],
    "author": {"id": 42, "login": "octocat"},
    "author_association": "NONE",
    "created_at": "2018-02-16T09:12:00Z",
    "closed_at": "2018-02-16T11:00:00Z",
    "merged_at": None,
}
SNAPSHOT = snapshot_record(
    repository_id=77,
    fields=FIELDS,
    posts=[
        {
            "kind": "opening",
            "id": 1000,
            "author": {"id": 42, "login": "octocat"},
            "author_association": "NONE",
            "created_at": "2018-02-16T09:12:00Z",
            "revision": PLAIN_DIGEST,
        }
    ],
)

VECTORS = [
    pytest.param(PLAIN, PLAIN_DIGEST, id="plain"),
    pytest.param(ODD, "75e2bc8bf43b3d355da400465262cfdb0061779b340acc2caa1e21fc1f9493e4", id="odd"),
    pytest.param(EMPTY, "3495ccc55e3a5a606b7384125fa172f2c13fdbd5d9cd84b8fa0c37f4671c901f", id="empty"),
    pytest.param(SNAPSHOT, "fabcbfe21d2f9966ee7a9537dc88b50c9e5d2d89fa3bbd4eff49b0437f0d0f43", id="snapshot"),
]


def recomputed(record: dict[str, Any]) -> str:
    """Return the digest as a reader would recompute it, with the standard library alone."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(("record", "wanted"), VECTORS)
def test_fixed_vectors(record: dict[str, Any], wanted: str) -> None:
    """These digests stand in links for ever: a change here breaks every link handed out."""
    assert digest(record) == wanted


@pytest.mark.parametrize(("record", "wanted"), VECTORS)
def test_standard_library_recomputes_the_vectors(record: dict[str, Any], wanted: str) -> None:
    """Anyone can recompute a digest with `json` and `hashlib`."""
    assert recomputed(record) == wanted


def test_canonical_form_is_written_out() -> None:
    """The canonical bytes have sorted keys, no white space, UTF-8 as it is, and escapes for control characters."""
    assert canonical({"b": "ü\x00\n", "a": [None, True, 5]}) == '{"a":[null,true,5],"b":"ü\\u0000\\n"}'.encode()


accounts = st.none() | st.builds(
    Account, st.integers(1, 2**53 - 1), st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.booleans()
)
bodies = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.sampled_from(PostKind), st.integers(1, 2**53 - 1), accounts, bodies)
def test_standard_library_recomputes_any_revision(
    kind: PostKind, post_id: int, author: Account | None, body: str
) -> None:
    """Whatever a text holds, `json` and `hashlib` come to the same digest."""
    record = revision_record(kind=kind, post_id=post_id, author=author, created_at="2018-02-16T09:12:00Z", body=body)
    assert digest(record) == recomputed(record)


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": PostKind.OPENING},
        {"post_id": 1002},
        {"author": Account(43, "octocat")},
        {"author": None},
        {"created_at": "2018-02-16T09:12:01Z"},
        {"body": "Please consider the GPL. "},
    ],
)
def test_revision_covers_each_of_its_fields(changed: dict[str, Any]) -> None:
    """Whichever field of a revision differs, the digest differs."""
    same: dict[str, Any] = {
        "kind": PostKind.COMMENT,
        "post_id": 1001,
        "author": Account(42, "octocat"),
        "created_at": "2018-02-16T09:12:00Z",
        "body": "Please consider the GPL.",
    }
    assert digest(revision_record(**same)) == digest(PLAIN)
    assert digest(revision_record(**{**same, **changed})) != digest(PLAIN)


@pytest.mark.parametrize("name", THREAD_FIELDS)
def test_snapshot_covers_each_thread_field(name: str) -> None:
    """Whichever field of a thread differs, the snapshot's digest differs."""
    changed = snapshot_record(repository_id=77, fields={**FIELDS, name: "another"}, posts=SNAPSHOT["posts"])
    assert digest(changed) != digest(SNAPSHOT)


def test_snapshot_covers_repository_and_order_of_posts() -> None:
    """Another repository, a post less, or another order of posts is another snapshot; the record says what it is."""
    posts = [*SNAPSHOT["posts"], {**SNAPSHOT["posts"][0], "id": 1001}]
    seen = {
        digest(snapshot_record(repository_id=77, fields=FIELDS, posts=posts)),
        digest(snapshot_record(repository_id=78, fields=FIELDS, posts=posts)),
        digest(snapshot_record(repository_id=77, fields=FIELDS, posts=posts[::-1])),
        digest(snapshot_record(repository_id=77, fields=FIELDS, posts=posts[:1])),
    }
    assert len(seen) == 4
    assert SNAPSHOT["type"] == SNAPSHOT_TYPE
    assert set(THREAD_FIELDS) == set(FIELDS)


def test_an_account_is_its_number_and_login() -> None:
    """Whether an account is a bot is a matter of display, not of the record; a deleted one is null."""
    assert account_record(Account(5, "x[bot]", bot=True)) == {"id": 5, "login": "x[bot]"}
    assert account_record(None) is None


def test_revision_of_an_observed_post_takes_the_author_seen_first() -> None:
    """The record has the author handed in, and nothing that moves without the text moving."""
    post = ObservedPost(
        kind=PostKind.COMMENT,
        id=1001,
        author=None,
        author_association="MEMBER",
        created_at=datetime(2018, 2, 16, 9, 12, tzinfo=UTC),
        updated_at=datetime(2020, 1, 1, tzinfo=UTC),
        body="Please consider the GPL.",
        body_html="<p>ignored</p>",
        raw={"ignored": 1},
    )
    assert post_revision(post, Account(42, "octocat")) == PLAIN


@pytest.mark.parametrize("value", [{"id": 2**53}, {"id": -(2**53)}, {"body": "\ud800"}, {"x": float("nan")}])
def test_what_canonical_json_cannot_carry_is_a_value_error(value: dict[str, Any]) -> None:
    """Too large integers, lone surrogates and NaN have no canonical form."""
    with pytest.raises(ValueError, match=r"."):
        canonical(value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("half \ud83d", "half \ufffd"),
        ("\ude00 half", "\ufffd half"),
        ("\ud83d\ude00", "\U0001f600"),
        ("\ufeffmark", "\ufeffmark"),
        ("nul \x00 \x1b", "nul \x00 \x1b"),
        ("", ""),
    ],
)
def test_clean_text(text: str, wanted: str) -> None:
    """Half a pair becomes U+FFFD, two halves one character, and a byte order mark or control character stays."""
    assert clean_text(text) == wanted


@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_clean_text_is_always_utf8_and_changes_nothing_else(text: str) -> None:
    """The result can be written as UTF-8 and is stable; a text that could be, comes back as it was."""
    cleaned = clean_text(text)
    cleaned.encode()
    assert clean_text(cleaned) == cleaned
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert cleaned == text
