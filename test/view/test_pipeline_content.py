"""What the pipeline works out by its options: panorama, metres, layers, colours, hidden points, another depth camera, targets."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.distribution.targets import Selection, SelectionMode, TargetState
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel, RigidTransform
from auxfocus_ros.view import AuxFocusPipeline, DistributionOptions, FocusReading, FrameInput, PipelineOptions, ViewOptions

WIDTH, HEIGHT = 320, 240
PICTURE = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
CAMERA = CameraModel(WIDTH, HEIGHT, 300.0, 300.0, 159.5, 119.5)
FOCUS = FocusReading("finite", 4.0, 3.5, 4.6)
BODY_TO_OPTICAL = np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]])  # x ahead, y left, z up -> x right, y down, z ahead


def pipeline(view: dict[str, Any] | None = None, **distribution: Any) -> AuxFocusPipeline:
    return AuxFocusPipeline(PipelineOptions(ViewOptions(**(view or {})), DistributionOptions(**distribution)))


def room() -> np.ndarray:
    """A depth image: a wall at 8 m, the floor 1.2 m below the camera, and a box 4 m away whose near side is 1 m wide."""
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH]
    down = (v - CAMERA.cy_px) / CAMERA.fy_px
    with np.errstate(divide="ignore"):
        depth = np.minimum(np.where(down > 0, 1.2 / down, np.inf), 8.0)
    x, y = (u - CAMERA.cx_px) / CAMERA.fx_px * 4.0, down * 4.0
    depth[(abs(x) < 0.5) & (y > 0.2) & (y < 1.2)] = 4.0
    return depth.astype(np.float32)


def scan(turned_rad: float = 0.0) -> tuple[np.ndarray, RigidTransform]:
    """Points of a ring of posts round a scanner, and the extrinsics of a camera that has panned left by an angle."""
    bearing, height = np.meshgrid(np.linspace(-math.pi, math.pi, 720, endpoint=False), np.linspace(-0.5, 0.5, 9))
    distance = 5.0 + 2.0 * np.cos(3 * bearing)
    points = np.stack([distance * np.cos(bearing), -distance * np.sin(bearing), height], -1).reshape(-1, 3)
    c, s = math.cos(turned_rad), math.sin(turned_rad)
    pan = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])  # body axes of the camera from the scanner's
    return points.astype(np.float32), RigidTransform(BODY_TO_OPTICAL @ pan, np.zeros(3))


def test_a_gimbal_turns_inside_the_scanners_field_of_view() -> None:
    worker = pipeline({"layout": "top_bottom"}, field_of_view="sensor", near_m=2.0, far_m=9.0)
    counts, spans = [], []
    for turned in (0.0, 0.4, -0.7):
        points, transform = scan(turned)
        found = worker.analyse(FrameInput(PICTURE, CAMERA, points_m=points, optical_from_points=transform), FOCUS)
        assert found.content.panorama is not None and found.content.focus_curve is not None
        counts.append(found.distribution.counts)
        spans.append(found.content.panorama)
        assert worker.draw(found)[0].shape[0] > HEIGHT
    assert (counts[0] == counts[1]).all() and (counts[0] == counts[2]).all()
    for span, turned in zip(spans, (0.0, 0.4, -0.7), strict=True):
        assert 0.5 * (span.low + span.high) == pytest.approx(-turned, abs=0.02)  # left is negative


def test_in_metres_a_thing_is_as_wide_as_it_is() -> None:
    found = pipeline(across="metres", near_m=1.0, far_m=9.0).analyse(FrameInput(PICTURE, CAMERA, depth=room()), FOCUS)
    distribution = found.distribution
    assert distribution.across.unit == "metres"
    row = int(distribution.axis.position_of(4.0) * distribution.axis.bins)
    # The floor is as deep there, but only at the foot of the box: columns that hold many readings are the box's.
    full = np.flatnonzero(distribution.counts[row] > 0.5 * distribution.counts[row].max())
    edges = distribution.across.edges()
    assert edges[full[-1] + 1] - edges[full[0]] == pytest.approx(1.0, abs=4 * (edges[1] - edges[0]))


@pytest.mark.parametrize("projection", ["vertical", "horizontal", "slanted"])
def test_every_projection_counts_every_reading(projection: str) -> None:
    found = pipeline(projection=projection, near_m=1.0, far_m=9.0).analyse(FrameInput(PICTURE, CAMERA, depth=room()), FOCUS)
    assert found.distribution.total == np.isfinite(room()).sum()
    assert sum(found.split) == found.distribution.total


def test_the_box_is_an_object_with_its_layer_and_its_colour() -> None:
    picture = PICTURE.copy()
    picture[120:210, 122:198] = (30, 40, 200)
    view = {"layers": True, "association": "colours", "layout": "side_by_side"}
    found = pipeline(view).analyse(FrameInput(picture, CAMERA, depth=room()), FOCUS)
    box = next(target for target in found.targets.targets if abs(target.depth_m - 4.0) < 0.1)
    assert box.in_focus and box.state == TargetState.TRACKED
    assert box.box_px[0] == pytest.approx(122, abs=4) and box.box_px[2] == pytest.approx(75, abs=8)
    assert found.content.layers is not None and found.content.cell_colours is not None
    assert found.content.layers.ids[0] == (box.id,)
    assert (found.content.layers.counts.sum(axis=0) == found.distribution.counts).all()
    assert any((colour[2] > 2 * colour[1]) for colour in found.content.cell_colours.reshape(-1, 3) if colour.any())


def test_without_objects_there_are_none() -> None:
    found = pipeline({"layers": True, "association": "letters"}, objects=False).analyse(
        FrameInput(PICTURE, CAMERA, depth=room()), FOCUS
    )
    assert (found.scene, found.targets.targets, found.content.layers) == (None, (), None)


def test_what_is_chosen_is_followed_held_and_lost() -> None:
    worker = pipeline(hold_s=1.0)
    frame = FrameInput(PICTURE, CAMERA, depth=room())
    worker.analyse(frame, FOCUS)
    outcome = worker.select(Selection(SelectionMode.POINT, 160.0, 165.0))
    assert outcome.success and outcome.target is not None
    assert outcome.target.depth_m == pytest.approx(4.0, abs=0.05)
    empty = replace(frame, depth=np.zeros_like(room()))
    states = []
    for time_s in (0.1, 0.5, 1.5):
        found = worker.analyse(replace(empty if time_s > 0.2 else frame, time_s=time_s), FOCUS)
        assert found.targets.selected is not None
        states.append(found.targets.selected.state)
        worker.draw(found)
    assert states == [TargetState.TRACKED, TargetState.HELD, TargetState.LOST]
    assert math.isnan(found.targets.selected.depth_m)
    assert found.targets.message


def test_points_that_something_hides_are_left_out_on_request() -> None:
    near = np.stack(np.meshgrid(np.linspace(-0.4, 0.4, 60), np.linspace(-0.4, 0.4, 60), [2.0]), -1).reshape(-1, 3)
    far = np.stack(np.meshgrid(np.linspace(-1.6, 1.6, 60), np.linspace(-1.0, 1.0, 60), [6.0]), -1).reshape(-1, 3)
    frame = FrameInput(PICTURE, CAMERA, points_m=np.concatenate([near, far]).astype(np.float32))
    every, seen = (pipeline(hide_occluded=hide, near_m=1.0, far_m=9.0).analyse(frame, FOCUS) for hide in (False, True))
    behind = ((abs(far[:, 0]) < 1.1) & (abs(far[:, 1]) < 1.0)).sum()  # well behind the near plate
    assert every.distribution.total - seen.distribution.total == pytest.approx(behind, rel=0.2)


def test_depth_of_another_camera_is_placed_by_its_extrinsics() -> None:
    own = CameraModel(80, 80, 60.0, 60.0, 39.5, 39.5)
    depth = np.full((80, 80), 3.0, np.float32)
    aside = RigidTransform(np.eye(3), np.array([0.0, 0.0, 1.0]))  # the depth camera stands a metre ahead
    frame = FrameInput(PICTURE, CAMERA, depth=depth, depth_camera=own, optical_from_points=aside)
    found = pipeline(near_m=1.0, far_m=9.0).analyse(frame, FOCUS)
    assert found.split.inside == found.distribution.total > 1000  # at 4 m
    with pytest.raises(InputError, match="different shapes"):
        pipeline().analyse(FrameInput(PICTURE, CAMERA, depth=depth), FOCUS)


def test_everything_at_one_depth_or_none_at_all() -> None:
    for depth in (np.full((HEIGHT, WIDTH), 4.0, np.float32), np.zeros((HEIGHT, WIDTH), np.uint16)):
        worker = pipeline({"association": "letters", "layers": True, "offset_bars": True, "ticks": "objects"})
        assert worker.draw(worker.analyse(FrameInput(PICTURE, CAMERA, depth=depth), FOCUS))[0].shape == PICTURE.shape


def test_an_error_that_all_depths_share_is_in_every_targets_error() -> None:
    plain, scaled = pipeline(), pipeline()
    without = plain.analyse(FrameInput(PICTURE, CAMERA, depth=room()), FOCUS).targets.targets
    frame = FrameInput(PICTURE, CAMERA, depth=room(), depth_error_share=0.2)
    with_error = scaled.analyse(frame, FOCUS).targets.targets
    assert len(with_error) == len(without) > 0
    for before, after in zip(without, with_error, strict=True):
        assert after.depth_sigma_m == pytest.approx(math.hypot(before.depth_sigma_m, 0.2 * before.depth_m))
    chosen = scaled.select(Selection(SelectionMode.POINT, 160.0, 180.0)).target
    assert chosen is not None and chosen.depth_sigma_m >= 0.2 * chosen.depth_m
    # Where the next frame has no depth, the target's last one is held with the error that it had.
    held = scaled.analyse(FrameInput(PICTURE, CAMERA, time_s=0.5), FOCUS).targets.selected
    assert held is not None and held.state == TargetState.HELD
    assert held.depth_sigma_m == pytest.approx(chosen.depth_sigma_m)


def test_why_there_is_no_depth_is_written_into_the_plot() -> None:
    worker = pipeline()
    usual = worker.draw(worker.analyse(FrameInput(PICTURE, CAMERA), FOCUS))[0]
    said = worker.draw(worker.analyse(FrameInput(PICTURE, CAMERA, without_depth="depth is relative"), FOCUS))[0]
    assert (usual != said).any()
    depth = {"depth": room(), "time_s": 1.0}
    one, other = (pipeline().analyse(FrameInput(PICTURE, CAMERA, without_depth=w, **depth), FOCUS) for w in ("a", "b"))  # type: ignore[arg-type]
    assert (worker.draw(one)[0] == worker.draw(other)[0]).all()
