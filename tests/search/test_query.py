"""Tests the query language: what is understood, what becomes a notice, and that trees print back as queries."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from search.fields import NO
from search.qualifiers import ASSOCIATIONS, NOT_INDEXED, REASONS, TOPICS, VALUES
from search.query import (
    IS,
    MAX_DEPTH,
    MAX_GROUPS,
    MAX_LENGTH,
    MAX_NOTICES,
    MAX_TERMS,
    SORTS,
    ParsedQuery,
    _alternatives,
    parse,
)
from search.tree import (
    PLACES,
    RANGES,
    And,
    Everything,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Qualifier,
    Range,
    Within,
    Word,
    conjunction,
    disjunction,
    negation,
    within,
    words,
)

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)

A, B, C = Word("a"), Word("b"), Word("c")
AB = Qualifier("repo", "a/b")
COPYLEFT, GPL3, MEMBER = Word("copyleft"), Qualifier("license", "gpl-3.0"), Qualifier("association", "member")


def own(node: Word | Phrase | Prefix) -> Node:
    """Return what a node matches outside quotations."""
    return Within(("own",), node)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        ("  \t\n ", Everything()),
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("a b OR c", Or((And((A, B)), C))),
        ("a (b OR c)", And((A, Or((B, C))))),
        ("a OR (b OR c)", Or((A, B, C))),
        ("-a", Not(A)),
        ("NOT a", Not(A)),
        ("a NOT b", And((A, Not(B)))),
        ("a -(b OR c)", And((A, Not(Or((B, C)))))),
        ("NOT NOT a", A),
        ('"a  b"', Phrase("a b")),
        ("“a b” c", And((Phrase("a b"), C))),
        ('-"a b"', Not(Phrase("a b"))),
        ("a-b --c a - b", And((Word("a-b"), Word("--c"), A, B))),
        ("and or not", And((Word("and"), Word("or"), Word("not")))),
        ("ANDROID", Word("ANDROID")),
        ("http://x.y/z mailto:x@y.z", And((Word("http://x.y/z"), Word("mailto:x@y.z")))),
        ("std::vector 10:30", And((Word("std::vector"), Word("10:30")))),
        ("git://host/x Re:this why: c:x", And((*map(Word, ("git://host/x", "Re:this", "why:", "c:x")),))),
        ("**bold** a*b", And((Word("**bold**"), Word("a*b")))),
        ("repo:Acme/Rocket", Qualifier("repo", "acme/rocket")),
        ('REPO:"Acme/Rocket" IS:Closed', And((Qualifier("repo", "acme/rocket"), Qualifier("is", "closed")))),
        ("-is:open author:@Bob", And((Not(Qualifier("is", "open")), Qualifier("author", "bob")))),
        ("author:dependabot[bot]", Qualifier("author", "dependabot[bot]")),
        (
            "repo:a/b x repo:c/d",
            And((Or((Qualifier("repo", "a/b"), Qualifier("repo", "c/d"))), Word("x"))),
        ),
        ("C++ GPL-3.0", And((Word("C++"), Word("GPL-3.0")))),
        ("@octocat #123 `x`", And((Word("@octocat"), Word("#123"), Word("`x`")))),
        ("licens*", Prefix("licens")),
        (
            'own:licens* own:copyleft own:"the gpl"',
            And(tuple(map(own, (Prefix("licens"), COPYLEFT, Phrase("the gpl"))))),
        ),
        ("-own:copyleft", Not(own(COPYLEFT))),
        ("own:AND own:-x own:is:open", And(tuple(own(Phrase(each)) for each in ("AND", "-x", "is:open")))),
        ("a in:title", Within(("title",), A)),
        ("in:Comments,title a", Within(("title", "comments"), A)),
        ("a in:title in:body", Within(("title", "body"), A)),
        ("a b is:open in:title", And((Within(("title",), And((A, B))), Qualifier("is", "open")))),
        ("a OR b in:title", Within(("title",), Or((A, B)))),
        ("-a in:body", Not(Within(("body",), A))),
        ("a (b in:title) c", And((A, Within(("title",), B), C))),
        ("(a in:title) (b in:body)", And((Within(("title",), A), Within(("body",), B)))),
        ("(a in:title) b in:body", And((Within(("title",), A), Within(("body",), B)))),
        ("a own:b in:title", And((Within(("title",), A), Within(("title", "own"), B)))),
        ("(a in:title) in:own", Within(("title", "own"), A)),
        ("(a OR own:b) in:title", Or((Within(("title",), A), Within(("title", "own"), B)))),
        ("org:Acme user:other", Or((Qualifier("org", "acme"), Qualifier("org", "other")))),
        ("involves:a involves:b", Or((Qualifier("involves", "a"), Qualifier("involves", "b")))),
        ("repo:a/b,c/d repo:a/b", And((Or((Qualifier("repo", "a/b"), Qualifier("repo", "c/d"))), AB))),
        ("commenter:a commenter:b", And((Qualifier("commenter", "a"), Qualifier("commenter", "b")))),
        ("author:app/Robot", Qualifier("author", "robot[bot]")),
        ("repo:https://github.com/Acme/Rocket", Qualifier("repo", "acme/rocket")),
        ("label:bug,wontfix", Or((Qualifier("label", "bug"), Qualifier("label", "wontfix")))),
        (
            'label:"Help  wanted","a, b",c',
            Or((Qualifier("label", "help wanted"), Qualifier("label", "a, b"), Qualifier("label", "c"))),
        ),
        ("label:kind/bug label:type:x", And((Qualifier("label", "kind/bug"), Qualifier("label", "type:x")))),
        ("license:AGPL-3.0-only license:gplv3", And((Qualifier("license", "agpl-3.0-only"), GPL3))),
        ('-license:"Apache 2"', Not(Qualifier("license", "apache-2.0"))),
        ("topic:relicense association:Member", And((Qualifier("topic", "relicense"), MEMBER))),
        ("association:first-time-contributor", Qualifier("association", "first_time_contributor")),
        ('reason:"not planned",completed', Or((Qualifier("reason", "not_planned"), Qualifier("reason", "completed")))),
        ("no:label -no:license", And((Qualifier("no", "label"), Not(Qualifier("no", "license"))))),
        ("type:pr state:closed", And((Qualifier("is", "pr"), Qualifier("is", "closed")))),
        ("is:unmerged", And((Qualifier("is", "pr"), Not(Qualifier("is", "merged"))))),
        ("-is:unlocked", Qualifier("is", "locked")),
        ("draft:true", Qualifier("is", "draft")),
        ("draft:false", And((Qualifier("is", "pr"), Not(Qualifier("is", "draft"))))),
        ("mentions:Octocat", Word("@octocat")),
        ("comments:>100", Range("comments", 101, None)),
        ("comments:5..10 comments:*..3", And((Range("comments", 5, 10), Range("comments", None, 3)))),
        ("created:2018", Range("created", 1_514_764_800, 1_546_300_799)),
        ("closed:>=2018-03", Range("closed", 1_519_862_400, None)),
    ],
)
def test_understood(text: str, tree: Node) -> None:
    """A well-formed query gives its tree and no notice."""
    assert parse(text).tree == tree
    assert parse(text).notices == ()


@pytest.mark.parametrize(
    ("text", "tree", "notice"),
    [
        ('"a b', Phrase("a b"), "quotation mark"),
        ("(a b", And((A, B)), "not closed"),
        ("a) b", And((A, B)), "never opened"),
        ("a (b))) c", And((A, B, C)), "never opened"),
        ("a AND", A, "nothing after it"),
        ("OR", Everything(), "`OR`"),
        ("a OR OR b", Or((A, B)), "`OR`"),
        ("a () b", And((A, B)), "nothing after it"),
        ("a NOT", A, "nothing after it"),
        ("(a OR) b", And((A, B)), "nothing after it"),
        ("a ???", A, "`???`"),
        ('"!"', Everything(), "no letter"),
        ("a milestone:x", A, "`milestone:` is not indexed"),
        ('a milestone:"over haul" b', And((A, B)), "`milestone:` is not indexed"),
        ("a -assignee:x", A, "`involves:` finds those who are assigned"),
        ("a linked:pr reactions:>3 language:c#", A, "`language:` is not indexed"),
        (
            "a license:AGLP-3.0",
            A,
            "`license:AGLP-3.0` is no license that is known here; did you mean `license:AGPL-3.0`?",
        ),
        ("a license:qqqqqq", A, "write an SPDX id"),
        ("a topic:cla", A, "did you mean `topic:cla-dco`?"),
        ("a topic:x", A, "known are relicense, which-license"),
        ("a reason:because", A, "known are completed, not_planned"),
        ("a association:membre", A, "did you mean `association:member`?"),
        ("a is:opne", A, "did you mean `is:open`?"),
        ("a is:private", A, "was public"),
        ("a is:queued", A, "`is:queued` is not indexed"),
        ("a no:milestone", A, "`no:milestone` is not indexed"),
        ("a type:bug", A, "issue types"),
        ("a state:x", A, "known are open, closed, merged"),
        ("a draft:maybe", A, "known are true, false"),
        ("a in:file", A, "known are title, body, comments, own"),
        ("a -in:title", A, "cannot be negated"),
        ("is:open in:title", Qualifier("is", "open"), "has no words beside it"),
        ("a created:yesterday", A, "`created:yesterday` is not understood"),
        ("a created:2018-13", A, "is not understood"),
        ("a created:*..*", A, "is not understood"),
        ("a created:>1y", A, "is not understood"),
        ("a comments:many", A, "write comments: and then >10"),
        ("a own:??? b", And((A, B)), "no letter and no digit"),
        ("a org:@me", A, "nobody signs in"),
        ('a label:"" b', And((A, B)), "no value"),
        ('a label:"b c', And((A, Qualifier("label", "b c"))), "not closed"),
        ("a sort:interactions", A, "`sort:interactions` is not indexed"),
        ("a sort:reactions-+1", A, "is not indexed"),
        ("is:purple a", A, "`is:purple`"),
        ("repo:a", Everything(), "owner/name"),
        ("a author:x/y", A, "no login"),
        ("author:@me a", A, "nobody signs in"),
        ("is: a", A, "no value"),
        ("a sort:size", A, "`sort:size`"),
    ],
)
def test_left_out_with_a_notice(text: str, tree: Node, notice: str) -> None:
    """What cannot be used is left out, the rest is searched, and a notice says what happened."""
    parsed = parse(text)
    assert parsed.tree == tree
    assert notice in " ".join(parsed.notices)


@pytest.mark.parametrize(
    ("text", "tree", "notice"),
    [
        ("foo:bar", Word("foo:bar"), "`foo:` is no qualifier; it was searched as words."),
        (
            "labl:legal a",
            And((Word("labl:legal"), A)),
            "`labl:` is no qualifier; did you mean `label:`? It was searched as words.",
        ),
        (
            "-reop:a/b a",
            And((Not(Word("reop:a/b")), A)),
            "`reop:` is no qualifier; did you mean `repo:`? It was searched as words.",
        ),
        (
            'labl:"help wanted"',
            And((Word("labl:"), Phrase("help wanted"))),
            "`labl:` is no qualifier; did you mean `label:`? It was searched as words.",
        ),
        (
            "a*",
            Word("a"),
            "`a*`: a beginning needs at least 2 letters or digits; it was searched as the word `a`.",
        ),
    ],
)
def test_searched_with_a_notice(text: str, tree: Node, notice: str) -> None:
    """What looks like something that there is not is searched as words, and a notice names it."""
    assert parse(text) == ParsedQuery(tree, None, (notice,))


@pytest.mark.parametrize("text", ['""', "-", " -- ", "“”", "milestone:x", "in:title", "()", "???"])
def test_nothing_was_asked_for(text: str) -> None:
    """A query of which nothing can be used says so, since everything is listed then."""
    parsed = parse(text)
    assert parsed.tree == Everything()
    assert "Nothing was asked for" in parsed.notices[-1]


@pytest.mark.parametrize("text", ["", " \t", "sort:created"])
def test_everything_was_asked_for(text: str) -> None:
    """Where nothing was typed, or only an order, there is nothing to say."""
    assert parse(text).notices == ()


def test_empty_quotation_marks_are_said() -> None:
    """They are not dropped in silence, even beside something that can be used."""
    parsed = parse('a ""')
    assert parsed.tree == A
    assert "stands nothing" in parsed.notices[0]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("GPL v3", Phrase("GPL v3")),
        ("a GPL 3 b", And((A, Phrase("GPL 3"), B))),
        ("(GPL) AND v3", Phrase("GPL v3")),
        ("GPL 3 or later", Phrase("GPL 3 or later")),
        ("GNU General Public License v3", Phrase("GNU General Public License v3")),
        ("GPL 2 MPL 2.0", And((Phrase("GPL 2"), Phrase("MPL 2.0")))),
        ("BSD 3 clause -GPL v3", And((Phrase("BSD 3 clause"), Not(Word("GPL")), Word("v3")))),
        ("GPL 2 years", And((Word("GPL"), Word("2"), Word("years")))),
        ("new BSD license", And((Word("new"), Word("BSD"), Word("license")))),
        ("GPL OR 3", Or((Word("GPL"), Word("3")))),
        ("a 3", And((A, Word("3")))),
    ],
)
def test_a_license_with_its_version_is_one_thing(text: str, tree: Node) -> None:
    """Words side by side that name a license with its version belong together; others stay apart."""
    assert parse(text) == ParsedQuery(tree)


@pytest.mark.parametrize("sort", SORTS)
def test_sort(sort: str) -> None:
    """`sort:` is taken out of the query; without a direction it is descending."""
    assert parse(f"a sort:{sort}").sort == sort
    assert parse(f"a sort:{sort}").tree == A
    assert parse("sort:created").sort == "created-desc"
    assert parse("a").sort is None


def test_other_spellings_of_an_order() -> None:
    """`sort:best-match` is by relevance; of two orders the last counts, and a notice says so."""
    assert parse("a sort:best-match") == ParsedQuery(A, "relevance")
    two = parse("a sort:created sort:updated-asc")
    assert two.sort == "updated-asc"
    assert two.notices == ("There can be one order only; it is `sort:updated-asc`.",)


@pytest.mark.parametrize(
    ("text", "tree", "said"),
    [
        ("created:>1y", Range("created", None, 1_743_422_399), "longer than 1 year ago, until 2025-03-31"),
        ("updated:<30d", Range("updated", 1_772_366_401, None), "less than 30 days ago, since 2026-03-01"),
        ("updated:>=2w", Range("updated", None, 1_773_748_800), "2 weeks ago or earlier, until 2026-03-17"),
    ],
)
def test_ages_say_how_they_were_read(text: str, tree: Node, said: str) -> None:
    """What is written as an age is counted back from now, and a notice says what that came to."""
    parsed = parse(text, now=NOW)
    assert parsed == ParsedQuery(tree, None, (f"`{text}` is read as an age: {said}.",))


@pytest.mark.parametrize("name", sorted(NOT_INDEXED))
def test_what_is_not_indexed_is_said(name: str) -> None:
    """Each of GitHub's qualifiers that cannot be used is left out with a notice that names it."""
    parsed = parse(f'a {name}:x b -{name.upper()}:"y z"')
    assert parsed.tree == And((A, B))
    assert len(parsed.notices) == 1
    assert parsed.notices[0].startswith(f"`{name}:` is not indexed")


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, its in VALUES.items() for value in its if name not in {"in", "sort"}]
)
def test_every_value_that_is_offered_is_understood(name: str, value: str) -> None:
    """What is told beforehand as a value of a qualifier gives no notice."""
    parsed = parse(f"{name}:{value}")
    assert parsed.notices == ()
    assert parsed.tree != Everything()


def test_there_are_not_too_many_notices() -> None:
    """Where very much cannot be used, the first notices stand for all."""
    parsed = parse("a " + " ".join(f"is:x{n}" for n in range(50)))
    assert len(parsed.notices) == MAX_NOTICES
    assert parsed.notices[-1] == "31 more things could not be used as they stand."


@pytest.mark.parametrize("value", IS)
def test_is(value: str) -> None:
    """Every value of `is:` that is promised is understood."""
    assert parse(f"is:{value.upper()}").tree == Qualifier("is", value)


def test_limits() -> None:
    """A query that is too long, too deep or has too many terms is cut, with a notice, and still searched."""
    long = parse("x " * 3_000)
    assert "longer than" in long.notices[0]
    many = parse(" ".join(f"w{n}" for n in range(MAX_TERMS + 5)))
    assert isinstance(many.tree, And)
    assert len(many.tree.nodes) == MAX_TERMS
    assert "more than 64 terms" in many.notices[0]
    deep = parse("a -(b " * (MAX_DEPTH + 5))
    assert any("nested deeper" in notice for notice in deep.notices)
    assert isinstance(deep.tree, And)
    assert parse("(" * 90 + "a" + ")" * 90) == ParsedQuery(A)
    crowded = parse("(" * 900 + "a" + ")" * 900)
    assert crowded.tree == A
    assert "more than 100 parentheses" in crowded.notices[0]


def test_words_of_a_tree() -> None:
    """What a match contains are the words and phrases that are not negated."""
    assert list(words(parse('a (b OR "c d") -e -(f OR -g) is:open').tree)) == [A, B, Phrase("c d")]


def test_control_characters_separate() -> None:
    """A NUL or half a surrogate pair in a query does no harm."""
    assert parse("a\x00b \ud800c").tree == And((A, B, C))


moments = st.one_of(
    st.integers(-62_135_596_800, 253_402_300_799),
    # the first seconds of days, and the last
    st.integers(-719_162, 2_932_895).map(lambda day: day * 86_400),
    st.integers(-719_162, 2_932_895).map(lambda day: day * 86_400 + 86_399),
)


def ranges(name: str) -> st.SearchStrategy[Node]:
    """Make ranges, one end of them open or none."""
    numbers = st.integers(-1, 10**12) if name == "comments" else moments
    closed = st.tuples(numbers, numbers).map(lambda ends: Range(name, min(ends), max(ends)))
    return st.one_of(closed, numbers.map(lambda n: Range(name, n, n)), numbers.map(lambda n: Range(name, n, None)),
                     numbers.map(lambda n: Range(name, None, n)))  # fmt: skip


def qualifiers(name: str, values: Sequence[str]) -> st.SearchStrategy[Node]:
    """Make qualifiers of a name with some of the values."""
    return st.sampled_from(values).map(lambda value: Qualifier(name, value))


leaves: st.SearchStrategy[Node] = st.one_of(
    st.sampled_from(
        ["a", "foo-bar", "x:y", "C++", "ライセンス", "--flag", "http://a/b", "and", "é", "@octocat", "#123", "a*b"]
    ).map(Word),
    st.sampled_from(["a", "two words", "-x", "AND", "(a", "is:open", "a*", "in:title", "x,y"]).map(Phrase),
    st.sampled_from(["licens", "gpl-3", "v2.", "ライ", "@oct"]).map(lambda text: Prefix(text.rstrip("."))),
    qualifiers("is", IS),
    qualifiers("repo", ["a/b", "c/d.e"]),
    qualifiers("org", ["a", "b-c"]),
    qualifiers("author", ["a", "dependabot[bot]"]),
    qualifiers("commenter", ["a", "ghost"]),
    qualifiers("involves", ["a", "b"]),
    qualifiers("reason", REASONS),
    qualifiers("label", ["bug", "help wanted", "a, b", "(x)", "kind/bug:y", "and", "-x", "é*", "no`"]),
    qualifiers("no", NO),
    qualifiers("license", ["agpl-3.0-only", "agpl-3.0", "gpl", "mit", "bsd-3-clause", "public-domain"]),
    qualifiers("topic", TOPICS),
    qualifiers("association", ASSOCIATIONS),
    st.sampled_from(RANGES).flatmap(ranges),
)


def as_parsed(node: Node) -> bool:
    """Whether the parser makes such a conjunction: repositories (or owners ...) stand in it once, as a choice."""
    return not isinstance(node, And) or conjunction(_alternatives(node.nodes)) == node


trees: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda nodes: st.one_of(
        nodes.map(negation),
        st.lists(nodes, min_size=2, max_size=4).map(disjunction),
        st.lists(nodes, min_size=2, max_size=4).map(conjunction).filter(as_parsed),
        st.tuples(st.lists(st.sampled_from(PLACES), min_size=1, max_size=4, unique=True), nodes).map(
            lambda pair: within(*pair)
        ).filter(as_parsed),
    ),
    max_leaves=12,
)  # fmt: skip


@given(trees)
@example(Within(("title",), Word("a")))
@example(Or((Not(Within(("title", "own"), Word("a"))), Within(("own",), Prefix("ab")))))
@example(Range("created", -62_135_596_800, 253_402_300_799))
def test_a_tree_prints_back_as_a_query(tree: Node) -> None:
    """Parsing what a tree prints gives that tree again, without a notice."""
    assume(len(str(tree)) <= MAX_LENGTH)
    parsed = parse(str(tree))
    assert parsed.tree == tree
    assert parsed.notices == ()


@pytest.mark.parametrize("query", ["GPL (a in:title) 3 in:own", "GPL (a in:title) v3 (b OR c) in:own"])
def test_words_that_a_place_brings_together_are_read_as_one_name(query: str) -> None:
    """What is understood of a query with groups in places prints back as what was understood."""
    tree = parse(query).tree
    assert parse(str(tree)).tree == tree


pieces = st.sampled_from(
    [
        *[
            "AND",
            "OR",
            "NOT",
            "(",
            ")",
            '"',
            "“",
            "-",
            "a",
            "é",
            "repo:",
            "repo:a/b",
            "is:open",
            "is:",
            "sort:x",
            "author:",
            "label:x",
            'label:"x y",z',
            "milestone:1",
            "in:title",
            "in:body,own",
            "own:",
            "created:>2018",
            "created:",
            "<1y",
            "comments:5..",
            "license:",
            "MIT",
            "@a",
            "#1",
            ",",
            "no:label",
            "foo:",
            "GPL ",
            " v3",
            " or later",
            "*",
            "+",
            "/",
            "ラ",
        ],
        " ",
        "\x00",
        "\ud83d",
    ]
)


@given(st.one_of(st.text(max_size=200), st.lists(pieces, max_size=40).map("".join)))
@example("x" * (MAX_LENGTH + 1))
@example('"' * MAX_LENGTH)
@example("-(" * (MAX_LENGTH // 2))
def test_any_text_is_understood_somehow(text: str) -> None:
    """Whatever is typed gives a tree, and what that prints is understood as the same, with nothing more to say."""
    parsed = parse(text, now=NOW)
    printed = str(parsed.tree)
    if len(printed) <= MAX_LENGTH and printed.count("(") <= MAX_GROUPS:
        again = parse(printed)
        assert again.tree == parsed.tree
        assert set(again.notices) <= set(parsed.notices)
        assert all("it was searched as" in notice.lower() for notice in again.notices)


def test_twenty_thousand_random_queries() -> None:
    """Strings put together of pieces of the language, of any length, are all understood somehow."""
    chosen = random.Random(5)
    parts = [
        *(
            "AND",
            "OR",
            "NOT",
            "(",
            ")",
            '"',
            "“",
            "-",
            "a",
            "GPL",
            "v3",
            "licens*",
            "*",
            "ラ",
            "é",
            "@a",
            "#1",
            ",",
            ":",
        ),
        *(f"{name}:" for name in (*VALUES, *NOT_INDEXED)),
        *("is:open", "label:a,b", "in:title", "own:x", "created:>1y", "comments:1..2", "sort:updated", "license:MIT"),
        *("\x00", "\ud83d", "😀", "\u202e", "\u0301", "\u2028", "0" * 40, "..", ">=", "1y", "2018", "x" * 300),
    ]
    trees = 0
    for number in range(20_000):
        pieces = chosen.choices(parts, k=chosen.choice((1, 2, 3, 5, 8, 13, 40 if number % 10 else 400)))
        parsed = parse(chosen.choice(("", " ")).join(pieces), now=NOW)
        assert parsed.tree != Everything() or parsed.notices or parsed.sort or not "".join(pieces).strip("\x00 \u2028")
        trees += parsed.tree != Everything()
    assert trees > 5_000
