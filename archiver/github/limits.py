"""Decides, from one answer of the API, what comes next: use it, try again after a while, wait for a limit, or give up.

Pure: headers in, decision out, time as a parameter. It sends nothing and sleeps never.
Rules: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum

MAX_ATTEMPTS = 6
"""How often one request is sent at most when the network or the server fails, or a body is broken."""

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
SECONDARY_PAUSE = 60.0
LONGEST_SECONDARY_PAUSE = 3600.0
LONGEST_PRIMARY_PAUSE = 7200.0
"""GitHub counts by the hour; a reset farther off is a mistake, or a clock that is wrong."""

MAX_SECONDARY = 6
"""How often the secondary limit is waited out before giving up: a minute and doubling, about an hour in all."""


class Verdict(Enum):
    """What an answer means."""

    USE = "use"
    NOT_MODIFIED = "not modified"
    REDIRECT = "redirect"
    RETRY = "retry"
    PRIMARY_LIMIT = "primary limit"
    SECONDARY_LIMIT = "secondary limit"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about one answer; `pause` is in seconds, before any jitter; `until` is when a limit is over (UTC)."""

    verdict: Verdict
    pause: float = 0.0
    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """GitHub's own count of what is left, as of the last answer."""

    limit: int
    remaining: int
    reset: datetime
    resource: str


def rate(headers: Mapping[str, str]) -> Rate | None:
    """Read the X-RateLimit headers; None if they are missing or broken."""
    try:
        return Rate(
            int(headers["x-ratelimit-limit"]),
            int(headers["x-ratelimit-remaining"]),
            datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC),
            headers.get("x-ratelimit-resource", "core"),
        )
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def resumes(left: Rate | None, headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return until when (by our clock) no further request of a used-up limit is worth sending; None if there is room.

    Told by the server's own clock, since ours may be wrong.
    """
    if left is None or left.remaining > 0:
        return None
    ahead = (left.reset - server_time(headers, now)).total_seconds()
    # One second more: the reset is given in whole seconds.
    return now + timedelta(seconds=min(ahead + 1, LONGEST_PRIMARY_PAUSE)) if ahead > 0 else None


def decide(
    status: int, headers: Mapping[str, str], message: str, *, now: datetime, attempt: int, secondary: int
) -> Decision:
    """Decide about an answer that arrived whole.

    `headers` have lower-case names. `message` is the `message` of a JSON error body, or empty. `attempt` counts this
    request from 1; `secondary` is how often this request has met the secondary limit before.
    """
    if status == 304:
        return Decision(Verdict.NOT_MODIFIED)
    if 200 <= status < 300:
        return Decision(Verdict.USE)
    if status in {301, 302, 307, 308}:
        return Decision(Verdict.REDIRECT)
    if status in {403, 429}:
        return _limited(status, headers, message, now, secondary)
    if status == 501:  # whoever asks again is told the same
        return Decision(Verdict.FAIL, reason=f"HTTP {status}")
    if status >= 500 or status == 408:
        return failed(attempt, f"HTTP {status}", _retry_after(headers, now))
    return Decision(Verdict.FAIL, reason=f"HTTP {status}")


def decide_query(
    headers: Mapping[str, str],
    kinds: Collection[str],
    message: str,
    *,
    now: datetime,
    attempt: int,
    secondary: int,
) -> Decision:
    """Decide about an answer of GraphQL that arrived whole: it tells of limits and time-outs with a status of 200.

    `kinds` are the types of its errors, `message` is the first one's; the rest is as for `decide`.
    """
    lowered = message.lower()
    if {"RATE_LIMITED", "RATE_LIMIT"} & set(kinds) or "secondary rate limit" in lowered:
        return _limited(429, headers, message, now, secondary)
    if lowered.startswith("something went wrong"):
        return failed(attempt, "GitHub could not work the query out")
    return Decision(Verdict.USE)


def _limited(status: int, headers: Mapping[str, str], message: str, now: datetime, secondary: int) -> Decision:
    asked = _retry_after(headers, now)
    left = rate(headers)
    lowered = message.lower()
    is_secondary = "secondary rate limit" in lowered or "abuse detection" in lowered
    exhausted = left is not None and left.remaining == 0
    if asked is None and left is not None and exhausted and not is_secondary:
        # A reset that is over is none: then it is the secondary limit's turn, or a server that counts wrongly would be
        # asked every second for ever.
        until = resumes(left, headers, now)
        if until is not None:
            pause = (until - now).total_seconds()
            return Decision(Verdict.PRIMARY_LIMIT, pause, until, used_up(left))
    if asked is not None or is_secondary or exhausted or status == 429:
        doubled = SECONDARY_PAUSE * 2 ** min(secondary, MAX_SECONDARY)
        pause = min(doubled if asked is None else max(asked, 1.0), LONGEST_SECONDARY_PAUSE)
        until = now + timedelta(seconds=pause)
        if secondary >= MAX_SECONDARY:
            return Decision(Verdict.FAIL, until=until, reason="GitHub's secondary rate limit does not end")
        return Decision(Verdict.SECONDARY_LIMIT, pause, until, "GitHub asks for a pause (secondary rate limit)")
    return Decision(Verdict.FAIL, reason=f"HTTP {status}")


def used_up(left: Rate) -> str:
    """Say which limit is used up."""
    if left.resource == "search":
        return f"GitHub's limit of {left.limit} searches a minute is used up"
    return "the hourly rate limit is used up"


def failed(attempt: int, reason: str, asked: float | None = None) -> Decision:
    """Decide about a request that got no usable answer (no connection, time-out, 5xx, a broken body)."""
    if attempt >= MAX_ATTEMPTS:
        return Decision(Verdict.FAIL, reason=f"{reason}, {attempt} times")
    pause = (
        min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE) if asked is None else min(asked, LONGEST_SECONDARY_PAUSE)
    )
    return Decision(Verdict.RETRY, pause, reason=reason)


def jittered(pause: float, spread: float) -> float:
    """Lengthen a pause by up to a quarter and 15 seconds at most; `spread` is a random number in 0..1.

    Never shorter than was asked for, and no later than need be where the end of a long wait was told to somebody.
    """
    return pause + min(0.25 * pause, 15.0) * spread


def server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return the server's clock as the `Date` header tells it; ours without a good one."""
    try:
        moment = parsedate_to_datetime(headers["date"])
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (KeyError, ValueError, TypeError, OverflowError):
        return now


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(float(value), 0.0) if value.replace(".", "", 1).isdigit() else _until(value, now)
    except (ValueError, TypeError, OverflowError):
        return None


def _until(value: str, now: datetime) -> float:
    moment = parsedate_to_datetime(value)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)
