"""Owns which words of a text are shown as speaking of licensing; pure, without I/O.

It finds words and judges nothing: whether a thread is about licensing, and why, is told by `archiver.license`.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from archiver.kept import Kept

MOST_TEXT = 100_000
"""So many characters of a text are looked at, as where it is judged."""
MOST_WORDS = 40
"""So many different words of a text are told."""

# Parts of the lower-cased text without any of which none of the words stands in it.
_STEMS = (
    *("licen", "lizen", "gpl", "copyright", "copyleft", "spdx", "public domain", "public-domain", "creative commons"),
    *("cc0", "cc-by", "cc by", "apache-2", "apache 2", "apache2", "bsd-", "sspl", "busl", "eupl", "wtfpl", "cddl"),
    *("mpl-", "mpl 2", "mpl2", "dfsg", "trademark", "patent", "proprietary", "certificate of origin", "urheber"),
    *(
        "лиценз",
        "авторск",
        "许可",
        "許可",
        "授权",
        "授權",
        "版权",
        "ライセンス",
        "著作権",
        "라이선스",
        "lisans",
        "licença",
    ),
)
_CAPITALS = ("MIT", "BSD", "MPL", "ISC", "CLA", "DCO", "EULA")
_WORDS = re.compile(
    r"""
      \b (?:(?:re|sub|dual|multi|un|non)-?)? licen[cs] \w*
    | \b licen[zcç] (?:a|i|ia|ie|ias|as|ja|je|ji) \w*
    | \b\w* lizen[zs] \w*
    | \b [al]? gpl (?:v?[-\ ]?\d(?:\.\d)? \+?)? (?:-(?:only|or-later))? (?!\w)
    | \b copyright \w* | \b copyleft \w* | \b spdx \b | \b public [-\ ] domain \b | \b creative \ commons \b
    | \b cc0 (?:-1\.0)? \b | \b cc [-\ ] by (?:-(?:sa|nc|nd))* (?:[-\ ]\d\.\d)? \b
    | \b apache [-\ ]? (?:v?2(?:\.0)?) \b | \b [023] ?bsd \b | \b bsd-\d (?:-clause)? \b
    | \b (?:sspl|busl|eupl|wtfpl|cddl|dfsg) \b
    | \b mpl [-\ ]? [12] (?:\.\d)? \b
    | \b trademark \w* | \b patent \w* | \b proprietary \b | \b certificate \ of \ origin \b | \b urheber \w*
    | лиценз\w* | авторск\w+\ прав\w* | \b lisans \w*
    | 许可\w{0,2} | 許可\w{0,2} | 授权 | 授權 | 版权 | ライセンス | 著作権 | 라이선스
    | \b (?-i:MIT|BSD|MPL|ISC|CLA|DCO|EULA) \b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def speaking_words(text: str) -> tuple[str, ...]:
    """Return the words of a text that speak of licensing, as they stand there, each once, in their order."""
    text = text[:MOST_TEXT]
    key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return _kept.get(key, lambda: _speaking_words(text))


def _speaking_words(text: str) -> tuple[str, ...]:
    low = text.lower()
    if not any(stem in low for stem in _STEMS) and not any(word in text for word in _CAPITALS):
        return ()
    found: dict[str, None] = {}
    for each in _WORDS.finditer(text):
        found[each[0]] = None
        if len(found) == MOST_WORDS:
            break
    return tuple(found)


# The same texts are looked at each time that their page is made.
_kept = Kept[tuple[str, ...]](4_000_000, lambda words: 200 + 60 * len(words))
