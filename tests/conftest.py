"""What every test stands on: no network but loopback, an empty home, no colour or key from outside."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is not a bug: no example has a deadline. The usual run takes few examples, the same ones each
# time, so that a commit passes or fails for what it changed; HYPOTHESIS_PROFILE=thorough draws many new ones.
settings.register_profile(
    "quick", deadline=None, max_examples=50, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=1000, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

os.environ["COCKPIT_LOOPBACK_ONLY"] = "1"  # Transport itself refuses other addresses, in child processes too

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


def _refuse_foreign(address: object) -> None:
    if isinstance(address, tuple) and not ipaddress.ip_address(str(address[0]).split("%")[0]).is_loopback:
        raise AssertionError(f"a test tried to reach {address!r}; only loopback is allowed")


class _GuardedSocket(socket.socket):
    def connect(self, address: object) -> None:
        _refuse_foreign(address)
        _connect(self, address)  # type: ignore[arg-type]  # checked by the socket itself

    def connect_ex(self, address: object) -> int:
        _refuse_foreign(address)
        return _connect_ex(self, address)  # type: ignore[arg-type]  # checked by the socket itself


socket.socket = _GuardedSocket  # type: ignore[misc]  # the guard stands for the whole run

KEYS = ("GEMINI_API_KEY", "OPENROUTER_API_KEY", "DEEPSEEK_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a home of its own and none of the developer's keys or settings."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in (
        *KEYS,
        "COCKPIT_CONFIG",
        "COCKPIT_LEDGER",
        "NO_COLOR",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
    ):
        monkeypatch.delenv(name, raising=False)
