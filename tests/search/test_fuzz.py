"""Tests that whatever is typed gives results; `make fuzz-search` does the same with 20,000 queries."""

from __future__ import annotations

import random
import time
from pathlib import Path

from search.index import open_index
from search.query import parse
from tests.search.builders import document
from tests.search.strings import random_query

QUERIES = 300


def test_whatever_is_typed_gives_results(tmp_path: Path) -> None:
    """No query raises or hangs, and its counts agree with each other."""
    chance = random.Random(5)
    words = [
        "license",
        "GPLv3",
        "copyleft",
        "ライセンス",
        "c++",
        "node.js",
        "patent",
        "the",
        "of",
        "a",
        "lic",
        "@login",
    ]
    index = open_index(f"whoosh:{tmp_path / 'index'}")
    index.apply(
        [
            document(n, " ".join(chance.choices(words, k=4)), [("ann", " ".join(chance.choices(words, k=60)))] * 3)
            for n in range(1, 120)
        ],
        [],
        1,
    )
    for _ in range(QUERIES):
        query = random_query(chance)
        started = time.process_time()
        parsed = parse(query)
        page = index.search(parsed.tree, sort=parsed.sort)
        assert time.process_time() - started < 20, query  # a guard against hanging, no measurement
        assert page.total >= sum(not hit.partial for hit in page.hits)
        assert len(page.hits) == min(page.total + page.partial_total, 20)
        assert sum(each.count for each in page.facets["state"]) == page.total
    index.close()
