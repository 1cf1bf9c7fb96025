"""`gimbal_rig` as a real node, playing the bundled recordings."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TransformStamped
from lifecycle_msgs.srv import ChangeState, GetState
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from auxfocus_interfaces.msg import LensState
from auxfocus_ros.optics import load_lens
from auxfocus_ros.ros.clouds import read_cloud
from auxfocus_ros.ros.images import as_bgr
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN, STATE

pytestmark = pytest.mark.graph


def figures(diagnostics: list[DiagnosticArray]) -> dict[str, str]:
    for message in reversed(diagnostics):
        for status in message.status:
            if status.name == "gimbal_rig":
                return {item.key: item.value for item in status.values}
    return {}


def picture_taken_at(graph: Any, images: list[Image], publisher: Any, position: float) -> np.ndarray:
    """Say where the lens is, and give the first picture that was released clearly later, however late it arrives."""
    graph.until(publisher.get_subscription_count, 20.0, "the rig")
    publisher.publish(LensState(position_steps=position))
    since_ns = time.time_ns() + 500_000_000

    def later() -> list[Image]:
        return [m for m in images if m.header.stamp.sec * 10**9 + m.header.stamp.nanosec > since_ns]

    found: list[Image] = graph.until(later, 20.0, "a later picture")
    return as_bgr(found[0]).copy()


def test_the_road_recording_gives_pairs_under_one_stamp(graph: Any, start_node: Callable[..., Any], samples: Path) -> None:
    images = graph.collect(Image, "camera/image_raw", PICTURE_IN)
    infos = graph.collect(CameraInfo, "camera/camera_info", PICTURE_IN)
    clouds = graph.collect(PointCloud2, "points", PICTURE_IN)
    transforms = graph.collect(TransformStamped, "points/transform", STATE)
    node = start_node("gimbal_rig", path=str(samples / "rgb_lidar_road"), rate_hz=10.0)
    graph.until(lambda: len(images) >= 4 and len(clouds) >= 4 and len(infos) >= 4 and transforms, 20.0, "four pairs")
    stamps = [{(m.header.stamp.sec, m.header.stamp.nanosec) for m in heard} for heard in (images, infos, clouds)]
    assert len(set.intersection(*stamps)) >= 3
    assert (images[-1].width, images[-1].height) == (infos[-1].width, infos[-1].height)
    assert images[-1].header.frame_id == transforms[-1].header.frame_id
    assert clouds[-1].header.frame_id == transforms[-1].child_frame_id
    assert len(read_cloud(clouds[-1])) > 10_000
    assert not math.isclose(transforms[-1].transform.rotation.w, 1.0)  # a lidar's axes are not a camera's
    assert node.stop() == 0


def test_a_loop_never_runs_backwards(graph: Any, start_node: Callable[..., Any], samples: Path) -> None:
    images = graph.collect(Image, "camera/image_raw", PICTURE_IN)
    start_node("gimbal_rig", path=str(samples / "rgb_lidar_road"), rate_hz=20.0)
    graph.until(lambda: len(images) >= 7, 20.0, "seven pictures of a recording of two")
    stamps = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in images]
    assert stamps == sorted(set(stamps))


def test_a_clock_goes_with_the_recorded_stamps(graph: Any, start_node: Callable[..., Any], samples: Path) -> None:
    clocks = graph.collect(Clock, "/clock", EVENT)
    images = graph.collect(Image, "camera/image_raw", 10)
    diagnostics = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
    node = start_node("gimbal_rig", path=str(samples / "rgbd_room"), loop=False, publish_clock=True, rate_hz=2.0)
    graph.until(lambda: figures(diagnostics).get("finished") == "true", 25.0, "the end of the recording")
    assert figures(diagnostics)["frames"] == "5"
    assert images and {(m.header.stamp.sec, m.header.stamp.nanosec) for m in images} <= {
        (c.clock.sec, c.clock.nanosec) for c in clocks
    }
    assert node.process.poll() is None  # it stays, so that a late reader can still ask


def test_the_picture_answers_to_the_lens(graph: Any, start_node: Callable[..., Any], samples: Path) -> None:
    lens = load_lens("bench_25mm")
    publisher = graph.node.create_publisher(LensState, "lens/state", STATE)
    images = graph.collect(Image, "camera/image_raw", PICTURE_IN)
    start_node("gimbal_rig", path=str(samples / "rgbd_room"), refocus=True, lens="bench_25mm", rate_hz=10.0, hold_s=60.0)

    def sharpness(distance_m: float) -> float:
        position = float(lens.position_for_distance(distance_m))
        picture = picture_taken_at(graph, images, publisher, position)
        return float(np.abs(np.diff(picture.astype(np.float32), axis=1)).mean())

    assert sharpness(2.0) > 1.5 * sharpness(0.45)


def test_a_depth_recording_gives_points_as_well_to_who_wants_them(
    graph: Any, start_node: Callable[..., Any], samples: Path
) -> None:
    clouds = graph.collect(PointCloud2, "points", PICTURE_IN)
    depths = graph.collect(Image, "depth/image_raw", PICTURE_IN)
    start_node("gimbal_rig", path=str(samples / "rgbd_room"), rate_hz=5.0)
    graph.until(lambda: clouds and depths, 20.0, "a cloud and a depth image")
    z = read_cloud(clouds[-1])["z"]
    assert len(z) > 100_000 and float(z.min()) > 0.3 and float(z.max()) < 20.0
    assert clouds[-1].header.frame_id == depths[-1].header.frame_id == "camera_optical_frame"


def test_configured_again_it_gives_its_extrinsics_again(graph: Any, start_node: Callable[..., Any], samples: Path) -> None:
    from lifecycle_msgs.msg import Transition

    transforms = graph.collect(TransformStamped, "points/transform", STATE)
    start_node("gimbal_rig", path=str(samples / "rgb_lidar_road"), rate_hz=10.0)
    graph.until(lambda: transforms, 20.0, "the extrinsics")
    change = graph.node.create_client(ChangeState, "/gimbal_rig/change_state")
    graph.until(change.service_is_ready, 10.0, "the lifecycle service")
    transforms.clear()
    for number in (
        Transition.TRANSITION_DEACTIVATE,
        Transition.TRANSITION_CLEANUP,
        Transition.TRANSITION_CONFIGURE,
        Transition.TRANSITION_ACTIVATE,
    ):
        request = ChangeState.Request()
        request.transition.id = number
        future = change.call_async(request)
        graph.until(future.done, 15.0, "the transition")
        assert future.result().success
    graph.until(lambda: transforms, 15.0, "the extrinsics again")


def test_the_focal_stack_follows_the_lens(graph: Any, start_node: Callable[..., Any], samples: Path) -> None:
    publisher = graph.node.create_publisher(LensState, "lens/state", STATE)
    images = graph.collect(Image, "camera/image_raw", PICTURE_IN)
    start_node("gimbal_rig", source="focal_stack", path=str(samples / "stack_circuit_board"), lens="bench_25mm", rate_hz=10.0)

    def picture_at(position: float) -> np.ndarray:
        return picture_taken_at(graph, images, publisher, position)

    first, last, again = picture_at(1050.0), picture_at(2100.0), picture_at(1050.0)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, last)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "`path` is empty"),
        ({"path": "/nowhere.mcap"}, "/nowhere.mcap"),
        ({"path": "/nowhere.mcap", "publish_clock": True}, "publish_clock"),
        ({"path": "/nowhere.mcap", "rate_hz": -1.0}, "rate_hz is -1"),
        ({"path": "/nowhere.mcap", "source": "toaster"}, "one of recording | focal_stack"),
        ({"path": "/nowhere.mcap", "hold_s": 2.0}, "hold_s"),
        ({"path": "/nowhere.mcap", "lens": "no_such_lens"}, "no_such_lens"),
    ],
)
def test_a_source_that_cannot_be_ends_with_one_line_and_status_2(
    start_node: Callable[..., Any], parameters: dict[str, Any], said: str
) -> None:
    node = start_node("gimbal_rig", **parameters)
    assert node.wait() == 2
    assert len([line for line in node.text().splitlines() if said in line]) == 1
    assert "Traceback" not in node.text()


def test_a_recording_cut_off_in_the_middle_gives_what_it_has_and_says_so(
    graph: Any, start_node: Callable[..., Any], samples: Path, tmp_path: Path
) -> None:
    whole = next((samples / "rgbd_room").glob("*.mcap")).read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    images = graph.collect(Image, "camera/image_raw", 10)
    diagnostics = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
    node = start_node("gimbal_rig", path=str(cut), loop=False, rate_hz=5.0)
    graph.until(lambda: figures(diagnostics).get("finished") == "true", 25.0, "the end")
    assert images
    message = next(s.message for m in reversed(diagnostics) for s in m.status if s.name == "gimbal_rig")
    assert "cut.mcap" in message
    assert node.process.poll() is None
    assert "Traceback" not in node.text()


def test_without_autostart_a_manager_drives_it(graph: Any, start_node: Callable[..., Any], samples: Path) -> None:
    from lifecycle_msgs.msg import State, Transition

    node = start_node("gimbal_rig", path=str(samples / "rgb_lidar_road"), rate_hz=10.0, autostart=False)
    images = graph.collect(Image, "camera/image_raw", PICTURE_IN)
    change = graph.node.create_client(ChangeState, "/gimbal_rig/change_state")
    get = graph.node.create_client(GetState, "/gimbal_rig/get_state")
    graph.until(lambda: change.service_is_ready() and get.service_is_ready(), 15.0, "the lifecycle services")
    graph.spin(0.5)
    assert not images

    def transition(number: int) -> bool:
        request = ChangeState.Request()
        request.transition.id = number
        future = change.call_async(request)
        graph.until(future.done, 15.0, "the transition")
        return bool(future.result().success)

    def state() -> int:
        future = get.call_async(GetState.Request())
        graph.until(future.done, 5.0, "the state")
        return int(future.result().current_state.id)

    assert transition(Transition.TRANSITION_CONFIGURE) and transition(Transition.TRANSITION_ACTIVATE)
    graph.until(lambda: images, 10.0, "pictures")
    assert state() == State.PRIMARY_STATE_ACTIVE
    assert transition(Transition.TRANSITION_DEACTIVATE)
    graph.spin(0.5)
    images.clear()
    graph.spin(0.7)
    assert not images
    assert transition(Transition.TRANSITION_ACTIVATE)
    graph.until(lambda: images, 10.0, "pictures again")
    assert transition(Transition.TRANSITION_DEACTIVATE) and transition(Transition.TRANSITION_CLEANUP)
    assert state() == State.PRIMARY_STATE_UNCONFIGURED
    assert node.stop() == 0
