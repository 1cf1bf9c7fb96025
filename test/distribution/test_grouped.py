"""Counts by layer and the owners of cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auxfocus_ros.distribution import (
    AcrossAxis,
    DepthAxis,
    PanoramaPoints,
    ProjectedPoints,
    count_depth_image,
    count_layers,
    count_panorama,
    owners,
)
from auxfocus_ros.distribution.objects import SegmentedScene
from auxfocus_ros.errors import InputError

quick = settings(deadline=None, max_examples=40)
AXIS = DepthAxis(1.0, 9.0, 8, "linear")
ACROSS = AcrossAxis.of_picture(4, 4)


def scene(labels: Any, step: int) -> SegmentedScene:
    return SegmentedScene((), np.array(labels, np.uint16), step)


def points_at(u_px: Any, depth_m: Any) -> ProjectedPoints:
    u, z = np.array(u_px, np.float32), np.array(depth_m, np.float32)
    return ProjectedPoints(u, u, z, u, u)


def test_points_by_hand() -> None:
    points = points_at([0, 0, 1, 3, 3], [1.5, 1.6, 2.5, 8.5, 20.0])
    labels = scene([1, 2, 2, 0, 1], 0)
    table = np.array([255, 0, 1], np.uint8)
    layers = count_layers(points, AXIS, ACROSS, labels, table, layers=2)
    assert layers.shape == (2, 8, 4)
    assert layers.dtype == np.uint32
    assert (layers[0, 0, 0], layers[1, 0, 0], layers[1, 1, 1], layers.sum()) == (1, 1, 1, 3)
    found = owners(points, AXIS, ACROSS, labels)
    assert found.dtype == np.uint16
    assert (found[0, 0], found[1, 1], found[7, 3]) == (2, 2, 0)  # the last of a cell
    assert np.count_nonzero(found) == 2


def test_a_depth_image_by_hand() -> None:
    depth = np.array([[1.5, 1.5, 4.5, 4.5], [1.5, 2.5, 4.5, 8.5], [3.5, 0.0, 6.5, 6.5]], np.float32)
    labels = scene([[1, 2], [0, 3]], 2)  # the last row of pixels has a row of blocks of its own
    table = np.array([0, 1, 1, 2], np.uint8)
    layers = count_layers(depth, AXIS, ACROSS, labels, table, layers=3)
    np.testing.assert_array_equal(layers.sum(axis=(1, 2)), [1, 8, 2])
    np.testing.assert_array_equal(layers.sum(axis=0), count_depth_image(depth, AXIS, ACROSS).counts)
    found = owners(depth, AXIS, ACROSS, labels)
    np.testing.assert_array_equal(found[0], [1, 1, 0, 0])
    np.testing.assert_array_equal(found[5], [0, 0, 3, 3])
    assert found[2, 0] == 0
    assert found[7, 3] == 2


@quick
@given(
    st.integers(0, 2**32), st.tuples(st.integers(1, 70), st.integers(1, 70)), st.integers(1, 9), st.floats(0, 7), st.booleans()
)
def test_layers_add_up_and_owners_are_where_they_belong(
    seed: int, size: tuple[int, int], step: int, angle: float, integers: bool
) -> None:
    random, (height, width) = np.random.default_rng(seed), size
    depth: NDArray[Any] = random.uniform(0.5, 10.0, (height, width)).astype(np.float32)
    if integers:
        depth = (depth * 1000).astype(np.uint16)
    labels = scene(random.integers(0, 5, (-(-height // step), -(-width // step))), step)
    across = AcrossAxis(-20.0, 90.0, 30, "pixels", angle)
    table = np.array([3, 0, 1, 0, 2], np.uint8)
    layers = count_layers(depth, AXIS, across, labels, table, layers=4)
    counted = count_depth_image(depth, AXIS, across).counts
    np.testing.assert_array_equal(layers.sum(axis=0), counted)
    found = owners(depth, AXIS, across, labels)
    np.testing.assert_array_equal(found > 0, layers[:3].sum(axis=0) > 0)
    cells = np.nonzero(found)
    assert (layers[(table[found[cells]], *cells)] > 0).all()


def test_a_panorama_takes_the_labels_of_what_the_picture_shows() -> None:
    points = PanoramaPoints(
        np.array([-2.5, -0.1, 0.1, 2.5], np.float32),
        np.array([2.5, 2.5, 2.5, 2.5], np.float32),
        np.array([False, True, True, False]),
        (-0.3, 0.3),
    )
    across = AcrossAxis(-3.0, 3.0, 6, "radians")
    found = owners(points, AXIS, across, scene([7, 8], 0))
    np.testing.assert_array_equal(found[1], [0, 0, 7, 8, 0, 0])
    np.testing.assert_array_equal(count_panorama(points, AXIS, across).counts[1], [1, 0, 1, 1, 0, 1])


def test_ten_thousand_segments() -> None:
    random = np.random.default_rng(1)
    depth = random.uniform(1.0, 9.0, (400, 400)).astype(np.float32)
    labels = scene(np.arange(10_000).reshape(100, 100), 4)
    table = (np.arange(10_000) % 8).astype(np.uint8)
    across = AcrossAxis.of_picture(400, 400)
    layers = count_layers(depth, AXIS, across, labels, table, layers=8)
    np.testing.assert_array_equal(layers.sum(axis=0), count_depth_image(depth, AXIS, across).counts)
    assert owners(depth, AXIS, across, labels).max() == 9999


def test_segments_beyond_the_table_have_no_layer() -> None:
    layers = count_layers(points_at([0, 1], [2.0, 2.0]), AXIS, ACROSS, scene([1, 500], 0), np.array([255, 0], np.uint8), layers=1)
    assert layers.sum() == 1


def test_parts_that_do_not_fit() -> None:
    points, depth, table = points_at([0, 1], [2.0, 2.0]), np.ones((6, 6), np.float32), np.zeros(1, np.uint8)
    for labels in (scene([1], 0), scene([1, 2], 1), scene([[1, 2]], 0)):
        with pytest.raises(InputError, match="each of the 2 points"):
            owners(points, AXIS, ACROSS, labels)
    for labels in (scene([[1]], 0), scene([[1]], 2), scene([1], 6), scene([[1, 1]], 6)):
        with pytest.raises(InputError, match="blocks of a 6 x 6 depth image"):
            owners(depth, AXIS, ACROSS, labels)
    with pytest.raises(InputError, match="below that or 255"):
        count_layers(points, AXIS, ACROSS, scene([1, 2], 0), np.array([4], np.uint8), layers=4)
    with pytest.raises(InputError, match="uint8"):
        count_layers(points, AXIS, ACROSS, scene([1, 2], 0), table.astype(np.int64), layers=1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="1 to 255 layers"):
        count_layers(points, AXIS, ACROSS, scene([1, 2], 0), table, layers=0)
    with pytest.raises(InputError, match="more than"):
        count_layers(points, DepthAxis(1.0, 1e3, 8192), AcrossAxis.of_picture(4, 16384), scene([1, 2], 0), table, layers=16)
