"""Puts together the texts of GitHub issue searches: a watch's own query with a window of time, and built-in ones.

Pure: it asks for nothing. Limits and language are those of GitHub's issue search: 256 characters, five operators
(https://docs.github.com/en/search-github/getting-started-with-searching-on-github/troubleshooting-search-queries).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archiver.model import iso, parse_iso
from archiver.windows import FIRST, PER_PAGE, Window
from archiver.wording import plural

LONGEST = 256
MOST_OPERATORS = 5
KINDS = ("is:issue", "is:pull-request")
"""GitHub answers some tokens (fine-grained ones, apps) only if a query names one of these, and gives no way to both."""

_ENDLESS = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_SPACE = len(" created:2008-01-01T00:00:00Z..2008-01-01T00:00:00Z")
# A word, a phrase, a qualifier with either as its value; parentheses stand alone.
_TOKEN = re.compile(r'[()]|(?:-?[A-Za-z-]+:)?"[^"]*"?|[^\s()"]+')
_KIND = re.compile(r"(?:is|type):(?:issue|pr|pull-request)\Z", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")


class BadQuery(ValueError):
    """A query that cannot be run; the text says what is wrong, in the terms of who wrote it."""


# --- a query of one's own ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    """A query, with its own `created:` taken out of it as a span of time, since GitHub takes only one such."""

    text: str
    low: datetime = FIRST
    high: datetime = _ENDLESS
    created: str = ""

    @classmethod
    def parse(cls, written: str) -> Query:
        """Read a query as somebody wrote it. Raises BadQuery for one that GitHub or this program could not run."""
        tokens = _TOKEN.findall(" ".join(written.split()))
        if not tokens:
            raise BadQuery("the query is empty")
        if written.count('"') % 2:
            raise BadQuery("a quotation mark is not closed")
        _check_parentheses(tokens)
        operators = sum(each in {"AND", "OR", "NOT"} for each in tokens)
        if operators > MOST_OPERATORS:
            raise BadQuery(f"{operators} of AND, OR and NOT, and GitHub takes {MOST_OPERATORS}")
        created: list[str] = []
        for each in tokens:
            name, colon, value = each.partition(":")
            if not colon or each.startswith('"'):
                continue
            match name.lower():
                case "created":
                    created.append(value)
                case "sort" | "order" | "-created" | "updated" | "-updated":
                    raise BadQuery(f"`{name}:` cannot be used here: results are asked for by their times anyway")
        if len(created) > 1:
            raise BadQuery("`created:` stands in it twice, and GitHub takes it once")
        if created and not any(each.lower().startswith("created:") for each in _outside(tokens)):
            raise BadQuery("`created:` stands in parentheses; put it outside of them, for the whole query")
        if created and "OR" in _outside(tokens):
            raise BadQuery("with `created:`, alternatives need parentheses, as `(one OR other) created:>=2020-01-01`")
        rest = [each for each in tokens if not each.lower().startswith("created:")]
        low, high = _bounds(created[0]) if created else (FIRST, _ENDLESS)
        text = _joined(rest)
        if not text:
            raise BadQuery("there is nothing in it but times; add a word or a qualifier such as `repo:owner/name`")
        if "OR" in _outside(rest):
            text = f"({text})"  # else GitHub would narrow only the last alternative down to a time
        query = cls(text, low, high, f"created:{created[0]}" if created else "")
        length = len(query.text) + _SPACE + (len(query.created) + 1 if created else 0)
        if not any(_KIND.match(each) for each in rest):
            length += 1 + max(map(len, KINDS))
        if length > LONGEST:
            over = length - LONGEST
            raise BadQuery(
                f"{len(written)} characters are {over} too many: GitHub takes {LONGEST}, with the times that are added"
            )
        return query


def within(window: Window, created: str = "") -> str:
    """Return the text to send for a window; `created` is the query's own, where the windows are of updates."""
    span = f"{window.by}:{iso(window.low)}..{iso(window.high)}"
    return " ".join(filter(None, [window.query, created if window.by != "created" else "", span]))


def alternatives(text: str, refusal: str) -> list[str]:
    """Return queries that find the same together where GitHub refused one; none if there is no other way to ask.

    `refusal` is GitHub's message. Where both kinds at once are refused, each is asked for by itself; where alternatives
    are (which older servers do not know), each of them.
    """
    if "is:issue" in refusal and not any(kind in text for kind in KINDS):
        return [f"{text} {kind}" for kind in KINDS]
    tokens = _TOKEN.findall(text)
    depth = [0]
    for each in tokens:
        depth.append(depth[-1] + (each == "(") - (each == ")"))
    ors = [at for at, each in enumerate(tokens) if each == "OR"]
    if not ors or {depth[at] for at in ors} != {1}:
        return []
    begin = max(at for at in range(ors[0]) if tokens[at] == "(")
    end = min(at for at in range(ors[-1], len(tokens)) if tokens[at] == ")")
    if any(token in {"(", ")"} for token in tokens[begin + 1 : end]):
        return []
    parts: list[list[str]] = [[]]
    for each in tokens[begin + 1 : end]:
        if each == "OR":
            parts.append([])
        else:
            parts[-1].append(each)
    return [_joined([*tokens[:begin], *part, *tokens[end + 1 :]]) for part in parts if part]


def _check_parentheses(tokens: Sequence[str]) -> None:
    depth = 0
    for each in tokens:
        depth += (each == "(") - (each == ")")
        if depth < 0:
            break
    if depth:
        raise BadQuery("a parenthesis is not closed, or closed without being opened")


def _outside(tokens: Sequence[str]) -> Iterator[str]:
    """Yield the tokens that stand in no parentheses."""
    depth = 0
    for each in tokens:
        depth += (each == "(") - (each == ")")
        if depth == 0:
            yield each


def _joined(tokens: Sequence[str]) -> str:
    return " ".join(tokens).replace("( ", "(").replace(" )", ")")


def _bounds(value: str) -> tuple[datetime, datetime]:
    """Read the span of a `created:`. Raises BadQuery."""
    value = value.strip('"')
    for sign in (">=", "<=", ">", "<"):
        if value.startswith(sign):
            low, high = _moments(value.removeprefix(sign))
            second = timedelta(seconds=1)
            return {
                ">=": (low, _ENDLESS),
                ">": (high + second, _ENDLESS),
                "<=": (FIRST, high),
                "<": (FIRST, low - second),
            }[sign]
    first, dots, last = value.partition("..")
    low = FIRST if dots and first == "*" else _moments(first)[0]
    high = _ENDLESS if dots and last == "*" else _moments(last if dots else first)[1]
    if low > high:
        raise BadQuery(f"`created:{value}` ends before it begins")
    return low, high


def _moments(text: str) -> tuple[datetime, datetime]:
    """Return the first and the last second that a date or time stands for."""
    try:
        if _DAY.match(text):
            day = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return day, day + timedelta(hours=23, minutes=59, seconds=59)
        moment = parse_iso(text)
    except ValueError:
        raise BadQuery(f"`created:` takes a date or two, as 2020-01-01..2020-12-31, and no {text!r}") from None
    return moment, moment


# --- built-in ones ----------------------------------------------------------------------------------------------------

WORDS = (
    *("license", "licence", "licensing", "licensed", "relicense", "relicensing"),
    *("licenses", "licences", "relicence", "copyleft", "SPDX", '"public domain"'),
    *("GPL", "LGPL", "AGPL", "GPLv2", "GPLv3", "SSPL"),
    *("copyright", "copyrighted", "CLA", "DCO", "patent", "trademark"),
    *("Lizenz", "licencia", "licença", "лицензия", "许可证", "ライセンス"),
)
"""What threads that debate a license say somewhere; which of them do, is decided when they were read."""

TOPICS: Mapping[str, tuple[str, ...]] = {
    "relicense": (
        *("relicense", "relicensing", '"change license"', '"change the license"', '"license change"'),
        *('"switch license"', "relicence", "relicencing", '"change licence"', '"licence change"'),
        *('"dual license"', '"dual licence"', '"dual licensing"'),
    ),
    "which-license": (
        *('"which license"', '"what license"', '"choose a license"', '"under what license"', '"license question"'),
        *('"which licence"', '"what licence"', '"choose a licence"', '"under what licence"', '"clarify license"'),
    ),
    "missing-license": (
        *('"missing license"', '"no license"', '"add license"', '"add a license"', '"license missing"'),
        *('"missing licence"', '"no licence"', '"add licence"', '"add a licence"', '"without license"'),
    ),
    "wrong-metadata": (
        *('"wrong license"', '"incorrect license"', '"license metadata"', '"license field"', '"license mismatch"'),
        *('"wrong licence"', '"incorrect licence"', '"licence field"', '"SPDX identifier"', '"SPDX expression"'),
    ),
    "compatibility": (
        *('"license compatibility"', '"license incompatibility"', '"incompatible license"', '"GPL compatible"'),
        *('"licence compatibility"', '"licence incompatibility"', '"incompatible licence"', '"license conflict"'),
    ),
    "violation-attribution": (
        *('"license violation"', '"GPL violation"', '"copyright infringement"', '"copyright violation"'),
        *('"licence violation"', '"missing attribution"', '"violates license"', '"violates the license"'),
    ),
    "cla-dco": (
        *('"contributor license agreement"', '"contributor licence agreement"', '"copyright assignment"'),
        *('"developer certificate of origin"', '"require CLA"', '"remove CLA"', '"require DCO"', '"sign the CLA"'),
    ),
    "patent": (
        *('"patent grant"', '"patent clause"', '"patent license"', '"patent licence"', '"patents file"'),
        *('"patent rights"', '"software patent"', '"software patents"'),
    ),
    "third-party-code": (
        *('"third party license"', '"third party licenses"', '"third party notices"', '"bundled license"'),
        *('"third party licence"', '"third party licences"', '"dependency licenses"', '"copied code"'),
    ),
    "license-files-packaging": (
        *('"license file"', '"include license"', '"include the license"', '"license header"', '"license headers"'),
        *('"licence file"', '"include licence"', '"licence header"', '"NOTICE file"', '"COPYING file"'),
    ),
    "docs-or-data-license": (
        *('"documentation license"', '"dataset license"', '"data license"', '"model license"', '"weights license"'),
        *('"documentation licence"', '"dataset licence"', '"data licence"', '"font license"', '"assets license"'),
    ),
    "other": (
        *("copyleft", '"commons clause"', '"business source license"', '"source available"', '"fair source"', "SSPL"),
        *('"free software"', '"non commercial license"', '"trademark policy"', '"proprietary license"'),
    ),
}
"""By topic (`archiver.license`), what stands in the titles of such debates, in British and American spelling."""


def grouped(words: Sequence[str], rest: str) -> list[str]:
    """Return queries for any of some words, with further qualifiers: as few as GitHub's limits allow."""
    room = LONGEST - _SPACE - 1 - max(map(len, KINDS))
    groups: list[list[str]] = []
    for word in words:
        if groups and len(groups[-1]) <= MOST_OPERATORS and len(_any_of([*groups[-1], word], rest)) <= room:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [_any_of(group, rest) for group in groups]


def _any_of(words: Sequence[str], rest: str) -> str:
    return f"{words[0]} {rest}" if len(words) == 1 else f"({' OR '.join(words)}) {rest}"


# --- what it costs ----------------------------------------------------------------------------------------------------

PER_THREAD = (3, 4)
"""The thread, its comments, its timeline, and the review comments of a pull request."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a search costs that finds so many threads: requests, and the seconds that GitHub's limits make of them."""

    matches: int
    authenticated: bool

    @property
    def slices(self) -> int:
        """How many windows the results are read in."""
        return max(math.ceil(self.matches / (PER_PAGE * 10)), 1)

    @property
    def searches(self) -> int:
        """How many search requests it takes; the results of a window begin where those of the last one ended."""
        return max(math.ceil(self.matches / PER_PAGE), 1) + self.slices - 1

    @property
    def requests(self) -> tuple[int, int]:
        """How many other requests it takes: from, to."""
        return self.matches * PER_THREAD[0], self.matches * PER_THREAD[1]

    @property
    def search_seconds(self) -> int:
        """How long the searches take."""
        return math.ceil(self.searches * 60 / (30 if self.authenticated else 10))

    @property
    def seconds(self) -> tuple[int, int]:
        """How long it takes in all: from, to."""
        hourly = 5000 if self.authenticated else 60
        few, many = (self.search_seconds + math.ceil(each * 3600 / hourly) for each in self.requests)
        return few, many

    def __str__(self) -> str:
        """Say it in one line."""
        few, many = self.requests
        token = "with" if self.authenticated else "without"
        return (
            f"{plural(self.matches, 'thread')}: about {plural(self.searches, 'search request')} and"
            f" {_from_to(f'{few:,}', f'{many:,}')} others, {_from_to(*map(lasting, self.seconds))} {token} a token"
        )


def _from_to(few: str, many: str) -> str:
    return few if few == many else f"{few} to {many}"


def lasting(seconds: int) -> str:
    """Say how long something takes, in the largest unit that fits."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds} seconds"
