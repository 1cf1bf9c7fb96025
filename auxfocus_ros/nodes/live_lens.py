"""What the nodes that run over a live lens share: a goal and its run, what the run hears of the lens, and what it wishes of it.

One run is under way at a time. It is told what happens in the executor's thread; its work is done in one thread beside it.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rclpy.action import ActionClient, ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import Image

from auxfocus_interfaces.action import MoveLens
from auxfocus_interfaces.msg import LensState
from auxfocus_ros.autofocus.live import Frame, LensReading, MoveEnd
from auxfocus_ros.autofocus.terms import Reason
from auxfocus_ros.declaration import parameter
from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.optics import Lens
from auxfocus_ros.optics.defocus_model import DefocusModel
from auxfocus_ros.optics.lens_file import load_calibration
from auxfocus_ros.ros.executor_queue import ExecutorQueue
from auxfocus_ros.ros.health import Meter
from auxfocus_ros.ros.images import as_bgr, as_grey
from auxfocus_ros.ros.lens_moves import LensMoves, MoveAnswer
from auxfocus_ros.ros.managed_node import CommonParameters, ManagedNode
from auxfocus_ros.ros.qos import STATE
from auxfocus_ros.ros.stamps import to_ns
from auxfocus_ros.ros.worker import LatestWorker

TICK_S = 0.05
GREY_ENCODINGS = ("mono8", "mono16", "8UC1")


@dataclass(frozen=True)
class CalibrationParameters(CommonParameters):
    """Which lens it is."""

    lens: str = parameter(
        "",
        "lens file with the calibration: a shipped name or a path; empty: unknown, what a step does is learnt from the frames",
        read_only=True,
    )
    pixel_pitch_um: float = parameter(
        0.0, "of the pictures as they come, where they are scaled; 0: the lens file's", unit="um", minimum=0.0, maximum=1000.0,
        read_only=True,
    )  # fmt: skip


def read_lens(message: LensState) -> LensReading:
    """What the lens says of itself."""
    silent = f"the lens does not answer: {message.fault_text}" if message.fault_code == LensState.FAULT_CONNECTION_LOST else ""
    return LensReading(
        to_ns(message.header.stamp),
        message.position_steps,
        message.min_position_steps,
        message.max_position_steps,
        message.moving,
        message.goal_position_steps,
        to_ns(message.settled_stamp),
        silent,
    )


def read_end(answer: MoveAnswer) -> MoveEnd:
    """How a move ended."""
    return MoveEnd(Reason(answer.reason), answer.message, answer.position_steps, answer.settled_ns)


def read_frame(message: Image, read: Callable[[Image], Any] | None = None) -> Frame:
    """A frame of a run. read: makes the picture of the message; None: (H, W) or (H, W, 3) uint8."""
    make = read or (as_grey if message.encoding in GREY_ENCODINGS else as_bgr)
    return Frame(to_ns(message.header.stamp), (message.width, message.height), lambda: make(message))


@dataclass(eq=False)
class Underway:
    """A goal and its run, which has the events of `autofocus.live.LensRun`. what: the method or strategy, for a person."""

    handle: ServerGoalHandle
    run: Any
    what: str
    frame_id: str = ""


P = TypeVar("P", bound=CalibrationParameters)
U = TypeVar("U", bound=Underway)


@dataclass(frozen=True)
class _Work:
    """What the worker does next. run: None: the node's own."""

    run: Any
    work: Callable[[], Any]


class LiveLensNode(ManagedNode[P], Generic[P, U]):
    """A node whose action has runs over a live lens; to its runs it is their hands. A goal that comes hears that the node is not
    active until it is.
    """

    def __init__(self, name: str, table: type[P], action: Any, topic: str, result_kept_s: int) -> None:
        """Declare parameters and take goals. result_kept_s: how long a result can still be asked for."""
        super().__init__(name, table)
        self._queue = ExecutorQueue(self, self._event_failed)
        self._lens: Lens | None = None
        self._model: DefocusModel | None = None
        self._state: LensState | None = None
        self._moves: LensMoves | None = None
        self._worker: LatestWorker[_Work] | None = None
        self._lens_input: Any = None
        self._timer: Any = None
        self._underway: U | None = None
        self._farewell = ""
        self._failing = False
        self._meter = Meter()
        self._endings: dict[str, int] = {}
        self._server = ActionServer(
            self,
            action,
            topic,
            execute_callback=self._execute,
            cancel_callback=self._on_cancel,
            result_timeout=result_kept_s,
        )

    # What a node fills in

    @abstractmethod
    async def _execute(self, handle: ServerGoalHandle) -> Any:
        """One goal from its acceptance to its result; never blocks."""

    @abstractmethod
    def _after_event(self) -> None:
        """An event of the run is over: where the run has ended, finish it."""

    def _idle(self) -> bool:
        """Whether nothing is left that the timer is for."""
        return self._underway is None

    # Lifecycle

    def open_lens(self) -> None:
        """Read the calibration, and create what hears and moves the lens."""
        p = self.parameters
        if p.lens:
            self._lens, self._model = load_calibration(p.lens, p.pixel_pitch_um)
        self._moves = LensMoves(ActionClient(self, MoveLens, "lens/move"), self._on_moved)
        self._lens_input = self.create_subscription(LensState, "lens/state", self._on_lens, STATE)
        self._worker = LatestWorker(self.get_name(), self._work, self._event_failed)
        # Steady time: no wait may hang with a simulated clock.
        self._timer = self.create_timer(TICK_S, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._timer.cancel()

    def close_lens(self) -> None:
        """Remove all that, and end the worker."""
        if self._worker is not None and not self._worker.stop():
            self.get_logger().warning("the worker did not end in time")
        if self._moves is not None:
            self._moves.close()
        if self._timer is not None:
            self.destroy_timer(self._timer)
        if self._lens_input is not None:
            self.destroy_subscription(self._lens_input)
        self._worker = self._moves = self._timer = self._lens_input = self._state = None

    def deactivate(self) -> None:
        """End the run under way."""
        self._end_run(Reason.OTHER, f"the {self.get_name()} node has been deactivated")

    def shutting_down(self, reason: str) -> None:
        """End the run under way with this reason, and refuse every goal that still comes."""
        self._farewell = reason
        self._end_run(Reason.SHUTTING_DOWN, reason)

    # Goals

    def _close_goal(self, handle: ServerGoalHandle, name: str, *, done: bool) -> None:
        """Count how it ended, and tell the client. name: of the reason."""
        self._endings[name] = self._endings.get(name, 0) + 1
        if done:
            handle.succeed()
        elif handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()

    def _run_begins(self, underway: U) -> None:
        """From now on its run hears of everything."""
        self._underway = underway
        self._timer.reset()
        if self._state is not None:
            self._on_lens(self._state)

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

    # Events of the run, in the executor's thread

    def _tick(self) -> None:
        underway, now_s = self._underway, time.monotonic()
        if self._moves is not None:
            self._moves.tick()
        if underway is not None:
            if underway.handle.is_cancel_requested:
                underway.run.stop(Reason.CANCELED, "canceled by the client", now_s)
            underway.run.tick(now_s)
            self._after_event()
        if self._idle() and self._timer is not None:
            self._timer.cancel()

    def _on_lens(self, message: LensState) -> None:
        self._state = message
        if self._lens is not None and message.lens_name and message.lens_name != self._lens.name:
            self.health.problem(
                "calibration", f"the lens is '{message.lens_name}', but the calibration is of '{self._lens.name}'"
            )
        if self._underway is not None:
            self._underway.run.lens(read_lens(message), time.monotonic())
            self._after_event()

    def _on_moved(self, answer: MoveAnswer) -> None:
        if self._underway is not None:
            self._underway.run.moved(read_end(answer), time.monotonic())
            self._after_event()

    def _thought(self, run: Any, value: Any, error: Exception | None) -> None:
        underway = self._underway
        if underway is None or underway.run is not run:
            return
        if error is not None and not isinstance(error, AuxfocusError):
            self.health.problem("run", f"'{underway.what}' failed: {type(error).__name__}: {error}")
        run.thought(value, error, time.monotonic())
        self._after_event()

    def _event_failed(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self.health.problem("internal", f"an event of a run failed: {text}", error=True)
        if not self._failing:  # where ending it fails as well, it is not tried for ever
            self._failing = True
            self._queue.put(self._end_failed, f"an internal error: {text}")

    def _end_failed(self, message: str) -> None:
        self._end_run(Reason.OTHER, message)
        self._failing = False

    def _age_of(self, stamp_ns: int) -> float:
        """Seconds since a stamp, for the meter."""
        return max(self.get_clock().now().nanoseconds - stamp_ns, 0) * 1e-9

    # What the run wishes

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

    # The worker's thread

    def _preload(self, work: Callable[[], Any]) -> None:
        """Have the node's own work done before any goal comes."""
        assert self._worker is not None
        self._worker.offer(_Work(None, work))

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
