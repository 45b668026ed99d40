"""Lays out a repository's debates on a line of time, and counts what they are about.

It is pure and draws nothing: places in user units for an SVG that the templates write, and the same in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archiver.store import Debate
from archiver.wording import plural

WIDTH = 632
# A column of debates is so wide, and holds so many one above the other before they are drawn as a bar.
COLUMN = 8
MOST_STACKED = 12
HIGHEST = 96
# A line of time is worth its place from so many debates on.
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Dot:
    """One debate: which one, and how it stands (`open`, `closed`, `merged`; `gone` comes before them)."""

    x: int
    y: int
    debate: Debate

    @property
    def kind(self) -> str:
        """What its mark is to show."""
        return "gone" if self.debate.gone else self.debate.outcome


@dataclass(frozen=True, slots=True)
class Column:
    """So many debates that they are drawn as one bar; `query` finds them."""

    x: int
    height: int
    query: str


@dataclass(frozen=True, slots=True)
class Year:
    """A year in words: how many debates, how many of them are open still; `x` is where it begins."""

    year: int
    x: int
    words: str
    query: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The debates of a repository as drawn (`dots`, or else `columns`) and as told (`years`).

    `scale` says in a sentence what a column stands for.
    """

    height: int
    dots: tuple[Dot, ...]
    columns: tuple[Column, ...]
    years: tuple[Year, ...]
    scale: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the marks show, each kind once: what the legend is to explain."""
        shown = {dot.kind for dot in self.dots}
        return tuple(each for each in ("closed", "merged", "open", "gone") if each in shown)


def timeline(debates: Sequence[Debate], repository: str) -> Timeline | None:
    """Return the line of time of a repository's debates, oldest first; None if they are too few."""
    if len(debates) < FEWEST:
        return None
    first = datetime(debates[0].created_at.year, 1, 1, tzinfo=UTC)
    end = datetime(debates[-1].created_at.year + 1, 1, 1, tzinfo=UTC)
    span = (end - first) / timedelta(days=1)

    def column(at: datetime) -> int:
        return min(int((at - first) / timedelta(days=1) / span * WIDTH) // COLUMN, WIDTH // COLUMN - 1)

    stacks: dict[int, list[Debate]] = {}
    for each in debates:
        stacks.setdefault(column(each.created_at), []).append(each)
    most = max(len(found) for found in stacks.values())
    height = min(most, MOST_STACKED) * COLUMN
    dots: list[Dot] = []
    columns: list[Column] = []
    for at, found in sorted(stacks.items()):
        if most <= MOST_STACKED:
            dots += [Dot(at * COLUMN, height - (row + 1) * COLUMN, each) for row, each in enumerate(found)]
        else:
            days = f"{found[0].created_at:%Y-%m-%d}..{found[-1].created_at:%Y-%m-%d}"
            columns.append(
                Column(at * COLUMN, max(2, round(HIGHEST * len(found) / most)), f"repo:{repository} created:{days}")
            )
    scale = (
        f"A bar is the debates opened within {_about(span * COLUMN / WIDTH)}; the highest is {plural(most, 'debate')}"
    )
    return Timeline(height, tuple(dots), tuple(columns), tuple(_years(debates, repository, column)), scale)


def _about(days: float) -> str:
    """Say a length of time in words: what a column spans."""
    for unit, length in (("month", 30.4), ("week", 7)):
        if days >= 1.5 * length:
            return f"about {plural(round(days / length), unit)}"
    return f"about {plural(max(1, round(days)), 'day')}"


def _years(debates: Sequence[Debate], repository: str, column: Callable[[datetime], int]) -> list[Year]:
    counts = Counter(each.created_at.year for each in debates)
    still = Counter(each.created_at.year for each in debates if each.outcome == "open" and not each.gone)
    gone = Counter(each.created_at.year for each in debates if each.gone)
    found = []
    for year in range(min(counts), max(counts) + 1):
        more = [f"{still[year]} open"] if still[year] else []
        more += [f"{gone[year]} gone from GitHub"] if gone[year] else []
        words = plural(counts[year], "debate") + (f" ({', '.join(more)})" if more else "")
        x = column(datetime(year, 1, 1, tzinfo=UTC)) * COLUMN
        if counts[year]:
            found.append(Year(year, x, words, f"repo:{repository} created:{year}-01-01..{year}-12-31"))
    return found


def topics_of(debates: Sequence[Debate], repository: str) -> list[tuple[str, int, str]]:
    """Return what debates are about: topic, how many, the query that finds them; the most frequent first."""
    counts = Counter(topic for each in debates for topic in each.topics)
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [(topic, count, f"repo:{repository} topic:{topic}") for topic, count in ranked]
