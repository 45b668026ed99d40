"""Owns the phrases with which people agree to a license, decline, hedge, set conditions, or speak for somebody else.

It weighs nothing: what a reply comes to stands in `archiver.answers`.
"""

from __future__ import annotations

import re

_I = re.IGNORECASE

VERBS = r"(?:agree|consent|approve|accept|assent|concur)"
ADVERBS = (
    r"(?:(?:hereby|also|do|too|both|fully|gladly|happily|totally|completely|entirely|wholeheartedly|certainly|"
    r"definitely|absolutely|personally|formally|explicitly|expressly|freely|just|further|officially|of course|"
    r"therefore|thus|naturally|can|will|am happy to|am glad to|am willing to|'m happy to|'m glad to|'m willing to|"
    r"would like to),?\s+){0,4}"
)
# "I, Kim Example (@kim), agree ...": the name, or what the template has in its place, may hold most things.
SELF = r"\b(?:I|me|myself)\b(?:\s*,[^.!?]{1,120}?,|,\s*[^,.!?]{1,60}?(?=\s))?\s*" + ADVERBS
PERMIT = r"(?:permit|allow|authori[sz]e|grant|give|licen[cs]e|re-?licen[cs]e|release|publish|dual-?licen[cs]e)"
WORKS = (
    r"(?:contributions?|commits?|code|changes|patch(?:es)?|work|works|translations?|icons?|part|parts|share|"
    r"licen[cs]es?|pull requests?|prs?|files?)"
)
PERMISSION = r"(?:consent|permission|approval|agreement|assent|ok|okay|blessing|authori[sz]ation|go-ahead)"
FINE = (
    r"(?:ok|okay|o\.k\.|fine|good|great|cool|happy|all right|alright|acceptable|comfortable|on board|"
    r"in agreement|in favou?r)"
)
ABOUT = (
    r"(?:me|my side|my (?:part|end|perspective|contributions?|commits?|code)|it|that|this|these|the|re-?licen[cs]\w*|"
    r"switch\w*|chang\w*|moving|mit|apache\S*|bsd\S*|mpl\S*|l?gpl\S*|agpl\S*|all of)"
)

AGREED = re.compile(
    rf"{SELF}{VERBS}(?:d to (?:the|this))?\b"
    rf"|{SELF}(?:give|grant|provide)\s+(?:you\s+|the \w+\s+)?(?:(?:my|full|explicit|express|the|an?|any)\s+){{0,3}}"
    rf"{PERMISSION}\b"
    rf"|{SELF}{PERMIT}\b[^.!?]{{0,80}}?\b{WORKS}\b"
    rf"|\byou (?:have|got) my (?:(?:full|explicit|express)\s+)?{PERMISSION}\b"
    rf"|\b(?:{PERMISSION}|consent) (?:is |hereby |is hereby )?(?:given|granted)\b"
    rf"|\bmy (?:(?:previous|past|own|few|small|minor|tiny|existing)\s+){{0,2}}{WORKS}[^.!?]{{0,60}}?\b(?:may|can) "
    r"(?:now |also |hereby )?be (?:used|re-?licen[cs]ed|licen[cs]ed|distributed|released|published|moved)\b"
    rf"|\bfeel free to (?:re-?)?licen[cs]e (?:all )?(?:of )?my {WORKS}"
    rf"|\b(?:I am|I'm|im|it is|it's|its|that is|that's|this is|sounds?|looks?|seems|all|is|totally|perfectly|"
    rf"also|yes,?|"
    rf"absolutely)\s+(?:\w+\s+){{0,2}}?{FINE}\s+(?:with|by|for|to|from|on)\s+{ABOUT}\b"
    rf"|^\W*(?:(?:yes|yep|yeah|sure|totally|absolutely|perfectly|also|definitely|changing the licen[cs]e|"
    rf"of course)\W+)*"
    rf"{FINE}\s+(?:with|by|for|from|on)\s+(?:me|my|this|that|it|the|all)\b"
    r"|\b(?:works|good|fine|great|ok|okay) (?:for|by|with) me\b"
    r"|\bI (?:also |still |personally |certainly )?(?:have|see|raise|'ve got|have got) (?:absolutely |"
    r"really )?(?:no|zero) "
    r"(?:objections?|problems?|issues?|concerns?|qualms)\b"
    r"|\bI (?:have|'ve got|see) nothing against (?:it|this|that|the)\b"
    rf"|\byou (?:may|can) (?:freely )?use my {WORKS} under\b"
    r"|\b(?:I )?(?:do not|don't|dont) (?:mind|object|have any(?: \w+)? (?:objections?|problems?|issues?|concerns?)|"
    r"have an? (?:objection|problem|issue))\b"
    r"|^\W*no (?:\w+ )?(?:objections?|concerns?)\b|\bno objections?\W*$"
    r"|^\W*no (?:\w+ )?(?:problems?|issues?) (?:with|from|for|at|here|on)\b"
    r"|^\W*(?:I am |I'm )?(?:very |more than |quite )?(?:happy|glad|willing) to (?:approve|agree|consent|"
    r"re-?licen[cs]e|sign|accept)\b"
    rf"|\byou (?:may|can) (?:freely )?(?:re-?)?licen[cs]e (?:all )?(?:of )?my {WORKS}"
    r"|\b(?:\+1|aye|ack|yes|yep|yup|yeah|thumbs up|approved?|agreed|agree|ok|okay|sign-?off|lgtm) "
    r"(?:from|by|for|on) (?:me|my|here)\b"
    r"|\b(?:you (?:can|may) )?(?:count me (?:in|as a yes)|(?:tick|check|mark) (?:me|my (?:name|box))\b)"
    r"|\bI hereby sign the (?:cla|dco|agreement)\b|\bI (?:have )?signed the (?:cla|dco)\b"
    r"|\b(?:then )?(?:it's|it is|that's|that is|make it|here's my) (?:a |an )?(?:yes|\+1|ok|aye)\b"
    r"|\bmy (?:vote|answer) is (?:a )?(?:yes|aye|\+1)\b",
    _I,
)
DECLINED = re.compile(
    r"\bI\b[^.!?]{0,30}?\b(?:do not|don't|dont|cannot|can't|can not|will not|won't|am not (?:willing|able|"
    r"prepared) to|"
    r"'m not (?:willing|able|prepared) to|refuse to|decline to|am unwilling to|'m unwilling to|will never|never)\s+"
    rf"(?:\w+\s+){{0,2}}?(?:{VERBS}\b|{PERMIT}\b[^.!?]{{0,60}}?\b(?:{WORKS}|{PERMISSION})\b|"
    r"(?:want|wish) (?:my\b|this (?:change|relicens)|to (?:agree|consent|re-?licen[cs]e|give|change the licen[cs]e)))"
    r"|\bI\b\s+(?:\w+\s+){0,2}?(?:object|decline|refuse(?! to (?:believe|think))|forbid|prohibit|oppose|"
    r"withhold|disagree)\b"
    r"|^\W*(?:strongly |firmly |totally )?disagree(?:d)?(?: strongly| firmly| completely)?\W*$"
    r"|\bI(?: am|'m) (?:(?!not\b)\w+ )?(?:against|opposed to|not (?:ok|okay|fine|happy|comfortable|in favou?r))\b"
    r"|\bI(?:'d| would) (?:rather|prefer)(?: that)?(?: you| we| it| my \w+)? (?:not|didn't|did not|stay|stays|stayed|"
    r"keep|kept)\b|\bI(?:'d| would) prefer (?:not )?to (?:keep|stay|remain|not)\b|\bI(?:'d| would) prefer not to\b"
    r"|\b(?:this|that|it)(?: is|'s) not (?:ok|okay|fine|acceptable) (?:with|by|for|to) me\b|\bnot (?:ok|okay|fine) "
    r"(?:with|by|for) me\b"
    r"|\b(?:no|nope|nay|-1|veto) (?:from|by) me\b|\bmy (?:vote|answer) is (?:a )?(?:no|-1)\b"
    rf"|\b(?:permission|consent) (?:is )?(?:denied|refused|not given|not granted)\b|\byou do(?: not|n't) have my "
    rf"{PERMISSION}\b|\bunder no circumstances\b"
    rf"|\b(?:I|we) (?:hereby )?(?:withdraw|revoke|retract|rescind) my (?:\w+ )?{PERMISSION}\b",
    _I,
)
# "I could not agree more", "I don't mind": a negation that denies nothing of the kind.
NO_DENIAL = re.compile(
    r"\b(?:could(?: not|n't)|can(?: ?not|'t)) agree more\b|\b(?:do not|don't) (?:mind|object|have an?y? )|"
    r"\bcan(?: ?not|'t) (?:object|complain)\b|\bwhy (?:not|I)\b",
    _I,
)
RETRACTED = re.compile(
    r"\b(?:take (?:that|it|this|my \w+) back|on second thoughts?|changed my mind|please (?:ignore|disregard) my|"
    r"hold (?:off|on)|scratch that|reconsider\w*)\b",
    _I,
)
UNSURE = re.compile(
    r"\b(?:not (?:\w+ )?(?:sure|certain|decided)|unsure|undecided|I (?:guess|suppose)|probably|perhaps|maybe|"
    r"in principle|"
    r"I think I|tentative\w*|I might|I would (?:agree|consent|be)|I'd (?:agree|consent|be)|"
    r"(?:need|have|want|like) to (?:\w+ )?(?:check|ask|talk|think|read|consult|clarify|run this|confirm|look)|"
    r"(?:will|'ll|let me|must|should) (?:\w+ )?(?:check|ask|get back|think|read|look|consult|confirm|decide)|"
    r"(?:I(?:'ve| have)? asked|asking|waiting for|waiting on) (?:\w+ )?(?:our|my|legal|the|an answer)|"
    r"not mine to|(?:do not|don't) (?:\w+ )?(?:tick|check|count|mark) (?:me|my)|until (?:I|we|then|my|the|further)|"
    r"pending)\b",
    _I,
)
# Strong enough to count in any sentence of the reply, not only in the deciding one.
DOUBT = re.compile(
    r"\bnot mine to\b|\b(?:do not|don't) (?:\w+ )?(?:tick|check|count|mark) (?:me|my)\b|"
    r"\b(?:need|have) to (?:ask|check with|consult|clear (?:it|this))\b|"
    r"\bI(?:'ve| have) asked (?:our|my|the)\b|\b(?:employer|legal (?:team|department|service))\b[^.!?]{0,40}"
    r"\b(?:has to|have to|must|needs to|first|may own|owns|might own)\b",
    _I,
)
CONDITION = re.compile(
    r"\b(?:with (?:\w+ )?conditions?|"
    r"as long as|so long as|provided(?: that)?|providing that|on (?:the |one |two |\w+ )?conditions?|only if|"
    r"if and only if|unless|under the (?:condition|assumption)|subject to|assuming|conditional(?:ly)?|contingent|"
    r"with the (?:exception|caveat|condition|proviso)|except(?: for)?|excluding|only (?:for|under|to|the)|"
    r"limited to|but (?:only|not)|in exchange)\b",
    _I,
)
IF = re.compile(r"\b(?:iff?|when|once)\b", _I)
# The same in other languages.
CONDITION_ELSEWHERE = re.compile(
    r"\b(?:solange|sofern|falls|wenn|vorausgesetzt|unter der (?:bedingung|voraussetzung)|außer|es sei denn|"
    r"tant que|à (?:la )?condition|sous réserve|pourvu que|sauf|"
    r"siempre que|siempre y cuando|con la condición|a condición|salvo|excepto|"
    r"desde que|contanto que|com a condição|exceto|purché|a (?:patto|condizione)|mits|pod warunkiem|o ile|"
    r"при условии|если|кроме)\b|"
    r"只要|如果|前提是|条件は|条件として|限り|であれば|조건|하지 않는다면",
    _I,
)
# A denial, or a question word, in the clause of an assent, which an ellipsis stands for: "there's no way that …",
# "… not to sue", "if …".
DENIES = re.compile(
    r"\b(?:not(?! only\b)|cannot|\w+n't|dont|cant|never|no(?! (?:longer|matter|need|rights?|strings|problem)\b)|none|"
    r"nobody|nothing|neither|nor|hardly|barely|doubt|refuse\w*|hard to|far from|why|how|whether)\b|\bif\s+…|"
    r"\b(?:nicht|kein\w*|nie|niemals|ne|pas|jamais|não|nunca|ni|non|niet|geen|не|нет|никогда)\b|"
    r"[不没沒无無]\w{0,3}\s+…|かね(?:ます|る)|ません|ない|않|못",
    _I,
)
# What looks like one and leaves an assent as it is.
HARMLESS_DENIAL = re.compile(
    r"\bwhether or not\b|\bwhy not\b|\bno (?:objections?|problems?|issues?|concerns?|qualms|worries)\b|\bnot an? "
    r"(?:issue|problem)\b|\b(?:do not|don't|dont) mind\b|\bnothing against\b|\bnichts dagegen\b|\bkeine einwände\b",
    _I,
)
CLAUSE_END = re.compile(r"[,;:–—，；：、()\n]| - ")
# "No, I agree": what the "no" answers, nobody can tell.
NO_BEFORE = re.compile(r"\W*(?:no|nope|nah|nay)\s*[,.;:!–—-]\s*(?!.*\b(?:not?|don't|never)\b)", _I)
# "if you need anything else", "if it counts": no conditions.
HARMLESS_IF = re.compile(
    r"\bif (?:you|anyone|someone|anybody|somebody) (?:\w+ )?(?:need|want|have|require|like|wish|prefer|think|"
    r"still|feel)\w*\b|"
    r"\bif (?:it|that|this)(?: \w+)? (?:counts?|matters?|helps?|is (?:enough|needed|required|necessary|of any)|'s)|"
    r"\bif (?:needed|necessary|required|possible|any|there(?:'s| is| are) any|I (?:remember|recall|understand|"
    r"have any|"
    r"contributed|ever|missed|forgot))\b|\b(?:know|ask|tell|ping me|mail me|contact me) if\b|\beven if\b|\bas if\b|"
    r"\bonce (?:again|more)\b|\bwhen (?:I (?:wrote|contributed|sent|made|was)|you|it comes)\b",
    _I,
)
CONTRAST = re.compile(r"\b(?:but|however|although|though|nevertheless|still,|except)\b", _I)
BEHALF = re.compile(
    r"\bon (?:the )?behalf of\b|\bon (?:my|our) (?:employer|company)'s behalf\b|"
    r"\b(?:speaking|answering|signing) for (?:my|our|the)\b|"
    r"\bas (?:the |a )?(?:ceo|cto|director|legal representative|representative)\b|"
    r"\bmy (?:employer|company) (?:agrees|consents|approves)\b",
    _I,
)
ALSO = re.compile(r"\b(?:also|as well as|and|myself and|for myself)\b[^.!?]{0,20}\bon (?:the )?behalf of\b", _I)
SEVERAL = re.compile(rf"\bwe\b[^.!?]{{0,30}}?\b(?:{VERBS}|are (?:ok|okay|fine|happy))\b", _I)
OTHER = re.compile(
    r"\bobject\s+to\s+(?!(?:the |this |that |any |such )?(?:re-?)?(?:licen|chang|switch|mov|proposal|it\b|"
    r"this\b|my\b))|"
    rf"\b(?:{VERBS}|disagree)\s+(?:\w+\s+)?(?:with\s+(?!(?:the|this|that|these|your?|it)?\s*"
    r"(?:licen[cs]\w*|re-?licen[cs]\w*|conditions?|one condition|"
    r"changes?|switch\w*|move|moving|proposals?|above (?:licen|change|"
    r"statement|text|terms)|"
    r"statement|terms|plan|mit|apache|bsd|mpl|l?gpl|agpl|using|adopting|this\b|it\b|that\b)(?:\b|$)|"
    r"(?:this|it)\s*(?:[.!,;:)]|$)|this change|that change|my (?:name|contributions?))"
    r"|that\s+(?!(?:my|all my|all of my|our|the (?:project|code|licen|repo|library|package)|(?:you|we|they) "
    r"(?:may|can|change|relicense|switch|license|licence)|my|every contribution|any contribution|onrecord)\b))",
    _I,
)
# "I agree, this is a mess": with what is said of something, not to what was asked.
COMMENTS = re.compile(
    r"\b(?:agree|consent),?\s+(?:this|it|that|these|those|the|we|they|there|he|she)\b(?:\s+\w+){0,3}?(?:'s|\s+(?:is|are|was|"
    r"were|would|should|will|needs?|looks?|seems?|sounds?|has|have|makes?))\b(?!\s+(?:a |an |the |really |very |"
    r"perfectly |all |totally )*(?:good|great|fine|ok|okay|right|sensible|reasonable|better|best|"
    r"welcome|nice|excellent))"
    r"|\bagree to disagree\b|\b(?:agree|consent)\s+(?:to|with)\s+(?:keep|stay|remain|retain|leav)\w*\b",
    _I,
)
# "My late reply": the writer's own, whatever is said about it.
_OWN_REPLY = (
    r"(?:(?:my|the|a|late|belated|delayed|short|quick|final|formal|official|personal) )*(?:reply|response|answer)\s*:"
)
# A line that tells whose words follow: "Dora answered by e-mail:", "Forwarding Dora's answer:".
FORWARDS = re.compile(
    rf"^\W*(?!I\b|{_OWN_REPLY})[^\n]{{0,80}}\b(?:answer\w*|repl(?:y|ied|ies)|wrote|writes|said|says|sent|mailed|responded|forward\w*|"
    r"e-?mail\w*|response)\b[^\n]{0,60}:\s*$",
    _I | re.MULTILINE,
)
# The head of a mail that was pasted as it is.
MAIL_HEAD = re.compile(r"^\W*From:[^\n]+\n(?:[^\n]*\n){0,6}?\W*(?:To|Subject|Date|Sent|Cc):", _I | re.MULTILINE)
# "Anna: I agree": a line that begins with somebody's name.
SPOKEN_FOR = re.compile(
    r"^\W*(?!(?:re|edit|ps|note|vote|answer|me|i|update|tl;?dr|status|disclaimer|statement|decision|mit|apache|gpl|"
    rf"hi|hello|hey|sorry|late|belated|finally|again)\b|{_OWN_REPLY})"
    r"@?[^\W\d][\w.-]{1,38}(?: [^\W\d][\w.-]{1,38})?:\s+(?=(?:I\b|yes|no|agree|ok|\+1|-1|👍))",
    _I,
)
JOKE = re.compile(r"(?:^|\s)/s\b|\b(?:just kidding|jk|joking|over my dead body|million dollars|for a beer)\b|😜|🤡", _I)
OPINION = re.compile(
    r"\bI (?:\w+ )?(?:support|like|endorse|welcome|would (?:support|like|welcome)|vote)\b|\bgreat (?:idea|move)\b|"
    r"\b(?:it )?makes no difference\b|\byour call\b|\bup to you\b|\bdon't care\b|\bwhatever\b",
    _I,
)
REPORTED = re.compile(
    r"\bI(?:'ve| have| had)? (?:already |previously )?(?:agreed|consented|approved|gave|given|signed|posted)\b", _I
)

# A word alone answers; with a name before it, thanks, a sign or "from me" after it.
YES = (
    r"(?:i (?:do )?(?:agree|consent|approve|accept)|yes+|yep|yup|yeah|ye|yea|aye|sure(?: thing)?|ok(?:ay|ie|"
    r"idoki)?|okey|o\.k\.|"
    r"agree(?:d)?|approve(?:d)?|accept(?:ed)?|consent(?: given)?|granted|confirm(?:ed)?|lgtm|\+1|\+\+|👍|:\+1:|"
    r":thumbsup:|:thumbs_up:|✅|✔️?|:white_check_mark:|:heavy_check_mark:|ack(?:ed|nowledged)?|signed|"
    r"of course|absolutely|"
    r"certainly|definitely|by all means|go (?:ahead|for it)|fine|permission granted|no objections?|no issues|"
    r"affirmative|"
    r"hell ye(?:s|ah)|consider this my (?:consent|approval|agreement|permission)|"
    r"roger|aye aye|sgtm|works for me|fine by my|my (?:approval|consent|permission)|i(?:'m| am) (?:ok|okay|fine|"
    r"good)|i do|👌|🆗|💯)"
)
NO = (
    r"(?:no|nope|nay|-1|👎|:-1:|:thumbsdown:|disagree(?:d)?|declined?|denied|rejected|veto|no way|not agreed|"
    r"objection|(?:absolutely|certainly|definitely|of course) not|hell no|no,? (?:thanks|thank you))"
)
FILLER = (
    r"(?:no problems?|no worries|for what it's worth|fwiw|(?:from|by|for|on|with)\s+(?:me|my side|my part|"
    r"my end|my behalf|here|all of my contributions)|"
    r"thanks?(?: you)?(?: all| everyone| a lot)?|thx|too|as well|here|all|to this|please|to all|"
    r"cheers|regards|best regards|hi|hello|hey|sorry|well|@[\w-]+|"
    r"(?:(?![👍👎])[\U0001F300-\U0001FAFF\u2600-\u27BF\uFE0F\u200D])+|:[a-z0-9_+-]+:|[:;]-?[)D])"
)
# The next piece of a short answer; read piece by piece, since a pattern for the whole would take exponential time.
PIECE = re.compile(
    rf"(?P<yes>{YES}(?!\w)(?! not\b))|(?P<filler>{FILLER}(?!\w))|(?P<no>{NO}(?!\w))|(?P<gap>[\s,.!;:*_~#>()\"'–—-]+)",
    _I,
)

# Plain words of other languages; the denials are looked for first.
DECLINED_ELSEWHERE = re.compile(
    r"\bnicht einverstanden\b|\bstimme (?:\w+ )?nicht zu\b|\blehne (?:\w+ )?ab\b|\bnicht zustimmen\b|"
    r"\bwiderspreche\b|"
    r"\b(?:ne suis|suis) pas d'accord\b|\bpas d'accord\b|\bje (?:refuse|m'oppose|n'accepte pas|ne consens pas)\b|"
    r"\bno estoy de acuerdo\b|\bno (?:lo )?(?:acepto|consiento|autorizo)\b|\bme opongo\b|"
    r"\bn[ãa]o (?:concordo|aceito|autorizo)\b|\bdiscordo\b|\bnon (?:sono d'accordo|accetto|acconsento)\b|"
    r"\bniet akkoord\b|\bniet (?:mee )?eens\b|\bnie (?:zgadzam się|wyrażam zgody)\b|"
    r"\bне (?:соглас\w+|даю соглас\w+|разрешаю)|\bвозражаю\b(?<!не возражаю)|\bя против\b|"
    r"不同意|不赞成|不贊成|反对|反對|同意しません|同意できません|反対です|反対します|承諾できません|"
    r"동의하지 않|반대합니다",
    _I,
)
AGREED_ELSEWHERE = re.compile(
    r"\beinverstanden\b|\bstimme (?:\w+ ){0,3}zu\b|\bhabe (?:nichts dagegen|keine einwände)\b|\bkeine einwände\b|"
    r"\bje suis (?:\w+ )?d'accord\b|^\W*d'accord\b|\bj'accepte\b|\bje (?:consens|donne mon accord|"
    r"donne mon consentement)\b|"
    r"\bpas d'objections?\b|\bok pour moi\b|\bestoy de acuerdo\b|^\W*de acuerdo\b|\b(?:yo )?(?:acepto|consiento)\b|"
    r"\bdoy mi (?:consentimiento|permiso|aprobación)\b|\bsin objeciones\b|\b(?:eu )?concordo\b|\b(?:eu )?aceito\b|"
    r"\bestou de acordo\b|^\W*de acordo\b|\bsono d'accordo\b|^\W*d'accordo\b|\b(?:accetto|acconsento)\b|"
    r"\b(?:ga |ben )?akkoord\b|\bmee eens\b|\bgeen bezwaar\b|\bzgadzam się\b|\bwyrażam zgodę\b|"
    r"\bсоглас(?:ен|на)\b|\bдаю соглас\w+|\bне возражаю\b|\bне против\b|"
    r"同意(?!書|书)|赞成|贊成|没有意见|沒有意見|没问题|沒問題|賛成(?:です|します)|承諾します|了承(?:します|しました)|"
    r"問題ありません|異議(?:は)?(?:ありません|なし)|동의합니다|동의해요|동의함|찬성합니다",
    _I,
)
YES_ABROAD = frozenset(
    (
        "ja",
        "jawohl",
        "gerne",
        "oui",
        "sí",
        "si",
        "sim",
        "sì",
        "да",
        "是",
        "好",
        "好的",
        "可以",
        "はい",
        "네",
        "예",
        "tak",
    )
)
NO_ABROAD = frozenset(("nein", "non", "não", "nao", "нет", "不", "いいえ", "아니요", "nie", "nee"))
QUESTION_ABROAD = re.compile(r"[？?؟]|ですか|ますか|吗|嗎|么[。\s]*$|까요")
