"""Owns the tests of `archiver.patterns`: a pattern is passed over only where it cannot match."""

from __future__ import annotations

import re

import pytest

from archiver import acts, boilerplate, company, false_friends, spdx, topics, vocabulary
from archiver.patterns import Pattern, alternatives, lowered, needed


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        (r"\bfoo(?:bar|baz)?\b", {"foo"}),
        (r"\b(?:foo|barx)\w*", {"foo", "barx"}),
        (r"licen[cs]e", {"licen"}),
        (r"\bre-?licen[cs]", {"licen"}),
        (r"colou?r", {"colo"}),
        (r"x{0,3}abc", {"abc"}),
        (r"(?:foo ){2}bar", {"foo "}),
        (r"(?<!ab)\bcopy(?=ies)", {"copy"}),
        (r"a\.b", {"a.b"}),
        (r"许可证?", {"许可"}),
        (r"(?:ab|\w)c", set()),
        (r"\b(?:foo)?", set()),
        (r"foo|[xy]", set()),
    ],
)
def test_the_literals_that_a_pattern_needs(pattern: str, literals: set[str]) -> None:
    """One of them stands in all that the pattern matches; where that cannot be told, there are none."""
    assert needed(pattern) == literals


def test_alternatives_are_split_outside_of_groups() -> None:
    """A bar within a group, a set or an escape parts nothing."""
    assert alternatives(r"a(?:b|c)|[|]d|e\|f") == [r"a(?:b|c)", "[|]d", r"e\|f"]


def test_the_first_match_is_found_whatever_alternative_it_is_of() -> None:
    """Alternatives are tried apart, and the first place in the text wins."""
    pattern = Pattern("Grant|free to")
    match = pattern.search("free to grant")
    assert match is not None
    assert match[0] == "free to"
    assert sorted(each[0] for each in pattern.finditer("free to grant")) == ["free to", "grant"]
    assert pattern.search("nothing of it") is None


def test_stems_are_looked_for_before_anything_else() -> None:
    """Where no stem stands, the pattern is not tried."""
    assert Pattern(r"\w+", ("licen",)).search("copyright") is None
    assert Pattern(r"\w+", ("licen",)).search("a license") is not None


def test_case_means_nothing_to_a_pattern() -> None:
    """Letters of a pattern may be in either case, escapes stay what they are; a part with its own case is refused."""
    assert Pattern(r"\bMIT\b\S").search(" mit!") is not None
    with pytest.raises(ValueError, match="case means nothing"):
        Pattern(r"(?-i:MIT)")


def test_lower_case_keeps_places() -> None:
    """A letter that becomes two in lower case does not shift what follows it."""
    text = "İ am under the GPL"
    assert len(lowered(text)) == len(text)
    assert lowered(text).index("gpl") == text.index("GPL")


def tables() -> list[Pattern]:
    """List the patterns of all tables."""
    found = [pattern for _, pattern, _ in vocabulary.TERMS] + [act.pattern for act in acts.ACTS]
    found += [*false_friends.FALSE_FRIENDS, *false_friends.NOISE, *company.AMBIGUOUS.values(), company.WORKS]
    for module in (acts, boilerplate, spdx, topics):
        for value in vars(module).values():
            found += [value] if isinstance(value, Pattern) else []
            found += [each for each in value if isinstance(each, Pattern)] if isinstance(value, tuple) else []
    return found


def test_the_stems_of_the_tables_hide_no_alternative() -> None:
    """Each alternative of a pattern with stems holds one of them: none was forgotten when it was added."""
    for pattern in tables():
        for each in alternatives(pattern.source):
            plain = re.sub(r"-\?|\[- \]\??|\[-\]", "-", each).replace(r"\b", "")
            held = any(stem in spelled for stem in pattern.stems for spelled in (each, plain, plain.replace("-", "")))
            assert held or not pattern.stems, (each, pattern.stems)
