"""Owns from which license to which a debate would move, as far as its title or opening says so.

That it is a debate is decided in `archiver.license`, the names of licenses stand in `archiver.spdx`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from archiver.model import Relicensing
from archiver.spdx import spdx_mentions

_I = re.IGNORECASE

_FROM = re.compile(
    r"(?:\bfrom(?: the| its| our)?(?: current| existing| present| old)?|\binstead of(?: the)?|"
    r"\bdrop(?:ping)?(?: the)?|\breplac\w+(?: the)?|\baway from(?: the)?|"
    r"\b(?:currently|presently|now|is|are|was)(?: licen[cs]ed)?(?: (?:under|as))?(?: the| an?)?|"
    r"\bcurrent(?: license)?(?: is)?(?: the)?|\brather than(?: the)?|\bvon|\bdu|\bdel?(?: la)?|\bdella?|\bda?o?|\bс|"
    r"\bиз|"
    r"从|由)\s*[\"'`(]?\Z",
    _I,
)
_TO = re.compile(
    r"(?:\b(?:to|under|as|into|with|by|make it|suggest\w*|na|for|in favou?r of|towards?|adopt\w*|consider\w*|use|"
    r"using|choose|"
    r"like|prefer|want|nach|zu|auf|à|vers|al?|para|на)(?: la| le| the| an?| both| either| dual)?"
    r"(?: terms of the)?(?: more)?(?: permissive| liberal| standard| simple)?|->|=>|→|⇒|改为|改成|更换为|换成|为|"
    r"到)\s*[\"'`(*]*\Z",
    _I,
)
_JOIN = re.compile(
    r"\s*(?:licen[cs]e)?\s*(?:,|/|\||\+|&|and/or|and|or|und|oder|et|ou|y|e|и)\s*(?:the )?[\"'`(*]*\Z", _I
)
_ARROW = re.compile(r"\s*(?:licen[cs]e\s*)?(?:->|=>|→|⇒|から|に?替え|に?代え)", _I)
_INTO = re.compile(r"\s*(?:ライセンス)?\s*(?:へ|に(?:変更|移行|する|し))")
_DUAL = re.compile(r"(?:dual|multi|tri)\w*[- ]?licen[cs]\w*[^.\n]{0,30}\Z", _I)
_ITSELF = re.compile(r"(?:dual|multi|tri)\w*[- ]?licen[cs]|\bre-?licen[cs]", _I)
_CURRENT = re.compile(
    r"\b(?:currently|presently|at (?:the moment|present)|right now|now|so far|today|existing|current licen[cs]e|"
    r"(?:is|are) licen[cs]ed under)\b|derzeit|actuellement|actualmente|atualmente|сейчас|目前|当前|現在",
    _I,
)
_PROPOSES = re.compile(
    r"re-?licen[cs]|(?:dual|tri|multi)(?:ly)?[- ]?licen[cs]|\b(?:chang|switch|mov|convert|transition|"
    r"migrat|adopt|consider|replac|drop|licen[cs]e|suggest|propos|prefer)\w*|->|→|\binstead of\b|\baway from\b|"
    r"\b(?:let['’]?s|we should|please) (?:go|use|choose|pick)\b|\bmake it\b|^\W*use\b|\b(?:would|we|I|"
    r"['’]d) (?:rather )?like\b|"
    r"zmian|предлаг|перей|propon|propos|passer|dejar|"
    r"umlizenz|wechsel|ändern|chang|cambi|mud|смен|переход|更换|变更|改为|改成|変更|から",
    _I,
)


def relicensing(title: str, opening: Sequence[str]) -> Relicensing | None:
    """Return from which licenses to which a thread asks to move, where its title or opening says so; else None.

    The first sentence that says where to is believed, the title before all others; where from may stand elsewhere.
    """
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    for text in (title, *opening):
        proposes, tells = _PROPOSES.search(text), _CURRENT.search(text)
        if (after and before) or not (proposes or tells):
            continue
        left, right = _direction(text, sure=text is title or proposes is not None, proposes=proposes is not None)
        if right and not after:
            after = right
            before = left or before
        elif left and not before and not set(left) & set(after):
            before = left
    before = tuple(each for each in before if each not in after)
    return Relicensing(before, after) if before or after else None


def _direction(text: str, *, sure: bool, proposes: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the licenses from which, and those to which, one sentence moves."""
    before: dict[str, None] = {}
    after: dict[str, None] = {}
    side: dict[str, None] | None = None
    last = 0
    for name, start, end, lead in _led(text, sure):
        if _FROM.search(lead) or _ARROW.match(text[end:]):
            side = before
        elif (proposes and _TO.search(lead)) or _INTO.match(text[end:]) or _DUAL.search(lead):
            side = after
        elif side is None or not _JOIN.fullmatch(text[last:start]):
            side = None
        if side is not None:
            side.setdefault(name)
        last = end
    if not after and not before and _ITSELF.search(text):
        after.update(dict.fromkeys(name for name, _, _, _ in _led(text, sure)))
    return tuple(before), tuple(after)


def _led(text: str, sure: bool) -> Iterator[tuple[str, int, int, str]]:
    """Yield (license, start, end, what stands before it) for the licenses that a sentence names."""
    for name, start, end in spdx_mentions(text, sure=sure):
        yield resolved(name), start, end, text[max(start - 60, 0) : start]


def resolved(name: str) -> str:
    """Return the SPDX id that a bare family means on GitHub, where only one version of it is in use."""
    return {"Apache": "Apache-2.0"}.get(name, name)
