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
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from auxfocus_interfaces.action import Autofocus
from auxfocus_interfaces.msg import AutofocusStatus, FocusTarget, FocusTargetArray
from auxfocus_ros.autofocus.live import Aimer, Ending, Report, SeenTarget, Targets
from auxfocus_ros.autofocus.live.choosing import Networks
from auxfocus_ros.autofocus.live.settings import LiveSettings
from auxfocus_ros.autofocus.live.starting import Equipment, make_aimer, make_run
from auxfocus_ros.autofocus.methods import DEFAULT_METHOD, METHODS
from auxfocus_ros.autofocus.terms import DepthReading, Known, Reason, State
from auxfocus_ros.declaration import parameter
from auxfocus_ros.nodes.live_lens import CalibrationParameters, LiveLensNode, Underway, read_frame
from auxfocus_ros.ros.autofocus_messages import (
    FocusWish,
    make_result,
    make_status,
    read_goal,
    read_target_rows,
    refuse,
    with_why_no_depth,
)
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN, STATE
from auxfocus_ros.ros.stamps import from_ns, to_ns

RESULT_KEPT_S = 60
"""How long a result can still be asked for."""
FAULTS = (Reason.LENS_FAULT, Reason.NO_LENS, Reason.NO_FRAMES, Reason.OTHER)
"""Ends that are no fault of the picture or the goal."""


@dataclass(frozen=True)
class AutofocusParameters(CalibrationParameters, LiveSettings):
    """Parameters of `autofocus`: its own, and every setting of live focusing."""

    weights: str = parameter("", "file with the blur estimator's weights; empty: the shipped ones", read_only=True)


@dataclass(eq=False, kw_only=True)
class _Focusing(Underway):
    """A goal, its run, and the future that its coroutine waits on."""

    wish: FocusWish
    aimer: Aimer
    ended: Future[Ending]
    inputs: tuple[Any, ...] = ()
    targets: FocusTargetArray | None = None


class AutofocusNode(LiveLensNode[AutofocusParameters, _Focusing]):
    """Focuses; see the module's text."""

    def __init__(self) -> None:
        """Declare parameters and take goals, which hear that the node is not active until it is."""
        super().__init__("autofocus", AutofocusParameters, Autofocus, "autofocus/run", RESULT_KEPT_S)
        self._networks = Networks("", lambda _: None)
        self._status: Any = None

    # Lifecycle

    def configure(self) -> None:
        """Read the calibration, begin to load the networks, and create topics and clients."""
        p = self.parameters
        self.open_lens()
        self._networks = Networks(p.weights, lambda text: self.health.problem("networks", text, lasting=True))
        self._status = self.create_publisher(AutofocusStatus, "autofocus/status", STATE)
        if p.method == DEFAULT_METHOD:  # so that the first goal finds them loaded
            self._preload(self._networks.estimator)
        self._publish_idle()

    def cleanup(self) -> None:
        """Remove topics and clients, and end the worker."""
        self._end_run(Reason.OTHER, "the autofocus node has been cleaned up")
        self.close_lens()
        if self._status is not None:
            self.destroy_publisher(self._status)
        self._status = None

    def figures(self) -> Mapping[str, str]:
        """What it does, how runs ended, and how long a frame took from its stamp to the judgement."""
        values = {f"runs.{name}": str(count) for name, count in self._endings.items()}
        values |= {f"judged.{key}": value for key, value in self._meter.summary().items()}
        underway = self._underway
        values["running"] = underway.wish.mode if underway is not None else "nothing"
        if underway is not None:
            journal = underway.run.journal
            values |= {"method": underway.what, "moves": str(journal.moves), "captures": str(journal.captures)}
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
            ending = replace(ending, message=with_why_no_depth(ending.message, ending.reason, begun.targets))
            result, reason = make_result(ending, self._focus_distance_m(ending.position_steps)), ending.reason
            if reason in FAULTS:
                self.health.problem("run", f"a run ended: {ending.message}")
        done = reason is Reason.NONE
        self._close_goal(handle, "done" if done else reason.name.lower(), done=done)
        return result

    def _begin(self, handle: ServerGoalHandle) -> _Focusing | Autofocus.Result:
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
        equipment = Equipment(self._model, self._networks, self, lambda: self.get_clock().now().nanoseconds)
        run = make_run(wish, aimer, p, equipment, now_s)
        underway = _Focusing(handle, run, wish.method or p.method, wish=wish, aimer=aimer, ended=Future())
        underway.inputs = (self.create_subscription(Image, "camera/image_raw", self._on_picture, PICTURE_IN),)
        if aimer.wants_targets:
            targets = self.create_subscription(FocusTargetArray, "aux_focus/targets", self._on_targets, EVENT)
            underway.inputs = (*underway.inputs, targets)
        self._run_begins(underway)
        return underway

    def _after_event(self) -> None:
        """Where the run has ended, its coroutine finishes it in the executor's next turn."""
        underway = self._underway
        if underway is None or underway.run.ended is None:
            return
        self._underway = None
        for subscription in underway.inputs:
            self.destroy_subscription(subscription)
        underway.ended.set_result(underway.run.ended)

    def _focus_distance_m(self, position_steps: float) -> float:
        if self._lens is not None and math.isfinite(position_steps):
            return float(self._lens.focus_distance_m(position_steps))
        return self._state.focus_distance_m if self._state is not None else math.nan

    # Events of the run, in the executor's thread

    def _on_picture(self, message: Image) -> None:
        underway = self._underway
        if underway is None:
            return
        underway.frame_id = message.header.frame_id
        underway.run.frame(read_frame(message), time.monotonic())
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

    def _thought(self, run: Any, value: Any, error: Exception | None) -> None:
        is_underway = self._underway is not None and self._underway.run is run
        super()._thought(run, value, error)
        if is_underway and run.stamp_ns:
            self._meter.add(self._age_of(run.stamp_ns))

    # What the run wishes besides: its `Hands`

    def tell(self, report: Report) -> None:
        """Status and feedback."""
        underway = self._underway
        if underway is None or self._status is None:
            return
        report = replace(report, message=with_why_no_depth(report.message, report.reason, underway.targets))
        header = Header(stamp=from_ns(report.stamp_ns), frame_id=underway.frame_id)
        status = make_status(
            report, mode=underway.handle.request.mode, method=underway.what, header=header, target=self._target(underway)
        )
        self._status.publish(status)
        if report.running:
            underway.handle.publish_feedback(Autofocus.Feedback(status=status))

    def _target(self, underway: _Focusing) -> FocusTarget | None:
        if underway.wish.region != "target" or underway.targets is None:
            return None
        wanted = underway.aimer.target_id
        return next((target for target in underway.targets.targets if target.id == wanted), None)

    def _publish_idle(self) -> None:
        nothing = Report(State.IDLE, Reason.NONE, "", Known(), math.nan, 0, 0, 0, 0, running=False)
        header, method = Header(), self.parameters.method
        self._status.publish(make_status(nothing, mode=AutofocusStatus.MODE_OFF, method=method, header=header, target=None))


def main() -> None:
    """Entry point."""
    sys.exit(run_node(AutofocusNode, carries_pictures=True))


if __name__ == "__main__":
    main()
