"""A recording through the live graph, in lock-step: the same targets and focus states as the analysis of the recording gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rosgraph_msgs.msg import Clock

from auxfocus_interfaces.msg import FocusMarker, FocusTarget, FocusTargetArray, LensState
from auxfocus_interfaces.srv import SelectTarget
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

FRAMES = 21
START_NS, STEP_NS = 1_700_000_000_000_000_000, 200_000_000
LENS_EARLIER_NS = 20_000_000
AFTER_FIRST_S = 0.1
AT_INFINITY, BEYOND, UNKNOWN = 6, 8, 18
"""The lens follows up to the first of these frames; from the second on it is silent, and 2 s later what it said is too old."""
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


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with clouds at 5 Hz, and a lens that follows, goes to infinity and beyond, and then says nothing for long."""
    path = tmp_path_factory.mktemp("replay") / "walk.mcap"
    random = np.random.default_rng(3)
    texture = random.integers(0, 255, (240, 320, 3), np.uint8)
    rays = CAMERA.ray_table()
    with RecordingWriter(path) as writer:
        writer.add_transform(START_NS, "camera_optical_frame", "lidar", ASIDE, static=True)
        for index in range(FRAMES):
            stamp_ns, depth = START_NS + index * STEP_NS, scene_m(index)
            if index <= BEYOND:
                writer.add_lens_state(stamp_ns - LENS_EARLIER_NS, "camera_optical_frame", LENS, lens_steps(index))
            writer.add_camera(stamp_ns, "camera_optical_frame", CAMERA)
            shown = np.clip(texture // 2 + (255.0 / depth[..., None]).astype(np.uint8), 0, 255).astype(np.uint8)
            writer.add_picture(stamp_ns, "camera_optical_frame", shown)
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
            (t["depth_m"], t["depth_sigma_m"]),
            (t["id"], bool(t["in_focus"]), t["state"], t["selected"]),
        )
        for t in row["targets"]
    ]


def assert_same_targets(message: FocusTargetArray, row: Row) -> None:
    live, said = targets_of(message), targets_in(row)
    assert len(live) == len(said)
    for (box, depths, rest), (said_box, said_depths, said_rest) in zip(live, said, strict=True):
        assert box == pytest.approx(said_box, abs=PIXEL)
        assert depths == pytest.approx(said_depths, rel=SHARE)
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


def test_targets_and_focus_are_those_of_the_analysis(graph: Any, start_node: Callable[..., Any], recording: Path) -> None:
    """The first picture, then automatic choice, as the analysis has it, then the rest."""
    heard = graph.collect(FocusTargetArray, "aux_focus/targets", EVERY_ONE)
    markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVERY_ONE)
    clocks = graph.collect(Clock, "/clock", EVERY_ONE)
    diagnostics = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
    select = graph.node.create_client(SelectTarget, "aux_focus/select_target")
    replay = {"path": str(recording), "use_sim_time": True, "play_lens": True, "wait_s": 600.0, **REPLAY}
    start_node("aux_focus", use_sim_time=True, lock_step=True)
    first = start_node("gimbal_rig", end_s=AFTER_FIRST_S, **replay)
    rows = offline(recording)
    assert [row["focus_state"] for row in rows] == (
        ["finite"] * AT_INFINITY
        + ["infinity"] * (BEYOND - AT_INFINITY)
        + ["beyond_infinity"] * (UNKNOWN - BEYOND)
        + ["unknown"] * (FRAMES - UNKNOWN)
    )
    assert all(len(row["targets"]) >= 2 for row in rows) and rows[1]["target_in_focus"]

    graph.until(lambda: heard and select.service_is_ready(), 120.0, "the first targets")
    choice = select.call_async(SelectTarget.Request(mode=SelectTarget.Request.MODE_AUTOMATIC))
    graph.until(choice.done, 20.0, "an answer of aux_focus/select_target")
    assert choice.result().success
    assert first.stop() == 0
    start_node("gimbal_rig", start_s=AFTER_FIRST_S, **replay)
    ended = {"finished": "true", "frames": str(FRAMES - 1), "unanswered": "0"}
    graph.until(lambda: ended.items() <= figures(diagnostics).items(), 60.0, "the end of the recording")

    stamps_ns = [row["stamp_ns"] for row in rows]
    assert [to_ns(message.header.stamp) for message in heard] == stamps_ns  # none lost, in order
    assert [to_ns(clock.clock) for clock in clocks] == stamps_ns
    assert [to_ns(marker.header.stamp) for marker in markers] == stamps_ns
    for index, (message, marker, row) in enumerate(zip(heard, markers, rows, strict=True)):
        assert_same_targets(message, row)
        assert_same_focus(marker, row)
        if index < UNKNOWN:
            assert to_ns(marker.lens_stamp) == START_NS + min(index, BEYOND) * STEP_NS - LENS_EARLIER_NS
    assert rows[1]["targets"][0]["selected"]


def test_depth_images_of_a_real_recording_too(graph: Any, start_node: Callable[..., Any], samples: Path) -> None:
    path = samples / "rgbd_room"
    heard = graph.collect(FocusTargetArray, "aux_focus/targets", EVERY_ONE)
    start_node("aux_focus", use_sim_time=True, lock_step=True, depth_input="depth")
    start_node("gimbal_rig", use_sim_time=True, path=str(path), wait_s=600.0, **REPLAY)
    rows = offline(path)
    graph.until(lambda: len(heard) >= len(rows), 120.0, "targets of every picture")
    assert sum(len(row["targets"]) for row in rows) > len(rows)
    for message, row in zip(heard, rows, strict=True):
        assert to_ns(message.header.stamp) == row["stamp_ns"]
        seen = {target["id"]: target["depth_m"] for target in row["targets"] if target["state"] == "tracked"}  # nobody chose
        assert {target.id: target.depth_m for target in message.targets} == pytest.approx(seen, rel=SHARE)


def test_who_does_not_answer_does_not_stop_it(graph: Any, start_node: Callable[..., Any], recording: Path) -> None:
    """And another lens than the recorded one is not contradicted."""
    diagnostics = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
    states = graph.collect(LensState, "lens/state", STATE)
    graph.node.create_publisher(LensState, "lens/state", STATE)
    node = start_node(
        "gimbal_rig", path=str(recording), play_lens=True, wait_s=0.5, lock_step_s=0.05, end_s=1.5, **REPLAY
    )  # fmt: skip
    graph.until(lambda: figures(diagnostics).get("finished") == "true", 40.0, "the end of the recording")
    found = figures(diagnostics)
    assert int(found["unanswered"]) == int(found["frames"]) > 5
    assert found["problem.lock_step_listeners"] == "1"
    assert "no aux_focus/targets for the picture of 1700000000.000 s within 0.05 s: played on" in node.text()
    assert "lens/state has another publisher" in node.text()
    assert states == []
    assert node.stop() == 0


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
