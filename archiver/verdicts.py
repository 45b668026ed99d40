"""Owns what the weights of a thread come to: the verdict, and all that is told of it.

The weights are found in `archiver.license`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archiver.company import Company
from archiver.model import Evidence, Relevance
from archiver.relicensing import relicensing
from archiver.topics import OTHER, RELICENSE, topics
from archiver.weighing import WEIGHTY

MAX_EVIDENCE = 36

# Under a title about a program that handles licenses, most sentences that name one are about the program.
SURFACE_TITLE = 0.55
# And under one about a tool, or a widget, nearly all are.
TOOL_TITLE = 0.35
# Under one about a tool that has nothing to do with licenses, licensing may be debated, but is not the subject.
OTHER_TITLE = 0.95
POST_LIMIT = 9.0
TITLE_SUBJECT = WEIGHTY
OPENING_SUBJECT = 6.0
OPENING_DENSITY = 0.4
# An opening of a few sentences, of which at least half are about licensing, is about nothing else.
BRIEF_SUBJECT = 3.3
BRIEF_DENSITY = 0.5
DOMINANT_OPENING = 3.0
DOMINANT_POST = 2.0
DOMINANT_SHARE = 0.6
DEBATE_POST = 3.0
DEBATE_THREAD = 4.2
# What one person says in passing is a mention; what several take up is a debate.
TAKEN_UP = 1.0
TAKEN_UP_SHARE = 0.2
MOST_TAKERS = 4
# One sentence that nobody takes up, among the posts of a thread, must say more.
LONE_POST = 3.4
FEW_POSTS = 4
HINTED_SHARE = 0.25
# A license is discussed if it comes to this share of the one that is named most.
DISCUSSED_SHARE = 0.1
SUBJECT, DEBATE, MENTION = "subject", "debate", "mention"


@dataclass(slots=True)
class Tally:
    """What was found so far in one thread."""

    company: Company
    terms: dict[str, float] = field(default_factory=dict)
    spdx: dict[str, float] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    opening: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    moves: list[str] = field(default_factory=list)  # what may say from which license to which
    posts: list[float] = field(default_factory=list)
    authors: set[str] = field(default_factory=set)
    title: float = 0.0
    title_text: str = ""
    scale: float = 1.0  # less under a title about a program
    density: float = 0.0
    spoken: float = 0.0  # the share of the opening's sentences that name licensing at all
    hint: float = 0.0  # what the opening must weigh, under a title that hints at rights
    telling: int = 0  # sentences that say something


def _total(tally: Tally) -> float:
    takers = 1 + TAKEN_UP_SHARE * max(min(len(tally.authors), MOST_TAKERS) - 1, 0)
    return sum(tally.posts) * tally.scale * takers


def verdict_of(title: str, tally: Tally) -> str:
    """Return the verdict on a thread, or a lone comment (an empty title); nothing if nothing was found."""
    opening = tally.posts[0] if tally.posts else 0.0
    saturated = opening >= OPENING_SUBJECT and tally.density >= OPENING_DENSITY
    brief = opening >= BRIEF_SUBJECT and tally.density >= BRIEF_DENSITY
    # Or licensing is what most posts speak of, the opening among them.
    weighty = sum(score >= DOMINANT_POST for score in tally.posts)
    dominant = opening >= DOMINANT_OPENING and weighty >= 2 and weighty >= DOMINANT_SHARE * len(tally.posts)
    if tally.title >= TITLE_SUBJECT or (title and tally.scale == 1.0 and (saturated or brief or dominant)):
        return SUBJECT
    # A title that hints at rights or sources, over an opening that speaks of licensing.
    if tally.hint and tally.scale == 1.0 and opening >= tally.hint and tally.spoken >= HINTED_SHARE:
        return SUBJECT
    lone = tally.telling <= 1 and sum(score > 0 for score in tally.posts) <= 1 and len(tally.posts) > FEW_POSTS
    most = max(tally.posts, default=0.0) * tally.scale
    if most >= (LONE_POST if lone else DEBATE_POST) or _total(tally) + tally.title * tally.scale >= DEBATE_THREAD:
        return DEBATE
    return MENTION if tally.evidence else ""


def relevance_of(verdict: str, tally: Tally, basis: str) -> Relevance:
    """Return the verdict with its reasons; the empty one if `verdict` is empty. `basis` names the vocabulary."""
    if not verdict:
        return Relevance(basis=basis)
    kept = verdict in {SUBJECT, DEBATE}
    about = topics(tally.title_text, tally.opening, tally.later) if kept else ()
    change = relicensing(tally.title_text, tally.moves) if kept else None
    if change is not None and RELICENSE not in about:
        if change.before and change.after and tally.title >= TITLE_SUBJECT:
            about = (RELICENSE, *(each for each in about if each != OTHER))
        else:
            change = None
    return Relevance(
        verdict=verdict,
        score=round(tally.title + _total(tally), 2),
        terms=tuple(sorted(tally.terms, key=lambda name: (-tally.terms[name], name))),
        spdx=_discussed(tally.spdx),
        topics=about,
        evidence=tuple(sorted(tally.evidence, key=lambda item: -item.weight)[:MAX_EVIDENCE]),
        relicensing=change,
        basis=basis,
    )


def _discussed(named: dict[str, float]) -> tuple[str, ...]:
    """Return the licenses that are really discussed, the most named first.

    What is named once beside others that are named again and again is left out, and so is a family (`GPL`) beside its
    own versions.
    """
    least = max(named.values(), default=0.0) * DISCUSSED_SHARE
    ranked = [name for name in sorted(named, key=lambda name: -named[name]) if named[name] >= least]
    return tuple(name for name in ranked if not any(other.startswith(f"{name}-") for other in ranked))
