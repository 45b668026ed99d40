"""Cuts a search into windows of time small enough to be read whole, and says what to ask after each page.

Pure: it asks for nothing and knows no query language. GitHub gives the first 1,000 results of a search, whatever it
counts: so a window is read in order of time, and what lies beyond is a window of its own that begins at the last time
read. Times are whole seconds, and both ends of a window belong to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from archiver.model import iso, parse_iso

CAP = 1000
"""How many results of one search GitHub gives at most (https://docs.github.com/en/rest/search/search)."""
PER_PAGE = 100
FIRST = datetime(2008, 1, 1, tzinfo=UTC)
"""Nothing on GitHub is older."""
TRIES = 3
"""How often a page that is incomplete, or a window whose results shift, is asked for in all."""
MOST_HALVINGS = 60
"""How often a search is halved at most since GitHub could not work all of it out: twice the way down to one second."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a query's results of which `by` (`created` or `updated`) is from `low` to `high`.

    `page` is the one to ask for next, `total` what the first page told, `tries` how often something was asked again.
    `run` is how many of the last time that was read were read in a row. A `latest_first` window is one single second,
    of which another one read the first `run`. A `whole` window has all results of its query.
    """

    query: str
    by: str
    low: datetime
    high: datetime
    page: int = 1
    total: int | None = None
    tries: int = 0
    last: datetime | None = None
    run: int = 0
    latest_first: bool = False
    whole: bool = False

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "query": self.query,
            "by": self.by,
            "low": iso(self.low),
            "high": iso(self.high),
            "page": self.page,
            "total": self.total,
            "tries": self.tries,
            "last": iso(self.last) if self.last else None,
            "run": self.run,
            "latest_first": self.latest_first,
            "whole": self.whole,
        }

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Window:
        """Read it from JSON."""
        times = {name: parse_iso(record[name]) for name in ("low", "high", "last") if record[name]}
        return cls(**{**record, **times})

    @property
    def afresh(self) -> Window:
        """The same, to be read from its start."""
        run = self.run if self.latest_first else 0
        return replace(self, page=1, total=None, last=None, run=run)

    @property
    def fresh(self) -> bool:
        """Whether nothing of it was asked for yet."""
        return self.page == 1 and self.tries == 0 and self.total is None


@dataclass(frozen=True, slots=True)
class Told:
    """What one page told: how many results there are, and of those on it the times (one that has none is left out).

    `items` is how many stood on it. `incomplete`: GitHub ran out of time.
    """

    total: int
    incomplete: bool
    items: int
    times: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What comes in place of a window of which a page was read, in order; and in words what cannot be had of it."""

    windows: tuple[Window, ...] = ()
    gap: str | None = None
    halved: bool = False


def after(window: Window, told: Told, *, may_halve: bool = True) -> Step:
    """Decide what is to be asked for after a page of a window.

    What GitHub could not work out in time is asked for again, then in two halves, and at last taken as it is. If the
    results shift while they are read (their count changes, a page is short), the window is read again from its start.
    """
    if told.incomplete:
        if window.tries + 1 < TRIES:
            return Step((replace(window, tries=window.tries + 1),))
        if may_halve and window.low < window.high:
            middle = window.low + timedelta(seconds=(window.high - window.low) // _SECOND // 2)
            half = replace(window.afresh, tries=0, whole=False)
            return Step((replace(half, high=middle), replace(half, low=middle + _SECOND)), halved=True)
        return _onward(window, told, f"{_span(window)}: GitHub could not work out all results")
    before = PER_PAGE * (window.page - 1)
    due = max(min(told.total, CAP) - before, 0)
    shifted = (window.total is not None and told.total != window.total) or told.items < min(due, PER_PAGE)
    if shifted and window.tries + 1 < TRIES:
        return Step((replace(window.afresh, tries=window.tries + 1),))
    gap = f"{_span(window)}: the results kept changing while they were read" if shifted else None
    return _onward(window, told, gap)


def _onward(window: Window, told: Told, gap: str | None) -> Step:
    """Go on behind a page that is taken as it is."""
    reached = PER_PAGE * window.page
    wanted = told.total - (window.run if window.latest_first else 0)
    if told.items == 0 or reached >= wanted:
        return Step((), gap)
    window = replace(window, total=told.total) if window.latest_first else _counting(window, told)
    if reached < CAP:
        return Step((replace(window, page=window.page + 1),), gap)
    if window.latest_first:
        lost = f"{_span(window)}: {wanted - CAP:,} of {told.total:,} results of one second are out of reach"
        return Step((), "; ".join(filter(None, [gap, lost])))
    rest = replace(window.afresh, tries=0, whole=False)
    last = window.last or window.low
    if window.run >= PER_PAGE or last <= window.low:
        # A crowded second: what is left of it is read from its end.
        behind = (replace(rest, low=last + _SECOND),) if last < window.high else ()
        return Step((replace(rest, low=last, high=last, latest_first=True, run=window.run), *behind), gap)
    # The time of creation never changes. That of the last update may be newer in an answer than in the index that put
    # the results in order: then the earliest of the page is what is certain to be reached.
    earliest = min(told.times, default=window.low)
    return Step((replace(rest, low=earliest if window.by == "updated" and earliest > window.low else last),), gap)


def _counting(window: Window, told: Told) -> Window:
    """Count how many results in a row have the time of the last one that was read."""
    last, run = window.last, window.run
    for each in told.times:
        time = min(max(each, window.low), window.high)
        last, run = time, run + 1 if time == last else 1
    return replace(window, total=told.total, last=last, run=run)


def _span(window: Window) -> str:
    return f"{window.by} {iso(window.low)}..{iso(window.high)}"


# --- a plan -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a search is left to ask for, and what came of it so far.

    `queries` are those that the search is made of, `counts` how many results GitHub counts for each that was begun.
    """

    queries: tuple[str, ...]
    windows: tuple[Window, ...]
    full: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    slices: int = 0
    halvings: int = 0
    gaps: tuple[str, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()

    @classmethod
    def over(cls, queries: Sequence[str], by: str, low: datetime, high: datetime, *, full: bool = False) -> Plan:
        """Begin with one window for each query."""
        return cls(tuple(queries), tuple(Window(each, by, low, high, whole=True) for each in queries), full)

    def taken(self, told: Told) -> Plan:
        """Return the plan after a page of its first window; what remains of that one comes first."""
        window = self.windows[0]
        step = after(window, told, may_halve=self.halvings < MOST_HALVINGS)
        return replace(
            self,
            windows=(*step.windows, *self.windows[1:]),
            counts={**self.counts, window.query: told.total} if window.whole and window.page == 1 else self.counts,
            requests=self.requests + 1,
            slices=self.slices + window.fresh,
            halvings=self.halvings + step.halved,
            gaps=self.gaps if step.gap is None else (*self.gaps, step.gap),
        )

    @property
    def counted(self) -> int:
        """How many results GitHub counts for the queries that were begun; what two of them find counts twice."""
        return sum(self.counts.values())

    def replaced(self, queries: Sequence[str]) -> Plan:
        """Return the plan with the first window's query replaced by several that find the same together."""
        window = self.windows[0]
        others = [each for each in self.queries if each != window.query]
        begun = tuple(replace(window.afresh, query=each, tries=0) for each in queries)
        return replace(
            self,
            queries=(*others, *queries),
            windows=(*begun, *self.windows[1:]),
            requests=self.requests + 1,
        )

    def until(self, high: datetime) -> Plan:
        """Return the plan with windows that end at `high` at the latest."""
        windows = tuple(replace(each, high=max(min(each.high, high), each.low)) for each in self.windows)
        return replace(self, windows=windows)

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "queries": list(self.queries),
            "windows": [each.record() for each in self.windows],
            "full": self.full,
            "counts": dict(self.counts),
            "requests": self.requests,
            "slices": self.slices,
            "halvings": self.halvings,
            "gaps": list(self.gaps),
            "failures": [list(each) for each in self.failures],
        }

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Plan:
        """Read it from JSON."""
        return cls(
            **{
                **record,
                "queries": tuple(record["queries"]),
                "windows": tuple(Window.of(each) for each in record["windows"]),
                "gaps": tuple(record["gaps"]),
                "failures": tuple((where, why) for where, why in record["failures"]),
            }
        )
