"""A real server on a free port, and what tests ask of it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from auxfocus_ros.panel import Answer, PanelServer, Request, ServerOptions


class RecordingDesk:
    """Takes what comes and answers it at once, unless it is told to keep quiet."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, Request]] = []
        self.waiting: list[Answer] = []
        self.gone: list[int] = []
        self.streams: list[frozenset[str]] = []
        self.quiet = False

    def ask(self, viewer: int, request: Request, answer: Answer) -> None:
        self.asked.append((viewer, request))
        if self.quiet:
            self.waiting.append(answer)
        else:
            threading.Thread(target=answer, args=(True, f"did {request.of}")).start()

    def left(self, viewer: int) -> None:
        self.gone.append(viewer)

    def watched(self, streams: frozenset[str]) -> None:
        self.streams.append(streams)


class Page:
    """A browser's side of the socket for states."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []
        self.number = 0

    async def next(self, kind: str, timeout_s: float = 5.0) -> dict[str, Any]:
        """The next message of a type; others are kept in `heard`."""
        while True:
            message = await asyncio.wait_for(self.socket.receive(), timeout_s)
            assert message.type.name == "TEXT", f"{message.type.name} {message.data!r} while waiting for {kind}"
            self.heard.append(json.loads(message.data))
            if self.heard[-1]["type"] == kind:
                return self.heard[-1]

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a request and wait for its outcome."""
        self.number += 1
        await self.socket.send_str(json.dumps({"type": kind, "request": self.number, **fields}))
        while (outcome := await self.next("outcome"))["request"] != self.number:
            pass
        return outcome

    async def closed(self, timeout_s: float = 5.0) -> int:
        """Read on until the socket is closed; the code that the server gave."""
        import aiohttp

        given = 0
        while not self.socket.closed:
            message = await asyncio.wait_for(self.socket.receive(), timeout_s)
            if message.type is aiohttp.WSMsgType.CLOSE:
                given = int(message.data)
        # aiohttp's own code is 1006 where the connection has ended before its answer was written.
        return given or int(self.socket.close_code or 0)


class Client:
    """An HTTP client for the server under test."""

    def __init__(self, session: Any, server: PanelServer) -> None:
        self.session = session
        self.server = server
        self.url = f"http://127.0.0.1:{server.port}"

    async def page(self, **headers: str) -> Page:
        """Open the socket for states and read the greeting."""
        page = Page(await self.session.ws_connect(f"{self.url}/ws", headers=headers))
        await page.next("hello")
        return page

    async def stream(self, name: str) -> Any:
        """Open a socket for pictures."""
        return await self.session.ws_connect(f"{self.url}/stream/{name}", max_msg_size=0)


class Served:
    """A server that runs, its desk, and a way to run a client's coroutine against it."""

    def __init__(self, server: PanelServer, desk: RecordingDesk, problems: list[str]) -> None:
        self.server, self.desk, self.problems = server, desk, problems

    def run(self, talk: Callable[[Client], Coroutine[Any, Any, Any]]) -> Any:
        """Run a coroutine that is handed a client; bounded."""
        import aiohttp

        async def main() -> Any:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
                return await asyncio.wait_for(talk(Client(session, self.server)), 20.0)

        return asyncio.run(main())


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """`serve(**options)`: a server on a free port; stopped after the test, with nothing gone wrong inside."""
    running: list[Served] = []
    static = tmp_path / "static"
    static.mkdir()
    (static / "index.html").write_text("<!doctype html><title>panel</title>")
    (static / "panel.css").write_text("body { color: black }")
    (static / "main.js").write_text("export {};")
    (static / "notes.txt").write_text("not for the page")
    (tmp_path / "secret.js").write_text("secret")

    def start(**options: Any) -> Served:
        desk, problems = RecordingDesk(), []
        server = PanelServer(ServerOptions(**{"port": 0, "static": static, **options}), desk, problems.append)
        server.start()
        running.append(Served(server, desk, problems))
        return running[-1]

    yield start
    for served in running:
        assert served.server.stop()
        assert served.problems == []
