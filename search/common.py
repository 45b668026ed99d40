"""Owns the list of words that say nothing by themselves: they stand in every text, and in every question.

They match like all others; what they are worth where a text is weighed or shown is decided by those who ask.
"""

from __future__ import annotations

from search.analysis import needles

_WORDS = """
    a about after all also although am an and another any anybody anyone anything are as at be because been before
    being both but by can cannot could did do does doing done each either else even ever every few for from had has
    have he her here him his how however i if in into is it its itself just like may me might more most much must my
    myself neither no nobody none nor not now of off on once one only or other others otherwise ought our ourselves out
    over own per perhaps rather same shall she should since so some somebody someone something such than that the their
    them then there these they thing things this those though through thus to too under until unless up upon us very
    via was we were what whatever when whether which while who whoever whole whom whose why will with within without
    would yes yet you your
"""
COMMON = frozenset(terms for word in _WORDS.split() for terms in needles(word))
"""The needles of these words (`search.analysis.needles`)."""
