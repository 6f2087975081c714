"""What a program imports of the engine is there, and no more than it says."""

from __future__ import annotations

import pytest

import router
from router import Engine, Request
from router.core.request import Request as RequestAtHome
from router.engine.engine import Engine as EngineAtHome


def test_every_name_of_the_door_leads_somewhere() -> None:
    assert [name for name in router.__all__ if getattr(router, name, None) is None] == []


def test_the_door_hands_out_the_thing_itself() -> None:
    assert (Engine, Request) == (EngineAtHome, RequestAtHome)


def test_a_name_that_is_not_there_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Enigne'"):
        router.__getattr__("Enigne")
