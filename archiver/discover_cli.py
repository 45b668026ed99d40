"""The command `onrecord discover`: proposes watches that search for license debates, and counts what they would cost.

The queries are `archiver.queries`'s. Nothing is kept: what it prints is for the configuration file.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from archiver.config import LIMIT, token_from_environment
from archiver.errors import BadReference, BadResponse, Forbidden, Refused
from archiver.github import parse
from archiver.github.client import GitHub
from archiver.queries import TOPICS, Cost, alternatives, grouped, lasting
from archiver.references import RepositoryRef, is_owner, parse_reference
from archiver.wording import plural

if TYPE_CHECKING:
    from archiver.cli import Archive

EVERY = "24h"
SCOPE = "license"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A watch that is proposed: a query for a topic, in a place (`owner/repo`, `owner`) or everywhere."""

    topic: str
    place: str
    search: str


@dataclass(frozen=True, slots=True)
class Count:
    """What GitHub counted for a proposal, or why it did not. `at_least`: it ran out of time."""

    matches: int = 0
    at_least: bool = False
    refusal: str = ""


@click.command("discover")
@click.argument("topics", nargs=-1, metavar="[TOPIC]...")
@click.option("--in", "places", multiple=True, metavar="PLACE", help="Only there: owner/repo, or an owner. Repeatable.")
@click.option("--count", "wants_count", is_flag=True, help="Ask GitHub how much each finds: one search request each.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def discover_command(
    archive: Archive, topics: Sequence[str], places: Sequence[str], wants_count: bool, as_json: bool
) -> None:
    """Propose watches that search GitHub for license debates on TOPICs (all of them, if none is named).

    The output is TOML for the configuration file. Nothing is asked for, unless with --count, and nothing is kept.
    """
    proposals = propose(topics, places)
    counts: list[Count | None] = [None] * len(proposals)
    authenticated = token_from_environment() is not None
    if wants_count:
        with archive.client(wait=True) as github:
            counts = [count(github, each.search) for each in proposals]
    found = list(zip(proposals, counts, strict=True))
    if as_json:
        click.echo(json.dumps(_json(found, authenticated), ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join([_head(found, authenticated), *(_watch(*each, authenticated) for each in found)]))


def propose(topics: Sequence[str], places: Sequence[str]) -> list[Proposal]:
    """Return the watches for some topics in some places. Raises UsageError for what is neither."""
    for each in topics:
        if each not in TOPICS:
            near = difflib.get_close_matches(each, list(TOPICS), n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(TOPICS)}"
            raise click.UsageError(f"{each!r} is no topic; {hint}")
    within = {_qualifier(each): each for each in places} or {"": ""}
    return [
        Proposal(topic, place, search)
        for qualifier, place in within.items()
        for topic in dict.fromkeys(topics or TOPICS)
        for search in grouped(TOPICS[topic], f"in:title {qualifier}".strip())
    ]


def _qualifier(place: str) -> str:
    if is_owner(place):
        return f"user:{place}"
    try:
        ref = parse_reference(place)
    except BadReference:
        ref = None
    if not isinstance(ref, RepositoryRef):
        raise click.UsageError(f"--in: {place!r} names neither a repository, as owner/repo, nor an owner")
    return f"repo:{ref}"


def count(github: GitHub, search: str) -> Count:
    """Ask GitHub how many threads a query finds. One that it takes only in parts is counted in parts, some twice."""
    todo, total, at_least = [search], 0, False
    while todo:
        text = todo.pop()
        try:
            matches, incomplete, _ = parse.search_page(github.search(text, {"per_page": "1"}).data)
        except (BadResponse, Forbidden, Refused) as error:
            parts = alternatives(text, str(error)) if error.status == 422 else []
            if not parts:
                return Count(refusal=str(error))
            todo += parts
            continue
        total += matches
        at_least = at_least or incomplete
    return Count(total, at_least)


# --- showing it -------------------------------------------------------------------------------------------------------


def _head(found: Sequence[tuple[Proposal, Count | None]], authenticated: bool) -> str:
    lines = [f"# Proposed by onrecord discover: {plural(len(found), 'watch', 'watches')}."]
    if all(count is None for _, count in found):
        pace = 30 if authenticated else 10
        asking = f"{plural(len(found), 'search request')}, {lasting(len(found) * 60 // pace)} at {pace} a minute"
        lines.append("# What they find was not counted. Asking GitHub, with --count:")
        lines.append(f"# {asking}.")
    else:
        lines.append("# A thread that several of them find is fetched once. Those that GitHub did not count, or that")
        lines.append(f"# find more than the limit of {LIMIT:,} threads, are commented out.")
    return "\n".join(lines)


def _watch(proposal: Proposal, count: Count | None, authenticated: bool) -> str:
    """Write a proposal as TOML; of one that a crawl would refuse, every line is a comment."""
    place = f", in {proposal.place}" if proposal.place else ""
    lines = [f"# {proposal.topic}{place}"]
    table = ["[[watch]]", f"search = '{proposal.search}'", f'every = "{EVERY}"', f'scope = "{SCOPE}"']
    if count is not None and count.refusal:
        lines.append(f"# not counted: {count.refusal}")
    elif count is not None:
        lines.append(f"# {'at least ' if count.at_least else ''}{Cost(count.matches, authenticated)}")
        if count.matches > LIMIT:
            table.append(f"limit = {count.matches}")
    if count is not None and (count.refusal or count.matches > LIMIT):
        table = [f"# {each}" for each in table]
    return "\n".join([*lines, *table])


def _json(found: Sequence[tuple[Proposal, Count | None]], authenticated: bool) -> dict[str, Any]:
    return {
        "watches": [
            {
                "topic": proposal.topic,
                "in": proposal.place or None,
                "search": proposal.search,
                "every": EVERY,
                "scope": SCOPE,
                "cost": _cost_json(count, authenticated),
            }
            for proposal, count in found
        ],
        "limit": LIMIT,
        "authenticated": authenticated,
    }


def _cost_json(count: Count | None, authenticated: bool) -> dict[str, Any] | None:
    if count is None:
        return None
    if count.refusal:
        return {"refused": count.refusal}
    cost = Cost(count.matches, authenticated)
    return {
        "threads": count.matches,
        "at_least": count.at_least,
        "over_limit": count.matches > LIMIT,
        "slices": cost.slices,
        "search_requests": cost.searches,
        "requests": list(cost.requests),
        "seconds": list(cost.seconds),
    }
