"""Owns what the qualifiers of a query mean: which there are, which values they take, and what is said about others.

It reads one qualifier at a time: how a query is put together, `search.query` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from archiver.topics import NAMES as TOPICS
from search import licenses
from search.analysis import needles
from search.fields import NO, label_value
from search.ranges import bounds
from search.tree import (
    COUNTS,
    PLACES,
    RANGES,
    Node,
    Phrase,
    Prefix,
    Qualifier,
    Range,
    Word,
    conjunction,
    disjunction,
    negation,
    within,
)

IS = (
    "open",
    "closed",
    "merged",
    "issue",
    "pr",
    "discussion",
    "locked",
    "gone",
    "edited",
    "draft",
    "answered",
    "unanswered",
)
"""The values of `is:` that the index has."""
KINDS = {"issue": "issue", "pr": "pr", "pull-request": "pr", "pull_request": "pr", "discussion": "discussion"}
STATES = ("open", "closed", "merged")
REASONS = ("completed", "not_planned", "duplicate", "reopened", "resolved", "outdated")
ASSOCIATIONS = (
    "owner",
    "member",
    "collaborator",
    "contributor",
    "first_time_contributor",
    "first_timer",
    "mannequin",
    "none",
)
SORTS = ("relevance", "created-desc", "created-asc", "updated-desc", "updated-asc", "comments-desc", "comments-asc")

VALUES: dict[str, tuple[str, ...]] = {
    "repo": (),
    "org": (),
    "user": (),
    "author": (),
    "commenter": (),
    "involves": (),
    "mentions": (),
    "is": (*IS, "unmerged", "unlocked"),
    "type": ("issue", "pr", "discussion"),
    "state": STATES,
    "reason": REASONS,
    "label": (),
    "no": NO,
    "in": PLACES,
    "own": (),
    "license": (),
    "topic": TOPICS,
    "association": ASSOCIATIONS,
    "draft": ("true", "false"),
    **dict.fromkeys(RANGES, ()),
    "sort": SORTS,
}
"""Every qualifier that can be used, with the values that can be told beforehand."""

NOT_INDEXED = frozenset(
    (
        *("app", "archived", "assignee", "base", "body", "has", "head", "interactions", "language", "linked"),
        *("milestone", "parent-issue", "project", "reactions", "review", "review-requested", "reviewed-by", "sha"),
        *("status", "sub-issue", "team", "team-review-requested", "title", "user-review-requested"),
    )
)
"""Qualifiers of GitHub's of which nothing is indexed."""
_INSTEAD = {
    "assignee": "`involves:` finds those who are assigned, too",
    "reviewed-by": "`commenter:` finds those who reviewed, too",
    "title": "write `in:title` after the words",
    "body": "write `in:body` after the words",
    "sha": "write the hash as a word",
    "team": "write `@org/team` as a word",
}
QUOTES = '"“”„'
SHORTEST_PREFIX = 2
"""How many characters the beginning of a word has at least: with one, half of all words begin."""
_VALUE = re.compile(f"[{QUOTES}]([^{QUOTES}]*)[{QUOTES}]?|([^,{QUOTES}]+)")
_PREFIX = re.compile(r"([^*]*[^\W_])\*", re.DOTALL)
# What would be an operator or a qualifier if it stood by itself.
_READS_OTHERWISE = re.compile(
    rf"-(?!-)|(?:AND|OR|NOT)$|(?i:{'|'.join(map(re.escape, (*VALUES, *sorted(NOT_INDEXED))))}):|[^*]*\*.*\*$"
)
_PUBLIC = {"public", "private", "internal"}
_LOGIN = re.compile(r"@?([a-z0-9_-]+(?:\[bot\])?)", re.ASCII)
_LEFT_OUT = "it was left out."


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a qualifier asks for: a node, or an order, or the places for the words of its group; or only notices."""

    node: Node | None = None
    sort: str | None = None
    places: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def meaning(name: str, written: str, now: datetime | None) -> Meaning:
    """Return what `name:written` means; `name` is of VALUES or NOT_INDEXED, values with commas between are a choice.

    `now` is what ages (`created:>1y`) are counted from. Never raises; what cannot be used is said in a notice.
    """
    if name in NOT_INDEXED:
        instead = f" ({_INSTEAD[name]})" if name in _INSTEAD else ""
        return Meaning(notices=(f"`{name}:` is not indexed{instead}; {_LEFT_OUT}",))
    values = [" ".join((quoted or bare).split()) for quoted, bare in _VALUE.findall(written)]
    values = [value for value in values if value]
    if not values:
        return Meaning(notices=(f"`{name}:` has no value (write it right after the colon); {_LEFT_OUT}",))
    if name == "in":
        return _places(values)
    if name == "sort":
        return _sort(values)
    if name == "own":
        return _own(written)
    nodes: list[Node] = []
    notices: list[str] = []
    for value in values:
        found = _one(name, value, now)
        if isinstance(found, str):
            notices.append(found)
            continue
        node, notice = found if isinstance(found, tuple) else (found, None)
        if notice:
            notices.append(notice)
        if node not in nodes:
            nodes.append(node)
    return Meaning(disjunction(nodes) if nodes else None, notices=tuple(notices))


def _one(name: str, value: str, now: datetime | None) -> Node | tuple[Node, str | None] | str:
    """Return the node of one value, perhaps with a notice; or only the notice why there is none."""
    folded = value.lower()
    if name in RANGES:
        return _range(name, value, now)
    match name:
        case "is":
            return _is(folded)
        case "type":
            if folded in KINDS:
                return Qualifier("is", KINDS[folded])
            return _unknown(name, value, ("issue", "pr", "discussion"), "issue types of a project are not indexed")
        case "state":
            return Qualifier("is", folded) if folded in STATES else _unknown(name, value, STATES)
        case "draft":
            if folded == "true":
                return Qualifier("is", "draft")
            if folded == "false":
                return conjunction([Qualifier("is", "pr"), negation(Qualifier("is", "draft"))])
            return _unknown(name, value, ("true", "false"))
        case "reason" | "association":
            known = REASONS if name == "reason" else ASSOCIATIONS
            written = re.sub(r"[\s-]", "_", folded)
            return Qualifier(name, written) if written in known else _unknown(name, value, known)
        case "topic":
            return Qualifier(name, folded) if folded in TOPICS else _unknown(name, value, TOPICS)
        case "no":
            if folded in NO:
                return Qualifier(name, folded)
            return f"`no:{shown(value)}` is not indexed; known are {', '.join(NO)}. It was left out."
        case "license":
            return _license(value)
        case "label":
            label = label_value(value)
            return Qualifier(name, label) if label else f"`label:{shown(value)}` names no label; {_LEFT_OUT}"
        case "repo":
            return _repository(value)
        case _:
            return _account(name, value)


def _is(value: str) -> Node | str:
    value = KINDS.get(value, value)
    if value in IS:
        return Qualifier("is", value)
    if value == "unlocked":
        return negation(Qualifier("is", "locked"))
    if value == "unmerged":
        return conjunction([Qualifier("is", "pr"), negation(Qualifier("is", "merged"))])
    if value in _PUBLIC:
        return f"`is:{value}` is not indexed, since all that is archived was public; {_LEFT_OUT}"
    if value in {"queued", "blocked", "blocking", "pinned"}:
        return f"`is:{value}` is not indexed; {_LEFT_OUT}"
    return _unknown("is", value, (*IS, "unmerged", "unlocked"))


def _range(name: str, value: str, now: datetime | None) -> tuple[Node, str | None] | str:
    found = bounds(name, value, now)
    if found is not None:
        return Range(name, found.low, found.high), found.notice
    form = ">10, 5..20 or *..3" if name in COUNTS else ">=2018-03-05, 2018, 2018-03..2019, or an age as >1y"
    return f"`{name}:{shown(value)}` is not understood (write {name}: and then {form}); {_LEFT_OUT}"


def _license(value: str) -> Node | str:
    name = licenses.resolve(value)
    if name is not None:
        return Qualifier("license", name)
    near = licenses.nearest(value)
    meant = f"did you mean `license:{near}`?" if near else "write an SPDX id, or a family as `license:GPL`."
    return f"`license:{shown(value)}` is no license that is known here; {meant} It was left out."


def _repository(value: str) -> Node | str:
    found = re.fullmatch(
        r"(?:(?:https?://)?(?:www\.)?github\.com/)?([a-z0-9_.-]+/[a-z0-9_.-]+?)/?", value.lower(), re.ASCII
    )
    if found:
        return Qualifier("repo", found[1])
    return f"`repo:{shown(value)}` names no repository (write `repo:owner/name`); {_LEFT_OUT}"


def _account(name: str, value: str) -> Node | str:
    folded = value.lower()
    if folded == "@me":
        return f"`{name}:@me` cannot be known here, since nobody signs in; {_LEFT_OUT}"
    field = "org" if name == "user" else name
    if app := re.fullmatch(r"app/([a-z0-9_-]+)", folded, re.ASCII):
        login = f"{app[1]}[bot]"
    elif found := _LOGIN.fullmatch(folded):
        login = found[1]
    else:
        return f"`{name}:{shown(value)}` is no login; {_LEFT_OUT}"
    return Word(f"@{login}") if field == "mentions" else Qualifier(field, login)


def _own(written: str) -> Meaning:
    text = " ".join(re.sub(f"[{QUOTES}]", " ", written).split())
    if not needles(text):
        return Meaning(notices=(f"`own:{shown(text)}` has no letter and no digit to search for; {_LEFT_OUT}",))
    if any(quote in written for quote in QUOTES) or _READS_OTHERWISE.match(text):
        return Meaning(within(("own",), Phrase(text)))
    node, notice = word(text)
    return Meaning(within(("own",), node), notices=(notice,) if notice else ())


def word(text: str) -> tuple[Word | Prefix, str | None]:
    """Return the node of a word that stands by itself, and a notice if it was not read as it is written."""
    found = _PREFIX.fullmatch(text)
    if found is None:
        return Word(text), None
    if len(found[1].rsplit(" ")[-1].strip("-_./@#")) >= SHORTEST_PREFIX and found[1][-1].isalnum():
        return Prefix(found[1]), None
    return Word(found[1]), (
        f"`{shown(text)}`: a beginning needs at least {SHORTEST_PREFIX} letters or digits; "
        f"it was searched as the word `{shown(found[1])}`."
    )


def _places(values: Iterable[str]) -> Meaning:
    places: list[str] = []
    notices: list[str] = []
    for value in values:
        place = {"comment": "comments", "titles": "title"}.get(value.lower(), value.lower())
        if place in PLACES:
            places.append(place)
        else:
            notices.append(_unknown("in", value, PLACES))
    return Meaning(places=tuple(place for place in PLACES if place in places), notices=tuple(notices))


def _sort(values: list[str]) -> Meaning:
    value = values[0].lower()
    wanted = value if value in SORTS else f"{value}-desc"
    if value == "best-match":
        wanted = "relevance"
    if wanted in SORTS:
        return Meaning(sort=wanted)
    if re.match(r"(interactions|reactions|author-date|committer-date)\b", value):
        return Meaning(
            notices=(f"`sort:{shown(value)}` is not indexed; known are {', '.join(SORTS)}. It was left out.",)
        )
    return Meaning(notices=(_unknown("sort", value, SORTS),))


def _unknown(name: str, value: str, known: Iterable[str], besides: str = "") -> str:
    """Return what is said about a value that there is not: the one that was meant perhaps, or those that there are."""
    known = tuple(known)
    plain = value.lower()
    near = get_close_matches(plain, known, n=1, cutoff=0.7) or [each for each in known if plain in each.split("-")]
    said = f"did you mean `{name}:{near[0]}`?" if near else f"known are {', '.join(known)}."
    besides = f" ({besides})" if besides else ""
    return f"`{name}:{shown(value)}` is not known{besides}; {said} It was left out."


def shown(text: str) -> str:
    """Return a piece of a query as it stands in a notice: on one line, without backticks, not too long."""
    text = " ".join(text.replace("`", "'").split())
    return text if len(text) <= 40 else f"{text[:40]}…"
