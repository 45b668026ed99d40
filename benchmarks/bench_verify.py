"""Measures `onrecord verify`: every digest recomputed, the log walked, the index held against the store.

The peer is SHA-256 over the same texts, read from the same table: what no verification can do without. The last line is
one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sqlite3
import tempfile
from pathlib import Path

from prepared import filled_store, timed

from search.index import open_index
from search.sync import sync
from search.verification import index_differences


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = filled_store(folder, arguments.threads)
        index = open_index(f"whoosh:{folder / 'index'}")
        sync(store, index)
        found: list[object] = []

        def verify() -> None:
            found.extend(store.verification().differences())
            found.extend(index_differences(store, index))

        taken = timed(verify)[0] / 1000
        assert not found, found[0]
        database = sqlite3.connect(folder / "archive.db")

        def hash_texts() -> None:
            for (body,) in database.execute("SELECT body FROM revision"):
                hashlib.sha256(body.encode()).digest()

        bare = timed(hash_texts)[0] / 1000
        database.close()
        index.close()
        store.close()
    posts = arguments.threads * 5
    print(f"{posts} posts verified in {taken:.2f} s; their texts alone are hashed in {bare:.3f} s")
    figures = {
        "benchmark": "verify",
        "posts": posts,
        "seconds": round(taken, 2),
        "seconds_per_100000_posts": round(taken * 100_000 / posts, 1),
        "ratio_to_hashing_alone": round(taken / bare, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
