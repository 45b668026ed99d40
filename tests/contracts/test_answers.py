"""Tests what comes with results on every engine: beginnings of words, places, suggestions, debates that are alike."""

from __future__ import annotations

import pytest

from search.index import FACETS, FacetCount, Index
from search.query import parse
from search.tree import And, Not, Or, Phrase, Prefix, Qualifier, Within, Word
from tests.search.builders import document

FILLER = "some words about nothing much at all that stand in every thread"


def keys(index: Index, tree: object) -> list[int]:
    """Return the numbers of the threads that match a tree wholly, in their order."""
    page = index.search(tree, sort="created-asc", per_page=100)  # type: ignore[arg-type]
    return [int(hit.key.partition("/")[2]) for hit in page.hits if not hit.partial]


@pytest.fixture
def words(index: Index) -> Index:
    """Open an index with forms of words in different places."""
    index.apply(
        [
            document(1, "Licensing?", [("a", "The licences are here."), ("b", "> licensed\n\nno")]),
            document(2, "x", [("a", "A licensee."), ("b", "`code`\n\n```\nlicensing\n```\n")]),
            document(3, "x", [("a", "relicensed, node.js and Node.JSON")]),
            document(4, "x", [("a", "nothing")]),
        ],
        [],
        1,
    )
    return index


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (Prefix("licens"), [1, 2]),
        (Prefix("LICENSI"), [1, 2]),
        (Prefix("licensed"), [1]),
        (Prefix("licence"), [1]),
        (Prefix("relic"), [3]),
        (Prefix("node.js"), [3]),
        (Prefix("node.jso"), [3]),
        (Prefix("zzz"), []),
        (Within(("title",), Prefix("licens")), [1]),
        (Within(("own",), Prefix("licensed")), []),
        (Within(("comments", "own"), Prefix("licens")), [2]),
        (Within(("body",), Word("licensed")), [1, 3]),
        (Within(("own",), Within(("comments",), Word("licensed"))), [2]),
        (Not(Within(("title",), Word("license"))), [2, 3, 4]),
        (Within(("title",), Not(Word("license"))), [2, 3, 4]),
        (And((Prefix("licen"), Not(Qualifier("author", "a")))), []),
    ],
)
def test_beginnings_and_places(words: Index, tree: object, expected: list[int]) -> None:
    """The beginning of a word is looked for as it is written; places narrow what their node looks for."""
    assert keys(words, tree) == expected


def test_beginnings_are_shown(words: Index) -> None:
    """What begins so is marked in title and snippet."""
    (hit,) = (hit for hit in words.search(Prefix("licens")).hits if hit.key == "77/1")
    assert hit.title_spans == ((0, 9),)
    assert hit.best_post is not None
    assert hit.best_post.snippet.spans == ((0, 8),)


def test_too_many_words_begin_so(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more words begin so than are looked for, those of most threads are, and a notice says it."""
    monkeypatch.setattr("search.snapshots.EXPANSIONS", 3)
    index.apply([document(n, " ".join(f"wort{each}" for each in range(n))) for n in range(1, 7)], [], 1)
    page = index.search(Prefix("wort"))
    assert page.total == 6
    assert "`wort`" in page.notices[0]
    assert index.search(Prefix("wort5")).notices == ()
    assert index.search(Word("wort0")).notices == ()


def test_facets(index: Index) -> None:
    """Each facet counts all matches, spelled as a reader wants it; a thread counts for each of its values."""
    index.apply(
        [
            document(1, "x", [("a", "x")], spdx=("MIT", "GPL-3.0-only"), topics=("cla",), flags=("closed", "locked")),
            document(2, "x", [("a", "x")], spdx=("MIT",), reason="not_planned", flags=("open", "edited", "gone")),
            document(400, "x", [("a", "x")], repositories=("Other/Thing", "old/name"), associations=("member", "none")),
        ],
        [],
        1,
    )
    facets = index.search(Word("x"), per_page=1).facets
    assert facets["license"] == (FacetCount("MIT", 2), FacetCount("GPL-3.0-only", 1))
    assert facets["repository"] == (FacetCount("Acme/Rocket", 2), FacetCount("Other/Thing", 1))
    assert facets["year"] == (FacetCount("2020", 2), FacetCount("2021", 1))
    assert facets["topic"] == (FacetCount("cla", 1),)
    assert facets["reason"] == (FacetCount("not_planned", 1),)
    assert facets["association"] == (FacetCount("none", 3), FacetCount("member", 1))
    assert set(facets["flag"]) == {FacetCount("locked", 1), FacetCount("edited", 1), FacetCount("gone", 1)}
    assert facets["state"] == (FacetCount("open", 2), FacetCount("closed", 1))
    assert set(index.search(Word("nowhere")).facets) == set(FACETS)


# --- what was meant ---------------------------------------------------------------------------------------------------


@pytest.fixture
def spelled(index: Index) -> Index:
    """Open an index in which some words are common."""
    index.apply(
        [document(n, "Copyleft and trademark", [("a", f"The licensing of patents. {FILLER}")]) for n in range(1, 21)]
        + [document(21, "rare", [("a", "copyleff stands here once")])],
        [],
        1,
    )
    return index


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("copylfet", Word("copyleft")),
        ("ocpyleft", Word("copyleft")),
        ("copyleff", Word("copyleft")),
        ("trademrak licensing", And((Word("trademark"), Word("licensing")))),
        ('"copyleft and tradmark"', Phrase("copyleft and trademark")),
        ("copylefd in:title", Within(("title",), Word("copyleft"))),
        ("copylefd OR xyzzyx", Or((Word("copyleft"), Word("xyzzyx")))),
        ("copylefd -trademark", None),
        ("-copylefd nowhere", None),
        ("copyleft", None),
        ("licensing", None),
        ("xyzzyx", None),
        ("cop*", None),
        ("repo:acme/rockte", None),
        ("", None),
    ],
)
def test_did_you_mean(spelled: Index, query: str, expected: object) -> None:
    """A word that hardly any thread has gives way to one like it that many have, if that finds more."""
    assert spelled.search(parse(query).tree).did_you_mean == expected


@pytest.mark.parametrize(("query", "expected"), [("AGPL", None), ("lgpl", None), ("gppl", Word("gpl"))])
def test_the_name_of_a_license_is_not_taken_for_another_one(index: Index, query: str, expected: object) -> None:
    """Who asks for a license that is not in the archive is not sent to one whose name is much the same."""
    index.apply([document(n, "GPL") for n in range(1, 21)], [], 1)
    assert index.search(parse(query).tree).did_you_mean == expected


def test_what_finds_plenty_was_meant(index: Index) -> None:
    """No other word is offered where enough was found, even if the other is far more common."""
    index.apply(
        [document(n, "copyleft") for n in range(1, 100)] + [document(n, "copyleff") for n in range(100, 106)], [], 1
    )
    assert index.search(Word("copyleff")).did_you_mean is None


# --- alike ------------------------------------------------------------------------------------------------------------


def test_debates_that_are_alike(index: Index) -> None:
    """They share telling words, licenses and topics; the thread itself is never among them, nor what is deleted."""
    index.apply(
        [
            document(1, "Relicense the parser from zorba", [("a", f"The zorba parser is under quux terms. {FILLER}")]),
            document(2, "Parser of zorba: quux terms?", [("b", f"Is it relicensed? {FILLER}")]),
            document(3, "Parser", [("b", f"the zorba again {FILLER}")]),
            *(document(n, "Other", [("c", f"{FILLER} w{n}")]) for n in range(4, 30)),
            document(30, "Other", [("c", FILLER)], spdx=("MPL-2.0",), topics=("relicense",)),
        ],
        [],
        1,
    )
    found = index.similar("77/1", 5)
    assert [hit.key for hit in found] == ["77/2", "77/3"]
    assert found[0].score > found[1].score
    assert found[0].best_post is not None
    assert found[0].title_spans
    assert [hit.key for hit in index.similar("77/1", 1)] == ["77/2"]
    index.apply([], ["77/2"], 2)
    assert [hit.key for hit in index.similar("77/1", 5)] == ["77/3"]
    assert index.similar("77/999", 5) == ()


def test_shared_licenses_bring_debates_together(index: Index) -> None:
    """Of two threads with the same words, the one that names the same license and has the same topic is more alike."""
    index.apply(
        [
            document(1, "zorba quux", [("a", FILLER)], spdx=("MPL-2.0",), topics=("relicense",)),
            document(2, "zorba quux", [("a", FILLER)]),
            document(3, "zorba quux", [("a", FILLER)], spdx=("MPL-2.0",), topics=("relicense",)),
            *(document(n, "Other", [("a", FILLER)]) for n in range(4, 30)),
        ],
        [],
        1,
    )
    assert [hit.key for hit in index.similar("77/1", 5)] == ["77/3", "77/2"]


def test_nothing_is_like_what_says_nothing(index: Index) -> None:
    """An empty thread, an index of one, or an index that does not exist give none."""
    assert index.similar("77/1", 5) == ()
    index.apply([document(1)], [], 1)
    assert index.similar("77/1", 5) == ()
    index.apply([document(2, "", [("a", "")]), document(3, "zorba quux")], [], 2)
    assert index.similar("77/2", 5) == ()
    assert index.similar("77/3", 0) == ()


# --- values -----------------------------------------------------------------------------------------------------------


def test_values_of_qualifiers(index: Index) -> None:
    """Values that begin so come by how many threads have them, spelled as a reader wants them."""
    assert index.values("repo", "") == ()
    index.apply(
        [
            *(document(n, repositories=("Acme/Rocket",), labels=("Legal", "help wanted")) for n in (1, 2, 3)),
            document(4, repositories=("Acme/Anvil", "older/name"), spdx=("GPL-3.0-only",), flags=("open", "issue")),
            document(5, repositories=("Other/Thing",), flags=("closed", "pr")),
        ],
        [],
        1,
    )
    assert index.values("repo", "ac") == (FacetCount("Acme/Rocket", 3), FacetCount("Acme/Anvil", 1))
    assert index.values("repo", "AC", 1) == (FacetCount("Acme/Rocket", 3),)
    assert index.values("repo", "old") == (FacetCount("older/name", 1),)
    assert index.values("label", "") == (FacetCount("help wanted", 3), FacetCount("legal", 3))
    assert FacetCount("GPL-3.0-only", 1) in index.values("license", "gpl-3")
    assert index.values("is", "o") == (FacetCount("open", 4),)
    assert index.values("milestone", "") == index.values("created", "") == index.values("text", "a") == ()
    index.apply([], ["77/1", "77/4"], 2)
    assert index.values("repo", "ac") == (FacetCount("Acme/Rocket", 2),)
