"""The node `lens_actuator`: goals in, moving glass, the truth about it out.

One goal is under way at a time. A new goal that can be takes over: the one under way is aborted, and the glass goes on from where
it is with the speed that it has. A goal that cannot be is aborted with the limit in words and leaves the one under way alone. A
timer looks at the glass while it moves; each look publishes the state and the feedback, and wakes the goal's coroutine once its
move has ended.

`lens/state` tells the truth from configuration to clean-up, active or not: where the glass is does not depend on who may move it.

The actuator is simulated: a stepper, or a voice coil, whose glass sags with the camera's tilt, heard on `joint_states`. A voice
coil's move that comes to rest away from its goal because of sag or hysteresis has succeeded; the result says where the glass is.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from builtin_interfaces.msg import Time
from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from rclpy.task import Future
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from auxfocus_interfaces.action import MoveLens
from auxfocus_interfaces.msg import LensState
from auxfocus_ros.declaration import parameter
from auxfocus_ros.errors import ConfigurationError, LensGoalError
from auxfocus_ros.lens import (
    FAULT_NAMES,
    ActuatorState,
    Fault,
    LensErrorCode,
    Move,
    MoveEnding,
    SimulatedStepper,
    SimulatedVoiceCoil,
    StepperConfig,
    VoiceCoilConfig,
    resolve_goal,
)
from auxfocus_ros.lens.setting import settings_of
from auxfocus_ros.optics import Lens, load_lens
from auxfocus_ros.ros.event_stamps import EventStamps, clocks_now
from auxfocus_ros.ros.lens_messages import make_lens_state, make_move_feedback, make_move_result
from auxfocus_ros.ros.managed_node import CommonParameters, ManagedNode
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import EVENT, STATE
from auxfocus_ros.ros.stamps import from_ns

RESULT_KEPT_S = 60
"""How long a result can still be asked for."""
TILT_SPREAD_S = 0.1
"""Over how long at most a tilt takes effect: the time since the reading before it, or this when that is longer."""
STILL_STEPS_PER_S = 1.0
"""Glass that is slower than this is looked at seldom."""
COIL = "coil_"
"""What the names of a voice coil's parameters begin with."""


def _setting(table: type, name: str) -> Any:
    """The parameter of a field of an actuator's configuration, which says all about it."""
    default, setting = settings_of(table)[name]
    return parameter(
        default, setting.description, unit=setting.unit, minimum=setting.minimum, maximum=setting.maximum, read_only=True
    )


def _stepper(name: str) -> Any:
    return _setting(StepperConfig, name)


def _coil(name: str) -> Any:
    return _setting(VoiceCoilConfig, name)


@dataclass(frozen=True)
class LensActuatorParameters(CommonParameters):
    """Parameters of `lens_actuator`."""

    lens: str = parameter("bench_25mm", "lens file: a shipped name or a path", read_only=True)
    initial_position_steps: float = parameter(
        math.inf, "where the glass stands at start; inf: the middle of the lens's range", unit="steps", read_only=True
    )
    frame_id: str = parameter("camera_optical_frame", "frame of the lens state", read_only=True)
    motion_rate_hz: float = parameter(
        50.0, "feedback and lens state while the glass moves", unit="Hz", minimum=20.0, maximum=500.0, read_only=True
    )
    rest_rate_hz: float = parameter(4.0, "lens state at rest", unit="Hz", minimum=2.0, maximum=5.0, read_only=True)
    actuator: str = parameter("stepper", "what moves the glass", choices=("stepper", "voice_coil"), read_only=True)
    tilt_joint: str = parameter(
        "tilt_joint", "joint of joint_states by which the glass of a voice coil sags; positive looks down", read_only=True
    )
    fault: str = parameter(
        "none", "what goes wrong in the simulated actuator, from now on; a voice coil loses no steps", choices=FAULT_NAMES
    )
    speed_steps_per_s: float = _stepper("speed_steps_per_s")
    acceleration_steps_per_s2: float = _stepper("acceleration_steps_per_s2")
    microsteps: int = _stepper("microsteps")
    settle_s: float = _stepper("settle_s")
    backlash_steps: float = _stepper("backlash_steps")
    compensation_steps: float = _stepper("compensation_steps")
    lost_steps: int = _stepper("lost_steps")
    lost_steps_probability: float = _stepper("lost_steps_probability")
    stall_detection_s: float = _stepper("stall_detection_s")
    connection_timeout_s: float = _stepper("connection_timeout_s")
    seed: int = _stepper("seed")
    coil_natural_frequency_hz: float = _coil("natural_frequency_hz")
    coil_damping_ratio: float = _coil("damping_ratio")
    coil_speed_steps_per_s: float = _coil("speed_steps_per_s")
    coil_resolution_steps: float = _coil("resolution_steps")
    coil_hysteresis_steps: float = _coil("hysteresis_steps")
    coil_sag_steps: float = _coil("sag_steps")
    coil_overtravel_steps: float = _coil("overtravel_steps")
    coil_settle_tolerance_steps: float = _coil("settle_tolerance_steps")
    coil_closed_loop: bool = _coil("closed_loop")
    coil_closed_loop_residual: float = _coil("closed_loop_residual")
    coil_closed_loop_damping_ratio: float = _coil("closed_loop_damping_ratio")
    coil_stall_detection_s: float = _coil("stall_detection_s")
    coil_connection_timeout_s: float = _coil("connection_timeout_s")


@dataclass(frozen=True)
class _Underway:
    """A goal, its move, and the future that its coroutine waits on: (code, result)."""

    handle: ServerGoalHandle
    move: Move
    ended: Future[tuple[MoveEnding, MoveLens.Result]]


class LensActuator(ManagedNode[LensActuatorParameters]):
    """Moves the glass; see the module's text."""

    def __init__(self) -> None:
        """Declare parameters and take goals, which hear NOT_ACTIVE until the node is active."""
        super().__init__("lens_actuator", LensActuatorParameters)
        self._lens: Lens | None = None
        self._actuator: SimulatedStepper | SimulatedVoiceCoil | None = None
        self._joints: Any = None
        self._tilt_rad: float | None = None
        self._tilt_heard_s = -math.inf
        self._tilt_told = ""
        self._underway: _Underway | None = None
        self._farewell = ""
        self._publisher: Any = None
        self._timers_of_state: list[Any] = []
        self._settled, self._known = EventStamps(), EventStamps()
        self._fault = Fault.NONE
        self._endings: dict[str, int] = {}
        self._server = ActionServer(
            self,
            MoveLens,
            "lens/move",
            execute_callback=self._execute,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
            result_timeout=RESULT_KEPT_S,
        )

    # Lifecycle

    def configure(self) -> None:
        """Read the lens file, home the motor, and start to tell the state."""
        p = self.parameters
        lens = load_lens(p.lens)
        position = p.initial_position_steps
        if position == math.inf:
            position = float(round(0.5 * (lens.min_position_steps + lens.max_position_steps)))
        if not lens.contains(position):
            raise ConfigurationError(
                f"initial_position_steps is {position:g}, outside the range of lens '{lens.name}', "
                f"{lens.min_position_steps:g} to {lens.max_position_steps:g} steps"
            )
        self._actuator = self._make_actuator(lens, position)
        self._actuator.set_fault(p.fault, time.monotonic())
        self._lens = lens
        self._publisher = self.create_publisher(LensState, "lens/state", STATE)
        # Steady time: a lens must not hang when a simulated clock stands still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timers_of_state = [
            self.create_timer(1.0 / p.motion_rate_hz, self._on_motion, clock=steady),
            self.create_timer(1.0 / p.rest_rate_hz, self._on_rest, clock=steady),
        ]
        if isinstance(self._actuator, SimulatedVoiceCoil):
            self._joints = self.create_subscription(JointState, "joint_states", self._on_joints, EVENT)
        chance = f"; random seed {p.seed}" if p.actuator == "stepper" else ""
        self.get_logger().info(f"lens '{lens.name}' at {position:g} steps, moved by a simulated {p.actuator}{chance}")

    def _make_actuator(self, lens: Lens, position: float) -> SimulatedStepper | SimulatedVoiceCoil:
        p, now_s = self.parameters, time.monotonic()
        if p.actuator == "stepper":
            stepper = StepperConfig(**{field.name: getattr(p, field.name) for field in fields(StepperConfig)})
            return SimulatedStepper(stepper, position, now_s)
        coil = VoiceCoilConfig(**{field.name: getattr(p, COIL + field.name) for field in fields(VoiceCoilConfig)})
        return SimulatedVoiceCoil(coil, position, now_s, (lens.min_position_steps, lens.max_position_steps))

    def deactivate(self) -> None:
        """Abort the goal under way and stop the glass."""
        self._stop(LensErrorCode.NOT_ACTIVE, "the lens node has been deactivated")

    def cleanup(self) -> None:
        """Let the lens go."""
        self._stop(LensErrorCode.NOT_ACTIVE, "the lens node has been cleaned up")
        for timer in self._timers_of_state:
            self.destroy_timer(timer)
        self._timers_of_state = []
        if self._publisher is not None:
            self.destroy_publisher(self._publisher)
            self._publisher = None
        if self._joints is not None:
            self.destroy_subscription(self._joints)
            self._joints = None
        self._tilt_rad, self._tilt_heard_s = None, -math.inf
        self._lens = self._actuator = None

    def shutting_down(self, reason: str) -> None:
        """Abort the goal under way with this reason, and every goal that still comes."""
        self._farewell = reason
        self._stop(LensErrorCode.SHUTTING_DOWN, reason)

    def parameters_changed(self, old: LensActuatorParameters, new: LensActuatorParameters) -> None:
        """Switch a fault on or off."""
        if self._actuator is not None and new.fault != old.fault:
            self._actuator.set_fault(new.fault, time.monotonic())
            self.get_logger().warning(f"simulated fault: {new.fault}")
            self._wake()

    def figures(self) -> Mapping[str, str]:
        """Where the glass is, and how the goals so far ended."""
        values = {f"goals.{name}": str(count) for name, count in self._endings.items()}
        p = self.parameters
        values |= {"actuator": p.actuator, "simulated_fault": p.fault}
        if p.actuator == "stepper":
            values["seed"] = str(p.seed)
        else:
            values["tilt_rad"] = "not heard" if self._tilt_rad is None else f"{self._tilt_rad:.4f}"
        if self._lens is not None and self._actuator is not None:
            state = self._actuator.state(time.monotonic())
            values |= {
                "lens": self._lens.name,
                "position_steps": f"{state.position_steps:.2f}",
                "focus_distance_m": f"{self._lens.focus_distance_m(state.position_steps):.4g}",
                "moving": str(state.moving).lower(),
                "fault": state.fault.value,
            }
        return values

    # Goals

    async def _execute(self, handle: ServerGoalHandle) -> MoveLens.Result:
        """One goal from its acceptance to its result; never blocks."""
        begun = self._begin(handle)
        if isinstance(begun, MoveEnding):
            ending, result = begun, self._result(begun)
            self.health.problem(f"goal_{ending.code.value}", f"goal not taken: {ending.message}")
        else:
            answer = await begun.ended
            assert answer is not None
            ending, result = answer
        name = ending.code.name.lower() if ending.code is not LensErrorCode.NONE else "reached"
        self._endings[name] = self._endings.get(name, 0) + 1
        if ending.code is LensErrorCode.NONE:
            handle.succeed()
        elif ending.code is LensErrorCode.CANCELED:
            handle.canceled()
        else:
            handle.abort()
        return result

    def _begin(self, handle: ServerGoalHandle) -> _Underway | MoveEnding:
        """Set the glass going for a goal; or why not."""
        goal, now_s = handle.request, time.monotonic()
        if self._farewell:
            return MoveEnding(LensErrorCode.SHUTTING_DOWN, self._farewell)
        if not self.active or self._lens is None or self._actuator is None:
            return MoveEnding(LensErrorCode.NOT_ACTIVE, "the lens node is not active: activate it first")
        if handle.is_cancel_requested:
            return MoveEnding(LensErrorCode.CANCELED, "canceled by the client before it began")
        present = self._actuator.state(now_s).position_steps
        try:
            target = resolve_goal(
                goal.by, goal.relative, goal.value, goal.max_speed_steps_per_s, self._lens, present_position_steps=present
            )
        except LensGoalError as error:
            return MoveEnding(LensErrorCode[error.code], str(error))
        self._end(MoveEnding(LensErrorCode.TAKEN_OVER, f"a newer goal took over; the glass goes on to {target:.1f} steps"))
        move = Move(self._actuator, target, now_s, goal.max_speed_steps_per_s)
        underway = self._underway = _Underway(handle, move, Future())
        self._wake()
        return underway

    def _end(self, ending: MoveEnding) -> None:
        """The goal under way, if there is one, has ended; its coroutine finishes it in the executor's next turn."""
        if self._underway is not None:
            underway, self._underway = self._underway, None
            underway.ended.set_result((ending, self._result(ending)))

    def _stop(self, code: LensErrorCode, reason: str) -> None:
        """End the goal under way and stop the glass."""
        if self._actuator is not None:
            self._actuator.stop(time.monotonic())
            self._end(MoveEnding(code, reason))
            self._wake()

    def _result(self, ending: MoveEnding) -> MoveLens.Result:
        state = self._actuator.state(time.monotonic()) if self._actuator is not None else None
        settled, _ = self._stamps(state) if state is not None else (Time(), Time())
        return make_move_result(ending.code, ending.message, self._lens, state, settled)

    # The camera's tilt

    def _on_joints(self, message: JointState) -> None:
        """The tilt of a voice coil's glass. Joints of others on the same topic are no matter once the tilt has been heard."""
        assert isinstance(self._actuator, SimulatedVoiceCoil)
        name = self.parameters.tilt_joint
        readings = dict(zip(message.name, message.position, strict=False))
        if name not in readings:
            if self._tilt_rad is None:
                heard = ", ".join(message.name) or "none"
                self._tell_tilt(f"joint_states has no position of '{name}', it has those of: {heard}; the lens is taken as level")
            return
        tilt_rad, now_s = float(readings[name]), time.monotonic()
        if not math.isfinite(tilt_rad):
            self._tell_tilt(f"joint_states says that '{name}' is at {tilt_rad}, it must be a finite angle; it is ignored")
            return
        if self._tilt_told:
            self._tilt_told = ""
            self.health.clear("tilt")
        # Between two readings the joint turned evenly, as far as anybody knows: a jump would make the glass ring.
        spread_s = 0.0 if self._tilt_rad is None else min(now_s - self._tilt_heard_s, TILT_SPREAD_S)
        moved = tilt_rad != self._tilt_rad
        self._tilt_rad, self._tilt_heard_s = tilt_rad, now_s
        self._actuator.set_tilt(tilt_rad, now_s, spread_s)
        if moved and self._timers_of_state[0].is_canceled():
            self._timers_of_state[0].reset()

    def _tell_tilt(self, text: str) -> None:
        """Once, until something else is wrong with it or it is well again."""
        if text != self._tilt_told:
            self._tilt_told = text
            self.health.problem("tilt", text, lasting=True)

    # Looking at the glass

    def _wake(self) -> None:
        """Something has changed: say so now, and look often until it is quiet again."""
        if self._timers_of_state:
            self._timers_of_state[0].reset()
            self._look()

    def _on_motion(self) -> None:
        """The timer of moving glass; it rests with it."""
        state = self._look()
        moves = state.moving or abs(state.velocity_steps_per_s) > STILL_STEPS_PER_S
        if self._underway is None and not (moves and state.fault is Fault.NONE):
            self._timers_of_state[0].cancel()

    def _on_rest(self) -> None:
        """The slow timer; it never stops."""
        self._look()

    def _look(self) -> ActuatorState:
        """Look once: publish the state and the feedback, and end a move that is over."""
        assert self._actuator is not None and self._lens is not None
        now_s, ending = time.monotonic(), None
        if self._underway is not None:
            if self._underway.handle.is_cancel_requested:
                self._underway.move.cancel(now_s)
            state, ending = self._underway.move.poll(now_s)
            self._underway.handle.publish_feedback(make_move_feedback(self._lens, state))
        else:
            state = self._actuator.state(now_s)
        self._tell_fault(state)
        settled, known = self._stamps(state)
        header = Header(stamp=known, frame_id=self.parameters.frame_id)
        self._publisher.publish(make_lens_state(self._lens, state, header, settled))
        if ending is not None:
            self._end(ending)
        return state

    def _tell_fault(self, state: ActuatorState) -> None:
        """To the log and the diagnostics, when it comes and when it goes."""
        if state.fault is self._fault:
            return
        self._fault = state.fault
        if state.fault is Fault.NONE:
            self.health.clear("lens")
        else:
            self.health.problem("lens", state.fault_text, error=True, lasting=True)

    def _stamps(self, state: ActuatorState) -> tuple[Time, Time]:
        """When the lens came to rest, and when its position was known, both by one look at the clocks."""
        now = clocks_now(self.get_clock())
        return from_ns(self._settled.stamp_ns(state.settled_at_s, *now)), from_ns(self._known.stamp_ns(state.known_at_s, *now))


def main() -> None:
    """Entry point."""
    sys.exit(run_node(LensActuator))


if __name__ == "__main__":
    main()
