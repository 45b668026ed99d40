"""Tests what `search.index.Index` promises, on every engine that there is."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.errors import ConfigError
from search.analysis import needle
from search.document import Document
from search.index import FACETS, MAX_OFFSET, FacetCount, Index, ResultPage, open_index
from search.query import parse
from search.tree import Word
from tests.search.builders import START, document


def search(index: Index, query: str, **more: Any) -> ResultPage:
    """Search for a query as it is typed."""
    parsed = parse(query)
    return index.search(parsed.tree, sort=parsed.sort, **more)


def found(index: Index, query: str) -> list[int]:
    """Return the numbers of the threads found, in order."""
    return numbers(search(index, query, per_page=100))


def numbers(page: ResultPage) -> list[int]:
    """Return the numbers of a page's threads, without those that match in part only."""
    return [int(hit.key.partition("/")[2]) for hit in page.hits if not hit.partial]


DEBATE = (
    document(1, "Relicense under MIT?", [("ann", "Please change the licence."), ("bob", "No. The GPL stays.")]),
    document(2, "Crash on start", [("bob", "It crashes.\n\n> license\n")], flags=("closed", "issue")),
    document(
        3,
        "Add LICENSE file",
        [("cyd", "This adds the GPL-3.0 text."), ("ann", "Thanks, no objection to the change.")],
        flags=("closed", "merged", "pr", "locked"),
        repositories=("Other/Thing", "former/name"),
    ),
)


@pytest.fixture
def debate(index: Index) -> Index:
    """Open an index with three threads."""
    index.apply(DEBATE, [], 3)
    return index


def test_an_index_that_does_not_exist_is_empty(index: Index) -> None:
    """Nothing is found, nothing was seen, and nothing is created by asking."""
    assert search(index, "license") == ResultPage(0, (), dict.fromkeys(FACETS, ()), 1, 20)
    assert index.cursor() == 0
    assert list(index.digests()) == []


def test_put_and_found(debate: Index, url: str) -> None:
    """After a commit, documents and cursor are seen, by another object too."""
    other = open_index(url)
    for each in (debate, other):
        assert search(each, "license").total == 3
        assert each.cursor() == 3
        assert list(each.digests()) == [(f"77/{n}", f"{n:064x}") for n in (1, 2, 3)]
    other.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [3, 2, 1]),
        ("crash", [2]),
        ("licence change", [1, 3]),
        ("relicense", [1]),
        ('"the gpl"', [1, 3]),
        ('"gpl the"', []),
        ("GPL-3.0", [3]),
        ("gpl -mit", [3]),
        ("-license", []),
        ("NOT gpl", [2]),
        ("crash OR mit", [1, 2]),
        ("(crash OR mit) change", [1]),
        ("-(crash OR mit)", [3]),
        ("repo:acme/ROCKET", [2, 1]),
        ("repo:former/name", [3]),
        ("is:open", [1]),
        ("is:closed", [3, 2]),
        ("is:merged is:locked", [3]),
        ("-is:pr license", [1, 2]),
        ("author:Bob", [2]),
        ("repo:acme/rocket repo:other/thing gpl", [1, 3]),
        ("nothing-like-it", []),
        ("meta", []),
        ("-meta", [3, 2, 1]),
    ],
)
def test_finds(debate: Index, query: str, expected: list[int]) -> None:
    """The query language finds what it says; without words, the newest first."""
    result = found(debate, query)
    assert sorted(result) == sorted(expected)
    if not any(needle(word) for word in re.findall(r"(?<![\w:-])[\w.]+(?!:)", query)):
        assert result == expected


def test_closed_threads_are_found_like_open_ones(index: Index) -> None:
    """State does not change what a thread scores."""
    index.apply(
        [document(1, "Copyleft", created=START), document(2, "Copyleft", flags=("closed",), created=START)], [], 1
    )
    assert len({hit.score for hit in search(index, "copyleft").hits}) == 1


@pytest.fixture
def partly(index: Index) -> Index:
    """Open an index in which no thread holds all words of most questions."""
    index.apply(
        [
            document(1, "Switch to Apache", [("ann", "Every author has to consent."), ("bob", "The parser may stay.")]),
            document(2, "Crash in the parser", [("bob", "It stops at line 7, whatever the author does.")]),
            document(3, "Menu colours", [("cyd", "Too pale. " * 30)], repositories=("acme/teapot",)),
            document(4, "Blue theme", [("cyd", "It is nice.")], flags=("closed", "issue"), about="Paints walls"),
        ],
        [],
        4,
    )
    return index


def test_partial_matches_follow_where_nothing_matches(partly: Index) -> None:
    """They are marked and counted apart, the best first; facets and total know nothing of them."""
    page = search(partly, "apache consent heritage parser")
    assert [(hit.key, hit.partial) for hit in page.hits] == [("77/1", True), ("77/2", True)]
    assert (page.total, page.partial_total) == (0, 2)
    assert not any(page.facets.values())
    assert page.hits[0].best_post is not None
    assert page.hits[0].score > page.hits[1].score
    (second,) = search(partly, "apache consent heritage parser", page=2, per_page=1).hits
    assert second == page.hits[1]
    assert search(partly, "zebra unicorn").hits == ()
    assert search(partly, "zebra").partial_total == 0


def test_what_holds_all_words_counts_double(partly: Index) -> None:
    """A thread with all words comes before one with some, and is not marked."""
    page = search(partly, "parser author consent")
    assert [(hit.key, hit.partial) for hit in page.hits] == [("77/1", False), ("77/2", True)]
    assert (page.total, page.partial_total) == (1, 1)


def test_partial_matches_meet_what_is_no_word(partly: Index) -> None:
    """A qualifier, a range and a negation hold for them too; in an order other than by relevance they stay apart."""
    assert [hit.key for hit in search(partly, "parser nice heritage is:closed").hits] == ["77/4"]
    assert [hit.key for hit in search(partly, "parser nice heritage -apache").hits] == ["77/4", "77/2"]
    assert [hit.key for hit in search(partly, "parser nice heritage created:<2020-01-03").hits] == ["77/1"]
    assert [hit.key for hit in search(partly, "parser author consent sort:created-desc").hits] == ["77/1"]
    assert [hit.key for hit in search(partly, "apache heritage parser sort:created-asc").hits] == ["77/1", "77/2"]


def test_partial_matches_take_an_or_for_words(partly: Index) -> None:
    """A question may quote `MIT OR Apache-2.0`: what stands on its sides may be missing like all else."""
    assert [hit.key for hit in search(partly, "may heritage say MIT OR apache").hits] == ["77/1"]


def test_common_words_make_no_partial_match(partly: Index) -> None:
    """What stands in every question says nothing, unless nothing else was asked."""
    assert [hit.key for hit in search(partly, "is it that which has a heritage").hits] == []
    assert search(partly, "what whatever").partial_total == 1


def test_related_words_speak_for_a_thread(partly: Index) -> None:
    """Who asks for a contributor's approval means the thread of authors and consent; alone they find nothing."""
    page = search(partly, "contributor approval apache parser")
    assert [hit.key for hit in page.hits] == ["77/1", "77/2"]
    assert search(partly, "contributor approval").hits == ()


def test_the_repository_speaks_for_a_thread(partly: Index) -> None:
    """Words of a repository's name, and of what it says of itself, count where the text has them not."""
    assert [hit.key for hit in search(partly, "teapot heritage").hits] == ["77/3"]
    assert [hit.key for hit in search(partly, "paints heritage").hits] == ["77/4"]
    assert search(partly, "teapot").total == 0


def test_title_counts_more(index: Index) -> None:
    """Of two threads with the word, the one that has it in its title comes first."""
    words = "some words about nothing much at all"
    index.apply([document(2, words, [("a", "copyleft")]), document(1, "copyleft", [("a", words)])], [], 1)
    assert found(index, "copyleft") == [1, 2]


def test_replaced_and_deleted(debate: Index) -> None:
    """A document put again replaces the one before; a deleted one is gone; the cursor moves on, even by itself."""
    debate.apply([document(1, "Something else")], ["77/2", "77/999"], 7)
    assert found(debate, "") == [3, 1]
    assert found(debate, "relicense") == []
    assert found(debate, "-gpl") == [1]
    assert debate.cursor() == 7
    debate.apply([], [], 9)
    assert debate.cursor() == 9
    assert found(debate, "") == [3, 1]


def test_an_index_of_which_everything_was_deleted_finds_nothing(debate: Index) -> None:
    """It is no error to ask for words that stood in what is gone."""
    debate.apply([], ["77/1", "77/2", "77/3"], 9)
    for query in ("relicense", "", '"copyleft license"', "-gpl"):
        assert found(debate, query) == []


def test_the_same_key_twice_in_a_batch(index: Index) -> None:
    """The last document counts, and one that is put stays even if its key is among the deletions."""
    index.apply([document(1, "first"), document(1, "second")], ["77/1"], 1)
    assert found(index, "first") == []
    assert found(index, "second") == [1]
    assert search(index, "").total == 1


def test_best_post_and_snippet(debate: Index) -> None:
    """A hit shows the post with most of the words, what of it matched, and how many others have something."""
    hit = next(hit for hit in search(debate, "gpl stays mit change").hits if hit.key == "77/1")
    assert hit.best_post is not None
    assert (hit.best_post.id, hit.best_post.author) == (1001, "bob")
    snippet = hit.best_post.snippet
    assert snippet.text == "No. The GPL stays."
    assert [snippet.text[start:end] for start, end in snippet.spans] == ["GPL", "stays"]
    assert hit.more_posts == 1


def test_what_matched_in_the_title(debate: Index) -> None:
    """Each hit says which characters of its title matched; where none did, there are none."""
    spans = {hit.key: hit.title_spans for hit in search(debate, "license OR crash OR mit").hits}
    titles = {each.key: each.title for each in DEBATE}
    assert {key: [titles[key][start:end] for start, end in its] for key, its in spans.items()} == {
        "77/1": ["Relicense", "MIT"],
        "77/2": ["Crash"],
        "77/3": ["LICENSE"],
    }
    assert [hit.title_spans for hit in search(debate, "objection").hits] == [()]
    assert {hit.title_spans for hit in search(debate, "").hits} == {()}


@pytest.mark.parametrize(
    ("query", "marks"),
    [
        ("the stays", {"77/1": ["stays"]}),
        ('"the gpl" stays', {"77/1": ["The GPL", "stays"]}),
        ("it OR zebra", {"77/2": ["It"]}),
        ("it", {"77/2": ["It"]}),
        ("on crashes", {"77/2": ["crashes"]}),
    ],
)
def test_very_common_words_are_not_marked(debate: Index, query: str, marks: dict[str, list[str]]) -> None:
    """They have to be there, but where others are found they are not shown as what matched; alone they are."""
    hits = [hit for hit in search(debate, query).hits if not hit.partial]
    shown = {hit.key: hit.best_post.snippet for hit in hits if hit.best_post}
    assert {key: [each.text[start:end] for start, end in each.spans] for key, each in shown.items()} == marks
    assert found(debate, "the crashes stays") == []


def test_very_common_words_are_not_marked_in_titles(debate: Index) -> None:
    """The title is marked as the post is."""
    (hit,) = search(debate, "on crash").hits
    assert hit.title_spans == ((0, 5),)


def test_a_license_is_found_however_it_is_written(index: Index) -> None:
    """A name with its version meets every way of writing it, and marks it; another license is not found."""
    index.apply(
        [
            document(1, "GPLv3?", [("a", "Hello.")]),
            document(2, "x", [("a", "It is under the GNU General Public License v3 now.")]),
            document(3, "x", [("a", "GPL-3.0-or-later")]),
            document(4, "AGPLv3", [("a", "The AGPL 3 it is.")]),
            document(5, "GPL", [("a", "3 posts and v3 of something")]),
            document(6, "x", [("a", "see COPYING-GPL-3.0.txt")]),
        ],
        [],
        6,
    )
    assert sorted(found(index, "GPLv3")) == [1, 2, 3]
    assert sorted(found(index, "GPL v3")) == [1, 2, 3]
    assert sorted(found(index, "GPL 3")) == [1, 2, 3, 6]
    assert sorted(found(index, "GPL-3.0")) == [1, 2, 3, 6]
    assert sorted(found(index, "gpl-3.0-or-later")) == [3]
    assert sorted(found(index, "AGPL-3.0")) == [4]
    assert sorted(found(index, "GPL")) == [1, 2, 3, 5, 6]
    hit = next(hit for hit in search(index, "GPL-3.0").hits if hit.key == "77/2")
    assert hit.best_post is not None
    (span,) = hit.best_post.snippet.spans
    assert hit.best_post.snippet.text[slice(*span)] == "GNU General Public License v3"


def test_facets_count_all_matches(debate: Index) -> None:
    """Facets are of all matches, not of the page, most frequent first."""
    page = search(debate, "license", per_page=1)
    assert len(page.hits) == 1
    assert page.facets["repository"] == (FacetCount("Acme/Rocket", 2), FacetCount("Other/Thing", 1))
    assert {(each.value, each.count) for each in page.facets["state"]} == {("open", 1), ("closed", 1), ("merged", 1)}


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("created-desc", [3, 2, 1]),
        ("created-asc", [1, 2, 3]),
        ("updated-desc", [1, 3, 2]),
        ("updated-asc", [2, 3, 1]),
        ("comments-desc", [2, 3, 1]),
        ("comments-asc", [3, 1, 2]),
    ],
)
def test_sorts(index: Index, sort: str, expected: list[int]) -> None:
    """Each order is as its name says; among equals, the newer thread comes first."""
    updated = {1: 30, 2: 10, 3: 20}
    comments = {1: 1, 2: 5, 3: 1}
    index.apply(
        [
            document(n, "x", updated_at=START + timedelta(days=updated[n]), comments=comments[n])
            for n in (2, 3, 1)
        ],
        [],
        1,
    )  # fmt: skip
    assert found(index, f"x sort:{sort}") == expected
    assert numbers(index.search(Word("x"), sort=sort)) == expected


def test_pages(index: Index) -> None:
    """Pages cut one order into pieces; beyond the end they are empty; sizes out of range are brought into it."""
    index.apply([document(n, "word " * (n % 3 + 1)) for n in range(1, 26)], [], 25)
    whole = found(index, "word")
    pieces = [n for page in (1, 2, 3) for n in numbers(search(index, "word", page=page, per_page=10))]
    assert pieces == whole
    assert len(whole) == 25
    beyond = search(index, "word", page=4, per_page=10)
    assert (beyond.total, beyond.hits, beyond.notices) == (25, (), ())
    assert search(index, "word", page=-3, per_page=10_000).page == 1
    assert search(index, "word", per_page=10_000).per_page == 100
    assert search(index, "word", page=10**12, per_page=1).hits == ()


def test_very_deep_pages_give_a_notice(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where paging ends although there are results, a notice says so."""
    monkeypatch.setattr("search.answering.MAX_OFFSET", 20)
    index.apply([document(n, "word") for n in range(1, 26)], [], 25)
    assert len(search(index, "word", page=2, per_page=10).hits) == 10
    deep = search(index, "word", page=3, per_page=10)
    assert (deep.hits, deep.total) == ((), 25)
    assert "narrow" in deep.notices[0]
    assert MAX_OFFSET >= 1_000


def test_rebuild_swaps_at_the_end(debate: Index, url: str) -> None:
    """Until the block ends everybody sees the old state, afterwards the new one."""
    other = open_index(url)
    with debate.rebuild() as writer:
        writer.apply([document(4, "New"), document(5, "Newer")], [], 1)
        writer.apply([document(4, "Newest")], ["77/5"], 2)
        assert found(debate, "") == found(other, "") == [3, 2, 1]
        assert debate.cursor() == 3
    for each in (debate, other):
        assert found(each, "") == [4]
        assert found(each, "newest") == [4]
        assert each.cursor() == 2
    other.close()


def test_an_empty_rebuild(debate: Index) -> None:
    """A rebuild of nothing leaves an index that holds nothing."""
    with debate.rebuild():
        pass
    assert found(debate, "") == []
    assert debate.cursor() == 0


def test_a_rebuild_that_fails_changes_nothing(debate: Index) -> None:
    """The old state stays, the error comes through, and the index can be written again."""

    class Trouble(ValueError):
        pass

    def rebuild() -> None:
        with debate.rebuild() as writer:
            writer.apply([document(4, "New")], [], 1)
            raise Trouble

    with pytest.raises(Trouble):
        rebuild()
    assert found(debate, "") == [3, 2, 1]
    debate.apply([document(4, "New")], [], 4)
    assert found(debate, "new") == [4]


def test_ranking_does_not_depend_on_history(index: Index, tmp_path: Path) -> None:
    """An index that grew by many commits, updates and deletions answers exactly as one built at once."""
    final = [document(n, f"w{n % 4} common", [("a", f"text w{n % 3} " * (n % 5 + 1))]) for n in range(1, 41)]
    for n in range(1, 61):
        index.apply([document(n, "earlier w1 w2", [("b", "other text entirely")])], [], n)
    index.apply(final[:20], [f"77/{n}" for n in range(41, 61)], 70)
    index.apply(final[20:], [], 80)
    with index_of(tmp_path, final) as fresh:
        for query in ("common", "w1", "text w2", '"text w0"', "w1 OR w3", "common -w2", "earlier"):
            grown = [(hit.key, round(hit.score, 9)) for hit in search(index, query, per_page=100).hits]
            assert grown == [(hit.key, round(hit.score, 9)) for hit in search(fresh, query, per_page=100).hits]


class index_of:  # noqa: N801 (used like a function)
    """Open an index with documents, in a folder of its own."""

    def __init__(self, folder: Path, documents: Sequence[Document]) -> None:
        self.index = open_index(f"whoosh:{folder / 'fresh'}")
        self.index.apply(documents, [], 1)

    def __enter__(self) -> Index:
        return self.index

    def __exit__(self, *_: object) -> None:
        self.index.close()


def test_threads_search_while_commits_happen(url: str) -> None:
    """Eight threads that search without pause see whole states only, in the order of the commits."""
    index = open_index(url)
    done = threading.Event()
    wrong: list[object] = []

    def hammer() -> None:
        last = 0
        while not done.is_set():
            try:
                cursor = index.cursor()
                page = search(index, "common license OR never", per_page=5)
                titles = {hit.best_post.snippet.text for hit in page.hits if hit.best_post}
            except Exception as error:  # noqa: BLE001 (whatever it is, the test shows it)
                wrong.append(error)
                return
            # Each commit rewrites all twenty documents: their texts agree, and never go back.
            if len(titles) > 1 or cursor < last or page.total not in {0, 20} or (cursor and page.total != 20):
                wrong.append((titles, cursor, last, page.total))
            states = [int(title.split()[-1]) for title in titles]
            if states and states[0] < cursor:
                wrong.append((states, cursor))
            last = cursor

    threads = [threading.Thread(target=hammer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for state in range(1, 13):
        texts = [("a", f"common licenses in state {state}")]
        if state % 4:
            index.apply([document(n, f"title {n}", texts) for n in range(1, 21)], [], state)
        else:
            with index.rebuild() as writer:
                writer.apply([document(n, f"title {n}", texts) for n in range(1, 21)], [], state)
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert index.cursor() == 12
    index.close()


def test_unknown_engines(tmp_path: Path) -> None:
    """A URL of no engine, or of one that is not built yet, is one clear line."""
    for url, words in (("solr:x", "whoosh:"), ("opensearch+https://host", "not built yet"), ("whoosh:", "directory")):
        with pytest.raises(ConfigError, match=words):
            open_index(url)


def test_threads_can_be_left_out(index: Index) -> None:
    """As if they were deleted: not found, not counted, none of their words or values proposed."""
    index.apply([*DEBATE, document(9, "Zanzibar", [("mallory", "Zanzibar zanzibar copyleft")])], (), 9)
    (key,) = (hit.key for hit in search(index, "zanzibar").hits)
    for query in ("zanzibar", "zanzi*", "author:mallory", "-nothing"):
        with_it, without = search(index, query), search(index, query, without={key, "77/99"})
        assert without.total == with_it.total - 1, query
        assert key not in {hit.key for hit in without.hits}
    assert search(index, "zanzibat").did_you_mean is not None
    assert search(index, "zanzibat", without={key}).did_you_mean is None
    assert index.values("author", "mal") == (FacetCount("mallory", 1),)
    assert index.values("author", "mal", without={key}) == ()
    whole = sum(each.count for each in search(index, "-nothing").facets["repository"])
    assert sum(each.count for each in search(index, "-nothing", without={key}).facets["repository"]) == whole - 1
    assert search(index, "zanzibar").total == 1
