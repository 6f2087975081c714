"""In which order those who may serve are asked, and in words why: one line of the table per strategy.

Ties keep the route's order. A strategy arranges a route's own deployments, those of a lower `order` before
the rest; whoever a fallback brought comes after them, as written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from router.core.money import usd
from router.core.routing.facts import DeploymentFacts
from router.core.routing.scoring import Score
from router.core.settings.routes import Route, Strategy
from router.core.value import dataclass

MIXING, GOLDEN = 65_537, 0.618_033_988_749_895
"""What spreads one roll over the parts of a route."""

Key = tuple[float, ...]
_PLACE = attrgetter("place")


@dataclass(slots=True)
class RankedDeployment:
    """One of a route's deployments, with its place."""

    place: int
    """In the route's order, from 0."""
    facts: DeploymentFacts
    scoring: Callable[[DeploymentFacts], Score]
    _score: Score | None = None

    @property
    def score(self) -> Score:
        """What the `weighted` strategy thinks of it, whatever the route's own is."""
        if self._score is None:
            self._score = self.scoring(self.facts)
        return self._score


@dataclass(frozen=True, slots=True)
class Way:
    """A strategy: what it sorts by, least first, and what it says of one."""

    key: Callable[[RankedDeployment], Key]
    says: Callable[[RankedDeployment], str]


def ranked(route: Route, runners: Sequence[RankedDeployment], roll: float) -> list[RankedDeployment]:
    """Return those who may serve in the order they are asked.

    `roll`, 0 to 1, draws who comes first: by weight on a `shuffle` route, and on a `weighted` one where the
    weights are not all the same; evenly among those that a `spread` route cannot tell apart.
    """
    first = len(runners) + len(route.deployments) if route.own is None else route.own
    order = _arranged([r for r in runners if r.place < first], route.strategy, roll)
    for number, part in enumerate(route.fallbacks, start=1):
        members = [runner for runner in runners if first <= runner.place < first + part.count]
        order += _arranged(members, part.strategy, _roll_of(roll, number))
        first += part.count
    return [*order, *(runner for runner in runners if runner.place >= first)]


def _roll_of(roll: float, number: int) -> float:
    """Return the roll of a fallback, 0 to 1, that does not follow from the route's own.

    Whoever comes first by a roll and fails would else always be followed by the same one.
    """
    return (roll * MIXING + number * GOLDEN) % 1.0


def _arranged(runners: Sequence[RankedDeployment], strategy: Strategy, roll: float) -> list[RankedDeployment]:
    if strategy is Strategy.ORDERED:
        return sorted(runners, key=_PLACE)
    way = WAYS[strategy]
    arranged = sorted(
        runners, key=lambda runner: (runner.facts.deployment.order, *way.key(runner), runner.place)
    )
    weights = {runner.facts.deployment.weight for runner in arranged}
    if strategy is Strategy.SHUFFLE or (strategy is Strategy.WEIGHTED and len(weights) > 1):
        arranged = _drawn(arranged, roll)
    if strategy is Strategy.SPREAD and arranged:
        same = [runner for runner in arranged if _alike(runner, arranged[0])]
        arranged = [*_turned(same, roll), *arranged[len(same) :]]
    return arranged


def says(route: Route, runner: RankedDeployment) -> str:
    """Return why a runner stands where it stands, by the route's strategy."""
    if route.own is not None and runner.place >= route.own:
        return "a fallback of the route"
    return WAYS[route.strategy].says(runner)


def _by_cost(runner: RankedDeployment) -> Key:
    cost = runner.facts.estimate.expected_nano
    return (cost is None, cost or 0)


def _by_ttft(runner: RankedDeployment) -> Key:
    ttft = _ttft_ms(runner)
    return (ttft is None, ttft or 0)


def _ttft_ms(runner: RankedDeployment) -> int | None:
    return runner.facts.stats.ttft_p50_ms if runner.facts.stats else None


def _left(runner: RankedDeployment) -> float:
    return 1.0 if runner.facts.left is None else runner.facts.left


def _says_cost(runner: RankedDeployment) -> str:
    cost = usd(runner.facts.estimate.expected_nano)
    return "its price is unknown: after those that are known" if cost is None else f"costs about ${cost}"


def _says_ttft(runner: RankedDeployment) -> str:
    ttft = _ttft_ms(runner)
    return "never measured: after those that were" if ttft is None else f"first token after {ttft / 1000:g} s"


WAYS: Mapping[Strategy, Way] = {
    Strategy.ORDERED: Way(lambda runner: (), lambda runner: "next in the route's order"),
    Strategy.WEIGHTED: Way(
        lambda runner: (-runner.score.total,), lambda runner: f"scores {runner.score.total:.2f}"
    ),
    Strategy.SHUFFLE: Way(lambda runner: (), lambda runner: "drawn by weight"),
    Strategy.CHEAPEST: Way(_by_cost, _says_cost),
    Strategy.FASTEST: Way(_by_ttft, _says_ttft),
    Strategy.SPREAD: Way(
        lambda runner: (-_left(runner),), lambda runner: f"{_left(runner):.0%} of its limits left"
    ),
}


def _drawn(arranged: list[RankedDeployment], roll: float) -> list[RankedDeployment]:
    """Put first whom the roll draws by weight, of those of the lowest order; those of weight 0 come last."""
    heavy = [runner for runner in arranged if runner.facts.deployment.weight > 0]
    rest = [runner for runner in arranged if runner.facts.deployment.weight <= 0]
    if not heavy:
        return _turned(rest, roll)
    front = [r for r in heavy if r.facts.deployment.order == heavy[0].facts.deployment.order]
    mark = roll * sum(runner.facts.deployment.weight for runner in front)
    for runner in front:
        mark -= runner.facts.deployment.weight
        if mark < 0:
            return [runner, *(other for other in heavy if other is not runner), *rest]
    return [*heavy, *rest]


def _alike(one: RankedDeployment, other: RankedDeployment) -> bool:
    """Whether nothing but their place tells two apart that share the load."""
    return one.facts.deployment.order == other.facts.deployment.order and _left(one) == _left(other)


def _turned(runners: list[RankedDeployment], roll: float) -> list[RankedDeployment]:
    """Return them beginning with the one that the roll draws, each as likely as the other."""
    first = min(int(roll * len(runners)), len(runners) - 1)
    return runners[first:] + runners[:first]
