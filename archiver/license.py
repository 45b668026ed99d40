"""Owns the judgement whether a thread is about licensing, and the reasons for it; pure, without I/O.

It takes in what a thread says. The words stand in `archiver.vocabulary`, what titles are about in `archiver.titles`,
what a sentence weighs in `archiver.weighing`, what the weights come to in `archiver.verdicts`; how a post's text is
told apart, in `archiver.markup`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from archiver import titles
from archiver.acts import Doings
from archiver.boilerplate import BOTS, is_banner, is_boilerplate
from archiver.company import OF_WORKS, Company
from archiver.errors import ConfigError
from archiver.false_friends import blanked
from archiver.model import Evidence, Relevance
from archiver.observed import ObservedPost
from archiver.patterns import Pattern, lowered
from archiver.relicensing import resolved
from archiver.spdx import licenses_of_files, spdx_mentions
from archiver.stems import CAPITAL_WORDS, CAPITALS, FOREIGN_STEMS, STEMS
from archiver.verdicts import (
    OTHER_TITLE,
    POST_LIMIT,
    SUBJECT,
    SURFACE_TITLE,
    TAKEN_UP,
    TITLE_SUBJECT,
    TOOL_TITLE,
    Tally,
    relevance_of,
    verdict_of,
)
from archiver.vocabulary import FILE_NAMES, TERMS, VERSION
from archiver.weighing import HANDLED, WEIGHTY, Found, paragraphs, sentences, unwrapped, weigh

__all__ = ["PostText", "Vocabulary", "spdx_mentions"]

MAX_TERM = 100
MAX_TEXT = 100_000
MAX_TITLE = 500
MAX_LINE = 2_000
# Of how many sentences topics are told, and how many that name licensing are weighed of one post: it weighs no more by
# then, and a long one costs no more than a short one.
MAX_SENTENCES = 16
MAX_READ = 40

# How much a sentence counts by where it stands. A title is weighed by itself.
PLACES = {"own": 1.0, "quote": 0.15, "details": 0.3, "code": 0.05}
LICENSE_NAME = "license-name"
# Beside these terms the license that a sentence names counts as one; all others say enough by themselves.
BESIDE_NAMES = frozenset({"attribution", "copyright"})
LICENSE_NAME_WEIGHT = 2.25

_BOX = re.compile(r"^[ \t>]*(?:[-*+]|\d+[.)])[ \t]+\[[ xX]\][ \t]+(.+)$", re.MULTILINE)


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
        self._terms = (*((term, _phrase(term), 3.0) for term in own), *TERMS)
        self._ignore = tuple(_phrase(each) for each in ignored)
        # The longest word of a term is enough for a first look, however the words are spaced.
        words = [max(term.lower().split(), key=len) for term in own]
        self.stems: tuple[str, ...] = (*STEMS, *(word for word in words if word.isascii()))
        self.foreign_stems: tuple[str, ...] = (*FOREIGN_STEMS, *(word for word in words if not word.isascii()))
        self.capitals: tuple[str, ...] = CAPITALS
        digest = hashlib.sha256(json.dumps([VERSION, own, ignored], ensure_ascii=True).encode())
        self.fingerprint: str = digest.hexdigest()[:16]

    def mentions(self, text: str) -> bool:
        """Say whether `text` may be about licensing: a fast look; if it says no, `judge` finds nothing either."""
        return self._mentions(text, text.lower())

    def _mentions(self, text: str, low: str) -> bool:
        for stem in self.stems:
            if stem in low:
                return True
        if not text.isascii():
            for stem in self.foreign_stems:
                if stem in low:
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
        telling = [not _is_bot(post) and self.mentions(post.body) for post in posts]
        tally = Tally(Company(title[:MAX_TITLE], (post.body for post in posts if not _is_bot(post))))
        opened_by_bot = bool(title and posts and _is_bot(posts[0]))
        if title and not opened_by_bot and (self.mentions(title) or any(telling[:3])):
            self._read_title(title, posts[0].body if posts else "", tally, company=any(telling[:2]))
        for number, post in enumerate(posts):
            before = len(tally.evidence)
            score = min(self._read_post(post, number, tally), POST_LIMIT) if telling[number] else 0.0
            tally.posts.append(score if len(tally.evidence) > before else 0.0)
            if score >= TAKEN_UP:
                tally.authors.add(post.author or f"#{number}")
        verdict = verdict_of(title, tally)
        if verdict == SUBJECT:
            _count_names(title, posts, tally)
        return relevance_of(verdict, tally, self.fingerprint)

    # --- titles ---

    def _read_title(self, title: str, opening: str, tally: Tally, *, company: bool) -> None:
        # Code in a title is the program's own; a license, or its file's name, is what the title is about.
        text = titles.CODE.sub(lambda code: code[0] if spdx_mentions(code[0], sure=True) else " ", title[:MAX_TITLE])
        text = titles.FIELD.sub("license field", titles.IDENTIFIER.sub("SPDX identifier", text))
        text = FILE_NAMES.sub(lambda name: name[0] if tally.company.is_lone(name[0]) else "LICENSE", text)
        tally.title_text = text
        text, low = self._blank(text, lowered(text))
        found = self._find(text, low, tally, low)
        tool = titles.TOOL.search(title) is not None
        moves = (company and titles.MOVES.search(text) is not None) or titles.is_clash(text)
        named = [each for each in spdx_mentions(text, sure=moves) if not tally.company.is_lone(text[each[1] : each[2]])]
        if not found and named:
            name, start, end = named[0]
            found = [Found(LICENSE_NAME, text[start:end], TITLE_SUBJECT, start, end)]
        if not found and (match := titles.TERMS_OF_USE.search(text)):
            sure = company or titles.IN_A_PRODUCT.search(text)
            found = [Found("terms-of-use", match[0], TITLE_SUBJECT if sure else 1.0, *match.span())]
        if not found:
            tally.hint = min(
                (least for pattern, least in titles.HINTS if company and pattern.search(text)), default=0.0
            )
            # An identifier, a product: a program that handles licenses.
            if "licen" in title.lower():
                tally.scale = TOOL_TITLE if tool else SURFACE_TITLE
            elif tool:
                tally.hint, tally.scale = 0.0, OTHER_TITLE
            return
        weight = max(each.weight for each in found)
        names = {each.name for each in found}
        serious = titles.SERIOUS.search(text) is not None
        grave = titles.GRAVE.search(text) is not None
        if names <= titles.WEAK:
            short = (len(text.split()) <= titles.SHORT or len(names) > 1) and not names & titles.HEADERS
            weight = max(weight, TITLE_SUBJECT) if (serious and company) or grave or short else min(weight, 1.0)
        if (
            (titles.BARE_UPDATE.match(text) and not titles.says_what(opening[:MAX_TEXT]))
            or titles.HARD_SURFACE.search(text)
            or tool
            or (titles.HANDLING.search(text) and names <= HANDLED)
            or (titles.SURFACE.search(text) and names <= HANDLED and (not grave or titles.QUOTED.search(text)))
        ):
            weight = min(weight, 1.0)
        if weight < TITLE_SUBJECT:
            tally.scale = TOOL_TITLE if tool else SURFACE_TITLE
        tally.title = weight
        self._note(found, "title", 0, weight, tally)
        for name, _, _ in named:
            _add(tally.spdx, resolved(name), 3.0)

    # --- posts ---

    def _read_post(self, post: PostText, number: int, tally: Tally) -> float:
        total = 0.0
        own = about = read = 0
        boxes = {_letters(match[1]) for match in _BOX.finditer(post.body[:MAX_TEXT])}
        for place, paragraph in _paragraphs(post):
            if place == "own":
                own += _count_sentences(paragraph)
            low = lowered(paragraph)
            if self._mentions(paragraph, low) and not is_boilerplate(low):
                text = unwrapped(_without_banners(paragraph, low, boxes))
                score, weighty, told = self._read_paragraph(text, place, number, tally)
                total += score
                about += weighty if place == "own" else 0
                read += told
                if read >= MAX_READ:
                    break
        if number == 0:
            tally.density = about / max(own, 1)
            tally.spoken = read / max(own, 1)
        return total

    def _read_paragraph(self, text: str, place: str, number: int, tally: Tally) -> tuple[float, int, int]:
        """Take in a paragraph's sentences; return what they weigh, how many are about licensing, how many name it."""
        total = 0.0
        about = told = 0
        text, low = self._blank(text, lowered(text))
        if not self._mentions(text, low):
            return total, about, told
        spdx = [each for each in spdx_mentions(text) if not tally.company.is_lone(text[each[1] : each[2]])]
        parts = list(sentences(text))
        doings = Doings([(low[start : start + len(part)], start) for part, start in parts])
        for index, (sentence, start) in enumerate(parts):
            stretch = (start, start + len(sentence))
            lowly = low[start : stretch[1]]
            found = self._find(sentence, lowly, tally, low)
            named = [item for item in spdx if stretch[0] <= item[1] < stretch[1]]
            if named and {each.name for each in found} <= BESIDE_NAMES:
                name = text[named[0][1] : named[0][2]]
                at = named[0][1] - start
                found.append(Found(LICENSE_NAME, name, LICENSE_NAME_WEIGHT, at, at + len(name)))
            if not found:
                if number == 0 and place == "own" and titles.MOVES.search(sentence):
                    _append(tally.moves, sentence)
                continue
            told += 1
            weight, act = weigh(found, doings.near(index), stretch, lowly)
            weight *= PLACES[place]
            total += weight
            self._note(found, place, number, weight, tally, act)
            if place == "own":
                tally.telling += weight >= TAKEN_UP
                _append(tally.opening if number == 0 else tally.later, lowly)
                if number == 0:
                    _append(tally.moves, sentence)
                about += weight >= WEIGHTY
            for name, _, _ in named:
                _add(tally.spdx, resolved(name), PLACES[place] * (1.0 if act else 0.5))
            if told >= MAX_READ:
                break
        return total, about, told

    def _blank(self, text: str, low: str) -> tuple[str, str]:
        for phrase in self._ignore:
            for match in phrase.finditer(low):
                start, end = match.span()
                text, low = (each[:start] + " " * (end - start) + each[end:] for each in (text, low))
        return blanked(text, low)

    def _find(self, text: str, low: str, tally: Tally, context: str) -> list[Found]:
        """List the terms in a sentence, of each name the heaviest; `context` is its paragraph in lower case."""
        best: dict[str, Found] = {}
        for name, pattern, weight in self._terms:
            match = pattern.search(low)
            if match and (name not in best or best[name].weight < weight):
                start, end = match.span()
                if tally.company.is_lone(text[start:end]) or (
                    name in OF_WORKS and not tally.company.is_of_works(context)
                ):
                    continue
                best[name] = Found(name, " ".join(text[start:end].split()), weight, start, end)
        return list(best.values())

    def _note(
        self, found: list[Found], place: str, post: int, weight: float, tally: Tally, act: str | None = None
    ) -> None:
        chief = max(found, key=lambda each: each.weight)
        for each in found:
            tally.terms[each.name] = tally.terms.get(each.name, 0.0) + each.weight
            if each is not chief:
                share = round(min(weight, each.weight * PLACES.get(place, 1.0)), 2)
                tally.evidence.append(Evidence(each.name, each.text, place, post, share))
        name = f"{chief.name}, {act}" if act else chief.name
        tally.evidence.append(Evidence(name, chief.text, place, post, round(weight, 2)))


def _checked(words: Sequence[str], key: str) -> list[str]:
    for word in words:
        if not word.strip():
            raise ConfigError(f"{key}: a term is empty", key=key)
        if len(word) > MAX_TERM:
            raise ConfigError(f"{key}: {word[:30]!r}... is longer than {MAX_TERM} characters", key=key)
    return sorted({" ".join(word.lower().split()) for word in words})


def _phrase(term: str) -> Pattern:
    words = r"\s+".join(re.escape(word) for word in term.split())
    return Pattern(rf"(?<!\w){words}(?!\w)")


def _is_bot(post: PostText) -> bool:
    return post.bot or (post.author is not None and BOTS.search(post.author) is not None)


def _without_banners(paragraph: str, low: str, boxes: Set[str]) -> str:
    """Leave out the lines of a banner or a log, and what stands behind a box to tick: a form's words."""
    lines = zip(paragraph.split("\n"), low.split("\n"), strict=True)
    kept = (line for line, lowly in lines if not is_banner(line[:MAX_LINE], lowly[:MAX_LINE]))
    return "\n".join(line for line in kept if not boxes or _letters(line) not in boxes)


def _letters(text: str) -> str:
    """Return a line without its markup, as far as it takes to know it again."""
    return re.sub(r"\W+", "", re.sub(r"\]\([^)\n]*\)", "", text)).lower()


def _paragraphs(post: PostText) -> Iterator[tuple[str, str]]:
    """Yield (place, text) for the paragraphs of a post."""
    from archiver.markup import segments  # loads three libraries, which most callers of this module do without

    for segment in segments(post.body, post.body_html):
        for paragraph in paragraphs(segment.text[:MAX_TEXT]):
            yield segment.place, paragraph


def _count_sentences(paragraph: str) -> int:
    return 1 + sum(paragraph.count(end) for end in (". ", "? ", "! ", "\n", "。", "？"))


def _count_names(title: str, posts: Sequence[PostText], tally: Tally) -> None:
    """Take in the licenses that a thread about licensing names, in code and fields, too; bare names are some there."""
    for name, _, _ in spdx_mentions(title[:MAX_TITLE], sure=True):
        _add(tally.spdx, resolved(name), 1.0)
    for number, post in enumerate(posts):
        body = post.body[:MAX_TEXT]
        if _is_bot(post) or not (spdx_mentions(body, sure=True) or licenses_of_files(body)):
            continue
        for place, paragraph in _paragraphs(post):
            names = [name for name, _, _ in spdx_mentions(paragraph, sure=True)]
            for name in (*names, *licenses_of_files(paragraph)):
                _add(tally.spdx, resolved(name), PLACES[place] * 0.5)
            if number == 0 and place == "own" and names:
                for sentence, _ in sentences(paragraph):
                    if sentence not in tally.moves and titles.MOVES.search(sentence):
                        _append(tally.moves, sentence)


def _append(kept: list[str], sentence: str) -> None:
    if len(kept) < MAX_SENTENCES:
        kept.append(sentence[:MAX_TITLE])


def _add(tally: dict[str, float], name: str, weight: float) -> None:
    tally[name] = tally.get(name, 0.0) + weight
