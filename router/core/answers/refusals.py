"""Whether a short answer is a refusal and nothing more.

Looks at the beginning of short answers only: "I can't" inside a good answer is no refusal, and a refusal that
is missed costs less than a good answer thrown away.
"""

from __future__ import annotations

import re

MAX_CHARACTERS = 500
"""Longer answers explain something; they are never taken for a refusal."""

_REFUSAL = re.compile(
    r"""
    (?: # English
        (?: (?: (?: i'?m | i\ am )\ (?:(?:very|so|really|truly)\ )? sorry | sorry | (?:i\ )? apologi[sz]e
              | my\ apologies | unfortunately ) [,.;:!—-]? \ ?
            (?: (?: for\ the\ inconvenience,?\ )? but\ )? )?
        (?: as\ an?\ (?:\w+\ ){0,3} (?:ai|assistant|language\ model) [\w -]{0,40},\ ? )?
        i\ ? (?: can'?t | can\ ?not | (?:am|'m)\ (?:unable|not\ able)\ to | won'?t | will\ not )
        \ (?:\w+ly\ )?
        (?: help (?!\ but\b) | assist | comply | fulfill?
          | (?:do|answer|discuss|continue|continue\ with)\ (?:that|this) | (?:engage|participate)\ in
          | (?:provide|create|generate|write|produce|share)\ (?: that | this | such | instructions | content
              | any\ (?:information|content|instructions|assistance)
              | information\ (?:on|about)\ (?:how\ to|that|this) ) )\b
    ) | (?: i\ must\ (?:respectfully\ )? (?:decline|refuse)\b
    ) | (?: # German
        (?: (?:es\ )? tut\ mir\ (?:sehr\ )? leid | entschuldigung | leider ) [,.]? \ ? (?:aber\ )?
        (?: ich\ kann | kann\ ich )\b .{0,60} \bnicht\b .{0,60}
        \b(?:helfen|weiterhelfen|unterstützen|erfüllen|beantworten|nachkommen)
    ) | (?: # Dutch
        (?: het\ spijt\ me | sorry | helaas ) [,.]? \ ? (?:maar\ )? (?: ik\ kan | kan\ ik )\b .{0,60}
        \b(?:niet|geen)\b .{0,60} \b(?:helpen|hulp|voldoen|beantwoorden|assisteren)
    ) | (?: # French
        (?: (?:je\ suis\ )? (?:vraiment\ )? désolée? | je\ regrette | malheureusement ) [,.]? \ ? (?:mais\ )?
        je\ ne\ (?:peux|suis)\b .{0,60} \b(?:aider|assister|répondre\ à\ cette|fournir|satisfaire)
    ) | (?: # Spanish
        (?: lo\ siento | lo\ lamento | me\ temo | lamentablemente ) [,.]? \ ? (?:pero\ |que\ )?
        no\ (?:puedo|me\ es\ posible)\b .{0,40} \b(?:ayudar|asistir|cumplir|responder\ a\ es[at]|proporcionar)
    ) | (?: # Italian
        (?: mi\ dispiace | spiacente | purtroppo ) [,.]? \ ? (?:ma\ )? non\ (?:posso|sono\ in\ grado\ di)\b
        .{0,40} \b(?:aiutar|assister|soddisfare|rispondere\ a\ quest[ao]|fornire)
    ) | (?: # Portuguese
        (?: sinto\ muito | desculpe | lamento | infelizmente ) [,.]? \ ? (?:mas\ )? (?:eu\ )?
        não\ (?:posso|consigo)\b .{0,40} \b(?:ajud|auxiliar|atender|responder\ a\ ess[ea]|fornecer)
    ) | (?: # Japanese
        (?:大変)? (?:申し訳(?:ありません|ございません)|すみません|ごめんなさい) (?:が|。|、) .{0,60}
        (?:お手伝い|お答え|対応|お応え|提供) (?:する(?:こと)?)? [はが]?
        (?:でき(?:ません|かねます)|いたしかねます)
    ) | (?: # Chinese
        (?:很?抱歉|对不起|對不起) [,,。!]? .{0,30} (?:无法|無法|不能) .{0,20}
        (?:帮助|幫助|协助|協助|提供|回答|满足)
    ) | (?: # Korean
        (?:죄송(?:합니다|하지만)|미안하지만) .{0,60}
        (?:도와드릴|도움을\ 드릴|제공할|답변할|응할)\ 수[는가]?\ 없
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_refusal(text: str) -> bool:
    """Tell whether a text is short and begins as refusals do, in one of ten languages."""
    stripped = text.strip().strip("\"'*_> ")
    if not stripped or len(stripped) > MAX_CHARACTERS:
        return False
    return _REFUSAL.match(stripped.replace("’", "'")) is not None
