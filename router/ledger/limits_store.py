"""The rows of `learned_limit`, and what of a quota is taken: counted from the attempts themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from router.core.health.rate_limits import refusal
from router.core.records.admission import Quota, Refusal, Unit
from router.core.records.health import LearnedLimit, LimitKind, LimitSource
from router.ledger.owner import has_died
from router.ledger.present import has_table
from router.ledger.sqlite import Connection

_KINDS = {kind.value for kind in LimitKind}
_SOURCES = {source.value for source in LimitSource}
_COLUMNS = "deployment, kind, source, value, confidence, learned_at"

# A row that has ended counts what it took. Nobody knows that of one that was cut off: it counts what was
# expected. One that failed took nothing.
TOKENS = """coalesce(
  input_tokens + output_tokens, input_tokens, output_tokens, iif(status = 'failed', 0, estimate_tokens), 0)"""
_AMOUNTS = {Unit.REQUESTS: "1", Unit.TOKENS: TOKENS}
_WITHIN = "FROM token_spend WHERE deployment = ?1 AND started_at >= ?2 AND started_at < ?3"
_SINCE_SET_BACK = (
    " AND id > (SELECT coalesce(max(id), 0) FROM token_spend WHERE deployment = ?1 AND started_at >= ?3)"
)
# Few rows are open: the plus keeps SQLite from the index by deployment, which holds all there ever were.
RUNNING = "SELECT owner, count(*) FROM token_spend WHERE status = 'open' AND +deployment = ? GROUP BY owner"


def all_limits(connection: Connection) -> list[LearnedLimit]:
    """Return every learned limit; none from a ledger that is older than the table."""
    if not has_table(connection, "learned_limit"):
        return []
    rows = connection.execute(f"SELECT {_COLUMNS} FROM learned_limit ORDER BY deployment, kind, source")
    return [
        LearnedLimit(deployment, LimitKind(kind), value, LimitSource(source), learned_at, confidence)
        for deployment, kind, source, value, confidence, learned_at in rows
        if kind in _KINDS and source in _SOURCES  # a newer cockpit may have learned what we do not know
    ]


def write_limits(connection: Connection, limits: Iterable[LearnedLimit]) -> None:
    """Write limits over what was known of the same deployment, kind and source."""
    connection.executemany(
        f"INSERT OR REPLACE INTO learned_limit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                limit.deployment,
                limit.kind.value,
                limit.source.value,
                limit.value,
                limit.confidence,
                limit.learned_at,
            )
            for limit in limits
        ],
    )


def quota_refusal(
    connection: Connection, deployment: str, quotas: Sequence[Quota], now_ms: int
) -> Refusal | None:
    """Return what the first quota that is used up says, or None when an attempt fits them all."""
    for quota in quotas:
        refused = refused_by(connection, deployment, quota, now_ms)
        if refused is not None:
            return refused
    return None


def refused_by(connection: Connection, deployment: str, quota: Quota, now_ms: int) -> Refusal | None:
    """Return what one quota says of an attempt at `now_ms`, or None when it fits."""
    if quota.unit is Unit.PARALLEL:
        running: Mapping[str, int] = dict(connection.execute(RUNNING, (deployment,)).fetchall())
        used = sum(running.values())
        if used + quota.amount > quota.limit:  # only then is it worth a look at who is alive
            used = sum(count for owner, count in running.items() if has_died(owner) is not True)
        return refusal(quota, used, (), now_ms)
    amount, place = _AMOUNTS[quota.unit], (deployment, quota.since_ms, quota.before_ms(now_ms))
    slides = quota.until_ms is None
    within = _WITHIN + _SINCE_SET_BACK if slides else _WITHIN
    [(used,)] = connection.execute(f"SELECT coalesce(sum({amount}), 0) {within}", place)
    if used + quota.amount <= quota.limit:
        return None
    starts = connection.execute(f"SELECT started_at, {amount} {within} ORDER BY started_at", place)
    return refusal(quota, used, starts.fetchall() if slides else (), now_ms)
