"""The format of a hook: who is told when something happened."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from router.config.scalars import ApiKey, Seconds, is_loopback, wrong
from router.config.settings import Section, Text
from router.core.settings.hooks import Event
from router.core.settings.hooks import Hook as CoreHook
from router.core.settings.secret import Secret

LONGEST_S = 60.0

_HOST = re.compile(r"https?://(?:[^/?#@]*@)?([^/?#@]+)")


def _bounded(value: float) -> float:
    if value > LONGEST_S:
        raise wrong("must be a minute at most")
    return value


class HookSection(Section):
    """Who is told when something happened: a program, or a web address."""

    on: Annotated[
        list[Literal["budget", "anomaly", "guard", "price_mismatch", "backend_gone"]], Field(min_length=1)
    ]
    """What happened: `budget` (50, 80 or 100 % of one is spent), `anomaly` (a day far above its weekday's
    usual), `guard` (paid calls are paused), `price_mismatch`, `backend_gone`."""
    run: Annotated[list[Text], Field(min_length=1)] | None = None
    """A program and its arguments, no shell; it gets the event as JSON on its standard input."""
    url: ApiKey | None = None
    """Or where the JSON is posted to: `"${NAME}"`, as such addresses are secrets, or the address itself."""
    timeout: Annotated[Seconds, AfterValidator(_bounded)] = CoreHook("", frozenset()).timeout_s
    """How long it may take, a minute at most."""

    @model_validator(mode="after")
    def _one_way_to_tell(self) -> HookSection:
        if (self.run is None) == (self.url is None):
            raise wrong("needs either `run` (a program) or `url` (an address), one of the two")
        address = self.url.secret.reveal() if self.url and self.url.secret else None
        if address is not None and not address.startswith("https://") and not is_loopback(address):
            raise wrong("would send unencrypted what happened; its url must be https:// or on this machine")
        return self


def hook_of(place: int, written: HookSection, url: Secret | None) -> CoreHook:
    """Return a hook as the jobs know it; `url` is what its variable holds, or what is written."""
    missing = written.url.variable if written.url and url is None else None
    return CoreHook(
        name=f"{place} {_called(written, url)}",
        events=frozenset(map(Event, written.on)),
        run=tuple(written.run or ()),
        url=url,
        off=f"no address: set {missing}" if missing else None,
        timeout_s=written.timeout,
    )


def _called(written: HookSection, url: Secret | None) -> str:
    """Return a program's name, or an address's host: the rest of it is often a secret."""
    if written.run:
        return written.run[0]
    host = _HOST.match(url.reveal()) if url else None
    return host[1] if host else (written.url and written.url.variable) or "an address"
