"""Owns the judgement whether a thread is about licensing, and the reasons for it; pure, without I/O.

The words that it weighs stand in `archiver.vocabulary`, what a sentence does about licensing in `archiver.acts`, what
titles are about in `archiver.titles`, the licenses' names in `archiver.spdx`, the topics in `archiver.topics`; how a
post's text is told apart, in `archiver.markup`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from archiver import titles
from archiver.acts import SURFACE, Done, acts_in
from archiver.errors import ConfigError
from archiver.model import Evidence, Relevance
from archiver.observed import ObservedPost
from archiver.spdx import spdx_mentions
from archiver.topics import OTHER, RELICENSE, relicensing, resolved, topics
from archiver.vocabulary import (
    BANNER_LINE,
    BOILERPLATE,
    BOTS,
    CAPITAL_WORDS,
    CAPITALS,
    FALSE_FRIENDS,
    FILE_NAMES,
    FOREIGN,
    FOREIGN_STEMS,
    NOISE,
    STEMS,
    TERMS,
    VERSION,
)

__all__ = ["PostText", "Vocabulary", "spdx_mentions"]

MAX_TERM = 100
MAX_EVIDENCE = 36
MAX_TEXT = 100_000
MAX_TITLE = 500
MAX_LINE = 2_000
MAX_SENTENCE = 1_500

# How much a sentence counts by where it stands. A title is weighed by itself.
PLACES = {"own": 1.0, "quote": 0.15, "details": 0.3, "code": 0.05}
# A sentence weighs what its terms are worth, and what it does: the chief act in full, further ones in part.
TERM_SHARE = 0.5
PASSING_SHARE = 0.3
SECOND_ACT, THIRD_ACT = 0.4, 0.2
SURFACE_SHARE = 0.35
# The terms that programs handle, too. With no others a sentence may be about the program.
HANDLED = frozenset(
    {
        "license",
        "license-file",
        "license-field",
        "license-header",
        "copyright",
        "attribution",
        "spdx",
        "cla",
        "dco",
    }
)
LONE_SHARE = 0.85
# An act of another sentence, which may be farther off.
BESIDE_REACH = 2
BESIDE_SHARE = 0.45
# A term that means nothing but licensing says more, whatever is said of it.
SURE = 3.0
SURE_BONUS = 0.6
# Under a title about a program that handles licenses, most sentences that name one are about the program.
SURFACE_TITLE = 0.55
LICENSE_NAME = "license-name"
LICENSE_NAME_WEIGHT = 2.25
FURTHER_TERM = 0.4
POST_LIMIT = 9.0
TITLE_SUBJECT = 2.0
OPENING_SUBJECT = 6.0
OPENING_DENSITY = 0.4
DOMINANT_OPENING = 3.0
DOMINANT_POST = 2.0
DOMINANT_SHARE = 0.6
DEBATE_POST = 3.0
DEBATE_THREAD = 4.2
# What one person says in passing is a mention; what several take up is a debate.
TAKEN_UP = 1.0
TAKEN_UP_SHARE = 0.2
MOST_TAKERS = 4
# A license is discussed if it comes to this share of the one that is named most.
DISCUSSED_SHARE = 0.1

_SENTENCE = re.compile(r"[^.!?\n。！？]*(?:[.!?](?!\s|\Z)[^.!?\n。！？]*)*(?:[.!?。！？]+|\n|\Z)")
# The end of a line that is none of a sentence: an e-mail's, or a commit message's.
_WRAPPED = re.compile(r"(?<=[^\n]{45})(?<![.!?:;|>])\n(?=[a-z(\"'])")
_BOX = re.compile(r"^[ \t>]*(?:[-*+]|\d+[.)])[ \t]+\[[ xX]\][ \t]+(.+)$", re.MULTILINE)
_PARAGRAPH = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class PostText:
    """What is judged of a post: its text, and who wrote it (`bot`: GitHub says that it is no person)."""

    body: str
    body_html: str | None = None
    author: str | None = None
    bot: bool = False

    @classmethod
    def of(cls, post: ObservedPost) -> PostText:
        """Return what is judged of a post as it was observed."""
        who = post.author
        return cls(post.body, post.body_html, who.login if who else None, bool(who and who.bot))


class Found(NamedTuple):
    """A term that stands in a text, with how surely it means licensing."""

    name: str
    text: str
    weight: float
    start: int
    end: int


@dataclass(slots=True)
class _Tally:
    """What was found so far in one thread."""

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
    surface: bool = False
    density: float = 0.0


class Vocabulary:
    """The built-in vocabulary with an operator's own words; immutable once built.

    `stems` and `foreign_stems` are substrings of the lower-cased text, `capitals` of the text as it is: a text without
    any of them says nothing about licensing.
    """

    def __init__(self, terms: Sequence[str] = (), ignore: Sequence[str] = ()) -> None:
        """Add `terms`, each as strong as "relicense", and pass over the phrases in `ignore`; case does not matter.

        Raises `ConfigError` for a term or phrase that is empty or longer than `MAX_TERM` characters.
        """
        own = _checked(terms, "license.terms")
        ignored = _checked(ignore, "license.ignore")
        self._own = [(term, _phrase(term), 3.0) for term in own]
        self._ignore = re.compile("|".join(_phrase(p).pattern for p in ignored), re.IGNORECASE) if ignored else None
        # The longest word of a term is enough for a first look, however the words are spaced.
        words = [max(term.lower().split(), key=len) for term in own]
        self.stems: tuple[str, ...] = (*STEMS, *(word for word in words if word.isascii()))
        self.foreign_stems: tuple[str, ...] = (*FOREIGN_STEMS, *(word for word in words if not word.isascii()))
        self.capitals: tuple[str, ...] = CAPITALS
        digest = hashlib.sha256(json.dumps([VERSION, own, ignored], ensure_ascii=True).encode())
        self.fingerprint: str = digest.hexdigest()[:16]

    def mentions(self, text: str) -> bool:
        """Say whether `text` may be about licensing: a fast look; if it says no, `judge` finds nothing either."""
        lowered = text.lower()
        for stem in self.stems:
            if stem in lowered:
                return True
        if not text.isascii():
            for stem in self.foreign_stems:
                if stem in lowered:
                    return True
        for word in self.capitals:
            if word in text:
                return CAPITAL_WORDS.search(text) is not None
        return False

    def judge(self, title: str, posts: Sequence[PostText]) -> Relevance:
        """Judge a thread by its title and posts (the opening first), or a lone comment by an empty title and one post.

        The score is the title's weight plus that of the posts; the evidence is the heaviest first, `MAX_EVIDENCE` items
        at most. Posts of robots count for nothing.
        """
        tally = _Tally()
        telling = [not _is_bot(post) and self.mentions(post.body) for post in posts]
        opened_by_bot = bool(title and posts and _is_bot(posts[0]))
        if title and not opened_by_bot and (self.mentions(title) or any(telling[:3])):
            self._read_title(title, tally, company=any(telling[:2]))
        for number, post in enumerate(posts):
            before = len(tally.evidence)
            score = min(self._read_post(post, number, tally), POST_LIMIT) if telling[number] else 0.0
            tally.posts.append(score if len(tally.evidence) > before else 0.0)
            if score >= TAKEN_UP:
                tally.authors.add(post.author or f"#{number}")
        return _verdict(title, tally, self.fingerprint)

    # --- titles ---

    def _read_title(self, title: str, tally: _Tally, *, company: bool) -> None:
        # Code in a title is the program's own; a license, or its file's name, is what the title is about.
        text = titles.CODE.sub(lambda code: code[0] if spdx_mentions(code[0], sure=True) else " ", title[:MAX_TITLE])
        text = FILE_NAMES.sub("LICENSE", titles.IDENTIFIER.sub("SPDX identifier", text))
        tally.title_text = text
        text = self._blank(text)
        found = self._find(text)
        moves = company and titles.MOVES.search(text) is not None
        named = spdx_mentions(text, sure=moves)
        if not found and named:
            name, start, end = named[0]
            found = [Found(LICENSE_NAME, text[start:end], TITLE_SUBJECT, start, end)]
        if not found and (match := titles.TERMS_OF_USE.search(text)):
            found = [Found("terms-of-use", match[0], TITLE_SUBJECT if company else 1.0, *match.span())]
        if not found:
            tally.surface = "licen" in title.lower()  # an identifier, a product: a program that handles licenses
            return
        weight = max(each.weight for each in found)
        names = {each.name for each in found}
        serious = titles.SERIOUS.search(text) is not None
        grave = titles.GRAVE.search(text) is not None
        if names <= titles.WEAK:
            short = (len(text.split()) <= titles.SHORT or len(names) > 1) and not names & titles.HEADERS
            weight = max(weight, TITLE_SUBJECT) if (serious and company) or grave or short else min(weight, 1.0)
        if (
            titles.BARE_UPDATE.match(text)
            or titles.HARD_SURFACE.search(text)
            or (titles.HANDLING.search(text) and names <= HANDLED)
            or (titles.SURFACE.search(text) and names <= HANDLED and (not grave or titles.QUOTED.search(text)))
        ):
            weight = min(weight, 1.0)
        tally.surface = weight < TITLE_SUBJECT
        tally.title = weight
        self._note(found, "title", 0, weight, tally)
        for name, _, _ in named:
            _add(tally.spdx, resolved(name), 3.0)

    # --- posts ---

    def _read_post(self, post: PostText, number: int, tally: _Tally) -> float:
        from archiver.markup import segments  # loads three libraries, which most callers of this module do without

        total = 0.0
        own = about = 0
        boxes = {_letters(match[1]) for match in _BOX.finditer(post.body[:MAX_TEXT])}
        for segment in segments(post.body, post.body_html):
            if segment.place == "own":
                own += 1 + segment.text.count(". ") + segment.text.count("\n")
            for paragraph in _PARAGRAPH.split(segment.text[:MAX_TEXT]):
                if self.mentions(paragraph) and not BOILERPLATE.search(paragraph):
                    text = self._blank(_WRAPPED.sub(" ", _without_banners(paragraph, boxes)))
                    score, weighty = self._read_paragraph(text, segment.place, number, tally)
                    total += score
                    about += weighty if segment.place == "own" else 0
        if number == 0:
            tally.density = about / max(own, 1)
        return total

    def _read_paragraph(self, text: str, place: str, number: int, tally: _Tally) -> tuple[float, int]:
        """Take in a paragraph's sentences; return what they weigh, and how many of them are about licensing."""
        total = 0.0
        about = 0
        if not self.mentions(text):
            return total, about
        spdx = spdx_mentions(text)
        acts: list[Done] | None = None
        for sentence, start in _sentences(text):
            stretch = (start, start + len(sentence))
            found = self._find(sentence)
            named = [item for item in spdx if stretch[0] <= item[1] < stretch[1]]
            if not found and named:
                name = text[named[0][1] : named[0][2]]
                at = named[0][1] - start
                found = [Found(LICENSE_NAME, name, LICENSE_NAME_WEIGHT, at, at + len(name))]
            if not found:
                if number == 0 and place == "own" and titles.MOVES.search(sentence):
                    tally.moves.append(sentence)
                continue
            acts = acts_in(text) if acts is None else acts
            weight, act = weigh(found, acts, stretch, sentence)
            weight *= PLACES[place]
            total += weight
            self._note(found, place, number, weight, tally, act)
            if place == "own":
                (tally.opening if number == 0 else tally.later).append(sentence)
                if number == 0:
                    tally.moves.append(sentence)
                about += weight >= TITLE_SUBJECT
            for name, _, _ in named:
                _add(tally.spdx, resolved(name), PLACES[place] * (1.0 if act else 0.5))
        return total, about

    def _blank(self, text: str) -> str:
        if self._ignore is not None:
            text = self._ignore.sub(_spaces, text)
        return NOISE.sub(_spaces, FALSE_FRIENDS.sub(_spaces, text))

    def _find(self, text: str) -> list[Found]:
        """List the terms in `text`, of each name the heaviest."""
        if not self.mentions(text):
            return []
        best: dict[str, Found] = {}
        for name, pattern, weight in (*self._own, *TERMS):
            match = pattern.search(text)
            if match and (name not in best or best[name].weight < weight):
                best[name] = Found(name, " ".join(match[0].split()), weight, *match.span())
        return list(best.values())

    def _note(
        self, found: list[Found], place: str, post: int, weight: float, tally: _Tally, act: str | None = None
    ) -> None:
        chief = max(found, key=lambda each: each.weight)
        for each in found:
            tally.terms[each.name] = tally.terms.get(each.name, 0.0) + each.weight
            if each is not chief:
                share = round(min(weight, each.weight * PLACES.get(place, 1.0)), 2)
                tally.evidence.append(Evidence(each.name, each.text, place, post, share))
        name = f"{chief.name}, {act}" if act else chief.name
        tally.evidence.append(Evidence(name, chief.text, place, post, round(weight, 2)))


def weigh(
    found: Sequence[Found], acts: Sequence[Done], stretch: tuple[int, int], sentence: str
) -> tuple[float, str | None]:
    """Weigh the sentence at `stretch` of a paragraph by its terms and by what is done about them.

    `acts` are the paragraph's. Those of other sentences near the terms count in part: "It is under the AGPL. We can't
    ship it." Returns the chief act's name, too.
    """
    heaviest = max(each.weight for each in found)
    # Terms overlap ("permissive license" holds "license"): only those in other words count as further ones.
    spans: list[str] = []
    for each in sorted(found, key=lambda item: -len(item.text)):
        if not any(each.text.lower() in span for span in spans):
            spans.append(each.text.lower())
    terms = heaviest + FURTHER_TERM * min(len(spans) - 1, 3)
    spots = [(stretch[0] + each.start, stretch[0] + each.end) for each in found if each.weight >= 1.0]
    foreign = any(each.name in FOREIGN for each in found) or not sentence.isascii()
    done: dict[str, float] = {}
    for act in acts:
        within = stretch[0] <= act.start < stretch[1]
        if act.near_to(spots, 1 if within else BESIDE_REACH) and (foreign or not act.foreign):
            done[act.name] = max(done.get(act.name, 0.0), act.weight * (1.0 if within else BESIDE_SHARE))
    bonus = SURE_BONUS if heaviest >= SURE else 0.0
    if not done:
        return terms * PASSING_SHARE + bonus, None
    chief, *others = sorted(done.items(), key=lambda item: -item[1])
    does = (
        chief[1] + SECOND_ACT * sum(each[1] for each in others[:1]) + THIRD_ACT * sum(each[1] for each in others[1:2])
    )
    # What is hardly a term of licensing is no act of it, either.
    does *= min(heaviest / TITLE_SUBJECT, 1.0)
    names = {each.name for each in found}
    if len(spans) == 1 and names <= HANDLED:
        does *= LONE_SHARE
    if names <= HANDLED and SURFACE.search(sentence):
        does *= SURFACE_SHARE
    return terms * TERM_SHARE + does + bonus, chief[0]


def _checked(words: Sequence[str], key: str) -> list[str]:
    for word in words:
        if not word.strip():
            raise ConfigError(f"{key}: a term is empty", key=key)
        if len(word) > MAX_TERM:
            raise ConfigError(f"{key}: {word[:30]!r}... is longer than {MAX_TERM} characters", key=key)
    return sorted({" ".join(word.lower().split()) for word in words})


def _phrase(term: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(word) for word in term.split())
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)


def _is_bot(post: PostText) -> bool:
    return post.bot or (post.author is not None and BOTS.search(post.author) is not None)


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _without_banners(paragraph: str, boxes: Set[str]) -> str:
    """Leave out the lines of a banner or a log, and what stands behind a box to tick: a form's words."""
    lines = (line for line in paragraph.split("\n") if not BANNER_LINE.search(line[:MAX_LINE]))
    return "\n".join(line for line in lines if not boxes or _letters(line) not in boxes)


def _letters(text: str) -> str:
    """Return a line without its markup, as far as it takes to know it again."""
    return re.sub(r"\W+", "", re.sub(r"\]\([^)\n]*\)", "", text)).lower()


def _sentences(text: str) -> Iterator[tuple[str, int]]:
    for match in _SENTENCE.finditer(text):
        if match[0].strip():
            yield match[0][:MAX_SENTENCE], match.start()


def _add(tally: dict[str, float], name: str, weight: float) -> None:
    tally[name] = tally.get(name, 0.0) + weight


def _verdict(title: str, tally: _Tally, basis: str) -> Relevance:
    takers = 1 + TAKEN_UP_SHARE * max(min(len(tally.authors), MOST_TAKERS) - 1, 0)
    scale = SURFACE_TITLE if tally.surface else 1.0
    total = sum(tally.posts) * scale * takers
    opening = tally.posts[0] if tally.posts else 0.0
    saturated = opening >= OPENING_SUBJECT and tally.density >= OPENING_DENSITY
    # Or licensing is what most posts speak of, the opening among them.
    weighty = sum(score >= DOMINANT_POST for score in tally.posts)
    dominant = opening >= DOMINANT_OPENING and weighty >= 2 and weighty >= DOMINANT_SHARE * len(tally.posts)
    if tally.title >= TITLE_SUBJECT or (title and not tally.surface and (saturated or dominant)):
        verdict = "subject"
    elif max(tally.posts, default=0.0) * scale >= DEBATE_POST or total + tally.title * scale >= DEBATE_THREAD:
        verdict = "debate"
    elif tally.evidence:
        verdict = "mention"
    else:
        return Relevance(basis=basis)
    kept = verdict in {"subject", "debate"}
    about = topics(tally.title_text, tally.opening, tally.later) if kept else ()
    change = relicensing(tally.title_text, tally.moves) if kept else None
    if change is not None and RELICENSE not in about:
        if change.before and change.after and tally.title >= TITLE_SUBJECT:
            about = (RELICENSE, *(each for each in about if each != OTHER))
        else:
            change = None
    return Relevance(
        verdict=verdict,
        score=round(tally.title + total, 2),
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
