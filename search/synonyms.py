"""Owns the thesaurus of this field: in which other words the writer of a thread may have said what a query says.

It scores nothing and decides no match (`search.partial` does): it only tells which terms are related, and how closely.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from search.analysis import needle

MOST = 16
"""How many related terms a word has at most: what a query costs is bounded by that."""

# Each line is a group of words that can stand for each other, most telling first. Written from how licensing, packaging
# and open-source work are spoken of in general, not from any threads. A word may stand in several groups; groups are
# not chained.
_CLOSE = """
agree consent approve okay accept assent permission
allowed permitted permission
ambiguous unclear vague confusing clarify clarification
archive tarball zip sdist
ask request inquire question
attribution credit acknowledgement acknowledge
author contributor writer creator committer
bundled vendored embedded
certificate DCO signoff
change switch move transition migrate convert
clause paragraph section term
closed proprietary
compatible compatibility incompatible conflict
comply compliance compliant obey
consensus unanimous everyone
contribute contributor contribution contributions
copied borrowed taken lifted derived adapted pasted
copyleft GPL LGPL AGPL viral reciprocal sharealike
counsel lawyer attorney legal
crate package library module
credit attribution acknowledgement
declare state specify mention indicate
delete remove drop strip
dependency dependencies dependent
deprecated obsolete outdated old
derivative derived fork adaptation modification
directory folder dir
distribute redistribute distribution redistribution ship publish
docs documentation manual guide handbook tutorial
donate donation sponsor fund
dual multi double
employer company corporation firm
employee staff employer
evil ethical ethics harm
exception exemption waiver
executable binary program
explain clarify explanation
fee royalty charge pay payment paid
field attribute metadata key
file text copy document
fix correct repair mend
font typeface
forbid prohibit disallow ban restrict
foss OSS libre opensource
free libre
hosted SaaS cloud service
holder owner
identifier SPDX expression tag
image picture icon logo artwork
include ship bundle contain incorporate
infringe violate breach violation infringement
installer setup install
invalid wrong incorrect
issue problem concern
law legal lawful
license licensing terms legal
licensor licensee license
link linking linked linkage
logo brand trademark artwork
lost disappeared gone
maintainer owner author
manifest metadata toml json
missing lack lacking omit omitted absent without forgotten forgot
mistake error typo wrong
modify alter edit change
name call
notice header statement banner boilerplate
obligation requirement require oblige must
obsolete deprecated outdated stale
omit missing lack skip
organisation organization company foundation
outdated stale old obsolete expired
owner holder ownership author
packager distro Debian Fedora downstream
patent IPR royalty
permission consent approval agree
permissive MIT BSD Apache ISC liberal
plagiarism stolen steal copied
print display show output
program tool application app software
project repository repo codebase
proprietary commercial closed
publish release distribute
registry npm pypi
relicense switch relicensing
replace substitute swap switch
repository repo project
restrict limit forbid restriction
reuse borrow
rewrite reimplement rewritten cleanroom
rights ownership copyright permission
script program tool
sell commercial sale commercially
server network service
share distribute
sign signed signature agreement CLA
signoff DCO sign
snippet excerpt fragment StackOverflow
stale outdated old
subproject subcrate workspace member
suite test tests
symlink link
text file document wording
third vendored upstream external
trademark brand
university academic school
unlicensed missing
update upgrade bump
upstream original
use usage used
vendor vendored bundled
verify check test
version release
violate infringe breach comply
viral copyleft
warranty liability disclaimer
website site homepage page web
wording text phrase language
wrong incorrect inaccurate misleading mismatch mistaken
year date
"""

_LOOSE = """
"""


@lru_cache(maxsize=1)
def _related() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for line in _CLOSE.strip().splitlines():
        terms = list(dict.fromkeys(term for word in line.split() for term in needle(word)))
        for term in terms:
            found.setdefault(term, {}).update(dict.fromkeys(other for other in terms if other != term))
    return {term: tuple(others)[:MOST] for term, others in found.items()}


def related(term: str) -> tuple[str, ...]:
    """Return the terms that may stand where `term` was asked for, without itself; none for most."""
    return _related().get(term, ())
