"""What is masked on pages, what is not, and that masking never fails, is final and takes linear time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver.masking import SECRET, has_secret, mask, mask_spans, masks

TOKEN = "ghp_" + "a1B2" * 9
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nq8+/==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write to kim@example.org, please.", "Write to k…@example.org, please."),
        ("<kim.lee+list@mail.example.co.uk>", "<k…@mail.example.co.uk>"),
        ("a@b.de", "a…@b.de"),
        ("kim@163.com and lee@example.rs", "k…@163.com and l…@example.rs"),
        ("jürgen@bücher.example", "j…@bücher.example"),
        ("https://kim:pass@example.org/x", "https://kim:p…@example.org/x"),
        ("12+kim@users.noreply.github.com", "1…@users.noreply.github.com"),
        (f"token {TOKEN}.", f"token {SECRET}."),
        ("github_pat_" + "A1b2C3d4" * 5, SECRET),
        ("key AKIAIOSFODNN7EXAMPLE here", f"key {SECRET} here"),
        ("xoxb-123456789012-abcDEF", SECRET),
        ("sk-proj-" + "aB3" * 12, SECRET),
        ("sk_live_" + "aB3" * 8, SECRET),
        (f"Authorization: Bearer {JWT}", f"Authorization: Bearer {SECRET}"),
        (f"look:\n{KEY}\nwell", f"look:\n{SECRET}\nwell"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEpAIB", SECRET),
        (f"{KEY} and {KEY}", f"{SECRET} and {SECRET}"),
    ],
)
def test_masked(text: str, shown: str) -> None:
    """Addresses keep their first letter and their domain, secrets nothing."""
    assert mask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "git@github.com:owner/repo.git and ssh://git@example.org/x",
        "@kim and @acme/legal, see @kim.",
        "react@16.2.0, pkg@1.2.3-beta.rc, left-pad@v1.x, name@next, scope@1.0.0",
        "icon@2x.png",
        "noreply@github.com, notifications@github.com",
        "@kim@example.social",
        "@app.route and @pytest.mark.parametrize",
        "a @ b.org, kim@localhost",
        "kim at example dot org",
        "sk-learn-contrib-imbalanced-ensembles",
        "task-sk-1, ghp_short, AKIA, eyJ, xoxo",
        "AKIAIOSFODNN7EXAMPLETOOLONG",
        "-----BEGIN PUBLIC KEY-----",
        "the BSD-3-Clause, GPL-3.0-or-later",
        "",
    ],
)
def test_not_masked(text: str) -> None:
    """What only looks a little like it stays as it is, and costs no copy."""
    assert mask(text) is text


def test_marks_move_along() -> None:
    """A mark on words stays on them; one on a part of what is masked covers the mask; one beside it does not."""
    text = f"mail kim@example.org or {TOKEN} now"
    words = [(0, 4), (5, 8), (9, 16), (21, 23), (30, 40), (len(text) - 3, len(text))]
    shown, spans = mask_spans(text, words)
    assert shown == f"mail k…@example.org or {SECRET} now"
    assert [shown[start:end] for start, end in spans] == ["mail", "k…", "example", "or", SECRET, "now"]


PIECES = st.sampled_from(
    [
        *(TOKEN, JWT, KEY, "kim", "@", "example.org", ".", "@example.org", "-----BEGIN PRIVATE KEY-----", "-----END "),
        *("PRIVATE KEY-----", "AKIAIOSFODNN7EXAMPLE", "xoxb-1234567890", "sk-", "aB3" * 8, "eyJ", "-", "_", " ", "\n"),
        *("…", SECRET),
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join))
@example("a@b.cc@d.ee")
@example("a.b@c.de.f@g.hi")
def test_masking_is_final(text: str) -> None:
    """Masked once, nothing more is to mask; the parts between are untouched, in their order."""
    once = mask(text)
    assert mask(once) == once
    found = masks(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert has_secret(text) == any(each.shown == SECRET for each in found)


@given(st.text(alphabet=st.characters(exclude_characters="@"), max_size=200))
def test_text_without_an_at_sign_or_a_secret_stays(text: str) -> None:
    """Whatever else it holds."""
    if not has_secret(text):
        assert mask(text) is text


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4))
def test_marks_stay_within_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    """Whatever was marked, the marks are in order and within what is shown."""
    inside = [(start, min(end, len(text))) for start, end in spans if start < end and start < len(text)]
    shown, moved = mask_spans(f"{text} kim@example.org", inside)
    assert all(0 <= start <= end <= len(shown) for start, end in moved)
