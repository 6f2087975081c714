"""The ledger without a file: the same two ports over a list, for the engine's tests, demos and dry runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from router.core.budget import budget
from router.core.health.scopes import learn, leased
from router.core.health.states import loaded
from router.core.records.admission import NO_TERMS, Admission, Cap, Hold, Lesson, Quota, Terms, Used
from router.core.records.answers import CachedResponse, CheckVerdict, Evidence
from router.core.records.entries import Entry, EntryStatus, Intent, Settlement
from router.core.records.facts import (
    AnswerJudged,
    AnswerRated,
    Fact,
    HealthLearned,
    LimitExhausted,
    ResponseCached,
)
from router.core.records.health import HEALTHY, ExhaustedLimit, LearnedLimit, ScopeHealth
from router.core.records.history import Answered, Billed
from router.core.records.offers import NO_OFFERS, Offers
from router.core.records.spend import DeploymentStats, Dimension, Spend, SpendGroup, Window
from router.core.records.stress import StressResult
from router.core.settings.deployments import Work
from router.errors import LedgerError
from router.ledger import memory_budgets
from router.ledger.experience import answered_of, prefixes_of
from router.ledger.memory_sums import evidence_of, spend, stats
from router.ledger.memory_terms import counted_full, refusal
from router.ledger.queries import dearest_first, require_groups

_FIELD_OF = {
    Dimension.TIER: "tier",
    Dimension.PROVIDER: "provider",
    Dimension.MODEL: "model_requested",  # a failed attempt has no other
    Dimension.DEPLOYMENT: "deployment",
    Dimension.TASK: "task",
    Dimension.SESSION: "session_id",
    Dimension.SOURCE: "source",
}
_ANSWERED = {EntryStatus.OK, EntryStatus.FAILED, EntryStatus.TRUNCATED}


class MemoryLedger:
    """Implements `engine.ports.Ledger` and `SpendReader`; forgets everything when it goes."""

    def __init__(self) -> None:
        self.refusal: LedgerError | None = None
        """Set it and `admit` raises it: how a full disk looks to the engine."""
        self.bills: list[Billed] = []
        """What `billed` returns: what is forgotten with its process shows no factor that lasts."""
        self.offered = NO_OFFERS
        """What providers were found to offer."""
        self.verdicts: dict[tuple[str, int], tuple[CheckVerdict, ...]] = {}
        """What checks said, by request and attempt."""
        self.ratings: dict[str, bool] = {}
        """What was thought of answers, by request."""
        self._entries: dict[tuple[str, int], Entry] = {}
        self._running: dict[tuple[str, int], Entry] = {}
        self._tags: dict[str, set[tuple[str, str]]] = {}
        self._healths: dict[str, ScopeHealth] = {}
        self._limits: dict[tuple[str, str, str], LearnedLimit] = {}
        self._full: dict[str, ExhaustedLimit] = {}
        self._kept: dict[str, CachedResponse] = {}
        self._stressed: list[StressResult] = []
        self._commits = 0
        self._closed = False

    async def admit(self, intent: Intent, terms: Terms = NO_TERMS) -> Admission:
        """Keep the row if `terms` are met. Raises LedgerError when it is there, or what `refusal` says."""
        self._require_open()
        if self.refusal is not None:
            raise self.refusal
        place = (intent.request_id, intent.attempt)
        if place in self._entries:
            raise LedgerError(
                f"attempt {intent.attempt} of request {intent.request_id} is in the ledger already"
            )
        known = self._known(terms.scopes.values(), intent.started_at)
        used = await self.budgets(terms.caps) if terms.caps else []
        over, warnings = budget.judge(zip(terms.caps, used, strict=True))
        refused = over or refusal(self._entries.values(), self._running.values(), known, intent, terms)
        if refused is not None:
            return Admission(refused, health=known)
        self._entries[place] = self._running[place] = Entry(intent, None)
        self._tags.setdefault(intent.request_id, set()).update(intent.tags)
        probed = leased(known, terms, intent.started_at)
        self._healths |= probed
        self._commits += 1
        return Admission(None, warnings, known | probed)

    async def extend(self, place: tuple[str, int], hold: Hold, caps: Sequence[Cap]) -> Admission:
        """Hold more for a running attempt if `caps` allow it."""
        self._require_open()
        refused, warnings = budget.judge(zip(caps, await self.budgets(caps), strict=True))
        entry = self._running.get(place)
        if refused is None and entry is not None:
            bound, expected = hold.bound_nano, hold.expected_nano
            held, soft = entry.intent.held_nano_usd, entry.intent.soft_held_nano_usd
            intent = replace(
                entry.intent,
                held_nano_usd=held if bound is None else bound,
                soft_held_nano_usd=soft if expected is None else expected,
            )
            self._entries[place] = self._running[place] = replace(entry, intent=intent)
            self._commits += 1
        return Admission(refused, warnings)

    def settle(self, settlement: Settlement, lesson: Lesson | None = None) -> None:
        """Close an open row; anything else changes no row."""
        self._require_open()
        place = (settlement.request_id, settlement.attempt)
        entry = self._entries.get(place)
        if entry is not None and entry.settlement is None:
            self._entries[place] = replace(entry, settlement=settlement)
            self._running.pop(place, None)
            self._commits += 1
        if lesson is not None:
            self.note(HealthLearned(lesson, settlement.settled_at))

    def note(self, fact: Fact) -> None:
        """Keep a fact. Cached responses are bounded in number only, the oldest go first."""
        self._require_open()
        self._commits += 1
        match fact:
            case HealthLearned(lesson, at_ms):
                before = self._known(lesson.scopes.values(), at_ms)
                self._healths |= {
                    k: health for k, health in learn(before, lesson, at_ms).items() if health != before[k]
                }
            case LearnedLimit():
                self._limits[fact.deployment, fact.kind, fact.source] = fact
            case LimitExhausted(scope, limit):
                self._full[scope] = max(self._full.get(scope, limit), limit, key=lambda one: one.until_ms)
            case AnswerJudged(request_id, attempt, verdicts):
                self.verdicts[request_id, attempt] = verdicts
            case AnswerRated(request_id, good):
                self.ratings[request_id] = good
            case ResponseCached(response, bounds):
                self._kept.pop(response.key, None)
                newest = [*self._kept.values(), response][-bounds.answers :]
                self._kept = {kept.key: kept for kept in newest}
            case StressResult():
                self._stressed.append(fact)

    async def kept(self, key: str, since_ms: int) -> CachedResponse | None:
        """Return the answer kept under a request's fingerprint, if it is young enough."""
        found = self._kept.get(key)
        return found if found and found.kept_at >= since_ms else None

    async def clear_health(self, keys: Collection[str] | None = None) -> None:
        """Forget the rests of the scopes under `keys`, of all when None."""
        self._require_open()
        for key in tuple(self._healths) if keys is None else keys:
            self._healths.pop(key, None)
        for key in tuple(self._full) if keys is None else keys:
            self._full.pop(key, None)
        self._commits += 1

    async def flush(self) -> None:
        """Nothing waits here."""
        self._require_open()

    async def aclose(self) -> None:
        """Take nothing more. What is in it can still be read."""
        self._closed = True

    async def version(self) -> int:
        """Return how many writes there have been."""
        return self._commits

    async def totals(self, windows: Sequence[Window]) -> list[Spend]:
        """Return one sum per window."""
        firsts = self._firsts()
        return [spend(self._within(window), firsts) for window in windows]

    async def groups(self, window: Window, by: Dimension) -> list[SpendGroup]:
        """Return a breakdown, dearest first. Raises ValueError for `day`."""
        require_groups(by)
        field = _FIELD_OF.get(by)
        lines: dict[str | None, list[Entry]] = {}
        for entry in self._within(window):
            for key in [getattr(entry.intent, field)] if field else self._tag_lines(entry):
                lines.setdefault(key, []).append(entry)
        firsts = self._firsts(field)
        return dearest_first(SpendGroup(key, spend(entries, firsts)) for key, entries in lines.items())

    async def budgets(self, caps: Sequence[Cap]) -> list[Used]:
        """Return what counts against each cap."""
        entries = [self._tagged(entry) for entry in self._entries.values()]
        return [memory_budgets.spent(entries, cap) for cap in caps]

    async def recent(self, limit: int) -> list[Entry]:
        """Return the newest entries, newest first."""
        newest = sorted(self._entries.values(), key=lambda entry: entry.intent.started_at)[::-1]
        return [self._tagged(entry) for entry in newest[: max(limit, 0)]]

    async def health(self) -> Mapping[str, ScopeHealth]:
        """Return what is known of every scope that was ever in trouble, by key."""
        return dict(self._healths)

    async def limits(self) -> Sequence[LearnedLimit]:
        """Return every limit that was learned."""
        return [self._limits[key] for key in sorted(self._limits)]

    async def told_full(self) -> Mapping[str, ExhaustedLimit]:
        """Return what providers said is used up, by scope."""
        return dict(self._full)

    async def counted_full(
        self, asked: Mapping[str, Sequence[Quota]], now_ms: int
    ) -> Mapping[str, ExhaustedLimit]:
        """Return which deployments have no room within their quotas for one more, by name."""
        return counted_full(self._entries.values(), asked, now_ms)

    async def offers(self) -> Offers:
        """Return what providers were found to offer."""
        return self.offered

    async def deployment_stats(self, window: Window) -> Mapping[str, DeploymentStats]:
        """Return answers, failures and the median first-token time per deployment name."""
        answered: dict[str, list[Entry]] = {}
        for entry in sorted(self._within(window), key=lambda entry: entry.intent.started_at):
            if entry.status in _ANSWERED:
                answered.setdefault(entry.intent.deployment, []).append(entry)
        return {deployment: stats(entries) for deployment, entries in answered.items()}

    async def prefixes(self, since_ms: int) -> Mapping[str, frozenset[str]]:
        """Return the beginnings sent since a moment, and the deployments that have each in a cache."""
        return prefixes_of(self._entries.values(), since_ms)

    async def answered(self, deployments: Collection[str], since_ms: int) -> Mapping[str, Sequence[Answered]]:
        """Return the newest answered and counted calls by deployment."""
        return answered_of(self._entries.values(), deployments, since_ms)

    async def stress_results(self, limit: int, deployment: str | None = None) -> list[StressResult]:
        """Return the newest results of stress tests, newest first; of one deployment or of all."""
        newest = sorted(self._stressed, key=lambda result: result.started_ms)[::-1]
        return [r for r in newest if deployment in (None, r.deployment)][: max(limit, 0)]

    async def evidence(self, window: Window) -> Mapping[tuple[str, Work], Evidence]:
        """Return what checks and escalations say of deployments; nobody rates what is forgotten."""
        return evidence_of(self._within(window), self.verdicts, self._entries)

    async def billed(self, since_ms: int) -> Sequence[Billed]:
        """Return `bills`."""
        return self.bills

    def _require_open(self) -> None:
        if self._closed:
            raise LedgerError("the ledger in memory is closed", hint="Nothing can be written any more")

    def _known(self, keys: Collection[str], now_ms: int) -> dict[str, ScopeHealth]:
        return {key: loaded(self._healths.get(key, HEALTHY), now_ms) for key in keys}

    def _within(self, window: Window) -> list[Entry]:
        return [
            entry for entry in self._entries.values() if window.start <= entry.intent.started_at < window.end
        ]

    def _firsts(self, field: str | None = None) -> set[tuple[str, int]]:
        """Return the place of each request's first entry, or of its first with each value of `field`."""
        firsts: dict[tuple[str, object], tuple[str, int]] = {}
        for place, entry in self._entries.items():
            firsts.setdefault((place[0], field and getattr(entry.intent, field)), place)
        return set(firsts.values())

    def _tag_lines(self, entry: Entry) -> list[str | None]:
        return [f"{key}={value}" for key, value in self._tags[entry.intent.request_id]] or [None]

    def _tagged(self, entry: Entry) -> Entry:
        """Return an entry with the tags of its request, as rows read back: sorted, each once."""
        tags = tuple(sorted(self._tags[entry.intent.request_id]))
        return replace(entry, intent=replace(entry.intent, tags=tags))
