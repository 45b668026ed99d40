"""Tests that what the query language promises is found in an index, on every engine that there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from search.index import Index, open_index
from search.query import parse
from tests.search.builders import document

ENGINES = ("whoosh",)
NOW = datetime(2022, 1, 1, tzinfo=UTC)
COMMIT = "0eff326d6213c0ffee00112233445566778899aa"

THREADS = (
    document(
        1,
        "Relicense under the AGPL?",
        [
            ("ann", "Please change it, @Cyd-X and @acme/legal."),
            ("bob", "> change it\n\nNo: copyleft is refused. See #123."),
        ],
        repositories=("Acme/Rocket", "Old/Rocket"),
        flags=("closed", "issue", "locked", "edited"),
        reason="not_planned",
        closed_at=datetime(2020, 3, 1, tzinfo=UTC),
        updated_at=datetime(2021, 12, 20, tzinfo=UTC),
        associations=("none", "owner"),
        involved=("Cyd-X",),
        labels=("Help wanted", "legal, or so"),
        spdx=("AGPL-3.0-only", "MIT"),
        topics=("relicense", "cla-dco"),
        comments=1,
    ),
    document(
        2,
        "Support C++ and C# in node.js",
        [("bob", f"Since {COMMIT} `__init__.py` is licensed wrongly. Write to cyd-x@example.org about 123 things.")],
        repositories=("Acme/Boat",),
        flags=("closed", "merged", "pr"),
        closed_at=datetime(2021, 6, 1, tzinfo=UTC),
        merged_at=datetime(2021, 6, 1, tzinfo=UTC),
        spdx=("GPL-3.0-or-later",),
        topics=("license-files-packaging",),
    ),
    document(
        3,
        "ライセンスの変更 déjà vu",
        [
            ("Cyd-X", "許可証を変える。 Lizenzänderung, naïve. BSD-3-Clause at e1109ab; e1109abc55 not."),
            *[("ann", "Hm.")] * 3,
        ],
        repositories=("other/thing",),
        flags=("open", "discussion", "gone", "unanswered"),
        spdx=("BSD-3-Clause",),
    ),
)


@pytest.fixture(scope="module", params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Open an index with three threads."""
    folder: Path = tmp_path_factory.mktemp("language")
    opened = open_index(f"{request.param}:{folder / 'index'}")
    opened.apply(THREADS, [], 1)
    yield opened
    opened.close()


def found(index: Index, query: str) -> list[int]:
    """Return the numbers of the threads that a query finds, in order."""
    parsed = parse(query, now=NOW)
    assert [each for each in parsed.notices if "read as an age" not in each] == []
    return sorted(int(hit.key.partition("/")[2]) for hit in index.search(parsed.tree, per_page=100).hits)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("license", [1, 2]),
        ("licensed", [1, 2]),
        ("relicensing", [1]),
        ("re-license", [1]),
        ("licens*", [2]),
        ("relic*", [1]),
        ("copyle* refus*", [1]),
        ("GPL", []),
        ("AGPL", [1]),
        ("BSD-3-Clause", [3]),
        ("3-clause BSD", [3]),
        ("c++", [2]),
        ("C#", [2]),
        ("node.js", [2]),
        ("__init__.py", [2]),
        ("@cyd-x", [1]),
        ("cyd-x", [1, 2]),
        ("mentions:CYD-X", [1]),
        ("@acme/legal", [1]),
        ("@bob", []),
        ("#123", [1]),
        ("123", [1, 2]),
        ("#12", []),
        (COMMIT, [2]),
        (COMMIT[:7], [2]),
        (COMMIT[:12].upper(), [2]),
        ("e1109ab", [3]),
        ("e1109ab9988", [3]),
        ("ライセンス", [3]),
        ("センス", [3]),
        ("変更", [3]),
        ("更変", []),
        ("許可", [3]),
        ("deja vu", [3]),
        ("DÉJÀ", [3]),
        ("lizenzanderung", [3]),
        ("naïve", [3]),
    ],
)
def test_words_of_this_field(index: Index, query: str, expected: list[int]) -> None:
    """Forms and spellings meet; names of licenses, code, accounts, threads and commits, and all scripts are found."""
    assert found(index, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("repo:old/rocket", [1]),
        ("repo:acme/rocket,acme/boat", [1, 2]),
        ("org:acme", [1, 2]),
        ("user:OLD", [1]),
        ("author:bob", [2]),
        ("commenter:bob", [1]),
        ("involves:bob", [1, 2]),
        ("involves:cyd-x", [1, 3]),
        ("involves:cyd-x -author:cyd-x", [1]),
        ("is:closed", [1, 2]),
        ("is:unmerged", []),
        ("-is:unmerged", [1, 2, 3]),
        ("is:locked,gone", [1, 3]),
        ("is:unlocked is:closed", [2]),
        ("is:edited", [1]),
        ("is:unanswered", [3]),
        ("type:pr state:merged", [2]),
        ('reason:"not planned"', [1]),
        ('label:"help wanted"', [1]),
        ('label:"legal, or so",bug', [1]),
        ("no:label", [2, 3]),
        ("no:topic", [3]),
        ("license:AGPL-3.0", [1]),
        ("license:agpl", [1]),
        ("license:GPL", [2]),
        ("license:GPL-3.0-only", []),
        ("license:GPLv3+", [2]),
        ("license:mit license:agpl", [1]),
        ("license:mit,bsd", [1, 3]),
        ("topic:cla-dco", [1]),
        ("association:owner", [1]),
        ("created:2020-01", [1, 2, 3]),
        ("created:2020-01-03", [2]),
        ("created:>2020-01-03", [3]),
        ("created:>1y", [1, 2, 3]),
        ("updated:<30d", [1]),
        ("closed:2020", [1]),
        ("closed:>=2020", [1, 2]),
        ("-closed:>=2020", [3]),
        ("merged:2021-06", [2]),
        ("comments:>=1", [1, 3]),
        ("comments:0", [2]),
        ("comments:2..*", [3]),
    ],
)
def test_qualifiers(index: Index, query: str, expected: list[int]) -> None:
    """Every qualifier finds what it says."""
    assert found(index, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("agpl in:title", [1]),
        ("copyleft in:title", []),
        ("copyleft in:body", []),
        ("copyleft in:comments", [1]),
        ("change in:body", [1]),
        ("change in:comments", [1]),
        ("own:change in:comments", []),
        ("own:copyleft", [1]),
        ('own:"change it"', [1]),
        ('"change it" in:comments,own', []),
        ("(agpl in:title) copyleft", [1]),
        ("agpl copyleft in:title", []),
        ("agpl copyleft in:title,comments", [1]),
        ("-copyleft in:title", [1, 2, 3]),
        ("refus* in:comments", [1]),
    ],
)
def test_places(index: Index, query: str, expected: list[int]) -> None:
    """Words are found where they were asked for, and nowhere else."""
    assert found(index, query) == expected
