"""`autofocus` as a real node with a real lens; the test is the camera, and blurs its picture by where the lens says it stands."""

from __future__ import annotations

import array
import math
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from sensor_msgs.msg import Image, RegionOfInterest

from auxfocus_interfaces.action import Autofocus, MoveLens
from auxfocus_interfaces.msg import AutofocusStatus, FocusTarget, FocusTargetArray, LensState
from auxfocus_ros.autofocus.plane_camera import PlaneCamera
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.ros.qos import EVENT, PICTURE_OUT, STATE, profile
from auxfocus_ros.ros.stamps import to_ns

pytestmark = pytest.mark.graph

GOAL, STATUS = Autofocus.Goal, AutofocusStatus
LENS = load_lens("gimbal_25mm_close")
MODEL = ThinLensModel(LENS)
DEPTH_M = 1.5
BEST = float(MODEL.best_position_steps(DEPTH_M))
HALF = float(MODEL.half_depth_of_focus_steps(BEST))
WIDTH = HEIGHT = 480
TARGET = 7


def texture() -> np.ndarray:
    """Sharp noise of several sizes."""
    rng = np.random.default_rng(5)
    layers = [rng.normal(0.0, 1.0, (s, s)).astype(np.float32) for s in (32, 128, 512)]
    mixed = sum(cv2.resize(layer, (512, 512), interpolation=cv2.INTER_CUBIC) for layer in layers)
    return np.clip(128 + 32 * mixed, 0, 255).astype(np.uint8)


class Stage:
    """Camera, depth sensor and operator in one: pictures and targets out, goals sent, everything heard kept."""

    def __init__(self, graph: Any) -> None:
        self.graph, self.node = graph, graph.node
        self.camera = PlaneCamera(texture(), MODEL, BEST, BEST, size_px=WIDTH)
        self.lens: list[LensState] = []
        self.node.create_subscription(LensState, "lens/state", self.lens.append, STATE)
        # All of them, for what is looked at afterwards; the newest of these may be old where the machine is slow.
        self.history: list[LensState] = graph.collect(LensState, "lens/state", profile(reliable=True, depth=500, latched=True))
        self.status: list[STATUS] = graph.collect(AutofocusStatus, "autofocus/status", STATE)
        self.client = ActionClient(self.node, Autofocus, "autofocus/run")
        self.lens_client = ActionClient(self.node, MoveLens, "lens/move")
        self._images = self.node.create_publisher(Image, "camera/image_raw", PICTURE_OUT)
        self._targets = self.node.create_publisher(FocusTargetArray, "aux_focus/targets", EVENT)
        self.node.create_timer(0.08, self._expose)
        self.frames, self.target_state, self.depth_m = True, FocusTarget.STATE_TRACKED, DEPTH_M

    def _expose(self) -> None:
        if not self.lens or not self._images.get_subscription_count():
            return
        now = self.node.get_clock().now().to_msg()
        self.camera.best_position_steps = float(MODEL.best_position_steps(self.depth_m))
        self.camera.move(self.lens[-1].position_steps)
        if self.frames:
            message = Image(height=HEIGHT, width=WIDTH, encoding="mono8", step=WIDTH)
            message.header.stamp, message.header.frame_id = now, "camera_optical_frame"
            message.data = array.array("B", self.camera.capture().tobytes())
            self._images.publish(message)
        if self.target_state is not None and self._targets.get_subscription_count():
            target = FocusTarget(id=TARGET, state=self.target_state, selected=True)
            target.header.stamp = now
            target.roi = RegionOfInterest(x_offset=100, y_offset=100, width=280, height=280)
            tracked = self.target_state == FocusTarget.STATE_TRACKED
            target.depth_m, target.depth_sigma_m = (self.depth_m, 0.02 * self.depth_m) if tracked else (math.nan, math.nan)
            target.depth_velocity_m_per_s = math.nan
            self._targets.publish(FocusTargetArray(header=target.header, targets=[target], selected_id=TARGET))

    def ready(self) -> None:
        self.graph.until(
            lambda: self.lens and self.status and self.client.server_is_ready() and self.lens_client.server_is_ready(), 60.0,
            "autofocus and the lens",
        )  # fmt: skip

    def send(self, **fields: Any) -> Sent:
        goal = GOAL(**{"mode": GOAL.MODE_ONCE, "use": GOAL.USE_PICTURE, **fields})
        feedback: list[STATUS] = []
        future = self.client.send_goal_async(goal, lambda message: feedback.append(message.feedback.status))
        self.graph.until(future.done, 20.0, "the acceptance of a goal")
        assert future.result().accepted
        return Sent(self.graph, future.result(), feedback)

    def move(self, position: float) -> None:
        """As somebody else, and wait for the lens."""
        self.send_move(position)
        self.graph.until(lambda: not self.lens[-1].moving and self.lens[-1].position_steps == position, 20.0, "somebody's move")

    def send_move(self, position: float) -> None:
        """As somebody else."""
        future = self.lens_client.send_goal_async(MoveLens.Goal(by=MoveLens.Goal.BY_POSITION, value=position))
        self.graph.until(future.done, 20.0, "the lens to take a goal")

    def set(self, node: str, name: str, value: Any) -> None:
        kinds = {str: (ParameterType.PARAMETER_STRING, "string_value"), float: (ParameterType.PARAMETER_DOUBLE, "double_value")}
        kind, field = kinds[type(value)]
        client = self.node.create_client(SetParameters, f"{node}/set_parameters")
        self.graph.until(client.service_is_ready, 20.0, f"parameters of {node}")
        given = Parameter(name=name, value=ParameterValue(type=kind, **{field: value}))
        future = client.call_async(SetParameters.Request(parameters=[given]))
        self.graph.until(future.done, 20.0, "the parameter")
        assert future.result().results[0].successful

    def close(self) -> None:
        self.client.destroy()
        self.lens_client.destroy()


class Sent:
    """A goal that was sent."""

    def __init__(self, graph: Any, handle: Any, feedback: list[STATUS]) -> None:
        self.graph, self.handle, self.feedback = graph, handle, feedback
        self._answer = handle.get_result_async()

    def end(self, timeout_s: float = 40.0) -> Autofocus.Result:
        self.graph.until(self._answer.done, timeout_s, "the result of a goal")
        return self._answer.result().result

    def until(self, state: int) -> None:
        self.graph.until(lambda: any(status.state == state for status in self.feedback), 20.0, f"state {state}")

    @property
    def status(self) -> int:
        return int(self._answer.result().status)


@pytest.fixture
def stage(graph: Any) -> Iterator[Stage]:
    made = Stage(graph)
    yield made
    made.close()


@pytest.fixture
def start(start_node: Callable[..., Any], stage: Stage) -> Callable[..., Any]:
    """The lens and `autofocus`; gives the two processes."""

    def begin(lens: dict[str, Any] | None = None, **parameters: Any) -> tuple[Any, Any]:
        actuator = start_node("lens_actuator", **{"lens": LENS.name, "initial_position_steps": 900.0, **(lens or {})})
        # One that needs no networks, unless a test says otherwise: importing torch takes seconds.
        node = start_node("autofocus", **{"lens": LENS.name, "method": "fibonacci", "start_wait_s": 3.0, **parameters})
        stage.ready()
        return actuator, node

    return begin


def assert_only_settled_glass(stage: Stage, feedback: list[STATUS]) -> None:
    """Every frame was judged for where the glass had come to rest last before its exposure began."""
    stage.graph.spin(0.3)
    rests = {to_ns(state.settled_stamp): state.position_steps for state in stage.history if not state.moving}
    judged = {to_ns(status.header.stamp): status for status in feedback if status.state == STATUS.STATE_ESTIMATING}
    assert judged
    for stamp, status in judged.items():
        assert status.position_steps == rests[max(rested for rested in rests if rested <= stamp)]


def test_focus_by_picture_by_depth_and_by_both(stage: Stage, start: Callable[..., Any]) -> None:
    _, node = start(method="bayes")
    first = stage.status[0]
    assert (first.mode, first.state, first.method) == (STATUS.MODE_OFF, STATUS.STATE_IDLE, "bayes")

    sent = stage.send(region=GOAL.REGION_POINT, x_px=240.0, y_px=240.0)
    result = sent.end()
    assert (result.reason, result.in_focus, sent.status) == (0, True, GoalStatus.STATUS_SUCCEEDED), result.message
    assert abs(result.position_steps - BEST) < HALF
    assert result.position_steps == stage.lens[-1].position_steps
    assert result.focus_distance_m == pytest.approx(DEPTH_M, rel=0.15)
    assert 1 <= result.moves <= 6 and len(result.trace_position_steps) == result.captures == len(result.trace_blur_radius_px)
    assert 0.0 < result.duration_s < 40.0 and 0.5 < result.probability_in_focus <= 1.0 and result.position_sigma_steps > 0.0
    assert sent.feedback[-1].moves <= result.moves and any(status.state == STATUS.STATE_MOVING for status in sent.feedback)
    assert_only_settled_glass(stage, sent.feedback)
    stage.graph.until(lambda: stage.status[-1].mode == STATUS.MODE_OFF, 5.0, "the last status")
    last = stage.status[-1]
    assert (last.state, last.header.frame_id) == (STATUS.STATE_IN_FOCUS, "camera_optical_frame")
    assert last.message == result.message and last.moves == result.moves

    for use, method in ((GOAL.USE_DEPTH, "bayes"), (GOAL.USE_BOTH, "bayes"), (GOAL.USE_PICTURE, "bayes")):
        stage.move(300.0)
        sent = stage.send(region=GOAL.REGION_TARGET, use=use, method=method)
        result = sent.end()
        assert (result.reason, result.in_focus) == (0, True), result.message
        assert abs(result.position_steps - BEST) < HALF
        assert sent.feedback[-1].target.id == TARGET and sent.feedback[-1].method == method
        if use == GOAL.USE_DEPTH:
            assert (result.moves, result.captures) == (1, 0)
        else:
            assert_only_settled_glass(stage, sent.feedback)
    assert node.stop() == 0
    assert "Traceback" not in node.text()


def test_goals_that_cannot_be_are_aborted_in_words(stage: Stage, start: Callable[..., Any]) -> None:
    start()
    nan, inf, far = math.nan, math.inf, 2**32 - 1
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"mode": 0}, "mode is 0, it must be one of 1 (once), 2 (continuous)"),
        ({"mode": 255, "region": 99, "use": 9}, "region is 99"),
        ({"method": "guess\nwell" + "x" * 5000}, "there is no method 'guess?well"),
        ({"region": GOAL.REGION_POINT, "x_px": nan, "y_px": 3.0}, "the point (nan, 3)"),
        ({"region": GOAL.REGION_POINT, "x_px": -inf, "y_px": inf}, "finite"),
        ({"region": GOAL.REGION_POINT, "x_px": 1e300, "y_px": 3.0}, "outside the picture of 480 x 480 px"),
        ({"region": GOAL.REGION_BOX}, "roi is 0 x 0 px"),
        (
            {"region": GOAL.REGION_BOX, "roi": RegionOfInterest(x_offset=far, width=far, height=far)},
            "inside the picture",
        ),
        ({"use": GOAL.USE_DEPTH}, "the whole frame has no one depth"),
        ({"max_duration_s": nan}, "max_duration_s is nan"),
        ({"max_duration_s": -inf}, "at least 0"),
    ]
    for fields, words in wrong:
        sent = stage.send(**fields)
        result = sent.end()
        assert (result.reason, sent.status) == (STATUS.REASON_INVALID_GOAL, GoalStatus.STATUS_ABORTED), fields
        assert words in result.message and "\n" not in result.message and not result.in_focus
    sent = stage.send(region=GOAL.REGION_TARGET, target_id=far, max_moves=far, max_captures=far)
    assert (sent.end().reason, stage.lens[-1].position_steps) == (STATUS.REASON_TARGET_LOST, 900.0)
    # One that can be, afterwards; what is asked for at most is kept to.
    result = stage.send(max_moves=2).end()
    assert result.reason == STATUS.REASON_LIMIT_REACHED and result.moves <= 2


def test_cancel_take_over_and_somebody_else_at_the_lens(stage: Stage, start: Callable[..., Any]) -> None:
    start(lens={"speed_steps_per_s": 150.0})
    sent = stage.send()
    sent.until(STATUS.STATE_SEARCHING)
    stage.graph.until(lambda: stage.lens[-1].moving and abs(stage.lens[-1].position_steps - 900.0) > 1.0, 10.0, "a move")
    canceled = sent.handle.cancel_goal_async()
    result = sent.end(3.0)
    stage.graph.until(canceled.done, 5.0, "the answer to cancel")
    assert (result.reason, sent.status) == (STATUS.REASON_CANCELED, GoalStatus.STATUS_CANCELED)
    stage.graph.until(lambda: not stage.lens[-1].moving, 3.0, "the glass to rest")
    assert stage.lens[-1].position_steps == pytest.approx(result.position_steps, abs=0.5)
    assert not result.in_focus and result.position_steps != 900.0

    first = stage.send()
    stage.graph.until(lambda: stage.lens[-1].moving, 10.0, "a move")
    second = stage.send(max_duration_s=1.5)
    result = first.end(3.0)
    assert (result.reason, first.status) == (STATUS.REASON_TAKEN_OVER, GoalStatus.STATUS_ABORTED)
    result = second.end(10.0)
    assert (result.reason, result.message) == (STATUS.REASON_LIMIT_REACHED, "not in focus within 1.5 s")
    assert result.duration_s == pytest.approx(1.5, abs=1.0)

    sent = stage.send()
    stage.graph.until(lambda: stage.lens[-1].moving, 10.0, "a move")
    stage.send_move(20.0)
    result = sent.end(3.0)
    assert (result.reason, sent.status) == (STATUS.REASON_LENS_BUSY, GoalStatus.STATUS_ABORTED)
    assert "somebody else" in result.message
    stage.graph.until(lambda: stage.lens[-1].goal_position_steps == 20.0, 5.0, "somebody else's move going on")


def test_faults_of_the_lens_the_camera_and_the_target(stage: Stage, start: Callable[..., Any]) -> None:
    actuator, node = start(frame_timeout_s=1.0, target_timeout_s=1.0, lens_timeout_s=1.0)
    stage.set("lens_actuator", "fault", "stall")
    result = stage.send().end()
    assert result.reason == STATUS.REASON_LENS_FAULT and result.message
    stage.set("lens_actuator", "fault", "none")

    sent = stage.send(max_duration_s=20.0)
    stage.graph.until(lambda: sent.feedback and sent.feedback[-1].captures >= 2, 20.0, "two captures")
    stage.frames = False
    result = sent.end()
    assert result.reason == STATUS.REASON_NO_FRAMES and "camera/image_raw" in result.message
    stage.frames = True

    sent = stage.send(region=GOAL.REGION_TARGET)
    stage.graph.until(lambda: sent.feedback and sent.feedback[-1].captures >= 2, 20.0, "two captures")
    stage.target_state = FocusTarget.STATE_LOST
    result = sent.end()
    assert (result.reason, result.message) == (STATUS.REASON_TARGET_LOST, f"target {TARGET} is lost")

    actuator.stop()
    result = stage.send().end()
    assert result.reason == STATUS.REASON_NO_LENS
    assert node.stop() == 0 and "Traceback" not in node.text()


def test_following_holds_focus_and_says_when_the_target_is_lost(stage: Stage, start: Callable[..., Any]) -> None:
    start()
    sent = stage.send(mode=GOAL.MODE_CONTINUOUS, region=GOAL.REGION_TARGET, use=GOAL.USE_DEPTH)

    def near(depth_m: float) -> bool:
        return abs(stage.lens[-1].position_steps - float(MODEL.best_position_steps(depth_m))) < HALF

    stage.graph.until(lambda: near(DEPTH_M), 20.0, "focus")
    stage.depth_m = 0.8
    stage.graph.until(lambda: near(0.8), 20.0, "focus on the target that has moved")
    stage.graph.until(lambda: stage.status[-1].state == STATUS.STATE_IN_FOCUS, 10.0, "that it is in focus")
    assert stage.status[-1].mode == STATUS.MODE_CONTINUOUS and stage.status[-1].target.id == TARGET
    count = len(stage.status)
    stage.graph.until(lambda: len(stage.status) > count + 5, 10.0, "a status for each frame")

    stage.target_state = FocusTarget.STATE_LOST
    stage.graph.until(lambda: stage.status[-1].state == STATUS.STATE_HOLDING, 10.0, "the hold")
    assert stage.status[-1].reason in (STATUS.REASON_TARGET_LOST, STATUS.REASON_NO_DEPTH) and stage.status[-1].message
    held = stage.lens[-1].position_steps
    stage.graph.spin(0.5)
    assert stage.lens[-1].position_steps == held
    stage.target_state, stage.depth_m = FocusTarget.STATE_TRACKED, 2.5
    stage.graph.until(lambda: near(2.5), 20.0, "focus on the target that is back")

    once = stage.send(method="fibonacci", max_captures=1)
    assert sent.end(3.0).reason == STATUS.REASON_TAKEN_OVER
    assert once.end().reason == STATUS.REASON_LIMIT_REACHED
    sent = stage.send(mode=GOAL.MODE_CONTINUOUS, region=GOAL.REGION_TARGET, use=GOAL.USE_DEPTH)
    stage.graph.until(lambda: sent.feedback, 10.0, "feedback")
    stage.graph.spin(0.3)
    sent.handle.cancel_goal_async()
    result = sent.end(3.0)
    assert (result.reason, sent.status) == (STATUS.REASON_CANCELED, GoalStatus.STATUS_CANCELED)
    stage.graph.until(lambda: stage.status[-1].mode == STATUS.MODE_OFF, 5.0, "the last status")


def test_shutting_down_and_not_being_active_are_heard(stage: Stage, start: Callable[..., Any]) -> None:
    _, node = start(lens={"speed_steps_per_s": 100.0})
    client = stage.node.create_client(ChangeState, "autofocus/change_state")

    def change(transition: int) -> None:
        stage.graph.until(client.service_is_ready, 10.0, "the lifecycle service")
        future = client.call_async(ChangeState.Request(transition=Transition(id=transition)))
        stage.graph.until(future.done, 15.0, "the transition")
        assert future.result().success

    sent = stage.send()
    sent.until(STATUS.STATE_SEARCHING)
    change(Transition.TRANSITION_DEACTIVATE)
    assert "deactivated" in sent.end(3.0).message
    result = stage.send().end()
    assert result.reason == STATUS.REASON_OTHER and "not active" in result.message
    change(Transition.TRANSITION_CLEANUP)
    assert "not active" in stage.send().end().message
    change(Transition.TRANSITION_CONFIGURE)
    change(Transition.TRANSITION_ACTIVATE)

    sent = stage.send()
    stage.graph.until(lambda: stage.lens[-1].moving, 10.0, "a move")
    node.process.send_signal(signal.SIGTERM)
    result = sent.end(5.0)
    assert (result.reason, sent.status) == (STATUS.REASON_SHUTTING_DOWN, GoalStatus.STATUS_ABORTED)
    assert node.wait() == 0 and "Traceback" not in node.text()
    ends = time.monotonic() + 3.0
    while stage.lens[-1].moving and time.monotonic() < ends:
        stage.graph.spin(0.05)
    assert not stage.lens[-1].moving  # the glass was stopped


@pytest.mark.parametrize(
    ("parameters", "words"), [({"lens": "magnifier"}, "magnifier"), ({"method": "guess", "region_px": 2}, "region_px is 2")]
)
def test_what_cannot_be_configured_ends_in_one_line(
    domain: int, start_node: Callable[..., Any], parameters: dict[str, Any], words: str
) -> None:
    node = start_node("autofocus", **parameters)
    assert node.wait(60.0) == 2
    assert words in node.text() and "Traceback" not in node.text()
