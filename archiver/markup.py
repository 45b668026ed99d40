"""Owns the reading of posts: their text told apart into own words, quotations and code, and safe HTML for a page.

It does not judge what a text is about, and knows neither threads nor the site's own links.
"""

from __future__ import annotations

import html
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

import cmarkgfm
import nh3
from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag
from cmarkgfm.cmark import Options

from archiver.attachments import is_attachment, named_as_picture
from archiver.masking import has_secret, mask, masks

GITHUB = "https://github.com/"
SCHEMES = {"http", "https", "mailto"}

# Raw HTML passes through the Markdown step, since posts use <details> and tables of their own; nh3 comes after it.
# A line break in a post is a line break on GitHub's pages, hence HARDBREAKS.
_MARKDOWN = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS | Options.CMARK_OPT_VALIDATE_UTF8


def _names(names: str) -> set[str]:
    return set(names.split())


_TAGS = _names(
    """a abbr b bdi bdo blockquote br caption cite code dd del details dfn div dl dt em h4 h5 h6 hr i ins kbd li mark ol
    p pre q rp rt ruby s samp small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul"""
)
# What a post may hold before it is rewritten: pictures and check boxes are turned into text by `_rewrite`.
_RAW_TAGS = _TAGS | {"h1", "h2", "h3", "img", "input", "video"}
_DROPPED = _names(
    """applet audio button canvas embed frameset head iframe math noembed noframes noscript object script select style
    svg template textarea title xmp"""
)
_ATTRIBUTES = {
    "*": {"dir"},
    "a": {"href", "class"},
    "abbr": {"title"},
    "code": {"class"},
    "details": {"open"},
    "img": {"src", "alt", "loading"},
    "li": {"class"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
    "time": {"datetime"},
    "ul": {"class"},
}
_RAW_ATTRIBUTES = {
    **_ATTRIBUTES,
    "div": {"class"},
    "img": {"src", "alt", "class", "data-canonical-src"},
    "input": {"type", "checked"},
    "pre": {"lang"},
    "span": {"class"},
    "video": {"src"},
}
_ALLOWED_VALUES = {
    "class": re.compile(r"media|contains-task-list|task-list-item|language-[A-Za-z0-9+#._-]{1,30}"),
    "dir": re.compile(r"ltr|rtl|auto"),
    "src": re.compile(r"https://media\.invalid/[0-9a-f]{64}"),
    "loading": re.compile("lazy"),
    "align": re.compile(r"left|right|center"),
    "colspan": re.compile(r"[1-9][0-9]?"),
    "rowspan": re.compile(r"[1-9][0-9]?"),
    "start": re.compile(r"-?[0-9]{1,9}"),
}
_HEADINGS = {"h1": "h4", "h2": "h5", "h3": "h6", "h4": "h6", "h5": "h6"}

# Limits beyond which a post is shown and read as its plain source. HTML parsers take quadratic time on deep nesting,
# and multiply formatting elements that are left open; no post that a person wrote comes near.
MAX_DEPTH = 400
MAX_OPEN_FORMATTING = 16
MAX_TAGS = 30_000
MAX_GROWTH = 12
MAX_LENGTH = 4_000_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
_VOID = _names("area base br col embed hr img input link meta param source track wbr")
# Their end tags may be left out: each one closes the one before.
_SELF_CLOSING = _names("p li dt dd tr td th thead tbody tfoot option rp rt")

_BLOCKS = _names(
    "blockquote caption dd details div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre summary table tbody tfoot thead tr ul"
)
_STRUCK = {"del", "s", "strike"}
_EMAIL_QUOTES = {"email-hidden-reply", "email-quoted-reply", "email-signature-reply"}
# Holds the lines of a mail as they were, told apart by the page's style sheet.
_EMAIL = "email-fragment"
_EMAIL_TOGGLE = "email-hidden-toggle"
_LONG_INLINE_CODE = 80
_WROTE = re.compile(
    r"(?:On|Am|Le|El|Em|Op|Il|Den)\b[^\n]{4,300}"
    r"\b(?:wrote|writes|schrieb[^\n]{0,80}|a écrit|escribió|escreveu|schreef|ha scritto|skrev)\s*:\s*\Z"
)
_ORIGINAL = re.compile(r"\s*(?:-{2,}\s*Original Message\s*-{2,}|_{20,})\s*\Z", re.IGNORECASE)
_FOOTER = re.compile(
    r"\s*(?:[—–-]+\s*)?(?:Reply to this e-?mail directly|You are receiving this because|Sent from my |--\s*\Z)"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a post's text; `place` is `own`, `quote`, `code` or `details`."""

    place: str
    text: str


def segments(body: str, body_html: str | None = None, *, struck: bool = True) -> list[Segment]:
    """Tell a post's text apart, in reading order, as a reader sees it; block elements are separated by newlines.

    Without `struck`, what its author struck out (`~~so~~`) is left out.

    `body` is Markdown, `body_html` GitHub's rendering of it, which wins if there is one. Quotations are block quotes,
    the quoted parts of replies by e-mail, and their tails. Inline code is part of the words around it, unless it is
    long. Never raises; beyond the limits of this module, the source itself is one segment of own words.
    """
    markup = _normal(body, body_html)
    if markup is None:
        return _tails([Segment("own", _printable(body or body_html or ""))])
    found: list[Segment] = []
    buffer: list[str] = []
    place = "own"
    for where, text in _walk(_tree(markup), struck=struck):
        if where != place:
            _append(found, place, "".join(buffer))
            buffer, place = [], where
        buffer.append(text)
    _append(found, place, "".join(buffer))
    return _tails(found)


def plain(body_html: str) -> str:
    """Give the text of HTML as a reader sees it, all places alike."""
    return "\n".join(segment.text for segment in segments("", body_html))


def pictures(body: str, body_html: str | None = None, base: str = GITHUB) -> list[str]:
    """Return the addresses of a post's pictures and attached files, as `render` asks for them. Never raises."""
    found: list[str] = []

    def note(address: str) -> None:
        found.append(address)

    render(body, body_html, base, kept=note)
    return found


def render(
    body: str,
    body_html: str | None = None,
    base: str = GITHUB,
    *,
    masked: bool = False,
    kept: Callable[[str], str | None] | None = None,
) -> str:
    """Give safe HTML for a page, from GitHub's rendering if there is one, else from the Markdown.

    Nothing in it loads by itself: pictures and videos become links (class `media`), check boxes become text. Links keep
    only http, https and mailto; relative ones are resolved against `base`, the address of the thread upstream. Headings
    are shifted down (h1 to h4, h2 to h5, the others to h6), since the page has its own above. No `id` and no `name`
    survives. The last step is always nh3's allow-list. Never raises; beyond the limits of this module, the source is
    shown as it is, in `<pre>`. With `masked`, e-mail addresses and what looks like a secret are hidden
    (`archiver.masking`), in the text as a reader sees it, and links with them lead nowhere. A picture for
    whose address `kept` gives a digest is shown from `/media/`; beside that of an attached file stands one to its copy.
    """
    markup = _normal(body, body_html)
    if markup is None:
        text = _printable(body or body_html or "")
        return _clean(f"<pre>{html.escape(mask(text) if masked else text)}</pre>")
    soup = _tree(markup)
    _rewrite(soup, base, kept)
    if masked:
        _mask(soup)
    return _SHOWN.sub(r"\1/media/\2", _clean("".join(_serialise(soup))))


# The address of a kept picture while the allow-list is at work, which lets no relative one pass. What a post itself
# writes so is no picture any more by then, and in text `<` is escaped.
_KEPT = "https://media.invalid/"
_SHOWN = re.compile(r'(<(?:img src|a href)=")https://media\.invalid/([0-9a-f]{64}(?="))')


def _clean(markup: str) -> str:
    return nh3.clean(
        markup,
        tags=_TAGS | {"img"},
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        link_rel="nofollow noopener ugc",
        url_schemes=SCHEMES,
        url_relative="deny",
    )


def _attribute(_tag: str, name: str, value: str) -> str | None:
    allowed = _ALLOWED_VALUES.get(name)
    if allowed is None:
        return value
    return " ".join(word for word in value.split() if allowed.fullmatch(word)) or None


def _normal(body: str, body_html: str | None) -> str | None:
    """Give well-formed HTML as a browser would understand the post, or None if it is beyond the limits.

    bs4's parser is not a browser's; after this step the two can no longer see different trees.
    """
    source = body_html if body_html and body_html.strip() else None
    if len(source or body) > MAX_LENGTH:
        return None
    if source is not None:
        markup = _printable(source)
    else:
        text = _printable(body)
        markup = cmarkgfm.github_flavored_markdown_to_html(text, options=_MARKDOWN) if text.strip() else ""
    if not _within_limits(markup):
        return None
    normal = nh3.clean(
        markup,
        tags=_RAW_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_RAW_ATTRIBUTES,
        link_rel=None,
        url_schemes=SCHEMES,
        url_relative="pass_through",
    )
    # Formatting elements left open are opened again in each block that follows: the tree may outgrow its source.
    return normal if normal.count("<") <= 2 * MAX_TAGS and len(normal) <= MAX_GROWTH * len(markup) + 10_000 else None


def _tree(markup: str) -> BeautifulSoup:
    # Read as from a file, since bs4 warns of a string that looks like a file's name or an address, as posts may.
    return BeautifulSoup(io.StringIO(markup), "html.parser")


def _printable(text: str) -> str:
    """Drop what no page can hold: NUL and other control characters, halves of surrogate pairs."""
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+", "", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.encode("utf-8", "replace").decode("utf-8")


def _within_limits(markup: str) -> bool:
    depth = formatting = count = 0
    opened: Counter[str] = Counter()
    for match in _TAG.finditer(markup):
        count += 1
        name = match[2].lower()
        if name in _VOID or name in _SELF_CLOSING:
            continue
        if not match[1]:
            opened[name] += 1
            depth += 1
            formatting += name in _FORMATTING
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
            formatting -= name in _FORMATTING
        if depth > MAX_DEPTH or formatting > MAX_OPEN_FORMATTING:
            return False
    # An entity costs the parser about a quarter of what a tag does.
    return count + markup.count("&") // 4 <= MAX_TAGS


def _walk(soup: BeautifulSoup, *, struck: bool) -> Iterator[tuple[str, str]]:
    """Yield (place, text) in reading order, without recursion."""
    stack: list[tuple[PageElement | None, str, bool]] = [(soup, "own", False)]
    while stack:
        node, place, verbatim = stack.pop()
        if node is None:
            yield place, "\n"
            continue
        if isinstance(node, NavigableString):
            # Subclasses are comments and the like.
            if type(node) is NavigableString:
                yield place, str(node) if verbatim else re.sub(r"\s+", " ", node)
            continue
        if not isinstance(node, Tag):
            continue
        classes = set(node.get_attribute_list("class"))
        if _EMAIL_TOGGLE in classes or (not struck and node.name in _STRUCK):
            continue
        verbatim = verbatim or _EMAIL in classes
        if node.name == "pre":
            place, verbatim = "code", True
        elif node.name == "code" and place != "code" and len(node.get_text()) > _LONG_INLINE_CODE:
            place = "code"
        elif place != "code" and (node.name == "blockquote" or classes & _EMAIL_QUOTES):
            place = "quote"
        elif place == "own" and node.name == "details":
            place = "details"
        if node.name == "br":
            yield place, "\n"
        elif node.name in _BLOCKS:
            yield place, "\n"
            stack.append((None, place, verbatim))
        elif node.name in {"td", "th"}:
            yield place, " | "
        elif node.name == "img":
            yield place, f" {node.get('alt') or ''} "
        elif node.name == "input":
            yield place, _box(node)
        stack.extend((child, place, verbatim) for child in reversed(node.contents))


def _box(node: Tag) -> str:
    if node.get("type") != "checkbox":
        return ""
    sign = "☑" if node.has_attr("checked") else "☐"
    return sign if _spaced(node.next_sibling) else f"{sign} "


def _spaced(node: PageElement | None) -> bool:
    return isinstance(node, NavigableString) and node[:1].isspace()


def _append(found: list[Segment], place: str, text: str) -> None:
    if place != "code":
        text = "\n".join(line.strip() for line in text.split("\n"))
    text = re.sub(r"\n{3,}", "\n\n", text).strip("\n" if place == "code" else None)
    if text.strip():
        found.append(Segment(place, text))


def _tails(found: list[Segment]) -> list[Segment]:
    """Turn what mail programs add to a reply into quotations: "On ... wrote:", what follows it, `>` lines, footers."""
    result: list[Segment] = []
    for index, segment in enumerate(found):
        if segment.place != "own":
            result.append(segment)
            continue
        followed = index + 1 < len(found) and found[index + 1].place == "quote"
        lines = segment.text.split("\n")
        marked: list[tuple[str, str]] = []
        tail = False
        number = 0
        while number < len(lines):
            # The line that says who wrote is often folded in two by the mail program.
            height = next((n for n in (1, 2) if _WROTE.match(" ".join(lines[number : number + n]).strip())), 0)
            if height:
                rest = lines[number + height :]
                tail = tail or not (any(line.lstrip().startswith(">") for line in rest) or (followed and not any(rest)))
                marked.extend(("quote", line) for line in lines[number : number + height])
                number += height
                continue
            line = lines[number]
            tail = tail or bool(_ORIGINAL.match(line) or (index + 1 >= len(found) and _FOOTER.match(line)))
            marked.append(("quote" if tail or line.lstrip().startswith(">") else "own", line))
            number += 1
        _regroup(result, marked)
    return result


def _regroup(result: list[Segment], marked: list[tuple[str, str]]) -> None:
    start = 0
    for end in range(1, len(marked) + 1):
        if end == len(marked) or (marked[end][0] != marked[start][0] and marked[end][1].strip()):
            _append(result, marked[start][0], "\n".join(line for _, line in marked[start:end]))
            start = end


def _rewrite(soup: BeautifulSoup, base: str, kept: Callable[[str], str | None] | None) -> None:
    """Turn what would load or point elsewhere into text and links; in place, since replacing takes linear time."""
    stack: list[tuple[Tag, Tag | None]] = [(soup, None)]
    while stack:
        tag, link = stack.pop()
        stack.extend((child, tag if tag.name == "a" else link) for child in tag.contents if isinstance(child, Tag))
        name = tag.name
        if name in _HEADINGS:
            tag.name = _HEADINGS[name]
        elif name == "a":
            _absolute(tag, base)
            if kept is not None:
                _add_copy(soup, tag, kept)
        elif name in {"img", "video"}:
            _unload(soup, tag, link, base, kept)
        elif name == "input":
            _become(tag, "span", _box(tag))
        elif name == "pre":
            _keep_first_line(tag)
        elif name == "div" and "highlight" in tag.get_attribute_list("class"):
            _name_language(soup, tag)


def _mask(soup: BeautifulSoup) -> None:
    """Hide addresses and secrets in place. Elements within a line do not part a text: `<b>kim</b>@example.org`."""
    strings: list[tuple[int, NavigableString]] = []
    parts: list[str] = []
    length = 0
    stack: list[PageElement | str] = [soup]
    while stack:
        node = stack.pop()
        if isinstance(node, Tag):
            if node.name == "a":
                _mask_link(node)
            elif node.has_attr("title"):
                node["title"] = mask(str(node["title"]))
            elif node.name == "img":
                node["alt"] = mask(str(node.get("alt") or ""))
            apart = node.name in _BLOCKS or node.name in {"br", "td", "th"}
            stack += ["\n", *reversed(node.contents), "\n"] if apart else reversed(node.contents)
        elif isinstance(node, NavigableString | str):
            if isinstance(node, NavigableString):
                strings.append((length, node))
            parts.append(node)
            length += len(node)
    found = masks("".join(parts))
    which = 0
    for start, string in strings:
        end = start + len(string)
        kept: list[str] = []
        at = start
        while which < len(found) and found[which].start < end:
            each = found[which]
            if each.end > start:
                kept += [string[at - start : max(each.start, at) - start], each.shown if each.start >= start else ""]
                at = min(each.end, end)
            if each.end > end:
                break  # it goes on in the next one
            which += 1
        if at > start:
            string.replace_with(NavigableString("".join(kept) + string[at - start :]))


def _mask_link(link: Tag) -> None:
    href = str(link.get("href") or "")
    # An address within the path of a link (of a mail in a list's archive, say) stays: without it the link is lost.
    if href.lower().startswith("mailto:") or "@" in urlsplit(href).netloc or has_secret(unquote(href)):
        del link["href"]


def _serialise(soup: BeautifulSoup) -> Iterator[str]:
    """Yield the tree as HTML. bs4's own `decode` compares trees recursively, and fails on deep ones."""
    stack: list[PageElement | str] = [soup]
    while stack:
        node = stack.pop()
        if isinstance(node, Tag):
            if node is not soup:
                attributes = (f' {name}="{html.escape(_joined(value))}"' for name, value in node.attrs.items())
                yield f"<{node.name}{''.join(attributes)}>"
                if node.name in _VOID:
                    continue
                stack.append(f"</{node.name}>")
            stack.extend(reversed(node.contents))
        elif isinstance(node, NavigableString):
            yield html.escape(node, quote=False)
        else:
            yield str(node)


def _joined(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)


def _absolute(tag: Tag, base: str) -> None:
    href = tag.get("href")
    tag.attrs.pop("class", None)  # `media` is ours alone
    if href is not None:
        target = _resolve(str(href), base)
        if target and not target.startswith(_KEPT):
            tag["href"] = target
        else:
            del tag["href"]


def _add_copy(soup: BeautifulSoup, link: Tag, kept: Callable[[str], str | None]) -> None:
    target = str(link.get("href") or "")
    if is_attachment(target) and (digest := kept(target)) is not None:
        copy = soup.new_tag("a", attrs={"href": _KEPT + digest})
        copy.string = "copy kept here"
        link.insert_after(" (", copy, ")")


def _resolve(address: str, base: str) -> str | None:
    try:
        target = urljoin(base, address.strip())
        return target if urlsplit(target).scheme in SCHEMES else None
    except ValueError:  # such as an unclosed bracket of an IPv6 address
        return None


def _unload(
    soup: BeautifulSoup, tag: Tag, link: Tag | None, base: str, kept: Callable[[str], str | None] | None
) -> None:
    alt = " ".join(str(tag.get("alt") or "").split())
    if "emoji" in tag.get_attribute_list("class"):
        _become(tag, "span", alt)
        return
    # GitHub serves pictures through a proxy whose addresses die; the original address is kept beside it.
    source = tag.get("data-canonical-src") or tag.get("src")
    target = _resolve(str(source), base) if source else None
    shown = tag.name == "img" and target is not None and (not is_attachment(target) or named_as_picture(target))
    if shown and kept is not None and target is not None and (digest := kept(target)) is not None:
        tag.attrs.clear()
        tag.attrs.update({"src": _KEPT + digest, "alt": alt or "picture", "loading": "lazy"})
        if link is None:
            tag.wrap(soup.new_tag("a", attrs={"href": target}))
        return
    if link is not None:
        link["class"] = "media"
    kind = "image" if tag.name == "img" else "video"
    name, text, attributes = shown_as(Picture(kind, alt, target, within_link=link is not None))
    _become(tag, name, text)
    tag.attrs.update(attributes)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture or film of a post: `kind` is `image` or `video`, `words` stand for it, `address` is its source.

    The address is absolute, None if there is none to lead to, and not that of a proxy.
    """

    kind: str
    words: str
    address: str | None
    within_link: bool


def shown_as(picture: Picture) -> tuple[str, str, dict[str, str]]:
    """Decide what a picture becomes on a page: an element's name, its text, its attributes.

    Nothing loads from elsewhere: it becomes words, which lead to the picture unless they stand within a link already.
    """
    text = f"{picture.kind}: {picture.words}" if picture.words else picture.kind
    if picture.within_link or picture.address is None:
        return "span", text, {}
    return "a", text, {"href": picture.address, "class": "media"}


def _become(tag: Tag, name: str, text: str) -> None:
    tag.name = name
    tag.attrs.clear()
    tag.string = text


def _keep_first_line(tag: Tag) -> None:
    """Save an empty first line: nh3 and then the browser each drop one newline after `<pre>`, as HTML prescribes."""
    language = str(tag.get("lang") or "").split()
    first = tag.contents[0] if tag.contents else None
    if isinstance(first, NavigableString) and first.startswith("\n"):
        first.replace_with(NavigableString("\n\n" + first))
    if language and isinstance(first, Tag) and first.name == "code":
        first["class"] = f"language-{language[0]}"


def _name_language(soup: BeautifulSoup, tag: Tag) -> None:
    """Carry the language of GitHub's `<div class="highlight highlight-source-rust">` over to a `<code>` in `<pre>`."""
    pre = tag.find("pre")
    named = [c.removeprefix("highlight-source-") for c in tag.get_attribute_list("class") if c and "-source-" in c]
    if isinstance(pre, Tag) and named and pre.find("code") is None:
        code = soup.new_tag("code", attrs={"class": f"language-{named[0]}"})
        for child in list(pre.contents):
            code.append(child.extract())
        pre.append(code)
