"""What an answer of the API means for the next request, as pure decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.github import limits
from archiver.github.limits import Decision, Rate, Verdict, decide, failed, jittered, rate

NOW = datetime(2024, 5, 1, 12, 0, 0, tzinfo=UTC)


def limited(remaining: int = 0, ahead: int = 600, **more: str) -> dict[str, str]:
    """Return the headers of an answer with that much left, until so many seconds from now."""
    reset = int((NOW + timedelta(seconds=ahead)).timestamp())
    return {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(reset),
        "x-ratelimit-resource": "core",
        **more,
    }


def judge(
    status: int, headers: dict[str, str] | None = None, message: str = "", *, attempt: int = 1, secondary: int = 0
) -> Decision:
    """Decide about an answer that came now."""
    return decide(status, headers or {}, message, now=NOW, attempt=attempt, secondary=secondary)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.USE),
        (204, Verdict.USE),
        (304, Verdict.NOT_MODIFIED),
        (301, Verdict.REDIRECT),
        (302, Verdict.REDIRECT),
        (307, Verdict.REDIRECT),
        (308, Verdict.REDIRECT),
        (300, Verdict.FAIL),
        (303, Verdict.FAIL),
        (400, Verdict.FAIL),
        (401, Verdict.FAIL),
        (403, Verdict.FAIL),
        (404, Verdict.FAIL),
        (410, Verdict.FAIL),
        (422, Verdict.FAIL),
        (451, Verdict.FAIL),
        (408, Verdict.RETRY),
        (500, Verdict.RETRY),
        (502, Verdict.RETRY),
        (503, Verdict.RETRY),
        (599, Verdict.RETRY),
        (429, Verdict.SECONDARY_LIMIT),
    ],
)
def test_each_status_has_its_verdict(status: int, verdict: Verdict) -> None:
    """Without any header of a limit, the status alone decides."""
    assert judge(status).verdict is verdict


@pytest.mark.parametrize("status", [403, 429])
def test_primary_limit_waits_until_its_reset(status: int) -> None:
    """With nothing left, the pause lasts until a second after the reset."""
    decision = judge(status, limited(ahead=600), "API rate limit exceeded for 1.2.3.4")
    assert decision.verdict is Verdict.PRIMARY_LIMIT
    assert decision.pause == 601
    assert decision.until == NOW + timedelta(seconds=601)


def test_primary_limit_goes_by_the_servers_clock() -> None:
    """Where our clock is wrong, in either direction, the pause is the one that the server means."""
    fast = limited(ahead=-1800, date=format_datetime(NOW - timedelta(seconds=2400), usegmt=True))
    slow = limited(ahead=4200, date=format_datetime(NOW + timedelta(seconds=3600), usegmt=True))
    assert [judge(403, headers).pause for headers in (fast, slow)] == [601, 601]
    assert judge(403, fast).until == NOW + timedelta(seconds=601)


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 May 2024 12:00:00 GMT"])
def test_a_broken_date_is_as_none(date: str) -> None:
    """If the server's Date cannot be read, our own clock has to do."""
    assert judge(403, limited(ahead=600, date=date)).pause == 601


def test_a_reset_that_is_over_is_not_asked_every_second() -> None:
    """Nothing left and a reset in the past would be asked again at once, for ever: it counts as the secondary limit."""
    decision = judge(403, limited(ahead=-10))
    assert (decision.verdict, decision.pause) == (Verdict.SECONDARY_LIMIT, limits.SECONDARY_PAUSE)
    assert judge(403, limited(ahead=-10), secondary=limits.MAX_SECONDARY).verdict is Verdict.FAIL


def test_a_reset_far_off_is_not_believed() -> None:
    """A reset in the year 9999 holds the crawl up for two hours at most, and does not overflow."""
    far = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
    decision = judge(403, limited() | {"x-ratelimit-reset": str(far)})
    assert (decision.verdict, decision.pause) == (Verdict.PRIMARY_LIMIT, limits.LONGEST_PRIMARY_PAUSE)


def test_forbidden_with_something_left_is_no_limit() -> None:
    """403 with requests left and no word of a limit is a plain refusal."""
    assert judge(403, limited(remaining=7), "Resource not accessible").verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "message",
    ["You have exceeded a secondary rate limit. Please wait.", "You have triggered an abuse detection mechanism."],
)
def test_secondary_limit_is_known_by_its_message(message: str) -> None:
    """The message decides for the secondary limit, even where nothing is left of the primary one."""
    for headers in ({}, limited(remaining=4000), limited(remaining=0)):
        decision = judge(403, headers, message)
        assert (decision.verdict, decision.pause) == (Verdict.SECONDARY_LIMIT, 60)


def test_secondary_limit_doubles_and_ends() -> None:
    """A minute, then twice as long each time, never over an hour, and a failure that says until when after six."""
    pauses = [judge(429, secondary=times).pause for times in range(limits.MAX_SECONDARY)]
    assert pauses == [60, 120, 240, 480, 960, 1920]
    last = judge(429, secondary=limits.MAX_SECONDARY)
    assert last.verdict is Verdict.FAIL
    assert last.until == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("17", 17),
        ("1.5", 1.5),
        (" 17 ", 17),
        ("0", 1),
        ("999999", 3600),
        ("9" * 400, 3600),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 1),
        ("Wed, 01 May 2024 12:01:30 -0000", 90),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, pause: float) -> None:
    """Retry-After is kept to, as seconds or as an HTTP date, between a second and an hour."""
    decision = judge(403, {"retry-after": value})
    assert (decision.verdict, decision.pause) == (Verdict.SECONDARY_LIMIT, pause)
    assert decision.until == NOW + timedelta(seconds=pause)


@pytest.mark.parametrize("value", ["", "soon", "-5", "²", ".", "1.2.3", "nan", "inf", "31 Foo 2024"])
def test_broken_retry_after_is_as_none(value: str) -> None:
    """A Retry-After that cannot be read is passed over."""
    assert judge(403, {"retry-after": value}).verdict is Verdict.FAIL
    assert judge(429, {"retry-after": value}).pause == 60
    assert judge(503, {"retry-after": value}).pause == 1


def test_server_errors_are_tried_again_a_bounded_number_of_times() -> None:
    """Pauses double from a second; the sixth failure is the last and says how often it was tried."""
    pauses = [judge(502, attempt=attempt).pause for attempt in range(1, limits.MAX_ATTEMPTS)]
    assert pauses == [1, 2, 4, 8, 16]
    last = judge(502, attempt=limits.MAX_ATTEMPTS)
    assert (last.verdict, last.reason) == (Verdict.FAIL, "HTTP 502, 6 times")


def test_a_server_in_trouble_may_ask_for_a_pause() -> None:
    """503 with Retry-After is tried again after that time, an hour at most."""
    assert judge(503, {"retry-after": "40"}).pause == 40
    assert judge(503, {"retry-after": "86400"}).pause == limits.LONGEST_SECONDARY_PAUSE


def test_failed_without_an_answer() -> None:
    """A request without an answer is tried again with its reason, and given up like any other."""
    assert failed(1, "no answer in time") == Decision(Verdict.RETRY, 1.0, reason="no answer in time")
    assert failed(limits.MAX_ATTEMPTS, "no answer in time").verdict is Verdict.FAIL


@given(st.floats(0, 10_000), st.floats(0, 1))
def test_jitter_lengthens_by_a_quarter_at_most(pause: float, spread: float) -> None:
    """A pause is never shorter than was asked for, and at most a quarter longer."""
    assert pause <= jittered(pause, spread) <= pause * 1.25


def test_rate_reads_the_headers() -> None:
    """The four headers are the API's own count; the resource is `core` if it is not said."""
    headers = limited(remaining=41, ahead=60)
    assert rate(headers) == Rate(5000, 41, NOW + timedelta(seconds=60), "core")
    assert rate({**headers, "x-ratelimit-resource": "search"}) == Rate(5000, 41, NOW + timedelta(seconds=60), "search")
    del headers["x-ratelimit-resource"]
    assert rate(headers) == Rate(5000, 41, NOW + timedelta(seconds=60), "core")


@pytest.mark.parametrize("name", ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"])
@pytest.mark.parametrize("value", [None, "", "many", "1e400", "9" * 30, "9" * 5000])
def test_rate_is_none_if_a_header_is_missing_or_broken(name: str, value: str | None) -> None:
    """A count that is not whole is none; a reset beyond any calendar is broken."""
    headers = limited()
    headers.pop(name) if value is None else headers.update({name: value})
    if name != "x-ratelimit-reset" and value == "9" * 30:
        assert rate(headers) is not None
    else:
        assert rate(headers) is None


header_values = (
    st.text(max_size=40)
    | st.integers().map(str)
    | st.floats().map(str)
    | st.datetimes(timezones=st.just(UTC)).map(lambda moment: format_datetime(moment, usegmt=True))
)
some_headers = st.dictionaries(
    st.sampled_from(["retry-after", "date", *limited()]), header_values
) | st.fixed_dictionaries({name: st.integers(-(10**12), 10**12).map(str) for name in limited()})


@given(
    st.integers(100, 999),
    some_headers,
    st.text() | st.just("secondary rate limit"),
    st.integers(1, 10_000),
    st.integers(0, 10_000),
)
def test_decide_never_raises_and_its_pauses_are_bounded(
    status: int, headers: dict[str, str], message: str, attempt: int, secondary: int
) -> None:
    """Whatever a server sends, there is a decision, and no pause lasts longer than the longest."""
    decision = judge(status, headers, message, attempt=attempt, secondary=secondary)
    longest = {
        Verdict.RETRY: limits.LONGEST_SECONDARY_PAUSE,
        Verdict.PRIMARY_LIMIT: limits.LONGEST_PRIMARY_PAUSE,
        Verdict.SECONDARY_LIMIT: limits.LONGEST_SECONDARY_PAUSE,
    }.get(decision.verdict, 0)
    assert 0 <= decision.pause <= longest
    assert (decision.until is not None) >= (decision.verdict in {Verdict.PRIMARY_LIMIT, Verdict.SECONDARY_LIMIT})
    assert attempt < limits.MAX_ATTEMPTS or decision.verdict is not Verdict.RETRY


def test_a_used_up_limit_resumes_after_its_reset_by_the_servers_clock() -> None:
    """Nothing is sent before the reset and a second; a reset that is over, or room that is left, holds nothing up."""
    ahead = {"date": format_datetime(NOW + timedelta(hours=3), usegmt=True)}
    for remaining, seconds, headers, wanted in (
        (0, 40, {}, 41),
        (0, 3 * 3600 + 40, ahead, 41),
        (0, -5, {}, None),
        (0, 0, {}, None),
        (1, 40, {}, None),
        (0, 10**6, {}, limits.LONGEST_PRIMARY_PAUSE),
    ):
        left = Rate(30, remaining, NOW + timedelta(seconds=seconds), "search")
        until = limits.resumes(left, headers, NOW)
        assert until == (None if wanted is None else NOW + timedelta(seconds=wanted))
    assert limits.resumes(None, {}, NOW) is None


def test_which_limit_is_used_up_is_said() -> None:
    """The search limit counts by the minute, the other by the hour."""
    assert limits.used_up(Rate(30, 0, NOW, "search")) == "GitHub's limit of 30 searches a minute is used up"
    assert limits.used_up(Rate(5000, 0, NOW, "core")) == "the hourly rate limit is used up"
