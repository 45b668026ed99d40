"""Owns what a sentence does about licensing: it asks, refuses, permits, grants, claims ... beyond naming a license.

A sentence that does nothing of it names licensing in passing. Terms stand in `archiver.vocabulary`, the weighing in
`archiver.license`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from archiver.patterns import Pattern

NEAR = 90
"""How many characters may lie between an act and the term that it is about."""


ARGUES, FORBIDS = "argues", "forbids"


class Act(NamedTuple):
    """What a sentence may do: `weight` is how much that makes a debate of it; `near` as `NEAR`."""

    name: str
    pattern: Pattern
    weight: float
    near: int = NEAR


_USE = (
    r"(?:us\w+|includ\w+|bundl\w+|ship\w*|link\w*|cop(?:y|ied|ying)|port\w*|merg\w+|accept\w*|"
    r"(?:re)?distribut\w*|vendor\w*|"
    r"depend\w*|import\w*|adopt\w*|tak\w+|add\w*|publish\w*|packag\w*|embed\w*|releas\w+|contribut\w*|"
    r"borrow\w*|combin\w+|"
    r"incorporat\w+|reproduc\w+|integrat\w+|provid\w+|support\w*|enabl\w+|host\w*|shar\w+|redo|do that|"
    r"have (?:it|that|this))"
)
_NOT = (
    r"(?:can(?:no|['’])t|can not|cant|could ?n[o'’]t|unable to|not (?:be )?(?:able|allowed|permitted|"
    r"possible|going) to|"
    r"wo(?:n['’]t)|would ?n['’]?o?t|will not|must ?n['’]?o?t|should ?n['’]?o?t|do(?:es)? ?n['’]?o?t want to|rather not|"
    r"(?:may|might) not|never|(?:is|are|was|were) ?n['’]?o?t (?:to be )?(?:allowed|permitted)?|no longer|not)"
)
_REASON = (
    r"(?:reasons?|issues?|problems?|concerns?|constraints?|restrictions?|conflicts?|implications?|"
    r"questions?|troubles?|mess|"
    r"uncertaint\w+|situation|discussions?|debates?|considerations?|requirements?|obligations?|violations?|compliance|"
    r"policy|policies|incompatib\w+|fees|worries|headaches?|complications?|nightmare|ambigu\w+|status|matters?|"
    r"thing|stuff|hurdles?|risks?|challenges?|minefield|perspective|standpoint|point of view|side|aspects?|angle)"
)
_LAW = r"(?:licen[cs]\w*|legal(?:ly|ity)?|patents?|copyrights?|IP|[AL]?GPL\w*|DFSG|royalt\w+|non-?free)"

ACTS: tuple[Act, ...] = tuple(
    Act(name, Pattern(pattern), weight, near)
    for name, pattern, weight, near in (
        # A whole sentence's sense.
        ("gives-it-as-the-reason", rf"\b{_LAW}[- ]{_REASON}\b(?!\.\w)", 2.8, 20),
        (
            "gives-it-as-the-reason",
            r"\bfor (?:\w+ ){0,3}(?:patents?|legal|licensing|copyright)\b(?! (?:files?|headers?|holders?))|"
            r"\b(?:because(?: of)?|due to|owing to|thanks to|given|since)\b[^.\n]{0,40}\b(?:licen[cs]\w*|legal|"
            r"patents?|"
            r"copyrights?|[AL]?GPL\w*)\b",
            2.0,
            40,
        ),
        ("is-about-compatibility", r"\b(?:in)?compatib(?:le|ility|ilities)\b", 2.6, 45),
        (
            "refuses",
            rf"\b{_NOT}\b[^.\n]{{0,30}}\b{_USE}\b|\b(?:prevent|prohibit|forbid|forbad|disallow|bann?|preclud|"
            rf"exclud|block|"
            r"reject|refus|drop|remov|replac|avoid|rul(?:e|ed|ing)s? out|declin)\w*\b|\b(?:deal[- ]?breaker|no[- ]go|"
            r"show[- ]?stopper|non-?starter|not an option|out of the question|stay away|steer clear|keep \w+ out|"
            r"(?:leave|left|keep|kept) out|can(?:no|['’])t|off[- ]limits|"
            r"off the table|unacceptable|unsuitable|not (?:acceptable|suitable|okay|ok|appropriate|distributable|"
            r"redistributable|compatible|free|open source|viable|feasible|good|great|ideal|an issue|a problem)|"
            r"undesirable)\b",
            2.6,
            80,
        ),
        # What nobody says of a license in passing: the code would be bound, two that do not go together.
        (
            "is-about-compatibility",
            r"\b(?:mak(?:e|es|ing)|turn(?:s|ed|ing)?|render(?:s|ed)?) (?:(?:the|our|my|your|this|its|whole|entire|"
            r"combined|resulting|all|of|a) ){0,4}(?:\w+ ){0,2}(?:into )?(?:[al]?gpl|copyleft|non-?free)"
            r"(?=[-\w+]{0,9}(?:\.\d)?\s*(?:[.,;:!?)\n]|\Z|\b(?:too|as well|then|and|so|which|anyway|"
            r"because|since|if|unless)\b))|"
            r"\b(?:is|are|under the|under) (?:the )?[al]?gpl[^.\n]{0,25}\b(?:we(?:'re|’re| are)|ours? (?:\w+ )?is|"
            r"this (?:\w+ )?is|while) (?:\w+ ){0,3}(?:mit|bsd|apache|mpl|isc|zlib|proprietary|closed)\b|"
            r"\b(?:we(?:'re|’re| are)|ours? (?:\w+ )?is|this (?:\w+ )?is) (?:mit|bsd|apache|mpl|isc|zlib|"
            r"proprietary|closed)\b[^.\n]{0,25}\b(?:is|are) [al]?gpl",
            2.6,
            10,
        ),
        (
            "claims-a-violation",
            r"\b(?:violat\w+|infring\w+|in breach|breach\w*|plagiari\w+|stole|stolen|steal\w*|illegal(?:ly)?|"
            r"unlawful\w*|"
            r"non-?complian\w+|comply|complies|complying|complian\w+|rip(?:ped)?[- ]off|DMCA|take[- ]?down|"
            r"without (?:any )?"
            r"(?:credit|attribution|permission|consent)|not (?:properly )?(?:credited|attributed))\b",
            2.6,
            70,
        ),
        (
            "grants",
            r"\bI(?:'m| am|'d| would| can| do|'ll| will)?\b[^.\n]{0,40}\b(?:agree|consent|grant|release|"
            r"relicen[cs]e|dedicate|"
            r"waive|assign|permission|licen[cs]e (?:my|this|it|the|them|under))|\bhereby\b|\bfeel free to\b|"
            r"\byou(?: may|"
            r"['’]re free to| are free to| have my| can)\b|\b(?:happy|willing|glad) to\b|\b(?:fine|okay|"
            r"ok) (?:with|by)\b|"
            r"\bno objections?\b|\bgive\w* (?:you |my |our |the )*(?:permission|consent)\b|\bdo whatever you want\b",
            2.3,
            70,
        ),
        (
            "requests",
            r"\b(?:please|(?:could|can|would|will) (?:you|we|somebody|someone|the)|asks? (?:you|the|them|him|"
            r"her|for)|asked|"
            r"contact\w*|reach(?:ed)? out|permission from|permission of|looking for|request\w*|want(?:s|"
            r"ed)? (?:you|us|it)|"
            r"need(?:s|ed)? (?:a|an|your|the|some|explicit|permission)|sign(?:ed|ing)?|agree to)\b",
            1.8,
            60,
        ),
        (
            "owns",
            r"\b(?:own(?:s|ed|er|ers|ership)?|holders?|holds|retain(?:s|ed|ing)?|belong(?:s|ed)?|assign(?:s|ed|"
            r"ing|ment)?|"
            r"transfer(?:s|red|ring)?|employer'?s?|employment|my (?:company|work|boss)|on behalf of|authorship|"
            r"(?:original|sole) author)\b",
            2.2,
            60,
        ),
        (
            "obliges",
            r"\b(?:requir(?:e|es|ed|ing|ement)|must|needs?|needed|ha(?:s|ve|d) to|obligat\w*|obliges?|obliged|"
            r"forc(?:e|es|ed|ing)|"
            r"mandat\w+|supposed to|demand\w*|insist\w*|only if|as long as|provided that|on (?:the )?condition|"
            r"strings attached)\b",
            2.0,
            70,
        ),
        (
            "permits",
            r"\b(?:allow(?:s|ed|ing)?|permi(?:t|ts|tted|ssion|ssions)|lets? (?:us|you|me|them|people)|free to|"
            r"(?:okay|ok|fine|legal|"
            r"safe|good) to|be used|can be)\b",
            1.6,
            60,
        ),
        (
            "finds-it-missing",
            r"\b(?:no|without(?: any| an?)?)(?= (?:\w+ ){0,2}(?:re|sub)?(?:licen[cs]|copyright|notice|permission|"
            r"attribution|"
            r"[al]?gpl|patent|copying|terms|header|cla\b|dco\b|credit|sources?\b|public domain|spdx|mention|file|"
            r"copyleft|viral|permissive|restrict))|"
            r"\b(?:missing|lack(?:s|ed|ing)?|absen(?:t|ce)|(?:does|do|did|is|are|has|"
            r"have) ?n['’]?o?t (?:\w+ )?(?:have|say|"
            r"specif\w+|includ\w+|mention\w*|stat\w+|seem|see|find|any|clear|carry|contain\w*|come)|unspecified|"
            r"undefined|unclear|"
            r"not (?:specified|stated|included|mentioned|clear|given|declared|defined|present|shipped)|"
            r"could ?n['’]?o?t find|"
            r"can(?:['’]|no)t find|unlicensed|nowhere)\b",
            2.2,
            35,
        ),
        (
            "weighs",
            r"\b(?:prefer\w*|rather|better|instead|alternatives?|choos\w+|chose\w*|choices?|pick\w*|decid\w+|"
            r"decisions?|consider\w*|"
            r"switch\w*|chang(?:e|es|ed|ing)|mov(?:e|ed|ing) to|propos\w+|suggest\w*|recommend\w*|worr\w+|"
            r"concern\w*|afraid|"
            r"risk\w*|problem\w*|issues?|tricky|unfortunate\w*|careful\w*|trouble\w*|implications?|restrict\w+|"
            r"permissive\w*|"
            r"viral|strict\w*|lenient|liberal|clean[- ]room|taint\w*|infect\w*|contaminat\w*|encumber\w*|"
            r"suspicious|murky|gr[ae]y area|ambiguous|"
            r"complicated|depends on|matters?|acceptable|suitable|appropriate|problematic|annoying|sadly|"
            r"consequences?|affects?|"
            r"disput\w*|controvers\w*|confus\w+|misunderst\w+|interpret\w*|as far as I (?:know|understand|"
            r"can tell)|AFAI\w+|IIRC|"
            r"I (?:think|believe|guess|assume|suppose|doubt|understand|wonder))\b",
            1.6,
            NEAR,
        ),
        (
            "finds-it-wrong",
            r"\b(?:wrong\w*|incorrect\w*|inaccurate\w*|mistak\w+|outdated|out of date|mismatch\w*|"
            r"inconsisten\w+|contradict\w*|"
            r"conflict\w*|mislead\w+|says? (?:that )?it|listed as|claims? (?:to be|that)|declared as)\b",
            1.8,
            60,
        ),
        (
            "speaks-of-law",
            r"\bIANAL\b|\bnot a lawyer\b|\b(?:lawyers?|attorneys?|legal (?:advice|team|department|counsel|"
            r"issues?|reasons?|"
            r"questions?|risks?|status|grounds|opinion|liability|trouble|concerns?|says?|said|insists?|wo(?:n['’]t)|"
            r"does(?:n['’]t)|will)|legally|legality|court|"
            r"law ?suits?|sue[ds]?|suing)\b",
            2.4,
            120,
        ),
        (
            "shares",
            r"\b(?:(?:re)?distribut\w+|(?:re)?distributable|copied from|ported from|deriv(?:ed|ative|es|ing)\w*|"
            r"reverse[- ]engineer\w*|"
            r"(?:statically|dynamically) link\w*|link(?:ed|ing) (?:against|to|with)|taken from|based on|"
            r"borrowed|reus\w+|commercial\w*|"
            r"embed\w*|bundl\w+|vendor(?:ed|ing)|ship(?:ped|ping)?)\b",
            1.4,
            60,
        ),
        # What follows from it: "X is LGPL, so we can", "patented until last year".
        (
            "concludes",
            r"\b(?:so|hence|therefore|thus|which means|that means|but|however|unless|otherwise|no longer|any ?more|"
            r"expired|"
            r"until|meanwhile|after the recent|instead of)\b",
            1.5,
            45,
        ),
        (
            FORBIDS,
            r"kompatib|erlaub|verbiet|verbot|verletz|verstö|verträgt|vereinbar|interdi[rt]|autoris|viol[ea]|prohib|"
            r"proib|"
            r"vieta|narusz|наруш|совместим|запрещ|разреш|违反|違反|兼容|允许|禁止|侵权|侵害|互換|风险|風險|不能|"
            r"无法使用|できません|"
            r"위반|금지|허용",
            2.4,
            NEAR,
        ),
        (
            ARGUES,
            r"einverstanden|dürfen|\bdarf\b|fehlt|problem|unklar|ungeklärt|"
            r"welche|steht unter|stehen unter|müss|d['’]accord|compatib|manqu|permet|quelle|peut-on|puis-je|"
            r"permit|puedo|podr[íi]a|falta|cu[áa]l|acuerdo|compatível|\bpode|qual\b|"
            r"\bposso\b|incompatib|manca|consent|\bquale\b|\bczy\b|\bjak[aą]\b|brak|zgod|"
            r"согласен|соглас|можно|нельзя|отсутств|какой|какая|под какой|"
            r"可以|能否|是否|缺少|没有|问题|問題|同意|可能|変更|ありません|でしょうか|ますか|必要|"
            r"建议|导致|必须|无法|需要|改为|怎么|什么|いただけ|違い|"
            r"가능|문제|변경|없습니다|인가요|나요",
            1.8,
            NEAR,
        ),
    )
)

_ENGLISH = tuple(act for act in ACTS if act.name not in {ARGUES, FORBIDS})
# Words of other languages that may stand in plain ASCII.
_FOREIGN = Pattern(
    r"\b(?:lizen[zs]|urheber|licenci|licenz|licencj|licence|droit|derecho|direito|diritt|praw[ao] autor|comercial|"
    r"kommerz|commerciale)"
)

# The form of a question. What it is about, the terms beside it say.
ASKING = Pattern(
    r"\b(?:what|which|whose|is|are|can|could|may|might|do|does|would|should|how|why|any|who|has|have|"
    r"did|will|am|was|were|if)\b[^?\n]{0,200}\?|"
    r"\b(?:I wonder|wondering|not sure|unsure|unclear|not clear|clarif\w+|curious|don['’]?t know|no idea|like to know|"
    r"question is|was wondering|need to know|let (?:me|us) know|any(?:one|body) knows?)\b",
    ("?", "wonder", "sure", "clear", "clarif", "curious", "know", "no idea", "question is"),
)
ASKING_FOREIGN = Pattern(
    r"\b(?:quel(?:le)?s?|qui|sous quelle|peut-on|puis-je|welche[rnms]?|wem|wer|darf|dürfen|ist|sind|kann|gibt es|"
    r"est-ce|es posible|jest|qu[ée]|"
    r"qui[ée]n|cu[áa]l|puedo|podemos|qual|quem|quale|chi|czy|jak[aąi]|posso|podemos)\b[^?\n]{0,120}\?|"
    r"\b(?:какая|какой|кто|можно|чья|под какой)\b[^?\n]{0,120}\?|？|[^\x00-\x7f][^?\n]{0,40}\?|"
    r"(?:请问|是否|能否|可否|可以.{0,12}吗|[吗呢]\s*$|でしょうか|ますか|ですか|나요|까요|인가요)",
)
ASKS = "asks"
ASKS_WEIGHT = 2.4
SURELY = 0.8
ASKS_NEAR = 60

# What is asked for is the license itself: no other question is one of licensing so surely.
ASKS_LICENSE = Pattern(
    r"\b(?:what|which|whose|under (?:what|which))\b[^.?\n]{0,40}\blicen[cs]|\blicen[cs]\w*\s*\?|"
    r"\bhow (?:is|are)\b[^.?\n]{0,40}"
    r"\blicen[cs]ed|\blicen[cs]\w* (?:is|are|does|do|would|should)\b[^.?\n]{0,60}\?|\b(?:who owns|who holds)\b",
    ("licen", "who owns", "who holds"),
)

# A sentence about a program that shows, checks or reads licenses is about the program.
SURFACE = Pattern(
    r"\b(?:display\w*|print\w*|show\w*|outputs?|functions?|methods?|macros?|man ?pages?|sub-?commands?|"
    r"sections?|templates?|"
    r"regex\w*|pars(?:e|er|es|ing|ed)|fields?|attributes?|check(?:ing|er|s)?|scann\w+|scan|detect\w*|"
    r"generat\w+|render\w*|"
    r"lint\w*|config\w*|options?|flags?|arguments?|commands?|buttons?|dialogs?|tabs?|menus?|columns?|plugins?|scripts?|"
    r"columns?|headers? (?:check\w*|format\w*|style\w*)|warnings?|badges?|pages?|screens?|tooltips?|css|"
    r"layout|crash\w*|"
    r"exceptions?|stack ?trace|null|tests? fail\w*|CI|workflow|pre-commit|hooks?|json|yaml|xml|toml|api|"
    r"endpoint|response)\b",
)


class Done(NamedTuple):
    """An act that stands at `start:end` of a text."""

    name: str
    weight: float
    near: int
    start: int
    end: int

    @property
    def foreign(self) -> bool:
        """Whether it is one of other languages, to be believed beside terms of those alone."""
        return self.name in {ARGUES, FORBIDS}

    def near_to(self, terms: Sequence[tuple[int, int]], reach: int = 1) -> bool:
        """Say whether it stands near one of the terms, given as (start, end); `reach` multiplies how near is near."""
        near = self.near * reach
        return any(self.start - near <= end and start <= self.end + near for start, end in terms)


def acts_in(low: str, offset: int = 0) -> list[Done]:
    """List what a sentence, in lower case, does; whether it is about licensing, the terms near it say.

    `offset` is where the sentence begins in what the places are counted from.
    """
    foreign = not low.isascii() or _FOREIGN.search(low) is not None
    found = [
        Done(act.name, act.weight, act.near, offset + match.start(), offset + match.end())
        for act in (ACTS if foreign else _ENGLISH)
        for match in act.pattern.finditer(low)
    ]
    asked = [match.span() for match in ASKING.finditer(low)]
    if foreign:
        asked += [match.span() for match in ASKING_FOREIGN.finditer(low)]
    surely = [match.span() for match in ASKS_LICENSE.finditer(low)] if asked else []
    found += [Done(ASKS, ASKS_WEIGHT, ASKS_NEAR, offset + start, offset + end) for start, end in asked]
    found += [Done(ASKS, ASKS_WEIGHT + SURELY, ASKS_NEAR, offset + start, offset + end) for start, end in surely]
    return found


REACH = 2
"""How much farther off an act may be that another sentence does."""
_FARTHEST = REACH * max(*(act.near for act in ACTS), ASKS_NEAR)


class Doings:
    """What the sentences of a paragraph do, found out when it is asked for: most sentences have no term near them."""

    def __init__(self, sentences: Sequence[tuple[str, int]]) -> None:
        """Take the sentences in lower case, each with the place where it begins, in order."""
        self._sentences = sentences
        self._starts = [start for _, start in sentences]
        self._known: dict[int, list[Done]] = {}

    def _of(self, index: int) -> list[Done]:
        known = self._known.get(index)
        if known is None:
            known = self._known[index] = acts_in(*self._sentences[index])
        return known

    def near(self, index: int) -> list[Done]:
        """List the acts of a sentence and of those so near that they may count for its terms.

        However long the paragraph is, these are bounded by how far an act reaches.
        """
        text, start = self._sentences[index]
        first = max(bisect_right(self._starts, start - _FARTHEST) - 1, 0)
        last = bisect_right(self._starts, start + len(text) + _FARTHEST)
        return [act for each in range(first, last) for act in self._of(each)]
