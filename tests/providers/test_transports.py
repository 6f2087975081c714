"""Both transports do the same, over real sockets on loopback.

The certificates in tests/data/tls last until 2126 and open nothing: the authority's own key was thrown away.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from router.core.failures.exchange import Fault, StreamEnd
from router.errors import TransportError
from router.providers.httpx2_transport import Httpx2Transport
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.transport import HttpRequest, LoopbackOnly, Transport, is_loopback
from tests.fake_provider import FakeProvider, Move, Step, answer, fake_provider

TLS = Path(__file__).parents[1] / "data" / "tls"
HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
Make = Callable[[bytes], Transport]


@pytest.fixture(params=[PyreqwestTransport, Httpx2Transport])
def make(request: pytest.FixtureRequest) -> Make:
    return lambda extra_ca: request.param(extra_ca=extra_ca)


@pytest.fixture
async def transport(make: Make) -> AsyncIterator[Transport]:
    transport = make(b"")
    yield transport
    await transport.aclose()


def post(url: str, *, proxy: str | None = None) -> HttpRequest:
    headers = (("authorization", "Bearer sk-secret"), ("content-type", "application/json"))
    return HttpRequest("POST", url, headers, b"{}", proxy, connect_timeout_s=2.0)


async def fetch(transport: Transport, request: HttpRequest) -> tuple[int, bytes]:
    async with asyncio.timeout(5), transport.send(request) as response:
        return response.status, b"".join([chunk async for chunk in response.chunks])


async def fault_of(transport: Transport, request: HttpRequest) -> Fault | None:
    with pytest.raises(TransportError) as caught:
        await fetch(transport, request)
    assert "sk-secret" not in repr(caught.value) + str(caught.value)
    assert "pass-word" not in repr(caught.value) + str(caught.value)
    return caught.value.fault


async def test_status_headers_and_body_arrive_and_the_request_is_what_was_asked(transport: Transport) -> None:
    whole = answer(b"body", 429, "Retry-After: 7", "X-A: 1", "X-A: 2")
    async with (
        fake_provider(whole) as server,
        transport.send(post(f"{server.url}/v1/x?y=1")) as response,
    ):
        body = b"".join([chunk async for chunk in response.chunks])
    assert (response.status, body) == (429, b"body")
    assert response.headers["retry-after"] == "7"
    assert response.headers["x-a"] == "1, 2"
    [received] = server.requests
    assert received.line == "POST /v1/x?y=1 HTTP/1.1"
    assert received.headers["authorization"] == "Bearer sk-secret"
    assert received.headers["host"] == server.host
    assert received.body == b"{}"


async def test_a_chunk_arrives_before_the_pause_behind_it_ends(transport: Transport) -> None:
    gate = asyncio.Event()
    async with (
        fake_provider(HEAD, b"5\r\nfirst\r\n", gate, b"6\r\nsecond\r\n0\r\n\r\n") as server,
        asyncio.timeout(5),
        transport.send(post(server.url)) as response,
    ):
        assert await anext(response.chunks) == b"first"
        gate.set()
        assert [chunk async for chunk in response.chunks] == [b"second"]


async def test_redirects_are_not_followed(transport: Transport) -> None:
    async with fake_provider(answer(b"", 302, "location: http://127.0.0.1:1/")) as server:
        assert await fetch(transport, post(server.url)) == (302, b"")


async def test_a_refused_connection_says_so(transport: Transport) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert await fault_of(transport, post(url)) is Fault.CONNECT_REFUSED


async def test_an_unknown_host_is_a_dns_failure(transport: Transport) -> None:
    assert await fault_of(transport, post("http://nobody.invalid/")) is Fault.DNS_FAILURE


async def test_a_full_accept_queue_is_a_connect_timeout(transport: Transport) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        assert (
            await fault_of(transport, HttpRequest("POST", url, connect_timeout_s=0.2))
            is Fault.CONNECT_TIMEOUT
        )
        for each in waiting:
            each.close()


@pytest.mark.parametrize(
    "steps", [(), (Move.RESET,), (b"not http at all\r\n\r\n",)], ids=["close", "reset", "junk"]
)
async def test_an_end_before_the_head_leaves_open_whether_it_was_served(
    transport: Transport, steps: tuple[Step, ...]
) -> None:
    async with fake_provider(*steps) as server:
        assert await fault_of(transport, post(server.url)) is Fault.RESET_AFTER_SENT


@pytest.mark.parametrize(
    "steps",
    [
        (HEAD, b"5\r\nfirst\r\n"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nfirst",),
    ],
    ids=["chunked", "length"],
)
async def test_a_cut_body_ends_with_a_reset_after_what_arrived(
    transport: Transport, steps: tuple[bytes, ...]
) -> None:
    async with fake_provider(*steps) as server, transport.send(post(server.url)) as response:
        assert await anext(response.chunks) == b"first"
        with pytest.raises(TransportError) as caught:
            await anext(response.chunks)
    assert (caught.value.end, caught.value.fault) == (StreamEnd.RESET, None)


async def test_a_reset_in_the_body_ends_with_a_reset(transport: Transport) -> None:
    gate = asyncio.Event()
    async with (
        fake_provider(HEAD, b"5\r\nfirst\r\n", gate, Move.RESET) as server,
        asyncio.timeout(5),
        transport.send(post(server.url)) as response,
    ):
        assert await anext(response.chunks) == b"first"
        gate.set()
        with pytest.raises(TransportError) as caught:
            await anext(response.chunks)
    assert caught.value.end is StreamEnd.RESET


async def test_leaving_early_closes_the_connection_at_once(transport: Transport) -> None:
    async with fake_provider(HEAD, b"5\r\nfirst\r\n", Move.WAIT_FOR_LEAVE) as server:
        async with transport.send(post(server.url)) as response:
            assert await anext(response.chunks) == b"first"
        async with asyncio.timeout(2):
            await server.left.wait()


async def cancelled(transport: Transport, server: FakeProvider, request: HttpRequest) -> None:
    """Send a request, wait until the server has it, cancel."""
    task = asyncio.create_task(fetch(transport, request))
    async with asyncio.timeout(5):
        await server.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelling_in_the_body_closes_the_connection_at_once(transport: Transport) -> None:
    arrived = asyncio.Event()

    async def read() -> None:
        async with transport.send(post(server.url)) as response:
            async for _ in response.chunks:
                arrived.set()

    async with fake_provider(HEAD, b"5\r\nfirst\r\n", Move.WAIT_FOR_LEAVE) as server, asyncio.timeout(5):
        task = asyncio.create_task(read())
        await arrived.wait()
        task.cancel()
        await server.left.wait()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_cancelling_httpx2_before_the_head_closes_the_connection_at_once() -> None:
    transport = Httpx2Transport()
    async with fake_provider(Move.WAIT_FOR_LEAVE) as server, asyncio.timeout(5):
        await cancelled(transport, server, post(server.url))
        await server.left.wait()
    await transport.aclose()


async def test_cancelling_pyreqwest_before_the_head_closes_the_connection_when_the_body_begins() -> None:
    transport, gate = PyreqwestTransport(), asyncio.Event()
    async with (
        fake_provider(gate, HEAD, b"5\r\nfirst\r\n", Move.WAIT_FOR_LEAVE) as server,
        asyncio.timeout(5),
    ):
        await cancelled(transport, server, post(server.url))
        gate.set()
        await server.left.wait()
    await transport.aclose()


async def test_cancelling_pyreqwest_before_the_head_closes_the_connection_after_a_while_at_last() -> None:
    transport = PyreqwestTransport()
    async with fake_provider(Move.WAIT_FOR_LEAVE) as server, asyncio.timeout(5):
        await cancelled(transport, server, replace(post(server.url), give_up_s=0.1))
        await server.left.wait()
    await transport.aclose()


async def test_a_configured_proxy_is_used_and_its_login_sent(transport: Transport) -> None:
    async with fake_provider(answer(b"from the proxy")) as proxy:
        request = post("http://nobody.invalid/v1", proxy=f"http://user:pass-word@{proxy.host}")
        assert await fetch(transport, request) == (200, b"from the proxy")
    [received] = proxy.requests
    assert received.line == "POST http://nobody.invalid/v1 HTTP/1.1"
    assert received.headers["proxy-authorization"] == "Basic dXNlcjpwYXNzLXdvcmQ="


async def test_a_proxy_that_wants_a_login_for_its_tunnel_answers_407(transport: Transport) -> None:
    async with fake_provider(answer(b"", 407)) as proxy:
        status, _ = await fetch(transport, post("https://nobody.invalid/", proxy=proxy.url))
    assert status == 407


async def test_a_dead_proxy_is_a_refused_connection(transport: Transport) -> None:
    request = post("http://nobody.invalid/", proxy="http://user:pass-word@127.0.0.1:1")
    assert await fault_of(transport, request) is Fault.CONNECT_REFUSED


async def test_loopback_is_never_proxied(transport: Transport) -> None:
    async with fake_provider(answer(b"direct")) as server:
        assert await fetch(transport, post(server.url, proxy="http://127.0.0.1:1")) == (200, b"direct")


async def test_proxies_from_the_environment_are_ignored(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    async with fake_provider(answer(b"from the proxy")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        transport = make(b"")
        assert await fault_of(transport, post("http://nobody.invalid/")) is Fault.DNS_FAILURE
        await transport.aclose()
    assert proxy.requests == []


async def test_an_unknown_certificate_is_refused_and_nothing_is_sent(transport: Transport) -> None:
    async with fake_provider(answer(b"secret"), tls=_server_tls()) as server:
        assert await fault_of(transport, post(f"https://{server.host}/")) is Fault.TLS_VERIFY_FAILED
    assert server.requests == []


async def test_a_certificate_of_a_given_authority_is_accepted(make: Make) -> None:
    transport = make((TLS / "ca.pem").read_bytes())
    async with fake_provider(answer(b"secret"), tls=_server_tls()) as server:
        assert await fetch(transport, post(f"https://{server.host}/")) == (200, b"secret")
    await transport.aclose()


async def test_what_cannot_be_sent_is_told_without_showing_it(transport: Transport) -> None:
    async with fake_provider(answer(b"")) as server:
        for request in (
            HttpRequest("POST", server.url, (("authorization", "Bearer sk-secret\n"),)),
            HttpRequest("POST", "no url"),
            HttpRequest("POST", "http://nobody.invalid/", proxy="::pass-word"),
        ):
            assert await fault_of(transport, request) is Fault.CLOSED_BEFORE_WRITTEN
    assert server.requests == []


def test_a_request_shows_neither_its_headers_nor_its_body_nor_its_proxy() -> None:
    shown = repr(HttpRequest("POST", "http://h/", (("k", "sk-secret"),), b"prompt", "http://u:pass-word@p"))
    assert shown == "HttpRequest(method='POST', url='http://h/', connect_timeout_s=5.0, give_up_s=None)"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("https://127.8.9.1", True),
        ("http://LOCALHOST/", True),
        ("http://[::1]:1?x", True),
        ("http://127.0.0.1.evil.example/", False),
        ("http://localhost.evil.example/", False),
        ("http://localhost@evil.example/", False),
        ("http://evil.example\\@127.0.0.1/", False),
        ("http://127.0.0.1\\.evil.example/", False),
        ("http://127.0.0.1:80@evil.example/", False),
        ("http://[::1].evil.example/", False),
        ("ftp://localhost/", False),
        ("http://10.0.0.1/", False),
        ("http://localhost\n.evil.example/", False),
    ],
)
def test_only_plain_spellings_of_loopback_are_loopback(url: str, *, expected: bool) -> None:
    assert is_loopback(url) is expected


async def test_the_guard_refuses_a_foreign_host_before_anything_is_done(transport: Transport) -> None:
    async with fake_provider(answer(b"from the proxy")) as proxy:
        request = post("http://nobody.invalid/", proxy=proxy.url)
        with pytest.raises(TransportError, match=r"nobody\.invalid is not on this machine"):
            await fetch(LoopbackOnly(transport), request)
    assert proxy.requests == []


async def test_the_guard_lets_loopback_through(transport: Transport) -> None:
    async with fake_provider(answer(b"here")) as server:
        assert await fetch(LoopbackOnly(transport), post(server.url)) == (200, b"here")


async def test_a_connection_is_used_again_after_a_whole_answer(transport: Transport) -> None:
    clients: set[object] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.add(writer.get_extra_info("peername"))
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n{}")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        assert [await fetch(transport, post(url)) for _ in range(2)] == [(200, b"ok")] * 2
    assert len(clients) == 1


def _server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
    return context
