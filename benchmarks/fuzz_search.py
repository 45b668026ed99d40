"""Asks thousands of random queries, and says how many raised and how long the slowest took.

    python benchmarks/fuzz_search.py [--queries N] [--posts N] [--seed N]

The index is of invented threads. The last line is one JSON object; the program fails if a query raised, or took more
than two seconds.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from invented import Inventor
from prepared import percentile

from search.document import document_of
from search.index import open_index
from search.query import parse
from tests.search.strings import random_query

LONGEST = 2.0


def main() -> None:
    """Ask, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--posts", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    taken: list[float] = []
    raised = 0
    with tempfile.TemporaryDirectory() as name:
        index = open_index(f"whoosh:{Path(name) / 'index'}")
        with index.rebuild() as writer:
            writer.apply([document_of(thread) for thread in Inventor().threads(arguments.posts)], [], 1)
        for _ in range(arguments.queries):
            query = random_query(chance)
            started = time.perf_counter()
            try:
                parsed = parse(query)
                index.search(parsed.tree, sort=parsed.sort)
            except Exception:  # noqa: BLE001 (whatever it is, it is counted and shown)
                raised += 1
                print(repr(query)[:300])
                traceback.print_exc()
            taken.append(time.perf_counter() - started)
        index.close()
    slow = sum(each > LONGEST for each in taken)
    figures = {
        "benchmark": "fuzz-search",
        "queries": len(taken),
        "raised": raised,
        "over_2_s": slow,
        "p50_ms": round(percentile(taken, 0.5) * 1000, 2),
        "p95_ms": round(percentile(taken, 0.95) * 1000, 2),
        "worst_ms": round(max(taken) * 1000, 1),
    }
    print(json.dumps(figures))
    if raised or slow:
        sys.exit(1)


if __name__ == "__main__":
    main()
