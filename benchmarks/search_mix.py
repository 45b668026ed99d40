"""The fixed mix of 60 queries by which search is measured, each beside the nearest that SQLite FTS5 can be asked.

It measures nothing. The words are those of `invented`; in another corpus some of them find nothing, which is a query
too.
"""

from __future__ import annotations

from typing import NamedTuple


class Asked(NamedTuple):
    """One query: its class, as a user types it, and for FTS5 (MATCH, further conditions, order)."""

    kind: str
    query: str
    match: str | None
    where: str = ""
    order: str = "score"


def _words(kind: str, *queries: str) -> list[Asked]:
    return [Asked(kind, query, " ".join(query.split())) for query in queries]


MIX: tuple[Asked, ...] = (
    *_words("common", "license", "the", "code", "build", "version", "copyleft"),
    *_words("rare", "lawyers", "strictly", "camps", "zebra", "forked"),
    *_words("two", "license patent", "license change", "release build", "copyright notice", "server error", "the a"),
    *_words(
        "three or four",
        "license patent grant",
        "consent of contributor",
        "change license apache",
        "readme says later version",
        "dual license both camps",
    ),
    Asked("or", "copyleft OR patent", "copyleft OR patent"),
    Asked("or", "license OR licence OR copying", "license OR licence OR copying"),
    Asked("or", "lawyers OR consent OR camps", "lawyers OR consent OR camps"),
    Asked("or", "the OR a OR code", "the OR a OR code"),
    Asked("or", "(copyleft OR patent) license", "(copyleft OR patent) AND license"),
    Asked("or", "license -patent", "license NOT patent"),
    Asked("phrase", '"patent grant"', '"patent grant"'),
    Asked("phrase", '"consent of every contributor"', '"consent of every contributor"'),
    Asked("phrase", '"change the license"', '"change the license"'),
    Asked("phrase", '"in the"', '"in the"'),
    Asked("phrase", '"copyright notice" license', '"copyright notice" license'),
    Asked("phrase", "AGPL-3.0-only", '"AGPL 3 0 only"'),
    Asked("prefix", "licens*", "licens*"),
    Asked("prefix", "re*", "re*"),
    Asked("prefix", "st*", "st*"),
    Asked("prefix", "contrib* license", "contrib* license"),
    Asked("filter", "license is:closed", "license", "state <> 'open'"),
    Asked("filter", "license is:open is:issue", "license", "state = 'open' AND kind = 'issue'"),
    Asked("filter", "copyleft label:legal", "copyleft", "label = 'legal'"),
    Asked("filter", "license license:GPL-3.0", "license", "license = 'GPL-3.0'"),
    Asked("filter", "contributor topic:cla-dco", "contributor", "topic = 'cla-dco'"),
    Asked("filter", "license repo:{repository}", "license", "repository = '{repository}'"),
    Asked("filter", "license author:{author}", "license", "author = '{author}'"),
    Asked("filter", "is:closed is:pr", None, "state <> 'open' AND kind = 'pr'"),
    Asked("filter", "repo:{repository}", None, "repository = '{repository}'"),
    Asked("filter", "author:{author} is:open", None, "author = '{author}' AND state = 'open'"),
    Asked("date", "license created:>=2020-01-01", "license", "created >= 1577836800"),
    Asked("date", "license created:2018-01-01..2018-12-31", "license", "created BETWEEN 1514764800 AND 1546300799"),
    Asked("date", "copyleft updated:<2016-06-01", "copyleft", "updated < 1464739200"),
    Asked("date", "the closed:>=2022-01-01", "the", "closed >= 1640995200"),
    Asked("date", "created:2019-03-01..2019-03-31", None, "created BETWEEN 1551398400 AND 1554076799"),
    Asked("date", "license comments:>10", "license", "comments > 10"),
    Asked("sorted", "license sort:created-desc", "license", "", "created DESC"),
    Asked("sorted", "license sort:updated-asc", "license", "", "updated"),
    Asked("sorted", "code sort:comments-desc", "code", "", "comments DESC"),
    Asked("sorted", "the sort:updated-desc", "the", "", "updated DESC"),
    Asked("sorted", '"patent grant" sort:created-asc', '"patent grant"', "", "created"),
    Asked("sorted", "is:open sort:comments-desc", None, "state = 'open'", "comments DESC"),
)
