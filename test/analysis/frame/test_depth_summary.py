"""Depth distribution of a frame: quantiles, counts, the share in focus; values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from auxfocus_ros.analysis.columns import DEPTH_BINS
from auxfocus_ros.analysis.frame.depth_summary import QUANTILES, depth_columns
from auxfocus_ros.distribution import PanoramaPoints, ProjectedPoints
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.view import FocusReading
from auxfocus_ros.view.frame_depth import CloudDepth, ImageDepth

WIDTH_PX, HEIGHT_PX = 40, 30
CAMERA = CameraModel(WIDTH_PX, HEIGHT_PX, 40.0, 40.0, 19.5, 14.5)
FOCUS = FocusReading("finite", 7.0, 4.5, 10.5)


def cloud(depths_m: np.ndarray) -> CloudDepth:
    depth = np.asarray(depths_m, np.float32)
    place = np.linspace(0, WIDTH_PX - 1, len(depth), dtype=np.float32)
    points = ProjectedPoints(place, np.zeros_like(depth), depth, np.zeros_like(depth), np.zeros_like(depth))
    return CloudDepth(points, CAMERA, (WIDTH_PX, HEIGHT_PX))


def test_twenty_readings_a_metre_apart() -> None:
    found = depth_columns(cloud(np.arange(1.0, 21.0)), FOCUS, WIDTH_PX)
    assert found["readings"] == 20
    wanted = {"depth_p05_m": 1, "depth_p25_m": 5, "depth_median_m": 10, "depth_p75_m": 15, "depth_p95_m": 19}
    assert {name: found[name] for name in wanted} == pytest.approx(wanted, rel=1e-3)
    assert found["in_depth_of_field"] == 6 / 20  # 5 to 10 m


def test_counts_are_even_in_the_logarithm_and_hold_everything() -> None:
    depths_m = [0.02, 0.001, 0.1001, 1.0, 1.0, 14.14, 199.9, 250.0, 5000.0]
    counts = depth_columns(cloud(np.array(depths_m)), FOCUS, WIDTH_PX)["depth_counts"]
    # ln(depth / 0.1) / ln(2000) x 64: 1 m gives 19.4, 14.14 m 41.7; what is nearer than 0.1 m or beyond 200 m is at the ends.
    assert {k: n for k, n in enumerate(counts) if n} == {0: 3, 19: 2, 41: 1, 63: 3}
    assert len(counts) == DEPTH_BINS and all(isinstance(n, int) for n in counts)


@given(
    arrays(np.float32, st.integers(1, 200), elements=st.floats(0.03125, 1200, width=32)),
    st.sampled_from(sorted(QUANTILES.items())),
)
@settings(max_examples=60, deadline=None)
def test_a_quantile_is_the_reading_of_its_rank(depths_m: np.ndarray, quantile: tuple[str, float]) -> None:
    name, share = quantile
    found = depth_columns(cloud(depths_m), FOCUS, WIDTH_PX)
    exact = np.sort(depths_m)[int(np.ceil(share * len(depths_m))) - 1]
    assert found[name] == pytest.approx(float(exact), rel=1.1e-3)
    assert sum(found["depth_counts"]) == found["readings"] == len(depths_m)


def test_the_share_in_focus_is_null_where_the_focus_is_unknown_and_none_beyond_infinity() -> None:
    depth = cloud(np.full(4, 2.0))
    assert depth_columns(depth, FocusReading(), WIDTH_PX)["in_depth_of_field"] is None
    assert depth_columns(depth, FocusReading("beyond_infinity"), WIDTH_PX)["in_depth_of_field"] == 0.0
    everything = FocusReading("infinity", np.inf, 1.5, np.inf)
    assert depth_columns(depth, everything, WIDTH_PX)["in_depth_of_field"] == 1.0


@pytest.mark.parametrize("kind", [np.float32, np.uint16])
def test_a_depth_image_is_counted_without_its_holes(kind: type) -> None:
    depth = np.zeros((HEIGHT_PX // 2, WIDTH_PX // 2), kind)
    depth[:5] = 2 if kind is np.float32 else 2000
    if kind is np.float32:
        depth[5], depth[6] = np.nan, np.inf
    found = depth_columns(ImageDepth(depth, 1.0 if kind is np.float32 else 1e-3, (WIDTH_PX, HEIGHT_PX), None), FOCUS, WIDTH_PX)
    assert found["readings"] == 5 * WIDTH_PX // 2
    assert found["depth_p05_m"] == found["depth_p95_m"] == pytest.approx(2.0, rel=1e-3)


def test_what_a_panorama_sees_beside_the_picture_does_not_count() -> None:
    panorama = PanoramaPoints(np.zeros(50, np.float32), np.full(50, 30.0, np.float32), np.zeros(50, np.float32), (-0.4, 0.4))
    plain = cloud(np.full(4, 2.0))
    with_panorama = CloudDepth(plain.points, CAMERA, (WIDTH_PX, HEIGHT_PX), panorama)
    assert depth_columns(with_panorama, FOCUS, WIDTH_PX) == depth_columns(plain, FOCUS, WIDTH_PX)


@pytest.mark.parametrize(
    "depth", [None, cloud(np.empty(0)), ImageDepth(np.zeros((3, 4), np.float32), 1.0, (WIDTH_PX, HEIGHT_PX), None)]
)
def test_without_readings_nothing_is_said_but_that(depth: CloudDepth | ImageDepth | None) -> None:
    assert depth_columns(depth, FOCUS, WIDTH_PX) == {"readings": 0}
