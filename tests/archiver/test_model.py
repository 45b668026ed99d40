"""The model: how references are read and printed, how moments and anchors are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import BadReference
from archiver.model import PostKind, compact, iso, parse_iso, post_anchor
from archiver.references import RepositoryRef, ThreadKind, ThreadRef, parse_reference

ISSUE = ThreadRef("clap-rs", "clap", 12, ThreadKind.ISSUE)
PULL = ThreadRef("clap-rs", "clap", 12, ThreadKind.PULL)
DISCUSSION = ThreadRef("clap-rs", "clap", 12, ThreadKind.DISCUSSION)


def anchored(ref: ThreadRef, anchor: str) -> ThreadRef:
    """Return the reference with an anchor."""
    return ThreadRef(ref.owner, ref.name, ref.number, ref.kind, anchor)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("clap-rs/clap#12", ThreadRef("clap-rs", "clap", 12)),
        ("  clap-rs/clap#12\n", ThreadRef("clap-rs", "clap", 12)),
        ("https://github.com/clap-rs/clap/issues/12", ISSUE),
        ("http://github.com/clap-rs/clap/issues/12", ISSUE),
        ("HTTPS://GitHub.COM/clap-rs/clap/issues/12", ISSUE),
        ("https://www.github.com/clap-rs/clap/issues/12", ISSUE),
        ("https://m.github.com/clap-rs/clap/issues/12", ISSUE),
        ("github.com/clap-rs/clap/issues/12", ISSUE),
        ("https://github.com/clap-rs/clap/issues/12/", ISSUE),
        ("https://github.com//clap-rs/clap//issues/12", ISSUE),
        ("https://github.com/clap-rs/clap/issues/12?notification_referrer_id=x&q=1", ISSUE),
        ("https://github.com/clap-rs/clap/pull/12", PULL),
        ("https://github.com/clap-rs/clap/pull/12/files", PULL),
        ("https://github.com/clap-rs/clap/pull/12/commits/0123abc", PULL),
        ("https://github.com/clap-rs/clap/discussions/12", DISCUSSION),
        ("https://api.github.com/repos/clap-rs/clap/issues/12", ISSUE),
        ("https://api.github.com/repos/clap-rs/clap/issues/12/comments?per_page=100", ISSUE),
        ("https://api.github.com/repos/clap-rs/clap/pulls/12", PULL),
        ("https://github.com/clap-rs/clap/issues/12#issue-1000", anchored(ISSUE, "issue-1000")),
        ("https://github.com/clap-rs/clap/issues/12#issuecomment-7", anchored(ISSUE, "issuecomment-7")),
        ("https://github.com/clap-rs/clap/issues/12?x=1#issuecomment-7", anchored(ISSUE, "issuecomment-7")),
        ("https://github.com/clap-rs/clap/pull/12#discussion_r7", anchored(PULL, "discussion_r7")),
        ("https://github.com/clap-rs/clap/pull/12/files#r7", anchored(PULL, "r7")),
        ("https://github.com/clap-rs/clap/pull/12#pullrequestreview-7", anchored(PULL, "pullrequestreview-7")),
        (
            "https://github.com/clap-rs/clap/discussions/12#discussioncomment-7",
            anchored(DISCUSSION, "discussioncomment-7"),
        ),
        ("https://github.com/clap-rs/clap/issues/12#event-7", ISSUE),
        ('https://github.com/clap-rs/clap/issues/12#"><script>', ISSUE),
        ("clap-rs/clap", RepositoryRef("clap-rs", "clap")),
        ("clap-rs/clap.git", RepositoryRef("clap-rs", "clap")),
        ("https://github.com/clap-rs/clap", RepositoryRef("clap-rs", "clap")),
        ("https://github.com/clap-rs/clap.git", RepositoryRef("clap-rs", "clap")),
        ("https://github.com/clap-rs/clap/#readme", RepositoryRef("clap-rs", "clap")),
        ("https://api.github.com/repos/clap-rs/clap", RepositoryRef("clap-rs", "clap")),
        ("https://github.com/clap-rs/clap/issues", RepositoryRef("clap-rs", "clap")),
        ("https://github.com/clap-rs/clap/issues?q=license+is:closed", RepositoryRef("clap-rs", "clap")),
        ("https://github.com/clap-rs/clap/issues/new", RepositoryRef("clap-rs", "clap")),
        ("https://github.com/clap-rs/clap/blob/master/LICENSE", RepositoryRef("clap-rs", "clap")),
        ("git@github.com:clap-rs/clap.git", RepositoryRef("clap-rs", "clap")),
        ("ssh://git@github.com/clap-rs/clap.git", RepositoryRef("clap-rs", "clap")),
        ("https://github.com/clap-rs/clap/pull/12.diff", PULL),
        ("https://redirect.github.com/clap-rs/clap/issues/12", ISSUE),
        ("clap-rs/clap/issues/12", ISSUE),
        ("clap-rs/clap/pull/12#discussion_r7", anchored(PULL, "discussion_r7")),
        ("old-/.github", RepositoryRef("old-", ".github")),
        ("octo_corp/a.b_c-d", RepositoryRef("octo_corp", "a.b_c-d")),
    ],
)
def test_reads_every_form_of_reference(text: str, wanted: RepositoryRef | ThreadRef) -> None:
    """Short forms and URLs of GitHub's site and API all lead to the same reference, with its anchor if it has one."""
    assert parse_reference(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "clap",
        "clap-rs/",
        "/clap",
        "clap-rs/clap#",
        "clap-rs/clap#0",
        "clap-rs/clap#-1",
        "clap-rs/clap#١٢",
        "clap-rs/clap#12345678901",
        "clap-rs/clap#12 and more",
        "clap-rs/clap\nissues",
        "clap-rs/..",
        "clap-rs/.",
        "clap-rs/..#1",
        "clap-rs/.git",
        "clap-rs/.git#1",
        "-clap/clap",
        "a" * 40 + "/clap",
        "clap-rs/" + "a" * 101,
        "clap-rs/cläp",
        "github.com/clap-rs",
        "https://github.com",
        "https://github.com/clap-rs/clap/issues/x12",
        "https://github.com/clap-rs/clap/issues/0",
        "https://github.com/clap-rs/clap/issues/\uff11\uff12",
        "git@gitlab.com:clap-rs/clap.git",
        "https://github.com/clap-rs/../issues/1",
        "https://github.com/clap-rs/.git",
        "https://github.com/clap-rs%2Fclap/issues/12",
        "https://github.com/orgs/community/discussions/5",
        "https://github.com/sponsors/clap-rs",
        "https://gist.github.com/clap-rs/clap/issues/12",
        "https://github.com.evil.example/clap-rs/clap/issues/12",
        "https://evil.example/github.com/clap-rs/clap/issues/12",
        "ftp://github.com/clap-rs/clap/issues/12",
        "javascript://github.com/clap-rs/clap/issues/12",
        "https://[github.com/clap-rs/clap",
        "https://gitlab.com/clap-rs/clap/issues/12",
    ],
)
def test_refuses_what_is_no_reference(text: str) -> None:
    """Anything else is a BadReference that names the text, never a repository or thread by accident."""
    with pytest.raises(BadReference, match="is neither owner/repo") as caught:
        parse_reference(text)
    assert caught.value.key == text


def test_long_nonsense_is_cut_in_the_message() -> None:
    """A text of any length makes a message of bounded length."""
    with pytest.raises(BadReference) as caught:
        parse_reference("x" * 100_000)
    assert len(str(caught.value)) < 400


def test_thread_ref_parse_refuses_a_repository() -> None:
    """Where a thread is wanted, a repository is refused with a hint how to write the thread."""
    with pytest.raises(BadReference, match="write clap-rs/clap#NUMBER"):
        ThreadRef.parse("https://github.com/clap-rs/clap")


owners = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,38}\Z").filter(
    lambda owner: owner.lower() not in {"orgs", "users", "settings", "sponsors", "topics", "apps", "repos"}
)
names = (
    st.from_regex(r"\A[A-Za-z0-9._-]{1,100}\Z")
    .filter(lambda name: name != "." * len(name))
    .filter(lambda name: not name.endswith(".git"))
)
numbers = st.integers(1, 9_999_999_999)


@given(owners, names, numbers)
def test_thread_ref_round_trip(owner: str, name: str, number: int) -> None:
    """What a ThreadRef prints, parses to the same ThreadRef."""
    ref = ThreadRef(owner, name, number)
    assert ThreadRef.parse(str(ref)) == ref


@given(
    owners,
    names,
    numbers,
    st.sampled_from(ThreadKind),
    st.none() | st.builds(post_anchor, st.sampled_from(PostKind), st.integers(1, 10**18), st.sampled_from(ThreadKind)),
)
def test_upstream_url_round_trip(owner: str, name: str, number: int, kind: ThreadKind, anchor: str | None) -> None:
    """The address of a thread or post on GitHub parses to the reference that it was made from."""
    ref = ThreadRef(owner, name, number, kind, anchor)
    assert ThreadRef.parse(ref.upstream_url + (f"#{anchor}" if anchor else "")) == ref


@given(st.text() | st.text().map(lambda text: f"https://github.com/{text}"))
def test_any_text_is_a_reference_or_a_bad_reference(text: str) -> None:
    """No text whatever makes the parser raise anything but BadReference, and what it understands it can print again."""
    try:
        ref = parse_reference(text)
    except BadReference:
        return
    again = parse_reference(str(ref))
    assert str(again) == str(ref)


def test_reference_keys_take_no_notice_of_case() -> None:
    """GitHub's names are compared without case, and printed as they came."""
    assert RepositoryRef("PyTorch", "PyTorch").key == RepositoryRef("pytorch", "pytorch").key == "pytorch/pytorch"
    assert str(RepositoryRef("PyTorch", "PyTorch")) == "PyTorch/PyTorch"


def test_upstream_url_of_unknown_kind_is_an_issue_url() -> None:
    """A thread named by number alone is asked for under `issues/`, from where GitHub redirects."""
    assert ThreadRef("a", "b", 5).upstream_url == "https://github.com/a/b/issues/5"


def test_iso_and_compact_print_utc() -> None:
    """A moment of any zone is printed in UTC, in whole seconds."""
    moment = datetime(2018, 2, 16, 10, 12, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert iso(moment) == "2018-02-16T09:12:00Z"
    assert compact(moment) == "20180216T091200Z"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2018-02-16T09:12:00Z", datetime(2018, 2, 16, 9, 12, tzinfo=UTC)),
        ("2018-02-16T10:12:00+01:00", datetime(2018, 2, 16, 9, 12, tzinfo=UTC)),
        ("2018-02-16T09:12:00.987Z", datetime(2018, 2, 16, 9, 12, tzinfo=UTC)),
        ("20180216T091200Z", datetime(2018, 2, 16, 9, 12, tzinfo=UTC)),
    ],
)
def test_parse_iso_reads_moments_with_a_zone(text: str, wanted: datetime) -> None:
    """Every ISO 8601 moment that says its zone is read, and cut to seconds."""
    assert parse_iso(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2018-02-16", "2018-02-16T09:12:00", "2018-13-01T00:00:00Z", "0001-01-01T00:00:00+01:00"]
)
def test_parse_iso_refuses_the_rest_with_value_error(text: str) -> None:
    """What is no moment, says no zone or lies before the year 1 in UTC is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        parse_iso(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_round_trip_and_sort_as_they_read(moment: datetime) -> None:
    """Any moment, of the year 1 too, is read back to the second, and its text is always 20 characters long."""
    assert parse_iso(iso(moment)) == parse_iso(compact(moment)) == moment.replace(microsecond=0)
    assert len(iso(moment)) == 20


@pytest.mark.parametrize(
    ("kind", "thread", "wanted"),
    [
        (PostKind.OPENING, ThreadKind.ISSUE, "issue-7"),
        (PostKind.OPENING, ThreadKind.PULL, "issue-7"),
        (PostKind.OPENING, ThreadKind.DISCUSSION, "discussion-7"),
        (PostKind.COMMENT, ThreadKind.ISSUE, "issuecomment-7"),
        (PostKind.COMMENT, ThreadKind.DISCUSSION, "discussioncomment-7"),
        (PostKind.ANSWER, ThreadKind.DISCUSSION, "discussioncomment-7"),
        (PostKind.REVIEW, ThreadKind.PULL, "pullrequestreview-7"),
        (PostKind.REVIEW_COMMENT, ThreadKind.PULL, "discussion_r7"),
    ],
)
def test_post_anchor_is_githubs(kind: PostKind, thread: ThreadKind, wanted: str) -> None:
    """A post's anchor is the one that GitHub's own pages have."""
    assert post_anchor(kind, 7, thread) == wanted


@pytest.mark.parametrize("text", ["acme/rocket/", " acme/rocket/ ", "https://github.com/acme/rocket/"])
def test_a_slash_behind_a_repository_is_passed_over(text: str) -> None:
    """A name copied with the slash behind it is understood."""
    assert parse_reference(text) == RepositoryRef("acme", "rocket")
