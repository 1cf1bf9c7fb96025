"""`lens_actuator` as a real node that moves its glass by a voice coil: goals, settled stamps, tilt, and what it is told wrong."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from sensor_msgs.msg import JointState

from auxfocus_interfaces.action import MoveLens
from auxfocus_interfaces.msg import LensState
from auxfocus_ros.lens import SimulatedVoiceCoil, VoiceCoilConfig
from auxfocus_ros.ros.qos import EVENT, STATE

pytestmark = pytest.mark.graph

GOAL, RESULT = MoveLens.Goal, MoveLens.Result
RANGE = (450.0, 1000.0)  # of phone_4mm52
SLOW = {"coil_natural_frequency_hz": 2.0, "coil_damping_ratio": 0.2}  # rings for seconds, so that a client can watch


class Lens:
    """The client's side of the lens."""

    def __init__(self, graph: Any, start_node: Callable[..., Any]) -> None:
        self.graph, self._start_node = graph, start_node
        self.states: list[LensState] = graph.collect(LensState, "lens/state", STATE)
        self.diagnostics: list[DiagnosticArray] = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
        self._client = ActionClient(graph.node, MoveLens, "lens/move")
        self._joints = graph.node.create_publisher(JointState, "joint_states", EVENT)

    def start(self, **parameters: Any) -> Any:
        """Start the node with a voice coil, and wait until it is heard."""
        chosen = {"actuator": "voice_coil", "lens": "phone_4mm52", "initial_position_steps": 600.0, **parameters}
        node = self._start_node("lens_actuator", **chosen)
        self.graph.until(lambda: self.states and self._client.server_is_ready(), 20.0, "the lens")
        self.graph.until(lambda: self._joints.get_subscription_count() == 1, 10.0, "the lens to hear joint states")
        return node

    @property
    def state(self) -> LensState:
        """The last one heard."""
        return self.states[-1]

    def send(self, position: float, speed: float = 0.0) -> Any:
        """Send a goal; the future of its result, once it is accepted."""
        goal = GOAL(by=GOAL.BY_POSITION, value=position, max_speed_steps_per_s=speed)
        future = self._client.send_goal_async(goal)
        self.graph.until(future.done, 10.0, "the acceptance of a goal")
        return future.result().get_result_async()

    def move(self, position: float, speed: float = 0.0) -> Any:
        """The result of a move, which has succeeded."""
        answer = self.send(position, speed)
        self.graph.until(answer.done, 15.0, "the result of a goal")
        assert answer.result().status == GoalStatus.STATUS_SUCCEEDED, answer.result().result.message
        return answer.result().result

    def tilt(self, *positions: float, names: tuple[str, ...] = ("pan_joint", "tilt_joint")) -> None:
        """Publish one joint state."""
        self._joints.publish(JointState(name=list(names), position=[float(value) for value in positions]))

    def told(self, words: str) -> bool:
        """Whether the diagnostics have said something."""
        return any(words in status.message for message in self.diagnostics for status in message.status)

    def close(self) -> None:
        """Let the action client go."""
        self._client.destroy()


@pytest.fixture
def lens(graph: Any, start_node: Callable[..., Any]) -> Iterator[Lens]:
    client = Lens(graph, start_node)
    yield client
    client.close()


def seconds(stamp: Any) -> float:
    return stamp.sec + 1e-9 * stamp.nanosec


def rests(lens: Lens, position: float, timeout_s: float = 10.0) -> None:
    """Wait until the glass rests within the tolerance of a place."""
    lens.graph.until(
        lambda: not lens.state.moving and abs(lens.state.position_steps - position) <= 3.0, timeout_s, f"the glass at {position}"
    )


def test_goals_end_with_the_true_place(lens: Lens) -> None:
    lens.start(coil_hysteresis_steps=40.0)
    assert (lens.state.lens_name, lens.state.position_steps, lens.state.moving) == ("phone_4mm52", 600.0, False)
    for goal, place in [(800.0, 800.0), (700.0, 740.0), (760.0, 760.0)]:  # rising is exact, falling 40 high
        result = lens.move(goal)
        assert (result.error_code, result.message) == (RESULT.ERROR_NONE, "")
        assert result.position_steps == pytest.approx(place, abs=3.0)  # the tolerance
        rests(lens, place)
        assert lens.state.settled_stamp == result.settled_stamp
    # and a bound on the speed makes it slow
    begun_s = time.monotonic()
    lens.move(960.0, speed=200.0)
    assert time.monotonic() - begun_s > 0.9


def test_the_settled_stamp_is_true(lens: Lens) -> None:
    """Rung slowly enough to be watched: outside the tolerance before the stamp, inside from it on, and when the model says."""
    lens.start(**SLOW)
    lens.graph.spin(0.5)
    lens.states.clear()
    result = lens.move(900.0)
    lens.graph.spin(0.5)
    settled_s = seconds(result.settled_stamp)
    seen = [(seconds(state.header.stamp), state.position_steps) for state in lens.states]
    after = [place for at_s, place in seen if at_s >= settled_s]
    assert len(after) > 10
    assert all(abs(place - 900.0) <= 3.0 for place in after)
    before = [(at_s, place) for at_s, place in seen if at_s < settled_s]
    assert max(abs(place - 900.0) for at_s, place in before if at_s > settled_s - 0.5) > 3.0
    assert max(place for _, place in before) > 1000.0  # it rings
    moving = [state for state in lens.states if state.moving]
    assert all(seconds(state.settled_stamp) == 0.0 and state.goal_position_steps == 900.0 for state in moving)
    config = VoiceCoilConfig(natural_frequency_hz=2.0, damping_ratio=0.2)
    predicted_s = SimulatedVoiceCoil(config, 600.0, 0.0, RANGE).move_to(900.0, 0.0)
    first_s = seconds(moving[0].header.stamp)
    assert 0.0 <= settled_s - first_s <= predicted_s + 1e-3
    assert settled_s - first_s >= predicted_s - 0.2  # the state is published as the move begins


def test_a_tilt_makes_the_glass_sag(lens: Lens) -> None:
    lens.start()
    lens.move(700.0)
    settled = lens.state.settled_stamp
    lens.tilt(1.0, math.pi / 6)  # half of 110 steps
    rests(lens, 755.0)
    assert seconds(lens.state.settled_stamp) > seconds(settled)
    assert math.isnan(lens.state.goal_position_steps)
    lens.tilt(1.0, math.pi / 6)
    lens.graph.spin(0.5)
    assert lens.state.position_steps == pytest.approx(755.0, abs=0.01)
    # a goal is missed by the sag, and says so
    assert lens.move(800.0).position_steps == pytest.approx(855.0, abs=3.0)
    # nodded down slowly, it is heard of often enough to be followed
    lens.states.clear()
    for k in range(60):
        lens.tilt(0.0, math.pi / 6 + 0.01 * k)
        lens.graph.spin(0.02)
    steps = [abs(b.position_steps - a.position_steps) for a, b in zip(lens.states, lens.states[1:], strict=False)]
    assert len(steps) > 30 and max(steps) < 15.0
    rests(lens, 800.0 + 110.0 * math.sin(math.pi / 6 + 0.59))


def test_a_closed_loop_holds_it(lens: Lens) -> None:
    lens.start(coil_closed_loop=True, coil_closed_loop_residual=0.0, tilt_joint="nod")
    lens.tilt(1.5, names=("nod",))
    lens.graph.spin(0.5)
    assert lens.state.position_steps == 600.0
    assert lens.move(500.0).position_steps == pytest.approx(500.0, abs=3.0)


def test_joint_states_that_are_no_use_are_said_once(lens: Lens) -> None:
    node = lens.start()
    for _ in range(5):
        lens.tilt(0.5, names=("wheel",))
    lens.graph.until(lambda: lens.told("no position of 'tilt_joint', it has those of: wheel"), 5.0, "the diagnostics")
    lens.tilt(0.0, math.pi / 2)
    rests(lens, 710.0)
    for _ in range(5):
        lens.tilt(0.0, math.nan)
        lens.tilt(0.5, names=("wheel",))  # of another robot part, now that the tilt is known
        lens.tilt(names=("pan_joint", "tilt_joint"))  # names without positions
    lens.graph.until(lambda: lens.told("'tilt_joint' is at nan, it must be a finite angle"), 5.0, "the diagnostics")
    assert lens.state.position_steps == pytest.approx(710.0, abs=0.1)
    lens.diagnostics.clear()
    lens.tilt(0.0, 0.0)
    rests(lens, 600.0)
    lens.graph.until(lambda: lens.told("running"), 5.0, "the diagnostics to be well again")
    text = node.text()
    assert text.count("it has those of: wheel") == 1 and text.count("is at nan") == 1
    assert lens.move(650.0).error_code == RESULT.ERROR_NONE


def test_faults(lens: Lens) -> None:
    lens.start()
    client = lens.graph.node.create_client(SetParameters, "lens_actuator/set_parameters")
    lens.graph.until(client.service_is_ready, 10.0, "the parameter service")

    def fault(name: str) -> Any:
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=name)
        future = client.call_async(SetParameters.Request(parameters=[Parameter(name="fault", value=value)]))
        lens.graph.until(future.done, 10.0, "the parameter to be set")
        return future.result().results[0]

    refused = fault("lost_steps")
    assert not refused.successful and "counts no steps" in refused.reason
    for name, code, state in [
        ("stall", RESULT.ERROR_STALL, LensState.FAULT_STALL),
        ("connection_lost", RESULT.ERROR_CONNECTION_LOST, LensState.FAULT_CONNECTION_LOST),
    ]:
        assert fault(name).successful
        answer = lens.send(900.0)
        lens.graph.until(answer.done, 5.0, "the end of a goal that cannot be")
        assert (answer.result().status, answer.result().result.error_code) == (GoalStatus.STATUS_ABORTED, code)
        lens.graph.until(lambda state=state: lens.state.fault_code == state, 5.0, "the fault in the state")
        assert fault("none").successful
        assert lens.move(650.0).position_steps == pytest.approx(650.0, abs=13.0)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"actuator": "magic"}, "stepper | voice_coil"),
        ({"actuator": "voice_coil", "coil_damping_ratio": 0.0}, "coil_damping_ratio is 0, it must be 0.01 to 10"),
        ({"actuator": "voice_coil", "fault": "lost_steps"}, "a voice coil counts no steps"),
        ({"actuator": "voice_coil", "coil_closed_loop": 3}, "coil_closed_loop is 3, it must be a bool"),
    ],
)
def test_a_node_that_cannot_start_says_why(start_node: Callable[..., Any], parameters: dict[str, Any], words: str) -> None:
    node = start_node("lens_actuator", **parameters)
    assert node.wait() == 2
    assert words in node.text() and "Traceback" not in node.text()
