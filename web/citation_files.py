"""Writes citations as files for reference managers: BibTeX, RIS, CSL-JSON.

It is pure. Whatever stands in a title, the file has one entry with one line for each field, and gives back the same
text; docs/decisions/0015-citations-are-worded-here.md says why these lines are our own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from archiver.model import iso
from web.citation import Citation
from web.citation_texts import edited, gone

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# BibTeX counts braces whether or not a backslash stands before them: those of the text become words.
_LATEX = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    "<": r"{\textless}",
    ">": r"{\textgreater}",
    "|": r"{\textbar}",
    **{each: f"\\{each}" for each in "%#&$_"},
}
_SPECIAL = re.compile(r"[\\{}~^<>|%#&$_]")
# Two of these in a row are one sign in TeX: a dash, a quotation mark, an inverted question mark.
_LIGATURE = re.compile(r"(?<=-)(?=-)|(?<=`)(?=`)|(?<=')(?=')|(?<=,)(?=,)|(?<=[?!])(?=`)")
# What CSL processors read as markup in any text (citeproc-js, "HTML-like formatting tags":
# https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html); no sign escapes it in all of them.
_CSL_MARKUP = re.compile(r"<(?=/?(?:i|b|sc|sub|sup|span)\b)", re.IGNORECASE)
_NO_BREAK = "\u2060"
_NOT_IN_URLS = re.compile(r"[^!#-;=?-\[\]_a-z~]")


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a file: its name in addresses, one for people, its media type, and what writes it."""

    name: str
    title: str
    mimetype: str
    write: Callable[[Citation], str]


def bibtex(cited: Citation) -> str:
    """Write a BibTeX entry, in UTF-8; biblatex reads it too."""
    day = cited.written_at.astimezone(UTC)
    fields = {
        # Twice in braces: a name that is one whole, a title whose letters stay as they are.
        "author": f"{{{latex(cited.author)}}}" if cited.author else "",
        "title": f"{{{latex(cited.heading)}}}",
        "howpublished": latex(_published(cited)),
        "date": f"{day:%Y-%m-%d}",
        "year": str(day.year),
        "month": _MONTHS[day.month - 1],
        "url": _url(cited.url),
        "urldate": f"{cited.captured_at.astimezone(UTC):%Y-%m-%d}",
        "note": latex(_note(cited)),
    }
    lines = [
        f"  {name:<12} = {value if name == 'month' else f'{{{value}}}'},\n" for name, value in fields.items() if value
    ]
    return f"@misc{{{cited.key},\n{''.join(lines)}}}\n"


def ris(cited: Citation) -> str:
    """Write a RIS record; its lines end in CR LF, as the format has it."""
    return "".join(f"{tag}  - {value}\r\n" for tag, value in _ris(cited))


def csl(cited: Citation) -> str:
    """Write a CSL-JSON list with one item, a `post`."""
    lines = [
        f"    {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in csl_item(cited).items()
    ]
    return "[\n  {\n" + ",\n".join(lines) + "\n  }\n]\n"


def csl_item(cited: Citation) -> dict[str, Any]:
    """Return the CSL item (CSL 1.0.2): the permanent link is its URL, the original stands in the note."""
    author = {"author": [{"literal": literal(cited.author)}]} if cited.author else {}
    version = {"version": cited.version} if cited.digest else {}
    return {
        "id": cited.key,
        "type": "post",
        "title": literal(cited.heading),
        **author,
        "container-title": literal(_published(cited)),
        "genre": f"{cited.part or 'Post'} on GitHub",
        "issued": _date_parts(cited.written_at),
        "accessed": _date_parts(cited.captured_at),
        "archive": literal(cited.site),
        **version,
        "URL": _url(cited.url),
        "note": literal(_note(cited)),
    }


def literal(text: str) -> str:
    """Return a line in which no CSL processor finds markup: a word joiner, which is not seen, parts each tag."""
    return _CSL_MARKUP.sub("<" + _NO_BREAK, text)


def latex(text: str) -> str:
    """Return a line of text as LaTeX that prints it."""
    return _SPECIAL.sub(lambda found: _LATEX[found[0]], _LIGATURE.sub("\0", text)).replace("\0", "{}")


FORMS = {
    each.name: each
    for each in (
        Form("bib", "BibTeX", "application/x-bibtex", bibtex),
        Form("ris", "RIS", "application/x-research-info-systems", ris),
        Form("csl.json", "CSL-JSON", "application/vnd.citationstyles.csl+json", csl),
    )
}
"""The files that there are, by their names in addresses."""


def _ris(cited: Citation) -> Iterator[tuple[str, str]]:
    day = cited.written_at.astimezone(UTC)
    yield "TY", "ELEC"
    yield "ID", cited.key
    yield "TI", cited.heading
    if cited.author:
        # No comma: a reader takes it for the name of one body, and does not turn it round.
        yield "AU", cited.author
    yield "T2", _published(cited)
    yield "PY", str(day.year)
    yield "DA", f"{day:%Y/%m/%d}"
    yield "Y2", f"{cited.captured_at.astimezone(UTC):%Y/%m/%d}"
    yield "DB", cited.site
    if cited.digest:
        yield "ET", cited.version
    yield "UR", _url(cited.url)
    yield "N1", _note(cited)
    yield "ER", ""


def _published(cited: Citation) -> str:
    on = f"{cited.part} on “{cited.title}”, " if cited.part and cited.words else ""
    return f"{on}{cited.place}, GitHub"


def _note(cited: Citation) -> str:
    """Return what else a reader has to know, as one line: the original, the version, why nobody is named."""
    version = f", version {cited.digest}" if cited.digest else ""
    said = [
        f"Original: {_url(cited.upstream_url)}{f' ({gone(cited, iso)})' if cited.gone else ''}",
        f"Archived by {cited.site} at {iso(cited.captured_at)}{version}",
    ]
    if changed := edited(cited, iso):
        said.append(changed[:1].upper() + changed[1:])
    if cited.unnamed:
        said.append(cited.unnamed[:1].upper() + cited.unnamed[1:])
    return ". ".join(said) + "."


def _date_parts(moment: datetime) -> dict[str, list[list[int]]]:
    day = moment.astimezone(UTC)
    return {"date-parts": [[day.year, day.month, day.day]]}


def _url(address: str) -> str:
    """Return an address without anything that would have to be escaped in one."""
    return _NOT_IN_URLS.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address)
