"""Owns the names by which a license can be asked for: its SPDX id, the id without its ending, and its family.

How licenses are recognised in running text stands in `archiver.spdx`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache, lru_cache

from archiver.spdx import listed_ids, spdx_mentions, spdx_names

_ENDING = re.compile(r"-(?:only|or-later)\Z")
_VERSION = re.compile(r"-v?\d.*\Z", re.DOTALL)
_NUMBER = re.compile(r"(?<=[a-z])(?=\d)")
# What groups licenses though no id of theirs has a version right after it.
_GROUPS = {"0bsd": "bsd", "bsd": "bsd", "cc": "cc", "cc0": "cc", "polyform": "polyform", "cern": "cern-ohl"}


@lru_cache(maxsize=2_000)
def names_of(license_id: str) -> frozenset[str]:
    """Return the names, in lower case, under which an SPDX id or family as `archiver.spdx` gives it is found.

    `AGPL-3.0-only` is found as `agpl-3.0-only`, `agpl-3.0` and `agpl`, but not as `gpl`: only what is written there
    is a name. `MIT-0` is not `MIT`, since that is a license by itself and no family.
    """
    name = license_id.lower()
    plain = _ENDING.sub("", name)
    names = {name, plain}
    family = _VERSION.sub("", plain)
    if family != plain and family not in _single():
        names.add(family)
    if group := _GROUPS.get(re.split(r"[-+]", name)[0]):
        names.add(group)
    return frozenset(names)


def resolve(text: str) -> str | None:
    """Return the name, in lower case, that is meant by what somebody wrote after `license:`; None if it is no license.

    An id, a family, or another way of writing it that `archiver.spdx` reads: `GPLv3` and `gpl-3.0` are `gpl-3.0`, which
    says nothing about later versions, `GPL-3.0-only` and `gpl3+` do.
    """
    name = " ".join(text.lower().split())
    if name in _known() and not name.endswith("+"):  # GPL-3.0+ is an id out of use
        return name
    for written in (name, _NUMBER.sub("-", name)):  # bsd3: bsd-3
        found = spdx_mentions(written.upper(), sure=True)
        if len(found) == 1 and found[0][1:] == (0, len(written)):
            meant = found[0][0].lower()
            return meant if "only" in name else meant.removesuffix("-only")
    return None


def nearest(text: str) -> str | None:
    """Return the id or family, as it is spelled, whose name is most like what was written; None if none is."""
    near = get_close_matches(text.lower(), sorted(_known()), n=1, cutoff=0.7)
    return _known()[near[0]] if near else None


@cache
def _single() -> frozenset[str]:
    """Return the ids of licenses, in lower case, that are no more than one license: `mit`."""
    return frozenset(each.lower() for each in listed_ids())


@cache
def _known() -> dict[str, str]:
    """Return how each name that is found is spelled, by the name in lower case."""
    known: dict[str, str] = {}
    for license_id in (*listed_ids(), *spdx_names()):
        known[license_id.lower()] = license_id
    for license_id in tuple(known.values()):
        for name in names_of(license_id):
            spelled = license_id if license_id.lower().startswith(name) else name.upper()
            known.setdefault(name, spelled[: len(name)])
    return known
