"""Who looks at the page, what each of them is told, and what becomes of what they ask.

Everything here happens in the event loop's thread and knows no sockets: texts come in, letters go into each viewer's outbox.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from auxfocus_ros.errors import InputError
from auxfocus_ros.panel.helm import Helm, HelmState
from auxfocus_ros.panel.limits import TokenBucket
from auxfocus_ros.panel.options import ServerOptions
from auxfocus_ros.panel.outbox import Outbox
from auxfocus_ros.panel.protocol import ProtocolError, encode, parse
from auxfocus_ros.panel.requests import Desk, HelmRequest, PingRequest, Request

VERSION = 1
STREAMS = ("aux", "camera")
UNSUPPORTED, POLICY_VIOLATION = 1003, 1008  # RFC 6455, 7.4.1
MALFORMED_ALLOWED = 2
MAX_OPEN = 64
"""Requests of one viewer that may be without an answer at a time."""
LOST_HELM_RULE = (
    "When the browser at the helm disconnects in the middle of a drag, the lens finishes the last wish that was sent to it and "
    "rests there; a wish that was still waiting is dropped. The helm goes to whoever asked for it first, else it lies free."
)


class Viewer:
    """One page that is open."""

    def __init__(self, number: int, bucket: TokenBucket) -> None:
        self.number = number
        self.outbox = Outbox()
        self.bucket = bucket
        self.malformed = 0
        self.open: set[int] = set()


class Viewers:
    """All pages that are open; see the module's text."""

    def __init__(
        self,
        options: ServerOptions,
        desk: Desk,
        clock: Callable[[], float],
        call_in_loop: Callable[..., None],
        problem: Callable[[str], None],
    ) -> None:
        """clock: steady seconds. call_in_loop: has the loop's thread call a function. problem: told what fails in the desk."""
        self._options = options
        self._desk = desk
        self._clock = clock
        self._call_in_loop = call_in_loop
        self._problem = problem
        self._helm = Helm(options.helm_timeout_s, clock)
        self._viewers: dict[int, Viewer] = {}
        self._numbers = itertools.count(1)
        self._tickets = itertools.count(1)
        self._descriptors: Sequence[Mapping[str, Any]] = ()
        self._states: dict[str, str] = {}
        self._faults: dict[str, str] = {}
        self._autofocus = False
        self._told_helm: HelmState | None = None
        self.counts: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._viewers)

    # Coming and going

    def join(self) -> Viewer:
        """A page opens."""
        viewer = Viewer(next(self._numbers), TokenBucket(self._options.requests_per_s, self._clock))
        self._viewers[viewer.number] = viewer
        self._helm.join(viewer.number)
        self._greet(viewer)
        self._tell_helm()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """A page is gone."""
        self._viewers.pop(viewer.number, None)
        self._helm.leave(viewer.number)
        viewer.open.clear()
        self._tell_helm()
        self._desk.left(viewer.number)

    # Out

    def publish(self, message: Mapping[str, Any], text: str) -> None:
        """Tell everybody, and who comes later. text: the message encoded."""
        kind, now_s = str(message["type"]), self._clock()
        if kind == "fault":
            self._faults.pop(message["source"], None)
            if not message["cleared"]:
                self._faults[message["source"]] = text
            for viewer in self._viewers.values():
                viewer.outbox.put_event(kind, text, now_s)
            return
        if kind == "autofocus":
            self._autofocus = bool(message["available"])
        self._states[kind] = text
        for viewer in self._viewers.values():
            viewer.outbox.put_state(kind, text, now_s)

    def describe_options(self, descriptors: Sequence[Mapping[str, Any]]) -> None:
        """The display options are these from now on: everybody is greeted anew."""
        self._descriptors = descriptors
        self._states.pop("options", None)  # values older than these descriptors
        for viewer in self._viewers.values():
            self._greet(viewer)

    def tick(self) -> None:
        """Hand over a helm that was asked for long enough ago; to be called now and then."""
        self._helm.tick()
        self._tell_helm()

    def _greet(self, viewer: Viewer) -> None:
        """Who it is, and all that is known."""
        helm = self._helm.state
        hello = {
            "type": "hello",
            "version": VERSION,
            "viewer": viewer.number,
            "helm": helm.holder,
            "viewers": helm.viewers,
            "autofocus": self._autofocus,
            "options": list(self._descriptors),
            "streams": list(STREAMS),
            "rule": LOST_HELM_RULE,
        }
        viewer.outbox.put_state("hello", encode(hello), self._clock())
        for kind, text in self._states.items():
            viewer.outbox.put_state(kind, text, self._clock())
        for text in self._faults.values():
            viewer.outbox.put_event("fault", text, self._clock())

    def _tell_helm(self) -> None:
        state = self._helm.state
        if state == self._told_helm:
            return
        self._told_helm = state
        for viewer in self._viewers.values():
            message = {
                "type": "helm",
                "helm": state.holder,
                "you": viewer.number == state.holder,
                "wanted_by": list(state.wanted_by),
                "viewers": state.viewers,
            }
            viewer.outbox.put_state("helm", encode(message), self._clock())

    # In

    def received(self, viewer: Viewer, text: str) -> int | None:
        """A text of a viewer; None, or the code with which its socket is to be closed."""
        if not viewer.bucket.take():
            self.counts["too_many"] += 1
            return POLICY_VIOLATION
        try:
            request = parse(text)
        except ProtocolError as error:
            self.counts["malformed"] += 1
            if error.request is not None:
                self._answer(viewer, error.of, error.request, False, str(error))
                return None
            viewer.malformed += 1
            return UNSUPPORTED if viewer.malformed > MALFORMED_ALLOWED else None
        self.counts[request.of] += 1
        if isinstance(request, PingRequest):
            pong = encode({"type": "pong", "sent_ms": request.sent_ms})
            viewer.outbox.put_event("pong", pong, self._clock())
        elif isinstance(request, HelmRequest):
            self._move_helm(viewer, request)
        elif request.needs_helm and self._helm.state.holder != viewer.number:
            holder = self._helm.state.holder
            words = "nobody is at the helm" if holder is None else f"viewer {holder} is at the helm"
            self._answer(viewer, request.of, request.request, False, f"{words}: take the helm first")
        elif len(viewer.open) >= MAX_OPEN:
            self._answer(viewer, request.of, request.request, False, f"{MAX_OPEN} requests are still without an answer")
        else:
            self._ask_desk(viewer, request)
        return None

    def _move_helm(self, viewer: Viewer, request: HelmRequest) -> None:
        try:
            if request.give is not None:
                words = self._helm.give(viewer.number, request.give)
            else:
                words = self._helm.take(viewer.number) if request.take else self._helm.lay_down(viewer.number)
        except InputError as error:
            self._answer(viewer, request.of, request.request, False, str(error))
            return
        self._answer(viewer, request.of, request.request, True, words)
        self._tell_helm()

    def _ask_desk(self, viewer: Viewer, request: Request) -> None:
        ticket = next(self._tickets)
        viewer.open.add(ticket)

        def finish(ok: bool, text: str) -> None:
            if ticket in viewer.open:
                viewer.open.discard(ticket)
                self._answer(viewer, request.of, request.request, ok, text)

        try:
            self._desk.ask(viewer.number, request, lambda ok, text: self._call_in_loop(finish, ok, text))
        except Exception as error:
            self._problem(f"a request of type {request.of} failed: {type(error).__name__}: {error}")
            finish(False, "this failed: see the log of the node")

    def _answer(self, viewer: Viewer, of: str, request: int, ok: bool, text: str) -> None:
        outcome = {"type": "outcome", "of": of, "request": request, "ok": ok, "text": text}
        viewer.outbox.put_event("outcome", encode(outcome), self._clock())
