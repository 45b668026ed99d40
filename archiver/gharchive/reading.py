"""Reads one hourly file from its first byte to its last: what of it is about licensing, and what was met on the way.

It writes nothing down; `archiver.gharchive.importing` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver.errors import BadResponse
from archiver.gharchive.events import Left, read
from archiver.gharchive.lines import MAX_LINE, Unpacked, cut
from archiver.gharchive.sifting import Sieve, Sifted
from archiver.license import PostText, Vocabulary
from archiver.model import Relevance
from archiver.observed import Sighting

MOST_NAMED = 20
"""How many broken lines of a file are named with their reason; all are counted."""

_READ_AT_ONCE = 2**18


@dataclass(frozen=True, slots=True)
class Judged:
    """A sighting that is about licensing, and the verdict on what it shows."""

    sighting: Sighting
    relevance: Relevance


@dataclass(slots=True)
class Counts:
    """What was met in a file; sizes in bytes. `gap` says what of it could not be read, `broken_lines` a few of those.

    `events` are those about threads; of these `mentions` were read since they speak of licensing, `kept` are about it;
    `textless` hold no text, `unidentified` do not say whose or where.
    """

    packed: int = 0
    unpacked: int = 0
    lines: int = 0
    events: int = 0
    textless: int = 0
    mentions: int = 0
    unidentified: int = 0
    kept: int = 0
    broken: int = 0
    broken_lines: list[tuple[int, str]] = field(default_factory=list)
    gap: str | None = None

    def break_line(self, number: int, reason: str) -> None:
        """Count a line that cannot be read."""
        self.broken += 1
        if len(self.broken_lines) < MOST_NAMED:
            self.broken_lines.append((number, reason))

    def record(self) -> dict[str, Any]:
        """Return them as they are kept."""
        told = {name: getattr(self, name) for name in (*_NUMBERS, "gap")}
        return told | {"broken_lines": [list(each) for each in self.broken_lines]}

    def add(self, other: Counts) -> None:
        """Add the numbers of another file."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_NUMBERS = ("packed", "unpacked", "lines", "events", "textless", "mentions", "unidentified", "kept", "broken")


class HourReader:
    """Reads hourly files; `repositories` (owner/name in lower case) leaves out all others."""

    def __init__(self, vocabulary: Vocabulary, repositories: frozenset[str] = frozenset()) -> None:
        self._vocabulary = vocabulary
        self._repositories = repositories
        self._sieve = Sieve(vocabulary)

    def read(self, path: Path, hour: datetime, counts: Counts) -> Iterator[list[Judged]]:
        """Yield what is about licensing, after each MiB that was read; nothing new is a chance to stop, too.

        `counts` is filled on the way. Raises OSError for a file that cannot be read.
        """
        found: list[Judged] = []
        self._sieve.sifted = Sifted()
        with path.open("rb") as file:
            unpacked = Unpacked(self._chunks(file, counts))
            speaks = self._sieve.speaks
            for first, lines in cut(unpacked, lambda number: counts.break_line(number, _TOO_LONG)):
                counts.lines = first + len(lines) - 1
                for number, line in enumerate(lines, first):
                    if line[:1] != b"{" or line[-1:] != b"}":
                        line = line.strip()
                        if not line:
                            continue
                        if line[:1] != b"{" or line[-1:] != b"}":
                            counts.break_line(number, "no JSON object")
                            continue
                    if speaks(line):
                        found += self._judged(line, number, hour, counts)
                yield found
                found = []
        counts.unpacked, counts.gap = unpacked.size, unpacked.gap
        counts.events = self._sieve.sifted.events
        counts.textless += self._sieve.sifted.textless

    def _chunks(self, file: Any, counts: Counts) -> Iterator[bytes]:
        while chunk := file.read(_READ_AT_ONCE):
            counts.packed += len(chunk)
            yield chunk

    def _judged(self, line: bytes, number: int, hour: datetime, counts: Counts) -> Iterator[Judged]:
        try:
            # In early files two events may stand on one line (igrigorik/gharchive.org#18).
            events = list(_values(line.decode("utf-8", "replace")))
        except (ValueError, RecursionError):
            counts.break_line(number, "broken JSON")
            return
        for event in events:
            try:
                sighting = self._sighting(event, hour, counts)
            except (BadResponse, ValueError, RecursionError, OverflowError) as error:
                counts.break_line(number, str(error) or type(error).__name__)
                continue
            if sighting is None:
                continue
            counts.mentions += 1
            relevance = self._judge(sighting)
            if relevance.kept:
                counts.kept += 1
                yield Judged(sighting, relevance)

    def _sighting(self, event: Any, hour: datetime, counts: Counts) -> Sighting | None:
        if self._repositories and not self._is_wanted(event):
            return None
        sighting = read(event, hour)
        if isinstance(sighting, Sighting):
            return sighting
        counts.textless += sighting is Left.TEXTLESS
        counts.unidentified += sighting is Left.UNIDENTIFIED
        return None

    def _is_wanted(self, event: Any) -> bool:
        repo = event.get("repo") if isinstance(event, Mapping) else None
        name = repo.get("name") if isinstance(repo, Mapping) else None
        if name is None and isinstance(event, Mapping) and isinstance(event.get("repository"), Mapping):
            name = f"{event['repository'].get('owner')}/{event['repository'].get('name')}"
        return str(name).lower() in self._repositories

    def _judge(self, sighting: Sighting) -> Relevance:
        """Judge an event by all that it shows: a comment with the title and the text of its thread as they stood."""
        posts = sighting.all_posts
        text = "\n".join([sighting.title, *(each.body for each in posts)])
        if not self._vocabulary.mentions(text):
            return Relevance()
        return self._vocabulary.judge(sighting.title, [PostText.of(each) for each in posts])


_TOO_LONG = f"longer than {MAX_LINE:,} bytes"
_DECODER = json.JSONDecoder()


def _values(text: str) -> Iterator[Any]:
    at = 0
    while at < len(text):
        value, end = _DECODER.raw_decode(text, at)
        yield value
        at = end
        while at < len(text) and text[at] in " \t\r":
            at += 1
