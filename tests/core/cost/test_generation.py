"""What OpenRouter says of a generation afterwards."""

from __future__ import annotations

import pytest

from router.core.cost.generation import generation_cost_nano


@pytest.mark.parametrize(
    ("body", "nano"),
    [
        (b'{"data": {"id": "gen-1", "total_cost": 0.0014}}', 1_400_000),
        (b'{"data": {"total_cost": 7.4E-7, "is_byok": false, "upstream_inference_cost": 3}}', 740),
        (b'{"data": {"total_cost": 0, "is_byok": true, "upstream_inference_cost": 0.002}}', 2_000_000),
        (b'{"data": {"total_cost": 0.001, "is_byok": true, "upstream_inference_cost": 0.002}}', 3_000_000),
        (b'{"data": {"total_cost": 0, "is_byok": true, "upstream_inference_cost": null}}', None),
        (b'{"data": {"total_cost": 0, "is_byok": true}}', None),
        (b'{"data": {"total_cost": 0}}', 0),
        (b'{"data": {"total_cost": null}}', None),
        (b'{"data": {"total_cost": "0.1"}}', None),
        (b'{"data": {"total_cost": true}}', None),
        (b'{"data": {"total_cost": -1}}', None),
        (b'{"data": {"total_cost": 1001}}', None),
        (b'{"data": {"total_cost": NaN}}', None),
        (b'{"data": []}', None),
        (b'{"error": {"code": 404}}', None),
        (b"[1]", None),
        (b"<html>", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
    ],
)
def test_an_amount_is_believed_only_when_it_is_one_and_whole(body: bytes, nano: int | None) -> None:
    assert generation_cost_nano(body) == nano
