"""The scheduler: jobs fail alone, never overlap themselves, and stop waits for what runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from archiver.github.client import Stopped
from archiver.schedule import Job, Schedule, jitter_seconds

LONG_AGO = datetime.min.replace(tzinfo=UTC)
PATIENCE = 20.0
"""How many seconds a test waits for what must happen; it happens within milliseconds."""


def job(name: str, run: Callable[[], object], *, every: float = 3600, lane: str = "crawl") -> Job:
    """Return a job that is due at once."""
    return Job(name, timedelta(seconds=every), LONG_AGO, run, lane)


@contextmanager
def running(*jobs: Job) -> Iterator[Schedule]:
    """Run jobs until the end of the block."""
    schedule = Schedule(jobs)
    schedule.start()
    try:
        yield schedule
    finally:
        schedule.stop()


def happens(event: threading.Event) -> bool:
    """Wait until an event is set."""
    return event.wait(PATIENCE)


@pytest.mark.parametrize(
    ("every", "wanted"),
    [
        (timedelta(seconds=1), 0),
        (timedelta(minutes=1), 6),
        (timedelta(minutes=50), 300),
        (timedelta(hours=6), 300),
        (timedelta(days=7), 300),
    ],
)
def test_jitter_is_a_tenth_and_five_minutes_at_most(every: timedelta, wanted: int) -> None:
    """A job shifts by a tenth of its pace, by 300 seconds at most."""
    assert jitter_seconds(every) == wanted


def test_failing_job_is_logged_with_its_traceback_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """A job that raises is logged with its traceback; jobs behind it in the same lane run all the same."""
    other = threading.Event()

    def fail() -> None:
        raise ZeroDivisionError("broken on purpose")

    with running(job("first", fail), job("second", other.set)):
        assert happens(other)
    record = next(record for record in caplog.records if record.name == "archiver.schedule")
    assert record.levelno == logging.ERROR
    assert record.getMessage().startswith("first failed; the next try is in about 1:00:00")
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
    assert "broken on purpose" in caplog.text


def test_failing_job_comes_round_again() -> None:
    """A failure is no reason to leave a job out next time."""
    again = threading.Event()
    runs: list[int] = []

    def fail() -> None:
        runs.append(1)
        if len(runs) > 1:
            again.set()
        raise ZeroDivisionError

    with running(job("failing", fail, every=1)):
        assert happens(again)


def test_being_stopped_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    """A job that ends since somebody asked it to is no error in the log."""
    caplog.set_level(logging.INFO, logger="archiver.schedule")
    ran = threading.Event()

    def stopped() -> None:
        ran.set()
        raise Stopped("stopped on request")

    with running(job("crawl", stopped)):
        assert happens(ran)
    records = [record for record in caplog.records if record.name == "archiver.schedule"]
    assert [(record.levelno, record.getMessage()) for record in records] == [
        (logging.INFO, "crawl: stopped on request")
    ]


def test_a_job_never_overlaps_itself_nor_its_lane(caplog: pytest.LogCaptureFixture) -> None:
    """While a job runs it is not started again, though due, and no other job of its lane is; another lane goes on."""
    release, elsewhere, both = threading.Event(), threading.Event(), threading.Event()
    lock = threading.Lock()
    inside = most = 0
    ticks: list[int] = []
    runs: list[str] = []

    def enter(name: str) -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            runs.append(name)
        release.wait(PATIENCE)
        with lock:
            inside -= 1
        if {"a", "b"} <= set(runs):
            both.set()

    def tick() -> None:
        ticks.append(1)
        if len(ticks) >= 3:  # two seconds on: both jobs of the other lane have been due again
            elsewhere.set()

    jobs = [
        job("a", lambda: enter("a"), every=1),
        job("b", lambda: enter("b"), every=1),
        job("tick", tick, every=1, lane="other"),
    ]
    with running(*jobs):
        assert happens(elsewhere)
        assert len(runs) == 1
        release.set()
        assert happens(both)
    assert most == 1


def test_stop_waits_for_the_running_job() -> None:
    """After `stop` nothing runs: the job at hand was let finish."""
    started, release = threading.Event(), threading.Event()
    finished: list[bool] = []

    def slow() -> None:
        started.set()
        release.wait(PATIENCE)
        finished.append(True)

    schedule = Schedule([job("slow", slow)])
    schedule.start()
    assert happens(started)
    stopping = threading.Thread(target=schedule.stop)
    stopping.start()
    assert not finished
    release.set()
    stopping.join(PATIENCE)
    assert finished == [True]
    assert not stopping.is_alive()


def test_stop_starts_no_job_that_was_waiting_for_its_turn() -> None:
    """Jobs that were due, but queued behind the running one, do not begin after `stop`."""
    started, release = threading.Event(), threading.Event()
    ran: list[str] = []

    def slow(name: str) -> None:
        ran.append(name)
        started.set()
        release.wait(PATIENCE)

    schedule = Schedule([job("first", lambda: slow("first")), job("second", lambda: slow("second"))])
    schedule.start()
    assert happens(started)
    stopping = threading.Thread(target=schedule.stop)
    stopping.start()
    while not schedule._stopping.is_set():
        stopping.join(0.01)
    release.set()
    stopping.join(PATIENCE)
    assert len(ran) == 1


def test_two_jobs_of_one_name_both_run() -> None:
    """A repository that is watched twice is no error."""
    first, second = threading.Event(), threading.Event()
    with running(job("acme/rocket", first.set), job("acme/rocket", second.set)):
        assert happens(first)
        assert happens(second)


def test_a_job_that_is_not_due_waits() -> None:
    """`first_at` in the future is kept to: a job that is due runs, the other one does not."""
    now, ran = threading.Event(), threading.Event()
    later = Job("later", timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1), ran.set)
    with running(later, job("now", now.set)):
        assert happens(now)
    assert not ran.is_set()


def test_stop_without_start_and_without_jobs_is_harmless() -> None:
    """A schedule that never began, or has nothing to do, can be stopped, twice too."""
    Schedule([]).stop()
    ran = threading.Event()
    schedule = Schedule([job("x", ran.set)])
    schedule.stop()
    schedule.stop()
    assert not ran.is_set()
