"""`all_in_focus` as a real node with a real lens and a real rig: what is captured is fused and reported, whatever happens."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from sensor_msgs.msg import Image, RegionOfInterest

from auxfocus_interfaces.action import CaptureStack
from auxfocus_interfaces.msg import LensState
from auxfocus_ros.rig.stack_file import describe_stack
from auxfocus_ros.ros.images import as_bgr, read_image
from auxfocus_ros.ros.qos import PICTURE_IN, STATE
from auxfocus_ros.ros.stamps import to_ns

pytestmark = pytest.mark.graph

GOAL, RESULT = CaptureStack.Goal, CaptureStack.Result
WIDTH, HEIGHT = 480, 360


class Stage:
    """The operator: goals sent, everything heard kept."""

    def __init__(self, graph: Any) -> None:
        self.graph, self.node = graph, graph.node
        self.lens: list[LensState] = graph.collect(LensState, "lens/state", STATE)
        self.pictures: list[Image] = graph.collect(Image, "all_in_focus/image", PICTURE_IN)
        self.client = ActionClient(self.node, CaptureStack, "all_in_focus/capture")

    def ready(self) -> None:
        # Not the camera: it is subscribed to while there is a capture alone.
        self.graph.until(lambda: self.lens and self.client.server_is_ready(), 60.0, "all_in_focus and the lens")

    def send(self, **fields: Any) -> Sent:
        feedback: list[Any] = []
        future = self.client.send_goal_async(GOAL(**fields), lambda message: feedback.append(message.feedback))
        self.graph.until(future.done, 20.0, "the acceptance of a goal")
        assert future.result().accepted
        return Sent(self.graph, future.result(), feedback)

    def fault(self, value: str) -> None:
        client = self.node.create_client(SetParameters, "lens_actuator/set_parameters")
        self.graph.until(client.service_is_ready, 20.0, "parameters of lens_actuator")
        given = Parameter(name="fault", value=ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value))
        future = client.call_async(SetParameters.Request(parameters=[given]))
        self.graph.until(future.done, 20.0, "the parameter")
        assert future.result().results[0].successful


class Sent:
    """A goal that was sent."""

    def __init__(self, graph: Any, handle: Any, feedback: list[Any]) -> None:
        self.graph, self.handle, self.feedback = graph, handle, feedback
        self._answer = handle.get_result_async()

    def end(self, timeout_s: float = 60.0) -> CaptureStack.Result:
        self.graph.until(self._answer.done, timeout_s, "the result of a goal")
        return self._answer.result().result

    def until_frames(self, count: int) -> None:
        self.graph.until(lambda: self.feedback and len(self.feedback[-1].positions_steps) >= count, 40.0, f"{count} frames")

    @property
    def status(self) -> int:
        return int(self._answer.result().status)


@pytest.fixture
def stage(graph: Any) -> Iterator[Stage]:
    made = Stage(graph)
    yield made
    made.client.destroy()


def sharpness(picture: np.ndarray) -> float:
    """How much fine structure there is, in the mean."""
    return float(np.abs(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32), cv2.CV_32F)).mean())


def small_stack(samples: Path, folder: Path) -> Path:
    """The photographs of a circuit board, small, with their description."""
    small = folder / "stack"
    small.mkdir()
    for file in (samples / "stack_circuit_board").glob("*.jpg"):
        cv2.imwrite(str(small / file.name), cv2.resize(cv2.imread(str(file)), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    (small / "stack.yaml").write_text((samples / "stack_circuit_board" / "stack.yaml").read_text())
    return small


def test_a_board_is_captured_as_it_needs_and_as_it_is_asked_and_filmed(
    stage: Stage, start_node: Callable[..., Any], tmp_path: Path, samples: Path
) -> None:
    start_node("lens_actuator", lens="bench_25mm", initial_position_steps=1200.0)
    # The photographs' lens is another one than the one that is moved, so that nothing is known of it.
    node = start_node("all_in_focus", cell_px=32, video_method="flow", start_wait_s=30.0, frame_timeout_s=20.0)
    start_node("gimbal_rig", source="focal_stack", path=str(small_stack(samples, tmp_path)), lens="bench_25mm")
    stage.ready()

    folder = tmp_path / "capture"
    sent = stage.send(output_directory=str(folder))
    result = sent.end(120.0)
    assert (result.error_code, result.complete, sent.status) == (0, True, GoalStatus.STATUS_SUCCEEDED), result.message
    positions = list(result.positions_steps)
    assert 2 <= len(positions) <= 12 and len(set(positions)) == len(positions)
    assert 0.5 < result.share_in_focus <= 1.0
    shares = [feedback.share_in_focus for feedback in sent.feedback]
    assert len(shares) == len(positions) and shares[-1] <= result.share_in_focus + 1e-6
    assert [list(feedback.positions_steps) for feedback in sent.feedback] == [positions[:n] for n in range(len(positions))]
    stack = describe_stack(folder)
    assert list(stack.values) == positions
    frames = [cv2.imread(str(file)) for file in stack.images]
    fused = as_bgr(result.image)
    assert (result.image.encoding, fused.shape) == ("bgr8", (HEIGHT, WIDTH, 3)) and result.image.header.frame_id
    assert sharpness(fused) > 1.05 * max(sharpness(frame) for frame in frames)
    np.testing.assert_array_equal(cv2.imread(str(folder / "fused.png")), fused)
    assert len(result.depth.data) == 0  # nobody knows how deep a position is
    assert sorted(result.files) == sorted(str(file) for file in folder.iterdir()) and str(folder / "fused.png") in result.files
    stage.graph.until(lambda: stage.pictures, 5.0, "the fused picture on its topic")
    assert stage.pictures[-1].header == result.image.header

    again = stage.send(output_directory=str(folder)).end()
    assert again.error_code == RESULT.ERROR_INVALID_GOAL and "holds a capture already" in again.message

    given = [1300.0, 1800.0, 1600.0]
    result = stage.send(strategy="positions", positions_steps=given, fusion="pyramid").end()
    assert (result.error_code, result.complete, list(result.positions_steps)) == (0, True, given), result.message
    assert 0.0 < result.share_in_focus <= 1.0 and not result.files and len(result.image.data) == 3 * WIDTH * HEIGHT

    stage.pictures.clear()
    film = stage.send(mode=GOAL.MODE_DYNAMIC)
    stage.graph.until(lambda: len(stage.pictures) >= 15, 60.0, "a video")
    last = film.feedback[-1]
    assert last.frames_per_second > 1.0 and len(set(last.positions_steps)) >= 2 and 0.0 <= last.share_in_focus <= 1.0
    stamps = [to_ns(picture.header.stamp) for picture in stage.pictures]
    assert stamps == sorted(set(stamps))
    film.handle.cancel_goal_async()
    result = film.end(10.0)
    assert (result.error_code, film.status) == (RESULT.ERROR_CANCELED, GoalStatus.STATUS_CANCELED)
    assert not result.complete and len(result.image.data) == 0 and len(result.positions_steps) >= 2
    stage.graph.spin(0.5)
    count = len(stage.pictures)
    stage.graph.spin(1.0)
    assert len(stage.pictures) == count
    assert node.stop() == 0 and "Traceback" not in node.text()


def test_whatever_ends_it_what_was_captured_is_reported(
    stage: Stage, start_node: Callable[..., Any], tmp_path: Path, samples: Path
) -> None:
    actuator = start_node("lens_actuator", lens="bench_25mm", speed_steps_per_s=700.0)
    # Without networks, which positions do not need.
    node = start_node(
        "all_in_focus", lens="bench_25mm", weights=str(tmp_path / "none.safetensors"), frame_timeout_s=8.0, start_wait_s=10.0
    )
    rig = start_node("gimbal_rig", source="focal_stack", path=str(small_stack(samples, tmp_path)), lens="bench_25mm")
    stage.ready()
    asked = {"strategy": "positions", "fusion": "pyramid"}
    tour = {**asked, "positions_steps": [1100.0, 1200.0, 2000.0, 1200.0]}

    nan, far = math.nan, 2**32 - 1
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"mode": 7}, RESULT.ERROR_INVALID_GOAL, "mode is 7, it must be one of 0 (static), 1 (dynamic)"),
        ({"strategy": "guess\nwell"}, RESULT.ERROR_INVALID_GOAL, "no strategy 'guess?well'"),
        ({"positions_steps": [1.0]}, RESULT.ERROR_INVALID_GOAL, "for the strategy 'positions' alone"),
        ({**asked, "positions_steps": [1100.0, nan]}, RESULT.ERROR_INVALID_GOAL, "must be finite"),
        ({**asked, "positions_steps": [1100.0, 9999.0]}, RESULT.ERROR_OUT_OF_RANGE, "9999 steps are outside"),
        ({**tour, "output_directory": "/proc/none"}, RESULT.ERROR_INVALID_GOAL, "/proc/none cannot be written to"),
        ({**tour, "roi": RegionOfInterest(x_offset=far, width=9, height=9)}, RESULT.ERROR_INVALID_GOAL, "not within the frames"),
        ({}, RESULT.ERROR_OTHER, "estimator of blur maps cannot be loaded"),
    ]
    for fields, code, words in wrong:
        sent = stage.send(**fields)
        result = sent.end()
        assert (result.error_code, sent.status) == (code, GoalStatus.STATUS_ABORTED), (fields, result.message)
        assert words in result.message and "\n" not in result.message and not result.complete and not result.positions_steps

    def check(result: Any, code: int, frames: int) -> None:
        assert (result.error_code, result.complete) == (code, False), result.message
        assert list(result.positions_steps) == tour["positions_steps"][:frames] and result.message
        assert as_bgr(result.image).shape[1] == WIDTH

    result = stage.send(**{**tour, "fusion": "focus"}, max_frames=4).end()
    assert (result.error_code, result.complete) == (0, True) and math.isnan(result.share_in_focus), result.message
    depth_m, encoding = read_image(result.depth)
    assert encoding == "32FC1" and result.depth.header == result.image.header
    assert 0.4 < float(np.nanmedian(depth_m)) < 11.0

    sent = stage.send(**tour)
    sent.until_frames(2)
    sent.handle.cancel_goal_async()
    check(sent.end(), RESULT.ERROR_CANCELED, 2)
    assert sent.status == GoalStatus.STATUS_CANCELED

    first = stage.send(**tour)
    first.until_frames(1)
    second = stage.send(**tour, max_frames=2)
    result = first.end()
    assert (result.error_code, first.status) == (RESULT.ERROR_TAKEN_OVER, GoalStatus.STATUS_ABORTED)
    assert 1 <= len(result.positions_steps) <= 2 and len(result.image.data)
    check(second.end(), RESULT.ERROR_LIMIT_REACHED, 2)

    sent = stage.send(**tour)
    sent.until_frames(2)
    stage.fault("stall")
    check(sent.end(), RESULT.ERROR_LENS_FAULT, 2)
    stage.fault("none")
    stage.graph.until(lambda: not stage.lens[-1].moving and not stage.lens[-1].fault_code, 10.0, "the lens to be well again")

    folder = tmp_path / "killed"
    sent = stage.send(**tour, output_directory=str(folder))
    sent.until_frames(2)
    actuator.process.kill()
    result = sent.end()
    check(result, RESULT.ERROR_NO_LENS, 2)
    assert list(describe_stack(folder).values) == tour["positions_steps"][:2] and str(folder / "fused.png") in result.files

    stage.lens.clear()
    start_node("lens_actuator", lens="bench_25mm", speed_steps_per_s=100.0)
    stage.graph.until(lambda: stage.lens and stage.lens[-1].position_steps == 1575.0, 20.0, "another lens, in the middle")
    # Who else has heard of it by now, nobody knows.
    here = {**asked, "positions_steps": [1575.0]}
    stage.graph.until(lambda: stage.send(**here).end().complete, 40.0, "a capture through the new lens")
    sent = stage.send(**asked, positions_steps=[1575.0, 2100.0])
    sent.until_frames(1)
    began = time.monotonic()
    node.process.terminate()
    result = sent.end(10.0)
    assert time.monotonic() - began < 5.0
    assert (result.error_code, result.complete) == (RESULT.ERROR_SHUTTING_DOWN, False) and list(result.positions_steps) == [
        1575.0
    ]
    assert node.wait() == 0 and "Traceback" not in node.text()
    assert rig.stop() == 0
