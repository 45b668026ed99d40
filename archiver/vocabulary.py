"""Owns the words of licensing: terms and how surely each means licensing, other senses, and text that is left out.

What a sentence does about licensing stands in `archiver.acts`, what titles are about in `archiver.titles`, the names of
licenses in `archiver.spdx`; how all that is weighed into a verdict is decided in `archiver.license`.
"""

from __future__ import annotations

import re

from archiver.patterns import Pattern

# Raise when a table here, in `acts`, `titles`, `topics` or `spdx` changes: archives judge again what they hold.
VERSION = 5

# The noun and verb in both spellings, but not as a part of an identifier, file name, flag or call.
_LICENSE = r"(?<![\w./\\@$-])licen[cs]"
# What is done about licenses by a tool, file by file.
_HEADER = r"(?:headers?|checks?|checkers?|checking|linters?|scan\w*|badges?|scripts?|plugins?|reports?)\b(?!-)"
# Names of licenses and of kinds of them, as they stand before the word.
NAMED = (
    r"(?:[AL]?GPL(?:[- ]?v?\d(?:\.\d)?)?\+?|MIT|BSD|Apache|ISC|MPL|EPL|SSPL|BUSL|BSL|EUPL|CC0|CC[- ]BY\S*|Unlicense|"
    r"WTFPL|zlib|Boost|OFL|OSI|OSS|FOSS|open[- ]source|free[- ]software|creative commons|RAIL|Llama|JSON)"
)

FOREIGN = frozenset({"german", "romance", "slavic", "russian", "chinese", "japanese", "korean"})
"""The terms that are of other languages than English."""

# (name, stems, pattern, weight): how surely it means licensing. 3: nothing else; 2: as a rule; 1 and less: in passing,
# or with others. Of one name the heaviest counts. Without one of the stems the pattern is not tried.
_LICEN = ("licen",)
_WORDS: tuple[tuple[str, tuple[str, ...], str, float], ...] = (
    ("relicense", ("licen", "lizenz"), r"(?<![\w./-])re-?licen[cs]\w*|(?:relicenci|um-?lizenz)\w*", 3.0),
    ("dual-license", _LICEN, r"\b(?:dual|tri|multi)(?:ly)?[- ]?licen[cs]\w*", 2.5),
    ("license-change", _LICEN, r"\blicen[cs](?:e|ing) (?:change|switch|transition|choice|decision)s?\b", 3.0),
    ("copyleft", ("copyleft", "copy-left"), r"\bcopy-?left\w*", 3.0),
    (
        "cla",
        ("cla", "agreement"),
        r"\bcontributor'?s?'? licen[cs]e agreements?\b|\b[IC]?CLAs?\b(?!/)|\bcontributor agreements?\b",
        2.0,
    ),
    ("dco", ("dco", "certificate of origin"), r"\bdeveloper'?s? certificate of origin\b|\bDCOs?\b", 2.0),
    (
        "copyright-assignment",
        ("copyright",),
        r"\bcopyright (?:assign|transfer|owner|ownership|holder|claim|attribution)\w*",
        2.5,
    ),
    (
        "copyright-assignment",
        ("copyright",),
        r"\b(?:assign|own|share|hold|transfer)\w*\b[^.\n]{0,25}\bcopyrights?\b",
        2.5,
    ),
    (
        "license-terms",
        _LICEN,
        r"\blicen[cs](?:e|ing) (?:terms?|conditions?|obligations?|requirements?|restrictions?|grants?|polic\w+)\b",
        2.5,
    ),
    (
        "license-terms",
        _LICEN,
        r"\b(?:permissive|restrictive|viral|free|proprietary|commercial|open[- ]source|compatible|custom|"
        r"non-?commercial)(?:ly)?[- ]licen[cs](?:e|es|ed|ing)\b",
        2.5,
    ),
    (
        "named-license",
        _LICEN,
        rf"\b{NAMED}[- ](?:(?:public|software|font|v?\d(?:\.\d)?)[- ])?(?:style )?licen[cs]\w+",
        2.5,
    ),
    (
        "license-file",
        ("licen", "notice", "copying"),
        rf"{_LICENSE}es?[- ](?:file|text|document|notice)s?\b|\b(?:NOTICE|COPYING) files?\b|"
        r"\b(?:third|3rd)[- _]?part(?:y|ies)[- _](?:licen[cs]e |legal )?notices?\b",
        2.0,
    ),
    (
        "license-field",
        _LICEN,
        rf"{_LICENSE}es? (?:field|expression|metadata|attribute|identifier|classifier|tag)s?\b",
        1.5,
    ),
    ("license-header", _LICEN, rf"{_LICENSE}(?:e|ing)[- ]{_HEADER}", 1.0),
    ("license", _LICEN, rf"{_LICENSE}(?:es?|ed|ing|ee|or|ors|eable)\b(?![-_/\\(=]|\.\w|[- ]{_HEADER})", 2.0),
    ("license", _LICEN, r"\bunlicensed\b|\bsub-?licen[cs]\w+", 2.0),
    (
        "gpl",
        ("gpl",),
        r"(?<![\w/.:-])(?:GNU )?[AL]?GPL(?:[- ]?v?\d(?:\.\d)?\+?|'?e?d)?(?![\w/])(?!\.\w)",
        2.25,
    ),
    ("public-domain", ("public",), r"\bpublic[- ]domain\b(?! names?)(?! of\b)", 2.0),
    (
        "source-available",
        ("source", "clause"),
        r"\b(?:source[- ]available|fair[- ]source|commons clause|advertising clause|field[- ]of[- ]use)\b",
        2.0,
    ),
    (
        "commercial-use",
        ("commercial",),
        r"\b(?:non-?)?commercial(?:ly)? (?:use|usage|purposes?|exploitation|restrictions?)\b|"
        r"\buse[sd]?\b.{0,20}commercially\b|\bcommercially usable\b|\bnon-?commercial(?:ly)?\b",
        2.0,
    ),
    ("closed-source", ("closed",), r"\bclosed[- ]source\b", 1.0),
    (
        "redistribution",
        ("distribut",),
        r"\bredistribution (?:terms?|rights?|licen[cs]e|polic\w+)|\b(?:not |freely |"
        r"legally )redistributable\b|\brights? (?:to|of) (?:re)?distribut\w+|"
        r"\b(?:allow\w*|permit\w*|permission|able|free) (?:\w+ )?to redistribute\b|\b(?:legally|"
        r"freely) (?:re)?distribut\w+|\b(?:forbid|prohibit|disallow|don['’]?t allow|do(?:es)?n['’]t (?:allow|permit)|"
        r"do(?:es)? not (?:allow|permit))\w* "
        r"(?:[\w,]+ ){0,4}?redistribut\w+|\bredistributes\b|"
        r"\b(?:cannot|can['’]t|may not|must not|not) (?:be )?(?:legally )?redistribut\w+",
        2.0,
    ),
    (
        "non-free",
        ("non-free", "nonfree", "dfsg", "guidelines"),
        r"\bnon-?free\b|\bDFSG\b|\bfree software guidelines\b",
        1.5,
    ),
    (
        "patent",
        ("patent",),
        r"\bpatent(?:s|ed)?\b(?: (?:grant|clause|licen[cs]e|troll|litigation|pool|encumbered)\w*)?",
        2.0,
    ),
    ("eula", ("eula", "end-user licen", "end user licen"), r"\bEULAs?\b|\bend[- ]user licen[cs]e", 1.75),
    ("royalties", ("royalt", "licensing fee"), r"\broyalt(?:y|ies)\b(?:[- ]free)?|\blicensing fees?\b", 1.5),
    ("copyright", ("copyright",), r"(?<![\w./-])copyright(?:s|ed|able|ability)?\b(?!\.\w|/)", 1.5),
    (
        "ietf-terms",
        ("bcp", "5378", "trust200902"),
        r"\bBCP ?7[89]\b|\bRFC ?5378\b|\bpre-?5378\w*|\btrust200902\b",
        2.0,
    ),
    (
        "permission",
        ("permission", "right"),
        r"\b(?:written|explicit|author'?s?|artist'?s?|owner'?s?|your|their|his|her|my|without(?: any|"
        r" our)?) permission\b(?! (?:model|system|scheme|level|bit|check))|"
        r"\bpermission (?:from|of|by) (?:the |its |their )?(?:\w+ )?(?:authors?|owners?|artists?|"
        r"holders?|publishers?|contributors?)\b|\brights? holders?\b|\brights? to (?:use|publish|re-?use|"
        r"sell|ship)\b|\ball rights\b(?! reserved)",
        1.5,
    ),
    ("trademark", ("trademark", "trade-mark"), r"\btrade-?marks?(?:ed)?\b", 1.75),
    ("intellectual-property", ("intellectual", "ipr"), r"\bintellectual property\b|\bIPRs?\b", 2.0),
    (
        "attribution",
        ("attribution", "credit"),
        r"\b(?:giv|proper|requir|lack|without|missing|no|need|wants?|ask|with|show)\w* (?:for )?attribution\b|"
        r"\battribution (?:is )?(?:requir|notice|missing|lack)\w*|\bwithout (?:any |giving )?credits?\b",
        2.0,
    ),
    (
        "stolen-code",
        ("plagiar", "stole", "steal", "rip", "dmca"),
        r"\bplagiari[sz]\w+|\b(?:stole|stolen|steal\w*) (?:my|our|the|their|this)?\s?(?:code|work)\b|"
        r"\bripped (?:from|off)\b|\bDMCA\b",
        2.0,
    ),
    ("derivative-work", ("derivative",), r"\bderivative works?\b", 2.0),
    (
        "open-source-status",
        ("foss", "floss", "osi", "definition", "free software"),
        r"\b(?:F(?:L)?OSS|OSI[- ]approved|open source definition|free software)\b",
        1.0,
    ),
    (
        "open-source-status",
        ("open source", "open-source"),
        r"\bopen[- ]source\b[^.\n]{0,30}\b(?:or|vs|versus|nor)\b[^.\n]{0,40}\b(?:proprietary|closed)\b|"
        r"\b(?:not|n['’]t) (?:really |truly |actually )?open[- ]source\b",
        2.0,
    ),
    ("proprietary", ("proprietary",), r"\bproprietary\b", 0.75),
    (
        "spdx",
        ("spdx",),
        r"(?<![\w/])SPDX\b(?!-)",
        2.0,
    ),
    (
        "model-license",
        ("rail", "llama", "model"),
        r"\b(?:(?:Open)?RAIL(?:-[MD])?|llama(?: ?\d)? (?:community )?licen[cs]e|model licen[cs]e)\b",
        2.5,
    ),
    (
        "german",
        ("lizen", "urheber", "nutzung", "weitergabe", "weiterverbreit", "kommerziell"),
        r"\b(?:Re|Um|Dual|Doppel)?-?Lizen[zs]\w*|\bUrheberrecht\w*|\bUrheber\b|\bkommerziell\w*(?: \w+){0,2} "
        r"(?:nutz|verwend|einsetz)\w*|\bkommerzielle\w* Nutzung|\bNutzungs(?:rechte?|bedingungen|lizenz)\w*|"
        r"\b(?:Weitergabe|Weiterverbreitung) (?:ist )?(?:erlaubt|gestattet|verboten)|\bweiterverbreite\w*",
        2.0,
    ),
    (
        "romance",
        ("licen", "droit", "derecho", "direito", "diritt", "comercia", "commercia", "redistrib"),
        r"\b(?:re)?licenci(?:a|as|ado|amento|amiento|ar)\b|\blicen[çz][ae]s?\b|\bsous licence\b|"
        r"\blicences? (?:libre|propri|open|MIT|GPL|du|de|est|des|pour)\w*|\b(?:une|la|quelle|de) licence\b|"
        r"\bdroits? d['’]auteurs?\b|\bderechos? de autor\b|\bdiritt[oi] d['’]autore\b|"
        r"\bdireitos? autora\w+|\b(?:uso|usage|utilisation|utilização|utilizzo) (?:comercia|commercia)\w*|\b(?:usage|"
        r"utilisation) commercial\w*|\b(?:fines|scopi|fins) (?:comercia|commercia)\w+|\b(?:usar|utilizar|user?|"
        r"utiliser|usare|"
        r"usarlo)\b[^.\n]{0,20}\b(?:comercia|commercia)le?(?:mente|ment)\b|\bdétient les droits\b",
        2.0,
    ),
    (
        "slavic",
        ("licencj", "praw", "komercyj"),
        r"\blicencj\w*|\bpraw\w* autorsk\w+|\b(?:projek\w+|użytk\w+|cel\w+) komercyjn\w+|\bkomercyjn\w+ użyt\w+",
        2.0,
    ),
    (
        "russian",
        ("лиценз", "авторск", "коммерческ"),
        r"лицензи\w*|авторск\w+ прав\w*|коммерческ\w+ (?:использ|цел|проект|продукт)\w*",
        2.0,
    ),
    (
        "chinese",
        (
            "许可",
            "許可",
            "协议",
            "協議",
            "授权",
            "授權",
            "开源",
            "開源",
            "版权",
            "版權",
            "商用",
            "商业",
            "侵权",
            "抄袭",
            "盗用",
        ),
        r"许可证|許可證|许可协议|許可協議|使用许可|授权协议|授權(?:條款|協議|方式)|开源(?:协议|许可|授权)|"
        r"開源(?:協議|授權|許可)|"
        r"版权|版權|商业授权|商业许可|(?:可以|能|能否|可否|允许|是否|可).{0,4}商用|商用(?:吗|授权|许可)|商业(?:使用|"
        r"用途|产品|训练|项目)|"
        r"(?:什么|哪个|哪种|啥)(?:开源)?协议|(?:的|改|修改|更换|变更|违反|遵循|遵守)协议|协议(?:变更|上有|不兼容|"
        r"兼容|冲突)|"
        r"(?:MIT|A?L?GPL|BSD|Apache)\S{0,6}\s?协议|授权许可|(?:关于|需要|未获|未经|获得|没有|得到|的)授权|授权(?:吗|"
        r"问题|使用|是什么)|"
        r"侵权|抄袭|盗用",
        2.0,
    ),
    (
        "japanese",
        ("ライセンス", "著作", "許諾", "商用", "商業", "再配布"),
        r"ライセンス|著作[権物]|利用許諾|商用利用|商業利用|再配布",
        2.0,
    ),
    ("korean", ("라이선스", "라이센스", "저작권", "상업"), r"라이선스|라이센스|저작권|상업적", 2.0),
)
TERMS: tuple[tuple[str, Pattern, float], ...] = tuple(
    # Beside Chinese characters, too, an English word ends.
    (name, Pattern(pattern, stems, ascii_words=name not in FOREIGN), weight)
    for name, stems, pattern, weight in _WORDS
)

# Names of license files say little in a text (listings, paths), but something in a title.
FILE_NAMES = re.compile(
    r"\b(?:UN)?LICEN[CS]E(?:-[A-Z0-9]+)?(?:\.(?:md|txt|rst|html))?\b|\bCOPYING\b(?:\.\w+)?|"
    r"\bNOTICE(?=\b| file)(?:\.\w+)?"
)
