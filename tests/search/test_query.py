"""Tests the query language: what is understood, what becomes a notice, and that trees print back as queries."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search.query import IS, MAX_DEPTH, MAX_LENGTH, MAX_TERMS, SORTS, ParsedQuery, parse
from search.tree import (
    And,
    Everything,
    Node,
    Not,
    Or,
    Phrase,
    Qualifier,
    Word,
    conjunction,
    disjunction,
    negation,
    words,
)

A, B, C = Word("a"), Word("b"), Word("c")


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
        ('a label:"help wanted" b', And((A, B)), "`label:` is not indexed"),
        ("a -license:MIT", A, "`license:` is not indexed"),
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
            "relicens*",
            Word("relicens*"),
            "`relicens*`: beginnings of words are not searched yet; it was searched as the word `relicens`.",
        ),
    ],
)
def test_searched_with_a_notice(text: str, tree: Node, notice: str) -> None:
    """What looks like something that there is not is searched as words, and a notice names it."""
    assert parse(text) == ParsedQuery(tree, None, (notice,))


@pytest.mark.parametrize("text", ['""', "-", " -- ", "“”", "label:x", "()", "???"])
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


leaves = st.one_of(
    st.sampled_from(["a", "foo-bar", "x:y", "C++", "ライセンス", "--flag", "http://a/b", "and", "é"]).map(Word),
    st.sampled_from(["a", "two words", "-x", "AND", "(a", "is:open"]).map(Phrase),
    st.sampled_from(IS).map(lambda value: Qualifier("is", value)),
    st.sampled_from(["a/b", "c/d.e"]).map(lambda value: Qualifier("repo", value)),
)


def as_parsed(node: Node) -> bool:
    """Whether the parser makes such a conjunction: a repository stands in it once."""
    return not isinstance(node, And) or sum(isinstance(c, Qualifier) and c.name == "repo" for c in node.nodes) < 2


trees = st.recursive(
    leaves,
    lambda nodes: st.one_of(
        nodes.map(negation),
        st.lists(nodes, min_size=2, max_size=4).map(disjunction),
        st.lists(nodes, min_size=2, max_size=4).map(conjunction).filter(as_parsed),
    ),
    max_leaves=12,
)


@given(trees)
def test_a_tree_prints_back_as_a_query(tree: Node) -> None:
    """Parsing what a tree prints gives that tree again, without a notice."""
    parsed = parse(str(tree))
    assert parsed.tree == tree
    assert parsed.notices == ()


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
    parsed = parse(text)
    again = parse(str(parsed.tree))
    assert again.tree == parsed.tree
    assert set(again.notices) <= set(parsed.notices)
    assert all("it was searched as" in notice.lower() for notice in again.notices)
