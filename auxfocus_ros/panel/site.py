"""The page over HTTP: its files, its two kinds of sockets, and the door in front of them.

aiohttp is imported where it is used, so that who does not serve the page does not need it.
"""

from __future__ import annotations

import asyncio
import re
import socket as sockets
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from auxfocus_ros.panel.access import Access, Refusal
from auxfocus_ros.panel.limits import TokenBucket
from auxfocus_ros.panel.options import ServerOptions
from auxfocus_ros.panel.protocol import MAX_TEXT_BYTES
from auxfocus_ros.panel.requests import Desk
from auxfocus_ros.panel.streams import PictureStream, pack
from auxfocus_ros.panel.viewers import MALFORMED_ALLOWED, POLICY_VIOLATION, STREAMS, UNSUPPORTED, Viewer, Viewers

if TYPE_CHECKING:
    from aiohttp import web

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

GOING_AWAY, TRY_AGAIN_LATER = 1001, 1013  # RFC 6455, 7.4.1 and its registry
CLOSE_S = 1.0
"""How long a browser may take to answer that a socket is closed."""
STATE_BUFFER_BYTES = 1 << 15
"""The kernel's buffer of a socket for states: what lies in it cannot be replaced by something newer any more."""
FULL_SOCKET_S = 0.005
REMEMBERED = 512
KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


class Site:
    """The routes and what answers on them; to be used in the event loop's thread alone."""

    def __init__(self, options: ServerOptions, desk: Desk, viewers: Viewers, problem: Callable[[str], None]) -> None:
        self._options = options
        self._desk = desk
        self._viewers = viewers
        self._problem = problem
        self._access = Access(options)
        self._sockets: set[web.WebSocketResponse] = set()
        self._watching: Counter[str] = Counter()
        self.silent: set[Any] = set()
        """Connections that have not brought a request yet."""
        self.streams = {name: PictureStream() for name in STREAMS}
        self.counts: Counter[str] = Counter()
        self.waited_s: deque[float] = deque(maxlen=REMEMBERED)
        """From when a lens state was handed over until it was given to the socket."""

    def application(self) -> web.Application:
        """The aiohttp application."""
        from aiohttp import web

        @web.middleware
        async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._door(request, handler)

        application = web.Application(middlewares=[door], client_max_size=MAX_TEXT_BYTES)
        application.on_response_prepare.append(self._add_headers)
        application.router.add_get("/", self._index)
        application.router.add_get("/static/{name}", self._static)
        application.router.add_get("/healthz", self._healthz)
        application.router.add_get("/ws", self._states)
        application.router.add_get("/stream/{name}", self._pictures)
        return application

    async def close_sockets(self) -> None:
        """Tell every browser that the server goes; bounded."""
        closing = [
            asyncio.create_task(one.close(code=GOING_AWAY, message=b"the panel is shutting down")) for one in self._sockets
        ]
        if closing:
            await asyncio.wait(closing, timeout=2 * CLOSE_S)

    # The door

    async def _door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        from aiohttp import web

        self.silent.discard(request.protocol)
        refusal = self._refusal(request)
        if refusal is not None:
            self.counts[f"refused_{refusal.status}"] += 1
            return web.Response(status=refusal.status, text=refusal.text + "\n")
        try:
            return await handler(request)
        except (web.HTTPException, asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:
            self._problem(f"a request for {request.path!r} failed: {type(error).__name__}: {error}")
            return web.Response(status=500, text="this failed: see the log of the node\n")

    def _refusal(self, request: web.Request) -> Refusal | None:
        headers, path = request.headers, request.path
        refusal = self._access.refuse_host(headers.get("Host"))
        if refusal is None and (path == "/ws" or path.startswith("/stream/")):
            refusal = self._access.refuse_origin(headers.get("Origin"), headers.get("Host"))
        if refusal is None and path != "/healthz" and not (path == "/" and "token" in request.query):
            refusal = self._access.refuse_token(headers.get("Authorization"), request.cookies)
        return refusal

    async def _add_headers(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)

    # Files

    async def _index(self, request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        if "token" not in request.query:
            return self._file("index.html")
        if self._options.token and not self._access.is_token(request.query["token"]):
            self.counts["refused_401"] += 1
            return web.Response(status=401, text="that is not the token\n")
        # The bare address, so that the token stands neither in the history nor in what is copied from the address bar.
        answer = web.Response(status=303, headers={"Location": "./"})
        if self._options.token:
            access = self._access
            answer.set_cookie(access.cookie_name, access.cookie_value, httponly=True, samesite="Strict", path="/")
        return answer

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return self._file(request.match_info["name"])

    def _file(self, name: str) -> web.Response:
        from aiohttp import web

        path = self._options.static / name
        kind = KINDS.get(path.suffix)
        if not _NAME.fullmatch(name) or kind is None or not path.is_file():
            return web.Response(status=404, text="there is no such file\n")
        return web.Response(body=path.read_bytes(), content_type=kind, charset="utf-8" if kind.startswith("text/") else None)

    async def _healthz(self, _: web.Request) -> web.StreamResponse:
        from aiohttp import web

        return web.Response(text="ok\n")

    # States and requests

    async def _states(self, request: web.Request) -> web.StreamResponse:
        if len(self._viewers) >= self._options.max_viewers:
            return self._full()
        opened = await self._open(request)
        transport = request.transport
        raw = transport.get_extra_info("socket") if transport is not None else None
        if raw is not None:
            raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, STATE_BUFFER_BYTES)
        viewer = self._viewers.join()
        sender = asyncio.create_task(self._send_letters(opened, transport, viewer))
        try:
            await self._receive(opened, lambda text: self._viewers.received(viewer, text))
        finally:
            self._viewers.leave(viewer)
            await self._end(opened, sender)
        return opened

    async def _send_letters(self, opened: web.WebSocketResponse, transport: Any, viewer: Viewer) -> None:
        loop = asyncio.get_running_loop()
        while True:
            letter = await viewer.outbox.next()
            await opened.send_str(letter.text)
            if letter.kind == "lens":
                self.waited_s.append(loop.time() - letter.put_s)
            # What waits here can still be replaced by something newer; what the socket has taken cannot.
            while transport.get_write_buffer_size() and not transport.is_closing():
                if viewer.outbox.overflown:
                    await opened.close(code=TRY_AGAIN_LATER, message=b"too slow")
                    return
                await asyncio.sleep(FULL_SOCKET_S)

    # Pictures

    async def _pictures(self, request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        name = request.match_info["name"]
        if name not in STREAMS:
            return web.Response(status=404, text=f"there are the streams {', '.join(STREAMS)}\n")
        if self._watching[name] >= self._options.max_viewers:
            return self._full()
        opened = await self._open(request)
        self._watch(name, 1)
        wanted = asyncio.Event()
        wanted.set()  # the first picture needs no asking
        bucket = TokenBucket(self._options.requests_per_s, asyncio.get_running_loop().time)
        sender = asyncio.create_task(self._send_pictures(opened, name, wanted))
        malformed = 0

        def received(text: str) -> int | None:
            nonlocal malformed
            if not bucket.take():
                return POLICY_VIOLATION
            if text == "next":
                wanted.set()
                return None
            malformed += 1
            return UNSUPPORTED if malformed > MALFORMED_ALLOWED else None

        try:
            await self._receive(opened, received)
        finally:
            self._watch(name, -1)
            await self._end(opened, sender)
        return opened

    async def _send_pictures(self, opened: web.WebSocketResponse, name: str, wanted: asyncio.Event) -> None:
        loop, stream = asyncio.get_running_loop(), self.streams[name]
        serial, due_s = 0, 0.0
        while True:
            await wanted.wait()
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            picture = await stream.newer_than(serial)
            wanted.clear()
            dropped = picture.serial - serial - 1 if serial else 0
            serial, due_s = picture.serial, loop.time() + 1.0 / self._options.stream_rate_hz
            await opened.send_bytes(pack(picture, round(1e3 * time.time(), 1), dropped))
            self.counts[f"{name}.pictures_sent"] += 1
            self.counts[f"{name}.pictures_dropped"] += dropped

    def _watch(self, name: str, change: int) -> None:
        before = frozenset(+self._watching)
        self._watching[name] += change
        after = frozenset(+self._watching)
        if before != after:
            self.streams[name].clear()
            self._desk.watched(after)

    # Both kinds of sockets

    def _full(self) -> web.Response:
        from aiohttp import web

        return web.Response(status=503, text=f"{self._options.max_viewers} viewers are here already\n")

    async def _open(self, request: web.Request) -> web.WebSocketResponse:
        from aiohttp import web

        opened = web.WebSocketResponse(
            timeout=CLOSE_S, heartbeat=self._options.heartbeat_s, compress=False, max_msg_size=MAX_TEXT_BYTES + 1
        )
        await opened.prepare(request)
        self._sockets.add(opened)
        return opened

    async def _receive(self, opened: web.WebSocketResponse, received: Callable[[str], int | None]) -> None:
        """Take texts until the socket is closed, by either side."""
        from aiohttp import WSMsgType

        async for message in opened:
            code = received(message.data) if message.type is WSMsgType.TEXT else UNSUPPORTED
            if message.type is WSMsgType.ERROR:  # aiohttp has closed it: too large, or not the protocol
                self.counts["broken_sockets"] += 1
                return
            if code is not None:
                self.counts[f"closed_{code}"] += 1
                await opened.close(code=code)
                return

    async def _end(self, opened: web.WebSocketResponse, sender: asyncio.Task[None]) -> None:
        self._sockets.discard(opened)
        sender.cancel()
        ended = (await asyncio.gather(sender, return_exceptions=True))[0]
        if isinstance(ended, Exception) and not isinstance(ended, (ConnectionError, RuntimeError)):
            self._problem(f"sending to a browser failed: {type(ended).__name__}: {ended}")
