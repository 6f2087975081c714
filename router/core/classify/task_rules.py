"""Stage one of the classifier: asks that say outright what they are, told by a pattern in microseconds.

A rule speaks only where it is nearly always right: the ask is short, opens with the word that names the work,
and nothing in it hints at more. Everything else is left to the trained model. A cheap rule is vetoed by any
sign of hard work ("summarize why this lock is unsafe and redesign it"); the opposite mistake is a cheap one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.core.classify.view import AskView

RULE_CONFIDENCE = 0.97
"""The share of labelled asks on which a rule that speaks is right, rounded down; see docs/classifier.md."""
SHORT = 240
"""Longer asks hold more than their opening says."""


@dataclass(frozen=True, slots=True)
class TaskWordRule:
    """A pattern over the opening of an ask and what it means."""

    name: str
    task: str
    level: str
    pattern: re.Pattern[str]


def _rule(name: str, task: str, level: str, *patterns: str) -> TaskWordRule:
    return TaskWordRule(name, task, level, re.compile("|".join(patterns), re.IGNORECASE))


_PREAMBLE = re.compile(
    r"(?:(?:hi|hey|hello|please|pls|plz|ok|so|can you|could you|would you|will you|kindly|quick one|bitte"
    r"|kannst du|peux-tu|por favor|kun je|请|帮我)[\s,:!.]*)*",
    re.IGNORECASE,
)
_LANGUAGE = (
    r"(?:english|german|french|spanish|dutch|italian|portuguese|polish|russian|japanese|chinese|korean|arabic"
    r"|hindi|turkish|swedish|danish|norwegian|finnish|greek|czech|hungarian|romanian|ukrainian|vietnamese)\b"
)
_TEXT = (
    r"(?:text|article|document|e-?mails?|thread|meeting|conversation|chat|report|paper|notes|page|transcript"
    r"|story|letter|message|paragraph|chapter|essay|minutes|call|post|news)"
)
_LETTERS = r"(?:the |my |any |all |only )?(?:grammar|spelling|typos?|punctuation)\b"
"""What is fixed without a thought."""
_GREETINGS = (
    r"hi+|hiya|hey+|hello|yo|howdy|good (?:morning|evening|night|afternoon)|thanks?(?: you)?|thx|ty|cheers",
    r"bye|goodbye|see (?:you|ya)|lol|haha|hallo|guten (?:morgen|tag|abend)|danke(?:schön)?|tschüss|moin",
    r"bonjour|bonsoir|salut|coucou|merci(?: beaucoup)?|hola|buenos días|buenas (?:tardes|noches)",
    r"(?:muchas )?gracias|hoi|goedemorgen|dank je(?: wel)?|bedankt|doei|ciao|buongiorno|grazie(?: mille)?",
    r"oi|olá|bom dia|(?:muito )?obrigad[oa]|cześć|dzień dobry|dziękuję|привет|спасибо|مرحبا|شكرا",
    r"こんにちは|おはよう(?:ございます)?|ありがとう(?:ございます)?|你好|早上好",
    r"谢谢|晚安|안녕하세요|감사합니다|नमस्ते|धन्यवाद",
)
HARD = re.compile(
    r"\b(?:prove|proof|theorem|rigor\w*|derive|why|redesign|design\w*|architect\w*|trade-?offs?|distributed"
    r"|concurren\w*|deadlock\w*|race condition|unsafe|thread-?safe\w*|consisten(?:t|cy)|consensus|migrat\w*"
    r"|refactor\w*|implement\w*|debug|root cause|strategy|propose|recommend\w*|justify|evaluate|assess"
    rf"|fix(?! {_LETTERS})"
    r"|contracts?|clauses?|legal\w*|court\w*|clinical|medical|patent|poem|sonnet|slogans?|agents?|then"
    r"|contradict\w*|disagree\w*|ambigu\w*|reconcil\w*|schema|code|functions?|scripts?|python|java(?:script)?"
    r"|typescript|rust|kotlin|golang|sql|class|regex|groups|logic|valid)\b"
    r"|beweis|begründ|warum|entwirf|widersprech|vertrag|démontr|pourquoi|contradict|demuestr|por qué|contrat"
    r"|bewijs|waarom|ontwerp|証明|設計|なぜ|矛盾|証|证明|設計|设计|为什么|合同",
    re.IGNORECASE,
)
"""Signs of work that a small model gets wrong: they silence cheap rules and make a cheap guess doubtful."""
MORE_TO_DO = frozenset({"code", "steps1", "steps2", "steps3"})
"""Marks of an ask that wants more than its opening says."""
CHEAP = (
    _rule(
        "a greeting or thanks alone",
        "chat",
        "L1",
        rf"(?:{'|'.join(_GREETINGS)})(?: there| all| everyone| so much| a lot| again)?[\s!.,?:)🙂👋🙏❤️]*\Z",
    ),
    _rule(
        "asks for a translation",
        "translate",
        "L1",
        rf"translate\b.{{0,160}}\b(?:to|into|from) {_LANGUAGE}",
        rf"translate (?:this|the following|these)(?: {_TEXT})?(?: please| for me)?\s*(?:[:.!?\n]|\Z)",
        rf"how do (?:you|i) say\b.{{0,100}}\bin {_LANGUAGE}",
        r"übersetze?\b|traduis\b|traduce\b|vertaal\b|traduci\b|traduza\b|przetłumacz\b|переведи\b",
        r"翻译|翻訳",
    ),
    _rule(
        "asks for a summary",
        "summarize",
        "L1",
        rf"(?:summari[sz]e|sum up) (?:this|the|these|our)(?: (?:following|attached|whole|long))? {_TEXT}\b",
        r"(?:summari[sz]e|sum up) (?:this|it|the following)\s*(?:[:.!?\n]|\Z)",
        r"tl;?dr\b|give me (?:a|the) (?:short |brief |quick )?(?:summary|gist) of\b|总结|概括",
        r"fasse?\b.{0,100}\bzusammen\b|résume\b|resume (?:este|esta|el|la)\b|vat\b.{0,100}\bsamen\b",
        r"riassumi\b",
    ),
    _rule(
        "asks to extract",
        "extract",
        "L1",
        r"extract (?:all|every|any|each)\b|pull out (?:all|every)\b",
        r"extrahiere\b|extrais\b|extrae\b|estrai\b|extraia\b|извлеки\b",
    ),
    _rule(
        "asks for a label",
        "classify",
        "L1",
        rf"(?:classify|categori[sz]e|label) (?:this|these|the following|each|every) (?:{_TEXT}|review|ticket"
        r"|tweet|comment|sentence|item|transaction|headline|expense)",
        r"is this (?:e-?mail|message|text) spam\b|klassifiziere\b|clasifica\b|classifique\b",
    ),
    _rule(
        "asks for another shape",
        "format",
        "L1",
        r"(?:re)?format (?:this|these|the)\b|pretty[- ]?print\b",
        r"formatiere\b|formatea\b|formatta\b|sformatuj\b",
        rf"(?:fix|correct) {_LETTERS}",
        r"sort (?:this|these|the) (?:list|names|lines|table|entries)\b",
        r"convert (?:this|these|the)\b.{0,60}\bto (?:a )?(?:json|ya?ml|csv|xml|html|toml|markdown)\b",
    ),
    _rule(
        "asks for one fact",
        "lookup",
        "L1",
        r"what(?:'s| is) the (?:capital|population|default port|boiling point|chemical symbol|currency) of\b",
        r"(?:who (?:wrote|painted|invented|directed|discovered)|when (?:was|did)|(?:in )?wh(?:at|ich) year"
        r"|what does \S+ stand for|how (?:tall|high) is)\b[^.\n]{0,80}\Z",
    ),
)
"""Work that the cheapest rung does well."""
HEAVY = (
    _rule(
        "asks for a proof",
        "complex_reasoning",
        "L3",
        r"(?:prove|disprove) (?:that|or|the|it|there|every|rigorously|by)\b",
        r"show that (?:the|every|there|for|if)\b|beweise,? (?:dass|den|die|das)\b|zeige, dass\b",
        r"démontre[rz]? (?:que|le|la)\b|dimostra (?:che|il|la)\b",
        r"demuestra (?:que|el|la)\b|bewijs (?:dat|de|het)\b|prove que\b|udowodnij\b|докажи\b|证明|求证|証明",
        r".{0,60}を証明",
    ),
    _rule(
        "asks for a system's design",
        "architecture",
        "L3",
        r"(?:design|architect|propose|sketch) (?:a|an|the|our)\b.{0,120}\b(?:architecture|platform|backend"
        r"|multi-tenant|replication|failover|sharding|microservices?|event-driven|high availability)\b",
        r"system design\b",
    ),
    _rule(
        "asks for agents",
        "agent_orchestration",
        "L3",
        r"(?:spawn|orchestrate|coordinate|dispatch|delegate|launch|split)\b.{0,100}\b(?:sub-?agents?"
        r"|agents)\b",
    ),
)
"""Work that needs the best; wrong here costs money, not an answer."""


_TWO = re.compile(
    r"(?:\b(?:and|then|und|dann|et|puis|y|e|en|i|oraz|и|а)\b(?: also| then| please| auch| aussi"
    r"| también)*|并|並|并且|然后|そして"
    r"|그리고)\s*(?:explain|analy[sz]e|assess|evaluate|compare|critique|justify|discuss|advise"
    r"|recommend|argue"
    r"|erklär|analysier|bewert|vergleich|expliqu|analyse|compare|explic|analiz|compar|spieg|analizz"
    r"|leg uit|vergelijk"
    r"|wyjaśni|porówna|объясн|сравни|проанализ|解释|解釋|说明|說明|分析|评估|比较|説明|比較|설명|분석|비교)",
    re.IGNORECASE,
)
"""A second thing to do, harder than the first."""
_ABOUT_CODE = re.compile(
    r"explain|review|why|bug|wrong|what does|what is|refactor|test|document|convert|translate", re.I
)
STUB = _rule("is a function to be completed", "code_gen", "L2", r"")
CONTEST = _rule(
    "states a programming contest's problem",
    "code_gen",
    "L2",
    r"(?=.*\b(?:first|second|next|only|each|following"
    r"|single) (?:\w+ )?lines?\b.{0,80}\bcontains?\b)(?=.*\b(?:output|print)\b)",
)
CLOSING = (
    _rule(
        "ends by asking for a label",
        "classify",
        "L1",
        r".{0,80}\bon a scale (?:of|from)\b|.{0,60}\bhow many stars\b",
        r"(?:what|which)(?: is| are| was|'s)?(?: \w+){0,5} (?:sentiment|label|category|categories|topic"
        r"|class|genre|rating"
        r"|emotion|stance|tone)\b",
        r"(?:so |would you say )?(?:is|are|was|does|do) (?:this|it|that|the) (?:\w+ ){0,6}(?:positive"
        r"|negative|spam|toxic"
        r"|sarcastic|offensive|hateful|neutral)\b",
        r"(?:the |this |its )?(?:\w+ )?(?:sentiment|label|category|topic|class|stars?"
        r"|rating)(?: \w+){0,3}\s*(?:is|are)?\s*:?\s*\Z",
        r"(?:choose|pick|select|answer|respond|reply)\b.{0,40}\b(?:from|of|with|only|either"
        r"|between)\b.{0,120}\Z",
    ),
    _rule(
        "ends by asking for a summary",
        "summarize",
        "L1",
        r"(?:please )?(?:summari[sz]e|sum up|shorten|condense)\b",
        r"(?:please |can you |could you )?(?:write|give|provide|generate|create)(?: me)? (?:a|an"
        r"|the) (?:\w+[ -]){0,3}(?:summary"
        r"|gist|abstract|headline)\b",
        r"(?:the |in )?(?:short |brief )?(?:summary|tl;?dr|in short|to sum up)\s*:?\s*\Z",
    ),
)
"""Work that a pasted text's last line asks for: the text above it is what it is about, whatever it says."""


def asks_for_more(text: str) -> bool:
    """Tell whether an ask wants a second and harder thing as well."""
    return _TWO.search(text) is not None


def first_match(view: AskView) -> TaskWordRule | None:
    """Return the rule that speaks for an ask, or None: then the trained model judges."""
    if view.opens_with_code and not _ABOUT_CODE.search(view.last_line):
        return STUB
    if CONTEST.pattern.match(view.text.replace("\n", " ")):
        return CONTEST
    last = view.last_line
    if (
        last
        and not HARD.search(last)
        and not asks_for_more(last)
        and (closing := _matching(CLOSING, (last,)))
    ):
        return closing
    text = view.text
    if len(text) > SHORT:
        return None
    openings = (text, _PREAMBLE.sub("", text, count=1))
    if heavy := _matching(HEAVY, openings):
        return heavy
    if HARD.search(text) or asks_for_more(text) or MORE_TO_DO & set(view.marks):
        return None
    return _matching(CHEAP, openings)


def _matching(rules: tuple[TaskWordRule, ...], openings: tuple[str, ...]) -> TaskWordRule | None:
    return next((rule for rule in rules if any(map(rule.pattern.match, openings))), None)
