"""What a model's answered calls teach about the next: how many tokens its input takes, how long it answers.

Pure. No tokenizer is asked: tokens by the byte differ from model to model, by half and more, and the counts
the wire gave of earlier calls tell by how much. What a call may cost at most does not rest on any of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

from router.core.records.history import Answered

ENOUGH = 20
"""Below so many calls nothing is learned."""
MARGIN = Decimal("1.025")
"""Added to what was seen: many estimates together are to be a little above the bill, never below it."""


@dataclass(frozen=True, slots=True)
class Output:
    """How long answers were, in tokens."""

    calls: int
    mean: int
    """Rounded up, margin included. Not the middle: short answers do not make up for what long ones cost."""
    long: int
    """Nineteen answers of twenty were no longer."""


@dataclass(frozen=True, slots=True)
class Experience:
    """What is known of one model."""

    calls: int = 0
    """How many calls the input's factor rests on; 0: nothing is learned."""
    input_factor: Decimal = Decimal(1)
    """Tokens counted by the wire for each token its text suggested, margin included."""
    outputs: Mapping[str | None, Output] = field(default_factory=dict)
    """By task; under None all of them together. Without an entry there were too few."""

    def output(self, task: str | None) -> Output | None:
        """Return how long answers of a task are; of any task where that task has too few."""
        return self.outputs.get(task) or self.outputs.get(None)

    def input_tokens(self, plain: int) -> int:
        """Return the tokens to expect of an input whose text suggests `plain`."""
        if not self.calls:
            return plain
        return int((plain * self.input_factor).to_integral_value(rounding=ROUND_CEILING))


UNSEEN = Experience()
"""A model that nobody has called yet, or not often enough."""


def learn(calls: Sequence[Answered]) -> Experience:
    """Return what a model's calls teach."""
    compared = [
        (call.plain_input_tokens, call.input_tokens) for call in calls if call.plain_input_tokens is not None
    ]
    plain, counted = sum(pair[0] for pair in compared), sum(pair[1] for pair in compared)
    outputs = {
        task: output
        for task in {None, *(call.task for call in calls)}
        if (output := _output(call.output_tokens for call in calls if task in (None, call.task)))
    }
    if len(compared) < ENOUGH or not plain or not counted:
        return Experience(outputs=outputs)
    return Experience(len(compared), MARGIN * counted / plain, outputs)


def _output(tokens: Iterable[int]) -> Output | None:
    ordered = sorted(tokens)
    if len(ordered) < ENOUGH:
        return None
    mean = (MARGIN * sum(ordered) / len(ordered)).to_integral_value(rounding=ROUND_CEILING)
    return Output(len(ordered), int(mean), ordered[-(-len(ordered) * 19 // 20) - 1])
