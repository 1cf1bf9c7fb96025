"""The real server and a real client: the greeting, requests and their outcomes, the helm, pictures, and the end."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.panel import FocusRequest, PanelServer, ServerOptions

Serve = Callable[..., Any]


def lens(position: float) -> dict[str, Any]:
    return {"type": "lens", "alive": True, "position_steps": position}


def fault(source: str, cleared: bool = False) -> dict[str, Any]:
    return {"type": "fault", "source": source, "level": "error", "text": "broken", "since_ms": 1.0, "cleared": cleared}


def unpacked(data: bytes) -> tuple[dict[str, Any], bytes]:
    length = struct.unpack(">I", data[:4])[0]
    return json.loads(data[4 : 4 + length]), data[4 + length :]


async def until(condition: Callable[[], Any], timeout_s: float = 5.0) -> Any:
    ends = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < ends, "waited too long"
        await asyncio.sleep(0.01)
    return value


def test_who_comes_late_learns_what_is_known(serve: Serve) -> None:
    served = serve()
    served.server.describe_options([{"name": "opacity", "kind": "float", "value": 0.9}])
    served.server.publish(lens(1.0))
    served.server.publish(lens(2.0))
    served.server.publish({"type": "autofocus", "available": True, "mode": "off", "state": "idle", "message": ""})
    served.server.publish(fault("lens"))
    served.server.publish(fault("aux_focus"))
    served.server.publish(fault("aux_focus", cleared=True))

    async def talk(client: Any) -> None:
        page = await client.page()
        hello = page.heard[0]
        assert hello == {**hello, "type": "hello", "version": 1, "viewer": 1, "helm": 1, "viewers": 1, "autofocus": True}
        assert hello["options"] == [{"name": "opacity", "kind": "float", "value": 0.9}]
        assert hello["streams"] == ["aux", "camera"] and "disconnects" in hello["rule"]
        helm = await page.next("helm")
        assert helm == {"type": "helm", "helm": 1, "you": True, "wanted_by": [], "viewers": 1}
        await page.socket.send_str('{"type":"ping","sent_ms":17.5}')
        assert await page.next("pong") == {"type": "pong", "sent_ms": 17.5}
        kinds = [message["type"] for message in page.heard]
        assert kinds[0] == "hello" and sorted(kinds) == ["autofocus", "fault", "hello", "helm", "lens", "pong"]
        assert next(m for m in page.heard if m["type"] == "lens")["position_steps"] == 2.0
        assert next(m for m in page.heard if m["type"] == "fault")["source"] == "lens"
        served.server.describe_options([])
        assert (await page.next("hello"))["options"] == []

    served.run(talk)


def test_what_cannot_be_sent_is_said_to_the_caller(serve: Serve) -> None:
    served = serve()
    with pytest.raises(InputError):
        served.server.publish(lens(math.nan))


def test_requests_reach_the_desk_and_are_answered(serve: Serve) -> None:
    served = serve()

    async def talk(client: Any) -> None:
        page = await client.page()
        outcome = await page.ask("focus", by="distance", value="infinity")
        assert outcome == {"type": "outcome", "of": "focus", "request": 1, "ok": True, "text": "did focus"}
        assert served.desk.asked == [(1, FocusRequest(1, "distance", math.inf))]
        outcome = await page.ask("focus", by="eye", value=1)
        assert (outcome["of"], outcome["ok"]) == ("focus", False) and "by is 'eye'" in outcome["text"]
        outcome = await page.ask("fire")
        assert (outcome["of"], outcome["ok"]) == ("request", False)
        for kind, fields in [
            ("stop", {}),
            ("select", {"mode": "automatic"}),
            ("set", {"values": {"opacity": 0.5}}),
            ("enable", {"value": True}),
            ("autofocus", {"mode": "once"}),
        ]:
            outcome = await page.ask(kind, **fields)
            assert (outcome["of"], outcome["ok"]) == (kind, True)

    served.run(talk)


def test_an_answer_comes_once_and_not_to_who_has_gone(serve: Serve) -> None:
    served = serve()
    served.desk.quiet = True

    async def talk(client: Any) -> None:
        page = await client.page()
        await page.socket.send_str('{"type":"stop","request":1}')
        await page.socket.send_str('{"type":"stop","request":2}')
        await until(lambda: len(served.desk.waiting) == 2)
        for answer in (served.desk.waiting[0], served.desk.waiting[0]):
            answer(False, "no")
        served.desk.waiting[1](True, "yes")
        assert [(await page.next("outcome"))["request"] for _ in range(2)] == [1, 2]
        await page.socket.send_str('{"type":"stop","request":3}')
        await until(lambda: len(served.desk.waiting) == 3)
        await page.socket.close()
        await until(lambda: served.desk.gone)
        served.desk.waiting[2](True, "too late")
        other = await client.page()
        assert (await other.ask("helm", take=True))["ok"]
        assert not any(m["type"] == "outcome" and m["text"] == "too late" for m in other.heard)

    served.run(talk)
    served.desk.waiting[0](True, "much too late")


def test_a_desk_that_fails_is_said_and_the_socket_lives(serve: Serve) -> None:
    served = serve()

    def fail(*_: Any) -> None:
        raise RuntimeError("out of order")

    served.desk.ask = fail

    async def talk(client: Any) -> None:
        page = await client.page()
        assert not (await page.ask("stop"))["ok"]
        assert (await page.ask("helm", take=True))["ok"]

    served.run(talk)
    assert "out of order" in served.problems.pop()


def test_two_viewers_and_one_helm(serve: Serve) -> None:
    served = serve(helm_timeout_s=0.5)

    async def talk(client: Any) -> None:
        first, second = await client.page(), await client.page()
        outcome = await second.ask("stop")
        assert not outcome["ok"] and outcome["text"] == "viewer 1 is at the helm: take the helm first"
        assert (await second.ask("helm", take=True))["text"].startswith("viewer 1 has been asked")
        while (helm := await first.next("helm"))["wanted_by"] != [2]:
            pass
        assert helm["you"] and helm["viewers"] == 2
        assert (await first.ask("helm", take=True))["ok"]  # keeps it
        assert (await second.ask("stop"))["ok"] is False
        assert (await second.ask("helm", take=True))["ok"]
        while not (helm := await second.next("helm"))["you"]:  # unanswered: handed over
            pass
        assert helm["helm"] == 2 and helm["wanted_by"] == []
        assert (await second.ask("stop"))["ok"]
        assert not (await first.ask("stop"))["ok"]
        assert not (await first.ask("helm", give=1))["ok"]
        assert (await second.ask("helm", give=1))["text"] == "viewer 1 is at the helm"
        await first.socket.close()
        while (await second.next("helm"))["helm"] is not None:
            pass
        assert (await second.ask("stop"))["text"] == "nobody is at the helm: take the helm first"
        assert (await second.ask("helm", take=True))["ok"] and (await second.ask("stop"))["ok"]
        assert served.desk.gone == [1]

    served.run(talk)


def test_pictures_newest_first_and_never_older(serve: Serve) -> None:
    served = serve(stream_rate_hz=1e6)
    header = {"width": 4, "height": 3}

    async def talk(client: Any) -> None:
        fast, slow = await client.stream("aux"), await client.stream("aux")
        await until(lambda: served.desk.streams)
        assert served.desk.streams == [frozenset({"aux"})]
        seen = []
        for k in range(20):
            served.server.offer_picture("aux", {"stamp": [k, 0], **header}, b"jpeg%d" % k)
            told, jpeg = unpacked(await fast.receive_bytes(timeout=5))
            assert jpeg == b"jpeg%d" % k and told["dropped"] == 0 and told["sent_ms"] > 1e12
            seen.append(told["stamp"][0])
            await fast.send_str("next")
        assert seen == list(range(20))
        # The slow one was sent the first and asks only now: the newest, and how many it missed.
        told, _ = unpacked(await slow.receive_bytes(timeout=5))
        assert told["stamp"][0] == 0
        with pytest.raises(asyncio.TimeoutError):
            await slow.receive_bytes(timeout=0.1)  # one is under way at most
        await slow.send_str("next")
        told, _ = unpacked(await slow.receive_bytes(timeout=5))
        assert (told["stamp"][0], told["dropped"]) == (19, 18)
        await slow.close()
        camera = await client.stream("camera")
        await until(lambda: len(served.desk.streams) == 2)
        await fast.close()
        await camera.close()
        await until(lambda: len(served.desk.streams) == 4)
        assert [sorted(streams) for streams in served.desk.streams[1:]] == [["aux", "camera"], ["camera"], []]
        again = await client.stream("aux")
        with pytest.raises(asyncio.TimeoutError):
            await again.receive_bytes(timeout=0.1)  # nothing that was there before anybody looked

    served.run(talk)
    figures = served.server.figures()
    assert (figures["aux.pictures_sent"], figures["aux.pictures_dropped"]) == ("22", "18")


def test_a_viewer_that_reads_nothing_slows_nobody(serve: Serve) -> None:
    served = serve(stream_rate_hz=1e6)

    async def talk(client: Any) -> None:
        frozen = socket.create_connection(("127.0.0.1", served.server.port))
        frozen.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        upgrade = "GET /stream/aux HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        frozen.sendall(f"{upgrade}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
        fast = await client.stream("aux")
        await asyncio.sleep(0.1)
        for k in range(30):
            served.server.offer_picture("aux", {"stamp": [k, 0], "width": 1, "height": 1}, bytes(1 << 20))
            assert unpacked(await fast.receive_bytes(timeout=5))[0]["stamp"] == [k, 0]
            await fast.send_str("next")
        frozen.close()

    served.run(talk)


def test_the_rate_of_a_stream_has_a_cap(serve: Serve) -> None:
    served = serve(stream_rate_hz=5.0)

    async def talk(client: Any) -> list[int]:
        stream, got, ends = await client.stream("aux"), [], time.monotonic() + 1.0
        k = 0
        while time.monotonic() < ends:
            served.server.offer_picture("aux", {"stamp": [k, 0]}, b"x")
            k += 1
            await asyncio.sleep(0.01)
            try:
                got.append(unpacked(await stream.receive_bytes(timeout=0.01))[0]["stamp"][0])
                await stream.send_str("next")
            except asyncio.TimeoutError:
                continue
        return got

    got = served.run(talk)
    assert 2 <= len(got) <= 7 and got == sorted(got)


def test_states_are_newest_wins_on_a_slow_socket(serve: Serve) -> None:
    served = serve()

    async def talk(client: Any) -> None:
        page = await client.page()
        await page.next("helm")
        page.socket._conn.transport.pause_reading()
        long = "x" * 2000
        for k in range(3000):
            served.server.publish({**lens(k), "filler": long})
            if k % 100 == 0:
                await asyncio.sleep(0.002)
        await asyncio.sleep(0.05)
        page.socket._conn.transport.resume_reading()
        positions = []
        while not positions or positions[-1] < 2999:
            positions.append((await page.next("lens"))["position_steps"])
        assert positions == sorted(positions) and len(positions) < 2900

    served.run(talk)


def test_the_end_closes_every_socket_with_1001(serve: Serve) -> None:
    served = serve()

    async def talk(client: Any) -> None:
        pages = [await client.page(), await client.page()]
        stream = await client.stream("camera")
        stopping = threading.Thread(target=served.server.stop)
        began = time.monotonic()
        stopping.start()
        assert await asyncio.gather(*(page.closed() for page in pages)) == [1001, 1001]
        assert (await stream.receive()).data == 1001
        await asyncio.to_thread(stopping.join)
        assert time.monotonic() - began < 6.0
        with pytest.raises(OSError, match="Cannot connect"):
            await client.session.get(client.url)

    served.run(talk)
    assert not any(thread.name == "operator_panel" for thread in threading.enumerate())
    served.server.publish(lens(1.0))  # for nobody
    assert served.server.stop()


def test_the_end_does_not_wait_for_who_does_not_answer(serve: Serve) -> None:
    served = serve()
    with socket.create_connection(("127.0.0.1", served.server.port)) as frozen:
        upgrade = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        frozen.sendall(f"{upgrade}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
        assert frozen.recv(12) == b"HTTP/1.1 101"
        assert served.server.stop()


def test_a_port_in_use_and_one_that_is_not_ours() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = PanelServer(ServerOptions(port=port), None)  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError, match=f"port {port} of 127.0.0.1 is in use: stop what listens there"):
            server.start()
        assert server.stop()
    with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1, which is not an address of this machine"):
        PanelServer(ServerOptions(host="192.0.2.1", token="x" * 16, port=0), None).start()  # type: ignore[arg-type]


def test_it_starts_again_on_the_same_port(serve: Serve) -> None:
    first = serve()
    port = first.server.port
    assert first.server.stop()
    assert serve(port=port).server.port == port
