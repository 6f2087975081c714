"""The rows of `budget_lease`: what processes hold of budgets and limits for calls that have no row yet.

A lease is what its owner may still start, and what it has started without a row; when the rows come, it
shrinks by them in the same transaction. So rows and leases together are never more than a cap. How much to
lease is `core.budget.leases`, admitting from it is `leased.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from router.ledger.sqlite.driver import Connection

_TAKE = """
INSERT INTO budget_lease (scope, owner, amount, wanted) VALUES (?, ?, ?, 0)
ON CONFLICT (scope, owner) DO UPDATE SET amount = amount + excluded.amount"""


def take(connection: Connection, owner: str, scope: str, amount: int) -> None:
    """Have `owner` hold more of a scope."""
    connection.execute(_TAKE, (scope, owner, amount))


def give(connection: Connection, owner: str, scope: str, amount: int) -> None:
    """Have `owner` hold less of a scope: it has rows now, or gives it back."""
    connection.execute(
        "UPDATE budget_lease SET amount = amount - ? WHERE scope = ? AND owner = ?", (amount, scope, owner)
    )


def answer_recall(connection: Connection, owner: str, scopes: Iterable[str]) -> None:
    """Note that `owner` has given back what it could of scopes that others want."""
    for scope in scopes:
        connection.execute("UPDATE budget_lease SET wanted = 0 WHERE scope = ? AND owner = ?", (scope, owner))
    connection.execute("DELETE FROM budget_lease WHERE owner = ? AND amount = 0", (owner,))


def held(connection: Connection, scope: str) -> int:
    """Return what all processes hold of a scope."""
    [(amount,)] = connection.execute(
        "SELECT coalesce(sum(amount), 0) FROM budget_lease WHERE scope = ?", (scope,)
    )
    return int(amount)


def recall(connection: Connection, owner: str, scopes: Collection[str]) -> bool:
    """Ask all others to give back what they hold of `scopes`; return whether anybody holds anything."""
    asked = 0
    for scope in scopes:
        asked += connection.execute(
            "UPDATE budget_lease SET wanted = 1 WHERE scope = ? AND owner <> ? AND amount > 0", (scope, owner)
        ).rowcount
    return asked > 0


def wanted(connection: Connection, owner: str) -> frozenset[str]:
    """Return which scopes of `owner`'s leases others want something of."""
    rows = connection.execute("SELECT scope FROM budget_lease WHERE owner = ? AND wanted", (owner,))
    return frozenset(scope for (scope,) in rows)


def drop(connection: Connection, owner: str) -> None:
    """Forget the leases of an owner that is gone."""
    connection.execute("DELETE FROM budget_lease WHERE owner = ?", (owner,))


def owners(connection: Connection) -> list[str]:
    """Return who holds anything."""
    return [owner for (owner,) in connection.execute("SELECT DISTINCT owner FROM budget_lease")]
