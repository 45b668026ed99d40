"""Owns the words of licensing: terms and how surely each means licensing, other senses, and text that is left out.

What a sentence does about licensing stands in `archiver.acts`, what titles are about in `archiver.titles`, the names of
licenses in `archiver.spdx`; how all that is weighed into a verdict is decided in `archiver.license`.
"""

from __future__ import annotations

import re

# Raise when a table here, in `acts`, `titles`, `topics` or `spdx` changes: archives judge again what they hold.
VERSION = 2

_I = re.IGNORECASE

# The noun and verb in both spellings, but not as a part of an identifier, file name, flag or call.
_LICENSE = r"(?<![\w./\\@$-])licen[cs]"
# What is done about licenses by a tool, file by file.
_HEADER = r"(?:headers?|checks?|checkers?|checking|linters?|scan\w*|badges?|scripts?|plugins?|reports?)\b(?!-)"
# Names of licenses and of kinds of them, as they stand before the word.
NAMED = (
    r"(?:[AL]?GPL(?:[- ]?v?\d(?:\.\d)?)?\+?|MIT|BSD|Apache|ISC|MPL|EPL|SSPL|BUSL|BSL|EUPL|CC0|CC[- ]BY\S*|Unlicense|"
    r"WTFPL|zlib|Boost|OFL|OSI|OSS|FOSS|open[- ]source|free[- ]software|creative commons|RAIL|Llama|JSON)"
)

# Fast substrings of the lower-cased text: a post without any of them says nothing about licensing.
STEMS: tuple[str, ...] = (
    *(
        "licen",
        "copyright",
        "gpl",
        "apache",
        "patent",
        "foss",
        "clause",
        "bsd-",
        "0bsd",
        "bsd/",
        "/bsd",
        "spdx",
        "mit/",
        "/mit",
        "copyleft",
        "attribution",
        "proprietary",
        "cc0",
        "cc-by",
        "eupl",
        "cddl",
        "sspl",
        "busl",
        "wtfpl",
        "polyform",
        "asl2",
        "al 2.0",
        "trademark",
        "trade-mark",
        "bcp 7",
        "bcp7",
        "5378",
        "permission of",
        "permission from",
        "permission by",
        "written permission",
        "explicit permission",
        "'s permission",
        "your permission",
        "their permission",
        "his permission",
        "her permission",
        "author permission",
        "owner permission",
        "rights holder",
        "right holder",
        "rights to ",
        "right to use",
        "right to publish",
        "right to re",
        "right to sell",
        "right to ship",
        "all rights",
        "trust200902",
        "al2",
        "elv2",
        "elastic-2",
        "plagiar",
        "infring",
        "dfsg",
        "non-free",
        "nonfree",
        "lizen",
        "urheber",
        "source-available",
        "relicen",
        "redistribut",
    ),
    *(
        "new bsd",
        "cc by",
        "mpl-2",
        "mpl 2",
        "mpl2",
        "mpl-1",
        "asl 2",
        "public domain",
        "public-domain",
        "free software",
    ),
    *("creative commons", "source available", "fair source", "fair-source", "contributor agreement", "royalt"),
    *("right to distribut", "rights to distribut", "right of distribut", "freely distribut", "legally distribut"),
    *(
        "certificate of origin",
        "commercial use",
        "commercial purpose",
        "commercially",
        "closed source",
        "closed-source",
    ),
    *("intellectual property", "code of my employer", "stole", "derivative work", "open source definition"),
    *("uso comercial", "direitos autorais", "derechos de autor", "droit d", "kommerziell", "usage commercial"),
)
# Looked for only in a text that is not pure ASCII.
FOREIGN_STEMS: tuple[str, ...] = (
    "licença",
    "лиценз",
    "авторск",
    "коммерческ",
    "许可",
    "許可",
    "授权",
    "授權",
    "开源",
    "開源",
    "商用",
    "版权",
    "版權",
    "ライセンス",
    "利用許諾",
    "著作権",
    "商業利用",
    "商业",
    "라이선스",
    "저작권",
    "d’auteur",
)
# Too short to be looked for regardless of case.
CAPITALS = ("CLA", "DCO", "EPL", "OFL", "MPL", "BSL", "COPYING", "NOTICE", "RAIL", "IPR", "FSL")
CAPITAL_WORDS = re.compile(r"\b(?:[IC]?CLAs?|DCOs?|EPL|OFL|MPL|BSL|FSL|COPYING|NOTICE|(?:Open)?RAIL|IPRs?)\b")

FOREIGN = frozenset({"german", "romance", "russian", "chinese", "japanese", "korean"})
"""The terms that are of other languages than English."""

# (name, pattern, weight): how surely it means licensing. 3: nothing else; 2: as a rule; 1 and less: in passing, or with
# others. Of one name the heaviest counts.
TERMS: tuple[tuple[str, re.Pattern[str], float], ...] = tuple(
    # Beside Chinese characters, too, an English word ends.
    (name, re.compile(pattern, _I if name in FOREIGN else _I | re.ASCII), weight)
    for name, pattern, weight in (
        ("relicense", r"(?<![\w./-])re-?licen[cs]\w*|(?:relicenci|um-?lizenz)\w*", 3.0),
        ("dual-license", r"\b(?:dual|tri|multi)(?:ly)?[- ]?licen[cs]\w*", 2.5),
        ("license-change", r"\blicen[cs](?:e|ing) (?:change|switch|transition|choice|decision)s?\b", 3.0),
        ("copyleft", r"\bcopy-?left\w*", 3.0),
        ("cla", r"\bcontributor'?s?'? licen[cs]e agreements?\b|\bI?CLAs?\b(?!/)|\bcontributor agreements?\b", 2.0),
        ("dco", r"\bdeveloper'?s? certificate of origin\b|\bDCOs?\b", 2.0),
        ("copyright-assignment", r"\bcopyright (?:assign|transfer|owner|ownership|holder|claim|attribution)\w*", 2.5),
        ("copyright-assignment", r"\b(?:assign|own|share|hold|transfer)\w*\b[^.\n]{0,25}\bcopyrights?\b", 2.5),
        (
            "license-terms",
            r"\blicen[cs](?:e|ing) (?:terms?|conditions?|obligations?|requirements?|restrictions?|grants?|polic\w+)\b",
            2.5,
        ),
        (
            "license-terms",
            r"\b(?:permissive|restrictive|viral|free|proprietary|commercial|open[- ]source|compatible|custom|"
            r"non-?commercial)(?:ly)?[- ]licen[cs](?:e|es|ed|ing)\b",
            2.5,
        ),
        ("named-license", rf"\b{NAMED}[- ](?:(?:public|software|font|v?\d(?:\.\d)?)[- ])?(?:style )?licen[cs]\w+", 2.5),
        ("license-file", rf"{_LICENSE}es?[- ](?:file|text|document|notice)s?\b|\b(?:NOTICE|COPYING) files?\b", 2.0),
        ("license-field", rf"{_LICENSE}es? (?:field|expression|metadata|attribute|identifier|classifier|tag)s?\b", 1.5),
        ("license-header", rf"{_LICENSE}(?:e|ing)[- ]{_HEADER}", 1.0),
        ("license", rf"{_LICENSE}(?:es?|ed|ing|ee|or|ors|eable)\b(?![-_/\\(=]|\.\w|[- ]{_HEADER})", 2.0),
        ("license", r"\bunlicensed\b|\bsub-?licen[cs]\w+", 2.0),
        ("gpl", r"(?<![\w/.:-])(?:GNU )?[AL]?GPL(?:[- ]?v?\d(?:\.\d)?\+?|'?e?d)?(?![\w/])(?!\.\w)", 2.25),
        ("public-domain", r"\bpublic[- ]domain\b(?! names?)", 2.0),
        ("source-available", r"\b(?:source[- ]available|fair[- ]source|commons clause)\b", 2.0),
        (
            "commercial-use",
            r"\b(?:non-?)?commercial(?:ly)? (?:use|usage|purposes?)\b|\buse[sd]?\b.{0,20}commercially\b",
            2.0,
        ),
        ("closed-source", r"\bclosed[- ]source\b", 1.0),
        (
            "redistribution",
            r"\bredistribution (?:terms?|rights?|licen[cs]e|polic\w+)|\b(?:not |freely |"
            r"legally )redistributable\b|\brights? (?:to|of) (?:re)?distribut\w+|"
            r"\b(?:allow\w*|permit\w*|permission|able|free) (?:\w+ )?to redistribute\b|\b(?:legally|"
            r"freely) (?:re)?distribut\w+|"
            r"\b(?:cannot|can['’]t|may not|must not|not) (?:be )?(?:legally )?redistribut\w+",
            2.0,
        ),
        ("non-free", r"\bnon-?free\b|\bDFSG\b|\bfree software guidelines\b", 1.5),
        ("patent", r"\bpatent(?:s|ed)?\b(?: (?:grant|clause|licen[cs]e|troll|litigation|pool|encumbered)\w*)?", 2.0),
        ("royalties", r"\broyalt(?:y|ies)\b(?:[- ]free)?|\blicensing fees?\b", 1.5),
        ("copyright", r"(?<![\w./-])copyright(?:s|ed|able|ability)?\b(?!\.\w|/)", 1.5),
        ("ietf-terms", r"\bBCP ?7[89]\b|\bRFC ?5378\b|\bpre-?5378\w*|\btrust200902\b", 2.0),
        (
            "permission",
            r"\b(?:written|explicit|author'?s?|owner'?s?|your|their|his|her) permission\b|\bpermission (?:from|"
            r"of|by) (?:the |its |their )?(?:\w+ )?(?:authors?|owners?|artists?|"
            r"holders?|publishers?|contributors?)\b|\brights? holders?\b|\brights? to (?:use|publish|re-?use|"
            r"sell|ship)\b|\ball rights\b(?! reserved)",
            1.5,
        ),
        ("trademark", r"\btrade-?marks?(?:ed)?\b", 1.75),
        ("intellectual-property", r"\bintellectual property\b|(?-i:\bIPRs?\b)", 1.5),
        (
            "attribution",
            r"\b(?:giv|proper|requir|lack|without|missing|no|need|wants?|ask)\w* (?:for )?attribution\b|"
            r"\battribution (?:is )?(?:requir|notice|missing|lack)\w*",
            2.0,
        ),
        (
            "stolen-code",
            r"\bplagiari[sz]\w+|\b(?:stole|stolen|steal\w*) (?:my|our|the|their|this)?\s?(?:code|work)\b",
            2.0,
        ),
        ("derivative-work", r"\bderivative works?\b", 2.0),
        ("open-source-status", r"\b(?:F(?:L)?OSS|OSI[- ]approved|open source definition|free software)\b", 1.0),
        (
            "open-source-status",
            r"\bopen[- ]source\b[^.\n]{0,30}\b(?:or|vs|versus|nor)\b[^.\n]{0,40}\b(?:proprietary|closed)\b|"
            r"\bnot (?:really |truly |actually )?open[- ]source\b",
            2.0,
        ),
        ("proprietary", r"\bproprietary\b", 0.75),
        ("spdx", r"(?<![\w/])SPDX\b(?!-)", 2.0),
        (
            "model-license",
            r"\b(?:(?:Open)?RAIL(?:-[MD])?|llama(?: ?\d)? (?:community )?licen[cs]e|model licen[cs]e)\b",
            2.5,
        ),
        ("german", r"\b(?:Re|Um|Dual|Doppel)?-?Lizen[zs]\w*|\bUrheberrecht\w*|\bkommerzielle\w* Nutzung", 2.0),
        (
            "romance",
            r"\b(?:re)?licenci(?:a|as|ado|amento|amiento|ar)\b|\blicen[çz][ae]s?\b|\bsous licence\b|"
            r"\blicences? (?:libre|propri|open|MIT|GPL|du|de)\w*|\bdroits? d['’]auteurs?\b|\bderechos? de autor\b|"
            r"\bdireitos? autora\w+|\b(?:uso|usage|utilisation|utilização) comerc\w+|\b(?:usage|"
            r"utilisation) commercial\w*",
            2.0,
        ),
        ("russian", r"лицензи\w*|авторск\w+ прав\w*|коммерческ\w+ (?:использ|цел)\w*", 2.0),
        (
            "chinese",
            r"许可证|許可證|许可协议|許可協議|授权协议|授權(?:條款|協議|方式)|开源(?:协议|许可|授权)|開源(?:協議|授權|許可)|"
            r"版权|版權|商业授权|(?:可以|能|能否|允许|是否).{0,4}商用|商用(?:吗|授权|许可)|商业使用|(?:什么|哪个|哪种)协议|"
            r"(?:MIT|GPL|BSD|Apache)\S{0,6}\s?协议|授权许可|侵权",
            2.0,
        ),
        ("japanese", r"ライセンス|著作権|利用許諾|商用利用|商業利用|再配布", 2.0),
        ("korean", r"라이선스|저작권|상업적", 2.0),
    )
)

# Names of license files say little in a text (listings, paths), but something in a title.
FILE_NAMES = re.compile(
    r"\b(?:UN)?LICEN[CS]E(?:-[A-Z0-9]+)?(?:\.(?:md|txt|rst|html))?\b|\bCOPYING\b(?:\.\w+)?|"
    r"\bNOTICE(?=\b| file)(?:\.\w+)?"
)

# Other senses of the words; blanked out before anything is matched.
FALSE_FRIENDS = re.compile(
    r"\b(?:driver'?s?'?|driving|pilot'?s?|fishing|hunting|marriage|gun|liquor|poetic|artistic|creative|"
    r"dramatic|business|professional|medical|teaching|radio|amateur|ham)[ -]licen[cs]es?\b(?! (?:agreement|1|2|v))"
    r"|\b(?:floating|concurrent|per-seat|volume|trial|evaluation|student|academic|node-locked|site|"
    r"network) licen[cs]es?\b"
    r"|\blicen[cs]e[ -]?plates?\b|\blicen[cs]es?(?:d|s)? to (?:print money|kill|drive|do whatever|be|steal)\b"
    r"|\blicen[cia]\w+ de (?:conduc\w+|conduzir|manejar)\b"
    # What is sold: keys, servers, activation.
    r"|\b(?:(?:software|product|enterprise|trial|valid|invalid|expired|activat\w+|my|your|our|a|the|pro|premium|paid|"
    r"perpetual|lifetime) ){0,3}licen[cs](?:e|es|ing)[ -]?(?:keys?|codes?|servers?|dongles?|activation\w*|managers?|"
    r"tokens?|seats?|files? (?:is |has |was )?(?:expired|invalid|not (?:found|valid))|expir\w+|"
    r"renewals?|numbers?|portals?|"
    r"validat\w+|prompts?|daemons?|status\w*|plans?|tiers?|entitlement\w*|subscriptions?|quota|limits?|"
    r"checkouts?|apis?|usage|"
    r"errors?|packs?|pools?|counts?|assign(?:ed|ment)\w*|services?|modules?)\b"
    r"|\b(?:activat\w+|renew\w*|purchas\w+|buy\w*|bought|sell\w*|expired?|invalid|valid|enter\w*|install\w*|apply\w*|"
    r"upload\w*|register\w*|revok\w+|deactivat\w+|assign\w*) (?:an? |the |your |my |our |new |"
    r"additional |more |another |"
    r"pro |user |e\d |office \w* ?|commercial |premium ){0,3}licen[cs]es?\b(?! (?:header|file|text|notice|agreement))"
    r"|\blicen[cs]es? (?:has |have |is |was |are |will )?(?:been )?(?:expire\w*|activated|deactivated|"
    r"renewed|revoked)\b"
    r"|\b(?:E[135]|Office ?365|Power BI|Azure AD|Microsoft 365|Windows|MATLAB|Gurobi|JetBrains|Unity|"
    r"Adobe|Oracle|VMware|"
    r"Premium|Enterprise|Pro) (?:\w+ )?licen[cs]es?\b"
    # Agreements that a tool wants accepted.
    r"|\b(?:accept|agree)\w* (?:to )?(?:(?:all|any|the|these|those|its|their|an?) )*(?:(?:android\S*|"
    r"sdk|xcode\S*|apple|oracle|windows|"
    r"software|ndk|java|google|microsoft|nvidia|cuda|intel|end[- ]user) )+licen[cs]es?(?: agreements?| terms)?\b"
    r"|\baccept(?:s|ed|ing|ance of)? (?:(?:all|any|the|these|those|its) )*licen[cs]es?(?: agreements?| terms)?\b"
    r"|\blicen[cs]es?(?: agreements?)? (?:\w+ ){0,4}(?:not |been )*(?:accepted|agreed)\b"
    r"|\b(?:unaccepted|android|sdk|xcode|xcodebuild|ndk) -?-?licen[cs]es?\b(?: agreements?)?|\bEULA\b"
    r"|\baccept[-_ ]licen[cs]es?\b|\blicen[cs]es? not accepted\b"
    r"|\b(?:taxi|DRM|widevine|playready|fairplay|key) licen[cs](?:es?|ing)\b|\blicen[cs](?:e|"
    r"ing) (?:zones?|boards?|authorit\w+|requests?|"
    r"challenges?|urls?|acquisition)\b|\bmodule licen[cs]e\b[^\n]{0,30}taints?|\b(?:too )?(?:much|little) licen[cs]e\b"
    r"|\bGPL(?:[- ]only)? symbols?\b|\b(?:EXPORT_SYMBOL_GPL|MODULE_LICENSE)\b"
    r"|\b(?:more|less|much|some|enough) licen[cs]e than\b|\bnon-licen[cs]e\b"
    r"|\b(?:copyright|licen[cs]e)s?(?: header| notice| file| text)? (?:years?|dates?)\b|\byears? (?:in|"
    r"of) (?:the )?copyright\b"
    r"|\bpatent(?:ly)? (?:obvious|false|absurd|leather|foramen|search|number|office|data\w*|document\w*|"
    r"text\w*|id)s?\b|\bpatently\b"
    r"|\b(?:map |tile |tiles |leaflet |marketing |ad |install |conversion |last-click |multi-touch |"
    r"source )attributions?\b"
    r"|\battribution (?:control|window|model\w*|report\w*|link position|api|map|score|method)s?\b"
    r"|\bapache2?[ -](?!licen)(?:server|httpd|spark|kafka|arrow|maven|ant|tomcat|hadoop|beam|airflow|module|config\w*|"
    r"vhost|web|cassandra|flink|hive|solr|lucene|camel|superset|iceberg|avro|parquet|thrift|poi|commons|cordova|dubbo|"
    r"druid|pulsar|zookeeper|hbase|nifi|ranger|skywalking|shardingsphere|echarts|couchdb|ignite|subversion|log4j|user|"
    r"process|logs?|conf|site|2\.[24])\w*"
    r"|\b(?:MIT|mit)[ -](?:scheme|shm|krb5?|kerberos|csail|media lab|press|university|students?|professors?|"
    r"courses?|lab|technology review|magic cookie|alumni|opencourseware|app inventor|indoor|places)\b"
    r"|\b(?:Windows|Mac|Linux|Android|NVIDIA|AMD|vendor|binary|closed|graphics)?\s?proprietary "
    r"(?:drivers?|blobs?|firmware|extensions?|protocols?|formats?|apis?|codecs?|attributes?|headers?)\b"
    r"|\bnon-?free (?:repos\w*|firmware|section|component|packages? repos\w*|archive)\b|"
    r"\bcontrib (?:and )?non-?free\S*",
    _I,
)

# Identifiers, paths, flags, addresses and fields that hold a word of the vocabulary without saying anything.
NOISE = re.compile(
    r"<?\b(?:https?|git|ftp)://[^\s<>)\]]+>?|@[\w-]+|(?<![\w-])--?[a-z][\w-]*\b|\.[a-z_]+\([^()\n]{0,80}\)|"
    r"\b\w+_licen[cs]e\w*!?|\blicen[cs]e_\w+|\blicen[cs]eck(?:\.py)?\b|(?-i:\b[a-z]+Licen[cs]es?\b|"
    r"\b[lL]icen[cs]es?[A-Z]\w*)|"
    r"(?-i:\b[A-Z][a-z]+Licen[cs]e\w*)|"
    r"[\"']?\blicen[cs]es?[\"']?\s*[:=]\s*[\"'][^\"'\n]{0,60}[\"']|"
    r"#!?\[licen[cs]e[^\]\n]*\]|(?<![\w.~/\\-])(?:[\w.~-]*[/\\]){2}[\w./\\~+-]{0,200}\b(?:licen[cs]e|"
    r"copying|copyright)[\w./\\-]*|"
    r"(?<![\w.~/\\-])(?:[\w~-]*\.[\w.~-]*|~)[/\\][\w.\\~+-]{0,100}\b(?:licen[cs]e|copying|copyright)[\w./\\-]*|"
    r"(?-i:(?<![\w.~/\\-])[\w~-]{0,100}[/\\][\w.\\~+-]{0,100}\b(?:LICEN[CS]E|COPYING|COPYRIGHT)[\w./\\-]*)|"
    r"\b(?:UN)?LICEN[CS]E(?:-[A-Z]+)?(?:\.(?:md|txt|rst|html))\b|\b(?:Cargo|pom)\.lock\b|"
    r"\b(?:free|open|net|dragonfly|\*)[ ]?bsds?\b(?! licen)|\b\w{0,40}licen[cs]e\w{0,40}\.(?:py|rs|js|ts|go|sh|"
    r"c|h|rb|java|yml|yaml|json|o|dll|exe|class|cs|cpp)\b|"
    r"\b[\w@/-]*[a-z]-licen[cs]es?(?:-[a-z]\w*)+\b|\blicen[cs]es?-(?:webpack|checker|maven|gradle|eye|"
    r"finder|detector)[\w-]*",
    _I,
)

# Text that is a license, a notice or a template, not about one: the paragraph is left out.
BOILERPLATE = re.compile(
    r"Permission is hereby granted, free of charge|THE SOFTWARE IS PROVIDED|"
    r"Redistribution and use in source and binary|Redistributions (?:of source code|in binary form) must|"
    r"you can redistribute it and/?or modify|you may not use this (?:file|work) except|"
    r"You may obtain a copy of the Licen[cs]e|This Source Code Form is subject to|"
    r"Unless required by applicable law or agreed|distributed under the License is distributed on an|"
    r"See the (?:GNU |Apache )?(?:\w+ ){0,4}License for (?:more|the specific)|limitations under the License|"
    r"(?:IN NO EVENT|NEITHER THE) (?:SHALL|AUTHOR|NAME)|TERMS AND CONDITIONS FOR|WITHOUT WARRANTIES OR CONDITIONS|"
    r"Everyone is permitted to copy and distribute|MERCHANTABILITY|This is free and unencumbered software|"
    r"free software: you are free to change|free software, covered by the GNU|There is (?:absolutely )?NO WARRANTY|"
    r"Grant of (?:Copyright|Patent) License|"
    r"under the terms of the GNU (?:\w+ )*(?:General )?Public Licen[cs]e as published|"
    r"you should have received a copy of|Use of this source code is governed by|copyright notice and this permission|"
    r"subject to the following conditions|shall mean the licensor|hereby grants to You a perpetual|"
    r"licensed to the Apache Software Foundation|contributor license agreements\.\s+See the NOTICE|"
    r"under one or more\s+contributor|welcome to redistribute it under certain|comes with ABSOLUTELY NO WARRANTY|"
    r"may be confidential|intended recipient|confidential and privileged|legally privileged|"
    # The messages of robots that ask for a signature.
    r"sign our (?:\[?Contributor|\[?(?:\w+ )?CLA)\b|thanks?(?: you)? for (?:your|the|"
    r"this) (?:pull request|PR|contribution|submission)"
    r"[^\n]{0,200}(?:CLA\b|licen[cs]e agreement)|\bsign(?:ed)? the CLA\b[^\n]{0,30}(?:before|so that|"
    r"https?:)|hereby sign the CLA|I have read the (?:CLA|DCO)|"
    r"CLA (?:signatures?|bot|check|assistant|not signed|signed|signing)|"
    r"before we can (?:merge|accept|look at|review|take) (?:your|it|this)[^\n]{0,80}(?:CLA|agreement|"
    r"DCO)|googlebot|recheck ?cla|"
    r"easycla|cla\.developers|I signed (?:it|the CLA)|"
    # What forms make everybody say.
    r"\b(?:with|by) (?:this|your|my|contributing|opening)\b[^\n]{0,60}\b(?:I|you) (?:confirm|agree|"
    r"certify|acknowledge|grant|assign|declare)|"
    r"whoever contributes|when (?:you|I) (?:submit|open|creat|mak)\w*[^\n]{0,40}(?:pull request|\bPR\b|"
    r"contribution)|\bhereby assign|"
    r"contribut(?:ion|ions|ing)\b[^\n]{0,60}\byou (?:let|grant|give|assign|agree)|"
    r"thanks? (?:you )?(?:that you|for (?:want|taking|wishing))[^\n]{0,30}contribut|"
    r"contribution, you agree that your contribution|by (?:submitting|opening|making|creating|sending|filing|checking) "
    r"(?:this|a|your|any) (?:\w+ )?(?:pull request|PR|MR|merge request|contribution|issue|patch|code|box)|"
    r"I (?:certify|confirm|declare|agree) that (?:my|this|the|I have the right|"
    r"it)[^\n]{0,40}\b(?:contribution|submission|"
    r"pull request|PR)\b[^\n]{0,80}\b(?:licen[cs]e|rights?|terms)|made available under the[^\n]{0,40}licen[cs]e|"
    r"(?:MIT|Apache|BSD)[^\n]{0,40}licen[cs]ed? as above, without any additional terms",
    _I,
)
# A line of a banner, a log, a listing, or of a form.
BANNER_LINE = re.compile(
    r"copyright(?: ?\(c\)| ?©|\s+(?:19|20)\d\d|\s*=)|©\s*(?:19|20)\d\d|(?:版权所有|版權所有|著作權所有)|"
    r"Licen[cs]e [AL]?GPLv\d\+?:|GNU GPL'd, by|rerun with -h for copyright|"
    r"Type \"?(?:help|show|copyright)\"?,? (?:\"|copying|or)|\"copyright\", \"credits\"|SPDX-License-Identifier|"
    r"^\s*(?://|/\*|\*|#|;|--|==\d+==|dnl|rem\b|<!--|%)\s.*(?:licen[cs]e|copyright)|BSD-compatible install|"
    r"MS-compatible name lister|^\s*@(?:license|copyright|licence)\b|\bLicensed under the Apache License\b|"
    r"All rights reserved|Licensed under the [^\n]{2,40}(?:Version|\(the)|^[\w./\\-]*(?-i:LICEN[CS]E|"
    r"COPYING)[\w.-]*:?\s*$|^\s*\"?licen[cs]es?\"?\s*[:=]|npm (?:WARN|notice)[^\n]*licen[cs]e|"
    r"^[d-][rwx-]{9}\s|^[\w./\\-]+:\d+[:\s]|\b[\d.]{1,15} ?(?:bytes|[kMG]i?B)\b|^\s*\[?(?:DEBUG|INFO|"
    r"TRACE|WARN(?:ING)?|ERROR|"
    r"\d\d:\d\d:\d\d)\b|^\s*at [\w.$]+\(|^\s*(?:Signed-off-by|Co-authored-by|Licen[cs]e|Copyright|"
    r"Summary|Home-?page|Author)s?:|"
    r"(?:bump\w*|updat\w+|chang\w+|add\w*|fix\w*|set) (?:the )?(?:copyright |licen[cs]e )*years?\b|"
    r"years? from (?:19|20)\d\d|"
    r"^\s*(?:[☐☑✅]|[-*] \[[ xX]\])[^\n]*\b(?:CLA|DCO|signed|I have|I agree|I confirm|my (?:code|"
    r"contribution)|licen[cs]e|copyright)",
    _I | re.MULTILINE,
)
BOTS = re.compile(
    r"\[bot\]$|^(?:cla-?assistant\S*|googlebot|msftclas|microsoft-github-policy-service|"
    r"facebook-github-bot|k8s-ci-robot|"
    r"dependabot\S*|renovate\S*|codecov\S*|bors|rust-highfive|rustbot|homu|greenkeeper\S*|snyk-bot|cla-bot|stale|"
    r"salesforce-cla|github-actions|mention-bot|linux-foundation-easycla|CLAassistant|gerrit-\S*|openshift-\S*robot|"
    r"whitesource\S*|mend-\S*|fossabot|sonarcloud\S*|houndci-bot|netlify|vercel|allcontributors|"
    r"tidelift|copybara-service)$",
    _I,
)
