"""Dates, durations, outcomes and texts as a reader sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup

from archiver.model import Revision
from web import render

START = datetime(2016, 1, 31, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (START, "less than a minute"),
        (START - timedelta(days=1), "less than a minute"),
        (START + timedelta(seconds=59), "less than a minute"),
        (START + timedelta(minutes=1), "1 minute"),
        (START + timedelta(hours=7, minutes=49), "7 hours 49 minutes"),
        (START + timedelta(hours=24), "1 day"),
        (START + timedelta(days=2, minutes=5), "2 days"),
        (datetime(2016, 2, 28, 10, 0, tzinfo=UTC), "28 days"),
        (datetime(2016, 3, 1, 9, 0, tzinfo=UTC), "1 month"),
        (datetime(2016, 3, 31, 10, 0, tzinfo=UTC), "2 months"),
        (datetime(2018, 7, 31, 18, 0, tzinfo=UTC), "2 years 6 months"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(end: datetime, words: str) -> None:
    """Months are the calendar's, a unit of nothing is left out, and a clock gone back does no harm."""
    assert render.duration(START, end) == words


def test_how_long_ago_is_told_in_one_unit() -> None:
    """The relative form is short; the absolute date stands beside it."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert render.relative(START, now) == "10 years ago"
    assert render.relative(now - timedelta(hours=5, minutes=59), now) == "5 hours ago"
    assert render.relative(now + timedelta(hours=1), now) == "just now"


def test_dates_are_absolute_and_in_utc() -> None:
    """A moment of any zone is shown as UTC."""
    moment = datetime.fromisoformat("2018-02-17T00:12:00+02:00")
    assert render.day(moment) == "16 February 2018"
    assert render.minute(moment) == "16 February 2018, 22:12 UTC"


def test_a_snippet_escapes_the_text_and_marks_the_spans() -> None:
    """What was written is shown as written; spans that overlap or lie outside do no harm."""
    marked = render.snippet("<b>GPL & MIT", [(3, 6), (4, 6), (9, 99), (50, 60)])
    assert marked == Markup("&lt;b&gt;<mark>GPL</mark> &amp; <mark>MIT</mark>")


def test_between_backticks_is_code() -> None:
    """Notices set parts of the query apart, and these are escaped."""
    assert render.ticked("`a<b` is not known") == Markup("<code>a&lt;b</code> is not known")


def test_an_address_breaks_where_a_reader_expects_it() -> None:
    """After a slash and before the digest, not within either."""
    shown = render.breakable("http://archive.test/github.com/a/b/issues/1@0123456789ab")
    assert shown == Markup("http://archive.test/<wbr>github.com/<wbr>a/<wbr>b/<wbr>issues/<wbr>1<wbr>@0123456789ab")


def test_control_characters_do_not_reach_a_page() -> None:
    """No HTML page can hold them; line breaks and tabs stay, and what was safe remains marked as safe."""
    assert render.printable("a\x00b\x1b[31m\x9b\tc\n") == "ab[31m\tc\n"
    assert isinstance(render.printable(Markup("<b>\x07</b>")), Markup)
    assert render.printable("GPL\u202eTIM ot") == "GPLTIM ot"
    assert render.printable(None) is None


def test_numbers_and_lists_are_words() -> None:
    """A count agrees with its noun, and a list reads as a sentence."""
    assert render.plural(1, "person", "people") == "1 person"
    assert render.plural(1204, "person", "people") == "1,204 people"
    assert render.listed(["a"]) == "a"
    assert render.listed(["a", "b", "c"]) == "a, b and c"


def test_the_text_of_a_post_is_safe_and_its_links_are_whole() -> None:
    """Whatever a post brings along, no script is left of it; a relative link leads to GitHub."""
    long = "x" * 60_000
    for body in ("<script>alert(1)</script>\n\n[a](/b/c)", f"<script>alert(1)</script>\n\n[a](/b/c){long}"):
        html = render.prose(Revision("0" * 64, body, None, None, START), "https://github.com/acme/rocket/issues/1")
        assert "<script" not in html
        assert 'href="https://github.com/b/c"' in html


def test_the_captured_rendering_wins_over_the_markdown() -> None:
    """GitHub's own rendering is shown where it was captured."""
    assert "as GitHub" in render.prose(
        Revision("0" * 64, "source", "<p>as GitHub</p>", None, START), "https://github.com"
    )
