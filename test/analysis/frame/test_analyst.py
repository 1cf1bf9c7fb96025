"""Frames to rows: what the live graph would do with them, nulls for what is not known, and bad input."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from auxfocus_ros.analysis.columns import NAMES
from auxfocus_ros.analysis.frame import FrameAnalyst
from auxfocus_ros.analysis.frame.autofocuser import COLUMNS as AUTOFOCUS_COLUMNS
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.distribution.targets import Selection, SelectionMode
from auxfocus_ros.optics import CameraModel, RigidTransform, load_lens, share_dir
from auxfocus_ros.rig import Frame, LensReading, structured_points
from auxfocus_ros.rig.recording import RecordingSource
from auxfocus_ros.view import AuxFocusPipeline, FocusReading, FrameInput

WIDTH_PX, HEIGHT_PX = 160, 120
CAMERA = CameraModel(WIDTH_PX, HEIGHT_PX, 160.0, 160.0, 79.5, 59.5)
LENS = load_lens("bench_25mm")
PICTURE = np.random.default_rng(5).integers(0, 255, (HEIGHT_PX, WIDTH_PX, 3), np.uint8)
PICTURES_ONLY = AnalysisOptions(estimator=False)
BOX_LEFT_PX, BOX_TOP_PX, BOX_WIDTH_PX, BOX_HEIGHT_PX = 50, 30, 60, 70
"""Of a thing before a wall at 8 m: more than a fifth of the picture."""


def depth_image(thing_m: float = 3.0) -> np.ndarray:
    depth = np.full((HEIGHT_PX, WIDTH_PX), 8.0, np.float32)
    depth[BOX_TOP_PX : BOX_TOP_PX + BOX_HEIGHT_PX, BOX_LEFT_PX : BOX_LEFT_PX + BOX_WIDTH_PX] = thing_m
    return depth


def lens_at(stamp_ns: int, position_steps: float) -> LensReading:
    near_m, far_m = LENS.depth_of_field_m(position_steps)
    return LensReading(stamp_ns, position_steps, False, LENS.focus_distance_m(position_steps), near_m, far_m)


def frame(index: int, focus_m: float = 3.0, **changes: object) -> Frame:
    stamp_ns = 10**9 + index * 100_000_000
    whole = Frame(
        stamp_ns,
        PICTURE,
        CAMERA,
        depth_m=depth_image(),
        points_offset_s=0.004,
        lens=lens_at(stamp_ns, LENS.position_for_distance(focus_m)),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def rows(frames: list[Frame], options: AnalysisOptions = PICTURES_ONLY) -> list[Row]:
    analyst = FrameAnalyst(options, LENS)
    return [analyst.row(each, number) for number, each in enumerate(frames)]


def test_a_row_has_every_column_and_says_what_is_in_the_frame() -> None:
    row = rows([frame(0)])[0]
    assert list(row) == list(NAMES)
    assert (row["frame"], row["stamp_ns"], row["picture_width_px"], row["picture_height_px"]) == (0, 10**9, 160, 120)
    assert row["range_offset_s"] == 0.004
    assert row["readings"] == WIDTH_PX * HEIGHT_PX
    assert (row["depth_p05_m"], row["depth_p95_m"]) == pytest.approx((3.0, 8.0), rel=1e-3)
    assert row["in_depth_of_field"] == BOX_WIDTH_PX * BOX_HEIGHT_PX / (WIDTH_PX * HEIGHT_PX)
    assert (row["focus_state"], row["focus_distance_m"]) == ("finite", pytest.approx(3.0))
    assert row["target_depth_m"] == pytest.approx(3.0)
    assert row["target_in_focus"] is True
    assert row["target_off_steps"] == pytest.approx(0.0, abs=1e-3)
    middle = (row["region_left_px"] + row["region_width_px"] / 2, row["region_top_px"] + row["region_height_px"] / 2)
    assert middle == pytest.approx((80, 65), abs=4)
    assert all(row[name] is None for name in AUTOFOCUS_COLUMNS)


def test_a_lens_behind_its_target_is_off_by_the_steps_between() -> None:
    row = rows([frame(0, focus_m=8.0)])[0]
    assert row["target_in_focus"] is False
    assert row["target_off_steps"] == pytest.approx(LENS.position_for_distance(8.0) - LENS.position_for_distance(3.0), abs=0.01)


def test_targets_and_counts_are_those_of_the_live_graphs_pipeline() -> None:
    frames = [frame(index) for index in range(3)]
    pipeline = AuxFocusPipeline()
    for number, (each, row) in enumerate(zip(frames, rows(frames), strict=True)):
        assert each.lens is not None
        focus = FocusReading.of_lens(LENS, each.lens.position_steps)
        analysis = pipeline.analyse(FrameInput(PICTURE, CAMERA, depth=each.depth_m, time_s=each.stamp_ns * 1e-9), focus)
        if number == 0:
            pipeline.select(Selection(SelectionMode.AUTOMATIC))
        assert [(t["id"], t["depth_m"], t["in_focus"], t["selected"]) for t in row["targets"]] == [
            (t.id, t.depth_m, t.in_focus, t.selected) for t in analysis.targets.targets
        ]
        assert row["in_depth_of_field"] == analysis.split.inside / row["readings"]
    assert row["targets"][0]["selected"]


def test_a_cloud_gives_what_a_depth_image_of_it_gives() -> None:
    aside = RigidTransform(np.eye(3), np.array([0.5, 0.0, 0.0]))
    depth, rays = depth_image(), CAMERA.ray_table()
    in_camera = np.dstack([rays * depth[..., None], depth]).reshape(-1, 3)
    points = structured_points((in_camera - aside.translation_m).astype(np.float32))
    by_cloud, by_image = rows([frame(0, depth_m=None, points=points, optical_from_points=aside)])[0], rows([frame(0)])[0]
    assert by_cloud["readings"] == by_image["readings"]
    assert by_cloud["depth_counts"] == by_image["depth_counts"]
    assert by_cloud["target_depth_m"] == pytest.approx(by_image["target_depth_m"], rel=1e-3)


def test_a_target_that_disappears_is_held_with_its_depth() -> None:
    gone = np.full_like(depth_image(), 8.0)
    found = rows([frame(0), frame(1), frame(2, depth_m=gone)])
    selected = found[2]["targets"][0]
    assert (selected["state"], selected["selected"], found[2]["target_id"]) == ("held", True, found[1]["target_id"])
    assert found[2]["target_depth_m"] == pytest.approx(3.0)


def test_without_depth_and_lens_states_the_rest_is_still_there() -> None:
    row = rows([frame(0, depth_m=None, lens=None, points_offset_s=math.nan)])[0]
    known = {name for name, value in row.items() if value is not None}
    assert known == {
        "frame", "stamp_ns", "picture_width_px", "picture_height_px", "readings", "focus_state", "targets",
        "region_left_px", "region_top_px", "region_width_px", "region_height_px",
        *(name for name in NAMES if name.startswith("sharpness_")),
    }  # fmt: skip
    assert (row["readings"], row["focus_state"], row["targets"]) == (0, "unknown", [])
    assert (row["region_left_px"], row["region_top_px"]) == (48, 28)


def test_what_is_drawn_does_not_change_the_rows() -> None:
    frames = [frame(index) for index in range(2)]
    assert rows(frames) == rows(frames, replace(PICTURES_ONLY, video=True))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"depth_m": np.ones((120, 120), np.float32)},
            "depth: depth image 120 x 120 and picture 160 x 120 have different shapes",
        ),
        ({"depth_m": None, "points": np.zeros(3, [("x", "<f4"), ("y", "<f4")])}, "depth: the cloud has no field z"),
        ({"lens": LensReading(10**9, 1300.0, False, 0.0, 0.0, 0.0)}, "lens state: focus: a finite focus needs a distance"),
    ],
)
def test_what_cannot_be_used_is_said_and_left_out(change: dict[str, object], text: str) -> None:
    said: list[str] = []
    analyst = FrameAnalyst(PICTURES_ONLY, LENS, said.append)
    row = analyst.row(frame(0, **change), 0)
    assert len(said) == 1 and said[0].startswith(text)
    assert row["sharpness_variance"] is not None
    if "lens" in change:  # the position still counts
        assert (row["lens_position_steps"], row["focus_distance_m"]) == (1300.0, LENS.focus_distance_m(1300.0))
    else:
        assert row["readings"] == 0
    assert analyst.row(frame(1), 1)["in_depth_of_field"] > 0.0
    assert len(said) == 1


def test_a_rig_files_depth_camera_places_its_depth(tmp_path: Path) -> None:
    rig = tmp_path / "rig.yaml"
    rig.write_text(
        """
        name: two cameras
        depth:
          camera: {width: 160, height: 120, k: [320, 0, 79.5, 0, 320, 59.5, 0, 0, 1]}
        """
    )
    row = rows([frame(0)], replace(PICTURES_ONLY, rig=str(rig)))[0]
    # Twice the focal length: what it sees is the middle quarter of the picture.
    assert row["readings"] == WIDTH_PX * HEIGHT_PX
    (thing,) = (target for target in row["targets"] if target["depth_m"] < 4.0)
    assert thing["width_px"] == pytest.approx(BOX_WIDTH_PX / 2, abs=4)


def test_autofocus_is_asked_of_every_so_many_frames() -> None:
    first, second = rows([frame(index) for index in range(2)], AnalysisOptions(estimate_every=2))
    assert first["blur_radius_px"] is not None and first["says_depth"] == "in_focus"
    assert first["next_depth_steps"] == pytest.approx(first["target_best_steps"], abs=0.5)
    assert all(second[name] is None for name in AUTOFOCUS_COLUMNS)


def test_a_real_recording_gives_the_same_rows_twice() -> None:
    def analysed() -> list[Row]:
        source = RecordingSource(share_dir() / "samples" / "rgbd_room", keep_unmatched=True)
        return rows(list(source.frames()))

    once = analysed()
    assert once == analysed()
    assert len(once) == 5
    assert all(150_000 < row["readings"] <= 640 * 480 and row["focus_state"] == "unknown" for row in once)
    assert all(row["targets"] and 0.5 < row["depth_median_m"] < 10.0 for row in once)
