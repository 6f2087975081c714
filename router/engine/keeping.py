"""Answers that are kept as the last resort: handed in when one is whole, looked up when nobody can serve.

What is worth keeping is `core.checks.response_cache`; that nobody can serve is `core.retry.fallback`'s word.
"""

from __future__ import annotations

import logging

from router.core.checks.response_cache import is_worth_keeping, may_stand_in
from router.core.fingerprint import request_fingerprint
from router.core.records.answers import CachedResponse
from router.core.records.facts import ResponseCached
from router.engine.dependencies import Dependencies
from router.engine.events import Answer
from router.engine.run import Run
from router.errors import LedgerError

log = logging.getLogger(__name__)


class KeptAnswers:
    """What requests of routes that allow it were answered."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    def allowed(self, run: Run) -> bool:
        """Tell whether a kept answer may stand in for this request; none is looked up for that."""
        return bool(self._deps.kept) and run.route.cache and may_stand_in(run.asked)

    async def find(self, run: Run) -> CachedResponse | None:
        """Return what exactly this request was answered before; None also where that cannot be read."""
        if self._deps.kept is None:
            return None
        since_ms = self._deps.clock.now_ms() - round(run.config.policy.keeping.age_s * 1000)
        try:
            return await self._deps.kept(self._key(run), since_ms)
        except LedgerError as error:
            log.warning("kept answers were not read: %s", error)
            return None

    def keep(self, run: Run, answer: Answer) -> None:
        """Hand in an answer, if its route asks for it and it is whole."""
        served = answer.served_by
        if served is None or answer.error or not self.allowed(run) or not run.answers.passed:
            return
        if not is_worth_keeping(answer.text, run.kinds, served.finish_reason):
            return
        kept = CachedResponse(self._key(run), answer.text, served.deployment, self._deps.clock.now_ms())
        self._deps.ledger.note(ResponseCached(kept, run.config.policy.keeping))

    def _key(self, run: Run) -> str:
        return request_fingerprint(run.asked, run.route.name, self._deps.install_key)
