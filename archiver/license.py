"""Owns the judgement whether a thread is about licensing, and the reasons for it; pure, without I/O.

The words it weighs stand in `archiver.vocabulary`, the licenses' names in `archiver.spdx`; how a post's text is told
apart, in `archiver.markup`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from archiver.errors import ConfigError
from archiver.model import Evidence, Relevance
from archiver.observed import ObservedPost
from archiver.spdx import spdx_mentions
from archiver.vocabulary import (
    BANNER_LINE,
    BARE_UPDATE,
    BOILERPLATE,
    BOTS,
    CAPITAL_WORDS,
    CAPITALS,
    CUES,
    FALSE_FRIENDS,
    FILE_NAMES,
    FOREIGN_STEMS,
    NOISE,
    STEMS,
    SURFACE,
    TERMS,
    TITLE_SERIOUS,
    TITLE_SURFACE,
    TITLE_WEAK,
    TOPICS,
    VERSION,
)

__all__ = ["PostText", "Vocabulary", "spdx_mentions"]

MAX_TERM = 100
MAX_EVIDENCE = 36
MAX_TEXT = 100_000
MAX_TITLE = 500
MAX_LINE = 2_000

# How much a sentence counts by where it stands. A title is weighed by itself.
PLACES = {"own": 1.0, "quote": 0.3, "details": 0.3, "code": 0.05}
CUE_FACTOR = 1.5
PLAIN_FACTOR = 0.5
# Under a title about a program that handles licenses, most sentences that name one are about the program.
SURFACE_FACTOR = 0.7
LICENSE_NAME = "license-name"
LICENSE_NAME_WEIGHT = 1.5
FURTHER_TERM = 0.5
POST_LIMIT = 9.0
TITLE_SUBJECT = 2.0
# From here on a title means licensing even where it names a dialog or a year.
TITLE_PLAIN = 2.5
OPENING_SUBJECT = 6.0
OPENING_DENSITY = 0.4
DEBATE_POST = 4.0
DEBATE_THREAD = 5.0

_SENTENCE = re.compile(r"[^.!?\n。！？]*(?:[.!?](?!\s|\Z)[^.!?\n。！？]*)*(?:[.!?。！？]+|\n|\Z)")
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


@dataclass(slots=True)
class _Tally:
    """What was found so far in one thread."""

    terms: dict[str, float] = field(default_factory=dict)
    spdx: dict[str, None] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)
    posts: list[float] = field(default_factory=list)
    title: float = 0.0
    surface: bool = False
    density: float = 0.0


class Vocabulary:
    """The built-in vocabulary with an operator's own words; immutable once built."""

    def __init__(self, terms: Sequence[str] = (), ignore: Sequence[str] = ()) -> None:
        """Add `terms`, each as strong as "relicense", and pass over the phrases in `ignore`; case does not matter.

        Raises `ConfigError` for a term or phrase that is empty or longer than `MAX_TERM` characters.
        """
        own = _checked(terms, "license.terms")
        ignored = _checked(ignore, "license.ignore")
        self._terms = [(term, _phrase(term), 3.0) for term in own]
        self._ignore = re.compile("|".join(_phrase(p).pattern for p in ignored), re.IGNORECASE) if ignored else None
        # The longest word of a term is enough for a first look, however the words are spaced.
        self._stems = (*STEMS, *(max(term.lower().split(), key=len) for term in own))
        digest = hashlib.sha256(json.dumps([VERSION, own, ignored], ensure_ascii=True).encode())
        self.fingerprint: str = digest.hexdigest()[:16]

    def mentions(self, text: str) -> bool:
        """Say whether `text` may be about licensing: a fast look; if it says no, `judge` finds nothing either."""
        lowered = text.lower()
        for stem in self._stems:
            if stem in lowered:
                return True
        if not text.isascii():
            for stem in FOREIGN_STEMS:
                if stem in lowered:
                    return True
        for word in CAPITALS:
            if word in text:
                return CAPITAL_WORDS.search(text) is not None
        return False

    def judge(self, title: str, posts: Sequence[PostText]) -> Relevance:
        """Judge a thread by its title and posts (the opening first), or a lone comment by an empty title and one post.

        The score is the title's weight plus that of the posts; the evidence is the heaviest first, `MAX_EVIDENCE` items
        at most. Posts of robots count for nothing.
        """
        tally = _Tally()
        opened_by_bot = bool(title and posts and _is_bot(posts[0]))
        if title and not opened_by_bot and self.mentions(title):
            self._read_title(title, tally)
        for number, post in enumerate(posts):
            before = len(tally.evidence)
            score = 0.0
            if not _is_bot(post) and self.mentions(post.body):
                score = min(self._read_post(post, number, tally), POST_LIMIT)
            tally.posts.append(score if len(tally.evidence) > before else 0.0)
        return _verdict(title, tally)

    def _read_title(self, title: str, tally: _Tally) -> None:
        # Code in a title is the program's own; a license file's name is what the title is about.
        text = re.sub(r"`[^`\n]*[.(!:=][^`\n]*`", " ", title[:MAX_TITLE])
        text = self._blank(FILE_NAMES.sub("LICENSE", text))
        found = self._find(text)
        named = spdx_mentions(text)
        if not found and named:
            found = [(LICENSE_NAME, text[named[0][1] : named[0][2]], TITLE_SUBJECT)]
        if not found:
            return
        weight = max(weight for _, _, weight in found)
        serious = TITLE_SERIOUS.search(text) is not None
        names = {name for name, _, _ in found}
        if BARE_UPDATE.match(text) or TITLE_SURFACE.search(text) or (names <= TITLE_WEAK and not serious):
            weight = min(weight, weight if weight >= TITLE_PLAIN and serious else 1.0)
        elif names <= TITLE_WEAK:
            weight = max(weight, TITLE_SUBJECT)
        tally.surface = weight < TITLE_SUBJECT
        tally.title = weight
        tally.counted.append(text)
        self._note(found, "title", 0, weight, tally)
        tally.spdx.update((id_, None) for id_, _, _ in named)

    def _read_post(self, post: PostText, number: int, tally: _Tally) -> float:
        from archiver.markup import segments  # loads three libraries, which most callers of this module do without

        total = 0.0
        own = about = 0
        for segment in segments(post.body, post.body_html):
            text = self._blank(_cut(segment.text[:MAX_TEXT]))
            if not text.strip():
                continue
            spdx = spdx_mentions(text)
            for sentence, start in _sentences(text):
                own += segment.place == "own"
                named = [item for item in spdx if start <= item[1] < start + len(sentence)]
                found = self._find(sentence)
                if not found and named:
                    found = [(LICENSE_NAME, text[named[0][1] : named[0][2]], LICENSE_NAME_WEIGHT)]
                if not found:
                    continue
                weight = _weigh(found, sentence) * PLACES[segment.place]
                total += weight
                self._note(found, segment.place, number, weight, tally)
                if segment.place == "own":
                    tally.counted.append(sentence)
                    about += weight >= TITLE_SUBJECT
                tally.spdx.update((id_, None) for id_, _, _ in named)
        if number == 0:
            tally.density = about / max(own, 1)
        return total

    def _blank(self, text: str) -> str:
        if self._ignore is not None:
            text = self._ignore.sub(_spaces, text)
        return NOISE.sub(_spaces, FALSE_FRIENDS.sub(_spaces, text))

    def _find(self, text: str) -> list[tuple[str, str, float]]:
        """List (name, matched text, weight) of the terms in `text`, the heaviest of each name."""
        best: dict[str, tuple[str, str, float]] = {}
        for name, pattern, weight in (*self._terms, *TERMS):
            match = pattern.search(text)
            if match and (name not in best or best[name][2] < weight):
                best[name] = (name, " ".join(match[0].split()), weight)
        return list(best.values())

    def _note(self, found: list[tuple[str, str, float]], place: str, post: int, weight: float, tally: _Tally) -> None:
        for name, text, own_weight in found:
            tally.terms[name] = tally.terms.get(name, 0.0) + own_weight
            tally.evidence.append(Evidence(name, text, place, post, round(min(weight, own_weight), 2)))


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


def _cut(text: str) -> str:
    """Leave out pasted licenses, notices, banners, listings and logs."""
    kept = []
    for paragraph in _PARAGRAPH.split(text):
        if BOILERPLATE.search(paragraph):
            continue
        kept.append("\n".join(line for line in paragraph.split("\n") if not BANNER_LINE.search(line[:MAX_LINE])))
    return "\n\n".join(kept)


def _sentences(text: str) -> Iterator[tuple[str, int]]:
    for match in _SENTENCE.finditer(text):
        if match[0].strip():
            yield match[0], match.start()


def _weigh(found: list[tuple[str, str, float]], sentence: str) -> float:
    """Weigh a sentence by its heaviest term, a little by the others, and more if it argues."""
    heaviest = max(weight for _, _, weight in found)
    # Terms overlap ("permissive license" holds "license"): only those in other words count as further ones.
    spans: list[str] = []
    for _, text, _ in sorted(found, key=lambda item: -len(item[1])):
        if not any(text.lower() in span for span in spans):
            spans.append(text.lower())
    weight = heaviest + FURTHER_TERM * min(len(spans) - 1, 3)
    argues = CUES.search(sentence) and not (heaviest < 3.0 and SURFACE.search(sentence))
    return weight * (CUE_FACTOR if argues else PLAIN_FACTOR)


def _verdict(title: str, tally: _Tally) -> Relevance:
    scale = SURFACE_FACTOR if tally.surface else 1.0
    total = sum(tally.posts) * scale
    opening = tally.posts[0] if tally.posts else 0.0
    saturated = opening >= OPENING_SUBJECT and tally.density >= OPENING_DENSITY
    if tally.title >= TITLE_SUBJECT or (title and not tally.surface and saturated):
        verdict = "subject"
    elif max(tally.posts, default=0.0) * scale >= DEBATE_POST or total + tally.title >= DEBATE_THREAD:
        verdict = "debate"
    elif tally.evidence:
        verdict = "mention"
    else:
        return Relevance()
    counted = "\n".join(tally.counted)
    topics = tuple(topic for topic, pattern in TOPICS if pattern.search(counted))
    return Relevance(
        verdict=verdict,
        score=round(tally.title + total, 2),
        terms=tuple(sorted(tally.terms, key=lambda name: (-tally.terms[name], name))),
        spdx=tuple(tally.spdx),
        topics=topics or (("other",) if verdict in {"subject", "debate"} else ()),
        evidence=tuple(sorted(tally.evidence, key=lambda item: -item.weight)[:MAX_EVIDENCE]),
    )
