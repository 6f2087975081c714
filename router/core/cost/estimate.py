"""What a call will cost, before it is sent: a bound that holds and a figure to expect.

No tokenizer and no network: the bound rests on bytes, the expectation on a rough look at the text. What a
call did cost is `core/cost/cost.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from router.core.cost.experience import UNSEEN, Experience, Output
from router.core.cost.rate_card import RateCard
from router.core.cost.text_size import text_size
from router.core.message import CacheMark, Document, Image, Message, Part, ToolCall, ToolResult, Unknown
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing
from router.core.value import dataclass

IMAGE_TOKENS = 1_600
"""What a picture takes at most at Anthropic and about that elsewhere, whatever its bytes are."""
TOKENS_A_MESSAGE = 16
"""What a role, separators and a chat template may add to one message, at most."""
TOKENS_A_PART = 16
"""The same for one part of a message: what its kind and its names are told by."""
EXPECTED_A_MESSAGE = 4
"""What they usually add."""
EXPECTED_OUTPUT_TOKENS = 400
"""A usual answer, until enough calls have shown better; never more than the call allows."""
LEAST_LIKELY_OUTPUT = 256
"""What a soft hold counts of output at least, however short answers have been."""


class InputSize(NamedTuple):
    """How many tokens the messages of a request have; found out once for a request, for every candidate."""

    most: int
    probable: int
    """What the text alone suggests."""
    hour: bool = False
    """A caller's mark has a part of it kept in a cache for an hour, which costs more to write."""


NO_INPUT = InputSize(0, 0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens and nano-dollars of a call not yet made; an amount is None when the price is unknown."""

    input_bound_tokens: int
    input_expected_tokens: int
    output_bound_tokens: int | None
    """None when nothing limits the answer: then there is no bound on the cost either."""
    output_expected_tokens: int
    bound_nano: int | None
    expected_nano: int | None
    likely_nano: int | None = None
    """What it will probably cost at most: answers of nineteen calls in twenty are no longer."""
    plain_input_tokens: int = 0
    """What the text alone suggests of the input."""
    learned_from: int = 0
    """How many calls of the model the expectation rests on; 0: on the text alone."""


@dataclass(frozen=True, slots=True)
class Cached:
    """The part of an input that a provider's prompt cache has to do with, in tokens."""

    read_tokens: int = 0
    written_tokens: int = 0
    hour: bool = False
    """It is kept for an hour, which costs more to write."""


NOT_CACHED = Cached()


class Estimator:
    """Estimates the calls to one deployment; its price is made ready once."""

    def __init__(self, deployment: Deployment) -> None:
        self._most_output = deployment.max_output_tokens
        price = deployment.price
        planned = price is not None and price.plan is not None
        self._costs_nothing = deployment.billing is not Billing.METERED or planned
        self._card = RateCard(price) if price is not None and not self._costs_nothing else None

    def estimate(
        self,
        size: InputSize,
        max_tokens: int | None = None,
        *,
        task: str | None = None,
        known: Experience = UNSEEN,
        cached: Cached = NOT_CACHED,
    ) -> Estimate:
        """Estimate a call of messages of a `size` that may be answered with `max_tokens`.

        `known` is what the model's earlier calls have shown; it moves what is expected. The bound it can only
        raise, where inputs took more tokens than they had bytes. `cached` moves what is expected.

        The bound takes the dearest rate that can apply: a cache write, a long input, the dear hours. What a
        cache or a discount may save never lowers it.
        """
        expected_in = known.input_tokens(size.probable)
        bound_in = max(size.most, expected_in)
        bound_out = self._most_output if max_tokens is None else max_tokens
        expected_out, likely_out = _outputs(known.output(task), bound_out)
        bound: int | None = None
        expected: int | None = None
        likely: int | None = None
        if self._costs_nothing:
            bound = expected = likely = 0
        elif card := self._card:
            if bound_out is not None:
                bound = card.bound(bound_in, bound_out, hour=size.hour)
            parts = (cached.read_tokens, cached.written_tokens)
            expected = card.expected(expected_in, expected_out, *parts, hour=cached.hour)
            likely = expected
            if likely_out != expected_out:
                likely = card.expected(expected_in, likely_out, *parts, hour=cached.hour)
        return Estimate(
            bound_in,
            expected_in,
            bound_out,
            expected_out,
            bound,
            expected,
            likely,
            size.probable,
            known.calls,
        )


def estimate(
    size: InputSize,
    deployment: Deployment,
    max_tokens: int | None = None,
    *,
    task: str | None = None,
    known: Experience = UNSEEN,
    cached: Cached = NOT_CACHED,
) -> Estimate:
    """Estimate one call to a deployment; see `Estimator`."""
    return Estimator(deployment).estimate(size, max_tokens, task=task, known=known, cached=cached)


def _outputs(seen: Output | None, most: int | None) -> tuple[int, int]:
    """Return how long an answer is expected to be, and probably at most."""
    expected, likely = (EXPECTED_OUTPUT_TOKENS,) * 2 if seen is None else (seen.mean, seen.long)
    likely = max(likely, expected, LEAST_LIKELY_OUTPUT)
    return (expected, likely) if most is None else (min(expected, most), min(likely, most))


def input_size(messages: Iterable[Message]) -> InputSize:
    """Return how many input tokens messages have.

    Every tokenizer in use falls back to bytes, so a text has no more tokens than bytes; the ones that
    normalise (NFKC) first count the bytes of the longer, normal form.
    """
    bound, expected, count, hour = 0, 0, 0, False
    for message in messages:
        count += 1
        hour = hour or message.mark is CacheMark.HOUR
        content = message.content
        size, sixths = text_size(content) if isinstance(content, str) else _parts_size(content)
        role = len(message.role) + 1
        expected += sixths + role * 3 // 2
        bound += size + role
    return InputSize(bound + TOKENS_A_MESSAGE * count, -(-expected // 6) + EXPECTED_A_MESSAGE * count, hour)


def _parts_size(parts: Iterable[Part]) -> tuple[int, int]:
    """Return the most tokens that parts can have, and those to expect, in sixths.

    A document has no more than base64 has letters; what is only an address here counts as its letters.
    """
    most, sixths = 0, 0
    for part in parts:
        match part:
            case Image():
                size = (IMAGE_TOKENS, IMAGE_TOKENS * 6)
            case Document(data=str(data)):
                size = (len(data), len(data) * 3 // 2)
            case ToolResult(content=tuple(inner)):
                size = _parts_size(inner)
            case _:
                size = text_size(_letters(part))
        most, sixths = most + size[0] + TOKENS_A_PART, sixths + size[1]
    return most, sixths


def _letters(part: Part) -> str:
    match part:
        case ToolCall():
            return f"{part.name} {part.arguments}"
        case Unknown():
            return json.dumps(part.value, default=str)
        case Document() | Image():
            return part.url or ""
        case _:
            return part.text
