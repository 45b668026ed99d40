"""What can be typed next in a query."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.index import FacetCount
from search.qualifiers import VALUES
from web.completing import NAMES, complete

HELD = {
    "repo": ("Acme/Boat", "Acme/Rocket", "Zebra/Zoo"),
    "label": ("bug", "help wanted", 'say "hi"'),
    "license": ("AGPL-3.0-only", "Apache-2.0"),
    "org": ("acme",),
    "involves": ("kim",),
}


def held(name: str, begun: str, most: int) -> Sequence[FacetCount]:
    """Tell the values of an index, with the number of threads that each has."""
    fitting = [each for each in HELD.get(name, ()) if each.lower().startswith(begun)]
    return [FacetCount(each, at + 1) for at, each in enumerate(fitting)][:most]


def completed(query: str) -> list[str]:
    """Return the query as it is with each of its suggestions; `|` is where somebody types."""
    at = query.index("|")
    query = query.replace("|", "", 1)
    found = complete(query, at, held)
    return [query[: found.start] + each.text + query[found.end :] for each in found.suggestions]


@pytest.mark.parametrize(
    ("query", "suggested"),
    [
        ("re|", ["repo:", "reason:"]),
        ("copyleft LIC|", ["copyleft license:"]),
        ("-lab|", ["-label:"]),
        ("(gpl OR rep|", ["(gpl OR repo:"]),
        ("zebra|", []),
        ("repo:|", ["repo:Acme/Boat ", "repo:Acme/Rocket ", "repo:Zebra/Zoo "]),
        ("repo:acme/r|", ["repo:Acme/Rocket "]),
        ("repo:acme/r|abbit gpl", ["repo:Acme/Rocket gpl"]),
        ("gpl REPO:z| mit", ["gpl REPO:Zebra/Zoo mit"]),
        ("-repo:ze|", ["-repo:Zebra/Zoo "]),
        ("(repo:ze|)", ["(repo:Zebra/Zoo )"]),
        ("label:he|", ['label:"help wanted" ']),
        ('label:"help w|', ['label:"help wanted" ']),
        ('label:"help w|" gpl', ['label:"help wanted" gpl']),
        ('label:bug,"help w|', ['label:bug,"help wanted" ']),
        ("label:bug,he|", ['label:bug,"help wanted" ']),
        ("license:agpl|", ["license:AGPL-3.0-only "]),
        ("user:|", ["user:acme "]),
        ("mentions:k|", ["mentions:kim "]),
        ("is:lo|", ["is:locked "]),
        ("reason:not|", ["reason:not_planned "]),
        ("reason:plan|", ["reason:not_planned "]),
        ("sort:cr|", ["sort:created-desc ", "sort:created-asc "]),
        ("created:<|", ["created:<30d ", "created:<1y "]),
        ("comments:>|", ["comments:>10 ", "comments:>100 "]),
        ("own:|", []),
        ("nothing:a|", []),
        ("https://|", []),
        ("re|po:acme", []),
        ('"re po|', []),
    ],
)
def test_a_word_goes_on_as_a_qualifier_or_its_value(query: str, suggested: list[str]) -> None:
    """By its beginning, wherever it stands; what is after it stays."""
    assert completed(query) == suggested


def test_where_nothing_is_typed_yet_names_are_offered() -> None:
    """The ones that narrow most first; each has a word about it."""
    found = complete("gpl ", 4, held)
    assert [each.text for each in found.suggestions][:3] == ["repo:", "license:", "topic:"]
    assert all(each.note for each in found.suggestions)


def test_each_name_of_the_language_is_offered() -> None:
    """No more and no less than what can be used."""
    assert set(NAMES) == set(VALUES)


def test_a_value_tells_how_many_debates_have_it() -> None:
    """As the index says."""
    assert [each.note for each in complete("repo:", 5, held).suggestions] == ["1 debate", "2 debates", "3 debates"]


@given(query=st.text(alphabet='repolabel:-(), "\u201cx𝒳', max_size=30), at=st.integers(-3, 40))
def test_whatever_is_typed_is_no_error(query: str, at: int) -> None:
    """What is replaced lies within the query, around the place."""
    found = complete(query, at, held)
    assert 0 <= found.start <= found.end <= len(query)
    assert found.start <= min(max(at, 0), len(query)) <= found.end
