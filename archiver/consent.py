"""Draws up the roll of a thread that asks contributors to agree to a license: who answered what, when, in which post.

It judges no post's words itself (`archiver.answers`, `archiver.consent_requests`), does no I/O, and infers nothing from
silence, reactions or ticked boxes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

from archiver import answers
from archiver.answers import Answer, Reading
from archiver.consent_requests import ABOUT_CONSENT, Named, Request, names, read_request
from archiver.markup import Segment, segments
from archiver.model import Account, Post, PostKind, Revision, Thread
from archiver.relicensing import relicensing, resolved
from archiver.spdx import spdx_mentions

NOT_ANSWERED = "not answered"
NOT_KNOWN = "not known: withdrawn"
"""What is said of whom no answer is known, while posts that may hold it are withdrawn here."""
_INSIDE = {"OWNER", "MEMBER", "COLLABORATOR"}
# A later doubt counts against an earlier yes; a later question does not.
_OVERRIDING = {answers.WITHDRAWN, answers.EDITED_AWAY, answers.UNSURE, answers.BOTH}
# Of a post longer than this nothing is read: no answer is so long.
_MAX_LENGTH = 20_000
_PAST_THIS_UNCACHED = 4_000
_STRUCK = re.compile(r"~~|<(?:del|s|strike)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|no|never)\b[^.,;:]{0,20}\Z", re.IGNORECASE)
_ONLY_THAT = re.compile(r"\bonly\b|\bnothing else\b|\bno other\b|\bnot\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asking:
    """A post that asks for consent, and the revision that was read; `words` is the sentence that asks."""

    kind: PostKind
    id: int
    revision: str
    at: datetime
    author: Account | None
    words: str


@dataclass(frozen=True, slots=True)
class Given:
    """One answer as it was given: what it was read as, and from which post and revision.

    `at` is when that text was posted or edited. `current` is false for a text that was edited since, `gone` true for a
    post that was deleted on GitHub.
    """

    answer: Answer
    words: str
    note: str | None
    at: datetime
    kind: PostKind
    id: int
    revision: str
    current: bool = True
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's answer: the one that stands, and the `earlier` ones, oldest first.

    `author` is None for a deleted account: each of its posts has an entry of its own. `listed` says whether a request
    lists the person, None if no request lists anybody.
    """

    author: Account | None
    association: str
    given: Given
    earlier: tuple[Given, ...] = ()
    listed: bool | None = None

    @property
    def answer(self) -> Answer:
        """The answer that stands."""
        return self.given.answer


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody whom a request lists. `ticked` is the list's own word, None where it has no boxes.

    `now` is false if only an earlier revision lists the person; `asker` is true for who asks; `answer` is what the
    roll has of the person, None if nothing.
    """

    login: str
    ticked: bool | None
    now: bool
    asker: bool
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the requests of a thread ask for: sentences to post, licenses (if they say), a reply by approving."""

    templates: frozenset[str]
    licenses: frozenset[str]
    by_approving: bool


@dataclass(frozen=True, slots=True)
class ConsentRoll:
    """What a thread's request for consent brought: entries by the time of each person's answer.

    `reactions` are the counts at the requests: GitHub tells no names with them, so they are no answers. `unread` counts
    posts after the request that are withdrawn here, and so are not read: whoever has no answer may have given it there.
    Who wrote these is not told, so that nobody's silence is known then.
    """

    requests: tuple[Asking, ...]
    entries: tuple[Entry, ...]
    listed: tuple[Listed, ...] = ()
    reactions: Mapping[str, int] = field(default_factory=dict)
    unread: int = 0

    @property
    def lists(self) -> bool:
        """Whether a request lists names."""
        return bool(self.listed)

    def count(self, answer: Answer, *, listed: bool | None = None) -> int:
        """Count the persons whose standing answer is this one: all, or those (not) listed by name."""
        found = [each for each in self.entries if each.answer is answer]
        return sum(listed is None or each.listed is listed for each in found)

    @property
    def unanswered(self) -> tuple[Listed, ...]:
        """Whom the requests list now, without an answer here; who asks is left out."""
        return tuple(each for each in self.listed if each.now and each.answer is None and not each.asker)


def consent_roll(thread: Thread) -> ConsentRoll | None:
    """Draw up the roll of a thread as it is at hand; None if nobody in it asks contributors for consent.

    The opening post may ask, or a later post of the same person or of a member of the project; robots neither ask nor
    answer. Each person's latest plain answer counts. Review comments on lines of code are not read.
    """
    posts = sorted(
        (each for each in thread.posts if each.kind is not PostKind.REVIEW_COMMENT), key=lambda each: each.created_at
    )
    asked = list(_requests(thread, posts))
    if not asked:
        return None
    askers = {post.author.id for post, _ in asked if post.author}
    first = asked[0][0]
    requests = {(post.kind, post.id) for post, _ in asked}
    templates = frozenset(template for _, request in asked for template in request.templates)
    named = _listing(asked)
    replies = [each for each in posts if (each.kind, each.id) not in requests and each.created_at >= first.created_at]
    readable = [each for each in replies if not each.withdrawn and not (each.author and each.author.bot)]
    terms = _Terms(templates, _wanted(thread, asked), any(request.by_approving for _, request in asked))
    given: dict[int | tuple[PostKind, int], list[tuple[Post, list[Given]]]] = {}
    before = {(post.kind, post.id): earlier for earlier, post in pairwise(replies)}
    for post in readable:
        asker = post.author is not None and post.author.id in askers
        if found := _given(post, terms, before.get((post.kind, post.id)), asker=asker):
            given.setdefault(post.author.id if post.author else (post.kind, post.id), []).append((post, found))
    _add_unread_words(given, readable, named, askers)
    entries = [_entry(each, named) for each in given.values()]
    entries.sort(key=lambda each: (each.given.at, each.given.id))
    reactions: Counter[str] = Counter()
    for post, _ in asked:
        reactions.update({name: count for name, count in post.reactions.items() if count > 0})
    return ConsentRoll(
        tuple(_asking(post, request) for post, request in asked),
        tuple(entries),
        _listed(named, entries, [post.author.login.lower() for post, _ in asked if post.author]),
        dict(reactions),
        sum(each.withdrawn for each in replies),
    )


# --- who asks ---------------------------------------------------------------------------------------------------------


def _requests(thread: Thread, posts: Sequence[Post]) -> Iterator[tuple[Post, Request]]:
    opener = next((each.author for each in posts if each.kind is PostKind.OPENING), None)
    for post in posts:
        if post.withdrawn or (post.author and post.author.bot):
            continue
        own = post.author is not None and opener is not None and post.author.id == opener.id
        if not (post.kind is PostKind.OPENING or own or post.author_association in _INSIDE):
            continue
        if request := _request(post.body, thread.summary.title):
            yield post, request


def _asking(post: Post, request: Request) -> Asking:
    return Asking(post.kind, post.id, post.revision.digest, post.created_at, post.author, request.words)


def _request(body: str, title: str) -> Request | None:
    cached = len(body) <= _MAX_LENGTH
    return _cached_request(body, title) if cached else read_request(body[: 10 * _MAX_LENGTH], title)


_cached_request = lru_cache(maxsize=512)(read_request)


def _listing(asked: Sequence[tuple[Post, Request]]) -> dict[str, tuple[Named, bool]]:
    """Return whom the requests list, by the login in lower case, and whether they do so now or did once."""
    found: dict[str, tuple[Named, bool]] = {}
    for _, request in asked:
        for each in request.named:
            before = found.get(each.login.lower())
            # What a later list says of a person's box is the asker's later word.
            if before is None or each.ticked is not None:
                found[each.login.lower()] = (each, True)
    for post, _ in asked:
        for revision in post.revisions:
            if revision.digest != post.revision.digest:
                for each in names(revision.body):
                    found.setdefault(each.login.lower(), (each, False))
    return found


def _listed(
    named: Mapping[str, tuple[Named, bool]], entries: Sequence[Entry], askers: Sequence[str]
) -> tuple[Listed, ...]:
    answered = {each.author.login.lower(): each.answer for each in entries if each.author}
    return tuple(
        Listed(each.login, each.ticked, now, login in askers, answered.get(login))
        for login, (each, now) in named.items()
    )


def _wanted(thread: Thread, asked: Sequence[tuple[Post, Request]]) -> frozenset[str]:
    """Return the licenses to which the requests ask to move, as families (`GPL`, `MIT`); empty if they do not say."""
    lines = [line for post, _ in asked for line in answers.sentences(post.body[:_MAX_LENGTH])]
    asked_for = relicensing(thread.summary.title, lines)
    return frozenset(_family(each) for each in asked_for.after) if asked_for else frozenset()


def _family(name: str) -> str:
    return resolved(name).partition("-")[0].lower()


def _asked_otherwise(post: Post, before: Post | None) -> bool:
    """Whether the post right before this one, by somebody else, asks something that is not about consent."""
    if before is None or before.withdrawn or len(before.body) > _MAX_LENGTH:
        return False
    if before.author is not None and post.author is not None and before.author.id == post.author.id:
        return False
    own = " ".join(each.text for each in _segments(before.revision) if each.place == "own")
    questions = [each for each in answers.sentences(own) if each.rstrip(" )\"'*_").endswith(("?", "？"))]
    return bool(questions) and not any(ABOUT_CONSENT.search(each) for each in questions)


# --- who answers ------------------------------------------------------------------------------------------------------


def _given(post: Post, terms: _Terms, before: Post | None, *, asker: bool) -> list[Given]:
    """Return what a post says, the text that stands last; before it, texts that said otherwise and were edited.

    Where the post right `before` asks something else, "ok" and "no" are not taken for an answer.
    """
    login = post.author.login if post.author else None
    found: list[Given] = []
    texts = [each for each in post.revisions if each.digest != post.revision.digest]
    if texts and post.revision.edited_at:
        texts = [each for each in texts if (each.edited_at or post.created_at) <= post.revision.edited_at]
    for revision in [*texts, post.revision]:
        current = revision is post.revision
        reading = _reading(revision, terms, login)
        if reading and reading.clear and answers.pointing(reading.words) and _asked_otherwise(post, before):
            reading = Reading(Answer.UNCLEAR, reading.words, answers.ELSEWHERE)
        if current and post.state == "APPROVED" and (reading is None or not reading.clear):
            reading = _approval(reading, by_approving=terms.by_approving)
        if reading and asker and not _askers_own(reading, terms.templates):
            reading = None
        if reading is None and current and found and found[-1].answer is not Answer.UNCLEAR:
            reading = Reading(Answer.UNCLEAR, revision.body.strip()[:200], answers.EDITED_AWAY)
        if reading and (current or not found or found[-1].answer is not reading.answer):
            found.append(_one(post, revision, reading, current=current))
    # An edit that changed nothing of the answer is no second answer.
    if len(found) > 1 and found[-2].answer is found[-1].answer:
        del found[-2]
    return found


def _askers_own(reading: Reading, templates: frozenset[str]) -> bool:
    """Whether who asks answers, too: they say "ok" and "agreed" to many things, and weigh conditions of others."""
    return reading.answer in {Answer.AGREED, Answer.DECLINED} and answers.explicit(reading.words, templates)


def _approval(reading: Reading | None, *, by_approving: bool) -> Reading:
    if reading is not None and not by_approving:
        return reading
    if by_approving:
        return Reading(Answer.AGREED, reading.words if reading else "", answers.BY_APPROVING)
    return Reading(Answer.UNCLEAR, "", answers.APPROVED)


def _one(post: Post, revision: Revision, reading: Reading, *, current: bool) -> Given:
    return Given(
        reading.answer,
        reading.words,
        reading.note,
        revision.edited_at or post.created_at,
        post.kind,
        post.id,
        revision.digest,
        current,
        post.gone is not None,
    )


def _reading(revision: Revision, terms: _Terms, login: str | None) -> Reading | None:
    if len(revision.body) > _MAX_LENGTH:
        return None
    reading = answers.read_answer(_segments(revision), templates=terms.templates, login=login)
    if _STRUCK.search(revision.body_html or revision.body):
        kept = answers.read_answer(_segments(revision, struck=False), templates=terms.templates, login=login)
        if reading and (kept is None or kept.answer is not reading.answer):
            return Reading(Answer.UNCLEAR, reading.words, answers.STRUCK)
    if reading and reading.answer in {Answer.AGREED, Answer.CONDITIONS} and terms.licenses:
        places = [(_family(name), start) for name, start, _ in spdx_mentions(reading.words, sure=True)]
        named = {name for name, _ in places}
        denied = any(name in terms.licenses and _DENIED.search(reading.words[:start]) for name, start in places)
        if denied or (named and not named & terms.licenses):
            return Reading(Answer.UNCLEAR, reading.words, answers.OTHER_LICENSE)
        if named and named < terms.licenses and _ONLY_THAT.search(reading.words):
            return Reading(Answer.CONDITIONS, reading.words, reading.note)
    return reading


def _segments(revision: Revision, *, struck: bool = True) -> Sequence[Segment]:
    body, html = revision.body, revision.body_html
    small = len(body) + len(html or "") <= _PAST_THIS_UNCACHED
    return _cached_segments(body, html, struck) if small else tuple(segments(body, html, struck=struck))


@lru_cache(maxsize=4096)
def _cached_segments(body: str, body_html: str | None, struck: bool) -> tuple[Segment, ...]:
    return tuple(segments(body, body_html, struck=struck))


def _add_unread_words(
    given: dict[int | tuple[PostKind, int], list[tuple[Post, list[Given]]]],
    replies: Sequence[Post],
    named: Mapping[str, tuple[Named, bool]],
    askers: set[int],
) -> None:
    """Enter as unclear who is listed and wrote something in which no answer was found: a reader may find one."""
    for post in replies:
        who = post.author
        if who is None or who.id in given or who.id in askers or who.login.lower() not in named:
            continue
        own = (each.text for each in _segments(post.revision) if each.place in {"own", "details"})
        words = " ".join(" ".join(own).split())[:200]
        if words:
            reading = Reading(Answer.UNCLEAR, words, answers.NO_ANSWER)
            given[who.id] = [(post, [_one(post, post.revision, reading, current=True)])]


def _entry(said: Sequence[tuple[Post, list[Given]]], named: Mapping[str, tuple[Named, bool]]) -> Entry:
    """Find the answer that stands among what one person said, by time."""
    author, association = said[-1][0].author, said[-1][0].author_association
    *earlier, standing = said[0][1]
    for _, texts in said[1:]:
        *before, last = texts
        earlier += before
        takes = last.answer is not Answer.UNCLEAR or last.note in _OVERRIDING
        if not takes and standing.answer is not Answer.UNCLEAR:
            continue
        if (standing.answer, standing.note) != (last.answer, last.note):
            earlier.append(standing)
        elif last.answer is not Answer.UNCLEAR:
            continue  # said twice: the first time is when it was said
        standing = last
    listed = (author is not None and author.login.lower() in named) if named else None
    return Entry(author, association, standing, tuple(earlier), listed)
