"""Recognises a post that asks contributors to agree to a license, what it asks them to write, and whom it lists.

It reads no answers, and takes a ticked box for what it is: the asker's word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from archiver import answers
from archiver.markup import segments
from archiver.spdx import spdx_mentions

_I = re.IGNORECASE

_PURPOSE = re.compile(
    r"\bre-?licen[cs]|\blicen[cs]|\bcopyright|\bCLA\b|\bDCO\b|contributor agreement|lizen[zs]|licence|licença|"
    r"licencia|"
    r"licenza|licentie|лиценз|许可|許可|授权|授權|ライセンス|라이선스",
    _I,
)
_CONSENT = re.compile(
    r"\bagree|\bconsent|\bapprov|\bpermission|\bpermit\b|\bassent|\baccept|\bobjection|\bobject\b|\b(?:happy|"
    r"willing) to (?:re-?)?licen[cs]|\banything against\b|\bveto\b|\bsign[- ]?off|\bsign\b|"
    r"\+1|👍|:\+1:|\bok(?:ay)?\b|\bfine with|\bI,? .{0,30}licen[cs]e|zustimm|einverstanden|accord|consent|"
    r"acuerdo|acepta|acordo|"
    r"concord|соглас|同意|赞成|賛成|承諾|동의",
    _I,
)
ABOUT_CONSENT = re.compile(
    f"{_PURPOSE.pattern}|{_CONSENT.pattern}|\\b(?:[AL]?GPL|MIT|Apache|BSD|change|switch|everyone|sure)\\b", _I
)
"""What a question says that may be about the consent that is asked for."""
_CONTRIBUTORS = re.compile(
    r"\bcontribut(?:ors?|ed|ions?|ing)\b|\bcommitters?\b|\bcopyright (?:holders?|owners?)\b|\bauthors\b|"
    r"\bpatch(?:es)? of\b|"
    r"\byour (?:past |previous |own |code |past and future )?(?:contributions?|commits?|code|work|patch(?:es)?|"
    r"permission|"
    r"consent|approval)\b|\b(?:everyone|everybody|each|all) (?:of you|who|below)\b|Mitwirkend|Beitragend|"
    r"contribut(?:eur|or|rice)|"
    r"contribuid|contribuy|colaborador|участник|контрибьют|автор|贡献者|貢獻者|貢献者|コントリビュータ|기여자",
    _I,
)
_TELL = (
    r"(?:comment|reply|respond|answer|post|writ|stat|indicat|confirm|say|let (?:us|me) know|tell|\+1|react|"
    r"approv|sign|check|"
    r"tick|leav|provid|giv|type|agree|acknowledg|consent|weigh in|sound off|speak (?:up|now))\w*"
)
# Said to those who are to answer: an imperative, or a question put to them.
_IMPERATIVES = (
    re.compile(rf"\b(?:please|kindly|pls)\b[^.!?\n]{{0,160}}\b{_TELL}", _I),
    re.compile(rf"\b(?:if|should) you(?:'re| are| do| have)?\b[^.!?\n]{{0,160}}\b{_TELL}", _I),
    re.compile(
        rf"\b(?:to|in order to) (?:agree|consent|approve|give (?:your )?(?:consent|"
        rf"permission))\b[^.!?\n]{{0,80}}\b{_TELL}",
        _I,
    ),
    re.compile(
        rf"\b(?:can|could|would|will) (?:you|everyone|everybody|all|each|"
        rf"@[\w-]+)\b[^.!?\n]{{0,200}}\b{_TELL}[^.!\n]*[?:]",
        _I,
    ),
    re.compile(
        r"\b(?:do|can|could|may) (?:I|we) (?:please )?(?:have|get) your (?:permission|consent|approval|ok)\b", _I
    ),
    re.compile(
        r"\b(?:do|does|would|will|are|is) (?:you|everyone|everybody|anyone|anybody|all|"
        r"each)\b[^.!\n]{0,160}\b(?:agree|consent|"
        r"approve|ok(?:ay)?|fine|willing|object|objections?|happy|permission|comfortable)\b[^.!\n]{0,160}\?",
        _I,
    ),
    re.compile(
        rf"\b(?:ask(?:ing)?|request(?:ing)?|invit(?:e|ing)|would like|I'd like|we'd like|need|"
        rf"require)\b[^.!?\n]{{0,60}}\b"
        rf"(?:you|everyone|everybody|contributors?|committers?|authors)\b[^.!?\n]{{0,40}}\bto (?:\w+ )?{_TELL}",
        _I,
    ),
    re.compile(
        r"\bspeak (?:up )?now or\b|\bwill need a (?:yes|no)\b|\bhow (?:do I|to) (?:give|consent|agree|respond|"
        r"sign)\b",
        _I,
    ),
    re.compile(
        rf"\b(?:contributors?|authors|you) (?:\w+ ){{0,4}}(?:are|is) (?:advi[sc]ed|asked|requested|invited|"
        rf"encouraged) to {_TELL}",
        _I,
    ),
    re.compile(r"\ball contributors should (?:approve|agree|sign|confirm)\b", _I),
    re.compile(
        r"\bbitte\b[^.!?\n]{0,160}(?:antwort|kommentier|zustimm|bestätig|schreib)|(?:veuillez|merci de|"
        r"pouvez-vous)[^.!?\n]{0,160}"
        r"(?:répond|comment|confirm|accept|accord)|\bpor favor\b[^.!?\n]{0,160}(?:respond|coment|confirm|acept|"
        r"aceit)|"
        r"(?:пожалуйста|прошу)[^.!?\n]{0,160}(?:ответ|подтверд|соглас|коммент)|请[^。！？\n]{0,80}(?:回复|评论|"
        r"同意|确认)|"
        r"(?:同意|コメント|返信|回答)[^。！？\n]{0,60}(?:ください|お願い)",
        _I,
    ),
)
# A need alone is no request ("that would need the consent of all contributors"): names must stand beside it.
_NEEDS = re.compile(
    r"\b(?:need|needs|needed|require[sd]?|requires|looking for|waiting (?:for|on)|collect\w*|gather\w*|get|"
    r"seek\w*|obtain\w*|"
    r"outstanding|missing|hear from)\b[^.!?\n]{0,100}\b(?:consent|permission|approv\w*|agree\w*|sign-?offs?|"
    r"assent|confirmation|"
    r"ok|okay|contributors?)\b|\b(?:consent|approvals?|permissions?|agreements?|sign-?offs?) (?:needed|required|"
    r"status|list)\b|"
    r"\b(?:like|nice|need|want|love|get)\b[^.!?\n]{0,40}(?:\byour (?:approval|consent|ok|okay)\b|"
    r"(?:a )?(?::\+1:|\+1|👍) (?:also )?from\b)",
    _I,
)
_OUTSIDERS_WISH = re.compile(
    r"\bwould you (?:\w+ )?(?:consider|mind (?:chang|relicens|adding))|\bcould you (?:\w+ )?consider\b", _I
)
_BY_APPROVING = re.compile(
    r"\bapprov(?:e|ing|es|al of)\b[^.!?\n]{0,20}\b(?:PR|pull request)\b|\breview changes\b|\bgithub review\b|"
    r"\bsubmit(?:ting)? (?:a|an) (?:\w+ )?review\b",
    _I,
)

# --- names ------------------------------------------------------------------------------------------------------------

_LOGIN = r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}"
_MENTION = re.compile(rf"(?<![\w/.@`-])@(?P<login>{_LOGIN})(?![\w/\[-]|@)")
_LINKED = re.compile(rf"\[@?(?P<name>{_LOGIN})\]\(https?://github\.com/(?P<login>{_LOGIN})/?\)", _I)
_STRUCK = re.compile(r"~~[^~\n]{1,200}~~")
_BOX = re.compile(r"^\s*(?:[-+*•]\s*)?(?:☑|☐|\[(?P<sign>[ xX]?)\])\s*(?P<rest>.*)$")
_ITEM = re.compile(rf"^\s*(?:[-+*•]|\d{{1,4}}[.)])?\s*@{_LOGIN}\b")
_TICK = re.compile(
    r"[✓✔✅☑]|:heavy_check_mark:|:white_check_mark:|\b(?:yes|agreed|approved|ok|done|consented|granted)\b", _I
)
_NO_LIST = re.compile(
    r"(?:\b(?:thanks?(?: you)?|I agree|agreed|thx|kudos|credits?|cc|/cc|per|by|as|like|suggested by|via|"
    r"said|quoting|see|ask(?:ed)?|"
    r"contact|mail|e-mail|h/t)(?:\s+(?:to|for|go(?:es)? to))?|['’]s)[\s:,]*$",
    _I,
)
_ADDRESSED = re.compile(
    rf"{_CONSENT.pattern}|\bplease\b|\bcontribut|\bcommitter|\bauthors?\b|\blet (?:us|me) know|\bneed\b|"
    rf"\bwaiting\b|\?",
    _I,
)
_PLACEHOLDER = re.compile(
    r"<[^<>\n]{0,60}>|\[[^\[\]\n]{0,60}\]|\{[^{}\n]{0,60}\}|_{2,}|\.{3,}|…|@?\b(?:user-?name|handle|YOUR NAME|"
    r"FULL NAME|NAME|XXX+)\b|"
    r",\s*(?=,)"
)


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody whom a request lists; `ticked` is what the list says of the person, None where it has no boxes."""

    login: str
    ticked: bool | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a request for consent says: its deciding `words`, the sentences to be posted, whom it lists.

    `templates` are as `answers.normal` gives them. `by_approving` means that it takes the approval of a pull request
    for an answer.
    """

    words: str
    templates: tuple[str, ...] = ()
    named: tuple[Named, ...] = ()
    by_approving: bool = False


def read_request(body: str, title: str) -> Request | None:
    """Read a post as a request to contributors to agree to a license; None if it is none.

    What decides: words of licensing (here or in the title), words of consent, and either a sentence that asks for an
    answer with a sign that contributors are meant, or a list of names beside a need for their consent. That a debate
    says that everybody's consent would be needed is no request.
    """
    if not (_CONSENT.search(body) and (_PURPOSE.search(body) or _PURPOSE.search(title))):
        return None
    parts = segments(_source(body))
    own = "\n".join(each.text for each in parts if each.place in {"own", "details"}).replace("’", "'")
    about = f"{title}\n{own}"
    licensing = bool(_PURPOSE.search(own)) or bool(_PURPOSE.search(title)) or bool(spdx_mentions(about))
    lines = answers.sentences(own)
    templates = _templates([each.text for each in parts if each.place in {"quote", "code"}], lines)
    if not (licensing and (templates or _CONSENT.search(own))):
        return None
    named = _named(own)
    asking = next((each for each in lines if any(pattern.search(each) for pattern in _IMPERATIVES)), None)
    if asking is not None and _OUTSIDERS_WISH.search(asking) and not named:
        asking = None
    if asking is not None and (
        templates or len(named) > 1 or _CONTRIBUTORS.search(about) or (named and _relicenses(about))
    ):
        # A request has to do with consent in the asking sentence or close by, not merely somewhere in a long post.
        near = lines[max(0, lines.index(asking) - 2) : lines.index(asking) + 3]
        if templates or any(_CONSENT.search(each) for each in near):
            return Request(_words(asking), templates, named, bool(_BY_APPROVING.search(own)))
    listed = _structured(own)
    need = next((each for each in lines if _NEEDS.search(each) and _CONSENT.search(each)), None)
    if listed and (need or (len(listed) > 1 and _relicenses(about))):
        return Request(_words(need or title), templates, named or listed, bool(_BY_APPROVING.search(own)))
    if need and (len(named) > 1 or templates) and (_CONTRIBUTORS.search(about) or _relicenses(about)):
        return Request(_words(need), templates, named, bool(_BY_APPROVING.search(own)))
    return None


def _relicenses(text: str) -> bool:
    return bool(
        re.search(
            r"\bre-?licen[cs]|\b(?:chang|switch|mov|convert|transition|updat|add|"
            r"adopt)\w*\b[^.!?\n]{0,60}\blicen[cs]|"
            r"\blicen[cs]e (?:change|switch|transition|agreement)|\blicensed? under\b",
            text,
            _I,
        )
    )


def _words(sentence: str) -> str:
    sentence = " ".join(sentence.split())
    return sentence if len(sentence) <= 240 else sentence[:239].rstrip() + "…"


# --- the list ---------------------------------------------------------------------------------------------------------


def names(body: str) -> tuple[Named, ...]:
    """Return whom a post lists, in its order, each once; boxes and signs of a table are told."""
    return _named("\n".join(each.text for each in segments(_source(body)) if each.place in {"own", "details"}))


def _source(body: str) -> str:
    """Return a post's Markdown with links to accounts as mentions, and without what is struck through."""
    return _STRUCK.sub("", _LINKED.sub(lambda link: f"@{link['login']}", body))


def _named(own: str) -> tuple[Named, ...]:
    found = {each.login.lower(): each for each in _structured(own)}
    for line in own.split("\n"):
        if _row(line) is not None:
            continue
        mentions = list(_MENTION.finditer(line))
        run = len(mentions) > 1 and _is_run(line, mentions)
        for mention in mentions:
            before = line[max(0, mention.start() - 400) : mention.start()]
            chained = re.sub(rf"(?:@{_LOGIN}|,|&|\band\b|\s)+$", "", before)
            if _NO_LIST.search(chained) or line[mention.end() : mention.end() + 2] in {"'s", "’s"}:
                continue
            if run or _ADDRESSED.search(line):
                found.setdefault(mention["login"].lower(), Named(mention["login"]))
    return tuple(found.values())


def _is_run(line: str, mentions: list[re.Match[str]]) -> bool:
    gaps = (line[first.end() : second.start()] for first, second in pairwise(mentions))
    return any(re.fullmatch(r"[\s,;&/|]*(?:and|und|et|y|e)?[\s,;&/|]*", gap) for gap in gaps)


def _structured(own: str) -> tuple[Named, ...]:
    """Return who stands in task lists, tables, and lists of names."""
    found: dict[str, Named] = {}
    lines = own.split("\n")
    ticked_table = any("|" in line and _MENTION.search(line) and _TICK.search(_rest(line)) for line in lines)
    for line in lines:
        row = _row(line)
        if row is None:
            continue
        login, ticked = row
        if ticked is False and "|" in line and not ticked_table:
            ticked = None
        found.setdefault(login.lower(), Named(login, ticked))
    return tuple(found.values())


def _row(line: str) -> tuple[str, bool | None] | None:
    """Read a line that is about one person: a box, a row of a table, an item that begins with a name."""
    if box := _BOX.match(line):
        mention = _MENTION.search(box["rest"])
        if mention and len(box["rest"][: mention.start()].split()) < 5:
            return mention["login"], "☑" in line[: line.find("@")] or (box["sign"] or "").lower() == "x"
        return None
    if "|" in line and (mention := _MENTION.search(line)):
        return mention["login"], bool(_TICK.search(_rest(line)))
    mentions = list(_MENTION.finditer(line))
    if len(mentions) == 1 and (item := _ITEM.match(line)):
        rest = line[item.end() :].strip()
        # A remark stands apart; words that follow at once are those of a sentence, which a line may begin with a name.
        if not rest or (len(rest) < 80 and (rest[0] in "([:,;–—-|✓✔✅" or len(rest.split()) < 3)):
            return mentions[0]["login"], None
    return None


def _rest(line: str) -> str:
    return _MENTION.sub(" ", line)


# --- what is to be posted ---------------------------------------------------------------------------------------------


def _templates(apart: list[str], lines: list[str]) -> tuple[str, ...]:
    """Return the sentences that are to be posted, without their gaps: those set apart, or in quotation marks."""
    wanted = [sentence for text in apart for sentence in answers.sentences(" ".join(text.split()))]
    for line in lines:
        if re.search(rf"\b{_TELL}", line, _I):
            wanted += re.findall(r"[\"“„«]([^\"“”„«»\n]{8,300})[\"”“»]", line)
    found: dict[str, None] = {}
    for each in wanted:
        if not (_PURPOSE.search(each) or _CONSENT.search(each)) or "?" in each:
            continue
        filled = re.sub(r"^\W*I\s*,[^,]{0,80},", "I", _PLACEHOLDER.sub(" ", each))
        if not answers.agreeing(filled):
            continue
        pieces = [answers.normal(piece) for piece in _PLACEHOLDER.split(each)]
        longest = max(pieces, key=len)
        if len(longest.split()) >= 4:
            found.setdefault(longest)
    return tuple(found)
