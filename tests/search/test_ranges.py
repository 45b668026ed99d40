"""Tests what is written after `created:` and `comments:`: dates, times, ages and numbers, and ranges of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.ranges import Bounds, bounds
from search.tree import Range

NOW = datetime(2024, 3, 31, 12, 30, tzinfo=UTC)


def at(*when: int) -> int:
    """Return a moment in UTC as seconds since 1970."""
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2018", at(2018, 1, 1), at(2018, 12, 31, 23, 59, 59)),
        ("2020-02", at(2020, 2, 1), at(2020, 2, 29, 23, 59, 59)),
        ("2018-3-5", at(2018, 3, 5), at(2018, 3, 5, 23, 59, 59)),
        (">2018", at(2019, 1, 1), None),
        (">=2018", at(2018, 1, 1), None),
        ("<2018-03", None, at(2018, 2, 28, 23, 59, 59)),
        ("<=2018-03", None, at(2018, 3, 31, 23, 59, 59)),
        ("2018-03..2018-05-02", at(2018, 3, 1), at(2018, 5, 2, 23, 59, 59)),
        ("2019..2018", at(2018, 1, 1), at(2019, 12, 31, 23, 59, 59)),
        ("2018..*", at(2018, 1, 1), None),
        ("*..2018", None, at(2018, 12, 31, 23, 59, 59)),
        ("2018-02-03T04:05:06Z", at(2018, 2, 3, 4, 5, 6), at(2018, 2, 3, 4, 5, 6)),
        ("2018-02-03T04:05", at(2018, 2, 3, 4, 5), at(2018, 2, 3, 4, 5, 59)),
        ("2018-02-03t04:05:06.789z", at(2018, 2, 3, 4, 5, 6), at(2018, 2, 3, 4, 5, 6)),
        (
            "2017-01-01T01:00:00+07:00..2017-03-01T15:30:15-0230",
            at(2016, 12, 31, 18),
            at(2017, 3, 1, 18, 0, 15),
        ),
        (">@today-1w", at(2024, 3, 25), None),
        ("@today", at(2024, 3, 31), at(2024, 3, 31, 23, 59, 59)),
        (">9999", at(9999, 12, 31, 23, 59, 59), None),
        ("<0001", None, at(1, 1, 1)),
    ],
)
def test_dates(text: str, low: int | None, high: int | None) -> None:
    """A date stands for all of its day, month or year, in UTC; a time for its second, or its minute."""
    assert bounds("created", text, NOW) == Bounds(low, high)


@pytest.mark.parametrize(
    ("text", "low", "high", "said"),
    [
        (">1y", None, at(2023, 3, 31, 12, 29, 59), "longer than 1 year ago, until 2023-03-31"),
        (">=1y", None, at(2023, 3, 31, 12, 30), "1 year ago or earlier, until 2023-03-31"),
        ("<1mo", at(2024, 2, 29, 12, 30, 1), None, "less than 1 month ago, since 2024-02-29"),
        ("<=13m", at(2023, 2, 28, 12, 30), None, "13 months ago or later, since 2023-02-28"),
        ("36h", at(2024, 3, 30, 0, 30), None, "36 hours ago or later, since 2024-03-30"),
        ("2w..3d", at(2024, 3, 17, 12, 30), at(2024, 3, 28, 12, 30), "between 2 weeks and 3 days ago, from 2024-03-17"),
        ("3d..2w", at(2024, 3, 17, 12, 30), at(2024, 3, 28, 12, 30), "from 2024-03-17 to 2024-03-28"),
        ("2w..*", None, at(2024, 3, 17, 12, 30), "2 weeks ago or earlier"),
        ("*..2w", at(2024, 3, 17, 12, 30), None, "2 weeks ago or later"),
    ],
)
def test_ages(text: str, low: int | None, high: int | None, said: str) -> None:
    """The greater an age, the earlier it was; how an age was read is said."""
    found = bounds("updated", text, NOW)
    assert found is not None
    assert (found.low, found.high) == (low, high)
    assert found.notice is not None
    assert found.notice.startswith(f"`updated:{text}` is read as an age: ")
    assert said in found.notice


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("0", 0, 0), (">100", 101, None), ("<=5", None, 5), ("5..10", 5, 10), ("10..5", 5, 10), ("*..3", None, 3),
     ("3..*", 3, None), ("<0", None, -1), ("=> 7", 7, None), ("9" * 15, 10**12, 10**12)],
)  # fmt: skip
def test_numbers(text: str, low: int | None, high: int | None) -> None:
    """Numbers are compared as on GitHub."""
    assert bounds("comments", text, NOW) == Bounds(low, high)


@pytest.mark.parametrize(
    "text",
    ["", "*", "..", "*..*", "x", ">", "2018-13", "2018-02-30", "0000", "2018-01-01T25:00", "2018-01-01T10:00+15:00",
     "2018..1y", "1y..2018", "5x", "9999y", "1.5y", ">@tomorrow", "@today-5q", "2018-01-01..x", "x..2018",
     "9999-12-31T23:59:59-01:00", "٢٠١٨", "1" * 400],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    """What is no date, or outside the years 1 to 9999, is not guessed at."""
    assert bounds("created", text, NOW) is None


@pytest.mark.parametrize("text", ["", "x", "1.5", "1y", "2018-01-01", "*..*", "9" * 16])
def test_what_is_no_number(text: str) -> None:
    """A number of posts is a whole number."""
    assert bounds("comments", text, NOW) is None


def test_without_a_present_moment_there_are_no_ages() -> None:
    """What depends on the time of asking cannot be read without it; dates can."""
    assert bounds("created", ">1y", None) is None
    assert bounds("created", "@today", None) is None
    assert bounds("created", "2018", None) is not None


def test_the_present_moment_may_be_in_any_zone() -> None:
    """`@today` is the day of UTC."""
    evening = datetime(2024, 3, 31, 23, tzinfo=timezone(timedelta(hours=-5)))
    assert bounds("created", "@today", evening) == Bounds(at(2024, 4, 1), at(2024, 4, 1, 23, 59, 59))


@pytest.mark.parametrize(
    ("node", "printed"),
    [
        (Range("created", at(2018, 1, 1), at(2018, 12, 31, 23, 59, 59)), "created:2018"),
        (Range("created", at(2020, 2, 1), at(2020, 2, 29, 23, 59, 59)), "created:2020-02"),
        (Range("created", at(2020, 2, 1), at(2020, 2, 28, 23, 59, 59)), "created:2020-02-01..2020-02-28"),
        (Range("created", at(2020, 2, 1), at(2020, 2, 1, 23, 59, 59)), "created:2020-02-01"),
        (Range("created", at(2020, 2, 1), at(2020, 2, 1)), "created:2020-02-01T00:00:00Z"),
        (Range("created", at(2020, 2, 1), None), "created:>=2020-02-01"),
        (Range("created", None, at(2020, 2, 1)), "created:<=2020-02-01T00:00:00Z"),
        (Range("created", at(5, 1, 1), at(9999, 12, 31, 23, 59, 58)), "created:0005-01-01..9999-12-31T23:59:58Z"),
        (Range("comments", None, 5), "comments:<=5"),
        (Range("comments", 5, 5), "comments:5"),
    ],
)
def test_a_range_prints_as_people_write_it(node: Range, printed: str) -> None:
    """Whole days, months and years print as such."""
    assert str(node) == printed


@given(st.text(max_size=30), st.sampled_from(["created", "comments"]))
def test_any_text_is_a_range_or_none(text: str, name: str) -> None:
    """Whatever is written, what comes of it can be printed and is read as the same again."""
    found = bounds(name, text, NOW)
    if found is not None:
        node = Range(name, found.low, found.high)
        assert bounds(name, str(node).partition(":")[2], None) == Bounds(found.low, found.high)
