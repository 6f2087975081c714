"""The file's shape, and the library under it."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.ledger.sqlite import migrations
from router.ledger.sqlite.attempts import SqliteLedger
from router.ledger.sqlite.driver import SqliteError, sqlite_version_warning
from router.ledger.sqlite.rows import ENTRY_COLUMNS
from router.ledger.sqlite.schema import VERSION
from tests.ledger.samples import beside_it

CONTRACT = """
request_id attempt started_at settled_at session_id source gateway_key_id task level language route tier
deployment provider model_requested model_served provider_request_id billing service_tier status
failure_class http_status input_tokens cache_read_tokens cache_write_tokens cache_write_1h_tokens
output_tokens reasoning_tokens usage_source usage_raw_json cost_nano_usd cost_source budget_nano_usd
held_nano_usd estimate_nano_usd settled_estimate_nano_usd list_cost_nano_usd price_version rates_json
ttft_ms duration_ms finish_reason prompt_fingerprint prefix_fingerprint owner why_json estimate_tokens
soft_held_nano_usd plain_input_tokens
"""
"""The columns other programs may rely on."""


@pytest.mark.usefixtures("ledger")
def test_the_migrations_make_every_column_of_the_contract(path: Path) -> None:
    columns = [name for _, name, *_ in beside_it(path, "PRAGMA table_info(token_spend)")]
    assert columns == ["id", *CONTRACT.split()]


def test_every_field_of_the_values_has_a_column() -> None:
    assert set(ENTRY_COLUMNS) == set(CONTRACT.split())


def test_the_version_counts_the_migrations() -> None:
    assert len(migrations.LEDGER._migrations) == VERSION


async def test_the_file_is_a_write_ahead_log_and_knows_its_version(path: Path, ledger: SqliteLedger) -> None:
    assert beside_it(path, "PRAGMA journal_mode") == [("wal",)]
    assert beside_it(path, "PRAGMA user_version") == [(VERSION,)]
    await ledger.flush()


@pytest.mark.usefixtures("ledger")
def test_an_attempt_has_one_row(path: Path) -> None:
    columns = (
        "request_id, attempt, started_at, source, route, tier, deployment, provider, model_requested, billing"
    )
    values = "'r', 1, 1, 's', 'r', 't', 'd', 'p', 'm', 'b'"
    insert = f"INSERT INTO token_spend ({columns}, status, owner) VALUES ({values}, 'open', 'o')"
    beside_it(path, insert)
    with pytest.raises(SqliteError, match="UNIQUE"):
        beside_it(path, insert)


@pytest.mark.parametrize(
    ("version", "safe"),
    [((3, 40, 1), False), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 53, 4), True), ((4, 0, 0), True)],
)
def test_a_sqlite_that_can_damage_the_log_is_warned_of(version: tuple[int, ...], safe: bool) -> None:
    warning = sqlite_version_warning(version)
    assert (warning is None) is safe
    if warning:
        assert ".".join(map(str, version)) in warning
