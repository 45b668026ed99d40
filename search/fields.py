"""Owns the values under which a document is found by qualifiers, counted in facets and compared in ranges.

It knows no engine and reads no query; which words a document holds, `search.document` says.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from search.analysis import needle
from search.document import Document
from search.licenses import names_of

FLAGS = ("locked", "gone", "edited")
"""The values of `is:` that are counted as a facet."""

NO = ("label", "license", "topic", "reason")
"""What `no:` can say that a thread is without."""


def keywords(document: Document) -> dict[str, frozenset[str]]:
    """Return the values of each qualifier of `search.tree.KEYWORDS`, in lower case; a former name is a value too."""
    names = _folded(document.repositories)
    author, commenters = document.author.lower(), _folded(document.commenters)
    found = {
        "repo": names,
        "org": frozenset(name.partition("/")[0] for name in names),
        "author": frozenset((author,)),
        "commenter": commenters,
        "involves": commenters | {author} | _folded(document.involved),
        "is": document.flags,
        "reason": frozenset((document.reason,) if document.reason else ()),
        "label": frozenset(label_value(label) for label in document.labels),
        "license": frozenset(name for each in document.spdx for name in names_of(each)),
        "topic": _folded(document.topics),
        "association": _folded(document.associations),
    }
    found["no"] = frozenset(name for name in NO if not found[name])
    return found


def about(document: Document) -> frozenset[str]:
    """Return the terms of the words by which the repository is called: of its names, and of what it says of itself."""
    texts = (document.about, *(name.replace("/", " ") for name in document.repositories))
    return frozenset(term for text in texts for term in needle(text))


def spelled(document: Document) -> dict[str, tuple[str, ...]]:
    """Return the values by which a document is counted in each facet of `search.index.FACETS`, each of them once.

    They are spelled as a reader wants them; in lower case they are values of the qualifiers, but for the `year`, which
    is that of `created:`.
    """
    return {
        "repository": document.repositories[:1],
        "year": (f"{document.created_at.year:04d}",),
        "license": document.spdx,
        "topic": document.topics,
        "state": (document.state,),
        "reason": (document.reason,) if document.reason else (),
        "association": document.associations,
        "flag": tuple(flag for flag in FLAGS if flag in document.flags),
    }


def numbers(document: Document) -> dict[str, int | None]:
    """Return the number for each name of `search.tree.RANGES`; None where there is none, as of what is not closed."""
    return {
        "created": _seconds(document.created_at),
        "updated": _seconds(document.updated_at),
        "closed": _seconds(document.closed_at),
        "merged": _seconds(document.merged_at),
        "comments": document.comments,
    }


def label_value(label: str) -> str:
    """Return how a label is compared: without regard to case and to the amount of white space."""
    return " ".join(label.lower().split())


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
