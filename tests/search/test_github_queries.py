"""Tests that the queries of GitHub's documentation mean here what they mean there, or say what is not indexed.

They are the examples of "Searching issues and pull requests", "Understanding the search syntax" and "Sorting search
results" on docs.github.com.
"""

from __future__ import annotations

import pytest

from search.query import parse
from search.tree import And, Everything, Node, Not, Or, Phrase, Qualifier, Range, Within, Word


def at(name: str, value: str) -> Qualifier:
    """Return a qualifier."""
    return Qualifier(name, value)


CLOSED, OPEN, ISSUE, PR = (at("is", value) for value in ("closed", "open", "issue", "pr"))
DAY = 86_400
Y2011, MARCH_2012, OCTOBER_2012 = 1_293_840_000, 1_330_560_000, 1_349_049_600


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        # kinds: `type:` and `is:` are the same
        ("cat type:pr", And((Word("cat"), PR))),
        ("github commenter:defunkt type:issue", And((Word("github"), at("commenter", "defunkt"), ISSUE))),
        ("event is:pr", And((Word("event"), PR))),
        ("is:issue label:bug is:closed", And((ISSUE, at("label", "bug"), CLOSED))),
        # places: `in:` is about the words, wherever it stands; qualifiers beside it are not touched
        ("warning in:title", Within(("title",), Word("warning"))),
        ("error in:title,body", Within(("title", "body"), Word("error"))),
        ("shipit in:comments", Within(("comments",), Word("shipit"))),
        ("shipit in:comment", Within(("comments",), Word("shipit"))),  # so the example's own link has it
        ("bootstrap in:body author:mdo", And((Within(("body",), Word("bootstrap")), at("author", "mdo")))),
        (
            "NOT bootstrap in:body involves:mdo",
            And((Not(Within(("body",), Word("bootstrap"))), at("involves", "mdo"))),
        ),
        # whose repositories: a user's and an organisation's are told by their owner
        ("user:defunkt ubuntu", And((at("org", "defunkt"), Word("ubuntu")))),
        ("org:github", at("org", "github")),
        (
            "repo:mozilla/shumway created:<2012-03-01",
            And((at("repo", "mozilla/shumway"), Range("created", None, MARCH_2012 - 1))),
        ),
        # state and reason
        ("libraries state:open mentions:vmg", And((Word("libraries"), OPEN, Word("@vmg")))),
        ("design state:closed in:body", And((Within(("body",), Word("design")), CLOSED))),
        ("performance is:open is:issue", And((Word("performance"), OPEN, ISSUE))),
        ("libraries is:closed reason:completed", And((Word("libraries"), CLOSED, at("reason", "completed")))),
        ('libraries is:closed reason:"not planned"', And((Word("libraries"), CLOSED, at("reason", "not_planned")))),
        ("error is:unmerged", And((Word("error"), PR, Not(at("is", "merged"))))),
        ("bug is:pr is:merged", And((Word("bug"), PR, at("is", "merged")))),
        ("draft:true", at("is", "draft")),
        ("draft:false", And((PR, Not(at("is", "draft"))))),  # pull requests that are ready, no issues
        # accounts: an app's login ends with [bot]; several that are involved are a choice
        ("cool author:gjtorikian", And((Word("cool"), at("author", "gjtorikian")))),
        ("author:app/robot", at("author", "robot[bot]")),
        ("-author:app/robot", Not(at("author", "robot[bot]"))),
        ("resque mentions:defunkt", And((Word("resque"), Word("@defunkt")))),
        (
            "github commenter:defunkt org:github",
            And((Word("github"), at("commenter", "defunkt"), at("org", "github"))),
        ),
        ("involves:defunkt involves:jlord", Or((at("involves", "defunkt"), at("involves", "jlord")))),
        ("mentions:defunkt -org:github", And((Word("@defunkt"), Not(at("org", "github"))))),
        # labels: several must all be there, with commas between any will do
        (
            "broken in:body -label:bug label:priority",
            And((Within(("body",), Word("broken")), Not(at("label", "bug")), at("label", "priority"))),
        ),
        ("label:bug label:resolved", And((at("label", "bug"), at("label", "resolved")))),
        ("label:bug,resolved", Or((at("label", "bug"), at("label", "resolved")))),
        ('build label:"bug fix"', And((Word("build"), at("label", "bug fix")))),
        ("priority no:label", And((Word("priority"), at("no", "label")))),
        # numbers and dates: `>` of a day is after it, `<` before it
        ("state:closed comments:>100", And((CLOSED, Range("comments", 101, None)))),
        ("comments:500..1000", Range("comments", 500, 1000)),
        (
            "weird in:body updated:>=2013-02-01",
            And((Within(("body",), Word("weird")), Range("updated", 1_359_676_800))),
        ),
        (
            "data in:body closed:<2012-10-01",
            And((Within(("body",), Word("data")), Range("closed", None, OCTOBER_2012 - 1))),
        ),
        ("cats created:>2016-04-29", And((Word("cats"), Range("created", 1_461_888_000 + DAY)))),
        ("cats created:<=2012-07-04", And((Word("cats"), Range("created", None, 1_341_360_000 + DAY - 1)))),
        ("cats created:2012-04-30..*", And((Word("cats"), Range("created", 1_335_744_000)))),
        ("cats created:*..2012-07-04", And((Word("cats"), Range("created", None, 1_341_360_000 + DAY - 1)))),
        (
            "cats created:2017-01-01T01:00:00+07:00..2017-03-01T15:30:15+07:00",
            And((Word("cats"), Range("created", 1_483_207_200, 1_488_357_015))),
        ),
        (
            "cats created:2016-03-21T14:11:00Z..2016-04-07T20:45:00Z",
            And((Word("cats"), Range("created", 1_458_569_460, 1_460_061_900))),
        ),
        # words
        ("hello NOT world", And((Word("hello"), Not(Word("world"))))),
        ('cats NOT "hello world"', And((Word("cats"), Not(Phrase("hello world"))))),
        # the text is searched: commits themselves are not held
        ("e1109ab", Word("e1109ab")),
        ("0eff326d6213c is:merged", And((Word("0eff326d6213c"), at("is", "merged")))),
    ],
)
def test_the_same_meaning(query: str, tree: Node) -> None:
    """What GitHub finds by it is what the tree asks for, and nothing has to be said."""
    assert parse(query).tree == tree
    assert parse(query).notices == ()


@pytest.mark.parametrize(
    ("query", "tree", "notice"),
    [
        # what the archive does not keep for searching
        ("assignee:vmg repo:libgit2/libgit2", at("repo", "libgit2/libgit2"), "`assignee:` is not indexed"),
        ("is:open is:issue assignee:*", And((OPEN, ISSUE)), "`assignee:` is not indexed"),
        ('milestone:"overhaul"', Everything(), "`milestone:` is not indexed"),
        ("team:jekyll/owners", Everything(), "`team:` is not indexed (write `@org/team` as a word)"),
        (
            "repo:desktop/desktop is:open -linked:pr",
            And((at("repo", "desktop/desktop"), OPEN)),
            "`linked:` is not indexed",
        ),
        ('label:"help wanted" language:ruby', at("label", "help wanted"), "`language:` is not indexed"),
        ("project:github/57", Everything(), "`project:` is not indexed"),
        (
            "is:open status:success finally in:body",
            And((OPEN, Within(("body",), Word("finally")))),
            "`status:` is not indexed",
        ),
        (
            "head:change is:closed is:unmerged",
            And((CLOSED, PR, Not(at("is", "merged")))),
            "`head:` is not indexed",
        ),
        ("base:gh-pages", Everything(), "`base:` is not indexed"),
        ("interactions:>2000", Everything(), "`interactions:` is not indexed"),
        ("reactions:>1000", Everything(), "`reactions:` is not indexed"),
        ("type:pr review:approved", PR, "`review:` is not indexed"),
        ("type:pr reviewed-by:gjtorikian", PR, "`commenter:` finds those who reviewed"),
        ("type:pr user-review-requested:@me", PR, "`user-review-requested:` is not indexed"),
        (
            "language:c# created:<2011-01-01 state:open",
            And((Range("created", None, Y2011 - 1), OPEN)),
            "`language:` is not indexed",
        ),
        ("archived:true GNOME", Word("GNOME"), "`archived:` is not indexed"),
        ("sprint no:milestone type:issue", And((Word("sprint"), ISSUE)), "`no:milestone` is not indexed"),
        ("is:queued", Everything(), "`is:queued` is not indexed"),
        # nobody signs in, and all is public
        ("author:@me", Everything(), "nobody signs in"),
        ("is:pr commenter:@me", PR, "nobody signs in"),
        ("is:private cupcake", Word("cupcake"), "all that is archived was public"),
        # orders
        ("org:github sort:interactions", at("org", "github"), "`sort:interactions` is not indexed"),
        ("org:github sort:reactions-+1", at("org", "github"), "is not indexed"),
        ("org:github sort:author-date", at("org", "github"), "is not indexed"),
    ],
)
def test_or_a_notice(query: str, tree: Node, notice: str) -> None:
    """What is not indexed is named beside the results of the rest, and never passed over in silence."""
    assert parse(query).tree == tree
    assert notice in " ".join(parse(query).notices)


@pytest.mark.parametrize(
    ("query", "order"), [("feature sort:updated", "updated-desc"), ("feature sort:updated-asc", "updated-asc")]
)
def test_orders(query: str, order: str) -> None:
    """Orders are written as on GitHub."""
    assert (parse(query).tree, parse(query).sort, parse(query).notices) == (Word("feature"), order, ())
