"""Who should not come in, and who behaves badly once inside: the door, the limits, and any bytes at all."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Serve = Callable[..., Any]
TOKEN = "correct-horse-battery"


def raw(port: int, text: bytes, wait_s: float = 3.0) -> bytes:
    """What the server answers to bytes, until it closes or falls silent."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(wait_s)
        connection.sendall(text)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except (TimeoutError, ConnectionError):
            pass
        return answer


def test_files_and_their_headers(serve: Serve) -> None:
    served = serve()

    async def talk(client: Any) -> None:
        for path, kind in [("/", "text/html"), ("/static/panel.css", "text/css"), ("/static/main.js", "text/javascript")]:
            async with client.session.get(client.url + path) as answer:
                assert (answer.status, answer.content_type) == (200, kind)
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'self'" in policy and "unsafe" not in policy and "http" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Referrer-Policy"] == "no-referrer"
        async with client.session.get(client.url + "/healthz") as answer:
            assert (answer.status, (await answer.text()).strip()) == (200, "ok")
        for path in ["/static/", "/static/none.js", "/static/notes.txt", "/static/.hidden.js", "/stream/none", "/index.html"]:
            async with client.session.get(client.url + path) as answer:
                assert answer.status == 404
                assert "Content-Security-Policy" in answer.headers
        async with client.session.post(client.url + "/ws", data=b"x") as answer:
            assert answer.status == 405
        async with client.session.get(client.url + "/ws") as answer:
            assert answer.status == 400  # no upgrade

    served.run(talk)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret.js",
        "/static/..%2fsecret.js",
        "/static/%2e%2e/secret.js",
        "/static/..%5csecret.js",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/../secret.js",
        "/static/main.js%00.txt",
    ],
)
def test_no_file_outside_the_folder(serve: Serve, path: str) -> None:
    answer = raw(serve().server.port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b"\r\n")[0].split()[1] in (b"404", b"400")
    assert b"\r\n\r\nsecret" not in answer and b"root:" not in answer


def test_hosts_and_origins(serve: Serve) -> None:
    served = serve()

    async def talk(client: Any) -> None:
        for path in ["/", "/static/main.js", "/healthz", "/ws", "/stream/aux"]:
            async with client.session.get(client.url + path, headers={"Host": "evil.example.com"}) as answer:
                assert answer.status == 403
        for path in ["/ws", "/stream/aux"]:
            for origin in ["http://evil.example.com", "null", f"http://localhost:{served.server.port}"]:
                with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                    await client.session.ws_connect(client.url + path, origin=origin)
                assert caught.value.status == 403
            await (await client.session.ws_connect(client.url + path, origin=client.url)).close()

    served.run(talk)
    assert served.server.figures()["refused_403"] == "11"


def test_the_token(serve: Serve) -> None:
    served = serve(token=TOKEN)

    async def talk(client: Any) -> None:
        async def status(path: str, **options: Any) -> int:
            async with client.session.get(client.url + path, allow_redirects=False, **options) as answer:
                assert TOKEN not in await answer.text()
                return int(answer.status)

        for path in ["/", "/static/main.js", "/ws", "/stream/aux", "/?token=", "/?token=wrong", f"/?token={TOKEN}x", "/nowhere"]:
            assert await status(path) == 401
        assert await status(f"/static/main.js?token={TOKEN}") == 401  # the page's address alone takes it
        assert await status("/healthz") == 200
        assert await status("/", headers={"Authorization": f"Bearer {TOKEN}"}) == 200
        assert await status("/", headers={"Authorization": f"Bearer {TOKEN[:-1]}"}) == 401
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.page()
        assert caught.value.status == 401
        async with client.session.get(f"{client.url}/?token={TOKEN}", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "./")
            cookie = answer.headers["Set-Cookie"]
            assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and TOKEN not in cookie
        assert await status("/") == 200
        page = await client.page(Origin=client.url)
        assert (await page.ask("stop"))["ok"]
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await client.session.ws_connect(client.url + "/ws", origin="http://evil.example.com")  # the cookie alone does not do

    served.run(talk)


def test_beyond_loopback_with_a_token(serve: Serve) -> None:
    served = serve(host="0.0.0.0", token=TOKEN)

    async def talk(client: Any) -> None:
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        for host, status in [("192.168.7.7:8080", 200), ("127.0.0.1", 200), ("evil.example.com", 403)]:
            async with client.session.get(client.url + "/", headers={"Host": host, **bearer}) as answer:
                assert answer.status == status
        async with client.session.get(client.url + "/", headers={"Host": "192.168.7.7:8080"}) as answer:
            assert answer.status == 401

    served.run(talk)


def test_malformed_messages(serve: Serve) -> None:
    served = serve()

    async def talk(client: Any) -> None:
        page = await client.page()
        for text in ["{", "[]", "nonsense"]:
            await page.socket.send_str(text)
        assert await page.closed() == 1003
        page = await client.page()
        for _ in range(10):  # with a number that can be read each is answered
            assert not (await page.ask("focus", by="distance", value="near"))["ok"]
        await page.socket.send_bytes(b"\x00\x01")
        assert await page.closed() == 1003
        page = await client.page()
        assert (await page.ask("focus", by="distance", value=2.5))["ok"]
        await page.socket.send_str('{"type":"stop","request":2' + " " * (4096 - 27) + "}")  # just what is allowed
        assert (await page.next("outcome"))["ok"]
        await page.socket.send_str("x" * 4097)
        assert await page.closed() == 1009
        page = await client.page()
        await page.socket.send_str(json.dumps({"type": "stop", "request": 1, "x": "y" * 1_000_000}))
        assert await page.closed() in (1009, 1006)  # the word may be lost with what was still being sent
        stream = await client.stream("aux")
        for _ in range(3):
            await stream.send_str("again")
        assert (await stream.receive()).data == 1003

    served.run(talk)


def test_a_flood_of_requests_is_cut_off(serve: Serve) -> None:
    served = serve(requests_per_s=20.0)
    served.desk.quiet = True

    async def talk(client: Any) -> None:
        page, other = await client.page(), await client.page()
        for k in range(60):
            await page.socket.send_str(json.dumps({"type": "stop", "request": k + 1}))
        assert await page.closed() == 1008
        assert len(served.desk.asked) <= 25
        assert (await other.ask("helm", take=True))["ok"]

    served.run(talk)


def test_too_many_open_requests_and_viewers(serve: Serve) -> None:
    served = serve(max_viewers=2)
    served.desk.quiet = True

    async def talk(client: Any) -> None:
        page, _ = await client.page(), await client.page()
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.page()
        assert caught.value.status == 503
        for k in range(65):
            await page.socket.send_str(json.dumps({"type": "stop", "request": k + 1}))
        outcome = await page.next("outcome")
        assert outcome["request"] == 65 and "64 requests" in outcome["text"]

    served.run(talk)


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "])
def test_who_never_finishes_a_request_is_let_go(serve: Serve, sent: bytes) -> None:
    served = serve(idle_s=0.3)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", served.server.port)) as slow:
        slow.settimeout(8.0)
        slow.sendall(sent)
        while slow.recv(4096):
            pass  # whatever it says, it closes
    assert time.monotonic() - began < 8.0


def test_a_half_open_socket_is_noticed(serve: Serve) -> None:
    served = serve(heartbeat_s=0.3)
    with socket.create_connection(("127.0.0.1", served.server.port)) as silent:
        upgrade = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        silent.sendall(f"{upgrade}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
        ends = time.monotonic() + 8.0
        while served.desk.gone != [1]:  # it answers no ping
            assert time.monotonic() < ends
            time.sleep(0.02)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET / HTTP/9.9\r\n\r\n",
        b"FIRE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example.com\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
        b"\x00" * 1000,
    ],
)
def test_damaged_requests(serve: Serve, capfd: pytest.CaptureFixture[str], sent: bytes) -> None:
    served = serve(idle_s=1.0)
    raw(served.server.port, sent)

    async def talk(client: Any) -> None:
        assert (await (await client.page()).ask("stop"))["ok"]

    served.run(talk)
    assert "Traceback" not in capfd.readouterr().err


texts = st.text(max_size=200) | st.dictionaries(
    st.sampled_from(["type", "request", "by", "value", "mode", "values", "take"]),
    st.sampled_from(["focus", "select", "set", "helm", "distance"]) | st.integers() | st.floats() | st.none() | st.booleans(),
).map(json.dumps)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts | st.binary(max_size=200), max_size=8))
def test_whatever_comes_the_server_lives(serve: Serve, messages: list[str | bytes]) -> None:
    served = _shared(serve)

    async def talk(client: Any) -> None:
        page = await client.page()
        for message in messages:
            if page.socket.closed:
                break
            try:
                await (page.socket.send_str(message) if isinstance(message, str) else page.socket.send_bytes(message))
            except (ConnectionError, UnicodeEncodeError):
                break
        await page.socket.close()
        other = await client.page()
        assert (await other.ask("helm", take=True))["ok"]
        await other.socket.close()

    served.run(talk)
    assert served.problems == []


def _shared(serve: Any) -> Any:
    """One server for all examples of a test."""
    if not hasattr(serve, "shared"):
        serve.shared = serve()
    return serve.shared


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_whatever_bytes_come_after_the_upgrade(serve: Serve, sent: bytes) -> None:
    served = _shared(serve)
    upgrade = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    upgrade += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    raw(served.server.port, upgrade + sent, wait_s=0.02)

    async def talk(client: Any) -> None:
        async with client.session.get(client.url + "/healthz") as answer:
            assert answer.status == 200

    served.run(talk)
    assert served.problems == []


def test_a_browser_that_vanishes_leaves_nothing_behind(serve: Serve) -> None:
    served = serve()

    async def talk(client: Any) -> None:
        for _ in range(20):
            page = await client.page()
            page.socket._conn.transport.abort()
        ends = time.monotonic() + 5.0
        while len(served.desk.gone) < 20 or served.server.viewers:
            assert time.monotonic() < ends
            await asyncio.sleep(0.01)

    served.run(talk)
