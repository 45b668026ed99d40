"""Taking a citation in a real browser: with a script by a button, without one by hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser


@pytest.mark.parametrize("name", ["cite", "cite a post"])
def test_a_button_copies_what_stands_beside_it(browser: Browser, pages: dict[str, str], name: str) -> None:
    """The very text, line breaks and all; and it says so, to those who do not see it too."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    try:
        page = context.new_page()
        page.goto(pages[name])
        taken = page.locator(".taken, .permalink[data-copy]")
        buttons = page.locator("button.copy")
        assert buttons.count() == taken.count() == 9
        for title in ("Plain", "BibTeX", "RIS"):
            page.get_by_role("button", name=f"Copy {title}").click()
            page.locator(".copied", has_text="Copied").first.wait_for()
            copied = page.evaluate("navigator.clipboard.readText()")
            assert copied == page.locator(f"[data-copy='{title}']").evaluate("e => e.textContent.trim()")
            assert "127.0.0.1" in copied
        assert page.locator("[role=status].copied").count() == 9
    finally:
        context.close()


def test_where_copying_is_forbidden_the_text_is_selected(browser: Browser, pages: dict[str, str]) -> None:
    """As on a page that came by plain HTTP, where browsers have no clipboard."""
    context = browser.new_context()
    try:
        page = context.new_page()
        page.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', {value: undefined})")
        page.goto(pages["cite"])
        page.get_by_role("button", name="Copy APA").click()
        page.locator(".copied", has_text="Selected").wait_for()
        selected = page.evaluate("getSelection().toString()")
        assert selected.strip() == page.locator("[data-copy=APA]").inner_text().strip()
    finally:
        context.close()


def test_a_citation_is_there_without_a_script(browser: Browser, pages: dict[str, str]) -> None:
    """On the thread's page too, where the forms unfold; there are no buttons that would do nothing."""
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(pages["thread"])
        assert page.locator(".cited").is_visible()
        assert not page.locator(".other-forms .taken").first.is_visible()
        page.locator(".other-forms summary").click()
        assert page.locator(".other-forms .taken").first.is_visible()
        page.locator("article.post a[href*='/cite?']").first.click()
        assert page.locator(".taken").count() == 8
        assert page.locator("button.copy").count() == 0
    finally:
        context.close()
