"""Measures `onrecord import-gharchive`: how long an hour of GH Archive takes beside what unpacking it takes alone.

Three peers, on the same bytes, by the same decompressor, on one core, in turn with what is measured:
- unpacking and looking for one word with `bytes.count`: the least that anybody can do;
- unpacking and looking for all stems of the vocabulary with the same searcher (Aho-Corasick, in Rust) in all bytes;
- unpacking alone.
What is measured is reading the hour whole: unpacked, cut into lines, sifted, parsed and judged. Judging takes as long
as there is to judge, so it is told apart. Keeping what was found in a store comes on top, in one process for all
readers; it is measured over several hours, with the memory that the import took. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from ahocorasick_rs import BytesAhoCorasick
from hours import HOUR, write_hour

from archiver.gharchive.files import HourFile, find
from archiver.gharchive.importing import Importer
from archiver.gharchive.reading import Counts, HourReader
from archiver.license import Vocabulary
from archiver.store import open_store

PIECE = 2**20


def unpacked(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked, in pieces."""
    unpack = zlib.decompressobj(31)
    with path.open("rb") as file:
        while chunk := file.read(2**18):
            rest = chunk
            while rest:
                yield unpack.decompress(rest, PIECE)
                rest = unpack.unconsumed_tail


class Timed(Vocabulary):
    """A vocabulary that counts the time in which it judges."""

    seconds = 0.0

    def judge(self, *arguments: object) -> object:  # type: ignore[override]
        """Judge."""
        started = time.process_time()
        try:
            return super().judge(*arguments)  # type: ignore[arg-type]
        finally:
            self.seconds += time.process_time() - started


def measure(file: HourFile, times: int) -> dict[str, float]:
    """Return the least seconds of processor time of each, taken in turn: a noisy machine disturbs all alike."""
    vocabulary = Timed()
    stems = BytesAhoCorasick([each.encode() for each in (*vocabulary.stems, *vocabulary.capitals)])
    taken: dict[str, list[float]] = {}
    for _ in range(times):
        for name, action in (
            ("unpack", lambda: sum(len(piece) for piece in unpacked(file.path))),
            ("unpack+count", lambda: sum(piece.count(b"licen") for piece in unpacked(file.path))),
            ("unpack+stems", lambda: sum(len(stems.find_matches_as_indexes(p.lower())) for p in unpacked(file.path))),
        ):
            started = time.process_time()
            action()
            taken.setdefault(name, []).append(time.process_time() - started)
        vocabulary.seconds = 0.0
        started = time.process_time()
        for _found in HourReader(vocabulary).read(file.path, file.hour, Counts()):
            pass
        whole = time.process_time() - started
        taken.setdefault("read", []).append(whole)
        taken.setdefault("read, not judged", []).append(whole - vocabulary.seconds)
    return {name: min(each) for name, each in taken.items()}


def import_all(folder: str, hours: int, out: multiprocessing.Queue[tuple[float, int, int]]) -> None:
    """Import the first hours in a process of their own; tell seconds, threads, and the memory at its peak in KiB."""
    files = find([Path(folder)]).files[:hours]
    with open_store(f"sqlite:///{folder}/archive-{hours}.db") as store:
        started = time.process_time()
        done = Importer(store, Vocabulary()).run(files)
        out.put((time.process_time() - started, done.kept.threads, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100, help="of the hour, unpacked")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--hours", type=int, default=4, help="of a tenth of that size, for the store and the memory")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, size, lines = write_hour(folder, HOUR, arguments.megabytes * 1_000_000)
        file = find([path]).files[0]
        counts = Counts()
        judged = [each for found in HourReader(Vocabulary()).read(path, file.hour, counts) for each in found]
        best = measure(file, arguments.times)
        small = folder / "small"
        small.mkdir()
        for at in range(arguments.hours):
            write_hour(small, HOUR + timedelta(hours=at), arguments.megabytes * 100_000)
        context = multiprocessing.get_context("spawn")
        runs = []
        for hours in (1, arguments.hours):
            out = context.Queue()
            process = context.Process(target=import_all, args=(str(small), hours, out))
            process.start()
            runs.append(out.get(timeout=300))
            process.join()
    packed = file.size / 1e6
    print(f"{path.name}: {packed:.1f} MB packed, {size / 1e6:.0f} MB unpacked, {lines:,} lines,")
    print(f"{counts.events:,} events about threads, {counts.mentions} mention licensing, {len(judged)} are about it")
    for what, seconds in best.items():
        print(f"{what:<18} {seconds:6.3f} s  {packed / seconds:6.1f} MB/s packed")
    (one, _, memory), (several, threads, more_memory) = runs
    print(f"{arguments.hours} hours of a tenth: {several:.2f} s for {threads} threads kept (one: {one:.2f} s)")
    print(f"memory at its peak: {memory / 1024:.0f} MiB after one of them, {more_memory / 1024:.0f} MiB after all")
    figures = {
        "benchmark": "gharchive",
        "packed_mb": round(packed, 1),
        "unpacked_mb": round(size / 1e6, 1),
        "kept": len(judged),
        "unpack_seconds": round(best["unpack"], 3),
        "read_seconds": round(best["read"], 3),
        "read_mb_per_second": round(packed / best["read"], 1),
        "unpack_mb_per_second": round(packed / best["unpack"], 1),
        "ratio_to_unpacking_and_stems": round(best["read"] / best["unpack+stems"], 2),
        "ratio_to_unpacking_and_stems_without_judging": round(best["read, not judged"] / best["unpack+stems"], 2),
        "ratio_to_unpacking_and_one_word": round(best["read"] / best["unpack+count"], 2),
        "ratio_to_unpacking_and_one_word_without_judging": round(best["read, not judged"] / best["unpack+count"], 2),
        "memory_mib": [round(memory / 1024), round(more_memory / 1024)],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
