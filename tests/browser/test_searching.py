"""Searching in a real browser: suggestions by keyboard and by pointer, the slash, facets folded and unfolded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

OPTION = ".suggestions:not([hidden]) > [role=option]"


@pytest.fixture
def searcher(browser: Browser) -> Iterator[Page]:
    """Open a window of a browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 844})
    yield context.new_page()
    context.close()


def test_a_qualifier_and_its_value_are_taken_by_keyboard(searcher: Page, pages: dict[str, str]) -> None:
    """Arrow, Enter, arrow, Enter; what is chosen is told to a screen reader, and Enter then searches."""
    searcher.goto(pages["home"])
    searcher.keyboard.press("/")
    box = searcher.locator("#q")
    expect(box).to_be_focused()
    searcher.keyboard.type("license rep")
    expect(box).to_have_attribute("aria-expanded", "true")
    searcher.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "q-suggestions-0")
    searcher.keyboard.press("Enter")
    expect(box).to_have_value("license repo:")
    expect(searcher.locator(OPTION)).to_contain_text(["Acme/Rocket"])
    searcher.keyboard.press("ArrowUp")
    searcher.keyboard.press("Enter")
    expect(box).to_have_value("license repo:Acme/Rocket ")
    expect(box).to_have_attribute("aria-expanded", "false")
    searcher.keyboard.press("Enter")
    searcher.wait_for_url("**/search?q=license+repo*")
    expect(searcher.locator("#results")).to_contain_text("debates")


def test_escape_closes_and_enter_searches_for_what_was_typed(searcher: Page, pages: dict[str, str]) -> None:
    """Suggestions never stand in the way."""
    searcher.goto(pages["thread"])
    box = searcher.locator("#q-top")
    box.click()
    searcher.keyboard.type("is:lo")
    expect(searcher.locator(OPTION)).to_have_text(["locked "])
    searcher.keyboard.press("Escape")
    expect(searcher.locator(OPTION)).to_have_count(0)
    expect(box).to_have_value("is:lo")
    searcher.keyboard.type("c")
    searcher.keyboard.press("Enter")
    searcher.wait_for_url("**/search?q=is%3Aloc")


def test_a_suggestion_is_taken_by_a_click(searcher: Page, pages: dict[str, str]) -> None:
    """The box keeps the focus; a character that takes two places does not shift what is replaced."""
    searcher.goto(pages["search"])
    box = searcher.locator("#q")
    box.fill("𝒳 ")
    box.press_sequentially("topic:rel")
    searcher.locator(OPTION).first.click()
    expect(box).to_have_value("𝒳 topic:relicense ")
    expect(box).to_be_focused()


def test_facets_stand_in_the_margin_and_are_folded_on_a_phone(searcher: Page, pages: dict[str, str]) -> None:
    """The same links; on a phone one tap shows them."""
    searcher.goto(pages["search"])
    link = searcher.locator(".facets a", has_text="open").first
    expect(link).to_be_visible()
    results = searcher.locator("ol.list").bounding_box()
    margin = searcher.locator(".facets").bounding_box()
    assert results is not None
    assert margin is not None
    assert margin["x"] + margin["width"] <= results["x"]
    searcher.set_viewport_size({"width": 390, "height": 844})
    expect(link).not_to_be_visible()
    searcher.get_by_text("Narrow these results").click()
    expect(link).to_be_visible()
    link.click()
    expect(searcher.locator(".narrowed")).to_contain_text("is:open")
    searcher.locator(".narrowed a").click()
    searcher.wait_for_url("**/search?q=license")
