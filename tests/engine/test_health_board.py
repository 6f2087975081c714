"""What one process remembers of health between two looks at the ledger."""

from __future__ import annotations

import pytest

from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.health.scopes import scope_keys
from router.core.records.admission import Lesson
from router.core.records.diagnosis import HealthScope
from router.core.records.health import ExhaustedLimit
from router.core.settings.policy import Policy
from router.engine.clock import ManualClock
from router.engine.health_board import HealthBoard
from router.engine.pace_board import PaceBoard
from tests.configs import small_config


@pytest.mark.parametrize("step_s", [-7_200, 7_200])
def test_a_clock_that_is_set_neither_ends_a_rest_nor_prolongs_it(step_s: float) -> None:
    clock, config = ManualClock(), small_config()
    board, free = HealthBoard(config, clock), config.deployments["free"]
    limited = classify(Exchange("x", status=429, headers={"retry-after": "70"}), clock.now_ms())
    board.take_in(Lesson(board.scopes(free), limited, Policy(), 0.0), clock.now_ms())
    clock.advance(10)
    clock.step(step_s)
    assert board.soonest_ms(config.routes["auto"]) == clock.now_ms() + 60_000
    clock.advance(59.999)
    assert board.blocked(free)
    clock.advance(0.001)
    assert board.blocked(free) is None


def test_what_was_told_to_be_full_is_forgotten_when_the_clock_is_set() -> None:
    clock, free = ManualClock(), small_config().deployments["free"]
    board, full = PaceBoard(Policy(), clock), ExhaustedLimit("no requests left", clock.now_ms() + 12_000)
    board.refresh([], {scope_keys(free)[HealthScope.DEPLOYMENT]: full})
    assert board.full(free) == full
    clock.step(-60)
    assert board.full(free) is None
