"""The server's thread: one event loop, fed from other threads, with a bound on its start and on its end."""

from __future__ import annotations

import asyncio
import errno
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from auxfocus_ros.errors import AuxfocusError, ConfigurationError, MissingLibraryError
from auxfocus_ros.panel.options import ServerOptions
from auxfocus_ros.panel.protocol import encode
from auxfocus_ros.panel.requests import Desk
from auxfocus_ros.panel.site import Site
from auxfocus_ros.panel.viewers import Viewers

if TYPE_CHECKING:
    from aiohttp import web

START_S = 10.0
STOP_S = 6.0
TICK_S = 0.1
MAX_CONNECTIONS = 256
_log = logging.getLogger("auxfocus_ros.panel")
_log.addHandler(logging.NullHandler())
_log.propagate = False  # aiohttp would log a traceback for each damaged request of anybody


class PanelServer:
    """Serves the operator's page from a thread of its own.

    Everything public may be called from any thread. What is published before the start, or after the end, is kept for nobody.
    """

    def __init__(self, options: ServerOptions, desk: Desk, problem: Callable[[str], None] = _log.error) -> None:
        """desk: who answers what browsers ask. problem: told in one line what fails inside; called in the server's thread."""
        self._options = options
        self._desk = desk
        self._problem = problem
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._site: Site | None = None
        self._viewers: Viewers | None = None
        self._stopping: asyncio.Event | None = None
        self._started = threading.Event()
        self._failure: Exception | None = None
        self.port = 0
        """Where it listens, once it does."""

    def start(self) -> int:
        """Listen; the port.

        Raises:
            ConfigurationError: the port is in use or not permitted, or the address is not this machine's.
            MissingLibraryError: aiohttp is not installed.
        """
        try:
            import aiohttp  # noqa: F401
        except ImportError:
            raise MissingLibraryError("the operator's page needs aiohttp: install python3-aiohttp, or aiohttp by pip") from None
        self._thread = threading.Thread(target=self._run, name="operator_panel", daemon=True)
        self._thread.start()
        if not self._started.wait(START_S):
            self.stop()
            raise AuxfocusError(f"the operator's page was not served within {START_S:g} s")
        if self._failure is not None:
            self._thread.join(STOP_S)
            raise self._explained(self._failure)
        return self.port

    def stop(self) -> bool:
        """Close every socket with 1001, stop listening and end the thread; False when it did not end in time."""
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        self._call(lambda: self._stopping.set() if self._stopping is not None else None)
        thread.join(STOP_S)
        return not thread.is_alive()

    def publish(self, message: Mapping[str, Any]) -> None:
        """Tell every page, and each that opens later, a state; `message["type"]` says which.

        Raises:
            InputError: the message holds what JSON cannot say (NaN, an infinity).
        """
        text = encode(message)
        if self._viewers is not None:
            self._call(self._viewers.publish, message, text)

    def describe_options(self, descriptors: Sequence[Mapping[str, Any]]) -> None:
        """The display options from now on, each with its name, kind, value, range and description."""
        encode({"type": "options", "descriptors": list(descriptors)})
        if self._viewers is not None:
            self._call(self._viewers.describe_options, descriptors)

    def offer_picture(self, stream: str, header: Mapping[str, Any], jpeg: bytes) -> None:
        """The newest picture of a stream, 'aux' or 'camera'. header: stamp, width and height; jpeg: its file."""
        if self._site is not None:
            self._call(self._site.streams[stream].offer, header, jpeg)

    @property
    def viewers(self) -> int:
        """How many pages are open."""
        return len(self._viewers) if self._viewers is not None else 0

    def figures(self) -> dict[str, str]:
        """Key-value pairs for diagnostics: viewers, pictures, requests and latencies since the start."""
        if self._site is None or self._viewers is None:
            return {}
        values = {"port": str(self.port), "viewers": str(self.viewers)}
        values |= {f"requests.{kind}": str(count) for kind, count in dict(self._viewers.counts).items()}
        values |= {key: str(count) for key, count in dict(self._site.counts).items()}
        waited_s = sorted(self._site.waited_s)
        if waited_s:
            values["lens_to_socket_p50_ms"] = f"{1e3 * waited_s[len(waited_s) // 2]:.2f}"
            values["lens_to_socket_p95_ms"] = f"{1e3 * waited_s[min(len(waited_s) - 1, int(0.95 * len(waited_s)))]:.2f}"
        return values

    # The thread

    def _call(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Have the loop's thread call a function; nothing happens once the loop has ended."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # closed meanwhile
            return

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            if self._started.is_set():
                self._problem(f"the operator's page is not served any more: {type(error).__name__}: {error}")
            self._failure = error
        finally:
            self._loop = None
            self._started.set()

    async def _serve(self) -> None:
        from aiohttp import web

        loop = self._loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self._problem(f"in the server: {context.get('message')}"))
        self._stopping = asyncio.Event()
        self._viewers = Viewers(self._options, self._desk, loop.time, self._call, self._problem)
        self._site = Site(self._options, self._desk, self._viewers, self._problem)
        runner = web.AppRunner(
            self._site.application(),
            access_log=None,
            logger=_log,
            keepalive_timeout=self._options.idle_s,
            shutdown_timeout=1.0,
            handle_signals=False,
        )
        await runner.setup()
        try:
            address = str(self._options.address)
            listening = await loop.create_server(lambda: self._accept(runner), address, self._options.port, backlog=64)
            self.port = int(listening.sockets[0].getsockname()[1])
            self._started.set()
            while not self._stopping.is_set():
                self._viewers.tick()
                await _wait(self._stopping, TICK_S)
            listening.close()
            await self._site.close_sockets()
        finally:
            await runner.cleanup()

    def _accept(self, runner: web.AppRunner) -> Any:
        """A connection's protocol; it is let go when it does not bring a request in time, or when there are too many."""
        assert runner.server is not None and self._loop is not None and self._site is not None
        silent, connection = self._site.silent, runner.server()
        silent.add(connection)

        def let_go() -> None:
            if connection in silent:
                silent.discard(connection)
                connection.force_close()

        crowded = len(runner.server.connections) >= MAX_CONNECTIONS
        self._loop.call_later(0.0 if crowded else self._options.idle_s, let_go)
        return connection

    def _explained(self, error: Exception) -> AuxfocusError:
        where = f"port {self._options.port} of {self._options.host}"
        number = error.errno if isinstance(error, OSError) else None
        if number == errno.EADDRINUSE:
            return ConfigurationError(f"{where} is in use: stop what listens there, or set the parameter port (0: any free one)")
        if number == errno.EACCES:
            return ConfigurationError(f"{where} is not permitted: set the parameter port to 1024 or more")
        if number == errno.EADDRNOTAVAIL:
            return ConfigurationError(f"host is {self._options.host}, which is not an address of this machine")
        return AuxfocusError(f"the operator's page cannot be served on {where}: {type(error).__name__}: {error}")


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    """Wait for an event, at most this long."""
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except asyncio.TimeoutError:
        return
