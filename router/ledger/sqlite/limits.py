"""The rows of `learned_limit`, and what of a quota is taken: counted from the attempts themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.core.budget.leases import scope_of
from router.core.health.exhausted import longest
from router.core.health.rate_limits import refusal
from router.core.records.admission import Quota, Refusal, Unit
from router.core.records.health import ExhaustedLimit, LearnedLimit, LimitKind, LimitSource
from router.ledger.sqlite import leases
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.owners import is_gone
from router.ledger.sqlite.schema import has_table

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
# What a job has handed in waits in a queue of the provider's: it takes no place among calls at once.
RUNNING = """
SELECT owner, count(*) FROM token_spend
WHERE status = 'open' AND +deployment = ? AND owner NOT LIKE 'job %' GROUP BY owner"""


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


def write_limit(connection: Connection, limit: LearnedLimit) -> None:
    """Write a limit over what was known of the same deployment, kind and source."""
    connection.execute(
        f"INSERT OR REPLACE INTO learned_limit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
        (
            limit.deployment,
            limit.kind.value,
            limit.source.value,
            limit.value,
            limit.confidence,
            limit.learned_at,
        ),
    )


def quota_refusal(
    connection: Connection, deployment: str, quotas: Sequence[Quota], now_ms: int, *, leased: bool = True
) -> Refusal | None:
    """Return what the first quota that is used up says, or None when an attempt fits them all.

    What is `leased` counts as taken.
    """
    for quota in quotas:
        held = leases.held(connection, scope_of(quota, deployment)) if leased else 0
        refused = refused_by(connection, deployment, quota, now_ms, held)
        if refused is not None:
            return refused
    return None


def refused_by(
    connection: Connection, deployment: str, quota: Quota, now_ms: int, held: int = 0
) -> Refusal | None:
    """Return what one quota, of which `held` is leased, says of an attempt at `now_ms`; None when it fits."""
    used = held + taken(connection, deployment, quota, now_ms)
    if used + quota.amount <= quota.limit or quota.unit is Unit.PARALLEL or quota.until_ms is not None:
        return refusal(quota, used, (), now_ms)
    starts = f"SELECT started_at, {_AMOUNTS[quota.unit]} {_WITHIN}{_SINCE_SET_BACK} ORDER BY started_at"
    return refusal(
        quota, used, connection.execute(starts, _place(deployment, quota, now_ms)).fetchall(), now_ms
    )


def taken(connection: Connection, deployment: str, quota: Quota, now_ms: int) -> int:
    """Return how much of a quota attempts have taken."""
    if quota.unit is Unit.PARALLEL:
        running: Mapping[str, int] = dict(connection.execute(RUNNING, (deployment,)).fetchall())
        used = sum(running.values())
        if used + quota.amount <= quota.limit:  # only then is it worth a look at who is alive
            return used
        return sum(n for owner, n in running.items() if is_gone(connection, owner, now_ms) is not True)
    within = _WITHIN + _SINCE_SET_BACK if quota.until_ms is None else _WITHIN
    place = _place(deployment, quota, now_ms)
    [(used,)] = connection.execute(f"SELECT coalesce(sum({_AMOUNTS[quota.unit]}), 0) {within}", place)
    return int(used)


def _place(deployment: str, quota: Quota, now_ms: int) -> tuple[str, int, int]:
    return deployment, quota.since_ms, quota.before_ms(now_ms)


_WRITE_EXHAUSTED = """
INSERT INTO full_until (scope, what, until_ms) VALUES (?, ?, ?)
ON CONFLICT (scope) DO UPDATE SET what = excluded.what, until_ms = excluded.until_ms
WHERE excluded.until_ms > full_until.until_ms"""


def write_exhausted(connection: Connection, scope: str, full: ExhaustedLimit) -> None:
    """Write that a scope is full; one that is full for longer stays so."""
    connection.execute(_WRITE_EXHAUSTED, (scope, full.limit, full.until_ms))


def all_exhausted(connection: Connection) -> dict[str, ExhaustedLimit]:
    """Return what was told of every scope, however long ago."""
    if not has_table(connection, "full_until"):
        return {}
    rows = connection.execute("SELECT scope, what, until_ms FROM full_until")
    return {scope: ExhaustedLimit(what, until_ms) for scope, what, until_ms in rows}


def counted(
    connection: Connection, asked: Mapping[str, Sequence[Quota]], now_ms: int
) -> dict[str, ExhaustedLimit]:
    """Return which deployments have no room within their quotas for one more, by name."""
    found = {
        name: longest((quota, refused_by(connection, name, quota, now_ms)) for quota in quotas)
        for name, quotas in asked.items()
    }
    return {name: full for name, full in found.items() if full}
