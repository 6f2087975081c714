"""The labelled asks: read, and multiplied the way people vary them.

`asks.jsonl` is what the model learns from, and `templates.jsonl` with the fillers of `slots.json`.
`validation.jsonl` chooses between models and sets the threshold of abstention, then is learned from as well.
`held_out.jsonl` was written last and is only ever measured. All were written by hand for this. `asks` and
`held_out` stand in `router/classifier`, which reads them as well; the others in `data/`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from router.classifier import centroid_fitting
from router.classifier.centroid_fitting import LabelledAsk, asks_of

DATA = Path(__file__).parent / "data"

PREAMBLES = (
    "hi, ", "hey! ", "Hello, ", "please ", "pls ", "can you ", "could you please ", "quick one: ", "ok so ",
    "I was wondering if you could help me. ", "Good morning! ", "need your help with something. ", "Also, ",
    "hey there, hope you're doing well. ", "thanks for before. now ", "urgent: ",
)  # fmt: skip
_SLOT = re.compile(r"\{(\w+)\}")
ENDINGS = ("", " thanks!", " thx", " please", " Thank you in advance.", " asap pls", " cheers")


def read_asks(name: str) -> list[LabelledAsk]:
    """Return the asks of `asks`, `validation`, `held_out` or `templates`."""
    if name in ("asks", "held_out"):
        return centroid_fitting.read_asks(name)
    return asks_of(_written(f"{name}.jsonl"))


def read_languages() -> list[tuple[str, str]]:
    """Read (language, text) pairs: everyday sentences and the commonest words, Latin script."""
    return [(line["language"], line["text"]) for line in _lines("languages")]


def read_templates(copies: int = 8, seed: int = 3) -> list[LabelledAsk]:
    """Return asks made from templates by filling their slots at random, `copies` of each."""
    chance = Random(seed)
    slots: dict[str, list[str]] = json.loads(_written("slots.json"))

    def filled(text: str) -> str:
        return _SLOT.sub(lambda slot: chance.choice(slots[slot[1]]), text)

    templates = [template for template in read_asks("templates") for _ in range(copies)]
    made = [replace(template, text=filled(template.text)) for template in templates]
    return list(dict.fromkeys(made))


def varied(asks: Sequence[LabelledAsk], seed: int = 5) -> list[LabelledAsk]:
    """Return the asks and a variant of each: a polite frame, a slip of the finger, or a paste below it.

    The label stays: neither a greeting nor what is pasted below an ask changes what is wanted.
    """
    chance = Random(seed)
    pastes = [line["text"] for line in _lines("pastes")]
    variants = (replace(ask, text=_vary(ask, chance, pastes)) for ask in asks)
    return [*asks, *(new for ask, new in zip(asks, variants, strict=True) if new.text != ask.text)]


def _vary(ask: LabelledAsk, chance: Random, pastes: Sequence[str]) -> str:
    text = ask.text
    if ask.task == "chat":
        return _mistype(text, chance)
    if ask.language == "en" and chance.random() < 0.5:
        text = chance.choice(PREAMBLES) + text[:1].lower() + text[1:].rstrip(".") + chance.choice(ENDINGS)
    if chance.random() < 0.3:
        text = _mistype(text, chance)
    if "\n" not in text and chance.random() < 0.4:
        paste = chance.choice(pastes)
        text += chance.choice(
            (f"\n\n{paste}", f"\n```\n{paste}\n```", f":\n\n{paste}", f'\n"""\n{paste}\n"""')
        )
    return text


def _mistype(text: str, chance: Random) -> str:
    """Swap two neighbouring letters somewhere, or lose one."""
    if len(text) < 12 or not text.isascii():
        return text
    at = chance.randrange(1, len(text) - 2)
    return text[:at] + chance.choice((text[at + 1] + text[at], text[at + 1])) + text[at + 2 :]


def _lines(name: str) -> Iterator[dict[str, str]]:
    return (json.loads(line) for line in _written(f"{name}.jsonl").splitlines() if line)


def _written(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")
