"""Runs jobs again and again, each at its own pace: the only module that knows APScheduler.

What a job does is not known here. Crawls share one worker, since GitHub asks for one request at a time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from archiver.github.client import Stopped

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so often, first at `first_at`; jobs of one `lane` never run at the same time."""

    name: str
    every: timedelta
    first_at: datetime
    run: Callable[[], object]
    lane: str = "crawl"


def jitter_seconds(every: timedelta) -> int:
    """Return by how many seconds a job may shift: a tenth of its pace, 5 minutes at most.

    Many archives would ask GitHub at the same second otherwise.
    """
    return int(min(every.total_seconds() / 10, 300))


class Schedule:
    """Runs jobs in the background until it is stopped; a job that fails is logged and comes round again."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        lanes = {job.lane for job in jobs}
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={lane: ThreadPoolExecutor(1) for lane in sorted(lanes)},
            # A run that comes late, since another one took long, is still wanted; several that are due become one.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for at, job in enumerate(jobs):
            self._scheduler.add_job(
                self._guarded,
                trigger=IntervalTrigger(
                    seconds=int(job.every.total_seconds()), jitter=jitter_seconds(job.every) or None
                ),
                args=[job],
                id=f"{at} {job.name}",  # two jobs may bear the same name: a repository watched twice
                name=job.name,
                executor=job.lane,
                next_run_time=max(job.first_at, datetime.now(UTC)),
            )

    def start(self) -> None:
        """Begin; returns at once."""
        self._scheduler.start()

    def stop(self) -> None:
        """Start no further job and wait for the running ones to come to an end."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _guarded(self, job: Job) -> None:
        if self._stopping.is_set():
            return  # it waited for its turn behind a job of the same lane
        try:
            job.run()
        except Stopped as stopped:
            log.info("%s: %s", job.name, stopped)
        except Exception:  # the outermost boundary of a job: whatever went wrong, the others go on
            log.exception("%s failed; the next try is in about %s", job.name, job.every)
