"""How a search is cut into windows of time: all is found, in few requests, whatever the distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archiver.model import iso
from archiver.windows import CAP, FIRST, MOST_HALVINGS, PER_PAGE, Plan, Told, Window, after

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(seconds: int) -> datetime:
    return FIRST + timedelta(seconds=seconds)


class Server:
    """Answers for a window what GitHub would, over the times of some results; `slow` ones run out of time."""

    def __init__(self, times: Sequence[datetime], slow: Sequence[datetime] = ()) -> None:
        self.results = sorted((time, number) for number, time in enumerate(times))
        self.slow = slow
        self.given: set[int] = set()
        self.requests = 0

    def ask(self, window: Window) -> Told:
        """Answer with the page of a window that is asked for next."""
        self.requests += 1
        assert PER_PAGE * (window.page - 1) < CAP, "GitHub refuses pages beyond the first 1,000 results"
        if any(window.low <= each <= window.high for each in self.slow):
            return Told(0, True, 0, ())
        found = [each for each in self.results if window.low <= each[0] <= window.high]
        if window.latest_first:
            found.reverse()
        page = found[PER_PAGE * (window.page - 1) : PER_PAGE * window.page]
        self.given |= {number for _, number in page}
        return Told(len(found), False, len(page), tuple(time for time, _ in page))


def read(server: Server, by: str = "created", high: datetime = NOW) -> Plan:
    """Read a search to its end."""
    plan = Plan.over(["licence"], by, FIRST, high)
    while plan.windows:
        plan = Plan.of(plan.record()).taken(server.ask(plan.windows[0]))
        assert server.requests < 5000, "this does not end"
    return plan


moments = st.integers(0, int((NOW - FIRST) / SECOND)).map(at)
bursts = st.tuples(moments, st.integers(1, 700), st.integers(0, 2000)).map(
    lambda burst: [min(burst[0] + n * timedelta(seconds=burst[2]), NOW) for n in range(burst[1])]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(bursts, max_size=8), st.sampled_from(["created", "updated"]))
@example([[at(10**8)] * 700, [at(10**8)] * 700], "created")
@example([[at(10**8)] * 700, [at(10**8)] * 700, [NOW] * 700], "updated")
def test_all_is_found_in_few_requests(groups: list[list[datetime]], by: str) -> None:
    """Whatever the times are: all is found if no second has more than 2,000, within a page and three a slice."""
    times = [time for group in groups for time in group]
    server = Server(times)
    plan = read(server, by)
    crowded = [time for time in set(times) if times.count(time) > 2 * CAP]
    if not crowded:
        assert len(server.given) == len(times)
        assert plan.gaps == ()
    assert server.requests == plan.requests
    assert plan.requests <= math.ceil(len(times) / PER_PAGE) + 3 * plan.slices
    assert plan.counted == len(times)
    assert plan.slices <= len(times) // (CAP - PER_PAGE) + 3 + 3 * len(set(crowded)) + len(groups)


def test_few_results_cost_their_pages() -> None:
    """A search below the cap is read in one slice, without a request more than it has pages."""
    for count, requests in ((0, 1), (1, 1), (100, 1), (101, 2), (1000, 10)):
        server = Server([at(60 * n) for n in range(count)])
        assert (read(server).slices, server.requests) == (1, requests)


def test_more_than_the_cap_begins_again_at_the_last_time() -> None:
    """2,500 results take three slices; each begins where the one before ended."""
    server = Server([at(3600 * n) for n in range(2500)])
    plan = read(server)
    assert (len(server.given), plan.slices, plan.requests) == (2500, 3, 26)


def test_a_crowded_second_is_read_from_both_ends() -> None:
    """Of one second that has 2,600, the first and the last thousand are found, and the rest is a gap in words."""
    server = Server([at(5)] * 2600 + [at(6)] * 10)
    plan = read(server)
    assert (len(server.given), server.requests) == (2010, 21)
    assert plan.gaps == (
        "created 2008-01-01T00:00:05Z..2008-01-01T00:00:05Z: 600 of 2,600 results of one second are out of reach",
    )


def test_what_runs_out_of_time_is_asked_for_again_then_halved() -> None:
    """Around a time that GitHub cannot work out, everything else is found; that second itself is a gap."""
    slow = at(10**8)
    times = [at(10**6 * n) for n in range(500)]
    server = Server(times, [slow])
    plan = read(server)
    assert len(server.given) == 499
    assert plan.gaps == (f"created {iso(slow)}..{iso(slow)}: GitHub could not work out all results",)
    assert plan.halvings <= 30


def test_a_server_that_is_always_out_of_time_is_not_asked_for_ever() -> None:
    """If nothing can be worked out however small, the halving ends, and what is left is told as gaps."""

    class Tired(Server):
        def ask(self, window: Window) -> Told:
            self.requests += 1
            return Told(3, True, 0, ())

    server = Tired([])
    plan = read(server)
    assert plan.halvings == MOST_HALVINGS
    assert len(plan.gaps) == MOST_HALVINGS + 1
    assert server.requests <= 3 * (2 * MOST_HALVINGS + 1)


def test_once_incomplete_is_asked_for_once_more() -> None:
    """A page that is incomplete once costs one request more, and nothing is halved."""
    window = Window("licence", "created", FIRST, NOW)
    (again,) = after(window, Told(7, True, 3, (at(1),) * 3)).windows
    assert (again.page, again.low, again.high) == (1, FIRST, NOW)
    assert after(again, Told(0, False, 0, ())).windows == ()


@pytest.mark.parametrize(("total", "items"), [(251, 100), (249, 100), (250, 99)])
def test_results_that_shift_are_read_again(total: int, items: int) -> None:
    """If the count changes between pages, or a page is short, the window is read from its start; twice at most."""
    window = Window("licence", "created", FIRST, NOW, page=2, total=250)
    told = Told(total, False, items, (at(5),) * items)
    (again,) = after(window, told).windows
    assert (again.page, again.total, again.tries) == (1, None, 1)
    step = after(Window("licence", "created", FIRST, NOW, page=2, total=250, tries=2), told)
    assert [each.page for each in step.windows] == [3]
    assert step.gap is not None
    assert "kept changing" in step.gap


def test_a_time_newer_than_the_index_leads_nowhere_too_far() -> None:
    """By time of update, a result that was updated since it was indexed does not make the next slice skip others."""
    window = Window("licence", "updated", FIRST, NOW, page=10, total=1500)
    times = (*(at(1000 + n) for n in range(99)), NOW)
    (following,) = after(window, Told(1500, False, 100, times)).windows
    assert following.low == at(1000)


def test_a_plan_ends_where_the_server_says_it_is_now() -> None:
    """Windows that reach into the future are cut to the server's clock; ends never lie before beginnings."""
    plan = Plan.over(["one", "two"], "created", FIRST, NOW + timedelta(days=1)).until(NOW)
    assert {each.high for each in plan.windows} == {NOW}
    assert plan.until(FIRST - SECOND).windows[0].high == FIRST


def test_a_query_in_parts_keeps_its_span() -> None:
    """Queries that stand in for one that was refused are asked for over the same time, before the others."""
    plan = Plan.over(["both", "other"], "created", FIRST, NOW).replaced(["one", "two"])
    assert [each.query for each in plan.windows] == ["one", "two", "other"]
    assert plan.queries == ("other", "one", "two")
    assert all(each.whole for each in plan.windows)
