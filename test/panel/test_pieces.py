"""The small pieces: options, access, faults, streams, outbox, the bucket of tokens."""

from __future__ import annotations

import asyncio
import json
import struct
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.panel import FaultBoard, ServerOptions
from auxfocus_ros.panel.access import Access
from auxfocus_ros.panel.limits import TokenBucket
from auxfocus_ros.panel.outbox import Outbox
from auxfocus_ros.panel.streams import Picture, PictureStream, pack

TOKEN = "correct-horse-battery"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "0.0.0.0"}, "host is 0.0.0.0, which others can reach: set a token"),
        ({"host": "::"}, "which others can reach"),
        ({"host": "192.168.1.5"}, "which others can reach"),
        ({"host": "robot.local"}, "it must be an IP address"),
        ({"token": "short"}, "token has 5 characters, it must have 16 or more"),
        ({"token": "with a space in it, so long"}, "letters, digits"),
        ({"port": 70000}, "port is 70000"),
        ({"allowed_origins": ("panel.example.com",)}, "as http://host"),
        ({"allowed_origins": ("https://panel.example.com/x",)}, "as http://host"),
        ({"allowed_origins": ("https://panel.example.com",)}, "which is not this machine: set a token"),
        ({"stream_rate_hz": 0.0}, "stream_rate_hz is 0.0, it must be more than 0"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        ServerOptions(**options)


def test_options_that_can_be() -> None:
    assert str(ServerOptions(host="localhost").address) == "127.0.0.1"
    ServerOptions(host="::1", allowed_origins=("http://localhost:3000",))
    ServerOptions(host="0.0.0.0", token=TOKEN, allowed_origins=("https://panel.example.com", "http://10.0.0.2:8080"))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.9.9.9", "[::1]:8080", "ours.example.com:80"])
def test_hosts_that_are_this_machine(host: str) -> None:
    options = ServerOptions(token=TOKEN, allowed_origins=("http://ours.example.com",))
    assert Access(options).refuse_host(host) is None


@pytest.mark.parametrize(
    "host",
    [None, "", "evil.example.com", "localhost.evil.com", "127.0.0.1.evil.com", "192.168.1.5", "::1", "a b", "[::1", "0x7f.1"],
)
def test_hosts_that_are_not(host: str | None) -> None:
    refusal = Access(ServerOptions()).refuse_host(host)
    assert refusal is not None and refusal.status == 403


def test_beyond_loopback_an_address_is_no_name_to_rebind() -> None:
    access = Access(ServerOptions(host="0.0.0.0", token=TOKEN))
    assert access.refuse_host("192.168.1.5:8080") is None
    assert access.refuse_host("evil.example.com") is not None


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "localhost:8080", True),  # no browser
        ("http://localhost:8080", "localhost:8080", True),
        ("https://localhost:8080", "localhost:8080", True),
        ("http://Ours.example.com", "localhost:8080", True),
        ("http://localhost:8081", "localhost:8080", False),
        ("http://127.0.0.1:8080", "localhost:8080", False),
        ("http://evil.example.com", "localhost:8080", False),
        ("http://localhost:8080.evil.com", "localhost:8080", False),
        ("null", "localhost:8080", False),
        ("", "localhost:8080", False),
        ("file://", "localhost:8080", False),
    ],
)
def test_origins(origin: str | None, host: str, allowed: bool) -> None:
    access = Access(ServerOptions(token=TOKEN, allowed_origins=("http://ours.example.com",)))
    assert (access.refuse_origin(origin, host) is None) == allowed


def test_tokens() -> None:
    access, other = Access(ServerOptions(token=TOKEN)), Access(ServerOptions(token=TOKEN + "x"))
    assert access.refuse_token(f"Bearer {TOKEN}", {}) is None
    assert access.refuse_token(None, {access.cookie_name: access.cookie_value}) is None
    for authorization, cookies in [
        (None, {}),
        ("", {}),
        (TOKEN, {}),
        (f"Bearer {TOKEN}x", {}),
        ("Bearer ", {}),
        ("Bearer ü", {}),
        (None, {access.cookie_name: TOKEN}),
        (None, {access.cookie_name: other.cookie_value}),
        (None, {access.cookie_name: "\udcff"}),
    ]:
        refusal = access.refuse_token(authorization, cookies)
        assert refusal is not None and refusal.status == 401
    assert access.cookie_name != other.cookie_name
    assert TOKEN not in access.cookie_value
    assert Access(ServerOptions()).refuse_token(None, {}) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_the_door(first: str, second: str) -> None:
    access = Access(ServerOptions(token=TOKEN))
    access.refuse_host(first)
    access.refuse_origin(first, second)
    assert access.refuse_token(first, {access.cookie_name: second}) is not None


def test_a_fault_is_raised_once_changed_once_and_cleared_once() -> None:
    now_s = [50.0]
    said: list[dict[str, Any]] = []
    board = FaultBoard(lambda message: said.append(dict(message)), lambda: now_s[0])
    for age_s in range(3):
        board.set("lens", "diagnostics", f"the last lens state is {age_s}.5 s old", level="warning")
    assert said == [
        {"type": "fault", "source": "lens", "level": "warning", "text": "the last lens state is 0.5 s old",
         "since_ms": 50000.0, "cleared": False}
    ]  # fmt: skip
    now_s[0] = 51.0
    board.set("lens", "silent", "the lens does not answer")
    assert (said[-1]["level"], said[-1]["since_ms"]) == ("error", 50000.0)
    assert said[-1]["text"] == "the lens does not answer; the last lens state is 2.5 s old"
    board.set("aux_focus", "diagnostics", "no depth", level="warning", for_s=5.0)
    board.clear("lens", "silent")
    assert said[-1]["text"] == "the last lens state is 2.5 s old" and said[-1]["level"] == "warning"
    board.clear("lens", "diagnostics")
    assert said[-1]["cleared"] and said[-1]["source"] == "lens"
    count = len(said)
    board.clear("lens", "diagnostics")
    board.clear("nobody", "x")
    board.tick()
    assert len(said) == count
    now_s[0] = 56.0
    board.tick()
    assert said[-1] == {**said[-1], "source": "aux_focus", "cleared": True}
    board.set("lens", "silent", "the lens does not answer")
    assert said[-1]["since_ms"] == 56000.0


def test_a_stream_gives_the_newest_and_waits_for_newer() -> None:
    async def talk() -> None:
        stream = PictureStream()
        waiting = asyncio.create_task(stream.newer_than(0))
        await asyncio.sleep(0)
        for k in range(1, 4):
            stream.offer({"k": k}, b"x")
        assert (await waiting).serial == 3
        assert (await stream.newer_than(0)).header == {"k": 3}
        waiting = asyncio.create_task(stream.newer_than(3))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        stream.offer({"k": 4}, b"y")
        assert (await waiting).jpeg == b"y"
        stream.clear()
        waiting = asyncio.create_task(stream.newer_than(0))
        await asyncio.sleep(0.01)
        assert not waiting.done()  # what nobody looked at has aged
        waiting.cancel()

    asyncio.run(talk())


def test_a_packed_picture() -> None:
    packed = pack(Picture(9, {"stamp": [1, 2], "width": 4, "height": 3}, b"\xff\xd8jpeg"), 1234.5, 6)
    length = struct.unpack(">I", packed[:4])[0]
    assert json.loads(packed[4 : 4 + length]) == {"stamp": [1, 2], "width": 4, "height": 3, "sent_ms": 1234.5, "dropped": 6}
    assert packed[4 + length :] == b"\xff\xd8jpeg"


def test_an_outbox_keeps_the_newest_state_and_every_event() -> None:
    async def talk() -> None:
        box = Outbox()
        box.put_state("lens", "lens 1", 0.0)
        box.put_event("outcome", "outcome 1", 0.0)
        box.put_state("lens", "lens 2", 1.0)
        box.put_event("outcome", "outcome 2", 1.0)
        assert [(await box.next()).text for _ in range(3)] == ["lens 2", "outcome 1", "outcome 2"]
        assert box.replaced == 1
        waiting = asyncio.create_task(box.next())
        await asyncio.sleep(0)
        box.put_state("lens", "lens 3", 2.0)
        assert await waiting == ("lens 3", 2.0, "lens")
        assert not box.overflown

    asyncio.run(talk())


def test_a_bucket_lets_through_what_it_holds_and_what_flows_in() -> None:
    now_s = [0.0]
    bucket = TokenBucket(10.0, lambda: now_s[0])
    assert [bucket.take() for _ in range(12)] == [True] * 10 + [False] * 2
    now_s[0] = 0.25
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now_s[0] = 100.0
    assert sum(bucket.take() for _ in range(20)) == 10


def test_importing_the_room_needs_neither_aiohttp_nor_ros() -> None:
    code = "import sys, auxfocus_ros.panel; print(sorted({'aiohttp', 'rclpy', 'numpy', 'cv2'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
