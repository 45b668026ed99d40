"""Finds the lines that may hold a text about licensing, on their bytes, before any JSON is read; pure.

It is quick and lets too much through: what is left is read by `archiver.gharchive.events` and judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ahocorasick_rs import BytesAhoCorasick

from archiver.license import Vocabulary

TYPES = (
    "IssuesEvent",
    "IssueCommentEvent",
    "PullRequestEvent",
    "PullRequestReviewEvent",
    "PullRequestReviewCommentEvent",
    "DiscussionEvent",
)
"""The events that carry texts of threads. Commit comments, wiki pages and releases belong to no thread."""

_NAMES = "|".join(TYPES).encode()
# From 2015 on each line begins with these two; before, the names of an event stand in any order.
_HEAD = re.compile(rb'\{"id":"[0-9]+","type":"(?:(' + _NAMES + rb')"|[A-Za-z]+")')
_ANYWHERE = re.compile(rb'"type"\s*+:\s*+"(?:' + _NAMES + rb')"')
_KEYS = (b'"body"', b'"title"')
# Within a JSON string every quotation mark is escaped: what is found by these is a name, or a value, never a text.
_SPACED = re.compile(rb'\s*+:\s*+"')
_BACKSLASH = ord("\\")


@dataclass(slots=True)
class Sifted:
    """What lines were found to be: `events` are of `TYPES`, of which `textless` hold no title and no body."""

    events: int = 0
    textless: int = 0


class Sieve:
    """Says of lines whether they may speak of licensing: as `Vocabulary.mentions` does of texts, a little too often."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._stems = _finder(vocabulary.stems)
        self._capitals = _finder(vocabulary.capitals)
        self.sifted = Sifted()

    def speaks(self, line: bytes) -> bool:
        """Return whether a line is an event that may speak of licensing."""
        head = _HEAD.match(line)
        if (head is None and _ANYWHERE.search(line) is None) or (head is not None and head[1] is None):
            return False
        self.sifted.events += 1
        text = texts(line)
        if not text:
            self.sifted.textless += 1
            return False
        if self._stems.find_matches_as_indexes(text.lower()) or self._capitals.find_matches_as_indexes(text):
            return True
        if text.isascii() and b"\\u" not in text:
            return False
        # Other languages, and other ways of writing a letter small: read as what it is.
        return self._vocabulary.mentions(_unescaped(text))


def _finder(words: Sequence[str]) -> BytesAhoCorasick:
    escaped = [json.dumps(each)[1:-1].encode() for each in words]
    # JSON may be written with `\/` for a slash.
    return BytesAhoCorasick([*escaped, *(each.replace(b"/", b"\\/") for each in escaped if b"/" in each)])


def texts(line: bytes) -> bytes:
    """Return the values of all titles and bodies in a line, as they are escaped there, one after the other."""
    found = []
    for key in _KEYS:
        at = line.find(key)
        while at >= 0:
            begin = at + len(key)
            if line[begin : begin + 2] == b':"':
                begin += 2
                end = _end(line, begin)
            elif (spaced := _SPACED.match(line, begin)) is not None:
                begin = spaced.end()
                end = _end(line, begin)
            else:  # null, or the same word as a value
                at = line.find(key, begin)
                continue
            found.append(line[begin:end])
            at = line.find(key, end)
    return b"\n".join(found)


def _end(line: bytes, begin: int) -> int:
    """Return where a JSON string ends that begins there: at the first quotation mark that is not escaped."""
    end = line.find(b'"', begin)
    while end > begin and line[end - 1] == _BACKSLASH:
        at = end - 2
        while at >= begin and line[at] == _BACKSLASH:
            at -= 1
        if (end - 1 - at) % 2 == 0:
            break  # the backslashes escape each other
        end = line.find(b'"', end + 1)
    return end if end >= 0 else len(line)


def _unescaped(text: bytes) -> str:
    joined = text.replace(b"\n", b"\\n").decode("utf-8", "replace")
    try:
        value = json.loads(f'"{joined}"', strict=False)
    except ValueError:
        return joined
    return value if isinstance(value, str) else joined
