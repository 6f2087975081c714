"""Values are the same whether anything guards them at run time or not."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from router.core.request import Request
from router.core.settings.routes import Route

LOOK = """
from dataclasses import replace
from router.core.request import Request
one, other = Request((), "a"), replace(Request((), "b"), task="chat")
print(one == Request((), "a"), hash(one) == hash(Request((), "a")), one == other, hasattr(one, "__dict__"))
"""


@pytest.mark.parametrize("value", [Request((), "a"), Route("r", ())])
def test_in_a_test_no_value_can_be_changed(value: object) -> None:
    with pytest.raises(FrozenInstanceError):
        value.name = "other"  # type: ignore[attr-defined]  # which is what the type checker says of it


def test_in_service_values_are_equal_and_hashed_by_their_fields_and_have_slots() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "False", "False"]
