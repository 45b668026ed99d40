"""Owns other senses of the words of licensing, and the identifiers that hold one: blanked before anything is matched.

The words themselves stand in `archiver.vocabulary`; text that is left out as a whole, in `archiver.boilerplate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from archiver.patterns import Pattern

_LICEN = ("licen",)

# What programs that are sold say of keys, servers and time, in the languages whose terms are known.
_FOREIGN_PRODUCTS: tuple[Pattern, ...] = (
    Pattern(
        r"\b(?:Test|Demo|Volumen|Einzelplatz|Jahres|Kauf|Software|Pro|Enterprise|Floating)?-?Lizen[zs]-?"
        r"(?:schlüssel|server|keys?|codes?|nummer|fehler|aktivierung|manager|verwaltung|dialog|fenster|prüfung|"
        r"abfrage|ablauf|"
        r"verlängerung)\w*|"
        r"\bLizen[zs]\w*\b[^.,!?\n]{0,30}\b(?:abgelaufen|abläuft|ungültig\w*|aktivier\w*|deaktivier\w*|verlänger\w*|"
        r"gekauft|erworben|freigeschaltet|nicht (?:erkannt|akzeptiert|gefunden werden))|"
        r"\b(?:aktivier\w*|Aktivierung|abgelaufen\w*|ungültig\w*|gekauft\w*|kauf\w*|erworben\w*|erneuer\w*|gültig\w*)"
        r"\b[^.,!?\n]{0,20}\bLizen[zs]\w*",
        ("lizen",),
    ),
    Pattern(
        r"\b(?:clés?|clefs?|serveurs?|numéro|code|gestionnaire) de licences?\b(?! (?:manqu|absen|libre))|"
        r"\b(?:clave|servidor|código|número|error|gestor)s? (?:de|con la) licencias?\b(?! (?:falta|libre))|"
        r"\b(?:chave|servidor|código|número|erro)s? (?:de|na) licenças?\b|"
        r"\b(?:chiave|server|codice|errore) (?:di|della) licenz[ae]\b|\bklucz\w* licencj\w*|\bserwer\w* licencj\w*|"
        r"\blicen[cçz]\w*\b[^.,!?\n]{0,25}\b(?:expir\w+|caduc\w+|venci\w+|invalid[aeo]s?|inválid\w+|refus\w+|rechaz\w+|"
        r"activ[aeé]\w*|ativ[aáo]\w*|attiv\w+|renov\w+|renouvel\w+|scadut\w+|wygas\w+|aktyw\w+|nieprawidł\w+)|"
        r"\b(?:activ(?:er|ar|ación|ation)|ativ(?:ar|ação)|attiv(?:are|azione)|renovar|renouveler|aktyw\w+|"
        r"expir\w+|caducad\w+|compr(?:ar|é|ei)|acheter|acheté)\b[^.,!?\n]{0,20}\blicen[cçz]\w*",
        ("licen",),
    ),
    Pattern(
        r"лицензионн\w+ (?:ключ|код|сервер|файл)\w*|(?:ключ|сервер|код|активац|активир|ошибк|продл|истек|истёк|срок|"
        r"купи|"
        r"куплен|покупк)\w*(?: \w+){0,3} лиценз\w*|лиценз\w*(?: \w+){0,4} (?:актив|истек|истёк|недейств|просроч|"
        r"не найден|закончил|продл|куплен)\w*|не активир\w+ лиценз\w*",
        ("лиценз",),
    ),
    Pattern(
        r"(?:许可证?|許可證?|授权|授權|license)\s{0,2}(?:密钥|密鑰|秘钥|服务器|伺服器|码|碼|激活|已?过期|已?過期|"
        r"到期|失效|无效|無效|"
        r"验证|驗證|失败|失敗|续费|购买|购買|key)|(?:激活|注册|購買|购买|输入|导入)\S{0,4}(?:许可证|許可證|授权码|"
        r"license)|"
        r"(?:登录|登錄|用户|接口|微信|第三方登录|OAuth\d?|token|页面|支付宝|设备|权限)\s?(?:授权|授權)|(?:授权|"
        r"授權)(?:登录|登錄|"
        r"回调|跳转|页面|接口|管理|用户|头|token|码)|(?:网络|網路|通信|通讯|传输|路由|HTTP\S{0,2}|MQTT|TCP|UDP|IP|"
        r"串口|自定义|"
        r"SIP|RPC|FTP|SSH|S?FTP|WebSocket|Modbus)\s?(?:协议|協議)|(?:协议|協議)\S{0,2}(?:解析|版本|头|栈|端口|层|"
        r"字段|格式|编解码)",
        ("许可", "許可", "授权", "授權", "license", "协议", "協議"),
    ),
    Pattern(
        r"ライセンス(?:の)?(?:キー|サーバ\w*|認証|コード|登録|切れ|の?有効期限|ファイルの読み込み|エラー|の更新|"
        r"アクティ\w+|管理)|"
        r"ライセンスが?[^。\n]{0,12}(?:認証|切れ|有効期限|無効|アクティ|期限)|(?:認証|購入した)[^。\n]{0,4}ライセンス",
        ("ライセンス",),
    ),
    Pattern(
        r"라이선스\s?(?:키|서버|코드|만료|인증|활성화?|오류|갱신|등록)\w*|(?:만료된|유효하지 않은|구매한) 라이선스",
        ("라이선스",),
    ),
)

FALSE_FRIENDS: tuple[Pattern, ...] = (
    Pattern(
        r"\b(?:driver'?s?'?|driving|pilot'?s?|fishing|hunting|marriage|gun|liquor|poetic|artistic|creative|taxi|"
        r"dramatic|business|professional|medical|teaching|radio|amateur|ham|cop|vehicle|car)[ -]licen[cs]es?\b"
        r"(?! (?:agreement|1|2|v))"
        r"|\b(?:floating|concurrent|per-seat|volume|trial|evaluation|student|academic|node-locked|site|personal|"
        r"network) licen[cs]es?\b"
        r"|\bunlicensed (?:copy|version|user|edition)\b|\blicen[cs]e[ -]?(?:plates?|numbers?)\b|\blicen[cs]es?(?:d|"
        r"s)? to (?:print money|kill|drive|do whatever|be|"
        r"steal)\b|\b(?:too )?(?:much|little) licen[cs]e\b|\b(?:more|less|much|some|enough) licen[cs]e than\b"
        r"|\bnon-licen[cs]e\b|\blicen[cia]\w+ de (?:conduc\w+|conduzir|manejar)\b",
        _LICEN,
    ),
    # What is sold: keys, servers, activation.
    Pattern(
        r"\b(?:(?:software|product|enterprise|trial|valid|invalid|expired|activat\w+|my|your|our|a|the|pro|premium|"
        r"paid|"
        r"perpetual|lifetime) ){0,3}licen[cs](?:e|es|ing)[ -]?(?:keys?|codes?|servers?|dongles?|activation\w*|"
        r"managers?|"
        r"tokens?|seats?|files? (?:is |has |was )?(?:expired|invalid|not (?:found|valid)|valid until|upload\w*|"
        r"rejected)|"
        r"expir\w+|renewals?|portals?|"
        r"validat\w+|prompts?|daemons?|status\w*|plans?|tiers?|entitlement\w*|subscriptions?|quota|limits?|"
        r"checkouts?|apis?|usage|"
        r"errors?|packs?|pools?|counts?|assign(?:ed|ment)\w*|services?|modules?)\b"
        r"|\b(?:activat\w+|renew\w*|purchas\w+|buy\w*|bought|sell\w*|expired?|invalid|valid|enter\w*|install\w*|"
        r"apply\w*|"
        r"upload\w*|register\w*|revok\w+|deactivat\w+|assign\w*) (?:an? |the |your |my |our |new |"
        r"additional |more |another |"
        r"pro |user |e\d |office \w* ?|commercial |premium ){0,3}licen[cs]es?\b(?! (?:header|file|text|notice|"
        r"agreement))"
        r"|\blicen[cs]es? (?:has |have |is |was |are |will )?(?:been )?(?:expire\w*|activated|deactivated|"
        r"renewed|revoked|ended)\b"
        r"|\b(?:E[135]|Office ?365|Power BI|Azure AD|Microsoft 365|Windows|MATLAB|Gurobi|JetBrains|Unity(?: Editor)?|"
        r"Adobe|Oracle|VMware|IDE|Premium|Enterprise|Pro) (?:\w+ )?licen[cs]es?\b"
        r"|\b(?:don'?t|do not|does(?:n'?t| not)|didn'?t|need|needs|requires?|without|got|bought|using|have|has|afford) "
        r"(?:have |own )?(?:an? |any |the |your )?(?:\w+ )?licen[cs]es? (?:for|of|to (?:run|test|use|try|reproduce)) "
        r"(?:the |this )?(?:[A-Z]?\w+ ){0,2}(?:IDE|Windows|server|office|studio|editor|tool|reproduce|test|try|run|"
        r"macos|"
        r"matlab|unity)\b"
        r"|\b(?:seats?|users?|nodes?|cores?|hosts?|instances?)\b[^.\n]{0,12}\b(?:needs?|requires?|has|have|is|are) "
        r"(?:an? |own )?licen[cs]ed?\b|\b\d+ (?:seats?|users?) licen[cs]ed\b|\blicen[cs]ed (?:users?|seats?|edition|"
        r"copy)"
        r"|\bupload\w* (?:an? |the |our |my )?licen[cs]es?(?: files?)?\b|\b(?:enterprise|"
        r"premium)\b[^.\n]{0,40}\blicen[cs]e "
        r"files?\b|\b(?:our|your|my) (?:\w+ )?licen[cs]es? (?:includes?|covers?|allows? (?:up to )?\d|key|has|"
        r"is (?:ok|fine|"
        r"valid))"
        r"|\b(?:send|sent|attach|upload|place|renew\w*|import\w*|generate\w*) (?:\w+ ){0,2}licen[cs]e(?: file)? "
        r"(?:\(?\.lic\)? )?(?:to (?:support|us|the server)|into the (?:app|server))|\bwithout your licen[cs]e file\b",
        _LICEN,
    ),
    # Agreements that a tool wants accepted.
    Pattern(
        r"\b(?:accept|agree)\w* (?:to )?(?:(?:all|any|the|these|those|its|their|an?) )*(?:(?:android\S*|"
        r"sdk|xcode\S*|apple|oracle|windows|binary|code|"
        r"software|ndk|java|google|microsoft|nvidia|cuda|intel|end[- ]user) )+licen[cs]es?(?: agreements?| terms)?\b"
        r"|\baccept(?:s|ed|ing|ance of)? (?:(?:all|any|the|these|those|its) )*licen[cs]es?(?: agreements?| terms)?\b"
        r"|\blicen[cs]es?(?: agreements?)? (?:\w+ ){0,4}(?:not |been )*(?:accepted|agreed)\b"
        r"|\b(?:unaccepted|android|sdk|xcode|xcodebuild|ndk) -?-?licen[cs]es?\b(?: agreements?)?"
        r"|\bagreeing to the [\w/]+ licen[cs]e\b|\baccept[-_ ]licen[cs]es?\b|\blicen[cs]es? not accepted\b"
        r"|\b(?:skip\w*|show\w*|display\w*|scroll\w*) (?:the )?licen[cs]e agreement\b",
        _LICEN,
    ),
    Pattern(
        r"\b(?:taxi|DRM|widevine|playready|fairplay|key) licen[cs](?:es?|ing)\b|\blicen[cs](?:e|"
        r"ing) (?:zones?|boards?|authorit\w+|requests?|missions?|"
        r"challenges?|urls?|acquisition)\b|\bmodule licen[cs]e\b[^\n]{0,30}taints?"
        r"|\b(?:copyright|licen[cs]e)s?(?: header| notice| file| text)? (?:years?|dates?)\b",
        ("licen", "copyright"),
    ),
    # What a program asks of a repository, a form of a package.
    Pattern(
        r"\blicen[cs]e[ -](?:columns?|dropdowns?|pickers?|templates?|filters?|"
        r"badges?|types?|params?|parameters?|findings?|match(?:es)?|detectors?|detection|scans?|scanners?|scanning|"
        r"commands?|tabs?|class(?:es)?|models?|steps?|wizards?|widgets?|menus?|dialogs?|screens?|clause labels?|"
        r"webpack\S*|classifiers?|inventory|finder|database|parsers?|reports?)\b|"
        r"\b(?:choose|pick|select) (?:an? |the )?licen[cs]e (?:step|page|screen|dialog|dropdown|menu)|"
        r"\blicen[cs]e (?:check|checks|checking|validation|verification) (?:at|on|during) (?:start|boot|launch|run)\w*|"
        r"\b(?:pro|enterprise|premium) licen[cs]e check\w*|"
        r"\b(?:filter(?:ed|ing|s)?|sort(?:ed|ing|s)?|group(?:ed|ing|s)?|search\w*) by licen[cs]e\b|"
        r"\b(?:searched|searching|search|grep(?:ping)?|look(?:ed|ing)?) for ['\"`]?licen[cs]e['\"`]?(?= (?:in|and|"
        r"but|gives|"
        r"with|on)\b)|\blicen[cs]e (?:nag|nags|popup|pop-up)\b",
        _LICEN,
    ),
    Pattern(
        r"\bGPL(?:[- ]only)? symbols?\b|\b(?:EXPORT_SYMBOL_GPL|MODULE_LICENSE)\b|\bGPL ghostscript\b", ("gpl", "mod")
    ),
    Pattern(r"\byears? (?:in|of) (?:the )?copyright\b", ("year",)),
    Pattern(
        r"\bcopyright (?:tags?|footers?|symbols?|signs?|profiles?|dialogs?|labels?|fields?|boxes|box|bars?|char\w*)\b|"
        r"\b(?:ID3|TCOP|footer) \(?copyright\)?|\bcopyright (?:text )?(?:in|on|of) the footer\b|"
        r"\bcopyright\b[^.\n]{0,30}\b(?:centered|overlaps?|overlapping|translated)\b",
        ("copyright",),
    ),
    Pattern(
        r"\bpatent(?:ly)? (?:obvious|false|absurd|leather|foramen|search|number|office\S*|data\w*|document\w*|"
        r"text\w*|id)s?\b|\bpatently\b|\bpatented look\b|\b(?:load|pars|handl|index|scrap|download|fetch|import|"
        r"crawl|split)\w* (?:\w+ )?patents\b|\bGoogle patents\b|\bpars\w+ patents\b",
        ("patent",),
    ),
    Pattern(
        r"\btrademark (?:search|symbols?|signs?|list|lists|class(?:es)?|database|records?)\b|"
        r"\btrademarks of (?:19|20)\d\d\b",
        ("trademark",),
    ),
    Pattern(
        r"\broyalt(?:y|ies) (?:report\w*|calculat\w*|npc|service|statement\w*|payment\w*|split\w*|amount\w*|rate\w*)|"
        r"\broyalties (?:for \d+|need|don'?t sum|are (?:rounded|summed|computed))|"
        r"\b(?:calculat|comput|pay(?:ing|s)?|sum|round)\w* (?:of |the )?royalt(?:y|ies)\b",
        ("royalt",),
    ),
    Pattern(
        r"\b(?:map |tile |tiles |leaflet |marketing |ad |install |conversion |last-click |first-click |multi-touch |"
        r"blame's |source )attributions?\b"
        r"|\battribution (?:control|window|model\w*|report\w*|link position|api|map|score|method|box)s?\b|"
        r"\bwrong attribution of commits?\b|\battribution (?:is |gets )?(?:lost|hidden|overlaps?)\b|"
        r"\b(?:analytics|campaign|channel)\b[^.\n]{0,30}\battribution\b",
        ("attribution",),
    ),
    Pattern(
        r"\bapache2?[ -](?!licen)(?:server|httpd|spark|kafka|arrow|maven|ant|tomcat|hadoop|beam|airflow|module|"
        r"config\w*|"
        r"vhost|web|cassandra|flink|hive|solr|lucene|camel|superset|iceberg|avro|parquet|thrift|poi|commons|cordova|"
        r"dubbo|"
        r"druid|pulsar|zookeeper|hbase|nifi|ranger|skywalking|shardingsphere|echarts|couchdb|ignite|subversion|"
        r"log4j|user|"
        r"process|logs?|conf|site|2\.[24])\w*",
        ("apache",),
    ),
    Pattern(
        r"\bMIT(?:'s)?[ -](?:scheme|shm|krb5?|kerberos|csail|media lab|press|university|students?|professors?|"
        r"courses?|lab|technology review|magic cookie|alumni|opencourseware|app inventor|indoor|places|group)\b",
        ("mit",),
    ),
    Pattern(
        r"\b(?:Windows|Mac|Linux|Android|NVIDIA|AMD|vendor|binary|closed|graphics)?\s?proprietary "
        r"(?:drivers?|blobs?|firmware|extensions?|protocols?|formats?|apis?|codecs?|attributes?|headers?|data\b|"
        r"dataset)"
        r"(?!s? (?:in|by) )",
        ("proprietary",),
    ),
    Pattern(
        r"\bnon-?free (?:repos\w*|firmware\S*|section|component|packages? repos\w*|archive)\b|"
        r"\bcontrib (?:and )?non-?free\S*|\b(?:enable|enabling|add|adding|use|using) (?:the )?(?:contrib )?non-?free\b",
        ("non-free", "nonfree"),
    ),
    Pattern(
        r"\bSPDX (?:\d(?:\.\d)* )?(?:json|yaml|rdf|xml|tag-?value|format\w*|documents?|output|export\w*|files?|"
        r"reports?|sbom|"
        r"generator|parser|2\.\d|3(?:\.\d)?\b|or cyclonedx|and (?:in )?cyclonedx|/ ?cyclonedx)|"
        r"\bcyclonedx(?:/| or | and |, )(?:in )?spdx\b|\bin SPDX\b|\bSPDX ids? (?:to the|column|"
        r"in (?:the )?(?:search|results?|table|list))\b|"
        r"\bSPDX\b[^.\n]{0,15}\bis out\b",
        ("spdx",),
    ),
    # The routine of signing.
    Pattern(
        r"(?<!why )(?<!why do i )(?<!why should i )\b(?:please|(?:you|we|they|he|she)(?:['’]?ll)? (?:also )?(?:need|"
        r"have|ha[sd]) to|"
        r"you must|can you|could you|forgot to|(?:make sure|remember|don['’]?t forget) to|do I (?:need|"
        r"have) to) (?:also )?"
        r"(?:re-?)?sign(?:[- ]?off)?\b(?: (?!as\b|since\b|because\b|over\b)[\w'@-]+){0,6} "
        r"(?:[IC]?CLA|DCO|contributor'?s? licen[cs]e agreement)\b(?! (?:lets|gives|allows|is))|"
        r"\b(?:CLA|DCO)(?: check| bot| status)? (?:is|was|isn['’]t|stays|still) (?:now )?(?:red|green|failing|"
        r"signed|fixed|missing|"
        r"happy|yellow|pending|passing|done|stuck|down)\b|\b(?:signed|resigned) the (?:CLA|DCO)(?=[.,! )]|$)",
        ("cla", "dco", "agreement"),
    ),
    Pattern(r"\bEULA prompts?\b|\b(?:accept\w*|agree to) (?:the )?EULA\b|\brequires? EULA\b", ("eula",)),
    Pattern(
        r"\bfree software (?:recommend\w+|can I use|to (?:view|edit|open|play|convert))|\b(?:which|what|"
        r"any) free software\b",
        ("free software",),
    ),
    Pattern(
        r"\bstole(?:n)? (?:my|our|the|their|this)?\s?(?:items?|skins?|bike|gold|coins?)\b|\bsteal skill\b",
        ("stole", "steal"),
    ),
    Pattern(
        r"\b(?:search(?:ed|ing|es)?|grep(?:ping)?|match(?:es|ed|ing)?|occurrences?|pattern|string|query|"
        r"e\.g\. (?:the )?"
        r"string|corpus is the text of) (?:for |of )?(?:the )?['\"`]?(?:license|copyright|A?GPL|"
        r"all rights reserved)['\"`]?"
        r"(?=[ ,.)])",
        ("search", "grep", "match", "occurrence", "pattern", "string", "query", "corpus"),
    ),
    *_FOREIGN_PRODUCTS,
)

# Identifiers, paths, flags, addresses and fields that hold a word of the vocabulary without saying anything.
NOISE: tuple[Pattern, ...] = (
    Pattern(r"<?\b(?:https?|git|ftp)://[^\s<>)\]]+>?", ("://",)),
    Pattern(r"@[\w-]+", ("@",)),
    Pattern(r"(?<![\w-])--?[a-z][\w-]*\b", ("-",)),
    Pattern(r"\.[a-z_]+\([^()\n]{0,80}\)", ("(",)),
    Pattern(r"\b\w{1,60}_licen[cs]e\w{0,40}!?|\blicense_\w+|\blicence_\w+", ("_licen", "license_", "licence_")),
    Pattern(r"\blicen[cs]eck(?:\.py)?\b|\blicensee (?:detect|returns|version)\b", ("licen",)),
    Pattern(r"[\"']?\blicen[cs]es?[\"']?\s?[:=]\s?[\"'][^\"'\n]{0,60}[\"']", ("licen",)),
    Pattern(r"#!?\[licen[cs]e[^\]\n]*\]", ("licen",)),
    Pattern(
        r"(?<![\w.~/\\-])(?:[\w.~-]{0,60}[/\\]){2}[\w./\\~+-]{0,200}\b(?:licen[cs]e|copying|copyright)[\w./\\-]*|"
        r"(?<![\w.~/\\-])(?:[\w~-]{0,60}\.[\w.~-]{0,60}|~)[/\\][\w.\\~+-]{0,100}\b(?:licen[cs]e|copying|copyright)"
        r"[\w./\\-]*|\b[\w-]{1,60}/copyright\b",
        ("/", "\\"),
    ),
    Pattern(r"\b(?:Cargo|pom)\.lock\b", (".lock",)),
    Pattern(r"\b(?:free|open|net|dragonfly|\*)[ ]?bsds?\b(?! licen)", ("bsd",)),
    Pattern(
        r"\b\w{0,40}licen[cs]e\w{0,40}\.(?:py|rs|js|ts|go|sh|c|h|rb|java|yml|yaml|json|o|dll|exe|class|cs|cpp)\b|"
        r"(?<![\w@/-])[\w@/-]{0,80}[a-z]-licen[cs]es?(?:-[a-z]\w*)+\b|\blicen[cs]es?-(?:webpack|checker|maven|"
        r"gradle|eye|"
        r"finder|detector)[\w-]*",
        ("licen",),
    ),
)
# The same where capitals tell: a name in a program, a file.
NOISE_AS_WRITTEN: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        ("icen",),
        re.compile(
            r"\b[a-z]+Licen[cs]es?\b|\b[lL]icen[cs]es?[A-Z]\w*|\b[A-Z][a-z]+Licen[cs]e\w*|"
            r"\b(?:Optional|List|Vec|Option)\[Licen[cs]e\]"
        ),
    ),
    (
        ("LICEN", "COPYING", "COPYRIGHT"),
        re.compile(
            r"(?<![\w.~/\\-])[\w~-]{0,100}[/\\][\w.\\~+-]{0,100}\b(?:LICEN[CS]E|COPYING|COPYRIGHT)[\w./\\-]*|"
            r"\b(?:UN)?LICEN[CS]E(?:-[A-Z]+)?(?:\.(?:md|txt|rst|html))\b"
        ),
    ),
    # A list of files.
    (
        ("LICENSE", "COPYING", "NOTICE"),
        re.compile(
            r"\b(?:README|LICENSE|NOTICE|COPYING|CHANGELOG|Makefile)(?:\.\w+)?"
            r"(?:(?:, | and |, and )(?:README|LICENSE|NOTICE|COPYING|CHANGELOG|Makefile)\b(?:\.\w+)?)+"
        ),
    ),
    (("OFL.",), re.compile(r"\bOFL\.txt\b")),
)


def blanked(text: str, low: str) -> tuple[str, str]:
    """Return `text`, and the same in lower case, with spaces where other senses and identifiers stand."""
    spans = [match.span() for pattern in (*FALSE_FRIENDS, *NOISE) for match in pattern.finditer(low)]
    for stems, regex in NOISE_AS_WRITTEN:
        if any(stem in text for stem in stems):
            spans += [match.span() for match in regex.finditer(text)]
    return (_without(text, spans), _without(low, spans)) if spans else (text, low)


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    parts: list[str] = []
    last = 0
    for start, end in sorted(spans):
        if end > last:
            begin = max(start, last)
            parts += text[last:begin], " " * (end - begin)
            last = end
    return "".join((*parts, text[last:]))
