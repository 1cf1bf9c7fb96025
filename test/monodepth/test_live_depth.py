"""Depth with its scale over time, with a network that sees a slope: nearer from row to row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.inference import DepthEstimator
from auxfocus_ros.monodepth.live_depth import LiveDepth, require_something_to_see
from auxfocus_ros.monodepth.network_size import SizeRule
from auxfocus_ros.optics import CameraModel

WIDTH, HEIGHT = 320, 192
CAMERA = CameraModel(WIDTH, HEIGHT, 250.0, 250.0, 159.5, 95.5)
NOISE = cv2.resize(np.random.default_rng(3).integers(0, 255, (120, 200, 3), np.uint8), (2 * WIDTH, 2 * HEIGHT))


class Wall:
    """Sees everything at one depth of its own unit."""

    canonical_fx_px: float | None = None

    def inverse_depth(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.full(picture.shape[:2], 0.5, np.float32)


@dataclass(frozen=True, eq=False)
class Beside:
    """What is known beside a picture."""

    points_m: NDArray[Any] | None = None
    beam_m: NDArray[Any] | None = None
    world_from_camera: NDArray[np.float64] | None = None
    reading_sigma_m: float = 0.01
    camera_height_m: float = 0.0
    problem: str = ""


@pytest.fixture
def live() -> LiveDepth:
    return LiveDepth(DepthEstimator(Wall(), SizeRule(WIDTH, HEIGHT)))


def view(shift_px: float = 0.0) -> NDArray[np.uint8]:
    """A textured wall, seen by a camera that moved to the right until it went `shift_px` to the left."""
    moved = np.array([[1, 0, -60.0 - shift_px], [0, 1, -40.0]], np.float32)
    return np.asarray(cv2.warpAffine(NOISE, moved, (WIDTH, HEIGHT)), np.uint8)


def test_without_anything_the_depth_is_relative_and_says_what_would_help(live: LiveDepth) -> None:
    for ask in (None, Beside):
        seen = live.see(view(), CAMERA, 0.0, ask)
        assert not seen.scale.metric and math.isinf(seen.place_sigma)
        assert "rangefinder" in seen.said
        assert (seen.depth == 2.0).all()


def test_a_beam_gives_metres_for_a_while(live: LiveDepth) -> None:
    beam = Beside(beam_m=np.array([[0.0, 0.0, 6.0]]))
    seen = live.see(view(), CAMERA, 1.0, lambda: beam)
    assert seen.scale.source == "rangefinder" and seen.scale.readings == 1
    assert seen.scale.scale == pytest.approx(3.0) and seen.said == ""
    np.testing.assert_allclose(seen.depth, 6.0, rtol=1e-6)
    assert seen.place_sigma > 0.1  # what a network errs by at one place comes on top
    later = live.see(view(), CAMERA, 3.0, Beside)
    assert later.scale.metric and later.scale.sigma_relative > seen.scale.sigma_relative
    assert not live.see(view(), CAMERA, 60.0, Beside).scale.metric


def test_points_outside_the_picture_are_no_scale_and_said(live: LiveDepth) -> None:
    useless = live.see(view(), CAMERA, 0.0, lambda: Beside(problem="range: of another time"))
    assert "range: of another time" in useless.said
    behind = Beside(points_m=np.array([[0.0, 0.0, -6.0], [np.nan, 0.0, 1.0], [90.0, 0.0, 1.0]]))
    seen = live.see(view(), CAMERA, 1.0, lambda: behind)
    assert not seen.scale.metric
    assert "points: none of 3 readings" in seen.said


def pose(x_m: float) -> NDArray[np.float64]:
    """Of a camera that looks along the world's x axis and moved to the right."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    matrix[:3, 3] = matrix[:3, 0] * x_m
    return matrix


def test_a_known_motion_tells_how_far_the_wall_is(live: LiveDepth) -> None:
    for number in range(5):  # 0.2 m to the right shift a wall at 5 m by 10 px
        shift_px, moved = 10.0 * number, Beside(world_from_camera=pose(0.2 * number))
        seen = live.see(view(shift_px), CAMERA, 0.25 * number, lambda moved=moved: moved)  # type: ignore[misc]
    assert seen.scale.source == "motion"
    assert np.median(seen.depth) == pytest.approx(5.0, rel=0.03)


def test_a_camera_that_stands_tells_nothing_and_says_so_each_time(live: LiveDepth) -> None:
    still = Beside(world_from_camera=pose(0.0))
    live.see(view(), CAMERA, 0.0, lambda: still)
    for stamp_s in (0.3, 0.35, 0.4):
        seen = live.see(view(), CAMERA, stamp_s, lambda: still)
        assert not seen.scale.metric and "stood still" in seen.said
    # The clock goes back, and another size of picture comes: nothing is compared with what was before.
    small = CAMERA.scaled_to(160, 96)
    assert not live.see(np.ascontiguousarray(view()[::2, ::2]), small, 0.1, lambda: still).scale.metric


def test_a_picture_that_shows_nothing_gives_no_depth(live: LiveDepth) -> None:
    with pytest.raises(InputError, match="black"):
        live.see(np.zeros((HEIGHT, WIDTH, 3), np.uint8), CAMERA, 0.0)
    with pytest.raises(InputError, match="even shade"):
        require_something_to_see(np.full((5, 7, 3), 128, np.uint8))
    dark = (view() // 8).astype(np.uint8)
    assert live.see(dark, CAMERA, 0.0).depth.shape == (HEIGHT, WIDTH)  # dim is not black
    with pytest.raises(InputError, match="do not fit"):
        live.see(view()[:100], CAMERA, 0.0)
