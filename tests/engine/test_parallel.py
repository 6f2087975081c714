"""Specialists at once, then a coordinator: over a real engine, scripted upstreams and virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import pytest

from router.core.failures import FailureClass
from router.core.model import Route
from router.core.request import Message, Request
from router.engine.events import Answer, AnswerError, RequestEnded, RouteEvent, TextArrived
from router.engine.parallel import FromCoordinator, FromSpecialist, consult
from router.engine.virtual_time import run_virtual
from router.errors import LedgerError, UnknownName

ASK = Request((Message("system", "Be brief."), Message("user", "Is it good?")), session="s1")


class Specialists:
    """An engine whose routes say one thing each, after some seconds; None is a failure."""

    def __init__(self, says: Mapping[str, tuple[float, str | None]]) -> None:
        self.says = says
        self.asked: list[Request] = []
        self.stopped: list[str] = []
        self.broken: LedgerError | None = None

    def route(self, name: str) -> Route:
        """Know what it can say."""
        if name not in self.says:
            raise UnknownName(name, ())
        return Route(name, ())

    async def stream(self, request: Request) -> AsyncGenerator[RouteEvent, None]:
        """Say it."""
        self.asked.append(request)
        seconds, text = self.says[request.name]
        try:
            await asyncio.sleep(seconds)
            if self.broken:
                raise self.broken
            if text is not None:
                yield TextArrived(1, text, "text", b"")
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped.append(request.name)
            raise
        error = AnswerError(FailureClass.TRANSIENT, "all cooling") if text is None else None
        yield RequestEnded(Answer("r", text or "", request.name, None, None, (), None, "", error))


async def heard(engine: Specialists, names: list[str]) -> list[FromSpecialist | FromCoordinator]:
    return [one async for one in consult(engine, ASK, names, "boss")]


def test_specialists_run_at_once_and_the_coordinator_reads_all_of_them_in_order() -> None:
    async def run() -> None:
        engine = Specialists({"code": (5, "Yes."), "review": (3, "No."), "boss": (1, "Perhaps.")})
        events = await heard(engine, ["code", "review"])
        assert asyncio.get_running_loop().time() == pytest.approx(6)
        told = [one.event.text for one in events if isinstance(one.event, TextArrived)]
        assert told == ["No.", "Yes.", "Perhaps."]
        boss = engine.asked[-1]
        assert (boss.name, [message.role for message in boss.messages]) == ("boss", ["system", "user"])
        assert "Is it good?\n\nSpecialists have answered this:" in boss.messages[1].content
        assert "## code\nYes.\n\n## review\nNo.\n\n" in boss.messages[1].content

    run_virtual(run())


def test_every_call_is_a_request_of_its_own_under_one_session() -> None:
    async def run() -> None:
        engine = Specialists({"code": (1, "Yes."), "boss": (1, "So be it.")})
        await heard(engine, ["code", "code"])
        assert [(request.name, request.session) for request in engine.asked] == [
            *(("code", "s1"), ("code", "s1"), ("boss", "s1"))
        ]

    run_virtual(run())


def test_the_coordinator_is_told_who_did_not_answer_and_why() -> None:
    async def run() -> None:
        engine = Specialists({"code": (1, "Yes."), "review": (1, None), "boss": (1, "Yes, says one.")})
        await heard(engine, ["code", "review"])
        assert "## review\n(no answer: all cooling)" in engine.asked[-1].messages[-1].content

    run_virtual(run())


def test_without_any_answer_the_coordinator_is_not_asked() -> None:
    async def run() -> None:
        engine = Specialists({"code": (1, None), "boss": (1, "?")})
        events = await heard(engine, ["code", "code"])
        assert [request.name for request in engine.asked] == ["code", "code"]
        assert not [one for one in events if isinstance(one, FromCoordinator)]

    run_virtual(run())


@pytest.mark.parametrize("name", ["nobody", "boss"])
def test_an_unknown_name_or_nobody_to_ask_is_refused_before_anything_is_sent(name: str) -> None:
    async def run() -> None:
        engine = Specialists(
            {"code": (1, "Yes."), "boss": (1, "?")} if name == "nobody" else {"code": (1, "")}
        )
        with pytest.raises(UnknownName, match=name):
            await heard(engine, ["code", name])
        with pytest.raises(ValueError, match="needs specialists"):
            await heard(engine, [])
        assert engine.asked == []

    run_virtual(run())


def test_a_ledger_that_cannot_be_written_is_the_callers_error_and_no_coordinator_is_asked() -> None:
    async def run() -> None:
        engine = Specialists({"code": (1, "Yes."), "boss": (1, "?")})
        engine.broken = LedgerError("no space left")
        with pytest.raises(LedgerError, match="no space left"):
            await heard(engine, ["code", "code"])
        assert [request.name for request in engine.asked] == ["code", "code"]

    run_virtual(run())


def test_a_caller_that_goes_away_stops_every_specialist() -> None:
    async def run() -> None:
        engine = Specialists({"code": (60, "Yes."), "review": (1, "No."), "boss": (1, "?")})
        async with aclosing(consult(engine, ASK, ["code", "review"], "boss")) as events:
            async for _ in events:
                break
        assert engine.stopped == ["code"]

    run_virtual(run())
