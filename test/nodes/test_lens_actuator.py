"""`lens_actuator` as a real node: goals, take-over, cancel, faults and farewells, as a client on the wire sees them."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient

from auxfocus_interfaces.action import MoveLens
from auxfocus_interfaces.msg import LensState
from auxfocus_ros.optics import load_lens
from auxfocus_ros.ros.qos import EVENT, STATE

pytestmark = pytest.mark.graph

GOAL, RESULT = MoveLens.Goal, MoveLens.Result
BENCH = load_lens("bench_25mm")
SLOW = 100.0  # steps/s: a move of a few hundred steps is under way for seconds


class Sent:
    """A goal that was sent: its handle, its feedback, and its end once it is there."""

    def __init__(self, graph: Any, handle: Any, feedback: list[tuple[float, Any]]) -> None:
        self._graph, self.handle, self.feedback = graph, handle, feedback
        self.answer = handle.get_result_async()

    def end(self, timeout_s: float = 10.0) -> Any:
        """The result, waited for."""
        self._graph.until(self.answer.done, timeout_s, "the result of a goal")
        return self.answer.result().result

    @property
    def status(self) -> int:
        """A GoalStatus.STATUS_*, once it has ended."""
        return int(self.answer.result().status)


class Lens:
    """The client's side of the lens."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.states: list[tuple[float, LensState]] = []
        graph.node.create_subscription(LensState, "lens/state", lambda m: self.states.append((time.monotonic(), m)), STATE)
        self.diagnostics: list[DiagnosticArray] = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
        self._client = ActionClient(graph.node, MoveLens, "lens/move")
        self._set = graph.node.create_client(SetParameters, "lens_actuator/set_parameters")
        self._change = graph.node.create_client(ChangeState, "lens_actuator/change_state")

    @property
    def state(self) -> LensState:
        """The last one heard."""
        return self.states[-1][1]

    def ready(self) -> None:
        """Wait until the node answers and has been heard."""
        self.graph.until(lambda: self.states and self._client.server_is_ready(), 20.0, "the lens")

    def send(self, by: int, value: float, relative: bool = False, speed: float = 0.0) -> Sent:
        """Send a goal and wait until it is accepted."""
        goal = GOAL(by=by, relative=relative, value=value, max_speed_steps_per_s=speed)
        feedback: list[tuple[float, Any]] = []
        future = self._client.send_goal_async(goal, lambda m: feedback.append((time.monotonic(), m.feedback)))
        self.graph.until(future.done, 10.0, "the acceptance of a goal")
        assert future.result().accepted
        return Sent(self.graph, future.result(), feedback)

    def until_moving(self) -> None:
        """Wait until the state says that the glass moves."""
        self.graph.until(lambda: self.states and abs(self.state.velocity_steps_per_s) > 1.0, 5.0, "moving glass")

    def fault(self, name: str) -> Any:
        """Switch a fault on or off by parameter; the answer."""
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=name)
        return self.set(Parameter(name="fault", value=value))

    def set(self, parameter: Parameter) -> Any:
        """Set one parameter; the answer."""
        self.graph.until(self._set.service_is_ready, 10.0, "the parameter service")
        future = self._set.call_async(SetParameters.Request(parameters=[parameter]))
        self.graph.until(future.done, 10.0, "the parameter to be set")
        return future.result().results[0]

    def change(self, transition: int) -> bool:
        """Ask for a lifecycle transition."""
        self.graph.until(self._change.service_is_ready, 10.0, "the lifecycle service")
        future = self._change.call_async(ChangeState.Request(transition=Transition(id=transition)))
        self.graph.until(future.done, 10.0, "the transition")
        return bool(future.result().success)

    def close(self) -> None:
        """Let the action client go."""
        self._client.destroy()


@pytest.fixture
def lens(graph: Any) -> Iterator[Lens]:
    client = Lens(graph)
    yield client
    client.close()


def seconds(stamp: Any) -> float:
    return stamp.sec + 1e-9 * stamp.nanosec


def test_moves_by_everything(lens: Lens, start_node: Callable[..., Any]) -> None:
    start_node("lens_actuator", initial_position_steps=1500.0)
    lens.ready()
    first = lens.state
    assert (first.position_steps, first.moving, first.fault_code) == (1500.0, False, LensState.FAULT_NONE)
    assert (first.lens_name, first.header.frame_id) == ("bench_25mm", "camera_optical_frame")
    assert math.isnan(first.goal_position_steps) and seconds(first.settled_stamp) == 0.0
    assert first.focus_distance_m == BENCH.focus_distance_m(1500.0)
    assert (first.near_limit_m, first.far_limit_m) == BENCH.depth_of_field_m(1500.0)

    for by, value, relative, goal in [
        (GOAL.BY_POSITION, 1700.0, False, 1700.0),
        (GOAL.BY_POSITION, -120.5, True, 1579.5),
        (GOAL.BY_DISTANCE, 2.0, False, BENCH.position_for_distance(2.0)),
        (GOAL.BY_DIOPTRE, 1.0, False, BENCH.position_for_distance(1.0)),
        (GOAL.BY_DISTANCE, 0.5, True, BENCH.position_for_distance(1.5)),
        (GOAL.BY_DIOPTRE, 0.5, True, BENCH.position_for_distance(1 / (1 / 1.5 + 0.5))),
    ]:
        sent = lens.send(by, value, relative)
        result = sent.end()
        assert (sent.status, result.error_code, result.message) == (GoalStatus.STATUS_SUCCEEDED, RESULT.ERROR_NONE, "")
        # half a step for the stepper, and as much for what a relative goal starts from
        assert abs(result.position_steps - goal) <= (1.0 if relative else 0.5)
        assert result.focus_distance_m == BENCH.focus_distance_m(result.position_steps)
        lens.graph.until(lambda: not lens.state.moving, 5.0, "the state at rest")
        assert lens.state.position_steps == result.position_steps
        assert math.isnan(lens.state.goal_position_steps)
        assert lens.state.settled_stamp == result.settled_stamp
        assert 0.0 <= seconds(lens.state.header.stamp) - seconds(result.settled_stamp) < 5.0


def test_feedback_and_state_while_it_moves(lens: Lens, start_node: Callable[..., Any]) -> None:
    start_node("lens_actuator", initial_position_steps=1200.0)
    lens.ready()
    lens.send(GOAL.BY_POSITION, 1210.0).end()
    lens.states.clear()
    sent = lens.send(GOAL.BY_POSITION, 2000.0, speed=400.0)  # about 2 s
    sent.end()
    times = [at for at, _ in sent.feedback]
    assert (len(times) - 1) / (times[-1] - times[0]) >= 20.0
    positions = [feedback.position_steps for _, feedback in sent.feedback]
    assert positions == sorted(positions)
    middle = sent.feedback[len(times) // 2][1]
    assert (middle.goal_position_steps, middle.velocity_steps_per_s) == (2000.0, pytest.approx(400.0))
    assert middle.focus_distance_m == BENCH.focus_distance_m(middle.position_steps)
    assert middle.remaining_s == pytest.approx((2000.0 - middle.position_steps) / 400.0, abs=0.1)
    moving = [(at, state) for at, state in lens.states if state.moving]
    assert (len(moving) - 1) / (moving[-1][0] - moving[0][0]) >= 20.0
    stamps = [seconds(state.header.stamp) for _, state in lens.states]
    assert stamps == sorted(stamps)

    lens.graph.until(lambda: not lens.state.moving, 5.0, "the state at rest")
    lens.states.clear()
    lens.graph.spin(2.0)
    assert 3 <= len(lens.states) <= 11  # 2 to 5 Hz at rest


def test_a_late_joiner_learns_the_state_at_once(lens: Lens, graph: Any, start_node: Callable[..., Any]) -> None:
    start_node("lens_actuator", initial_position_steps=1500.0)
    lens.ready()
    late: list[tuple[float, LensState]] = []
    graph.node.create_subscription(LensState, "lens/state", lambda m: late.append((time.monotonic(), m)), STATE)
    graph.until(lambda: late, 5.0, "the latched state")
    assert late[0][1].position_steps == 1500.0


def test_cancel_stops_the_glass(lens: Lens, graph: Any, start_node: Callable[..., Any]) -> None:
    start_node("lens_actuator", initial_position_steps=1100.0)
    lens.ready()
    sent = lens.send(GOAL.BY_POSITION, 2000.0, speed=200.0)
    lens.until_moving()
    cancel = sent.handle.cancel_goal_async()
    result = sent.end(3.0)
    assert cancel.done() and len(cancel.result().goals_canceling) == 1
    assert (sent.status, result.error_code) == (GoalStatus.STATUS_CANCELED, RESULT.ERROR_CANCELED)
    assert 1100.0 < result.position_steps < 1900.0
    graph.until(lambda: not lens.state.moving, 2.0, "the state at rest")
    rests_at = lens.state.position_steps
    assert rests_at == result.position_steps
    graph.spin(0.5)
    assert lens.state.position_steps == rests_at


def test_a_new_goal_takes_over(lens: Lens, graph: Any, start_node: Callable[..., Any]) -> None:
    start_node("lens_actuator", initial_position_steps=1500.0)
    lens.ready()
    old = lens.send(GOAL.BY_POSITION, 2000.0, speed=SLOW)
    lens.until_moving()
    new = lens.send(GOAL.BY_POSITION, 1480.0)
    result = old.end(2.0)
    assert (old.status, result.error_code) == (GoalStatus.STATUS_ABORTED, RESULT.ERROR_TAKEN_OVER)
    assert "1480.0" in result.message
    assert new.end().position_steps == 1480.0
    assert new.status == GoalStatus.STATUS_SUCCEEDED
    # from where it was and as fast as it was: no jump between any two states
    for (_, before), (_, after) in zip(lens.states, lens.states[1:], strict=False):
        passed_s = seconds(after.header.stamp) - seconds(before.header.stamp)
        assert abs(after.position_steps - before.position_steps) <= 2000.0 * passed_s + 1.0


def test_many_goals_at_once_all_end(lens: Lens, start_node: Callable[..., Any]) -> None:
    start_node("lens_actuator", initial_position_steps=1500.0)
    lens.ready()
    sent = [lens.send(GOAL.BY_POSITION, 1200.0 + 100.0 * k) for k in range(8)]
    codes = [goal.end().error_code for goal in sent]
    assert codes == [RESULT.ERROR_TAKEN_OVER] * 7 + [RESULT.ERROR_NONE]


@pytest.mark.parametrize("moving", [False, True])
def test_goals_that_cannot_be(lens: Lens, graph: Any, start_node: Callable[..., Any], moving: bool) -> None:
    start_node("lens_actuator", initial_position_steps=1500.0)
    lens.ready()
    going = lens.send(GOAL.BY_POSITION, 2100.0, speed=SLOW) if moving else None
    inf, nan = math.inf, math.nan
    for by, value, relative, speed, code, words in [
        (7, 1500.0, False, 0.0, RESULT.ERROR_INVALID_GOAL, "`by` is 7"),
        (GOAL.BY_POSITION, 1500.0, False, -1.0, RESULT.ERROR_INVALID_GOAL, "max_speed_steps_per_s is -1"),
        (GOAL.BY_POSITION, nan, False, 0.0, RESULT.ERROR_NOT_FINITE, "NaN"),
        (GOAL.BY_POSITION, inf, False, 0.0, RESULT.ERROR_NOT_FINITE, "inf"),
        (GOAL.BY_DISTANCE, inf, True, 0.0, RESULT.ERROR_NOT_FINITE, "finite"),
        (GOAL.BY_DISTANCE, inf, False, 0.0, RESULT.ERROR_OUT_OF_RANGE, "0.4 m to 10 m, positions 1050 to 2100"),
        (GOAL.BY_DISTANCE, 0.1, False, 0.0, RESULT.ERROR_OUT_OF_RANGE, "0.4 m to 10 m"),
        (GOAL.BY_POSITION, 5000.0, False, 0.0, RESULT.ERROR_OUT_OF_RANGE, "position 5000"),
        (GOAL.BY_DIOPTRE, -1.0, False, 0.0, RESULT.ERROR_OUT_OF_RANGE, "beyond infinity"),
        (GOAL.BY_POSITION, 1500.0, False, nan, RESULT.ERROR_NOT_FINITE, "max_speed_steps_per_s"),
    ]:
        sent = lens.send(by, value, relative, speed)
        result = sent.end(5.0)
        assert (sent.status, result.error_code) == (GoalStatus.STATUS_ABORTED, code)
        assert words in result.message
    level = graph.until(lambda: _level(lens.diagnostics, "beyond infinity"), 5.0, "the diagnostics")
    assert level == DiagnosticStatus.WARN
    if going is not None:
        assert not going.answer.done()  # what cannot be takes nothing over
        assert lens.state.goal_position_steps == 2100.0
    else:
        assert lens.state.position_steps == 1500.0


def _level(diagnostics: list[DiagnosticArray], words: str) -> Any:
    for message in diagnostics:
        for status in message.status:
            if status.name == "lens_actuator" and words in status.message:
                return status.level
    return None


@pytest.mark.parametrize("fault", ["stall", "connection_lost", "lost_steps"])
def test_faults_end_a_goal_and_heal(lens: Lens, graph: Any, start_node: Callable[..., Any], fault: str) -> None:
    code, state_code = getattr(RESULT, f"ERROR_{fault.upper()}"), getattr(LensState, f"FAULT_{fault.upper()}")
    start_node("lens_actuator", initial_position_steps=1500.0)
    lens.ready()
    # in the middle of a move
    sent = lens.send(GOAL.BY_POSITION, 1700.0, speed=200.0)
    lens.until_moving()
    assert lens.fault(fault).successful
    result = sent.end(3.0)
    assert (sent.status, result.error_code) == (GoalStatus.STATUS_ABORTED, code)
    assert result.message
    graph.until(lambda: lens.state.fault_code == state_code, 2.0, "the fault in the state")
    assert lens.state.fault_text == result.message or fault == "connection_lost"
    assert math.isnan(lens.state.goal_position_steps)
    assert graph.until(lambda: _level(lens.diagnostics, lens.state.fault_text[:20]), 5.0, "diagnostics") == DiagnosticStatus.ERROR
    # and from the start of one
    sent = lens.send(GOAL.BY_POSITION, 1900.0)
    result = sent.end(3.0)
    assert (sent.status, result.error_code) == (GoalStatus.STATUS_ABORTED, code)
    if fault == "lost_steps":
        assert result.position_steps == pytest.approx(1880.0)
    # switched off, the lens moves again
    assert lens.fault("none").successful
    graph.until(lambda: lens.state.fault_code == LensState.FAULT_NONE, 2.0, "the end of the fault")
    sent = lens.send(GOAL.BY_POSITION, 1600.0)
    assert sent.end().position_steps == 1600.0
    assert sent.status == GoalStatus.STATUS_SUCCEEDED


def test_lost_connection_keeps_the_stamp_of_what_is_known(lens: Lens, graph: Any, start_node: Callable[..., Any]) -> None:
    start_node("lens_actuator", fault="connection_lost", initial_position_steps=1500.0)
    lens.ready()
    graph.until(lambda: lens.state.fault_code == LensState.FAULT_CONNECTION_LOST, 5.0, "the fault in the state")
    graph.spin(1.0)
    assert len({seconds(state.header.stamp) for _, state in lens.states}) == 1


def test_parameters_that_cannot_be(lens: Lens, start_node: Callable[..., Any]) -> None:
    start_node("lens_actuator")
    lens.ready()
    answer = lens.fault("fire")
    assert not answer.successful and "none | stall | connection_lost | lost_steps" in answer.reason
    speed = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=5.0)
    assert not lens.set(Parameter(name="speed_steps_per_s", value=speed)).successful


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"lens": "no_such_lens"}, "no_such_lens"),
        ({"initial_position_steps": 5.0}, "initial_position_steps is 5, outside the range of lens 'bench_25mm', 1050 to 2100"),
        ({"speed_steps_per_s": 0.0, "settle_s": -1.0}, "settle_s is -1, it must be 0 to 10 s"),
        ({"backlash_steps": 9.0}, "compensation_steps is 3, it must be 0 or at least the 9 steps of backlash"),
    ],
)
def test_a_node_that_cannot_start_says_why(start_node: Callable[..., Any], parameters: dict[str, Any], words: str) -> None:
    node = start_node("lens_actuator", **parameters)
    assert node.wait() == 2
    text = node.text()
    assert words in text
    assert "Traceback" not in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_shutting_down_is_heard(lens: Lens, start_node: Callable[..., Any], number: int) -> None:
    node = start_node("lens_actuator", initial_position_steps=1100.0)
    lens.ready()
    sent = lens.send(GOAL.BY_POSITION, 2100.0, speed=SLOW)
    lens.until_moving()
    node.process.send_signal(number)
    result = sent.end(5.0)
    assert (sent.status, result.error_code) == (GoalStatus.STATUS_ABORTED, RESULT.ERROR_SHUTTING_DOWN)
    assert "shutting down" in result.message
    assert node.wait(5.0) == 0


def test_only_an_active_node_moves(lens: Lens, graph: Any, start_node: Callable[..., Any]) -> None:
    start_node("lens_actuator", autostart=False, initial_position_steps=1500.0)
    graph.until(lens._client.server_is_ready, 20.0, "the action server")
    result = lens.send(GOAL.BY_POSITION, 1600.0).end()
    assert (result.error_code, math.isnan(result.position_steps)) == (RESULT.ERROR_NOT_ACTIVE, True)

    assert lens.change(Transition.TRANSITION_CONFIGURE)
    lens.ready()
    result = lens.send(GOAL.BY_POSITION, 1600.0).end()
    assert (result.error_code, result.position_steps) == (RESULT.ERROR_NOT_ACTIVE, 1500.0)

    assert lens.change(Transition.TRANSITION_ACTIVATE)
    sent = lens.send(GOAL.BY_POSITION, 2000.0, speed=SLOW)
    lens.until_moving()
    assert lens.change(Transition.TRANSITION_DEACTIVATE)
    result = sent.end(3.0)
    assert (sent.status, result.error_code) == (GoalStatus.STATUS_ABORTED, RESULT.ERROR_NOT_ACTIVE)
    assert "deactivated" in result.message
    graph.until(lambda: not lens.state.moving, 3.0, "the glass to stop")

    assert lens.change(Transition.TRANSITION_ACTIVATE)
    assert lens.send(GOAL.BY_POSITION, 1700.0).end().position_steps == 1700.0
    assert lens.change(Transition.TRANSITION_DEACTIVATE)
    assert lens.change(Transition.TRANSITION_CLEANUP)
    assert lens.send(GOAL.BY_POSITION, 1600.0).end().error_code == RESULT.ERROR_NOT_ACTIVE


def test_a_clock_that_stands_still_hangs_nothing(lens: Lens, start_node: Callable[..., Any]) -> None:
    start_node("lens_actuator", use_sim_time=True, initial_position_steps=1500.0)
    lens.ready()
    result = lens.send(GOAL.BY_POSITION, 1600.0).end(5.0)
    assert (result.error_code, result.position_steps) == (RESULT.ERROR_NONE, 1600.0)
    assert seconds(result.settled_stamp) == 0.0
