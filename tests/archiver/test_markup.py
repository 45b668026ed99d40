"""Owns the tests of `archiver.markup`: what a reader sees, and what a page may show."""

from __future__ import annotations

import re

import pytest

from archiver import markup
from archiver.markup import MAX_DEPTH, Segment, plain, render, segments


def places(body: str, body_html: str | None = None) -> list[tuple[str, str]]:
    return [(segment.place, segment.text) for segment in segments(body, body_html)]


def test_own_words_and_quotations_are_told_apart() -> None:
    """A block quote is a quotation, the words around it are the author's own, in reading order."""
    assert places("First.\n\n> They said this.\n\nSecond.") == [
        ("own", "First."),
        ("quote", "They said this."),
        ("own", "Second."),
    ]


def test_code_blocks_are_code_and_inline_code_is_not() -> None:
    """A fenced block is code; a short `word` belongs to its sentence."""
    assert places("Run `make` now:\n\n```sh\nmake  all\n```") == [("own", "Run make now:"), ("code", "make  all")]


def test_long_inline_code_is_code() -> None:
    """A command line of more than eighty characters between backticks is no prose."""
    assert ("code", "x" * 81) in places(f"See `{'x' * 81}` there")


def test_code_within_a_quotation_is_code() -> None:
    """Code weighs least of all, whoever pasted it."""
    assert places("> a\n>\n>     b = 1") == [("quote", "a"), ("code", "b = 1")]


def test_details_are_their_own_place() -> None:
    """What is folded away is told apart, and code in it stays code."""
    body = "Top\n\n<details><summary>Log</summary>\n\ninside\n\n```\ncode\n```\n</details>"
    assert places(body) == [("own", "Top"), ("details", "Log\n\ninside"), ("code", "code")]


def test_words_of_neighbouring_blocks_do_not_run_together() -> None:
    """Blocks, breaks and table cells separate words as they do on the page."""
    html = "<p>one</p><ul><li>two</li><li>three</li></ul>four<br>five<table><tr><td>six</td><td>seven</td></tr></table>"
    assert plain(html).replace("|", " ").split() == ["one", "two", "three", "four", "five", "six", "seven"]


def test_the_rendering_wins_over_the_source() -> None:
    """GitHub's own rendering is what readers saw."""
    assert places("source", "<p>rendered</p>") == [("own", "rendered")]
    assert places("source", "  ") == [("own", "source")]


@pytest.mark.parametrize("name", ["email-hidden-reply", "email-quoted-reply", "email-signature-reply"])
def test_parts_of_mails_that_github_marks_are_quotations(name: str) -> None:
    """What a mail program appended is not the author's word, and the toggle is not text."""
    html = (
        '<div class="email-fragment">I agree.\nSecond line.</div>'
        '<span class="email-hidden-toggle"><a href="#">…</a></span>'
        f'<div class="{name}">their words</div>'
    )
    assert places("", html) == [("own", "I agree.\nSecond line."), ("quote", "their words")]


def test_a_reply_header_makes_the_unmarked_tail_a_quotation() -> None:
    """Below "On ... wrote:" stands the other's text, even without marks."""
    body = "Fine with me.\n\nOn Mon, 3 Feb 2014, Ada <ada@example.org> wrote:\nMay we use it?"
    found = segments(body)
    assert found[0] == Segment("own", "Fine with me.")
    assert {s.place for s in found[1:]} == {"quote"}
    assert "May we use it?" in found[-1].text


def test_answers_below_a_marked_quotation_stay_own() -> None:
    """Whoever answers below the quoted lines speaks for themselves."""
    assert places("On Monday, Ada wrote:\n\n> May we?\n\nYes, you may.")[-1] == ("own", "Yes, you may.")


def test_a_reply_header_may_be_folded() -> None:
    """Mail programs break the line that says who wrote."""
    assert places("Yes.\n\nOn Mon, 3 Feb 2014 at 10:00, Ada Lovelace <\nada@example.org> wrote:\n\nold")[0] == (
        "own",
        "Yes.",
    )
    assert all(place == "quote" for place, _ in places("Yes.\n\nOn Mon, 3 Feb 2014, Ada <\na@b.org> wrote:\n\nold")[1:])


def test_a_mail_footer_is_a_quotation() -> None:
    """What the notification service appended is nobody's word."""
    assert places("Yes.\n\nReply to this email directly or view it on GitHub")[0] == ("own", "Yes.")
    assert places("Yes.\n\nReply to this email directly or view it on GitHub")[1][0] == "quote"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\x00\x01\x02",
        "\ud800 half a pair",
        ">" * 5_000 + " deep",
        ">" * 300_000,
        "<div>" * 25_000,
        "<b><i>" * 40_000,
        "[" * 300_000,
        "`a``b" * 60_000,
        "<" * 300_000,
        "a\n" * 150_000,
        "| a " * 50_000 + "\n" + "|-" * 50_000,
        "![x](/y) " * 33_000,
        "- [ ] x\n" * 37_000,
        "".join(f"<font color={n}>" for n in range(16)) + "<p>" * 60_000,
        "<div>" * 380 + "<img src=a>" * 20_000,
        "<![CDATA[" * 30_000 + "<!--" * 30_000 + "<?" * 30_000 + "<!x" * 30_000,
        "On a wrote: " * 25_000,
    ],
)
@pytest.mark.parametrize("as_html", [False, True])
@pytest.mark.timeout(60)
def test_no_input_breaks_or_stalls(body: str, as_html: bool) -> None:
    """Hostile and broken posts of 300 kB are read and shown; one that ran away would not end within the time-out."""
    found = segments("" if as_html else body, body if as_html else None)
    shown = render("" if as_html else body, body if as_html else None)
    assert all("\x00" not in s.text for s in found)
    assert "\x00" not in shown


def test_deep_nesting_within_the_limit_is_rendered() -> None:
    """A tree as deep as the limit allows is shown as a tree, without recursion errors."""
    depth = MAX_DEPTH - 50
    assert render("", "<blockquote>" * depth + "x" + "</blockquote>" * depth).count("<blockquote>") == depth


def test_beyond_the_limits_the_source_is_shown_escaped() -> None:
    """What cannot be parsed safely is still readable."""
    shown = render("", "<div>" * (MAX_DEPTH + 1) + "<script>alert(1)</script>")
    assert shown.startswith("<pre>&lt;div&gt;")
    assert "<script" not in shown


VECTORS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript&colon;alert(1)'>x</a>",
    "<a href=' &#1;javascript:alert(1)'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "[x](javascript:alert(1))",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<math><annotation-xml encoding='text/html'><style><img src onerror=alert(1)></style></annotation-xml></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template><img src=x onerror=alert(1)></template>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><img title='</title><img src=x onerror=alert(1)>'>",
    "<form action=//evil.example><input name=q><button formaction=javascript:alert(1)>x</button></form>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example>",
    "<style>*{background:url(//evil.example)}</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object><embed src=javascript:alert(1)>",
    "<video src=x onerror=alert(1) autoplay></video><audio src=x>",
    "<details open ontoggle=alert(1)>x</details>",
    "<p onclick=alert(1) onmouseover='alert(1)'>x</p>",
    "<div id=search name=q class=site-header>x</div>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=alert(1) src>'>",
    "<b><p><a href='x:y' title='<img src=x onerror=alert(1)>'>x</a>",
    '<abbr title="&quot;><img src=x onerror=alert(1)>">x</abbr>',
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<x/onclick=alert(1)>x</x>",
    "`<script>alert(1)</script>`",
]
_OPENED = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*)((?:\"[^\"]*\"|[^>\"])*)>")


def harmless(shown: str) -> None:
    """Assert that no element or attribute of a text runs, loads, submits, styles or shadows."""
    for name, attributes in _OPENED.findall(shown):
        bare = re.sub(r'"[^"]*"', '""', attributes)
        assert name not in {"script", "style", "svg", "math", "img", "video", "iframe", "form", "input", "base", "meta"}
        assert name not in {"object", "embed", "link", "button", "template", "noscript", "textarea", "audio", "x"}
        assert not re.search(r"\b(?:on\w+|style|id|name|src|srcdoc|action)=", bare), shown
    for href in re.findall(r'href="([^"]*)"', shown):
        assert re.match(r"https?://|mailto:", href), href


@pytest.mark.parametrize("vector", VECTORS)
@pytest.mark.parametrize("as_html", [False, True])
def test_nothing_active_survives(vector: str, as_html: bool) -> None:
    """No element or attribute that runs, loads, submits, styles or shadows reaches a page."""
    shown = render("" if as_html else vector, vector if as_html else None)
    harmless(shown)
    assert 'class="site' not in shown


@pytest.mark.parametrize(
    "vector", [*VECTORS, '<a href="https://x.example" onclick="alert(1)" style="top:0" id=q>x</a>']
)
@pytest.mark.parametrize("skipped", ["_normal", "_clean"])
def test_each_of_the_two_allow_lists_would_do_alone(vector: str, skipped: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads a post and what is written of it are both sanitised: one that is loosened is caught by the other."""
    # Addresses are looked at in between, too.
    monkeypatch.setattr(markup, "_absolute", lambda tag, base: None)
    kept = {"_normal": lambda body, body_html: body_html, "_clean": lambda text: text}
    monkeypatch.setattr(markup, skipped, kept[skipped])
    harmless(render("", vector))


def test_scripts_and_styles_are_no_words() -> None:
    """What stands in elements that are no text is neither shown nor read for what it says."""
    html = "<p>Yes.</p><script>license()</script><style>.copyleft{}</style><svg><title>GPL</title></svg>"
    assert segments("", html) == [Segment("own", "Yes.")]
    assert render("", html) == "<p>Yes.</p>"


def test_links_are_marked_and_made_absolute() -> None:
    """A link says that it is foreign, and one within GitHub leads to GitHub."""
    shown = render(
        "[a](/o/r/issues/1) [b](#issuecomment-1) [c](mailto:a@b.org)", None, "https://github.com/o/r/issues/7"
    )
    assert '<a href="https://github.com/o/r/issues/1" rel="nofollow noopener ugc">a</a>' in shown
    assert 'href="https://github.com/o/r/issues/7#issuecomment-1"' in shown
    assert 'href="mailto:a@b.org"' in shown
    assert 'href="https://github.com/o/r"' in render("", '<a href="/o/r">x</a>')


def test_a_broken_address_loses_its_link_only() -> None:
    """An address that is none leaves the words."""
    assert ">x</a>" in render("", '<a href="http://[">x</a>')
    assert "href" not in render("", '<a href="http://[">x</a>')


def test_pictures_become_links() -> None:
    """Nothing is loaded from elsewhere: a picture is a link that says what it shows."""
    shown = render("![a chart](https://example.org/c.png)")
    assert '<a href="https://example.org/c.png" class="media" rel="nofollow noopener ugc">image: a chart</a>' in shown
    shown = render("", '<img src="https://camo.example/1" data-canonical-src="https://example.org/c.png">')
    assert 'href="https://example.org/c.png"' in shown
    assert ">image</a>" in shown
    assert "video</a>" in render("", '<video src="https://example.org/v.mp4"></video>')


def test_a_linked_picture_keeps_its_link() -> None:
    """Links do not nest: the words take the picture's place."""
    shown = render("[![build](https://example.org/b.svg)](https://example.org/ci)")
    assert shown.count("<a ") == 1
    assert 'href="https://example.org/ci"' in shown
    assert "image: build" in shown
    assert 'class="media"' in shown


def test_emoji_pictures_become_their_text() -> None:
    """An emoji of GitHub's own is a word, no picture."""
    assert (
        render("", '<p>ok <img class="emoji" alt=":shipit:" src="https://x.example/s.png"></p>')
        == "<p>ok <span>:shipit:</span></p>"
    )
    assert "👍" in render("", '<g-emoji alias="+1">👍</g-emoji>')
    assert "g-emoji" not in render("", '<g-emoji alias="+1">👍</g-emoji>')


def test_check_boxes_become_text() -> None:
    """Who agreed can be read without form controls."""
    shown = render("- [x] Ada\n- [ ] Bob")
    assert "☑ Ada" in re.sub(r"</?span>", "", shown)
    assert "☐ Bob" in re.sub(r"</?span>", "", shown)
    assert "☑ Ada" in segments("- [x] Ada")[0].text
    html = '<ul class="contains-task-list x"><li class="task-list-item y"><input type="checkbox" checked> Ada</li></ul>'
    assert '<ul class="contains-task-list"><li class="task-list-item">' in render("", html)


def test_headings_are_shifted_down() -> None:
    """The page's own headings stay above those of posts."""
    shown = render("# a\n\n## b\n\n### c\n\n###### d")
    assert re.findall(r"<(h\d)>", shown) == ["h4", "h5", "h6", "h6"]


def test_tables_details_and_direction_are_kept() -> None:
    """What carries meaning stays: tables with alignment, folds, the direction of writing."""
    assert '<th align="right">a</th>' in render("|a|\n|-:|\n|1|")
    assert "<details><summary>s</summary>" in render("<details><summary>s</summary>\n\nx\n</details>")
    assert '<p dir="rtl">' in render("", '<p dir="rtl">x</p>')
    assert "dir=" not in render("", '<p dir="up">x</p>')
    assert "colspan" not in render("", '<table><tr><td colspan="99999">x</td></tr></table>')


def test_white_space_in_code_is_kept() -> None:
    """Indentation and an empty first line survive three parsers, and so does the language."""
    assert "<pre>\n\n  x\n\ty</pre>" in render("", "<pre>\n\n  x\n\ty</pre>")
    assert '<code class="language-rust">' in render("```rust\nfn x() {}\n```")
    html = '<div class="highlight highlight-source-rust"><pre><span class="pl-k">fn</span> x</pre></div>'
    assert '<pre><code class="language-rust"><span>fn</span> x</code></pre>' in render("", html)


def test_a_line_break_in_a_post_is_one_on_the_page() -> None:
    """GitHub's comments break lines where their authors did."""
    assert "one<br>\ntwo" in render("one\ntwo")


def test_text_that_looks_like_markup_stays_text() -> None:
    """Escaped angle brackets are not revived by the rewriting."""
    assert "&lt;script&gt;" in render("`<script>`")
    assert "&amp;lt;" in render("", "<p>&amp;lt;</p>")


# --- masking ----------------------------------------------------------------------------------------------------------

TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("Write to kim@example.org", '<p>Write to <a rel="nofollow noopener ugc">k…@example.org</a></p>\n'),
        ("<b>kim</b>@example.org", "<p><b>k…</b>@example.org</p>\n"),
        ("ki<i>m@exa</i>mple.org x", "<p>k…<i>@exa</i>mple.org x</p>\n"),
        (f"`{TOKEN[:20]}`<b>{TOKEN[20:]}</b> end", "<p><code>[secret hidden]</code><b></b> end</p>\n"),
        ("kim\n@example.org", "<p>kim<br>\n@example.org</p>\n"),
        ("a &lt;b&gt; kim@example.org &amp; x", "<p>a &lt;b&gt; "),
    ],
)
def test_addresses_and_secrets_are_masked_as_a_reader_sees_them(body: str, shown: str) -> None:
    """Elements within a line do not hide an address from masking, lines and blocks part it, and no tag breaks."""
    page = render(body, masked=True)
    assert page.startswith(shown)
    assert "kim@example" not in page
    assert TOKEN not in page


@pytest.mark.parametrize(
    ("html", "href"),
    [
        ('<a href="mailto:kim@example.org">mail</a>', None),
        ('<a href="MAILTO:kim@example.org?subject=x">mail</a>', None),
        ('<a href="https://kim:pass@example.org/">x</a>', None),
        (f'<a href="https://example.org/?token={TOKEN}">x</a>', None),
        (f'<a href="https://example.org/?token={TOKEN.replace("_", "%5F")}">x</a>', None),
        ('<a href="https://lists.example.org/20180216.1234@example.org">x</a>', "https://lists.example.org/"),
        ('<a href="https://github.com/acme/rocket">x</a>', "https://github.com/acme/rocket"),
    ],
)
def test_links_with_what_is_masked_lead_nowhere(html: str, href: str | None) -> None:
    """A link keeps its words; its address goes where it is an e-mail address or holds a secret."""
    page = render("x", html, masked=True)
    assert ("href" in page) == (href is not None)
    assert href is None or href in page


def test_a_private_key_over_several_lines_is_masked() -> None:
    """In code and between line breaks alike; what is around it stays."""
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nq8+x/==\n-----END RSA PRIVATE KEY-----"
    for body in (f"before\n\n```\n{key}\n```\n\nafter", f"before\n{key}\nafter"):
        page = render(body, masked=True)
        assert "MIIE" not in page
        assert "[secret hidden]" in page
        assert "before" in page
        assert "after" in page


def test_masking_is_asked_for() -> None:
    """Without it everything stays, and what has nothing to mask is rendered to the same page with it."""
    assert "kim@example.org" in render("kim@example.org")
    text = "See *this*, `react@16.2.0`, `git@github.com:acme/rocket`, @kim & <details><summary>x</summary>y</details>"
    assert render(text, masked=True) == render(text)


def test_a_source_beyond_the_limits_is_masked_too() -> None:
    """What is shown as its plain source goes through masking as well."""
    page = render("<b>" * 1000 + "kim@example.org", masked=True)
    assert page.startswith("<pre>")
    assert "k…@example.org" in page


@pytest.mark.parametrize("text", ["https://example.test/license", "COPYING.html", "//example.test/a b"])
def test_a_text_that_looks_like_a_name_or_an_address_is_read_without_a_warning(text: str) -> None:
    """The parser of HTML takes such a text for a mistake of its caller's, and would say so in the log."""
    assert places("", text) == [("own", text)]
    assert render("", text) == text
