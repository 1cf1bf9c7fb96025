"""Counts by depth and column, against numpy.histogram2d and by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auxfocus_ros.distribution import (
    SCALES,
    AcrossAxis,
    DepthAxis,
    DepthDistribution,
    ProjectedPoints,
    count_depth_image,
    count_points,
)
from auxfocus_ros.errors import InputError

quick = settings(deadline=None, max_examples=60)


def points_at(u_px: NDArray[Any], depth_m: NDArray[Any]) -> ProjectedPoints:
    """Points of which only the column and the depth matter."""
    rest = np.zeros_like(u_px)
    return ProjectedPoints(u_px, rest, depth_m, rest, rest)


def near_an_edge(depth: NDArray[Any], axis: DepthAxis) -> int:
    """How many depths lie so close to an edge that float32 may put them on either side."""
    valid = depth[np.isfinite(depth) & (depth > 0)].astype(np.float64)
    bins = np.interp(valid, axis.edges_m(), np.arange(axis.bins + 1))
    place = np.searchsorted(axis.edges_m(), valid)
    edges = axis.edges_m()[np.clip(np.stack([place - 1, place]), 0, axis.bins)]
    width = np.gradient(axis.edges_m())[np.clip(place, 0, axis.bins)]
    close = (np.abs(edges - valid) < 0.01 * width + 1e-6 * valid).any(axis=0)
    assert len(bins) == len(close)
    return int(close.sum())


def assert_same_counts(ours: NDArray[Any], reference: NDArray[Any], doubtful: int) -> None:
    assert np.abs(ours.astype(np.int64) - reference.astype(np.int64)).sum() <= 2 * doubtful


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.random.Generator, DepthAxis]:
    near = draw(st.floats(0.2, 5.0))
    axis = DepthAxis(near, near * draw(st.floats(1.5, 60.0)), draw(st.integers(1, 64)), draw(st.sampled_from(SCALES)))
    return np.random.default_rng(draw(st.integers(0, 2**32))), axis


def some_depths(random: np.random.Generator, axis: DepthAxis, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Depths over the axis and beyond, with all that is no reading among them."""
    depth = random.uniform(0.3 * axis.near_m, 1.4 * axis.far_m, shape).astype(np.float32)
    for value in (0.0, -1.0, math.nan, math.inf, -math.inf):
        depth[random.random(shape) < 0.05] = value
    return depth


def test_points_by_hand() -> None:
    # Linear axis 0..4 m in effect: edges 1, 2, 3; a picture 4 px wide in 2 columns: [-0.5, 1.5) and [1.5, 3.5).
    axis = DepthAxis(1.0, 3.0, 2, "linear")
    u = np.array([0.0, 1.4, 1.6, 3.4, 0.0, 2.0, -0.6, 3.5, 1.0, 1.0], np.float32)
    z = np.array([1.5, 2.5, 1.5, 1.5, 0.5, 9.0, 1.5, 1.5, np.nan, 0.0], np.float32)
    found = count_points(points_at(u, z), axis, AcrossAxis.of_picture(4, 2), (1.5, 2.0))
    np.testing.assert_array_equal(found.counts, [[1, 2], [1, 0]])
    assert (found.nearer, found.farther, found.within, found.total) == (1, 1, 4, 6)
    assert found.split == (3, 1, 2)  # as they are counted: the points beside the picture are in none
    assert (found.columns, found.across) == (2, AcrossAxis.of_picture(4, 2))
    assert found.counts.dtype == np.uint32


def test_depth_image_by_hand() -> None:
    axis = DepthAxis(1.0, 3.0, 2, "linear")
    depth = np.array([[1.5, 1.5, 2.5, 0.0], [1.5, 2.5, 9.0, np.nan], [0.5, np.inf, 2.5, -1.0]], np.float32)
    found = count_depth_image(depth, axis, AcrossAxis.of_picture(4, 2), limits_m=(1.5, 2.5))
    np.testing.assert_array_equal(found.counts, [[3, 0], [1, 2]])
    assert (found.nearer, found.farther, found.total) == (1, 1, 8)
    assert found.split == (6, 1, 1)


@quick
@given(cases(), st.integers(1, 40), st.integers(1, 60))
def test_points_are_those_of_histogram2d(case: tuple[np.random.Generator, DepthAxis], columns: int, width: int) -> None:
    random, axis = case
    depth = some_depths(random, axis, (800,))
    u = random.uniform(-3, width + 2, 800).astype(np.float32)
    edges_px = np.linspace(-0.5, width - 0.5, columns + 1)
    close_px = (np.abs(edges_px[:, None] - u) < 1e-4).any(axis=0)
    u, depth = u[~close_px], depth[~close_px]
    found = count_points(points_at(u, depth), axis, AcrossAxis.of_picture(width, columns))
    usable = np.isfinite(depth)
    reference, _, _ = np.histogram2d(depth[usable], u[usable], bins=[axis.edges_m(), edges_px])
    assert_same_counts(found.counts, reference, near_an_edge(depth, axis))
    shown = (u >= -0.5) & (u < width - 0.5) & np.isfinite(depth) & (depth > 0)
    assert found.within + found.nearer + found.farther == found.total == int(shown.sum())


@quick
@given(cases(), st.integers(1, 400), st.integers(1, 40))
def test_depth_images_are_those_of_histogram2d(case: tuple[np.random.Generator, DepthAxis], width: int, columns: int) -> None:
    random, axis = case
    depth = some_depths(random, axis, (7, width))
    found = count_depth_image(depth, axis, AcrossAxis.of_picture(width, columns))
    usable = np.isfinite(depth)
    # Pixel x belongs to the column that holds its middle, (x + 0.5) / width; as whole numbers, so that no middle is on an edge by
    # rounding.
    column = np.broadcast_to((2 * np.arange(width) + 1) * columns // (2 * width), depth.shape)
    reference, _, _ = np.histogram2d(depth[usable], column[usable], bins=[axis.edges_m(), np.arange(columns + 1) - 0.5])
    assert_same_counts(found.counts, reference, near_an_edge(depth, axis))
    assert found.total == int((np.isfinite(depth) & (depth > 0)).sum())
    assert found.counts.shape == (axis.bins, columns)


@quick
@given(cases())
def test_millimetres_count_as_metres_do(case: tuple[np.random.Generator, DepthAxis]) -> None:
    random, axis = case
    millimetres = random.integers(0, 65536, (20, 150)).astype(np.uint16)
    metres = (millimetres / 1000).astype(np.float32)
    across = AcrossAxis.of_picture(150, 10)
    first, second = count_depth_image(millimetres, axis, across), count_depth_image(metres, axis, across)
    assert_same_counts(first.counts, second.counts, near_an_edge(metres, axis))
    assert first.total == second.total == int((millimetres > 0).sum())


def test_points_and_a_depth_image_of_the_same_readings_agree() -> None:
    random = np.random.default_rng(5)
    axis = DepthAxis(0.5, 9.0, 50, "log")
    depth = some_depths(random, axis, (30, 160))
    u = np.broadcast_to(np.arange(160, dtype=np.float32), depth.shape)
    across = AcrossAxis.of_picture(160, 80)
    image, points = count_depth_image(depth, axis, across), count_points(points_at(u.ravel(), depth.ravel()), axis, across)
    np.testing.assert_array_equal(image.counts, points.counts)
    assert (image.nearer, image.farther) == (points.nearer, points.farther)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("value", [0.5, 1.0, 3.0, 8.0, 8.5])
def test_one_single_depth(scale: str, value: float) -> None:
    axis = DepthAxis(1.0, 8.0, 16, scale)  # type: ignore[arg-type]
    found = count_depth_image(np.full((4, 200), value, np.float32), axis, AcrossAxis.of_picture(200, 10))
    assert found.total == 800
    assert (found.nearer, found.within, found.farther) == (800 * (value < 1), 800 * (1 <= value <= 8), 800 * (value > 8))
    assert np.count_nonzero(found.counts.any(axis=1)) == (1 if 1 <= value <= 8 else 0)


@pytest.mark.parametrize("value", [0.0, -2.0, math.nan, math.inf, -math.inf])
def test_no_reading_at_all_is_an_empty_distribution(value: float) -> None:
    axis = DepthAxis(1.0, 8.0, 16)
    across = AcrossAxis.of_picture(200, 10)
    image = count_depth_image(np.full((4, 200), value, np.float32), axis, across, limits_m=(1.0, math.inf))
    points = count_points(points_at(np.zeros(5, np.float32), np.full(5, value, np.float32)), axis, across, (1.0, math.inf))
    for found in (image, points, DepthDistribution.empty(axis, across)):
        assert found.split == (0, 0, 0)
        assert (found.nearer, found.farther, found.total) == (0, 0, 0)
        assert not found.counts.any()


def test_empty_inputs() -> None:
    axis = DepthAxis(1.0, 8.0, 16)
    assert count_points(points_at(np.empty(0), np.empty(0)), axis, AcrossAxis.of_picture(200, 10), (1.0, 2.0)).total == 0
    assert count_depth_image(np.empty((0, 200), np.float32), axis, AcrossAxis.of_picture(200, 10)).total == 0


def test_strided_and_reversed_views_are_read_right() -> None:
    random = np.random.default_rng(3)
    axis = DepthAxis(0.5, 9.0, 50, "dioptre")
    depth = some_depths(random, axis, (40, 600))
    view = depth[::-2, 100:500]
    np.testing.assert_array_equal(
        count_depth_image(view, axis, AcrossAxis.of_picture(400, 100)).counts,
        count_depth_image(np.ascontiguousarray(view), axis, AcrossAxis.of_picture(400, 100)).counts,
    )


def test_more_columns_than_pixels_leave_some_empty() -> None:
    axis = DepthAxis(1.0, 8.0, 2)
    found = count_depth_image(np.full((3, 10), 2.0, np.float32), axis, AcrossAxis.of_picture(10, 20))
    assert found.total == 30
    assert np.count_nonzero(found.counts.any(axis=0)) == 10


@pytest.mark.parametrize(
    "depth", [np.zeros((2, 3), np.int32), np.zeros((2, 3, 1), np.float32), np.zeros(4, np.float32), np.zeros((2, 3), np.float64)]
)
def test_a_depth_image_of_another_kind(depth: NDArray[Any]) -> None:
    with pytest.raises(InputError, match="depth image"):
        count_depth_image(depth, DepthAxis(1.0, 8.0, 4), AcrossAxis.of_picture(3, 3))


def test_arguments_that_do_not_fit() -> None:
    axis, image, across = DepthAxis(1.0, 8.0, 4), np.ones((4, 4), np.float32), AcrossAxis.of_picture(4, 4)
    with pytest.raises(InputError, match="one shape"):
        count_points(points_at(np.zeros(3), np.zeros(4)), axis, across)
    with pytest.raises(InputError, match="one shape"):
        count_points(points_at(np.zeros((3, 2)), np.zeros((3, 2))), axis, across)
    with pytest.raises(InputError, match="near limit"):
        count_points(points_at(np.zeros(3), np.zeros(3)), axis, across, (3.0, 2.0))
    with pytest.raises(InputError, match="near limit"):
        count_depth_image(image, axis, across, limits_m=(3.0, 2.0))
    with pytest.raises(InputError, match="unit"):
        count_depth_image(image, axis, across, unit_m=0.0)
    with pytest.raises(InputError, match="width"):
        count_depth_image(np.empty((4, 0), np.float32), axis, across)


@quick
@given(
    cases(),
    st.sampled_from([(1.0, 2.0), (0.0, 3.0), (2.0, math.inf), (math.inf, math.inf), (1.5, 1.5), (math.nan, 2.0), (1.234, 5.678)]),
    st.booleans(),
)
def test_the_split_is_that_of_the_readings(
    case: tuple[np.random.Generator, DepthAxis], limits: tuple[float, float], whole_millimetres: bool
) -> None:
    random, axis = case
    depth: NDArray[Any] = some_depths(random, axis, (9, 150))
    if whole_millimetres:
        depth = random.choice(np.array([0, 1, 1234, 1233, 1235, 1500, 2000, 5678, 5679, 65535], np.uint16), (9, 150))
    found = count_depth_image(depth, axis, AcrossAxis.of_picture(150, 10), limits_m=limits)
    # In the readings' own type, so that a limit and a reading of the same value compare equal.
    near, far = (np.float64(limit / 0.001) if whole_millimetres else np.float32(limit) for limit in limits)
    reading = (depth > 0) & np.isfinite(depth)
    nearer, farther = int((reading & (depth < near)).sum()), int((reading & (depth > far)).sum())
    expected = (0, 0, 0) if math.isnan(limits[0]) else (int(reading.sum()) - nearer - farther, nearer, farther)
    assert found.split == expected
    assert sum(found.split) == (0 if math.isnan(limits[0]) else found.total)
    if not whole_millimetres:
        u = np.broadcast_to(np.arange(150, dtype=np.float32), depth.shape).ravel()
        assert count_points(points_at(u, depth.ravel()), axis, AcrossAxis.of_picture(150, 10), limits).split == found.split


def test_arrays_that_may_not_be_written_are_read() -> None:
    depth, axis = np.full((3, 40), 2.0, np.float32), DepthAxis(1.0, 8.0, 4)
    depth.setflags(write=False)
    assert count_depth_image(depth, axis, AcrossAxis.of_picture(40, 4)).total == 120
    assert count_points(points_at(depth[0], depth[0]), axis, AcrossAxis.of_picture(40, 4)).total == 40


def test_arrays_at_odd_addresses_are_read() -> None:
    for kind in (np.float32, np.uint16):
        size = np.dtype(kind).itemsize * 40
        memory = np.zeros(size + 1, np.uint8)
        memory[1:] = np.full(40, 2, kind).view(np.uint8)
        depth = memory[1:].view(kind).reshape(4, 10)
        assert not depth.flags.aligned
        assert count_depth_image(depth, DepthAxis(1.0, 8.0, 4), AcrossAxis.of_picture(10, 5), unit_m=1.0).within == 40


def test_as_many_columns_and_bins_as_there_may_be() -> None:
    axis, across = DepthAxis(1.0, 100.0, 4096, "log"), AcrossAxis.of_picture(5000, 16384)
    depth = np.broadcast_to(np.geomspace(0.5, 200, 5000).astype(np.float32), (2, 5000))
    found = count_depth_image(depth, axis, across)
    assert found.total == 10_000
    assert found.within == 2 * int(((depth[0] >= 1) & (depth[0] <= 100)).sum())


def test_a_distribution_whose_parts_do_not_fit() -> None:
    axis = DepthAxis(1.0, 8.0, 4)
    across = AcrossAxis.of_picture(10, 3)
    with pytest.raises(InputError, match=r"\(4, 3\)"):
        DepthDistribution(np.zeros((5, 3), np.uint32), axis, across)
    with pytest.raises(InputError, match=r"\(4, 3\)"):
        DepthDistribution(np.zeros((4, 2), np.uint32), axis, across)
    with pytest.raises(InputError, match="uint32"):
        DepthDistribution(np.zeros((4, 3)), axis, across)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="nearer"):
        DepthDistribution(np.zeros((4, 3), np.uint32), axis, across, nearer=-1)
