"""Citations as files, read back by programs that are not ours: whatever a title holds, it comes out as it went in."""

from __future__ import annotations

import json
import random
import unicodedata
import warnings
from dataclasses import replace
from typing import Any

import pytest
import rispy
from citeproc import Citation as Cited
from citeproc import CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from pybtex.database import Entry, parse_string
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from threads import DELETED, at, opening, post, text, thread

from archiver.model import Capture, PostKind, Thread
from web import citation
from web.citation import Citation
from web.citation_files import bibtex, csl, csl_item, latex, literal, ris
from web.config import SiteConfig

SITE = SiteConfig(base_url="https://archive.test", title="Desk & Sons 100%")
PIECES = (
    *(
        "{",
        "}",
        "{{",
        "}}",
        "\\",
        "\\\\",
        "\\{",
        "\\}",
        "%",
        "#",
        "&",
        "~",
        "^",
        "$",
        "_",
        "@",
        '"',
        "'",
        "`",
        "``",
        "''",
    ),
    *("--", "---", "?`", "!`", "<", ">", "|", "<<", ",,", "*", "=", "[", "]", "(", ")", ";", ",", ":", ".", "/", "- -"),
    *("\n", "\r\n", "\r", "\t", "\x00", "\x1b[31m", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\ud800", "\ufeff"),
    *(
        "\u202e",
        "\u2066",
        "\u200f",
        "רישיון",
        "الرخصة",
        "许可证",
        "ライセンス",
        "Lizenz für Änderungen",
        "é",
        "e\u0301",
    ),
    *(
        "😀",
        "👩‍💻",
        "🇩🇪",
        "𝕏",
        "\\textbf{x}",
        "\\input{/etc/passwd}",
        "\\end{document}",
        "@misc{x,",
        "TY  - JOUR",
        "ER  - ",
        "<i>",
        "</i>",
        "<SC>x</SC>",
        '<span class="nocase">',
        "</span>",
    ),
    *(
        "\nER  - \nTY  - JOUR\nTI  - other",
        "}\n@book{evil, title={x}}",
        "{\\'e}",
        "$x^2$",
        "\\cite{a}",
        "%%",
        "#1",
        "and",
    ),
    *(
        "others",
        "license",
        "GPL-3.0",
        "A B",
        " ",
        "  ",
        "</script>",
        "&amp;",
        "\\",
        "\\ ",
        "\\n",
        "x\\",
        "\ufffe",
        "{\\",
    ),
)


def hostile(seed: int) -> str:
    """Return a title of pieces that mean something to BibTeX, LaTeX, RIS, JSON or a line of text."""
    rng = random.Random(seed)
    return "".join(rng.choice(PIECES) + rng.choice(("", " ")) for _ in range(rng.randint(1, 12)))


def body(seed: int) -> str:
    """Return a text of such pieces, as the store gives it: halves of surrogate pairs are gone from it."""
    return hostile(seed).replace("\ud800", "?")


def made(seed: int) -> tuple[Thread, Citation]:
    """Return a thread with hostile texts, and the citation of it or of one of its posts."""
    rng = random.Random(seed)
    login = rng.choice(("kim", "a-b-c", "dependabot[bot]", "x_acme", "Von-Der-Heide", "and", "others", None))
    found = thread(
        opening(body(seed + 1), login),
        post(501, login, body(seed + 2), before=(body(seed + 3),) if seed % 3 else ()),
        title=hostile(seed),
    )
    cited = citation.of_post(found, found.posts[1], SITE) if seed % 2 else citation.of_thread(found, SITE)
    return found, cited


def one_entry(cited: Citation) -> Entry:
    """Return the one entry that pybtex finds in what was written."""
    found = parse_string(bibtex(cited), "bibtex")
    assert list(found.entries) == [cited.key]
    return found.entries[cited.key]


def printed(field: str) -> str:
    """Return what LaTeX would print, without the braces that keep a field as it is."""
    context = get_default_latex_context_db()
    # LaTeX's own names (ltoutenc.dtx) that this reader does not know, or prints as an accent.
    names = {"braceleft": "{", "braceright": "}", "less": "<", "greater": ">", "bar": "|", "asciicircum": "^"}
    known = [MacroTextSpec(f"text{name}", sign) for name, sign in names.items()]
    context.add_context_category("ltoutenc", macros=known, prepend=True)
    return LatexNodes2Text(latex_context=context, strict_latex_spaces=True).latex_to_text(field)


@pytest.mark.parametrize("seed", range(300))
def test_bibtex_is_read_back(seed: int) -> None:
    """One entry; title, author, dates, link and note are what went in."""
    _, cited = made(seed)
    entry = one_entry(cited)
    assert printed(entry.fields["title"]) == cited.heading
    assert entry.fields["title"].startswith("{")
    assert entry.fields["title"].endswith("}")
    people = entry.persons.get("author", [])
    if cited.author is None:
        assert people == []
        assert "Deleted account" in entry.fields["note"]
    else:
        assert [(each.first_names, each.prelast_names, each.lineage_names) for each in people] == [([], [], [])]
        assert [printed(each) for each in people[0].last_names] == [cited.author]
    assert entry.fields["url"] == cited.url
    assert (entry.fields["year"], entry.fields["month"], entry.fields["date"]) == (
        "2021",
        "May",
        f"{cited.written_at:%F}",
    )
    assert entry.fields["urldate"] == "2021-05-10"
    note = printed(entry.fields["note"])
    assert cited.upstream_url in note
    assert cited.digest in note
    assert "Desk & Sons 100%" in note
    assert cited.place in printed(entry.fields["howpublished"])


@pytest.mark.parametrize("seed", range(300))
def test_ris_is_read_back(seed: int) -> None:
    """One record; each field is one line, the author is one name, and all are what went in."""
    _, cited = made(seed)
    written = ris(cited)
    assert written.endswith("ER  - \r\n")
    found = rispy.loads(written)
    assert len(found) == 1
    record = found[0]
    assert record["type_of_reference"] == "ELEC"
    assert record["title"] == cited.heading
    assert record.get("authors") == ([cited.author] if cited.author else None)
    assert record["year"] == "2021"
    assert record["date"] == f"{cited.written_at:%Y/%m/%d}"
    assert record["access_date"] == "2021/05/10"
    assert record["urls"] == [cited.url]
    assert record["id"] == cited.key
    assert record["name_of_database"] == "Desk & Sons 100%"
    assert cited.upstream_url in record["notes"][0]
    assert cited.digest in record["notes"][0]
    assert "unknown_tag" not in record


def rendered(item: dict[str, Any]) -> str:
    """Return the bibliography of one item, by citeproc-py and the style that it brings along; warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source = CiteProcJSON([item])
        style = CitationStylesStyle("harvard-cite-them-right", validate=False)
        bibliography = CitationStylesBibliography(style, source, formatter.plain)
        bibliography.register(Cited([CitationItem(item["id"])]))
        return "".join(str(each) for each in bibliography.bibliography())


@pytest.mark.parametrize("seed", range(0, 300, 6))
def test_csl_json_is_rendered(seed: int) -> None:
    """Valid JSON of one item, which a CSL processor renders without a warning, with author, year and link."""
    for _, cited in (made(seed), made(seed + 1)):
        items = json.loads(csl(cited))
        assert items == [csl_item(cited)]
        assert items[0]["type"] == "post"
        assert items[0]["title"].replace("\u2060", "") == cited.heading
        assert items[0].get("author") == ([{"literal": cited.author}] if cited.author else None)
        shown = rendered(items[0])
        assert "2021" in shown
        assert cited.url in shown
        assert cited.author is None or cited.author in shown


@pytest.mark.parametrize(
    "tag", ["<i>", "</i>", "<b>", "<sc>", "<sub>", "<sup>", '<span class="nocase">', "<SPAN style='x'>", "</span>"]
)
def test_what_csl_takes_for_markup_comes_out_as_it_was_written(tag: str) -> None:
    """A title with the tags of CSL is printed with them: something that is not seen parts each of them."""
    title = f"Use {tag}GPL</span> in <T>?"
    cited = citation.of_thread(thread(title=title), SITE)
    shown = rendered(csl_item(cited))
    assert title in shown.replace("\u2060", "")
    assert f"<\u2060{tag[1:]}" in shown
    assert tag not in csl(cited)


@pytest.mark.parametrize("text", ["a < b", "<T>", "<section>", "<img>", "x<y>", "<3", "< >", "Vec<u8>", "<ins>"])
def test_nothing_parts_what_csl_knows_not(text: str) -> None:
    """Other signs and tags are what they are."""
    assert literal(text) == text


@pytest.mark.parametrize("name", ["Kim Person", "person, kim", "kim and lee", "Inc., Acme and others", "von der heide"])
def test_bibtex_takes_no_author_apart(name: str) -> None:
    """Whatever GitHub calls an account (one that was imported may bear a name), it is one last name."""
    entry = one_entry(replace(citation.of_thread(thread(), SITE), author=name))
    (author,) = entry.persons["author"]
    assert [printed(each) for each in author.last_names] == [name]
    assert [*author.first_names, *author.prelast_names, *author.lineage_names] == []


@pytest.mark.parametrize("seed", range(300))
def test_what_is_cited_is_one_clean_line(seed: int) -> None:
    """No text of a citation has a line break, a control character, or a sign that turns a line round."""
    _, cited = made(seed)
    for each in (cited.title, cited.words, cited.heading, cited.author or ""):
        assert each == " ".join(each.split())
        assert not [sign for sign in each if unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp", "Cn"}]
        assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff") & set(each)


def test_hostile_titles_reach_every_sign() -> None:
    """The titles that the tests above go through hold each piece, and keep more than nothing of nearly all."""
    titles = [hostile(seed) for seed in range(300)]
    assert [each for each in PIECES if not any(each in title for title in titles)] == []
    assert sum(citation.one_line(each) != "" for each in titles) > 290


def test_latex_keeps_its_hands_off_plain_words() -> None:
    """Letters of any script, digits and usual punctuation stand as they are; what is special is the table's."""
    plain = "Lizenz für 2 Übersetzungen: рус, 许可证, a-b (c) [d] e/f; \"g\" 'h' *i* = 1 + 2!"
    assert latex(plain) == plain
    assert latex("{a} \\ 5% #1 & ~ ^ $ _ <b> |") == (
        r"{\textbraceleft}a{\textbraceright} {\textbackslash} 5\% \#1 \& {\textasciitilde} {\textasciicircum} \$ \_ "
        r"{\textless}b{\textgreater} {\textbar}"
    )
    assert latex("a --- b ``c'' ?`") == "a -{}-{}- b `{}`c'{}' ?{}`"


def test_a_post_that_is_gone_is_cited_as_of_the_last_version_that_has_it() -> None:
    """By that version's link and digest; of one that no version has, no version is claimed."""
    first, second = Capture(1, "b" * 64, at(20)), Capture(2, "a" * 64, at(10_000))
    found = thread(opening(), post(501, "kim", "Gone.", gone=DELETED))
    held = Thread(found.summary, found.posts, captures=(first,))
    cited = citation.of_post(held, held.posts[1], SITE)
    assert cited.url == f"https://archive.test/github.com/Acme/Rocket/issues/12@{'b' * 32}#issuecomment-501"
    assert (cited.captured_at, cited.digest, cited.gone) == (first.at, "b" * 64, DELETED.since)
    never = Thread(found.summary, found.posts, captures=(Capture(2, second.digest, at(2_000_000)),))
    cited = citation.of_post(never, never.posts[1], SITE)
    assert cited.url == "https://archive.test/github.com/Acme/Rocket/issues/12#issuecomment-501"
    assert cited.digest == ""
    for written in (bibtex(cited), ris(cited), csl(cited)):
        assert "version" not in written
        assert "gone from GitHub, noticed" in written


def test_the_key_is_made_of_safe_letters() -> None:
    """Repository, number, post and version, whatever signs their names have."""
    found = thread(opening(), post(821, "kim", kind=PostKind.REVIEW_COMMENT))
    cited = citation.of_post(found, found.posts[1], SITE)
    assert cited.key == f"acme-rocket-12-discussion-r821-{'a' * 12}"


def test_addresses_hold_nothing_that_would_have_to_be_escaped() -> None:
    """Neither BibTeX nor RIS changes the addresses that the site makes."""
    _, cited = made(1)
    for each in (cited.url, cited.upstream_url):
        assert f"{{{each}}}" in bibtex(cited) or latex(each) in bibtex(cited)
        assert each in ris(cited)


def test_an_edited_text_says_so() -> None:
    """The note has the time of the edit."""
    found = thread(opening(), post(501, "kim", "Now.", before=("Before.",)))
    assert found.posts[1].revision == text("Now.", 506, edited=True)
    assert "Edited 2021-05-03T16:26:00Z" in ris(citation.of_post(found, found.posts[1], SITE))
