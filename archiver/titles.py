"""Owns what titles are about: when licensing is what a title names, and when only a tool, a feature or a date.

The words of licensing stand in `archiver.vocabulary`; the weighing is `archiver.license`'s.
"""

from __future__ import annotations

import re

from archiver.spdx import spdx_mentions

_I = re.IGNORECASE

CODE = re.compile(r"`[^`\n]*[.(!:=_-][^`\n]*`")
IDENTIFIER = re.compile(r"\bSPDX-License-Identifiers?\b", _I)
FIELD = re.compile(r"\b(?:PackageLicense\w+|licenseUrl|license_files?|licenseDeclared)\b")
QUOTED = re.compile(r"[\"'`“‘](?:no )?licen[cs]es?[\"'`”’]", _I)
SHORT = 3
"""A title of so few words is about whatever it names."""
HEADERS = frozenset({"license-header", "license-field", "copyright"})

# Licensing is only its surface: tools, features, cosmetics.
SURFACE = re.compile(
    r"\b(?:bump\w*|years?|typos?|linters?|linting|lint|licenseck|checkers?|scanners?|scanning|badges?|"
    r"copyright dates?|20[12]\d)\b"
    r"|\b(?:methods?|macros?|functions?|class(?:es)?|flags?|options?|commands?|buttons?|dialogs?|"
    r"pop-?ups?|menus?|tabs?|tooltips?|"
    r"crash\w*|panic\w*|errors?|exceptions?|fails?|failed|failing|failure|broken|bugs?|segfault|warnings?|regex\w*|"
    r"pars(?:e|er|es|ing)|autocomplet\w*|highlight\w*|tokeni[sz]\w*|spell\w*|syntax|theme|css|styling|layout|rendered|rendering|"
    r"not shown|displa\w*|prints?|printing|shows?|showing|render\w*|--version|-V|--help|configurable|activation|"
    r"upgrad\w+ to|dependabot|build\(deps\)|endpoint|null|undefined|timeouts?|slow|performance|"
    r"detect\w*|recogni[sz]\w*|generator|filter\w*|sort\w*|search\w*|column|"
    r"page|screen|view|link|url|redirect\w*|404)\b"
    r"|\bnot found\b(?! in)|\b(?:CLA|DCO)[- ](?:checks?|bots?|assistant|fail\w*|signed|status)\b",
    _I,
)
# What a title that is about a tool, a form or a model of data names: nothing in the thread is about licensing then,
# unless it is said plainly.
TOOL = re.compile(
    r"\b(?:licensee|scancode|trivy|fossology|cargo-deny|license-?checker\S*|apache-rat|askalono|go-licenses|"
    r"pip-licenses|"
    r"licensecheck|syft|addlicense|cookiecutter|dependabot|choosealicense|gitleaks|ORT|linguist)\b|"
    r"\b(?:scan|scanner|scanners)\b(?!.{0,40}\bGPL)|\breuse lint\b|\bREUSE (?:tool|lint)|"
    r"\b(?:wizards?|dropdowns?|drop-down|pickers?|combo ?box\w*|checkbox\w*|sidebar|side panel|list view|"
    r"about (?:box|dialog)|"
    r"installers?|installer's|endpoints?|schemas?|serializers?|data ?class\w*|autocomplet\w*|search (?:provider|"
    r"tool|engine|"
    r"results?|"
    r"filter)|validators?|validation|detectors?|classifiers? (?:is|are|confus\w*)|formatters?|highlight\w*|"
    r"mission|career mode|unit tests?|mypy|type hints?)\b|"
    r"\b(?:API|REST|GraphQL)\b.{0,30}\b(?:add|returns?|model|object|field|lacks|missing|4\d\d|5\d\d)\b|"
    r"\bto (?:the )?(?:\w+ )?(?:model|metadata class|class|table|results? table|CLI|repo list|command line)\b|"
    r"\blicen[cs]e (?:command|column|template|page|step|filter|nag|popup|activation|plugin|header format\w*)\b|"
    r"\btask not cacheable\b|\b(?:at|on) start-?up\b|\bwrong (?:tab|column|offset|confidence|font|class)\b",
    _I,
)
# Terms that titles use for other things, too: they need company.
WEAK = frozenset(
    {
        "copyright",
        "proprietary",
        "open-source-status",
        "patent",
        "license-field",
        "license-header",
        "closed-source",
        "non-free",
        "royalties",
        "dco",
        "cla",
        "intellectual-property",
        "trademark",
        "permission",
        "eula",
    }
)
SERIOUS = re.compile(
    r"\b(?:wrong|incorrect|inaccurate|missing|miss(?:es)?|lacks?|lacking|violat\w*|holders?|owner\w*|"
    r"attribution|infring\w*|"
    r"complian\w*|comply\w*|incompatib\w*|compatib\w*|unclear|why|which|what|change|switch|outdated|"
    r"clarif\w*|SPDX|Cargo\.toml|"
    r"package\.json|pyproject\S*|manifest|metadata|setup\.py|gemspec|pom\.xml|deprecated|issues?|"
    r"concerns?|questions?|problems?|"
    r"assign\w*|agreement|require\w*|sign|policy|grants?|free|notices?|transfer|claims?|permission|"
    r"allow\w*|legal\w*|adopt\w*|"
    r"forbid\w*|prohibit\w*|restrict\w*|drop|remove|replace|use of|usage|terms?|statement|information|info|add|"
    r"include|need\w*|"
    r"generated|vendored|third[- ]party|bundled|incomplete|strip(?:s|ped)|disclosures?|declarations?|clones?|"
    r"who|unlicensed|trolls?|algorithm|expired?|encumbered|protected|material)\b|\?|？",
    _I,
)
# A program that fails, whatever license stood in its way.
HARD_SURFACE = re.compile(
    r"\b[A-Z]\w+Error\b|\b(?:REPL|builtins?|crash\w*|panics?|segfault\w*|\w*exceptions? (?:in|at|when|"
    r"while)|traceback|hangs?|"
    r"NullPointer\w*|\b(?:check|plugin|task|script|step|action|hook)s? (?:is |are )?fail(?:s|ing|ed)?\b|"
    r"returns? [45]\d\d|activat\w+|not accepted|accept\w*|expired?|licensee|timeouts?|taints?)\b",
    _I,
)
# The same for what programs handle, but not for a license that is named.
HANDLING = re.compile(
    r"\b(?:exceptions?|hidden|dialog\w*|pop-?up|installer?|plugin|parser|cannot (?:find|parse|read|load|"
    r"open)|complains?|"
    r"banners?|loader|drops the|requests? (?:fails?|returns?))\b",
    _I,
)
# What stands above the surface whatever words are beside it.
GRAVE = re.compile(
    r"\bpatents?\b[^.]{0,20}\b(?:encumber\w*|expired?|grants?|claims?|trolls?|issues?|infring\w*|"
    r"licen\w*|pledge|situation|concerns?)\b|"
    r"\b(?:github|pypi|npm|crates\.io|pkg\.go\.dev|rubygems|nuget|docs\.rs|hackage)\b.{0,30}(?:n['’]t|\bnot|"
    r"\bcannot)\b.{0,20}"
    r"\b(?:recogni[sz]|detect|show|display)\w*|\bcorporate\b.{0,40}\bC?CLA|\bCLA\b.{0,40}\b(?:corporate|employer)\b|"
    r"\bwithout (?:any |our |my |the )?(?:\w+ )?permission\b|"
    r"\b(?:encumbered|covered|protected|free of|free from)\b[^.]{0,10}\bpatents?\b|\b(?:include|ship|"
    r"bundle|restore|keep)\w* (?:the |a |all )?(?:\w+ )?licen[cs]es?\b|"
    r"\b(?:what|which|whose|why)\b[^.?]{0,20}\blicen[cs]|\b(?:wrong|incorrect|inaccurate|violat\w*|"
    r"infring\w*|complian(?:ce|t)|incompatib\w*|unclear|clarif\w*|deprecated|"
    r"non-?complian\w*|conflict\w*|missing|no|without|lacks?|change|switch|relicen[cs]\w*|dual|holder|"
    r"owner|mismatch\w*|"
    r"inconsisten\w*|ambig\w*|invalid)\b[^.]{0,40}\b(?:licen[cs]\w*|copyright|[AL]?GPL\w*|SPDX)|"
    r"\blicen[cs]\w*\b[^.]{0,30}\b(?:violat\w*|infring\w*|complian\w*|incompatib\w*|compatib\w*|unclear|"
    r"clarif\w*|missing|"
    r"mismatch\w*|wrong|incorrect|inconsisten\w*|change|conflict\w*|question|issue|concern|problem|ambig\w*|terms?)\b",
    _I,
)
# The commonest title of all says nothing yet: a new year, a new name, or a new license.
BARE_UPDATE = re.compile(
    r"\s*(?:\w+(?:\(\w*\))?:\s*)?(?:update[sd]?|edit|fix|modify|bump|format|tidy)\s+(?:the\s+)?"
    r"(?:copyright|LICEN[CS]E)\S*(?: (?:headers?|notices?|text|file))?\s*\Z",
    _I,
)
# Where a title moves to or from a license whose name means other things, too: a university, an operating system.
MOVES = re.compile(
    r"\b(?:switch\w*|mov(?:e|ed|ing)|chang\w+|convert\w*|relicen[cs]\w*|adopt\w*|use|using|consider\w*|"
    r"under|go|from|to|as|why|"
    r"why not|dual|or|and|vs\.?|instead of|prefer\w*|choose)\b",
    _I,
)
# What is about rights and sources if the opening speaks of licensing, and about something else if it does not; with
# what the opening must weigh.
_LIKELY = re.compile(
    r"^\W*\[?legal\b|\b(?:code|snippets?|function) (?:copied |taken |lifted )?from (?:stack ?overflow|oracle|\w+)|"
    r"\b(?:copied|lifted|ripped|stolen|borrowed) (?:code )?from\b|\basset store\b|\bripped\b|"
    r"\b(?:kernel|firmware|u-boot|complete|corresponding) sources?\b|\bwithout (?:the |any |giving )?"
    r"(?:sources?|credits?|permission|(?:my|our|the author'?s?|their) names?)\b|\bcop(?:y|ies) of (?:my|our) "
    r"(?:\w+ )?(?:code|work|library|projects?|files?|class(?:es)?|functions?)\b|"
    r"\breserved font name\b|\bRFN\b|\b(?:openssl|linking|classpath|app ?store|font) exception\b|"
    r"\bnot[- ]for[- ]evil\b|\bterms (?:of|for)\b|\bcommercial(?:ly)? us\w+|\bnon-?commercial\b|"
    r"\bderivatives? naming\b|"
    r"\bredistribut\w+ (?:of )?(?:the )?(?:oracle|jdk|sdk|binar\w+|fonts?|data)|\bunfree\b|\bIPR\b|\bdisclosure\b|"
    r"\badvertising (?:clause|term)\b|\btime to fork\b|\b(?:strips|removed) (?:my|our|the|all) copyright|"
    r"\bsays\b[^.]{0,40}\bsays\b|\bpermission to\b|"
    r"Weitergabe|Weiterverbreitung|Nutzungs(?:rechte|bedingung)|Utilisation commerc|Droits|Uso comercial|Utilizzo comm|"
    r"授权|授權|协议|许可|商用|抄袭|侵权|版权|再配布|利用|배포",
    _I,
)
_PERHAPS = re.compile(
    r"\b(?:assets?|sprites?|sound effects?|textures?|icons?|photos?|images?|logos?|artwork|fonts?|samples|"
    r"word ?lists?|weights|"
    r"checkpoints?|data-?sets?|corpus|annotations|training data)\b|\b(?:publish|release|provide)\b.{0,30}\bsources?\b|"
    r"\bclause\b|\bnotices?\b|\bembedding\b|\bcommercial\b|\bmay I\b|\b(?:can|may|could) (?:I|we) (?:use|translate|"
    r"embed|"
    r"sell|ship|port|publish|fork|copy|reuse)\b|\b(?:allowed|permitted)\b|\bopen[- ]source\b|\bproprietary\b|\bfree\b|"
    r"\bforks?\b|\b(?:selling|sells|sold|resell\w*|clones?|ships)\b|\bredistribut\w+\b|\bEULA\b|\bterms\b|\brights?\b|"
    r"\bnaming\b|\bclassifiers?\b|\bstatus of\b|\bremove\b.{0,30}\b(?:dependency|library|code|files?)\b|"
    r"Bilder|Schriftart|フォント|이용|사용",
    _I,
)
HINTS = ((_LIKELY, 0.6), (_PERHAPS, 1.9))
# What asks for the terms of use without a word of licensing.
TERMS_OF_USE = re.compile(
    r"\bwho (?:owns|holds|wrote|made)\b|\bwhere (?:does|do|is|are|did)\b[^.\n]{0,40}\b(?:come|came|"
    r"taken|copied|from)\b|\b(?:provenance|origin) of\b|"
    r"\b(?:being |re)?sold\b|\b(?:sell|selling|resell\w*)\b|\b(?:using|use|reuse|"
    r"reusing)\b[^.\n]{0,40}\bin (?:my|our|a|an) (?:own )?(?:product|game|app|book|company|project|"
    r"thesis|video)\b|\b(?:is|are) (?:a )?cop(?:y|ies|ied) (?:of|from)\b|\b(?:clone|rip-?off|"
    r"plagiaris\w+) of\b|\buncredited\b|\bcredits?\b[^.\n]{0,30}\b(?:missing|author|artist|for)\b|"
    r"Откуда взят\w*|woher (?:kommt|kommen|stammt|stammen)|d['’]où (?:vien|provien)\w+|de dónde (?:vien|sal)\w+|"
    r"\b(?:can|may|could|allowed|permitted|possible|free|okay|ok|legal|"
    r"is it)\b[^.\n]{0,50}\b(?:commercial\w*|closed[- ]source|"
    r"proprietary|in (?:a |my |our )?(?:product|company|business|paid app\w*|for[- ]profit))\b|"
    r"\bterms of (?:use|reuse)\b|\breuse (?:of|terms|rights)\b|\bpermission to (?:use|reuse|copy|"
    r"publish|translate|port|fork)\b|"
    r"\b(?:legal|copyright) (?:issues?|questions?|status|concerns?|notice|problem\w*)\b|\brights? (?:holder|to use)\b|"
    r"\bIs (?:this|it) (?:really |actually |still |truly )?(?:open[- ]source|free software|FOSS)\b|"
    r"\bnot (?:really |actually )?open[- ]source\b",
    _I,
)

IN_A_PRODUCT = re.compile(
    r"\b(?:can|may|could|are|am|is it|allowed|okay|ok|possible)\b.{0,60}\bin (?:an? |my |our )(?:commercial |paid |"
    r"closed[- ]source |"
    r"proprietary )?(?:product|business|commercial \w+)",
    _I,
)
_CLASH = re.compile(
    r"\bsays?\b|\bREADME\b|\bpackage\.json\b|\bclassifiers?\b|\bCargo\.toml\b|\bpyproject|\bsetup\.(?:py|cfg)\b|"
    r"\bgemspec\b",
    _I,
)


def is_clash(title: str) -> bool:
    """Say whether a title sets two licenses against each other, as two files of a project name them."""
    return _CLASH.search(title) is not None and len({name for name, _, _ in spdx_mentions(title, sure=True)}) > 1


_NO_NEWS = re.compile(r"\b(?:years?|typos?|date|white ?space|line (?:break|ending|width)s?|format\w*)\b", _I)
_NEWS = re.compile(
    r"\b(?:replac\w+|switch\w*|chang\w+|re-?licens\w*|instead|wrong\w*|incorrect\w*|said|says|should be|is now|"
    r"mov(?:e|es|"
    r"ed|ing) (?:to|from)|match\w*|mismatch|correct\w*|standard|recogni[sz]\w*|not|n['’]t|from .{2,30} to)\b",
    _I,
)


def says_what(opening: str) -> bool:
    """Say whether the opening below a bare "Update LICENSE" says that another license is meant, or which was wrong."""
    text = opening[:2_000]
    return bool(_NEWS.search(text) and not _NO_NEWS.search(text) and spdx_mentions(text, sure=True))
