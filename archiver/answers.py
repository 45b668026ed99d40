"""Reads one reply to a request for consent: whether its own words plainly agree, decline, set conditions, or neither.

It knows nothing of threads, and guesses nothing: what is not said in so many words is unclear, with the reason why.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from archiver import phrases
from archiver.markup import Segment

_I = re.IGNORECASE


class Answer(StrEnum):
    """What a reply says to a request for consent."""

    AGREED = "agreed"
    CONDITIONS = "agreed with conditions"
    DECLINED = "declined"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply was read as, and from which `words`; `note` says why it is unclear, or what else to know of it."""

    answer: Answer
    words: str
    note: str | None = None

    @property
    def clear(self) -> bool:
        """Whether it says yes or no, with or without conditions."""
        return self.answer is not Answer.UNCLEAR


# Why a reply is unclear, in words that a reader sees.
QUESTION = "a question"
UNSURE = "in doubt, or still to decide"
BUT = "a yes with a “but”"
OTHER = "agrees or disagrees with something else"
BOTH = "says yes and no"
NO_WITH_CONDITIONS = "a no with conditions"
EDITED_AWAY = "the answer was edited away"
BEHALF = "answers for somebody else"
SEVERAL = "speaks for several"
JOKE = "perhaps a joke"
QUOTED = "quotes only"
CODE = "code only"
WITHDRAWN = "takes something back"
STRUCK = "struck out in part"
UNTICKED = "a box that is not ticked"
OTHER_LICENSE = "names another license than the request"
ELSEWHERE = "may answer another question"
OPINION = "an opinion, not a consent"
NO_ANSWER = "no plain yes or no"
APPROVED = "approved the pull request, without words"
# What else there is to know of a clear one.
ALSO_BEHALF = "also for somebody else"
BY_APPROVING = "by approving the pull request"
BY_BOX = "by ticking the own box"

_QUOTE_LENGTH = 240
# Beyond these, a text is no answer; they also bound what the patterns can cost.
_MAX_SENTENCES = 60
_MAX_SENTENCE = 1_000
_MAX_BARE = 200
_FOLDED_AT = 45
# "Agreed, but only for my translations": a bare yes with the condition right behind it.
_ONLY = re.compile(
    r"\b(?:but only|only (?:for|under|if|to)|as long as|provided|on (?:the |one )?condition|except)\b", _I
)
_GOES_ON = re.compile(r"(?:if|unless|but|only|except|when|once|as long|provided|assuming|under|with|to|for|that)\b")

# --- texts ------------------------------------------------------------------------------------------------------------

_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)*_]*\s+(?=[^\s])|(?<=[。！？])|\n+")
_BRACKETS = re.compile(r"\([^()\n]{0,300}\)")
_MARKED = re.compile(r"[\"“”„«»][^\"“”„«»\n]{1,300}[\"“”«»]")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'"})
_OWN_BOX = re.compile(r"☑\s*@?(?P<login>[A-Za-z0-9][A-Za-z0-9-]{0,38})(?![\w-])")
_SIGNED = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\s*(?:Hash:[^\n]*)?(?P<text>.*?)-----BEGIN PGP SIGNATURE", re.DOTALL
)
_ABBREVIATED = re.compile(r"\b(?:v|ver|version|e\.g|i\.e|etc|approx|dr|mr|mrs|ms)\.$", _I)


def normal(text: str) -> str:
    """Return a text for comparison: words in lower case, no signs, no quotation marks, single spaces."""
    return " ".join(re.findall(r"[\w.+-]*\w[+]*", text.translate(_APOSTROPHES).lower()))


def sentences(text: str) -> list[str]:
    """Cut a text into sentences and lines, at most the first few dozen.

    `2.0` and `e.g.` end none, nor does a line that a mail program folded: the next one goes on in lower case.
    """
    found: list[str] = []
    for part in _SENTENCE.split(text):
        part = part.strip()
        torn = found and found[-1].count("(") > found[-1].count(")") and ")" in part
        if found and part and (torn or _ABBREVIATED.search(found[-1]) or _folded(found[-1], part)):
            found[-1] = f"{found[-1]} {part}"
        elif part:
            found.append(part)
    return [each[:_MAX_SENTENCE] for each in found[:_MAX_SENTENCES]]


def _folded(line: str, following: str) -> bool:
    if line[-1] in ".!?…。！？:" or not following[0].islower():
        return False
    return len(line) >= _FOLDED_AT or _GOES_ON.match(following) is not None


def read_answer(
    segments: Sequence[Segment], *, templates: Collection[str] = (), login: str | None = None
) -> Reading | None:
    """Read a reply, told apart into own words, quotations and code; None if it says nothing about consent.

    `templates` are the sentences that the request asked to be posted (as `normal` gives them), `login` whose reply it
    is. A sentence of the template counts in whichever language; a quotation of it alone does not, since nobody knows
    whether it was meant.
    """
    own = _plain("\n".join(each.text for each in segments if each.place in {"own", "details"}))
    if not own:
        return _without_words(segments, templates)
    if login and any(found["login"].lower() == login.lower() for found in _OWN_BOX.finditer(own)):
        return Reading(Answer.AGREED, _short(own.split("\n")[0]), BY_BOX)
    reading = _read(own, templates)
    if reading is None:
        # A sentence that was asked for may stand in a fence below a greeting.
        pasted = _without_words(segments, templates)
        return pasted if pasted and pasted.clear else None
    return reading


def pointing(words: str) -> bool:
    """Whether words answer what was said before them, whatever that is: "ok", "+1", "I disagree with that"."""
    said = _said(_plain(words))
    return (_bare(said) is not None and re.match(r"\W*I\b", said) is None) or re.search(
        r"\b(?:with|to|about|for) (?:that|this|it|the above)\W*\Z", said, _I
    ) is not None


def explicit(words: str, templates: Collection[str] = ()) -> bool:
    """Whether words agree or decline in a whole sentence, not by a word that may answer anything ("ok", "yes")."""
    said = _said(_plain(words))
    whole = _bare(said) is None or re.match(r"\W*I\b", said) is not None
    return _of(words, templates) or (whole and bool(phrases.AGREED.search(said) or phrases.DECLINED.search(said)))


def agreeing(sentence: str) -> bool:
    """Whether a sentence would be an agreement if it were somebody's answer."""
    found = _sentence(_plain(sentence), ())
    return found is not None and found[0] in {Answer.AGREED, Answer.CONDITIONS}


def _plain(text: str) -> str:
    return text.translate(_APOSTROPHES).replace("\u00a0", " ").strip()


def _without_words(segments: Sequence[Segment], templates: Collection[str]) -> Reading | None:
    """Read a reply that is nothing but code or quotations: people paste the sentence in a fence, or sign a message."""
    code = "\n".join(each.text for each in segments if each.place == "code")
    signed = _SIGNED.search(code)
    text = _plain(signed["text"] if signed else code)
    if text:
        reading = _read(" ".join(text.split()) if signed else text, templates)
        if reading and (
            signed or not reading.clear or normal(reading.words) in templates or _of(reading.words, templates)
        ):
            return reading
        return Reading(Answer.UNCLEAR, _short(text), CODE) if reading else None
    quoted = _plain("\n".join(each.text for each in segments if each.place == "quote"))
    reading = _read(quoted, templates) if quoted else None
    return Reading(Answer.UNCLEAR, reading.words, QUOTED) if reading else None


def _read(text: str, templates: Collection[str]) -> Reading | None:
    whole = sentences(text)
    if phrases.MAIL_HEAD.search(text) or phrases.FORWARDS.search(text):
        # Whose words these are, a reader has to see.
        found = next((each for each in whole if _sentence(each, templates) is not None), None)
        return Reading(Answer.UNCLEAR, _short(found), BEHALF) if found else None
    verdicts = [(sentence, _sentence(sentence, templates)) for sentence in whole]
    decided = [(sentence, found) for sentence, found in verdicts if found is not None]
    if not decided:
        return None
    clear = [(sentence, found) for sentence, found in decided if found[0] is not Answer.UNCLEAR]
    if not clear:
        sentence, (answer, note) = decided[0]
        return Reading(answer, _short(sentence), note)
    # A whole sentence says more than the "yes" or "no" before it.
    same = [each for each in clear if each[1][0] is clear[0][1][0]]
    sentence, (answer, note) = next((each for each in same if _bare(_said(each[0])) is None), clear[0])
    words = _short(sentence)
    answers = {each[0] for _, each in clear}
    if Answer.DECLINED in answers and len(answers) > 1:
        return Reading(Answer.UNCLEAR, words, BOTH)
    if answer is not Answer.DECLINED and any(found == (Answer.UNCLEAR, WITHDRAWN) for _, found in decided):
        return Reading(Answer.UNCLEAR, words, WITHDRAWN)
    if answer is Answer.DECLINED:
        return Reading(answer, words, note)
    if any(phrases.DOUBT.search(each) for each in whole):
        return Reading(Answer.UNCLEAR, words, UNSURE)
    if phrases.JOKE.search(text):
        return Reading(Answer.UNCLEAR, words, JOKE)
    bounds = next((each for each in whole if each != sentence and _bounds(each)), None)
    if Answer.CONDITIONS in answers or bounds:
        at = next((each for each, found in clear if found[0] is Answer.CONDITIONS), sentence)
        return Reading(Answer.CONDITIONS, _short(f"{at} {bounds}" if bounds and at != bounds else at), note)
    following = whole[whole.index(sentence) + 1 :][:1]
    if phrases.CONTRAST.search(_said(sentence)) or (
        following and re.match(r"\W*(?:but|however|although)\b", following[0], _I)
    ):
        return Reading(Answer.UNCLEAR, words, BUT)
    if note is None and phrases.BEHALF.search(text):
        note = ALSO_BEHALF if phrases.ALSO.search(text) or not phrases.BEHALF.search(sentence) else BEHALF
        if note == BEHALF:
            return Reading(Answer.UNCLEAR, words, BEHALF)
    return Reading(answer, words, note)


def _bounds(sentence: str) -> bool:
    """Whether a sentence beside the deciding one sets a condition: its own beginning says so, or a strong word."""
    return bool(
        re.match(
            r"\W*(?:as long as|so long as|provided|only if|unless|on (?:the |one )?condition|except|my (?:only|"
            r"one) condition|"
            r"if (?:it|that|this|you|not|they)\b[^.!?]*\b(?:otherwise|then|rather|no|not|withdraw))",
            sentence,
            _I,
        )
        and not phrases.HARMLESS_IF.search(sentence)
    ) or bool(re.search(r"\bmy (?:only |one )?condition|\bon (?:the |one )?condition that\b", sentence, _I))


def _sentence(sentence: str, templates: Collection[str]) -> tuple[Answer, str | None] | None:
    """Read one sentence: an answer with a note, or None if it is none."""
    if sentence.startswith("☐"):
        return (Answer.UNCLEAR, UNTICKED) if _sentence(sentence[1:].strip(), templates) else None
    if spoken := phrases.SPOKEN_FOR.match(sentence):
        return (Answer.UNCLEAR, BEHALF) if _sentence(sentence[spoken.end() :], templates) else None
    if _of(sentence, templates):
        return Answer.AGREED, None
    said = _said(sentence)
    bare = said.strip(" \t.!,;:*_~\"'()-–—#>") or said
    if phrases.RETRACTED.search(said) and not phrases.DECLINED.search(said):
        return Answer.UNCLEAR, WITHDRAWN
    if bare.lower() in phrases.YES_ABROAD:
        return Answer.AGREED, None
    if bare.lower() in phrases.NO_ABROAD:
        return Answer.DECLINED, None
    if "?" in said or phrases.QUESTION_ABROAD.search(said):
        touched = (
            phrases.AGREED.search(sentence)
            or phrases.DECLINED.search(sentence)
            or re.search(rf"\b(?:{phrases.PERMISSION}|{phrases.VERBS})\b", sentence, _I)
        )
        return (Answer.UNCLEAR, QUESTION) if touched else None
    if answer := _bare(said):
        return (Answer.CONDITIONS if answer is Answer.AGREED and _bound_in_brackets(sentence) else answer), None
    denies = phrases.DECLINED_ELSEWHERE.search(said) or (
        phrases.DECLINED.search(said) and not phrases.NO_DENIAL.search(said)
    )
    if re.search(r"\b(?:could(?: not|n't)|can(?: ?not|'t)) agree more\b", said, _I) or phrases.COMMENTS.search(said):
        return Answer.UNCLEAR, OTHER
    agrees = None if denies else (phrases.AGREED.search(said) or phrases.AGREED_ELSEWHERE.search(said))
    if denies:
        if phrases.OTHER.search(said):
            return Answer.UNCLEAR, OTHER
        if phrases.IF.search(said) or re.search(r"\b(?:unless|otherwise|as long as|without)\b", said, _I):
            # The other branch of a condition: "if it isn't, I'd rather keep them as they are".
            final = re.search(r"\bunder no circumstances\b|\bwithdraw|\brevoke|\bretract", said, _I)
            return (Answer.DECLINED, None) if final else (Answer.UNCLEAR, NO_WITH_CONDITIONS)
        rest = re.sub(phrases.DECLINED, " ", said)
        return (
            (Answer.UNCLEAR, BOTH)
            if phrases.CONTRAST.search(rest) and phrases.AGREED.search(rest)
            else (Answer.DECLINED, None)
        )
    if agrees is None:
        if re.match(rf"\W*{phrases.YES}(?!\w)", said, _I) and _ONLY.search(sentence):
            return Answer.CONDITIONS, None
        if (
            re.search(r"\bI\b|\bmy\b", said, _I)
            and phrases.SEVERAL.search(said) is None
            and phrases.OPINION.search(said)
        ):
            return Answer.UNCLEAR, OPINION
        if phrases.BEHALF.search(said):
            return Answer.UNCLEAR, BEHALF
        if phrases.SEVERAL.search(said):
            return Answer.UNCLEAR, SEVERAL
        if phrases.REPORTED.search(said) or _hedged(said):
            return Answer.UNCLEAR, UNSURE if _hedged(said) else NO_ANSWER
        return None
    if phrases.OTHER.search(said):
        return Answer.UNCLEAR, OTHER
    if phrases.UNSURE.search(said) or _denied(said, agrees):
        return Answer.UNCLEAR, UNSURE
    if phrases.NO_BEFORE.match(said):
        return Answer.UNCLEAR, BOTH
    if phrases.BEHALF.search(said) and not phrases.ALSO.search(said):
        return Answer.UNCLEAR, BEHALF
    note = ALSO_BEHALF if phrases.BEHALF.search(said) else None
    conditional = (
        phrases.CONDITION.search(sentence)
        or phrases.IF.search(phrases.HARMLESS_IF.sub(" ", sentence))
        or phrases.CONDITION_ELSEWHERE.search(sentence)
    )
    return (Answer.CONDITIONS if conditional else Answer.AGREED), note


def _denied(said: str, assent: re.Match[str]) -> bool:
    """Whether the clause of an assent denies something besides: who agrees to what, a reader has to see."""
    start, end = assent.span()
    before = [each.end() for each in phrases.CLAUSE_END.finditer(said, 0, start)]
    after = phrases.CLAUSE_END.search(said, end)
    clause = f"{said[before[-1] if before else 0 : start]} … {said[end : after.start() if after else None]}"
    return phrases.DENIES.search(phrases.HARMLESS_DENIAL.sub(" ", clause)) is not None


def _bound_in_brackets(sentence: str) -> bool:
    """Whether brackets behind a bare yes hold a condition: "Agreed (unless Kim objects)"."""
    return any(
        phrases.CONDITION.search(each) or phrases.IF.search(phrases.HARMLESS_IF.sub(" ", each))
        for each in _BRACKETS.findall(sentence)
    )


def _bare(said: str) -> Answer | None:
    """Read a sentence that is nothing but a yes or a no, with a name, thanks or signs around it."""
    at, found = 0, set()
    if len(said) > _MAX_BARE:
        return None
    while at < len(said):
        piece = phrases.PIECE.match(said, at)
        if piece is None:
            return None
        found.add(piece.lastgroup)
        at = piece.end()
    if {"yes", "no"} <= found:
        return None
    return Answer.AGREED if "yes" in found else Answer.DECLINED if "no" in found else None


def _hedged(said: str) -> bool:
    """Whether somebody says that they may agree: "I would be fine with that", "I suppose so"."""
    return bool(
        re.search(
            r"\bI(?:'d| would| might| may| could)\b[^.!?]{0,20}\b(?:agree|consent|be (?:ok|okay|fine|"
            r"happy))",
            said,
            _I,
        )
        or re.search(r"\bI (?:suppose|guess) so\b|\bagree to something\b", said, _I)
    )


def _of(sentence: str, templates: Collection[str]) -> bool:
    """Whether a sentence is one that the request asked for; names may stand in its gaps."""
    words = normal(sentence)
    return any(each in words for each in templates if len(each) >= 12)


def _said(sentence: str) -> str:
    """Return a sentence without what stands in brackets or quotation marks, unless that is all there is."""
    bared = _BRACKETS.sub(" ", sentence)
    bared = _MARKED.sub(" ", bared)
    return bared.strip() if re.search(r"\w", bared) or not re.search(r"\w", sentence) else sentence.strip(' "“”„«»')


def _short(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= _QUOTE_LENGTH else words[: _QUOTE_LENGTH - 1].rstrip() + "…"
