"""Lays out the shape of a debate: who wrote when, and where it was closed, reopened, locked, edited or deleted.

It is pure and draws nothing: places in user units for an SVG that the templates write, and the same in words.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from archiver.model import Thread
from archiver.wording import plural
from web.reading import MOMENTS, Entry, moment_anchor
from web.render import MONTHS, day

# Who speaks for the project, by what GitHub says of them; the others write from outside.
PROJECT = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
# A debate of fewer posts has no shape that its text does not show.
FEWEST = 8
# In user units, which are CSS pixels: the height of a row of bars, the longest bar, the least distance of two labels.
ROW = 3
LONGEST = 28
LABEL = 13
MARGIN = 10
# Debates of so many days are told by years; so far from its place a year may stand.
_BY_YEAR = 300
_MOVED = 10
SHORTEST_DRAWING, LONGEST_DRAWING = 170, 420
_WORDS = {"converted_to_discussion": "moved", "transferred": "moved"}


@dataclass(frozen=True, slots=True)
class Bar:
    """Posts of one side in one row: how long their bar is, where the first of them stands, whether an owner wrote."""

    y: int
    length: float
    anchor: str
    outside: bool
    owner: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """What is to be seen of a single post: `edited`, `gone` or `withdrawn`."""

    y: int
    kind: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word at a place: a date (with no anchor), or what happened there (with its kind).

    `tick` is where the date begins, from which its word may have been moved a little.
    """

    y: int
    words: str
    kind: str = ""
    anchor: str = ""
    tick: int = 0


@dataclass(frozen=True, slots=True)
class Shape:
    """A debate as drawn and as told; `height` is in user units, `listed` names posts that were edited or are gone."""

    height: int
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    dates: tuple[Label, ...]
    moments: tuple[Label, ...]
    sentence: str
    listed: tuple[tuple[str, tuple[Entry, ...]], ...]

    @property
    def signs(self) -> frozenset[str]:
        """What is marked of single posts: what the legend is to explain."""
        return frozenset(each.kind for each in self.marks)


def shape_of(thread: Thread, entries: Sequence[Entry]) -> Shape | None:
    """Return the shape of a debate; None where it is too short to have one."""
    if len(entries) < FEWEST:
        return None
    times = sorted(each.post.created_at for each in entries)
    height = min(LONGEST_DRAWING, max(SHORTEST_DRAWING, 4 * len(entries)))
    scale = _Scale(times, height)
    return Shape(
        height=height + 2 * MARGIN,
        bars=tuple(_bars(entries, scale)),
        marks=tuple(_marks(entries, scale)),
        dates=tuple(_dates(times, scale)),
        moments=tuple(_moments(thread, scale)),
        sentence=_sentence(entries, times),
        listed=tuple((words, found) for words, found in _listed(entries) if found),
    )


class _Scale:
    """From a moment to its height: half by time, half by how many posts came before.

    By time alone, a debate of a week that somebody takes up years later would be two dots; by posts alone, the years
    between would not be seen.
    """

    def __init__(self, times: Sequence[datetime], height: int) -> None:
        self._times = [each.timestamp() for each in times]
        self._span = self._times[-1] - self._times[0]
        self._height = height

    def y(self, moment: datetime) -> int:
        at, times = moment.timestamp(), self._times
        after = bisect_right(times, at)
        rank = max(0.0, after - 1.0)
        if 0 < after < len(times):
            rank += (at - times[after - 1]) / (times[after] - times[after - 1])
        by_rank = rank / max(1, len(times) - 1)
        by_time = min(1.0, max(0.0, (at - times[0]) / self._span)) if self._span else by_rank
        return MARGIN + round(self._height * (by_rank + by_time) / 2)

    def row(self, at: datetime) -> int:
        return self.y(at) // ROW * ROW


def _bars(entries: Sequence[Entry], scale: _Scale) -> Iterator[Bar]:
    rows: dict[tuple[int, bool], list[Entry]] = {}
    # Of what is withdrawn nobody is told whose side it was on.
    for each in (each for each in entries if not each.post.withdrawn):
        rows.setdefault((scale.row(each.post.created_at), not _for_project(each)), []).append(each)
    most = max((len(found) for found in rows.values()), default=1)
    unit = min(7.0, LONGEST / most)
    for (y, outside), found in sorted(rows.items()):
        first = min(found, key=lambda each: each.post.created_at)
        owner = not outside and any(each.post.author_association.upper() == "OWNER" for each in found)
        yield Bar(y, round(max(2.0, unit * len(found)), 1), first.anchor, outside, owner)


def _by_robot(entry: Entry) -> bool:
    return entry.post.author is not None and entry.post.author.bot


def _for_project(entry: Entry) -> bool:
    """Return whether somebody of the project wrote a post; a robot speaks for nobody, whatever GitHub calls it."""
    return entry.post.author_association.upper() in PROJECT and not _by_robot(entry)


def _fate(entry: Entry) -> str:
    if entry.post.gone is not None:
        return "withdrawn" if entry.post.withdrawn else "gone"
    return "edited" if entry.versions or entry.post.edited else ""


def _marks(entries: Sequence[Entry], scale: _Scale) -> Iterator[Mark]:
    taken: set[tuple[int, str]] = set()
    for each in entries:
        if not (fate := _fate(each)):
            continue
        # Twice the height of a row, so that the signs do not run into each other.
        place = (scale.y(each.post.created_at) // (2 * ROW) * 2 * ROW, fate)
        if place not in taken:
            taken.add(place)
            yield Mark(place[0], fate, each.anchor)


def _moments(thread: Thread, scale: _Scale) -> Iterator[Label]:
    summary = thread.summary
    happened = {(each.kind, each.at) for each in thread.events if each.kind in MOMENTS}
    ended = summary.merged_at or summary.closed_at
    if ended is not None:
        kind = summary.outcome if summary.outcome != "open" else "closed"
        # Its event bears this time, or that of a moment later.
        happened = {
            each for each in happened if each[0] not in {"closed", "merged"} or abs(each[1] - ended).total_seconds() > 2
        }
        happened.add((kind, ended))
    last = -LABEL
    for kind, at in sorted(happened, key=lambda each: (each[1], each[0])):
        y = scale.y(at)
        anchor = "closed" if at == ended and kind == summary.outcome else moment_anchor(kind, at)
        # Where labels would cover each other, the line and its sign are drawn, and the word left out.
        words = _WORDS.get(kind, kind) if y - last >= LABEL else ""
        last = y if words else last
        yield Label(y, words, kind, anchor)


def _dates(times: Sequence[datetime], scale: _Scale) -> Iterator[Label]:
    """Yield the first day and then years, months or days: of years all, of the others as many as there is room for."""
    first, last = times[0], times[-1]
    begin = Label(
        scale.y(first),
        f"{first.day} {MONTHS[first.month - 1][:3]}" if (last - first).days < 60 else _month(first),
        tick=scale.y(first),
    )
    steps = list(_steps(first, last))
    if (last - first).days >= _BY_YEAR:
        yield from _years(begin, first.year, [(scale.y(moment), moment.year) for moment, _ in steps])
        return
    yield begin
    at, year = begin.y, first.year
    for moment, words in steps:
        y = scale.y(moment)
        if y - at >= LABEL:
            # The first month that there is room for in a year names it.
            yield Label(y, _month(moment) if words[0].isalpha() and moment.year != year else words, tick=y)
            at, year = y, moment.year


def _years(begin: Label, since: int, years: Sequence[tuple[int, int]]) -> Iterator[Label]:
    """Yield a label for each year: moved down a little where the one before is near, joined with it where it is not."""
    shown, joined = begin, since
    for tick, year in years:
        y = max(tick, shown.y + LABEL)
        if y - tick <= _MOVED:
            yield shown
            shown, joined = Label(y, str(year), tick=tick), year
        else:
            shown = replace(shown, words=f"{joined}–{year % 100:02}")
    yield shown


def _month(moment: datetime) -> str:
    return f"{MONTHS[moment.month - 1][:3]} {moment.year}"


def _steps(first: datetime, last: datetime) -> Iterator[tuple[datetime, str]]:
    span = last - first
    if span.days < 60:
        moment = first.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        while moment <= last:
            yield moment, f"{moment.day} {MONTHS[moment.month - 1][:3]}"
            moment += timedelta(days=1)
        return
    month = first.year * 12 + first.month
    step = 1 if span.days < _BY_YEAR else 12
    month = month if step == 1 else -(-month // 12) * 12
    while (moment := datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)) <= last:
        yield moment, str(moment.year) if step == 12 else MONTHS[month % 12][:3]
        month += step


# --- in words ---------------------------------------------------------------------------------------------------------


def _sentence(entries: Sequence[Entry], times: Sequence[datetime]) -> str:
    inside, robots = sum(map(_for_project, entries)), sum(map(_by_robot, entries))
    withdrawn = sum(each.post.withdrawn for each in entries)
    first, last = times[0], times[-1]
    when = f"on {day(first)}" if day(first) == day(last) else f"from {day(first)} to {day(last)}"
    busiest, count = Counter((each.year, each.month) for each in times).most_common(1)[0]
    most = ""
    if (last - first).days >= 60 and count > 1:
        most = f", the most in {MONTHS[busiest[1] - 1]} {busiest[0]} ({count:,})"
    others = len(entries) - inside - robots - withdrawn
    who = f"{inside:,} by owners, members and collaborators, {others:,} by others"
    who += f", {robots:,} by {'a robot' if robots == 1 else 'robots'}" if robots else ""
    who += f", {withdrawn:,} withdrawn here" if withdrawn else ""
    lost = sum(_fate(each) == "gone" for each in entries)
    told = plural(len(entries), "post") + (f", {lost:,} of them gone from GitHub," if lost else "")
    return f"{told} {when}{most}: {who}."


def _listed(entries: Sequence[Entry]) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    by_fate: dict[str, list[Entry]] = {}
    for each in entries:
        by_fate.setdefault(_fate(each), []).append(each)
    for fate, words in (("gone", "Gone from GitHub"), ("edited", "Edited"), ("withdrawn", "Withdrawn here")):
        yield words, tuple(by_fate.get(fate, ()))
