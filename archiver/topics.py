"""Owns what a license debate is about: its topics, the chief one first.

Which words mean licensing at all stands in `archiver.vocabulary`, that a thread is a debate is decided in
`archiver.license`, from which license to which it would move in `archiver.relicensing`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from archiver.patterns import Pattern, lowered

_I = re.IGNORECASE

RELICENSE = "relicense"
OTHER = "other"
NAMES = (
    RELICENSE,
    "which-license",
    "missing-license",
    "wrong-metadata",
    "compatibility",
    "violation-attribution",
    "cla-dco",
    "patent",
    "third-party-code",
    "license-files-packaging",
    "docs-or-data-license",
    OTHER,
)
"""All topics there are."""

# How much a sentence says by where it stands, and how many of a place count.
_TITLE, _OPENING, _LATER = 6.0, 1.0, 0.4
_MOST = 3
# Of the topics beside the chief one, those that come to this share of it are named.
_SHARE = 0.25
_LEAST = 0.8
_FEW_WORDS = 6
_ASKED = "which-license"
_TELLING = 1.2
_ASKS_PLAINLY = re.compile(
    r"\b(?:what|which|whose|choos\w+|recommend\w*|suggest\w*)\b.{0,20}\blicen[cs]|\bwhy (?:the )?[al]?gpl|"
    r"commercial(?:ly)? use|"
    r"\bcomercial|kommerziell|commerciale|商用利用|\bqu[ée] licencia|\bwelche lizenz|quelle licence",
    _I,
)

# The word in all languages. In Latin letters it begins a word.
_L = (
    r"(?:\b(?:licen[cs]\w*|licen[çz]\w+|lizen[zs]\w*)|"
    r"лиценз\w*|许可\w?|許可|(?:开源|授权)?协议|授权|授權|ライセンス|라이선스)"
)
_ANY = rf"(?:{_L}|\b(?:[AL]?GPL\w*|copyrights?|MIT\b|Apache|BSD))"
_DATA = (
    r"(?:docs?|documentation|data|data-?sets?|corpus|wiki|logos?|fonts?|images?|photos?|pictures?|"
    r"videos?|icons?|emoji|artwork|"
    r"assets?|music|code of conduct|models?|weights|checkpoints?|website|blog|books?|tutorials?|translations?|slides|"
    r"dictionar\w+|word ?lists?|embeddings?|articles?|stack ?overflow content)"
)
_NAMES = (
    r"(?:MIT|Apache|BSD|ISC|[AL]?GPL|MPL|EPL|EUPL|CC0|CC[- ]BY|Unlicense|BUSL|BSL|SSPL|Elastic|0BSD|WTFPL|"
    r"public domain)"
)
# Where a package says which license it has.
_METADATA = (
    r"(?:package\.json|Cargo\.toml|gemspec|pom\.xml|setup\.(?:py|cfg)|pyproject\S*|composer\.json|nuspec|nuget|"
    r"spec file|"
    r"meta\.license|classifiers?|crate metadata|licenseUrl|podspec|DESCRIPTION file|nixpkgs)"
)
_DATA_FOREIGN = (
    r"(?:Daten\w*|Bilder|Schrift\w*|Dokumentation|données|jeux? de données|images|polices?|datos|dados|"
    r"imagens|данн\w+|датасет\w*|шрифт\w*|数据集?|資料|模型|权重|字体|データ\w*|モデル|フォント|画像|문서|데이터)"
)

_TOPICS: tuple[tuple[str, Pattern, float], ...] = tuple(
    (topic, Pattern(pattern), weight)
    for topic, pattern, weight in (
        (
            RELICENSE,
            r"\b(?:consider|propos|adopt)\w*\b[^.\n]{0,12}\b(?:MIT|Apache|BSD|ISC|[AL]?GPL|MPL|CC0)\b|"
            rf"\b(?:consider|propos|adopt)\w*\b[^.\n]{{0,30}}{_L}[^.\n]{{0,20}}\binstead\b|\bre-?licen[cs]\w*|"
            rf"\b(?:dual|tri|multi)(?:ly)?[- ]?licen[cs]\w*|\b(?:chang|switch|mov|convert|transition|migrat)\w*"
            rf"\b[^.\n]{{0,40}}{_L}|{_L} (?:change|switch|transition)|\bI (?:hereby )?(?:agree|"
            rf"consent)\b[^.\n]{{0,60}}\b(?:{_L}|MIT|Apache)|"
            rf"\b(?:switch|chang|mov)\w*\b[^.\n]{{0,20}}\b(?:to|from)\b[^.\n]{{0,20}}(?:\b[AL]?GPL|\bMIT\b|"
            rf"\bApache|\bBSD\b|\bMPL|\bISC\b|"
            r"\bUnlicense|\bCC0|\bCC[- ]BY|\bBUSL|\bSSPL|\bBSL)|umlizenz|relizenz|Lizenz(?:wechsel|änderung)|"
            r"relicenc|(?:chang\w+|cambi\w+|"
            r"mud\w+|altera\w+) (?:de |la |a |da |of )*licen[cç]\w*|смен\w+ лиценз|измен\w+ лиценз|(?:更换|变更|修改|"
            r"更改|换).{0,4}(?:许可|协议|授权)|(?:许可证|协议|授权)\S{0,4}改[为成]|"
            r"(?:CC|MIT|GPL|BSD|Apache)[^\n]{0,12}に変更|"
            r"ライセンス(?:の|を)?変更|(?:再|デュアル)ライセンス",
            1.5,
        ),
        (
            RELICENSE,
            rf"\b(?:use|choose|go(?:ing)? with|make it|release (?:it )?under|put (?:it )?under|"
            rf"licen[cs]e (?:it )?under|want)\b"
            rf"[^.\n]{{0,12}}\b{_NAMES}\b|\b{_NAMES}\b[^.\n]{{0,20}}\binstead of\b|\binstead of (?:the )?{_NAMES}\b|"
            rf"\breplac\w+ (?:the )?{_NAMES}\b[^.\n]{{0,12}}\b(?:by|with)\b[^.\n]{{0,10}}\b{_NAMES}|"
            rf"\b(?:drop|leav\w+|mov\w+ away from|abandon)\b[^.\n]{{0,8}}\b{_NAMES}\b|\bmake it [AL]?GPL|"
            rf"\b(?:will be|going|becom\w+|now) source[- ]available|\b(?:stop|stops|consider|"
            rf"why not) (?:the )?{_NAMES}\b|"
            rf"\b(?:switch|chang)\w*\b[^.\n]{{0,40}}\b(?:{_NAMES}|standard)\b|{_NAMES}[^.\n]{{0,12}}\bis problematic|"
            rf"\bcustom licen[cs]e\b|\bdual[- ]licens|\b(?:would you )?consider (?:the )?{_NAMES}|"
            rf"lizenzänderung|lizenzwechsel|(?:wechsel|umstell)\w*[^.\n]{{0,30}}\b{_NAMES}|"
            rf"passer [^.\n]{{0,20}}\b{_NAMES}|"
            rf"(?:смен|пересмотр|измен)\w* лиценз|перей\w+[^.\n]{{0,12}} на |zmian\w* licencj|cambi\w+ (?:di|de) licen|"
            rf"协议变更|(?:改为|改成|换成|换为)\s?{_NAMES}|라이선스 변경",
            1.5,
        ),
        (
            "which-license",
            rf"\b(?:what|which|whose|why|choos\w*|chosen|choice|pick|prefer|suitable|suggest\w*|recommend\w*|"
            rf"under what|clarif\w+|unclear|"
            rf"ambiguous)\b[^.\n]{{0,40}}{_ANY}|{_L}[^.\n]{{0,30}}\b(?:choice|prefer\w*|suitable|question|"
            rf"clarif\w+|unclear|ambigu\w*|"
            rf"terms|info\w*|status|use)\b|{_L}\s*\?|^\s*(?:the )?{_L}\s*$|\bcommercial(?:ly)? (?:use|usage|"
            rf"purposes?)|\bcan (?:I|we) use\b|"
            r"\bterms of use\b|Welche Lizenz|quelle licence|qu[ée] licencia|qual (?:é )?a? ?licença|"
            r"како?[яй] лиценз|под какой|什么.{0,4}(?:许可|协议|授权)|"
            r"Lizenzfrage|(?:choix|choisir) (?:de |d['’]|la |une )*licen|elecci[óo]n de licen|"
            r"auswahl\\b[^\n]{0,10}li[cz]en|商用|何のライセンス|どのライセンス|商業利用",
            1.0,
        ),
        (
            "missing-license",
            rf"\b(?:missing|no|lacks?|lacking|without(?: a| any)?|add(?:ed|ing|s)?(?: an?| the| some)?|"
            rf"needs? an?|please (?:add|include|specify|provide)|"
            rf"include|provide|specify|put|create|not specified|unlicensed|where is)\b[^.\n]{{0,25}}\b(?:{_L}|"
            rf"copyright)|"
            rf"{_L}[^.\n]{{0,25}}\b(?:missing|not (?:specified|clear|included|found|there)|unspecified|absent|"
            rf"needed|wanted)\b|"
            r"\bunlicensed\b|fehlende Lizenz|Lizenz fehlt|keine Lizenz|(?:pas|sans|manque\w*|"
            r"ajout\w*)\b[^.\n]{0,15}\blicen[cs]e|(?:falta|sin|sem|añad\w+|adicion\w+|"
            r"agreg\w+)\b[^.\n]{0,20}\blicen[cç]|(?:нет|отсутств\w+|добав\w+|без)[^.\n]{0,20}лиценз|(?:没有|缺少|添加|"
            r"增加|缺乏).{0,8}(?:许可|协议|LICENSE|授权)|"
            r"ライセンス.{0,8}(?:ない|ありません|無い|追加|明記|不明)",
            1.2,
        ),
        (
            "missing-license",
            r"\b(?:can(?:no|['’])?t|could ?n[o'’]t|don['’]?t|do not|did ?n[o'’]t) (?:find|"
            r"see)\b[^.\n]{0,20}\blicen[cs]|"
            r"\blicen[cçz]\w+ (?:ausente|mancante|manquante|faltante|non trovata)|\b(?:manca|senza|"
            r"mancanza)\b[^.\n]{0,20}"
            r"\blicenz|\b(?:brak|nie ma|dodać|bez)\b[^.\n]{0,20}\blicencj|\bno (?:veo|encuentro|tiene|hay|"
            r"existe)\b[^.\n]{0,25}"
            r"\b(?:licen|archivo licen)|\b(?:je ne trouve|ne contient|n['’]y a)\b[^.\n]{0,20}\blicence|\bnão (?:tem|"
            r"há|encontr\w+)"
            r"\b[^.\n]{0,25}licen|\bLizenz\w*\b[^.\n]{0,15}\b(?:fehlt|gefunden)|\b(?:keine|ohne|"
            r"finde keine)\b[^.\n]{0,8}Lizenz|"
            r"лиценз\w*[^.\n]{0,12}\b(?:нет|отсутств\w*|не указан\w*)|файл\w? лиценз|(?:没有|沒有|缺少|"
            r"未)\S{0,6}(?:license|协议|许可)|"
            r"license\S{0,10}(?:ありません|見当たりません|見つかりません|없)|라이선스\S{0,4}\s?(?:없|추가)",
            1.3,
        ),
        (
            "wrong-metadata",
            rf"\b{_METADATA}[^\n]{{0,40}}(?:{_L}|\b{_NAMES}\b)|(?:{_L}|\b{_NAMES}\b)[^\n]{{0,40}}\b{_METADATA}|"
            rf"\bUNLICENSED\b|"
            rf"\b{_NAMES}\b[^\n]{{0,30}}\b(?:while|but)\b[^\n]{{0,30}}\b(?:README|LICENSE|repo)\b|"
            rf"\bsaid {_NAMES}\b|\bREADME says\b|\bPEP ?639\b",
            1.4,
        ),
        (
            "wrong-metadata",
            rf"{_L}[^.\n]{{0,15}}\b(?:field|metadata|expression|attribute|identifier|classifier|tag|string|key|"
            rf"entry|declaration)|\bSPDX\b(?! (?:licen[cs]e )?(?:identifiers?|headers?))|"
            rf"\b(?:wrong|incorrect\w*|inaccurate|mismatch\w*|inconsisten\w+|invalid|conflicting|contradict\w*|"
            rf"differs?|different|misleading|outdated|deprecated)\b"
            rf"[^.\n]{{0,40}}{_L}|{_L}[^.\n]{{0,40}}\b(?:wrong|incorrect\w*|inaccurate|mismatch\w*|"
            rf"inconsisten\w+|conflict\w*|contradict\w*|differs?|discrepanc\w+|"
            rf"(?:in|on|of) (?:the )?(?:Cargo\.toml|package\.json|setup\.py|setup\.cfg|pyproject\S*|gemspec|"
            rf"pom\.xml|composer\.json|README\S*|PyPI|npm|crates\.io|"
            rf"website|NuGet|CRAN|conda))|\bsays?\b[^.\n]{{0,25}}\b(?:is |are )?(?:{_L}|[AL]?GPL|MIT|BSD|"
            rf"Apache)\b|falsche Lizenz|mauvaise licence|неверн\w+ лиценз|"
            r"不一致|矛盾",
            1.2,
        ),
        (
            "compatibility",
            r"\b(?:in)?compat[ai]b\w+|\bcopyleft|\bviral\b|\b(?:statically|dynamically|static|dynamic) link\w*|"
            r"\blink(?:ed|ing)? (?:with|to|against)\b|"
            r"\bGPL[- ](?:dependenc\w+|librar\w+|code|only)|\bclosed[- ]source\b|\bproprietary (?:apps?|"
            r"software|products?|projects?)\b|\bnon-?free\b|\blicen[cs]\w+ (?:issues?|concerns?|problems?|"
            r"reasons?)\b|"
            r"kompatib|compatív|совместим|兼容|互換|conflict\w* with|\bexception\b",
            1.2,
        ),
        (
            "violation-attribution",
            rf"\bobligations?\b[^.\n]{{0,20}}\bnot\b|\b(?:taken|copied|lifted) from [AL]?GPL|\bviolat\w*|"
            rf"\binfring\w*|\bcompl(?:y|ies|iance|iant)\b|\bplagiar\w*|\battribution|"
            rf"\bcopyright (?:holder|notice|owner|header|statement|line)s?|"
            rf"\bstol(?:e|en)\b|\bcredits?\b[^.\n]{{0,20}}\b(?:author|original|{_L})|\bsource (?:code )?(?:offer|"
            rf"release|request)|\b(?:release|publish|provide)\b[^.\n]"
            r"{0,20}\b(?:kernel )?source|\bGPL (?:source|request)|\bDMCA\b|verletz|Verstoß|viola\w*|"
            r"infra[cç]\w+|наруш\w+|违反|侵权|違反|侵害|抄袭|盗用|无断|無断",
            1.4,
        ),
        (
            "violation-attribution",
            r"\bwithout (?:any |giving |the )?(?:credits?|attribution|permission|sources?)\b|\b(?:remov|"
            r"strip)\w* (?:my|our|the|all|"
            r"its) (?:copyright|name|notices?|credits?|commit)|\bmy name removed\b|\bcop(?:y|ies|ied) of my\b|\bDMCA\b|"
            r"\b(?:sell|sells|selling|sold)\b[^.\n]{0,30}\b(?:this|app|ebay|store|pre-?installed)|\busing my\b|"
            r"\b(?:my|our) (?:\w+ )?"
            r"(?:code|work|photos?|icons?|project)\b[^.\n]{0,25}\b(?:copied|used|stolen)|\bkernel sources?\b|"
            r"\bmust be named\b|"
            r"抄袭|盗用|侵权",
            1.5,
        ),
        (
            "compatibility",
            r"\b(?:due to|because of|replace|remove)\b[^.\n]{0,20}\b[AL]?GPL\b|\bgenerated (?:code|files?|output)\b|"
            r"\b(?:makes?|made) (?:it|the \w+|us|everything) [AL]?GPL|\blink\w* (?:with|to|"
            r"against)?\b[^.\n]{0,20}\b[AL]?GPL|"
            r"\b(?:closed[- ]source|proprietary) (?:plugin|app|program)|\badvertising (?:clause|term)|\bnon-?evil\b|"
            r"\b(?:linking|openssl|classpath) exception",
            1.3,
        ),
        (
            OTHER,
            r"\btrade-?mark|\bcopyright (?:holders?|owners?|ownership|lines?)\b|\bwho (?:owns|holds)\b|"
            r"\breserved font name|"
            r"\bBCP ?7[89]\b|\bpre-?5378|\bnot (?:really )?open[- ]source\b|\breally open[- ]source\b|\bOSD\b|"
            r"\bopen source definition\b",
            1.25,
        ),
        (
            "cla-dco",
            r"\b[IC]?CLAs?\b|contributor'?s? licen[cs]e agreement|contributor'?s? agreement|\bDCOs?\b|"
            r"certificate of origin|copyright assign\w*|assign\w* (?:the )?"
            r"copyright|\bsign(?:ed)?[- ]off\b",
            1.6,
        ),
        ("patent", r"\bpatent\w*|\broyalt(?:y|ies)|Patente?\b|brevet|专利|特許|патент", 1.6),
        (
            "third-party-code",
            r"\bthird[- ]part(?:y|ies)\b|\bvendor(?:ed|ing)?\b|\bsnippets?\b|\b(?:cop(?:y|ied|ying)|taken|"
            r"borrowed|derived|adapted|ported) (?:\w+ )?(?:code )?from\b|"
            r"\bport(?:ed)? of\b|\bderivative\b|\bdependenc(?:y|ies)\b|\bbundled?\b|\bStack ?Overflow\b|"
            r"\bupstream\b|\blibrar(?:y|ies) (?:used|we use|it uses)\b|"
            r"\bstb_\w+|第三方|サードパーティ|сторонн",
            0.9,
        ),
        (
            "license-files-packaging",
            rf"\b(?:{_L}|copyright|notice|copying)[- ](?:files?|texts?|documents?|copy|copies)\b|\b(?:ship|"
            rf"includ|symlink|bundl|install|packag|distribut)\w*"
            rf"[^.\n]{{0,40}}\b(?:{_L}|NOTICE|COPYING)|{_L}[^.\n]{{0,40}}\b(?:tarball|packages?|crates?(?:\.io)?|"
            rf"archives?|wheels?|sdist|jars?|gem|deb|rpm|release|"
            rf"distribution|artifacts?|binar(?:y|ies)|image|nupkg)\b|\b(?:tarball|packages?|crates?|wheels?|"
            rf"sdist|jar|gem|release|binar(?:y|ies))\b[^.\n]{{0,30}}{_L}|"
            r"\bLICEN[CS]E(?:-\w+)?(?:\.\w+)?\b[^.\n]{0,20}\b(?:file|missing)\b|"
            r"\bheaders?\b[^.\n]{0,20}\b(?:licen[cs]e|copyright)|\b(?:licen[cs]e|copyright|SPDX|"
            r"identifier) headers?|\bSPDX identifier",
            1.0,
        ),
        (
            "license-files-packaging",
            rf"{_L}[^.\n]{{0,40}}\b(?:tarballs?|crates?|wheels?|sdists?|jars?|gems?|debs?|rpms?|nupkgs?|"
            rf"binar(?:y|ies)|published packages?)\b|"
            r"\b(?:tarballs?|crates?|wheels?|sdists?|jars?|gems?|rpms?|binar(?:y|"
            r"ies))\b[^.\n]{0,40}\blicen[cs]e (?:files?|texts?)|\bSPDX (?:licen[cs]e )?"
            r"(?:identifiers?|headers?)|\blicen[cs]e headers?|\bGitHub\b[^.\n]{0,30}\b(?:recogni[sz]|detect|"
            r"friendly)\w*",
            1.4,
        ),
        (
            "third-party-code",
            r"\bStack ?Overflow\b|\bvendor(?:ed|ing)?\b|\b(?:copied|taken|borrowed|lifted) from\b",
            1.4,
        ),
        (
            "third-party-code",
            r"\bripped from\b|\basset store\b|\b(?:where|wo|woher)\b[^.\n]{0,30}\b(?:come|came|are they|is it|"
            r"taken) from\b|"
            r"\bwhere are (?:they|these|those) from|\bredistributes\b|\bprovenance\b|\borigin of\b|\b(?:SDK|JDK)\b|"
            r"\btaken from (?:a|the)\b|\bauthor and licen[cs]e of each|\bbelong\w* to (?:nintendo|disney|\w+ inc)|"
            r"\bnon-?free\b[^.\n]{0,20}\b(?:text|file|pdf|rfc|in tarball)|\bstatus of the (?:icons|images|sounds)|"
            r"\bcode from \w+",
            1.3,
        ),
        (
            "docs-or-data-license",
            r"(?:Urheber\w*|Nutzungsrechte?|Weiterverbreitung|Rechte|droits?|diritt\w+|著作権|再配布|저작권|"
            r"版权)[^\n]{0,25}(?:Bilder\w*|"
            r"Fotos?|Schrift\w*|images?|photos?|polices?|フォント|画像|データ|폰트|이미지|图片|字体|数据)|"
            r"(?:フォント|画像|データ|폰트|이미지|图片|"
            r"字体|数据集?|模型|权重)[^\n]{0,12}(?:著作権|再配布|許諾|저작권|版权|授权|许可|商用|商业)|"
            r"\b(?:checkpoints?|weights|data-?sets?|"
            r"annotations|fine-?tune\w*|training (?:set|data)|bounding boxes)\b[^.\n]{0,60}(?:\?|\ballowed\b|"
            r"\bproduct\b|\blicen[cs])|"
            r"\blicen[cs]e of the annotations",
            1.3,
        ),
        (
            "docs-or-data-license",
            rf"\b{_DATA}\b[^.\n]{{0,40}}\bcommercial|(?:模型|权重|数据集?).{{0,8}}商用|"
            rf"\b(?:{_DATA})\b[^.\n]{{0,40}}{_L}",
            1.4,
        ),
        (
            "docs-or-data-license",
            rf"\b{_DATA}\b[^.\n]{{0,40}}(?:{_ANY}|\bpublic domain)|{_ANY}[^.\n]{{0,40}}\b{_DATA}\b|"
            rf"\bcreative commons\b|\bCC[- ]?BY\S*|\bCC0\b|\bOFL\b|"
            rf"\b(?:Open)?RAIL\b|\bODbL\b|\bGFDL\b|{_DATA_FOREIGN}.{{0,15}}(?:Lizen[zs]|licen[cçs]|лиценз|许可|授权|"
            rf"协议|商用|ライセンス|라이선스)|"
            rf"(?:Lizenz\w{0, 8}|licences?|licencias?|licenças?|лицензи\w{1, 5}|许可\w{0, 3}|"
            rf"ライセンス).{{0,15}}{_DATA_FOREIGN}",
            1.1,
        ),
    )
)


def topics(title: str, opening: Sequence[str], later: Sequence[str]) -> tuple[str, ...]:
    """Return what a debate is about by its title and the sentences that counted, the chief topic first.

    `opening` and `later` are the sentences of the first post and of the others, in lower case. `other` where nothing is
    told.
    """
    points: dict[str, float] = {}
    title = lowered(title)
    first, others = _Lines(opening), _Lines(later)
    for name, pattern, weight in _TOPICS:
        score = _TITLE if title and pattern.search(title) else 0.0
        score += _OPENING * first.holding(pattern) + _LATER * others.holding(pattern)
        if score:
            points[name] = max(points.get(name, 0.0), score * weight)
    # To ask which license holds is the plainest thing to say: whatever else the thread says, it is rather about that.
    if not _ASKS_PLAINLY.search(title) and any(points[name] >= _TELLING for name in points if name != _ASKED):
        points[_ASKED] = min(points.get(_ASKED, 0.0), _TELLING * 0.9)
    ranked = sorted((name for name in points if points[name]), key=lambda name: -points[name])
    best = points[ranked[0]] if ranked else 0.0
    if best < _LEAST:
        # A title of a few words that names licensing and no more asks what holds.
        return (_ASKED if title and len(title.split()) <= _FEW_WORDS else OTHER,)
    return tuple(name for name in ranked if points[name] >= max(best * _SHARE, _LEAST))


class _Lines:
    """Sentences as one text: to look through it once is faster than to look through each."""

    def __init__(self, sentences: Sequence[str]) -> None:
        lines = [each.replace("\n", " ") for each in sentences]
        self.text = "\n".join(lines)
        self._starts = list(accumulate((len(each) + 1 for each in lines), initial=0))

    def holding(self, pattern: Pattern) -> int:
        """Return how many of the sentences hold the pattern, `_MOST` at most."""
        found: set[int] = set()
        for match in pattern.finditer(self.text):
            found.add(bisect_right(self._starts, match.start()))
            if len(found) == _MOST:
                break
        return len(found)
