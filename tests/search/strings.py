"""Owns the making of random query strings: everything that can be typed into a search box; it asks nothing."""

from __future__ import annotations

import random

from search.tree import KEYWORDS, RANGES

_TYPED = """license licence licensing relicense re-license gpl GPLv3 GPL-3.0 AGPL-3.0-only copyleft patent grant the a
    of code c++ node.js __init__.py std::vector @login #123 ライセンス 라이선스 лицензия naïve 🙂 İ ﬁ ـ lic*"""
_GIVEN = """acme/rocket octo a@b >1 >=2019-01-01 <2y 2018..2020 *..5 5..* .. open closed merged pr gpl mit none
    title,body in 1e9 -1 @me today 2020-02-30 99999999999999999999 own"""
_JOINING = """AND OR NOT - ( ) " ” : * , .. (( )) -- NOT"""
_WORDS, _VALUES = _TYPED.split(), _GIVEN.split()
_GLUE = [*_JOINING.split(), "NOT NOT", "\t", "\x00", "\ud800"]
_NAMES = (*KEYWORDS, *RANGES, "in", "own", "sort", "user", "type", "milestone", "labl", "foo")


def random_query(chance: random.Random) -> str:
    """Return something that somebody, or their cat, might type."""
    if chance.random() < 0.02:
        return "".join(chr(chance.randrange(0x11000)) for _ in range(chance.choice((3, 80, 5_000))))
    count = 2_000 if chance.random() < 0.01 else chance.randrange(0, 14)
    return chance.choice(("", " ")).join(_piece(chance) + chance.choice(("", " ", " ")) for _ in range(count))


def _piece(chance: random.Random) -> str:
    match chance.randrange(10):
        case 0 | 1:
            return chance.choice(_GLUE)
        case 2 | 3 | 4:
            return f"{chance.choice(_NAMES)}:{chance.choice((*_VALUES, *_WORDS))}"
        case 5:
            words = " ".join(chance.choice(_WORDS) for _ in range(chance.randrange(4)))
            return f'"{words}{chance.choice(("", chr(34)))}'
        case 6:
            return chance.choice(_WORDS)[: chance.randrange(1, 6)] + "*"
        case _:
            return chance.choice(_WORDS)
