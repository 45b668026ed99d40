"""Measures the search index: how fast it is built, how large it is, and how soon a fixed mix of 60 queries is answered.

    python benchmarks/bench_search.py [--posts N ...] [--corpus DIR]

The documents are made of invented threads (`invented`), put straight into the index: neither crawl nor store has a part
in it. With a corpus (folders `owner__name/{issues,comments}.jsonl` in the shapes of GitHub's REST API, in DIR or one
level below) its threads are measured instead. Each answer has all that a page of results needs: 20 hits with their best
posts and snippets, the total, the facets. The peer is SQLite FTS5 over the same documents in the same run: a bare
ranked query for rowids, conditions and orders as plain SQL. Building and asking run in processes of their own, each
measured from its start. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from prepared import percentile
from search_mix import MIX, Asked

from archiver.model import Thread
from search.document import Document, document_of
from search.index import open_index
from search.inverting import Inverter
from search.query import ParsedQuery, parse
from search.texts import pack_texts

BATCH = 500
PASSES = 10
SAMPLE = 1_500_000


def main() -> None:
    """Run the benchmark, or the part of it that the parent process asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, nargs="+", default=[10_000], help="sizes of the invented archive")
    parser.add_argument("--corpus", type=Path, help="measure these threads instead")
    parser.add_argument("--part", choices=["build", "ask", "first"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    match arguments.part:
        case "build":
            print(json.dumps(build(arguments.folder)))
        case "ask":
            print(json.dumps(ask(arguments.folder)))
        case "first":
            print(json.dumps(first(arguments.folder)))
        case _:
            sizes = [0] if arguments.corpus else arguments.posts
            figures = {str(posts or arguments.corpus): measured(posts, arguments.corpus) for posts in sizes}
            print(json.dumps({"benchmark": "search", "processors": os.cpu_count(), "sizes": figures}))


def measured(posts: int, corpus: Path | None) -> dict[str, Any]:
    """Measure an archive of one size, print its figures for a reader and return them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared = prepare(folder, threads_of(posts, corpus))
        print(
            f"\n== {prepared['posts']:,} posts in {prepared['documents']:,} threads,"
            f" {prepared['text_mb']:.1f} MB of text"
        )
        where = stages(folder)
        built = part("build", folder)
        text, documents = prepared["text_mb"], prepared["documents"]
        built |= {
            "documents_per_second": round(documents / built["seconds"], 1),
            "text_mb_per_second": round(text / built["seconds"], 3),
            "index_mb": round(
                sum(each.stat().st_size for each in (folder / "index").rglob("*") if each.is_file()) / 1e6, 1
            ),
        }
        built["index_to_text"] = round(built["index_mb"] / text, 2)
        peer = build_fts5(folder)
        print(
            f"built in {built['seconds']:.1f} s: {built['documents_per_second']:.0f} documents and"
            f" {built['text_mb_per_second']:.2f} MB of text a second, {built['index_mb']:.0f} MB on disk"
            f" ({built['index_to_text']:.2f} of the text), {built['segments']} segments,"
            f" {built['peak_mb']:.0f} MB of memory at most, in all processes"
        )
        print(f"FTS5: {peer['seconds']:.1f} s, {peer['mb']:.0f} MB on disk")
        firsts = [part("first", folder)["first_ms"] for _ in range(3)]
        answers = part("ask", folder)
        fts5 = ask_fts5(folder)
    latency = report(answers, fts5)
    print(
        f"first query of a fresh process {max(firsts):.0f} ms (worst of 3);"
        f" caches after the mix {answers['caches_mb']:.0f} MB"
    )
    print(
        f"10 updated threads: committed in {answers['commit_ms']:.0f} ms, found {answers['seen_ms']:.0f} ms after the"
        " commit (worst of 5)"
    )
    own = {name: answers[name] for name in ("caches_mb", "commit_ms", "seen_ms")}
    return {**prepared, "build": built, "fts5": peer, "stages": where, "first_query_ms": max(firsts), **own, **latency}


def part(name: str, folder: Path) -> dict[str, Any]:
    """Run a part of the benchmark in a fresh process; return its figures, with the memory that it took at most."""
    command = [sys.executable, __file__, "--part", name, "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watch = Watch(process.pid)
        out, _ = process.communicate()
        peak = watch.stop()
    if process.returncode:
        sys.exit(f"the part {name} failed")
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return {**found, "peak_mb": round(peak / 1e6, 1)}


# --- documents --------------------------------------------------------------------------------------------------------


def threads_of(posts: int, corpus: Path | None) -> Iterator[Thread]:
    """Yield the threads to be measured."""
    if corpus is None:
        from invented import Inventor

        return Inventor().threads(posts)
    return archived_threads(corpus)


def archived_threads(corpus: Path) -> Iterator[Thread]:
    """Yield the threads of a corpus as an archive of all of it has them."""
    from folders import archived

    with tempfile.TemporaryDirectory() as name, archived(corpus, "all", Path(name)) as store:
        for change in store.changes(0, sys.maxsize):
            thread = store.thread_by_key(change.key)
            assert thread is not None
            yield thread


def prepare(folder: Path, threads: Iterable[Thread]) -> dict[str, Any]:
    """Make the documents and lay them down in batches."""
    documents = posts = characters = 0
    taken = 0.0
    batch: list[Document] = []
    (folder / "batches").mkdir()

    def lay_down() -> None:
        path = folder / "batches" / f"{documents:09}.pickle"
        path.write_bytes(pickle.dumps(batch, pickle.HIGHEST_PROTOCOL))
        batch.clear()

    for thread in threads:
        started = time.process_time()
        document = document_of(thread)
        taken += time.process_time() - started
        batch.append(document)
        documents += 1
        posts += len(document.posts)
        characters += size_of(document)
        if len(batch) == BATCH:
            lay_down()
    lay_down()
    return {
        "documents": documents,
        "posts": posts,
        "text_mb": round(characters / 1e6, 3),
        "made_of_threads_cpu_seconds": round(taken, 2),
    }


def size_of(document: Document) -> int:
    """Return how much text a document has."""
    return len(document.title.encode()) + sum(len(s.text.encode()) for post in document.posts for s in post.segments)


def batches(folder: Path) -> Iterator[list[Document]]:
    """Read the documents back."""
    for path in sorted((folder / "batches").iterdir()):
        yield pickle.loads(path.read_bytes())  # noqa: S301 - written by this run


# --- building ---------------------------------------------------------------------------------------------------------


def build(folder: Path) -> dict[str, Any]:
    """Build the index, as a rebuild does."""
    started, used = time.perf_counter(), os.times()
    index = open_index(f"whoosh:{folder / 'index'}")
    with index.rebuild() as writer:
        for number, batch in enumerate(batches(folder), 1):
            writer.apply(batch, [], number)
    seconds = time.perf_counter() - started
    index.close()
    now = os.times()
    cpu = sum(now[:4]) - sum(used[:4])
    segments = len(list((folder / "index").rglob("*.seg")))
    return {"seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2), "segments": segments}


def stages(folder: Path) -> dict[str, float]:
    """Say where the time of one process goes, over the first documents: microseconds for each kB of text."""
    sample: list[Document] = []
    size = 0
    for batch in batches(folder):
        sample += batch
        size += sum(size_of(document) for document in batch)
        if size > SAMPLE:
            break
    figures = {}

    def note(name: str, started: float) -> None:
        figures[name] = round((time.process_time() - started) * 1e6 / max(size / 1000, 1), 1)

    inverter = Inverter()
    for name in ("analysis, words not met before", "analysis, words known"):
        started = time.process_time()
        for document in sample:
            inverter.add(document)
        note(name, started)
        started = time.process_time()
        _, bags = inverter.finish()
    note("inverting", started)
    started = time.process_time()
    for document, its in zip(sample, bags, strict=True):
        pack_texts(document, its)
    note("packing texts", started)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        index = open_index(f"whoosh:{name}/index")
        started = time.process_time()
        index.apply(sample, [], 1)
        note("all, in one process and commit", started)
        index.close()
    print("CPU time for each kB of text, in µs: " + "; ".join(f"{name} {value:.0f}" for name, value in figures.items()))
    return figures


class Watch:
    """Looks again and again how much memory a process and its descendants hold together."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._done.wait(0.05):
            family = [self._process]
            total = 0
            while family:
                number = family.pop()
                try:
                    family += map(int, Path(f"/proc/{number}/task/{number}/children").read_text().split())
                    total += memory_of(number)
                except (OSError, LookupError):
                    continue  # it has ended
            self._peak = max(self._peak, total)

    def stop(self) -> int:
        """Return the most bytes seen."""
        self._done.set()
        self._thread.join()
        return self._peak


def memory_of(process: int | str) -> int:
    """Return the bytes that a process holds for itself: what it has mapped of files counts for nobody."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return int(found["RssAnon"].split()[0]) * 1024


# --- asking -----------------------------------------------------------------------------------------------------------


def the_mix(folder: Path) -> list[tuple[Asked, ParsedQuery]]:
    """Return the queries, read, about a repository and an author that the archive has many threads of."""
    counts: dict[str, dict[str, int]] = {"repository": defaultdict(int), "author": defaultdict(int)}
    for document in next(batches(folder)):
        counts["repository"][document.repositories[0]] += 1
        counts["author"][document.author] += 1
    names = {name: max(found, key=lambda each: (found[each], each)) for name, found in counts.items()}
    asked = [each._replace(query=each.query.format(**names), where=each.where.format(**names)) for each in MIX]
    return [(each, parse(each.query)) for each in asked]


def first(folder: Path) -> dict[str, float]:
    """Open the index and ask one query."""
    started = time.perf_counter()
    index = open_index(f"whoosh:{folder / 'index'}")
    index.search(parse("license").tree)
    taken = (time.perf_counter() - started) * 1000
    index.close()
    return {"first_ms": round(taken, 1)}


def ask(folder: Path) -> dict[str, Any]:
    """Ask the whole mix, once with cold caches and then again and again; then update threads."""
    queries = the_mix(folder)
    before = memory_of("self")
    index = open_index(f"whoosh:{folder / 'index'}")
    rows: list[dict[str, Any]] = [
        {"kind": asked.kind, "query": asked.query, "notices": parsed.notices, "ms": []} for asked, parsed in queries
    ]
    for turn in range(PASSES + 1):
        for row, (_, parsed) in zip(rows, queries, strict=True):
            if row["notices"]:
                continue
            started = time.perf_counter()
            page = index.search(parsed.tree, sort=parsed.sort)
            taken = round((time.perf_counter() - started) * 1000, 3)
            if turn == 0:
                row["cold"], row["total"] = taken, page.total
            else:
                row["ms"].append(taken)
    caches = memory_of("self") - before
    some = next(batches(folder))[:10]
    commits, seen = [], []
    for turn in range(5):
        word = f"updatednow{turn}"
        updated = [replace(document, title=f"{document.title} {word}") for document in some]
        started = time.perf_counter()
        index.apply(updated, [], 1_000_000 + turn)
        committed = time.perf_counter()
        found = index.search(parse(word).tree).total
        assert found == len(updated), found
        commits.append((committed - started) * 1000)
        seen.append((time.perf_counter() - committed) * 1000)
    index.close()
    return {
        "rows": rows,
        "caches_mb": round(caches / 1e6, 1),
        "commit_ms": round(max(commits), 1),
        "seen_ms": round(max(seen), 1),
    }


# --- the peer ---------------------------------------------------------------------------------------------------------


def build_fts5(folder: Path) -> dict[str, float]:
    """Put the same documents into an FTS5 table, a row each, and what filters ask for into a table beside it."""
    path = folder / "fts5.db"
    started = time.perf_counter()
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE VIRTUAL TABLE text USING fts5 (title, body, tokenize = 'porter unicode61')")
    database.execute(
        "CREATE TABLE thread (rowid INTEGER PRIMARY KEY, repository TEXT, author TEXT, state TEXT, kind TEXT,"
        " label TEXT, license TEXT, topic TEXT, created INTEGER, updated INTEGER, closed INTEGER, comments INTEGER)"
    )
    database.execute("BEGIN")
    for batch in batches(folder):
        for document in batch:
            body = "\n".join(segment.text for post in document.posts for segment in post.segments)
            row = database.execute("INSERT INTO text VALUES (?, ?)", (document.title, body)).lastrowid
            values = [
                row,
                document.repositories[0],
                document.author,
                document.state,
                "pr" if "pr" in document.flags else "issue",
                *(next(iter(each), None) for each in (document.labels, document.spdx, document.topics)),
                int(document.created_at.timestamp()),
                int(document.updated_at.timestamp()),
                int(document.closed_at.timestamp()) if document.closed_at else None,
                document.comments,
            ]
            database.execute(f"INSERT INTO thread VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608
    for name in ("repository", "author", "created"):
        database.execute(f"CREATE INDEX by_{name} ON thread ({name})")
    database.execute("COMMIT")
    database.close()
    return {
        "seconds": round(time.perf_counter() - started, 2),
        "mb": round(sum(each.stat().st_size for each in folder.glob("fts5.db*")) / 1e6, 1),
    }


def ask_fts5(folder: Path) -> list[list[float]]:
    """Return, for each query of the mix, the milliseconds of FTS5's answers."""
    database = sqlite3.connect(folder / "fts5.db", isolation_level=None)
    found = []
    for asked, _ in the_mix(folder):
        statement, values = statement_of(asked)
        times = []
        for _ in range(PASSES):
            started = time.perf_counter()
            database.execute(statement, values).fetchall()
            times.append((time.perf_counter() - started) * 1000)
        found.append(times)
    database.close()
    return found


def statement_of(asked: Asked) -> tuple[str, list[str]]:
    """Return what FTS5 is asked: the rowids of the best 20."""
    if asked.match is None:
        order = "created DESC" if asked.order == "score" else asked.order
        return f"SELECT rowid FROM thread WHERE {asked.where} ORDER BY {order} LIMIT 20", []  # noqa: S608
    joined = asked.where or asked.order != "score"
    tables = "text JOIN thread ON thread.rowid = text.rowid" if joined else "text"
    score = "bm25(text, 3.0, 1.0)" if asked.order == "score" else "0"
    where = f"text MATCH ? AND ({asked.where})" if asked.where else "text MATCH ?"
    statement = f"SELECT text.rowid, {score} AS score FROM {tables} WHERE {where} ORDER BY {asked.order} LIMIT 20"  # noqa: S608
    return statement, [asked.match]


# --- figures ----------------------------------------------------------------------------------------------------------


def report(answers: dict[str, Any], fts5: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Print each query's times and their summary; return the summary."""
    warm: list[float] = []
    cold: list[float] = []
    peer: list[float] = []
    kinds: dict[str, list[float]] = defaultdict(list)
    skipped = []
    print(f"{'query':44}{'matches':>9}{'first':>9}{'p50':>9}{'worst':>9}{'FTS5':>9}  ms")
    for row, theirs in zip(answers["rows"], fts5, strict=True):
        if row["notices"]:
            skipped.append(row["query"])
            print(f"{row['query']:44}  skipped: {' '.join(row['notices'])}")
            continue
        warm += row["ms"]
        cold.append(row["cold"])
        peer += theirs
        kinds[row["kind"]] += row["ms"]
        middle = percentile(row["ms"], 0.5)
        print(
            f"{row['query']:44}{row['total']:9}{row['cold']:9.2f}{middle:9.2f}{max(row['ms']):9.2f}"
            f"{percentile(theirs, 0.5):9.2f}"
        )
    figures: dict[str, Any] = {
        "warm": summary(warm),
        "cold": summary(cold),
        "fts5_bare": summary(peer),
        "warm_by_kind": {kind: summary(times) for kind, times in kinds.items()},
        "skipped": skipped,
    }
    for name in ("warm", "cold", "fts5_bare"):
        print(f"{name:10} " + "  ".join(f"{key} {value:8.2f}" for key, value in figures[name].items()))
    return figures


def summary(times: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the worst of some milliseconds."""
    parts = {f"p{part}": round(percentile(times, part / 100), 2) for part in (50, 95, 99)}
    return {**parts, "worst": round(max(times), 2)}


if __name__ == "__main__":
    main()
