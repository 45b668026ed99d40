"""The course of a debate: its drawing, the same in words, and what a reader can leave out or jump to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from archives import JUDGED, OPENED, Archive, event
from archives import post as comment
from pages import page, text

from archiver.model import Account, Evidence, Relevance
from web.reading import entries
from web.shape import FEWEST, LABEL, LONGEST, MARGIN, Shape, shape_of

THREAD = "/github.com/Acme/Rocket/issues/12"
DAY = 24 * 60


def save_debate(archive: Archive, relevance: Relevance = JUDGED) -> None:
    """Save a debate of a week, closed, reopened, taken up two years later, with an edited and a deleted post."""
    roles = ("OWNER", "MEMBER", "NONE", "NONE")
    days = [*(0.1 * at for at in range(1, 40)), 730, 731]
    comments = [
        comment(500 + at, f"> So?\n\nPost {at}.", minutes=day * DAY, association=roles[at % 4])
        for at, day in enumerate(days)
    ]
    comments[3] = comment(503, "Edited.", minutes=days[3] * DAY, edited=OPENED + timedelta(days=5))
    archive.save(
        comments=tuple(comments),
        relevance=relevance,
        state="closed",
        closed_at=OPENED + timedelta(days=731),
        closed_by=Account(5, "boss"),
    )
    archive.happen(
        event("closed", minutes=4 * DAY), event("reopened", minutes=5 * DAY), event("closed", minutes=731 * DAY)
    )
    if relevance is JUDGED:
        archive.lose(510)


def shape(archive: Archive) -> Shape:
    thread = archive.store.thread(77, 12)
    assert thread is not None
    found = shape_of(thread, entries(thread))
    assert found is not None
    return found


def test_a_debate_is_drawn_in_the_order_of_time(archive: Archive) -> None:
    """Each post is in a bar, those of the project on their own side; what happened stands between."""
    save_debate(archive)
    drawn = shape(archive)
    ys = [bar.y for bar in drawn.bars]
    assert ys == sorted(ys)
    assert {bar.outside for bar in drawn.bars} == {True, False}
    assert all(0 < bar.length <= LONGEST for bar in drawn.bars)
    assert all(0 <= each < drawn.height for each in [*ys, *(mark.y for mark in drawn.marks)])
    assert [(mark.kind, mark.anchor) for mark in drawn.marks] == [
        ("edited", "issuecomment-503"),
        ("gone", "issuecomment-510"),
    ]
    assert [(each.kind, each.anchor) for each in drawn.moments] == [
        ("closed", "closed-20180220T091200Z"),
        ("reopened", "reopened-20180221T091200Z"),
        ("closed", "closed"),
    ]


def test_a_week_and_the_years_after_it_are_both_seen(archive: Archive) -> None:
    """The week takes half of the height at least, though it is a hundredth of the time; labels do not overlap."""
    save_debate(archive)
    drawn = shape(archive)
    week = max(bar.y for bar in drawn.bars[:-2]) - drawn.bars[0].y
    assert 0.45 < week / (drawn.height - 2 * MARGIN) < 0.55
    for labels in (drawn.dates, [each for each in drawn.moments if each.words]):
        ys = [each.y for each in labels]
        assert all(after - before >= LABEL for before, after in pairwise(ys))
    dates = [each.words for each in drawn.dates]
    assert dates[0] == "Feb 2018"
    assert "2019" in dates


def test_posts_of_one_moment_are_drawn_one_below_the_other(archive: Archive) -> None:
    """A debate without duration has a shape all the same."""
    archive.save(comments=tuple(comment(500 + at, "Yes.", minutes=0) for at in range(FEWEST)))
    drawn = shape(archive)
    assert len(drawn.bars) >= 1
    assert drawn.sentence.startswith(f"{FEWEST + 1} posts on 16 February 2018:")


def test_the_drawing_leads_to_posts_and_is_told_in_words(archive: Archive) -> None:
    """Each mark is a link to what is in the page; the text names the turns, and who was edited and is gone."""
    save_debate(archive)
    tree = page(archive.client(), THREAD)
    ids = {each["id"] for each in tree.select("[id]")}
    targets = [each["href"] for each in tree.select(".rail a")]
    assert targets
    assert {each.removeprefix("#") for each in targets} <= ids
    assert len(ids) == len(tree.select("[id]"))
    assert tree.select_one(".rail svg")["aria-hidden"] == "true"
    assert {each.get("tabindex") for each in tree.select(".rail a")} == {"-1"}
    told = text(tree, ".shape .told")
    assert (
        "42 posts, 1 of them gone from GitHub, from 16 February 2018 to 17 February 2020, "
        "the most in February 2018 (40)" in told
    )
    assert "20 February 2018: boss closed this" in told
    assert "17 February 2020: closed by boss" in told
    assert "Gone from GitHub: post 12." in told
    assert "Edited: post 5." in told
    assert not tree.select("[style]")


def test_a_robot_is_neither_a_member_nor_a_person(archive: Archive) -> None:
    """Whatever GitHub calls it; and deleted accounts, which cannot be told apart, are not counted as one person."""
    roles = ("MEMBER", "NONE", "OWNER")
    logins = ("kim", "zoe", "renovate[bot]")
    comments = [comment(500 + at, f"Post {at}.", logins[at % 3], association=roles[at % 3]) for at in range(12)]
    comments += [comment(520 + at, "Gone.", None, association="NONE") for at in range(2)]
    archive.save(comments=tuple(comments))
    drawn = shape(archive)
    assert drawn.sentence.endswith(": 4 by owners, members and collaborators, 7 by others, 4 by robots.")
    assert not any(each.owner for each in drawn.bars)
    assert "15 posts by 3 people, 1 robot and deleted accounts." in text(page(archive.client(), THREAD), ".head")


def test_what_is_withdrawn_is_on_no_side(archive: Archive) -> None:
    """Whose side it was on is not told: it has a sign and no bar, and is counted apart, as in the table of roles."""
    archive.save(comments=tuple(comment(500 + at, "Yes.", association="NONE") for at in range(10)))
    archive.withdraw("issuecomment-504")
    drawn = shape(archive)
    assert drawn.sentence.endswith(": 0 by owners, members and collaborators, 10 by others, 1 withdrawn here.")
    assert "issuecomment-504" not in {each.anchor for each in drawn.bars}
    assert [each.anchor for each in drawn.marks if each.kind == "withdrawn"] == ["issuecomment-504"]
    key = text(page(archive.client(), THREAD), ".key")
    assert "– withdrawn." in key
    assert "gone" not in key
    assert "half by time, half post by post" in key


def test_every_year_is_named(archive: Archive) -> None:
    """However near to each other they are drawn: moved a little, or joined with the one before."""
    days = [*(0.01 * at for at in range(120)), 3000]
    archive.save(comments=tuple(comment(500 + at, "Yes.", minutes=day * DAY) for at, day in enumerate(days)))
    for many in (10, 40, 122):
        thread = archive.store.thread(77, 12)
        assert thread is not None
        found = shape_of(thread, entries(replace(thread, posts=[*thread.posts[:many], thread.posts[-1]])))
        assert found is not None
        words = " ".join(each.words for each in found.dates)
        shown = {int(each) for each in re.findall(r"\d{4}", words)}
        for first, last in re.findall(r"(\d{4})–(\d\d)", words):
            shown |= set(range(int(first), 2000 + int(last) + 1))
        assert shown == set(range(2018, 2027))
        assert all(after.y - before.y >= LABEL for before, after in pairwise(found.dates))
        assert all(each.tick <= each.y <= each.tick + 10 for each in found.dates)


def test_one_deleted_account_is_told_as_one(archive: Archive) -> None:
    """Of one post it is plain how many wrote it."""
    archive.save(comments=(comment(501, "Gone.", None),))
    assert "2 posts by 1 person and a deleted account." in text(page(archive.client(), THREAD), ".head")


def test_a_short_thread_has_no_drawing(archive: Archive) -> None:
    """Three posts are seen at a glance."""
    archive.save(comments=(comment(501, "No."), comment(502, "Yes.")))
    assert page(archive.client(), THREAD).select(".rail") == []


def test_what_speaks_of_licensing_is_a_chain(archive: Archive) -> None:
    """From each such post one link leads to the one before and one to the one after; the words are marked."""
    reasons = tuple(
        Evidence("license", words, "own", number, weight)
        for words, number, weight in (("copyleft", 0, 1.0), ("Post 1", 2, 3.0), ("So?", 2, 0.5), ("Post 30", 31, 2.0))
    )
    save_debate(archive, Relevance("subject", 9.5, evidence=reasons))
    tree = page(archive.client(), THREAD)
    speaking = tree.select("article.speaks")
    assert [each["id"] for each in speaking] == ["issue-9012", "issuecomment-501", "issuecomment-530"]
    links = [[link["href"] for link in each.select(".place a")] for each in speaking]
    assert links == [["#issuecomment-501"], ["#issue-9012", "#issuecomment-530"], ["#issuecomment-501"]]
    marked = [[mark.get_text() for mark in each.select(".text mark")] for each in speaking]
    assert marked == [["copyleft", "license"], ["So?", "Post 1"], ["Post 30"]]
    assert "licensing, 2 of 3" in text(speaking[1], ".about")
    assert "Licensing is spoken of in 3 posts" in text(tree, ".choices")


def test_every_post_that_speaks_of_licensing_is_in_the_chain(archive: Archive) -> None:
    """However many there are, and though reasons are kept of some alone; what is withdrawn is not among them."""
    words = ("I agree to relicense under MIT.", "Thanks!")
    archive.save(comments=tuple(comment(500 + at, words[at % 5 == 0]) for at in range(1, 101)))
    tree = page(archive.client(), THREAD)
    assert len(tree.select("article.speaks")) == 81
    assert "Licensing is spoken of in 81 posts" in text(tree, ".choices")
    marked = tree.select("#issuecomment-501 mark")
    assert [each.get_text() for each in marked] == ["relicense", "MIT"]
    archive.withdraw("issuecomment-501")
    assert "Licensing is spoken of in 80 posts" in text(page(archive.client(), THREAD), ".choices")


def test_marking_does_not_touch_what_a_tag_says(archive: Archive) -> None:
    """A term that stands in an address, or in an entity, is not marked there."""
    body = '[a href](https://example.org/href?class="x") a href & amp href'
    reasons = (Evidence("license", "href", "own", 0, 1.0), Evidence("license", "amp", "own", 0, 1.0))
    archive.save(body=body, relevance=Relevance("subject", 9.5, evidence=reasons))
    shown = page(archive.client(), THREAD).select_one("article .text")
    assert [each.get_text() for each in shown.select("mark")] == ["href", "href", "amp", "href"]
    assert shown.get_text().split() == ["a", "href", "a", "href", "&", "amp", "href"]
    assert shown.select_one("a")["href"].startswith("https://example.org/href?class=")


def test_what_can_be_left_out_is_offered_where_there_is_any(archive: Archive) -> None:
    """Quotations where somebody quotes, edited posts where there are some."""
    save_debate(archive)
    archive.save(13, comments=(comment(701, "No."),))
    client = archive.client()
    assert [each["id"] for each in page(client, THREAD).select(".choices input")] == ["hide-quotations", "only-changed"]
    assert page(client, THREAD.replace("12", "13")).select(".choices input") == []


def test_a_snapshot_is_drawn_as_it_was(archive: Archive) -> None:
    """What was deleted later is not marked, and reasons that were found later are not told; its own words are."""
    save_debate(archive)
    first = archive.store.captures(77, 12)[0].digest
    tree = page(archive.client(), f"{THREAD}@{first}")
    assert tree.select(".rail svg .gone") == []
    assert tree.select(".rail svg")
    assert [each["id"] for each in tree.select("article.speaks")] == ["issue-9012"]
    assert [each.get_text() for each in tree.select("article mark")] == ["copyleft", "license"]


def test_months_name_their_year_when_it_is_another(archive: Archive) -> None:
    """From November to April, the first month of the new year that is named says which year that is."""
    archive.save(comments=tuple(comment(500 + at, "Yes.", minutes=10 * at * DAY) for at in range(1, 16)))
    thread = archive.store.thread(77, 12)
    assert thread is not None
    later = [replace(each, created_at=each.created_at + timedelta(days=270)) for each in thread.posts]
    found = shape_of(thread, entries(replace(thread, posts=later)))
    assert found is not None
    dates = [each.words for each in found.dates]
    assert dates[0] == "Nov 2018"
    assert [each for each in dates if "2019" in each] == ["Jan 2019"]
