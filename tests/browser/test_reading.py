"""Reading a long debate in a real browser, without a script: anchors, the drawing, what is left out, paper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page


@pytest.fixture
def reader(browser: Browser) -> Iterator[Page]:
    """Open a window of a browser that runs no scripts."""
    context = browser.new_context(viewport={"width": 1280, "height": 844}, java_script_enabled=False)
    yield context.new_page()
    context.close()


def shown(page: Page, selector: str) -> int:
    """Count the elements that are displayed."""
    return sum(each.is_visible() for each in page.locator(selector).all())


@pytest.mark.parametrize("width", [1280, 390])
def test_a_link_to_a_late_post_of_a_long_debate_lands_on_it(reader: Page, pages: dict[str, str], width: int) -> None:
    """Though what is off the screen is not laid out, the post that the fragment names is on it."""
    reader.set_viewport_size({"width": width, "height": 844})
    reader.goto(f"{pages['debate']}#issuecomment-70190")
    reader.wait_for_timeout(300)
    box = reader.locator("#issuecomment-70190").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 200


def test_a_mark_of_the_drawing_leads_to_its_post(reader: Page, pages: dict[str, str]) -> None:
    """The drawing goes along with the posts where there is room, and a click on it leads back."""
    reader.goto(f"{pages['debate']}#issuecomment-70190")
    drawing = reader.locator(".rail svg")
    box = drawing.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 844
    reader.locator(".rail a:has(.gone)").click()
    assert reader.url.endswith("#issuecomment-70030")
    place = reader.locator("#issuecomment-70030").bounding_box()
    assert place is not None
    assert 0 <= place["y"] < 844


def test_quotations_and_posts_are_left_out_by_a_tick(reader: Page, pages: dict[str, str]) -> None:
    """Of a quotation a word is left; of the posts those that were asked for, and the one that a link leads to."""
    reader.goto(pages["debate"])
    quotation = reader.locator("#issuecomment-70007 blockquote > p")
    assert quotation.is_visible()
    reader.get_by_label("Hide quotations").check()
    assert not quotation.is_visible()
    assert reader.locator("#issuecomment-70007 blockquote").is_visible()
    reader.get_by_label("Only posts that were edited or are gone").check()
    assert shown(reader, "article.post") == 2
    reader.goto(f"{pages['debate']}#issuecomment-70008")
    assert reader.locator("#issuecomment-70008").is_visible()


def test_one_goes_from_one_place_about_licensing_to_the_next(reader: Page, pages: dict[str, str]) -> None:
    """By one link in the margin of each."""
    reader.goto(pages["debate"])
    reader.get_by_role("link", name="first one").click()
    assert reader.url.endswith("#issue-9017")
    reader.locator("#issue-9017").get_by_role("link", name="next post about licensing").click()
    assert reader.url.endswith("#issuecomment-70007")
    reader.locator("#issuecomment-70007").get_by_role("link", name="next post about licensing").click()
    assert reader.url.endswith("#issuecomment-70014")


def test_lines_of_running_text_are_short_enough_to_read(reader: Page, pages: dict[str, str]) -> None:
    """On a wide screen about 65 to 75 letters, which are half as wide as they are high; code takes the whole column."""
    reader.set_viewport_size({"width": 1280, "height": 900})
    reader.goto(pages["debate"])
    wide = reader.evaluate(
        """() => [...document.querySelectorAll('.text > p')].map((each) =>
             each.getBoundingClientRect().width / parseFloat(getComputedStyle(each).fontSize))"""
    )
    assert wide
    assert max(wide) <= 30.5
    assert reader.locator(".permalink").first.evaluate("each => getComputedStyle(each).maxWidth") == "none"


def test_on_a_phone_posts_keep_their_time_of_day(reader: Page, pages: dict[str, str]) -> None:
    """And their numbers."""
    reader.set_viewport_size({"width": 390, "height": 844})
    reader.goto(pages["debate"])
    assert reader.locator("#issuecomment-70007 .about time .clock").is_visible()
    assert reader.locator("#issuecomment-70007 .about .nth").text_content() == "Post 8 of 200"
    assert reader.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_paper_no_post_of_a_long_debate_is_missing(reader: Page, pages: dict[str, str]) -> None:
    """What a screen lays out when it comes near is all there, and the drawing is not."""
    reader.goto(pages["debate"])
    reader.emulate_media(media="print")
    assert reader.locator("#issuecomment-70199 .text p").is_visible()
    assert not reader.locator(".rail").is_visible()
    assert not reader.locator(".choices").is_visible()
