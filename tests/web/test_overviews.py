"""The home page, the line of time of a repository, the page about the archive, and the foot of every page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from archives import JUDGED, OPENED, Archive
from archives import post as comment
from pages import page, text

from archiver.model import Relevance
from archiver.references import ThreadKind
from archiver.store import Debate
from web.timeline import HIGHEST, MOST_STACKED, WIDTH, timeline, topics_of


def debate(number: int, at: datetime, outcome: str = "closed", *topics: str, gone: bool = False) -> Debate:
    """Return a debate of a repository."""
    return Debate(number, ThreadKind.ISSUE, at, outcome, gone, topics)


def day(year: int, month: int, number: int = 1) -> datetime:
    """Return the beginning of a day."""
    return datetime(year, month, number, tzinfo=UTC)


# --- the line of time -------------------------------------------------------------------------------------------------


def test_few_debates_are_marks_at_their_time() -> None:
    """Those of one month stand one above the other; each knows what became of it."""
    line = timeline(
        [debate(1, day(2015, 1)), debate(2, day(2015, 1, 2), "open"), debate(3, day(2020, 7), gone=True)], "a/b"
    )
    assert line is not None
    assert [(dot.x, dot.y, dot.kind) for dot in line.dots] == [(0, 8, "closed"), (0, 0, "open"), (576, 8, "gone")]
    assert line.kinds == ("closed", "open", "gone")
    assert line.columns == ()
    assert [(year.year, year.x, year.words) for year in line.years] == [
        (2015, 0, "2 debates (1 open)"),
        (2020, 520, "1 debate (1 gone from GitHub)"),
    ]
    assert line.years[0].query == "repo:a/b created:2015-01-01..2015-12-31"


def test_many_debates_are_bars_that_search() -> None:
    """The highest takes the whole height; each names the days of its debates; nothing is beyond the edge."""
    many = [debate(at, day(2016, 2, 1 + at % 5)) for at in range(MOST_STACKED * 2)]
    line = timeline(sorted([*many, debate(99, day(2020, 12, 31))], key=lambda each: each.created_at), "a/b")
    assert line is not None
    assert line.dots == ()
    assert [(column.height, column.query) for column in line.columns] == [
        (HIGHEST, "repo:a/b created:2016-02-01..2016-02-05"),
        (4, "repo:a/b created:2020-12-31..2020-12-31"),
    ]
    assert all(column.x < WIDTH for column in line.columns)
    assert line.scale == "A bar is the debates opened within about 3 weeks; the highest is 24 debates"


def test_the_legend_has_the_shapes_that_are_drawn(archive: Archive) -> None:
    """Open and merged are round, closed is square, as everywhere; what is not drawn is not explained."""
    archive.save(1)
    archive.save(2, kind=ThreadKind.PULL, state="closed", merged_at=OPENED, closed_at=OPENED)
    archive.save(3)
    tree = page(archive.client(), "/github.com/Acme/Rocket")
    assert text(tree, ".timeline figcaption .quiet") == "Each mark is a debate: merged, open"
    assert {mark["class"][0]: "a2.5" in mark["d"] for mark in tree.select(".timeline a path")} == {
        "open": True, "merged": True
    }  # fmt: skip
    archive.save(4, state="closed", closed_at=OPENED)
    tree = page(archive.client(), "/github.com/Acme/Rocket")
    assert text(tree, ".timeline figcaption .quiet") == "Each mark is a debate: closed, merged, open"
    assert ["a2.5" in mark["d"] for mark in tree.select(".timeline path.closed")] == [False]


def test_a_line_of_one_year_names_it_once(archive: Archive) -> None:
    """Of several, it names the first and the last."""
    for number in range(1, 4):
        archive.save(number)
    year = text(page(archive.client(), "/github.com/Acme/Rocket"), ".timeline figcaption > span:not(.quiet)")
    assert year == "2018"
    archive.save(4, created_at=OPENED + timedelta(days=400))
    years = text(page(archive.client(), "/github.com/Acme/Rocket"), ".timeline figcaption > span:not(.quiet)")
    assert years == "2018 2019"


def test_two_debates_have_no_line() -> None:
    """They are seen at a glance."""
    assert timeline([debate(1, day(2015, 1)), debate(2, day(2016, 1))], "a/b") is None


def test_topics_are_counted() -> None:
    """The most frequent first, each with the query that finds its debates."""
    found = topics_of(
        [debate(1, day(2015, 1), "open", "patent", "cla-dco"), debate(2, day(2016, 1), "open", "patent")], "a/b"
    )
    assert found == [("patent", 2, "repo:a/b topic:patent"), ("cla-dco", 1, "repo:a/b topic:cla-dco")]


def test_a_repository_shows_its_debates_over_the_years(archive: Archive) -> None:
    """Marks lead to the debates, years and topics to searches that find them."""
    for at in range(4):
        when = OPENED + timedelta(days=400 * at)
        archive.save(20 + at, created_at=when, relevance=JUDGED if at else Relevance("subject", topics=("patent",)))
    client = archive.client()
    tree = page(client, "/github.com/Acme/Rocket")
    assert [each["href"] for each in tree.select(".timeline a")] == [
        f"/github.com/Acme/Rocket/issues/{20 + at}" for at in range(4)
    ]
    assert text(tree, ".by-year").startswith(
        "Debates by the year in which they were opened: 2018 1 debate (1 open), 2019 1"
    )
    assert text(tree, ".topics") == "Relicensing 3 Patents 1"
    for link, count in (("2019", "1 debate"), ("Relicensing", "3 debates")):
        found = page(client, tree.find("a", string=link)["href"])
        assert text(found, "#results") == count
        assert not found.select(".warning")


# --- home -------------------------------------------------------------------------------------------------------------


def test_the_home_page_tells_what_is_new_and_how_to_begin(archive: Archive) -> None:
    """Newest debates, then what was active of the others, the last capture; whether a crawl came to its end."""
    for at in range(8):
        archive.save(20 + at, f"Debate {at}", created_at=OPENED + timedelta(days=at))
    tree = page(archive.client(), "/")
    newest = tree.select_one("[aria-labelledby=newest]")
    active = tree.select_one("[aria-labelledby=active]")
    assert [each.get_text() for each in newest.select("h3")] == [f"Debate {at}" for at in range(7, 1, -1)]
    assert [each.get_text() for each in active.select("h3")] == ["Debate 1", "Debate 0"]
    assert "No crawl of a whole repository has come to its end yet." in text(tree)
    assert tree.select("[aria-labelledby=begin] a[href='/about#cite']")


def test_an_archive_that_holds_nothing_says_how_to_begin(archive: Archive) -> None:
    """Instead of empty lists."""
    tree = page(archive.client(), "/")
    assert "Nothing is held yet." in text(tree)
    assert "onrecord crawl https://github.com/owner/repository/issues/12" in text(tree)
    assert not tree.select("[aria-labelledby=newest], [aria-labelledby=active]")


# --- about ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/about", "/github.com/", "/search", "/lookup", "/nowhere"])
def test_every_page_has_the_same_foot(archive: Archive, path: str) -> None:
    """How to cite, how to mirror, who runs this, what is withheld, contact: each link leads to what is there."""
    client = archive.client()
    links = page(client, path, 404 if path == "/nowhere" else 200).select("footer .ways a")
    words = [each.get_text() for each in links]
    assert words[:5] == ["How to cite", "How to mirror", "Who runs this", "What is withheld", "Contact"]
    about = page(client, "/about")
    for each in links[:4]:
        assert about.select_one(each["href"].removeprefix("/about")).name == "h2"
    assert links[4]["href"] == "mailto:desk@archive.test"


def test_what_is_withheld_is_counted_by_reason(archive: Archive) -> None:
    """Posts and threads, by the class of the reason; what was restored is not counted."""
    archive.save(12, comments=(comment(501, "No."), comment(502, "Yes.")))
    archive.save(13)
    assert "At present nothing is withheld." in text(page(archive.client(), "/about"))
    archive.withdraw("issuecomment-501")
    archive.withdraw("issuecomment-502")
    archive.withdraw(number=13, reason="legal")
    rows = page(archive.client(), "/about").select("#withheld ~ table tbody tr")
    assert [text(each, "th, td") for each in rows] == [
        "it held personal data 2 single posts",
        "for legal reasons 1 whole thread",
    ]


def test_without_a_contact_the_page_says_so(archive: Archive) -> None:
    """Rather than leading to nothing."""
    tree = page(archive.client(contact=""), "/about")
    assert "No contact is given." in text(tree)
    assert tree.select_one("footer .ways a[href='/about#contact']") is not None
    assert "http://archive.test/api/v3" in text(tree)
