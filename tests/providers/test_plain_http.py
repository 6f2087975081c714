from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from router.core.failures.exchange import Fault, StreamEnd
from router.errors import TransportError
from router.providers.httpx2_transport import Httpx2Transport
from router.providers.plain_http import exchange
from router.providers.transport import HttpRequest, Transport
from tests.fake_provider import Move, answer, fake_provider


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    transport = Httpx2Transport()
    yield transport
    await transport.aclose()


async def failed(transport: Transport, url: str, **bounds: float) -> TransportError:
    with pytest.raises(TransportError) as caught:
        await exchange(
            transport,
            HttpRequest("GET", url),
            within_s=bounds.get("within_s", 5.0),
            most_bytes=int(bounds.get("most_bytes", 100)),
        )
    assert "s3cret" not in str(caught.value)
    return caught.value


async def test_status_and_body_come_back(transport: Transport) -> None:
    async with fake_provider(answer(b"there", 201)) as server:
        found = await exchange(transport, HttpRequest("GET", server.url), within_s=5, most_bytes=5)
    assert found == (201, b"there")


async def test_more_than_was_asked_for_is_not_read(transport: Transport) -> None:
    async with fake_provider(answer(b"x" * 101)) as server:
        assert (await failed(transport, f"{server.url}/s3cret")).end is StreamEnd.TOO_LONG


async def test_an_answer_that_never_ends_is_given_up(transport: Transport) -> None:
    async with fake_provider(Move.WAIT_FOR_LEAVE) as server:
        error = await failed(transport, f"{server.url}/?key=s3cret", within_s=0.05)
    assert error.fault is Fault.READ_TIMEOUT_AFTER_SENT


@pytest.mark.parametrize(
    "url", ["http://hooks.invalid/s3cret", "ftp://127.0.0.1/", "http://127.0.0.1@evil.invalid/"]
)
async def test_nothing_goes_elsewhere_unencrypted(transport: Transport, url: str) -> None:
    assert (await failed(transport, url)).fault is Fault.CLOSED_BEFORE_WRITTEN
