"""The commonest small words of languages in Latin letters, and letters that only one of them has.

The trained model knows eighteen languages and takes a text in any other, or in one it has seen little of, for
one of those. Small words are the oldest way to tell: a sentence holds several, whatever it is about. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_WORDS = {
    "en": "the of and to in is that it for you with on this are be as have not what how can from or "
    "by my me was i we they your do an if there will please",
    "de": "der die das und ist nicht ein eine ich zu den mit von auf für im dem des sich wie was "
    "sie er es wir auch als an bei nach wird kann mir mein hat sind",
    "fr": "le la les de des et est un une dans que qui pour pas sur avec ce cette je nous vous il "
    "elle du au en par plus sont mon ma comment quel ne se",
    "es": "el la los las de y es un una en que por para con no se su lo como más del al mi me está "
    "son este esta pero qué cómo han fue",
    "it": "il lo la gli di e è un una in che per con non si come più del della dei delle al mi sono "
    "questo questa ma nel da anche ho",
    "pt": "o os as de e é um uma em que por para com não se seu sua como mais do da dos das no na "
    "ao meu minha está são este esta mas foi eu você",
    "nl": "de het een en is van in dat op te niet voor met zijn er aan ik je wat hoe mijn ook als "
    "maar om bij naar door wordt dit kan",
    "pl": "i w na z do nie to się jest że jak co o po za dla od czy ale przez był są mi jego tym oraz może",
    "sv": "och att det som är på inte för jag av med den till har en ett om hur vad kan var så från "
    "men vi du han hon mig eller andra nu denna detta nya finns efter mer där blir dig ut upp "
    "sin sina bara",
    "da": "og at det som er på ikke for jeg af med den til har en et om hvordan hvad kan var så fra "
    "men vi du han hun mig eller der blev også efter skal ud sig denne dette nu kun meget "
    "nogle flere selv kunne ville hvis få",
    "no": "og å at det som er på ikke for jeg av med den til har en et om hvordan hva kan var så "
    "fra men vi du han hun meg eller der ble også etter skal ut seg denne dette nå bare noen "
    "flere selv kunne ville hvis få mye enn",
    "cs": "a v na se je že to s z do o k i jak co pro by jsem jsou ale za si tak nebo mi jeho když už ve aby",
    "sk": "a v na sa je že to s z do o k aj ako čo pre by som sú ale za si tak alebo mi jeho keď už vo aby",
    "ro": "de și în a la cu o pe este că nu un din care pentru să mai se ce sau prin sunt lui am ai "
    "au cum al ale mi si sa",
    "vi": "và của là có được trong cho không một các người với này đã để những khi tôi như về từ đến làm nào",
    "fi": "ja on ei se että oli hän mutta joka kun niin ovat myös kuin tai minä miten mitä jos olen "
    "sen ole voi",
    "hu": "a az és hogy nem is egy van de ez meg azt csak már mint ha volt el ki mi vagy hogyan mit be még",
    "tr": "ve bir bu da de için ne ile çok var gibi daha olan mi ben o ama nasıl olarak kadar sonra bana",
    "id": "yang dan di ini itu dengan untuk tidak dari dalam akan pada ke adalah saya bisa ada juga "
    "apa bagaimana oleh atau telah karena kami",
    "ca": "el la els les de i és un una en que per amb no es seu com més del al meu està són aquest "
    "aquesta però què han va dels als ha",
    "hr": "i u na je da se za su od s o kao ne a što koji koja to nije bi ali iz će sam po ili kako",
    "sl": "in v na je da se za so od z s o kot ne pa ki to ni bi ali iz sem po kako tudi bo pri",
    "et": "ja on ei et see ta oli mis kui ka ning mida kes aga või oma ma nii siis kuidas seda",
    "lv": "un ir ar no par to ka uz ne kas bet tas lai vai kā arī pēc es",
    "lt": "ir yra su iš į kad ne tai bet kaip apie už ar jis buvo nuo savo dėl aš",
    "af": "die en van in is nie het wat op dat vir met te sy om aan ek hy ons word hulle maar was",
    "sq": "të e në dhe i një me për që nga është së më nuk ka si do u janë po",
    "tl": "ang ng sa na mga ay at si ko mo para hindi ito kung ni may siya ako paano",
    "is": "og að er í á ekki sem við það til um en ég með var hann fyrir því hvernig",
    "eu": "eta da ez bat du dira ere baina hau zen izan egin dute nola",
}
_CYRILLIC_WORDS = {
    "ru": "и в не на я что с по это как мне для он а но к из у за так же бы или от мы вы все его "
    "она они был есть быть если очень только уже когда было меня мне будет",
    "uk": "і в не на я що з по це як мені для він а але до із у за так же або від ми ви все його вона та є",
    "be": "і ў не на я што з па гэта як для ён а але да у за так ці ад мы вы яго яна іх",
    "bg": "и в не на аз че с по това как за той а но към от у се са да ще ли или съм тя ми е със "
    "този тази беше които който може при след",
    "sr": "и у не на ја да је се са за од што као али или су то који која из до како бити био ми",
    "mk": "и во не на јас дека е се со за од што како но или да го ги ја тоа кој која како не се беше",
}
_VOCABULARY = {code: frozenset(known.split()) for code, known in _WORDS.items()}
_CYRILLIC = {code: frozenset(known.split()) for code, known in _CYRILLIC_WORDS.items()}
_OWN_LETTERS = (
    ("vi", re.compile(r"[ơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỵỷỹ]")),
    ("ro", re.compile(r"[șțţ]")),
    ("cs", re.compile(r"[ěřů]")),
    ("sk", re.compile(r"[ľĺŕ]")),
    ("hu", re.compile(r"[őű]")),
    ("tr", re.compile(r"[ğı]")),
)
"""Letters that no other of these languages writes."""
_ALPHABET = {
    "en": "éï",
    "de": "äöüßé",
    "fr": "àâæçèéêëîïôœùûüÿ",
    "es": "áéíñóúü",
    "it": "àèéìíîòóùú",
    "pt": "ãáàâçéêíóôõú",
    "nl": "áéèëïóöü",
    "pl": "ąćęłńóśźż",
    "sv": "åäöé",
    "da": "æøåé",
    "no": "æøåéòô",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "ro": "ăâîșțşţ",
    "fi": "äöåé",
    "hu": "áéíóöőúüű",
    "tr": "çğıöşüâîû̇",
    "id": "é",
    "ca": "àçèéíïòóúü·",
    "hr": "čćđšž",
    "sl": "čšž",
    "et": "äõöüšž",
    "lv": "āčēģīķļņšūž",
    "lt": "ąčęėįšųūž",
    "af": "êëéèïôûáö",
    "sq": "çë",
    "tl": "ñ",
    "is": "áðéíóúýþæö",
    "eu": "ñü",
}
"""What each writes beside a to z."""
_COMMON_CYRILLIC = "абвгдежзийклмнопрстуфхцчш"
_CYRILLIC_ALPHABET = {
    "ru": f"{_COMMON_CYRILLIC}ёщъыьэюя",
    "uk": f"{_COMMON_CYRILLIC}ґєіїщьюя",
    "be": f"{_COMMON_CYRILLIC.replace('и', '')}ёіўыьэюя",
    "bg": f"{_COMMON_CYRILLIC}щъьюя",
    "sr": f"{_COMMON_CYRILLIC.replace('й', '')}ђјљњћџ",
    "mk": f"{_COMMON_CYRILLIC.replace('й', '')}ѓѕјљњќџ",
}
LEAD = 2
"""Small words by which a language must be ahead of the model's word to overrule it."""


def by_letters(text: str) -> str | None:
    """Return the language that alone has letters of `text`, in lower case; None when no letter tells."""
    return next((code for code, letters in _OWN_LETTERS if letters.search(text)), None)


def by_words(spoken: Iterable[str], guess: str | None, text: str) -> str | None:
    """Return the language of the small words among `spoken`, `guess` where they do not contradict it.

    A letter of `text` that a language does not write speaks against it. None where another language is ahead
    of the guess and none is alone in front: of two equally likely languages neither is said.
    """
    points = _points(list(spoken), text, _VOCABULARY, _ALPHABET)
    most = max(points.values())
    if guess and most - points.get(guess, most) < LEAD:
        return guess
    return _alone_in_front(points) if guess or most >= LEAD else None


def cyrillic(spoken: Iterable[str], text: str) -> str | None:
    """Return the language of a text in Cyrillic letters, lower case; None where several may be meant.

    Russian and Bulgarian share most letters; a text without any of Bulgarian's small words is Russian.
    """
    points = _points(list(spoken), text, _CYRILLIC, _CYRILLIC_ALPHABET)
    return "ru" if points["ru"] == max(points.values()) else _alone_in_front(points)


def _points(
    spoken: list[str],
    text: str,
    vocabulary: Mapping[str, frozenset[str]],
    alphabets: Mapping[str, str],
) -> dict[str, int]:
    letters = {letter for letter in text if letter.isalpha() and not letter.isascii()}
    return {
        code: sum(word in known for word in spoken) - len(letters.difference(alphabets.get(code, "")))
        for code, known in vocabulary.items()
    }


def _alone_in_front(points: Mapping[str, int]) -> str | None:
    most = max(points.values())
    leading = [code for code, count in points.items() if count == most]
    return leading[0] if len(leading) == 1 else None
