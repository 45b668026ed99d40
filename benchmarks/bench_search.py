"""Measures the index: documents a second into it, and the latency of a fixed set of queries.

The peer is SQLite FTS5 over the same documents in the same run: its bare ranked query, without the snippets, facets and
counts that ours include. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

from prepared import filled_store, percentile, timed

from archiver.store import Store
from search.index import open_index
from search.query import parse
from search.sync import rebuild, sync

# (query, the same for FTS5; None where it has no such thing)
QUERIES: tuple[tuple[str, str | None], ...] = (
    ("license", "license*"),
    ("the", "the"),
    ("copyleft", "copyleft"),
    ("zorbadex", "zorbadex"),
    ("license copyleft", "license copyleft"),
    ("license patent grant", "license patent grant"),
    ("code build release", "code build release"),
    ("copyleft OR patent", "copyleft OR patent"),
    ("zorbadex OR mulnimit OR kentugan", "zorbadex OR mulnimit OR kentugan"),
    ('"patent grant"', '"patent grant"'),
    ('"consent of every contributor"', '"consent of every contributor"'),
    ("license -gpl", "license NOT gpl"),
    ("(copyleft OR patent) license", "(copyleft OR patent) AND license"),
    ("license is:closed", None),
    ("license is:open repo:bench/corpus", None),
    ("author:person-7", None),
    ("is:closed", None),
    ("license sort:updated-desc", None),
)


def build_fts5(store: Store, path: Path) -> tuple[sqlite3.Connection, float]:
    """Put the same threads into an FTS5 table, a row each; return it with the milliseconds that it took."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE VIRTUAL TABLE thread USING fts5 (title, body, tokenize = 'porter unicode61')")

    def fill() -> None:
        database.execute("BEGIN")
        for change in store.changes(0, 1_000_000):
            thread = store.thread_by_key(change.key)
            assert thread is not None
            row = (thread.summary.title, "\n".join(post.body for post in thread.posts))
            database.execute("INSERT INTO thread VALUES (?, ?)", row)
        database.execute("COMMIT")

    return database, timed(fill)[0]


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1500)
    parser.add_argument("--times", type=int, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = filled_store(folder, arguments.threads)
        characters = sum(
            len(post.body)
            for change in store.changes(0, 1_000_000)
            if (thread := store.thread_by_key(change.key))
            for post in thread.posts
        )
        index = open_index(f"whoosh:{folder / 'index'}")
        built = timed(lambda: rebuild(store, index))[0] / 1000
        size = sum(path.stat().st_size for path in (folder / "index").rglob("*") if path.is_file())
        database, fts5_built = build_fts5(store, folder / "fts5.db")
        cold = timed(lambda: open_index(f"whoosh:{folder / 'index'}").search(parse("license").tree))[0]
        ours: list[float] = []
        peers: list[float] = []
        for query, peer in QUERIES:
            taken = timed(_ask(index, query), arguments.times)
            ours += taken
            line = f"{query:45} {percentile(taken, 0.5):8.2f} ms"
            if peer is not None:
                bare = timed(_ask_fts5(database, peer), arguments.times)
                peers += bare
                line += f"   FTS5 {percentile(bare, 0.5):8.2f} ms"
            print(line)
        nothing = timed(lambda: sync(store, index))[0]
        index.close()
        store.close()
    posts = arguments.threads * 5
    figures = {
        "benchmark": "search",
        "documents": arguments.threads,
        "posts": posts,
        "documents_per_second": round(arguments.threads / built, 1),
        "text_mb_per_second": round(characters / built / 1e6, 3),
        "index_mib": round(size / 2**20, 1),
        "fts5_documents_per_second": round(arguments.threads / (fts5_built / 1000), 1),
        "ratio_build_to_fts5": round(built / (fts5_built / 1000), 1),
        "first_query_ms": round(cold, 1),
        "p50_ms": round(percentile(ours, 0.5), 2),
        "p95_ms": round(percentile(ours, 0.95), 2),
        "worst_ms": round(max(ours), 2),
        "fts5_p50_ms": round(percentile(peers, 0.5), 2),
        "fts5_p95_ms": round(percentile(peers, 0.95), 2),
        "ratio_p50_to_fts5": round(percentile(ours, 0.5) / percentile(peers, 0.5), 2),
        "sync_of_nothing_ms": round(nothing, 2),
    }
    print(json.dumps(figures))


def _ask(index: object, query: str) -> Callable[[], object]:
    parsed = parse(query)
    return lambda: index.search(parsed.tree, sort=parsed.sort)  # type: ignore[attr-defined]


def _ask_fts5(database: sqlite3.Connection, query: str) -> Callable[[], object]:
    statement = "SELECT rowid, bm25(thread, 2.0, 1.0) AS score FROM thread WHERE thread MATCH ? ORDER BY score LIMIT 20"
    return lambda: database.execute(statement, [query]).fetchall()


if __name__ == "__main__":
    main()
