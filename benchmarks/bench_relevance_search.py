"""Measures whether a search finds the thread that its asker has in mind: known items, by the rank at which they come.

    python benchmarks/bench_relevance_search.py [--corpus DIR [--queries FILE] [--scope license|all]]

DIR holds folders `owner__name/{issues,comments}.jsonl` in the shapes of GitHub's REST API, directly or one level below.
The archive searched holds what a crawl with that scope would keep of them; a thread that is not kept counts as not
found. FILE is a table, tab-separated, with the columns query, repo, number and kind. Without it the queries are made
from the corpus, from a fixed seed: `title` (words of a title, one dropped) and `body` (four words of one post, neither
common nor unique, none of the title); without a corpus, from invented threads. The rank is the place in the list of
results, partial matches included. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from folders import archived, folders
from prepared import filled_store, percentile

from archiver.model import Thread
from archiver.store import Store
from search.index import MAX_PER_PAGE, Index, open_index
from search.query import parse
from search.sync import rebuild

MAX_RANK = 1_000
"""How far down a result is looked for; what comes later counts as not found."""
_SEED = 4711
_INVENTED = 200
_EACH = 200
_TITLE_WORDS = (3, 6)
_BODY_WORDS = 4
# A word is neither common nor unique if it stands in so many threads: at least this many, at most this part of all.
_FEWEST, _MOST = 4, 0.025
_WORD = re.compile(r"[^\W\d_]{3,20}")
_STOP_WORDS = """
    about after all also and any are because been before but can cannot could did does doesn don for from get
    had has have her here him his how into its just like more most not now off one only other our out over same
    should some such than that the their them then there these they this those too under use used using very was
    were what when where which while who why will with within without would you your
"""
_STOP = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True)
class Wanted:
    """A query and the thread that it is to find."""

    query: str
    repo: str
    number: int
    kind: str


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--queries", type=Path)
    parser.add_argument("--scope", choices=("license", "all"))
    parser.add_argument("--quiet", action="store_true", help="do not list the queries that are not at rank 1")
    arguments = parser.parse_args()
    corpus: Path | None = arguments.corpus
    if corpus is None and (arguments.queries or arguments.scope):
        parser.error("--queries and --scope are of a corpus")
    if corpus is not None and not folders(corpus):
        sys.exit(f"{corpus}: no folder owner__name with issues.jsonl")
    scope = arguments.scope or ("license" if arguments.queries else "all")
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        made_of = filled_store(Path(folder), _INVENTED) if corpus is None else archived(corpus, scope, Path(folder))
        with made_of as store:
            index = open_index(f"whoosh:{folder}/index")
            rebuild(store, index)
            keys = {(repo.lower(), number): key for repo, number, key in held(store)}
            wanted = read_queries(arguments.queries) if arguments.queries else made(store)
        print(f"{len(keys)} threads archived and indexed in {time.perf_counter() - begun:.0f} s, scope {scope}")
        figures = measure(index, wanted, keys, quiet=arguments.quiet)
        index.close()
    print(json.dumps({"benchmark": "relevance-search", "scope": scope, "threads": len(keys), **figures}))


def read_queries(path: Path) -> list[Wanted]:
    """Read a table of queries; a row that cannot be read ends the program with its number."""
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, each in enumerate(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 2):
            try:
                rows.append(Wanted(each["query"], each["repo"].strip(), int(each["number"]), each["kind"].strip()))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                sys.exit(f"{path}:{number}: not a row of queries: {error!r}")
    return rows


def held(store: Store) -> Iterator[tuple[str, int, str]]:
    """Yield (repository, number, key) of all threads."""
    names = {repository.id: str(repository.ref) for repository in store.repositories()}
    for each in store.changes(since=0, limit=10**9):
        repository_id, _, number = each.key.partition("/")
        yield names[int(repository_id)], int(number), each.key


# --- measuring --------------------------------------------------------------------------------------------------------


def measure(index: Index, wanted: Sequence[Wanted], keys: dict[tuple[str, int], str], *, quiet: bool) -> dict[str, Any]:
    """Ask every query; print and return the figures of each kind."""
    ranks: dict[str, list[int | None]] = defaultdict(list)
    taken = []
    for each in wanted:
        key = keys.get((each.repo.lower(), each.number))
        begun = time.perf_counter()
        first = [hit.key for hit in index.search(parse(each.query).tree).hits]
        taken.append((time.perf_counter() - begun) * 1000)
        rank = None if key is None else first.index(key) + 1 if key in first else rank_of(index, each.query, key)
        ranks[each.kind].append(rank)
        if rank != 1 and not quiet:
            shown = "not kept" if key is None else "not found" if rank is None else f"rank {rank}"
            print(f"{each.kind:<10} {shown:<10} {each.repo}#{each.number}  {each.query}")
    figures = {kind: scores(of_kind) for kind, of_kind in ranks.items()}
    for kind, its in figures.items():
        print(
            f"{kind:<10} MRR {its['mrr']:.3f}, success@1 {its['success_at_1']:.3f}, "
            f"success@10 {its['success_at_10']:.3f}, {its['queries']} queries"
        )
    times = {"p50_ms": round(percentile(taken, 0.5), 2), "worst_ms": round(max(taken), 2)}
    return {**figures, **times}


def rank_of(index: Index, query: str, key: str) -> int | None:
    """Return the place of a thread in the list of results, from 1; None if it is not among the first MAX_RANK."""
    tree = parse(query).tree
    for page in range(MAX_RANK // MAX_PER_PAGE):
        hits = index.search(tree, page=page + 1, per_page=MAX_PER_PAGE).hits
        for at, hit in enumerate(hits, page * MAX_PER_PAGE + 1):
            if hit.key == key:
                return at
        if len(hits) < MAX_PER_PAGE:
            break
    return None


def scores(ranks: Sequence[int | None]) -> dict[str, float]:
    """Return the mean reciprocal rank (what is not found counts 0) and the parts at rank 1 and among the first 10."""
    count = len(ranks)
    return {
        "mrr": round(sum(1 / rank for rank in ranks if rank) / count, 3),
        "success_at_1": round(sum(rank == 1 for rank in ranks) / count, 3),
        "success_at_10": round(sum(rank is not None and rank <= 10 for rank in ranks) / count, 3),
        "queries": count,
    }


# --- making queries ---------------------------------------------------------------------------------------------------


def made(store: Store) -> list[Wanted]:
    """Make known-item queries of both kinds from the threads held: the same ones at every run."""
    chance = random.Random(_SEED)
    threads = [thread for _, _, key in sorted(held(store)) if (thread := store.thread_by_key(key))]
    chance.shuffle(threads)
    return [*by_title(threads, chance), *by_body(threads, chance)]


def by_title(threads: Sequence[Thread], chance: random.Random) -> Iterator[Wanted]:
    """Yield queries of title words without stop words, one dropped; titles that several threads have are left out."""
    titles = Counter(thread.summary.title.lower() for thread in threads)
    told = 0
    for thread in threads:
        telling = [each for each in words_of(thread.summary.title) if each not in _STOP]
        if titles[thread.summary.title.lower()] > 1 or not _TITLE_WORDS[0] < len(telling) <= _TITLE_WORDS[1]:
            continue
        telling.pop(chance.randrange(len(telling)))
        yield _wanted(thread, telling, "title")
        told += 1
        if told == _EACH:
            return


def by_body(threads: Sequence[Thread], chance: random.Random) -> Iterator[Wanted]:
    """Yield queries of some words of one post, neither common nor unique, none of them in the title."""
    having = Counter(word for thread in threads for word in set(words_of(" ".join(post.body for post in thread.posts))))
    told = 0
    for thread in threads:
        title = set(words_of(thread.summary.title))
        post = chance.choice(thread.posts)
        telling = [
            each
            for each in words_of(post.body)
            if _FEWEST <= having[each] <= _MOST * len(threads) and each not in title and each not in _STOP
        ]
        if len(telling) < 2 * _BODY_WORDS:
            continue
        yield _wanted(thread, chance.sample(telling, _BODY_WORDS), "body")
        told += 1
        if told == _EACH:
            return


def words_of(text: str) -> list[str]:
    """Return the different words of a text, in lower case."""
    return list(dict.fromkeys(match[0].lower() for match in _WORD.finditer(text)))


def _wanted(thread: Thread, words: Iterable[str], kind: str) -> Wanted:
    summary = thread.summary
    return Wanted(" ".join(words), str(summary.repository.ref), summary.number, kind)


if __name__ == "__main__":
    main()
