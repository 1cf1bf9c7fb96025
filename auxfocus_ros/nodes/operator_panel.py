"""The node `operator_panel`: the graph on one side, the operator's page on the other.

The page's server has a thread of its own. What the graph says goes to it as it comes; what browsers ask for is put into a queue
and done in the executor's thread, with a bound on every wait, so that each request gets one answer. Pictures are subscribed to
only while somebody looks at them.

Wishes for the focus go to the lens so that one goal at most is without an answer, and the newest wish wins. When the browser at
the helm disconnects in the middle of a drag, the lens finishes the last goal that it was sent; a wish that waited is dropped.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from action_msgs.srv import CancelGoal
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.action import ActionClient
from rclpy.clock import Clock, ClockType
from std_srvs.srv import SetBool

from auxfocus_interfaces.action import Autofocus, MoveLens
from auxfocus_interfaces.msg import AutofocusStatus, FocusMarker, FocusTargetArray, LensState
from auxfocus_interfaces.srv import SelectTarget
from auxfocus_ros.declaration import parameter
from auxfocus_ros.errors import InputError
from auxfocus_ros.panel import (
    STREAMS,
    Answer,
    AutofocusRequest,
    EnableRequest,
    FaultBoard,
    FocusRequest,
    PanelServer,
    Request,
    SelectRequest,
    ServerOptions,
    SetRequest,
    StopRequest,
)
from auxfocus_ros.ros.autofocus_runs import AutofocusRuns
from auxfocus_ros.ros.diagnostics_watch import DiagnosticsWatch
from auxfocus_ros.ros.executor_queue import ExecutorQueue
from auxfocus_ros.ros.health import Meter
from auxfocus_ros.ros.lens_goals import HARMLESS, LensGoals
from auxfocus_ros.ros.lens_range import LensRange
from auxfocus_ros.ros.managed_node import CommonParameters, ManagedNode
from auxfocus_ros.ros.option_client import OptionClient
from auxfocus_ros.ros.panel_messages import autofocus_dict, lens_dict, make_select_request, marker_dict, targets_dict
from auxfocus_ros.ros.panel_pictures import PictureFeed
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import EVENT, STATE
from auxfocus_ros.ros.silence import Silence
from auxfocus_ros.ros.timed_calls import TimedCalls

TICK_S = 0.1
SECOND_S = 1.0
LENS_SILENT_S = 1.0
GOAL_FAULT_S = 5.0
"""How long a goal that could not be stays a fault: the next one may go well."""
CALL_S = 2.0
"""How long a service may take to answer."""
SOURCES = {"lens_actuator": "lens", "operator_panel": "panel"}
"""Names of nodes whose faults go by another name on the page."""
HEARD_NODES = ("lens_actuator", "aux_focus", "mono_depth", "gimbal_rig", "autofocus", "operator_panel")
WRONG_GOALS = (
    MoveLens.Result.ERROR_INVALID_GOAL,
    MoveLens.Result.ERROR_NOT_FINITE,
    MoveLens.Result.ERROR_OUT_OF_RANGE,
    MoveLens.Result.ERROR_NO_DISTANCE,
)
"""Somebody asked for what cannot be: a warning, nothing is broken."""


@dataclass(frozen=True)
class OperatorPanelParameters(CommonParameters):
    """Parameters of `operator_panel`."""

    host: str = parameter(
        "127.0.0.1", "address of this machine to serve the page on; 0.0.0.0: all, which needs a token", read_only=True
    )
    port: int = parameter(8080, "port of the page; 0: any free one", minimum=0, maximum=65535, read_only=True)
    token: str = parameter(
        "",
        "what a browser must show once, as ?token=..., 16 characters or more; empty: nothing, on loopback alone",
        read_only=True,
    )
    allowed_origins: str = parameter(
        "", "other pages that may open the sockets, as http://host:port, with spaces between them", read_only=True
    )
    jpeg_quality: int = parameter(80, "of camera pictures that are published raw alone", unit="%", minimum=1, maximum=100)
    stream_rate_hz: float = parameter(
        60.0, "most pictures per second to one browser", unit="Hz", minimum=0.1, maximum=240.0, read_only=True
    )
    helm_timeout_s: float = parameter(
        5.0, "a question for the helm without an answer hands it over", unit="s", minimum=0.5, maximum=600.0, read_only=True
    )
    max_viewers: int = parameter(16, "pages that may be open at a time", minimum=1, maximum=100, read_only=True)


class OperatorPanel(ManagedNode[OperatorPanelParameters]):
    """Serves the operator's page; see the module's text."""

    def __init__(self) -> None:
        """Declare parameters; the page is served when the node is active."""
        super().__init__("operator_panel", OperatorPanelParameters)
        self._queue = ExecutorQueue(self, self._request_failed)
        self._server: PanelServer | None = None
        self._configured = False
        self._lens_meter = Meter()
        self._known_options: Sequence[Mapping[str, Any]] = ()
        self._told: dict[str, Any] = {}
        self._autofocus_status: AutofocusStatus | None = None
        self._board = FaultBoard(self._say, time.time)

    # Lifecycle

    def configure(self) -> None:
        """Check the options, and create subscriptions and clients."""
        p = self.parameters
        self._server_options = ServerOptions(
            host=p.host,
            port=p.port,
            token=p.token,
            allowed_origins=tuple(p.allowed_origins.split()),
            helm_timeout_s=p.helm_timeout_s,
            stream_rate_hz=p.stream_rate_hz,
            max_viewers=p.max_viewers,
        )
        self._configured = True
        self._calls = TimedCalls(CALL_S)
        self._lens_silence = Silence(LENS_SILENT_S, time.monotonic)
        self._watch_nodes = DiagnosticsWatch(self.get_namespace(), HEARD_NODES, self._on_node_says)
        self._inputs_for_viewers: list[Any] = []
        self._inputs = [
            self.create_subscription(LensState, "lens/state", self._on_lens, STATE),
            self.create_subscription(AutofocusStatus, "autofocus/status", self._on_autofocus, STATE),
            self.create_subscription(DiagnosticArray, "/diagnostics", self._watch_nodes.heard, EVENT),
        ]
        self._clients_of_page: dict[str, Any] = {
            "select": self.create_client(SelectTarget, "aux_focus/select_target"),
            "enable": self.create_client(SetBool, "aux_focus/enable"),
            "cancel_lens": self.create_client(CancelGoal, "lens/move/_action/cancel_goal"),
            "cancel_autofocus": self.create_client(CancelGoal, "autofocus/run/_action/cancel_goal"),
        }
        self._goals = LensGoals(
            ActionClient(self, MoveLens, "lens/move"), self._clients_of_page["cancel_lens"], self._calls, self._on_goal_ended
        )
        self._autofocus = AutofocusRuns(
            ActionClient(self, Autofocus, "autofocus/run"), self._clients_of_page["cancel_autofocus"], self._calls
        )
        self._options = OptionClient(self, "aux_focus", self._calls, self._on_options, self._on_option_values)
        self._lens_range = LensRange(self, "lens_actuator", self._calls)
        self._feeds = [
            PictureFeed(self, stream, self._offer, self._picture_problem, lambda: self.parameters.jpeg_quality)
            for stream in STREAMS
        ]
        # Steady time: the page must not hang when a simulated clock stands still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timers_of_page = [
            self.create_timer(TICK_S, self._tick, clock=steady),
            self.create_timer(SECOND_S, self._every_second, clock=steady),
        ]

    def activate(self) -> None:
        """Serve the page."""
        server = PanelServer(self._server_options, self, lambda text: self.health.problem("server", text))
        port = server.start()
        self._board = FaultBoard(self._say, time.time)  # what is wrong is said anew
        self._told = {}
        self._server = server
        server.describe_options(self._known_options)
        token = "; open it with ?token=... (parameter token)" if self.parameters.token else ""
        address = self._server_options.address
        host = f"[{address}]" if address.version == 6 else str(address)
        self.get_logger().info(f"the operator's page is on http://{host}:{port}/{token}")

    def deactivate(self) -> None:
        """Close the page; a goal under way goes on."""
        server, self._server = self._server, None
        if server is not None and not server.stop():
            self.get_logger().warning("the page's server did not end in time")
        for feed in self._feeds:
            feed.watch(False)
        self._follow_viewers()

    def cleanup(self) -> None:
        """Remove subscriptions and clients."""
        if not self._configured:
            return
        self._configured = False
        for timer in self._timers_of_page:
            self.destroy_timer(timer)
        self._goals.close()
        self._autofocus.close()
        self._options.close()
        self._lens_range.close()
        for client in self._clients_of_page.values():
            self.destroy_client(client)
        for subscription in self._inputs:
            self.destroy_subscription(subscription)

    def figures(self) -> Mapping[str, str]:
        """Viewers, port, pictures, requests, goals and latencies."""
        if self._server is None:
            return {}
        values = self._server.figures()
        values |= {"goals.sent": str(self._goals.sent), "goals.replaced": str(self._goals.replaced)}
        for feed in self._feeds:
            if feed.watched:
                values["topic." + feed.stream] = feed.subscribed_to
                values |= {f"{feed.stream}.{key}": value for key, value in feed.meter.summary().items()}
        return values

    # From the graph to the page

    def _say(self, message: Mapping[str, Any]) -> None:
        server = self._server
        if server is None:
            return
        try:
            server.publish(message)
        except InputError as error:
            self.health.problem("message", str(error))

    def _say_change(self, message: Mapping[str, Any]) -> None:
        """Say a state when it is not what was said last; a stamp alone is no change."""
        told = {key: value for key, value in message.items() if key != "stamp_ms"}
        if self._told.get(message["type"]) != told:
            self._told[message["type"]] = told
            self._say(message)

    def _on_lens(self, message: LensState) -> None:
        self._say(lens_dict(message, self._lens_range.range_m))
        self._lens_silence.heard()
        self._lens_meter.add(0.0)
        self._lens_range.ask(message.lens_name)
        if message.fault_code == LensState.FAULT_NONE:
            self._board.clear("lens", "state")
        else:
            self._board.set("lens", "state", message.fault_text or f"the lens has fault {message.fault_code}")

    def _on_marker(self, message: FocusMarker) -> None:
        self._say_change(marker_dict(message))

    def _on_autofocus(self, message: AutofocusStatus) -> None:
        self._autofocus_status = message
        self._say_change(autofocus_dict(self._autofocus.available, message))

    def _on_node_says(self, name: str, level: str, text: str) -> None:
        source = SOURCES.get(name, name)
        if level == "ok":
            self._board.clear(source, "diagnostics")
        else:
            self._board.set(source, "diagnostics", text, level="warning" if level == "warning" else "error")
        enabled = self._watch_nodes.value("aux_focus", "enabled") if name == "aux_focus" else None
        if enabled is not None:
            self._say_change({"type": "enabled", "value": enabled == "true"})

    def _on_options(self, options: Sequence[Mapping[str, Any]]) -> None:
        self._known_options = options
        if self._server is not None:
            self._server.describe_options(options)

    def _on_option_values(self, values: Mapping[str, Any]) -> None:
        self._say({"type": "options", "values": dict(values)})

    def _offer(self, stream: str, header: Mapping[str, Any], jpeg: bytes) -> None:
        server = self._server
        if server is not None:
            server.offer_picture(stream, header, jpeg)

    def _picture_problem(self, text: str) -> None:
        self.health.problem("picture", text)

    # Time

    def _follow_viewers(self) -> None:
        """Hear what is worked out for listeners alone only while somebody looks at the page."""
        seen = self._server is not None and self._server.viewers > 0
        if seen and not self._inputs_for_viewers:
            self._inputs_for_viewers = [
                self.create_subscription(FocusMarker, "aux_focus/focus_marker", self._on_marker, EVENT),
                self.create_subscription(FocusTargetArray, "aux_focus/targets", lambda m: self._say(targets_dict(m)), EVENT),
            ]
        elif not seen:
            for subscription in self._inputs_for_viewers:
                self.destroy_subscription(subscription)
            self._inputs_for_viewers = []

    def _tick(self) -> None:
        self._follow_viewers()
        self._calls.tick()
        self._goals.tick()
        self._autofocus.tick()
        self._watch_nodes.tick()
        self._board.tick()
        if self._lens_silence.check():
            self._say({"type": "lens", "alive": False, "text": "the lens does not answer"})
        self._stand("lens", "silent", self._lens_silence.silent, "the lens does not answer")
        for feed in self._feeds:
            feed.tick()
            self._stand(feed.source, feed.stream, feed.silent, f"no picture comes on {feed.subscribed_to}")

    def _stand(self, source: str, code: str, stands: bool, text: str) -> None:
        if stands:
            self._board.set(source, code, text)
        else:
            self._board.clear(source, code)

    def _every_second(self) -> None:
        self._options.tick()
        self._say_change(autofocus_dict(self._autofocus.available, self._autofocus_status))
        watched = [feed.meter.summary() for feed in self._feeds if feed.watched]
        pictures = watched[0] if watched else {}
        self._say(
            {
                "type": "rates",
                "image_hz": float(pictures["rate_hz"]) if pictures else None,
                "image_latency_ms": float(pictures["latency_p50_ms"]) if "latency_p50_ms" in pictures else None,
                "lens_hz": float(self._lens_meter.summary()["rate_hz"]),
                "viewers": self._server.viewers if self._server is not None else 0,
                "node": self._watch_nodes.nodes(),
            }
        )

    # From the page to the graph: the server's thread asks, the executor's does

    def ask(self, viewer: int, request: Request, answer: Answer) -> None:
        """A viewer's request, in the server's thread."""
        self._queue.put(self._do, viewer, request, answer)

    def left(self, viewer: int) -> None:
        """A viewer has gone, in the server's thread."""
        self._queue.put(self._forget, viewer)

    def watched(self, streams: frozenset[str]) -> None:
        """Streams that somebody looks at, in the server's thread."""
        self._queue.put(self._watch, streams)

    def _request_failed(self, error: Exception) -> None:
        self.health.problem("internal", f"a request failed: {type(error).__name__}: {error}", error=True)

    def _watch(self, streams: frozenset[str]) -> None:
        for feed in self._feeds if self._server is not None else ():
            feed.watch(feed.stream in streams)

    def _forget(self, viewer: int) -> None:
        if self._configured:
            self._goals.drop(viewer)

    def _do(self, viewer: int, request: Request, answer: Answer) -> None:
        if self._server is None:
            answer(False, "the panel is not active")
        elif isinstance(request, FocusRequest):
            self._goals.wish(viewer, request.by, request.value, answer)
        elif isinstance(request, StopRequest):
            self._stop(answer)
        elif isinstance(request, SelectRequest):
            self._select(request, answer)
        elif isinstance(request, SetRequest):
            self._options.set(request.values, answer)
        elif isinstance(request, EnableRequest):
            self._enable(request.value, answer)
        elif isinstance(request, AutofocusRequest) and request.mode == "stop":
            self._autofocus.stop(answer)
        elif isinstance(request, AutofocusRequest):
            self._autofocus.run(request.mode, request.region, answer)

    def _stop(self, answer: Answer) -> None:
        """The glass at once; and once more after autofocus, which may have moved it meanwhile."""
        if not self._autofocus.available:
            self._goals.stop(answer)
            return
        self._goals.stop(lambda ok, text: None)
        self._autofocus.stop(lambda ok, text: self._goals.stop(answer))

    def _select(self, request: SelectRequest, answer: Answer) -> None:
        def done(response: Any, words: str) -> None:
            if response is None:
                answer(False, words)
                return
            target = response.target
            named = target.label or (f"target {target.id}" if target.id else "")
            at = f" at {target.depth_m:.3g} m" if math.isfinite(target.depth_m) and target.depth_m > 0 else ""
            answer(response.success, response.message or f"{named}{at}" or "selected")

        message = make_select_request(request.mode, request.point_px, request.box_px, request.identity, request.stamp)
        self._calls.call(self._clients_of_page["select"], message, done)

    def _enable(self, value: bool, answer: Answer) -> None:
        def done(response: Any, words: str) -> None:
            ok = response is not None and response.success
            if ok:
                self._say_change({"type": "enabled", "value": value})
            answer(ok, words if response is None else response.message)

        self._calls.call(self._clients_of_page["enable"], SetBool.Request(data=value), done)

    def _on_goal_ended(self, code: int, message: str) -> None:
        if code in HARMLESS:
            self._board.clear("lens", "goal")
        else:
            level = "warning" if code in WRONG_GOALS else "error"
            self._board.set("lens", "goal", message or f"a move ended with error {code}", level=level, for_s=GOAL_FAULT_S)


def main() -> None:
    """Entry point."""
    sys.exit(run_node(OperatorPanel, carries_pictures=True))


if __name__ == "__main__":
    main()
