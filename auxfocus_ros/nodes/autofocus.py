"""The node `autofocus`: a goal in, the lens moved, frames judged, what it is doing said all along.

One run is under way at a time; a new goal takes over from it. A run (`auxfocus_ros.autofocus.live`) is told what the lens, the
camera and the targets say and what time it is, in the executor's thread; what it wishes is done here: goals to `lens/move`, and
work on pictures in one thread beside the executor. Pictures and targets are subscribed to only while there is a run.

A goal that cannot be is accepted and aborted with a reason and words: a rejected goal carries none.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rclpy.action import ActionClient, ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from auxfocus_interfaces.action import Autofocus, MoveLens
from auxfocus_interfaces.msg import AutofocusStatus, FocusTarget, FocusTargetArray, LensState
from auxfocus_ros.autofocus.live import Aimer, Ending, Frame, LiveRun, Report, SeenTarget, Targets
from auxfocus_ros.autofocus.live.choosing import Networks
from auxfocus_ros.autofocus.live.settings import LiveSettings
from auxfocus_ros.autofocus.live.starting import Equipment, make_aimer, make_run
from auxfocus_ros.autofocus.methods import DEFAULT_METHOD, METHODS
from auxfocus_ros.autofocus.terms import DepthReading, Known, Reason, State
from auxfocus_ros.declaration import parameter
from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.nodes.live_lens import CalibrationParameters, read_end, read_lens
from auxfocus_ros.optics import Lens
from auxfocus_ros.optics.defocus_model import DefocusModel
from auxfocus_ros.optics.lens_file import load_calibration
from auxfocus_ros.ros.autofocus_messages import (
    FocusWish,
    make_result,
    make_status,
    read_goal,
    read_target_rows,
    refuse,
)
from auxfocus_ros.ros.executor_queue import ExecutorQueue
from auxfocus_ros.ros.health import Meter
from auxfocus_ros.ros.images import as_bgr, as_grey
from auxfocus_ros.ros.lens_moves import LensMoves, MoveAnswer
from auxfocus_ros.ros.managed_node import CommonParameters, ManagedNode
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN, STATE
from auxfocus_ros.ros.stamps import from_ns, to_ns
from auxfocus_ros.ros.worker import LatestWorker

RESULT_KEPT_S = 60
"""How long a result can still be asked for."""
TICK_S = 0.05
GREY_ENCODINGS = ("mono8", "mono16", "8UC1")
FAULTS = (Reason.LENS_FAULT, Reason.NO_LENS, Reason.NO_FRAMES, Reason.OTHER)
"""Ends that are no fault of the picture or the goal."""


@dataclass(frozen=True)
class AutofocusParameters(CalibrationParameters, CommonParameters, LiveSettings):
    """Parameters of `autofocus`: its own, and every setting of live focusing."""

    weights: str = parameter("", "file with the blur estimator's weights; empty: the shipped ones", read_only=True)


@dataclass(frozen=True)
class _Work:
    """What the worker does next. run: None: the node's own."""

    run: LiveRun | None
    work: Callable[[], Any]


@dataclass(eq=False)
class _Underway:
    """A goal, its run, and the future that its coroutine waits on."""

    handle: ServerGoalHandle
    wish: FocusWish
    method: str
    aimer: Aimer
    ended: Future[Ending]
    run: Any = None
    inputs: tuple[Any, ...] = ()
    targets: FocusTargetArray | None = None
    frame_id: str = ""


class AutofocusNode(ManagedNode[AutofocusParameters]):
    """Focuses; see the module's text."""

    def __init__(self) -> None:
        """Declare parameters and take goals, which hear that the node is not active until it is."""
        super().__init__("autofocus", AutofocusParameters)
        self._queue = ExecutorQueue(self, self._event_failed)
        self._lens: Lens | None = None
        self._model: DefocusModel | None = None
        self._state: LensState | None = None
        self._networks = Networks("", lambda _: None)
        self._moves: LensMoves | None = None
        self._worker: LatestWorker[_Work] | None = None
        self._status: Any = None
        self._lens_input: Any = None
        self._timer: Any = None
        self._underway: _Underway | None = None
        self._farewell = ""
        self._meter = Meter()
        self._endings: dict[str, int] = {}
        self._server = ActionServer(
            self,
            Autofocus,
            "autofocus/run",
            execute_callback=self._execute,
            cancel_callback=self._on_cancel,
            result_timeout=RESULT_KEPT_S,
        )

    # Lifecycle

    def configure(self) -> None:
        """Read the calibration, begin to load the networks, and create topics and clients."""
        p = self.parameters
        if p.lens:
            self._lens, self._model = load_calibration(p.lens, p.pixel_pitch_um)
        self._networks = Networks(p.weights, lambda text: self.health.problem("networks", text, lasting=True))
        self._moves = LensMoves(ActionClient(self, MoveLens, "lens/move"), self._on_moved)
        self._status = self.create_publisher(AutofocusStatus, "autofocus/status", STATE)
        self._lens_input = self.create_subscription(LensState, "lens/state", self._on_lens, STATE)
        self._worker = LatestWorker("autofocus", self._work, self._event_failed)
        if p.method == DEFAULT_METHOD:  # so that the first goal finds them loaded
            self._worker.offer(_Work(None, self._networks.estimator))
        # Steady time: no wait may hang with a simulated clock.
        self._timer = self.create_timer(TICK_S, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._timer.cancel()
        self._publish_idle()

    def deactivate(self) -> None:
        """End the run under way."""
        self._end_run(Reason.OTHER, "the autofocus node has been deactivated")

    def cleanup(self) -> None:
        """Remove topics and clients, and end the worker."""
        self._end_run(Reason.OTHER, "the autofocus node has been cleaned up")
        if self._worker is not None and not self._worker.stop():
            self.get_logger().warning("the worker did not end in time")
        if self._moves is not None:
            self._moves.close()
        if self._timer is not None:
            self.destroy_timer(self._timer)
        if self._lens_input is not None:
            self.destroy_subscription(self._lens_input)
        if self._status is not None:
            self.destroy_publisher(self._status)
        self._worker = self._moves = self._timer = self._lens_input = self._status = self._state = None

    def shutting_down(self, reason: str) -> None:
        """End the run under way with this reason, and refuse every goal that still comes."""
        self._farewell = reason
        self._end_run(Reason.SHUTTING_DOWN, reason)

    def figures(self) -> Mapping[str, str]:
        """What it does, how runs ended, and how long a frame took from its stamp to the judgement."""
        values = {f"runs.{name}": str(count) for name, count in self._endings.items()}
        values |= {f"judged.{key}": value for key, value in self._meter.summary().items()}
        underway = self._underway
        values["running"] = underway.wish.mode if underway is not None else "nothing"
        if underway is not None:
            journal = underway.run.journal
            values |= {"method": underway.method, "moves": str(journal.moves), "captures": str(journal.captures)}
        values["calibration"] = self._lens.name if self._lens is not None else "none"
        return values

    # Goals

    async def _execute(self, handle: ServerGoalHandle) -> Autofocus.Result:
        """One goal from its acceptance to its result; never blocks."""
        begun = self._begin(handle)
        if isinstance(begun, Autofocus.Result):
            result, reason = begun, Reason(begun.reason)
            if reason is Reason.INVALID_GOAL:
                self.health.problem("goal", f"goal not taken: {result.message}")
        else:
            ending = await begun.ended
            assert ending is not None
            result, reason = make_result(ending, self._focus_distance_m(ending.position_steps)), ending.reason
            if reason in FAULTS:
                self.health.problem("run", f"a run ended: {ending.message}")
        name = reason.name.lower() if reason is not Reason.NONE else "done"
        self._endings[name] = self._endings.get(name, 0) + 1
        if reason is Reason.NONE:
            handle.succeed()
        elif handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        return result

    def _begin(self, handle: ServerGoalHandle) -> _Underway | Autofocus.Result:
        """Begin a run for a goal; or why not."""
        if self._farewell:
            return refuse(Reason.SHUTTING_DOWN, self._farewell)
        if not self.active or self._moves is None:
            return refuse(Reason.OTHER, "the autofocus node is not active: activate it first")
        wish = read_goal(handle.request, METHODS)
        if isinstance(wish, str):
            return refuse(Reason.INVALID_GOAL, wish)
        if handle.is_cancel_requested:
            return refuse(Reason.CANCELED, "canceled by the client before it began")
        self._end_run(Reason.TAKEN_OVER, "a newer goal took over")
        p, now_s = self.parameters, time.monotonic()
        aimer = make_aimer(wish, p, now_s)
        underway = self._underway = _Underway(handle, wish, wish.method or p.method, aimer, Future())
        equipment = Equipment(self._model, self._networks, self, lambda: self.get_clock().now().nanoseconds)
        underway.run = make_run(wish, aimer, p, equipment, now_s)
        underway.inputs = (self.create_subscription(Image, "camera/image_raw", self._on_picture, PICTURE_IN),)
        if aimer.wants_targets:
            targets = self.create_subscription(FocusTargetArray, "aux_focus/targets", self._on_targets, EVENT)
            underway.inputs = (*underway.inputs, targets)
        self._timer.reset()
        if self._state is not None:
            self._on_lens(self._state)
        return underway

    def _on_cancel(self, _: ServerGoalHandle) -> CancelResponse:
        self._queue.put(self._tick)  # by then the goal says that it is canceled
        return CancelResponse.ACCEPT

    def _end_run(self, reason: Reason, message: str) -> None:
        """End the run under way at once."""
        if self._underway is not None:
            self._underway.run.stop(reason, message, time.monotonic(), at_once=True)
            self._after_event()
            if self._moves is not None:
                self._moves.forget()

    def _after_event(self) -> None:
        """Where the run has ended, its coroutine finishes it in the executor's next turn."""
        underway = self._underway
        if underway is None or underway.run is None or underway.run.ended is None:
            return
        self._underway = None
        if self._timer is not None:
            self._timer.cancel()
        for subscription in underway.inputs:
            self.destroy_subscription(subscription)
        underway.ended.set_result(underway.run.ended)

    def _focus_distance_m(self, position_steps: float) -> float:
        if self._lens is not None and math.isfinite(position_steps):
            return float(self._lens.focus_distance_m(position_steps))
        return self._state.focus_distance_m if self._state is not None else math.nan

    # Events of the run, in the executor's thread

    def _tick(self) -> None:
        underway, now_s = self._underway, time.monotonic()
        if underway is None or underway.run is None:
            return
        if self._moves is not None:
            self._moves.tick()
        if underway.handle.is_cancel_requested:
            underway.run.stop(Reason.CANCELED, "canceled by the client", now_s)
        underway.run.tick(now_s)
        self._after_event()

    def _on_lens(self, message: LensState) -> None:
        self._state = message
        if self._lens is not None and message.lens_name and message.lens_name != self._lens.name:
            self.health.problem(
                "calibration", f"the lens is '{message.lens_name}', but the calibration is of '{self._lens.name}'"
            )
        underway = self._underway
        if underway is not None and underway.run is not None:
            underway.run.lens(read_lens(message), time.monotonic())
            self._after_event()

    def _on_picture(self, message: Image) -> None:
        underway = self._underway
        if underway is None:
            return
        underway.frame_id = message.header.frame_id
        read = as_grey if message.encoding in GREY_ENCODINGS else as_bgr
        frame = Frame(to_ns(message.header.stamp), (message.width, message.height), lambda: read(message))
        underway.run.frame(frame, time.monotonic())
        self._after_event()

    def _on_targets(self, message: FocusTargetArray) -> None:
        underway = self._underway
        if underway is None:
            return
        underway.targets = message
        rows = read_target_rows(message, self.parameters.depth_sigma)
        seen = {
            row.id: SeenTarget(
                row.box_px,
                row.tracked,
                row.lost,
                None if math.isnan(row.depth_m) else DepthReading(row.depth_m, row.sigma_m),
                row.velocity_m_per_s,
            )
            for row in rows
        }
        underway.run.targets(Targets(to_ns(message.header.stamp), seen, int(message.selected_id)), time.monotonic())
        self._after_event()

    def _on_moved(self, answer: MoveAnswer) -> None:
        underway = self._underway
        if underway is not None:
            underway.run.moved(read_end(answer), time.monotonic())
            self._after_event()

    def _thought(self, run: LiveRun, value: Any, error: Exception | None) -> None:
        underway = self._underway
        if underway is None or underway.run is not run:
            return
        if error is not None and not isinstance(error, AuxfocusError):
            self.health.problem("method", f"method '{underway.method}' failed: {type(error).__name__}: {error}")
        run.thought(value, error, time.monotonic())
        if run.stamp_ns:
            self._meter.add(max(self.get_clock().now().nanoseconds - run.stamp_ns, 0) * 1e-9)
        self._after_event()

    def _event_failed(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self.health.problem("internal", f"an event of a run failed: {text}", error=True)
        self._end_run(Reason.OTHER, f"an internal error: {text}")

    # What the run wishes: its `Hands`

    def move(self, position_steps: float) -> None:
        """Send the lens there."""
        assert self._moves is not None
        self._moves.go(position_steps)

    def stop(self) -> None:
        """Stop the glass that moves by our goal."""
        if self._moves is not None:
            self._moves.stop()

    def think(self, work: Callable[[], Any]) -> None:
        """Hand it to the worker."""
        assert self._worker is not None and self._underway is not None
        self._worker.offer(_Work(self._underway.run, work))

    def tell(self, report: Report) -> None:
        """Status and feedback."""
        underway = self._underway
        if underway is None or self._status is None:
            return
        header = Header(stamp=from_ns(report.stamp_ns), frame_id=underway.frame_id)
        status = make_status(
            report, mode=underway.handle.request.mode, method=underway.method, header=header, target=self._target(underway)
        )
        self._status.publish(status)
        if report.running:
            underway.handle.publish_feedback(Autofocus.Feedback(status=status))

    def _target(self, underway: _Underway) -> FocusTarget | None:
        if underway.wish.region != "target" or underway.targets is None:
            return None
        wanted = underway.aimer.target_id
        return next((target for target in underway.targets.targets if target.id == wanted), None)

    def _publish_idle(self) -> None:
        nothing = Report(State.IDLE, Reason.NONE, "", Known(), math.nan, 0, 0, 0, 0, running=False)
        header, method = Header(), self.parameters.method
        self._status.publish(make_status(nothing, mode=AutofocusStatus.MODE_OFF, method=method, header=header, target=None))

    # The worker's thread

    def _work(self, item: _Work) -> None:
        value, error = None, None
        try:
            value = item.work()
        except Exception as raised:
            error = raised
        if item.run is not None:
            self._queue.put(self._thought, item.run, value, error)
        elif error is not None:
            self.health.problem("networks", f"{type(error).__name__}: {error}", lasting=True)


def main() -> None:
    """Entry point."""
    sys.exit(run_node(AutofocusNode, carries_pictures=True))


if __name__ == "__main__":
    main()
