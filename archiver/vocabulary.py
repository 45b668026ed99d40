"""Owns the words of licensing: weighted terms, cues, topics, false friends, and text that is to be left out.

How these are weighed into a verdict is decided in `archiver.license`; the licenses' names stand in `archiver.spdx`.
"""

from __future__ import annotations

import re

# Raise when a table changes, so that archives can notice that threads may be judged anew.
VERSION = 1

_I = re.IGNORECASE

# The noun and verb in both spellings, but not as a part of an identifier, file name, flag or call.
_LICENSE = r"(?<![\w./\\@$-])licen[cs]"
# What is done about licenses by a tool, file by file.
_HEADER = r"(?:headers?|checks?|checkers?|checking|linters?|scan\w*|badges?|scripts?)\b(?!-)"
_NAMED = (
    r"(?:[AL]?GPL(?:v?[\d.]+)?|MIT|BSD|Apache|ISC|MPL|SSPL|BUSL|BSL|EUPL|CC0|CC[- ]BY|Unlicense|WTFPL|OSI|OSS|FOSS"
    r"|open[- ]source|free software|creative commons)"
)

# Fast substrings of the lower-cased text: a post without any of them says nothing about licensing.
STEMS = (
    *(
        "licen",
        "copyright",
        "gpl",
        "apache",
        "patent",
        "foss",
        "clause",
        "bsd-",
        "new bsd",
        "0bsd",
        "bsd/",
        "/bsd",
        "spdx",
    ),
    *(
        "mit/",
        "/mit",
        "copyleft",
        "public domain",
        "public-domain",
        "attribution",
        "proprietary",
        "free software",
        "cc0",
    ),
    *("cc-by", "cc by", "creative commons", "mpl-2", "mpl 2", "mpl2", "mpl-1", "eupl", "cddl", "sspl", "busl", "wtfpl"),
    *("polyform", "available", "fair source", "fair-source", "contributor agreement", "certificate of origin", "asl2"),
    *("asl 2", "al2", "elv2", "elastic-2", "plagiar", "infring", "stole", "commercial use", "lizen", "urheber"),
)
# Looked for only in a text that is not pure ASCII.
FOREIGN_STEMS = (
    *(
        "licença",
        "лиценз",
        "许可",
        "許可",
        "授权",
        "授權",
        "开源",
        "開源",
        "ライセンス",
        "利用許諾",
        "라이선스",
        "저작권",
        "版权",
    ),
    *("著作権", "авторск"),
)
# Too short to be looked for regardless of case.
CAPITALS = ("CLA", "DCO", "EPL", "OFL", "MPL", "BSL", "COPYING", "NOTICE")
CAPITAL_WORDS = re.compile(r"\b(?:[IC]?CLAs?|DCOs?|EPL|OFL|MPL|BSL|COPYING|NOTICE)\b")

# (name, pattern, weight): 3 says by itself that licensing is debated, 2 that licensing is meant, 1 is in passing.
TERMS: tuple[tuple[str, re.Pattern[str], float], ...] = tuple(
    (name, re.compile(pattern, _I), weight)
    for name, pattern, weight in (
        ("relicense", r"(?<![\w./-])re-?licen[cs]\w*", 3.0),
        ("dual-license", r"\b(?:dual|tri|multi)(?:ly)?[- ]?licen[cs]\w*", 3.0),
        (
            "license-change",
            r"\b(?:chang|switch|mov|convert|transition)\w*\b[^.\n]{0,30}\blicen[cs](?:es?|ing)\b(?!\s+key)",
            3.0,
        ),
        ("license-change", r"\blicen[cs](?:e|ing) (?:change|switch|transition)s?\b", 3.0),
        ("violation", r"\b(?:licen[cs]e|[AL]?GPL(?:v\d)?|copyright)s?(?: terms)? (?:violat|infring|breach)\w*", 3.0),
        ("violation", r"\b(?:violat|infring|breach)\w*\b[^.\n]{0,40}\b(?:licen[cs]es?|[AL]?GPL|copyrights?)\b", 3.0),
        ("violation", r"\b(?:plagiari[sz]\w+|stolen code|stole (?:my|our|the|their) (?:code|work))", 2.0),
        ("compliance", r"\b(?:comply|compl(?:iance|iant|ies))\b[^.\n]{0,40}\b(?:licen[cs]es?|[AL]?GPL)\b", 3.0),
        ("compliance", r"\b(?:licen[cs]e|[AL]?GPL(?:v\d)?) compl(?:iance|iant)\b", 3.0),
        ("compatibility", r"\blicen[cs](?:e|es|ing)[- ](?:in)?compatib\w+", 3.0),
        ("compatibility", r"\b(?:in)?compatib\w+\b[^.\n]{0,40}\blicen[cs](?:e|es|ing)\b", 3.0),
        ("compatibility", r"\blicen[cs](?:e|es|ing)\b[^.\n]{0,60}\b(?:in)?compatible\b", 3.0),
        ("compatibility", r"\b[AL]?GPL(?:v?\d(?:\.\d)?)?[- ](?:in)?compatib\w+", 3.0),
        ("copyleft", r"\bcopy-?left\w*", 3.0),
        ("cla", r"\bcontributor'?s?'? licen[cs]e agreements?\b|\bI?CLAs?\b(?!/)|\bcontributor agreements?\b", 2.0),
        ("dco", r"\bdeveloper'?s? certificate of origin\b|\bDCOs?\b", 2.0),
        ("copyright-assignment", r"\bcopyright (?:assign|transfer|owner|ownership|holder|claim|attribution)\w*", 3.0),
        ("copyright-assignment", r"\b(?:assign|own|share|hold|transfer)\w*\b[^.\n]{0,25}\bcopyrights?\b", 3.0),
        (
            "missing-license",
            r"\b(?:no|without(?: a| any)?|lacks?(?: a)?|missing(?: a)?|any|unclear|clear) licen[cs](?:e|ing)\b",
            2.5,
        ),
        (
            "missing-license",
            r"\blicen[cs](?:e|es|ing)(?: (?:file|text|information|info|header)s?)? (?:is|are) (?:missing|not|unclear)",
            2.5,
        ),
        ("missing-license", r"\bunlicensed\b", 2.0),
        ("which-license", r"\b(?:what|which|whose) (?:is the )?(?:\w+ )?licen[cs]e", 2.5),
        ("under-license", rf"\b(?:under|according to)\b[^.\n]{{0,30}}\b(?:{_NAMED}|licen[cs]es?)\b", 2.0),
        (
            "named-license",
            rf"\b{_NAMED}[- ](?:(?:public|software|document\w*|v?\d(?:\.\d)?)[- ])?(?:style )?licen[cs](?:e|es|"
            rf"ed|ing)\b",
            2.0,
        ),
        (
            "license-terms",
            r"\blicen[cs](?:e|ing) (?:terms?|conditions?|obligations?|requirements?|restrictions?|grants?)\b",
            2.5,
        ),
        (
            "license-terms",
            r"\b(?:permissive|restrictive|viral|free|proprietary|commercial|open[- ]source) licen[cs](?:e|es|ing)\b",
            2.0,
        ),
        ("license-file", rf"{_LICENSE}es?[- ](?:file|text|document|notice)s?\b|\b(?:NOTICE|COPYING) files?\b", 2.0),
        ("license-field", rf"{_LICENSE}es? (?:field|expression|metadata|attribute|identifier|classifier)s?\b", 1.5),
        ("license-header", rf"{_LICENSE}(?:e|ing)[- ]{_HEADER}", 1.0),
        ("license", rf"{_LICENSE}(?:es?|ed|ing|ee|or)\b(?![-_/\\(=]|\.\w|[- ]{_HEADER})", 2.0),
        ("sublicense", r"\bsub-?licen[cs]\w+", 2.0),
        ("gpl", r"(?<![\w/.:-])(?:GNU )?[AL]?GPL(?:[- ]?v?\d(?:\.\d)?\+?|'?e?d)?(?![\w/])(?!\.\w)", 2.0),
        ("public-domain", r"\bpublic[- ]domain\b(?! names?)", 2.0),
        ("source-available", r"\b(?:source[- ]available|fair[- ]source|commons clause|non-?commercial use)\b", 2.0),
        ("patent", r"\bpatent(?:s|ed)?\b(?: (?:grant|clause|licen[cs]e|troll|litigation)\w*)?", 2.0),
        ("copyright", r"(?<![\w./-])copyright(?:s|ed|able|ability)?\b(?!\.\w|/)", 1.5),
        (
            "attribution",
            r"\b(?:giv|proper|require|lack|without|missing|no)\w* attribution\b|"
            r"\battribution (?:is )?(?:require|notice|missing|lack)\w*",
            2.0,
        ),
        ("open-source-status", r"\b(?:F(?:L)?OSS|OSI[- ]approved|open source definition|free software)\b", 1.0),
        ("proprietary", r"\bproprietary\b", 0.5),
        ("spdx", r"(?<![\w/])SPDX\b(?!-)", 2.0),
        ("german", r"\b(?:Re|Um|Dual)?-?Lizen[zs]\w*|\bUrheberrecht\w*", 2.0),
        (
            "romance",
            r"\blicencias?\b|\blicenças?\b|\blicences? (?:libre|propri)\w*|\bdroits? d'auteur\b|\bderechos? de autor\b",
            2.0,
        ),
        ("russian", r"лицензи\w*|авторск\w+ прав\w*", 2.0),
        ("chinese", r"许可证|許可證|许可协议|許可協議|授权协议|授權(?:條款|協議)|开源协议|開源(?:協議|授權)|版权", 2.0),
        ("japanese", r"ライセンス|著作権|利用許諾", 2.0),
        ("korean", r"라이선스|저작권", 2.0),
    )
)

# A sentence that argues, asks, decides, grants or complains, rather than naming a license in passing.
CUES = re.compile(
    r"\?|\b(?:I agree|agree to|consent\w*|permission|permit\w*|allow\w*|forbid\w*|prohibit\w*|requir\w+|must|"
    r"(?:in)?compatib\w+|violat\w+|infring\w+|complian\w+|comply|acceptable|unacceptable|reject\w*|concern\w*|legal\w*|"
    r"lawyers?|IANAL|not clear|unclear|not specified|wrong|incorrect\w*|inaccura\w+|missing|lack\w*|owns?|owned|"
    r"propos\w+|"
    r"prefer\w*|switch\w*|chang\w+|choose|chosen|relicens\w+|re-licens\w+|dual\w*|risk\w*|terms|derivative\w*|"
    r"redistribut\w*|distribut\w+|suitable|unsuitable|restrict\w+|viral|permissive|copyleft|proprietary|willing|"
    r"okay with|"
    r"fine with|grant\w*|additionally|problem\w*|issues?|unfortunately|cannot|can't|can not|may not|not allowed|"
    r"fork\w*|"
    r"not (?:be )?(?:included?|used?|merged?)|above|threshold|avoid\w*|worry|worried|should)\b"
    r"|einverstanden|kompatib|erlaub|d'accord|acuerdo|compatível|согласен|同意|兼容|互換|？",
    _I,
)

# A sentence about a program that shows or checks licenses is about the program.
SURFACE = re.compile(
    r"\b(?:display\w*|print\w*|show\w*|outputs?|functions?|methods?|macros?|man ?pages?|sub-?commands?|"
    r"sections?|templates?|"
    r"regex\w*|pars(?:e|er|ing)|fields?|attributes?|copyright checks?|check(?:ing|er)?)\b",
    _I,
)

# What a title says when licensing is only its surface: tools, features and cosmetics.
TITLE_SURFACE = re.compile(
    r"\b(?:bump|years?|typos?|linters?|licenseck|checkers?|scanners?|badges?|copyright year|20[12]\d)\b"
    r"|\b(?:method|macro|function|flag|option|command|button|dialog|popup|menu|crash\w*|panic\w*|error|"
    r"not shown|display\w*|print\w*|show\w*|render\w*|--version|-V|--help|configurable|activation)\b"
    r"|\bnot found\b(?! in)|\b(?:CLA|DCO)[- ](?:checks?|bots?|assistant|fail\w*)\b",
    _I,
)
TITLE_WEAK = frozenset({"copyright", "proprietary", "open-source-status", "patent", "license-field", "license-header"})
TITLE_SERIOUS = re.compile(
    r"\b(?:wrong|incorrect|inaccurate|missing|violat\w*|holder|owner\w*|attribution|infring\w*|complian\w*|"
    r"incompatib\w*|"
    r"unclear|why|which|what|change|switch|outdated|clarif\w*|SPDX|Cargo\.toml|package\.json|pyproject\S*|"
    r"manifest|metadata|setup\.py|gemspec|pom\.xml|deprecated)\b|\?",
    _I,
)

# Names of license files say little in a text (listings, paths), but something in a title.
FILE_NAMES = re.compile(
    r"\b(?:UN)?LICEN[CS]E(?:-[A-Z0-9]+)?(?:\.(?:md|txt|rst|html))?\b|\bCOPYING\b|\bNOTICE(?=\b| file)"
)
# The commonest title of all says nothing yet: a new year, a new name, or a new license.
BARE_UPDATE = re.compile(
    r"\s*(?:\w+(?:\(\w*\))?:\s*)?(?:update[sd]?|edit|fix|modify|bump)\s+(?:the\s+)?(?:copyright|LICEN[CS]E)\S*\s*\Z", _I
)

# (topic, pattern) over the title and the sentences that were counted.
TOPICS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (topic, re.compile(pattern, _I))
    for topic, pattern in (
        (
            "relicense",
            r"\bre-?licen[cs]|\b(?:dual|tri|multi)(?:ly)?[- ]?licen|(?:chang|switch|mov)\w*[^.\n]{0,40}licen[cs]|"
            r"licen[cs]\w+ change|I agree to (?:re)?licen|umlizenz|смен\w+ лиценз|更换许可|変更",
        ),
        (
            "which-license",
            r"\b(?:what|which|why|choose|chosen|choice|pick|prefer|suitable|suggest|recommend)\b[^.\n]{0,40}"
            r"\b(?:licen[cs]|[AL]?GPL|MIT|BSD|Apache)|licen[cs]\w*[^.\n]{0,30}\b(?:choice|prefer\w*|suitable)|"
            r"\blicen[cs]e\s*\?",
        ),
        (
            "missing-license",
            r"\b(?:missing|no|lack\w*|without(?: a| any)?|add(?: a| the)?|unclear|not specified|"
            r"unlicensed)\b[^.\n]{0,25}\blicen[cs]|"
            r"\blicen[cs]\w*[^.\n]{0,25}\b(?:missing|not (?:specified|clear|included)|unclear)|\bunlicensed\b",
        ),
        (
            "wrong-metadata",
            r"\blicen[cs]es?\b[^.\n]{0,15}\b(?:field|metadata|expression|attribute|identifier|classifier)|\bSPDX\b|"
            r"\b(?:wrong|incorrect\w*|inaccurate|mismatch\w*|inconsisten\w+)\b[^.\n]{0,40}\blicen[cs]|"
            r"\blicen[cs]\w*[^.\n]{0,40}\b(?:wrong|incorrect|mismatch\w*|in (?:Cargo\.toml|package\.json|setup\.py))",
        ),
        (
            "compatibility",
            r"\b(?:in)?compatib\w+|\bcopyleft|\bviral\b|\b(?:statically|dynamically|static|dynamic) link\w*",
        ),
        (
            "violation-attribution",
            r"\bviolat|\binfring|\bcompl(?:y|ian)|\bplagiar|\battribution|\bcopyright (?:holder|notice|owner)|"
            r"\bstolen?\b",
        ),
        (
            "cla-dco",
            r"\bI?CLAs?\b|contributor licen[cs]e|contributor agreement|\bDCO\b|certificate of origin|copyright assign",
        ),
        ("patent", r"\bpatent"),
        (
            "third-party-code",
            r"\b(?:depend(?:ency|encies|s on)|librar(?:y|ies)|third[- ]party|vendor(?:ed|ing)|bundl\w+|snippet|"
            r"cop(?:y|ied) from|"
            r"port(?:ed)? (?:of|from)|derivative)\b",
        ),
        (
            "license-files-packaging",
            r"\b(?:licen[cs]e|copyright|notice|copying)s?[- ](?:file|text|document)s?|\b(?:ship|includ|symlink|"
            r"bundl|install|packag)\w*"
            r"[^.\n]{0,40}\blicen[cs]|\blicen[cs]\w*[^.\n]{0,40}\b(?:tarball|package|crates?\.io|archive|wheel|sdist)",
        ),
        (
            "docs-or-data-license",
            r"\b(?:docs?|documentation|data(?:set)?s?|wiki|logo|fonts?|images?|icons?|artwork|code of conduct|"
            r"models?|weights|"
            r"website|book)\b[^.\n]{0,40}\blicen[cs]|\blicen[cs]\w*[^.\n]{0,40}\b(?:docs?|documentation|"
            r"data(?:set)?s?|wiki|logo|"
            r"fonts?|artwork|code of conduct|weights|models?)\b|\bcreative commons\b|\bCC[- ]BY|\bOFL\b",
        ),
    )
)

# Other senses of the words; blanked out before anything is matched.
FALSE_FRIENDS = re.compile(
    r"\b(?:driver'?s?'?|driving|pilot'?s?|fishing|hunting|marriage|gun|liquor|poetic|artistic|creative|"
    r"dramatic)[ -]licen[cs]es?\b"
    r"|\b(?:floating|concurrent|per-seat|volume|trial) licen[cs]es?\b"
    r"|\blicen[cs]e[ -]plates?\b|\blicen[cs]es?(?:d|s)? to (?:print money|kill|drive|do whatever|be)\b"
    r"|\b(?:software |product |enterprise |trial |valid |expired |activat\w+ |my |your |a )?licen[cs]e"
    r"[ -]?(?:keys?|codes?|servers?|dongles?|activations?|managers?|tokens?|seats?|files? expired|expir\w+|"
    r"renewals?|numbers?|"
    r"portals?|validation|prompt)\b"
    r"|\b(?:accept|agree)\w* (?:to )?(?:the )?(?:xcode|sdk|android|apple|oracle|windows|"
    r"eula)\b[^.\n]{0,30}\blicen[cs]es?(?: agreements?)?"
    r"|\bxcodebuild -license\b|\bxcode licen[cs]e\b|\b(?:more|less|much|some|enough) licen[cs]e than\b"
    r"|\bnon-licen[cs]e\b|\b(?:copyright|licen[cs]e)s?(?: header| notice| file| text)? years?\b|\byears? (?:in|"
    r"of) (?:the )?copyright\b"
    r"|\bpatent(?:ly)? (?:obvious|false|absurd)\w*|\bpatently\b"
    r"|\bapache2?[ -](?:server|httpd|spark|kafka|arrow|maven|ant|tomcat|hadoop|beam|airflow|module|config\w*|"
    r"vhost|web)\w*"
    r"|\b(?:MIT|mit)[ -](?:scheme|shm|krb5?|kerberos|csail|media lab|press|university|students?|professors?|"
    r"courses?|lab|"
    r"technology review|magic cookie)\b",
    _I,
)

# Identifiers, paths, flags, addresses and fields that hold a word of the vocabulary without saying anything.
NOISE = re.compile(
    r"<?\b(?:https?|git|ftp)://[^\s<>)\]]+>?|@[\w-]+|(?<![\w-])--?[a-z][\w-]*\b|\.[a-z_]+\([^()\n]{0,80}\)|"
    r"\b\w+_licen[cs]e\w*!?|\blicen[cs]e_\w+|\blicen[cs]eck(?:\.py)?\b|"
    r"[\"']?\blicen[cs]es?[\"']?\s*[:=]\s*[\"'][^\"'\n]{0,60}[\"']|"
    r"#!?\[licen[cs]e[^\]\n]*\]|(?<![\w.~/\\-])[\w.~-]*[/\\][\w./\\~+-]{0,200}\b(?:licen[cs]e|copying|"
    r"copyright)[\w./\\-]*|"
    r"\b(?:UN)?LICEN[CS]E(?:-[A-Z]+)?(?:\.(?:md|txt|rst|html))\b|\b(?:Cargo|pom)\.lock\b|"
    r"\b(?:free|open|net|dragonfly|\*)[ ]?bsds?\b(?! licen)|\b\w{0,40}licen[cs]e\w{0,40}\.(?:py|rs|js|ts|go|sh|"
    r"c|h|rb|java|yml|yaml|json)\b",
    _I,
)

# Text that is a license, a notice or a banner, not about one. A line, or for the first table a paragraph, is cut.
BOILERPLATE = re.compile(
    r"Permission is hereby granted, free of charge|THE SOFTWARE IS PROVIDED|"
    r"Redistribution and use in source and binary|"
    r"you can redistribute it and/?or modify|you may not use this file except|"
    r"Unless required by applicable law or agreed|"
    r"See the (?:GNU |Apache )?(?:\w+ ){0,4}License for (?:more|the specific)|IN NO EVENT SHALL|"
    r"TERMS AND CONDITIONS FOR|"
    r"Everyone is permitted to copy and distribute|MERCHANTABILITY|This is free and unencumbered software|"
    r"free software: you are free to change|There is NO WARRANTY|Grant of Copyright License|"
    r"you should have received a copy of|"
    r"subject to the following conditions|shall mean the licensor|hereby grants to You a perpetual|"
    r"may be confidential|intended recipient|confidential and privileged|legally privileged|"
    # The messages of robots that ask for a signature.
    r"sign our (?:\[?Contributor|CLA)|signed the (?:CLA|Contributor)|hereby sign the CLA|I have read the CLA|"
    r"CLA (?:signatures?|bot|check|"
    r"assistant)|before we can (?:merge|accept|look at) (?:your|it)[^\n]{0,80}(?:CLA|agreement)|googlebot|recheck ?cla|"
    r"contribution, you agree that your contribution|by (?:submitting|opening|making) (?:this|"
    r"a) (?:pull request|PR|contribution)|"
    r"(?:MIT|Apache|BSD)[^\n]{0,40}licen[cs]ed? as above, without any additional terms",
    _I,
)
BANNER_LINE = re.compile(
    r"copyright(?: ?\(c\)| ?©|\s+(?:19|20)\d\d|\s*=)|©\s*(?:19|20)\d\d|License [AL]?GPLv\d\+?:|GNU GPL'd, by|"
    r"rerun with -h for copyright|"
    r"Type \"?(?:help|show|copyright)\"?,? (?:\"|copying|or)|\"copyright\", \"credits\"|SPDX-License-Identifier|"
    r"^\s*(?://|/\*|\*|#|;|--|==\d+==|dnl|rem\b|<!--)\s.*(?:licen[cs]e|copyright)|BSD-compatible install|"
    r"MS-compatible name lister|"
    r"All rights reserved|Licensed under the [^\n]{2,40}(?:Version|\(the)|^[\w./\\-]*(?-i:LICEN[CS]E|"
    r"COPYING)[\w.-]*:?\s*$|"
    r"^[d-][rwx-]{9}\s|"
    r"^[\w./\\-]+:\d+[:\s]|\b[\d.]{1,15} ?(?:bytes|[kMG]i?B)\b|^\s*(?:DEBUG|INFO|TRACE|WARN|ERROR)\b|"
    r"^\s*Signed-off-by:|"
    r"(?:bump\w*|updat\w+|chang\w+|add\w*|fix\w*|set) (?:the )?(?:copyright |licen[cs]e )*years?\b|"
    r"years? from (?:19|20)\d\d|"
    r"^\s*(?:[☐☑]|[-*] \[[ x]\])[^\n]*\b(?:CLA|signed|I have|I agree)\b",
    _I | re.MULTILINE,
)
BOTS = re.compile(
    r"\[bot\]$|^(?:cla-?assistant|googlebot|msftclas|facebook-github-bot|k8s-ci-robot|dependabot\S*|renovate\S*|"
    r"codecov\S*|bors|"
    r"rust-highfive|rustbot|homu|greenkeeper\S*|snyk-bot|cla-bot|stale|salesforce-cla|github-actions|mention-bot)$",
    _I,
)
