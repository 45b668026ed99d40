"""Owns text that is left out as a whole: license texts, notices, banners, what forms make everybody say, robots.

Other senses of single words stand in `archiver.false_friends`.
"""

from __future__ import annotations

import re

from archiver.patterns import Pattern

# Text that is a license, a notice or a template, not about one: the paragraph is left out.
_LICENSE_TEXTS: tuple[str, ...] = (
    "permission is hereby granted, free of charge",
    "the software is provided",
    "redistribution and use in source and binary",
    "redistributions of source code must",
    "redistributions in binary form must",
    "you can redistribute it and/or modify",
    "you can redistribute it and or modify",
    "you may not use this file except",
    "you may not use this work except",
    "you may obtain a copy of the licen",
    "this source code form is subject to",
    "unless required by applicable law or agreed",
    "distributed under the license is distributed on an",
    "limitations under the license",
    "in no event shall",
    "neither the name",
    "neither the author",
    "terms and conditions for",
    "without warranties or conditions",
    "everyone is permitted to copy and distribute",
    "merchantability",
    "this is free and unencumbered software",
    "free software: you are free to change",
    "free software, covered by the gnu",
    "there is no warranty",
    "there is absolutely no warranty",
    "grant of copyright license",
    "grant of patent license",
    "you should have received a copy of",
    "use of this source code is governed by",
    "copyright notice and this permission",
    "subject to the following conditions",
    "shall mean the licensor",
    "hereby grants to you a perpetual",
    "licensed to the apache software foundation",
    "welcome to redistribute it under certain",
    "comes with absolutely no warranty",
    "may be confidential",
    "intended recipient",
    "confidential and privileged",
    "legally privileged",
    # The messages of robots that ask for a signature.
    "hereby sign the cla",
    "i have read the cla",
    "i have read the dco",
    "googlebot",
    "recheck cla",
    "recheckcla",
    "easycla",
    "cla.developers",
    "i signed it",
    "i signed the cla",
    # What forms make everybody say.
    "whoever contributes",
    "hereby assign",
    "contribution, you agree that your contribution",
)
_PATTERNS: tuple[Pattern, ...] = (
    Pattern(r"See the (?:GNU |Apache )?(?:\w+ ){0,4}License for (?:more|the specific)", ("license for",)),
    Pattern(r"under the terms of the GNU (?:\w+ ){0,4}(?:General )?Public Licen[cs]e as published", ("as published",)),
    Pattern(r"contributor license agreements\.\s+See the NOTICE|under one or more\s+contributor", ("contributor",)),
    Pattern(
        r"sign our (?:\[?Contributor|\[?(?:\w+ )?CLA)\b|thanks?(?: you)? for (?:your|the|"
        r"this) (?:pull request|PR|contribution|submission)"
        r"[^\n]{0,200}(?:CLA\b|licen[cs]e agreement)|\bsign(?:ed)? the CLA\b[^\n]{0,30}(?:before|so that|"
        r"https?:)|CLA (?:signatures?|check|assistant|not signed|signed|signing)|"
        r"before we can (?:merge|accept|look at|review|take) (?:your|it|this)[^\n]{0,80}(?:CLA|agreement|DCO)",
        ("cla", "agreement", "dco"),
    ),
    Pattern(
        r"\b(?:with|by) (?:this|your|my|contributing|opening)\b[^\n]{0,60}\b(?:I|you) (?:confirm|agree|"
        r"certify|acknowledge|grant|assign|declare)|"
        r"when (?:you|I) (?:submit|open|creat|mak)\w*[^\n]{0,40}(?:pull request|\bPR\b|contribution)|"
        r"contribut(?:ion|ions|ing)\b[^\n]{0,60}\byou (?:let|grant|give|assign|agree)|"
        r"thanks? (?:you )?(?:that you|for (?:want|taking|wishing))[^\n]{0,30}contribut|"
        r"by (?:submitting|opening|making|creating|sending|filing|checking) "
        r"(?:this|a|your|any) (?:\w+ )?(?:pull request|PR|MR|merge request|contribution|issue|patch|code|box)|"
        r"I (?:certify|confirm|declare|agree) that (?:my|this|the|I have the right|"
        r"it)[^\n]{0,40}\b(?:contribution|submission|pull request|PR)\b[^\n]{0,80}\b(?:licen[cs]e|rights?|terms)",
        ("contribut", "agree", "confirm", "certif", "acknowledg", "grant", "assign", "declare", "by ", "when "),
    ),
    Pattern(
        r"made available under the[^\n]{0,40}licen[cs]e|"
        r"(?:MIT|Apache|BSD)[^\n]{0,40}licen[cs]ed? as above, without any additional terms",
        ("made available under", "as above, without"),
    ),
)


def is_boilerplate(low: str) -> bool:
    """Say whether a paragraph, in lower case, is a license, a notice or a template, not about one."""
    for each in _LICENSE_TEXTS:
        if each in low:
            return True
    return any(pattern.search(low) for pattern in _PATTERNS)


# A line of a banner, a log, a listing, or of a form.
_BANNERS: tuple[Pattern, ...] = (
    Pattern(r"copyright(?: ?\(c\)| ?©|\s+(?:19|20)\d\d|\s*=)|rerun with -h for copyright", ("copyright",)),
    Pattern(r"©\s*(?:19|20)\d\d", ("©",)),
    Pattern(r"版权所有|版權所有|著作權所有", ("所有",)),
    Pattern(r"Licen[cs]e [AL]?GPLv\d\+?:|GNU GPL'd, by|BSD-compatible install|MS-compatible name lister"),
    Pattern(r"Type \"?(?:help|show|copyright)\"?,? (?:\"|copying|or)|\"copyright\", \"credits\"", ("type ", "credits")),
    Pattern(r"SPDX-License-Identifier", ("spdx-license-identifier",)),
    Pattern(
        r"\bLicensed under the Apache License\b|Licensed under the [^\n]{2,40}(?:Version|\(the)", ("licensed under",)
    ),
    Pattern(r"All rights reserved", ("all rights reserved",)),
    Pattern(r"npm (?:WARN|notice)[^\n]*licen[cs]e", ("npm ",)),
    Pattern(r"\b\d[\d.]{0,14} ?(?:bytes|[kMG]i?B)\b", ("b",)),
    Pattern(
        r"(?:bump\w*|updat\w+|chang\w+|add\w*|fix\w*|set) (?:the )?(?:copyright |licen[cs]e ){0,3}years?\b|"
        r"years? from (?:19|20)\d\d",
        ("year",),
    ),
)
_BEGINNINGS = Pattern(
    r"\s*(?://|/\*|\*|#|;|--|==\d+==|dnl|rem\b|<!--|%)\s.*(?:licen[cs]e|copyright)|\s*@(?:license|copyright|licence)\b|"
    r"\s*\"?licen[cs]es?\"?\s*[:=]|[d-][rwx-]{9}\s|[\w./\\-]+:\d+[:\s]|\s*\[?(?:DEBUG|INFO|TRACE|WARN(?:ING)?|ERROR|"
    r"\d\d:\d\d:\d\d)\b|\s*at [\w.$]+\(|\s*(?:Signed-off-by|Co-authored-by|Licen[cs]e|Copyright|"
    r"Summary|Home-?page|Author)s?:|"
    r"\s*(?:[☐☑✅]|[-*] \[[ xX]\])[^\n]*\b(?:CLA|DCO|signed|I have|I agree|I confirm|my (?:code|"
    r"contribution)|licen[cs]e|copyright)"
)
_LISTED = re.compile(r"[\w./\\-]*(?:LICEN[CS]E|COPYING)[\w.-]*:?\s*\Z")


def is_banner(line: str, low: str) -> bool:
    """Say whether a line, given as it is and in lower case, is one of a banner, a log, a listing, or a form."""
    if _BEGINNINGS.match(low) or _LISTED.match(line):
        return True
    return any(pattern.search(low) for pattern in _BANNERS)


BOTS = re.compile(
    r"\[bot\]$|^(?:cla-?assistant\S*|googlebot|msftclas|microsoft-github-policy-service|"
    r"facebook-github-bot|k8s-ci-robot|"
    r"dependabot\S*|renovate\S*|codecov\S*|bors|rust-highfive|rustbot|homu|greenkeeper\S*|snyk-bot|cla-bot|stale|"
    r"salesforce-cla|github-actions|mention-bot|linux-foundation-easycla|CLAassistant|gerrit-\S*|openshift-\S*robot|"
    r"whitesource\S*|mend-\S*|fossabot|sonarcloud\S*|houndci-bot|netlify|vercel|allcontributors|"
    r"tidelift|copybara-service)$",
    re.IGNORECASE,
)
