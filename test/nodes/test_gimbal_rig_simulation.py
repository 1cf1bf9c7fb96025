"""`gimbal_rig` as a real node with the simulator: what it gives, how it is steered, and what it refuses."""

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
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from sensor_msgs.msg import CameraInfo, Image, JointState, PointCloud2, Range

from auxfocus_interfaces.msg import FocusTruth, LensState
from auxfocus_ros.optics import load_lens
from auxfocus_ros.ros.images import as_bgr, read_depth
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN, STATE, TRANSFORM
from auxfocus_ros.ros.stamps import to_ns

pytestmark = pytest.mark.graph

SMALL = {"source": "simulation", "path": "corridor", "width_px": 160, "height_px": 120, "rate_hz": 10.0}
PAN_LIMIT_RAD = 2.8


def status(diagnostics: list[DiagnosticArray]) -> tuple[str, dict[str, str]]:
    """(message, figures) of the rig's newest diagnostics."""
    for message in reversed(diagnostics):
        for entry in message.status:
            if entry.name == "gimbal_rig":
                return entry.message, {item.key: item.value for item in entry.values}
    return "", {}


def stamps_of(messages: list[Any]) -> set[int]:
    return {to_ns(message.header.stamp) for message in messages}


def test_a_frame_with_its_truth_under_one_stamp(graph: Any, start_node: Callable[..., Any]) -> None:
    heard = {
        "image": graph.collect(Image, "camera/image_raw", PICTURE_IN),
        "info": graph.collect(CameraInfo, "camera/camera_info", PICTURE_IN),
        "points": graph.collect(PointCloud2, "points", PICTURE_IN),
        "range": graph.collect(Range, "range", EVENT),
        "labels": graph.collect(Image, "truth/labels", PICTURE_IN),
        "depth": graph.collect(Image, "truth/depth", PICTURE_IN),
        "defocus": graph.collect(Image, "truth/defocus", PICTURE_IN),
        "focus": graph.collect(FocusTruth, "truth/focus", PICTURE_IN),
    }
    joints = graph.collect(JointState, "joint_states", 50)
    node = start_node("gimbal_rig", **SMALL, seed=3)
    graph.until(lambda: len(set.intersection(*map(stamps_of, heard.values()))) >= 3, 40.0, "three whole frames")
    stamp = max(set.intersection(*map(stamps_of, heard.values())))
    frame = {name: next(m for m in messages if to_ns(m.header.stamp) == stamp) for name, messages in heard.items()}
    assert frame["labels"].encoding == "16UC1" and frame["depth"].encoding == frame["defocus"].encoding == "32FC1"
    labels = np.frombuffer(bytes(frame["labels"].data), "<u2").reshape(120, 160)
    truth = frame["focus"]
    assert truth.scene == "corridor" and truth.seed == 3
    for thing in truth.things:
        assert thing.pixels == (labels == thing.target.id).sum()
    seen = [thing for thing in truth.things if thing.pixels > 20]
    assert len(seen) >= 2
    depth = read_depth(frame["depth"])
    for thing in seen:
        assert thing.target.depth_m == pytest.approx(float(np.median(depth[labels == thing.target.id])))
    assert joints and joints[-1].name == ["pan_joint", "tilt_joint"]
    assert node.stop() == 0


def test_stamps_are_not_younger_than_the_exposure(graph: Any, start_node: Callable[..., Any]) -> None:
    """A frame that was made while the glass stood elsewhere must not carry a stamp from after the move."""
    lens = load_lens("gimbal_25mm_close")
    images = graph.collect(Image, "camera/image_raw", PICTURE_IN)
    truths = graph.collect(FocusTruth, "truth/focus", PICTURE_IN)
    publisher = graph.node.create_publisher(LensState, "lens/state", STATE)
    start_node("gimbal_rig", **{**SMALL, "rate_hz": 40.0})
    graph.until(lambda: len(truths) >= 5 and publisher.get_subscription_count(), 40.0, "five frames")
    for position in (lens.min_position_steps + 50.0, lens.max_position_steps - 50.0):
        publisher.publish(LensState(position_steps=position))
        graph.spin(0.3)
        moved_ns = time.time_ns()
        graph.until(lambda since=moved_ns: any(to_ns(t.header.stamp) > since for t in truths), 20.0, "a later frame")
        later = [t for t in truths if to_ns(t.header.stamp) > moved_ns]
        assert {t.lens_position_steps for t in later} == {position}
        graph.spin(0.3)
    assert images


def test_the_gimbal_is_steered_within_its_limits_and_says_so(graph: Any, start_node: Callable[..., Any]) -> None:
    joints = graph.collect(JointState, "joint_states", 50)
    diagnostics = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
    command = graph.node.create_publisher(JointState, "gimbal/command", EVENT)
    node = start_node("gimbal_rig", **SMALL)
    graph.until(lambda: joints and command.get_subscription_count(), 40.0, "joint states")
    command.publish(JointState(name=["pan_joint", "tilt_joint"], position=[0.4, 0.2]))
    graph.until(lambda: abs(joints[-1].position[0] - 0.4) < 0.02 and abs(joints[-1].position[1] - 0.2) < 0.02, 10.0, "the angles")

    command.publish(JointState(name=["pan_joint"], position=[9.0]))
    graph.until(lambda: abs(joints[-1].position[0] - PAN_LIMIT_RAD) < 0.03, 10.0, "the limit")
    graph.until(
        lambda: "beyond its limit" in status(diagnostics)[0] or "beyond its limit" in node.text(), 10.0, "what was limited"
    )
    assert "pan_joint 9 rad" in node.text()

    for wrong, words in (
        (JointState(name=["pan_joint"], position=[math.nan]), "nan"),
        (JointState(name=["roll_joint"], position=[0.1]), "roll_joint"),
        (JointState(name=["pan_joint", "tilt_joint"], position=[0.1]), "1 positions for 2 joints"),
        (JointState(), "without joints"),
    ):
        diagnostics.clear()
        command.publish(wrong)
        graph.until(lambda said=words: said in status(diagnostics)[0], 10.0, f"the refusal of {words}")
    assert joints[-1].position[0] == pytest.approx(PAN_LIMIT_RAD, abs=0.05)  # nothing has changed
    assert node.stop() == 0


def test_a_rate_ends_half_a_second_after_its_last_command(graph: Any, start_node: Callable[..., Any]) -> None:
    joints = graph.collect(JointState, "joint_states", 50)
    command = graph.node.create_publisher(JointState, "gimbal/command", EVENT)
    start_node("gimbal_rig", **SMALL)
    graph.until(lambda: joints and command.get_subscription_count(), 40.0, "joint states")
    begun = joints[-1].position[0]
    command.publish(JointState(name=["pan_joint"], velocity=[0.8]))
    graph.spin(2.0)
    rested = joints[-1].position[0]
    # 0.8 rad/s for 0.5 s, and what it takes to stop; by the simulation's clock, which the graph's load cannot stretch.
    assert 0.3 < rested - begun < 0.6
    graph.spin(0.5)
    assert joints[-1].position[0] == pytest.approx(rested, abs=0.02)


def test_a_thousand_commands_a_second_do_not_stop_the_frames(graph: Any, start_node: Callable[..., Any]) -> None:
    images = graph.collect(Image, "camera/image_raw", PICTURE_IN)
    diagnostics = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
    command = graph.node.create_publisher(JointState, "gimbal/command", EVENT)
    node = start_node("gimbal_rig", **SMALL)
    graph.until(lambda: images and command.get_subscription_count(), 40.0, "frames")
    count = len(images)
    ends, sent = time.monotonic() + 3.0, 0
    while time.monotonic() < ends:
        command.publish(JointState(name=["pan_joint"], position=[5.0 + 0.001 * (sent % 7)]))
        sent += 1
        if sent % 10 == 0:
            graph.executor.spin_once(timeout_sec=0.0)
        time.sleep(0.0008)
    graph.until(lambda: len(images) >= count + 10, 10.0, "frames meanwhile")
    graph.until(lambda: int(status(diagnostics)[1].get("gimbal_commands", "0")) > 0.5 * sent, 10.0, "the commands")
    # Each was limited; the log says so once in a while and not a thousand times.
    assert 1 <= node.text().count("gimbal/command limited") < 10
    assert node.stop() == 0


def test_extrinsics_follow_the_joints_of_a_fixed_sensor(graph: Any, start_node: Callable[..., Any]) -> None:
    transforms = graph.collect(TransformStamped, "points/transform", TRANSFORM)
    clouds = graph.collect(PointCloud2, "points", PICTURE_IN)
    command = graph.node.create_publisher(JointState, "gimbal/command", EVENT)
    start_node("gimbal_rig", **SMALL, mount="fixed")
    graph.until(lambda: clouds and command.get_subscription_count(), 40.0, "clouds")
    command.publish(JointState(name=["pan_joint"], position=[0.6]))
    graph.spin(2.0)
    graph.until(lambda: stamps_of(transforms) & stamps_of(clouds[-5:]), 10.0, "a transform with a cloud's stamp")
    assert clouds[-1].header.frame_id == "lidar_base_link" == transforms[-1].child_frame_id
    first, last = transforms[0].transform.rotation, transforms[-1].transform.rotation
    apart = 2.0 * math.acos(min(1.0, abs(first.x * last.x + first.y * last.y + first.z * last.z + first.w * last.w)))
    assert apart == pytest.approx(0.6, abs=0.08)


def test_the_light_is_dimmed_while_it_runs(graph: Any, start_node: Callable[..., Any]) -> None:
    images = graph.collect(Image, "camera/image_raw", PICTURE_IN)
    client = graph.node.create_client(SetParameters, "gimbal_rig/set_parameters")
    start_node("gimbal_rig", **SMALL)
    graph.until(lambda: images and client.service_is_ready(), 40.0, "frames")
    bright = as_bgr(images[-1]).mean()
    value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=0.05)
    future = client.call_async(SetParameters.Request(parameters=[Parameter(name="light_level", value=value)]))
    graph.until(future.done, 10.0, "the parameter")
    assert future.result().results[0].successful
    graph.until(lambda: as_bgr(images[-1]).mean() < 0.5 * bright, 10.0, "the dark")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"path": "moon"}, "there is no scene 'moon'"),
        ({"path": "corridor", "lens": "magnifier"}, "magnifier"),
        ({"path": ""}, "`path` is empty"),
        ({"path": "corridor", "refocus": True}, "leave refocus and hold_s out"),
    ],
)
def test_what_cannot_be_opened_ends_in_one_line_and_status_2(
    domain: int, start_node: Callable[..., Any], parameters: dict[str, Any], words: str
) -> None:
    node = start_node("gimbal_rig", **{**SMALL, **parameters})
    assert node.wait() == 2
    assert words in node.text() and "Traceback" not in node.text()


def test_a_scene_that_cannot_be_is_refused_by_the_node(domain: int, start_node: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "bad.xml").write_text(
        '<mujoco><asset><texture name="lost" type="2d" file="lost.png"/></asset><worldbody/></mujoco>'
    )
    (tmp_path / "bad.yaml").write_text("model: bad.xml\n")
    node = start_node("gimbal_rig", **{**SMALL, "path": str(tmp_path / "bad.yaml")})
    assert node.wait() == 2
    assert "lost.png" in node.text() and "Traceback" not in node.text()


def test_without_opengl_the_node_says_what_to_install(
    domain: int, start_node: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUJOCO_GL", "egl")
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_DIRS", "/nonexistent")
    node = start_node("gimbal_rig", **SMALL)
    assert node.wait() == 2
    assert "libgl1-mesa-dri" in node.text() and "Traceback" not in node.text()


def test_a_recording_has_no_gimbal_and_says_so(graph: Any, start_node: Callable[..., Any], samples: Path) -> None:
    diagnostics = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
    command = graph.node.create_publisher(JointState, "gimbal/command", EVENT)
    node = start_node("gimbal_rig", path=str(samples / "rgbd_room"), rate_hz=5.0)
    graph.until(command.get_subscription_count, 20.0, "the rig")
    command.publish(JointState(name=["pan_joint"], position=[0.1]))
    graph.until(lambda: "has no gimbal" in status(diagnostics)[0], 10.0, "the refusal")
    assert node.stop() == 0
