"""Every type of page in a real browser: nothing executes, nothing leaves the site, nothing runs off the screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

import pytest
from archives import FOREIGN_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from brinks import STEPS, WaitedFor
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PAGES = (
    *("home", "search", "no results", "search help", "repositories", "repository", "thread", "snapshot", "history"),
    *("cite", "cite a post", "about", "compare", "query help", "partial results", "narrowed results"),
    *("happened", "what happened", "withdrawn", "consent", "debate"),
    *("too early", "no snapshot", "lookup", "lookup refused", "not held", "beyond the last"),
    *("latest snapshot", "comment not held", "withdrawn for legal reasons", "pictures"),
    *("compare backwards", "nothing is saved", "save", "save refused", "saving", "waiting to be saved", "not saved"),
    *("an offer to save anew", "sign in refused", "signed in"),
    *("not found", "bad request", "server error", "store down"),
)
# What stands at the edge of the window and further right, were it not for the boxes that scroll by themselves.
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# Contrast of each piece of text against what is behind it, by WCAG 2's formula; only the worst is returned.
CONTRAST = """() => {
  const parse = text => { const m = text.match(/[\\d.]+/g).map(Number); return {rgb: m.slice(0, 3), a: m[3] ?? 1}; };
  const linear = c => c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
  const light = rgb => { const [r, g, b] = rgb.map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  let worst = {ratio: 99};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility() || element.closest('.unseen')) continue;
    let behind = element;
    while (behind && parse(getComputedStyle(behind).backgroundColor).a === 0) behind = behind.parentElement;
    const ground = light(parse(getComputedStyle(behind ?? document.body).backgroundColor).rgb);
    const ink = light(parse(getComputedStyle(element).color).rgb);
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    if (ratio < worst.ratio) worst = {ratio, text: walker.currentNode.textContent.trim().slice(0, 60)};
  }
  return worst;
}"""

# What is too small for a finger and too near to the next one, by WCAG 2.2's target size: under 24 px and less than that
# from another's box (or centre, if that is small too). Links within a sentence are exempt, and so are the
# marks of a drawing: each leads to what the text beside it, or the page itself, leads to as well.
TARGETS = """() => {
  const inSentence = e => !e.closest('.about, nav') && getComputedStyle(e).display === 'inline'
    && e.closest('p, li, dd, .text')?.textContent.trim() !== e.textContent.trim();
  const boxes = [...document.querySelectorAll('a:not(svg a), button, input, select, summary')]
    .filter(e => e.checkVisibility() && !e.closest('.unseen') && !inSentence(e))
    .map(e => ({e, r: e.getBoundingClientRect(), box: e.getClientRects()[0]})).filter(({r}) => r.width && r.height)
    .map(each => ({...each, x: each.box.x + each.box.width / 2, y: each.box.y + each.box.height / 2,
      small: each.box.width < 24 || each.r.height < 24}));
  const beyond = (at, low, high) => Math.max(low - at, 0, at - high);
  const distance = (a, r) => Math.hypot(beyond(a.x, r.left, r.right), beyond(a.y, r.top, r.bottom));
  const near = (a, b) => b.small ? Math.hypot(a.x - b.x, a.y - b.y) < 23.9 : distance(a, b.r) < 11.9;
  return boxes.filter(a => a.small && boxes.some(b => b.e !== a.e && near(a, b)))
    .map(({e}) => e.outerHTML.slice(0, 120));
}"""
# What scrolls by itself but cannot be reached by the keyboard.
UNREACHABLE = """() => [...document.querySelectorAll('body *')].filter(e => e.scrollWidth > e.clientWidth + 1
    && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && e.checkVisibility() && e.tabIndex < 0)
  .map(e => e.outerHTML.slice(0, 120))"""


class Visit:
    """One page in one window, with all that the browser complained of or asked for meanwhile."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        width: int,
        scheme: str,
        *,
        scripts: bool = True,
        stubbed: bool = False,
        then: Callable[[Page], None] | None = None,
    ) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=scripts,
        )
        self.page: Page = self.context.new_page()
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", self._asked)
        if stubbed:
            self.page.route("**/*.js*", lambda route: route.fulfill(content_type="text/javascript", body=""))
        self.page.goto(url, wait_until="load")
        if then:
            then(self.page)

    def _heard(self, message: ConsoleMessage) -> None:
        # The status of the page itself, where an error is what was asked for, is no complaint.
        own = not urlsplit(message.location["url"]).path.startswith(("/static/", "/media/"))
        if not (own and re.match(r"Failed to load resource: the server responded with a status of [45]", message.text)):
            self.messages.append(message.text)

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)


@pytest.mark.parametrize(
    ("width", "scripts"),
    [(1280, True), (390, True), (320, True), (1280, False), (390, False)],
    ids=["1280", "390", "320", "1280-no-scripts", "390-no-scripts"],
)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_local_and_fits(
    browser: Browser, pages: dict[str, str], name: str, width: int, scripts: bool
) -> None:
    """No violation of the policy, no error, no request to another host, no sideways scrolling, enough contrast.

    In the light and in the dark: a browser changes from one to the other without asking for anything again.
    """
    visit = Visit(browser, pages[name], width, SCHEMES[0], scripts=scripts, then=STEPS.get(name))
    try:
        for scheme in SCHEMES:
            visit.page.emulate_media(color_scheme=scheme)
            assert not visit.page.evaluate(WIDER)
            assert visit.page.title() != "pwned"
            worst = visit.page.evaluate(CONTRAST)
            assert worst["ratio"] >= 4.5, (scheme, worst)
            assert visit.page.evaluate(TARGETS) == []
            assert visit.page.evaluate(UNREACHABLE) == []
        assert visit.messages == []
        assert {urlsplit(url).netloc for url in visit.requests} == {urlsplit(pages[name]).netloc}
    finally:
        visit.context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_the_rules_of_axe(
    browser: Browser, pages: dict[str, str], name: str, width: int, scripts: bool
) -> None:
    """The rules of accessibility that a program can check are kept, with the site's own script and without.

    axe is a script itself: without scripts means here that the site's own is empty.
    """
    visit = Visit(browser, pages[name], width, SCHEMES[0], stubbed=not scripts, then=STEPS.get(name))
    try:
        for scheme in SCHEMES:
            visit.page.emulate_media(color_scheme=scheme)
            violations = Axe().run(visit.page).response["violations"]
            assert [(scheme, each["id"], [node["html"][:200] for node in each["nodes"]]) for each in violations] == []
    finally:
        visit.context.close()


def test_every_type_of_page_is_visited(pages: dict[str, str]) -> None:
    """The list that the tests go through is complete."""
    assert set(pages) == set(PAGES)


def test_a_body_full_of_scripts_executes_nothing(browser: Browser, pages: dict[str, str]) -> None:
    """Neither by itself nor when the reader opens an earlier version and clicks on what is there."""
    visit = Visit(browser, pages["thread"], 1280, "light")
    try:
        visit.page.locator("#issuecomment-501 .versions summary").first.click()
        assert visit.page.locator("#issuecomment-501 .versions .text").is_visible()
        for link in visit.page.locator(".text a", has_text="a link").all():
            assert "javascript" not in (link.get_attribute("href") or "")
        assert visit.page.locator(f"{FOREIGN_SCRIPT}, .text img, .text [style], .text style").count() == 0
        assert visit.page.title() != "pwned"
        assert visit.messages == []
    finally:
        visit.context.close()


def test_the_policy_stops_a_script_even_if_one_got_through(browser: Browser, pages: dict[str, str]) -> None:
    """The second fence holds by itself: an inline script added to the page does not run."""
    visit = Visit(browser, pages["home"], 1280, "light")
    try:
        visit.page.evaluate(
            """() => { const s = document.createElement("script"); s.textContent = "document.title = 'pwned'";
            document.body.append(s); const i = new Image(); i.src = "https://elsewhere.test/x.png"; }"""
        )
        assert visit.page.title() != "pwned"
        assert any("Content Security Policy" in each for each in visit.messages)
    finally:
        visit.context.close()


def test_a_reader_gets_by_with_the_keyboard(browser: Browser, pages: dict[str, str]) -> None:
    """The first stop is the link past the navigation, it is seen there, and it leads to the text."""
    visit = Visit(browser, pages["thread"], 1280, "light")
    try:
        visit.page.keyboard.press("Tab")
        skip = visit.page.locator(":focus")
        assert skip.get_attribute("href") == "#main"
        box = skip.bounding_box()
        assert box is not None
        assert box["width"] > 50
        visit.page.keyboard.press("Enter")
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.closest('main') !== null")
    finally:
        visit.context.close()


def test_an_anchor_of_github_leads_to_the_post(browser: Browser, pages: dict[str, str]) -> None:
    """The fragment that people have in their links is on the screen."""
    visit = Visit(browser, f"{pages['thread']}#issuecomment-503", 390, "light")
    try:
        box = visit.page.locator("#issuecomment-503").bounding_box()
        assert box is not None
        assert 0 <= box["y"] < 844
    finally:
        visit.context.close()


def test_on_paper_a_thread_is_an_exhibit(browser: Browser, pages: dict[str, str]) -> None:
    """Citation, digest and capture at its head, earlier versions unfolded, link targets spelled out, no navigation."""
    visit = Visit(browser, pages["thread"], 1280, "dark")
    try:
        visit.page.emulate_media(media="print")
        top = {name: visit.page.locator(name).first.bounding_box() for name in (".cite", "h1")}
        assert top[".cite"] is not None
        assert top["h1"] is not None
        assert top[".cite"]["y"] < top["h1"]["y"]
        assert visit.page.locator("#issuecomment-501 .versions .text").is_visible()
        assert not visit.page.locator("nav, .foot, form").first.is_visible()
        assert visit.page.locator(".ago").count() > 1
        assert " ." not in visit.page.locator("h1 ~ .quiet").first.inner_text()
        assert [each.is_visible() for each in visit.page.locator(".ago").all()] == [False] * visit.page.locator(
            ".ago"
        ).count()
        shown = visit.page.evaluate(
            "getComputedStyle(document.querySelector('#issuecomment-502 .text a[href^=http]'), '::after').content"
        )
        assert "elsewhere.test" in shown
        assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    finally:
        visit.context.close()


def test_on_paper_a_comparison_is_an_exhibit(browser: Browser, pages: dict[str, str]) -> None:
    """What is compared, both digests and times, the original and its own link at its head; no navigation."""
    visit = Visit(browser, pages["compare"], 1280, "dark")
    try:
        cited = visit.page.locator(".cite .cited")
        assert not cited.is_visible()
        visit.page.emulate_media(media="print")
        assert cited.is_visible()
        words = cited.inner_text()
        assert "from the version captured 1 March 2026, 12:00 UTC to the one captured 2 March 2026" in words
        assert "https://github.com/Acme/Rocket/issues/12" in words
        assert pages["compare"] in words
        digests = visit.page.locator(".versions-compared .digest")
        assert [len(each.inner_text().split()[-1]) for each in digests.all()] == [64, 64]
        for hidden in ("nav", ".foot", "form", "text=The thread as now known"):
            assert not visit.page.locator(hidden).first.is_visible()
        above, below = cited.bounding_box(), visit.page.locator("h1").bounding_box()
        assert above is not None
        assert below is not None
        assert above["y"] < below["y"]
    finally:
        visit.context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_words_of_a_drawing_stay_within_it(browser: Browser, pages: dict[str, str], width: int) -> None:
    """No date sticks out to its left, no event to its right."""
    visit = Visit(browser, pages["debate"], width, "light")
    try:
        beyond = visit.page.evaluate(
            """() => { const box = document.querySelector('.rail svg').getBoundingClientRect();
            return [...document.querySelectorAll('.rail text')].map(e => [e.textContent, e.getBoundingClientRect()])
              .filter(([, r]) => r.left < box.left || r.right > box.right).map(([words]) => words); }"""
        )
        assert beyond == []
    finally:
        visit.context.close()


def test_whoever_waits_is_led_to_the_record_without_a_script(browser: Browser, waited_for: WaitedFor) -> None:
    """The page that says what becomes of a wish asks again by itself, and ends at the record."""
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(waited_for.url)
        assert page.locator("[aria-current=step]").inner_text().startswith("Waiting")
        waited_for.fulfil()
        page.wait_for_url(waited_for.record, timeout=60_000)
        assert page.locator("#record").is_visible()
    finally:
        context.close()


@pytest.mark.parametrize("name", ["thread", "history"])
def test_a_link_to_the_versions_of_a_post_unfolds_them(browser: Browser, pages: dict[str, str], name: str) -> None:
    """What "edited, 2 versions" promises is on the screen after one click, without a script; from the history too."""
    context = browser.new_context(viewport={"width": 1280, "height": 844}, java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(pages[name])
        assert name == "history" or not page.locator("#issuecomment-501 .versions .text").is_visible()
        page.locator("a[href$='#issuecomment-501-versions']").first.click()
        text = page.locator("#issuecomment-501 .versions .text")
        text.wait_for(state="visible")
        box = text.bounding_box()
        assert box is not None
        assert 0 <= box["y"] < 844
    finally:
        context.close()


def test_diffs_and_hidden_texts_fold_without_a_script_and_are_unfolded_on_paper(
    browser: Browser, pages: dict[str, str]
) -> None:
    """The lines of a review comment are open at first, what GitHub hides is closed; a click turns both round."""
    context = browser.new_context(viewport={"width": 1280, "height": 844}, java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(pages["happened"])
        lines = page.locator("#discussion_r821 .hunk > pre")
        hidden = page.locator("#issuecomment-803 .folded > .text")
        assert (lines.is_visible(), hidden.is_visible()) == (True, False)
        page.locator("#discussion_r821 summary").click()
        page.locator("#issuecomment-803 summary").first.click()
        assert (lines.is_visible(), hidden.is_visible()) == (False, True)
        page.locator("#issuecomment-803 summary").first.click()
        page.emulate_media(media="print")
        assert (lines.is_visible(), hidden.is_visible()) == (True, True)
        assert page.locator("#issuecomment-801 .versions .text").is_visible()
    finally:
        context.close()


def test_a_paragraph_runs_as_its_letters_do(browser: Browser, pages: dict[str, str]) -> None:
    """Within one post, Hebrew begins at the right and English at the left."""
    visit = Visit(browser, pages["thread"], 1280, "light")
    try:
        places = visit.page.evaluate(
            """() => [...document.querySelectorAll('#issuecomment-504 .text p')].map(p => {
              const range = document.createRange(); range.selectNodeContents(p);
              const text = range.getBoundingClientRect(), box = p.getBoundingClientRect();
              return text.left - box.left > box.right - text.right ? 'right' : 'left'; })"""
        )
        assert places == ["left", "right"]
    finally:
        visit.context.close()
