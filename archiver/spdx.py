"""Owns the recognition of licenses by name: SPDX ids, or families of them, in the ways people write.

It does not judge what is said about a license, and parses no license expressions.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import islice

_I = re.IGNORECASE

# Versions that exist: "GPL 5" is no license, and "GPL 2 years ago" no version.
_GNU_VERSIONS = {
    "GPL": {"1": "1.0", "2": "2.0", "3": "3.0"},
    "LGPL": {"2": "2.0", "2.1": "2.1", "3": "3.0"},
    "AGPL": {"1": "1.0", "3": "3.0"},
}
_WORD = r"(?:licen[cs]es?|licen[cs]ed|licen[cs]ing)"
_VERSION = r"[\s,(-]{0,3}(?:v(?:er(?:sion|\.)?)?\.?\s{0,2})?"
_NOT_A_COUNT = r"(?![\d.]{0,9}\s{0,2}(?:years?|days?|months?|times|projects?|files?|librar\w+|packages?|%))"

# (id or family, pattern). The first pattern that matches at a place wins. An id that starts with `?` stands only near
# words of licensing, since the name means something else too (a university, an operating system, a foundation).
_SPDX: tuple[tuple[str, str], ...] = (
    (
        "GNU",
        r"\b(?:GNU[\s-]+)?(?:(?P<letter>[AL]?)GPL(?:'?e?[sd]\b)?|(?:(?P<kind>Affero|Lesser|"
        r"Library)\s+)?General\s+Public\s+"
        r"Licen[cs]e)(?:" + _VERSION + _NOT_A_COUNT + r"(?P<version>[123](?:\.[01])?)(?![\d.]*\d))?\)?"
        r"(?P<more>\+|[-,\s]{1,3}(?:or|and)[-\s]{1,2}(?:\(at your option\)\s)?(?:any\s)?(?:later|newer|above)|"
        r"[-\s]only\b)?(?!\w|\.[a-z])",
    ),
    ("0BSD", r"\b0BSD\b|\bBSD[- ]0[- ]clause\b"),
    (
        "BSD-2-Clause",
        r"\b(?:2|two)[- ]clause[- ]BSD\b|\bBSD[- ]?\(?(?:2|two)[- ]?clause\)?|\bsimplified BSD\b|"
        r"\bFreeBSD licen[cs]e\b|\bBSD-2\b",
    ),
    (
        "BSD-3-Clause",
        r"\b(?:3|three)[- ]clause[- ]BSD\b|\bBSD[- ]?\(?(?:3|three)[- ]?clause\)?|\b(?:new|modified|"
        r"revised)[- ]BSD\b(?!-based)|\bBSD-3\b",
    ),
    (
        "BSD-4-Clause",
        r"\b(?:4|four)[- ]clause[- ]BSD\b|\bBSD[- ]?(?:4|four)[- ]?clause\b|\b(?:original|old)[- ]BSD licen[cs]e\b",
    ),
    ("Apache-1.1", r"\bApache[- ](?:software )?(?:licen[cs]e,? )?(?:v(?:ersion )?)?1\.1\b"),
    (
        "Apache-2.0",
        r"\bApache(?:[-\s]+(?:public[-\s]+|software[-\s]+)?licen[cs]e[\s,-]{0,3}|"
        r"[- ])\(?(?:v(?:ersion)?\.?\s?)?2(?:\.0)?(?![\d.]*\d)(?:[- ]only)?\b|"
        r"\bA(?:SL|PL|L)[- ]?v?2(?:\.0)?\b",
    ),
    ("Apache", rf"\bApache[- ](?:public |software )?(?:style )?{_WORD}\b"),
    (
        "BUSL-1.1",
        r"\bBUSL(?:[- ]?v?1\.[01])?\b|\bBusiness\s+Source\s+Licen[cs]e(?:,?\s+(?:v(?:ersion)?\s*)?1\.[01])?|"
        r"\bBSL[- ]?v?1\.1\b",
    ),
    ("BSL-1.0", r"\bBoost(?:\s+Software)?\s+Licen[cs]e(?:,?\s+(?:v(?:ersion)?\s*)?1\.0)?|\bBSL[- ]?v?1\.0\b"),
    ("BSL", r"\b(?-i:BSL)\b"),
    ("SSPL-1.0", r"\bSSPL(?:[- ]?v?1(?:\.0)?)?\b|\bServer\s+Side\s+Public\s+Licen[cs]e\b"),
    ("MPL-1.1", r"\b(?:MPL|Mozilla\s+Public\s+Licen[cs]e)[\s,-]*(?:v(?:ersion)?\s*)?1\.1\b"),
    ("MPL-2.0", r"\b(?:MPL|Mozilla\s+Public\s+Licen[cs]e)[\s,-]*(?:v(?:ersion)?\s*)?2(?:\.0)?\b"),
    ("MPL", r"\b(?-i:MPL)\b|\bMozilla\s+Public\s+Licen[cs]e\b"),
    ("EPL-1.0", r"\b(?:(?-i:EPL)|Eclipse\s+Public\s+Licen[cs]e)[\s,-]*(?:v(?:ersion)?\s*)?1(?:\.0)?\b"),
    ("EPL-2.0", r"\b(?:(?-i:EPL)|Eclipse\s+Public\s+Licen[cs]e)[\s,-]*(?:v(?:ersion)?\s*)?2(?:\.0)?\b"),
    ("EPL", r"\bEclipse\s+Public\s+Licen[cs]e\b"),
    ("?EPL", r"\b(?-i:EPL)\b"),
    ("CDDL-1.0", r"\bCDDL[- ]?v?1\.0\b"),
    ("CDDL", r"\bCDDL\b|\bCommon\s+Development\s+and\s+Distribution\s+Licen[cs]e\b"),
    ("EUPL-1.2", r"\bEUPL[- ]?v?1\.2\b"),
    ("EUPL", r"\bEUPL\b|\bEuropean\s+Union\s+Public\s+Licen[cs]e\b"),
    ("ISC", rf"\b(?-i:ISC)[- ]{_WORD}\b"),
    ("?ISC", r"\b(?-i:ISC)\b"),
    ("Zlib", rf"\bzlib(?:/libpng)?[- ]{_WORD}\b"),
    ("?Zlib", r"\bzlib\b"),
    ("NCSA", r"\b(?-i:NCSA)\b|\bUniversity of Illinois[/ ](?:NCSA )?open source licen[cs]e"),
    ("Unlicense", r"(?<![\w/.-])(?-i:Unlicense|UNLICENSE)(?![\w./-])|\bthe unlicense\b"),
    ("WTFPL", r"\bWTFPL\b"),
    ("CC0-1.0", r"\bCC[- ]?0(?:[- ]?1\.0)?\b|\bCC[- ]Zero\b"),
    (
        "CC",
        r"\bCC[- ](?P<parts>BY(?:[- ](?:NC|SA|ND)){0,2})(?:[- ]?v?(?P<cc>[1-4]\.0))?(?![\w])|"
        r"\b(?:Creative Commons|CC) licen[cs]\w+|\bCreative Commons\b",
    ),
    ("OFL-1.1", r"\b(?:SIL )?(?:(?-i:OFL)|Open Font Licen[cs]e)(?:[- ]?v?1\.1)?\b"),
    ("JSON", r"\bJSON licen[cs]e\b|\bCrockford(?:'s)? licen[cs]e\b|\bshall be used for good,? not evil\b"),
    ("Commons-Clause", r"\bCommons[- ]Clause\b"),
    ("public-domain", r"\bpublic[- ]domain\b(?! names?)"),
    ("Artistic-2.0", r"\bArtistic(?: licen[cs]e)?[- ](?:v(?:ersion )?)?2(?:\.0)?\b"),
    ("Artistic", r"\bArtistic Licen[cs]e\b(?<=License)|\bPerl Artistic\b"),
    ("Elastic-2.0", r"\bElastic[- ]Licen[cs]e(?:[- ]?v?2(?:\.0)?)?\b|\bELv2\b|\bElastic-2\.0\b"),
    ("PolyForm", r"\bPolyForm\b"),
    ("Python-2.0", r"\bPSF licen[cs]e\b|\bPython Software Foundation licen[cs]e\b"),
    ("OpenSSL", r"\bOpenSSL licen[cs]e\b"),
    ("MS-PL", r"\bMs-PL\b|\bMicrosoft Public Licen[cs]e\b"),
    ("MIT-0", r"\bMIT[- ]0\b|\bMIT No Attribution\b"),
    ("MIT", rf"\bMIT[- ](?:style[- ]|X11[- ])?{_WORD}\b|\b(?-i:MIT)/X11\b|\bExpat licen[cs]e\b|\bX11 licen[cs]e\b"),
    ("?MIT", r"\b(?-i:MIT)\b(?!\.edu)"),
    ("BSD", rf"\bBSD(?:[- ]style)?[- ]{_WORD}\b"),
    (
        "?BSD",
        r"(?<![\w*])(?-i:BSD)s?\b(?![- ](?:tar|sed|grep|make|find|install|kern\w*|socket\w*|system\w*|box\w*|"
        r"user\w*|port\w*))",
    ),
    ("?Apache-2.0", r"\bApache2\b"),
    ("?Apache", r"\b(?-i:Apache)\b"),
)
_SPDX_PATTERN = re.compile(
    r"(?<!\w)(?:" + "|".join(f"(?P<s{n}>{pattern})" for n, (_, pattern) in enumerate(_SPDX)) + ")", _I
)
# What makes an ambiguous name a license: a word of licensing, or another license's name, within `_NEAR` characters.
_NEAR = 60
_NEAR_WORDS = re.compile(
    r"\blicen[cs]|\bre-?licen|\bsublicen|lizen[zs]|licença|licencia|лиценз|许可|許可|ライセンス|\bSPDX|\bpermissive|"
    r"\bcopyleft|\bcopyright|"
    r"\bdual\b|\b[AL]?GPL|\bApache[- /]?2|\bASL|\bBSD-?[23]|\bMPL|\bUnlicense|\bopen[- ]source\b|\bpublic domain",
    _I,
)
# Bare "BSL" is Boost's license or the Business Source License: the company it keeps tells.
_BSL_BUSINESS = re.compile(
    r"business source|\bBUSL|source[- ]available|change date|production use|hashicorp|mariadb|terraform|"
    r"cockroach|rug ?pull|"
    r"commercial|competi|non-?compete|not open source|relicens",
    _I,
)
_BSL_BOOST = re.compile(r"\bboost\b|\bC\+\+|\bheader-only", _I)


def spdx_mentions(text: str) -> list[tuple[str, int, int]]:
    """List (SPDX id or family, start, end) for the licenses that `text` names in the ways people write.

    A version without "or later" becomes `-only`, as SPDX reads it; without a version it is the family (`GPL`, `BSD`,
    `CC`, `Apache`). Names that mean other things too (MIT, BSD, Apache, ISC) count only near words of licensing.
    """
    result = []
    near = [match.span() for match in _NEAR_WORDS.finditer(text)]
    for match in _SPDX_PATTERN.finditer(text):
        name = _SPDX[int((match.lastgroup or "s0")[1:])][0]
        if name == "GNU":
            name = _gnu(match)
        elif name == "CC":
            name = "-".join(["CC", *re.split("[- ]", (match["parts"] or "").upper()), match["cc"] or ""]).strip("-")
        elif name == "BSL":
            name = _bsl(text)
        elif name.startswith("?"):
            if not _is_near(near, match):
                continue
            name = name[1:]
        result.append((name, match.start(), match.end()))
    return result


def _is_near(near: list[tuple[int, int]], match: re.Match[str]) -> bool:
    """Say whether one of the sorted spans `near` lies around, but not within, what was matched."""
    for start, end in islice(near, bisect_left(near, (match.start() - _NEAR, 0)), None):
        if start > match.end() + _NEAR:
            return False
        if end <= match.start() or start >= match.end():
            return True
    return False


def _gnu(match: re.Match[str]) -> str:
    letter = {"affero": "A", "lesser": "L", "library": "L"}.get(
        (match["kind"] or "").lower(), (match["letter"] or "").upper()
    )
    family = f"{letter}GPL"
    number = (match["version"] or "").removesuffix(".0")
    version = _GNU_VERSIONS[family].get(number)
    if version is None:
        return family
    more = (match["more"] or "").lower()
    return f"{family}-{version}-{'or-later' if more and 'only' not in more else 'only'}"


def _bsl(text: str) -> str:
    business, boost = _BSL_BUSINESS.search(text), _BSL_BOOST.search(text)
    if bool(business) == bool(boost):
        return "BSL"
    return "BUSL-1.1" if business else "BSL-1.0"
