"""Owns what is written after `created:` and `comments:`: dates, times, ages and numbers, and ranges of them.

It does no I/O: the present moment is a parameter. What a range matches, `search.tree.Range` says.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from search.tree import COUNTS

MOST = 10**12
"""The largest number that is told from others."""

_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d?)(?:-(?P<day>\d\d?)"
    r"(?:T(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,]\d{1,9})?)?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?)?)?",
    re.IGNORECASE | re.ASCII,
)
_TODAY = re.compile(r"@today(?:-(?P<age>\w+))?", re.IGNORECASE | re.ASCII)
_AGE = re.compile(r"(\d{1,4})(h|d|w|mo?|y)", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"-?\d{1,15}", re.ASCII)
_OPERATOR = re.compile(r"(>=|<=|=>|=<|>|<|)(.*)", re.DOTALL)
_UNITS = {"h": "hour", "d": "day", "w": "week", "m": "month", "mo": "month", "y": "year"}


class Bounds(NamedTuple):
    """Numbers from `low` to `high`, both included, None is open; `notice` says how an age was read."""

    low: int | None
    high: int | None
    notice: str | None = None


class _Point(NamedTuple):
    """The seconds that a date stands for, first and last, or one number; `age` is how an age reads in words."""

    first: int
    last: int
    age: str | None = None


def bounds(name: str, text: str, now: datetime | None) -> Bounds | None:
    """Read what stands after the colon of `name` (of `search.tree.RANGES`); None if it cannot be understood.

    As on GitHub: `>N`, `>=N`, `<N`, `<=N`, `N..M`, `N..*`, `*..N`. A date stands for all of its day, month or year in
    UTC (`>2018` is from 2019 on); a time without zone is UTC. An age (`1y`, `6mo`, `2w`, `30d`, `12h`) is how long ago
    it was: `>1y` is longer ago than a year, `<30d` less than 30 days ago; without `now` there are none.
    """
    text = text.strip()
    start, dots, end = text.partition("..")
    if dots:
        found = _between(name, start.strip(), end.strip(), now)
    else:
        match = _OPERATOR.fullmatch(text)
        operator, value = (match[1], match[2].strip()) if match else ("", text)
        point = _point(name, value, now)
        found = None if point is None else _compared(operator.replace("=>", ">=").replace("=<", "<="), point)
    return None if found is None else _told(name, text, found)


def _between(name: str, start: str, end: str, now: datetime | None) -> tuple[int | None, int | None, str | None] | None:
    first = None if start == "*" else _point(name, start, now)
    last = None if end == "*" else _point(name, end, now)
    if (first is None and start != "*") or (last is None and end != "*") or (first is None and last is None):
        return None
    ages = [point.age for point in (first, last) if point and point.age]
    if ages and first and last and len(ages) != 2:
        return None
    if ages:
        # The greater an age, the earlier the moment.
        first, last = last, first
    if first and last and first.first > last.last:
        first, last = last, first
    words = None
    if ages:
        words = f"between {' and '.join(ages)} ago" if len(ages) == 2 else None
        words = words or (f"{ages[0]} ago or later" if first else f"{ages[0]} ago or earlier")
    return (first.first if first else None, last.last if last else None, words)


def _compared(operator: str, point: _Point) -> tuple[int | None, int | None, str | None]:
    if point.age:
        # By age: what is older was earlier.
        match operator:
            case ">":
                return None, point.first - 1, f"longer than {point.age} ago"
            case ">=":
                return None, point.first, f"{point.age} ago or earlier"
            case "<":
                return point.first + 1, None, f"less than {point.age} ago"
            case _:
                return point.first, None, f"{point.age} ago or later"
    match operator:
        case ">":
            return point.last + 1, None, None
        case ">=":
            return point.first, None, None
        case "<":
            return None, point.first - 1, None
        case "<=":
            return None, point.last, None
        case _:
            return point.first, point.last, None


def _told(name: str, text: str, found: tuple[int | None, int | None, str | None]) -> Bounds:
    low, high, words = found
    if name not in COUNTS:  # after the last of all years there is nothing, nor before the first
        low, high = (None if each is None else max(_EARLIEST, min(each, _LATEST)) for each in (low, high))
    if words is None:
        return Bounds(low, high)
    shown = [_day(each) for each in (low, high) if each is not None]
    when = f"from {shown[0]} to {shown[1]}" if len(shown) == 2 else f"{'since' if high is None else 'until'} {shown[0]}"
    return Bounds(low, high, f"`{name}:{text}` is read as an age: {words}, {when}.")


def _point(name: str, text: str, now: datetime | None) -> _Point | None:
    if name in COUNTS:
        if not _NUMBER.fullmatch(text):
            return None
        number = max(min(int(text), MOST), -1)
        return _Point(number, number)
    if match := _DATE.fullmatch(text):
        return _date(match)
    if now is None:
        return None
    if match := _TODAY.fullmatch(text):
        before = _before(now, match["age"]) if match["age"] else (now, "")
        if before is None:
            return None
        day = before[0].astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return _Point(int(day.timestamp()), int(day.timestamp()) + 86_399)
    ago = _before(now, text)
    if ago is None:
        return None
    seconds = int(ago[0].timestamp())
    return _Point(seconds, seconds, ago[1])


def _date(match: re.Match[str]) -> _Point | None:
    """Return the first and the last second of a year, month, day, minute or second."""
    try:
        year, month, day = int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
        start = datetime(year, month, day, tzinfo=UTC)
        if match["hour"]:
            start = start.replace(
                hour=int(match["hour"]), minute=int(match["minute"]), second=int(match["second"] or 0)
            )
            first = int(start.timestamp()) - _offset(match["zone"])
            last = first + (0 if match["second"] else 59)
        else:
            first = int(start.timestamp())
            days = 1
            if not match["month"]:
                days = 366 if calendar.isleap(year) else 365
            elif not match["day"]:
                days = calendar.monthrange(year, month)[1]
            last = first + days * 86_400 - 1
    except ValueError:
        return None
    # A zone can move a moment out of the years that there are.
    return _Point(first, last) if first >= _EARLIEST and last <= _LATEST else None


def _offset(zone: str | None) -> int:
    """Return a zone's offset in seconds. Raises ValueError for one that there is not."""
    if zone is None or zone in "Zz":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:]) if len(zone) > 3 else 0
    if hours > 14 or minutes > 59:
        raise ValueError(zone)
    return (-1 if zone[0] == "-" else 1) * (hours * 3600 + minutes * 60)


_EARLIEST = int(datetime(1, 1, 1, tzinfo=UTC).timestamp())
_LATEST = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


def _before(now: datetime, age: str) -> tuple[datetime, str] | None:
    """Return the moment that was so long before `now`, and the age in words; None if it is no age, or too great."""
    match = _AGE.fullmatch(age)
    if match is None:
        return None
    count, unit = int(match[1]), match[2].lower()
    words = f"{count} {_UNITS[unit]}{'' if count == 1 else 's'}"
    try:
        if unit[0] not in "my":
            return now - timedelta(hours=count * {"h": 1, "d": 24, "w": 168}[unit]), words
        months = now.year * 12 + now.month - 1 - count * (12 if unit == "y" else 1)
        year, month = divmod(months, 12)
        day = min(now.day, calendar.monthrange(year, month + 1)[1])  # a month before the 31st of March
        return now.replace(year=year, month=month + 1, day=day), words
    except (ValueError, OverflowError):
        return None


def _day(seconds: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).date().isoformat()
