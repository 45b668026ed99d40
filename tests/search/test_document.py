"""Tests the analysis of text, and the documents made of threads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model import Tombstone
from archiver.references import ThreadKind
from archiver.store import Store
from search.analysis import ALSO, WHOLE, WORD, analyze, named_license, needle, needles, wholes
from search.bag import ALSO_BIT, LATER, OPENING, POSITION_SHIFT, TITLE, Bag, bag
from search.document import document_of
from tests.search.builders import document, keep


def terms(text: str) -> set[str]:
    """Return all terms under which a text is found."""
    return {token.term for token in analyze(text)}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("license", "licence"),
        ("license", "Licensing"),
        ("licences", "LICENSED"),
        ("license", "relicensing"),
        ("license", "re-licencing"),
        ("license", "sublicense"),
        ("license", "licence's"),
        ("relicense", "re-license"),
        ("re-license", "relicencing"),
        ("Re\u2011Licensing", "relicense"),
        ("GPL", "GPLv3"),
        ("gplv3", "GPLv3"),
        ("C++", "c++11 or C++"),
        ("c#", "C#"),
        ("café", "cafe\u0301"),
        ("cafe", "CAFÉ"),
        ("STRASSE", "Straße"),
        ("mit", "ＭＩＴ"),
        ("node", "node.js"),
        ("node.js", "Node.js"),
        ("__init__.py", "in __init__.py there"),
        ("bsd", "BSD-3-Clause"),
        ("copyleft", "copyleft's"),
        ("issues", "an issue"),
        ("a1b2c3d4", "commit a1b2c3d4"),
        ("лицензия", "Лицензия"),
    ],
)
def test_meets(query: str, text: str) -> None:
    """The words of a query are among the terms of a text that means the same."""
    assert set(needle(query)) <= terms(text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("relicense", "license"),
        ("GPL", "AGPL"),
        ("GPLv3", "GPLv2"),
        ("C++", "C"),
        ("unlicense", "license"),
        ("license", "silicone"),
        ("cat", "concatenate"),
    ],
)
def test_keeps_apart(query: str, text: str) -> None:
    """A word does not meet another one that only looks like it or is less specific."""
    assert not set(needle(query)) <= terms(text)


def holds(query: str, text: str) -> bool:
    """Whether a text holds what a query looks for, in one of the ways in which it is found."""
    at: dict[int, set[str]] = {}
    for token in analyze(text):
        at.setdefault(token.position, set()).add(token.term)
    return any(
        all(term in at.get(start + offset, ()) for offset, term in enumerate(terms))
        for terms in needles(query)
        for start in at
    )


GPL3 = ("GPLv3", "GPL v3", "gpl-3.0", "GPL 3", "GPL-3", "GPL version 3", "GNU GPL 3.0", "GNU General Public License v3")
AGPL3 = ("AGPLv3", "AGPL v3", "AGPL-3.0", "agpl 3", "GNU Affero General Public License, version 3")
APACHE2 = ("Apache 2.0", "Apache-2.0", "Apache License, Version 2.0", "ASL 2.0", "ALv2")
BSD3 = ("BSD-3-Clause", "BSD 3-clause", "3-clause BSD")
WAYS = (GPL3, AGPL3, APACHE2, BSD3, ("MPL 2.0", "MPLv2", "Mozilla Public License 2.0"), ("LGPLv2.1", "LGPL-2.1"))


@pytest.mark.parametrize("ways", WAYS, ids=lambda ways: str(ways[0]))
def test_a_license_is_found_however_it_is_written(ways: tuple[str, ...]) -> None:
    """Each way of naming a license with its version finds every other one, within a text too, and no other license."""
    others = [each for its in WAYS if its is not ways for each in its]
    for query in ways:
        assert [text for text in ways if not holds(query, f"We moved (again) to {text}, and why not?")] == []
        assert [text for text in (*others, "GPLv2", "AGPL", "3.0") if holds(query, f"Now {text} here")] == []


def test_or_later_is_more_than_the_version() -> None:
    """A version finds `or later` too; who asks for `or later` does not get the bare version."""
    assert holds("GPLv3", "GPL-3.0-or-later")
    assert holds("GPL-3.0-or-later", "GPL 3 or any later version")
    assert holds("GPL 3+", "GPL-3.0-or-later")
    assert not holds("GPL-3.0-or-later", "GPL-3.0")
    assert holds("GPL-3.0-only", "GPLv3 only")
    assert not holds("GPL-3.0-only", "GPL-3.0-or-later")


def test_a_name_in_full_is_found_by_its_letters() -> None:
    """`GPL` finds the General Public License, `AGPL` the Affero one; neither finds the other."""
    assert holds("GPL", "the GNU General Public License")
    assert holds("AGPL", "the Affero General Public License")
    assert not holds("GPL", "the GNU Affero General Public License")
    assert not holds("AGPL", "the General Public License")


def test_a_license_without_a_version_stays_its_words() -> None:
    """Only a name with its version has a term of its own, and only if nothing else is said."""
    assert needles("GPL") == (("gpl",),)
    assert needles("MIT license") == (("mit", "licens"),)
    assert needles("under GPLv3") == (("under", "gplv3"),)
    assert needles("???") == ()
    assert named_license("GNU General Public License") is None


def test_a_license_is_marked_whole() -> None:
    """Its term stands where the name begins, and covers all of the name, far into a long text as well."""
    text = "\u0130 " + "lorem ipsum " * 60 + "the GNU GPL v3 or later is it"
    (found,) = [token for token in analyze(text) if token.term == "spdx:gpl-3.0"]
    assert text[found.start : found.end] == "GNU GPL v3 or later"
    assert found.position == next(token.position for token in analyze(text) if token.term == "gnu")


def test_a_compound_is_kept_whole_beside_its_parts() -> None:
    """The parts follow one another, and the whole stands at the position of the first."""
    found = [(token.term, token.position, token.role) for token in analyze("see node.js now")]
    assert found == [
        ("see", 0, WORD),
        ("node", 1, WORD),
        ("node.js", 1, WHOLE),
        ("js", 2, WORD),
        ("now", 3, WORD),
    ]
    assert wholes("GPL-3.0-only") == ("gpl-3.0-only",)


def test_a_word_is_also_found_under_a_simpler_one() -> None:
    """`relicense` stands for itself, and is found as `license` too, at the same place."""
    found = [(token.term, token.position, token.role) for token in analyze("Relicense")]
    assert found == [("relicens", 0, WORD), ("licens", 0, ALSO)]


def test_scripts_without_spaces_are_searched_by_character() -> None:
    """A Japanese word is found inside a sentence, and stands at its place there."""
    text = "このMITライセンスを変更"
    tokens = list(analyze(text))
    words = [token.term for token in tokens]
    assert needle("ライセンス") == tuple("ライセンス")
    start = words.index("ラ")
    assert words[start : start + 5] == list("ライセンス")
    assert text[tokens[start].start : tokens[start + 4].end] == "ライセンス"
    assert "mit" in words


def test_combining_marks_stay_within_words() -> None:
    """A Hindi word with vowel signs is one word, not its letters."""
    assert len(needle("लाइसेंस")) == 1


def test_long_runs_are_cut() -> None:
    """No term is longer than 64 characters, and one word stays one word."""
    found = list(analyze("x" * 100_000))
    assert len(found) == 1
    assert len(found[0].term) == 64
    assert len(needle("a-" * 50_000)) == 50_000


@given(st.text())
def test_any_text_can_be_analysed(text: str) -> None:
    """Spans are of the text and in order, positions rise, and no term is empty or too long."""
    position = end = 0
    for token in analyze(text):
        assert 0 <= token.start < token.end <= len(text)
        assert token.position >= position - 16
        assert 0 < len(token.term) <= 64
        token.term.encode("utf-8")
        if token.role == WORD:
            assert token.start >= end
            assert token.position in {position, position + 1}
            position, end = token.position, token.end


def places(its: Bag, key: str) -> list[tuple[int, bool, int]]:
    """Return the position, whether it is a term beside a word's own, and the place of each occurrence."""
    return [(code >> POSITION_SHIFT, bool(code & ALSO_BIT), code % ALSO_BIT) for code in its.entries[key]]


def test_each_occurrence_says_where_it_stands() -> None:
    """Position and place of each occurrence are kept: title, opening post or later, own words, quotation or code."""
    its = bag(document(1, "copyleft", [("a", "> viral\n\ncopyleft\n"), ("b", "`x`\n\n```\nviral\n```\n")]))
    first, second = its.starts
    assert places(its, "copyleft\0") == [(0, False, TITLE), (first[1], False, OPENING["own"])]
    assert places(its, "viral\0") == [(first[0], False, OPENING["quote"]), (second[1], False, LATER["code"])]


def test_words_are_kept_as_written() -> None:
    """Each form of a word is a key of its own under one term; what only stands beside a word says so."""
    its = bag(document(1, "", [("a", "Licensing, a licence, relicense node.js")]))
    assert [key for key in its.entries if key.startswith("licens\0")] == [
        "licens\0licensing",
        "licens\0licence",
        "licens\0",
    ]
    assert [also for _, also, _ in places(its, "licens\0")] == [True]
    assert "relicens\0relicense" in its.entries
    assert "node.js\0" in its.entries


def test_texts_do_not_touch() -> None:
    """The last word of a text and the first of the next are not side by side, and each segment begins where it says."""
    its = bag(document(1, "one", [("a", "two"), ("b", "three\n\n> four\n")]))
    one, two, three, four = (places(its, f"{key}\0")[0][0] for key in ("one", "two", "three", "four"))
    assert two - one > 1
    assert its.starts == ((two,), (three, four))
    assert its.length == 4


def test_document_of_a_thread(store: Store) -> None:
    """A thread's properties and its posts' texts, told apart, make its document."""
    keep(store, 5, "Why?", ["Please **relicense**.", "> Please\n\nNo."], state="closed", kind=ThreadKind.PULL)
    thread = store.thread_by_key("77/5")
    assert thread is not None
    made = document_of(thread)
    assert made.key == "77/5"
    assert made.flags == {"closed", "pr", "edited"}  # GitHub says that the comment was changed after it was posted
    assert made.state == "closed"
    assert made.repositories == ("Acme/Rocket",)
    assert made.author == "asker"
    assert made.commenters == ("replier",)
    assert made.comments == 1
    assert made.digest == thread.summary.snapshot
    assert [(s.place, s.text) for post in made.posts for s in post.segments] == [
        ("own", "Please relicense."),
        ("quote", "Please"),
        ("own", "No."),
    ]


def test_flags_of_a_document(store: Store) -> None:
    """A merged, locked pull request that is gone upstream says so, and counts as closed; its author may be unknown."""
    keep(store, 6, "Add LICENSE", state="closed", kind=ThreadKind.PULL, author=None)
    thread = store.thread_by_key("77/6")
    assert thread is not None
    now = datetime(2024, 1, 1, tzinfo=UTC)
    repository = replace(thread.summary.repository, aliases=("old/name", "acme/rocket"))
    summary = replace(thread.summary, merged_at=now, locked=True, gone=Tombstone(404, now), repository=repository)
    made = document_of(replace(thread, summary=summary))
    assert made.flags == {"closed", "merged", "pr", "locked", "gone"}
    assert made.state == "merged"
    assert made.author == "ghost"
    assert made.repositories == ("Acme/Rocket", "old/name")
