"""Measures a crawl into a fresh store, and a sweep over it: threads a second, and that memory does not grow with them.

The peer is SQLite itself: the same response bodies, written page by page into a one-column table with the same pragmas.
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from corpus import API, COMMENTS_EACH, CorpusTransport

from archiver.crawl import Crawler
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.references import RepositoryRef
from archiver.store import open_store


def run(threads: int, share: float, scope: str, folder: Path) -> dict[str, float]:
    """Crawl once and return seconds, memory (MiB) and the size of the store (MiB)."""
    transport = CorpusTransport(threads, share)
    path = folder / "archive.db"
    target = RepositoryRef("bench", "corpus")
    with open_store(f"sqlite:///{path}") as store:
        with GitHub(API, token="t", transport=transport) as github:  # noqa: S106
            started = time.perf_counter()
            report = Crawler(store, github, Vocabulary()).crawl(target, scope)
            seconds = time.perf_counter() - started
        with GitHub(API, token="t", transport=transport) as github:  # noqa: S106
            started = time.perf_counter()
            (swept,) = Crawler(store, github, Vocabulary()).sweep(target)
            sweep_seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "sweep_seconds": sweep_seconds,
        "sweep_requests": swept.requests,
        "sweep_counted": swept.counted,
        "kept": report.captured,
        "requests": report.requests,
        "store_mib": path.stat().st_size / 2**20,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def peer(threads: int, folder: Path) -> float:
    """Write the same response bodies into SQLite, a transaction a page; return seconds without their making."""
    transport = CorpusTransport(threads, 1.0)
    database = sqlite3.connect(folder / "peer.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE page (body TEXT)")
    seconds = 0.0
    for path, count in (("issues", threads), ("issues/comments", threads * COMMENTS_EACH)):
        for page in range(1, -(-count // 100) + 1):
            body = transport.handle_request(httpx.Request("GET", f"{API}/repos/bench/corpus/{path}?page={page}")).read()
            started = time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO page VALUES (?)", [(json.dumps(each),) for each in json.loads(body)])
            database.execute("COMMIT")
            seconds += time.perf_counter() - started
    database.close()
    return seconds


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1000)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.one:
            threads, share, scope = arguments.one
            print(json.dumps(run(int(threads), float(share), scope, Path(folder))))
            return
        threads = arguments.threads

        def one(count: int, share: float, scope: str) -> dict[str, float]:
            # In a process of its own, so that its peak memory is its own.
            command = [sys.executable, __file__, "--one", str(count), str(share), scope]
            value: dict[str, float] = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout
            )
            return value

        everything = one(threads, 0.1, "all")
        small, large = one(threads, 0.1, "license"), one(threads * 5, 0.1, "license")
        plain = peer(threads, Path(folder))
    comments = threads * COMMENTS_EACH
    print(f"keeping all: {threads} threads and {comments} comments in {everything['seconds']:.1f} s")
    print(f"keeping license threads: {small['kept']:.0f} kept in {small['seconds']:.1f} s")
    print(
        f"sweep over {threads} unchanged threads: {everything['sweep_requests']:.0f} requests, "
        f"{everything['sweep_counted']:.0f} counted (the repository itself has no ETag here), "
        f"{everything['sweep_seconds']:.1f} s of our own"
    )
    print(f"SQLite alone, the same objects: {plain:.2f} s")
    print(f"memory: {small['peak_mib']:.0f} MiB at {threads} threads, {large['peak_mib']:.0f} MiB at {threads * 5}")
    figures = {
        "benchmark": "crawl",
        "threads": threads,
        "comments": comments,
        "threads_per_second": round(threads / everything["seconds"], 1),
        "comments_per_second": round(comments / everything["seconds"], 1),
        "license_scope_comments_per_second": round(comments / small["seconds"], 1),
        "swept_threads_per_second": round(threads / everything["sweep_seconds"], 1),
        "sweep_counted_requests": int(everything["sweep_counted"]),
        "store_mib": round(everything["store_mib"], 1),
        "ratio_to_sqlite_alone": round(everything["seconds"] / plain, 1),
        "peak_mib_small": round(small["peak_mib"], 1),
        "peak_mib_five_times_larger": round(large["peak_mib"], 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
