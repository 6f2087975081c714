"""Whether a person says that the answer before was no good: "no, that's wrong", "still fails", "sicher?".

Such words are no light chat, though they are short: the work they speak of is the ask before them, and the
answer they speak of was poor. Speaks for the opening of a short text only. Pure; must know nothing of tasks.
"""

from __future__ import annotations

import re

LONGEST = 120
"""Characters; who writes more asks for something of its own."""

_ALONE = r"(?=\s*(?:[,.!?;:-]|\Z))"
"""A word that is a complaint by itself, and no part of another sentence."""
_OPENING = (
    r"no+|nope|nah|sorry|but|wait|hm+|ok|okay|well|huh|ugh|still|and|then|so|please|i think|i'm afraid"
    r"|nein|nee|doch|aber|leider|non"
    r"|mais|pero|ma|mas|nie|ale|нет|но|không|hayır|ama|いや|いえ|いいえ|でも|不|但是|可是|아니|아니요"
    r"|لا|لكن|नहीं"
)
_WORDS = (
    # English
    r"(?:(?:that|this|it|which)(?:'s| is| was| are)?|you(?:'re| are)|your (?:answer|code|result|output"
    r"|solution)"
    r"(?: is| was)?|the (?:answer|result|output)(?: is| was)?)(?: still| just| all| completely| plain"
    r"| simply)?"
    r" (?:wrong|incorrect|not (?:right|correct|true|it|working|what i)|nonsense|broken|false|no good"
    r"|useless|bad)",
    r"(?:that|this|it)(?: still| just)?(?: is|'s)?(?:n't| not)(?: right| correct| true| it| working"
    r"| what i)",
    r"(?:that|this|it|(?:the )?(?:code|test|tests|build|script|query))?(?: still)? ?(?:(?:does|did|do|is"
    r"|was|has|wo|ca|can)(?:n't|nt| not)|cannot|never)"
    r" (?:be|work|compile|run|build|pass|help|look right|make sense|answer|fix|parse|even)",
    r"(?:(?:that|this|it|(?:the )?(?:tests?|build|code|error|same error))(?:'s| is| are)? )?(?:still )?"
    r"(?:same (?:error|problem|result)|broken|fail(?:s|ed|ing)?|crash(?:es|ed|ing)?|breaks?|errors?"
    r"|the same)(?: again| too| with\b[^,:\n]{0,60}| here)?\W*\Z",
    r"(?:still|again|completely|totally|just|all|very|plain)? ?(?:wrong|incorrect|not (?:right|correct"
    r"|good enough))"
    rf"(?: again| answer| too)?{_ALONE}",
    r"(?:are|r) (?:you|u) (?:really |absolutely |quite )?sure|(?:you )?sure about (?:that|this|it)"
    r"|really\?+\Z",
    r"(?:you(?:'ve| have)?|u) (?:still |also |just |again )?(?:missed|forgot|skipped|ignored|overlooked"
    r"|left out"
    r"|broke|misread|misunderstood|got it wrong|made (?:a|the same) mistake|didn'?t|did not|haven'?t"
    r"|have not)\b",
    r"(?:please )?(?:try|do it|check (?:it|that|again)|redo|think)(?: (?:that|this|it|one more time|over"
    r"|harder))*"
    r"(?: again)?,? (?:that|this|it)(?:'s| is| was) (?:wrong|incorrect|not)",
    r"(?:not|that'?s not|this isn'?t) (?:what i (?:asked|wanted|meant)|good enough|even close)"
    r"|bad answer|i disagree",
    # German
    r"(?:das |dies |die antwort )?(?:ist |war )?(?:immer noch |noch immer |leider |ganz "
    r"|völlig )?(?:falsch|verkehrt"
    r"|nicht (?:richtig|korrekt))|(?:das )?stimmt (?:so |immer noch |leider )?nicht"
    r"|bist du (?:dir )?sicher|wirklich\?"
    r"|(?:das |es )?(?:funktioniert|geht|klappt|läuft|kompiliert) (?:immer noch |so |leider )?nicht"
    r"|du hast .{0,60}(?:vergessen|übersehen|ausgelassen|falsch)|(?:immer noch|schon wieder) (?:falsch"
    r"|der gleiche)",
    # French
    r"(?:c'est|ce n'est pas|c'était|toujours|encore) ?(?:toujours |encore )?(?:faux|incorrect|pas (?:ça"
    r"|bon|correct|juste)"
    r"|juste|correct|ce que)|(?:ça|cela) ne (?:marche|fonctionne|compile)|(?:tu es|êtes-vous"
    r"|es-tu) (?:vraiment )?sûre?"
    rf"|(?:tu as|vous avez) (?:oublié|raté|manqué)|mauvaise réponse|faux{_ALONE}",
    # Spanish
    r"(?:eso |esto )?(?:está|es|sigue)(?: estando| siendo)? (?:mal|incorrect|equivocad|fals)"
    r"|(?:sigue sin|no) (?:funciona"
    r"|compila|es (?:correcto|así|cierto|lo que))|¿?(?:estás|está) (?:usted )?segur"
    r"|(?:te )?(?:has olvidado|olvidaste|faltó"
    rf"|falta)|respuesta incorrecta|incorrecto{_ALONE}",
    # Italian
    rf"(?:è |ancora )+(?:sbagliat|errat|falso)|sbagliato{_ALONE}|non (?:funziona|va|compila"
    rf"|è (?:corretto|giusto|vero|quello))"
    r"|(?:ne )?sei sicur|hai (?:dimenticato|saltato|sbagliato)|riprova,",
    # Portuguese
    rf"(?:isso |isto |ainda )*(?:está|é) (?:errad|incorret|fals)|errado{_ALONE}"
    rf"|(?:ainda )?não (?:funciona|compila|está certo|é"
    r" (?:verdade|isso))|(?:você )?tem certeza|(?:você )?(?:esqueceu|faltou|pulou)",
    # Dutch
    rf"(?:(?:dat|dit|het) )?(?:is |klopt |werkt )(?:nog steeds |nog altijd |gewoon )?(?:fout|verkeerd"
    rf"|onjuist|niet)|fout{_ALONE}"
    rf"|verkeerd{_ALONE}|(?:nog steeds |weer )(?:fout|verkeerd)|weet je (?:het |dat )?zeker|je (?:hebt"
    rf"|bent) .{{0,60}}vergeten",
    # Polish
    r"(?:to )?(?:jest |nadal |wciąż )*(?:źle|błędne|niepoprawne|nieprawda)|(?:to )?(?:nadal "
    r"|wciąż )?nie (?:działa|kompiluje"
    r"|zgadza|jest (?:dobrze|poprawne|prawda))|(?:czy )?(?:jesteś|na) pew|(?:zapomniał|pominął)",
    # Russian and Ukrainian
    r"(?:это |всё |все )*(?:ещё |еще |равно |опять |снова )*(?:неправильно|неверно|не так|не то|ошибка"
    r"|неправда)"
    r"|(?:это )?(?:всё |все )?(?:ещё |еще |равно )*не (?:работает|компилируется|помогло)|(?:ты "
    r"|вы )?(?:уверен|точно\?)"
    r"|(?:ты|вы) (?:забыл|пропустил|ошиб)|неправильн|це не|не працює",
    # Turkish, Vietnamese
    r"(?:bu |hâlâ |hala |yine )*(?:yanlış|hatalı)|(?:hâlâ |hala )?çalışmıyor|emin misin|sai rồi|vẫn sai"
    r"|bạn có chắc",
    # Japanese
    r"(?:それ|これ)?(?:は|って)?(?:まだ)?(?:違い?ます|違う|ちがう|間違|正しくない|正しくありません"
    r"|おかしい|ダメ|だめ)"
    r"|(?:まだ|やっぱり)?(?:動かない|動きません|エラー)|本当(?:に|です)?(?:か)?[？?]|やり直し"
    r"|.{0,20}(?:忘れて|抜けて|漏れて)",
    # Chinese
    r"(?:这|那|你|还是|答案|结果|这个|这是|又)*(?:不对|错了|错的|错误|不正确|不是这样|不行|不能用|失败"
    r"|没用|答错)"
    r"|你?确定吗|真的吗|重新来|你?(?:漏了|忘了|忽略|少了|搞错)|還是不對|錯了|不對",
    # Korean
    r"(?:그건|이건|아직도?|여전히|또)? ?(?:틀렸|틀려|틀린|잘못|아니야|아닌데|안 ?돼|안 ?됩|작동하지"
    r"|맞지 않)|확실(?:해|합|한)"
    r"|정말(?:이야|요)?\?|(?:빠뜨|빼먹|잊)",
    # Arabic
    r"(?:هذا|هذه|إنه|ما زال|لا يزال)? ?(?:خطأ|خاطئ|غير صحيح|ليس صحيح)|(?:لا|ما زال لا) يعمل|هل أنت متأكد"
    r"|لقد نسيت|نسيت",
    # Hindi
    r"(?:यह|ये|वह|अभी भी|अब भी|फिर से)? ?(?:ग़लत|गलत|सही नहीं)|(?:यह |अभी भी )*काम नहीं|क्या (?:आप"
    r"|तुम) (?:को )?(?:पक्का|यकीन|निश्चित|sure)"
    r"|(?:आप|तुम)(?:ने)? .{0,30}भूल",
)
_COMPLAINT = re.compile(rf"(?:(?:{_OPENING})[\s,.!?:;、，،。！…-]*)*(?:{'|'.join(_WORDS)})", re.IGNORECASE)


def is_complaint(ask: str) -> bool:
    """Tell whether an ask opens with the word that the answer before it was no good."""
    text = ask.strip()
    return len(text) <= LONGEST and _COMPLAINT.match(text) is not None
