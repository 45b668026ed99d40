"""Prepares what the other benchmarks measure: a store that a crawl of the invented corpus has filled."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from corpus import API, CorpusTransport

from archiver.crawl import Crawler
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.references import RepositoryRef
from archiver.store import Store, open_store


def filled_store(folder: Path, threads: int) -> Store:
    """Return a store with that many invented threads, five posts each."""
    store = open_store(f"sqlite:///{folder / 'archive.db'}")
    with GitHub(API, token="t", transport=CorpusTransport(threads, 0.3)) as github:  # noqa: S106
        Crawler(store, github, Vocabulary()).crawl(RepositoryRef("bench", "corpus"), "all")
    return store


def timed(action: Callable[[], object], times: int = 1) -> list[float]:
    """Run something some times and return the milliseconds of each."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which that part (0 to 1) of the values lies."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=1000, method="inclusive")[min(round(part * 1000), 999) - 1]
