"""The texts of searches: what of one's own query is refused, how times are added, the built-in ones, what they cost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.queries import (
    LONGEST,
    MOST_OPERATORS,
    TOPICS,
    WORDS,
    BadQuery,
    Cost,
    Query,
    alternatives,
    grouped,
    lasting,
    within,
)
from archiver.windows import FIRST, Window

END = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("relicense in:title", "relicense in:title"),
        ("  relicense \n in:title ", "relicense in:title"),
        ('"dual license" -label:"help wanted"', '"dual license" -label:"help wanted"'),
        ("(relicense OR relicence) in:title", "(relicense OR relicence) in:title"),
        ("relicense OR relicence in:title", "(relicense OR relicence in:title)"),
        ("NOT gpl license", "NOT gpl license"),
        ("is:pr author:app/dependabot license", "is:pr author:app/dependabot license"),
    ],
)
def test_a_query_stays_what_it_says(written: str, text: str) -> None:
    """Only white space is put in order, and alternatives get parentheses: times are added to all of them."""
    assert Query.parse(written).text == text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "the query is empty"),
        ("  ", "the query is empty"),
        ('"dual license', "a quotation mark is not closed"),
        ("(a OR b", "a parenthesis is not closed"),
        ("a) OR (b", "a parenthesis is not closed"),
        ("a OR b OR c OR d OR e OR f OR g", "6 of AND, OR and NOT, and GitHub takes 5"),
        ("license sort:created-asc", "`sort:` cannot be used here"),
        ("license updated:>2020-01-01", "`updated:` cannot be used here"),
        ("license -created:2020-01-01", "`-created:` cannot be used here"),
        ("a created:>2020-01-01 created:<2021-01-01", "`created:` stands in it twice"),
        ("created:>2020-01-01", "there is nothing in it but times"),
        ("license created:soon", "`created:` takes a date or two, as 2020-01-01..2020-12-31, and no 'soon'"),
        ("license created:2021-01-01..2020-01-01", "ends before it begins"),
        ("license created:2020-13-01", "`created:` takes a date"),
        ("a OR b created:2020-01-01", "with `created:`, alternatives need parentheses"),
        ("(a created:2020-01-01 OR b)", "`created:` stands in parentheses"),
        ("x" * 257, "257 characters are 68 too many"),
        ("x" * 188 + " y", "190 characters are 1 too many"),
    ],
)
def test_what_cannot_be_run_is_refused(written: str, said: str) -> None:
    """A query that GitHub or this program could not run is refused with what is wrong with it."""
    with pytest.raises(BadQuery) as caught:
        Query.parse(written)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        (">=2020-01-02", "2020-01-02T00:00:00", "9999-12-31T23:59:59"),
        (">2020-01-02", "2020-01-03T00:00:00", "9999-12-31T23:59:59"),
        ("<=2020-01-02", "2008-01-01T00:00:00", "2020-01-02T23:59:59"),
        ("<2020-01-02", "2008-01-01T00:00:00", "2020-01-01T23:59:59"),
        ("2020-01-02", "2020-01-02T00:00:00", "2020-01-02T23:59:59"),
        ("2020-01-02..2020-03-01", "2020-01-02T00:00:00", "2020-03-01T23:59:59"),
        ("*..2020-01-02", "2008-01-01T00:00:00", "2020-01-02T23:59:59"),
        ("2020-01-02..*", "2020-01-02T00:00:00", "9999-12-31T23:59:59"),
        (">=2020-01-02T03:04:05+01:00", "2020-01-02T02:04:05", "9999-12-31T23:59:59"),
    ],
)
def test_ones_own_span_is_read(value: str, low: str, high: str) -> None:
    """`created:` is taken out of the query as a span of time, as GitHub reads it."""
    query = Query.parse(f"license created:{value} in:title")
    assert (query.text, query.created) == ("license in:title", f"created:{value}")
    assert (query.low.isoformat(), query.high.isoformat()) == (f"{low}+00:00", f"{high}+00:00")


@given(st.integers(1, 250), st.booleans(), st.booleans())
def test_what_is_accepted_is_never_too_long_to_send(length: int, spanned: bool, kind: bool) -> None:
    """No query that is accepted exceeds GitHub's limit with a window, its own span and a kind."""
    written = "x" * length + (" created:2020-01-01..2021-01-01" if spanned else "") + (" is:issue" if kind else "")
    try:
        query = Query.parse(written)
    except BadQuery:
        assert length > 120
        return
    for text in [query.text, *alternatives(query.text, "must include 'is:issue' or 'is:pull-request'")]:
        for by in ("created", "updated"):
            assert len(within(Window(text, by, FIRST, END), query.created)) <= LONGEST


def test_a_window_is_added_to_its_query() -> None:
    """The span stands behind the query; where it is one of updates, the query's own span stands there, too."""
    window = Window("license", "created", FIRST, END)
    assert within(window, "created:>2009-01-01") == "license created:2008-01-01T00:00:00Z..2024-05-01T12:00:00Z"
    window = Window("license", "updated", FIRST, END)
    assert within(window, "created:>2009-01-01") == (
        "license created:>2009-01-01 updated:2008-01-01T00:00:00Z..2024-05-01T12:00:00Z"
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("(a OR b) in:title", ["a in:title", "b in:title"]),
        ('x ("a b" OR c d) y', ['x "a b" y', "x c d y"]),
        ("(a OR b in:title)", ["a", "b in:title"]),
        ("a b", []),
        ("(a OR b) (c OR d)", []),
        ("((a OR b) c)", []),
    ],
)
def test_alternatives_of_a_query(text: str, parts: list[str]) -> None:
    """Where OR is refused, each alternative is a query of its own; what cannot be taken apart stays refused."""
    assert alternatives(text, "Validation Failed") == parts


def test_kinds_of_a_query() -> None:
    """Where a kind has to be named, each is asked for by itself; a query that names one is refused all the same."""
    refusal = "Query must include 'is:issue' or 'is:pull-request'"
    assert alternatives("(a OR b)", refusal) == ["(a OR b) is:issue", "(a OR b) is:pull-request"]
    assert alternatives("a is:issue", refusal) == []


def test_built_in_queries_keep_githubs_limits() -> None:
    """All built-in queries, also within the longest name that a repository can have, can be run."""
    longest = f"repo:{'o' * 39}/{'n' * 60}"
    for words in (WORDS, *TOPICS.values()):
        for place in ("in:title", f"in:title user:{'o' * 39}", longest, f"in:title {longest}"):
            queries = grouped(words, place)
            for text in queries:
                assert Query.parse(text).text == text
                assert text.count(" OR ") <= MOST_OPERATORS
                assert "*" not in text
            assert sorted(word for text in queries for word in words_of(text, place)) == sorted(words)


def words_of(text: str, place: str) -> list[str]:
    return text.removesuffix(f" {place}").removeprefix("(").removesuffix(")").split(" OR ")


def test_built_in_queries_cover_the_topics() -> None:
    """There are queries for each of the twelve topics, in both spellings, at most three for one."""
    assert set(TOPICS) == {
        *("relicense", "which-license", "missing-license", "wrong-metadata", "compatibility", "violation-attribution"),
        *("cla-dco", "patent", "third-party-code", "license-files-packaging", "docs-or-data-license", "other"),
    }
    assert all(len(grouped(words, "in:title")) <= 3 for words in TOPICS.values())
    said = " ".join(word for words in TOPICS.values() for word in words)
    assert "licence" in said
    assert "license" in said


@pytest.mark.parametrize(
    ("matches", "slices", "searches"), [(0, 1, 1), (1, 1, 1), (100, 1, 1), (1000, 1, 10), (1001, 2, 12), (2500, 3, 27)]
)
def test_costs_are_those_of_the_windows(matches: int, slices: int, searches: int) -> None:
    """What a search is said to cost is what its windows take, give or take a page a slice."""
    cost = Cost(matches, authenticated=True)
    assert (cost.slices, cost.searches) == (slices, searches)
    assert cost.requests == (3 * matches, 4 * matches)


def test_costs_are_told_in_time() -> None:
    """The time follows from GitHub's limits with a token and without one."""
    assert str(Cost(2500, authenticated=True)) == (
        "2,500 threads: about 27 search requests and 7,500 to 10,000 others, 91 minutes to 2 hours with a token"
    )
    assert "5 days to 7 days without a token" in str(Cost(2500, authenticated=False))
    assert [lasting(each) for each in (3, 119, 120, 7200, 172800)] == [
        "3 seconds",
        "119 seconds",
        "2 minutes",
        "2 hours",
        "2 days",
    ]
