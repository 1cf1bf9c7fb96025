"""Depth readings by their place in the picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import ProjectedPoints
from auxfocus_ros.distribution.targets import DepthImageReadings, PointReadings
from auxfocus_ros.distribution.targets.readings import MOST_READINGS, PointSegments
from auxfocus_ros.errors import InputError


def points_of(u: list[float], v: list[float], depth: list[float]) -> ProjectedPoints:
    columns = [np.array(values, np.float32) for values in (u, v, depth)]
    return ProjectedPoints(*columns, columns[0], columns[1])


def test_points_in_a_box_by_hand() -> None:
    # The box covers columns 10 to 13 and rows 20 to 21: from 9.5 to 13.5 and from 19.5 to 21.5.
    readings = PointReadings(
        points_of([9.4, 9.6, 13.4, 13.6, 11, 11], [20, 20, 21.4, 20, 19.4, 20], [1, 2, 3, 4, 5, 6]),
        np.array([1, 2, 3, 4, 5, 0], np.uint16),
        (100, 80),
    )
    assert readings.depths_in((10, 20, 4, 2)).tolist() == [2, 3, 6]
    assert readings.segments.segments_in((10, 20, 4, 2)).tolist() == [2, 3, 0]
    assert len(readings.depths_in((50, 50, 10, 10))) == len(readings.segments.segments_in((50, 50, 10, 10))) == 0


def test_points_without_labels_belong_to_nothing() -> None:
    readings = PointReadings(points_of([5], [5], [2]), None, (100, 80))
    assert readings.segments.segment_at(5, 5) == 0
    with pytest.raises(InputError, match="a label for each of 1 points"):
        PointReadings(points_of([5], [5], [2]), np.zeros(2, np.uint16), (100, 80))


def test_the_segment_at_a_point_is_the_vote_of_the_nearest() -> None:
    u, v = np.array([50, 51, 52, 60], np.float32), np.array([50, 50, 50, 50], np.float32)
    segments = PointSegments(u, v, np.array([2, 1, 1, 7], np.uint16), (640, 480))
    assert segments.segment_at(50, 50) == 1  # two against the nearest
    assert segments.segment_at(60, 50) == 7
    assert segments.segment_at(75, 50) == 7  # a wider look: 15 of 19.2 pixels
    assert segments.segment_at(300, 300) is None
    assert segments.segment_at(math.nan, 3) is None


def test_depth_image_of_the_pictures_size() -> None:
    depth = np.arange(1, 13, dtype=np.float32).reshape(3, 4)
    depth[0, 1] = math.nan
    depth[1, 1] = math.inf
    readings = DepthImageReadings(depth, None, 0, (4, 3))
    assert readings.depths_in((1, 0, 2, 2)).tolist() == [3, 7]
    assert readings.depths_in((-5, -5, 100, 100)).size == 10
    assert readings.depths_in((4, 0, 3, 3)).size == 0
    assert readings.segments.segment_at(1, 1) == 0


def test_depth_image_of_half_the_size_in_millimetres() -> None:
    depth = np.array([[1000, 2000], [0, 4000]], np.uint16)
    readings = DepthImageReadings(depth, np.array([[1, 2], [0, 0]], np.uint16), 1, (4, 4))
    assert readings.depths_in((0, 0, 4, 4)) == pytest.approx([1, 2, 4])
    assert readings.depths_in((2, 0, 2, 2)) == pytest.approx([2])
    assert readings.depths_in((3, 3, 1, 1)) == pytest.approx([4])  # smaller than a pixel of the depth image
    assert readings.segments.segments_in((0, 0, 4, 2)).tolist() == [1, 2]
    assert [readings.segments.segment_at(x, 0) for x in (-0.5, 1.4, 1.6, 3.4)] == [1, 1, 2, 2]


def test_blocks_and_their_neighbours() -> None:
    labels = np.zeros((5, 5), np.uint16)
    labels[1:4, 1:4] = 3
    labels[2, 2] = 0  # a hole in a thing, as a dark spot makes it
    readings = DepthImageReadings(np.ones((20, 20), np.float32), labels, 4, (20, 20))
    assert readings.segments.segment_at(10, 10) == 3
    assert readings.segments.segment_at(18, 18) == 0
    assert sorted(readings.segments.segments_in((4, 4, 12, 12)).tolist()) == [0, *[3] * 8]


def test_large_boxes_are_thinned() -> None:
    depth = np.tile(np.linspace(1, 2, 1280, dtype=np.float32), (720, 1))
    values = DepthImageReadings(depth, None, 0, (1280, 720)).depths_in((0, 0, 1280, 720))
    assert 0.2 * MOST_READINGS < len(values) <= 1.1 * MOST_READINGS
    assert np.mean(values) == pytest.approx(1.5, abs=0.01)
    cloud = np.random.default_rng(0).uniform(0, 700, (3, 100_000)).astype(np.float32)
    points = ProjectedPoints(*cloud, cloud[0], cloud[1])
    assert 0.5 * MOST_READINGS < len(PointReadings(points, None, (1280, 720)).depths_in((0, 0, 1280, 720))) <= MOST_READINGS


@pytest.mark.parametrize(("shape", "step"), [((2, 2), 4), ((6, 5), 0), ((5, 6), 4)])
def test_labels_that_do_not_cover(shape: tuple[int, int], step: int) -> None:
    with pytest.raises(InputError, match="do not cover a depth image of 20 x 24"):
        DepthImageReadings(np.ones((24, 20), np.float32), np.zeros(shape, np.uint16), step, (20, 24))


def test_no_image() -> None:
    with pytest.raises(InputError, match=r"shape \(h, w\)"):
        DepthImageReadings(np.ones((3, 4, 1), np.float32), None, 0, (4, 3))


@settings(deadline=None, max_examples=100)
@given(st.tuples(*[st.integers(-50, 400)] * 2, *[st.integers(0, 400)] * 2), st.integers(1, 3), st.integers(1, 9))
@example((0, 180, 1, 1), 1, 7)  # below the picture, where the last row of blocks is cut
def test_any_box_of_any_image(box: tuple[int, int, int, int], coarser: int, step: int) -> None:
    height, width = 180 // coarser, 320 // coarser
    labels = np.ones((-(-height // step), -(-width // step)), np.uint16)
    readings = DepthImageReadings(np.full((height, width), 3, np.float32), labels, step, (320, 180))
    inside = min(box[0] + box[2], 320) > max(box[0], 0) and min(box[1] + box[3], 180) > max(box[1], 0)
    for values in (readings.depths_in(box), readings.segments.segments_in(box)):
        assert values.ndim == 1 and (inside or not len(values))
    if 0 <= box[0] < 320 - box[2] and 0 <= box[1] < 180 - box[3] and min(box[2:]) > 0:
        assert len(readings.depths_in(box)) and len(readings.segments.segments_in(box))
