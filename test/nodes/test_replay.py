"""A recording through the live graph, in lock-step: the same targets and focus states as the analysis of the recording gives."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from auxfocus_interfaces.msg import FocusMarker, FocusTarget, FocusTargetArray, LensState
from auxfocus_ros.analysis.frame import FrameAnalyst
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.optics import CameraModel, RigidTransform, load_lens
from auxfocus_ros.rig import structured_points
from auxfocus_ros.rig.recording import RecordingSource
from auxfocus_ros.rig.recording_writer import RecordingWriter
from auxfocus_ros.ros.qos import EVENT, STATE, profile
from auxfocus_ros.ros.stamps import to_ns

pytestmark = pytest.mark.graph

FRAMES, BACK = 25, 21
START_NS, STEP_NS = 1_700_000_000_000_000_000, 200_000_000
LENS_EARLIER_NS = 20_000_000
BACK_NS = 2_950_000_000
AT_INFINITY, BEYOND, UNKNOWN = 6, 8, 18
"""The lens follows up to the first of these frames; from the second on it is silent, and 2 s later what it said is too old. With
the frame BACK the stamps jump back by BACK_NS."""
AFTER_THE_JUMP = ["infinity", "infinity", "beyond_infinity", "beyond_infinity"]
WITHOUT_CLOUD = 3
"""Half a step after this frame there is a picture that has no cloud."""
LENS = load_lens("bench_25mm")
CAMERA = CameraModel(320, 240, 300.0, 300.0, 159.5, 119.5)
ASIDE = RigidTransform.from_quaternion(0.0, 0.05, 0.0, math.sqrt(1.0 - 0.05**2), [0.1, -0.05, 0.02])
"""From the cloud's frame to the camera's."""
EVERY_ONE = profile(reliable=True, depth=10 * FRAMES)
REPLAY = {"loop": False, "publish_clock": True, "lock_step": True}
STATES = {
    FocusMarker.STATE_UNKNOWN: "unknown",
    FocusMarker.STATE_FINITE: "finite",
    FocusMarker.STATE_INFINITY: "infinity",
    FocusMarker.STATE_BEYOND_INFINITY: "beyond_infinity",
}
PIXEL, SHARE = 1, 1e-4
"""Live and offline agree to so much: boxes in pixels, depths as a share. Transforms go through quaternions, the rest is equal."""


def scene_m(index: int) -> np.ndarray:
    """Depth of a wall at 9 m, somebody who comes nearer before it on the left, and something at 5 m on the right."""
    depth = np.full((240, 320), 9.0, np.float32)
    depth[60:200, 210:290] = 5.0
    left = 30 + 3 * index
    depth[40:220, left : left + 70] = 3.6 - 0.05 * index
    return depth


def lens_steps(index: int) -> float:
    """Where the lens stands: on who comes, at infinity, or beyond."""
    if index < AT_INFINITY:
        return float(LENS.position_for_distance(3.6 - 0.05 * index))
    return float(LENS.position_for_distance(math.inf)) - (20.0 if index >= BEYOND else 0.0)


class Recorder(RecordingWriter):
    """Has a clock of its own."""

    ahead_ns = 0

    def add_serialized(self, topic: str, kind: str, data: bytes, recorded_ns: int) -> None:
        super().add_serialized(topic, kind, data, recorded_ns + self.ahead_ns)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with clouds at 5 Hz, and a lens that follows, goes to infinity and beyond, and then says nothing for long.

    At last the sensors' clock is set back.
    """
    path = tmp_path_factory.mktemp("replay") / "walk.mcap"
    random = np.random.default_rng(3)
    texture = random.integers(0, 255, (240, 320, 3), np.uint8)
    rays = CAMERA.ray_table()
    with Recorder(path) as writer:
        writer.add_transform(START_NS, "camera_optical_frame", "lidar", ASIDE, static=True)
        for index in range(FRAMES):
            writer.ahead_ns = BACK_NS if index >= BACK else 0
            stamp_ns, depth = START_NS + index * STEP_NS - writer.ahead_ns, scene_m(index)
            if index <= BEYOND:
                writer.add_lens_state(stamp_ns - LENS_EARLIER_NS, "camera_optical_frame", LENS, lens_steps(index))
            writer.add_camera(stamp_ns, "camera_optical_frame", CAMERA)
            shown = np.clip(texture // 2 + (255.0 / depth[..., None]).astype(np.uint8), 0, 255).astype(np.uint8)
            writer.add_picture(stamp_ns, "camera_optical_frame", shown)
            if index == WITHOUT_CLOUD:
                writer.add_picture(stamp_ns + STEP_NS // 2, "camera_optical_frame", shown)
            seen = np.dstack([rays * depth[..., None], depth])[::2, ::2].reshape(-1, 3)
            writer.add_points(stamp_ns, "lidar", structured_points(ASIDE.inverse().apply(seen).astype(np.float32)))
    return path


def offline(path: Path) -> list[Row]:
    source = RecordingSource(path)
    analyst = FrameAnalyst(AnalysisOptions(estimator=False), None)
    try:
        return [analyst.row(frame, number) for number, frame in enumerate(source.frames())]
    finally:
        source.close()


def targets_of(message: FocusTargetArray) -> list[tuple[Any, ...]]:
    """What a message says of its targets, the most important first: box, depth and its sigma, what must be equal."""
    states = {FocusTarget.STATE_TRACKED: "tracked", FocusTarget.STATE_HELD: "held", FocusTarget.STATE_LOST: "lost"}
    return [
        (
            (t.roi.x_offset, t.roi.y_offset, t.roi.width, t.roi.height),
            (t.depth_m, t.depth_sigma_m),
            (t.id, t.in_focus, states[t.state], t.selected),
        )
        for t in message.targets
    ]


def targets_in(row: Row) -> list[tuple[Any, ...]]:
    """The same of a row."""
    return [
        (
            tuple(t[side] for side in ("left_px", "top_px", "width_px", "height_px")),
            tuple(math.nan if t[name] is None else t[name] for name in ("depth_m", "depth_sigma_m")),
            (t["id"], bool(t["in_focus"]), t["state"], t["selected"]),
        )
        for t in row["targets"]
    ]


def assert_same_targets(message: FocusTargetArray, row: Row) -> None:
    live, said = targets_of(message), targets_in(row)
    assert len(live) == len(said)
    for (box, depths, rest), (said_box, said_depths, said_rest) in zip(live, said, strict=True):
        assert box == pytest.approx(said_box, abs=PIXEL)
        assert depths == pytest.approx(said_depths, rel=SHARE, nan_ok=True)
        assert rest == said_rest


def assert_same_focus(marker: FocusMarker, row: Row) -> None:
    assert STATES[marker.state] == row["focus_state"]
    for name in ("focus_distance_m", "near_limit_m", "far_limit_m"):
        expected = math.nan if row[name] is None else row[name]
        assert getattr(marker, name) == pytest.approx(expected, rel=SHARE, nan_ok=True)


def figures(diagnostics: list[DiagnosticArray]) -> dict[str, str]:
    for message in reversed(diagnostics):
        for status in message.status:
            if status.name == "gimbal_rig":
                return {item.key: item.value for item in status.values}
    return {}


def ready_to_hear(graph: Any) -> None:
    """Wait until `aux_focus` knows the client: not before it takes pictures, and before it takes them it gives nothing."""
    graph.until(lambda: graph.node.count_subscribers("camera/image_raw"), 120.0, "aux_focus to take pictures")


def test_targets_and_focus_are_those_of_the_analysis(graph: Any, start_node: Callable[..., Any], recording: Path) -> None:
    markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVERY_ONE)
    heard = graph.collect(FocusTargetArray, "aux_focus/targets", EVERY_ONE)
    diagnostics = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
    start_node("aux_focus", use_sim_time=True, lock_step=True, automatic_target=True)
    rows = offline(recording)
    assert [row["focus_state"] for row in rows] == (
        ["finite"] * AT_INFINITY
        + ["infinity"] * (BEYOND - AT_INFINITY)
        + ["beyond_infinity"] * (UNKNOWN - BEYOND)
        + ["unknown"] * (BACK - UNKNOWN)
        + AFTER_THE_JUMP
    )
    assert all(len(row["targets"]) >= 2 for row in rows)
    assert {target["in_focus"] for row in rows for target in row["targets"]} == {True, False, None}
    assert not any(target["selected"] for target in rows[0]["targets"]) and rows[1]["targets"][0]["selected"]

    ready_to_hear(graph)
    start_node("gimbal_rig", path=str(recording), use_sim_time=True, play_lens=True, wait_s=600.0, **REPLAY)
    ended = {"finished": "true", "frames": str(FRAMES), "unmatched_pictures": "1", "unanswered": "0"}
    graph.until(lambda: ended.items() <= figures(diagnostics).items(), 60.0, "the end of the recording")
    graph.until(lambda: len(heard) >= FRAMES and len(markers) >= FRAMES, 10.0, "targets and focus of every picture")

    stamps_ns = [row["stamp_ns"] for row in rows]
    assert stamps_ns[BACK] < stamps_ns[BACK - 1]
    assert [to_ns(message.header.stamp) for message in heard] == stamps_ns  # none lost, in order
    assert [to_ns(marker.header.stamp) for marker in markers] == stamps_ns
    for message, marker, row in zip(heard, markers, rows, strict=True):
        assert_same_targets(message, row)
        assert_same_focus(marker, row)
        if row["focus_state"] != "unknown":
            assert to_ns(marker.lens_stamp) == row["stamp_ns"] - round(row["lens_age_s"] * 1e9)


@pytest.fixture
def replaying(domain: int, samples: Path) -> Iterator[subprocess.Popen[str]]:
    """`auxfocus up --replay` of a real recording with depth images, whose rig waits to be activated."""
    command = [sys.executable, "-m", "auxfocus_ros.cli", "up", "--replay", str(samples / "rgbd_room"), "--no-panel", "--json"]
    command += ["-p", "gimbal_rig.autostart=false"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=15)


def test_the_command_replays_a_real_recording_and_ends(graph: Any, replaying: subprocess.Popen[str], samples: Path) -> None:
    heard = graph.collect(FocusTargetArray, "aux_focus/targets", EVERY_ONE)
    change = graph.node.create_client(ChangeState, "gimbal_rig/change_state")
    rows = offline(samples / "rgbd_room")
    ready_to_hear(graph)
    for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
        graph.until(change.service_is_ready, 20.0, "gimbal_rig")
        answer = change.call_async(ChangeState.Request(transition=Transition(id=transition)))
        graph.until(answer.done, 20.0, "gimbal_rig to change its state")
        assert answer.result().success
    graph.until(lambda: len(heard) >= len(rows), 60.0, "targets of every picture")
    states, said = replaying.communicate(timeout=30)
    assert replaying.returncode == 0, said
    assert "5 frames of rgbd_room played, each answered" in said
    nodes = json.loads(states.splitlines()[-1])
    assert set(nodes) == {"aux_focus", "gimbal_rig"}
    assert nodes["gimbal_rig"]["finished"] == "true"
    assert sum(len(row["targets"]) for row in rows) > len(rows)
    for message, row in zip(heard, rows, strict=True):
        assert to_ns(message.header.stamp) == row["stamp_ns"]
        assert_same_targets(message, row)


def test_ctrl_c_ends_a_replay(graph: Any, replaying: subprocess.Popen[str]) -> None:
    graph.until(lambda: "gimbal_rig" in graph.node.get_node_names(), 60.0, "a node")  # the other may still be on its way
    replaying.send_signal(signal.SIGINT)
    _, said = replaying.communicate(timeout=30)
    assert replaying.returncode == 0, said
    assert "Traceback" not in said


def test_who_stops_to_answer_does_not_stop_it(graph: Any, start_node: Callable[..., Any], recording: Path) -> None:
    """And another lens than the recorded one is not contradicted.

    The client answers, so it is waited for. What it needs of pictures it takes last: who sees that knows of the rest.
    """
    diagnostics = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
    clocks = graph.collect(Clock, "/clock", EVERY_ONE)
    states = graph.collect(LensState, "lens/state", STATE)
    graph.node.create_publisher(LensState, "lens/state", STATE)
    targets = graph.node.create_publisher(FocusTargetArray, "aux_focus/targets", EVENT)
    graph.collect(CameraInfo, "camera/camera_info", EVERY_ONE)
    graph.collect(PointCloud2, "points", EVERY_ONE)
    pictures: list[int] = []

    def answer_two(picture: Image) -> None:
        pictures.append(to_ns(picture.header.stamp))
        if len(pictures) <= 2:
            targets.publish(FocusTargetArray(header=picture.header))

    graph.node.create_subscription(Image, "camera/image_raw", answer_two, EVERY_ONE)
    node = start_node("gimbal_rig", path=str(recording), play_lens=True, wait_s=600.0, lock_step_s=0.5, end_s=1.1, **REPLAY)
    graph.until(lambda: figures(diagnostics).get("finished") == "true", 40.0, "the end of the recording")
    found = figures(diagnostics)
    assert found["frames"] == "6"
    graph.until(lambda: len(pictures) >= 6, 10.0, "every picture")
    assert pictures == [START_NS + index * STEP_NS for index in range(6)]
    assert [to_ns(clock.clock) for clock in clocks] == pictures
    assert 4 <= int(found["unanswered"]) <= 6  # a busy machine may be late with the two
    assert node.text().count("no aux_focus/targets in time for the picture of 17000000") == 1
    assert "lens/state has another publisher" in node.text()
    assert states == []
    assert node.stop() == 0


def test_where_nobody_answers_it_is_said_and_played(graph: Any, start_node: Callable[..., Any], recording: Path) -> None:
    diagnostics = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
    start_node("gimbal_rig", path=str(recording), wait_s=0.1, lock_step_s=0.05, end_s=0.5, **REPLAY)
    graph.until(lambda: figures(diagnostics).get("finished") == "true", 40.0, "the end of the recording")
    found = figures(diagnostics)
    assert found["problem.lock_step_listeners"] == "1"
    assert found["frames"] == found["unanswered"] == "3"


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"lock_step": True, "loop": False}, "set publish_clock to true"),
        ({"lock_step": True, "loop": False, "publish_clock": True, "speed": 2.0}, "lock_step has no pace of its own"),
        ({"play_lens": True, "source": "focal_stack"}, "play_lens is for a recording"),
    ],
)
def test_what_does_not_go_with_it_is_said(start_node: Callable[..., Any], parameters: dict[str, Any], said: str) -> None:
    node = start_node("gimbal_rig", path="/nowhere.mcap", **parameters)
    assert node.wait() == 2
    assert len([line for line in node.text().splitlines() if said in line]) == 1
